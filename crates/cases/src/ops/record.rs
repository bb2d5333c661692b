//! Looking at what the record keeps: the requesters of a case with those merged into it, who still has to be called, which
//! decisions wait, what a requester sees by the link; and changing the city's lists.

use super::lists::key;
use super::{CaseError, Reach, find};
use crate::lists::{self, ListEntry, ListKind, Template, TemplateError};
use crate::model::{CallBack, Case, CaseId, State};
use crate::record::AnswerParts;
use crate::rules::{MAX_TEXT, fairness, merging};
use crate::service::{Cases, Channel};
use crate::sql_lists;
use crate::sql_record::{self, Within};
use crate::stage::StageLimit;
use access::city_settings::{Setting, SettingKind};
use access::{Ctx, Permission, Role, Saying, Word};
use jiff::{SignedDuration, Timestamp};
use kernel::codes::CaseNumber;
use kernel::id::Id;
use kernel::{Cursor, Page, PageSize};
use store::{AuditEvent, Read, StoreError};

/// One requester of a case: its own, or that of a case merged into it. Nothing of the person.
#[derive(Debug, Clone, PartialEq)]
pub struct Called {
    /// The case by which the requester came.
    pub number: CaseNumber,
    /// By which channel.
    pub channel: String,
    /// When it was reported.
    pub reported_at: Timestamp,
    /// A contact was left.
    pub has_contact: bool,
    /// What the requester last said.
    pub said: Option<CallBack>,
    /// Still has to be called: the matter is over, a contact was left, and nothing was said yet.
    pub is_due: bool,
}

/// The requesters of a case: its own and those of all cases merged into it, chains included. For whoever may call back or
/// merge.
///
/// # Errors
/// As [`find`]; the lack of both permissions.
pub async fn voices(ctx: &Ctx, number: CaseNumber) -> Result<Vec<Called>, CaseError> {
    if !ctx.principal().may(Permission::CaseMerge) {
        ctx.require(Permission::CaseCallBack)?;
    }
    let case = find(ctx, number).await?;
    let merged = merged(ctx, number).await?;
    Ok(std::iter::once(&case)
        .chain(&merged)
        .filter(|c| c.record.requested)
        .map(|c| Called {
            number: c.number,
            channel: c.channel.clone(),
            reported_at: c.reported_at,
            has_contact: c.subject.is_some(),
            said: c.call_back.clone(),
            is_due: merging::is_call_due(c, &case),
        })
        .collect())
}

async fn merged(ctx: &Ctx, number: CaseNumber) -> Result<Vec<Case>, CaseError> {
    ctx.read(move |r| Ok(sql_record::merged_into(r, &number)?))
        .await
}

/// What the requesters of a case miss, each reason once, and never who said it: what its unit reads. One more statement,
/// where anything was merged into it.
///
/// # Errors
/// The store's.
pub(crate) async fn missing(ctx: &Ctx, case: &Case) -> Result<Vec<String>, CaseError> {
    let merged = if case.record.joined.is_empty() {
        Vec::new()
    } else {
        merged(ctx, case.number).await?
    };
    let said = std::iter::once(case)
        .chain(&merged)
        .filter_map(|c| c.call_back.as_ref());
    let mut missing: Vec<String> = said.flat_map(|c| c.missing.clone()).collect();
    missing.sort_unstable();
    missing.dedup();
    Ok(missing)
}

/// A page of cases whose requester still has to be called, those that ended first in front: those of merged cases once the
/// case they went into is over; never those that the caller's own unit handled. Two statements.
///
/// # Errors
/// The lack of the permission; a cursor of another list; the store's.
pub async fn calls(
    ctx: &Ctx,
    size: PageSize,
    after: Option<&Cursor>,
) -> Result<Page<Case>, CaseError> {
    ctx.require(Permission::CaseCallBack)?;
    let within = within(ctx)?;
    let cases = ctx.service::<Cases>();
    let days = i64::from(cases.rules().rate_days);
    let since = ctx.now() - SignedDuration::from_hours(24 * days);
    let after = match after {
        Some(cursor) => Some((key::<Timestamp>(cursor, 0)?, key::<CaseId>(cursor, 1)?.0)),
        None => None,
    };
    let own = within.not_unit;
    let read: Result<_, CaseError> = ctx
        .read(move |r| {
            let rows = sql_record::to_call(r, &within, since, after, size.probe())?;
            let merged: Vec<CaseNumber> = rows
                .iter()
                .filter(|c| c.state == State::Merged)
                .map(|c| c.number)
                .collect();
            let ends = sql_record::ends(r, &merged)?;
            Ok((rows, ends))
        })
        .await;
    let (rows, ends) = read?;
    let page = Page::from_probe(rows, size, |case| {
        let at = case.call_at().unwrap_or(case.updated_at);
        Cursor::new([at.to_string(), case.id.to_string()])
    });
    // A longer chain of merges may not be over yet, or the unit at its end is the caller's own.
    let is_callable = |case: &Case| {
        case.state != State::Merged
            || ends.iter().any(|(root, end)| {
                *root == case.number.to_string()
                    && merging::is_call_due(case, end)
                    && (own.is_none() || end.unit != own)
            })
    };
    Ok(Page {
        items: page.items.into_iter().filter(is_callable).collect(),
        next: page.next,
    })
}

fn within(ctx: &Ctx) -> Result<Within, CaseError> {
    let reach = Reach::of(ctx)?;
    Ok(Within {
        districts: reach.districts,
        unit: reach.unit,
        not_unit: ctx.principal().unit().filter(|_| reach.unit.is_none()),
    })
}

/// A page of cases that wait for a decision of the reader's roles: appeals, exclusions, drafts of answers. The oldest first.
/// One statement.
///
/// # Errors
/// The lack of the permission to see cases; a cursor of another list; the store's.
pub async fn reviews(
    ctx: &Ctx,
    size: PageSize,
    after: Option<&Cursor>,
) -> Result<Page<Case>, CaseError> {
    let within = within(ctx)?;
    let holds = |roles: &[Role]| roles.iter().any(|r| ctx.principal().has(*r));
    let mut words: Vec<&'static str> = Vec::new();
    for (word, roles) in [
        ("appeal", &[Role::Dispatcher][..]),
        ("appeal_second", &[Role::Acceptor, Role::ShiftLeader]),
        ("exclusion", &[Role::ShiftLeader, Role::Leader]),
        ("answer", &[Role::DepartmentLead, Role::ShiftLeader]),
    ] {
        if holds(roles) {
            words.push(word);
        }
    }
    let after: Option<Id> = after
        .map(|cursor| key::<CaseId>(cursor, 0))
        .transpose()?
        .map(|id| id.0);
    let rows: Result<Vec<Case>, CaseError> = ctx
        .read(move |r| {
            Ok(sql_record::waiting(
                r,
                &within,
                &words,
                after,
                size.probe(),
            )?)
        })
        .await;
    Ok(Page::from_probe(rows?, size, |case| {
        Cursor::new([case.id.to_string()])
    }))
}

/// What a requester sees: the own case, the one in which its matter goes on, and what may still be done.
#[derive(Debug, Clone)]
pub struct Tracked {
    /// The case of the link or the code.
    pub own: Case,
    /// Where the matter goes on, of a case that was merged; else the same.
    pub end: Case,
    /// May be rated now.
    pub may_rate: bool,
    /// May be reopened now, until then.
    pub reopen_until: Option<Timestamp>,
    /// May add something.
    pub may_add: bool,
}

/// The own case of somebody who came by the code or the link, with what may still be done. One statement, of a merged case.
///
/// # Errors
/// The store's.
pub async fn tracked(ctx: &Ctx, own: Case) -> Result<Tracked, CaseError> {
    let number = own.number;
    let chain: Vec<Case> = if own.state == State::Merged {
        ctx.read::<_, CaseError, _>(move |r| Ok(sql_record::chain(r, &number)?))
            .await?
    } else {
        Vec::new()
    };
    Ok(tracked_to(ctx, own, chain.into_iter().next_back()))
}

/// What may still be done with a case whose matter goes on in another, if that is so.
pub(super) fn tracked_to(ctx: &Ctx, own: Case, end: Option<Case>) -> Tracked {
    let rules = ctx.service::<Cases>().rules();
    let end = end.unwrap_or_else(|| own.clone());
    let now = ctx.now();
    let is_over = end.state.is_final() && end.state != State::Merged;
    let open_until = |days| fairness::window(&end, days).filter(|until| is_over && now <= *until);
    let is_rateable = !matches!(end.state, State::Voided | State::Transferred);
    let rounds = u32::try_from(end.record.rounds.len()).unwrap_or(u32::MAX);
    let may_reopen = matches!(end.state, State::Closed | State::AnsweredDirectly)
        && crate::rules::answer::is_owed(&end)
        && rounds < rules.most_reopenings;
    Tracked {
        may_rate: own.record.requested
            && is_rateable
            && open_until(rules.rate_days).is_some()
            && own.record.ratings_used < fairness::MOST_RATINGS,
        reopen_until: open_until(rules.reopen_days).filter(|_| may_reopen),
        may_add: crate::rules::answer::is_owed(&end)
            && end.record.messages_used < fairness::MOST_MESSAGES,
        own,
        end,
    }
}

/// Adds an entry to one of the city's lists, or changes it. Codes are never taken away: old cases name them.
///
/// # Errors
/// The lack of the permission; a code or a name that will not do; the store's.
pub async fn put_list_entry(ctx: &Ctx, entry: ListEntry) -> Result<(), CaseError> {
    ctx.require(Permission::ReferenceManage)?;
    let refuse =
        |field: &str, reason: &str| Err(CaseError::field(field, "cases.bad_entry", reason));
    if ListKind::ALL.iter().all(|k| k.as_str() != entry.kind) {
        return refuse("list", "no such list");
    }
    let names = [entry.code.as_str(), &entry.name_zh, &entry.name_en];
    check_names(["code", "name_zh", "name_en"], names)?;
    if entry.also.chars().count() > 200 {
        return refuse("also", "at most 200 characters");
    }
    let key = format!("{}/{}", entry.kind, entry.code);
    let done: Result<(), CaseError> = ctx
        .write(move |mut w| {
            sql_record::put_entry(&mut w, &entry)?;
            Ok(w.commit(
                AuditEvent::done("case_list.edit", "case_list", key.clone()),
                (),
            )?)
        })
        .await;
    ctx.service::<Cases>().forget_lists();
    done
}

/// A code and its two names, each under the name of its field.
fn check_names(fields: [&str; 3], [code, zh, en]: [&str; 3]) -> Result<(), CaseError> {
    let refuse =
        |field: &str, reason: &str| Err(CaseError::field(field, "cases.bad_entry", reason));
    let is_code = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if code.is_empty() || code.len() > 40 || !code.chars().all(is_code) {
        return refuse(fields[0], "1 to 40 of a-z, 0-9 and _");
    }
    for (field, name) in [(fields[1], zh), (fields[2], en)] {
        if name.trim().is_empty() || name.chars().count() > 80 {
            return refuse(field, "1 to 80 characters");
        }
    }
    Ok(())
}

/// The channel that a new limit of a stage names and the city does not have: such an exception would never apply.
///
/// # Errors
/// The store's.
pub fn unknown_channel(
    r: &mut Read<'_>,
    setting: &Setting,
    value: &str,
) -> Result<Option<String>, StoreError> {
    let is_limit = (setting.kind)() == SettingKind::Limit;
    let Some(limit) = value.parse::<StageLimit>().ok().filter(|_| is_limit) else {
        return Ok(None);
    };
    let mut named = limit.channels().peekable();
    if named.peek().is_none() {
        return Ok(None);
    }
    let known = sql_lists::channels(r)?;
    let unknown = named.find(|name| known.iter().all(|channel| channel.code != *name));
    Ok(unknown.map(str::to_owned))
}

/// Adds a channel, or changes its names and whether its reports are verified on the spot; it counts as reviewed then.
/// Codes are never taken away: cases name them.
///
/// # Errors
/// The lack of the permission; a code or a name that will not do; the store's.
pub async fn put_channel(ctx: &Ctx, channel: Channel) -> Result<(), CaseError> {
    ctx.require(Permission::ReferenceManage)?;
    let names = [channel.code.as_str(), &channel.name_zh, &channel.name_en];
    check_names(["channel_code", "channel_zh", "channel_en"], names)?;
    let done: Result<(), CaseError> = ctx
        .write(move |mut w| {
            sql_lists::put_channel(&mut w, &channel)?;
            let detail = serde_json::json!({ "name_zh": channel.name_zh, "name_en": channel.name_en, "verify": channel.verify });
            let event = AuditEvent::done("channel.edit", "channel", channel.code.clone());
            Ok(w.commit(event.detail(detail), ())?)
        })
        .await;
    ctx.service::<Cases>().load_channels(ctx).await?;
    done
}

/// Adds a template of answers, or changes it.
///
/// # Errors
/// The lack of the permission; a sentence with a flaw, by its field; the store's.
pub async fn put_template(ctx: &Ctx, template: Template) -> Result<(), CaseError> {
    ctx.require(Permission::ReferenceManage)?;
    // words: cases-template-*
    let refuse = |field: String, reason: String, why: Word| {
        Err(CaseError::field(field, "cases.bad_template", reason).with("why", why))
    };
    let word = |key: &str| Word::Key(key.to_owned());
    if !["handled", "direct", "refused", "ended"].contains(&template.kind.as_str()) {
        return refuse(
            "kind".into(),
            "handled, direct, refused or ended".into(),
            word("cases-template-kind-fault"),
        );
    }
    if template.matter.len() > 40 || !template.matter.chars().all(|c| c.is_ascii_alphanumeric()) {
        return refuse(
            "matter".into(),
            "the beginning of a class code".into(),
            word("cases-template-matter-fault"),
        );
    }
    for (lang, parts) in [("zh", &template.zh), ("en", &template.en)] {
        for (name, text) in parts.named() {
            let field = || format!("{lang}_{name}");
            if text.chars().count() > MAX_TEXT {
                let most = i64::try_from(MAX_TEXT).unwrap_or(i64::MAX);
                let why = Saying::new("cases-template-long", vec![("most", most.into())]);
                return refuse(
                    field(),
                    format!("at most {MAX_TEXT} characters"),
                    why.into(),
                );
            }
            if let Err(error) = lists::check(text) {
                let why = match &error {
                    TemplateError::Brace => word("cases-template-brace"),
                    TemplateError::Unknown(name) => Saying::new(
                        "cases-template-unknown",
                        vec![("name", name.as_str().into())],
                    )
                    .into(),
                };
                return refuse(field(), error.to_string(), why);
            }
        }
        if parts.done.trim().is_empty() {
            return refuse(
                format!("{lang}_done"),
                "is needed".into(),
                word("cases-template-needed"),
            );
        }
    }
    let key = format!("{}/{}", template.kind, template.matter);
    let done: Result<(), CaseError> = ctx
        .write(move |mut w| {
            sql_record::put_template(&mut w, &template)?;
            let event = AuditEvent::done("case_template.edit", "case_template", key.clone());
            Ok(w.commit(event, ())?)
        })
        .await;
    ctx.service::<Cases>().forget_lists();
    done
}

/// Takes a template of some classes away; then the one for all is used. That one stays.
///
/// # Errors
/// The lack of the permission; the store's.
pub async fn drop_template(ctx: &Ctx, kind: String, matter: String) -> Result<(), CaseError> {
    ctx.require(Permission::ReferenceManage)?;
    let key = format!("{kind}/{matter}");
    let done: Result<(), CaseError> = ctx
        .write(move |mut w| {
            sql_record::drop_template(&mut w, &kind, &matter)?;
            let event = AuditEvent::done("case_template.drop", "case_template", key.clone());
            Ok(w.commit(event, ())?)
        })
        .await;
    ctx.service::<Cases>().forget_lists();
    done
}

/// The words of an answer as the reader's language has them.
pub fn parts_in<'a>(answer: &'a crate::record::Answer, lang: &str) -> &'a AnswerParts {
    match &answer.en {
        Some(en) if lang.starts_with("en") => en,
        _ => &answer.parts,
    }
}
