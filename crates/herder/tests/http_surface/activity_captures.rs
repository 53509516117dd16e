//! Rows 98, 103 to 105, 107, 114 and 115: requests and answers that can be looked at.

use std::io::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use herder_testkit::{Response, Router};
use serde_json::{Value, json};

use crate::activity::newest;
use crate::fixture::{CHAT, builder, chat, error, router};

/// Asks orca-7b, waits for the row, and returns row and capture.
async fn captured(router: &Router, path: &str, headers: &[(&str, &str)], rows: usize) -> (Value, Response) {
    router
        .post_json_with(path, headers, &json!({"model": "orca-7b", "n": rows}))
        .await;
    let row = newest(router, rows).await;
    let capture = router.get(&format!("/api/captures/{}", row["id"])).await;
    (row, capture)
}

fn text(body: &Value) -> String {
    let body = STANDARD.decode(body.as_str().expect("base64")).unwrap();
    String::from_utf8(body).unwrap()
}

#[tokio::test]
async fn row_098_and_114_a_request_can_be_looked_at() {
    let router = router().await;
    let headers = [
        ("x-reply", "given"),
        ("x-body", "{}"),
        ("authorization", "Bearer s3cret"),
        ("accept-encoding", "gzip, br"),
    ];
    let (row, capture) = captured(&router, &format!("{CHAT}?x-cookie=session=s3cret"), &headers, 1).await;
    assert_eq!(row["has_capture"], true);
    assert_eq!(capture.status, 200);
    assert_eq!(capture.header("content-type"), Some("application/json"));
    assert!(!capture.text().contains("s3cret"), "{}", capture.text());
    let capture = capture.json();
    assert_eq!((&capture["id"], &capture["req_path"]), (&row["id"], &json!(CHAT)));
    assert_eq!(capture["req_headers"]["Authorization"], "[REDACTED]");
    assert_eq!(capture["req_headers"]["Accept-Encoding"], "gzip, br");
    assert_eq!(capture["resp_headers"]["Set-Cookie"], "[REDACTED]");
    // After the filters: they set `top_p`.
    let sent: Value = serde_json::from_str(&text(&capture["req_body"])).unwrap();
    assert_eq!((&sent["model"], &sent["top_p"]), (&json!("orca-7b"), &json!(0.9)));
    assert_eq!(text(&capture["resp_body"]), "{}");

    assert_eq!(
        error(&router.get("/api/captures/abc").await, 400, "bad_request"),
        "invalid capture ID"
    );
    assert_eq!(
        error(&router.get("/api/captures/999").await, 404, "not_found"),
        "capture not found"
    );
}

#[tokio::test]
async fn row_103_failures_have_no_response_body() {
    let router = router().await;
    let (row, capture) = captured(&router, CHAT, &[("x-reply", "e400")], 1).await;
    assert_eq!(row["error_msg"], "bad temp");
    let capture = capture.json();
    assert!(text(&capture["req_body"]).contains("orca-7b"));
    assert_eq!(capture["resp_headers"]["Content-Type"], "application/json");
    assert!(capture["resp_body"].is_null(), "{capture}");
}

#[tokio::test]
async fn row_104_and_105_compressed_answers() {
    let router = router().await;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(b"{\"plain\":true}").unwrap();
    let hex: String = gzip
        .finish()
        .unwrap()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let headers = [
        ("x-reply", "given"),
        ("x-body-hex", hex.as_str()),
        ("x-encoding", "gzip"),
    ];
    let (_, capture) = captured(&router, CHAT, &headers, 1).await;
    let capture = capture.json();
    assert_eq!(text(&capture["resp_body"]), "{\"plain\":true}");
    assert!(
        capture["resp_headers"].get("Content-Encoding").is_none(),
        "{capture}"
    );

    let (row, capture) = captured(&router, CHAT, &[("x-reply", "gzip-bad")], 2).await;
    assert_eq!(
        (&row["has_capture"], capture.status.as_u16()),
        (&json!(false), 404)
    );
    // Neither is there anything to look at in an empty answer.
    let (row, _) = captured(&router, CHAT, &[("x-reply", "given")], 3).await;
    assert_eq!(row["has_capture"], false);
}

#[tokio::test]
async fn row_107_no_sound_is_kept_even_behind_upstream() {
    let router = router().await;
    let path = "/upstream/orca-7b/v1/audio/speech";
    let headers = [("x-reply", "given"), ("x-body", "RIFF"), ("x-type", "audio/wav")];
    let (row, capture) = captured(&router, path, &headers, 1).await;
    assert_eq!(row["req_path"], "/v1/audio/speech");
    let capture = capture.json();
    // It was streamed to the model server, and noted on its way.
    assert_eq!(
        text(&capture["req_body"]),
        json!({"model": "orca-7b", "n": 1}).to_string()
    );
    assert_eq!(capture["resp_headers"]["Content-Type"], "audio/wav");
    assert!(capture["resp_body"].is_null(), "{capture}");
}

#[tokio::test]
async fn row_115_captures_can_be_off() {
    let router = builder("captureBuffer: 0\n").start().await;
    assert_eq!(chat(&router, "orca-7b").await.status, 200);
    let row = newest(&router, 1).await;
    assert_eq!(row["has_capture"], false);
    let answer = router.get(&format!("/api/captures/{}", row["id"])).await;
    assert_eq!(error(&answer, 404, "not_found"), "capture not found");
}
