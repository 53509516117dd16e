//! The only place where the core meets the world.
//!
//! A mutex around [`Herd`]: whoever brings an event locks, hands it over, carries out what the herd says, and
//! unlocks. Nothing awaits in between, and what could lead back here (leases, waiting requests) is handed on after
//! the unlock. What is decided is the core's business, how a process is run is the supervisor's, how bytes flow is
//! the proxy's.

mod details;
mod fit;
mod journal;
mod prefetch;
mod reconfigure;
mod residency;
mod slot;
mod swaps;
#[cfg(test)]
mod tests;
mod ticket;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use herder_config::{Model, SchedulerStrategy};
use herder_core::{
    CommandId, Exit, Failure, Generation, Herd, ModelCosts, ModelId, ModelState, Output, Plan, Refusal,
    RequestId, Timestamp,
};
use herder_supervisor::{Readiness, Report, Specification, Supervisor};
use parking_lot::Mutex;
use tokio::sync::{Notify, broadcast, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use crate::activity::costs::KeptCosts;
use crate::app::Snapshot;
use crate::error::FailedStart;
use crate::foresight::{Foreseen, Foresight};
use crate::logs::Logs;
use crate::monitor::Metrics;
use crate::upstream::Upstream;
pub use details::Details;
use journal::Journal;
pub use reconfigure::DRAIN_BUDGET;
use residency::{Change, Residency};
pub use residency::{ModelSpans, Span};
pub use slot::Mishap;
use slot::{Current, Slot};
pub use swaps::{KEPT as KEPT_SWAPS, Purpose, Swap, SwapOutcome};
use swaps::{Load, Swaps};
use ticket::Outcome;
pub use ticket::{Failed, FullQueue, Lease, Place, Refused, Standing, Ticket, Waiting};

/// How a model is occupied at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occupancy {
    /// Its state as clients see it.
    pub state: ModelState,
    /// Requests that it serves.
    pub in_flight: u32,
    /// Requests that wait for it, in the queue or for its load.
    pub waiting: u32,
}

impl Occupancy {
    /// As the core says.
    #[must_use]
    pub fn of(herd: &Herd, model: ModelId) -> Self {
        let in_flight = herd.in_flight(model);
        Self {
            state: herd.state(model),
            in_flight,
            waiting: herd.reserved(model).saturating_sub(in_flight),
        }
    }
}

/// Changes of state that may wait for a watcher. One that misses some asks for the states of all models, so this is only
/// about how smoothly it goes: a swap of ten models are some forty changes.
const CHANGES: usize = 256;

/// A model has changed its visible state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateChange {
    /// Which one.
    pub model: ModelId,
    /// Its state from now on.
    pub to: ModelState,
}

/// A model that has a process.
#[derive(Debug, Clone)]
pub struct Running {
    /// Which one.
    pub model: ModelId,
    /// Its name. It need not be configured any more.
    pub name: String,
    /// Its state as clients see it.
    pub state: ModelState,
    /// What its process was started with, or what fits it as well.
    pub settings: Arc<Model>,
    /// What its loads, stops and requests have taken so far.
    pub costs: ModelCosts,
}

/// Runs the models of the configuration that counts.
pub struct Driver {
    logs: Arc<Logs>,
    metrics: Arc<Metrics>,
    supervisor: Supervisor,
    /// Zero of the core's clock.
    origin: Instant,
    state: Mutex<State>,
    /// Told when the herd's deadline has become earlier.
    earlier: Arc<Notify>,
    /// Upgraded connections: they outlive the request handler that made them.
    tunnels: TaskTracker,
    /// Ends every upgraded connection at shutdown.
    closing: CancellationToken,
    /// Nothing runs any more.
    finished: CancellationToken,
    /// Sent to under the lock, so that changes come in order.
    changes: broadcast::Sender<StateChange>,
    /// Calls back for the herd's deadlines. Set once, right after the driver is made.
    timer: OnceLock<AbortOnDropHandle<()>>,
}

struct State {
    /// The configuration that counts.
    snapshot: Arc<Snapshot>,
    herd: Herd,
    /// By [`ModelId`].
    slots: Vec<Slot>,
    waiters: BTreeMap<RequestId, Waiter>,
    unloads: BTreeMap<CommandId, oneshot::Sender<()>>,
    swaps: Swaps,
    residency: Residency,
    /// Whose files the core wants read ahead. What its settings say to that is asked when it counts.
    prefetched: Option<ModelId>,
    last_request: u64,
    last_command: u64,
    /// What the timer sleeps for.
    armed: Option<Timestamp>,
}

/// A request that waits, from the driver's side.
struct Waiter {
    model: ModelId,
    purpose: Purpose,
    /// When it asked.
    since: Timestamp,
    outcome: oneshot::Sender<Outcome>,
}

/// A request that asks right now.
#[derive(Clone, Copy)]
struct Asking {
    model: ModelId,
    purpose: Purpose,
}

/// What is handed on after the unlock, because it could lead back into the driver.
#[derive(Default)]
struct Effects {
    outcomes: Vec<(oneshot::Sender<Outcome>, Outcome)>,
    own: Option<Own>,
}

/// What became at once of the request that asked.
enum Own {
    Granted(Lease),
    Refused(Refused),
    Failed(Box<Failed>),
}

impl Driver {
    /// A driver under which nothing runs yet. Must be called inside a tokio runtime, which gets one task for the
    /// herd's deadlines; it ends with the driver.
    #[must_use]
    pub fn new(snapshot: Arc<Snapshot>, plan: Plan, logs: Arc<Logs>, supervisor: Supervisor) -> Arc<Self> {
        let metrics = Arc::new(Metrics::default());
        let driver = Arc::new(Self {
            supervisor,
            origin: Instant::now(),
            state: Mutex::new(State {
                slots: new_slots(&snapshot, 0, &logs, &metrics),
                snapshot,
                herd: Herd::new(plan),
                waiters: BTreeMap::new(),
                unloads: BTreeMap::new(),
                swaps: Swaps::default(),
                residency: Residency::default(),
                prefetched: None,
                last_request: 0,
                last_command: 0,
                armed: None,
            }),
            logs,
            metrics,
            earlier: Arc::new(Notify::new()),
            tunnels: TaskTracker::new(),
            closing: CancellationToken::new(),
            finished: CancellationToken::new(),
            changes: broadcast::Sender::new(CHANGES),
            timer: OnceLock::new(),
        });
        // Not before the driver is complete: the task ends when it finds none.
        let timer = tokio::spawn(keep_time(Arc::downgrade(&driver), Arc::clone(&driver.earlier)));
        driver.timer.get_or_init(|| AbortOnDropHandle::new(timer));
        driver
    }

    /// The state of a model as clients see it.
    #[must_use]
    pub fn state(&self, model: ModelId) -> ModelState {
        self.state.lock().herd.state(model)
    }

    /// Every model that has a process, in ascending order of name.
    #[must_use]
    pub fn running(&self) -> Vec<Running> {
        let state = self.state.lock();
        let running = state.herd.running().map(|(model, visible)| Running {
            model,
            name: state.snapshot.roster().name(model).to_owned(),
            state: visible,
            settings: Arc::clone(&state.slots[model.index()].settings),
            costs: state.herd.costs(model),
        });
        let mut running: Vec<_> = running.collect();
        running.sort_unstable_by(|left, right| left.name.cmp(&right.name));
        running
    }

    /// How every model is occupied, by [`ModelId`].
    #[must_use]
    pub fn occupancy(&self) -> Vec<Occupancy> {
        let state = self.state.lock();
        let herd = &state.herd;
        let occupancy = |model| Occupancy::of(herd, model);
        state.snapshot.roster().ids().map(occupancy).collect()
    }

    /// Costs of earlier runs, for models of which the core has measured nothing. Models that are not configured are left
    /// out.
    pub fn seed_costs(&self, kept: &[KeptCosts]) {
        let mut state = self.state.lock();
        let snapshot = Arc::clone(&state.snapshot);
        for KeptCosts { model, costs } in kept {
            let id = snapshot.roster().id(model);
            if let Some(model) = id.filter(|&model| state.herd.costs(model) == ModelCosts::default()) {
                state.herd.seed_costs(model, *costs);
            }
        }
    }

    /// The costs of this model, or of all, as far as anything was measured.
    #[must_use]
    pub fn kept_costs(&self, model: Option<ModelId>) -> Vec<KeptCosts> {
        let state = self.state.lock();
        let roster = state.snapshot.roster();
        let kept = |model| KeptCosts {
            model: roster.name(model).to_owned(),
            costs: state.herd.costs(model),
        };
        let mut all: Vec<_> = match model {
            Some(model) => vec![kept(model)],
            None => roster.ids().map(kept).collect(),
        };
        all.retain(|kept| kept.costs != ModelCosts::default());
        all
    }

    /// What is counted about the models.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// The state of every model, by [`ModelId`], and every change from then on. A receiver that lags has to begin anew.
    #[must_use]
    pub fn watch(&self) -> (Vec<ModelState>, broadcast::Receiver<StateChange>) {
        let state = self.state.lock();
        let ids = state.snapshot.roster().ids();
        let states = ids.map(|model| state.herd.state(model));
        (states.collect(), self.changes.subscribe())
    }

    /// The server of a model that is ready, without a lease: for ignored websockets, which neither start nor hold
    /// a model (spec/http-api.md 6.4).
    #[must_use]
    pub fn ready_upstream(&self, model: ModelId) -> Option<Arc<Upstream>> {
        let state = self.state.lock();
        if state.herd.state(model) != ModelState::Ready {
            return None;
        }
        state.slots[model.index()]
            .current
            .as_ref()
            .map(|current| Arc::clone(&current.upstream))
    }

    /// What would become of a request for this model if it came now, in words of the configuration that counts.
    #[must_use]
    pub fn foresee(&self, model: ModelId) -> Foresight {
        let state = self.state.lock();
        let foreseen = Foreseen::of(&state.herd, self.now(), model);
        let snapshot = Arc::clone(&state.snapshot);
        drop(state);
        Foresight::new(&foreseen, &snapshot.config, snapshot.roster())
    }

    /// A request wants this model.
    #[must_use]
    pub fn request(self: &Arc<Self>, model: ModelId, purpose: Purpose) -> Ticket {
        let mut state = self.state.lock();
        state.last_request += 1;
        let request = RequestId(state.last_request);
        let now = self.now();
        state.herd.handle_request(now, request, model);
        let mut effects = self.carry_out(&mut state, now, Some(Asking { model, purpose }));
        let ticket = match effects.own.take() {
            Some(Own::Granted(lease)) => Ticket::Granted(lease),
            Some(Own::Refused(refused)) => Ticket::Refused(refused),
            outcome @ (None | Some(Own::Failed(_))) => {
                let (sender, receiver) = oneshot::channel();
                if let Some(Own::Failed(failed)) = outcome {
                    effects.outcomes.push((sender, Err(failed)));
                } else {
                    if let Some(position) = state.herd.position(request) {
                        self.journal(&state.snapshot).queued(model, position);
                    }
                    state.waiters.insert(
                        request,
                        Waiter {
                            model,
                            purpose,
                            since: now,
                            outcome: sender,
                        },
                    );
                }
                Ticket::Waiting(Waiting::new(Arc::clone(self), request, receiver))
            }
        };
        drop(state);
        effects.deliver();
        ticket
    }

    /// Stops these models and returns when they are gone, at once when none runs. Without a `grace` each gets its
    /// own `unloadTimeout`.
    pub async fn unload(self: &Arc<Self>, models: &[ModelId], grace: Option<Duration>) {
        let (sender, gone) = oneshot::channel();
        self.update(|state, now| {
            state.last_command += 1;
            let command = CommandId(state.last_command);
            state.unloads.insert(command, sender);
            state.herd.unload(now, command, models, grace);
        });
        // The sender goes with its answer, or with the driver; both mean that nothing is left to wait for.
        let _ = gone.await;
    }

    /// Fails what waits, lets what is in flight end within `budget`, stops everything, and returns when nothing
    /// runs any more. Upgraded connections end at once. A second call with a smaller budget hurries the first.
    pub async fn shutdown(self: &Arc<Self>, budget: Duration) {
        self.closing.cancel();
        self.tunnels.close();
        self.update(|state, now| state.herd.shutdown(now, now + budget));
        self.finished.cancelled().await;
        self.tunnels.wait().await;
    }

    /// Where a request waits: in the queue, or else for a load. `None` when its turn has come, or nothing can come any more.
    fn standing(&self, request: RequestId) -> Option<Standing> {
        let state = self.state.lock();
        if !state.waiters.contains_key(&request) {
            return None;
        }
        let position = state.herd.position(request);
        Some(position.map_or(Standing::Loading, Standing::Queued))
    }

    /// How long a waiting request probably waits from now on.
    fn estimate(&self, request: RequestId) -> Option<Duration> {
        let state = self.state.lock();
        match state.strategy() {
            SchedulerStrategy::Fifo { limit: _ } => None,
            SchedulerStrategy::Fair(_) => state.herd.estimate(self.now(), request),
        }
    }

    /// How long the last load of a waiting request's model took.
    fn last_load(&self, request: RequestId) -> Option<Duration> {
        let state = self.state.lock();
        let waiter = state.waiters.get(&request)?;
        state.slots[waiter.model.index()].last_load
    }

    /// A granted request has ended.
    fn done(self: &Arc<Self>, request: RequestId) {
        self.update(|state, now| state.herd.handle_done(now, request));
    }

    /// A granted request has ended and asked nothing.
    fn unused(self: &Arc<Self>, request: RequestId) {
        self.update(|state, now| state.herd.handle_unused(now, request));
    }

    /// A waiting request has lost its client. No-op when its outcome is on the way.
    fn cancel(self: &Arc<Self>, request: RequestId) {
        self.update(|state, now| {
            if state.waiters.remove(&request).is_some() {
                state.herd.handle_cancel(now, request);
            }
        });
    }

    /// The supervisor has something to say about a start.
    fn report(self: &Arc<Self>, model: ModelId, generation: Generation, report: Report) {
        match report {
            Report::Spawned { pid } => {
                let state = self.state.lock();
                state.slots[model.index()].metrics.spawned(pid);
                self.journal(&state.snapshot).spawned(model, pid);
            }
            Report::Ready { after } => self.update(|state, now| {
                state.slots[model.index()].last_load = Some(after);
                state.herd.handle_ready(now, model, generation);
            }),
            Report::Exited(exit) => self.update(|state, now| {
                let exit = state.slots[model.index()].note_exit(generation, exit);
                state.herd.handle_exited(now, model, generation, exit);
            }),
        }
    }

    /// One event: lock, hand over, carry out, unlock, deliver.
    fn update(self: &Arc<Self>, event: impl FnOnce(&mut State, Timestamp)) {
        let mut state = self.state.lock();
        let now = self.now();
        event(&mut state, now);
        let effects = self.carry_out(&mut state, now, None);
        drop(state);
        effects.deliver();
    }

    /// Taken under the lock, so that the core never sees time go backwards.
    fn now(&self) -> Timestamp {
        Timestamp(self.origin.elapsed())
    }

    fn journal<'a>(&'a self, snapshot: &'a Snapshot) -> Journal<'a> {
        Journal {
            snapshot,
            logger: self.logs.logger(),
        }
    }

    /// Does what the herd says until it says nothing more. `asking` is the request that asked, if one did: it has no
    /// waiter yet.
    fn carry_out(self: &Arc<Self>, state: &mut State, now: Timestamp, asking: Option<Asking>) -> Effects {
        let own = asking.map(|asking| asking.model);
        let mut effects = Effects::default();
        while let Some(output) = state.herd.poll_output() {
            match output {
                Output::Start { model, generation } => self.start(state, now, model, generation),
                Output::Stop {
                    model,
                    generation,
                    grace,
                } => state.slots[model.index()].stop(generation, grace),
                Output::Grant {
                    request,
                    model,
                    generation,
                } => {
                    let upstream = state.slots[model.index()]
                        .upstream(generation)
                        .expect("the core grants only the start that is ready");
                    let lease = Lease::new(Arc::clone(self), request, upstream);
                    let waited = match state.waiters.remove(&request) {
                        Some(waiter) => {
                            effects.outcomes.push((waiter.outcome, Ok(lease)));
                            now.0.saturating_sub(waiter.since.0)
                        }
                        None => {
                            effects.own = Some(Own::Granted(lease));
                            Duration::ZERO
                        }
                    };
                    state.slots[model.index()].metrics.granted(waited);
                }
                // Admission is answered on the spot, so this is always about the request that asked.
                Output::Reject { request: _, refusal } => {
                    let last = own.and_then(|model| last_failure(state, model));
                    let has_queues = matches!(state.strategy(), SchedulerStrategy::Fair(_));
                    let full = own.filter(|_| has_queues && refusal == Refusal::QueueFull);
                    let queue = full.map(|model| FullQueue {
                        position: Occupancy::of(&state.herd, model).waiting + 1,
                        wait: state.herd.estimate_for_newcomer(now, model),
                    });
                    effects.own = Some(Own::Refused(Refused {
                        refusal,
                        last,
                        queue,
                        now,
                    }));
                }
                Output::Fail { request, failure } => {
                    let waiter = state.waiters.remove(&request);
                    let model = waiter.as_ref().map(|waiter| waiter.model).or(own);
                    if let Some(model) = model {
                        state.swaps.lose(model, failure);
                    }
                    if let (Failure::Start { generation, reason }, Some(model)) = (failure, model) {
                        state.slots[model.index()].note_failure(generation, reason);
                    }
                    let last = model.and_then(|model| last_failure(state, model));
                    let failed = Box::new(Failed { failure, last, now });
                    match waiter {
                        Some(waiter) => effects.outcomes.push((waiter.outcome, Err(failed))),
                        None => effects.own = Some(Own::Failed(failed)),
                    }
                }
                // Whoever shows a place asks for it.
                Output::Moved => {}
                Output::Load {
                    model,
                    victims,
                    explanation,
                } => {
                    self.journal(&state.snapshot).load(model, &victims, &explanation);
                    let load = Load {
                        model,
                        victims: &victims,
                        explanation: &explanation,
                        demand: state.demand(now, model, asking),
                    };
                    state.swaps.begin(now, &state.herd, &state.snapshot, load);
                }
                Output::Changed {
                    model,
                    from,
                    to,
                    cause,
                } => {
                    let slot = &mut state.slots[model.index()];
                    slot.metrics.changed(now, to, cause);
                    self.journal(&state.snapshot).change(slot, model, from, to, cause);
                    state.note_change(Change { model, to, cause });
                    let waiting = state.waiters.values().filter(|waiter| waiter.model == model);
                    let waiting = u32::try_from(waiting.count()).unwrap_or(u32::MAX);
                    let ended = state.swaps.change(now, model, to, cause, waiting);
                    self.journal(&state.snapshot).swaps(&ended);
                    // Nobody watches: nothing is kept.
                    let _ = self.changes.send(StateChange { model, to });
                }
                Output::Prefetch { model } => {
                    state.prefetched = model;
                    self.prefetch(state);
                }
                Output::Unloaded { command } => {
                    if let Some(waiting) = state.unloads.remove(&command) {
                        // Whoever asked may have left.
                        let _ = waiting.send(());
                    }
                }
                Output::Finished => self.finished.cancel(),
            }
        }
        let ended = state.swaps.settle(now, &state.herd);
        self.journal(&state.snapshot).swaps(&ended);
        self.arm_if_earlier(state);
        effects
    }

    fn start(self: &Arc<Self>, state: &mut State, now: Timestamp, model: ModelId, generation: Generation) {
        let roster = state.snapshot.roster();
        let (id, settings) = (roster.name(model), roster.settings(model));
        let settings = Arc::clone(settings.expect("the core starts what is configured"));
        let slot = &mut state.slots[model.index()];
        slot.settings = Arc::clone(&settings);
        slot.start_timeout = settings.health_check_timeout;
        self.journal(&state.snapshot).start(model, &settings);
        let ended = self.closing.child_token();
        let tunnels = self.tunnels.clone();
        let reachable = Upstream::new(id, &settings, generation, tunnels, ended)
            .map_err(|error| error.to_string())
            .and_then(|upstream| {
                let upstream = Arc::new(upstream);
                let readiness = match &settings.check_endpoint {
                    None => Readiness::Immediate,
                    Some(endpoint) => {
                        let invalid = |error| format!("invalid checkEndpoint '{endpoint}': {error}");
                        Readiness::Probe(upstream.probe(endpoint).map_err(invalid)?)
                    }
                };
                Ok((upstream, readiness))
            });
        let (upstream, readiness) = match reachable {
            Ok(reachable) => reachable,
            Err(error) => {
                slot.note_unstartable(generation, &error);
                state
                    .herd
                    .handle_exited(now, model, generation, Exit::SpawnFailed);
                return;
            }
        };
        let specification = Specification {
            command: settings.cmd.clone(),
            stop_command: settings.cmd_stop.clone(),
            environment: settings.env.iter().filter_map(|entry| variable(entry)).collect(),
            readiness,
            log: Arc::clone(&slot.log),
        };
        let driver = Arc::clone(self);
        let process = self.supervisor.start(specification, move |report| {
            driver.report(model, generation, report);
        });
        slot.current = Some(Current {
            generation,
            upstream,
            process,
        });
    }

    /// Wakes the timer when the herd wants to be called before it would wake by itself.
    fn arm_if_earlier(&self, state: &mut State) {
        let next = state.herd.poll_timeout();
        if let Some(next) = next
            && state.armed.is_none_or(|armed| next < armed)
        {
            state.armed = Some(next);
            self.earlier.notify_one();
        }
    }

    /// What the timer sleeps for from now on.
    fn deadline(&self) -> Option<Instant> {
        let mut state = self.state.lock();
        state.armed = state.herd.poll_timeout();
        // A deadline beyond the clock's range never comes.
        state.armed.and_then(|armed| self.origin.checked_add(armed.0))
    }
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Driver")
            .field("running", &self.running())
            .finish_non_exhaustive()
    }
}

/// A slot for each model from this number on.
fn new_slots(snapshot: &Snapshot, known: usize, logs: &Logs, metrics: &Metrics) -> Vec<Slot> {
    let roster = snapshot.roster();
    logs.grow(roster.len());
    metrics.grow(roster.len());
    let slot = |model| {
        let settings = roster.settings(model);
        let settings = settings.expect("a model that is new is configured");
        Slot::new(logs.model(model), metrics.model(model), Arc::clone(settings))
    };
    roster.ids().skip(known).map(slot).collect()
}

impl State {
    fn strategy(&self) -> SchedulerStrategy {
        self.snapshot.config.scheduler.strategy
    }
}

fn last_failure(state: &State, model: ModelId) -> Option<FailedStart> {
    let id = state.snapshot.roster().name(model);
    state.slots[model.index()].last_failure(id)
}

impl Effects {
    /// To be called without the lock. A waiter that has left drops its lease here, which ends it.
    fn deliver(self) {
        for (waiter, outcome) in self.outcomes {
            drop(waiter.send(outcome));
        }
    }
}

/// Calls `handle_timeout` whenever the herd's deadline passes.
async fn keep_time(driver: Weak<Driver>, earlier: Arc<Notify>) {
    loop {
        let Some(deadline) = driver.upgrade().map(|driver| driver.deadline()) else {
            return;
        };
        match deadline {
            None => earlier.notified().await,
            Some(deadline) => {
                tokio::select! {
                    () = earlier.notified() => continue,
                    () = tokio::time::sleep_until(deadline) => {}
                }
                let Some(driver) = driver.upgrade() else { return };
                driver.update(|state, now| state.herd.handle_timeout(now));
            }
        }
    }
}

/// An `env` entry of a model. One without `=` names nothing and is left out.
fn variable(entry: &str) -> Option<(String, String)> {
    entry
        .split_once('=')
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
}
