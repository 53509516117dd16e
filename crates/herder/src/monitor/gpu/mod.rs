//! GPU samples, from the first source that gives some.
//!
//! Sources are tried in order at every look. One that fails is left alone for a while that grows, and the next one
//! takes its place; when it works again, it gets its place back (spec/runtime.md 5.1 and 5.3, both quirks mended).
//! What a source says is understood by a pure function in its own file.

mod amd_sysfs;
pub(super) mod ioreg;
#[cfg(unix)]
mod lact;
mod nvidia_smi;
mod nvml;
mod reading;
mod rocm_smi;
mod source;
#[cfg(test)]
#[cfg(unix)]
mod tests;
mod tool;

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::sample::GpuSample;
use crate::logs::Logger;
use reading::Reading;
pub(super) use source::{Source, sources};
pub(super) use tool::Tool;

/// How long a source that has failed is left alone. Doubles with each failure in a row.
const FIRST_PAUSE: Duration = Duration::from_secs(10);

/// A tool that was installed later, or a driver that was loaded later, is found within this time.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// GPUs in one sample. No machine has more; a tool that goes mad prints more.
const MAX_GPUS: usize = 64;

/// Looks at the GPUs.
pub(super) struct GpuReader {
    places: Vec<Place>,
    /// The position of the source that gave the last sample.
    current: Option<usize>,
    /// Nobody needs to be told again that there are none.
    said_none: bool,
}

/// A source and how it has done.
struct Place {
    source: Source,
    failures: u32,
    not_before: Option<Instant>,
}

impl GpuReader {
    /// A reader of these sources, the best one first.
    pub(super) fn new(sources: Vec<Source>) -> Self {
        let place = |source| Place {
            source,
            failures: 0,
            not_before: None,
        };
        Self {
            places: sources.into_iter().map(place).collect(),
            current: None,
            said_none: false,
        }
    }

    /// One look at all GPUs, ordered by id. Empty when no source knows one.
    pub(super) async fn read(
        &mut self,
        now: Instant,
        timestamp: Timestamp,
        logger: &Logger,
    ) -> Vec<GpuSample> {
        let mut reasons = Vec::new();
        for (position, place) in self.places.iter_mut().enumerate() {
            if place.not_before.is_some_and(|not_before| now < not_before) {
                continue;
            }
            let name = place.source.name();
            match place.source.read().await {
                Ok(readings) => {
                    place.failures = 0;
                    place.not_before = None;
                    if self.current.replace(position) != Some(position) {
                        let count = readings.len();
                        logger.info(format_args!("GPU monitoring: {name} sees {count} GPU(s)"));
                    }
                    return samples(readings, timestamp);
                }
                Err(reason) => {
                    place.failures += 1;
                    let pause = pause(place.failures);
                    place.not_before = Some(now + pause);
                    if self.current == Some(position) {
                        self.current = None;
                        let seconds = pause.as_secs();
                        logger.warn(format_args!(
                            "GPU monitoring: {name} has failed ({reason}); next attempt in {seconds}s"
                        ));
                    } else {
                        logger.debug(format_args!("GPU monitoring: {name}: {reason}"));
                    }
                    reasons.push(format!("{name}: {reason}"));
                }
            }
        }
        self.current = None;
        if !self.said_none && !reasons.is_empty() {
            self.said_none = true;
            logger.info(format_args!(
                "GPU monitoring not available: {}",
                reasons.join("; ")
            ));
        }
        Vec::new()
    }

    /// Until when no look can give anything, because every source has failed and is left alone.
    pub(super) fn rests_until(&self) -> Option<Instant> {
        let pauses = self.places.iter().map(|place| place.not_before);
        // The least is `None` when one of them may be asked at any time.
        pauses.min().flatten()
    }
}

/// How long a source is left alone after so many failures in a row.
fn pause(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
}

fn samples(mut readings: Vec<Reading>, timestamp: Timestamp) -> Vec<GpuSample> {
    readings.truncate(MAX_GPUS);
    readings.sort_by_key(|reading| reading.id);
    readings
        .into_iter()
        .map(|reading| reading.at(timestamp))
        .collect()
}
