//! `shiyu`: reads the command line, runs the command, chooses the exit code.

use app::{cmd, output};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match cmd::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return output::usage(&error),
    };
    let json = cli.json;
    output::finish(json, cmd::run(cli))
}
