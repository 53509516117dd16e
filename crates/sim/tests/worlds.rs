//! Whole worlds from many seeds. `HERDER_SIM_SEED=17` runs that one alone, `HERDER_SIM_WORLDS=5000` more of them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use herder_core::{Limit, Strategy};
use herder_sim::{Checks, Ending, Rules, Scenario, Summary, World};

/// Seeds of an ordinary run.
const WORLDS: u64 = 100;
/// Worlds decided by `fair`, and how long each goes on: together a million inputs.
const FAIR_WORLDS: u64 = 500;
const FAIR_INPUTS: u64 = 2_000;
/// Inputs before the end of each world begins.
const INPUTS: u64 = 1_200;

fn run(scenario: Scenario, inputs: u64) -> Summary {
    let seed = scenario.seed;
    let mut world = World::new(scenario, Checks::On).expect("drawn rules are sound");
    match catch_unwind(AssertUnwindSafe(|| world.run(inputs))) {
        Ok(Ok(summary)) => summary,
        Ok(Err(violation)) => panic!("{violation}\nrepeat with HERDER_SIM_SEED={seed}"),
        // The panic's own message has been printed already.
        Err(_) => {
            let violation = world.trial().violation("the core panicked".to_owned());
            panic!("{violation}\nrepeat with HERDER_SIM_SEED={seed}")
        }
    }
}

fn number_from(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable}={text} is not a number")),
    )
}

/// Runs worlds from many seeds.
fn hunt(draw: fn(u64) -> Scenario, worlds: u64, inputs: u64) {
    let mut requests = 0;
    let mut starts = 0;
    let mut reloads = 0;
    for seed in 0..number_from("HERDER_SIM_WORLDS").unwrap_or(worlds) {
        let summary = run(draw(seed), inputs);
        requests += summary.requests;
        starts += summary.starts;
        reloads += summary.reloads;
    }
    // A world in which nothing happens proves nothing.
    assert!(requests > worlds * inputs / 10, "{requests} requests");
    assert!(starts > worlds * inputs / 50, "{starts} starts");
    assert!(reloads > worlds * inputs / 100, "{reloads} reloads");
}

#[test]
fn invariants_hold_in_every_world_of_fifo() {
    if let Some(seed) = number_from("HERDER_SIM_SEED") {
        let scenario = Scenario::from_seed(seed);
        println!("{scenario:#?}\n{:?}", run(scenario.clone(), INPUTS));
        return;
    }
    hunt(Scenario::from_seed, WORLDS, INPUTS);
}

/// Issue 4: at least a million events.
#[test]
fn invariants_hold_in_every_world_of_fair() {
    if let Some(seed) = number_from("HERDER_SIM_SEED") {
        let scenario = Scenario::fair_from_seed(seed);
        println!("{scenario:#?}\n{:?}", run(scenario.clone(), FAIR_INPUTS));
        return;
    }
    hunt(Scenario::fair_from_seed, FAIR_WORLDS, FAIR_INPUTS);
}

#[test]
fn seeds_reach_every_kind_of_world() {
    let scenarios: Vec<Scenario> = (0..WORLDS).map(Scenario::from_seed).collect();
    for limit in [Limit::Arrival, Limit::Grant] {
        for ending in [Ending::Settled, Ending::Abrupt] {
            let like = |scenario: &&Scenario| {
                scenario.setting.strategy == Strategy::Fifo { limit } && scenario.ending == ending
            };
            let matrices = scenarios
                .iter()
                .filter(like)
                .filter(|scenario| match scenario.setting.rules {
                    Rules::Matrix(_) => true,
                    Rules::Groups(_) => false,
                });
            let share = (matrices.count(), scenarios.iter().filter(like).count());
            assert!(
                share.0 >= 1 && share.1 - share.0 >= 5,
                "{limit:?} {ending:?}: {share:?}"
            );
        }
    }
}

#[test]
fn invariant_7_the_same_seed_gives_the_same_outputs() {
    for draw in [Scenario::from_seed, Scenario::fair_from_seed] {
        for seed in 0..10 {
            let (first, second) = (run(draw(seed), INPUTS), run(draw(seed), INPUTS));
            assert_eq!(first, second, "seed {seed}");
            let other = run(draw(seed + 1_000_000), INPUTS);
            assert_ne!(first.digest, other.digest, "seed {seed}");
        }
    }
}
