//! Matrix decisions (goal: 50 models in 20 sets under 20 µs). Run with `cargo bench -p herder-core --bench matrix`.

use herder_core::ModelId;
use herder_core::planner::Planner;
use herder_core::planner::matrix::{MatrixPlanner, MatrixSpecification};

fn main() {
    divan::main();
}

/// A planner over `models` models, from a function that writes the expression of each set.
fn planner(models: usize, sets: usize, expression: impl Fn(usize) -> String) -> MatrixPlanner {
    MatrixPlanner::new(&MatrixSpecification {
        models: (0..models as u32)
            .map(|model| (format!("m{model}"), ModelId(model)))
            .collect(),
        costs: (0..models as u32)
            .map(|model| (ModelId(model), u64::from(1 + model % 7)))
            .collect(),
        sets: (0..sets)
            .map(|set| (format!("s{set}"), expression(set)))
            .collect(),
        ..MatrixSpecification::default()
    })
    .expect("the expressions are valid")
}

/// `first | first+1 | …` in parentheses, modulo `models`.
fn alternatives(first: usize, count: usize, models: usize) -> String {
    let names: Vec<String> = (first..first + count)
        .map(|model| format!("m{}", model % models))
        .collect();
    format!("({})", names.join(" | "))
}

/// 50 models in 20 sets, each set five groups of ten alternatives; every model is in every set, never twice.
fn twenty_sets_of_fifty() -> MatrixPlanner {
    planner(50, 20, |set| {
        let groups: Vec<String> = (0..5)
            .map(|group| alternatives(set + 10 * group, 10, 50))
            .collect();
        groups.join(" & ")
    })
}

/// The same where all groups of a set share two models, so that lists of combinations are needed.
fn twenty_sets_of_fifty_sharing() -> MatrixPlanner {
    planner(50, 20, |set| {
        let group = |group: usize| format!("({} | m3 & m4)", alternatives(set + 10 * group, 10, 50));
        (0..5).map(group).collect::<Vec<_>>().join(" & ")
    })
}

fn decide(bencher: divan::Bencher<'_, '_>, planner: &MatrixPlanner, target: u32, running: &[u32]) {
    let running: Vec<ModelId> = running.iter().copied().map(ModelId).collect();
    let mut victims = Vec::with_capacity(running.len());
    bencher.bench_local(|| {
        victims.clear();
        planner.victims(ModelId(target), divan::black_box(&running), &mut victims);
        divan::black_box(victims.len())
    });
}

/// Five running models, as the sets permit: the usual decision.
#[divan::bench]
fn fifty_models_twenty_sets_few_running(bencher: divan::Bencher<'_, '_>) {
    decide(bencher, &twenty_sets_of_fifty(), 25, &[2, 12, 22, 32, 42]);
}

/// All other models run: the hardest decision.
#[divan::bench]
fn fifty_models_twenty_sets_all_running(bencher: divan::Bencher<'_, '_>) {
    let running: Vec<u32> = (0..50).filter(|model| *model != 25).collect();
    decide(bencher, &twenty_sets_of_fifty(), 25, &running);
}

/// Sets whose parts share models, with few running.
#[divan::bench]
fn fifty_models_twenty_sharing_sets_few_running(bencher: divan::Bencher<'_, '_>) {
    decide(bencher, &twenty_sets_of_fifty_sharing(), 25, &[3, 12, 22, 32, 42]);
}

/// The target runs already.
#[divan::bench]
fn fifty_models_twenty_sets_target_running(bencher: divan::Bencher<'_, '_>) {
    decide(bencher, &twenty_sets_of_fifty(), 22, &[2, 12, 22, 32, 42]);
}

/// Ten groups of ten with all running: 10^10 combinations.
#[divan::bench]
fn ten_groups_of_ten_all_running(bencher: divan::Bencher<'_, '_>) {
    let planner = planner(100, 1, |_| {
        let groups: Vec<String> = (0..10).map(|group| alternatives(10 * group, 10, 100)).collect();
        groups.join(" & ")
    });
    let running: Vec<u32> = (0..100).filter(|model| *model != 47).collect();
    decide(bencher, &planner, 47, &running);
}

/// Five of thirty, all running: the work limits of the solver end it. No goal; it must stay bearable.
#[divan::bench]
fn five_of_thirty_all_running(bencher: divan::Bencher<'_, '_>) {
    let any = alternatives(0, 30, 30);
    let planner = planner(31, 1, |_| format!("m30 & {any} & {any} & {any} & {any} & {any}"));
    let running: Vec<u32> = (0..30).collect();
    decide(bencher, &planner, 30, &running);
}
