//! The combined log on standard output.
//!
//! A thread of its own writes, because a full disk or a terminal that was stopped with Ctrl-S can hold a write for
//! any time; models and requests must not notice. What does not fit into the ring's backlog meanwhile is dropped and
//! counted there.

use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use herder_supervisor::LogRing;
use tokio::runtime::Handle;
use tokio::time::timeout;

/// How long the thread rests after a write, unless much waits before. A line that comes alone is written at once; under
/// load one waking and one write serve all lines of this time (docs/performance.md).
const REST: Duration = Duration::from_millis(20);

/// The writing thread.
#[derive(Debug)]
pub struct StandardOutput {
    /// Closed by the thread when it ends.
    ended: mpsc::Receiver<()>,
}

impl StandardOutput {
    /// Starts to copy `ring` to `output` until the ring is closed. What the ring holds already is written first.
    ///
    /// # Errors
    ///
    /// The operating system refuses another thread.
    pub fn start(
        ring: &Arc<LogRing>,
        runtime: Handle,
        mut output: impl Write + Send + 'static,
    ) -> std::io::Result<Self> {
        let (history, mut subscription) = ring.subscribe();
        let (alive, ended) = mpsc::channel();
        std::thread::Builder::new()
            .name("stdout".to_owned())
            .spawn(move || {
                // A write that fails (a closed pipe, a full disk) loses this text and nothing else.
                let mut write = |text: &[u8]| drop(output.write_all(text).and_then(|()| output.flush()));
                write(&history);
                while let Some(text) = runtime.block_on(subscription.next()) {
                    write(&text);
                    // Whether time or text has ended the rest does not matter.
                    let _ = runtime.block_on(async { timeout(REST, subscription.filling()).await });
                }
                drop(alive);
            })?;
        Ok(Self { ended })
    }

    /// Waits until everything is written, after [`super::Logs::close`], but no longer than `limit`: whoever does not
    /// read our output must not keep us from ending.
    pub fn finish(self, limit: Duration) {
        // Nothing is ever sent: an error says that the thread has ended, or that the time is over. Both end the wait.
        let _ = self.ended.recv_timeout(limit);
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;

    /// A generous bound for things that take microseconds.
    const SOON: Duration = Duration::from_secs(30);

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
            self.0.lock().extend_from_slice(text);
            Ok(text.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    struct Broken;

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn everything_written_before_the_end_arrives() {
        let ring = Arc::new(LogRing::new());
        ring.write(b"before\n");
        let shared = Shared::default();
        let output = StandardOutput::start(&ring, Handle::current(), shared.clone()).expect("a thread");
        ring.write(b"after\n");
        ring.close();
        output.finish(SOON);
        assert_eq!(*shared.0.lock(), b"before\nafter\n");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_closed_pipe_breaks_nothing() {
        let ring = Arc::new(LogRing::new());
        let output = StandardOutput::start(&ring, Handle::current(), Broken).expect("a thread");
        ring.write(b"lost\n");
        ring.write(b"lost too\n");
        assert_eq!(ring.history().as_ref(), b"lost\nlost too\n");
        ring.close();
        output.finish(SOON);
    }

    /// A terminal that was stopped with Ctrl-S.
    struct Stopped(mpsc::Receiver<()>);

    impl Write for Stopped {
        fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
            let _ = self.0.recv();
            Ok(text.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_stopped_reader_holds_nobody() {
        let ring = Arc::new(LogRing::new());
        let (resume, stopped) = mpsc::channel();
        let output = StandardOutput::start(&ring, Handle::current(), Stopped(stopped)).expect("a thread");
        for _ in 0..1000 {
            ring.write(&[b'x'; 1024]);
        }
        ring.close();
        output.finish(Duration::from_millis(10));
        drop(resume);
    }
}
