//! Whether a JSON document is well formed, at the speed of a search.
//!
//! Nearly all of a body of megabytes is the inside of a few strings: images in base64. A character of a string that is neither
//! a quote nor a backslash nor a control character decides nothing, so the parser judges a copy without long runs of those.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use crate::scan;

/// Below this length the parser is fast enough, in bytes: it reads some gigabytes in a second.
const WORTHWHILE_BYTES: usize = 256 * 1024;

/// Strings are looked at in blocks of so many bytes, so that the second look finds them in the nearest cache. A string that has
/// no block of plain characters at its beginning is text with lines and quotes, and is copied.
const BLOCK_BYTES: usize = 4096;

/// Whether `text` is one JSON value with nothing but white space around it. Does not recurse, however deep it nests.
pub(crate) fn is_well_formed(text: &[u8]) -> bool {
    let decisive = if text.len() < WORTHWHILE_BYTES {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(outline(text))
    };
    serde_json::from_slice::<IgnoredAny>(&decisive).is_ok()
}

/// The text without the plain characters at the beginning of long strings.
fn outline(text: &[u8]) -> Vec<u8> {
    let mut outline = Vec::new();
    // What lies between is copied together.
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'"', &text[at..]) {
        let quote = at + found;
        let run = plain_run(&text[quote + 1..]);
        if run < BLOCK_BYTES {
            at = scan::skip_string(text, quote).unwrap_or(text.len());
        } else {
            outline.extend_from_slice(&text[copied..=quote]);
            copied = quote + 1 + run;
            at = scan::string_end(text, copied).unwrap_or(text.len());
        }
    }
    outline.extend_from_slice(&text[copied..]);
    outline
}

/// How many characters come before the next quote, backslash or control character.
fn plain_run(text: &[u8]) -> usize {
    let mut length = 0;
    for block in text.chunks(BLOCK_BYTES) {
        let end = memchr::memchr2(b'"', b'\\', block).unwrap_or(block.len());
        let before = &block[..end];
        // Without a branch for each byte, so that the compiler compares many at once.
        let lowest = before.iter().fold(u8::MAX, |lowest, &byte| lowest.min(byte));
        if lowest < b' ' {
            return length + before.iter().position(|&byte| byte < b' ').unwrap_or(end);
        }
        length += end;
        if end < block.len() {
            break;
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn judged_by_outline(text: &[u8]) -> bool {
        serde_json::from_slice::<IgnoredAny>(&outline(text)).is_ok()
    }

    fn judged_whole(text: &[u8]) -> bool {
        serde_json::from_slice::<IgnoredAny>(text).is_ok()
    }

    #[test]
    fn plain_beginnings_of_long_strings_are_left_out() {
        let (long, short) = ("A".repeat(9000), "b".repeat(BLOCK_BYTES - 1));
        let text = format!(r#"{{"image":"{long}","n":[1,"{short}","{long}\u0041{long}"]}}"#);
        let expected = format!(r#"{{"image":"","n":[1,"{short}","\u0041{long}"]}}"#);
        assert_eq!(outline(text.as_bytes()), expected.as_bytes());
    }

    #[test]
    fn a_large_document_is_judged() {
        let image = "A".repeat(WORTHWHILE_BYTES);
        for (text, expected) in [
            (format!(r#"{{"image":"{image}"}}"#), true),
            (format!(r#"{{"image":"{image}"}}}}"#), false),
            (format!("{{\"image\":\"{image}\n\"}}"), false),
        ] {
            assert_eq!(
                is_well_formed(text.as_bytes()),
                expected,
                "{}",
                &text[text.len() - 5..]
            );
        }
    }

    #[test]
    fn what_decides_stays() {
        let long = "x".repeat(BLOCK_BYTES + 100);
        for (text, expected) in [
            (format!("\"{long}\""), true),
            (format!("\"{long}"), false),
            (format!("\"{long}\\"), false),
            (format!("\"{long}\\\""), false),
            (format!("\"{long}\\\"\""), true),
            (format!("\"{long}\\q{long}\""), false),
            (format!("\"{long}\\u12{long}\""), false),
            (format!("\"{long}\\u12\"{long}\""), false),
            (format!("\"{long}\\u12af{long}\""), true),
            (format!("\"{long}\\u12a"), false),
            (format!("\"{long}\n{long}\""), false),
            (format!("\"{long}\u{1f}\""), false),
            (format!("\"{long}\u{7f}é\""), true),
            (format!("{{\"{long}\":1}}"), true),
            (format!("{{\"{long}\" 1}}"), false),
            (long.clone(), false),
            (format!("[\"{long}\"\"{long}\"]"), false),
            (format!("[\"{long}\",\"{long}\"]\n"), true),
        ] {
            assert_eq!(
                judged_whole(text.as_bytes()),
                expected,
                "the parser itself: {text:.20}"
            );
            assert_eq!(judged_by_outline(text.as_bytes()), expected, "{text:.20}");
        }
    }

    /// Pieces of which texts are made that are often almost well formed.
    const PIECES: [&str; 20] = [
        "\"", "\\", "\\\"", "\\u", "00e9", "\\n", "\n", "\t", "{", "}", "[", "]", ":", ",", "1", "true", " ",
        LONG, "short", "\u{1}é",
    ];

    /// Stands for a run that is left out.
    const LONG: &str = "LONG";

    fn with_long_runs(text: &str) -> Vec<u8> {
        text.replace(LONG, &"x".repeat(BLOCK_BYTES)).into_bytes()
    }

    proptest! {
        #[test]
        fn the_outline_is_judged_as_the_whole_is(
            pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..24),
        ) {
            let text = pieces.concat();
            let whole = with_long_runs(&text);
            prop_assert_eq!(judged_by_outline(&whole), judged_whole(&whole), "{}", text);
        }

        #[test]
        fn a_document_with_one_byte_changed_is_judged_as_the_whole_is(
            position: prop::sample::Index,
            from_the_end: bool,
            byte: u8,
        ) {
            const NEAR: usize = 100;
            let text = r#"{"image":"LONG\nLONG","messages":[{"content":"\u00e9 LONG"}],"n":1.5e3,"stop":null}"#;
            let mut whole = with_long_runs(text);
            let at = position.index(NEAR);
            let at = if from_the_end { whole.len() - 1 - at } else { at };
            whole[at] = byte;
            prop_assert_eq!(judged_by_outline(&whole), judged_whole(&whole), "{} at {}", byte, at);
        }
    }
}
