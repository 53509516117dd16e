//! The newest samples, a bounded number of them.

use std::collections::VecDeque;
use std::sync::Arc;

/// A ring of samples, oldest first.
#[derive(Debug)]
pub(super) struct History<T> {
    capacity: usize,
    samples: VecDeque<Arc<T>>,
}

impl<T> History<T> {
    /// An empty ring for at most `capacity` samples. It takes its memory as they come.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            samples: VecDeque::new(),
        }
    }

    /// Adds the newest sample; the oldest one leaves when there is no room.
    pub(super) fn push(&mut self, sample: T) {
        while self.samples.len() >= self.capacity {
            self.samples.pop_front();
        }
        self.samples.push_back(Arc::new(sample));
    }

    /// The samples that `wanted` accepts, oldest first.
    pub(super) fn since(&self, mut wanted: impl FnMut(&T) -> bool) -> Vec<Arc<T>> {
        self.samples
            .iter()
            .filter(|sample| wanted(sample))
            .cloned()
            .collect()
    }

    pub(super) fn newest(&self) -> Option<Arc<T>> {
        self.samples.back().cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_leave_first() {
        let mut history = History::new(3);
        assert_eq!(history.newest(), None);
        for number in 1..=5 {
            history.push(number);
        }
        let kept = |from: i32| -> Vec<i32> {
            let samples = history.since(|&number| number > from);
            samples.into_iter().map(|number| *number).collect()
        };
        assert_eq!((kept(0), kept(4), kept(5)), (vec![3, 4, 5], vec![5], vec![]));
        assert_eq!(history.newest().as_deref(), Some(&5));
    }
}
