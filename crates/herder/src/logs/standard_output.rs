//! The combined log on standard output.
//!
//! A thread of its own writes, because a full disk or a terminal that was stopped with Ctrl-S can hold a write for
//! any time; models and requests must not notice. What does not fit into the ring's backlog meanwhile is dropped and
//! counted there. The thread needs no runtime: a write may hold it until after the runtime's end, and a timer of a runtime
//! that has ended panics.

use std::io::Write;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use herder_supervisor::LogRing;

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
    pub fn start(ring: &Arc<LogRing>, mut output: impl Write + Send + 'static) -> std::io::Result<Self> {
        let (history, mut subscription) = ring.subscribe();
        let (alive, ended) = mpsc::channel();
        thread::Builder::new().name("stdout".to_owned()).spawn(move || {
            // A write that fails (a closed pipe, a full disk) loses this text and nothing else.
            let mut write = |text: &[u8]| drop(output.write_all(text).and_then(|()| output.flush()));
            write(&history);
            while let Some(Some(text)) = wait(subscription.next(), None) {
                write(&text);
                // Whether time or text has ended the rest does not matter.
                let _ = wait(subscription.filling(), Some(REST));
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

/// Waits on this thread until the future is done, or `limit` is over: `None` then.
fn wait<T>(future: impl Future<Output = T>, limit: Option<Duration>) -> Option<T> {
    let waker = Waker::from(Arc::new(Sleeper(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    let deadline = limit.map(|limit| Instant::now() + limit);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
            None => thread::park(),
            Some(Duration::ZERO) => return None,
            Some(left) => thread::park_timeout(left),
        }
    }
}

/// A thread that waits for a future.
struct Sleeper(Thread);

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

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

    #[test]
    fn everything_written_before_the_end_arrives() {
        let ring = Arc::new(LogRing::new());
        ring.write(b"before\n");
        let shared = Shared::default();
        let output = StandardOutput::start(&ring, shared.clone()).expect("a thread");
        ring.write(b"after\n");
        ring.close();
        output.finish(SOON);
        assert_eq!(*shared.0.lock(), b"before\nafter\n");
    }

    #[test]
    fn a_closed_pipe_breaks_nothing() {
        let ring = Arc::new(LogRing::new());
        let output = StandardOutput::start(&ring, Broken).expect("a thread");
        ring.write(b"lost\n");
        ring.write(b"lost too\n");
        assert_eq!(ring.history().as_ref(), b"lost\nlost too\n");
        ring.close();
        output.finish(SOON);
    }

    /// None of these tests has a runtime: nothing here may need one.
    #[test]
    fn a_thread_waits_for_a_future_or_for_the_time() {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let answering = thread::spawn(|| sender.send(7).expect("somebody waits"));
        assert_eq!(wait(receiver, None), Some(Ok(7)));
        answering.join().expect("it has sent");
        assert_eq!(wait(async { 7 }, Some(Duration::ZERO)), Some(7));
        assert_eq!(wait(pending::<()>(), Some(Duration::from_millis(1))), None);
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

    #[test]
    fn a_stopped_reader_holds_nobody() {
        let ring = Arc::new(LogRing::new());
        let (resume, stopped) = mpsc::channel();
        let output = StandardOutput::start(&ring, Stopped(stopped)).expect("a thread");
        for _ in 0..1000 {
            ring.write(&[b'x'; 1024]);
        }
        ring.close();
        output.finish(Duration::from_millis(10));
        drop(resume);
    }
}
