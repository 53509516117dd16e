//! What every part of a running herder shares, and the configuration it runs with.

use std::sync::Arc;

use arc_swap::ArcSwap;
use herder_config::{Config, Model, Router};
use herder_core::ModelId;
use regex::RegexSet;
use tokio_util::sync::CancellationToken;

use crate::driver::Driver;
use crate::in_flight::InFlight;
use crate::logs::Logs;
use crate::monitor::Monitor;

/// A running herder. Requests take what they need from it and hold no lock of it while they wait.
#[derive(Debug)]
pub struct App {
    /// The configuration of this moment. A request reads it once and keeps what it has read.
    pub snapshot: ArcSwap<Snapshot>,
    /// The models.
    pub driver: Arc<Driver>,
    /// Everything that is logged.
    pub logs: Arc<Logs>,
    /// Requests that can be cancelled through the API.
    pub in_flight: Arc<InFlight>,
    /// Samples of the machine, unless `performance.disabled`.
    pub monitor: Option<Monitor>,
    /// Cancelled when herder ends: long-lived streams end then.
    pub shutdown: CancellationToken,
}

/// One configuration, with what is derived from it once.
#[derive(Debug)]
pub struct Snapshot {
    /// The configuration.
    pub config: Config,
    /// `upstream.ignorePaths`.
    pub ignore_paths: RegexSet,
}

impl Snapshot {
    /// Derives what requests need.
    ///
    /// # Errors
    ///
    /// When `upstream.ignorePaths` holds an expression that this program cannot use; the loader has refused such
    /// a configuration before.
    pub fn new(config: Config) -> Result<Self, regex::Error> {
        let ignore_paths = RegexSet::new(&config.upstream_ignore_paths)?;
        Ok(Self { config, ignore_paths })
    }

    /// The local model of this name: an id first, then an alias (spec/config.md 7.1).
    #[must_use]
    pub fn resolve(&self, name: &str) -> Option<ModelId> {
        let models = &self.config.models;
        let index = models.get_index_of(name).or_else(|| {
            self.config
                .aliases
                .get(name)
                .and_then(|id| models.get_index_of(id))
        })?;
        Some(id_of(index))
    }

    /// Id and settings of a model.
    ///
    /// # Panics
    ///
    /// When `model` belongs to another configuration.
    #[must_use]
    pub fn model(&self, model: ModelId) -> (&str, &Model) {
        let (id, settings) = self
            .config
            .models
            .get_index(model.index())
            .expect("a model id comes from this configuration");
        (id, settings)
    }

    /// Every model, in ascending order of id.
    pub fn models(&self) -> impl Iterator<Item = ModelId> + use<> {
        (0..self.config.models.len()).map(id_of)
    }

    /// The name of the router in error texts (spec/http-api.md 0.4).
    #[must_use]
    pub fn router_name(&self) -> &'static str {
        match self.config.router {
            Router::Group(_) => "group",
            Router::Matrix(_) => "matrix",
        }
    }
}

fn id_of(index: usize) -> ModelId {
    ModelId(u32::try_from(index).expect("a configuration of four thousand million models does not load"))
}
