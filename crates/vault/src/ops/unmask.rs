//! 举报人 — showing who made a confidential report: one person asks and says why, another one decides, and the reporter can
//! read both in the record of looks. Each step is in the outbox, so that whoever has to decide, and whoever asked, is told.

use super::look::{is_in_scope, role_of, turn_strangers_away};
use crate::model::{LookOutcome, VaultError};
use crate::sql::{self, NewLook};
use access::{Ctx, Permission, Role};
use jiff::{SignedDuration, Timestamp};
use kernel::DistrictCode;
use kernel::id::Id;
use serde::{Deserialize, Serialize};
use store::{AuditEvent, Read, StoreResult, params};

/// The topic of the steps of such requests in the outbox; the object is what the person is kept for, such as the case.
pub const UNMASKING: &str = "vault.unmasking";

/// How long the one who asked may look after a second person agreed.
const VALID: SignedDuration = SignedDuration::from_hours(24);
/// An undecided request lapses after this.
const OPEN: SignedDuration = SignedDuration::from_hours(72);
/// The most characters of a reason.
const LONGEST_REASON: usize = 500;

/// A request that waits for a second person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unmasking {
    /// Its id, for [`decide_unmasking`].
    pub id: Id,
    /// It lapses then.
    pub lapses_at: Timestamp,
}

/// A step of a request, as the outbox has it. Nothing of the person, and nothing of the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmaskingStep {
    /// The request.
    pub request: Id,
    /// The account that asked.
    pub asked_by: Id,
    /// What happened.
    pub step: UnmaskingMove,
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnmaskingMove {
    /// It waits for a second person, and lapses then.
    Asked(Timestamp),
    /// The one who asked may look until then.
    Granted(Timestamp),
    /// The second person did not agree.
    Refused,
}

const ASK: &str = "INSERT INTO vault_unmaskings (district, id, subject_id, asked_by, asked_at, reason) VALUES ($1, $2, $3, $4, $5, $6)";
const FIND: &str = "SELECT subject_id, asked_by, asked_at, decided_at FROM vault_unmaskings WHERE district = $1 AND id = $2";
const DECIDE: &str = "UPDATE vault_unmaskings SET decided_by = $3, decided_at = $4, granted = $5, valid_until = $6 \
     WHERE district = $1 AND id = $2 AND decided_at IS NULL";
const OF_SUBJECT: &str = "SELECT u.id, u.asked_at, a.name, u.reason, u.decided_at, u.granted, u.valid_until \
     FROM vault_unmaskings u LEFT JOIN accounts a ON a.id = u.asked_by WHERE u.district = $1 AND u.subject_id = $2 ORDER BY u.id DESC LIMIT 20";
const VALID_NOW: &str = "SELECT 1 FROM vault_unmaskings WHERE district = $1 AND subject_id = $2 AND asked_by = $3 AND granted = 1 \
     AND valid_until > $4 LIMIT 1";

/// Whether two people agreed that this account may see the reporter now.
pub(super) fn is_unmasked(
    w: &mut store::Write<'_>,
    district: DistrictCode,
    subject: Id,
    account: Option<Id>,
) -> StoreResult<bool> {
    let now = w.now();
    match account {
        Some(account) => is_valid(w, district, subject, account, now),
        None => Ok(false),
    }
}

fn is_valid(
    r: &mut Read<'_>,
    district: DistrictCode,
    subject: Id,
    account: Id,
    now: Timestamp,
) -> StoreResult<bool> {
    let found: Option<(i64,)> = r.opt(VALID_NOW, params![district, subject, account, now])?;
    Ok(found.is_some())
}

store::record! {
    /// A request to be shown who made a confidential report, as those who decide about it see it.
    #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
    pub struct UnmaskingRequest {
        /// Its id, for [`decide_unmasking`].
        pub id: Id,
        /// When it was asked for.
        pub asked_at: Timestamp,
        /// Who asked, by name.
        pub asked_by: Option<String>,
        /// Why.
        pub reason: String,
        /// When it was decided.
        pub decided_at: Option<Timestamp>,
        /// How.
        pub granted: Option<bool>,
        /// Until when the one who asked may look.
        pub valid_until: Option<Timestamp>,
    }
}

impl UnmaskingRequest {
    /// Whether a second person may still decide about it at a moment.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.decided_at.is_none() && now <= self.asked_at + OPEN
    }
}

/// The requests about one person, newest first, at most 20. The caller has checked that its reader may look at people's data.
///
/// # Errors
/// The store's.
pub fn unmaskings_of(
    r: &mut Read<'_>,
    district: DistrictCode,
    subject: Id,
) -> StoreResult<Vec<UnmaskingRequest>> {
    r.all(OF_SUBJECT, params![district, subject])
}

/// The account of a member of staff who may look at people's data in this district.
fn staff_account(ctx: &Ctx, district: DistrictCode) -> Result<Id, VaultError> {
    turn_strangers_away(ctx)?;
    ctx.require(Permission::PersonalRead)?;
    if !is_in_scope(ctx, district) {
        return Err(VaultError::NotFound);
    }
    match ctx.principal() {
        access::Principal::Staff(staff) => Ok(staff.account.0),
        _ => Err(VaultError::Unmasking("only members of staff take part")),
    }
}

/// Asks to be shown who made a confidential report, and says why. The reporter can read that somebody asked. `about` is what the
/// person is kept for, such as the case: those who are told find the matter by it.
///
/// # Errors
/// `Refused` without [`Permission::PersonalRead`]; `NotFound`; `Erased`; `Unmasking` when the person is not confidential;
/// `Field` for a reason that is missing or longer than 500 characters.
pub async fn ask_unmasking(
    ctx: &Ctx,
    district: DistrictCode,
    subject: Id,
    about: Id,
    reason: &str,
) -> Result<Unmasking, VaultError> {
    let account = staff_account(ctx, district)?;
    let reason = reason.trim().to_owned();
    if !(4..=LONGEST_REASON).contains(&reason.chars().count()) {
        return Err(VaultError::field(
            "reason",
            "vault-bad-reason",
            "say why in 4 to 500 characters",
        ));
    }
    let role = role_of(ctx.principal());
    ctx.write(move |mut w| {
        let row = sql::subject(&mut w, district, subject)?.ok_or(VaultError::NotFound)?;
        if row.erased_at.is_some() {
            return Err(VaultError::Erased);
        }
        if !row.is_confidential {
            return Err(VaultError::Unmasking("the reporter is not confidential"));
        }
        let now = w.now();
        let id = Id::new(now, rand::random());
        w.exec(ASK, params![district, id, subject, account, now, reason])?;
        note(
            &mut w,
            district,
            subject,
            &role,
            LookOutcome::UnmaskingAsked,
        )?;
        let event = AuditEvent::done("vault.ask_unmasking", "subject", subject.to_string())
            .district(district.as_str())
            .detail(serde_json::json!({"request": id, "reason": reason}));
        let asked = Unmasking {
            id,
            lapses_at: now + OPEN,
        };
        let step = UnmaskingMove::Asked(asked.lapses_at);
        tell(&mut w, district, about, (id, account), step)?;
        Ok(w.commit(event, asked)?)
    })
    .await
}

/// Decides a request: a shift leader other than the one who asked. Granted, the one who asked may look for 24 hours. `about` as
/// in [`ask_unmasking`].
///
/// # Errors
/// `Refused` without [`Permission::PersonalRead`]; `NotFound`; `Unmasking` when the same person decides, when it was
/// decided before, has lapsed, or the one who decides is no shift leader.
pub async fn decide_unmasking(
    ctx: &Ctx,
    district: DistrictCode,
    request: Id,
    about: Id,
    is_granted: bool,
) -> Result<(), VaultError> {
    let account = staff_account(ctx, district)?;
    let role = role_of(ctx.principal());
    let is_leader = ctx.principal().has(Role::ShiftLeader);
    ctx.write(move |mut w| {
        let now = w.now();
        type Row = (Id, Id, Timestamp, Option<Timestamp>);
        let found: Option<Row> = w.opt(FIND, params![district, request])?;
        let (subject, asked_by, asked_at, decided_at) = found.ok_or(VaultError::NotFound)?;
        if !is_leader {
            return Err(VaultError::Unmasking("a shift leader decides"));
        }
        if asked_by == account {
            return Err(VaultError::Unmasking(
                "another person than the one who asked decides",
            ));
        }
        if decided_at.is_some() {
            return Err(VaultError::Unmasking("it was decided before"));
        }
        if now > asked_at + OPEN {
            return Err(VaultError::Unmasking("it has lapsed"));
        }
        let valid_until = is_granted.then(|| now + VALID);
        w.exec_one(
            DECIDE,
            params![district, request, account, now, is_granted, valid_until],
        )?;
        let outcome = match is_granted {
            true => LookOutcome::UnmaskingGranted,
            false => LookOutcome::UnmaskingRefused,
        };
        note(&mut w, district, subject, &role, outcome)?;
        let step = valid_until.map_or(UnmaskingMove::Refused, UnmaskingMove::Granted);
        tell(&mut w, district, about, (request, asked_by), step)?;
        let event = AuditEvent::done("vault.decide_unmasking", "subject", subject.to_string())
            .district(district.as_str())
            .detail(serde_json::json!({"request": request, "granted": is_granted}));
        Ok(w.commit(event, ())?)
    })
    .await
}

/// Puts a step of a request into the outbox.
fn tell(
    w: &mut store::Write<'_>,
    district: DistrictCode,
    about: Id,
    (request, asked_by): (Id, Id),
    step: UnmaskingMove,
) -> StoreResult<()> {
    let step = UnmaskingStep {
        request,
        asked_by,
        step,
    };
    let body = serde_json::to_string(&step).expect("ids and times are what JSON can hold");
    w.outbox(UNMASKING, district.as_str(), about, &body)
}

fn note(
    w: &mut store::Write<'_>,
    district: DistrictCode,
    subject: Id,
    role: &str,
    outcome: LookOutcome,
) -> StoreResult<()> {
    let look = NewLook {
        district,
        subject,
        role: role.to_owned(),
        purpose: String::new(),
        outcome,
        fields: String::new(),
    };
    sql::insert_looks(w, &[look])
}
