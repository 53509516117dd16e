//! Which parts of a command are secret: what came from the environment, and the value of every option or variable
//! that is named like a key, a token or a password (design/decisions.md, "Secrets").

use crate::render::SHORTEST_SECRET;
use crate::tree::{Node, Scalar};
use crate::typed::Secret;

/// Last words of names whose values are secret.
const SECRET_NAMES: [&str; 7] = [
    "key",
    "apikey",
    "token",
    "password",
    "passwd",
    "passphrase",
    "secret",
];

/// Those that hold several; `tokens` are counted and no secrets.
const PLURAL_NAMES: [&str; 2] = ["key", "apikey"];

/// The secrets in the `cmd`, `cmdStop` and `env` of a model, each once, longest first.
pub(super) fn find(model: &Node) -> Vec<Secret> {
    let mut found: Vec<String> = Vec::new();
    for field in ["cmd", "cmdStop"] {
        if let Some(scalar) = model.child(field).and_then(Node::scalar) {
            found.extend(environment_values(scalar));
            found.extend(option_values(&scalar.text));
        }
    }
    for scalar in model
        .child("env")
        .into_iter()
        .flat_map(Node::items)
        .filter_map(Node::scalar)
    {
        found.extend(environment_values(scalar));
        if let Some((name, value)) = scalar.text.split_once('=')
            && is_secret_name(name)
        {
            found.push(value.to_owned());
        }
    }
    found.retain(|value| !value.trim().is_empty());
    found.sort_by(|left, right| right.len().cmp(&left.len()).then_with(|| left.cmp(right)));
    found.dedup();
    found.into_iter().map(Secret::new).collect()
}

/// Values from the environment, but for those too short to be secrets: a device number, hidden wherever its digit
/// occurs, would only make commands unreadable.
fn environment_values(scalar: &Scalar) -> impl Iterator<Item = String> {
    scalar
        .secrets
        .iter()
        .filter(|value| value.len() >= SHORTEST_SECRET)
        .cloned()
}

/// Values of `--api-key x`, `--api-key=x` and `API_KEY=x`.
pub(crate) fn option_values(command: &str) -> Vec<String> {
    let mut values = Vec::new();
    let mut words = command.split_ascii_whitespace().peekable();
    while let Some(word) = words.next() {
        match word.split_once('=') {
            Some((name, value)) if is_secret_name(name) => values.push(unquoted(value)),
            Some(_) => {}
            None if word.starts_with('-') && is_secret_name(word) => {
                if let Some(value) = words.next_if(|next| !next.starts_with('-') && *next != "\\") {
                    values.push(unquoted(value));
                }
            }
            None => {}
        }
    }
    values
}

fn unquoted(value: &str) -> String {
    value.trim_matches(['"', '\'']).to_owned()
}

/// Whether the last word of a name is one for secrets. Words are parted by `-`, `_`, `.` and by capital letters.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.trim_matches(['"', '\'']);
    let last = name.rsplit(['-', '_', '.']).next().unwrap_or_default();
    let is_secret = |word: &str| {
        let word = word.to_ascii_lowercase();
        SECRET_NAMES.contains(&&*word)
            || word
                .strip_suffix('s')
                .is_some_and(|word| PLURAL_NAMES.contains(&word))
    };
    let mut letters = last.char_indices().zip(last.chars().skip(1));
    let capital = letters
        .by_ref()
        .filter(|((_, before), after)| !before.is_ascii_uppercase() && after.is_ascii_uppercase())
        .map(|((position, before), _)| position + before.len_utf8())
        .last();
    is_secret(last) || capital.is_some_and(|start| is_secret(&last[start..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_named_like_secrets_give_their_values() {
        let command = "srv --api-key k1 --max-tokens 512 --hf-token='k2' \\\n --key-file f --password --x OPENAI_API_KEY=k3";
        assert_eq!(option_values(command), ["k1", "k2", "k3"]);
    }

    #[test]
    fn the_last_word_of_a_name_counts() {
        for name in [
            "key",
            "API_KEY",
            "--api-key",
            "apikey",
            "apiKey",
            "apiKeys",
            "keys",
            "hf.token",
            "accessToken",
            "dbPassword",
            "'SECRET'",
            "clientSECRET",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "",
            "tokens",
            "max_tokens",
            "maxTokens",
            "monkey",
            "key_file",
            "keyFile",
            "secretary",
            "KEYS_OF",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
