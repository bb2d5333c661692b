//! Months are frozen once, byte for byte; what comes out later stands beside it. Sets of definitions are versioned data.

use crate::lives::{City, closed, life, migrations};
use evaluation::ops::{self, ByDefinition, EvaluationError};
use evaluation::{By, Month, Period, sql_sets};
use sha2::{Digest as _, Sha256};

fn freeze(city: &City<'_>, month: Month) -> Result<sql_sets::Frozen, EvaluationError> {
    let ctx = city.ctx();
    let (place, who) = (city.reference(), ops::may_freeze(&ctx)?);
    ctx.write_blocking(move |w| ops::freeze(w, &place, "standard", month, &who))
}

testdb::both_engines!(
    a_month_is_frozen_once_and_stays_as_it_was,
    &migrations(),
    |db| {
        let mut city = City::new(db);
        let april: Month = "2019-04".parse().unwrap();
        city.add(
            40,
            &life(&closed("04-09 10:00", "04-10 10:00", "04-10 15:00")),
        );
        city.now("04-30 10:00");
        assert!(matches!(
            freeze(&city, april),
            Err(EvaluationError::NotOver(_))
        ));
        city.now("05-02 10:00");
        let row = freeze(&city, april).unwrap();
        assert_eq!(
            (row.month.as_str(), row.set_id.as_str(), row.version),
            ("2019-04", "standard", 3)
        );
        let body = |city: &City<'_>| {
            let read = |r: &mut store::Read<'_>| sql_sets::frozen_body(r, "standard", "2019-04");
            city.ctx().read_blocking(read).unwrap().unwrap()
        };
        let before = body(&city);
        assert_eq!(row.digest, hex::encode(Sha256::digest(before.as_bytes())));

        let compared = |city: &City<'_>| {
            let (ctx, place) = (city.ctx(), city.reference());
            let now = ctx.now();
            ctx.read_blocking(move |r| ops::compared(r, &place, "standard", april, now))
                .unwrap()
        };
        let (_, snapshot, differences) = compared(&city);
        assert!(differences.is_empty(), "{differences:?}");
        let closing = &snapshot.figures["city"]["city"].rates["closing/need_archive"];
        assert_eq!((closing.numerator, closing.denominator), (40, 40));
        assert!(
            snapshot.set.definition("closing/need_archive").is_some(),
            "the definitions are kept with the figures"
        );

        // The record goes on: the frozen month stays, the difference is told.
        city.add(
            10,
            &life(&closed("04-20 10:00", "04-21 10:00", "04-21 15:00")),
        );
        assert!(matches!(
            freeze(&city, april),
            Err(EvaluationError::AlreadyFrozen { .. })
        ));
        let (_, snapshot, differences) = compared(&city);
        assert_eq!(
            snapshot.figures["city"]["city"].rates["closing/need_archive"].numerator,
            40
        );
        let told = differences
            .iter()
            .find(|d| d.by == "city" && d.definition == "closing/need_archive")
            .unwrap();
        assert_eq!(
            (told.frozen.unwrap().numerator, told.now.unwrap().numerator),
            (40, 50)
        );
        assert_eq!(body(&city), before, "byte for byte");
        let may = "2019-05".parse().unwrap();
        let (ctx, place) = (city.ctx(), city.reference());
        let now = ctx.now();
        let none = ctx.read_blocking(move |r| ops::compared(r, &place, "standard", may, now));
        assert!(matches!(none, Err(EvaluationError::NotFrozen(_))));
    }
);

testdb::both_engines!(
    a_set_is_versioned_and_a_version_never_changes,
    &migrations(),
    |db| {
        let mut city = City::new(db);
        city.add(
            10,
            &life(&closed("04-09 10:00", "04-10 10:00", "04-10 15:00")),
        );
        let ctx = city.ctx();
        let text = |version: u32, below: &str| {
            format!(
                "id = \"ours\"\nversion = {version}\nname_zh = \"本市\"\nname_en = \"Ours\"\n[[definition]]\nid = \"closing/ours\"\n\
         name_zh = \"结案率\"\nname_en = \"Closing\"\nnumerator = [\"archive\"]\ndenominator = [\"{below}\"]\n"
            )
        };
        let (_, made) = ops::import_set(&ctx, &text(1, "need_archive")).unwrap();
        let (_, again) = ops::import_set(&ctx, &text(1, "need_archive")).unwrap();
        assert_eq!((made, again), (true, false));
        assert!(matches!(
            ops::import_set(&ctx, &text(1, "report")),
            Err(EvaluationError::SameVersion { .. })
        ));
        ops::import_set(&ctx, &text(2, "accept")).unwrap();
        let standard = "id = \"standard\"\nversion = 1\nname_zh = \"x\"\nname_en = \"x\"\n[[definition]]\nid = \"a/b\"\nname_zh = \"x\"\nname_en = \"x\"\nnumerator = [\"archive\"]\ndenominator = [\"report\"]\n";
        assert!(
            matches!(
                ops::import_set(&ctx, standard),
                Err(EvaluationError::SameVersion { .. })
            ),
            "nor does one of the program"
        );
        let day = |text: &str| format!("2019-{text}").parse().unwrap();
        let period = Period::days(day("04-01"), day("04-30"), &city.reference().timezone).unwrap();
        let ask = |set: &str| {
            let asked = ByDefinition {
                set: set.into(),
                by: By::City,
                period,
            };
            ops::by_definition_blocking(&ctx, &city.reference(), &asked)
        };
        let (newest, figures) = ask("ours").unwrap();
        assert_eq!(newest.version, 2);
        assert_eq!(
            figures.rows[0].rates["closing/ours"].definition,
            "ours@2:closing/ours"
        );
        assert_eq!(ask("ours@1").unwrap().0.version, 1);
        for unknown in ["ours@3", "ours@", "nobody", "", "ours@x"] {
            assert!(
                matches!(ask(unknown), Err(EvaluationError::UnknownSet(_))),
                "{unknown}"
            );
        }
    }
);

testdb::both_engines!(
    a_stored_set_that_cannot_be_read_fails_alone,
    &migrations(),
    |db| {
        let mut city = City::new(db);
        city.add(
            10,
            &life(&closed("04-09 10:00", "04-10 10:00", "04-10 15:00")),
        );
        let ctx = city.ctx();
        let text = |id: &str, version: u32, grade: &str| {
            format!(
                "id = \"{id}\"\nversion = {version}\nname_zh = \"本市\"\nname_en = \"Ours\"\n[[definition]]\nid = \"closing/ours\"\n\
         name_zh = \"结案率\"\nname_en = \"Closing\"\nnumerator = [\"archive\"]\ndenominator = [\"need_archive\"]\n\
         [[grade]]\nname = \"A\"\nfrom = {grade}\n"
            )
        };
        let Err(EvaluationError::Set(fault)) = ops::import_set(&ctx, &text("lost", 1, "nan"))
        else {
            panic!("it is refused")
        };
        assert_eq!(fault.field, "grade A, from");
        ops::import_set(&ctx, &text("ours", 1, "90")).unwrap();
        // As an earlier program stored it: JSON has no word for what is not a number.
        let (ours, _) = ops::import_set(&ctx, &text("ours", 2, "90")).unwrap();
        let body = serde_json::to_string(&ours).unwrap();
        let body = body.replace("\"from\":90.0", "\"from\":null");
        assert!(body.contains("null"));
        ctx.write_blocking::<_, store::StoreError, _>(move |mut w| {
            sql_sets::add_set(&mut w, "lost", 1, &body)?;
            let event = store::AuditEvent::done("test.set", "definition_set", "lost");
            w.commit(event, ())
        })
        .unwrap();

        let all = ctx.read_blocking(ops::all_sets).unwrap();
        let named: Vec<_> = all.unreadable.iter().map(|s| (&*s.id, s.version)).collect();
        assert_eq!(named, [("lost", 1)]);
        assert!(all.unreadable[0].reason.contains("null"));
        let day = |text: &str| format!("2019-{text}").parse().unwrap();
        let period = Period::days(day("04-01"), day("04-30"), &city.reference().timezone).unwrap();
        let ask = |set: &str| {
            let asked = ByDefinition {
                set: set.into(),
                by: By::City,
                period,
            };
            ops::by_definition_blocking(&ctx, &city.reference(), &asked)
        };
        assert_eq!(
            ask("ours").unwrap().1.rows[0].rates["closing/ours"].numerator,
            10
        );
        assert!(ask("standard").is_ok());
        assert!(matches!(ask("lost"), Err(EvaluationError::UnknownSet(_))));
        // It stays as it is; the next version is there for its name.
        assert!(matches!(
            ops::import_set(&ctx, &text("lost", 1, "90")),
            Err(EvaluationError::SameVersion { .. })
        ));
        ops::import_set(&ctx, &text("lost", 2, "90")).unwrap();
        assert_eq!(ask("lost").unwrap().0.version, 2);
        assert!(matches!(ask("lost@1"), Err(EvaluationError::UnknownSet(_))));
    }
);

testdb::both_engines!(
    a_score_of_other_points_than_a_hundred_is_refused_and_one_from_before_is_not_graded,
    &migrations(),
    |db| {
        let mut city = City::new(db);
        city.add(
            10,
            &life(&closed("04-09 10:00", "04-10 10:00", "04-10 15:00")),
        );
        let ctx = city.ctx();
        let text = |weight: u32| {
            let part = format!("[[composite.part]]\nrate = \"closing/ours\"\nweight = {weight}\n");
            format!(
                "id = \"ours\"\nversion = {weight}\nname_zh = \"本市\"\nname_en = \"Ours\"\n[[definition]]\nid = \"closing/ours\"\n\
         name_zh = \"结案率\"\nname_en = \"Closing\"\nnumerator = [\"archive\"]\ndenominator = [\"need_archive\"]\n\
         [[composite]]\nid = \"unit/ours\"\nname_zh = \"评分\"\nname_en = \"Score\"\nobject = \"unit\"\n{part}{part}\
         [[grade]]\nname = \"A\"\nfrom = 90\n"
            )
        };
        for weight in [100, 10] {
            let Err(EvaluationError::Set(fault)) = ops::import_set(&ctx, &text(weight)) else {
                panic!("it is refused")
            };
            assert_eq!(fault.field, "composite unit/ours, weight");
            assert!(fault.why.text.contains(&(2 * weight).to_string()));
        }
        let (sound, _) = ops::import_set(&ctx, &text(50)).unwrap();
        // As it was taken before.
        let body = serde_json::to_string(&sound).unwrap();
        let body = body
            .replace("\"version\":50", "\"version\":100")
            .replace("50.0", "100.0");
        ctx.write_blocking::<_, store::StoreError, _>(move |mut w| {
            sql_sets::add_set(&mut w, "ours", 100, &body)?;
            let event = store::AuditEvent::done("test.set", "definition_set", "ours");
            w.commit(event, ())
        })
        .unwrap();
        let day = |text: &str| format!("2019-{text}").parse().unwrap();
        let period = Period::days(day("04-01"), day("04-30"), &city.reference().timezone).unwrap();
        let scored = |set: &str| {
            let asked = ByDefinition {
                set: set.into(),
                by: By::Unit,
                period,
            };
            let found = ops::by_definition_blocking(&ctx, &city.reference(), &asked);
            let score = found.unwrap().1.rows[0].scores[0].clone();
            let points = score.score.map(f64::round);
            (points, score.grade, score.objections)
        };
        let graded = (Some(100.0), Some("A".to_owned()), vec![]);
        assert_eq!(scored("ours@50"), graded);
        let objection = vec![evaluation::guards::Objection::NotOfHundred];
        assert_eq!(scored("ours@100"), (Some(200.0), None, objection));
    }
);

/// The six words of a stage in a period: needed, done, in time, late, to be done, overdue.
fn words_of(city: &City<'_>, stage: &str, period: Period) -> [i64; 6] {
    let words = ["need_", "", "in_time_", "overtime_", "to_", "overtime_to_"]
        .map(|word| format!("{word}{stage}"));
    let definitions = words.each_ref().map(|word| {
        format!(
            "[[definition]]\nid = \"{word}/report\"\nname_zh = \"x\"\nname_en = \"x\"\nnumerator = [\"{word}\"]\ndenominator = [\"report\"]\n"
        )
    });
    let head =
        format!("id = \"{stage}-words\"\nversion = 1\nname_zh = \"本市\"\nname_en = \"Ours\"\n");
    ops::import_set(&city.ctx(), &format!("{head}{}", definitions.concat())).unwrap();
    let asked = ByDefinition {
        set: format!("{stage}-words"),
        by: By::City,
        period,
    };
    let (_, figures) = ops::by_definition_blocking(&city.ctx(), &city.reference(), &asked).unwrap();
    words.map(|word| figures.rows[0].rates[&format!("{word}/report")].numerator)
}

testdb::both_engines!(
    call_backs_are_measured_in_the_round_that_ended_last,
    &migrations(),
    |db| {
        use crate::lives::{Did, told};
        let mut city = City::new(db);
        let over = |when: &'static str| {
            let did = [
                Did::ReportAsking,
                Did::Accept,
                Did::Register,
                Did::Dispatch,
                Did::Sign,
                Did::ReportBack,
                Did::Pass,
                Did::Close,
            ];
            did.map(|did| (when, did)).to_vec()
        };
        let again = |when: &'static str| {
            let did = [
                Did::Reopen,
                Did::Sign,
                Did::ReportBack,
                Did::Pass,
                Did::Close,
            ];
            did.map(|did| (when, did)).to_vec()
        };
        let mut add = |copies: u32, steps: &[Vec<(&str, Did)>]| {
            let (case, events) = told(&steps.concat());
            city.add_told(copies, &case, &events);
        };
        // Over on Tuesday, to be called by Friday: 4 in time, 2 on Saturday, 3 never; 5 over on Friday have time until Wednesday.
        let tuesday = over("04-09 10:00");
        add(4, &[tuesday.clone(), vec![("04-10 10:00", Did::CallBack)]]);
        add(2, &[tuesday.clone(), vec![("04-13 10:00", Did::CallBack)]]);
        add(3, std::slice::from_ref(&tuesday));
        add(5, &[over("04-12 10:00")]);
        // Said again after the limit: the call was in time.
        let (first, anew) = (
            ("04-10 10:00", Did::CallBack),
            ("04-13 10:00", Did::RateAnew),
        );
        add(6, &[tuesday.clone(), vec![first, anew]]);
        // Goes on again before anybody called: no call is owed.
        add(1, &[tuesday.clone(), vec![("04-10 10:00", Did::Reopen)]]);
        // Called too late, reopened and over again: the first call is not that of this round, which has time.
        let late = vec![("04-13 10:00", Did::CallBack)];
        add(7, &[tuesday.clone(), late.clone(), again("04-13 11:00")]);
        // The same, and called in this round too.
        add(
            8,
            &[
                tuesday,
                late,
                again("04-13 11:00"),
                vec![("04-13 12:00", Did::CallBack)],
            ],
        );
        city.now("05-20 10:00");
        let days = |from: &str, to: &str| {
            let day = |text: &str| format!("2019-{text}").parse().unwrap();
            Period::days(day(from), day(to), &city.reference().timezone).unwrap()
        };
        let week = days("04-08", "04-14");
        assert_eq!(
            words_of(&city, "call_back", week),
            [4 + 2 + 3 + 6 + 8, 4 + 2 + 6 + 8, 4 + 6 + 8, 2, 3 + 5 + 7, 3]
        );
        let asked = ByDefinition {
            set: "standard".into(),
            by: By::City,
            period: week,
        };
        let (_, figures) =
            ops::by_definition_blocking(&city.ctx(), &city.reference(), &asked).unwrap();
        let rate = &figures.rows[0].rates["call_back_on_time/need_call_back"];
        assert_eq!((rate.numerator, rate.denominator), (18, 23));
        // Weeks later all that was not called is overdue, and still counts.
        let asked = ByDefinition {
            period: days("05-06", "05-12"),
            ..asked
        };
        let (_, figures) =
            ops::by_definition_blocking(&city.ctx(), &city.reference(), &asked).unwrap();
        let rate = &figures.rows[0].rates["call_back_on_time/need_call_back"];
        assert_eq!((rate.numerator, rate.denominator), (0, 15));
    }
);

testdb::both_engines!(
    the_bulletin_of_a_frozen_month_tells_what_was_frozen_to_whoever_reads_the_whole_city,
    &migrations(),
    |db| {
        let mut city = City::new(db);
        let april: Month = "2019-04".parse().unwrap();
        city.add(
            40,
            &life(&closed("04-09 10:00", "04-10 10:00", "04-10 15:00")),
        );
        city.now("05-02 10:00");
        let row = freeze(&city, april).unwrap();
        // The record goes on, and the definitions change.
        city.add(
            10,
            &life(&closed("04-20 10:00", "04-21 10:00", "04-21 15:00")),
        );
        let material = |scope: access::Scope| {
            let (ctx, place) = (city.ctx(), city.reference());
            let now = ctx.now();
            ctx.read_blocking(move |r| {
                evaluation::bulletin::material(r, &place, "standard", april, now, &scope)
            })
            .unwrap()
        };
        let closed = |lines: &[evaluation::figures::Line]| -> i64 {
            let figures = lines.iter().map(|l| &l.rates["closing/need_archive"]);
            figures.map(|f| f.numerator).sum()
        };
        let whole = material(ops::WHOLE_CITY);
        assert_eq!(whole.frozen.map(|f| f.digest), Some(row.digest));
        assert_eq!(whole.set.version, row.version);
        for lines in [&whole.city, &whole.units, &whole.divisions] {
            assert_eq!(closed(lines), 40);
        }
        // A district's share of it was never frozen.
        let districts = vec!["410102".parse().unwrap()];
        let part = material(access::Scope {
            districts,
            unit: None,
        });
        assert_eq!((part.frozen.is_none(), closed(&part.city)), (true, 50));
    }
);

testdb::both_engines!(
    what_was_late_before_a_reopening_stays_late_and_an_appeal_forgives_what_it_is_about,
    &migrations(),
    |db| {
        use crate::lives::{Did, told};
        let mut city = City::new(db);
        let round = |when: &'static str, done: &'static str| {
            let mut steps: Vec<(&str, Did)> = Vec::new();
            steps.extend([(when, Did::Sign), (done, Did::ReportBack)]);
            steps.extend([(done, Did::Pass), (done, Did::Close)]);
            steps
        };
        let begin = [Did::ReportAsking, Did::Accept, Did::Register, Did::Dispatch]
            .map(|did| ("04-09 10:00", did));
        // 48 hours: one was handled in time and one late; both are reopened and then handled at once.
        let in_time = round("04-09 10:00", "04-10 10:00");
        let late = round("04-09 10:00", "04-12 10:00");
        let again = [
            vec![("04-12 11:00", Did::Reopen)],
            round("04-12 11:00", "04-12 12:00"),
        ]
        .concat();
        for (copies, steps) in [
            (4, [&begin[..], &in_time, &again].concat()),
            (3, [&begin[..], &late, &again].concat()),
        ] {
            let (case, events) = told(&steps);
            city.add_told(copies, &case, &events);
        }
        // The unit's appeal about the reopened round's lateness was granted, or one about being reopened.
        let (mut case, events) = told(&[&begin[..], &late, &again].concat());
        case.record.rounds[0].exempt = vec!["late".into()];
        city.add_told(2, &case, &events);
        let (mut case, events) = told(&[&begin[..], &in_time, &again].concat());
        case.record.exempt = vec!["reopened".into()];
        city.add_told(1, &case, &events);
        city.now("04-20 10:00");
        let day = |text: &str| format!("2019-{text}").parse().unwrap();
        let period = Period::days(day("04-08"), day("04-14"), &city.reference().timezone).unwrap();
        let asked = ByDefinition {
            set: "standard".into(),
            by: By::City,
            period,
        };
        let (_, figures) =
            ops::by_definition_blocking(&city.ctx(), &city.reference(), &asked).unwrap();
        let figure = |id: &str| {
            let figure = &figures.rows[0].rates[id];
            let after = figure.after_review.as_ref();
            let after = after.map(|share| (share.numerator, share.denominator));
            ((figure.numerator, figure.denominator), after)
        };
        assert_eq!(
            figure("closing_on_time/need_archive"),
            ((4 + 1, 10), Some((4 + 1 + 2, 10)))
        );
        assert_eq!(figure("reopen/archive"), ((10, 10), Some((9, 10))));
    }
);

testdb::both_engines!(
    a_look_that_nobody_took_in_time_counts_as_needed_also_when_the_case_is_over,
    &migrations(),
    |db| {
        use crate::lives::{Did, told};
        let mut city = City::new(db);
        let mut add = |copies: u32, steps: &[(&str, Did)]| {
            let (case, events) = told(steps);
            city.add_told(copies, &case, &events);
        };
        let report = ("04-09 10:00", Did::ReportToVerify);
        let lapsed = ("04-12 10:00", Did::LapseVerify);
        // Looked at in time; not in time, and accepted and done all the same; not in time, and still to be accepted.
        add(6, &[report, ("04-09 10:05", Did::Verify)]);
        let rest = [
            Did::Accept,
            Did::Register,
            Did::Dispatch,
            Did::Sign,
            Did::ReportBack,
            Did::Pass,
            Did::Close,
        ]
        .map(|did| ("04-12 11:00", did));
        add(3, &[&[report, lapsed][..], &rest].concat());
        add(2, &[report, lapsed]);
        city.now("05-20 10:00");
        let days = |from: &str, to: &str| {
            let day = |text: &str| format!("2019-{text}").parse().unwrap();
            Period::days(day(from), day(to), &city.reference().timezone).unwrap()
        };
        let week = days("04-08", "04-14");
        assert_eq!(words_of(&city, "verify", week), [6 + 3 + 2, 6, 6, 0, 0, 0]);
        // The day before nobody knew yet that it would lapse.
        assert_eq!(
            words_of(&city, "verify", days("04-09", "04-11")),
            [6 + 3 + 2, 6, 6, 0, 3 + 2, 3 + 2]
        );
        // Weeks later it is neither needed nor still to be done.
        let later = days("05-06", "05-12");
        assert_eq!(words_of(&city, "verify", later), [0; 6]);
    }
);

testdb::both_engines!(
    what_the_desk_answers_itself_is_decided_on_and_late_when_it_was_late,
    &migrations(),
    |db| {
        use crate::lives::{Did, told};
        let mut city = City::new(db);
        let mut add = |copies: u32, steps: &[(&str, Did)]| {
            let (case, events) = told(steps);
            city.add_told(copies, &case, &events);
        };
        // Two working hours there are. Answered within them, and the day after; as late, and then accepted after all.
        let report = ("04-09 10:00", Did::ReportAsking);
        let late = ("04-10 11:00", Did::AnswerDirectly);
        add(5, &[report, ("04-09 10:30", Did::AnswerDirectly)]);
        add(3, &[report, late]);
        let rest = [("04-11 10:00", Did::Reopen), ("04-11 10:10", Did::Accept)];
        add(2, &[&[report, late][..], &rest].concat());
        city.now("05-20 10:00");
        let days = |from: &str, to: &str| {
            let day = |text: &str| format!("2019-{text}").parse().unwrap();
            Period::days(day(from), day(to), &city.reference().timezone).unwrap()
        };
        let week = days("04-08", "04-14");
        // Needed, accepted (only those of the end), decided in time, decided late.
        assert_eq!(words_of(&city, "accept", week), [5 + 5, 2, 5, 5, 0, 0]);
        // On the evening before the others were still to be decided on.
        let day = days("04-09", "04-09");
        assert_eq!(words_of(&city, "accept", day), [5 + 5, 0, 5, 0, 5, 5]);
    }
);

testdb::both_engines!(
    a_reopened_case_waits_for_no_closing_until_its_check_has_passed,
    &migrations(),
    |db| {
        use crate::lives::{Did, told};
        let mut city = City::new(db);
        let mut add = |copies: u32, steps: &[&[(&str, Did)]]| {
            let (case, events) = told(&steps.concat());
            city.add_told(copies, &case, &events);
        };
        let over = [
            Did::ReportAsking,
            Did::Accept,
            Did::Register,
            Did::Dispatch,
            Did::Sign,
            Did::ReportBack,
            Did::Pass,
            Did::Close,
        ]
        .map(|did| ("04-09 10:00", did));
        let reopened = [("04-11 10:00", Did::Reopen)];
        let checked = [Did::Sign, Did::ReportBack, Did::Pass].map(|did| ("04-16 10:00", did));
        let closed = [("04-17 16:00", Did::Close)];
        add(5, &[&over]);
        add(4, &[&over, &reopened]);
        // Checked anew and not closed; closed, too late.
        add(3, &[&over, &reopened, &checked]);
        add(2, &[&over, &reopened, &checked, &closed]);
        city.now("05-20 10:00");
        let days = |from: &str, to: &str| {
            let day = |text: &str| format!("2019-{text}").parse().unwrap();
            Period::days(day(from), day(to), &city.reference().timezone).unwrap()
        };
        // Those that were checked anew are measured in their second round alone.
        let first = days("04-08", "04-14");
        assert_eq!(
            words_of(&city, "close", first),
            [5 + 4, 5 + 4, 5 + 4, 0, 0, 0]
        );
        let second = days("04-15", "04-21");
        assert_eq!(words_of(&city, "close", second), [3 + 2, 2, 0, 2, 3, 3]);
        let later = days("05-06", "05-12");
        assert_eq!(words_of(&city, "close", later), [3, 0, 0, 0, 3, 3]);
    }
);

testdb::both_engines!(
    what_an_appeal_made_exempt_stays_so_after_a_reopening_until_it_happens_again,
    &migrations(),
    |db| {
        use crate::lives::{Did, told};
        let mut city = City::new(db);
        let begin = [
            ("04-09 10:00", Did::ReportAsking),
            ("04-09 10:00", Did::Accept),
            ("04-09 10:00", Did::Register),
            ("04-09 10:00", Did::Dispatch),
            ("04-09 11:00", Did::Return),
            ("04-09 12:00", Did::Dispatch),
            ("04-09 12:00", Did::Sign),
            ("04-09 13:00", Did::AskMoreTime),
            ("04-09 13:00", Did::EndorseMoreTime),
            ("04-09 13:00", Did::GrantMoreTime),
            ("04-09 14:00", Did::ReportBack),
            ("04-09 15:00", Did::Fail),
        ];
        let done =
            |when: &'static str| [Did::ReportBack, Did::Pass, Did::Close].map(|did| (when, did));
        let reopened = [("04-11 10:00", Did::Reopen)];
        let again = [
            ("04-11 11:00", Did::Return),
            ("04-11 12:00", Did::Dispatch),
            ("04-11 12:00", Did::Sign),
            ("04-11 13:00", Did::AskMoreTime),
            ("04-11 13:00", Did::EndorseMoreTime),
            ("04-11 13:00", Did::GrantMoreTime),
            ("04-11 14:00", Did::ReportBack),
            ("04-11 15:00", Did::Fail),
        ];
        let signed = [("04-11 12:00", Did::Sign)];
        let all = || {
            ["rework", "return", "extension"]
                .map(str::to_owned)
                .to_vec()
        };
        // Granted about the round that the reopening ended, and nothing of the kind since.
        let once = [
            &begin[..],
            &done("04-09 16:00"),
            &reopened,
            &signed,
            &done("04-11 16:00"),
        ];
        let (mut case, events) = told(&once.concat());
        case.record.rounds[0].exempt = all();
        city.add_told(4, &case, &events);
        // The same, and all of it again: that is another return, another rework, another extension.
        let twice = [
            &begin[..],
            &done("04-09 16:00"),
            &reopened,
            &again,
            &done("04-11 16:00"),
        ];
        let (mut case, events) = told(&twice.concat());
        case.record.rounds[0].exempt = all();
        city.add_told(3, &case, &events);
        // Granted about the second round.
        case.record.rounds[0].exempt.clear();
        case.record.exempt = all();
        city.add_told(2, &case, &events);
        city.now("04-20 10:00");
        let day = |text: &str| format!("2019-{text}").parse().unwrap();
        let period = Period::days(day("04-08"), day("04-14"), &city.reference().timezone).unwrap();
        let asked = ByDefinition {
            set: "standard".into(),
            by: By::City,
            period,
        };
        let (_, figures) =
            ops::by_definition_blocking(&city.ctx(), &city.reference(), &asked).unwrap();
        for id in [
            "rework/need_archive",
            "back/dispatch",
            "extension/need_archive",
        ] {
            let figure = &figures.rows[0].rates[id];
            let after = figure.after_review.as_ref().unwrap();
            assert_eq!((figure.numerator, after.numerator), (9, 3), "{id}");
        }
    }
);

testdb::both_engines!(
    signing_ruling_and_auditing_are_measured_like_the_other_stages,
    &migrations(),
    |db| {
        use crate::lives::{Did, dispatched, told};
        let mut city = City::new(db);
        let mut add = |copies: u32, steps: &[(&str, Did)]| {
            let (case, events) = told(steps);
            city.add_told(copies, &case, &events);
        };
        // A working day to sign for it: 4 in time, 2 a day late, 1 returned unsigned in time, 3 never, 5 still within it.
        let mut unsigned = dispatched("04-09 10:00");
        unsigned.pop();
        add(4, &dispatched("04-09 10:00"));
        add(2, &[&unsigned[..], &[("04-11 10:00", Did::Sign)]].concat());
        add(
            1,
            &[&unsigned[..], &[("04-09 15:00", Did::Return)]].concat(),
        );
        add(3, &unsigned);
        let mut later = dispatched("04-14 10:00");
        later.pop();
        add(5, &later);
        // Two to rule after the third return: 2 in time, 1 never. Each was returned unsigned in time at first.
        let back_and_forth = [
            ("04-09 10:10", Did::Return),
            ("04-09 10:20", Did::Dispatch),
            ("04-09 10:30", Did::Return),
            ("04-09 10:40", Did::Dispatch),
            ("04-09 10:50", Did::Return),
        ];
        let coordinating = [&unsigned[..], &back_and_forth].concat();
        add(
            2,
            &[&coordinating[..], &[("04-10 10:00", Did::Rule)]].concat(),
        );
        add(1, &coordinating);
        // Two to audit what was put right on the spot: 2 in time, 1 late.
        let on_the_spot = ("04-09 10:00", Did::ReportPutRight);
        add(2, &[on_the_spot, ("04-10 10:00", Did::ConfirmPutRight)]);
        add(1, &[on_the_spot, ("04-12 16:00", Did::ConfirmPutRight)]);
        city.now("04-20 10:00");
        let day = |text: &str| format!("2019-{text}").parse().unwrap();
        let period = Period::days(day("04-08"), day("04-14"), &city.reference().timezone).unwrap();
        assert_eq!(words_of(&city, "sign", period), [13, 10, 8, 2, 8, 3]);
        let asked = ByDefinition {
            set: "standard".into(),
            by: By::City,
            period,
        };
        let (_, figures) =
            ops::by_definition_blocking(&city.ctx(), &city.reference(), &asked).unwrap();
        for (definition, n, d) in [
            ("sign_on_time/need_sign", 8, 13),
            ("coordinate_on_time/need_coordinate", 2, 3),
            ("audit_on_time/need_audit", 2, 3),
        ] {
            let figure = &figures.rows[0].rates[definition];
            assert_eq!(
                (figure.numerator, figure.denominator),
                (n, d),
                "{definition}"
            );
        }
    }
);

testdb::both_engines!(
    figures_by_nature_add_up_to_those_of_the_city,
    &migrations(),
    |db| {
        let mut city = City::new(db);
        for (copies, nature) in [(5, Some("help")), (3, Some("complaint")), (2, None)] {
            let mut case = life(&closed("04-09 10:00", "04-10 10:00", "04-10 15:00"));
            case.record.nature = nature.map(str::to_owned);
            city.add(copies, &case);
        }
        city.now("04-20 10:00");
        let day = |text: &str| format!("2019-{text}").parse().unwrap();
        let period = Period::days(day("04-08"), day("04-14"), &city.reference().timezone).unwrap();
        let asked = ByDefinition {
            set: "standard".into(),
            by: By::Nature,
            period,
        };
        let (_, figures) =
            ops::by_definition_blocking(&city.ctx(), &city.reference(), &asked).unwrap();
        let closed: Vec<(&str, i64)> = (figures.rows.iter())
            .map(|row| {
                let figure = &row.rates["closing/need_archive"];
                (row.key.as_str(), figure.numerator)
            })
            .collect();
        // What is no contact has no nature, and is no contact's row.
        assert_eq!(closed, [("complaint", 3), ("help", 5), ("unknown", 2)]);
        let names: Vec<&str> = figures.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["投诉", "求助", "unknown"], "as the list has them");
        let of_channels = city.evaluate(By::Channel, "04-08", "04-14");
        let of_channels: Vec<_> = of_channels.rows.iter().map(|row| &*row.name).collect();
        assert_eq!(of_channels, ["12345 热线", "网格巡查", "网上反映"]);
    }
);

testdb::both_engines!(figures_of_lives_told_by_hand, &migrations(), |db| {
    use crate::lives::{Did, dispatched};
    let mut city = City::new(db);
    // Two days' limit: 6 in time, 3 late, 1 not handled and overdue, 2 still within their limit.
    city.add(
        6,
        &life(&closed("04-09 10:00", "04-10 10:00", "04-10 15:00")),
    );
    city.add(
        3,
        &life(&closed("04-09 10:00", "04-12 10:00", "04-12 15:00")),
    );
    city.add(1, &life(&dispatched("04-09 10:00")));
    city.add(2, &life(&dispatched("04-14 10:00")));
    city.add(
        4,
        &life(&[("04-09 10:00", Did::Report), ("04-09 11:00", Did::Accept)]),
    );
    city.now("04-20 10:00");
    let day = |text: &str| format!("2019-{text}").parse().unwrap();
    let period = Period::days(day("04-08"), day("04-14"), &city.reference().timezone).unwrap();
    let asked = ByDefinition {
        set: "standard".into(),
        by: By::City,
        period,
    };
    let (_, figures) = ops::by_definition_blocking(&city.ctx(), &city.reference(), &asked).unwrap();
    for (definition, n, d) in [
        ("registration/accept", 12, 16),
        ("closing/need_archive", 9, 10),
        ("closing_on_time/need_archive_with_limit", 6, 10),
        ("dispose/need_dispose", 9, 12),
        ("dispose_on_time/need_dispose", 6, 12),
        ("overtime_to_dispose/need_dispose", 1, 12),
        ("unclosed/report", 7, 16),
        ("dispatch_accurate/dispatch", 12, 12),
        ("back/dispatch", 0, 12),
        ("response/asked_contacted", 0, 0),
    ] {
        let figure = &figures.rows[0].rates[definition];
        assert_eq!(
            (figure.numerator, figure.denominator),
            (n, d),
            "{definition}"
        );
        assert_eq!(figure.value.is_none(), d == 0);
        assert!(figure.after_review.is_none(), "nothing was reviewed");
    }
    // A mean time is told in the unit that stands beside it: hours, made of seconds over cases.
    let hours = &figures.rows[0].rates["handle_hours/handle_timed"];
    let told = serde_json::to_value(hours).unwrap();
    assert_eq!(
        (
            &told["unit"],
            &told["numerator_unit"],
            &told["denominator_unit"]
        ),
        (&"hours".into(), &"seconds".into(), &"cases".into())
    );
    assert_eq!(hours.numerator % 3600, 0, "every step is at a full hour");
    let whole = hours.numerator / 3600;
    assert!((hours.value.unwrap() * hours.denominator as f64 - whole as f64).abs() < 1e-6);
    // Nobody holds a post here: shown, not graded.
    let scores = &figures.rows[0].scores;
    assert_eq!(scores.len(), 4);
    assert!(
        scores
            .iter()
            .all(|s| s.grade.is_none() && s.rank.is_none() && !s.objections.is_empty())
    );
});

/// What the pages of a PDF draw: their content streams, one operator a line.
fn drawn(pdf: &[u8]) -> String {
    use std::io::Read as _;
    let text = String::from_utf8_lossy(pdf).into_owned();
    assert!(text.contains("/Type /Page\n") || text.contains("/Type /Page "));
    let mut all = String::new();
    let mut rest = pdf;
    let find = |in_: &[u8], what: &[u8]| in_.windows(what.len()).position(|w| w == what);
    while let Some(at) = find(rest, b"\nstream\n") {
        rest = &rest[at + 8..];
        let end = find(rest, b"\nendstream").unwrap();
        let mut plain = Vec::new();
        let inflated = flate2::read::ZlibDecoder::new(&rest[..end]).read_to_end(&mut plain);
        if inflated.is_ok() && plain.windows(3).any(|w| w == b"BT\n") {
            all.push_str(&String::from_utf8_lossy(&plain));
        }
        rest = &rest[end..];
    }
    all
}

testdb::both_engines!(
    a_bulletin_holds_the_figures_in_both_languages,
    &migrations(),
    |db| {
        use crate::lives::dispatched;
        use evaluation::bulletin::{self, Cell, Words, font};
        let mut city = City::new(db);
        city.add(
            400,
            &life(&closed("04-09 10:00", "04-10 10:00", "04-10 15:00")),
        );
        city.add(
            90,
            &life(&closed("04-09 10:00", "04-12 10:00", "04-12 15:00")),
        );
        city.add(37, &life(&dispatched("04-09 10:00")));
        city.now("05-02 10:00");
        let ctx = city.ctx();
        let (place, now) = (city.reference(), ctx.now());
        let month = "2019-04".parse().unwrap();
        let held = place.clone();
        let material = ctx
            .read_blocking(move |r| {
                bulletin::material(r, &held, "standard", month, now, &ops::WHOLE_CITY)
            })
            .unwrap();
        let i18n = access::words_of(&[access::capability(), evaluation::capability()]).unwrap();
        for lang in ui::Lang::ALL {
            let made = bulletin::compose(&Words { i18n: &i18n, lang }, "示范市", &place, &material);
            let closing = made.tables[0]
                .rows
                .iter()
                .find_map(|row| match (&row[0], &row[1]) {
                    (Cell::Text(name), Cell::Share(share))
                        if name == "结案率" || name == "Closing rate" =>
                    {
                        Some(*share)
                    }
                    _ => None,
                });
            let closing = closing.unwrap();
            assert_eq!((closing.numerator, closing.denominator), (490, 527));
            assert!(made.bars.is_some() && made.funnel.is_some() && !made.findings.is_empty());
            // Units in the order of their cases, not of their rates: that would be a ranking.
            let sizes: Vec<i64> = made
                .bars
                .as_ref()
                .unwrap()
                .rows
                .iter()
                .map(|r| r.1.denominator)
                .collect();
            assert!(sizes.is_sorted_by(|a, b| a >= b));
            let sheet = bulletin::bytes(&made, false, &[]).unwrap();
            assert!(sheet.starts_with(b"PK"));
            let none = bulletin::bytes(&made, true, &[]).unwrap_err();
            assert!(none.contains("fonts-noto-cjk"), "{none}");
            let pdf = bulletin::bytes(&made, true, &font::folders()).unwrap();
            assert!(pdf.starts_with(b"%PDF-") && pdf.ends_with(b"%%EOF"));
            for there in ["/FontFile", "/ToUnicode", "/Identity-H"] {
                let there = there.as_bytes();
                assert!(pdf.windows(there.len()).any(|w| w == there));
            }
            // The charts: bars are rectangles, the limits of the funnel are lines of many pieces.
            let drawn = drawn(&pdf);
            let times = |operator: &str| drawn.lines().filter(|l| l.ends_with(operator)).count();
            assert!(times(" re") > 4 && times(" l") > 100 && times("Tj") > 100);
            assert!(
                pdf.len() < 1_500_000,
                "the font is cut down: {} bytes",
                pdf.len()
            );
            if let Some(folder) = std::env::var_os("SHIYU_GALLERY") {
                let folder = std::path::Path::new(&folder);
                std::fs::write(folder.join(format!("bulletin-{}.pdf", lang.tag())), pdf).unwrap();
                std::fs::write(folder.join(format!("bulletin-{}.xlsx", lang.tag())), sheet)
                    .unwrap();
            }
        }
    }
);
