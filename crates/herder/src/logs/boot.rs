//! Which run of herder it is: a place in a log means something in one run only.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};

/// The number of a run. Random, so that two runs have the same one about never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Boot(u64);

/// Digits of its text.
const DIGITS: usize = 16;

impl Boot {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        // The hasher's keys are random; nobody gains anything by guessing them.
        Self(RandomState::new().build_hasher().finish())
    }

    /// This one, in tests.
    #[cfg(test)]
    pub(crate) const fn of(number: u64) -> Self {
        Self(number)
    }

    /// The run of this text, as [`fmt::Display`] writes it: sixteen hexadecimal digits in lower case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_one = text.len() == DIGITS && text.as_bytes().iter().all(is_digit);
        let number = u64::from_str_radix(text, 16).ok();
        number.filter(|_| is_one).map(Self)
    }
}

impl fmt::Display for Boot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:0DIGITS$x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_s_text_is_read_back_and_no_other() {
        for boot in [Boot(0), Boot(0xabc), Boot(u64::MAX), Boot::random()] {
            assert_eq!(Boot::parse(&boot.to_string()), Some(boot));
        }
        for text in [
            "",
            "abc",
            "0000000000000abC",
            "+00000000000000a",
            "00000000000000abc",
            "000000000000é1",
        ] {
            assert_eq!(Boot::parse(text), None, "{text}");
        }
        assert_ne!(Boot::random(), Boot::random());
    }
}
