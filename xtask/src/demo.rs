//! `cargo xtask demo`: shows a swap. Two models that exclude each other, one request to each, before and after.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use crate::client;
use crate::llama;
use crate::programs::{self, built, cargo, repository};
use crate::router::{self, Router};

/// Two built-in demo models that exclude each other.
const DEMO_CONFIGURATION: &str = include_str!("../../examples/demo.yaml");
const DEMO_MODELS: [&str; 2] = ["demo-small", "demo-large"];

/// The same model file under two ids that exclude each other.
const LLAMA_CONFIGURATION: &str = include_str!("../../examples/llama.yaml");
const LLAMA_MODELS: [&str; 2] = ["gemma", "gemma-long"];

/// Names the herder program for `examples/demo.yaml`.
pub(crate) const PROGRAM_VARIABLE: &str = "HERDER_PROGRAM";

const DEFAULT_PORT: u16 = 8080;

/// Where the search for the models' own ports begins: the default of `startPort`.
pub(crate) const FIRST_MODEL_PORT: u16 = 5800;

/// Tokens asked for: enough to read, quick on two slow cores.
const TOKENS: u32 = 48;

/// What `cargo xtask demo` was told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    once: bool,
    llama: bool,
    port: u16,
}

impl Options {
    /// The check with the demo models, on another port than the usual one.
    pub(crate) fn check_on(port: u16) -> Self {
        Self {
            once: true,
            llama: false,
            port,
        }
    }

    pub(crate) fn parse(words: &[&str]) -> Result<Self> {
        let mut options = Self {
            once: false,
            llama: false,
            port: DEFAULT_PORT,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--once" => options.once = true,
                "--llama" => options.llama = true,
                "--port" => {
                    let port = words.next().context("--port needs a number")?;
                    options.port = port.parse().with_context(|| format!("--port {port}"))?;
                }
                unknown => bail!("unknown option '{unknown}': there are --once, --llama and --port N"),
            }
        }
        Ok(options)
    }
}

/// Builds what the demonstration needs, and shows it.
///
/// # Errors
/// As [`show`]; a missing tool; a build that fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    // Before the build, because it may take ten minutes and asks for tools.
    if options.llama {
        llama::ensure()?;
    }
    programs::run(cargo().args(["build", "--package", "herder", "--bin", "herder"]))?;
    show(options)
}

/// Shows the swap with the herder that has been built.
///
/// # Errors
/// Anything that keeps the swap from being shown; herder and its models are stopped in any case.
pub(crate) fn show(options: &Options) -> Result<()> {
    let llama = if options.llama {
        Some(llama::ensure()?)
    } else {
        None
    };
    let program = built("debug", "herder");
    let folder = target_folder(&program);
    let (configuration, models) = match llama {
        Some(_) => (LLAMA_CONFIGURATION, LLAMA_MODELS),
        None => (DEMO_CONFIGURATION, DEMO_MODELS),
    };
    let mut environment = vec![(PROGRAM_VARIABLE, program.as_path())];
    environment.extend(llama.iter().flat_map(llama::Llama::environment));
    // Another router on this machine may use llama-swap's usual ports.
    let start_port = router::free_ports(FIRST_MODEL_PORT, models.len())?;
    let configuration = format!("startPort: {start_port}\n{configuration}");
    let mut router = Router::start(&program, &folder, &configuration, options.port, &environment)
        .context("herder did not start (--port N chooses another port)")?;
    println!(
        "\nherder serves {} and {} on http://{}",
        models[0], models[1], router.address
    );
    if let Err(error) = show_swap(&router, models) {
        return Err(error.context(format!(
            "the end of herder's log:\n{}\n\nthe demo failed",
            router.log_tail()
        )));
    }
    if options.once {
        return end(router, models);
    }
    print_suggestions(&router, models);
    let status = router.wait()?;
    ensure!(status.success(), "herder ended ({status})\n{}", router.log_tail());
    Ok(())
}

fn show_swap(router: &Router, models: [&str; 2]) -> Result<()> {
    let mut before = ready_models(router)?;
    ensure!(
        before.is_empty(),
        "something runs before the first request: {before:?}"
    );
    println!("\nrunning: nothing");
    for model in models {
        println!("\nasking {model} …");
        let started = Instant::now();
        let said = ask(router, model)?;
        println!(
            "  answered after {:.1} s: {said}",
            started.elapsed().as_secs_f64()
        );
        let after = ready_models(router)?;
        ensure!(
            after == BTreeSet::from([model.to_owned()]),
            "after a request to {model} these run: {after:?}, expected only {model}"
        );
        let stopped: Vec<&str> = before.difference(&after).map(String::as_str).collect();
        println!("  running: {model}");
        if !stopped.is_empty() {
            println!(
                "  swapped: herder stopped {} and started {model}",
                stopped.join(", ")
            );
        }
        before = after;
    }
    println!("\nboth models answered, one after the other, behind one address");
    Ok(())
}

/// One chat request; the beginning of what the model said, on one line.
fn ask(router: &Router, model: &str) -> Result<String> {
    let request = json!({
        "model": model, "max_tokens": TOKENS,
        "messages": [{"role": "user", "content": "What does a shepherd do?"}],
    });
    let answer = client::post(router.address, "/v1/chat/completions", &request)?;
    let answer = answer.json().with_context(|| format!("the answer of {model}"))?;
    let said = answer["choices"][0]["message"]["content"]
        .as_str()
        .context("the answer has no text")?;
    let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = line.chars().take(100).collect();
    Ok(if short.len() < line.len() {
        format!("{short}…")
    } else {
        line
    })
}

fn ready_models(router: &Router) -> Result<BTreeSet<String>> {
    let running = router.running()?;
    Ok(running
        .into_iter()
        .filter(|(_, state)| state == "ready")
        .map(|(model, _)| model)
        .collect())
}

/// Unloads, so that what is left can be seen, and stops herder.
fn end(router: Router, models: [&str; 2]) -> Result<()> {
    let unloaded = client::get(router.address, "/unload")?;
    ensure!(unloaded.status == 200, "/unload answered {}", unloaded.status);
    let left = router.running()?;
    ensure!(left.is_empty(), "after /unload these still run: {left:?}");
    router.stop()?;
    println!(
        "{} and {} are unloaded and herder has ended: the check passed",
        models[0], models[1]
    );
    Ok(())
}

fn print_suggestions(router: &Router, models: [&str; 2]) {
    let address = router.address;
    let log = router.log().display();
    let [first, second] = models;
    println!(
        "\nherder keeps serving; its log is {log}\ntry:\n
  curl http://{address}/v1/models
  curl http://{address}/running
  curl -N http://{address}/v1/chat/completions -H 'Content-Type: application/json' \\
    -d '{{\"model\": \"{first}\", \"stream\": true, \"messages\": [{{\"role\": \"user\", \"content\": \"Hello\"}}]}}'
  curl http://{address}/v1/chat/completions -H 'Content-Type: application/json' \\
    -d '{{\"model\": \"{second}\", \"messages\": [{{\"role\": \"user\", \"content\": \"Hello\"}}]}}'
  curl http://{address}/unload

Ctrl-C ends herder and its models."
    );
}

/// Where the demo keeps its files: beside what cargo built, so that nothing is left elsewhere.
fn target_folder(program: &std::path::Path) -> PathBuf {
    let target = program.parent().and_then(std::path::Path::parent);
    target
        .map_or_else(|| repository().join("target"), PathBuf::from)
        .join("demo")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read() {
        let cases: [(&[&str], Option<Options>); 5] = [
            (
                &[],
                Some(Options {
                    once: false,
                    llama: false,
                    port: 8080,
                }),
            ),
            (
                &["--once", "--llama"],
                Some(Options {
                    once: true,
                    llama: true,
                    port: 8080,
                }),
            ),
            (
                &["--port", "9000"],
                Some(Options {
                    once: false,
                    llama: false,
                    port: 9000,
                }),
            ),
            (&["--port"], None),
            (&["--twice"], None),
        ];
        for (words, expected) in cases {
            assert_eq!(Options::parse(words).ok(), expected, "{words:?}");
        }
    }

    #[test]
    fn the_configurations_name_the_models_that_are_asked() {
        for (configuration, models) in [
            (DEMO_CONFIGURATION, DEMO_MODELS),
            (LLAMA_CONFIGURATION, LLAMA_MODELS),
        ] {
            for model in models {
                assert!(configuration.contains(&format!("\n  {model}:\n")), "{model}");
            }
        }
    }
}
