//! What the loader has to say: findings with a class, a place and a hint, and the collector that gathers them.
//!
//! Every step of the load reports here and goes on where it can, so that one run shows all mistakes. Turning a
//! finding into text with a snippet is left to [`crate::render`].

use crate::source::SourceMap;

/// Findings of one severity that are kept; a generated file with one mistake per line needs no longer list.
const MOST_FINDINGS: usize = 200;

/// The kind of a finding (spec/config.md, "Error classes"; the last two are herder's own).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// Unreadable file or directory, no source given, unusable `store.path`.
    Io,
    /// The text is not YAML, its top level is no mapping, a duplicate key, an unknown anchor.
    Yaml,
    /// `${env.X}` is not set, or its value is not allowed.
    Env,
    /// Bad macro declaration, unresolved macro, wrong use of `PORT` or `PID`.
    Macro,
    /// A value cannot become the type of its field.
    Type,
    /// `macros`, `sets` or a profile is not a mapping.
    Shape,
    /// Right type, but outside the allowed range or list.
    Value,
    /// A name collides, or a reference does not resolve.
    Name,
    /// Defective peer entry.
    Peer,
    /// Routing, groups or scheduler block inconsistent.
    Route,
    /// Anything inside a matrix block.
    Matrix,
    /// Two source files disagree.
    Merge,
    /// The configuration loads, but building the server from it fails.
    Start,
    /// A key that herder does not know.
    Key,
    /// A spelling that works but should be replaced, or that has no effect.
    Legacy,
}

impl ErrorClass {
    /// The code users search for, e.g. `E-YAML`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Io => "E-IO",
            Self::Yaml => "E-YAML",
            Self::Env => "E-ENV",
            Self::Macro => "E-MACRO",
            Self::Type => "E-TYPE",
            Self::Shape => "E-SHAPE",
            Self::Value => "E-VALUE",
            Self::Name => "E-NAME",
            Self::Peer => "E-PEER",
            Self::Route => "E-ROUTE",
            Self::Matrix => "E-MATRIX",
            Self::Merge => "E-MERGE",
            Self::Start => "E-START",
            Self::Key => "E-KEY",
            Self::Legacy => "E-LEGACY",
        }
    }
}

/// Whether a finding stops the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The configuration cannot be used.
    Error,
    /// The configuration works, but probably not as meant.
    Warning,
}

/// A place in a source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file as the user named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Length in characters within that line, at least 1.
    pub length: usize,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its kind.
    pub class: ErrorClass,
    /// Whether it stops the load.
    pub severity: Severity,
    /// One sentence; contains the fragment that spec/config.md promises, and never a secret.
    pub message: String,
    /// Where it is, unless it concerns no place in a file.
    pub location: Option<Location>,
    /// What to do about it.
    pub hint: Option<String>,
    /// The same place in terms of the source map, for the renderer.
    pub(crate) origin: Option<Origin>,
}

/// A range of characters in a source file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Index into the source map.
    pub(crate) file: usize,
    /// First character.
    pub(crate) start: usize,
    /// One past the last character.
    pub(crate) end: usize,
}

/// A finding that is being written: `report.error(..).at(..).hint(..)`.
pub(crate) struct Draft<'a>(Option<&'a mut Finding>);

impl Draft<'_> {
    /// Places the finding.
    pub(crate) fn at(mut self, origin: Origin) -> Self {
        if let Some(finding) = &mut self.0 {
            finding.origin = Some(origin);
        }
        self
    }

    /// Adds advice.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(finding) = &mut self.0 {
            finding.hint = Some(hint.into());
        }
        self
    }

    /// Adds advice that takes work to find; the work is spared when the finding is not kept.
    pub(crate) fn advise(mut self, find: impl FnOnce() -> Option<String>) -> Self {
        if let Some(finding) = &mut self.0 {
            finding.hint = find();
        }
        self
    }
}

struct Finding {
    class: ErrorClass,
    message: String,
    origin: Option<Origin>,
    hint: Option<String>,
}

/// Collects findings while a configuration is loaded.
#[derive(Default)]
pub(crate) struct Report {
    errors: Vec<Finding>,
    warnings: Vec<Finding>,
    failed: usize,
}

impl Report {
    /// Adds an error.
    pub(crate) fn error(&mut self, class: ErrorClass, message: impl Into<String>) -> Draft<'_> {
        self.failed += 1;
        Draft(push(&mut self.errors, class, message.into()))
    }

    /// Adds a warning.
    pub(crate) fn warning(&mut self, class: ErrorClass, message: impl Into<String>) -> Draft<'_> {
        Draft(push(&mut self.warnings, class, message.into()))
    }

    /// Errors so far, counting those that were not kept.
    pub(crate) fn error_count(&self) -> usize {
        self.failed
    }

    /// Whether further errors are counted but not kept; looking for their exact place is wasted work.
    pub(crate) fn is_full(&self) -> bool {
        self.errors.len() >= MOST_FINDINGS
    }

    /// All findings with their places worked out: errors first, each in the order of the files.
    pub(crate) fn finish(self, sources: &SourceMap) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        let place = |severity: Severity| {
            move |finding: Finding| Diagnostic {
                class: finding.class,
                severity,
                message: finding.message,
                location: finding.origin.map(|origin| sources.location(origin)),
                hint: finding.hint,
                origin: finding.origin,
            }
        };
        let mut errors: Vec<_> = self.errors.into_iter().map(place(Severity::Error)).collect();
        let mut warnings: Vec<_> = self.warnings.into_iter().map(place(Severity::Warning)).collect();
        for findings in [&mut errors, &mut warnings] {
            findings.sort_by_key(|finding| finding.origin.map(|origin| (origin.file, origin.start)));
        }
        (errors, warnings)
    }
}

fn push(findings: &mut Vec<Finding>, class: ErrorClass, message: String) -> Option<&mut Finding> {
    if findings.len() >= MOST_FINDINGS {
        return None;
    }
    findings.push(Finding {
        class,
        message,
        origin: None,
        hint: None,
    });
    findings.last_mut()
}
