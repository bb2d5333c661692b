//! What dispatch puts on the page of a case: its whistles, and the ruling that becomes a duty. POST /rulings/{number}.

use super::{done, unit_name};
use crate::http::level_of;
use crate::ops::whistle::{Blown, with_calls};
use crate::ops::{DispatchError, city, ruling};
use crate::sql;
use access::{Ctx, Fault, Fields, Path, Permission};
use askama::Template;
use axum::response::Response;
use cases::Case;
use cases::model::State;
use cases::pages::{Panel, Paneling};
use kernel::codes::CaseNumber;
use store::StoreError;
use ui::{Choice, FormState, Html, Ui};

/// What dispatch puts on the page of a case.
pub struct CasePanel;

impl Panel for CasePanel {
    fn show<'a>(&'a self, ctx: &'a Ctx, ui: &'a Ui, case: &'a Case) -> Paneling<'a> {
        Box::pin(panel(ctx, ui.clone(), case))
    }
}

struct Line {
    href: String,
    ask: String,
    at: String,
    calls: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "dispatch_panel.html")]
struct Shown {
    ui: Ui,
    number: String,
    version: u32,
    whistles: Vec<Line>,
    may_rule: bool,
    form: FormState,
    levels: Vec<Choice>,
}

async fn panel(ctx: &Ctx, ui: Ui, case: &Case) -> Result<Html, Fault> {
    let may_rule = case.state == State::Coordinating
        && case.matter.is_some()
        && ctx.require(Permission::CaseCoordinate).is_ok();
    // Most cases were never whistled for: they cost nothing.
    let blown: Vec<Blown> = if case.joint.called.is_empty() {
        Vec::new()
    } else {
        let key = (case.district, case.id);
        ctx.read(move |r| -> Result<_, StoreError> {
            let found = sql::whistles_of_case(r, key)?;
            with_calls(r, found)
        })
        .await?
    };
    if blown.is_empty() && !may_rule {
        return Ok(Html::default());
    }
    let city = city(ctx);
    let whistles = blown
        .iter()
        .map(|b| Line {
            href: format!("/whistles/{}", b.whistle.id),
            ask: b.whistle.ask.clone(),
            at: ui.time_text(b.whistle.at),
            calls: b
                .calls
                .iter()
                .map(|c| {
                    let word = ui.t(&format!("dispatch-standing-{}", c.standing));
                    (unit_name(&ui, &city, c.unit), word)
                })
                .collect(),
        })
        .collect();
    let levels = ["community", "street", "district"]
        .iter()
        .map(|l| Choice::new(*l, ui.t(&format!("dispatch-level-{l}"))))
        .collect();
    // words: dispatch-level-*
    let panel = Shown {
        number: case.number.to_string(),
        version: case.version,
        whistles,
        may_rule,
        form: FormState::new().with("level", "street"),
        levels,
        ui,
    };
    let html = panel
        .render()
        .map_err(|e| Fault::internal(format!("a panel could not be made: {e}")))?;
    Ok(Html::from_markup(html))
}

pub(super) async fn rule(
    ctx: Ctx,
    ui: Ui,
    Path(number): Path<CaseNumber>,
    fields: Fields,
) -> Result<Response, Fault> {
    let to = format!("/cases/{number}");
    let result = ruled(&ctx, &ui, number, &fields).await;
    done(&ui, &to, result, "dispatch-ruled")
}

async fn ruled(
    ctx: &Ctx,
    ui: &Ui,
    number: CaseNumber,
    fields: &Fields,
) -> Result<(), DispatchError> {
    let city = city(ctx);
    let unit = cases::pages::unit_of(ui, &city, fields.get("unit"))
        .map_err(|said| {
            DispatchError::field("unit", "dispatch.unit_field", said.as_str()).with("said", said)
        })?
        .ok_or_else(|| DispatchError::field("unit", "dispatch.missing", "name a unit"))?;
    let level = level_of(fields.get("level"))?;
    let version = fields.get("version").parse().ok();
    ruling::rule(ctx, number, version, unit, fields.get("reason"), level).await?;
    Ok(())
}
