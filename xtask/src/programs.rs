//! Running other programs, and saying what to install when one is missing.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// The cargo that runs this chore, working in the repository.
///
/// What it has said about the package `xtask` in our environment is taken back: the build script of `ring` runs again
/// when these variables change, so that each way to call cargo would build most of herder anew, for minutes.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let is_about_us = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_about_us) {
            command.env_remove(name);
        }
    }
    command.current_dir(repository());
    command
}

/// Where cargo puts what it builds for `profile` (`debug`, `release`).
pub(crate) fn built(profile: &str, program: &str) -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from);
    target
        .join(profile)
        .join(format!("{program}{}", std::env::consts::EXE_SUFFIX))
}

/// Prints and runs a command; its output goes to the terminal.
///
/// # Errors
/// When it cannot be started or does not end well.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = describe(command);
    println!("$ {line}");
    let status = command
        .status()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    Ok(())
}

/// Runs a command quietly and returns what it printed on stdout, trimmed.
///
/// # Errors
/// When it cannot be started or does not end well; then with what it printed on stderr.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let line = describe(command);
    let output = command
        .output()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("`{line}` failed ({}): {}", output.status, complaint.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Finds the first of `programs` in PATH.
///
/// # Errors
/// When none is there: names them and says what to install.
pub(crate) fn require(programs: &[&str], install: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    for program in programs {
        let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
        if let Some(found) = folders
            .iter()
            .map(|folder| folder.join(&file))
            .find(|candidate| candidate.is_file())
        {
            return Ok(found);
        }
    }
    bail!("{} is missing: install {install}", programs.join(" or "))
}

/// The paths in a folder, sorted.
///
/// # Errors
/// When it cannot be listed.
pub(crate) fn folder_entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_stem()
        .unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named_with_what_to_install() {
        let error = require(&["no-such-program", "nor-this"], "the nothing package").unwrap_err();
        assert_eq!(
            error.to_string(),
            "no-such-program or nor-this is missing: install the nothing package"
        );
    }

    #[test]
    fn a_failing_command_says_how_it_failed() {
        let error = run(cargo().arg("no-such-cargo-command")).unwrap_err();
        assert!(
            error.to_string().contains("`cargo no-such-cargo-command` failed"),
            "{error}"
        );
    }
}
