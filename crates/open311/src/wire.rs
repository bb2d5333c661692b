//! One value, two formats: JSON as it is, XML by the names of its lists (the "Spark" mapping of GeoReport v2).

use crate::model::GeoReportError;
use access::Refusal;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use quick_xml::escape::escape;
use serde::Serialize;
use serde_json::Value;

/// How an answer is written; chosen by the ending of the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `.json`
    Json,
    /// `.xml`
    Xml,
}

impl Format {
    /// What stands before the ending, and the format; none for another ending.
    pub fn split(text: &str) -> Option<(&str, Self)> {
        let (head, ending) = text.rsplit_once('.')?;
        match ending {
            "json" => Some((head, Self::Json)),
            "xml" => Some((head, Self::Xml)),
            _ => None,
        }
    }
    fn media_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json; charset=utf-8",
            Self::Xml => "text/xml; charset=utf-8",
        })
    }
}

/// The name of the parts of a list.
fn part_of(list: &str) -> &'static str {
    match list {
        "services" => "service",
        "service_requests" => "request",
        "errors" => "error",
        "attributes" => "attribute",
        "values" => "value",
        "endpoints" => "endpoint",
        "formats" => "format",
        _ => "item",
    }
}

/// A text as XML, in an element or an attribute: escaped, and without the characters that XML 1.0 cannot hold at all.
pub fn escaped(text: &str) -> String {
    let allowed: String = text
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r'))
        .filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}'))
        .collect();
    escape(allowed.as_str()).into_owned()
}

fn element(out: &mut String, name: &str, value: &Value) {
    out.push('<');
    out.push_str(name);
    if matches!(value, Value::Null) {
        out.push_str("/>");
        return;
    }
    out.push('>');
    match value {
        Value::Null => {}
        Value::Bool(is) => out.push_str(if *is { "true" } else { "false" }),
        Value::Number(n) => out.push_str(&n.to_string()),
        Value::String(words) => out.push_str(&escaped(words)),
        Value::Array(parts) => parts
            .iter()
            .for_each(|part| element(out, part_of(name), part)),
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| element(out, name, value)),
    }
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// A document as XML.
pub fn xml(root: &str, value: &Value) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    element(&mut out, root, value);
    out.push('\n');
    out
}

/// An answer in its format. `root` names the document in XML.
pub fn answer(
    format: Format,
    status: StatusCode,
    root: &str,
    document: &impl Serialize,
) -> Response {
    let value =
        serde_json::to_value(document).expect("the documents are made of what JSON can hold");
    let body = match format {
        Format::Json => value.to_string(),
        Format::Xml => xml(root, &value),
    };
    (status, [(header::CONTENT_TYPE, format.media_type())], body).into_response()
}

/// A refusal, whichever part of the house it comes from, in the form of the standard: a list of one error, in the format
/// that the address asks for.
pub fn refusal(refusal: &Refusal<'_>) -> Response {
    let format = if refusal.path.ends_with(".xml") {
        Format::Xml
    } else {
        Format::Json
    };
    let sentence = refusal.sentence;
    let description = match refusal.field {
        Some(field) if !sentence.contains(field) => format!("{field}: {sentence}"),
        _ => sentence.to_owned(),
    };
    let errors = [GeoReportError {
        code: refusal.status.as_u16(),
        description,
    }];
    answer(format, refusal.status, "errors", &errors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_and_objects_become_elements_by_their_names() {
        let value = json!([{ "service_code": "C0101", "metadata": true, "keywords": "", "lat": 30.5, "none": null }]);
        assert_eq!(
            xml("services", &value),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<services><service><service_code>C0101</service_code>\
             <metadata>true</metadata><keywords></keywords><lat>30.5</lat><none/></service></services>\n"
        );
        let definition = json!({ "attributes": [{ "values": [{ "key": "1" }] }] });
        assert!(xml("service_definition", &definition).contains(
            "<service_definition><attributes><attribute><values><value><key>1</key></value></values></attribute></attributes>"
        ));
    }

    #[test]
    fn no_text_breaks_out_of_its_element() {
        let value = json!([{ "description": "</description><script>&\"'\u{0}\u{b}\u{ffff}\n好" }]);
        let text = xml("errors", &value);
        assert!(
            !text.contains("<script>") && !text.contains('\u{0}') && !text.contains('\u{ffff}')
        );
        assert!(text.contains("&lt;/description&gt;&lt;script&gt;&amp;") && text.contains('好'));
    }

    #[test]
    fn the_ending_says_the_format() {
        assert_eq!(Format::split("a.b.json"), Some(("a.b", Format::Json)));
        assert_eq!(Format::split("x.xml"), Some(("x", Format::Xml)));
        assert_eq!(Format::split("x"), None);
        assert_eq!(Format::split("x.html"), None);
    }
}
