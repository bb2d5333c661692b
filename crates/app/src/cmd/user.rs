//! `shiyu user add|list|reset|close|open|token|tokens|revoke`: accounts from the command line of the machine.

use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure};
use access::ops::accounts;
use access::{
    AccountDraft, AccountError, AccountId, Ctx, Permission, Problem, Role, SystemRole, UnitId,
    model, password,
};
use kernel::{Cursor, DistrictCode, PageSize};
use serde::Serialize;
use std::io::Read as _;

/// Makes and changes accounts.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Make an account with a one-time password.
    Add {
        /// What is typed at sign-in.
        login: String,
        /// The name shown to colleagues.
        #[arg(long)]
        name: String,
        /// A role, several with commas: collector, acceptor, shift_leader, dispatcher, department_lead, handler, …
        #[arg(
            long = "role",
            required = true,
            value_delimiter = ',',
            value_name = "ROLE",
            value_parser = role
        )]
        roles: Vec<Role>,
        /// The code or the id of the unit it belongs to.
        #[arg(long, value_name = "CODE")]
        unit: Option<String>,
        /// A district it may see, several with commas; without it the whole city.
        #[arg(long = "district", value_delimiter = ',', value_name = "CODE")]
        districts: Vec<DistrictCode>,
        /// Read the password from standard input instead of making a one-time password.
        #[arg(long)]
        password_stdin: bool,
    },
    /// List accounts by login.
    List {
        /// Part of a login or a name.
        #[arg(long, default_value = "")]
        search: String,
        /// How many, 1 to 200.
        #[arg(long, default_value_t = 200)]
        limit: u64,
        /// The `next` of the list before.
        #[arg(long, value_name = "KEY")]
        after: Option<Cursor>,
    },
    /// Give an account a new one-time password and end its sessions.
    Reset {
        /// Whose.
        login: String,
    },
    /// Close an account: it cannot sign in, its sessions and tokens stop.
    Close {
        /// Which one.
        login: String,
    },
    /// Open a closed or locked account again.
    Open {
        /// Which one.
        login: String,
    },
    /// Make an API token for an account; it is shown once.
    Token {
        /// For whom.
        login: String,
        /// What it is for.
        #[arg(long)]
        name: String,
        /// A permission it carries, several with commas; without it all of the account's but its own account.
        #[arg(long = "scope", value_delimiter = ',', value_name = "PERMISSION")]
        scopes: Vec<Permission>,
        /// How many days it lives.
        #[arg(long, default_value_t = 90)]
        days: i64,
    },
    /// List the API tokens of an account, without their texts.
    Tokens {
        /// Whose.
        login: String,
    },
    /// Take an API token back: the program that uses it stops at once.
    Revoke {
        /// Whose.
        login: String,
        /// Its id, as `user tokens` lists it.
        id: kernel::id::Id,
    },
}

#[derive(Serialize)]
struct User {
    id: String,
    login: String,
    name: String,
    roles: Vec<Role>,
    unit: Option<String>,
    districts: Vec<DistrictCode>,
    closed: bool,
    locked_until: Option<String>,
    must_change: bool,
    created_at: String,
}

impl From<model::Account> for User {
    fn from(account: model::Account) -> Self {
        Self {
            id: account.id.to_string(),
            login: account.login,
            name: account.name,
            roles: account.roles.0,
            unit: account.unit.map(|unit| unit.to_string()),
            districts: account.districts.0,
            closed: account.is_disabled,
            locked_until: account.locked_until.map(|at| at.to_string()),
            must_change: account.must_change,
            created_at: account.created_at.to_string(),
        }
    }
}

fn failure(error: AccountError) -> Failure {
    let text = error.to_string();
    let failure = match error.status().as_u16() {
        404 | 409 | 422 => Failure::unusable(error.code(), text),
        _ => Failure::other(error.code(), text),
    };
    match error.field() {
        Some(field) => failure.field(field),
        None => failure,
    }
}

impl Args {
    /// Runs the command.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        let program = Program::open(common)?;
        let ctx = &program.ready(SystemRole::Operator)?;
        match self.what {
            What::Add {
                login,
                name,
                roles,
                unit,
                districts,
                password_stdin,
            } => {
                let unit = unit.map(|text| unit_of(&program, &text)).transpose()?;
                add(
                    ctx,
                    &login,
                    AccountDraft {
                        name,
                        roles,
                        unit,
                        districts,
                    },
                    password_stdin,
                )
            }
            What::List {
                search,
                limit,
                after,
            } => list(ctx, search, limit, after.as_ref()),
            What::Reset { login } => reset(ctx, &login),
            What::Close { login } => set_closed(ctx, &login, true),
            What::Open { login } => set_closed(ctx, &login, false),
            What::Token {
                login,
                name,
                scopes,
                days,
            } => token(ctx, &login, &name, &scopes, days),
            What::Tokens { login } => tokens(ctx, &login),
            What::Revoke { login, id } => revoke(ctx, &login, id),
        }
    }
}

/// The unit of a code or an id.
fn unit_of(program: &Program, text: &str) -> Result<UnitId, Failure> {
    let city = program.reference.current();
    let found = match text.parse::<UnitId>() {
        Ok(id) => city.unit(id),
        Err(_) => city.units.by_code(text),
    };
    found
        .map(|unit| unit.id)
        .ok_or_else(|| Failure::unusable("no_unit", format!("no unit {text:?}")).field("unit"))
}

fn hash(password: &str) -> Result<String, Failure> {
    password::hash_blocking(password)
        .map_err(|fault| Failure::other(fault.code(), fault.to_string()))
}

fn id_of(ctx: &Ctx, login: &str) -> Result<AccountId, Failure> {
    Ok(account_of(ctx, login)?.id)
}

fn account_of(ctx: &Ctx, login: &str) -> Result<model::Account, Failure> {
    let login = login.to_owned();
    ctx.read_blocking(move |r| accounts::find_login(r, &login))
        .map_err(failure)
}

/// One line of standard input, at most as long as a password may be.
fn password_from_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    let most = 4 * password::LONGEST as u64 + 2;
    let read = std::io::stdin().take(most).read_to_string(&mut text);
    read.map_err(|e| {
        Failure::unusable(
            "unreadable_password",
            format!("cannot read the password from standard input: {e}"),
        )
        .field("password")
    })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn add(ctx: &Ctx, login: &str, draft: AccountDraft, password_stdin: bool) -> Result<Done, Failure> {
    let password = if password_stdin {
        password_from_stdin()?
    } else {
        password::one_time()
    };
    password::check_new(&password, login).map_err(|e| failure(e.into()))?;
    let new = accounts::new_account(login, draft, String::new(), !password_stdin, ctx.now())
        .map_err(failure)?;
    let new = model::NewAccount {
        password_hash: hash(&password)?,
        ..new
    };
    let login = new.login.clone();
    let id = ctx
        .write_blocking(move |w| accounts::add(w, &new))
        .map_err(failure)?;
    if password_stdin {
        let json = serde_json::json!({ "id": id.to_string(), "login": login });
        return Done::new(&json, format!("account {login} made"));
    }
    let json = serde_json::json!({ "id": id.to_string(), "login": login, "password": password });
    Done::new(
        &json,
        format!("account {login} made, one-time password {password}"),
    )
}

fn list(ctx: &Ctx, search: String, limit: u64, after: Option<&Cursor>) -> Result<Done, Failure> {
    let size = PageSize::new(limit)
        .map_err(|e| Failure::unusable("usage", e.to_string()).field("limit"))?;
    let after = after.map(|cursor| cursor.part::<String>(0)).transpose();
    let after = after.map_err(|e| Failure::unusable("usage", e.to_string()).field("after"))?;
    let page = ctx
        .read_blocking(move |r| -> Result<_, AccountError> {
            Ok(accounts::list(r, &search, after.as_deref(), size)?)
        })
        .map_err(failure)?;
    let page = page.map(User::from);
    let lines: Vec<String> = page.items.iter().map(line).collect();
    let json =
        serde_json::json!({ "users": page.items, "next": page.next.map(|next| next.to_string()) });
    Done::new(&json, lines.join("\n"))
}

/// A role by its word; the administrators also by the whole word, and a space or hyphen for an underscore.
fn role(text: &str) -> Result<Role, String> {
    let word = text.trim().to_lowercase().replace([' ', '-'], "_");
    let word = word.replace("administrator", "admin");
    word.parse().map_err(|_| {
        let known: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        format!("expected one of {}", known.join(", "))
    })
}

fn line(user: &User) -> String {
    let roles: Vec<&str> = user.roles.iter().map(|role| role.as_str()).collect();
    let state = if user.closed { "  closed" } else { "" };
    format!("{}  {}  {}{state}", user.login, user.name, roles.join(","))
}

fn reset(ctx: &Ctx, login: &str) -> Result<Done, Failure> {
    let id = id_of(ctx, login)?;
    let password = password::one_time();
    let hash = hash(&password)?;
    ctx.write_blocking(move |w| accounts::reset(w, id, &hash))
        .map_err(failure)?;
    let json = serde_json::json!({ "login": login, "password": password });
    Done::new(
        &json,
        format!("account {login} has the one-time password {password}"),
    )
}

fn set_closed(ctx: &Ctx, login: &str, is_closed: bool) -> Result<Done, Failure> {
    let id = id_of(ctx, login)?;
    ctx.write_blocking(move |w| accounts::set_closed(w, id, is_closed))
        .map_err(failure)?;
    let json = serde_json::json!({ "login": login, "closed": is_closed });
    Done::new(
        &json,
        format!(
            "account {login} is {}",
            if is_closed { "closed" } else { "open" }
        ),
    )
}

fn token(
    ctx: &Ctx,
    login: &str,
    name: &str,
    scopes: &[Permission],
    days: i64,
) -> Result<Done, Failure> {
    let account = account_of(ctx, login)?;
    if account.is_disabled {
        let text = format!("account {login} is closed: a token of it would open nothing");
        return Err(Failure::unusable("account_closed", text).field("login"));
    }
    let new = accounts::new_token(&account, name, scopes, days, ctx.now()).map_err(failure)?;
    let kept = new.clone();
    let id = account.id;
    ctx.write_blocking(move |w| accounts::add_token(w, id, &kept))
        .map_err(failure)?;
    let json = serde_json::json!({
        "id": new.token.id.to_string(), "login": account.login, "token": new.text,
        "scopes": new.token.scopes.0, "expires_at": new.token.expires_at.to_string(),
    });
    Done::new(&json, new.text)
}

fn tokens(ctx: &Ctx, login: &str) -> Result<Done, Failure> {
    let id = id_of(ctx, login)?;
    let found = ctx
        .read_blocking(move |r| -> Result<_, AccountError> { Ok(accounts::tokens(r, id)?) })
        .map_err(failure)?;
    let listed: Vec<serde_json::Value> = found
        .iter()
        .map(|token| {
            serde_json::json!({
                "id": token.id.to_string(), "name": token.name, "scopes": token.scopes.0,
                "created_at": token.created_at.to_string(), "expires_at": token.expires_at.to_string(),
                "revoked_at": token.revoked_at.map(|at| at.to_string()),
            })
        })
        .collect();
    let lines: Vec<String> = found
        .iter()
        .map(|token| {
            let state = match token.revoked_at {
                Some(_) => "  taken back",
                None if token.expires_at <= ctx.now() => "  over",
                None => "",
            };
            format!(
                "{}  {}  until {}{state}",
                token.id, token.name, token.expires_at
            )
        })
        .collect();
    Done::new(&serde_json::json!({ "tokens": listed }), lines.join("\n"))
}

fn revoke(ctx: &Ctx, login: &str, token: kernel::id::Id) -> Result<Done, Failure> {
    let id = id_of(ctx, login)?;
    ctx.write_blocking(move |w| accounts::revoke(w, id, token))
        .map_err(failure)?;
    let json = serde_json::json!({ "login": login, "id": token.to_string(), "revoked": true });
    Done::new(&json, format!("token {token} of {login} is taken back"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_known_by_its_words() {
        for known in Role::ALL {
            assert_eq!(role(known.as_str()), Ok(*known));
        }
        for text in [
            "system_administrator",
            "System Administrator",
            "system-admin",
        ] {
            assert_eq!(role(text), Ok(Role::SystemAdmin), "{text}");
        }
        for text in ["", "king", "admin"] {
            assert!(
                role(text).unwrap_err().contains("collector, acceptor"),
                "{text}"
            );
        }
    }
}
