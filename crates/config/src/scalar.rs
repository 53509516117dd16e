//! What YAML takes an unquoted text for: YAML 1.2 core with the leftovers of 1.1 (spec/config.md 2.1).

use std::sync::LazyLock;

use regex::Regex;

/// The type that YAML gives a scalar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Typed {
    /// Empty, `~`, `null`.
    Null,
    /// `true`, `false`.
    Boolean(bool),
    /// Fits into 64 bits with sign.
    Integer(i64),
    /// Above 2^63.
    Unsigned(u64),
    /// Decimals, exponents, `.inf`, `.nan`.
    Float(f64),
    /// A date or date-time.
    Timestamp,
    /// Everything else.
    Text,
}

impl Typed {
    /// The YAML tag, for messages.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Null => "!!null",
            Self::Boolean(_) => "!!bool",
            Self::Integer(_) | Self::Unsigned(_) => "!!int",
            Self::Float(_) => "!!float",
            Self::Timestamp => "!!timestamp",
            Self::Text => "!!str",
        }
    }
}

/// Types an unquoted text.
pub(crate) fn type_of(text: &str) -> Typed {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Typed::Null,
        "true" | "True" | "TRUE" => return Typed::Boolean(true),
        "false" | "False" | "FALSE" => return Typed::Boolean(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Typed::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Typed::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Typed::Float(f64::NAN),
        _ => {}
    }
    if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.')) {
        return Typed::Text;
    }
    if starts_like_a_date(text) && TIMESTAMP.is_match(text) {
        return Typed::Timestamp;
    }
    let digits = text.replace('_', "");
    if let Some(number) = integer(&digits) {
        return number;
    }
    match float(&digits) {
        Some(number) => Typed::Float(number),
        None => Typed::Text,
    }
}

/// The standard library takes the decimal numbers of the table, and beside them only words such as `inf`, which have
/// other spellings here.
fn float(digits: &str) -> Option<f64> {
    let decimal = |byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
    if digits.bytes().all(decimal) {
        digits.parse().ok()
    } else {
        None
    }
}

/// Dates are rare in configurations, and compiling their pattern takes more time and memory than reading a small one.
fn starts_like_a_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.get(4) == Some(&b'-') && bytes[..4].iter().all(u8::is_ascii_digit)
}

fn integer(digits: &str) -> Option<Typed> {
    let (negative, digits) = match digits.as_bytes().first()? {
        b'-' => (true, &digits[1..]),
        b'+' => (false, &digits[1..]),
        _ => (false, digits),
    };
    let prefix = digits.get(..2).unwrap_or_default();
    let (radix, digits) = match prefix {
        "0x" | "0X" => (16, &digits[2..]),
        "0o" | "0O" => (8, &digits[2..]),
        "0b" | "0B" => (2, &digits[2..]),
        _ if digits.len() > 1 && digits.starts_with('0') => (8, &digits[1..]),
        _ => (10, digits),
    };
    if !digits.starts_with(|first: char| first.is_digit(radix)) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return 0_i64.checked_sub_unsigned(magnitude).map(Typed::Integer);
    }
    Some(i64::try_from(magnitude).map_or(Typed::Unsigned(magnitude), Typed::Integer))
}

static TIMESTAMP: LazyLock<Regex> = LazyLock::new(|| {
    let date = r"[0-9]{4}-(0?[1-9]|1[0-2])-(0?[1-9]|[12][0-9]|3[01])";
    let time = r"([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]*)?";
    let zone = r"(Z|[ \t]*[-+][0-9]{1,2}(:?[0-9]{2})?)?";
    Regex::new(&format!("^{date}({time}{zone})?$")).expect("a fixed pattern")
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_the_types_of_the_table_in_2_1() {
        let table = [
            ("0x1F", Typed::Integer(31)),
            ("0777", Typed::Integer(511)),
            ("0o17", Typed::Integer(15)),
            ("-0b11", Typed::Integer(-3)),
            ("1_000", Typed::Integer(1000)),
            ("18446744073709551615", Typed::Unsigned(u64::MAX)),
            ("-9223372036854775808", Typed::Integer(i64::MIN)),
            ("08", Typed::Float(8.0)),
            ("1.", Typed::Float(1.0)),
            (".5", Typed::Float(0.5)),
            ("1e3", Typed::Float(1000.0)),
            ("-.inf", Typed::Float(f64::NEG_INFINITY)),
            ("2024-5-6", Typed::Timestamp),
            ("2024-05-06T07:08:09Z", Typed::Timestamp),
            ("2024-13-06", Typed::Text),
            ("12:30", Typed::Text),
            ("yes", Typed::Text),
            ("on", Typed::Text),
            ("0x", Typed::Text),
            ("-", Typed::Text),
            (".", Typed::Text),
            ("1e", Typed::Text),
            ("1e+", Typed::Text),
            (".e1", Typed::Text),
            ("1.2.3", Typed::Text),
            ("+1.5E-2", Typed::Float(0.015)),
            ("1_0.5", Typed::Float(10.5)),
            ("+inf", Typed::Text),
            ("7b", Typed::Text),
            ("12345-6", Typed::Text),
            ("+", Typed::Text),
            ("--1", Typed::Text),
            ("NULL", Typed::Null),
        ];
        for (text, expected) in table {
            assert_eq!(type_of(text), expected, "{text}");
        }
    }
}
