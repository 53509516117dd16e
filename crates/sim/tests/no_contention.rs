//! Where nobody is in anybody's way, `fair` must cost nothing: no load more than `fifo` makes, and nobody waits longer.

use std::time::Duration;

use herder_core::{FairPlan, Limit, ModelId, ModelPlan, Strategy, Timestamp};
use herder_sim::workload::{Arrival, House, SimulatedModel, Workload};
use herder_sim::{Outcome, Random, Rules, Run, simulate};

const MODELS: u32 = 5;

/// Requests for some models that come at any time. Models have idle times, so that they are loaded more than once.
fn workload(seed: u64, rules: Rules, wanted: u32) -> Workload {
    let mut random = Random::new(seed);
    let models = (0..MODELS).map(|number| {
        let mut model = SimulatedModel::of(&format!("m{number}"), 1_000..=9_000, 100..=900);
        model.plan = ModelPlan {
            concurrency_limit: 1_000,
            ttl: Some(random.milliseconds(1_000..=8_000)),
            ..model.plan
        };
        model
    });
    let models = models.collect();
    let mut at = Duration::ZERO;
    let arrivals = (0..500).map(|_| {
        at += random.milliseconds(0..=40_000);
        Arrival {
            at: Timestamp(at),
            model: ModelId(random.index(wanted as usize) as u32),
            service: random.milliseconds(0..=20_000),
        }
    });
    Workload {
        name: "no contention".to_owned(),
        description: String::new(),
        shape: None,
        house: House { models, rules },
        arrivals: arrivals.collect(),
        agents: Vec::new(),
        horizon: Duration::from_secs(86_400),
    }
}

fn waits(run: &Run) -> Vec<Duration> {
    let wait = |passage: &herder_sim::Passage| match passage.outcome {
        Outcome::Served { granted, .. } => granted.since(passage.arrived),
        ref other => panic!("everybody is served, not {other:?}"),
    };
    run.passages.iter().map(wait).collect()
}

fn costs_nothing(workload: &Workload, seed: u64) {
    let limit = Limit::Arrival;
    let run = |strategy| simulate(workload, strategy, seed).expect("groups are always sound");
    let fifo = run(Strategy::Fifo { limit });
    let fair = run(Strategy::Fair(FairPlan::default()));
    assert_eq!((&fair.violation, &fifo.violation), (&None, &None));
    assert!(
        fifo.starts.iter().sum::<u64>() > 10,
        "seed {seed}: {:?}",
        fifo.starts
    );
    assert_eq!(fair.starts, fifo.starts, "seed {seed}");
    assert_eq!(waits(&fair), waits(&fifo), "seed {seed}");
}

#[test]
fn models_that_run_side_by_side() {
    for seed in 0..20 {
        costs_nothing(&workload(seed, Rules::free(MODELS as usize), MODELS), seed);
    }
}

#[test]
fn one_model_alone() {
    for seed in 0..20 {
        costs_nothing(&workload(seed, Rules::Groups(Vec::new()), 1), seed);
    }
}
