//! Flags in the syntax of Go's `flag` package (spec/config.md 1.1), which is what llama-swap users type: one or two
//! dashes, `-name value` or `-name=value`, switches that take a value only after `=`.
//!
//! This file knows the syntax, and the flags that several commands share. Which flags a command has, and what they mean, is
//! said by [`super::arguments`] and by the commands with a folder of their own.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// A flag that a command understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flag {
    /// The name without dashes.
    pub name: &'static str,
    /// What may follow it.
    pub kind: FlagKind,
    /// One line for the usage text.
    pub help: &'static str,
}

/// What may follow a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagKind {
    /// Nothing, or `=true` / `=false`.
    Switch,
    /// A value, named for the usage text.
    Value(&'static str),
}

/// `-config`: the file that a command works with.
pub(super) const CONFIG: Flag = Flag {
    name: "config",
    kind: FlagKind::Value("path"),
    help: "configuration file",
};

/// `-config-dir`
pub(super) const CONFIG_DIR: Flag = Flag {
    name: "config-dir",
    kind: FlagKind::Value("path"),
    help: "directory whose *.yml and *.yaml files are merged on top of -config",
};

/// A path on the command line. An empty one counts as not given, as an empty default does in the reference.
pub(super) fn path(value: OsString) -> Option<PathBuf> {
    (!value.is_empty()).then(|| PathBuf::from(value))
}

/// One thing found on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// A switch and its value.
    Switch(&'static str, bool),
    /// A flag and its value.
    Value(&'static str, OsString),
    /// The first word that is no flag. Everything behind it is still unread.
    Plain(OsString),
    /// `-h`, `-help`
    Help,
}

/// Why the command line cannot be understood. The texts are those of Go's `flag` package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FlagError {
    /// `---x`, `-=x`, or a flag that is not valid Unicode.
    #[error("bad flag syntax: {0}")]
    Syntax(String),
    /// No such flag.
    #[error("flag provided but not defined: -{0}")]
    Undefined(String),
    /// The flag is the last word and takes a value.
    #[error("flag needs an argument: -{0}")]
    MissingValue(&'static str),
    /// A switch was given something that is no truth value.
    #[error("invalid boolean value {value:?} for -{name}: parse error")]
    NotBoolean {
        /// The switch.
        name: &'static str,
        /// What followed `=`.
        value: String,
    },
}

/// Reads the next word. `None` means that no flag is left: the line has ended, or `--` was met.
///
/// # Errors
///
/// [`FlagError`] for a word that starts like a flag and is none of `known`.
pub fn next_word(
    arguments: &mut impl Iterator<Item = OsString>,
    known: &'static [Flag],
) -> Result<Option<Word>, FlagError> {
    let Some(argument) = arguments.next() else {
        return Ok(None);
    };
    if !argument.as_encoded_bytes().starts_with(b"-") || argument == OsStr::new("-") {
        return Ok(Some(Word::Plain(argument)));
    }
    if argument == OsStr::new("--") {
        return Ok(None);
    }
    let Some(text) = argument.to_str() else {
        return Err(FlagError::Syntax(argument.to_string_lossy().into_owned()));
    };
    let body = text
        .strip_prefix("--")
        .or_else(|| text.strip_prefix('-'))
        .unwrap_or(text);
    let (name, value) = match body.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (body, None),
    };
    if name.is_empty() || name.starts_with('-') {
        return Err(FlagError::Syntax(text.to_owned()));
    }
    let Some(flag) = known.iter().find(|flag| flag.name == name) else {
        return match name {
            "h" | "help" => Ok(Some(Word::Help)),
            _ => Err(FlagError::Undefined(name.to_owned())),
        };
    };
    match flag.kind {
        FlagKind::Switch => {
            let value = value.map_or(Ok(true), |value| truth(flag.name, value))?;
            Ok(Some(Word::Switch(flag.name, value)))
        }
        FlagKind::Value(_) => match value.map(OsString::from).or_else(|| arguments.next()) {
            Some(value) => Ok(Some(Word::Value(flag.name, value))),
            None => Err(FlagError::MissingValue(flag.name)),
        },
    }
}

/// The usage lines of a table of flags.
#[must_use]
pub fn usage(flags: &[Flag]) -> String {
    let mut text = String::new();
    for flag in flags {
        let value = match flag.kind {
            FlagKind::Switch => "",
            FlagKind::Value(name) => name,
        };
        let head = format!("  -{} {value}", flag.name);
        text.push_str(&format!("{head:<28} {}\n", flag.help));
    }
    text
}

/// Go's `strconv.ParseBool`.
fn truth(name: &'static str, value: &str) -> Result<bool, FlagError> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(FlagError::NotBoolean {
            name,
            value: value.to_owned(),
        }),
    }
}
