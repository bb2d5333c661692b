//! What goes into a file that a spreadsheet opens.

use std::borrow::Cow;

/// A cell as text: one that a spreadsheet would run as a formula gets an apostrophe before it. Numbers stay numbers, and a phone
/// number keeps its plus. The one guard of every CSV file that the program writes.
pub fn guarded(cell: &str) -> Cow<'_, str> {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
        && (cell.starts_with('+') || !cell.parse::<f64>().is_ok_and(f64::is_finite));
    if is_formula {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_becomes_text_and_numbers_stay() {
        for formula in [
            "=1+1",
            "+cmd|' /C calc'!A0",
            "-2+3",
            "+3",
            "+8613800138000",
            "@z",
            "\tx",
            "\r=1",
            "-",
        ] {
            assert_eq!(guarded(formula), format!("'{formula}"));
        }
        for fine in ["", "-1.5", "1", "井盖", "a=b", "330102-20260316-00001"] {
            assert_eq!(guarded(fine), fine);
        }
    }
}
