//! What a form shows again after it came back: the values typed, and what is wrong with which field.

use std::collections::BTreeMap;

/// The values and faults of one form. Empty for a fresh one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormState {
    values: BTreeMap<String, Vec<String>>,
    errors: Vec<(String, String)>,
}

impl FormState {
    /// A fresh form.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A form as it was sent: every pair in order, a name may come several times.
    pub fn from_pairs<K: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let mut form = Self::default();
        for (name, value) in pairs {
            form.values
                .entry(name.into())
                .or_default()
                .push(value.into());
        }
        form
    }

    /// The same form with `name` set to one value.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.insert(name.to_owned(), vec![value.into()]);
        self
    }

    /// Notes what is wrong with a field; the first fault of a field is the one shown. `text` is a translated sentence.
    pub fn fault(&mut self, name: &str, text: impl Into<String>) {
        if self.error(name).is_empty() {
            self.errors.push((name.to_owned(), text.into()));
        }
    }

    /// The first value of a field, empty if there is none.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.values
            .get(name)
            .and_then(|values| values.first())
            .map_or("", String::as_str)
    }

    /// Whether a field holds `value` (a box ticked, an option chosen).
    #[must_use]
    pub fn holds(&self, name: &str, value: &str) -> bool {
        self.values
            .get(name)
            .is_some_and(|values| values.iter().any(|held| held == value))
    }

    /// Whether a field holds one of these choices, so that it need not be asked for.
    #[must_use]
    pub fn holds_one<'c>(&self, name: &str, choices: impl IntoIterator<Item = &'c Choice>) -> bool {
        choices.into_iter().any(|c| self.holds(name, &c.value))
    }

    /// What is wrong with a field, empty if nothing.
    #[must_use]
    pub fn error(&self, name: &str) -> &str {
        self.errors
            .iter()
            .find(|(field, _)| field == name)
            .map_or("", |(_, text)| text.as_str())
    }

    /// All faults in the order found: field, sentence.
    #[must_use]
    pub fn errors(&self) -> &[(String, String)] {
        &self.errors
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.errors.is_empty()
    }
}

// Pages ask for this word where choosing no place means all of them:
// words: ui-form-city*

/// One option of a select, a radio group or a group of boxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// A second line, may be empty.
    pub help: String,
}

impl Choice {
    /// An option without a second line.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
            help: String::new(),
        }
    }

    /// The same with a second line.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_keeps_what_was_typed_and_the_first_fault_of_a_field() {
        let mut form = FormState::from_pairs([("a", "1"), ("b", "x"), ("b", "y")]);
        form.fault("a", "first");
        form.fault("a", "second");
        assert_eq!(
            (form.value("a"), form.value("b"), form.value("c")),
            ("1", "x", "")
        );
        assert!(form.holds("b", "y") && !form.holds("b", "z"));
        let choices = |value: &str| [Choice::new("w", "w"), Choice::new(value, "")];
        assert!(form.holds_one("b", &choices("y")) && !form.holds_one("b", &choices("z")));
        assert_eq!(
            (form.error("a"), form.error("b"), form.is_ok()),
            ("first", "", false)
        );
    }
}
