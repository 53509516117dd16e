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
    /// A route, and the part of the path that its pattern leaves open, as the client spelt it.
    Route(Endpoint, &'path str),
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
            return Found::Route(*endpoint, open);
        }
        allowed.extend(verbs.names());
    }
    if allowed.is_empty() {
        return Found::Unknown;
    }
    allowed.sort_unstable();
    Found::WrongMethod(allowed.join(", "))
}

/// The pattern of the route that [`find`] finds, empty for none.
pub(crate) fn pattern(method: &Method, path: &str) -> &'static str {
    let mut rows = ROUTES.iter();
    let row = rows.find(|(verbs, pattern, _)| open_part(pattern, path).is_some() && verbs.include(method));
    row.map_or("", |(_, pattern, _)| pattern)
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

    fn look(method: &str, path: &'static str) -> Found<'static> {
        find(&method.parse().expect("a method"), path)
    }

    #[test]
    fn request_lines_lead_where_the_catalogue_says() {
        let table = [
            ("POST", "/v1/chat/completions", Found::Route(Inference, "")),
            ("POST", "/v1/ch%61t/completions", Found::Route(Inference, "")),
            ("POST", "/V1/chat/completions", Found::Unknown),
            ("POST", "/v1/chat%2Fcompletions", Found::Unknown),
            ("POST", "/v1/chat/completions/", Found::Unknown),
            ("GET", "/v1/chat/completions", Found::WrongMethod("POST".into())),
            (
                "PUT",
                "/v1/audio/voices",
                Found::WrongMethod("GET, HEAD, POST".into()),
            ),
            ("GET", "/v1/audio/voices", Found::Route(Inference, "")),
            ("HEAD", "/props", Found::Route(Inference, "")),
            ("POST", "/props", Found::WrongMethod("GET, HEAD".into())),
            ("POST", "/v/embeddings", Found::Route(InferenceWithoutPrefix, "")),
            ("GET", "/v1/models", Found::Route(Endpoint::Models, "")),
            ("GET", "/v1/models/", Found::Unknown),
            ("GET", "/v1/models/orca", Found::Unknown),
            ("GET", "/", Found::Route(Endpoint::Home, "")),
            ("POST", "/", Found::WrongMethod("GET, HEAD".into())),
            ("GET", "", Found::Unknown),
            ("GET", "*", Found::Unknown),
            ("GET", "/upstream", Found::Route(Endpoint::UpstreamHome, "")),
            ("POST", "/upstream", Found::Route(Endpoint::UpstreamSlash, "")),
            ("GET", "/upstream/", Found::Route(Endpoint::Upstream, "")),
            (
                "PATCH",
                "/upstream/a/b%2Fc//d",
                Found::Route(Endpoint::Upstream, "a/b%2Fc//d"),
            ),
            (
                "POST",
                "/api/models/unload",
                Found::Route(Endpoint::UnloadEvery, ""),
            ),
            (
                "POST",
                "/api/models/unload/a%2Fb/c",
                Found::Route(Endpoint::UnloadOne, "a%2Fb/c"),
            ),
            ("GET", "/api/models/unload/a", Found::WrongMethod("POST".into())),
            (
                "POST",
                "/api/models/load/a%2Fb/c",
                Found::Route(Endpoint::LoadOne, "a%2Fb/c"),
            ),
            ("GET", "/api/models/load/a", Found::WrongMethod("POST".into())),
            ("POST", "/api/models/load", Found::Unknown),
            ("GET", "/api/models", Found::Route(Endpoint::Details, "")),
            (
                "POST",
                "/api/inflight/7/cancel",
                Found::Route(Endpoint::CancelInFlight, "7"),
            ),
            ("POST", "/api/inflight/7/8/cancel", Found::Unknown),
            ("POST", "/api/inflight/7", Found::Unknown),
            ("GET", "/logs/stream", Found::Route(Endpoint::LogStream, "")),
            (
                "GET",
                "/logs/stream/a/b",
                Found::Route(Endpoint::LogStreamOf, "a/b"),
            ),
            ("GET", "/api/config", Found::Route(Endpoint::Configuration, "")),
            ("POST", "/api/config", Found::WrongMethod("GET, HEAD".into())),
            ("POST", "/api/config/reload", Found::Route(Endpoint::Reload, "")),
            ("GET", "/api/config/reload", Found::WrongMethod("POST".into())),
            ("GET", "/api/profiles", Found::Route(Endpoint::Profiles, "")),
            (
                "PUT",
                "/api/profiles/active",
                Found::Route(Endpoint::SwitchProfile, ""),
            ),
            ("GET", "/api/profiles/active", Found::WrongMethod("PUT".into())),
            ("GET", "/api/profiles/nightly", Found::Unknown),
            ("GET", "/ui", Found::Route(Endpoint::UiSlash, "")),
            ("POST", "/ui", Found::WrongMethod("GET, HEAD".into())),
            ("GET", "/ui/", Found::Route(Endpoint::Ui, "")),
            ("HEAD", "/ui/a/b.js", Found::Route(Endpoint::Ui, "a/b.js")),
            ("POST", "/ui/", Found::WrongMethod("GET, HEAD".into())),
            ("GET", "/favicon.ico", Found::Route(Endpoint::Icon, "")),
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
            let Found::Route(found, _) = find(&method, &path) else {
                panic!("{method} {path} is not found")
            };
            assert_eq!(found, *endpoint, "{method} {path}");
            assert_eq!(super::pattern(&method, &path), *pattern);
        }
    }
}
