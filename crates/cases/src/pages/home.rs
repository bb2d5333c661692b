//! GET / — where residents begin; members of staff are led to where their work begins.

use super::home_of;
use access::{Fault, Go, Visit, show as show_page};
use askama::Template;
use axum::response::{IntoResponse, Response};
use ui::Ui;

#[derive(Template)]
#[template(path = "cases_home.html")]
pub(super) struct HomePage {
    pub ui: Ui,
}

pub(super) async fn show(visit: Visit, ui: Ui) -> Result<Response, Fault> {
    match home_of(visit.principal()) {
        "/" => show_page(&HomePage { ui }),
        home => Ok(Go::to(home).into_response()),
    }
}
