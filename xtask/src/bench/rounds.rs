//! Rounds in which everybody takes his turn, so that what else the machine does strikes all alike.

use anyhow::Result;

/// Measures all `subjects` one after the other, `rounds` times; for each subject its results come out, in order.
///
/// # Errors
/// The first error of a measurement.
pub(super) fn interleaved<S, T>(
    subjects: &[S],
    rounds: usize,
    mut measure: impl FnMut(&S) -> Result<T>,
) -> Result<Vec<Vec<T>>> {
    let mut results: Vec<Vec<T>> = subjects.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for (subject, results) in subjects.iter().zip(&mut results) {
            results.push(measure(subject)?);
        }
    }
    Ok(results)
}

/// The middle one; between the two in the middle when their number is even. NaN without values.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        length if length.is_multiple_of(2) => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}

/// The median over the rounds of what `compare` makes of the same round of both.
pub(super) fn paired<T>(results: &[T], base: &[T], compare: impl Fn(&T, &T) -> f64) -> f64 {
    median(
        results
            .iter()
            .zip(base)
            .map(|(result, base)| compare(result, base)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        let cases: [(&[f64], f64); 4] = [
            (&[3.0], 3.0),
            (&[9.0, 1.0, 2.0], 2.0),
            (&[4.0, 1.0], 2.5),
            (&[1.0, 2.0, 100.0, 3.0], 2.5),
        ];
        for (values, expected) in cases {
            assert_eq!(median(values.iter().copied()), expected, "{values:?}");
        }
        assert!(median([]).is_nan());
    }

    #[test]
    fn rounds_take_turns() {
        let mut order = Vec::new();
        let results = interleaved(&["a", "b"], 2, |subject| {
            order.push(*subject);
            Ok(order.len())
        });
        assert_eq!(results.unwrap(), [[1, 3], [2, 4]]);
        assert_eq!(order, ["a", "b", "a", "b"]);
    }

    #[test]
    fn a_slow_round_strikes_both_sides_of_a_ratio() {
        let ratio = paired(&[2.0, 20.0, 2.0], &[1.0, 10.0, 1.0], |one, other| one / other);
        assert_eq!(ratio, 2.0);
    }
}
