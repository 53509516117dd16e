//! Two or three models, every possible event, changes of the configuration included: all short histories, and long random ones that shrink when they fail.
//! Most mistakes of schedulers need few models and few steps; here none of those goes untried.

use std::collections::BTreeSet;
use std::time::Duration;

use herder_core::planner::groups::GroupSpecification;
use herder_core::{
    CommandId, Exit, FairPlan, Generation, Limit, Linger, ModelId, ModelPlan, ModelState, Output, RequestId,
    Strategy, Timestamp,
};
use herder_sim::{Behaviour, Checks, Ending, Input, Rules, Scenario, Setting, Trial};
use proptest::collection::vec;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// Requests that are open at once; more add nothing that these do not show.
const OPEN_REQUESTS: usize = 4;

/// A herd and those who act on it, without any chance: an action is what may happen next.
struct Situation {
    trial: Trial,
    model_count: u32,
    now: Timestamp,
    waiting: Vec<(ModelId, RequestId)>,
    serving: Vec<(ModelId, RequestId)>,
    requests: u64,
    commands: u64,
    shutting_down: bool,
    /// The configuration with which it began, and that of the moment.
    first: Setting,
    setting: Setting,
    /// Whether the configuration may change.
    reloads: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Request(ModelId),
    CancelFirst(ModelId),
    CancelLast(ModelId),
    DoneFirst(ModelId),
    Ready(ModelId),
    LateReady(ModelId),
    Exit(ModelId),
    SpawnFailed(ModelId),
    Timeout,
    Unload(ModelId),
    UnloadNow(ModelId),
    UnloadAll,
    Shutdown,
    /// The configuration is read again and says the same.
    Reload,
    /// The same, but the model's settings are others.
    ReloadOutdated(ModelId),
    /// The model leaves the configuration, or comes back.
    ReloadMember(ModelId),
    /// Everybody excludes everybody from now on, or the first rules come back.
    ReloadRules,
}

fn scenario(rules: Rules, model_count: usize, limit: Limit) -> Scenario {
    let seconds = Duration::from_secs;
    Scenario {
        seed: 0,
        setting: Setting {
            models: (0..model_count as u64)
                .map(|index| {
                    Some(ModelPlan {
                        concurrency_limit: 2,
                        queue_limit: 512,
                        priority: i64::from(index == 1),
                        ttl: (index == 0).then_some(seconds(60)),
                        unload_timeout: seconds(10 + index),
                        start_timeout: seconds(120),
                        load_time: None,
                    })
                })
                .collect(),
            rules,
            strategy: Strategy::Fifo { limit },
        },
        // Nothing here is left to chance.
        behaviour: Behaviour::still(),
        ending: Ending::Abrupt,
    }
}

/// Longest way to rest. The longest honest one serves four requests, each after a swap and some timers.
const REST_LIMIT: usize = 100;

/// Prices and turns that are short enough to be reached in a few steps, and different enough to come in any order.
fn fair_scenario(rules: Rules, model_count: usize) -> Scenario {
    let mut scenario = scenario(rules, model_count, Limit::Arrival);
    scenario.setting.strategy = Strategy::Fair(FairPlan {
        max_wait: Duration::from_secs(15),
        max_turn: Duration::from_secs(12),
        linger: Linger::Fixed(Duration::from_secs(3)),
        aging: Duration::from_secs(7),
        ..FairPlan::default()
    });
    scenario
}

/// Everybody excludes everybody; nobody anybody; the second model is in a group that evicts nobody.
fn rules(model_count: usize) -> [Rules; 3] {
    let modest = GroupSpecification {
        swap: false,
        exclusive: false,
        persistent: false,
        members: vec![ModelId(1)],
    };
    [
        Rules::Groups(Vec::new()),
        Rules::free(model_count),
        Rules::Groups(vec![modest]),
    ]
}

/// One group of all, in which everybody excludes everybody.
fn everybody_alone(model_count: u32) -> GroupSpecification {
    GroupSpecification {
        swap: true,
        exclusive: true,
        persistent: false,
        members: (0..model_count).map(ModelId).collect(),
    }
}

impl Situation {
    fn new(scenario: &Scenario, reloads: bool) -> Self {
        Self {
            trial: Trial::new(scenario, Checks::On).expect("groups are always sound"),
            model_count: scenario.setting.models.len() as u32,
            now: Timestamp::default(),
            waiting: Vec::new(),
            serving: Vec::new(),
            requests: 0,
            commands: 0,
            shutting_down: false,
            first: scenario.setting.clone(),
            setting: scenario.setting.clone(),
            reloads,
        }
    }

    /// What happens when nothing goes wrong and no operator acts; fewer, so that histories can be longer.
    fn orderly_actions(&self) -> Vec<Action> {
        let mut actions = self.actions();
        actions.retain(|action| match *action {
            Action::Request(_)
            | Action::CancelFirst(_)
            | Action::DoneFirst(_)
            | Action::Ready(_)
            | Action::Timeout => true,
            Action::Exit(model) => self.trial.herd().state(model) == ModelState::Stopping,
            Action::CancelLast(_)
            | Action::LateReady(_)
            | Action::SpawnFailed(_)
            | Action::Unload(_)
            | Action::UnloadNow(_)
            | Action::UnloadAll
            | Action::Shutdown
            | Action::Reload
            | Action::ReloadOutdated(_)
            | Action::ReloadMember(_)
            | Action::ReloadRules => false,
        });
        actions
    }

    /// What may happen next.
    fn actions(&self) -> Vec<Action> {
        let herd = self.trial.herd();
        let mut actions = Vec::new();
        for model in (0..self.model_count).map(ModelId) {
            if self.waiting.len() + self.serving.len() < OPEN_REQUESTS {
                actions.push(Action::Request(model));
            }
            match self.waiting.iter().filter(|waiting| waiting.0 == model).count() {
                0 => {}
                1 => actions.push(Action::CancelFirst(model)),
                _ => actions.extend([Action::CancelFirst(model), Action::CancelLast(model)]),
            }
            if self.serving.iter().any(|serving| serving.0 == model) {
                actions.push(Action::DoneFirst(model));
            }
            if herd.generation(model).is_some() {
                actions.extend([
                    Action::Exit(model),
                    Action::Unload(model),
                    Action::UnloadNow(model),
                ]);
            }
            if herd.state(model) == ModelState::Starting {
                actions.extend([
                    Action::Ready(model),
                    Action::LateReady(model),
                    Action::SpawnFailed(model),
                ]);
            }
        }
        if herd.poll_timeout().is_some() {
            actions.push(Action::Timeout);
        }
        actions.push(Action::UnloadAll);
        if self.reloads {
            actions.extend([Action::Reload, Action::ReloadRules]);
            for model in (0..self.model_count).map(ModelId) {
                actions.push(Action::ReloadMember(model));
                if herd.generation(model).is_some() {
                    actions.push(Action::ReloadOutdated(model));
                }
            }
        }
        if !self.shutting_down {
            actions.push(Action::Shutdown);
        }
        actions
    }

    fn input(&mut self, action: Action) -> Input {
        let live = |model| {
            let generation = self.trial.herd().generation(model);
            generation.expect("only live models end or become ready")
        };
        let of = |list: &[(ModelId, RequestId)], model| {
            let mut requests = list.iter().filter(|entry| entry.0 == model).map(|entry| entry.1);
            let first = requests.next().expect("only open requests end");
            (first, requests.next_back().unwrap_or(first))
        };
        match action {
            Action::Request(model) => {
                self.requests += 1;
                let request = RequestId(self.requests);
                self.waiting.push((model, request));
                Input::Request { request, model }
            }
            Action::CancelFirst(model) => self.cancel(of(&self.waiting, model).0),
            Action::CancelLast(model) => self.cancel(of(&self.waiting, model).1),
            Action::DoneFirst(model) => {
                let request = of(&self.serving, model).0;
                self.serving.retain(|entry| entry.1 != request);
                Input::Done { request }
            }
            Action::Ready(model) => {
                let generation = live(model);
                Input::Ready { model, generation }
            }
            Action::LateReady(model) => {
                let generation = Generation(live(model).0 - 1);
                Input::Ready { model, generation }
            }
            Action::Exit(model) => Input::Exited {
                model,
                generation: live(model),
                exit: Exit::Ended,
            },
            Action::SpawnFailed(model) => Input::Exited {
                model,
                generation: live(model),
                exit: Exit::SpawnFailed,
            },
            Action::Timeout => {
                let deadline = self.trial.herd().poll_timeout();
                self.now = self.now.max(deadline.expect("only armed timers fire"));
                Input::Timeout
            }
            Action::Unload(model) => self.unload(vec![model], None),
            Action::UnloadNow(model) => self.unload(vec![model], Some(Duration::from_secs(1))),
            Action::UnloadAll => self.unload((0..self.model_count).map(ModelId).collect(), None),
            Action::Shutdown => {
                self.shutting_down = true;
                let deadline = self.now + Duration::from_secs(5);
                Input::Shutdown { deadline }
            }
            Action::Reload => self.reload(Vec::new()),
            Action::ReloadOutdated(model) => self.reload(vec![model]),
            Action::ReloadMember(model) => {
                let row = &mut self.setting.models[model.index()];
                *row = match row {
                    Some(_) => None,
                    None => self.first.models[model.index()].clone(),
                };
                self.reload(Vec::new())
            }
            Action::ReloadRules => {
                self.setting.rules = if self.setting.rules == self.first.rules {
                    Rules::Groups(vec![everybody_alone(self.model_count)])
                } else {
                    self.first.rules.clone()
                };
                self.reload(Vec::new())
            }
        }
    }

    fn cancel(&mut self, request: RequestId) -> Input {
        self.waiting.retain(|entry| entry.1 != request);
        Input::Cancel { request }
    }

    fn unload(&mut self, models: Vec<ModelId>, grace: Option<Duration>) -> Input {
        self.commands += 1;
        let command = CommandId(self.commands);
        Input::Unload {
            command,
            models,
            grace,
        }
    }

    fn reload(&self, outdated: Vec<ModelId>) -> Input {
        Input::Reconfigure {
            setting: Box::new(self.setting.clone()),
            outdated,
            drain_until: self.now + Duration::from_secs(30),
        }
    }

    fn perform(&mut self, action: Action) -> Result<(), String> {
        let input = self.input(action);
        self.trial
            .feed(self.now, &input)
            .map_err(|violation| violation.to_string())?;
        for output in self.trial.take_outputs() {
            match output {
                Output::Grant { request, model, .. } => {
                    self.waiting.retain(|entry| entry.1 != request);
                    self.serving.push((model, request));
                }
                Output::Reject { request, .. } | Output::Fail { request, .. } => {
                    self.waiting.retain(|entry| entry.1 != request);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn after(scenario: &Scenario, reloads: bool, history: &[Action]) -> Self {
        let mut situation = Self::new(scenario, reloads);
        for &action in history {
            situation.perform(action).expect("it went well before");
        }
        situation
    }

    fn fingerprint(&self) -> String {
        let configured: Vec<bool> = self.setting.models.iter().map(Option::is_some).collect();
        let first_rules = self.setting.rules == self.first.rules;
        let herd = match self.trial.reference() {
            Some(reference) => reference.fingerprint(self.now),
            // Only what is equal in every number and moment is the same situation.
            None => format!("{:?}", self.trial.herd()),
        };
        format!("{herd} {configured:?} {first_rules}")
    }

    /// Everybody does what he has to, and nobody new comes: then everybody who waits must be served or refused.
    fn come_to_rest(&mut self) -> Result<(), String> {
        for _ in 0..REST_LIMIT {
            let herd = self.trial.herd();
            let states: Vec<_> = herd.running().collect();
            let in_state = |wanted: ModelState| {
                let found = states.iter().find(|&&(_, state)| state == wanted);
                found.map(|&(model, _)| model)
            };
            let action = if let Some(&(model, _)) = self.serving.first() {
                Action::DoneFirst(model)
            } else if let Some(model) = in_state(ModelState::Stopping) {
                Action::Exit(model)
            } else if let Some(model) = in_state(ModelState::Starting) {
                // One that was given up may not believe the report; then it ends.
                self.perform(Action::Ready(model))?;
                if self.trial.herd().state(model) != ModelState::Starting {
                    continue;
                }
                Action::Exit(model)
            } else if self.waiting.is_empty() {
                return Ok(());
            } else if herd.poll_timeout().is_some() {
                Action::Timeout
            } else {
                break;
            };
            self.perform(action)?;
        }
        Err(format!("{:?} wait for ever", self.waiting))
    }
}

/// Tries every action in every situation that can be reached in `depth` steps, and lets the last ones come to rest;
/// returns how many there are.
fn explore(
    scenario: &Scenario,
    reloads: bool,
    depth: usize,
    actions: fn(&Situation) -> Vec<Action>,
) -> usize {
    let mut known = BTreeSet::from([Situation::new(scenario, reloads).fingerprint()]);
    let mut frontier: Vec<Vec<Action>> = vec![Vec::new()];
    for depth_left in (0..depth).rev() {
        let mut next = Vec::new();
        for history in frontier {
            for action in actions(&Situation::after(scenario, reloads, &history)) {
                let mut situation = Situation::after(scenario, reloads, &history);
                let mut longer = history.clone();
                longer.push(action);
                if let Err(violation) = situation.perform(action) {
                    panic!("{violation}\nafter {longer:?}");
                }
                if known.insert(situation.fingerprint()) {
                    if depth_left == 0
                        && let Err(complaint) = situation.come_to_rest()
                    {
                        panic!("{complaint}\nafter {longer:?}");
                    }
                    next.push(longer);
                }
            }
        }
        frontier = next;
    }
    known.len()
}

/// `HERDER_SIM_DEEPER=2` goes two steps further; each step takes about three times as long.
fn deeper() -> usize {
    std::env::var("HERDER_SIM_DEEPER").map_or(0, |text| text.parse().expect("a number of steps"))
}

#[test]
fn all_short_histories_of_two_models() {
    let deeper = deeper();
    for rules in rules(2) {
        for limit in [Limit::Arrival, Limit::Grant] {
            let scenario = scenario(rules.clone(), 2, limit);
            let situations = explore(&scenario, false, 7 + deeper, Situation::actions);
            println!("{rules:?} {limit:?}: {situations} situations");
            assert!(situations > 1_000, "{situations} situations");
        }
    }
}

#[test]
fn all_short_histories_of_three_models() {
    let deeper = deeper();
    for rules in rules(3) {
        let scenario = scenario(rules.clone(), 3, Limit::Arrival);
        let situations = explore(&scenario, false, 5 + deeper, Situation::actions);
        println!("{rules:?}: {situations} situations");
        assert!(situations > 1_000, "{situations} situations");
    }
}

#[test]
fn all_short_histories_of_two_models_with_reloads() {
    let deeper = deeper();
    for rules in rules(2) {
        let scenario = scenario(rules.clone(), 2, Limit::Arrival);
        let situations = explore(&scenario, true, 6 + deeper, Situation::actions);
        println!("{rules:?}: {situations} situations");
        assert!(situations > 1_000, "{situations} situations");
    }
}

/// Issue 4: all histories of three models and four requests, and each of them comes to rest. Timers fire wherever they
/// can, so every order of rent, turns and lingering is among them.
#[test]
fn all_short_histories_of_three_models_under_fair() {
    let deeper = deeper();
    for rules in rules(3) {
        let scenario = fair_scenario(rules.clone(), 3);
        let situations = explore(&scenario, true, 4 + deeper, Situation::actions);
        let orderly = explore(&scenario, false, 7 + deeper, Situation::orderly_actions);
        println!("{rules:?}: {situations} and {orderly} situations");
        assert!(
            situations > 500 && orderly > 1_000,
            "{situations} and {orderly} situations"
        );
    }
}

#[test]
fn long_random_histories_under_fair_come_to_rest() {
    for rules in rules(3) {
        long_random_histories(&fair_scenario(rules, 3));
    }
}

#[test]
fn long_random_histories_agree_with_the_reference() {
    for rules in rules(3) {
        for limit in [Limit::Arrival, Limit::Grant] {
            long_random_histories(&scenario(rules.clone(), 3, limit));
        }
    }
}

fn long_random_histories(scenario: &Scenario) {
    let config = Config {
        cases: 150,
        failure_persistence: None,
        ..Config::default()
    };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, random);
    let outcome = runner.run(&vec(0_usize..1000, 1..80), |choices| {
        let mut situation = Situation::new(scenario, true);
        for choice in choices {
            let actions = situation.actions();
            let action = actions[choice % actions.len()];
            situation.perform(action).map_err(TestCaseError::fail)?;
        }
        situation.come_to_rest().map_err(TestCaseError::fail)
    });
    if let Err(failure) = outcome {
        panic!("{:?}: {failure}", scenario.setting);
    }
}
