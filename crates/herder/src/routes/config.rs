//! `GET /api/config`: the configuration in use, without its secrets, and how the last reload ended. herder's own route.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use herder_wire::accept::ErrorForm;
use jiff::Timestamp;
use serde::Serialize;
use tokio::task::{JoinError, spawn_blocking};

use super::reply;
use crate::configuration::{Finding, LastReload, shown};
use crate::error::ApiError;
use crate::pipeline::RequestContext;

/// The configuration in use.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Configuration"))]
pub(super) struct Shown<'a> {
    /// In the order in which they are merged.
    files: Vec<File<'a>>,
    /// When it was taken over.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    loaded_at: String,
    /// Whether changes of the files are noticed by themselves (`-watch-config`).
    watched: bool,
    /// The effective configuration: merged, macros expanded, defaults filled in. Secrets are `***`. Of a very long one only
    /// the first lines are here, and a comment says so.
    yaml: String,
    /// What works, but probably not as meant; and what needs a restart.
    warnings: &'a [Finding],
    /// The last reload since herder started.
    last_reload: Option<&'a LastReload>,
}

/// A file of the configuration.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ConfigurationFile"))]
struct File<'a> {
    /// As it was named on the command line, or below the directory that was.
    path: &'a str,
    /// When it was written last, as it is now; `null` when it is gone, or cannot be asked.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    modified: Option<String>,
}

/// The configuration as it is now.
pub(super) async fn show(context: &RequestContext) -> Response<Body> {
    let configuration = &context.app.configuration;
    let state = configuration.state();
    let in_use = &state.in_use;
    let asked = Arc::clone(&state);
    // A disk may take its time, and so does the text of a thousand models.
    let looked = spawn_blocking(move || {
        let times = asked.in_use.files.iter().map(|path| modified(path)).collect();
        (times, asked.yaml())
    });
    let (times, yaml): (Vec<Option<String>>, String) = match looked.await {
        Ok(found) => found,
        Err(error) => return lost(&error),
    };
    let files = in_use.files.iter().zip(times);
    reply::json(&Shown {
        files: files.map(|(path, modified)| File { path, modified }).collect(),
        loaded_at: shown(state.loaded_at),
        watched: configuration.watched,
        yaml,
        warnings: &in_use.warnings,
        last_reload: state.last_reload.as_deref(),
    })
}

/// It panicked, or herder is ending: an empty text would say that nothing is configured.
fn lost(error: &JoinError) -> Response<Body> {
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).respond(ErrorForm::Json)
}

/// When a file was written last. Blocks.
fn modified(path: &str) -> Option<String> {
    let time = std::fs::metadata(path).ok()?.modified().ok()?;
    Some(shown(Timestamp::try_from(time).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_of_the_server() {
        let panicked = spawn_blocking(|| panic!("as a bug would")).await;
        assert_eq!(
            lost(&panicked.unwrap_err()).status(),
            StatusCode::INTERNAL_SERVER_ERROR
        );
    }
}
