//! `hooks.on_startup.preload`: loads models once herder listens, one after the other, under the normal rules, so
//! later ones may evict earlier ones (spec/config.md 2.8).

use std::sync::Arc;

use axum::body::Body;
use herder_core::ModelId;
use http::{Request, StatusCode};
use tokio_util::sync::CancellationToken;

use crate::app::{App, Snapshot};
use crate::driver::Ticket;
use crate::error::ApiError;
use crate::proxy::{self, Access, Client, Payload};

/// Requests `GET /` of each configured model. Ends early when herder does.
pub(super) async fn preload(app: Arc<App>) {
    let snapshot = app.snapshot.load_full();
    for id in &snapshot.config.preload {
        let Some(model) = snapshot.resolve(id) else {
            continue;
        };
        app.logs.logger().info(format_args!("{id} preloading"));
        let loaded = tokio::select! {
            loaded = load(&app, &snapshot, model) => loaded,
            () = app.shutdown.cancelled() => return,
        };
        match loaded {
            Ok(()) => app.logs.logger().info(format_args!("{id} preloaded")),
            Err(error) => app
                .logs
                .logger()
                .warn(format_args!("{id} failed to preload: {}", error.message())),
        }
    }
}

async fn load(app: &Arc<App>, snapshot: &Snapshot, model: ModelId) -> Result<(), ApiError> {
    let router = snapshot.router_name();
    let lease = match app.driver.request(model) {
        Ticket::Granted(lease) => lease,
        Ticket::Waiting(waiting) => waiting
            .await
            .map_err(|failed| ApiError::from_failed(&failed, router))?,
        Ticket::Refused(refused) => return Err(ApiError::from_refused(&refused, router)),
    };
    let request = Request::new(Payload::Unread(Body::empty()));
    let answer = proxy::forward(
        request,
        &Client::default(),
        Access::Leased {
            lease,
            reservation: None,
        },
        CancellationToken::new(),
    )
    .await?;
    // A server that has nothing at `/` is loaded all the same.
    match answer.status() {
        StatusCode::NOT_FOUND => Ok(()),
        status if status.is_client_error() || status.is_server_error() => {
            Err(ApiError::new(status, format!("GET / answered {status}")))
        }
        _ => Ok(()),
    }
}
