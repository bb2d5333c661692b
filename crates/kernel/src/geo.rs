//! Points on the ground and the four coordinate systems they arrive in.
//!
//! Stored points are WGS 84; CGCS2000 differs from it by centimetres in definition and counts as the same here (good
//! for city cases, not for surveying: plate motion since 2000.0 is 0.5–1 m). GCJ-02 and BD-09 are the shifted systems
//! of map services in mainland China and are converted at the border of the program.

use serde::{Deserialize, Serialize};
use std::f64::consts::PI;
use std::fmt;
use std::str::FromStr;

/// Mean radius of the Earth in metres (IUGG R1).
pub const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// What is wrong with a coordinate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GeoError {
    /// A longitude outside -180..=180 or not a number.
    #[error("longitude {0} is outside -180..=180")]
    Longitude(f64),
    /// A latitude outside -90..=90 or not a number.
    #[error("latitude {0} is outside -90..=90")]
    Latitude(f64),
    /// An unknown coordinate system.
    #[error("unknown coordinate system {0:?}: expected wgs84, cgcs2000, gcj02 or bd09")]
    Crs(String),
}

/// A point in degrees; both numbers are finite and in range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawPoint")]
pub struct Point {
    lon: f64,
    lat: f64,
}

#[derive(Deserialize)]
struct RawPoint {
    lon: f64,
    lat: f64,
}

impl TryFrom<RawPoint> for Point {
    type Error = GeoError;
    fn try_from(raw: RawPoint) -> Result<Self, GeoError> {
        Self::new(raw.lon, raw.lat)
    }
}

impl Point {
    /// Longitude first, in degrees.
    ///
    /// # Errors
    /// A number that is not finite or out of range.
    pub fn new(lon: f64, lat: f64) -> Result<Self, GeoError> {
        if !(-180.0..=180.0).contains(&lon) {
            return Err(GeoError::Longitude(lon));
        }
        if !(-90.0..=90.0).contains(&lat) {
            return Err(GeoError::Latitude(lat));
        }
        Ok(Self { lon, lat })
    }
    /// Degrees east.
    pub fn lon(self) -> f64 {
        self.lon
    }
    /// Degrees north.
    pub fn lat(self) -> f64 {
        self.lat
    }
    /// Great-circle distance in metres (haversine on the mean sphere; within 0.5 % of the ellipsoid).
    pub fn distance_m(self, other: Self) -> f64 {
        let (a, b) = (self.lat.to_radians(), other.lat.to_radians());
        let half_lat = ((b - a) / 2.0).sin();
        let half_lon = ((other.lon - self.lon).to_radians() / 2.0).sin();
        let h = half_lat * half_lat + a.cos() * b.cos() * half_lon * half_lon;
        2.0 * EARTH_RADIUS_M * h.sqrt().min(1.0).asin()
    }
    /// Keeps a computed pair inside the valid range; the conversions move points by less than a kilometre.
    fn clamped(lon: f64, lat: f64) -> Self {
        Self {
            lon: lon.clamp(-180.0, 180.0),
            lat: lat.clamp(-90.0, 90.0),
        }
    }
}

/// A coordinate reference system that points arrive in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Crs {
    /// EPSG:4326, what phones give.
    #[default]
    Wgs84,
    /// EPSG:4490, government base maps.
    Cgcs2000,
    /// The obfuscated system of AMap and Tencent.
    Gcj02,
    /// Baidu's shift on top of GCJ-02.
    Bd09,
}

impl Crs {
    /// All systems, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Wgs84, Self::Cgcs2000, Self::Gcj02, Self::Bd09];

    /// The word in maps, settings and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wgs84 => "wgs84",
            Self::Cgcs2000 => "cgcs2000",
            Self::Gcj02 => "gcj02",
            Self::Bd09 => "bd09",
        }
    }
}

impl FromStr for Crs {
    type Err = GeoError;
    /// Case, hyphens and spaces do not matter: `GCJ-02` is `gcj02`.
    fn from_str(text: &str) -> Result<Self, GeoError> {
        let word: String = text
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|crs| crs.as_str() == word)
            .ok_or_else(|| GeoError::Crs(text.chars().take(40).collect()))
    }
}

impl fmt::Display for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

crate::codes::serde_as_text!(Crs);

/// Converts a point of `crs` to WGS 84, to better than 1e-7 degrees (a centimetre).
pub fn to_wgs84(point: Point, crs: Crs) -> Point {
    match crs {
        Crs::Wgs84 | Crs::Cgcs2000 => point,
        Crs::Gcj02 => invert(point, gcj_shift),
        Crs::Bd09 => invert(invert(point, bd_shift), gcj_shift),
    }
}

/// Converts a point of WGS 84 to `crs`.
pub fn from_wgs84(point: Point, crs: Crs) -> Point {
    match crs {
        Crs::Wgs84 | Crs::Cgcs2000 => point,
        Crs::Gcj02 => shifted(point, gcj_shift),
        Crs::Bd09 => shifted(shifted(point, gcj_shift), bd_shift),
    }
}

/// The box outside of which nothing is shifted.
fn in_shifted_box(p: Point) -> bool {
    (73.66..=135.05).contains(&p.lon) && (3.86..=53.55).contains(&p.lat)
}

fn shifted(p: Point, shift: fn(Point) -> (f64, f64)) -> Point {
    if !in_shifted_box(p) {
        return p;
    }
    let (dlon, dlat) = shift(p);
    Point::clamped(p.lon + dlon, p.lat + dlat)
}

/// Finds the point whose shifted image is `image`, by fixed-point iteration: the shifts change so slowly with the place
/// (derivative below 0.03) that each round gains more than an order of magnitude.
fn invert(image: Point, shift: fn(Point) -> (f64, f64)) -> Point {
    const ROUNDS: usize = 30;
    let mut guess = image;
    for _ in 0..ROUNDS {
        let (dlon, dlat) = shift(guess);
        let next = Point::clamped(image.lon - dlon, image.lat - dlat);
        let moved = (next.lon - guess.lon)
            .abs()
            .max((next.lat - guess.lat).abs());
        guess = next;
        if moved < 1e-11 {
            break;
        }
    }
    // Whether the point was shifted at all depends on where it really was, not on where it appears.
    if in_shifted_box(guess) { guess } else { image }
}

/// Degrees that GCJ-02 adds to (longitude, latitude) of WGS 84. Constants: `domain.md` §9.2 (Krasovsky ellipsoid).
fn gcj_shift(p: Point) -> (f64, f64) {
    const A: f64 = 6_378_245.0;
    const EE: f64 = 0.006_693_421_622_965_943;
    let (x, y) = (p.lon - 105.0, p.lat - 35.0);
    let root = x.abs().sqrt();
    let ripple = 20.0 * (6.0 * PI * x).sin() + 20.0 * (2.0 * PI * x).sin();
    let wave = |v: f64| 20.0 * (PI * v).sin() + 40.0 * (PI * v / 3.0).sin();
    let north = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * root
        + (ripple + wave(y) + 160.0 * (PI * y / 12.0).sin() + 320.0 * (PI * y / 30.0).sin()) * 2.0
            / 3.0;
    let east = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * root
        + (ripple + wave(x) + 150.0 * (PI * x / 12.0).sin() + 300.0 * (PI * x / 30.0).sin()) * 2.0
            / 3.0;
    let phi = p.lat.to_radians();
    let magic = 1.0 - EE * phi.sin() * phi.sin();
    let dlat = north * 180.0 / ((A * (1.0 - EE)) / (magic * magic.sqrt()) * PI);
    let dlon = east * 180.0 / (A / magic.sqrt() * phi.cos() * PI);
    (dlon, dlat)
}

/// Degrees that BD-09 adds to (longitude, latitude) of GCJ-02.
fn bd_shift(p: Point) -> (f64, f64) {
    const X_PI: f64 = PI * 3000.0 / 180.0;
    let z = p.lon.hypot(p.lat) + 0.000_02 * (p.lat * X_PI).sin();
    let theta = p.lat.atan2(p.lon) + 0.000_003 * (p.lon * X_PI).cos();
    (
        z * theta.cos() + 0.0065 - p.lon,
        z * theta.sin() + 0.006 - p.lat,
    )
}

/// A flat metre grid around a reference point (equirectangular): x east, y north. For the size of a city its lengths
/// are right to about one in a thousand; it is used to draw square cells, not to measure land.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalPlane {
    origin: Point,
    metres_per_lon: f64,
}

const METRES_PER_LAT: f64 = EARTH_RADIUS_M * PI / 180.0;

impl LocalPlane {
    /// A plane that touches the ground at `origin`.
    pub fn at(origin: Point) -> Self {
        // At a pole a degree of longitude has no length; a millimetre keeps the way back finite.
        let metres_per_lon = (METRES_PER_LAT * origin.lat.to_radians().cos()).max(1e-3);
        Self {
            origin,
            metres_per_lon,
        }
    }
    /// Where the plane touches the ground.
    pub fn origin(self) -> Point {
        self.origin
    }
    /// Metres east and north of the origin.
    pub fn metres(self, p: Point) -> (f64, f64) {
        (
            (p.lon - self.origin.lon) * self.metres_per_lon,
            (p.lat - self.origin.lat) * METRES_PER_LAT,
        )
    }
    /// The point that many metres east and north of the origin.
    ///
    /// # Errors
    /// A place beyond a pole or the antimeridian.
    pub fn point(self, east_m: f64, north_m: f64) -> Result<Point, GeoError> {
        Point::new(
            self.origin.lon + east_m / self.metres_per_lon,
            self.origin.lat + north_m / METRES_PER_LAT,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point(lon: f64, lat: f64) -> Point {
        Point::new(lon, lat).unwrap()
    }

    fn gap(a: Point, b: Point) -> f64 {
        (a.lon - b.lon).abs().max((a.lat - b.lat).abs())
    }

    #[test]
    fn published_conversions_of_a_point_in_beijing_hold() {
        // Values that the published converters print for (116.404, 39.915).
        let p = point(116.404, 39.915);
        let gcj = from_wgs84(p, Crs::Gcj02);
        assert!(
            gap(gcj, point(116.410_244_499_169_38, 39.916_404_281_501_64)) < 1e-9,
            "{gcj:?}"
        );
        let bd = shifted(p, bd_shift);
        assert!(
            gap(bd, point(116.410_369_493_710_29, 39.921_336_993_510_21)) < 1e-9,
            "{bd:?}"
        );
        // Their one-step way back is good to about two metres.
        let back = to_wgs84(p, Crs::Gcj02);
        assert!(
            gap(back, point(116.397_755_500_830_61, 39.913_595_718_498_36)) < 3e-5,
            "{back:?}"
        );
    }

    #[test]
    fn outside_the_box_nothing_moves() {
        for crs in Crs::ALL {
            let chicago = point(-87.63, 41.88);
            assert_eq!(
                (to_wgs84(chicago, crs), from_wgs84(chicago, crs)),
                (chicago, chicago)
            );
        }
    }

    #[test]
    fn distances_and_the_plane_agree() {
        // One degree of a great circle: pi R / 180.
        let length = point(120.0, 30.0).distance_m(point(120.0, 31.0));
        assert!((length - 111_195.08).abs() < 0.01, "{length}");
        assert!((point(0.0, 0.0).distance_m(point(180.0, 0.0)) - PI * EARTH_RADIUS_M).abs() < 1e-3);
        let plane = LocalPlane::at(point(120.15, 30.27));
        let p = plane.point(3_000.0, -4_000.0).unwrap();
        assert!((plane.origin().distance_m(p) - 5_000.0).abs() < 2.0);
        let (x, y) = plane.metres(p);
        assert!((x - 3_000.0).abs() < 1e-6 && (y + 4_000.0).abs() < 1e-6);
        assert!(LocalPlane::at(point(0.0, 90.0)).point(1e6, 0.0).is_err());
    }

    #[test]
    fn what_is_no_coordinate_is_refused() {
        assert_eq!(
            Point::new(181.0, 0.0).unwrap_err().to_string(),
            "longitude 181 is outside -180..=180"
        );
        assert_eq!(
            Point::new(0.0, -90.5).unwrap_err().to_string(),
            "latitude -90.5 is outside -90..=90"
        );
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(Point::new(bad, 0.0).is_err() && Point::new(0.0, bad).is_err());
        }
        assert!(serde_json::from_str::<Point>(r#"{"lon":200,"lat":0}"#).is_err());
        assert_eq!(
            serde_json::to_string(&point(1.5, 2.0)).unwrap(),
            r#"{"lon":1.5,"lat":2.0}"#
        );
        assert_eq!("GCJ-02".parse(), Ok(Crs::Gcj02));
        assert_eq!(
            "utm".parse::<Crs>().unwrap_err().to_string(),
            "unknown coordinate system \"utm\": expected wgs84, cgcs2000, gcj02 or bd09"
        );
        for crs in Crs::ALL {
            assert_eq!(crs.to_string().parse(), Ok(crs));
        }
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same_place(lon in 73.66_f64..135.05, lat in 3.86_f64..53.55) {
            let p = point(lon, lat);
            for crs in Crs::ALL {
                let there = from_wgs84(p, crs);
                if crs != Crs::Bd09 || in_shifted_box(shifted(p, gcj_shift)) {
                    prop_assert!(gap(to_wgs84(there, crs), p) < 1e-7, "{crs} {p:?}");
                }
                prop_assert!(there.distance_m(p) < 3_000.0);
            }
            prop_assert!(from_wgs84(p, Crs::Gcj02).distance_m(p) < 1_500.0);
        }

        #[test]
        fn any_point_converts_without_a_panic(lon in -180.0_f64..=180.0, lat in -90.0_f64..=90.0) {
            for crs in Crs::ALL {
                let back = to_wgs84(from_wgs84(point(lon, lat), crs), crs);
                prop_assert!(back.lon.is_finite() && back.lat.is_finite());
            }
        }
    }
}
