//! The metrics that llama-swap does not have (quirk Q16): requests, waiting, loads and processes of each model.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use herder_core::ModelState;

use super::exposition::{Exposition, Family, Kind};
use super::histogram::Histogram;
use super::model_metrics::{ModelMetrics, StopCause};
use super::request_metrics::{CLASSES, RequestMetrics, STATUSES};
use crate::state_word::state_word;

/// A model at the moment of the look.
pub(crate) struct ModelNow<'a> {
    /// The model's id in the configuration.
    pub(crate) id: &'a str,
    /// What has been counted.
    pub(crate) metrics: Arc<ModelMetrics>,
    /// Its state.
    pub(crate) state: ModelState,
    /// Requests that it serves.
    pub(crate) in_flight: u32,
    /// Requests that wait for it.
    pub(crate) waiting: u32,
    /// Memory of its processes, where the system tells.
    pub(crate) resident_bytes: Option<u64>,
}

/// A model that a peer serves.
pub(crate) struct PeerModelNow<'a> {
    /// Its qualified name: the peer's id, a slash, the peer's name for it.
    pub(crate) id: String,
    /// What has been counted.
    pub(crate) requests: &'a RequestMetrics,
}

/// Every state has a sample of its own.
const STATES: [ModelState; 4] = [
    ModelState::Stopped,
    ModelState::Starting,
    ModelState::Ready,
    ModelState::Stopping,
];

/// Writes them.
pub(crate) fn write_herder_metrics(
    exposition: &mut Exposition,
    models: &[ModelNow<'_>],
    peers: &[PeerModelNow<'_>],
) {
    let ours = models.iter().map(|model| (model.id, &*model.metrics.requests));
    let theirs = peers.iter().map(|model| (model.id.as_str(), model.requests));
    let requests: Vec<Requests<'_>> = ours.chain(theirs).collect();
    write_answers(exposition, &requests);
    write_tokens(exposition, &requests);
    let mut family = exposition.family(
        "herder_first_byte_seconds",
        Kind::Histogram,
        "Time from a request's arrival to the first byte of its model's answer.",
    );
    for (id, requests) in &requests {
        requests.first_byte.write(&mut family, id);
    }
    write_gauges(exposition, models);
    write_life(exposition, models);
    for (name, help, histogram) in [
        (
            "herder_queue_seconds",
            "Time from a request's arrival to its turn, loads included.",
            (|model| &model.wait) as fn(&ModelMetrics) -> &Histogram,
        ),
        (
            "herder_model_load_seconds",
            "Time from the start of a model server to its readiness.",
            |model| &model.load,
        ),
    ] {
        let mut family = exposition.family(name, Kind::Histogram, help);
        for model in models {
            histogram(&model.metrics).write(&mut family, model.id);
        }
    }
}

/// The name of a model, and the requests to it.
type Requests<'a> = (&'a str, &'a RequestMetrics);

fn write_answers(exposition: &mut Exposition, requests: &[Requests<'_>]) {
    let mut family = exposition.family(
        "herder_requests_total",
        Kind::Counter,
        "Requests to a model, by route and status of the answer; 499 when the client left before there was one.",
    );
    for (id, requests) in requests {
        for route in requests.routes() {
            let mut sample = |status: &str, count: u64| {
                if count > 0 {
                    family.sample(
                        &[("model", id), ("route", route.route), ("status", status)],
                        count,
                    );
                }
            };
            for (status, count) in STATUSES.iter().zip(&route.statuses) {
                sample(&status.to_string(), count.load(Relaxed));
            }
            for (class, count) in CLASSES.iter().zip(&route.classes) {
                sample(class, count.load(Relaxed));
            }
        }
    }
}

fn write_tokens(exposition: &mut Exposition, requests: &[Requests<'_>]) {
    let mut family = exposition.family(
        "herder_tokens_total",
        Kind::Counter,
        "Tokens that answers of a model have reported: of prompts, generated, found in a cache, drafted, and \
         accepted of these.",
    );
    for (id, requests) in requests {
        for (kind, count) in requests.tokens().filter(|(_, count)| *count > 0) {
            family.sample(&[("model", id), ("kind", kind)], count);
        }
    }
}

fn write_gauges(exposition: &mut Exposition, models: &[ModelNow<'_>]) {
    let each = |mut family: Family<'_>, number: fn(&ModelNow<'_>) -> Option<u64>| {
        for model in models {
            if let Some(number) = number(model) {
                family.sample(&[("model", model.id)], number);
            }
        }
    };
    each(
        exposition.family(
            "herder_requests_in_flight",
            Kind::Gauge,
            "Requests that a model is serving.",
        ),
        |model| Some(model.in_flight.into()),
    );
    each(
        exposition.family(
            "herder_requests_waiting",
            Kind::Gauge,
            "Requests that wait for a model, in the queue or for its load.",
        ),
        |model| Some(model.waiting.into()),
    );
    each(
        exposition.family(
            "herder_model_resident_bytes",
            Kind::Gauge,
            "Resident memory of a model server's processes (Linux). Shared pages count once for each process.",
        ),
        |model| model.resident_bytes,
    );
    let mut family = exposition.family(
        "herder_model_state",
        Kind::Gauge,
        "1 for the state that a model is in, 0 for the others.",
    );
    for model in models {
        for state in STATES {
            let is = u8::from(model.state == state);
            family.sample(&[("model", model.id), ("state", state_word(state))], is);
        }
    }
}

fn write_life(exposition: &mut Exposition, models: &[ModelNow<'_>]) {
    let mut family = exposition.family(
        "herder_model_stops_total",
        Kind::Counter,
        "Ends of a model server, and starts that failed, by cause.",
    );
    for model in models {
        for (cause, count) in StopCause::ALL.iter().zip(&model.metrics.stops) {
            let labels = [("model", model.id), ("cause", cause.label())];
            family.sample(&labels, count.load(Relaxed));
        }
    }
    let mut family = exposition.family(
        "herder_model_restarts_total",
        Kind::Counter,
        "Starts of a model server whose last process ended by itself.",
    );
    for model in models {
        family.sample(&[("model", model.id)], model.metrics.restarts.load(Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use herder_core::{Cause, ModelId, Timestamp};
    use herder_wire::usage::Usage;

    use super::super::model_metrics::Metrics;
    use super::*;

    #[test]
    fn every_family_is_written_once_with_its_type() {
        let metrics = Metrics::default();
        metrics.grow(2);
        let first = metrics.model(ModelId(0));
        first.requests.answered("/v1/chat/completions", 200);
        first.requests.answered("/v1/chat/completions", 418);
        first.requests.first_byte(Duration::from_millis(30));
        first.requests.used(&Usage {
            output: 12,
            ..Usage::default()
        });
        first.granted(Duration::from_millis(3));
        first.changed(Timestamp(Duration::ZERO), ModelState::Starting, Cause::Requested);
        first.changed(
            Timestamp(Duration::from_secs(2)),
            ModelState::Ready,
            Cause::BecameReady,
        );
        let now = |id, model, state| ModelNow {
            id,
            metrics: metrics.model(ModelId(model)),
            state,
            in_flight: 2,
            waiting: 1,
            resident_bytes: (model == 0).then_some(4096),
        };
        let mut exposition = Exposition::default();
        let models = [
            now("a", 0, ModelState::Ready),
            now("b/\"c\"", 1, ModelState::Stopped),
        ];
        let requests = RequestMetrics::default();
        requests.answered("/v1/chat/completions", 200);
        let peers = [PeerModelNow {
            id: "attic/moon".to_owned(),
            requests: &requests,
        }];
        write_herder_metrics(&mut exposition, &models, &peers);
        let text = exposition.into_text();
        for line in [
            "herder_requests_total{model=\"a\",route=\"/v1/chat/completions\",status=\"200\"} 1",
            "herder_requests_total{model=\"a\",route=\"/v1/chat/completions\",status=\"4xx\"} 1",
            "herder_requests_total{model=\"attic/moon\",route=\"/v1/chat/completions\",status=\"200\"} 1",
            "herder_tokens_total{model=\"a\",kind=\"output\"} 12",
            "herder_requests_in_flight{model=\"b/\\\"c\\\"\"} 2",
            "herder_requests_waiting{model=\"a\"} 1",
            "herder_model_resident_bytes{model=\"a\"} 4096",
            "herder_model_state{model=\"a\",state=\"ready\"} 1",
            "herder_model_state{model=\"a\",state=\"stopped\"} 0",
            "herder_model_stops_total{model=\"a\",cause=\"evicted\"} 0",
            "herder_model_restarts_total{model=\"a\"} 0",
            "herder_queue_seconds_count{model=\"a\"} 1",
            "herder_first_byte_seconds_bucket{model=\"a\",le=\"0.1\"} 1",
            "herder_model_load_seconds_sum{model=\"a\"} 2",
        ] {
            assert!(text.lines().any(|written| written == line), "{line} in {text}");
        }
        assert!(!text.contains("herder_model_resident_bytes{model=\"b"), "{text}");
        let mut types: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE "))
            .collect();
        let families = types.len();
        types.dedup();
        assert_eq!((types.len(), families), (11, 11));
        for (file, dashboard) in [
            (
                "herder.json",
                include_str!("../../../../docs/grafana/herder.json"),
            ),
            ("README.md", include_str!("../../../../docs/grafana/README.md")),
        ] {
            let words =
                dashboard.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
            let names = words.filter(|word| word.starts_with("herder_"));
            let mut known = 0;
            for name in names {
                let parts = ["_bucket", "_sum", "_count"];
                let family = parts
                    .iter()
                    .find_map(|part| name.strip_suffix(part))
                    .unwrap_or(name);
                let line = format!("# TYPE {family} ");
                assert!(text.contains(&line), "{file} shows {name}, which does not exist");
                known += 1;
            }
            assert!(known >= families, "{file} shows only {known} of them");
        }
    }
}
