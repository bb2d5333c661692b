//! A place from a list: community, then unit grid, on every form that takes a place, also without script.

use crate::city::{CELL, City, migrations};
use cases::Case;
use store::StoreError;

const STREET: &str = "330102001000";
const COMMUNITY: &str = "330102001001";

fn newest(city: &City) -> Case {
    city.system()
        .read_blocking::<_, StoreError, _>(|r| {
            let number: (String,) =
                r.one("SELECT number FROM cases ORDER BY number DESC LIMIT 1", &[])?;
            Ok(cases::sql::by_number(r, &number.0.parse().unwrap())?.unwrap())
        })
        .unwrap()
}

testdb::both_engines!(
    a_unit_grid_is_chosen_from_a_list_on_every_form_that_takes_a_place,
    &migrations(),
    |db| {
        let city = City::new(db);
        let count = || city.count("SELECT count(*) FROM cases");
        let option = format!("<option value=\"{CELL}\"");
        for (login, path) in [
            ("desk", "/report"),
            ("collector", "/found"),
            ("acceptor", "/intake"),
        ] {
            let blank = city.get(login, path).text;
            assert!(
                !blank.contains("name=\"grid\""),
                "{path}: no community, no cells"
            );
            assert!(
                blank.contains("name=\"cells\""),
                "{path}: the button that lists them"
            );
            let words = [
                ("channel", "hotline"),
                ("description", "网格列表<b>测试"),
                ("matter", "C0101 上水井盖"),
                ("division", COMMUNITY),
            ];
            // Without script a button lists the cells; the words stay and nothing is sent.
            let before = count();
            let listed = city.form(login, path, &[&words[..], &[("cells", "1")]].concat(), &[]);
            assert_eq!(listed.status, 200, "{path}: {}", listed.text);
            assert!(listed.text.contains(&option), "{path}: {}", listed.text);
            assert!(listed.text.contains("网格列表&#60;b&#62;测试"), "{path}");
            assert!(
                !listed.text.contains("form-fault"),
                "{path}: {}",
                listed.text
            );
            assert_eq!(count(), before, "{path}");
            // One of another community is told at its field, and stays to be changed.
            let elsewhere = [&words[..3], &[("division", "330104000000"), ("grid", CELL)]].concat();
            let wrong = city.form(login, path, &elsewhere, &[]);
            assert_eq!(wrong.status, 422, "{path}: {}", wrong.text);
            let told = ["href=\"#f-grid\"", "id=\"f-grid\"", "id=\"e-grid\""];
            assert!(
                told.iter().all(|mark| wrong.text.contains(mark)),
                "{path}: {}",
                wrong.text
            );
            assert_eq!(count(), before, "{path}");
            let chosen = [&words[..], &[("grid", CELL)]].concat();
            let done = city.form(login, path, &chosen, &[]);
            assert_eq!(done.status, 303, "{path}: {}", done.text);
            let place = newest(&city).place;
            assert_eq!(
                place.grid.map(|g| g.to_string()).as_deref(),
                Some(CELL),
                "{path}"
            );
            assert_eq!(
                place.division.map(|d| d.to_string()).as_deref(),
                Some(COMMUNITY),
                "{path}"
            );
            assert!(place.point.is_none(), "{path}: a cell is no point");
        }
    }
);

testdb::both_engines!(
    the_list_narrows_from_the_street_to_the_cell,
    &migrations(),
    |db| {
        let city = City::new(db);
        let part = |words: &[(&str, &str)]| {
            let reply = city.urlencoded("desk", "/report/cells", words);
            assert_eq!(reply.status, 200, "{}", reply.text);
            reply.text
        };
        let option = |code: &str| format!("<option value=\"{code}\"");
        let street = part(&[("division", STREET)]);
        assert!(street.contains("name=\"community\"") && street.contains(&option(COMMUNITY)));
        assert!(!street.contains("name=\"grid\""), "{street}");
        let below = part(&[("division", STREET), ("community", COMMUNITY)]);
        assert!(below.contains(&option(CELL)), "{below}");
        let at_once = part(&[("division", COMMUNITY), ("grid", CELL)]);
        assert!(!at_once.contains("name=\"community\""), "{at_once}");
        assert!(
            at_once.contains(&format!("{} selected", option(CELL))),
            "{at_once}"
        );
        // A community of elsewhere has no cells here; nothing and garbage have none at all.
        let other = part(&[("division", "330104000000"), ("community", COMMUNITY)]);
        assert!(
            !other.contains("name=\"grid\"") && other.contains("form-hint"),
            "{other}"
        );
        for odd in ["", "x", "33010200100", "井盖"] {
            let none = part(&[("division", odd)]);
            assert!(!none.contains("<select"), "{odd:?}: {none}");
        }
    }
);
