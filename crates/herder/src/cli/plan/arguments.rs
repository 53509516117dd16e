//! The command line of `herder plan`.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::cli::flags::{CONFIG, CONFIG_DIR, Flag, FlagError, FlagKind, Word, next_word, path};

/// What `herder plan` is to look at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlanArguments {
    /// The model that is asked for: id or alias.
    pub model: String,
    /// `-running`: ids or aliases of the models that run already.
    pub running: Vec<String>,
    /// `-config`
    pub config: Option<PathBuf>,
    /// `-config-dir`
    pub config_dir: Option<PathBuf>,
    /// `-json`: as JSON instead of text.
    pub json: bool,
}

/// What is wrong with a command line of `herder plan`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanUsageError {
    /// A flag is unknown or has a bad value.
    #[error(transparent)]
    Flag(#[from] FlagError),
    /// No model is named.
    #[error("name the model that is asked for: herder plan MODEL")]
    NoModel,
    /// Two plain words.
    #[error("unexpected argument {0:?}: one model has been named already")]
    SecondModel(String),
    /// A word that is no text.
    #[error("{0:?} is no name of a model")]
    NotText(OsString),
}

/// Flags of `herder plan`, in the order of the usage text.
pub(in crate::cli) const PLAN_FLAGS: &[Flag] = &[
    Flag {
        name: "running",
        kind: FlagKind::Value("models"),
        help: "models that run already and are idle, with commas between; default none",
    },
    CONFIG,
    CONFIG_DIR,
    Flag {
        name: "json",
        kind: FlagKind::Switch,
        help: "print JSON, as GET /api/plan does",
    },
];

pub(in crate::cli) const PLAN_USAGE: &str = "\
Usage of herder plan:
  herder plan [flags] MODEL    say who would leave for a model, why, and what else could have left

Nothing is started. A running herder answers the same with GET /api/plan?model=MODEL.

Flags (one dash or two):
";

/// Reads the words behind `plan`; `None` when help was asked for.
///
/// # Errors
///
/// [`PlanUsageError`] for an unknown flag, no model, or two.
pub(in crate::cli) fn parse(
    mut arguments: impl Iterator<Item = OsString>,
) -> Result<Option<PlanArguments>, PlanUsageError> {
    let mut plan = PlanArguments::default();
    let mut plain = Vec::new();
    // Flags may follow the model, as with `check`.
    while let Some(word) = next_word(&mut arguments, PLAN_FLAGS)? {
        match word {
            Word::Switch(_, value) => plan.json = value,
            Word::Value("running", value) => {
                let names = text(value)?;
                let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
                plan.running = names.map(str::to_owned).collect();
            }
            Word::Value("config", value) => plan.config = path(value),
            Word::Value(_, value) => plan.config_dir = path(value),
            Word::Help => return Ok(None),
            Word::Plain(word) => plain.push(word),
        }
    }
    plain.extend(arguments);
    let mut plain = plain.into_iter();
    plan.model = text(plain.next().ok_or(PlanUsageError::NoModel)?)?;
    match plain.next() {
        None => Ok(Some(plan)),
        Some(second) => Err(PlanUsageError::SecondModel(text(second)?)),
    }
}

fn text(word: OsString) -> Result<String, PlanUsageError> {
    word.into_string().map_err(PlanUsageError::NotText)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Option<PlanArguments>, PlanUsageError> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn flags_and_the_model_come_in_any_order() {
        let expected = PlanArguments {
            model: "a".to_owned(),
            running: vec!["b".to_owned(), "c".to_owned()],
            config: Some("c.yaml".into()),
            config_dir: Some("d".into()),
            json: true,
        };
        for line in [
            "a -running b,c -config c.yaml -config-dir d -json",
            "--running=b,c, --json -config c.yaml -config-dir=d a",
        ] {
            assert_eq!(parse_line(line), Ok(Some(expected.clone())), "{line}");
        }
        assert_eq!(parse_line("-h"), Ok(None));
        assert_eq!(parse_line("-config c.yaml"), Err(PlanUsageError::NoModel));
        assert_eq!(
            parse_line("a b"),
            Err(PlanUsageError::SecondModel("b".to_owned()))
        );
        assert_eq!(
            parse_line("a -runing b"),
            Err(FlagError::Undefined("runing".to_owned()).into())
        );
    }
}
