//! The HTTP surface: finds the route of a request, checks the key, and turns errors into answers.
//!
//! Every request passes `answer` once. What a route does is in the file of its family; what happens to a request on
//! its way to a model is the business of `pipeline`.

mod abilities;
mod activity;
mod captures;
mod comfyui;
mod config;
mod details;
mod events;
mod hardware;
mod health;
mod in_flight;
mod inference;
mod load;
mod logs;
mod metrics;
mod models;
mod openapi;
mod performance;
mod profiles;
mod query;
mod reload;
mod reply;
mod residency;
mod running;
mod swaps;
mod table;
mod ui;
mod unload;
mod upstream;
mod version;

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode, header};
use herder_wire::accept;
use herder_wire::path;
use http_body::Body as _;
use tower::Service;

use crate::access_log;
use crate::app::App;
use crate::error::ApiError;
use crate::pipeline::{RequestContext, authenticate, cross_origin};
use reply::redirect;
use table::{Endpoint, Found};

/// The service that answers every request. The accept loop puts the other end of the connection into the request's
/// extensions, as [`crate::serve::Caller`].
pub fn service(
    app: Arc<App>,
) -> impl Service<
    Request<Body>,
    Response = Response<Body>,
    Error = Infallible,
    Future = impl Future<Output = Result<Response<Body>, Infallible>> + Send,
> + Clone
+ Send
+ 'static {
    tower::service_fn(move |request| answer(Arc::clone(&app), request))
}

/// Access log, then CORS, then the route (spec/http-api.md 3.1).
async fn answer(app: Arc<App>, request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let client = access_log::client_address(request.headers(), request.extensions());
    let line = access_log::Line::begin(&app.logs, &client, &request);
    let is_head = request.method() == Method::HEAD;
    let mut response = if request.method() == Method::OPTIONS {
        cross_origin::preflight(request.headers())
    } else {
        let form = accept::negotiate(request.headers());
        let origin = request.headers().get(header::ORIGIN).cloned();
        let mut response = route(app, client, request)
            .await
            .unwrap_or_else(|error| error.respond(form));
        if let Some(origin) = origin {
            cross_origin::allow(&mut response, origin);
        }
        response
    };
    if is_head {
        without_body(&mut response);
    }
    Ok(match line {
        Some(line) => line.follow(response),
        None => response,
    })
}

/// The answer to `HEAD`. hyper leaves the body out by itself, but not over HTTP/2.
fn without_body(response: &mut Response<Body>) {
    let length = response.body().size_hint().exact();
    if let Some(length) = length.filter(|length| *length > 0) {
        let fields = response.headers_mut();
        fields.entry(header::CONTENT_LENGTH).or_insert(length.into());
    }
    *response.body_mut() = Body::empty();
}

async fn route(app: Arc<App>, client: Arc<str>, request: Request<Body>) -> Result<Response<Body>, ApiError> {
    if let Some(location) = cleaned(&request) {
        return Ok(redirect(StatusCode::TEMPORARY_REDIRECT, &location));
    }
    let (head, body) = request.into_parts();
    let uri = head.uri.clone();
    let (pattern, endpoint, open) = match table::find(&head.method, uri.path()) {
        Found::Route {
            pattern,
            endpoint,
            open,
        } => (pattern, endpoint, open),
        Found::WrongMethod(allow) => return Err(ApiError::method_not_allowed(allow)),
        Found::Unknown => return Err(ApiError::unknown_route()),
    };
    let mut context = RequestContext::new(app, head, client, pattern);
    if endpoint.needs_key() {
        context.proven = authenticate(&context.snapshot.config.api_keys, &context.head.headers)?;
    }
    match endpoint {
        Endpoint::Inference => inference::same_path(context, body).await,
        Endpoint::InferenceWithoutPrefix => inference::without_prefix(context, body).await,
        Endpoint::Models => Ok(models::list(&context)),
        Endpoint::Running => Ok(running::list(&context)),
        Endpoint::Unload => Ok(unload::every(&context, reply::text("OK")).await),
        Endpoint::UnloadEvery => Ok(unload::every(&context, reply::done()).await),
        Endpoint::UnloadOne => unload::one(&context, open).await,
        Endpoint::LoadOne => load::one(&context, open, body).await,
        Endpoint::Details => details::list(&context).await,
        Endpoint::Health => Ok(health::alive()),
        Endpoint::Version => Ok(version::version()),
        Endpoint::Logs => Ok(logs::history(&context)),
        Endpoint::LogStream => Ok(logs::stream(&context)),
        Endpoint::LogStreamOf => logs::stream_of(&context, open),
        Endpoint::Activity => activity::list(&context).await,
        Endpoint::Capture => captures::show(&context, open).await,
        Endpoint::Statistics => activity::statistics(&context).await,
        Endpoint::Events => events::stream(&context),
        Endpoint::CancelInFlight => in_flight::cancel(&context, open),
        Endpoint::Profiles => Ok(profiles::list(&context)),
        Endpoint::SwitchProfile => profiles::switch(&context, body).await,
        Endpoint::Performance => performance::samples(&context),
        Endpoint::Metrics => Ok(metrics::exposition(&context).await),
        Endpoint::Hardware => hardware::snapshot(&context),
        Endpoint::Configuration => Ok(config::show(&context).await),
        Endpoint::Reload => reload::reload(&context).await,
        Endpoint::Document => Ok(openapi::document()),
        Endpoint::Plan => swaps::plan(&context),
        Endpoint::Swaps => swaps::list(&context),
        Endpoint::Residency => residency::list(&context),
        Endpoint::Home => Ok(redirect(StatusCode::FOUND, "/ui")),
        Endpoint::Ui => ui::file(&context, open),
        Endpoint::UiSlash => Ok(ui::with_slash(&context)),
        Endpoint::Icon => ui::icon(&context),
        Endpoint::UpstreamHome => Ok(redirect(StatusCode::FOUND, "/ui/models")),
        Endpoint::UpstreamSlash => Ok(redirect(StatusCode::TEMPORARY_REDIRECT, "/upstream/")),
        Endpoint::ComfyHome => Ok(comfyui::home(&context)),
        Endpoint::Comfy => comfyui::pass(context, open, body).await,
        Endpoint::Upstream => upstream::pass(context, open, body).await,
    }
}

/// Where a path with `//`, `/./` or `/../` should have gone, with its query. `None` for a clean path.
fn cleaned(request: &Request<Body>) -> Option<String> {
    let clean = path::clean(request.uri().path())?;
    Some(match request.uri().query() {
        Some(query) => format!("{clean}?{query}"),
        None => clean,
    })
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Channel};

    use super::*;

    #[tokio::test]
    async fn http_0_2_the_answer_to_head_has_a_length_and_no_body() {
        let stream = || Body::new(Channel::<bytes::Bytes, axum::Error>::new(1).1);
        let table = [
            (Body::from("three"), Some("5")),
            (Body::empty(), None),
            (stream(), None),
        ];
        for (body, length) in table {
            let mut response = Response::new(body);
            without_body(&mut response);
            let said = response.headers().get(header::CONTENT_LENGTH);
            assert_eq!(said.map(|said| said.to_str().unwrap()), length);
            assert!(
                response
                    .into_body()
                    .collect()
                    .await
                    .unwrap()
                    .to_bytes()
                    .is_empty()
            );
        }
    }
}
