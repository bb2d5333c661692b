//! Small charts drawn on the server: an SVG with its axis from zero, labels at the lines, and a table behind it.
//!
//! No script and no style attribute: colours come from classes of `theme.css`, so both themes and print work.

use crate::assets;
use crate::format::group_digits;
use crate::html::Html;
use crate::view::Ui;
use askama::Template;
use serde::Serialize;

/// Width and height of the drawing in its own units; the page scales it.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = 96.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 28.0;
/// Labels of lines keep at least this distance.
const LABEL_STEP: f64 = 16.0;
/// Beyond this no count or amount is real, and sums of it could leave the range of f64.
const LARGEST_SHOWN: f64 = 1e15;
/// At most so many labels stand under the axis.
const TICKS_ACROSS: usize = 7;

/// One line of a [`LineChart`].
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name, at the end of the line.
    pub name: String,
    /// One value per point across; `None` = no data there, the line is broken.
    pub values: Vec<Option<f64>>,
    /// A thin line for comparison (the same period last year) instead of a strong one.
    pub comparison: bool,
}

/// Lines over time, with an optional interval band.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LineChart {
    /// What is shown, with its unit (案件（件/日）).
    pub title: String,
    /// The label of each point across (11-01).
    pub across: Vec<String>,
    /// The lines.
    pub series: Vec<Series>,
    /// Lower and upper bound per point, such as a forecast's 80 %; `None` = no band there.
    pub band: Vec<Option<(f64, f64)>>,
    /// What the band means (80 % 区间); shown in the table's head.
    pub band_name: String,
}

#[derive(Template)]
#[template(path = "ui/line_chart.html")]
struct LineChartView<'a> {
    ui: &'a Ui,
    chart: &'a LineChart,
    grid: Vec<Tick>,
    ticks: Vec<Tick>,
    band: String,
    lines: Vec<Line>,
    rows: Vec<Vec<String>>,
    /// The island that lets the reader walk along the lines, where it was built and the chart is long enough for it.
    script: String,
    plan: String,
}

/// From so many points across on, a reader gains by walking along the lines; below, the drawing says it all.
const WORTH_WALKING: usize = 8;

/// What the island reads. A null breaks the line.
#[derive(Serialize)]
struct Plan<'a> {
    across: &'a [String],
    series: Vec<PlanLine<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    band: &'a [Option<(f64, f64)>],
    band_name: &'a str,
}

#[derive(Serialize)]
struct PlanLine<'a> {
    name: &'a str,
    values: Vec<Option<f64>>,
    comparison: bool,
}

/// A label on an axis with its place.
struct Tick {
    at: String,
    label: String,
}

/// A drawn line: its path, its class number, its label.
struct Line {
    path: String,
    class: String,
    label_y: String,
    name: String,
}

impl Series {
    fn plan(&self, points: usize) -> PlanLine<'_> {
        let values = self.values.iter().take(points);
        PlanLine {
            name: &self.name,
            values: values.map(|value| finite(*value)).collect(),
            comparison: self.comparison,
        }
    }
}

impl LineChart {
    /// Draws the chart in the reader's language.
    #[must_use]
    pub fn show(&self, ui: &Ui) -> Html {
        let lines_at = grid_values(self.largest());
        let top = lines_at.last().copied().unwrap_or(1.0);
        let x = |i: usize| {
            LEFT + (WIDTH - LEFT - RIGHT) * i as f64 / (self.across.len().max(2) - 1) as f64
        };
        let y = |value: f64| HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value.max(0.0) / top;
        let grid = lines_at
            .iter()
            .map(|value| Tick {
                at: round(y(*value)),
                label: number(*value),
            })
            .collect();
        let step = self.across.len().div_ceil(TICKS_ACROSS).max(1);
        let ticks = self.across.iter().enumerate().step_by(step);
        let ticks = ticks
            .map(|(i, label)| Tick {
                at: round(x(i)),
                label: label.clone(),
            })
            .collect();
        let mut strong = 0;
        let mut lines: Vec<(f64, Line)> = Vec::new();
        for series in &self.series {
            let class = if series.comparison {
                "comparison".to_owned()
            } else {
                strong += 1;
                strong.to_string()
            };
            let points = series.values.iter().take(self.across.len()).enumerate();
            let points: Vec<Option<(f64, f64)>> = points
                .map(|(i, value)| finite(*value).map(|value| (x(i), y(value))))
                .collect();
            let end = points
                .iter()
                .flatten()
                .next_back()
                .map_or(HEIGHT - BOTTOM, |(_, y)| *y);
            lines.push((
                end,
                Line {
                    path: broken_path(&points),
                    class,
                    label_y: String::new(),
                    name: series.name.clone(),
                },
            ));
        }
        LineChartView {
            ui,
            chart: self,
            grid,
            ticks,
            band: self.band_path(&x, &y),
            lines: spread(lines),
            rows: self.rows(),
            script: self.script(),
            plan: serde_json::to_string(&self.plan()).unwrap_or_default(),
        }
        .html()
    }

    fn script(&self) -> String {
        if self.across.len() < WORTH_WALKING {
            return String::new();
        }
        assets::url("chart.js").unwrap_or_default()
    }

    fn plan(&self) -> Plan<'_> {
        Plan {
            across: &self.across,
            series: self
                .series
                .iter()
                .map(|s| s.plan(self.across.len()))
                .collect(),
            band: &self.band,
            band_name: &self.band_name,
        }
    }

    fn largest(&self) -> f64 {
        let values = self
            .series
            .iter()
            .flat_map(|series| &series.values)
            .filter_map(|value| finite(*value));
        let bounds = self
            .band
            .iter()
            .flatten()
            .map(|(_, upper)| *upper)
            .filter(|upper| finite(Some(*upper)).is_some());
        values.chain(bounds).fold(0.0, f64::max)
    }

    /// The outline of the band: along the upper bounds and back along the lower, once per unbroken stretch.
    fn band_path(&self, x: &dyn Fn(usize) -> f64, y: &dyn Fn(f64) -> f64) -> String {
        let mut path = String::new();
        let known = |bound: &Option<(f64, f64)>| {
            bound.is_some_and(|(lower, upper)| {
                finite(Some(lower)).is_some() && finite(Some(upper)).is_some()
            })
        };
        let bounds: Vec<Option<(f64, f64)>> = self
            .band
            .iter()
            .take(self.across.len())
            .map(|b| b.filter(|_| known(b)))
            .collect();
        let mut start = 0;
        for stretch in bounds.split(Option::is_none) {
            let points: Vec<(usize, (f64, f64))> =
                (start..).zip(stretch.iter().flatten().copied()).collect();
            if points.len() > 1 {
                let along = points.iter().map(|(i, (_, upper))| (x(*i), y(*upper)));
                let back = points
                    .iter()
                    .rev()
                    .map(|(i, (lower, _))| (x(*i), y(*lower)));
                path.push_str(&joined(along.chain(back)));
                path.push('Z');
            }
            start += stretch.len() + 1;
        }
        path
    }

    /// The table behind the chart: one row per point.
    fn rows(&self) -> Vec<Vec<String>> {
        let cell = |value: Option<f64>| finite(value).map_or_else(|| "—".to_owned(), number);
        let row = |(i, label): (usize, &String)| {
            let mut row = vec![label.clone()];
            row.extend(
                self.series
                    .iter()
                    .map(|series| cell(series.values.get(i).copied().flatten())),
            );
            if !self.band.is_empty() {
                let bound = self.band.get(i).copied().flatten();
                row.push(bound.map_or_else(
                    || "—".to_owned(),
                    |(lower, upper)| format!("{} – {}", number(lower), number(upper)),
                ));
            }
            row
        };
        self.across.iter().enumerate().map(row).collect()
    }
}

impl LineChartView<'_> {
    fn html(&self) -> Html {
        rendered(self)
    }
}

/// One bar: a name, an amount, and what is written beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Its name (a team, a class).
    pub label: String,
    /// Its length.
    pub value: f64,
    /// What is written at its end, with unit and denominator (12 件, ■ 2); the number alone when empty.
    pub note: String,
    /// `late`, `soon` or empty: a stronger colour beside the words of the note.
    pub tone: &'static str,
}

/// Bars from zero, one below the other: the load of a team, counts by class. It is its own table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BarChart {
    /// What is shown, with its unit.
    pub title: String,
    /// The bars in the order shown.
    pub bars: Vec<Bar>,
}

#[derive(Template)]
#[template(path = "ui/bar_chart.html")]
struct BarChartView<'a> {
    title: &'a str,
    bars: Vec<BarView<'a>>,
}

struct BarView<'a> {
    bar: &'a Bar,
    /// In per mille of the longest.
    length: u32,
    text: String,
}

impl<'a> BarView<'a> {
    fn of(bar: &'a Bar, longest: f64) -> Self {
        let value = finite(Some(bar.value));
        let share = value
            .filter(|_| longest > 0.0)
            .map_or(0.0, |value| (value / longest).clamp(0.0, 1.0));
        let text = if bar.note.is_empty() {
            value.map_or_else(|| "—".to_owned(), number)
        } else {
            bar.note.clone()
        };
        Self {
            bar,
            length: (share * 1000.0).round() as u32,
            text,
        }
    }
}

impl BarChart {
    /// Draws the bars.
    #[must_use]
    pub fn show(&self) -> Html {
        let longest = self
            .bars
            .iter()
            .filter_map(|bar| finite(Some(bar.value)))
            .fold(0.0, f64::max);
        rendered(&BarChartView {
            title: &self.title,
            bars: self
                .bars
                .iter()
                .map(|bar| BarView::of(bar, longest))
                .collect(),
        })
    }
}

fn rendered(template: &impl Template) -> Html {
    // Rendering into a string fails only if a Display inside fails, and those here never do.
    template
        .render()
        .map_or_else(|_| Html::default(), Html::from_markup)
}

/// The value if it can be drawn: a number, and not one so large that only a fault can have made it.
fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.abs() <= LARGEST_SHOWN)
}

/// The values of the grid lines from zero to at least `largest`: two to six of them, in readable steps (1, 2, 2.5, 5 × 10ⁿ).
fn grid_values(largest: f64) -> Vec<f64> {
    let raw = if largest > 0.0 { largest / 5.0 } else { 1.0 };
    let power = 10_f64.powf(raw.log10().floor());
    let factors = [1.0, 2.0, 2.5, 5.0, 10.0];
    let step = factors
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= raw * 0.999_999)
        .unwrap_or(raw);
    // A largest value past the range of f64 steps would not end: six lines are always enough by the choice of the step.
    let mut values = vec![0.0];
    while values.len() < 7 && values.last().is_some_and(|last| *last < largest) {
        values.push(step * values.len() as f64);
    }
    if values.len() == 1 {
        values.push(step);
    }
    values
}

/// Up to two decimals where they are needed, thousands apart.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    group_digits(text.trim_end_matches('0').trim_end_matches('.'))
}

fn round(value: f64) -> String {
    format!("{value:.1}")
}

fn joined(points: impl Iterator<Item = (f64, f64)>) -> String {
    points
        .enumerate()
        .map(|(i, (x, y))| format!("{}{x:.1} {y:.1}", if i == 0 { 'M' } else { 'L' }))
        .collect()
}

/// A path that begins anew after each gap; a single point becomes a short dash that can be seen.
fn broken_path(points: &[Option<(f64, f64)>]) -> String {
    let stretch = |part: &[Option<(f64, f64)>]| match part
        .iter()
        .flatten()
        .copied()
        .collect::<Vec<_>>()
        .as_slice()
    {
        [(x, y)] => format!("M{:.1} {y:.1}L{:.1} {y:.1}", x - 2.0, x + 2.0),
        points => joined(points.iter().copied()),
    };
    points.split(Option::is_none).map(stretch).collect()
}

/// Gives each line the height of its label: at its end, moved apart where ends are close.
fn spread(mut lines: Vec<(f64, Line)>) -> Vec<Line> {
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by(|a, b| lines[*a].0.total_cmp(&lines[*b].0));
    let mut free = TOP;
    for i in order {
        let place = lines[i].0.max(free);
        free = place + LABEL_STEP;
        lines[i].1.label_y = round(place + 4.0);
    }
    lines.into_iter().map(|(_, line)| line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Lang, testing};
    use proptest::prelude::*;

    #[test]
    fn the_axis_begins_at_zero_and_ends_soon_after_the_largest_in_readable_steps() {
        for (largest, expected) in [
            (0.0, vec![0.0, 1.0]),
            (3.0, vec![0.0, 1.0, 2.0, 3.0]),
            (7.0, vec![0.0, 2.0, 4.0, 6.0, 8.0]),
            (17.0, vec![0.0, 5.0, 10.0, 15.0, 20.0]),
            (460.0, vec![0.0, 100.0, 200.0, 300.0, 400.0, 500.0]),
            (1000.0, vec![0.0, 200.0, 400.0, 600.0, 800.0, 1000.0]),
        ] {
            assert_eq!(grid_values(largest), expected, "{largest}");
        }
        let tops = [0.07, 1e300, f64::MAX, f64::MIN_POSITIVE].map(grid_values);
        assert!(
            tops.iter().all(|values| (2..=7).contains(&values.len())),
            "{tops:?}"
        );
    }

    #[test]
    fn a_gap_breaks_the_line() {
        assert_eq!(
            broken_path(&[Some((0.0, 1.0)), Some((1.0, 2.0)), None, Some((3.0, 4.0))]),
            "M0.0 1.0L1.0 2.0M1.0 4.0L5.0 4.0"
        );
        assert_eq!(broken_path(&[]), "");
    }

    #[test]
    fn the_table_holds_what_the_lines_show() {
        let chart = LineChart {
            title: "件/日".into(),
            across: vec!["a".into(), "b".into()],
            series: vec![Series {
                name: "受理".into(),
                values: vec![Some(1234.0), None],
                comparison: false,
            }],
            band: vec![None, Some((1.5, 3.0))],
            band_name: "80 %".into(),
        };
        assert_eq!(chart.rows(), [["a", "1,234", "—"], ["b", "—", "1.5 – 3"]]);
        let ui = testing::sample_ui(Lang::Zh, jiff::Timestamp::UNIX_EPOCH);
        let html = chart.show(&ui).to_string();
        assert!(
            html.contains("受理") && html.contains("1,234") && !html.contains("style="),
            "{html}"
        );
    }

    #[test]
    fn labels_of_lines_that_end_together_do_not_cover_each_other() {
        let line = |y| {
            (
                y,
                Line {
                    path: String::new(),
                    class: String::new(),
                    label_y: String::new(),
                    name: String::new(),
                },
            )
        };
        let places: Vec<f64> = spread(vec![line(50.0), line(49.0), line(100.0)])
            .iter()
            .map(|l| l.label_y.parse().unwrap())
            .collect();
        assert_eq!(places, [69.0, 53.0, 104.0]);
    }

    proptest! {
        #[test]
        fn no_numbers_break_a_chart(values in proptest::collection::vec(proptest::option::of(any::<f64>()), 0..12), across in 0_usize..12) {
            let ui = testing::sample_ui(Lang::En, jiff::Timestamp::UNIX_EPOCH);
            let band = values.iter().map(|value| value.map(|v| (v, v))).collect();
            let bars = values.iter().flatten().map(|v| Bar { label: "x".into(), value: *v, note: String::new(), tone: "" }).collect();
            let series = vec![Series { name: "s".into(), values, comparison: false }];
            let chart = LineChart { title: "t".into(), across: vec!["a".into(); across], series, band, band_name: "b".into() };
            let html = chart.show(&ui).to_string() + BarChart { title: "t".into(), bars }.show().as_str();
            prop_assert!(html.contains("<svg") && !html.contains("NaN") && !html.contains("inf"));
        }
    }
}
