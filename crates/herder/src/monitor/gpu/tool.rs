//! Runs a vendor's command-line tool once, within limits.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::time::timeout;

/// How long one run may take. A tool waits for its driver, and a driver in trouble answers nobody.
const RUN_LIMIT: Duration = Duration::from_secs(5);

/// How much of its output is read: a hundred times what eight GPUs need.
const OUTPUT_LIMIT: u64 = 1 << 20;

/// Characters of a failing tool's first line that are worth telling.
const COMPLAINT_LIMIT: usize = 200;

/// A program, by its name on the search path or by its path.
#[derive(Debug)]
pub(in super::super) struct Tool {
    program: OsString,
}

impl Tool {
    pub(in super::super) fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
        }
    }

    /// What it prints, or the reason why it is of no use. It is killed when it takes too long.
    pub(in super::super) async fn run(&self, arguments: &[&str]) -> Result<String, String> {
        timeout(RUN_LIMIT, self.run_to_end(arguments))
            .await
            .unwrap_or_else(|_| Err(format!("no answer within {} s", RUN_LIMIT.as_secs())))
    }

    async fn run_to_end(&self, arguments: &[&str]) -> Result<String, String> {
        let mut child = Command::new(&self.program)
            .args(arguments)
            // Decimal points, not commas.
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| match error.kind() {
                ErrorKind::NotFound => "not installed".to_owned(),
                _ => error.to_string(),
            })?;
        let mut output = Vec::new();
        if let Some(pipe) = child.stdout.take() {
            let read = pipe.take(OUTPUT_LIMIT).read_to_end(&mut output).await;
            read.map_err(|error| error.to_string())?;
        }
        let status = child.wait().await.map_err(|error| error.to_string())?;
        let output = String::from_utf8_lossy(&output).into_owned();
        if status.success() {
            return Ok(output);
        }
        let complaint: String = output
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(COMPLAINT_LIMIT)
            .collect();
        Err(format!("{status} {complaint}").trim_end().to_owned())
    }
}
