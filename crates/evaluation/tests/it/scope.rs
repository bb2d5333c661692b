//! Who counts what: a department its own unit, a district's people their districts, and nobody more than that.

use crate::lives::{at, closed, district, life, migrations};
use access::ops::accounts;
use access::{AccountDraft, AccountError, AppParts, AppState, Role, Services, Settings, UnitId};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use cases::measures::{self, Measures};
use cases::model::Case;
use cases::rules;
use cases::service::{Cases, CasesConfig};
use cases::sql;
use jiff::tz::TimeZone;
use kernel::{Clock, ManualClock};
use matters::Reference;
use std::cell::Cell;
use std::sync::Arc;
use store::{AuditEvent, StoreError};
use testdb::TestDb;
use tower::ServiceExt as _;

const UNITS: &str =
    "code,name,name_en,kind\nWATER,水务局,Water Bureau,政府\nCLEAN,环卫公司,,企业\n";
const ELSEWHERE: &str = "410103";
const DIVISIONS: &str =
    "code,name,name_en\n410102000000,中原区,Zhongyuan District\n410103000000,二七区,\n";

struct Stage<'d> {
    db: &'d TestDb,
    clock: Arc<ManualClock>,
    router: Router,
    runtime: tokio::runtime::Runtime,
    units: Vec<UnitId>,
    people: Cell<u32>,
}

impl<'d> Stage<'d> {
    /// Three closed cases of the water bureau and one of the cleaners, two of each district.
    fn new(db: &'d TestDb) -> Self {
        let clock = Arc::new(ManualClock::at(at("04-20 10:00")));
        let system = db.system(&clock);
        actors::ops::import_units(&system, UNITS.as_bytes(), "test").unwrap();
        let from = grid::ops::ImportOptions {
            source: "test".into(),
            crs: kernel::geo::Crs::Wgs84,
        };
        grid::ops::import_divisions(&system, DIVISIONS.as_bytes(), &from).unwrap();
        let reference = Arc::new(Reference::new(TimeZone::get("Asia/Shanghai").unwrap()));
        reference.refresh_blocking(&system).unwrap();
        let city = reference.current();
        let units: Vec<UnitId> = ["WATER", "CLEAN"]
            .map(|code| city.units.by_code(code).unwrap().id)
            .to_vec();
        let model = life(&closed("04-09 10:00", "04-10 10:00", "04-10 15:00"));
        let copies: Vec<Case> = [(0, false), (0, false), (0, true), (1, true)]
            .into_iter()
            .zip(1..)
            .map(|((unit, is_elsewhere), n)| copy(&model, n, units[unit], is_elsewhere))
            .collect();
        let rows: Vec<_> = copies.iter().map(sql::columns).collect();
        let measured: Vec<_> = copies
            .iter()
            .map(|case| Measures::of(case, &[]).values())
            .collect();
        system
            .write_blocking::<_, StoreError, _>(move |mut w| {
                w.ensure_year(2019)?;
                w.bulk("cases", sql::COLUMNS, &rows)?;
                w.bulk("case_measures", measures::COLUMNS, &measured)?;
                w.commit(AuditEvent::done("test.fill", "case", "test"), ())
            })
            .unwrap();
        let mut services = Services::default();
        services.add(Arc::new(Cases::new(
            reference,
            CasesConfig::new(district()),
        )));
        let capabilities = || {
            vec![
                access::capability(),
                cases::http::capability(),
                evaluation::capability(),
            ]
        };
        let state = AppState::new(AppParts {
            db: (**db).clone(),
            clock: clock.clone() as Arc<dyn Clock>,
            services,
            site: ui::testing::site_with(access::words_of(&capabilities()).unwrap()),
            settings: Settings::default(),
            cookie_key: access::ops::cookie_key(&system).unwrap(),
            menu: Vec::new(),
        });
        Self {
            router: access::router(&state, capabilities()),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
            db,
            clock,
            units,
            people: Cell::new(0),
        }
    }
    /// The table of rates as somebody with this role, unit and district sees it: status and text.
    fn page(
        &self,
        role: Role,
        unit: Option<UnitId>,
        district: Option<&str>,
        query: &str,
    ) -> (u16, String) {
        let path = format!("/evaluation?from=2019-04-08&to=2019-04-14&{query}");
        self.get(role, unit, district, &path)
    }
    /// The same for any address.
    fn get(
        &self,
        role: Role,
        unit: Option<UnitId>,
        district: Option<&str>,
        path: &str,
    ) -> (u16, String) {
        let ctx = self.db.system(&self.clock);
        let draft = AccountDraft {
            name: "somebody".into(),
            roles: vec![role],
            unit,
            districts: district.iter().map(|d| d.parse().unwrap()).collect(),
        };
        let login = format!("a{}", self.people.replace(self.people.get() + 1));
        let new =
            accounts::new_account(&login, draft, "no password".into(), false, ctx.now()).unwrap();
        let id = ctx.write_blocking(move |w| accounts::add(w, &new)).unwrap();
        let account = ctx
            .read_blocking::<_, AccountError, _>(move |r| accounts::find(r, id))
            .unwrap();
        // All that the role may do, its own account too, as after signing in.
        let all = role.permissions();
        let token = accounts::new_token(&account, "test", all, 30, ctx.now()).unwrap();
        let text = token.text.clone();
        ctx.write_blocking(move |w| accounts::add_token(w, id, &token))
            .unwrap();
        let request = Request::get(path)
            .header(header::AUTHORIZATION, format!("Bearer {text}"))
            .header(header::ACCEPT_LANGUAGE, "en")
            .body(Body::empty())
            .unwrap();
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
            (status, String::from_utf8_lossy(&bytes).into_owned())
        })
    }
}

fn copy(case: &Case, n: u8, unit: UnitId, is_elsewhere: bool) -> Case {
    let district = if is_elsewhere {
        ELSEWHERE.parse().unwrap()
    } else {
        district()
    };
    let mut tail = [0; 10];
    tail[9] = n;
    let day = case.number.day();
    Case {
        id: rules::new_case_id(case.reported_at, tail),
        number: kernel::codes::CaseNumber::new(district, day, u32::from(n)).unwrap(),
        district,
        unit: Some(unit),
        ..case.clone()
    }
}

/// How many cases the lines of the table count, by the first word of each line's head.
fn closed_of(page: &str) -> Vec<(String, String)> {
    let body = page
        .split("<tbody>")
        .nth(1)
        .map_or("", |b| b.split("</tbody>").next().unwrap());
    body.split("<tr>")
        .skip(1)
        .map(|row| {
            let head = row.split("<th scope=\"row\">").nth(1).unwrap();
            let head = head.split("</th>").next().unwrap().to_owned();
            let cells: Vec<&str> = row.split("<td class=\"num\">").skip(1).collect();
            let number = cells[2].split("</a>").next().unwrap();
            (head, number.rsplit('>').next().unwrap().to_owned())
        })
        .collect()
}

testdb::both_engines!(
    a_department_counts_its_own_unit_and_nothing_else,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let (water, clean) = (stage.units[0], stage.units[1]);
        let chinese = "<span lang=\"zh-CN\">环卫公司</span>".to_owned();
        let of = |name: &str, n: &str| (name.to_owned(), n.to_owned());
        let (status, page) = stage.page(Role::DepartmentLead, Some(water), None, "by=unit");
        assert_eq!(status, 200);
        assert_eq!(closed_of(&page), [of("Water Bureau", "3")]);
        assert!(!page.contains("环卫公司"));
        let (_, page) = stage.page(Role::DepartmentLead, Some(clean), None, "by=unit");
        assert_eq!(closed_of(&page), [of(&chinese, "1")]);
        // Every grouping is of the unit alone, and says whose it is.
        for by in ["city", "division", "matter", "channel"] {
            let (_, page) =
                stage.page(Role::DepartmentLead, Some(water), None, &format!("by={by}"));
            let sum: i64 = closed_of(&page)
                .iter()
                .map(|(_, n)| n.parse::<i64>().unwrap())
                .sum();
            assert_eq!(sum, 3, "{by}");
            assert!(
                page.contains("<span class=\"sub\">Water Bureau</span>"),
                "{by}"
            );
        }
        assert_eq!(
            stage.page(Role::Handler, Some(water), None, "by=unit").0,
            403
        );
    }
);

testdb::both_engines!(
    a_district_counts_its_record_and_the_city_everything,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let sum = |district: Option<&str>, by: &str| {
            let (_, page) = stage.page(Role::Leader, None, district, &format!("by={by}"));
            closed_of(&page)
                .iter()
                .map(|(_, n)| n.parse::<i64>().unwrap())
                .sum::<i64>()
        };
        for by in ["city", "division", "unit", "matter", "channel"] {
            assert_eq!((sum(None, by), sum(Some(ELSEWHERE), by)), (4, 2), "{by}");
        }
    }
);

testdb::both_engines!(
    figures_and_the_cases_behind_them_keep_to_the_reader,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let (water, clean) = (stage.units[0], stage.units[1]);
        let api = |role, unit, district: Option<&str>, path: &str| {
            let (status, text) = stage.get(role, unit, district, path);
            assert_eq!(status, 200, "{path}: {text}");
            serde_json::from_str::<serde_json::Value>(&text).unwrap()
        };
        let figures = "/api/v1/evaluation/figures?month=2019-04&by=city";
        let behind = "/api/v1/evaluation/cases?month=2019-04&by=city&key=city&rate=closing/need_archive&side=numerator";
        for (role, unit, district, expected) in [
            (Role::Leader, None, None, 4),
            (Role::Leader, None, Some(ELSEWHERE), 2),
            (Role::DepartmentLead, Some(water), None, 3),
            (Role::DepartmentLead, Some(clean), None, 1),
        ] {
            let found = api(role, unit, district, figures);
            let rate = &found["rows"][0]["rates"]["closing/need_archive"];
            assert_eq!(rate["numerator"], expected);
            assert_eq!(rate["definition"], "standard@3:closing/need_archive");
            let cases = api(role, unit, district, behind);
            let counted: i64 = cases["cases"]
                .as_array()
                .unwrap()
                .iter()
                .map(|c| c["counts"].as_i64().unwrap())
                .sum();
            assert_eq!(
                counted, expected,
                "the cases behind the number are those that are counted"
            );
        }
        // Another unit's row holds nothing for a department.
        let elsewhere = behind.replace("by=city&key=city", "by=unit&key=CLEAN");
        assert_eq!(
            api(Role::DepartmentLead, Some(water), None, &elsewhere)["cases"],
            serde_json::json!([])
        );
        for (path, status) in [
            ("/api/v1/evaluation/figures?month=2019-13", 422),
            ("/api/v1/evaluation/figures?month=2019-04&by=person", 422),
            ("/api/v1/evaluation/figures?month=2019-04&set=none", 404),
            ("/api/v1/evaluation/cases?month=2019-04&rate=none", 404),
            (
                "/api/v1/evaluation/cases?month=2019-04&rate=closing/need_archive&side=left",
                422,
            ),
            // What says neither yes nor no is never taken for the raw figures.
            (
                "/api/v1/evaluation/cases?month=2019-04&by=city&key=city&rate=closing/need_archive&after_review=perhaps",
                422,
            ),
            (
                "/api/v1/evaluation/cases?month=2019-04&by=city&key=city&rate=closing/need_archive&after_review=true",
                200,
            ),
            (
                "/api/v1/evaluation/cases?month=2019-04&rate=closing/need_archive&by=unit&key=NOBODY",
                404,
            ),
        ] {
            assert_eq!(
                stage.get(Role::Leader, None, None, path).0,
                status,
                "{path}"
            );
        }
        assert_eq!(stage.get(Role::Handler, Some(water), None, figures).0, 403);
    }
);

testdb::both_engines!(the_pages_of_figures_show_and_refuse, &migrations(), |db| {
    let stage = Stage::new(db);
    // What a table is grouped by is always something: there is nothing to choose first.
    for path in ["/evaluation", "/evaluation/figures?month=2019-04&by=unit"] {
        let (_, page) = stage.get(Role::Leader, None, None, path);
        assert!(
            page.contains("id=\"f-by\"") && !page.contains("Please choose"),
            "{path}"
        );
    }
    for path in [
        "/evaluation/figures?month=2019-04",
        "/evaluation/figures?month=2019-04&by=unit",
        "/evaluation/figures?month=2019-04&by=street&rate=rework/need_archive",
        "/evaluation/figures?month=2010-01&by=matter",
        "/evaluation/behind?month=2019-04&by=unit&key=WATER&rate=closing/need_archive&side=denominator",
        "/evaluation/months",
        "/evaluation/own?month=2019-04",
    ] {
        let (status, page) = stage.get(Role::Leader, None, None, path);
        assert_eq!(status, 200, "{path}: {page}");
        ui::testing::assert_sound(&page);
    }
    let (_, page) = stage.get(
        Role::Leader,
        None,
        None,
        "/evaluation/figures?month=2019-04&by=unit&rate=closing/need_archive",
    );
    assert!(
        page.contains("Water Bureau") && page.contains("not graded") && page.contains("(example)")
    );
    let (status, page) = stage.get(
        Role::Leader,
        None,
        None,
        "/evaluation/figures?month=garbage&by=x&set=y",
    );
    assert_eq!(status, 422);
    assert!(page.contains("write it like 2026-03"));
    // Own acts are one's own: whatever the address says, there is no argument for whom.
    let (_, page) = stage.get(
        Role::Collector,
        None,
        None,
        "/evaluation/own?month=2019-04&account=1&of=a0",
    );
    assert!(page.contains("Nothing in this month"), "{page}");
    // Who sees a part may not look at a month of the whole.
    assert_eq!(
        stage
            .get(
                Role::Leader,
                None,
                Some(ELSEWHERE),
                "/evaluation/months/standard/2019-04"
            )
            .0,
        403
    );
    assert_eq!(
        stage
            .get(
                Role::Leader,
                None,
                None,
                "/evaluation/months/standard/2019-04"
            )
            .0,
        404
    );
    let (status, text) = stage.get(
        Role::Leader,
        None,
        None,
        "/evaluation/bulletin?month=2019-04&format=xlsx",
    );
    assert_eq!(status, 200);
    assert!(text.starts_with("PK"), "a spreadsheet is a ZIP file");
});

testdb::both_engines!(
    each_part_of_evaluation_leads_to_the_others,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let parts = [
            "/evaluation",
            "/evaluation/figures",
            "/evaluation/months",
            "/evaluation/sets",
        ];
        for here in parts {
            let (status, page) = stage.get(Role::Leader, None, None, here);
            assert_eq!(status, 200, "{here}");
            ui::testing::assert_sound(&page);
            for there in parts.into_iter().chain(["/evaluation/own", "/topics"]) {
                assert!(
                    page.contains(&format!("href=\"{there}\"")),
                    "{here} → {there}"
                );
            }
        }
        let set = "/evaluation/sets/standard@1";
        let (status, page) = stage.get(Role::Leader, None, None, set);
        assert_eq!(status, 200);
        assert!(page.contains("need_archive") && !page.contains("/evaluation/sets/new"));
        let new = "/evaluation/sets/new?from=standard@1";
        assert_eq!(stage.get(Role::Leader, None, None, new).0, 403);
        let (status, page) = stage.get(Role::Analyst, None, None, new);
        assert_eq!(status, 200);
        assert!(page.contains("id = &#34;city&#34;"), "{page}");
        let (status, _) = stage.get(Role::Leader, None, None, "/evaluation/sets/nothing");
        assert_eq!(status, 404);
    }
);

/// Every number of a page that leads to cases: its address and what it says.
fn leading(page: &str) -> Vec<(String, i64)> {
    let links = page.split("<a href=\"/evaluation/behind?").skip(1);
    links
        .map(|rest| {
            let (query, rest) = rest.split_once("\">").unwrap();
            let text = rest.split("</a>").next().unwrap().replace(',', "");
            let path = format!(
                "/evaluation/behind?{}",
                query.replace("&amp;", "&").replace("&#38;", "&")
            );
            let number = text.parse();
            (path, number.unwrap_or_else(|e| panic!("{text:?}: {e}")))
        })
        .collect()
}

/// What the cases of a page behind a number count together.
fn counted(page: &str) -> i64 {
    let rows = page
        .split("</tr>")
        .filter(|row| row.contains("<tr><th scope=\"row\""));
    rows.map(|row| {
        let last = row.rsplit("<td class=\"num\">").next().unwrap();
        last.split('<').next().unwrap().parse::<i64>().unwrap()
    })
    .sum()
}

impl Stage<'_> {
    /// One of the cases of the water bureau was late, and is exempt.
    fn review(&self) {
        let ctx = self.db.system(&self.clock);
        ctx.write_blocking::<_, StoreError, _>(|mut w| {
            let late = "UPDATE case_measures SET exempt = 1, due_at = handled_at - 1 WHERE case_id = (SELECT case_id FROM case_measures ORDER BY case_id LIMIT 1)";
            w.exec(late, &[])?;
            w.commit(AuditEvent::done("test.review", "case", "test"), ())
        })
        .unwrap();
    }
    /// Follows every number of a page to its cases, which add up to it; answers how many numbers were not zero.
    fn follow(&self, path: &str) -> usize {
        let (status, page) = self.get(Role::Leader, None, None, path);
        assert_eq!(status, 200, "{path}: {page}");
        // Each dot of the funnel has a title of its own; all around the chart is looked at.
        let chart = page.find("<figure").zip(page.find("</figure>"));
        let around = chart.map_or_else(
            || page.clone(),
            |(from, to)| format!("{}{}", &page[..from], &page[to + "</figure>".len()..]),
        );
        ui::testing::assert_sound(&around);
        let mut not_zero = 0;
        for (behind, number) in leading(&page) {
            let (status, cases) = self.get(Role::Leader, None, None, &behind);
            assert_eq!(status, 200, "{behind}: {cases}");
            assert_eq!(counted(&cases), number, "{path} → {behind}");
            not_zero += usize::from(number > 0);
        }
        not_zero
    }
}

testdb::both_engines!(
    every_number_leads_to_the_cases_that_add_up_to_it,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        stage.review();
        let days = "/evaluation?from=2019-04-08&to=2019-04-14";
        assert!(stage.follow(&format!("{days}&by=city")) >= 9);
        assert!(stage.follow(&format!("{days}&by=unit")) >= 18);
        let figures = "/evaluation/figures?month=2019-04&by=unit&rate=closing_on_time/need_archive_with_limit";
        let (_, page) = stage.get(Role::Leader, None, None, figures);
        // Raw and after review are two numbers with two lists of cases.
        let unit_scores = leading(&page);
        let reviewed = unit_scores
            .iter()
            .filter(|(path, _)| path.contains("side=numerator&after_review=1"));
        assert_eq!(reviewed.count(), 1, "{unit_scores:?}");
        assert!(
            unit_scores
                .iter()
                .any(|(path, _)| path.contains("rate=rework")),
            "the parts of a score lead on: {unit_scores:?}"
        );
        assert!(
            unit_scores
                .iter()
                .any(|(path, _)| path.contains("count=register")),
            "a plain count in a score too: {unit_scores:?}"
        );
        assert!(stage.follow(figures) >= 20);
        let raw = stage.get(
            Role::Leader,
            None,
            None,
            "/api/v1/evaluation/cases?month=2019-04&by=unit&key=WATER&count=archive",
        );
        let cases: serde_json::Value = serde_json::from_str(&raw.1).unwrap();
        assert_eq!(cases["cases"].as_array().unwrap().len(), 3);
        for wrong in [
            "count=nothing",
            "count=archive&from=2019-04-10&to=2019-04-09",
            "count=archive&from=x&to=y",
        ] {
            let path = format!("/api/v1/evaluation/cases?by=city&key=city&{wrong}");
            assert!(
                [404, 422].contains(&stage.get(Role::Leader, None, None, &path).0),
                "{wrong}"
            );
        }
        // A reader's cases stay a reader's cases.
        let own = "/evaluation/behind?from=2019-04-08&to=2019-04-14&by=city&key=city&count=archive";
        let (_, page) = stage.get(Role::DepartmentLead, Some(stage.units[1]), None, own);
        assert_eq!(counted(&page), 1);
    }
);

testdb::both_engines!(
    a_frozen_month_is_read_by_every_grouping_down_to_its_cases,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        stage.review();
        stage.clock.set(at("05-02 10:00"));
        let ctx = stage.db.system(&stage.clock);
        let who = evaluation::ops::may_freeze(&ctx).unwrap();
        assert_eq!(who, "operator", "as the audit trail names the command line");
        let reference = Reference::new(TimeZone::get("Asia/Shanghai").unwrap());
        reference.refresh_blocking(&ctx).unwrap();
        let city = reference.current();
        let april: evaluation::Month = "2019-04".parse().unwrap();
        ctx.renewed()
            .write_blocking(move |w| evaluation::ops::freeze(w, &city, "standard", april, &who))
            .unwrap();
        let (page, api) = (
            "/evaluation/months/standard/2019-04",
            "/api/v1/evaluation/months/standard/2019-04",
        );
        for by in ["division", "unit", "matter", "channel"] {
            let rate = "rate=closing_on_time/need_archive_with_limit";
            assert!(stage.follow(&format!("{page}?by={by}&{rate}")) >= 4, "{by}");
        }
        let (status, shown) = stage.get(Role::Leader, None, None, page);
        assert_eq!(status, 200);
        ui::testing::assert_sound(&shown);
        assert!(shown.contains("After review"));
        assert!(
            shown.contains("the operator of the system (command line)"),
            "{shown}"
        );
        let (_, shown) = stage.get(Role::Leader, None, None, &format!("{page}?by=unit"));
        assert!(shown.contains("Water Bureau") && shown.contains("Unit score 1"));
        let read = |path: &str| {
            let (status, text) = stage.get(Role::Leader, None, None, path);
            let body: serde_json::Value = serde_json::from_str(&text).unwrap();
            (status, body)
        };
        let (status, month) = read(&format!("{api}?by=unit"));
        assert_eq!(status, 200, "{month}");
        assert_eq!(month["frozen_by"], "operator");
        assert_eq!(month["differences"], serde_json::json!([]));
        let water = month["rows"]
            .as_array()
            .unwrap()
            .iter()
            .find(|r| r["key"] == "WATER")
            .unwrap();
        let rate = &water["rates"]["closing_on_time/need_archive_with_limit"];
        assert_eq!(
            (&rate["numerator"], &rate["after_review"]["numerator"]),
            (&2.into(), &3.into())
        );
        // A score keeps what it was made of, so that it can be recomputed by hand, and what a review would make of it.
        let scores = water["scores"].as_array().unwrap();
        let score = scores.iter().find(|s| s["composite"] == "unit/eg").unwrap();
        let points = score["parts"].as_array().unwrap().iter();
        let sum: f64 = points.map(|p| p["points"].as_f64().unwrap()).sum();
        assert!(
            (sum - score["score"].as_f64().unwrap()).abs() < 1e-9,
            "{score}"
        );
        // Two of three on time are 40 of 60 points; all of them after review.
        let more = score["otherwise"].as_f64().unwrap() - sum;
        assert!((more - 20.0).abs() < 1e-9, "{score}");
        assert!(shown.contains("100.0 after review"), "{shown}");
        assert!(
            leading(&shown)
                .iter()
                .any(|(path, _)| path.contains("rate=dispose_on_time")),
            "its parts lead to their cases"
        );
        let (_, list) = read("/api/v1/evaluation/months");
        assert_eq!(list["months"][0]["month"], "2019-04");
        let (status, why) = read(&format!("{api}?by=street"));
        assert_eq!((status, &why["field"]), (422, &"by".into()));
        assert_eq!(
            stage
                .get(Role::Leader, None, None, &format!("{page}?by=street"))
                .0,
            422
        );
        assert_eq!(read("/api/v1/evaluation/months/standard/2019-03").0, 404);
        assert_eq!(stage.get(Role::Leader, None, Some(ELSEWHERE), api).0, 403);
        // The record goes on: the page keeps the number of then, and says that it comes out otherwise now.
        let ctx = stage.db.system(&stage.clock);
        let change = |sql: &'static str| {
            ctx.write_blocking::<_, StoreError, _>(|mut w| {
                w.exec(sql, &[])?;
                w.commit(AuditEvent::done("test.review", "case", "test"), ())
            })
            .unwrap();
        };
        // What only a review changes is told as what it is.
        change("UPDATE case_measures SET exempt = NULL WHERE exempt = 1");
        let (_, later) = read(&format!("{api}?by=unit"));
        let told = later["differences"].as_array().unwrap();
        assert!(
            !told.is_empty() && told.iter().all(|d| d["after_review"] == true),
            "{told:?}"
        );
        let (_, shown) = stage.get(Role::Leader, None, None, page);
        assert!(shown.contains(", after review</td>"), "{shown}");
        change("UPDATE case_measures SET due_at = handled_at WHERE due_at < handled_at");
        let (_, later) = read(&format!("{api}?by=unit"));
        assert_eq!(later["rows"], month["rows"]);
        assert!(!later["differences"].as_array().unwrap().is_empty());
    }
);

testdb::both_engines!(
    rows_have_names_for_people_and_a_key_that_is_none_is_refused_by_its_field,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let read = |path: &str| {
            let (status, text) = stage.get(Role::Leader, None, None, path);
            let body: serde_json::Value = serde_json::from_str(&text).unwrap();
            (status, body)
        };
        let (_, found) = read("/api/v1/evaluation/figures?month=2019-04&by=channel");
        let row = &found["rows"][0];
        assert_eq!(
            (&row["key"], &row["name"]),
            (&"patrol".into(), &"Patrol".into()),
            "in the reader's language"
        );
        for by in ["street", "division", "channel", "nature", "unit", "matter"] {
            let of = format!("by={by}&count=archive&month=2019-04");
            let (status, why) = read(&format!("/api/v1/evaluation/cases?key=zz&{of}"));
            assert_eq!(
                (status, &why["code"], &why["field"]),
                (404, &"evaluation.unknown_row".into(), &"key".into()),
                "{by}: {why}"
            );
            let page = format!("/evaluation/behind?key=zz&{of}");
            assert_eq!(stage.get(Role::Leader, None, None, &page).0, 404, "{by}");
        }
        // What is there and has no case in the month is an empty answer.
        for (by, key) in [
            ("channel", "web"),
            ("nature", "complaint"),
            ("division", ELSEWHERE),
            ("street", "unknown"),
        ] {
            let path = "/api/v1/evaluation/cases?count=archive&month=2019-03";
            let (status, found) = read(&format!("{path}&by={by}&key={key}"));
            assert_eq!(status, 200, "{by}: {found}");
            assert_eq!(found["cases"], serde_json::json!([]));
        }
        // A district is no street.
        let (status, _) = read(&format!(
            "/api/v1/evaluation/cases?count=archive&month=2019-03&by=street&key={ELSEWHERE}"
        ));
        assert_eq!(status, 404);
    }
);

testdb::both_engines!(
    a_month_that_has_not_begun_is_refused_by_its_field,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        for path in [
            "/api/v1/evaluation/figures?month=2019-05",
            "/api/v1/evaluation/bulletin?month=2019-05&format=xlsx",
        ] {
            let (status, text) = stage.get(Role::Leader, None, None, path);
            let why: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(
                (status, &why["field"], &why["code"]),
                (422, &"month".into(), &"evaluation.not_begun".into()),
                "{text}"
            );
        }
        let (status, page) = stage.get(
            Role::Leader,
            None,
            None,
            "/evaluation/figures?month=2019-05",
        );
        assert!(status == 422 && page.contains("has not begun"), "{page}");
        let file = "/evaluation/bulletin?format=xlsx&month=";
        assert_eq!(
            stage
                .get(Role::Leader, None, None, &format!("{file}2019-05"))
                .0,
            422
        );
        // Nor has a period of days whose first has not come, nor the cases behind what is not there.
        let days = "from=2019-04-21&to=2019-05-02";
        for (path, code) in [
            (
                format!("/api/v1/evaluation/cases?by=city&key=city&count=archive&{days}"),
                "evaluation.first_day_ahead",
            ),
            (
                "/api/v1/evaluation/cases?by=city&key=city&count=archive&month=2019-05".to_owned(),
                "evaluation.not_begun",
            ),
        ] {
            let (status, text) = stage.get(Role::Leader, None, None, &path);
            let why: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!((status, &why["code"]), (422, &code.into()), "{text}");
            let field = if path.contains("from=") {
                "from"
            } else {
                "month"
            };
            assert_eq!(why["field"], field);
        }
        for path in [
            format!("/evaluation?by=unit&{days}"),
            format!("/evaluation/behind?by=city&key=city&count=archive&{days}"),
            "/evaluation/behind?by=city&key=city&count=archive&month=2019-05".to_owned(),
            "/evaluation/own?month=2019-05".to_owned(),
        ] {
            let (status, page) = stage.get(Role::Leader, None, None, &path);
            let says = page.contains("has not come yet") || page.contains("has not begun");
            assert!(status == 422 && says, "{path}: {page}");
        }
        // A period that runs has figures up to now.
        let (status, _) = stage.page(Role::Leader, None, None, "by=city");
        assert_eq!(status, 200);
        let runs = "/evaluation?from=2019-04-20&to=2019-05-02";
        assert_eq!(stage.get(Role::Leader, None, None, runs).0, 200);
        // The month that runs has figures up to now.
        assert_eq!(
            stage
                .get(Role::Leader, None, None, &format!("{file}2019-04"))
                .0,
            200
        );
    }
);

testdb::both_engines!(
    places_and_units_are_called_by_their_english_names_where_there_are_any,
    &migrations(),
    |db| {
        use evaluation::bulletin::{self, Cell, Words};
        let stage = Stage::new(db);
        let chinese = "<span lang=\"zh-CN\">二七区</span>";
        for path in [
            "/evaluation?from=2019-04-08&to=2019-04-14&by=division",
            "/evaluation/figures?month=2019-04&by=division&rate=closing/need_archive",
        ] {
            let (_, page) = stage.get(Role::Leader, None, None, path);
            assert!(page.contains("Zhongyuan District"), "{path}: {page}");
            assert!(!page.contains("中原区"), "{path}");
            // Where there is none, the Chinese name is marked as such.
            assert!(page.contains(chinese), "{path}");
        }
        let (_, page) = stage.page(Role::Leader, None, Some("410102"), "by=city");
        assert!(
            page.contains("<span class=\"sub\">Zhongyuan District</span>"),
            "{page}"
        );
        // So in the bulletin.
        let ctx = stage.db.system(&stage.clock);
        let reference = Reference::new(TimeZone::get("Asia/Shanghai").unwrap());
        reference.refresh_blocking(&ctx).unwrap();
        let (city, now) = (reference.current(), ctx.now());
        let (held, month) = (city.clone(), "2019-04".parse().unwrap());
        let whole = evaluation::ops::WHOLE_CITY;
        let material = ctx
            .read_blocking(move |r| bulletin::material(r, &held, "standard", month, now, &whole))
            .unwrap();
        let i18n = access::words_of(&[access::capability(), evaluation::capability()]).unwrap();
        for (lang, names) in [
            (ui::Lang::Zh, ["水务局", "中原区"]),
            (ui::Lang::En, ["Water Bureau", "Zhongyuan District"]),
        ] {
            let made = bulletin::compose(&Words { i18n: &i18n, lang }, "City", &city, &material);
            let cells = made.tables.iter().flat_map(|t| &t.rows).flatten();
            let texts: Vec<&str> = cells
                .filter_map(|cell| match cell {
                    Cell::Text(text) => Some(text.as_str()),
                    _ => None,
                })
                .collect();
            let drawn: Vec<&str> = made
                .bars
                .iter()
                .flat_map(|bars| bars.rows.iter().map(|row| row.0.as_str()))
                .collect();
            for name in names {
                assert!(texts.contains(&name), "{name}: {texts:?}");
            }
            assert!(drawn.contains(&names[0]), "{drawn:?}");
        }
    }
);
