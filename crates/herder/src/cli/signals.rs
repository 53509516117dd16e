//! What the operating system asks of a running herder (spec/config.md 1.3).

/// A request from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// SIGINT, SIGTERM, or their like: end.
    End,
    /// SIGHUP: read the configuration again.
    Reload,
}

pub(super) use os::Signals;

#[cfg(unix)]
mod os {
    use std::io;

    use tokio::signal::unix::{self, SignalKind, signal};

    use super::Signal;

    /// Receives signals from now on.
    #[derive(Debug)]
    pub(in super::super) struct Signals {
        interrupt: unix::Signal,
        terminate: unix::Signal,
        hang_up: unix::Signal,
    }

    impl Signals {
        /// Takes the signals over. Must be called inside a runtime.
        pub(in super::super) fn install() -> io::Result<Self> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hang_up: signal(SignalKind::hangup())?,
            })
        }

        /// The next one.
        pub(in super::super) async fn next(&mut self) -> Signal {
            tokio::select! {
                _ = self.interrupt.recv() => Signal::End,
                _ = self.terminate.recv() => Signal::End,
                _ = self.hang_up.recv() => Signal::Reload,
            }
        }
    }
}

#[cfg(windows)]
mod os {
    use std::io;

    use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, ctrl_break, ctrl_c, ctrl_close};

    use super::Signal;

    /// Receives console events from now on.
    #[derive(Debug)]
    pub(in super::super) struct Signals {
        interrupt: CtrlC,
        interruption: CtrlBreak,
        close: CtrlClose,
    }

    impl Signals {
        /// Takes the events over. Must be called inside a runtime.
        pub(in super::super) fn install() -> io::Result<Self> {
            Ok(Self {
                interrupt: ctrl_c()?,
                interruption: ctrl_break()?,
                close: ctrl_close()?,
            })
        }

        /// The next one. There is no console event for a reload.
        pub(in super::super) async fn next(&mut self) -> Signal {
            tokio::select! {
                _ = self.interrupt.recv() => Signal::End,
                _ = self.interruption.recv() => Signal::End,
                _ = self.close.recv() => Signal::End,
            }
        }
    }
}
