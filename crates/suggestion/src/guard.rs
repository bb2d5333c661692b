//! The guards of `rights.md` on automated suggestion, in one place. Each has a test that fails when it is taken away.

use cases::Case;
use cases::model::State;
use kernel::mask::mask_free_text;
use matters::{City, MatterClass};

/// A hot topic has at least so many incidents after merging: one crowd makes no topic.
pub const LEAST_INCIDENTS: usize = 5;
/// And at least so many different texts: one text sent a hundred times makes no topic.
pub const LEAST_TEXTS: usize = 3;

/// Whether the words of a case may be read to learn from. A confidential report is nobody's material, nor is one of a
/// class that is confidential by nature; what was voided says nothing.
pub fn is_readable(city: &City, case: &Case) -> bool {
    let is_confidential_class = case
        .matter
        .and_then(|id| city.matter(id))
        .is_some_and(|class: &MatterClass| class.flags.confidential);
    !case.confidential && !is_confidential_class && case.state != State::Voided
}

/// The words of a report as they may be learned from: numbers of phones and identity cards and mail addresses masked once more, whatever
/// happened when they came in.
pub fn readable_text(description: &str) -> String {
    mask_free_text(description.trim(), &[]).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_people_are_masked_before_anything_is_learned() {
        let text = readable_text(" 井盖坏了，电话13812345678，身份证330102199003071234 ");
        assert!(text.contains("井盖坏了"));
        assert!(
            !text.contains("13812345678") && !text.contains("330102199003071234"),
            "{text}"
        );
    }
}
