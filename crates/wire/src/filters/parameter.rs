//! The path syntax of filter keys (spec/config.md 7.5): `a.b`, `a\.b`, `list.0`, `list.-1`, `:1`, wildcards.

use super::{MAX_INDEX, MAX_PARTS, Reason};

/// A parsed filter key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Parameter {
    /// One definite place, which is created when it is missing.
    Place(Vec<Part>),
    /// Whatever exists and matches first; with `* ? # @` or `|` in the key.
    Match(Vec<Pattern>),
    /// The member `model`, which belongs to the router and is never stripped or set.
    Model,
}

impl Parameter {
    pub(super) fn parse(key: &str) -> Result<Self, Reason> {
        if key.is_empty() {
            return Err(Reason::Empty);
        }
        let (parts, wild) = split(key);
        if parts.len() > MAX_PARTS {
            return Err(Reason::TooDeep);
        }
        if wild {
            return Ok(Self::Match(parts));
        }
        let parts: Vec<Part> = parts.into_iter().map(Part::from).collect();
        let is_model = matches!(parts.as_slice(), [only] if only.name == "model");
        Ok(if is_model { Self::Model } else { Self::Place(parts) })
    }
}

/// One step of a [`Parameter::Place`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// The member's name, or the index as text.
    pub(super) name: String,
    /// Written with a leading colon: a member's name even if it is a number.
    is_name: bool,
}

/// A position in an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Index {
    /// Counted from 0.
    At(usize),
    /// `-1`: behind the last element when setting, the last element when deleting.
    Last,
}

impl Part {
    /// The position that this part means in an array; `None` when it is no number.
    pub(super) fn index(&self) -> Result<Option<Index>, Reason> {
        if self.is_name {
            return Ok(None);
        }
        if self.name == "-1" {
            return Ok(Some(Index::Last));
        }
        if self.name.is_empty() || !self.name.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(None);
        }
        match self.name.parse() {
            Ok(index) if index <= MAX_INDEX => Ok(Some(Index::At(index))),
            Ok(_) | Err(_) => Err(Reason::IndexTooLarge {
                index: self.name.clone(),
            }),
        }
    }
}

impl From<Pattern> for Part {
    fn from(pattern: Pattern) -> Self {
        let name = pattern.glyphs.iter().map(|glyph| match glyph {
            Glyph::Exactly(character) => *character,
            Glyph::Any => '*',
            Glyph::One => '?',
        });
        Self {
            name: name.collect(),
            is_name: pattern.is_name,
        }
    }
}

/// One step of a [`Parameter::Match`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    glyphs: Vec<Glyph>,
    is_name: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Glyph {
    Exactly(char),
    /// `*`
    Any,
    /// `?`
    One,
}

impl Pattern {
    /// Whether a member of this name matches. `#` and `@` stand for themselves: queries and modifiers match nothing.
    pub(super) fn matches(&self, name: &str) -> bool {
        let (mut glyphs, mut rest) = (self.glyphs.as_slice(), name.chars());
        // Where to go on when what follows the last `*` does not fit: behind the star, one character further.
        let mut retry = None;
        loop {
            let before = rest.clone();
            match (glyphs.split_first(), rest.next()) {
                (None, None) => return true,
                (Some((Glyph::Any, after)), _) => {
                    rest = before;
                    glyphs = after;
                    retry = Some((after, rest.clone()));
                }
                (Some((Glyph::One, after)), Some(_)) => glyphs = after,
                (Some((Glyph::Exactly(wanted), after)), Some(found)) if *wanted == found => glyphs = after,
                (Some((Glyph::One | Glyph::Exactly(_), _)) | None, _) => {
                    let Some((after, mut reached)) = retry.take() else {
                        return false;
                    };
                    if reached.next().is_none() {
                        return false;
                    }
                    (glyphs, rest) = (after, reached.clone());
                    retry = Some((after, reached));
                }
            }
        }
    }

    /// The array position that this step means, if it is a plain number.
    pub(super) fn position(&self) -> Option<usize> {
        let digits = self.glyphs.iter().map(|glyph| match glyph {
            Glyph::Exactly(character) if character.is_ascii_digit() => Some(*character),
            Glyph::Exactly(_) | Glyph::Any | Glyph::One => None,
        });
        let digits: Option<String> = digits.collect();
        digits.filter(|_| !self.is_name)?.parse().ok()
    }
}

/// The steps of a key, and whether it has a wildcard.
fn split(key: &str) -> (Vec<Pattern>, bool) {
    let mut parts = vec![Pattern {
        glyphs: Vec::new(),
        is_name: false,
    }];
    let mut wild = false;
    let mut at_start = true;
    let mut characters = key.chars();
    while let Some(character) = characters.next() {
        let glyph = match character {
            '.' | '|' => {
                wild |= character == '|';
                parts.push(Pattern {
                    glyphs: Vec::new(),
                    is_name: false,
                });
                at_start = true;
                continue;
            }
            ':' if at_start => {
                at_start = false;
                if let Some(part) = parts.last_mut() {
                    part.is_name = true;
                }
                continue;
            }
            '\\' => Glyph::Exactly(characters.next().unwrap_or('\\')),
            '*' => Glyph::Any,
            '?' => Glyph::One,
            other => Glyph::Exactly(other),
        };
        wild |= matches!(character, '*' | '?' | '#' | '@');
        at_start = false;
        if let Some(part) = parts.last_mut() {
            part.glyphs.push(glyph);
        }
    }
    (parts, wild)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(key: &str) -> Vec<String> {
        match Parameter::parse(key) {
            Ok(Parameter::Place(parts)) => parts.into_iter().map(|part| part.name).collect(),
            other => panic!("{key}: {other:?}"),
        }
    }

    #[test]
    fn config_7_5_keys_are_split() {
        for (key, expected) in [
            ("a", &["a"][..]),
            ("a.b.c", &["a", "b", "c"]),
            (r"a\.b", &["a.b"]),
            (r"a\\.b", &[r"a\", "b"]),
            (r"a\*\?", &["a*?"]),
            (":1.b", &["1", "b"]),
            ("a.:-1", &["a", "-1"]),
            (r"\:1", &[":1"]),
            ("a:b", &["a:b"]),
            ("a..b", &["a", "", "b"]),
            ("trailing\\", &["trailing\\"]),
            ("model.x", &["model", "x"]),
        ] {
            assert_eq!(place(key), expected, "{key}");
        }
        assert_eq!(Parameter::parse(""), Err(Reason::Empty));
        assert_eq!(Parameter::parse(&"a.".repeat(MAX_PARTS)), Err(Reason::TooDeep));
        for key in ["model", ":model", r"mod\el"] {
            assert_eq!(Parameter::parse(key), Ok(Parameter::Model), "{key}");
        }
        for key in ["a*", "a.?", "#", "a@b", "a|b"] {
            assert!(matches!(Parameter::parse(key), Ok(Parameter::Match(_))), "{key}");
        }
    }

    #[test]
    fn config_7_5_indices() {
        let index = |key: &str| match Parameter::parse(key) {
            Ok(Parameter::Place(parts)) => parts[0].index(),
            other => panic!("{key}: {other:?}"),
        };
        assert_eq!(index("0"), Ok(Some(Index::At(0))));
        assert_eq!(index("012"), Ok(Some(Index::At(12))));
        assert_eq!(index("-1"), Ok(Some(Index::Last)));
        for name in ["-2", "x", "1x", ":1", ":-1", "+1", "x."] {
            assert_eq!(index(name), Ok(None), "{name}");
        }
        assert!(index("9999").is_ok());
        for large in ["10000", "99999999999999999999999999"] {
            assert_eq!(
                index(large),
                Err(Reason::IndexTooLarge {
                    index: large.to_owned()
                })
            );
        }
    }

    #[test]
    fn config_7_5_patterns() {
        for (pattern, name, expected) in [
            ("temp*", "temperature", true),
            ("temp*", "temp", true),
            ("temp*", "tem", false),
            ("*", "", true),
            ("*p*p*", "top_p", true),
            ("*_?", "top_p", true),
            ("top??", "top_p", true),
            ("top?", "top_p", false),
            ("*a*b", "aabab", true),
            ("*a*b", "aaba", false),
            (r"\**", "*x", true),
            (r"\**", "x", false),
            ("é?", "éü", true),
            ("a@b", "a@b", true),
            ("#", "#", true),
            ("#", "x", false),
        ] {
            let Ok(Parameter::Match(parts)) = Parameter::parse(pattern) else {
                panic!("{pattern}")
            };
            assert_eq!(parts[0].matches(name), expected, "{pattern} {name}");
        }
    }
}
