//! Turns the text of a command into words, as llama-swap does (spec/config.md 4.1-4.3).
//!
//! No shell is involved: no variables, no globbing, no pipes. Quirks A1 to A3 are kept, because configurations depend
//! on them; an unterminated quote (A4) splits as in the reference and is found by [`check_quotes`] for a warning.

use std::str::Chars;

/// The rules by which quotes and backslashes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Single and double quotes, backslash escapes (spec/config.md 4.2).
    Posix,
    /// Only double quotes; backslashes mean something only before one (spec/config.md 4.3).
    Windows,
}

impl Dialect {
    /// The dialect of the operating system that this program runs on.
    pub const fn native() -> Self {
        crate::os::DIALECT
    }
}

/// A command without a single word: nothing but blanks and comment lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("empty command")]
pub struct EmptyCommand;

/// A quote that is opened and never closed; everything after it became one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unterminated {quote} quote")]
pub struct UnterminatedQuote {
    /// The character that opened it.
    pub quote: char,
}

/// Splits a command into words; the first is the program.
///
/// ```
/// use herder_supervisor::command::{Dialect, split};
///
/// let words = split("serve --name 'big oak' \\\n  # not now: --fast\n  --port 5800", Dialect::Posix)?;
/// assert_eq!(words, ["serve", "--name", "big oak", "--port", "5800"]);
/// # Ok::<(), herder_supervisor::command::EmptyCommand>(())
/// ```
///
/// # Errors
/// There is no word.
pub fn split(command: &str, dialect: Dialect) -> Result<Vec<String>, EmptyCommand> {
    let (words, _) = scan(&join_lines(command), dialect);
    if words.is_empty() {
        Err(EmptyCommand)
    } else {
        Ok(words)
    }
}

/// Finds a quote that is never closed. [`split`] accepts it; it is worth a warning.
///
/// # Errors
/// The last quote of the command is not closed.
pub fn check_quotes(command: &str, dialect: Dialect) -> Result<(), UnterminatedQuote> {
    match scan(&join_lines(command), dialect).1 {
        Some(quote) => Err(UnterminatedQuote { quote }),
        None => Ok(()),
    }
}

/// Steps 1 to 4 of spec/config.md 4.1: drops comment lines and turns a backslash at the end of a line into a blank.
/// The line feed stays, which separates words anyway (quirk A1).
fn join_lines(command: &str) -> String {
    let lines = command
        .split('\n')
        .filter(|line| !line.trim_start().starts_with('#'));
    let joined = lines.map(|line| match line.trim().strip_suffix('\\') {
        Some(continued) => format!("{continued} "),
        None => line.to_owned(),
    });
    joined.collect::<Vec<_>>().join("\n")
}

/// The words of `text`, and the quote that is still open at its end.
fn scan(text: &str, dialect: Dialect) -> (Vec<String>, Option<char>) {
    let mut words = Words::default();
    let open = match dialect {
        Dialect::Posix => scan_posix(text, &mut words),
        Dialect::Windows => scan_windows(text, &mut words),
    };
    words.end_word();
    (words.complete, open)
}

/// Words under construction. A word that was begun counts even if it stays empty, as `""` does.
#[derive(Default)]
struct Words {
    complete: Vec<String>,
    current: Option<String>,
}

impl Words {
    fn begin_word(&mut self) -> &mut String {
        self.current.get_or_insert_default()
    }

    fn push(&mut self, character: char) {
        self.begin_word().push(character);
    }

    fn end_word(&mut self) {
        self.complete.extend(self.current.take());
    }
}

/// spec/config.md 4.2.
fn scan_posix(text: &str, words: &mut Words) -> Option<char> {
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let closed = match character {
            ' ' | '\t' | '\n' => {
                words.end_word();
                true
            }
            '\'' => scan_single_quoted(&mut characters, words),
            '"' => scan_double_quoted(&mut characters, words),
            '\\' => {
                match characters.next() {
                    Some('\n') | None => {}
                    Some(escaped) => words.push(escaped),
                }
                true
            }
            ordinary => {
                words.push(ordinary);
                true
            }
        };
        if !closed {
            return Some(character);
        }
    }
    None
}

/// Reads up to and including the closing quote; says whether there was one.
fn scan_single_quoted(characters: &mut Chars<'_>, words: &mut Words) -> bool {
    words.begin_word();
    for character in characters {
        if character == '\'' {
            return true;
        }
        words.push(character);
    }
    false
}

/// Reads up to and including the closing quote; says whether there was one.
fn scan_double_quoted(characters: &mut Chars<'_>, words: &mut Words) -> bool {
    words.begin_word();
    while let Some(character) = characters.next() {
        match character {
            '"' => return true,
            '\\' => match characters.next() {
                Some(escaped @ ('$' | '`' | '"' | '\\')) => words.push(escaped),
                Some('\n') | None => {}
                Some(ordinary) => {
                    words.push('\\');
                    words.push(ordinary);
                }
            },
            ordinary => words.push(ordinary),
        }
    }
    false
}

/// spec/config.md 4.3.
fn scan_windows(text: &str, words: &mut Words) -> Option<char> {
    let mut characters = text.chars().peekable();
    let mut quoted = false;
    while let Some(character) = characters.next() {
        match character {
            ' ' | '\t' | '\r' | '\n' if !quoted => words.end_word(),
            '\\' => {
                let mut backslashes = 1;
                while characters.next_if_eq(&'\\').is_some() {
                    backslashes += 1;
                }
                let before_quote = characters.peek() == Some(&'"');
                let kept = if before_quote {
                    backslashes / 2
                } else {
                    backslashes
                };
                words.begin_word().extend(std::iter::repeat_n('\\', kept));
                if before_quote && backslashes % 2 == 1 {
                    // The quote itself, as an ordinary character.
                    words.begin_word().extend(characters.next());
                }
            }
            '"' if quoted && characters.next_if_eq(&'"').is_some() => words.push('"'),
            '"' => {
                words.begin_word();
                quoted = !quoted;
            }
            ordinary => words.push(ordinary),
        }
    }
    quoted.then_some('"')
}
