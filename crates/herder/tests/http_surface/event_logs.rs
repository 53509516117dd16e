//! The logs that a client of `/api/events` chooses, and how it goes on with them where it was. Fields of herder's own.

use herder_testkit::{PATIENCE, Router};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::events::Events;
use crate::fixture::{echo, error, router};

/// A model with a name that is hard to write, one that can be removed, and one that prints a line without an end.
const HARD: &str = "a b/.+🐕~x.1";
const HARD_ENCODED: &str = "a%20b%2F.%2B%F0%9F%90%95~x.1";
const STAYS: &str = r#"
models:
  "a b/.+🐕~x.1": {cmd: "@FAKE@ --name hard --port ${PORT}"}
"#;
const GOES: &str = r#"  goes: {cmd: "@FAKE@ --name goes --port ${PORT}"}
"#;

async fn hard_router() -> Router {
    Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(&format!("{STAYS}{GOES}"))
        .start()
        .await
}

async fn print(router: &Router, model: &str, text: &str) {
    echo(&router.get(&format!("/upstream/{model}/x?x-print={text}")).await);
}

/// The events in front of `modelStatus`: one for each log.
async fn histories(events: &mut Events) -> Vec<Value> {
    let mut histories = Vec::new();
    loop {
        match events.next().await {
            (kind, data) if kind == "logData" => histories.push(data),
            (kind, _) if kind == "modelStatus" => return histories,
            (kind, data) => panic!("{kind}: {data}"),
        }
    }
}

/// Reads the log of this stream until `text` has come in it. The texts joined, and the last event.
async fn read_until(events: &mut Events, text: &str) -> (String, Value) {
    let mut seen = String::new();
    loop {
        let event = events.until(|kind, _| kind == "logData").await;
        assert_eq!(event["continues"], true, "{event}");
        seen.push_str(event["data"].as_str().unwrap());
        if seen.contains(text) {
            return (seen, event);
        }
    }
}

#[tokio::test]
async fn only_the_logs_that_are_named_are_sent() {
    let router = hard_router().await;
    print(&router, HARD_ENCODED, "hard-line").await;
    let hard = format!("model:{HARD}");
    for (query, expected) in [
        ("logs=none", vec![]),
        ("logs=upstream", vec!["upstream"]),
        ("logs=proxy&logs=model:goes", vec!["proxy", "model:goes"]),
        (&*format!("logs=model:{HARD_ENCODED}"), vec![&*hard]),
        ("logs=model:a+b/.%2B%F0%9F%90%95%7Ex.1", vec![&*hard]),
    ] {
        let mut events = Events::open_at(&router, &format!("/api/events?{query}")).await;
        let histories = histories(&mut events).await;
        let sources: Vec<&str> = histories
            .iter()
            .map(|data| data["source"].as_str().unwrap())
            .collect();
        assert_eq!(sources, expected, "{query}");
        for data in &histories {
            assert_eq!(data["continues"], false, "{data}");
            assert!(data["cursor"].is_string(), "{data}");
            let is_of_the_model = ["upstream", &hard].contains(&data["source"].as_str().unwrap());
            let text = data["data"].as_str().unwrap();
            assert_eq!(text.contains("hard-line"), is_of_the_model, "{data}");
        }
    }
}

/// A client without a log hears everything else.
#[tokio::test]
async fn a_stream_without_logs_goes_on_with_the_rest() {
    let router = router().await;
    let mut events = Events::open_at(&router, "/api/events?logs=none").await;
    print(&router, "orca-7b", "said").await;
    loop {
        let (kind, _) = events.next().await;
        assert_ne!(kind, "logData");
        if kind == "activity" || kind == "inflight" {
            break;
        }
    }
}

#[tokio::test]
async fn logs_that_cannot_be_followed_are_refused() {
    let router = router().await;
    let many = "logs=proxy&".repeat(17);
    for (query, expected) in [
        ("logs=", "there is no log ''"),
        ("logs=orca-7b", "there is no log 'orca-7b'"),
        ("logs=proxy&logs=model:nope", "there is no log 'model:nope'"),
        // What a peer's models print is not known here.
        (
            "logs=model:attic/nova-70b",
            "there is no log 'model:attic/nova-70b'",
        ),
        (&*many, "at most 16 logs"),
    ] {
        let answer = router.get(&format!("/api/events?{query}")).await;
        let message = error(&answer, 400, "bad_request");
        assert!(message.contains(expected), "{query}: {message}");
    }
}

#[tokio::test]
async fn a_client_that_comes_back_misses_nothing_and_hears_nothing_twice() {
    let router = router().await;
    let target = "/api/events?logs=model:chatty";
    let mut events = Events::open_at(&router, target).await;
    let begun = histories(&mut events).await;
    assert_eq!(
        (&begun[0]["source"], &begun[0]["data"], &begun[0]["continues"]),
        (&json!("model:orca-7b"), &json!(""), &json!(false))
    );
    print(&router, "orca-7b", "first-line").await;
    let (before, last) = read_until(&mut events, "first-line\n").await;
    drop(events);

    print(&router, "orca-7b", "second-line").await;
    let mut cursor = last["cursor"].as_str().unwrap().to_owned();
    let mut events = Events::open_at(&router, &format!("{target}~{cursor}")).await;
    let mut missed = histories(&mut events).await;
    let missed = missed.remove(0);
    assert_eq!(missed["continues"], true, "{missed}");
    let mut text = missed["data"].as_str().unwrap().to_owned();
    missed["cursor"].as_str().unwrap().clone_into(&mut cursor);
    if !text.contains("second-line\n") {
        let (rest, last) = read_until(&mut events, "second-line\n").await;
        text.push_str(&rest);
        last["cursor"].as_str().unwrap().clone_into(&mut cursor);
    }
    let mut all = Events::open_at(&router, target).await;
    let whole = histories(&mut all).await.remove(0);
    assert_eq!(whole["data"], before + &text);
    assert_eq!(whole["cursor"], cursor.as_str());

    // Nothing is new; then cursors that are worth nothing.
    let (boot, offset) = cursor.split_once('.').unwrap();
    let ahead = offset.parse::<u64>().unwrap() + 1;
    for (cursor, continues) in [
        (cursor.clone(), true),
        (format!("0123456789abcdef.{offset}"), false),
        (format!("{boot}.{ahead}"), false),
    ] {
        let mut events = Events::open_at(&router, &format!("{target}~{cursor}")).await;
        let first = histories(&mut events).await.remove(0);
        let expected = if continues {
            ""
        } else {
            whole["data"].as_str().unwrap()
        };
        assert_eq!(
            (first["data"].as_str().unwrap(), &first["continues"]),
            (expected, &json!(continues)),
            "{cursor}"
        );
    }
}

#[tokio::test]
async fn the_log_of_a_model_that_is_removed_is_silent_and_the_stream_goes_on() {
    let router = hard_router().await;
    let mut events = Events::open_at(&router, "/api/events?logs=model:goes").await;
    histories(&mut events).await;
    print(&router, "goes", "first-line").await;
    read_until(&mut events, "first-line").await;
    router.write_config(STAYS);
    assert_eq!(router.post("/api/config/reload", &[], "").await.status, 200);
    events.until(|kind, _| kind == "uiConfig").await;
    let refused = router.get("/api/events?logs=model:goes").await;
    error(&refused, 400, "bad_request");
    print(&router, HARD_ENCODED, "not-for-us").await;
    router.write_config(&format!("{STAYS}{GOES}"));
    assert_eq!(router.post("/api/config/reload", &[], "").await.status, 200);
    print(&router, "goes", "second-line").await;
    let (text, _) = read_until(&mut events, "second-line").await;
    assert!(!text.contains("not-for-us"), "{text}");
}

/// Bad input: ten megabytes without a line feed.
#[cfg(unix)]
#[tokio::test]
async fn a_line_without_an_end_comes_in_bounded_events() {
    /// What waits for a reader (`SUBSCRIBER_BACKLOG_BYTES` of the supervisor's log rings), and a line about a gap.
    const MOST: usize = 256 * 1024 + 100;
    const LINE: u64 = 10_000_000;
    let model = r#"
models:
  long:
    cmd: |
      sh -c "head -c 10000000 /dev/zero | tr '\\0' x; exec @FAKE@ --name long --port ${PORT}"
"#;
    let router = Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(model)
        .start()
        .await;
    let mut events = Events::open_at(&router, "/api/events?logs=model:long").await;
    histories(&mut events).await;
    // However slowly it is read: what is missing is told, and counts.
    let all = async {
        loop {
            let event = events.until(|kind, _| kind == "logData").await;
            let text = event["data"].as_str().unwrap();
            assert!(text.len() <= MOST, "{}", text.len());
            let (_, offset) = event["cursor"].as_str().unwrap().split_once('.').unwrap();
            if offset.parse::<u64>().unwrap() >= LINE {
                break;
            }
        }
    };
    let (answer, all) = tokio::join!(router.get("/upstream/long/x"), timeout(4 * PATIENCE, all));
    assert_eq!(answer.status, 200);
    all.expect("the end comes");
}
