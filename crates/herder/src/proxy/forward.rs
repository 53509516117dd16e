//! The exchange of heads: the request as the model server must see it, the answer as the client must see it
//! (spec/http-api.md 1.3 and 3.3).

use std::sync::Arc;

use axum::body::Body;
use herder_wire::{Pieces, headers};
use http::header::{
    CONTENT_LENGTH, COOKIE, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, TRAILER, TRANSFER_ENCODING,
};
use http::uri::PathAndQuery;
use http::{Request, Response, StatusCode, Uri, Version};
use hyper::upgrade::OnUpgrade;

use super::pieces::PiecesBody;
use super::relay::Relay;
use super::{Access, peer, upgrade};
use crate::cancellation::Cancelled;
use crate::error::ApiError;
use crate::upstream::{Answer, SendError};

const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
/// Asks proxies in front of herder (nginx) not to hold back events.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The body of a request on its way to the model server.
#[derive(Debug)]
pub enum Payload {
    /// Not read yet: it streams through with the client's framing.
    Unread(Body),
    /// Read, perhaps edited: it gets an exact length. The pieces are sent as they are, without a copy.
    Pieces(Pieces),
}

/// What the model server learns, or must not learn, about the client.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// The address of the socket, appended to `X-Forwarded-For`.
    pub address: Option<Arc<str>>,
    /// Headers whose value matched one of `apiKeys`: they are not forwarded (decisions.md, Q10).
    pub matched_credentials: Vec<HeaderName>,
}

/// Sends `request` and returns the answer, whose body streams from the model server and holds `access` until it
/// ends or is dropped; dropping it, or this future, cancels the request upstream. The request's URI is the target
/// as the model server must see it (without `/v`, `/upstream/<model>` and the like). `cancelled` breaks off the
/// exchange at any time.
///
/// # Errors
///
/// 502 when the model server gives no answer, 503 when `cancelled` comes first.
pub fn forward(
    mut request: Request<Payload>,
    client: &Client,
    access: Access,
    cancelled: Cancelled,
) -> impl Future<Output = Result<Response<Body>, ApiError>> + use<> {
    let protocol = headers::upgrade(request.headers());
    let client_side = protocol.is_some().then(|| hyper::upgrade::on(&mut request));
    // Before anything is waited for: who waits carries no room for the client's request.
    let outgoing = outgoing(request, client, &access, protocol);
    exchange(outgoing, client_side, access, cancelled)
}

async fn exchange(
    outgoing: Result<Box<Request<Body>>, SendError>,
    client_side: Option<OnUpgrade>,
    access: Access,
    mut cancelled: Cancelled,
) -> Result<Response<Body>, ApiError> {
    let outgoing = outgoing.map_err(|error| bad_gateway(&access, &error))?;
    let sent = tokio::select! {
        biased;
        _ = &mut cancelled => return Err(ApiError::cancelled()),
        sent = access.server().send(outgoing) => sent,
    };
    let answer = sent.map_err(|error| bad_gateway(&access, &error))?;
    match (answer.status(), client_side) {
        (StatusCode::SWITCHING_PROTOCOLS, Some(client_side)) => {
            Ok(upgrade::open(answer, client_side, access, cancelled))
        }
        (StatusCode::SWITCHING_PROTOCOLS, None) => {
            let error = SendError::Broken("it switched protocols without being asked".to_owned());
            Err(bad_gateway(&access, &error))
        }
        _ => Ok(incoming(answer, access, cancelled)),
    }
}

/// The request as the server sees it.
fn outgoing(
    request: Request<Payload>,
    client: &Client,
    access: &Access,
    protocol: Option<HeaderValue>,
) -> Result<Box<Request<Body>>, SendError> {
    let (mut head, payload) = request.into_parts();
    let target = head.uri.path_and_query().cloned();
    let target = target.unwrap_or_else(|| PathAndQuery::from_static("/"));
    let target = match access {
        Access::Leased { .. } | Access::Unleased(_) => access.server().target(target)?,
        Access::Peer { .. } => access.server().joined(&peer::target(target.as_str()))?,
    };
    let fields = &mut head.headers;
    let host = fields.remove(HOST);
    headers::strip_hop_by_hop(fields);
    for name in &client.matched_credentials {
        fields.remove(name);
    }
    join_cookies(fields);
    // We have answered this one ourselves by reading the body.
    fields.remove(EXPECT);
    match access {
        Access::Leased { lease, .. } => say_who_asks(fields, host, client, lease.upstream().preserve_host()),
        Access::Unleased(upstream) => say_who_asks(fields, host, client, upstream.preserve_host()),
        Access::Peer { exchange, .. } => exchange.edit_headers(fields),
    }
    if let Some(protocol) = protocol {
        headers::set_upgrade(fields, protocol);
    }
    let body = match payload {
        Payload::Unread(body) => body,
        Payload::Pieces(pieces) => {
            let length = pieces.len();
            let mut said = fields.get_all(CONTENT_LENGTH).iter();
            match (said.next(), said.next()) {
                // An unedited body has the length that the client has said.
                (Some(said), None) if said.to_str().is_ok_and(|said| said.parse() == Ok(length)) => {}
                (None, _) if length == 0 => {}
                (Some(_) | None, _) => drop(fields.insert(CONTENT_LENGTH, HeaderValue::from(length))),
            }
            Body::new(PiecesBody::from(pieces))
        }
    };
    let mut outgoing = Box::new(Request::new(body));
    *outgoing.method_mut() = head.method;
    *outgoing.uri_mut() = Uri::from(target);
    *outgoing.version_mut() = Version::HTTP_11;
    *outgoing.headers_mut() = head.headers;
    Ok(outgoing)
}

/// Tells a model server of our own where the request comes from. The HTTP client writes the server's own `Host` where
/// there is none.
fn say_who_asks(fields: &mut HeaderMap, host: Option<HeaderValue>, client: &Client, preserve_host: bool) {
    match host {
        Some(host) if preserve_host => drop(fields.insert(HOST, host)),
        Some(host) => drop(fields.entry(X_FORWARDED_HOST).or_insert(host)),
        None => {}
    }
    if let Some(address) = &client.address {
        headers::append_forwarded_for(fields, address);
    }
}

/// HTTP/2 may send each cookie in a field of its own; in HTTP/1.1 they must be one (RFC 9113, 8.2.3).
fn join_cookies(fields: &mut HeaderMap) {
    let cookies: Vec<&[u8]> = fields.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if cookies.len() > 1
        && let Ok(joined) = HeaderValue::from_bytes(&cookies.join(&b"; "[..]))
    {
        fields.insert(COOKIE, joined);
    }
}

/// The answer as the client sees it.
fn incoming(answer: Response<Answer>, access: Access, cancelled: Cancelled) -> Response<Body> {
    let (mut head, body) = answer.into_parts();
    let streams_events = headers::is_event_stream(&head.headers);
    // A message with both has the length that its chunks say (RFC 9112, 6.3).
    if head.headers.contains_key(TRANSFER_ENCODING) {
        head.headers.remove(CONTENT_LENGTH);
    }
    relay_headers(&mut head.headers);
    if streams_events {
        head.headers
            .insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    }
    let relay = Relay::new(body, &head.headers, streams_events, access, cancelled);
    let mut response = Response::new(Body::new(relay));
    *response.status_mut() = head.status;
    *response.headers_mut() = head.headers;
    response
}

/// Takes out what belongs to the connection to the model server. Trailers are relayed, so they stay announced.
pub(super) fn relay_headers(fields: &mut HeaderMap) {
    let trailers = fields.get(TRAILER).cloned();
    headers::strip_hop_by_hop(fields);
    if let Some(trailers) = trailers {
        fields.insert(TRAILER, trailers);
    }
}

fn bad_gateway(access: &Access, error: &SendError) -> ApiError {
    ApiError::new(StatusCode::BAD_GATEWAY, access.fault(error))
}
