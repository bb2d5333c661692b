//! What `shiyu case show` and `shiyu case list` print: JSON values as the contract names them. Not async.

use super::lists::{list_blocking, with_life};
use super::view::Viewer;
use super::{CaseError, ListQuery, Reach};
use crate::model::State;
use crate::service::Cases;
use access::Ctx;
use kernel::codes::{CaseNumber, DistrictCode};
use kernel::{Cursor, PageSize};
use serde_json::{Value, json};

/// The states of a word: a state's own, or one of the groups of `contract.md`: `open`, `closed`, `duplicate`,
/// `transferred`, `void`.
///
/// # Errors
/// An unknown word; the error names those that are known.
pub fn states_of(word: &str) -> Result<Vec<State>, CaseError> {
    let word = word.trim();
    match word {
        "open" => {
            return Ok(State::ALL
                .iter()
                .copied()
                .filter(|s| !s.is_final())
                .collect());
        }
        "closed" => return Ok(vec![State::Closed, State::SelfHandled]),
        "duplicate" => return Ok(vec![State::Merged]),
        "void" => return Ok(vec![State::Voided]),
        _ => {}
    }
    word.parse().map(|state| vec![state]).map_err(|_| {
        let word: String = word.chars().take(40).collect();
        let known: Vec<&str> = ["open", "duplicate", "void"]
            .into_iter()
            .chain(State::ALL.iter().map(|s| s.as_str()))
            .collect();
        CaseError::field(
            "state",
            "cases.unknown_state",
            format!("{word:?} is not one of {}", known.join(", ")),
        )
    })
}

/// `{"case":{…},"events":[…]}`
///
/// # Errors
/// No such case; the store's.
pub fn show_json(ctx: &Ctx, number: CaseNumber) -> Result<Value, CaseError> {
    let reach = Reach::of(ctx)?;
    let (case, events) = ctx.read_blocking(move |r| with_life(r, &reach, number))?;
    let viewer = Viewer::new(&ctx.service::<Cases>(), ctx.now());
    Ok(json!({ "case": viewer.case(&case), "events": viewer.life(&case, &events) }))
}

/// `{"cases":[…],"next"}`, newest first. `after` is the `next` of the page before.
///
/// # Errors
/// An unknown state, a page size out of range, a cursor of another list; the store's.
pub fn list_json(
    ctx: &Ctx,
    state: Option<&str>,
    district: Option<DistrictCode>,
    limit: Option<u64>,
    after: Option<&str>,
) -> Result<Value, CaseError> {
    let size = limit.map(PageSize::new).transpose().map_err(|e| {
        CaseError::field("limit", "cases.bad_limit", e.to_string())
            .with("most", i64::from(PageSize::MAX))
    })?;
    let after = after
        .map(str::parse::<Cursor>)
        .transpose()
        .map_err(|e| CaseError::field("after", "cases.bad_cursor", e.to_string()))?;
    let query = ListQuery {
        states: state.map(states_of).transpose()?.unwrap_or_default(),
        district,
        size: size.unwrap_or_default(),
        after,
        ..ListQuery::default()
    };
    let page = list_blocking(ctx, &query)?;
    let viewer = Viewer::new(&ctx.service::<Cases>(), ctx.now());
    let cases: Vec<_> = page.items.iter().map(|case| viewer.case(case)).collect();
    Ok(json!({ "cases": cases, "next": page.next.map(|c| c.to_string()) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_groups_name_states() {
        assert_eq!(states_of("handling").unwrap(), [State::Handling]);
        assert_eq!(states_of("transferred").unwrap(), [State::Transferred]);
        assert!(states_of("open").unwrap().contains(&State::PendingAccept));
        assert!(!states_of("open").unwrap().contains(&State::Merged));
        for bad in ["", "Open", "opened", "\u{0}"] {
            let error = states_of(bad).unwrap_err().to_string();
            assert!(
                error.contains("pending_accept") && error.contains("open"),
                "{error}"
            );
        }
    }

    #[test]
    fn every_state_is_in_a_group_or_has_its_own_word() {
        for state in State::ALL {
            assert!(states_of(state.as_str()).unwrap().contains(state));
        }
    }
}
