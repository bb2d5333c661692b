//! What the territory brings to the program: its tiles, its page, its words.
//!
//! Borders of divisions are public; the cells are for members of staff, like the rest of the reference data.

use crate::pages;
use crate::tiles::{MEDIA_TYPE, TileId, TileSet, Tiles};
use access::{Capability, Ctx, Fault, Fields, Permission, Routes};
use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// A tile under the address of its version never changes; only this reader's browser may keep it.
const FOR_EVER: &str = "private, max-age=31536000, immutable";
/// Under another address it may be kept, but is asked for again.
const ASK_AGAIN: &str = "private, no-cache";

/// Routes, tables, words and the link of the territory.
pub fn capability() -> Capability {
    let routes = Routes::new("grid")
        .on(
            Method::GET,
            "/tiles/divisions/{z}/{x}/{file}",
            Permission::Public,
            divisions,
        )
        .for_a_wall()
        .on(
            Method::GET,
            "/tiles/grids/{z}/{x}/{file}",
            Permission::ReferenceRead,
            grids,
        )
        .for_a_wall()
        .on(
            Method::GET,
            "/territory",
            Permission::ReferenceRead,
            pages::show,
        );
    Capability::new("grid", routes)
        .migrations(crate::MIGRATIONS)
        .locales(
            include_str!("../locales/zh-CN.ftl"),
            include_str!("../locales/en.ftl"),
        )
        .menu("grid-menu", "/territory", Permission::ReferenceManage, 800)
}

type Address = Path<(String, String, String)>;

async fn divisions(
    ctx: Ctx,
    path: Address,
    query: RawQuery,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    tile(&ctx, TileSet::Divisions, path, query, &headers).await
}

async fn grids(
    ctx: Ctx,
    path: Address,
    query: RawQuery,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    tile(&ctx, TileSet::Grids, path, query, &headers).await
}

async fn tile(
    ctx: &Ctx,
    set: TileSet,
    Path((z, x, file)): Address,
    RawQuery(query): RawQuery,
    headers: &HeaderMap,
) -> Result<Response, Fault> {
    let id = TileId::parse(&z, &x, &file).ok_or_else(Fault::not_found)?;
    let tiles = ctx.service::<Tiles>();
    // Making a tile of many cells takes longer than other requests should wait for this thread.
    let (tile, version) =
        tokio::task::spawn_blocking(move || (tiles.tile(set, id), tiles.version()))
            .await
            .map_err(|e| Fault::internal(format!("a tile could not be made: {e}")))?;
    let asked = Fields::parse(query.unwrap_or_default().as_bytes());
    let cache = if asked.get("v") == version {
        FOR_EVER
    } else {
        ASK_AGAIN
    };
    let mut response = if is_known(headers, &tile.etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else if ui::assets::takes_gzip(headers) {
        let packed = [(header::CONTENT_ENCODING, "gzip")];
        (packed, tile.gzip.clone()).into_response()
    } else {
        tile.bytes.clone().into_response()
    };
    let etag = HeaderValue::from_str(&tile.etag).expect("a quoted hexadecimal number is plain");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::ETAG, etag);
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    Ok(response)
}

/// Whether the reader has this tile already.
fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH);
    known
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .split(',')
        .map(|known| known.trim().trim_start_matches("W/"))
        .any(|known| known == etag || known == "*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_the_reader_has_is_known_by_its_mark() {
        let known = |value: &'static str| {
            let value = HeaderValue::from_static(value);
            is_known(
                &HeaderMap::from_iter([(header::IF_NONE_MATCH, value)]),
                "\"ab\"",
            )
        };
        assert!(known("\"ab\"") && known("\"x\", W/\"ab\"") && known("*"));
        assert!(!known("\"x\"") && !known("ab") && !known(""));
        assert!(!is_known(&HeaderMap::new(), "\"ab\""));
    }
}
