//! What must hold after every input, whatever the strategy is: the invariants of architecture section 5 (numbers
//! in the complaints), seen from outside. The audit knows only what was told to the herd and what it said; it
//! never decides anything. Invariant 7 is [`crate::Digest`]'s, 9 is the supervisor's.

mod open;
mod prefetch;
mod reload;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use herder_core::planner::Planner;
use herder_core::{
    Cause, CommandId, Failure, Generation, Herd, Limit, MAX_WAITING, ModelId, ModelPlan, ModelState, Output,
    Refusal, RequestId, Strategy, Timestamp,
};

use self::open::{Open, OpenRequests};
use crate::{Input, Rules, Setting};

/// The books of an observer.
#[derive(Debug)]
pub struct Audit {
    setting: Setting,
    planner: Box<dyn Planner>,
    /// Requests without an outcome.
    open: OpenRequests,
    models: Vec<Books>,
    last_generation: Option<Generation>,
    loads_begun: u64,
    commands: BTreeMap<CommandId, BTreeSet<(ModelId, Generation)>>,
    shutting_down: bool,
    finished: bool,
    /// When the herd wanted to be woken, as it said last.
    armed: Option<Timestamp>,
    /// Whose files are read ahead.
    prefetched: Option<ModelId>,
}

#[derive(Debug, Clone)]
struct Books {
    process: Option<Process>,
    shown: ModelState,
    /// The cause of the last change of its visible state.
    cause: Option<Cause>,
    load: Option<Load>,
    idle_since: Timestamp,
    last_grant: Timestamp,
    /// What it had admitted when its limit was changed, as far as it is still there.
    admitted_before: u32,
}

#[derive(Debug, Clone, Copy)]
struct Process {
    generation: Generation,
    stage: Stage,
    /// An operator or the shutdown has named it: it may be stopped while busy.
    condemned: bool,
    /// It does not fit the configuration: it may serve those whom it serves, until then.
    outdated: Option<Timestamp>,
    /// It has lived through a change of the configuration, perhaps beside others that may not run beside it now.
    survivor: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Starting { until: Timestamp },
    Ready,
    ToldToStop,
}

/// The newest load of a model.
#[derive(Debug, Clone)]
struct Load {
    number: u64,
    victims: Vec<ModelId>,
    /// The configuration has changed since it began.
    is_older_than_rules: bool,
}

type Verdict = Result<(), String>;

/// A rule: a complaint unless it holds.
fn demand(holds: bool, complaint: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(complaint()) }
}

impl Books {
    const EMPTY: Self = Self {
        process: None,
        shown: ModelState::Stopped,
        cause: None,
        load: None,
        idle_since: Timestamp(Duration::ZERO),
        last_grant: Timestamp(Duration::ZERO),
        admitted_before: 0,
    };
}

impl Audit {
    /// Books for a herd that has just been made from a plan of this setting.
    ///
    /// # Panics
    /// When the matrix of the setting contradicts itself.
    #[must_use]
    pub fn new(setting: Setting) -> Self {
        Self {
            models: vec![Books::EMPTY; setting.models.len()],
            planner: setting.sound_plan().planner,
            setting,
            open: OpenRequests::default(),
            last_generation: None,
            loads_begun: 0,
            commands: BTreeMap::new(),
            shutting_down: false,
            finished: false,
            armed: None,
            prefetched: None,
        }
    }

    /// Enters an input and all that the herd said to it.
    ///
    /// # Errors
    /// The first rule that is broken, in words.
    pub fn examine(&mut self, now: Timestamp, input: &Input, said: &[Output], herd: &Herd) -> Verdict {
        self.enter_input(now, input, said)?;
        for output in said {
            self.enter_output(now, input, output)
                .map_err(|complaint| format!("{output:?}: {complaint}"))?;
        }
        self.check_after(input)?;
        self.check_places(said, herd)?;
        self.check_prefetch()?;
        self.check_outdated(now, herd)?;
        self.check_getters(herd)?;
        self.check_rest(now, input, herd)?;
        self.armed = herd.poll_timeout();
        Ok(())
    }

    fn enter_input(&mut self, now: Timestamp, input: &Input, said: &[Output]) -> Verdict {
        match *input {
            Input::Request { request, model } => {
                let priority = self.plan(model).map_or(0, |plan| plan.priority);
                self.open.insert(request, model, priority);
            }
            Input::Cancel { request } => {
                if self.is_waiting(request) {
                    self.open.remove(request);
                } else {
                    demand(said.is_empty(), || "nobody was cancelled".to_owned())?;
                }
            }
            Input::Done { request } => match self.open.get(request) {
                Some(Open {
                    model,
                    granted: Some(_),
                    ..
                }) => {
                    self.open.remove(request);
                    if self.in_flight(model) == 0 {
                        self.models[model.index()].idle_since = now;
                    }
                }
                Some(_) | None => demand(said.is_empty(), || "nobody was done".to_owned())?,
            },
            Input::Ready { model, generation } => {
                let books = &mut self.models[model.index()];
                match &mut books.process {
                    Some(process)
                        if process.generation == generation
                            && matches!(process.stage, Stage::Starting { .. }) =>
                    {
                        process.stage = Stage::Ready;
                        books.idle_since = now;
                    }
                    Some(_) | None => demand(said.is_empty(), || "a late report was believed".to_owned())?,
                }
            }
            Input::Exited {
                model, generation, ..
            } => {
                let live = self.models[model.index()]
                    .process
                    .map(|process| process.generation);
                if live == Some(generation) {
                    self.models[model.index()].process = None;
                } else {
                    demand(said.is_empty(), || "a foreign exit was believed".to_owned())?;
                }
            }
            Input::Timeout => {
                let is_early = self.armed.is_none_or(|armed| armed > now);
                demand(!is_early || said.is_empty(), || {
                    "nothing was due, and yet something happened".to_owned()
                })?;
            }
            Input::Unload {
                command, ref models, ..
            } => {
                let mut targets = BTreeSet::new();
                for &model in models {
                    if let Some(process) = &mut self.models[model.index()].process {
                        process.condemned = true;
                        targets.insert((model, process.generation));
                    }
                }
                self.commands.insert(command, targets);
            }
            Input::Shutdown { .. } => {
                self.shutting_down = true;
                for books in &mut self.models {
                    if let Some(process) = &mut books.process {
                        process.condemned = true;
                    }
                }
            }
            Input::Reconfigure { .. } if self.shutting_down => {
                demand(said.is_empty(), || "a reload during shutdown".to_owned())?;
            }
            Input::Reconfigure {
                ref setting,
                ref outdated,
                drain_until,
            } => self.enter_reload(now, setting, outdated, drain_until, said)?,
        }
        Ok(())
    }

    fn enter_output(&mut self, now: Timestamp, input: &Input, output: &Output) -> Verdict {
        let answers_late = matches!(
            output,
            Output::Reject { .. }
                | Output::Unloaded { .. }
                | Output::Fail {
                    failure: Failure::UnknownModel,
                    ..
                }
        );
        demand(!self.finished || answers_late, || {
            "Finished was not the end".to_owned()
        })?;
        match *output {
            Output::Start { model, generation } => self.enter_start(now, model, generation),
            Output::Stop {
                model, generation, ..
            } => self.enter_stop(now, input, model, generation),
            Output::Grant {
                request,
                model,
                generation,
            } => self.enter_grant(now, input, request, model, generation),
            Output::Reject { request, refusal } => {
                let asked = matches!(input, Input::Request { request: asking, .. } if *asking == request);
                demand(asked, || "1: refused after it was admitted".to_owned())?;
                let open = self.close(request)?;
                if refusal == Refusal::ConcurrencyLimit {
                    // Its own entry is closed already.
                    let reserved = self.reserved(open.model);
                    let allowed = self.concurrency_limit(open.model);
                    demand(reserved >= allowed, || {
                        "2: refused although there was a slot".to_owned()
                    })?;
                }
                Ok(())
            }
            Output::Fail { request, failure } => {
                demand(self.is_waiting(request), || {
                    "1: it has its outcome already".to_owned()
                })?;
                let open = self.close(request)?;
                let by_reload = matches!(input, Input::Reconfigure { .. });
                let fits = match failure {
                    Failure::Removed => by_reload && self.plan(open.model).is_none(),
                    Failure::ConcurrencyLimit => {
                        self.setting.strategy == Strategy::Fifo { limit: Limit::Grant }
                    }
                    Failure::UnknownModel
                    | Failure::Start { .. }
                    | Failure::FailFast { .. }
                    | Failure::Unloaded
                    | Failure::ShuttingDown => !by_reload,
                };
                demand(fits, || "there is no reason for it".to_owned())
            }
            // The places themselves are looked at when everything is said.
            Output::Moved => Ok(()),
            Output::Load {
                model, ref victims, ..
            } => self.enter_load(now, model, victims),
            Output::Changed {
                model,
                from,
                to,
                cause,
            } => self.enter_change(model, from, to, cause),
            Output::Prefetch { model } => self.enter_prefetch(model),
            Output::Unloaded { command } => {
                let targets = self.commands.remove(&command);
                let targets = targets.ok_or("nobody asked, or it was said twice")?;
                let left = targets.iter().any(|&(model, generation)| {
                    let process = self.models[model.index()].process;
                    process.is_some_and(|process| process.generation == generation)
                });
                demand(!left, || "not everybody is gone".to_owned())
            }
            Output::Finished => {
                self.finished = true;
                demand(self.shutting_down && self.live().is_empty(), || {
                    "nobody asked, or somebody still lives".to_owned()
                })
            }
        }
    }

    fn enter_load(&mut self, now: Timestamp, target: ModelId, victims: &[ModelId]) -> Verdict {
        demand(victims.is_sorted() && !victims.contains(&target), || {
            "victims out of order, or the target among them".to_owned()
        })?;
        let busy = victims
            .iter()
            .find(|&&victim| self.in_flight(victim) > 0 && !self.may_be_broken_off(now, victim));
        demand(busy.is_none(), || format!("4: {busy:?} is busy"))?;
        demand(self.waits_for(target), || "a load for nobody".to_owned())?;
        demand(!self.shutting_down, || "a load during shutdown".to_owned())?;
        self.loads_begun += 1;
        self.models[target.index()].load = Some(Load {
            number: self.loads_begun,
            victims: victims.to_vec(),
            is_older_than_rules: false,
        });
        Ok(())
    }

    fn enter_start(&mut self, now: Timestamp, model: ModelId, generation: Generation) -> Verdict {
        let live = self.models[model.index()].process;
        demand(live.is_none(), || format!("5: {live:?} still lives"))?;
        demand(Some(generation) > self.last_generation, || {
            "5: an old number".to_owned()
        })?;
        demand(self.waits_for(model), || "a start for nobody".to_owned())?;
        demand(!self.shutting_down, || "a start during shutdown".to_owned())?;
        self.last_generation = Some(generation);
        let plan = self.plan(model);
        let plan = plan.ok_or("a start of a model that is not configured")?;
        let until = now + plan.start_timeout;
        self.models[model.index()].process = Some(Process {
            generation,
            stage: Stage::Starting { until },
            condemned: false,
            outdated: None,
            survivor: false,
        });
        self.check_company(model)
    }

    fn enter_stop(
        &mut self,
        now: Timestamp,
        input: &Input,
        model: ModelId,
        generation: Generation,
    ) -> Verdict {
        let may_be_broken_off = self.may_be_broken_off(now, model);
        let busy = self.in_flight(model) > 0 && !may_be_broken_off;
        let waited_for = self.waits_for(model);
        let cause = self.models[model.index()].cause;
        let ttl = self.plan(model).and_then(|plan| plan.ttl);
        let idle_since = self.models[model.index()].idle_since;
        let pairwise = self.pairwise();
        let process = self.models[model.index()].process.as_mut();
        let process = process.filter(|process| process.generation == generation);
        let process = process.ok_or("no such process")?;
        let was = std::mem::replace(&mut process.stage, Stage::ToldToStop);
        if process.condemned {
            return Ok(());
        }
        if let Some(until) = process.outdated {
            let was_starting = matches!(was, Stage::Starting { .. });
            let expected = cause == Some(Cause::Reloaded) || was_starting || may_be_broken_off;
            demand(expected, || format!("stopped for {cause:?}"))?;
            return demand(was_starting || !busy || until <= now, || {
                "4: it is busy, and may still be".to_owned()
            });
        }
        let survivor = process.survivor;
        match was {
            Stage::Starting { until } => {
                let timed_out = *input == Input::Timeout && until <= now;
                // Under a matrix a waiting request may be in the queue while the load of its model goes on.
                // So it may when the rules have changed while it started.
                demand(timed_out || !waited_for || !pairwise || survivor, || {
                    "4: somebody waits for this load".to_owned()
                })
            }
            Stage::Ready => {
                demand(!busy, || "4: it is busy".to_owned())?;
                match cause {
                    Some(Cause::Idle) => {
                        let idle = ttl.is_some_and(|ttl| idle_since + ttl <= now);
                        demand(idle, || "T2: its idle time has not passed".to_owned())
                    }
                    Some(Cause::Evicted { by }) => {
                        let load = self.models[by.index()].load.as_ref();
                        let named = load.is_some_and(|load| load.victims.contains(&model));
                        demand(named, || "no load has named it".to_owned())
                    }
                    other => Err(format!("{other:?} is no cause to stop it")),
                }
            }
            Stage::ToldToStop => Err("told twice without an operator".to_owned()),
        }
    }

    fn enter_grant(
        &mut self,
        now: Timestamp,
        input: &Input,
        request: RequestId,
        model: ModelId,
        generation: Generation,
    ) -> Verdict {
        let process = self.models[model.index()].process;
        let ready = process.is_some_and(|process| {
            process.generation == generation
                && process.stage == Stage::Ready
                && !process.condemned
                && process.outdated.is_none()
        });
        demand(ready, || format!("granted on {process:?}"))?;
        demand(self.is_waiting(request), || {
            "1: it has its outcome already".to_owned()
        })?;
        let overtaken = self.overtaken_by(request);
        demand(overtaken.is_none(), || format!("6: {overtaken:?} came earlier"))?;
        let allowed = self.allowance(model);
        demand(self.in_flight(model) < allowed, || "2: over the limit".to_owned())?;
        let asked = self.open.get(request).map(|open| open.model);
        demand(asked == Some(model), || "on the wrong model".to_owned())?;
        self.open.grant(request, generation);
        self.models[model.index()].last_grant = now;
        self.check_company(model)?;
        // `fair` goes on serving a resident beside those whom the planner had left alone when they came (W13).
        let asks_planner = matches!(self.setting.strategy, Strategy::Fifo { .. });
        if asks_planner && self.pairwise() && matches!(input, Input::Request { .. }) {
            let mut victims = Vec::new();
            self.planner.victims(model, &self.live(), &mut victims);
            // Those that have left the configuration were there before.
            victims.retain(|&victim| self.plan(victim).is_some());
            demand(victims.is_empty(), || format!("3: served beside {victims:?}"))?;
        }
        Ok(())
    }

    fn enter_change(&mut self, model: ModelId, from: ModelState, to: ModelState, cause: Cause) -> Verdict {
        let books = &mut self.models[model.index()];
        demand(books.shown == from, || format!("it was {:?}", books.shown))?;
        books.shown = to;
        books.cause = Some(cause);
        let legal = matches!(
            (from, to),
            (ModelState::Stopped, ModelState::Starting)
                | (ModelState::Starting, ModelState::Ready | ModelState::Stopped)
                | (ModelState::Ready, ModelState::Stopping | ModelState::Stopped)
                | (ModelState::Stopping, ModelState::Stopped)
        );
        demand(legal, || "runtime.md 2.1 has no such transition".to_owned())
    }

    /// Invariant 3: of two live models the one whose load began later has left the other alone. If both loads are older
    /// than the present rules, either of the two; and a reload stops nobody only because of its neighbours.
    fn check_company(&self, model: ModelId) -> Verdict {
        for other in self.live() {
            if other == model || (self.is_survivor(other) && self.is_survivor(model)) {
                continue;
            }
            let load = |model: ModelId| self.models[model.index()].load.as_ref();
            let number = |model: ModelId| load(model).map(|load| load.number);
            let (later, earlier) = if number(model) > number(other) {
                (model, other)
            } else {
                (other, model)
            };
            load(later).ok_or("a process without a load")?;
            let evicts = |target: ModelId, victim: ModelId| {
                let named = load(target).is_some_and(|load| load.victims.contains(&victim));
                named || (self.pairwise() && self.would_evict(target, victim))
            };
            let is_older = |model: ModelId| {
                self.is_survivor(model) || load(model).is_some_and(|load| load.is_older_than_rules)
            };
            let excused = is_older(later) && is_older(earlier) && !evicts(earlier, later);
            demand(excused || !evicts(later, earlier), || {
                format!("3: {later:?} was to evict {earlier:?}")
            })?;
        }
        Ok(())
    }

    fn would_evict(&self, target: ModelId, other: ModelId) -> bool {
        let mut pair = [target, other];
        pair.sort_unstable();
        let mut victims = Vec::new();
        self.planner.victims(target, &pair, &mut victims);
        !victims.is_empty()
    }

    /// Whether the configuration lets requests be broken off that hold the model against one that is due.
    fn may_be_broken_off(&self, now: Timestamp, model: ModelId) -> bool {
        let timeout = match self.setting.strategy {
            Strategy::Fifo { limit: _ } => None,
            Strategy::Fair(plan) => plan.drain_timeout,
        };
        timeout.is_some_and(|timeout| self.models[model.index()].last_grant + timeout <= now)
    }

    /// Invariant 6: places count from 1; with `fifo` over all models, higher priority first, then in order of
    /// arrival; with `fair` among those who wait for the same model.
    fn check_places(&self, said: &[Output], herd: &Herd) -> Verdict {
        if !said.contains(&Output::Moved) {
            return Ok(());
        }
        let mut queue = Vec::new();
        for (request, place_in_model, open) in self.open.all_waiting() {
            let Some(place) = herd.position(request) else {
                continue;
            };
            match self.setting.strategy {
                Strategy::Fifo { limit: _ } => queue.push((place, std::cmp::Reverse(open.priority), request)),
                Strategy::Fair(_) => demand(place == place_in_model, || {
                    format!("6: {request:?} has place {place}, not {place_in_model}")
                })?,
            }
        }
        queue.sort_unstable();
        let counts = queue.iter().map(|entry| entry.0).eq(1..=queue.len());
        let in_order = queue.is_sorted_by_key(|&(_, priority, request)| (priority, request));
        demand(counts && in_order, || format!("6: the queue is {queue:?}"))
    }

    fn check_after(&self, input: &Input) -> Verdict {
        match input {
            Input::Unload { models, .. } => {
                let left = models.iter().find(|&&model| self.waits_for(model));
                demand(left.is_none(), || format!("somebody still waits for {left:?}"))
            }
            Input::Reconfigure { .. } if !self.shutting_down => {
                let removed = |model: &ModelId| self.waits_for(*model) && self.plan(*model).is_none();
                let left = self.all_models().find(removed);
                demand(left.is_none(), || format!("nobody will ever serve {left:?}"))
            }
            Input::Request { request, model } if self.plan(*model).is_none() => {
                demand(self.open.get(*request).is_none(), || {
                    "no such model, no answer".to_owned()
                })
            }
            Input::Request { .. }
            | Input::Cancel { .. }
            | Input::Done { .. }
            | Input::Ready { .. }
            | Input::Exited { .. }
            | Input::Timeout
            | Input::Reconfigure { .. }
            | Input::Shutdown { .. } => demand(!self.shutting_down || self.open.waiting() == 0, || {
                "somebody waits during shutdown".to_owned()
            }),
        }
    }

    /// Invariants 2 and 10: what the getters say is what the books say, and within the limits.
    fn check_getters(&self, herd: &Herd) -> Verdict {
        let mut running = Vec::new();
        for (index, books) in self.models.iter().enumerate() {
            let model = ModelId(index as u32);
            let said = (
                herd.in_flight(model),
                herd.reserved(model),
                herd.generation(model),
                herd.state(model),
            );
            let expected = (
                self.in_flight(model),
                self.reserved(model),
                books.process.map(|process| process.generation),
                books.shown,
            );
            demand(said == expected, || {
                format!("2: {model:?} says {said:?}, not {expected:?}")
            })?;
            let live = books.process.is_some();
            demand(live == (books.shown != ModelState::Stopped), || {
                format!("{model:?} shows {:?}", books.shown)
            })?;
            if live {
                running.push((model, books.shown));
            }
            let allowed = self.allowance(model);
            demand(
                !self.admits_reservations() || self.reserved(model) <= allowed,
                || format!("2: {model:?} has admitted too many"),
            )?;
        }
        demand(herd.running().eq(running.iter().copied()), || {
            "2: running() is wrong".to_owned()
        })?;
        let waiting = self.open.waiting();
        demand(herd.waiting() == waiting, || format!("2: {waiting} wait"))?;
        match self.setting.strategy {
            Strategy::Fifo { limit: _ } => demand(waiting <= MAX_WAITING, || "10: too many wait".to_owned()),
            Strategy::Fair(_) => self.all_models().try_for_each(|model| {
                let waiting = self.reserved(model) - self.in_flight(model);
                let allowed = self.plan(model).map_or(0, |plan| plan.queue_limit);
                demand(waiting <= allowed, || format!("10: too many wait for {model:?}"))
            }),
        }
    }

    /// Invariant 8, and that nobody waits for nothing.
    fn check_rest(&self, now: Timestamp, input: &Input, herd: &Herd) -> Verdict {
        let settled = self.models.iter().all(|books| {
            books
                .process
                .is_none_or(|process| process.stage == Stage::Ready && !process.condemned)
        });
        if !settled || self.open.any_in_flight() {
            return Ok(());
        }
        if let Strategy::Fair(_) = self.setting.strategy
            && !self.open.is_empty()
        {
            // An idle resident may linger, or have its turn; then a timer ends it. It may fire late, but not in vain.
            let asked = herd.poll_timeout();
            let helps = |asked| asked > now || *input != Input::Timeout;
            return demand(asked.is_some_and(helps), || {
                format!(
                    "everything rests, there wait {:?}, and the timer says {asked:?}",
                    self.open
                )
            });
        }
        demand(self.open.is_empty(), || {
            format!("everything rests, and yet there wait {:?}", self.open)
        })?;
        demand(self.commands.is_empty(), || {
            "everything rests, and a command does not end".to_owned()
        })?;
        let plans = &self.setting.models;
        let idle_clocks = self.models.iter().zip(plans).filter_map(|(books, plan)| {
            books.process?;
            Some(books.idle_since + plan.as_ref()?.ttl?)
        });
        let expected = idle_clocks.min();
        let asked = herd.poll_timeout();
        demand(asked == expected, || {
            format!("8: poll_timeout says {asked:?}, the idle clocks {expected:?}")
        })
    }

    fn all_models(&self) -> impl Iterator<Item = ModelId> {
        (0..self.models.len() as u32).map(ModelId)
    }

    fn close(&mut self, request: RequestId) -> Result<Open, String> {
        let open = self.open.remove(request);
        open.ok_or_else(|| "1: it has its outcome already".to_owned())
    }

    fn is_waiting(&self, request: RequestId) -> bool {
        self.open.get(request).is_some_and(|open| open.granted.is_none())
    }

    fn waits_for(&self, model: ModelId) -> bool {
        self.open.first_waiting(model).is_some()
    }

    /// Somebody who waits for the same model, came earlier and ranks no lower.
    fn overtaken_by(&self, request: RequestId) -> Option<RequestId> {
        match self.setting.strategy {
            Strategy::Fifo { limit: _ } => self.open.first_of_rank(request),
            Strategy::Fair(_) => {
                let first = self.open.first_waiting(self.open.get(request)?.model);
                first.filter(|&first| first != request)
            }
        }
    }

    fn plan(&self, model: ModelId) -> Option<&ModelPlan> {
        self.setting.models.get(model.index())?.as_ref()
    }

    fn concurrency_limit(&self, model: ModelId) -> u32 {
        self.plan(model).map_or(0, |plan| plan.concurrency_limit)
    }

    /// Whether the rules decide about each pair of models on its own; a matrix decides about whole combinations.
    fn pairwise(&self) -> bool {
        matches!(self.setting.rules, Rules::Groups(_))
    }

    fn in_flight(&self, model: ModelId) -> u32 {
        self.open.in_flight(model)
    }

    fn reserved(&self, model: ModelId) -> u32 {
        self.open.reserved(model)
    }

    fn live(&self) -> Vec<ModelId> {
        let live = |(index, books): (usize, &Books)| books.process.map(|_| ModelId(index as u32));
        self.models.iter().enumerate().filter_map(live).collect()
    }
}
