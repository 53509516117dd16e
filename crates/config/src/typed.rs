//! The typed configuration: every default filled in, every macro expanded, every name checked.
//!
//! A value of [`Config`] cannot be wrong: whoever holds one need not check anything again. It keeps the order of
//! the file wherever order means something. Durations are resolved from whole seconds.

use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;

/// A resolved configuration (spec/config.md section 2).
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Budget for a model to become ready; at least 15 s.
    pub health_check_timeout: Duration,
    /// Lowest level that is logged.
    pub log_level: LogLevel,
    /// Time stamp in front of each of herder's own log lines.
    pub log_time_format: LogTimeFormat,
    /// Which logs reach standard output and the combined history.
    pub log_to_stdout: LogToStdout,
    /// Rows of activity kept while the store is in memory.
    pub metrics_max_in_memory: usize,
    /// Size of the capture cache in MiB; 0 disables captures.
    pub capture_buffer_mib: u64,
    /// Largest request body in bytes; above it 413. herder's own key, default 256 MiB.
    pub max_body_bytes: u64,
    /// `store`; absent means in memory.
    pub store: Option<Store>,
    /// `ui.activity.session_id`: header names, cleaned.
    pub session_id_headers: Vec<String>,
    /// Performance monitor.
    pub performance: Performance,
    /// First value of `${PORT}`.
    pub start_port: i64,
    /// `globalTTL`; `None` = never. Already part of [`Model::ttl`].
    pub global_ttl: Option<Duration>,
    /// `unloadTimeout`. Already part of [`Model::unload_timeout`].
    pub unload_timeout: Duration,
    /// `sendLoadingState`. Already part of [`Model::send_loading_state`].
    pub send_loading_state: bool,
    /// `loadingRemarks`. herder's own key, default true.
    pub loading_remarks: bool,
    /// List aliases as entries of their own.
    pub include_aliases_in_list: bool,
    /// Keys that open the API; empty means no authentication.
    pub api_keys: Vec<Secret>,
    /// Models by ID, in ascending byte order of ID.
    pub models: IndexMap<String, Model>,
    /// Every alias (explicit and from `setParamsByID`) to its model ID.
    pub aliases: IndexMap<String, String>,
    /// Profiles in written order.
    pub profiles: IndexMap<String, Profile>,
    /// Selectors in written order.
    pub selectors: IndexMap<String, Selector>,
    /// Peers in written order.
    pub peers: IndexMap<String, Peer>,
    /// Model IDs to load at start, in order.
    pub preload: Vec<String>,
    /// `upstream.ignorePaths`: valid regular expressions, never empty.
    pub upstream_ignore_paths: Vec<String>,
    /// Who may run beside whom.
    pub router: Router,
    /// Strategy of the wait queue.
    pub scheduler: Scheduler,
}

/// `store`: the file of the activity database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// The file.
    pub path: PathBuf,
    /// Most rows that are kept, the newest; absent means all. herder's own key `maxRows`.
    pub max_rows: Option<u64>,
    /// Rows older than this are deleted; absent means none. herder's own key `maxAge`.
    pub max_age: Option<Duration>,
}

/// A value that must not appear in logs, listings or error texts.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Call it only where it is compared or sent.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret(***)")
    }
}

/// `logLevel`; unknown text means `Info`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// `debug`
    Debug,
    /// `info`
    Info,
    /// `warn`
    Warn,
    /// `error`
    Error,
}

/// `logTimeFormat` (spec/config.md 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of spec/config.md 2.3")]
pub enum LogTimeFormat {
    None,
    Ansic,
    UnixDate,
    RubyDate,
    Rfc822,
    Rfc822Z,
    Rfc850,
    Rfc1123,
    Rfc1123Z,
    Rfc3339,
    Rfc3339Nano,
    Kitchen,
    Stamp,
    StampMilli,
    StampMicro,
    StampNano,
}

/// `logToStdout`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogToStdout {
    /// herder's own lines (default)
    Proxy,
    /// the models' output
    Upstream,
    /// both
    Both,
    /// neither
    None,
}

/// `performance`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Performance {
    /// No monitor at all.
    pub disabled: bool,
    /// Time between two samples; at least 5 s.
    pub every: Duration,
}

/// `models.<ID>`.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Start command, macros expanded, comment lines removed; may be empty (each start then fails).
    pub cmd: String,
    /// Stop command with `${PID}` still in it; empty means the signal.
    pub cmd_stop: String,
    /// Values in `cmd`, `cmd_stop` and `env` that came from `${env.X}` or belong to an option named like a key,
    /// token or password. Listings and logs replace them by `***`.
    pub sensitive: Vec<Secret>,
    /// Base URL of the model server; empty text passes the load, but every start fails.
    pub proxy: String,
    /// What `${PORT}` stands for; `None` when `cmd` does not use it.
    pub port: Option<Port>,
    /// Explicit aliases first, then those that `setParamsByID` made, in written order.
    pub aliases: Vec<String>,
    /// `NAME=value` entries, later ones win.
    pub env: Vec<String>,
    /// Path polled until it answers 200; `None` = ready right after the start (`checkEndpoint: none`).
    pub check_endpoint: Option<String>,
    /// Budget of one start: the global `healthCheckTimeout`.
    pub health_check_timeout: Duration,
    /// Idle time before unload; `None` = never.
    pub ttl: Option<Duration>,
    /// Grace between stop signal and kill.
    pub unload_timeout: Duration,
    /// Hidden from the model listing.
    pub unlisted: bool,
    /// Name sent upstream in place of the requested one; empty = unchanged.
    pub use_model_name: String,
    /// Trimmed display name.
    pub name: String,
    /// Trimmed description.
    pub description: String,
    /// Requests that may wait for or use the model; at least 1. Under [`SchedulerStrategy::Fair`] only those that use
    /// it count.
    pub concurrency_limit: u32,
    /// Requests that may wait for the model under [`SchedulerStrategy::Fair`], at least 1; `None` = as its settings
    /// say. herder's own key.
    pub queue_limit: Option<u32>,
    /// How long a load probably takes, until one has been measured; never zero. herder's own key.
    pub load_time: Option<Duration>,
    /// Read the large files that `cmd` names ahead while others still have to leave. herder's own key.
    pub prefetch: bool,
    /// Body edits.
    pub filters: Filters,
    /// Free content for the listing.
    pub metadata: IndexMap<String, serde_json::Value>,
    /// Stream loading progress.
    pub send_loading_state: bool,
    /// Connection timeouts.
    pub timeouts: Timeouts,
    /// WebSocket upgrades never start, hold or count for the model.
    pub ignore_websockets: bool,
    /// Send the client's `Host` upstream. herder's own key `compat.preserveHost`.
    pub preserve_host: bool,
    /// What the model can take and give; `None` when nothing is configured.
    pub capabilities: Option<Capabilities>,
}

/// An automatic port (spec/config.md 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Port {
    /// The number; nothing checks that it is a port.
    pub number: i64,
    /// `startPort` of the configuration that gave it out.
    pub start: i64,
}

/// `filters` (spec/config.md 7.5). Keys are paths.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filters {
    /// Sorted, without duplicates, empties and `model`.
    pub strip_params: Vec<String>,
    /// Sorted by key, without `model`.
    pub set_params: IndexMap<String, serde_json::Value>,
    /// By requested name; inner maps as `set_params`.
    pub set_params_by_id: IndexMap<String, IndexMap<String, serde_json::Value>>,
}

/// `timeouts`; `None` = unlimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// TCP connect.
    pub connect: Option<Duration>,
    /// TCP keep-alive period; `None` = off.
    pub keepalive: Option<Duration>,
    /// Until response headers.
    pub response_header: Option<Duration>,
    /// TLS handshake.
    pub tls_handshake: Option<Duration>,
    /// Wait for `100 Continue`.
    pub expect_continue: Option<Duration>,
    /// Life of a pooled idle connection.
    pub idle_connection: Option<Duration>,
}

/// `capabilities`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capabilities {
    /// Input modalities.
    pub input: Vec<Modality>,
    /// Output modalities.
    pub output: Vec<Modality>,
    /// Tool calling.
    pub tools: bool,
    /// Reranker.
    pub reranker: bool,
    /// Context length in tokens; 0 = unknown.
    pub context: u64,
}

/// A modality.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Modality {
    Text,
    Audio,
    Image,
}

/// `profiles.<P>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Free text.
    pub description: String,
    /// Requested name to target; `None` disables the name.
    pub pins: IndexMap<String, Option<String>>,
}

/// `selectors.<S>`.
#[derive(Debug, Clone, PartialEq)]
pub struct Selector {
    /// How a target is chosen.
    pub strategy: Strategy,
    /// Base names as written, at least one.
    pub targets: Vec<String>,
    /// Display name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Hidden from the listing.
    pub unlisted: bool,
    /// Free content for the listing.
    pub metadata: IndexMap<String, serde_json::Value>,
}

/// `selectors.<S>.strategy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// First target.
    Pin,
    /// First ready, else first starting, else first.
    Warm,
    /// Least busy active target up to `limit`, then the next cold one.
    Spillover {
        /// `settings.spillover`, at least 1.
        limit: u32,
    },
}

/// `peers.<P>`.
#[derive(Debug, Clone, PartialEq)]
pub struct Peer {
    /// Base URL.
    pub proxy: String,
    /// Sent as bearer token and `x-api-key`; `None` when empty.
    pub api_key: Option<Secret>,
    /// Model names, without duplicates.
    pub models: Vec<String>,
    /// Body edits.
    pub filters: Filters,
    /// Connection timeouts; `response_header` defaults to 60 s.
    pub timeouts: Timeouts,
    /// Let the client's credentials through when there is no `api_key`. herder's own key.
    pub forward_credentials: bool,
}

/// `routing.router`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Router {
    /// Groups in written order; `(default)` holds the rest and always exists, last.
    Group(IndexMap<String, Group>),
    /// Sets of models that may run together.
    Matrix(Matrix),
}

/// A group (spec/config.md section 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// A request for one member stops the others.
    pub swap: bool,
    /// A request for a member stops models of other groups.
    pub exclusive: bool,
    /// Never stopped by models of other groups.
    pub persistent: bool,
    /// Model IDs (aliases resolved).
    pub members: Vec<String>,
}

/// A matrix (spec/config.md section 5). Expressions are parsed and checked by the core; `vars` hold model IDs
/// (aliases resolved).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    /// Short name to model ID.
    pub vars: IndexMap<String, String>,
    /// Model ID to cost, at least 1.
    pub evict_costs: IndexMap<String, u64>,
    /// Set name to expression, in written order.
    pub sets: IndexMap<String, String>,
}

/// `routing.scheduler`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduler {
    /// Who is served next when models compete.
    pub strategy: SchedulerStrategy,
    /// Model ID to priority (aliases resolved); missing = 0.
    pub priority: IndexMap<String, i64>,
}

/// `routing.scheduler.use`, with the settings of the strategy that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchedulerStrategy {
    /// The seed's (default).
    Fifo {
        /// Where `concurrencyLimit` is enforced. herder's own key `settings.fifo.limit`.
        limit: FifoLimit,
    },
    /// Bounded waits. herder's own.
    Fair(FairSettings),
}

/// `routing.scheduler.settings.fair` (scheduling.md section 4). No time is longer than a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FairSettings {
    /// `price` in thousandths; at least 1.
    pub price_thousandths: u32,
    /// Age of a request at which its model is due whatever the price.
    pub max_wait: Duration,
    /// `turn` in thousandths.
    pub turn_thousandths: u32,
    /// Longest turn.
    pub max_turn: Duration,
    /// How long an idle model is kept from one that is not due yet.
    pub linger: Linger,
    /// Waiting time that is worth one step of priority.
    pub aging: Duration,
    /// Requests that may wait for one model; at least 1.
    pub queue_limit: u32,
    /// How long requests may hold a model that must leave; `None` = until they end.
    pub drain_timeout: Option<Duration>,
}

impl Default for FairSettings {
    fn default() -> Self {
        Self {
            price_thousandths: 1_000,
            max_wait: Duration::from_secs(60),
            turn_thousandths: 2_000,
            max_turn: Duration::from_secs(60),
            linger: Linger::Auto,
            aging: Duration::from_secs(30),
            queue_limit: 512,
            drain_timeout: None,
        }
    }
}

/// `routing.scheduler.settings.fair.linger`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linger {
    /// As long as the model's clients usually take to come back, if that is short.
    Auto,
    /// Always so long; zero = not at all.
    Fixed(Duration),
}

/// `routing.scheduler.settings.fifo.limit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FifoLimit {
    /// Waiting requests count (default).
    #[default]
    Arrival,
    /// Only requests being served count.
    Grant,
}
