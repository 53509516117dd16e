//! One workload under one strategy: a virtual clock around the real [`Herd`], and what was seen.
//!
//! Unlike [`crate::World`] it does not look for trouble: processes and clients do what the workload says, so that the
//! figures of two strategies can be compared. Everybody draws from a source of their own; under each strategy the
//! same client's third call takes the same time. The [`Audit`] looks on.

use std::collections::BTreeMap;
use std::time::Duration;

use herder_core::planner::matrix::MatrixError;
use herder_core::{Exit, Generation, Herd, ModelId, ModelState, Output, RequestId, Strategy, Timestamp};

use crate::agenda::Agenda;
use crate::audit::Audit;
use crate::workload::{House, StartBehaviour, Workload};
use crate::{Input, Random};

/// How long an agent waits before it tries again after a refusal or a failure.
const RETRY_PAUSE: Duration = Duration::from_secs(5);
/// How often the herd may ask for its timer at one moment: more is a loop that the clock never leaves.
const TIMEOUTS_AT_ONCE: u32 = 1_000;
/// Kinds of random streams; the number of the model or agent is added.
const LOAD_STREAMS: u64 = 1 << 32;
const STOP_STREAMS: u64 = 2 << 32;
const AGENT_STREAMS: u64 = 3 << 32;

/// What was seen while a workload ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// How long it was watched: to the horizon, or until nothing was left to happen.
    pub lasted: Duration,
    /// Every request, in order of arrival.
    pub passages: Vec<Passage>,
    /// Every time that a model spent in a state other than stopped, by its beginning.
    pub spans: Vec<Span>,
    /// Processes started, by model.
    pub starts: Vec<u64>,
    /// How long each finished task of an agent took, from its first call to its last answer.
    pub tasks: Vec<Duration>,
    /// The first rule of the audit that was broken, in words; it looks no further then.
    pub violation: Option<String>,
}

/// One request's way through the herd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passage {
    /// For which model.
    pub model: ModelId,
    /// When it came.
    pub arrived: Timestamp,
    /// How far it got.
    pub outcome: Outcome,
}

/// How far a request got before the run was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It still waits.
    Waiting,
    /// It is being served.
    Serving {
        /// Since when.
        granted: Timestamp,
    },
    /// It has its answer.
    Served {
        /// When its turn came.
        granted: Timestamp,
        /// When the answer was complete.
        ended: Timestamp,
    },
    /// It was not admitted.
    Refused,
    /// It waited in vain: the model did not start.
    Failed {
        /// Until when.
        at: Timestamp,
    },
}

/// A model in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Which model.
    pub model: ModelId,
    /// In which state; never [`ModelState::Stopped`].
    pub state: ModelState,
    /// Since when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

#[derive(Debug, Clone, Copy)]
enum Event {
    /// The next one of the workload's arrivals.
    Arrival,
    Call(usize),
    Done(RequestId),
    Ready(ModelId, Generation),
    /// Only if this is still the moment at which the process is to end.
    Exit(ModelId, Generation),
}

#[derive(Debug)]
struct Simulation<'a> {
    workload: &'a Workload,
    herd: Herd,
    audit: Audit,
    agenda: Agenda<Event>,
    now: Timestamp,
    next_arrival: usize,
    agents: Vec<AgentState>,
    models: Vec<ModelProcess>,
    /// What belongs to the open requests, by number; the numbers are indices into `run.passages`.
    open: BTreeMap<RequestId, Open>,
    run: Run,
}

#[derive(Debug)]
struct AgentState {
    random: Random,
    /// The index of the next call of the task.
    next: usize,
    /// `None` between two tasks.
    task_began: Option<Timestamp>,
}

#[derive(Debug)]
struct ModelProcess {
    loads: Random,
    stops: Random,
    live: Option<Process>,
    shown: (ModelState, Timestamp),
}

#[derive(Debug, Clone, Copy)]
struct Process {
    generation: Generation,
    ends_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    service: Duration,
    agent: Option<usize>,
    granted: Option<Generation>,
}

/// Runs a workload under a strategy. Equal arguments give equal runs.
///
/// # Errors
/// When the rules of the workload's house contradict themselves.
pub fn simulate(workload: &Workload, strategy: Strategy, seed: u64) -> Result<Run, Vec<MatrixError>> {
    let house = &workload.house;
    let setting = house.setting(strategy);
    let mut simulation = Simulation {
        workload,
        herd: Herd::new(setting.plan()?),
        audit: Audit::new(setting),
        agenda: Agenda::new(),
        now: Timestamp::default(),
        next_arrival: 0,
        agents: agents(workload, seed),
        models: processes(house, seed),
        open: BTreeMap::new(),
        run: Run {
            lasted: workload.horizon,
            passages: Vec::new(),
            spans: Vec::new(),
            starts: vec![0; house.models.len()],
            tasks: Vec::new(),
            violation: None,
        },
    };
    simulation.run();
    Ok(simulation.run)
}

fn agents(workload: &Workload, seed: u64) -> Vec<AgentState> {
    let agent = |number| AgentState {
        random: Random::stream(seed, AGENT_STREAMS + number as u64),
        next: 0,
        task_began: None,
    };
    (0..workload.agents.len()).map(agent).collect()
}

fn processes(house: &House, seed: u64) -> Vec<ModelProcess> {
    let process = |number| ModelProcess {
        loads: Random::stream(seed, LOAD_STREAMS + number as u64),
        stops: Random::stream(seed, STOP_STREAMS + number as u64),
        live: None,
        shown: (ModelState::Stopped, Timestamp::default()),
    };
    (0..house.models.len()).map(process).collect()
}

impl Simulation<'_> {
    fn run(&mut self) {
        for agent in 0..self.agents.len() {
            self.agenda.add(self.now, Event::Call(agent));
        }
        self.expect_arrival();
        let horizon = Timestamp(self.workload.horizon);
        let mut timeouts = 0;
        while !self.is_over() {
            let timer = self.herd.poll_timeout().map(|at| at.max(self.now));
            let planned = self.agenda.next();
            let Some(next) = [timer, planned].into_iter().flatten().min() else {
                break;
            };
            if next > horizon {
                break;
            }
            timeouts = if next == self.now { timeouts } else { 0 };
            self.now = next;
            if timer == Some(next) {
                timeouts += 1;
                if timeouts > TIMEOUTS_AT_ONCE {
                    self.complain("the herd's timer does not let time go on");
                    break;
                }
                self.feed(&Input::Timeout);
            } else if let Some((_, event)) = self.agenda.pop() {
                self.happen(event);
            }
        }
        // Only a log comes to an end before the horizon.
        self.run.lasted = if self.is_over() { self.now.0 } else { horizon.0 };
        self.close_spans();
    }

    /// Whether nobody is left who wants anything.
    fn is_over(&self) -> bool {
        self.agents.is_empty() && self.open.is_empty() && self.next_arrival == self.workload.arrivals.len()
    }

    fn expect_arrival(&mut self) {
        if let Some(arrival) = self.workload.arrivals.get(self.next_arrival) {
            self.agenda.add(arrival.at, Event::Arrival);
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrival => {
                let arrival = self.workload.arrivals[self.next_arrival];
                self.next_arrival += 1;
                self.expect_arrival();
                self.ask(arrival.model, arrival.service, None);
            }
            Event::Call(agent) => {
                let plan = &self.workload.agents[agent];
                let state = &mut self.agents[agent];
                state.task_began.get_or_insert(self.now);
                let service = state.random.milliseconds(plan.service.clone());
                let model = plan.calls[state.next];
                self.ask(model, service, Some(agent));
            }
            Event::Done(request) => self.done(request),
            Event::Ready(model, generation) => self.feed(&Input::Ready { model, generation }),
            Event::Exit(model, generation) => self.exit(model, generation),
        }
    }

    fn ask(&mut self, model: ModelId, service: Duration, agent: Option<usize>) {
        let request = RequestId(self.run.passages.len() as u64);
        self.run.passages.push(Passage {
            model,
            arrived: self.now,
            outcome: Outcome::Waiting,
        });
        let granted = None;
        self.open.insert(
            request,
            Open {
                service,
                agent,
                granted,
            },
        );
        self.feed(&Input::Request { request, model });
    }

    fn done(&mut self, request: RequestId) {
        // A request that was cut with its process is done already.
        let Some(open) = self.open.remove(&request) else {
            return;
        };
        let passage = &mut self.run.passages[request.0 as usize];
        if let Outcome::Serving { granted } = passage.outcome {
            passage.outcome = Outcome::Served {
                granted,
                ended: self.now,
            };
        }
        self.feed(&Input::Done { request });
        if let Some(agent) = open.agent {
            self.answered(agent);
        }
    }

    /// The agent thinks, then makes its next call.
    fn answered(&mut self, agent: usize) {
        let plan = &self.workload.agents[agent];
        let state = &mut self.agents[agent];
        state.next += 1;
        if state.next == plan.calls.len() {
            state.next = 0;
            let began = state.task_began.take().unwrap_or(self.now);
            self.run.tasks.push(self.now.since(began));
        }
        let think = state.random.milliseconds(plan.think.clone());
        self.agenda.add(self.now + think, Event::Call(agent));
    }

    fn exit(&mut self, model: ModelId, generation: Generation) {
        let process = &mut self.models[model.index()].live;
        let due = process.is_some_and(|process| {
            process.generation == generation && process.ends_at.is_some_and(|ends_at| ends_at <= self.now)
        });
        if !due {
            return;
        }
        *process = None;
        let cut: Vec<RequestId> = self
            .open
            .iter()
            .filter(|(_, open)| open.granted == Some(generation))
            .map(|(&request, _)| request)
            .collect();
        let exit = Exit::Ended;
        self.feed(&Input::Exited {
            model,
            generation,
            exit,
        });
        for request in cut {
            self.done(request);
        }
    }

    fn feed(&mut self, input: &Input) {
        input.feed(self.now, &mut self.herd);
        let said: Vec<Output> = std::iter::from_fn(|| self.herd.poll_output()).collect();
        for output in &said {
            self.obey(output);
        }
        if self.run.violation.is_none()
            && let Err(complaint) = self.audit.examine(self.now, input, &said, &self.herd)
        {
            self.complain(&format!("{input:?}: {complaint}"));
        }
    }

    fn complain(&mut self, complaint: &str) {
        self.run.violation = Some(format!("{:?}: {complaint}", self.now.0));
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
            } => self.grant(request, generation),
            Output::Reject { request, .. } => self.turn_away(request, Outcome::Refused),
            Output::Fail { request, .. } => self.turn_away(request, Outcome::Failed { at: self.now }),
            Output::Changed { model, to, .. } => self.change(model, to),
            // In this world a load takes its time, whatever has been read before.
            Output::Prefetch { .. }
            | Output::Moved
            | Output::Load { .. }
            | Output::Unloaded { .. }
            | Output::Finished => {}
        }
    }

    fn spawn(&mut self, model: ModelId, generation: Generation) {
        let simulated = &self.workload.house.models[model.index()];
        let process = &mut self.models[model.index()];
        let loaded_at = self.now + process.loads.milliseconds(simulated.load.clone());
        let ends_at = match simulated.start {
            StartBehaviour::Succeeds => {
                self.agenda.add(loaded_at, Event::Ready(model, generation));
                None
            }
            StartBehaviour::Fails => {
                self.agenda.add(loaded_at, Event::Exit(model, generation));
                Some(loaded_at)
            }
        };
        process.live = Some(Process { generation, ends_at });
        self.run.starts[model.index()] += 1;
    }

    fn stop(&mut self, model: ModelId, generation: Generation, grace: Duration) {
        let times = self.workload.house.models[model.index()].stop.clone();
        let process = &mut self.models[model.index()];
        let ends_at = self.now + process.stops.milliseconds(times).min(grace);
        if let Some(live) = &mut process.live
            && live.generation == generation
            && live.ends_at.is_none_or(|planned| ends_at < planned)
        {
            live.ends_at = Some(ends_at);
            self.agenda.add(ends_at, Event::Exit(model, generation));
        }
    }

    fn grant(&mut self, request: RequestId, generation: Generation) {
        if let Some(open) = self.open.get_mut(&request) {
            open.granted = Some(generation);
            self.agenda.add(self.now + open.service, Event::Done(request));
        }
        self.run.passages[request.0 as usize].outcome = Outcome::Serving { granted: self.now };
    }

    /// The agent tries the same call again after a pause.
    fn turn_away(&mut self, request: RequestId, outcome: Outcome) {
        self.run.passages[request.0 as usize].outcome = outcome;
        if let Some(Open {
            agent: Some(agent), ..
        }) = self.open.remove(&request)
        {
            self.agenda.add(self.now + RETRY_PAUSE, Event::Call(agent));
        }
    }

    fn change(&mut self, model: ModelId, to: ModelState) {
        let shown = &mut self.models[model.index()].shown;
        let (state, from) = std::mem::replace(shown, (to, self.now));
        if state != ModelState::Stopped {
            self.run.spans.push(Span {
                model,
                state,
                from,
                until: self.now,
            });
        }
    }

    fn close_spans(&mut self) {
        self.now = Timestamp(self.run.lasted);
        for index in 0..self.models.len() {
            self.change(ModelId(index as u32), ModelState::Stopped);
        }
        self.run.spans.sort_by_key(|span| (span.from, span.model));
    }
}
