//! Captures without the rest of herder.

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use herder_wire::Pieces;
use http::HeaderValue;
use http::header::ACCEPT;
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
    captures.insert(id, finished.unwrap());
    captures.settle(Pace::Calm);
}

/// What the head of [`captured`] takes for the path `/x`: a line, and an empty one behind either part.
const HEAD: usize = 5;

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

fn kept(captures: &Captures, ids: std::ops::RangeInclusive<i64>) -> Vec<i64> {
    ids.filter(|id| captures.contains(*id)).collect()
}

#[test]
fn the_budget_holds_and_the_oldest_leave() {
    let captures = Captures::new(10_000);
    for id in 1..=5 {
        keep(&captures, id, captured(&captures, "/x", b"", &noise(3000)));
    }
    assert_eq!(kept(&captures, 1..=5), [3, 4, 5]);
    keep(&captures, 6, captured(&captures, "/x", b"", &noise(20_000)));
    assert_eq!(kept(&captures, 1..=6), [3, 4, 5], "larger than everything");
    let text = vec![b'a'; 30_000];
    keep(&captures, 7, captured(&captures, "/x", b"", &text));
    assert_eq!(kept(&captures, 1..=7), [3, 4, 5, 7], "text shrinks");
    captures.set_budget(4000);
    assert_eq!(kept(&captures, 1..=7), [5, 7]);
    captures.set_budget(0);
    assert_eq!(kept(&captures, 1..=7), [0_i64; 0]);
}

/// The answer says its number, so that no capture can stand in for another.
fn numbered(captures: &Captures, id: i64) -> Option<Finished> {
    captured(captures, "/x", &[b'q'; 900], format!("answer {id}").as_bytes())
}

fn assert_answers(captures: &Captures, ids: std::ops::RangeInclusive<i64>) {
    for id in ids {
        let expected = STANDARD.encode(format!("answer {id}"));
        let capture = shown(captures, id);
        assert_eq!(capture["resp_body"], expected, "{id}");
        assert_eq!(capture["req_body"], STANDARD.encode([b'q'; 900]), "{id}");
    }
}

#[test]
fn captures_are_compressed_when_there_is_no_room_and_there_is_time() {
    let captures = Captures::new(10_000);
    for id in 1..=10 {
        keep(&captures, id, numbered(&captures, id));
    }
    assert_eq!(captures.sizes().0, 0, "there was room");
    for id in 11..=40 {
        keep(&captures, id, numbered(&captures, id));
    }
    assert_eq!(kept(&captures, 1..=40).len(), 40, "compressed they all fit");
    assert!(captures.sizes().0 > 0);
    assert_answers(&captures, 1..=40);
    // In a hurry the oldest leave as they are.
    for id in 41..=60 {
        captures.insert(id, numbered(&captures, id).unwrap());
        captures.settle(Pace::Hurried);
    }
    let left = kept(&captures, 1..=60);
    assert!(left.len() >= 10 && left.len() < 20, "{left:?}");
    assert_eq!(left, (*left.first().unwrap()..=60).collect::<Vec<_>>());
    assert_answers(&captures, left[0]..=60);
    assert_eq!(captures.sizes().0, 0, "those that were compressed have left");
    // With time again there is room again.
    for id in 61..=90 {
        keep(&captures, id, numbered(&captures, id));
    }
    assert_eq!(kept(&captures, left[0]..=90), (left[0]..=90).collect::<Vec<_>>());
    assert_answers(&captures, left[0]..=90);
    let (_, books, bytes) = captures.sizes();
    assert_eq!(books, bytes);
    assert!(bytes <= 10_000);
}

#[test]
fn headers_are_shown_by_name_and_without_secrets() {
    let headers = |pairs: &[(&'static str, &'static [u8])]| {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        headers
    };
    let captures = Captures::new(10_000);
    let sent = headers(&[
        ("x-one", b"1"),
        ("authorization", b"Bearer k"),
        ("x-empty", b""),
        ("x-one", b"2"),
        ("host", b"h"),
        ("x-colon", b"a: b"),
        ("x-other", b"caf\xe9\t"),
    ]);
    let mut draft = Draft::begin(&captures, "/x:y", &sent);
    draft.answered(&headers(&[
        ("content-encoding", b"gzip"),
        ("content-type", b"a/b"),
    ]));
    keep(&captures, 7, draft.finish(true));
    let expected = serde_json::json!({
        "id": 7, "req_path": "/x:y", "req_body": null, "resp_body": "",
        "req_headers": {
            "X-One": "1", "Authorization": "[REDACTED]", "X-Empty": "", "X-Colon": "a: b", "X-Other": "caf\u{fffd}\t",
        },
        "resp_headers": {"Content-Type": "a/b"},
    });
    assert_eq!(shown(&captures, 7), expected);
}

#[test]
fn what_waits_is_bounded_and_given_back() {
    let captures = Captures::new(HEAD + 1000);
    let too_large = vec![0; HEAD + 1001];
    assert!(captured(&captures, "/x", &too_large, b"").is_none());
    let too_large = vec![0; (HEAD + 1000) * LARGEST_FACTOR];
    assert!(captured(&captures, "/x", b"", &too_large).is_none());
    let large = vec![0; 1000];
    let waiting: Vec<_> = (0..PENDING_FACTOR)
        .map(|number| {
            let (request, answer) = large.split_at(if number % 2 == 0 { 0 } else { 1000 });
            captured(&captures, "/x", request, answer).unwrap()
        })
        .collect();
    assert!(captured(&captures, "/x", b"", b"1").is_none(), "no room");
    drop(waiting);
    assert!(captured(&captures, "/x", b"", &large).is_some());
    assert_eq!(captures.pending().bytes.load(Ordering::Relaxed), 0);
}

/// A crowd that waits, and whose answers have ended, has no room that it does not use.
#[test]
fn small_captures_take_no_more_than_they_have() {
    let captures = Captures::new(10_000);
    let room = 10_000 * PENDING_FACTOR;
    let begun: Vec<_> = (0..room / HEAD)
        .map(|_| Draft::begin(&captures, "/x", &HeaderMap::new()))
        .collect();
    assert!(begun.iter().all(|draft| !draft.too_large));
    drop(begun);
    let answer = [0; 95];
    let ended = (0..room / (HEAD + answer.len()))
        .filter_map(|_| captured(&captures, "/x", b"", &answer))
        .collect::<Vec<_>>();
    assert_eq!(ended.len(), room / (HEAD + answer.len()));
}

#[test]
fn large_heads_count_like_bodies() {
    let headers =
        |bytes| HeaderMap::from_iter([(ACCEPT, HeaderValue::from_bytes(&vec![b'a'; bytes]).unwrap())]);
    let (small, large) = (headers(10), headers(4000));
    // Room for 80,000 bytes: 19 heads of a bit more than 4000.
    let captures = Captures::new(10_000);
    for (sent, answered) in [(&large, &small), (&small, &large)] {
        let waiting: Vec<_> = (0..2048)
            .filter_map(|_| {
                let mut draft = Draft::begin(&captures, "/v1/images/edits", sent);
                draft.answered(answered);
                draft.finish(true)
            })
            .collect();
        assert_eq!(waiting.len(), 19);
    }
    for (sent, answered) in [(40_000, 10), (10, 40_000), (20_000, 20_000)] {
        let mut draft = Draft::begin(&captures, "/x", &headers(sent));
        draft.answered(&headers(answered));
        assert!(
            draft.finish(true).is_none(),
            "{sent} and {answered}: more than four buffers"
        );
    }
    assert_eq!(captures.pending().bytes.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn what_is_given_up_takes_no_room_any_more() {
    let captures = Captures::new(1000);
    let mut draft = Draft::begin(&captures, "/x", &HeaderMap::new());
    let Payload::Unread(body) = draft.request(Payload::Unread(Body::from("hello"))) else {
        panic!("it is not read here")
    };
    draft.response(&[0; 1000 * LARGEST_FACTOR + 1]);
    assert_eq!(
        body.collect().await.unwrap().to_bytes(),
        "hello",
        "it passes all the same"
    );
    draft.answered(&HeaderMap::new());
    draft.response(b"1");
    assert_eq!(captures.pending().bytes.load(Ordering::Relaxed), 0);
    assert!(draft.finish(true).is_none());
}

#[tokio::test]
async fn a_body_that_streams_through_is_collected() {
    let captures = Captures::new(1 << 20);
    let mut draft = Draft::begin(&captures, "/x", &HeaderMap::new());
    let Payload::Unread(body) = draft.request(Payload::Unread(Body::from("hello"))) else {
        panic!("it is not read here")
    };
    assert_eq!(body.collect().await.unwrap().to_bytes(), "hello");
    draft.answered(&HeaderMap::new());
    keep(&captures, 1, draft.finish(false));
    let capture = shown(&captures, 1);
    assert_eq!(capture["req_body"], "aGVsbG8=");
    assert!(capture["resp_body"].is_null());
}
