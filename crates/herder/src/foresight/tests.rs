//! What people read when somebody waits, joins or is refused; the rest is in the tests of the command line.

use std::time::Duration;

use herder_config::{FairSettings, Router, SchedulerStrategy};
use herder_core::{Herd, ModelId, RequestId, Timestamp};
use indexmap::IndexMap;

use super::{Foreseen, Foresight};
use crate::fixtures::{config, model};
use crate::plan::plan;
use crate::roster::Roster;

const SECOND: Duration = Duration::from_secs(1);

/// `a` and `b` exclude each other; `b` is ready. Requests come for these models, then somebody asks about one.
fn text(strategy: Option<FairSettings>, requests: &[u32], asked: u32) -> String {
    let mut small = model("", "");
    small.concurrency_limit = 1;
    small.load_time = Some(7 * SECOND);
    small.queue_limit = Some(1);
    let mut config = config([("a", small.clone()), ("b", small)]);
    if let Some(fair) = strategy {
        config.scheduler.strategy = SchedulerStrategy::Fair(fair);
    }
    let roster = Roster::new(&config);
    let mut herd = Herd::imagine(plan(&config, &roster).unwrap(), &[ModelId(1)]);
    let now = Timestamp(1_000 * SECOND);
    for (number, &model) in (1..).zip(requests) {
        herd.handle_request(now, RequestId(number), ModelId(model));
    }
    while herd.poll_output().is_some() {}
    let foreseen = Foreseen::of(&herd, now, ModelId(asked));
    Foresight::new(&foreseen, &config, &roster).text().to_owned()
}

#[test]
fn those_who_wait_hear_why() {
    let fair = Some(FairSettings::default());
    let table: [(_, &[u32], u32, &str); 7] = [
        (
            None,
            &[1],
            0,
            "a is stopped: loading it stops b; a request waits, because b serves 1 request\n  \
             stops b (ready, serves 1 request): models of no group take turns\n",
        ),
        (
            None,
            &[1],
            1,
            "b is ready: a request is refused, because as many requests as its concurrencyLimit allows are waiting \
             or being served\n",
        ),
        (
            None,
            &[0],
            1,
            "b is stopping: loading it stops a; a request waits, because a is being loaded\n  \
             stops a (stopped, 1 request waits): models of no group take turns\n",
        ),
        (
            None,
            &[0],
            0,
            "a is stopped: a request is refused, because as many requests as its concurrencyLimit allows are waiting \
             or being served\n",
        ),
        (
            fair,
            &[1],
            0,
            "a is stopped: loading it stops b; a request waits, because b serves 1 request\n  \
             stops b (ready, serves 1 request): models of no group take turns\n  \
             looked at again in 7.0 s if nothing happens before\n",
        ),
        (
            fair,
            &[1],
            1,
            "b is ready: a request waits, because it serves as many requests as it may, or others wait for it too\n",
        ),
        (
            fair,
            &[1, 1],
            1,
            "b is ready: a request is refused, because as many requests as may wait are waiting\n",
        ),
    ];
    for (strategy, requests, asked, expected) in table {
        assert_eq!(
            text(strategy, requests, asked),
            expected,
            "{strategy:?} {requests:?} {asked}"
        );
    }
}

/// A group that was never written down.
#[test]
fn reasons_do_without_groups() {
    let mut config = config([("a", model("", "")), ("b", model("", ""))]);
    config.router = Router::Group(IndexMap::new());
    let roster = Roster::new(&config);
    let herd = Herd::imagine(plan(&config, &roster).unwrap(), &[ModelId(1)]);
    let foreseen = Foreseen::of(&herd, Timestamp(SECOND), ModelId(0));
    let text = Foresight::new(&foreseen, &config, &roster).text().to_owned();
    assert!(
        text.contains("stops b (ready): models of no group take turns"),
        "{text}"
    );
}
