//! The load from end to end, and what it leaves behind: a configuration with its warnings, or all the errors.

use std::collections::BTreeSet;
use std::fmt;

use crate::diagnostic::{Diagnostic, ErrorClass, Origin, Report, Severity};
use crate::environment::Environment;
use crate::ports::GivenPorts;
use crate::redact::redact_findings;
use crate::source::{Reading, SourceMap, Sources};
use crate::tree::{Entry, Kind, Node};
use crate::typed::Config;
use crate::{expand, merge, parse, read, render, shape};

/// Loads a configuration from files (spec/config.md 1.6, 1.7). With `strict`, unknown keys are errors.
///
/// # Errors
/// Every error that could be found in one go.
pub fn load(sources: &Sources, environment: &Environment, strict: bool) -> Result<Loaded, LoadError> {
    let mut report = Report::default();
    let map = SourceMap::read(sources, Reading::First, &mut report);
    load_map(map, environment, &GivenPorts::default(), strict, report)
}

/// Loads a configuration that is to replace one which counts: as [`load`], not strict, but automatic ports stay,
/// and pipes are refused.
///
/// # Errors
/// Every error that could be found in one go.
pub fn reload(sources: &Sources, environment: &Environment, given: &GivenPorts) -> Result<Loaded, LoadError> {
    let mut report = Report::default();
    let map = SourceMap::read(sources, Reading::Again, &mut report);
    load_map(map, environment, given, false, report)
}

/// Loads a configuration from a text in memory; `name` stands for the file name in messages.
///
/// ```
/// use herder_config::{Environment, load_text};
///
/// let text = "models:\n  oak:\n    cmd: serve --port ${PORT}\n    tttl: 60\n";
/// let loaded = load_text("herd.yaml", text, &Environment::empty(), false)?;
/// assert_eq!(loaded.config.models["oak"].proxy, "http://localhost:5800");
///
/// let warnings = loaded.render(&loaded.warnings, false);
/// assert!(warnings.contains("herd.yaml:4:5") && warnings.contains("did you mean \"ttl\"?"));
/// # Ok::<(), herder_config::LoadError>(())
/// ```
///
/// # Errors
/// Every error that could be found in one go.
pub fn load_text(
    name: &str,
    text: &str,
    environment: &Environment,
    strict: bool,
) -> Result<Loaded, LoadError> {
    let mut report = Report::default();
    let map = SourceMap::of_text(name, text, &mut report);
    load_map(map, environment, &GivenPorts::default(), strict, report)
}

/// A configuration that loads.
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What works, but probably not as meant; by place.
    pub warnings: Vec<Diagnostic>,
    sources: SourceMap,
    /// The merged tree as written, before macros.
    tree: Node,
    secrets: Vec<String>,
}

impl Loaded {
    /// Builds an error of a later check at the place of a key. `path` uses the new spelling of routing keys; the old
    /// one is found too, and the nearest key above when the key itself is absent. `offset` counts characters into
    /// the value, and is ignored where the value is not in the file as it is (macros, escapes, folded lines).
    #[must_use]
    pub fn diagnostic(
        &self,
        class: ErrorClass,
        path: &[&str],
        message: impl Into<String>,
        hint: Option<String>,
        offset: Option<usize>,
    ) -> Diagnostic {
        let old = match path {
            ["routing", "router", "settings", rest @ ..] => rest,
            _ => path,
        };
        let entry = find_entry(&self.tree, path).or_else(|| find_entry(&self.tree, old));
        let entry = entry.or_else(|| {
            (1..path.len())
                .rev()
                .find_map(|length| find_entry(&self.tree, &path[..length]))
        });
        let origin = entry.map(|entry| match &entry.value.kind {
            Kind::Scalar(_) if !entry.value.is_null() => {
                let inside = offset.and_then(|offset| place_in_scalar(&entry.value, offset, &self.sources));
                inside.unwrap_or(entry.value.origin)
            }
            Kind::Scalar(_) | Kind::Sequence(_) | Kind::Mapping(_) | Kind::Lost => entry.key_origin,
        });
        let mut finding = Diagnostic {
            class,
            severity: Severity::Error,
            message: message.into(),
            location: origin.map(|origin| self.sources.location(origin)),
            hint,
            origin,
        };
        redact_findings([&mut finding], &self.secrets);
        finding
    }

    /// Findings as text with snippets.
    #[must_use]
    pub fn render(&self, diagnostics: &[Diagnostic], color: bool) -> String {
        render::render(diagnostics, &self.sources, &self.secrets, color)
    }

    /// The files as the user named them, in the order in which they were merged.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.sources.files().iter().map(|file| file.name.as_str())
    }

    /// Values that came from the environment or are keys, longest first.
    pub(crate) fn secrets(&self) -> &[String] {
        &self.secrets
    }
}

/// A configuration that does not load.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.summary())]
pub struct LoadError(Box<Failure>);

struct Failure {
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    sources: SourceMap,
    secrets: Vec<String>,
}

/// Without the texts of the files, which may hold secrets.
impl fmt::Debug for Loaded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Loaded")
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut failure = formatter.debug_struct("Failure");
        failure
            .field("errors", &self.errors)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}

impl LoadError {
    /// The errors, by place; at least one.
    #[must_use]
    pub fn errors(&self) -> &[Diagnostic] {
        &self.0.errors
    }

    /// Warnings found on the way, by place.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.0.warnings
    }

    /// All errors, then all warnings, as text with snippets.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        let all: Vec<Diagnostic> = self.0.errors.iter().chain(&self.0.warnings).cloned().collect();
        render::render(&all, &self.0.sources, &self.0.secrets, color)
    }
}

impl Failure {
    /// One line for each error.
    fn summary(&self) -> String {
        let line = |error: &Diagnostic| {
            let place = error.location.as_ref();
            let place = place.map(|place| format!("{}:{}:{}: ", place.file, place.line, place.column));
            format!(
                "{}{}: {}",
                place.unwrap_or_default(),
                error.class.code(),
                error.message
            )
        };
        self.errors.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

fn load_map(
    sources: SourceMap,
    environment: &Environment,
    given: &GivenPorts,
    strict: bool,
    mut report: Report,
) -> Result<Loaded, LoadError> {
    let mut roots = Vec::new();
    let mut parked = BTreeSet::new();
    let mut readable = report.error_count() == 0;
    for file in 0..sources.files().len() {
        match parse::parse(file, &sources, environment, &mut report) {
            Some(document) => {
                roots.extend(document.root);
                parked.extend(document.parked);
            }
            None => readable = false,
        }
    }
    let empty = || Node {
        kind: Kind::Mapping(Vec::new()),
        origin: Origin {
            file: 0,
            start: 0,
            end: 0,
        },
    };
    let tree = merge::merge(roots, &sources, &mut report).unwrap_or_else(empty);
    let mut secrets = secret_values(&tree);

    // A file that could not be read may define what the others refer to; going on would only add noise.
    let config = readable.then(|| {
        let mut expanded = tree.clone();
        let ports = expand::expand(&mut expanded, given, &mut report);
        shape::check(&mut expanded, &parked, strict, &mut report);
        let config = read::read(&expanded, &ports, &mut report);
        secrets.extend(secret_values(&expanded));
        config
    });
    for model in config.iter().flat_map(|config| config.models.values()) {
        secrets.extend(model.sensitive.iter().map(|secret| secret.expose().to_owned()));
    }
    secrets.sort_by(|left, right| right.len().cmp(&left.len()).then_with(|| left.cmp(right)));
    secrets.dedup();

    let failed = report.error_count() > 0;
    let (mut errors, mut warnings) = report.finish(&sources);
    redact_findings(errors.iter_mut().chain(&mut warnings), &secrets);
    match config {
        Some(config) if !failed => Ok(Loaded {
            config,
            warnings,
            sources,
            tree,
            secrets,
        }),
        Some(_) | None => Err(LoadError(Box::new(Failure {
            errors,
            warnings,
            sources,
            secrets,
        }))),
    }
}

/// Every API key, and every value that came from the environment.
fn secret_values(root: &Node) -> Vec<String> {
    let mut values = Vec::new();
    let own = root.child("apiKeys").into_iter().flat_map(Node::items);
    let peers = root.child("peers").map_or(&[][..], Node::entries).iter();
    let keys = own.chain(peers.filter_map(|peer| peer.value.child("apiKey")));
    values.extend(keys.filter_map(Node::text).map(str::to_owned));
    collect_environment(root, &mut values);
    values.retain(|value| !value.is_empty());
    values
}

fn collect_environment(node: &Node, values: &mut Vec<String>) {
    match &node.kind {
        Kind::Scalar(scalar) => values.extend(scalar.secrets.iter().cloned()),
        Kind::Sequence(items) => items.iter().for_each(|item| collect_environment(item, values)),
        Kind::Mapping(entries) => entries
            .iter()
            .for_each(|entry| collect_environment(&entry.value, values)),
        Kind::Lost => {}
    }
}

/// The entry at the end of a path.
fn find_entry<'a>(root: &'a Node, path: &[&str]) -> Option<&'a Entry> {
    let (last, parents) = path.split_last()?;
    root.descend(parents)?.entry(last)
}

/// The character of a scalar's value in its file, if the value stands there as it is.
fn place_in_scalar(node: &Node, offset: usize, sources: &SourceMap) -> Option<Origin> {
    let scalar = node.scalar()?;
    if scalar.text.contains("${") || !scalar.secrets.is_empty() {
        return None;
    }
    let written = sources.slice(node.origin);
    let at = |start: usize| Origin {
        start,
        end: start + 1,
        ..node.origin
    };
    if written == scalar.text {
        return Some(at(node.origin.start + offset));
    }
    if let Some(inner) = written.strip_prefix(['"', '\''])
        && inner.len() == scalar.text.len() + 1
        && inner.starts_with(&scalar.text)
    {
        return Some(at(node.origin.start + 1 + offset));
    }
    let before: String = scalar.text.chars().take(offset).collect();
    let line = before.matches('\n').count();
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
    let content = scalar.text.split('\n').nth(line)?;
    let mut start = node.origin.start;
    for (number, source_line) in written.split_inclusive('\n').enumerate() {
        let bare = source_line.trim_end_matches(['\n', '\r']);
        if number == line {
            let indent = bare.strip_suffix(content)?;
            let blank = indent.chars().all(|character| character == ' ');
            return blank.then(|| at(start + indent.chars().count() + column));
        }
        start += source_line.chars().count();
    }
    None
}
