//! `herder check`: says everything that is wrong with a configuration, or shows what it means.
//!
//! It loads exactly as `serve` does and runs nothing. Findings go to standard error; standard output gets one line
//! of summary, or the effective configuration, so that it can be piped.

use std::io::Write;
use std::process::ExitCode;

use herder_config::{Config, Environment, Router, Sources};

use super::arguments::{CheckArguments, ResolvedForm};
use super::{colours, say};
use crate::plan::{self, Planned};

/// 0 when `serve` would accept the configuration, 1 otherwise.
pub(super) fn run(arguments: &CheckArguments) -> ExitCode {
    let sources = Sources {
        config: arguments.config.clone(),
        config_dir: arguments.config_dir.clone(),
    };
    let Planned { loaded, .. } = match plan::load(&sources, &Environment::of_process(), arguments.strict) {
        Ok(loaded) => loaded,
        Err(error) => {
            say(error.render(colours()));
            return ExitCode::FAILURE;
        }
    };
    if !loaded.warnings.is_empty() {
        say(loaded.render(&loaded.warnings, colours()));
    }
    let text = match arguments.resolved {
        Some(ResolvedForm::Yaml) => loaded.resolved_yaml(arguments.show_secrets),
        Some(ResolvedForm::Json) => format!("{:#}", loaded.resolved_json(arguments.show_secrets)),
        None => summary(&loaded.config, loaded.warnings.len()),
    };
    // Whoever closes the pipe early has seen enough.
    let _ = std::io::stdout().write_all(format!("{}\n", text.trim_end()).as_bytes());
    ExitCode::SUCCESS
}

/// One line: `OK: 6 models, 2 groups, 1 peer, 3 warnings`.
fn summary(config: &Config, warnings: usize) -> String {
    let routing = match &config.router {
        // The group of the rest is nobody's own work.
        Router::Group(groups) => (groups.keys().filter(|name| *name != "(default)").count(), "group"),
        Router::Matrix(matrix) => (matrix.sets.len(), "matrix set"),
    };
    let parts = [
        (config.models.len(), "model"),
        routing,
        (config.aliases.len(), "alias"),
        (config.profiles.len(), "profile"),
        (config.selectors.len(), "selector"),
        (config.peers.len(), "peer"),
        (warnings, "warning"),
    ];
    let mut words: Vec<String> = Vec::new();
    for (position, (count, word)) in parts.into_iter().enumerate() {
        // The number of models is worth saying even when it is none.
        if count > 0 || position == 0 {
            words.push(counted(count, word));
        }
    }
    format!("OK: {}", words.join(", "))
}

fn counted(count: usize, word: &str) -> String {
    let ending = match (count, word.ends_with('s')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    format!("{count} {word}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_agree_with_their_words() {
        let table = [
            (0, "model", "0 models"),
            (1, "model", "1 model"),
            (1, "alias", "1 alias"),
            (2, "alias", "2 aliases"),
        ];
        for (count, word, expected) in table {
            assert_eq!(counted(count, word), expected);
        }
    }
}
