//! How times, durations, rates and amounts are written, in one place for every page.
//!
//! Times as people say them, exact in the `title` and `datetime` of the element; durations on the clock that rules
//! them; rates with their denominator; nothing over nothing is "no data", never zero.

use crate::html::{Html, escape};
use crate::lang::Lang;
use crate::light;
use crate::view::Ui;
use jiff::{Timestamp, ToSpan, Zoned, civil};
use kernel::Limit;
use kernel::deadline::{Light, Remaining};

/// A whole number however it is held; negative counts occur as differences.
pub trait Count {
    /// The number.
    fn count(&self) -> i64;
}
impl<T: Count + ?Sized> Count for &T {
    fn count(&self) -> i64 {
        (**self).count()
    }
}
macro_rules! counts {
    ($($kind:ty)*) => { $(impl Count for $kind {
        fn count(&self) -> i64 {
            // A count past i64 cannot come from the store; it is shown as the largest number there is.
            i64::try_from(*self).unwrap_or(i64::MAX)
        }
    })* };
}
counts!(i16 i32 i64 isize u8 u16 u32 u64 usize);

/// A small value given as it is or behind references, as templates pass their fields.
pub trait Given<T> {
    /// The value.
    fn given(&self) -> T;
}
impl<T, R: Given<T> + ?Sized> Given<T> for &R {
    fn given(&self) -> T {
        (**self).given()
    }
}
macro_rules! given {
    ($($kind:ty),*) => { $(impl Given<$kind> for $kind {
        fn given(&self) -> $kind {
            *self
        }
    })* };
}
given!(
    Timestamp,
    Option<Timestamp>,
    civil::Date,
    Remaining,
    Light,
    f64,
    i64,
    u64
);

/// Puts commas between groups of three digits of a plain decimal number (`-43523.5` → `-43,523.5`).
#[must_use]
pub fn group_digits(number: &str) -> String {
    let (sign, rest) = number
        .strip_prefix('-')
        .map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) = rest.find('.').map_or((rest, ""), |dot| rest.split_at(dot));
    if !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return number.to_owned();
    }
    let mut out = String::from(sign);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + fraction
}

/// An area: `9,800 m²`, from a square kilometre on `1.2 km²`.
#[must_use]
pub fn area(square_metres: f64) -> String {
    scaled(square_metres, 1_000_000.0, "m²", "km²")
}

/// A distance: `350 m`, from a kilometre on `1.2 km`.
#[must_use]
pub fn distance(metres: f64) -> String {
    scaled(metres, 1_000.0, "m", "km")
}

/// A size of a file: `820 B`, `14 kB`, `2.4 MB` (powers of 1000).
#[must_use]
pub fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{} kB", count.div_ceil(1_000)),
        _ => format!(
            "{}.{} MB",
            group_digits(&(count / 1_000_000).to_string()),
            count % 1_000_000 / 100_000
        ),
    }
}

/// Money in fen: `¥1,234.50`.
fn money(fen: i64) -> String {
    let sign = if fen < 0 { "−" } else { "" };
    let fen = fen.unsigned_abs();
    format!(
        "{sign}¥{}.{:02}",
        group_digits(&(fen / 100).to_string()),
        fen % 100
    )
}

fn scaled(value: f64, step: f64, small: &str, large: &str) -> String {
    if !value.is_finite() {
        return "—".to_owned();
    }
    // 999.6 m would round to "1,000 m": it already belongs to the larger unit.
    if value.abs().round() < step {
        format!("{} {small}", group_digits(&format!("{value:.0}")))
    } else {
        format!("{} {large}", group_digits(&format!("{:.1}", value / step)))
    }
}

fn percent(fraction: f64) -> String {
    if fraction.is_finite() {
        format!("{:.1} %", fraction * 100.0)
    } else {
        "—".to_owned()
    }
}

/// How far a day lies from today, where people have a word for it.
enum Nearness {
    Yesterday,
    Today,
    Tomorrow,
    ThisYear,
    Far,
}

fn nearness(day: civil::Date, today: civil::Date) -> Nearness {
    if day == today {
        Nearness::Today
    } else if today.checked_sub(1.day()).is_ok_and(|before| day == before) {
        Nearness::Yesterday
    } else if today.checked_add(1.day()).is_ok_and(|after| day == after) {
        Nearness::Tomorrow
    } else if day.year() == today.year() {
        Nearness::ThisYear
    } else {
        Nearness::Far
    }
}

/// Times and dates.
impl Ui {
    /// A moment as people say it (今天 14:20 / today 14:20), exact on hover and in data.
    #[must_use]
    pub fn time(&self, at: impl Given<Timestamp>) -> Html {
        let at = at.given();
        let zoned = self.local(at);
        element(&zoned, &self.time_text(at))
    }

    /// The same; a dash where there is no time.
    #[must_use]
    pub fn time_or_dash(&self, at: impl Given<Option<Timestamp>>) -> Html {
        at.given()
            .map_or_else(|| Html::from_text("—"), |at| self.time(at))
    }

    /// The words of [`Ui::time`] alone, for a title or a message.
    #[must_use]
    pub fn time_text(&self, at: impl Given<Timestamp>) -> String {
        let zoned = self.local(at.given());
        let clock = zoned.strftime("%H:%M").to_string();
        let day = self.date_text(zoned.date());
        self.t2("ui-time", "day", day, "clock", clock)
    }

    /// The day of a moment (今天, 11月3日), exact on hover and in data.
    #[must_use]
    pub fn day(&self, at: impl Given<Timestamp>) -> Html {
        let zoned = self.local(at.given());
        element(&zoned, &self.date_text(zoned.date()))
    }

    /// A date as people say it, without markup.
    #[must_use]
    pub fn date_text(&self, date: impl Given<civil::Date>) -> String {
        let date = date.given();
        match nearness(date, self.local(self.now).date()) {
            Nearness::Today => self.t("ui-today"),
            Nearness::Yesterday => self.t("ui-yesterday"),
            Nearness::Tomorrow => self.t("ui-tomorrow"),
            Nearness::ThisYear => self.t2(
                "ui-date-short",
                "month",
                self.month(date),
                "day",
                date.day().to_string(),
            ),
            Nearness::Far => self.date_long(date),
        }
    }

    /// A date with its year and no nearness, for reports and forms that are printed.
    #[must_use]
    pub fn date_long(&self, date: impl Given<civil::Date>) -> String {
        let date = date.given();
        let (month, day, year) = (
            self.month(date),
            date.day().to_string(),
            date.year().to_string(),
        );
        let args: [(&str, &dyn crate::Arg); 3] =
            [("year", &year), ("month", &month), ("day", &day)];
        self.ta("ui-date-long", &args)
    }

    /// A time of day exact to the second, as on the wall's "data as of" clock.
    #[must_use]
    pub fn clock(&self, at: impl Given<Timestamp>) -> Html {
        let zoned = self.local(at.given());
        element(&zoned, &zoned.strftime("%H:%M:%S").to_string())
    }

    fn month(&self, date: civil::Date) -> String {
        self.tn("ui-month", "n", i64::from(date.month()))
    }

    pub(crate) fn local(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.site.time_zone.clone())
    }
}

fn element(zoned: &Zoned, words: &str) -> Html {
    Html::from_markup(format!(
        "<time datetime=\"{}\" title=\"{}\">{}</time>",
        zoned.strftime("%Y-%m-%dT%H:%M:%S%:z"),
        zoned.strftime("%Y-%m-%d %H:%M:%S %:z"),
        escape(words)
    ))
}

/// Durations and lights.
impl Ui {
    /// A limit with its clock (5 工作日 / 5 working days); none is said too.
    #[must_use]
    pub fn limit(&self, limit: Option<Limit>) -> String {
        let Some(limit) = limit else {
            return self.t("ui-limit-none");
        };
        // words: ui-limit-*
        let key = format!("ui-limit-{}", limit.clock().code().to_lowercase());
        self.tn(&key, "n", i64::from(limit.amount()))
    }

    /// What is left on the clock that rules (还有 3 工作时 / 3 working hours left), or by how much it is over.
    /// Under an hour in minutes; never more than there is: 2.97 hours are 2.9.
    #[must_use]
    pub fn left(&self, left: impl Given<Remaining>) -> String {
        let Remaining { clock, seconds } = left.given();
        let side = if seconds < 0 { "ui-over" } else { "ui-left" }; // words: ui-over-*, ui-left-*
        let seconds = seconds.unsigned_abs();
        let unit_s = clock.unit_seconds().unsigned_abs();
        if !clock.counts_days() && seconds < unit_s {
            let minutes = seconds / 60;
            return if minutes == 0 {
                self.t("ui-due-now")
            } else {
                self.tn(&(side.to_owned() + "-minute"), "n", minutes)
            };
        }
        let tenths = seconds.saturating_mul(10) / unit_s;
        // Below ten units a tenth matters, above it does not. Both are exact enough as f64 to be shown.
        let shown = if tenths < 100 {
            tenths as f64 / 10.0
        } else {
            (tenths / 10) as f64
        };
        if tenths == 0 {
            return self.t("ui-due-now");
        }
        let key = format!("{side}-{}", light::clock_name(clock));
        self.tn(&key, "n", shown)
    }

    /// The light of a deadline: mark and word.
    #[must_use]
    pub fn light(&self, light: impl Given<Light>) -> Html {
        self.light_markup(light.given(), "light-word")
    }

    /// The mark alone where room is short; the word is still read out and shown on hover.
    #[must_use]
    pub fn light_mark(&self, light: impl Given<Light>) -> Html {
        self.light_markup(light.given(), "visually-hidden")
    }

    fn light_markup(&self, light: Light, word_class: &str) -> Html {
        let (name, mark) = (light::name(light), light::mark(light));
        let word = escape(&self.t(&format!("ui-light-{name}")));
        Html::from_markup(format!(
            "<span class=\"light light-{name}\" title=\"{word}\"><span class=\"light-mark\" aria-hidden=\"true\">{mark}</span>\
             <span class=\"{word_class}\">{word}</span></span>"
        ))
    }
}

/// Numbers, rates, amounts.
impl Ui {
    /// A whole number with its thousands apart.
    #[must_use]
    pub fn num(&self, number: impl Count) -> String {
        group_digits(&number.count().to_string())
    }

    /// A rate with its numerator and denominator: `83.0 % = 43,523 / 52,434`; "no data" over nothing.
    #[must_use]
    pub fn rate(&self, numerator: impl Count, denominator: impl Count) -> Html {
        let (n, of) = (numerator.count(), denominator.count());
        if of == 0 {
            let words = escape(&self.t("ui-no-data"));
            return Html::from_markup(format!(
                "<span class=\"rate rate-none\">{words} <span class=\"rate-of\">(n = 0)</span></span>"
            ));
        }
        Html::from_markup(format!(
            "<span class=\"rate\"><span class=\"rate-value\">{}</span> <span class=\"rate-of\">= {} / {}</span></span>",
            percent(n as f64 / of as f64),
            group_digits(&n.to_string()),
            group_digits(&of.to_string()),
        ))
    }

    /// The same as plain text.
    #[must_use]
    pub fn rate_text(&self, numerator: impl Count, denominator: impl Count) -> String {
        let (n, of) = (numerator.count(), denominator.count());
        if of == 0 {
            return self.t("ui-no-data");
        }
        format!(
            "{} = {} / {}",
            percent(n as f64 / of as f64),
            group_digits(&n.to_string()),
            group_digits(&of.to_string())
        )
    }

    /// A fraction as a percentage with one decimal; a dash where it is not a number.
    #[must_use]
    pub fn percent(&self, fraction: impl Given<f64>) -> String {
        percent(fraction.given())
    }

    /// An area given in square metres.
    #[must_use]
    pub fn area(&self, square_metres: impl Given<f64>) -> String {
        area(square_metres.given())
    }

    /// A distance given in metres.
    #[must_use]
    pub fn distance(&self, metres: impl Given<f64>) -> String {
        distance(metres.given())
    }

    /// A size of a file given in bytes.
    #[must_use]
    pub fn bytes(&self, count: impl Given<u64>) -> String {
        bytes(count.given())
    }

    /// An amount of money given in fen.
    #[must_use]
    pub fn money(&self, fen: impl Given<i64>) -> String {
        money(fen.given())
    }

    /// What stands between two sentences: a space, and nothing where a full stop has its own room.
    #[must_use]
    pub fn between(&self) -> &'static str {
        match self.lang {
            Lang::Zh => "",
            Lang::En => " ",
        }
    }

    /// Several names in one sentence: 甲、乙、丙 or A, B, C.
    #[must_use]
    pub fn list<S: AsRef<str>>(&self, names: &[S]) -> String {
        listed(self.lang, names)
    }
}

/// Names one after another, as a language parts them.
#[must_use]
pub fn listed<S: AsRef<str>>(lang: Lang, names: &[S]) -> String {
    let between = match lang {
        Lang::Zh => "、",
        Lang::En => ", ",
    };
    names
        .iter()
        .map(AsRef::as_ref)
        .collect::<Vec<_>>()
        .join(between)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use kernel::deadline::ClockKind;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Both languages at 2026-11-23 15:00 in Shanghai.
    fn said(show: impl Fn(&Ui) -> String) -> (String, String) {
        let now = at("2026-11-23T15:00:00+08:00");
        (
            show(&testing::sample_ui(Lang::Zh, now)),
            show(&testing::sample_ui(Lang::En, now)),
        )
    }

    #[track_caller]
    fn check(show: impl Fn(&Ui) -> String, zh: &str, en: &str) {
        assert_eq!(said(show), (zh.to_owned(), en.to_owned()));
    }

    #[test]
    fn times_are_said_as_people_say_them() {
        check(
            |ui| ui.time_text(at("2026-11-23T14:20:00+08:00")),
            "今天 14:20",
            "today 14:20",
        );
        check(
            |ui| ui.time_text(at("2026-11-22T00:00:00+08:00")),
            "昨天 00:00",
            "yesterday 00:00",
        );
        check(
            |ui| ui.time_text(at("2026-11-24T23:59:59+08:00")),
            "明天 23:59",
            "tomorrow 23:59",
        );
        check(
            |ui| ui.time_text(at("2026-01-05T09:03:00+08:00")),
            "1月5日 09:03",
            "5 Jan 09:03",
        );
        check(
            |ui| ui.time_text(at("2025-12-31T09:03:00+08:00")),
            "2025年12月31日 09:03",
            "31 Dec 2025 09:03",
        );
    }

    #[test]
    fn the_day_is_that_of_the_city_and_the_exact_time_is_in_data() {
        // 17:00 UTC on the 22nd is already the 23rd in Shanghai.
        let (zh, _) = said(|ui| ui.time(at("2026-11-22T17:00:05Z")).to_string());
        assert_eq!(
            zh,
            "<time datetime=\"2026-11-23T01:00:05+08:00\" title=\"2026-11-23 01:00:05 +08:00\">今天 01:00</time>"
        );
    }

    #[test]
    fn what_is_left_is_said_on_its_clock_and_never_too_much() {
        let left = |clock, seconds| move |ui: &Ui| ui.left(Remaining { clock, seconds });
        check(
            left(ClockKind::WorkingHours, 3 * 3600),
            "还有 3 工作时",
            "3 working hours left",
        );
        check(
            left(ClockKind::WorkingHours, 10_799),
            "还有 2.9 工作时",
            "2.9 working hours left",
        );
        check(
            left(ClockKind::WorkingHours, 3600),
            "还有 1 工作时",
            "1 working hour left",
        );
        check(
            left(ClockKind::UrgentHours, 2459),
            "还有 40 分钟",
            "40 minutes left",
        );
        check(
            left(ClockKind::WorkingDays, -2 * 86_400),
            "已超 2 工作日",
            "2 working days over",
        );
        check(
            left(ClockKind::CalendarDays, 31 * 86_400 - 1),
            "还有 30 自然日",
            "30 calendar days left",
        );
        check(left(ClockKind::UrgentDays, 3_000), "就要到期", "due now");
        check(left(ClockKind::UrgentHours, -59), "就要到期", "due now");
        check(
            left(ClockKind::UrgentHours, i64::MIN),
            "已超 512,409,557,603,043 紧急工作时",
            "512,409,557,603,043 urgent hours over",
        );
    }

    #[test]
    fn a_rate_has_its_denominator_and_nothing_over_nothing_is_no_data() {
        check(
            |ui| ui.rate_text(43_523, 52_434),
            "83.0 % = 43,523 / 52,434",
            "83.0 % = 43,523 / 52,434",
        );
        check(|ui| ui.rate_text(0_usize, 0_usize), "无数据", "no data");
        assert!(said(|ui| ui.rate(0, 0).to_string()).0.contains("无数据"));
    }

    #[test]
    fn numbers_carry_their_unit() {
        assert_eq!(
            (area(9_800.0), area(1_234_567.0)),
            ("9,800 m²".to_owned(), "1.2 km²".to_owned())
        );
        assert_eq!(
            (distance(349.6), distance(999.7)),
            ("350 m".to_owned(), "1.0 km".to_owned())
        );
        assert_eq!(
            (bytes(999), bytes(14_001), bytes(2_450_000)),
            ("999 B".to_owned(), "15 kB".to_owned(), "2.4 MB".to_owned())
        );
        assert_eq!(
            (money(123_450), money(-5)),
            ("¥1,234.50".to_owned(), "−¥0.05".to_owned())
        );
        assert_eq!(distance(f64::INFINITY), "—");
    }

    #[test]
    fn a_light_has_mark_and_word() {
        let (zh, en) = said(|ui| {
            [
                Light::Late,
                Light::Soon,
                Light::InTime,
                Light::Provisional,
                Light::Parked,
            ]
            .map(|light| ui.light(light).to_string())
            .concat()
        });
        for (mark, word, english) in [
            ("■", "超期", "late"),
            ("▲", "将到期", "soon"),
            ("●", "按期", "in time"),
            ("◌", "暂定", "provisional"),
            ("‖", "挂起", "parked"),
        ] {
            assert!(zh.contains(mark) && zh.contains(word), "{mark} {word}");
            assert!(
                en.contains(mark) && en.contains(english),
                "{mark} {english}"
            );
        }
    }

    proptest! {
        #[test]
        fn grouping_only_adds_commas(number in any::<i64>()) {
            let grouped = group_digits(&number.to_string());
            prop_assert_eq!(grouped.replace(',', ""), number.to_string());
            prop_assert!(grouped.trim_start_matches('-').split(',').skip(1).all(|group| group.len() == 3));
        }
    }
}
