//! `shiyu duty who --matter CODE --at LON,LAT [--on DATE]`: who is responsible here, for this, and why.

use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure};
use access::SystemRole;
use clap::{Args, Subcommand};
use jiff::civil::Date;
use kernel::geo::Point;
use matters::http::{Asked, WhoView, named_class};

/// Work on duties.
#[derive(Args)]
pub struct Duty {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Who(Who),
}

/// Say who answers for a matter at a place, and why.
#[derive(Args)]
struct Who {
    /// The class: its code, or CATALOGUE/CODE where several catalogues have it.
    #[arg(long, value_name = "CODE")]
    matter: String,
    /// The place in WGS 84.
    #[arg(long, value_name = "LON,LAT", allow_hyphen_values = true)]
    at: String,
    /// The local date [default: today].
    #[arg(long, value_name = "DATE")]
    on: Option<Date>,
}

impl Duty {
    /// Runs it.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        let What::Who(args) = self.what;
        let point = point(&args.at)?;
        let program = Program::open(common)?;
        let ctx = program.ready(SystemRole::Operator)?;
        let city = program.reference.current();
        let class = named_class(&city, &args.matter)
            .map_err(|e| Failure::unusable("unknown_matter", e.to_string()).field("matter"))?;
        let on = args.on.unwrap_or_else(|| city.local_date(ctx.now()));
        let asked = Asked {
            point: Some(point),
            ..Asked::default()
        };
        let found = WhoView::ask(&city, class, asked, on)
            .map_err(|e| Failure::unusable("no_unit", e.to_string()))?;
        let place = found.grid.clone();
        let unit = &found.handling;
        let unknown = match found.outside {
            true => "a place outside the territory",
            false => "no known grid",
        };
        let text = format!(
            "{} {} at {} on {on}: {}\n  because {}",
            class.code,
            class.name_zh,
            place.as_deref().unwrap_or(unknown),
            unit.name.as_deref().unwrap_or(&unit.id),
            found.reason
        );
        Done::new(&found, text)
    }
}

fn point(text: &str) -> Result<Point, Failure> {
    let wrong = |why: String| {
        Failure::unusable(
            "unusable_point",
            format!("cannot read the place {text:?}: {why}"),
        )
        .field("at")
    };
    let (lon, lat) = text
        .split_once(',')
        .ok_or_else(|| wrong("expected LON,LAT".into()))?;
    let number = |word: &str| {
        word.trim()
            .parse::<f64>()
            .map_err(|_| wrong(format!("{:?} is not a number", word.trim())))
    };
    Point::new(number(lon)?, number(lat)?).map_err(|e| wrong(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_longitude_and_latitude() {
        assert_eq!(
            point("123.2, 30.2").unwrap(),
            Point::new(123.2, 30.2).unwrap()
        );
        for garbage in ["", "1", "a,b", "200,1", "1,NaN", "1,2,3"] {
            assert_eq!(
                point(garbage).unwrap_err().field.as_deref(),
                Some("at"),
                "{garbage:?}"
            );
        }
    }
}
