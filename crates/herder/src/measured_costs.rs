//! Measured costs over restarts: what the activity store knows goes to the core at the start, and what the core has
//! measured goes to the store. The core measures, the store keeps, this carries.

use std::sync::Arc;

use tokio::sync::broadcast::error::RecvError;

use crate::activity::costs;
use crate::activity::store::{QueryError, Store};
use crate::app::App;
use crate::driver::Driver;

/// Tells the core what is known from earlier runs.
///
/// # Errors
///
/// When the store cannot be read.
pub async fn seed(driver: &Driver, store: &Store) -> Result<(), QueryError> {
    let kept = store.query(costs::read).await?;
    driver.seed_costs(&kept);
    Ok(())
}

/// Writes the costs of a model whenever it has changed its state, because that ends a measurement of a load or a stop;
/// times of requests go along. After a reload everything is written: it may be another store. Ends with herder.
pub async fn keep(app: Arc<App>) {
    let (_, mut changes) = app.driver.watch();
    let mut reloaded = app.reloaded.subscribe();
    loop {
        tokio::select! {
            change = changes.recv() => match change {
                Ok(change) => app.activity.keep_costs(app.driver.kept_costs(Some(change.model))),
                Err(RecvError::Lagged(_)) => keep_all(&app),
                Err(RecvError::Closed) => return,
            },
            changed = reloaded.changed() => match changed {
                Ok(()) => keep_all(&app),
                Err(_) => return,
            },
            () = app.shutdown.cancelled() => return,
        }
    }
}

/// Writes the costs of all models that have any.
pub fn keep_all(app: &App) {
    app.activity.keep_costs(app.driver.kept_costs(None));
}
