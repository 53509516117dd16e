//! Python virtual environments under the user's cache folder, for what the chores take from the Python registry.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::programs::{self, output, require};

/// One virtual environment, which need not exist yet.
pub(crate) struct Environment {
    folder: PathBuf,
    python: PathBuf,
}

impl Environment {
    /// The one called `venv` in this folder.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        let folder = folder.join("venv");
        let python = folder.join(if cfg!(windows) {
            "Scripts/python.exe"
        } else {
            "bin/python"
        });
        Self { folder, python }
    }

    /// Its interpreter.
    pub(crate) fn python(&self) -> &Path {
        &self.python
    }

    /// Runs a piece of Python and returns what it prints.
    ///
    /// # Errors
    /// There is no such environment yet, or the piece fails.
    pub(crate) fn evaluate(&self, code: &str, arguments: &[&Path]) -> Result<String> {
        output(Command::new(&self.python).args(["-c", code]).args(arguments))
    }

    /// Makes it, unless it is there and usable.
    ///
    /// # Errors
    /// Python is missing or cannot make virtual environments: says what to install.
    pub(crate) fn make(&self) -> Result<()> {
        if output(Command::new(&self.python).args(["-m", "pip", "--version"])).is_ok() {
            return Ok(());
        }
        let base = require(
            &["python3", "python"],
            "Python 3.9 or newer (Debian: python3 and python3-venv)",
        )?;
        output(Command::new(&base).args(["-c", "import venv, ensurepip"])).context(
            "this Python cannot make virtual environments: install its venv module (Debian: python3-venv)",
        )?;
        // --clear: an environment that an interruption left half made is worth nothing.
        programs::run(
            Command::new(&base)
                .args(["-m", "venv", "--clear"])
                .arg(&self.folder),
        )
    }

    /// The command that installs these packages.
    pub(crate) fn install(&self, packages: &[&str]) -> Command {
        let mut pip = Command::new(&self.python);
        pip.args(["-m", "pip", "install", "--disable-pip-version-check"])
            .args(packages);
        pip
    }
}

/// herder's own folder of this name in the folder in which programs may keep what they can make again.
///
/// # Errors
/// The environment names no home, or the folder cannot be made.
pub(crate) fn cache_folder(name: &str) -> Result<PathBuf> {
    let variable = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let folder = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library").join("Caches"))
    } else {
        variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")))
    };
    let Some(folder) = folder else {
        bail!(
            "no cache folder: set {}",
            if cfg!(windows) { "LOCALAPPDATA" } else { "HOME" }
        )
    };
    let folder = folder.join("herder").join(name);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}
