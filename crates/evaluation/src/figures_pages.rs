//! Pages of figures by definition: `/evaluation/figures` (rates, funnel, scores), `/evaluation/behind` (the cases behind a
//! number), `/evaluation/months` (frozen months), `/evaluation/bulletin` (the file), `/evaluation/own` (one's own acts).

use crate::bulletin::{self, Words, font};
use crate::definitions::{Composite, Definition, DefinitionSet, Part, Unit};
use crate::figures::{self, Figure, Line};
use crate::model::{By, GROUPINGS, Month, Period, Share};
use crate::ops::{self, ByDefinition, Difference, Drill, EvaluationError};
use crate::scores::{Score, Standing};
use crate::sql::Behind;
use crate::sql_sets::{self, Frozen};
use access::{Ctx, Fault, Fields, Go, Permission, Routes, show_as};
use analysis::funnel;
use askama::Template;
use axum::extract::RawQuery;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cases::lists::{ListKind, Lists};
use cases::service::{Cases, Channel};
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::id::Id;
use matters::{City, MatterId};
use std::collections::BTreeMap;
use std::sync::Arc;
use ui::{Choice, FormState, Html, Tone, Ui};

/// Cases of a page behind a number.
const PAGE: i64 = 50;
/// Rows of a table.
const MOST_LINES: usize = 500;

pub(crate) fn add(routes: Routes) -> Routes {
    let (get, read) = (|| Method::GET, Permission::EvaluationRead);
    routes
        .on(get(), "/evaluation/figures", read, figures)
        .on(get(), "/evaluation/behind", read, behind)
        .on(get(), "/evaluation/months", read, months)
        .on(
            Method::POST,
            "/evaluation/months",
            Permission::EvaluationFreeze,
            freeze,
        )
        .on(get(), "/evaluation/months/{set}/{month}", read, month)
        .on(get(), "/evaluation/bulletin", read, bulletin_file)
        .on(get(), "/evaluation/own", Permission::OwnAccount, own)
}

/// What the reader asked for; where an entry does not read, the default, and a fault beside its field.
struct Asked {
    set: String,
    month: Month,
    by: By,
    rate: String,
    form: FormState,
}

fn asked(ui: &Ui, fields: &Fields) -> Asked {
    let mut form = fields.form();
    let last = ops::last_month(ui.now, &ui.site.time_zone);
    let month = match fields.get("month") {
        "" => last,
        text => text.parse().unwrap_or_else(|_| {
            form.fault("month", ui.t("evaluation-bad-month"));
            last
        }),
    };
    if ops::check_begun(month, ui.now, &ui.site.time_zone).is_err() {
        form.fault("month", ui.t("evaluation-error-not-begun"));
    }
    let by = match fields.get("by") {
        "" => By::City,
        text => By::grouping(text).unwrap_or_else(|_| {
            form.fault("by", ui.t("evaluation-bad-by"));
            By::City
        }),
    };
    let set = match fields.get("set") {
        "" => "standard".to_owned(),
        set => set.to_owned(),
    };
    let rate = fields.get("rate").to_owned();
    let form = form
        .with("month", month.to_string())
        .with("by", by.as_str())
        .with("set", set.as_str());
    Asked {
        set,
        month,
        by,
        rate,
        form,
    }
}

pub(crate) fn encoded(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

pub(crate) fn named(ui: &Ui, d: &Definition) -> String {
    match ui.lang {
        ui::Lang::Zh => d.name_zh.clone(),
        ui::Lang::En => d.name_en.clone(),
    }
}

/// A number with its link to the cases behind it; no link where nobody can tell them any more.
pub(crate) struct Number {
    pub(crate) text: String,
    pub(crate) href: String,
}

/// Where numbers stand: the set that made them, the month, what the rows are.
struct Place<'a> {
    set: &'a str,
    month: Month,
    by: By,
    /// The set is still there, so that its cases can be told.
    is_known: bool,
}

impl Place<'_> {
    /// The address of the cases behind a number of a row.
    fn behind(&self, key: &str, of: &[(&str, &str)]) -> String {
        if !self.is_known {
            return String::new();
        }
        let month = self.month.to_string();
        let mut pairs = vec![
            ("set", self.set),
            ("month", &month),
            ("by", self.by.as_str()),
            ("key", key),
        ];
        pairs.extend(of);
        format!("/evaluation/behind?{}", encoded(&pairs))
    }
    /// Both numbers of a share, above and below.
    fn sides(
        &self,
        ui: &Ui,
        key: &str,
        d: &Definition,
        share: &Share,
        after_review: bool,
    ) -> [Number; 2] {
        let href = |side: &str| {
            let mut of = vec![("rate", d.id.as_str()), ("side", side)];
            of.extend(after_review.then_some(("after_review", "1")));
            self.behind(key, &of)
        };
        [
            Number {
                text: numerator_text(ui, d.unit, share.numerator),
                href: href("numerator"),
            },
            Number {
                text: bulletin::grouped(share.denominator),
                href: href("denominator"),
            },
        ]
    }
}

/// A figure as it stands in a table: its value, and both numbers as links.
struct FigureView {
    value: String,
    numerator: Number,
    denominator: Number,
    /// The value after review, and both its numbers.
    after_review: Option<(String, Number, Number)>,
    standing: Option<(&'static str, String)>,
    rank: String,
}

struct Row {
    name: Html,
    id: String,
    note: String,
    figure: FigureView,
}

/// A value in its unit.
fn value_text(ui: &Ui, unit: Unit, value: Option<f64>) -> String {
    match (unit, value) {
        (_, None) => "–".to_owned(),
        (Unit::Share, Some(v)) => ui.percent(v),
        (Unit::Hours, Some(hours)) => ui.ta("evaluation-hours", &[("n", &format!("{hours:.1}"))]),
        (Unit::Times, Some(v)) => format!("{v:.2}"),
    }
}

/// A numerator: what is no number of cases or times says what it is.
fn numerator_text(ui: &Ui, unit: Unit, n: i64) -> String {
    match unit {
        // Kept in seconds, told in the unit of the mean beside it.
        Unit::Hours => {
            let hours = ui::group_digits(&format!("{:.1}", n as f64 / 3600.0));
            ui.ta("evaluation-hours", &[("n", &hours)])
        }
        Unit::Share | Unit::Times => bulletin::grouped(n),
    }
}

/// Numerator over denominator.
fn sides_text(ui: &Ui, unit: Unit, share: &Share) -> String {
    format!(
        "{} / {}",
        numerator_text(ui, unit, share.numerator),
        bulletin::grouped(share.denominator)
    )
}

// words: evaluation-standing-*
fn standing(ui: &Ui, standing: Standing) -> (&'static str, String) {
    let (mark, word) = match standing {
        Standing::FarAbove => ("▲▲", "far-above"),
        Standing::Above => ("▲", "above"),
        Standing::Within => ("●", "within"),
        Standing::Below => ("▼", "below"),
        Standing::FarBelow => ("▼▼", "far-below"),
    };
    (mark, ui.t(&format!("evaluation-standing-{word}")))
}

fn figure_view(
    ui: &Ui,
    place: &Place<'_>,
    key: &str,
    definition: &Definition,
    figure: &Figure,
) -> FigureView {
    let [numerator, denominator] = place.sides(ui, key, definition, &figure.share(), false);
    FigureView {
        value: value_text(ui, definition.unit, figure.value),
        numerator,
        denominator,
        after_review: figure.after_review.map(|share| {
            let [above, below] = place.sides(ui, key, definition, &share, true);
            (value_text(ui, definition.unit, share.value), above, below)
        }),
        standing: figure.funnel.as_ref().map(|f| standing(ui, f.standing)),
        rank: figure
            .funnel
            .as_ref()
            .and_then(|f| f.rank)
            .map_or_else(|| "–".to_owned(), |r| r.to_string()),
    }
}

/// A dot of the funnel chart, in the chart's own units.
struct Dot {
    x: i32,
    y: i32,
    is_out: bool,
    title: String,
}

/// The funnel chart: lines as SVG points.
struct FunnelView {
    title: String,
    whole_y: i32,
    limits: Vec<(String, bool)>,
    ticks: Vec<(i32, String)>,
    dots: Vec<Dot>,
    most: String,
    whole: String,
}

const WIDE: f64 = 640.0;
const HIGH: f64 = 240.0;

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "places in a picture"
)]
fn funnel_view(
    ui: &Ui,
    definition: &Definition,
    lines: &[Line],
    name: &dyn Fn(&Line) -> String,
) -> Option<FunnelView> {
    let points: Vec<(&Line, Share, Standing)> = lines
        .iter()
        .filter_map(|line| {
            let figure = line.rates.get(&definition.id)?;
            Some((line, figure.share(), figure.funnel.as_ref()?.standing))
        })
        .collect();
    if points.len() < 2 {
        return None;
    }
    let (n, d) = points.iter().fold((0, 0), |(n, d), (_, s, _)| {
        (n + s.numerator, d + s.denominator)
    });
    let whole = Share::of(n, d).value?;
    let most = points.iter().map(|p| p.1.denominator).max()?.max(1);
    let lowest = points
        .iter()
        .filter_map(|p| p.1.value)
        .fold(whole, f64::min);
    let highest = points
        .iter()
        .filter_map(|p| p.1.value)
        .fold(whole, f64::max);
    let floor = ((lowest - 0.1).max(0.0) * 10.0).floor() / 10.0;
    let ceiling = ((highest + 0.1).min(1.0) * 10.0).ceil() / 10.0;
    let x = |n: f64| (n / most as f64 * WIDE).round() as i32;
    let y = |s: f64| {
        (HIGH - (s.clamp(floor, ceiling) - floor) / (ceiling - floor) * HIGH).round() as i32
    };
    let mut limits = Vec::new();
    for (alpha, dashed) in [(0.05, true), (0.002, false)] {
        for side in 0..2 {
            let line: Vec<String> = (1..=64_u64)
                .filter_map(|step| {
                    let n = (most.unsigned_abs() * step).div_ceil(64).max(1);
                    let (low, high) = funnel::limits(whole, n, alpha)?;
                    Some(format!(
                        "{},{}",
                        x(n as f64),
                        y(if side == 0 { low } else { high })
                    ))
                })
                .collect();
            limits.push((line.join(" "), dashed));
        }
    }
    let steps = ((ceiling - floor) * 10.0).round() as i32;
    let ticks = (0..=steps)
        .filter(|n| steps <= 5 || n % 2 == 0)
        .map(|n| {
            let at = floor + f64::from(n) / 10.0;
            (y(at), ui.percent(at))
        })
        .collect();
    let dots = points
        .iter()
        .filter_map(|(line, share, standing)| {
            Some(Dot {
                x: x(share.denominator as f64),
                y: y(share.value?),
                is_out: *standing != Standing::Within,
                title: format!("{}: {}", name(line), bulletin::share_text(share)),
            })
        })
        .collect();
    Some(FunnelView {
        title: ui.ta(
            "evaluation-bulletin-funnel",
            &[("rate", &named(ui, definition))],
        ),
        whole_y: y(whole),
        limits,
        ticks,
        dots,
        most: bulletin::grouped(most),
        whole: bulletin::share_text(&Share::of(n, d)),
    })
}

struct ScoreRow {
    name: Html,
    points: String,
    /// The points by the other figures, in words: before or after review.
    otherwise: String,
    grade: String,
    is_graded: bool,
    rank: String,
    /// In the order of the table's parts; none where the part has no value.
    parts: Vec<Option<PartView>>,
}

/// What a part of a score brought, and the numbers it was made of.
struct PartView {
    points: String,
    numerator: Number,
    /// None for a plain count.
    denominator: Option<Number>,
}

struct ScoreTable {
    title: String,
    note: String,
    /// The parts: a name and its points at most; none for a month that was frozen before parts were kept.
    parts: Vec<(String, String)>,
    rows: Vec<ScoreRow>,
}

/// The parts of a score, in the order of its definition.
fn part_views(
    ui: &Ui,
    place: &Place<'_>,
    set: &DefinitionSet,
    composite: &Composite,
    line: &Line,
    score: &Score,
) -> Vec<Option<PartView>> {
    let view = |part: &Part| {
        let name = part.rate.as_ref().or(part.count.as_ref())?;
        let made = score.parts.iter().find(|p| p.part == *name)?;
        let points = format!("{:.1}", made.points);
        match &part.rate {
            Some(rate) => {
                let (d, figure) = (set.definition(rate)?, line.rates.get(rate)?);
                let after = figure.after_review.filter(|_| score.reviewed);
                let share = after.unwrap_or_else(|| figure.share());
                let [numerator, denominator] =
                    place.sides(ui, &line.key, d, &share, after.is_some());
                Some(PartView {
                    points,
                    numerator,
                    denominator: Some(denominator),
                })
            }
            None => Some(PartView {
                points,
                numerator: Number {
                    text: if part.per_grid {
                        ui.ta(
                            "evaluation-per-grid",
                            &[("n", &format!("{:.2}", made.value))],
                        )
                    } else {
                        format!("{:.0}", made.value)
                    },
                    href: if score.reviewed {
                        place.behind(&line.key, &[("count", name), ("after_review", "1")])
                    } else {
                        place.behind(&line.key, &[("count", name)])
                    },
                },
                denominator: None,
            }),
        }
    };
    composite.parts.iter().map(view).collect()
}

fn score_tables(
    ui: &Ui,
    place: &Place<'_>,
    set: &DefinitionSet,
    lines: &[Line],
    name: &dyn Fn(&Line) -> Html,
) -> Vec<ScoreTable> {
    let words = &Words {
        i18n: &ui.site.words,
        lang: ui.lang,
    };
    let mut tables = Vec::new();
    for composite in &set.composites {
        let rows: Vec<ScoreRow> = lines
            .iter()
            .filter_map(|line| {
                let score = line.scores.iter().find(|s| s.composite == composite.id)?;
                let grade = match (&score.grade, score.objections.is_empty()) {
                    (Some(grade), _) => grade.clone(),
                    (None, true) => "–".to_owned(),
                    (None, false) => bulletin::objection_text(words, &score.objections),
                };
                Some(ScoreRow {
                    name: name(line),
                    points: score
                        .score
                        .map_or_else(|| "–".to_owned(), |s| format!("{s:.1}")),
                    otherwise: bulletin::otherwise_text(words, score),
                    is_graded: score.objections.is_empty(),
                    grade,
                    rank: score.rank.map_or_else(|| "–".to_owned(), |r| r.to_string()),
                    parts: part_views(ui, place, set, composite, line, score),
                })
            })
            .take(MOST_LINES)
            .collect();
        if rows.is_empty() {
            continue;
        }
        let (title, note) = match ui.lang {
            ui::Lang::Zh => (&composite.name_zh, &composite.note_zh),
            ui::Lang::En => (&composite.name_en, &composite.note_en),
        };
        let title = if composite.example {
            ui.ta("evaluation-bulletin-example", &[("name", title)])
        } else {
            title.clone()
        };
        let part = |p: &Part| {
            let rate = p.rate.as_ref().and_then(|rate| set.definition(rate));
            let name = match (rate, &p.count) {
                (Some(d), _) => named(ui, d),
                (None, Some(count)) => count_name(ui, count),
                (None, None) => String::new(),
            };
            let name = if p.inverted {
                ui.ta("evaluation-part-inverted", &[("name", &name)])
            } else {
                name
            };
            (name, format!("{}", p.weight))
        };
        let has_parts = lines
            .iter()
            .any(|l| l.scores.iter().any(|s| !s.parts.is_empty()));
        let parts = composite.parts.iter().filter(|_| has_parts).map(part);
        let note = match (composite.reviewed, note.is_empty()) {
            (false, _) => note.clone(),
            (true, true) => ui.t("evaluation-score-reviewed"),
            (true, false) => ui.ta(
                "evaluation-score-reviewed-note",
                &[
                    ("note", note),
                    ("reviewed", &ui.t("evaluation-score-reviewed")),
                ],
            ),
        };
        tables.push(ScoreTable {
            title,
            note,
            parts: parts.collect(),
            rows,
        });
    }
    tables
}

/// What a plain count counts, in words; a word of the vocabulary that has none is told as it is.
fn count_name(ui: &Ui, word: &str) -> String {
    // words: evaluation-count-*
    let key = format!("evaluation-count-{}", word.replace('_', "-"));
    if ui.site.words.has(&key) {
        ui.t(&key)
    } else {
        word.to_owned()
    }
}

/// The tables of figures: rates, and scores with their parts.
struct Tables {
    /// One row: every rate is listed; several: one rate is compared.
    is_list: bool,
    rows: Vec<Row>,
    has_review: bool,
    funnel: Option<FunnelView>,
    scores: Vec<ScoreTable>,
}

fn tables(
    ui: &Ui,
    place: &Place<'_>,
    set: &DefinitionSet,
    rate: Option<&Definition>,
    lines: &[Line],
    names: &Names,
) -> Tables {
    let is_list = place.by == By::City;
    let name = |line: &Line| names.of(ui, place.by, line);
    let note = |d: &Definition| match ui.lang {
        ui::Lang::Zh => d.note_zh.clone(),
        ui::Lang::En => d.note_en.clone(),
    };
    let rows: Vec<Row> = if is_list {
        lines
            .first()
            .into_iter()
            .flat_map(|line| set.definitions.iter().map(move |d| (line, d)))
            .filter_map(|(line, d)| {
                Some(Row {
                    name: Html::from_text(&named(ui, d)),
                    id: d.id.clone(),
                    note: note(d),
                    figure: figure_view(ui, place, &line.key, d, line.rates.get(&d.id)?),
                })
            })
            .collect()
    } else {
        lines
            .iter()
            .take(MOST_LINES)
            .filter_map(|line| {
                let d = rate?;
                Some(Row {
                    name: name(line),
                    id: String::new(),
                    note: String::new(),
                    figure: figure_view(ui, place, &line.key, d, line.rates.get(&d.id)?),
                })
            })
            .collect()
    };
    Tables {
        is_list,
        has_review: rows.iter().any(|r| r.figure.after_review.is_some()),
        funnel: rate
            .filter(|_| !is_list)
            .and_then(|d| funnel_view(ui, d, lines, &|line| names.text(ui, place.by, line))),
        scores: score_tables(ui, place, set, lines, &name),
        rows,
    }
}

/// What rows are called, by what they stand for.
pub(crate) struct Names {
    city: Arc<City>,
    channels: Arc<BTreeMap<String, Channel>>,
    lists: Arc<Lists>,
    /// Whose cases are counted; empty for those of the whole city.
    scope: Html,
}

impl Names {
    pub(crate) async fn load(ctx: &Ctx, ui: &Ui) -> Result<Self, Fault> {
        let cases = ctx.service::<Cases>();
        let city = cases.city();
        Ok(Self {
            scope: crate::pages::scope_in_words(ui, &city, &ops::scope_of(ctx)?),
            channels: cases.load_channels(ctx).await?,
            lists: cases.lists(ctx).await?,
            city,
        })
    }
    fn of(&self, ui: &Ui, by: By, line: &Line) -> Html {
        match by {
            By::Nature if line.key == "unknown" => Html::from_text(&ui.t("evaluation-no-nature")),
            By::Nature => {
                Html::from_text(&self.lists.name(ListKind::Nature, &line.key, ui.lang.tag()))
            }
            _ if line.key == "unknown" => Html::from_text(&ui.t("evaluation-unknown")),
            By::City if !self.scope.is_empty() => self.scope.clone(),
            By::City => Html::from_text(ui.city()),
            By::Channel => self.channels.get(&line.key).map_or_else(
                || ui.named(&line.name, None),
                |c| ui.named(&c.name_zh, Some(&c.name_en)),
            ),
            by => ui.named(&line.name, crate::pages::english(&self.city, by, &line.key)),
        }
    }
    /// The same without markup, for the dots of a picture, where only units and divisions, classes and channels are compared, and for
    /// programs.
    pub(crate) fn text(&self, ui: &Ui, by: By, line: &Line) -> String {
        if line.key == "unknown" {
            return ui.t("evaluation-unknown");
        }
        let english = match by {
            By::Nature => {
                return self
                    .lists
                    .name(ListKind::Nature, &line.key, ui.lang.tag())
                    .to_string();
            }
            By::Channel => self.channels.get(&line.key).map(|c| c.name_en.as_str()),
            by => crate::pages::english(&self.city, by, &line.key),
        };
        match english.filter(|_| ui.lang == ui::Lang::En) {
            Some(name) => name.to_owned(),
            None => line.name.clone(),
        }
    }
}

/// The rate that is compared: the one asked for, else that of closing on time, else the first.
fn rate_of<'s>(set: &'s DefinitionSet, asked: &str) -> Option<&'s Definition> {
    set.definition(asked).or_else(|| {
        set.definition("closing_on_time/need_archive_with_limit")
            .or(set.definitions.first())
    })
}

// words: evaluation-by-*
fn by_word(ui: &Ui, by: By) -> String {
    ui.t(&format!("evaluation-by-{}", by.as_str()))
}

fn period_words(ui: &Ui, month: Month) -> String {
    let (first, last) = (ui.date_long(month.first()), ui.date_long(month.last()));
    ui.t2(
        "evaluation-period",
        "from",
        first.as_str(),
        "to",
        last.as_str(),
    )
}

#[derive(Template)]
#[template(path = "evaluation_figures.html")]
struct FiguresPage {
    ui: Ui,
    form: FormState,
    sets: Vec<Choice>,
    groupings: Vec<Choice>,
    rates: Vec<Choice>,
    /// Whose cases are counted; empty for those of the whole city.
    scope: Html,
    period: String,
    by: String,
    tables: Tables,
    bulletin_pdf: String,
    bulletin_xlsx: String,
    source: String,
}

async fn figures(ctx: Ctx, ui: Ui, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let mut asked = asked(&ui, &fields);
    let city = ctx.service::<Cases>().city();
    let sets = ctx.read(ops::sets).await?;
    let set = match ops::find_set(&sets, &asked.set) {
        Ok(set) => set,
        Err(_) => {
            asked
                .form
                .fault("set", ui.t("evaluation-error-unknown-set"));
            "standard".clone_into(&mut asked.set);
            ops::find_set(&sets, "standard")?
        }
    };
    let rate = rate_of(&set, &asked.rate);
    let form = std::mem::take(&mut asked.form).with("rate", rate.map_or("", |d| &d.id));
    let mut lines = Vec::new();
    if form.is_ok() {
        let period = asked
            .month
            .period(&city.timezone)
            .map_err(|e| EvaluationError::Period(e.to_string()))?;
        let by_definition = ByDefinition {
            set: asked.set.clone(),
            by: asked.by,
            period,
        };
        lines = ops::by_definition(&ctx, city.clone(), by_definition)
            .await?
            .1
            .rows;
    }
    let names = Names::load(&ctx, &ui).await?;
    let place = Place {
        set: &asked.set,
        month: asked.month,
        by: asked.by,
        is_known: true,
    };
    let tables = tables(&ui, &place, &set, rate, &lines, &names);
    let month = asked.month.to_string();
    let file = |format: &str| {
        let pairs = [
            ("set", asked.set.as_str()),
            ("month", &month),
            ("format", format),
        ];
        format!("/evaluation/bulletin?{}", encoded(&pairs))
    };
    let set_choice = |s: &DefinitionSet| {
        let name = match ui.lang {
            ui::Lang::Zh => &s.name_zh,
            ui::Lang::En => &s.name_en,
        };
        Choice::new(
            format!("{}@{}", s.id, s.version),
            format!("{name} ({}@{})", s.id, s.version),
        )
    };
    let form = form.with("set", format!("{}@{}", set.id, set.version));
    let status = if form.is_ok() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = FiguresPage {
        sets: sets.iter().map(set_choice).collect(),
        groupings: GROUPINGS
            .iter()
            .map(|by| Choice::new(by.as_str(), by_word(&ui, *by)))
            .collect(),
        rates: set
            .definitions
            .iter()
            .map(|d| Choice::new(d.id.as_str(), named(&ui, d)))
            .collect(),
        by: by_word(&ui, asked.by),
        tables,
        bulletin_pdf: file("pdf"),
        bulletin_xlsx: file("xlsx"),
        source: set.source.clone(),
        scope: names.scope.clone(),
        period: period_words(&ui, asked.month),
        form,
        ui: ui.clone(),
    };
    show_as(status, &page)
}

struct BehindRow {
    number: String,
    /// Whether the reader may open the case: what a unit did once stays in its figures, and the case may be with another now.
    may_open: bool,
    matter: Html,
    unit: Html,
    state: String,
    reported: Html,
    due: Html,
    handled: Html,
    closed: Html,
    counts: String,
}

#[derive(Template)]
#[template(path = "evaluation_behind.html")]
struct BehindPage {
    ui: Ui,
    title: String,
    period: String,
    back: String,
    rows: Vec<BehindRow>,
    next: Option<String>,
}

fn behind_row(
    ui: &Ui,
    city: &City,
    states: &dyn Fn(&str) -> String,
    unit_of_side: Unit,
    may_open: bool,
    case: &Behind,
) -> BehindRow {
    let matter = case.matter.and_then(|id| city.matter(MatterId(id)));
    let unit = case.unit.and_then(|id| city.unit(access::UnitId(id)));
    BehindRow {
        number: case.number.to_string(),
        may_open,
        matter: matter.map_or_else(
            || Html::from_text("–"),
            |m| ui.named(&m.name_zh, m.name_en.as_deref()),
        ),
        unit: unit.map_or_else(
            || Html::from_text("–"),
            |u| ui.named(&u.name_zh, u.name_en.as_deref()),
        ),
        state: states(&case.state),
        reported: ui.time(case.reported_at),
        due: ui.time_or_dash(case.due_at),
        handled: ui.time_or_dash(case.handled_at),
        closed: ui.time_or_dash(case.closed_at),
        counts: numerator_text(ui, unit_of_side, case.counts),
    }
}

/// The days of an address that names days instead of a month, both included.
pub(crate) fn days_of(fields: &Fields) -> Result<Option<(Date, Date)>, EvaluationError> {
    let (from, to) = (fields.get("from"), fields.get("to"));
    if from.is_empty() && to.is_empty() {
        return Ok(None);
    }
    let day = |name: &str, text: &str| {
        text.parse::<Date>()
            .map_err(|_| EvaluationError::Period(format!("{name}: cannot read the day {text:?}")))
    };
    Ok(Some((day("from", from)?, day("to", to)?)))
}

/// Refuses what lies ahead, whether it is a month or days.
pub(crate) fn check_begun(
    days: Option<(Date, Date)>,
    month: Month,
    now: Timestamp,
    city: &City,
) -> Result<(), EvaluationError> {
    match days {
        Some((from, _)) => ops::check_first_day(from, now, &city.timezone),
        None => ops::check_begun(month, now, &city.timezone),
    }
}

/// Reads what a drill-down asks for from an address: the number of a rate, or a plain `count`; of a month, or from day to day.
pub(crate) fn drill_of(
    fields: &Fields,
    city: &City,
    month: Month,
    by: By,
    limit: i64,
) -> Result<Drill, Fault> {
    let before = match fields.get("before") {
        "" => None,
        text => Some(
            text.parse::<Id>()
                .map_err(|_| EvaluationError::Period(format!("cannot read the key {text:?}")))?,
        ),
    };
    let period = match days_of(fields)? {
        Some((from, to)) => Period::days(from, to, &city.timezone),
        None => month.period(&city.timezone),
    };
    let period = period.map_err(|e| EvaluationError::Period(e.to_string()))?;
    let set = match fields.get("set") {
        "" => "standard",
        set => set,
    };
    let count = Some(fields.get("count")).filter(|word| !word.is_empty());
    Ok(Drill {
        count: count.map(str::to_owned),
        of: ByDefinition {
            set: set.to_owned(),
            by,
            period,
        },
        definition: fields.get("rate").to_owned(),
        denominator: fields.get("side") == "denominator",
        after_review: fields.flag("after_review")?,
        key: fields.get("key").to_owned(),
        before,
        limit,
    })
}

async fn behind(ctx: Ctx, ui: Ui, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let asked = asked(&ui, &fields);
    let cases = ctx.service::<Cases>();
    let city = cases.city();
    let drill = drill_of(&fields, &city, asked.month, asked.by, PAGE)?;
    let days = days_of(&fields)?;
    check_begun(days, asked.month, ui.now, &city)?;
    let sets = ctx.read(ops::sets).await?;
    let set = ops::find_set(&sets, &drill.of.set)?;
    let (title, unit_of_side) = match &drill.count {
        Some(word) => (count_name(&ui, word), Unit::Share),
        None => {
            let definition = set
                .definition(&drill.definition)
                .ok_or_else(|| EvaluationError::UnknownDefinition(drill.definition.clone()))?;
            let (side, unit) = if drill.denominator {
                ("evaluation-denominator", Unit::Share)
            } else {
                ("evaluation-numerator", definition.unit)
            };
            let args = [
                ("rate", &named(&ui, definition) as &dyn ui::Arg),
                ("side", &ui.t(side)),
            ];
            (ui.ta("evaluation-behind-title", &args), unit)
        }
    };
    let title = if drill.after_review {
        format!("{title} · {}", ui.t("evaluation-after-review"))
    } else {
        title
    };
    let (month, key) = (asked.month.to_string(), drill.key.clone());
    let same: Vec<(&str, &str)> = [
        ("set", asked.set.as_str()),
        ("month", &month),
        ("by", asked.by.as_str()),
        ("key", &key),
        ("rate", fields.get("rate")),
        ("side", fields.get("side")),
        ("after_review", fields.get("after_review")),
        ("count", fields.get("count")),
        ("from", fields.get("from")),
        ("to", fields.get("to")),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .collect();
    // Back to the table the number stands in.
    let (table, kept): (&str, &[&str]) = match days {
        Some(_) => ("/evaluation", &["from", "to", "by"]),
        None => ("/evaluation/figures", &["set", "month", "by", "rate"]),
    };
    let kept: Vec<(&str, &str)> = same
        .iter()
        .copied()
        .filter(|(name, _)| kept.contains(name))
        .collect();
    let back = format!("{table}?{}", encoded(&kept));
    let found = ops::behind(&ctx, city.clone(), drill).await?;
    let own = ops::scope_of(&ctx)?.unit.map(|unit| unit.0);
    let may_read = ctx.principal().may(Permission::CaseRead);
    let may_open = |case: &Behind| may_read && (own.is_none() || case.unit == own);
    let is_full = i64::try_from(found.len()).unwrap_or(i64::MAX) == PAGE;
    let next = found.last().filter(|_| is_full).map(|last| {
        let before = last.id.to_string();
        let pairs: Vec<(&str, &str)> = same
            .iter()
            .copied()
            .chain([("before", before.as_str())])
            .collect();
        format!("/evaluation/behind?{}", encoded(&pairs))
    });
    // words: cases-state-*
    let states = |state: &str| ui.t(&format!("cases-state-{}", state.replace('_', "-")));
    let period = match days {
        Some((from, to)) => ui.t2(
            "evaluation-period",
            "from",
            ui.date_long(from).as_str(),
            "to",
            ui.date_long(to).as_str(),
        ),
        None => period_words(&ui, asked.month),
    };
    let page = BehindPage {
        title,
        period,
        back,
        rows: found
            .iter()
            .map(|c| behind_row(&ui, &city, &states, unit_of_side, may_open(c), c))
            .collect(),
        next,
        ui: ui.clone(),
    };
    show_as(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "evaluation_months.html")]
struct MonthsPage {
    ui: Ui,
    form: FormState,
    frozen: Vec<Frozen>,
    /// By which definitions a month may be frozen.
    sets: Vec<Choice>,
    may_freeze: bool,
}

impl MonthsPage {
    fn by(&self, row: &Frozen) -> String {
        frozen_by(&self.ui, row)
    }
}

impl MonthPage {
    fn by_whom(&self) -> String {
        frozen_by(&self.ui, &self.frozen)
    }
}

/// Who froze a month: an account by its shown name, the command line in words.
fn frozen_by(ui: &Ui, frozen: &Frozen) -> String {
    match ops::is_command_line(&frozen.frozen_by) {
        true => ui.t("evaluation-frozen-at-the-command-line"),
        false => frozen.frozen_by.clone(),
    }
}

async fn months(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let month = ops::last_month(ui.now, &ui.site.time_zone);
    let form = FormState::new()
        .with("month", month.to_string())
        .with("set", "standard");
    months_page(&ctx, ui, form).await
}

async fn months_page(ctx: &Ctx, ui: Ui, form: FormState) -> Result<Response, Fault> {
    let (frozen, sets) = ctx
        .read::<_, EvaluationError, _>(|r| Ok((sql_sets::frozen(r, 120)?, ops::sets(r)?)))
        .await?;
    // One of each, as the newest version is called.
    let mut newest: BTreeMap<&str, String> = BTreeMap::new();
    for set in &sets {
        let name = match ui.lang {
            ui::Lang::Zh => &set.name_zh,
            ui::Lang::En => &set.name_en,
        };
        newest.insert(&set.id, format!("{name} ({})", set.id));
    }
    let status = if form.is_ok() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = MonthsPage {
        may_freeze: ops::may_freeze(ctx).is_ok(),
        sets: newest
            .into_iter()
            .map(|(id, name)| Choice::new(id, name))
            .collect(),
        ui,
        form,
        frozen,
    };
    show_as(status, &page)
}

async fn freeze(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let mut form = fields.form();
    let who = ops::may_freeze(&ctx)?;
    let Ok(month) = fields.get("month").parse::<Month>() else {
        form.fault("month", ui.t("evaluation-bad-month"));
        return months_page(&ctx, ui, form).await;
    };
    let city = ctx.service::<Cases>().city();
    let set = fields.get("set").to_owned();
    let frozen = ctx
        .write(move |w| ops::freeze(w, &city, &set, month, &who))
        .await;
    match frozen {
        Ok(row) => Ok(Go::to("/evaluation/months")
            .saying(
                Tone::Good,
                ui.ta("evaluation-frozen", &[("month", &row.month)]),
            )
            .into_response()),
        Err(error @ (EvaluationError::NotOver(_) | EvaluationError::AlreadyFrozen { .. })) => {
            let code = access::Problem::code(&error);
            form.fault("month", ui.t(&access::word_key(code)));
            months_page(&ctx, ui, form).await
        }
        Err(EvaluationError::UnknownSet(_)) => {
            form.fault("set", ui.t("evaluation-error-unknown-set"));
            months_page(&ctx, ui, form).await
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "evaluation_month.html")]
struct MonthPage {
    ui: Ui,
    form: FormState,
    frozen: Frozen,
    groupings: Vec<Choice>,
    rates: Vec<Choice>,
    period: String,
    by: String,
    tables: Tables,
    /// The set is still there, so that numbers lead to their cases.
    is_known: bool,
    differences: Vec<DifferenceRow>,
}

struct DifferenceRow {
    by: String,
    key: String,
    rate: String,
    frozen: String,
    now: String,
}

/// GET /evaluation/months/{set}/{month} — the figures of a frozen month as they were frozen, by any of the groupings that were.
async fn month(
    ctx: Ctx,
    ui: Ui,
    access::Path((set, month)): access::Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let month: Month = month.parse().map_err(|_| Fault::not_found())?;
    ops::may_read_frozen(&ctx)?;
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let mut form = fields.form();
    let by = match fields.get("by") {
        "" => By::City,
        text => ops::frozen_by(text).unwrap_or_else(|_| {
            form.fault("by", ui.t("evaluation-bad-by"));
            By::City
        }),
    };
    let city = ctx.service::<Cases>().city();
    let now = ctx.now();
    let (sets, frozen, snapshot, differences) = ctx
        .read(move |r| {
            let (frozen, snapshot, differences) = ops::compared(r, &city, &set, month, now)?;
            Ok::<_, EvaluationError>((ops::sets(r)?, frozen, snapshot, differences))
        })
        .await?;
    let set = &snapshot.set;
    let rate = rate_of(set, fields.get("rate"));
    let form = form
        .with("by", by.as_str())
        .with("rate", rate.map_or("", |d| &d.id));
    let version = format!("{}@{}", set.id, set.version);
    let place = Place {
        set: &version,
        month,
        by,
        is_known: sets.contains(set),
    };
    let names = Names::load(&ctx, &ui).await?;
    let lines = snapshot
        .figures
        .get(by.as_str())
        .map(|rows| figures::of_frozen(set, rows))
        .unwrap_or_default();
    let tables = tables(&ui, &place, set, rate, &lines, &names);
    let row = |d: &Difference| {
        let definition = snapshot.set.definition(&d.definition);
        let unit = definition.map(|d| d.unit).unwrap_or_default();
        let told = |share: Option<Share>| {
            share.map_or_else(|| "–".to_owned(), |s| sides_text(&ui, unit, &s))
        };
        DifferenceRow {
            by: ui.t(&format!("evaluation-by-{}", d.by)),
            key: d.key.clone(),
            rate: {
                let name = definition.map_or_else(|| d.definition.clone(), |d| named(&ui, d));
                if d.after_review {
                    ui.tn("evaluation-rate-after-review", "rate", name)
                } else {
                    name
                }
            },
            frozen: told(d.frozen),
            now: told(d.now),
        }
    };
    let status = if form.is_ok() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = MonthPage {
        groupings: ops::FROZEN_BY
            .iter()
            .map(|by| Choice::new(by.as_str(), by_word(&ui, *by)))
            .collect(),
        rates: set
            .definitions
            .iter()
            .map(|d| Choice::new(d.id.as_str(), named(&ui, d)))
            .collect(),
        period: period_words(&ui, month),
        by: by_word(&ui, by),
        is_known: place.is_known,
        differences: differences.iter().map(row).collect(),
        tables,
        form,
        frozen,
        ui: ui.clone(),
    };
    show_as(status, &page)
}

/// GET /evaluation/bulletin — the bulletin of a month as a file.
async fn bulletin_file(ctx: Ctx, ui: Ui, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let asked = asked(&ui, &fields);
    ops::check_begun(asked.month, ui.now, &ui.site.time_zone)?;
    if !asked.form.is_ok() {
        return Err(EvaluationError::Period(ui.t("evaluation-bad-month")).into());
    }
    let is_pdf = fields.get("format") != "xlsx";
    document(&ctx, &ui, asked.set, asked.month, is_pdf).await
}

/// The media types of a bulletin: as PDF, as Excel.
pub(crate) const DOCUMENTS: [&str; 2] = [
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
];

/// The bulletin of a month in the reader's language and within their scope.
pub(crate) async fn document(
    ctx: &Ctx,
    ui: &Ui,
    set: String,
    month: Month,
    is_pdf: bool,
) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let (scope, now) = (ops::scope_of(ctx)?, ctx.now());
    let place = city.clone();
    let material = ctx
        .read(move |r| bulletin::material(r, &place, &set, month, now, &scope))
        .await?;
    let words = Words {
        i18n: &ui.site.words,
        lang: ui.lang,
    };
    let made = bulletin::compose(&words, ui.city(), &city, &material);
    // Fonts are read and tables drawn beside the requests of others.
    let bytes =
        tokio::task::spawn_blocking(move || bulletin::bytes(&made, is_pdf, &font::folders()))
            .await
            .map_err(|e| Fault::internal(e.to_string()))?
            .map_err(|e| {
                Fault::new(StatusCode::SERVICE_UNAVAILABLE, "evaluation.no_document", e)
            })?;
    let (kind, end) = if is_pdf {
        (DOCUMENTS[0], "pdf")
    } else {
        (DOCUMENTS[1], "xlsx")
    };
    let name = format!("attachment; filename=\"bulletin-{month}.{end}\"");
    Ok((
        [
            (header::CONTENT_TYPE, kind.to_owned()),
            (header::CONTENT_DISPOSITION, name),
        ],
        bytes,
    )
        .into_response())
}

#[derive(Template)]
#[template(path = "evaluation_own.html")]
struct OwnPage {
    ui: Ui,
    form: FormState,
    period: String,
    acts: Vec<(String, i64)>,
    /// Whether the other parts of evaluation are open to the reader.
    may_figures: bool,
}

/// GET /evaluation/own — what the reader did in a month. Of nobody else, for nobody else.
async fn own(ctx: Ctx, ui: Ui, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let asked = asked(&ui, &fields);
    let period = asked
        .month
        .period(&ui.site.time_zone)
        .map_err(|e| EvaluationError::Period(e.to_string()))?;
    let status = if asked.form.is_ok() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let acts = ops::own(&ctx, period).await?;
    // words: cases-act-*
    let acts = acts
        .into_iter()
        .filter_map(|(action, n)| {
            let act = action.strip_prefix("case.")?;
            let key = format!("cases-act-{}", act.replace('_', "-"));
            let word = if ui.site.words.has(&key) {
                ui.t(&key)
            } else {
                act.replace('_', " ")
            };
            Some((word, n))
        })
        .collect();
    let (first, last) = (
        ui.date_long(asked.month.first()),
        ui.date_long(asked.month.last()),
    );
    let page = OwnPage {
        period: ui.t2(
            "evaluation-period",
            "from",
            first.as_str(),
            "to",
            last.as_str(),
        ),
        form: asked.form,
        acts,
        may_figures: ctx.require(Permission::EvaluationRead).is_ok(),
        ui: ui.clone(),
    };
    show_as(status, &page)
}
