//! `shiyu grid draw POLYGONS.geojson --metres N`: square cells over districts, streets or communities.

use super::import_reference::{Territory, done};
use super::speech::Speech;
use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure};
use access::SystemRole;
use clap::{Args, Subcommand};

/// Work on unit grids.
#[derive(Args)]
pub struct Grid {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Draw(Draw),
}

/// Draw square cells over the polygons of a GeoJSON file, cut at their borders, numbered west to east, north to south.
#[derive(Args)]
struct Draw {
    #[command(flatten)]
    polygons: Territory,
    /// The side of a cell in metres.
    #[arg(long)]
    metres: u32,
    #[command(flatten)]
    speech: Speech,
}

impl Grid {
    /// Runs the command.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        let What::Draw(draw) = self.what;
        let (bytes, options) = draw.polygons.read()?;
        let ctx = Program::open(common)?.ready(SystemRole::Operator)?;
        let report = grid::ops::draw_for_areas(&ctx, &bytes, draw.metres, &options);
        done(&report.map_err(|e| draw.speech.failure(e))?, draw.speech)
    }
}
