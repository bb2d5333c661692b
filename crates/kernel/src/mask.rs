//! Shapes of personal numbers and mail addresses, and how they are shown to those who need not see them (`domain.md` §6.2).
//!
//! [`looks_like_resident_id`] and [`looks_like_phone`] guard imports and forms: what has that shape belongs in the
//! vault and nowhere else. [`mask_free_text`] finds such numbers, mail addresses, and names the caller knows, in what people
//! wrote. It would rather hide a number too many than one too few, but leaves case numbers and grid codes alone, and so the
//! name of a colleague behind an `@`. The work grows with the length of the text.

use crate::codes::CaseNumber;
use jiff::civil::Date;
use serde::Serialize;

/// First two digits of resident IDs: provinces of GB/T 2260, and 81–83, 91 of residence permits.
const REGIONS: [u8; 36] = [
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52,
    53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83, 91,
];

/// What a masked span was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskedKind {
    /// A mobile or landline number.
    Phone,
    /// A resident's ID, also one with a wrong check character.
    ResidentId,
    /// A mail address.
    Email,
    /// A name given by the caller.
    Name,
}

/// A part of the original text that was masked; byte offsets into the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct MaskedSpan {
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What it was.
    pub kind: MaskedKind,
}

/// Whether `text`, apart from spaces and hyphens, is a resident's ID: 18 characters with the check character of
/// ISO 7064 MOD 11-2 (GB 11643), or the 15 digits of before 1999 by structure (region, birth date of 1920–1999).
///
/// 15 digits of a unit grid in a township can have that structure too; a field of grid codes is to be parsed as
/// [`crate::GridCode`] before it is asked here.
pub fn looks_like_resident_id(text: &str) -> bool {
    let Some(id) = plain_number(text) else {
        return false;
    };
    has_id_structure(&id) && (id.len() == 15 || id.ends_with(id_check_character(&id[..17])))
}

/// Whether `text`, apart from spaces, hyphens, brackets and a leading +86, is a phone number of mainland China:
/// a mobile of 11 digits (13–19), or a landline with its area code.
pub fn looks_like_phone(text: &str) -> bool {
    plain_number(text).is_some_and(|number| is_phone(&number))
}

/// The check character of the first 17 digits of an ID: ISO 7064 MOD 11-2, `X` for ten.
fn id_check_character(first_17: &str) -> char {
    let sum = first_17
        .bytes()
        .fold(0_u32, |sum, b| (sum + u32::from(b - b'0')) * 2 % 11);
    // The whole number with its check digit must leave 1 modulo 11.
    char::from_digit((12 - sum) % 11, 10).unwrap_or('X')
}

/// Region and birth date of an ID of 18 characters, or of the old form of 15 digits.
fn has_id_structure(id: &str) -> bool {
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let ok = match id.len() {
        18 => digits(&id[..17]) && (id.ends_with('X') || digits(&id[17..])),
        15 => digits(id) && &id[6..8] >= "20",
        _ => false,
    };
    let number = |s: &str| s.parse::<i16>().unwrap_or(-1);
    ok && REGIONS.contains(&(number(&id[..2]) as u8)) && {
        let (year, rest) = match id.len() {
            18 => (number(&id[6..10]), &id[10..14]),
            _ => (1900 + number(&id[6..8]), &id[8..12]),
        };
        let (month, day) = (number(&rest[..2]) as i8, number(&rest[2..]) as i8);
        (1880..=2100).contains(&year) && Date::new(year, month, day).is_ok()
    }
}

fn is_phone(number: &str) -> bool {
    if !number.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let national = ["0086", "86"].into_iter().find_map(|code| {
        let rest = number.strip_prefix(code)?;
        // Abroad the leading 0 of an area code is left out.
        if is_mobile(rest) {
            Some(rest.to_owned())
        } else {
            Some(format!("0{}", rest.trim_start_matches('0')))
        }
    });
    let own = |n: &str| is_mobile(n) || is_landline(n);
    own(number) || national.is_some_and(|n| own(&n))
}

fn is_mobile(n: &str) -> bool {
    n.len() == 11 && n.starts_with('1') && matches!(n.as_bytes()[1], b'3'..=b'9')
}

/// Area code (010, 02x, or 03xx–09xx) and 7 or 8 digits that begin with 2–8.
fn is_landline(n: &str) -> bool {
    let b = n.as_bytes();
    let area = match b {
        [b'0', b'1', b'0', ..] | [b'0', b'2', ..] => 3,
        [b'0', b'3'..=b'9', ..] => 4,
        _ => return false,
    };
    matches!(b.len().saturating_sub(area), 7 | 8) && matches!(b[area], b'2'..=b'8')
}

/// The digits (and a last `X`) of a text that has nothing else but separators.
fn plain_number(text: &str) -> Option<String> {
    const LONGEST: usize = 64;
    if text.len() > LONGEST {
        return None;
    }
    let mut number = String::new();
    for c in text.trim().chars() {
        match digit(c) {
            Some(d) if !number.ends_with('X') => number.push(d),
            None if is_separator(c) || (c == '+' && number.is_empty()) => {}
            None if matches!(c, 'x' | 'X' | 'ｘ' | 'Ｘ') && number.len() == 17 => {
                number.push('X')
            }
            _ => return None,
        }
    }
    Some(number)
}

/// An ASCII digit of a half-width or full-width one.
fn digit(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        '０'..='９' => char::from_u32(c as u32 - '０' as u32 + '0' as u32),
        _ => None,
    }
}

/// What people put between the groups of a number.
fn is_separator(c: char) -> bool {
    c.is_whitespace() && c != '\n'
        || matches!(
            c,
            '-' | '‐'
                | '‑'
                | '–'
                | '—'
                | '－'
                | '·'
                | '.'
                | '('
                | ')'
                | '（'
                | '）'
                | '_'
                | '\u{200b}'
        )
}

/// 张三 → 张*; every character but the first becomes a star, and there is at least one.
pub fn mask_name(name: &str) -> String {
    let mut chars = name.trim().chars();
    let Some(first) = chars.next() else {
        return String::new();
    };
    let rest = chars.count().max(1);
    format!("{first}{}", "*".repeat(rest))
}

/// 13812341234 → 138****1234; a landline keeps its area code and its last four digits (0571****6666). What is too short
/// to be a phone number becomes stars altogether.
pub fn mask_phone(phone: &str) -> String {
    let digits: String = phone.chars().filter_map(digit).collect();
    let national = ["0086", "86"]
        .into_iter()
        .find_map(|code| digits.strip_prefix(code).filter(|n| is_mobile(n)));
    let digits = national.unwrap_or(&digits);
    let head = if digits.starts_with('0') && !digits.starts_with("010") && !digits.starts_with("02")
    {
        4
    } else {
        3
    };
    if digits.len() < head + 6 {
        return "*".repeat(digits.len());
    }
    format!("{}****{}", &digits[..head], &digits[digits.len() - 4..])
}

/// 18 characters → 110***********1234: three, stars, four. What is too short to be an ID becomes stars altogether.
pub fn mask_resident_id(id: &str) -> String {
    let plain: Vec<char> = id
        .chars()
        .filter_map(|c| digit(c).or(c.is_ascii_alphabetic().then_some(c)))
        .collect();
    if plain.len() < 15 {
        return "*".repeat(plain.len());
    }
    let (head, tail) = (&plain[..3], &plain[plain.len() - 4..]);
    head.iter()
        .copied()
        .chain(std::iter::repeat_n('*', plain.len() - 7))
        .chain(tail.iter().copied())
        .collect()
}

/// zhang@example.cn → z***@example.cn: of what stands before the mark the first letter and at most three stars, so that no
/// address becomes longer; one letter alone, or a digit of what may be a number, becomes a star as well. What has no mark becomes
/// stars altogether.
pub fn mask_email(address: &str) -> String {
    const MOST_STARS: usize = 3;
    let plain: Vec<char> = address.trim().chars().map(half_width).collect();
    let Some(mark) = plain.iter().rposition(|c| *c == '@') else {
        return "*".repeat(plain.len().min(MOST_STARS));
    };
    let first = plain.first().filter(|c| mark > 1 && c.is_alphabetic());
    let stars = (mark - usize::from(first.is_some())).min(MOST_STARS);
    let host = &plain[mark..];
    first
        .copied()
        .into_iter()
        .chain(std::iter::repeat_n('*', stars))
        .chain(host.iter().copied())
        .collect()
}

/// The ASCII character of a full-width one; every other stays.
fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// Masks phone numbers, resident IDs, mail addresses and the given `names` (those of the form: reporter, contact; a mail
/// address may be one) in free text. Numbers are found in full-width digits and with spaces, hyphens or brackets between their
/// groups. Returns the masked text and what was masked, in order; names of fewer than two characters are not looked for.
pub fn mask_free_text(text: &str, names: &[&str]) -> (String, Vec<MaskedSpan>) {
    let mut spans = joined(number_spans(text), mail_spans(text));
    // Longer names first, so that 张三丰 is not taken for 张三.
    let mut names: Vec<&str> = names
        .iter()
        .map(|n| n.trim())
        .filter(|n| n.chars().count() >= 2)
        .collect();
    names.sort_by_key(|n| std::cmp::Reverse(n.len()));
    for name in names {
        let found = text.match_indices(name).map(|(start, found)| MaskedSpan {
            start,
            end: start + found.len(),
            kind: MaskedKind::Name,
        });
        spans = with_names(spans, found);
    }
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for span in &spans {
        let original = &text[span.start..span.end];
        out.push_str(&text[done..span.start]);
        out.push_str(&match span.kind {
            MaskedKind::Phone => mask_phone(original),
            MaskedKind::ResidentId => mask_resident_id(original),
            MaskedKind::Email => mask_email(original),
            MaskedKind::Name => mask_name(original),
        });
        done = span.end;
    }
    out.push_str(&text[done..]);
    (out, spans)
}

/// Both lists in order. What overlaps an address is part of it: `138 1234 5678@qq.com` is one.
fn joined(numbers: Vec<MaskedSpan>, mails: Vec<MaskedSpan>) -> Vec<MaskedSpan> {
    if mails.is_empty() {
        return numbers;
    }
    let mut all = [numbers, mails].concat();
    all.sort_by_key(|span| span.start);
    let mut spans: Vec<MaskedSpan> = Vec::with_capacity(all.len());
    for span in all {
        match spans.last_mut().filter(|last| span.start < last.end) {
            Some(last) => {
                last.end = last.end.max(span.end);
                last.kind = MaskedKind::Email;
            }
            None => spans.push(span),
        }
    }
    spans
}

/// The spans with the places of a name among them, both in order. What is masked already stays as it is, but for a mail
/// address inside what the caller knows: of that nothing but the first letter is shown.
fn with_names(spans: Vec<MaskedSpan>, found: impl Iterator<Item = MaskedSpan>) -> Vec<MaskedSpan> {
    let mut out = Vec::with_capacity(spans.len());
    let mut rest = spans.into_iter().peekable();
    let mut beside = Vec::new();
    for name in found {
        // Of several names over one span the first has taken it out of `rest`; it is in `beside` or hidden by the name.
        out.append(&mut beside);
        while let Some(before) = rest.next_if(|span| span.end <= name.start) {
            out.push(before);
        }
        while let Some(over) = rest.next_if(|span| span.start < name.end) {
            beside.push(over);
        }
        let is_free = out
            .last()
            .is_none_or(|last: &MaskedSpan| last.end <= name.start);
        let hides = |span: &MaskedSpan| {
            span.kind == MaskedKind::Email && name.start <= span.start && span.end <= name.end
        };
        if is_free && beside.iter().all(hides) {
            beside.clear();
            out.push(name);
        }
    }
    out.append(&mut beside);
    out.extend(rest);
    out
}

/// Mail addresses as people write them: ASCII letters and digits, also full-width ones, before the mark, and a host with a dot
/// behind it. The mark alone, or behind anything else, names a colleague (`@li.wei`) and is none.
fn mail_spans(text: &str) -> Vec<MaskedSpan> {
    let mut spans = Vec::new();
    // Where the run begins that may stand before a mark, and whether there is a letter or a digit in it.
    let (mut start, mut is_name, mut last) = (0, false, ' ');
    for (at, c) in text.char_indices() {
        let plain = half_width(c);
        if plain == '@' {
            let behind = at + c.len_utf8();
            if let Some(length) = host(&text[behind..]).filter(|_| is_name && last != '.') {
                spans.push(MaskedSpan {
                    start,
                    end: behind + length,
                    kind: MaskedKind::Email,
                });
            }
        }
        if plain.is_ascii_alphanumeric() {
            is_name = true;
        } else if !matches!(plain, '.' | '_' | '%' | '+' | '-') {
            (start, is_name) = (at + c.len_utf8(), false);
        }
        last = plain;
    }
    spans
}

/// How many bytes of a text are the host of an address: labels with dots between them, the last of which begins with two
/// letters. What is written behind these letters without a space is no longer the host.
fn host(text: &str) -> Option<usize> {
    let mut end = None;
    // Letters at the head of the label, and whether nothing else has come in it.
    let (mut dots, mut letters, mut is_head) = (0, 0, true);
    for (at, c) in text.char_indices() {
        match half_width(c) {
            '.' if letters == 0 && is_head => break,
            '.' => (dots, letters, is_head) = (dots + 1, 0, true),
            'a'..='z' | 'A'..='Z' => {
                letters += usize::from(is_head);
                if is_head && dots > 0 && letters >= 2 {
                    end = Some(at + c.len_utf8());
                }
            }
            '0'..='9' | '-' => is_head = false,
            _ => break,
        }
    }
    end
}

/// A run of digits without anything between them.
struct Group {
    start: usize,
    end: usize,
    digits: String,
    /// Only separators, and few, stand between this group and the one before.
    joined: bool,
}

/// Numbers are whole groups, or several neighbouring ones: a phone number inside a longer run of digits is none.
fn number_spans(text: &str) -> Vec<MaskedSpan> {
    let groups = groups(text);
    let mut spans = Vec::new();
    let mut at = 0;
    while at < groups.len() {
        let taken = case_number_groups(text, &groups[at..])
            .map(|n| (n, None))
            .or_else(|| longest_number(&groups[at..]).map(|(n, kind)| (n, Some(kind))));
        let Some((count, kind)) = taken else {
            at += 1;
            continue;
        };
        if let Some(kind) = kind {
            spans.push(MaskedSpan {
                start: groups[at].start,
                end: groups[at + count - 1].end,
                kind,
            });
        }
        at += count;
    }
    spans
}

fn groups(text: &str) -> Vec<Group> {
    const MOST_SEPARATORS: usize = 3;
    let mut groups: Vec<Group> = Vec::new();
    // Characters since the last digit; more than `MOST_SEPARATORS` stands for anything that parts two numbers.
    let mut between = MOST_SEPARATORS + 1;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        let last = groups.last_mut();
        let ends_id = last
            .as_ref()
            .is_some_and(|g| between <= MOST_SEPARATORS && g.digits.len() <= 17);
        if let Some(d) = digit(c) {
            match last {
                Some(group) if between == 0 && !group.digits.ends_with('X') => {
                    group.digits.push(d);
                    group.end = end;
                }
                _ => {
                    let joined = between <= MOST_SEPARATORS;
                    groups.push(Group {
                        start: at,
                        end,
                        digits: d.to_string(),
                        joined,
                    });
                }
            }
            between = 0;
        } else if matches!(c, 'x' | 'X' | 'ｘ' | 'Ｘ') && ends_id {
            // A group of its own, which only an ID takes as its last.
            groups.push(Group {
                start: at,
                end,
                digits: "X".into(),
                joined: true,
            });
            between = MOST_SEPARATORS + 1;
        } else if is_separator(c) {
            between = (between + 1).min(MOST_SEPARATORS + 1);
        } else {
            between = MOST_SEPARATORS + 1;
        }
    }
    groups
}

/// How many groups a case number takes that begins here.
fn case_number_groups(text: &str, groups: &[Group]) -> Option<usize> {
    let [first, .., last] = groups.get(..3)? else {
        return None;
    };
    text[first.start..last.end]
        .parse::<CaseNumber>()
        .ok()
        .map(|_| 3)
}

/// The longest ID or phone number that begins with the first group and ends with a group.
fn longest_number(groups: &[Group]) -> Option<(usize, MaskedKind)> {
    const LONGEST: usize = 18;
    let (mut number, mut found) = (String::new(), None);
    for (at, group) in groups.iter().enumerate() {
        number.push_str(&group.digits);
        if (at > 0 && !group.joined) || number.len() > LONGEST {
            break;
        }
        if has_id_structure(&number) {
            found = Some((at + 1, MaskedKind::ResidentId));
        } else if is_phone(&number) {
            found = Some((at + 1, MaskedKind::Phone));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn resident_ids_are_told_by_their_check_character() {
        // The example of GB 11643: 11010519491231002X; and one whose check character is a digit, computed by hand:
        // 440524188001010014 (weights 7 9 10 5 8 4 2 1 6 3 7 9 10 5 8 4 2).
        for yes in [
            "11010519491231002X",
            "11010519491231002x",
            "440524188001010014",
            "１１０１０５１９４９１２３１００２Ｘ",
        ] {
            assert!(looks_like_resident_id(yes), "{yes}");
        }
        assert!(looks_like_resident_id("110105 19491231 002X"));
        assert!(looks_like_resident_id("110105491231002")); // the old form
        for no in [
            "110105194912310021",    // wrong check character
            "110105194913310022",    // no such month
            "990001-20260213-00001", // a case number
            "110101001001001",       // a unit grid
            "13812341234",
            "",
            "X",
            "11010519491231002X1",
        ] {
            assert!(!looks_like_resident_id(no), "{no}");
        }
    }

    #[test]
    fn phones_are_mobile_or_have_an_area_code() {
        for yes in [
            "13812341234",
            "+86 138-1234-1234",
            "008613812341234",
            "(0571) 8888 6666",
            "010-62345678",
            "0379-6234567",
            "+86 571 88886666",
        ] {
            assert!(looks_like_phone(yes), "{yes}");
        }
        for no in [
            "12812341234",
            "1381234123",
            "138123412345",
            "88886666",
            "2026-02-13",
            "0571",
            "0571-18886666",
            "",
            "电话",
        ] {
            assert!(!looks_like_phone(no), "{no}");
        }
    }

    #[test]
    fn masks_show_what_the_rule_shows() {
        // domain.md §6.2
        assert_eq!(mask_name("张三"), "张*");
        assert_eq!(mask_name("欧阳娜娜"), "欧***");
        assert_eq!(
            (mask_name("张"), mask_name("")),
            ("张*".into(), String::new())
        );
        assert_eq!(mask_phone("13812341234"), "138****1234");
        assert_eq!(mask_phone("+86 138 1234 1234"), "138****1234");
        assert_eq!(mask_phone("0571-88886666"), "0571****6666");
        assert_eq!(mask_phone("1234567"), "*******");
        assert_eq!(mask_resident_id("110105194912311234"), "110***********1234");
        assert_eq!(mask_resident_id("1234"), "****");
        assert_eq!(mask_email("zhang.san@example.cn"), "z***@example.cn");
        assert_eq!(mask_email("李@例子.中国"), "*@例子.中国");
        assert_eq!(mask_email("ab@example.cn"), "a*@example.cn");
        assert_eq!(mask_email("12345678@qq.com"), "***@qq.com");
        assert_eq!(
            (mask_email("abc"), mask_email("")),
            ("***".into(), String::new())
        );
    }

    fn masked(text: &str, names: &[&str], expected: &str) {
        let (out, spans) = mask_free_text(text, names);
        assert_eq!(out, expected);
        assert!(spans.windows(2).all(|pair| pair[0].end <= pair[1].start));
        // Masking twice finds nothing more.
        assert_eq!(mask_free_text(&out, &[]), (out.clone(), Vec::new()));
    }

    #[test]
    fn numbers_in_free_text_are_found_as_people_write_them() {
        masked("请打13812341234找我", &[], "请打138****1234找我");
        masked("电话１３８１２３４１２３４。", &[], "电话138****1234。");
        masked(
            "138-1234-1234 或 139 1234 5678",
            &[],
            "138****1234 或 139****5678",
        );
        masked("1 3 8 1 2 3 4 1 2 3 4", &[], "138****1234");
        masked("座机(0571)88886666转8001", &[], "座机(0571****6666转8001");
        masked(
            "身份证11010519491231002X,谢谢",
            &[],
            "身份证110***********002X,谢谢",
        );
        masked(
            "身份证 110105 19491231 002 x",
            &[],
            "身份证 110***********002x",
        );
        masked(
            "号 110105194912310021 写错了一位",
            &[],
            "号 110***********0021 写错了一位",
        );
    }

    #[test]
    fn mail_addresses_in_free_text_are_found_as_people_write_them() {
        masked(
            "写信到zhang.san@example.cn。",
            &[],
            "写信到z***@example.cn。",
        );
        masked(
            "Write to Zhang_San+1@mail.example.com, thanks",
            &[],
            "Write to Z***@mail.example.com, thanks",
        );
        masked("邮箱ｌｉｌｅｉ＠ｑｑ．ｃｏｍ", &[], "邮箱l***@qq.com");
        // A number in it belongs to it, also where it is written in groups, and one that follows is a number of its own.
        masked("13812345678@139.com", &[], "***@139.com");
        masked("邮箱138 1234 5678@139.com", &[], "邮箱***@139.com");
        masked("abc@qq.com13812345678", &[], "a**@qq.com138****5678");
        masked("a@b.cn@qq.com", &[], "a***@qq.com");
        masked("abc@qq.com谢谢", &[], "a**@qq.com谢谢");
        let (_, spans) = mask_free_text("信：li@a.cn", &[]);
        assert_eq!(
            spans[0],
            MaskedSpan {
                start: 6,
                end: 13,
                kind: MaskedKind::Email
            }
        );
    }

    #[test]
    fn the_name_of_a_colleague_behind_the_mark_is_no_address() {
        for text in [
            "请@li.wei看一下",
            "@wang_1 @li.wei.2 请看",
            "(@zhao.min) 。@qian.duo",
            "see my note.@li.wei",
            "@@li.wei",
            "-@li.wei",
            "苹果5斤@1.5元，3@2.50",
            "a@b, a@b., a@.cn, a@b.c @ a",
        ] {
            masked(text, &[], text);
        }
    }

    #[test]
    fn an_address_that_the_caller_knows_is_masked_altogether() {
        masked(
            "信：li@city.example",
            &["li@city.example"],
            "信：l**************",
        );
        // One that only ends like it is another, and a name inside an address is part of it.
        masked("xli@city.example", &["li@city.example"], "x**@city.example");
        masked(
            "张三zhangsan@qq.com",
            &["zhangsan", "张三"],
            "张*z***@qq.com",
        );
    }

    #[test]
    fn a_long_text_costs_as_much_as_its_length() {
        // Each of these takes minutes where a place is compared with all others, or a run is read from each of its places.
        let started = std::time::Instant::now();
        let name = ["张三", "li@a.cn"];
        for piece in [
            "张三",
            "张三13812345678",
            "a@",
            "a@b.",
            "a.",
            "1 ",
            "li@a.cn ",
            "x@y.cn张三",
        ] {
            let text = piece.repeat(400_000 / piece.len());
            mask_free_text(&text, &name);
        }
        assert!(started.elapsed() < std::time::Duration::from_secs(20));
    }

    #[test]
    fn what_is_no_personal_number_stays() {
        for text in [
            "案件 330102-20260213-00001 已立案",
            "网格 110101001001001 内 3 处破损",
            "2026-02-13 17:00 至 2026-02-14 11:00",
            "12345 热线,订单 20260213138123412345678",
            "井盖 5cm x 6cm,编号 3205080101000001",
            "",
        ] {
            masked(text, &[], text);
        }
    }

    #[test]
    fn names_of_the_form_are_masked_too() {
        masked(
            "我是张三丰,不是张三",
            &["张三", "张三丰"],
            "我是张**,不是张*",
        );
        masked("李四 13812341234", &["李四", "王", ""], "李* 138****1234");
        let (_, spans) = mask_free_text("李四 13812341234", &["李四"]);
        assert_eq!(
            spans[0],
            MaskedSpan {
                start: 0,
                end: 6,
                kind: MaskedKind::Name
            }
        );
        assert_eq!(
            spans[1],
            MaskedSpan {
                start: 7,
                end: 18,
                kind: MaskedKind::Phone
            }
        );
    }

    proptest! {
        #[test]
        fn no_text_panics_and_no_mobile_survives(before in "[^0-9０-９]{0,10}[。,]", rest in "[0-9]{9}", garbage in "\\PC{0,60}", digits in "[0-9xX０-９ .-]{0,60}", mail in "[a-z][a-z0-9._+-]{0,8}[a-z0-9]@[a-z0-9]{2,8}(\\.[a-z]{2,5}){1,2}", marks in "[a-c0-9@＠. +张-]{0,40}") {
            let phone = format!("13{rest}");
            let (out, _) = mask_free_text(&format!("{before}{phone}。"), &[]);
            prop_assert!(!out.contains(&phone));
            let (out, _) = mask_free_text(&format!("{before}{mail}，{garbage}"), &[]);
            prop_assert!(!out.contains(&mail));
            let (_, again) = mask_free_text(&out, &[]);
            prop_assert!(again.iter().all(|s| s.kind != MaskedKind::Email));
            for text in [garbage, digits, marks] {
                let (_, spans) = mask_free_text(&text, &["张三", "a@b.ca"]);
                prop_assert!(spans.iter().all(|s| text.get(s.start..s.end).is_some()));
                prop_assert!(spans.windows(2).all(|pair| pair[0].end <= pair[1].start));
                prop_assert!(mask_email(&text).chars().count() <= text.chars().count());
                looks_like_phone(&text);
                looks_like_resident_id(&text);
                mask_phone(&text);
                mask_resident_id(&text);
                mask_name(&text);
            }
        }
    }
}
