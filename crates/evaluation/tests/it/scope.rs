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
            (head, cells[2].split('<').next().unwrap().to_owned())
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
            assert_eq!(rate["definition"], "standard@2:closing/need_archive");
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
