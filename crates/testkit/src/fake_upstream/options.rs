//! The flags of the fake upstream.
//!
//! | Flag | Meaning |
//! |---|---|
//! | `--port N` | port to serve on (required) |
//! | `--host A` | address, default 127.0.0.1 |
//! | `--name X` | name in the event log, default `fake` |
//! | `--event-log PATH` | where to write events; the last one given counts |
//! | `--load D` | `/health` answers 503 for this long |
//! | `--no-listen-until-loaded` | refuse connections while loading |
//! | `--health-status N` | what `/health` answers once loaded, default 200 |
//! | `--health-hang` | `/health` never answers |
//! | `--exit-at-once CODE` | print what is to be printed, then exit |
//! | `--exit-after D` | exit with 0 after this time |
//! | `--ignore-term` | SIGTERM is only logged |
//! | `--term-delay D` | exit this long after SIGTERM |
//! | `--cleanup-file PATH` | file to write just before that exit |
//! | `--fork-grandchild [ignore-term]` | be a wrapper: a copy in the background does the work |
//! | `--daemonise` | start a copy in the background and exit with 0 |
//! | `--flood BYTES` | write that much to both standard streams, in turn |
//! | `--print TEXT`, `--print-error TEXT` | a line on standard output or standard error at the start |
//! | `--log-env NAME` | log the value of an environment variable |
//!
//! Durations are numbers with `ms` or `s`: `600ms`, `2s`, `0.5s`.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

/// How the process behaves.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) mode: Mode,
    pub(super) host: IpAddr,
    pub(super) port: u16,
    pub(super) name: String,
    pub(super) event_log: Option<PathBuf>,
    pub(super) load: Duration,
    pub(super) listens_while_loading: bool,
    pub(super) health: Health,
    pub(super) exit_at_once: Option<u8>,
    pub(super) exit_after: Option<Duration>,
    pub(super) on_term: OnTerm,
    pub(super) flood: Option<usize>,
    pub(super) prints: Vec<Print>,
    pub(super) logged_variables: Vec<String>,
}

/// Who does the work.
#[derive(Debug)]
pub(super) enum Mode {
    /// This process.
    Serve,
    /// A copy, while this process waits for it.
    Wrap { grandchild_ignores_term: bool },
    /// A copy, which is left alone.
    Daemonise,
}

/// What a loaded server answers to a health check.
#[derive(Debug)]
pub(super) enum Health {
    Status(u16),
    Hang,
}

/// What SIGTERM does.
#[derive(Debug)]
pub(super) enum OnTerm {
    Ignore,
    Exit {
        delay: Duration,
        cleanup_file: Option<PathBuf>,
    },
}

/// A line for a standard stream.
#[derive(Debug)]
pub(super) enum Print {
    Output(String),
    Error(String),
}

impl Print {
    pub(super) fn write(&self) {
        // A test that misses the line says so itself.
        let _ = match self {
            Self::Output(text) => writeln!(std::io::stdout(), "{text}"),
            Self::Error(text) => writeln!(std::io::stderr(), "{text}"),
        };
    }
}

impl Options {
    /// Reads the flags.
    pub(super) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            mode: Mode::Serve,
            host: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            name: "fake".to_owned(),
            event_log: None,
            load: Duration::ZERO,
            listens_while_loading: true,
            health: Health::Status(200),
            exit_at_once: None,
            exit_after: None,
            on_term: OnTerm::Exit {
                delay: Duration::ZERO,
                cleanup_file: None,
            },
            flood: None,
            prints: Vec::new(),
            logged_variables: Vec::new(),
        };
        let (mut term_delay, mut cleanup_file, mut ignore_term) = (Duration::ZERO, None, false);
        let mut arguments = arguments.peekable();
        while let Some(flag) = arguments.next() {
            if flag == FORK_GRANDCHILD {
                let grandchild_ignores_term =
                    arguments.next_if(|next| next == IGNORED_BY_GRANDCHILD).is_some();
                options.mode = Mode::Wrap {
                    grandchild_ignores_term,
                };
                continue;
            }
            let mut value = || arguments.next().ok_or_else(|| format!("{flag} needs a value"));
            match flag.as_str() {
                "--daemonise" => options.mode = Mode::Daemonise,
                "--host" => options.host = number(&flag, &value()?)?,
                "--port" => options.port = number(&flag, &value()?)?,
                "--name" => options.name = value()?,
                "--event-log" => options.event_log = Some(value()?.into()),
                "--load" => options.load = duration(&value()?)?,
                "--no-listen-until-loaded" => options.listens_while_loading = false,
                "--health-status" => options.health = Health::Status(number(&flag, &value()?)?),
                "--health-hang" => options.health = Health::Hang,
                "--exit-at-once" => options.exit_at_once = Some(number(&flag, &value()?)?),
                "--exit-after" => options.exit_after = Some(duration(&value()?)?),
                "--ignore-term" => ignore_term = true,
                "--term-delay" => term_delay = duration(&value()?)?,
                "--cleanup-file" => cleanup_file = Some(value()?.into()),
                "--flood" => options.flood = Some(number(&flag, &value()?)?),
                "--print" => options.prints.push(Print::Output(value()?)),
                "--print-error" => options.prints.push(Print::Error(value()?)),
                "--log-env" => options.logged_variables.push(value()?),
                _ => return Err(format!("unknown flag {flag}")),
            }
        }
        options.on_term = if ignore_term {
            OnTerm::Ignore
        } else {
            OnTerm::Exit {
                delay: term_delay,
                cleanup_file,
            }
        };
        Ok(options)
    }

    /// The arguments for a copy that does the work itself.
    pub(super) fn arguments_of_copy(arguments: impl Iterator<Item = String>) -> Vec<String> {
        let mut arguments = arguments.peekable();
        let mut kept = Vec::new();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                FORK_GRANDCHILD => {
                    arguments.next_if(|next| next == IGNORED_BY_GRANDCHILD);
                }
                "--daemonise" => {}
                _ => kept.push(argument),
            }
        }
        kept
    }
}

const FORK_GRANDCHILD: &str = "--fork-grandchild";
const IGNORED_BY_GRANDCHILD: &str = "ignore-term";

fn number<T: std::str::FromStr>(flag: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{flag}: cannot read {text:?}"))
}

/// `600ms`, `2s`, `0.5s`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let (value, unit) = match text.strip_suffix("ms") {
        Some(value) => (value, 0.001),
        None => (
            text.strip_suffix('s')
                .ok_or_else(|| format!("{text:?} has no unit (ms or s)"))?,
            1.0,
        ),
    };
    let value: f64 = value.parse().map_err(|_| format!("cannot read {text:?}"))?;
    Duration::try_from_secs_f64(value * unit).map_err(|error| error.to_string())
}
