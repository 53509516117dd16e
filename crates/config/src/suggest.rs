//! Finds the known name that a misspelt one was probably meant to be.

/// "did you mean …?" for the nearest candidate.
#[must_use]
pub fn did_you_mean<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    nearest(name, candidates).map(|meant| format!("did you mean \"{meant}\"?"))
}

/// The nearest candidate, if it is near enough to be meant: at most a third of the letters differ.
fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    /// Longer names are not compared; the work grows with the square of the length.
    const LONGEST: usize = 64;
    /// Candidates looked at; herds are smaller, and a hint is not worth more work.
    const MOST: usize = 500;
    if name.len() > LONGEST {
        return None;
    }
    let lower = name.to_lowercase();
    candidates
        .take(MOST)
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| (distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= name.len().max(candidate.len()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance, where swapping two neighbours counts as one step.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, left_character) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, right_character) in right.iter().enumerate() {
            let replace = last[column] + usize::from(left_character != right_character);
            let mut best = replace.min(last[column + 1] + 1).min(current[column] + 1);
            let swapped = row > 0
                && column > 0
                && left[row - 1] == *right_character
                && *left_character == right[column - 1];
            if swapped {
                best = best.min(before[column - 1] + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut last, current);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_key_and_nonsense_finds_none() {
        let keys = ["healthCheckTimeout", "aliases", "ttl", "cmd"];
        for (name, expected) in [
            ("healthchecktimeout", Some("healthCheckTimeout")),
            ("alaises", Some("aliases")),
            ("tll", Some("ttl")),
            ("zebra", None),
        ] {
            assert_eq!(nearest(name, keys.into_iter()), expected, "{name}");
        }
    }
}
