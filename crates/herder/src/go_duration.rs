//! Durations in the words of Go, which dashboards and log readers of llama-swap know: `2m0s`, `1.5s`, `12.25ms`.

use std::fmt;
use std::time::Duration;

/// Displays a duration as Go does: the largest unit that fits below a second, hours, minutes and seconds above,
/// fractions without trailing zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoDuration(pub Duration);

impl fmt::Display for GoDuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanoseconds = self.0.as_nanos();
        match nanoseconds {
            0 => formatter.write_str("0s"),
            1..1_000 => write!(formatter, "{nanoseconds}ns"),
            1_000..1_000_000 => decimal(formatter, nanoseconds, 1_000, "µs"),
            1_000_000..1_000_000_000 => decimal(formatter, nanoseconds, 1_000_000, "ms"),
            _ => {
                let seconds = self.0.as_secs();
                let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
                if hours > 0 {
                    write!(formatter, "{hours}h")?;
                }
                if seconds >= 60 {
                    write!(formatter, "{minutes}m")?;
                }
                let rest = u128::from(seconds % 60) * 1_000_000_000 + u128::from(self.0.subsec_nanos());
                decimal(formatter, rest, 1_000_000_000, "s")
            }
        }
    }
}

/// Writes `value / unit` without trailing zeros. `unit` is a power of ten.
fn decimal(formatter: &mut fmt::Formatter<'_>, value: u128, unit: u128, suffix: &str) -> fmt::Result {
    let (whole, fraction) = (value / unit, value % unit);
    if fraction == 0 {
        return write!(formatter, "{whole}{suffix}");
    }
    let width = unit.ilog10() as usize;
    let digits = format!("{fraction:0width$}");
    write!(formatter, "{whole}.{}{suffix}", digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_in_go() {
        let table = [
            (0, "0s"),
            (1, "1ns"),
            (1_100, "1.1µs"),
            (2_200_000, "2.2ms"),
            (12_250_000, "12.25ms"),
            (999_999_999, "999.999999ms"),
            (1_000_000_000, "1s"),
            (1_500_000_000, "1.5s"),
            (15_000_000_000, "15s"),
            (60_000_000_000, "1m0s"),
            (120_000_000_000, "2m0s"),
            (3_661_001_000_000, "1h1m1.001s"),
            (7_200_000_000_000, "2h0m0s"),
        ];
        for (nanoseconds, text) in table {
            assert_eq!(GoDuration(Duration::from_nanos(nanoseconds)).to_string(), text);
        }
    }
}
