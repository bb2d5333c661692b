//! A file with a set of definitions, looked at before it is brought in: what it adds to the newest version of the same set, what
//! says something else than there, and what is at fault. A set is taken whole or not at all: its rates and scores stand on
//! each other.

use crate::definitions::{Composite, Definition, DefinitionSet, Piece, SetError};
use crate::guards::{self, Objection};
use crate::ops::{self, EvaluationError, import_set};
use access::{Ctx, Permission};
use grid::batch::Plan;
use grid::{ImportError, Reject, Remark, Report, Why};

/// On which lines the pieces of a set stand.
struct Lines {
    definitions: Vec<u64>,
    composites: Vec<u64>,
}

impl Lines {
    /// Of a text, by the heads of its tables.
    fn of(text: &str) -> Self {
        let heads = |head: &str| {
            let lines = text.lines().zip(1..);
            lines
                .filter(|(line, _)| line.trim() == head)
                .map(|(_, at)| at)
                .collect()
        };
        Self {
            definitions: heads("[[definition]]"),
            composites: heads("[[composite]]"),
        }
    }
    /// The line of a piece; where a text is written otherwise, its place among its like.
    fn at(&self, piece: Piece) -> u64 {
        let (lines, at) = match piece {
            Piece::Head => return 1,
            Piece::Definition(at) => (&self.definitions, at),
            Piece::Composite(at) => (&self.composites, at),
        };
        lines.get(at).copied().unwrap_or(at as u64 + 1)
    }
}

fn pieces(set: &DefinitionSet) -> impl Iterator<Item = Piece> {
    let definitions = (0..set.definitions.len()).map(Piece::Definition);
    let composites = (0..set.composites.len()).map(Piece::Composite);
    std::iter::once(Piece::Head)
        .chain(definitions)
        .chain(composites)
}

/// What a piece is called.
fn name(set: &DefinitionSet, piece: Piece) -> String {
    match piece {
        Piece::Head => format!("{}@{} {}", set.id, set.version, set.name_zh),
        Piece::Definition(at) => {
            let Definition { id, name_zh, .. } = &set.definitions[at];
            format!("{id} {name_zh}")
        }
        Piece::Composite(at) => {
            let Composite { id, name_zh, .. } = &set.composites[at];
            format!("{id} {name_zh}")
        }
    }
}

/// Whether a piece is in an earlier version, and says the same there.
fn in_earlier(set: &DefinitionSet, piece: Piece, earlier: &DefinitionSet) -> Option<bool> {
    match piece {
        Piece::Head => None,
        Piece::Definition(at) => {
            let now = &set.definitions[at];
            earlier.definition(&now.id).map(|before| before == now)
        }
        Piece::Composite(at) => {
            let now = &set.composites[at];
            earlier.composite(&now.id).map(|before| before == now)
        }
    }
}

/// What stands against grading by a set, and what its earlier version had and it has no more.
fn warnings(set: &DefinitionSet, earlier: Option<&DefinitionSet>) -> Vec<Remark> {
    let mut told = Vec::new();
    for composite in &set.composites {
        let mut objections = guards::objections(set, composite);
        objections.dedup();
        told.extend(objections.iter().map(|objection| {
            let id = &composite.id;
            match objection {
                Objection::RewardsSilence { part } => {
                    let text = format!("{id} rewards silence by {part}: it is kept and shown, but not graded");
                    Remark::new("set_silence", text).with("id", id).with("part", part)
                }
                Objection::CountAsTarget { part } => {
                    let text = format!("{id} has the count {part} as a target: it is kept and shown, but not graded");
                    Remark::new("set_target", text).with("id", id).with("part", part)
                }
                Objection::NotOfHundred => {
                    let text = format!("{id} is not of 100 points: it is kept and shown, but not graded");
                    Remark::new("set_not_hundred", text).with("id", id)
                }
                Objection::FewHolders { holders } => {
                    let text = format!("{id} is of {holders} holders: it is kept and shown, but not graded");
                    Remark::new("set_holders", text).with("id", id).with("holders", holders)
                }
            }
        }));
    }
    if let Some(earlier) = earlier {
        let gone = |id: &str| {
            let name = format!("{}@{}", set.id, set.version);
            Remark::new("set_gone", format!("{name} has no {id} any more"))
                .with("set", name)
                .with("id", id)
        };
        let rates = earlier.definitions.iter().map(|d| d.id.as_str());
        let rates = rates.filter(|id| set.definition(id).is_none());
        told.extend(rates.map(gone));
        let scores = earlier.composites.iter().map(|c| c.id.as_str());
        let scores = scores.filter(|id| set.composite(id).is_none());
        told.extend(scores.map(gone));
    }
    told
}

/// The refused rows of a set that is at fault: each fault, and every sound piece, for a set is taken whole.
fn refused(set: &DefinitionSet, lines: &Lines, faults: &[(Piece, SetError)]) -> Report {
    let mut report = Report::default();
    for piece in pieces(set) {
        report.read += 1;
        let line = lines.at(piece);
        let mut own = faults.iter().filter(|(at, _)| *at == piece).peekable();
        if own.peek().is_none() {
            let why = Why::new(
                "set_whole",
                "sound by itself, but a set is taken whole or not at all",
            );
            report.reject(Reject::new(line, "row", &name(set, piece), why));
        }
        // The head may have two faults and is one row.
        for (nth, (_, fault)) in own.enumerate() {
            // Columns of sheets have names of their own; what stands in the head is called as in the file.
            let field = match piece {
                Piece::Head => format!("set {}", fault.field),
                Piece::Definition(_) | Piece::Composite(_) => fault.field.clone(),
            };
            let reject = Reject::new(line, &field, &name(set, piece), fault.why.clone());
            report.reject(reject);
            report.rejected -= u64::from(nth > 0);
        }
    }
    report
}

fn report_of(
    set: &DefinitionSet,
    lines: &Lines,
    known: &[DefinitionSet],
) -> Result<Report, EvaluationError> {
    let faults = set.faults();
    if !faults.is_empty() {
        return Ok(refused(set, lines, &faults));
    }
    let mut report = Report::default();
    let same = known
        .iter()
        .find(|s| (&s.id, s.version) == (&set.id, set.version));
    match same {
        Some(same) if same == set => {
            report.read = pieces(set).count() as u64;
            report.unchanged = report.read;
            return Ok(report);
        }
        Some(_) => return Err(ops::same_version(set)),
        None => {}
    }
    let of_it = known
        .iter()
        .filter(|s| s.id == set.id && s.version < set.version);
    let earlier = of_it.max_by_key(|s| s.version);
    for piece in pieces(set) {
        report.read += 1;
        let before = earlier.and_then(|earlier| in_earlier(set, piece, earlier));
        match before {
            Some(true) => report.unchanged += 1,
            Some(false) => report.updated += 1,
            None => report.imported += 1,
        }
        if before != Some(true) {
            report.show(lines.at(piece), before.is_none(), || name(set, piece));
        }
    }
    for warning in warnings(set, earlier) {
        report.warn(warning);
    }
    Ok(report)
}

fn unusable(error: EvaluationError) -> ImportError {
    match error {
        EvaluationError::Refused(error) => error.into(),
        EvaluationError::Store(error) => error.into(),
        EvaluationError::SameVersion { .. } => ImportError::unusable("set_taken", error),
        other => ImportError::unusable("set", other),
    }
}

/// What a file with a set would do. A set with a fault writes nothing, and each fault is a refused row.
///
/// # Errors
/// A file that is none of a set, a version that is there and says something else, the permission, or the store's.
pub fn plan(ctx: &Ctx, bytes: &[u8]) -> Result<Plan, ImportError> {
    ctx.require(Permission::EvaluationManage)?;
    let text = std::str::from_utf8(bytes)
        .map_err(|e| ImportError::unusable("not_utf8", format!("the file is not UTF-8: {e}")))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let set = DefinitionSet::read(text)
        .map_err(|e| ImportError::unusable("unreadable_set", e.why.text).at("file"))?;
    let known = ctx
        .read_blocking::<_, EvaluationError, _>(ops::sets)
        .map_err(unusable)?;
    let report = report_of(&set, &Lines::of(text), &known).map_err(unusable)?;
    let writes = report.imported + report.updated;
    let plan = Plan::new(report).needing(Permission::EvaluationManage);
    if writes == 0 {
        return Ok(plan);
    }
    let text = text.to_owned();
    Ok(plan.then(move |ctx, progress| {
        import_set(ctx, &text).map_err(unusable)?;
        progress(writes);
        Ok(())
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::built_in;

    fn standard() -> (DefinitionSet, String) {
        let text = include_str!("../data/standard.toml").to_owned();
        (built_in().remove(0), text)
    }

    fn looked_at(text: &str, known: &[DefinitionSet]) -> Report {
        let set = DefinitionSet::read(text).expect("a set");
        let report = report_of(&set, &Lines::of(text), known).expect("a look at it");
        assert!(report.adds_up(), "{report:?}");
        report
    }

    #[test]
    fn the_next_version_tells_what_is_new_changed_and_gone() {
        let (first, _) = standard();
        let mut next = first.clone();
        next.version = 9;
        next.definitions[0].name_zh = "改过的名称".into();
        let mut added = next.definitions[1].clone();
        added.id = "of_our_own".into();
        next.definitions.push(added);
        let gone = next.composites.pop().expect("a composite");
        let text = next.to_toml();
        let report = looked_at(&text, std::slice::from_ref(&first));
        let all = (first.definitions.len() + first.composites.len()) as u64;
        assert_eq!(
            (report.imported, report.updated),
            (2, 1),
            "the set itself and one rate"
        );
        assert_eq!(report.unchanged, all - 2);
        let shown: Vec<&str> = report.shown.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(shown.len(), 3);
        assert!(shown[0].starts_with("standard@9"), "{shown:?}");
        assert!(
            shown[1].ends_with("改过的名称") && !report.shown[1].is_new,
            "{shown:?}"
        );
        assert!(
            shown[2].starts_with("of_our_own") && report.shown[2].is_new,
            "{shown:?}"
        );
        let line = usize::try_from(report.shown[2].line).expect("a line");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[line - 1], "[[definition]]");
        assert!(lines[line].contains("of_our_own"), "{}", lines[line]);
        assert!(
            report.warnings.iter().any(|w| w.text.contains(&gone.id)),
            "{:?}",
            report.warnings
        );
        assert!(
            report
                .warnings
                .iter()
                .any(|w| w.text.contains("rewards silence")),
            "{:?}",
            report.warnings
        );
    }

    #[test]
    fn the_same_version_is_unchanged_or_refused() {
        let (first, text) = standard();
        let again = looked_at(&text, std::slice::from_ref(&first));
        assert_eq!((again.imported, again.unchanged), (0, again.read));
        let other = DefinitionSet {
            name_zh: "别的".into(),
            ..first.clone()
        };
        let lines = Lines::of("");
        assert!(matches!(
            report_of(&other, &lines, &[first]),
            Err(EvaluationError::SameVersion { .. })
        ));
    }

    #[test]
    fn every_fault_is_a_refused_row_and_a_set_is_taken_whole() {
        let (first, _) = standard();
        let mut wrong = DefinitionSet {
            id: "city".into(),
            ..first
        };
        wrong.definitions[0].numerator.clear();
        wrong.definitions[2].id = wrong.definitions[1].id.clone();
        wrong.composites[0].parts[0].weight = -1.0;
        let report = looked_at(&wrong.to_toml(), &[]);
        assert_eq!(
            (report.imported, report.updated, report.rejected),
            (0, 0, report.read)
        );
        let said = |code: &str| {
            report
                .rejects
                .iter()
                .filter(|r| r.coded.code == code)
                .count() as u64
        };
        // The third's id is the second's now, so that its own rate is missing where composites name it.
        assert_eq!(
            (said("set_terms"), said("set_twice"), said("set_weight")),
            (1, 1, 1)
        );
        assert!(said("set_whole") > 0 && said("set_whole") < report.read - 2);
    }
}
