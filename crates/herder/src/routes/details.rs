//! `GET /api/models`: everything that is known of herder's own models, for a page that explains them. herder's own; what a
//! client may ask for is in `models`.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use herder_config::{Config, Model, Router, Secret, redact};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;

use super::abilities::{Abilities, is_zero};
use super::running::Costs;
use super::{query, reply};
use crate::app::{App, Snapshot};
use crate::driver::{Details, Mishap};
use crate::error::ApiError;
use crate::foresight::Set;
use crate::logs::mask;
use crate::monitor;
use crate::pipeline::RequestContext;
use crate::state_word::state_word;

/// The configured models.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ModelDetailsList"))]
pub(super) struct List<'a> {
    /// In ascending order of id.
    models: Vec<Entry<'a>>,
}

/// A model of herder's own: what the configuration says of it, and how it is.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ModelDetails"))]
struct Entry<'a> {
    /// Its id.
    id: &'a str,
    /// For people; may be empty.
    name: &'a str,
    /// For people; may be empty.
    description: &'a str,
    /// Its other names.
    aliases: &'a [String],
    /// Left out of the model list.
    unlisted: bool,
    /// What its process is doing.
    #[cfg_attr(test, schemars(extend("enum" = ["stopped", "starting", "ready", "stopping"])))]
    state: &'static str,
    /// When it came into this state; `null` when it has had no other since herder began.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    since: Option<String>,
    /// The expanded command, secrets masked.
    cmd: String,
    /// The command that stops it, secrets masked; `null` for the signal.
    cmd_stop: Option<String>,
    /// Where it answers, secrets masked.
    proxy: String,
    /// What answers with 200 when it is ready; `null` when it is ready at once.
    check_endpoint: Option<&'a str>,
    /// The process that was started for it; `null` without one.
    pid: Option<u32>,
    /// 0 = never unloaded for idleness.
    ttl_seconds: u64,
    /// When it is unloaded for idleness; `null` unless its idle clock runs.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    unload_at: Option<String>,
    /// Requests that it may serve; with the scheduler `fifo` those that wait count too, unless `settings.fifo.limit` says
    /// otherwise.
    concurrency_limit: u32,
    /// Requests that it serves.
    in_flight: u32,
    /// Requests that wait for it, in the queue or for its load.
    queued: u32,
    /// Who may run beside it.
    residency: Residency<'a>,
    /// What is changed in requests to it, for people, one edit each. Values are not told.
    filters: Vec<String>,
    /// Abilities by name; what a model cannot do is not listed.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    #[cfg_attr(test, schemars(with = "std::collections::BTreeMap<String, bool>"))]
    capabilities: IndexMap<&'static str, bool>,
    /// Tokens that fit into the context.
    #[serde(skip_serializing_if = "is_zero")]
    context_length: u64,
    /// The configuration's own words about it; `null` for none.
    #[cfg_attr(test, schemars(with = "Option<std::collections::BTreeMap<String, Value>>"))]
    metadata: Option<&'a IndexMap<String, Value>>,
    /// What it takes in time.
    costs: Costs,
    /// Memory of its processes, shared pages counted for each; `null` without a process, and where the system does not tell.
    resident_bytes: Option<u64>,
    /// The last start that failed, or the process that ended by itself; `null` from the next successful load on.
    last_failure: Option<LastFailure<'a>>,
}

/// Who may run beside a model.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ModelCompany"))]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Residency<'a> {
    /// As its group says.
    Group {
        /// Its name; `(default)` holds the models of no group.
        group: &'a str,
        /// Members take turns.
        swap: bool,
        /// A request for a member stops models of other groups.
        exclusive: bool,
        /// Never stopped by models of other groups.
        persistent: bool,
        /// Ids. Only when one model is asked for: a list of a thousand would name each of them a thousand times.
        #[serde(skip_serializing_if = "Option::is_none")]
        members: Option<&'a [String]>,
    },
    /// As the matrix says.
    Matrix {
        /// The sets that it may run in, in written order; without one it runs alone.
        sets: Vec<Set>,
        /// What it costs to stop it for another model.
        evict_cost: u64,
    },
}

/// What went wrong last.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "LastFailure"))]
struct LastFailure<'a> {
    /// When it was noticed.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    at: String,
    /// For people, secrets masked.
    reason: &'a str,
    /// `exit status 1`; `null` when no process has ended.
    status: Option<&'a str>,
    /// The last lines that it printed, secrets masked.
    log_tail: Vec<&'a str>,
    /// Starts that have failed in a row; an unload or a reload forgets them.
    failures_in_a_row: u32,
    /// When the next start is allowed; `null` when that is now.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    next_attempt_at: Option<String>,
}

/// In ascending order of id; with `model` only that one.
///
/// # Errors
///
/// 404 or 400 when `model` is no model of herder's own.
pub(super) async fn list(context: &RequestContext) -> Result<Response<Body>, ApiError> {
    let app = Arc::clone(&context.app);
    let asked = query::parameter(context, "model");
    // Reads the memory of the models' processes.
    let written = tokio::task::spawn_blocking(move || write(&app, asked.as_deref()));
    let lost =
        |error: tokio::task::JoinError| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string());
    written.await.map_err(lost)?
}

fn write(app: &App, asked: Option<&str>) -> Result<Response<Body>, ApiError> {
    let (snapshot, details) = app.driver.details(|snapshot| match asked {
        Some(name) => query::local_model(snapshot, name).map(|model| vec![model]),
        None => Ok(snapshot.models().collect()),
    })?;
    let metrics = app.driver.metrics();
    let entries = details.iter().map(|details| {
        let mut entry = Entry::of(&snapshot, details, asked.is_some());
        entry.pid = metrics.model(details.model).process();
        entry.resident_bytes = monitor::resident_bytes(metrics, details.model);
        entry
    });
    Ok(reply::json(&List {
        models: entries.collect(),
    }))
}

impl<'a> Entry<'a> {
    /// What the system knows of its process is still missing. `is_alone`: no other entry is asked for.
    fn of(snapshot: &'a Snapshot, details: &'a Details, is_alone: bool) -> Self {
        let (id, settings) = snapshot.model(details.model);
        let abilities = settings.capabilities.as_ref().map(Abilities::of);
        let abilities = abilities.unwrap_or_default();
        let masked = |text: &str| redact(&mask(text, &settings.sensitive)).into_owned();
        Self {
            id,
            name: settings.name.trim(),
            description: settings.description.trim(),
            aliases: &settings.aliases,
            unlisted: settings.unlisted,
            state: state_word(details.occupancy.state),
            since: details.since.map(shown),
            cmd: masked(&settings.cmd),
            cmd_stop: (!settings.cmd_stop.is_empty()).then(|| masked(&settings.cmd_stop)),
            proxy: masked(&settings.proxy),
            check_endpoint: settings.check_endpoint.as_deref(),
            pid: None,
            ttl_seconds: settings.ttl.map_or(0, |ttl| ttl.as_secs()),
            unload_at: details.unloads_at.map(shown),
            concurrency_limit: settings.concurrency_limit,
            in_flight: details.occupancy.in_flight,
            queued: details.occupancy.waiting,
            residency: Residency::of(&snapshot.config, id, &details.sets, is_alone),
            filters: edits(settings),
            capabilities: abilities.capabilities,
            context_length: abilities.context_length,
            metadata: (!settings.metadata.is_empty()).then_some(&settings.metadata),
            costs: Costs::of(details.costs),
            resident_bytes: None,
            last_failure: details
                .mishap
                .as_ref()
                .map(|mishap| LastFailure::of(mishap, details)),
        }
    }
}

impl<'a> Residency<'a> {
    /// `sets` are those that the model may run in. `is_alone`: no other model is asked for.
    fn of(config: &'a Config, id: &str, sets: &[usize], is_alone: bool) -> Self {
        match &config.router {
            Router::Matrix(matrix) => Self::Matrix {
                sets: sets.iter().filter_map(|&index| Set::at(config, index)).collect(),
                evict_cost: matrix.evict_costs.get(id).copied().unwrap_or(1),
            },
            Router::Group(groups) => {
                let (name, group) = groups
                    .iter()
                    .find(|(_, group)| group.members.iter().any(|member| member == id))
                    .expect("the default group holds the models of no other");
                Self::Group {
                    group: name,
                    swap: group.swap,
                    exclusive: group.exclusive,
                    persistent: group.persistent,
                    members: is_alone.then_some(group.members.as_slice()),
                }
            }
        }
    }
}

impl<'a> LastFailure<'a> {
    fn of(mishap: &'a Mishap, details: &Details) -> Self {
        Self {
            at: shown(mishap.at),
            reason: &mishap.reason,
            status: mishap.status.as_deref(),
            log_tail: mishap.log_tail.lines().collect(),
            failures_in_a_row: details.failed_starts,
            next_attempt_at: details.retry_at.map(shown),
        }
    }
}

/// The edits of requests to a model, in the order in which they happen.
fn edits(settings: &Model) -> Vec<String> {
    let filters = &settings.filters;
    let mut edits = Vec::new();
    if !settings.use_model_name.is_empty() {
        edits.push(format!("useModelName: {}", settings.use_model_name));
    }
    if !filters.strip_params.is_empty() {
        edits.push(format!("stripParams: {}", filters.strip_params.join(", ")));
    }
    if !filters.set_params.is_empty() {
        edits.push(format!("setParams: {}", paths(&filters.set_params)));
    }
    for (name, parameters) in &filters.set_params_by_id {
        edits.push(format!("setParamsByID {name}: {}", paths(parameters)));
    }
    let secrets: &[Secret] = &settings.sensitive;
    edits
        .iter()
        .map(|edit| mask(edit, secrets).into_owned())
        .collect()
}

fn paths(parameters: &IndexMap<String, Value>) -> String {
    let paths: Vec<&str> = parameters.keys().map(String::as_str).collect();
    paths.join(", ")
}

fn shown(time: jiff::Timestamp) -> String {
    format!("{time:.3}")
}

#[cfg(test)]
mod tests {
    use herder_config::Filters;
    use serde_json::json;

    use super::*;
    use crate::fixtures::model;

    fn parameters(entries: &[(&str, Value)]) -> IndexMap<String, Value> {
        let entries = entries.iter();
        entries
            .map(|(path, value)| ((*path).to_owned(), value.clone()))
            .collect()
    }

    #[test]
    fn edits_name_what_they_change_and_no_value() {
        let table = [
            (String::new(), Filters::default(), &[][..]),
            (
                "vega-hunter2".to_owned(),
                Filters {
                    strip_params: vec!["meta.tag".to_owned(), "temperature".to_owned()],
                    set_params: parameters(&[("top_p", json!(0.9)), ("user", json!("hunter2"))]),
                    set_params_by_id: IndexMap::from([
                        (
                            "think".to_owned(),
                            parameters(&[("reasoning.effort", json!("high"))]),
                        ),
                        (
                            "quick".to_owned(),
                            parameters(&[("a", json!(1)), ("b", json!(2))]),
                        ),
                    ]),
                },
                &[
                    "useModelName: vega-***",
                    "stripParams: meta.tag, temperature",
                    "setParams: top_p, user",
                    "setParamsByID think: reasoning.effort",
                    "setParamsByID quick: a, b",
                ],
            ),
        ];
        for (use_model_name, filters, expected) in table {
            let settings = Model {
                use_model_name,
                filters,
                sensitive: vec![Secret::new("hunter2")],
                ..model("", "")
            };
            assert_eq!(edits(&settings), expected);
        }
    }
}
