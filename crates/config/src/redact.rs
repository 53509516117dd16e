//! Hides secrets in what people and programs are shown of a configuration: values that are known to be secret, and what
//! its name or its form shows to be one.
//!
//! The rule for names is that of [`crate::read::sensitive`], which finds the values that are known. This module also sees
//! short ones, those with spaces, credentials in addresses and headers, and the free mappings of `setParams` and `metadata`,
//! which no table of keys describes. It hides too much rather than too little.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::read::sensitive::is_secret_name;
use crate::render::SHORTEST_SECRET;

/// What stands in the place of a secret.
pub(crate) const MASK: &str = "***";

/// Names of headers whose values are credentials, beside those that are named like secrets.
const CREDENTIAL_HEADERS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "set-cookie"];

/// Hides the secrets in the effective configuration. `known` are values that are hidden wherever they occur, longest first;
/// those shorter than [`SHORTEST_SECRET`] are not.
pub(crate) fn redact_configuration(root: &mut Value, known: &[String]) {
    let known = Known::new(known);
    each_text(root, &|text| {
        if let Some(redacted) = known.redact(text) {
            *text = redacted;
        }
        if let Cow::Owned(redacted) = redact(text) {
            *text = redacted;
        }
    });
    for section in ["models", "selectors", "peers"] {
        let entries = root.get_mut(section).and_then(Value::as_object_mut);
        for entry in entries.into_iter().flat_map(|entries| entries.values_mut()) {
            for path in ["/metadata", "/filters/setParams"] {
                entry.pointer_mut(path).into_iter().for_each(redact_members);
            }
            let by_id = entry.pointer_mut("/filters/setParamsByID");
            let by_id = by_id.and_then(Value::as_object_mut);
            // These keys are names of models.
            by_id
                .into_iter()
                .flat_map(|map| map.values_mut())
                .for_each(redact_members);
            let variables = entry.get_mut("env").and_then(Value::as_array_mut);
            variables.into_iter().flatten().for_each(redact_variable);
        }
    }
}

/// Hides known values in what findings say. A name that nobody has, for example, may have come from the environment.
pub(crate) fn redact_findings<'a>(findings: impl IntoIterator<Item = &'a mut Diagnostic>, known: &[String]) {
    let known = Known::new(known);
    for finding in findings {
        for text in std::iter::once(&mut finding.message).chain(&mut finding.hint) {
            if let Some(redacted) = known.redact(text) {
                *text = redacted;
            }
        }
    }
}

/// Hides what a text itself shows to be secret: the values of options, variables, parameters and headers that are named like
/// secrets, and credentials in addresses.
///
/// ```
/// let text = "serve --api-key k1 --model qwen --url http://user:pw@host/?token=t1&page=2";
/// let shown = "serve --api-key *** --model qwen --url http://***@host/?token=***&page=2";
/// assert_eq!(herder_config::redact(text), shown);
/// ```
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    FORMS.iter().fold(Cow::Borrowed(text), |text, form| {
        if !form.is_match(&text) {
            return text;
        }
        let hide = |found: &Captures<'_>| {
            let before = found.name("before").map_or("", |before| before.as_str());
            let after = found.name("after").map_or("", |after| after.as_str());
            format!("{before}{MASK}{after}")
        };
        Cow::Owned(form.replace_all(&text, hide).into_owned())
    })
}

/// The forms of secrets in texts: what is between `before` and `after` is hidden.
static FORMS: LazyLock<[Regex; 6]> = LazyLock::new(|| {
    // A name as `is_secret_name` knows it: the last word is behind `-`, `_`, `.` or a capital letter.
    let name = r"(?:(?:[\w.-]*[-_.])?(?i:apikeys?|keys?|token|password|passwd|passphrase|secret)|[\w.-]*[a-z0-9](?:Keys?|Token|Password|Passwd|Passphrase|Secret))";
    let value = r#"(?:"[^"]*"|'[^']*'|[^\s"'&]+)"#;
    [
        // --api-key x
        format!(r#"(?P<before>(?:^|[^\w.-])--?{name}["']?[\s,\\]+)(?:"[^"]*"|'[^']*'|[^\s"'\\-][^\s"']*)"#),
        // --api-key=x, API_KEY=x, ?key=x&
        format!(r"(?P<before>(?:^|[^\w.-]){name}=){value}"),
        // "api_key": "x"; what is escaped in it may hide its end, so that everything behind it is hidden, too
        format!(
            r#"(?P<before>(?:^|[^\w.-]){name}(?:\\*["']\s*:\s*|:\s+))(?:\\*"(?:\\.|[^"\\])*(?:"|$)|\\*'[^']*(?:'|$)|[^\s"'&,\\}}\]]+)"#
        ),
        // Authorization: Basic x
        r#"(?P<before>(?i:authorization|cookie|x-[\w-]*key|x-[\w-]*token)\\*["']?\s*[:=]\s*\\*["']?)[^"'\\\r\n]+"#
            .to_owned(),
        // Bearer x
        r#"(?P<before>\b(?i:bearer)\s+)[^\s"'\\,]+"#.to_owned(),
        // http://user:password@host
        r#"(?P<before>[A-Za-z][A-Za-z0-9+.-]*://)[^\s/?#"']*(?P<after>@)"#.to_owned(),
    ]
    .map(|form| Regex::new(&form).expect("a fixed pattern"))
});

/// Values that are hidden wherever they occur. A thousand models may have a thousand keys, so texts are not searched for one
/// after the other.
struct Known<'a>(HashMap<[u8; SHORTEST_SECRET], Vec<&'a str>>);

impl<'a> Known<'a> {
    fn new(secrets: &'a [String]) -> Self {
        let mut by_beginning: HashMap<_, Vec<_>> = HashMap::new();
        for secret in secrets {
            if let Some(beginning) = secret.as_bytes().first_chunk() {
                by_beginning.entry(*beginning).or_default().push(secret.as_str());
            }
        }
        Self(by_beginning)
    }

    /// The text without them; `None` when it has none.
    fn redact(&self, text: &str) -> Option<String> {
        let mut redacted = String::new();
        let mut from = 0;
        let mut position = 0;
        while let Some(rest) = text.as_bytes().get(position..)
            && let Some(beginning) = rest.first_chunk()
        {
            let candidates = self.0.get(beginning).into_iter().flatten();
            let mut present = candidates.filter(|secret| rest.starts_with(secret.as_bytes()));
            match present.next() {
                Some(secret) => {
                    redacted += &text[from..position];
                    redacted += MASK;
                    position += secret.len();
                    from = position;
                }
                None => position += 1,
            }
        }
        (from > 0).then(|| redacted + &text[from..])
    }
}

fn each_text(value: &mut Value, change: &impl Fn(&mut String)) {
    match value {
        Value::String(text) => change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        Value::Object(map) => map.values_mut().for_each(|value| each_text(value, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Members of a free mapping that are named like secrets.
fn redact_members(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if is_secret_name(key) || CREDENTIAL_HEADERS.contains(&&*key.to_ascii_lowercase()) {
                    hide(value);
                } else {
                    redact_members(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact_members),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Everything in a value that could be a secret.
fn hide(value: &mut Value) {
    match value {
        Value::String(_) | Value::Number(_) => *value = MASK.into(),
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Object(map) => map.values_mut().for_each(hide),
        Value::Null | Value::Bool(_) => {}
    }
}

/// `NAME=value`, whose value may have spaces.
fn redact_variable(variable: &mut Value) {
    if let Value::String(text) = variable
        && let Some((name, value)) = text.split_once('=')
        && is_secret_name(name)
        && !value.is_empty()
    {
        *text = format!("{name}={MASK}");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_text_shows_to_be_secret() {
        let table = [
            (
                "serve --port 1 -m /models/x.gguf",
                "serve --port 1 -m /models/x.gguf",
            ),
            ("serve --api-key k --x", "serve --api-key *** --x"),
            ("serve --api-key 'two words' --x", "serve --api-key *** --x"),
            (
                "serve --api-key \\\n  k \\\n  --x",
                "serve --api-key \\\n  *** \\\n  --x",
            ),
            ("serve '--api-key' 'k' x", "serve '--api-key' *** x"),
            ("--token=\"a b\" --max-tokens 512", "--token=*** --max-tokens 512"),
            ("`--api-key k` (x)", "`--api-key *** (x)"),
            ("--key-file f --password --x", "--key-file f --password --x"),
            ("-e HF_TOKEN=t -e DEBUG=1", "-e HF_TOKEN=*** -e DEBUG=1"),
            ("--dbPassword p", "--dbPassword ***"),
            (
                "monkey=1 --turkey 2 keyboard: x",
                "monkey=1 --turkey 2 keyboard: x",
            ),
            ("GET /?a=1&key=k&b=2", "GET /?a=1&key=***&b=2"),
            ("-H 'Authorization: Basic abc=' x", "-H 'Authorization: ***' x"),
            ("-H \"x-api-key:k\"", "-H \"x-api-key:***\""),
            ("-H 'X-Api-Key: k' y", "-H 'X-Api-Key: ***' y"),
            ("Cookie: a=b; c=d", "Cookie: ***"),
            ("a bearer t0k.en b", "a bearer *** b"),
            ("{\"api_key\":\"k\",\"n\":1}", "{\"api_key\":***,\"n\":1}"),
            ("{\\\"apiKey\\\": \\\"k\\\"}", "{\\\"apiKey\\\": ***"),
            ("{\"key\": \"a\\\"b\", \"n\": 1}", "{\"key\": ***, \"n\": 1}"),
            ("{\"key\": 12}", "{\"key\": ***}"),
            ("{'token': 'k'}", "{'token': ***}"),
            ("org/my-key:latest", "org/my-key:latest"),
            ("http://u:p@h:80/x", "http://***@h:80/x"),
            (
                "postgres://u:p@ss@h/db?sslmode=off",
                "postgres://***@h/db?sslmode=off",
            ),
            ("http://h/x@y", "http://h/x@y"),
            ("mail a@b", "mail a@b"),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(redact(text), expected, "{text}");
            assert_eq!(redact(&redact(text)), expected, "{text}, once more");
        }
    }

    #[test]
    fn known_values_are_hidden_wherever_they_occur() {
        let secrets = ["abcdef", "über-secret", "abcd", "cdef", "ab"].map(str::to_owned);
        let known = Known::new(&secrets);
        let table = [
            ("abcd", Some("***")),
            ("x abcdefg abcde", Some("x ***g ***e")),
            ("äabcdü", Some("ä***ü")),
            ("abcabcd", Some("abc***")),
            ("abcdabcdef", Some("******")),
            ("ein über-secret ü", Some("ein *** ü")),
            ("ab abc ü", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(known.redact(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn free_mappings_hide_members_named_like_secrets() {
        let mut root = json!({
            "models": { "my-key": {
                "metadata": { "license_key": "a", "size": 7, "list": [{ "pin.password": 12, "of": "b" }] },
                "env": ["DB_PASSWORD=with space", "MODE=x y", "EMPTY_KEY="],
                "filters": {
                    "setParams": { "headers": { "Authorization": "c", "Accept": "d" }, "secret": { "deep": ["e", true] } },
                    "setParamsByID": { "my-token": { "temperature": 1, "apiKey": "f" } },
                },
            } },
            "peers": { "token": { "filters": { "setParams": { "key": "g" } } } },
            "selectors": { "key": { "metadata": { "token": "h" }, "targets": ["my-key"] } },
        });
        redact_configuration(&mut root, &[]);
        let expected = json!({
            "models": { "my-key": {
                "metadata": { "license_key": "***", "size": 7, "list": [{ "pin.password": "***", "of": "b" }] },
                "env": ["DB_PASSWORD=***", "MODE=x y", "EMPTY_KEY="],
                "filters": {
                    "setParams": { "headers": { "Authorization": "***", "Accept": "d" }, "secret": { "deep": ["***", true] } },
                    "setParamsByID": { "my-token": { "temperature": 1, "apiKey": "***" } },
                },
            } },
            "peers": { "token": { "filters": { "setParams": { "key": "***" } } } },
            "selectors": { "key": { "metadata": { "token": "***" }, "targets": ["my-key"] } },
        });
        assert_eq!(root, expected);
    }
}
