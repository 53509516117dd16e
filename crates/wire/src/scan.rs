//! Steps over JSON text without building or validating it.
//!
//! Every function looks at each byte once and keeps a depth counter instead of a stack, so a body that is nothing but
//! brackets costs time in proportion to its length and no memory. Where the text is broken or cut off, a scan ends;
//! what came before it stands. Whether a document is well formed is asked elsewhere ([`crate::filters`]).

use std::borrow::Cow;
use std::ops::Range;

/// One member of an object; both spans lie in the scanned text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// The key with its quotes.
    pub(crate) key: Range<usize>,
    /// The value, a string with its quotes.
    pub(crate) value: Range<usize>,
}

/// The members of the object whose `{` stands at `start`, in written order; `None` when no object begins there.
pub(crate) fn members(text: &[u8], start: usize) -> Option<Members<'_>> {
    (text.get(start) == Some(&b'{')).then_some(Members {
        text,
        at: start + 1,
        first: true,
    })
}

/// The elements of the array whose `[` stands at `start`, in order; `None` when no array begins there.
pub(crate) fn elements(text: &[u8], start: usize) -> Option<Elements<'_>> {
    (text.get(start) == Some(&b'[')).then_some(Elements {
        text,
        at: start + 1,
        first: true,
    })
}

/// Where the document's value begins: after white space and a byte order mark.
pub(crate) fn document_start(text: &[u8]) -> usize {
    let after_mark = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    skip_whitespace(text, after_mark)
}

/// Whether the quoted key at `key` says `name`, escapes decoded.
pub(crate) fn key_is(text: &[u8], key: Range<usize>, name: &str) -> bool {
    /// `\u00e9` is the longest way to write a byte of a name.
    const LONGEST_ESCAPE_PER_BYTE: usize = 6;
    let raw = &text[key.start + 1..key.end - 1];
    if raw.len() < name.len() || raw.len() > name.len() * LONGEST_ESCAPE_PER_BYTE {
        return false;
    }
    raw == name.as_bytes()
        || (raw.contains(&b'\\') && decode_string(text, key).is_some_and(|decoded| decoded == name))
}

/// The text of the quoted string at `span`; `None` when its escapes or its UTF-8 are broken.
pub(crate) fn decode_string(text: &[u8], span: Range<usize>) -> Option<Cow<'_, str>> {
    let raw = &text[span.start + 1..span.end - 1];
    if memchr::memchr(b'\\', raw).is_none() {
        return str::from_utf8(raw).ok().map(Cow::Borrowed);
    }
    serde_json::from_slice(&text[span]).ok().map(Cow::Owned)
}

pub(crate) struct Members<'a> {
    text: &'a [u8],
    at: usize,
    first: bool,
}

impl Iterator for Members<'_> {
    type Item = Member;

    fn next(&mut self) -> Option<Member> {
        let key_start = skip_separator(self.text, self.at, self.first)?;
        let key_end = skip_string(self.text, key_start)?;
        let colon = skip_whitespace(self.text, key_end);
        if self.text.get(colon) != Some(&b':') {
            return None;
        }
        let value_start = skip_whitespace(self.text, colon + 1);
        let value_end = skip_value(self.text, value_start)?;
        self.at = value_end;
        self.first = false;
        Some(Member {
            key: key_start..key_end,
            value: value_start..value_end,
        })
    }
}

pub(crate) struct Elements<'a> {
    text: &'a [u8],
    at: usize,
    first: bool,
}

impl Iterator for Elements<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let start = skip_separator(self.text, self.at, self.first)?;
        let end = skip_value(self.text, start)?;
        self.at = end;
        self.first = false;
        Some(start..end)
    }
}

/// From the end of one entry to the start of the next one.
fn skip_separator(text: &[u8], at: usize, first: bool) -> Option<usize> {
    let at = skip_whitespace(text, at);
    if first {
        return Some(at);
    }
    (text.get(at) == Some(&b',')).then(|| skip_whitespace(text, at + 1))
}

fn skip_whitespace(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// The end of the value that begins at `at`; `None` when none begins there or the text ends inside it.
fn skip_value(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => skip_string(text, at),
        b'{' | b'[' => skip_container(text, at),
        _ => skip_scalar(text, at),
    }
}

/// A number or a word. It must be followed by something: at the end of a cut-off text, `12` may have been `123`.
fn skip_scalar(text: &[u8], at: usize) -> Option<usize> {
    let length = text[at..].iter().position(|byte| {
        matches!(
            byte,
            b',' | b'}' | b']' | b':' | b'"' | b'{' | b'[' | b' ' | b'\t' | b'\n' | b'\r'
        )
    })?;
    (length > 0).then_some(at + length)
}

/// Where the string ends whose opening quote stands at `at`: behind its closing quote.
pub(crate) fn skip_string(text: &[u8], at: usize) -> Option<usize> {
    if text.get(at) != Some(&b'"') {
        return None;
    }
    string_end(text, at + 1)
}

/// Where the string ends inside which `at` stands: behind its closing quote.
pub(crate) fn string_end(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let found = at + memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[found] == b'"' {
            return Some(found + 1);
        }
        at = found + 2;
    }
}

fn skip_container(text: &[u8], at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = at;
    loop {
        at += text
            .get(at..)?
            .iter()
            .position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'))?;
        match text[at] {
            b'"' => at = skip_string(text, at)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            _ => {
                depth -= 1;
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(&str, &str)> {
        let found = members(text.as_bytes(), 0).into_iter().flatten();
        found
            .map(|member| (&text[member.key], &text[member.value]))
            .collect()
    }

    #[test]
    fn members_are_found_with_exact_spans() {
        let text = r#"{ "a" : "x,}\"" ,"b":[1,{"c":"]"}], "d":-1.5e3,"e" :null}"#;
        let expected = [
            (r#""a""#, r#""x,}\"""#),
            (r#""b""#, r#"[1,{"c":"]"}]"#),
            (r#""d""#, "-1.5e3"),
            (r#""e""#, "null"),
        ];
        assert_eq!(pairs(text), expected);
    }

    #[test]
    fn a_broken_text_yields_what_came_before() {
        for (text, count) in [
            ("", 0),
            ("[1]", 0),
            ("{", 0),
            (r#"{"a":1"#, 0),
            (r#"{"a":1,"#, 1),
            (r#"{"a":"x"#, 0),
            (r#"{"a":"x\"#, 0),
            (r#"{"a":"x\""#, 0),
            (r#"{"a":1 "b":2}"#, 1),
            (r#"{"a":1,}"#, 1),
            (r#"{"a":1,"b"}"#, 1),
            (r#"{"a":1,b:2}"#, 1),
            (r#"{"a":1,"b":[[["#, 1),
            (r#"{"a":,"b":1}"#, 0),
        ] {
            assert_eq!(pairs(text).len(), count, "{text}");
        }
    }

    #[test]
    fn elements_are_found_with_exact_spans() {
        let text = br#"[ 1, "two" ,[3],{} ]"#;
        let spans: Vec<&[u8]> = elements(text, 0)
            .into_iter()
            .flatten()
            .map(|span| &text[span])
            .collect();
        assert_eq!(spans, [&b"1"[..], b"\"two\"", b"[3]", b"{}"]);
        assert_eq!(elements(b"[]", 0).into_iter().flatten().count(), 0);
    }

    #[test]
    fn keys_are_compared_decoded() {
        for (text, expected) in [
            (r#""model""#, true),
            (r#""\u006dodel""#, true),
            (r#""\u006d\u006F\u0064\u0065\u006c""#, true),
            (r#""Model""#, false),
            (r#""mode""#, false),
            (r#""model\u0000""#, false),
            (r#""\u00zzodel""#, false),
        ] {
            assert_eq!(
                key_is(text.as_bytes(), 0..text.len(), "model"),
                expected,
                "{text}"
            );
        }
    }
}
