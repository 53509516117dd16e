//! Operator unloads in progress. For the scheduler an unload is one step; its stops come in stages, smallest
//! `unloadTimeout` first, so that a hung large model does not delay the quick ones (runtime.md 3.6, W18).

use std::collections::VecDeque;
use std::time::Duration;

use crate::{CommandId, Generation, ModelId};

/// A start of a model that an unload waits for.
pub(crate) type Target = (ModelId, Generation);

/// Models that are stopped together.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) targets: Vec<Target>,
    /// Overrides the models' own `unload_timeout`.
    pub(crate) grace: Option<Duration>,
}

#[derive(Debug)]
pub(crate) struct Unload {
    command: CommandId,
    /// Told to stop and not yet gone.
    stopping: Vec<Target>,
    later: VecDeque<Stage>,
}

/// What an unload needs next.
#[derive(Debug)]
pub(crate) enum Step {
    /// Nothing until another exit.
    Wait,
    /// These must be stopped now.
    Stop(Stage),
    /// Everything is gone.
    Completed(CommandId),
}

impl Unload {
    pub(crate) fn new(command: CommandId, stages: VecDeque<Stage>) -> Self {
        Self {
            command,
            stopping: Vec::new(),
            later: stages,
        }
    }

    /// A process has ended, whatever made it end.
    pub(crate) fn forget(&mut self, target: Target) {
        self.stopping.retain(|&other| other != target);
        for stage in &mut self.later {
            stage.targets.retain(|&other| other != target);
        }
    }

    /// Ask again until it says `Wait` or `Completed`.
    pub(crate) fn next_step(&mut self) -> Step {
        if !self.stopping.is_empty() {
            return Step::Wait;
        }
        while let Some(stage) = self.later.pop_front() {
            if !stage.targets.is_empty() {
                self.stopping.clone_from(&stage.targets);
                return Step::Stop(stage);
            }
        }
        Step::Completed(self.command)
    }
}
