//! A supervisor under test, with a temporary folder that marks everything it starts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use herder_supervisor::{
    Exit, ExitKind, GuardCommand, LogRing, Options, Probe, Process, Readiness, Report, Specification,
    Supervisor,
};
use herder_testkit::{
    Client, EventLog, PATIENCE, Signal, fake_upstream, free_port_block, processes_with_argument, send_signal,
    wait_until,
};
use http::Method;
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// The program in `tests/fixture`.
pub(crate) const FIXTURE: &str = env!("CARGO_BIN_EXE_supervisor-fixture");

/// Kills whatever is left of its processes when dropped.
pub(crate) struct Rig {
    pub(crate) supervisor: Supervisor,
    pub(crate) events: EventLog,
    pub(crate) log: Arc<LogRing>,
    pub(crate) port: u16,
    folder: TempDir,
}

/// A process that was asked to start.
pub(crate) struct Started {
    pub(crate) process: Process,
    reports: mpsc::UnboundedReceiver<Report>,
}

impl Rig {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let marker = folder.path().to_string_lossy().into_owned();
        let guard = GuardCommand {
            program: FIXTURE.into(),
            arguments: vec!["guard".to_owned(), marker],
        };
        let options = Options { guard: Some(guard) };
        Self {
            supervisor: Supervisor::new(Handle::current(), options).expect("a supervisor"),
            events: EventLog::new(folder.path().join("events")),
            log: Arc::new(LogRing::new()),
            port: free_port_block(1),
            folder,
        }
    }

    /// The path of a file in the temporary folder.
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    /// The command of a fake upstream with these further flags.
    pub(crate) fn fake(&self, flags: &str) -> String {
        let program = fake_upstream();
        let (events, port) = (self.events.path().display(), self.port);
        format!("{} --event-log {events} --port {port} {flags}", program.display())
    }

    /// What to run when only the command matters: a health check, no stop command, no environment.
    pub(crate) fn specification(&self, command: String) -> Specification {
        Specification {
            command,
            stop_command: String::new(),
            environment: Vec::new(),
            readiness: Readiness::Probe(self.probe()),
            log: Arc::clone(&self.log),
        }
    }

    /// A health check like herder's.
    fn probe(&self) -> Probe {
        let client = Client::new(([127, 0, 0, 1], self.port).into());
        Arc::new(move || {
            Box::pin(async move {
                let answer = client.try_stream(Method::GET, "/health", &[], "").await;
                answer.is_ok_and(|answer| answer.status == 200)
            })
        })
    }

    pub(crate) fn start(&self, specification: Specification) -> Started {
        let (sender, reports) = mpsc::unbounded_channel();
        let process = self.supervisor.start(specification, move |report| {
            // A test that is over wants no further reports.
            let _ = sender.send(report);
        });
        Started { process, reports }
    }

    /// Starts a fake upstream and waits until it is ready.
    pub(crate) async fn ready(&self, flags: &str) -> Started {
        let mut started = self.start(self.specification(self.fake(flags)));
        started.ready().await;
        started
    }

    /// The living processes that this rig has started, its guard included.
    pub(crate) fn processes(&self) -> Vec<u32> {
        processes_with_argument(&self.folder.path().to_string_lossy())
    }

    /// Waits until only the guard is left. What was killed takes a moment to vanish.
    pub(crate) async fn only_the_guard_is_left(&self) {
        wait_until(PATIENCE, "only the guard is left", || self.processes().len() == 1).await;
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        for pid in self.processes() {
            send_signal(pid, Signal::KILL);
        }
    }
}

impl Started {
    pub(crate) async fn next(&mut self) -> Report {
        let report = tokio::time::timeout(PATIENCE, self.reports.recv()).await;
        report
            .expect("a report in time")
            .expect("a report before the end")
    }

    pub(crate) async fn spawned(&mut self) -> u32 {
        match self.next().await {
            Report::Spawned { pid } => pid,
            other @ (Report::Ready { .. } | Report::Exited(_)) => panic!("not spawned: {other:?}"),
        }
    }

    /// Expects `Spawned` and `Ready`; returns the time between them.
    pub(crate) async fn ready(&mut self) -> Duration {
        self.spawned().await;
        match self.next().await {
            Report::Ready { after } => after,
            other @ (Report::Spawned { .. } | Report::Exited(_)) => panic!("not ready: {other:?}"),
        }
    }

    /// Expects the exit as the next report, and none after it.
    pub(crate) async fn exit(&mut self) -> Exit {
        match self.next().await {
            Report::Exited(exit) => {
                assert_eq!(self.reports.recv().await, None, "the exit is the last report");
                exit
            }
            other @ (Report::Spawned { .. } | Report::Ready { .. }) => panic!("not exited: {other:?}"),
        }
    }

    /// Stops the process and returns its exit and how long that took.
    pub(crate) async fn stop(&mut self, grace: Duration) -> (Exit, Duration) {
        let asked = Instant::now();
        self.process.stop(grace);
        let exit = self.exit().await;
        assert_eq!(exit.kind, ExitKind::Ended);
        (exit, asked.elapsed())
    }
}
