//! Every layout and piece on two pages with sample data, in both languages, themes and type sizes.
//!
//! `SHIYU_GALLERY=folder` writes the pages with their assets there, to be looked at in a browser.

use askama::Template;
use jiff::Timestamp;
use std::path::PathBuf;
use std::{env, fs};
use ui::{
    Bar, BarChart, Choice, ClockKind, Crumb, Entry, ErrorPage, FormState, Lang, Light, LineChart,
    Pager, Queue, Remaining, Series, Step, StepState, Theme, Ui, assets, testing,
};

struct Words {
    title: &'static str,
    list: &'static str,
    light: &'static str,
    matter: &'static str,
    left: &'static str,
    case: &'static str,
    number: &'static str,
    reported: &'static str,
    place: &'static str,
    text: &'static str,
    history: &'static str,
    why: &'static str,
    suggested: &'static str,
    none: &'static str,
    advice: &'static str,
    received: &'static str,
    compared: &'static str,
    on_time: &'static str,
    late: &'static str,
    accept: &'static str,
    refuse: &'static str,
    sure: &'static str,
}

const ZH: Words = Words {
    title: "待受理案件",
    list: "案件列表",
    light: "时限灯",
    matter: "事项",
    left: "剩余",
    case: "案情",
    number: "案件编号",
    reported: "上报时间",
    place: "海棠区 海棠街道 海棠街 12 号附近",
    text: "井盖坏了，车过就响，晚上很吵，旁边就是小学，孩子放学从这里过，很危险，请尽快处理。",
    history: "办理经过",
    why: "依据与位置",
    suggested: "雨水井盖 破损 0.93",
    none: "没有待办的案件",
    advice: "新的案件到达后会出现在这里；也可以查看全部案件。",
    received: "今日受理",
    compared: "比上周同日 +8 %",
    on_time: "按期结案率",
    late: "超期",
    accept: "受理",
    refuse: "不予受理",
    sure: "确定不予受理这件案件吗？",
};

const EN: Words = Words {
    title: "Waiting to be accepted",
    list: "Cases",
    light: "Light",
    matter: "Matter",
    left: "Left",
    case: "Case",
    number: "Case number",
    reported: "Reported",
    place: "near 12 Haitang Street, Haitang Subdistrict",
    text: "The manhole cover is broken and bangs whenever a car passes; there is a primary school next to it.",
    history: "History",
    why: "Why and where",
    suggested: "storm drain cover, broken 0.93",
    none: "No cases are waiting",
    advice: "New cases appear here as they arrive; you can also look through all cases.",
    received: "Accepted today",
    compared: "+8 % on the same day last week",
    on_time: "Closed in time",
    late: "Late",
    accept: "Accept",
    refuse: "Do not accept",
    sure: "Really not accept this case?",
};

struct Row {
    light: Light,
    number: &'static str,
    matter: &'static str,
    place: &'static str,
    left: Remaining,
}

#[derive(Template)]
#[template(path = "gallery_desk.html")]
struct Desk {
    ui: Ui,
    words: &'static Words,
    crumbs: Vec<Crumb>,
    queues: Vec<Queue>,
    light: Light,
    rows: Vec<Row>,
    pager: Pager,
    steps: Vec<Step>,
    entries: Vec<Entry>,
    team: BarChart,
    curve: LineChart,
    columns: [&'static str; 3],
    form: FormState,
    choices: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "gallery_plain.html")]
struct Plain {
    ui: Ui,
    words: &'static Words,
    steps: Vec<Step>,
    entries: Vec<Entry>,
    form: FormState,
    choices: Vec<Choice>,
}

fn rows(lang: Lang) -> Vec<Row> {
    let row = |light, number, zh, en, clock, seconds| {
        let (matter, place) = match lang {
            Lang::Zh => (zh, "海棠街 12 号附近"),
            Lang::En => (en, "near 12 Haitang Street"),
        };
        Row {
            light,
            number,
            matter,
            place,
            left: Remaining { clock, seconds },
        }
    };
    vec![
        row(
            Light::Late,
            "330105-20261123-00113",
            "道路破损",
            "Broken road surface",
            ClockKind::WorkingHours,
            -7_200,
        ),
        row(
            Light::Soon,
            "330105-20261123-00110",
            "暴露垃圾",
            "Uncollected rubbish",
            ClockKind::UrgentHours,
            2_400,
        ),
        row(
            Light::InTime,
            "330105-20261123-00137",
            "路灯不亮",
            "Street light out",
            ClockKind::WorkingDays,
            86_400,
        ),
        row(
            Light::Provisional,
            "330105-20261123-00139",
            "雨水井盖破损",
            "Storm drain cover broken",
            ClockKind::CalendarDays,
            30 * 86_400,
        ),
        row(
            Light::Parked,
            "330105-20261123-00140",
            "违章搭建",
            "Unlawful structure",
            ClockKind::WorkingDays,
            7 * 86_400,
        ),
    ]
}

fn steps(ui: &Ui, words: [&str; 4]) -> Vec<Step> {
    let states = [
        StepState::Done,
        StepState::Done,
        StepState::Current,
        StepState::Next,
    ];
    let note = |state| {
        if state == StepState::Done {
            ui.time(ui.now)
        } else {
            ui::Html::default()
        }
    };
    words
        .iter()
        .zip(states)
        .map(|(label, state)| Step {
            label: (*label).to_owned(),
            note: note(state),
            state,
        })
        .collect()
}

fn entries(ui: &Ui, words: [&str; 4]) -> Vec<Entry> {
    let tones = ["", "good", "warn", "bad"];
    let entry = |(what, tone): (&&str, &'static str)| Entry {
        when: ui.time(ui.now),
        what: (*what).to_owned(),
        who: ui
            .account
            .as_ref()
            .map_or_else(String::new, |account| account.name.clone()),
        note: if tone == "warn" {
            words.join(" · ")
        } else {
            String::new()
        },
        tone,
        link: None,
    };
    words.iter().zip(tones).map(entry).collect()
}

fn curve(lang: Lang) -> LineChart {
    let (title, received, closed, before) = match lang {
        Lang::Zh => ("受理与结案（件/日，28 天）", "受理", "结案", "去年同期"),
        Lang::En => (
            "Accepted and closed (cases a day, 28 days)",
            "accepted",
            "closed",
            "last year",
        ),
    };
    let wave = |base: f64, swing: f64| {
        (0..28).map(move |day| Some((base + swing * (f64::from(day) * 0.9).sin()).round()))
    };
    let series = |name: &str, values: Vec<Option<f64>>, comparison| Series {
        name: name.to_owned(),
        values,
        comparison,
    };
    LineChart {
        title: title.to_owned(),
        across: (1..=28).map(|day| format!("11-{day:02}")).collect(),
        series: vec![
            series(received, wave(380.0, 60.0).collect(), false),
            series(
                closed,
                wave(350.0, 80.0)
                    .enumerate()
                    .map(|(day, v)| if day == 9 { None } else { v })
                    .collect(),
                false,
            ),
            series(before, wave(300.0, 40.0).collect(), true),
        ],
        band: (0..28)
            .map(|day| (day > 20).then_some((320.0, 460.0)))
            .collect(),
        band_name: "80 %".to_owned(),
    }
}

fn reader(lang: Lang) -> Ui {
    let now: Timestamp = "2026-11-23T15:00:00+08:00".parse().unwrap();
    testing::sample_ui(lang, now)
}

fn desk(lang: Lang) -> Desk {
    let ui = reader(lang);
    let (words, phases, columns) = match lang {
        Lang::Zh => (
            &ZH,
            ["受理", "立案", "派遣", "处置"],
            ["待签收", "处置中", "已反馈"],
        ),
        Lang::En => (
            &EN,
            ["accept", "register", "dispatch", "handle"],
            ["To sign for", "In hand", "Reported back"],
        ),
    };
    let queue = |label: &str, count, late, soon, current| Queue {
        label: label.to_owned(),
        href: "/desk".to_owned(),
        count: Some(count),
        late,
        soon,
        current,
    };
    let bar = |label: &str, value: f64, tone| Bar {
        label: label.to_owned(),
        value,
        note: String::new(),
        tone,
    };
    let mut form = FormState::from_pairs([
        ("title", "<b>\"x\"</b>"),
        ("unit", "b"),
        ("who", "a"),
        ("who", "b"),
    ]);
    form.fault("text", words.advice);
    Desk {
        crumbs: vec![Crumb {
            label: words.list.to_owned(),
            href: "/cases".to_owned(),
        }],
        queues: vec![
            queue(words.title, 12, 2, 3, true),
            queue(phases[1], 4, 0, 0, false),
            queue(phases[2], 1_209, 0, 1, false),
            queue(phases[3], 7, 0, 0, false),
        ],
        light: Light::Soon,
        rows: rows(lang),
        pager: Pager {
            previous: None,
            next: Some("/desk?after=9".to_owned()),
            shown: 50,
            total: Some(1_234),
        },
        steps: steps(&ui, phases),
        entries: entries(&ui, phases),
        team: BarChart {
            title: words.list.to_owned(),
            bars: vec![
                bar(phases[0], 12.0, ""),
                bar(phases[1], 7.0, "soon"),
                bar(phases[2], 3.0, "late"),
                bar(phases[3], 0.0, ""),
            ],
        },
        curve: curve(lang),
        columns,
        form,
        choices: vec![
            Choice::new("a", phases[0]),
            Choice::new("b", phases[1]).help(words.advice),
            Choice::new("c", phases[2]),
        ],
        words,
        ui,
    }
}

fn plain(lang: Lang) -> Plain {
    let Desk {
        words,
        steps,
        entries,
        choices,
        mut ui,
        ..
    } = desk(lang);
    ui.flash = None;
    Plain {
        ui,
        words,
        steps,
        entries,
        form: FormState::new(),
        choices,
    }
}

/// All pages: file name and markup.
fn pages() -> Vec<(String, String)> {
    let mut pages = Vec::new();
    for lang in Lang::ALL {
        for theme in Theme::ALL {
            let (mut desk, mut plain) = (desk(lang), plain(lang));
            desk.ui.theme = theme;
            plain.ui.theme = theme;
            let name = |kind: &str| format!("{kind}-{}-{}.html", lang.tag(), theme.name());
            pages.push((name("desk"), desk.render().unwrap()));
            pages.push((name("plain"), plain.render().unwrap()));
            plain.ui.elder = true;
            pages.push((name("elder"), plain.render().unwrap()));
            let mut ui = reader(lang);
            ui.theme = theme;
            ui.flash = None;
            pages.push((
                name("error"),
                ErrorPage::for_status(ui, 500, "01JDC9-7QX")
                    .render()
                    .unwrap(),
            ));
        }
    }
    pages
}

#[test]
fn every_piece_is_sound_in_both_languages() {
    for (name, page) in pages() {
        let faults = testing::faults_of(&page);
        assert!(faults.is_empty(), "{name}:\n  {}", faults.join("\n  "));
    }
}

#[test]
fn what_was_typed_comes_back_escaped_and_faults_are_tied_to_their_field() {
    let page = desk(Lang::Zh).render().unwrap();
    assert!(page.contains("value=\"&#60;b&#62;&#34;x&#34;&#60;/b&#62;\""));
    assert!(page.contains("aria-describedby=\" e-text\" aria-invalid=\"true\""));
    assert!(page.contains("<a href=\"#f-text\">"));
    assert!(page.contains("value=\"b\" selected") && page.contains("value=\"a\" checked"));
}

#[test]
fn english_pages_hold_no_chinese_but_the_switch() {
    let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    for page in [
        desk(Lang::En).render().unwrap(),
        plain(Lang::En).render().unwrap(),
    ] {
        let rest = page.replace(">中文<", "><");
        assert!(
            !rest.contains(is_chinese),
            "{:?}",
            rest.split_once(is_chinese).map(|(before, _)| before
                .chars()
                .rev()
                .take(60)
                .collect::<String>())
        );
    }
}

/// Writes the gallery where it was asked for, with relative links so that it opens from the folder.
#[test]
fn the_gallery_is_written_where_asked() {
    let Some(folder) = env::var_os("SHIYU_GALLERY").map(PathBuf::from) else {
        println!("skipped: the_gallery_is_written_where_asked (SHIYU_GALLERY is not set)");
        return;
    };
    fs::create_dir_all(folder.join("assets")).unwrap();
    for name in ["theme.css", "tabler.css", "app.js"] {
        if let (Some(url), Some((bytes, _))) = (assets::url(name), assets::content(name)) {
            fs::write(folder.join(url.trim_start_matches('/')), bytes).unwrap();
        }
    }
    for (name, page) in pages() {
        fs::write(folder.join(name), page).unwrap();
    }
}
