//! Running other programs: silently checked, or streamed live while their lines are read.

use anyhow::{Context, bail};
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;

/// A line that parts the steps of a run.
pub fn heading(text: &str) {
    println!(
        "\n── {text} {}",
        "─".repeat(70_usize.saturating_sub(text.chars().count()))
    );
}

/// Runs a command whose output goes straight to ours.
///
/// # Errors
/// When it cannot be run or does not succeed.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    let shown = show(command);
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("cannot run {shown}"))?;
    if !status.success() {
        bail!("{shown} failed: {status}");
    }
    Ok(())
}

/// Runs a command, passes its output on as it comes, and shows each line, without its colours, to `read`.
/// Whether it succeeded.
///
/// # Errors
/// When it cannot be run.
pub fn stream(command: &mut Command, mut read: impl FnMut(&str)) -> anyhow::Result<bool> {
    let shown = show(command);
    if std::io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot run {shown}"))?;
    let stdout = child.stdout.take().expect("stdout is piped");
    let stderr = child.stderr.take().expect("stderr is piped");
    let (lines, received) = mpsc::channel::<String>();
    std::thread::scope(|scope| {
        let also = lines.clone();
        scope.spawn(move || pass_on(stdout, &mut std::io::stdout(), &lines));
        scope.spawn(move || pass_on(stderr, &mut std::io::stderr(), &also));
        for line in received {
            read(&line);
        }
    });
    let status = child
        .wait()
        .with_context(|| format!("cannot wait for {shown}"))?;
    Ok(status.success())
}

/// Copies line by line. Whoever reads our output may have gone away: the run goes on all the same.
fn pass_on(from: impl Read, to: &mut impl Write, lines: &mpsc::Sender<String>) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while let Ok(1..) = from.read_until(b'\n', &mut line) {
        let _ = to.write_all(&line).and_then(|()| to.flush());
        let _ = lines.send(plain(String::from_utf8_lossy(&line).trim_end()));
        line.clear();
    }
}

/// The text without terminal colours (`ESC [ … letter`).
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        let end = after
            .find(|c: char| c.is_ascii_alphabetic())
            .map_or(after.len(), |at| at + 1);
        rest = &after[end..];
    }
    out.push_str(rest);
    out
}

/// The first program of that name in `PATH`.
pub fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
}

/// The command as one would type it: the program by its name alone.
pub fn show(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let words = std::iter::once(name).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_outputs_are_read_and_failure_is_told() {
        let mut lines = Vec::new();
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two >&2; printf three; exit 3"]);
        assert!(!stream(&mut command, |line| lines.push(line.to_owned())).unwrap());
        lines.sort();
        assert_eq!(lines, ["one", "three", "two"]);
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = run(&mut Command::new("no-such-program-anywhere")).unwrap_err();
        assert!(error.to_string().contains("no-such-program-anywhere"));
    }

    #[test]
    fn a_command_is_shown_as_one_types_it() {
        let mut command = Command::new("/usr/bin/cargo");
        assert_eq!(show(command.args(["fmt", "--check"])), "cargo fmt --check");
        assert_eq!(show(&Command::new("..")), "..");
    }

    #[test]
    fn colours_go_and_the_text_stays() {
        assert_eq!(
            plain("\u{1b}[32;1m     Summary\u{1b}[0m [1s] 市域"),
            "     Summary [1s] 市域"
        );
        assert_eq!(plain("\u{1b}[31"), "");
        assert_eq!(plain("a\u{1b}b"), "a\u{1b}b");
    }
}
