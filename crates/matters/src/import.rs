//! Files of matters: a catalogue as the sheet a city has, and duties.
//!
//! A sheet has one line for each registration condition; lines of the same class belong together. Limits are written in
//! one of the five clocks; a bare 天, 小时, D or h is refused unless the options say which clock it means.

use crate::model::{Condition, Flags, MatterClass, MatterId, MatterKind};
use crate::rules::default_flags;
use grid::guard;
use grid::report::{ImportError, Reject};
use grid::sheet::{Column, Sheet, SheetRow, optional, required};
use jiff::civil::Date;
use kernel::deadline::ParseOptions;
use kernel::{DivisionCode, Limit};
use std::collections::BTreeMap;

const COLUMNS: [Column; 23] = [
    required("kind", &["类型", "类别类型", "部件事件"]),
    required("major", &["大类", "大类代码", "大类编码", "major_code"]),
    required("minor", &["小类", "小类代码", "小类编码", "minor_code"]),
    optional("major_name", &["大类名称"]),
    required("name_zh", &["name", "小类名称", "名称"]),
    optional("name_en", &["gloss_en", "英文名"]),
    optional("local", &["local_extension", "本地扩展", "扩展"]),
    optional("keywords", &["关键词"]),
    optional("public", &["公开"]),
    optional("warnable", &["可预警"]),
    optional("confidential", &["保密"]),
    optional("verify", &["核实", "需核实"]),
    optional("default_nature", &["诉求性质"]),
    optional("rule_no", &["序号", "条件序号"]),
    optional("condition", &["condition_short", "立案条件", "立案标准"]),
    optional("limit", &["时限", "处置时限", "办理时限"]),
    optional("closing", &["结案条件", "结案标准", "处置标准"]),
    optional("evidence", &["证据", "举证要求"]),
    optional("legal_basis", &["法律依据", "依据"]),
    optional("mandatory", &["必须立案", "强制"]),
    optional("note", &["备注"]),
    optional("unit", &["责任单位", "处置单位"]),
    optional("code", &["类别代码", "编码"]),
];

/// One line of a sheet: a class and, mostly, one of its conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatterRow {
    line: u64,
    class: ClassWords,
    condition: Option<Condition>,
}

/// What a line says about its class.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ClassWords {
    code: String,
    kind: MatterKind,
    major: String,
    minor: String,
    major_name: Option<String>,
    name_zh: String,
    name_en: Option<String>,
    local: bool,
    keywords: Vec<String>,
    flags: Flags,
    default_nature: Option<String>,
}

/// A class as a sheet describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetClass {
    words: ClassWords,
    conditions: Vec<Condition>,
}

impl SheetClass {
    /// Unique within the catalogue.
    pub fn code(&self) -> &str {
        &self.words.code
    }
    /// How many conditions it has.
    pub fn conditions(&self) -> usize {
        self.conditions.len()
    }
    /// The class in the store that this comes to.
    pub fn class(&self, id: MatterId, catalogue: &str) -> MatterClass {
        let w = self.words.clone();
        MatterClass {
            id,
            catalogue: catalogue.to_owned(),
            code: w.code,
            kind: w.kind,
            major: Some(w.major),
            minor: Some(w.minor),
            major_name: w.major_name,
            name_zh: w.name_zh,
            name_en: w.name_en,
            local: w.local,
            keywords: w.keywords,
            flags: w.flags,
            default_nature: w.default_nature,
            reviewed: true,
            conditions: self.conditions.clone(),
        }
    }
}

/// A sheet that was read: its classes, and what was refused, line by line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct MatterSheet {
    /// Lines with content.
    pub read: u64,
    /// Lines that said the same once more.
    pub repeated: u64,
    /// Classes in the order of their codes.
    pub classes: Vec<SheetClass>,
    /// Refused lines.
    pub rejects: Vec<Reject>,
}

impl MatterSheet {
    /// Conditions that were read.
    pub fn conditions(&self) -> u64 {
        self.classes.iter().map(|c| c.conditions.len() as u64).sum()
    }
}

/// Reads the sheet of a catalogue. A line that is refused does not take its class with it.
///
/// # Errors
/// A file that cannot be used at all.
pub fn matters(bytes: &[u8], options: ParseOptions) -> Result<MatterSheet, ImportError> {
    let sheet = Sheet::open(bytes, &COLUMNS)?;
    let mut out = MatterSheet::default();
    let mut classes = BTreeMap::<String, (u64, SheetClass)>::new();
    for row in sheet.rows() {
        out.read += 1;
        let taken = row
            .and_then(|row| matter_row(&row, options, &classes))
            .and_then(|row| put_together(row, &mut classes));
        match taken {
            Ok(true) => {}
            Ok(false) => out.repeated += 1,
            Err(reject) => out.rejects.push(reject),
        }
    }
    out.classes = classes.into_values().map(|(_, class)| class).collect();
    out.classes
        .iter_mut()
        .for_each(|c| c.conditions.sort_by_key(|c| c.rule_no));
    Ok(out)
}

/// Adds a line to its class; answers whether it said anything new.
fn put_together(
    row: MatterRow,
    classes: &mut BTreeMap<String, (u64, SheetClass)>,
) -> Result<bool, Reject> {
    let MatterRow {
        line,
        class: words,
        condition,
    } = row;
    let new = || {
        (
            line,
            SheetClass {
                words: words.clone(),
                conditions: Vec::new(),
            },
        )
    };
    let is_new = !classes.contains_key(&words.code);
    let (first, class) = classes.entry(words.code.clone()).or_insert_with(new);
    if class.words != words {
        let reason = format!(
            "says otherwise than line {first} about class {}",
            words.code
        );
        return Err(Reject::new(line, "name_zh", &words.name_zh, reason));
    }
    let Some(condition) = condition else {
        return Ok(is_new);
    };
    match class
        .conditions
        .iter()
        .find(|c| c.rule_no == condition.rule_no)
    {
        Some(same) if *same == condition => Ok(false),
        Some(_) => {
            let number = condition.rule_no.to_string();
            Err(Reject::new(
                line,
                "rule_no",
                &number,
                "this class has another condition of this number",
            ))
        }
        None => {
            class.conditions.push(condition);
            Ok(true)
        }
    }
}

fn two_digits(row: &SheetRow<'_>, name: &str) -> Result<String, Reject> {
    let text = row.need(name);
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    match text.len() {
        2 if digits => Ok(text.to_owned()),
        // Spreadsheets drop leading zeros.
        1 if digits => Ok(format!("0{text}")),
        _ => Err(Reject::new(
            row.line,
            name,
            text,
            "not a class number of two digits",
        )),
    }
}

fn matter_row(
    row: &SheetRow<'_>,
    options: ParseOptions,
    classes: &BTreeMap<String, (u64, SheetClass)>,
) -> Result<MatterRow, Reject> {
    let kind: MatterKind = row
        .parse("kind")?
        .ok_or_else(|| Reject::new(row.line, "kind", "", "is empty"))?;
    let (major, minor) = (two_digits(row, "major")?, two_digits(row, "minor")?);
    let name_zh = row.words("name_zh")?.unwrap_or_default();
    guard::check_class(&name_zh).map_err(|e| Reject::new(row.line, "name_zh", &name_zh, e))?;
    let default = default_flags(kind, &name_zh);
    let flags = Flags {
        public: row.flag("public")?.unwrap_or(default.public),
        warnable: row.flag("warnable")?.unwrap_or(default.warnable),
        confidential: row.flag("confidential")?.unwrap_or(default.confidential),
        verify: row.flag("verify")?.unwrap_or(default.verify),
    };
    let code = format!("{}{major}{minor}", kind.letter());
    let next = classes
        .get(&code)
        .map_or(1, |(_, c)| c.conditions.len() as u32 + 1);
    let class = ClassWords {
        code,
        kind,
        major,
        minor,
        major_name: row.words("major_name")?,
        name_zh,
        name_en: row.words("name_en")?,
        local: row.flag("local")?.unwrap_or(false),
        keywords: row.list("keywords"),
        flags,
        default_nature: row.words("default_nature")?,
    };
    Ok(MatterRow {
        line: row.line,
        class,
        condition: condition(row, options, next)?,
    })
}

/// The condition of a line; none where the line only names a class.
fn condition(
    row: &SheetRow<'_>,
    options: ParseOptions,
    next: u32,
) -> Result<Option<Condition>, Reject> {
    let text = row.words("condition")?;
    let limit_text = row.words("limit")?;
    if text.is_none() && limit_text.is_none() && row.get("rule_no").is_none() {
        return Ok(None);
    }
    let rule_no = match row.parse::<u32>("rule_no") {
        Ok(Some(n @ 1..=999)) => n,
        Ok(None) => next,
        _ => {
            return Err(Reject::new(
                row.line,
                "rule_no",
                row.need("rule_no"),
                "not a number in 1..=999",
            ));
        }
    };
    let limit = match &limit_text {
        Some(written) => {
            read_limit(written, options).map_err(|e| Reject::new(row.line, "limit", written, e))?
        }
        None => None,
    };
    Ok(Some(Condition {
        rule_no,
        text: text.unwrap_or_default(),
        limit,
        limit_text: limit_text.unwrap_or_default(),
        closing: row.list("closing"),
        evidence: row.words("evidence")?,
        legal_basis: row.words("legal_basis")?,
        mandatory: row.flag("mandatory")?.unwrap_or(false),
    }))
}

/// Reads a limit; a remark in brackets after it stays in the text only. `-`, `/` and 无 mean "without limit".
fn read_limit(
    written: &str,
    options: ParseOptions,
) -> Result<Option<Limit>, kernel::deadline::LimitError> {
    if matches!(written, "-" | "—" | "/" | "无") {
        return Ok(None);
    }
    let bare = written.split(['(', '（']).next().unwrap_or_default();
    Limit::parse(bare, options).map(Some)
}

/// One line of a sheet of duties, units by their codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyRow {
    /// The physical line.
    pub line: u64,
    /// The catalogue; empty for any.
    pub catalogue: String,
    /// A class code or the beginning of several; empty for any.
    pub matter: String,
    /// The division; none for anywhere.
    pub division: Option<DivisionCode>,
    /// The beat; empty for any.
    pub beat: String,
    /// First and last day in force.
    pub validity: (Option<Date>, Option<Date>),
    /// 主管 权属 养护 处置, by unit code, in this order.
    pub units: [Option<String>; 4],
    /// Law, clause.
    pub legal_basis: Option<String>,
}

/// The columns that name units, in the order of [`DutyRow::units`].
pub const DUTY_UNITS: [&str; 4] = ["competent", "owning", "maintaining", "handling"];

const DUTY_COLUMNS: [Column; 11] = [
    optional("catalogue", &["目录"]),
    optional("matter", &["事项", "类别", "类别代码", "class"]),
    optional("division", &["区划", "区划代码"]),
    optional("beat", &["责任网格"]),
    optional("competent", &["主管部门", "主管单位"]),
    optional("owning", &["权属单位"]),
    optional("maintaining", &["养护单位"]),
    required("handling", &["处置单位", "unit", "责任单位"]),
    optional("legal_basis", &["依据", "法律依据"]),
    optional("valid_from", &["起始日期", "启用日期"]),
    optional("valid_to", &["终止日期", "停用日期"]),
];

/// Reads duties.
///
/// # Errors
/// A file that cannot be used at all; single rows are refused one by one.
pub fn duties(bytes: &[u8]) -> Result<Vec<Result<DutyRow, Reject>>, ImportError> {
    let sheet = Sheet::open(bytes, &DUTY_COLUMNS)?;
    Ok(sheet.rows().map(|row| duty_row(&row?)).collect())
}

fn duty_row(row: &SheetRow<'_>) -> Result<DutyRow, Reject> {
    let division = row.get("division").map(DivisionCode::padded).transpose();
    let division =
        division.map_err(|e| Reject::new(row.line, "division", row.need("division"), e.reason))?;
    let beat = row.words("beat")?.unwrap_or_default();
    if division.is_some() && !beat.is_empty() {
        return Err(Reject::new(
            row.line,
            "beat",
            &beat,
            "a duty names a division or a beat, not both",
        ));
    }
    let mut units = [const { None }; 4];
    for (unit, name) in units.iter_mut().zip(DUTY_UNITS) {
        *unit = row.words(name)?;
    }
    Ok(DutyRow {
        line: row.line,
        catalogue: row.words("catalogue")?.unwrap_or_default(),
        matter: row
            .words("matter")?
            .filter(|m| m != "*")
            .unwrap_or_default(),
        division,
        beat,
        validity: row.validity()?,
        units,
        legal_basis: row.words("legal_basis")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::ClockKind;

    const HEAD: &str = "kind,major,minor,name_zh,rule_no,condition,limit\n";

    fn read(lines: &str) -> MatterSheet {
        matters(format!("{HEAD}{lines}").as_bytes(), ParseOptions::default()).unwrap()
    }

    #[test]
    fn lines_of_a_class_belong_together_and_keep_their_limits() {
        let sheet = read(
            "部件,1,01,上水井盖,2,破损,4WH\ncomponent,01,01,上水井盖,1,缺失,2紧急工作时\nevent,01,13,暴露垃圾,1,x,15WD(planting season)\nevent,01,13,暴露垃圾,2,y,无\n",
        );
        assert_eq!(sheet.rejects, []);
        let codes: Vec<_> = sheet
            .classes
            .iter()
            .map(|c| (c.code(), c.conditions()))
            .collect();
        assert_eq!(codes, [("C0101", 2), ("E0113", 2)]);
        let lid = sheet.classes[0].class(MatterId(kernel::id::Id::from_bytes([1; 16])), "test");
        assert_eq!(
            lid.condition(1).unwrap().limit,
            Some("2紧急工作时".parse().unwrap())
        );
        let waste = &sheet.classes[1].conditions;
        assert_eq!(
            (
                waste[0].limit.unwrap().code().as_str(),
                waste[0].limit_text.as_str()
            ),
            ("15WD", "15WD(planting season)")
        );
        assert_eq!(waste[1].limit, None);
    }

    #[test]
    fn a_bare_day_is_refused_until_an_option_says_which() {
        let line = "event,01,01,x,1,y,1D\nevent,01,01,x,2,y,2h\n";
        let reasons: Vec<_> = read(line)
            .rejects
            .into_iter()
            .map(|r| (r.line, r.field))
            .collect();
        assert_eq!(reasons, [(2, "limit".into()), (3, "limit".into())]);
        let options = ParseOptions {
            bare_days: Some(ClockKind::WorkingDays),
            bare_hours: Some(ClockKind::WorkingHours),
        };
        let sheet = matters(format!("{HEAD}{line}").as_bytes(), options).unwrap();
        assert_eq!((sheet.rejects.len(), sheet.conditions()), (0, 2));
    }

    #[test]
    fn bad_lines_name_their_field_and_leave_the_class_alone() {
        let sheet = read(
            "event,01,01,占道经营,1,a,1WD\nmonster,01,01,x,1,a,1WD\nevent,123,01,x,1,a,1WD\nevent,01,01,占道经营,1,b,1WD\n\
             event,01,01,别的,2,a,1WD\nevent,01,02,重点人员管控,1,a,1WD\nevent,01,03,x,0,a,1WD\nevent,01,04,x,1,a,soon\nevent,01,01,占道经营,1,a,1WD\n",
        );
        let seen: Vec<_> = sheet
            .rejects
            .iter()
            .map(|r| (r.line, r.field.as_str()))
            .collect();
        let expected = [
            (3, "kind"),
            (4, "major"),
            (5, "rule_no"),
            (6, "name_zh"),
            (7, "name_zh"),
            (8, "rule_no"),
            (9, "limit"),
        ];
        assert_eq!(seen, expected);
        assert!(sheet.rejects[4].reason.contains(guard::RULE));
        assert_eq!(
            (
                sheet.read,
                sheet.repeated,
                sheet.classes.len(),
                sheet.conditions()
            ),
            (9, 1, 1, 1)
        );
    }

    #[test]
    fn conduct_of_persons_is_neither_public_nor_warnable_by_default() {
        let sheet = read(
            "event,01,01,暴露垃圾,1,a,1WD\nevent,04,01,占道经营,1,a,1WD\nevent,04,02,违法焚烧垃圾,1,a,1WD\ncomponent,01,01,上水井盖,1,a,1WD\n",
        );
        let flags: Vec<_> = sheet
            .classes
            .iter()
            .map(|c| (c.code(), c.words.flags.warnable, c.words.flags.public))
            .collect();
        assert_eq!(
            flags,
            [
                ("C0101", true, true),
                ("E0101", true, true),
                ("E0401", false, false),
                ("E0402", false, false)
            ]
        );
    }

    #[test]
    fn a_duty_names_a_place_in_one_way() {
        let rows = duties(
            "事项,区划,责任网格,处置单位\nC01,350203,,U1\n*,350203,B1,U1\n,35O2,,U1\nC01,,,\n"
                .as_bytes(),
        )
        .unwrap();
        assert_eq!(rows[0].as_ref().unwrap().matter, "C01");
        let bad: Vec<_> = rows
            .iter()
            .filter_map(|r| r.as_ref().err())
            .map(|r| (r.line, r.field.as_str()))
            .collect();
        assert_eq!(bad, [(3, "beat"), (4, "division"), (5, "handling")]);
    }

    proptest::proptest! {
        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), text in "\\PC{0,200}") {
            for input in [&bytes[..], text.as_bytes(), format!("{HEAD}{text}").as_bytes(), format!("handling,division\n{text}").as_bytes()] {
                let _ = (matters(input, ParseOptions::default()), duties(input));
            }
        }
    }
}
