//! Files of units: CSV with `code,name,kind[,…]`.

use crate::model::{Unit, UnitId, UnitKind};
use crate::rules::is_office_phone;
use grid::Why;
use grid::batch::Keyed;
use grid::report::{ImportError, Reject};
use grid::sheet::{Column, Sheet, SheetRow, optional, required};
use jiff::civil::Date;
use kernel::DivisionCode;

/// What a file says about a unit; what it does not say stays as it was.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitRow {
    line: u64,
    code: String,
    name_zh: String,
    name_en: Option<String>,
    kind: UnitKind,
    parent: Option<String>,
    division: Option<DivisionCode>,
    phone: Option<String>,
    validity: (Option<Date>, Option<Date>),
}

impl Keyed for UnitRow {
    type Key = String;
    fn key(&self) -> String {
        self.code.clone()
    }
    fn line(&self) -> u64 {
        self.line
    }
}

impl UnitRow {
    /// The unit that this row and what was known come to; `id` is asked only for a new one. A person wrote the file, so
    /// the unit counts as reviewed.
    pub fn lay_over(
        &self,
        known: Option<&Unit>,
        source: &str,
        id: impl FnOnce() -> UnitId,
    ) -> Unit {
        let old = |take: fn(&Unit) -> Option<String>| known.and_then(take);
        Unit {
            id: known.map_or_else(id, |u| u.id),
            code: self.code.clone(),
            name_zh: self.name_zh.clone(),
            name_en: self.name_en.clone().or_else(|| old(|u| u.name_en.clone())),
            kind: self.kind,
            parent: self.parent.clone().or_else(|| old(|u| u.parent.clone())),
            division: self.division.or_else(|| known.and_then(|u| u.division)),
            phone: self.phone.clone().or_else(|| old(|u| u.phone.clone())),
            valid_from: self.validity.0.or_else(|| known.and_then(|u| u.valid_from)),
            valid_to: self.validity.1.or_else(|| known.and_then(|u| u.valid_to)),
            source: known.map_or_else(|| source.to_owned(), |u| u.source.clone()),
            reviewed: true,
        }
    }
    /// The code of the unit above.
    pub fn parent(&self) -> Option<&str> {
        self.parent.as_deref()
    }
}

const COLUMNS: [Column; 9] = [
    required("code", &["编码", "单位编码", "单位代码"]),
    required("name", &["name_zh", "名称", "单位名称"]),
    optional("name_en", &["英文名"]),
    required("kind", &["类型", "单位类型", "性质"]),
    optional("parent", &["上级", "上级编码", "上级单位"]),
    optional("division", &["区划", "区划代码", "所在区划"]),
    optional("phone", &["电话", "办公电话", "值班电话"]),
    optional("valid_from", &["起始日期", "启用日期"]),
    optional("valid_to", &["终止日期", "停用日期"]),
];

/// Reads units.
///
/// # Errors
/// A file that cannot be used at all; single rows are refused one by one.
pub fn units(bytes: &[u8]) -> Result<Vec<Result<UnitRow, Reject>>, ImportError> {
    let sheet = Sheet::open(bytes, &COLUMNS)?;
    Ok(sheet.rows().map(|row| unit_row(&row?)).collect())
}

/// Headers of a sheet of units that nobody asked for.
pub fn ignored(bytes: &[u8]) -> Vec<String> {
    Sheet::open(bytes, &COLUMNS).map_or_else(|_| Vec::new(), |s| s.ignored())
}

fn unit_row(row: &SheetRow<'_>) -> Result<UnitRow, Reject> {
    let code = row.words("code")?.unwrap_or_default();
    if code.chars().count() > 100 {
        return Err(Reject::new(row.line, "code", &code, Why::too_long(100)));
    }
    if code.contains('/') {
        let why = Why::new(
            "kept_code",
            "a code with a slash is kept for units that imports make",
        );
        return Err(Reject::new(row.line, "code", &code, why));
    }
    let division = row.division("division")?;
    let kind: Option<UnitKind> = row.parse("kind", "unit_kind")?;
    Ok(UnitRow {
        line: row.line,
        code,
        name_zh: row.words("name")?.unwrap_or_default(),
        name_en: row.words("name_en")?,
        kind: kind.ok_or_else(|| Reject::new(row.line, "kind", "", Why::empty()))?,
        parent: row.words("parent")?,
        division,
        phone: phone(row)?,
        validity: row.validity()?,
    })
}

fn phone(row: &SheetRow<'_>) -> Result<Option<String>, Reject> {
    let Some(text) = row.get("phone") else {
        return Ok(None);
    };
    if !is_office_phone(text) {
        return Err(Reject::new(
            row.line,
            "phone",
            "",
            Why::new("no_office_phone", "not the phone number of an office"),
        ));
    }
    Ok(Some(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_of_units_is_read_and_bad_rows_say_why() {
        let csv = "编码,名称,类型,上级,区划,电话\n\
                   U01,思明区城管局,政府,,350203,0592-1234567\n\
                   U02,Water company,enterprise,U01,,96\n\
                   U03,x,军队,,,\n\
                   U04,x,政府,,3502O3,\n\
                   a/b,x,政府,,,\n\
                   U06,11010519491231002X,政府,,,\n\
                   U07,x,个人,,,abc\n";
        let rows = units(csv.as_bytes()).unwrap();
        let first = rows[0].as_ref().unwrap();
        assert_eq!(
            (first.kind, first.division),
            (UnitKind::Government, Some("350203000000".parse().unwrap()))
        );
        let bad: Vec<_> = rows
            .iter()
            .filter_map(|r| r.as_ref().err())
            .map(|r| (r.line, r.field.as_str()))
            .collect();
        assert_eq!(
            bad,
            [
                (3, "phone"),
                (4, "kind"),
                (5, "division"),
                (6, "code"),
                (7, "name"),
                (8, "phone")
            ]
        );
    }

    proptest::proptest! {
        #[test]
        fn garbage_never_panics(text in "\\PC{0,200}") {
            for input in [text.clone(), format!("code,name,kind,phone,valid_from\n{text}")] {
                let _ = units(input.as_bytes());
            }
        }
    }
}
