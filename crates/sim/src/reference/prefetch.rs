//! Whose files are read ahead, looked up anew after every input.

use herder_core::{ModelId, Output};

use super::{Process, Reference, Shutdown, Stage};

impl Reference {
    /// The last word after an input, if it is another one than before.
    pub(super) fn tell_prefetch(&mut self) {
        let model = self.prefetch();
        if model != self.prefetched {
            self.prefetched = model;
            self.outputs.push(Output::Prefetch { model });
        }
    }

    fn prefetch(&self) -> Option<ModelId> {
        if self.shutdown != Shutdown::No {
            return None;
        }
        let starting: Vec<ModelId> = self
            .all_models()
            .filter(|&model| {
                let stage = self.process(model).map(|Process { stage, .. }| stage);
                matches!(stage, Some(Stage::Starting { .. }))
            })
            .collect();
        let before = |candidates: &[ModelId]| self.prefetched.filter(|model| candidates.contains(model));
        if !starting.is_empty() {
            // One disk, one reader: only the process that starts, and whoever reads ahead of it.
            return before(&starting).filter(|&model| !self.waiters(model).is_empty());
        }
        let about_to_load: Vec<ModelId> = self
            .loads
            .iter()
            .map(|load| load.target)
            .filter(|&target| self.process(target).is_none() && !self.waiters(target).is_empty())
            .collect();
        let head = self.queue().first().map(|&request| self.model_of(request));
        before(&about_to_load)
            .or(about_to_load.first().copied())
            .or(head.filter(|&model| self.process(model).is_none()))
    }
}
