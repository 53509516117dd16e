//! The guard: a tiny process that outlives this one for a moment and kills what it left behind.
//!
//! A parent-death signal reaches only direct children, and only on Linux. The guard holds the read end of a pipe
//! whose write end is here; it learns of every process group that starts and ends. When this process is gone, for
//! whatever reason, the pipe ends, and the guard kills the groups that are left. On Windows job objects do this.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::os;

/// How to start the guard: a command that does nothing but call [`guard_main`]. `herder` passes its own executable
/// with a hidden subcommand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardCommand {
    /// Path of the executable.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// What the guard process runs. Reads lines `+<group>` and `-<group>` from standard input; when the input ends, kills
/// every group that was added and not removed, and returns. Ignores the signals that mean "end", and lines that it
/// does not understand.
pub fn guard_main() {
    os::become_guard();
    let mut groups = BTreeSet::new();
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        if let Some(group) = line.strip_prefix('+').and_then(|group| group.parse().ok()) {
            groups.insert(group);
        } else if let Some(group) = line.strip_prefix('-').and_then(|group| group.parse().ok()) {
            groups.remove(&group);
        }
    }
    for group in groups {
        os::kill_group(group);
    }
}

/// This process's end of the guard.
#[derive(Debug)]
pub(crate) struct Guard {
    command: GuardCommand,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    running: Option<Running>,
    /// The groups alive now, to tell a guard that has to be started anew.
    groups: BTreeSet<u32>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    input: ChildStdin,
}

impl Guard {
    pub(crate) fn start(command: GuardCommand) -> io::Result<Self> {
        let running = Running::start(&command)?;
        Ok(Self {
            command,
            state: Mutex::new(State {
                running: Some(running),
                groups: BTreeSet::new(),
            }),
        })
    }

    /// Puts a group under guard until the registration is dropped.
    pub(crate) fn register(self: &Arc<Self>, group: u32) -> Registration {
        let mut state = self.state.lock();
        state.groups.insert(group);
        self.tell(&mut state, &format!("+{group}\n"));
        Registration {
            guard: Arc::clone(self),
            group,
        }
    }

    /// Writes a line. A guard that does not take it is replaced by one that is told everything; if even that fails,
    /// the next line tries again, and until then the parent-death signal is what is left.
    fn tell(&self, state: &mut State, line: &str) {
        if let Some(running) = &mut state.running {
            // One short write: a pipe takes it whole or not at all.
            if running.input.write_all(line.as_bytes()).is_ok() {
                return;
            }
            running.abandon();
        }
        let all: String = state.groups.iter().map(|group| format!("+{group}\n")).collect();
        state.running = Running::start(&self.command).ok();
        if let Some(running) = &mut state.running {
            // The pipe is new and empty, so only a dead guard can refuse; the next line will find out.
            let _ = running.input.write_all(all.as_bytes());
        }
    }
}

impl Running {
    fn start(command: &GuardCommand) -> io::Result<Self> {
        let mut process = Command::new(&command.program);
        // Inherited outputs would keep a pipe behind them open for as long as the guard lives.
        process
            .args(&command.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        os::prepare_guard(&mut process);
        let mut child = process.spawn()?;
        let input = child
            .stdin
            .take()
            .ok_or_else(|| io::Error::other("the guard has no input"))?;
        os::never_block(&input)?;
        Ok(Self { child, input })
    }

    /// Ends a guard without letting it kill anything.
    fn abandon(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let state = self.state.get_mut();
        if state.groups.is_empty()
            && let Some(running) = &mut state.running
        {
            running.abandon();
        }
        // Otherwise closing the input makes the guard do what it is for.
    }
}

/// A group under guard. Drop it when the group is gone.
#[derive(Debug)]
pub(crate) struct Registration {
    guard: Arc<Guard>,
    group: u32,
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut state = self.guard.state.lock();
        state.groups.remove(&self.group);
        self.guard.tell(&mut state, &format!("-{}\n", self.group));
    }
}
