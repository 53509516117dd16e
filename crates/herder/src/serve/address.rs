//! Where herder listens, and why there (spec/config.md 1.1 and decisions.md, "Default listen address").

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The port without TLS.
const PLAIN_PORT: u16 = 8080;
/// The port with TLS.
const TLS_PORT: u16 = 8443;

/// An address to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    host: Host,
    port: u16,
    reason: Reason,
}

/// The host part of a listen address.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    /// Every interface.
    All,
    Ip(IpAddr),
    Name(String),
}

/// Why this address was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// `-listen` names it.
    Asked,
    /// No `-listen` and no `apiKeys`: anybody who can connect may use it, so only this machine can.
    NoKeys,
    /// No `-listen`, but `apiKeys` protect it.
    Keys,
}

/// A `-listen` value that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid listen address {text:?}: {reason} (expected host:port, for example 127.0.0.1:8080 or :8080)"
)]
pub struct AddressError {
    text: String,
    reason: &'static str,
}

impl Address {
    /// The address of `-listen`, or the default for a configuration with or without keys and TLS.
    ///
    /// # Errors
    ///
    /// When `listen` has no port or makes no sense.
    pub fn choose(listen: Option<&str>, has_keys: bool, has_tls: bool) -> Result<Self, AddressError> {
        let port = if has_tls { TLS_PORT } else { PLAIN_PORT };
        match listen {
            Some(text) => Self::parse(text),
            None if has_keys => Ok(Self {
                host: Host::All,
                port,
                reason: Reason::Keys,
            }),
            None => Ok(Self {
                host: Host::Ip(Ipv4Addr::LOCALHOST.into()),
                port,
                reason: Reason::NoKeys,
            }),
        }
    }

    /// Why it was taken.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The sockets to try, best first. A wildcard means both address families where the system can do that with one
    /// socket.
    pub(super) async fn candidates(&self) -> io::Result<Vec<SocketAddr>> {
        let addresses = match &self.host {
            Host::All => {
                let both = if cfg!(windows) {
                    None
                } else {
                    Some(IpAddr::from(Ipv6Addr::UNSPECIFIED))
                };
                both.into_iter().chain([Ipv4Addr::UNSPECIFIED.into()]).collect()
            }
            Host::Ip(address) => vec![*address],
            Host::Name(name) => {
                return Ok(tokio::net::lookup_host((name.as_str(), self.port))
                    .await?
                    .collect());
            }
        };
        Ok(addresses
            .into_iter()
            .map(|address| SocketAddr::new(address, self.port))
            .collect())
    }

    fn parse(text: &str) -> Result<Self, AddressError> {
        let error = |reason| AddressError {
            text: text.to_owned(),
            reason,
        };
        let (host, port) = text
            .rsplit_once(':')
            .ok_or_else(|| error("the port is missing"))?;
        let port = port
            .parse()
            .map_err(|_| error("the port is not a number below 65536"))?;
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match (host, bracketed) {
            ("" | "*", _) => Host::All,
            (_, Some(inner)) => Host::Ip(
                inner
                    .parse::<Ipv6Addr>()
                    .map_err(|_| error("the host is invalid"))?
                    .into(),
            ),
            (host, None) if host.contains(':') => return Err(error("an IPv6 host needs brackets")),
            (host, None) => host
                .parse()
                .map_or_else(|_| Host::Name(host.to_owned()), Host::Ip),
        };
        Ok(Self {
            host,
            port,
            reason: Reason::Asked,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::All => write!(formatter, ":{}", self.port),
            Host::Ip(address) => SocketAddr::new(*address, self.port).fmt(formatter),
            Host::Name(name) => write!(formatter, "{name}:{}", self.port),
        }
    }
}

impl Reason {
    /// What the start line says about the choice.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Asked => "as -listen says",
            Self::NoKeys => "this machine only, because no apiKeys are configured and no -listen is given",
            Self::Keys => "all interfaces, because apiKeys are configured and no -listen is given",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listen_addresses() {
        let table = [
            ("127.0.0.1:9292", Ok("127.0.0.1:9292")),
            (":8080", Ok(":8080")),
            ("*:8080", Ok(":8080")),
            ("[::1]:80", Ok("[::1]:80")),
            ("localhost:0", Ok("localhost:0")),
            ("8080", Err("the port is missing")),
            ("127.0.0.1", Err("the port is missing")),
            ("h:http", Err("the port is not a number below 65536")),
            ("h:70000", Err("the port is not a number below 65536")),
            ("::1:80", Err("an IPv6 host needs brackets")),
            ("[h]:80", Err("the host is invalid")),
        ];
        for (text, expected) in table {
            let address = Address::choose(Some(text), false, false);
            let address = address
                .as_ref()
                .map(ToString::to_string)
                .map_err(|error| error.reason);
            assert_eq!(address.as_deref().map_err(|reason| *reason), expected, "{text}");
        }
    }

    #[test]
    fn row_132_defaults_open_to_the_world_only_with_keys() {
        let table = [
            (false, false, "127.0.0.1:8080", Reason::NoKeys),
            (false, true, "127.0.0.1:8443", Reason::NoKeys),
            (true, false, ":8080", Reason::Keys),
            (true, true, ":8443", Reason::Keys),
        ];
        for (has_keys, has_tls, text, reason) in table {
            let address = Address::choose(None, has_keys, has_tls).unwrap();
            assert_eq!((address.to_string().as_str(), address.reason()), (text, reason));
        }
    }
}
