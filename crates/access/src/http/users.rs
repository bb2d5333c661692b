//! /users — the security administrator makes accounts, gives roles and scopes, resets passwords, closes and opens.

use crate::answer::{Go, show, show_as};
use crate::ctx::Ctx;
use crate::extract::{Fields, Path, Query};
use crate::fault::Fault;
use crate::model::{Account, AccountDraft, Directory};
use crate::ops::accounts;
use crate::password;
use crate::permission::Role;
use crate::principal::{AccountId, UnitId};
use crate::rules::AccountError;
use crate::state::AppState;
use crate::visit::role_key;
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kernel::codes::DistrictCode;
use kernel::{Cursor, PageSize};
use serde::Deserialize;
use ui::{Choice, FormState, Pager, Tone, Ui};

#[derive(Deserialize)]
pub(super) struct ListQuery {
    q: Option<String>,
    after: Option<Cursor>,
}

struct UserRow {
    id: String,
    login: String,
    name: String,
    roles: String,
    state: &'static str,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "access_users.html")]
struct UsersPage {
    ui: Ui,
    form: FormState,
    rows: Vec<UserRow>,
    pager: Pager,
}

// words: access-users-*
/// The key of the word for how an account stands, and its tone.
fn standing(account: &Account, ui: &Ui) -> (&'static str, &'static str) {
    if account.is_disabled {
        ("access-users-closed", "bad")
    } else if account.locked_until.is_some_and(|until| until > ui.now) {
        ("access-users-locked", "warn")
    } else if account.must_change {
        ("access-users-one-time", "info")
    } else {
        ("access-users-open", "good")
    }
}

pub(super) async fn list(
    ctx: Ctx,
    ui: Ui,
    Query(query): Query<ListQuery>,
) -> Result<Response, Fault> {
    let search = query.q.unwrap_or_default();
    let after = match &query.after {
        Some(cursor) => Some(cursor.part::<String>(0).map_err(|e| {
            Fault::invalid("after", "access.invalid_field", e.to_string()).arg("field", "after")
        })?),
        None => None,
    };
    let wanted = search.clone();
    let page = ctx
        .read(move |r| accounts::list(r, &wanted, after.as_deref(), PageSize::default()))
        .await?;
    let next = page.next.as_ref().map(|cursor| {
        let mut link = form_urlencoded::Serializer::new("/users?".to_owned());
        link.append_pair("q", &search)
            .append_pair("after", &cursor.to_string());
        link.finish()
    });
    let rows: Vec<UserRow> = page
        .items
        .into_iter()
        .map(|account| {
            let (state, tone) = standing(&account, &ui);
            let roles: Vec<String> = account
                .roles
                .0
                .iter()
                .map(|role| ui.t(role_key(*role)))
                .collect();
            UserRow {
                id: account.id.to_string(),
                roles: ui.list(&roles),
                login: account.login,
                name: account.name,
                state,
                tone,
            }
        })
        .collect();
    let previous = query.after.is_some().then(|| "/users".to_owned());
    let pager = Pager {
        previous,
        next,
        shown: rows.len() as u64,
        total: None,
    };
    show(&UsersPage {
        form: FormState::new().with("q", search),
        ui,
        rows,
        pager,
    })
}

#[derive(Template)]
#[template(path = "access_user.html")]
struct UserPage {
    ui: Ui,
    form: FormState,
    /// None for a new account.
    account: Option<Account>,
    state: &'static str,
    tone: &'static str,
    roles: Vec<Choice>,
    /// None where the program knows no units or districts: their ids are then typed.
    units: Option<Vec<Choice>>,
    districts: Option<Vec<Choice>>,
}

impl UserPage {
    fn new(ctx: &Ctx, ui: Ui, form: FormState, account: Option<Account>) -> Self {
        let directory = ctx.service_if_any::<Directory>();
        let choice = |(value, label): (String, String)| Choice::new(value, label);
        let units = directory.as_ref().map(|d| {
            d.0.units(ui.lang)
                .into_iter()
                .map(|(id, name)| choice((id.to_string(), name)))
                .collect()
        });
        let districts = directory.as_ref().map(|d| {
            d.0.districts(ui.lang)
                .into_iter()
                .map(|(code, name)| choice((code.to_string(), name)))
                .collect()
        });
        let roles = Role::ALL
            .iter()
            .map(|role| Choice::new(role.as_str(), ui.t(role_key(*role))))
            .collect();
        let (state, tone) = account
            .as_ref()
            .map_or(("access-users-open", "good"), |account| {
                standing(account, &ui)
            });
        Self {
            ui,
            form,
            account,
            state,
            tone,
            roles,
            units,
            districts,
        }
    }
}

fn filled(account: &Account) -> FormState {
    let mut pairs = vec![
        ("login".to_owned(), account.login.clone()),
        ("name".to_owned(), account.name.clone()),
        (
            "unit".to_owned(),
            account
                .unit
                .map(|unit| unit.to_string())
                .unwrap_or_default(),
        ),
        ("version".to_owned(), account.version.to_string()),
    ];
    pairs.extend(
        account
            .roles
            .0
            .iter()
            .map(|role| ("roles".to_owned(), role.to_string())),
    );
    pairs.extend(
        account
            .districts
            .0
            .iter()
            .map(|code| ("districts".to_owned(), code.to_string())),
    );
    FormState::from_pairs(pairs)
}

/// The entries as a draft. Districts may be ticked, or typed with commas between.
fn draft(fields: &Fields) -> Result<AccountDraft, Fault> {
    let wrong = |field: &'static str| {
        move |reason: String| {
            Fault::invalid(field, "access.invalid_field", format!("{field}: {reason}"))
                .arg("field", field)
        }
    };
    let roles: Vec<Role> = fields
        .all("roles")
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map_err(wrong("roles"))?;
    let districts = fields
        .all("districts")
        .flat_map(|text| text.split([',', '，', ' ']))
        .filter(|text| !text.is_empty())
        .map(|text| {
            text.parse::<DistrictCode>()
                .map_err(|e| wrong("districts")(e.to_string()))
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(AccountDraft {
        name: fields.get("name").to_owned(),
        roles,
        unit: fields.read::<UnitId>("unit")?,
        districts,
    })
}

pub(super) async fn blank(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    show(&UserPage::new(&ctx, ui, FormState::new(), None))
}

pub(super) async fn one(ctx: Ctx, ui: Ui, Path(id): Path<AccountId>) -> Result<Response, Fault> {
    let account = ctx.read(move |r| accounts::find(r, id)).await?;
    show(&UserPage::new(&ctx, ui, filled(&account), Some(account)))
}

/// Shows the form again with the fault beside its field; a fault without a field is a page of its own.
fn again(
    ctx: &Ctx,
    ui: Ui,
    fields: &Fields,
    fault: Fault,
    account: Option<Account>,
) -> Result<Response, Fault> {
    let Some(field) = fault.field_name() else {
        return Err(fault);
    };
    let mut form = fields.form();
    form.fault(
        field,
        fault
            .sentence(&ui.site.words, ui.lang)
            .unwrap_or_else(|| fault.detail().to_owned()),
    );
    show_as(fault.status(), &UserPage::new(ctx, ui, form, account))
}

#[derive(Template)]
#[template(path = "access_one_time.html")]
struct OneTimePage {
    ui: Ui,
    login: String,
    password: String,
    id: String,
}

pub(super) async fn add(
    ctx: Ctx,
    ui: Ui,
    State(state): State<AppState>,
    fields: Fields,
) -> Result<Response, Fault> {
    let password = password::one_time();
    let made = async {
        let draft = draft(&fields)?;
        let checked =
            accounts::new_account(fields.get("login"), draft, String::new(), true, ctx.now())?;
        let password_hash = password::hash(state.gates(), password.clone()).await?;
        let new = crate::NewAccount {
            password_hash,
            ..checked
        };
        let login = new.login.clone();
        let id = ctx.write(move |w| accounts::add(w, &new)).await?;
        Ok::<_, Fault>((id, login))
    };
    match made.await {
        Ok((id, login)) => show(&OneTimePage {
            ui,
            login,
            password,
            id: id.to_string(),
        }),
        Err(fault) => again(&ctx, ui, &fields, fault, None),
    }
}

pub(super) async fn edit(
    ctx: Ctx,
    ui: Ui,
    Path(id): Path<AccountId>,
    fields: Fields,
) -> Result<Response, Fault> {
    let back = format!("/users/{id}");
    let done = async {
        accounts::not_own(&ctx, id)?;
        let draft = accounts::checked(draft(&fields)?)?;
        let version: i64 = fields.need("version")?;
        ctx.write(move |w| accounts::edit(w, id, version, &draft))
            .await?;
        Ok::<_, Fault>(())
    };
    match done.await {
        Ok(()) => Ok(Go::to(&back)
            .saying(Tone::Good, ui.t("access-users-saved"))
            .into_response()),
        Err(fault) if fault.field_name().is_some() => {
            let account = ctx.read(move |r| accounts::find(r, id)).await?;
            again(&ctx, ui, &fields, fault, Some(account))
        }
        Err(fault) => Err(fault.back(back)),
    }
}

pub(super) async fn reset(
    ctx: Ctx,
    ui: Ui,
    State(state): State<AppState>,
    Path(id): Path<AccountId>,
) -> Result<Response, Fault> {
    accounts::not_own(&ctx, id)?;
    let account = ctx.read(move |r| accounts::find(r, id)).await?;
    let password = password::one_time();
    let hash = password::hash(state.gates(), password.clone()).await?;
    ctx.write(move |w| accounts::reset(w, id, &hash)).await?;
    show(&OneTimePage {
        ui,
        login: account.login,
        password,
        id: id.to_string(),
    })
}

pub(super) async fn close(ctx: Ctx, ui: Ui, Path(id): Path<AccountId>) -> Result<Response, Fault> {
    set_closed(ctx, &ui, id, true).await
}

pub(super) async fn open(ctx: Ctx, ui: Ui, Path(id): Path<AccountId>) -> Result<Response, Fault> {
    set_closed(ctx, &ui, id, false).await
}

async fn set_closed(ctx: Ctx, ui: &Ui, id: AccountId, is_closed: bool) -> Result<Response, Fault> {
    accounts::not_own(&ctx, id)?;
    ctx.write(move |w| -> Result<_, AccountError> { accounts::set_closed(w, id, is_closed) })
        .await?;
    let sentence = ui.t(if is_closed {
        "access-users-now-closed"
    } else {
        "access-users-now-open"
    });
    Ok(Go::to(format!("/users/{id}"))
        .saying(Tone::Good, sentence)
        .into_response())
}
