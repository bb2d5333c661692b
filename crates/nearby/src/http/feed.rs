//! GET /near.atom — public matters of a place as an Atom feed (RFC 4287). It holds what the page holds, no more.

use super::feed_path;
use crate::model::Entry;
use crate::pages::{place_name, stand_sentence};
use crate::{ops, rules};
use access::{AppState, Ctx, Fault, Fields};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cases::service::Cases;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use kernel::codes::DivisionCode;
use matters::City;
use open311::wire::escaped;
use sha2::{Digest as _, Sha256};
use ui::{Lang, Ui};

/// How long a reader may keep what it has.
const KEPT: &str = "public, max-age=300";

/// What a feed is of.
pub(crate) struct Feed<'a> {
    pub city: &'a City,
    pub ui: &'a Ui,
    /// How the program is reached from outside, no slash at the end.
    pub base: &'a str,
    pub place: DivisionCode,
    pub class: Option<&'a str>,
    pub entries: &'a [Entry],
}

impl Feed<'_> {
    /// When something in it last changed; the beginning of time for a feed of nothing.
    fn updated(&self) -> Timestamp {
        let changed = self.entries.iter().map(|e| e.changed_at);
        changed.max().unwrap_or(Timestamp::UNIX_EPOCH)
    }
    /// The document. The ids never change, wherever the program is served from.
    pub(crate) fn document(&self) -> String {
        let Self {
            ui, base, place, ..
        } = self;
        let title = ui.tn(
            "nearby-feed-title",
            "place",
            place_name(ui, self.city, *place),
        );
        let own = format!("{base}{}", feed_path(*place, self.class, ui.lang));
        let page = format!("{base}/near?place={place}");
        let class = self.class.map(|c| format!(":{c}")).unwrap_or_default();
        let mut out = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
             <feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\">\n\
             <id>urn:shiyu:near:{}</id>\n<title>{}</title>\n<updated>{}</updated>\n\
             <link rel=\"self\" type=\"application/atom+xml\" href=\"{}\"/>\n\
             <link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\n\
             <author><name>{}</name></author>\n",
            ui.lang.tag(),
            escaped(&format!("{place}{class}")),
            escaped(&title),
            moment(self.updated()),
            escaped(&own),
            escaped(&page),
            escaped(ui.city()),
        );
        for entry in self.entries {
            self.entry(&mut out, entry);
        }
        out.push_str("</feed>\n");
        out
    }
    fn entry(&self, out: &mut String, entry: &Entry) {
        let Self { ui, city, base, .. } = self;
        let class = city.matter(entry.matter);
        let name = class.map(|c| c.name(ui.lang.tag())).unwrap_or_default();
        let code = class.map(|c| c.code.as_str()).unwrap_or_default();
        let place = entry.place.map(|p| place_name(ui, city, p));
        let title = ui.t2(
            "nearby-entry-title",
            "matter",
            name,
            "place",
            place.unwrap_or_default(),
        );
        let mut summary = stand_sentence(ui, entry);
        if !entry.words.is_empty() {
            summary.push('\n');
            summary.push_str(&entry.words);
        }
        out.push_str(&format!(
            "<entry>\n<id>urn:shiyu:case:{number}</id>\n<title>{}</title>\n<published>{}</published>\n<updated>{}</updated>\n\
             <link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\n<category term=\"{}\" label=\"{}\"/>\n\
             <summary type=\"text\">{}</summary>\n</entry>\n",
            escaped(&title),
            moment(entry.reported_at),
            moment(entry.changed_at),
            escaped(&format!("{base}/near/matters/{}", entry.number)),
            escaped(code),
            escaped(name),
            escaped(&summary),
            number = entry.number,
        ));
    }
}

/// RFC 3339, whole seconds.
fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The validator of a document. It is weak: the same feed may go out packed.
fn tag_of(document: &str) -> String {
    let hash = Sha256::digest(document.as_bytes());
    format!("W/\"{}\"", hex::encode(&hash[..16]))
}

/// Whether the reader has this already: by its validator, or where it sends none, by time (RFC 9110, 13.2.2).
fn is_known(headers: &HeaderMap, tag: &str, updated: Timestamp) -> bool {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
    if let Some(known) = text(header::IF_NONE_MATCH) {
        let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        return known
            .split(',')
            .any(|one| one.trim() == "*" || bare(one) == bare(tag));
    }
    let since = text(header::IF_MODIFIED_SINCE).and_then(|t| rfc2822::parse(t).ok());
    since.is_some_and(|since| updated.as_second() <= since.timestamp().as_second())
}

pub(super) async fn show(
    ctx: Ctx,
    mut ui: Ui,
    State(state): State<AppState>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    if let Some(lang) = Lang::from_tag(fields.get("lang")) {
        ui.lang = lang;
    }
    let city = ctx.service::<Cases>().city();
    let place = rules::place(&city.territory, fields.get("place"))?;
    let class = Some(fields.get("class")).filter(|c| !c.is_empty());
    let entries = ops::feed(&ctx, place, class).await?;
    let feed = Feed {
        city: &city,
        ui: &ui,
        base: state.settings().public_url.trim_end_matches('/'),
        place,
        class,
        entries: &entries,
    };
    let (document, updated) = (feed.document(), feed.updated());
    let tag = tag_of(&document);
    let mut response = if is_known(&headers, &tag, updated) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let media = "application/atom+xml; charset=utf-8";
        ([(header::CONTENT_TYPE, media)], document).into_response()
    };
    let to = response.headers_mut();
    let mut set = |name, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            to.insert(name, value);
        }
    };
    set(header::ETAG, &tag);
    set(header::CACHE_CONTROL, KEPT);
    set(header::VARY, "accept-language, cookie");
    let printer = rfc2822::DateTimePrinter::new();
    if let Ok(changed) = printer.timestamp_to_rfc9110_string(&updated) {
        set(header::LAST_MODIFIED, &changed);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        let pair = |(name, value): &(header::HeaderName, &str)| {
            (name.clone(), HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn a_reader_that_has_it_is_known_by_tag_or_by_time() {
        let updated: Timestamp = "2026-03-16T01:00:00.5Z".parse().unwrap();
        let tag = tag_of("x");
        let knows = |pairs: &[(header::HeaderName, &str)]| is_known(&headers(pairs), &tag, updated);
        let strong = tag.trim_start_matches("W/");
        for same in [tag.as_str(), strong, "*", &format!("\"a\", {tag}")] {
            assert!(knows(&[(header::IF_NONE_MATCH, same)]), "{same}");
        }
        let at = "Mon, 16 Mar 2026 01:00:00 GMT";
        assert!(knows(&[(header::IF_MODIFIED_SINCE, at)]));
        // The tag goes first.
        assert!(!knows(&[
            (header::IF_NONE_MATCH, "\"other\""),
            (header::IF_MODIFIED_SINCE, at)
        ]));
        for old in ["Mon, 16 Mar 2026 00:59:59 GMT", "yesterday", ""] {
            assert!(!knows(&[(header::IF_MODIFIED_SINCE, old)]), "{old}");
        }
        assert!(!knows(&[]));
    }
}
