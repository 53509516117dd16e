//! The command line of `cargo xtask bench`.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Arguments {
    /// Names of cases, in the order in which they were given; empty when none was named.
    pub(super) cases: Vec<String>,
    /// Where the figures go as JSON.
    pub(super) json: Option<PathBuf>,
    pub(super) peers: Vec<Peer>,
}

/// Another router for the same table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Peer {
    pub(super) name: String,
    /// For a shell, which knows `UPSTREAM_URL`, `UPSTREAM_PORT` and `UPSTREAM_COMMAND`.
    pub(super) command: String,
    pub(super) address: SocketAddr,
    /// What its URL has after the host; `/v1/…` is appended to it.
    pub(super) prefix: String,
}

impl Arguments {
    /// # Errors
    /// A flag that does not exist or lacks its value, or a peer that is not `NAME=COMMAND,URL`.
    pub(super) fn parse(words: &[&str]) -> Result<Self> {
        let (mut cases, mut json, mut peers) = (Vec::new(), None, Vec::new());
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            match word {
                "--json" => json = Some(PathBuf::from(words.next().context("--json needs a file")?)),
                "--peer" => peers.push(Peer::parse(
                    words.next().context("--peer needs NAME=COMMAND,URL")?,
                )?),
                flag if flag.starts_with('-') => {
                    bail!("unknown flag {flag}: there are --json FILE and --peer NAME=COMMAND,URL")
                }
                case => cases.push(case.to_owned()),
            }
        }
        Ok(Self { cases, json, peers })
    }
}

impl Peer {
    /// The command may hold `=` and `,`: the name ends at the first `=`, the URL begins after the last `,`.
    fn parse(text: &str) -> Result<Self> {
        let parts = text.split_once('=').and_then(|(name, rest)| {
            let (command, url) = rest.rsplit_once(',')?;
            Some((name.trim(), command.trim(), url.trim()))
        });
        let (name, command, url) = parts.with_context(|| format!("'{text}' is not NAME=COMMAND,URL"))?;
        ensure!(
            !name.is_empty() && !command.is_empty(),
            "'{text}' lacks a name or a command"
        );
        let place = url
            .strip_prefix("http://")
            .with_context(|| format!("{url} is not an http:// address"))?;
        let (host, path) = place.find('/').map_or((place, ""), |slash| place.split_at(slash));
        let host_and_port = if host.contains(':') {
            host.to_owned()
        } else {
            format!("{host}:80")
        };
        let mut addresses = host_and_port
            .to_socket_addrs()
            .with_context(|| format!("{url} names no host and port"))?;
        Ok(Self {
            name: name.to_owned(),
            command: command.to_owned(),
            address: addresses
                .next()
                .with_context(|| format!("{host} has no address"))?,
            prefix: path.trim_end_matches('/').to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_and_flags_come_in_any_order() {
        let words = [
            "p2",
            "--json",
            "out.json",
            "--peer",
            "a=b,http://127.0.0.1:1",
            "p1",
        ];
        let arguments = Arguments::parse(&words).unwrap();
        assert_eq!(arguments.cases, ["p2", "p1"]);
        assert_eq!(arguments.json, Some(PathBuf::from("out.json")));
        assert_eq!(arguments.peers.len(), 1);
    }

    #[test]
    fn a_peer_is_a_name_a_command_and_a_url() {
        let cases = [
            (
                "other=./other -config a.yaml -listen :1,http://127.0.0.1:8081",
                Some(("other", "./other -config a.yaml -listen :1", "127.0.0.1:8081", "")),
            ),
            (
                "p=env A=b c,d,http://127.0.0.1/base/",
                Some(("p", "env A=b c,d", "127.0.0.1:80", "/base")),
            ),
            ("no command", None),
            ("=x,http://127.0.0.1:1", None),
            ("x=,http://127.0.0.1:1", None),
            ("x=y,127.0.0.1:1", None),
            ("x=y,https://127.0.0.1:1", None),
            ("x=y,http://127.0.0.1:no", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|(name, command, address, prefix)| Peer {
                name: name.to_owned(),
                command: command.to_owned(),
                address: address.parse().unwrap(),
                prefix: prefix.to_owned(),
            });
            assert_eq!(Peer::parse(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_flag_without_its_value_is_refused() {
        for words in [&["--json"][..], &["--peer"], &["--fast"]] {
            assert!(Arguments::parse(words).is_err(), "{words:?}");
        }
    }
}
