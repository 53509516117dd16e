//! Chat requests of an exact length: text, or text with an image in base64.

use anyhow::{Context, Result, bail, ensure};

/// Text as people write it: with quotes, line ends and letters that JSON and UTF-8 have to do something about.
const SENTENCE: &str = "She said: \\\"Every herd knows its way home.\\\"\\nÜber Nacht kam Schnee, \
                        and the path was gone. ";

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What the content of a body is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Text,
    Image,
}

/// Builds the body that `text:BYTES` or `image:BYTES` asks for, for `model`.
///
/// The name and the other short members come first, so that the upstream sees them without keeping the rest.
///
/// # Errors
/// Another kind, or a length that has no room for the frame.
pub(crate) fn build(kind: &str, model: &str, chunks: Option<u32>) -> Result<Vec<u8>> {
    let (content, length) = match kind.split_once(':') {
        Some(("text", length)) => (Content::Text, length),
        Some(("image", length)) => (Content::Image, length),
        _ => bail!("'{kind}' is neither text:BYTES nor image:BYTES"),
    };
    let length: usize = length.parse().with_context(|| format!("the length in {kind}"))?;
    let stream = chunks.map_or_else(String::new, |count| {
        format!("\"stream\":true,\"max_tokens\":{count},")
    });
    let model = serde_json::Value::from(model);
    let mut body = format!("{{\"model\":{model},{stream}\"messages\":[{{\"role\":\"user\",\"content\":");
    let end = match content {
        Content::Text => {
            body.push('"');
            "\"}]}"
        }
        Content::Image => {
            body.push_str("[{\"type\":\"text\",\"text\":\"What is on this picture?\"},");
            body.push_str("{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,");
            "\"}}]}]}"
        }
    };
    let mut body = body.into_bytes();
    let frame = body.len() + end.len();
    ensure!(length >= frame, "{kind}: the frame alone has {frame} bytes");
    let full = length - end.len();
    match content {
        Content::Text => fill_text(&mut body, full),
        Content::Image => fill_base64(&mut body, full),
    }
    body.extend_from_slice(end.as_bytes());
    Ok(body)
}

fn fill_text(body: &mut Vec<u8>, full: usize) {
    while body.len() + SENTENCE.len() <= full {
        body.extend_from_slice(SENTENCE.as_bytes());
    }
    body.resize(full, b'.');
}

/// Letters that do not repeat, as those of a compressed picture.
fn fill_base64(body: &mut Vec<u8>, full: usize) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    while body.len() < full {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        body.push(BASE64[(state >> 58) as usize]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn bodies_are_json_of_the_length_that_was_asked_for() {
        for (kind, chunks) in [("text:1024", None), ("image:5000", None), ("text:400", Some(9))] {
            let body = build(kind, "a \"model\"", chunks).unwrap();
            assert_eq!(body.len().to_string(), kind.split_once(':').unwrap().1);
            let value: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(value["model"], "a \"model\"");
            assert_eq!(value["max_tokens"].as_u64(), chunks.map(u64::from));
            assert_eq!(value["stream"].as_bool(), chunks.map(|_| true));
        }
    }

    #[test]
    fn what_cannot_be_built_is_refused() {
        for kind in ["text", "sound:100", "text:x", "text:10"] {
            assert!(build(kind, "m", None).is_err(), "{kind}");
        }
    }
}
