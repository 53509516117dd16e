//! What the acceptance tests share: configurations of fake upstreams, and requests to them.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use herder_testkit::{Client, Event, PATIENCE, Response, Router, processes_with_argument, wait_until};
use serde_json::json;
use tokio::task::JoinHandle;

/// Path of a chat request.
pub(crate) const CHAT: &str = "/v1/chat/completions";

/// The name of the event log that all models of a router share.
pub(crate) const EVENTS: &str = "events";

/// A configuration in the making.
pub(crate) struct Herd {
    head: String,
    models: String,
    tail: String,
}

impl Herd {
    /// Without `groups` in `tail` all models exclude each other.
    pub(crate) fn new() -> Self {
        Self {
            head: String::new(),
            models: String::new(),
            tail: String::new(),
        }
    }

    /// Global lines, before the models.
    pub(crate) fn head(mut self, lines: &str) -> Self {
        writeln!(self.head, "{lines}").expect("writing to a string");
        self
    }

    /// Global lines, after the models.
    pub(crate) fn tail(mut self, lines: &str) -> Self {
        writeln!(self.tail, "{lines}").expect("writing to a string");
        self
    }

    /// A fake upstream with its flags, and more keys of the model, each on a line of its own.
    pub(crate) fn model(self, name: &str, flags: &str, keys: &[&str]) -> Self {
        let command = format!("'@FAKE@ --port ${{PORT}} --name {name} --event-log @DIR@/{EVENTS} {flags}'");
        self.command(name, &command, keys)
    }

    /// A model with a command of its own, written as YAML.
    pub(crate) fn command(mut self, name: &str, command: &str, keys: &[&str]) -> Self {
        write!(self.models, "  {name}:\n    cmd: {command}\n").expect("writing to a string");
        for key in keys {
            writeln!(self.models, "    {key}").expect("writing to a string");
        }
        self
    }

    /// The text of the configuration file.
    pub(crate) fn yaml(&self) -> String {
        format!("{}models:\n{}{}", self.head, self.models, self.tail)
    }

    /// Starts the real router with it.
    pub(crate) async fn start(self) -> Router {
        self.start_with(&[]).await
    }

    /// Starts it with more environment variables.
    pub(crate) async fn start_with(self, environment: &[(&str, &str)]) -> Router {
        let builder = Router::builder(env!("CARGO_BIN_EXE_herder")).config(&self.yaml());
        environment
            .iter()
            .fold(builder, |builder, (name, value)| builder.environment(name, value))
            .start()
            .await
    }
}

/// Puts these models into one group that swaps nobody.
pub(crate) fn together(models: &str) -> String {
    format!("groups: {{together: {{swap: false, members: [{models}]}}}}")
}

/// Events of one kind of the fake upstream of this name, over all its starts.
pub(crate) fn events_of(router: &Router, kind: &str, name: &str) -> Vec<Event> {
    let mut events = router.event_log(EVENTS).of_kind(kind);
    events.retain(|event| event.name == name);
    events
}

/// Names of the models in the order in which they were spawned.
pub(crate) fn spawned(router: &Router) -> Vec<String> {
    let events = router.event_log(EVENTS).of_kind("spawn");
    events.into_iter().map(|event| event.name).collect()
}

/// A request that is being served by the fake upstream of this name.
pub(crate) async fn occupied(router: &Router, model: &str, headers: &[(&str, &str)]) -> JoinHandle<Response> {
    let requests = || events_of(router, "request", model).len();
    let before = requests();
    let request = chat_later(router.client(), model, headers);
    wait_until(PATIENCE, "the request is served", || requests() > before).await;
    request
}

/// A chat request in a task of its own; aborting the task is a client that leaves.
pub(crate) fn chat_later(client: Client, model: &str, headers: &[(&str, &str)]) -> JoinHandle<Response> {
    let model = model.to_owned();
    let headers: Vec<(String, String)> = headers
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    tokio::spawn(async move {
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        chat_with(client, &model, &headers).await
    })
}

/// A chat request with more headers, and its answer.
pub(crate) async fn chat_with(client: Client, model: &str, headers: &[(&str, &str)]) -> Response {
    client
        .post_json_with(CHAT, headers, &json!({ "model": model, "messages": [] }))
        .await
}

/// A chat request and its answer.
pub(crate) async fn chat(client: Client, model: &str) -> Response {
    chat_with(client, model, &[]).await
}

/// Asks for the model to be unloaded and returns when it is.
pub(crate) async fn unload(client: Client, model: &str) -> Response {
    client.post(&format!("/api/models/unload/{model}"), &[], "").await
}

/// The message and the code in the error envelope of an answer.
pub(crate) fn error(response: &Response) -> (String, String) {
    let body = response.json();
    assert_eq!(body["src"], "llama-swap", "{body}");
    let text = |field: &str| body["error"][field].as_str().unwrap_or_default().to_owned();
    (text("message"), text("code"))
}

/// Waits until a model is in a state; `stopped` is being absent from the list.
pub(crate) async fn wait_for_state(router: &Router, model: &str, state: &str) {
    let what = format!("{model} is {state}");
    herder_testkit::poll_until(PATIENCE, &what, async || {
        let running = router.running().await;
        let seen = running.get(model).map_or("stopped", String::as_str);
        (seen == state).then_some(())
    })
    .await;
}

/// Waits until no process has an argument that mentions the folder, which all fake upstreams of a router have.
/// The router itself mentions it too, so it may be left out.
pub(crate) async fn wait_for_no_process(folder: &Path, except: Option<u32>) {
    wait_for_no_process_within(folder, except, PATIENCE).await;
}

/// As [`wait_for_no_process`], with a limit of its own.
pub(crate) async fn wait_for_no_process_within(folder: &Path, except: Option<u32>, limit: Duration) {
    let marker = folder.to_string_lossy().into_owned();
    wait_until(limit, "no process is left", || {
        left_behind(&marker, except).is_empty()
    })
    .await;
}

fn left_behind(marker: &str, except: Option<u32>) -> Vec<u32> {
    processes_with_argument(marker)
        .into_iter()
        .filter(|&pid| Some(pid) != except)
        .collect()
}
