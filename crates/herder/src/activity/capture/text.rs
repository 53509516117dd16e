//! A capture as one run of bytes: path and headers as lines, then the bodies. Written when a request has ended, which
//! must cost little; read when somebody looks at it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, HeaderName};
use serde::Serialize;

use crate::shown_headers::{usual_spelling, visible};

/// Headers by name.
type HeaderTexts = BTreeMap<String, String>;

/// The path, the request's headers and the answer's, one to a line, with an empty line behind each part. Neither a path
/// nor a name or value of a header can hold a line feed.
#[derive(Debug, Default)]
pub(super) struct Head(Vec<u8>);

/// Room for a usual head, so that it takes its memory once.
const USUAL_HEAD_BYTES: usize = 512;

/// How long the bodies are that stand behind the head; `None` when one is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lengths {
    pub(super) request: Option<usize>,
    pub(super) response: Option<usize>,
}

/// A request and its answer, without secrets.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Capture {
    /// Number of its row in the activity.
    id: i64,
    /// The path that the model server saw.
    req_path: String,
    /// By name.
    req_headers: HeaderTexts,
    /// Base64; `null` when it is not kept.
    req_body: Option<String>,
    /// By name.
    resp_headers: HeaderTexts,
    /// Base64, decompressed; `null` when it is not kept.
    resp_body: Option<String>,
}

impl Head {
    /// Begins with what the client sent.
    pub(super) fn begin(path: &str, headers: &HeaderMap) -> Self {
        let mut text = Vec::with_capacity(USUAL_HEAD_BYTES);
        text.extend_from_slice(path.as_bytes());
        text.push(b'\n');
        write_headers(&mut text, headers, None);
        Self(text)
    }

    /// Ends with the answer's headers. Its body is kept decompressed, so it has no `Content-Encoding`.
    pub(super) fn answered(&mut self, headers: &HeaderMap) {
        write_headers(&mut self.0, headers, Some(&CONTENT_ENCODING));
    }

    /// In bytes.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The bytes, with room for so many more.
    pub(super) fn into_text(self, bodies: usize) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.0.len() + bodies);
        text.extend_from_slice(&self.0);
        text
    }
}

fn write_headers(text: &mut Vec<u8>, headers: &HeaderMap, hidden: Option<&HeaderName>) {
    for (name, value) in visible(headers) {
        if Some(name) != hidden {
            text.extend_from_slice(name.as_str().as_bytes());
            text.push(b':');
            text.extend_from_slice(value);
            text.push(b'\n');
        }
    }
    text.push(b'\n');
}

impl Capture {
    /// Reads the text of a capture. `None` when it is none.
    pub(super) fn read(id: i64, text: &[u8], lengths: Lengths) -> Option<Self> {
        let (path, rest) = line(text)?;
        let (req_headers, rest) = read_headers(rest)?;
        let (resp_headers, mut bodies) = read_headers(rest)?;
        let mut next = |length: Option<usize>| {
            let (body, rest) = bodies.split_at_checked(length?)?;
            bodies = rest;
            Some(STANDARD.encode(body))
        };
        Some(Self {
            id,
            req_path: String::from_utf8_lossy(path).into_owned(),
            req_headers,
            req_body: next(lengths.request),
            resp_headers,
            resp_body: next(lengths.response),
        })
    }
}

/// The headers of one part, and what stands behind it.
fn read_headers(mut text: &[u8]) -> Option<(HeaderTexts, &[u8])> {
    let mut headers = HeaderTexts::new();
    loop {
        let (header, rest) = line(text)?;
        text = rest;
        if header.is_empty() {
            return Some((headers, text));
        }
        let colon = header.iter().position(|byte| *byte == b':')?;
        let name = usual_spelling(&String::from_utf8_lossy(&header[..colon]));
        let value = String::from_utf8_lossy(&header[colon + 1..]).into_owned();
        headers.insert(name, value);
    }
}

fn line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| *byte == b'\n')?;
    Some((&text[..end], &text[end + 1..]))
}
