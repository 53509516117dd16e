//! `/ui/` and `/favicon.ico`: the web page, whose files are in the program (spec/http-api.md 1.18).
//!
//! The build script makes the table of files from the built page (`ui/dist/` of the repository), or from the small page in
//! `ui/` of this crate, which says how to build it. A path is looked up in that table and never reaches a disk.

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
    /// The same with gzip: browsers take brotli over TLS only.
    gzip: Option<Variant>,
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

/// What the page may do: load and ask herder only, run no script but its own files, be in nobody's frame. What people give
/// it and models make (pictures, sounds) is shown from memory: `data:` and `blob:`.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
                      media-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; \
                      manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

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
    let (variant, encoding) = choose(file, request);
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
    if let Some(encoding) = encoding {
        set(header::CONTENT_ENCODING, encoding);
    }
    response
}

/// The smallest form that the client takes, and its content coding; none for the plain one.
fn choose(file: &'static File, request: &HeaderMap) -> (&'static Variant, Option<&'static str>) {
    for (form, coding) in [(&file.brotli, "br"), (&file.gzip, "gzip")] {
        if let Some(variant) = form.as_ref().filter(|_| takes(request, coding)) {
            return (variant, Some(coding));
        }
    }
    (&file.plain, None)
}

/// Whether the client lists this coding, and not with the weight 0, which refuses it.
fn takes(request: &HeaderMap, wanted: &str) -> bool {
    members(request, &header::ACCEPT_ENCODING).any(|member| {
        let mut parts = member.split(';').map(str::trim);
        let coding = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let is_refused = weight.is_some_and(|weight| weight.parse() == Ok(0.0));
        coding.eq_ignore_ascii_case(wanted) && !is_refused
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

/// What a shared cache keeps, it would give to those whom herder does not listen to.
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

    /// Whether `br` is taken, and whether `gzip` is.
    #[test]
    fn row_124_who_takes_what() {
        let table: [(&[&str], bool, bool); 15] = [
            (&["gzip, br;q=0.9"], true, true),
            (&["gzip"], false, true),
            (&["gzip, deflate"], false, true),
            (&["brotli"], false, false),
            (&[], false, false),
            (&[""], false, false),
            (&["br"], true, false),
            (&["BR, GZip"], true, true),
            (&["gzip", "br"], true, true),
            (&["br;q=1.0, gzip;q=0"], true, false),
            (&["br ; q=0.001"], true, false),
            (&["br;q=0, gzip"], false, true),
            (&["br; Q=0.000"], false, false),
            (&["br;q=nonsense"], true, false),
            (&["*"], false, false),
        ];
        for (values, brotli, gzip) in table {
            let request = headers(&header::ACCEPT_ENCODING, values);
            assert_eq!(takes(&request, "br"), brotli, "{values:?}");
            assert_eq!(takes(&request, "gzip"), gzip, "{values:?}");
        }
    }

    /// The better one of those that are taken, and that the file has.
    #[test]
    fn row_124_which_form_is_sent() {
        const fn form(bytes: &'static [u8]) -> Variant {
            Variant { bytes, tag: "" }
        }
        const fn file(brotli: Option<Variant>, gzip: Option<Variant>) -> File {
            let plain = form(b"plain");
            File {
                path: "x.js",
                plain,
                brotli,
                gzip,
            }
        }
        static BOTH: File = file(Some(form(b"br")), Some(form(b"gz")));
        static GZIP: File = file(None, Some(form(b"gz")));
        static PLAIN: File = file(None, None);
        let table: [(&File, &'static str, &[u8], Option<&str>); 7] = [
            (&BOTH, "gzip, br;q=0.1", b"br", Some("br")),
            (&BOTH, "gzip", b"gz", Some("gzip")),
            (&BOTH, "gzip, br;q=0", b"gz", Some("gzip")),
            (&BOTH, "zstd", b"plain", None),
            (&GZIP, "gzip, br", b"gz", Some("gzip")),
            (&GZIP, "br", b"plain", None),
            (&PLAIN, "gzip, br", b"plain", None),
        ];
        for (file, accepted, bytes, coding) in table {
            let request = headers(&header::ACCEPT_ENCODING, &[accepted]);
            let (variant, found) = choose(file, &request);
            assert_eq!((variant.bytes, found), (bytes, coding), "{accepted}");
        }
    }

    #[test]
    fn compressed_forms_are_the_same_file() {
        use std::io::Read;
        let mut compressed = 0;
        for file in FILES {
            if let Some(brotli) = &file.brotli {
                let mut whole = Vec::new();
                brotli::BrotliDecompress(&mut &brotli.bytes[..], &mut whole).expect("brotli");
                assert!(whole == file.plain.bytes, "{}", file.path);
                assert!(brotli.bytes.len() < whole.len(), "{}", file.path);
                compressed += 1;
            }
            if let Some(gzip) = &file.gzip {
                let mut whole = Vec::new();
                let mut decoder = flate2::read::GzDecoder::new(gzip.bytes);
                decoder.read_to_end(&mut whole).expect("gzip");
                assert!(whole == file.plain.bytes, "{}", file.path);
                assert!(gzip.bytes.len() < whole.len(), "{}", file.path);
                compressed += 1;
            }
            let is_for_browsers =
                !file.path.ends_with(".map") && !file.path.split('/').any(|part| part.starts_with('.'));
            assert!(is_for_browsers, "{}", file.path);
        }
        assert!(compressed >= 4, "the page and its style, twice each");
    }

    #[test]
    fn row_125_and_q17_what_a_path_means() {
        let style = FILES
            .iter()
            .map(|file| file.path)
            .find(|path| path.ends_with(".css"));
        let style = style.expect("every page has one");
        let absolute = format!("/{style}");
        let upper = style.to_ascii_uppercase();
        let dotted = format!("./{style}");
        let table = [
            ("", false, Some("index.html")),
            ("index.html", false, Some("index.html")),
            (style, false, Some(style)),
            (style, true, Some(style)),
            ("activity", false, Some("index.html")),
            ("models/vega/coder-32b", false, Some("index.html")),
            ("models/qwen-2.5/", false, Some("index.html")),
            ("models/qwen-2.5", false, None),
            ("models/qwen-2.5", true, Some("index.html")),
            ("missing.js", false, None),
            (&*upper, false, None),
            ("../Cargo.toml", false, None),
            ("../../../etc/passwd", false, Some("index.html")),
            (&*dotted, false, None),
            (&*absolute, false, None),
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

    /// Nothing else would the policy let run, and no other host is asked for anything.
    #[test]
    fn pages_load_files_of_their_own_only() {
        let handler = regex::Regex::new(r"(?i)<[^>]*\son[a-z]+\s*=").expect("a fixed pattern");
        let address = regex::Regex::new(r#"(?i)\s(?:src|href|action)\s*=\s*["']?([^"'\s>]*)"#)
            .expect("a fixed pattern");
        for page in FILES.iter().filter(|file| file.path.ends_with(".html")) {
            let text = String::from_utf8_lossy(page.plain.bytes);
            for forbidden in ["<style", " style=", "javascript:", "http:", "https:"] {
                assert!(!text.contains(forbidden), "{}: {forbidden}", page.path);
            }
            assert!(!handler.is_match(&text), "{}", page.path);
            for found in address.captures_iter(&text) {
                let own = found[1].starts_with('/') && !found[1].starts_with("//");
                assert!(own, "{}: {}", page.path, &found[1]);
            }
            for script in text.split("<script").skip(1) {
                let (opening, body) = script.split_once('>').expect("it ends");
                assert!(opening.contains(" src=\"/ui/"), "{}: {opening}", page.path);
                assert!(body.starts_with("</script>"), "{}: {opening}", page.path);
            }
        }
    }
}
