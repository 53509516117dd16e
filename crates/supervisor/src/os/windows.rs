//! Processes on Windows: a tree is a job object that dies with its handle, and so with this process.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::windows::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ExitStatus, Stdio};
use std::sync::Arc;

use process_wrap::tokio::{ChildWrapper, CommandWrap, CommandWrapper, JobObject, KillOnDrop};
use tokio::process::Command;

use crate::LogRing;
use crate::command::Dialect;

/// How commands are split into words here.
pub(crate) const DIALECT: Dialect = Dialect::Windows;

/// How much output is read at once.
const READ_BYTES: usize = 16 * 1024;

/// Process creation flag: no console window.
const CREATE_NO_WINDOW: u32 = 0x0800_0000;

/// Process creation flag: the main thread waits, so that the child is in its job before it can start others.
const CREATE_SUSPENDED: u32 = 0x0000_0004;

/// A direct child and the job object that holds all its descendants. Dropping it ends them.
#[derive(Debug)]
pub(crate) struct Tree {
    child: Box<dyn ChildWrapper>,
    id: u32,
}

/// Hides the window. Registered after [`JobObject`], whose own flag it has to repeat.
#[derive(Debug)]
struct HiddenWindow;

impl CommandWrapper for HiddenWindow {
    fn pre_spawn(&mut self, command: &mut Command, _core: &CommandWrap) -> io::Result<()> {
        command.creation_flags(CREATE_NO_WINDOW | CREATE_SUSPENDED);
        Ok(())
    }
}

impl Tree {
    /// Starts `program` in a new job object, with `words` as its arguments (the first is the name it was called by,
    /// which Windows does not pass on). Must be called inside the runtime.
    pub(crate) fn spawn(
        program: &Path,
        words: &[String],
        environment: &[(String, String)],
        output: Option<PipeWriter>,
    ) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.args(words.iter().skip(1));
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null());
        match output {
            // Both streams share one pipe, so their bytes stay in the order in which they were written.
            Some(output) => command.stdout(output.try_clone()?).stderr(output),
            None => command.stdout(Stdio::null()).stderr(Stdio::null()),
        };
        let mut command = CommandWrap::from(command);
        command.wrap(KillOnDrop).wrap(JobObject).wrap(HiddenWindow);
        let child = command.spawn()?;
        let id = child
            .id()
            .ok_or_else(|| io::Error::other("the child has no process id"))?;
        Ok(Self { child, id })
    }

    /// Process id of the direct child.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Waits until the direct child has ended. Safe to cancel.
    pub(crate) async fn wait(&mut self) -> io::Result<ExitStatus> {
        // The wrapper itself would wait for every descendant, which may be what has to be killed.
        self.child.inner_mut().wait().await
    }

    /// Asks the tree to end: the reference's `taskkill` without force (spec/config.md 4.5).
    pub(crate) fn ask_to_end(&self) {
        let mut taskkill = std::process::Command::new("taskkill");
        taskkill
            .args(["/t", "/pid", &self.id.to_string()])
            .creation_flags(CREATE_NO_WINDOW);
        taskkill
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // Nobody waits for it: the grace runs, and the job is terminated at its end.
        let _ = taskkill.spawn();
    }

    /// Terminates every process of the job.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.start_kill();
    }
}

/// Copies everything that arrives in `output` to `log` until every writer has closed it. Anonymous pipes cannot be
/// read asynchronously here, so a thread reads; terminating the job closes the last writer and so ends it.
pub(crate) async fn drain(mut output: PipeReader, log: Arc<LogRing>) {
    let reading = tokio::task::spawn_blocking(move || {
        let mut buffer = vec![0; READ_BYTES];
        while let Ok(count @ 1..) = output.read(&mut buffer) {
            log.write(&buffer[..count]);
        }
    });
    let _ = reading.await;
}

/// Says in words how a process ended.
pub(crate) fn describe(status: ExitStatus) -> String {
    match status.code() {
        // Codes above this are exceptions, which are known by their hexadecimal form.
        Some(code) if (0..0x1_0000).contains(&code) => format!("exit status {code}"),
        Some(code) => format!("exit status {code:#010x}"),
        None => status.to_string(),
    }
}

/// The file names under which `path` may be an executable: as it is if it has an extension, else with each of
/// `PATHEXT`.
pub(crate) fn executable_names(path: &Path) -> impl Iterator<Item = PathBuf> {
    let extensions = std::env::var("PATHEXT").unwrap_or_else(|_| ".COM;.EXE;.BAT;.CMD".to_owned());
    let bare = path.extension().map(|_| path.to_path_buf());
    let extended: Vec<_> = extensions
        .split(';')
        .filter(|extension| !extension.is_empty())
        .map(|extension| {
            let mut name = path.as_os_str().to_owned();
            name.push(extension);
            PathBuf::from(name)
        })
        .collect();
    bare.into_iter().chain(extended)
}

/// Whether `path` is a file.
pub(crate) fn is_executable(path: &Path) -> bool {
    path.is_file()
}

/// Nothing to do: the guard is for systems without job objects.
pub(crate) fn become_guard() {}

/// Nothing to do.
pub(crate) fn prepare_guard(_command: &mut std::process::Command) {}

/// Nothing to do: the job object's last handle is gone with the process that held it.
pub(crate) fn kill_group(_group: u32) {}

/// Nothing to do.
pub(crate) fn never_block(_pipe: &ChildStdin) -> io::Result<()> {
    Ok(())
}

/// Opens a file for reading.
pub(crate) fn open_at_once(path: &Path) -> io::Result<File> {
    File::open(path)
}
