//! Which tests failed, and why: read from the output of the runners we call, told again at the end, where
//! whoever sees only the last lines of a long run finds them.

/// What failed, in the order of the first telling.
#[derive(Debug, Default)]
pub struct Failures {
    told: Vec<Failure>,
    /// What the next lines may say of the last one.
    next: Next,
}

#[derive(Debug)]
struct Failure {
    name: String,
    reason: String,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Next {
    /// Nothing any more.
    #[default]
    Nothing,
    /// The reason, in the line below the name (browser tests), or where it panicked (tests of Rust).
    Reason,
    /// With which words it panicked.
    Message,
}

impl Failures {
    /// One line of a runner's output.
    pub fn read(&mut self, line: &str) {
        if let Some(name) = failed(line) {
            // nextest names them all again behind its sum.
            self.next = Next::Nothing;
            if self.told.iter().all(|told| told.name != name) {
                let (name, reason) = (name.to_owned(), String::new());
                self.told.push(Failure { name, reason });
                self.next = Next::Reason;
            }
            return;
        }
        let Some(last) = self.told.last_mut() else {
            return;
        };
        let text = line.trim();
        match self.next {
            Next::Reason if text.contains(" panicked at ") => {
                text.clone_into(&mut last.reason);
                self.next = Next::Message;
            }
            Next::Reason if line.starts_with("    ") && text.starts_with("Error") => {
                text.clone_into(&mut last.reason);
                self.next = Next::Nothing;
            }
            Next::Message => {
                last.reason.push(' ');
                last.reason.push_str(text);
                self.next = Next::Nothing;
            }
            _ if line.starts_with("ok  ") => self.next = Next::Nothing,
            _ => {}
        }
    }

    /// A line for each: its name, and the reason as far as the runner gave one.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.told.iter().map(|Failure { name, reason }| {
            let sign = if reason.is_empty() { "" } else { ": " };
            format!("{name}{sign}{reason}")
        })
    }
}

/// The name of the test that a line calls failed: `FAIL [ 0.4s] ( 9/21) crate::it name` of nextest (also `TIMEOUT [`
/// and the signals), `FAILED  sqlite › file › name (1.2 s)` of the browser tests.
fn failed(line: &str) -> Option<&str> {
    let line = line.trim_end();
    if let Some(name) = line.strip_prefix("FAILED  ") {
        return Some(name.rsplit_once(" (").map_or(name, |(name, _)| name));
    }
    let (word, rest) = line.trim_start().split_once(" [")?;
    let is_end = ["FAIL", "TIMEOUT", "ABORT", "SIGABRT", "SIGSEGV", "SIGKILL"];
    let (_, rest) = rest.split_once("] ").filter(|_| is_end.contains(&word))?;
    let rest = rest.trim_start();
    let behind = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    Some(behind.map_or(rest, |(_, name)| name).trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(output: &str) -> Vec<String> {
        let mut failures = Failures::default();
        output.lines().for_each(|line| failures.read(line));
        failures.lines().collect()
    }

    #[test]
    fn a_failed_test_is_told_once_with_where_and_why() {
        let output = "        PASS [   0.003s] ( 1/9) shiyu-a a::fine
        FAIL [   0.386s] (  2/9) shiyu-b::it a_claim::on_sqlite
  stdout ───

    running 1 test
  stderr ───

    thread 'a_claim::on_sqlite' (10911) panicked at crates/b/tests/it/main.rs:193:9:
    nothing to see: [33, 0]
    stack backtrace:
     TIMEOUT [ 120.000s] (  3/9) shiyu-b::it a_slow_one
     Summary [ 121.000s] 9 tests run: 7 passed, 1 failed, 1 timed out, 0 skipped
        FAIL [   0.386s] (  2/9) shiyu-b::it a_claim::on_sqlite
     TIMEOUT [ 120.000s] (  3/9) shiyu-b::it a_slow_one
    thread 'other' panicked at nowhere:
";
        assert_eq!(
            told(output),
            [
                "shiyu-b::it a_claim::on_sqlite: thread 'a_claim::on_sqlite' (10911) panicked at \
                 crates/b/tests/it/main.rs:193:9: nothing to see: [33, 0]",
                "shiyu-b::it a_slow_one"
            ]
        );
    }

    #[test]
    fn a_failed_browser_test_is_told_with_its_error() {
        let output = "ok      sqlite › typed › one (2.8 s)
FAILED  sqlite › typed › aForm (ofSorts) (1.1 s)
    Error: it is said what is wrong
        at claim (file:///x.mjs:5:18)
    picture: /x.png
FAILED  sqlite › the program stops when asked to
ok      sqlite › typed › two (2.8 s)
    Error: of nobody
";
        assert_eq!(
            told(output),
            [
                "sqlite › typed › aForm (ofSorts): Error: it is said what is wrong",
                "sqlite › the program stops when asked to",
            ]
        );
    }

    #[test]
    fn other_lines_are_no_failures() {
        assert!(told("").is_empty());
        let garbage = "FAIL\nFAIL [\n[]\nthread panicked at \n    Error: x\n test a ... FAILED\n) ( [\u{202e}";
        assert!(told(garbage).is_empty());
    }
}
