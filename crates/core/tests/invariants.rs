//! Invariants of architecture section 5 that simulated worlds (crate `herder-sim`) once saw broken, each as the
//! shortest way to get there.

mod said;

use std::time::Duration;

use herder_core::planner::groups::{GroupPlanner, GroupSpecification};
use herder_core::{
    CommandId, Exit, Generation, Herd, Limit, MAX_WAITING, ModelId, ModelPlan, Output, Plan, Refusal,
    RequestId, Strategy, Timestamp,
};
use said::{granted, outputs};

const NOW: Timestamp = Timestamp(Duration::ZERO);
const OAK: ModelId = ModelId(0);
const ELM: ModelId = ModelId(1);
const FIR: ModelId = ModelId(2);

fn herd(limit: Limit, groups: &[GroupSpecification]) -> Herd {
    let model = ModelPlan {
        concurrency_limit: u32::MAX,
        queue_limit: 512,
        priority: 0,
        ttl: None,
        unload_timeout: Duration::from_secs(10),
        start_timeout: Duration::from_secs(120),
        load_time: None,
    };
    Herd::new(Plan {
        models: vec![Some(model); 3],
        planner: Box::new(GroupPlanner::new(3, groups)),
        strategy: Strategy::Fifo { limit },
    })
}

/// A non-exclusive group: loading a member evicts nobody.
fn modest(members: Vec<ModelId>) -> GroupSpecification {
    GroupSpecification {
        swap: false,
        exclusive: false,
        persistent: false,
        members,
    }
}

fn live(herd: &Herd, model: ModelId) -> Generation {
    herd.generation(model).expect("it has a process")
}

/// One request comes and goes.
fn make_ready(herd: &mut Herd, model: ModelId) {
    let request = RequestId(1000 + u64::from(model.0));
    herd.handle_request(NOW, request, model);
    herd.handle_ready(NOW, model, live(herd, model));
    herd.handle_done(NOW, request);
    outputs(herd);
}

/// Progress: an abandoned load (W07) goes on; meanwhile one of its victims may be started beside it, because that
/// one's own rules evict nobody. Whoever then joins the load must still be served.
#[test]
fn a_joiner_of_an_abandoned_load_does_not_wait_for_a_victim_that_came_back() {
    let herd = &mut herd(Limit::Arrival, &[modest(vec![ELM])]);
    make_ready(herd, ELM);
    herd.handle_request(NOW, RequestId(1), OAK);
    herd.handle_exited(NOW, ELM, live(herd, ELM), Exit::Ended);
    herd.handle_cancel(NOW, RequestId(1));
    herd.handle_request(NOW, RequestId(2), ELM);
    herd.handle_ready(NOW, ELM, live(herd, ELM));
    herd.handle_done(NOW, RequestId(2));
    assert_eq!(granted(herd), [2]);
    herd.handle_request(NOW, RequestId(3), OAK);
    herd.handle_ready(NOW, OAK, live(herd, OAK));
    assert_eq!(granted(herd), [3]);
}

/// W19: between an unload and the exit it waits for, a newcomer finds the way free for those who queued before it.
#[test]
fn invariant_6_a_newcomer_does_not_overtake_the_queue_of_its_own_model() {
    let herd = &mut herd(Limit::Arrival, &[]);
    herd.handle_request(NOW, RequestId(1), OAK);
    herd.handle_request(NOW, RequestId(2), ELM);
    herd.unload(NOW, CommandId(1), &[OAK], None);
    herd.handle_request(NOW, RequestId(3), ELM);
    herd.handle_exited(NOW, OAK, live(herd, OAK), Exit::Ended);
    herd.handle_ready(NOW, ELM, live(herd, ELM));
    assert_eq!(granted(herd), [2, 3]);
}

/// The wait queue is bounded also for a model that is ready but may not serve before a neighbour has left.
#[test]
fn invariant_10_a_ready_model_does_not_make_the_queue_endless() {
    let herd = &mut herd(Limit::Grant, &[modest(vec![ELM, FIR])]);
    make_ready(herd, OAK);
    make_ready(herd, ELM);
    for number in 1..=MAX_WAITING as u64 {
        herd.handle_request(NOW, RequestId(number), FIR);
    }
    outputs(herd);
    assert_eq!(herd.waiting(), MAX_WAITING);
    let late = RequestId(1 + MAX_WAITING as u64);
    herd.handle_request(NOW, late, OAK);
    let refusal = Refusal::QueueFull;
    assert_eq!(
        outputs(herd),
        [Output::Reject {
            request: late,
            refusal
        }]
    );
    // Who need not wait is still served.
    let lucky = RequestId(late.0 + 1);
    herd.handle_request(NOW, lucky, ELM);
    assert_eq!(granted(herd), [lucky.0]);
}

/// runtime.md 3.6: a hung large model must not delay the quick ones, also when it is hung in its start.
#[test]
fn a_start_that_is_given_up_holds_back_no_quicker_stop() {
    let herd = &mut herd(Limit::Arrival, &[modest(vec![OAK, ELM])]);
    make_ready(herd, OAK);
    herd.handle_request(NOW, RequestId(7), ELM);
    outputs(herd);
    herd.unload(NOW, CommandId(1), &[OAK, ELM], None);
    let stopped: Vec<ModelId> = outputs(herd)
        .into_iter()
        .filter_map(|output| match output {
            Output::Stop { model, .. } => Some(model),
            _ => None,
        })
        .collect();
    assert_eq!(stopped, [ELM, OAK], "the start at once, the idle model beside it");
}
