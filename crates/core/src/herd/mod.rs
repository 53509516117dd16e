//! The whole brain: models, scheduler and planner behind one face.

mod detail;
mod dispatch;
mod estimate;
mod fair;
mod prefetch;
mod preview;
mod processes;
mod reconfigure;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

pub use self::detail::Detail;
pub use self::preview::{Obstacle, Preview, Prospect};
use crate::costs::Costs;
use crate::lifecycle::{BackOff, Phase};
use crate::planner::Planner;
use crate::scheduler::fair::Fair;
use crate::scheduler::ledger::{Entry, Ledger, Place};
use crate::scheduler::loads::Loads;
use crate::scheduler::queue::Queue;
use crate::timers::Timers;
use crate::unload::{Stage, Step, Unload};
use crate::{
    Cause, CommandId, Exit, Failure, Generation, ModelCosts, ModelId, ModelPlan, ModelState, Output, Plan,
    RequestId, StartFailure, Strategy, Timestamp,
};

/// The least time between stop signal and kill at the end of a shutdown budget (config.md 1.3).
const SHORTEST_GRACE: Duration = Duration::from_millis(1);

/// Decides for all models of a configuration, and of those that follow it.
///
/// # Order of calls
///
/// 1. Getters: [`state`](Self::state), [`running`](Self::running), [`generation`](Self::generation),
///    [`in_flight`](Self::in_flight), [`reserved`](Self::reserved), [`waiting`](Self::waiting),
///    [`position`](Self::position), [`is_loading`](Self::is_loading), [`costs`](Self::costs), [`estimate`](Self::estimate),
///    [`estimate_for_newcomer`](Self::estimate_for_newcomer), [`preview`](Self::preview),
///    [`detail`](Self::detail).
/// 2. Events: [`handle_request`](Self::handle_request), [`handle_cancel`](Self::handle_cancel),
///    [`handle_done`](Self::handle_done), [`handle_unused`](Self::handle_unused),
///    [`handle_ready`](Self::handle_ready), [`handle_exited`](Self::handle_exited),
///    [`handle_timeout`](Self::handle_timeout).
/// 3. Commands: [`seed_costs`](Self::seed_costs), [`unload`](Self::unload), [`shutdown`](Self::shutdown),
///    [`reconfigure`](Self::reconfigure).
/// 4. Polls: after every event or command drain [`poll_output`](Self::poll_output) until it is empty, then arm
///    one timer for [`poll_timeout`](Self::poll_timeout) and call `handle_timeout` when it fires.
///
/// `now` must not go backwards. Every `Start` must be answered by exactly one `handle_exited` in the end, every
/// `Grant` by exactly one `handle_done` or `handle_unused`.
///
/// ```
/// use std::time::Duration;
///
/// use herder_core::planner::groups::GroupPlanner;
/// use herder_core::{Generation, Herd, Limit, ModelId, ModelPlan, Output, Plan, RequestId, Strategy, Timestamp};
///
/// let model = ModelPlan {
///     concurrency_limit: 10,
///     queue_limit: 512,
///     priority: 0,
///     ttl: None,
///     unload_timeout: Duration::from_secs(10),
///     start_timeout: Duration::from_secs(120),
///     load_time: None,
/// };
/// let planner = Box::new(GroupPlanner::new(1, &[]));
/// let strategy = Strategy::Fifo { limit: Limit::Arrival };
/// let mut herd = Herd::new(Plan { models: vec![Some(model)], planner, strategy });
///
/// // A request wants a model that does not run: it must be started.
/// let (now, request, oak) = (Timestamp::default(), RequestId(1), ModelId(0));
/// herd.handle_request(now, request, oak);
/// let first: Vec<Output> = std::iter::from_fn(|| herd.poll_output()).collect();
/// assert!(first.contains(&Output::Start { model: oak, generation: Generation(1) }));
///
/// // Its server is up: the request may go ahead.
/// herd.handle_ready(now, oak, Generation(1));
/// let then: Vec<Output> = std::iter::from_fn(|| herd.poll_output()).collect();
/// assert!(then.contains(&Output::Grant { request, model: oak, generation: Generation(1) }));
/// herd.handle_done(now, request);
/// ```
#[derive(Debug)]
pub struct Herd {
    /// `None` for a model that is not configured (any more).
    plans: Vec<Option<ModelPlan>>,
    /// The grace of each model under the last plan that had it; one that was removed still needs it to stop.
    unload_timeouts: Vec<Duration>,
    planner: Box<dyn Planner>,
    strategy: Strategy,
    phases: Vec<Phase>,
    /// When each model entered its phase.
    phase_since: Vec<Timestamp>,
    costs: Costs,
    back_offs: Vec<BackOff>,
    ledger: Ledger,
    loads: Loads,
    /// Who waits, with `fifo`.
    queue: Queue,
    /// Who waits, with `fair`.
    fair: Fair,
    /// Every model with a live process or a load, ascending: what planners see.
    running: Vec<ModelId>,
    timers: Timers,
    unloads: Vec<Unload>,
    shutdown: Shutdown,
    last_generation: u64,
    outputs: VecDeque<Output>,
    /// Whose files are being read ahead, as was said last.
    prefetched: Option<ModelId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shutdown {
    /// Nobody asked for it. Next: `Draining`, `Stopping`.
    No,
    /// Requests in flight may end until the deadline. Next: `Stopping`, `Finished`.
    Draining { deadline: Timestamp },
    /// Everything was told to stop. Next: `Finished`.
    Stopping { deadline: Timestamp },
    /// No process is left.
    Finished,
}

impl Herd {
    /// A herd in which nothing runs.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        let count = plan.models.len();
        let unload_timeout = |model: &Option<ModelPlan>| model.as_ref().map(|plan| plan.unload_timeout);
        Self {
            unload_timeouts: plan
                .models
                .iter()
                .map(|model| unload_timeout(model).unwrap_or_default())
                .collect(),
            plans: plan.models,
            planner: plan.planner,
            strategy: plan.strategy,
            phases: vec![Phase::Stopped; count],
            phase_since: vec![Timestamp::default(); count],
            costs: Costs::new(count),
            back_offs: vec![BackOff::default(); count],
            ledger: Ledger::new(count),
            loads: Loads::default(),
            queue: Queue::default(),
            fair: Fair::new(count),
            running: Vec::with_capacity(count),
            timers: Timers::new(count),
            unloads: Vec::new(),
            shutdown: Shutdown::No,
            last_generation: 0,
            outputs: VecDeque::new(),
            prefetched: None,
        }
    }

    /// The state of a model as clients see it.
    ///
    /// # Panics
    /// When the plan has no such model; so do the other getters that take one.
    #[must_use]
    pub fn state(&self, model: ModelId) -> ModelState {
        self.phases[model.index()].visible()
    }

    /// Every model that has a process, in ascending order.
    pub fn running(&self) -> impl Iterator<Item = (ModelId, ModelState)> {
        self.running
            .iter()
            .map(|&model| (model, self.state(model)))
            .filter(|&(_, state)| state != ModelState::Stopped)
    }

    /// The live start of a model.
    #[must_use]
    pub fn generation(&self, model: ModelId) -> Option<Generation> {
        self.phases[model.index()].generation()
    }

    /// Granted requests of a model that are not done.
    #[must_use]
    pub fn in_flight(&self, model: ModelId) -> u32 {
        self.ledger.in_flight(model)
    }

    /// Requests of a model that wait or are in flight.
    #[must_use]
    pub fn reserved(&self, model: ModelId) -> u32 {
        self.ledger.reserved(model)
    }

    /// Requests that wait, over all models.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.ledger.waiting()
    }

    /// The place of a request in the queue, counted from 1: over all models with `fifo`, which looks at each who waits to find it,
    /// and with `fair` among those who wait for the same model. `None` when it is not in a queue.
    #[must_use]
    pub fn position(&self, request: RequestId) -> Option<usize> {
        let entry = self.ledger.get(request)?;
        match (entry.place, self.strategy) {
            (Place::Queued, Strategy::Fifo { limit: _ }) => self.queue.position(request),
            (Place::Queued, Strategy::Fair(_)) => self.fair.ticket(entry.model).position(request),
            (Place::Joined | Place::Serving, _) => None,
        }
    }

    /// Whether somebody's load of this model is in progress, its victims' leaving included.
    #[must_use]
    pub fn is_loading(&self, model: ModelId) -> bool {
        self.loads.contains(model)
    }

    /// What loads, stops and requests of a model have cost so far.
    #[must_use]
    pub fn costs(&self, model: ModelId) -> ModelCosts {
        *self.costs.of(model)
    }

    /// The plan of a model that is configured.
    fn plan(&self, model: ModelId) -> &ModelPlan {
        self.plans[model.index()]
            .as_ref()
            .expect("only configured models are waited for, started and ready")
    }

    /// What planners see, as if this model did not run.
    fn running_beside(&self, model: ModelId) -> Vec<ModelId> {
        let mut others = self.running.clone();
        others.retain(|&other| other != model);
        others
    }

    fn is_configured(&self, model: ModelId) -> bool {
        self.plans[model.index()].is_some()
    }

    /// A request wants this model. Answered by `Reject`, or in the end by exactly one of `Grant` and `Fail`,
    /// unless [`Self::handle_cancel`] comes first.
    pub fn handle_request(&mut self, now: Timestamp, request: RequestId, model: ModelId) {
        self.admit(now, request, model);
    }

    /// The client left before the request was granted. The request is forgotten without an output; after a grant
    /// or for an unknown request nothing happens.
    pub fn handle_cancel(&mut self, now: Timestamp, request: RequestId) {
        let Some(Entry { model, place, .. }) = self.ledger.get(request) else {
            return;
        };
        match (place, self.strategy) {
            (Place::Serving, _) => return,
            (Place::Queued, Strategy::Fifo { .. }) => self.queue.remove(request),
            (Place::Queued, Strategy::Fair(_)) => self.fair.remove(model, request),
            (Place::Joined, _) => {
                let load = self.loads.get_mut(model).expect("a joined request has a load");
                load.waiters.retain(|waiter| waiter.request != request);
            }
        }
        self.ledger.remove(request);
        let abandoned =
            place == Place::Joined && self.loads.get(model).is_some_and(|load| load.waiters.is_empty());
        if abandoned {
            if self.loads.get(model).is_some_and(|load| !load.started) {
                // Nothing was spawned yet, so nothing is spawned for nobody.
                self.drop_load(model);
            }
            // Whoever was blocked by this load need not wait for it any longer (W07, W08).
            self.drain(now);
        } else {
            self.after_leaving(now);
        }
    }

    /// A granted request ended, for whatever reason. Unknown requests are ignored.
    pub fn handle_done(&mut self, now: Timestamp, request: RequestId) {
        let Some(Entry { model, since, .. }) = self.serving(request) else {
            return;
        };
        if let Phase::Ready { .. } | Phase::Leaving { .. } = self.phases[model.index()] {
            self.costs.of_mut(model).service.record(now.since(since));
        }
        self.release(now, request, model);
    }

    /// A granted request ended without having asked the model anything: it only wanted it loaded. As
    /// [`Self::handle_done`], but what a request takes is not learnt from it.
    pub fn handle_unused(&mut self, now: Timestamp, request: RequestId) {
        if let Some(Entry { model, .. }) = self.serving(request) {
            self.release(now, request, model);
        }
    }

    fn serving(&self, request: RequestId) -> Option<Entry> {
        self.ledger
            .get(request)
            .filter(|entry| entry.place == Place::Serving)
    }

    fn release(&mut self, now: Timestamp, request: RequestId, model: ModelId) {
        self.ledger.remove(request);
        if self.ledger.in_flight(model) > 0 {
            self.after_slot_freed(now, model);
            return;
        }
        self.fair.residency_mut(model).falls_idle(now);
        if let Phase::Ready { idle_since, .. } = &mut self.phases[model.index()] {
            *idle_since = now;
        }
        self.refresh_timer(model);
        if let Shutdown::Draining { .. } = self.shutdown {
            self.stop_for_shutdown(now, model);
        } else if let Phase::Draining { .. } = self.phases[model.index()] {
            self.stop(now, model, None, Cause::Reloaded);
        }
        self.drain(now);
    }

    /// The probe of this start succeeded. A report about another start is ignored (W10, W11).
    pub fn handle_ready(&mut self, now: Timestamp, model: ModelId, generation: Generation) {
        match self.phases[model.index()] {
            Phase::Starting { generation: live, .. } if live == generation => {}
            _ => return,
        }
        self.back_offs[model.index()].clear();
        self.enter(
            now,
            model,
            Phase::Ready {
                generation,
                idle_since: now,
            },
            Cause::BecameReady,
        );
        if let Strategy::Fair(plan) = self.strategy {
            self.begin_turn(now, model, plan);
        }
        self.advance_loads(now);
        self.drain(now);
    }

    /// The process of this start is gone, and its whole tree with it. A report about another start is ignored.
    pub fn handle_exited(&mut self, now: Timestamp, model: ModelId, generation: Generation, exit: Exit) {
        let phase = self.phases[model.index()];
        if phase.generation() != Some(generation) {
            return;
        }
        let cause = match phase {
            Phase::Starting { .. } => Cause::StartFailed(match exit {
                Exit::SpawnFailed => StartFailure::Spawn,
                Exit::Ended => StartFailure::Exited,
            }),
            Phase::Aborting { cause, .. } => cause,
            Phase::Ready { .. } | Phase::Draining { .. } | Phase::Leaving { .. } => Cause::Crashed,
            Phase::Stopping { .. } | Phase::Stopped => Cause::Stopped,
        };
        self.enter(now, model, Phase::Stopped, cause);
        if let (Phase::Starting { .. }, Cause::StartFailed(reason)) = (phase, cause) {
            self.fail_start(now, model, generation, reason);
        }
        for unload in &mut self.unloads {
            unload.forget((model, generation));
        }
        self.advance_unloads(now);
        self.advance_loads(now);
        self.drain(now);
        self.finish_shutdown();
    }

    /// The deadline given by [`Self::poll_timeout`] has passed. Calling it early or late does no harm.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        while let Some(model) = self.timers.pop_due(now) {
            match self.phases[model.index()] {
                Phase::Starting { generation, .. } => {
                    let reason = StartFailure::TimedOut;
                    self.stop(now, model, None, Cause::StartFailed(reason));
                    self.fail_start(now, model, generation, reason);
                    self.drain(now);
                }
                Phase::Ready { .. } => self.stop(now, model, None, Cause::Idle),
                Phase::Draining { .. } => self.stop(now, model, None, Cause::Reloaded),
                Phase::Stopped | Phase::Aborting { .. } | Phase::Leaving { .. } | Phase::Stopping { .. } => {}
            }
        }
        if let Shutdown::Draining { deadline } = self.shutdown
            && deadline <= now
        {
            self.shutdown = Shutdown::Stopping { deadline };
            for model in self.running.clone() {
                self.stop_for_shutdown(now, model);
            }
        }
        if self.fair.wake_at.is_some_and(|wake_at| wake_at <= now) {
            self.drain(now);
        }
    }

    /// Tells what a model has cost in an earlier life, before the first request; measurements go on from there.
    pub fn seed_costs(&mut self, model: ModelId, costs: ModelCosts) {
        *self.costs.of_mut(model) = costs;
    }

    /// Stops these models, whatever they do; also clears their back-off. What waits for them fails, what is
    /// being served is cut by the stop. Models named twice or not running are fine. `Unloaded` follows when the
    /// last process is gone, at once when none runs. Without a `grace` each model gets its own `unload_timeout`,
    /// and those with a smaller one are stopped first.
    pub fn unload(
        &mut self,
        now: Timestamp,
        command: CommandId,
        models: &[ModelId],
        grace: Option<Duration>,
    ) {
        let mut models = models.to_vec();
        models.sort_unstable();
        models.dedup();
        for &model in &models {
            self.back_offs[model.index()].clear();
            if let Some(load) = self.drop_load(model) {
                for waiter in load.waiters {
                    self.fail(waiter.request, Failure::Unloaded);
                }
            }
        }
        for entry in self.queue.take() {
            if models.contains(&entry.model) {
                self.fail(entry.request, Failure::Unloaded);
            } else {
                self.queue.insert(entry);
            }
        }
        for &model in &models {
            for request in self.fair.take(model) {
                self.fail(request, Failure::Unloaded);
            }
        }
        let mut stages: BTreeMap<Duration, Stage> = BTreeMap::new();
        for &model in &models {
            let Some(generation) = self.generation(model) else {
                continue;
            };
            match self.phases[model.index()] {
                Phase::Ready { .. } | Phase::Draining { .. } if grace.is_none() => {
                    self.enter(now, model, Phase::Leaving { generation }, Cause::Unloaded);
                }
                // Its stage only waits for the exit: there is no reason to go on starting until then.
                Phase::Starting { .. } if grace.is_none() => self.stop(now, model, None, Cause::Unloaded),
                Phase::Stopped
                | Phase::Starting { .. }
                | Phase::Aborting { .. }
                | Phase::Ready { .. }
                | Phase::Draining { .. }
                | Phase::Leaving { .. }
                | Phase::Stopping { .. } => {}
            }
            let key = match grace {
                Some(_) => Duration::ZERO,
                None => self.unload_timeouts[model.index()],
            };
            let stage = stages.entry(key).or_insert_with(|| Stage {
                targets: Vec::new(),
                grace,
            });
            stage.targets.push((model, generation));
        }
        self.unloads
            .push(Unload::new(command, stages.into_values().collect()));
        self.advance_unloads(now);
        self.drain_after_unload(now, &models);
    }

    /// Ends everything: what waits fails now, what is in flight may end until `deadline`, then it is cut.
    /// `Finished` follows when the last process is gone. A second call only moves the deadline forward.
    pub fn shutdown(&mut self, now: Timestamp, deadline: Timestamp) {
        match self.shutdown {
            Shutdown::No => {}
            Shutdown::Draining { deadline: earlier } => {
                self.shutdown = Shutdown::Draining {
                    deadline: deadline.min(earlier),
                };
                return;
            }
            Shutdown::Stopping { .. } | Shutdown::Finished => return,
        }
        self.shutdown = Shutdown::Draining { deadline };
        for target in self.loads.targets() {
            if let Some(load) = self.drop_load(target) {
                for waiter in load.waiters {
                    self.fail(waiter.request, Failure::ShuttingDown);
                }
            }
        }
        for entry in self.queue.take() {
            self.fail(entry.request, Failure::ShuttingDown);
        }
        for model in self.fair.wanted().collect::<Vec<_>>() {
            for request in self.fair.take(model) {
                self.fail(request, Failure::ShuttingDown);
            }
        }
        self.fair.wake_at = None;
        for model in self.running.clone() {
            if self.ledger.in_flight(model) == 0 {
                self.stop_for_shutdown(now, model);
            }
        }
        self.finish_shutdown();
    }

    /// The next thing the world must do or may want to know.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front().or_else(|| self.change_of_prefetch())
    }

    /// When [`Self::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let drained = match self.shutdown {
            Shutdown::Draining { deadline } => Some(deadline),
            Shutdown::No | Shutdown::Stopping { .. } | Shutdown::Finished => None,
        };
        [drained, self.timers.next(), self.fair.wake_at]
            .into_iter()
            .flatten()
            .min()
    }

    /// Carries every unload as far as it can go now.
    fn advance_unloads(&mut self, now: Timestamp) {
        let mut unloads = std::mem::take(&mut self.unloads);
        unloads.retain_mut(|unload| match unload.next_step() {
            Step::Wait => true,
            Step::Stop(stage) => {
                for (model, _) in stage.targets {
                    self.stop(now, model, stage.grace, Cause::Unloaded);
                }
                true
            }
            Step::Completed(command) => {
                self.outputs.push_back(Output::Unloaded { command });
                false
            }
        });
        self.unloads = unloads;
    }

    /// With `fifo` an unload is one step: unless nothing leaves, the exits will look at the queue. With `fair` somebody may
    /// wait behind a fence that stood for the unloaded, and need not wait for their exits.
    fn drain_after_unload(&mut self, now: Timestamp, models: &[ModelId]) {
        let nothing_leaves = models.iter().all(|model| !self.phases[model.index()].is_live());
        match self.strategy {
            Strategy::Fifo { limit: _ } if !nothing_leaves => {}
            Strategy::Fifo { limit: _ } | Strategy::Fair(_) => self.drain(now),
        }
    }

    fn stop_for_shutdown(&mut self, now: Timestamp, model: ModelId) {
        let (Shutdown::Draining { deadline } | Shutdown::Stopping { deadline }) = self.shutdown else {
            return;
        };
        let left = deadline.since(now).max(SHORTEST_GRACE);
        let grace = self.unload_timeouts[model.index()].min(left);
        self.stop(now, model, Some(grace), Cause::ShuttingDown);
    }

    fn finish_shutdown(&mut self) {
        let asked = matches!(
            self.shutdown,
            Shutdown::Draining { .. } | Shutdown::Stopping { .. }
        );
        if asked && self.phases.iter().all(|phase| !phase.is_live()) {
            self.shutdown = Shutdown::Finished;
            self.outputs.push_back(Output::Finished);
        }
    }
}
