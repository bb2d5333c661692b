//! The one entrance for developers: `cargo xtask COMMAND`.
//!
//! Builds in seconds, knows no async, and stands on nothing of the program but `testkit`, so that it
//! works while the rest does not compile.

mod bench;
mod count;
mod demo;
mod failures;
mod generate;
mod http;
mod run;
mod test;
mod tools;
mod workspace;

use anyhow::{Context, bail};
use std::process::ExitCode;
use workspace::Workspace;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  check                      formatting and lints, as the tests require them
  test [--without NAME]…     everything that proves the program; NAME: postgres chromium node shared slow
  bless                      run the tests and renew the snapshots and golden files they compare with
  gen [--check]              renew the generated files (or say which are out of date)
  demo [--check] [--db URL] [--addr ADDRESS]
                             build, make the sample city if there is none, serve it;
                             --check: on a free port and in a temporary folder, sign in as each role, stop
  bench [ARGUMENT]…          build for release and measure
  postgres [--durable]       a throw-away PostgreSQL until Enter or Ctrl-C, for runs of single tests
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> anyhow::Result<ExitCode> {
    let Some((command, rest)) = args.split_first() else {
        eprint!("{USAGE}");
        return Ok(ExitCode::from(2));
    };
    match command.as_str() {
        "check" => no_more(rest).and_then(|()| test::check(&Workspace::load()?)),
        "test" => test::test(&Workspace::load()?, &test::Options::parse(rest)?),
        "bless" => no_more(rest).and_then(|()| test::bless(&Workspace::load()?)),
        "gen" => generate::command(&Workspace::load()?, rest),
        "demo" => demo::demo(&Workspace::load()?, &demo::Options::parse(rest)?),
        "bench" => bench::bench(&Workspace::load()?, rest),
        "postgres" => postgres(rest),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        unknown => bail!("no command \"{unknown}\"\n{USAGE}"),
    }
}

/// Refuses arguments to a command that takes none.
fn no_more(rest: &[String]) -> anyhow::Result<()> {
    match rest {
        [] => Ok(()),
        [first, ..] => bail!("unexpected argument \"{first}\""),
    }
}

/// Keeps a server until the developer has done with it.
fn postgres(args: &[String]) -> anyhow::Result<ExitCode> {
    use testkit::postgres::{Cluster, Durability, SERVER};
    let durability = match args {
        [] => Durability::Fast,
        [flag] if flag == "--durable" => Durability::Durable,
        [other, ..] => bail!("unexpected argument \"{other}\""),
    };
    let cluster = Cluster::start(durability)?;
    println!("export {SERVER}={}", cluster.url());
    eprintln!("running; Enter or Ctrl-C stops it");
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .context("cannot wait for Enter")?;
    Ok(ExitCode::SUCCESS)
}
