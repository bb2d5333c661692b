//! A small city for the tests of this crate.

use grid::{Area, Division, Territory, UnitGrid};
use jiff::civil::date;
use kernel::codes::{DistrictCode, DivisionCode, GridCode};
use kernel::geo::Crs;
use kernel::id::Id;
use matters::{Flags, MatterClass, MatterId, MatterKind};

/// A class by a small number.
pub fn class(n: u8) -> MatterId {
    MatterId(Id::from_bytes([n; 16]))
}

/// A warnable component class of this name.
pub fn matter_class(n: u8, name: &str) -> MatterClass {
    MatterClass {
        id: class(n),
        catalogue: "test".into(),
        code: format!("C{n:04}"),
        kind: MatterKind::Component,
        major: None,
        minor: None,
        major_name: None,
        name_zh: name.into(),
        name_en: None,
        local: false,
        keywords: Vec::new(),
        flags: Flags {
            public: true,
            warnable: true,
            confidential: false,
            verify: true,
            claimable: false,
        },
        default_nature: None,
        reviewed: true,
        version: 1,
        valid_from: None,
        valid_to: None,
        conditions: Vec::new(),
    }
}

/// So many districts of so many streets of one community of side × side cells of about 100 m, side by side from west to
/// east. Each community has so many households.
pub fn territory(districts: u16, streets: u16, side: u16, households: Option<i64>) -> Territory {
    let (mut divisions, mut cells) = (Vec::new(), Vec::new());
    let step = 0.001;
    let mut column = 0;
    for d in 0..districts {
        let district: DistrictCode = format!("3301{:02}", d + 2).parse().expect("six digits");
        divisions.push(Division::new(
            district.division(),
            format!("{}区", d + 1),
            "test",
        ));
        for s in 1..=streets {
            let street = DivisionCode::street(district, s).expect("a small number");
            let community = DivisionCode::community(street, 1).expect("a small number");
            divisions.push(Division::new(street, format!("{}区{s}街道", d + 1), "test"));
            let mut of_street = Division::new(community, format!("{}区{s}街道社区", d + 1), "test");
            of_street.households = households;
            divisions.push(of_street);
            for n in 0..side * side {
                let code = GridCode::new(community, n + 1).expect("a small number");
                let west = 120.0 + f64::from(column + n % side) * step;
                let south = 30.0 + f64::from(n / side) * step;
                let ring = serde_json::json!([[
                    [west, south],
                    [west + step, south],
                    [west + step, south + step],
                    [west, south + step],
                    [west, south]
                ]]);
                let shape = serde_json::json!({ "type": "Polygon", "coordinates": ring });
                let shape = Area::from_geojson(&shape, Crs::Wgs84).expect("a square");
                cells.push(UnitGrid::new(code, shape, true, "test"));
            }
            column += side;
        }
    }
    Territory::build(divisions, cells, Vec::new(), date(2026, 3, 16))
}

/// Numbers that look random and are the same each time (SplitMix64).
pub struct Luck(pub u64);

impl Luck {
    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// The next number below n.
    pub fn below(&mut self, n: u32) -> u32 {
        u32::try_from(self.draw() % u64::from(n.max(1))).expect("below a u32")
    }
    /// The next number from 0 to 1.
    pub fn share(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1u64 << 53) as f64
    }
}
