//! One process from start to end: the task that owns it, reports on it and cleans up behind it.

use std::io::PipeReader;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::command::{self, Dialect};
use crate::process::{Control, Exit, ExitKind, LOG_TAIL_BYTES, LOG_TAIL_LINES, Report};
use crate::spawner::{Launch, Output, Spawned, Spawner};
use crate::stop::{self, Manner};
use crate::supervisor::Specification;
use crate::{LogRing, os};

/// How long the output of a dead process may stay open. Only a descendant that has left its group can hold it, since
/// the group has been killed; the last bytes of the others arrive within milliseconds.
const OUTPUT_LINGER: Duration = Duration::from_secs(1);

/// Runs a process to its end. Reports in the order that [`Report`] promises.
pub(crate) async fn live(
    spawner: Arc<Spawner>,
    specification: Specification,
    control: Arc<Control>,
    report: impl Fn(Report) + Send + Sync + 'static,
) {
    let exit = run(&spawner, &specification, &control, &report).await;
    report(Report::Exited(exit));
}

async fn run(
    spawner: &Spawner,
    specification: &Specification,
    control: &Control,
    report: &impl Fn(Report),
) -> Exit {
    let log_start = specification.log.position();
    let mut spawned = match spawn(spawner, specification).await {
        Ok(spawned) => spawned,
        Err(error) => return Exit::spawn_failed(error),
    };
    let drained = tokio::spawn(drain(spawned.output.take(), Arc::clone(&specification.log)));
    let spawned_at = Instant::now();
    let pid = spawned.tree.id();
    control.set_pid(pid);
    report(Report::Spawned { pid });

    let status = watch(
        &mut spawned.tree,
        spawner,
        specification,
        control,
        spawned_at,
        report,
    )
    .await;

    // Always, however it ended: a crash or a wrapper that goes into the background leaves descendants.
    spawned.tree.kill();
    finish_output(drained).await;
    Exit {
        kind: ExitKind::Ended,
        status: status.map(os::describe),
        log_tail: specification
            .log
            .tail_since(log_start, LOG_TAIL_LINES, LOG_TAIL_BYTES),
    }
}

async fn spawn(spawner: &Spawner, specification: &Specification) -> Result<Spawned, String> {
    let words =
        command::split(&specification.command, Dialect::native()).map_err(|error| error.to_string())?;
    let shown = words.join(" ");
    let launch = Launch {
        words,
        environment: specification.environment.clone(),
        output: Output::Pipe,
    };
    spawner
        .spawn(launch)
        .await
        .map_err(|error| format!("failed to start command '{shown}': {error}"))
}

/// Waits for the end of the direct child, reports readiness on the way, and climbs the stop ladder when asked to.
async fn watch(
    tree: &mut os::Tree,
    spawner: &Spawner,
    specification: &Specification,
    control: &Control,
    spawned_at: Instant,
    report: &impl Fn(Report),
) -> Option<ExitStatus> {
    let mut kill_at = control.stops();
    let mut readiness = std::pin::pin!(specification.readiness.reached(spawned_at));
    let mut ready = false;
    loop {
        tokio::select! {
            // An exit is never hidden by anything, and a stop is an abort even at the moment of readiness.
            biased;
            status = tree.wait() => return status.ok(),
            // The sender lives in `control`, so this fails never and ends only with a stop.
            _ = kill_at.wait_for(Option::is_some) => break,
            () = &mut readiness, if !ready => {
                ready = true;
                report(Report::Ready { after: spawned_at.elapsed() });
            }
        }
    }
    let manner = Manner {
        stop_command: &specification.stop_command,
        environment: &specification.environment,
    };
    stop::stop(tree, spawner, manner, &mut kill_at).await.ok()
}

/// Copies the output to the log, whatever happens to the process's other affairs: a full pipe would block it.
async fn drain(output: Option<PipeReader>, log: Arc<LogRing>) {
    if let Some(output) = output {
        os::drain(output, log).await;
    }
}

/// Waits for the last output of a dead process, and closes the pipe if somebody else keeps it open.
async fn finish_output(mut drained: JoinHandle<()>) {
    if timeout(OUTPUT_LINGER, &mut drained).await.is_err() {
        drained.abort();
    }
}

impl Exit {
    fn spawn_failed(error: String) -> Self {
        Self {
            kind: ExitKind::SpawnFailed { error },
            status: None,
            log_tail: String::new(),
        }
    }
}
