//! herder's own log lines: `[TIMESTAMP ][LEVEL] text` (spec/config.md 2.2, `logToStdout`).

use std::fmt::{self, Write};
use std::sync::Arc;

use arc_swap::ArcSwap;
use herder_config::{LogLevel, LogTimeFormat};
use herder_supervisor::LogRing;
use jiff::Zoned;

use super::time_format;

/// Room for a usual line, so that it takes its memory once.
const USUAL_LINE_BYTES: usize = 256;

/// Writes lines of at least one level into the proxy log. Writing never waits for a reader, nor for [`Logger::set`].
#[derive(Debug)]
pub struct Logger {
    ring: Arc<LogRing>,
    style: ArcSwap<Style>,
}

/// What is logged, and how it looks. One value, because they change together.
#[derive(Debug, Clone, Copy)]
struct Style {
    lowest: LogLevel,
    time_format: LogTimeFormat,
}

impl Logger {
    /// A logger that writes into `ring`.
    #[must_use]
    pub fn new(ring: Arc<LogRing>, lowest: LogLevel, time_format: LogTimeFormat) -> Self {
        Self {
            ring,
            style: ArcSwap::from_pointee(Style { lowest, time_format }),
        }
    }

    /// Every line from now on is written like this (spec/config.md 1.4 step 6).
    pub fn set(&self, lowest: LogLevel, time_format: LogTimeFormat) {
        self.style.store(Arc::new(Style { lowest, time_format }));
    }

    /// For those who look for the cause of something.
    pub fn debug(&self, text: impl fmt::Display) {
        self.write(LogLevel::Debug, &text);
    }

    /// What a person who runs herder wants to know.
    pub fn info(&self, text: impl fmt::Display) {
        self.write(LogLevel::Info, &text);
    }

    /// Something went wrong outside herder, or needs attention.
    pub fn warn(&self, text: impl fmt::Display) {
        self.write(LogLevel::Warn, &text);
    }

    /// herder could not do what it must.
    pub fn error(&self, text: impl fmt::Display) {
        self.write(LogLevel::Error, &text);
    }

    fn write(&self, level: LogLevel, text: &dyn fmt::Display) {
        let Style { lowest, time_format } = **self.style.load();
        if level < lowest {
            return;
        }
        let name = match level {
            LogLevel::Debug => "DEBUG",
            LogLevel::Info => "INFO",
            LogLevel::Warn => "WARN",
            LogLevel::Error => "ERROR",
        };
        let mut line = String::with_capacity(USUAL_LINE_BYTES);
        // The clock and the time zone are read only when a time is shown.
        let time = match time_format {
            LogTimeFormat::None => None,
            format => Some(time_format::render(format, &Zoned::now())),
        };
        // Writing into a string does not fail, and a text that cannot be shown is shown as far as it can.
        let _ = match time {
            None => writeln!(line, "[{name}] {text}"),
            Some(time) => writeln!(line, "{time} [{name}] {text}"),
        };
        self.ring.write(line.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lowest: LogLevel, time_format: LogTimeFormat) -> String {
        let ring = Arc::new(LogRing::new());
        let logger = Logger::new(Arc::clone(&ring), lowest, time_format);
        logger.debug("d");
        logger.info(format_args!("i {}", 1));
        logger.warn("w");
        logger.error("e");
        String::from_utf8(ring.history().to_vec()).expect("log lines are text")
    }

    #[test]
    fn each_level_hides_those_below_it() {
        let table = [
            (LogLevel::Debug, "[DEBUG] d\n[INFO] i 1\n[WARN] w\n[ERROR] e\n"),
            (LogLevel::Info, "[INFO] i 1\n[WARN] w\n[ERROR] e\n"),
            (LogLevel::Warn, "[WARN] w\n[ERROR] e\n"),
            (LogLevel::Error, "[ERROR] e\n"),
        ];
        for (lowest, expected) in table {
            assert_eq!(lines(lowest, LogTimeFormat::None), expected);
        }
    }

    #[test]
    fn config_1_4_level_and_time_format_change_while_it_writes() {
        let ring = Arc::new(LogRing::new());
        let logger = Logger::new(Arc::clone(&ring), LogLevel::Warn, LogTimeFormat::None);
        logger.info("too low");
        logger.set(LogLevel::Info, LogTimeFormat::None);
        logger.info("one");
        logger.set(LogLevel::Info, LogTimeFormat::Rfc3339);
        logger.info("two");
        logger.set(LogLevel::Error, LogTimeFormat::None);
        logger.warn("too low again");
        let text = String::from_utf8(ring.history().to_vec()).expect("log lines are text");
        let (first, second) = text.split_once('\n').expect("a line");
        assert_eq!(first, "[INFO] one");
        let (time, rest) = second.split_once(' ').expect("a time stamp");
        assert_eq!(rest, "[INFO] two\n");
        assert!(time.parse::<jiff::Timestamp>().is_ok(), "{time}");
    }

    #[test]
    fn the_time_stands_in_front_of_the_level() {
        let text = lines(LogLevel::Error, LogTimeFormat::Rfc3339);
        let (time, rest) = text.split_once(' ').expect("a time stamp");
        assert_eq!(rest, "[ERROR] e\n");
        assert!(time.parse::<jiff::Timestamp>().is_ok(), "{time}");
    }
}
