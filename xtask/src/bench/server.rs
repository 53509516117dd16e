//! A program that the bench has started, with all that it starts in turn; stopped however the bench ends.
//!
//! A shell stands between: it starts the program and reads from a pipe that only the bench holds. When the bench is
//! over, by its own end, an error, Ctrl-C or a kill, the pipe is closed, and the shell tells the program to end.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::processes::{self, Process};
use crate::client;
use crate::programs;

/// Time until a program must answer; a peer may load a model first.
const START_DEADLINE: Duration = Duration::from_secs(60);

/// Time until a program that was told to end must be gone, then it is killed. herder promises 35 seconds.
const STOP_DEADLINE: Duration = Duration::from_secs(40);

/// Pause between two looks at a condition.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Lines of a program's output that a failure shows.
const LOG_LINES: usize = 20;

/// The shell's part. SIGTERM is ignored only once the program has been started, which would inherit that.
const GUARD: &str = "\"$@\" </dev/null & child=$!; trap '' TERM; read -r _; kill -TERM 0; wait $child";

pub(super) struct Server {
    name: String,
    guard: Child,
    log: PathBuf,
}

impl Server {
    /// Starts `words`; what they print goes to a file in `folder`.
    ///
    /// # Errors
    /// No shell, or no such folder. A program that does not start is noticed by `await_answer`.
    pub(super) fn start(
        name: &str,
        words: &[&str],
        environment: &[(&str, String)],
        folder: &Path,
    ) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let output = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = Command::new("sh");
        command.args(["-c", GUARD, "guard"]).args(words);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output);
        in_its_own_group(&mut command);
        let guard = command.spawn().context("cannot start sh")?;
        Ok(Self {
            name: name.to_owned(),
            guard,
            log,
        })
    }

    /// Waits until something answers there, whatever it says.
    ///
    /// # Errors
    /// The program has ended, or stays silent; then with the end of its output.
    pub(super) fn await_answer(&self, address: SocketAddr, path: &str) -> Result<()> {
        let deadline = Instant::now() + START_DEADLINE;
        while client::get(address, path).is_err() {
            // Before the shell has started it there is no process either.
            let time_left = deadline.saturating_duration_since(Instant::now());
            let has_ended = self.processes()?.is_empty() && time_left + POLL_INTERVAL * 10 < START_DEADLINE;
            if has_ended || time_left.is_zero() {
                let how = if has_ended { "has ended" } else { "does not answer" };
                bail!("{} {how}\n{}", self.name, self.log_tail());
            }
            std::thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }

    /// The program and all processes below it.
    pub(super) fn processes(&self) -> Result<Vec<Process>> {
        processes::below(self.guard.id())
    }

    fn log_tail(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }

    fn stop(&mut self) -> Result<()> {
        drop(self.guard.stdin.take());
        let deadline = Instant::now() + STOP_DEADLINE;
        while self.guard.try_wait()?.is_none() {
            if Instant::now() > deadline {
                let group = format!("-{}", self.guard.id());
                programs::output(Command::new("sh").args(["-c", "kill -KILL -- \"$0\"", &group]))?;
                self.guard.wait()?;
                bail!(
                    "{} did not end in time and was killed\n{}",
                    self.name,
                    self.log_tail()
                );
            }
            std::thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("while stopping {}: {error:#}", self.name);
        }
    }
}

/// A group of its own gets no Ctrl-C of the terminal, which would end the shell before its work is done.
#[cfg(unix)]
fn in_its_own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn in_its_own_group(_: &mut Command) {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_was_started_ends_with_its_server() {
        let folder = std::env::temp_dir();
        let name = format!("herder-bench-server-{}", std::process::id());
        let server = Server::start(&name, &["sleep", "1000"], &[], &folder).unwrap();
        let deadline = Instant::now() + START_DEADLINE;
        let sleeping = loop {
            let processes = server.processes().unwrap();
            if let Some(found) = processes.into_iter().find(|process| process.runs("sleep")) {
                break found;
            }
            assert!(Instant::now() < deadline, "sleep was not started");
            std::thread::sleep(POLL_INTERVAL);
        };
        let log = server.log.clone();
        drop(server);
        assert!(sleeping.processor_seconds().is_err(), "still there: {sleeping:?}");
        fs::remove_file(log).unwrap();
    }

    #[test]
    fn a_program_that_does_not_start_is_noticed() {
        let name = format!("herder-bench-nothing-{}", std::process::id());
        let server = Server::start(&name, &["no-such-program"], &[], &std::env::temp_dir()).unwrap();
        // Nobody listens on the port of discarded packets.
        let error = server.await_answer(([127, 0, 0, 1], 9).into(), "/").unwrap_err();
        let log = server.log.clone();
        drop(server);
        assert!(error.to_string().contains("has ended"), "{error}");
        fs::remove_file(log).unwrap();
    }
}
