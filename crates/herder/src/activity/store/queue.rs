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
    waiting: Mutex<Batch>,
    /// Notified when the writer may have a reason to go on.
    changed: Condvar,
}

/// What is written together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// In the order of their ends.
    pub(super) records: Vec<Record>,
    pub(super) costs: Vec<KeptCosts>,
    /// The limits are others now, so there may be something to delete.
    pub(super) prune: bool,
    /// Nothing comes after this batch.
    pub(super) last: bool,
}

/// There is no room.
#[derive(Debug)]
pub(super) struct Full;

impl Queue {
    /// Puts a finished request in.
    pub(super) fn push(&self, record: Record) -> Result<(), Full> {
        let mut waiting = self.waiting.lock();
        let before = waiting.records.len();
        if before >= QUEUE_LENGTH {
            return Err(Full);
        }
        waiting.records.push(record);
        drop(waiting);
        // In between the writer is awake, or rests and would only go on resting.
        if before == 0 || before == LARGE_BATCH {
            self.changed.notify_one();
        }
        Ok(())
    }

    /// Puts costs in, as far as there is room.
    pub(super) fn push_costs(&self, costs: Vec<KeptCosts>) {
        let mut waiting = self.waiting.lock();
        if waiting.costs.len() + costs.len() <= COSTS_LENGTH {
            waiting.costs.extend(costs);
        }
        drop(waiting);
        self.changed.notify_one();
    }

    /// Lets the writer look at its limits.
    pub(super) fn prune(&self) {
        self.waiting.lock().prune = true;
        self.changed.notify_one();
    }

    /// Lets the writer end when it has written what is there.
    pub(super) fn end(&self) {
        self.waiting.lock().last = true;
        self.changed.notify_one();
    }

    /// Waits until there is something, and takes all of it in exchange for an empty batch, whose memory is used again.
    pub(super) fn take(&self, batch: &mut Batch) {
        let mut waiting = self.waiting.lock();
        self.changed
            .wait_while(&mut waiting, |waiting| !waiting.has_work() && !waiting.last);
        mem::swap(&mut *waiting, batch);
    }

    /// Waits a moment, so that the next batch is worth its while.
    pub(super) fn rest(&self) {
        let mut waiting = self.waiting.lock();
        self.changed.wait_while_for(
            &mut waiting,
            |waiting| !waiting.last && waiting.records.len() <= LARGE_BATCH,
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
    use super::*;

    fn record() -> Record {
        Record {
            row: crate::activity::Row::default(),
            capture: None,
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
            let queue = Queue::default();
            let taken = std::thread::scope(|scope| {
                let writer = scope.spawn(|| {
                    let mut batch = Batch::default();
                    queue.take(&mut batch);
                    batch
                });
                put(&queue);
                writer.join().unwrap()
            });
            assert_eq!(taken.has_work(), name != "the end", "{name}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_and_a_batch_is_all_there_is() {
        let queue = Queue::default();
        for _ in 0..QUEUE_LENGTH {
            queue.push(record()).unwrap();
        }
        queue.push(record()).unwrap_err();
        // Too many for a rest.
        queue.rest();
        let mut batch = Batch::default();
        queue.take(&mut batch);
        assert_eq!(batch.records.len(), QUEUE_LENGTH);
        batch.clear();
        queue.push(record()).unwrap();
        queue.end();
        queue.rest();
        queue.take(&mut batch);
        assert_eq!((batch.records.len(), batch.last), (1, true));
    }
}
