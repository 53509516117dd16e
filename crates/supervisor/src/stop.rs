//! The stop ladder: ask, wait for the grace, kill the whole tree (spec/runtime.md 2.6, with design/decisions.md).

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::command::{self, Dialect};
use crate::os::Tree;
use crate::spawner::{Launch, Output, Spawner};

/// How much longer a stop command may run than the process that it stopped: container tools finish their clean-up
/// after the container is gone. Then it is killed.
const STOP_COMMAND_LINGER: Duration = Duration::from_secs(2);

/// How a configuration wants a process to be asked to end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner<'a> {
    /// As configured; may be empty. `${PID}` stands for the process id.
    pub(crate) stop_command: &'a str,
    pub(crate) environment: &'a [(String, String)],
}

/// Ends the process and reaps the direct child. `kill_at` holds the moment of the kill, which may come nearer
/// meanwhile. Descendants may still live when this returns: the caller kills the group, as after every exit.
pub(crate) async fn stop(
    tree: &mut Tree,
    spawner: &Spawner,
    manner: Manner<'_>,
    kill_at: &mut watch::Receiver<Option<Instant>>,
) -> io::Result<ExitStatus> {
    if deadline(kill_at) <= Instant::now() {
        tree.kill();
        return tree.wait().await;
    }
    let mut asking = std::pin::pin!(run_stop_command(spawner, manner, tree.id()));
    let mut asked = false;
    let status = loop {
        tokio::select! {
            biased;
            status = tree.wait() => break status,
            outcome = &mut asking, if !asked => {
                asked = true;
                match outcome {
                    StopCommand::Succeeded => {}
                    StopCommand::Absent | StopCommand::Failed => tree.ask_to_end(),
                }
            }
            () = sleep_until(deadline(kill_at)) => {
                tree.kill();
                break tree.wait().await;
            }
            // The deadline has moved; the sender lives as long as the task that calls this.
            _ = kill_at.changed() => {}
        }
    };
    if !asked {
        let patience = deadline(kill_at).min(Instant::now() + STOP_COMMAND_LINGER);
        // Dropping the future kills the stop command.
        let _ = timeout_at(patience, asking).await;
    }
    status
}

/// What came of the stop command.
enum StopCommand {
    /// There is none.
    Absent,
    /// It could not be run or reported an error: the process has to be asked in another way.
    Failed,
    Succeeded,
}

async fn run_stop_command(spawner: &Spawner, manner: Manner<'_>, pid: u32) -> StopCommand {
    if manner.stop_command.trim().is_empty() {
        return StopCommand::Absent;
    }
    let text = manner.stop_command.replace("${PID}", &pid.to_string());
    let Ok(words) = command::split(&text, Dialect::native()) else {
        return StopCommand::Failed;
    };
    let launch = Launch {
        words,
        environment: manner.environment.to_vec(),
        output: Output::Discard,
    };
    match spawner.spawn(launch).await {
        Ok(mut spawned) => match spawned.tree.wait().await {
            Ok(status) if status.success() => StopCommand::Succeeded,
            Ok(_) | Err(_) => StopCommand::Failed,
        },
        Err(_) => StopCommand::Failed,
    }
}

fn deadline(kill_at: &watch::Receiver<Option<Instant>>) -> Instant {
    // Without a deadline nobody has asked for a stop; then there is nothing to wait for.
    kill_at.borrow().unwrap_or_else(Instant::now)
}
