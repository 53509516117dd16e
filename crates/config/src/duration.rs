//! Durations in the notation of Go: `1h30m`, `1.5s`, `-2ms`, `0` (spec/config.md 2.1).

/// Nanoseconds of a duration, or `None` if the text is none or does not fit.
pub(crate) fn parse_duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0.0_f64;
    let mut exact: i128 = 0;
    while !rest.is_empty() {
        let number_end = rest.find(|character: char| !(character.is_ascii_digit() || character == '.'))?;
        let (number, after) = rest.split_at(number_end);
        let (unit, scale) = UNITS.iter().find(|(unit, _)| after.starts_with(unit))?;
        rest = &after[unit.len()..];
        if let Ok(whole) = number.parse::<u64>() {
            exact += i128::from(whole) * i128::from(*scale);
        } else {
            let number = if number == "." {
                return None;
            } else {
                number.parse::<f64>().ok()?
            };
            #[expect(clippy::cast_precision_loss, reason = "units are small enough to be exact")]
            let part = number * *scale as f64;
            total += part;
        }
        if exact > i128::from(i64::MAX) || total > MOST {
            return None;
        }
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked against the range; fractions of 1 ns vanish"
    )]
    let nanoseconds = i64::try_from(exact + total.round() as i128).ok()?;
    Some(if negative { -nanoseconds } else { nanoseconds })
}

/// Just under 2^63 nanoseconds.
const MOST: f64 = 9.2e18;

/// Units and their nanoseconds; a unit stands before those that it begins with.
const UNITS: [(&str, i64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_follow_the_go_notation() {
        let table = [
            ("1h30m", Some(5_400_000_000_000)),
            ("1.5s", Some(1_500_000_000)),
            (".5s", Some(500_000_000)),
            ("-2ms", Some(-2_000_000)),
            ("3us", Some(3_000)),
            ("3µs", Some(3_000)),
            ("0", Some(0)),
            ("+0", Some(0)),
            ("", None),
            ("5", None),
            ("5 s", None),
            (".s", None),
            ("1.2.3s", None),
            ("s", None),
            ("-", None),
            ("9999999999999h", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_duration(text), expected, "{text:?}");
        }
    }
}
