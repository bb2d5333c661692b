//! `shiyu`: the command line. One file a command under `cmd/`; this file only names them.
//!
//! Conventions every command keeps: with `--json` exactly one JSON object goes to stdout and nothing else;
//! text for people, progress and logs go to stderr. Exit 0 = done, 2 = file, map or arguments unusable and
//! nothing written, 1 = anything else.

mod cmd;
mod compose;
mod config;
mod output;
mod places;
mod serve;

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
