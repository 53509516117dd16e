//! `herder plan`: what would become of a request for a model while others run. It loads the configuration exactly as `serve`
//! does, imagines the others, idle for long, and asks the core; nothing is started. `GET /api/plan` asks a herder that
//! runs.

pub(super) mod arguments;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use herder_config::{Environment, Sources};
use herder_core::{Herd, Timestamp};

use self::arguments::PlanArguments;
use super::{colours, say};
use crate::foresight::subject;
use crate::foresight::{Foreseen, Foresight};
use crate::plan::{self, Planned};

/// How long everything that runs has been idle: longer than any turn or linger that could be configured sensibly.
const IDLE: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

/// 0 when the answer is known, 1 otherwise.
pub(super) fn run(arguments: &PlanArguments) -> ExitCode {
    match foresight(arguments) {
        Ok(text) => {
            // Whoever closes the pipe early has seen enough.
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(format_args!("herder plan: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn foresight(arguments: &PlanArguments) -> anyhow::Result<String> {
    let sources = Sources {
        config: arguments.config.clone(),
        config_dir: arguments.config_dir.clone(),
    };
    let Planned { loaded, roster, plan } = match plan::load(&sources, &Environment::of_process(), false) {
        Ok(planned) => planned,
        Err(error) => bail!("the configuration cannot be used\n{}", error.render(colours())),
    };
    let config = &loaded.config;
    let model = subject::find(config, &roster, &arguments.model)?;
    let mut running = Vec::new();
    for name in &arguments.running {
        running.push(subject::find(config, &roster, name).context("-running")?);
    }
    let herd = Herd::imagine(plan, &running);
    let foreseen = Foreseen::of(&herd, Timestamp(IDLE), model);
    let foresight = Foresight::new(&foreseen, config, &roster);
    if arguments.json {
        let json = serde_json::to_value(&foresight).context("the answer cannot be written as JSON")?;
        return Ok(format!("{json:#}\n"));
    }
    Ok(foresight.text().to_owned())
}
