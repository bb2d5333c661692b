//! POST /api/v1/cases/{number}/acts — moves on a case.

use super::input::Acts;
use crate::ops::view::{CaseView, Viewer};
use crate::ops::{CaseError, Step, act_done, allowed};
use crate::service::Cases;
use access::{Ctx, Fault, Json, Path};
use kernel::codes::CaseNumber;

pub(super) async fn act(
    ctx: Ctx,
    Path(number): Path<CaseNumber>,
    Json(body): Json<Acts>,
) -> Result<Json<CaseView>, Fault> {
    let done_at = body.done_at(ctx.now());
    let steps = body
        .acts
        .into_iter()
        .map(super::input::ActInput::into_steps)
        .collect::<Result<Vec<Vec<Step>>, CaseError>>()?
        .concat();
    let case = act_done(&ctx, number, body.expected_version, steps, done_at).await?;
    let viewer = Viewer::new(&ctx.service::<Cases>(), ctx.now()).read_by(ctx.principal());
    Ok(Json(viewer.case_with(&case, &allowed(&ctx, &case))))
}
