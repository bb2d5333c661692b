//! Tiles as a browser asks for them: what is in them, who may have them, and how they are kept.

use access::{AccountDraft, AccountId, AppParts, AppState, NewAccount, Role, Services, Settings};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use grid::{Area, Division, Territory, Tiles, UnitGrid};
use jiff::civil::date;
use kernel::geo::Crs;
use kernel::id::Id;
use kernel::{Clock, ManualClock};
use std::io::Read as _;
use std::sync::{Arc, Mutex};
use testdb::TestDb;
use tower::ServiceExt as _;

fn migrations() -> Vec<store::Migration> {
    [store::MIGRATIONS, access::MIGRATIONS, grid::MIGRATIONS].concat()
}

fn square(west: f64, south: f64, side: f64) -> Area {
    let (east, north) = (west + side, south + side);
    let ring = [
        [west, south],
        [east, south],
        [east, north],
        [west, north],
        [west, south],
    ];
    let geometry = serde_json::json!({ "type": "Polygon", "coordinates": [ring] });
    Area::from_geojson(&geometry, Crs::Wgs84).unwrap()
}

/// A district of 0.02 degrees on the tile 12/3345/1750, of four cells.
fn territory(name: &str) -> Arc<Territory> {
    let district = Division {
        shape: Some(square(114.02, 25.41, 0.02)),
        name_en: Some("Haitang".into()),
        ..Division::new("990101000000".parse().unwrap(), name, "test")
    };
    let community = Division::new("990101001001".parse().unwrap(), "无界社区", "test");
    let cells = (0..4).map(|i| {
        let (column, row) = (f64::from(i % 2), f64::from(i / 2));
        let shape = square(114.02 + column * 0.01, 25.41 + row * 0.01, 0.01);
        let code = format!("99010100100100{}", i + 1);
        UnitGrid::new(code.parse().unwrap(), shape, true, "test")
    });
    let divisions = vec![district, community];
    let on = date(2026, 3, 16);
    Arc::new(Territory::build(divisions, cells.collect(), Vec::new(), on))
}

const TILE: &str = "12/3345/1748.mvt";

struct City {
    router: Router,
    runtime: tokio::runtime::Runtime,
    territory: Arc<Mutex<Arc<Territory>>>,
    tiles: Arc<Tiles>,
    staff: String,
}

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Reply {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

impl City {
    fn new(db: &TestDb) -> Self {
        let clock = Arc::new(ManualClock::at(testdb::monday()));
        let territory = Arc::new(Mutex::new(territory("海棠区")));
        let now = territory.clone();
        let tiles = Arc::new(Tiles::new(move || now.lock().unwrap().clone()));
        let mut services = Services::default();
        services.add(tiles.clone());
        let capabilities = || vec![access::capability(), grid::http::capability()];
        let site = ui::Site {
            words: access::words_of(&capabilities()).unwrap(),
            city: ui::Words::new("示范市", "Sample City"),
            time_zone: jiff::tz::TimeZone::UTC,
            notices: Vec::new(),
            base_map: None,
        };
        let ticking: Arc<dyn Clock> = clock.clone();
        let state = AppState::new(AppParts {
            db: (**db).clone(),
            clock: ticking,
            services,
            site: Arc::new(site),
            settings: Settings::default(),
            cookie_key: [1; 32],
            menu: Vec::new(),
        });
        Self {
            router: access::router(&state, capabilities()),
            runtime: tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .unwrap(),
            territory,
            tiles,
            staff: token(db, &clock),
        }
    }
    fn send(&self, request: axum::http::request::Builder) -> Reply {
        let request = request.body(Body::empty()).unwrap();
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            Reply {
                status: parts.status,
                headers: parts.headers,
                body: to_bytes(body, 1 << 24).await.unwrap().to_vec(),
            }
        })
    }
    fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path))
    }
    fn as_staff(&self, path: &str) -> Reply {
        let bearer = format!("Bearer {}", self.staff);
        self.send(Request::get(path).header(header::AUTHORIZATION, bearer))
    }
}

/// The API token of a new collector.
fn token(db: &TestDb, clock: &Arc<ManualClock>) -> String {
    let (ctx, id) = (db.system(clock), AccountId(Id::new(clock.now(), [7; 10])));
    let new = NewAccount {
        id,
        login: "collector".into(),
        draft: AccountDraft {
            name: "某人".into(),
            roles: vec![Role::Collector],
            unit: None,
            districts: Vec::new(),
        },
        password_hash: "none".into(),
        must_change: false,
    };
    ctx.write_blocking(move |w| access::ops::accounts::add(w, &new))
        .unwrap();
    let account = ctx
        .read_blocking(move |r| access::ops::accounts::find(r, id))
        .unwrap();
    let token = access::ops::accounts::new_token(&account, "test", &[], 7, clock.now()).unwrap();
    let text = token.text.clone();
    ctx.write_blocking(move |w| access::ops::accounts::add_token(w, id, &token))
        .unwrap();
    text
}

/// The fields of a protocol buffer message: number and content; whole numbers have none.
fn fields(mut bytes: &[u8]) -> Vec<(u64, &[u8])> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let mut n = 0;
        for shift in (0..).step_by(7) {
            let byte = bytes[0];
            *bytes = &bytes[1..];
            n |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        n
    }
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let content = if tag & 7 == 2 {
            let length = usize::try_from(varint(&mut bytes)).unwrap();
            let (content, rest) = bytes.split_at(length);
            bytes = rest;
            content
        } else {
            assert_eq!(tag & 7, 0, "only varints and lengths are written");
            varint(&mut bytes);
            &[]
        };
        out.push((tag >> 3, content));
    }
    out
}

/// The layers of a tile: name, how many features, the texts of its tags.
fn layers(tile: &[u8]) -> Vec<(String, usize, Vec<String>)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let layer = |bytes: &[u8]| {
        let parts = fields(bytes);
        let all = |number: u64| parts.iter().filter(move |(n, _)| *n == number);
        let name = text(all(1).next().unwrap().1);
        let values = all(4).flat_map(|(_, value)| fields(value));
        let texts = values.filter(|(n, _)| *n == 1).map(|(_, t)| text(t));
        (name, all(2).count(), texts.collect())
    };
    fields(tile)
        .into_iter()
        .map(|(number, bytes)| {
            assert_eq!(number, 3, "a tile holds layers");
            layer(bytes)
        })
        .collect()
}

testdb::both_engines!(
    borders_are_public_and_cells_are_for_staff,
    &migrations(),
    |db| {
        let city = City::new(db);
        let divisions = city.get(&format!("/tiles/divisions/{TILE}"));
        assert_eq!(divisions.status, StatusCode::OK);
        assert_eq!(
            divisions.header(header::CONTENT_TYPE),
            "application/vnd.mapbox-vector-tile"
        );
        let texts = ["990101000000", "海棠区", "Haitang"]
            .map(str::to_owned)
            .to_vec();
        let expected = ["areas", "names"].map(|name| (name.to_owned(), 1, texts.clone()));
        assert_eq!(layers(&divisions.body), expected);

        let grids = format!("/tiles/grids/{TILE}");
        let refused = city.get(&grids);
        assert_eq!(
            refused.status,
            StatusCode::SEE_OTHER,
            "a stranger signs in first"
        );
        let told = city.as_staff(&grids);
        let found = layers(&told.body);
        assert_eq!(
            found.len(),
            1,
            "cells have their numbers only in the deepest tiles"
        );
        assert_eq!((found[0].0.as_str(), found[0].1), ("areas", 4));
        assert!(found[0].2.contains(&"990101001001003".to_owned()));
        assert!(
            city.as_staff("/tiles/grids/3/6/3.mvt").body.is_empty(),
            "cells smaller than a pixel are not drawn"
        );
    }
);

testdb::both_engines!(
    tiles_are_kept_until_the_territory_changes,
    &migrations(),
    |db| {
        let city = City::new(db);
        let plan = city.tiles.map("", &grid::TileSet::ALL);
        let url = plan.tiles[0].url.replace("{z}/{x}/{y}.mvt", TILE);
        let first = city.get(&url);
        assert!(
            first.header(header::CACHE_CONTROL).contains("immutable"),
            "{url}"
        );
        let etag = first.header(header::ETAG).to_owned();
        let again = city.send(Request::get(&url).header(header::IF_NONE_MATCH, &etag));
        assert_eq!(again.status, StatusCode::NOT_MODIFIED);
        assert!(again.body.is_empty());
        let packed = city.send(Request::get(&url).header(header::ACCEPT_ENCODING, "gzip"));
        assert_eq!(packed.header(header::CONTENT_ENCODING), "gzip");
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(packed.body.as_slice())
            .read_to_end(&mut plain)
            .unwrap();
        assert_eq!(plain, first.body);

        // The same borders read anew are the same tiles; a new name makes new ones, under a new address.
        *city.territory.lock().unwrap() = territory("海棠区");
        assert_eq!(city.get(&url).header(header::ETAG), etag);
        *city.territory.lock().unwrap() = territory("新海棠区");
        let changed = city.get(&url);
        assert_ne!(changed.header(header::ETAG), etag);
        assert!(changed.header(header::CACHE_CONTROL).contains("no-cache"));
        assert_ne!(
            city.tiles.map("", &grid::TileSet::ALL).tiles[0].url,
            plan.tiles[0].url
        );
    }
);

testdb::both_engines!(
    an_address_that_is_no_tile_is_not_found,
    &migrations(),
    |db| {
        let city = City::new(db);
        for path in [
            "divisions/23/0/0.mvt",
            "divisions/1/2/0.mvt",
            "divisions/1/0/0",
            "divisions/x/%00/%f0.mvt",
            "divisions/-1/0/0.mvt",
            "persons/1/0/0.mvt",
        ] {
            let reply = city.as_staff(&format!("/tiles/{path}"));
            assert!(reply.status.is_client_error(), "{path}: {}", reply.status);
        }
        for (query, status) in [
            ("", StatusCode::OK),
            ("?in=990101000000", StatusCode::OK),
            ("?in=110000000000", StatusCode::NOT_FOUND),
            ("?in=%f0x", StatusCode::UNPROCESSABLE_ENTITY),
        ] {
            let reply = city.as_staff(&format!("/territory{query}"));
            assert_eq!(reply.status, status, "{query}");
        }
        assert_eq!(city.get("/territory").status, StatusCode::SEE_OTHER);
    }
);
