//! What must hold when the configuration changes: what is the same is not touched, what does not fit any more goes.

use herder_core::{Herd, Limit, ModelId, Output, Strategy, Timestamp};

use super::{Audit, Books, Stage, Verdict, demand};
use crate::Setting;

impl Audit {
    pub(super) fn enter_reload(
        &mut self,
        now: Timestamp,
        setting: &Setting,
        outdated: &[ModelId],
        drain_until: Timestamp,
        said: &[Output],
    ) -> Verdict {
        let same = *setting == self.setting;
        self.models.resize(setting.models.len(), Books::EMPTY);
        self.setting = setting.clone();
        self.planner = setting.sound_plan().planner;
        // What was due already may happen now.
        let mut untouched = same && self.armed.is_none_or(|armed| armed > now);
        for index in 0..self.models.len() {
            let model = ModelId(index as u32);
            let fits = setting.models[index].is_some() && !outdated.contains(&model);
            let reserved = self.reserved(model);
            let books = &mut self.models[index];
            books.admitted_before = reserved;
            if let Some(load) = &mut books.load {
                load.is_older_than_rules = true;
            }
            let Some(process) = &mut books.process else {
                continue;
            };
            process.survivor = true;
            match process.stage {
                Stage::Starting { .. } | Stage::Ready if fits => {
                    untouched &= process.outdated.is_none();
                    process.outdated = None;
                }
                Stage::Starting { .. } | Stage::Ready => {
                    untouched = false;
                    process.outdated.get_or_insert(drain_until);
                }
                // A way that is free is not always found before the last of these has gone.
                Stage::ToldToStop => untouched = false,
            }
        }
        demand(!untouched || said.is_empty(), || {
            "nothing has changed, and yet something happened".to_owned()
        })
    }

    /// What does not fit the configuration serves somebody, or is told to stop as soon as it can be.
    pub(super) fn check_outdated(&mut self, now: Timestamp, herd: &Herd) -> Verdict {
        for index in 0..self.models.len() {
            let model = ModelId(index as u32);
            let (reserved, busy) = (self.reserved(model), self.in_flight(model) > 0);
            let books = &mut self.models[index];
            books.admitted_before = books.admitted_before.min(reserved);
            let Some(process) = books.process.filter(|process| !process.condemned) else {
                continue;
            };
            if let Some(until) = process.outdated
                && process.stage != Stage::ToldToStop
            {
                let woken = herd
                    .poll_timeout()
                    .is_some_and(|timeout| timeout <= until.max(now));
                demand(process.stage == Stage::Ready && busy && woken, || {
                    format!("{model:?} goes on although it does not fit")
                })?;
            }
        }
        Ok(())
    }

    /// A limit that has become smaller turns nobody away who was admitted before.
    pub(super) fn allowance(&self, model: ModelId) -> u32 {
        let before = self.models[model.index()].admitted_before;
        match self.setting.strategy {
            Strategy::Fifo {
                limit: Limit::Arrival,
            } => self.concurrency_limit(model).max(before),
            Strategy::Fifo { limit: Limit::Grant } | Strategy::Fair(_) => self.concurrency_limit(model),
        }
    }

    /// Whether a slot is taken on arrival.
    pub(super) fn admits_reservations(&self) -> bool {
        match self.setting.strategy {
            Strategy::Fifo { limit } => limit == Limit::Arrival,
            Strategy::Fair(_) => false,
        }
    }

    pub(super) fn is_survivor(&self, model: ModelId) -> bool {
        let process = self.models[model.index()].process;
        process.is_some_and(|process| process.survivor)
    }
}
