//! Costs in CPU seconds, read from the kernel's own books: this process, the children it waited for, and a database server.
//!
//! CPU seconds hardly change when others use the machine; elapsed time does. So budgets are judged by the former, and
//! program and floor take turns (A B A B …), of which the median counts.

use anyhow::Context as _;
use std::collections::HashMap;
use std::fs;
use std::time::Instant;

/// The kernel's unit of CPU time in `/proc`: 1/100 s on every Linux (USER_HZ, proc(5)).
const TICKS_PER_S: f64 = 100.0;

/// What a piece of work cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// CPU seconds of everybody who took part.
    pub cpu_s: f64,
    /// Seconds on the clock.
    pub wall_s: f64,
}

impl Cost {
    /// CPU milliseconds for each of `n` pieces.
    pub fn cpu_ms_each(self, n: usize) -> f64 {
        self.cpu_s * 1e3 / n as f64
    }
    /// Pieces a second of the clock.
    pub fn rate(self, n: usize) -> f64 {
        n as f64 / self.wall_s
    }
}

/// A PostgreSQL server whose CPU time counts: its first process, of which all others are children.
#[derive(Debug, Clone, Copy)]
pub struct Server {
    postmaster: u32,
}

impl Server {
    /// The server with this first process.
    pub fn new(postmaster: u32) -> Self {
        Self { postmaster }
    }
    /// CPU seconds of the server so far: the first process, what it has waited for, and who still runs.
    fn cpu_s(self) -> anyhow::Result<f64> {
        let mut ticks = 0;
        for entry in fs::read_dir("/proc").context("cannot read /proc")? {
            let name = entry.context("cannot read /proc")?.file_name();
            let Some(pid) = name.to_str().and_then(|n| n.parse::<u32>().ok()) else {
                continue;
            };
            // A process may end between the listing and the look.
            let Ok(text) = fs::read_to_string(format!("/proc/{pid}/stat")) else {
                continue;
            };
            let Some(stat) = Stat::parse(&text) else {
                continue;
            };
            if pid == self.postmaster {
                ticks += stat.own + stat.waited;
            } else if stat.parent == self.postmaster {
                ticks += stat.own;
            }
        }
        Ok(ticks as f64 / TICKS_PER_S)
    }
}

/// The fields of `/proc/PID/stat` that matter here.
#[derive(Debug, PartialEq)]
struct Stat {
    parent: u32,
    own: u64,
    waited: u64,
}

impl Stat {
    /// The second field is the program's name in brackets and may hold anything, so fields are counted from its end.
    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |n: usize| fields.get(n)?.parse::<u64>().ok();
        Some(Self {
            parent: u32::try_from(number(1)?).ok()?,
            own: number(11)? + number(12)?,
            waited: number(13)? + number(14)?,
        })
    }
}

fn own_cpu_s() -> anyhow::Result<f64> {
    let text = fs::read_to_string("/proc/self/stat").context("cannot read /proc/self/stat")?;
    let stat = Stat::parse(&text).context("cannot understand /proc/self/stat")?;
    Ok((stat.own + stat.waited) as f64 / TICKS_PER_S)
}

/// Runs `work` and tells what it cost here, in finished children, and at the server.
///
/// # Errors
/// Those of `work`; when `/proc` cannot be read.
pub fn cost_of<T>(
    server: Option<Server>,
    work: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<(T, Cost)> {
    let cpu =
        || -> anyhow::Result<f64> { Ok(own_cpu_s()? + server.map_or(Ok(0.0), Server::cpu_s)?) };
    let before = cpu()?;
    let started = Instant::now();
    let done = work()?;
    let wall_s = started.elapsed().as_secs_f64();
    let cpu_s = cpu()? - before;
    Ok((done, Cost { cpu_s, wall_s }))
}

/// The median; the mean of the middle two when there is an even number.
///
/// # Panics
/// When there is nothing to take it of.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    assert!(!values.is_empty(), "a median needs a value");
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        (values[middle - 1] + values[middle]) / 2.0
    }
}

/// Turns of program and floor, one after the other.
#[derive(Debug, Default)]
pub struct Turns {
    turns: Vec<(Cost, Cost)>,
}

impl Turns {
    /// Adds a turn of the program and one of the floor, over the same number of pieces.
    pub fn add(&mut self, program: Cost, floor: Cost) {
        self.turns.push((program, floor));
    }
    /// The floor's CPU time over the program's: 1 means that the program costs nothing beyond the engine.
    pub fn cpu_ratio(&self) -> f64 {
        median(self.turns.iter().map(|(p, f)| f.cpu_s / p.cpu_s))
    }
    /// The floor's elapsed time over the program's.
    pub fn wall_ratio(&self) -> f64 {
        median(self.turns.iter().map(|(p, f)| f.wall_s / p.wall_s))
    }
    /// A figure of the program's turns.
    pub fn of_program(&self, figure: impl Fn(Cost) -> f64) -> f64 {
        median(self.turns.iter().map(|(p, _)| figure(*p)))
    }
    /// A figure of the floor's turns.
    pub fn of_floor(&self, figure: impl Fn(Cost) -> f64) -> f64 {
        median(self.turns.iter().map(|(_, f)| figure(*f)))
    }
}

/// A figure of `/proc/PID/status` in MB (10⁶ bytes), such as `VmRSS` or `VmHWM`; none once the process has ended.
pub fn memory_mb(pid: u32, name: &str) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    memory_in(&text, name)
}

fn memory_in(status: &str, name: &str) -> Option<f64> {
    let fields: HashMap<&str, &str> = status
        .lines()
        .filter_map(|line| line.split_once(':'))
        .collect();
    let kib: f64 = fields.get(name)?.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_from_the_end_of_the_name() {
        let text = "42 (odd) name (x) S 7 42 42 0 -1 4194560 100 0 0 0 11 22 33 44 20 0 1 0";
        let stat = Stat::parse(text).unwrap();
        assert_eq!(
            stat,
            Stat {
                parent: 7,
                own: 33,
                waited: 77
            }
        );
        for garbage in [
            "",
            "42",
            "42 (x)",
            "42 (x) S",
            "42 (x) S a b",
            ")))",
            "é) S -1",
        ] {
            assert_eq!(Stat::parse(garbage), None, "{garbage:?}");
        }
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn work_costs_about_what_it_burns() {
        let burn = || {
            let started = Instant::now();
            let mut x = 1_u64;
            while started.elapsed().as_millis() < 300 {
                x = std::hint::black_box(x.wrapping_mul(6_364_136_223_846_793_005));
            }
            Ok(x)
        };
        let (_, cost) = cost_of(None, burn).unwrap();
        assert!(cost.wall_s >= 0.3);
        // Others may hold the core meanwhile, so only the upper bound is sharp (other tests of this process burn too).
        assert!(cost.cpu_s > 0.02, "{cost:?}");
    }

    #[test]
    fn memory_is_read_in_megabytes() {
        let text = "Name:\tshiyu\nVmHWM:\t    1000 kB\nVmRSS:\t     500 kB\nThreads:\t4\n";
        assert_eq!(memory_in(text, "VmHWM"), Some(1.024));
        assert_eq!(memory_in(text, "VmRSS"), Some(0.512));
        assert_eq!(memory_in(text, "VmSwap"), None);
        assert_eq!(memory_in("Threads:\t4\n", "Threads"), None);
        assert!(memory_mb(std::process::id(), "VmHWM").unwrap() > 1.0);
    }

    #[test]
    fn ratios_are_of_the_floor_to_the_program() {
        let cost = |cpu_s, wall_s| Cost { cpu_s, wall_s };
        let mut turns = Turns::default();
        for program in [2.0, 4.0, 40.0] {
            turns.add(cost(program, program), cost(2.0, 1.0));
        }
        assert_eq!(turns.cpu_ratio(), 0.5);
        assert_eq!(turns.wall_ratio(), 0.25);
        assert_eq!(turns.of_program(|c| c.cpu_ms_each(1000)), 4.0);
        assert_eq!(turns.of_floor(|c| c.rate(10)), 10.0);
    }
}
