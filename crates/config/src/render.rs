//! Findings as text in the manner of rustc: message, place, the line with a caret, hint.
//!
//! Lines are shown as written, so values of the environment never appear. Masked are every secret known by value, and
//! what the text alone shows to be one: a model that cannot be read has no known values yet.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use regex::Regex;

use crate::diagnostic::{Diagnostic, Severity};
use crate::read::sensitive;
use crate::source::{SourceMap, byte_offset};

/// Width to which long source lines are cut, in columns.
const WIDTH: usize = 120;

/// Values shorter than this are not searched for in other texts; they would hide half of every line.
pub(crate) const SHORTEST_SECRET: usize = 4;

/// Renders findings, one paragraph each. `secrets` are masked in the source lines.
pub(crate) fn render(
    diagnostics: &[Diagnostic],
    sources: &SourceMap,
    secrets: &[String],
    color: bool,
) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(WIDTH);
    let mut masks: BTreeMap<usize, BTreeMap<usize, usize>> = BTreeMap::new();
    let mut paragraphs = Vec::with_capacity(diagnostics.len());
    for diagnostic in diagnostics {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let line = line_of(diagnostic, sources, secrets, &mut masks);
        let title = level
            .primary_title(diagnostic.message.as_str())
            .id(diagnostic.class.code());
        let mut group = match (&diagnostic.location, &line) {
            (Some(location), Some(line)) => {
                let start = byte_offset(line, location.column - 1);
                let end = byte_offset(line, location.column - 1 + location.length);
                title.element(
                    Snippet::source(line.as_str())
                        .line_start(location.line)
                        .path(location.file.as_str())
                        .annotation(AnnotationKind::Primary.span(start..end)),
                )
            }
            (_, _) => Group::with_title(title),
        };
        if let Some(hint) = &diagnostic.hint {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        paragraphs.push(renderer.render(&[group]));
    }
    paragraphs.join("\n\n")
}

/// The source line of a finding, masked.
fn line_of(
    diagnostic: &Diagnostic,
    sources: &SourceMap,
    secrets: &[String],
    masks: &mut BTreeMap<usize, BTreeMap<usize, usize>>,
) -> Option<String> {
    let origin = diagnostic.origin?;
    let location = diagnostic.location.as_ref()?;
    let text = &sources.files().get(origin.file)?.text;
    let mut line = sources.line(origin).to_owned();
    let written = sensitive::option_values(&line);
    for secret in secrets
        .iter()
        .chain(&written)
        .filter(|secret| secret.len() >= SHORTEST_SECRET)
    {
        line = line.replace(secret.as_str(), &"*".repeat(secret.chars().count()));
    }
    let masks = masks.entry(origin.file).or_insert_with(|| secret_lines(text));
    if let Some(from) = masks.get(&location.line) {
        let keep = line.chars().take(*from);
        let mask = line
            .chars()
            .skip(*from)
            .map(|character| if character.is_whitespace() { ' ' } else { '*' });
        line = keep.chain(mask).collect();
    }
    Some(line)
}

/// Lines that belong to a key, and the character from which each is masked. It works on the text, because a file
/// that is not YAML has no tree.
fn secret_lines(text: &str) -> BTreeMap<usize, usize> {
    let mut masks = BTreeMap::new();
    let mut block: Option<usize> = None;
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        if trimmed.is_empty() {
            continue;
        }
        let indent = line.chars().count() - trimmed.chars().count();
        let inside = block
            .is_some_and(|outer| indent > outer || (indent == outer && trimmed.starts_with(['-', ']', '}'])));
        if inside {
            masks.insert(index + 1, indent);
            continue;
        }
        block = SECRET_KEY.find(line).map(|found| {
            masks.insert(index + 1, line[..found.end()].chars().count());
            indent
        });
    }
    masks
}

/// A YAML key that is named like a secret: `apiKeys`, `apikey`, `hf-token`.
static SECRET_KEY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)(^|[\s{,"'\[-])([\w.-]*[-_.])?(apikeys?|keys?|token|password|passwd|passphrase|secret)["']?\s*:"#,
    )
    .expect("a fixed pattern")
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_keys_are_found_in_text_that_is_not_yaml() {
        let text = "a: 1\napiKeys:\n- one\n  two: [\nb: {\n  'apiKey': x\n  }\n peers: {p: {apiKey: y}}\n";
        let lines: Vec<_> = secret_lines(text).into_iter().collect();
        assert_eq!(lines, [(2, 8), (3, 0), (4, 2), (6, 11), (7, 2), (8, 20)]);
        let text = "macros: {hf-token: x}\nm: {apikey: y}\nmax_tokens: 5\nOPENAI_API_KEY: z\n";
        let lines: Vec<_> = secret_lines(text).into_iter().collect();
        assert_eq!(lines, [(1, 18), (2, 11), (4, 15)]);
    }
}
