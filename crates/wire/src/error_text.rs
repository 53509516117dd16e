//! The one sentence that the body of a failed answer holds (spec/http-api.md 5.1).

use serde_json::Value;

/// The longest text that is kept, in bytes; the rest becomes `...`.
pub const MAX_ERROR_TEXT_BYTES: usize = 500;

/// Where servers put their error text, in the order in which it is looked for.
const PLACES: [&str; 4] = ["/error/message", "/error", "/message", "/detail"];

/// The error text of a JSON body: the first string that is not blank. `None` when there is none.
#[must_use]
pub fn extract(body: &[u8]) -> Option<String> {
    let document: Value = serde_json::from_slice(body).ok()?;
    let text = PLACES.iter().find_map(|place| {
        let text = document.pointer(place)?.as_str()?.trim();
        (!text.is_empty()).then_some(text)
    })?;
    Some(shortened(text))
}

/// The text without blanks around, cut to [`MAX_ERROR_TEXT_BYTES`] between two characters.
#[must_use]
pub fn shortened(text: &str) -> String {
    let text = text.trim();
    if text.len() <= MAX_ERROR_TEXT_BYTES {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(MAX_ERROR_TEXT_BYTES);
    format!("{}...", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_103_error_texts() {
        let table = [
            (r#"{"error":{"message":"bad temp"}}"#, Some("bad temp")),
            (r#"{"error":{"message":" "},"message":" m "}"#, Some("m")),
            (r#"{"error":{"message":7},"detail":"d"}"#, Some("d")),
            (r#"{"error":"plain"}"#, Some("plain")),
            (r#"{"detail":[{"msg":"x"}]}"#, None),
            (r#"{"error":null}"#, None),
            ("<html>502</html>", None),
            ("", None),
        ];
        for (body, expected) in table {
            assert_eq!(extract(body.as_bytes()).as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let text = "é".repeat(MAX_ERROR_TEXT_BYTES);
        let body = serde_json::json!({ "error": format!("x{text}") }).to_string();
        let short = extract(body.as_bytes()).expect("a text");
        assert_eq!(short.len(), 499 + 3);
        assert!(short.starts_with("xé") && short.ends_with("é..."));
        assert_eq!(shortened(" a "), "a");
    }
}
