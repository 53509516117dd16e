//! How long something took, counted in classes.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::exposition::Family;

/// Upper ends of the classes, in seconds: from a model that is ready to one that is loaded from a slow disk.
const BOUNDS: [f64; 14] = [
    0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 60.0, 120.0, 300.0,
];

/// Counts durations. Writers never wait; a reader may see a duration in one number and not yet in another.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    classes: [AtomicU64; BOUNDS.len()],
    count: AtomicU64,
    /// Whole microseconds fill 64 bits in half a million years.
    microseconds: AtomicU64,
}

impl Histogram {
    /// Counts one.
    pub(crate) fn observe(&self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        if let Some(class) = BOUNDS.iter().position(|bound| seconds <= *bound) {
            self.classes[class].fetch_add(1, Relaxed);
        }
        self.count.fetch_add(1, Relaxed);
        let microseconds = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.fetch_add(microseconds, Relaxed);
    }

    /// Writes the samples of one model. Nothing is written before the first duration.
    pub(super) fn write(&self, family: &mut Family<'_>, model: &str) {
        let count = self.count.load(Relaxed);
        if count == 0 {
            return;
        }
        let mut below = 0;
        for (bound, class) in BOUNDS.iter().zip(&self.classes) {
            below += class.load(Relaxed);
            let labels = [("model", model), ("le", &bound.to_string())];
            family.part("_bucket", &labels, below);
        }
        family.part("_bucket", &[("model", model), ("le", "+Inf")], count.max(below));
        let sum = Duration::from_micros(self.microseconds.load(Relaxed));
        family.part("_sum", &[("model", model)], sum.as_secs_f64());
        family.part("_count", &[("model", model)], count.max(below));
    }
}

#[cfg(test)]
mod tests {
    use super::super::exposition::{Exposition, Kind};
    use super::*;

    #[test]
    fn classes_add_up() {
        let histogram = Histogram::default();
        let text = || {
            let mut exposition = Exposition::default();
            histogram.write(&mut exposition.family("x_seconds", Kind::Histogram, "X."), "m");
            exposition.into_text()
        };
        assert!(!text().contains("x_seconds_"));
        for milliseconds in [0, 5, 6, 1500, 299_000, 301_000] {
            histogram.observe(Duration::from_millis(milliseconds));
        }
        let text = text();
        for line in [
            "# TYPE x_seconds histogram",
            "x_seconds_bucket{model=\"m\",le=\"0.005\"} 2",
            "x_seconds_bucket{model=\"m\",le=\"0.025\"} 3",
            "x_seconds_bucket{model=\"m\",le=\"1\"} 3",
            "x_seconds_bucket{model=\"m\",le=\"2.5\"} 4",
            "x_seconds_bucket{model=\"m\",le=\"300\"} 5",
            "x_seconds_bucket{model=\"m\",le=\"+Inf\"} 6",
            "x_seconds_sum{model=\"m\"} 601.511",
            "x_seconds_count{model=\"m\"} 6",
        ] {
            assert!(text.lines().any(|written| written == line), "{line} in {text}");
        }
    }
}
