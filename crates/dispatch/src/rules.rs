//! Pure decisions of a reorganisation (机构调整): which unit takes which work over, and what becomes of the duties.

use access::UnitId;
use jiff::ToSpan as _;
use jiff::civil::Date;
use kernel::DivisionCode;
use kernel::id::Id;
use matters::{Duty, DutyId};
use serde::{Deserialize, Serialize};

/// One row of an order: from the day on, this unit's work on these matters in this place is another's. An empty selector
/// means any; the most specific row wins (place before matter).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The unit until then.
    pub from: UnitId,
    /// The unit from then on.
    pub to: UnitId,
    /// Only matters whose code is this or begins with it.
    pub matter: String,
    /// Only in this division.
    pub division: Option<DivisionCode>,
}

/// What an order makes of the register of duties.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Duties {
    /// Rows that end on the day before, with their end.
    pub ended: Vec<Duty>,
    /// Rows that begin on the day.
    pub begun: Vec<Duty>,
}

/// Work that no row of an order takes over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no row says who takes over {matter:?} in {} from this unit: add a row without selectors",
    where_of(.place.as_ref())
)]
pub struct Gap {
    /// The unit.
    pub from: UnitId,
    /// The code of the matter; empty for any.
    pub matter: String,
    /// The division; none for any.
    pub place: Option<DivisionCode>,
}

fn where_of(place: Option<&DivisionCode>) -> String {
    place.map_or_else(|| "anywhere".to_owned(), ToString::to_string)
}

impl Row {
    fn rank(&self) -> (usize, usize) {
        let place = self.division.map_or(0, |d| d.level().digits());
        (place, self.matter.len())
    }
    fn takes(&self, from: UnitId, matter: &str, division: Option<DivisionCode>) -> bool {
        self.from == from
            && matter.starts_with(&self.matter)
            && self
                .division
                .is_none_or(|wanted| division.is_some_and(|here| wanted.contains(&here)))
    }
}

/// Who takes a piece of work over: the most specific row, the first among equals.
pub fn successor(
    rows: &[Row],
    from: UnitId,
    matter: &str,
    division: Option<DivisionCode>,
) -> Option<UnitId> {
    let mut best: Option<&Row> = None;
    for row in rows.iter().filter(|r| r.takes(from, matter, division)) {
        if best.is_none_or(|b| row.rank() > b.rank()) {
            best = Some(row);
        }
    }
    best.map(|row| row.to)
}

/// As [`successor`]; what no row of a unit that ends speaks of goes with its widest row, so that nothing ends nowhere.
pub fn heir(
    rows: &[Row],
    from: UnitId,
    matter: &str,
    division: Option<DivisionCode>,
) -> Option<UnitId> {
    successor(rows, from, matter, division).or_else(|| {
        let own = rows.iter().filter(|r| r.from == from);
        let ends = rows.iter().all(|r| r.to != from);
        own.min_by_key(|r| r.rank()).filter(|_| ends).map(|r| r.to)
    })
}

/// The units that an order leaves without work: they end with the day before.
pub fn dissolved(rows: &[Row]) -> Vec<UnitId> {
    let mut units: Vec<UnitId> = rows.iter().map(|r| r.from).collect();
    units.sort_unstable();
    units.dedup();
    units.retain(|unit| rows.iter().all(|r| r.to != *unit));
    units
}

/// The first row whose unit takes work over from another and gives work to another as well, if there is one.
pub fn chained(rows: &[Row]) -> Option<usize> {
    let gives = |unit: UnitId| rows.iter().any(|r| r.from == unit && r.to != unit);
    rows.iter().position(|r| r.from != r.to && gives(r.to))
}

/// What an order makes of the duties in force on its day or later. `new_id` makes the ids of the rows that begin.
///
/// # Errors
/// [`Gap`]: an order that would leave a duty without a unit is refused whole.
pub fn duties(
    known: &[Duty],
    rows: &[Row],
    day: Date,
    mut new_id: impl FnMut() -> Id,
) -> Result<Duties, Gap> {
    let before = day.saturating_sub(1.day());
    let mut out = Duties::default();
    for duty in known {
        let is_past = duty.valid_to.is_some_and(|to| to < day);
        let touched = rows.iter().any(|r| r.from != r.to && has(duty, r.from));
        if is_past || !touched {
            continue;
        }
        let mut parts = vec![duty.clone()];
        let mut froms: Vec<UnitId> = rows.iter().map(|r| r.from).collect();
        froms.sort_unstable();
        froms.dedup();
        // Decided on the units of before: a unit that takes over and gives away on one day does both by its own rows.
        for from in froms.into_iter().filter(|from| has(duty, *from)) {
            let mut next = Vec::new();
            for part in &parts {
                next.extend(split(part, duty, rows, from)?);
            }
            parts = next;
        }
        // A row that would begin later than the day begins then, under the new units.
        let begins = duty.valid_from.filter(|from| *from >= day);
        if begins.is_none() {
            out.ended.push(Duty {
                valid_to: Some(before),
                ..duty.clone()
            });
        } else {
            // It never came into force under the old unit: its end lies before its beginning, and the fact stays.
            out.ended.push(Duty {
                valid_to: begins.map(|b| b.saturating_sub(1.day())),
                ..duty.clone()
            });
        }
        for part in parts {
            out.begun.push(Duty {
                id: DutyId(new_id()),
                valid_from: begins.or(Some(day)),
                ..part
            });
        }
    }
    Ok(out)
}

fn has(duty: &Duty, unit: UnitId) -> bool {
    [
        Some(duty.handling),
        duty.competent,
        duty.owning,
        duty.maintaining,
    ]
    .contains(&Some(unit))
}

/// One duty under the rows of one unit: the whole of it, or a part for each row that speaks of a part.
fn split(part: &Duty, of: &Duty, rows: &[Row], from: UnitId) -> Result<Vec<Duty>, Gap> {
    let mut found: Vec<(Duty, (usize, usize))> = Vec::new();
    for row in rows.iter().filter(|r| r.from == from) {
        let Some((matter, division)) = common(part, row) else {
            continue;
        };
        let mut new = Duty {
            matter,
            division,
            ..part.clone()
        };
        let moved = |old: Option<UnitId>, now: Option<UnitId>| {
            if old == Some(from) { Some(row.to) } else { now }
        };
        if of.handling == from {
            new.handling = row.to;
        }
        new.competent = moved(of.competent, new.competent);
        new.owning = moved(of.owning, new.owning);
        new.maintaining = moved(of.maintaining, new.maintaining);
        let same = found
            .iter_mut()
            .find(|(d, _)| d.matter == new.matter && d.division == new.division);
        match same {
            Some(known) if row.rank() > known.1 => *known = (new, row.rank()),
            Some(_) => {}
            None => found.push((new, row.rank())),
        }
    }
    // The whole of the part must be taken over, not only pieces of it.
    let is_whole = found
        .iter()
        .any(|(d, _)| d.matter == part.matter && d.division == part.division);
    if is_whole {
        Ok(found.into_iter().map(|(d, _)| d).collect())
    } else {
        Err(Gap {
            from,
            matter: part.matter.clone(),
            place: part.division,
        })
    }
}

/// What a duty and a row have in common; none if nothing.
fn common(duty: &Duty, row: &Row) -> Option<(String, Option<DivisionCode>)> {
    let matter = if row.matter.starts_with(&duty.matter) {
        row.matter.clone()
    } else if duty.matter.starts_with(&row.matter) {
        duty.matter.clone()
    } else {
        return None;
    };
    let division = match (duty.division, row.division) {
        (here, None) => here,
        // A beat has its own borders: only a row for any place speaks of it.
        (_, Some(_)) if !duty.beat.is_empty() => return None,
        (None, wanted) => wanted,
        (Some(here), Some(wanted)) if wanted.contains(&here) => Some(here),
        (Some(here), Some(wanted)) if here.contains(&wanted) => Some(wanted),
        _ => return None,
    };
    Some((matter, division))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unit(n: u8) -> UnitId {
        UnitId(Id::from_bytes([n; 16]))
    }
    fn row(from: u8, to: u8, matter: &str, division: Option<&str>) -> Row {
        Row {
            from: unit(from),
            to: unit(to),
            matter: matter.into(),
            division: division.map(|d| d.parse().unwrap()),
        }
    }
    fn duty(matter: &str, division: Option<&str>, handling: u8) -> Duty {
        Duty {
            id: DutyId(Id::from_bytes([90; 16])),
            catalogue: String::new(),
            matter: matter.into(),
            division: division.map(|d| d.parse().unwrap()),
            beat: String::new(),
            valid_from: None,
            valid_to: None,
            competent: None,
            owning: None,
            maintaining: None,
            handling: unit(handling),
            legal_basis: None,
            source: "t".into(),
        }
    }
    fn day() -> Date {
        jiff::civil::date(2026, 7, 1)
    }
    fn ids() -> impl FnMut() -> Id {
        let mut n = 0_u8;
        move || {
            n += 1;
            Id::from_bytes([n; 16])
        }
    }

    #[test]
    fn a_merge_ends_both_rows_and_begins_them_under_the_new_unit() {
        let rows = [row(1, 3, "", None), row(2, 3, "", None)];
        let known = [
            duty("C01", None, 1),
            duty("E01", None, 2),
            duty("E02", None, 9),
        ];
        let out = duties(&known, &rows, day(), ids()).unwrap();
        let ends: Vec<_> = out.ended.iter().map(|d| d.valid_to).collect();
        assert_eq!(ends, [Some(jiff::civil::date(2026, 6, 30)); 2]);
        assert!(
            out.begun
                .iter()
                .all(|d| d.handling == unit(3) && d.valid_from == Some(day()))
        );
        assert_eq!(dissolved(&rows), [unit(1), unit(2)]);
    }

    #[test]
    fn a_split_goes_by_the_most_specific_row() {
        let rows = [
            row(1, 2, "", None),
            row(1, 3, "E01", None),
            row(1, 4, "E01", Some("330102001000")),
        ];
        let of =
            |m: &str, d: Option<&str>| successor(&rows, unit(1), m, d.map(|d| d.parse().unwrap()));
        assert_eq!(of("C0101", None), Some(unit(2)));
        assert_eq!(of("E0113", Some("330102002001")), Some(unit(3)));
        assert_eq!(of("E0113", Some("330102001001")), Some(unit(4)));
        assert_eq!(successor(&rows, unit(8), "E0113", None), None);
        let out = duties(&[duty("", None, 1)], &rows, day(), ids()).unwrap();
        assert_eq!(out.begun.len(), 3);
        let out = duties(&[duty("E0113", None, 1)], &rows, day(), ids()).unwrap();
        let new: Vec<_> = out
            .begun
            .iter()
            .map(|d| (d.matter.as_str(), d.handling))
            .collect();
        assert_eq!(new, [("E0113", unit(3)), ("E0113", unit(4))]);
    }

    #[test]
    fn nothing_of_a_unit_that_ends_goes_nowhere() {
        let rows = [row(1, 2, "E01", None), row(1, 3, "C", None)];
        // What no row speaks of goes with the widest.
        assert_eq!(heir(&rows, unit(1), "", None), Some(unit(3)));
        assert_eq!(heir(&rows, unit(1), "E0113", None), Some(unit(2)));
        // A unit that keeps something keeps what no row speaks of.
        let keeps = [row(1, 2, "E01", None), row(1, 1, "C", None)];
        assert_eq!(heir(&keeps, unit(1), "", None), None);
        assert_eq!(heir(&rows, unit(7), "E0113", None), None);
    }

    #[test]
    fn a_unit_that_keeps_a_part_stays() {
        let rows = [row(1, 1, "", None), row(1, 2, "E01", None)];
        assert!(dissolved(&rows).is_empty());
    }

    #[test]
    fn who_takes_over_gives_nothing_away_on_the_same_day() {
        assert_eq!(
            chained(&[row(1, 2, "", None), row(2, 1, "", None)]),
            Some(0)
        );
        assert_eq!(
            chained(&[row(1, 1, "", None), row(1, 2, "E01", None)]),
            None
        );
        assert_eq!(chained(&[row(1, 3, "", None), row(2, 3, "", None)]), None);
    }

    #[test]
    fn an_order_that_leaves_a_duty_to_nobody_is_refused() {
        let rows = [row(1, 2, "E01", None)];
        let gap = duties(&[duty("", None, 1)], &rows, day(), ids()).unwrap_err();
        assert_eq!((gap.from, gap.place), (unit(1), None));
        assert!(gap.to_string().contains("\"\" in anywhere from"), "{gap}");
    }

    #[test]
    fn other_roles_of_the_unit_move_too() {
        let mut known = duty("C01", None, 9);
        known.owning = Some(unit(1));
        let out = duties(&[known], &[row(1, 3, "", None)], day(), ids()).unwrap();
        assert_eq!(
            (out.begun[0].handling, out.begun[0].owning),
            (unit(9), Some(unit(3)))
        );
    }

    proptest! {
        // Whatever the order, whoever a duty says answers for a matter is the successor of who answered before.
        #[test]
        fn duties_and_cases_go_the_same_way(
            rows in prop::collection::vec((0..3_usize, 2..5_u8), 0..4),
            matter in 0..3_usize,
        ) {
            const CODES: [&str; 3] = ["E0101", "E0201", "C0101"];
            const PREFIXES: [&str; 3] = ["E01", "E", "C01"];
            let mut order: Vec<Row> = rows.iter().map(|(p, to)| row(1, *to, PREFIXES[*p], None)).collect();
            order.push(row(1, 9, "", None));
            let out = duties(&[duty("", None, 1)], &order, day(), ids()).unwrap();
            let code = CODES[matter];
            let best = out.begun.iter().filter(|d| code.starts_with(&d.matter)).max_by_key(|d| d.matter.len()).unwrap();
            prop_assert_eq!(Some(best.handling), successor(&order, unit(1), code, None));
        }
    }
}
