//! Takes a few members out of a JSON document while it streams by, so that a long answer need not be kept.
//!
//! It follows strings and nesting and judges nothing else: whether a member is valid is seen when it is parsed.

use memchr::memchr2;

/// The longest member that is kept, in bytes. Usage, timings and metrics are a few hundred.
pub(crate) const MAX_MEMBER_BYTES: usize = 64 << 10;

/// Longer keys are none of ours.
const MAX_KEY_BYTES: usize = 32;

/// Room that is taken for a member at once, in bytes: most fit.
const USUAL_MEMBER_BYTES: usize = 256;

/// Where members are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the document itself, which is an object.
    Document,
    /// In the document, or in the last element when it is an array.
    LastElement,
}

/// The scanner. Chunks may be cut anywhere.
#[derive(Debug)]
pub(crate) struct Members<const COUNT: usize> {
    wanted: [&'static str; COUNT],
    place: Place,
    /// How deep the keys stand that are looked at; 0 before the document begins.
    base: usize,
    depth: usize,
    /// Whether what stands at `base` is an object.
    object: bool,
    /// Inside a string.
    string: bool,
    /// Behind a backslash.
    escaped: bool,
    /// The next string at `base` is a key, until its colon.
    key_expected: bool,
    key: Vec<u8>,
    /// The wanted member whose value is being read.
    current: Option<usize>,
    value: Vec<u8>,
    found: [Option<Vec<u8>>; COUNT],
    /// No document, or its end has been seen.
    over: bool,
}

impl<const COUNT: usize> Members<COUNT> {
    /// Looks for members of these names.
    pub(crate) fn new(wanted: [&'static str; COUNT], place: Place) -> Self {
        Self {
            wanted,
            place,
            base: 0,
            depth: 0,
            object: false,
            string: false,
            escaped: false,
            key_expected: false,
            key: Vec::with_capacity(MAX_KEY_BYTES + 1),
            current: None,
            value: Vec::new(),
            found: [const { None }; COUNT],
            over: false,
        }
    }

    /// Reads the next chunk.
    pub(crate) fn push(&mut self, mut chunk: &[u8]) {
        while !self.over && !chunk.is_empty() {
            let taken = if self.string {
                self.in_string(chunk)
            } else {
                self.outside(chunk[0]);
                1
            };
            chunk = &chunk[taken..];
        }
    }

    /// The text of each member that was found.
    pub(crate) fn finish(self) -> [Option<Vec<u8>>; COUNT] {
        self.found
    }

    /// Reads up to the end of the string or of the chunk; returns how much that was.
    fn in_string(&mut self, chunk: &[u8]) -> usize {
        if self.escaped {
            self.escaped = false;
            self.keep(&chunk[..1]);
            return 1;
        }
        let Some(at) = memchr2(b'"', b'\\', chunk) else {
            self.keep(chunk);
            return chunk.len();
        };
        if chunk[at] == b'\\' {
            self.escaped = true;
            self.keep(&chunk[..=at]);
        } else {
            self.string = false;
            // The quote belongs to a value and not to a key.
            let end = if self.current.is_some() { at + 1 } else { at };
            self.keep(&chunk[..end]);
        }
        at + 1
    }

    /// Keeps a part of a string, if it is part of something that is looked for.
    fn keep(&mut self, part: &[u8]) {
        if self.current.is_some() {
            self.keep_value(part);
        } else if self.key_expected && self.depth == self.base && self.key.len() <= MAX_KEY_BYTES {
            let room = MAX_KEY_BYTES + 1 - self.key.len();
            self.key.extend_from_slice(&part[..part.len().min(room)]);
        }
    }

    fn keep_value(&mut self, part: &[u8]) {
        if self.value.len() + part.len() > MAX_MEMBER_BYTES {
            self.current = None;
            self.value = Vec::new();
        } else {
            self.value.extend_from_slice(part);
        }
    }

    fn outside(&mut self, byte: u8) {
        if self.base == 0 {
            self.first(byte);
            return;
        }
        let at_base = self.depth == self.base;
        match byte {
            b'"' => {
                self.string = true;
                if at_base && self.key_expected {
                    self.key.clear();
                }
            }
            b'{' | b'[' => {
                self.depth += 1;
                if self.depth == self.base {
                    self.object = byte == b'{';
                    self.key_expected = self.object;
                }
            }
            b'}' | b']' => {
                if at_base {
                    self.end_member();
                }
                self.depth -= 1;
                self.over = self.depth == 0;
            }
            b',' if at_base => {
                self.end_member();
                self.key_expected = self.object;
            }
            // The next element: what the one before held does not count.
            b',' if self.depth + 1 == self.base => self.found = [const { None }; COUNT],
            b':' if at_base && self.key_expected => {
                self.key_expected = false;
                self.current = self.wanted.iter().position(|name| name.as_bytes() == self.key);
                self.value.clear();
                if self.current.is_some() {
                    self.value.reserve(USUAL_MEMBER_BYTES);
                }
                return;
            }
            _ => {}
        }
        if self.current.is_some() {
            self.keep_value(&[byte]);
        }
    }

    fn first(&mut self, byte: u8) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => return,
            b'{' => {
                self.base = 1;
                self.object = true;
                self.key_expected = true;
            }
            b'[' if self.place == Place::LastElement => self.base = 2,
            _ => self.over = true,
        }
        self.depth = 1;
    }

    fn end_member(&mut self) {
        if let Some(current) = self.current.take() {
            self.found[current] = Some(std::mem::take(&mut self.value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(place: Place, document: &[u8], cut: usize) -> [Option<String>; 2] {
        let mut members = Members::new(["usage", "timings"], place);
        for chunk in document.chunks(cut) {
            members.push(chunk);
        }
        members
            .finish()
            .map(|value| value.map(|value| String::from_utf8_lossy(&value).trim().to_owned()))
    }

    #[test]
    fn members_are_found_wherever_chunks_are_cut() {
        use Place::{Document, LastElement};
        let long = format!(r#"{{"usage":"{}","timings":2}}"#, "x".repeat(MAX_MEMBER_BYTES));
        let table: &[(Place, &str, Option<&str>, Option<&str>)] = &[
            (Document, "", None, None),
            (Document, r#"{"usage":{"a":1}}"#, Some(r#"{"a":1}"#), None),
            (
                Document,
                r#" { "x" : [ {"usage":1}, "usage", ":" ], "timings" : {"b":[{"c":"}\"]"}]} , "usage": null }"#,
                Some("null"),
                Some(r#"{"b":[{"c":"}\"]"}]}"#),
            ),
            (
                Document,
                r#"{"text":"\"usage\":{\"a\":1},","usage":"\\"}"#,
                Some(r#""\\""#),
                None,
            ),
            (Document, r#"{"usage":1}{"usage":2}"#, Some("1"), None),
            (Document, r#"{"usage":1,"usage":2}"#, Some("2"), None),
            (Document, r#"[{"usage":1}]"#, None, None),
            (Document, r#""usage":1"#, None, None),
            (Document, "RIFF{\"usage\":1}", None, None),
            (
                Document,
                r#"{"timings":{"a":1},"usage":{"a""#,
                None,
                Some(r#"{"a":1}"#),
            ),
            (
                Document,
                r#"{"usage_and_a_key_that_goes_on_for_very_long":1,"usage":2}"#,
                Some("2"),
                None,
            ),
            (Document, &long, None, Some("2")),
            (Document, "}]}]", None, None),
            (LastElement, r#"{"usage":1}"#, Some("1"), None),
            (
                LastElement,
                r#"[{},{"timings":{"a":1}}]"#,
                None,
                Some(r#"{"a":1}"#),
            ),
            (LastElement, r#"[{"timings":1},{"usage":2}]"#, Some("2"), None),
            (LastElement, r#"[{"timings":1},7]"#, None, None),
            (LastElement, r#"[{"timings":1},["usage",3]]"#, None, None),
            (LastElement, "[]", None, None),
        ];
        for (place, document, usage, timings) in table {
            for cut in [1, 2, 3, 7, document.len().max(1)] {
                let expected = [usage.map(ToOwned::to_owned), timings.map(ToOwned::to_owned)];
                assert_eq!(
                    find(*place, document.as_bytes(), cut),
                    expected,
                    "{document:.80} cut {cut}"
                );
            }
        }
    }
}
