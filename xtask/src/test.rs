//! `cargo xtask test`: everything that proves the program, on a machine that may have nothing but Rust
//! and Node.js. Goes on after a failure, sums all up, and closes with `N passed, N failed, N skipped`.

use crate::count::{self, Counts};
use crate::demo;
use crate::failures::Failures;
use crate::generate;
use crate::run::{heading, run, show, stream};
use crate::tools::{self, Without};
use crate::workspace::Workspace;
use anyhow::{Context, bail};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};
use testkit::postgres::{Cluster, Database, Durability, SERVER};
use testkit::skip;
use testkit::temp;

/// What the command line says.
#[derive(Debug, Default)]
pub struct Options {
    without: Without,
}

impl Options {
    /// # Errors
    /// When an argument is unknown, or names something that cannot be done without.
    pub fn parse(args: &[String]) -> anyhow::Result<Self> {
        let mut options = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match (arg.as_str(), arg.strip_prefix("--without=")) {
                ("--without", _) => options
                    .without
                    .add(args.next().context("--without needs a name")?)?,
                (_, Some(name)) => options.without.add(name)?,
                (other, None) => bail!("unexpected argument \"{other}\""),
            }
        }
        Ok(options)
    }
}

/// Formatting and lints only.
///
/// # Errors
/// When a program cannot be run.
pub fn check(workspace: &Workspace) -> anyhow::Result<ExitCode> {
    let mut tally = Tally::default();
    formatting(workspace, &mut tally);
    lints(workspace, &mut tally);
    Ok(tally.close())
}

/// Runs the tests once with every snapshot and golden file renewed, then the generators. Tests that fail
/// for another reason than an old snapshot fail here too.
///
/// # Errors
/// When a program cannot be run, or a generator fails.
pub fn bless(workspace: &Workspace) -> anyhow::Result<ExitCode> {
    let stage = Stage::set(workspace, &Options::default())?;
    let mut command = stage.tests();
    // The first is insta's, the second ours.
    command
        .env("INSTA_UPDATE", "always")
        .env("SHIYU_BLESS", "1");
    let success = stream(&mut command, |_| {})?;
    generate::command(workspace, &[])?;
    println!("\nlook at what changed before you commit it: git diff");
    Ok(ExitCode::from(u8::from(!success)))
}

/// Everything.
///
/// # Errors
/// When a program cannot be run at all. A failed test is no error here but in the exit code.
pub fn test(workspace: &Workspace, options: &Options) -> anyhow::Result<ExitCode> {
    let mut tally = Tally::default();
    let stage = match Stage::set(workspace, options) {
        Ok(stage) => stage,
        Err(error) => {
            println!("{error:#}");
            tally.add("what the tests need", Counts::one(false));
            return Ok(tally.close());
        }
    };
    formatting(workspace, &mut tally);
    scripts(&stage, &mut tally);
    rust_tests(&stage, &mut tally)?;
    doc_tests(&stage, &mut tally)?;
    lints(workspace, &mut tally);
    dependencies(workspace, &mut tally);
    generated_files(&stage, &mut tally);
    demo_check(&stage, &mut tally);
    browser(&stage, &mut tally)?;
    Ok(tally.close())
}

/// What the steps run on: the tools, the server, the log of skipped tests.
struct Stage<'a> {
    workspace: &'a Workspace,
    without: Without,
    cluster: Option<Cluster>,
    folder: temp::Dir,
    binary: PathBuf,
}

impl<'a> Stage<'a> {
    fn set(workspace: &'a Workspace, options: &Options) -> anyhow::Result<Self> {
        let without = options.without.clone();
        tools::ready(&without)?;
        if !without.has("node") {
            demo::build_assets(workspace)?;
            tools::node_modules(&workspace.root.join("e2e"))?;
        }
        let cluster = match std::env::var(SERVER) {
            _ if without.has("postgres") => None,
            Ok(url) => Some(Cluster::at(&url)?),
            Err(_) => Some(Cluster::start(Durability::Fast)?),
        };
        let binary = workspace.binary("debug", "shiyu");
        Ok(Self {
            workspace,
            without,
            cluster,
            folder: temp::Dir::new("xtask")?,
            binary,
        })
    }

    fn skip_log(&self) -> PathBuf {
        self.folder.join("skipped")
    }

    /// A command of cargo's with what the tests read from their environment.
    fn cargo(&self, args: &[&str]) -> Command {
        let mut command = self.workspace.cargo(args);
        command
            .env(skip::WITHOUT, self.without.list())
            .env(skip::LOG, self.skip_log());
        match &self.cluster {
            Some(cluster) => command.env(SERVER, cluster.url()),
            None => command.env_remove(SERVER),
        };
        if let Some(chromium) = tools::chromium().filter(|_| !self.without.has("chromium")) {
            command.env("SHIYU_CHROMIUM", chromium);
        }
        command
    }

    /// All tests of the workspace, by nextest where it is installed.
    fn tests(&self) -> Command {
        if tools::has_cargo("nextest") {
            self.cargo(&["nextest", "run", "--workspace", "--no-fail-fast"])
        } else {
            self.cargo(&[
                "test",
                "--workspace",
                "--lib",
                "--bins",
                "--tests",
                "--no-fail-fast",
            ])
        }
    }

    /// Takes what has skipped itself since the last call, each test once: `name: reason`.
    fn take_skipped(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.skip_log()).unwrap_or_default();
        let _ = std::fs::remove_file(self.skip_log());
        skipped(&text)
    }
}

/// The lines of the log of skipped tests (`name TAB reason TAB run`) for people.
fn skipped(log: &str) -> Vec<String> {
    let lines: BTreeSet<&str> = log.lines().collect();
    let shown = |line: &&str| {
        let mut fields = line.split('\t');
        let name = fields.next().unwrap_or_default();
        format!("{name}: {}", fields.next().unwrap_or("no reason given"))
    };
    lines.iter().map(shown).collect()
}

/// What was counted so far.
#[derive(Debug)]
struct Tally {
    steps: Vec<(String, Counts, Duration)>,
    skipped: Vec<String>,
    failures: Failures,
    /// When the step under way began.
    began: Instant,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            steps: Vec::new(),
            skipped: Vec::new(),
            failures: Failures::default(),
            began: Instant::now(),
        }
    }
}

impl Tally {
    fn add(&mut self, step: &str, counts: Counts) {
        let took = self.began.elapsed();
        self.steps.push((step.to_owned(), counts, took));
        self.began = Instant::now();
    }

    fn skip(&mut self, step: &str, reason: &str) {
        println!("skipped: {step}: {reason}");
        self.skipped.push(format!("{step}: {reason}"));
        self.add(step, Counts::skipped(1));
    }

    /// A command that is one test, or as many as its closing line says.
    fn command(&mut self, step: &str, mut command: Command) {
        heading(&show(&command));
        let mut counts = None;
        let run = stream(&mut command, |line| {
            counts = count::own(line).or(counts);
            self.failures.read(line);
        });
        let success = run.unwrap_or_else(|error| {
            println!("{error:#}");
            false
        });
        self.add(
            step,
            counts.unwrap_or(Counts::one(success)).held_to(success),
        );
    }

    /// A test that is a piece of this program.
    fn result(&mut self, step: &str, result: anyhow::Result<()>) {
        if let Err(error) = &result {
            println!("{step}: {error:#}");
        }
        self.add(step, Counts::one(result.is_ok()));
    }

    fn total(&self) -> Counts {
        let mut total = Counts::default();
        for (_, counts, _) in &self.steps {
            total += *counts;
        }
        total
    }

    /// Prints the sums; the last line is the total. A run that tested nothing has failed.
    fn close(self) -> ExitCode {
        heading("sum");
        for line in &self.skipped {
            println!("skipped: {line}");
        }
        for line in self.failures.lines() {
            println!("failed: {line}");
        }
        let width = self
            .steps
            .iter()
            .map(|(step, ..)| step.chars().count())
            .max()
            .unwrap_or(0);
        for (step, counts, took) in &self.steps {
            println!(
                "{}{step:width$}  {counts} ({} s)",
                if counts.failed > 0 { "✗ " } else { "  " },
                took.as_secs()
            );
        }
        let total = self.total();
        println!("{total}");
        ExitCode::from(u8::from(total.failed > 0 || total.passed == 0))
    }
}

fn formatting(workspace: &Workspace, tally: &mut Tally) {
    tally.command("formatting", workspace.cargo(&["fmt", "--all", "--check"]));
}

fn lints(workspace: &Workspace, tally: &mut Tally) {
    tally.command(
        "lints",
        workspace.cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]),
    );
}

/// Licences, advisories and bans, where the tool for it is installed.
fn dependencies(workspace: &Workspace, tally: &mut Tally) {
    if tools::has_cargo("deny") {
        tally.command("dependencies", workspace.cargo(&["deny", "check"]));
    } else {
        tally.skip("dependencies", "cargo-deny is not installed");
    }
}

/// The types of the scripts, and the runner of the browser tests itself.
fn scripts(stage: &Stage, tally: &mut Tally) {
    for (folder, script, step) in [
        ("islands", "check", "types of the scripts"),
        ("e2e", "selftest", "runner of the browser tests"),
    ] {
        let folder = stage.workspace.root.join(folder);
        if !tools::has_script(&folder, script) {
            continue;
        }
        let needed = if script == "selftest" {
            "chromium"
        } else {
            "node"
        };
        if stage.without.has(needed) {
            tally.skip(step, &format!("without {needed}"));
            continue;
        }
        let mut command = Command::new("npm");
        command
            .args(["run", "--silent", script])
            .current_dir(&folder);
        if let Some(chromium) = tools::chromium() {
            command.env("SHIYU_CHROMIUM", chromium);
        }
        tally.command(step, command);
    }
}

fn rust_tests(stage: &Stage, tally: &mut Tally) -> anyhow::Result<()> {
    heading("build");
    // With the tests, so that the program and they share every dependency as built here.
    let built = run(&mut stage.cargo(&["build", "--workspace", "--bins", "--tests"]));
    tally.result("build", built);

    let mut command = stage.tests();
    heading(&show(&command));
    let (mut by_nextest, mut by_libtest) = (None, Counts::default());
    let success = stream(&mut command, |line| {
        by_nextest = count::nextest(line).or(by_nextest);
        by_libtest += count::libtest(line).unwrap_or_default();
        tally.failures.read(line);
    })?;
    let mut counts = by_nextest.unwrap_or(by_libtest).held_to(success);
    let skipped = stage.take_skipped();
    counts.move_to_skipped(skipped.len() as u64);
    tally.skipped.extend(skipped);
    tally.add("tests", counts);
    Ok(())
}

fn doc_tests(stage: &Stage, tally: &mut Tally) -> anyhow::Result<()> {
    let mut command = stage.cargo(&["test", "--doc", "--workspace", "--no-fail-fast"]);
    heading(&show(&command));
    let mut counts = Counts::default();
    let success = stream(&mut command, |line| {
        counts += count::libtest(line).unwrap_or_default()
    })?;
    tally.add("examples in the documentation", counts.held_to(success));
    Ok(())
}

fn generated_files(stage: &Stage, tally: &mut Tally) {
    for generated in generate::GENERATED {
        let step = format!("generated files in {}", generated.folder);
        heading(&step);
        tally.result(
            &step,
            generate::compare(stage.workspace, &stage.binary, generated),
        );
    }
}

fn demo_check(stage: &Stage, tally: &mut Tally) {
    heading("the demo");
    tally.result(
        "the demo",
        demo::check(&stage.binary, &demo::Options::default()),
    );
}

/// The whole program in Chromium, on both engines.
fn browser(stage: &Stage, tally: &mut Tally) -> anyhow::Result<()> {
    const STEP: &str = "browser tests";
    if let Some(reason) = no_browser_tests(stage) {
        tally.skip(STEP, reason);
        return Ok(());
    }
    // Lives as long as the run; its server forgets it then.
    let database: Option<Database> = stage
        .cluster
        .as_ref()
        .map(Cluster::fresh_database)
        .transpose()?;
    let mut command = Command::new("node");
    command
        .arg("e2e/run.mjs")
        .current_dir(&stage.workspace.root)
        .env("SHIYU_BINARY", &stage.binary);
    command.env(
        "SHIYU_CHROMIUM",
        tools::chromium().context("the browser went away during the run")?,
    );
    match &database {
        Some(database) => command.env("SHIYU_E2E_POSTGRES", database.url()),
        None => command.env_remove("SHIYU_E2E_POSTGRES"),
    };
    tally.command(STEP, command);
    if database.is_none() {
        tally.skip("browser tests on PostgreSQL", "without postgres");
    }
    Ok(())
}

/// Why there are none, if there are none.
fn no_browser_tests(stage: &Stage) -> Option<&'static str> {
    stage.without.has("chromium").then_some("without chromium")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> anyhow::Result<Options> {
        Options::parse(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn both_ways_to_exclude_are_read() {
        let options = parse(&["--without", "postgres", "--without=slow"]).unwrap();
        assert_eq!(options.without.list(), "postgres,slow");
        for garbage in [
            &["--without"][..],
            &["--without", "x"],
            &["--without="],
            &["--wihtout", "slow"],
            &["slow"],
        ] {
            assert!(parse(garbage).is_err(), "{garbage:?}");
        }
    }

    #[test]
    fn a_step_that_cannot_run_has_failed() {
        let mut tally = Tally::default();
        tally.command("gone", Command::new("no-such-program-anywhere"));
        tally.command("false", Command::new("false"));
        tally.command("true", Command::new("true"));
        let mut counted = Command::new("sh");
        counted.args(["-c", "echo 4 passed, 0 failed, 2 skipped; exit 1"]);
        tally.command("counted", counted);
        tally.skip("other", "why");
        assert_eq!(
            tally.total(),
            Counts {
                passed: 5,
                failed: 3,
                skipped: 3
            }
        );
    }

    #[test]
    fn a_test_that_says_twice_that_it_is_skipped_counts_once() {
        let log = "a\twhy\t1 x\na\twhy\t1 x\na\twhy\t2 x\nodd line\n";
        assert_eq!(
            skipped(log),
            ["a: why", "a: why", "odd line: no reason given"]
        );
        assert!(skipped("").is_empty());
    }

    #[test]
    fn the_exit_code_tells_failure_and_emptiness() {
        let code = |counts| {
            let mut tally = Tally::default();
            tally.add("step", counts);
            format!("{:?}", tally.close())
        };
        let ok = format!("{:?}", ExitCode::SUCCESS);
        assert_eq!(code(Counts::one(true)), ok);
        assert_ne!(code(Counts::one(false)), ok);
        assert_ne!(code(Counts::skipped(3)), ok);
    }
}
