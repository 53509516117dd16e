//! A crowd: 1,000 models that exclude each other and thousands of requests that wait. Issue 6, p7, asks for less than 5 µs per
//! event.
//!
//! An iteration is two events: a request comes that must wait, and leaves again.

use std::time::Duration;

use divan::Bencher;
use divan::counter::ItemsCount;
use herder_core::planner::groups::{GroupPlanner, GroupSpecification};
use herder_core::{
    Factor, FairPlan, Herd, Limit, MAX_WAITING, ModelId, ModelPlan, Plan, RequestId, Strategy, Timestamp,
};

fn main() {
    divan::main();
}

const MODELS: u32 = 1000;

/// One more is the newcomer.
const WAITING: u64 = 9_999;

/// Model 0 is ready and busy, and so many requests wait for the next `wanted` in turn.
fn crowded(strategy: Strategy, wanted: u64, waiting: u64) -> Herd {
    let model = ModelPlan {
        concurrency_limit: 1000,
        queue_limit: 512,
        priority: 0,
        ttl: Some(Duration::from_secs(300)),
        unload_timeout: Duration::from_secs(10),
        start_timeout: Duration::from_secs(120),
        load_time: None,
    };
    let group = GroupSpecification {
        swap: true,
        exclusive: false,
        persistent: false,
        members: (0..MODELS).map(ModelId).collect(),
    };
    let mut herd = Herd::new(Plan {
        models: vec![Some(model); MODELS as usize],
        planner: Box::new(GroupPlanner::new(MODELS as usize, &[group])),
        strategy,
    });
    let (now, first) = (Timestamp::default(), ModelId(0));
    herd.handle_request(now, RequestId(0), first);
    let generation = herd.generation(first).expect("it was started");
    herd.handle_ready(now, first, generation);
    for number in 1..=waiting {
        herd.handle_request(now, RequestId(number), waited_for(wanted, number));
        while herd.poll_output().is_some() {}
    }
    assert_eq!(herd.waiting() as u64, waiting, "everybody waits");
    herd
}

fn waited_for(wanted: u64, number: u64) -> ModelId {
    ModelId(1 + (number % wanted) as u32)
}

fn come_and_leave(bencher: Bencher<'_, '_>, strategy: Strategy, wanted: u64, waiting: u64) {
    let mut herd = crowded(strategy, wanted, waiting);
    let mut number = waiting;
    bencher.counter(ItemsCount::new(2_u64)).bench_local(|| {
        number += 1;
        let now = Timestamp(Duration::from_micros(number));
        herd.handle_request(now, RequestId(number), waited_for(wanted, number));
        while let Some(output) = herd.poll_output() {
            divan::black_box(output);
        }
        herd.handle_cancel(now, RequestId(number));
        while let Some(output) = herd.poll_output() {
            divan::black_box(output);
        }
        divan::black_box(herd.poll_timeout());
    });
}

/// As few models as so many can wait for within the default limit of 512 for each; and a hundred, and all. The work grows with
/// the number of models that somebody waits for, not with the number of requests.
#[divan::bench(args = [20, 100, 999])]
fn fair(bencher: Bencher<'_, '_>, wanted: u64) {
    // A price that nobody ever pays, so that they wait as long as the benchmark takes.
    let fair = FairPlan {
        price: Factor::from_thousandths(u32::MAX),
        max_wait: Duration::MAX,
        ..FairPlan::default()
    };
    come_and_leave(bencher, Strategy::Fair(fair), wanted, WAITING);
}

/// As many as `fifo` lets wait, in its one queue.
#[divan::bench]
fn fifo(bencher: Bencher<'_, '_>) {
    let limit = Limit::Arrival;
    come_and_leave(bencher, Strategy::Fifo { limit }, 20, MAX_WAITING as u64 - 1);
}

/// As many look at their place, one after the other, as those do who show it.
#[divan::bench]
fn places(bencher: Bencher<'_, '_>) {
    let limit = Limit::Arrival;
    let herd = crowded(Strategy::Fifo { limit }, 20, MAX_WAITING as u64 - 1);
    let all = 1..MAX_WAITING as u64;
    bencher
        .counter(ItemsCount::new(all.clone().count()))
        .bench_local(|| {
            for number in all.clone() {
                divan::black_box(herd.position(RequestId(number)));
            }
        });
}

/// The model that served falls idle, so everybody who waits is looked at again: one loads the next, those who want it, too, join him,
/// the others stay.
#[divan::bench]
fn drain(bencher: Bencher<'_, '_>) {
    let limit = Limit::Arrival;
    bencher
        .with_inputs(|| crowded(Strategy::Fifo { limit }, 20, MAX_WAITING as u64 - 1))
        .bench_local_values(|mut herd| {
            herd.handle_done(Timestamp(Duration::from_secs(1)), RequestId(0));
            while let Some(output) = herd.poll_output() {
                divan::black_box(output);
            }
            herd
        });
}
