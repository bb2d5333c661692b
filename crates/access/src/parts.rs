//! A form that may carry files, read part by part: only one file is in memory at a time, and a file that is too large
//! is passed over while the words of the form are kept.

use crate::extract::{Fields, UploadedFile, broken_upload, invalid, media_type};
use crate::fault::Fault;
use crate::guard::CSRF_FIELD;
use crate::state::AppState;
use axum::body::Bytes;
use axum::extract::multipart::Field;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;

/// The most parts a form with files may have.
pub(crate) const MOST_PARTS: usize = 200;
/// The most bytes of all words of a form together.
const MOST_WORDS: usize = 1 << 20;

/// A form as it comes in, with files (`multipart/form-data`) or without (`application/x-www-form-urlencoded`).
pub struct FormParts {
    words: Vec<(String, String)>,
    room: usize,
    source: Option<Multipart>,
    seen: usize,
}

/// A file of a form.
#[derive(Debug)]
pub struct FilePart {
    /// The file; without content when it was too large.
    pub file: UploadedFile,
    /// It has more bytes than were asked for.
    pub is_too_large: bool,
}

impl FormParts {
    /// The next file, of at most `most` bytes; none when the form is at its end.
    ///
    /// # Errors
    /// A broken form; too many parts; words that are not UTF-8 or too long.
    pub async fn next_file(&mut self, most: usize) -> Result<Option<FilePart>, Fault> {
        let Some(source) = &mut self.source else {
            return Ok(None);
        };
        while let Some(part) = source.next_field().await.map_err(|e| broken_upload(&e))? {
            self.seen += 1;
            if self.seen > MOST_PARTS {
                return Err(too_many());
            }
            let field = part.name().unwrap_or_default().to_owned();
            let Some(name) = part.file_name() else {
                let text = word(part, &field, &mut self.room).await?;
                if field != CSRF_FIELD {
                    self.words.push((field, text));
                }
                continue;
            };
            let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
            let name = name.to_owned();
            let media_type = part.content_type().unwrap_or_default().to_owned();
            let bytes = content(part, most)
                .await
                .map_err(|e| e.field(field.clone()))?;
            // Browsers send an input left empty as a file without name and content.
            if name.is_empty() && bytes.as_ref().is_some_and(Bytes::is_empty) {
                continue;
            }
            return Ok(Some(FilePart {
                is_too_large: bytes.is_none(),
                file: UploadedFile {
                    field,
                    name,
                    media_type,
                    bytes: bytes.unwrap_or_default(),
                },
            }));
        }
        self.source = None;
        Ok(None)
    }

    /// The words of the form; those that stand behind files not read yet are missing.
    pub fn into_fields(self) -> Fields {
        Fields::of(self.words)
    }
}

async fn word(mut part: Field<'_>, field: &str, room: &mut usize) -> Result<String, Fault> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(|e| broken_upload(&e))? {
        *room = room
            .checked_sub(chunk.len())
            .ok_or_else(|| crate::body::too_large(MOST_WORDS).field(field))?;
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| invalid(field, "not UTF-8"))
}

/// The bytes of a file; none when there are more than `most`: the rest is read and forgotten.
async fn content(mut part: Field<'_>, most: usize) -> Result<Option<Bytes>, Fault> {
    let mut bytes = Some(Vec::new());
    while let Some(chunk) = part.chunk().await.map_err(|e| broken_upload(&e))? {
        bytes = bytes.and_then(|mut held: Vec<u8>| {
            held.extend_from_slice(&chunk);
            (held.len() <= most).then_some(held)
        });
    }
    Ok(bytes.map(Bytes::from))
}

fn too_many() -> Fault {
    Fault::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "access.too_many_parts",
        format!("more than {MOST_PARTS} parts"),
    )
}

impl FromRequest<AppState> for FormParts {
    type Rejection = Fault;
    async fn from_request(request: Request, state: &AppState) -> Result<Self, Fault> {
        let is_multipart = media_type(request.headers()) == "multipart/form-data";
        let (words, source) = if is_multipart {
            let source = Multipart::from_request(request, state).await;
            let source = source.map_err(|_| {
                Fault::new(
                    StatusCode::BAD_REQUEST,
                    "access.unreadable",
                    "the form names no boundary",
                )
            })?;
            (Vec::new(), Some(source))
        } else {
            (
                Fields::from_request(request, state).await?.into_pairs(),
                None,
            )
        };
        Ok(Self {
            words,
            room: MOST_WORDS,
            source,
            seen: 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::{Request as HttpRequest, header};

    async fn parts(body: &str) -> FormParts {
        let request = HttpRequest::post("/")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
            .body(Body::from(body.replace('\n', "\r\n")))
            .unwrap();
        let source = Multipart::from_request(request, &()).await.unwrap();
        FormParts {
            words: Vec::new(),
            room: MOST_WORDS,
            source: Some(source),
            seen: 0,
        }
    }

    const FORM: &str = "--b\nContent-Disposition: form-data; name=\"csrf\"\n\nx\n\
        --b\nContent-Disposition: form-data; name=\"files\"; filename=\"C:\\dir\\a.jpg\"\n\n12345\n\
        --b\nContent-Disposition: form-data; name=\"files\"; filename=\"\"\n\n\n\
        --b\nContent-Disposition: form-data; name=\"files\"; filename=\"b.jpg\"\n\n123456\n\
        --b\nContent-Disposition: form-data; name=\"words\"\n\n 井盖 \n--b--\n";

    #[tokio::test]
    async fn a_file_that_is_too_large_is_passed_over_and_the_words_are_kept() {
        let mut form = parts(FORM).await;
        let first = form.next_file(5).await.unwrap().unwrap();
        assert_eq!(
            (first.file.name.as_str(), &first.file.bytes[..]),
            ("a.jpg", &b"12345"[..])
        );
        let second = form.next_file(5).await.unwrap().unwrap();
        assert!(second.is_too_large && second.file.bytes.is_empty());
        assert!(form.next_file(5).await.unwrap().is_none());
        assert!(form.next_file(5).await.unwrap().is_none());
        let fields = form.into_fields();
        assert_eq!((fields.get("words"), fields.get("csrf")), ("井盖", ""));
    }

    #[tokio::test]
    async fn garbage_is_refused_and_never_a_panic() {
        for body in [
            "",
            "--b",
            "--b\n",
            "--x--",
            "--b\nContent-Disposition: form-data; name=\"a\"\n\n",
            "--b\n\n\n--b--",
        ] {
            let mut form = parts(body).await;
            while let Ok(Some(_)) = form.next_file(5).await {}
            assert_eq!(form.into_fields().get("a"), "", "{body:?}");
        }
        let mut many = parts(
            &("--b\nContent-Disposition: form-data; name=\"a\"\n\n1\n".repeat(MOST_PARTS + 1)
                + "--b--"),
        )
        .await;
        assert!(many.next_file(5).await.is_err());
        let long = "x".repeat(MOST_WORDS + 1);
        let mut long = parts(&format!(
            "--b\nContent-Disposition: form-data; name=\"a\"\n\n{long}\n--b--"
        ))
        .await;
        assert_eq!(
            long.next_file(5).await.unwrap_err().status(),
            StatusCode::PAYLOAD_TOO_LARGE
        );
    }
}
