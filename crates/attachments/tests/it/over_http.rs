//! The API call as a stranger makes it, and the files as a stranger does not get them.

use crate::stage::{Stage, migrations, photo, run};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use testdb::both_engines;
use tower::ServiceExt as _;

const BOUNDARY: &str = "a-boundary-between-parts";

fn form(field: &str, name: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\nContent-Type: image/png\r\n\r\n"
    );
    [
        head.as_bytes(),
        bytes,
        format!("\r\n--{BOUNDARY}--\r\n").as_bytes(),
    ]
    .concat()
}

fn post(stage: &Stage<'_>, body: Vec<u8>) -> (StatusCode, serde_json::Value) {
    let request = Request::post("/api/v1/attachments")
        .header(
            header::CONTENT_TYPE,
            format!("multipart/form-data; boundary={BOUNDARY}"),
        )
        .body(Body::from(body))
        .unwrap();
    ask(stage, request)
}

fn ask(stage: &Stage<'_>, request: Request<Body>) -> (StatusCode, serde_json::Value) {
    let router = access::router(&stage.state(), vec![attachments::capability()]);
    run(async {
        let answer = router.oneshot(request).await.unwrap();
        let status = answer.status();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    })
}

both_engines!(a_stranger_uploads_and_learns_the_id, &migrations(), |db| {
    let stage = Stage::new(db);
    // The claimed name and type are of no account.
    let (status, answer) = post(&stage, form("file", "../../x.exe", &photo()));
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    assert_eq!(
        (answer["media_type"].as_str(), answer["width"].as_u64()),
        (Some("image/jpeg"), Some(40))
    );
    assert!(answer["offered"]["time"].is_null() && answer["offered"]["lat"].is_null());
    assert_eq!(
        stage.count("SELECT count(*) FROM uploads WHERE by_kind = 'stranger'"),
        1
    );
    assert_eq!(
        stage.count("SELECT count(*) FROM audit WHERE action = 'attachment.upload'"),
        1
    );
});

both_engines!(a_bad_form_is_refused_by_its_field, &migrations(), |db| {
    let stage = Stage::new(db);
    let cases = [
        (
            form("picture", "a.jpg", &photo()),
            StatusCode::UNPROCESSABLE_ENTITY,
            "attachments.one_file",
        ),
        (
            form("file", "a.png", b"<svg/>"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "attachments.kind",
        ),
        (
            form("file", "a.jpg", &photo()[..60]),
            StatusCode::UNPROCESSABLE_ENTITY,
            "attachments.broken",
        ),
    ];
    for (body, status, code) in cases {
        let (found, answer) = post(&stage, body);
        assert_eq!(
            (found, answer["code"].as_str(), answer["field"].as_str()),
            (status, Some(code), Some("file")),
            "{answer}"
        );
    }
    let (found, _) = post(&stage, form("file", "a.jpg", &vec![0xff; 16 << 20]));
    assert_eq!(found, StatusCode::PAYLOAD_TOO_LARGE);
    for garbage in [&b""[..], b"--", b"no form at all"] {
        let (found, _) = post(&stage, garbage.to_vec());
        assert!(found.is_client_error(), "{found}");
    }
    assert_eq!(
        (stage.files(), stage.count("SELECT count(*) FROM uploads")),
        (0, 0)
    );
});

both_engines!(a_stranger_gets_no_file, &migrations(), |db| {
    let stage = Stage::new(db);
    let id = stage.upload(&photo());
    stage
        .attach(
            crate::stage::open_case(),
            attachments::AttachmentKind::Report,
            &[id],
        )
        .unwrap();
    for path in [
        format!("/attachments/{id}"),
        format!("/attachments/{id}/thumb"),
    ] {
        let (status, _) = ask(&stage, Request::get(path).body(Body::empty()).unwrap());
        assert!(
            status == StatusCode::SEE_OTHER || status == StatusCode::UNAUTHORIZED,
            "{status}"
        );
    }
});
