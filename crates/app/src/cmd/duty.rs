//! `shiyu duty who --matter CODE --at LON,LAT [--on DATE]`: who is responsible here, for this, and why.

use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure};
use access::{SystemRole, UnitId};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use kernel::geo::Point;
use matters::City;
use serde_json::{Value, json};

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
        let class = class(&city, &args.matter)?;
        let on = args.on.unwrap_or_else(|| city.local_date(ctx.now()));
        let grid = city.locate(point);
        let division = city.territory.division_at(point);
        let found = city
            .who(Some(class.id), grid, division, on)
            .map_err(|e| Failure::unusable("no_unit", e.to_string()))?;
        let unit = |id: Option<UnitId>| id.map(|id| told(&city, id));
        let reason = serde_json::to_value(&found.reason)
            .map_err(|e| Failure::other("json", e.to_string()))?;
        let json = json!({
            "matter": { "code": class.code, "catalogue": class.catalogue, "name": class.name_zh },
            "grid": grid, "division": division, "on": on,
            "handling": told(&city, found.handling), "competent": unit(found.competent),
            "owning": unit(found.owning), "maintaining": unit(found.maintaining), "reason": reason,
        });
        let place = grid.map_or_else(|| "no known grid".to_owned(), |g| g.to_string());
        let name = city
            .unit(found.handling)
            .map_or_else(|| found.handling.to_string(), |u| u.name_zh.clone());
        let text = format!(
            "{} {} at {place} on {on}: {name}\n  because {}",
            class.code, class.name_zh, json["reason"]
        );
        Done::new(&json, text)
    }
}

fn told(city: &City, id: UnitId) -> Value {
    match city.unit(id) {
        Some(unit) => json!({ "id": id.to_string(), "code": unit.code, "name": unit.name_zh }),
        None => json!({ "id": id.to_string() }),
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

fn class<'c>(city: &'c City, text: &str) -> Result<&'c matters::MatterClass, Failure> {
    let wrong = |message: String| Failure::unusable("unknown_matter", message).field("matter");
    if let Some((catalogue, code)) = text.rsplit_once('/')
        && let Some(class) = city.matters.by_code(catalogue, code)
    {
        return Ok(class);
    }
    let found: Vec<&matters::MatterClass> = city
        .matters
        .classes()
        .iter()
        .filter(|c| c.code == text)
        .collect();
    match found.as_slice() {
        [class] => Ok(class),
        [] => Err(wrong(format!("no catalogue has the class {text:?}"))),
        several => {
            let names: Vec<String> = several
                .iter()
                .map(|c| format!("{}/{}", c.catalogue, c.code))
                .collect();
            Err(wrong(format!(
                "several catalogues have {text:?}: say which of {}",
                names.join(", ")
            )))
        }
    }
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
