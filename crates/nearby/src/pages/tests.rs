//! Every page in both languages, with little and with much; the words used and the words there.

use super::near::{ChoosePage, NearPage, Parts, points};
use super::subscription::SubscriptionPage;
use crate::letter;
use crate::model::{Entry, Stand, Subscription};
use crate::service::Nearby;
use askama::Template as _;
use grid::{Area, Division, Territory};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::geo::Crs;
use kernel::id::Id;
use kernel::paging::{Cursor, Page};
use matters::{City, MatterId, Reference};
use std::sync::Arc;
use ui::{FormState, Html, Lang, Ui};

fn now() -> Timestamp {
    "2026-03-16T02:00:00Z".parse().expect("a time")
}

fn reader(lang: Lang) -> Ui {
    // How a matter stands is said in the words of cases.
    let all = [cases::http::capability(), crate::capability()];
    let words = access::words_of(&all).expect("sound words");
    ui::testing::ui_with(ui::testing::site_with(words), lang, now())
}

/// A district of two streets, the first with a border of its own.
fn city() -> City {
    let reference = Reference::new(TimeZone::get("Asia/Shanghai").expect("a zone"));
    let mut city = (*reference.current()).clone();
    let mut divisions = vec![Division::new(
        "330102000000".parse().unwrap(),
        "海沧区 <b>",
        "t",
    )];
    for n in 1..=2 {
        let code = format!("33010200{n}000").parse().unwrap();
        let mut street = Division::new(code, format!("{n}号街道"), "t");
        street.name_en = Some(format!("Street {n}"));
        let (west, east) = (f64::from(n), f64::from(n) + 1.0);
        let ring = [
            [west, 0.0],
            [east, 0.0],
            [east, 1.0],
            [west, 1.0],
            [west, 0.0],
        ];
        let shape = serde_json::json!({ "type": "Polygon", "coordinates": [ring] });
        street.shape = Some(Area::from_geojson(&shape, Crs::Wgs84).unwrap());
        divisions.push(street);
    }
    let on = jiff::civil::date(2026, 3, 16);
    city.territory = Arc::new(Territory::build(divisions, Vec::new(), Vec::new(), on));
    let id = MatterId(Id::from_bytes([1; 16]));
    let class = matters::rules::imported_class(id, "t", "上水井盖 <i>");
    city.matters = Arc::new(matters::rules::Matters::build(Vec::new(), vec![class], on));
    city
}

fn entry(n: u32, stand: Stand) -> Entry {
    let is_open = !matches!(stand, Stand::Settled | Stand::NotTaken);
    Entry {
        id: cases::CaseId(Id::from_bytes([1; 16])),
        number: format!("330102-20260316-{n:05}").parse().unwrap(),
        matter: MatterId(Id::from_bytes([1; 16])),
        stand,
        is_open,
        place: format!("33010200{}000", 1 + n % 2).parse().ok(),
        reported_at: now(),
        due_at: is_open.then(now),
        broken_from: None,
        ended_at: (!is_open).then(now),
        words: "井盖 <script>没了".into(),
        changed_at: now(),
    }
}

fn sound(html: &str) {
    ui::testing::assert_sound(html);
    for raw in ["海沧区 <b>", "井盖 <script>", "井盖 <i>"] {
        assert!(!html.contains(raw), "words of people are escaped");
    }
}

#[test]
fn every_page_is_sound_with_little_and_with_much() {
    let city = city();
    for lang in Lang::ALL {
        let mut faulty = FormState::new().with("email", "\"><b>");
        for field in ["email", "class", "classes", "place", "lon", "lat"] {
            faulty.fault(field, "a <fault>");
        }
        for form in [FormState::new(), faulty] {
            let page = ChoosePage::new(reader(lang), &city, form.clone(), Html::default());
            sound(&page.render().unwrap());
            for (many, has_letters) in [(0, false), (9, true)] {
                let items = Stand::ALL.iter().take(many);
                let items = items.zip(1..).map(|(stand, n)| entry(n, *stand)).collect();
                let page = Page {
                    items,
                    next: (many > 0).then(|| Cursor::new(["x"])),
                };
                let parts = Parts {
                    city: &city,
                    place: "330102001000".parse().unwrap(),
                    class: "",
                    show: "open",
                    form: form.clone(),
                    map: Html::default(),
                    page: &page,
                    has_letters,
                };
                sound(&NearPage::new(reader(lang), parts).render().unwrap());
            }
        }
        let said = SubscriptionPage::new(reader(lang), "t".into(), "<b>".into());
        sound(&said.render().unwrap());
        let asked = SubscriptionPage::new(reader(lang), "t".into(), "<b>".into());
        let asked = asked.asking("/near/stop/x".into(), "b".into());
        sound(&asked.render().unwrap());
    }
}

#[test]
fn a_point_stands_in_the_middle_of_its_street_and_tells_how_many() {
    let city = city();
    let entries: Vec<Entry> = (1..=3).map(|n| entry(n, Stand::UnderWay)).collect();
    let points = points(&reader(Lang::En), &city, &entries);
    let told: Vec<(f64, f64, u64)> = points.iter().map(|p| (p.lon, p.lat, p.n)).collect();
    assert_eq!(told, [(1.5, 0.5, 1), (2.5, 0.5, 2)]);
    assert!(points[1].text.contains("Street 2") && points[1].text.contains("2 matters"));
}

#[test]
fn a_letter_says_all_and_has_its_end() {
    let city = city();
    let service = Nearby::new(city.timezone.clone(), [1; 32]);
    for lang in Lang::ALL {
        let one = Subscription {
            district: "330102".parse().unwrap(),
            id: Id::from_bytes([2; 16]),
            subject: Id::from_bytes([3; 16]),
            place: "330102001000".parse().unwrap(),
            classes: String::new(),
            lang: lang.tag().into(),
            confirmed_at: None,
            told_until: now(),
        };
        let ui = service.words(&one.lang, now());
        let first = letter::confirm(&ui, &city, &one, "https://c.example", "ab");
        assert_eq!(first.link, "https://c.example/near/confirm/ab");
        assert!(first.text.contains("24"), "{}", first.text);
        let entries: Vec<Entry> = (1..=33).map(|n| entry(n, Stand::Settled)).collect();
        let all: Vec<&Entry> = entries.iter().collect();
        let letter = letter::digest(&ui, &city, &one, "https://c.example", "ab", &all);
        assert_eq!(letter.ends_at, "https://c.example/near/stop/ab");
        assert!(letter.title.contains("33"), "{}", letter.title);
        let told = letter.text.matches("https://c.example/near/matters/");
        assert_eq!(told.count(), 30, "the rest is behind the link");
        assert!(letter.text.contains("/near?place=330102001000"));
        assert!(
            !first.text.contains('⟦') && !letter.text.contains('⟦') && !letter.title.contains('⟦'),
            "every word is there: {} {}",
            letter.title,
            letter.text
        );
        // Marks around values, for text of both directions, have no place in a letter.
        assert!(!letter.text.contains('\u{2068}'));
    }
}

#[test]
fn every_word_used_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let used = ui::testing::used_keys(&[&root.join("templates"), &root.join("src")]).unwrap();
    let all = [cases::http::capability(), crate::capability()];
    let words = access::words_of(&all).expect("sound words");
    let faults = ui::testing::word_faults(&words, &used, &["nearby"]);
    assert!(faults.is_empty(), "{faults:#?}");
}
