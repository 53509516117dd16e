//! The routes: which path with which method leads where (spec/http-api.md 0.2 and 1.1).
//!
//! A table of our own rather than a router library, because the rules are the reference's: every path segment is
//! percent-decoded before it is compared, a trailing slash is another path, and the methods of a wrong one are
//! listed in order.

use axum::http::Method;
use percent_encoding::percent_decode_str;

/// Where a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// To the model it names, on the same path.
    Inference,
    /// To the model it names, on the path without its first segment.
    InferenceWithoutPrefix,
    /// The model list.
    Models,
    /// The running models.
    Running,
    /// `GET /unload`
    Unload,
    /// `POST /api/models/unload`
    UnloadEvery,
    /// `POST /api/models/unload/{model}`
    UnloadOne,
    /// `POST /api/models/load/{model}`
    LoadOne,
    /// Everything about the models.
    Details,
    /// Liveness.
    Health,
    /// Which herder this is.
    Version,
    /// The combined log.
    Logs,
    /// The combined log, and what follows.
    LogStream,
    /// One log, and what follows.
    LogStreamOf,
    /// Finished requests.
    Activity,
    /// A request and its answer.
    Capture,
    /// Sums and histograms over them.
    Statistics,
    /// The profiles.
    Profiles,
    /// Makes a profile the active one.
    SwitchProfile,
    /// Everything that changes, as it happens.
    Events,
    /// Cancels a request.
    CancelInFlight,
    /// Samples of the machine.
    Performance,
    /// Numbers for Prometheus.
    Metrics,
    /// Which machine this is.
    Hardware,
    /// The configuration in use.
    Configuration,
    /// Reads the configuration again.
    Reload,
    /// What would become of a request.
    Plan,
    /// The last swaps.
    Swaps,
    /// What the models' processes did.
    Residency,
    /// What herder's own routes take and give.
    Document,
    /// `/`
    Home,
    /// The web page and its files.
    Ui,
    /// `/ui`
    UiSlash,
    /// The icon of the web page.
    Icon,
    /// `GET /upstream`
    UpstreamHome,
    /// `/upstream` with another method.
    UpstreamSlash,
    /// Straight to a model.
    Upstream,
    /// `/comfyui`
    ComfyHome,
    /// ComfyUI.
    Comfy,
}

/// What the table says about a request line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'path> {
    /// A route.
    Route {
        /// As the table has it.
        pattern: &'static str,
        /// Where it leads.
        endpoint: Endpoint,
        /// The part of the path that the pattern leaves open, as the client spelt it.
        open: &'path str,
    },
    /// The path exists with other methods: the `Allow` header.
    WrongMethod(String),
    /// No such path.
    Unknown,
}

/// Methods of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verbs {
    /// `GET`, and `HEAD` with it.
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// Every method.
    Any,
}

use Endpoint::{Inference, InferenceWithoutPrefix};
use Verbs::{Any, Get, Post, Put};

/// In a pattern, `*` stands for one segment, and a final `**` for the rest of the path, which may be empty.
pub(super) const ROUTES: &[(Verbs, &str, Endpoint)] = &[
    (Post, "/v1/chat/completions", Inference),
    (Post, "/v1/responses", Inference),
    (Post, "/v1/completions", Inference),
    (Post, "/v1/messages", Inference),
    (Post, "/v1/messages/count_tokens", Inference),
    (Post, "/v1/embeddings", Inference),
    (Post, "/rerank", Inference),
    (Post, "/reranking", Inference),
    (Post, "/v1/rerank", Inference),
    (Post, "/v1/reranking", Inference),
    (Post, "/infill", Inference),
    (Post, "/completion", Inference),
    (Post, "/v1/audio/speech", Inference),
    (Post, "/v1/audio/voices", Inference),
    (Get, "/v1/audio/voices", Inference),
    (Post, "/v1/audio/transcriptions", Inference),
    (Post, "/v1/images/generations", Inference),
    (Post, "/v1/images/edits", Inference),
    (Post, "/sdapi/v1/txt2img", Inference),
    (Post, "/sdapi/v1/img2img", Inference),
    (Get, "/sdapi/v1/loras", Inference),
    (Get, "/props", Inference),
    (Post, "/audioapi/v1/tasks/run", InferenceWithoutPrefix),
    (Post, "/v/chat/completions", InferenceWithoutPrefix),
    (Post, "/v/responses", InferenceWithoutPrefix),
    (Post, "/v/completions", InferenceWithoutPrefix),
    (Post, "/v/messages", InferenceWithoutPrefix),
    (Post, "/v/messages/count_tokens", InferenceWithoutPrefix),
    (Post, "/v/embeddings", InferenceWithoutPrefix),
    (Post, "/v/rerank", InferenceWithoutPrefix),
    (Post, "/v/reranking", InferenceWithoutPrefix),
    (Get, "/v1/models", Endpoint::Models),
    (Get, "/models", Endpoint::Models),
    (Get, "/running", Endpoint::Running),
    (Get, "/unload", Endpoint::Unload),
    (Post, "/api/models/unload", Endpoint::UnloadEvery),
    (Post, "/api/models/unload/**", Endpoint::UnloadOne),
    (Post, "/api/models/load/**", Endpoint::LoadOne),
    (Get, "/api/models", Endpoint::Details),
    (Get, "/api/profiles", Endpoint::Profiles),
    (Put, "/api/profiles/active", Endpoint::SwitchProfile),
    (Get, "/api/events", Endpoint::Events),
    (Post, "/api/inflight/*/cancel", Endpoint::CancelInFlight),
    (Get, "/api/config", Endpoint::Configuration),
    (Post, "/api/config/reload", Endpoint::Reload),
    (Get, "/api/metrics/activity", Endpoint::Activity),
    (Get, "/api/captures/*", Endpoint::Capture),
    (Get, "/api/metrics/stats", Endpoint::Statistics),
    (Get, "/api/version", Endpoint::Version),
    (Get, "/api/performance", Endpoint::Performance),
    (Get, "/api/hardware", Endpoint::Hardware),
    (Get, "/api/plan", Endpoint::Plan),
    (Get, "/api/swaps", Endpoint::Swaps),
    (Get, "/api/residency", Endpoint::Residency),
    (Get, "/api/openapi.json", Endpoint::Document),
    (Get, "/metrics", Endpoint::Metrics),
    (Get, "/health", Endpoint::Health),
    (Get, "/wol-health", Endpoint::Health),
    (Get, "/logs", Endpoint::Logs),
    (Get, "/logs/stream", Endpoint::LogStream),
    (Get, "/logs/stream/**", Endpoint::LogStreamOf),
    (Get, "/", Endpoint::Home),
    (Get, "/ui", Endpoint::UiSlash),
    (Get, "/ui/**", Endpoint::Ui),
    (Get, "/favicon.ico", Endpoint::Icon),
    (Get, "/upstream", Endpoint::UpstreamHome),
    (Any, "/upstream", Endpoint::UpstreamSlash),
    (Any, "/upstream/**", Endpoint::Upstream),
    (Any, "/comfyui", Endpoint::ComfyHome),
    (Any, "/comfyui/**", Endpoint::Comfy),
];

impl Endpoint {
    /// Whether a key is needed when keys are configured (spec/http-api.md section 2). The files of the web page are the same
    /// for everybody and hold no secret; the page asks for a key and sends it along to the routes that do.
    pub(crate) fn needs_key(self) -> bool {
        match self {
            Self::Health
            | Self::Home
            | Self::Ui
            | Self::UiSlash
            | Self::Icon
            | Self::UpstreamHome
            | Self::UpstreamSlash => false,
            Self::Inference
            | Self::InferenceWithoutPrefix
            | Self::Models
            | Self::Running
            | Self::Unload
            | Self::UnloadEvery
            | Self::UnloadOne
            | Self::LoadOne
            | Self::Details
            | Self::Version
            | Self::Logs
            | Self::LogStream
            | Self::LogStreamOf
            | Self::Activity
            | Self::Capture
            | Self::Statistics
            | Self::Profiles
            | Self::SwitchProfile
            | Self::Events
            | Self::CancelInFlight
            | Self::Performance
            | Self::Metrics
            | Self::Hardware
            | Self::Configuration
            | Self::Reload
            | Self::Plan
            | Self::Swaps
            | Self::Residency
            | Self::Document
            | Self::ComfyHome
            | Self::Comfy
            | Self::Upstream => true,
        }
    }
}

/// Looks a request line up. `path` is the path as the client spelt it.
pub(crate) fn find<'path>(method: &Method, path: &'path str) -> Found<'path> {
    let mut allowed: Vec<&str> = Vec::new();
    for (verbs, pattern, endpoint) in ROUTES {
        let Some(open) = open_part(pattern, path) else {
            continue;
        };
        if verbs.include(method) {
            return Found::Route {
                pattern,
                endpoint: *endpoint,
                open,
            };
        }
        allowed.extend(verbs.names());
    }
    if allowed.is_empty() {
        return Found::Unknown;
    }
    allowed.sort_unstable();
    Found::WrongMethod(allowed.join(", "))
}

impl Verbs {
    fn include(self, method: &Method) -> bool {
        match self {
            Self::Get => method == Method::GET || method == Method::HEAD,
            Self::Post => method == Method::POST,
            Self::Put => method == Method::PUT,
            Self::Any => true,
        }
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Get => &["GET", "HEAD"],
            Self::Post => &["POST"],
            Self::Put => &["PUT"],
            // Never asked for: every method is right.
            Self::Any => &[],
        }
    }
}

/// The part of `path` that `pattern` leaves open, empty for a pattern without stars. `None` when they do not match.
fn open_part<'path>(pattern: &str, path: &'path str) -> Option<&'path str> {
    let mut rest = path.strip_prefix('/')?;
    let mut open = "";
    let mut segments = pattern.strip_prefix('/')?.split('/').peekable();
    while let Some(expected) = segments.next() {
        if expected == "**" {
            return Some(rest);
        }
        let (segment, behind) = match rest.split_once('/') {
            Some((segment, behind)) => (segment, Some(behind)),
            None => (rest, None),
        };
        if expected == "*" {
            open = segment;
        } else if !is_segment(segment, expected) {
            return None;
        }
        match (behind, segments.peek()) {
            (Some(behind), Some(_)) => rest = behind,
            (None, None) => return Some(open),
            (Some(_), None) | (None, Some(_)) => return None,
        }
    }
    None
}

/// Whether a path segment, decoded, is this text. Case counts.
fn is_segment(segment: &str, expected: &str) -> bool {
    segment == expected || (segment.contains('%') && percent_decode_str(segment).eq(expected.bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A [`Found`] without its pattern.
    #[derive(Debug, PartialEq, Eq)]
    enum Seen {
        Route(Endpoint, &'static str),
        WrongMethod(String),
        Unknown,
    }

    fn look(method: &str, path: &'static str) -> Seen {
        match find(&method.parse().expect("a method"), path) {
            Found::Route { endpoint, open, .. } => Seen::Route(endpoint, open),
            Found::WrongMethod(allow) => Seen::WrongMethod(allow),
            Found::Unknown => Seen::Unknown,
        }
    }

    #[test]
    fn request_lines_lead_where_the_catalogue_says() {
        let table = [
            ("POST", "/v1/chat/completions", Seen::Route(Inference, "")),
            ("POST", "/v1/ch%61t/completions", Seen::Route(Inference, "")),
            ("POST", "/V1/chat/completions", Seen::Unknown),
            ("POST", "/v1/chat%2Fcompletions", Seen::Unknown),
            ("POST", "/v1/chat/completions/", Seen::Unknown),
            ("GET", "/v1/chat/completions", Seen::WrongMethod("POST".into())),
            (
                "PUT",
                "/v1/audio/voices",
                Seen::WrongMethod("GET, HEAD, POST".into()),
            ),
            ("GET", "/v1/audio/voices", Seen::Route(Inference, "")),
            ("HEAD", "/props", Seen::Route(Inference, "")),
            ("POST", "/props", Seen::WrongMethod("GET, HEAD".into())),
            ("POST", "/v/embeddings", Seen::Route(InferenceWithoutPrefix, "")),
            ("GET", "/v1/models", Seen::Route(Endpoint::Models, "")),
            ("GET", "/v1/models/", Seen::Unknown),
            ("GET", "/v1/models/orca", Seen::Unknown),
            ("GET", "/", Seen::Route(Endpoint::Home, "")),
            ("POST", "/", Seen::WrongMethod("GET, HEAD".into())),
            ("GET", "", Seen::Unknown),
            ("GET", "*", Seen::Unknown),
            ("GET", "/upstream", Seen::Route(Endpoint::UpstreamHome, "")),
            ("POST", "/upstream", Seen::Route(Endpoint::UpstreamSlash, "")),
            ("GET", "/upstream/", Seen::Route(Endpoint::Upstream, "")),
            (
                "PATCH",
                "/upstream/a/b%2Fc//d",
                Seen::Route(Endpoint::Upstream, "a/b%2Fc//d"),
            ),
            (
                "POST",
                "/api/models/unload",
                Seen::Route(Endpoint::UnloadEvery, ""),
            ),
            (
                "POST",
                "/api/models/unload/a%2Fb/c",
                Seen::Route(Endpoint::UnloadOne, "a%2Fb/c"),
            ),
            ("GET", "/api/models/unload/a", Seen::WrongMethod("POST".into())),
            (
                "POST",
                "/api/models/load/a%2Fb/c",
                Seen::Route(Endpoint::LoadOne, "a%2Fb/c"),
            ),
            ("GET", "/api/models/load/a", Seen::WrongMethod("POST".into())),
            ("POST", "/api/models/load", Seen::Unknown),
            ("GET", "/api/models", Seen::Route(Endpoint::Details, "")),
            (
                "POST",
                "/api/inflight/7/cancel",
                Seen::Route(Endpoint::CancelInFlight, "7"),
            ),
            ("POST", "/api/inflight/7/8/cancel", Seen::Unknown),
            ("POST", "/api/inflight/7", Seen::Unknown),
            ("GET", "/logs/stream", Seen::Route(Endpoint::LogStream, "")),
            (
                "GET",
                "/logs/stream/a/b",
                Seen::Route(Endpoint::LogStreamOf, "a/b"),
            ),
            ("GET", "/api/config", Seen::Route(Endpoint::Configuration, "")),
            ("POST", "/api/config", Seen::WrongMethod("GET, HEAD".into())),
            ("POST", "/api/config/reload", Seen::Route(Endpoint::Reload, "")),
            ("GET", "/api/config/reload", Seen::WrongMethod("POST".into())),
            ("GET", "/api/profiles", Seen::Route(Endpoint::Profiles, "")),
            (
                "PUT",
                "/api/profiles/active",
                Seen::Route(Endpoint::SwitchProfile, ""),
            ),
            ("GET", "/api/profiles/active", Seen::WrongMethod("PUT".into())),
            ("GET", "/api/profiles/nightly", Seen::Unknown),
            ("GET", "/ui", Seen::Route(Endpoint::UiSlash, "")),
            ("POST", "/ui", Seen::WrongMethod("GET, HEAD".into())),
            ("GET", "/ui/", Seen::Route(Endpoint::Ui, "")),
            ("HEAD", "/ui/a/b.js", Seen::Route(Endpoint::Ui, "a/b.js")),
            ("POST", "/ui/", Seen::WrongMethod("GET, HEAD".into())),
            ("GET", "/favicon.ico", Seen::Route(Endpoint::Icon, "")),
        ];
        for (method, path, expected) in table {
            assert_eq!(look(method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn every_pattern_finds_its_own_route() {
        for (verbs, pattern, endpoint) in ROUTES {
            let method = match verbs {
                Get => Method::GET,
                Post => Method::POST,
                Put => Method::PUT,
                Any => Method::DELETE,
            };
            let path = pattern.replace("**", "x/y").replace('*', "x");
            let found = find(&method, &path);
            let Found::Route {
                pattern: by,
                endpoint: to,
                ..
            } = found
            else {
                panic!("{method} {path} is not found")
            };
            assert_eq!((by, to), (*pattern, *endpoint), "{method} {path}");
        }
    }
}
