//! Which number a model has, for as long as herder runs.
//!
//! The core, the driver, the logs and the counters know a model by its [`ModelId`]. A name keeps the id with which it
//! first appeared, however often the configuration is read again; a name that has left the configuration keeps its
//! row, because its process may still run, and it may come back. So ids say nothing about the order of names: lists
//! for people go by the configuration's own order.

use std::sync::Arc;

use herder_config::{Config, Model};
use herder_core::ModelId;
use indexmap::IndexMap;

/// Names that have left the configuration and are remembered. Each keeps its counters and its last log lines, some tens
/// of KiB, until herder ends; nobody renames that many models in one life of it.
const MAX_FORMER: usize = 4096;

/// Every model that was ever configured, by [`ModelId`].
#[derive(Debug, Clone, Default)]
pub struct Roster {
    /// Its settings; `None` for one that is not configured any more.
    rows: IndexMap<String, Option<Arc<Model>>>,
}

/// Too many names have left the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{former} model names have left the configuration since the start, and at most {MAX_FORMER} are remembered: restart herder"
)]
pub struct RosterFull {
    former: usize,
}

impl Roster {
    /// The roster of the first configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let mut roster = Self::default();
        roster.take_in(config);
        roster
    }

    /// The roster when `config` follows: known names keep their ids, new names get the next ones.
    ///
    /// # Errors
    ///
    /// When more names would be former ones than are remembered.
    pub fn succeeding(&self, config: &Config) -> Result<Self, RosterFull> {
        let mut roster = self.clone();
        for row in roster.rows.values_mut() {
            *row = None;
        }
        roster.take_in(config);
        let former = roster.rows.len() - config.models.len();
        if former > MAX_FORMER {
            return Err(RosterFull { former });
        }
        Ok(roster)
    }

    fn take_in(&mut self, config: &Config) {
        for (name, settings) in &config.models {
            self.rows.insert(name.clone(), Some(Arc::new(settings.clone())));
        }
    }

    /// How many ids there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether no model was ever configured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Every id, those of former models too, in ascending order.
    pub fn ids(&self) -> impl Iterator<Item = ModelId> + use<> {
        (0..self.rows.len()).map(id_of)
    }

    /// The id of a configured model.
    #[must_use]
    pub fn id(&self, name: &str) -> Option<ModelId> {
        let (index, _, settings) = self.rows.get_full(name)?;
        settings.is_some().then(|| id_of(index))
    }

    /// The name of a model, configured or not.
    ///
    /// # Panics
    ///
    /// When `model` is of a later configuration.
    #[must_use]
    pub fn name(&self, model: ModelId) -> &str {
        self.row(model).0
    }

    /// The settings of a model; `None` for one that is not configured any more.
    ///
    /// # Panics
    ///
    /// When `model` is of a later configuration.
    #[must_use]
    pub fn settings(&self, model: ModelId) -> Option<&Arc<Model>> {
        self.row(model).1.as_ref()
    }

    fn row(&self, model: ModelId) -> (&String, &Option<Arc<Model>>) {
        self.rows
            .get_index(model.index())
            .expect("a roster knows the models of its own and of earlier configurations")
    }
}

fn id_of(index: usize) -> ModelId {
    ModelId(u32::try_from(index).expect("a configuration of four thousand million models does not load"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{config, model};

    fn names(list: &[&'static str]) -> Config {
        config(list.iter().map(|name| (*name, model(name, ""))))
    }

    #[test]
    fn names_keep_their_ids() {
        let mut roster = Roster::new(&names(&["b", "d"]));
        for (configured, expected) in [
            (&["a", "b", "d"][..], [Some(2), Some(0), None, Some(1)]),
            (&["c", "d"], [None, None, Some(3), Some(1)]),
            (&[], [None, None, None, None]),
            (&["a", "b", "c", "d"], [Some(2), Some(0), Some(3), Some(1)]),
        ] {
            roster = roster.succeeding(&names(configured)).unwrap();
            let ids = ["a", "b", "c", "d"].map(|name| roster.id(name).map(|id| id.0));
            assert_eq!(ids, expected, "{configured:?}");
        }
        assert_eq!(roster.len(), 4);
        assert_eq!(roster.ids().map(|id| roster.name(id)).collect::<String>(), "bdac");
    }

    #[test]
    fn a_former_model_has_a_name_and_no_settings() {
        let roster = Roster::new(&names(&["a"]));
        let roster = roster.succeeding(&names(&["b"])).unwrap();
        assert_eq!(roster.name(ModelId(0)), "a");
        assert!(roster.settings(ModelId(0)).is_none());
        assert_eq!(roster.settings(ModelId(1)).unwrap().cmd, "b");
    }

    #[test]
    fn former_names_are_limited() {
        let many = |first: usize| {
            let mut config = names(&[]);
            config.models = (first..first + MAX_FORMER)
                .map(|number| (format!("m{number:05}"), model("", "")))
                .collect();
            config
        };
        let roster = Roster::new(&many(0)).succeeding(&many(MAX_FORMER)).unwrap();
        assert_eq!(
            roster.succeeding(&many(MAX_FORMER)).unwrap().len(),
            2 * MAX_FORMER
        );
        let full = roster.succeeding(&many(2 * MAX_FORMER)).unwrap_err();
        assert_eq!(full.former, 2 * MAX_FORMER);
    }
}
