//! Response bodies that follow a script: pieces, pauses, and ways to die.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame};
use tokio::sync::mpsc;

use super::Server;

/// How long bytes that were handed to the connection are given to leave before the process dies.
const FLUSH: Duration = Duration::from_millis(100);

/// The exit code of a process that was told to die by a request.
pub(super) const EXIT_REPLY: i32 = 17;

/// One step of a scripted body.
#[derive(Debug)]
pub(super) enum Step {
    Send(Bytes),
    Pause(Duration),
    /// Break the connection off.
    Abort,
    /// End the process.
    Exit,
}

/// A body of unknown length. Logs `aborted` when it is dropped before its end, because the client left.
#[derive(Debug)]
pub(super) struct Scripted {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    unfinished: Unfinished,
}

/// Logs `aborted` when dropped, unless it was told that the answer is complete.
#[derive(Debug)]
pub(super) struct Unfinished {
    server: Arc<Server>,
    detail: String,
    armed: bool,
}

impl Unfinished {
    pub(super) fn new(server: Arc<Server>, detail: String) -> Self {
        Self {
            server,
            detail,
            armed: true,
        }
    }

    pub(super) fn finished(&mut self) {
        self.armed = false;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if self.armed {
            self.server.options.log("aborted", &self.detail);
        }
    }
}

impl Scripted {
    pub(super) fn play(steps: Vec<Step>, unfinished: Unfinished) -> Self {
        let (sender, pieces) = mpsc::channel(1);
        tokio::spawn(async move {
            for step in steps {
                let sent = match step {
                    Step::Send(bytes) => sender.send(Ok(bytes)).await,
                    Step::Pause(pause) => {
                        tokio::time::sleep(pause).await;
                        Ok(())
                    }
                    Step::Abort => sender.send(Err(io::Error::other("told to abort"))).await,
                    Step::Exit => {
                        tokio::time::sleep(FLUSH).await;
                        std::process::exit(EXIT_REPLY);
                    }
                };
                if sent.is_err() {
                    return;
                }
            }
        });
        Self { pieces, unfinished }
    }
}

impl Body for Scripted {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let piece = ready!(self.pieces.poll_recv(context));
        if !matches!(piece, Some(Ok(_))) {
            self.unfinished.finished();
        }
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
    }
}
