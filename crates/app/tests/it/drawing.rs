//! An administrator draws unit grids by the pages: sees what would be drawn, agrees, and has the cells.

use crate::inventory::{City, Visitor};
use crate::place::on_both;
use access::Role;
use axum::http::Method;
use std::fmt::Write as _;
use std::time::Duration;

const AREAS: &str = r#"{"type":"FeatureCollection","features":[
 {"type":"Feature","properties":{"adcode":"990101001001","name":"<b>甲社区"},"geometry":{"type":"Polygon","coordinates":
  [[[118.10,24.50],[118.11,24.50],[118.11,24.51],[118.10,24.51],[118.10,24.50]]]}}]}"#;

pub(crate) fn form(fields: &[(&str, &str)], file: Option<&str>) -> Vec<u8> {
    let mut body = String::new();
    for (name, value) in fields {
        let _ = write!(
            body,
            "--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
    }
    if let Some(file) = file {
        let _ = write!(
            body,
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.geojson\"\r\n\r\n{file}\r\n"
        );
    }
    body.push_str("--b--\r\n");
    body.into_bytes()
}

struct Admin<'c> {
    city: &'c City,
    visitor: Visitor,
}

impl Admin<'_> {
    /// Sends the form; the page of the import, or what is wrong with it.
    fn send(&mut self, fields: &[(&str, &str)], file: Option<&str>) -> Result<String, String> {
        let media = "multipart/form-data; boundary=b";
        let body = form(fields, file);
        let to = "/admin/imports";
        let reply = self
            .city
            .visit(&mut self.visitor, Method::POST, to, media, body);
        match reply.status {
            303 => Ok(reply.header("location").to_owned()),
            422 => Err(reply.text),
            other => panic!("{other}: {}", reply.text),
        }
    }
    fn page(&mut self, path: &str) -> String {
        let reply = self
            .city
            .visit(&mut self.visitor, Method::GET, path, "", Vec::new());
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        reply.text
    }
    fn confirm(&mut self, import: &str) {
        until_over(self.city, &mut self.visitor, import);
    }
}

/// Agrees to an import and waits for its end.
pub(crate) fn until_over(city: &City, who: &mut Visitor, import: &str) {
    let path = format!("{import}/confirm");
    let media = "application/x-www-form-urlencoded";
    let reply = city.visit(who, Method::POST, &path, media, Vec::new());
    assert_eq!(reply.status, 303, "{}", reply.text);
    for _ in 0..200 {
        let reply = city.visit(who, Method::GET, import, "", Vec::new());
        assert_eq!(reply.status, 200, "{import}: {}", reply.text);
        if !reply.text.contains("http-equiv=\"refresh\"") {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the import does not end");
}

on_both!(unit_grids_are_drawn_by_the_pages_after_a_look, |place| {
    let city = City::new(place);
    city.account("sysadmin", &[Role::SystemAdmin], None);
    let mut admin = Admin {
        visitor: city.sign_in("sysadmin"),
        city: &city,
    };
    let cells = || city.count("SELECT count(*) FROM unit_grids");
    let drawing = ("kind", "drawing");
    // What is missing is told beside its field, and nothing is kept.
    type Wrong<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>, &'a str);
    let wrong: [Wrong<'_>; 5] = [
        (&[drawing], Some(AREAS), "metres"),
        (&[drawing, ("metres", "x")], Some(AREAS), "metres"),
        (&[drawing, ("metres", "100")], None, "file"),
        (&[drawing, ("metres", "100"), ("over", "99x")], None, "over"),
        (
            &[drawing, ("metres", "100"), ("over", "990101001001")],
            None,
            "over",
        ),
    ];
    for (fields, file, field) in wrong {
        let wrong = admin.send(fields, file).unwrap_err();
        assert!(
            wrong.contains(&format!("id=\"e-{field}\"")),
            "{field}: {wrong}"
        );
    }
    assert_eq!(city.count("SELECT count(*) FROM admin_imports"), 0);
    // Ten by eleven cells of a hundred metres, told before a single one is there.
    let fields = [drawing, ("metres", "100")];
    let import = admin.send(&fields, Some(AREAS)).unwrap();
    let look = admin.page(&import);
    assert!(look.contains("990101001001 + "), "{look}");
    assert!(!look.contains("<b>"), "a name is escaped");
    assert_eq!(cells(), 0, "nothing is written by looking");
    admin.confirm(&import);
    let drawn = cells();
    assert!((100..=132).contains(&drawn), "{drawn}");
    // The border is known now: drawn over it again without a file, nothing is new.
    let fields = [drawing, ("metres", "100"), ("over", "990101001001")];
    let again = admin.send(&fields, None).unwrap();
    admin.confirm(&again);
    assert_eq!(cells(), drawn);
    let other = [drawing, ("metres", "150"), ("over", "990101001001")];
    let refused = admin.send(&other, None).unwrap_err();
    let there = format!("已有 {drawn} 个别的网格");
    assert!(refused.contains(&there), "{refused}");
});
