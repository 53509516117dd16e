//! `${env.NAME}`: where the values come from and how they get into the text (spec/config.md 3.5).
//!
//! llama-swap pastes the value into the text before parsing, so a value with a quote or a `#` changes the
//! meaning of the file (quirks P2, P3). Here the *marks* are hidden from the YAML parser instead: `${env.X}` is
//! not YAML inside `[..]` or `{..}`, so its three special characters are replaced by private-use characters of
//! the same count, and every scalar gets the exact value after parsing. Places in the file stay right, comments
//! need no attention (P4), and an unquoted value is still typed by YAML afterwards.

use std::collections::BTreeMap;
use std::fmt;

/// Gives the value of an environment variable.
pub struct Environment(Box<Lookup>);

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

impl Environment {
    /// The environment of this process. A value that is not Unicode counts as not set.
    #[must_use]
    pub fn of_process() -> Self {
        Self::of_function(|name| std::env::var(name).ok())
    }

    /// Variables that a function knows.
    pub fn of_function(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Box::new(lookup))
    }

    /// A fixed set of variables.
    #[must_use]
    pub fn of_map(variables: BTreeMap<String, String>) -> Self {
        Self::of_function(move |name| variables.get(name).cloned())
    }

    /// No variable at all.
    #[must_use]
    pub fn empty() -> Self {
        Self::of_map(BTreeMap::new())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Environment(..)")
    }
}

/// The private characters that stand for `$`, `{` and `}` of a mark in one file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marks {
    dollar: char,
    open: char,
    close: char,
}

/// A scalar with its environment values put in.
#[derive(Debug, Default)]
pub(crate) struct Expansion {
    /// The text.
    pub(crate) text: String,
    /// The values that were inserted.
    pub(crate) values: Vec<String>,
    /// Variables that could not be inserted, and why.
    pub(crate) failures: Vec<(String, Failure)>,
}

/// Why a variable could not be inserted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It is not set.
    NotSet,
    /// Its value has a line break or a null byte.
    NotAllowed,
}

impl Marks {
    /// Hides every `${env.NAME}` of a text. The result has as many characters as the text.
    pub(crate) fn hide(text: &str) -> (Self, String) {
        let mut unused = ('\u{E000}'..='\u{F8FF}').filter(|character| !text.contains(*character));
        let mut next = || unused.next().unwrap_or('\u{E000}');
        let marks = Self {
            dollar: next(),
            open: next(),
            close: next(),
        };
        let mut hidden = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(position) = rest.find("${env.") {
            let (before, mark) = rest.split_at(position);
            hidden.push_str(before);
            if let Some(name) = name_of(&mark["${env.".len()..], '}') {
                hidden.extend([marks.dollar, marks.open]);
                hidden.push_str("env.");
                hidden.push_str(name);
                hidden.push(marks.close);
                rest = &mark["${env.}".len() + name.len()..];
            } else {
                hidden.push_str("${");
                rest = &mark["${".len()..];
            }
        }
        hidden.push_str(rest);
        (marks, hidden)
    }

    /// Puts the values in. With `lenient_comments`, an unset variable in a line that starts with `#` stays as
    /// written: such lines of a command are dropped (quirk P1, mended).
    pub(crate) fn expand(self, text: &str, environment: &Environment, lenient_comments: bool) -> Expansion {
        let mut expansion = Expansion::default();
        let mark: String = [self.dollar, self.open, 'e', 'n', 'v', '.'].iter().collect();
        let mut rest = text;
        while let Some(position) = rest.find(&mark) {
            let (before, found) = rest.split_at(position);
            expansion.text.push_str(before);
            let inside = &found[mark.len()..];
            let Some(name) = name_of(inside, self.close) else {
                expansion.text.push(self.dollar);
                rest = &found[self.dollar.len_utf8()..];
                continue;
            };
            rest = &inside[name.len() + self.close.len_utf8()..];
            match (environment.0)(name) {
                Some(value) if value.contains(['\n', '\r', '\0']) => {
                    expansion.failures.push((name.to_owned(), Failure::NotAllowed));
                }
                Some(value) => {
                    expansion.text.push_str(&value);
                    expansion.values.push(value);
                }
                None if lenient_comments && in_comment_line(&expansion.text) => {
                    expansion.text.push_str(&format!("${{env.{name}}}"));
                }
                None => expansion.failures.push((name.to_owned(), Failure::NotSet)),
            }
        }
        expansion.text.push_str(rest);
        expansion
    }
}

/// `NAME` of a mark whose inside starts here: `[A-Za-z_][A-Za-z0-9_]*` followed by the closing character.
fn name_of(inside: &str, close: char) -> Option<&str> {
    let end = inside.find(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))?;
    let name = &inside[..end];
    let starts_well = name.starts_with(|character: char| !character.is_ascii_digit());
    (starts_well && inside[end..].starts_with(close)).then_some(name)
}

fn in_comment_line(text_so_far: &str) -> bool {
    let line = text_so_far.rsplit('\n').next().unwrap_or_default();
    line.trim_start().starts_with('#')
}
