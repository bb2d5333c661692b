//! Worked examples of the field, the laws of the module, and a twin that counts minute by minute.

use super::*;
use crate::calendar::Calendar;
use proptest::prelude::*;

fn shanghai() -> TimeZone {
    TimeZone::get("Asia/Shanghai").unwrap()
}

/// A local time of Shanghai.
fn at(local: &str) -> Timestamp {
    shanghai().to_timestamp(local.parse().unwrap()).unwrap()
}

fn pause(from: &str, to: &str) -> Pause {
    Pause {
        from: at(from),
        to: Some(at(to)),
    }
}

fn due_with(start: &str, limit: &str, pauses: &[Pause]) -> Due {
    deadline(
        at(start),
        limit.parse().unwrap(),
        Calendar::cn(),
        &shanghai(),
        pauses,
    )
    .unwrap()
}

fn check(start: &str, limit: &str, expected: &str) {
    let due = due_with(start, limit, &[]);
    assert_eq!(due.at, at(expected), "{limit} from {start}");
    assert!(!due.provisional && !due.parked, "{limit} from {start}");
}

#[test]
fn the_worked_examples_of_the_field_hold() {
    // domain.md §8.5, computed by hand from the table there.
    check("2026-02-13T17:00", "4工作时", "2026-02-14T11:00");
    check("2026-09-30T15:00", "2工作日", "2026-10-09T15:00");
    check("2026-10-01T03:00", "2紧急工作时", "2026-10-01T05:00");
    check("2026-06-21T10:00", "4工作时", "2026-06-22T12:00");
}

#[test]
fn working_hours_used_up_at_the_end_of_a_period_are_due_there() {
    check("2026-03-03T10:00", "2WH", "2026-03-03T12:00");
    check("2026-03-03T14:00", "4WH", "2026-03-03T18:00");
    check("2026-03-03T12:00", "1WH", "2026-03-03T15:00");
    check("2026-03-03T18:00", "8WH", "2026-03-04T18:00");
    check("2026-03-06T17:30:30", "1WH", "2026-03-09T08:30:30");
}

#[test]
fn the_other_clocks_keep_the_clock_time() {
    check("2026-02-28T23:30", "1WD", "2026-03-02T23:30"); // Saturday worked, then Monday
    check("2026-03-01T05:00", "1WD", "2026-03-02T05:00"); // from a Sunday: the first working day after it
    check("2026-02-13T20:00", "2WD", "2026-02-24T20:00"); // 14th worked, 15th to 23rd off
    check("2026-02-13T20:00", "7CD", "2026-02-20T20:00");
    check("2026-02-13T20:00", "1UD", "2026-02-14T20:00");
    check("2026-09-25T08:00", "36UH", "2026-09-26T20:00");
}

#[test]
fn a_deadline_that_touches_an_unloaded_year_is_provisional() {
    let provisional = |start, limit| due_with(start, limit, &[]).provisional;
    assert!(!provisional("2026-12-31T15:00", "2WH"));
    assert!(provisional("2026-12-31T15:00", "5WH"));
    assert!(provisional("2026-12-31T15:00", "1WD"));
    assert!(provisional("2006-12-31T10:00", "1WH")); // worked by the notice for 2007, yet 2006 is not loaded
    // The contract says "a date it touches", of every clock: the time of these will not move, what day it is may.
    assert!(!provisional("2026-12-01T15:00", "30CD"));
    assert!(provisional("2026-12-31T15:00", "30CD"));
    assert!(provisional("2026-12-31T23:30", "1UH"));
    assert!(!provisional("2026-12-31T22:30", "1UH"));
    assert!(provisional("2026-12-31T15:00", "1UD"));
    assert!(provisional("2030-01-01T15:00", "30UH"));
    let none = deadline(
        at("2026-03-03T10:00"),
        "2WH".parse().unwrap(),
        &Calendar::none(),
        &shanghai(),
        &[],
    )
    .unwrap();
    assert_eq!((none.at, none.provisional), (at("2026-03-03T12:00"), true));
}

#[test]
fn hours_of_the_season_rule() {
    let text = "year 2026\nperiods 09:00-17:00\nseason 06-01..09-30 00:00-24:00\n";
    let calendar = Calendar::parse_text(text).unwrap();
    let due = |start, limit: &str| {
        deadline(
            at(start),
            limit.parse().unwrap(),
            &calendar,
            &shanghai(),
            &[],
        )
        .unwrap()
        .at
    };
    assert_eq!(due("2026-05-29T16:00", "2WH"), at("2026-06-01T01:00")); // Friday, then Monday around the clock
    assert_eq!(due("2026-09-30T23:00", "2WH"), at("2026-10-01T10:00"));
}

#[test]
fn pauses_move_what_is_left_in_the_ruling_clock() {
    // Two working hours paused, out of four.
    let due = due_with(
        "2026-03-03T08:00",
        "4WH",
        &[pause("2026-03-03T09:00", "2026-03-03T11:00")],
    );
    assert_eq!(due.at, at("2026-03-03T16:00"));
    // A weekend's pause moves no working clock, but a continuous one.
    let weekend = [pause("2026-03-07T00:00", "2026-03-09T00:00")];
    assert_eq!(
        due_with("2026-03-06T10:00", "2WD", &weekend).at,
        at("2026-03-10T10:00")
    );
    assert_eq!(
        due_with("2026-03-06T10:00", "8WH", &weekend).at,
        at("2026-03-09T10:00")
    );
    assert_eq!(
        due_with("2026-03-06T10:00", "2CD", &weekend).at,
        at("2026-03-10T10:00")
    );
    // A whole working day paused moves a WD deadline by one working day, over the weekend.
    let wednesday = [pause("2026-03-04T00:00", "2026-03-05T00:00")];
    assert_eq!(
        due_with("2026-03-03T10:00", "3WD", &wednesday).at,
        at("2026-03-09T10:00")
    );
    // Overlapping pauses count once; a pause from the due time on counts for nothing.
    let overlapping = [
        pause("2026-03-03T09:00", "2026-03-03T10:30"),
        pause("2026-03-03T10:00", "2026-03-03T11:00"),
    ];
    assert_eq!(
        due_with("2026-03-03T08:00", "4WH", &overlapping).at,
        at("2026-03-03T16:00")
    );
    let after = [pause("2026-03-03T12:00", "2026-03-05T00:00")];
    assert_eq!(
        due_with("2026-03-03T08:00", "4WH", &after).at,
        at("2026-03-03T12:00")
    );
}

#[test]
fn a_pause_without_an_end_parks_the_deadline() {
    let open = |from| {
        [Pause {
            from: at(from),
            to: None,
        }]
    };
    let due = due_with("2026-03-03T08:00", "4WH", &open("2026-03-03T09:00"));
    assert_eq!((due.at, due.parked), (at("2026-03-03T12:00"), true));
    let due = due_with("2026-03-03T08:00", "4WH", &open("2026-03-03T12:00"));
    assert_eq!((due.at, due.parked), (at("2026-03-03T12:00"), false));
}

#[test]
fn what_lies_outside_time_is_refused() {
    let limit = Limit::new(Limit::MAX_AMOUNT, ClockKind::UrgentDays).unwrap();
    for clock in ClockKind::ALL {
        let limit = Limit::new(limit.amount(), clock).unwrap();
        let late: Timestamp = "9999-12-01T00:00:00Z".parse().unwrap();
        let result = deadline(late, limit, Calendar::cn(), &shanghai(), &[]);
        assert_eq!(
            result,
            Err(DeadlineError::OutOfRange { start: late, limit }),
            "{clock}"
        );
        assert!(
            deadline(Timestamp::MIN, limit, Calendar::cn(), &shanghai(), &[]).is_ok(),
            "{clock}"
        );
    }
    let backward = [pause("2026-03-03T12:00", "2026-03-03T11:00")];
    let error = deadline(
        at("2026-03-03T08:00"),
        limit,
        Calendar::cn(),
        &shanghai(),
        &backward,
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the pause from 2026-03-03T04:00:00Z ends before it begins, at 2026-03-03T03:00:00Z"
    );
}

#[test]
fn working_minutes_count_both_ways() {
    let (a, b) = (at("2026-02-13T17:00"), at("2026-02-14T11:00"));
    assert_eq!(
        working_minutes_between(a, b, Calendar::cn(), &shanghai()),
        240
    );
    assert_eq!(
        working_minutes_between(b, a, Calendar::cn(), &shanghai()),
        -240
    );
    assert_eq!(
        working_minutes_between(a, a, Calendar::cn(), &shanghai()),
        0
    );
}

#[test]
fn limits_are_read_as_catalogues_write_them() {
    use ClockKind::*;
    let ok = |text: &str, amount, clock| {
        let limit: Limit = text.parse().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((limit.amount(), limit.clock()), (amount, clock), "{text}");
        assert_eq!(limit.to_string().parse::<Limit>(), Ok(limit), "{text}");
        assert_eq!(limit.code().parse::<Limit>(), Ok(limit), "{text}");
        let json = serde_json::to_string(&limit).unwrap();
        assert_eq!(serde_json::from_str::<Limit>(&json).unwrap(), limit);
    };
    ok("4工作时", 4, WorkingHours);
    ok(" ２ 紧急工作时 ", 2, UrgentHours);
    ok("1紧急工作日", 1, UrgentDays);
    ok("三个工作日", 3, WorkingDays);
    ok("十五　自然日", 15, CalendarDays);
    ok("二十工作小时", 20, WorkingHours);
    ok("2uh", 2, UrgentHours);
    ok("５ＷＤ", 5, WorkingDays);
    ok("100000CD", 100_000, CalendarDays);
}

#[test]
fn a_limit_that_cannot_be_read_says_why() {
    let refused = |text: &str, reason: &str| {
        let message = text.parse::<Limit>().unwrap_err().to_string();
        assert_eq!(message, format!("cannot parse limit {text:?}: {reason}"));
    };
    refused(
        "4天",
        "天 does not say which clock it means; write one of 工作日, 自然日, 紧急工作日",
    );
    refused(
        "4 h",
        "h does not say which clock it means; write one of 工作时, 紧急工作时",
    );
    refused("工作时", "no amount in front of the clock");
    refused("", "no amount in front of the clock");
    refused("十十工作日", "no amount in front of the clock");
    refused("-4WH", "no amount in front of the clock");
    for fraction in ["4.5WH", "0.5工作日", "2,5UH", "1/2天", "1半工作日"] {
        refused(
            fraction,
            "the amount is a whole number; write part of a day in hours",
        );
    }
    refused("0WH", "the amount is outside 1..=100000");
    refused("100001WH", "the amount is outside 1..=100000");
    refused("99999999999999999999WH", "the amount is outside 1..=100000");
    refused(
        "4周",
        "expected UH 紧急工作时, UD 紧急工作日, WH 工作时, WD 工作日 or CD 自然日",
    );
    let options = |clock| ParseOptions {
        bare_days: Some(clock),
        bare_hours: Some(clock),
    };
    assert_eq!(
        Limit::parse("4天", options(ClockKind::WorkingDays))
            .unwrap()
            .code(),
        "4WD"
    );
    assert_eq!(
        Limit::parse("4小时", options(ClockKind::UrgentHours))
            .unwrap()
            .code(),
        "4UH"
    );
    assert!(Limit::parse("4天", options(ClockKind::WorkingHours)).is_err());
}

fn light_at(now: &str, start: &str, limit: &str, pauses: &[Pause]) -> Light {
    let clock = limit.parse::<Limit>().unwrap().clock();
    let due = due_with(start, limit, pauses);
    light(
        at(now),
        at(start),
        &due,
        clock,
        Calendar::cn(),
        &shanghai(),
        pauses,
        Thresholds::default(),
    )
    .unwrap()
}

#[test]
fn the_light_turns_at_eighty_percent_and_at_the_due_time() {
    let four_hours = |now| light_at(now, "2026-03-03T08:00", "4WH", &[]);
    assert_eq!(four_hours("2026-03-03T11:11"), Light::InTime);
    assert_eq!(four_hours("2026-03-03T11:12"), Light::Soon); // 192 of 240 minutes
    assert_eq!(four_hours("2026-03-03T12:00"), Light::Soon);
    assert_eq!(four_hours("2026-03-03T12:01"), Light::Late);
    assert_eq!(
        light_at("2026-12-31T15:30", "2026-12-31T15:00", "5WH", &[]),
        Light::Provisional
    );
    assert_eq!(
        light_at("2027-02-01T15:30", "2026-12-31T15:00", "5WH", &[]),
        Light::Late
    );
}

#[test]
fn a_clock_that_stands_still_is_parked_unless_it_was_late_already() {
    let open = [Pause {
        from: at("2026-03-03T09:00"),
        to: None,
    }];
    assert_eq!(
        light_at("2026-03-03T08:30", "2026-03-03T08:00", "4WH", &open),
        Light::InTime
    );
    assert_eq!(
        light_at("2026-05-05T08:30", "2026-03-03T08:00", "4WH", &open),
        Light::Parked
    );
    let late = [Pause {
        from: at("2026-03-03T13:00"),
        to: None,
    }];
    assert_eq!(
        light_at("2026-05-05T08:30", "2026-03-03T08:00", "4WH", &late),
        Light::Late
    );
    let closed = [pause("2026-03-03T09:00", "2026-03-03T11:00")];
    assert_eq!(
        light_at("2026-03-03T10:00", "2026-03-03T08:00", "4WH", &closed),
        Light::Parked
    );
    assert_eq!(
        light_at("2026-03-03T15:11", "2026-03-03T08:00", "4WH", &closed),
        Light::InTime
    );
    assert_eq!(
        light_at("2026-03-03T15:12", "2026-03-03T08:00", "4WH", &closed),
        Light::Soon
    );
}

#[test]
fn what_is_left_is_told_in_the_ruling_clock() {
    let left = |now, start, limit: &str| {
        let clock = limit.parse::<Limit>().unwrap().clock();
        let r = remaining(
            at(now),
            &due_with(start, limit, &[]),
            clock,
            Calendar::cn(),
            &shanghai(),
        );
        (r.is_late(), r.units(), r.rest_minutes())
    };
    assert_eq!(
        left("2026-02-13T17:30", "2026-02-13T17:00", "4WH"),
        (false, 3, 30)
    );
    assert_eq!(
        left("2026-02-14T16:00", "2026-02-13T17:00", "4WH"),
        (true, 3, 0)
    );
    assert_eq!(
        left("2026-10-05T12:00", "2026-09-30T15:00", "2WD"),
        (false, 1, 15 * 60)
    );
    assert_eq!(
        left("2026-10-01T04:15", "2026-10-01T03:00", "2UH"),
        (false, 0, 45)
    );
}

#[test]
fn a_limit_begun_on_a_day_off_is_soon_at_four_fifths_of_what_it_grants() {
    let soon = |start: &str, limit: &str| {
        let (clock, due) = (
            limit.parse::<Limit>().unwrap().clock(),
            due_with(start, limit, &[]).at,
        );
        soon_at(at(start), due, clock, Calendar::cn(), &shanghai(), &[], 80).unwrap()
    };
    // From a Sunday at ten one working day is due on Monday at ten: it grants ten hours of Monday, not twenty-four.
    check("2026-03-01T10:00", "1工作日", "2026-03-02T10:00");
    assert_eq!(
        soon("2026-03-01T10:00", "1工作日"),
        Some(at("2026-03-02T08:00"))
    );
    // Two grant Monday and ten hours of Tuesday: 27 h 12 min of thirty-four.
    assert_eq!(
        soon("2026-03-01T10:00", "2工作日"),
        Some(at("2026-03-03T03:12"))
    );
    // Working hours begin on Monday at eight: 3 h 12 min of four.
    assert_eq!(
        soon("2026-03-01T10:00", "4工作时"),
        Some(at("2026-03-02T11:12"))
    );
    // Before work on a day that is worked its hours from midnight count, for what is due and for what is soon alike.
    assert_eq!(
        soon("2026-03-02T05:00", "1工作日"),
        Some(at("2026-03-03T00:12"))
    );
    // From midnight on a Sunday nothing is granted, and nothing is soon.
    assert_eq!(soon("2026-03-01T00:00", "1工作日"), None);
}

#[test]
fn long_limits_are_quick() {
    // 365 working days in well under a millisecond even unoptimised: no work per minute or per hour.
    let started = std::time::Instant::now();
    for _ in 0..20 {
        due_with("2026-03-03T08:00", "365WD", &[]);
    }
    assert!(
        started.elapsed() < std::time::Duration::from_secs(1),
        "{:?}",
        started.elapsed()
    );
}

/// The rules once more, minute by minute: slow and plain.
mod twin {
    use super::*;

    /// Whether the minute that begins at `t` counts for `clock`.
    fn counts(clock: ClockKind, t: Timestamp, calendar: &Calendar, tz: &TimeZone) -> bool {
        let local = tz.to_datetime(t);
        let minute = local.hour() as u16 * 60 + local.minute() as u16;
        match clock {
            ClockKind::WorkingHours => calendar
                .periods_on(local.date())
                .iter()
                .any(|p| p.from_min() <= minute && minute < p.to_min()),
            ClockKind::WorkingDays => calendar.is_workday(local.date()),
            _ => true,
        }
    }

    fn minute_after(t: Timestamp) -> Timestamp {
        t + SignedDuration::from_mins(1)
    }

    fn first_with(
        clock: ClockKind,
        start: Timestamp,
        minutes: u32,
        calendar: &Calendar,
        tz: &TimeZone,
        pauses: &[Pause],
    ) -> Timestamp {
        let (mut t, mut left) = (start, minutes);
        while left > 0 {
            let paused = pauses
                .iter()
                .any(|p| p.from <= t && p.to.is_some_and(|to| t < to));
            if counts(clock, t, calendar, tz) && !paused {
                left -= 1;
            }
            t = minute_after(t);
        }
        t
    }

    pub fn due(
        start: Timestamp,
        limit: Limit,
        calendar: &Calendar,
        tz: &TimeZone,
        pauses: &[Pause],
    ) -> Timestamp {
        let clock = limit.clock();
        let n = limit.amount();
        let plain = match clock {
            ClockKind::WorkingHours => first_with(clock, start, n * 60, calendar, tz, &[]),
            ClockKind::UrgentHours => first_with(clock, start, n * 60, calendar, tz, &[]),
            ClockKind::UrgentDays => first_with(clock, start, n * 24 * 60, calendar, tz, &[]),
            ClockKind::CalendarDays | ClockKind::WorkingDays => {
                let mut z = start.to_zoned(tz.clone());
                let mut left = n;
                while left > 0 {
                    z = z.checked_add(1.day()).unwrap();
                    if clock == ClockKind::CalendarDays || calendar.is_workday(z.date()) {
                        left -= 1;
                    }
                }
                z.timestamp()
            }
        };
        let (mut t, mut target) = (start, 0);
        while t < plain {
            target += u32::from(counts(clock, t, calendar, tz));
            t = minute_after(t);
        }
        first_with(clock, start, target, calendar, tz, pauses).max(plain)
    }
}

/// Working periods of a day, on the half hour.
fn hours() -> impl Strategy<Value = String> {
    prop::collection::btree_set(0_u16..=48, 2..6).prop_map(|cuts| {
        let cuts: Vec<u16> = cuts.into_iter().map(|half_hours| half_hours * 30).collect();
        let periods = cuts.chunks_exact(2).map(|c| {
            crate::calendar::WorkPeriod::new(c[0], c[1])
                .unwrap()
                .to_string()
        });
        periods.collect::<Vec<_>>().join(" ")
    })
}

/// A calendar of 2026 with random days off and make-up days, hours, a season, and hours between two days that a version of a
/// division lays over them.
fn calendars() -> impl Strategy<Value = Calendar> {
    let days = prop::collection::btree_map(0_i32..60, any::<bool>(), 0..25);
    let season = (1_i8..=3, 1_i8..=28, hours());
    let local = prop::option::of((0_i32..40, 0_i32..20, hours(), 0_i32..60, any::<bool>()));
    (days, hours(), prop::option::of(season), local).prop_map(|(days, usual, season, local)| {
        let first = jiff::civil::date(2026, 1, 1);
        let mut text = format!("year 2026\nperiods {usual}\n");
        if let Some((month, day, hours)) = season {
            text.push_str(&format!("season {month:02}-{day:02}..09-30 {hours}\n"));
        }
        for (day, off) in days {
            let word = if off { "off" } else { "work" };
            text.push_str(&format!("{word} {}\n", first + day.days()));
        }
        let city = Calendar::parse_text(&text).unwrap();
        assert_eq!(Calendar::parse_text(&city.to_text()).unwrap(), city);
        let Some((from, length, hours, day, off)) = local else {
            return city;
        };
        let (from, to) = (first + from.days(), first + (from + length).days());
        let word = if off { "off" } else { "work" };
        let local = format!(
            "hours {from}..{to} {hours}\nlocal\n{word} {}\n",
            first + day.days()
        );
        let local = Calendar::parse_text(&local).unwrap();
        assert_eq!(
            Calendar::parse_text(&local.to_text()).unwrap(),
            local.clone().named(local.version())
        );
        city.overlaid(&local, "both")
    })
}

fn limits() -> impl Strategy<Value = Limit> {
    (1_u32..12, prop::sample::select(ClockKind::ALL.as_slice()))
        .prop_map(|(n, clock)| Limit::new(n, clock).unwrap())
}

/// Minutes after the beginning of 2026, in Shanghai.
fn minute(n: i64) -> Timestamp {
    at("2026-01-01T00:00") + SignedDuration::from_mins(n)
}

/// Begin and length in minutes.
fn pauses() -> impl Strategy<Value = Vec<(i64, i64)>> {
    prop::collection::vec((0_i64..25_000, 0_i64..4_000), 0..4)
}

fn as_pauses(spans: &[(i64, i64)]) -> Vec<Pause> {
    spans
        .iter()
        .map(|(from, length)| Pause {
            from: minute(*from),
            to: Some(minute(from + length)),
        })
        .collect()
}

fn due_at(start: Timestamp, limit: Limit, calendar: &Calendar, pauses: &[Pause]) -> Timestamp {
    deadline(start, limit, calendar, &shanghai(), pauses)
        .unwrap()
        .at
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn counting_minute_by_minute_gives_the_same(
        calendar in calendars(), start in 0_i64..20_000, limit in limits(), spans in pauses(),
    ) {
        let pauses = as_pauses(&spans);
        let start = minute(start);
        prop_assert_eq!(
            due_at(start, limit, &calendar, &pauses),
            twin::due(start, limit, &calendar, &shanghai(), &pauses)
        );
    }

    #[test]
    fn yellow_begins_where_the_light_turns(
        calendar in calendars(), start in 0_i64..20_000, limit in limits(), spans in pauses(), percent in 1_u32..100,
    ) {
        let pauses = as_pauses(&spans);
        let (start, tz) = (minute(start), shanghai());
        let due = deadline(start, limit, &calendar, &tz, &pauses).unwrap();
        let soon = soon_at(start, due.at, limit.clock(), &calendar, &tz, &pauses, percent).unwrap();
        let thresholds = Thresholds { soon_percent: percent, late_percent: 100 };
        let turned = |at: Timestamp| {
            let due = Due { provisional: false, ..due };
            // A clock that stands still has a light of its own; what has run by then is told all the same.
            let light = light(at, start, &due, limit.clock(), &calendar, &tz, &[], thresholds).unwrap();
            light == Light::Soon
        };
        if let Some(soon) = soon {
            prop_assert!(soon >= start && soon <= due.at);
            if pauses.is_empty() {
                prop_assert!(turned(soon));
                prop_assert!(soon == start || !turned(soon - SignedDuration::from_secs(1)));
            }
        }
    }

    #[test]
    fn an_extension_is_a_longer_limit_and_the_twin_agrees(
        calendar in calendars(), start in 0_i64..20_000, limit in limits(), spans in pauses(), extensions in 1_u32..3,
    ) {
        let pauses = as_pauses(&spans);
        let whole = Limit::new(limit.amount() * (extensions + 1), limit.clock()).unwrap();
        let start = minute(start);
        let due = due_at(start, whole, &calendar, &pauses);
        prop_assert_eq!(due, twin::due(start, whole, &calendar, &shanghai(), &pauses));
        prop_assert!(due > due_at(start, limit, &calendar, &[]));
    }

    #[test]
    fn a_pause_without_length_changes_nothing(
        calendar in calendars(), start in 0_i64..20_000, limit in limits(), spans in pauses(), from in 0_i64..25_000,
    ) {
        let without = as_pauses(&spans);
        let with = as_pauses(&[spans, vec![(from, 0)]].concat());
        let start = minute(start);
        prop_assert_eq!(due_at(start, limit, &calendar, &with), due_at(start, limit, &calendar, &without));
    }

    #[test]
    fn more_is_never_earlier(
        calendar in calendars(), start in 0_i64..20_000, limit in limits(), spans in pauses(),
        later in 0_i64..5_000, longer in 0_i64..3_000,
    ) {
        let pauses = as_pauses(&spans);
        let due = due_at(minute(start), limit, &calendar, &pauses);
        prop_assert!(due >= minute(start));
        let larger = Limit::new(limit.amount() + 1, limit.clock()).unwrap();
        prop_assert!(due_at(minute(start), larger, &calendar, &pauses) >= due);
        let longer: Vec<_> = spans.iter().map(|(from, length)| (*from, length + longer)).collect();
        prop_assert!(due_at(minute(start), limit, &calendar, &as_pauses(&longer)) >= due);
        // WD keeps this law only between starts on working days.
        let worked = |t| calendar.is_workday(shanghai().to_datetime(t).date());
        if limit.clock() != ClockKind::WorkingDays || (worked(minute(start)) && worked(minute(start + later))) {
            prop_assert!(due_at(minute(start + later), limit, &calendar, &pauses) >= due);
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,20}", number in "[0-9一十百 ]{0,12}", unit in "[个工作日时天紧急UHWDCD]{0,6}") {
        let _ = text.parse::<Limit>();
        if let Ok(limit) = format!("{number}{unit}").parse::<Limit>() {
            prop_assert!((1..=Limit::MAX_AMOUNT).contains(&limit.amount()));
        }
    }
}
