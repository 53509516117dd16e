//! Rows 121 to 123: samples of the machine.

use std::time::Duration;

use herder_testkit::{PATIENCE, Router, poll_until};
use serde_json::{Value, json};

use crate::fixture::{CHAT, WithPeers, builder, chat, error, router, with_peers};

/// The shortest time between two samples that a configuration may set.
const EVERY: Duration = Duration::from_secs(5);

async fn disabled() -> Router {
    builder("performance: {disabled: true}").start().await
}

/// The system samples that `target` answers with.
async fn system_samples(router: &Router, target: &str) -> Vec<Value> {
    let answer = router.get(target).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["enabled"], true, "{body}");
    assert!(body["gpu_stats"].is_array(), "{body}");
    body["sys_stats"].as_array().expect("always a list").clone()
}

async fn first_sample(router: &Router) -> Value {
    poll_until(PATIENCE, "a first sample", async || {
        system_samples(router, "/api/performance").await.pop()
    })
    .await
}

#[tokio::test]
async fn row_121_metrics() {
    let router = router().await;
    first_sample(&router).await;
    let answer = router.get("/metrics").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let text = answer.text();
    for sample in [
        "llamaswap_cpu_util_percent{core=\"0\"} ",
        "llamaswap_memory_total_bytes ",
        "llamaswap_memory_used_bytes ",
        "llamaswap_memory_free_bytes ",
        "llamaswap_swap_total_bytes ",
        "llamaswap_swap_used_bytes ",
        "llamaswap_load_average{interval=\"1m\"} ",
        "llamaswap_load_average{interval=\"5m\"} ",
        "llamaswap_load_average{interval=\"15m\"} ",
    ] {
        let value = text.lines().find_map(|line| line.strip_prefix(sample));
        let value: f64 = value
            .and_then(|value| value.parse().ok())
            .unwrap_or_else(|| panic!("{sample} in {text}"));
        assert!(value >= 0.0, "{sample}{value}");
    }
}

/// The metrics as soon as they have these lines: the end of an answer may be noticed a little after the client has it.
pub(crate) async fn counted(router: &Router, expected: &[&str]) -> String {
    poll_until(PATIENCE, &format!("counted: {expected:?}"), async || {
        let text = router.get("/metrics").await.text();
        let counted = |line: &&str| text.lines().any(|written| written == *line);
        expected.iter().all(counted).then_some(text)
    })
    .await
}

/// Quirk Q16: what llama-swap does not count.
#[tokio::test]
async fn q16_metrics_of_models() {
    let router = router().await;
    assert_eq!(chat(&router, "orca-7b").await.status, 200);
    assert_eq!(chat(&router, "chatty").await.status, 200);
    assert_eq!(router.get("/upstream/orca-7b/health").await.status, 200);
    assert_eq!(chat(&router, "broken").await.status, 502);
    assert_eq!(chat(&router, "nobody").await.status, 404);
    assert_eq!(chat(&router, "lynx-7b").await.status, 200);
    let with_usage = router
        .post_json_with(CHAT, &[("x-reply", "usage")], &json!({ "model": "lynx-7b" }))
        .await;
    assert_eq!(with_usage.status, 200);
    let expected = [
        "herder_tokens_total{model=\"lynx-7b\",kind=\"input\"} 21",
        "herder_tokens_total{model=\"lynx-7b\",kind=\"output\"} 6",
        "herder_requests_total{model=\"orca-7b\",route=\"/v1/chat/completions\",status=\"200\"} 2",
        "herder_requests_total{model=\"orca-7b\",route=\"/upstream/**\",status=\"200\"} 1",
        "herder_requests_total{model=\"broken\",route=\"/v1/chat/completions\",status=\"502\"} 1",
        "herder_requests_in_flight{model=\"orca-7b\"} 0",
        "herder_requests_waiting{model=\"orca-7b\"} 0",
        "herder_model_state{model=\"lynx-7b\",state=\"ready\"} 1",
        "herder_model_state{model=\"orca-7b\",state=\"stopped\"} 1",
        "herder_model_restarts_total{model=\"orca-7b\"} 0",
        "herder_model_load_seconds_count{model=\"lynx-7b\"} 1",
        "herder_queue_seconds_count{model=\"orca-7b\"} 3",
        "herder_first_byte_seconds_count{model=\"orca-7b\"} 3",
    ];
    let text = counted(&router, &expected).await;
    assert!(!text.contains("nobody") && !text.contains("chatty"), "{text}");
    // `orca-7b` left for `broken`, whose start failed.
    for (model, cause) in [("orca-7b", "evicted"), ("broken", "exited_early")] {
        let line = format!("herder_model_stops_total{{model=\"{model}\",cause=\"{cause}\"}} 1");
        assert!(text.contains(&line), "{line} in {text}");
    }
    if cfg!(target_os = "linux") {
        let sample = "herder_model_resident_bytes{model=\"lynx-7b\"} ";
        let resident = text.lines().find_map(|line| line.strip_prefix(sample));
        let resident: u64 = resident.and_then(|bytes| bytes.parse().ok()).expect("a process");
        assert!(resident > 100_000, "{resident} bytes");
    }
    let stopped = "herder_model_resident_bytes{model=\"orca-7b\"}";
    assert!(!text.contains(stopped), "{text}");
}

/// Only names of the configuration make time series.
#[tokio::test]
async fn q16_metrics_of_peers() {
    let WithPeers {
        router,
        attic,
        cellar,
    } = with_peers("").await;
    let usage = [("x-reply", "usage")];
    for model in ["attic/nova-70b", "nova-70b", "attic/org/moon"] {
        let body = json!({ "model": model });
        assert_eq!(router.post_json_with(CHAT, &usage, &body).await.status, 200);
    }
    assert_eq!(chat(&router, "attic/made-up").await.status, 404);
    drop(cellar);
    assert_eq!(chat(&router, "cellar/shared-x").await.status, 502);
    let expected = [
        "herder_requests_total{model=\"attic/nova-70b\",route=\"/v1/chat/completions\",status=\"200\"} 2",
        "herder_requests_total{model=\"attic/org/moon\",route=\"/v1/chat/completions\",status=\"200\"} 1",
        "herder_requests_total{model=\"cellar/shared-x\",route=\"/v1/chat/completions\",status=\"502\"} 1",
        "herder_first_byte_seconds_count{model=\"attic/nova-70b\"} 2",
        "herder_tokens_total{model=\"attic/nova-70b\",kind=\"input\"} 42",
        "herder_tokens_total{model=\"attic/nova-70b\",kind=\"output\"} 12",
    ];
    let text = counted(&router, &expected).await;
    assert!(
        !text.contains("made-up") && !text.contains("model=\"nova-70b\""),
        "{text}"
    );
    drop(attic);
}

#[tokio::test]
async fn row_121_metrics_without_monitoring() {
    let answer = disabled().await.get("/metrics").await;
    assert_eq!(
        (answer.status.as_u16(), answer.text().as_str()),
        (503, "# performance monitor not available\n")
    );
}

#[tokio::test]
async fn row_122_performance() {
    let router = router().await;
    let first = first_sample(&router).await;
    for field in [
        "cpu_util_per_core",
        "mem_total_mb",
        "mem_used_mb",
        "mem_free_mb",
        "swap_total_mb",
        "swap_used_mb",
        "load_avg_1",
        "load_avg_5",
        "load_avg_15",
        "net_io",
    ] {
        assert!(!first[field].is_null(), "{field} in {first}");
    }
    let newer = format!(
        "/api/performance?after={}",
        first["timestamp"].as_str().expect("a time")
    );
    let second = poll_until(PATIENCE + EVERY, "a second sample", async || {
        system_samples(&router, &newer).await.pop()
    })
    .await;
    assert!(
        second["timestamp"].as_str() > first["timestamp"].as_str(),
        "{second}"
    );
    let all = system_samples(&router, "/api/performance").await;
    assert_eq!(
        all.first(),
        Some(&first),
        "oldest first, and the first one is kept"
    );
    assert_eq!(
        system_samples(&router, "/api/performance?after=2999-01-01T00:00:00Z").await,
        [] as [Value; 0]
    );
}

/// What is detected, and until then what is answered without detection.
#[tokio::test]
async fn row_123_hardware() {
    let router = router().await;
    let snapshot = poll_until(PATIENCE, "a snapshot", async || {
        let answer = router.get("/api/hardware").await;
        if answer.status == 200 {
            return Some(answer.json());
        }
        assert_eq!(
            error(&answer, 503, "service_unavailable"),
            "hardware detection unavailable"
        );
        None
    })
    .await;
    assert_eq!(snapshot["schema_version"], 1, "{snapshot}");
    assert_eq!(
        (
            &snapshot["capture"]["scope"],
            &snapshot["capture"]["detector"]["name"]
        ),
        (&json!("inference_host"), &json!("herder"))
    );
    assert!(
        snapshot["memory"]["capacity_bytes"].as_u64() > Some(0),
        "{snapshot}"
    );
    assert!(
        snapshot["cpu"]["logical_thread_count"].as_u64() > Some(0),
        "{snapshot}"
    );
    let kind = snapshot["environment"]["kind"].as_str();
    let kinds = ["native", "container", "virtual_machine", "wsl", "unknown"];
    assert!(kind.is_some_and(|kind| kinds.contains(&kind)), "{snapshot}");
    for (index, accelerator) in snapshot["accelerators"]
        .as_array()
        .expect("always a list")
        .iter()
        .enumerate()
    {
        assert_eq!(accelerator["index"], index, "{snapshot}");
    }
}

#[tokio::test]
async fn row_122_performance_bad_time() {
    let answer = router().await.get("/api/performance?after=bad").await;
    let message = error(&answer, 400, "bad_request");
    assert_eq!(message, "invalid 'after' timestamp, use RFC3339 format");
}

#[tokio::test]
async fn row_122_performance_disabled() {
    let answer = disabled().await.get("/api/performance").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json(), json!({ "enabled": false }));
}
