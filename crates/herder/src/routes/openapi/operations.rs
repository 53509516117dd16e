//! What the document says of each route. A route without words does not compile.

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::super::events::{self, Event};
use super::super::table::Endpoint;
use super::super::{
    config, details, load, models, performance, profiles, reload, reply, residency, running, swaps, version,
};
use super::operation::Operation;
use crate::activity::capture::Capture;
use crate::activity::query::{MAX_LIMIT, Page, Sort};
use crate::activity::statistics::Statistics;
use crate::driver::KEPT_SWAPS;
use crate::foresight::Foresight;
use crate::monitor::Snapshot;

/// The words for a route; `takes_body` says whether its method has a body. Types of answers go to `schemas`.
pub(super) fn of(endpoint: Endpoint, takes_body: bool, schemas: &mut SchemaGenerator) -> Operation {
    match endpoint {
        Endpoint::Inference => inference(takes_body),
        Endpoint::InferenceWithoutPrefix => inference(takes_body)
            .about(
                "The model's server gets the path without its first segment. What it is asked \
                 and what it answers is its own API.",
            ),
        Endpoint::Models => Operation::new("models", "What a client may ask for").gives::<models::List>(
            schemas,
            200,
            "Every listed name.",
        ),
        Endpoint::Running => Operation::new("models", "The models that have a process")
            .gives::<running::List<'_>>(schemas, 200, "In ascending order of id."),
        Endpoint::Unload => Operation::new("models", "Stop every model")
            .about(
                "Requests in progress get the time that the configuration gives them. Answers \
                 when all models are gone.",
            )
            .gives_text(200, "`OK`", "text/plain"),
        Endpoint::UnloadEvery => Operation::new("models", "Stop every model")
            .about("As `GET /unload`, with JSON.")
            .gives::<reply::Done>(schemas, 200, "All are gone."),
        Endpoint::UnloadOne => Operation::new("models", "Stop a model")
            .about("Answers when it is gone, and when it did not run.")
            .path("model", "Id or alias; slashes may be spelt `/` or `%2F`.", &json!("orca-7b"))
            .gives_text(200, "`OK`", "text/plain")
            .fails(404, "No such model of herder's own."),
        Endpoint::Configuration => Operation::new("herder", "The configuration in use, and how the last reload ended")
            .about(
                "Without secrets: keys, values from the environment, values of options, variables, parameters and \
                 headers that are named like secrets, and credentials in addresses are `***`.",
            )
            .gives::<config::Shown<'_>>(schemas, 200, "As it is now. A refused reload leaves it as it was."),
        Endpoint::LoadOne => load_one(schemas),
        Endpoint::Details => Operation::new("models", "Everything about herder's own models")
            .about("What the configuration says of them, how they are, and what went wrong last.")
            .query("model", "Only this one: id or alias.", &json!({ "type": "string" }))
            .gives::<details::List<'_>>(schemas, 200, "In ascending order of id.")
            .fails(400, "`model` is a selector, a profile or a peer's.")
            .fails(404, "No such model.")
            .fails(500, "herder itself has failed."),
        Endpoint::Reload => Operation::new("herder", "Read the configuration again")
            .about(
                "Models that have not changed keep their processes and requests; those that \
                 have finish what they are doing.",
            )
            .gives::<reload::Reloaded<'_>>(schemas, 200, "The new configuration counts.")
            .fails(422, "The files cannot be used; nothing has changed. The message says where and why.")
            .fails(500, "herder itself has failed.")
            .fails(503, "herder ends."),
        Endpoint::Profiles => Operation::new("profiles", "The profiles").gives::<profiles::List<'_>>(
            schemas,
            200,
            "In ascending order of id.",
        ),
        Endpoint::SwitchProfile => Operation::new("profiles", "Make a profile the active one, or none")
            .about("It counts for requests that come later. A restart forgets it.")
            .takes(json!({ "required": true, "content": { "application/json": { "schema": {
                "type": "object",
                "properties": { "name": {
                    "type": ["string", "null"],
                    "description": "Id of the profile; `null` or empty for none.",
                } },
                "required": ["name"],
            } } } }))
            .gives::<profiles::ActiveProfile<'_>>(schemas, 200, "It is active.")
            .fails(400, "The body is not what it should be.")
            .fails(404, "No such profile.")
            .shares("413", "BodyTooLarge"),
        Endpoint::Events => Operation::new("events", "Everything that changes, as it happens")
            .about(
                "Server-sent events, all with the name `message`. First come the history of the logs, \
                 `modelStatus`, `uiConfig`, `profileChanged` and the open requests; then what changes. Comments are \
                 signs of life.",
            )
            .query(
                events::LOGS,
                "A log to follow: `proxy`, `upstream`, `model:` and a local model's id or alias, or `none`. May come more \
                 than once. Behind it a `~` and the `cursor` of its last `logData`: then only what came after that is \
                 sent first, if it is still kept. Without this parameter `proxy` and `upstream`, without cursors.",
                &json!({ "type": "array", "items": { "type": "string" }, "maxItems": events::MAX_LOGS }),
            )
            .fails(400, "No such log, or too many.")
            .answers(
                "200",
                "The stream. It ends when herder does, or when it is not read.",
                &json!({ "text/event-stream": { "schema": {
                    "type": "string",
                    "contentMediaType": "text/event-stream",
                    "contentSchema": schemas.subschema_for::<Event>(),
                } } }),
            ),
        Endpoint::CancelInFlight => Operation::new("events", "Cancel a request that waits or is being answered")
            .path("id", "Its number in `inflight` events.", &json!("7"))
            .gives::<reply::Done>(schemas, 200, "It ends.")
            .fails(404, "No such request is open."),
        Endpoint::Activity => activity(schemas),
        Endpoint::Statistics => Operation::new("activity", "Sums and histograms over finished requests")
            .query("model", "Only requests to this model.", &json!({ "type": "string" }))
            .gives::<Statistics>(schemas, 200, "The sums.")
            .fails(500, "The database fails."),
        Endpoint::Capture => Operation::new("activity", "A request and its answer")
            .path("id", "Number of its row in the activity.", &json!(1))
            .gives::<Capture>(schemas, 200, "Without secrets.")
            .fails(400, "No number.")
            .fails(404, "Not captured, or not kept any more."),
        Endpoint::Performance => Operation::new("machine", "Samples of the machine of the last hour")
            .query("after", "Only samples later than this.", &time())
            .gives::<performance::Performance<'_>>(schemas, 200, "The samples.")
            .fails(400, "`after` is no time.")
            .answers(
                "503",
                "Nothing is measured (`performance.disabled`).",
                &json!({ "application/json": { "schema": {
                    "type": "object",
                    "properties": { "enabled": { "const": false } },
                    "required": ["enabled"],
                } } }),
            ),
        Endpoint::Hardware => Operation::new("machine", "Which machine this is, as it was at the start")
            .gives::<Snapshot>(schemas, 200, "What is known; `null` is unknown.")
            .fails(503, "Not detected, or not yet."),
        Endpoint::Metrics => Operation::new("machine", "Numbers for Prometheus")
            .about(
                "The metrics `llamaswap_…` of the machine, and `herder_…` of models and \
                 requests.",
            )
            .gives_text(200, "Text format 0.0.4.", "text/plain")
            .gives_text(503, "Nothing is measured (`performance.disabled`).", "text/plain"),
        Endpoint::Health => Operation::new("herder", "Whether herder is alive, whatever its models do")
            .gives_text(200, "`OK`", "text/plain"),
        Endpoint::Version => Operation::new("herder", "Which herder this is").gives::<version::Version>(
            schemas,
            200,
            "As `herder -version`.",
        ),
        Endpoint::Plan => Operation::new("models", "What would become of a request that came now")
            .about(
                "Whether it would be served, who would leave for its model and why, and what else could have left. \
                 Nothing changes. Profiles and selectors are not applied.",
            )
            .required_query("model", "Id or alias.", &json!({ "type": "string", "examples": ["orca-7b"] }))
            .gives::<Foresight>(schemas, 200, "As `herder plan -json`.")
            .fails(400, "No model is named, or the name is a selector, a profile or a peer's.")
            .fails(404, "No such model."),
        Endpoint::Swaps => Operation::new("models", "The last swaps, with what they took")
            .about("They are kept in memory, so a restart forgets them.")
            .query(
                "limit",
                "Most that are listed.",
                &json!({ "type": "integer", "minimum": 1, "maximum": KEPT_SWAPS, "default": swaps::DEFAULT_LIMIT }),
            )
            .gives::<swaps::List>(schemas, 200, "The latest first.")
            .fails(400, "`limit` is not what it should be."),
        Endpoint::Residency => Operation::new("models", "What the models' processes did lately, and why")
            .about(
                "Kept in memory, so a restart forgets it; of a very busy time the oldest is forgotten, too.",
            )
            .query(
                "minutes",
                "How far to look back.",
                &json!({
                    "type": "integer",
                    "minimum": 1,
                    "maximum": residency::MOST_MINUTES,
                    "default": residency::DEFAULT_MINUTES,
                }),
            )
            .gives::<residency::List>(schemas, 200, "Models that had a process in this time.")
            .fails(400, "`minutes` is not what it should be."),
        Endpoint::Document => Operation::new("herder", "This document").answers(
            "200",
            "OpenAPI 3.1.",
            &json!({ "application/json": { "schema": { "type": "object" } } }),
        ),
        Endpoint::Logs => Operation::new("logs", "The end of the combined log")
            .gives_text(200, "The last 100 KiB.", "text/plain")
            .redirects(302, "/ui/"),
        Endpoint::LogStream => log_stream("The combined log, and what follows"),
        Endpoint::LogStreamOf => log_stream("One log, and what follows")
            .path(
                "log",
                "`proxy`, `upstream`, or the id or alias of a model, with its slashes.",
                &json!("proxy"),
            )
            .fails(400, "No such log."),
        Endpoint::Home => Operation::new("herder", "To the web page").redirects(302, "/ui"),
        Endpoint::Ui => Operation::new("herder", "The web page and its files")
            .about("A path that is no file is a place in the page.")
            .path("path", "A file, or a place, with its slashes; may be empty.", &json!("models"))
            .answers(
                "200",
                "The page, or the file.",
                &json!({ "text/html": { "schema": { "type": "string" } }, "*/*": {} }),
            )
            .answers("304", "The client has it already (`If-None-Match`).", &json!({}))
            .fails(404, "No such file."),
        Endpoint::UiSlash => Operation::new("herder", "To the path with a slash").redirects(307, "/ui/"),
        Endpoint::Icon => Operation::new("herder", "The icon of the web page").answers(
            "200",
            "The icon.",
            &json!({ "image/x-icon": { "schema": {} } }),
        ),
        Endpoint::UpstreamHome => {
            Operation::new("forwarding", "To the list of models").redirects(302, "/ui/models")
        }
        Endpoint::UpstreamSlash => {
            Operation::new("forwarding", "To the path with a slash").redirects(307, "/upstream/")
        }
        Endpoint::Upstream => forwarded("Straight to a model's server")
            .about(
                "Unread and unedited, except that `peer/model` becomes the peer's own name. \
                 Upgraded connections pass.",
            )
            .path(
                "path",
                "Id or alias of a model with its slashes, or `peer/model`, then the path for its server.",
                &json!("orca-7b/health"),
            )
            .fails(409, "The model is not loaded, and the path matches `upstream.ignorePaths`."),
        Endpoint::ComfyHome => Operation::new("forwarding", "To the path with a slash")
            .redirects(301, "/comfyui/")
            .redirects(308, "/comfyui/"),
        Endpoint::Comfy => forwarded("To the model `comfyui_auto`")
            .about("Only the front page, with an empty `path`, starts the model.")
            .path("path", "The path for ComfyUI, with its slashes.", &json!("queue"))
            .fails(409, "The model is not loaded."),
    }
}

fn activity(schemas: &mut SchemaGenerator) -> Operation {
    let id = json!({ "type": "integer", "minimum": 1 });
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 25 });
    let sort = json!({ "type": "string", "enum": Sort::names(), "default": "id" });
    let order = json!({ "type": "string", "enum": ["asc", "desc"], "default": "desc" });
    let page = json!({ "type": "integer", "minimum": 1, "default": 1 });
    Operation::new("activity", "Finished requests, page by page")
        .query("model", "Only requests to one of these models.", &texts)
        .query(
            "status",
            "Only requests that ended in one of these ways: `failed` (with an error, whatever the status), `succeeded`, \
             a class such as `5xx`, or a number. A parameter of herder.",
            &texts,
        )
        .query("start", "Not before this.", &time())
        .query("end", "Not after this.", &time())
        .query("min_id", "Smallest id.", &id)
        .query("max_id", "Largest id.", &id)
        .query("limit", "Rows of a page.", &limit)
        .query("page", "Which page.", &page)
        .query("sort", "What gives the order.", &sort)
        .query("order", "Smallest or largest first.", &order)
        .gives::<Page>(schemas, 200, "The page.")
        .fails(400, "A parameter is not what it should be.")
        .fails(500, "The database fails.")
}

fn load_one(schemas: &mut SchemaGenerator) -> Operation {
    let operation = Operation::new("models", "Load a model")
        .about(
            "Waits for its turn as a request for the model would, and answers when the model is ready. Its server is \
             asked nothing.",
        )
        .path("model", "Id or alias; slashes may be spelt `/` or `%2F`.", &json!("orca-7b"))
        .gives::<load::Loaded<'_>>(schemas, 200, "It is ready.")
        .fails(400, "The name is a selector, a profile or a peer's, or the body cannot be read.")
        .shares("413", "BodyTooLarge");
    refused(operation)
}

fn log_stream(summary: &str) -> Operation {
    Operation::new("logs", summary)
        .query(
            "no-history",
            "With this, whatever its value, only what follows.",
            &json!({ "type": "string" }),
        )
        .gives_text(
            200,
            "The last 100 KiB, then each write as it comes.",
            "text/plain",
        )
}

fn inference(takes_body: bool) -> Operation {
    let operation = forwarded("Forwarded to the model's server").about(
        "What it is asked and what it answers is its own API. herder reads the name of the model and edits as \
         configured.",
    );
    let operation = if takes_body {
        operation.takes(json!({ "$ref": "#/components/requestBodies/NamesModel" }))
    } else {
        operation.required_query("model", "A name of the model list.", &json!({ "type": "string" }))
    };
    operation
        .shares("400", "UnreadableRequest")
        .shares("413", "BodyTooLarge")
}

/// What every request to a model may get, from its server or from herder instead.
fn forwarded(summary: &str) -> Operation {
    refused(Operation::new("forwarding", summary).shares("default", "ModelAnswer"))
}

/// The same, with what herder answers when the model does not serve.
fn refused(operation: Operation) -> Operation {
    let errors = REFUSALS.iter();
    errors.fold(operation, |operation, (status, name, _)| {
        operation.shares(status, name)
    })
}

/// The answers that many operations share: status, name and words of errors of herder's own.
const REFUSALS: [(&str, &str, &str); 6] = [
    ("404", "UnknownModel", "Nobody serves this model."),
    (
        "429",
        "ConcurrencyLimit",
        "The model has as many requests as it may have. `Retry-After` says when to come again. Under the scheduler \
         `fair` (code `queue_full`) as far as that is known, beside `X-Herder-Queue-Position` and \
         `X-Herder-Estimated-Wait` in seconds.",
    ),
    (
        "500",
        "Interrupted",
        "The model was unloaded while the request waited, or herder ends.",
    ),
    (
        "502",
        "ServerFailed",
        "The model's process failed, or the server did not answer.",
    ),
    (
        "503",
        "Unavailable",
        "Too many requests wait, the model's starts fail, or somebody cancelled the request.",
    ),
    ("504", "NotReadyInTime", "The model was not ready in time."),
];

/// The same, of single routes or of another kind.
const ERRORS: [(&str, &str); 3] = [
    ("Unauthorized", "No key, or a wrong one."),
    ("UnreadableRequest", "The request cannot be read."),
    (
        "BodyTooLarge",
        "The body is longer than it may be; on its way to a model that is `maxBodyBytes`.",
    ),
];

/// What operations refer to by name: answers and bodies.
pub(super) fn shared() -> (Value, Value) {
    let refusals = REFUSALS.into_iter().map(|(_, name, words)| (name, words));
    let errors = refusals.chain(ERRORS).map(|(name, words)| {
        let content = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } });
        (
            name.to_owned(),
            json!({ "description": words, "content": content }),
        )
    });
    let mut responses: Map<String, Value> = errors.collect();
    responses.insert(
        "ModelAnswer".to_owned(),
        json!({ "description": "The answer of the model's server, whatever it is.", "content": { "*/*": {} } }),
    );
    let schema = json!({
        "type": "object",
        "properties": { "model": { "type": "string", "description": "A name of the model list." } },
        "required": ["model"],
    });
    let body = json!({ "required": true, "content": {
        "application/json": { "schema": schema },
        "multipart/form-data": { "schema": schema },
        "application/x-www-form-urlencoded": { "schema": schema },
    } });
    (Value::Object(responses), json!({ "NamesModel": body }))
}

fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}
