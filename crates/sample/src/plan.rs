//! What is reported when, where and by which channel: half a year with the rhythm of the week, the holidays of the
//! national calendar, days of rain, duplicates, and one burst of water failures.

use crate::SampleError;
use crate::classes::{self, Entry, Work};
use crate::land::Land;
use crate::luck::Luck;
use cases::State;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use kernel::codes::CaseNumber;
use kernel::{Calendar, Point};
use std::collections::BTreeMap;

/// How many days of cases there are.
pub const DAYS: i64 = 180;

macro_rules! channels {
    ($($name:ident = $word:literal, $verify:literal, $share:literal);* $(;)?) => {
        /// By which way a report comes; the words of the table `channels`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Channel { $($name),* }
        impl Channel {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name),*];
            /// The word in the record.
            pub(crate) fn word(self) -> &'static str { match self { $(Self::$name => $word),* } }
            /// Whether its reports are verified first.
            pub(crate) fn verify(self) -> bool { match self { $(Self::$name => $verify),* } }
            /// Its share of all reports.
            fn share(self) -> f64 { match self { $(Self::$name => $share),* } }
        }
    };
}
channels! {
    Patrol     = "patrol",     false, 0.530;
    Web        = "web",        true,  0.130;
    Hotline    = "hotline",    true,  0.245;
    Visit      = "visit",      true,  0.012;
    Media      = "media",      true,  0.006;
    Video      = "video",      false, 0.035;
    Sensor     = "sensor",     false, 0.012;
    Inspection = "inspection", false, 0.018;
    Leader     = "leader",     false, 0.004;
    Open311    = "open311",    true,  0.008;
}

impl Channel {
    /// Whether somebody outside reports, who can be called back.
    pub(crate) fn is_public(self) -> bool {
        matches!(
            self,
            Self::Web | Self::Hotline | Self::Visit | Self::Media | Self::Open311
        )
    }
    /// How busy it is from hour to hour.
    fn hours(self) -> &'static [f64; 24] {
        const WATCH: [f64; 24] = [
            1., 1., 1., 1., 1., 1., 1., 2., 3., 3., 3., 3., 2., 2., 3., 3., 3., 3., 2., 2., 2., 1.,
            1., 1.,
        ];
        const STREET: [f64; 24] = [
            0., 0., 0., 0., 0., 0., 0., 2., 8., 10., 10., 7., 3., 4., 9., 9., 7., 5., 3., 1., 0.,
            0., 0., 0.,
        ];
        const OFFICE: [f64; 24] = [
            0., 0., 0., 0., 0., 0., 0., 0., 4., 8., 8., 5., 0., 1., 6., 7., 6., 3., 0., 0., 0., 0.,
            0., 0.,
        ];
        const PHONE: [f64; 24] = [
            1., 1., 1., 1., 1., 1., 2., 4., 8., 9., 9., 8., 5., 5., 7., 7., 7., 6., 6., 6., 5., 4.,
            3., 2.,
        ];
        const HOME: [f64; 24] = [
            2., 1., 1., 1., 1., 1., 2., 5., 6., 5., 5., 5., 7., 6., 4., 4., 4., 5., 7., 8., 9., 8.,
            6., 4.,
        ];
        match self {
            Self::Patrol => &STREET,
            Self::Visit | Self::Inspection | Self::Leader | Self::Media => &OFFICE,
            Self::Hotline => &PHONE,
            Self::Web | Self::Open311 => &HOME,
            Self::Video | Self::Sensor => &WATCH,
        }
    }
    /// Whether reports of this class come this way.
    fn suits(self, entry: &Entry) -> bool {
        let is_of_people = entry.code.starts_with('O')
            || matches!(entry.code, "E0189" | "E0594" | "E0301" | "E0184");
        match self {
            Self::Patrol | Self::Inspection => !is_of_people,
            Self::Video => {
                matches!(
                    entry.work,
                    Work::Order | Work::Traffic | Work::Sanitation | Work::Bikes
                ) && !is_of_people
            }
            Self::Sensor => matches!(
                entry.code,
                "E0501" | "E0503" | "E0506" | "C0137" | "C0102" | "E0502"
            ),
            _ => true,
        }
    }
}

/// One report to be made.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub number: CaseNumber,
    pub at: Timestamp,
    pub channel: Channel,
    /// Which of [`classes::entries`].
    pub entry: usize,
    /// Which of the entry's sights.
    pub seen: usize,
    pub spot: usize,
    pub point: Point,
    /// The case it repeats, by position.
    pub duplicate_of: Option<usize>,
    /// The life stops where it first reaches this state.
    pub until: Option<State>,
    pub in_english: bool,
}

/// The burst of water failures that detectors are to find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Burst {
    /// Positions of the neighbouring unit grids.
    pub spots: Vec<usize>,
    /// Its first day.
    pub from: Date,
    /// Its last day.
    pub to: Date,
    /// How many incidents were laid there.
    pub incidents: usize,
}

/// What there is to plan with.
pub(crate) struct Ground<'a> {
    pub seed: u64,
    pub land: &'a Land,
    pub calendar: &'a Calendar,
    pub tz: &'a TimeZone,
    pub now: Timestamp,
    pub cases: usize,
}

/// A draft of a plan: number and duplicates come once all are in order.
struct Draft {
    at: Timestamp,
    channel: Channel,
    entry: usize,
    seen: usize,
    spot: usize,
    until: Option<State>,
    may_repeat: bool,
}

/// Plans all reports, in order of time.
pub(crate) fn make(ground: &Ground<'_>) -> Result<(Vec<Plan>, Burst), SampleError> {
    let entries: Vec<&Entry> = classes::entries().collect();
    let mut luck = Luck::new(ground.seed, "plan", 0);
    let places = Places::weigh(ground.land, &entries, &mut luck);
    let mut drafts = wanted(ground, &entries, &places, &mut luck)?;
    let (burst, water) = burst(ground, &entries, &mut luck)?;
    drafts.extend(water);
    let rest = ground.cases.saturating_sub(drafts.len());
    drafts.extend(everyday(ground, &entries, &places, rest, &mut luck)?);
    drafts.sort_by_key(|d| d.at);
    number(ground, drafts, &mut luck).map(|plans| (plans, burst))
}

/// How likely each class happens at each spot, as running sums.
struct Places(Vec<Vec<f64>>);

impl Places {
    fn weigh(land: &Land, entries: &[&Entry], luck: &mut Luck) -> Self {
        // Some corners are always worse than others.
        let spots: Vec<f64> = land
            .spots
            .iter()
            .map(|s| s.km2 * s.ground.bustle() * luck.factor(0.75))
            .collect();
        let sums = |entry: &&Entry| {
            let mut sum = 0.0;
            let weighed = land.spots.iter().zip(&spots).map(|(spot, weight)| {
                let fits = if entry.on.is_empty() || entry.on.contains(&spot.ground) {
                    1.0
                } else {
                    0.03
                };
                sum += weight * fits;
                sum
            });
            weighed.collect()
        };
        Self(entries.iter().map(sums).collect())
    }
    fn draw(&self, entry: usize, luck: &mut Luck) -> usize {
        let sums = &self.0[entry];
        let wanted = luck.unit() * sums.last().copied().unwrap_or_default();
        sums.partition_point(|sum| *sum <= wanted)
            .min(sums.len() - 1)
    }
}

/// How much is reported on a date compared with a plain working day.
fn rhythm(calendar: &Calendar, date: Date) -> f64 {
    let is_off = |date: Date| !calendar.is_workday(date);
    let yesterday = date.yesterday().unwrap_or(date);
    let weekend = date.weekday().to_monday_one_offset() > 5;
    let base = match (is_off(date), weekend) {
        (true, true) => 0.62,
        // A public holiday on a weekday.
        (true, false) => 0.42,
        (false, _) if is_off(yesterday) => 1.18,
        (false, _) => 1.0,
    };
    // Summer is busier than winter.
    let season = libm::cos((f64::from(date.day_of_year()) - 200.0) / 365.0 * std::f64::consts::TAU);
    base * (1.0 + 0.08 * season)
}

fn is_public_holiday(calendar: &Calendar, date: Date) -> bool {
    !calendar.is_workday(date) && date.weekday().to_monday_one_offset() <= 5
}

/// The everyday reports.
fn everyday(
    ground: &Ground<'_>,
    entries: &[&Entry],
    places: &Places,
    cases: usize,
    luck: &mut Luck,
) -> Result<Vec<Draft>, SampleError> {
    let today = ground.tz.to_datetime(ground.now);
    let first = today.date().checked_sub(DAYS.days())?;
    let mut days = Vec::new();
    let (mut date, mut was_holiday) = (first, false);
    while date <= today.date() {
        let wet = if (5..=9).contains(&date.month()) {
            0.26
        } else {
            0.14
        };
        let rain = luck.chance(wet);
        let mut weight =
            rhythm(ground.calendar, date) * luck.factor(0.07) * if rain { 1.12 } else { 1.0 };
        let holiday = is_public_holiday(ground.calendar, date);
        if was_holiday && ground.calendar.is_workday(date) {
            weight *= 1.12;
        }
        was_holiday = holiday;
        if date == today.date() {
            weight *= (f64::from(today.hour()) * 60.0 + f64::from(today.minute())) / 1440.0;
        }
        days.push((date, weight, rain));
        date = date.tomorrow()?;
    }
    let total: f64 = days.iter().map(|d| d.1).sum();
    let (mut drafts, mut owed) = (Vec::with_capacity(cases), 0.0);
    for (date, weight, rain) in days {
        owed += weight / total * cases as f64;
        // What is owed after rounding goes over to the next day, so that the sum is kept.
        while owed >= 0.5 && drafts.len() < cases {
            owed -= 1.0;
            let weights: Vec<f64> = entries
                .iter()
                .map(|e| e.weight * if e.rain && rain { 5.0 } else { 1.0 })
                .collect();
            let entry = luck.weighted(&weights);
            let suited: Vec<f64> = Channel::ALL
                .iter()
                .map(|c| {
                    if c.suits(entries[entry]) {
                        c.share()
                    } else {
                        0.0
                    }
                })
                .collect();
            let channel = Channel::ALL[luck.weighted(&suited)];
            let at = moment(ground, date, channel, luck)?;
            let (seen, spot) = (
                luck.below(entries[entry].seen.len()),
                places.draw(entry, luck),
            );
            drafts.push(Draft {
                at,
                channel,
                entry,
                seen,
                spot,
                until: None,
                may_repeat: true,
            });
        }
    }
    Ok(drafts)
}

/// A moment of a date when a channel is in use, not after now.
fn moment(
    ground: &Ground<'_>,
    date: Date,
    channel: Channel,
    luck: &mut Luck,
) -> Result<Timestamp, SampleError> {
    let today = ground.tz.to_datetime(ground.now).date();
    for _ in 0..64 {
        let hour = luck.weighted(channel.hours());
        let second = hour * 3600 + luck.below(3600);
        let at = ground
            .tz
            .to_timestamp(date.to_datetime(jiff::civil::Time::midnight()))?
            + seconds(second as f64);
        if date < today || at <= ground.now {
            return Ok(at);
        }
    }
    // Early in the day a channel may not have opened yet: what there is came just before now.
    Ok(ground.now - seconds(luck.between(30.0, 600.0).round()))
}

fn seconds(n: f64) -> SignedDuration {
    SignedDuration::from_secs(n as i64)
}

/// Reports whose lives stand in a wanted state today, so that every desk has something to do.
fn wanted(
    ground: &Ground<'_>,
    entries: &[&Entry],
    places: &Places,
    luck: &mut Luck,
) -> Result<Vec<Draft>, SampleError> {
    // State, and from how many to how many hours ago it was reported.
    const STATES: [(State, f64, f64); 17] = [
        (State::PendingVerify, 0.2, 14.0),
        (State::PendingAccept, 0.3, 12.0),
        (State::PendingRegister, 1.0, 20.0),
        (State::PendingDispatch, 2.0, 28.0),
        (State::PendingSign, 8.0, 60.0),
        (State::Handling, 12.0, 90.0),
        (State::PendingCheck, 14.0, 40.0),
        (State::PendingClose, 16.0, 70.0),
        (State::SelfHandledAudit, 0.3, 16.0),
        (State::Coordinating, 60.0, 200.0),
        (State::NotAccepted, 60.0, 2000.0),
        (State::NotRegistered, 60.0, 2000.0),
        (State::Voided, 60.0, 2000.0),
        (State::SelfHandled, 60.0, 2000.0),
        (State::Suspended, 100.0, 400.0),
        (State::Waiting, 60.0, 110.0),
        (State::AnsweredDirectly, 60.0, 2000.0),
    ];
    let each = (ground.cases / 1600).max(3);
    let mut drafts = Vec::new();
    for (state, from, to) in STATES {
        for n in 0..each {
            let is_urgent = |e: &Entry| e.conditions.iter().all(|c| c.1.contains('U'));
            let fits = |e: &Entry, channel: Channel| {
                channel.suits(e)
                    && match state {
                        State::SelfHandledAudit | State::SelfHandled => e.light,
                        // Units handle these at any hour, so that the life comes so far on any date.
                        State::PendingCheck | State::PendingClose => is_urgent(e),
                        State::PendingVerify => !classes::is_at_once(e.code),
                        // A tip-off is not answered away at the desk.
                        State::AnsweredDirectly => !classes::is_confidential(e.code),
                        _ => true,
                    }
            };
            let channel = match state {
                State::SelfHandledAudit | State::SelfHandled => Channel::Patrol,
                // Only who can be reached can be asked.
                State::PendingVerify
                | State::NotAccepted
                | State::Waiting
                | State::AnsweredDirectly => Channel::Hotline,
                _ if n % 3 == 0 => Channel::Web,
                _ => Channel::Patrol,
            };
            let weights: Vec<f64> = entries
                .iter()
                .map(|e| if fits(e, channel) { e.weight } else { 0.0 })
                .collect();
            let entry = luck.weighted(&weights);
            // The demo collector looks after the first community.
            let first = ground
                .land
                .spots
                .partition_point(|s| s.grid.community() == ground.land.spots[0].grid.community());
            let is_task = matches!(state, State::PendingVerify | State::PendingCheck);
            let spot = if is_task && n < 2 {
                luck.below(first)
            } else {
                places.draw(entry, luck)
            };
            let at = ground.now - seconds((luck.between(from, to) * 3600.0).round());
            let seen = luck.below(entries[entry].seen.len());
            drafts.push(Draft {
                at,
                channel,
                entry,
                seen,
                spot,
                until: Some(state),
                may_repeat: false,
            });
        }
    }
    Ok(drafts)
}

/// Failures of the water supply in a few neighbouring unit grids within four days, about three weeks ago.
fn burst(
    ground: &Ground<'_>,
    entries: &[&Entry],
    luck: &mut Luck,
) -> Result<(Burst, Vec<Draft>), SampleError> {
    let spots = &ground.land.spots;
    let is_home = |at: &usize| spots[*at].ground == crate::land::Ground::Homes;
    let inland: Vec<usize> = (0..spots.len())
        .filter(is_home)
        .filter(|at| spots[*at].neighbours.iter().filter(|n| is_home(n)).count() >= 4)
        .collect();
    let middle = *luck.pick(&inland);
    let mut around = vec![middle];
    around.extend(
        spots[middle]
            .neighbours
            .iter()
            .copied()
            .filter(is_home)
            .take(4),
    );
    let from = ground
        .tz
        .to_datetime(ground.now)
        .date()
        .checked_sub(22.days())?;
    let incidents = (ground.cases / 550).clamp(14, 40);
    let kinds: Vec<usize> = ["E0501", "E0501", "E0594", "E0594", "C0193"]
        .iter()
        .filter_map(|code| entries.iter().position(|e| e.code == *code))
        .collect();
    let mut drafts = Vec::with_capacity(incidents);
    for n in 0..incidents {
        // Most on the second and third day.
        let day = luck.weighted(&[2.0, 4.0, 4.0, 1.5]) as i64;
        let channel = *luck.pick(&[Channel::Hotline, Channel::Hotline, Channel::Web]);
        let at = moment(ground, from.checked_add(day.days())?, channel, luck)?;
        let entry = *luck.pick(&kinds);
        let seen = luck.below(entries[entry].seen.len());
        drafts.push(Draft {
            at,
            channel,
            entry,
            seen,
            spot: around[n % around.len()],
            until: None,
            may_repeat: false,
        });
    }
    let to = from.checked_add(3.days())?;
    Ok((
        Burst {
            spots: around,
            from,
            to,
            incidents,
        },
        drafts,
    ))
}

/// Gives numbers in order of time, and lets some reports repeat one made shortly before.
fn number(
    ground: &Ground<'_>,
    drafts: Vec<Draft>,
    luck: &mut Luck,
) -> Result<Vec<Plan>, SampleError> {
    let mut next: BTreeMap<(kernel::DistrictCode, Date), u32> = BTreeMap::new();
    let mut plans: Vec<Plan> = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let Draft {
            at,
            channel,
            entry,
            seen,
            spot,
            until,
            may_repeat,
        } = draft;
        let mut plan = Plan {
            number: CaseNumber::new(
                ground.land.spots[spot].grid.district(),
                ground.tz.to_datetime(at).date(),
                1,
            )?,
            at,
            channel,
            entry,
            seen,
            spot,
            point: ground.land.point_in(spot, luck),
            duplicate_of: None,
            until,
            in_english: matches!(channel, Channel::Web | Channel::Open311) && luck.chance(0.05),
        };
        if may_repeat && channel.is_public() && luck.chance(0.1) {
            let since = at - SignedDuration::from_hours(24);
            let recent = plans.partition_point(|p| p.at < since)..plans.len();
            let original = (!recent.is_empty()).then(|| recent.start + luck.below(recent.len()));
            // A duplicate repeats an original, and a wanted state is not disturbed.
            if let Some(at) = original
                .filter(|at| plans[*at].duplicate_of.is_none() && plans[*at].until.is_none())
            {
                let first = &plans[at];
                (plan.entry, plan.seen, plan.spot, plan.point) =
                    (first.entry, first.seen, first.spot, first.point);
                plan.duplicate_of = Some(at);
            }
        }
        let district = ground.land.spots[plan.spot].grid.district();
        let day = ground.tz.to_datetime(at).date();
        let sequence = next
            .entry((district, day))
            .and_modify(|n| *n += 1)
            .or_insert(1);
        plan.number = CaseNumber::new(district, day, *sequence)?;
        plans.push(plan);
    }
    Ok(plans)
}
