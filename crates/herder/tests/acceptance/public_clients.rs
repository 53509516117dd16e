//! The public Python clients `openai`, `anthropic` and `httpx` against the real router and its demo models.
//!
//! `cargo xtask test` installs them and sets the variable below.

use std::process::Stdio;

use herder_testkit::Router;
use tokio::process::Command;

/// A Python that has the clients.
const PYTHON: &str = "HERDER_CLIENT_PYTHON";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/acceptance/public_clients.py");
const KEY: &str = "a-key-for-this-test";

#[tokio::test]
async fn the_public_python_clients_are_served() {
    let python =
        std::env::var_os(PYTHON).unwrap_or_else(|| panic!("{PYTHON} is not set: `cargo xtask test` sets it"));
    let herder = env!("CARGO_BIN_EXE_herder");
    let model = |name: &str| format!("{{cmd: '{herder} demo-model --port ${{PORT}} --name {name}'}}");
    let config = format!(
        "apiKeys: [{KEY}]\nmodels:\n  first: {}\n  second: {}\n  broken: {{cmd: /no-such-program, \
         proxy: 'http://127.0.0.1:9', unlisted: true}}\n",
        model("first"),
        model("second"),
    );
    let router = Router::builder(herder).config(&config).start().await;
    let output = Command::new(python)
        .arg(SCRIPT)
        .args([&format!("http://{}", router.address()), KEY])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("Python runs");
    assert!(
        output.status.success(),
        "{}{}\n--- herder said:\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        router.stdout()
    );
}
