//! Reads trace rows and replays them against the real [`Herd`].
//!
//! The notation is that of spec/runtime.md 1.15. Rows of `fair` are about time as well, so they have more events:
//! `T 5s` lets time pass (timers fire on the way), `E r2` asks for the
//! estimate of a request, `G oak` reports that the process of oak is gone. And their initial
//! states have more settings: the keys of `fair`, `load.oak=5s` for `loadTime`, `qlim.oak=1` for `queueLimit`. A model
//! that is ready initially has just become so, and its load took its `loadTime`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use herder_core::planner::groups::{GroupPlanner, GroupSpecification};
use herder_core::planner::{Explanation, Planner};
use herder_core::{
    CommandId, DEFAULT_LOAD_TIME, Exit, Factor, Failure, Generation, Herd, Linger, ModelId, ModelPlan,
    ModelState, Output, Plan, Refusal, RequestId, Timestamp,
};
pub(crate) use herder_core::{FairPlan, Limit, Strategy};

/// The name the spec uses for a model that nobody configured.
const UNKNOWN: &str = "yew";

/// One row of a trace table.
pub(crate) struct Row<'a> {
    pub(crate) id: &'a str,
    planner: &'a str,
    initial: &'a str,
    steps: Vec<(&'a str, &'a str)>,
}

pub(crate) fn row_ids(table: &str) -> impl Iterator<Item = &str> {
    table
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| id"))
        .map(|line| line.split('|').nth(1).expect("a table row has cells").trim())
}

pub(crate) fn rows(table: &str) -> impl Iterator<Item = Row<'_>> {
    table
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| id"))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [_, id, _, planner, initial, trace, _] = cells[..] else {
                panic!("six cells: {line}")
            };
            let steps = trace
                .split(" · ")
                .map(|step| {
                    step.split_once(" ⇒ ")
                        .unwrap_or_else(|| panic!("{id}: no effect in {step:?}"))
                })
                .collect();
            Row {
                id,
                planner,
                initial,
                steps,
            }
        })
}

/// Replays the row and compares the effects of every step.
pub(crate) fn replay(row: &Row<'_>, strategy: Strategy) {
    let mut world = World::new(row, strategy);
    for (index, &(event, expected)) in row.steps.iter().enumerate() {
        let seen = world.step(event);
        let seen = if seen.is_empty() {
            "—".to_owned()
        } else {
            seen.join(", ")
        };
        assert_eq!(seen, expected, "{} step {} ({event})", row.id, index + 1);
        world.check_counts();
    }
}

/// Answers always the same victims for a target, whether or not they run.
#[derive(Debug)]
struct FixedPlanner(BTreeMap<ModelId, Vec<ModelId>>);

impl Planner for FixedPlanner {
    fn victims(&self, target: ModelId, _running: &[ModelId], victims: &mut Vec<ModelId>) {
        victims.extend(self.0.get(&target).into_iter().flatten());
    }

    fn explain(&self, _target: ModelId, _running: &[ModelId]) -> Explanation {
        Explanation::Groups
    }
}

/// Evicts nothing until the initial states are set up.
#[derive(Debug)]
struct AfterSetUp {
    planner: Box<dyn Planner>,
    done: Arc<AtomicBool>,
}

impl Planner for AfterSetUp {
    fn victims(&self, target: ModelId, running: &[ModelId], victims: &mut Vec<ModelId>) {
        if self.done.load(Ordering::Relaxed) {
            self.planner.victims(target, running, victims);
        }
    }

    fn explain(&self, target: ModelId, running: &[ModelId]) -> Explanation {
        self.planner.explain(target, running)
    }
}

/// A model about which the row says nothing.
const PLAN: ModelPlan = ModelPlan {
    concurrency_limit: 10,
    queue_limit: 512,
    priority: 0,
    ttl: None,
    unload_timeout: Duration::from_secs(10),
    start_timeout: Duration::from_secs(120),
    load_time: None,
};

struct World {
    herd: Herd,
    /// Stands still, unless a row says otherwise.
    now: Timestamp,
    /// How long the loads take that bring about the initial states.
    load_times: Vec<Duration>,
    names: Vec<String>,
    requests: u64,
    commands: u64,
    gone: BTreeSet<RequestId>,
    /// Who has come for what.
    asked: BTreeMap<RequestId, ModelId>,
    /// The places in the queue that were told last.
    told: BTreeMap<RequestId, usize>,
    granted: BTreeMap<ModelId, Vec<RequestId>>,
    /// Victims of the newest load of each target.
    victims: BTreeMap<ModelId, Vec<ModelId>>,
    /// What the text of a failed start was.
    failures: BTreeMap<Generation, String>,
    /// Every generation ever started of each model, oldest first.
    generations: BTreeMap<ModelId, Vec<Generation>>,
    admits_on_arrival: bool,
    /// The configuration of the moment.
    plans: Vec<Option<ModelPlan>>,
    rules: String,
    strategy: Strategy,
    /// Ends that are no victim's are effects of the event.
    tells_stops: bool,
    /// What is read ahead is an effect of the event: only in rows about that, the others are older.
    tells_prefetch: bool,
}

/// Effects in order; places in the queue stand apart.
#[derive(Default)]
struct Effects {
    texts: Vec<String>,
    positions: Vec<String>,
    stops: Vec<(ModelId, Duration)>,
    /// Victims of the loads seen so far.
    evicted: Vec<ModelId>,
}

impl World {
    fn new(row: &Row<'_>, mut strategy: Strategy) -> Self {
        let names = model_names(row);
        let id = |name: &str| {
            ModelId(
                names
                    .iter()
                    .position(|other| other == name)
                    .expect("named in the row") as u32,
            )
        };
        let mut models = vec![PLAN; names.len()];
        let mut states = Vec::new();
        let mut absent = Vec::new();
        for setting in row.initial.split_whitespace().filter(|&setting| setting != "—") {
            let (key, value) = setting.split_once('=').expect("initial is key=value");
            match key.split_once('.') {
                Some(("lim", name)) => {
                    models[id(name).index()].concurrency_limit = value.parse().expect("a number");
                }
                Some(("pri", name)) => models[id(name).index()].priority = value.parse().expect("a number"),
                Some(("load", name)) => models[id(name).index()].load_time = Some(span(value)),
                Some(("qlim", name)) => {
                    models[id(name).index()].queue_limit = value.parse().expect("a number");
                }
                Some(_) => panic!("unknown setting {setting}"),
                None if FAIR_KEYS.contains(&key) => {
                    let Strategy::Fair(plan) = &mut strategy else {
                        panic!("{key} is a key of fair")
                    };
                    set_key(plan, key, value);
                }
                None if value == "absent" => absent.push(id(key)),
                None => states.push((id(key), value)),
            }
        }
        let load_times = models
            .iter()
            .map(|model| match strategy {
                Strategy::Fifo { .. } => Duration::ZERO,
                Strategy::Fair(_) => model.load_time.unwrap_or(DEFAULT_LOAD_TIME),
            })
            .collect();
        let mut plans: Vec<Option<ModelPlan>> = models.into_iter().map(Some).collect();
        for model in absent {
            plans[model.index()] = None;
        }
        let done = Arc::new(AtomicBool::new(false));
        let planner = AfterSetUp {
            planner: planner(row.planner, &plans, &id),
            done: done.clone(),
        };
        let mut world = Self {
            herd: Herd::new(Plan {
                models: plans.clone(),
                planner: Box::new(planner),
                strategy,
            }),
            now: Timestamp::default(),
            load_times,
            names: names.clone(),
            requests: 0,
            commands: 0,
            gone: BTreeSet::new(),
            asked: BTreeMap::new(),
            told: BTreeMap::new(),
            granted: BTreeMap::new(),
            victims: BTreeMap::new(),
            failures: BTreeMap::new(),
            generations: BTreeMap::new(),
            admits_on_arrival: strategy != Strategy::Fifo { limit: Limit::Grant },
            plans,
            rules: row.planner.to_owned(),
            strategy,
            tells_stops: false,
            tells_prefetch: row.id.starts_with('A'),
        };
        for (model, state) in states {
            world.bring_to(model, state);
        }
        done.store(true, Ordering::Relaxed);
        world
    }

    /// Set-up: one request comes and goes, and the model stays ready.
    fn bring_to(&mut self, model: ModelId, state: &str) {
        if state == "stopped" {
            return;
        }
        let request = RequestId(u64::MAX);
        self.herd.handle_request(self.now, request, model);
        self.collect();
        self.now = self.now + self.load_times[model.index()];
        self.report_ready(model);
        self.herd.handle_done(self.now, request);
        if state == "stopping" {
            self.unload(&[model], Duration::from_secs(1));
        }
        self.collect();
        self.granted.clear();
        let expected = if state == "ready" {
            ModelState::Ready
        } else {
            ModelState::Stopping
        };
        assert_eq!(self.herd.state(model), expected);
    }

    fn step(&mut self, event: &str) -> Vec<String> {
        let words: Vec<&str> = event.split_whitespace().collect();
        let mut effects = Vec::new();
        self.tells_stops = matches!(words[0], "R" | "S" | "AT");
        match words[..] {
            ["Q", name] => {
                self.requests += 1;
                let request = RequestId(self.requests);
                let model = if name == UNKNOWN {
                    ModelId(u32::MAX)
                } else {
                    self.id(name)
                };
                self.asked.insert(request, model);
                self.herd.handle_request(self.now, request, model);
                let seen = self.collect();
                let refused = seen.texts.iter().any(|text| text.starts_with("rej"));
                if self.admits_on_arrival && !refused {
                    effects.push(format!("adm r{}", self.requests));
                }
                effects.extend(seen.into_texts());
            }
            ["D", name, ref outcome @ ..] => {
                let model = self.id(name);
                // The reference's load reports once, when its victims are gone and its target is up.
                self.report_victims_gone(model);
                match outcome {
                    ["ok"] => self.report_ready(model),
                    ["err", text] => self.report_failed(model, text),
                    _ => panic!("unknown outcome in {event}"),
                }
                effects.extend(self.collect().into_texts());
            }
            ["S", name] => {
                let model = self.id(name);
                let request = self
                    .granted
                    .get_mut(&model)
                    .expect("something was granted")
                    .remove(0);
                self.herd.handle_done(self.now, request);
                effects.extend(self.collect().into_texts());
            }
            ["X", request] => {
                self.herd.handle_cancel(self.now, request_id(request));
                effects.extend(self.collect().into_texts());
            }
            ["GONE", request] => {
                self.gone.insert(request_id(request));
            }
            ["U", names, grace] => {
                let models: Vec<ModelId> = names.split('+').map(|name| self.id(name)).collect();
                let live: Vec<ModelId> = models
                    .iter()
                    .copied()
                    .filter(|&model| self.herd.state(model) != ModelState::Stopped)
                    .collect();
                let seconds = Duration::from_secs(grace.trim_end_matches('s').parse().expect("a number"));
                let seen = self.unload(&models, seconds);
                let expected: Vec<_> = live.iter().map(|&model| (model, seconds)).collect();
                assert_eq!(
                    seen.stops, expected,
                    "an unload stops what lives, with its grace, and nothing else"
                );
                effects.extend(seen.into_texts());
                effects.push(format!("stop [{}] {grace}", self.name_list(&models)));
                for model in live {
                    self.report_exited(model);
                }
                effects.extend(self.collect().into_texts());
            }
            ["T", time] => {
                let end = self.now + span(time);
                while let Some(at) = self.herd.poll_timeout().filter(|&at| at <= end) {
                    assert!(at > self.now, "the timer does not let time go on");
                    self.now = at;
                    self.herd.handle_timeout(self.now);
                }
                self.now = end;
                effects.extend(self.collect().into_texts());
            }
            ["E", request] => {
                let estimate = self.herd.estimate(self.now, request_id(request));
                effects
                    .push(estimate.map_or("unknown".to_owned(), |wait| format!("{}s", wait.as_secs_f64())));
            }
            ["G", name] => {
                self.report_exited(self.id(name));
                effects.extend(self.collect().into_texts());
            }
            ["Z"] => {
                self.herd.shutdown(self.now, self.now);
                effects.extend(self.collect().into_texts());
            }
            ["R", ref changes @ ..] => {
                self.reload(changes);
                effects.extend(self.collect().into_texts());
            }
            ["AT", time] => {
                let seconds = time.trim_end_matches('s').parse().expect("a number");
                self.now = Timestamp(Duration::from_secs(seconds));
                if self
                    .herd
                    .poll_timeout()
                    .is_some_and(|deadline| deadline <= self.now)
                {
                    self.herd.handle_timeout(self.now);
                }
                effects.extend(self.collect().into_texts());
            }
            ["P", change] => {
                let (name, state) = change.split_once('=').expect("P model=state");
                assert_eq!(state, "stopped", "a process can only end by itself");
                self.report_exited(self.id(name));
                effects.extend(self.collect().into_texts());
            }
            ["LATE", name, ref outcome @ ..] => {
                let model = self.id(name);
                let live = self.herd.generation(model);
                let mut known = self.generations.get(&model).into_iter().flatten().copied();
                // A load that was forgotten before it spawned anything has no generation; its report has none
                // that was ever given out.
                let late = known.rfind(|&old| Some(old) != live).unwrap_or(Generation(0));
                match outcome {
                    ["ok"] => self.herd.handle_ready(self.now, model, late),
                    ["err", _] => self.herd.handle_exited(self.now, model, late, Exit::Ended),
                    _ => panic!("unknown outcome in {event}"),
                }
                effects.extend(self.collect().into_texts());
            }
            _ => panic!("unknown event {event}"),
        }
        effects
    }

    fn reload(&mut self, changes: &[&str]) {
        let mut outdated = Vec::new();
        for &change in changes.iter().filter(|&&change| change != "—") {
            if let Some(name) = change.strip_prefix('-') {
                let model = self.id(name);
                self.plans[model.index()] = None;
            } else if let Some(name) = change.strip_prefix('+') {
                let model = self.id(name);
                self.plans[model.index()] = Some(PLAN);
            } else if let Some(name) = change.strip_suffix('!') {
                outdated.push(self.id(name));
            } else if let Some((setting, value)) = change.split_once('=') {
                let (key, name) = setting.split_once('.').expect("key.model=value");
                let model = self.id(name);
                let plan = self.plans[model.index()].as_mut().expect("it is configured");
                match key {
                    "lim" => plan.concurrency_limit = value.parse().expect("a number"),
                    "pri" => plan.priority = value.parse().expect("a number"),
                    _ => panic!("unknown setting {change}"),
                }
            } else {
                self.rules = change.to_owned();
            }
        }
        let plan = Plan {
            models: self.plans.clone(),
            planner: planner(&self.rules, &self.plans, &|name| self.id(name)),
            strategy: self.strategy,
        };
        self.herd.reconfigure(self.now, plan, &outdated, self.now + DRAIN);
    }

    fn unload(&mut self, models: &[ModelId], grace: Duration) -> Effects {
        self.commands += 1;
        self.herd
            .unload(self.now, CommandId(self.commands), models, Some(grace));
        self.collect()
    }

    /// In the reference the victims of a load are gone when it reports, and their exits are no events of their
    /// own: whatever they cause here before the report may only be renewed positions.
    fn report_victims_gone(&mut self, target: ModelId) {
        for victim in self.victims.get(&target).cloned().unwrap_or_default() {
            if self.herd.state(victim) == ModelState::Stopping
                || self.herd.state(victim) == ModelState::Starting
            {
                self.report_exited(victim);
            }
        }
        // The target itself may have been on its way out when its load began.
        if self.herd.state(target) == ModelState::Stopping {
            self.report_exited(target);
        }
        if self.herd.state(target) == ModelState::Starting {
            let seen = self.collect();
            assert!(
                seen.texts.is_empty(),
                "the exit of a victim caused {:?}",
                seen.texts
            );
        }
    }

    fn report_ready(&mut self, model: ModelId) {
        if let Some(generation) = self.herd.generation(model) {
            self.herd.handle_ready(self.now, model, generation);
        }
    }

    fn report_failed(&mut self, model: ModelId, text: &str) {
        let generation = self
            .herd
            .generation(model)
            .expect("the load has started its target");
        self.failures.insert(generation, text.to_owned());
        self.herd.handle_exited(self.now, model, generation, Exit::Ended);
    }

    fn report_exited(&mut self, model: ModelId) {
        if let Some(generation) = self.herd.generation(model) {
            self.herd.handle_exited(self.now, model, generation, Exit::Ended);
        }
    }

    /// Drains the outputs.
    fn collect(&mut self) -> Effects {
        let mut effects = Effects::default();
        let mut moved = false;
        while let Some(output) = self.herd.poll_output() {
            match output {
                Output::Moved => moved = true,
                Output::Load {
                    model,
                    victims,
                    explanation: _,
                } => {
                    let text = format!("start {} [{}]", self.name(model), self.name_list(&victims));
                    effects.texts.push(text);
                    effects.evicted.extend(&victims);
                    self.victims.insert(model, victims);
                }
                Output::Grant {
                    request,
                    model,
                    generation,
                } => {
                    assert_eq!(self.herd.generation(model), Some(generation));
                    if self.gone.contains(&request) {
                        effects.texts.push(format!("serve r{} → gone", request.0));
                        self.herd.handle_done(self.now, request);
                    } else {
                        effects.texts.push(format!("serve r{}", request.0));
                        self.granted.entry(model).or_default().push(request);
                    }
                }
                Output::Reject { request, refusal } => {
                    let code = match refusal {
                        Refusal::UnknownModel => "404",
                        Refusal::ConcurrencyLimit | Refusal::QueueFull => "429",
                        Refusal::FailFast { .. } => "failing",
                        Refusal::ShuttingDown => {
                            panic!("no trace expects {refusal:?}")
                        }
                    };
                    effects.texts.push(format!("rej r{} {code}", request.0));
                }
                Output::Fail { request, failure } => {
                    let reason = match failure {
                        Failure::UnknownModel => "404".to_owned(),
                        Failure::ConcurrencyLimit => "429".to_owned(),
                        Failure::Unloaded => "unloaded".to_owned(),
                        Failure::Removed => "removed".to_owned(),
                        Failure::ShuttingDown => "shutdown".to_owned(),
                        Failure::Start {
                            generation,
                            reason: _,
                        } => self.failures[&generation].clone(),
                        Failure::FailFast { .. } => panic!("no trace expects to fail fast"),
                    };
                    effects.texts.push(format!("fail r{} {reason}", request.0));
                }
                Output::Start { model, generation } => {
                    self.generations.entry(model).or_default().push(generation);
                }
                Output::Stop {
                    model,
                    generation: _,
                    grace,
                } => {
                    let evicted = effects.evicted.contains(&model);
                    if self.tells_stops && !evicted {
                        effects.texts.push(format!("stop [{}]", self.name(model)));
                    }
                    effects.stops.push((model, grace));
                }
                Output::Prefetch { model } if self.tells_prefetch => {
                    let name = model.map_or("—", |model| self.name(model));
                    effects.texts.push(format!("ahead {name}"));
                }
                Output::Prefetch { .. }
                | Output::Changed { .. }
                | Output::Unloaded { .. }
                | Output::Finished => {}
            }
        }
        if moved {
            effects.positions = self.positions();
        }
        effects
    }

    /// Who has which place, as the rows say it: all places of the one queue of `fifo`, those of `fair` that are new.
    fn positions(&mut self) -> Vec<String> {
        let places = self.asked.iter().filter_map(|(&request, &model)| {
            let place = self.herd.position(request)?;
            Some((model, place, request))
        });
        let mut places: Vec<_> = places.collect();
        let is_fair = matches!(self.strategy, Strategy::Fair(_));
        places.sort_unstable_by_key(|&(model, place, _)| (is_fair.then_some(model), place));
        let now = places.iter().map(|&(_, place, request)| (request, place));
        let before = std::mem::replace(&mut self.told, now.collect());
        places.retain(|(_, place, request)| !is_fair || before.get(request) != Some(place));
        let texts = places
            .iter()
            .map(|(_, place, request)| format!("r{}={place}", request.0));
        texts.collect()
    }

    /// I2 and I3 of spec/runtime.md 1.13, as far as they can be seen from outside.
    fn check_counts(&self) {
        for (index, name) in self.names.iter().enumerate() {
            let model = ModelId(index as u32);
            let serving = self.granted.get(&model).map_or(0, Vec::len) as u32;
            assert_eq!(self.herd.in_flight(model), serving, "in flight of {name}");
            assert!(self.herd.reserved(model) >= serving, "reserved of {name}");
        }
    }

    fn id(&self, name: &str) -> ModelId {
        ModelId(
            self.names
                .iter()
                .position(|other| other == name)
                .expect("named in the row") as u32,
        )
    }

    fn name(&self, model: ModelId) -> &str {
        &self.names[model.index()]
    }

    fn name_list(&self, models: &[ModelId]) -> String {
        models
            .iter()
            .map(|&model| self.name(model))
            .collect::<Vec<_>>()
            .join(",")
    }
}

impl Effects {
    fn into_texts(self) -> Vec<String> {
        let mut texts = self.texts;
        if !self.positions.is_empty() {
            texts.push(format!("pos {}", self.positions.join(" ")));
        }
        texts
    }
}

/// `5s`
fn span(text: &str) -> Duration {
    let seconds = text.strip_suffix('s').expect("seconds");
    Duration::from_secs_f64(seconds.parse().expect("a number"))
}

const FAIR_KEYS: [&str; 7] = [
    "price",
    "turn",
    "maxWait",
    "maxTurn",
    "aging",
    "linger",
    "drainTimeout",
];

fn set_key(plan: &mut FairPlan, key: &str, value: &str) {
    let factor = || Factor::from_thousandths((value.parse::<f64>().expect("a number") * 1_000.0) as u32);
    match key {
        "price" => plan.price = factor(),
        "turn" => plan.turn = factor(),
        "maxWait" => plan.max_wait = span(value),
        "maxTurn" => plan.max_turn = span(value),
        "aging" => plan.aging = span(value),
        "linger" => plan.linger = Linger::Fixed(span(value)),
        "drainTimeout" => plan.drain_timeout = Some(span(value)),
        _ => unreachable!("not one of the keys"),
    }
}

/// How long requests of starts that do not fit may take.
const DRAIN: Duration = Duration::from_secs(300);

fn request_id(text: &str) -> RequestId {
    RequestId(text.trim_start_matches('r').parse().expect("a number"))
}

/// Every model of the row, in order of appearance: first those that trace and initial states name, then those
/// that only the planner knows.
fn model_names(row: &Row<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        if name != UNKNOWN && !names.iter().any(|other| other == name) {
            names.push(name.to_owned());
        }
    };
    for (event, _) in &row.steps {
        match event.split_whitespace().collect::<Vec<_>>()[..] {
            ["Q" | "D" | "S" | "G" | "LATE", name, ..] => add(name),
            ["U", names, _] => names.split('+').for_each(&mut add),
            _ => {}
        }
    }
    for setting in row.initial.split_whitespace().filter(|&setting| setting != "—") {
        let key = setting.split('=').next().expect("split gives one part at least");
        if FAIR_KEYS.contains(&key) {
            continue;
        }
        add(key.rsplit('.').next().expect("split gives one part at least"));
    }
    let planner = match row.planner {
        "G1" => "mini nano oak elm",
        "G2" | "PAIR" => "oak elm",
        "G3" => "oak elm big",
        other => other.trim_start_matches("FIXED"),
    };
    for name in planner
        .split(|c: char| !c.is_ascii_lowercase())
        .filter(|name| !name.is_empty())
    {
        add(name);
    }
    names
}

fn planner(text: &str, plans: &[Option<ModelPlan>], id: &dyn Fn(&str) -> ModelId) -> Box<dyn Planner> {
    let count = plans.len();
    let configured = |model: &ModelId| plans[model.index()].is_some();
    let group = |swap, exclusive, persistent, members: &[&str]| GroupSpecification {
        swap,
        exclusive,
        persistent,
        members: members.iter().map(|name| id(name)).filter(configured).collect(),
    };
    let groups = |groups: &[GroupSpecification]| Box::new(GroupPlanner::new(count, groups));
    match text {
        "FREE" => {
            let members = (0..count as u32).map(ModelId).filter(configured).collect();
            groups(&[GroupSpecification {
                swap: false,
                exclusive: false,
                persistent: false,
                members,
            }])
        }
        "EXCL" => groups(&[]),
        "PAIR" => groups(&[group(false, true, false, &["oak", "elm"])]),
        "G1" => groups(&[
            group(true, false, true, &["mini", "nano"]),
            group(true, true, false, &["oak", "elm"]),
        ]),
        "G2" => groups(&[
            group(true, true, false, &["oak"]),
            group(true, false, false, &["elm"]),
        ]),
        "G3" => groups(&[
            group(true, false, false, &["oak"]),
            group(true, false, false, &["elm"]),
            group(true, true, false, &["big"]),
        ]),
        fixed => {
            let rules = fixed
                .strip_prefix("FIXED(")
                .and_then(|rest| rest.strip_suffix(')'));
            let rules = rules.unwrap_or_else(|| panic!("unknown planner {fixed}"));
            Box::new(FixedPlanner(
                rules
                    .split("; ")
                    .map(|rule| {
                        let (target, victims) = rule.split_once(": ").expect("target: victims");
                        (id(target), victims.split('+').map(id).collect())
                    })
                    .collect(),
            ))
        }
    }
}
