//! The `fifo` strategy written down a second time, as simply as possible: flat lists, everything derived by scanning
//! them, no counters, no caches, no timer table. It must say exactly what [`herder_core::Herd`] says.
//!
//! The rules are those of `spec/runtime.md` 1.6 to 1.12 and 1.14 with the mends of `design/decisions.md`. What an
//! observer may demand whatever the strategy is, is in [`crate::audit`].

mod prefetch;
mod processes;
mod reload;
mod tree;
mod view;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use herder_core::planner::Planner;
use herder_core::{
    Cause, CommandId, Exit, Failure, Generation, Limit, MAX_WAITING, ModelId, ModelPlan, Output, Plan,
    Refusal, RequestId, StartFailure, Timestamp,
};

use crate::Input;

/// The naive herd.
#[derive(Debug)]
pub struct Reference {
    plans: Vec<Option<ModelPlan>>,
    /// The grace of each model in the last plan that had it.
    unload_timeouts: Vec<Duration>,
    planner: Box<dyn Planner>,
    limit: Limit,
    models: Vec<Model>,
    /// Admitted and without an outcome, in order of arrival.
    requests: Vec<Request>,
    loads: Vec<Load>,
    unloads: Vec<Unload>,
    shutdown: Shutdown,
    generations: u64,
    joins: u64,
    outputs: Vec<Output>,
    /// Whose files are read ahead.
    prefetched: Option<ModelId>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Model {
    process: Option<Process>,
    failed_starts: u32,
    retry_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy)]
struct Process {
    generation: Generation,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Starting { until: Timestamp },
    Aborting { cause: Cause },
    Ready { idle_since: Timestamp },
    Draining { until: Timestamp },
    Leaving,
    Stopping,
}

#[derive(Debug, Clone, Copy)]
struct Request {
    id: RequestId,
    model: ModelId,
    /// The model's when the request came.
    priority: i64,
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Queued,
    /// The number says who joined first.
    Joined(u64),
    Serving,
}

#[derive(Debug)]
struct Load {
    target: ModelId,
    victims: Vec<ModelId>,
    started: bool,
}

#[derive(Debug)]
struct Unload {
    command: CommandId,
    /// The first has been told to stop.
    stages: VecDeque<Stop>,
    begun: bool,
}

#[derive(Debug)]
struct Stop {
    grace: Option<Duration>,
    targets: Vec<(ModelId, Generation)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shutdown {
    No,
    Draining { deadline: Timestamp },
    Stopping { deadline: Timestamp },
    Finished,
}

impl Reference {
    /// A herd in which nothing runs; `limit` is that of the plan's strategy.
    #[must_use]
    pub fn new(plan: Plan, limit: Limit) -> Self {
        let mut reference = Self {
            models: Vec::new(),
            plans: Vec::new(),
            unload_timeouts: Vec::new(),
            planner: plan.planner,
            limit,
            requests: Vec::new(),
            loads: Vec::new(),
            unloads: Vec::new(),
            shutdown: Shutdown::No,
            generations: 0,
            joins: 0,
            outputs: Vec::new(),
            prefetched: None,
        };
        reference.take_over(plan.models);
        reference
    }

    /// Everything the herd must say to this input, in order.
    pub fn outputs_for(&mut self, now: Timestamp, input: &Input) -> Vec<Output> {
        match *input {
            Input::Request { request, model } => self.request(now, request, model),
            Input::Cancel { request } => self.cancel(now, request),
            Input::Done { request } => self.done(now, request),
            Input::Ready { model, generation } => self.ready(now, model, generation),
            Input::Exited {
                model,
                generation,
                exit,
            } => self.exited(now, model, generation, exit),
            Input::Timeout => self.timeout(now),
            Input::Unload {
                command,
                ref models,
                grace,
            } => self.unload(now, command, models, grace),
            Input::Shutdown { deadline } => self.shutdown(now, deadline),
            Input::Reconfigure {
                ref setting,
                ref outdated,
                drain_until,
            } => self.reconfigure(now, setting.sound_plan(), outdated, drain_until),
        }
        self.tell_prefetch();
        std::mem::take(&mut self.outputs)
    }

    /// When the herd must want to be woken.
    #[must_use]
    pub fn timeout_at(&self) -> Option<Timestamp> {
        let drained = match self.shutdown {
            Shutdown::Draining { deadline } => Some(deadline),
            Shutdown::No | Shutdown::Stopping { .. } | Shutdown::Finished => None,
        };
        let deadlines = self.all_models().filter_map(|model| self.deadline(model));
        deadlines.chain(drained).min()
    }

    /// A text that is equal for states with the same future, whatever their numbers and times are; for a
    /// search that wants to visit each situation once.
    #[must_use]
    pub fn fingerprint(&self, now: Timestamp) -> String {
        let models: Vec<_> = self
            .models
            .iter()
            .zip(self.all_models())
            .map(|(model, id)| {
                let stage = model.process.map(|process| match process.stage {
                    Stage::Starting { .. } => "starting",
                    Stage::Aborting { .. } => "aborting",
                    Stage::Ready { .. } => "ready",
                    Stage::Draining { .. } => "draining",
                    Stage::Leaving => "leaving",
                    Stage::Stopping => "stopping",
                });
                let fails_fast = self.failing_fast(now, id).is_some();
                (
                    stage,
                    model.failed_starts,
                    fails_fast,
                    self.deadline(id).is_some(),
                )
            })
            .collect();
        let requests: Vec<_> = self
            .requests
            .iter()
            .map(|request| {
                let place = std::mem::discriminant(&request.place);
                (request.model, request.priority, place)
            })
            .collect();
        let mut joined: Vec<_> = (0..self.requests.len()).collect();
        joined.sort_by_key(|&index| match self.requests[index].place {
            Place::Joined(number) => number,
            Place::Queued | Place::Serving => 0,
        });
        let unloads: Vec<Vec<usize>> = self
            .unloads
            .iter()
            .map(|unload| unload.stages.iter().map(|stage| stage.targets.len()).collect())
            .collect();
        let shutdown = std::mem::discriminant(&self.shutdown);
        format!(
            "{models:?} {requests:?} {joined:?} {:?} {:?} {unloads:?} {shutdown:?}",
            self.loads, self.prefetched
        )
    }

    fn request(&mut self, now: Timestamp, request: RequestId, model: ModelId) {
        let reject = |refusal| Output::Reject { request, refusal };
        let Some(Some(plan)) = self.plans.get(model.index()) else {
            self.outputs.push(match self.limit {
                Limit::Arrival => reject(Refusal::UnknownModel),
                Limit::Grant => Output::Fail {
                    request,
                    failure: Failure::UnknownModel,
                },
            });
            return;
        };
        let reserved = self.requests.iter().filter(|other| other.model == model).count();
        let waiting = self
            .requests
            .iter()
            .filter(|other| other.place != Place::Serving)
            .count();
        if self.shutdown != Shutdown::No {
            return self.outputs.push(reject(Refusal::ShuttingDown));
        }
        if self.limit == Limit::Arrival && reserved >= plan.concurrency_limit as usize {
            return self.outputs.push(reject(Refusal::ConcurrencyLimit));
        }
        if waiting >= MAX_WAITING && !self.could_be_served_now(model) {
            return self.outputs.push(reject(Refusal::QueueFull));
        }
        if let Some((failures, retry_at)) = self.failing_fast(now, model) {
            return self
                .outputs
                .push(reject(Refusal::FailFast { failures, retry_at }));
        }
        self.requests.push(Request {
            id: request,
            model,
            priority: plan.priority,
            place: Place::Queued,
        });
        let came_first = |other: &Request| other.model == model && other.place == Place::Queued;
        let overtakes = self.requests.iter().filter(|&other| came_first(other)).count() > 1;
        if overtakes && !self.must_wait(model) {
            // W19: nobody overtakes those who wait for the same model.
            return self.drain(now);
        }
        self.try_request(now, request);
        if self.place(request) == Some(Place::Queued) {
            self.say_moved();
        }
    }

    fn cancel(&mut self, now: Timestamp, request: RequestId) {
        let Some(entry) = self.requests.iter().find(|entry| entry.id == request).copied() else {
            return;
        };
        if entry.place == Place::Serving {
            return;
        }
        self.requests.retain(|other| other.id != request);
        let abandoned = self
            .loads
            .iter()
            .any(|load| load.target == entry.model && self.waiters(load.target).is_empty());
        if abandoned && entry.place != Place::Queued {
            // W07: what was not spawned yet is given up; what was goes on until somebody needs its place.
            self.loads
                .retain(|load| load.target != entry.model || load.started);
            self.drain(now);
        } else {
            self.say_moved();
        }
    }

    fn done(&mut self, now: Timestamp, request: RequestId) {
        let Some(at) = self
            .requests
            .iter()
            .position(|entry| entry.id == request && entry.place == Place::Serving)
        else {
            return;
        };
        let model = self.requests.remove(at).model;
        if self.is_busy(model) {
            return;
        }
        if let Some(Process {
            stage: Stage::Ready { idle_since },
            ..
        }) = &mut self.models[model.index()].process
        {
            *idle_since = now;
        }
        if let Shutdown::Draining { .. } = self.shutdown {
            self.stop_for_shutdown(now, model);
        } else if self.is_draining(model) {
            self.stop(model, None, Cause::Reloaded);
        }
        self.drain(now);
    }

    fn ready(&mut self, now: Timestamp, model: ModelId, generation: Generation) {
        let Some(Process {
            generation: live,
            stage: Stage::Starting { .. },
        }) = self.process(model)
        else {
            return;
        };
        if live != generation {
            return;
        }
        self.models[model.index()].failed_starts = 0;
        self.models[model.index()].retry_at = None;
        self.set_stage(model, Stage::Ready { idle_since: now }, Cause::BecameReady);
        self.advance_loads(now);
        self.drain(now);
    }

    fn exited(&mut self, now: Timestamp, model: ModelId, generation: Generation, exit: Exit) {
        let Some(process) = self
            .process(model)
            .filter(|process| process.generation == generation)
        else {
            return;
        };
        let start_failure = match exit {
            Exit::SpawnFailed => StartFailure::Spawn,
            Exit::Ended => StartFailure::Exited,
        };
        let cause = match process.stage {
            Stage::Starting { .. } => Cause::StartFailed(start_failure),
            Stage::Aborting { cause } => cause,
            Stage::Ready { .. } | Stage::Draining { .. } | Stage::Leaving => Cause::Crashed,
            Stage::Stopping => Cause::Stopped,
        };
        let from = self.visible(model);
        self.models[model.index()].process = None;
        self.tell_change(model, from, cause);
        if let Stage::Starting { .. } = process.stage {
            self.start_failed(now, model, generation, start_failure);
        }
        for unload in &mut self.unloads {
            for stage in &mut unload.stages {
                stage.targets.retain(|&target| target != (model, generation));
            }
        }
        self.advance_unloads();
        self.advance_loads(now);
        self.drain(now);
        self.finish();
    }

    fn timeout(&mut self, now: Timestamp) {
        loop {
            let due = self
                .all_models()
                .filter_map(|model| Some((self.deadline(model)?, model)))
                .filter(|&(deadline, _)| deadline <= now)
                .min();
            let Some((_, model)) = due else { break };
            let process = self.process(model).expect("only live models have deadlines");
            if let Stage::Starting { .. } = process.stage {
                self.stop(model, None, Cause::StartFailed(StartFailure::TimedOut));
                self.start_failed(now, model, process.generation, StartFailure::TimedOut);
                self.drain(now);
            } else if self.is_draining(model) {
                self.stop(model, None, Cause::Reloaded);
            } else {
                self.stop(model, None, Cause::Idle);
            }
        }
        if let Shutdown::Draining { deadline } = self.shutdown
            && deadline <= now
        {
            self.shutdown = Shutdown::Stopping { deadline };
            for model in self.all_models() {
                self.stop_for_shutdown(now, model);
            }
        }
    }

    fn unload(&mut self, now: Timestamp, command: CommandId, models: &[ModelId], grace: Option<Duration>) {
        let named: Vec<ModelId> = self.all_models().filter(|model| models.contains(model)).collect();
        for &model in &named {
            self.models[model.index()].failed_starts = 0;
            self.models[model.index()].retry_at = None;
            for waiter in self.waiters(model) {
                self.fail(waiter, Failure::Unloaded);
            }
            self.loads.retain(|load| load.target != model);
        }
        for request in self.queue() {
            if named.contains(&self.model_of(request)) {
                self.fail(request, Failure::Unloaded);
            }
        }
        let mut stages: BTreeMap<Duration, Stop> = BTreeMap::new();
        for &model in &named {
            let Some(process) = self.process(model) else {
                continue;
            };
            let rank = match grace {
                Some(_) => Duration::ZERO,
                None => self.unload_timeouts[model.index()],
            };
            if grace.is_none() && matches!(process.stage, Stage::Ready { .. } | Stage::Draining { .. }) {
                self.set_stage(model, Stage::Leaving, Cause::Unloaded);
            }
            if grace.is_none() && matches!(process.stage, Stage::Starting { .. }) {
                self.stop(model, None, Cause::Unloaded);
            }
            stages
                .entry(rank)
                .or_insert_with(|| Stop {
                    grace,
                    targets: Vec::new(),
                })
                .targets
                .push((model, process.generation));
        }
        self.unloads.push(Unload {
            command,
            stages: stages.into_values().collect(),
            begun: false,
        });
        self.advance_unloads();
        if named.iter().all(|&model| self.process(model).is_none()) {
            self.drain(now);
        }
    }

    fn shutdown(&mut self, now: Timestamp, deadline: Timestamp) {
        match &mut self.shutdown {
            Shutdown::No => {}
            Shutdown::Draining { deadline: earlier } => {
                *earlier = deadline.min(*earlier);
                return;
            }
            Shutdown::Stopping { .. } | Shutdown::Finished => return,
        }
        self.shutdown = Shutdown::Draining { deadline };
        for model in self.all_models() {
            for waiter in self.waiters(model) {
                self.fail(waiter, Failure::ShuttingDown);
            }
        }
        self.loads.clear();
        for request in self.queue() {
            self.fail(request, Failure::ShuttingDown);
        }
        for model in self.all_models() {
            if !self.is_busy(model) {
                self.stop_for_shutdown(now, model);
            }
        }
        self.finish();
    }
}
