//! What herder counts about the requests to one model, whoever serves it: answers, first bytes, tokens.
//!
//! Everybody counts with atomics; nothing here is locked. Labels are names of the configuration, patterns of the route
//! table and two fixed lists, so no client can make a new time series.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use herder_wire::usage::Usage;

use super::histogram::Histogram;

/// Statuses with a time series of their own. Others share one per class, such as `4xx`.
pub(super) const STATUSES: [u16; 23] = [
    101, 200, 201, 202, 204, 206, 304, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 499, 500, 501, 502,
    503, 504,
];

/// The classes of the other statuses, from 100 on.
pub(super) const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Kinds of tokens, by their labels.
pub(super) const TOKEN_KINDS: [&str; 5] = ["input", "output", "cached", "drafted", "draft_accepted"];

/// Routes that one model is asked on. The table has fewer that lead to models.
const MAX_ROUTES: usize = 64;

/// The counters of the requests to one model.
#[derive(Debug)]
pub struct RequestMetrics {
    /// Filled from the front, in the order in which routes are first asked. Boxed, because most places stay empty.
    routes: [OnceLock<Box<RouteMetrics>>; MAX_ROUTES],
    /// From the wish to the first byte of the answer's body.
    pub(super) first_byte: Histogram,
    /// In the order of the kinds.
    tokens: [AtomicU64; TOKEN_KINDS.len()],
}

/// The counters of one model on one route.
#[derive(Debug)]
pub(super) struct RouteMetrics {
    pub(super) route: &'static str,
    pub(super) statuses: [AtomicU64; STATUSES.len()],
    pub(super) classes: [AtomicU64; CLASSES.len()],
}

impl Default for RequestMetrics {
    fn default() -> Self {
        Self {
            routes: [const { OnceLock::new() }; MAX_ROUTES],
            first_byte: Histogram::default(),
            tokens: [const { AtomicU64::new(0) }; TOKEN_KINDS.len()],
        }
    }
}

impl RequestMetrics {
    /// A request has been answered, or its client has left.
    pub(crate) fn answered(&self, route: &'static str, status: u16) {
        let mut places = self
            .routes
            .iter()
            .map(|place| place.get_or_init(|| Box::new(RouteMetrics::new(route))));
        if let Some(counters) = places.find(|counters| counters.route == route) {
            counters.count(status);
        }
    }

    /// The first bytes of an answer are on their way.
    pub(crate) fn first_byte(&self, after: Duration) {
        self.first_byte.observe(after);
    }

    /// An answer has said what it cost. What is not known counts nothing.
    pub(crate) fn used(&self, usage: &Usage) {
        let counts = [
            usage.input,
            usage.output,
            usage.cached.unwrap_or(0),
            usage.drafted.unwrap_or(0),
            usage.draft_accepted.unwrap_or(0),
        ];
        for (counter, count) in self.tokens.iter().zip(counts) {
            counter.fetch_add(count, Relaxed);
        }
    }

    /// Routes that have been asked on.
    pub(super) fn routes(&self) -> impl Iterator<Item = &RouteMetrics> {
        self.routes.iter().map_while(OnceLock::get).map(AsRef::as_ref)
    }

    /// Tokens so far, with their kinds.
    pub(super) fn tokens(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.tokens.iter().map(|count| count.load(Relaxed));
        TOKEN_KINDS.into_iter().zip(counts)
    }
}

impl RouteMetrics {
    fn new(route: &'static str) -> Self {
        Self {
            route,
            statuses: [const { AtomicU64::new(0) }; STATUSES.len()],
            classes: [const { AtomicU64::new(0) }; CLASSES.len()],
        }
    }

    fn count(&self, status: u16) {
        let counter = match STATUSES.iter().position(|known| *known == status) {
            Some(position) => &self.statuses[position],
            // HTTP libraries let statuses up to 999 through; they count as server errors.
            None => &self.classes[usize::from(status / 100).clamp(1, CLASSES.len()) - 1],
        };
        counter.fetch_add(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_routes_are_bounded() {
        let requests = RequestMetrics::default();
        for (route, status) in [
            ("/a", 200),
            ("/b", 418),
            ("/a", 200),
            ("/b", 499),
            ("/b", 777),
            ("/b", 99),
        ] {
            requests.answered(route, status);
        }
        let routes: Vec<_> = requests.routes().collect();
        assert_eq!(
            routes.iter().map(|route| route.route).collect::<Vec<_>>(),
            ["/a", "/b"]
        );
        let position = |status| STATUSES.iter().position(|known| *known == status).unwrap();
        assert_eq!(routes[0].statuses[position(200)].load(Relaxed), 2);
        assert_eq!(routes[1].statuses[position(499)].load(Relaxed), 1);
        let classes: Vec<u64> = routes[1]
            .classes
            .iter()
            .map(|class| class.load(Relaxed))
            .collect();
        assert_eq!(classes, [1, 0, 0, 1, 1]);
    }

    #[test]
    fn q16_tokens_add_up_and_unknown_ones_count_nothing() {
        let requests = RequestMetrics::default();
        requests.used(&Usage {
            input: 30,
            output: 5,
            cached: Some(20),
            ..Usage::default()
        });
        requests.used(&Usage {
            input: 1,
            output: 2,
            drafted: Some(9),
            draft_accepted: Some(4),
            ..Usage::default()
        });
        assert_eq!(
            requests.tokens().collect::<Vec<_>>(),
            [
                ("input", 31),
                ("output", 7),
                ("cached", 20),
                ("drafted", 9),
                ("draft_accepted", 4)
            ]
        );
    }
}
