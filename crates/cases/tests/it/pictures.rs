//! Pictures of a case: what they cost, as what they are kept, how forms take them, what they offer, who sees them.

use crate::city::{City, Reply, migrations};
use attachments::{Attachment, AttachmentKind};
use cases::ops::{self, NewReport, Step};
use cases::{Case, State};
use kernel::id::Id;
use store::StoreError;

/// A photo; with `place`, one that says it was taken in the cell on the same morning at eight.
pub fn photo(place: bool) -> Vec<u8> {
    let image = image::RgbImage::from_fn(60, 40, |x, y| image::Rgb([x as u8 * 4, y as u8 * 6, 90]));
    let mut jpeg = Vec::new();
    image::codecs::jpeg::JpegEncoder::new(&mut jpeg)
        .encode_image(&image)
        .unwrap();
    if !place {
        return jpeg;
    }
    let exif = exif_block();
    let mut out = jpeg[..2].to_vec();
    out.extend([0xff, 0xe1]);
    out.extend(u16::try_from(exif.len() + 8).unwrap().to_be_bytes());
    out.extend(b"Exif\0\0");
    out.extend(exif);
    out.extend(&jpeg[2..]);
    out
}

fn exif_block() -> Vec<u8> {
    use exif::experimental::Writer;
    use exif::{Field, In, Rational, Tag, Value};
    let field = |tag, value| Field {
        tag,
        ifd_num: In::PRIMARY,
        value,
    };
    let ascii = |text: &str| Value::Ascii(vec![text.as_bytes().to_vec()]);
    let degrees =
        |parts: [u32; 3]| Value::Rational(parts.map(|num| Rational { num, denom: 1 }).to_vec());
    let fields = [
        field(Tag::DateTimeOriginal, ascii("2026:03:16 08:00:00")),
        field(Tag::OffsetTimeOriginal, ascii("+08:00")),
        field(Tag::GPSLatitudeRef, ascii("N")),
        field(Tag::GPSLatitude, degrees([30, 14, 42])),
        field(Tag::GPSLongitudeRef, ascii("E")),
        field(Tag::GPSLongitude, degrees([120, 9, 54])),
    ];
    let mut writer = Writer::new();
    for field in &fields {
        writer.push_field(field);
    }
    let mut out = std::io::Cursor::new(Vec::new());
    writer.write(&mut out, false).unwrap();
    out.into_inner()
}

pub fn upload(city: &City, login: &str) -> Id {
    let ctx = city.ctx(login);
    let service = ctx.service::<attachments::Attachments>();
    let uploaded = city.run(attachments::ops::upload(
        &ctx,
        &service,
        photo(false).into(),
    ));
    uploaded.unwrap().upload.id
}

fn kept(city: &City, case: &Case) -> Vec<Attachment> {
    let (district, id) = (case.district, case.id.0);
    city.system()
        .read_blocking::<_, StoreError, _>(move |r| attachments::ops::of_case(r, district, id))
        .unwrap()
}

fn kinds(city: &City, case: &Case) -> Vec<AttachmentKind> {
    kept(city, case).iter().map(|a| a.kind).collect()
}

testdb::both_engines!(
    a_step_with_pictures_costs_one_statement_more,
    &migrations(),
    |db| {
        let city = City::new(db);
        let case = city.case_at(State::Handling);
        let pictures = vec![upload(&city, "water"), upload(&city, "water")];
        let ctx = city.ctx("water");
        let step = Step::ReportBack {
            result: "已更换".into(),
            attachments: pictures,
        };
        let case = city
            .run(ops::act(&ctx, case.number, None, vec![step]))
            .unwrap();
        assert_eq!(
            ctx.statements(),
            7,
            "load, pictures, row, events, outbox, measures, audit"
        );
        assert_eq!(kinds(&city, &case), [AttachmentKind::After; 2]);
        let new = NewReport {
            attachments: vec![upload(&city, "collector")],
            ..city.cover("patrol")
        };
        let ctx = city.ctx("collector");
        let case = city.run(ops::report(&ctx, new)).unwrap().case;
        assert_eq!(
            ctx.statements(),
            7,
            "case, event, outbox, measures, code, picture, audit"
        );
        assert_eq!(kinds(&city, &case), [AttachmentKind::Report]);
        city.check_life(case.number);
    }
);

testdb::both_engines!(each_picture_is_kept_as_what_it_shows, &migrations(), |db| {
    let city = City::new(db);
    let new = NewReport {
        self_handled: Some("当场扶正".into()),
        attachments: vec![upload(&city, "collector")],
        after: vec![upload(&city, "collector")],
        ..city.cover("patrol")
    };
    let handled = city.report("collector", new).case;
    assert_eq!(
        kinds(&city, &handled),
        [AttachmentKind::Before, AttachmentKind::After]
    );
    let new = NewReport {
        after: vec![upload(&city, "collector")],
        ..city.cover("patrol")
    };
    let ctx = city.ctx("collector");
    let refused = city.run(ops::report(&ctx, new));
    assert!(
        matches!(&refused, Err(ops::CaseError::Field { field, .. }) if field == "after"),
        "{refused:?}"
    );
    let case = city.case_at(State::PendingCheck);
    let step = Step::Note {
        text: "图纸".into(),
        attachments: vec![upload(&city, "checker")],
    };
    city.act("checker", case.number, vec![step]).unwrap();
    let step = Step::Check {
        passed: true,
        note: String::new(),
        attachments: vec![upload(&city, "checker")],
    };
    let case = city.act("checker", case.number, vec![step]).unwrap();
    assert_eq!(
        kinds(&city, &case),
        [AttachmentKind::Document, AttachmentKind::Check]
    );
    // Somebody else's upload is nobody's picture, and the step is not made.
    let step = |id| Step::Close {
        closing: format!("{id}"),
    };
    let note = Step::Note {
        text: "x".into(),
        attachments: vec![upload(&city, "checker")],
    };
    let refused = city.act("shift_leader", case.number, vec![note]);
    assert!(matches!(&refused, Err(ops::CaseError::Field { field, .. }) if field == "attachments"));
    assert!(city.act("checker", case.number, vec![step(1)]).is_err());
    assert_eq!(kept(&city, &case).len(), 2);
});

const WORDS: [(&str, &str); 2] = [("description", "井盖坏了"), ("matter", "C0101")];

fn found(city: &City, more: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Reply {
    let words = [&WORDS[..], more].concat();
    city.form("collector", "/found", &words, files)
}

/// The value of a box that stands for a file that was received.
fn kept_value(page: &str) -> &str {
    let rest = page.split("name=\"files_kept\" value=\"").nth(1);
    rest.expect("a file is kept").split('"').next().unwrap()
}

testdb::both_engines!(
    what_a_photo_says_is_offered_and_used_only_after_a_yes,
    &migrations(),
    |db| {
        let city = City::new(db);
        let asked = found(&city, &[], &[("files", "IMG_1.jpg", &photo(true))]);
        assert_eq!(asked.status, 200, "{}", asked.text);
        assert!(asked.text.contains("清波门社区") && asked.text.contains("name=\"use_place\""));
        assert_eq!(city.count("SELECT count(*) FROM cases"), 0);
        let value = |name: &str| {
            let rest = asked
                .text
                .split(&format!("name=\"{name}\" value=\""))
                .nth(1);
            rest.unwrap().split('"').next().unwrap().to_owned()
        };
        let (lon, lat, time) = (value("photo_lon"), value("photo_lat"), value("photo_time"));
        let base = [
            ("files_kept", kept_value(&asked.text)),
            ("photo_lon", lon.as_str()),
            ("photo_lat", lat.as_str()),
            ("photo_time", time.as_str()),
        ];
        let half = found(&city, &[&base[..], &[("use_place", "yes")]].concat(), &[]);
        assert_eq!(half.status, 200, "the time is still asked for");
        let done = found(
            &city,
            &[&base[..], &[("use_place", "yes"), ("use_time", "yes")]].concat(),
            &[],
        );
        assert_eq!(done.status, 303, "{}", done.text);
        let number = done.location.rsplit('/').next().unwrap().parse().unwrap();
        let ctx = city.ctx("collector");
        let case = city.run(ops::find(&ctx, number)).unwrap();
        assert_eq!(
            (
                case.reported_at,
                case.place.grid.map(|g| g.to_string()).as_deref()
            ),
            (
                "2026-03-16T08:00:00+08:00".parse().unwrap(),
                Some(crate::city::CELL)
            )
        );
        assert_eq!(kinds(&city, &case), [AttachmentKind::Report]);
        // A place in words of the form's own is not asked about again, and a no is a no.
        let no = found(
            &city,
            &[("use_place", "no"), ("use_time", "no")],
            &[("files", "IMG_2.jpg", &photo(true))],
        );
        let number = no.location.rsplit('/').next().unwrap().parse().unwrap();
        let case = city.run(ops::find(&ctx, number)).unwrap();
        assert_eq!((case.place.point, case.reported_at), (None, ctx.now()));
    }
);

testdb::both_engines!(
    a_file_that_is_not_taken_is_named_and_everything_else_is_kept,
    &migrations(),
    |db| {
        let city = City::new(db);
        let large = vec![0_u8; attachments::process::MOST_BYTES + 1];
        let files: [(&str, &str, &[u8]); 4] = [
            ("files", "good.jpg", &photo(false)),
            ("files", "movie.mp4", b"\0\0\0 ftypisom"),
            ("files", "large.jpg", &large),
            ("files", "broken.jpg", b"\xff\xd8\xffgarbage"),
        ];
        let reply = found(&city, &[("address", "延安路 1 号")], &files);
        assert_eq!(reply.status, 422);
        for told in ["movie.mp4", "large.jpg", "broken.jpg", "15"] {
            assert!(reply.text.contains(told), "{told}");
        }
        assert!(reply.text.contains("延安路 1 号") && reply.text.contains("井盖坏了"));
        assert_eq!(reply.text.matches("name=\"files_kept\"").count(), 1);
        assert_eq!(city.count("SELECT count(*) FROM cases"), 0);
        // The file that was taken need not be sent again.
        let again = [("files_kept", kept_value(&reply.text))];
        let done = found(&city, &again, &[]);
        assert_eq!(done.status, 303, "{}", done.text);
        // A fault of a word keeps the file as well.
        let reply = city.form(
            "collector",
            "/found",
            &[("description", ""), ("self_handled", "扶正")],
            &[
                ("files", "a.jpg", &photo(false)),
                ("after", "b.jpg", &photo(false)),
            ],
        );
        assert_eq!(reply.status, 422);
        assert!(
            reply.text.contains("name=\"files_kept\"")
                && reply.text.contains("name=\"after_kept\"")
        );
        // An upload that is not the sender's is refused by a sentence.
        let foreign = format!("{} x.jpg", upload(&city, "acceptor"));
        let reply = found(&city, &[("files_kept", &foreign)], &[]);
        assert_eq!(reply.status, 422);
        assert!(
            reply.text.contains("was not uploaded by you"),
            "{}",
            reply.text
        );
        let many: Vec<(&str, &str, &[u8])> = vec![("files", "no.gif", b"GIF89a"); 3];
        assert_eq!(found(&city, &[], &many).status, 422);
    }
);

testdb::both_engines!(
    a_form_of_a_move_takes_pictures_and_the_case_shows_them_to_whom_it_is_open,
    &migrations(),
    |db| {
        let city = City::new(db);
        let case = city.case_at(State::Handling);
        let path = format!("/cases/{}/report-back", case.number);
        let version = case.version.to_string();
        let words = [("version", version.as_str()), ("result", "已更换")];
        let refused = city.form("water", &path, &words, &[("files", "x.gif", b"GIF89a")]);
        assert_eq!(refused.status, 422);
        assert!(refused.text.contains("x.gif") && refused.text.contains("已更换"));
        let files: [(&str, &str, &[u8]); 1] = [("files", "done.jpg", &photo(false))];
        let done = city.form("water", &path, &words, &files);
        assert_eq!(done.status, 303, "{}", done.text);
        let shots = kept(&city, &case);
        assert_eq!(shots[0].kind, AttachmentKind::After);
        let thumb = format!("/attachments/{}/thumb", shots[0].id);
        let page = city.get("checker", &format!("/cases/{}", case.number));
        assert!(page.text.contains(&thumb), "the case shows it");
        let page = city.get("checker", "/tasks");
        assert!(page.text.contains(&thumb), "the task shows it");
        assert_eq!(city.get("checker", &thumb).status, 200);
        for outside in ["clean", "elsewhere"] {
            assert_eq!(city.get(outside, &thumb).status, 404, "{outside}");
        }
    }
);

testdb::both_engines!(
    whoever_reported_sees_the_own_pictures_and_those_of_afterwards,
    &migrations(),
    |db| {
        let city = City::new(db);
        let new = NewReport {
            attachments: vec![upload(&city, "stranger")],
            ..city.cover("web")
        };
        let receipt = city.report("stranger", new);
        let number = receipt.case.number;
        let path = format!("/track/link/{}", receipt.link);
        let seen = || {
            let page = city.get("stranger", &path);
            assert_eq!(page.status, 200);
            page.text.matches("src=\"data:image/jpeg;base64,").count()
        };
        assert_eq!(seen(), 1);
        let step = Step::Verify {
            outcome: cases::model::VerifyOutcome::Yes,
            note: String::new(),
            attachments: vec![upload(&city, "collector")],
        };
        city.act("collector", number, vec![step]).unwrap();
        assert_eq!(seen(), 1, "what the worker saw is not shown");
        let dispatch = Step::Dispatch {
            unit: None,
            basis: String::new(),
        };
        let accept = Step::Accept {
            matter: None,
            urgent: false,
        };
        let steps = vec![accept, Step::Register { rule: None }, dispatch];
        city.act("desk", number, steps).unwrap();
        let answer = Step::ReportBack {
            result: "已更换".into(),
            attachments: vec![upload(&city, "water")],
        };
        city.act("water", number, vec![Step::Sign, answer]).unwrap();
        assert_eq!(seen(), 2, "what it looks like afterwards is");
    }
);

testdb::both_engines!(
    a_picture_without_words_is_a_report_and_nothing_at_all_is_none,
    &migrations(),
    |db| {
        let city = City::new(db);
        let place = [("description", ""), ("lon", "120.165"), ("lat", "30.245")];
        let none = city.form("collector", "/report", &place, &[]);
        assert_eq!(none.status, 422, "{}", none.text);
        let seen = photo(false);
        let done = city.form("collector", "/report", &place, &[("files", "a.jpg", &seen)]);
        assert_eq!(done.status, 303, "{}", done.text);
        let said = "SELECT count(*) FROM cases WHERE body LIKE '%A picture without words.%'";
        assert_eq!(city.count(said), 1, "the text says so");
        assert_eq!(city.count("SELECT count(*) FROM cases"), 1);
        let kept = "SELECT count(*) FROM attachments WHERE kind = 'report'";
        assert_eq!(city.count(kept), 1, "and the picture is with the case");
    }
);
