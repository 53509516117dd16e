//! `GET /running`: the models that have a process (spec/http-api.md 1.6).

use axum::body::Body;
use axum::http::Response;
use herder_core::{Mean, ModelCosts};
use serde::Serialize;

use super::reply;
use crate::driver::Running;
use crate::logs::mask;
use crate::pipeline::RequestContext;
use crate::state_word::state_word;

/// The models that have a process.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "RunningModels"))]
pub(super) struct List<'a> {
    /// In ascending order of model id.
    running: Vec<Entry<'a>>,
}

/// A model with a process. All fields are always there.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "RunningModel"))]
struct Entry<'a> {
    /// Its id.
    model: &'a str,
    /// What the process is doing.
    #[cfg_attr(test, schemars(extend("enum" = ["starting", "ready", "stopping"])))]
    state: &'static str,
    /// The expanded command, secrets masked .
    cmd: String,
    /// Where it answers.
    proxy: &'a str,
    /// Seconds; 0 = never unloaded for idleness.
    ttl: u64,
    /// For people; may be empty.
    name: &'a str,
    /// For people; may be empty.
    description: &'a str,
    /// What it takes in time. A field of herder.
    costs: Costs,
}

/// What was measured, now and by earlier runs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ModelCosts"))]
pub(super) struct Costs {
    /// From the start of its process to readiness.
    load: Measured,
    /// From the order to stop until its process is gone.
    stop: Measured,
    /// From the grant to the end of a request.
    service: Measured,
}

/// An exponentially weighted mean.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "MeasuredTime"))]
struct Measured {
    /// `null` without a measurement.
    seconds: Option<f64>,
    /// How often it was measured.
    count: u32,
}

impl Costs {
    pub(super) fn of(costs: ModelCosts) -> Self {
        Self {
            load: Measured::of(costs.load),
            stop: Measured::of(costs.stop),
            service: Measured::of(costs.service),
        }
    }
}

impl Measured {
    fn of(mean: Mean) -> Self {
        Self {
            seconds: mean.known().map(|mean| mean.as_secs_f64()),
            count: mean.count,
        }
    }
}

/// In ascending order of model id. A process may belong to a model that is not configured any more.
pub(super) fn list(context: &RequestContext) -> Response<Body> {
    let processes = context.app.driver.running();
    reply::json(&List {
        running: processes.iter().map(Entry::of).collect(),
    })
}

impl<'a> Entry<'a> {
    fn of(process: &'a Running) -> Self {
        let settings = &process.settings;
        Self {
            model: &process.name,
            state: state_word(process.state),
            cmd: mask(&settings.cmd, &settings.sensitive).into_owned(),
            proxy: &settings.proxy,
            ttl: settings.ttl.map_or(0, |ttl| ttl.as_secs()),
            name: &settings.name,
            description: &settings.description,
            costs: Costs::of(process.costs),
        }
    }
}
