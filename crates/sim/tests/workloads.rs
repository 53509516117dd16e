//! The workloads of scheduling.md section 6: what must come out does, for several seeds, and a seed says it all.

use std::path::Path;
use std::time::Duration;

use herder_core::{FairPlan, Limit, Strategy, Timestamp};
use herder_sim::workload::Shape;
use herder_sim::workload::replay::{Recorded, replay};
use herder_sim::{Comparison, Outcome, chart, compare, simulate};

fn both() -> [Strategy; 2] {
    let limit = Limit::Arrival;
    [Strategy::Fifo { limit }, Strategy::Fair(FairPlan::default())]
}

fn comparison(shape: Shape, seed: u64) -> Comparison {
    compare(shape.workload(seed), &both(), seed, true).expect("the built-in rules are sound")
}

/// Every finding holds, and there are as many as the table has columns for, beside the audit's two.
#[track_caller]
fn must_come_out(shape: Shape, seeds: &[u64], demands: usize) {
    for &seed in seeds {
        let comparison = comparison(shape, seed);
        assert_eq!(
            comparison.findings.len(),
            demands + 2,
            "{:?}",
            comparison.findings
        );
        let broken: Vec<_> = comparison
            .findings
            .iter()
            .filter(|finding| !finding.holds)
            .collect();
        assert!(broken.is_empty(), "seed {seed}: {broken:#?}");
    }
}

#[test]
fn w1_a_rare_client_is_served_and_the_busy_model_hardly_slower() {
    must_come_out(Shape::Starve, &[1, 2, 3], 2);
}

#[test]
fn w2_agents_need_fewer_loads_and_less_time() {
    must_come_out(Shape::Agents, &[1, 2, 3], 2);
}

#[test]
fn w3_the_unpopular_wait_half_as_long() {
    must_come_out(Shape::Zipf, &[1, 2, 3, 4, 5, 6, 7, 8], 2);
}

#[test]
fn w4_a_crowd_is_due_at_once_and_nobody_is_refused() {
    must_come_out(Shape::Burst, &[1, 2, 3], 2);
}

#[test]
fn w5_a_big_model_gets_its_turn() {
    must_come_out(Shape::Big, &[1, 2, 3], 2);
}

#[test]
fn w6_the_unimportant_are_served_and_the_important_wait_no_longer() {
    must_come_out(Shape::Priority, &[1, 2, 3], 2);
}

#[test]
fn w7_a_model_that_never_loads_hardly_disturbs_the_others() {
    must_come_out(Shape::Flapping, &[1, 2, 3], 2);
}

#[test]
fn nobody_waits_longer_than_fair_promises() {
    for shape in [
        Shape::Starve,
        Shape::Agents,
        Shape::Burst,
        Shape::Big,
        Shape::Priority,
    ] {
        for seed in 4..8 {
            let comparison = comparison(shape, seed);
            let report = &comparison.contestants[1].report;
            let bound = report.bound.expect("every model can be loaded");
            for model in &report.models {
                let wait = model.figures.wait.expect("every model is wanted");
                assert!(
                    wait.longest <= bound,
                    "{shape:?} seed {seed}: {model:?}, bound {bound:?}"
                );
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for shape in [
        Shape::Starve,
        Shape::Agents,
        Shape::Burst,
        Shape::Big,
        Shape::Flapping,
    ] {
        for strategy in both() {
            let run = |seed| simulate(&shape.workload(seed), strategy, seed).expect("the rules are sound");
            assert_eq!(run(5), run(5), "{shape:?} {strategy:?}");
            assert_ne!(run(5).passages, run(6).passages, "{shape:?} {strategy:?}");
        }
    }
}

#[test]
fn strategies_are_measured_on_the_same_traffic() {
    let workload = Shape::Big.workload(1);
    let arrivals = |strategy| -> Vec<(u32, Timestamp)> {
        let run = simulate(&workload, strategy, 1).expect("the rules are sound");
        let big = run.passages.iter().filter(|passage| passage.model.0 == 0);
        big.map(|passage| (passage.model.0, passage.arrived)).collect()
    };
    let expected: Vec<(u32, Timestamp)> = workload
        .arrivals
        .iter()
        .map(|arrival| (arrival.model.0, arrival.at))
        .collect();
    assert_eq!(arrivals(both()[0]), expected);
    assert_eq!(arrivals(both()[1]), expected);
}

#[test]
fn w8_a_log_is_served_to_its_end() {
    let row = |model: &str, arrived| Recorded {
        model: model.to_owned(),
        arrived: Duration::from_secs(arrived),
        service: Duration::from_secs(3),
    };
    let log = [
        row("oak", 1000),
        row("elm", 1001),
        row("oak", 1002),
        row("elm", 1100),
    ];
    let (workload, _) = replay(None, &log).expect("there are rows");
    for strategy in both() {
        let run = simulate(&workload, strategy, 1).expect("the rules are sound");
        let served = |passage: &&herder_sim::Passage| matches!(passage.outcome, Outcome::Served { .. });
        assert_eq!(run.passages.iter().filter(served).count(), 4);
        assert_eq!(run.violation, None);
        // It ends with the last answer and does not go on to the horizon.
        assert!(run.lasted < Duration::from_secs(200), "{:?}", run.lasted);
    }
}

#[test]
fn the_chart_is_well_formed_and_stays_inside_its_frame() {
    let mut comparison = comparison(Shape::Priority, 1);
    "a<b>&\"c".clone_into(&mut comparison.workload.house.models[0].name);
    let svg = chart::svg(&comparison);
    let mut open = Vec::new();
    for piece in svg.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("every tag ends");
        assert!(!text.contains('>'), "{piece}");
        let entities =
            text.matches("&amp;").count() + text.matches("&lt;").count() + text.matches("&gt;").count();
        assert_eq!(text.matches('&').count(), entities, "{text}");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        let name = tag.split([' ', '/']).next().expect("a tag has a name");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(svg.contains("a&lt;b&gt;&amp;\"c"));
    // A piece is M left top h width v height h -width z.
    let bars = svg.lines().filter(|line| line.starts_with("<path "));
    let ends: Vec<f64> = bars
        .flat_map(|line| line.split('M').skip(1))
        .map(|piece| {
            let (left, rest) = piece.split_once(' ').expect("left and top");
            let (_, rest) = rest.split_once('h').expect("a width");
            let (width, _) = rest.split_once('v').expect("a height");
            let number = |text: &str| text.parse::<f64>().expect("a number");
            number(left) + number(width)
        })
        .collect();
    assert!(ends.len() > 500, "{}", ends.len());
    assert!(ends.iter().all(|&end| (140.0..=1_141.0).contains(&end)));
}

#[test]
fn the_charts_of_the_documentation_are_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/charts");
    for shape in [Shape::Starve, Shape::Agents, Shape::Priority] {
        let name = shape.name();
        let committed = std::fs::read_to_string(folder.join(format!("{name}.svg"))).unwrap_or_default();
        let same = chart::svg(&comparison(shape, 1)) == committed.replace("\r\n", "\n");
        assert!(
            same,
            "docs/charts/{name}.svg is stale: cargo xtask sim -workload {name} -svg docs/charts/{name}.svg"
        );
    }
}
