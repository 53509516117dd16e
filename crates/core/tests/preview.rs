//! What a herd foresees: cases as people would ask them, and that a request which then comes gets just that.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use herder_core::planner::groups::{GroupPlanner, GroupSpecification};
use herder_core::planner::matrix::{MatrixPlanner, MatrixSpecification};
use herder_core::planner::{Explanation, Planner, RUNNERS_UP, RunnerUp};
use herder_core::{
    Exit, FairPlan, Generation, Herd, Limit, ModelId, ModelPlan, ModelState, Obstacle, Output, Plan, Preview,
    Prospect, RequestId, Strategy, Timestamp,
};

const FIFO: Strategy = Strategy::Fifo {
    limit: Limit::Arrival,
};

fn model() -> ModelPlan {
    ModelPlan {
        concurrency_limit: 2,
        queue_limit: 3,
        priority: 0,
        ttl: None,
        unload_timeout: Duration::from_secs(1),
        start_timeout: Duration::from_secs(100),
        load_time: Some(Duration::from_secs(7)),
    }
}

fn plan(count: usize, planner: Box<dyn Planner>, strategy: Strategy) -> Plan {
    Plan {
        models: vec![Some(model()); count],
        planner,
        strategy,
    }
}

/// Models are `a`, `b` and so on.
fn matrix(count: u32, sets: &[(&str, &str)], costs: &[(u32, u64)]) -> Box<dyn Planner> {
    let names = (0..count).map(|number| (name(ModelId(number)), ModelId(number)));
    let specification = MatrixSpecification {
        models: names.collect(),
        costs: costs
            .iter()
            .map(|&(model, cost)| (ModelId(model), cost))
            .collect(),
        sets: sets
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect(),
        ..MatrixSpecification::default()
    };
    Box::new(MatrixPlanner::new(&specification).expect("the matrix is correct"))
}

/// All models exclude each other.
fn one_at_a_time(count: usize) -> Box<dyn Planner> {
    Box::new(GroupPlanner::new(count, &[]))
}

fn name(model: ModelId) -> String {
    char::from(b'a' + u8::try_from(model.0).expect("few models")).to_string()
}

fn names(models: &[ModelId]) -> String {
    models.iter().map(|&model| name(model)).collect()
}

fn at(seconds: u64) -> Timestamp {
    Timestamp(Duration::from_secs(seconds))
}

/// `wait(b serves 2, until 60) out=b`
fn words(preview: &Preview) -> String {
    let mut text = match &preview.prospect {
        Prospect::Refused(refusal) => format!("{refusal:?}"),
        Prospect::Granted => "serve".to_owned(),
        Prospect::Joined => "join".to_owned(),
        Prospect::Loaded => "load".to_owned(),
        Prospect::Waits { obstacles, until } => {
            let mut reasons: Vec<String> = obstacles
                .iter()
                .map(|obstacle| match obstacle {
                    Obstacle::Busy { model, in_flight } => format!("{} serves {in_flight}", name(*model)),
                    Obstacle::Loading(model) => format!("{} is loading", name(*model)),
                    Obstacle::Rival(model) => format!("{} goes first", name(*model)),
                    Obstacle::Full => "full".to_owned(),
                    Obstacle::Outdated => "outdated".to_owned(),
                })
                .collect();
            reasons.extend(until.map(|until| format!("until {}", until.0.as_secs_f64())));
            format!("wait({})", reasons.join(", "))
        }
    };
    if !preview.victims.is_empty() {
        write!(text, " out={}", names(&preview.victims)).expect("a text takes everything");
    }
    text
}

/// What is asked of a herd. `a` a request comes for a, `A` a becomes ready, `-a` its oldest request ends, `.` ten seconds
/// pass.
fn play(herd: &mut Herd, script: &str) -> Timestamp {
    let (mut now, mut number) = (at(1_000), 0);
    let mut serving: Vec<(RequestId, ModelId)> = Vec::new();
    let mut ending = false;
    for letter in script.chars().filter(|letter| *letter != ' ') {
        let model = ModelId(u32::from(letter.to_ascii_lowercase()).saturating_sub(u32::from('a')));
        match letter {
            '-' => {
                ending = true;
                continue;
            }
            '.' => now = Timestamp(now.0 + Duration::from_secs(10)),
            letter if ending => {
                let place = serving.iter().position(|(_, serves)| *serves == model);
                let (request, _) = serving.remove(place.unwrap_or_else(|| panic!("{letter} serves nobody")));
                herd.handle_done(now, request);
            }
            letter if letter.is_ascii_uppercase() => {
                let generation = herd.generation(model).expect("it was started");
                herd.handle_ready(now, model, generation);
            }
            _ => {
                number += 1;
                herd.handle_request(now, RequestId(number), model);
            }
        }
        ending = false;
        while let Some(output) = herd.poll_output() {
            match output {
                Output::Grant { request, model, .. } => serving.push((request, model)),
                // Processes stop at once.
                Output::Stop {
                    model, generation, ..
                } => {
                    herd.handle_exited(now, model, generation, Exit::Ended);
                }
                _ => {}
            }
        }
    }
    now
}

#[test]
fn what_would_become_of_a_request() {
    let fair = Strategy::Fair(FairPlan::default());
    // Strategy, models that are ready, what happens before the question, the model asked for, the answer.
    let table = [
        (FIFO, "", "", "a", "load"),
        (FIFO, "a", "", "a", "serve"),
        (FIFO, "b", "", "a", "load out=b"),
        (FIFO, "b", "bb", "a", "wait(b serves 2) out=b"),
        (FIFO, "b", "b -b", "a", "load out=b"),
        (FIFO, "b", "bb", "b", "ConcurrencyLimit"),
        (FIFO, "", "a", "a", "join"),
        (FIFO, "", "a", "b", "wait(a is loading) out=a"),
        (FIFO, "", "a", "z", "UnknownModel"),
        (fair, "", "", "a", "load"),
        (fair, "a", "", "a", "serve"),
        (fair, "b", "", "a", "load out=b"),
        // One request pays its rent of 7 s for the swap in 7 s.
        (fair, "b", "b", "a", "wait(b serves 1, until 1007) out=b"),
        (fair, "b", "bb", "b", "wait(full)"),
        (fair, "b", "bbbbb", "b", "QueueFull"),
        // Since 3 s somebody is due for a: b is fenced.
        (fair, "b", "b a .", "b", "wait(a goes first)"),
        (fair, "b", "b a .", "a", "wait(b serves 1) out=b"),
        (
            fair,
            "b",
            "b a .",
            "c",
            "wait(a goes first, b serves 1, until 1017) out=b",
        ),
        (fair, "", "a", "a", "join"),
    ];
    for (strategy, ready, script, asked, expected) in table {
        let ready: Vec<ModelId> = ready
            .bytes()
            .map(|letter| ModelId(u32::from(letter - b'a')))
            .collect();
        let mut herd = Herd::imagine(plan(3, one_at_a_time(3), strategy), &ready);
        let mut now = play(&mut herd, script);
        if herd.poll_timeout().is_some_and(|timeout| timeout <= now) {
            herd.handle_timeout(now);
            now = play(&mut herd, "").max(now);
        }
        let asked = ModelId(u32::from(asked.as_bytes()[0] - b'a'));
        let preview = herd.preview(now, asked);
        assert_eq!(words(&preview), expected, "{strategy:?} {ready:?} {script:?}");
    }
}

#[test]
fn a_preview_names_the_set_its_cost_and_the_sets_that_lost() {
    let sets = [
        ("small", "a & b"),
        ("big", "a & (c | d)"),
        ("other", "b & c"),
        ("lone", "a"),
    ];
    let planner = matrix(5, &sets, &[(1, 5), (2, 3)]);
    let herd = Herd::imagine(plan(5, planner, FIFO), &[1, 2, 4].map(ModelId));
    let preview = herd.preview(at(1), ModelId(0));
    assert_eq!(words(&preview), "load out=ce");
    let explanation = Explanation::Matrix {
        set: Some(0),
        combination: [0, 1].map(ModelId).to_vec(),
        cost: 4,
    };
    assert_eq!(preview.explanation, Some(explanation));
    let lost = |set, victims: &[u32], cost| RunnerUp {
        set,
        victims: victims.iter().copied().map(ModelId).collect(),
        cost,
    };
    assert_eq!(preview.runners_up, [lost(1, &[1, 4], 6), lost(3, &[1, 2, 4], 9)]);
    assert_eq!(
        preview.swap_time, None,
        "how long b and d take to stop was never measured"
    );
}

#[test]
fn only_the_cheapest_sets_that_lost_are_listed() {
    let names: Vec<String> = (0..20).map(|number| format!("s{number}")).collect();
    let sets: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "a")).collect();
    let planner = matrix(2, &sets, &[]);
    let lost = planner.runners_up(ModelId(0), &[ModelId(1)]);
    let indices: Vec<usize> = lost.iter().map(|runner_up| runner_up.set).collect();
    assert_eq!(indices, (1..=RUNNERS_UP).collect::<Vec<_>>());
    assert_eq!(planner.runners_up(ModelId(1), &[ModelId(0)]), [], "in no set");
}

#[test]
fn groups_have_no_alternatives_and_the_load_time_is_told() {
    let groups = [GroupSpecification {
        swap: false,
        exclusive: true,
        persistent: false,
        members: [0, 1].map(ModelId).to_vec(),
    }];
    let planner = Box::new(GroupPlanner::new(3, &groups));
    let herd = Herd::imagine(plan(3, planner, FIFO), &[ModelId(1)]);
    let preview = herd.preview(at(1), ModelId(0));
    assert_eq!(words(&preview), "load");
    assert_eq!(preview.explanation, Some(Explanation::Groups));
    assert_eq!(preview.runners_up, []);
    assert_eq!(preview.swap_time, Some(Duration::from_secs(7)));
}

/// A sequence of numbers that looks random.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }
}

/// Everything that can be done to a herd from outside.
struct Life {
    herd: Herd,
    now: Timestamp,
    starting: BTreeSet<(ModelId, Generation)>,
    stopping: BTreeSet<(ModelId, Generation)>,
    serving: Vec<RequestId>,
    waiting: Vec<RequestId>,
    last_request: u64,
}

impl Life {
    fn step(&mut self, random: &mut Sequence) -> Option<(Preview, Vec<Output>, RequestId, ModelId)> {
        self.now = Timestamp(self.now.0 + Duration::from_millis(random.below(4_000) as u64));
        let now = self.now;
        if self.herd.poll_timeout().is_some_and(|timeout| timeout <= now) {
            self.herd.handle_timeout(now);
            self.drain();
        }
        let pick = |random: &mut Sequence, from: &BTreeSet<(ModelId, Generation)>| {
            let nth = random.below(from.len().max(1));
            from.iter().nth(nth).copied()
        };
        match random.below(8) {
            0 => {
                if let Some((model, generation)) = pick(random, &self.starting) {
                    self.starting.remove(&(model, generation));
                    self.herd.handle_ready(now, model, generation);
                }
            }
            1 | 2 => {
                if let Some((model, generation)) = pick(random, &self.stopping) {
                    self.stopping.remove(&(model, generation));
                    self.starting.remove(&(model, generation));
                    self.herd.handle_exited(now, model, generation, Exit::Ended);
                }
            }
            3 | 4 if !self.serving.is_empty() => {
                let request = self.serving.swap_remove(random.below(self.serving.len()));
                self.herd.handle_done(now, request);
            }
            5 if !self.waiting.is_empty() => {
                let request = self.waiting.swap_remove(random.below(self.waiting.len()));
                self.herd.handle_cancel(now, request);
            }
            _ => {
                let model = ModelId(u32::try_from(random.below(4)).expect("few models"));
                let preview = self.herd.preview(now, model);
                self.last_request += 1;
                let request = RequestId(self.last_request);
                self.herd.handle_request(now, request, model);
                self.waiting.push(request);
                return Some((preview, self.drain(), request, model));
            }
        }
        self.drain();
        None
    }

    fn drain(&mut self) -> Vec<Output> {
        let outputs: Vec<Output> = std::iter::from_fn(|| self.herd.poll_output()).collect();
        for output in &outputs {
            match output {
                Output::Start { model, generation } => {
                    self.starting.insert((*model, *generation));
                }
                Output::Stop {
                    model, generation, ..
                } => {
                    self.stopping.insert((*model, *generation));
                }
                Output::Grant { request, .. } => {
                    self.waiting.retain(|waiting| waiting != request);
                    self.serving.push(*request);
                }
                Output::Reject { request, .. } | Output::Fail { request, .. } => {
                    self.waiting.retain(|waiting| waiting != request);
                }
                Output::Moved
                | Output::Load { .. }
                | Output::Changed { .. }
                | Output::Prefetch { .. }
                | Output::Unloaded { .. }
                | Output::Finished => {}
            }
        }
        outputs
    }
}

/// What the outputs of a request's arrival say, in the words of a prospect.
fn outcome(
    herd: &Herd,
    outputs: &[Output],
    request: RequestId,
    model: ModelId,
) -> (&'static str, Vec<ModelId>, Option<Explanation>) {
    for output in outputs {
        match output {
            Output::Reject { request: of, .. } if *of == request => return ("refused", Vec::new(), None),
            Output::Grant { request: of, .. } if *of == request => return ("granted", Vec::new(), None),
            Output::Load {
                model: of,
                victims,
                explanation,
            } if *of == model => {
                // Processes do not end in these lives without being told of it.
                let live = victims.iter().copied();
                let mut live: Vec<_> = live
                    .filter(|victim| herd.state(*victim) != ModelState::Stopped)
                    .collect();
                live.sort_unstable();
                return ("loaded", live, Some(explanation.clone()));
            }
            _ => {}
        }
    }
    let word = if herd.is_loading(model) { "joined" } else { "waits" };
    (word, Vec::new(), None)
}

#[test]
fn a_request_that_comes_gets_what_was_foreseen() {
    let fair = Strategy::Fair(FairPlan::default());
    let drawn = [
        ("fifo, one at a time", one_at_a_time(4), FIFO),
        (
            "fifo, matrix",
            matrix(4, &[("x", "a & (b | c)"), ("y", "b & c & d")], &[(1, 2)]),
            FIFO,
        ),
        ("fair, one at a time", one_at_a_time(4), fair),
        (
            "fair, matrix",
            matrix(4, &[("x", "a & (b | c)"), ("y", "b & c & d")], &[(1, 2)]),
            fair,
        ),
    ];
    for (title, planner, strategy) in drawn {
        let mut life = Life {
            herd: Herd::new(plan(4, planner, strategy)),
            now: at(1),
            starting: BTreeSet::new(),
            stopping: BTreeSet::new(),
            serving: Vec::new(),
            waiting: Vec::new(),
            last_request: 0,
        };
        let mut random = Sequence(7);
        let mut seen = BTreeSet::new();
        for step in 0..20_000 {
            let Some((preview, outputs, request, model)) = life.step(&mut random) else {
                continue;
            };
            let foreseen = match preview.prospect {
                Prospect::Refused(_) => "refused",
                Prospect::Granted => "granted",
                Prospect::Joined => "joined",
                Prospect::Loaded => "loaded",
                Prospect::Waits { .. } => "waits",
            };
            let (came, victims, explanation) = outcome(&life.herd, &outputs, request, model);
            assert_eq!(
                foreseen, came,
                "{title}, step {step}: {preview:?} but {outputs:?}"
            );
            if came == "loaded" {
                assert_eq!(preview.victims, victims, "{title}, step {step}");
                assert_eq!(preview.explanation, explanation, "{title}, step {step}");
            }
            seen.insert(came);
        }
        assert_eq!(seen.len(), 5, "{title}: only {seen:?} were seen");
    }
}
