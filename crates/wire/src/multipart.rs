//! Plain fields of `multipart/form-data` bodies: where they stand, and how one is replaced (spec/http-api.md 1.2, 1.3).
//!
//! A replaced value is a splice: part headers, file bytes, order and boundary stay as the client sent them (Q11
//! mended). A body that breaks off keeps the fields that were complete.

use std::ops::Range;

use bytes::Bytes;
use memchr::memmem;

use crate::parameters::parameter;
use crate::pieces::Pieces;
use crate::{MAX_NAME_BYTES, MAX_REPEATED_FIELDS};

/// The most parts that are looked at. Uploads have a handful; the bound keeps a body of tiny parts cheap.
pub const MAX_PARTS: usize = 1000;

/// The longest header block of one part that is understood, in bytes. Real ones have two short lines.
pub const MAX_PART_HEADER_BYTES: usize = 16 * 1024;

/// The longest boundary (RFC 2046 section 5.1.1), in bytes.
pub const MAX_BOUNDARY_BYTES: usize = 70;

/// The boundary that a `Content-Type` names; `None` when it is missing, empty or longer than
/// [`MAX_BOUNDARY_BYTES`].
#[must_use]
pub fn boundary(content_type: &str) -> Option<String> {
    parameter(content_type, "boundary")
        .filter(|boundary| !boundary.is_empty() && boundary.len() <= MAX_BOUNDARY_BYTES)
}

/// The value of the first plain field called `name`, and where it stands. `None` when there is none among the first
/// [`MAX_PARTS`] parts, or its value is longer than [`MAX_NAME_BYTES`] or not UTF-8.
#[must_use]
pub fn field(body: &[u8], boundary: &str, name: &str) -> Option<(String, Range<usize>)> {
    let span = parts(body, boundary).find(|part| part.is_field(name))?.value;
    if span.len() > MAX_NAME_BYTES {
        return None;
    }
    let value = str::from_utf8(&body[span.clone()]).ok()?.to_owned();
    Some((value, span))
}

/// Writes `new` as the value of every plain field called `model`, so that readers of the first one and of the last
/// one agree. A body without such a field, or with more than [`MAX_REPEATED_FIELDS`], stays as it is.
#[must_use]
pub fn replace_model(body: &Bytes, boundary: &str, new: &str) -> Pieces {
    let fields = parts(body, boundary).filter(|part| part.is_field("model"));
    let spans: Vec<Range<usize>> = fields
        .map(|part| part.value)
        .take(MAX_REPEATED_FIELDS + 1)
        .collect();
    if spans.len() > MAX_REPEATED_FIELDS {
        return Pieces::whole(body.clone());
    }
    let text = Bytes::copy_from_slice(new.as_bytes());
    Pieces::spliced(body, spans.into_iter().map(|span| (span, text.clone())))
}

/// The complete parts of `body`, in order.
pub fn parts<'a>(body: &'a [u8], boundary: &str) -> Parts<'a> {
    let delimiter = memmem::Finder::new(&format!("\r\n--{boundary}")).into_owned();
    let mut parts = Parts {
        body,
        delimiter,
        at: None,
        left: MAX_PARTS,
    };
    // At the very beginning the delimiter has no line break before it.
    let opening = &parts.delimiter.needle()[2..];
    let at_start = body
        .starts_with(opening)
        .then(|| parts.after_delimiter(opening.len()));
    let follows = match at_start {
        None | Some(Delimiter::None) => parts.next_delimiter(0).map(|(_, follows)| follows),
        Some(Delimiter::Part(_) | Delimiter::End) => at_start,
    };
    if let Some(Delimiter::Part(at)) = follows {
        parts.at = Some(at);
    }
    parts
}

/// One part of a multipart body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The field's name; empty when the part has none.
    pub name: String,
    /// Whether the part carries a file name.
    pub is_file: bool,
    /// Where its content stands in the body.
    pub value: Range<usize>,
}

impl Part {
    fn is_field(&self, name: &str) -> bool {
        !self.is_file && self.name == name
    }
}

/// Iterator of [`parts`].
#[derive(Debug)]
pub struct Parts<'a> {
    body: &'a [u8],
    /// `\r\n--boundary`.
    delimiter: memmem::Finder<'static>,
    /// Where the headers of the next part begin.
    at: Option<usize>,
    left: usize,
}

/// What follows the bytes of a delimiter.
enum Delimiter {
    /// A part, whose headers begin here.
    Part(usize),
    /// The end of the body.
    End,
    /// It was content that only begins like a delimiter.
    None,
}

impl Iterator for Parts<'_> {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        let headers_start = self.at.take()?;
        self.left = self.left.checked_sub(1)?;
        let (headers, content_start) = self.headers(headers_start)?;
        let (content_end, follows) = self.next_delimiter(content_start)?;
        if let Delimiter::Part(at) = follows {
            self.at = Some(at);
        }
        let (name, is_file) = disposition(headers);
        Some(Part {
            name,
            is_file,
            value: content_start..content_end,
        })
    }
}

impl<'a> Parts<'a> {
    /// The header block that begins at `start`, and where the content begins.
    fn headers(&self, start: usize) -> Option<(&'a [u8], usize)> {
        let rest = &self.body[start..];
        if rest.starts_with(b"\r\n") {
            return Some((b"", start + 2));
        }
        let window = &rest[..rest.len().min(MAX_PART_HEADER_BYTES)];
        let end = memmem::find(window, b"\r\n\r\n")?;
        Some((&window[..end], start + end + 4))
    }

    /// The first delimiter at or after `from`, and what follows it.
    fn next_delimiter(&self, from: usize) -> Option<(usize, Delimiter)> {
        let mut from = from;
        loop {
            let found = from + self.delimiter.find(&self.body[from..])?;
            match self.after_delimiter(found + self.delimiter.needle().len()) {
                Delimiter::None => from = found + 2,
                follows => return Some((found, follows)),
            }
        }
    }

    fn after_delimiter(&self, at: usize) -> Delimiter {
        let rest = &self.body[at..];
        if rest.starts_with(b"--") {
            return Delimiter::End;
        }
        let padding = rest
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        if rest[padding..].starts_with(b"\r\n") {
            Delimiter::Part(at + padding + 2)
        } else {
            Delimiter::None
        }
    }
}

/// The name of a part, and whether it is a file, from its header block.
fn disposition(headers: &[u8]) -> (String, bool) {
    let headers = String::from_utf8_lossy(headers);
    for line in headers.split("\r\n") {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        if name.trim().eq_ignore_ascii_case("content-disposition") {
            let file = ["filename", "filename*"]
                .iter()
                .filter_map(|name| parameter(value, name));
            let is_file = file.into_iter().any(|file| !file.is_empty());
            return (parameter(value, "name").unwrap_or_default(), is_file);
        }
    }
    (String::new(), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPLOAD: &[u8] = b"preamble\r\n--XX\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"model\"\r\nContent-Type: audio/wav\r\n\r\n\
        RIFF\r\n--XXY not a delimiter\r\n--X\0\r\n--XX \t\r\n\
        content-disposition:form-data;name=model\r\n\r\nscribe\r\n--XX\r\n\
        Content-Disposition: form-data; name=\"stream\"\r\n\r\ntrue\r\n--XX\r\n\
        Content-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--XX\r\n\r\nnameless\r\n--XX--\r\nepilogue";

    #[test]
    fn parts_are_found_with_exact_spans() {
        let found: Vec<(String, bool, &[u8])> = parts(UPLOAD, "XX")
            .map(|part| (part.name, part.is_file, &UPLOAD[part.value]))
            .collect();
        let expected: [(&str, bool, &[u8]); 5] = [
            ("file", true, b"RIFF\r\n--XXY not a delimiter\r\n--X\0"),
            ("model", false, b"scribe"),
            ("stream", false, b"true"),
            ("empty", false, b""),
            ("", false, b"nameless"),
        ];
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!((found.0.as_str(), found.1, found.2), expected);
        }
    }

    #[test]
    fn http_1_3_only_the_model_part_changes() {
        let body = Bytes::from_static(UPLOAD);
        let edited = replace_model(&body, "XX", "scribe-v3").to_vec();
        let text = String::from_utf8(UPLOAD.to_vec()).expect("the upload is text");
        assert_eq!(
            edited,
            text.replace("\r\nscribe\r\n", "\r\nscribe-v3\r\n").into_bytes()
        );
        assert!(replace_model(&body, "other", "x").is_single());
    }

    #[test]
    fn http_1_2_boundary() {
        for (content_type, expected) in [
            ("multipart/form-data; boundary=----WebKit", Some("----WebKit")),
            ("multipart/form-data; boundary=\"a b\"", Some("a b")),
            ("multipart/form-data", None),
            ("multipart/form-data; boundary=", None),
        ] {
            assert_eq!(boundary(content_type).as_deref(), expected, "{content_type}");
        }
        assert_eq!(
            boundary(&format!("multipart/form-data; boundary={}", "b".repeat(71))),
            None
        );
    }

    #[test]
    fn a_body_that_breaks_off_keeps_its_complete_fields() {
        let whole =
            b"--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nkoi\r\n--B\r\nContent-Disp";
        assert_eq!(
            field(whole, "B", "model").map(|(value, _)| value).as_deref(),
            Some("koi")
        );
        let cut = b"--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nkoi\r\n--";
        assert_eq!(field(cut, "B", "model"), None);
        assert_eq!(parts(b"", "B").count(), 0);
        assert_eq!(parts(b"--B", "B").count(), 0);
        assert_eq!(parts(b"--B--", "B").count(), 0);
        assert_eq!(
            parts(b"--Bx\r\n\r\nno\r\n--B\r\n\r\nyes\r\n--B--", "B").count(),
            1
        );
    }

    #[test]
    fn limits_hold() {
        let many = b"--B\r\n\r\nx\r\n".repeat(MAX_PARTS + 5);
        assert_eq!(parts(&many, "B").count(), MAX_PARTS);
        let padding = "x".repeat(MAX_PART_HEADER_BYTES);
        let bloated =
            format!("--B\r\nX: {padding}\r\nContent-Disposition: form-data; name=model\r\n\r\nkoi\r\n--B--");
        assert_eq!(field(bloated.as_bytes(), "B", "model"), None);
        let long = "k".repeat(MAX_NAME_BYTES + 1);
        let long = format!("--B\r\nContent-Disposition: form-data; name=model\r\n\r\n{long}\r\n--B--");
        assert_eq!(field(long.as_bytes(), "B", "model"), None);
    }
}
