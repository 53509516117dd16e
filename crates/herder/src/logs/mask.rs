//! Hides secrets in text that is logged or listed.

use std::borrow::Cow;

use herder_config::Secret;

/// What stands in the place of a secret.
const MASK: &str = "***";

/// Replaces every occurrence of a secret. Longer secrets go first, so that one that contains another is hidden whole.
#[must_use]
pub fn mask<'a>(text: &'a str, secrets: &[Secret]) -> Cow<'a, str> {
    let mut present: Vec<&str> = secrets
        .iter()
        .map(Secret::expose)
        .filter(|secret| !secret.is_empty() && text.contains(secret))
        .collect();
    present.sort_by(|left, right| right.len().cmp(&left.len()).then_with(|| left.cmp(right)));
    present.into_iter().fold(Cow::Borrowed(text), |text, secret| {
        Cow::Owned(text.replace(secret, MASK))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_nothing_else() {
        let table: [(&str, &[&str], &str); 6] = [
            ("serve --port 1", &[], "serve --port 1"),
            ("serve --port 1", &["hunter2"], "serve --port 1"),
            ("serve --api-key hunter2", &["hunter2"], "serve --api-key ***"),
            ("a hunter2 b hunter2", &["hunter2"], "a *** b ***"),
            (
                "--token abcdef --short abc",
                &["abc", "abcdef"],
                "--token *** --short ***",
            ),
            ("nothing", &[""], "nothing"),
        ];
        for (text, secrets, expected) in table {
            let secrets: Vec<Secret> = secrets.iter().map(|secret| Secret::new(*secret)).collect();
            assert_eq!(mask(text, &secrets), expected);
        }
    }
}
