//! Captures without the rest of herder.

use axum::body::Body;
use herder_wire::Pieces;
use http_body_util::BodyExt;

use super::*;

fn captured(captures: &Captures, path: &str, request: &[u8], response: &[u8]) -> Option<Finished> {
    let mut draft = Draft::begin(captures, path, &HeaderMap::new());
    let payload = Payload::Pieces(Pieces::whole(Bytes::copy_from_slice(request)));
    draft.request(payload);
    draft.answered(&HeaderMap::new());
    for part in response.chunks(1000) {
        draft.response(part);
    }
    draft.finish(true)
}

fn shown(captures: &Captures, id: i64) -> serde_json::Value {
    serde_json::to_value(captures.get(id)).unwrap()
}

/// As the writer keeps it.
fn keep(captures: &Captures, id: i64, finished: Option<Finished>) {
    if let Some(packed) = captures.pack(finished.unwrap()) {
        captures.insert(id, packed);
    }
}

/// Bytes that do not shrink.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn row_107_bodies_are_kept_as_their_path_says() {
    let captures = Captures::new(1 << 20);
    let table = [
        ("/v1/audio/speech", Some("cmVx"), None),
        ("/v1/images/generations", Some("cmVx"), None),
        ("/sdapi/v1/txt2img", Some("cmVx"), None),
        ("/v1/audio/voices", None, Some("YW5zd2Vy")),
        ("/v1/audio/transcriptions", None, Some("YW5zd2Vy")),
        ("/v1/images/edits", None, None),
        ("/sdapi/v1/img2img", None, None),
        ("/v1/chat/completions", Some("cmVx"), Some("YW5zd2Vy")),
    ];
    for (id, (path, request, response)) in (1..).zip(table) {
        keep(&captures, id, captured(&captures, path, b"req", b"answer"));
        let capture = shown(&captures, id);
        let expected = serde_json::json!({
            "id": id, "req_path": path, "req_headers": {}, "req_body": request, "resp_headers": {},
            "resp_body": response,
        });
        assert_eq!(capture, expected);
    }
}

#[test]
fn the_budget_holds_and_the_oldest_leave() {
    let captures = Captures::new(10_000);
    for id in 1..=5 {
        keep(&captures, id, captured(&captures, "/x", b"", &noise(3000)));
    }
    let kept: Vec<i64> = (1..=5).filter(|id| captures.contains(*id)).collect();
    assert_eq!(kept, [3, 4, 5]);
    keep(&captures, 6, captured(&captures, "/x", b"", &noise(20_000)));
    assert!(
        !captures.contains(6) && captures.contains(5),
        "larger than everything"
    );
    let text = vec![b'a'; 30_000];
    keep(&captures, 7, captured(&captures, "/x", &text, b""));
    assert!(captures.contains(7) && captures.contains(3), "text shrinks");
}

#[test]
fn what_waits_is_bounded_and_given_back() {
    let captures = Captures::new(1000);
    let too_large = vec![0; 1000 * UNCOMPRESSED_FACTOR + 1];
    assert!(captured(&captures, "/x", &too_large, b"").is_none());
    assert!(captured(&captures, "/x", b"", &too_large).is_none());
    let half = vec![0; 1000 * PENDING_FACTOR / 2];
    let waiting = [
        captured(&captures, "/x", b"", &half).unwrap(),
        captured(&captures, "/x", &half, b"").unwrap(),
    ];
    assert!(captured(&captures, "/x", b"", b"1").is_none(), "no room");
    drop(waiting);
    assert!(captured(&captures, "/x", b"", &half).is_some());
    assert_eq!(captures.pending().bytes.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_body_that_streams_through_is_collected() {
    let captures = Captures::new(1 << 20);
    let mut draft = Draft::begin(&captures, "/x", &HeaderMap::new());
    let Payload::Unread(body) = draft.request(Payload::Unread(Body::from("hello"))) else {
        panic!("it is not read here")
    };
    assert_eq!(body.collect().await.unwrap().to_bytes(), "hello");
    keep(&captures, 1, draft.finish(false));
    let capture = shown(&captures, 1);
    assert_eq!(capture["req_body"], "aGVsbG8=");
    assert!(capture["resp_body"].is_null());
}
