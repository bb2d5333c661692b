//! Styles and scripts, embedded in the program and served under `/assets/` with their content hash in the name.
//!
//! `theme.css` is always there; `tabler.css`, `app.js` and the islands are there when `islands/` was built before the
//! program. A name with a hash never changes what it means, so browsers keep it for a year.

use crate::html::Html;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// One embedded file.
#[derive(Debug)]
struct Asset {
    name: &'static str,
    served: &'static str,
    integrity: &'static str,
    mime: &'static str,
    bytes: &'static [u8],
    gzip: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Where [`serve`] is to be mounted, with GET and open to everybody.
pub const ROUTE: &str = "/assets/{*path}";

/// Loaded by every page, in this order, as far as they are there.
const STYLES: [&str; 2] = ["tabler.css", "theme.css"];
const SCRIPTS: [&str; 1] = ["app.js"];

/// Whether the scripts and the component kit were built in; without them every page still works.
#[must_use]
pub fn has_islands() -> bool {
    find("app.js").is_some()
}

/// The address of an asset by its plain name (`theme.css`, `map.js`).
#[must_use]
pub fn url(name: &str) -> Option<String> {
    find(name).map(|asset| format!("/assets/{}", asset.served))
}

/// The content and the media type of an asset by its plain name.
#[must_use]
pub fn content(name: &str) -> Option<(&'static [u8], &'static str)> {
    find(name).map(|asset| (asset.bytes, asset.mime))
}

/// How many bytes of styles and scripts the first page costs, as sent with gzip.
#[must_use]
pub fn first_load_bytes() -> usize {
    STYLES
        .iter()
        .chain(&SCRIPTS)
        .filter_map(|name| find(name))
        .map(|asset| asset.gzip.len())
        .sum()
}

/// The elements of the page head.
pub(crate) fn head() -> Html {
    let mut out = String::new();
    for asset in STYLES.iter().filter_map(|name| find(name)) {
        out.push_str(&format!(
            "<link rel=\"stylesheet\" href=\"/assets/{}\" integrity=\"{}\">\n",
            asset.served, asset.integrity
        ));
    }
    if let Some(icon) = url("icon.svg") {
        out.push_str(&format!(
            "<link rel=\"icon\" type=\"image/svg+xml\" href=\"{icon}\">\n"
        ));
    }
    for name in SCRIPTS {
        out.push_str(script(name).as_str());
    }
    Html::from_markup(out)
}

/// The script element of an asset, empty if it is not there. Modules do not hold up the page.
pub(crate) fn script(name: &str) -> Html {
    find(name).map_or_else(Html::default, |asset| {
        Html::from_markup(format!(
            "<script type=\"module\" src=\"/assets/{}\" integrity=\"{}\"></script>\n",
            asset.served, asset.integrity
        ))
    })
}

/// GET `/assets/{name.hash.ext}`.
pub async fn serve(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.served == path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let common = [
        (header::CONTENT_TYPE, asset.mime),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::VARY, "accept-encoding"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    if takes_gzip(&headers) && asset.gzip.len() < asset.bytes.len() {
        (common, [(header::CONTENT_ENCODING, "gzip")], asset.gzip).into_response()
    } else {
        (common, asset.bytes).into_response()
    }
}

/// Where [`service_worker`] is to be mounted: at the root, since a service worker looks after what lies below it.
pub const SERVICE_WORKER_ROUTE: &str = "/sw.js";
/// Where [`manifest`] is to be mounted.
pub const MANIFEST_ROUTE: &str = "/manifest.webmanifest";

/// GET `/sw.js` — what opens a worker's pages without a network. Browsers ask for it again at each visit.
pub async fn service_worker() -> Response {
    let Some((bytes, mime)) = content("sw.js") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, mime),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, bytes).into_response()
}

/// GET `/manifest.webmanifest` — lets a phone install the worker's pages beside its other programs.
pub async fn manifest() -> Response {
    let icon = url("icon.svg").unwrap_or_default();
    let text = format!(
        "{{\"name\":\"市域 Shiyu\",\"short_name\":\"市域\",\"id\":\"/tasks\",\"start_url\":\"/tasks\",\"scope\":\"/\",\
         \"display\":\"standalone\",\"background_color\":\"#faf9f6\",\"theme_color\":\"#1f7a7a\",\
         \"icons\":[{{\"src\":\"{icon}\",\"sizes\":\"any\",\"type\":\"image/svg+xml\",\"purpose\":\"any\"}}]}}"
    );
    let headers = [
        (header::CONTENT_TYPE, "application/manifest+json"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}

/// Whether the reader's browser takes answers packed with gzip.
#[must_use]
pub fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accepted.split(',').any(|coding| {
        let mut fields = coding.split(';').map(str::trim);
        fields.next() == Some("gzip")
            && !fields.any(|field| matches!(field, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt as _;

    async fn get(path: &str, accept: &str) -> Response {
        let app = axum::Router::new().route(ROUTE, axum::routing::get(serve));
        let request = Request::get(path)
            .header(header::ACCEPT_ENCODING, accept)
            .body(Body::empty())
            .unwrap();
        app.oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn an_asset_is_served_for_ever_and_packed_where_that_is_understood() {
        let url = url("theme.css").unwrap();
        let plain = get(&url, "br, gzip;q=0").await;
        assert_eq!(
            plain.headers()[header::CONTENT_TYPE],
            "text/css; charset=utf-8"
        );
        assert!(
            plain.headers()[header::CACHE_CONTROL]
                .to_str()
                .unwrap()
                .contains("immutable")
        );
        assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
        let packed = get(&url, "deflate, gzip").await;
        assert_eq!(packed.headers()[header::CONTENT_ENCODING], "gzip");
        let size = |body| async move { axum::body::to_bytes(body, 1 << 20).await.unwrap().len() };
        assert!(size(packed.into_body()).await < size(plain.into_body()).await);
    }

    #[tokio::test]
    async fn only_exact_names_are_found() {
        for path in [
            "/assets/theme.css",
            "/assets/../Cargo.toml",
            "/assets/x",
            "/assets/%00",
        ] {
            assert_eq!(
                get(path, "").await.status(),
                StatusCode::NOT_FOUND,
                "{path}"
            );
        }
    }

    #[test]
    fn the_dark_theme_is_the_same_whether_chosen_or_given_by_the_device() {
        let css = std::str::from_utf8(content("theme.css").unwrap().0).unwrap();
        let tokens = |selector: &str| {
            let block = css
                .split_once(selector)
                .unwrap()
                .1
                .split_once('}')
                .unwrap()
                .0;
            block.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            tokens(":root:not([data-theme=\"light\"]) {"),
            tokens("\n:root[data-theme=\"dark\"] {")
        );
    }

    #[test]
    fn the_first_page_stays_light() {
        assert!(
            first_load_bytes() <= 90_000,
            "styles and scripts take {} bytes",
            first_load_bytes()
        );
    }
}
