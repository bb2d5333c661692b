//! GET /command — numbers, curve, decisions and the map, for a wall (`?wall=1`, renews itself) and a desk.
//! GET /morning — five sentences with numbers and three decisions, for a phone.

use crate::model::{Leads, Numbers, Stock, change};
use crate::ops::{self, Decisions};
use access::{Capability, Ctx, Fault, Fields, Permission, Routes, show as show_page};
use askama::Template;
use axum::extract::RawQuery;
use axum::http::Method;
use axum::response::Response;
use cases::Case;
use cases::service::Cases;
use std::sync::Arc;
use ui::{Html, LineChart, Series, Ui};

/// What command brings to the program.
pub fn capability() -> Capability {
    let routes = Routes::new("command")
        .on(Method::GET, "/command", Permission::EvaluationRead, command)
        .for_a_wall()
        .on(Method::GET, "/morning", Permission::EvaluationRead, morning);
    Capability::new("command", routes)
        .locales(
            include_str!("../locales/zh-CN.ftl"),
            include_str!("../locales/en.ftl"),
        )
        .menu(
            "command-menu-morning",
            "/morning",
            Permission::EvaluationRead,
            28,
        )
        .menu("command-menu", "/command", Permission::EvaluationRead, 29)
}

/// A number of the strip.
struct Stat {
    label: String,
    value: Html,
    note: String,
    tone: &'static str,
    /// Where the cases behind it are; empty for whoever may not read cases.
    href: String,
    /// Where else it leads: in words, and the address.
    more: Vec<(String, String)>,
}

/// A sentence of the morning.
struct Said {
    text: String,
    /// Where what it counts is: in words, and the address.
    leads: Vec<(String, String)>,
}

/// What of the pages is open to a reader.
#[derive(Debug, Clone, Copy)]
struct Open {
    /// Cases.
    cases: bool,
    /// What is unusual.
    warnings: bool,
}

impl Open {
    fn to(ctx: &Ctx, is_wall: bool) -> Self {
        let may = |permission| !is_wall && ctx.require(permission).is_ok();
        Self {
            cases: may(Permission::CaseRead),
            warnings: may(Permission::WarningRead),
        }
    }
}

/// Something that waits for a decision.
struct Decision {
    /// In words.
    text: String,
    /// What it is.
    kind: String,
    href: String,
}

#[derive(Template)]
#[template(path = "command_page.html")]
struct CommandPage {
    ui: Ui,
    is_wall: bool,
    stats: Vec<Stat>,
    /// Some of what waits, the most pressing first.
    decisions: Vec<Decision>,
    /// How much waits.
    all_decisions: u64,
    curve: Html,
    /// Where what the curve counts stands by unit, each figure with its cases.
    curve_href: String,
    /// What is open and late, day by day.
    stock: Html,
    map: Html,
    /// Up to when everything is counted; empty while the figures are being made.
    fresh: String,
    /// Whether the reader may read cases.
    may_read: bool,
}

#[derive(Template)]
#[template(path = "command_morning.html")]
struct MorningPage {
    ui: Ui,
    /// The day, in words.
    day: Html,
    sentences: Vec<Said>,
    decisions: Vec<Decision>,
    fresh: String,
    /// Whether the reader may write an instruction (批示).
    may_instruct: bool,
}

/// So many decisions stand on the page of the morning.
const OF_THE_MORNING: usize = 3;

fn percent(change: Option<i64>) -> Option<String> {
    change.map(|c| match c {
        0 => "=".to_owned(),
        c if c > 0 => format!("↑{c} %"),
        c => format!("↓{} %", c.unsigned_abs()),
    })
}

/// A stock beside that of a week and of 52 weeks before, in words; empty where nothing was recorded then.
fn stock_compared(ui: &Ui, numbers: &Numbers, of: fn(Stock) -> u64) -> String {
    let Some((now, week)) = numbers.stock(0).zip(numbers.stock(7)) else {
        return String::new();
    };
    let told = |before: Stock| percent(change(of(now), of(before))).unwrap_or_else(|| "–".into());
    match numbers.stock_year_before() {
        Some(year) => ui.ta(
            "command-stock-against-both",
            &[
                ("week", &of(week)),
                ("change", &told(week).as_str()),
                ("year", &of(year)),
                ("since", &told(year).as_str()),
            ],
        ),
        None => ui.t2(
            "command-stock-against-week",
            "week",
            of(week),
            "change",
            told(week).as_str(),
        ),
    }
}

// words: command-lead-* command-line-* command-stock-* command-today* command-on-time* command-open* command-overdue* command-received* command-closed* command-menu*
fn stats(ui: &Ui, numbers: &Numbers, open: Open) -> Vec<Stat> {
    let leads = numbers.today().map(Leads::of).filter(|_| open.cases);
    let lead = |of: fn(&Leads) -> &String| leads.as_ref().map(of).cloned().unwrap_or_default();
    let today = numbers.day(0).map_or(0, |d| d.reported);
    // A day that has just begun says nothing beside a whole one: yesterday is compared.
    let reported = |back| numbers.day(back).map_or(0, |d| d.reported);
    let (closed, on_time) = (
        numbers.week(0, |d| d.closed),
        numbers.week(0, |d| d.on_time),
    );
    let number = |n: u64| Html::from_text(&ui.num(n));
    let stat = |key, value, note, tone, href| Stat {
        label: ui.t(key),
        value,
        note,
        tone,
        href,
        more: Vec::new(),
    };
    let of_closed = if open.cases {
        vec![
            (ui.t("command-lead-on-time"), lead(|l| &l.on_time)),
            (ui.t("command-lead-units"), figures_of(numbers, 7, 0)),
        ]
    } else {
        Vec::new()
    };
    let (closed_before, on_time_before) = (
        numbers.week(7, |d| d.closed),
        numbers.week(7, |d| d.on_time),
    );
    let compared = percent(change(reported(1), reported(8))).map_or_else(String::new, |change| {
        ui.t2(
            "command-against-week",
            "change",
            change.as_str(),
            "n",
            reported(1),
        )
    });
    vec![
        stat(
            "command-today",
            number(today),
            compared,
            "",
            lead(|l| &l.today),
        ),
        Stat {
            more: of_closed,
            ..stat(
                "command-on-time",
                ui.rate(on_time, closed),
                ui.tn(
                    "command-last-days-against",
                    "rate",
                    ui.rate_text(on_time_before, closed_before),
                ),
                "",
                lead(|l| &l.closed),
            )
        },
        stat(
            "command-open",
            number(numbers.open()),
            stock_compared(ui, numbers, |stock| stock.open),
            "",
            lead(|l| &l.open),
        ),
        stat(
            "command-overdue",
            if numbers.overdue() > 0 {
                Html::from_text(&format!("■ {}", ui.num(numbers.overdue())))
            } else {
                number(0)
            },
            ui.t2(
                "command-overdue-of-open",
                "rate",
                ui.rate_text(numbers.overdue(), numbers.open()),
                "compared",
                stock_compared(ui, numbers, |stock| stock.overdue),
            ),
            if numbers.overdue() > 0 { "late" } else { "" },
            lead(|l| &l.overdue),
        ),
    ]
}

/// The figures of some days by unit, the last of them so many days ago, from which each number leads to its cases.
fn figures_of(numbers: &Numbers, days: usize, back: usize) -> String {
    let of = |back| numbers.day(back).map(|day| day.date);
    match of(back + days - 1).zip(of(back)) {
        Some((from, to)) => format!("/evaluation?by=unit&from={from}&to={to}"),
        None => "/evaluation?by=unit".to_owned(),
    }
}

/// What was open and late at the end of each day, and 52 weeks before.
fn stock_curve(ui: &Ui, numbers: &Numbers) -> Html {
    let stocks = numbers.stock_curve();
    let line = |key, of: fn(&Stock) -> u64, stocks: &[Stock], comparison| Series {
        name: ui.t(key),
        values: stocks.iter().map(|s| Some(of(s) as f64)).collect(),
        comparison,
    };
    let mut series = vec![
        line("command-line-open", |s| s.open, stocks, false),
        line("command-line-overdue", |s| s.overdue, stocks, false),
    ];
    let before = &numbers.stocks_year_before;
    if !before.is_empty() {
        series.push(line("command-line-open-year", |s| s.open, before, true));
        series.push(line(
            "command-line-overdue-year",
            |s| s.overdue,
            before,
            true,
        ));
    }
    let chart = LineChart {
        title: ui.t("command-stock-curve"),
        across: stocks
            .iter()
            .map(|s| s.date.strftime("%m-%d").to_string())
            .collect(),
        series,
        ..LineChart::default()
    };
    chart.show(ui)
}

fn curve(ui: &Ui, numbers: &Numbers) -> Html {
    let days = numbers.curve();
    // The day that is not over has no point yet: half a day beside whole ones looks like a fall.
    let over = days.len().saturating_sub(1);
    let line = |key, of: fn(&crate::model::Day) -> u64| Series {
        name: ui.t(key),
        values: (days.iter().enumerate())
            .map(|(i, d)| (i < over).then(|| of(d) as f64))
            .collect(),
        comparison: false,
    };
    let mut series = vec![
        line("command-received", |d| d.reported),
        line("command-closed", |d| d.closed),
    ];
    if !numbers.year_before.is_empty() {
        series.push(Series {
            name: ui.t("command-year-before"),
            values: numbers
                .year_before
                .iter()
                .map(|n| Some(*n as f64))
                .collect(),
            comparison: true,
        });
    }
    let chart = LineChart {
        title: ui.t("command-curve"),
        across: days
            .iter()
            .map(|d| d.date.strftime("%m-%d").to_string())
            .collect(),
        series,
        ..LineChart::default()
    };
    chart.show(ui)
}

fn decided(ui: &Ui, cases: &Arc<Cases>, decisions: &Decisions) -> Vec<Decision> {
    let city = cases.city();
    let found = decisions.warnings.iter().map(|w| Decision {
        text: warning::view::sentence(&city, &w.track)
            .in_lang(ui.lang.tag())
            .to_owned(),
        kind: ui.t("command-kind-warning"),
        href: format!("/warnings/{}", w.id),
    });
    let ruling = decisions.coordinating.iter().map(|case| Decision {
        text: coordinating(ui, cases, case),
        kind: ui.t("command-kind-coordinating"),
        href: format!("/cases/{}", case.number),
    });
    let review = decisions.reviews.iter().map(|case| Decision {
        text: ui.tn("command-review", "number", case.number.to_string().as_str()),
        kind: ui.t("command-kind-review"),
        href: format!("/cases/{}", case.number),
    });
    let reported = (decisions.reported > 0).then(|| Decision {
        text: ui.tn("command-reported", "n", decisions.reported),
        kind: ui.t("command-kind-reported"),
        href: "/supervision?state=reported".into(),
    });
    found.chain(ruling).chain(review).chain(reported).collect()
}

fn coordinating(ui: &Ui, cases: &Arc<Cases>, case: &Case) -> String {
    let city = cases.city();
    let class = case.matter.and_then(|m| city.matter(m)).map_or_else(
        || case.number.to_string(),
        |class| class.name(ui.lang.tag()).to_owned(),
    );
    ui.t2(
        "command-returned",
        "class",
        class.as_str(),
        "n",
        case.returns,
    )
}

async fn command(ctx: Ctx, ui: Ui, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let today = ui.now.to_zoned(ui.site.time_zone.clone()).date();
    let numbers = ops::numbers(&ctx, today).await?;
    let decisions = ops::decisions(&ctx).await?;
    let is_wall = fields.get("wall") == "1";
    let map = evaluation::drawn_map(&ctx, &ui, is_wall).await?;
    let open = Open::to(&ctx, is_wall);
    let cases = ctx.service::<Cases>();
    show_page(&command_page(
        ui,
        &cases,
        is_wall,
        numbers.as_ref(),
        &decisions,
        map,
        open,
    ))
}

fn command_page(
    ui: Ui,
    cases: &Arc<Cases>,
    is_wall: bool,
    numbers: Option<&Numbers>,
    decisions: &Decisions,
    map: Html,
    open: Open,
) -> CommandPage {
    CommandPage {
        may_read: open.cases,
        stats: numbers.map_or_else(Vec::new, |n| stats(&ui, n, open)),
        decisions: decided(&ui, cases, decisions),
        all_decisions: decisions.all(),
        curve: numbers.map_or_else(Html::default, |n| curve(&ui, n)),
        curve_href: numbers.map_or_else(String::new, |n| figures_of(n, n.curve().len(), 0)),
        stock: numbers.map_or_else(Html::default, |n| stock_curve(&ui, n)),
        fresh: numbers.map_or_else(String::new, |n| ui.time_text(n.as_of)),
        map,
        is_wall,
        ui,
    }
}

/// Five sentences: what came in, what was closed in time, what is open and late, what came back, what is unusual.
fn sentences(ui: &Ui, numbers: &Numbers, decisions: &Decisions, open: Open) -> Vec<Said> {
    let leads = numbers.today().map(Leads::of).filter(|_| open.cases);
    let to =
        |key, of: fn(&Leads) -> &String| leads.as_ref().map(|leads| (ui.t(key), of(leads).clone()));
    let when = |is_open, key, href: &str| {
        let lead = (ui.t(key), href.to_owned());
        Some(lead).filter(|_| is_open)
    };
    let said = |text, leads: [Option<(String, String)>; 2]| Said {
        text,
        leads: leads.into_iter().flatten().collect(),
    };
    let yesterday = numbers.day(1).map_or(0, |d| d.reported);
    let week_before = numbers.day(8).map_or(0, |d| d.reported);
    let came = match percent(change(yesterday, week_before)) {
        Some(change) => ui.ta(
            "command-said-came-compared",
            &[
                ("n", &yesterday),
                ("change", &change.as_str()),
                ("before", &week_before),
            ],
        ),
        None => ui.tn("command-said-came", "n", yesterday),
    };
    let (closed, on_time) = (
        numbers.week(1, |d| d.closed),
        numbers.week(1, |d| d.on_time),
    );
    let reworked = numbers.week(1, |d| d.reworked);
    let of_closed = if closed == 0 {
        said(ui.t("command-said-nothing-closed"), [None, None])
    } else {
        let rate = ui.rate_text(on_time, closed);
        said(
            ui.tn("command-said-on-time", "rate", rate.as_str()),
            [
                to("command-lead-closed", |l| &l.closed_until_yesterday),
                to("command-lead-on-time", |l| &l.on_time_until_yesterday),
            ],
        )
    };
    let stock = ui.t2(
        "command-said-open",
        "open",
        numbers.open(),
        "overdue",
        numbers.overdue(),
    );
    let waiting = ui.t2(
        "command-said-waiting",
        "warnings",
        decisions.all_warnings,
        "rulings",
        decisions.all_coordinating,
    );
    let by_unit = figures_of(numbers, 7, 1);
    vec![
        said(came, [to("command-lead-came", |l| &l.yesterday), None]),
        of_closed,
        said(
            stock,
            [
                to("command-lead-open", |l| &l.open),
                to("command-lead-overdue", |l| &l.overdue),
            ],
        ),
        said(
            ui.tn("command-said-reworked", "n", reworked),
            [
                to("command-lead-reworked", |l| &l.reworked_until_yesterday)
                    .filter(|_| reworked > 0),
                when(reworked > 0, "command-lead-units", &by_unit),
            ],
        ),
        said(
            waiting,
            [
                when(open.warnings, "command-lead-warnings", "/warnings"),
                when(
                    open.cases,
                    "command-lead-rulings",
                    "/desk?state=coordinating",
                ),
            ],
        ),
    ]
}

async fn morning(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let today = ui.now.to_zoned(ui.site.time_zone.clone()).date();
    let numbers = ops::numbers(&ctx, today).await?;
    let decisions = ops::decisions(&ctx).await?;
    let cases = ctx.service::<Cases>();
    let may_instruct = ctx.require(Permission::CaseSupervise).is_ok();
    show_page(&MorningPage {
        may_instruct,
        ..morning_page(
            ui,
            &cases,
            numbers.as_ref(),
            &decisions,
            Open::to(&ctx, false),
        )
    })
}

fn morning_page(
    ui: Ui,
    cases: &Arc<Cases>,
    numbers: Option<&Numbers>,
    decisions: &Decisions,
    open: Open,
) -> MorningPage {
    let mut offered = decided(&ui, cases, decisions);
    offered.truncate(OF_THE_MORNING);
    MorningPage {
        day: ui.day(ui.now),
        sentences: numbers.map_or_else(Vec::new, |n| sentences(&ui, n, decisions, open)),
        decisions: offered,
        fresh: numbers.map_or_else(String::new, |n| ui.time_text(n.as_of)),
        may_instruct: false,
        ui,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{days, stocks};
    use cases::service::CasesConfig;
    use jiff::tz::TimeZone;
    use ui::{Lang, testing};

    fn reader(lang: Lang) -> Ui {
        let words = access::words_of(&[access::capability(), capability()]).expect("sound words");
        let now = "2026-03-16T02:00:00Z".parse().expect("a time");
        testing::ui_with(testing::site_with(words), lang, now)
    }

    /// A reader to whom everything is open, and one to whom numbers are.
    const ALL: Open = Open {
        cases: true,
        warnings: true,
    };
    const NUMBERS: Open = Open {
        cases: false,
        warnings: false,
    };

    fn service() -> Arc<Cases> {
        let reference = matters::Reference::new(TimeZone::get("Asia/Shanghai").expect("a zone"));
        let district = "990101".parse().expect("six digits");
        Arc::new(Cases::new(Arc::new(reference), CasesConfig::new(district)))
    }

    fn numbers(year_before: Vec<u64>) -> Numbers {
        let last = jiff::civil::date(2026, 3, 16);
        let figures: Vec<facts::figures::Figure> = (0..35)
            .map(|back| facts::figures::Figure {
                day: Some(last.saturating_sub(jiff::Span::new().days(back))),
                place: facts::Place::UNKNOWN,
                matter: None,
                unit: None,
                word: String::new(),
                n: vec![100 + back, 90, 80, 60, 2, 99, 3, 2],
            })
            .collect();
        let of_days = days(jiff::civil::date(2026, 2, 10), last, &figures);
        let before = if year_before.is_empty() {
            &[][..]
        } else {
            &of_days[7..]
        };
        Numbers {
            stocks: stocks(&of_days, (1234, 17)),
            stocks_year_before: stocks(before, (1000, 20)),
            days: of_days,
            year_before,
            as_of: "2026-03-16T01:59:00Z".parse().expect("a time"),
            waiting: 0,
        }
    }

    #[test]
    fn both_pages_render_with_and_without_figures() {
        let cases = service();
        for lang in Lang::ALL {
            for numbers in [None, Some(numbers(vec![])), Some(numbers(vec![90; 28]))] {
                let none = Decisions::default();
                for is_wall in [false, true] {
                    let page = command_page(
                        reader(lang),
                        &cases,
                        is_wall,
                        numbers.as_ref(),
                        &none,
                        Html::default(),
                        ALL,
                    );
                    let html = page.render().expect("it renders");
                    testing::assert_sound(&html);
                    assert!(
                        html.contains("data-renew"),
                        "the ticker is live on a desk as well"
                    );
                }
                let page = morning_page(reader(lang), &cases, numbers.as_ref(), &none, ALL);
                assert_eq!(page.sentences.len(), if numbers.is_some() { 5 } else { 0 });
                testing::assert_sound(&page.render().expect("it renders"));
            }
        }
    }

    #[test]
    fn every_number_and_curve_leads_to_its_cases_and_stands_beside_what_was_before() {
        let ui = reader(Lang::En);
        let all = numbers(vec![]);
        assert!(
            stats(&ui, &all, NUMBERS)
                .iter()
                .all(|stat| stat.href.is_empty() && stat.more.is_empty())
        );
        let stats = stats(&ui, &all, ALL);
        let leads: Vec<&str> = stats.iter().map(|stat| stat.href.as_str()).collect();
        assert_eq!(
            leads,
            [
                "/desk?state=all&by=reported&from=2026-03-16&to=2026-03-16",
                "/desk?state=closed&by=closed&from=2026-03-10&to=2026-03-16",
                "/desk?state=open",
                "/desk?state=open&by=due&to=2026-03-16"
            ]
        );
        let more: Vec<&str> = stats[1]
            .more
            .iter()
            .map(|(_, href)| href.as_str())
            .collect();
        assert_eq!(
            more,
            [
                "/desk?state=closed&by=closed&from=2026-03-10&to=2026-03-16&light=in_time",
                "/evaluation?by=unit&from=2026-03-10&to=2026-03-16"
            ]
        );
        assert_eq!(
            stats[1].note,
            "of what was closed in seven days, today included; the seven days before: 75.0 % = 420 / 560"
        );
        let of = |is_wall, open| {
            let numbers = numbers(vec![]);
            let none = Decisions::default();
            let map = Html::default();
            command_page(
                reader(Lang::En),
                &service(),
                is_wall,
                Some(&numbers),
                &none,
                map,
                open,
            )
            .render()
            .expect("it renders")
        };
        let wall = of(true, NUMBERS);
        let leads: Vec<&str> = wall
            .split("href=\"")
            .skip(1)
            .filter(|l| !l.starts_with("/assets"))
            .map(|l| l.split('"').next().expect("an end"))
            .collect();
        assert!(leads.iter().all(|l| !l.starts_with("/desk?")), "{leads:?}");
        let desk = of(false, ALL);
        for href in [
            "/desk?state=all&#38;by=reported&#38;from=2026-03-16&#38;to=2026-03-16",
            "/desk?state=open",
            "/evaluation?by=unit&#38;from=2026-02-17&#38;to=2026-03-16",
        ] {
            assert!(desk.contains(&format!("href=\"{href}\"")), "{href}: {desk}");
        }
    }

    #[test]
    fn what_is_open_and_late_stands_beside_that_of_a_week_and_a_year_ago() {
        let notes = |lang, year_before| -> Vec<String> {
            let ui = reader(lang);
            let stats = stats(&ui, &numbers(year_before), ALL);
            stats.into_iter().skip(2).map(|stat| stat.note).collect()
        };
        // Each day 100 and more came and 99 went: a week ago there were 7 × 1 + (0 + … + 6) = 28 fewer, and 7 fewer late.
        let said = notes(Lang::En, vec![90; 28]);
        assert_eq!(
            said[0],
            "a week ago 1,206 (↑2 %), 52 weeks ago 1,000 (↑23 %)"
        );
        assert_eq!(
            said[1],
            "1.4 % = 17 / 1,234 of the open; a week ago 10 (↑70 %), 52 weeks ago 20 (↓15 %)"
        );
        let said = notes(Lang::Zh, vec![]);
        assert_eq!(said[0], "一周前 1,206（↑2 %）");
        assert_eq!(said[1], "占未结 1.4 % = 17 / 1,234；一周前 10（↑70 %）");
        // And every day has its number in the table of the chart, those of the year before in columns of their own.
        for (year, columns) in [(vec![], 3), (vec![90; 28], 5)] {
            let html = stock_curve(&reader(Lang::En), &numbers(year)).to_string();
            let head = html.split("<thead>").nth(1).expect("a table");
            let head = head.split("</thead>").next().expect("its head");
            assert_eq!(head.matches("<th").count(), columns, "{head}");
            assert_eq!(html.matches("<tr>").count(), 28 + 1, "{html}");
            assert!(html.contains("1,234") && html.contains("1,206"), "{html}");
        }
    }

    #[test]
    fn a_day_that_is_not_over_has_no_point_on_the_curve() {
        let html = curve(&reader(Lang::En), &numbers(vec![])).to_string();
        let row = |day: &str| {
            let rest = html.split(day).last().expect("a row of the table");
            rest.split("</tr>").next().expect("its end").to_owned()
        };
        assert!(row("03-16").contains('—'), "{}", row("03-16"));
        assert!(row("03-15").contains("101"), "{}", row("03-15"));
    }

    #[test]
    fn the_share_of_what_was_closed_is_not_called_by_the_name_of_the_rate_over_what_was_due() {
        let words =
            access::words_of(&[access::capability(), capability(), evaluation::capability()]);
        let words = words.expect("sound words");
        for lang in Lang::ALL {
            let said = |key| words.text(lang, key, &[]);
            let share = said("command-on-time");
            assert_ne!(share, said("evaluation-rate-closing-on-time"));
            assert!(
                said("evaluation-map-show-on-time").starts_with(&share),
                "the map of the city has the same quotient: {share}"
            );
        }
    }

    #[test]
    fn every_rate_stands_with_its_numerator_and_denominator() {
        let ui = reader(Lang::En);
        let said = sentences(&ui, &numbers(vec![]), &Decisions::default(), ALL);
        let text = |n: usize| said[n].text.as_str();
        // Seven days of 60 in time of 80 closed.
        assert!(
            text(1).contains("420") && text(1).contains("560"),
            "{}",
            text(1)
        );
        assert!(
            text(2).contains("1,234") && text(2).contains("17"),
            "{}",
            text(2)
        );
    }

    #[test]
    fn every_sentence_leads_to_what_it_counts_as_far_as_it_is_open_to_the_reader() {
        let ui = reader(Lang::En);
        let of = |open| sentences(&ui, &numbers(vec![]), &Decisions::default(), open);
        let said = of(ALL);
        let leads: Vec<Vec<&str>> = said
            .iter()
            .map(|said| said.leads.iter().map(|(_, href)| href.as_str()).collect())
            .collect();
        let closed = "/desk?state=closed&by=closed&from=2026-03-09&to=2026-03-15";
        let in_time = format!("{closed}&light=in_time");
        assert_eq!(
            leads,
            [
                vec!["/desk?state=all&by=reported&from=2026-03-15&to=2026-03-15"],
                vec![closed, in_time.as_str()],
                vec!["/desk?state=open", "/desk?state=open&by=due&to=2026-03-16"],
                vec![
                    "/desk?state=all&by=reworked&from=2026-03-09&to=2026-03-15",
                    "/evaluation?by=unit&from=2026-03-09&to=2026-03-15"
                ],
                vec!["/warnings", "/desk?state=coordinating"],
            ]
        );
        let left: Vec<String> = of(NUMBERS)
            .into_iter()
            .flat_map(|said| said.leads.into_iter().map(|(_, href)| href))
            .collect();
        assert_eq!(left, ["/evaluation?by=unit&from=2026-03-09&to=2026-03-15"]);
    }

    #[test]
    fn every_word_used_is_there() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let used =
            testing::used_keys(&[&root.join("templates"), &root.join("src")]).expect("sources");
        let words = ui::I18n::builder()
            .add(
                "command",
                include_str!("../locales/zh-CN.ftl"),
                include_str!("../locales/en.ftl"),
            )
            .build()
            .expect("both languages have the same keys");
        assert_eq!(
            testing::word_faults(&words, &used, &["command"]),
            Vec::<String>::new()
        );
    }
}
