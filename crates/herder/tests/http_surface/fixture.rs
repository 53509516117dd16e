//! The fixture of spec/http-api.md 7.0.

use std::net::SocketAddr;
use std::process::{Child, Command};

use herder_testkit::{Builder, Client, PATIENCE, Response, Router, free_port_block, poll_until};
use http::Method;
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
  slowpoke:
    cmd: "@FAKE@ --name slowpoke --port ${PORT} --load 3s --event-log @DIR@/events"
    sendLoadingState: true
  comfyui_auto: {cmd: "@FAKE@ --name comfyui --port ${PORT} --event-log @DIR@/events"}
groups: {duo: {swap: false, members: [orca-7b, lynx-7b]}}
peers:
  attic:  {proxy: "http://@ATTIC@/base", apiKey: peer-secret, models: [nova-70b, shared-x, org/moon],
           filters: {stripParams: seed}}
  cellar: {proxy: "http://@CELLAR@", models: [shared-x]}
selectors:
  pool: {strategy: spillover, targets: [orca-7b, lynx-7b], settings: {spillover: 1}, name: Pool}
  hot:  {strategy: warm, targets: [orca-7b, lynx-7b]}
  front: {strategy: pin, targets: [orca-think, attic/nova-70b]}
  secret-sel: {strategy: pin, targets: [orca-7b], unlisted: true}
profiles:
  nightly:
    description: after hours
    pins: {default-llm: orca-think, banned: , vega/coder-32b: lynx-7b, via-sel: front}
"#;

/// An address where nobody listens.
const NOBODY: &str = "127.0.0.1:9";

/// A router to be, with the fixture and more keys behind it, or more profiles, indented. Its peers are down.
pub(crate) fn builder(more: &str) -> Builder {
    builder_with(NOBODY, NOBODY, more)
}

fn builder_with(attic: &str, cellar: &str, more: &str) -> Builder {
    let models = MODELS.replace("@ATTIC@", attic).replace("@CELLAR@", cellar);
    Router::builder(env!("CARGO_BIN_EXE_herder")).config(&format!("{models}{more}"))
}

/// A peer: a fake upstream that is no child of the router's. Dropping it kills the process.
pub(crate) struct Peer {
    address: String,
    process: Child,
}

impl Peer {
    /// Starts one and waits until it answers.
    pub(crate) async fn start(name: &str) -> Self {
        let port = free_port_block(1);
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let process = Command::new(herder_testkit::fake_upstream())
            .args(["--name", name, "--port", &port.to_string()])
            .spawn()
            .expect("the fake upstream starts");
        let peer = Self {
            address: address.to_string(),
            process,
        };
        poll_until(PATIENCE, "the peer answers", async || {
            let health = Client::new(address)
                .try_stream(Method::GET, "/health", &[], "")
                .await;
            health.is_ok().then_some(())
        })
        .await;
        peer
    }

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A router with the fixture whose peers are up.
pub(crate) struct WithPeers {
    pub(crate) router: Router,
    pub(crate) attic: Peer,
    pub(crate) cellar: Peer,
}

/// A running router with the fixture, both peers, and more keys.
pub(crate) async fn with_peers(more: &str) -> WithPeers {
    let (attic, cellar) = tokio::join!(Peer::start("attic"), Peer::start("cellar"));
    let router = builder_with(attic.address(), cellar.address(), more)
        .start()
        .await;
    WithPeers {
        router,
        attic,
        cellar,
    }
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
