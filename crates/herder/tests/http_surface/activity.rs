//! Rows 98 to 113: what is recorded of requests, and how it is listed.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use herder_testkit::{EventLog, PATIENCE, Router, Signal, poll_until};
use http::Method;
use serde_json::{Value, json};

use crate::fixture::{CHAT, builder, chat, echo, error, router, with_peers};

/// The newest row, as soon as there are so many.
pub(crate) async fn newest(router: &Router, rows: usize) -> Value {
    let page = poll_until(PATIENCE, "the row is stored", async || {
        let page = router.get("/api/metrics/activity").await.json();
        (page["total"].as_u64() >= Some(rows as u64)).then_some(page)
    })
    .await;
    assert_eq!(page["total"], rows, "{page:#}");
    page["data"][0].clone()
}

/// Asks orca-7b on this path, which answers with this body.
async fn given(
    router: &Router,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> herder_testkit::Response {
    let headers: Vec<_> = [("x-reply", "given"), ("x-body", body)]
        .into_iter()
        .chain(headers.iter().copied())
        .collect();
    router
        .post_json_with(path, &headers, &json!({"model": "orca-7b"}))
        .await
}

fn tokens(row: &Value) -> [i64; 3] {
    ["input_tokens", "output_tokens", "cache_tokens"].map(|name| row["tokens"][name].as_i64().unwrap())
}

#[tokio::test]
async fn row_098_a_chat_becomes_a_row() {
    let router = router().await;
    let reply = [("x-reply", "usage")];
    let answer = router
        .post_json_with(&format!("{CHAT}?a=b"), &reply, &json!({"model": "chatty"}))
        .await;
    assert_eq!(answer.status, 200);
    let row = newest(&router, 1).await;
    assert_eq!(tokens(&row), [21, 6, -1]);
    assert_eq!(row["id"], 1);
    assert_eq!(row["model"], "orca-7b");
    assert_eq!(row["req_path"], CHAT);
    assert_eq!(row["resp_status_code"], 200);
    assert_eq!(row["resp_content_type"], "application/json");
    assert_eq!(row["metadata"], json!({"fifo_priority": "0"}));
    assert!(row.get("error_msg").is_none(), "{row}");
    assert_eq!(row["tokens"]["draft_tokens"], -1);
    assert_eq!(row["tokens"]["tokens_per_second"].as_f64(), Some(-1.0));
    let timestamp = row["timestamp"].as_str().unwrap();
    assert!(
        timestamp.parse::<jiff::Timestamp>().is_ok() && !timestamp.contains('.'),
        "{timestamp}"
    );
}

/// Path, parameters of the fake upstream, body, and the tokens in it.
type Answer<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, [i64; 3]);

#[tokio::test]
async fn row_099_to_102_tokens_of_every_api() {
    let router = router().await;
    let sse = [("x-type", "text/event-stream")];
    let table: [Answer<'_>; 6] = [
        (
            CHAT,
            &[],
            r#"{"usage":{"prompt_tokens":11,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":3}}}"#,
            [11, 4, 3],
        ),
        (
            "/v1/responses",
            &sse,
            r#"data: {"type":"response.completed","response":{"usage":{"input_tokens":9,"output_tokens":2}}}"#,
            [9, 2, -1],
        ),
        (
            "/completion",
            &[],
            r#"{"usage":{"prompt_tokens":50,"completion_tokens":8},"timings":{"prompt_n":6,"predicted_n":8,"cache_n":44}}"#,
            [6, 8, 44],
        ),
        (
            CHAT,
            &[],
            r#"{"usage":{"prompt_tokens":40,"completion_tokens":10},"metrics":{"time_to_first_token_ms":80,"mean_itl_ms":20}}"#,
            [40, 10, -1],
        ),
        (
            "/infill",
            &[],
            r#"[{},{"timings":{"prompt_n":3,"predicted_n":7}}]"#,
            [3, 7, -1],
        ),
        ("/v1/embeddings", &[], "this is no JSON", [0, 0, -1]),
    ];
    for (index, (path, headers, body, expected)) in table.into_iter().enumerate() {
        assert_eq!(given(&router, path, headers, body).await.text(), body, "{path}");
        let row = newest(&router, index + 1).await;
        assert_eq!(tokens(&row), expected, "{row}");
        assert!(row.get("error_msg").is_none(), "{row}");
    }
    let rows = router.get("/api/metrics/activity?min_id=4&max_id=4").await.json();
    let vllm = &rows["data"][0]["tokens"];
    assert_eq!(
        (
            vllm["prompt_per_second"].as_f64(),
            vllm["tokens_per_second"].as_f64()
        ),
        (Some(500.0), Some(50.0))
    );
}

#[tokio::test]
async fn row_099_a_stream_of_chunks() {
    let router = router().await;
    let headers = [("x-gap", "10ms"), ("content-type", "application/json")];
    let body = json!({"model": "orca-7b", "stream": true}).to_string();
    let mut stream = router.stream(Method::POST, CHAT, &headers, body).await;
    let (text, complete) = stream.read_to_end().await;
    assert!(complete && text.ends_with("data: [DONE]\n\n"), "{text}");
    let row = newest(&router, 1).await;
    assert_eq!(tokens(&row), [11, 3, -1]);
    assert_eq!(row["resp_content_type"], "text/event-stream");
}

#[tokio::test]
async fn row_100_the_servers_own_time_counts_when_it_is_longer() {
    let router = router().await;
    let body = r#"{"timings":{"prompt_n":1,"predicted_n":2,"prompt_ms":2000,"predicted_ms":900000}}"#;
    given(&router, CHAT, &[], body).await;
    // A hundred times the row's numbers: a loaded test machine may need nine seconds.
    assert_eq!(newest(&router, 1).await["duration_ms"], 902_000);
}

#[tokio::test]
async fn row_101_draft_tokens() {
    let router = router().await;
    let one = r#"{"metrics":{"speculative_decoding":{"num_draft_tokens":9}}}"#;
    let both = r#"{"metrics":{"speculative_decoding":{"num_draft_tokens":9,"num_accepted_draft_tokens":4}}}"#;
    for (index, (body, expected)) in [(one, (-1, -1)), (both, (9, 4))].into_iter().enumerate() {
        given(&router, CHAT, &[], body).await;
        let row = newest(&router, index + 1).await;
        let tokens = &row["tokens"];
        assert_eq!(
            (
                tokens["draft_tokens"].as_i64(),
                tokens["draft_acc_tokens"].as_i64()
            ),
            (Some(expected.0), Some(expected.1)),
            "{body}"
        );
    }
}

#[tokio::test]
async fn row_103_failures_are_recorded_with_their_text() {
    let router = router().await;
    let table = [
        ("e400", 400, "bad temp"),
        ("e404", 404, "not here"),
        ("e502", 502, "502 Bad Gateway"),
    ];
    for (index, (reply, status, text)) in table.into_iter().enumerate() {
        let answer = router
            .post_json_with(CHAT, &[("x-reply", reply)], &json!({"model": "orca-7b"}))
            .await;
        assert_eq!(answer.status, status);
        let row = newest(&router, index + 1).await;
        assert_eq!(row["resp_status_code"], status, "{row}");
        assert_eq!(row["error_msg"], text, "{row}");
        assert_eq!(tokens(&row), [0, 0, -1]);
    }
    // Quirk Q29 mended.
    given(
        &router,
        CHAT,
        &[("x-status", "201")],
        r#"{"usage":{"prompt_tokens":2}}"#,
    )
    .await;
    let row = newest(&router, 4).await;
    assert_eq!(row["resp_status_code"], 201);
    assert_eq!((tokens(&row), row.get("error_msg")), ([2, 0, -1], None));
}

/// Fields of herder's own. The words of a loading state are not the model's.
#[tokio::test]
async fn http_5_3_how_long_a_request_has_waited() {
    let with_peers = with_peers("").await;
    let router = &with_peers.router;
    let late = [("x-reply", "wait"), ("x-wait", "1s")];
    // Model, what it is asked for, and how many milliseconds the load and the answer take at least.
    let table = [
        ("slowpoke", &[][..], true, Some(3000), Some(0)),
        ("slowpoke", &late, false, Some(0), Some(1000)),
        ("attic/nova-70b", &late, false, None, Some(1000)),
        ("who", &[], false, None, None),
    ];
    for (index, (model, headers, stream, load, answer)) in table.into_iter().enumerate() {
        let body = json!({ "model": model, "stream": stream, "messages": [] });
        router.post_json_with(CHAT, headers, &body).await;
        let row = newest(router, index + 1).await;
        let time = |field: &str| row.get(field).map(|time| time.as_u64().unwrap());
        let (queued, first_byte) = (time("queued_ms"), time("first_byte_ms"));
        assert_eq!(
            (queued.is_some(), first_byte.is_some()),
            (load.is_some(), answer.is_some()),
            "{row}"
        );
        assert!(queued >= load, "{row}");
        let waited_for_answer = first_byte.map(|first_byte| first_byte - queued.unwrap_or(0));
        assert!(waited_for_answer >= answer, "{row}");
        assert!(first_byte <= time("duration_ms"), "{row}");
    }
}

#[tokio::test]
async fn row_103_herders_own_errors_are_recorded() {
    let router = router().await;
    assert_eq!(
        error(&chat(&router, "who").await, 404, "not_found"),
        "no router for requested model"
    );
    let row = newest(&router, 1).await;
    assert_eq!(
        (&row["model"], &row["resp_status_code"]),
        (&json!("who"), &json!(404))
    );
    assert_eq!(row["error_msg"], "no router for requested model");
    assert_eq!(row["resp_content_type"], "application/json");
    assert!(row.get("metadata").is_none(), "{row}");
    assert_eq!(chat(&router, "broken").await.status, 502);
    let row = newest(&router, 2).await;
    assert_eq!(
        (&row["model"], &row["resp_status_code"]),
        (&json!("broken"), &json!(502))
    );
    assert!(
        row["error_msg"].as_str().is_some_and(|text| !text.is_empty()),
        "{row}"
    );
}

#[tokio::test]
async fn a_client_that_leaves_is_recorded_as_499() {
    let router = router().await;
    let headers = [("x-reply", "slow"), ("content-type", "application/json")];
    let body = json!({"model": "orca-7b"}).to_string();
    let client = router.client();
    let waiting = tokio::spawn(async move { client.post(CHAT, &headers, body).await });
    let events = EventLog::new(router.folder().join("events"));
    let arrived = async || (events.count("request") > 0).then_some(());
    poll_until(PATIENCE, "the request arrives", arrived).await;
    waiting.abort();
    let row = newest(&router, 1).await;
    assert_eq!(row["resp_status_code"], 499, "quirk Q30 mended: {row}");
    assert_eq!(row["error_msg"], "the client left before it was answered");
    assert_eq!(row["metadata"]["fifo_priority"], "0");
}

#[tokio::test]
async fn answers_that_break_are_recorded_with_what_they_said() {
    let router = router().await;
    let headers = [
        ("x-reply", "sse-abort"),
        ("x-gap", "5ms"),
        ("content-type", "application/json"),
    ];
    let body = json!({"model": "orca-7b"}).to_string();
    let mut stream = router.stream(Method::POST, CHAT, &headers, body).await;
    let (_, complete) = stream.read_to_end().await;
    assert!(!complete);
    let row = newest(&router, 1).await;
    assert_eq!(row["resp_status_code"], 200);
    let text = row["error_msg"].as_str().unwrap();
    assert!(text.starts_with("upstream error"), "{row}");
}

#[tokio::test]
async fn row_104_compressed_answers_are_read_and_passed_on() {
    let router = router().await;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(br#"{"usage":{"prompt_tokens":21,"completion_tokens":6}}"#)
        .unwrap();
    let gzip = gzip.finish().unwrap();
    let hex: String = gzip.iter().map(|byte| format!("{byte:02x}")).collect();
    let headers = [
        ("x-reply", "given"),
        ("x-body-hex", hex.as_str()),
        ("x-encoding", "gzip"),
        ("accept-encoding", "gzip, br"),
    ];
    let answer = router
        .post_json_with(CHAT, &headers, &json!({"model": "orca-7b"}))
        .await;
    assert_eq!(answer.body, gzip);
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(tokens(&newest(&router, 1).await), [21, 6, -1]);
    let accepted = [("accept-encoding", "gzip, br")];
    let seen = router
        .post_json_with(CHAT, &accepted, &json!({"model": "orca-7b"}))
        .await;
    assert_eq!(echo(&seen)["headers"]["accept-encoding"], "gzip");
    let seen = router
        .request(Method::GET, "/props?model=orca-7b", &accepted, "")
        .await;
    assert_eq!(echo(&seen)["headers"]["accept-encoding"], "gzip, br");
}

#[tokio::test]
async fn row_105_bytes_that_do_not_decompress() {
    let router = router().await;
    let answer = router
        .post_json_with(CHAT, &[("x-reply", "gzip-bad")], &json!({"model": "orca-7b"}))
        .await;
    assert_eq!(answer.text(), "this is not gzip");
    let row = newest(&router, 1).await;
    let text = row["error_msg"].as_str().unwrap();
    assert!(text.starts_with("response decompression failed: "), "{row}");
    assert_eq!((tokens(&row), &row["has_capture"]), ([0, 0, -1], &json!(false)));
}

#[tokio::test]
async fn row_106_only_inference_posts_are_recorded() {
    let router = builder("apiKeys: [k]\n").start().await;
    let key = ("x-api-key", "k");
    assert_eq!(chat(&router, "orca-7b").await.status, 401);
    let answers = [
        router
            .request(Method::GET, "/props?model=orca-7b", &[key], "")
            .await,
        router.post("/upstream/orca-7b/misc", &[key], "").await,
    ];
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(router.post_json_with(CHAT, &[key], &json!({})).await.status, 404);
    let path = format!("/upstream/orca-7b{CHAT}");
    let answer = router
        .post_json_with(&path, &[key, ("x-reply", "usage")], &json!({}))
        .await;
    assert_eq!(answer.status, 200);
    let page = poll_until(PATIENCE, "the row is stored", async || {
        let page = router
            .request(Method::GET, "/api/metrics/activity", &[key], "")
            .await
            .json();
        (page["total"] != 0).then_some(page)
    })
    .await;
    assert_eq!(page["total"], 1, "{page:#}");
    assert_eq!(page["data"][0]["req_path"], CHAT);
    assert_eq!(tokens(&page["data"][0]), [21, 6, -1]);
    for path in ["/api/metrics/activity", "/api/metrics/stats"] {
        assert_eq!(router.get(path).await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn row_108_filters_and_pages() {
    let router = router().await;
    for (index, model) in ["m", "n", "m", "o"].into_iter().enumerate() {
        assert_eq!(chat(&router, model).await.status, 404);
        newest(&router, index + 1).await;
    }
    let table: [(&str, &[i64]); 5] = [
        ("model=m&model=o", &[4, 3, 1]),
        ("min_id=2&max_id=3", &[3, 2]),
        ("limit=1&page=2&order=ASC", &[2]),
        ("model=&unknown=1&sort=time", &[4, 3, 2, 1]),
        ("page=7", &[]),
    ];
    for (query, expected) in table {
        let page = router.get(&format!("/api/metrics/activity?{query}")).await.json();
        let ids: Vec<i64> = page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["id"].as_i64().unwrap())
            .collect();
        assert_eq!(ids, expected, "{query}: {page:#}");
    }
    let page = router
        .get("/api/metrics/activity?limit=1&page=2&order=asc")
        .await
        .json();
    assert_eq!((&page["total"], &page["total_pages"]), (&json!(4), &json!(4)));
    assert_eq!((&page["page"], &page["limit"]), (&json!(2), &json!(1)));
    let statistics = router.get("/api/metrics/stats?model=m").await.json();
    assert_eq!(statistics["total_requests"], 2);
}

#[tokio::test]
async fn requests_are_found_by_how_they_ended() {
    let router = router().await;
    for (index, (model, status)) in [("orca-7b", 200), ("m", 404), ("broken", 502)]
        .into_iter()
        .enumerate()
    {
        assert_eq!(chat(&router, model).await.status, status);
        newest(&router, index + 1).await;
    }
    let table: [(&str, &[i64]); 7] = [
        ("status=failed", &[3, 2]),
        ("status=succeeded", &[1]),
        ("status=4xx", &[2]),
        ("status=502&status=2xx", &[3, 1]),
        ("status=failed&model=m", &[2]),
        ("status=499", &[]),
        ("status=", &[3, 2, 1]),
    ];
    for (query, expected) in table {
        let page = router.get(&format!("/api/metrics/activity?{query}")).await.json();
        let rows = page["data"].as_array().unwrap();
        let ids: Vec<i64> = rows.iter().map(|row| row["id"].as_i64().unwrap()).collect();
        assert_eq!(ids, expected, "{query}: {page:#}");
        assert_eq!(page["total"], expected.len(), "{query}");
    }
    let rule = "status must be failed, succeeded, a class such as 5xx, or a number from 100 to 599";
    for query in ["status=bad", "status=failed&status=1'--", "status=9xx"] {
        let answer = router.get(&format!("/api/metrics/activity?{query}")).await;
        assert_eq!(error(&answer, 400, "bad_request"), rule, "{query}");
    }
    let many = "status=500&".repeat(17);
    let answer = router.get(&format!("/api/metrics/activity?{many}")).await;
    assert_eq!(error(&answer, 400, "bad_request"), "at most 16 'status' values");
}

#[tokio::test]
async fn row_109_questions_that_make_no_sense() {
    let router = router().await;
    let table = [
        ("limit=0", "limit must be between 1 and 999"),
        ("limit=1000", "limit must be between 1 and 999"),
        ("limit=-1", "limit must be between 1 and 999"),
        ("limit=x", "invalid limit"),
        ("page=0", "page must be >= 1"),
        ("page=x", "invalid page"),
        ("sort=foo", "invalid sort column"),
        ("order=up", "order must be asc or desc"),
        ("min_id=9&max_id=2", "min_id must be <= max_id"),
        ("min_id=0", "min_id must be >= 1"),
        ("start=x", "invalid 'start' timestamp, use RFC3339 format"),
        ("end=2027-01-01", "invalid 'end' timestamp, use RFC3339 format"),
        (
            "start=2027-01-02T00:00:00Z&end=2027-01-01T00:00:00Z",
            "start must be before end",
        ),
    ];
    for (query, message) in table {
        let answer = router.get(&format!("/api/metrics/activity?{query}")).await;
        assert_eq!(error(&answer, 400, "bad_request"), message, "{query}");
    }
    let equal = "start=2027-01-01T00:00:00Z&end=2027-01-01T00:00:00Z&limit=999";
    assert_eq!(
        router.get(&format!("/api/metrics/activity?{equal}")).await.status,
        200
    );
}

#[tokio::test]
async fn row_110_an_empty_store() {
    let router = router().await;
    assert_eq!(
        router.get("/api/metrics/activity").await.json(),
        json!({"data": [], "page": 1, "limit": 25, "total": 0, "total_pages": 0})
    );
    assert_eq!(
        router.get("/api/metrics/stats").await.json(),
        json!({
            "total_requests": 0, "total_input_tokens": 0, "total_output_tokens": 0, "total_cache_tokens": 0,
            "prompt_histogram": null, "gen_histogram": null
        })
    );
}

#[tokio::test]
async fn row_111_the_histogram_of_rates() {
    let router = router().await;
    for (index, rate) in [80, 150, 180].into_iter().enumerate() {
        given(
            &router,
            CHAT,
            &[],
            &json!({"timings": {"prompt_per_second": rate}}).to_string(),
        )
        .await;
        newest(&router, index + 1).await;
    }
    let statistics = router.get("/api/metrics/stats").await.json();
    let histogram = &statistics["prompt_histogram"];
    assert_eq!(histogram["bins"], json!([1, 0, 0, 1, 1]), "{statistics:#}");
    assert_eq!(histogram["binSize"].as_f64(), Some(20.0));
    assert_eq!(histogram["p50"].as_f64(), Some(150.0));
    assert!(statistics["gen_histogram"].is_null(), "{statistics:#}");
}

#[tokio::test]
async fn row_112_memory_keeps_the_newest_rows() {
    let router = builder("metricsMaxInMemory: 2\n").start().await;
    for _ in 0..5 {
        chat(&router, "who").await;
    }
    let kept = async || {
        let page = router.get("/api/metrics/activity").await.json();
        (page["data"][0]["id"] == 5).then_some(page)
    };
    let page = poll_until(PATIENCE, "five rows have come", kept).await;
    assert_eq!((&page["total"], &page["data"][1]["id"]), (&json!(2), &json!(4)));
}

#[tokio::test]
async fn row_113_a_file_survives_the_router() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("activity.db");
    let store = format!("store: {{path: '{}'}}\n", file.display());
    let mut first = builder(&store).start().await;
    assert_eq!(chat(&first, "orca-7b").await.status, 200);
    // Ending writes what is queued.
    first.signal(Signal::TERM);
    assert_eq!(first.wait_exit(PATIENCE).await.code(), Some(0));
    let mut second = builder(&store).start().await;
    let row = newest(&second, 1).await;
    assert_eq!(
        (&row["model"], &row["has_capture"]),
        (&json!("orca-7b"), &json!(false))
    );
    second.signal(Signal::TERM);
    assert_eq!(second.wait_exit(PATIENCE).await.code(), Some(0));

    let connection = rusqlite::Connection::open(&file).unwrap();
    let mode: String = connection
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "wal");
    connection.pragma_update(None, "user_version", 77).unwrap();
    drop(connection);
    let failed = builder(&store).try_start().await.unwrap_err();
    assert_eq!(failed.status.code(), Some(1), "{failed:#?}");
    let all = format!("{}{}", failed.stdout, failed.stderr);
    assert!(
        all.contains("activity.db") && all.contains("newer herder"),
        "{all}"
    );
}
