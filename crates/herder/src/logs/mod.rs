//! Where text goes: herder's own lines and the models' output, into rings that clients read and onto standard output.
//!
//! The rings themselves, which never wait for a reader, are the supervisor's. This module says which flows into
//! which (`logToStdout`, spec/http-api.md 1.11), how herder's own lines look, and what is hidden in them.

mod boot;
mod logger;
mod mask;
mod standard_output;
mod time_format;

use std::sync::Arc;

use arc_swap::ArcSwap;
use herder_config::{Config, LogToStdout};
use herder_core::ModelId;
use herder_supervisor::LogRing;

pub use boot::Boot;
pub use logger::Logger;
pub use mask::mask;
pub use standard_output::StandardOutput;

/// Every log of one herder.
#[derive(Debug)]
pub struct Logs {
    boot: Boot,
    /// herder's own lines.
    proxy: Arc<LogRing>,
    /// The output of all models.
    upstream: Arc<LogRing>,
    /// What `logToStdout` selects: the history of `/logs`, and what standard output shows.
    combined: Arc<LogRing>,
    /// The output of each model, by [`ModelId`]. Only grows.
    models: ArcSwap<Vec<Arc<LogRing>>>,
    logger: Logger,
}

impl Logs {
    /// Empty logs without models, connected as `logToStdout` says.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let combined = Arc::new(LogRing::new());
        let (own, output) = match config.log_to_stdout {
            LogToStdout::Proxy => (true, false),
            LogToStdout::Upstream => (false, true),
            LogToStdout::Both => (true, true),
            LogToStdout::None => (false, false),
        };
        let source = |shown: bool| {
            Arc::new(if shown {
                LogRing::with_next(Arc::clone(&combined))
            } else {
                LogRing::new()
            })
        };
        let (proxy, upstream) = (source(own), source(output));
        let logger = Logger::new(Arc::clone(&proxy), config.log_level, config.log_time_format);
        Self {
            boot: Boot::random(),
            proxy,
            upstream,
            combined,
            models: ArcSwap::default(),
            logger,
        }
    }

    /// Makes room for so many models. For one caller at a time.
    pub fn grow(&self, models: usize) {
        let mut rings = Vec::clone(&self.models.load());
        while rings.len() < models {
            rings.push(Arc::new(LogRing::with_next(Arc::clone(&self.upstream))));
        }
        self.models.store(Arc::new(rings));
    }

    /// The run of herder that these logs are of. They begin empty with it.
    #[must_use]
    pub fn boot(&self) -> Boot {
        self.boot
    }

    /// Writes herder's own lines.
    #[must_use]
    pub fn logger(&self) -> &Logger {
        &self.logger
    }

    /// herder's own lines.
    #[must_use]
    pub fn proxy(&self) -> &Arc<LogRing> {
        &self.proxy
    }

    /// The output of all models.
    #[must_use]
    pub fn upstream(&self) -> &Arc<LogRing> {
        &self.upstream
    }

    /// What `logToStdout` selects.
    #[must_use]
    pub fn combined(&self) -> &Arc<LogRing> {
        &self.combined
    }

    /// The output of one model.
    ///
    /// # Panics
    ///
    /// When there is no room for it yet.
    #[must_use]
    pub fn model(&self, model: ModelId) -> Arc<LogRing> {
        Arc::clone(&self.models.load()[model.index()])
    }

    /// Ends every reader, standard output too, once it has got what is written so far. For the end of the program.
    pub fn close(&self) {
        for ring in self
            .models
            .load()
            .iter()
            .chain([&self.proxy, &self.upstream, &self.combined])
        {
            ring.close();
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use herder_config::{LogLevel, LogTimeFormat};

    use super::*;
    use crate::fixtures;

    /// Logs without models, all lines from INFO on, no time stamps.
    pub(crate) fn logs() -> Logs {
        let proxy = Arc::new(LogRing::new());
        Logs {
            boot: Boot::random(),
            logger: Logger::new(Arc::clone(&proxy), LogLevel::Info, LogTimeFormat::None),
            proxy,
            upstream: Arc::new(LogRing::new()),
            combined: Arc::new(LogRing::new()),
            models: ArcSwap::default(),
        }
    }

    /// spec/http-api.md 1.11: the combined log follows `logToStdout`, the others always fill.
    #[test]
    fn the_combined_log_follows_log_to_stdout() {
        let table = [
            (LogToStdout::Proxy, "[INFO] own\n"),
            (LogToStdout::Upstream, "output\n"),
            (LogToStdout::Both, "[INFO] own\noutput\n"),
            (LogToStdout::None, ""),
        ];
        for (selection, combined) in table {
            let mut config = fixtures::config([]);
            config.log_to_stdout = selection;
            let logs = Logs::new(&config);
            logs.grow(1);
            logs.logger().info("own");
            logs.model(ModelId(0)).write(b"output\n");
            assert_eq!(logs.combined().history(), combined, "{selection:?}");
            assert_eq!(logs.proxy().history(), "[INFO] own\n", "{selection:?}");
            assert_eq!(logs.upstream().history(), "output\n", "{selection:?}");
            assert_eq!(logs.model(ModelId(0)).history(), "output\n", "{selection:?}");
        }
    }
}
