//! What waits for the writer of one database. Whoever puts something in never waits; the writer takes all there is at
//! once, and rests between two batches.

use std::mem;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::Record;
use crate::activity::costs::KeptCosts;

/// Finished requests that may wait for the writer. At 100 requests a second a disk may stall for twenty seconds, and at
/// 10,000 the writer may wait for its turn on a busy processor for 0.2 seconds. Captures that wait have a limit of their
/// own.
pub(super) const QUEUE_LENGTH: usize = 2048;

/// With so many the writer rests no longer.
const LARGE_BATCH: usize = 512;

/// The most costs that may wait: those of all models ever kept, said a few times over.
const COSTS_LENGTH: usize = 16_384;

/// How long the writer rests after a batch, unless much waits before. A row that comes alone is written at
/// once; under load one waking and one transaction serve all rows of this time, and at 10,000 requests a second both
/// together cost a third of what they cost for each row (docs/performance.md).
const REST: Duration = Duration::from_millis(20);

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Notified when the writer may have a reason to go on.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// What the writer takes next.
    waiting: Batch,
    /// The writer has nothing to do: whatever comes must wake it.
    is_idle: bool,
    /// Nothing comes in any more: the store is being closed, or its writer is gone.
    has_ended: bool,
}

/// What is written together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// In the order of their ends.
    pub(super) records: Vec<Record>,
    pub(super) costs: Vec<KeptCosts>,
    /// The limits are others now, so there may be something to delete.
    pub(super) prune: bool,
}

/// What comes behind a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// There may be more.
    More,
    /// Nothing: it is the last one.
    End,
}

/// Why a finished request was not put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is no room: the writer does not keep up.
    Full,
    /// Nobody would write it any more.
    Ended,
}

impl Queue {
    /// Puts a finished request in.
    pub(super) fn push(&self, record: Record) -> Result<(), Refusal> {
        let mut state = self.state.lock();
        if state.has_ended {
            return Err(Refusal::Ended);
        }
        let before = state.waiting.records.len();
        if before >= QUEUE_LENGTH {
            return Err(Refusal::Full);
        }
        state.waiting.records.push(record);
        // Else the writer is awake, or rests and would only go on resting.
        let wakes = state.is_idle || before == LARGE_BATCH;
        drop(state);
        if wakes {
            self.changed.notify_one();
        }
        Ok(())
    }

    /// Puts costs in, as far as there is room and somebody who writes them.
    pub(super) fn push_costs(&self, costs: Vec<KeptCosts>) {
        let mut state = self.state.lock();
        if !state.has_ended && state.waiting.costs.len() + costs.len() <= COSTS_LENGTH {
            state.waiting.costs.extend(costs);
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Lets the writer look at its limits.
    pub(super) fn prune(&self) {
        self.state.lock().waiting.prune = true;
        self.changed.notify_one();
    }

    /// Takes nothing in any more, and lets the writer end when it has written what is there.
    pub(super) fn end(&self) {
        self.state.lock().has_ended = true;
        self.changed.notify_one();
    }

    /// Waits until there is something, and takes all of it in exchange for an empty batch, whose memory is used again.
    pub(super) fn take(&self, batch: &mut Batch) -> Then {
        let mut state = self.state.lock();
        // Under the same lock as the wait: who sees it knows that the writer sleeps, or is being woken.
        state.is_idle = true;
        self.changed
            .wait_while(&mut state, |state| !state.waiting.has_work() && !state.has_ended);
        state.is_idle = false;
        mem::swap(&mut state.waiting, batch);
        if state.has_ended { Then::End } else { Then::More }
    }

    /// Waits a moment, so that the next batch is worth its while.
    pub(super) fn rest(&self) {
        let mut state = self.state.lock();
        self.changed.wait_while_for(
            &mut state,
            |state| !state.has_ended && state.waiting.records.len() <= LARGE_BATCH,
            REST,
        );
    }
}

impl Batch {
    /// Whether there is something to write or to delete.
    pub(super) fn has_work(&self) -> bool {
        !self.records.is_empty() || !self.costs.is_empty() || self.prune
    }

    /// Forgets what has been written.
    pub(super) fn clear(&mut self) {
        self.records.clear();
        self.costs.clear();
        self.prune = false;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Instant;

    use herder_testkit::PATIENCE;

    use super::*;

    fn record() -> Record {
        Record {
            row: crate::activity::Row::default(),
            capture: None,
        }
    }

    /// Returns when the writer sleeps, and so would sleep on if nobody woke it.
    fn until_idle(queue: &Queue) {
        let deadline = Instant::now() + PATIENCE;
        while !queue.state.lock().is_idle {
            assert!(Instant::now() < deadline, "the writer never waits");
            thread::yield_now();
        }
    }

    /// The condition variable is the only thing that could be forgotten: every way to put something in must wake a
    /// writer that waits.
    #[test]
    fn whatever_comes_wakes_the_writer() {
        type Put = fn(&Queue);
        let table: [(&str, Put); 4] = [
            ("a record", |queue| queue.push(record()).unwrap()),
            ("costs", |queue| {
                queue.push_costs(vec![KeptCosts {
                    model: "m".to_owned(),
                    costs: herder_core::ModelCosts::default(),
                }]);
            }),
            ("limits", Queue::prune),
            ("the end", Queue::end),
        ];
        for (name, put) in table {
            let queue = Arc::new(Queue::default());
            let (sender, taken) = channel();
            let writer = {
                let queue = Arc::clone(&queue);
                thread::spawn(move || {
                    let mut batch = Batch::default();
                    let then = queue.take(&mut batch);
                    sender.send((batch.has_work(), then)).unwrap();
                })
            };
            until_idle(&queue);
            put(&queue);
            let taken = taken.recv_timeout(PATIENCE);
            let expected = match name {
                "the end" => (false, Then::End),
                _ => (true, Then::More),
            };
            assert_eq!(taken, Ok(expected), "{name}");
            writer.join().unwrap();
            assert!(!queue.state.lock().is_idle, "{name}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_and_a_batch_is_all_there_is() {
        let queue = Queue::default();
        for _ in 0..QUEUE_LENGTH {
            queue.push(record()).unwrap();
        }
        assert_eq!(queue.push(record()).unwrap_err(), Refusal::Full);
        // Too many for a rest.
        queue.rest();
        let mut batch = Batch::default();
        assert_eq!(queue.take(&mut batch), Then::More);
        assert_eq!(batch.records.len(), QUEUE_LENGTH);
        batch.clear();
        queue.push(record()).unwrap();
        queue.end();
        queue.rest();
        assert_eq!(queue.take(&mut batch), Then::End);
        assert_eq!(batch.records.len(), 1);
    }

    #[test]
    fn after_the_end_nothing_comes_in() {
        let queue = Queue::default();
        queue.push(record()).unwrap();
        queue.end();
        assert_eq!(queue.push(record()).unwrap_err(), Refusal::Ended);
        queue.push_costs(vec![KeptCosts {
            model: "m".to_owned(),
            costs: herder_core::ModelCosts::default(),
        }]);
        let mut batch = Batch::default();
        assert_eq!(queue.take(&mut batch), Then::End);
        assert_eq!((batch.records.len(), batch.costs.len()), (1, 0));
        assert_eq!(queue.push(record()).unwrap_err(), Refusal::Ended, "nor later");
    }
}
