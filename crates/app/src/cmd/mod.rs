//! The commands, one file each. A command is a clap `Args` struct with `fn run(self, …) -> Result<Done, Failure>`.

mod backup;
mod bulletin;
mod calendar;
mod case;
mod deadline;
mod detect;
mod doctor;
mod duty;
mod evaluate;
mod export;
mod export_facts;
mod facts;
mod forecast;
pub mod gen_docs;
mod grid;
mod import;
mod import_reference;
mod init;
mod matters;
mod openapi;
mod replay;
mod reporting_rate;
mod restore;
mod scan;
mod search;
mod serve;
mod settings;
mod speech;
mod suggest;
mod suggest_record;
mod table;
#[cfg(test)]
mod testing;
mod units;
mod user;
mod vault;
mod warn;

use crate::config::Common;
use crate::output::{Done, Failure};
use clap::{Parser, Subcommand};

/// 市域 — a city's matters from report to evaluation, in the open.
#[derive(Parser)]
#[command(name = "shiyu", version, about)]
pub struct Cli {
    /// Print exactly one JSON object on stdout.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Backup(backup::Backup),
    Calendar(calendar::Calendar),
    Bulletin(bulletin::Bulletin),
    Case(case::Case),
    Deadline(deadline::Args),
    Detect(detect::Args),
    Doctor(doctor::Doctor),
    Duty(duty::Duty),
    Evaluate(evaluate::Evaluate),
    Export(export::Export),
    Facts(facts::Args),
    Forecast(forecast::Args),
    #[command(hide = true)]
    GenDocs(gen_docs::GenDocs),
    Grid(grid::Grid),
    Import(import::Import),
    Init(init::Init),
    Matters(matters::Matters),
    Openapi(openapi::OpenApi),
    Replay(replay::Replay),
    ReportingRate(reporting_rate::Args),
    Restore(restore::Restore),
    Scan(scan::Args),
    Search(search::Args),
    Serve(serve::Serve),
    Settings(settings::Settings),
    Suggest(suggest::Args),
    Units(units::Units),
    User(user::Args),
    Vault(vault::Args),
    Warn(warn::Warn),
}

/// Runs the chosen command.
pub fn run(cli: Cli) -> Result<Done, Failure> {
    let common = &cli.common;
    match cli.command {
        Command::Backup(args) => args.run(common),
        Command::Calendar(args) => args.run(common),
        Command::Bulletin(args) => args.run(common),
        Command::Case(args) => args.run(common),
        Command::Deadline(args) => args.run(common),
        Command::Detect(args) => args.run(),
        Command::Doctor(args) => args.run(common),
        Command::Duty(args) => args.run(common),
        Command::Evaluate(args) => args.run(common),
        Command::Export(args) => args.run(common, cli.json),
        Command::Facts(args) => args.run(common),
        Command::Forecast(args) => args.run(),
        Command::GenDocs(args) => args.run(),
        Command::Grid(args) => args.run(common),
        Command::Import(args) => args.run(common),
        Command::Init(args) => args.run(common),
        Command::Matters(args) => args.run(),
        Command::Openapi(args) => args.run(cli.json),
        Command::Replay(args) => args.run(common),
        Command::ReportingRate(args) => args.run(),
        Command::Restore(args) => args.run(common),
        Command::Scan(args) => args.run(),
        Command::Search(args) => args.run(common),
        Command::Serve(args) => args.run(common),
        Command::Settings(args) => args.run(common),
        Command::Suggest(args) => args.run(common),
        Command::Units(args) => args.run(common),
        Command::User(args) => args.run(common),
        Command::Vault(args) => args.run(common),
        Command::Warn(args) => args.run(common),
    }
}
