//! Files that a clerk brings in by the pages and not only on the command line: the published list of tasks for grid workers, and
//! sets of definitions; looked at first, with every refused row, then written.

use crate::drawing::{form, until_over};
use crate::inventory::{City, Visitor};
use crate::place::on_both;
use access::Role;
use axum::http::Method;

fn send(
    city: &City,
    who: &mut Visitor,
    to: &str,
    kind: &str,
    file: &str,
) -> Result<String, String> {
    let body = form(&[("kind", kind)], Some(file));
    let media = "multipart/form-data; boundary=b";
    let reply = city.visit(who, Method::POST, to, media, body);
    match reply.status {
        303 => Ok(reply.header("location").to_owned()),
        422 => Err(reply.text),
        other => panic!("{other}: {}", reply.text),
    }
}

fn page(city: &City, who: &mut Visitor, path: &str) -> String {
    let reply = city.visit(who, Method::GET, path, "", Vec::new());
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    reply.text
}

const ITEMS: &str = "list,code,name,task,approved_by,approved_on\n\
                     2026-1,1,<b>核实上报,核实,政法委1号,2026-01-01\n\
                     2026-1,2,核查,巡逻,政法委1号,2026-01-01\n\
                     2026-1,3,核查,核查,,2026-01-01\n";

on_both!(
    a_list_of_tasks_comes_in_by_the_pages_with_its_refused_rows,
    |place| {
        let city = City::new(place);
        city.account("sysadmin", &[Role::SystemAdmin], None);
        let mut admin = city.sign_in("sysadmin");
        let items = || city.count("SELECT count(*) FROM grid_items");
        let import = send(&city, &mut admin, "/admin/imports", "grid-items", ITEMS).unwrap();
        let look = page(&city, &mut admin, &import);
        assert!(
            look.contains("2026-1/1") && !look.contains("<b>核实"),
            "{look}"
        );
        assert!(
            look.contains("只能是核实") && look.contains("巡逻"),
            "{look}"
        );
        assert!(
            look.contains("将要写入的行") && !look.contains("已写入"),
            "{look}"
        );
        assert_eq!(items(), 0, "nothing is written by looking");
        let csv = page(&city, &mut admin, &format!("{import}/rejects.csv"));
        assert!(
            csv.contains("准入依据") && csv.lines().count() == 3,
            "{csv}"
        );
        until_over(&city, &mut admin, &import);
        assert_eq!(items(), 1, "the refused rows are not written");
        let done = page(&city, &mut admin, &import);
        assert!(
            done.contains("已写入 1 行") && done.contains("已写入的行"),
            "{done}"
        );
        assert!(!done.contains("将要写入"), "{done}");
        // It counts at once, for the page and for tasks.
        assert!(page(&city, &mut admin, "/grid-items").contains("政法委1号"));
        // Sets of definitions are in other hands.
        let set = "/evaluation/sets/imports";
        let closed = city.visit(&mut admin, Method::GET, set, "", Vec::new());
        assert_eq!(closed.status, 403, "{}", closed.text);
        let wrong = send(&city, &mut admin, "/admin/imports", "definitions", ITEMS).unwrap_err();
        assert!(wrong.contains("id=\"e-kind\""), "{wrong}");
    }
);

/// The city's own set, by a numerator.
fn set(version: u32, numerator: &str) -> String {
    format!(
        "id = \"city\"\nversion = {version}\nname_zh = \"本市\"\nname_en = \"Own\"\n\n[[definition]]\nid = \"closing/own\"\n\
         name_zh = \"结案率\"\nname_en = \"Closing\"\nnumerator = [\"{numerator}\"]\ndenominator = [\"need_archive\"]\n\n\
         [[definition]]\nid = \"second\"\nname_zh = \"第二\"\nname_en = \"Second\"\nnumerator = [\"archive\"]\n\
         denominator = [\"need_archive\"]\n"
    )
}

on_both!(
    a_set_of_definitions_comes_in_by_the_pages_whole_or_not_at_all,
    |place| {
        let city = City::new(place);
        city.account("analyst", &[Role::Analyst], None);
        let mut analyst = city.sign_in("analyst");
        let to = "/evaluation/sets/imports";
        let sets = || city.count("SELECT count(*) FROM definition_sets");
        // A fault is a refused row with its line; the sound row beside it is refused with it.
        let at_fault = send(&city, &mut analyst, to, "", &set(1, "arrchive")).unwrap();
        assert!(at_fault.starts_with(to), "{at_fault}");
        let look = page(&city, &mut analyst, &at_fault);
        assert!(look.contains("没有“arrchive”这个计数词"), "{look}");
        assert!(look.contains("要么全部采用"), "{look}");
        assert!(
            !look.contains("/confirm"),
            "there is nothing to agree to: {look}"
        );
        // A sound one is looked at, agreed to, and there.
        let import = send(&city, &mut analyst, to, "", &set(1, "archive")).unwrap();
        let look = page(&city, &mut analyst, &import);
        assert!(
            look.contains("city@1 本市") && look.contains("closing/own"),
            "{look}"
        );
        assert_eq!(sets(), 0, "nothing is written by looking");
        until_over(&city, &mut analyst, &import);
        assert_eq!(sets(), 1);
        assert!(page(&city, &mut analyst, "/evaluation/sets").contains("city@1"));
        let done = page(&city, &mut analyst, &import);
        assert!(
            done.contains("已写入 3 行") && done.contains("href=\"/evaluation/sets\""),
            "{done}"
        );
        // The next version says what changes; the same version with other content is refused.
        let next = send(&city, &mut analyst, to, "", &set(2, "in_time_archive")).unwrap();
        let look = page(&city, &mut analyst, &next);
        assert!(
            look.contains("更改") && look.contains("closing/own"),
            "{look}"
        );
        assert!(
            !look.contains("second 第二"),
            "what is the same is not shown: {look}"
        );
        let taken = send(&city, &mut analyst, to, "", &set(1, "in_time_archive")).unwrap_err();
        assert!(
            taken.contains("id=\"e-file\"") && taken.contains("下一个版本号"),
            "{taken}"
        );
        // What is no set at all is told at its field; reference data does not come in here.
        let none = send(&city, &mut analyst, to, "", "list,code\n").unwrap_err();
        assert!(none.contains("id=\"e-file\""), "{none}");
        let closed = city.visit(&mut analyst, Method::GET, "/admin/imports", "", Vec::new());
        assert_eq!(closed.status, 403, "{}", closed.text);
    }
);
