//! Configured values as JSON text.

use std::io;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

/// `value` as compact JSON. A float without a fraction is written without one, as the reference does: `1.0` in the
/// file is `1` in the request (spec/config.md 7.5).
pub(super) fn encode(value: &Value) -> Bytes {
    let mut text = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut text, ShortFloats(CompactFormatter));
    value
        .serialize(&mut serializer)
        .expect("a JSON value written to memory has nothing that can fail");
    Bytes::from(text)
}

/// From here on floats are written with an exponent.
const EXPONENT_FROM: f64 = 1e21;

struct ShortFloats(CompactFormatter);

impl Formatter for ShortFloats {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        if value.fract() == 0.0 && value.abs() < EXPONENT_FROM {
            write!(writer, "{value}")
        } else {
            self.0.write_f64(writer, value)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn config_7_5_values_as_text() {
        for (value, expected) in [
            (json!(1.0), "1"),
            (json!(-3.0), "-3"),
            (json!(0.9), "0.9"),
            (json!(1e20), "100000000000000000000"),
            (json!(1e300), "1e+300"),
            (json!(18_446_744_073_709_551_615_u64), "18446744073709551615"),
            (json!(-7), "-7"),
            (json!("a\"\n<é"), r#""a\"\n<é""#),
            (json!(null), "null"),
            (
                json!({"b": [1.0, true], "a": {"x": 2.5}}),
                r#"{"b":[1,true],"a":{"x":2.5}}"#,
            ),
        ] {
            assert_eq!(encode(&value), expected);
        }
    }
}
