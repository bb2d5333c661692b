//! GET /evaluation — counts and rates of a period, each rate with its numerator and denominator and its definition.

use crate::figures_pages::{Number, encoded};
use crate::model::{By, Counts, Period, RATES, Row, Share};
use crate::ops::{self, EvaluationError};
use access::{Capability, Ctx, Fault, Fields, Permission, Problem, Routes, Scope, Word, show_as};
use askama::Template;
use axum::extract::RawQuery;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use cases::service::Cases;
use grid::Division;
use jiff::ToSpan;
use jiff::civil::Date;
use kernel::codes::DivisionCode;
use matters::City;
use ui::{Choice, FormState, Html, Ui};

/// What evaluation brings to the program: its page, its words.
pub fn capability() -> Capability {
    Capability::new(
        "evaluation",
        crate::set_pages::add(crate::figures_pages::add(crate::api::add(Routes::new(
            "evaluation",
        ))))
        .on(
            Method::GET,
            "/evaluation",
            Permission::EvaluationRead,
            table,
        )
        .on(
            Method::GET,
            "/city-map",
            Permission::EvaluationRead,
            crate::map::show,
        )
        .for_a_wall()
        .on(
            Method::GET,
            "/tiles/cases/{z}/{x}/{file}",
            Permission::EvaluationRead,
            crate::case_tiles::tile,
        )
        .for_a_wall(),
    )
    .migrations(crate::MIGRATIONS)
    .locales(
        include_str!("../locales/zh-CN.ftl"),
        include_str!("../locales/en.ftl"),
    )
    .menu(
        "evaluation-menu",
        "/evaluation",
        Permission::EvaluationRead,
        60,
    )
    .menu(
        "evaluation-map-menu",
        "/city-map",
        Permission::EvaluationRead,
        61,
    )
    .menu(
        "evaluation-own",
        "/evaluation/own",
        Permission::ReferenceRead,
        892,
    )
}

// words: evaluation-error-*
impl Problem for EvaluationError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Refused(error) => error.status(),
            Self::Store(error) => error.status(),
            Self::UnknownSet(_)
            | Self::UnknownDefinition(_)
            | Self::UnknownRow(_)
            | Self::NotFrozen(_) => StatusCode::NOT_FOUND,
            Self::SameVersion { .. } | Self::AlreadyFrozen { .. } => StatusCode::CONFLICT,
            Self::WholeCityOnly => StatusCode::FORBIDDEN,
            Self::Set(_)
            | Self::NotOver(_)
            | Self::NotBegun(_)
            | Self::FirstDayAhead(_)
            | Self::Period(_) => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Refused(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::UnknownSet(_) => "evaluation.unknown_set",
            Self::UnknownDefinition(_) => "evaluation.unknown_definition",
            Self::UnknownRow(_) => "evaluation.unknown_row",
            Self::NotFrozen(_) => "evaluation.not_frozen",
            Self::SameVersion { .. } => "evaluation.same_version",
            Self::AlreadyFrozen { .. } => "evaluation.already_frozen",
            Self::WholeCityOnly => "evaluation.whole_city_only",
            Self::Set(_) => "evaluation.unsound_set",
            Self::NotOver(_) => "evaluation.not_over",
            Self::NotBegun(_) => "evaluation.not_begun",
            Self::FirstDayAhead(_) => "evaluation.first_day_ahead",
            Self::Period(_) => "evaluation.bad_period",
        }
    }
    fn field(&self) -> Option<String> {
        match self {
            Self::Set(wrong) => Some(wrong.field.clone()),
            Self::SameVersion { .. } => Some("version".into()),
            Self::NotOver(_) | Self::NotBegun(_) | Self::AlreadyFrozen { .. } => {
                Some("month".into())
            }
            Self::FirstDayAhead(_) => Some("from".into()),
            Self::UnknownRow(_) => Some("key".into()),
            _ => None,
        }
    }
    fn args(&self) -> Vec<(&'static str, Word)> {
        match self {
            Self::Refused(error) => error.args(),
            Self::Store(error) => error.args(),
            Self::Set(wrong) => vec![
                ("field", wrong.field.clone().into()),
                ("reason", wrong.why.text.clone().into()),
            ],
            _ => Vec::new(),
        }
    }
    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Store(error) => error.retry_after_s(),
            _ => None,
        }
    }
}

/// A rate of the table's head.
struct Head {
    /// Its name.
    name: String,
    /// Where its definition stands on the page.
    anchor: String,
    /// What is over what.
    text: String,
    /// The id of its definition.
    id: &'static str,
}

/// One line of the table. Each number leads to the cases it counts.
struct Line {
    name: Html,
    reported: Number,
    due: Number,
    /// Of these, without a deadline: they are outside the on-time rate.
    without_limit: i64,
    closed: Number,
    rates: Vec<RateView>,
}

/// A rate of a line, with both its numbers.
struct RateView {
    /// None over nothing.
    value: Option<String>,
    numerator: Number,
    denominator: Number,
}

/// The words of which the counts of [`RATES`] are made, above and below, in their order.
const SIDES: [(&str, &str); 6] = [
    ("register", "accept"),
    ("dispatch", "register"),
    ("archive", "need_archive"),
    ("in_time_archive", "need_archive_with_limit"),
    ("rework", "need_archive"),
    ("extension", "need_archive"),
];

#[derive(Template)]
#[template(path = "evaluation_table.html")]
struct TablePage {
    ui: Ui,
    form: FormState,
    choices: Vec<Choice>,
    /// Whose cases are counted; empty for those of the whole city.
    scope: Html,
    /// What the lines stand for.
    by: String,
    /// The period in words.
    period: String,
    heads: Vec<Head>,
    lines: Vec<Line>,
}

/// More lines than this are of no use on a page; the command line has them all.
const MOST_LINES: usize = 500;

// words: evaluation-by-*
fn by_word(ui: &Ui, by: By) -> String {
    ui.t(&format!("evaluation-by-{}", by.as_str()))
}

/// The English name of what a line stands for, where the reference data has one.
pub(crate) fn english<'a>(city: &'a City, by: By, key: &str) -> Option<&'a str> {
    match by {
        By::Unit => city.units.by_code(key)?.name_en.as_deref(),
        By::Matter => {
            let (catalogue, code) = key.split_once('/')?;
            city.matters.by_code(catalogue, code)?.name_en.as_deref()
        }
        By::Division | By::Street => division(city, key)?.name_en.as_deref(),
        By::City | By::Channel | By::Nature => None,
    }
}

/// The division of a district or street that is named by the head of its code.
fn division<'a>(city: &'a City, head: &str) -> Option<&'a Division> {
    city.territory.division(DivisionCode::padded(head).ok()?)
}

/// The reader's scope in words: the own unit, or the districts.
pub(crate) fn scope_in_words(ui: &Ui, city: &City, scope: &Scope) -> Html {
    if let Some(unit) = scope.unit {
        return city.unit(unit).map_or_else(
            || Html::from_text(&ui.t("evaluation-no-unit")),
            |u| ui.named(&u.name_zh, u.name_en.as_deref()),
        );
    }
    let names = scope.districts.iter().map(|district| {
        let name = division(city, district.as_str()).map_or_else(
            || Html::from_text(district.as_str()),
            |division| grid::division_name(ui, division),
        );
        name.to_string()
    });
    Html::from_markup(names.collect::<Vec<_>>().join(" "))
}

fn heads(ui: &Ui) -> Vec<Head> {
    // words: evaluation-rate-* evaluation-definition-*
    RATES
        .iter()
        .map(|d| {
            let word = d.rate.replace('_', "-");
            Head {
                name: ui.t(&format!("evaluation-rate-{word}")),
                text: ui.t(&format!("evaluation-definition-{word}")),
                anchor: format!("definition-{word}"),
                id: d.id,
            }
        })
        .collect()
}

fn line(ui: &Ui, name: Html, row: &Row, of: (By, Date, Date)) -> Line {
    let Counts {
        reported,
        due_closing,
        due_closing_without_limit,
        closed,
        ..
    } = row.counts;
    let (by, from, to) = (of.0.as_str(), of.1.to_string(), of.2.to_string());
    let number = |n: i64, word: &str| {
        let pairs = [
            ("from", from.as_str()),
            ("to", to.as_str()),
            ("by", by),
            ("key", row.key.as_str()),
            ("count", word),
        ];
        Number {
            text: ui.num(n),
            href: format!("/evaluation/behind?{}", encoded(&pairs)),
        }
    };
    let rates = RATES
        .iter()
        .zip(SIDES)
        .map(|(d, (above, below))| {
            let (n, of) = ((d.numerator)(&row.counts), (d.denominator)(&row.counts));
            RateView {
                value: Share::of(n, of).value.map(|v| ui.percent(v)),
                numerator: number(n, above),
                denominator: number(of, below),
            }
        })
        .collect();
    Line {
        name,
        reported: number(reported, "report"),
        due: number(due_closing, "need_archive"),
        without_limit: due_closing_without_limit,
        closed: number(closed, "archive"),
        rates,
    }
}

/// What the reader asked for; where an entry does not read, the default, and a fault beside its field.
struct Asked {
    from: Date,
    to: Date,
    by: By,
    form: FormState,
}

/// Reads the form. Without entries: the last 30 days by unit.
fn asked(ui: &Ui, fields: &Fields) -> Asked {
    let today = ui.now.to_zoned(ui.site.time_zone.clone()).date();
    let mut form = fields.form();
    let mut day = |name: &str, otherwise: Date| match fields.get(name) {
        "" => otherwise,
        text => text.parse().unwrap_or_else(|_| {
            form.fault(name, ui.t("evaluation-bad-day"));
            otherwise
        }),
    };
    let (from, to) = (
        day("from", today.saturating_sub(29.days())),
        day("to", today),
    );
    let by = match fields.get("by") {
        "" => By::City,
        text => text.parse().unwrap_or_else(|_| {
            form.fault("by", ui.t("evaluation-bad-by"));
            By::City
        }),
    };
    let form = form
        .with("from", from.to_string())
        .with("to", to.to_string())
        .with("by", by.as_str());
    Asked { from, to, by, form }
}

async fn table(ctx: Ctx, ui: Ui, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let cases = ctx.service::<Cases>();
    let city = cases.city();
    let Asked {
        from,
        to,
        by,
        mut form,
    } = asked(&ui, &fields);
    let period = Period::days(from, to, &city.timezone);
    if period.is_err() {
        form.fault("to", ui.t("evaluation-backward"));
    }
    if ops::check_first_day(from, ui.now, &ui.site.time_zone).is_err() {
        form.fault("from", ui.t("evaluation-error-first-day-ahead"));
    }
    let scope = scope_in_words(&ui, &city, &ops::scope_of(&ctx)?);
    let mut lines = Vec::new();
    if let (true, Ok(period)) = (form.is_ok(), period) {
        let channels = cases.load_channels(&ctx).await?;
        let found = ops::evaluate(&ctx, &city, by, period).await?;
        lines = found
            .rows
            .iter()
            .take(MOST_LINES)
            .map(|row| {
                let name = match by {
                    _ if row.key == "unknown" => Html::from_text(&ui.t("evaluation-unknown")),
                    By::City if !scope.is_empty() => scope.clone(),
                    By::City => Html::from_text(ui.city()),
                    By::Channel => channels.get(&row.key).map_or_else(
                        || ui.named(&row.name, None),
                        |c| ui.named(&c.name_zh, Some(&c.name_en)),
                    ),
                    _ => ui.named(&row.name, english(&city, by, &row.key)),
                };
                line(&ui, name, row, (by, from, to))
            })
            .collect();
    }
    let status = if form.is_ok() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = TablePage {
        scope,
        ..page(ui, form, by, from, to, lines)
    };
    show_as(status, &page)
}

fn page(ui: Ui, form: FormState, by: By, from: Date, to: Date, lines: Vec<Line>) -> TablePage {
    TablePage {
        scope: Html::default(),
        choices: By::ALL
            .iter()
            .map(|by| Choice::new(by.as_str(), by_word(&ui, *by)))
            .collect(),
        by: by_word(&ui, by),
        period: ui.t2(
            "evaluation-period",
            "from",
            ui.date_long(from).as_str(),
            "to",
            ui.date_long(to).as_str(),
        ),
        heads: heads(&ui),
        lines,
        form,
        ui,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rates;
    use jiff::Timestamp;
    use ui::{Lang, testing};

    const WORDS: (&str, &str, &str) = (
        "evaluation",
        include_str!("../locales/zh-CN.ftl"),
        include_str!("../locales/en.ftl"),
    );

    fn reader(lang: Lang) -> Ui {
        let words = access::words_of(&[access::capability(), capability()]).expect("sound words");
        let now: Timestamp = "2026-03-16T02:00:00Z".parse().expect("a time");
        testing::ui_with(testing::site_with(words), lang, now)
    }

    fn row() -> Row {
        // The published figures of Zhengzhou, 2011-10: 43,523 closed of 52,434 due.
        let counts = Counts {
            reported: 60_000,
            due_closing: 52_434,
            closed: 43_523,
            ..Counts::default()
        };
        Row {
            key: "city".into(),
            name: "city".into(),
            rates: rates(&counts),
            counts,
        }
    }

    #[test]
    fn the_table_renders_in_both_languages_with_numerators_and_denominators() {
        for lang in Lang::ALL {
            let ui = reader(lang);
            let day = jiff::civil::date(2026, 3, 1);
            let of = (By::City, day, day);
            for lines in [
                Vec::new(),
                vec![line(&ui, Html::from_text("<i>"), &row(), of)],
            ] {
                let is_empty = lines.is_empty();
                let asked = asked(&ui, &Fields::default());
                let html = page(
                    ui.clone(),
                    asked.form,
                    By::City,
                    asked.from,
                    asked.to,
                    lines,
                )
                .render()
                .expect("the template renders");
                testing::assert_sound(&html);
                assert!(!html.contains("<i>"));
                assert!(is_empty || html.contains("43,523") && html.contains("52,434"));
                for head in heads(&ui) {
                    assert!(is_empty || html.contains(&format!("href=\"#{}\"", head.anchor)));
                }
            }
        }
    }

    #[test]
    fn every_number_of_the_table_leads_to_the_word_that_counts_it() {
        use crate::vocabulary::word;
        let ui = reader(Lang::En);
        let day = jiff::civil::date(2026, 3, 1);
        let made = line(
            &ui,
            Html::from_text("x"),
            &row(),
            (By::Unit, day, jiff::civil::date(2026, 3, 31)),
        );
        let sides = made
            .rates
            .iter()
            .flat_map(|r| [&r.numerator, &r.denominator]);
        for number in sides.chain([&made.reported, &made.due, &made.closed]) {
            let (_, count) = number.href.split_once("count=").expect("a count");
            assert!(word(count).is_some(), "{}", number.href);
            let asked = "/evaluation/behind?from=2026-03-01&to=2026-03-31&by=unit&key=city&";
            assert!(number.href.starts_with(asked), "{}", number.href);
        }
    }

    #[test]
    fn entries_that_do_not_read_are_named_and_the_default_stands() {
        let ui = reader(Lang::En);
        for garbage in ["x", "2026-13-01", "%00", "99999-01-01", "-", "2026-02-30"] {
            let fields =
                Fields::parse(format!("from={garbage}&to=2026-03-01&by={garbage}").as_bytes());
            let asked = asked(&ui, &fields);
            let named: Vec<&str> = asked
                .form
                .errors()
                .iter()
                .map(|(f, _)| f.as_str())
                .collect();
            assert_eq!(named, ["from", "by"], "{garbage}");
            assert_eq!(asked.by, By::City);
        }
    }

    #[test]
    fn every_word_used_is_there() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let used =
            testing::used_keys(&[&root.join("templates"), &root.join("src")]).expect("sources");
        let words = ui::I18n::builder()
            .add(WORDS.0, WORDS.1, WORDS.2)
            .build()
            .expect("both languages have the same keys");
        let faults: Vec<String> = testing::word_faults(&words, &used, &["evaluation"])
            .into_iter()
            .filter(|fault| {
                !fault.contains("-menu")
                    && !fault.contains("cases-state")
                    && !fault.contains("cases-act")
            })
            .collect();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
