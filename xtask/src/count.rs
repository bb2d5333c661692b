//! Counting tests: reading the closing lines of the runners we call, and writing our own.

use std::fmt;
use std::ops::AddAssign;

/// How many tests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Did what they claim.
    pub passed: u64,
    /// Did not, or did not run to their end.
    pub failed: u64,
    /// Were not run, each by name.
    pub skipped: u64,
}

impl Counts {
    /// One test that is nothing but a command.
    pub fn one(success: bool) -> Self {
        Self {
            passed: u64::from(success),
            failed: u64::from(!success),
            skipped: 0,
        }
    }

    /// Tests that were not run.
    pub fn skipped(skipped: u64) -> Self {
        Self {
            skipped,
            ..Self::default()
        }
    }

    /// Moves tests that skipped themselves while running from passed to skipped.
    pub fn move_to_skipped(&mut self, number: u64) {
        let number = number.min(self.passed);
        self.passed -= number;
        self.skipped += number;
    }

    /// Holds a runner to its exit code: one that failed without a failed test failed as a whole.
    pub fn held_to(mut self, success: bool) -> Self {
        if !success && self.failed == 0 {
            self.failed = 1;
        }
        self
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

/// The closing line of nextest: `Summary [ 1.2s] 5 tests run: 3 passed (1 slow), 1 failed, 1 timed out, 2 skipped`.
/// A run that was broken off says `3/5 tests run`; the tests it did not reach count as failed.
pub fn nextest(line: &str) -> Option<Counts> {
    let rest = line.trim().strip_prefix("Summary [")?;
    let (_, rest) = rest.split_once(']')?;
    let (run, ends) = rest.split_once(" run:")?;
    let mut counts = Counts::default();
    for (number, word) in pairs(&without_brackets(ends))? {
        match word.as_str() {
            "passed" => counts.passed += number,
            "skipped" => counts.skipped += number,
            "failed" | "timed" | "exec" => counts.failed += number,
            _ => {}
        }
    }
    if let Some((reached, all)) = run.trim().split_once('/') {
        let all: u64 = all.split(' ').next()?.parse().ok()?;
        counts.failed += all.saturating_sub(reached.parse().ok()?);
    }
    Some(counts)
}

/// The closing line of libtest: `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; …`.
pub fn libtest(line: &str) -> Option<Counts> {
    let (_, rest) = line
        .trim()
        .strip_prefix("test result: ")?
        .split_once(". ")?;
    let rest = rest.split("; finished").next()?.replace(';', ",");
    let mut counts = Counts::default();
    for (number, word) in pairs(&rest)? {
        match word.as_str() {
            "passed" => counts.passed += number,
            "failed" => counts.failed += number,
            "ignored" => counts.skipped += number,
            _ => {}
        }
    }
    Some(counts)
}

/// Our own closing line: `3 passed, 0 failed, 1 skipped`.
pub fn own(line: &str) -> Option<Counts> {
    let pairs = pairs(line)?;
    let [(passed, p), (failed, f), (skipped, s)] = pairs.as_slice() else {
        return None;
    };
    let ours = line.trim() == format!("{passed} {p}, {failed} {f}, {skipped} {s}");
    (ours && p == "passed" && f == "failed" && s == "skipped").then_some(Counts {
        passed: *passed,
        failed: *failed,
        skipped: *skipped,
    })
}

/// `3 passed, 1 timed out` → (3, passed), (1, timed); nothing if one item is not a number and a word.
fn pairs(text: &str) -> Option<Vec<(u64, String)>> {
    let item = |item: &str| {
        let mut words = item.split_whitespace();
        Some((words.next()?.parse().ok()?, words.next()?.to_owned()))
    };
    text.split(',').map(item).collect()
}

fn without_brackets(text: &str) -> String {
    let mut depth = 0_u32;
    let keep = |c: &char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => return depth == 0,
        }
        false
    };
    text.chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u64, failed: u64, skipped: u64) -> Option<Counts> {
        Some(Counts {
            passed,
            failed,
            skipped,
        })
    }

    #[test]
    fn nextest_closes_as_it_does() {
        assert_eq!(
            nextest("     Summary [   4.040s] 23 tests run: 23 passed, 0 skipped"),
            counts(23, 0, 0)
        );
        assert_eq!(
            nextest("Summary [ 1.0s] 1 test run: 1 passed, 2 skipped"),
            counts(1, 0, 2)
        );
        assert_eq!(
            nextest(
                "Summary [ 9.1s] 9 tests run: 5 passed (1 slow, 1 flaky), 2 failed, 1 timed out, 1 exec failed, 4 skipped"
            ),
            counts(5, 4, 4)
        );
        assert_eq!(
            nextest("Summary [ 9.1s] 3/10 tests run: 2 passed, 1 failed, 0 skipped"),
            counts(2, 8, 0)
        );
    }

    #[test]
    fn libtest_closes_as_it_does() {
        let line = "test result: FAILED. 3 passed; 1 failed; 2 ignored; 0 measured; 7 filtered out; finished in 0.00s";
        assert_eq!(libtest(line), counts(3, 1, 2));
        let line = "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        assert_eq!(libtest(line), counts(0, 0, 0));
    }

    #[test]
    fn our_own_line_is_read_back() {
        let all = Counts {
            passed: 12,
            failed: 0,
            skipped: 3,
        };
        assert_eq!(own(&all.to_string()), Some(all));
        assert_eq!(own("12 passed, 0 failed"), None);
        assert_eq!(own("total: 12 passed, 0 failed, 3 skipped"), None);
    }

    #[test]
    fn other_lines_count_nothing() {
        let garbage = [
            "",
            "Summary",
            "Summary [",
            "Summary [] run:",
            "Summary [1s] x tests run: passed",
            "Summary [1s] 1/x tests run: 1 passed",
            "test result:",
            "test result: ok. ",
            "test result: ok. x passed; 0 failed",
            "passed, failed, skipped",
            ",,",
            "9999999999999999999999 passed, 0 failed, 0 skipped",
            "\u{0}市域",
        ];
        for line in garbage {
            assert_eq!(
                (nextest(line), libtest(line), own(line)),
                (None, None, None),
                "{line:?}"
            );
        }
    }

    #[test]
    fn a_runner_that_dies_without_a_failed_test_failed() {
        assert_eq!(Counts::default().held_to(false).failed, 1);
        assert_eq!(Counts::one(false).held_to(false).failed, 1);
        assert_eq!(Counts::one(true).held_to(true), Counts::one(true));
    }

    #[test]
    fn what_skipped_itself_is_not_passed() {
        let mut all = Counts {
            passed: 5,
            failed: 1,
            skipped: 0,
        };
        all.move_to_skipped(2);
        assert_eq!(Some(all), counts(3, 1, 2));
        all.move_to_skipped(9);
        assert_eq!(Some(all), counts(0, 1, 5));
    }
}
