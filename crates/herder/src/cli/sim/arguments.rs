//! The command line of `herder sim`.

use std::ffi::OsString;
use std::path::PathBuf;

use herder_sim::workload::{Shape, UnknownShape};
use herder_sim::{StrategyName, UnknownStrategy};

use crate::cli::flags::{CONFIG_DIR, Flag, FlagError, FlagKind, Word, next_word};

/// What `herder sim` is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimArguments {
    /// What is simulated.
    pub subject: Subject,
    /// `-strategy`: which ones, in this order, at least one.
    pub strategies: Vec<StrategyName>,
    /// `-seed`: of all that is drawn.
    pub seed: u64,
    /// `-json`: figures for programs instead of a table.
    pub json: bool,
    /// `-svg`: where to write the residency chart; only with one workload.
    pub svg: Option<PathBuf>,
    /// `-config`: whose models, rules and keys to take.
    pub config: Option<PathBuf>,
    /// `-config-dir`
    pub config_dir: Option<PathBuf>,
}

/// What is simulated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// These built-in workloads, at least one.
    Shapes(Vec<Shape>),
    /// The requests of this activity store.
    Replay(PathBuf),
}

/// What is wrong with a command line of `herder sim`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SimUsageError {
    /// A flag is unknown or has a bad value.
    #[error(transparent)]
    Flag(#[from] FlagError),
    /// `-workload`
    #[error("invalid value for flag -workload: {0}")]
    Workload(#[from] UnknownShape),
    /// `-strategy`
    #[error("invalid value for flag -strategy: {0}")]
    Strategy(#[from] UnknownStrategy),
    /// `-strategy` names one twice.
    #[error("invalid value for flag -strategy: {0} is named twice")]
    StrategyTwice(&'static str),
    /// `-seed`
    #[error("invalid value {0:?} for flag -seed: expected a whole number from 0 to {max}", max = u64::MAX)]
    Seed(String),
    /// Not exactly one of the three flags that say what to simulate.
    #[error("say what to simulate: one of -workload, -all and -replay")]
    Subject,
    /// One chart shows one workload.
    #[error("-svg draws one workload: use it with -workload or -replay, not with -all")]
    OneChart,
    /// A word that is no flag.
    #[error("unexpected argument {0:?}")]
    Plain(String),
}

/// In the order of the usage text.
pub(in crate::cli) const SIM_FLAGS: &[Flag] = &[
    Flag {
        name: "workload",
        kind: FlagKind::Value("w1"),
        help: "a built-in workload, w1 to w7; w8 is -replay",
    },
    Flag {
        name: "all",
        kind: FlagKind::Switch,
        help: "all of them",
    },
    Flag {
        name: "replay",
        kind: FlagKind::Value("file"),
        help: "the requests of an activity store (store.path of a configuration)",
    },
    Flag {
        name: "strategy",
        kind: FlagKind::Value("names"),
        help: "fifo, fair or both with a comma between; default fifo,fair",
    },
    Flag {
        name: "seed",
        kind: FlagKind::Value("number"),
        help: "of all that is drawn by chance; the same seed gives the same figures; default 1",
    },
    Flag {
        name: "json",
        kind: FlagKind::Switch,
        help: "print the figures as JSON",
    },
    Flag {
        name: "svg",
        kind: FlagKind::Value("path"),
        help: "write a chart of which model was in memory when",
    },
    Flag {
        name: "config",
        kind: FlagKind::Value("path"),
        help: "take models, groups or matrix, and keys from this configuration",
    },
    CONFIG_DIR,
];

pub(in crate::cli) const SIM_USAGE: &str = "\
Usage of herder sim:
  herder sim -workload w1 [flags]    a built-in workload under each strategy
  herder sim -all [flags]            all built-in workloads, and whether the promises hold
  herder sim -replay FILE [flags]    what each strategy would have done with recorded requests

Nothing is started: time, loads and requests are simulated.

Flags (one dash or two):
";

/// Reads the words behind `sim`; `None` when help was asked for.
///
/// # Errors
///
/// [`SimUsageError`] for an unknown flag, a bad value, or flags that do not go together.
pub(in crate::cli) fn parse(
    mut arguments: impl Iterator<Item = OsString>,
) -> Result<Option<SimArguments>, SimUsageError> {
    let (mut workload, mut all, mut replay) = (None, false, None);
    let mut sim = SimArguments {
        subject: Subject::Shapes(Vec::new()),
        strategies: StrategyName::ALL.to_vec(),
        seed: 1,
        json: false,
        svg: None,
        config: None,
        config_dir: None,
    };
    while let Some(word) = next_word(&mut arguments, SIM_FLAGS)? {
        match word {
            Word::Switch("all", value) => all = value,
            Word::Switch(_, value) => sim.json = value,
            Word::Value("workload", value) => workload = Some(Shape::parse(&value.to_string_lossy())?),
            Word::Value("replay", value) => replay = Some(PathBuf::from(value)),
            Word::Value("strategy", value) => sim.strategies = strategies(&value.to_string_lossy())?,
            Word::Value("seed", value) => sim.seed = seed(&value.to_string_lossy())?,
            Word::Value("svg", value) => sim.svg = Some(PathBuf::from(value)),
            Word::Value("config", value) => sim.config = Some(PathBuf::from(value)),
            Word::Value(_, value) => sim.config_dir = Some(PathBuf::from(value)),
            Word::Help => return Ok(None),
            Word::Plain(word) => return Err(SimUsageError::Plain(word.to_string_lossy().into_owned())),
        }
    }
    if let Some(word) = arguments.next() {
        return Err(SimUsageError::Plain(word.to_string_lossy().into_owned()));
    }
    sim.subject = match (workload, all, replay) {
        (Some(shape), false, None) => Subject::Shapes(vec![shape]),
        (None, true, None) => Subject::Shapes(Shape::ALL.to_vec()),
        (None, false, Some(file)) => Subject::Replay(file),
        _ => return Err(SimUsageError::Subject),
    };
    if sim.svg.is_some() && all {
        return Err(SimUsageError::OneChart);
    }
    Ok(Some(sim))
}

fn strategies(text: &str) -> Result<Vec<StrategyName>, SimUsageError> {
    let mut names = Vec::new();
    for word in text.split(',') {
        let name = StrategyName::parse(word.trim())?;
        if names.contains(&name) {
            return Err(SimUsageError::StrategyTwice(name.text()));
        }
        names.push(name);
    }
    Ok(names)
}

fn seed(text: &str) -> Result<u64, SimUsageError> {
    text.parse().map_err(|_| SimUsageError::Seed(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Option<SimArguments>, SimUsageError> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn flags_say_what_is_simulated() {
        let table = [
            ("-workload w2", Subject::Shapes(vec![Shape::Agents])),
            ("--workload=w7 -json", Subject::Shapes(vec![Shape::Flapping])),
            ("-all", Subject::Shapes(Shape::ALL.to_vec())),
            ("-replay a.db", Subject::Replay("a.db".into())),
            ("-all=false -replay a.db", Subject::Replay("a.db".into())),
        ];
        for (line, expected) in table {
            let arguments = parse_line(line).unwrap().unwrap();
            assert_eq!(arguments.subject, expected, "{line}");
            assert_eq!((arguments.seed, arguments.strategies.len()), (1, 2), "{line}");
        }
        let line = "-workload w1 -strategy fair -seed 7 -json -svg a.svg -config a.yaml -config-dir d";
        let expected = SimArguments {
            subject: Subject::Shapes(vec![Shape::Starve]),
            strategies: vec![StrategyName::Fair],
            seed: 7,
            json: true,
            svg: Some("a.svg".into()),
            config: Some("a.yaml".into()),
            config_dir: Some("d".into()),
        };
        assert_eq!(parse_line(line), Ok(Some(expected)));
        assert_eq!(parse_line("-help"), Ok(None));
    }

    #[test]
    fn mistakes_are_named() {
        let table = [
            ("", "say what to simulate: one of -workload, -all and -replay"),
            (
                "-all -workload w1",
                "say what to simulate: one of -workload, -all and -replay",
            ),
            (
                "-workload w9",
                "invalid value for flag -workload: there is no workload \"w9\"; there are w1 w2 w3 w4 w5 w6 w7",
            ),
            (
                "-all -strategy fifo,fast",
                "invalid value for flag -strategy: there is no strategy \"fast\"; there are fifo and fair",
            ),
            (
                "-all -strategy fair,fair",
                "invalid value for flag -strategy: fair is named twice",
            ),
            (
                "-all -seed -1",
                "invalid value \"-1\" for flag -seed: expected a whole number from 0 to 18446744073709551615",
            ),
            (
                "-all -svg a.svg",
                "-svg draws one workload: use it with -workload or -replay, not with -all",
            ),
            ("-all w1", "unexpected argument \"w1\""),
            ("-all -- w1", "unexpected argument \"w1\""),
            ("-nope", "flag provided but not defined: -nope"),
        ];
        for (line, expected) in table {
            let error = parse_line(line).unwrap_err();
            assert_eq!(error.to_string(), expected, "{line}");
        }
    }
}
