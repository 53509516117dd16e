//! `hooks.on_startup.preload`: loads models one after the other, under the normal rules, so later ones may evict
//! earlier ones (spec/config.md 2.8).

use std::sync::Arc;

use axum::body::Body;
use herder_core::ModelId;
use http::{Request, StatusCode};
use tokio::task::JoinHandle;

use crate::app::{App, Snapshot};
use crate::cancellation::Canceller;
use crate::driver::Purpose;
use crate::error::ApiError;
use crate::proxy::{self, Access, Client, Payload};

/// The one who preloads. There is one list at a time: what a reload adds comes after what the start began.
#[derive(Debug, Default)]
pub struct Preloader {
    last: Option<JoinHandle<()>>,
}

impl Preloader {
    /// Requests `GET /` of each model, after those of earlier calls. Ends early when herder does. Must be called inside a
    /// tokio runtime.
    pub fn load(&mut self, app: &Arc<App>, models: Vec<ModelId>) {
        if models.is_empty() {
            return;
        }
        let earlier = self.last.take();
        let app = Arc::clone(app);
        self.last = Some(tokio::spawn(async move {
            if let Some(earlier) = earlier {
                // However it ended, it has ended.
                let _ = earlier.await;
            }
            let shutdown = app.shutdown.clone();
            tokio::select! {
                () = load_each(&app, &models) => {}
                () = shutdown.cancelled() => {}
            }
        }));
    }
}

/// The models that a configuration asks for, in order.
#[must_use]
pub fn wanted(snapshot: &Snapshot) -> Vec<ModelId> {
    let names = snapshot.config.preload.iter();
    names.filter_map(|name| snapshot.resolve(name)).collect()
}

async fn load_each(app: &Arc<App>, models: &[ModelId]) {
    let logger = app.logs.logger();
    for &model in models {
        // The present one: another reload may have come.
        let snapshot = app.snapshot.load_full();
        let id = snapshot.roster().name(model);
        logger.info(format_args!("{id} preloading"));
        match load(app, &snapshot, model).await {
            Ok(()) => logger.info(format_args!("{id} preloaded")),
            Err(error) => logger.warn(format_args!("{id} failed to preload: {}", error.message())),
        }
    }
}

async fn load(app: &Arc<App>, snapshot: &Snapshot, model: ModelId) -> Result<(), ApiError> {
    let router = snapshot.router_name();
    let lease = app.driver.request(model, Purpose::Preload).lease(router).await?;
    let request = Request::new(Payload::Unread(Body::empty()));
    let answer = proxy::forward(
        request,
        &Client::default(),
        Access::Leased {
            lease,
            reservation: None,
        },
        Canceller::new().1,
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
