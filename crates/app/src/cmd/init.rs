//! `shiyu init [--sample]`: makes the database where there is none, brings its schema up to date, and lays the invented
//! sample city into an empty one, with its figures and the index of its search. Idempotent without `--sample`.

use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure};
use access::SystemRole;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use sample::ops::{InstallError, Progress, keep_accounts};
use std::path::PathBuf;

/// The seed of the sample city: the same for everybody, so that all see the same city.
const SEED: u64 = 20_261_123;

/// Make the database, or bring its schema up to date.
#[derive(Args)]
pub struct Init {
    /// Lay the invented sample city into it; refused where there are cases.
    #[arg(long)]
    sample: bool,
}

impl Init {
    /// Runs it.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        let (mut program, applied) = Program::init(common)?;
        crate::serve::master_keys(&program.config.data_dir)?;
        let url = program.db.url();
        let mut text = match applied.as_slice() {
            [] => format!("{url} is up to date"),
            _ => format!("{url} is ready ({} migrations applied)", applied.len()),
        };
        let mut json = serde_json::json!({ "db": url, "applied": applied });
        let measured = measure(&program)?;
        if measured > 0 {
            json["measured"] = measured.into();
            text.push_str(&format!("\n{measured} cases of before got their measures"));
        }
        if self.sample {
            let (cases, accounts) = lay_sample(&mut program)?;
            // What is derived of so many cases takes memory to make, which a serving program would keep.
            super::facts::rebuild(&program)?;
            super::search::rebuild(&program)?;
            json["cases"] = cases.into();
            json["accounts"] = accounts.display().to_string().into();
            text.push_str(&format!(
                "\nthe sample city has {cases} cases; its accounts are in {}",
                accounts.display()
            ));
        }
        Done::new(&json, text)
    }
}

/// Gives cases stored by an earlier version the measures that evaluations sum.
fn measure(program: &Program) -> Result<u64, Failure> {
    let bar = ProgressBar::new_spinner();
    bar.set_message("measures");
    let ctx = program.system(SystemRole::Installer);
    let measured = cases::replay::measure(&ctx, |done| bar.set_position(done))?;
    bar.finish_and_clear();
    Ok(measured)
}

fn lay_sample(program: &mut Program) -> Result<(usize, PathBuf), Failure> {
    let failed = |e: InstallError| match e {
        InstallError::NotEmpty(_) => Failure::unusable("not_empty", e.to_string()).field("db"),
        other => Failure::other("sample", other.to_string()),
    };
    let ctx = program.system(SystemRole::Installer);
    let city =
        sample::generate(SEED, ctx.now()).map_err(|e| Failure::other("sample", e.to_string()))?;
    let style = ProgressStyle::with_template("sample city {bar:30} {pos}/{len} cases ({elapsed})")
        .expect("a template we wrote");
    let bar = ProgressBar::new(city.lives.len() as u64).with_style(style);
    let accounts = sample::ops::install(&ctx, &city, |Progress { cases, .. }| {
        bar.set_position(cases as u64)
    })
    .map_err(failed)?;
    bar.finish_and_clear();
    ctx.analyze_blocking()?;
    crate::scenes::play(program, &city)?;
    let path = program.config.data_dir.join("demo-accounts.json");
    keep_accounts(&path, &accounts).map_err(|e| {
        Failure::other(
            "demo_accounts",
            format!("cannot write {}: {e}", path.display()),
        )
    })?;
    Ok((city.lives.len(), path))
}
