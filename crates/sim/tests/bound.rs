//! The promise of `fair` (scheduling.md section 5): with models that exclude each other, no request waits longer than
//! `maxWait + (n - 1) x (maxTurn + S + C) + S + C`, whatever the others do. `S` bounds the service of a request and `C`
//! a swap; each step of priority that others are above adds at most `aging`. Here the others do their worst.

use std::collections::BTreeMap;
use std::time::Duration;

use herder_core::planner::Planner;
use herder_core::planner::groups::GroupPlanner;
use herder_core::planner::matrix::{MatrixPlanner, MatrixSpecification};
use herder_core::{
    Exit, Factor, FairPlan, Generation, Herd, Linger, ModelId, ModelPlan, Output, Plan, RequestId, Strategy,
    Timestamp,
};
use herder_sim::{Digest, Random};

/// Seeds for each kind of adversary.
const SEEDS: u64 = 60;
/// Requests that arrive in one run.
const ARRIVALS: u64 = 1_000;
/// Longest service of a request, and longest load and stop of a model, in milliseconds.
const SERVICE: u64 = 8_000;
const LOAD: u64 = 5_000;
const STOP: u64 = 1_000;

/// What those do who want somebody to starve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Adversary {
    /// Anybody comes at any time.
    Chance,
    /// Crowds come for one model at once: their rent is paid within moments.
    Crowds,
    /// As soon as a model is ready, new requests see to it that it is never idle, and each takes as long as it may.
    Occupation,
    /// The same, and every swap takes as long as it may.
    SlowOccupation,
}

/// What models there are.
#[derive(Debug, Clone, Copy)]
struct House {
    /// How many models may run side by side, whichever they are.
    places: u64,
    highest_priority: u64,
}

impl House {
    fn planner(self, model_count: u32) -> Box<dyn Planner> {
        if self.places == 1 {
            return Box::new(GroupPlanner::new(model_count as usize, &[]));
        }
        let names: Vec<String> = (0..model_count).map(|number| format!("m{number}")).collect();
        let any = format!("({})", names.join(" | "));
        let places: Vec<String> = (0..self.places).map(|_| any.clone()).collect();
        let specification = MatrixSpecification {
            models: names.into_iter().zip((0..).map(ModelId)).collect(),
            sets: vec![("any".to_owned(), places.join(" & "))],
            ..MatrixSpecification::default()
        };
        Box::new(MatrixPlanner::new(&specification).expect("the set is sound"))
    }
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Arrival,
    Successor(ModelId),
    Done(RequestId),
    Ready(ModelId, Generation),
    Exited(ModelId, Generation),
}

struct Run {
    random: Random,
    adversary: Adversary,
    herd: Herd,
    now: Timestamp,
    agenda: BTreeMap<(Timestamp, u64), Event>,
    written: u64,
    model_count: u32,
    waiting: BTreeMap<RequestId, (ModelId, Timestamp)>,
    requests: u64,
    digest: Digest,
    /// The longest wait, in thousandths of what was promised.
    longest: u128,
    bounds: Vec<Duration>,
}

fn plan(random: &mut Random) -> FairPlan {
    FairPlan {
        price: Factor::from_thousandths(random.within(0..=3_000) as u32),
        max_wait: random.milliseconds(0..=60_000),
        turn: Factor::from_thousandths(random.within(0..=20_000) as u32),
        max_turn: random.milliseconds(0..=60_000),
        linger: match random.below(3) {
            0 => Linger::Fixed(random.milliseconds(0..=10_000)),
            _ => Linger::Auto,
        },
        aging: random.milliseconds(0..=30_000),
        drain_timeout: None,
    }
}

impl Run {
    fn new(seed: u64, adversary: Adversary, house: House) -> Self {
        let mut random = Random::new(seed);
        let fair = plan(&mut random);
        let model_count = random.within(house.places + 1..=5) as u32;
        let models: Vec<ModelPlan> = (0..model_count)
            .map(|_| ModelPlan {
                concurrency_limit: u32::MAX,
                queue_limit: u32::MAX,
                priority: random.within(0..=house.highest_priority) as i64,
                ttl: None,
                unload_timeout: Duration::from_secs(10),
                start_timeout: Duration::from_secs(120),
                load_time: random.chance(500).then(|| random.milliseconds(0..=100_000)),
            })
            .collect();
        let swap = Duration::from_millis(LOAD + STOP);
        let service = Duration::from_millis(SERVICE);
        let equal = fair.max_wait + (model_count - 1) * (fair.max_turn + service + swap) + service + swap;
        let highest = models
            .iter()
            .map(|model| model.priority)
            .max()
            .unwrap_or_default();
        let bound = |model: &ModelPlan| equal + (highest - model.priority) as u32 * fair.aging;
        let bounds = models.iter().map(bound).collect();
        Self {
            random,
            adversary,
            herd: Herd::new(Plan {
                models: models.into_iter().map(Some).collect(),
                planner: house.planner(model_count),
                strategy: Strategy::Fair(fair),
            }),
            now: Timestamp::default(),
            agenda: BTreeMap::new(),
            written: 0,
            model_count,
            waiting: BTreeMap::new(),
            requests: 0,
            digest: Digest::new(),
            longest: 0,
            bounds,
        }
    }

    /// Until everybody has been served.
    fn run(mut self) -> (u128, Digest) {
        self.expect(Duration::ZERO, Event::Arrival);
        loop {
            let timer = self.herd.poll_timeout();
            let planned = self.agenda.first_key_value().map(|(&(at, _), _)| at);
            match (timer, planned) {
                (None, None) => break,
                (Some(timer), planned) if planned.is_none_or(|planned| timer < planned) => {
                    self.now = timer;
                    self.herd.handle_timeout(self.now);
                }
                (_, _) => {
                    let ((at, _), event) = self.agenda.pop_first().expect("something is planned");
                    self.now = at;
                    self.happen(event);
                }
            }
            self.obey();
        }
        assert!(self.waiting.is_empty(), "{:?} wait for ever", self.waiting);
        (self.longest, self.digest)
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrival => {
                let (gap, crowd) = match self.adversary {
                    Adversary::Chance => (0..=4_000, 1),
                    Adversary::Crowds => (0..=40_000, [1, 1, 30][self.random.index(3)]),
                    Adversary::Occupation | Adversary::SlowOccupation => (0..=60_000, 1),
                };
                let model = ModelId(self.random.index(self.model_count as usize) as u32);
                for _ in 0..crowd {
                    self.request(model);
                }
                if self.requests < ARRIVALS {
                    let gap = self.random.milliseconds(gap);
                    self.expect(gap, Event::Arrival);
                }
            }
            Event::Successor(model) if self.requests < ARRIVALS => self.request(model),
            Event::Successor(_) => {}
            Event::Done(request) => self.herd.handle_done(self.now, request),
            Event::Ready(model, generation) => self.herd.handle_ready(self.now, model, generation),
            Event::Exited(model, generation) => {
                self.herd.handle_exited(self.now, model, generation, Exit::Ended);
            }
        }
    }

    fn request(&mut self, model: ModelId) {
        self.requests += 1;
        let request = RequestId(self.requests);
        self.waiting.insert(request, (model, self.now));
        self.herd.handle_request(self.now, request, model);
    }

    fn obey(&mut self) {
        while let Some(output) = self.herd.poll_output() {
            self.digest.absorb(self.now, &output);
            match output {
                Output::Start { model, generation } => {
                    let load = self.swap_time(LOAD);
                    self.expect(load, Event::Ready(model, generation));
                }
                Output::Stop {
                    model, generation, ..
                } => {
                    let stop = self.swap_time(STOP);
                    self.expect(stop, Event::Exited(model, generation));
                }
                Output::Grant { request, model, .. } => self.granted(request, model),
                Output::Reject { .. } | Output::Fail { .. } => panic!("nobody is turned away: {output:?}"),
                Output::Moved
                | Output::Load { .. }
                | Output::Changed { .. }
                | Output::Prefetch { .. }
                | Output::Unloaded { .. }
                | Output::Finished => {}
            }
        }
    }

    fn granted(&mut self, request: RequestId, model: ModelId) {
        let (_, arrived) = self.waiting.remove(&request).expect("it waited");
        let waited = self.now.since(arrived);
        let bound = self.bounds[model.index()];
        assert!(
            waited <= bound,
            "{request:?} for {model:?} has waited {waited:?}, not {bound:?}"
        );
        self.longest = self.longest.max(waited.as_nanos() * 1_000 / bound.as_nanos());
        let service = match self.adversary {
            Adversary::Chance | Adversary::Crowds => self.random.milliseconds(0..=SERVICE),
            Adversary::Occupation | Adversary::SlowOccupation => Duration::from_millis(SERVICE),
        };
        self.expect(service, Event::Done(request));
        let occupies = matches!(self.adversary, Adversary::Occupation | Adversary::SlowOccupation);
        if occupies && self.herd.in_flight(model) <= 2 {
            // Its successor comes before it ends, so that the model is never idle.
            self.expect(service - Duration::from_millis(1), Event::Successor(model));
        }
    }

    fn swap_time(&mut self, longest: u64) -> Duration {
        match self.adversary {
            Adversary::SlowOccupation => Duration::from_millis(longest),
            Adversary::Chance | Adversary::Crowds | Adversary::Occupation => {
                self.random.milliseconds(0..=longest)
            }
        }
    }

    fn expect(&mut self, after: Duration, event: Event) {
        self.written += 1;
        self.agenda.insert((self.now + after, self.written), event);
    }
}

const ADVERSARIES: [Adversary; 4] = [
    Adversary::Chance,
    Adversary::Crowds,
    Adversary::Occupation,
    Adversary::SlowOccupation,
];

fn examine(house: House) {
    let mut longest = 0;
    for adversary in ADVERSARIES {
        for seed in 0..SEEDS {
            let (waited, digest) = Run::new(seed, adversary, house).run();
            longest = longest.max(waited);
            if seed == 0 {
                assert_eq!(Run::new(seed, adversary, house).run().1, digest, "invariant 7");
            }
        }
    }
    // A promise that is never put to the test proves nothing.
    assert!(longest > 500, "nobody was under pressure: {longest} thousandths");
}

#[test]
fn nobody_waits_longer_than_promised() {
    examine(House {
        places: 1,
        highest_priority: 0,
    });
}

/// Where a matrix leaves a choice of victims, nobody can be led from one to the other for ever.
#[test]
fn nobody_waits_longer_where_several_could_leave() {
    examine(House {
        places: 2,
        highest_priority: 0,
    });
}

#[test]
fn priority_is_a_head_start_and_no_monopoly() {
    for places in [1, 2] {
        examine(House {
            places,
            highest_priority: 3,
        });
    }
}
