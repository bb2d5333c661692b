//! Ten times the load for some seconds: whether anybody is failed, and how soon the program is back at full speed.
//!
//! The program is served as people serve it, and clients lead whole lives over the API, so many of them that it is fully
//! busy. Then ten times as many come, stay for some seconds and leave. Whoever is told 429 waits as long as told. At the
//! end the program is killed without a word and every case is rebuilt from its events.

use crate::city::City;
use crate::load::{self, ApiLife, Book, Seen};
use crate::measure::median;
use crate::program::Program;
use crate::report::{Line, Wanted};
use crate::server::Postgres;
use anyhow::{Context as _, ensure};
use kernel::SystemClock;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::DbOptions;
use testkit::temp::Dir;
use tokio::sync::watch;

/// Clients who are always there.
const CLIENTS: usize = 60;
/// How many times as many are there during the spike.
const TIMES: usize = 10;
/// Seconds within which the program must be at full speed again.
const BACK_S: f64 = 5.0;
/// Full speed: so much of the speed before the spike, over one second.
const FULL: f64 = 0.9;

/// How long each part takes, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Before anything is measured.
    pub warm_s: u64,
    /// Before the spike.
    pub before_s: u64,
    /// The spike.
    pub spike_s: u64,
    /// After it; longer than the budget.
    pub after_s: u64,
}

/// Measures on SQLite.
///
/// # Errors
/// When the program does not serve, or loses something.
pub fn on_sqlite(program: &Program, size: Size, say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    let folder = Dir::new("bench-spike")?;
    let url = format!("sqlite:{}", folder.join("spike.db").display());
    run("sqlite", program, folder.path(), &url, size, say)
}

/// Measures on PostgreSQL.
///
/// # Errors
/// When the program does not serve, or loses something.
pub fn on_postgres(
    program: &Program,
    postgres: &Postgres,
    size: Size,
    say: &mut dyn FnMut(Line),
) -> anyhow::Result<()> {
    let (database, folder) = (postgres.database()?, Dir::new("bench-spike")?);
    run(
        "postgres",
        program,
        folder.path(),
        database.url(),
        size,
        say,
    )
}

fn run(
    engine: &'static str,
    program: &Program,
    folder: &Path,
    url: &str,
    size: Size,
    say: &mut dyn FnMut(Line),
) -> anyhow::Result<()> {
    program.init(folder, url, false)?;
    let city = City::new(url, Arc::new(SystemClock), &DbOptions::default())?;
    let life = Arc::new(city.api_life());
    drop(city);
    let served = program.serve(folder, url)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let book = Arc::new(Book::new());
    let course = runtime.block_on(course(served.addr, &life, &book, size));
    drop(runtime);
    drop(served);
    tell(engine, &book, course, say);
    let (replayed, _) = program.run(folder, url, &["replay"])?;
    let lived = book.times(Seen::Lived).len();
    ensure!(
        replayed["mismatches"] == 0,
        "cases are not what their events say: {replayed}"
    );
    let kept = replayed["cases"].as_u64().unwrap_or(0);
    ensure!(
        kept >= lived as u64,
        "{lived} lives were acknowledged, {kept} cases are stored"
    );
    Ok(())
}

/// When the parts began, in seconds of the book.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Course {
    before: f64,
    spike: f64,
    after: f64,
    end: f64,
}

async fn course(addr: SocketAddr, life: &Arc<ApiLife>, book: &Arc<Book>, size: Size) -> Course {
    let (end_all, all_end) = watch::channel(false);
    let (end_spike, spike_ends) = watch::channel(false);
    let always = load::work(addr, CLIENTS, life, book, &all_end);
    let director = async {
        let pass = |seconds| tokio::time::sleep(Duration::from_secs(seconds));
        pass(size.warm_s).await;
        let before = book.now_s();
        pass(size.before_s).await;
        let spike = book.now_s();
        let visitors = load::work(addr, CLIENTS * (TIMES - 1), life, book, &spike_ends);
        let rest = async {
            pass(size.spike_s).await;
            let after = book.now_s();
            let _ = end_spike.send(true);
            pass(size.after_s).await;
            after
        };
        let ((), after) = tokio::join!(visitors, rest);
        let end = book.now_s();
        let _ = end_all.send(true);
        Course {
            before,
            spike,
            after,
            end,
        }
    };
    let ((), course) = tokio::join!(always, director);
    course
}

fn tell(engine: &'static str, book: &Book, course: Course, say: &mut dyn FnMut(Line)) {
    let lives = book.times(Seen::Lived);
    let [answered, shed] = [Seen::Answered, Seen::Shed].map(|what| {
        let times = book.times(what);
        count_in(&times, course.spike, course.after)
    });
    let failed = book.times(Seen::Failed).len();
    let what = format!("errors, with {TIMES} times the clients for a while");
    say(Line::new("spike", engine, what, failed as f64)
        .wanted(Wanted::AtMost(0.0))
        .detail(book.errors().join("; ")));
    let share = shed as f64 / ((answered + shed) as f64).max(1.0);
    say(
        Line::new("spike", engine, "share of 429 in the spike", share)
            .detail(format!("{answered} answered, {shed} told to come back")),
    );
    let speed = |from: f64, to: f64| count_in(&lives, from, to) as f64 / (to - from);
    let full = full_speed(&lives, course.before, course.spike);
    let during = speed(course.spike, course.after) / full;
    say(Line::new(
        "spike",
        engine,
        "lives a second in the spike / before",
        during,
    )
    .detail(format!("{full:.0} lives/s before")));
    let back_s = back_after(&lives, course, full);
    let detail = match back_s {
        Some(back_s) => format!("{back_s:.1} s"),
        None => "not until the end".to_owned(),
    };
    let what = "seconds until full speed again / 5 s";
    say(Line::new(
        "spike",
        engine,
        what,
        back_s.unwrap_or(f64::INFINITY) / BACK_S,
    )
    .wanted(Wanted::AtMost(1.0))
    .detail(detail));
    let later = speed(course.after + BACK_S, course.end) / full;
    say(Line::new(
        "spike",
        engine,
        "lives a second later than 5 s after / before",
        later,
    ));
}

/// How many of these moments lie in `from .. to`; they are in order of time.
fn count_in(times: &[f64], from: f64, to: f64) -> usize {
    times.partition_point(|at| *at < to) - times.partition_point(|at| *at < from)
}

/// Lives a second before the spike: the median over its whole seconds, so that one hiccup of the machine is no yardstick.
fn full_speed(lives: &[f64], from: f64, to: f64) -> f64 {
    let mut seconds = Vec::new();
    let mut start = from;
    while start + 1.0 <= to {
        seconds.push(count_in(lives, start, start + 1.0) as f64);
        start += 1.0;
    }
    median(seconds)
}

/// After how many seconds a second at full speed begins; none when there is none before the end.
fn back_after(lives: &[f64], course: Course, full: f64) -> Option<f64> {
    const STEP_S: f64 = 0.1;
    let mut start = course.after;
    while start + 1.0 <= course.end {
        if count_in(lives, start, start + 1.0) as f64 >= FULL * full {
            return Some(start - course.after);
        }
        start += STEP_S;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every(step: f64, from: f64, to: f64) -> Vec<f64> {
        let count = ((to - from) / step).round() as usize;
        (0..count).map(|n| from + step * n as f64).collect()
    }

    #[test]
    fn speed_is_back_when_a_second_is_full_again() {
        let course = Course {
            before: 0.0,
            spike: 10.0,
            after: 20.0,
            end: 30.0,
        };
        // A hundred a second, ten a second in the spike and three seconds beyond, then a hundred again.
        let mut lives = every(0.01, 0.0, 10.0);
        lives.extend(every(0.1, 10.0, 23.0));
        lives.extend(every(0.01, 23.0, 30.0));
        let full = full_speed(&lives, course.before, course.spike);
        assert_eq!(full, 100.0);
        let back_s = back_after(&lives, course, full).unwrap();
        assert!((2.8..=3.0).contains(&back_s), "{back_s}");
        let never: Vec<f64> = lives.iter().copied().filter(|at| *at < 23.0).collect();
        assert_eq!(back_after(&never, course, full), None);
    }

    #[test]
    fn moments_are_counted_from_the_first_to_before_the_last() {
        let times = [1.0, 2.0, 2.0, 3.0];
        assert_eq!(count_in(&times, 1.0, 3.0), 3);
        assert_eq!(count_in(&times, 3.5, 9.0), 0);
        assert_eq!(count_in(&[], 0.0, 1.0), 0);
    }
}
