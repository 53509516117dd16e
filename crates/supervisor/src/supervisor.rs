//! The entry point: one [`Supervisor`] starts every process and owns what they share.

use std::sync::Arc;

use tokio::runtime::Handle;

use crate::guard::{Guard, GuardCommand};
use crate::life::live;
use crate::prefetch::{Prefetched, Prefetcher};
use crate::process::{Control, Process, Report};
use crate::spawner::Spawner;
use crate::{LogRing, Readiness};

/// Starts processes. Cheap to clone.
///
/// When the last clone and the last running process are gone, its spawner thread and its guard end too.
#[derive(Clone, Debug)]
pub struct Supervisor {
    runtime: Handle,
    spawner: Arc<Spawner>,
    prefetcher: Arc<Prefetcher>,
}

/// What a supervisor is given once, at start-up.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How to start the guard process that kills all process groups when this process dies (see [`GuardCommand`]).
    /// Without one, only direct children die with this process on Linux, and none on macOS. Not needed on Windows,
    /// where job objects do the same.
    pub guard: Option<GuardCommand>,
}

/// What to run.
#[derive(Clone)]
pub struct Specification {
    /// The command as configured, macros already expanded, not yet split into words (spec/config.md 4).
    pub command: String,
    /// A command that ends the process in an orderly way; `${PID}` in it stands for the process id. Empty: the
    /// termination signal of the operating system.
    pub stop_command: String,
    /// Added to the inherited environment of both commands; later entries win.
    pub environment: Vec<(String, String)>,
    /// How to find out that the process can serve.
    pub readiness: Readiness,
    /// Where standard output and standard error go, merged in the order in which they were written.
    pub log: Arc<LogRing>,
}

impl Supervisor {
    /// Starts the spawner thread, and the guard if there is one. Processes live on `runtime`.
    ///
    /// # Errors
    /// The thread or the guard process could not be started.
    pub fn new(runtime: Handle, options: Options) -> std::io::Result<Self> {
        let guard = options.guard.map(Guard::start).transpose()?.map(Arc::new);
        let spawner = Arc::new(Spawner::start(runtime.clone(), guard)?);
        let prefetcher = Arc::new(Prefetcher::default());
        Ok(Self {
            runtime,
            spawner,
            prefetcher,
        })
    }

    /// Starts a process. Never blocks: everything, failures included, is told through `report`, which is called
    /// from the process's own task and must not block either (see [`Report`] for the order of calls).
    pub fn start(
        &self,
        specification: Specification,
        report: impl Fn(Report) + Send + Sync + 'static,
    ) -> Process {
        let control = Arc::new(Control::new());
        let process = Process::new(Arc::clone(&control));
        self.runtime
            .spawn(live(Arc::clone(&self.spawner), specification, control, report));
        process
    }

    /// Reads the large files that a command names into the page cache, as long as there is room for them, and nothing else
    /// from now on. Never blocks: a thread of low priority reads. `report` is called from there when it has ended, but not
    /// if there was nothing to read.
    pub fn prefetch(&self, command: String, report: impl FnOnce(Prefetched) + Send + 'static) {
        self.prefetcher.read(command, report);
    }

    /// Ends what [`Self::prefetch`] has begun, after the few megabytes that have been asked for.
    pub fn stop_prefetch(&self) {
        self.prefetcher.stop();
    }
}
