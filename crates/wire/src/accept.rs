//! In which form a client wants to read an error (spec/http-api.md 0.3, with Q3 mended).

use http::HeaderMap;
use http::header::ACCEPT;

/// The form of an error body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorForm {
    /// The JSON envelope.
    Json,
    /// One line of plain text.
    Text,
    /// A minimal HTML page.
    Html,
}

/// JSON whenever `application/json` is listed; else whichever of `text/plain` and `text/html` is listed first; else
/// JSON.
#[must_use]
pub fn negotiate(headers: &HeaderMap) -> ErrorForm {
    let mut form = None;
    for value in headers.get_all(ACCEPT) {
        for range in String::from_utf8_lossy(value.as_bytes()).split(',') {
            let media_type = range.split(';').next().unwrap_or_default().trim();
            if media_type.eq_ignore_ascii_case("application/json") {
                return ErrorForm::Json;
            } else if media_type.eq_ignore_ascii_case("text/plain") {
                form.get_or_insert(ErrorForm::Text);
            } else if media_type.eq_ignore_ascii_case("text/html") {
                form.get_or_insert(ErrorForm::Html);
            }
        }
    }
    form.unwrap_or(ErrorForm::Json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_0_3_q3_negotiation() {
        for (accept, expected) in [
            ("application/json, text/plain, */*", ErrorForm::Json),
            ("text/plain, application/json", ErrorForm::Json),
            ("*/*; q=0.01, Application/JSON", ErrorForm::Json),
            ("*/*", ErrorForm::Json),
            ("", ErrorForm::Json),
            ("image/png", ErrorForm::Json),
            ("text/plain", ErrorForm::Text),
            ("text/plain, text/html", ErrorForm::Text),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                ErrorForm::Html,
            ),
            ("TEXT/HTML;q=0.5", ErrorForm::Html),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, accept.parse().expect("a header value"))]);
            assert_eq!(negotiate(&headers), expected, "{accept}");
        }
        assert_eq!(negotiate(&HeaderMap::new()), ErrorForm::Json);
    }
}
