//! A herder process under the chores' control: started with a configuration, asked over HTTP, always stopped.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::client;
use crate::programs;

/// Time until a started herder must answer; it does in milliseconds, a loaded machine may take seconds.
const START_DEADLINE: Duration = Duration::from_secs(30);

/// Time until a herder that was told to end must be gone. It promises 35 seconds (spec/config.md 1.3).
const STOP_DEADLINE: Duration = Duration::from_secs(40);

/// Pause between two looks at a condition.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Lines of herder's log that a failure shows.
const LOG_LINES: usize = 20;

/// A running herder. Dropping it stops it.
pub(crate) struct Router {
    child: Child,
    pub(crate) address: SocketAddr,
    log: PathBuf,
}

impl Router {
    /// Starts `program` with the configuration text on 127.0.0.1:`port` and waits until it answers.
    ///
    /// Configuration and log are files in `folder`, which is made when missing.
    ///
    /// # Errors
    /// When the port is taken, or herder ends or stays silent; then with the end of its log.
    pub(crate) fn start(
        program: &Path,
        folder: &Path,
        configuration: &str,
        port: u16,
        environment: &[(&str, &Path)],
    ) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        TcpListener::bind(address)
            .with_context(|| format!("{address} is not free: stop what listens there"))?;
        fs::create_dir_all(folder)?;
        let file = folder.join("config.yaml");
        fs::write(&file, configuration)?;
        let log = folder.join("herder.log");
        let output = File::create(&log)?;
        let mut command = Command::new(program);
        command
            .arg("-config")
            .arg(&file)
            .args(["-listen", &address.to_string()]);
        command.envs(environment.iter().copied());
        command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let mut router = Self { child, address, log };
        router.await_health()?;
        Ok(router)
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Model and state of every model that runs, from `/running`.
    pub(crate) fn running(&self) -> Result<Vec<(String, String)>> {
        let listing = client::get(self.address, "/running")?
            .json()
            .context("/running")?;
        let entries = listing["running"].as_array().context("/running has no list")?;
        let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        Ok(entries
            .iter()
            .map(|entry| (text(entry, "model"), text(entry, "state")))
            .collect())
    }

    /// Waits until herder ends by itself.
    pub(crate) fn wait(&mut self) -> Result<ExitStatus> {
        Ok(self.child.wait()?)
    }

    /// Ends herder as a service manager would, and checks that it ended well.
    pub(crate) fn stop(mut self) -> Result<()> {
        let status = self.end()?;
        if !status.success() {
            bail!("herder did not end well ({status})\n{}", self.log_tail());
        }
        Ok(())
    }

    /// The last lines herder wrote.
    pub(crate) fn log_tail(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }

    fn await_health(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("herder ended at once ({status})\n{}", self.log_tail());
            }
            if client::get(self.address, "/health").is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!(
                    "herder did not answer on {} in time\n{}",
                    self.address,
                    self.log_tail()
                );
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }

    fn end(&mut self) -> Result<ExitStatus> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(status);
        }
        request_end(&mut self.child)?;
        let deadline = Instant::now() + STOP_DEADLINE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(POLL_INTERVAL);
        }
        self.child.kill()?;
        self.child.wait()?;
        bail!("herder did not end in time and was killed\n{}", self.log_tail())
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            eprintln!("while stopping herder: {error:#}");
        }
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Different ports that were all free a moment ago: each is held until the last has been found.
pub(crate) fn different_free_ports<const COUNT: usize>() -> Result<[u16; COUNT]> {
    let listen = |_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let listeners: Vec<TcpListener> = (0..COUNT).map(listen).collect::<Result<_, _>>()?;
    let mut ports = [0; COUNT];
    for (port, listener) in ports.iter_mut().zip(&listeners) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}

/// The first of `count` ports in a row, from `first` upwards, that were all free a moment ago.
pub(crate) fn free_ports(first: u16, count: usize) -> Result<u16> {
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let mut ports = (first..u16::MAX).step_by(count);
    let found = ports.find(|&start| (start..u16::MAX).take(count).all(is_free));
    found.with_context(|| format!("no {count} free ports in a row from {first}"))
}

/// SIGTERM. The shell sends it, because std has no call for that.
#[cfg(unix)]
pub(crate) fn request_end(child: &mut Child) -> Result<()> {
    programs::output(Command::new("sh").args(["-c", "kill -TERM \"$0\"", &child.id().to_string()]))?;
    Ok(())
}

/// Windows has no gentle signal for a process without a window; herder's job object takes the models along.
#[cfg(not(unix))]
pub(crate) fn request_end(child: &mut Child) -> Result<()> {
    Ok(child.kill()?)
}
