//! What may not be graded (`rights.md`, "grades of posts", "grades of regions"): found out from the definition itself.
//!
//! A definition rewards silence when a resident's report alone lowers a score. Whether it does is not a list of names but
//! a trial: reports are put in that run as they should – one that is true and served in every way, one that turns out
//! untrue and is told so, one that is looked into and rightly not registered, one that is answered at once, one that says what
//! was said before – by every channel, of every nature and urgency that the definition tells apart, and the score may not fall
//! by any of them. Where it is a plain count of cases that lowers it, what is still under way within its limits and the
//! requester who was served and is not satisfied are among them too; rates set such cases against the others.

use crate::condition::{Mode, Moment};
use crate::definitions::{Band, Composite, Definition, DefinitionSet, Filter, Object, Part, Term};
use cases::State;
use cases::facts::PATROL_CHANNELS;
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
    /// Its points are not a hundred, of which grades are: a set from before they had to be.
    NotOfHundred,
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

/// Everything that stands against grading a composite of this set: what is said of the composite, and that its points are not those
/// of which the grades are.
pub fn against(set: &DefinitionSet, composite: &Composite) -> Vec<Objection> {
    let mut found = objections(set, composite);
    if !set.grades.is_empty() && !composite.is_of_hundred() {
        found.push(Objection::NotOfHundred);
    }
    found
}

/// Whether a report of a resident, handled as it should be, can lower the part's points.
fn is_lowered_by_reports(set: &DefinitionSet, part: &Part) -> bool {
    match (&part.rate, &part.count) {
        (Some(rate), _) => set.definition(rate).is_none_or(|definition| {
            let told_apart = told_apart(definition);
            reports()
                .iter()
                .flat_map(|report| variants(report, &told_apart))
                .any(|report| lowers_rate(definition, part, &report))
        }),
        (None, Some(count)) => {
            let counts = [Term::Word(count.clone())];
            let cross = reports()[0].clone().with(C::Satisfaction, Some(1));
            let lives = reports().into_iter().chain([cross, under_way()]);
            falls(&part.bands)
                && lives
                    .flat_map(|report| variants(&report, &[]))
                    .any(|report| sum(&counts, &Filter::default(), &report) > 0)
        }
        (None, None) => false,
    }
}

/// Every filter that a definition has.
fn told_apart(definition: &Definition) -> Vec<&Filter> {
    let terms = definition.numerator.iter().chain(&definition.denominator);
    std::iter::once(&definition.filter)
        .chain(terms.filter_map(Term::filter))
        .collect()
}

/// A report of a resident by each channel and of each nature that these filters name, urgent and not.
fn variants(report: &Measures, told_apart: &[&Filter]) -> Vec<Measures> {
    let of_residents = |channel: &&str| !PATROL_CHANNELS.contains(channel);
    let channels = told_apart.iter().flat_map(|f| &f.channels);
    let channels: Vec<&str> = std::iter::once(report.channel())
        .chain(channels.map(String::as_str).filter(of_residents))
        .collect();
    let natures = told_apart.iter().flat_map(|f| &f.natures);
    let natures: Vec<Option<&str>> = std::iter::once(None)
        .chain(natures.map(|nature| Some(nature.as_str())))
        .collect();
    let mut all = Vec::new();
    for channel in &channels {
        for nature in &natures {
            for urgent in [None, Some(1)] {
                let report = report.clone().of_contact(channel, *nature);
                all.push(report.with(C::Urgent, urgent));
            }
        }
    }
    all
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

/// How a resident's report begins that a worker on duty finds.
const VERIFIED: [(C, i64); 6] = [
    (C::ReportedAt, 10),
    (C::VerifyFrom, 10),
    (C::VerifyDue, 20),
    (C::VerifiedAt, 15),
    (C::InBeat, 1),
    (C::AcceptFrom, 15),
];

/// A report that began so, and went on so.
fn told(state: State, more: &[(C, i64)]) -> Measures {
    Measures::told(state, "hotline", &[&VERIFIED[..], more].concat())
}

/// Reports of residents that run as they should.
fn reports() -> [Measures; 5] {
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
            (C::SignFrom, 45),
            (C::SignDue, 55),
            (C::SignDone, 50),
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
            (C::CloseDone, 95),
            (C::AnsweredAt, 94),
            (C::CallFrom, 95),
            (C::CallDue, 120),
            (C::CallDone, 110),
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
    let answered = told(
        State::AnsweredDirectly,
        &[
            (C::VerifiedTrue, 1),
            (C::CountsUntil, 25),
            (C::AcceptDue, 30),
            (C::AcceptDone, 25),
            (C::Direct, 1),
            (C::ClosedAt, 25),
            (C::AnsweredAt, 25),
        ],
    );
    let said_before = told(
        State::Merged,
        &[
            (C::VerifiedTrue, 1),
            (C::CountsUntil, 25),
            (C::AcceptDue, 30),
            (C::ClosedAt, 25),
        ],
    );
    [served, untrue, declined, answered, said_before]
}

/// A report that lies before the unit, in time, when the period ends.
fn under_way() -> Measures {
    told(
        State::Handling,
        &[
            (C::VerifiedTrue, 1),
            (C::CountsUntil, i64::MAX),
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
            (C::SignFrom, 45),
            (C::SignDue, 55),
            (C::SignDone, 50),
            (C::DueAt, 2_000),
        ],
    )
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
    fn a_definition_that_tells_residents_reports_apart_is_tried_by_each_of_them() {
        let mut set = built_in().remove(0);
        let mut rate = set.definition("valid_report/report").unwrap().clone();
        rate.id = "ours/report".into();
        rate.denominator = vec![Term::Word("report".into())];
        let mut composite = set.composite("region/closing").unwrap().clone();
        composite.parts.truncate(1);
        composite.parts[0].rate = Some(rate.id.clone());
        composite.parts[0].inverted = true;
        let at = set.definitions.len();
        set.definitions.push(rate.clone());
        for filter in [
            Filter {
                natures: vec!["complaint".into()],
                ..Filter::default()
            },
            Filter {
                channels: vec!["web".into()],
                ..Filter::default()
            },
            Filter {
                urgent: Some(true),
                ..Filter::default()
            },
        ] {
            set.definitions[at].numerator = vec![Term::Of {
                word: "report".into(),
                filter: filter.clone(),
            }];
            assert_eq!(
                objections(&set, &composite),
                [silence("ours/report")],
                "{filter:?}"
            );
        }
        // Of patrols alone: no resident is meant.
        let own = Filter {
            channels: vec!["patrol".into()],
            ..Filter::default()
        };
        set.definitions[at].filter = Filter {
            patrol: Some(true),
            ..Filter::default()
        };
        set.definitions[at].numerator = vec![Term::Of {
            word: "report".into(),
            filter: own,
        }];
        assert_eq!(objections(&set, &composite), []);
    }

    #[test]
    fn a_count_that_falls_with_what_residents_say_is_refused_whatever_it_counts() {
        let set = built_in().remove(0);
        let banded = set
            .composites
            .iter()
            .find(|c| c.parts.iter().any(|p| p.count.is_some() && falls(&p.bands)));
        let mut composite = banded.unwrap().clone();
        composite
            .parts
            .retain(|p| p.count.is_some() && falls(&p.bands));
        composite.parts.truncate(1);
        for count in [
            "register",
            "direct",
            "urgent",
            "merged",
            "dissatisfied",
            "to_archive",
            "report",
        ] {
            composite.parts[0].count = Some(count.into());
            assert!(
                objections(&set, &composite).contains(&silence(count)),
                "{count}"
            );
        }
        // What a unit failed to do in time lowers it rightly.
        composite.parts[0].count = Some("overtime_dispose".into());
        assert!(!objections(&set, &composite).contains(&silence("overtime_dispose")));
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
