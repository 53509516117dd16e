//! `/ui/` and `/favicon.ico`: the web page, whose files are in the program (spec/http-api.md 1.18).
//!
//! The build script makes the table of files from the folder `ui/` of this crate. A path is looked up in that table and
//! never reaches a disk.

use axum::body::Body;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use herder_wire::accept::{self, ErrorForm};
use percent_encoding::percent_decode_str;

use super::reply::redirect;
use crate::error::ApiError;
use crate::pipeline::RequestContext;

/// A file of the page.
struct File {
    /// Below `/ui/`, with slashes.
    path: &'static str,
    /// As it is.
    plain: Variant,
    /// Compressed with brotli, where that makes it smaller.
    brotli: Option<Variant>,
}

/// One form of a file.
struct Variant {
    bytes: &'static [u8],
    /// An entity tag, with its quotes.
    tag: &'static str,
}

/// In ascending order of path.
static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/ui_files.rs"));

/// The page itself, whose script knows what the rest of the path means.
const INDEX: &str = "index.html";

/// The folder of files whose names change with their content, as Vite makes it.
const HASHED: &str = "assets/";

/// What the page may do: load and ask herder only, run no script but its own files, be in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The file of this path below `/ui/`, as the client spelt it, or the page.
///
/// # Errors
///
/// 404 for a file that is not there.
pub(super) fn file(context: &RequestContext, path: &str) -> Result<Response<Body>, ApiError> {
    let headers = &context.head.headers;
    let path = percent_decode_str(path).decode_utf8_lossy();
    let file = find(&path, accept::negotiate(headers) == ErrorForm::Html);
    let file = file.ok_or_else(ApiError::unknown_route)?;
    Ok(respond(file, headers))
}

/// The icon of the page.
///
/// # Errors
///
/// 404 when the page has none.
pub(super) fn icon(context: &RequestContext) -> Result<Response<Body>, ApiError> {
    let icon = find("favicon.ico", false).ok_or_else(ApiError::unknown_route)?;
    Ok(respond(icon, &context.head.headers))
}

/// `/ui` without its slash, to where the page is. The query stays.
pub(super) fn with_slash(context: &RequestContext) -> Response<Body> {
    let location = match context.head.uri.query() {
        Some(query) => format!("/ui/?{query}"),
        None => "/ui/".to_owned(),
    };
    redirect(StatusCode::TEMPORARY_REDIRECT, &location)
}

/// A path that is no file is a place in the page, unless it looks like a file and was not asked for by a person, that is,
/// with a preference for HTML (Q17, mended).
fn find(path: &str, wants_page: bool) -> Option<&'static File> {
    let find = |path: &str| FILES.iter().find(|file| file.path == path);
    let last_segment = path.rsplit('/').next().unwrap_or_default();
    let is_place = wants_page || !last_segment.contains('.');
    find(path).or_else(|| find(INDEX).filter(|_| is_place))
}

fn respond(file: &'static File, request: &HeaderMap) -> Response<Body> {
    let brotli = file.brotli.as_ref().filter(|_| takes_brotli(request));
    let variant = brotli.unwrap_or(&file.plain);
    let is_known = knows(request, variant.tag);
    let mut response = Response::new(if is_known {
        Body::empty()
    } else {
        Body::from(variant.bytes)
    });
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::ETAG, variant.tag);
    set(header::CACHE_CONTROL, cache_control(file.path));
    set(header::VARY, "accept-encoding");
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    set(header::CONTENT_TYPE, content_type(file.path));
    if brotli.is_some() {
        set(header::CONTENT_ENCODING, "br");
    }
    response
}

/// Whether the client lists `br`, and not with the weight 0, which refuses it.
fn takes_brotli(request: &HeaderMap) -> bool {
    members(request, &header::ACCEPT_ENCODING).any(|member| {
        let mut parts = member.split(';').map(str::trim);
        let coding = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let is_refused = weight.is_some_and(|weight| weight.parse() == Ok(0.0));
        coding.eq_ignore_ascii_case("br") && !is_refused
    })
}

/// Whether the client has this variant already.
fn knows(request: &HeaderMap, tag: &str) -> bool {
    members(request, &header::IF_NONE_MATCH)
        .any(|member| member == "*" || member.strip_prefix("W/").unwrap_or(member) == tag)
}

/// The members of a list header, over all its lines.
fn members<'headers>(
    headers: &'headers HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'headers str> + use<'headers> {
    let lines = headers.get_all(name).into_iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

/// Only browsers keep it: with keys it is not for everybody.
fn cache_control(path: &str) -> &'static str {
    if path.starts_with(HASHED) {
        "private, max-age=31536000, immutable"
    } else {
        "no-cache"
    }
}

/// By the end of the name.
fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        _ => UNKNOWN_TYPE,
    }
}

/// What browsers save instead of showing it.
const UNKNOWN_TYPE: &str = "application/octet-stream";

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &HeaderName, values: &[&'static str]) -> HeaderMap {
        let values = values.iter();
        values
            .map(|value| (name.clone(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn row_124_who_takes_brotli() {
        let table: [(&[&str], bool); 14] = [
            (&["gzip, br;q=0.9"], true),
            (&["gzip"], false),
            (&["brotli"], false),
            (&[], false),
            (&[""], false),
            (&["br"], true),
            (&["BR"], true),
            (&["gzip", "br"], true),
            (&["br;q=1.0, gzip;q=0"], true),
            (&["br ; q=0.001"], true),
            (&["br;q=0"], false),
            (&["br; Q=0.000"], false),
            (&["br;q=nonsense"], true),
            (&["*"], false),
        ];
        for (values, expected) in table {
            let request = headers(&header::ACCEPT_ENCODING, values);
            assert_eq!(takes_brotli(&request), expected, "{values:?}");
        }
    }

    #[test]
    fn row_125_and_q17_what_a_path_means() {
        let table = [
            ("", false, Some("index.html")),
            ("index.html", false, Some("index.html")),
            ("app.js", false, Some("app.js")),
            ("app.js", true, Some("app.js")),
            ("activity", false, Some("index.html")),
            ("models/vega/coder-32b", false, Some("index.html")),
            ("models/qwen-2.5/", false, Some("index.html")),
            ("models/qwen-2.5", false, None),
            ("models/qwen-2.5", true, Some("index.html")),
            ("missing.js", false, None),
            ("App.js", false, None),
            ("../Cargo.toml", false, None),
            ("../../../etc/passwd", false, Some("index.html")),
            ("./app.js", false, None),
            ("/app.js", false, None),
        ];
        for (path, wants_page, expected) in table {
            let found = find(path, wants_page).map(|file| file.path);
            assert_eq!(found, expected, "{path} {wants_page}");
        }
    }

    #[test]
    fn who_has_the_file_already() {
        let table: [(&[&str], bool); 7] = [
            (&[], false),
            (&["\"a\""], true),
            (&["W/\"a\""], true),
            (&["\"b\", \"a\""], true),
            (&["\"b\"", "*"], true),
            (&["a"], false),
            (&["\"ab\""], false),
        ];
        for (values, expected) in table {
            let request = headers(&header::IF_NONE_MATCH, values);
            assert_eq!(knows(&request, "\"a\""), expected, "{values:?}");
        }
    }

    #[test]
    fn q18_only_names_that_change_are_kept_unasked() {
        for (path, expected) in [
            ("assets/index-4f2a.js", "private, max-age=31536000, immutable"),
            ("index.html", "no-cache"),
            ("app.js", "no-cache"),
        ] {
            assert_eq!(cache_control(path), expected, "{path}");
        }
    }

    #[test]
    fn every_file_has_a_known_type() {
        for File { path, .. } in FILES {
            assert_ne!(content_type(path), UNKNOWN_TYPE, "{path}");
        }
        assert_eq!(content_type("notes"), UNKNOWN_TYPE);
    }

    /// Nothing else would the policy let run.
    #[test]
    fn pages_load_files_of_their_own_only() {
        for page in FILES.iter().filter(|file| file.path.ends_with(".html")) {
            let text = String::from_utf8_lossy(page.plain.bytes);
            for forbidden in ["<style", " style=", " onclick=", "javascript:", "//"] {
                assert!(!text.contains(forbidden), "{}: {forbidden}", page.path);
            }
            let scripts = text.matches("<script").count();
            assert_eq!(
                scripts,
                text.matches("<script src=\"/ui/").count(),
                "{}",
                page.path
            );
        }
    }
}
