//! The strategy written down a second time, as simply as possible: flat lists, everything derived by scanning
//! them, no counters, no caches, no timer table. It must say exactly what [`herder_core::Herd`] says.
//!
//! The rules are those of `spec/runtime.md` 1.6 to 1.12 and 1.14 with the mends of `design/decisions.md`. What an
//! observer may demand whatever the strategy is, is in [`crate::audit`].

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use herder_core::planner::Planner;
use herder_core::{
    Cause, CommandId, Exit, FAIL_FAST_AFTER, FAIL_FAST_LONGEST, FAIL_FAST_SHORTEST, Failure, Generation,
    Limit, MAX_WAITING, ModelId, ModelPlan, ModelState, Output, Plan, Refusal, RequestId, StartFailure,
    Timestamp,
};

use crate::Input;

/// The naive herd.
#[derive(Debug)]
pub struct Reference {
    plans: Vec<ModelPlan>,
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
    Leaving,
    Stopping,
}

#[derive(Debug, Clone, Copy)]
struct Request {
    id: RequestId,
    model: ModelId,
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
    /// A herd in which nothing runs.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self {
            models: vec![Model::default(); plan.models.len()],
            plans: plan.models,
            planner: plan.planner,
            limit: plan.limit,
            requests: Vec::new(),
            loads: Vec::new(),
            unloads: Vec::new(),
            shutdown: Shutdown::No,
            generations: 0,
            joins: 0,
            outputs: Vec::new(),
        }
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
        }
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
    pub fn fingerprint(&self) -> String {
        let models: Vec<_> = self
            .models
            .iter()
            .zip(self.all_models())
            .map(|(model, id)| {
                let stage = model.process.map(|process| match process.stage {
                    Stage::Starting { .. } => "starting",
                    Stage::Aborting { .. } => "aborting",
                    Stage::Ready { .. } => "ready",
                    Stage::Leaving => "leaving",
                    Stage::Stopping => "stopping",
                });
                (stage, model.failed_starts, self.deadline(id).is_some())
            })
            .collect();
        let requests: Vec<_> = self
            .requests
            .iter()
            .map(|request| (request.model, std::mem::discriminant(&request.place)))
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
            "{models:?} {requests:?} {joined:?} {:?} {unloads:?} {shutdown:?}",
            self.loads
        )
    }

    // Events and commands.

    fn request(&mut self, now: Timestamp, request: RequestId, model: ModelId) {
        let reject = |refusal| Output::Reject { request, refusal };
        let Some(plan) = self.plans.get(model.index()) else {
            self.outputs.push(match self.limit {
                Limit::Arrival => reject(Refusal::UnknownModel),
                Limit::Grant => Output::Fail {
                    request,
                    failure: Failure::UnknownModel,
                },
            });
            return;
        };
        let reserved = self
            .requests
            .iter()
            .filter(|other| other.model == model)
            .count();
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
            self.tell_positions();
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
            self.tell_positions();
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
            Stage::Ready { .. } | Stage::Leaving => Cause::Crashed,
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

    fn unload(
        &mut self,
        now: Timestamp,
        command: CommandId,
        models: &[ModelId],
        grace: Option<Duration>,
    ) {
        let named: Vec<ModelId> = self
            .all_models()
            .filter(|model| models.contains(model))
            .collect();
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
            let starting = matches!(process.stage, Stage::Starting { .. });
            let rank = if grace.is_some() || starting {
                Duration::ZERO
            } else {
                self.plans[model.index()].unload_timeout
            };
            if grace.is_none() && matches!(process.stage, Stage::Ready { .. }) {
                self.set_stage(model, Stage::Leaving, Cause::Unloaded);
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

    // The decision tree (1.7 to 1.10).

    fn try_request(&mut self, now: Timestamp, request: RequestId) {
        let model = self.model_of(request);
        if let Some((failures, retry_at)) = self.failing_fast(now, model) {
            return self.fail(request, Failure::FailFast { failures, retry_at });
        }
        if self.loads.iter().any(|load| load.target == model) {
            return self.join(request);
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

    fn collides(&self, target: ModelId, victims: &[ModelId]) -> bool {
        self.loads
            .iter()
            .filter(|load| !self.waiters(load.target).is_empty())
            .any(|load| {
                victims.contains(&load.target)
                    || load.victims.contains(&target)
                    || load.victims.iter().any(|victim| victims.contains(victim))
            })
    }

    fn could_be_served_now(&self, model: ModelId) -> bool {
        let victims = self.victims(model);
        let loading = self.loads.iter().any(|load| load.target == model);
        !loading && self.is_ready(model) && victims.is_empty() && !self.collides(model, &victims)
    }

    fn must_wait(&self, model: ModelId) -> bool {
        let victims = self.victims(model);
        let loading = self.loads.iter().any(|load| load.target == model);
        let busy = victims.iter().any(|&victim| self.is_busy(victim));
        !loading && (self.collides(model, &victims) || busy)
    }

    fn failing_fast(&self, now: Timestamp, model: ModelId) -> Option<(u32, Timestamp)> {
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

    fn join(&mut self, request: RequestId) {
        self.joins += 1;
        let place = Place::Joined(self.joins);
        self.entry(request).place = place;
    }

    fn grant(&mut self, request: RequestId) {
        let model = self.model_of(request);
        let serving = self
            .requests
            .iter()
            .filter(|entry| entry.model == model && entry.place == Place::Serving)
            .count();
        if self.limit == Limit::Grant && serving >= self.plans[model.index()].concurrency_limit as usize {
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

    fn fail(&mut self, request: RequestId, failure: Failure) {
        self.requests.retain(|entry| entry.id != request);
        self.outputs.push(Output::Fail { request, failure });
    }

    fn drain(&mut self, now: Timestamp) {
        let queue = self.queue();
        for &request in &queue {
            self.try_request(now, request);
        }
        self.tell_positions();
    }

    fn tell_positions(&mut self) {
        for (index, request) in self.queue().into_iter().enumerate() {
            let position = index + 1;
            self.outputs.push(Output::Queued { request, position });
        }
    }

    // Loads and processes.

    fn begin_load(&mut self, now: Timestamp, target: ModelId, victims: Vec<ModelId>, first: RequestId) {
        self.outputs.push(Output::Load {
            model: target,
            victims: victims.clone(),
            explanation: self.planner.explain(target, &self.running()),
        });
        for &victim in &victims {
            self.loads.retain(|load| load.target != victim);
            self.stop(victim, None, Cause::Evicted { by: target });
        }
        self.loads.push(Load {
            target,
            victims,
            started: false,
        });
        self.loads.sort_by_key(|load| load.target);
        self.join(first);
        self.advance_load(now, target);
    }

    fn advance_loads(&mut self, now: Timestamp) {
        let targets: Vec<ModelId> = self.loads.iter().map(|load| load.target).collect();
        for target in targets {
            self.advance_load(now, target);
        }
    }

    fn advance_load(&mut self, now: Timestamp, target: ModelId) {
        let Some(at) = self.loads.iter().position(|load| load.target == target) else {
            return;
        };
        let in_the_way = self.loads[at]
            .victims
            .iter()
            .any(|&victim| self.process(victim).is_some());
        // A started load has already waited for its victims; whoever of them is back was let in beside it.
        if in_the_way && !self.loads[at].started {
            return;
        }
        if self.process(target).is_none() {
            self.loads[at].started = true;
            self.generations += 1;
            let generation = Generation(self.generations);
            let until = now + self.plans[target.index()].start_timeout;
            self.models[target.index()].process = Some(Process {
                generation,
                stage: Stage::Starting { until },
            });
            self.tell_change(target, ModelState::Stopped, Cause::Requested);
            self.outputs.push(Output::Start {
                model: target,
                generation,
            });
        } else if self.is_ready(target) {
            let waiters = self.waiters(target);
            self.loads.remove(at);
            for waiter in waiters {
                self.grant(waiter);
            }
        }
    }

    fn start_failed(
        &mut self,
        now: Timestamp,
        model: ModelId,
        generation: Generation,
        reason: StartFailure,
    ) {
        let state = &mut self.models[model.index()];
        state.failed_starts += 1;
        if state.failed_starts >= FAIL_FAST_AFTER {
            let mut pause = FAIL_FAST_SHORTEST;
            for _ in FAIL_FAST_AFTER..state.failed_starts {
                pause = (pause * 2).min(FAIL_FAST_LONGEST);
            }
            state.retry_at = Some(now + pause);
        }
        let waiters = self.waiters(model);
        self.loads.retain(|load| load.target != model);
        for waiter in waiters {
            self.fail(waiter, Failure::Start { generation, reason });
        }
    }

    fn stop(&mut self, model: ModelId, grace: Option<Duration>, cause: Cause) {
        let Some(process) = self.process(model) else {
            return;
        };
        match process.stage {
            Stage::Starting { .. } => self.set_stage(model, Stage::Aborting { cause }, cause),
            Stage::Ready { .. } | Stage::Leaving => self.set_stage(model, Stage::Stopping, cause),
            Stage::Aborting { .. } | Stage::Stopping if grace.is_some() => {}
            Stage::Aborting { .. } | Stage::Stopping => return,
        }
        self.outputs.push(Output::Stop {
            model,
            generation: process.generation,
            grace: grace.unwrap_or(self.plans[model.index()].unload_timeout),
        });
    }

    fn stop_for_shutdown(&mut self, now: Timestamp, model: ModelId) {
        let (Shutdown::Draining { deadline } | Shutdown::Stopping { deadline }) = self.shutdown else {
            return;
        };
        // config.md 1.3: never less than a millisecond.
        let left = deadline.since(now).max(Duration::from_millis(1));
        let grace = left.min(self.plans[model.index()].unload_timeout);
        self.stop(model, Some(grace), Cause::ShuttingDown);
    }

    fn advance_unloads(&mut self) {
        for mut unload in std::mem::take(&mut self.unloads) {
            while unload.stages.front().is_some_and(|stage| stage.targets.is_empty()) {
                unload.stages.pop_front();
                unload.begun = false;
            }
            let Some(stage) = unload.stages.front() else {
                let command = unload.command;
                self.outputs.push(Output::Unloaded { command });
                continue;
            };
            if !unload.begun {
                for &(model, _) in &stage.targets {
                    self.stop(model, stage.grace, Cause::Unloaded);
                }
                unload.begun = true;
            }
            self.unloads.push(unload);
        }
    }

    fn finish(&mut self) {
        let asked = matches!(
            self.shutdown,
            Shutdown::Draining { .. } | Shutdown::Stopping { .. }
        );
        if asked && self.models.iter().all(|model| model.process.is_none()) {
            self.shutdown = Shutdown::Finished;
            self.outputs.push(Output::Finished);
        }
    }

    fn set_stage(&mut self, model: ModelId, stage: Stage, cause: Cause) {
        let from = self.visible(model);
        if let Some(process) = &mut self.models[model.index()].process {
            process.stage = stage;
        }
        self.tell_change(model, from, cause);
    }

    fn tell_change(&mut self, model: ModelId, from: ModelState, cause: Cause) {
        let to = self.visible(model);
        if from != to {
            self.outputs.push(Output::Changed {
                model,
                from,
                to,
                cause,
            });
        }
    }

    // What can be read off the lists.

    fn all_models(&self) -> impl Iterator<Item = ModelId> + use<> {
        (0..self.models.len() as u32).map(ModelId)
    }

    fn process(&self, model: ModelId) -> Option<Process> {
        self.models[model.index()].process
    }

    fn visible(&self, model: ModelId) -> ModelState {
        match self.process(model).map(|process| process.stage) {
            None => ModelState::Stopped,
            Some(Stage::Starting { .. } | Stage::Aborting { .. }) => ModelState::Starting,
            Some(Stage::Ready { .. } | Stage::Leaving) => ModelState::Ready,
            Some(Stage::Stopping) => ModelState::Stopping,
        }
    }

    fn is_ready(&self, model: ModelId) -> bool {
        matches!(
            self.process(model),
            Some(Process {
                stage: Stage::Ready { .. },
                ..
            })
        )
    }

    fn is_busy(&self, model: ModelId) -> bool {
        self.requests
            .iter()
            .any(|entry| entry.model == model && entry.place == Place::Serving)
    }

    fn running(&self) -> Vec<ModelId> {
        self.all_models()
            .filter(|&model| {
                self.process(model).is_some() || self.loads.iter().any(|load| load.target == model)
            })
            .collect()
    }

    fn victims(&self, target: ModelId) -> Vec<ModelId> {
        let mut victims = Vec::new();
        self.planner.victims(target, &self.running(), &mut victims);
        victims
    }

    /// Those attached to the load of a model, in order of joining.
    fn waiters(&self, target: ModelId) -> Vec<RequestId> {
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
    fn queue(&self) -> Vec<RequestId> {
        let mut queue: Vec<&Request> = self
            .requests
            .iter()
            .filter(|entry| entry.place == Place::Queued)
            .collect();
        queue.sort_by_key(|entry| std::cmp::Reverse(self.plans[entry.model.index()].priority));
        queue.into_iter().map(|entry| entry.id).collect()
    }

    /// A start budget, or the idle time of a model that serves nobody and that no load counts on.
    fn deadline(&self, model: ModelId) -> Option<Timestamp> {
        match self.process(model)?.stage {
            Stage::Starting { until } => Some(until),
            Stage::Ready { idle_since } => {
                let wanted = self.is_busy(model) || self.loads.iter().any(|load| load.target == model);
                let ttl = self.plans[model.index()].ttl.filter(|_| !wanted)?;
                Some(idle_since + ttl)
            }
            Stage::Aborting { .. } | Stage::Leaving | Stage::Stopping => None,
        }
    }

    fn place(&self, request: RequestId) -> Option<Place> {
        self.requests
            .iter()
            .find(|entry| entry.id == request)
            .map(|entry| entry.place)
    }

    fn model_of(&self, request: RequestId) -> ModelId {
        let entry = self.requests.iter().find(|entry| entry.id == request);
        entry.expect("only open requests are asked about").model
    }

    fn entry(&mut self, request: RequestId) -> &mut Request {
        self.requests
            .iter_mut()
            .find(|entry| entry.id == request)
            .expect("only open requests are moved")
    }
}
