//! Which logs an event stream tells of: those that its query names, else the two of the reference.
//!
//! `logs=SOURCE`, as often as there are logs; `logs=SOURCE~CURSOR` for a client that comes back. A cursor is the run of
//! herder and the place in the log. Of another run, or when the log does not keep that place any more, it is worth
//! nothing and the log begins anew; so nothing about a cursor is ever an error.

use std::fmt;
use std::sync::Arc;

use axum::http::StatusCode;
use herder_supervisor::LogRing;

use crate::app::Snapshot;
use crate::error::ApiError;
use crate::logs::{Boot, Logs};

/// The parameter of the query.
pub(in super::super) const PARAMETER: &str = "logs";

/// Logs that one stream may follow. A page shows a few beside each other; each costs a place among the readers of its
/// log, and a backlog.
pub(in super::super) const MAX_LOGS: usize = 16;

/// What stands in front of a model's name.
const MODEL: &str = "model:";

/// The logs of a stream.
pub(super) struct LogChoice {
    /// In the order of the query, each once.
    pub(super) logs: Vec<Chosen>,
    /// Whether the client has chosen them: only then is it told of cursors, which the reference does not have.
    pub(super) by_client: bool,
}

/// A log to be followed.
pub(super) struct Chosen {
    /// `proxy`, `upstream`, or `model:` and a model's id.
    pub(super) source: String,
    pub(super) ring: Arc<LogRing>,
    /// Where the client stopped reading, as far as it says so in a way that counts.
    pub(super) position: Option<u64>,
}

/// A place in a log of one run of herder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The run.
    pub(super) boot: Boot,
    /// Bytes since the log's beginning.
    pub(super) offset: u64,
}

impl LogChoice {
    /// What this query names. A name that comes twice counts the first time.
    ///
    /// # Errors
    ///
    /// 400 for a log that does not exist, and for more than [`MAX_LOGS`] of them.
    pub(super) fn of(query: &str, snapshot: &Snapshot, logs: &Logs) -> Result<Self, ApiError> {
        let parameters = url::form_urlencoded::parse(query.as_bytes());
        let named: Vec<_> = parameters.filter(|(name, _)| name == PARAMETER).collect();
        if named.is_empty() {
            return Ok(Self {
                logs: vec![
                    chosen("proxy", logs.proxy(), None),
                    chosen("upstream", logs.upstream(), None),
                ],
                by_client: false,
            });
        }
        if named.len() > MAX_LOGS {
            let message = format!(
                "a stream follows at most {MAX_LOGS} logs, and this one names {}",
                named.len()
            );
            return Err(ApiError::new(StatusCode::BAD_REQUEST, message));
        }
        let mut choice = Self {
            logs: Vec::new(),
            by_client: true,
        };
        for (_, value) in &named {
            let (name, cursor) = split(value);
            let position = cursor
                .filter(|cursor| cursor.boot == logs.boot())
                .map(|cursor| cursor.offset);
            let found = match (name, name.strip_prefix(MODEL)) {
                ("none", _) => continue,
                ("proxy", _) => chosen(name, logs.proxy(), position),
                ("upstream", _) => chosen(name, logs.upstream(), position),
                (_, Some(model)) => {
                    let model = snapshot.resolve(model).ok_or_else(|| unknown(name))?;
                    let (id, _) = snapshot.model(model);
                    chosen(&format!("{MODEL}{id}"), &logs.model(model), position)
                }
                (_, None) => return Err(unknown(name)),
            };
            if choice.logs.iter().all(|known| known.source != found.source) {
                choice.logs.push(found);
            }
        }
        Ok(choice)
    }
}

impl Cursor {
    /// `None` for what herder never writes.
    fn parse(text: &str) -> Option<Self> {
        let (boot, offset) = text.split_once('.')?;
        let cursor = Self {
            boot: Boot::parse(boot)?,
            offset: offset.parse().ok()?,
        };
        // `+7` and `007` are no places.
        (cursor.to_string() == text).then_some(cursor)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.boot, self.offset)
    }
}

fn chosen(source: &str, ring: &Arc<LogRing>, position: Option<u64>) -> Chosen {
    Chosen {
        source: source.to_owned(),
        ring: Arc::clone(ring),
        position,
    }
}

/// The name, and the cursor behind its last `~`. What is no cursor belongs to the name: ids may hold a `~`.
fn split(value: &str) -> (&str, Option<Cursor>) {
    let with_cursor = value
        .rsplit_once('~')
        .and_then(|(name, cursor)| Some((name, Cursor::parse(cursor)?)));
    match with_cursor {
        Some((name, cursor)) => (name, Some(cursor)),
        None => (value, None),
    }
}

fn unknown(name: &str) -> ApiError {
    let message = format!(
        "there is no log '{name}': name 'proxy', 'upstream', 'model:' and a local model's id, or 'none'"
    );
    ApiError::new(StatusCode::BAD_REQUEST, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{config, model};
    use crate::roster::Roster;

    /// Logs and a configuration with two models, one of which has a hard name.
    fn world() -> (Snapshot, Logs) {
        let config = config([("orca", model("", "")), ("a b/.+🐕~x.1", model("", ""))]);
        let logs = Logs::new(&config);
        let roster = Roster::new(&config);
        let snapshot = Snapshot::new(config, roster).unwrap();
        logs.grow(snapshot.roster().len());
        (snapshot, logs)
    }

    /// Query, then source and position of each log.
    type Row = (String, Vec<(&'static str, Option<u64>)>);

    #[test]
    fn what_a_query_chooses() {
        let (snapshot, logs) = world();
        let boot = logs.boot();
        let hard = "model:a b/.+🐕~x.1";
        let table: [Row; 15] = [
            ("".to_owned(), vec![("proxy", None), ("upstream", None)]),
            ("x=1".to_owned(), vec![("proxy", None), ("upstream", None)]),
            ("logs=none".to_owned(), vec![]),
            ("logs=proxy".to_owned(), vec![("proxy", None)]),
            ("x=1&logs=upstream".to_owned(), vec![("upstream", None)]),
            (
                "logs=model:orca&logs=none&logs=proxy".to_owned(),
                vec![("model:orca", None), ("proxy", None)],
            ),
            ("logs=model%3Aorca".to_owned(), vec![("model:orca", None)]),
            (
                "logs=model:a%20b%2F.%2B%F0%9F%90%95~x.1".to_owned(),
                vec![(hard, None)],
            ),
            ("logs=model:a+b/.%2B🐕%7Ex.1".to_owned(), vec![(hard, None)]),
            (
                format!("logs=model:a+b/.%2B🐕~x.1~{boot}.77"),
                vec![(hard, Some(77))],
            ),
            (format!("logs=proxy~{boot}.0"), vec![("proxy", Some(0))]),
            (
                format!("logs=proxy~{boot}.3&logs=proxy&logs=proxy~{boot}.4"),
                vec![("proxy", Some(3))],
            ),
            (
                format!("logs=proxy~{boot}.18446744073709551615"),
                vec![("proxy", Some(u64::MAX))],
            ),
            ("logs=proxy~0123456789abcdef.3".to_owned(), vec![("proxy", None)]),
            (format!("logs=none~{boot}.3"), vec![]),
        ];
        for (query, expected) in table {
            let choice = LogChoice::of(&query, &snapshot, &logs).unwrap();
            let found: Vec<_> = choice
                .logs
                .iter()
                .map(|log| (log.source.as_str(), log.position))
                .collect();
            assert_eq!(found, expected, "{query}");
            assert_eq!(choice.by_client, query.contains("logs"), "{query}");
        }
    }

    #[test]
    fn what_is_no_log_is_refused_by_name() {
        let (snapshot, logs) = world();
        let boot = logs.boot();
        let many = "logs=proxy&".repeat(MAX_LOGS);
        assert!(LogChoice::of(&many, &snapshot, &logs).is_ok());
        let table = [
            ("logs=".to_owned(), "no log ''"),
            ("logs".to_owned(), "no log ''"),
            ("logs=orca".to_owned(), "no log 'orca'"),
            ("logs=Proxy".to_owned(), "no log 'Proxy'"),
            ("logs=model:".to_owned(), "no log 'model:'"),
            ("logs=proxy&logs=model:gone".to_owned(), "no log 'model:gone'"),
            ("logs=proxy~".to_owned(), "no log 'proxy~'"),
            ("logs=proxy~x.1".to_owned(), "no log 'proxy~x.1'"),
            (format!("logs=proxy~{boot}.1a"), "no log 'proxy~"),
            (format!("logs=proxy~{boot}.%2B1"), "no log 'proxy~"),
            (format!("logs=proxy~{boot}.01"), "no log 'proxy~"),
            (format!("logs=proxy~{boot}."), "no log 'proxy~"),
            (
                format!("logs=proxy~{boot}.18446744073709551616"),
                "no log 'proxy~",
            ),
            (
                format!("{many}logs=none"),
                "at most 16 logs, and this one names 17",
            ),
        ];
        for (query, expected) in table {
            let Err(error) = LogChoice::of(&query, &snapshot, &logs) else {
                panic!("{query} is taken")
            };
            assert_eq!(error.status(), StatusCode::BAD_REQUEST, "{query}");
            assert!(error.message().contains(expected), "{query}: {}", error.message());
        }
    }
}
