//! The browser that tests and pictures of the page run in: found, or installed where that needs nobody's consent.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::programs;

/// Names the program, for whoever has it elsewhere.
pub(super) const VARIABLE: &str = "HERDER_CHROMIUM";

/// Chromium and its kin, in the order of preference. `ui/tests/support/chromium.ts` has the same list.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// What to install, for whoever has none.
const CHROMIUM: &str = "Chromium (Debian: chromium), or set HERDER_CHROMIUM to its program";

/// The browser's program. As root on a system with apt-get, which is what a container of a build machine is, Chromium is
/// installed when it is missing.
///
/// # Errors
/// There is none and it cannot be installed: says what to install.
pub(super) fn ensure() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os(VARIABLE).filter(|named| !named.is_empty()) {
        return Ok(PathBuf::from(named));
    }
    let found = programs::require(&NAMES, CHROMIUM);
    if found.is_ok() || !is_root() {
        return found;
    }
    let Ok(apt_get) = programs::require(&["apt-get"], CHROMIUM) else {
        return found;
    };
    println!("there is no browser: installing Chromium with apt-get");
    let install = ["install", "-y", "--no-install-recommends", "chromium"];
    let mut command = Command::new(&apt_get);
    command.args(install).env("DEBIAN_FRONTEND", "noninteractive");
    // The list of packages may be missing or too old.
    if programs::run(&mut command).is_err() {
        programs::run(Command::new(&apt_get).arg("update"))?;
        programs::run(&mut command).context(CHROMIUM)?;
    }
    programs::require(&NAMES, CHROMIUM)
}

/// Whether this process may install what it likes.
fn is_root() -> bool {
    cfg!(unix) && programs::output(Command::new("id").arg("-u")).is_ok_and(|id| id == "0")
}
