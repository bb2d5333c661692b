//! 工单 — a case as the system of its unit gets it: everything the unit needs, and never the person who reported.

use crate::model::Handover;
use attachments::Attachment;
use cases::Case;
use cases::ops::view::{CaseView, Viewer, stamp};
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

/// A picture or document of an order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FileView {
    /// Its id.
    id: String,
    /// What it shows: `report`, `before`, `after`, `verify`, `check`, `document`.
    kind: String,
    /// `image/jpeg` and the like.
    media_type: String,
    /// Where it is read, with the same key.
    url: String,
}

/// An order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderView {
    /// The case: class, place, what is the matter, limit and deadline, how often it came back.
    pub case: CaseView,
    /// Its pictures and documents.
    pub attachments: Vec<FileView>,
    /// Its page.
    pub url: String,
    /// The printed order.
    pub print_url: String,
}

impl OrderView {
    pub(crate) fn of(viewer: &Viewer, case: &Case, files: &[Attachment], public_url: &str) -> Self {
        let mut view = viewer.case(case);
        // 举报 and reports in confidence: that it is one is no business of another system either.
        view.confidential = false;
        Self {
            attachments: files
                .iter()
                .map(|f| FileView {
                    id: f.id.to_string(),
                    kind: f.kind.to_string(),
                    media_type: f.media_type.clone(),
                    url: format!("{public_url}/attachments/{}", f.id),
                })
                .collect(),
            url: format!("{public_url}/cases/{}", case.number),
            print_url: format!("{public_url}/cases/{}/order", case.number),
            case: view,
        }
    }
}

/// A hand-over as the list shows it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HandoverView {
    /// The id that every message of it carries.
    pub id: String,
    /// The number of the case.
    pub number: String,
    /// What it means: `dispatched`, `reopened`, `rework`, `extended`, `withdrawn`, `part_asked`, `part_withdrawn` …
    pub event: String,
    /// When it was made, RFC 3339 like all times.
    pub at: String,
    /// `waiting`, `sent`, `taken`, `failed`, `dropped`.
    pub state: String,
    /// How often it was sent.
    pub attempts: u32,
    /// Until when it is to be acknowledged.
    pub acknowledge_by: String,
    /// Why it failed.
    pub failure: String,
}

impl HandoverView {
    pub(crate) fn of(h: &Handover, tz: &TimeZone) -> Self {
        Self {
            id: h.message_id(),
            number: h.case_no.clone(),
            event: h.event.clone(),
            at: stamp(h.made_at, tz),
            state: h.state.to_string(),
            attempts: h.attempts,
            acknowledge_by: stamp(h.ack_due_at, tz),
            failure: h.failure.clone(),
        }
    }
}
