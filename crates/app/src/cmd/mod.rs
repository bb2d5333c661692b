//! The commands, one file each. A command is a clap `Args` struct with `fn run(self, …) -> Result<Done, Failure>`.

mod deadline;

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
}

/// Runs the chosen command.
pub fn run(cli: Cli) -> Result<Done, Failure> {
    match cli.command {
        Command::Deadline(args) => args.run(),
    }
}
