//! A map beside a list: where things are, shaded by rate, with points, or to set a place.
//!
//! The page always has the list; the map is drawn by the island `map.js` when it comes into view, and is left out where
//! the islands were not built or scripts are off. Everything it asks comes from this program: its tiles, its worker. What
//! has no data is hatched, never shown as zero, and every shade tells its n.

use crate::assets;
use crate::format::group_digits;
use crate::html::Html;
use crate::light;
use crate::view::Ui;
use askama::Template;
use kernel::deadline::Light;
use serde::Serialize;
use std::collections::BTreeMap;

/// How many shades a scale has.
pub const SHADES: usize = 5;

/// A map of somebody else below ours: pictures in the Web Mercator scheme, WGS 84 or CGCS2000. None unless a deployment
/// names one, because the reader's browser then asks that host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BaseMap {
    /// The address with `{z}`, `{x}` and `{y}` left open.
    pub url: String,
    /// Whose it is, shown on the map.
    pub attribution: String,
    /// Scheme and host, as a content security policy names them.
    #[serde(skip)]
    pub origin: String,
}

impl BaseMap {
    /// A base map by its address.
    ///
    /// # Errors
    /// What is wrong with the address: it must be http(s), name its host plainly and leave `{z}`, `{x}` and `{y}` open.
    pub fn new(url: &str, attribution: &str) -> Result<Self, String> {
        let rest = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"))
            .ok_or_else(|| format!("{url:?} does not begin with https:// or http://"))?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        // The host goes into a header: nothing that could end its part of the policy.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
        if host.is_empty() || !host.chars().all(is_plain) {
            return Err(format!("{host:?} is not a plain host name"));
        }
        for part in ["{z}", "{x}", "{y}"] {
            if !path.contains(part) {
                return Err(format!("the address has no {part} after its host"));
            }
        }
        let origin = &url[..url.len() - rest.len() + host.len()];
        Ok(Self {
            url: url.to_owned(),
            attribution: attribution.to_owned(),
            origin: origin.to_owned(),
        })
    }
}

/// A set of vector tiles of this program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MapTiles {
    /// Its name: `divisions` or `grids`, areas; `cases`, circles with their numbers.
    pub set: &'static str,
    /// Its address with `{z}`, `{x}` and `{y}` left open.
    pub url: String,
    /// The first zoom with anything to show.
    pub from: u8,
    /// The deepest zoom with tiles of its own.
    pub to: u8,
}

/// A place of a [`Shading`] with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Shade {
    /// The code of the division or the unit grid.
    pub code: String,
    /// What decides its shade; none = not known, or of too few to say: hatched.
    pub value: Option<f64>,
    /// What is told when it is pointed at: its name, the value with its n.
    pub text: String,
    /// Where a press leads; may be empty.
    pub href: String,
}

impl Shade {
    /// A rate with its n. Below `least` cases there is no shade: few cases say little, and may be one family.
    #[must_use]
    pub fn rate(
        ui: &Ui,
        code: impl Into<String>,
        name: &str,
        numerator: u64,
        denominator: u64,
        least: u64,
    ) -> Self {
        let is_shown = denominator > 0 && denominator >= least;
        let value = is_shown.then(|| numerator as f64 / denominator as f64 * 100.0);
        let told = if is_shown {
            ui.rate_text(numerator, denominator)
        } else {
            ui.tn("ui-map-few", "n", denominator)
        };
        Self {
            code: code.into(),
            value,
            text: ui.t2("ui-map-shade", "name", name, "value", told),
            href: String::new(),
        }
    }

    /// The same with a place to go to.
    #[must_use]
    pub fn to(mut self, href: impl Into<String>) -> Self {
        self.href = href.into();
        self
    }
}

/// What the shades of a [`Shading`] mean.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Scale {
    /// From little to much.
    #[default]
    Sequence,
    /// Away from what is expected, to both sides; the middle is neutral.
    Around(f64),
    /// Observed over expected: a half is as far from 1 as the double.
    Ratio,
}

/// Borders of [`Scale::Ratio`], as far apart below 1 as above it.
const RATIOS: [f64; SHADES - 1] = [0.5, 0.8, 1.25, 2.0];

/// Places shaded by a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shading {
    /// Which tiles have the places: `divisions` or `grids`.
    pub set: &'static str,
    /// What the shades show, with its unit (按期结案率（%）).
    pub name: String,
    /// What they mean.
    pub scale: Scale,
    /// The places.
    pub places: Vec<Shade>,
}

/// A point, or many at one.
#[derive(Clone, Debug, PartialEq)]
pub struct MapPoint {
    /// Degrees east, WGS 84.
    pub lon: f64,
    /// Degrees north, WGS 84.
    pub lat: f64,
    /// How many it stands for.
    pub n: u64,
    /// Its light; none for a plain point.
    pub light: Option<Light>,
    /// What is told when it is pointed at.
    pub text: String,
    /// Where a press leads; may be empty.
    pub href: String,
}

/// A pin that sets two fields of the page by a press on the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Pin {
    /// The name of the field of the longitude.
    pub lon: &'static str,
    /// The name of the field of the latitude.
    pub lat: &'static str,
}

/// A map. Fill what it is to show; `grid::tiles::Tiles::map` makes one of the territory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map {
    /// What is shown.
    pub title: String,
    /// The box shown at first: west, south, east, north.
    pub bounds: Option<[f64; 4]>,
    /// The tiles drawn.
    pub tiles: Vec<MapTiles>,
    /// Places shaded by a value.
    pub shading: Option<Shading>,
    /// Codes of places drawn with a strong border: the cells of a finding, the division a page is about.
    pub marked: Vec<String>,
    /// Points; those that lie close together are shown as one with their number.
    pub points: Vec<MapPoint>,
    /// A pin that sets fields.
    pub pin: Option<Pin>,
}

/// A class of a scale in the legend.
#[derive(Debug, PartialEq)]
struct Class {
    /// The end of its colour's name: `seq-1`, `div-5`.
    colour: String,
    /// From and to, as read.
    text: String,
    /// How many places have it.
    n: usize,
}

/// The borders between the classes of a scale, [`SHADES`] - 1 of them, in readable steps.
fn breaks(scale: Scale, values: &[f64]) -> Vec<f64> {
    let (low, high) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
            (l.min(*v), h.max(*v))
        });
    if low > high {
        return Vec::new();
    }
    match scale {
        Scale::Sequence => {
            let step = readable((high - low) / SHADES as f64);
            // The highest step below the lowest value, but never so high that the top class would not hold the rest.
            let from = (low / step).floor() * step;
            (1..SHADES).map(|i| tidy(from + step * i as f64)).collect()
        }
        Scale::Ratio => RATIOS.to_vec(),
        Scale::Around(middle) => {
            // The neutral class is as wide as the others: 1.5 steps to each side are ±0.5 and ±1.5 of a step.
            let step = readable((high - middle).max(middle - low) / 2.5);
            [-1.5, -0.5, 0.5, 1.5]
                .map(|by| tidy(middle + by * step))
                .to_vec()
        }
    }
}

/// The least readable step (1, 2, 2.5, 5 × 10ⁿ) of at least `raw`.
fn readable(raw: f64) -> f64 {
    if raw.is_nan() || raw <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(raw.log10().floor());
    let factors = [1.0, 2.0, 2.5, 5.0, 10.0];
    let step = factors.into_iter().map(|factor| factor * power);
    step.into_iter()
        .find(|step| *step >= raw * 0.999_999)
        .unwrap_or(raw)
}

/// Without the dust of adding steps.
fn tidy(value: f64) -> f64 {
    format!("{value:.6}").parse().unwrap_or(value)
}

fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    group_digits(if text == "-0" { "0" } else { text })
}

/// Which class a value is in, from 0.
fn class_of(breaks: &[f64], value: f64) -> usize {
    breaks.iter().filter(|b| value >= **b).count()
}

/// What the island reads. Kept short: it stands in an attribute.
#[derive(Serialize)]
struct Plan<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    bounds: Option<[f64; 4]>,
    tiles: &'a [MapTiles],
    #[serde(skip_serializing_if = "Option::is_none")]
    shading: Option<PlanShading<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    marked: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    points: Vec<PlanPoint<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pin: Option<Pin>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<&'a BaseMap>,
    words: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct PlanShading<'a> {
    set: &'a str,
    colours: &'static str,
    places: BTreeMap<&'a str, PlanShade<'a>>,
}

#[derive(Serialize)]
struct PlanShade<'a> {
    /// The class from 1; none is hatched.
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<usize>,
    text: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    href: &'a str,
}

#[derive(Serialize)]
struct PlanPoint<'a> {
    lon: f64,
    lat: f64,
    n: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    light: &'static str,
    text: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    href: &'a str,
}

#[derive(Template)]
#[template(path = "ui/map.html")]
struct MapView<'a> {
    ui: &'a Ui,
    map: &'a Map,
    script: String,
    style: String,
    worker: String,
    plan: String,
    classes: Vec<Class>,
    /// How many places are hatched.
    unknown: usize,
    /// The lights that points have, for the legend.
    lights: Vec<Light>,
}

impl Map {
    /// The map in the reader's language; nothing where the island was not built.
    #[must_use]
    pub fn show(&self, ui: &Ui) -> Html {
        let asset = |name| assets::url(name);
        let (Some(script), Some(style), Some(worker)) =
            (asset("map.js"), asset("map.css"), asset("map-worker.js"))
        else {
            return Html::default();
        };
        let (classes, unknown, shading) = self.shaded();
        let mut lights: Vec<Light> = self.points.iter().filter_map(|p| p.light).collect();
        lights.sort_unstable_by_key(|light| light::name(*light));
        lights.dedup();
        let plan = Plan {
            bounds: self.bounds,
            tiles: &self.tiles,
            shading,
            marked: &self.marked,
            points: self.points.iter().map(plan_point).collect(),
            pin: self.pin,
            base: ui.site.base_map.as_ref(),
            words: self.words(ui),
        };
        let view = MapView {
            ui,
            map: self,
            script,
            style,
            worker,
            plan: serde_json::to_string(&plan).unwrap_or_default(),
            classes,
            unknown,
            lights,
        };
        // Rendering into a string fails only if a Display inside fails, and those here never do.
        view.render()
            .map_or_else(|_| Html::default(), Html::from_markup)
    }

    fn shaded(&self) -> (Vec<Class>, usize, Option<PlanShading<'_>>) {
        let Some(shading) = &self.shading else {
            return (Vec::new(), 0, None);
        };
        let value_of = |place: &Shade| place.value.filter(|v| v.is_finite());
        let values: Vec<f64> = shading.places.iter().filter_map(value_of).collect();
        let breaks = breaks(shading.scale, &values);
        let colours = match shading.scale {
            Scale::Sequence => "seq",
            Scale::Around(_) | Scale::Ratio => "div",
        };
        let classes = if values.is_empty() {
            Vec::new()
        } else {
            (0..SHADES)
                .map(|i| Class {
                    colour: format!("{colours}-{}", i + 1),
                    text: match (i.checked_sub(1).map(|i| breaks[i]), breaks.get(i)) {
                        (None, to) => format!("< {}", to.map_or(String::new(), |b| number(*b))),
                        (Some(from), None) => format!("≥ {}", number(from)),
                        (Some(from), Some(to)) => format!("{} – {}", number(from), number(*to)),
                    },
                    n: values
                        .iter()
                        .filter(|v| class_of(&breaks, **v) == i)
                        .count(),
                })
                .collect()
        };
        let unknown = shading.places.len() - values.len();
        let places = shading.places.iter().map(|place| {
            let shade = PlanShade {
                class: value_of(place).map(|v| class_of(&breaks, v) + 1),
                text: &place.text,
                href: &place.href,
            };
            (place.code.as_str(), shade)
        });
        let plan = PlanShading {
            set: shading.set,
            colours,
            places: places.collect(),
        };
        (classes, unknown, Some(plan))
    }

    // words: ui-map-word-*
    fn words(&self, ui: &Ui) -> BTreeMap<&'static str, String> {
        let everywhere = [
            "failed",
            "in",
            "out",
            "whole",
            "wheel",
            "wheel-mac",
            "touch",
        ];
        let for_pin: &[&str] = if self.pin.is_some() {
            &["me", "me-failed", "pin", "pin-key", "pinned-outside"]
        } else {
            &[]
        };
        let mut words: BTreeMap<&'static str, String> = everywhere
            .iter()
            .chain(for_pin)
            .map(|word| (*word, ui.t(&format!("ui-map-word-{word}"))))
            .collect();
        if self.pin.is_some() {
            // The island knows the place.
            words.insert("pinned", ui.tn("ui-map-word-pinned", "place", "{place}"));
        }
        if !self.points.is_empty() {
            words.insert("many", ui.tn("ui-map-word-many", "n", "{n}"));
        }
        words
    }
}

fn plan_point(point: &MapPoint) -> PlanPoint<'_> {
    PlanPoint {
        lon: point.lon,
        lat: point.lat,
        n: point.n,
        light: point.light.map_or("", light::name),
        text: &point.text,
        href: &point.href,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Lang, testing};
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn shading(values: &[Option<f64>], scale: Scale) -> Map {
        let place = |(i, value): (usize, &Option<f64>)| Shade {
            code: format!("{i:012}"),
            value: *value,
            text: format!("<b>{i}</b> \"n\""),
            href: String::new(),
        };
        Map {
            title: "按期结案率（%）".into(),
            shading: Some(Shading {
                set: "divisions",
                name: "按期结案率（%）".into(),
                scale,
                places: values.iter().enumerate().map(place).collect(),
            }),
            ..Map::default()
        }
    }

    #[test]
    fn classes_are_readable_and_hold_every_value() {
        let of = |values: &[f64]| breaks(Scale::Sequence, values);
        assert_eq!(of(&[81.3, 97.9]), [85.0, 90.0, 95.0, 100.0]);
        assert_eq!(of(&[0.0, 10.0]), [2.0, 4.0, 6.0, 8.0]);
        assert_eq!(of(&[5.0, 5.0]), [6.0, 7.0, 8.0, 9.0]);
        assert_eq!(of(&[]), [0.0; 0]);
        let around = breaks(Scale::Around(1.0), &[0.5, 2.6]);
        assert_eq!(around, [-0.5, 0.5, 1.5, 2.5]);
        assert_eq!(class_of(&around, 1.0), 2, "the middle is neutral");
        assert_eq!(class_of(&around, 2.6), 4);
        let ratio = breaks(Scale::Ratio, &[0.1, 1.0]);
        let classes = [0.4, 0.7, 1.0, 1.5, 2.0].map(|r| class_of(&ratio, r));
        assert_eq!(classes, [0, 1, 2, 3, 4]);
        assert!(
            ratio
                .iter()
                .zip(ratio.iter().rev())
                .all(|(a, b)| (a * b - 1.0).abs() < 1e-12)
        );
    }

    #[test]
    fn few_cases_have_no_shade_but_tell_their_number() {
        let ui = testing::sample_ui(Lang::En, Timestamp::UNIX_EPOCH);
        let few = Shade::rate(&ui, "1", "Haitang", 3, 9, 10);
        assert_eq!(few.value, None);
        assert!(few.text.contains('9') && !few.text.contains('%'), "{few:?}");
        let enough = Shade::rate(&ui, "1", "Haitang", 9, 10, 10);
        assert_eq!(enough.value, Some(90.0));
        assert!(enough.text.contains("9 / 10"), "{enough:?}");
        assert_eq!(Shade::rate(&ui, "1", "x", 0, 0, 0).value, None);
    }

    #[test]
    fn what_has_no_value_is_hatched_and_counted_apart() {
        let map = shading(
            &[Some(1.0), None, Some(f64::NAN), Some(9.0)],
            Scale::Sequence,
        );
        let (classes, unknown, plan) = map.shaded();
        assert_eq!(unknown, 2);
        assert_eq!(classes.iter().map(|c| c.n).sum::<usize>(), 2);
        let json = serde_json::to_value(plan.unwrap()).unwrap();
        assert!(json["places"]["000000000001"].get("class").is_none());
        assert!(json["places"]["000000000000"]["class"].is_u64());
    }

    #[test]
    fn the_map_is_sound_in_both_languages_or_not_there_at_all() {
        for lang in Lang::ALL {
            let ui = testing::sample_ui(lang, Timestamp::UNIX_EPOCH);
            let map = Map {
                points: vec![MapPoint {
                    lon: 114.9,
                    lat: 25.8,
                    n: 3,
                    light: Some(Light::Late),
                    text: "雨水井盖".into(),
                    href: "/cases/1".into(),
                }],
                pin: Some(Pin {
                    lon: "lon",
                    lat: "lat",
                }),
                ..shading(&[Some(1.0), None, Some(9.0)], Scale::Around(5.0))
            };
            let html = map.show(&ui).to_string();
            testing::assert_sound(&html);
            assert_eq!(html.is_empty(), assets::url("map.js").is_none());
            assert!(html.is_empty() || html.contains("div-5"), "{html}");
            assert!(!html.contains("<b>"), "{html}");
        }
    }

    #[test]
    fn a_base_map_is_taken_whole_or_refused_with_a_reason() {
        let url = "https://t0.tianditu.gov.cn/vec_w/wmts?z={z}&x={x}&y={y}&tk=1";
        let base = BaseMap::new(url, "天地图").unwrap();
        assert_eq!(base.origin, "https://t0.tianditu.gov.cn");
        for (url, reason) in [
            ("", "does not begin"),
            ("ftp://a/{z}/{x}/{y}", "does not begin"),
            ("https:///{z}/{x}/{y}", "plain host"),
            ("https://a;script-src *//{z}/{x}/{y}", "plain host"),
            ("https://a b/{z}/{x}/{y}", "plain host"),
            ("https://a/{z}/{x}", "{y}"),
            ("https://a", "{z}"),
        ] {
            let refused = BaseMap::new(url, "").unwrap_err();
            assert!(refused.contains(reason), "{url}: {refused}");
        }
    }

    proptest! {
        #[test]
        fn no_values_break_a_map(values in proptest::collection::vec(proptest::option::of(any::<f64>()), 0..9), middle in any::<f64>()) {
            let ui = testing::sample_ui(Lang::Zh, Timestamp::UNIX_EPOCH);
            for scale in [Scale::Sequence, Scale::Around(middle), Scale::Ratio] {
                let map = shading(&values, scale);
                let _ = map.show(&ui);
                let (classes, unknown, _) = map.shaded();
                prop_assert_eq!(classes.iter().map(|c| c.n).sum::<usize>() + unknown, values.len());
            }
        }
    }
}
