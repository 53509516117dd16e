//! Hands a request to its model: admission, waiting, forwarding.

use std::future::Future;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{Request, Response, StatusCode, Uri, header};
use futures_util::TryFutureExt;
use herder_core::ModelState;
use herder_wire::headers;

use super::account::Account;
use super::cross_origin::FromModel;
use super::loading::{self, Wait};
use super::read_ahead::ReadAhead;
use super::{RequestContext, Reservation};
use crate::app::Target;
use crate::cancellation::{Cancelled, Canceller};
use crate::driver::{Lease, Purpose, Ticket};
use crate::error::ApiError;
use crate::in_flight::{Description, Entry};
use crate::proxy::{self, Access, Client, Payload};
use crate::watched_body::watched;

/// Whether a request is listed while it is open, and can be cancelled by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tracking {
    /// It is, under the path that the client sent.
    AsReceived,
    /// It is, under the path that the model server gets.
    AsForwarded,
    /// It is not.
    None,
}

/// Where a request goes.
#[derive(Debug)]
pub(crate) struct Destination {
    /// Who serves it.
    pub(crate) target: Target,
    /// What it asks for there.
    pub(crate) path_and_query: PathAndQuery,
    /// The count of the selector that has sent it there.
    pub(crate) reservation: Option<Reservation>,
}

/// Waits until the model may serve the request, forwards it and returns the answer, whose body holds the model until it
/// ends. Peers are not waited for.
///
/// When the client leaves, this future is dropped: the place in the queue, the lease and the entry go with it. The
/// record of the request ends with the answer, or with the error.
///
/// # Errors
///
/// Every reason of spec/http-api.md 0.4 why a model does not answer.
pub(crate) async fn dispatch(
    mut context: Box<RequestContext>,
    destination: Destination,
    payload: Payload,
    tracking: Tracking,
) -> Result<Response<Body>, ApiError> {
    let mut account = Account::open(&mut context, &destination.target);
    let payload = account.request(payload);
    let mut account = Some(account);
    let sent = send(context, destination, payload, tracking, &mut account).await;
    match (sent, account) {
        (Ok((response, entry)), Some(account)) => Ok(account.follow(response, entry)),
        (Err(error), Some(account)) => {
            account.refuse(&error);
            Err(error)
        }
        // A loading state keeps the account itself: its outcome comes later.
        (Ok((response, entry)), None) => Ok(listed(response, entry)),
        (Err(error), None) => Err(error),
    }
}

/// The answer, and the request's place in the list of open ones.
async fn send(
    mut context: Box<RequestContext>,
    destination: Destination,
    payload: Payload,
    tracking: Tracking,
    account: &mut Option<Account>,
) -> Result<(Response<Body>, Option<Entry>), ApiError> {
    let told = context.told();
    let RequestContext {
        app,
        snapshot,
        head,
        client,
        active_profile: _,
        route: _,
        proven: _,
        recording: _,
        loading,
    } = *context;
    let Destination {
        target,
        path_and_query,
        reservation,
    } = destination;
    let ignored = match &target {
        Target::Local(model) => {
            let (_, settings) = snapshot.model(*model);
            settings.ignore_websockets && headers::is_websocket_upgrade(&head.headers)
        }
        Target::Peer(_) => false,
    };
    let path = match tracking {
        Tracking::AsReceived => Some(head.uri.path()),
        Tracking::AsForwarded => Some(path_and_query.path()),
        Tracking::None => None,
    };
    let entered = path.filter(|_| !ignored).map(|path| {
        app.in_flight.enter(Description {
            model: match &target {
                Target::Local(model) => snapshot.model(*model).0.to_owned(),
                Target::Peer(found) => format!("{}/{}", found.id, found.model),
            },
            at_peer: match &target {
                Target::Local(_) => false,
                Target::Peer(_) => true,
            },
            path: path.to_owned(),
            method: head.method.clone(),
            headers: head.headers.clone(),
            client,
        })
    });
    let (entry, cancelled) = entered.unzip();
    let cancelled = cancelled.unwrap_or_else(|| Canceller::new().1);
    if let (Some(account), Some(entry)) = (&mut *account, &entry) {
        account.list(entry.follower());
    }
    let mut onward = Onward {
        head,
        payload,
        client: told,
        path_and_query,
        cancelled,
    };
    let access = match &target {
        Target::Peer(found) => {
            let exchange = app.peers.begin(&found.peer)?;
            Access::Peer {
                exchange,
                reservation,
            }
        }
        // It does not count for the selector either.
        Target::Local(model) if ignored => {
            let (id, _) = snapshot.model(*model);
            Access::Unleased(app.driver.ready_upstream(*model).ok_or_else(|| not_loaded(id))?)
        }
        Target::Local(model) => {
            let (id, settings) = snapshot.model(*model);
            let priority = snapshot.config.scheduler.priority.get(id).copied().unwrap_or(0);
            let ticket = app.driver.request(*model, Purpose::Request);
            if let (Ticket::Waiting(waiting), Some(entry)) = (&ticket, &entry) {
                entry.waits(waiting.place());
            }
            let ticket = match (ticket, loading) {
                (Ticket::Waiting(waiting), Some(requested))
                    if settings.send_loading_state
                        && !waiting.is_over()
                        && app.driver.state(*model) != ModelState::Ready =>
                {
                    let response = loading::answer(Wait {
                        requested,
                        model: id.to_owned(),
                        router: snapshot.router_name(),
                        remarks: snapshot.config.loading_remarks,
                        waiting,
                        reservation,
                        priority,
                        onward,
                        account: account.take(),
                    });
                    return Ok((response, entry));
                }
                (ticket, _) => ticket,
            };
            let lease = match ticket {
                Ticket::Granted(lease) => lease,
                ticket @ (Ticket::Waiting(_) | Ticket::Refused(_)) => {
                    let lease = ticket.lease(snapshot.router_name());
                    // Boxed for the sake of requests that need not wait: they would carry room for it.
                    let lease = Box::pin(read_while(lease, &mut onward.payload));
                    tokio::select! {
                        lease = lease => lease?,
                        _ = &mut onward.cancelled => return Err(ApiError::cancelled()),
                    }
                }
            };
            if let Some(account) = account {
                account.granted(priority);
            }
            Access::Leased { lease, reservation }
        }
    };
    Ok((onward.forward(access).await?, entry))
}

/// A request that only needs access to the one who serves it.
pub(super) struct Onward {
    /// Everything but the body, as the client sent it.
    pub(super) head: Parts,
    payload: Payload,
    client: Client,
    path_and_query: PathAndQuery,
    /// Fires when somebody cancels the request.
    pub(super) cancelled: Cancelled,
}

impl Onward {
    /// Sends it. The body of the answer holds `access`.
    pub(super) fn forward(
        self,
        access: Access,
    ) -> impl Future<Output = Result<Response<Body>, ApiError>> + use<> {
        let mut head = self.head;
        let is_from_a_page = head.headers.contains_key(header::ORIGIN);
        head.uri = Uri::from(self.path_and_query);
        let request = Request::from_parts(head, self.payload);
        // Mapped: an `async` block would carry room for what it waits for twice.
        proxy::forward(request, &self.client, access, self.cancelled).map_ok(move |mut response| {
            if is_from_a_page {
                response.extensions_mut().insert(FromModel);
            }
            response
        })
    }
}

/// A loading state that keeps its request in the list of open ones.
fn listed(response: Response<Body>, entry: Option<Entry>) -> Response<Body> {
    match entry {
        Some(entry) => {
            entry.answered(response.headers());
            // Listed until the answer has ended or is dropped.
            response.map(|inner| watched(inner, entry, |entry, data| entry.passed(data.len() as u64)))
        }
        None => response,
    }
}

/// Waits for the lease. Meanwhile a body that nobody has read yet is read ahead: that is how we learn that its client
/// has left.
async fn read_while(
    lease: impl Future<Output = Result<Lease, ApiError>>,
    payload: &mut Payload,
) -> Result<Lease, ApiError> {
    match payload {
        Payload::Pieces(_) => lease.await,
        Payload::Unread(body) => {
            let mut ahead = ReadAhead::new(std::mem::take(body));
            let lease = ahead
                .until(lease)
                .await
                .map_err(|_| ApiError::unreadable_body())?;
            *body = ahead.into_body();
            lease
        }
    }
}

fn not_loaded(id: &str) -> ApiError {
    let message = format!("model {id} is not loaded; ignored websocket requests cannot start it");
    ApiError::new(StatusCode::CONFLICT, message)
}
