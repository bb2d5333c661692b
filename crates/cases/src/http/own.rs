//! /api/v1/my-reports — what a resident reported with an account: followed, answered, rated, reopened without the private link.

use super::cases::{PageWanted, part};
use super::track::{MessageInput, OwnAnswerInput, RatingInput, ReopeningInput, view};
use crate::ops::view::{TrackView, Viewer};
use crate::ops::{self, Proof};
use crate::service::Cases;
use access::{Ctx, Fault, Json, Listing, Operation, Path, Permission, Query, Routes};
use axum::http::Method;
use kernel::codes::CaseNumber;
use kernel::{Cursor, PageSize};

pub(super) fn add(routes: Routes) -> Routes {
    let own = Permission::CaseOwn;
    let post = || Method::POST;
    routes
        .on_api(
            Method::GET,
            "/api/v1/my-reports",
            own,
            list,
            Operation::new("lists what the resident who is signed in reported, newest first")
                .about("What was reported without signing in is followed by number and code, or by the private link.")
                .paged()
                .answers::<Listing<TrackView>>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/my-reports/{number}",
            own,
            show,
            Operation::new("follows an own report").answers::<TrackView>(200),
        )
        .on_api(
            post(),
            "/api/v1/my-reports/{number}/answer",
            own,
            answer,
            Operation::new("answers what the unit asks about an own report")
                .body::<OwnAnswerInput>()
                .answers::<TrackView>(200),
        )
        .on_api(
            post(),
            "/api/v1/my-reports/{number}/rate",
            own,
            rate,
            Operation::new("says how an own report went: contacted, solved, satisfied, what is missing")
                .about("A changed rating is a second fact; both are kept. At most five after each end.")
                .body::<RatingInput>()
                .answers::<TrackView>(200),
        )
        .on_api(
            post(),
            "/api/v1/my-reports/{number}/reopen",
            own,
            reopen,
            Operation::new("asks that an own report is done again, within the days the city sets")
                .body::<ReopeningInput>()
                .answers::<TrackView>(200),
        )
        .on_api(
            post(),
            "/api/v1/my-reports/{number}/messages",
            own,
            add_message,
            Operation::new("adds something to an own report")
                .body::<MessageInput>()
                .answers::<TrackView>(200),
        )
}

async fn list(
    ctx: Ctx,
    Query(wanted): Query<PageWanted>,
) -> Result<Json<Listing<TrackView>>, Fault> {
    let size = part::<PageSize>("limit", wanted.limit.as_ref())?.unwrap_or_default();
    let after = part::<Cursor>("after", wanted.after.as_ref())?;
    let page = ops::own_cases(&ctx, size, after.as_ref()).await?;
    let viewer = Viewer::new(&ctx.service::<Cases>(), ctx.now());
    Ok(Json(page.map(|tracked| viewer.tracked(&tracked)).into()))
}

async fn show(ctx: Ctx, Path(number): Path<CaseNumber>) -> Result<Json<TrackView>, Fault> {
    let case = ops::own_case(&ctx, number).await?;
    view(&ctx, case).await
}

async fn answer(
    ctx: Ctx,
    Path(number): Path<CaseNumber>,
    Json(input): Json<OwnAnswerInput>,
) -> Result<Json<TrackView>, Fault> {
    ops::answer(&ctx, Proof::Account(number), &input.text).await?;
    show(ctx, Path(number)).await
}

async fn rate(
    ctx: Ctx,
    Path(number): Path<CaseNumber>,
    Json(input): Json<RatingInput>,
) -> Result<Json<TrackView>, Fault> {
    ops::rate(&ctx, Proof::Account(number), input.command()).await?;
    show(ctx, Path(number)).await
}

async fn reopen(
    ctx: Ctx,
    Path(number): Path<CaseNumber>,
    Json(input): Json<ReopeningInput>,
) -> Result<Json<TrackView>, Fault> {
    ops::reopen(&ctx, Proof::Account(number), &input.reason).await?;
    show(ctx, Path(number)).await
}

async fn add_message(
    ctx: Ctx,
    Path(number): Path<CaseNumber>,
    Json(input): Json<MessageInput>,
) -> Result<Json<TrackView>, Fault> {
    ops::add_message(&ctx, Proof::Account(number), &input.text).await?;
    show(ctx, Path(number)).await
}
