//! The monitor at other settings, with the real machine and a paused clock, which stands still while a sample is taken.

use tokio::time::{Instant, sleep};

use super::*;
use crate::fixtures;

fn every(seconds: u64) -> Performance {
    Performance {
        disabled: false,
        every: Duration::from_secs(seconds),
    }
}

const DISABLED: Performance = Performance {
    disabled: true,
    every: Duration::from_secs(5),
};

fn monitor(performance: Performance) -> Monitor {
    Monitor::start(performance, Arc::new(Logs::new(&fixtures::config([]))))
}

fn taken(monitor: &Monitor) -> Option<usize> {
    Some(monitor.samples()?.system(None).len())
}

/// How long it takes until there are so many samples.
async fn time_to(monitor: &Monitor, samples: usize) -> Duration {
    let start = Instant::now();
    while taken(monitor).expect("it is enabled") < samples {
        sleep(Duration::from_millis(100)).await;
        assert!(start.elapsed() < Duration::from_secs(10_000), "{samples} samples");
    }
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn config_1_4_the_pace_changes() {
    let monitor = monitor(every(600));
    time_to(&monitor, 1).await;
    assert!(time_to(&monitor, 3).await > Duration::from_secs(1100));
    monitor.apply(every(5));
    let pace = time_to(&monitor, 6).await;
    assert!(pace < Duration::from_secs(20), "{pace:?} for three more");
    let samples = monitor.samples().expect("it is enabled");
    monitor.apply(every(5));
    let same = monitor.samples().expect("it is enabled");
    assert!(Arc::ptr_eq(&samples, &same));
    monitor.apply(every(3600));
    assert_eq!(taken(&monitor), Some(1), "an hour has room for one");
}

#[tokio::test(start_paused = true)]
async fn config_1_4_it_can_be_switched_off_and_on() {
    let monitor = monitor(DISABLED);
    assert_eq!(taken(&monitor), None);
    monitor.apply(every(5));
    time_to(&monitor, 2).await;
    let old = monitor.samples().expect("it is enabled");
    monitor.apply(DISABLED);
    assert_eq!(taken(&monitor), None);
    sleep(Duration::from_secs(60)).await;
    let stopped = old.system(None).len();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(old.system(None).len(), stopped, "nobody measures any more");
    monitor.apply(every(5));
    assert_eq!(taken(&monitor), Some(0), "it begins anew");
    time_to(&monitor, 1).await;
}
