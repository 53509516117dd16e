//! Finds the programs that tests run.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The path of the fake upstream, built on the first call, so that a plain `cargo test` of any crate works.
///
/// # Panics
/// It cannot be built.
pub fn fake_upstream() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("fake-upstream")).clone()
}

fn build(name: &str) -> PathBuf {
    // .../target/<profile>/deps/<test>, or without `deps` for a program.
    let this = std::env::current_exe().expect("a test knows its own path");
    let mut folder = this.parent().expect("a file is in a folder");
    if folder.ends_with("deps") {
        folder = folder.parent().expect("deps is in the profile's folder");
    }
    let mut cargo = Command::new(env!("CARGO"));
    // Everything that is needed was fetched to build this library.
    cargo.args([
        "build",
        "--quiet",
        "--offline",
        "--package",
        env!("CARGO_PKG_NAME"),
        "--bin",
        name,
    ]);
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    if let Some(target) = folder.parent() {
        cargo.arg("--target-dir").arg(target);
    }
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    let status = cargo.status().expect("cargo can be run");
    assert!(status.success(), "building {name}: {status}");
    let program = folder.join(name);
    assert!(program.is_file(), "{} was not built", program.display());
    program
}
