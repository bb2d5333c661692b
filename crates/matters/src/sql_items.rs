//! Statements and rows of the list of tasks for grid workers.

use crate::items::GridItem;
use store::{Read, StoreResult, Value, Write, params};

const ITEMS: &str = "SELECT list, code, name, task, matter, approved_by, approved_on, valid_from, valid_to FROM grid_items";

/// Every item, by list and code.
pub fn all(r: &mut Read<'_>) -> StoreResult<Vec<GridItem>> {
    r.all(&format!("{ITEMS} ORDER BY list, code"), &[])
}

/// One item.
pub fn one(r: &mut Read<'_>, list: &str, code: &str) -> StoreResult<Option<GridItem>> {
    r.opt(
        &format!("{ITEMS} WHERE list = $1 AND code = $2"),
        params![list, code],
    )
}

fn values(i: &GridItem) -> Vec<Value> {
    params![
        i.list,
        i.code,
        i.name,
        i.task,
        i.matter,
        i.approved_by,
        i.approved_on,
        i.valid_from,
        i.valid_to
    ]
    .to_vec()
}

/// Adds items that are not there yet.
pub fn insert(w: &mut Write<'_>, items: &[GridItem]) -> StoreResult<()> {
    let rows: Vec<_> = items.iter().map(values).collect();
    w.bulk(
        "grid_items",
        &[
            "list",
            "code",
            "name",
            "task",
            "matter",
            "approved_by",
            "approved_on",
            "valid_from",
            "valid_to",
        ],
        &rows,
    )
}

/// Rewrites an item.
pub fn update(w: &mut Write<'_>, item: &GridItem) -> StoreResult<()> {
    w.exec_one(
        "UPDATE grid_items SET name = $3, task = $4, matter = $5, approved_by = $6, approved_on = $7, valid_from = $8, valid_to = $9 \
         WHERE list = $1 AND code = $2",
        &values(item),
    )
}
