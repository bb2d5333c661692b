//! Hot topics: messages about one matter in other words, grouped by words, place and time.
//!
//! A message is a vector of its rarest pairs of letters (TF-IDF), which do not depend on where a dictionary
//! cuts unknown names; a topic is the sum of its messages and is named by words. In order of
//! time each message joins the topic it is most alike, if alike enough; likeness fades with the days
//! since the topic was last heard of and with the distance from it. Then topics that turned out alike
//! are joined, and every message is looked at once more. Single-pass clustering with a fading window is
//! the classic of topic detection (Allan, Papka, Lavrenko, *On-line New Event Detection and Tracking*,
//! SIGIR 1998).
//!
//! A topic is about a matter, never about a person: a word names a topic only when several messages use it.

use super::duplicates::{Place, metres_between};
use super::grams::{damped, to_unit_length};
use super::segment::{bounded, fold, is_stop_word, looks_like_a_name, words};
use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A message for grouping. Nothing about who wrote it.
#[derive(Clone, Copy, Debug)]
pub struct Post<'a> {
    /// Title and text.
    pub text: &'a str,
    /// Its place, where one is known.
    pub place: Option<Place>,
    /// When it came in.
    pub time: Timestamp,
}

/// What makes a topic.
#[derive(Clone, Copy, Debug)]
pub struct TopicOptions {
    /// Likeness (cosine, 0 to 1) from which a message joins a topic.
    pub likeness: f64,
    /// Fewer messages are no topic.
    pub least_messages: usize,
    /// Days of silence after which likeness counts only 1/e.
    pub fading_days: f64,
    /// Distance from a topic's centre in metres at which likeness counts only 1/e.
    pub fading_m: f64,
}

impl Default for TopicOptions {
    fn default() -> Self {
        Self {
            likeness: 0.18,
            least_messages: 5,
            fading_days: 90.0,
            fading_m: 5_000.0,
        }
    }
}

/// A matter that many messages are about.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Topic {
    /// Its strongest words, for people.
    pub name: String,
    /// Its words, the strongest first.
    pub terms: Vec<String>,
    /// Its messages, by their place in the list, in order of time.
    pub messages: Vec<usize>,
    /// Number of different texts among them: one text sent a hundred times is one.
    pub different_texts: usize,
    /// Messages a day, from the first to the last, days without any included.
    pub curve: Vec<(Date, u32)>,
    /// Middle of the known places.
    pub centre: Option<Place>,
}

/// Pairs of letters kept of a message: its rarest.
const MOST_TERMS: usize = 100;
/// A word in more messages than this part of all (and never more than the bound) tells no matter from another.
const COMMON_SHARE: f64 = 0.05;
const COMMON_MOST: usize = 1_000;
/// Terms that name a topic, and terms listed.
const NAME_TERMS: usize = 4;
const LISTED_TERMS: usize = 12;
/// A word names a topic only if this part of its messages and at least this many use it.
const NAMING_SHARE: f64 = 0.25;
const NAMING_LEAST: usize = 3;

type Vector = Vec<(u32, f32)>;

/// Groups messages into topics, the one with the most messages first. Days are those of `zone`.
pub fn topics(posts: &[Post<'_>], zone: &TimeZone, options: &TopicOptions) -> Vec<Topic> {
    let (vectors, terms) = vectorise(posts);
    let mut order: Vec<usize> = (0..posts.len()).collect();
    order.sort_by_key(|i| (posts[*i].time, *i));
    let mut groups = Groups::new(terms);
    for i in &order {
        groups.place(*i, &posts[*i], &vectors[*i], options);
    }
    // Second look: the first messages of a topic were placed before it had a shape.
    let mut again = groups.joined(options, &vectors, posts, terms);
    let loose: Vec<usize> = order.into_iter().filter(|i| !again.holds(*i)).collect();
    for i in loose {
        again.place(i, &posts[i], &vectors[i], options);
    }
    let mut groups = again.joined(options, &vectors, posts, terms).groups;
    groups.retain(|g| g.members.len() >= options.least_messages.max(1));
    let worded: Vec<Counted> = posts.par_iter().map(|p| count_words(p.text)).collect();
    let rarity = rarities(&worded);
    let mut out: Vec<Topic> = groups
        .iter()
        .map(|g| describe(g, posts, &worded, &rarity, zone))
        .collect();
    out.sort_by(|a, b| {
        b.messages
            .len()
            .cmp(&a.messages.len())
            .then(a.messages.cmp(&b.messages))
    });
    out
}

/// How often each term occurs in one message.
type Counted = BTreeMap<String, u16>;

/// Each message as weights of its rarest pairs of letters, and the number of different pairs.
fn vectorise(posts: &[Post<'_>]) -> (Vec<Vector>, usize) {
    let counted: Vec<Counted> = posts.par_iter().map(|p| count_pairs(p.text)).collect();
    let rarity = rarities(&counted);
    let place: HashMap<&str, (u32, f32)> = rarity
        .iter()
        .enumerate()
        .map(|(i, (pair, r))| (*pair, (i as u32, *r)))
        .collect();
    let vectors = counted
        .par_iter()
        .map(|pairs| {
            let known = pairs.iter().filter_map(|(pair, n)| {
                place.get(pair.as_str()).map(|(i, r)| (*i, damped(*n) * r))
            });
            let mut vector: Vector = known.collect();
            vector.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            vector.truncate(MOST_TERMS);
            to_unit_length(&mut vector);
            vector
        })
        .collect();
    (vectors, rarity.len())
}

/// The rarity (inverse document frequency) of every term that is neither in one message only nor common.
fn rarities(counted: &[Counted]) -> BTreeMap<&str, f32> {
    let mut frequency: BTreeMap<&str, usize> = BTreeMap::new();
    for term in counted.iter().flat_map(BTreeMap::keys) {
        *frequency.entry(term).or_default() += 1;
    }
    let common = ((counted.len() as f64 * COMMON_SHARE) as usize).clamp(20, COMMON_MOST);
    frequency.retain(|_, n| (2..=common).contains(n));
    frequency
        .into_iter()
        .map(|(term, n)| (term, libm::log(counted.len() as f64 / n as f64) as f32))
        .collect()
}

fn count(out: &mut Counted, term: String) {
    let count = out.entry(term).or_default();
    *count = count.saturating_add(1);
}

/// Letters side by side, not over blanks and punctuation, and not two digits.
fn count_pairs(text: &str) -> Counted {
    let mut out = Counted::new();
    let mut last: Option<char> = None;
    for c in bounded(text).chars().map(fold) {
        if let (Some(a), Some(b)) = (last, c)
            && !(a.is_numeric() && b.is_numeric())
        {
            count(&mut out, [a, b].iter().collect());
        }
        last = c;
    }
    out
}

/// Words of two letters or more that are no bare number.
fn count_words(text: &str) -> Counted {
    let mut out = Counted::new();
    for word in words(text, true) {
        let term: String = word.of(text).chars().filter_map(fold).collect();
        // 某 stands where a name was masked: a topic is never named by a person.
        if term.chars().nth(1).is_some()
            && !term.contains('某')
            && !term.chars().all(|c| c.is_numeric())
        {
            count(&mut out, term);
        }
    }
    out
}

#[derive(Clone, Debug, Default)]
struct Group {
    members: Vec<usize>,
    sum: HashMap<u32, f64>,
    squared: f64,
    /// Time of the first and the last message.
    span: Option<(Timestamp, Timestamp)>,
    place: Option<(Place, f64)>,
}

impl Group {
    fn add(&mut self, i: usize, post: &Post<'_>, vector: &Vector) {
        for (term, value) in vector {
            let value = f64::from(*value);
            let at = self.sum.entry(*term).or_default();
            self.squared += value * (2.0 * *at + value);
            *at += value;
        }
        let (first, last) = self.span.unwrap_or((post.time, post.time));
        self.span = Some((first.min(post.time), last.max(post.time)));
        self.members.push(i);
        if let Some(p) = post.place {
            let (middle, n) = self.place.unwrap_or((p, 0.0));
            let moved = |from: f64, to: f64| from + (to - from) / (n + 1.0);
            self.place = Some((
                Place {
                    lon: moved(middle.lon, p.lon),
                    lat: moved(middle.lat, p.lat),
                },
                n + 1.0,
            ));
        }
    }

    /// What is left of likeness over the days between the messages of the group and something that
    /// happened within `span`, and over the distance to `place`.
    fn fading(
        &self,
        place: Option<Place>,
        span: (Timestamp, Timestamp),
        options: &TopicOptions,
    ) -> f64 {
        let seconds = self.span.map_or(0, |(first, last)| {
            let (after, before) = (
                span.0.as_second() - last.as_second(),
                first.as_second() - span.1.as_second(),
            );
            after.max(before).max(0)
        });
        let metres = self
            .place
            .zip(place)
            .map_or(0.0, |((centre, _), p)| metres_between(centre, p));
        libm::exp(-(seconds as f64) / 86_400.0 / options.fading_days - metres / options.fading_m)
    }
}

/// Groups and, for every term, the groups that hold it.
struct Groups {
    groups: Vec<Group>,
    with_term: Vec<Vec<u32>>,
    placed: BTreeSet<usize>,
}

impl Groups {
    fn new(terms: usize) -> Self {
        Self {
            groups: Vec::new(),
            with_term: vec![Vec::new(); terms],
            placed: BTreeSet::new(),
        }
    }

    fn holds(&self, i: usize) -> bool {
        self.placed.contains(&i)
    }

    /// Puts a message into the group it is most alike, or into a new one.
    fn place(&mut self, i: usize, post: &Post<'_>, vector: &Vector, options: &TopicOptions) {
        if vector.is_empty() {
            return;
        }
        let group = self
            .nearest(post.place, (post.time, post.time), vector, options)
            .unwrap_or_else(|| {
                self.groups.push(Group::default());
                self.groups.len() - 1
            });
        self.add(group, i, post, vector);
    }

    fn add(&mut self, group: usize, i: usize, post: &Post<'_>, vector: &Vector) {
        for (term, _) in vector {
            if !self.groups[group].sum.contains_key(term) {
                self.with_term[*term as usize].push(group as u32);
            }
        }
        self.groups[group].add(i, post, vector);
        self.placed.insert(i);
    }

    fn nearest(
        &self,
        place: Option<Place>,
        span: (Timestamp, Timestamp),
        vector: &Vector,
        options: &TopicOptions,
    ) -> Option<usize> {
        let mut products: BTreeMap<u32, f64> = BTreeMap::new();
        for (term, value) in vector {
            for group in &self.with_term[*term as usize] {
                let held = self.groups[*group as usize].sum[term];
                *products.entry(*group).or_default() += f64::from(*value) * held;
            }
        }
        let mut best: Option<(usize, f64)> = None;
        for (group, product) in products {
            let candidate = &self.groups[group as usize];
            let cosine = product / candidate.squared.sqrt();
            if cosine < options.likeness || best.is_some_and(|(_, b)| b >= cosine) {
                continue;
            }
            let likeness = cosine * candidate.fading(place, span, options);
            if likeness >= options.likeness && best.is_none_or(|(_, b)| likeness > b) {
                best = Some((group as usize, likeness));
            }
        }
        best.map(|(group, _)| group)
    }

    /// Joins groups that are alike, larger ones first; what stayed alone is let loose.
    fn joined(
        self,
        options: &TopicOptions,
        vectors: &[Vector],
        posts: &[Post<'_>],
        terms: usize,
    ) -> Self {
        let mut groups = self.groups;
        groups.retain(|g| g.members.len() > 1);
        groups.sort_by(|a, b| {
            b.members
                .len()
                .cmp(&a.members.len())
                .then(a.members.cmp(&b.members))
        });
        let mut out = Self::new(terms);
        for group in groups {
            // A group looks for its like as one message would: by its own direction, place and last day.
            let length = group.squared.sqrt();
            let mut direction: Vector = group
                .sum
                .iter()
                .map(|(term, value)| (*term, (value / length) as f32))
                .collect();
            direction.sort_unstable_by_key(|(term, _)| *term);
            let Some(span) = group.span else { continue };
            let place = group.place.map(|(p, _)| p);
            let stricter = TopicOptions {
                likeness: (options.likeness * JOIN_FACTOR).min(0.9),
                ..*options
            };
            let target = out
                .nearest(place, span, &direction, &stricter)
                .unwrap_or_else(|| {
                    out.groups.push(Group::default());
                    out.groups.len() - 1
                });
            for i in group.members {
                out.add(target, i, &posts[i], &vectors[i]);
            }
        }
        out
    }
}

/// Groups are compared by many messages, whose chance differences cancel: they must be more alike than
/// a single message must be.
const JOIN_FACTOR: f64 = 1.8;

fn describe(
    group: &Group,
    posts: &[Post<'_>],
    worded: &[Counted],
    rarity: &BTreeMap<&str, f32>,
    zone: &TimeZone,
) -> Topic {
    let mut messages = group.members.clone();
    messages.sort_by_key(|i| (posts[*i].time, *i));
    let mut users: BTreeMap<&str, usize> = BTreeMap::new();
    for term in messages.iter().flat_map(|i| worded[*i].keys()) {
        *users.entry(term).or_default() += 1;
    }
    let enough = NAMING_LEAST.max((messages.len() as f64 * NAMING_SHARE).ceil() as usize);
    let mut strongest: Vec<(&str, f32)> = users
        .iter()
        .filter(|(_, n)| **n >= enough)
        .filter_map(|(term, n)| Some((*term, *n as f32 * rarity.get(term)?)))
        // Whoever many messages name: the topic is the matter, not the person.
        .filter(|(term, _)| !looks_like_a_name(term) && !is_stop_word(term))
        .collect();
    strongest.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    let listed: Vec<String> = strongest
        .iter()
        .take(LISTED_TERMS)
        .map(|(term, _)| (*term).to_owned())
        .collect();
    let mut days: BTreeMap<Date, u32> = BTreeMap::new();
    for i in &messages {
        *days
            .entry(zone.to_datetime(posts[*i].time).date())
            .or_default() += 1;
    }
    let different: BTreeSet<String> = messages
        .iter()
        .map(|i| posts[*i].text.chars().filter_map(fold).collect())
        .collect();
    Topic {
        name: listed
            .iter()
            .take(NAME_TERMS)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(" "),
        terms: listed,
        different_texts: different.len(),
        curve: filled(&days),
        centre: group.place.map(|(p, _)| p),
        messages,
    }
}

/// Every day from the first to the last.
fn filled(days: &BTreeMap<Date, u32>) -> Vec<(Date, u32)> {
    let (Some((first, _)), Some((last, _))) = (days.first_key_value(), days.last_key_value())
    else {
        return Vec::new();
    };
    let every = first
        .series(jiff::Span::new().days(1))
        .take_while(|day| day <= last);
    every
        .map(|day| (day, days.get(&day).copied().unwrap_or(0)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(text: &'static str, day: i64, place: Option<Place>) -> Post<'static> {
        Post {
            text,
            place,
            time: Timestamp::from_second(1_560_000_000 + day * 86_400).expect("in range"),
        }
    }

    const MIXER: [&str; 6] = [
        "丽发新城旁边的搅拌站噪音扰民",
        "投诉丽发新城附近违建搅拌站，粉尘污染",
        "搅拌站夜间施工，丽发新城居民无法休息",
        "丽发新城小区门口建搅拌站，灰尘太大",
        "请关停丽发新城边上的搅拌站",
        "丽发新城的搅拌站，什么时候搬走",
    ];
    const PARKING: [&str; 5] = [
        "滨河苑捆绑销售车位",
        "开发商强制捆绑销售滨河苑车位",
        "滨河苑购房必须买车位，捆绑销售合理吗",
        "反映滨河苑车位捆绑销售",
        "滨河苑职工购房被捆绑车位",
    ];
    const OTHERS: [&str; 4] = [
        "咨询公积金提取",
        "公交线路调整建议",
        "学校食堂饭菜",
        "申请低保需要什么材料",
    ];

    #[test]
    fn a_person_whom_all_name_names_no_topic() {
        let texts = [
            "丽发新城的搅拌站老板张晓凡不管噪音",
            "张晓凡的搅拌站夜间施工，丽发新城居民无法休息",
            "请关停张晓凡在丽发新城边上的搅拌站",
            "搅拌站粉尘污染丽发新城，张晓凡不理",
            "丽发新城搅拌站噪音大，张晓凡什么时候搬走",
            "丽发新城附近张晓凡违建搅拌站",
        ];
        let mut posts: Vec<Post<'static>> = texts
            .iter()
            .enumerate()
            .map(|(i, text)| post(text, i as i64, None))
            .collect();
        posts.extend(
            OTHERS
                .iter()
                .enumerate()
                .map(|(i, text)| post(text, i as i64, None)),
        );
        let found = topics(&posts, &TimeZone::UTC, &TopicOptions::default());
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].terms.iter().any(|t| t.contains("搅拌")),
            "{:?}",
            found[0].terms
        );
        assert!(
            !found[0].terms.iter().any(|t| t.contains("张晓")),
            "{:?}",
            found[0].terms
        );
    }

    fn sample(place: impl Fn(usize) -> Option<Place>) -> Vec<Post<'static>> {
        let mut out = Vec::new();
        for (i, text) in MIXER.iter().enumerate() {
            out.push(post(text, 2 * i as i64, place(i)));
        }
        out.extend(PARKING.iter().map(|text| post(text, 30, None)));
        out.extend(
            OTHERS
                .iter()
                .enumerate()
                .map(|(i, text)| post(text, i as i64, None)),
        );
        out
    }

    #[test]
    fn a_topic_is_named_by_its_matter_and_not_by_words_of_grammar() {
        const NOISE: [&str; 6] = [
            "The concrete mixer at Lifa keeps us awake with the noise",
            "There is noise from the concrete mixer of Lifa again",
            "Please stop the concrete mixer near Lifa, the noise is terrible",
            "Why is the concrete mixer at Lifa running at night? The noise!",
            "Noise and dust of the concrete mixer beside Lifa",
            "The mixer at Lifa: noise, dust, concrete all over the road",
        ];
        let mut posts: Vec<Post<'static>> =
            (0..).zip(NOISE).map(|(i, t)| post(t, i, None)).collect();
        posts.extend((0..).zip(OTHERS).map(|(i, t)| post(t, i, None)));
        let found = topics(&posts, &TimeZone::UTC, &TopicOptions::default());
        assert_eq!(found.len(), 1, "{found:?}");
        let terms = &found[0].terms;
        assert!(
            ["mixer", "noise", "concrete", "lifa"]
                .iter()
                .all(|word| terms.iter().any(|t| t == word)),
            "{terms:?}"
        );
        assert!(
            !terms.iter().any(|t| is_stop_word(t)) && !found[0].name.contains("the"),
            "{terms:?}"
        );
    }

    #[test]
    fn messages_about_one_matter_are_one_topic() {
        let found = topics(&sample(|_| None), &TimeZone::UTC, &TopicOptions::default());
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(
            (&found[0].messages[..], &found[1].messages[..]),
            (&[0, 1, 2, 3, 4, 5][..], &[6, 7, 8, 9, 10][..])
        );
        assert!(found[0].name.contains("搅拌站"), "{}", found[0].name);
        assert!(
            found[1].name.contains("车位") && found[1].name.contains("捆绑"),
            "{}",
            found[1].name
        );
        assert_eq!(found[1].different_texts, 5);
    }

    #[test]
    fn the_curve_counts_every_day_in_the_zone_given() {
        let zone = TimeZone::get("Asia/Shanghai").expect("bundled");
        let found = topics(&sample(|_| None), &zone, &TopicOptions::default());
        let curve = &found[0].curve;
        assert_eq!(
            (curve.len(), curve.iter().map(|(_, n)| n).sum::<u32>()),
            (11, 6)
        );
        assert!(
            curve
                .iter()
                .enumerate()
                .all(|(i, (_, n))| *n == u32::from(i % 2 == 0))
        );
        // 1 560 000 000 s is 2019-06-08 13:20 UTC, 21:20 in Shanghai.
        assert_eq!(curve[0].0, jiff::civil::date(2019, 6, 8));
    }

    #[test]
    fn the_same_words_far_apart_or_long_after_are_another_topic() {
        let here = Place {
            lon: 112.9,
            lat: 28.2,
        };
        let there = Place {
            lon: 113.9,
            lat: 28.2,
        };
        let options = TopicOptions {
            least_messages: 2,
            ..TopicOptions::default()
        };
        let together = topics(&sample(|_| Some(here)), &TimeZone::UTC, &options);
        assert_eq!(together[0].messages.len(), 6);
        assert!(
            together[0]
                .centre
                .is_some_and(|c| metres_between(c, here) < 1.0)
        );
        let apart = topics(
            &sample(|i| Some(if i < 3 { here } else { there })),
            &TimeZone::UTC,
            &options,
        );
        assert!(
            apart
                .iter()
                .all(|t| !(t.messages.contains(&0) && t.messages.contains(&5)))
        );
        let mut posts = sample(|_| None);
        for post in &mut posts[3..6] {
            post.time += jiff::SignedDuration::from_hours(24 * 900);
        }
        let later = topics(&posts, &TimeZone::UTC, &options);
        assert!(
            later
                .iter()
                .all(|t| !(t.messages.contains(&0) && t.messages.contains(&5)))
        );
    }

    #[test]
    fn copies_are_counted_apart_from_texts_and_nothing_gives_nothing() {
        let mut posts = sample(|_| None);
        posts.extend([post("请关停丽发新城边上的搅拌站！", 3, None); 3]);
        let found = topics(&posts, &TimeZone::UTC, &TopicOptions::default());
        // Four messages of the topic are one text.
        assert_eq!(found[0].messages.len() - found[0].different_texts, 3);
        assert!((15..18).all(|copy| found[0].messages.contains(&copy)));
        assert_eq!(topics(&[], &TimeZone::UTC, &TopicOptions::default()), []);
        assert_eq!(
            topics(
                &[post("", 0, None); 9],
                &TimeZone::UTC,
                &TopicOptions::default()
            ),
            []
        );
    }

    #[test]
    fn neither_a_word_of_one_message_nor_a_masked_name_names_a_topic() {
        let mut posts = sample(|_| None);
        for post in &mut posts[1..5] {
            post.text = "毛某强占，丽发新城的搅拌站噪音";
        }
        posts[0].text = "欧阳建国 欧阳建国 欧阳建国 投诉丽发新城旁边的搅拌站噪音扰民";
        let found = topics(&posts, &TimeZone::UTC, &TopicOptions::default());
        assert!(
            found.iter().all(|t| t
                .terms
                .iter()
                .all(|term| !term.contains("欧阳") && !term.contains('某'))),
            "{found:?}"
        );
    }
}
