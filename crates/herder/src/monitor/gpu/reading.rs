//! What a source says about one GPU, in the units of the machine; and the sample that it becomes.

use jiff::Timestamp;

use super::super::sample::GpuSample;

/// Bytes of the unit in which sizes are reported (spec/runtime.md 5.2).
const MIB: u64 = 1 << 20;

/// One GPU. What the source does not say is 0 or empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in super::super) struct Reading {
    /// The number that the source gives it.
    pub(super) id: u32,
    pub(in super::super) name: String,
    pub(super) uuid: String,
    /// Degrees Celsius.
    pub(super) temperature: f64,
    /// Degrees Celsius.
    pub(super) memory_temperature: f64,
    /// Percent.
    pub(super) utilisation: f64,
    /// Bytes.
    pub(super) memory_used: u64,
    /// Bytes.
    pub(super) memory_total: u64,
    /// Percent.
    pub(super) fan: f64,
    /// Watts.
    pub(super) power: f64,
}

impl Reading {
    /// The sample at this time.
    pub(super) fn at(self, timestamp: Timestamp) -> GpuSample {
        GpuSample {
            timestamp,
            id: self.id,
            name: self.name,
            uuid: self.uuid,
            temp_c: whole(self.temperature, 1000),
            vram_temp_c: whole(self.memory_temperature, 1000),
            gpu_util_pct: whole(self.utilisation, 100),
            mem_util_pct: share(self.memory_used, self.memory_total),
            mem_used_mb: self.memory_used / MIB,
            mem_total_mb: self.memory_total / MIB,
            fan_speed_pct: whole(self.fan, 100),
            power_draw_w: if self.power.is_finite() && self.power > 0.0 {
                (self.power * 100.0).round() / 100.0
            } else {
                0.0
            },
        }
    }
}

/// A number as tools print it; 0 for `[N/A]` and the like.
pub(super) fn number(text: &str) -> f64 {
    text.trim()
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
        .unwrap_or(0.0)
}

/// A number of bytes, or of another unit, as tools print it.
pub(super) fn size(text: &str) -> u64 {
    text.trim().parse().unwrap_or(0)
}

/// Rounded, between 0 and `most`. Not a number is 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a small range first; NaN becomes 0"
)]
fn whole(number: f64, most: u32) -> u32 {
    number.round().clamp(0.0, f64::from(most)) as u32
}

/// `used / total` in percent, rounded; 0 when the total is 0.
fn share(used: u64, total: u64) -> u32 {
    if total == 0 {
        return 0;
    }
    let percent = (u128::from(used) * 100 + u128::from(total) / 2) / u128::from(total);
    u32::try_from(percent.min(100)).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtime_5_2_a_reading_becomes_a_sample() {
        let reading = Reading {
            id: 3,
            name: "Acme G1".to_owned(),
            uuid: "GPU-aa".to_owned(),
            temperature: 50.6,
            memory_temperature: -273.0,
            utilisation: 140.0,
            memory_used: 5400 * MIB + 17,
            memory_total: 24576 * MIB,
            fan: f64::NAN,
            power: 112.404,
        };
        let sample = reading.at(Timestamp::UNIX_EPOCH);
        assert_eq!((sample.temp_c, sample.vram_temp_c), (51, 0));
        assert_eq!(
            (sample.gpu_util_pct, sample.mem_util_pct, sample.fan_speed_pct),
            (100, 22, 0)
        );
        assert_eq!((sample.mem_used_mb, sample.mem_total_mb), (5400, 24576));
        assert!((sample.power_draw_w - 112.4).abs() < 1e-9);
    }

    #[test]
    fn runtime_5_2_what_is_unknown_is_0() {
        for unknown in ["[N/A]", "[Not Supported]", "N/A", "", " ", "nan", "inf"] {
            assert!(number(unknown).abs() < 1e-9, "{unknown}");
            assert_eq!(size(unknown), 0, "{unknown}");
        }
        assert_eq!((share(5, 0), share(0, 5), share(9, 5)), (0, 0, 100));
    }
}
