//! What other rooms need of the snapshot of the reference data: the units and districts that the pages of accounts offer,
//! and the territory that tiles are made of.

use access::{Directory, Places, UnitId};
use kernel::{DistrictCode, DivisionLevel};
use matters::Reference;
use std::sync::Arc;

struct FromReference(Arc<Reference>);

/// The directory of a running program.
pub fn directory(reference: Arc<Reference>) -> Arc<Directory> {
    Arc::new(Directory(Box::new(FromReference(reference))))
}

/// The vector tiles of a running program.
pub fn tiles(reference: Arc<Reference>) -> Arc<grid::Tiles> {
    Arc::new(grid::Tiles::new(move || {
        reference.current().territory.clone()
    }))
}

impl Places for FromReference {
    fn units(&self, lang: ui::Lang) -> Vec<(UnitId, String)> {
        let city = self.0.current();
        city.units
            .in_force()
            .map(|unit| (unit.id, unit.name(lang.tag()).to_owned()))
            .collect()
    }
    fn districts(&self, lang: ui::Lang) -> Vec<(DistrictCode, String)> {
        let city = self.0.current();
        let at_district = city
            .territory
            .divisions()
            .filter(|division| division.code.level() == DivisionLevel::District);
        at_district
            .map(|division| (division.code.district(), division.name_in(lang).to_owned()))
            .collect()
    }
}
