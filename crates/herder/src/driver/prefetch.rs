//! Whose files are read ahead: what the core says of it, and what the settings of that model say.
//!
//! The core names a model and knows nothing of its settings, so a reload that gives it other files, or forbids to read
//! them, is this file's business.

use std::sync::Arc;

use herder_config::Model;
use herder_core::ModelId;

use super::journal::Journal;
use super::{Driver, State};

impl State {
    /// The model that the core wants read ahead, if the configuration that counts lets it be, with its settings.
    pub(super) fn read_ahead(&self) -> Option<(ModelId, Arc<Model>)> {
        let model = self.prefetched?;
        let settings = self.snapshot.roster().settings(model)?;
        settings.prefetch.then(|| (model, Arc::clone(settings)))
    }
}

impl Driver {
    /// Reads the files of [`State::read_ahead`] from now on, and no others.
    pub(super) fn prefetch(&self, state: &State) {
        let Some((model, settings)) = state.read_ahead() else {
            self.supervisor.stop_prefetch();
            return;
        };
        let (snapshot, logs) = (Arc::clone(&state.snapshot), Arc::clone(&self.logs));
        self.supervisor.prefetch(settings.cmd.clone(), move |prefetched| {
            let (snapshot, logger) = (&*snapshot, logs.logger());
            Journal { snapshot, logger }.prefetched(model, &prefetched);
        });
    }

    /// The same after a reload, if it means other files than `before`.
    pub(super) fn prefetch_anew(&self, state: &State, before: Option<(ModelId, Arc<Model>)>) {
        let command =
            |wanted: Option<(ModelId, Arc<Model>)>| wanted.map(|(_, settings)| settings.cmd.clone());
        if command(state.read_ahead()) != command(before) {
            self.prefetch(state);
        }
    }
}
