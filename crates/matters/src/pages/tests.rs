//! Every page renders with sample data, in both languages, and is sound; every word used is there.

use super::{class, duties, edit, gaps, list, who};
use crate::model::{
    Condition, Draft, Duty, DutyId, Flags, MatterClass, MatterId, MatterKind, VersionNote,
};
use crate::ops::History;
use crate::reference::{City, Reference};
use crate::rules::Matters;
use access::{Fields, UnitId};
use actors::{Unit, UnitKind, Units};
use askama::Template;
use grid::{Division, Territory};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use kernel::id::Id;
use std::collections::HashSet;
use std::sync::Arc;
use ui::{FormState, Html, Lang, Ui, testing};

const TODAY: Date = date(2026, 3, 16);

fn reader(lang: Lang) -> Ui {
    let words = access::words_of(&[access::capability(), crate::http::capability()]);
    testing::ui_with(
        testing::site_with(words.expect("sound words")),
        lang,
        "2026-03-16T02:00:00Z".parse().expect("a time"),
    )
}

fn sample_class() -> MatterClass {
    let mut class = crate::rules::imported_class(MatterId(Id::from_bytes([1; 16])), "yc", "C0101");
    class.kind = MatterKind::Component;
    (class.major, class.minor) = (Some("01".into()), Some("01".into()));
    class.name_zh = "<b>上水井盖".into();
    class.keywords = vec!["自来水井盖".into()];
    class.reviewed = true;
    class.flags = Flags {
        public: true,
        warnable: true,
        confidential: false,
        verify: true,
        claimable: true,
    };
    let condition = |rule_no, text: &str, limit: &str| Condition {
        rule_no,
        text: text.into(),
        limit: limit.parse().ok(),
        limit_text: limit.into(),
        closing: vec!["恢复".into()],
        evidence: Some("照片".into()),
        legal_basis: Some("标准 3.1".into()),
        mandatory: rule_no == 1,
    };
    class.conditions = vec![
        condition(1, "缺失", "2紧急工作时"),
        condition(2, "破损", "4工作时"),
        condition(3, "不限", ""),
    ];
    class
}

fn unit(n: u8, code: &str) -> Unit {
    Unit {
        id: UnitId(Id::from_bytes([n; 16])),
        code: code.into(),
        name_zh: format!("{code}<i>"),
        name_en: None,
        kind: UnitKind::Government,
        parent: None,
        division: None,
        phone: Some("0592-123".into()),
        valid_from: None,
        valid_to: (n == 9).then_some(date(2026, 1, 1)),
        source: "test".into(),
        reviewed: true,
    }
}

fn duty(n: u8, matter: &str, unit: u8) -> Duty {
    Duty {
        id: DutyId(Id::from_bytes([n; 16])),
        catalogue: String::new(),
        matter: matter.into(),
        division: None,
        beat: String::new(),
        valid_from: Some(date(2026, 1, i8::try_from(n).expect("small"))),
        valid_to: None,
        competent: Some(UnitId(Id::from_bytes([1; 16]))),
        owning: None,
        maintaining: None,
        handling: UnitId(Id::from_bytes([unit; 16])),
        legal_basis: Some("条例 <第三条>".into()),
        source: "test".into(),
    }
}

fn city() -> Arc<City> {
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").expect("a zone");
    let mut city = City::clone(&Reference::new(zone).current());
    let catalogue = crate::Catalogue {
        reviewed: true,
        ..crate::rules::imported_catalogue("yc", "test")
    };
    let mut bare = crate::rules::imported_class(MatterId(Id::from_bytes([2; 16])), "yc", "E0101");
    bare.kind = MatterKind::Event;
    let classes = vec![sample_class(), bare];
    city.matters = Arc::new(Matters::build(vec![catalogue], classes, TODAY));
    let units = vec![unit(1, "CG"), unit(2, "WATER"), unit(9, "OLD")];
    city.units = Arc::new(Units::build(units, TODAY));
    city.duties = Arc::new(vec![
        duty(1, "C0101", 1),
        duty(2, "C0101", 2),
        duty(3, "C", 9),
    ]);
    let division = Division::new("350203000000".parse().expect("a code"), "思明区<u>", "test");
    city.territory = Arc::new(Territory::build(
        vec![division],
        Vec::new(),
        Vec::new(),
        TODAY,
    ));
    Arc::new(city)
}

fn history() -> History {
    let note = |version, from| VersionNote {
        version,
        valid_from: from,
        note: "<s>缩短时限".into(),
        made_at: Timestamp::UNIX_EPOCH,
        made_by: None,
    };
    let mut drafted = sample_class();
    drafted.conditions[1].text = "破损 > 25cm²".into();
    History {
        versions: vec![note(1, None), note(2, Some(date(2026, 5, 1)))],
        draft: Some(Draft {
            class: drafted,
            base: 2,
            note: "因为 <script>".into(),
            edited_at: Timestamp::UNIX_EPOCH,
            edited_by: None,
        }),
    }
}

fn sound(page: &impl Template) -> String {
    let html = page.render().expect("the page renders");
    testing::assert_sound(&html);
    for raw in ["<script>", "<s>", "<i>", "<u>", "<第三条>"] {
        assert!(!html.contains(raw), "{raw} is not escaped: {html}");
    }
    html
}

#[test]
fn what_the_standard_names_is_told_in_the_language_of_the_reader_and_other_names_are_marked_as_chinese()
 {
    let mut class = sample_class();
    let major = |class: &MatterClass, lang| list::major_name(&reader(lang), class).to_string();
    class.major_name = Some("公用设施".into());
    assert_eq!(major(&class, Lang::Zh), "公用设施");
    assert_eq!(major(&class, Lang::En), "Public utilities");
    // What the city calls otherwise is not what the standard means.
    class.major_name = Some("本市设施".into());
    assert_eq!(major(&class, Lang::Zh), "本市设施");
    assert_eq!(
        major(&class, Lang::En),
        "<span lang=\"zh-CN\">本市设施</span>"
    );
    let nature = |nature| edit::nature_name(&reader(Lang::En), nature).to_string();
    assert_eq!(nature("投诉"), "A complaint");
    assert_eq!(nature("表扬信"), "<span lang=\"zh-CN\">表扬信</span>");
}

#[test]
fn the_pages_of_the_catalogue_are_sound_in_both_languages() {
    let city = city();
    for lang in Lang::ALL {
        for (q, may) in [("", true), ("井盖坏了", false), ("zzz", true)] {
            let fields = Fields::parse(format!("q={q}&show=all").as_bytes());
            let query = fields.to().expect("a query");
            let drafts = HashSet::from([sample_class().id]);
            let html = sound(&list::page_of(
                reader(lang),
                &city,
                &query,
                &drafts,
                TODAY,
                may,
            ));
            assert_eq!(html.contains("C0101"), q != "zzz", "{q}");
        }
        sound(&list::catalogues_of(reader(lang), &city, TODAY, None));
        let html = sound(&class::page_of(
            reader(lang),
            &city,
            sample_class(),
            history(),
            TODAY,
            true,
        ));
        assert!(html.contains("/publish") && html.contains("/take-back"));
        let html = sound(&class::page_of(
            reader(lang),
            &city,
            sample_class(),
            History::default(),
            TODAY,
            false,
        ));
        assert!(!html.contains("/retire") && !html.contains("/publish"));
        let old = class::version_page_of(
            reader(lang),
            &city,
            sample_class(),
            history(),
            sample_class().version + 1,
            TODAY,
        );
        let html = sound(&old);
        assert!(!html.contains("/publish") && !html.contains("/take-back"));
        assert!(
            html.contains("href=\"/matters/"),
            "the way to today's version"
        );
        let mut flawed = history();
        if let Some(draft) = &mut flawed.draft {
            draft.class.conditions.clear();
            draft.base = 0;
        }
        let html = sound(&class::page_of(
            reader(lang),
            &city,
            sample_class(),
            flawed,
            TODAY,
            true,
        ));
        assert!(
            !html.contains("/publish"),
            "a flawed draft is not published"
        );
        let draft = history().draft.expect("a draft").class;
        sound(&class::compare_of(
            reader(lang),
            &sample_class(),
            &draft,
            true,
        ));
        sound(&class::compare_of(
            reader(lang),
            &sample_class(),
            &sample_class(),
            false,
        ));
        sound(&edit::page_of(reader(lang), &city, FormState::new(), None));
        let mut wrong = FormState::new()
            .with("c0_text", "缺失")
            .with("c0_limit", "2天");
        wrong.fault("c0_limit", "看不懂");
        sound(&edit::page_of(
            reader(lang),
            &city,
            wrong,
            Some(&sample_class()),
        ));
    }
}

#[test]
fn the_pages_of_duties_are_sound_in_both_languages() {
    let city = city();
    for lang in Lang::ALL {
        for query in ["", "matter=C0101&all=1", "matter=Z"] {
            let query = Fields::parse(query.as_bytes()).to().expect("a query");
            sound(&duties::page_of(reader(lang), &city, &query, TODAY, true));
        }
        let replacing =
            FormState::new().with("replaces", DutyId(Id::from_bytes([1; 16])).to_string());
        sound(&duties::new_page(reader(lang), &city, replacing));
        sound(&duties::rules_page(reader(lang), &city, None));
        let found = city.coverage(TODAY);
        assert_eq!(
            (
                found.gaps.len(),
                found.clashes.len(),
                found.without_unit.len()
            ),
            (1, 1, 1)
        );
        let html = sound(&gaps::page_of(reader(lang), &city, &found, true));
        assert!(html.contains("E0101") && html.contains("/duties/new?matter=E0101"));
        sound(&gaps::page_of(
            reader(lang),
            &city,
            &crate::rules::Coverage::default(),
            false,
        ));
    }
}

#[test]
fn who_is_responsible_is_told_by_class_place_and_day() {
    let city = city();
    let ask = |lang, query: &str| {
        let fields = Fields::parse(query.as_bytes());
        who::page_of(reader(lang), &city, &fields, Html::default(), TODAY)
    };
    for lang in Lang::ALL {
        let html = sound(&ask(lang, "matter=C0101&division=350203000000"));
        assert!(
            html.contains("WATER"),
            "the line that began later counts: {html}"
        );
        let before = sound(&ask(
            lang,
            "matter=C0101&division=350203000000&on=2026-01-01",
        ));
        assert!(before.contains("CG&#60;i&#62;</strong>"), "{before}");
        sound(&ask(lang, "matter=E0101"));
        sound(&ask(lang, ""));
        for wrong in [
            "matter=zzz",
            "matter=C0101&lon=1",
            "matter=C0101&lon=x&lat=1",
            "matter=C0101&lon=500&lat=1",
            "matter=C0101&grid=12",
            "matter=C0101&division=x",
            "matter=C0101&on=yesterday",
        ] {
            let html = sound(&ask(lang, wrong));
            assert!(html.contains("field-bad"), "{wrong}");
        }
    }
}

#[test]
fn every_word_used_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let used = testing::used_keys(&[&root.join("templates"), &root.join("src")]).expect("sources");
    let words = ui::I18n::builder()
        .add(
            "matters",
            include_str!("../../locales/zh-CN.ftl"),
            include_str!("../../locales/en.ftl"),
        )
        .build()
        .expect("both languages have the same keys");
    let faults: Vec<String> = testing::word_faults(&words, &used, &["matters"])
        .into_iter()
        .filter(|fault| !fault.contains("matters-menu"))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
