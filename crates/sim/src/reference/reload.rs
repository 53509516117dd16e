//! What becomes of everybody when another plan takes over.

use std::cmp::Reverse;
use std::time::Duration;

use herder_core::planner::Planner;
use herder_core::{Cause, Failure, ModelId, ModelPlan, Plan, RequestId, Strategy, Timestamp};

use super::{Model, Place, Reference, Shutdown, Stage};

impl Reference {
    /// Remembers the models; each keeps its row for ever.
    pub(super) fn take_over(&mut self, plans: Vec<Option<ModelPlan>>) {
        self.models.resize(plans.len(), Model::default());
        self.unload_timeouts.resize(plans.len(), Duration::ZERO);
        for (index, plan) in plans.iter().enumerate() {
            if let Some(plan) = plan {
                self.unload_timeouts[index] = plan.unload_timeout;
            }
        }
        self.plans = plans;
    }

    pub(super) fn reconfigure(&mut self, now: Timestamp, plan: Plan, outdated: &[ModelId], until: Timestamp) {
        if self.shutdown != Shutdown::No {
            return;
        }
        let queue_before = self.queue();
        self.take_over(plan.models);
        if let Strategy::Fifo { limit } = plan.strategy {
            self.limit = limit;
        }
        let planner_before = std::mem::replace(&mut self.planner, plan.planner);
        for model in &mut self.models {
            model.failed_starts = 0;
            model.retry_at = None;
        }

        // Removed models: nobody waits for them any more.
        for model in self.all_models() {
            if !self.is_configured(model) {
                for waiter in self.waiters(model) {
                    self.fail(waiter, Failure::Removed);
                }
                self.loads.retain(|load| load.target != model);
            }
        }
        for &request in &queue_before {
            if !self.is_configured(self.model_of(request)) {
                self.fail(request, Failure::Removed);
            }
        }

        // Processes that do not fit leave; those that fit again stay.
        let mut homeless = Vec::new();
        let mut replaced = Vec::new();
        for model in self.all_models() {
            let fits = self.is_configured(model) && !outdated.contains(&model);
            let Some(process) = self.process(model) else {
                continue;
            };
            match (process.stage, fits) {
                (Stage::Draining { .. }, true) => {
                    self.set_stage(model, Stage::Ready { idle_since: now }, Cause::BecameReady);
                }
                (Stage::Ready { .. } | Stage::Starting { .. }, false) => {
                    if self.is_ready(model) && self.is_busy(model) {
                        self.set_stage(model, Stage::Draining { until }, Cause::Reloaded);
                    } else {
                        self.stop(model, None, Cause::Reloaded);
                    }
                    replaced.push(model);
                    homeless.extend(self.dissolve(model));
                }
                (Stage::Starting { .. } | Stage::Ready { .. }, true)
                | (Stage::Draining { .. }, false)
                | (Stage::Aborting { .. } | Stage::Leaving | Stage::Stopping, _) => {}
            }
        }

        // Loads for which the old rules and the new ones would not evict the same models; and those that have spawned
        // nothing yet, when such a model was let in beside them and something has happened to it.
        let would_evict = |planner: &dyn Planner, target: ModelId| {
            let mut victims = (Vec::new(), Vec::new());
            let mut others = self.running();
            planner.victims(target, &others, &mut victims.0);
            others.retain(|&other| other != target);
            planner.victims(target, &others, &mut victims.1);
            victims
        };
        let before = |target| would_evict(planner_before.as_ref(), target);
        let after = |target| would_evict(self.planner.as_ref(), target);
        let contested: Vec<ModelId> = self
            .loads
            .iter()
            .filter(|load| {
                let mut neighbours = after(load.target).1;
                neighbours.retain(|neighbour| !load.victims.contains(neighbour));
                let changed = |model: ModelId| replaced.contains(&model) || before(model) != after(model);
                before(load.target) != after(load.target)
                    || (!load.started && neighbours.into_iter().any(changed))
            })
            .map(|load| load.target)
            .collect();
        for target in contested {
            homeless.extend(self.dissolve(target));
        }

        homeless.sort_by_key(|&request| (Reverse(self.entry(request).priority), request));
        for &request in &homeless {
            self.try_request(now, request);
        }
        for request in self.queue() {
            self.try_request(now, request);
        }
        if self.queue() != queue_before {
            self.say_moved();
        }
    }

    /// Gives up the load of a model. Those who waited for it are in the queue then.
    fn dissolve(&mut self, target: ModelId) -> Vec<RequestId> {
        self.loads.retain(|load| load.target != target);
        let waiters = self.waiters(target);
        for &waiter in &waiters {
            self.entry(waiter).place = Place::Queued;
        }
        waiters
    }
}
