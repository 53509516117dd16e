//! A ticket: all requests that wait for one model. Its rent is the sum of their waits, kept as a count and a sum of
//! arrivals, so that the moment at which it reaches a price is computed and never polled for.

use std::collections::VecDeque;
use std::time::Duration;

use crate::{RequestId, Timestamp};

/// One who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) request: RequestId,
    pub(crate) arrived: Timestamp,
}

/// Those who wait for one model, in order of arrival.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ticket {
    requests: VecDeque<Waiting>,
    /// Sum of the arrivals, in nanoseconds. 2^32 requests after 2^64 seconds fit.
    arrivals: u128,
}

impl Ticket {
    pub(crate) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// The oldest.
    pub(crate) fn first(&self) -> Option<Waiting> {
        self.requests.front().copied()
    }

    /// The place of a request, counted from 1.
    pub(crate) fn position(&self, request: RequestId) -> Option<usize> {
        let at = self
            .requests
            .binary_search_by_key(&request, |waiting| waiting.request);
        at.ok().map(|index| index + 1)
    }

    /// Adds one who came after all the others.
    pub(crate) fn push(&mut self, waiting: Waiting) {
        self.arrivals += waiting.arrived.0.as_nanos();
        self.requests.push_back(waiting);
    }

    /// Takes out the oldest.
    pub(crate) fn pop(&mut self) -> Option<Waiting> {
        let first = self.requests.pop_front()?;
        self.arrivals -= first.arrived.0.as_nanos();
        Some(first)
    }

    /// Takes out one who left. Unknown requests are ignored.
    pub(crate) fn remove(&mut self, request: RequestId) {
        if let Ok(at) = self
            .requests
            .binary_search_by_key(&request, |waiting| waiting.request)
            && let Some(gone) = self.requests.remove(at)
        {
            self.arrivals -= gone.arrived.0.as_nanos();
        }
    }

    /// Takes out everybody, in order.
    pub(crate) fn take(&mut self) -> Vec<RequestId> {
        let everybody = std::mem::take(self);
        everybody
            .requests
            .into_iter()
            .map(|waiting| waiting.request)
            .collect()
    }

    /// When the sum of all waits reaches `price` if nobody comes or goes; `None` when nobody waits. Solves
    /// `count x now - sum of arrivals = price` for `now`, rounded up.
    pub(crate) fn rent_reaches(&self, price: Duration) -> Option<Timestamp> {
        let count = self.requests.len() as u128;
        if count == 0 {
            return None;
        }
        let nanoseconds = (self.arrivals + price.as_nanos()).div_ceil(count);
        Some(Timestamp(from_nanos(nanoseconds)))
    }
}

fn from_nanos(nanoseconds: u128) -> Duration {
    const NANOSECONDS: u128 = 1_000_000_000;
    match u64::try_from(nanoseconds / NANOSECONDS) {
        Ok(seconds) => Duration::new(seconds, (nanoseconds % NANOSECONDS) as u32),
        Err(_) => Duration::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp(Duration::from_secs(seconds))
    }

    fn ticket(arrivals: &[u64]) -> Ticket {
        let mut ticket = Ticket::default();
        for (number, &seconds) in arrivals.iter().enumerate() {
            ticket.push(Waiting {
                request: RequestId(number as u64),
                arrived: at(seconds),
            });
        }
        ticket
    }

    #[test]
    fn rent_is_paid_by_all_who_wait() {
        let price = Duration::from_secs(10);
        assert_eq!(ticket(&[]).rent_reaches(price), None);
        assert_eq!(ticket(&[3]).rent_reaches(price), Some(at(13)));
        // 2 x 10 - (3 + 7) = 10.
        assert_eq!(ticket(&[3, 7]).rent_reaches(price), Some(at(10)));
        // The price may have been reached in the past.
        assert_eq!(
            ticket(&[3; 100]).rent_reaches(price),
            Some(Timestamp(Duration::from_millis(3_100)))
        );
    }

    #[test]
    fn who_leaves_takes_his_rent_along() {
        let mut ticket = ticket(&[3, 7, 9]);
        ticket.remove(RequestId(1));
        ticket.remove(RequestId(1));
        ticket.pop();
        assert_eq!(ticket.rent_reaches(Duration::from_secs(10)), Some(at(19)));
        ticket.pop();
        assert_eq!((ticket.arrivals, ticket.is_empty()), (0, true));
    }

    #[test]
    fn a_price_beyond_all_time_is_never_reached() {
        let price = Duration::MAX;
        assert_eq!(ticket(&[3]).rent_reaches(price), Some(Timestamp(Duration::MAX)));
    }
}
