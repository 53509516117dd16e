//! Every key of a configuration: its name, the shape of its value, its default and what it is for.
//!
//! The one source of truth for type checks and unknown keys ([`crate::shape`]) and for the JSON Schema
//! ([`crate::schema`]). Ranges that depend on more than the value itself are checked while reading.

mod routing;

use std::time::Duration;

use routing::{GROUPS, MATRIX_SECTION, ROUTING};

/// A key of a section.
pub(crate) struct Key {
    /// As written in the file.
    pub(crate) name: &'static str,
    /// What it holds.
    pub(crate) shape: Shape,
    /// Its default as JSON text; empty when there is none worth naming.
    pub(crate) default: &'static str,
    /// What it is for.
    pub(crate) description: &'static str,
}

/// What a value looks like (spec/config.md 2.1, "Coercion into a field"). Null is welcome everywhere.
pub(crate) enum Shape {
    /// Any scalar; its written text counts.
    Text,
    /// A text that must not be shown.
    Secret,
    /// One of these texts; which, is checked while reading.
    Choice(&'static [&'static str]),
    /// An integer; the smallest sensible value, if there is one.
    Integer(Option<i64>),
    /// A boolean.
    Boolean,
    /// A Go duration such as `1m30s`.
    Duration,
    /// A number, fractions allowed, from `least` to `most`.
    Number {
        /// Smallest value.
        least: f64,
        /// Largest value.
        most: f64,
    },
    /// An integer from `least` to `most`.
    Count {
        /// Smallest value.
        least: i64,
        /// Largest value.
        most: i64,
    },
    /// A Go duration from `least` to [`LONGEST_SPAN`]; a plain 0 needs no unit.
    Span {
        /// Shortest time.
        least: Duration,
        /// A word that may stand in its place.
        word: Option<&'static str>,
    },
    /// A list.
    List(&'static Shape),
    /// Free keys.
    Map(&'static Shape),
    /// Free keys; anything but a mapping is E-SHAPE with this text.
    StrictMap(&'static Shape, &'static str),
    /// Known keys; `type_name` is for messages.
    Section {
        /// The name of the section's type.
        type_name: &'static str,
        /// Its keys.
        keys: &'static [Key],
        /// Keys that must be there.
        required: &'static [&'static str],
    },
    /// Like `Section`, but anything else than a mapping is E-SHAPE with this text.
    StrictSection(&'static [Key], &'static str),
    /// Anything that has a JSON form.
    Any,
}

/// Longest time that a [`Shape::Span`] takes: a year. It keeps sums of waiting times far from overflow.
pub(crate) const LONGEST_SPAN: Duration = Duration::from_secs(365 * 24 * 60 * 60);

const fn key(name: &'static str, shape: Shape, default: &'static str, description: &'static str) -> Key {
    Key {
        name,
        shape,
        default,
        description,
    }
}

const fn section(type_name: &'static str, keys: &'static [Key]) -> Shape {
    Shape::Section {
        type_name,
        keys,
        required: &[],
    }
}

const TEXTS: Shape = Shape::List(&Shape::Text);
const PARAMETERS: Shape = Shape::Map(&Shape::Any);
const MACROS: Shape = Shape::StrictMap(&Shape::Any, "macros must be a mapping");
const SECONDS: Shape = Shape::Integer(Some(0));
const SPAN: Shape = Shape::Span {
    least: Duration::ZERO,
    word: None,
};

/// Each request that waits holds its body and a connection; more than so many are no use to anybody.
const QUEUE_LIMIT: Shape = Shape::Count {
    least: 1,
    most: 1_000_000,
};

/// Priorities under `fair`: a step is worth seconds of waiting, so a million of them are months.
const FAIR_PRIORITY: Shape = Shape::Count {
    least: -1_000_000,
    most: 1_000_000,
};

/// The top level.
pub(crate) const ROOT: &[Key] = &[
    key(
        "healthCheckTimeout",
        Shape::Integer(None),
        "120",
        "Seconds a model has to become ready; at least 15.",
    ),
    key(
        "logLevel",
        Shape::Text,
        "\"info\"",
        "Lowest level that is logged: debug, info, warn or error.",
    ),
    key(
        "logTimeFormat",
        Shape::Text,
        "\"\"",
        "Time stamp of log lines, for example rfc3339; empty for none.",
    ),
    key(
        "logToStdout",
        Shape::Choice(&["proxy", "upstream", "both", "none"]),
        "\"proxy\"",
        "Which logs reach standard output: herder's own, the models', both or none.",
    ),
    key(
        "logRequests",
        Shape::Boolean,
        "false",
        "No effect; kept for old files.",
    ),
    key(
        "metricsMaxInMemory",
        Shape::Integer(None),
        "1000",
        "Activity rows kept in memory.",
    ),
    key(
        "captureBuffer",
        Shape::Integer(None),
        "5",
        "Size of the capture cache in MiB; 0 turns captures off.",
    ),
    key(
        "maxBodyBytes",
        Shape::Integer(Some(1)),
        "268435456",
        "Largest request body in bytes; larger ones are answered 413. A key of herder.",
    ),
    key(
        "store",
        Shape::Section {
            type_name: "config.StoreConfig",
            keys: STORE,
            required: &["path"],
        },
        "",
        "Where activity is kept; in memory when absent.",
    ),
    key(
        "ui",
        section("config.UIConfig", UI),
        "",
        "Settings of the web interface.",
    ),
    key(
        "performance",
        section("config.PerformanceConfig", PERFORMANCE),
        "",
        "Performance monitor.",
    ),
    key(
        "startPort",
        Shape::Integer(Some(1)),
        "5800",
        "First value of ${PORT}.",
    ),
    key(
        "sendLoadingState",
        Shape::Boolean,
        "false",
        "Stream progress while a model loads; default of models.",
    ),
    key(
        "loadingRemarks",
        Shape::Boolean,
        "true",
        "Remarks in between while a model loads. A key of herder.",
    ),
    key(
        "includeAliasesInList",
        Shape::Boolean,
        "false",
        "List aliases as models of their own.",
    ),
    key(
        "globalTTL",
        SECONDS,
        "0",
        "Idle seconds before a model is unloaded; 0 for never; default of models.",
    ),
    key(
        "unloadTimeout",
        SECONDS,
        "10",
        "Seconds between stop signal and kill; 0 means 10.",
    ),
    key("macros", MACROS, "{}", "Texts that ${NAME} stands for."),
    key(
        "apiKeys",
        Shape::List(&Shape::Secret),
        "[]",
        "Keys that open the API; empty for no authentication.",
    ),
    key(
        "models",
        Shape::Map(&section("config.ModelConfig", MODEL)),
        "{}",
        "Models by ID.",
    ),
    key(
        "profiles",
        Shape::Map(&Shape::StrictSection(
            PROFILE,
            "legacy list syntax is not supported, a profile must be a mapping with pins",
        )),
        "{}",
        "Named sets of pins, one of which can be active.",
    ),
    key(
        "selectors",
        Shape::Map(&section("config.SelectorConfig", SELECTOR)),
        "{}",
        "Names that choose a target.",
    ),
    key(
        "peers",
        Shape::Map(&section("config.PeerConfig", PEER)),
        "{}",
        "Other servers and their models.",
    ),
    key(
        "hooks",
        section("config.HooksConfig", HOOKS),
        "",
        "What happens at certain moments.",
    ),
    key(
        "upstream",
        section("config.UpstreamConfig", UPSTREAM),
        "",
        "Settings of /upstream.",
    ),
    key(
        "routing",
        section("config.RoutingConfig", ROUTING),
        "",
        "Who may run beside whom, and who waits.",
    ),
    key(
        "groups",
        GROUPS,
        "",
        "Old place of routing.router.settings.groups.",
    ),
    key(
        "matrix",
        MATRIX_SECTION,
        "",
        "Old place of routing.router.settings.matrix.",
    ),
];

const STORE: &[Key] = &[
    key("path", Shape::Text, "", "File of the activity database."),
    key(
        "maxRows",
        Shape::Integer(Some(0)),
        "0",
        "Most rows the file keeps, the newest; 0 for no limit. A key of herder.",
    ),
    key(
        "maxAge",
        Shape::Duration,
        "\"0\"",
        "Rows older than this are deleted, for example 720h; 0 for no limit. A key of herder.",
    ),
];

const UI: &[Key] = &[key(
    "activity",
    section("config.UIActivityConfig", UI_ACTIVITY),
    "",
    "Activity page.",
)];

const UI_ACTIVITY: &[Key] = &[key(
    "session_id",
    TEXTS,
    "[\"X-Session-ID\", \"X-Litellm-Session-Id\"]",
    "Request headers that carry a session; the first that is not empty counts.",
)];

const PERFORMANCE: &[Key] = &[
    key("disabled", Shape::Boolean, "false", "No monitor at all."),
    key(
        "every",
        Shape::Duration,
        "\"5s\"",
        "Time between two samples; at least 5s.",
    ),
];

const HOOKS: &[Key] = &[key(
    "on_startup",
    section("config.HookOnStartup", ON_STARTUP),
    "",
    "After the start.",
)];

const ON_STARTUP: &[Key] = &[key("preload", TEXTS, "[]", "Models to load, in order.")];

const UPSTREAM: &[Key] = &[key(
    "ignorePaths",
    TEXTS,
    r#"[".*\\.(js|json|css|png|gif|jpg|jpeg|ico|txt)$"]"#,
    "Regular expressions of paths that never start a model.",
)];

const MODEL: &[Key] = &[
    key(
        "cmd",
        Shape::Text,
        "\"\"",
        "Command that starts the model server.",
    ),
    key(
        "cmdStop",
        Shape::Text,
        "",
        "Command that stops it; ${PID} is its process. Empty for the signal.",
    ),
    key(
        "proxy",
        Shape::Text,
        "\"http://localhost:${PORT}\"",
        "Address of the model server.",
    ),
    key("aliases", TEXTS, "[]", "Other names of the model."),
    key(
        "env",
        TEXTS,
        "[]",
        "NAME=value entries for the environment of the server.",
    ),
    key(
        "checkEndpoint",
        Shape::Text,
        "\"/health\"",
        "Path that answers 200 when ready; none skips the check.",
    ),
    key(
        "ttl",
        Shape::Integer(Some(-1)),
        "-1",
        "Idle seconds before unload; 0 for never, -1 for globalTTL.",
    ),
    key(
        "unloadTimeout",
        SECONDS,
        "0",
        "Seconds between stop signal and kill; 0 for the global value.",
    ),
    key(
        "unlisted",
        Shape::Boolean,
        "false",
        "Hide the model from the listing.",
    ),
    key(
        "useModelName",
        Shape::Text,
        "\"\"",
        "Name sent to the server in place of the requested one.",
    ),
    key("name", Shape::Text, "\"\"", "Display name."),
    key("description", Shape::Text, "\"\"", "Description."),
    key(
        "concurrencyLimit",
        Shape::Integer(None),
        "0",
        "Requests that may wait for or use the model; 0 means 10.",
    ),
    key(
        "queueLimit",
        QUEUE_LIMIT,
        "",
        "Requests that may wait for the model under the scheduler fair; by default that of its settings. A key of herder.",
    ),
    key(
        "loadTime",
        Shape::Span {
            least: Duration::from_millis(1),
            word: None,
        },
        "\"10s\"",
        "How long a load probably takes, until one has been measured; for the scheduler fair. A key of herder.",
    ),
    key(
        "prefetch",
        Shape::Boolean,
        "true",
        "Read the large files that cmd names ahead while others still have to leave for the model. A key of herder.",
    ),
    key(
        "filters",
        section("config.ModelFilters", MODEL_FILTERS),
        "",
        "Edits of request bodies.",
    ),
    key("macros", MACROS, "{}", "Macros of this model."),
    key("metadata", PARAMETERS, "{}", "Free content for the listing."),
    key(
        "sendLoadingState",
        Shape::Boolean,
        "",
        "Overrides the global setting.",
    ),
    key(
        "timeouts",
        section("config.TimeoutsConfig", TIMEOUTS),
        "",
        "Connection timeouts.",
    ),
    key(
        "compat",
        section("config.CompatConfig", COMPAT),
        "",
        "Switches for special servers.",
    ),
    key(
        "capabilities",
        section("config.ModelCapabilities", CAPABILITIES),
        "",
        "What the model can do.",
    ),
    key(
        "healthCheckTimeout",
        Shape::Integer(None),
        "",
        "No effect; the global value counts.",
    ),
];

const MODEL_FILTERS: &[Key] = &[
    key(
        "stripParams",
        Shape::Text,
        "\"\"",
        "Comma-separated parameters to remove.",
    ),
    key("strip_params", Shape::Text, "", "Old spelling of stripParams."),
    key("setParams", PARAMETERS, "{}", "Parameters to set."),
    key(
        "setParamsByID",
        Shape::Map(&PARAMETERS),
        "{}",
        "Parameters to set by requested name; names become aliases.",
    ),
];

const PEER_FILTERS: &[Key] = &[
    key(
        "stripParams",
        Shape::Text,
        "\"\"",
        "Comma-separated parameters to remove.",
    ),
    key("setParams", PARAMETERS, "{}", "Parameters to set."),
    key(
        "setParamsByID",
        Shape::Map(&PARAMETERS),
        "{}",
        "Parameters to set by requested name.",
    ),
];

const TIMEOUTS: &[Key] = &[
    key("connect", SECONDS, "30", "TCP connect; 0 for unlimited."),
    key(
        "keepalive",
        Shape::Integer(None),
        "30",
        "TCP keep-alive period; 0 or less turns it off.",
    ),
    key(
        "responseHeader",
        SECONDS,
        "",
        "Until response headers; 0 for unlimited. 0 for models, 60 for peers.",
    ),
    key("tlsHandshake", SECONDS, "10", "TLS handshake; 0 for unlimited."),
    key(
        "expectContinue",
        SECONDS,
        "1",
        "Wait for 100 Continue; 0 sends the body at once.",
    ),
    key(
        "idleConn",
        SECONDS,
        "90",
        "Life of an idle connection; 0 for unlimited.",
    ),
];

const COMPAT: &[Key] = &[
    key(
        "ignoreWebsockets",
        Shape::Boolean,
        "false",
        "WebSocket upgrades never start or hold the model.",
    ),
    key(
        "preserveHost",
        Shape::Boolean,
        "false",
        "Send the client's Host header to the model server. A key of herder.",
    ),
];

/// The modalities of `capabilities.in` and `.out`.
pub(crate) const MODALITIES: &[&str] = &["text", "audio", "image"];

const CAPABILITIES: &[Key] = &[
    key(
        "in",
        Shape::List(&Shape::Choice(MODALITIES)),
        "[]",
        "What the model takes.",
    ),
    key(
        "out",
        Shape::List(&Shape::Choice(MODALITIES)),
        "[]",
        "What the model gives.",
    ),
    key("tools", Shape::Boolean, "false", "Tool calling."),
    key("reranker", Shape::Boolean, "false", "The model ranks."),
    key(
        "context",
        SECONDS,
        "0",
        "Context length in tokens; 0 for unknown.",
    ),
];

const PROFILE: &[Key] = &[
    key("description", Shape::Text, "\"\"", "Free text."),
    key(
        "pins",
        Shape::Map(&Shape::Text),
        "",
        "Requested name to target; an empty target disables the name.",
    ),
];

const SELECTOR: &[Key] = &[
    key(
        "strategy",
        Shape::Choice(&["pin", "warm", "spillover"]),
        "",
        "How a target is chosen.",
    ),
    key("targets", TEXTS, "", "Models, aliases or peer models."),
    key(
        "settings",
        section("config.SelectorSettings", SELECTOR_SETTINGS),
        "",
        "Settings of the strategy.",
    ),
    key("name", Shape::Text, "\"\"", "Display name."),
    key("description", Shape::Text, "\"\"", "Description."),
    key(
        "unlisted",
        Shape::Boolean,
        "false",
        "Hide the selector from the listing.",
    ),
    key("metadata", PARAMETERS, "{}", "Free content for the listing."),
];

const SELECTOR_SETTINGS: &[Key] = &[key(
    "spillover",
    Shape::Integer(None),
    "1",
    "Requests a target takes before the next one is used.",
)];

const PEER: &[Key] = &[
    key("proxy", Shape::Text, "", "Address of the peer."),
    key(
        "apiKey",
        Shape::Secret,
        "\"\"",
        "Key sent to the peer in place of the client's.",
    ),
    key("models", TEXTS, "", "Models of the peer."),
    key(
        "filters",
        section("config.PeerFilters", PEER_FILTERS),
        "",
        "Edits of request bodies.",
    ),
    key(
        "timeouts",
        section("config.TimeoutsConfig", TIMEOUTS),
        "",
        "Connection timeouts.",
    ),
    key(
        "forwardCredentials",
        Shape::Boolean,
        "false",
        "Let the client's own credentials through to the peer. A key of herder.",
    ),
];
