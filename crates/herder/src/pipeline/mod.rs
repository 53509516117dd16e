//! What happens to a request between its route and the model server: key, body, model name, edits, admission.
//!
//! Each step is a small function over what is known of the request. Which model runs when is the core's decision,
//! reached through [`crate::driver`]; how bytes flow afterwards is the business of [`crate::proxy`].

mod account;
mod accounted_body;
mod authenticate;
mod body;
pub(crate) mod cross_origin;
mod dispatch;
mod filter;
mod large_bodies;
mod loading;
mod profile;
mod qualified;
mod read_ahead;
mod resolve;
mod selector;

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{self, HeaderName};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Response, StatusCode, Uri};
use herder_config::Profile;
use herder_wire::{headers, model};

use crate::activity::recording::Recording;
use crate::app::{App, Snapshot, Target};
use crate::error::ApiError;
use crate::proxy::{Client, Payload};
use crate::serve::Caller;
use filter::Rules;

pub(crate) use authenticate::authenticate;
pub(crate) use body::read as read_body;
pub(crate) use dispatch::{Destination, Tracking, dispatch};
pub(crate) use profile::repath;
pub(crate) use qualified::unqualify;
use resolve::Unresolved;
pub(crate) use selector::{Reservation, Selector};

/// A request as it is known when its route is found. Boxed where it is handed on: each step of its way would carry room
/// for it otherwise.
pub(crate) struct RequestContext {
    /// The running herder.
    pub(crate) app: Arc<App>,
    /// The configuration that this request sees from its beginning to its end.
    pub(crate) snapshot: Arc<Snapshot>,
    /// The profile that was active when the request came, by its id.
    active_profile: Option<Arc<str>>,
    /// Everything but the body, as the client sent it.
    pub(crate) head: Parts,
    /// Who asks, as people are shown it.
    pub(crate) client: Arc<str>,
    /// The pattern of its route, as the route table has it.
    pub(crate) route: &'static str,
    /// Headers whose value was one of herder's own keys. They are not sent on (decisions.md, Q10).
    pub(crate) proven: Vec<HeaderName>,
    /// The record of this request, from its dispatch on.
    pub(crate) recording: Option<Recording>,
    /// The name of the model in the frames of a loading state, when this request may be answered with one.
    loading: Option<String>,
}

impl RequestContext {
    /// A request that has proven nothing yet.
    pub(crate) fn new(app: Arc<App>, head: Parts, client: Arc<str>, route: &'static str) -> Box<Self> {
        let snapshot = app.snapshot.load_full();
        let active_profile = app.active_profile.borrow().clone();
        Box::new(Self {
            app,
            snapshot,
            active_profile,
            head,
            client,
            route,
            proven: Vec::new(),
            recording: None,
            loading: None,
        })
    }

    /// The active profile with its id. One that the configuration does not have is none.
    pub(crate) fn profile(&self) -> Option<(&str, &Profile)> {
        let (id, profile) = self
            .snapshot
            .config
            .profiles
            .get_key_value(self.active_profile.as_deref()?)?;
        Some((id, profile))
    }

    /// What the model server may learn about the client.
    fn told(&mut self) -> Client {
        let caller = self.head.extensions.get::<Caller>();
        Client {
            address: caller.map(|caller| Arc::clone(&caller.address)),
            matched_credentials: std::mem::take(&mut self.proven),
        }
    }

    fn content_type(&self) -> Option<&str> {
        self.head
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| HeaderValue::to_str(value).ok())
    }
}

/// Serves a request that names its model in body or query (spec/http-api.md 3.1). `path` is the one for the server.
pub(crate) async fn infer(
    mut context: Box<RequestContext>,
    path: &str,
    body: Body,
) -> Result<Response<Body>, ApiError> {
    let snapshot = Arc::clone(&context.snapshot);
    let body = body::read(body, &context.head.headers, snapshot.config.max_body_bytes).await?;
    let head = &context.head;
    let query = head.uri.query();
    let found =
        model::extract(&head.method, query, context.content_type(), &body).ok_or_else(ApiError::no_model)?;
    let profile = context
        .active_profile
        .as_deref()
        .and_then(|id| snapshot.config.profiles.get(id));
    let driver = &context.app.driver;
    let resolved = match resolve::resolve(&snapshot, profile, &found.name, |model| driver.state(model)) {
        Ok(resolved) => resolved,
        Err(unresolved) => {
            let unknown = unresolved == Unresolved::Unknown;
            let error = ApiError::from(unresolved);
            if unknown && let Some(recording) = Recording::begin(&mut context, &found.name, path) {
                recording.refuse(&error);
            }
            return Err(error);
        }
    };
    let rules = match &resolved.target {
        Target::Local(model) => {
            let (_, settings) = snapshot.model(*model);
            Rules {
                name: (resolved.name != found.name).then_some(resolved.name),
                use_model_name: (!settings.use_model_name.is_empty())
                    .then_some(settings.use_model_name.as_str()),
                filters: &settings.filters,
                requested: resolved.name,
            }
        }
        Target::Peer(peer) => Rules {
            name: (peer.model != found.name).then_some(peer.model.as_str()),
            use_model_name: None,
            filters: &snapshot.config.peers[&peer.id].filters,
            requested: resolved.name,
        },
    };
    let edited = filter::edit(
        &rules,
        &found.place,
        &head.method,
        query,
        context.content_type(),
        body,
        context.app.logs.logger(),
    )?;
    let path_and_query = target(&context.head.uri, path, edited.query.as_deref())?;
    let name = snapshot.recorded_name(&resolved.target, resolved.name);
    context.recording = Recording::begin(&mut context, name, path);
    if let (Some(recording), Some(selector)) = (&mut context.recording, resolved.selector) {
        recording.selected(selector);
    }
    if found.stream && loading::is_understood_on(path) && headers::upgrade(&context.head.headers).is_none() {
        context.loading = Some(found.name.clone());
    }
    let destination = Destination {
        target: resolved.target,
        path_and_query,
        reservation: resolved.reservation,
    };
    let payload = Payload::Pieces(edited.body);
    dispatch(context, destination, payload, Tracking::AsReceived).await
}

/// Path and query as one text.
pub(crate) fn path_and_query(path: &str, query: Option<&str>) -> String {
    match query {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}

/// The request target for the server: `path`, with the client's query unless it was edited.
///
/// # Errors
///
/// 400 when that is no request target.
pub(crate) fn target(uri: &Uri, path: &str, edited_query: Option<&str>) -> Result<PathAndQuery, ApiError> {
    if let Some(unchanged) = uri.path_and_query()
        && edited_query.is_none()
        && path == unchanged.path()
    {
        return Ok(unchanged.clone());
    }
    let target = path_and_query(path, edited_query.or(uri.query()));
    PathAndQuery::try_from(target)
        .map_err(|_| ApiError::new(StatusCode::BAD_REQUEST, "invalid request target"))
}
