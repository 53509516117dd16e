//! Whole worlds from many seeds. `HERDER_SIM_SEED=17` runs that one alone, `HERDER_SIM_WORLDS=5000` more of them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use herder_core::Limit;
use herder_sim::{Checks, Ending, Rules, Scenario, Summary, World};

/// Seeds of an ordinary run.
const WORLDS: u64 = 100;
/// Inputs before the end of each world begins.
const INPUTS: u64 = 1_200;

fn run(seed: u64, inputs: u64) -> Summary {
    let mut world = World::new(Scenario::from_seed(seed), Checks::On).expect("drawn rules are sound");
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

#[test]
fn invariants_hold_in_every_world() {
    if let Some(seed) = number_from("HERDER_SIM_SEED") {
        println!("{:#?}\n{:?}", Scenario::from_seed(seed), run(seed, INPUTS));
        return;
    }
    let mut requests = 0;
    let mut starts = 0;
    let mut reloads = 0;
    for seed in 0..number_from("HERDER_SIM_WORLDS").unwrap_or(WORLDS) {
        let summary = run(seed, INPUTS);
        requests += summary.requests;
        starts += summary.starts;
        reloads += summary.reloads;
    }
    // A world in which nothing happens proves nothing.
    assert!(requests > WORLDS * INPUTS / 10, "{requests} requests");
    assert!(starts > WORLDS * INPUTS / 50, "{starts} starts");
    assert!(reloads > WORLDS * INPUTS / 100, "{reloads} reloads");
}

#[test]
fn seeds_reach_every_kind_of_world() {
    let scenarios: Vec<Scenario> = (0..WORLDS).map(Scenario::from_seed).collect();
    for limit in [Limit::Arrival, Limit::Grant] {
        for ending in [Ending::Settled, Ending::Abrupt] {
            let like = |scenario: &&Scenario| scenario.setting.limit == limit && scenario.ending == ending;
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
    for seed in 0..10 {
        let (first, second) = (run(seed, INPUTS), run(seed, INPUTS));
        assert_eq!(first, second, "seed {seed}");
        let other = run(seed + 1_000_000, INPUTS);
        assert_ne!(first.digest, other.digest, "seed {seed}");
    }
}
