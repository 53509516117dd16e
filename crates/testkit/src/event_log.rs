//! The file in which fake upstreams write down what happens to them, for tests to count and to wait on.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::waiting::wait_until;

/// One line of an event log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Milliseconds of the machine's monotonic clock, comparable between processes.
    pub milliseconds: u64,
    /// The process that wrote it.
    pub pid: u32,
    /// The fake upstream's `--name`.
    pub name: String,
    /// `spawn`, `wrapper`, `env`, `listening`, `loaded`, `health`, `request`, `aborted`, `upgraded`, `upgrade-closed`,
    /// `flooded`, `term`, `exit`.
    pub kind: String,
    /// The rest of the line, such as `POST /v1/chat/completions` of a request.
    pub detail: String,
}

/// A file of events, which several fake upstreams may share.
#[derive(Clone, Debug)]
pub struct EventLog {
    path: PathBuf,
}

impl EventLog {
    /// The log in this file, which need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Everything so far, in the order of writing.
    pub fn events(&self) -> Vec<Event> {
        let text = std::fs::read_to_string(&self.path).unwrap_or_default();
        text.lines().filter_map(Event::parse).collect()
    }

    /// All events of one kind.
    pub fn of_kind(&self, kind: &str) -> Vec<Event> {
        self.events()
            .into_iter()
            .filter(|event| event.kind == kind)
            .collect()
    }

    /// The number of events of one kind.
    pub fn count(&self, kind: &str) -> usize {
        self.of_kind(kind).len()
    }

    /// Waits until there are at least `count` events of one kind, and returns them.
    ///
    /// # Panics
    /// There are not within `limit`.
    pub async fn wait_for(&self, kind: &str, count: usize, limit: Duration) -> Vec<Event> {
        wait_until(
            limit,
            &format!("{count} x {kind} in {}", self.path.display()),
            || self.count(kind) >= count,
        )
        .await;
        self.of_kind(kind)
    }

    /// Appends an event of this process. Lines of several processes do not mix: each is one appending write.
    pub fn append(&self, name: &str, kind: &str, detail: &str) {
        let now = clock_gettime(ClockId::Monotonic);
        let milliseconds = now.tv_sec * 1000 + now.tv_nsec / 1_000_000;
        let line = format!(
            "{milliseconds} {} {name} {kind} {}\n",
            std::process::id(),
            detail.escape_debug()
        );
        let file = OpenOptions::new().append(true).create(true).open(&self.path);
        // A test may have removed its folder already; then nobody reads the log any more.
        let _ = file.and_then(|mut file| file.write_all(line.as_bytes()));
    }
}

impl Event {
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.splitn(5, ' ');
        Some(Self {
            milliseconds: fields.next()?.parse().ok()?,
            pid: fields.next()?.parse().ok()?,
            name: fields.next()?.to_owned(),
            kind: fields.next()?.to_owned(),
            detail: fields.next().unwrap_or_default().to_owned(),
        })
    }
}
