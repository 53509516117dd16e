//! herder's own accept loop: where it listens, how a connection is served, how serving ends.
//!
//! There is no time limit on anything a client does: a model may think for an hour and a stream may last a day
//! (spec/http-api.md 0.1). What is limited is the number of connections and the size of a request head. Routes are
//! not known here, and when to end is decided by the caller.

mod address;
mod short_reads;
#[cfg(test)]
mod tests;
mod tls;

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::header::{HOST, HeaderValue};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::Service;

pub use address::{Address, AddressError, Reason};
pub use tls::{TlsError, TlsFiles};

use self::short_reads::ShortReads;
use crate::cancellation::{Cancelled, Canceller};
use crate::upstream::IDLE_CONNECTIONS;

/// Open connections; further ones wait in the system's accept queue. Issue 6 wants ten thousand requests to wait (p7), and
/// each has a connection of its own; one costs about 30 kB while its request waits. Each may cost a second descriptor
/// towards a model server, and both together stay below the usual hard limit on open files.
pub const MAX_CONNECTIONS: usize = 16_384;

/// Connections that the system takes while herder is busy. A client that finds no room tries again only after a second; Linux
/// allows as many as this by default (`net.core.somaxconn`), and cuts off what is more.
const ACCEPT_QUEUE: u32 = 4096;

/// Open connections under the narrowest limit on open files.
const MIN_CONNECTIONS: usize = 8;

/// Files that herder itself and a start of a model need open, with some room.
const OWN_FILES: usize = 32;

/// Size of a request's head; above it the answer is 431 (spec/http-api.md 0.1).
const MAX_HEAD_BYTES: usize = 1024 * 1024;

/// Pause after a failed accept. The usual cause is a lack of file descriptors, which passes by itself.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A client that connects and then does not shake hands must not keep its place for ever.
const TLS_HANDSHAKE: Duration = Duration::from_secs(10);

/// Ends the connection of a client that no longer reads: it has stopped taking the answer that would tell it so. Requests
/// carry one when their connection is theirs alone, which those of HTTP/2 are not.
#[derive(Debug, Clone)]
pub struct HangUp(Canceller);

impl HangUp {
    /// For a connection that is open, which ends when the second one does.
    pub fn new() -> (Self, Cancelled) {
        let (canceller, cancelled) = Canceller::new();
        (Self(canceller), cancelled)
    }

    /// Closes the connection at once, whatever is still to be written.
    pub fn hang_up(&self) {
        self.0.cancel();
    }

    /// Whether the connection has been closed so.
    #[must_use]
    pub fn is_hung_up(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// The other end of the connection that a request comes on. It travels in the request's extensions.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The socket's address, as text: it is asked for with each request.
    pub address: Arc<str>,
    /// Of a connection that carries this request alone: `None` with HTTP/2.
    pub hang_up: Option<HangUp>,
}

impl Caller {
    /// For a connection from this address.
    #[must_use]
    pub fn new(address: IpAddr, hang_up: Option<HangUp>) -> Self {
        Self {
            address: address.to_canonical().to_string().into(),
            hang_up,
        }
    }
}

/// A bound socket.
pub struct Listener {
    socket: TcpListener,
    local: SocketAddr,
    tls: Option<TlsAcceptor>,
    max_connections: usize,
}

impl Listener {
    /// Binds the first usable one of the address's sockets.
    ///
    /// # Errors
    ///
    /// When none can be bound, for example because the port is in use. The error names the address.
    pub async fn bind(address: &Address, tls: Option<TlsAcceptor>) -> io::Result<Self> {
        let named =
            |error: io::Error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"));
        let mut failure = None;
        for candidate in address.candidates().await.map_err(named)? {
            match listen(candidate) {
                Ok(socket) => {
                    let local = socket.local_addr().map_err(named)?;
                    return Ok(Self {
                        socket,
                        local,
                        tls,
                        max_connections: MAX_CONNECTIONS,
                    });
                }
                // An address in use must not be evaded by taking the other family.
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(named(error)),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        Err(named(failure.unwrap_or_else(|| {
            io::Error::new(io::ErrorKind::NotFound, "the host has no address")
        })))
    }

    /// Takes fewer connections where only so many files may be open: models must start and be reached even when
    /// clients hold all the connections they can get.
    #[must_use]
    pub fn leave_room(mut self, open_files: usize) -> Self {
        // Connections to a server that nobody asks any more, for the second or two that they live.
        let left_over = IDLE_CONNECTIONS.min(open_files / 4);
        let for_clients = open_files.saturating_sub(OWN_FILES + left_over);
        self.max_connections = (for_clients / 2).clamp(MIN_CONNECTIONS, MAX_CONNECTIONS);
        self
    }

    /// Where it listens, as a URL with the actual port.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.local)
    }

    /// The bound address.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Serves connections with `service`, which is ready at any time, until `stop` is cancelled; then accepts no more,
    /// lets the requests in progress end within `budget`, and returns.
    pub async fn serve<S>(self, service: S, stop: CancellationToken, budget: Duration)
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send,
    {
        let places = Arc::new(Semaphore::new(self.max_connections));
        let connections = tokio_util::task::TaskTracker::new();
        loop {
            let place = Arc::clone(&places).acquire_owned();
            let accepted = async {
                let place = place.await.expect("nobody closes the semaphore");
                (self.socket.accept().await, place)
            };
            let (accepted, place) = tokio::select! {
                accepted = accepted => accepted,
                () = stop.cancelled() => break,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let connection = Connection {
                        service: service.clone(),
                        peer,
                        tls: self.tls.clone(),
                        stop: stop.child_token(),
                    };
                    connections.spawn(async move {
                        connection.serve(stream).await;
                        drop(place);
                    });
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            }
        }
        drop(self.socket);
        connections.close();
        // Who is not done by then is cut off by the end of the program.
        let _ = tokio::time::timeout(budget, connections.wait()).await;
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A restart gets its port back at once. On Windows it would mean to share the port with another program.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(ACCEPT_QUEUE)
}

impl fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Listener").field(&self.url()).finish()
    }
}

/// One accepted connection.
struct Connection<S> {
    service: S,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    /// Ends the connection after the request in progress.
    stop: CancellationToken,
}

impl<S> Connection<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    async fn serve(self, stream: TcpStream) {
        // Events are small writes that must not wait for an acknowledgement. Failing costs speed only.
        let _ = stream.set_nodelay(true);
        let Some(tls) = self.tls.clone() else {
            return self.speak(stream, Protocol::Http1).await;
        };
        let Ok(Ok(stream)) = tokio::time::timeout(TLS_HANDSHAKE, tls.accept(stream)).await else {
            return;
        };
        let protocol = if stream.get_ref().1.alpn_protocol() == Some(tls::HTTP_2) {
            Protocol::Http2
        } else {
            Protocol::Http1
        };
        // Boxed: every connection without TLS would carry room for it.
        Box::pin(self.speak(stream, protocol)).await;
    }

    async fn speak(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, protocol: Protocol) {
        let Self {
            service,
            peer,
            stop,
            tls: _,
        } = self;
        let (hang_up, mut hung_up) = HangUp::new();
        let hang_up = match protocol {
            Protocol::Http1 => Some(hang_up),
            Protocol::Http2 => None,
        };
        let caller = Caller::new(peer.ip(), hang_up);
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(caller.clone());
            name_host(&mut request);
            service.clone().call(request.map(Body::new))
        });
        let stream = TokioIo::new(ShortReads::new(stream));
        // A connection that breaks is its client's business: requests on it have ended by being dropped.
        match protocol {
            Protocol::Http1 => {
                let connection = http1::Builder::new()
                    .max_buf_size(MAX_HEAD_BYTES)
                    .serve_connection(stream, service)
                    .with_upgrades();
                let mut connection = pin!(connection);
                tokio::select! {
                    biased;
                    _ = connection.as_mut() => return,
                    _ = &mut hung_up => return,
                    () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
                }
                tokio::select! {
                    biased;
                    _ = connection => {}
                    _ = hung_up => {}
                }
            }
            Protocol::Http2 => {
                let limit = u32::try_from(MAX_HEAD_BYTES).unwrap_or(u32::MAX);
                let connection = http2::Builder::new(TokioExecutor::new())
                    .max_header_list_size(limit)
                    .serve_connection(stream, service);
                let mut connection = pin!(connection);
                tokio::select! {
                    biased;
                    _ = connection.as_mut() => return,
                    () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
                }
                let _ = connection.await;
            }
        }
    }
}

/// What is spoken on a connection. It is known before the first byte: HTTP/2 is agreed on in the TLS handshake or
/// not at all (spec/http-api.md 0.1, "no h2c").
#[derive(Debug, Clone, Copy)]
enum Protocol {
    Http1,
    Http2,
}

/// HTTP/2 and absolute targets name the host in the URI; from here on it is in `Host`.
fn name_host(request: &mut Request<Incoming>) {
    let Some(authority) = request.uri().authority() else {
        return;
    };
    if let Ok(host) = HeaderValue::try_from(authority.as_str()) {
        request.headers_mut().insert(HOST, host);
    }
}
