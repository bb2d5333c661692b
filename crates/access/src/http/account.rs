//! GET /account, POST /account/password — one's own account. GET /api/v1/account — who a session or token acts as.

use crate::answer::{Go, show, show_as};
use crate::ctx::Ctx;
use crate::extract::{Fields, Json};
use crate::fault::Fault;
use crate::model::Account;
use crate::ops::{accounts, sessions};
use crate::principal::{AccountId, Principal};
use crate::state::AppState;
use crate::visit::{Visit, role_key};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use ui::{FormState, Tone, Ui};
use utoipa::ToSchema;

#[derive(Template)]
#[template(path = "access_account.html")]
struct AccountPage {
    ui: Ui,
    form: FormState,
    login: String,
    name: String,
    roles: String,
    must_change: bool,
    shortest: usize,
}

impl AccountPage {
    fn new(ui: Ui, account: Account, form: FormState) -> Self {
        let roles: Vec<String> = account
            .roles
            .0
            .iter()
            .map(|role| ui.t(role_key(*role)))
            .collect();
        Self {
            roles: ui.list(&roles),
            ui,
            form,
            login: account.login,
            name: account.name,
            must_change: account.must_change,
            shortest: crate::password::SHORTEST,
        }
    }
}

pub(super) fn own_id(principal: &Principal) -> Result<AccountId, Fault> {
    match principal {
        Principal::Staff(staff) => Ok(staff.account),
        Principal::Resident { account, .. } => Ok(*account),
        Principal::Stranger | Principal::System(_) => Err(Fault::not_found()),
    }
}

async fn own(ctx: &Ctx) -> Result<Account, Fault> {
    let id = own_id(ctx.principal())?;
    Ok(ctx.read(move |r| accounts::find(r, id)).await?)
}

pub(super) async fn show_own(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let account = own(&ctx).await?;
    show(&AccountPage::new(ui, account, FormState::new()))
}

pub(super) async fn change_password(
    ctx: Ctx,
    visit: Visit,
    ui: Ui,
    State(state): State<AppState>,
    fields: Fields,
) -> Result<Response, Fault> {
    let id = own_id(visit.principal())?;
    let entry = sessions::PasswordEntry {
        current: fields.raw("current"),
        new: fields.raw("password"),
        repeat: fields.raw("repeat"),
    };
    match sessions::change_password(&ctx, &state, id, entry).await {
        Ok(begun) => {
            let go = Go::to("/").saying(Tone::Good, ui.t("access-password-changed"));
            Ok(super::sign_in::with_session(
                &state,
                go.into_response(),
                &begun.token,
            ))
        }
        Err(fault) => {
            let Some(field) = fault.field_name().map(str::to_owned) else {
                return Err(fault);
            };
            let mut form = FormState::new();
            form.fault(
                &field,
                fault
                    .sentence(&ui.site.words, ui.lang)
                    .unwrap_or_else(|| fault.detail().to_owned()),
            );
            let account = own(&ctx).await?;
            show_as(fault.status(), &AccountPage::new(ui, account, form))
        }
    }
}

/// Who a session or token acts as.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WhoAmI {
    /// The account's id.
    id: String,
    /// The name shown to colleagues.
    name: String,
    /// What it may be.
    roles: Vec<String>,
    /// The unit's id, if it belongs to one.
    unit: Option<String>,
    /// The districts it may see; empty means the whole city.
    districts: Vec<String>,
    /// What it may do now: by its roles, and by the token's scopes if it acts by one.
    permissions: Vec<String>,
}

pub(super) async fn who_am_i(visit: Visit) -> Result<Json<WhoAmI>, Fault> {
    let principal = visit.principal();
    let id = own_id(principal)?.to_string();
    let permissions = crate::Permission::ALL
        .iter()
        .filter(|p| principal.may(**p))
        .map(ToString::to_string)
        .collect();
    Ok(Json(match principal {
        Principal::Staff(staff) => WhoAmI {
            id,
            name: staff.name.clone(),
            roles: staff.roles.iter().map(ToString::to_string).collect(),
            unit: staff.unit.map(|unit| unit.to_string()),
            districts: staff.districts.iter().map(ToString::to_string).collect(),
            permissions,
        },
        Principal::Resident { name, .. } => WhoAmI {
            id,
            name: name.clone(),
            roles: vec![crate::Role::Resident.to_string()],
            unit: None,
            districts: Vec::new(),
            permissions,
        },
        Principal::Stranger | Principal::System(_) => return Err(Fault::not_found()),
    }))
}
