//! The real router as a child process of a test.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;

use crate::waiting::{PATIENCE, poll_until, wait_until_blocking};
use crate::{Client, EventLog, Signal, fake_upstream, free_port_block, send_signal};

/// What the router's own log line says before its address.
const ANNOUNCEMENT: &str = "listening on http://";

/// How many ports a configuration without `startPort` may use for its models.
const MODEL_PORTS: u16 = 64;

/// A running router with its configuration in a temporary folder. It is a [`Client`] of itself. Dropping it kills the
/// process at once.
#[derive(Debug)]
pub struct Router {
    client: Client,
    process: Process,
    folder: TempDir,
    /// The first port of its models, for configurations without a `startPort`.
    start_port: u16,
}

/// A router that ended before it listened.
#[derive(Debug)]
pub struct FailedStart {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

/// A router to be.
#[derive(Debug)]
pub struct Builder {
    program: PathBuf,
    config: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Builder {
    /// The YAML text of the configuration. In it `@FAKE@` stands for the path of the fake upstream, and `@DIR@` for the
    /// temporary folder of this router. Without a `startPort` it gets one of its own.
    #[must_use]
    pub fn config(mut self, yaml: &str) -> Self {
        yaml.clone_into(&mut self.config);
        self
    }

    /// One more argument, after `-config` and `-listen`.
    #[must_use]
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// One more variable for the environment.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts the router and waits until it listens.
    ///
    /// # Panics
    /// It ends, or does not listen in time; the message shows what it wrote.
    pub async fn start(self) -> Router {
        match self.try_start().await {
            Ok(router) => router,
            Err(failed) => panic!("the router did not start: {failed:#?}"),
        }
    }

    /// As [`Self::start`], for routers that are meant to fail.
    ///
    /// # Errors
    /// The router ended before it listened.
    pub async fn try_start(self) -> Result<Router, FailedStart> {
        let folder = tempfile::tempdir().expect("the temporary folder is writable");
        let path = folder.path().join("config.yaml");
        let start_port = free_port_block(MODEL_PORTS);
        let config = expanded(&self.config, folder.path(), start_port);
        std::fs::write(&path, config).expect("the temporary folder is writable");
        let mut command = Command::new(&self.program);
        command
            .arg("-config")
            .arg(&path)
            .args(["-listen", "127.0.0.1:0"])
            .args(&self.arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let mut process = Process::start(command);
        let started = poll_until(PATIENCE, "the router listens", async || {
            // In this order: a router that announces and ends is one that listened.
            let ended = process.child.try_wait().expect("the child is ours");
            match (process.announced_address(), ended) {
                (Some(address), _) => Some(Ok(address)),
                (None, Some(status)) => Some(Err(status)),
                (None, None) => None,
            }
        });
        match started.await {
            Ok(address) => Ok(Router {
                client: Client::new(address),
                process,
                folder,
                start_port,
            }),
            Err(status) => {
                process.finish_reading();
                Err(FailedStart {
                    status,
                    stdout: process.stdout.text(),
                    stderr: process.stderr.text(),
                })
            }
        }
    }
}

fn expanded(config: &str, folder: &Path, start_port: u16) -> String {
    let mut config = config.replace("@DIR@", &folder.to_string_lossy());
    if config.contains("@FAKE@") {
        config = config.replace("@FAKE@", &fake_upstream().to_string_lossy());
    }
    if !config.contains("startPort") {
        config = format!("startPort: {start_port}\n{config}");
    }
    config
}

impl Router {
    /// A router of the given program, for example `env!("CARGO_BIN_EXE_herder")`.
    pub fn builder(program: impl Into<PathBuf>) -> Builder {
        Builder {
            program: program.into(),
            config: String::new(),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// The client, for tasks of their own.
    pub fn client(&self) -> Client {
        self.client
    }

    /// The temporary folder, `@DIR@` in the configuration. Its path marks all processes of this router (see
    /// [`crate::processes_with_argument`]), if their commands mention it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The configuration file.
    pub fn config_path(&self) -> PathBuf {
        self.folder.path().join("config.yaml")
    }

    /// Replaces the configuration file in one step. The text is read as that of [`Builder::config`], with the same first
    /// port.
    ///
    /// # Panics
    /// The folder is not writable.
    pub fn write_config(&self, yaml: &str) {
        let fresh = self.folder.path().join("config.fresh");
        let text = expanded(yaml, self.folder(), self.start_port);
        std::fs::write(&fresh, text).expect("the temporary folder is writable");
        std::fs::rename(fresh, self.config_path()).expect("the temporary folder is writable");
    }

    /// The log of fake upstreams that were given `--event-log @DIR@/<name>`.
    pub fn event_log(&self, name: &str) -> EventLog {
        EventLog::new(self.folder.path().join(name))
    }

    /// Process id.
    pub fn pid(&self) -> u32 {
        self.process.child.id()
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// The router is gone.
    pub fn signal(&self, signal: Signal) {
        assert!(send_signal(self.pid(), signal), "the router is gone");
    }

    /// Waits for the end of the process.
    ///
    /// # Panics
    /// It does not end within `limit`.
    pub async fn wait_exit(&mut self, limit: Duration) -> ExitStatus {
        let child = &mut self.process.child;
        let status = poll_until(limit, "the router exits", async || {
            child.try_wait().expect("the child is ours")
        })
        .await;
        self.process.finish_reading();
        status
    }

    /// Standard output so far.
    pub fn stdout(&self) -> String {
        self.process.stdout.text()
    }

    /// Standard error so far.
    pub fn stderr(&self) -> String {
        self.process.stderr.text()
    }

    /// `GET /running` as a map from model to state.
    ///
    /// # Panics
    /// The answer is not what the specification says.
    pub async fn running(&self) -> BTreeMap<String, String> {
        let answer = self.client.get("/running").await.json();
        let models = answer["running"].as_array().expect("a list");
        let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
        models
            .iter()
            .map(|model| (text(&model["model"]), text(&model["state"])))
            .collect()
    }
}

impl Deref for Router {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// A child whose output is collected.
#[derive(Debug)]
struct Process {
    child: Child,
    stdout: Output,
    stderr: Output,
}

#[derive(Debug)]
struct Output {
    text: Arc<Mutex<String>>,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl Process {
    fn start(mut command: Command) -> Self {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let stdout = Output::collect(child.stdout.take().expect("it is piped"));
        let stderr = Output::collect(child.stderr.take().expect("it is piped"));
        Self {
            child,
            stdout,
            stderr,
        }
    }

    fn announced_address(&self) -> Option<SocketAddr> {
        let text = self.stdout.text();
        let (_, after) = text.split_once(ANNOUNCEMENT)?;
        let end = after.find(|character: char| character.is_whitespace() || character == '/')?;
        after[..end].parse().ok()
    }

    /// Reads what an ended process has left in its pipes.
    fn finish_reading(&mut self) {
        for output in [&mut self.stdout, &mut self.stderr] {
            if let Some(reader) = output.reader.take() {
                wait_until_blocking(PATIENCE, "the router's output is closed", || reader.is_finished());
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Output {
    fn collect(pipe: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let collected = Arc::clone(&text);
        let reader = std::thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            while let Ok(1..) = pipe.read_until(b'\n', &mut line) {
                collected
                    .lock()
                    .expect("nobody panics with it")
                    .push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        Self {
            text,
            reader: Some(reader),
        }
    }

    fn text(&self) -> String {
        self.text.lock().expect("nobody panics with it").clone()
    }
}
