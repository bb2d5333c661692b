//! What a bench found: lines of ratios, each with its budget where there is one.

use serde::Serialize;
use std::fmt;

/// What a figure must be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// Not below this.
    AtLeast(f64),
    /// Not above this.
    AtMost(f64),
    /// There is no budget: the figure explains another one.
    Nothing,
}

impl Wanted {
    fn is_met(self, value: f64) -> Option<bool> {
        match self {
            Self::AtLeast(bound) => Some(value >= bound),
            Self::AtMost(bound) => Some(value <= bound),
            Self::Nothing => None,
        }
    }
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// Which bench.
    pub bench: &'static str,
    /// Which engine, or `-`.
    pub engine: &'static str,
    /// What is measured.
    pub what: String,
    /// The figure: a ratio, or a count of statements.
    pub value: f64,
    /// What it must be.
    pub wanted: Wanted,
    /// Whether it is; none without a budget.
    pub is_met: Option<bool>,
    /// What stands behind it.
    pub detail: String,
}

impl Line {
    /// A ratio without a budget.
    pub fn new(
        bench: &'static str,
        engine: &'static str,
        what: impl Into<String>,
        value: f64,
    ) -> Self {
        Self {
            bench,
            engine,
            what: what.into(),
            value,
            wanted: Wanted::Nothing,
            is_met: None,
            detail: String::new(),
        }
    }
    /// With a budget.
    pub fn wanted(self, wanted: Wanted) -> Self {
        Self {
            is_met: wanted.is_met(self.value),
            wanted,
            ..self
        }
    }
    /// With what stands behind it.
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self {
            detail: detail.into(),
            ..self
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted = match self.wanted {
            Wanted::AtLeast(bound) => format!("≥ {bound}"),
            Wanted::AtMost(bound) => format!("≤ {bound}"),
            Wanted::Nothing => String::new(),
        };
        let verdict = match self.is_met {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        };
        write!(
            f,
            "{:<11} {:<9} {:<56} {:>7.2} {:<6} {:<6} {}",
            self.bench, self.engine, self.what, self.value, wanted, verdict, self.detail
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_whether_its_budget_is_met() {
        let line = |value| Line::new("import", "sqlite", "floor / program", value);
        assert_eq!(line(0.5).wanted(Wanted::AtLeast(0.5)).is_met, Some(true));
        assert_eq!(line(0.4).wanted(Wanted::AtLeast(0.5)).is_met, Some(false));
        assert_eq!(line(0.4).wanted(Wanted::AtMost(0.5)).is_met, Some(true));
        assert_eq!(line(0.4).is_met, None);
        let text = line(0.4).wanted(Wanted::AtLeast(0.5)).to_string();
        assert!(
            text.contains("0.40") && text.contains("≥ 0.5") && text.contains("MISSED"),
            "{text}"
        );
        assert!(!line(0.4).to_string().contains("MISSED"));
    }
}
