//! The command line, read but not yet judged: which command, with which raw values.
//!
//! `herder` without a command is `herder serve`, so that a llama-swap command line works unchanged. Whether the
//! values make sense (files that exist, a pair of TLS files, an address with a port) is decided by the commands.

use std::ffi::OsString;
use std::path::PathBuf;

use super::flags::{CONFIG, CONFIG_DIR, Flag, FlagError, FlagKind, Word, next_word, path, usage};
use super::plan::arguments::{PLAN_FLAGS, PLAN_USAGE, PlanArguments, PlanUsageError, parse as parse_plan};
use super::sim::arguments::{SIM_FLAGS, SIM_USAGE, SimArguments, SimUsageError, parse as parse_sim};

/// What the command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invocation {
    /// Run the router.
    Serve(ServeArguments),
    /// Look at a configuration and say what is wrong with it.
    Check(CheckArguments),
    /// Simulate workloads under each strategy.
    Sim(SimArguments),
    /// Say what would become of a request.
    Plan(PlanArguments),
    /// Print the version line on standard output.
    Version,
    /// Print the usage on standard error and exit 0.
    Help(Topic),
    /// `herder demo-model …`: the words behind the command.
    DemoModel(Vec<OsString>),
    /// `herder guard`: started by herder itself (see the supervisor's guard), never by a person.
    Guard,
}

/// A command that has a usage text of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// herder as a whole, and `serve`.
    Serve,
    /// `check`
    Check,
    /// `sim`
    Sim,
    /// `plan`
    Plan,
}

/// Flags of `herder serve` (spec/config.md 1.1). An empty value counts as not given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServeArguments {
    /// `-config`
    pub config: Option<PathBuf>,
    /// `-config-dir`
    pub config_dir: Option<PathBuf>,
    /// `-listen`, `host:port`
    pub listen: Option<String>,
    /// `-tls-cert-file`
    pub tls_cert_file: Option<PathBuf>,
    /// `-tls-key-file`
    pub tls_key_file: Option<PathBuf>,
    /// `-watch-config`
    pub watch_config: bool,
}

/// Flags of `herder check`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CheckArguments {
    /// `-config`, or the plain word.
    pub config: Option<PathBuf>,
    /// `-config-dir`
    pub config_dir: Option<PathBuf>,
    /// `-strict`: unknown keys are errors.
    pub strict: bool,
    /// `-resolved`: print the effective configuration.
    pub resolved: Option<ResolvedForm>,
    /// `-show-secrets`: do not mask them in the effective configuration.
    pub show_secrets: bool,
}

/// Form of the effective configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResolvedForm {
    /// YAML
    Yaml,
    /// JSON
    Json,
}

/// A command line that cannot be understood. The program prints it on standard error, with the usage text of its
/// topic behind it, and exits 2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Misuse {
    /// Which usage text helps.
    pub topic: Topic,
    /// What is wrong.
    pub error: UsageError,
}

/// What is wrong with a command line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// A flag is unknown or has a bad value.
    #[error(transparent)]
    Flag(#[from] FlagError),
    /// `-resolved` takes `yaml` or `json`.
    #[error("invalid value {0:?} for flag -resolved: expected yaml or json")]
    Resolved(String),
    /// The first word names no command.
    #[error("unknown command {0:?}")]
    Command(String),
    /// `herder check` takes one file.
    #[error("unexpected argument {0:?}: one configuration file has been given already")]
    SecondFile(String),
    /// A command line of `herder sim`.
    #[error(transparent)]
    Sim(#[from] SimUsageError),
    /// A command line of `herder plan`.
    #[error(transparent)]
    Plan(#[from] PlanUsageError),
}

/// Flags of `herder serve`, in the order of the usage text.
const SERVE_FLAGS: &[Flag] = &[
    CONFIG,
    CONFIG_DIR,
    Flag {
        name: "listen",
        kind: FlagKind::Value("host:port"),
        help: "listen address; default 127.0.0.1:8080, all interfaces when apiKeys are set, port 8443 with TLS",
    },
    Flag {
        name: "tls-cert-file",
        kind: FlagKind::Value("path"),
        help: "TLS certificate chain (PEM)",
    },
    Flag {
        name: "tls-key-file",
        kind: FlagKind::Value("path"),
        help: "TLS key (PEM)",
    },
    Flag {
        name: "watch-config",
        kind: FlagKind::Switch,
        help: "reload the configuration when its files change",
    },
    Flag {
        name: "version",
        kind: FlagKind::Switch,
        help: "print the version and exit",
    },
];

/// Flags of `herder check`, in the order of the usage text.
const CHECK_FLAGS: &[Flag] = &[
    Flag {
        name: "config",
        kind: FlagKind::Value("path"),
        help: "configuration file (or name it without a flag)",
    },
    Flag {
        name: "config-dir",
        kind: FlagKind::Value("path"),
        help: "directory whose *.yml and *.yaml files are merged on top of the file",
    },
    Flag {
        name: "strict",
        kind: FlagKind::Switch,
        help: "treat unknown keys as errors",
    },
    Flag {
        name: "resolved",
        kind: FlagKind::Value("yaml|json"),
        help: "print the effective configuration: defaults filled in, macros expanded",
    },
    Flag {
        name: "show-secrets",
        kind: FlagKind::Switch,
        help: "do not mask secrets in it",
    },
];

/// Reads the words behind the program's name.
///
/// # Errors
///
/// [`Misuse`] for an unknown flag or command, or a bad value.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Invocation, Misuse> {
    let mut arguments = arguments.into_iter().peekable();
    let command = arguments
        .peek()
        .and_then(|word| word.to_str())
        .unwrap_or_default();
    match command {
        "serve" => {
            arguments.next();
            parse_serve(arguments).map_err(misuse_of(Topic::Serve))
        }
        "check" => {
            arguments.next();
            parse_check(arguments).map_err(misuse_of(Topic::Check))
        }
        "sim" => {
            arguments.next();
            let sim = parse_sim(arguments).map_err(|error| misuse_of(Topic::Sim)(error.into()))?;
            Ok(sim.map_or(Invocation::Help(Topic::Sim), Invocation::Sim))
        }
        "plan" => {
            arguments.next();
            let plan = parse_plan(arguments).map_err(|error| misuse_of(Topic::Plan)(error.into()))?;
            Ok(plan.map_or(Invocation::Help(Topic::Plan), Invocation::Plan))
        }
        "demo-model" => Ok(Invocation::DemoModel(arguments.skip(1).collect())),
        "guard" => Ok(Invocation::Guard),
        "version" => Ok(Invocation::Version),
        "help" => Ok(Invocation::Help(Topic::Serve)),
        // A dash starts a flag of `serve`; no word at all is `serve` without flags.
        _ if command.starts_with('-') || command.is_empty() => {
            parse_serve(arguments).map_err(misuse_of(Topic::Serve))
        }
        _ => Err(misuse_of(Topic::Serve)(UsageError::Command(command.to_owned()))),
    }
}

/// The usage text, for standard error.
#[must_use]
pub fn usage_text(topic: Topic) -> String {
    match topic {
        Topic::Serve => format!("{SERVE_USAGE}{}", usage(SERVE_FLAGS)),
        Topic::Check => format!("{CHECK_USAGE}{}", usage(CHECK_FLAGS)),
        Topic::Sim => format!("{SIM_USAGE}{}", usage(SIM_FLAGS)),
        Topic::Plan => format!("{PLAN_USAGE}{}", usage(PLAN_FLAGS)),
    }
}

const SERVE_USAGE: &str = "\
Usage of herder:
  herder [serve] [flags]   run the router (default)
  herder check [FILE]      look at a configuration and say what is wrong with it
  herder sim               simulate workloads under each scheduling strategy
  herder plan MODEL        say who would leave for a model, why, and what else could have left
  herder version           print the version
  herder demo-model        serve a made-up model, for trying herder out

Flags of serve (one dash or two):
";

const CHECK_USAGE: &str = "\
Usage of herder check:
  herder check [flags] [FILE]

Flags (one dash or two):
";

fn parse_serve(mut arguments: impl Iterator<Item = OsString>) -> Result<Invocation, UsageError> {
    let mut serve = ServeArguments::default();
    let mut version = false;
    // Words behind the first plain one are ignored, as in the reference.
    while let Some(word) = next_word(&mut arguments, SERVE_FLAGS)? {
        match word {
            Word::Switch("watch-config", value) => serve.watch_config = value,
            Word::Switch(_, value) => version = value,
            Word::Value("config", value) => serve.config = path(value),
            Word::Value("config-dir", value) => serve.config_dir = path(value),
            Word::Value("tls-cert-file", value) => serve.tls_cert_file = path(value),
            Word::Value("tls-key-file", value) => serve.tls_key_file = path(value),
            Word::Value(_, value) => {
                let address = value.to_string_lossy().into_owned();
                serve.listen = (!address.is_empty()).then_some(address);
            }
            Word::Help => return Ok(Invocation::Help(Topic::Serve)),
            Word::Plain(_) => break,
        }
    }
    Ok(if version {
        Invocation::Version
    } else {
        Invocation::Serve(serve)
    })
}

fn parse_check(mut arguments: impl Iterator<Item = OsString>) -> Result<Invocation, UsageError> {
    let mut check = CheckArguments::default();
    let mut plain = Vec::new();
    // Unlike `serve`, flags may follow the file: this command has no llama-swap habit to keep.
    while let Some(word) = next_word(&mut arguments, CHECK_FLAGS)? {
        match word {
            Word::Switch("strict", value) => check.strict = value,
            Word::Switch(_, value) => check.show_secrets = value,
            Word::Value("config", value) => check.config = path(value),
            Word::Value("config-dir", value) => check.config_dir = path(value),
            Word::Value(_, value) => {
                check.resolved = Some(match value.to_str() {
                    Some("yaml") => ResolvedForm::Yaml,
                    Some("json") => ResolvedForm::Json,
                    _ => return Err(UsageError::Resolved(value.to_string_lossy().into_owned())),
                });
            }
            Word::Help => return Ok(Invocation::Help(Topic::Check)),
            Word::Plain(file) => plain.push(file),
        }
    }
    plain.extend(arguments);
    for file in plain {
        if check.config.is_some() {
            return Err(UsageError::SecondFile(file.to_string_lossy().into_owned()));
        }
        check.config = path(file);
    }
    Ok(Invocation::Check(check))
}

fn misuse_of(topic: Topic) -> impl FnOnce(UsageError) -> Misuse {
    move |error| Misuse { topic, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Invocation, UsageError> {
        parse(line.split_whitespace().map(OsString::from)).map_err(|misuse| misuse.error)
    }

    fn serve(edit: impl FnOnce(&mut ServeArguments)) -> Result<Invocation, UsageError> {
        let mut arguments = ServeArguments::default();
        edit(&mut arguments);
        Ok(Invocation::Serve(arguments))
    }

    fn check(edit: impl FnOnce(&mut CheckArguments)) -> Result<Invocation, UsageError> {
        let mut arguments = CheckArguments::default();
        edit(&mut arguments);
        Ok(Invocation::Check(arguments))
    }

    fn config(path: &str) -> impl FnOnce(&mut ServeArguments) {
        let path = PathBuf::from(path);
        move |arguments| arguments.config = Some(path)
    }

    #[test]
    fn command_lines_of_config_md_1_1() {
        let table = [
            ("", serve(|_| {})),
            ("-config a.yaml", serve(config("a.yaml"))),
            ("--config a.yaml", serve(config("a.yaml"))),
            ("-config=a.yaml", serve(config("a.yaml"))),
            ("--config=a=b.yaml", serve(config("a=b.yaml"))),
            ("serve --config a.yaml", serve(config("a.yaml"))),
            ("-config a -config b", serve(config("b"))),
            ("-config=", serve(|_| {})),
            // A value may look like a flag.
            ("-config -x", serve(config("-x"))),
            // Reading stops at the first plain word and at two dashes; what follows is ignored.
            ("-config a b -listen :1", serve(config("a"))),
            ("-config a -- -listen :1", serve(config("a"))),
            ("-config a - -listen :1", serve(config("a"))),
            (
                "-listen :9292",
                serve(|arguments| arguments.listen = Some(":9292".into())),
            ),
            ("-listen=", serve(|_| {})),
            (
                "-config-dir d -tls-cert-file c -tls-key-file=k",
                serve(|arguments| {
                    arguments.config_dir = Some("d".into());
                    arguments.tls_cert_file = Some("c".into());
                    arguments.tls_key_file = Some("k".into());
                }),
            ),
            ("-watch-config", serve(|arguments| arguments.watch_config = true)),
            (
                "--watch-config=T",
                serve(|arguments| arguments.watch_config = true),
            ),
            ("-watch-config=false", serve(|_| {})),
            ("-watch-config -watch-config=0", serve(|_| {})),
            // A switch takes a value only behind `=`: `false` here is the first plain word.
            (
                "-watch-config false",
                serve(|arguments| arguments.watch_config = true),
            ),
            ("-version", Ok(Invocation::Version)),
            ("--version -config", Err(FlagError::MissingValue("config").into())),
            ("-config a -version", Ok(Invocation::Version)),
            ("-version=false", serve(|_| {})),
            ("version", Ok(Invocation::Version)),
            ("-h", Ok(Invocation::Help(Topic::Serve))),
            ("--help", Ok(Invocation::Help(Topic::Serve))),
            ("help", Ok(Invocation::Help(Topic::Serve))),
            ("serve -help", Ok(Invocation::Help(Topic::Serve))),
            ("-nope", Err(FlagError::Undefined("nope".into()).into())),
            ("--nope=1", Err(FlagError::Undefined("nope".into()).into())),
            ("---config a", Err(FlagError::Syntax("---config".into()).into())),
            ("-=a", Err(FlagError::Syntax("-=a".into()).into())),
            ("-config", Err(FlagError::MissingValue("config").into())),
            (
                "-watch-config=maybe",
                Err(FlagError::NotBoolean {
                    name: "watch-config",
                    value: "maybe".into(),
                }
                .into()),
            ),
            ("chekc", Err(UsageError::Command("chekc".into()))),
            ("guard", Ok(Invocation::Guard)),
            (
                "demo-model --port 1",
                Ok(Invocation::DemoModel(vec!["--port".into(), "1".into()])),
            ),
        ];
        for (line, expected) in table {
            assert_eq!(parse_line(line), expected, "herder {line}");
        }
    }

    #[test]
    fn command_lines_of_check() {
        let file = || Some(PathBuf::from("a.yaml"));
        let table = [
            ("check", check(|_| {})),
            ("check a.yaml", check(|arguments| arguments.config = file())),
            (
                "check -config a.yaml",
                check(|arguments| arguments.config = file()),
            ),
            ("check -- a.yaml", check(|arguments| arguments.config = file())),
            (
                "check --strict a.yaml --resolved yaml",
                check(|arguments| {
                    arguments.config = file();
                    arguments.strict = true;
                    arguments.resolved = Some(ResolvedForm::Yaml);
                }),
            ),
            (
                "check -resolved=json -show-secrets -config-dir d",
                check(|arguments| {
                    arguments.config_dir = Some("d".into());
                    arguments.resolved = Some(ResolvedForm::Json);
                    arguments.show_secrets = true;
                }),
            ),
            ("check -resolved toml", Err(UsageError::Resolved("toml".into()))),
            ("check a b", Err(UsageError::SecondFile("b".into()))),
            ("check -config a b", Err(UsageError::SecondFile("b".into()))),
            ("check -h", Ok(Invocation::Help(Topic::Check))),
            (
                "check -listen :1",
                Err(FlagError::Undefined("listen".into()).into()),
            ),
        ];
        for (line, expected) in table {
            assert_eq!(parse_line(line), expected, "herder {line}");
        }
    }

    #[test]
    fn texts_of_bad_flags_are_those_of_the_reference() {
        let table = [
            ("-nope", "flag provided but not defined: -nope"),
            ("-listen", "flag needs an argument: -listen"),
            (
                "-watch-config=2",
                "invalid boolean value \"2\" for -watch-config: parse error",
            ),
            ("---x", "bad flag syntax: ---x"),
        ];
        for (line, text) in table {
            assert_eq!(
                parse_line(line).map_err(|error| error.to_string()),
                Err(text.to_owned())
            );
        }
    }

    #[test]
    fn usage_names_every_command_and_flag() {
        let text = usage_text(Topic::Serve);
        for word in [
            "serve",
            "check",
            "sim",
            "plan",
            "version",
            "demo-model",
            "-config ",
            "-tls-key-file",
            "-watch-config",
        ] {
            assert!(text.contains(word), "{word} is missing in:\n{text}");
        }
        assert!(usage_text(Topic::Check).contains("-resolved yaml|json"));
    }
}
