//! What no import may bring in: scores, labels and traits of persons (`docs/rights`, "the schema itself").
//!
//! The unit of analysis of this program is a place, a category, a unit, a process; never a person. A column or a class of
//! that kind is refused with an error that names this rule, and so is a value shaped like a resident's ID number.

use kernel::mask::looks_like_resident_id;

/// The rule as every refusal states it.
pub const RULE: &str = "this program keeps no score, rank, label or trait of a person";

/// Column names that hold such things, in the words sheets use. A header is refused when it contains one.
const COLUMNS: [&str; 52] = [
    "信用分",
    "信用等级",
    "信用积分",
    "个人信用",
    "社会信用分",
    "诚信分",
    "诚信积分",
    "文明积分",
    "居民积分",
    "风险分",
    "风险人员",
    "人员风险",
    "人员等级",
    "人员标签",
    "人员类别",
    "个人标签",
    "重点人",
    "高危人",
    "特殊人群",
    "涉稳人",
    "上访人",
    "缠访",
    "前科",
    "犯罪记录",
    "违法记录",
    "刑满释放",
    "社区矫正",
    "吸毒",
    "精神病",
    "宗教",
    "信仰",
    "民族",
    "种族",
    "政治面貌",
    "党派",
    "黑名单",
    "失信",
    "人脸",
    "指纹",
    "虹膜",
    "声纹",
    "基因",
    "健康码",
    "性取向",
    "social_credit",
    "credit_score",
    "risk_score",
    "religion",
    "ethnicity",
    "criminal_record",
    "blacklist",
    "face_id",
];

/// Names of classes that would make a matter of what somebody is.
const CLASSES: [&str; 18] = [
    "重点人员",
    "重点人群",
    "高危人员",
    "高危人群",
    "前科",
    "信用分",
    "诚信积分",
    "涉稳人员",
    "上访人员",
    "缠访",
    "刑满释放",
    "社区矫正",
    "吸毒人员",
    "精神病人",
    "宗教信仰",
    "流动人口管控",
    "黑名单",
    "健康码",
];

/// A refusal by the rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// A column that would hold such a thing.
    #[error("column {name:?} is refused because of {word:?}: {RULE}")]
    Column {
        /// The header as written.
        name: String,
        /// The word that gave it away.
        word: &'static str,
    },
    /// A class that would make a matter of what somebody is.
    #[error("class {name:?} is refused because of {word:?}: {RULE}")]
    Class {
        /// The name as written.
        name: String,
        /// The word that gave it away.
        word: &'static str,
    },
    /// A value that looks like the number of a resident's ID. It is not repeated here.
    #[error(
        "looks like the number of a resident's ID, which belongs in the vault and nowhere else: {RULE}"
    )]
    PersonNumber,
}

fn plain(text: &str) -> String {
    let joined = |c: char| !c.is_whitespace() && !matches!(c, '-' | '_');
    text.to_lowercase().chars().filter(|c| joined(*c)).collect()
}

/// The parts of a name written `surface_id`, `Surface ID` or `surfaceId`, in small letters.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut was_small = false;
    for c in text.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && was_small) {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut().filter(|_| c.is_alphanumeric()) {
            part.extend(c.to_lowercase());
        }
        was_small = c.is_lowercase();
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// A Chinese word is found anywhere in the text; one in letters only as whole parts, for `surface_id` is no `face_id`.
fn word_in(text: &str, words: &'static [&'static str]) -> Option<&'static str> {
    let (joined, own) = (plain(text), parts(text));
    words.iter().copied().find(|word| {
        if !word.is_ascii() {
            return joined.contains(&plain(word));
        }
        let wanted = parts(word);
        joined == plain(word) || own.windows(wanted.len()).any(|found| found == wanted)
    })
}

/// Refuses a column by its header.
///
/// # Errors
/// [`Forbidden::Column`] names the header and the word.
pub fn check_column(header: &str) -> Result<(), Forbidden> {
    match word_in(header, &COLUMNS) {
        Some(word) => Err(Forbidden::Column {
            name: header.chars().take(60).collect(),
            word,
        }),
        None => Ok(()),
    }
}

/// Refuses a class by its name.
///
/// # Errors
/// [`Forbidden::Class`] names the class and the word.
pub fn check_class(name: &str) -> Result<(), Forbidden> {
    match word_in(name, &CLASSES) {
        Some(word) => Err(Forbidden::Class {
            name: name.chars().take(60).collect(),
            word,
        }),
        None => Ok(()),
    }
}

/// Refuses a text that has the shape of a resident's ID number.
///
/// # Errors
/// [`Forbidden::PersonNumber`], without the number.
pub fn check_text(text: &str) -> Result<(), Forbidden> {
    if looks_like_resident_id(text) {
        Err(Forbidden::PersonNumber)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_labels_and_traits_of_persons_are_refused_by_name() {
        for header in [
            "信用分",
            "个人 信用等级",
            "是否重点人员",
            "宗教",
            "Credit Score",
            "credit-score",
            "resident creditScore (2024)",
            "CREDITSCORE",
            "前科情况",
        ] {
            let error = check_column(header).unwrap_err().to_string();
            assert!(error.contains(RULE) && error.contains(header), "{error}");
        }
        for header in [
            "code",
            "name",
            "residents",
            "households",
            "统一社会信用代码",
            "limit",
            "keywords",
            "surface_id",
            "Interface ID",
            "",
        ] {
            assert_eq!(check_column(header), Ok(()), "{header}");
        }
        assert!(check_class("重点人员管控").is_err());
        assert_eq!(check_class("占道经营"), Ok(()));
    }

    #[test]
    fn a_number_shaped_like_an_id_is_refused_and_not_repeated() {
        let error = check_text("11010519491231002X").unwrap_err();
        assert!(!error.to_string().contains("1949"));
        assert_eq!(check_text("110101001001"), Ok(()));
    }
}
