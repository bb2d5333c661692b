//! 通报 — the monthly bulletin: what a month's figures say, as tables and two charts, in a spreadsheet or on paper.
//!
//! [`compose`] puts figures into sentences and tables in the reader's language; [`xlsx`] and [`pdf`] only draw them.

pub mod canvas;
pub mod font;
pub mod pdf;
pub mod xlsx;

use crate::definitions::{Better, Definition, DefinitionSet, Object, Unit};
use crate::figures::{self, Figure, Line};
use crate::guards::Objection;
use crate::model::{By, Month, Share};
use crate::ops::{self, EvaluationError, find_set, is_command_line, sets};
use crate::scores::{Score, Standing};
use crate::sql::Ask;
use crate::sql_sets::Frozen;
use access::Scope;
use jiff::Timestamp;
use matters::City;
use store::Read;
use ui::{Arg, I18n, Lang};

/// More rows of a table than this are left to the spreadsheet's own evaluation.
const MOST_ROWS: usize = 300;

/// Words in one language.
pub struct Words<'w> {
    /// All words of the program.
    pub i18n: &'w I18n,
    /// The language.
    pub lang: Lang,
}

impl Words<'_> {
    fn t(&self, key: &str) -> String {
        self.i18n.text(self.lang, key, &[])
    }
    fn ta(&self, key: &str, args: &[(&str, &dyn Arg)]) -> String {
        self.i18n.text(self.lang, key, args)
    }
    /// Who froze a month: an account by its shown name, the command line in words.
    fn frozen_by(&self, who: &str) -> String {
        match is_command_line(who) {
            true => self.t("evaluation-frozen-at-the-command-line"),
            false => who.to_owned(),
        }
    }
    fn of<'a>(&self, zh: &'a str, en: &'a str) -> &'a str {
        if self.lang == Lang::Zh || en.is_empty() {
            zh
        } else {
            en
        }
    }
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A share with what it was made of.
    Share(Share),
    /// Hours: seconds over cases.
    Hours(Share),
    /// Points of a score.
    Points(Option<f64>),
    /// A difference of shares.
    Change(Option<f64>),
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its title.
    pub title: String,
    /// The heads of its columns.
    pub heads: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<Cell>>,
}

/// Bars of one rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// What they show.
    pub title: String,
    /// Name and share, in the order shown.
    pub rows: Vec<(String, Share)>,
}

/// A funnel plot of one rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Funnel {
    /// What it shows.
    pub title: String,
    /// What the axes are: cases, share.
    pub axes: (String, String),
    /// The share of all.
    pub whole: f64,
    /// Name, share, where it stands.
    pub points: Vec<(String, Share, Standing)>,
}

/// A bulletin.
#[derive(Debug, Clone, PartialEq)]
pub struct Bulletin {
    /// Its title.
    pub title: String,
    /// City, period, by which definitions, when.
    pub lines: Vec<String>,
    /// What stands out, in sentences.
    pub findings: Vec<String>,
    /// Bars of a rate by unit.
    pub bars: Option<Bars>,
    /// The same as a funnel.
    pub funnel: Option<Funnel>,
    /// The tables.
    pub tables: Vec<Table>,
    /// What has to be known to read it.
    pub notes: Vec<String>,
    /// The word for a page, with `#` for its number.
    pub page: String,
    /// The heading over the notes.
    pub notes_title: String,
    /// The language tag.
    pub language: &'static str,
}

impl Bulletin {
    /// Rows of all tables.
    pub fn rows(&self) -> usize {
        self.tables.iter().map(|t| t.rows.len()).sum()
    }
}

/// The figures a bulletin is made of.
pub struct Material {
    /// The definitions.
    pub set: DefinitionSet,
    /// The month.
    pub month: Month,
    /// All cases of the reader's scope.
    pub city: Vec<Line>,
    /// The same a month before.
    pub before: Vec<Line>,
    /// By unit.
    pub units: Vec<Line>,
    /// By division.
    pub divisions: Vec<Line>,
    /// If the month is frozen: since when, by whom.
    pub frozen: Option<Frozen>,
    /// When the figures were read.
    pub now: Timestamp,
}

/// Reads the material.
///
/// # Errors
/// [`EvaluationError`].
pub fn material(
    r: &mut Read<'_>,
    city: &City,
    set: &str,
    month: Month,
    now: Timestamp,
    scope: &Scope,
) -> Result<Material, EvaluationError> {
    let asked = find_set(&sets(r)?, set)?;
    // What was frozen is told as it was frozen, by the definitions of then. It is of the whole city: whoever reads a part of it
    // gets the figures of now, which say so.
    let is_whole = scope.unit.is_none() && scope.districts.is_empty();
    let mut then = |month: Month| match is_whole {
        true => ops::frozen(r, &asked.id, month),
        false => Ok(None),
    };
    let (frozen, frozen_before) = (then(month)?, then(month.before())?);
    let set = match &frozen {
        Some((_, snapshot)) => snapshot.set.clone(),
        None => asked,
    };
    let mut read = |by: By, month: Month| -> Result<Vec<Line>, EvaluationError> {
        let known = [&frozen, &frozen_before].into_iter().flatten();
        let known = known.map(|(_, snapshot)| snapshot);
        let rows = known
            .filter(|snapshot| snapshot.month == month.to_string())
            .find_map(|snapshot| snapshot.figures.get(by.as_str()));
        if let Some(rows) = rows {
            return Ok(figures::of_frozen(&set, rows));
        }
        let period = month
            .period(&city.timezone)
            .map_err(|e| EvaluationError::Period(e.to_string()))?;
        let ask = Ask {
            by,
            period,
            now,
            scope: scope.clone(),
        };
        Ok(figures::lines(r, &set, city, &ask)?)
    };
    let (whole, before) = (read(By::City, month)?, read(By::City, month.before())?);
    let (units, divisions) = (read(By::Unit, month)?, read(By::Division, month)?);
    let frozen = frozen.map(|(row, _)| row);
    Ok(Material {
        set,
        month,
        city: whole,
        before,
        units,
        divisions,
        frozen,
        now,
    })
}

/// Rates that stand in the tables by unit and division, if the set has them.
const IN_TABLES: [&str; 5] = [
    "closing/need_archive",
    "closing_on_time/need_archive_with_limit",
    "dispose_on_time/need_dispose",
    "rework/need_archive",
    "extension/need_archive",
];

fn in_tables(set: &DefinitionSet) -> Vec<&Definition> {
    let named: Vec<&Definition> = IN_TABLES
        .iter()
        .filter_map(|id| set.definition(id))
        .collect();
    if named.is_empty() {
        set.definitions
            .iter()
            .filter(|d| d.unit == Unit::Share)
            .take(IN_TABLES.len())
            .collect()
    } else {
        named
    }
}

/// The rate of the charts: that of closing on time, else the first that is better higher.
fn charted(set: &DefinitionSet) -> Option<&Definition> {
    set.definition("closing_on_time/need_archive_with_limit")
        .or_else(|| {
            set.definitions
                .iter()
                .find(|d| d.unit == Unit::Share && d.better == Better::Higher)
        })
}

/// Puts a month's figures into a bulletin.
pub fn compose(words: &Words<'_>, city_name: &str, city: &City, m: &Material) -> Bulletin {
    let month = m.month.to_string();
    let local = |at: Timestamp| {
        city.timezone
            .to_datetime(at)
            .strftime("%Y-%m-%d %H:%M")
            .to_string()
    };
    let first = m.month.first().to_string();
    let last = m.month.last().to_string();
    let set_name = words.of(&m.set.name_zh, &m.set.name_en).to_owned();
    let version = m.set.version.to_string();
    let mut lines = vec![
        words.ta(
            "evaluation-bulletin-period",
            &[("city", &city_name), ("from", &first), ("to", &last)],
        ),
        words.ta(
            "evaluation-bulletin-set",
            &[("set", &set_name), ("id", &m.set.id), ("version", &version)],
        ),
    ];
    lines.push(match &m.frozen {
        Some(frozen) => {
            let at = local(frozen.frozen_at);
            words.ta(
                "evaluation-bulletin-frozen",
                &[("at", &at), ("who", &words.frozen_by(&frozen.frozen_by))],
            )
        }
        None => words.ta("evaluation-bulletin-not-frozen", &[("at", &local(m.now))]),
    });
    let chart = charted(&m.set);
    Bulletin {
        title: words.ta("evaluation-bulletin-title", &[("month", &month)]),
        lines,
        findings: findings(words, city, m, chart),
        bars: chart.and_then(|d| bars(words, city, m, d)),
        funnel: chart.and_then(|d| funnel(words, city, m, d)),
        tables: tables(words, city, m),
        notes: notes(words, m),
        page: words.t("evaluation-bulletin-page"),
        notes_title: words.t("evaluation-bulletin-notes"),
        language: if words.lang == Lang::Zh {
            "zh-CN"
        } else {
            "en"
        },
    }
}

fn name<'a>(words: &Words<'_>, d: &'a Definition) -> &'a str {
    words.of(&d.name_zh, &d.name_en)
}

/// What a row is called in the language of the bulletin, where the reference data has such a name.
fn row_name(words: &Words<'_>, city: &City, by: By, line: &Line) -> String {
    let english = crate::pages::english(city, by, &line.key);
    match english.filter(|_| words.lang == Lang::En) {
        _ if line.key == "unknown" => words.t("evaluation-unknown"),
        _ if by == By::City => words.t("evaluation-by-city"),
        Some(name) => name.to_owned(),
        None => line.name.clone(),
    }
}

/// A share as people read it: 83.0 % = 43,523 / 52,434.
pub fn share_text(share: &Share) -> String {
    match share.value {
        Some(value) => format!(
            "{:.1} % = {} / {}",
            value * 100.0,
            grouped(share.numerator),
            grouped(share.denominator)
        ),
        None => "–".to_owned(),
    }
}

/// A number with its thousands apart.
pub fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::from(if n < 0 { "−" } else { "" });
    for (at, c) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

fn findings(
    words: &Words<'_>,
    city: &City,
    m: &Material,
    chart: Option<&Definition>,
) -> Vec<String> {
    let mut found = Vec::new();
    let (Some(definition), Some(whole)) = (chart, m.city.first()) else {
        return found;
    };
    let Some(figure) = whole.rates.get(&definition.id) else {
        return found;
    };
    let rate = name(words, definition).to_owned();
    if figure.value.is_none() {
        found.push(words.t("evaluation-bulletin-nothing"));
        return found;
    }
    let now = share_text(&figure.share());
    let before = m.before.first().and_then(|l| l.rates.get(&definition.id));
    found.push(match before.filter(|b| b.value.is_some()) {
        Some(before) => {
            let before = share_text(&before.share());
            words.ta(
                "evaluation-bulletin-now-before",
                &[("rate", &rate), ("now", &now), ("before", &before)],
            )
        }
        None => words.ta("evaluation-bulletin-now", &[("rate", &rate), ("now", &now)]),
    });
    let outside = |wanted: [Standing; 2]| -> Vec<String> {
        m.units
            .iter()
            // What no unit has is no unit's doing.
            .filter(|l| l.key != "unknown")
            .filter(|l| {
                let placed = l.rates.get(&definition.id).and_then(|f| f.funnel.as_ref());
                placed.is_some_and(|p| wanted.contains(&p.standing))
            })
            .map(|l| row_name(words, city, By::Unit, l))
            .collect()
    };
    for (wanted, key) in [
        (
            [Standing::FarAbove, Standing::Above],
            "evaluation-bulletin-above",
        ),
        (
            [Standing::FarBelow, Standing::Below],
            "evaluation-bulletin-below",
        ),
    ] {
        let names = outside(wanted);
        if !names.is_empty() {
            let names = names.join(if words.lang == Lang::Zh { "、" } else { ", " });
            found.push(words.ta(key, &[("rate", &rate), ("units", &names)]));
        }
    }
    found
}

fn bars(words: &Words<'_>, city: &City, m: &Material, definition: &Definition) -> Option<Bars> {
    let mut rows: Vec<(String, Share)> = m
        .units
        .iter()
        .filter_map(|l| {
            Some((
                row_name(words, city, By::Unit, l),
                l.rates.get(&definition.id)?.share(),
            ))
        })
        .filter(|(_, share)| share.value.is_some())
        .collect();
    // By size, not by rate: an order by rate is a ranking, and most differences are noise.
    rows.sort_by_key(|(_, share)| std::cmp::Reverse(share.denominator));
    rows.truncate(20);
    (!rows.is_empty()).then(|| Bars {
        title: words.ta(
            "evaluation-bulletin-bars",
            &[("rate", &name(words, definition))],
        ),
        rows,
    })
}

fn funnel(words: &Words<'_>, city: &City, m: &Material, definition: &Definition) -> Option<Funnel> {
    let points: Vec<(String, Share, Standing)> = m
        .units
        .iter()
        .filter_map(|l| {
            let figure = l.rates.get(&definition.id)?;
            let placed = figure.funnel.as_ref()?;
            Some((
                row_name(words, city, By::Unit, l),
                figure.share(),
                placed.standing,
            ))
        })
        .collect();
    let (n, d) = points.iter().fold((0, 0), |(n, d), (_, s, _)| {
        (n + s.numerator, d + s.denominator)
    });
    let whole = Share::of(n, d).value?;
    (points.len() > 1).then(|| Funnel {
        title: words.ta(
            "evaluation-bulletin-funnel",
            &[("rate", &name(words, definition))],
        ),
        axes: (
            words.t("evaluation-bulletin-axis-cases"),
            name(words, definition).to_owned(),
        ),
        whole,
        points,
    })
}

fn cell(figure: &Figure) -> Cell {
    cell_in(figure.unit, figure.share())
}

fn cell_in(unit: Unit, share: Share) -> Cell {
    match unit {
        Unit::Hours => Cell::Hours(share),
        Unit::Share | Unit::Times => Cell::Share(share),
    }
}

fn tables(words: &Words<'_>, city: &City, m: &Material) -> Vec<Table> {
    let mut tables = Vec::new();
    if let Some(whole) = m.city.first() {
        let before = m.before.first();
        let has_review = whole.rates.values().any(|f| f.after_review.is_some());
        let mut heads = vec![
            words.t("evaluation-bulletin-rate"),
            words.t("evaluation-bulletin-month"),
            words.t("evaluation-bulletin-month-before"),
            words.t("evaluation-bulletin-change"),
        ];
        if has_review {
            heads.push(words.t("evaluation-after-review"));
        }
        let rows = m.set.definitions.iter().filter_map(|d| {
            let figure = whole.rates.get(&d.id)?;
            let old = before.and_then(|b| b.rates.get(&d.id));
            let change = match (figure.value, old.and_then(|o| o.value)) {
                (Some(now), Some(old)) if d.unit == Unit::Share => Some(now - old),
                _ => None,
            };
            let mut row = vec![
                Cell::Text(name(words, d).to_owned()),
                cell(figure),
                old.map_or_else(|| Cell::Text("–".into()), cell),
                Cell::Change(change),
            ];
            if has_review {
                row.push(
                    figure
                        .after_review
                        .map(|after| Share::of(after.numerator, after.denominator))
                        .map_or_else(|| Cell::Text("–".into()), |s| cell_in(figure.unit, s)),
                );
            }
            Some(row)
        });
        tables.push(Table {
            title: words.t("evaluation-bulletin-all-rates"),
            heads,
            rows: rows.collect(),
        });
    }
    for (title, by, lines) in [
        ("evaluation-bulletin-by-unit", By::Unit, &m.units),
        (
            "evaluation-bulletin-by-division",
            By::Division,
            &m.divisions,
        ),
    ] {
        let name = |line: &Line| row_name(words, city, by, line);
        tables.push(by_line(words, &m.set, words.t(title), lines, &name));
    }
    for (object, by, lines) in [
        (Object::Unit, By::Unit, &m.units),
        (Object::Region, By::Division, &m.divisions),
        (Object::Post, By::City, &m.city),
    ] {
        let name = |line: &Line| row_name(words, city, by, line);
        for composite in m.set.composites.iter().filter(|c| c.object == object) {
            tables.extend(scores(words, composite, lines, &name));
        }
    }
    tables
}

fn by_line(
    words: &Words<'_>,
    set: &DefinitionSet,
    title: String,
    lines: &[Line],
    row_name: &dyn Fn(&Line) -> String,
) -> Table {
    let definitions = in_tables(set);
    let mut heads = vec![words.t("evaluation-bulletin-name")];
    heads.extend(definitions.iter().map(|d| name(words, d).to_owned()));
    let rows = lines.iter().take(MOST_ROWS).map(|line| {
        let mut row = vec![Cell::Text(row_name(line))];
        row.extend(definitions.iter().map(|d| {
            line.rates
                .get(&d.id)
                .map_or_else(|| Cell::Text("–".into()), cell)
        }));
        row
    });
    Table {
        title,
        heads,
        rows: rows.collect(),
    }
}

/// Why a score has no grade, in words.
pub fn objection_text(words: &Words<'_>, objections: &[Objection]) -> String {
    let mut texts: Vec<String> = objections
        .iter()
        .map(|o| match o {
            Objection::RewardsSilence { .. } => words.t("evaluation-rewards-silence"),
            Objection::CountAsTarget { .. } => words.t("evaluation-count-as-target"),
            Objection::FewHolders { .. } => words.t("evaluation-few-holders"),
            Objection::NotOfHundred => words.t("evaluation-not-of-hundred"),
        })
        .collect();
    texts.dedup();
    texts.join(if words.lang == Lang::Zh { "；" } else { "; " })
}

// words: evaluation-score-*
/// The points by the other figures, in words: before or after review; empty where nothing was reviewed.
pub fn otherwise_text(words: &Words<'_>, score: &Score) -> String {
    let key = if score.reviewed {
        "evaluation-score-then-before"
    } else {
        "evaluation-score-then-after"
    };
    score.otherwise.map_or_else(String::new, |points| {
        words.ta(key, &[("points", &format!("{points:.1}"))])
    })
}

fn scores(
    words: &Words<'_>,
    composite: &crate::definitions::Composite,
    lines: &[Line],
    row_name: &dyn Fn(&Line) -> String,
) -> Option<Table> {
    let scored: Vec<(&Line, &Score)> = lines
        .iter()
        .filter_map(|l| Some((l, l.scores.iter().find(|s| s.composite == composite.id)?)))
        .take(MOST_ROWS)
        .collect();
    if scored.is_empty() {
        return None;
    }
    let name = words.of(&composite.name_zh, &composite.name_en).to_owned();
    let title = if composite.example {
        words.ta("evaluation-bulletin-example", &[("name", &name)])
    } else {
        name
    };
    let has_both = scored.iter().any(|(_, score)| score.otherwise.is_some());
    let rows = scored.into_iter().map(|(line, score)| {
        let grade = match (&score.grade, score.objections.is_empty()) {
            (Some(grade), _) => grade.clone(),
            (None, true) => "–".to_owned(),
            (None, false) => objection_text(words, &score.objections),
        };
        let rank = score.rank.map_or_else(|| "–".to_owned(), |r| r.to_string());
        let mut row = vec![Cell::Text(row_name(line)), Cell::Points(score.score)];
        row.extend(has_both.then(|| Cell::Text(otherwise_text(words, score))));
        row.extend([Cell::Text(grade), Cell::Text(rank)]);
        row
    });
    let rows = rows.collect();
    let mut heads = vec!["evaluation-bulletin-name", "evaluation-score"];
    heads.extend(has_both.then_some("evaluation-score-otherwise"));
    heads.extend(["evaluation-grade", "evaluation-rank"]);
    Some(Table {
        title,
        heads: heads.into_iter().map(|key| words.t(key)).collect(),
        rows,
    })
}

// words: evaluation-note-* evaluation-bulletin-*
fn notes(words: &Words<'_>, m: &Material) -> Vec<String> {
    let mut notes: Vec<String> = [
        "evaluation-note-business-data",
        "evaluation-note-share",
        "evaluation-note-funnel",
        "evaluation-note-rank",
        "evaluation-note-guards",
    ]
    .map(|key| words.t(key))
    .into();
    for d in &m.set.definitions {
        let note = words.of(&d.note_zh, &d.note_en);
        if !note.is_empty() {
            notes.push(format!("{}: {note}", name(words, d)));
        }
    }
    notes
}

/// The bulletin as a file.
///
/// # Errors
/// In words: no font, or what the libraries say.
pub fn bytes(
    bulletin: &Bulletin,
    is_pdf: bool,
    folders: &[std::path::PathBuf],
) -> Result<Vec<u8>, String> {
    if is_pdf {
        let font = font::find(folders).map_err(|e| e.to_string())?;
        pdf::write(bulletin, &font).map_err(|e| e.to_string())
    } else {
        xlsx::write(bulletin).map_err(|e| e.to_string())
    }
}
