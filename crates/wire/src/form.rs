//! `name=value` pairs of urlencoded bodies and of queries (spec/http-api.md 1.2).
//!
//! A pair with a raw `;`, with a broken escape, with a value far longer than any name, or that is not UTF-8 once
//! decoded, is not usable: it is neither found nor replaced, and stays in the text as it is.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

use crate::pieces::Pieces;
use crate::{MAX_NAME_BYTES, MAX_REPEATED_FIELDS};

/// A usable pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The decoded value.
    pub value: String,
    /// Where the value stands, still encoded, in the text.
    pub span: Range<usize>,
}

/// The first usable pair called `name`.
#[must_use]
pub fn find(text: &[u8], name: &str) -> Option<Field> {
    pairs(text).find_map(|pair| {
        let value = usable(text, &pair, name)?;
        Some(Field {
            value: value.into_owned(),
            span: pair.value,
        })
    })
}

/// Writes `new`, encoded, as the value of every usable pair called `name` of a urlencoded body. A body without such a
/// pair, or with more than [`MAX_REPEATED_FIELDS`], stays as it is.
#[must_use]
pub fn replace(text: &Bytes, name: &str, new: &str) -> Pieces {
    let encoded = Bytes::from(encode(new));
    Pieces::spliced(
        text,
        spans(text, name).into_iter().map(|span| (span, encoded.clone())),
    )
}

/// [`replace`] for the query of a request target.
#[must_use]
pub fn replace_in_query(query: &str, name: &str, new: &str) -> String {
    let encoded = encode(new);
    let mut result = String::with_capacity(query.len() + encoded.len());
    let mut kept_to = 0;
    for span in spans(query.as_bytes(), name) {
        result.push_str(&query[kept_to..span.start]);
        result.push_str(&encoded);
        kept_to = span.end;
    }
    result.push_str(&query[kept_to..]);
    result
}

/// The pairs of a query that every server reads alike: those with a raw `;` or a broken escape are left out. A query
/// without such pairs is the same text.
#[must_use]
pub fn well_formed(query: &str) -> Cow<'_, str> {
    if query.split('&').all(is_well_formed) {
        return Cow::Borrowed(query);
    }
    let kept: Vec<&str> = query.split('&').filter(|pair| is_well_formed(pair)).collect();
    Cow::Owned(kept.join("&"))
}

fn is_well_formed(pair: &str) -> bool {
    let bytes = pair.as_bytes();
    bytes.iter().enumerate().all(|(at, byte)| match byte {
        b';' => false,
        b'%' => bytes
            .get(at + 1..at + 3)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
        _ => true,
    })
}

/// Where one pair stands; a pair without `=` has an empty value at its end.
struct Pair {
    name: Range<usize>,
    value: Range<usize>,
    has_value: bool,
}

fn pairs(text: &[u8]) -> impl Iterator<Item = Pair> {
    let mut start = Some(0);
    std::iter::from_fn(move || {
        let from = start?;
        let end = memchr::memchr(b'&', &text[from..]).map_or(text.len(), |length| from + length);
        start = (end < text.len()).then_some(end + 1);
        let equals = memchr::memchr(b'=', &text[from..end]).map(|length| from + length);
        Some(match equals {
            Some(equals) => Pair {
                name: from..equals,
                value: equals + 1..end,
                has_value: true,
            },
            None => Pair {
                name: from..end,
                value: end..end,
                has_value: false,
            },
        })
    })
}

/// The decoded value of `pair` when it is called `name` and usable.
fn usable<'a>(text: &'a [u8], pair: &Pair, name: &str) -> Option<Cow<'a, str>> {
    /// `%6d` is the longest way to write a byte.
    const LONGEST_ESCAPE_PER_BYTE: usize = 3;
    let fits = pair.name.len() <= name.len() * LONGEST_ESCAPE_PER_BYTE
        && pair.value.len() <= MAX_NAME_BYTES * LONGEST_ESCAPE_PER_BYTE;
    if !fits || decode(&text[pair.name.clone()])? != name {
        return None;
    }
    decode(&text[pair.value.clone()])
}

fn spans(text: &[u8], name: &str) -> Vec<Range<usize>> {
    let named = pairs(text).filter(|pair| pair.has_value && usable(text, pair, name).is_some());
    let spans: Vec<Range<usize>> = named
        .map(|pair| pair.value)
        .take(MAX_REPEATED_FIELDS + 1)
        .collect();
    if spans.len() > MAX_REPEATED_FIELDS {
        Vec::new()
    } else {
        spans
    }
}

fn decode(raw: &[u8]) -> Option<Cow<'_, str>> {
    let mut plain = true;
    for (at, byte) in raw.iter().enumerate() {
        match byte {
            b';' => return None,
            b'+' => plain = false,
            b'%' => {
                let digits = raw.get(at + 1..at + 3)?;
                if !digits.iter().all(u8::is_ascii_hexdigit) {
                    return None;
                }
                plain = false;
            }
            _ => {}
        }
    }
    if plain {
        return str::from_utf8(raw).ok().map(Cow::Borrowed);
    }
    let spaced: Vec<u8> = raw
        .iter()
        .map(|&byte| if byte == b'+' { b' ' } else { byte })
        .collect();
    let decoded = percent_decode(&spaced).collect();
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

/// What need not be escaped in a query or a urlencoded body; `/` and `:` stay readable, as names are full of them.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/')
    .remove(b':');

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_1_2_pairs_are_found() {
        for (text, expected) in [
            ("model=koi", Some("koi")),
            ("a=1&model=koi&model=second", Some("koi")),
            ("model=org%2Fmoon+one%c3%a9", Some("org/moon oneé")),
            ("%6dodel=koi", Some("koi")),
            ("model", Some("")),
            ("model=", Some("")),
            ("&&model=a=b", Some("a=b")),
            ("model=a;b&x=1", None),
            ("x=1;model=koi", None),
            ("x=1;2&model=koi", Some("koi")),
            ("model=%zz", None),
            ("model=%f", None),
            ("model=%ff", None),
            ("Model=koi", None),
            ("", None),
        ] {
            let value = find(text.as_bytes(), "model").map(|field| field.value);
            assert_eq!(value.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn values_are_replaced_in_place() {
        for (text, expected) in [
            ("a=%20&model=koi&b=1;2", "a=%20&model=org/m%26%20%C3%A9:1&b=1;2"),
            (
                "%6dodel=koi&model=",
                "%6dodel=org/m%26%20%C3%A9:1&model=org/m%26%20%C3%A9:1",
            ),
            ("model", "model"),
            ("model=a;b", "model=a;b"),
            ("", ""),
        ] {
            let new = "org/m& é:1";
            assert_eq!(replace_in_query(text, "model", new), expected, "{text}");
            let body = Bytes::from_static(text.as_bytes());
            assert_eq!(
                replace(&body, "model", new).to_vec(),
                expected.as_bytes(),
                "{text}"
            );
            if expected.contains("org") {
                assert_eq!(
                    find(expected.as_bytes(), "model").expect("still there").value,
                    new
                );
            }
        }
    }

    #[test]
    fn http_1_3_only_well_formed_pairs_are_kept() {
        for (query, expected) in [
            ("", ""),
            ("a=%20&b&&c=d=e", "a=%20&b&&c=d=e"),
            ("a;b", ""),
            ("a=1&b=2;c=3&d=4", "a=1&d=4"),
            ("a=%2&b=%zz&c=%ff", "c=%ff"),
        ] {
            assert_eq!(well_formed(query), expected, "{query}");
        }
    }

    #[test]
    fn a_field_repeated_too_often_stays() {
        let body = Bytes::from("model=a&".repeat(MAX_REPEATED_FIELDS + 1));
        assert!(replace(&body, "model", "b").is_single());
    }
}
