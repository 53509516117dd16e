//! Writes a JSON value as YAML that reads back to the same value.

use std::fmt::Write as _;

use serde_json::Value;

use crate::scalar::{Typed, type_of};

/// Longest key that is written before its colon; YAML looks no further than 1024 characters.
const LONGEST_SIMPLE_KEY: usize = 500;

/// The YAML text of a mapping.
pub(crate) fn to_yaml(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => write_collection(value, 0, &mut text),
        Value::Object(_)
        | Value::Array(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_) => {
            write_inline(value, 0, &mut text);
        }
    }
    text
}

/// The lines of a mapping or list that is not empty.
fn write_collection(value: &Value, indent: usize, text: &mut String) {
    let margin = " ".repeat(indent);
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = key_text(key);
                if key.len() > LONGEST_SIMPLE_KEY {
                    text.extend([margin.as_str(), "? ", key.as_str(), "\n", margin.as_str(), ":"]);
                } else {
                    text.extend([margin.as_str(), key.as_str(), ":"]);
                }
                write_inline(value, indent, text);
            }
        }
        Value::Array(items) => {
            for item in items {
                text.extend([margin.as_str(), "-"]);
                write_inline(item, indent, text);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What follows a key or dash, line end included.
fn write_inline(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Object(map) if map.is_empty() => text.push_str(" {}\n"),
        Value::Array(items) if items.is_empty() => text.push_str(" []\n"),
        Value::Object(_) | Value::Array(_) => {
            text.push('\n');
            write_collection(value, indent + 2, text);
        }
        Value::String(string) => match block_text(string, indent + 2) {
            Some(block) => text.push_str(&block),
            None => text.extend([" ", scalar_text(string).as_str(), "\n"]),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            text.extend([" ", value.to_string().as_str(), "\n"]);
        }
    }
}

/// A key. One that YAML would not take for text stays plain, because that is what keeps macros out of its mapping
/// (quirk P7) when the output is loaded again.
fn key_text(key: &str) -> String {
    if !key.is_empty() && type_of(key) != Typed::Text {
        key.to_owned()
    } else {
        scalar_text(key)
    }
}

/// A string in one line.
fn scalar_text(string: &str) -> String {
    let harmless = |character: char| character.is_ascii_alphanumeric() || "_./-".contains(character);
    let word =
        string.len() > 1 && string.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/');
    let spelled = ["yes", "no", "on", "off"].contains(&string.to_ascii_lowercase().as_str());
    if word && !spelled && string.chars().all(harmless) && type_of(string) == Typed::Text {
        return string.to_owned();
    }
    let mut text = String::with_capacity(string.len() + 2);
    text.push('"');
    for (position, character) in string.char_indices() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            // There is no escape for `${env.X}` (quirk P5) but this one, which only YAML sees.
            '$' if string[position..].starts_with("${env.") => text.push_str("\\x24"),
            _ if !is_printable(character) => {
                let _ = write!(text, "\\U{:08X}", u32::from(character));
            }
            _ => text.push(character),
        }
    }
    text.push('"');
    text
}

/// A string of several lines as a literal block, if it survives as one.
fn block_text(string: &str, indent: usize) -> Option<String> {
    let lines: Vec<&str> = string.strip_suffix('\n').unwrap_or(string).split('\n').collect();
    let survives =
        |line: &&str| line.trim_end() == *line && line.chars().all(|c| c == '\t' || is_printable(c));
    let first_is_plain = lines.first()?.starts_with(|first: char| !first.is_whitespace());
    let last_is_filled = lines.last().is_some_and(|last| !last.is_empty());
    let fits = lines.len() > 1 && lines.iter().all(survives) && first_is_plain && last_is_filled;
    if !fits || string.contains("${env.") {
        return None;
    }
    let mut block = String::from(if string.ends_with('\n') { " |\n" } else { " |-\n" });
    for line in lines {
        if !line.is_empty() {
            block.push_str(&" ".repeat(indent));
            block.push_str(line);
        }
        block.push('\n');
    }
    Some(block)
}

fn is_printable(character: char) -> bool {
    let separator = matches!(character, '\u{2028}' | '\u{2029}' | '\u{FEFF}');
    let private = matches!(character, '\u{E000}'..='\u{F8FF}');
    let no_character = u32::from(character) & 0xFFFE == 0xFFFE;
    !(character.is_control() || separator || private || no_character)
}
