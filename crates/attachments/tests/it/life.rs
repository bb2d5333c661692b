//! From an upload to the case, or to nothing.

use crate::stage::{DOCUMENT, Stage, closed_case, district, migrations, open_case, photo, run};
use attachments::{AttachmentError, AttachmentKind, ops};
use bytes::Bytes;
use kernel::DistrictCode;
use std::time::Duration;
use store::AuditEvent;
use testdb::both_engines;

both_engines!(
    an_attached_picture_is_read_as_it_was_stored,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let (a, b) = (stage.upload(&photo()), stage.upload(DOCUMENT));
        stage
            .attach(open_case(), AttachmentKind::Before, &[b, a])
            .unwrap();
        let of_case = stage
            .system()
            .read_blocking::<_, AttachmentError, _>(|r| {
                Ok(ops::of_case(r, district(), open_case())?)
            })
            .unwrap();
        // In the order given, not in that of the ids.
        assert_eq!(of_case.iter().map(|x| x.id).collect::<Vec<_>>(), [b, a]);
        assert_eq!(
            (
                of_case[1].width,
                of_case[1].is_picture(),
                of_case[0].is_picture()
            ),
            (Some(40), true, false)
        );
        let (_, bytes) = run(ops::read(&stage.system(), &stage.service, a, false)).unwrap();
        let image = image::load_from_memory(&bytes).unwrap();
        assert_eq!((image.width(), image.height()), (40, 30));
        assert!(run(ops::read(&stage.system(), &stage.service, a, true)).is_ok());
        assert_eq!(
            run(ops::read(&stage.system(), &stage.service, b, false))
                .unwrap()
                .1,
            DOCUMENT
        );
        assert!(matches!(
            run(ops::read(&stage.system(), &stage.service, b, true)),
            Err(AttachmentError::NotFound)
        ));
    }
);

both_engines!(
    attaching_costs_one_statement_and_keeps_what_each_file_shows,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let files = [
            (stage.upload(&photo()), AttachmentKind::After),
            (stage.upload(&photo()), AttachmentKind::Report),
            (stage.upload(DOCUMENT), AttachmentKind::Check),
        ];
        let ctx = stage.system();
        let before = ctx.statements();
        ctx.write_blocking::<_, AttachmentError, _>(move |mut w| {
            ops::attach(&mut w, district(), open_case(), &files)?;
            Ok(w.commit(AuditEvent::done("test.attach", "case", "1"), ())?)
        })
        .unwrap();
        let cost = ctx.statements() - before;
        assert_eq!(cost, 2, "the files and the audit event");
        let kept = stage
            .system()
            .read_blocking::<_, AttachmentError, _>(|r| {
                Ok(ops::of_case(r, district(), open_case())?)
            })
            .unwrap();
        assert_eq!(
            kept.iter().map(|a| (a.id, a.kind)).collect::<Vec<_>>(),
            files
        );
    }
);

both_engines!(
    a_case_takes_only_so_many_and_the_refusal_says_how_many_are_left,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let file = stage.upload(DOCUMENT);
        let (most, at_once) = (ops::MOST_OF_CASE as usize, ops::MOST_AT_ONCE);
        stage.fill(open_case(), most - 1);
        let other = stage.upload(DOCUMENT);
        let refused = stage.attach(open_case(), AttachmentKind::Report, &[file, other]);
        assert!(
            matches!(refused, Err(AttachmentError::TooMany { given: 2, most: 1 })),
            "{refused:?}"
        );
        stage
            .attach(open_case(), AttachmentKind::Report, &[file])
            .unwrap();
        let refused = stage.attach(open_case(), AttachmentKind::Report, &[other]);
        assert!(matches!(
            refused,
            Err(AttachmentError::TooMany { given: 1, most: 0 })
        ));
        assert!(most > at_once);
    }
);

both_engines!(
    an_upload_is_taken_once_and_all_or_none,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let (a, b) = (stage.upload(&photo()), stage.upload(&photo()));
        stage
            .attach(open_case(), AttachmentKind::Report, &[a])
            .unwrap();
        assert!(
            matches!(stage.attach(closed_case(), AttachmentKind::Report, &[b, a]), Err(AttachmentError::Gone(id)) if id == a)
        );
        assert!(matches!(
            stage.attach(closed_case(), AttachmentKind::Report, &[b, b]),
            Err(AttachmentError::Gone(_))
        ));
        assert_eq!(stage.attached(), 1);
        let many = vec![b; ops::MOST_AT_ONCE + 1];
        assert!(matches!(
            stage.attach(open_case(), AttachmentKind::Report, &many),
            Err(AttachmentError::TooMany { .. })
        ));
        stage
            .attach(open_case(), AttachmentKind::After, &[])
            .unwrap();
        assert_eq!(stage.attached(), 1);
    }
);

both_engines!(
    of_two_districts_that_take_an_upload_at_once_one_gets_it,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        for _ in 0..3 {
            let file = stage.upload(DOCUMENT);
            let took = std::thread::scope(|threads| {
                let takers = ["330102", "330105"].map(|district| {
                    let ctx = stage.system();
                    let district: DistrictCode = district.parse().unwrap();
                    threads.spawn(move || {
                        ctx.write_blocking::<_, AttachmentError, _>(move |mut w| {
                            let kind = AttachmentKind::Report;
                            ops::attach(&mut w, district, open_case(), &[(file, kind)])?;
                            // So that the other one asks before this one is done.
                            std::thread::sleep(Duration::from_millis(150));
                            Ok(w.commit(AuditEvent::done("test.attach", "case", "1"), ())?)
                        })
                    })
                });
                takers.map(|t| t.join().unwrap())
            });
            assert_eq!(took.iter().filter(|t| t.is_ok()).count(), 1, "{took:?}");
            let refused = took.into_iter().find_map(Result::err).unwrap();
            assert!(matches!(refused, AttachmentError::Gone(id) if id == file));
            let (found, _) = run(ops::read(&stage.system(), &stage.service, file, false)).unwrap();
            assert_eq!(found.id, file, "a mark is no attachment");
            assert_ne!(found.district.as_str(), "000000");
        }
        assert_eq!(stage.attached(), 3);
    }
);

both_engines!(
    who_may_not_see_the_case_may_not_know_of_the_picture,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let a = stage.upload(&photo());
        assert!(matches!(
            run(ops::read(&stage.system(), &stage.service, a, false)),
            Err(AttachmentError::NotFound)
        ));
        stage
            .attach(closed_case(), AttachmentKind::Report, &[a])
            .unwrap();
        assert!(matches!(
            run(ops::read(&stage.system(), &stage.service, a, false)),
            Err(AttachmentError::NotFound)
        ));
    }
);

both_engines!(orphans_go_with_their_files, &migrations(), |db| {
    let stage = Stage::new(db);
    let (kept, _orphan) = (stage.upload(&photo()), stage.upload(&photo()));
    stage
        .attach(open_case(), AttachmentKind::Report, &[kept])
        .unwrap();
    assert_eq!(stage.files(), 4);
    assert_eq!(
        run(ops::clean_orphans(&stage.system(), &stage.service)).unwrap(),
        0
    );
    stage.clock.advance(Duration::from_secs(24 * 3600));
    let late = stage.upload(&photo());
    stage.clock.advance(Duration::from_secs(3601));
    assert_eq!(stage.count("SELECT count(*) FROM uploads"), 3);
    assert_eq!((stage.attached(), stage.marks()), (1, 1));
    assert_eq!(
        run(ops::clean_orphans(&stage.system(), &stage.service)).unwrap(),
        1
    );
    assert_eq!(
        stage.count("SELECT count(*) FROM uploads"),
        1,
        "what was taken leaves the list as well"
    );
    assert_eq!(
        (stage.attached(), stage.marks()),
        (1, 0),
        "and its mark goes with it, not the attachment"
    );
    assert_eq!(
        run(ops::clean_orphans(&stage.system(), &stage.service)).unwrap(),
        0
    );
    assert_eq!(stage.files(), 4);
    // The same picture three times: the one that was kept is still whole.
    assert!(run(ops::read(&stage.system(), &stage.service, kept, false)).is_ok());
    stage
        .attach(open_case(), AttachmentKind::After, &[late])
        .unwrap();
});

both_engines!(
    an_upload_of_yesterday_cannot_be_attached,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let a = stage.upload(&photo());
        stage.clock.advance(Duration::from_secs(24 * 3600));
        assert!(matches!(
            stage.attach(open_case(), AttachmentKind::Report, &[a]),
            Err(AttachmentError::Gone(_))
        ));
    }
);

both_engines!(
    a_file_changed_on_the_disk_is_not_given,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let a = stage.upload(DOCUMENT);
        stage
            .attach(open_case(), AttachmentKind::Document, &[a])
            .unwrap();
        let mut folder = stage.dir.path().to_path_buf();
        while folder.is_dir() {
            folder = std::fs::read_dir(&folder)
                .unwrap()
                .next()
                .unwrap()
                .unwrap()
                .path();
        }
        std::fs::write(&folder, b"%PDF-1.7 something else").unwrap();
        assert!(
            matches!(run(ops::read(&stage.system(), &stage.service, a, false)), Err(AttachmentError::Changed(id)) if id == a)
        );
    }
);

both_engines!(what_is_refused_leaves_nothing_behind, &migrations(), |db| {
    let stage = Stage::new(db);
    for bytes in [&b""[..], b"GIF89a", b"\xff\xd8\xffgarbage"] {
        let refused = run(ops::upload(
            &stage.system(),
            &stage.service,
            Bytes::copy_from_slice(bytes),
        ));
        assert!(
            matches!(refused, Err(AttachmentError::File(_))),
            "{refused:?}"
        );
    }
    assert_eq!(
        (stage.files(), stage.count("SELECT count(*) FROM uploads")),
        (0, 0)
    );
});
