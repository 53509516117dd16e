//! The fixture of spec/http-api.md 7.0, without the parts that herder does not have yet.

use herder_testkit::{Builder, Response, Router};
use serde_json::{Value, json};

/// `chat completions`
pub(crate) const CHAT: &str = "/v1/chat/completions";

/// The models of the fixture. `@FAKE@` echoes what it receives.
const MODELS: &str = r#"
healthCheckTimeout: 30
models:
  orca-7b:
    cmd: "@FAKE@ --name orca-7b --port ${PORT} --event-log @DIR@/events"
    name: " Orca "
    aliases: [chatty]
    concurrencyLimit: 2
    filters:
      stripParams: "temperature, meta.tag"
      setParams: {top_p: 0.9, model: x}
      setParamsByID: {orca-think: {top_p: 0.1, reasoning.effort: high}}
  vega/coder-32b:
    cmd: "@FAKE@ --name coder --port ${PORT} --event-log @DIR@/events"
    useModelName: vega-q4
    metadata: {tier: gold}
    capabilities: {in: [text, image], out: [text], tools: true, context: 65536}
  scribe:
    cmd: "@FAKE@ --name scribe --port ${PORT} --event-log @DIR@/events"
    useModelName: scribe-v3
    unlisted: true
  lynx-7b:
    cmd: "@FAKE@ --name lynx-7b --port ${PORT} --event-log @DIR@/events"
    compat: {ignoreWebsockets: true}
  broken: {cmd: "false", proxy: "http://127.0.0.1:9"}
  slowpoke: {cmd: "@FAKE@ --name slowpoke --port ${PORT} --load 3s --event-log @DIR@/events"}
groups: {duo: {swap: false, members: [orca-7b, lynx-7b]}}
peers:
  attic: {proxy: "http://127.0.0.1:9/base", apiKey: peer-secret, models: [nova-70b, shared-x, org/moon]}
  cellar: {proxy: "http://127.0.0.1:9", models: [shared-x]}
"#;

/// A router to be, with the fixture and more keys behind it.
pub(crate) fn builder(more: &str) -> Builder {
    Router::builder(env!("CARGO_BIN_EXE_herder")).config(&format!("{MODELS}{more}"))
}

/// A running router with the fixture.
pub(crate) async fn router() -> Router {
    builder("").start().await
}

/// A chat request that names only its model.
pub(crate) async fn chat(router: &Router, model: &str) -> Response {
    router.post_json(CHAT, &json!({ "model": model })).await
}

/// What the model server says that it received.
pub(crate) fn echo(answer: &Response) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// The body that the model server received, as JSON.
pub(crate) fn echoed_body(answer: &Response) -> Value {
    let echo = echo(answer);
    let body = echo["body"].as_str().expect("the echo holds the body as text");
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

/// Checks the JSON envelope and returns the message.
#[track_caller]
pub(crate) fn error(answer: &Response, status: u16, code: &str) -> String {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let envelope = answer.json();
    assert_eq!(envelope["src"], "llama-swap", "{envelope}");
    assert_eq!(envelope["error"]["code"], code, "{envelope}");
    assert!(envelope["error"]["param"].is_null(), "{envelope}");
    envelope["error"]["message"]
        .as_str()
        .expect("a message")
        .to_owned()
}
