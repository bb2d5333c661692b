//! POST /audit/file — what the auditor found in the trail, as a file; its hash stands in the trail before it leaves.

use super::{CSV, csv};
use crate::ops;
use access::ops::audit;
use access::{Ctx, Fault, Fields, audit_query};
use axum::response::Response;
use ui::Ui;

pub(crate) async fn file(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let query = audit_query(&fields, &ui)?;
    let rows = ops::trail(&ctx, query, fields.get("actor").to_owned()).await?;
    let head = [
        "at",
        "actor_kind",
        "actor",
        "action",
        "outcome",
        "object_kind",
        "object",
        "district",
        "purpose",
        "detail",
        "reference",
    ];
    let count = rows.len();
    let bytes = csv(
        head,
        rows.into_iter().map(|row| {
            [
                row.at.to_string(),
                row.actor_kind.clone(),
                audit::actor_text(&row),
                row.action,
                row.outcome,
                row.object_kind,
                row.object_id,
                row.district,
                row.purpose.unwrap_or_default(),
                row.detail,
                row.request.to_string(),
            ]
        }),
    );
    let asked = [
        "kind",
        "object",
        "actor",
        "action",
        "reference",
        "from",
        "to",
    ];
    let asked = asked.map(|name| (name.to_owned(), fields.get(name).into()));
    let detail = serde_json::Value::Object(asked.into_iter().collect());
    let taken = ops::take(&ctx, "trail", bytes, count, detail).await?;
    Ok(taken.download("trail", "csv", CSV))
}
