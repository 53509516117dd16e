//! What must hold of reading ahead (issue 6, build 3), whatever the strategy is.

use herder_core::ModelId;

use super::{Audit, Stage, Verdict, demand};

impl Audit {
    /// Only for a model without a process, while others still have to go and nobody else starts.
    pub(super) fn enter_prefetch(&mut self, model: Option<ModelId>) -> Verdict {
        demand(model != self.prefetched, || "said twice".to_owned())?;
        self.prefetched = model;
        let Some(model) = model else { return Ok(()) };
        demand(self.models[model.index()].process.is_none(), || {
            "its process reads its files itself".to_owned()
        })?;
        demand(!self.live().is_empty(), || {
            "nobody is in its way, it could start".to_owned()
        })?;
        demand(self.starting().is_empty(), || {
            "another start needs the disk".to_owned()
        })
    }

    /// Never without demand, never beside a process but one that starts, and never at the cost of another start.
    pub(super) fn check_prefetch(&self) -> Verdict {
        let Some(model) = self.prefetched else {
            return Ok(());
        };
        demand(!self.shutting_down && self.waits_for(model), || {
            format!("{model:?} is read ahead for nobody")
        })?;
        let starting = self.starting();
        let process = self.models[model.index()].process;
        demand(process.is_none() || starting.contains(&model), || {
            format!("{model:?} is read ahead beside {process:?}")
        })?;
        demand(starting.is_empty() || starting.contains(&model), || {
            format!("{model:?} is read ahead while {starting:?} start")
        })
    }

    fn starting(&self) -> Vec<ModelId> {
        let mut models = self.live();
        models.retain(|model| {
            let process = self.models[model.index()].process;
            process.is_some_and(|process| matches!(process.stage, Stage::Starting { .. }))
        });
        models
    }
}
