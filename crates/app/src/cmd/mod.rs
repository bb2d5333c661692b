//! The commands, one file each. A command is a clap `Args` struct with `fn run(self, …) -> Result<Done, Failure>`.

mod deadline;
mod detect;
mod forecast;
mod reporting_rate;
mod scan;
mod suggest;
mod table;
#[cfg(test)]
mod testing;

use crate::output::{Done, Failure};
use clap::{Parser, Subcommand};

/// 市域 — a city's matters from report to evaluation, in the open.
#[derive(Parser)]
#[command(name = "shiyu", version, about)]
pub struct Cli {
    /// Print exactly one JSON object on stdout.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Deadline(deadline::Args),
    Detect(detect::Args),
    Forecast(forecast::Args),
    ReportingRate(reporting_rate::Args),
    Scan(scan::Args),
    Suggest(suggest::Args),
}

/// Runs the chosen command.
pub fn run(cli: Cli) -> Result<Done, Failure> {
    match cli.command {
        Command::Deadline(args) => args.run(),
        Command::Detect(args) => args.run(),
        Command::Forecast(args) => args.run(),
        Command::ReportingRate(args) => args.run(),
        Command::Scan(args) => args.run(),
        Command::Suggest(args) => args.run(),
    }
}
