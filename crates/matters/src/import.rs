//! Files of matters: a catalogue as the sheet a city has, and duties.
//!
//! A sheet has one line for each registration condition; lines of the same class belong together. Limits are written in
//! one of the five clocks; a bare 天, 小时, D or h is refused unless the cell itself says in brackets which clock it means,
//! or else the options do.
//!
//! Cities keep the sheet in a spreadsheet with merged cells, which mean "same as above": a workbook knows them, a CSV
//! file made of it has blanks in their place. So a line without a major class continues the major class above, one
//! without minor class and name continues the class above. A limit is never continued by guessing: in a CSV file such a
//! line without a limit is refused when the line above has one. Nor does an empty cell mean "without limit": that is
//! written 无.

use crate::model::{Condition, Flags, MatterClass, MatterId, MatterKind};
use crate::rules::{default_flags, is_conduct};
use grid::Why;
use grid::guard;
use grid::report::{ImportError, Reject};
use grid::sheet::{Column, Sheet, SheetRow, optional, present, required};
use jiff::civil::Date;
use kernel::deadline::ParseOptions;
use kernel::{ClockKind, DivisionCode, Limit};
use std::collections::{BTreeMap, BTreeSet, HashMap};

const COLUMNS: [Column; 25] = [
    optional("kind", &["类型", "类别类型", "部件事件"]),
    present(
        "major",
        &["大类", "大类代码", "大类编码", "大类编号", "major_code"],
    ),
    present(
        "minor",
        &["小类", "小类代码", "小类编码", "小类编号", "minor_code"],
    ),
    optional("major_name", &["大类名称"]),
    present("name_zh", &["name", "小类名称", "名称"]),
    optional("name_en", &["gloss_en", "英文名"]),
    optional("local", &["local_extension", "本地扩展", "扩展"]),
    optional("keywords", &["关键词"]),
    optional("public", &["公开"]),
    optional("warnable", &["可预警"]),
    optional("confidential", &["保密"]),
    optional("verify", &["核实", "需核实"]),
    optional("claimable", &["可认领"]),
    optional("default_nature", &["诉求性质"]),
    optional("rule_no", &["序号", "条件序号"]),
    optional("condition", &["condition_short", "立案条件", "立案标准"]),
    optional("limit", &["时限", "处置时限", "办理时限", "处理时限"]),
    optional("closing", &["结案条件", "结案标准", "处置标准"]),
    optional("evidence", &["证据", "举证要求"]),
    optional("legal_basis", &["法律依据", "依据"]),
    optional("mandatory", &["必须立案", "强制"]),
    optional("note", &["备注"]),
    optional("unit", &["handling", "责任单位", "处置单位"]),
    optional("competent", &["主管部门", "主管单位"]),
    optional("code", &["类别代码", "编码"]),
];

/// What belongs to the major class, and what to the class: a line that leaves them blank says the same as the one above.
const OF_MAJOR: [&str; 3] = ["kind", "major", "major_name"];
const OF_CLASS: [&str; 13] = [
    "minor",
    "name_zh",
    "name_en",
    "local",
    "keywords",
    "public",
    "warnable",
    "confidential",
    "verify",
    "claimable",
    "default_nature",
    "unit",
    "competent",
];

/// How the sheet of a catalogue is to be read.
#[derive(Debug, Clone, Copy, Default)]
pub struct SheetOptions {
    /// What bare days and hours mean.
    pub limits: ParseOptions,
    /// Component or event, where neither a column nor the name of the worksheet says so.
    pub kind: Option<MatterKind>,
}

impl From<ParseOptions> for SheetOptions {
    fn from(limits: ParseOptions) -> Self {
        Self { limits, kind: None }
    }
}

/// One line of a sheet: a class and, mostly, one of its conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatterRow {
    line: u64,
    class: ClassWords,
    condition: Option<Condition>,
    units: NamedUnits,
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

/// Units as a line names them.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedUnits {
    /// 处置单位, by code or name.
    pub handling: Option<String>,
    /// 主管部门, by code or name.
    pub competent: Option<String>,
}

/// A class as a sheet describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetClass {
    words: ClassWords,
    conditions: Vec<Condition>,
    units: BTreeSet<NamedUnits>,
    line: u64,
    /// For each condition, by its number, where it stands.
    places: BTreeMap<u32, Place>,
}

/// A line, and its worksheet where a workbook has several.
type Place = (u64, Option<String>);

impl SheetClass {
    /// Unique within the catalogue.
    pub fn code(&self) -> &str {
        &self.words.code
    }
    /// Its name.
    pub fn name(&self) -> &str {
        &self.words.name_zh
    }
    /// The line on which it begins.
    pub fn line(&self) -> u64 {
        self.line
    }
    /// The units its lines name; several where the lines differ.
    pub fn units(&self) -> &BTreeSet<NamedUnits> {
        &self.units
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
            version: 1,
            valid_from: None,
            valid_to: None,
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
    /// Headers of columns that nobody asked for.
    pub ignored: Vec<String>,
}

impl MatterSheet {
    /// Conditions that were read.
    pub fn conditions(&self) -> u64 {
        self.classes.iter().map(|c| c.conditions.len() as u64).sum()
    }
}

/// What the lines above of a worksheet say, for merged cells.
#[derive(Default)]
struct Above {
    values: HashMap<&'static str, String>,
    had_limit: bool,
}

impl Above {
    /// Fills what a line leaves blank because it says the same as above; answers whether it continues the class above.
    fn continue_in(&mut self, row: &mut SheetRow<'_>) -> bool {
        let continues_class = row.get("minor").is_none() && row.get("name_zh").is_none();
        let continues_major = row.get("major").is_none();
        if continues_major {
            for name in OF_MAJOR {
                row.fill(name, self.values.get(name).map(String::as_str));
            }
        }
        if continues_class && continues_major {
            for name in OF_CLASS {
                row.fill(name, self.values.get(name).map(String::as_str));
            }
        }
        for name in OF_MAJOR.into_iter().chain(OF_CLASS) {
            match row.get(name) {
                Some(value) => _ = self.values.insert(name, value.to_owned()),
                None => _ = self.values.remove(name),
            }
        }
        continues_class && continues_major
    }
}

/// The kind that the name of a worksheet tells.
fn kind_of_worksheet(name: &str) -> Option<MatterKind> {
    let told: Vec<MatterKind> = [MatterKind::Component, MatterKind::Event]
        .into_iter()
        .filter(|k| name.contains(k.zh()) || name.to_lowercase().contains(k.as_str()))
        .collect();
    match told[..] {
        [kind] => Some(kind),
        _ => None,
    }
}

/// Reads the sheet of a catalogue; every worksheet of a workbook that has its columns. A line that is refused does not
/// take its class with it.
///
/// # Errors
/// A file that cannot be used at all.
pub fn matters(bytes: &[u8], options: impl Into<SheetOptions>) -> Result<MatterSheet, ImportError> {
    let options: SheetOptions = options.into();
    let sheets = Sheet::open_all(bytes, &COLUMNS)?;
    let several = sheets.len() > 1;
    let mut out = MatterSheet::default();
    let mut classes = BTreeMap::<String, (u64, SheetClass)>::new();
    for sheet in &sheets {
        let here = SheetOptions {
            kind: sheet.name().and_then(kind_of_worksheet).or(options.kind),
            ..options
        };
        let mut above = Above::default();
        for row in sheet.rows() {
            out.read += 1;
            let taken = row
                // What an unreadable line says of its class is not known, so nothing goes on from above it either.
                .inspect_err(|_| above = Above::default())
                .and_then(|mut row| {
                    let continues = above.continue_in(&mut row);
                    let had_limit = std::mem::replace(&mut above.had_limit, row.get("limit").is_some());
                    if continues && had_limit && row.get("limit").is_none() && !sheet.is_worksheet() {
                        above.had_limit = true;
                        let why = Why::new("limit_goes_on", "is empty, and a file without merged cells does not say whether the limit above goes on: write it, or 无");
                        return Err(Reject::new(row.line, "limit", "", why));
                    }
                    let has_limits = sheet.has("limit");
                    matter_row(&row, here, has_limits, &classes)
                })
                .and_then(|row| put_together(row, sheet.name().filter(|_| several), &mut classes));
            match taken {
                Ok(true) => {}
                Ok(false) => out.repeated += 1,
                Err(reject) => out
                    .rejects
                    .push(reject.within(sheet.name().filter(|_| several))),
            }
        }
        for header in sheet.ignored() {
            if !out.ignored.contains(&header) {
                out.ignored.push(header);
            }
        }
    }
    for (_, mut class) in classes.into_values() {
        let had_conditions = !class.conditions.is_empty();
        out.rejects.extend(take_contradictions(&mut class));
        class.conditions.sort_by_key(|c| c.rule_no);
        if !had_conditions || !class.conditions.is_empty() {
            out.classes.push(class);
        }
    }
    Ok(out)
}

/// Takes out conditions that stand in a class more than once with different limits: nobody can say which of them counts.
/// Each is refused by its line, which names the other.
fn take_contradictions(class: &mut SheetClass) -> Vec<Reject> {
    let plain = |text: &str| -> String { text.split_whitespace().collect() };
    let mut by_words = BTreeMap::<String, Vec<&Condition>>::new();
    for condition in &class.conditions {
        by_words
            .entry(plain(&condition.text))
            .or_default()
            .push(condition);
    }
    let mut rejects = Vec::new();
    let mut taken = BTreeSet::new();
    for same in by_words.values() {
        for condition in same {
            let Some(other) = same.iter().find(|o| o.limit != condition.limit) else {
                continue;
            };
            let place = |c: &Condition| class.places.get(&c.rule_no).cloned().unwrap_or_default();
            let ((line, sheet), (there, other_sheet)) = (place(condition), place(other));
            let at = there;
            let is_elsewhere = other_sheet != sheet;
            let there = match &other_sheet {
                Some(name) if is_elsewhere => format!("line {there} of {name:?}"),
                _ => format!("line {there}"),
            };
            let reason = format!(
                "class {} has the same condition with the limit {:?} on {there}: which of them counts?",
                class.words.code, other.limit_text
            );
            let why = Why::new("two_limits", reason)
                .with("class", &class.words.code)
                .with("limit", &other.limit_text)
                .with("line", at)
                .with(
                    "sheet",
                    other_sheet
                        .filter(|_| is_elsewhere)
                        .unwrap_or_else(|| "empty".into()),
                );
            let reject = Reject::new(line, "limit", &condition.limit_text, why);
            rejects.push(reject.within(sheet.as_deref()));
            taken.insert(condition.rule_no);
        }
    }
    class.conditions.retain(|c| !taken.contains(&c.rule_no));
    rejects
}

/// Adds a line to its class; answers whether it said anything new.
fn put_together(
    row: MatterRow,
    sheet: Option<&str>,
    classes: &mut BTreeMap<String, (u64, SheetClass)>,
) -> Result<bool, Reject> {
    let MatterRow {
        line,
        class: words,
        condition,
        units,
    } = row;
    let new = || {
        (
            line,
            SheetClass {
                words: words.clone(),
                conditions: Vec::new(),
                units: BTreeSet::new(),
                line,
                places: BTreeMap::new(),
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
        let why = Why::new("says_otherwise", reason)
            .with("line", *first)
            .with("class", &words.code);
        return Err(Reject::new(line, "name_zh", &words.name_zh, why));
    }
    if units != NamedUnits::default() {
        class.units.insert(units);
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
                Why::new(
                    "same_rule",
                    "this class has another condition of this number",
                ),
            ))
        }
        None => {
            let place = (line, sheet.map(str::to_owned));
            class.places.insert(condition.rule_no, place);
            class.conditions.push(condition);
            Ok(true)
        }
    }
}

fn two_digits(row: &SheetRow<'_>, name: &str) -> Result<String, Reject> {
    let text = row.need(name);
    if text.is_empty() {
        return Err(Reject::new(row.line, name, "", Why::empty()));
    }
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    match text.len() {
        2 if digits => Ok(text.to_owned()),
        // Spreadsheets drop leading zeros.
        1 if digits => Ok(format!("0{text}")),
        _ => Err(Reject::new(
            row.line,
            name,
            text,
            Why::new("no_class_number", "not a class number of two digits"),
        )),
    }
}

fn matter_row(
    row: &SheetRow<'_>,
    options: SheetOptions,
    has_limits: bool,
    classes: &BTreeMap<String, (u64, SheetClass)>,
) -> Result<MatterRow, Reject> {
    let kind: Option<MatterKind> = row.parse("kind", "matter_kind")?;
    let kind = kind.or(options.kind).ok_or_else(|| {
        let why = Why::new("kind_nowhere", "is empty: neither a column, the name of the worksheet nor an option says component or event");
        Reject::new(row.line, "kind", "", why)
    })?;
    let (major, minor) = (two_digits(row, "major")?, two_digits(row, "minor")?);
    let name_zh = row.words("name_zh")?.unwrap_or_default();
    if name_zh.is_empty() {
        return Err(Reject::new(row.line, "name_zh", "", Why::empty()));
    }
    guard::check_class(&name_zh).map_err(|e| Reject::new(row.line, "name_zh", &name_zh, e))?;
    let default = default_flags(kind, &name_zh);
    let flags = Flags {
        public: row.flag("public")?.unwrap_or(default.public),
        warnable: row.flag("warnable")?.unwrap_or(default.warnable),
        confidential: row.flag("confidential")?.unwrap_or(default.confidential),
        verify: row.flag("verify")?.unwrap_or(default.verify),
        claimable: row.flag("claimable")?.unwrap_or(default.claimable),
    };
    let name_en = row.words("name_en")?;
    let names = [Some(&name_zh), name_en.as_ref()];
    if flags.warnable && is_conduct(kind, names.into_iter().flatten().map(String::as_str)) {
        let reason = format!("conduct of persons never raises warnings: {}", guard::RULE);
        let why = Why::new("conduct_warnable", reason);
        return Err(Reject::new(row.line, "warnable", &name_zh, why));
    }
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
        name_en,
        local: row.flag("local")?.unwrap_or(false),
        keywords: row.list("keywords"),
        flags,
        default_nature: row.words("default_nature")?,
    };
    Ok(MatterRow {
        line: row.line,
        class,
        condition: condition(row, options.limits, has_limits, next)?,
        units: NamedUnits {
            handling: row.words("unit")?,
            competent: row.words("competent")?,
        },
    })
}

/// The condition of a line; none where the line only names a class. In a sheet that tells limits, an empty cell is refused.
fn condition(
    row: &SheetRow<'_>,
    options: ParseOptions,
    has_limits: bool,
    next: u32,
) -> Result<Option<Condition>, Reject> {
    let text = row.words("condition")?;
    let limit_text = row.words("limit")?;
    if text.is_none() && limit_text.is_none() && row.get("rule_no").is_none() {
        return Ok(None);
    }
    let rule_no = match row.parse::<u32>("rule_no", "no_rule_number") {
        Ok(Some(n @ 1..=999)) => n,
        Ok(None) => next,
        _ => {
            return Err(Reject::new(
                row.line,
                "rule_no",
                row.need("rule_no"),
                Why::new("no_rule_number", "not a number in 1..=999"),
            ));
        }
    };
    let limit = match &limit_text {
        Some(written) => {
            read_limit(written, options).map_err(|e| Reject::new(row.line, "limit", written, e))?
        }
        None if has_limits => {
            let why = Why::new(
                "no_limit",
                "is empty: write the limit, or 无 where there is none",
            );
            return Err(Reject::new(row.line, "limit", "", why));
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

/// Reads a limit. `-`, `/` and 无 mean "without limit". Words in brackets after it may say which clock a bare 天 or 小时
/// means, and then they count before the options. A remark that speaks of no time stays in the text only (`15WD(planting
/// season)`); one that does is refused, because it says something about the limit that would be lost.
fn read_limit(written: &str, options: ParseOptions) -> Result<Option<Limit>, Why> {
    if matches!(written, "-" | "—" | "/" | "无") {
        return Ok(None);
    }
    let (told, remarks) = in_brackets(written)?;
    let mut clocks = Vec::new();
    for remark in remarks {
        match clock_named(remark) {
            Some(clock) => clocks.push(clock),
            None if speaks_of_time(remark) => {
                let text = format!(
                    "cannot read limit {written:?}: {remark:?} speaks of another time; write one limit, or one line for each"
                );
                return Err(Why::new("limit_remark", text).with("remark", remark));
            }
            None => {}
        }
    }
    let Some(clock) = clocks.first().copied() else {
        return Ok(Some(Limit::parse(told, options)?));
    };
    let said = ParseOptions {
        bare_days: clock.counts_days().then_some(clock),
        bare_hours: (!clock.counts_days()).then_some(clock),
    };
    let limit = Limit::parse(told, said)?;
    if limit.clock() == clock && clocks.iter().all(|c| *c == clock) {
        Ok(Some(limit))
    } else {
        let text = format!("cannot read limit {written:?}: its own words name two clocks");
        Err(Why::new("limit_two_clocks", text))
    }
}

/// What stands before the first bracket, and what stands in each pair of them.
fn in_brackets(written: &str) -> Result<(&str, Vec<&str>), Why> {
    let open = ['(', '（'];
    let close = [')', '）'];
    let Some(first) = written.find(open) else {
        return Ok((written, Vec::new()));
    };
    let (told, mut rest) = written.split_at(first);
    let mut remarks = Vec::new();
    while let Some(inner) = rest.strip_prefix(open) {
        let Some((remark, after)) = inner.split_once(close) else {
            let text = format!("cannot read limit {written:?}: a bracket is not closed");
            return Err(Why::new("limit_bracket", text));
        };
        remarks.push(remark.trim());
        rest = after.trim_start();
    }
    if rest.is_empty() {
        Ok((told, remarks))
    } else {
        let text = format!("cannot read limit {written:?}: {rest:?} stands after it");
        Err(Why::new("limit_rest", text).with("rest", rest))
    }
}

/// The clock whose name a remark is, and nothing else.
fn clock_named(remark: &str) -> Option<ClockKind> {
    match remark {
        "紧急工作小时" => Some(ClockKind::UrgentHours),
        "工作小时" => Some(ClockKind::WorkingHours),
        name => name.parse().ok(),
    }
}

/// Whether a remark has a number, or a word of time in it.
fn speaks_of_time(remark: &str) -> bool {
    const WORDS: [&str; 16] = [
        "时", "天", "日", "周", "月", "年", "分", "紧急", "即", "hour", "day", "week", "month",
        "year", "min", "urgent",
    ];
    let lower = remark.to_lowercase();
    let numeral = |c: char| c.is_numeric() || "一二三四五六七八九十两半".contains(c);
    lower.chars().any(numeral) || WORDS.iter().any(|w| lower.contains(w))
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

/// Headers of a sheet of duties that nobody asked for.
pub fn ignored_in_duties(bytes: &[u8]) -> Vec<String> {
    Sheet::open(bytes, &DUTY_COLUMNS).map_or_else(|_| Vec::new(), |s| s.ignored())
}

fn duty_row(row: &SheetRow<'_>) -> Result<DutyRow, Reject> {
    let division = row.division("division")?;
    let beat = row.words("beat")?.unwrap_or_default();
    if division.is_some() && !beat.is_empty() {
        return Err(Reject::new(
            row.line,
            "beat",
            &beat,
            Why::new("two_places", "a duty names a division or a beat, not both"),
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
        let line = "event,01,01,x,1,y,1D\nevent,01,01,x,2,z,2h\n";
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
    fn the_words_of_the_cell_win_over_the_options() {
        let options = ParseOptions {
            bare_days: Some(ClockKind::CalendarDays),
            bare_hours: Some(ClockKind::UrgentHours),
        };
        let code = |written: &str| {
            read_limit(written, options)
                .map(|limit| limit.map_or_else(|| "none".to_owned(), Limit::code))
        };
        for (written, expected) in [
            ("3天(工作日)", "3WD"),
            ("4小时（工作时）", "4WH"),
            ("4小时(工作小时)", "4WH"),
            ("2小时 （ 紧急工作时 ）", "2UH"),
            ("3工作日(工作日)", "3WD"),
            ("3天", "3CD"),
            ("15WD(planting season)", "15WD"),
            ("5工作日（栽植季）(另行通知除外)", "5WD"),
            ("无", "none"),
        ] {
            assert_eq!(code(written).as_deref(), Ok(expected), "{written}");
        }
        for refused in [
            "1工作日(一般)（紧急2小时）",
            "1工作日（紧急情况两小时）",
            "3天(工作时)",
            "3工作日(自然日)",
            "3天(工作日)(自然日)",
            "2天(雨季顺延3天)",
            "2工作日(holidays excluded)",
            "2工作日(雨季",
            "2工作日(雨季)内",
            "(工作日)",
        ] {
            assert!(code(refused).is_err(), "{refused}: {:?}", code(refused));
        }
    }

    #[test]
    fn an_empty_limit_is_refused_where_the_sheet_tells_limits() {
        let sheet = read("event,01,01,x,1,y,\nevent,01,01,x,2,z,无\nevent,01,02,w,,,\n");
        let seen: Vec<_> = sheet
            .rejects
            .iter()
            .map(|r| (r.line, r.field.as_str()))
            .collect();
        assert_eq!(seen, [(2, "limit")]);
        assert!(sheet.rejects[0].reason.contains('无'));
        // A line that only names a class, and a sheet that tells no limits at all, have none to guess.
        assert_eq!((sheet.classes.len(), sheet.conditions()), (2, 1));
        let without = matters(
            "kind,major,minor,name_zh,condition\nevent,01,01,x,y\n".as_bytes(),
            ParseOptions::default(),
        );
        assert_eq!(without.unwrap().rejects, []);
    }

    #[test]
    fn a_cell_that_shows_an_error_is_refused_by_row_and_column() {
        use testkit::xlsx::{Sheet, book};
        let row = |sheet: Sheet, at: u32, minor: &str| {
            sheet.row(at, 0, &["01", minor, "某类", "破损", "修复"])
        };
        let mut sheet = Sheet::new("部件").row(
            0,
            0,
            &[
                "大类代码",
                "小类代码",
                "小类名称",
                "立案条件",
                "结案条件",
                "处置时限",
                "考核",
            ],
        );
        for (at, minor) in [(1, "01"), (2, "02"), (3, "03"), (4, "04"), (5, "05")] {
            sheet = row(sheet, at, minor);
        }
        let sheet = sheet
            .raw(1, 5, "t=\"e\"", "<f>Z1</f><v>#REF!</v>")
            .raw(2, 5, "", "<f>1/0</f>")
            .row(3, 5, &["2工作日"])
            .row(4, 5, &["#REF!"])
            .row(5, 5, &["2工作日"])
            // Of a column that nobody asked for.
            .raw(5, 6, "t=\"e\"", "<v>#N/A</v>");
        let read = matters(&book(&[sheet]), ParseOptions::default()).unwrap();
        let seen: Vec<_> = read
            .rejects
            .iter()
            .map(|r| (r.line, r.field.as_str(), r.value.as_str()))
            .collect();
        assert_eq!(
            seen,
            [
                (2, "limit", "#REF!"),
                (3, "limit", "=1/0"),
                (5, "limit", "#REF!"),
            ]
        );
        let codes: Vec<_> = read.classes.iter().map(SheetClass::code).collect();
        assert_eq!(codes, ["C0103", "C0105"]);
    }

    #[test]
    fn a_line_below_an_unreadable_one_does_not_fall_to_the_class_above_it() {
        use testkit::xlsx::{Sheet, book};
        let sheet = Sheet::new("部件")
            .row(0, 0, &["大类", "小类", "名称", "立案条件", "时限"])
            .row(1, 0, &["01", "01", "甲", "破损", "2工作日"])
            .row(2, 0, &["01", "02", "乙", "破损"])
            .raw(2, 4, "t=\"e\"", "<v>#REF!</v>")
            .row(3, 3, &["缺失", "1工作日"]);
        let read = matters(&book(&[sheet]), ParseOptions::default()).unwrap();
        let seen: Vec<_> = read.rejects.iter().map(|r| r.line).collect();
        assert_eq!(seen, [3, 4]);
        assert_eq!((read.classes.len(), read.conditions()), (1, 1));
    }

    #[test]
    fn one_condition_with_two_limits_is_refused_on_both_lines() {
        let sheet = read(
            "event,01,01,x,,散落,2WD\nevent,01,01,x,,堆积,1WD\nevent,01,01,x,,散 落,5WD\nevent,01,02,y,,a,1WD\nevent,01,02,y,,a,1WH\n\
             event,01,03,z,,a,1WD\nevent,01,03,z,,a,1WD\n",
        );
        let seen: Vec<_> = sheet
            .rejects
            .iter()
            .map(|r| (r.line, r.field.as_str(), r.value.as_str()))
            .collect();
        assert_eq!(
            seen,
            [
                (2, "limit", "2WD"),
                (4, "limit", "5WD"),
                (5, "limit", "1WD"),
                (6, "limit", "1WH"),
            ]
        );
        assert!(sheet.rejects[0].reason.contains("line 4"));
        assert!(sheet.rejects[1].reason.contains("line 2"));
        let left: Vec<_> = sheet
            .classes
            .iter()
            .map(|c| (c.code(), c.conditions()))
            .collect();
        assert_eq!(left, [("E0101", 1), ("E0103", 2)]);
    }

    /// The sheet as a city keeps it: its own headers, merged cells, units, a column of its own.
    fn city_book() -> Vec<u8> {
        use testkit::xlsx::{Sheet, book};
        let head = [
            "大类代码",
            "大类名称",
            "小类代码",
            "小类名称",
            "立案条件",
            "结案条件",
            "处置时限",
            "处置单位",
            "主管部门",
            "考核分",
        ];
        let merged = |sheet: Sheet, column: u32| sheet.merge((2, column), (3, column));
        let components = Sheet::new("部件")
            .row(0, 0, &["某市城市管理部件立案标准"])
            .row(1, 0, &head)
            .row(
                2,
                0,
                &[
                    "01",
                    "公用设施",
                    "01",
                    "上水井盖",
                    "缺失",
                    "恢复",
                    "2紧急工作时",
                    "水务集团",
                    "城管局",
                ],
            )
            .row(3, 4, &["破损", "更换或修复", "4工作时"])
            .row(
                4,
                0,
                &[
                    "01",
                    "公用设施",
                    "02",
                    "污水井盖",
                    "缺失",
                    "恢复",
                    "2紧急工作时",
                ],
            )
            .merge((4, 6), (5, 6))
            .row(5, 4, &["移位", "恢复"])
            .row(6, 4, &["响", "恢复", "2天"]);
        let components = [0, 1, 2, 3, 7, 8].into_iter().fold(components, merged);
        let events = Sheet::new("事件").row(0, 0, &head).row(
            1,
            0,
            &[
                "01",
                "市容环境",
                "13",
                "暴露垃圾",
                "散落",
                "清除",
                "4工作时",
            ],
        );
        book(&[components, events, Sheet::new("说明").row(0, 0, &["说明"])])
    }

    #[test]
    fn the_workbook_of_a_city_is_read_with_its_merged_cells() {
        let sheet = matters(&city_book(), ParseOptions::default()).unwrap();
        let codes: Vec<_> = sheet
            .classes
            .iter()
            .map(|c| (c.code(), c.conditions()))
            .collect();
        assert_eq!(codes, [("C0101", 2), ("C0102", 2), ("E0113", 1)]);
        assert_eq!(sheet.ignored, ["考核分"]);
        let lid = &sheet.classes[0];
        assert_eq!(lid.words.major_name.as_deref(), Some("公用设施"));
        let named = NamedUnits {
            handling: Some("水务集团".into()),
            competent: Some("城管局".into()),
        };
        assert_eq!(lid.units(), &BTreeSet::from([named]));
        // A merged limit holds for every line it covers; the bare 天 below it is refused by its row and worksheet.
        let limits: Vec<_> = sheet.classes[1]
            .conditions
            .iter()
            .map(|c| c.limit)
            .collect();
        assert_eq!(limits, [Some("2紧急工作时".parse().unwrap()); 2]);
        let seen: Vec<_> = sheet
            .rejects
            .iter()
            .map(|r| (r.line, r.field.as_str(), r.sheet.as_deref()))
            .collect();
        assert_eq!(seen, [(7, "limit", Some("部件"))]);
    }

    #[test]
    fn blanks_of_a_csv_file_mean_the_same_as_above_but_never_a_limit() {
        let csv = "小类名称,大类代码,大类名称,小类代码,处置时限,立案条件\n\
                   上水井盖,01,公用设施,01,2紧急工作时,缺失\n\
                   ,,,,4工作时,破损\n\
                   ,,,,,弹跳\n\
                   污水井盖,,,02,无,缺失\n\
                   ,,,,,移位\n";
        let component = SheetOptions {
            kind: Some(MatterKind::Component),
            ..SheetOptions::default()
        };
        let sheet = matters(csv.as_bytes(), component).unwrap();
        let codes: Vec<_> = sheet
            .classes
            .iter()
            .map(|c| (c.code(), c.name(), c.conditions()))
            .collect();
        assert_eq!(codes, [("C0101", "上水井盖", 2), ("C0102", "污水井盖", 1)]);
        let seen: Vec<_> = sheet
            .rejects
            .iter()
            .map(|r| (r.line, r.field.as_str()))
            .collect();
        assert_eq!(seen, [(4, "limit"), (6, "limit")]);
        // Without a column, a worksheet or an option nobody says what kind it is.
        let unsaid = matters(csv.as_bytes(), ParseOptions::default()).unwrap();
        assert!(unsaid.classes.is_empty() && unsaid.rejects[0].field == "kind");
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
