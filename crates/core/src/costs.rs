//! What things cost in time, as measured: loads, stops and services of each model. Exponentially weighted means with
//! their counts, made only of the moments that the core is told anyway.

use std::time::Duration;

use crate::ModelId;

/// How long a load takes as long as nothing is known about it (scheduling.md section 3).
pub const DEFAULT_LOAD_TIME: Duration = Duration::from_secs(10);

/// From this many measurements on, each new one counts for one part in so many; before, all count alike. Eight
/// loads are soon made after the disk or the model has changed, and one slow load does not turn a mean over.
const MEMORY: u32 = 8;

/// A mean and the number of measurements behind it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mean {
    /// The exponentially weighted mean; zero without a measurement.
    pub mean: Duration,
    /// How often it was measured.
    pub count: u32,
}

/// The measured costs of one model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ModelCosts {
    /// From the start of its process to readiness; failed starts are no measurement.
    pub load: Mean,
    /// From the order to stop a model that was ready until its process is gone.
    pub stop: Mean,
    /// From the grant to the end of a request.
    pub service: Mean,
}

impl Mean {
    /// The mean, if there is any measurement behind it.
    #[must_use]
    pub fn known(self) -> Option<Duration> {
        (self.count > 0).then_some(self.mean)
    }

    pub(crate) fn record(&mut self, measured: Duration) {
        self.count = self.count.saturating_add(1);
        let weight = self.count.min(MEMORY);
        self.mean = self.mean.saturating_mul(weight - 1).saturating_add(measured) / weight;
    }
}

/// The costs of all models.
#[derive(Debug)]
pub(crate) struct Costs {
    by_model: Vec<ModelCosts>,
}

impl Costs {
    pub(crate) fn new(model_count: usize) -> Self {
        Self {
            by_model: vec![ModelCosts::default(); model_count],
        }
    }

    /// Makes room for models that are new.
    pub(crate) fn grow(&mut self, model_count: usize) {
        self.by_model.resize(model_count, ModelCosts::default());
    }

    pub(crate) fn of(&self, model: ModelId) -> &ModelCosts {
        &self.by_model[model.index()]
    }

    pub(crate) fn of_mut(&mut self, model: ModelId) -> &mut ModelCosts {
        &mut self.by_model[model.index()]
    }

    /// Expected time from the order that `victims` stop until `target` is ready. They stop side by side, so the
    /// slowest counts. `hint` stands for a load that was never measured.
    pub(crate) fn swap(&self, target: ModelId, victims: &[ModelId], hint: Option<Duration>) -> Duration {
        let load = self.of(target).load.known().or(hint).unwrap_or(DEFAULT_LOAD_TIME);
        let stop = victims.iter().filter_map(|&victim| self.of(victim).stop.known());
        load.saturating_add(stop.max().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_is_plain_at_first_and_forgets_later() {
        let mut mean = Mean::default();
        assert_eq!(mean.known(), None);
        for seconds in [2, 4, 6] {
            mean.record(Duration::from_secs(seconds));
        }
        assert_eq!(mean.known(), Some(Duration::from_secs(4)));
        for _ in 0..100 {
            mean.record(Duration::from_secs(20));
        }
        assert_eq!(mean.mean.as_secs(), 19, "what was once is forgotten");
        assert_eq!(mean.count, 103);
    }

    #[test]
    fn a_swap_costs_the_load_and_the_slowest_stop() {
        let (target, quick, slow) = (ModelId(0), ModelId(1), ModelId(2));
        let mut costs = Costs::new(3);
        let hint = Some(Duration::from_secs(7));
        assert_eq!(costs.swap(target, &[quick], None), DEFAULT_LOAD_TIME);
        assert_eq!(costs.swap(target, &[quick], hint), Duration::from_secs(7));
        costs.of_mut(target).load.record(Duration::from_secs(3));
        costs.of_mut(quick).stop.record(Duration::from_secs(1));
        costs.of_mut(slow).stop.record(Duration::from_secs(2));
        assert_eq!(costs.swap(target, &[quick, slow], hint), Duration::from_secs(5));
    }
}
