//! The world around the herd: a virtual clock and everybody who acts on it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use herder_core::planner::matrix::MatrixError;
use herder_core::{CommandId, Exit, Generation, ModelId, ModelState, Output, RequestId, Timestamp};

use crate::agenda::Agenda;
use crate::{Checks, Ending, Input, Random, Scenario, Setting, Trial, Violation};

/// Most inputs between the last arrival and the end: a herd that does not come to rest is a finding, not a reason
/// to run for ever. The longest honest end (a full house of 9 models, each with a few waiting requests) takes
/// some hundreds.
const END_LIMIT: u64 = 20_000;
/// Longest time from the end of a process to the end of the responses it was writing, in milliseconds.
const BREAK_OFF: u64 = 50;
/// How often, per mille, the probe still reports ready although the process was just told to stop.
const LATE_READY: u32 = 500;
/// How often, per mille, the timer fires after something that was due later.
const LATE_TIMER: u32 = 100;
/// How often, per mille, a client asks for a model that nobody configured.
const UNKNOWN_MODEL: u32 = 5;
/// Longest time that a shutdown lets requests finish, in milliseconds.
const LONGEST_SHUTDOWN: u64 = 30_000;

/// Longest time that requests of a start which does not fit a new configuration may take, in milliseconds.
const LONGEST_DRAIN: u64 = 60_000;

/// A running simulation.
#[derive(Debug)]
pub struct World {
    scenario: Scenario,
    random: Random,
    trial: Trial,
    now: Timestamp,
    agenda: Agenda<Event>,
    phase: Phase,
    /// The live process of each model.
    processes: BTreeMap<ModelId, Process>,
    waiting: BTreeSet<RequestId>,
    serving: BTreeMap<RequestId, Generation>,
    requests: u64,
    commands: u64,
    generations: u64,
    /// Most clients want this one, until an operator looks in.
    favourite: ModelId,
    finished: bool,
    /// The configuration of the day.
    setting: Setting,
    reloads: u64,
}

/// What a run has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Inputs fed to the herd.
    pub inputs: u64,
    /// Requests that arrived.
    pub requests: u64,
    /// Processes that were started.
    pub starts: u64,
    /// How often the configuration was loaded again.
    pub reloads: u64,
    /// Virtual time that passed.
    pub lasted: Duration,
    /// A fingerprint of everything the herd said.
    pub digest: crate::Digest,
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Arrival,
    Leave(RequestId),
    Done(RequestId),
    Ready(ModelId, Generation),
    /// Only if this is still the moment at which the process is to end.
    Exit(ModelId, Generation, Exit),
    Operator,
    Reload,
    Stray,
    Shutdown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Busy,
    /// Nobody new comes.
    Settling,
    ShuttingDown,
}

#[derive(Debug, Clone, Copy)]
struct Process {
    generation: Generation,
    /// Never becomes ready, or will not before it ends.
    ready_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    told_to_stop: bool,
}

impl World {
    /// A world in which nothing has happened yet.
    ///
    /// # Errors
    /// When the matrix of the scenario contradicts itself.
    pub fn new(scenario: Scenario, checks: Checks) -> Result<Self, Vec<MatrixError>> {
        let trial = Trial::new(&scenario, checks)?;
        let mut world = Self {
            random: Random::new(scenario.seed.wrapping_add(1)),
            trial,
            now: Timestamp::default(),
            agenda: Agenda::new(),
            phase: Phase::Busy,
            processes: BTreeMap::new(),
            waiting: BTreeSet::new(),
            serving: BTreeMap::new(),
            requests: 0,
            commands: 0,
            generations: 0,
            favourite: ModelId(0),
            finished: false,
            setting: scenario.setting.clone(),
            reloads: 0,
            scenario,
        };
        world.agenda.add(world.now, Event::Arrival);
        world.plan_operator();
        world.plan_reload();
        world.plan_stray();
        Ok(world)
    }

    /// Lets about so many inputs happen, then brings everything to its end.
    ///
    /// # Errors
    /// The first violation.
    pub fn run(&mut self, inputs: u64) -> Result<Summary, Box<Violation>> {
        while self.trial.inputs() < inputs {
            self.step()?;
        }
        let limit = self.trial.inputs() + END_LIMIT;
        if self.scenario.ending == Ending::Settled {
            self.phase = Phase::Settling;
            while self.step()? {
                self.demand_end_before(limit)?;
            }
            self.demand_nothing_left()?;
        }
        self.phase = Phase::ShuttingDown;
        self.agenda.add(self.now, Event::Shutdown);
        while self.step()? {
            self.demand_end_before(limit)?;
        }
        self.demand_nothing_left()?;
        if !self.finished || !self.processes.is_empty() {
            return Err(self.violation("the shutdown did not finish"));
        }
        Ok(Summary {
            inputs: self.trial.inputs(),
            requests: self.requests,
            starts: self.generations,
            reloads: self.reloads,
            lasted: self.now.0,
            digest: self.trial.digest(),
        })
    }

    /// The bench on which the herd stands.
    #[must_use]
    pub fn trial(&self) -> &Trial {
        &self.trial
    }

    /// One event, or one turn of the herd's own timer. False when nothing is left to happen.
    fn step(&mut self) -> Result<bool, Box<Violation>> {
        let timer = self.trial.herd().poll_timeout();
        let planned = self.agenda.next();
        let timer_first = match (timer, planned) {
            (None, None) => return Ok(false),
            (Some(timer), Some(planned)) => timer <= planned && !self.random.chance(LATE_TIMER),
            (Some(_), None) => true,
            (None, Some(_)) => false,
        };
        if timer_first && let Some(deadline) = timer {
            self.now = self.now.max(deadline);
            self.feed(&Input::Timeout)?;
        } else if let Some((at, event)) = self.agenda.pop() {
            self.now = self.now.max(at);
            self.happen(event)?;
        }
        Ok(true)
    }

    fn happen(&mut self, event: Event) -> Result<(), Box<Violation>> {
        match event {
            Event::Arrival => self.arrive(),
            Event::Leave(request) | Event::Done(request) if self.serving.contains_key(&request) => {
                self.serving.remove(&request);
                self.feed(&Input::Done { request })
            }
            Event::Leave(request) if self.waiting.remove(&request) => self.feed(&Input::Cancel { request }),
            Event::Leave(_) | Event::Done(_) => Ok(()),
            Event::Ready(model, generation) => self.feed(&Input::Ready { model, generation }),
            Event::Exit(model, generation, exit) => self.exit(model, generation, exit),
            Event::Operator => self.operate(),
            Event::Reload => self.reload(),
            Event::Stray => self.stray(),
            Event::Shutdown => {
                let deadline = self.now + self.random.milliseconds(0..=LONGEST_SHUTDOWN);
                if !self.finished && self.random.chance(300) {
                    // The operator presses the key once more.
                    let impatience = self.random.milliseconds(0..=5_000);
                    self.agenda.add(self.now + impatience, Event::Shutdown);
                }
                self.feed(&Input::Shutdown { deadline })
            }
        }
    }

    fn arrive(&mut self) -> Result<(), Box<Violation>> {
        if self.phase == Phase::Settling || self.finished {
            return Ok(());
        }
        let gap = self
            .random
            .milliseconds(self.scenario.behaviour.arrival_gap.clone());
        self.agenda.add(self.now + gap, Event::Arrival);
        let count = self.setting.models.len();
        let model = if self.random.chance(UNKNOWN_MODEL) {
            ModelId(count as u32)
        } else if self.random.chance(400) {
            self.favourite
        } else {
            ModelId(self.random.index(count) as u32)
        };
        self.requests += 1;
        let request = RequestId(self.requests);
        self.waiting.insert(request);
        if self.random.chance(self.scenario.behaviour.leaves) {
            let patience = self.random.milliseconds(self.scenario.behaviour.patience.clone());
            self.agenda.add(self.now + patience, Event::Leave(request));
        }
        self.feed(&Input::Request { request, model })
    }

    fn exit(&mut self, model: ModelId, generation: Generation, exit: Exit) -> Result<(), Box<Violation>> {
        let due = self.processes.get(&model).is_some_and(|process| {
            process.generation == generation && process.ends_at.is_some_and(|ends_at| ends_at <= self.now)
        });
        if !due {
            return Ok(());
        }
        self.processes.remove(&model);
        let cut = self.serving.iter().filter(|&(_, &by)| by == generation);
        for request in cut.map(|(&request, _)| request).collect::<Vec<_>>() {
            let delay = self.random.milliseconds(0..=BREAK_OFF);
            self.agenda.add(self.now + delay, Event::Done(request));
        }
        self.feed(&Input::Exited {
            model,
            generation,
            exit,
        })
    }

    fn operate(&mut self) -> Result<(), Box<Violation>> {
        if self.phase == Phase::Settling || self.finished {
            return Ok(());
        }
        self.plan_operator();
        let count = self.setting.models.len();
        self.favourite = ModelId(self.random.index(count) as u32);
        let share = [1000, 300, 100][self.random.index(3)];
        let mut models = Vec::new();
        for index in 0..count {
            if self.random.chance(share) {
                models.push(ModelId(index as u32));
            }
        }
        let grace = self
            .random
            .chance(500)
            .then(|| self.random.milliseconds(0..=5_000));
        self.commands += 1;
        self.feed(&Input::Unload {
            command: CommandId(self.commands),
            models,
            grace,
        })
    }

    fn reload(&mut self) -> Result<(), Box<Violation>> {
        if self.phase == Phase::Settling || self.finished {
            return Ok(());
        }
        self.plan_reload();
        // A shutdown ignores it, new models included.
        let setting = match self.phase {
            Phase::Busy | Phase::Settling => self.setting.changed(&mut self.random),
            Phase::ShuttingDown => self.setting.clone(),
        };
        let share = [0, 0, 200, 1000][self.random.index(4)];
        let mut outdated: Vec<ModelId> = setting.configured().collect();
        outdated.retain(|_| self.random.chance(share));
        self.setting = setting.clone();
        self.reloads += 1;
        let drain_until = self.now + self.random.milliseconds(0..=LONGEST_DRAIN);
        self.feed(&Input::Reconfigure {
            setting: Box::new(setting),
            outdated,
            drain_until,
        })
    }

    /// Something that concerns nobody: an early timer, a report about a start that is not the present one, the
    /// end of a request that has ended.
    fn stray(&mut self) -> Result<(), Box<Violation>> {
        if self.phase == Phase::Settling || self.finished {
            return Ok(());
        }
        self.plan_stray();
        let model = ModelId(self.random.index(self.setting.models.len()) as u32);
        let generation = Generation(self.random.within(0..=self.generations));
        let request = RequestId(self.random.within(0..=self.requests));
        let live = self.trial.herd().generation(model);
        match self.random.below(5) {
            0 if live != Some(generation) => self.feed(&Input::Ready { model, generation }),
            1 if live != Some(generation) => {
                let exit = if self.random.chance(500) {
                    Exit::Ended
                } else {
                    Exit::SpawnFailed
                };
                self.feed(&Input::Exited {
                    model,
                    generation,
                    exit,
                })
            }
            2 if !self.waiting.contains(&request) => self.feed(&Input::Cancel { request }),
            3 if !self.serving.contains_key(&request) => self.feed(&Input::Done { request }),
            _ => self.feed(&Input::Timeout),
        }
    }

    fn feed(&mut self, input: &Input) -> Result<(), Box<Violation>> {
        self.trial.feed(self.now, input)?;
        for output in self.trial.take_outputs() {
            self.obey(&output);
        }
        Ok(())
    }

    fn obey(&mut self, output: &Output) {
        match *output {
            Output::Start { model, generation } => self.spawn(model, generation),
            Output::Stop {
                model,
                generation,
                grace,
            } => self.stop(model, generation, grace),
            Output::Grant {
                request, generation, ..
            } => {
                self.waiting.remove(&request);
                self.serving.insert(request, generation);
                let hold = self.random.milliseconds(self.scenario.behaviour.hold.clone());
                self.agenda.add(self.now + hold, Event::Done(request));
            }
            Output::Reject { request, .. } | Output::Fail { request, .. } => {
                self.waiting.remove(&request);
            }
            Output::Finished => self.finished = true,
            Output::Moved
            | Output::Load { .. }
            | Output::Changed { .. }
            | Output::Prefetch { .. }
            | Output::Unloaded { .. } => {}
        }
    }

    /// Decides the fate of a new process.
    fn spawn(&mut self, model: ModelId, generation: Generation) {
        self.generations = self.generations.max(generation.0);
        let behaviour = self.scenario.behaviour.clone();
        let loaded_at = self.now + self.random.milliseconds(behaviour.load.clone());
        let mut process = Process {
            generation,
            ready_at: None,
            ends_at: None,
            told_to_stop: false,
        };
        let mut exit = Exit::Ended;
        if self.random.chance(behaviour.spawn_fails) {
            exit = Exit::SpawnFailed;
            process.ends_at = Some(self.now + self.random.milliseconds(0..=5));
        } else if self.random.chance(behaviour.crashes_loading) {
            process.ends_at = Some(loaded_at);
        } else if !self.random.chance(behaviour.hangs) {
            process.ready_at = Some(loaded_at);
            if self.random.chance(behaviour.crashes_ready) {
                process.ends_at = Some(loaded_at + self.random.milliseconds(0..=60_000));
            }
        }
        if let Some(ready_at) = process.ready_at {
            self.agenda.add(ready_at, Event::Ready(model, generation));
        }
        if let Some(ends_at) = process.ends_at {
            self.agenda.add(ends_at, Event::Exit(model, generation, exit));
        }
        self.processes.insert(model, process);
    }

    fn stop(&mut self, model: ModelId, generation: Generation, grace: Duration) {
        let behaviour = self.scenario.behaviour.clone();
        let Some(mut process) = self
            .processes
            .get(&model)
            .copied()
            .filter(|process| process.generation == generation)
        else {
            return;
        };
        let killed_at = self.now + grace;
        let ends_at = if process.told_to_stop || self.random.chance(behaviour.ignores_stop) {
            killed_at
        } else {
            killed_at.min(self.now + self.random.milliseconds(behaviour.stop.clone()))
        };
        if let Some(ready_at) = process.ready_at
            && ready_at > self.now
            && self.random.chance(LATE_READY)
        {
            self.agenda.add(self.now, Event::Ready(model, generation));
        }
        process.told_to_stop = true;
        if process.ends_at.is_none_or(|planned| ends_at < planned) {
            process.ends_at = Some(ends_at);
            self.agenda
                .add(ends_at, Event::Exit(model, generation, Exit::Ended));
        }
        self.processes.insert(model, process);
    }

    fn plan_operator(&mut self) {
        let gap = self
            .random
            .milliseconds(self.scenario.behaviour.operator_gap.clone());
        self.agenda.add(self.now + gap, Event::Operator);
    }

    fn plan_reload(&mut self) {
        let gap = self
            .random
            .milliseconds(self.scenario.behaviour.reload_gap.clone());
        self.agenda.add(self.now + gap, Event::Reload);
    }

    fn plan_stray(&mut self) {
        let gap = self
            .random
            .milliseconds(self.scenario.behaviour.stray_gap.clone());
        self.agenda.add(self.now + gap, Event::Stray);
    }

    fn demand_end_before(&self, limit: u64) -> Result<(), Box<Violation>> {
        if self.trial.inputs() > limit {
            return Err(self.violation("the world does not come to rest"));
        }
        Ok(())
    }

    /// At rest nothing may be open: neither here nor in the herd's books.
    fn demand_nothing_left(&self) -> Result<(), Box<Violation>> {
        let herd = self.trial.herd();
        let unsettled = herd.running().any(|(_, state)| state != ModelState::Ready);
        let all_models = (0..self.setting.models.len() as u32).map(ModelId);
        let reserved: u32 = all_models.map(|model| herd.reserved(model)).sum();
        if unsettled || reserved > 0 || !self.waiting.is_empty() || !self.serving.is_empty() {
            let left = format!(
                "nothing more happens, and yet there are left {:?} {:?}, reserved {reserved}, {:?}",
                self.waiting,
                self.serving,
                herd.running().collect::<Vec<_>>()
            );
            return Err(self.violation(&left));
        }
        Ok(())
    }

    fn violation(&self, complaint: &str) -> Box<Violation> {
        Box::new(self.trial.violation(complaint.to_owned()))
    }
}
