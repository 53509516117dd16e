//! Measured costs over restarts: what the activity store knows goes to the core at the start, and what the core has
//! measured goes to the store. The core measures, the store keeps, this carries.

use std::sync::Arc;

use tokio::sync::broadcast::error::RecvError;

use crate::activity::costs;
use crate::activity::store::{QueryError, Store};
use crate::app::App;
use crate::driver::Driver;

/// Tells the core what is known from earlier runs about models of which it has measured nothing.
///
/// # Errors
///
/// When the store cannot be read.
pub async fn seed(driver: &Driver, store: &Store) -> Result<(), QueryError> {
    let kept = store.query(costs::read).await?;
    driver.seed_costs(&kept);
    Ok(())
}

/// After a reload, when its store counts: models that are new get what the store knows of them, and the store, which may
/// be another one, gets what is known here.
pub async fn follow_reload(app: &App) {
    if let Err(error) = seed(&app.driver, &app.activity).await {
        let logger = app.logs.logger();
        logger.warn(format_args!(
            "measured costs of earlier runs are not known: {error}"
        ));
    }
    keep_all(app);
}

/// Writes the costs of a model whenever it has changed its state, because that ends a measurement of a load or a stop;
/// times of requests go along. Ends with herder.
pub async fn keep(app: Arc<App>) {
    let (_, mut changes) = app.driver.watch();
    loop {
        tokio::select! {
            change = changes.recv() => match change {
                Ok(change) => app.activity.keep_costs(app.driver.kept_costs(Some(change.model))),
                Err(RecvError::Lagged(_)) => keep_all(&app),
                Err(RecvError::Closed) => return,
            },
            () = app.shutdown.cancelled() => return,
        }
    }
}

/// Writes the costs of all models that have any.
pub fn keep_all(app: &App) {
    app.activity.keep_costs(app.driver.kept_costs(None));
}
