//! Which combinations of dimensions are kept added up. Pure; the numbers stand in the store and never change meaning.
//!
//! A figure is read from the smallest cube that has all it asks for. Every cube is kept by day and by month: a long
//! period is read as whole months and the odd days at its ends, so that its cost does not grow with its length.

use crate::model::Level;

/// What the `word` of a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Nothing: the cube tells neither channels nor states apart.
    None,
    /// The code of the channel.
    Channel,
    /// The state. Such a cube counts reports only, on the day of the report.
    State,
}

/// One combination of dimensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cube {
    /// Its number in the store.
    pub number: i64,
    /// How exactly it tells places apart.
    pub level: Level,
    /// Whether it tells classes apart.
    pub matter: bool,
    /// Whether it tells units apart.
    pub unit: bool,
    /// Whether it tells channels or states apart.
    pub word: Word,
    /// Whether histograms of durations are kept for it.
    pub spans: bool,
}

/// The number of a cube's months is this much higher than that of its days.
pub const MONTHS: i64 = 100;
/// The cube with an index by class and street of its own (`facts_rollups_of_matter`).
pub const STREET_MATTER: i64 = 5;

const fn cube(number: i64, level: Level) -> Cube {
    Cube {
        number,
        level,
        matter: false,
        unit: false,
        word: Word::None,
        spans: false,
    }
}

/// The cubes, smallest first.
pub const CUBES: &[Cube] = &[
    Cube {
        spans: true,
        ..cube(1, Level::District)
    },
    Cube {
        word: Word::Channel,
        ..cube(7, Level::District)
    },
    Cube {
        word: Word::State,
        ..cube(9, Level::District)
    },
    Cube {
        spans: true,
        ..cube(2, Level::Street)
    },
    Cube {
        unit: true,
        spans: true,
        ..cube(6, Level::District)
    },
    Cube {
        word: Word::State,
        ..cube(10, Level::Street)
    },
    Cube {
        unit: true,
        word: Word::State,
        ..cube(11, Level::City)
    },
    cube(3, Level::Community),
    Cube {
        matter: true,
        spans: true,
        ..cube(4, Level::District)
    },
    Cube {
        unit: true,
        matter: true,
        ..cube(8, Level::City)
    },
    Cube {
        matter: true,
        ..cube(STREET_MATTER, Level::Street)
    },
];

/// The smallest cube that tells apart all that is asked for.
pub fn smallest(level: Level, matter: bool, unit: bool, word: Word, spans: bool) -> Option<Cube> {
    CUBES.iter().copied().find(|cube| {
        cube.level >= level
            && cube.matter >= matter
            && cube.unit >= unit
            && (word == Word::None && cube.word != Word::State || cube.word == word)
            && cube.spans >= spans
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_given_once_and_stay_below_those_of_months() {
        let mut numbers: Vec<i64> = CUBES.iter().map(|c| c.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), CUBES.len());
        assert!(numbers.iter().all(|n| (1..MONTHS).contains(n)));
    }

    #[test]
    fn the_smallest_cube_that_fits_is_taken() {
        let number = |level, matter, unit, word| {
            smallest(level, matter, unit, word, false).map(|c| c.number)
        };
        assert_eq!(number(Level::City, false, false, Word::None), Some(1));
        assert_eq!(number(Level::District, true, false, Word::None), Some(4));
        assert_eq!(number(Level::Street, true, false, Word::None), Some(5));
        assert_eq!(number(Level::City, true, true, Word::None), Some(8));
        assert_eq!(number(Level::City, false, true, Word::State), Some(11));
        assert_eq!(number(Level::Grid, false, false, Word::None), None);
        assert_eq!(number(Level::District, true, false, Word::State), None);
    }
}
