//! herder's own log lines: `[TIMESTAMP ][LEVEL] text` (spec/config.md 2.2, `logToStdout`).

use std::fmt;
use std::sync::Arc;

use herder_config::{LogLevel, LogTimeFormat};
use herder_supervisor::LogRing;
use jiff::Zoned;

use super::time_format;

/// Writes lines of at least one level into the proxy log. Writing never waits for a reader.
#[derive(Debug)]
pub struct Logger {
    ring: Arc<LogRing>,
    lowest: LogLevel,
    time_format: LogTimeFormat,
}

impl Logger {
    /// A logger that writes into `ring`.
    #[must_use]
    pub fn new(ring: Arc<LogRing>, lowest: LogLevel, time_format: LogTimeFormat) -> Self {
        Self {
            ring,
            lowest,
            time_format,
        }
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
        if level < self.lowest {
            return;
        }
        let name = match level {
            LogLevel::Debug => "DEBUG",
            LogLevel::Info => "INFO",
            LogLevel::Warn => "WARN",
            LogLevel::Error => "ERROR",
        };
        // The clock and the time zone are read only when a time is shown.
        let line = match self.time_format {
            LogTimeFormat::None => format!("[{name}] {text}\n"),
            format => format!("{} [{name}] {text}\n", time_format::render(format, &Zoned::now())),
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
    fn the_time_stands_in_front_of_the_level() {
        let text = lines(LogLevel::Error, LogTimeFormat::Rfc3339);
        let (time, rest) = text.split_once(' ').expect("a time stamp");
        assert_eq!(rest, "[ERROR] e\n");
        assert!(time.parse::<jiff::Timestamp>().is_ok(), "{time}");
    }
}
