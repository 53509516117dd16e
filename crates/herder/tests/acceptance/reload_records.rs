//! Reloads with the real router: the store of finished requests, captures, the monitor and the log
//! (spec/config.md 1.4 steps 3, 4 and 6; quirk C4).

use crate::reload::reload;
use crate::support::{Herd, chat, error, occupied};
use herder_testkit::{PATIENCE, Router, poll_until, wait_until};
use http::StatusCode;
use serde_json::{Value, json};

/// One model, and these global lines.
fn herd(head: &str) -> Herd {
    Herd::new().head(head).model("a", "", &[])
}

/// A line that stores in the file of this name.
fn store(name: &str) -> String {
    format!("store: {{path: '@DIR@/{name}'}}")
}

/// Ids of the recorded requests, the newest first, as soon as there are so many.
async fn recorded(router: &Router, count: usize) -> Vec<Value> {
    let page = poll_until(PATIENCE, &format!("{count} requests are recorded"), async || {
        let page = router.get("/api/metrics/activity").await.json();
        (page["total"] == json!(count)).then_some(page)
    })
    .await;
    page["data"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn config_1_4_rows_and_captures_survive_and_move_to_another_file_on_demand() {
    let router = herd("").start().await;
    chat(router.client(), "a").await;
    assert_eq!(recorded(&router, 1).await[0]["has_capture"], true);
    reload(&router, &herd("metricsMaxInMemory: 5")).await;
    chat(router.client(), "a").await;
    for row in recorded(&router, 2).await {
        assert_eq!(row["has_capture"], true, "{row}");
        let capture = router.get(&format!("/api/captures/{}", row["id"])).await;
        assert_eq!(capture.status, StatusCode::OK, "{row}");
    }

    // A request that is being served then goes where requests go when it ends.
    let served = occupied(&router, "a", &[("X-Reply", "slow")]).await;
    reload(&router, &herd(&store("one.db"))).await;
    // Its client leaves.
    served.abort();
    assert_eq!(recorded(&router, 1).await[0]["resp_status_code"], 499);
    chat(router.client(), "a").await;
    let newest = recorded(&router, 2).await[0].clone();
    assert_eq!((&newest["id"], &newest["has_capture"]), (&json!(2), &json!(true)));

    reload(&router, &herd(&store("other.db"))).await;
    recorded(&router, 0).await;
    reload(&router, &herd(&store("one.db"))).await;
    let newest = recorded(&router, 2).await[0].clone();
    assert_eq!(newest["has_capture"], false, "captures do not move");
}

#[tokio::test]
async fn config_1_4_a_store_that_cannot_be_opened_changes_nothing() {
    let router = herd("").start().await;
    let text = "this is a text of a person and by no means a database\n".repeat(50);
    std::fs::write(router.folder().join("text.db"), &text).expect("a writable folder");
    let wrong = herd(&store("text.db")).model("b", "", &[]);
    router.write_config(&wrong.yaml());
    let answer = router.post("/api/config/reload", &[], "").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let (message, _) = error(&answer);
    assert!(message.contains("text.db cannot be opened"), "{message}");
    assert_eq!(chat(router.client(), "a").await.status, StatusCode::OK);
    recorded(&router, 1).await;
    assert_eq!(chat(router.client(), "b").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn config_1_4_captures_and_rows_leave_when_there_is_no_room_for_them() {
    let router = herd("").start().await;
    for _ in 0..3 {
        chat(router.client(), "a").await;
    }
    let ids = |rows: Vec<Value>| rows.into_iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(recorded(&router, 3).await), [3, 2, 1]);
    reload(&router, &herd("captureBuffer: 0\nmetricsMaxInMemory: 2")).await;
    let rows = recorded(&router, 2).await;
    assert!(rows.iter().all(|row| row["has_capture"] == false), "{rows:?}");
    assert_eq!(router.get("/api/captures/3").await.status, StatusCode::NOT_FOUND);
    assert_eq!(ids(rows), [3, 2]);
}

#[tokio::test]
async fn c4_the_monitor_is_switched_on_and_off() {
    let router = herd("performance: {disabled: true}").start().await;
    let status = async |path: &str| router.get(path).await.status;
    assert_eq!(status("/api/performance").await, StatusCode::SERVICE_UNAVAILABLE);
    for every in ["5s", "90s"] {
        reload(&router, &herd(&format!("performance: {{every: {every}}}"))).await;
        poll_until(PATIENCE, "a sample", async || {
            let samples = router.get("/api/performance").await.json();
            (!samples["sys_stats"].as_array()?.is_empty()).then_some(())
        })
        .await;
        assert_eq!(status("/metrics").await, StatusCode::OK);
    }
    reload(&router, &herd("performance: {disabled: true}")).await;
    for path in ["/api/performance", "/metrics"] {
        assert_eq!(status(path).await, StatusCode::SERVICE_UNAVAILABLE, "{path}");
    }
}

#[tokio::test]
async fn config_1_4_log_level_and_time_format_apply() {
    let router = herd("").start().await;
    let lines = || {
        let text = router.stdout();
        let told = text
            .lines()
            .filter(|line| line.contains("configuration reloaded"));
        told.map(str::to_owned).collect::<Vec<_>>()
    };
    reload(&router, &herd("logLevel: error")).await;
    reload(&router, &herd("logLevel: info\nlogTimeFormat: rfc3339")).await;
    wait_until(PATIENCE, "the second reload is told", || !lines().is_empty()).await;
    let lines = lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let (time, rest) = lines[0].split_once(' ').expect("a time");
    assert!(rest.starts_with("[INFO] configuration reloaded"), "{rest}");
    assert!(time.contains('T') && time.starts_with("20"), "{time}");
}
