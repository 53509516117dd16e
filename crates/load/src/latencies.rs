//! Percentiles of all samples, not of a histogram.

use serde_json::{Value, json};

/// p50, p99 and the longest of `samples`, which are nanoseconds, in microseconds. Sorts them.
pub(crate) fn summary(samples: &mut [u64]) -> Value {
    samples.sort_unstable();
    let microseconds = |nanoseconds: u64| nanoseconds as f64 / 1e3;
    json!({
        "p50_us": microseconds(percentile(samples, 50)),
        "p99_us": microseconds(percentile(samples, 99)),
        "max_us": microseconds(samples.last().copied().unwrap_or_default()),
    })
}

/// The smallest sample that at least `percent` of all are not above; 0 without samples.
fn percentile(sorted: &[u64], percent: usize) -> u64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples() {
        let hundred: Vec<u64> = (1..=100).collect();
        let cases: [(&[u64], u64, u64); 4] =
            [(&[], 0, 0), (&[7], 7, 7), (&[1, 2, 3], 2, 3), (&hundred, 50, 99)];
        for (samples, half, most) in cases {
            assert_eq!((percentile(samples, 50), percentile(samples, 99)), (half, most));
        }
    }

    #[test]
    fn the_summary_sorts() {
        let expected = json!({"p50_us": 2.0, "p99_us": 3.0, "max_us": 3.0});
        assert_eq!(summary(&mut [3000, 1000, 2000]), expected);
    }
}
