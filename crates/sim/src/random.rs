//! A small seeded source of chance. The same seed gives the same numbers on every machine and in every release,
//! which no library promises; only integers are drawn, because floating-point functions differ between platforms.

use std::ops::RangeInclusive;
use std::time::Duration;

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// A source that always gives the same numbers for the same seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number, uniform over all of `u64`.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 when `bound` is 0. The bias of the multiplication is far below what a
    /// simulation of thousands of events can see.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// An index into a table of `length` rows.
    pub fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    /// Whether something happens that happens `per_mille` times in a thousand.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1000) < u64::from(per_mille)
    }

    /// A number from the range, both ends included.
    pub fn within(&mut self, range: RangeInclusive<u64>) -> u64 {
        let (low, high) = range.into_inner();
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    /// A span of whole milliseconds from the range, both ends included.
    pub fn milliseconds(&mut self, range: RangeInclusive<u64>) -> Duration {
        Duration::from_millis(self.within(range))
    }

    /// One of many independent sources that belong to one seed: what one client draws does not depend on how often
    /// another one has drawn.
    #[must_use]
    pub fn stream(seed: u64, number: u64) -> Self {
        let mut numbers = Self::new(number);
        Self::new(seed ^ numbers.next_u64())
    }

    /// A span of exponential distribution, as between the arrivals of a Poisson process. It is drawn by comparisons
    /// alone (von Neumann: "Various techniques used in connection with random digits", 1951), so no logarithm has
    /// to be equal on all machines.
    pub fn exponential(&mut self, mean: Duration) -> Duration {
        let mut whole: u32 = 0;
        loop {
            let first = self.next_u64();
            let mut last = first;
            let mut descending = true;
            let mut odd = true;
            while descending {
                let next = self.next_u64();
                descending = next < last;
                last = next;
                odd ^= descending;
            }
            if odd {
                let nanoseconds = u64::try_from(mean.as_nanos()).unwrap_or(u64::MAX);
                let part = ((u128::from(first) * u128::from(nanoseconds)) >> 64) as u64;
                return mean.saturating_mul(whole) + Duration::from_nanos(part);
            }
            whole += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_published_ones_for_seed_zero() {
        let mut random = Random::new(0);
        assert_eq!(random.next_u64(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(random.next_u64(), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn ranges_include_both_ends_and_nothing_else() {
        let mut random = Random::new(7);
        let mut seen = [0_u32; 7];
        for _ in 0..1000 {
            seen[random.within(2..=4) as usize] += 1;
        }
        assert_eq!([seen[0], seen[1], seen[5], seen[6]], [0; 4]);
        assert!(seen[2..5].iter().all(|&count| count > 200), "{seen:?}");
        assert_eq!(random.below(0), 0);
    }

    #[test]
    fn exponential_spans_have_their_mean_and_their_tail() {
        let mut random = Random::new(3);
        let mean = Duration::from_secs(10);
        let spans: Vec<f64> = (0..100_000)
            .map(|_| random.exponential(mean).as_secs_f64())
            .collect();
        let average = spans.iter().sum::<f64>() / spans.len() as f64;
        assert!((9.9..10.1).contains(&average), "{average}");
        // e^-1 and e^-3 of all are longer than one and three means.
        for (limit, expected) in [(10.0, 0.3679), (30.0, 0.0498)] {
            let share = spans.iter().filter(|&&span| span > limit).count() as f64 / spans.len() as f64;
            assert!((share - expected).abs() < 0.005, "{limit}: {share}");
        }
    }

    #[test]
    fn streams_of_one_seed_differ() {
        let first: Vec<u64> = (0..100)
            .map(|number| Random::stream(1, number).next_u64())
            .collect();
        let mut distinct = first.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), first.len());
        assert_ne!(Random::stream(2, 0).next_u64(), first[0]);
    }
}
