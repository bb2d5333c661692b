//! GET and POST /matters/{id}/edit — what a class shall say next. GET and POST /matters/new — a class of its own.

use super::list::kinds;
use super::{class_label, told};
use crate::error::MatterError;
use crate::model::{Condition, Draft, Flags, MatterClass, MatterId, MatterKind};
use crate::ops;
use crate::reference::{City, Reference};
use access::{Ctx, Fault, Fields, Go, Path, show as show_page, show_as};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kernel::Limit;
use kernel::id::Id;
use ui::{Choice, Crumb, FormState, Html, Tone, Ui};

/// Blank conditions below those that are there.
const BLANK: usize = 3;
/// The most conditions a form has.
const MOST: usize = 102;

/// The names of the fields of one condition.
struct ConditionFields {
    number: String,
    title: String,
    no: String,
    text: String,
    limit: String,
    closing: String,
    evidence: String,
    basis: String,
    mandatory: String,
    is_blank: bool,
}

#[derive(Template)]
#[template(path = "matters_edit.html")]
pub(super) struct EditPage {
    ui: Ui,
    crumbs: Vec<Crumb>,
    form: FormState,
    action: String,
    /// A class that is not there yet: catalogue, kind and code are asked for.
    is_new: bool,
    title: String,
    catalogues: Vec<Choice>,
    kinds: Vec<Choice>,
    flags: Vec<Choice>,
    natures: Vec<Choice>,
    conditions: Vec<ConditionFields>,
}

// words: matters-flag-* matters-flag-help-*
/// The flags with what each of them brings about.
fn flag_choices(ui: &Ui) -> Vec<Choice> {
    ["public", "warnable", "verify", "confidential", "claimable"]
        .into_iter()
        .map(|flag| {
            Choice::new(flag, ui.t(&format!("matters-flag-{flag}")))
                .help(ui.t(&format!("matters-flag-help-{flag}")))
        })
        .collect()
}

/// The natures of requests (`domain.md` §3.2).
const NATURES: [(&str, &str); 7] = [
    ("咨询", "matters-nature-inquiry"),
    ("求助", "matters-nature-help"),
    ("求决", "matters-nature-decision"),
    ("投诉", "matters-nature-complaint"),
    ("举报", "matters-nature-tip"),
    ("建议", "matters-nature-suggestion"),
    ("感谢", "matters-nature-thanks"),
];

// words: matters-nature-*
/// The usual nature of a class in words; one of the city's own stays as it is written.
pub(super) fn nature_name(ui: &Ui, nature: &str) -> Html {
    match NATURES.iter().find(|(word, _)| *word == nature) {
        Some((_, key)) => Html::from_text(&ui.t(key)),
        None => ui.named(nature, None),
    }
}

fn natures(ui: &Ui, class: Option<&MatterClass>) -> Vec<Choice> {
    let own = class.and_then(|c| c.default_nature.as_deref());
    let own = own.filter(|own| NATURES.iter().all(|(nature, _)| nature != own));
    NATURES
        .iter()
        .map(|(nature, word)| Choice::new(*nature, ui.t(word)))
        .chain(own.map(|own| Choice::new(own, own)))
        .collect()
}

fn field(at: usize, name: &str) -> String {
    format!("c{at}_{name}")
}

fn condition_fields(ui: &Ui, form: &FormState, count: usize) -> Vec<ConditionFields> {
    (0..(count + BLANK).min(MOST))
        .map(|at| {
            let number = form.value(&field(at, "no")).to_owned();
            ConditionFields {
                title: if number.is_empty() {
                    ui.t("matters-condition-new")
                } else {
                    ui.tn("matters-condition-n", "n", number.as_str())
                },
                is_blank: number.is_empty() && form.value(&field(at, "text")).is_empty(),
                number,
                no: field(at, "no"),
                text: field(at, "text"),
                limit: field(at, "limit"),
                closing: field(at, "closing"),
                evidence: field(at, "evidence"),
                basis: field(at, "basis"),
                mandatory: field(at, "mandatory"),
            }
        })
        .collect()
}

/// The form of a class as it stands.
fn filled(class: &MatterClass, base: u32, note: &str) -> FormState {
    let text = |t: &Option<String>| t.clone().unwrap_or_default();
    let mut form = FormState::new()
        .with("base", base.to_string())
        .with("note", note)
        .with("catalogue", class.catalogue.clone())
        .with("kind", class.kind.as_str())
        .with("major", text(&class.major))
        .with("minor", text(&class.minor))
        .with("name_zh", class.name_zh.clone())
        .with("name_en", text(&class.name_en))
        .with("major_name", text(&class.major_name))
        .with("keywords", class.keywords.join("、"))
        .with("default_nature", text(&class.default_nature));
    let f = class.flags;
    for (is, name) in [
        (f.public, "public"),
        (f.warnable, "warnable"),
        (f.verify, "verify"),
        (f.confidential, "confidential"),
        (f.claimable, "claimable"),
    ] {
        if is {
            form = form.with("flags", name);
        }
    }
    for (at, c) in class.conditions.iter().enumerate() {
        form = form
            .with(&field(at, "no"), c.rule_no.to_string())
            .with(&field(at, "text"), c.text.clone())
            .with(
                &field(at, "limit"),
                c.limit.map(|l| l.to_string()).unwrap_or_default(),
            )
            .with(&field(at, "closing"), c.closing.join("、"))
            .with(&field(at, "evidence"), text(&c.evidence))
            .with(&field(at, "basis"), text(&c.legal_basis));
        if c.mandatory {
            form = form.with(&field(at, "mandatory"), "1");
        }
    }
    form
}

/// Items between 、 ; | or line breaks.
fn items(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for item in text
        .split(['、', ';', '；', '|', '\n', '\r'])
        .map(str::trim)
    {
        if !item.is_empty() && !found.iter().any(|f| f == item) {
            found.push(item.to_owned());
        }
    }
    found
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The conditions of a form, each with its number; a condition whose words were taken out is gone.
fn conditions(fields: &Fields) -> Result<Vec<Condition>, MatterError> {
    let mut found: Vec<Condition> = Vec::new();
    let mut unnumbered = Vec::new();
    for at in 0..MOST {
        let get = |name: &str| fields.get(&field(at, name)).to_owned();
        let text = get("text");
        if text.is_empty() {
            continue;
        }
        let limit_text = get("limit");
        let limit =
            match limit_text.as_str() {
                "" | "-" | "—" | "/" | "无" => None,
                written => Some(written.parse::<Limit>().map_err(|e| {
                    MatterError::field(&field(at, "limit"), "matters.bad_limit", e)
                })?),
            };
        let condition = Condition {
            rule_no: get("no").parse().unwrap_or(0),
            text,
            limit,
            limit_text: limit.map(|l| l.to_string()).unwrap_or_default(),
            closing: items(&get("closing")),
            evidence: some(&get("evidence")),
            legal_basis: some(&get("basis")),
            mandatory: get("mandatory") == "1",
        };
        if condition.rule_no == 0 {
            unnumbered.push(condition);
        } else {
            found.push(condition);
        }
    }
    let highest = found.iter().map(|c| c.rule_no).max().unwrap_or(0);
    for (number, condition) in (highest + 1..).zip(unnumbered) {
        found.push(Condition {
            rule_no: number,
            ..condition
        });
    }
    found.sort_by_key(|c| c.rule_no);
    Ok(found)
}

/// The class of a form, laid over what it was.
fn entered(fields: &Fields, before: MatterClass) -> Result<MatterClass, MatterError> {
    let held = |flag: &str| fields.all("flags").any(|f| f == flag);
    Ok(MatterClass {
        name_zh: fields.get("name_zh").to_owned(),
        name_en: some(fields.get("name_en")),
        major_name: some(fields.get("major_name")),
        keywords: items(fields.get("keywords")),
        default_nature: some(fields.get("default_nature")),
        flags: Flags {
            public: held("public"),
            warnable: held("warnable"),
            confidential: held("confidential"),
            verify: held("verify"),
            claimable: held("claimable"),
        },
        conditions: conditions(fields)?,
        ..before
    })
}

pub(super) fn page_of(
    ui: Ui,
    city: &City,
    form: FormState,
    class: Option<&MatterClass>,
) -> EditPage {
    let count = (0..MOST)
        .rev()
        .find(|at| !form.value(&field(*at, "text")).is_empty())
        .map_or(0, |at| at + 1);
    let mut crumbs = vec![Crumb {
        label: ui.t("matters-title"),
        href: "/matters".into(),
    }];
    if let Some(class) = class {
        crumbs.push(Crumb {
            label: class_label(class, ui.lang),
            href: format!("/matters/{}", class.id),
        });
    }
    EditPage {
        crumbs,
        action: class.map_or_else(
            || "/matters/new".to_owned(),
            |c| format!("/matters/{}/edit", c.id),
        ),
        is_new: class.is_none(),
        title: class.map_or_else(
            || ui.t("matters-new"),
            |c| {
                ui.tn(
                    "matters-edit-title",
                    "name",
                    class_label(c, ui.lang).as_str(),
                )
            },
        ),
        catalogues: city
            .matters
            .catalogues()
            .iter()
            .filter(|c| c.reviewed)
            .map(|c| Choice::new(c.id.clone(), c.id.clone()))
            .collect(),
        kinds: kinds(&ui),
        flags: flag_choices(&ui),
        natures: natures(&ui, class),
        conditions: condition_fields(&ui, &form, count),
        form,
        ui,
    }
}

/// What the editor begins from: the draft, else the newest version. Answers the class, the version below it, the reason.
async fn start(ctx: &Ctx, id: MatterId) -> Result<(MatterClass, u32, String), Fault> {
    let city = ctx.service::<Reference>().current();
    let counting = city.matter(id).cloned();
    let found = ctx
        .read(move |r| {
            let history = ops::history(r, id)?;
            if let Some(Draft {
                class, base, note, ..
            }) = history.draft
            {
                return Ok(Some((class, base, note)));
            }
            match (history.versions.last(), &counting) {
                (Some(last), _) => {
                    let class = ops::version_of(r, id, last.version)?;
                    Ok(Some((class, last.version, String::new())))
                }
                (None, Some(class)) => Ok(Some((class.clone(), class.version, String::new()))),
                (None, None) => Ok::<_, MatterError>(None),
            }
        })
        .await?;
    found.ok_or_else(Fault::not_found)
}

pub(super) async fn form(ctx: Ctx, ui: Ui, Path(id): Path<MatterId>) -> Result<Response, Fault> {
    let city = ctx.service::<Reference>().current();
    let (class, base, note) = start(&ctx, id).await?;
    show_page(&page_of(
        ui,
        &city,
        filled(&class, base, &note),
        Some(&class),
    ))
}

async fn keep(
    ctx: &Ctx,
    ui: Ui,
    fields: &Fields,
    class: Result<MatterClass, MatterError>,
    base: u32,
    known: Option<&MatterClass>,
) -> Result<Response, Fault> {
    let city = ctx.service::<Reference>().current();
    let kept = async {
        let class = class?;
        let id = class.id;
        ops::save_draft(ctx, class, base, fields.get("note").to_owned()).await?;
        Ok::<_, MatterError>(id)
    };
    match kept.await {
        Ok(id) => Ok(Go::to(format!("/matters/{id}"))
            .saying(Tone::Good, ui.t("matters-draft-saved"))
            .into_response()),
        Err(error) => {
            let mut form = fields.form();
            told(&ui, &mut form, error)?;
            show_as(
                StatusCode::UNPROCESSABLE_ENTITY,
                &page_of(ui, &city, form, known),
            )
        }
    }
}

pub(super) async fn save(
    ctx: Ctx,
    ui: Ui,
    Path(id): Path<MatterId>,
    fields: Fields,
) -> Result<Response, Fault> {
    let (class, _, _) = start(&ctx, id).await?;
    let base: u32 = fields.need("base")?;
    let entered = entered(&fields, class.clone());
    keep(&ctx, ui, &fields, entered, base, Some(&class)).await
}

pub(super) async fn blank(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let city = ctx.service::<Reference>().current();
    let form = FormState::new().with("flags", "verify");
    show_page(&page_of(ui, &city, form, None))
}

/// A class that is not there yet, by the code its kind and numbers make.
fn new_class(ctx: &Ctx, city: &City, fields: &Fields) -> Result<MatterClass, MatterError> {
    let kind: MatterKind = fields
        .get("kind")
        .parse()
        .map_err(|e| MatterError::field("kind", "matters.unknown_kind", e))?;
    let catalogue = fields.get("catalogue").to_owned();
    if !city
        .matters
        .catalogue(&catalogue)
        .is_some_and(|c| c.reviewed)
    {
        let reason = format!("no catalogue {catalogue:?}");
        return Err(MatterError::field(
            "catalogue",
            "matters.unknown_catalogue",
            reason,
        ));
    }
    let number = |name: &str| -> Result<String, MatterError> {
        let text = fields.get(name);
        if text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit()) {
            Ok(text.to_owned())
        } else {
            let reason = "not a class number of two digits";
            Err(MatterError::field(name, "matters.two_digits", reason))
        }
    };
    let (major, minor) = (number("major")?, number("minor")?);
    let code = format!("{}{major}{minor}", kind.letter());
    if city.matters.by_code(&catalogue, &code).is_some() {
        let reason = format!("catalogue {catalogue} has a class {code}");
        return Err(MatterError::field("minor", "matters.code_taken", reason));
    }
    let id = MatterId(Id::new(ctx.now(), rand::random()));
    let class = MatterClass {
        kind,
        major: Some(major),
        minor: Some(minor),
        reviewed: true,
        ..crate::rules::imported_class(id, &catalogue, &code)
    };
    entered(fields, class)
}

pub(super) async fn make(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let city = ctx.service::<Reference>().current();
    let class = new_class(&ctx, &city, &fields);
    keep(&ctx, ui, &fields, class, 0, None).await
}
