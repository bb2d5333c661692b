//! `shiyu-bench`: what the program costs beside what the engines cost by themselves. `cargo xtask bench` builds and runs it.
//!
//! Every budget is a ratio within one run: program and floor take turns on the same machine, and CPU seconds are compared,
//! which hardly change when others use the machine. What is measured and how is in `docs/performance.md`.

mod analysis;
mod city;
mod clocks;
mod evaluation;
mod facts;
mod floor;
mod import;
mod life;
mod load;
mod measure;
mod pages;
mod program;
mod report;
mod server;
mod spike;
mod start;
mod template;
mod warning;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use program::Program;
use report::Line;
use server::Postgres;
use std::path::PathBuf;
use std::process::Command;

/// Measures the program in ratios to what the engines cost by themselves.
#[derive(Parser, Debug)]
#[command(name = "shiyu-bench")]
struct Args {
    /// Fewer rows, lives and turns: a look, not a verdict.
    #[arg(long)]
    quick: bool,
    /// Only these (may be given several times).
    #[arg(long, value_name = "NAME")]
    only: Vec<Bench>,
    /// Rows to import and lives to store [default: 100000 rows, 50000 lives].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1000..=100_000_000))]
    cases: Option<u32>,
    /// Only the figures and the pages of so large a city, with its cases and sums alone (some GB of disk, and minutes to hours to fill).
    #[arg(long, value_name = "SIZE", conflicts_with_all = ["quick", "only", "cases"])]
    scale: Option<Scale>,
    /// Measure the figures on this engine alone.
    #[arg(long, value_name = "ENGINE")]
    engine: Option<Engine>,
    /// Also write the figures as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Bench {
    /// A file of cases beside the engine's bulk path.
    Import,
    /// The life of a case, statements a request, a page of the list.
    Life,
    /// Ten times the clients for some seconds.
    Spike,
    /// Start and idle memory.
    Start,
    /// Figures: made anew, kept up, read [default: 1000000 cases].
    Facts,
    /// What turned yellow or red in a minute, and all deadlines after a calendar changed [default: 200000 clocks].
    Clocks,
    /// A month's evaluation by unit and the cases behind its numbers [default: 1000000 cases].
    Evaluation,
    /// Inbox, command page, map and tiles of a served city made long by copies [default: 1000000 cases].
    Pages,
    /// A daily look for what is unusual over 2,000 unit grids and 60 classes.
    Warning,
    /// How fast scan, detection, forecast and text (`cargo bench -p shiyu-analysis`) are; only when named.
    Analysis,
    /// Whether p-values, intervals and recurrence intervals mean what they say; only when named.
    Calibration,
}

/// How large the city of the figures is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scale {
    /// A million cases.
    #[value(name = "1m")]
    Million,
    /// Ten million.
    #[value(name = "10m")]
    TenMillion,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engine {
    Sqlite,
    Postgres,
}

impl Args {
    /// How many cases figures and pages are measured over.
    fn city_cases(&self) -> u32 {
        let usual = if self.quick { 50_000 } else { 1_000_000 };
        match self.scale {
            Some(Scale::Million) => 1_000_000,
            Some(Scale::TenMillion) => 10_000_000,
            None => self.cases.unwrap_or(usual),
        }
    }
    fn wants(&self, bench: Bench) -> bool {
        if self.scale.is_some() {
            matches!(bench, Bench::Facts | Bench::Pages)
        } else if self.only.is_empty() {
            !matches!(bench, Bench::Analysis | Bench::Calibration)
        } else {
            self.only.contains(&bench)
        }
    }
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let mut lines: Vec<Line> = Vec::new();
    let mut say = |line: Line| {
        println!("{line}");
        lines.push(line);
    };
    measure_all(&args, &mut say)?;
    let missed = lines.iter().filter(|l| l.is_met == Some(false)).count();
    let budgets = lines.iter().filter(|l| l.is_met.is_some()).count();
    println!("{budgets} budgets, {missed} missed");
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(
            &serde_json::json!({ "quick": args.quick, "lines": lines }),
        )?;
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn measure_all(args: &Args, say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    let wants = |bench| args.wants(bench);
    if wants(Bench::Analysis) {
        analysis::speed(args.quick, say)?;
        text()?;
    }
    if wants(Bench::Calibration) {
        analysis::calibration(args.quick, say)?;
    }
    if wants(Bench::Facts) {
        if args.engine != Some(Engine::Postgres) {
            facts::on_sqlite(args.city_cases(), say)?;
        }
        if args.engine != Some(Engine::Sqlite) {
            facts::on_postgres(args.city_cases(), say)?;
        }
    }
    if wants(Bench::Clocks) {
        let usual = if args.quick { 20_000 } else { 200_000 };
        clocks::on_both(args.cases.unwrap_or(usual), say)?;
    }
    if wants(Bench::Evaluation) {
        evaluation::on_both(
            args.cases
                .unwrap_or(if args.quick { 50_000 } else { 1_000_000 }),
            say,
        )?;
    }
    if wants(Bench::Warning) {
        warning::run(args.quick, say)?;
    }
    let on_both = [Bench::Pages, Bench::Import, Bench::Life, Bench::Spike];
    if !wants(Bench::Start) && !on_both.into_iter().any(wants) {
        return Ok(());
    }
    let program = Program::find()?;
    if wants(Bench::Start) {
        start::run(&program, if args.quick { 3 } else { 7 }, say)?;
    }
    if !on_both.into_iter().any(wants) {
        return Ok(());
    }
    if wants(Bench::Pages) && args.engine != Some(Engine::Postgres) {
        pages::on_sqlite(&program, args.city_cases(), say)?;
    }
    let postgres = Postgres::start()?;
    if wants(Bench::Pages) && args.engine != Some(Engine::Sqlite) {
        pages::on_postgres(&program, &postgres, args.city_cases(), say)?;
    }
    if wants(Bench::Import) {
        let size = import_size(args);
        let each_ms = [
            import::on_sqlite(&program, size, say)?,
            import::on_postgres(&program, &postgres, size, say)?,
        ];
        import::many(&program, &postgres, size.rows, each_ms, say)?;
    }
    if wants(Bench::Life) {
        let size = life_size(args);
        let record = life::record(&program, &postgres)?;
        life::on_sqlite(&program, &record, size, say)?;
        life::on_postgres(&program, &postgres, &record, size, say)?;
    }
    if wants(Bench::Spike) {
        let size = spike_size(args);
        spike::on_sqlite(&program, size, say)?;
        spike::on_postgres(&program, &postgres, size, say)?;
    }
    Ok(())
}

fn import_size(args: &Args) -> import::Size {
    let (rows, turns) = if args.quick {
        (20_000, 2)
    } else {
        (100_000, 3)
    };
    import::Size {
        rows: args.cases.unwrap_or(rows),
        turns,
    }
}

/// Pages of the list that one turn asks for.
const PAGES: u32 = 100;

fn life_size(args: &Args) -> life::Size {
    let (lives, turns, stored) = if args.quick {
        (400, 3, 10_000)
    } else {
        (2000, 5, 50_000)
    };
    life::Size {
        lives,
        turns,
        stored: args.cases.unwrap_or(stored),
        pages: PAGES,
    }
}

fn spike_size(args: &Args) -> spike::Size {
    let (warm_s, before_s, spike_s) = if args.quick { (2, 5, 5) } else { (5, 15, 15) };
    spike::Size {
        warm_s,
        before_s,
        spike_s,
        after_s: 15,
    }
}

/// The bench of the suggestions prints figures of its own.
fn text() -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["bench", "-p", "shiyu-analysis"])
        .status()
        .context("cannot run cargo")?;
    anyhow::ensure!(status.success(), "cargo bench -p shiyu-analysis failed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound_and_refuses_what_it_does_not_know() {
        use clap::CommandFactory as _;
        Args::command().debug_assert();
        let parse =
            |args: &[&str]| Args::try_parse_from(std::iter::once(&"shiyu-bench").chain(args));
        let args = parse(&["--quick", "--only", "life", "--cases", "1000000"]).unwrap();
        assert_eq!(
            (args.only.as_slice(), life_size(&args).stored),
            (&[Bench::Life][..], 1_000_000)
        );
        assert_eq!(import_size(&parse(&[]).unwrap()).rows, 100_000);
        let large = parse(&["--scale", "10m", "--engine", "postgres"]).unwrap();
        assert_eq!(large.city_cases(), 10_000_000);
        assert!(
            large.wants(Bench::Facts) && large.wants(Bench::Pages) && !large.wants(Bench::Life)
        );
        assert_eq!(parse(&["--quick"]).unwrap().city_cases(), 50_000);
        for wrong in [
            &["--only", "all"][..],
            &["--cases", "5"],
            &["--cases", "many"],
            &["--json"],
            &["--scale", "100m"],
            &["--scale", "10m", "--cases", "5000"],
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
