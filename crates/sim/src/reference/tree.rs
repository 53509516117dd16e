//! What becomes of a request: the tree of `spec/runtime.md` 1.7, its predicates (1.8), the queue (1.9) and the drain
//! (1.10).

use herder_core::{Failure, Limit, ModelId, Output, RequestId, Timestamp};

use super::{Model, Place, Reference};

impl Reference {
    pub(super) fn try_request(&mut self, now: Timestamp, request: RequestId) {
        let model = self.model_of(request);
        if let Some((failures, retry_at)) = self.failing_fast(now, model) {
            return self.fail(request, Failure::FailFast { failures, retry_at });
        }
        if self.loads.iter().any(|load| load.target == model) {
            return self.join(request);
        }
        if self.is_draining(model) {
            return;
        }
        let victims = self.victims(model);
        let collision = self.collides(model, &victims);
        if self.is_ready(model) && victims.is_empty() && !collision {
            return self.grant(request);
        }
        if collision || victims.iter().any(|&victim| self.is_busy(victim)) {
            return;
        }
        self.begin_load(now, model, victims, request);
    }

    pub(super) fn collides(&self, target: ModelId, victims: &[ModelId]) -> bool {
        self.loads
            .iter()
            .filter(|load| !self.waiters(load.target).is_empty())
            .any(|load| {
                victims.contains(&load.target)
                    || load.victims.contains(&target)
                    || load.victims.iter().any(|victim| victims.contains(victim))
            })
    }

    pub(super) fn could_be_served_now(&self, model: ModelId) -> bool {
        let victims = self.victims(model);
        let loading = self.loads.iter().any(|load| load.target == model);
        !loading && self.is_ready(model) && victims.is_empty() && !self.collides(model, &victims)
    }

    pub(super) fn must_wait(&self, model: ModelId) -> bool {
        let victims = self.victims(model);
        let loading = self.loads.iter().any(|load| load.target == model);
        let busy = victims.iter().any(|&victim| self.is_busy(victim));
        !loading && (self.is_draining(model) || self.collides(model, &victims) || busy)
    }

    pub(super) fn failing_fast(&self, now: Timestamp, model: ModelId) -> Option<(u32, Timestamp)> {
        if self.is_ready(model) || self.loads.iter().any(|load| load.target == model) {
            return None;
        }
        let Model {
            failed_starts,
            retry_at,
            ..
        } = self.models[model.index()];
        retry_at
            .filter(|&retry_at| now < retry_at)
            .map(|retry_at| (failed_starts, retry_at))
    }

    pub(super) fn join(&mut self, request: RequestId) {
        self.joins += 1;
        let place = Place::Joined(self.joins);
        self.entry(request).place = place;
    }

    pub(super) fn grant(&mut self, request: RequestId) {
        let model = self.model_of(request);
        let serving = self
            .requests
            .iter()
            .filter(|entry| entry.model == model && entry.place == Place::Serving)
            .count();
        if self.limit == Limit::Grant && serving >= self.plan(model).concurrency_limit as usize {
            return self.fail(request, Failure::ConcurrencyLimit);
        }
        self.entry(request).place = Place::Serving;
        let process = self.process(model).expect("a granted model is ready");
        self.outputs.push(Output::Grant {
            request,
            model,
            generation: process.generation,
        });
    }

    pub(super) fn fail(&mut self, request: RequestId, failure: Failure) {
        self.requests.retain(|entry| entry.id != request);
        self.outputs.push(Output::Fail { request, failure });
    }

    pub(super) fn drain(&mut self, now: Timestamp) {
        let queue = self.queue();
        for &request in &queue {
            self.try_request(now, request);
        }
        self.say_moved();
    }

    pub(super) fn say_moved(&mut self) {
        if !self.queue().is_empty() {
            self.outputs.push(Output::Moved);
        }
    }
}
