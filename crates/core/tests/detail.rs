//! What people may ask about one model, and requests that ask a model nothing.

mod said;

use std::time::Duration;

use herder_core::planner::Planner;
use herder_core::planner::groups::GroupPlanner;
use herder_core::planner::matrix::{MatrixPlanner, MatrixSpecification};
use herder_core::{
    CommandId, Exit, Herd, Limit, Mean, ModelId, ModelPlan, Plan, RequestId, Strategy, Timestamp,
};
use said::{granted, outputs};

const OAK: ModelId = ModelId(0);
const ELM: ModelId = ModelId(1);
const FIR: ModelId = ModelId(2);

fn at(seconds: u64) -> Timestamp {
    Timestamp(Duration::from_secs(seconds))
}

fn herd(planner: Box<dyn Planner>) -> Herd {
    let model = ModelPlan {
        concurrency_limit: 10,
        queue_limit: 512,
        priority: 0,
        ttl: Some(Duration::from_secs(60)),
        unload_timeout: Duration::from_secs(10),
        start_timeout: Duration::from_secs(120),
        load_time: None,
    };
    Herd::new(Plan {
        models: vec![Some(model); 3],
        planner,
        strategy: Strategy::Fifo {
            limit: Limit::Arrival,
        },
    })
}

fn alone() -> Herd {
    herd(Box::new(GroupPlanner::new(3, &[])))
}

/// Asks for the model and lets it become ready two seconds later.
fn load(herd: &mut Herd, request: RequestId, model: ModelId) {
    herd.handle_request(at(10), request, model);
    let generation = herd.generation(model).expect("it has been started");
    herd.handle_ready(at(12), model, generation);
    assert_eq!(granted(herd), [request.0]);
}

#[test]
fn the_idle_clock_runs_only_while_nobody_is_served() {
    let mut herd = alone();
    assert_eq!(herd.detail(at(0), OAK).unloads_at, None);
    herd.handle_request(at(10), RequestId(1), OAK);
    assert_eq!(
        herd.detail(at(10), OAK).unloads_at,
        None,
        "the deadline of a start is another"
    );
    let generation = herd.generation(OAK).expect("it has been started");
    herd.handle_ready(at(12), OAK, generation);
    assert_eq!(herd.detail(at(12), OAK).unloads_at, None);
    herd.handle_done(at(20), RequestId(1));
    assert_eq!(herd.detail(at(20), OAK).unloads_at, Some(at(80)));
    herd.handle_request(at(30), RequestId(2), OAK);
    assert_eq!(herd.detail(at(30), OAK).unloads_at, None);
}

#[test]
fn failed_starts_count_until_one_succeeds_or_somebody_unloads() {
    let mut herd = alone();
    for request in 1..=3 {
        herd.handle_request(at(10), RequestId(request), OAK);
        let generation = herd.generation(OAK).expect("it has been started");
        herd.handle_exited(at(10), OAK, generation, Exit::Ended);
    }
    let detail = herd.detail(at(11), OAK);
    assert_eq!((detail.failed_starts, detail.retry_at), (3, Some(at(15))));
    let detail = herd.detail(at(15), OAK);
    assert_eq!((detail.failed_starts, detail.retry_at), (3, None));
    herd.unload(at(16), CommandId(1), &[OAK], None);
    assert_eq!(herd.detail(at(16), OAK).failed_starts, 0);
}

#[test]
fn sets_are_those_that_a_model_may_run_in() {
    let named = |name: &str, model| (name.to_owned(), model);
    let set = |name: &str, expression: &str| (name.to_owned(), expression.to_owned());
    let planner = MatrixPlanner::new(&MatrixSpecification {
        models: vec![named("oak", OAK), named("elm", ELM), named("fir", FIR)],
        sets: vec![
            set("first", "oak"),
            set("second", "elm"),
            set("third", "(oak | elm) & oak"),
            set("fourth", "+second"),
        ],
        ..MatrixSpecification::default()
    });
    let herd = herd(Box::new(planner.expect("the matrix is right")));
    for (model, expected) in [(OAK, &[0, 2][..]), (ELM, &[1, 2, 3]), (FIR, &[])] {
        assert_eq!(herd.detail(at(0), model).sets, expected, "{model:?}");
    }
    assert!(alone().detail(at(0), OAK).sets.is_empty(), "groups have no sets");
}

#[test]
fn who_only_wants_a_model_loaded_is_no_measure_of_requests() {
    let mut herd = alone();
    load(&mut herd, RequestId(1), OAK);
    herd.handle_unused(at(12), RequestId(1));
    assert_eq!(herd.in_flight(OAK), 0);
    assert_eq!(herd.costs(OAK).service, Mean::default());
    assert_eq!(herd.costs(OAK).load.count, 1);
    assert_eq!(herd.detail(at(12), OAK).unloads_at, Some(at(72)));
    // It is over: neither word counts again.
    herd.handle_done(at(13), RequestId(1));
    herd.handle_unused(at(13), RequestId(1));
    assert_eq!(herd.costs(OAK).service.count, 0);
    assert_eq!(outputs(&mut herd), []);
}
