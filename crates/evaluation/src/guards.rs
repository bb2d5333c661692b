//! What may not be graded (`rights.md`, "grades of posts", "grades of regions"): found out from the definition itself.
//!
//! A definition rewards silence when a resident's report alone lowers a score. Whether it does is not a list of names but
//! a trial: reports are put in that run as they should – one that is true and served in every way, one that turns out
//! untrue and is told so, one that is looked into and rightly not registered – and the score may not fall by any of them.

use crate::condition::{Mode, Moment};
use crate::definitions::{Band, Composite, Definition, DefinitionSet, Filter, Object, Part, Term};
use cases::State;
use cases::measures::{Column as C, Measures};

/// A post is graded only when so many hold it together.
pub const LEAST_HOLDERS: u64 = 5;

/// Why a composite may not be graded.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "objection", rename_all = "snake_case")]
pub enum Objection {
    /// A resident's report lowers the score.
    RewardsSilence {
        /// The rate or the count at fault.
        part: String,
    },
    /// A post's number of uploads or cases is its target.
    CountAsTarget {
        /// The count at fault.
        part: String,
    },
    /// Fewer than five hold the post together: its grade would be a person's.
    FewHolders {
        /// How many do.
        holders: u64,
    },
}

/// What stands against grading a composite, whatever its figures.
pub fn objections(set: &DefinitionSet, composite: &Composite) -> Vec<Objection> {
    let mut found = Vec::new();
    for part in &composite.parts {
        let name = part
            .rate
            .as_deref()
            .or(part.count.as_deref())
            .unwrap_or_default();
        if is_lowered_by_reports(set, part) {
            found.push(Objection::RewardsSilence { part: name.into() });
        }
        if composite.object == Object::Post && part.count.is_some() {
            found.push(Objection::CountAsTarget { part: name.into() });
        }
    }
    found
}

/// Whether a report of a resident, handled as it should be, can lower the part's points.
fn is_lowered_by_reports(set: &DefinitionSet, part: &Part) -> bool {
    reports()
        .iter()
        .any(|report| match (&part.rate, &part.count) {
            (Some(rate), _) => set
                .definition(rate)
                .is_none_or(|definition| lowers_rate(definition, part, report)),
            (None, Some(count)) => {
                let added = sum(&[Term::Word(count.clone())], &Filter::default(), report);
                added > 0 && falls(&part.bands)
            }
            (None, None) => false,
        })
}

/// A rate N/D becomes (N + n)/(D + d). For some N/D between 0 and 1 it rises when n > 0, and falls when n < d.
fn lowers_rate(definition: &Definition, part: &Part, report: &Measures) -> bool {
    let n = sum(&definition.numerator, &definition.filter, report);
    let d = sum(&definition.denominator, &definition.filter, report);
    let (can_rise, can_fall) = (n > 0 && n != d || n > d, n < d);
    // With both the same and above zero a rate below one rises.
    let can_rise = can_rise || n > 0 && n == d;
    let (worse_when_higher, worse_when_lower) = if part.bands.is_empty() {
        (part.inverted, !part.inverted)
    } else {
        let (falls, rises) = (falls(&part.bands), rises(&part.bands));
        if part.inverted {
            (rises, falls)
        } else {
            (falls, rises)
        }
    };
    // A rate that is one already does not move when one is put above and below.
    let can_rise = can_rise && !is_always_one(definition);
    can_rise && worse_when_higher || can_fall && worse_when_lower
}

/// The same above and below: such a rate never moves.
fn is_always_one(definition: &Definition) -> bool {
    definition.numerator == definition.denominator
}

fn falls(bands: &[Band]) -> bool {
    bands.windows(2).any(|w| w[1].points < w[0].points)
}
fn rises(bands: &[Band]) -> bool {
    bands.windows(2).any(|w| w[1].points > w[0].points)
}

/// What a row adds to a sum of terms.
pub fn sum(terms: &[Term], filter: &Filter, row: &Measures) -> i64 {
    sum_in(terms, filter, row, &WHOLE, Mode::Raw)
}

/// The same in a period and mode.
pub fn sum_in(terms: &[Term], filter: &Filter, row: &Measures, at: &Moment, mode: Mode) -> i64 {
    if !filter.lets(row) {
        return 0;
    }
    terms
        .iter()
        .filter(|term| term.filter().is_none_or(|f| f.lets(row)))
        .filter_map(|term| Some(term.word()?.amount.of(row, at, mode)))
        .sum()
}

impl Filter {
    /// Whether a row is among the cases it names.
    pub fn lets(&self, row: &Measures) -> bool {
        let is = |wanted: Option<bool>, column: C| {
            wanted.is_none_or(|wanted| wanted == row.get(column).is_some())
        };
        let among = |list: &[String], word: Option<&str>| {
            list.is_empty() || word.is_some_and(|w| list.iter().any(|l| l == w))
        };
        is(self.patrol, C::Patrol)
            && is(self.urgent, C::Urgent)
            && is(self.imported, C::Imported)
            && among(&self.channels, Some(row.channel()))
            && among(&self.natures, row.nature())
    }
}

/// The period of the trial.
const WHOLE: Moment = Moment {
    start: 0,
    end: 1_000,
    known_until: 1_000,
};

/// Three reports of residents that run as they should.
fn reports() -> [Measures; 3] {
    const VERIFIED: [(C, i64); 6] = [
        (C::ReportedAt, 10),
        (C::VerifyFrom, 10),
        (C::VerifyDue, 20),
        (C::VerifiedAt, 15),
        (C::InBeat, 1),
        (C::AcceptFrom, 15),
    ];
    let told = |state, more: &[(C, i64)]| {
        Measures::told(state, "hotline", &[&VERIFIED[..], more].concat())
    };
    let served = told(
        State::Closed,
        &[
            (C::VerifiedTrue, 1),
            (C::CountsUntil, 110),
            (C::AcceptDue, 30),
            (C::AcceptDone, 25),
            (C::AcceptedAt, 25),
            (C::RegisterFrom, 25),
            (C::RegisterDue, 40),
            (C::RegisterDone, 35),
            (C::RegisteredAt, 35),
            (C::DispatchFrom, 35),
            (C::DispatchDue, 50),
            (C::DispatchedAt, 45),
            (C::Dispatches, 1),
            (C::DueAt, 80),
            (C::FirstHandledAt, 70),
            (C::HandledAt, 70),
            (C::Handlings, 1),
            (C::CheckFrom, 70),
            (C::CheckDue, 90),
            (C::CheckedAt, 85),
            (C::CloseFrom, 85),
            (C::CloseDue, 100),
            (C::ClosedAt, 95),
            (C::AnsweredAt, 94),
            (C::CalledBackAt, 110),
            (C::Contacted, 1),
            (C::Solved, 1),
            (C::Satisfaction, 3),
        ],
    );
    let untrue = told(
        State::NotAccepted,
        &[
            (C::VerifiedTrue, 0),
            (C::CountsUntil, 25),
            (C::AcceptDue, 30),
            (C::AcceptDone, 25),
            (C::ClosedAt, 25),
        ],
    );
    let declined = told(
        State::NotRegistered,
        &[
            (C::VerifiedTrue, 1),
            (C::CountsUntil, 35),
            (C::AcceptDue, 30),
            (C::AcceptDone, 25),
            (C::AcceptedAt, 25),
            (C::RegisterFrom, 25),
            (C::RegisterDue, 40),
            (C::RegisterDone, 35),
            (C::ClosedAt, 35),
        ],
    );
    [served, untrue, declined]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::built_in;

    fn against(id: &str) -> Vec<Objection> {
        let set = &built_in()[0];
        objections(set, set.composite(id).unwrap())
    }
    fn silence(part: &str) -> Objection {
        Objection::RewardsSilence { part: part.into() }
    }

    #[test]
    fn a_score_that_residents_lower_by_reporting_is_found_from_its_definition() {
        for class in ["region/cu-class-1", "region/cu-class-2"] {
            assert_eq!(
                against(class),
                [silence("public_report/register"), silence("register")]
            );
        }
        assert_eq!(against("unit/cu"), [silence("register")]);
        assert_eq!(against("post/collector"), [silence("missed/register")]);
    }

    #[test]
    fn a_count_is_no_target_of_a_post() {
        let target = |part: &str| Objection::CountAsTarget { part: part.into() };
        assert_eq!(against("post/acceptor"), [target("accept")]);
        assert_eq!(against("post/dispatcher"), [target("dispatch")]);
    }

    #[test]
    fn scores_of_work_done_well_are_not_refused() {
        for id in [
            "unit/eg",
            "unit/jn",
            "unit/fuzhou",
            "region/closing",
            "post/shift-leader",
        ] {
            assert_eq!(against(id), [], "{id}");
        }
    }

    #[test]
    fn the_turn_of_a_rate_decides_and_not_its_name() {
        let mut set = built_in().remove(0);
        let composite = set
            .composites
            .iter_mut()
            .find(|c| c.id == "region/closing")
            .unwrap();
        composite.parts[0].rate = Some("public_report/register".into());
        let composite = composite.clone();
        assert_eq!(
            objections(&set, &composite),
            [] as [Objection; 0],
            "more reports, more points"
        );
        let mut turned = composite;
        turned.parts[0].inverted = true;
        assert_eq!(objections(&set, &turned).len(), 1);
        // All reports below, only valid ones above: whoever reports in error would cost points. Of patrols alone: nobody.
        turned.parts[0].inverted = false;
        turned.parts[0].rate = Some("valid_report/report".into());
        assert_eq!(objections(&set, &turned), [silence("valid_report/report")]);
        turned.parts[0].rate = Some("valid_patrol/patrol_report".into());
        assert_eq!(objections(&set, &turned), []);
    }
}
