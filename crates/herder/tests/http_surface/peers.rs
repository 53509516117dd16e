//! Rows 42 to 47, 49, 54 and 58, runtime S46 and S47, and what else is said about peers.

use std::time::Duration;

use herder_testkit::{PATIENCE, Router, Signal, wait_until};
use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::fixture::{CHAT, Peer, chat, echo, echoed_body, error, router, with_peers};

/// A router with one peer of this name and settings; `@PEER@` is its address.
async fn router_with(peer: &Peer, config: &str) -> Router {
    Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(&config.replace("@PEER@", peer.address()))
        .start()
        .await
}

#[tokio::test]
async fn row_042_a_qualified_name() {
    let fixture = with_peers("").await;
    let headers = [
        ("content-type", "application/json"),
        ("authorization", "Bearer mine"),
        ("x-forwarded-for", "10.1.1.1"),
        ("x-forwarded-host", "h.test"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "for=10.1.1.1"),
    ];
    let answer = fixture
        .router
        .post(CHAT, &headers, r#"{"model":"attic/nova-70b","seed":1, "n":2}"#)
        .await;
    let echo = echo(&answer);
    assert_eq!(
        (&echo["method"], &echo["target"], &echo["host"]),
        (
            &json!("POST"),
            &json!("/base/v1/chat/completions"),
            &json!(fixture.attic.address())
        )
    );
    assert_eq!(echoed_body(&answer), json!({"model": "nova-70b", "n": 2}));
    let received = &echo["headers"];
    assert_eq!(received["authorization"], "Bearer peer-secret");
    assert_eq!(received["x-api-key"], "peer-secret");
    for absent in [
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "forwarded",
    ] {
        assert!(received.get(absent).is_none(), "{received}");
    }
    let length = echo["body"].as_str().unwrap().len().to_string();
    assert_eq!(received["content-length"], length.as_str());
}

#[tokio::test]
async fn row_043_to_046_names_of_peers() {
    let fixture = with_peers("").await;
    let table = [
        ("43", "nova-70b", fixture.attic.address(), "nova-70b"),
        ("45", "cellar/shared-x", fixture.cellar.address(), "shared-x"),
        ("45", "attic/shared-x", fixture.attic.address(), "shared-x"),
        ("46", "attic/org/moon", fixture.attic.address(), "org/moon"),
        ("46", "org/moon", fixture.attic.address(), "org/moon"),
    ];
    for (row, requested, host, received) in table {
        let answer = chat(&fixture.router, requested).await;
        assert_eq!(echo(&answer)["host"], host, "row {row}");
        assert_eq!(echoed_body(&answer), json!({ "model": received }), "row {row}");
    }
    for unknown in ["shared-x", "cellar/nova-70b", "moon", "attic", "attic/"] {
        assert_eq!(
            error(&chat(&fixture.router, unknown).await, 404, "not_found"),
            "no router for requested model",
            "row 44: {unknown}"
        );
    }
    assert!(fixture.router.running().await.is_empty());
}

/// decisions.md, Q10 and N7, instead of row 45's last words: credentials reach a peer only when the configuration says so,
/// and herder's own key never.
#[tokio::test]
async fn row_045_quirk_q10_credentials_are_withheld() {
    let peer = Peer::start("peer").await;
    let router = router_with(
        &peer,
        r#"
apiKeys: [k-alpha]
peers:
  closed: {proxy: "http://@PEER@", models: [m]}
  open: {proxy: "http://@PEER@", models: [m], forwardCredentials: true}
"#,
    )
    .await;
    let sent = [("authorization", "Bearer mine"), ("x-api-key", "k-alpha")];
    let table = [("closed/m", Value::Null), ("open/m", json!("Bearer mine"))];
    for (model, authorization) in table {
        let answer = router
            .post_json_with(CHAT, &sent, &json!({ "model": model }))
            .await;
        let received = echo(&answer)["headers"].clone();
        assert_eq!(received["authorization"], authorization, "{model}");
        assert!(received.get("x-api-key").is_none(), "{received}");
    }
}

#[tokio::test]
async fn row_047_local_names_beat_those_of_peers() {
    let peer = Peer::start("peer").await;
    let router = router_with(
        &peer,
        r#"
models:
  same: {cmd: "@FAKE@ --name same --port ${PORT} --event-log @DIR@/events", aliases: [other]}
peers:
  p: {proxy: "http://@PEER@", models: [same, other]}
"#,
    )
    .await;
    for (requested, is_local) in [
        ("same", true),
        ("other", true),
        ("p/same", false),
        ("p/other", false),
    ] {
        let host = echo(&chat(&router, requested).await)["host"].clone();
        assert_eq!(host != peer.address(), is_local, "{requested} {host}");
    }
}

/// Row 49 and runtime S46.
#[tokio::test]
async fn row_049_and_s46_a_peer_that_is_down() {
    let router = router().await;
    for model in ["nova-70b", "attic/nova-70b"] {
        let message = error(&chat(&router, model).await, 502, "bad_gateway");
        assert!(message.starts_with("peer proxy error: "), "{message}");
    }
    let answer = router.get("/upstream/nova-70b/x").await;
    assert!(error(&answer, 502, "bad_gateway").starts_with("peer proxy error: "));
}

#[tokio::test]
async fn s47_two_peers_offer_the_same() {
    let (first, second) = tokio::join!(Peer::start("p1"), Peer::start("p2"));
    let config = r#"
peers:
  p1: {proxy: "http://@PEER@", models: [x]}
  p2: {proxy: "http://@SECOND@", models: [x]}
"#;
    let router = router_with(&first, &config.replace("@SECOND@", second.address())).await;
    assert_eq!(
        error(&chat(&router, "x").await, 404, "not_found"),
        "no router for requested model"
    );
    for (name, peer) in [("p1/x", &first), ("p2/x", &second)] {
        let answer = chat(&router, name).await;
        assert_eq!(echo(&answer)["host"], peer.address());
        assert_eq!(echoed_body(&answer), json!({ "model": "x" }));
    }
}

/// http 1.3: wherever the client wrote the name, the peer reads its own, and every other byte stays.
#[tokio::test]
async fn http_1_3_the_name_in_every_encoding() {
    let fixture = with_peers("").await;
    let multipart = |model: &str| {
        format!(
            "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: \
             audio/wav\r\n\r\nRIFF\r\n--cut\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n--cut--\r\n"
        )
    };
    let (sent, received) = (multipart("attic/org/moon"), multipart("org/moon"));
    type Row<'a> = (&'a str, Option<&'a str>, &'a str, &'a str, &'a str);
    let table: [Row<'_>; 4] = [
        (
            "/v1/audio/voices?x=%20",
            Some("application/x-www-form-urlencoded"),
            "a=+&model=attic%2Forg%2Fmoon&b=%3B",
            "/base/v1/audio/voices?x=%20",
            "a=+&model=org/moon&b=%3B",
        ),
        (
            "/v1/audio/transcriptions",
            Some("multipart/form-data; boundary=cut"),
            &sent,
            "/base/v1/audio/transcriptions",
            &received,
        ),
        (
            "/v1/audio/voices?x=1;y=2&model=attic%2Forg%2Fmoon&z=3",
            None,
            "bytes",
            "/base/v1/audio/voices?model=org/moon&z=3",
            "bytes",
        ),
        (
            "/v/chat/completions",
            Some("application/json; charset=utf-8"),
            r#"{ "n" : 1.0, "model" : "attic/org/moon" }"#,
            "/base/chat/completions",
            r#"{ "n" : 1.0, "model" : "org/moon" }"#,
        ),
    ];
    for (target, content_type, body, expected_target, expected_body) in table {
        let headers: Vec<_> = content_type
            .map(|value| ("content-type", value))
            .into_iter()
            .collect();
        let answer = fixture.router.post(target, &headers, body.to_owned()).await;
        let echo = echo(&answer);
        assert_eq!(
            (&echo["target"], &echo["body"]),
            (&json!(expected_target), &json!(expected_body)),
            "{target}"
        );
    }
    let answer = fixture.router.get("/props?model=attic/nova-70b&x=1").await;
    assert_eq!(echo(&answer)["target"], "/base/props?model=nova-70b&x=1");
}

/// config 7.5: the entry of the name that the client really used.
#[tokio::test]
async fn config_7_5_filters_of_a_peer() {
    let peer = Peer::start("peer").await;
    let router = router_with(
        &peer,
        r#"
peers:
  far:
    proxy: "http://@PEER@"
    models: [w]
    filters: {setParams: {t: 1}, setParamsByID: {far/w: {q: 1}, w: {b: 1}}}
"#,
    )
    .await;
    for (requested, expected) in [
        ("far/w", json!({"model": "w", "t": 1, "q": 1})),
        ("w", json!({"model": "w", "t": 1, "b": 1})),
    ] {
        assert_eq!(echoed_body(&chat(&router, requested).await), expected);
    }
}

/// Row 58, and step 6 of http 1.9.
#[tokio::test]
async fn row_058_upstream_to_a_peer() {
    let fixture = with_peers("").await;
    let router = &fixture.router;
    let answer = router.get("/upstream/attic/nova-70b/app.js").await;
    assert_eq!(echo(&answer)["target"], "/base/app.js");
    let answer = router.get("/upstream/attic/nova-70b?q=1").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (301, Some("/upstream/attic/nova-70b/?q=1"))
    );
    type Row<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str);
    let json_type = "application/json";
    let table: [Row<'_>; 7] = [
        (
            "/upstream/attic/nova-70b/v1/x%2Fy",
            json_type,
            r#"{"model":"attic/nova-70b","seed":1}"#,
            "/base/v1/x%2Fy",
            r#"{"model":"nova-70b","seed":1}"#,
        ),
        (
            "/upstream/attic%2Fnova-70b/v1/x",
            json_type,
            r#"{"model":"attic/shared-x"}"#,
            "/base/v1/x",
            r#"{"model":"attic/shared-x"}"#,
        ),
        (
            "/upstream/nova-70b/v1/x",
            json_type,
            r#"{"model":"attic/nova-70b"}"#,
            "/base/v1/x",
            r#"{"model":"attic/nova-70b"}"#,
        ),
        (
            "/upstream/attic/nova-70b/x?model=attic/nova-70b",
            "text/plain",
            "attic/nova-70b",
            "/base/x?model=nova-70b",
            "attic/nova-70b",
        ),
        (
            "/upstream/attic/nova-70b/x",
            "application/x-www-form-urlencoded",
            "model=attic/nova-70b",
            "/base/x",
            "model=nova-70b",
        ),
        (
            "/upstream/attic/nova-70b/x?model=attic/nova-70b",
            "application/x-www-form-urlencoded",
            "a=1",
            "/base/x?model=nova-70b",
            "a=1",
        ),
        (
            "/upstream/attic/nova-70b/x",
            json_type,
            "nonsense",
            "/base/x",
            "nonsense",
        ),
    ];
    for (target, content_type, body, expected_target, expected_body) in table {
        let answer = router
            .post(target, &[("content-type", content_type)], body.to_owned())
            .await;
        let echo = echo(&answer);
        assert_eq!(
            (&echo["target"], &echo["body"]),
            (&json!(expected_target), &json!(expected_body)),
            "{target} {body}"
        );
    }
}

#[tokio::test]
async fn a_websocket_to_a_peer_ends_with_herder() {
    let mut fixture = with_peers("").await;
    let mut socket = fixture.router.connect().await;
    let request = "GET /upstream/nova-70b/ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Reply: \
                   ws\r\n\r\n";
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n") {
        let byte = timeout(PATIENCE, socket.read_u8()).await.unwrap().unwrap();
        seen.push(byte);
    }
    assert!(
        seen.starts_with(b"HTTP/1.1 101 "),
        "{}",
        String::from_utf8_lossy(&seen)
    );
    socket.write_all(b"ping").await.unwrap();
    let mut received = [0; 4];
    timeout(PATIENCE, socket.read_exact(&mut received))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&received, b"ping");
    fixture.router.signal(Signal::TERM);
    assert!(fixture.router.wait_exit(PATIENCE).await.success());
}

/// http 6.2: `timeouts.responseHeader`.
#[tokio::test]
async fn http_6_2_a_peer_that_is_too_slow() {
    let peer = Peer::start("peer").await;
    let router = router_with(
        &peer,
        r#"peers: {p: {proxy: "http://@PEER@", models: [m], timeouts: {responseHeader: 1}}}"#,
    )
    .await;
    let answer = router
        .post_json_with(CHAT, &[("x-reply", "slow")], &json!({ "model": "m" }))
        .await;
    assert_eq!(
        error(&answer, 502, "bad_gateway"),
        "peer proxy error: no response headers within 1 s"
    );
}

/// decisions.md, Q22, with the words of a peer.
#[tokio::test]
async fn quirk_q22_a_peer_that_breaks_off() {
    let fixture = with_peers("").await;
    let headers = [
        ("content-type", "application/json"),
        ("x-reply", "sse-abort"),
        ("x-gap", "1ms"),
    ];
    let mut stream = fixture
        .router
        .stream(
            Method::POST,
            CHAT,
            &headers,
            r#"{"model":"nova-70b","stream":true}"#,
        )
        .await;
    let mut seen = String::new();
    while let Some(Ok(piece)) = stream.next().await {
        seen.push_str(&String::from_utf8_lossy(&piece));
    }
    assert!(seen.contains(r#""message":"peer proxy error: "#), "{seen}");
}

/// config 1.3: what is being answered may end, what comes later is refused.
#[tokio::test]
async fn the_end_of_herder_waits_for_peers_and_refuses_new_requests() {
    let mut fixture = with_peers("").await;
    let headers = [
        ("content-type", "application/json"),
        ("x-reply", "sse"),
        ("x-chunks", "8"),
        ("x-gap", "1s"),
    ];
    let body = r#"{"model":"nova-70b","stream":true}"#;
    let mut stream = fixture.router.stream(Method::POST, CHAT, &headers, body).await;
    assert!(stream.next().await.unwrap().is_ok());
    // A request that has arrived, but for its body, when the end begins.
    let mut late = fixture.router.connect().await;
    let head = format!(
        "POST {CHAT} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: \
         {}\r\n\r\n",
        body.len()
    );
    late.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
    timeout(PATIENCE, late.read_exact(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    fixture.router.signal(Signal::TERM);
    wait_until(PATIENCE, "the end begins", || {
        fixture.router.stdout().contains("shutting down")
    })
    .await;
    late.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, late.read_to_string(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert!(
        answer.contains("unspecific error: peer proxy is shutting down"),
        "{answer}"
    );
    let mut rest = String::new();
    while let Some(piece) = stream.next().await {
        rest.push_str(&String::from_utf8_lossy(&piece.unwrap()));
    }
    assert!(rest.contains("[DONE]"), "{rest}");
    assert!(
        fixture
            .router
            .wait_exit(PATIENCE + Duration::from_secs(10))
            .await
            .success()
    );
}
