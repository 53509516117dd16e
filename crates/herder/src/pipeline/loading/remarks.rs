//! What herder says to pass the time. The texts are data: one a line in `remarks.txt`.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

const TEXTS: &str = include_str!("remarks.txt");

/// The shortest pause after a remark, in milliseconds (spec/http-api.md 4.3).
const SHORTEST_PAUSE: u64 = 5_000;
/// And the longest.
const LONGEST_PAUSE: u64 = 9_000;

/// The remarks in an order of their own, again and again.
#[derive(Debug)]
pub(super) struct Remarks {
    order: Vec<&'static str>,
    next: usize,
    random: u64,
}

impl Remarks {
    /// In an order that is different each time.
    pub(super) fn shuffled() -> Self {
        // The hasher's keys are random; this needs no better randomness than that.
        Self::from_seed(RandomState::new().build_hasher().finish())
    }

    fn from_seed(seed: u64) -> Self {
        let mut remarks = Self {
            order: TEXTS.lines().collect(),
            next: 0,
            // Zero would stay zero.
            random: seed.max(1),
        };
        for last in (1..remarks.order.len()).rev() {
            let other = remarks.below(last as u64 + 1);
            remarks.order.swap(last, usize::try_from(other).unwrap_or(last));
        }
        remarks
    }

    /// The next one.
    pub(super) fn next(&mut self) -> &'static str {
        let text = self.order.get(self.next).copied().unwrap_or_default();
        self.next = (self.next + 1) % self.order.len().max(1);
        text
    }

    /// How long to say nothing after one.
    pub(super) fn pause(&mut self) -> Duration {
        Duration::from_millis(SHORTEST_PAUSE + self.below(LONGEST_PAUSE - SHORTEST_PAUSE + 1))
    }

    /// A number below `bound`, by Marsaglia's xorshift.
    fn below(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % bound
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_remark_is_short_and_said_once_in_a_round() {
        let all: BTreeSet<&str> = TEXTS.lines().collect();
        assert!(all.len() >= 40);
        assert!(all.iter().all(|text| (1..=90).contains(&text.len())));
        for seed in [0, 1, 7, u64::MAX] {
            let mut remarks = Remarks::from_seed(seed);
            for round in 0..2 {
                let said: BTreeSet<&str> = (0..all.len()).map(|_| remarks.next()).collect();
                assert_eq!(said, all, "seed {seed}, round {round}");
            }
        }
        assert_ne!(
            Remarks::from_seed(7).order,
            Remarks::from_seed(11).order,
            "the order depends on the seed"
        );
    }

    #[test]
    fn pauses_stay_between_five_and_nine_seconds() {
        let mut remarks = Remarks::from_seed(5);
        for _ in 0..1000 {
            let pause = remarks.pause();
            assert!((Duration::from_secs(5)..=Duration::from_secs(9)).contains(&pause));
        }
    }
}
