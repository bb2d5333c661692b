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

/// Around the name of a field in a sentence that goes onto a page: private characters, which no keyboard types.
const NAMED: (char, char) = ('\u{e0f1}', '\u{e0f2}');

/// The name of a field for a sentence on a page: [`label_fields`] puts there what the page calls the field, so that no sentence has
/// to know it and none says what the program calls it.
#[must_use]
pub fn field_name(name: &str) -> String {
    format!("{}{name}{}", NAMED.0, NAMED.1)
}

/// A text whose fields keep the names they are sent by.
fn bare_fields(sentence: &str) -> String {
    sentence.replace([NAMED.0, NAMED.1], "")
}

/// A page with every [`field_name`] in it replaced by the label that the page itself has for the field. A field without one keeps
/// its name.
#[must_use]
pub fn label_fields(page: String) -> String {
    if !page.contains(NAMED.0) {
        return page;
    }
    let mut told = String::with_capacity(page.len());
    let mut rest = page.as_str();
    while let Some((before, name, after)) = rest.split_once(NAMED.0).and_then(|(before, tail)| {
        let (name, after) = tail.split_once(NAMED.1)?;
        Some((before, name, after))
    }) {
        told.push_str(before);
        told.push_str(label_of(&page, name).unwrap_or(name));
        rest = after;
    }
    told.push_str(rest);
    bare_fields(&told)
}

/// The text of a field's label, of a group's legend, or of what stands behind a box, as `ui/form.html` writes them.
fn label_of<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let text = |from: &'a str, open: &str| {
        let (_, inner) = from.split_once(open)?;
        let inner = inner.split_once('>')?.1;
        let label = inner.split('<').next()?.trim();
        (!label.is_empty()).then_some(label)
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_-.[]".contains(c);
    if name.is_empty() || !name.chars().all(is_name) {
        return None;
    }
    let label = format!(" for=\"f-{name}\"");
    if let Some(label) = text(page, &label) {
        return Some(label);
    }
    if let Some((_, field)) = page.split_once(&format!(" id=\"f-{name}\"")) {
        // Not beyond the field itself.
        let field = field.split("class=\"field").next()?;
        return text(field, "<legend class=\"form-label\"")
            .or_else(|| text(field, "<span class=\"form-check-label\""));
    }
    // Fields of small forms have ids of their own, or stand inside their label.
    let (before, after) = page.split_once(&format!(" name=\"{name}\""))?;
    let (outside, inside) = before.rsplit_once('<')?;
    let tag = format!("{inside} {}", after.split('>').next()?);
    let id = tag
        .split_once(" id=\"")
        .and_then(|(_, id)| id.split('"').next());
    if let Some(label) = id.and_then(|id| text(page, &format!(" for=\"{id}\""))) {
        return Some(label);
    }
    let (_, label) = outside.rsplit_once("<label class=\"field\"")?;
    if label.contains("</label>") {
        return None;
    }
    text(label, "<span class=\"form-label\"")
}

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
    fn a_sentence_calls_a_field_what_its_page_calls_it() {
        let page = |sentence: &str| {
            label_fields(format!(
                "<li>{sentence}</li>\
                 <div class=\"field\"><label class=\"form-label\" for=\"f-size\">How many <span class=\"form-optional\">(may be left out)</span></label>\
                 <input class=\"form-control\" id=\"f-size\" name=\"size\"></div>\
                 <fieldset class=\"field\" id=\"f-kind\"><legend class=\"form-label\">What it is</legend></fieldset>\
                 <div class=\"field\"><label class=\"form-check\"><input class=\"form-check-input\" id=\"f-sure\" type=\"checkbox\" name=\"sure\"><span class=\"form-check-label\">Yes, I am sure</span></label></div>\
                 <div class=\"field\"><input id=\"f-bare\" name=\"bare\"></div>\
                 <label class=\"form-label\" for=\"w-7\">Why</label><input class=\"form-control\" id=\"w-7\" name=\"words\">\
                 <label class=\"field\"><span class=\"form-label\">Last day</span><input type=\"date\" name=\"last\"></label>\
                 <input type=\"hidden\" name=\"version\">\
                 <div class=\"field\"><label class=\"form-check\"><span class=\"form-check-label\">Another</span></label></div>"
            ))
        };
        for (name, label) in [
            ("size", "How many"),
            ("kind", "What it is"),
            ("sure", "Yes, I am sure"),
            ("words", "Why"),
            ("last", "Last day"),
            // Not that of another field.
            ("version", "version"),
            ("bare", "bare"),
            ("none", "none"),
            ("", ""),
            ("\"><b>", "\"><b>"),
        ] {
            let sentence = format!("“{}” is missing.", field_name(name));
            let told = page(&sentence);
            let wanted = format!("<li>“{label}” is missing.</li>");
            assert!(told.starts_with(&wanted), "{name}: {told}");
            assert_eq!(bare_fields(&sentence), format!("“{name}” is missing."));
        }
        // A mark that nothing closes is no reason to lose what follows.
        assert!(page("a\u{e0f1}b").starts_with("<li>ab</li>"));
    }

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
