//! What the demo model says: a few fixed sentences that admit to being a demo, chosen by the prompt.
//!
//! A "token" here is a word together with the white space in front of it.

/// Sentences to continue with; which one comes first depends on the prompt, so that two prompts differ.
const SENTENCES: [&str; 6] = [
    "A real model server would now be thinking; this one only counts words.",
    "Ask for the other demo model and herder stops this process before it starts that one.",
    "Nothing was computed for this answer, so no graphics card was harmed.",
    "The numbers under usage and timings are made up, but they have the right shape.",
    "Put your own command under models in the configuration and the same request reaches it.",
    "While this text streams, herder counts the request as in flight and will not swap the model away.",
];

/// Longest part of the prompt that is quoted back, in characters.
const QUOTED_CHARACTERS: usize = 80;

/// Sentences after the introduction.
const REPLY_SENTENCES: usize = 3;

/// The answer of the demo model `name` to `prompt`; the same for the same input.
pub(super) fn reply(name: &str, prompt: &str) -> String {
    let first = usize::try_from(fingerprint(prompt) % SENTENCES.len() as u64).unwrap_or_default();
    let mut reply = format!("This is the herder demo model '{name}', not a real language model.");
    let quoted = quote(prompt);
    if !quoted.is_empty() {
        reply.push_str(&format!(" You wrote: \"{quoted}\"."));
    }
    for offset in 0..REPLY_SENTENCES {
        reply.push(' ');
        reply.push_str(SENTENCES[(first + offset) % SENTENCES.len()]);
    }
    reply
}

/// Splits into words that keep the white space in front of them; joined again they give `text`.
pub(super) fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut token = String::new();
    for character in text.chars() {
        let starts_word = character.is_whitespace() && !token.trim().is_empty();
        if starts_word {
            tokens.push(std::mem::take(&mut token));
        }
        token.push(character);
    }
    if !token.is_empty() {
        tokens.push(token);
    }
    tokens
}

/// A number that depends on every byte of `text` (FNV-1a); stable across runs and platforms.
pub(super) fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn quote(prompt: &str) -> String {
    let line = prompt.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= QUOTED_CHARACTERS {
        return line;
    }
    line.chars().take(QUOTED_CHARACTERS).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_join_to_the_text() {
        for text in ["", " ", "a", "a b", "  two  words \n", "ends "] {
            assert_eq!(tokens(text).concat(), text);
        }
        assert_eq!(tokens("a bc  d"), ["a", " bc", "  d"]);
    }

    #[test]
    fn the_reply_admits_to_being_a_demo_and_quotes_briefly() {
        let reply = reply("small", &"long ".repeat(1000));
        assert!(reply.starts_with("This is the herder demo model 'small', not a real language model."));
        assert!(reply.contains('…') && reply.len() < 1000, "{reply}");
    }
}
