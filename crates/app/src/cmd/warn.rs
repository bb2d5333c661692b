//! `shiyu warn run [--date D] [--seed N]` and `shiyu warn backtest --from D --to D`: what is unusual, now and in the past.

use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure};
use access::{Ctx, SystemRole};
use cases::facts::CaseFacts;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;
use matters::City;
use serde_json::json;
use std::fmt::Write as _;
use std::sync::Arc;
use warning::control::new_seed;
use warning::ops::{self, Ask, WarningError};
use warning::view;

/// Look for what is unusual about a class in a place; test the past.
#[derive(Args)]
pub struct Warn {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Run(Run),
    Backtest(Backtest),
}

/// Look at a day: findings begin or go on. Looking at a day again changes nothing.
#[derive(Args)]
struct Run {
    /// The day (local date); the last one that is over if not given.
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
    /// The seed of the simulations; the day itself if not given.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    seed: Option<u64>,
}

/// Which warnings would have come, when, and how many of them by chance.
#[derive(Args)]
struct Backtest {
    /// The first day (local date).
    #[arg(long, value_name = "DATE")]
    from: String,
    /// The last day, included and over.
    #[arg(long, value_name = "DATE")]
    to: String,
    /// The seed of simulation and chance; drawn if not given.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    seed: Option<u64>,
}

impl Warn {
    /// Runs it.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        match self.what {
            What::Run(run) => run.run(common),
            What::Backtest(test) => test.run(common),
        }
    }
}

fn date(field: &str, text: &str) -> Result<Date, Failure> {
    text.parse().map_err(|_| {
        let message = format!("cannot read the date {text:?}: expected YYYY-MM-DD");
        Failure::unusable("unusable_date", message).field(field)
    })
}

fn seed(given: Option<u64>) -> Result<Option<u64>, Failure> {
    match given {
        Some(seed) if seed >= 1 << 53 => {
            let message = format!("the seed {seed} is not below 2^53");
            Err(Failure::unusable("unusable_option", message).field("seed"))
        }
        other => Ok(other),
    }
}

/// Opens the database and brings the figures up to date.
fn ready(common: &Common) -> Result<(Ctx, Arc<City>), Failure> {
    let program = Program::open(common)?;
    let ctx = program.ready(SystemRole::Operator)?;
    let source = CaseFacts::source(program.config.timezone.clone());
    facts::upkeep::catch_up(&ctx, &source).map_err(|e| Failure::other("figures", e.to_string()))?;
    Ok((ctx.renewed(), program.reference.current()))
}

fn failed(error: WarningError) -> Failure {
    match error {
        WarningError::Field {
            field,
            code: _,
            reason,
        } => Failure::unusable("unusable_option", reason).field(field),
        other => Failure::other("warn", other.to_string()),
    }
}

impl Run {
    fn run(self, common: &Common) -> Result<Done, Failure> {
        let day = self.date.map(|text| date("date", &text)).transpose()?;
        let seed = seed(self.seed)?;
        let (ctx, city) = ready(common)?;
        let day = day.unwrap_or_else(|| ops::day_to_look_at(&city, ctx.now()));
        if day >= city.local_date(ctx.now()) {
            let message = format!("{day} is not over yet");
            return Err(Failure::unusable("unusable_date", message).field("date"));
        }
        let run = ops::run_day(&ctx, city.clone(), day, seed, true).map_err(failed)?;
        let begun = ops::some_blocking(&ctx, &run.begun).map_err(failed)?;
        let going_on = ops::some_blocking(&ctx, &run.going_on).map_err(failed)?;
        let mut text = format!("{day}: {} new, {} going on\n", begun.len(), going_on.len());
        for look in &run.detectors {
            let _ = writeln!(
                text,
                "  {}: {} series, {} with too little past, {} signals",
                look.detector, look.series, look.too_short, look.signals
            );
        }
        let told = |list: &[warning::sql::Warning]| -> Vec<serde_json::Value> {
            list.iter()
                .map(|w| {
                    json!({
                        "id": w.id,
                        "sentence": view::sentence(&city, &w.track),
                        "first_seen": w.track.first_seen,
                        "places": w.track.places,
                        "now": w.track.now,
                    })
                })
                .collect()
        };
        for one in begun.iter().chain(&going_on) {
            let both = view::sentence(&city, &one.track);
            let _ = writeln!(text, "{}\n  {}", both.zh, both.en);
        }
        let json = json!({
            "day": run.day,
            "seed": run.seed,
            "detectors": run.detectors,
            "begun": told(&begun),
            "going_on": told(&going_on),
            "seconds": run.seconds,
        });
        Done::new(&json, text)
    }
}

impl Backtest {
    fn run(self, common: &Common) -> Result<Done, Failure> {
        let (from, to) = (date("from", &self.from)?, date("to", &self.to)?);
        let seed = seed(self.seed)?.unwrap_or_else(new_seed);
        let (ctx, city) = ready(common)?;
        let ask = Ask::new(from, to, seed, city.local_date(ctx.now())).map_err(failed)?;
        let style = ProgressStyle::with_template("back-test {bar:30} {pos}/{len} ({elapsed})")
            .expect("the template is sound");
        let bar = ProgressBar::new(0).with_style(style);
        let outcome = ops::run_backtest(&ctx, city.clone(), ask, |done, all| {
            bar.set_length(u64::from(all));
            bar.set_position(u64::from(done));
            true
        })
        .map_err(failed)?;
        bar.finish_and_clear();
        let outcome = outcome.ok_or_else(|| Failure::other("warn", "the back-test was stopped"))?;
        let mut text = format!(
            "{from} to {to}: {} warnings would have come (seed {seed})\n",
            outcome.warned.len()
        );
        for one in &outcome.performance {
            let chance = outcome.by_chance.get(&one.detector).copied().unwrap_or(0);
            let _ = writeln!(
                text,
                "  {}: {} on {} days, {chance} by chance alone; judged real {}, known cause {}, false {}",
                one.detector, one.findings, one.days, one.real, one.known_cause, one.false_alarms
            );
        }
        let mut warnings = Vec::new();
        for one in &outcome.warned {
            let both = view::sentence(&city, &one.track);
            let _ = writeln!(
                text,
                "{} (until {}) {}\n  {}",
                one.track.first_seen, one.track.last_seen, both.zh, both.en
            );
            warnings.push(json!({
                "sentence": both,
                "began": one.track.began,
                "first_seen": one.track.first_seen,
                "last_seen": one.track.last_seen,
                "level": one.track.level,
                "places": one.track.places,
                "verdict": one.verdict,
                "now": one.track.now,
                "history": one.sights,
            }));
        }
        let false_alarms: u32 = outcome.performance.iter().map(|p| p.false_alarms).sum();
        let json = json!({
            "from": from,
            "to": to,
            "seed": seed,
            "warnings": warnings,
            "performance": outcome.performance,
            "days_judged": outcome.days_judged,
            "by_chance": outcome.by_chance,
            "judged_false": false_alarms,
        });
        Done::new(&json, text)
    }
}
