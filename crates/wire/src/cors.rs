//! The one computed header of a CORS preflight answer (spec/http-api.md 0.5).

/// What is allowed when the preflight does not say what it wants.
const DEFAULT_ALLOW_HEADERS: &str = "Content-Type, Authorization, Accept, X-Requested-With";

/// `Access-Control-Allow-Headers` for a preflight that asks for `requested` (`Access-Control-Request-Headers`): the
/// valid names of the list, or the default when nothing is asked for. May be empty when no name is valid.
#[must_use]
pub fn allow_headers(requested: Option<&str>) -> String {
    match requested {
        None | Some("") => DEFAULT_ALLOW_HEADERS.to_owned(),
        Some(requested) => {
            let names: Vec<&str> = requested
                .split(',')
                .map(str::trim)
                .filter(|name| is_token(name))
                .collect();
            names.join(", ")
        }
    }
}

/// A header name (RFC 9110 section 5.6.2).
fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_7_1_allow_headers() {
        for (requested, expected) in [
            (None, DEFAULT_ALLOW_HEADERS),
            (Some(""), DEFAULT_ALLOW_HEADERS),
            (Some("X-One , Bad Name,Y@z, x-two"), "X-One, x-two"),
            (Some("a`b|c~!,,"), "a`b|c~!"),
            (Some(" , bad name"), ""),
        ] {
            assert_eq!(allow_headers(requested), expected, "{requested:?}");
        }
    }
}
