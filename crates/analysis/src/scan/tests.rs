//! Tests of the scan: by hand, against a brute-force twin, against published results, and with garbage.

mod by_hand;
mod garbage;
mod laws;
mod published;
mod quirks;
mod time_axis;
mod twin;

use super::study::{Files, Model, Request, Study};
use super::{Coordinates, ScanError, Span};
use crate::scan::periods::Unit;

/// A retrospective request by years without replicates; tests change what matters to them.
fn request(model: Model, coordinates: Coordinates) -> Request {
    Request {
        model,
        coordinates,
        span: Span::Retrospective,
        unit: Unit::Year,
        from: None,
        to: None,
        max_population: None,
        max_neighbours: None,
        max_length: None,
        replicates: 0,
        seed: 1,
        stop_after: None,
        min_cases: 1,
    }
}

/// Reads and scans.
fn run(files: &Files<'_>, request: &Request) -> Result<super::study::Report, ScanError> {
    Study::read(files, request)?.scan()
}

fn date(text: &str) -> Option<jiff::civil::Date> {
    Some(text.parse().expect("a date"))
}

/// Asserts equality to a tolerance.
#[track_caller]
fn near(found: f64, wanted: f64, tolerance: f64) {
    assert!(
        (found - wanted).abs() <= tolerance,
        "found {found}, wanted {wanted}"
    );
}
