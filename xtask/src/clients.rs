//! The official Python clients of the OpenAI and Anthropic APIs, and the plain HTTP client `httpx`, which the acceptance
//! tests run against herder.

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::programs;
use crate::python::{Environment, cache_folder};

/// Names the interpreter that has the clients.
pub(crate) const PYTHON_VARIABLE: &str = "HERDER_CLIENT_PYTHON";

/// Package and version; other versions may speak another dialect, and then the tests should say so on purpose.
const CLIENTS: [(&str, &str); 3] = [("openai", "3.54.0"), ("anthropic", "2.12.0"), ("httpx", "0.28.1")];

/// Installs what is missing and returns the interpreter; quick when everything is there.
///
/// # Errors
/// No Python (with what to install), or a failed download.
pub(crate) fn ensure() -> Result<PathBuf> {
    let folder = cache_folder("clients")?;
    // Two chores at once must not install into the same folder.
    let lock = File::create(folder.join("lock"))?;
    lock.lock().context("cannot wait for another install")?;
    let environment = Environment::in_folder(&folder);
    if !is_installed(&environment) {
        environment.make()?;
        let packages = CLIENTS.map(|(name, version)| format!("{name}=={version}"));
        programs::run(&mut environment.install(&packages.each_ref().map(String::as_str)))?;
    }
    Ok(environment.python().to_owned())
}

fn is_installed(environment: &Environment) -> bool {
    let versions = CLIENTS.map(|(name, _)| format!("{name}.__version__")).join(", ");
    let names = CLIENTS.map(|(name, _)| name).join(", ");
    let wanted = CLIENTS.map(|(_, version)| version).join(" ");
    environment
        .evaluate(&format!("import {names}; print({versions})"), &[])
        .is_ok_and(|printed| printed.trim() == wanted)
}
