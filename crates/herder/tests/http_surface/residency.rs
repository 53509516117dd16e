//! `GET /api/residency`, with real processes.

use herder_testkit::{PATIENCE, Router, Signal, poll_until, send_signal};
use serde_json::{Value, json};

use crate::fixture::{builder, chat, error, router};

async fn residency(router: &Router) -> Value {
    let answer = router.get("/api/residency").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// The spans of a model as (state, cause, by, ended).
async fn spans(router: &Router, model: &str) -> Vec<(String, String, Option<String>, Option<String>)> {
    let all = residency(router).await;
    let models = all["models"].as_array().unwrap();
    let Some(found) = models.iter().find(|found| found["id"] == model) else {
        return Vec::new();
    };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let spans = found["spans"].as_array().unwrap().iter().map(|span| {
        (
            text(&span["state"]).unwrap(),
            text(&span["cause"]).unwrap(),
            text(&span["by"]),
            text(&span["ended"]),
        )
    });
    spans.collect()
}

fn span(
    state: &str,
    cause: &str,
    by: Option<&str>,
    ended: Option<&str>,
) -> (String, String, Option<String>, Option<String>) {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    (state.to_owned(), cause.to_owned(), owned(by), owned(ended))
}

fn time(value: &Value) -> jiff::Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn residency_tells_who_was_there_and_why() {
    let router = router().await;
    assert_eq!(residency(&router).await["models"], json!([]));
    assert_eq!(router.post("/api/models/load/orca-7b", &[], "").await.status, 200);
    assert_eq!(chat(&router, "scribe").await.status, 200);
    assert_eq!(
        router.post("/api/models/unload/scribe", &[], "").await.status,
        200
    );
    assert_eq!(chat(&router, "broken").await.status, 502);
    let gone = Some("its process has ended");
    assert_eq!(
        spans(&router, "orca-7b").await,
        [
            span("starting", "loaded by an operator", None, Some("became ready")),
            span("ready", "became ready", None, Some("evicted for scribe")),
            span("stopping", "evicted for scribe", Some("scribe"), gone),
        ]
    );
    assert_eq!(
        spans(&router, "scribe").await,
        [
            span("starting", "requested", None, Some("became ready")),
            span("ready", "became ready", None, Some("unloaded by an operator")),
            span("stopping", "unloaded by an operator", None, gone),
        ]
    );
    let failed = Some("its process ended before it was ready: exit status 1");
    assert_eq!(
        spans(&router, "broken").await,
        [span("starting", "requested", None, failed)]
    );

    let all = residency(&router).await;
    assert_eq!(
        time(&all["now"]).duration_since(time(&all["since"])).as_mins(),
        60
    );
    let ids: Vec<&Value> = all["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| &model["id"])
        .collect();
    assert_eq!(ids, ["broken", "orca-7b", "scribe"]);
    let orca = all["models"][1]["spans"].as_array().unwrap();
    for pair in orca.windows(2) {
        assert_eq!(pair[0]["until"], pair[1]["from"], "{orca:?}");
    }
    for span in orca {
        assert!(time(&span["from"]) <= time(&span["until"]), "{span}");
        assert!(time(&span["until"]) <= time(&all["now"]), "{span}");
    }
    // The swap of scribe lies between the end of orca-7b and its own.
    let swaps = router.get("/api/swaps").await.json();
    let scribe = swaps["swaps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|swap| swap["model"] == "scribe")
        .unwrap();
    let left = &orca[2];
    let ready = &all["models"][2]["spans"][1];
    let near = |swap: &Value, span: &Value| time(swap).duration_since(time(span)).as_secs_f64().abs() < 1.0;
    assert!(near(&scribe["began"], &left["from"]), "{scribe} {left}");
    assert!(near(&scribe["ended"], &ready["from"]), "{scribe} {ready}");
}

#[tokio::test]
async fn residency_tells_of_what_lasts_and_of_crashes() {
    let router = builder("hooks: {on_startup: {preload: [orca-7b]}}\n")
        .start()
        .await;
    poll_until(PATIENCE, "it is loaded", async || {
        (spans(&router, "orca-7b").await.len() == 2).then_some(())
    })
    .await;
    assert_eq!(
        spans(&router, "orca-7b").await,
        [
            span("starting", "preloaded", None, Some("became ready")),
            span("ready", "became ready", None, None),
        ]
    );
    let orca = router.get("/api/models?model=orca-7b").await.json()["models"][0].clone();
    let all = residency(&router).await;
    let lasting = &all["models"][0]["spans"][1];
    assert_eq!(
        (&lasting["until"], &lasting["from"]),
        (&Value::Null, &orca["since"])
    );
    let pid = u32::try_from(orca["pid"].as_u64().unwrap()).unwrap();
    assert!(send_signal(pid, Signal::KILL));
    let ended = poll_until(PATIENCE, "it has ended", async || {
        spans(&router, "orca-7b").await.pop()?.3
    })
    .await;
    assert!(ended.starts_with("crashed: "), "{ended}");
    assert_eq!(spans(&router, "orca-7b").await.len(), 2, "nobody told it to stop");
}

#[tokio::test]
async fn residency_remembers_models_that_were_removed() {
    let config = |name: &str| format!("models: {{{name}: {{cmd: 'false', proxy: 'http://127.0.0.1:9'}}}}");
    let router = Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(&config("oak"))
        .start()
        .await;
    assert_eq!(chat(&router, "oak").await.status, 502);
    router.write_config(&config("elm"));
    assert_eq!(router.post("/api/config/reload", &[], "").await.status, 200);
    assert_eq!(spans(&router, "oak").await.len(), 1);
}

#[tokio::test]
async fn residency_wants_a_number_of_minutes() {
    let router = router().await;
    for minutes in ["0", "721", "-1", "all", "1.5"] {
        let answer = router.get(&format!("/api/residency?minutes={minutes}")).await;
        let message = error(&answer, 400, "bad_request");
        assert!(message.contains("between 1 and 720"), "{minutes}: {message}");
    }
    let all = router.get("/api/residency?minutes=720").await.json();
    assert_eq!(
        time(&all["now"]).duration_since(time(&all["since"])).as_hours(),
        12
    );
}
