//! The pages of connectors: the systems, their keys, what is stuck, the printed order.

use crate::http::{mend_of, parts_of};
use crate::model::{Connector, ConnectorError, Handover, Kind};
use crate::ops::{self, Wanted};
use access::{
    Ctx, Fault, Fields, Go, Path, Permission, Problem, Query, Routes, UnitId, show, show_as,
};
use askama::Template;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use cases::Case;
use cases::ops::view::light_of;
use cases::service::Cases;
use kernel::codes::CaseNumber;
use kernel::id::Id;
use matters::City;
use notices::Notices;
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Deserialize;
use ui::{Choice, Crumb, FormState, Html, Tone, Ui};

/// Adds the pages to the calls.
pub(crate) fn add(routes: Routes) -> Routes {
    let (get, post) = (|| Method::GET, || Method::POST);
    let (manage, keys) = (Permission::SystemManage, Permission::AccountManage);
    routes
        .on(get(), "/connectors", manage, list)
        .on(post(), "/connectors", manage, set)
        .on(post(), "/connectors/{id}/secret", manage, renew)
        .on(get(), "/connectors/stuck", manage, stuck_all)
        .on(post(), "/connectors/stuck/{id}/{act}", manage, mend_any)
        .on(get(), "/connectors/keys", keys, key_list)
        .on(post(), "/connectors/keys/{id}", keys, issue)
        .on(get(), "/unit/handovers", Permission::CaseHandle, stuck_own)
        .on(
            post(),
            "/unit/handovers/{id}/{act}",
            Permission::CaseHandle,
            mend_own,
        )
        .on(get(), "/cases/{number}/order", Permission::CaseRead, order)
}

fn unit_name(ui: &Ui, city: &City, unit: Option<UnitId>) -> Html {
    match unit.and_then(|id| city.unit(id)) {
        Some(u) => ui.named(&u.name_zh, u.name_en.as_deref()),
        None => Html::from_text("—"),
    }
}

/// A system in the list.
pub(crate) struct Line {
    pub id: String,
    pub href: String,
    pub name: String,
    pub kind: String,
    pub unit: Html,
    pub url: String,
    pub enabled: bool,
    pub has_key: bool,
}

// words: connectors-kind-*
fn line(ui: &Ui, city: &City, c: &Connector) -> Line {
    Line {
        id: c.id.to_string(),
        href: format!("/connectors?id={}", c.id),
        name: c.name.clone(),
        kind: ui.t(&format!("connectors-kind-{}", c.kind)),
        unit: unit_name(ui, city, c.unit),
        url: c.url.clone(),
        enabled: c.enabled,
        has_key: c.account.is_some(),
    }
}

#[derive(Deserialize)]
struct Chosen {
    id: Option<Id>,
    new: Option<String>,
}

#[derive(Template)]
#[template(path = "connectors_list.html")]
pub(crate) struct ListPage {
    pub ui: Ui,
    pub rows: Vec<Line>,
    /// The form of the system being set; its id is empty for a new one.
    pub chosen: Option<(String, FormState)>,
    pub is_called: bool,
    pub kinds: Vec<Choice>,
    pub units: Vec<Choice>,
    /// A secret that was made now; empty if none.
    pub secret: String,
}

impl ListPage {
    pub(crate) fn new(
        ui: Ui,
        city: &City,
        all: &[Connector],
        chosen: Option<(String, FormState)>,
        secret: String,
    ) -> Self {
        let units = city.units.in_force().filter(|u| u.reviewed).take(600);
        Self {
            rows: all.iter().map(|c| line(&ui, city, c)).collect(),
            is_called: chosen
                .as_ref()
                .is_some_and(|(_, form)| !form.value("url").is_empty()),
            chosen,
            kinds: Kind::ALL
                .iter()
                .map(|k| Choice::new(k.as_str(), ui.t(&format!("connectors-kind-{k}"))))
                .collect(),
            units: units
                .map(|u| Choice::new(u.id.to_string(), u.name(ui.lang.tag())))
                .collect(),
            secret,
            ui,
        }
    }
}

fn form_of(c: &Connector) -> FormState {
    FormState::new()
        .with("version", c.version.to_string())
        .with("name", &c.name)
        .with("kind", c.kind.as_str())
        .with("unit", c.unit.map_or_else(String::new, |u| u.to_string()))
        .with("url", &c.url)
        .with("topics", &c.topics)
        .with("ack_minutes", c.ack_minutes.to_string())
        .with("timeout_s", c.timeout_s.to_string())
        .with("enabled", if c.enabled { "1" } else { "" })
}

async fn list(ctx: Ctx, ui: Ui, Query(chosen): Query<Chosen>) -> Result<Response, Fault> {
    let all = ops::all(&ctx).await?;
    let city = ctx.service::<Cases>().city();
    let chosen = match (chosen.id, chosen.new) {
        (Some(id), _) => {
            let found = all
                .iter()
                .find(|c| c.id == id)
                .ok_or_else(Fault::not_found)?;
            Some((id.to_string(), form_of(found)))
        }
        (None, Some(_)) => {
            let form = FormState::new()
                .with("version", "0")
                .with("kind", "unit")
                .with("ack_minutes", "30")
                .with("timeout_s", "20")
                .with("enabled", "1");
            Some((String::new(), form))
        }
        (None, None) => None,
    };
    show(&ListPage::new(ui, &city, &all, chosen, String::new()))
}

fn read(fields: &Fields) -> Result<Wanted, ConnectorError> {
    fn part<T: std::str::FromStr>(
        fields: &Fields,
        field: &'static str,
    ) -> Result<Option<T>, ConnectorError>
    where
        T::Err: std::fmt::Display,
    {
        match fields.get(field) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|e: T::Err| {
                ConnectorError::field(field, "connectors.bad_field", e.to_string())
            }),
        }
    }
    let version = part(fields, "version")?.unwrap_or(0);
    Ok(Wanted {
        of: part(fields, "id")?.map(|id| (id, version)),
        name: fields.get("name").to_owned(),
        kind: part(fields, "kind")?.unwrap_or(Kind::Unit),
        unit: part::<Id>(fields, "unit")?.map(UnitId),
        url: fields.get("url").to_owned(),
        topics: fields.get("topics").to_owned(),
        ack_minutes: part(fields, "ack_minutes")?.unwrap_or(30),
        timeout_s: part(fields, "timeout_s")?.unwrap_or(20),
        enabled: !fields.get("enabled").is_empty(),
    })
}

fn sentence(ui: &Ui, error: ConnectorError) -> (Fault, String) {
    let fault = Fault::from(error);
    let said = fault
        .sentence(&ui.site.words, ui.lang)
        .unwrap_or_else(|| fault.detail().to_owned());
    (fault, said)
}

async fn set(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let done = match read(&fields) {
        Ok(wanted) => ops::set(&ctx, wanted).await,
        Err(error) => Err(error),
    };
    let city = ctx.service::<Cases>().city();
    match done {
        Ok((connector, None)) => Ok(Go::to("/connectors")
            .saying(
                Tone::Good,
                ui.tn("connectors-kept", "name", connector.name.as_str()),
            )
            .into_response()),
        // A secret is shown on the page itself and kept by no browser's way back.
        Ok((connector, Some(secret))) => {
            let all = ops::all(&ctx).await?;
            let chosen = Some((connector.id.to_string(), form_of(&connector)));
            show(&ListPage::new(ui, &city, &all, chosen, secret))
        }
        Err(error) if error.field().is_some() => {
            let field = error.field().unwrap_or_default();
            let (fault, said) = sentence(&ui, error);
            let mut form = fields.form();
            form.fault(&field, said);
            let all = ops::all(&ctx).await?;
            let chosen = Some((fields.get("id").to_owned(), form));
            show_as(
                fault.status(),
                &ListPage::new(ui, &city, &all, chosen, String::new()),
            )
        }
        Err(error) => Err(error.into()),
    }
}

async fn renew(ctx: Ctx, ui: Ui, Path(id): Path<Id>) -> Result<Response, Fault> {
    let secret = ops::renew_secret(&ctx, id).await?;
    let all = ops::all(&ctx).await?;
    let found = all
        .iter()
        .find(|c| c.id == id)
        .ok_or_else(Fault::not_found)?;
    let chosen = Some((id.to_string(), form_of(found)));
    let city = ctx.service::<Cases>().city();
    show(&ListPage::new(ui, &city, &all, chosen, secret))
}

#[derive(Template)]
#[template(path = "connectors_keys.html")]
pub(crate) struct KeysPage {
    pub ui: Ui,
    pub rows: Vec<Line>,
    /// A key that was made now; empty if none.
    pub key: String,
    /// Whose it is.
    pub name: String,
}

async fn keys_page(ctx: &Ctx, ui: Ui, made: Option<(Id, String)>) -> Result<Response, Fault> {
    let all = ops::all(ctx).await?;
    let city = ctx.service::<Cases>().city();
    let name = made
        .as_ref()
        .and_then(|(id, _)| all.iter().find(|c| c.id == *id))
        .map(|c| c.name.clone());
    let of_units = all.iter().filter(|c| c.kind == Kind::Unit);
    show_as(
        StatusCode::OK,
        &KeysPage {
            rows: of_units.map(|c| line(&ui, &city, c)).collect(),
            key: made.map_or_else(String::new, |(_, key)| key),
            name: name.unwrap_or_default(),
            ui,
        },
    )
}

async fn key_list(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    keys_page(&ctx, ui, None).await
}

async fn issue(ctx: Ctx, ui: Ui, Path(id): Path<Id>) -> Result<Response, Fault> {
    let key = ops::issue_key(&ctx, id).await?;
    keys_page(&ctx, ui, Some((id, key))).await
}

/// A hand-over that is stuck.
pub(crate) struct StuckLine {
    pub base: String,
    pub number: String,
    pub name: String,
    pub event: String,
    pub made: Html,
    pub acknowledge_by: Html,
    pub state: String,
    pub attempts: u32,
    pub why: String,
}

/// A system that nothing reaches any more, since its unit has ended.
pub(crate) struct StrandedLine {
    pub href: String,
    pub name: String,
    pub unit: Html,
    pub why: String,
}

// words: connectors-stranded-*
pub(crate) fn stranded_lines(ui: &Ui, city: &City, all: &[Connector]) -> Vec<StrandedLine> {
    all.iter()
        .filter_map(|c| {
            let why = c.is_stranded(|unit| city.units.is_in_force(unit))?;
            let word = why.as_str().replace('_', "-");
            Some(StrandedLine {
                href: format!("/connectors?id={}", c.id),
                name: c.name.clone(),
                unit: unit_name(ui, city, c.unit),
                why: ui.t(&format!("connectors-stranded-{word}")),
            })
        })
        .collect()
}

#[derive(Template)]
#[template(path = "connectors_stuck.html")]
pub(crate) struct StuckPage {
    pub ui: Ui,
    /// For the administrator: systems that stayed behind.
    pub stranded: Vec<StrandedLine>,
    pub rows: Vec<StuckLine>,
    /// How many there are, where not all are shown; empty where they are.
    pub more: String,
    pub crumbs: Vec<Crumb>,
}

// words: connectors-state-* connectors-event-*
pub(crate) fn stuck_line(ui: &Ui, h: &Handover, name: &str, base: &str) -> StuckLine {
    let key = format!("connectors-event-{}", h.event.replace('_', "-"));
    StuckLine {
        base: format!("{base}/{}", h.message_id()),
        number: h.case_no.clone(),
        name: name.to_owned(),
        event: if ui.site.words.has(&key) {
            ui.t(&key)
        } else {
            h.event.clone()
        },
        made: ui.time(h.made_at),
        acknowledge_by: ui.time(h.ack_due_at),
        state: ui.t(&format!("connectors-state-{}", h.state)),
        attempts: h.attempts,
        why: h.failure.clone(),
    }
}

/// That a list is longer than what is shown of it.
pub(crate) fn more(ui: &Ui, shown: usize, total: i64) -> String {
    let shown = i64::try_from(shown).unwrap_or(i64::MAX);
    if total <= shown {
        return String::new();
    }
    ui.ta("connectors-stuck-more", &[("shown", &shown), ("n", &total)])
}

async fn stuck_page(ctx: &Ctx, ui: Ui, base: &str) -> Result<Response, Fault> {
    let ops::Stuck {
        handovers: rows,
        total,
        connectors,
    } = ops::stuck(ctx).await?;
    let name = |id: Id| {
        connectors
            .iter()
            .find(|c| c.id == id)
            .map_or("", |c| c.name.as_str())
    };
    let crumb = if base.starts_with("/unit") {
        Crumb {
            label: ui.t("cases-menu-unit"),
            href: "/unit".into(),
        }
    } else {
        Crumb {
            label: ui.t("connectors-title"),
            href: "/connectors".into(),
        }
    };
    let stranded = match ctx.require(Permission::SystemManage) {
        Ok(()) => stranded_lines(&ui, &ctx.service::<Cases>().city(), &connectors),
        Err(_) => Vec::new(),
    };
    show(&StuckPage {
        stranded,
        more: more(&ui, rows.len(), total),
        rows: rows
            .iter()
            .map(|h| stuck_line(&ui, h, name(h.connector), base))
            .collect(),
        crumbs: vec![crumb],
        ui,
    })
}

async fn stuck_all(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    stuck_page(&ctx, ui, "/connectors/stuck").await
}

async fn stuck_own(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    stuck_page(&ctx, ui, "/unit/handovers").await
}

async fn mend(ctx: &Ctx, ui: &Ui, id: &str, act: &str, back: &str) -> Result<Go, Fault> {
    let (connector, case, seq) = parts_of(id).ok_or_else(Fault::not_found)?;
    let what = mend_of(act).ok_or_else(Fault::not_found)?;
    ops::mend(ctx, connector, case, seq, what).await?;
    Ok(Go::to(back).saying(Tone::Good, ui.t("connectors-mended")))
}

async fn mend_any(ctx: Ctx, ui: Ui, Path((id, act)): Path<(String, String)>) -> Result<Go, Fault> {
    mend(&ctx, &ui, &id, &act, "/connectors/stuck").await
}

async fn mend_own(ctx: Ctx, ui: Ui, Path((id, act)): Path<(String, String)>) -> Result<Go, Fault> {
    mend(&ctx, &ui, &id, &act, "/unit/handovers").await
}

// words: connectors-order-*
/// 工单 on paper.
#[derive(Template)]
#[template(path = "connectors_order.html")]
pub(crate) struct OrderPage {
    pub ui: Ui,
    pub crumbs: Vec<Crumb>,
    pub number: String,
    pub title: String,
    pub description: String,
    /// Label and value, in the order of the sheet.
    pub rows: Vec<(String, Html)>,
    pub due: Html,
    pub light: Html,
    pub limit: String,
    pub urgent: bool,
    pub address: String,
    /// The same address as a square to be read by a camera.
    pub square: Html,
    pub files: usize,
}

/// An address as a square (ISO/IEC 18004); empty where it is too long for one.
fn square(address: &str) -> Html {
    let Ok(code) = QrCode::new(address.as_bytes()) else {
        return Html::default();
    };
    let image = code
        .render::<svg::Color<'_>>()
        .min_dimensions(120, 120)
        .dark_color(svg::Color("#000"))
        .light_color(svg::Color("#fff"))
        .build();
    // The picture stands inside the page: it needs no declaration of its own, and is named for who cannot see it.
    let image = image
        .split_once("?>")
        .map_or(image.as_str(), |(_, svg)| svg);
    Html::from_markup(image.replacen("<svg ", "<svg aria-hidden=\"true\" ", 1))
}

impl OrderPage {
    pub(crate) fn new(
        ui: Ui,
        city: &City,
        case: &Case,
        channel: &str,
        files: usize,
        public_url: &str,
    ) -> Self {
        let address = format!("{public_url}/cases/{}", case.number);
        let text = |text: &str| Html::from_text(text);
        let class = case.matter.and_then(|id| city.matter(id));
        let mut rows = vec![
            (ui.t("connectors-order-channel"), text(channel)),
            (ui.t("connectors-order-received"), ui.time(case.reported_at)),
            (
                ui.t("connectors-order-class"),
                class.map_or_else(|| text("—"), |c| text(&format!("{} {}", c.code, c.name_zh))),
            ),
        ];
        if let Some(standard) = &case.standard {
            rows.push((
                ui.t("connectors-order-condition"),
                text(&standard.condition),
            ));
            for (key, words) in [
                ("connectors-order-evidence", &standard.evidence),
                ("connectors-order-law", &standard.legal_basis),
            ] {
                rows.extend(words.as_deref().map(|words| (ui.t(key), text(words))));
            }
        }
        rows.push((
            ui.t("connectors-order-unit"),
            unit_name(&ui, city, case.unit),
        ));
        let place = case.place.address.clone().unwrap_or_else(|| "—".to_owned());
        rows.push((ui.t("connectors-order-place"), text(&place)));
        if let Some(division) = case.place.division {
            rows.push((
                ui.t("connectors-order-division"),
                text(&city.territory.name(division)),
            ));
        }
        if let Some(grid) = case.place.grid {
            rows.push((ui.t("connectors-order-grid"), text(&grid.to_string())));
        }
        if let Some(point) = case.place.point {
            rows.push((
                ui.t("connectors-order-point"),
                text(&format!("{:.6}, {:.6}", point.lon(), point.lat())),
            ));
        }
        for (key, n) in [
            ("connectors-order-extensions", case.extensions),
            ("connectors-order-returns", case.returns),
            ("connectors-order-reworks", case.reworks),
        ] {
            if n > 0 {
                rows.push((ui.t(key), text(&ui.num(n).to_string())));
            }
        }
        Self {
            crumbs: vec![Crumb {
                label: case.number.to_string(),
                href: format!("/cases/{}", case.number),
            }],
            number: case.number.to_string(),
            title: class.map_or_else(|| "—".to_owned(), |c| c.name(ui.lang.tag()).to_owned()),
            description: case.description.clone(),
            due: ui.time_or_dash(case.due_at),
            light: light_of(case, city, ui.now).map_or_else(Html::default, |l| ui.light(l)),
            limit: case
                .standard
                .as_ref()
                .and_then(|s| s.limit)
                .map_or_else(|| "—".to_owned(), |l| ui.limit(Some(l))),
            urgent: case.urgent,
            square: square(&address),
            address,
            rows,
            files,
            ui,
        }
    }
}

async fn order(ctx: Ctx, ui: Ui, Path(number): Path<CaseNumber>) -> Result<Response, Fault> {
    let case = cases::ops::find(&ctx, number).await?;
    let cases = ctx.service::<Cases>();
    let (district, id) = (case.district, case.id.0);
    let files = ctx
        .read::<_, ConnectorError, _>(
            move |r| Ok(attachments::ops::of_case(r, district, id)?.len()),
        )
        .await?;
    let channel = cases.channel(&ctx, &case.channel).await?;
    let channel = channel.map_or_else(
        || case.channel.clone(),
        |c| c.name(ui.lang.tag()).to_owned(),
    );
    let notices = ctx.service::<Notices>();
    show(&OrderPage::new(
        ui,
        &cases.city(),
        &case,
        &channel,
        files,
        notices.public_url(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Standing;
    use ui::Lang;
    use ui::testing::{assert_sound, site_with, ui_with};

    fn words() -> ui::I18n {
        access::words_of(&[
            access::capability(),
            cases::http::capability(),
            crate::capability(),
        ])
        .unwrap()
    }

    fn reader(lang: Lang) -> Ui {
        ui_with(
            site_with(words()),
            lang,
            "2026-03-16T01:00:00Z".parse().unwrap(),
        )
    }

    fn connector(kind: Kind) -> Connector {
        Connector {
            id: Id::from_bytes([1; 16]),
            version: 1,
            name: "水务系统".into(),
            kind,
            unit: None,
            account: None,
            url: "https://water.city/orders".into(),
            topics: "closed".into(),
            ack_minutes: 30,
            timeout_s: 20,
            enabled: kind == Kind::Unit,
            stranded: String::new(),
        }
    }

    #[test]
    fn every_page_is_sound_in_both_languages() {
        let city = matters::Reference::new(jiff::tz::TimeZone::UTC).current();
        for lang in [Lang::Zh, Lang::En] {
            let all = [connector(Kind::Unit), connector(Kind::Events)];
            let mut form = form_of(&all[0]);
            form.fault("url", "x");
            for (chosen, secret) in [
                (None, ""),
                (Some((String::new(), FormState::new())), ""),
                (Some(("1".to_owned(), form)), "whsec_x"),
            ] {
                let page = ListPage::new(reader(lang), &city, &all, chosen, secret.into());
                assert_sound(&page.render().unwrap());
            }
            assert_sound(
                &ListPage::new(reader(lang), &city, &[], None, String::new())
                    .render()
                    .unwrap(),
            );
            for key in ["", "shiyu_x"] {
                let ui = reader(lang);
                let rows = all.iter().map(|c| line(&ui, &city, c)).collect();
                assert_sound(
                    &KeysPage {
                        ui,
                        rows,
                        key: key.into(),
                        name: "水务系统".into(),
                    }
                    .render()
                    .unwrap(),
                );
            }
            let handover = |state| Handover {
                district: "330102".parse().unwrap(),
                connector: Id::from_bytes([1; 16]),
                case: Id::from_bytes([2; 16]),
                event_seq: 4,
                place: 9,
                case_no: "330102-20260316-00001".into(),
                event: "dispatched".into(),
                made_at: "2026-03-16T00:00:00Z".parse().unwrap(),
                state,
                attempts: 2,
                ack_due_at: "2026-03-16T00:30:00Z".parse().unwrap(),
                sent_at: None,
                taken_at: None,
                failure: "no answer in 20 s".into(),
            };
            let ui = reader(lang);
            let rows = Standing::ALL
                .iter()
                .map(|s| stuck_line(&ui, &handover(*s), "水务系统", "/connectors/stuck"))
                .collect();
            let stranded: Vec<Connector> = crate::model::Stranded::ALL
                .iter()
                .map(|why| Connector {
                    unit: Some(UnitId(Id::from_bytes([7; 16]))),
                    stranded: why.to_string(),
                    ..connector(Kind::Unit)
                })
                .collect();
            let stranded = stranded_lines(&ui, &city, &stranded);
            assert_eq!(stranded.len(), 3);
            assert!(
                stranded
                    .iter()
                    .all(|line| !line.why.contains("connectors-"))
            );
            assert_sound(
                &StuckPage {
                    more: more(&ui, 5, 6),
                    ui,
                    stranded,
                    rows,
                    crumbs: Vec::new(),
                }
                .render()
                .unwrap(),
            );
            assert_sound(
                &StuckPage {
                    ui: reader(lang),
                    stranded: Vec::new(),
                    more: String::new(),
                    rows: Vec::new(),
                    crumbs: Vec::new(),
                }
                .render()
                .unwrap(),
            );
        }
        assert!(
            square("https://city.example/cases/330102-20260316-00001")
                .to_string()
                .contains("<path")
        );
    }

    #[test]
    fn the_words_are_complete() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let used = ui::testing::used_keys(&[&root.join("templates"), &root.join("src")]).unwrap();
        let is_elsewhere =
            |f: &String| f.contains("connectors-menu") || f.contains("connectors-error-");
        let mut faults = ui::testing::word_faults(&words(), &used, &["connectors"]);
        faults.retain(|f| !is_elsewhere(f));
        assert!(faults.is_empty(), "{faults:#?}");
    }
}
