//! `GET /metrics`: numbers for Prometheus (spec/http-api.md 1.13).

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};

use super::reply;
use crate::app::{App, Snapshot};
use crate::monitor::{self, Exposition, ModelNow, PeerModelNow, Samples};
use crate::pipeline::RequestContext;

/// The content type of the format's version 0.0.4.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The newest sample of the machine, then what herder counts. 503 when the monitor is disabled, as in the reference.
pub(super) async fn exposition(context: &RequestContext) -> Response<Body> {
    let (app, snapshot) = (Arc::clone(&context.app), Arc::clone(&context.snapshot));
    // Reads the memory of the models' processes.
    let written = tokio::task::spawn_blocking(move || {
        let samples = app.monitor.samples()?;
        Some(write(&app, &snapshot, &samples))
    });
    match written.await {
        Ok(Some(text)) => reply::with_type(Body::from(text), TEXT_FORMAT),
        Ok(None) | Err(_) => {
            let body = Body::from("# performance monitor not available\n");
            let mut response = reply::with_type(body, TEXT_FORMAT);
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            response
        }
    }
}

fn write(app: &App, snapshot: &Snapshot, samples: &Samples) -> String {
    let mut exposition = Exposition::default();
    monitor::write_seed_metrics(
        &mut exposition,
        samples.newest_system().as_deref(),
        samples.newest_gpus().as_deref().map(Vec::as_slice),
    );
    let metrics = app.driver.metrics();
    let occupancy = app.driver.occupancy();
    let models: Vec<ModelNow<'_>> = snapshot
        .models()
        .map(|model| (model, occupancy[model.index()]))
        .map(|(model, now)| ModelNow {
            id: snapshot.model(model).0,
            metrics: metrics.model(model),
            state: now.state,
            in_flight: now.in_flight,
            waiting: now.waiting,
            resident_bytes: monitor::resident_bytes(metrics, model),
        })
        .collect();
    let peers: Vec<PeerModelNow<'_>> = snapshot
        .peers()
        .flat_map(|(id, peer)| peer.models().map(move |(model, requests)| (id, model, requests)))
        .map(|(id, model, requests)| PeerModelNow {
            id: format!("{id}/{model}"),
            requests,
        })
        .collect();
    monitor::write_herder_metrics(&mut exposition, &models, &peers);
    exposition.into_text()
}
