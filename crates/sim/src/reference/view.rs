//! What can be read off the lists. Nothing here is remembered.

use herder_core::{ModelId, ModelPlan, ModelState, RequestId, Timestamp};

use super::{Place, Process, Reference, Request, Stage};

impl Reference {
    pub(super) fn all_models(&self) -> impl Iterator<Item = ModelId> + use<> {
        (0..self.models.len() as u32).map(ModelId)
    }

    pub(super) fn process(&self, model: ModelId) -> Option<Process> {
        self.models[model.index()].process
    }

    pub(super) fn visible(&self, model: ModelId) -> ModelState {
        match self.process(model).map(|process| process.stage) {
            None => ModelState::Stopped,
            Some(Stage::Starting { .. } | Stage::Aborting { .. }) => ModelState::Starting,
            Some(Stage::Ready { .. } | Stage::Draining { .. } | Stage::Leaving) => ModelState::Ready,
            Some(Stage::Stopping) => ModelState::Stopping,
        }
    }

    pub(super) fn is_ready(&self, model: ModelId) -> bool {
        matches!(
            self.process(model),
            Some(Process {
                stage: Stage::Ready { .. },
                ..
            })
        )
    }

    pub(super) fn is_draining(&self, model: ModelId) -> bool {
        matches!(
            self.process(model),
            Some(Process {
                stage: Stage::Draining { .. },
                ..
            })
        )
    }

    pub(super) fn is_configured(&self, model: ModelId) -> bool {
        self.plans[model.index()].is_some()
    }

    /// Of a model that is configured.
    pub(super) fn plan(&self, model: ModelId) -> &ModelPlan {
        let plan = self.plans[model.index()].as_ref();
        plan.expect("a model that is not configured is not served")
    }

    pub(super) fn is_busy(&self, model: ModelId) -> bool {
        self.requests
            .iter()
            .any(|entry| entry.model == model && entry.place == Place::Serving)
    }

    pub(super) fn running(&self) -> Vec<ModelId> {
        self.all_models()
            .filter(|&model| {
                self.process(model).is_some() || self.loads.iter().any(|load| load.target == model)
            })
            .collect()
    }

    pub(super) fn victims(&self, target: ModelId) -> Vec<ModelId> {
        let mut victims = Vec::new();
        self.planner.victims(target, &self.running(), &mut victims);
        if self.is_ready(target) {
            // The rules are silent about a model that has left the configuration and ran beside this one.
            victims.retain(|&victim| self.is_configured(victim));
        }
        victims
    }

    /// Those attached to the load of a model, in order of joining.
    pub(super) fn waiters(&self, target: ModelId) -> Vec<RequestId> {
        let mut waiters: Vec<(u64, RequestId)> = self
            .requests
            .iter()
            .filter(|entry| entry.model == target)
            .filter_map(|entry| match entry.place {
                Place::Joined(number) => Some((number, entry.id)),
                Place::Queued | Place::Serving => None,
            })
            .collect();
        waiters.sort_unstable();
        waiters.into_iter().map(|(_, request)| request).collect()
    }

    /// Those who cannot proceed: higher priority first, then in order of arrival.
    pub(super) fn queue(&self) -> Vec<RequestId> {
        let mut queue: Vec<&Request> = self
            .requests
            .iter()
            .filter(|entry| entry.place == Place::Queued)
            .collect();
        queue.sort_by_key(|entry| std::cmp::Reverse(entry.priority));
        queue.into_iter().map(|entry| entry.id).collect()
    }

    /// All open requests with their places in the queue, counted from 1.
    pub(crate) fn places(&self) -> impl Iterator<Item = (RequestId, Option<usize>)> {
        let queue = self.queue();
        self.requests.iter().map(move |entry| {
            let index = queue.iter().position(|&request| request == entry.id);
            (entry.id, index.map(|index| index + 1))
        })
    }

    /// A start budget, or the idle time of a model that serves nobody and that no load counts on.
    pub(super) fn deadline(&self, model: ModelId) -> Option<Timestamp> {
        match self.process(model)?.stage {
            Stage::Starting { until } | Stage::Draining { until } => Some(until),
            Stage::Ready { idle_since } => {
                let wanted = self.is_busy(model) || self.loads.iter().any(|load| load.target == model);
                let ttl = self.plan(model).ttl.filter(|_| !wanted)?;
                Some(idle_since + ttl)
            }
            Stage::Aborting { .. } | Stage::Leaving | Stage::Stopping => None,
        }
    }

    pub(super) fn place(&self, request: RequestId) -> Option<Place> {
        self.requests
            .iter()
            .find(|entry| entry.id == request)
            .map(|entry| entry.place)
    }

    pub(super) fn model_of(&self, request: RequestId) -> ModelId {
        let entry = self.requests.iter().find(|entry| entry.id == request);
        entry.expect("only open requests are asked about").model
    }

    pub(super) fn entry(&mut self, request: RequestId) -> &mut Request {
        self.requests
            .iter_mut()
            .find(|entry| entry.id == request)
            .expect("only open requests are moved")
    }
}
