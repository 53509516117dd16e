//! The keys of the top level (spec/config.md 2.2, 2.3, 2.8).

use std::collections::BTreeSet;
use std::time::Duration;

use regex::Regex;

use super::{Scope, boolean, integer, place, seconds, text};
use crate::diagnostic::{ErrorClass, Report};
use crate::duration::parse_duration;
use crate::expand::DEFAULT_START_PORT;
use crate::tree::{Kind, Node};
use crate::typed::{LogLevel, LogTimeFormat, LogToStdout, Performance, Secret};

/// Largest request body when `maxBodyBytes` is not given: images and audio in JSON fit, a runaway upload does not.
const DEFAULT_MAX_BODY_BYTES: u64 = 256 << 20;

/// Smallest budget for a start in seconds; smaller values are raised to it.
const SMALLEST_HEALTH_CHECK_TIMEOUT: i64 = 15;

/// Shortest time between two samples of the performance monitor.
const SHORTEST_SAMPLE: Duration = Duration::from_secs(5);

/// What `upstream.ignorePaths` is when nobody has written it: requests to these files never start a model.
pub const DEFAULT_IGNORE_PATHS: &str = r".*\.(js|json|css|png|gif|jpg|jpeg|ico|txt)$";

/// Names of `logTimeFormat`.
pub(crate) const TIME_FORMATS: [(&str, LogTimeFormat); 15] = [
    ("ansic", LogTimeFormat::Ansic),
    ("unixdate", LogTimeFormat::UnixDate),
    ("rubydate", LogTimeFormat::RubyDate),
    ("rfc822", LogTimeFormat::Rfc822),
    ("rfc822z", LogTimeFormat::Rfc822Z),
    ("rfc850", LogTimeFormat::Rfc850),
    ("rfc1123", LogTimeFormat::Rfc1123),
    ("rfc1123z", LogTimeFormat::Rfc1123Z),
    ("rfc3339", LogTimeFormat::Rfc3339),
    ("rfc3339nano", LogTimeFormat::Rfc3339Nano),
    ("kitchen", LogTimeFormat::Kitchen),
    ("stamp", LogTimeFormat::Stamp),
    ("stampmilli", LogTimeFormat::StampMilli),
    ("stampmicro", LogTimeFormat::StampMicro),
    ("stampnano", LogTimeFormat::StampNano),
];

/// The keys of the top level that need no other part of the configuration.
pub(super) struct Globals {
    pub(super) health_check_timeout: Duration,
    pub(super) log_level: LogLevel,
    pub(super) log_time_format: LogTimeFormat,
    pub(super) log_to_stdout: LogToStdout,
    pub(super) metrics_max_in_memory: usize,
    pub(super) capture_buffer_mib: u64,
    pub(super) max_body_bytes: u64,
    pub(super) session_id_headers: Vec<String>,
    pub(super) performance: Performance,
    pub(super) start_port: i64,
    pub(super) include_aliases_in_list: bool,
    pub(super) api_keys: Vec<Secret>,
    pub(super) upstream_ignore_paths: Vec<String>,
    pub(super) ttl: i64,
    pub(super) unload_timeout: i64,
    pub(super) send_loading_state: bool,
    pub(super) loading_remarks: bool,
}

/// Reads them.
pub(super) fn read(root: &Node, report: &mut Report) -> Globals {
    if let Some(entry) = root.entry("logRequests") {
        report
            .warning(ErrorClass::Legacy, "logRequests has no effect")
            .at(entry.key_origin)
            .hint("remove it");
    }
    Globals {
        health_check_timeout: seconds(
            integer(root, "healthCheckTimeout")
                .unwrap_or(120)
                .max(SMALLEST_HEALTH_CHECK_TIMEOUT),
        ),
        log_level: read_log_level(root, report),
        log_time_format: read_time_format(root, report),
        log_to_stdout: read_log_to_stdout(root, report),
        metrics_max_in_memory: integer(root, "metricsMaxInMemory")
            .and_then(|rows| usize::try_from(rows).ok())
            .filter(|rows| *rows > 0)
            .unwrap_or(1000),
        capture_buffer_mib: u64::try_from(integer(root, "captureBuffer").unwrap_or(5)).unwrap_or(0),
        max_body_bytes: read_max_body_bytes(root, report),
        session_id_headers: read_session_headers(root),
        performance: read_performance(root, report),
        start_port: read_at_least(
            root,
            "startPort",
            1,
            DEFAULT_START_PORT,
            "must be greater than 1",
            report,
        ),
        include_aliases_in_list: boolean(root, "includeAliasesInList").unwrap_or(false),
        api_keys: read_api_keys(root, report),
        upstream_ignore_paths: read_ignore_paths(root, report),
        ttl: read_at_least(root, "globalTTL", 0, 0, "must be >= 0", report),
        unload_timeout: match read_at_least(root, "unloadTimeout", 0, 10, "must be >= 0", report) {
            0 => 10,
            grace => grace,
        },
        send_loading_state: boolean(root, "sendLoadingState").unwrap_or(false),
        loading_remarks: boolean(root, "loadingRemarks").unwrap_or(true),
    }
}

/// `hooks.on_startup.preload`: trimmed; empty, unknown and peer names are removed, aliases resolved. A name that is removed
/// is worth a warning: its model would not be there at the start, and nothing else says why.
pub(super) fn read_preload(root: &Node, scope: &Scope<'_>, report: &mut Report) -> Vec<String> {
    let list = root.descend(&["hooks", "on_startup"]);
    let items = list.and_then(|hook| hook.child("preload"));
    let mut preload = Vec::new();
    for item in items.into_iter().flat_map(Node::items) {
        let name = item.text().unwrap_or_default().trim();
        if let Some(model) = scope.local(name) {
            preload.push(model.to_owned());
        } else if !name.is_empty() && scope.complete {
            report
                .warning(ErrorClass::Name, format!("{name} is no model and not preloaded"))
                .at(item.origin)
                .hint("preload lists IDs and aliases of models");
        }
    }
    preload
}

fn read_at_least(root: &Node, key: &str, least: i64, default: i64, rule: &str, report: &mut Report) -> i64 {
    let value = integer(root, key).unwrap_or(default);
    if value < least {
        report
            .error(ErrorClass::Value, format!("{key} {rule}"))
            .at(place(root, key, root.origin));
        return default;
    }
    value
}

fn read_max_body_bytes(root: &Node, report: &mut Report) -> u64 {
    let Some(bytes) = integer(root, "maxBodyBytes") else {
        return DEFAULT_MAX_BODY_BYTES;
    };
    u64::try_from(bytes)
        .ok()
        .filter(|bytes| *bytes > 0)
        .unwrap_or_else(|| {
            report
                .error(ErrorClass::Value, "maxBodyBytes must be greater than 0")
                .at(place(root, "maxBodyBytes", root.origin));
            DEFAULT_MAX_BODY_BYTES
        })
}

fn read_log_level(root: &Node, report: &mut Report) -> LogLevel {
    let Some(level) = text(root, "logLevel") else {
        return LogLevel::Info;
    };
    match level.trim().to_lowercase().as_str() {
        "debug" => LogLevel::Debug,
        "info" => LogLevel::Info,
        "warn" => LogLevel::Warn,
        "error" => LogLevel::Error,
        _ => {
            report
                .warning(
                    ErrorClass::Value,
                    "logLevel is not one of debug, info, warn, error; info is used",
                )
                .at(place(root, "logLevel", root.origin));
            LogLevel::Info
        }
    }
}

fn read_time_format(root: &Node, report: &mut Report) -> LogTimeFormat {
    let name = text(root, "logTimeFormat")
        .unwrap_or_default()
        .trim()
        .to_lowercase();
    if name.is_empty() {
        return LogTimeFormat::None;
    }
    if let Some((_, format)) = TIME_FORMATS.iter().find(|(known, _)| *known == name) {
        return *format;
    }
    report
        .warning(
            ErrorClass::Value,
            "logTimeFormat is unknown; lines get no time stamp",
        )
        .at(place(root, "logTimeFormat", root.origin))
        .hint("for example rfc3339");
    LogTimeFormat::None
}

fn read_log_to_stdout(root: &Node, report: &mut Report) -> LogToStdout {
    match text(root, "logToStdout") {
        None | Some("proxy") => LogToStdout::Proxy,
        Some("upstream") => LogToStdout::Upstream,
        Some("both") => LogToStdout::Both,
        Some("none") => LogToStdout::None,
        Some(_) => {
            report
                .error(
                    ErrorClass::Value,
                    "logToStdout must be one of: proxy, upstream, both, none",
                )
                .at(place(root, "logToStdout", root.origin));
            LogToStdout::Proxy
        }
    }
}

fn read_session_headers(root: &Node) -> Vec<String> {
    let Some(entry) = root
        .descend(&["ui", "activity"])
        .and_then(|activity| activity.entry("session_id"))
    else {
        return vec!["X-Session-ID".to_owned(), "X-Litellm-Session-Id".to_owned()];
    };
    let mut seen = BTreeSet::new();
    let headers = entry
        .value
        .items()
        .filter_map(Node::text)
        .map(str::trim)
        .filter(|header| !header.is_empty());
    headers
        .filter(|header| seen.insert(header.to_ascii_lowercase()))
        .map(str::to_owned)
        .collect()
}

fn read_performance(root: &Node, report: &mut Report) -> Performance {
    let mut performance = Performance {
        disabled: false,
        every: SHORTEST_SAMPLE,
    };
    let Some(section) = root.child("performance") else {
        return performance;
    };
    performance.disabled = boolean(section, "disabled").unwrap_or(false);
    match text(section, "every").and_then(parse_duration) {
        None | Some(0) => {}
        Some(nanoseconds) => {
            let every = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0));
            if every < SHORTEST_SAMPLE {
                report
                    .error(ErrorClass::Value, "performance.every must be at least 5s")
                    .at(place(section, "every", section.origin));
            } else {
                performance.every = every;
            }
        }
    }
    performance
}

fn read_api_keys(root: &Node, report: &mut Report) -> Vec<Secret> {
    let Some(Node {
        kind: Kind::Sequence(items),
        ..
    }) = root.child("apiKeys")
    else {
        return Vec::new();
    };
    let mut keys = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let Some(scalar) = item.scalar() else { continue };
        // A null item is dropped, but not one that is null because its variable is empty: that would open the API.
        if item.is_null() && scalar.secrets.is_empty() {
            continue;
        }
        if scalar.text.is_empty() {
            report
                .error(ErrorClass::Value, "empty api key found")
                .at(item.origin)
                .hint("remove it; an empty list turns authentication off");
        } else if scalar.text.contains(' ') {
            let message = format!("apiKeys[{index}]: api key cannot contain spaces");
            report.error(ErrorClass::Value, message).at(item.origin);
        } else {
            keys.push(Secret::new(scalar.text.clone()));
        }
    }
    keys
}

fn read_ignore_paths(root: &Node, report: &mut Report) -> Vec<String> {
    let items = root
        .descend(&["upstream", "ignorePaths"])
        .into_iter()
        .flat_map(Node::items);
    let mut patterns = Vec::new();
    for item in items {
        let Some(pattern) = item.text() else { continue };
        match Regex::new(pattern) {
            Ok(_) => patterns.push(pattern.to_owned()),
            Err(error) => {
                let reason = error.to_string();
                let reason = reason
                    .lines()
                    .last()
                    .unwrap_or_default()
                    .trim_start_matches("error: ");
                let message = format!("upstream.ignorePaths: invalid regular expression: {reason}");
                report.error(ErrorClass::Value, message).at(item.origin);
            }
        }
    }
    if patterns.is_empty() {
        patterns.push(DEFAULT_IGNORE_PATHS.to_owned());
    }
    patterns
}
