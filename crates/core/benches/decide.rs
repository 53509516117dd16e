//! The fast path: a request for a ready model is granted and ends. Issue 2 asks for less than 1 µs with 100 models.

use std::time::Duration;

use divan::Bencher;
use divan::counter::ItemsCount;
use herder_core::planner::groups::{GroupPlanner, GroupSpecification};
use herder_core::{
    Factor, FairPlan, Herd, Limit, ModelId, ModelPlan, Output, Plan, RequestId, Strategy, Timestamp,
};

const MODELS: u32 = 100;
/// Requests per sample: enough for the clock.
const REQUESTS: u64 = 100;

fn main() {
    divan::main();
}

const FIFO: Strategy = Strategy::Fifo {
    limit: Limit::Arrival,
};

fn herd(swap: bool, strategy: Strategy) -> Herd {
    let model = ModelPlan {
        concurrency_limit: 10,
        queue_limit: 512,
        priority: 0,
        ttl: Some(Duration::from_secs(300)),
        unload_timeout: Duration::from_secs(10),
        start_timeout: Duration::from_secs(120),
        load_time: None,
    };
    let group = GroupSpecification {
        swap,
        exclusive: false,
        persistent: false,
        members: (0..MODELS).map(ModelId).collect(),
    };
    Herd::new(Plan {
        models: vec![Some(model); MODELS as usize],
        planner: Box::new(GroupPlanner::new(MODELS as usize, &[group])),
        strategy,
    })
}

fn make_ready(herd: &mut Herd, model: ModelId) {
    let (now, request) = (Timestamp::default(), RequestId(u64::from(model.0)));
    herd.handle_request(now, request, model);
    let generation = herd.generation(model).expect("it was started");
    herd.handle_ready(now, model, generation);
    herd.handle_done(now, request);
    while herd.poll_output().is_some() {}
}

fn serve(bencher: Bencher<'_, '_>, mut herd: Herd, model_count: u64) {
    let mut number = 1_000_000;
    bencher.counter(ItemsCount::new(REQUESTS)).bench_local(|| {
        for _ in 0..REQUESTS {
            number += 1;
            let now = Timestamp(Duration::from_millis(number));
            let request = RequestId(number);
            herd.handle_request(now, request, ModelId((number % model_count) as u32));
            assert!(matches!(herd.poll_output(), Some(Output::Grant { .. })));
            assert!(herd.poll_output().is_none());
            divan::black_box(herd.poll_timeout());
            herd.handle_done(now, request);
            assert!(herd.poll_output().is_none());
            divan::black_box(herd.poll_timeout());
        }
    });
}

/// 100 models that exclude each other, one is ready.
#[divan::bench]
fn one_ready(bencher: Bencher<'_, '_>) {
    let mut herd = herd(true, FIFO);
    make_ready(&mut herd, ModelId(0));
    serve(bencher, herd, 1);
}

/// 100 models side by side, all are ready, each is asked in turn.
#[divan::bench]
fn all_ready(bencher: Bencher<'_, '_>) {
    let mut herd = herd(false, FIFO);
    for model in (0..MODELS).map(ModelId) {
        make_ready(&mut herd, model);
    }
    serve(bencher, herd, u64::from(MODELS));
}

/// The same under `fair` while so many wait for another model: their number must not matter.
#[divan::bench(args = [0, 1, 500])]
fn one_ready_and_others_wait(bencher: Bencher<'_, '_>, waiting: u64) {
    // A price that nobody ever pays, so that they wait as long as the benchmark takes.
    let fair = FairPlan {
        price: Factor::from_thousandths(u32::MAX),
        max_wait: Duration::MAX,
        ..FairPlan::default()
    };
    let mut herd = herd(true, Strategy::Fair(fair));
    make_ready(&mut herd, ModelId(0));
    let now = Timestamp::default();
    herd.handle_request(now, RequestId(1), ModelId(0));
    for request in 0..waiting {
        herd.handle_request(now, RequestId(1_000 + request), ModelId(1));
    }
    while herd.poll_output().is_some() {}
    serve(bencher, herd, 1);
}
