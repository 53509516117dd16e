//! What people are told about the configuration (`GET /api/config`): its effective text, the files that it came from, what is
//! strange in it, and how the last reload ended.
//!
//! It is written by the start and by reloads, and decides nothing. No secret leaves it: the text is masked when it is made,
//! which is when somebody asks for it, and findings name none.

use std::sync::Arc;

use arc_swap::ArcSwap;
use herder_config::{Diagnostic, Loaded, Masked, Severity, redact};
use jiff::Timestamp;
use serde::Serialize;

use crate::app::Snapshot;
use crate::reload::{Difference, ReloadError, Trigger};

/// Longest text of a configuration that is kept and shown, in bytes. The largest file that is read has as many; a thousand
/// models with all their defaults are about half of it.
const LONGEST_TEXT: usize = 4 << 20;

/// Longest reason of a refused reload that is kept and shown, in bytes: two hundred errors, which are all that the loader
/// keeps, with room for long paths.
const LONGEST_REASON: usize = 64 << 10;

/// The configuration as people see it.
#[derive(Debug)]
pub struct Configuration {
    /// Whether changes of the files are noticed by themselves (`-watch-config`).
    pub watched: bool,
    state: ArcSwap<State>,
}

/// One moment of it.
#[derive(Debug)]
pub struct State {
    /// What is known about the configuration that counts.
    pub in_use: Arc<InUse>,
    /// That configuration.
    snapshot: Arc<Snapshot>,
    /// When it was taken over.
    pub loaded_at: Timestamp,
    /// The last reload since herder started.
    pub last_reload: Option<Arc<LastReload>>,
}

/// Where a configuration that can be used has come from, and what is strange in it.
#[derive(Debug)]
pub struct InUse {
    /// The files, as the user named them, in the order in which they were merged.
    pub files: Vec<String>,
    /// What works, but probably not as meant.
    pub warnings: Vec<Finding>,
    masked: Masked,
}

/// What `herder check` would say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Finding {
    /// `warning`: the configuration works, but probably not as meant. `error`: it cannot be used.
    severity: &'static str,
    /// What it is about.
    message: String,
    /// Where it is, as the user named the file.
    file: Option<String>,
    /// Line, from 1.
    line: Option<usize>,
    /// Column in characters, from 1.
    column: Option<usize>,
    /// What to do about it.
    hint: Option<String>,
}

/// How a reload ended.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LastReload {
    /// When.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    at: String,
    /// What asked for it; the first, if several did.
    trigger: Trigger,
    outcome: Ending,
    /// Models that are only in the new configuration.
    added: Vec<String>,
    /// Models with other settings.
    changed: Vec<String>,
    /// Models that were only in the old one.
    removed: Vec<String>,
    /// Settings outside the models that differ.
    settings: Vec<String>,
    /// How many warnings there were.
    warnings: usize,
    /// Why it was refused: a line for each reason, with its place.
    error: Option<String>,
}

/// What came of a reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ReloadOutcome"))]
enum Ending {
    /// The new configuration counts.
    Applied,
    /// It counts, and means the same as the old one.
    Unchanged,
    /// The old configuration goes on.
    Refused,
}

impl Configuration {
    /// The one with which herder starts.
    #[must_use]
    pub fn new(in_use: InUse, snapshot: Arc<Snapshot>, watched: bool) -> Self {
        let state = State {
            in_use: Arc::new(in_use),
            snapshot,
            loaded_at: Timestamp::now(),
            last_reload: None,
        };
        Self {
            watched,
            state: ArcSwap::from_pointee(state),
        }
    }

    /// How it is now.
    #[must_use]
    pub fn state(&self) -> Arc<State> {
        self.state.load_full()
    }

    /// A reload has put this one in the place of the one before.
    pub fn applied(
        &self,
        trigger: Trigger,
        in_use: InUse,
        snapshot: Arc<Snapshot>,
        difference: &Difference,
        is_same: bool,
    ) {
        let loaded_at = Timestamp::now();
        let last_reload = LastReload {
            at: shown(loaded_at),
            trigger,
            outcome: if is_same {
                Ending::Unchanged
            } else {
                Ending::Applied
            },
            added: difference.added.clone(),
            changed: difference.changed.clone(),
            removed: difference.removed.clone(),
            settings: difference.settings.clone(),
            warnings: in_use.warnings.len(),
            error: None,
        };
        self.state.store(Arc::new(State {
            in_use: Arc::new(in_use),
            snapshot,
            loaded_at,
            last_reload: Some(Arc::new(last_reload)),
        }));
    }

    /// A reload has failed, and what counted goes on.
    pub fn refused(&self, trigger: Trigger, error: &ReloadError) {
        let last_reload = LastReload {
            at: shown(Timestamp::now()),
            trigger,
            outcome: Ending::Refused,
            added: Vec::new(),
            changed: Vec::new(),
            removed: Vec::new(),
            settings: Vec::new(),
            warnings: 0,
            error: Some(cut(error.to_string(), LONGEST_REASON, |_| "…".to_owned())),
        };
        let before = self.state();
        // Reloads come one after the other, so nobody else writes meanwhile.
        self.state.store(Arc::new(State {
            in_use: Arc::clone(&before.in_use),
            snapshot: Arc::clone(&before.snapshot),
            loaded_at: before.loaded_at,
            last_reload: Some(Arc::new(last_reload)),
        }));
    }
}

impl State {
    /// The effective configuration as YAML, with its secrets masked. It is worked out for each who asks, which takes about
    /// as long as loading, so this blocks.
    #[must_use]
    pub fn yaml(&self) -> String {
        let left_out = |bytes| format!("# {bytes} more bytes: herder check --resolved yaml shows them\n");
        cut(
            self.in_use.masked.yaml(&self.snapshot.config),
            LONGEST_TEXT,
            left_out,
        )
    }
}

impl InUse {
    /// As it has been read.
    #[must_use]
    pub fn of(loaded: &Loaded) -> Self {
        Self {
            files: loaded.files().map(str::to_owned).collect(),
            warnings: loaded.warnings.iter().map(Finding::of).collect(),
            masked: loaded.masked(),
        }
    }
}

impl Finding {
    /// A warning about no place in a file.
    #[must_use]
    pub fn warning(message: String) -> Self {
        Self {
            severity: severity(Severity::Warning),
            message,
            file: None,
            line: None,
            column: None,
            hint: None,
        }
    }

    fn of(found: &Diagnostic) -> Self {
        let place = found.location.as_ref();
        Self {
            severity: severity(found.severity),
            message: redact(&found.message).into_owned(),
            file: place.map(|place| place.file.clone()),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            hint: found.hint.as_deref().map(|hint| redact(hint).into_owned()),
        }
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// A time as other routes show it, with milliseconds.
#[must_use]
pub fn shown(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// The lines of a text that fit, with a word about the bytes that do not. A line that is too long by itself does not fit.
fn cut(mut text: String, longest: usize, left_out: impl FnOnce(usize) -> String) -> String {
    if text.len() > longest {
        let end = text.as_bytes()[..longest].iter().rposition(|byte| *byte == b'\n');
        let end = end.map_or(0, |end| end + 1);
        let rest = text.len() - end;
        text.truncate(end);
        text += &left_out(rest);
    }
    text
}

#[cfg(test)]
mod tests {
    use herder_config::{Environment, load_text};

    use super::*;
    use crate::roster::Roster;

    fn configuration(loaded: Loaded) -> Configuration {
        let in_use = InUse::of(&loaded);
        let roster = Roster::new(&loaded.config);
        let snapshot = Snapshot::new(loaded.config, roster).expect("it can be used");
        Configuration::new(in_use, Arc::new(snapshot), false)
    }

    #[test]
    fn long_texts_end_with_a_whole_line() {
        let table = [
            ("a\nb\n", 4, "a\nb\n"),
            ("a\nb\n", 3, "a\n[2]"),
            ("a\nb\n", 2, "a\n[2]"),
            ("a\nb\n", 1, "[4]"),
            ("é\né\n", 4, "é\n[3]"),
            ("", 0, ""),
        ];
        for (text, longest, expected) in table {
            assert_eq!(
                cut(text.to_owned(), longest, |rest| format!("[{rest}]")),
                expected
            );
        }
    }

    #[test]
    fn a_very_large_configuration_is_shown_as_far_as_it_fits() {
        let model = |number: usize| {
            let text = "word ".repeat(200);
            format!(
                "  m{number:04}: {{cmd: run, proxy: 'http://h', description: '{text}', name: '{text}'}}\n"
            )
        };
        let mut text = "models:\n".to_owned();
        text.extend((0..1800).map(model));
        let loaded = load_text("config.yaml", &text, &Environment::empty(), false).expect("it loads");
        let whole = loaded.resolved_yaml(false).len();
        let shown = configuration(loaded).state().yaml();
        assert!(whole > LONGEST_TEXT, "{whole}");
        assert!(shown.len() > LONGEST_TEXT - 2000 && shown.len() < LONGEST_TEXT + 200);
        let last = shown.lines().last().expect("a line");
        assert!(last.starts_with("# ") && last.contains("more bytes"), "{last}");
    }

    #[test]
    fn a_long_reason_has_an_end() {
        let loaded =
            load_text("config.yaml", "models: {}\n", &Environment::empty(), false).expect("it loads");
        let configuration = configuration(loaded);
        let reasons = vec!["config.yaml:1:1: E-TYPE: something is wrong here".to_owned(); 10_000];
        configuration.refused(Trigger::File, &ReloadError::Unusable(reasons));
        let last = configuration.state().last_reload.clone().expect("a reload");
        let error = last.error.as_deref().expect("a reason");
        assert!(error.len() <= LONGEST_REASON + '…'.len_utf8() && error.ends_with("here\n…"));
        assert_eq!((last.outcome, last.trigger), (Ending::Refused, Trigger::File));
    }
}
