//! Skipping a test by name: said on the test's output, and in the file the runner counts.
//!
//! The test harness knows no "skipped while running": such a test counts as passed there. The runner
//! takes the lines of the log off the passed ones, so that nothing that did not run looks as if it had.

use std::fs::OpenOptions;
use std::io::Write;

/// The environment variable that names the log of skipped tests.
pub const LOG: &str = "SHIYU_SKIP_LOG";
/// The environment variable that lists what this run does without.
pub const WITHOUT: &str = "SHIYU_WITHOUT";

/// Says that the test `name` does not run, and why. The caller returns right after.
///
/// # Panics
/// When the log is named but cannot be written: a skip that nobody counts would pass as a success.
pub fn skip(name: &str, reason: &str) {
    println!("skipped: {name}: {reason}");
    if let Some(path) = std::env::var_os(LOG) {
        // One write of one line, appended: lines of tests running side by side do not mix.
        let line = log_line(name, reason);
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(line.as_bytes()))
            .unwrap_or_else(|e| panic!("cannot write the skip log {}: {e}", path.display()));
    }
}

/// Whether this run was told to do without `what` (`cargo xtask test --without postgres`).
pub fn without(what: &str) -> bool {
    std::env::var(WITHOUT).is_ok_and(|list| lists(&list, what))
}

fn lists(list: &str, what: &str) -> bool {
    list.split(',').any(|item| item.trim() == what)
}

/// `name TAB reason TAB run`, with everything that would break the line made a blank. The run tells two
/// tests of one name in two crates from one test that says twice that it is skipped.
fn log_line(name: &str, reason: &str) -> String {
    let clean = |text: &str| text.replace(['\t', '\n', '\r'], " ");
    let run = format!("{} {:?}", std::process::id(), std::thread::current().id());
    format!("{}\t{}\t{run}\n", clean(name), clean(reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_item_by_item() {
        assert!(lists("postgres, chromium", "chromium"));
        assert!(!lists("postgresql", "postgres"));
        assert!(!lists("", "postgres"));
    }

    #[test]
    fn a_log_entry_is_one_line_whatever_the_reason_holds() {
        let line = log_line("a\tb", "no\nfile\r");
        assert!(line.starts_with("a b\tno file \t") && line.ends_with('\n'));
        assert_eq!(
            (line.matches('\t').count(), line.matches('\n').count()),
            (2, 1)
        );
    }
}
