//! `GET /api/plan` and `GET /api/swaps` (scheduling.md section 6), with real processes.

use herder_testkit::{PATIENCE, Router, poll_until};
use http::Method;
use serde_json::{Value, json};

use crate::fixture::{CHAT, builder, chat, error, router};

async fn plan(router: &Router, model: &str) -> Value {
    let answer = router.get(&format!("/api/plan?model={model}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn swaps(router: &Router, query: &str) -> Vec<Value> {
    let answer = router.get(&format!("/api/swaps{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["swaps"].as_array().unwrap().clone()
}

/// The latest swap, as soon as it has ended.
async fn ended(router: &Router, model: &str) -> Value {
    poll_until(PATIENCE, "the swap has ended", async || {
        let latest = swaps(router, "?limit=1").await.pop()?;
        (latest["model"] == model && latest["outcome"] != "in_progress").then_some(latest)
    })
    .await
}

#[tokio::test]
async fn plan_tells_what_would_become_of_a_request_now() {
    let router = router().await;
    let cold = plan(&router, "chatty").await;
    assert_eq!(
        (&cold["model"], &cold["outcome"]),
        (&json!("orca-7b"), &json!("load"))
    );
    assert_eq!(cold["victims"], json!([]));

    // It is served, and holds its model.
    let headers = [
        ("content-type", "application/json"),
        ("x-reply", "sse"),
        ("x-chunks", "2"),
        ("x-gap", "3600s"),
    ];
    let mut held = router
        .stream(
            Method::POST,
            CHAT,
            &headers,
            json!({ "model": "orca-7b" }).to_string(),
        )
        .await;
    held.read_until("word0").await;
    assert_eq!(plan(&router, "orca-7b").await["outcome"], "serve");
    let beside = plan(&router, "lynx-7b").await;
    assert_eq!(
        (&beside["outcome"], &beside["victims"]),
        (&json!("load"), &json!([]))
    );
    let blocked = plan(&router, "scribe").await;
    assert_eq!(blocked["outcome"], "wait");
    assert_eq!(blocked["reasons"], json!(["orca-7b serves 1 request"]));
    assert_eq!(
        blocked["victims"],
        json!([{
            "model": "orca-7b", "state": "ready", "in_flight": 1, "waiting": 0,
            "why": "models of no group run alone",
        }])
    );
    assert_eq!(
        blocked["text"],
        "scribe is stopped: loading it stops orca-7b; a request waits, because orca-7b serves 1 request\n  \
         stops orca-7b (ready, serves 1 request): models of no group run alone\n"
    );
    drop(held);
    poll_until(PATIENCE, "nobody holds the model any more", async || {
        (plan(&router, "scribe").await["outcome"] == "load").then_some(())
    })
    .await;
    assert_eq!(swaps(&router, "").await.len(), 1, "plans load nothing");
}

#[tokio::test]
async fn plan_wants_the_name_of_a_model() {
    let router = router().await;
    for (target, status, code, fragment) in [
        ("/api/plan", 400, "bad_request", "?model=ID"),
        ("/api/plan?model=", 400, "bad_request", "?model=ID"),
        (
            "/api/plan?model=orca-7",
            404,
            "not_found",
            "did you mean \"orca-7b\"?",
        ),
        ("/api/plan?model=pool", 400, "bad_request", "is a selector"),
        (
            "/api/plan?model=attic/nova-70b",
            400,
            "bad_request",
            "of the peer \"attic\"",
        ),
        ("/api/plan?model=nightly", 400, "bad_request", "is a profile"),
        ("/api/swaps?limit=0", 400, "bad_request", "between 1 and 200"),
        ("/api/swaps?limit=201", 400, "bad_request", "between 1 and 200"),
        ("/api/swaps?limit=all", 400, "bad_request", "between 1 and 200"),
    ] {
        let message = error(&router.get(target).await, status, code);
        assert!(message.contains(fragment), "{target}: {message}");
    }
}

#[tokio::test]
async fn swaps_tell_who_left_for_whom_and_what_it_took() {
    let router = router().await;
    for model in ["orca-7b", "lynx-7b", "scribe"] {
        assert_eq!(chat(&router, model).await.status, 200);
    }
    let all = swaps(&router, "").await;
    let ids: Vec<&Value> = all.iter().map(|swap| &swap["id"]).collect();
    assert_eq!(ids, [3, 2, 1]);
    let swap = &all[0];
    assert_eq!(
        (&swap["model"], &swap["cause"]),
        (&json!("scribe"), &json!("request"))
    );
    assert_eq!(
        (&swap["outcome"], &swap["reason"]),
        (&json!("ready"), &Value::Null)
    );
    assert_eq!(swap["explanation"], "models of no group run alone");
    assert_eq!((&swap["waiting"], &swap["waited"]), (&json!(1), &json!(1)));
    let victims = swap["victims"].as_array().unwrap();
    let names: Vec<&Value> = victims.iter().map(|victim| &victim["model"]).collect();
    assert_eq!(names, ["lynx-7b", "orca-7b"]);
    let last = victims
        .iter()
        .map(|victim| victim["stop_seconds"].as_f64().unwrap());
    assert_eq!(last.reduce(f64::max), swap["stop_seconds"].as_f64());
    assert!(swap["load_seconds"].as_f64().unwrap() > 0.0, "{swap}");
    let [began, over] = ["began", "ended"].map(|mark| {
        let mark = swap[mark].as_str().unwrap();
        mark.parse::<jiff::Timestamp>().unwrap()
    });
    let parts = swap["stop_seconds"].as_f64().unwrap() + swap["load_seconds"].as_f64().unwrap();
    let whole = over.duration_since(began).as_secs_f64();
    // Marks are cut to milliseconds.
    assert!(whole >= parts - 0.002, "{whole} {swap}");
    assert_eq!(all[1]["victims"], json!([]));
    assert_eq!(all[1]["stop_seconds"], Value::Null);
    assert_eq!(swaps(&router, "?limit=1").await, all[..1]);

    let log = router.get("/logs").await.text();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains(" out for ")).collect();
    assert_eq!(lines.len(), 1, "{log}");
    assert!(
        lines[0].contains("swapped lynx-7b, orca-7b out for scribe: 1 waited, stop "),
        "{lines:?}"
    );
    assert!(
        lines[0].ends_with(" s (models of no group run alone)"),
        "{lines:?}"
    );
    assert!(log.contains("loaded orca-7b: 1 waited, load "), "{log}");
}

#[tokio::test]
async fn swaps_that_come_to_nothing_say_why() {
    let router = router().await;
    assert_eq!(chat(&router, "broken").await.status, 502);
    let failed = ended(&router, "broken").await;
    assert_eq!(failed["outcome"], "failed");
    assert_eq!(failed["reason"], "its process ended before it was ready");
    assert_eq!(failed["waited"], 1);

    let client = router.client();
    let slow = tokio::spawn(async move {
        let headers = [("content-type", "application/json")];
        let body = json!({ "model": "slowpoke" }).to_string();
        client.stream(Method::POST, CHAT, &headers, body).await
    });
    poll_until(PATIENCE, "the load has begun", async || {
        (plan(&router, "slowpoke").await["outcome"] == "join").then_some(())
    })
    .await;
    let open = &swaps(&router, "?limit=1").await[0];
    assert_eq!(
        (&open["outcome"], &open["ended"]),
        (&json!("in_progress"), &Value::Null)
    );
    let unloaded = router
        .request(Method::POST, "/api/models/unload/slowpoke", &[], "")
        .await;
    assert_eq!(unloaded.status, 200);
    let given_up = ended(&router, "slowpoke").await;
    assert_eq!(
        (&given_up["outcome"], &given_up["reason"]),
        (&json!("abandoned"), &json!("it was unloaded"))
    );
    assert_eq!(given_up["waited"], 1);
    slow.await.unwrap();
}

#[tokio::test]
async fn swaps_of_a_preload_say_so() {
    let router = builder("hooks: {on_startup: {preload: [orca-7b]}}\n")
        .start()
        .await;
    let swap = ended(&router, "orca-7b").await;
    assert_eq!(
        (&swap["cause"], &swap["outcome"]),
        (&json!("preload"), &json!("ready"))
    );
}
