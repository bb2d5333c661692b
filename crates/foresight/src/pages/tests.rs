//! Every page in both languages, with much and with nothing to show.

use super::lights::piece;
use super::reach::{reach_page, shaded};
use super::*;
use crate::ops::Reached;
use crate::outlook::{Counts, outlook};
use crate::reach::{Incident, reach};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use matters::Reference;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use ui::{Lang, testing};

const WORDS: (&str, &str, &str) = (
    "foresight",
    include_str!("../../locales/zh-CN.ftl"),
    include_str!("../../locales/en.ftl"),
);

fn reader(lang: Lang) -> Ui {
    let words = access::words_of(&[access::capability(), capability()]).expect("sound words");
    let now: Timestamp = "2026-06-15T02:00:00Z".parse().expect("a time");
    testing::ui_with(testing::site_with(words), lang, now)
}

fn city() -> std::sync::Arc<City> {
    Reference::new(TimeZone::get("Asia/Shanghai").expect("a zone")).current()
}

fn prospect(days: usize, has_feed: bool) -> Prospect {
    let mut random = SmallRng::seed_from_u64(9);
    let mut counts = Counts::new(2, 1, days);
    for day in 0..days {
        for place in 0..2 {
            let usual = [14.0, 12.0, 12.0, 11.0, 11.0, 7.0, 5.0][day % 7];
            let came = (usual * (0.6 + 0.8 * random.random::<f64>())).round();
            counts.add(place, 0, day, came);
        }
    }
    Prospect {
        first: jiff::civil::date(2025, 9, 1),
        last: jiff::civil::date(2026, 6, 14),
        places: vec![Part::One("350203".parse().expect("a place")), Part::Others],
        classes: vec![Part::One(None)],
        has_feed,
        as_of: (!has_feed).then_some(Timestamp::UNIX_EPOCH),
        outlook: if has_feed {
            outlook(&counts)
        } else {
            outlook(&counts).without_feed()
        },
    }
}

fn html(ui: Ui, prospect: &Prospect) -> String {
    forecast_page(ui, FormState::new(), &city(), prospect)
        .render()
        .expect("the template renders")
}

#[test]
fn a_forecast_is_shown_with_its_limits_and_only_where_a_model_is_good_enough() {
    for lang in Lang::ALL {
        let full = html(reader(lang), &prospect(280, true));
        testing::assert_sound(&full);
        assert!(full.contains("<svg") && full.contains("06-15") && full.contains("350203000000"));
        let short = html(reader(lang), &prospect(20, true));
        testing::assert_sound(&short);
        let ui = reader(lang);
        assert!(short.contains(&ui.t("foresight-not-shown")));
        let page = forecast_page(ui.clone(), FormState::new(), &city(), &prospect(20, true));
        assert_eq!(page.trust, ui.t("foresight-no-model"));
        let chart = page.chart.expect("the past is shown all the same");
        assert!(page.days.is_empty() && chart.band.is_empty() && chart.series.len() == 1);
    }
}

#[test]
fn a_forecast_that_is_being_worked_out_asks_again_by_itself() {
    for lang in Lang::ALL {
        let page = WorkingPage {
            ui: reader(lang),
            again_s: AGAIN_S,
        };
        let page = page.render().expect("the template renders");
        testing::assert_sound(&page);
        assert!(page.contains("http-equiv=\"refresh\" content=\"3\""));
        let piece = lights::WorkingPiece {
            ui: reader(lang),
            again_s: AGAIN_S,
        };
        let piece = piece.render().expect("the template renders");
        assert!(piece.contains("hx-trigger=\"load delay:3s\""), "{piece}");
    }
}

#[test]
fn a_missing_feed_is_said_and_grey() {
    for lang in Lang::ALL {
        let ui = reader(lang);
        let page = html(ui.clone(), &prospect(280, false));
        testing::assert_sound(&page);
        assert!(page.contains(&ui.t("foresight-light-no-feed")));
        assert!(!page.contains("badge-good") && !page.contains("badge-bad"));
        let mut none = prospect(280, false);
        none.as_of = None;
        none.places.clear();
        none.outlook = outlook(&Counts::new(0, 0, 1)).without_feed();
        let page = html(ui.clone(), &none);
        testing::assert_sound(&page);
        assert!(page.contains(&ui.t("foresight-no-figures")));
    }
}

#[test]
fn the_lights_are_a_piece_with_their_limits_and_grey_without_a_feed() {
    for lang in Lang::ALL {
        let ui = reader(lang);
        let shown = |days, has_feed| {
            let piece = piece(ui.clone(), &city(), &prospect(days, has_feed));
            piece.render().expect("the template renders")
        };
        let full = shown(280, true);
        assert!(
            !full.contains("<html") && full.matches("<tr>").count() == 4,
            "{full}"
        );
        // A light that is not grey never stands without the limits it comes from.
        assert!(full.contains('–') && !full.contains(&ui.t("foresight-light-no-feed")));
        let grey = shown(280, false);
        assert_eq!(grey.matches(&ui.t("foresight-light-no-feed")).count(), 3);
        assert!(!grey.contains("badge-good") && !grey.contains("badge-bad"));
        let short = shown(20, true);
        assert!(short.contains(&ui.t("foresight-light-unknown")));
    }
}

fn reached(incidents: &[Incident]) -> Reached {
    let codes = ["350203001000", "350203002000", "350203003000"];
    Reached {
        from: jiff::civil::date(2026, 1, 1),
        streets: codes.map(|c| c.parse().expect("a code")).to_vec(),
        reach: reach(incidents, &[[Some(900.0), None]; 3], 1),
    }
}

#[test]
fn places_that_are_probably_under_reported_are_places_to_go_to_always_with_limits() {
    let each = |street, n: u32, again| {
        (0..n).map(move |_| Incident {
            street,
            class: 0,
            again,
            days: 10.0,
        })
    };
    let incidents: Vec<Incident> = each(0, 60, 1)
        .chain(each(1, 60, 3))
        .chain(each(2, 4, 1))
        .collect();
    for lang in Lang::ALL {
        let ui = reader(lang);
        let page = reach_page(ui.clone(), &city(), None, &reached(&incidents));
        assert_eq!(page.low, ["350203001000"]);
        assert!(page.rows.iter().all(|r| r.ratio.contains('–')));
        let html = page.render().expect("the template renders");
        testing::assert_sound(&html);
        assert!(html.contains("350203002000") && !html.contains("350203003000"));
        assert!(html.contains(&ui.tn("foresight-hidden", "n", 1_usize)));
        let nothing = reach_page(ui.clone(), &city(), None, &reached(&[]));
        let html = nothing.render().expect("the template renders");
        testing::assert_sound(&html);
        assert!(html.contains(&ui.t("foresight-reach-empty")));
    }
}

/// The guards of the map: streets and nothing finer, a number only where there are enough incidents, never without limits.
#[test]
fn the_map_shades_streets_alone_and_hatches_what_is_too_small_to_say() {
    let each = |street, n: u32, again| {
        (0..n).map(move |_| Incident {
            street,
            class: 0,
            again,
            days: 10.0,
        })
    };
    let incidents: Vec<Incident> = each(0, 60, 1)
        .chain(each(1, 60, 3))
        .chain(each(2, 7, 1))
        .collect();
    let ui = reader(Lang::En);
    let mut found = reached(&incidents);
    let (shading, marked) = shaded(&ui, &city(), &found);
    assert_eq!(
        marked,
        ["350203001000"],
        "the places to go to, and no other"
    );
    let of = |code: &str| shading.places.iter().find(|p| p.code == code);
    let low = of("350203001000").expect("a street of its own");
    assert!(
        low.value.is_some_and(|v| v < 1.0) && low.text.contains('–'),
        "{low:?}"
    );
    // Seven incidents have no estimate of their own, so the map has no number of them either.
    assert!(of("350203003000").is_none_or(|p| p.value.is_none() && !p.text.contains('7')));
    assert!(
        shading
            .places
            .iter()
            .all(|p| p.code.ends_with("000") && !p.code.ends_with("000000"))
    );
    found.reach = None;
    let (shading, marked) = shaded(&ui, &city(), &found);
    assert!(marked.is_empty() && shading.places.iter().all(|p| p.value.is_none()));
}

#[test]
fn entries_that_do_not_read_are_named() {
    let ui = reader(Lang::En);
    for garbage in ["x", "3502", "350203001001", "%00", "-1", "３５０２０３"] {
        let fields = Fields::parse(format!("place={garbage}&class={garbage}").as_bytes());
        let (question, form) = asked(&ui, &city(), &fields);
        let named: Vec<&str> = form.errors().iter().map(|(f, _)| f.as_str()).collect();
        assert_eq!(named, ["place", "class"], "{garbage}");
        assert_eq!(question, Question::default());
    }
    let (question, form) = asked(&ui, &city(), &Fields::parse(b"place=350203&class="));
    assert!(form.is_ok() && question.within.is_some());
}

#[test]
fn every_word_used_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let used = testing::used_keys(&[&root.join("templates"), &root.join("src")]).expect("sources");
    let words = ui::I18n::builder()
        .add(WORDS.0, WORDS.1, WORDS.2)
        .build()
        .expect("both languages have the same keys");
    let faults: Vec<String> = testing::word_faults(&words, &used, &["foresight"])
        .into_iter()
        .filter(|fault| !fault.contains("-menu"))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
