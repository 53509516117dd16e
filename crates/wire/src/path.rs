//! Request paths: finding the model in `/upstream/{model}/…`, cleaning, and joining with a base URL
//! (spec/http-api.md 0.2, 1.3, 1.9).
//!
//! All paths are raw, as the client sent them. What is forwarded keeps the client's percent-encoding exactly.

use percent_encoding::percent_decode_str;

use crate::MAX_NAME_BYTES;

/// A name found at the beginning of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched<'a> {
    /// The name, decoded.
    pub name: String,
    /// What comes after the name, raw.
    pub rest: Rest<'a>,
}

/// What follows a name in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest<'a> {
    /// Nothing, not even a slash: the client is redirected to the name with one.
    Missing,
    /// A slash and this, which may be empty and has no leading slash.
    Path(&'a str),
}

/// Finds the model that `raw`, a path without its `/upstream/`, begins with: the longest run of whole segments that
/// `is_model` knows once decoded. A slash inside a name may be written `/` or `%2F`. Names longer than
/// [`MAX_NAME_BYTES`] are not looked for.
pub fn match_model(raw: &str, is_model: impl Fn(&str) -> bool) -> Option<Matched<'_>> {
    let mut longest = None;
    let mut name = String::new();
    let mut from = 0;
    loop {
        let (segment, rest) = split_segment(&raw[from..]);
        let Ok(decoded) = percent_decode_str(segment).decode_utf8() else {
            break;
        };
        name.push_str(&decoded);
        if name.len() > MAX_NAME_BYTES {
            break;
        }
        if is_model(&name) {
            longest = Some(Matched {
                name: name.clone(),
                rest,
            });
        }
        let Rest::Path(after) = rest else { break };
        name.push('/');
        from = raw.len() - after.len();
    }
    longest
}

/// The path that a path with `//`, `/./` or `/../` is redirected to; `None` when it is clean already, or does not
/// begin with a slash. A slash at the end stays. Percent-encoded slashes and dots are ordinary characters here.
#[must_use]
pub fn clean(raw: &str) -> Option<String> {
    let inner = raw.strip_prefix('/')?;
    // Nearly every path is clean.
    let mut inside = inner.strip_suffix('/').unwrap_or(inner).split('/');
    if inner.is_empty() || inside.all(|segment| !matches!(segment, "" | "." | "..")) {
        return None;
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in inner.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            other => kept.push(other),
        }
    }
    let mut cleaned = String::with_capacity(raw.len());
    for segment in &kept {
        cleaned.push('/');
        cleaned.push_str(segment);
    }
    if cleaned.is_empty() || raw.ends_with('/') {
        cleaned.push('/');
    }
    (cleaned != raw).then_some(cleaned)
}

/// The path of a base URL and a forwarded path, with exactly one slash between them.
#[must_use]
pub fn join(base: &str, path: &str) -> String {
    let base = base.strip_suffix('/').unwrap_or(base);
    let path = path.strip_prefix('/').unwrap_or(path);
    format!("{base}/{path}")
}

/// The query of a base URL, then the client's own, which stays verbatim; `None` when there is neither.
#[must_use]
pub fn join_query(base: Option<&str>, query: Option<&str>) -> Option<String> {
    match (base.filter(|base| !base.is_empty()), query) {
        (Some(base), Some(query)) if !query.is_empty() => Some(format!("{base}&{query}")),
        (Some(base), Some(_) | None) => Some(base.to_owned()),
        (None, query) => query.map(str::to_owned),
    }
}

/// The text up to the next slash, and what follows.
fn split_segment(raw: &str) -> (&str, Rest<'_>) {
    let bytes = raw.as_bytes();
    for at in memchr::memchr2_iter(b'/', b'%', bytes) {
        if bytes[at] == b'/' {
            return (&raw[..at], Rest::Path(&raw[at + 1..]));
        }
        if bytes.get(at + 1) == Some(&b'2') && matches!(bytes.get(at + 2), Some(b'F' | b'f')) {
            return (&raw[..at], Rest::Path(&raw[at + 3..]));
        }
    }
    (raw, Rest::Missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched(raw: &str) -> Option<(String, Rest<'_>)> {
        let models = ["a", "a/b", "orca-7b", "vega/coder-32b", "né o"];
        match_model(raw, |name| models.contains(&name)).map(|matched| (matched.name, matched.rest))
    }

    #[test]
    fn http_1_9_the_longest_model_wins() {
        for (raw, expected) in [
            ("orca-7b", Some(("orca-7b", Rest::Missing))),
            ("orca-7b/", Some(("orca-7b", Rest::Path("")))),
            ("orca-7b/v1/x", Some(("orca-7b", Rest::Path("v1/x")))),
            ("a/b/c", Some(("a/b", Rest::Path("c")))),
            ("a/c/b", Some(("a", Rest::Path("c/b")))),
            ("a/b", Some(("a/b", Rest::Missing))),
            ("ab/c", None),
            (
                "vega/coder-32b/a/b%2Fc",
                Some(("vega/coder-32b", Rest::Path("a/b%2Fc"))),
            ),
            (
                "vega%2Fcoder-32b/a%252Fb",
                Some(("vega/coder-32b", Rest::Path("a%252Fb"))),
            ),
            ("vega%2fcoder-32b", Some(("vega/coder-32b", Rest::Missing))),
            (
                "vega%2Fcoder-32b%2Fx%20y",
                Some(("vega/coder-32b", Rest::Path("x%20y"))),
            ),
            ("n%C3%A9%20o/%C3%A9", Some(("né o", Rest::Path("%C3%A9")))),
            ("orca-7b/%ff", Some(("orca-7b", Rest::Path("%ff")))),
            ("orca-7b//x", Some(("orca-7b", Rest::Path("/x")))),
            ("%6Frca-7b/x", Some(("orca-7b", Rest::Path("x")))),
            ("nope/x", None),
            ("vega", None),
            ("", None),
        ] {
            let expected = expected.map(|(name, rest)| (name.to_owned(), rest));
            assert_eq!(matched(raw), expected, "{raw}");
        }
    }

    #[test]
    fn a_path_of_slashes_is_given_up_early() {
        let asked = std::cell::Cell::new(0_usize);
        let raw = "/".repeat(1_000_000);
        let found = match_model(&raw, |_| {
            asked.set(asked.get() + 1);
            false
        });
        assert_eq!(found, None);
        assert!(asked.get() <= MAX_NAME_BYTES + 1);
    }

    #[test]
    fn http_0_2_paths_are_cleaned() {
        for (raw, expected) in [
            ("/", None),
            ("/v1/models", None),
            ("/v1/models/", None),
            ("//v1/chat/completions", Some("/v1/chat/completions")),
            ("/v1//models/", Some("/v1/models/")),
            ("/a/./b", Some("/a/b")),
            ("/a/../b", Some("/b")),
            ("/../..", Some("/")),
            ("/a/.", Some("/a")),
            ("/a/..", Some("/")),
            ("/a/b/../", Some("/a/")),
            ("/.hidden/..b/c..", None),
            ("/a%2F%2Fb/%2e%2E/", None),
            ("//", Some("/")),
            ("*", None),
            ("", None),
        ] {
            let cleaned = clean(raw);
            assert_eq!(cleaned.as_deref(), expected, "{raw}");
            assert_eq!(
                cleaned.and_then(|path| clean(&path)),
                None,
                "{raw}: clean once, clean for ever"
            );
        }
    }

    #[test]
    fn http_1_3_paths_join_with_one_slash() {
        for (base, path, expected) in [
            ("", "/x", "/x"),
            ("/", "/x", "/x"),
            ("/base", "/v1/x", "/base/v1/x"),
            ("/base/", "v1/x", "/base/v1/x"),
            ("/base/", "/", "/base/"),
            ("", "", "/"),
            ("/base", "/a%2Fb", "/base/a%2Fb"),
        ] {
            assert_eq!(join(base, path), expected);
        }
    }

    #[test]
    fn http_1_3_the_base_query_comes_first() {
        for (base, query, expected) in [
            (None, None, None),
            (None, Some("x=%20y"), Some("x=%20y")),
            (Some("k=1"), None, Some("k=1")),
            (Some("k=1"), Some(""), Some("k=1")),
            (Some("k=1"), Some("x;y"), Some("k=1&x;y")),
            (Some(""), Some("x"), Some("x")),
            (None, Some(""), Some("")),
        ] {
            assert_eq!(join_query(base, query).as_deref(), expected);
        }
    }
}
