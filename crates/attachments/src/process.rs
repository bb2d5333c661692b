//! What happens to a file on the way in, pure: bytes in, clean bytes out.
//!
//! The kind is told by the first bytes, never by a name or a claimed media type: JPEG, PNG, WebP and PDF, nothing else.
//! Pictures are decoded within bounds, turned upright, made no larger than needed and encoded anew as JPEG. What is not a
//! pixel — EXIF with its place and time, XMP, comments, colour profiles, thumbnails inside, anything appended — does not
//! survive that. Time and place are read first and only handed back, to be *offered* to whoever reports.
//!
//! PDFs are stored as they are, so their own metadata stays. Those that are encrypted or hold scripts, launch actions,
//! forms of the XFA kind, other files or media are refused, also inside compressed object streams.

use flate2::read::ZlibDecoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::{jpeg::JpegDecoder, png::PngDecoder, webp::WebPDecoder};
use image::{DynamicImage, ImageDecoder, ImageError, Limits, Rgb, RgbImage};
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use kernel::Point;
use serde::Serialize;
use std::io::{Cursor, Read as _};

/// The most bytes of a file.
pub const MOST_BYTES: usize = 15 * 1024 * 1024;
/// The most pixels of a picture before it is decoded.
pub const MOST_PIXELS: u64 = 60_000_000;
/// The most memory a decoder may fill.
const MOST_DECODED: u64 = 256 * 1024 * 1024;
/// The longest side of a stored picture.
pub const LONGEST_SIDE: u32 = 2560;
/// The longest side of a thumbnail.
pub const THUMB_SIDE: u32 = 320;
const JPEG_QUALITY: u8 = 85;
const THUMB_QUALITY: u8 = 80;

/// What may be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A photo.
    Jpeg,
    /// A picture or a screenshot.
    Png,
    /// A picture.
    WebP,
    /// A document.
    Pdf,
}

/// What a photo says about itself, read before it is cleaned. Only offered, never stored with the picture.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Offered {
    /// When it was taken; a time without an offset counts as the deployment's zone.
    pub time: Option<Timestamp>,
    /// Where (WGS 84, as EXIF says; some phones write GCJ-02 without saying so).
    pub point: Option<Point>,
}

/// A file ready to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Clean {
    /// The bytes to store.
    pub bytes: Vec<u8>,
    /// `image/jpeg` or `application/pdf`.
    pub media_type: &'static str,
    /// Pixels across, of a picture.
    pub width: Option<u32>,
    /// Pixels down, of a picture.
    pub height: Option<u32>,
    /// A small JPEG of a picture.
    pub thumb: Option<Vec<u8>>,
    /// What the picture said about itself.
    pub offered: Offered,
}

/// Why a file is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// More than [`MOST_BYTES`].
    #[error("the file has {bytes} bytes, at most {MOST_BYTES} are taken")]
    TooLarge {
        /// How many it has.
        bytes: usize,
    },
    /// Not one of the four kinds.
    #[error("the file is neither JPEG, PNG, WebP nor PDF")]
    Kind,
    /// More than [`MOST_PIXELS`], or too deep to decode in bounded memory.
    #[error("the picture of {width} × {height} pixels is too large to open")]
    TooManyPixels {
        /// Across.
        width: u32,
        /// Down.
        height: u32,
    },
    /// It begins like a picture but does not decode.
    #[error("the picture cannot be read: {0}")]
    Broken(String),
    /// A PDF that does more than show pages.
    #[error("the document {0}")]
    Document(&'static str),
}

/// Tells the kind of a file by its first bytes.
pub fn sniff(bytes: &[u8]) -> Option<Format> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Some(Format::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Format::Png),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some(Format::WebP),
        [b'%', b'P', b'D', b'F', b'-', b'1' | b'2', b'.', ..] => Some(Format::Pdf),
        _ => None,
    }
}

/// Checks and cleans a file. `zone` is the deployment's, for photo times without an offset; `now` bounds what counts as a
/// credible time.
///
/// # Errors
/// Why the file is not taken.
pub fn process(bytes: &[u8], zone: &TimeZone, now: Timestamp) -> Result<Clean, FileError> {
    if bytes.is_empty() {
        return Err(FileError::Empty);
    }
    if bytes.len() > MOST_BYTES {
        return Err(FileError::TooLarge { bytes: bytes.len() });
    }
    match sniff(bytes).ok_or(FileError::Kind)? {
        Format::Pdf => document(bytes),
        Format::Jpeg => picture(JpegDecoder::new(Cursor::new(bytes)), bytes, zone, now),
        Format::Png => {
            let decoder = PngDecoder::with_limits(Cursor::new(bytes), limits());
            picture(decoder, bytes, zone, now)
        }
        Format::WebP => picture(WebPDecoder::new(Cursor::new(bytes)), bytes, zone, now),
    }
}

fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MOST_DECODED);
    limits
}

fn broken(error: &ImageError) -> FileError {
    FileError::Broken(error.to_string().chars().take(200).collect())
}

fn picture<D: ImageDecoder>(
    decoder: Result<D, ImageError>,
    bytes: &[u8],
    zone: &TimeZone,
    now: Timestamp,
) -> Result<Clean, FileError> {
    let mut decoder = decoder.map_err(|e| broken(&e))?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MOST_PIXELS || decoder.total_bytes() > MOST_DECODED {
        return Err(FileError::TooManyPixels { width, height });
    }
    decoder.set_limits(limits()).map_err(|e| broken(&e))?;
    let orientation = decoder
        .orientation()
        .unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(|e| broken(&e))?;
    if image.width().max(image.height()) > LONGEST_SIDE {
        image = image.resize(
            LONGEST_SIDE,
            LONGEST_SIDE,
            image::imageops::FilterType::Triangle,
        );
    }
    image.apply_orientation(orientation);
    let image = on_white(image);
    let thumb = small(&image);
    Ok(Clean {
        bytes: jpeg(&image, JPEG_QUALITY)?,
        media_type: "image/jpeg",
        width: Some(image.width()),
        height: Some(image.height()),
        thumb: Some(jpeg(&thumb, THUMB_QUALITY)?),
        offered: offered(bytes, zone, now),
    })
}

/// JPEG knows no transparency: what is transparent becomes white, as it is seen on a page.
fn on_white(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let rgba = image.into_rgba8();
    let (width, height) = rgba.dimensions();
    RgbImage::from_fn(width, height, |x, y| {
        let [r, g, b, a] = rgba.get_pixel(x, y).0.map(u32::from);
        let over = |c: u32| ((c * a + 255 * (255 - a) + 127) / 255) as u8;
        Rgb([over(r), over(g), over(b)])
    })
}

/// No side longer than [`THUMB_SIDE`]; a small picture is not blown up.
fn small(image: &RgbImage) -> RgbImage {
    let (width, height) = image.dimensions();
    let longest = width.max(height);
    if longest <= THUMB_SIDE {
        return image.clone();
    }
    let scaled = |side: u32| {
        let side = u64::from(side) * u64::from(THUMB_SIDE) / u64::from(longest);
        u32::try_from(side).unwrap_or(THUMB_SIDE).max(1)
    };
    image::imageops::thumbnail(image, scaled(width), scaled(height))
}

/// A baseline JPEG of nothing but pixels.
fn jpeg(image: &RgbImage, quality: u8) -> Result<Vec<u8>, FileError> {
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, quality)
        .encode_image(image)
        .map_err(|e| broken(&e))?;
    Ok(out)
}

/// Time and place from EXIF, as far as they are credible. Broken EXIF offers nothing.
fn offered(bytes: &[u8], zone: &TimeZone, now: Timestamp) -> Offered {
    let Ok(exif) = exif::Reader::new().read_from_container(&mut Cursor::new(bytes)) else {
        return Offered::default();
    };
    Offered {
        time: taken_at(&exif, zone).filter(|at| is_credible(*at, now)),
        point: taken_where(&exif),
    }
}

/// A camera whose clock was never set says 1970 or 2000; one that is ahead says tomorrow.
fn is_credible(at: Timestamp, now: Timestamp) -> bool {
    const ODDLY_OLD: SignedDuration = SignedDuration::from_hours(24 * 366 * 10);
    at <= now + SignedDuration::from_hours(24) && at >= now - ODDLY_OLD
}

fn text_of(exif: &exif::Exif, tag: exif::Tag) -> Option<String> {
    let field = exif.get_field(tag, exif::In::PRIMARY)?;
    match &field.value {
        exif::Value::Ascii(parts) => String::from_utf8(parts.first()?.clone()).ok(),
        _ => None,
    }
}

/// `2026:03:16 09:00:00`, with an offset such as `+08:00` where the camera wrote one (EXIF 2.31).
fn taken_at(exif: &exif::Exif, zone: &TimeZone) -> Option<Timestamp> {
    let text = text_of(exif, exif::Tag::DateTimeOriginal)
        .or_else(|| text_of(exif, exif::Tag::DateTime))?;
    let local = DateTime::strptime("%Y:%m:%d %H:%M:%S", text.trim().trim_end_matches('\0')).ok()?;
    let offset = text_of(exif, exif::Tag::OffsetTimeOriginal).and_then(|text| offset_of(&text));
    match offset {
        Some(offset) => offset.to_timestamp(local).ok(),
        None => local.to_zoned(zone.clone()).ok().map(|z| z.timestamp()),
    }
}

fn offset_of(text: &str) -> Option<Offset> {
    let text = text.trim().trim_end_matches('\0');
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if !(0..=14).contains(&hours) || !(0..60).contains(&minutes) {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

fn taken_where(exif: &exif::Exif) -> Option<Point> {
    use exif::Tag;
    let lat = degrees(exif, Tag::GPSLatitude, Tag::GPSLatitudeRef, "S")?;
    let lon = degrees(exif, Tag::GPSLongitude, Tag::GPSLongitudeRef, "W")?;
    // Cameras without a fix write zeros.
    if lat == 0.0 && lon == 0.0 {
        return None;
    }
    Point::new(lon, lat).ok()
}

/// Degrees, minutes and seconds; negative when the reference is `negative`.
fn degrees(exif: &exif::Exif, tag: exif::Tag, reference: exif::Tag, negative: &str) -> Option<f64> {
    let field = exif.get_field(tag, exif::In::PRIMARY)?;
    let exif::Value::Rational(parts) = &field.value else {
        return None;
    };
    let [d, m, s] = parts.get(..3)? else {
        return None;
    };
    let value = d.to_f64() + m.to_f64() / 60.0 + s.to_f64() / 3600.0;
    let is_negative = text_of(exif, reference).is_some_and(|r| r.trim().starts_with(negative));
    value
        .is_finite()
        .then_some(if is_negative { -value } else { value })
}

/// Names of a PDF that mean that it does more than show pages, with what is said about it (ISO 32000-1, 7.6, 12.6, 7.11.4).
const ACTIVE: &[(&[u8], &str)] = &[
    (b"Encrypt", "is encrypted"),
    (b"JavaScript", "holds a script"),
    (b"JS", "holds a script"),
    (b"Launch", "would start a program"),
    (b"EmbeddedFile", "holds other files"),
    (b"EmbeddedFiles", "holds other files"),
    (b"RichMedia", "holds media"),
    (b"XFA", "holds an XFA form"),
    (b"ImportData", "would read files"),
    (b"SubmitForm", "would send data"),
];

fn document(bytes: &[u8]) -> Result<Clean, FileError> {
    // Readers look for the end mark in the last kilobyte.
    let tail = &bytes[bytes.len().saturating_sub(1024)..];
    if !contains(tail, b"%%EOF") {
        return Err(FileError::Document("is cut off"));
    }
    refuse_active(bytes)?;
    for stream in object_streams(bytes) {
        refuse_active(&stream?)?;
    }
    Ok(Clean {
        bytes: bytes.to_vec(),
        media_type: "application/pdf",
        width: None,
        height: None,
        thumb: None,
        offered: Offered::default(),
    })
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|w| w == needle)
}

/// Looks at every name (`/Name`, also written `/N#61me`).
fn refuse_active(bytes: &[u8]) -> Result<(), FileError> {
    const LONGEST_NAME: usize = 127;
    let mut name = Vec::with_capacity(LONGEST_NAME);
    for at in bytes
        .iter()
        .enumerate()
        .filter(|(_, b)| **b == b'/')
        .map(|(i, _)| i + 1)
    {
        name.clear();
        let mut rest = bytes[at..].iter().copied();
        while let Some(b) = rest.next() {
            let is_end = b.is_ascii_whitespace() || b == 0 || b"()<>[]{}/%".contains(&b);
            if is_end || name.len() == LONGEST_NAME {
                break;
            }
            if b != b'#' {
                name.push(b);
                continue;
            }
            let hex = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
            if let (Some(high), Some(low)) = (hex(rest.next()), hex(rest.next())) {
                name.push((high * 16 + low) as u8);
            }
        }
        if let Some((_, what)) = ACTIVE.iter().find(|(active, _)| *active == name) {
            return Err(FileError::Document(what));
        }
    }
    Ok(())
}

/// The inflated contents of compressed object streams (ISO 32000-1, 7.5.7), each and all together bounded.
fn object_streams(bytes: &[u8]) -> impl Iterator<Item = Result<Vec<u8>, FileError>> {
    const MOST_INFLATED: u64 = 32 * 1024 * 1024;
    const DICTIONARY: usize = 512;
    let mut left = MOST_INFLATED;
    let starts = bytes
        .windows(6)
        .enumerate()
        .filter(|(_, w)| *w == b"stream")
        .map(|(i, _)| i);
    starts.filter_map(move |at| {
        let dictionary = &bytes[at.saturating_sub(DICTIONARY)..at];
        let begin = dictionary
            .windows(3)
            .rposition(|w| w == b"obj")
            .unwrap_or(0);
        if !contains(&dictionary[begin..], b"ObjStm") {
            return None;
        }
        let data = &bytes[at + 6..];
        let data = data
            .strip_prefix(b"\r\n")
            .or_else(|| data.strip_prefix(b"\n"))
            .unwrap_or(data);
        let mut inflated = Vec::new();
        // A broken stream is no harm: no reader can use it either. What was inflated before the fault is looked at.
        let _ = ZlibDecoder::new(data)
            .take(left + 1)
            .read_to_end(&mut inflated);
        left = left.saturating_sub(inflated.len() as u64);
        if left == 0 {
            return Some(Err(FileError::Document("is too large when opened")));
        }
        Some(Ok(inflated))
    })
}

#[cfg(test)]
#[path = "process_tests.rs"]
mod tests;
