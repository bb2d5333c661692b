//! The two doors of attachments: an API call that takes a file, and the files of cases for those who may see the case.

mod files;
mod upload;

use access::{Operation, Permission, Routes};
use axum::http::Method;

/// Room for the frame of a form around the file.
const FORM_ROOM: usize = 64 * 1024;

pub(crate) fn routes() -> Routes {
    Routes::new("attachments")
        .on_api(
            Method::POST,
            "/api/v1/attachments",
            Permission::CaseReport,
            upload::upload,
            Operation::new("Upload a picture or a document")
                .about("One file in the field `file`: JPEG, PNG, WebP or PDF, at most 15 MiB. Pictures are cleaned of everything but their pixels; time and place they held are answered once, to be offered to whoever reports. Give the id within 24 hours to a report or a step.")
                .body_of::<upload::FileForm>("multipart/form-data")
                .answers::<upload::UploadView>(201),
        )
        .takes(crate::process::MOST_BYTES + FORM_ROOM)
        .on(Method::GET, "/attachments/{id}", Permission::CaseRead, files::whole)
        .on(Method::GET, "/attachments/{id}/thumb", Permission::CaseRead, files::thumb)
}
