//! What comes in and what comes out: pictures with EXIF, bombs, cut files, polyglots, documents that act.

use super::*;
use image::codecs::{png::PngEncoder, webp::WebPEncoder};
use image::{ExtendedColorType, ImageEncoder as _};
use proptest::prelude::*;
use std::io::Write as _;

fn zone() -> TimeZone {
    TimeZone::get("Asia/Shanghai").unwrap()
}
fn now() -> Timestamp {
    "2026-03-16T09:00:00+08:00".parse().unwrap()
}
fn run(bytes: &[u8]) -> Result<Clean, FileError> {
    process(bytes, &zone(), now())
}

/// Left half red, right half blue, so that turning shows.
fn two_halves(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| {
        if x < width / 2 {
            Rgb([220, 10, 10])
        } else {
            Rgb([10, 10, 220])
        }
    })
}
fn plain_jpeg(width: u32, height: u32) -> Vec<u8> {
    jpeg(&two_halves(width, height), 90).unwrap()
}
fn plain_png(width: u32, height: u32) -> Vec<u8> {
    let mut out = Vec::new();
    PngEncoder::new(&mut out)
        .write_image(
            &two_halves(width, height),
            width,
            height,
            ExtendedColorType::Rgb8,
        )
        .unwrap();
    out
}

/// A TIFF structure with orientation 6 (turn right), a time with its offset, and a place: 30°15'0" N 120°10'30" E.
fn exif_block(time: &str, latitude: &str) -> Vec<u8> {
    use exif::experimental::Writer;
    use exif::{Field, In, Rational, Tag, Value};
    let ascii = |tag, text: &str| Field {
        tag,
        ifd_num: In::PRIMARY,
        value: Value::Ascii(vec![text.as_bytes().to_vec()]),
    };
    let place = |tag, parts: [(u32, u32); 3]| Field {
        tag,
        ifd_num: In::PRIMARY,
        value: Value::Rational(
            parts
                .iter()
                .map(|(num, denom)| Rational {
                    num: *num,
                    denom: *denom,
                })
                .collect(),
        ),
    };
    let fields = [
        Field {
            tag: Tag::Orientation,
            ifd_num: In::PRIMARY,
            value: Value::Short(vec![6]),
        },
        ascii(Tag::Make, "SecretCamera"),
        ascii(Tag::DateTimeOriginal, time),
        ascii(Tag::OffsetTimeOriginal, "+08:00"),
        ascii(Tag::GPSLatitudeRef, latitude),
        place(Tag::GPSLatitude, [(30, 1), (15, 1), (0, 1)]),
        ascii(Tag::GPSLongitudeRef, "E"),
        place(Tag::GPSLongitude, [(120, 1), (10, 1), (30, 1)]),
    ];
    let mut writer = Writer::new();
    for field in &fields {
        writer.push_field(field);
    }
    let mut out = Cursor::new(Vec::new());
    writer.write(&mut out, false).unwrap();
    out.into_inner()
}

/// The JPEG with an APP1 EXIF segment and a comment put in behind its first mark.
fn with_exif(jpeg: &[u8], block: &[u8]) -> Vec<u8> {
    let segment = |marker: u8, head: &[u8], body: &[u8]| {
        let length = u16::try_from(head.len() + body.len() + 2).unwrap();
        let mut out = vec![0xff, marker];
        out.extend(length.to_be_bytes());
        out.extend(head);
        out.extend(body);
        out
    };
    let mut out = jpeg[..2].to_vec();
    out.extend(segment(0xe1, b"Exif\0\0", block));
    out.extend(segment(
        0xe1,
        b"http://ns.adobe.com/xap/1.0/\0",
        b"<x:xmpmeta>SecretXmp</x:xmpmeta>",
    ));
    out.extend(segment(0xfe, b"", b"SecretComment"));
    out.extend(&jpeg[2..]);
    out
}

fn has_exif(bytes: &[u8]) -> bool {
    exif::Reader::new()
        .read_from_container(&mut Cursor::new(bytes))
        .is_ok()
}

fn segments(jpeg: &[u8]) -> Vec<u8> {
    let mut markers = Vec::new();
    let mut at = 2;
    while at + 4 <= jpeg.len() && jpeg[at] == 0xff && jpeg[at + 1] != 0xda {
        markers.push(jpeg[at + 1]);
        at += 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
    }
    markers
}

#[test]
fn a_photo_loses_its_exif_and_offers_time_and_place() {
    let block = exif_block("2026:03:15 18:30:00", "N");
    let photo = with_exif(&plain_jpeg(80, 40), &block);
    assert!(has_exif(&photo) && contains(&photo, b"SecretCamera"));
    let clean = run(&photo).unwrap();
    assert_eq!(
        clean.offered.time,
        Some("2026-03-15T18:30:00+08:00".parse().unwrap())
    );
    let point = clean.offered.point.unwrap();
    assert!((point.lat() - 30.25).abs() < 1e-9 && (point.lon() - 120.175).abs() < 1e-9);
    for out in [&clean.bytes, clean.thumb.as_ref().unwrap()] {
        assert!(!has_exif(out));
        for word in [&b"Secret"[..], b"Exif", b"xmpmeta", b"GPS"] {
            assert!(!contains(out, word), "{}", String::from_utf8_lossy(word));
        }
        // Of the application and comment segments only JFIF's own head (APP0) is left.
        let left: Vec<u8> = segments(out)
            .into_iter()
            .filter(|m| matches!(m, 0xe1..=0xef | 0xfe))
            .collect();
        assert!(left.is_empty(), "{left:x?}");
    }
}

#[test]
fn a_photo_is_turned_upright_before_its_orientation_is_forgotten() {
    let photo = with_exif(&plain_jpeg(80, 40), &exif_block("2026:03:15 18:30:00", "N"));
    let clean = run(&photo).unwrap();
    assert_eq!((clean.width, clean.height), (Some(40), Some(80)));
    // Turned right, the red left half is on top.
    let image = image::load_from_memory(&clean.bytes).unwrap().into_rgb8();
    assert!(image.get_pixel(20, 10)[0] > 150 && image.get_pixel(20, 70)[2] > 150);
}

#[test]
fn what_a_photo_offers_is_credible_or_nothing() {
    let offered = |time: &str, lat: &str| {
        run(&with_exif(&plain_jpeg(8, 8), &exif_block(time, lat)))
            .unwrap()
            .offered
    };
    for odd in [
        "1970:01:01 00:00:00",
        "2031:01:01 00:00:00",
        "0000:00:00 00:00:00",
        "yesterday",
        "",
    ] {
        assert_eq!(offered(odd, "N").time, None, "{odd}");
    }
    assert!((offered("2026:03:15 18:30:00", "S").point.unwrap().lat() + 30.25).abs() < 1e-9);
    assert_eq!(run(&plain_jpeg(8, 8)).unwrap().offered, Offered::default());
}

#[test]
fn broken_exif_does_not_keep_a_photo_out() {
    let mut block = exif_block("2026:03:15 18:30:00", "N");
    block.truncate(30);
    let clean = run(&with_exif(&plain_jpeg(8, 8), &block)).unwrap();
    assert_eq!(clean.offered.point, None);
    assert!(!contains(&clean.bytes, b"Secret"));
}

#[test]
fn large_pictures_become_smaller_and_small_ones_stay() {
    let clean = run(&plain_jpeg(3000, 1000)).unwrap();
    assert_eq!((clean.width, clean.height), (Some(2560), Some(853)));
    let thumb = image::load_from_memory(&clean.thumb.unwrap()).unwrap();
    assert_eq!((thumb.width(), thumb.height()), (320, 106));
    let small = run(&plain_png(10, 5)).unwrap();
    assert_eq!((small.width, small.height), (Some(10), Some(5)));
    let thin = run(&plain_png(2000, 1)).unwrap();
    assert_eq!(
        image::load_from_memory(&thin.thumb.unwrap())
            .unwrap()
            .height(),
        1
    );
}

#[test]
fn transparent_pictures_stand_on_white() {
    let mut png = Vec::new();
    PngEncoder::new(&mut png)
        .write_image(&[0, 0, 0, 0], 1, 1, ExtendedColorType::Rgba8)
        .unwrap();
    let mut webp = Vec::new();
    WebPEncoder::new_lossless(&mut webp)
        .encode(&[0, 0, 0, 0], 1, 1, ExtendedColorType::Rgba8)
        .unwrap();
    for bytes in [png, webp] {
        let clean = run(&bytes).unwrap();
        assert_eq!(clean.media_type, "image/jpeg");
        assert!(
            image::load_from_memory(&clean.bytes)
                .unwrap()
                .into_rgb8()
                .get_pixel(0, 0)[0]
                > 250
        );
    }
}

/// A PNG whose head claims so many pixels, with a correct checksum (PNG, annex D: CRC-32).
fn png_claiming(width: u32, height: u32) -> Vec<u8> {
    let crc = |bytes: &[u8]| {
        !bytes.iter().fold(!0_u32, |crc, b| {
            (0..8).fold(crc ^ u32::from(*b), |c, _| {
                (c >> 1) ^ if c & 1 == 1 { 0xedb8_8320 } else { 0 }
            })
        })
    };
    let mut png = plain_png(4, 4);
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc(&png[12..29]);
    png[29..33].copy_from_slice(&sum.to_be_bytes());
    png
}

#[test]
fn a_bomb_is_refused_by_its_head() {
    for (width, height) in [(100_000, 100_000), (60_000, 1_001), (1, 60_000_001)] {
        assert_eq!(
            run(&png_claiming(width, height)).unwrap_err(),
            FileError::TooManyPixels { width, height }
        );
    }
    // Within the bounds, but the data behind it is missing.
    assert!(matches!(
        run(&png_claiming(5000, 5000)),
        Err(FileError::Broken(_))
    ));
}

#[test]
fn the_first_bytes_decide_and_nothing_else() {
    assert_eq!(run(b"").unwrap_err(), FileError::Empty);
    for other in [
        &b"GIF89a\x01\x00"[..],
        b"<svg xmlns=",
        b"<html>",
        b"MZ\x90\x00",
        b"PK\x03\x04",
        b"\x00\x00\x00\x18ftypheic",
        b" %PDF-1.7",
        b"BM",
    ] {
        assert_eq!(run(other).unwrap_err(), FileError::Kind);
    }
    let mut large = plain_jpeg(8, 8);
    large.resize(MOST_BYTES + 1, 0);
    assert!(matches!(run(&large), Err(FileError::TooLarge { .. })));
}

#[test]
fn what_is_hidden_behind_a_picture_does_not_come_out() {
    for mut picture in [plain_jpeg(16, 16), plain_png(16, 16)] {
        picture.extend_from_slice(b"PK\x03\x04<script>alert(1)</script>%PDF-1.7");
        let clean = run(&picture).unwrap();
        assert!(!contains(&clean.bytes, b"<script>") && !contains(&clean.bytes, b"%PDF"));
    }
    // A picture's first bytes alone make no picture.
    assert!(matches!(
        run(b"\xff\xd8\xff<script>alert(1)</script>"),
        Err(FileError::Broken(_))
    ));
}

fn pdf(body: &[u8]) -> Vec<u8> {
    [
        b"%PDF-1.7\n1 0 obj\n",
        body,
        b"\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n",
    ]
    .concat()
}

#[test]
fn a_document_is_kept_as_it_is_unless_it_acts() {
    let plain = pdf(b"<< /Type /Catalog /Pages 2 0 R /JSX 1 /OpenAction [3 0 R /Fit] >>");
    let clean = run(&plain).unwrap();
    assert_eq!(
        (clean.media_type, clean.bytes == plain, clean.thumb),
        ("application/pdf", true, None)
    );
    for (active, what) in [
        (
            &b"<< /S /JavaScript /JS (app.alert(1)) >>"[..],
            "holds a script",
        ),
        (b"<</S/J#61vaScript/J#53(x)>>", "holds a script"),
        (b"<< /S /Launch /F (cmd.exe) >>", "would start a program"),
        (b"<< /Encrypt 5 0 R >>", "is encrypted"),
        (
            b"<< /Names << /EmbeddedFiles 7 0 R >> >>",
            "holds other files",
        ),
        (b"<< /XFA 8 0 R >>", "holds an XFA form"),
    ] {
        assert_eq!(run(&pdf(active)).unwrap_err(), FileError::Document(what));
    }
    assert_eq!(
        run(&plain[..40]).unwrap_err(),
        FileError::Document("is cut off")
    );
}

fn object_stream(content: &[u8]) -> Vec<u8> {
    let mut zip = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    zip.write_all(content).unwrap();
    let mut body = b"<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode >>\nstream\r\n".to_vec();
    body.extend(zip.finish().unwrap());
    body.extend(b"\nendstream");
    pdf(&body)
}

#[test]
fn a_script_in_a_compressed_stream_is_found() {
    assert!(run(&object_stream(b"1 0 << /Type /Pages >>")).is_ok());
    let hidden = object_stream(b"1 0 << /S /JavaScript /JS (x) >>");
    assert!(!contains(&hidden, b"JavaScript"));
    assert_eq!(
        run(&hidden).unwrap_err(),
        FileError::Document("holds a script")
    );
    let bomb = object_stream(&vec![b' '; 40 << 20]);
    assert_eq!(
        run(&bomb).unwrap_err(),
        FileError::Document("is too large when opened")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_cut_picture_is_clean_or_refused(cut in 0.0..1.0_f64, is_png in any::<bool>()) {
        let whole = if is_png { plain_png(64, 48) } else { with_exif(&plain_jpeg(64, 48), &exif_block("2026:03:15 18:30:00", "N")) };
        let cut = &whole[..(whole.len() as f64 * cut) as usize];
        if let Ok(clean) = run(cut) {
            prop_assert!(!contains(&clean.bytes, b"Secret"));
        }
    }

    #[test]
    fn a_changed_picture_is_clean_or_refused(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let mut bytes = with_exif(&plain_jpeg(32, 24), &exif_block("2026:03:15 18:30:00", "N"));
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(clean) = run(&bytes) {
            prop_assert_eq!(sniff(&clean.bytes), Some(if clean.media_type == "image/jpeg" { Format::Jpeg } else { Format::Pdf }));
            prop_assert!(!contains(&clean.bytes, b"Secret"));
        }
    }

    #[test]
    fn garbage_behind_any_head_is_no_panic(head in 0..5_usize, garbage in proptest::collection::vec(any::<u8>(), 0..400)) {
        let heads: [&[u8]; 5] = [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\x00\x00\x00WEBPVP8 ", b"%PDF-1.4\n/ObjStm obj stream\n"];
        let _ = run(&[heads[head], &garbage, b"%%EOF"].concat());
    }
}
