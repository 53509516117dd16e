//! What of `fair` is not told by traces: the choice between victims, changes of the strategy, and what an event costs.

mod said;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use herder_core::planner::groups::GroupPlanner;
use herder_core::planner::matrix::{MatrixPlanner, MatrixSpecification};
use herder_core::planner::{Explanation, Planner};
use herder_core::{
    Exit, FairPlan, Herd, Limit, ModelId, ModelPlan, ModelState, Output, Plan, RequestId, Strategy, Timestamp,
};
use said::{granted, outputs};

const FAIR: Strategy = Strategy::Fair(FairPlan {
    price: herder_core::Factor::from_thousandths(1_000),
    max_wait: Duration::from_secs(60),
    turn: herder_core::Factor::from_thousandths(2_000),
    max_turn: Duration::from_secs(60),
    linger: herder_core::Linger::Auto,
    aging: Duration::from_secs(30),
    drain_timeout: None,
});
const FIFO: Strategy = Strategy::Fifo {
    limit: Limit::Arrival,
};

fn plan(strategy: Strategy, planner: Box<dyn Planner>) -> Plan {
    let model = ModelPlan {
        concurrency_limit: 10,
        queue_limit: 1_000,
        priority: 0,
        ttl: None,
        unload_timeout: Duration::from_secs(10),
        start_timeout: Duration::from_secs(120),
        load_time: None,
    };
    Plan {
        models: vec![Some(model); 5],
        planner,
        strategy,
    }
}

fn exclusive() -> Box<dyn Planner> {
    Box::new(GroupPlanner::new(5, &[]))
}

fn at(seconds: u64) -> Timestamp {
    Timestamp(Duration::from_secs(seconds))
}

fn report_ready(herd: &mut Herd, now: Timestamp, model: u32) {
    let generation = herd.generation(ModelId(model)).expect("it has a process");
    herd.handle_ready(now, ModelId(model), generation);
}

fn report_gone(herd: &mut Herd, now: Timestamp, model: u32) {
    let generation = herd.generation(ModelId(model)).expect("it has a process");
    herd.handle_exited(now, ModelId(model), generation, Exit::Ended);
}

/// Any two of five may run together, and the planner does not care which. A request comes and goes for each of the
/// first two, so that both are ready and idle.
fn two_of_five(strategy: Strategy) -> Herd {
    let names = ["a", "b", "c", "d", "e"].map(str::to_owned);
    let specification = MatrixSpecification {
        models: names.into_iter().zip((0..5).map(ModelId)).collect(),
        sets: vec![("two".to_owned(), "(a|b|c|d|e) & (a|b|c|d|e)".to_owned())],
        ..MatrixSpecification::default()
    };
    let planner = MatrixPlanner::new(&specification).expect("the set is sound");
    let mut herd = Herd::new(plan(strategy, Box::new(planner)));
    for model in [0, 1] {
        let request = RequestId(u64::from(model));
        herd.handle_request(at(0), request, ModelId(model));
        report_ready(&mut herd, at(1), model);
        herd.handle_done(at(1), request);
    }
    outputs(&mut herd);
    herd
}

fn loads(herd: &mut Herd) -> Vec<(Vec<ModelId>, Explanation)> {
    outputs(herd)
        .into_iter()
        .filter_map(|output| match output {
            Output::Load {
                victims, explanation, ..
            } => Some((victims, explanation)),
            _ => None,
        })
        .collect()
}

#[test]
fn of_equally_good_victims_the_one_that_nobody_used_for_longest_leaves() {
    for used_last in [0, 1] {
        let mut herd = two_of_five(FAIR);
        herd.handle_request(at(100), RequestId(10), ModelId(used_last));
        herd.handle_done(at(101), RequestId(10));
        outputs(&mut herd);
        herd.handle_request(at(200), RequestId(11), ModelId(2));
        let loads = loads(&mut herd);
        let combination = vec![ModelId(used_last), ModelId(2)];
        let explanation = Explanation::Matrix {
            set: Some(0),
            combination,
            cost: 1,
        };
        assert_eq!(loads, [(vec![ModelId(1 - used_last)], explanation)]);
    }
}

#[test]
fn a_busy_victim_is_spared_when_an_idle_one_does_as_well() {
    for busy in [0, 1] {
        let mut herd = two_of_five(FAIR);
        herd.handle_request(at(100), RequestId(10), ModelId(busy));
        outputs(&mut herd);
        herd.handle_request(at(100), RequestId(11), ModelId(2));
        let victims: Vec<_> = loads(&mut herd).into_iter().map(|(victims, _)| victims).collect();
        assert_eq!(victims, [[ModelId(1 - busy)]]);
    }
}

#[test]
fn a_place_that_becomes_free_is_taken_before_another_has_drained() {
    let mut herd = two_of_five(FAIR);
    for (request, model) in [(10, 0), (11, 1), (12, 2)] {
        herd.handle_request(at(100), RequestId(request), ModelId(model));
    }
    herd.handle_timeout(at(200));
    herd.handle_request(at(200), RequestId(13), ModelId(1));
    assert_eq!(granted(&mut herd), [10, 11], "the second is fenced");
    herd.handle_done(at(201), RequestId(10));
    // Nobody need wait for it any longer.
    let said = outputs(&mut herd);
    let load = said.iter().find_map(|output| match output {
        Output::Load { victims, .. } => Some(victims.clone()),
        _ => None,
    });
    assert_eq!(load, Some(vec![ModelId(0)]));
    assert_eq!(herd.in_flight(ModelId(1)), 2);
}

/// Whoever waits under one strategy goes on waiting under the other, and nobody is lost or served twice.
#[test]
fn the_strategy_can_change_while_requests_wait() {
    for (first, second) in [(FIFO, FAIR), (FAIR, FIFO)] {
        let mut herd = Herd::new(plan(first, exclusive()));
        herd.handle_request(at(0), RequestId(1), ModelId(0));
        report_ready(&mut herd, at(1), 0);
        assert_eq!(granted(&mut herd), [1]);
        for (request, model) in [(2, 1), (3, 2), (4, 1)] {
            herd.handle_request(at(2), RequestId(request), ModelId(model));
        }
        herd.reconfigure(at(3), plan(second, exclusive()), &[], at(300));
        assert_eq!((granted(&mut herd), herd.waiting()), (vec![], 3));
        herd.handle_done(at(4), RequestId(1));
        report_gone(&mut herd, at(5), 0);
        report_ready(&mut herd, at(6), 1);
        assert_eq!(granted(&mut herd), [2, 4]);
        herd.handle_done(at(7), RequestId(2));
        herd.handle_done(at(7), RequestId(4));
        report_gone(&mut herd, at(8), 1);
        report_ready(&mut herd, at(9), 2);
        assert_eq!((granted(&mut herd), herd.waiting()), (vec![3], 0));
    }
}

/// `fair` has let requests wait for a slot that `fifo` would not have admitted; they are not lost.
#[test]
fn those_who_wait_for_a_slot_are_served_when_the_strategy_becomes_fifo() {
    let mut herd = Herd::new(plan(FAIR, exclusive()));
    for request in 1..=12 {
        herd.handle_request(at(0), RequestId(request), ModelId(0));
    }
    report_ready(&mut herd, at(1), 0);
    assert_eq!((granted(&mut herd).len(), herd.waiting()), (10, 2));
    herd.reconfigure(at(3), plan(FIFO, exclusive()), &[], at(300));
    assert_eq!(granted(&mut herd), [11, 12]);
}

#[test]
fn a_fence_does_not_outlive_fair() {
    let mut herd = Herd::new(plan(FAIR, exclusive()));
    herd.handle_request(at(0), RequestId(1), ModelId(0));
    report_ready(&mut herd, at(1), 0);
    herd.handle_request(at(2), RequestId(2), ModelId(1));
    herd.handle_timeout(at(100));
    herd.handle_request(at(100), RequestId(3), ModelId(0));
    assert_eq!(granted(&mut herd), [1], "the model is fenced");
    herd.reconfigure(at(101), plan(FIFO, exclusive()), &[], at(300));
    assert_eq!(granted(&mut herd), [3]);
    assert_eq!(herd.poll_timeout(), None);
}

/// `fifo` orders those who wait for one model by the priorities they came with, which a reload may have changed between
/// them. `fair` serves them in order of arrival, and whoever leaves is gone.
#[test]
fn a_load_that_fifo_has_begun_is_shared_out_in_order_of_arrival() {
    let mut herd = Herd::new(plan(FIFO, exclusive()));
    herd.handle_request(at(0), RequestId(1), ModelId(0));
    report_ready(&mut herd, at(1), 0);
    herd.handle_request(at(2), RequestId(2), ModelId(1));
    herd.handle_request(at(2), RequestId(3), ModelId(1));
    let with = |strategy: Strategy, priority: i64, limit: u32| {
        let mut plan = plan(strategy, exclusive());
        let model = plan.models[1].as_mut().expect("it is configured");
        (model.priority, model.concurrency_limit) = (priority, limit);
        plan
    };
    herd.reconfigure(at(3), with(FIFO, 5, 10), &[], at(300));
    herd.handle_request(at(4), RequestId(4), ModelId(1));
    herd.handle_request(at(4), RequestId(5), ModelId(1));
    herd.handle_done(at(5), RequestId(1));
    report_gone(&mut herd, at(6), 0);
    herd.reconfigure(at(7), with(FAIR, 5, 1), &[], at(300));
    outputs(&mut herd);
    report_ready(&mut herd, at(8), 1);
    assert_eq!(granted(&mut herd), [2]);
    herd.handle_cancel(at(9), RequestId(5));
    assert_eq!(herd.waiting(), 2);
    for (request, next) in [(2, vec![3]), (3, vec![4]), (4, vec![])] {
        herd.handle_done(at(10), RequestId(request));
        assert_eq!(granted(&mut herd), next);
    }
    assert_eq!(herd.reserved(ModelId(1)), 0);
}

/// A turn that began under a longer `maxTurn` holds nobody up any longer.
#[test]
fn a_reload_that_shortens_the_longest_turn_shortens_the_present_one() {
    let mut herd = Herd::new(plan(FAIR, exclusive()));
    herd.handle_request(at(0), RequestId(1), ModelId(0));
    report_ready(&mut herd, at(30), 0);
    herd.handle_request(at(31), RequestId(2), ModelId(1));
    herd.handle_timeout(at(45));
    herd.handle_request(at(45), RequestId(3), ModelId(0));
    assert_eq!(granted(&mut herd), [1, 3], "the turn lasts until 90");
    let Strategy::Fair(fair) = FAIR else {
        unreachable!()
    };
    let shorter = Strategy::Fair(FairPlan {
        max_turn: Duration::from_secs(5),
        ..fair
    });
    herd.reconfigure(at(46), plan(shorter, exclusive()), &[], at(300));
    herd.handle_request(at(47), RequestId(4), ModelId(0));
    assert_eq!(granted(&mut herd), [], "it is fenced for the one who is due");
    herd.handle_done(at(48), RequestId(1));
    herd.handle_done(at(48), RequestId(3));
    report_gone(&mut herd, at(49), 0);
    report_ready(&mut herd, at(50), 1);
    assert_eq!(granted(&mut herd), [2]);
}

#[test]
fn costs_are_measured_and_can_be_brought_along() {
    let mut herd = Herd::new(plan(FAIR, exclusive()));
    herd.handle_request(at(0), RequestId(1), ModelId(0));
    report_ready(&mut herd, at(4), 0);
    herd.handle_done(at(7), RequestId(1));
    herd.handle_request(at(10), RequestId(2), ModelId(1));
    report_gone(&mut herd, at(12), 0);
    let costs = herd.costs(ModelId(0));
    let known = [costs.load, costs.service, costs.stop].map(|mean| (mean.mean.as_secs(), mean.count));
    assert_eq!(known, [(4, 1), (3, 1), (2, 1)]);

    let mut next = Herd::new(plan(FAIR, exclusive()));
    next.seed_costs(ModelId(0), costs);
    next.handle_request(at(0), RequestId(1), ModelId(0));
    assert_eq!(next.estimate(at(1), RequestId(1)), Some(Duration::from_secs(3)));
}

/// A failed start is no measurement, nor is the stop of one that was never ready.
#[test]
fn what_went_wrong_is_not_measured() {
    let mut herd = Herd::new(plan(FAIR, exclusive()));
    herd.handle_request(at(0), RequestId(1), ModelId(0));
    report_gone(&mut herd, at(4), 0);
    herd.handle_request(at(5), RequestId(2), ModelId(0));
    herd.handle_cancel(at(6), RequestId(2));
    herd.handle_request(at(7), RequestId(3), ModelId(1));
    report_gone(&mut herd, at(9), 0);
    assert_eq!(herd.state(ModelId(1)), ModelState::Starting);
    assert_eq!(herd.costs(ModelId(0)), herder_core::ModelCosts::default());
}

/// Counts how often it is asked.
#[derive(Debug)]
struct Counting(GroupPlanner, Arc<AtomicU64>);

impl Planner for Counting {
    fn victims(&self, target: ModelId, running: &[ModelId], victims: &mut Vec<ModelId>) {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.victims(target, running, victims);
    }

    fn explain(&self, target: ModelId, running: &[ModelId]) -> Explanation {
        self.0.explain(target, running)
    }
}

/// What a handful of events of other models cost, in questions to the planner and in outputs, while so many wait.
fn work(waiting: u64) -> (u64, usize) {
    let asked = Arc::new(AtomicU64::new(0));
    let planner = Counting(GroupPlanner::new(5, &[]), asked.clone());
    let mut herd = Herd::new(plan(FAIR, Box::new(planner)));
    herd.handle_request(at(0), RequestId(1), ModelId(0));
    report_ready(&mut herd, at(10), 0);
    for request in 0..waiting {
        herd.handle_request(at(11), RequestId(100 + request), ModelId(1));
    }
    outputs(&mut herd);
    asked.store(0, Ordering::Relaxed);
    let mut said = 0;
    for second in 0..5 {
        // The resident's clients come and go, somebody else comes and leaves.
        let (own, other) = (RequestId(10_000 + second), RequestId(20_000 + second));
        herd.handle_request(at(11), own, ModelId(0));
        herd.handle_request(at(11), other, ModelId(2));
        herd.handle_done(at(11), own);
        herd.handle_cancel(at(11), other);
        said += outputs(&mut herd).len();
    }
    (asked.load(Ordering::Relaxed), said)
}

/// Issue 4: the time for one event must not grow with the number of requests waiting for other models.
#[test]
fn an_event_costs_no_more_when_many_wait_for_other_models() {
    assert_eq!(work(1), work(900));
}
