//! 网格事项清单 — the published list of what grid workers may be asked to do, and the check of a task against it.
//!
//! Sources: 滨州市社会治理网格化服务管理条例 art. 10 (the city publishes the list; items are admitted, 准入); 北京市接诉即办工作条例
//! art. 17 (no dumping on communities). A city that has published no list checks nothing: there is nothing to name.

use crate::error::MatterError;
use crate::model::MatterClass;
use crate::sql_items;
use access::{Ctx, Permission};
use grid::Part;
use grid::Why;
use grid::batch::{Keyed, Plan, Writer, lay_over};
use grid::guard;
use grid::model::in_force;
use grid::report::{ImportError, Reject, Report, fingerprint};
use grid::sheet::{Column, Sheet, SheetRow, optional, required};
use jiff::civil::Date;
use serde::Serialize;
use std::collections::BTreeMap;
use store::{AuditEvent, StoreError};

store::record! {
    /// 事项 — one item of a list.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    pub struct GridItem {
        /// The list in its version, such as `2026-1`.
        pub list: String,
        /// The item's own code.
        pub code: String,
        /// What it is called.
        pub name: String,
        /// Which kind of task: `verify`, `check`, or empty for any.
        pub task: String,
        /// Only classes whose code is this or begins with it; empty for any.
        pub matter: String,
        /// 准入 — the paper or the body by which it was admitted.
        pub approved_by: String,
        /// When it was admitted.
        pub approved_on: Date,
        /// First day in force.
        pub valid_from: Option<Date>,
        /// Last day in force.
        pub valid_to: Option<Date>,
    }
}

/// All items in force on a day.
#[derive(Debug, Default)]
pub struct GridItems {
    items: Vec<GridItem>,
    all: Vec<GridItem>,
}

impl GridItems {
    /// The list as it stands on a day.
    pub fn build(all: Vec<GridItem>, on: Date) -> Self {
        let items = all
            .iter()
            .filter(|i| in_force(i.valid_from, i.valid_to, on))
            .cloned()
            .collect();
        Self { items, all }
    }
    /// Every item, in force or not.
    pub fn all(&self) -> &[GridItem] {
        &self.all
    }
    /// The versions in force; empty where nothing is published.
    pub fn lists(&self) -> Vec<&str> {
        let mut lists: Vec<&str> = self.items.iter().map(|i| i.list.as_str()).collect();
        lists.sort_unstable();
        lists.dedup();
        lists
    }
    /// Whether a kind of task about a class may be given to a grid worker.
    ///
    /// # Errors
    /// [`OffList`] names the list that does not have it.
    pub fn check(&self, task: &str, class: Option<&MatterClass>) -> Result<(), OffList> {
        if self.items.is_empty() {
            return Ok(());
        }
        let code = class.map(|c| c.code.as_str());
        let holds = |item: &GridItem| {
            (item.task.is_empty() || item.task == task)
                && (item.matter.is_empty() || code.is_some_and(|c| c.starts_with(&item.matter)))
        };
        if self.items.iter().any(holds) {
            return Ok(());
        }
        Err(OffList {
            list: self.lists().join("、"),
            task: task.to_owned(),
            matter: class.map_or_else(String::new, |c| format!("{} {}", c.code, c.name_zh)),
        })
    }
}

/// A task that no item of the published list has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the published list of tasks for grid workers (网格事项清单 {list}) has no task {task} for {matter:?}"
)]
pub struct OffList {
    /// The list.
    pub list: String,
    /// The kind of task.
    pub task: String,
    /// The class.
    pub matter: String,
}

const COLUMNS: [Column; 9] = [
    required("list", &["清单", "版本"]),
    required("code", &["编码"]),
    required("name", &["事项"]),
    optional("task", &["任务"]),
    optional("matter", &["类别"]),
    required("approved_by", &["准入依据"]),
    required("approved_on", &["准入日期"]),
    optional("valid_from", &["起始"]),
    optional("valid_to", &["终止"]),
];

/// The longest word of an item, in characters.
const MOST_CHARS: usize = 200;

struct Row(u64, GridItem);

impl Keyed for Row {
    type Key = (String, String);
    fn key(&self) -> Self::Key {
        (self.1.list.clone(), self.1.code.clone())
    }
    fn line(&self) -> u64 {
        self.0
    }
}

fn read(row: &SheetRow<'_>) -> Result<Row, Reject> {
    let word = |name: &'static str| -> Result<String, Reject> {
        let text = row.words(name)?.unwrap_or_default();
        if text.chars().count() > MOST_CHARS {
            return Err(Reject::new(
                row.line,
                name,
                &text,
                Why::too_long(MOST_CHARS),
            ));
        }
        Ok(text)
    };
    let task = match word("task")?.as_str() {
        "" => String::new(),
        "verify" | "核实" => "verify".to_owned(),
        "check" | "核查" => "check".to_owned(),
        other => {
            let why = Why::new("no_task", "is none of verify 核实, check 核查");
            return Err(Reject::new(row.line, "task", other, why));
        }
    };
    let approved_on: Option<Date> = row.date("approved_on")?;
    let (valid_from, valid_to) = row.validity()?;
    Ok(Row(
        row.line,
        GridItem {
            list: word("list")?,
            code: word("code")?,
            name: word("name")?,
            task,
            matter: word("matter")?,
            approved_by: word("approved_by")?,
            approved_on: approved_on
                .ok_or_else(|| Reject::new(row.line, "approved_on", "", Why::empty()))?,
            valid_from,
            valid_to,
        },
    ))
}

/// Brings in the list from a sheet: `list,code,name,approved_by,approved_on[,task,matter,valid_from,valid_to]`. An item
/// without the paper that admitted it is refused.
///
/// # Errors
/// An unusable file (nothing is written), or the store's.
pub fn import(ctx: &Ctx, bytes: &[u8]) -> Result<Report, ImportError> {
    plan(ctx, bytes)?.carry_out(ctx, &mut |_| ())
}

/// What [`import`] would do.
///
/// # Errors
/// As [`import`].
pub fn plan(ctx: &Ctx, bytes: &[u8]) -> Result<Plan, ImportError> {
    ctx.require(Permission::ReferenceManage)?;
    let sheet = Sheet::open(bytes, &COLUMNS)?;
    let rows: Vec<Result<Row, Reject>> = sheet.rows().map(|row| read(&row?)).collect();
    let known: BTreeMap<(String, String), GridItem> = ctx
        .read_blocking::<_, StoreError, _>(sql_items::all)?
        .into_iter()
        .map(|i| ((i.list.clone(), i.code.clone()), i))
        .collect();
    let mut report = Report {
        ignored_columns: sheet.ignored(),
        ..Report::default()
    };
    let lay = |row: &Row, _: Option<&GridItem>| row.1.clone();
    let changes = lay_over(rows, &known, "code", shown, lay, &mut report);
    let writer = Writer {
        action: "grid_item.import",
        kind: "grid_item",
        part: Part::Catalogue,
        file: fingerprint(bytes),
        insert: sql_items::insert,
        update: sql_items::update,
        name: |i| format!("{}/{}", i.list, i.code),
    };
    Ok(Plan::new(report).write(writer, changes))
}

/// An item as a preview shows it: its place in its list, what it is, and by which paper.
fn shown(item: &GridItem) -> String {
    let GridItem {
        list,
        code,
        name,
        approved_by,
        ..
    } = item;
    format!("{list}/{code} {name} ({approved_by})")
}

/// An item as somebody enters it: what is needed is there, nothing too long, nothing of a person.
///
/// # Errors
/// [`MatterError::Field`].
pub fn checked(item: GridItem) -> Result<GridItem, MatterError> {
    let words = |field: &str, text: &str, is_needed: bool| -> Result<String, MatterError> {
        let text = text.trim();
        if is_needed && text.is_empty() {
            return Err(MatterError::field(field, "matters.missing", "is empty"));
        }
        if text.chars().count() > MOST_CHARS {
            return Err(MatterError::too_long(field, MOST_CHARS));
        }
        guard::check_text(text)
            .map_err(|e| MatterError::field(field, "matters.person_number", e))?;
        Ok(text.to_owned())
    };
    if !matches!(item.task.as_str(), "" | "verify" | "check") {
        let reason = "is none of verify, check";
        return Err(MatterError::field("task", "matters.bad_task", reason));
    }
    let days = item.valid_from.zip(item.valid_to);
    if days.is_some_and(|(from, to)| to < from) {
        let reason = "ends before it begins";
        return Err(MatterError::field("valid_to", "matters.backward", reason));
    }
    Ok(GridItem {
        list: words("list", &item.list, true)?,
        code: words("code", &item.code, true)?,
        name: words("name", &item.name, true)?,
        matter: words("matter", &item.matter, false)?,
        approved_by: words("approved_by", &item.approved_by, true)?,
        ..item
    })
}

/// Writes one item as a person has entered it; its code in its list is its key. Answers whether it is new.
///
/// # Errors
/// The permission, or the store's.
pub async fn save(ctx: &Ctx, item: GridItem) -> Result<bool, MatterError> {
    ctx.require(Permission::ReferenceManage)?;
    ctx.write(move |mut w| {
        let known = sql_items::one(&mut w, &item.list, &item.code)?;
        match known {
            Some(_) => sql_items::update(&mut w, &item)?,
            None => sql_items::insert(&mut w, std::slice::from_ref(&item))?,
        }
        grid::sql::bump(&mut w, Part::Catalogue)?;
        let event = AuditEvent::done("grid_item.save", "grid_item", format!("{}/{}", item.list, item.code))
            .detail(serde_json::json!({ "approved_by": item.approved_by, "approved_on": item.approved_on.to_string() }));
        Ok(w.commit(event, known.is_none())?)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(task: &str, matter: &str, to: Option<Date>) -> GridItem {
        GridItem {
            list: "2026-1".into(),
            code: format!("{task}{matter}"),
            name: "t".into(),
            task: task.into(),
            matter: matter.into(),
            approved_by: "市委政法委 2026 年 1 号".into(),
            approved_on: jiff::civil::date(2026, 1, 1),
            valid_from: None,
            valid_to: to,
        }
    }
    fn class(code: &str) -> MatterClass {
        let nowhere = crate::MatterId(kernel::id::Id::from_bytes([1; 16]));
        crate::rules::imported_class(nowhere, "c", code)
    }
    fn today() -> Date {
        jiff::civil::date(2026, 6, 1)
    }

    #[test]
    fn a_task_off_the_list_is_refused_by_the_lists_name() {
        let list = GridItems::build(
            vec![item("verify", "", None), item("check", "C01", None)],
            today(),
        );
        assert!(list.check("verify", None).is_ok());
        assert!(list.check("check", Some(&class("C0101"))).is_ok());
        let off = list.check("check", Some(&class("E0113"))).unwrap_err();
        assert!(off.to_string().contains("2026-1"), "{off}");
        assert!(list.check("check", None).is_err());
    }

    #[test]
    fn without_a_published_list_nothing_is_refused() {
        let past = item("verify", "", Some(jiff::civil::date(2025, 12, 31)));
        let list = GridItems::build(vec![past], today());
        assert!(list.check("check", None).is_ok() && list.lists().is_empty());
    }
}
