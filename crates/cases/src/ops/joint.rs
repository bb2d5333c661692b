//! Several units on one case: what is looked up before the rules decide, claims, and moving cases when units are
//! reorganised.

use super::act::{Job, account, attempt, known_unit, recorded};
use super::{CaseError, Reach, Step, actor_of};
use crate::lists::Lists;
use crate::model::{Case, CaseId, Claimant, Interest, NotOpen};
use crate::moves::Act;
use crate::rules::{self, Actor, Command, Facts, JointCommand};
use crate::service::Cases;
use crate::sql;
use access::{AccountId, Ctx, Permission, UnitId};
use actors::UnitKind;
use kernel::codes::{CaseNumber, DistrictCode, DivisionLevel};
use matters::City;
use std::sync::Arc;
use store::{AuditEvent, Read, Sealed, Write};
use vault::ops::Known;

/// The most colleagues of one note.
const MOST_MENTIONS: usize = 10;

/// The logins that a text names: `@login`, where the mark does not follow a letter or digit (a mail address names nobody).
pub fn mentioned_logins(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut before = ' ';
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        before = rest[..at].chars().next_back().unwrap_or(before);
        rest = &rest[at + 1..];
        if before.is_ascii_alphanumeric() {
            before = '@';
            continue;
        }
        let is_login = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let end = rest.find(|c| !is_login(c)).unwrap_or(rest.len());
        let login = rest[..end].trim_end_matches(['.', '-']).to_lowercase();
        before = rest[..end].chars().next_back().unwrap_or('@');
        rest = &rest[end..];
        if login.len() > 1 && !found.contains(&login) {
            found.push(login);
        }
    }
    found
}

/// The colleagues a note names. Each is an open account of staff that may see the case.
pub(super) fn mentioned(
    r: &mut Read<'_>,
    case: &Case,
    text: &str,
    units: &actors::Units,
) -> Result<Vec<AccountId>, CaseError> {
    let logins = mentioned_logins(text);
    if logins.len() > MOST_MENTIONS {
        let reason = format!("a note names at most {MOST_MENTIONS} colleagues");
        let most = i64::try_from(MOST_MENTIONS).unwrap_or(i64::MAX);
        return Err(CaseError::field("text", "cases.many_mentions", reason).with("most", most));
    }
    let mut accounts = Vec::with_capacity(logins.len());
    for login in logins {
        let found = match access::ops::accounts::find_login(r, &login) {
            Ok(found) => account(r, found.id)?,
            Err(access::AccountError::NotFound(_)) => None,
            Err(access::AccountError::Store(error)) => return Err(error.into()),
            Err(other) => return Err(store::StoreError::Engine(other.to_string()).into()),
        };
        let Some(found) = found else {
            let reason = format!("@{login}: there is no such colleague");
            let error = CaseError::field("text", "cases.unknown_mention", reason);
            return Err(error.with("login", login));
        };
        let sees = Reach::of_account(&found, units).is_some_and(|reach| reach.holds(case));
        if !sees {
            let reason = format!("@{login} may not see this case");
            let error = CaseError::field("text", "cases.blind_mention", reason);
            return Err(error.with("login", login));
        }
        accounts.push(found.id);
    }
    Ok(accounts)
}

/// Looks up what a step of several units names.
pub(super) fn resolve(
    city: &City,
    case: &Case,
    actor: &Actor,
    command: JointCommand,
    mask: &Known,
) -> Result<Command, CaseError> {
    use JointCommand as J;
    let known = |unit| known_unit(city, unit);
    let command = match command.masked(|words| mask.mask(words)) {
        J::AskHelp { unit, ask, limit } => J::AskHelp {
            unit: known(unit)?,
            ask,
            limit,
        },
        J::Split { shares } => {
            for share in &shares {
                known(share.unit)?;
            }
            J::Split { shares }
        }
        J::NameParty { unit } => J::NameParty { unit: known(unit)? },
        J::Whistle {
            units, ask, limit, ..
        } => {
            for unit in &units {
                known(*unit)?;
            }
            J::Whistle {
                units,
                ask,
                limit,
                is_street: actor.unit.is_some_and(|u| is_street_of(city, u, case)),
            }
        }
        other => other,
    };
    Ok(Command::Joint(command))
}

/// The street a unit is of: its own division, if that is a street, a town or a part of one.
pub fn street_of(city: &City, unit: UnitId) -> Option<kernel::codes::DivisionCode> {
    let unit = city.unit(unit)?;
    let division = unit.division?;
    let is_public = matches!(
        unit.kind,
        UnitKind::Government | UnitKind::Party | UnitKind::PublicInstitution
    );
    match division.level() {
        DivisionLevel::Street if is_public => Some(division),
        DivisionLevel::Community if is_public => division.parent(),
        _ => None,
    }
}

/// Whether a unit is one of the street in which a case lies.
pub(super) fn is_street_of(city: &City, unit: UnitId, case: &Case) -> bool {
    let Some(street) = street_of(city, unit) else {
        return false;
    };
    lies_in(city, case, street)
}

/// Whether somebody may whistle for a case: of a unit of the street in which it lies, while it goes on.
pub fn may_whistle(city: &City, principal: &access::Principal, case: &Case) -> bool {
    super::is_open_to(principal, Act::Whistle).is_ok()
        && rules::may(case, Act::Whistle, &actor_of(principal, &city.units)).is_ok()
        && principal
            .unit()
            .is_some_and(|unit| is_street_of(city, unit, case))
}

/// Whether a case lies in a division.
pub fn lies_in(city: &City, case: &Case, division: kernel::codes::DivisionCode) -> bool {
    let own = case.place.division.or_else(|| {
        let grid = case.place.grid?;
        city.territory.community_of(grid).map(|c| c.code)
    });
    let Some(own) = own else { return false };
    own == division
        || city
            .territory
            .ancestors(own)
            .iter()
            .any(|a| a.code == division)
        || std::iter::successors(own.parent(), |up| up.parent()).any(|up| up == division)
}

/// The natures of contact that are a person's request for help, or are kept in confidence: nobody outside the
/// administration may claim such a case.
const CLOSED_NATURES: [&str; 6] = ["求助", "举报", "help", "report", "request", "tip"];

/// Why a case is not open to claims at all; none when it is. A class is open when its cases are public (`rights.md`: public
/// or not is a property of the class, off for conduct and homes), the requester asked for no confidence, and its nature is
/// not a request for help.
pub fn not_open(city: &City, case: &Case) -> Option<NotOpen> {
    let class = case.matter.and_then(|m| city.matter(m));
    let Some(class) = class.filter(|c| c.flags.public && !c.flags.confidential) else {
        return Some(NotOpen::Class);
    };
    // What the contact was said to be counts before what its class assumes; what the city takes it for is nobody's word.
    let named = case.record.nature.as_deref();
    let nature = named.filter(|_| !case.record.nature_assumed);
    let nature = nature
        .or(class.default_nature.as_deref())
        .unwrap_or_default();
    if case.confidential || CLOSED_NATURES.contains(&nature.trim().to_lowercase().as_str()) {
        return Some(NotOpen::Nature);
    }
    None
}

/// What a unit, or one above or below it, is to a case: then it may not claim it.
pub fn interest(city: &City, case: &Case, unit: UnitId, on: jiff::civil::Date) -> Option<Interest> {
    let who = city
        .who(case.matter, case.place.grid, case.place.division, on)
        .ok();
    let roles = [
        (Interest::Handling, case.unit),
        (Interest::Handling, who.as_ref().map(|w| w.handling)),
        (Interest::Owning, who.as_ref().and_then(|w| w.owning)),
        (
            Interest::Maintaining,
            who.as_ref().and_then(|w| w.maintaining),
        ),
        (Interest::Competent, who.as_ref().and_then(|w| w.competent)),
        (Interest::Party, case.joint.party),
    ];
    roles
        .into_iter()
        .find(|(_, of)| of.is_some_and(|of| city.units.are_related(of, unit)))
        .map(|(interest, _)| interest)
}

/// Whether a unit is of the kinds that may claim.
pub fn is_of_society(city: &City, unit: UnitId) -> bool {
    city.unit(unit).is_some_and(|u| {
        matches!(
            u.kind,
            UnitKind::Enterprise
                | UnitKind::SocialOrganisation
                | UnitKind::MassOrganisation
                | UnitKind::ResidentsCommittee
        )
    })
}

/// A move of a claimant on a case that it does not see otherwise: claim, show, drop. `is_subscribed` is asked within the
/// transaction; a case that the unit did not subscribe to is not there for it.
///
/// # Errors
/// [`CaseError`].
pub async fn act_as_claimant<S, F>(
    ctx: &Ctx,
    number: CaseNumber,
    command: JointCommand,
    mut is_subscribed: S,
    mut beside: F,
) -> Result<Case, CaseError>
where
    S: FnMut(&mut Read<'_>, &Case) -> Result<bool, CaseError> + Send + 'static,
    F: FnMut(&mut Write<'_>, &Case) -> Result<Vec<AuditEvent>, CaseError> + Send + 'static,
{
    ctx.require(Permission::CaseClaim)?;
    let act = command.act();
    let cases = ctx.service::<Cases>();
    let lists = cases.lists(ctx).await?;
    let city = cases.city();
    let principal = ctx.principal().clone();
    let actor = actor_of(&principal, &city.units);
    let Some(unit) = actor.unit else {
        let reason = "this account belongs to no unit";
        return Err(CaseError::field("unit", "cases.no_own_unit", reason));
    };
    let on = city.local_date(ctx.now());
    let done = ctx
        .write(move |mut w| {
            let Some(case) = sql::by_number(&mut w, &number)? else {
                return Err(CaseError::not_found(number));
            };
            let step = if act == Act::Claim {
                let claimant = Claimant {
                    is_of_society: is_of_society(&city, unit),
                    is_subscribed: is_subscribed(&mut w, &case)?,
                    not_open: not_open(&city, &case),
                    interest: interest(&city, &case, unit, on),
                };
                // What was never shown to the unit is not there for it, whatever it is.
                if claimant.is_of_society
                    && (!claimant.is_subscribed || claimant.not_open.is_some())
                {
                    return Err(CaseError::NotFound {
                        number: number.to_string(),
                        is_hidden: true,
                    });
                }
                JointCommand::Claim { claimant }
            } else {
                if case.joint.claim.as_ref().map(|c| c.unit) != Some(unit) {
                    return Err(CaseError::NotFound {
                        number: number.to_string(),
                        is_hidden: true,
                    });
                }
                command.clone()
            };
            let job = Job {
                cases: cases.clone(),
                city: city.clone(),
                lists: lists.clone(),
                principal: principal.clone(),
                actor: actor.clone(),
                reach: Reach {
                    districts: Vec::new(),
                    unit: None,
                    inherited: Vec::new(),
                },
                number,
                expected: None,
                steps: vec![Step::Joint(step)],
                done_at: None,
            };
            attempt(w, &job, &mut beside)
        })
        .await;
    recorded(ctx, &number, Some(act), done).await
}

/// Makes a move of the program on one case: the end of a claim, the move to another unit. Answers the case, or none when
/// the rules refuse because it is past (somebody was faster).
///
/// # Errors
/// The store's.
pub async fn by_program<F>(
    ctx: &Ctx,
    key: (DistrictCode, CaseId),
    command: JointCommand,
    mut beside: F,
) -> Result<Option<Case>, CaseError>
where
    F: FnMut(&mut Write<'_>, Option<&Case>) -> Result<Vec<AuditEvent>, CaseError> + Send + 'static,
{
    let cases = ctx.service::<Cases>();
    let lists = cases.lists(ctx).await?;
    let city = cases.city();
    // An administrator who reorganises units is named in the event, but it is the program's move.
    let actor = Actor {
        is_program: true,
        roles: Vec::new(),
        ..actor_of(ctx.principal(), &city.units)
    };
    ctx.write(move |w| one_by_program(w, &lists, &city, &actor, key, &command, &mut beside))
        .await
}

fn one_by_program(
    mut w: Write<'_>,
    lists: &Arc<Lists>,
    city: &Arc<City>,
    actor: &Actor,
    (district, id): (DistrictCode, CaseId),
    command: &JointCommand,
    beside: &mut impl FnMut(&mut Write<'_>, Option<&Case>) -> Result<Vec<AuditEvent>, CaseError>,
) -> Result<Sealed<Option<Case>>, CaseError> {
    let Some(before) = sql::by_id(&mut w, district, id)? else {
        let events = beside(&mut w, None)?;
        return Ok(w.commit_all(&events, None)?);
    };
    let facts = Facts {
        now: w.now(),
        actor,
        calendar: city.calendar_at(before.place.here()),
        tz: &city.timezone,
        rules: &lists.rules,
        on_duty: None,
    };
    let act = command.act();
    let Ok(events) = rules::decide(Some(&before), Command::Joint(command.clone()), &facts) else {
        let events = beside(&mut w, None)?;
        return Ok(w.commit_all(&events, None)?);
    };
    let case = events
        .iter()
        .fold(Some(before.clone()), rules::apply)
        .expect("an event never takes a case away");
    sql::update(&mut w, &case, &before, &events)?;
    let detail = serde_json::json!({ "from": before.state.as_str(), "to": case.state.as_str(), "version": case.version });
    let mut audits = vec![
        AuditEvent::done(act.audit(), "case", case.number.to_string())
            .district(case.district.as_str())
            .detail(detail),
    ];
    audits.extend(beside(&mut w, Some(&case))?);
    Ok(w.commit_all(&audits, Some(case))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_found_where_they_are_meant() {
        assert_eq!(mentioned_logins("@li.wei 请看"), ["li.wei"]);
        assert_eq!(
            mentioned_logins("请@wang_1，@li-2。和@WANG_1"),
            ["wang_1", "li-2"]
        );
        assert_eq!(mentioned_logins("写信到 a@b.cn"), Vec::<String>::new());
        assert_eq!(mentioned_logins("(@zhao.)"), ["zhao"]);
        assert_eq!(mentioned_logins("@@ @ @。"), Vec::<String>::new());
        assert_eq!(mentioned_logins("x@@li"), ["li"]);
    }

    #[test]
    fn garbage_names_nobody_and_never_fails() {
        for text in ["", "@", "@😀", "😀@😀x", "@\u{0}a", "@-", "é@é"] {
            assert!(
                mentioned_logins(text).iter().all(|l| !l.is_empty()),
                "{text}"
            );
        }
    }
}
