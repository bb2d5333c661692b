//! How a command ends: one JSON object or plain text on stdout, and an exit code that scripts rely on.

use serde::Serialize;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Why a command failed, in the shape `--json` prints: `{"error":{"code","message","field","line"}}`.
#[derive(Debug, Serialize)]
pub struct Failure {
    /// A stable word for scripts, such as `unreadable_file`.
    pub code: String,
    /// What failed and for which input.
    pub message: String,
    /// The field, option or column at fault, where there is one.
    pub field: Option<String>,
    /// The physical line of the input, where there is one.
    pub line: Option<u64>,
    /// The same for people in their language, where a command speaks several.
    #[serde(skip)]
    said: Option<String>,
    #[serde(skip)]
    exit: u8,
}

impl Failure {
    /// The file, map or arguments cannot be used; nothing was written (exit 2).
    pub fn unusable(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            field: None,
            line: None,
            said: None,
            exit: 2,
        }
    }
    /// Anything else (exit 1).
    pub fn other(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            field: None,
            line: None,
            said: None,
            exit: 1,
        }
    }
    /// Names the field at fault.
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
    /// Says it to people otherwise than to programs.
    pub fn saying(mut self, said: String) -> Self {
        self.said = Some(said);
        self
    }
    /// Names the line at fault.
    pub fn line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::other("failed", format!("{error:#}"))
    }
}

/// What a command hands back: the JSON object and the same thing in words.
#[derive(Debug)]
pub struct Done {
    /// The one object `--json` prints.
    pub json: serde_json::Value,
    /// What people read.
    pub text: String,
}

impl Done {
    /// Builds the answer from any serialisable value; fails only on values JSON cannot hold.
    pub fn new(value: &impl Serialize, text: impl Into<String>) -> Result<Self, Failure> {
        let json =
            serde_json::to_value(value).map_err(|e| Failure::other("json", e.to_string()))?;
        Ok(Self {
            json,
            text: text.into(),
        })
    }
}

/// A file named by `--out` that cannot be written.
pub fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::unusable(
        "unwritable_file",
        format!("cannot write {}: {error}", path.display()),
    )
    .field("out")
}

/// Where a file is written before it takes the place of what was there.
pub fn beside(path: &Path) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".partial");
    beside.into()
}

/// Writes a file beside its place and then renames it: nobody ever finds half a file, and a failure leaves what was there.
/// What is no regular file, such as a pipe, is written as it is.
///
/// # Errors
/// A failure that names `out`.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let is_special = path.metadata().is_ok_and(|m| !m.is_file() && !m.is_dir());
    if is_special {
        return std::fs::write(path, bytes).map_err(|e| unwritable(path, &e));
    }
    let beside = beside(path);
    std::fs::write(&beside, bytes)
        .and_then(|()| std::fs::rename(&beside, path))
        .map_err(|e| {
            let _ = std::fs::remove_file(&beside);
            unwritable(path, &e)
        })
}

/// Prints a line. A reader that has closed the pipe, as `head` does, has seen enough: that is no failure.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Tells people a line on stderr; where nobody listens any more there is nothing to do (`eprintln!` would panic).
pub fn tell(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Prints the outcome and chooses the exit code.
pub fn finish(json: bool, outcome: Result<Done, Failure>) -> ExitCode {
    match outcome {
        Ok(done) => {
            if json {
                say(&done.json.to_string());
            } else if !done.text.is_empty() {
                say(done.text.trim_end());
            }
            ExitCode::SUCCESS
        }
        Err(failure) => {
            if json {
                say(&serde_json::json!({ "error": failure }).to_string());
            }
            let place = match (&failure.field, failure.line) {
                (Some(field), Some(line)) => format!(" ({field}, line {line})"),
                (Some(field), None) => format!(" ({field})"),
                (None, Some(line)) => format!(" (line {line})"),
                (None, None) => String::new(),
            };
            match &failure.said {
                Some(said) => tell(format_args!("shiyu: {said}")),
                None => tell(format_args!("shiyu: {}{place}", failure.message)),
            }
            ExitCode::from(failure.exit)
        }
    }
}

/// Prints a usage error from clap; help and version are not errors.
pub fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        say(error.to_string().trim_end());
        return ExitCode::SUCCESS;
    }
    if std::env::args().any(|a| a == "--json") {
        let mut failure = Failure::unusable("usage", said(error));
        failure.field = option_at_fault(error);
        let _ = finish(true, Err(failure));
    } else {
        tell(error.to_string().trim_end());
    }
    ExitCode::from(2)
}

/// What clap says, without its label and its hints: the sentence and, for missing options, their names.
fn said(error: &clap::Error) -> String {
    let text = error.to_string();
    let lines = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty() && !line.starts_with("Usage"));
    let sentence = lines.collect::<Vec<_>>().join(" ");
    sentence.trim_start_matches("error: ").to_owned()
}

/// The option's name, such as `start`, where one option is at fault.
fn option_at_fault(error: &clap::Error) -> Option<String> {
    use clap::error::{ContextKind, ContextValue};
    let word = match error.get(ContextKind::InvalidArg)? {
        ContextValue::String(word) => word.clone(),
        ContextValue::Strings(words) => words.first()?.clone(),
        _ => return None,
    };
    let name = word.split([' ', '=']).next().unwrap_or_default();
    Some(
        name.trim_start_matches(['-', '<'])
            .trim_end_matches('>')
            .to_lowercase(),
    )
}
