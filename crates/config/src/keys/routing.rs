//! The keys of `routing`: who may run beside whom, and who waits.

use std::time::Duration;

use super::{FAIR_PRIORITY, Key, QUEUE_LIMIT, SPAN, Shape, TEXTS, key, section};

pub(super) const ROUTING: &[Key] = &[
    key(
        "router",
        section("config.RouterConfig", ROUTER),
        "",
        "Who may run beside whom.",
    ),
    key(
        "scheduler",
        section("config.SchedulerConfig", SCHEDULER),
        "",
        "Who waits.",
    ),
];

const ROUTER: &[Key] = &[
    key(
        "use",
        Shape::Choice(&["", "group", "matrix"]),
        "\"group\"",
        "Which settings count.",
    ),
    key(
        "settings",
        section("config.RouterSettings", ROUTER_SETTINGS),
        "",
        "Settings of the routers.",
    ),
];

const ROUTER_SETTINGS: &[Key] = &[
    key("groups", GROUPS, "{}", "Groups by name."),
    key(
        "matrix",
        MATRIX_SECTION,
        "",
        "Sets of models that may run together.",
    ),
];

pub(super) const GROUPS: Shape = Shape::Map(&section("config.GroupConfig", GROUP));

const GROUP: &[Key] = &[
    key(
        "swap",
        Shape::Boolean,
        "true",
        "A request for one member stops the others.",
    ),
    key(
        "exclusive",
        Shape::Boolean,
        "true",
        "A request for a member stops models of other groups.",
    ),
    key(
        "persistent",
        Shape::Boolean,
        "false",
        "Never stopped by models of other groups.",
    ),
    key("members", TEXTS, "[]", "Models of the group."),
];

pub(super) const MATRIX_SECTION: Shape = section("config.MatrixConfig", MATRIX);

const MATRIX: &[Key] = &[
    key("vars", Shape::Map(&Shape::Text), "{}", "Short names of models."),
    key(
        "evict_costs",
        Shape::Map(&Shape::Integer(Some(1))),
        "{}",
        "What it costs to stop a model; 1 by default.",
    ),
    key(
        "sets",
        Shape::StrictMap(&Shape::Text, "matrix: sets must be a mapping"),
        "",
        "Expressions over models: & for together, | for either, +name for another set.",
    ),
];

const SCHEDULER: &[Key] = &[
    key(
        "use",
        Shape::Choice(&["", "fifo", "fair"]),
        "\"fifo\"",
        "Strategy of the wait queue; fair is herder's own.",
    ),
    key(
        "settings",
        section("config.SchedulerSettings", SCHEDULER_SETTINGS),
        "",
        "Settings of the strategies.",
    ),
];

const SCHEDULER_SETTINGS: &[Key] = &[
    key(
        "fifo",
        section("config.FifoSettings", FIFO),
        "",
        "Settings of fifo.",
    ),
    key(
        "fair",
        section("config.FairSettings", FAIR),
        "",
        "Settings of fair. A key of herder.",
    ),
];

const PRIORITY: Shape = Shape::Map(&Shape::Integer(None));

const FIFO: &[Key] = &[
    key(
        "priority",
        PRIORITY,
        "{}",
        "Model to priority; higher goes first, default 0.",
    ),
    key(
        "limit",
        Shape::Choice(&["arrival", "grant"]),
        "\"arrival\"",
        "Where concurrencyLimit counts: waiting requests too, or only those being served. A key of herder.",
    ),
];

const FAIR: &[Key] = &[
    key(
        "price",
        Shape::Number {
            least: 0.001,
            most: 1000.0,
        },
        "1.0",
        "Waiting time, summed over all who wait for a model, that buys its swap, in units of the swap's cost.",
    ),
    key(
        "maxWait",
        SPAN,
        "\"60s\"",
        "Age of a request at which its model is due whatever the price.",
    ),
    key(
        "turn",
        Shape::Number {
            least: 0.0,
            most: 1000.0,
        },
        "2.0",
        "Least residency of a loaded model in units of its own swap cost; not over the seconds of maxTurn.",
    ),
    key("maxTurn", SPAN, "\"60s\"", "Longest turn."),
    key(
        "linger",
        Shape::Span {
            least: Duration::ZERO,
            word: Some("auto"),
        },
        "\"auto\"",
        "How long an idle model is kept from one that is not due yet; auto learns it from its clients, 0 for not at all.",
    ),
    key(
        "aging",
        SPAN,
        "\"30s\"",
        "Waiting time that is worth one step of priority.",
    ),
    key(
        "queueLimit",
        QUEUE_LIMIT,
        "512",
        "Requests that may wait for one model; more are answered with 429.",
    ),
    key(
        "drainTimeout",
        SPAN,
        "\"0s\"",
        "How long requests may hold a model that must leave; 0 for as long as they take.",
    ),
    key(
        "priority",
        Shape::Map(&FAIR_PRIORITY),
        "{}",
        "Model to priority; higher goes first, default 0.",
    ),
];
