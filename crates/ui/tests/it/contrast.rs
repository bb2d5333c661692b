//! The colours of `theme.css` against each other, by the formula of WCAG 2.1 (relative luminance, contrast ratio).

use std::collections::BTreeMap;
use ui::assets;

/// Text on ground that pages put together: at least 4.5 : 1 (success criterion 1.4.3).
const TEXT: [(&str, &[&str]); 11] = [
    (
        "ink",
        &[
            "paper",
            "surface",
            "sunk",
            "accent-soft",
            "late-soft",
            "soon-soft",
            "good-soft",
            "parked-soft",
        ],
    ),
    ("ink-2", &["paper", "surface", "sunk"]),
    (
        "accent-strong",
        &["paper", "surface", "sunk", "accent-soft"],
    ),
    ("on-accent", &["accent", "accent-strong"]),
    ("late", &["paper", "surface", "late-soft", "accent-soft"]),
    ("soon", &["paper", "surface", "soon-soft", "accent-soft"]),
    ("good", &["paper", "surface", "good-soft", "accent-soft"]),
    (
        "parked",
        &["paper", "surface", "parked-soft", "accent-soft"],
    ),
    ("line-1", &["paper", "surface"]),
    ("line-2", &["paper", "surface"]),
    ("line-3", &["paper", "surface"]),
];
/// Borders of fields and buttons, marks and lines: at least 3 : 1 (1.4.11).
const SHAPES: [(&str, &[&str]); 3] = [
    ("line-strong", &["paper", "surface"]),
    ("accent", &["paper", "surface", "sunk"]),
    ("line-4", &["paper", "surface"]),
];

/// The colour tokens of the block that begins with `selector`.
fn tokens(css: &str, selector: &str) -> BTreeMap<String, [f64; 3]> {
    let block = css
        .split_once(selector)
        .unwrap()
        .1
        .split_once('}')
        .unwrap()
        .0;
    let pairs = block
        .split(';')
        .filter_map(|line| line.trim().strip_prefix("--")?.split_once(": #"));
    pairs
        .map(|(name, hex)| {
            let part =
                |at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
            (name.to_owned(), [part(0), part(2), part(4)])
        })
        .collect()
}

fn luminance(colour: [f64; 3]) -> f64 {
    let linear = |c: f64| {
        if c <= 0.040_45 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2])
}

fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn black_on_white_is_twenty_one_to_one() {
    assert!((contrast([0.0; 3], [1.0; 3]) - 21.0).abs() < 1e-9);
}

#[test]
fn every_text_and_shape_can_be_seen_on_its_ground_in_both_themes() {
    let css = std::str::from_utf8(assets::content("theme.css").unwrap().0).unwrap();
    let mut faults = Vec::new();
    for (theme, selector) in [
        ("light", "\n:root {"),
        ("dark", "\n:root[data-theme=\"dark\"] {"),
    ] {
        let base = tokens(css, selector);
        for accent in ui::Accent::ALL {
            let mut colours = base.clone();
            if accent != ui::Accent::default() {
                let tail = if theme == "dark" {
                    "[data-theme=\"dark\"]"
                } else {
                    ""
                };
                let own = tokens(
                    css,
                    &format!("\n:root[data-accent=\"{}\"]{tail} {{", accent.name()),
                );
                assert!(
                    own.contains_key("accent-soft"),
                    "{theme}: {accent:?} has its own colours"
                );
                colours.extend(own);
            }
            for (pairs, least) in [(TEXT.as_slice(), 4.5), (SHAPES.as_slice(), 3.0)] {
                for (front, grounds) in pairs {
                    for ground in *grounds {
                        let ratio = contrast(colours[*front], colours[*ground]);
                        if ratio < least {
                            faults.push(format!(
                                "{theme}, {accent:?}: {front} on {ground} is {ratio:.2} : 1"
                            ));
                        }
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
