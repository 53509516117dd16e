//! `GET /running`: the models that have a process (spec/http-api.md 1.6).

use axum::body::Body;
use axum::http::Response;
use serde::Serialize;

use super::reply;
use crate::logs::mask;
use crate::pipeline::RequestContext;
use crate::state_word::state_word;

#[derive(Serialize)]
struct Running<'a> {
    running: Vec<Entry<'a>>,
}

/// All seven fields are always there.
#[derive(Serialize)]
struct Entry<'a> {
    model: &'a str,
    state: &'static str,
    /// The expanded command, secrets masked (decisions.md, "Secrets").
    cmd: String,
    proxy: &'a str,
    /// Seconds; 0 = never unloaded for idleness.
    ttl: u64,
    name: &'a str,
    description: &'a str,
}

/// In ascending order of model id.
pub(super) fn list(context: &RequestContext) -> Response<Body> {
    let running = context
        .app
        .driver
        .running()
        .into_iter()
        .map(|(model, state)| {
            let (id, settings) = context.snapshot.model(model);
            Entry {
                model: id,
                state: state_word(state),
                cmd: mask(&settings.cmd, &settings.sensitive).into_owned(),
                proxy: &settings.proxy,
                ttl: settings.ttl.map_or(0, |ttl| ttl.as_secs()),
                name: &settings.name,
                description: &settings.description,
            }
        })
        .collect();
    reply::json(&Running { running })
}
