//! The one thread that starts every process.
//!
//! On Linux the parent-death signal belongs to the thread that forked: a child of a pool thread dies when the pool
//! retires that thread. So one thread, which lives as long as any process does, does nothing but spawn
//! (research/rust-anchors.md 3.3).

use std::io::{self, PipeReader};
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use crate::guard::{Guard, Registration};
use crate::{executable, os};

/// How many starts may wait for the thread; more make their callers wait. One start takes about a millisecond, so
/// this is far more than any configuration starts at once.
const QUEUE: usize = 256;

/// A handle to the spawner thread, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Spawner {
    requests: mpsc::Sender<Request>,
}

/// What to start.
#[derive(Debug)]
pub(crate) struct Launch {
    /// Program and arguments; never empty.
    pub(crate) words: Vec<String>,
    /// Added to the inherited environment; later entries win.
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) output: Output,
}

/// Where standard output and standard error go.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Output {
    /// Both into one pipe, returned in [`Spawned::output`].
    Pipe,
    Discard,
}

/// A running process.
#[derive(Debug)]
pub(crate) struct Spawned {
    // Dropped in this order: the group is killed before the guard forgets it.
    pub(crate) tree: os::Tree,
    _registration: Option<Registration>,
    pub(crate) output: Option<PipeReader>,
}

#[derive(Debug)]
struct Request {
    launch: Launch,
    reply: oneshot::Sender<io::Result<Spawned>>,
}

impl Spawner {
    /// Starts the thread.
    pub(crate) fn start(runtime: Handle, guard: Option<Arc<Guard>>) -> io::Result<Self> {
        let (requests, mut queue) = mpsc::channel::<Request>(QUEUE);
        std::thread::Builder::new()
            .name("spawner".to_owned())
            .spawn(move || {
                // Tokio registers each child with the runtime that is entered here.
                let _entered = runtime.enter();
                while let Some(Request { launch, reply }) = queue.blocking_recv() {
                    // A caller that is gone drops the process, which kills it.
                    let _ = reply.send(spawn(&launch, guard.as_ref()));
                }
            })?;
        Ok(Self { requests })
    }

    /// Starts a process and puts it under guard.
    ///
    /// # Errors
    /// The executable was not found or the operating system refused to start it.
    pub(crate) async fn spawn(&self, launch: Launch) -> io::Result<Spawned> {
        let gone = || io::Error::other("the spawner thread has ended");
        let (reply, answer) = oneshot::channel();
        self.requests
            .send(Request { launch, reply })
            .await
            .map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

fn spawn(launch: &Launch, guard: Option<&Arc<Guard>>) -> io::Result<Spawned> {
    let word = launch.words.first().map_or("", String::as_str);
    let program = executable::find(word)?;
    let (output, writer) = match launch.output {
        Output::Pipe => {
            let (reader, writer) = io::pipe()?;
            (Some(reader), Some(writer))
        }
        Output::Discard => (None, None),
    };
    let tree = os::Tree::spawn(&program, &launch.words, &launch.environment, writer)?;
    let registration = guard.map(|guard| guard.register(tree.id()));
    Ok(Spawned {
        tree,
        _registration: registration,
        output,
    })
}
