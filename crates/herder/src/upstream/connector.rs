//! Opens connections to a model server: TCP with the configured timeouts, TLS when the URL says so.
//!
//! Nothing here is built before it is needed: the trust store of the operating system is read by the first
//! connection to an `https` server.

use std::future::Future;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use herder_config::Timeouts;
use http::Uri;
use http::uri::Scheme;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tower::{BoxError, Service};

use super::outspoken::Outspoken;

/// The connector of one process generation.
#[derive(Clone)]
pub(super) struct Connector {
    http: HttpConnector<Resolver>,
    tls: Arc<OnceLock<Arc<ClientConfig>>>,
    /// Limit for TCP and TLS together, when both are limited.
    secure_timeout: Option<Duration>,
}

impl Connector {
    /// A connector with the model's `timeouts`.
    pub(super) fn new(timeouts: &Timeouts) -> Self {
        let mut http = HttpConnector::new_with_resolver(Resolver);
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(timeouts.connect);
        http.set_keepalive(timeouts.keepalive);
        let secure_timeout = match (timeouts.connect, timeouts.tls_handshake) {
            (Some(connect), Some(handshake)) => Some(connect + handshake),
            (None, _) | (_, None) => None,
        };
        Self {
            http,
            tls: Arc::new(OnceLock::new()),
            secure_timeout,
        }
    }

    fn tls(&self) -> Result<Arc<ClientConfig>, rustls::Error> {
        if let Some(config) = self.tls.get() {
            return Ok(Arc::clone(config));
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_platform_verifier()?
            .with_no_client_auth();
        Ok(Arc::clone(self.tls.get_or_init(|| Arc::new(config))))
    }

    /// Opens a connection to `target`: scheme, host and port.
    pub(super) async fn connect(mut self, target: Uri) -> Result<Stream, BoxError> {
        if target.scheme() != Some(&Scheme::HTTPS) {
            let stream = MaybeHttpsStream::Http(self.http.call(target).await?);
            return Ok(Outspoken::new(stream));
        }
        let mut secure = HttpsConnector::from((self.http.clone(), self.tls()?));
        let handshake = secure.call(target);
        let stream = match self.secure_timeout {
            None => handshake.await,
            Some(limit) => tokio::time::timeout(limit, handshake).await?,
        };
        stream.map(Outspoken::new)
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Connector")
            .field("secure_timeout", &self.secure_timeout)
            .finish_non_exhaustive()
    }
}

/// A connection to a server.
pub(super) type Stream = Outspoken<MaybeHttpsStream<TokioIo<TcpStream>>>;

/// Looks up host names. `localhost` is answered without the system's resolver, which would cost a thread for every
/// readiness attempt; IPv4 comes first, because that is where model servers listen by default.
#[derive(Debug, Clone, Copy)]
struct Resolver;

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, std::io::Error>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), std::io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(async move {
            // The port is the connector's to fill in.
            if name.as_str().eq_ignore_ascii_case("localhost") {
                let addresses = vec![
                    SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
                    SocketAddr::from((Ipv6Addr::LOCALHOST, 0)),
                ];
                return Ok(addresses.into_iter());
            }
            let addresses: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(addresses.into_iter())
        })
    }
}
