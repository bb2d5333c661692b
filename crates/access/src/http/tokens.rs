//! /users/{id}/tokens — the security administrator gives out the keys with which programs act for an account, each for what is
//! ticked and no more, sees which are in force, and takes them back. A key is shown once; only its hash is kept.

use crate::answer::{Go, show, show_as};
use crate::ctx::Ctx;
use crate::extract::{Fields, Json, Path};
use crate::fault::Fault;
use crate::model::{Account, ApiToken};
use crate::ops::accounts;
use crate::permission::Permission;
use crate::principal::AccountId;
use crate::rules::AccountError;
use askama::Template;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use kernel::id::Id;
use serde::{Deserialize, Serialize};
use ui::{Choice, FormState, Tone, Ui};

/// How long a key lives where nobody says.
const DAYS: i64 = 90;

/// What a key may be for, with the word of each; what the account does not hold is not offered.
// words: access-token-for-*
const USES: [(Permission, &str); 10] = [
    (Permission::CaseReport, "access-token-for-report"),
    (Permission::CaseTrack, "access-token-for-track"),
    (Permission::CaseRead, "access-token-for-cases"),
    (Permission::CaseExport, "access-token-for-export"),
    (Permission::ReferenceRead, "access-token-for-reference"),
    (Permission::EvaluationRead, "access-token-for-figures"),
    (Permission::WarningRead, "access-token-for-warnings"),
    (Permission::FactsQuery, "access-token-for-facts"),
    (Permission::ImportRun, "access-token-for-import"),
    (Permission::NoticeRead, "access-token-for-notices"),
];

/// The uses that an account can give a key.
fn uses_of(account: &Account) -> impl Iterator<Item = (Permission, &'static str)> {
    let roles = &account.roles.0;
    USES.into_iter().filter(move |(permission, _)| {
        permission.is_open() || roles.iter().any(|r| r.permissions().contains(permission))
    })
}

struct Line {
    id: String,
    name: String,
    scopes: String,
    made: ui::Html,
    until: ui::Html,
    state: &'static str,
    tone: &'static str,
    is_live: bool,
}

// words: access-tokens-*
/// The key of the word for how a token stands, and its tone.
fn standing(token: &ApiToken, now: Timestamp) -> (&'static str, &'static str) {
    if token.revoked_at.is_some() {
        ("access-tokens-revoked", "bad")
    } else if token.expires_at <= now {
        ("access-tokens-over", "warn")
    } else {
        ("access-tokens-live", "good")
    }
}

/// What a token is for, in words where the program has some; that everybody may open pages is not worth a word.
fn told(ui: &Ui, scopes: &[Permission]) -> String {
    let words: Vec<String> = scopes
        .iter()
        .filter(|p| **p != Permission::Public)
        .map(|p| {
            let word = USES.iter().find(|(permission, _)| permission == p);
            word.map_or_else(|| p.as_str().to_owned(), |(_, key)| ui.t(key))
        })
        .collect();
    ui.list(&words)
}

#[derive(Template)]
#[template(path = "access_tokens.html")]
struct TokensPage {
    ui: Ui,
    account: Account,
    form: FormState,
    uses: Vec<Choice>,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "access_token_once.html")]
struct OncePage {
    ui: Ui,
    account: Account,
    name: String,
    text: String,
}

impl TokensPage {
    fn new(ui: Ui, account: Account, form: FormState, tokens: &[ApiToken]) -> Self {
        let line = |token: &ApiToken| {
            let (state, tone) = standing(token, ui.now);
            Line {
                id: token.id.to_string(),
                name: token.name.clone(),
                scopes: told(&ui, &token.scopes.0),
                made: ui.day(token.created_at),
                until: ui.day(token.expires_at),
                state,
                tone,
                is_live: state == "access-tokens-live",
            }
        };
        Self {
            lines: tokens.iter().map(line).collect(),
            uses: uses_of(&account)
                .map(|(permission, key)| Choice::new(permission.as_str(), ui.t(key)))
                .collect(),
            ui,
            account,
            form,
        }
    }
}

async fn known(ctx: &Ctx, id: AccountId) -> Result<(Account, Vec<ApiToken>), Fault> {
    let found = ctx.read(move |r| -> Result<_, AccountError> {
        let account = accounts::find(r, id)?;
        let tokens = accounts::tokens(r, id)?;
        Ok((account, tokens))
    });
    Ok(found.await?)
}

pub(super) async fn list(ctx: Ctx, ui: Ui, Path(id): Path<AccountId>) -> Result<Response, Fault> {
    let (account, tokens) = known(&ctx, id).await?;
    let form = FormState::new().with("days", DAYS.to_string());
    show(&TokensPage::new(ui, account, form, &tokens))
}

/// What a key shall be.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKey {
    /// What it is for, as people call it.
    name: String,
    /// The permissions it carries, at least one; no more than the account holds.
    scopes: Vec<String>,
    /// How many days it lives, 1 to 366; without it 90.
    days: Option<i64>,
}

/// Gives out a key of somebody else's account, and answers its text, which nobody sees again.
async fn give(ctx: &Ctx, account: &Account, wanted: &NewKey) -> Result<(ApiToken, String), Fault> {
    accounts::not_own(ctx, account.id)?;
    if account.is_disabled {
        let reason = "the account is closed: a key of it would open nothing";
        return Err(Fault::invalid("name", "access.token_closed", reason));
    }
    let scopes: Vec<Permission> = wanted
        .scopes
        .iter()
        .map(|text| {
            text.parse().map_err(|e: String| {
                Fault::invalid("scopes", "access.invalid_field", e).arg("field", "scopes")
            })
        })
        .collect::<Result<_, _>>()?;
    if scopes.is_empty() {
        let reason = "a key carries at least one permission";
        return Err(Fault::invalid("scopes", "access.token_scopes", reason));
    }
    let days = wanted.days.unwrap_or(DAYS);
    let new = accounts::new_token(account, &wanted.name, &scopes, days, ctx.now())?;
    let (token, text, id) = (new.token.clone(), new.text.clone(), account.id);
    ctx.write::<_, AccountError, _>(move |w| accounts::add_token(w, id, &new))
        .await?;
    Ok((token, text))
}

pub(super) async fn issue(
    ctx: Ctx,
    ui: Ui,
    Path(id): Path<AccountId>,
    fields: Fields,
) -> Result<Response, Fault> {
    let (account, tokens) = known(&ctx, id).await?;
    let made = async {
        let wanted = NewKey {
            name: fields.get("name").to_owned(),
            scopes: fields.all("scopes").map(str::to_owned).collect(),
            days: fields.read("days")?,
        };
        give(&ctx, &account, &wanted).await
    };
    match made.await {
        Ok((token, text)) => show(&OncePage {
            ui,
            account,
            name: token.name,
            text,
        }),
        Err(fault) => {
            let Some(field) = fault.field_name() else {
                return Err(fault.back(format!("/users/{id}/tokens")));
            };
            let mut form = fields.form();
            let sentence = fault.sentence(&ui.site.words, ui.lang);
            form.fault(field, sentence.unwrap_or_else(|| fault.detail().to_owned()));
            let status = fault.status();
            show_as(status, &TokensPage::new(ui, account, form, &tokens))
        }
    }
}

pub(super) async fn revoke(
    ctx: Ctx,
    ui: Ui,
    Path((id, token)): Path<(AccountId, Id)>,
) -> Result<Response, Fault> {
    ctx.write(move |w| accounts::revoke(w, id, token)).await?;
    Ok(Go::to(format!("/users/{id}/tokens"))
        .saying(Tone::Good, ui.t("access-tokens-now-revoked"))
        .into_response())
}

/// A key as the API tells it; its text is never told again.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct TokenView {
    /// Its id.
    id: String,
    /// What it is for.
    name: String,
    /// The permissions it carries.
    scopes: Vec<String>,
    /// When it was given out.
    created_at: String,
    /// When it ends.
    expires_at: String,
    /// When it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
}

/// The keys of an account, the newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct TokenList {
    /// The latest 200.
    items: Vec<TokenView>,
}

/// A key just given out.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct TokenOnce {
    /// What is known of it later, too.
    token: TokenView,
    /// The key itself: shown this once.
    text: String,
}

fn view(token: &ApiToken) -> TokenView {
    TokenView {
        id: token.id.to_string(),
        name: token.name.clone(),
        scopes: token.scopes.0.iter().map(ToString::to_string).collect(),
        created_at: token.created_at.to_string(),
        expires_at: token.expires_at.to_string(),
        revoked_at: token.revoked_at.map(|at| at.to_string()),
    }
}

pub(super) async fn api_list(
    ctx: Ctx,
    Path(id): Path<AccountId>,
) -> Result<Json<TokenList>, Fault> {
    let (_, tokens) = known(&ctx, id).await?;
    Ok(Json(TokenList {
        items: tokens.iter().map(view).collect(),
    }))
}

pub(super) async fn api_issue(
    ctx: Ctx,
    Path(id): Path<AccountId>,
    Json(wanted): Json<NewKey>,
) -> Result<Json<TokenOnce>, Fault> {
    let (account, _) = known(&ctx, id).await?;
    let (token, text) = give(&ctx, &account, &wanted).await?;
    Ok(Json(TokenOnce {
        token: view(&token),
        text,
    }))
}

pub(super) async fn api_revoke(
    ctx: Ctx,
    Path((id, token)): Path<(AccountId, Id)>,
) -> Result<Json<TokenList>, Fault> {
    ctx.write(move |w| accounts::revoke(w, id, token)).await?;
    api_list(ctx, Path(id)).await
}
