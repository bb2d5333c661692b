//! What the page of a case shows of supervision: what was said, what is supervised, and the two things to do.

use super::list::{Line, line};
use super::sentence;
use crate::model::{EntryRow, SupervisionError};
use crate::{ops, rules};
use access::{Ctx, Fault, Fields, Go, Path, Permission};
use askama::Template;
use cases::Case;
use cases::pages::{Panel, Paneling};
use cases::service::Cases;
use kernel::codes::CaseNumber;
use ui::{Entry, Html, Tone, Ui};

/// The panel.
pub struct CasePanel;

#[derive(Template)]
#[template(path = "supervision_panel.html")]
pub(crate) struct PanelHtml {
    pub ui: Ui,
    pub number: String,
    pub said: Vec<Entry>,
    pub supervised: Vec<Line>,
    pub may_remind: bool,
    pub may_open: bool,
}

pub(crate) fn said(ui: &Ui, row: &EntryRow) -> Entry {
    let name = if ui.lang == ui::Lang::En {
        &row.name_en
    } else {
        &row.name_zh
    };
    let role = row
        .role
        .as_deref()
        .and_then(|r| r.parse().ok())
        .map(|r| ui.t(access::role_key(r)));
    Entry {
        when: ui.time(row.at),
        what: if row.level.is_some() {
            name.clone()
        } else {
            ui.t("supervision-reminded")
        },
        who: role.unwrap_or_default(),
        note: row.words.clone(),
        ..Entry::default()
    }
}

async fn show(ctx: &Ctx, ui: &Ui, case: &Case) -> Result<Html, Fault> {
    let entries = ops::entries_of(ctx, case).await?;
    let supervised = ops::of_case(ctx, case).await?;
    let city = ctx.service::<Cases>().city();
    let step = format!("person/{}", rules::step_key(case));
    let panel = PanelHtml {
        ui: ui.clone(),
        number: case.number.to_string(),
        may_remind: ctx.principal().may(Permission::CaseRemind)
            && rules::holder(case).is_some()
            && entries.iter().all(|e| e.entry != step),
        may_open: ctx.principal().may(Permission::CaseSupervise)
            && case.unit.is_some()
            && !case.state.is_final(),
        said: entries.iter().map(|e| said(ui, e)).collect(),
        supervised: supervised.iter().map(|s| line(ui, &city, s)).collect(),
    };
    if panel.said.is_empty() && panel.supervised.is_empty() && !panel.may_remind && !panel.may_open
    {
        return Ok(Html::default());
    }
    let html = panel
        .render()
        .map_err(|e| Fault::internal(format!("a panel could not be made: {e}")))?;
    Ok(Html::from_markup(html))
}

impl Panel for CasePanel {
    fn show<'a>(&'a self, ctx: &'a Ctx, ui: &'a Ui, case: &'a Case) -> Paneling<'a> {
        Box::pin(show(ctx, ui, case))
    }
}

/// POST /cases/{number}/remind
pub(super) async fn remind(
    ctx: Ctx,
    ui: Ui,
    Path(number): Path<CaseNumber>,
    fields: Fields,
) -> Result<Go, Fault> {
    let back = format!("/cases/{number}");
    match ops::remind(&ctx, number, fields.get("words")).await {
        Ok(()) => Ok(Go::to(back).saying(Tone::Good, ui.t("supervision-remind-sent"))),
        Err(
            error @ (SupervisionError::Reminded(_)
            | SupervisionError::NothingToRemind
            | SupervisionError::Field { .. }),
        ) => {
            let (_, said) = sentence(&ui, error);
            Ok(Go::to(back).saying(Tone::Bad, said))
        }
        Err(error) => Err(error.into()),
    }
}
