//! `cargo xtask ui`: builds the web page from `ui/` into `ui/dist`, from where herder's build script embeds it, and weighs
//! what a browser loads first. `--screenshots` also takes a picture of every page.
//!
//! Node and npm are looked for here, the browser in `browser`, the weighing is in `weight`.

mod browser;
mod weight;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::demo::PROGRAM_VARIABLE;
use crate::programs::{self, built, cargo, folder_entries, repository};

/// What to install, for whoever has no Node.
const NODE: &str = "Node 20.19 or newer, with npm";

/// The oldest Node that the page's tools run on: major, minor.
const OLDEST_NODE: (u32, u32) = (20, 19);

/// Where vite writes, below `ui/`. Only what differs goes from there to `ui/dist`, so that herder is not compiled again for
/// a page that is the same.
const FRESH: &str = "node_modules/.page";

/// Which lock file the installed packages belong to: a copy of it.
const INSTALLED: &str = "node_modules/.installed-lock.json";

/// What stays in `ui/dist`: cargo must always find the folder.
const KEPT: &str = ".gitignore";

/// Reads the flags of `cargo xtask ui` and does what they say.
///
/// # Errors
/// An unknown flag; and as [`build`] and [`screenshots`].
pub(crate) fn run(flags: &[&str]) -> Result<()> {
    match flags {
        [] => build(),
        ["--screenshots"] => {
            // Before the builds, which take minutes.
            let browser = browser::ensure()?;
            build()?;
            screenshots(&browser)
        }
        _ => bail!("there is --screenshots and no other flag"),
    }
}

/// Installs what the page is built with, unless that is there, builds it, and prints what the first load weighs.
///
/// # Errors
/// Node or npm is missing or too old (with what to install), a build that fails, a first load over its limit.
pub(crate) fn build() -> Result<()> {
    require_node()?;
    install()?;
    let fresh = folder().join(FRESH);
    programs::run(npm().args([
        "run",
        "build",
        "--",
        "--emptyOutDir",
        "--manifest",
        "--outDir",
        FRESH,
    ]))?;
    replace(&fresh, &folder().join("dist"))?;
    weight::check(&fresh)
}

/// What must hold for the page beside that it builds: fresh types, no complaint of the type checker, its unit tests.
///
/// # Errors
/// The first of them that does not hold.
pub(crate) fn check() -> Result<()> {
    programs::run(npm().args(["run", "types", "--", "--check"])).context("npm run types writes them anew")?;
    programs::run(npm().args(["run", "check"]))?;
    programs::run(npm().args(["test"]))
}

/// Finds the browser, or installs it where that can be done without asking.
///
/// # Errors
/// There is none: says what to install.
pub(crate) fn require_browser() -> Result<PathBuf> {
    browser::ensure()
}

/// Runs the tests of the page in that browser, against the herder that has been built.
///
/// # Errors
/// When one fails.
pub(crate) fn browser_tests(browser: &Path) -> Result<()> {
    programs::run(&mut playwright(browser, &[]))
}

/// Pictures of every page in light, dark and narrow, in `ui/screenshots`.
fn screenshots(browser: &Path) -> Result<()> {
    programs::run(cargo().args(["build", "--package", "herder", "--bin", "herder"]))?;
    programs::run(&mut playwright(
        browser,
        &["--config", "tests/screenshots/playwright.config.ts"],
    ))?;
    println!("the pictures are in {}", folder().join("screenshots").display());
    Ok(())
}

fn playwright(browser: &Path, more: &[&str]) -> Command {
    let mut command = npm();
    command.args(["run", "browser", "--"]).args(more);
    command
        .env(PROGRAM_VARIABLE, built("debug", "herder"))
        .env(browser::VARIABLE, browser)
        // The tests are about the page that is in the program.
        .env_remove("UI_FROM_DISK");
    command
}

/// The page's source.
fn folder() -> PathBuf {
    repository().join("ui")
}

/// npm, working in the page's folder. On Windows it is a script of the shell.
fn npm() -> Command {
    let mut command = if cfg!(windows) {
        let mut shell = Command::new("cmd");
        shell.args(["/C", "npm"]);
        shell
    } else {
        Command::new("npm")
    };
    command.current_dir(folder());
    command
}

fn require_node() -> Result<()> {
    let node = programs::require(&["node"], NODE)?;
    let version = programs::output(Command::new(node).arg("--version"))?;
    let (major, minor) = OLDEST_NODE;
    ensure!(
        is_new_enough(&version),
        "node is {version}, the page needs {major}.{minor} or newer: install {NODE}"
    );
    programs::output(npm().arg("--version")).with_context(|| format!("npm is missing: install {NODE}"))?;
    Ok(())
}

/// Whether node's words about itself, such as `v20.19.2`, name a version that will do.
fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= OLDEST_NODE,
        _ => false,
    }
}

/// `npm ci`, unless what is installed is what the lock file wants.
fn install() -> Result<()> {
    let wanted = fs::read(folder().join("package-lock.json")).context("ui/package-lock.json")?;
    let stamp = folder().join(INSTALLED);
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    programs::run(npm().args(["ci"]))?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}

/// Makes `to` hold what `from` holds, dot files aside, and leaves alone what is the same.
fn replace(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for old in folder_entries(to)? {
        let name = old.file_name().unwrap_or_default();
        let is_wanted = from.join(name).exists() || name == KEPT;
        if is_wanted {
            continue;
        }
        if old.is_dir() {
            fs::remove_dir_all(&old)?;
        } else {
            fs::remove_file(&old)?;
        }
    }
    for new in folder_entries(from)? {
        let name = new.file_name().unwrap_or_default();
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        let target = to.join(name);
        if new.is_dir() {
            replace(&new, &target)?;
            continue;
        }
        let bytes = fs::read(&new)?;
        match fs::read(&target) {
            Ok(before) if before == bytes => {}
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            Ok(_) | Err(_) => fs::write(&target, bytes)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_of_node_are_refused() {
        let cases = [
            ("v20.19.0", true),
            ("v22.1.0", true),
            ("v100.0.0", true),
            ("v20.18.3", false),
            ("v18.20.8", false),
            ("nonsense", false),
            ("", false),
        ];
        for (version, expected) in cases {
            assert_eq!(is_new_enough(version), expected, "{version}");
        }
    }

    #[test]
    fn a_folder_is_replaced_but_for_what_is_the_same() {
        let root = std::env::temp_dir().join(format!("herder-xtask-page-{}", std::process::id()));
        let (from, to) = (root.join("from"), root.join("to"));
        let write = |path: PathBuf, text: &str| {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(from.join("index.html"), "same");
        write(from.join("assets/new.js"), "new");
        write(from.join("assets/changed.js"), "after");
        write(from.join(".vite/manifest.json"), "{}");
        write(to.join("index.html"), "same");
        write(to.join("assets/changed.js"), "before");
        write(to.join("assets/old.js"), "old");
        write(to.join("gone/file"), "old");
        write(to.join(KEPT), "*");
        let before = fs::metadata(to.join("index.html")).unwrap().modified().unwrap();
        replace(&from, &to).unwrap();
        let text = |path: &str| fs::read_to_string(to.join(path)).ok();
        assert_eq!(text("assets/new.js").as_deref(), Some("new"));
        assert_eq!(text("assets/changed.js").as_deref(), Some("after"));
        assert_eq!(text(KEPT).as_deref(), Some("*"));
        assert_eq!(text("assets/old.js"), None);
        assert!(!to.join("gone").exists() && !to.join(".vite").exists());
        let after = fs::metadata(to.join("index.html")).unwrap().modified().unwrap();
        assert_eq!(before, after, "what is the same is not written");
        fs::remove_dir_all(&root).unwrap();
    }
}
