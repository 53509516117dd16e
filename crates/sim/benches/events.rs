//! How many inputs a second the simulator gets through. Issue 2 asks for at least 100,000 without checks.
//!
//! `cargo bench -p herder-sim`; `HERDER_SIM_WORLDS=20000 cargo bench -p herder-sim` hunts for violations instead.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::time::{Duration, Instant};

use herder_sim::{Checks, Scenario, Summary, World};

/// Different worlds, so that no one kind of them decides the figure.
const WORLDS: u64 = 100;

fn main() {
    if let Ok(worlds) = std::env::var("HERDER_SIM_WORLDS") {
        let worlds = worlds.parse().expect("HERDER_SIM_WORLDS is a number");
        measure("hunting, with checks", worlds, 2_000, Checks::On);
        return;
    }
    measure("without checks", WORLDS, 20_000, Checks::Off);
    measure("with checks", WORLDS, 2_000, Checks::On);
}

fn measure(title: &str, worlds: u64, inputs_per_world: u64, checks: Checks) {
    let mut inputs = 0;
    let mut simulated = Duration::ZERO;
    let begun = Instant::now();
    for seed in 0..worlds {
        let summary = run(seed, inputs_per_world, checks);
        inputs += summary.inputs;
        simulated += summary.lasted;
    }
    let took = begun.elapsed();
    println!(
        "{title}: {:.0} inputs/s ({inputs} inputs in {worlds} worlds, {:.1} h of virtual time in {:.2} s)",
        inputs as f64 / took.as_secs_f64(),
        simulated.as_secs_f64() / 3600.0,
        took.as_secs_f64(),
    );
}

fn run(seed: u64, inputs: u64, checks: Checks) -> Summary {
    let mut world = World::new(Scenario::from_seed(seed), checks).expect("drawn rules are sound");
    world
        .run(inputs)
        .unwrap_or_else(|violation| panic!("{violation}"))
}
