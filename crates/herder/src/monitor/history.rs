//! The newest samples: a bounded number of them, and none that is too old.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::time::Instant;

use super::samples::RETENTION;

/// A ring of samples, oldest first, each with the time at which it came.
#[derive(Debug)]
pub(super) struct History<T> {
    capacity: usize,
    samples: VecDeque<(Instant, Arc<T>)>,
}

impl<T> Default for History<T> {
    fn default() -> Self {
        Self {
            capacity: 1,
            samples: VecDeque::new(),
        }
    }
}

impl<T> History<T> {
    /// Keeps at most `capacity` samples, the newest. It takes its memory as they come.
    pub(super) fn set_capacity(&mut self, capacity: usize) {
        self.capacity = capacity;
        let surplus = self.samples.len().saturating_sub(capacity);
        self.samples.drain(..surplus);
    }

    /// Adds the newest sample; the oldest one leaves when there is no room, and those whose time is over.
    pub(super) fn push(&mut self, now: Instant, sample: T) {
        while self.samples.len() >= self.capacity {
            self.samples.pop_front();
        }
        while let Some((taken, _)) = self.samples.front()
            && now.duration_since(*taken) > RETENTION
        {
            self.samples.pop_front();
        }
        self.samples.push_back((now, Arc::new(sample)));
    }

    /// The samples that `wanted` accepts, oldest first.
    pub(super) fn since(&self, mut wanted: impl FnMut(&T) -> bool) -> Vec<Arc<T>> {
        self.samples
            .iter()
            .filter(|(_, sample)| wanted(sample))
            .map(|(_, sample)| Arc::clone(sample))
            .collect()
    }

    pub(super) fn newest(&self) -> Option<Arc<T>> {
        self.samples.back().map(|(_, sample)| Arc::clone(sample))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn kept(history: &History<i32>, from: i32) -> Vec<i32> {
        let samples = history.since(|&number| number > from);
        samples.into_iter().map(|number| *number).collect()
    }

    #[test]
    fn the_oldest_leave_first() {
        let mut history = History::default();
        assert_eq!(history.newest(), None);
        history.set_capacity(3);
        let now = Instant::now();
        for number in 1..=5 {
            history.push(now, number);
        }
        assert_eq!(
            (kept(&history, 0), kept(&history, 4), kept(&history, 5)),
            (vec![3, 4, 5], vec![5], vec![])
        );
        assert_eq!(history.newest().as_deref(), Some(&5));
    }

    #[test]
    fn config_1_4_another_pace_keeps_what_fits_in_number_and_in_time() {
        let mut history = History::default();
        history.set_capacity(4);
        let start = Instant::now();
        let minutes = |minutes: u64| start + Duration::from_secs(60 * minutes);
        for number in 1..=4 {
            history.push(start, number);
        }
        history.set_capacity(2);
        assert_eq!(kept(&history, 0), [3, 4]);
        history.set_capacity(100);
        history.push(minutes(60), 5);
        assert_eq!(kept(&history, 0), [3, 4, 5]);
        history.push(minutes(61), 6);
        assert_eq!(kept(&history, 0), [5, 6]);
    }
}
