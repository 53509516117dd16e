//! The monitor at other settings, with the real machine. The pace of the thread that looks at it is real time, far below what
//! a configuration may ask for.

use tokio::time::{Instant, sleep};

use super::*;
use crate::fixtures;

/// A pace at which a test gets several samples.
const QUICK: Duration = Duration::from_millis(20);

/// A pace at which it gets one. An hour has room for one, too.
const SLOW: Duration = Duration::from_secs(3600);

/// Much longer than any wait here takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn every(every: Duration) -> Performance {
    Performance {
        disabled: false,
        every,
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

/// Waits until there are so many samples.
async fn reached(monitor: &Monitor, samples: usize) {
    let start = Instant::now();
    while taken(monitor).expect("it is enabled") < samples {
        sleep(Duration::from_millis(5)).await;
        assert!(start.elapsed() < PATIENCE, "{samples} samples");
    }
}

#[tokio::test]
async fn config_1_4_the_pace_changes() {
    let monitor = monitor(every(SLOW));
    reached(&monitor, 1).await;
    assert_eq!(taken(&monitor), Some(1));
    monitor.apply(every(QUICK));
    reached(&monitor, 6).await;
    let samples = monitor.samples().expect("it is enabled");
    monitor.apply(every(QUICK));
    let same = monitor.samples().expect("it is enabled");
    assert!(Arc::ptr_eq(&samples, &same));
    monitor.apply(every(SLOW));
    assert_eq!(taken(&monitor), Some(1), "an hour has room for one");
}

#[tokio::test]
async fn config_1_4_it_can_be_switched_off_and_on() {
    let monitor = monitor(DISABLED);
    assert_eq!(taken(&monitor), None);
    monitor.apply(every(QUICK));
    reached(&monitor, 2).await;
    let old = monitor.samples().expect("it is enabled");
    monitor.apply(DISABLED);
    assert_eq!(taken(&monitor), None);
    // The thread lets go of the samples when it ends; the task of the GPUs does so, too.
    let start = Instant::now();
    while Arc::strong_count(&old) > 1 {
        sleep(Duration::from_millis(5)).await;
        assert!(start.elapsed() < PATIENCE, "nobody measures any more");
    }
    monitor.apply(every(QUICK));
    assert_eq!(taken(&monitor), Some(0), "it begins anew");
    reached(&monitor, 1).await;
}
