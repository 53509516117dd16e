//! Processes on Linux, macOS and the other Unix systems: a tree is a process group.
//!
//! Descendants that start a session of their own escape the group; nothing portable can hold them.
#![expect(
    unsafe_code,
    reason = "signal dispositions and the hook between fork and exec have no safe interface"
)]

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ExitStatus, Stdio};
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};

use crate::LogRing;
use crate::command::Dialect;

/// How commands are split into words here.
pub(crate) const DIALECT: Dialect = Dialect::Posix;

/// How much output is read at once. A pipe holds 64 KiB; a quarter keeps idle memory small and is still few calls.
const READ_BYTES: usize = 16 * 1024;

/// A direct child and its process group. Dropped before it was reaped, it kills the group.
#[derive(Debug)]
pub(crate) struct Tree {
    child: Child,
    group: Pid,
    reaped: bool,
}

impl Tree {
    /// Starts `program` as the leader of a new process group, with `words` as its arguments (the first is the name it
    /// was called by). Must be called inside the runtime, and on Linux from a thread that outlives the child.
    pub(crate) fn spawn(
        program: &Path,
        words: &[String],
        environment: &[(String, String)],
        output: Option<PipeWriter>,
    ) -> io::Result<Self> {
        let mut command = Command::new(program);
        if let [name, arguments @ ..] = words {
            command.arg0(name).args(arguments);
        }
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).process_group(0);
        match output {
            // Both streams share one pipe, so their bytes stay in the order in which they were written.
            Some(output) => command.stdout(output.try_clone()?).stderr(output),
            None => command.stdout(Stdio::null()).stderr(Stdio::null()),
        };
        die_with_parent(&mut command);
        let child = command.spawn()?;
        let group = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw)
            .ok_or_else(|| io::Error::other("the child has no process id"))?;
        Ok(Self {
            child,
            group,
            reaped: false,
        })
    }

    /// Process id of the direct child, and id of its group.
    pub(crate) fn id(&self) -> u32 {
        self.group.as_raw_nonzero().get().unsigned_abs()
    }

    /// Waits until the direct child has ended, and reaps it. Safe to cancel.
    pub(crate) async fn wait(&mut self) -> io::Result<ExitStatus> {
        let result = self.child.wait().await;
        self.reaped = true;
        result
    }

    /// Asks the whole group to end; if the group cannot be reached, the child alone.
    pub(crate) fn ask_to_end(&self) {
        if kill_process_group(self.group, Signal::TERM).is_err() && !self.reaped {
            let _ = kill_process(self.group, Signal::TERM);
        }
    }

    /// Kills every process of the group. Called right after the child is reaped too: as long as a descendant lives,
    /// its group keeps the number; when none does, the number would have to come round within microseconds to hit
    /// someone else.
    pub(crate) fn kill(&mut self) {
        let _ = kill_process_group(self.group, Signal::KILL);
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        if !self.reaped {
            self.kill();
        }
    }
}

/// Copies everything that arrives in `output` to `log` until every writer has closed it. Dropping the future closes
/// the pipe.
pub(crate) async fn drain(output: PipeReader, log: Arc<LogRing>) {
    let Ok(mut output) = pipe::Receiver::from_owned_fd(OwnedFd::from(output)) else {
        return;
    };
    let mut buffer = vec![0; READ_BYTES];
    while let Ok(count @ 1..) = output.read(&mut buffer).await {
        log.write(&buffer[..count]);
    }
}

/// Says in words how a process ended.
pub(crate) fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(number)) => match signal_name(number) {
            Some(name) => format!("killed by signal {number} ({name})"),
            None => format!("killed by signal {number}"),
        },
        (None, None) => status.to_string(),
    }
}

/// The file names under which `path` may be an executable.
pub(crate) fn executable_names(path: &Path) -> impl Iterator<Item = PathBuf> {
    std::iter::once(path.to_path_buf())
}

/// Whether `path` is a file that somebody may execute.
pub(crate) fn is_executable(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Makes this process fit to outlive its parent: its own session, so that no terminal signal reaches it, no signal
/// that means "end", and no folder kept busy.
pub(crate) fn become_guard() {
    // Fails only for a group leader, which is out of the parent's group already.
    let _ = rustix::process::setsid();
    let _ = std::env::set_current_dir("/");
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: SIG_IGN is a valid disposition for these signals and runs no code of ours.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
}

/// Puts a guard that is about to be spawned out of reach of the terminal.
pub(crate) fn prepare_guard(command: &mut std::process::Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

/// Kills every process of a group, given by the number that [`Tree::id`] returned.
pub(crate) fn kill_group(group: u32) {
    // Group 0 would be our own, and 1 is init's.
    if let Some(group) = i32::try_from(group)
        .ok()
        .filter(|group| *group > 1)
        .and_then(Pid::from_raw)
    {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Makes writes to `pipe` fail instead of waiting when the reader has stopped reading.
pub(crate) fn never_block(pipe: &ChildStdin) -> io::Result<()> {
    rustix::io::ioctl_fionbio(pipe.as_fd(), true)?;
    Ok(())
}

/// Opens a file for reading, and never waits: not even for a writer, if the path names a pipe.
pub(crate) fn open_at_once(path: &Path) -> io::Result<File> {
    File::options()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)
}

/// Has the kernel kill the child when the spawning thread ends, which the spawner thread does only with this process.
#[cfg(target_os = "linux")]
fn die_with_parent(command: &mut Command) {
    let parent = rustix::process::getpid();
    let hook = move || {
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        // The parent may have died before the line above: then no signal will ever come.
        if rustix::process::getppid() != Some(parent) {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        Ok(())
    };
    // SAFETY: the hook makes two raw system calls; it takes no lock and allocates nothing.
    unsafe { command.pre_exec(hook) };
}

/// Nothing to do: these systems have no parent-death signal, the guard does it.
#[cfg(not(target_os = "linux"))]
fn die_with_parent(_command: &mut Command) {}

fn signal_name(number: i32) -> Option<&'static str> {
    Some(match number {
        libc::SIGHUP => "SIGHUP",
        libc::SIGINT => "SIGINT",
        libc::SIGQUIT => "SIGQUIT",
        libc::SIGILL => "SIGILL",
        libc::SIGTRAP => "SIGTRAP",
        libc::SIGABRT => "SIGABRT",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGKILL => "SIGKILL",
        libc::SIGUSR1 => "SIGUSR1",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGUSR2 => "SIGUSR2",
        libc::SIGPIPE => "SIGPIPE",
        libc::SIGALRM => "SIGALRM",
        libc::SIGTERM => "SIGTERM",
        libc::SIGXCPU => "SIGXCPU",
        libc::SIGXFSZ => "SIGXFSZ",
        libc::SIGSYS => "SIGSYS",
        _ => return None,
    })
}
