//! What `fair` remembers of a model's stay: when its turn may end, and whether its clients usually come back.

use std::time::Duration;

use crate::{Linger, Timestamp};

/// Least linger for clients that come back at once: the next request is on its way while the answer is read.
const SHORTEST_LINGER: Duration = Duration::from_millis(250);
/// Longest linger that is learned (scheduling.md, key `linger`).
const LONGEST_LINGER: Duration = Duration::from_secs(5);
/// A longer gap teaches no more than this one: the clients do not come back in time. Without the limit one night of
/// silence would hide for a week that they do.
const LONGEST_GAP: Duration = Duration::from_secs(10);
/// Gaps behind the mean; the newest always counts for one part in so many.
const GAP_MEMORY: u32 = 8;
/// A model is kept for so many mean gaps: after one mean, every second client is still thinking.
const GAPS_KEPT: u32 = 2;

/// One model's stay.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Residency {
    /// When it became ready last.
    pub(crate) ready_at: Timestamp,
    /// The least time that it stays after that, as long as it is used.
    pub(crate) turn: Duration,
    /// When its last request ended, until the next one comes.
    idle_since: Option<Timestamp>,
    /// Mean time from falling idle to the next arrival, and how many times were seen (up to the memory).
    gap: Duration,
    gaps: u32,
}

impl Residency {
    /// Its last request has ended.
    pub(crate) fn falls_idle(&mut self, now: Timestamp) {
        self.idle_since = Some(now);
    }

    /// A request has come, wherever the model is now.
    pub(crate) fn is_wanted(&mut self, now: Timestamp) {
        if let Some(idle_since) = self.idle_since.take() {
            let gap = now.since(idle_since).min(LONGEST_GAP);
            self.gaps = (self.gaps + 1).min(GAP_MEMORY);
            self.gap = (self.gap * (self.gaps - 1) + gap) / self.gaps;
        }
    }

    /// How long it may stay idle before a rival that is not due takes its place, and before its turn ends.
    /// `swap_cost` is the price of bringing it back.
    pub(crate) fn linger(&self, linger: Linger, swap_cost: Duration) -> Duration {
        match linger {
            Linger::Fixed(duration) => duration,
            Linger::Auto => {
                let longest = LONGEST_LINGER.min(swap_cost / 2);
                if self.gaps > 0 && self.gap <= longest {
                    (self.gap * GAPS_KEPT).max(SHORTEST_LINGER).min(longest)
                } else {
                    Duration::ZERO
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SWAP_COST: Duration = Duration::from_secs(8);

    fn learned(gaps_in_milliseconds: &[u64]) -> Duration {
        let mut residency = Residency::default();
        for &gap in gaps_in_milliseconds {
            residency.falls_idle(Timestamp::default());
            residency.is_wanted(Timestamp(Duration::from_millis(gap)));
        }
        residency.linger(Linger::Auto, SWAP_COST)
    }

    #[test]
    fn clients_that_come_back_soon_are_waited_for() {
        assert_eq!(learned(&[]), Duration::ZERO);
        assert_eq!(learned(&[300, 500]), Duration::from_millis(800));
        assert_eq!(
            learned(&[0]),
            SHORTEST_LINGER,
            "they are never quicker than the network"
        );
        assert_eq!(
            learned(&[3_000]),
            Duration::from_secs(4),
            "at most half of the swap cost"
        );
        assert_eq!(learned(&[60_000]), Duration::ZERO, "not in time");
        assert_eq!(
            learned(&[60_000, 300, 300, 300]),
            Duration::from_secs(4),
            "one night is forgiven"
        );
    }

    #[test]
    fn a_fixed_linger_asks_nobody() {
        let linger = Linger::Fixed(Duration::from_secs(9));
        assert_eq!(
            Residency::default().linger(linger, SWAP_COST),
            Duration::from_secs(9)
        );
    }
}
