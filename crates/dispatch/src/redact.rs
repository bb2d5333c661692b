//! 隐去 — what was reported, as somebody outside the administration may read it. Pure.
//!
//! Struck out are numbers of people, mail addresses, house and flat numbers, number plates, and names where words around them
//! say that they are names: before a form of address or an office (`张女士`, `王建国主任`), after `我叫`, `名叫`, `姓名`. A name that
//! stands alone in a sentence is not found; a word that only looks like a name may be lost. It is the review of a person
//! that makes a text public, never this.

use kernel::mask::mask_free_text;

/// What stands for whatever was struck out.
const STRUCK: char = '＊';

/// Forms of address: whatever stands right before them is taken for a name.
const ADDRESSES: [&str; 10] = [
    "先生", "女士", "小姐", "大爷", "大妈", "阿姨", "师傅", "老师", "医生", "经理",
];

/// Forms of address and offices before which many other words stand as well: only behind a surname.
const OFFICES: [&str; 50] = [
    "太太",
    "夫人",
    "大娘",
    "大婶",
    "大叔",
    "大伯",
    "大哥",
    "大姐",
    "大嫂",
    "叔叔",
    "伯伯",
    "婆婆",
    "奶奶",
    "爷爷",
    "老太",
    "同志",
    "同学",
    "护士",
    "大夫",
    "教授",
    "律师",
    "警官",
    "警察",
    "法官",
    "主任",
    "书记",
    "科长",
    "处长",
    "局长",
    "所长",
    "队长",
    "站长",
    "院长",
    "校长",
    "园长",
    "班长",
    "组长",
    "厂长",
    "店长",
    "村长",
    "镇长",
    "区长",
    "会长",
    "总监",
    "老板",
    "司机",
    "保安",
    "保洁",
    "管家",
    "工程师",
];

/// The same of one character: right behind the surname.
const SHORT: [char; 4] = ['哥', '姐', '嫂', '婶'];

/// A name follows.
const CALLED: [&str; 6] = ["我叫", "名叫", "名字叫", "名字是", "姓名", "联系人"];

/// A name follows where the sentence ends behind it.
const PERHAPS_CALLED: [&str; 6] = ["我是", "叫", "业主", "房东", "租户", "住户"];

const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏\
    魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔汤温康\
    施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝宁尚符舒阮柯纪梅童凌毕季裴霍涂苗谷盛曲翁冉骆蓝\
    游辛靳柴蒙鲍华喻祁蒲滕屈饶牟艾尤穆卓古吉缪简芦麦褚娄窦戚岑宫卜晏卫米柏宗瞿桂佟臧闵苟邬卞姬仇栾隋刁荣巫寇桑郎甄丛\
    仲虞敖巩佘麻苑邝肖阎傅丘";

const LONG_SURNAMES: [&str; 16] = [
    "欧阳", "上官", "司马", "诸葛", "司徒", "东方", "皇甫", "尉迟", "公孙", "令狐", "慕容", "夏侯",
    "端木", "长孙", "宇文", "南宫",
];

/// What does not stand in the second place of a given name, and often behind one of one character.
const NO_NAME: &str = "住在是的说来有和与想要请因也从就我你他她它了被把";

/// The words of a report without what names a person or a home.
pub fn redacted(text: &str) -> String {
    let text = mask_free_text(&without_mail(text), &[]).0;
    without_names(&without_numbers(&text))
}

/// Strikes out runs of letters, digits and marks around an @, also of addresses that were masked.
fn without_mail(text: &str) -> String {
    let is_mail = |c: char| {
        c.is_ascii_alphanumeric()
            || "@＠._-+%*".contains(c)
            || ('！'..='～').contains(&c) && c.is_alphanumeric()
    };
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    let put = |out: &mut String, run: &mut String| {
        if run.contains(['@', '＠']) {
            out.push(STRUCK);
        } else {
            out.push_str(run);
        }
        run.clear();
    };
    for c in text.chars() {
        if is_mail(c) {
            run.push(c);
        } else {
            put(&mut out, &mut run);
            out.push(c);
        }
    }
    put(&mut out, &mut run);
    out
}

/// Strikes out runs of digits: they could be a house, a flat, a plate or a part of a number.
fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_number = false;
    for c in text.chars() {
        let goes_on =
            c.is_ascii_digit() || ('０'..='９').contains(&c) || is_number && c.is_ascii_uppercase();
        if !goes_on {
            out.push(c);
        } else if !is_number {
            out.push(STRUCK);
        }
        is_number = goes_on;
    }
    out
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

fn begins(text: &[char], word: &str) -> bool {
    let mut rest = text.iter();
    word.chars().all(|c| rest.next() == Some(&c))
}

/// How many characters of a text are the surname that it begins with.
fn surname(text: &[char]) -> Option<usize> {
    if LONG_SURNAMES.iter().any(|long| begins(text, long)) {
        return Some(2);
    }
    text.first().filter(|c| SURNAMES.contains(**c)).map(|_| 1)
}

/// How many characters at the end of a text are a name: the longest that begins with a surname, so that of 张高明 nothing is left.
fn name_before(text: &[char]) -> Option<usize> {
    (1..=text.len().min(4)).rev().find(|length| {
        let name = &text[text.len() - length..];
        let fits = surname(name).is_some_and(|family| *length >= family && *length <= family + 2);
        fits && name.iter().all(|c| is_han(*c))
    })
}

/// How many characters at the head of a text are a name. `is_sure` = only what follows it could tell that it is none.
fn name_after(text: &[char], is_sure: bool) -> Option<usize> {
    let family = surname(text)?;
    let given: Vec<char> = text[family..]
        .iter()
        .copied()
        .take(2)
        .take_while(|c| is_han(*c))
        .collect();
    if is_sure {
        let length = match given[..] {
            [] => return None,
            [_, second] if !NO_NAME.contains(second) => 2,
            _ => 1,
        };
        return Some(family + length);
    }
    (1..=given.len()).map(|n| family + n).find(|end| {
        let next = text.get(*end);
        next.is_none_or(|c| !is_han(*c) || *c == '的')
    })
}

/// Strikes out names that the words around them tell.
fn without_names(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut is_struck = vec![false; chars.len()];
    for at in 0..chars.len() {
        let (before, here) = chars.split_at(at);
        let of_office = || OFFICES.iter().any(|title| begins(here, title));
        let of_family =
            || SHORT.contains(&here[0]) && before.last().is_some_and(|c| SURNAMES.contains(*c));
        let length = if ADDRESSES.iter().any(|title| begins(here, title)) {
            let is_word = before.last().is_some_and(|c| c.is_alphabetic());
            name_before(before).or(is_word.then_some(1))
        } else if of_office() {
            name_before(before)
        } else {
            of_family().then_some(1)
        };
        if let Some(length) = length {
            is_struck[at - length..at].fill(true);
        }
        let marks = [(&CALLED, true), (&PERHAPS_CALLED, false)];
        for (words, is_sure) in marks {
            let Some(word) = words.iter().find(|word| begins(here, word)) else {
                continue;
            };
            let mut from = at + word.chars().count();
            while from < chars.len() && from < at + 6 && "：: 是“\"".contains(chars[from]) {
                from += 1;
            }
            if let Some(length) = name_after(&chars[from..], is_sure) {
                is_struck[from..from + length].fill(true);
            }
        }
    }
    let mut out = String::with_capacity(text.len());
    let mut was_struck = false;
    for (c, struck) in chars.iter().zip(&is_struck) {
        if !struck {
            out.push(*c);
        } else if !was_struck {
            out.push(STRUCK);
        }
        was_struck = *struck;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_names_a_person_or_a_home_is_struck_out() {
        let text = "3栋201室张女士说，浙A12345停在消防通道，电话13800138000，a@b.cn";
        let out = redacted(text);
        for word in ["张", "201", "12345", "13800138000", "3栋", "b.cn"] {
            assert!(!out.contains(word), "{word} in {out}");
        }
        assert!(out.contains("停在消防通道"), "{out}");
        assert_eq!(redacted("２０１室，邮箱z***@qq.com"), "＊室，邮箱＊");
    }

    #[test]
    fn names_are_struck_out_with_the_whole_of_them() {
        for (text, told) in [
            ("请找张女士", "请找＊女士"),
            ("王建国师傅没来", "＊师傅没来"),
            ("张高明老师家漏水", "＊老师家漏水"),
            ("欧阳医生、诸葛明先生", "＊医生、＊先生"),
            ("和李阿姨、刘叔叔说过", "和＊阿姨、＊叔叔说过"),
            ("社区王主任答应过", "社区＊主任答应过"),
            ("张哥和李姐，还有王大嫂", "＊哥和＊姐，还有＊大嫂"),
            ("我叫张三，住在隔壁", "我叫＊，住在隔壁"),
            ("我叫王建国住在隔壁", "我叫＊住在隔壁"),
            ("我叫李四住在隔壁", "我叫＊住在隔壁"),
            ("有个名叫赵小明的人", "有个名叫＊的人"),
            ("姓名：钱多多，联系人 孙二", "姓名：＊，联系人 ＊"),
            ("我是周正。", "我是＊。"),
            ("一个叫吴用的男子", "一个叫＊的男子"),
            ("业主郑和平，天天扔", "业主＊，天天扔"),
        ] {
            assert_eq!(redacted(text), told, "{text}");
            assert_eq!(redacted(told), told, "{told}");
        }
    }

    #[test]
    fn what_is_no_name_stays() {
        for text in [
            "居委会主任和街道书记都来过",
            "我是金色家园小区的居民",
            "业主高空抛物很危险",
            "位于总站旁边的井盖坏了",
            "联系人不在，没人叫得应",
            "施工队晚上施工",
        ] {
            assert_eq!(redacted(text), text);
        }
    }

    proptest! {
        #[test]
        fn garbage_is_redacted_without_fault(
            text in "\\PC{0,60}",
            words in "[张王我叫是名姓：先生女士主任哥的0９A@＠.*a，]{0,40}",
        ) {
            for text in [text, words, "女士".into(), "\u{0}先生9".into(), "🙂🙂先生".into()] {
                let out = redacted(&text);
                prop_assert!(!out.contains(|c: char| c.is_ascii_digit() || ('０'..='９').contains(&c)));
                prop_assert!(!out.contains("张先生") && !out.contains("王女士") && !out.contains('@'));
            }
        }
    }
}
