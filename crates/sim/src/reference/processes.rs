//! What becomes of loads, processes and commands once something has moved.

use std::time::Duration;

use herder_core::{
    Cause, FAIL_FAST_AFTER, FAIL_FAST_LONGEST, FAIL_FAST_SHORTEST, Failure, Generation, ModelId, ModelState,
    Output, RequestId, StartFailure, Timestamp,
};

use super::{Load, Process, Reference, Shutdown, Stage};

impl Reference {
    pub(super) fn begin_load(
        &mut self,
        now: Timestamp,
        target: ModelId,
        victims: Vec<ModelId>,
        first: RequestId,
    ) {
        let starting = matches!(
            self.process(target),
            Some(Process {
                stage: Stage::Starting { .. },
                ..
            })
        );
        // What goes on as it was is no news.
        if !starting || !victims.is_empty() {
            self.outputs.push(Output::Load {
                model: target,
                victims: victims.clone(),
                explanation: self.planner.explain(target, &self.running()),
            });
        }
        for &victim in &victims {
            self.loads.retain(|load| load.target != victim);
            self.stop(victim, None, Cause::Evicted { by: target });
        }
        self.loads.push(Load {
            target,
            victims,
            started: false,
        });
        self.loads.sort_by_key(|load| load.target);
        self.join(first);
        self.advance_load(now, target);
    }

    pub(super) fn advance_loads(&mut self, now: Timestamp) {
        let targets: Vec<ModelId> = self.loads.iter().map(|load| load.target).collect();
        for target in targets {
            self.advance_load(now, target);
        }
    }

    pub(super) fn advance_load(&mut self, now: Timestamp, target: ModelId) {
        let Some(at) = self.loads.iter().position(|load| load.target == target) else {
            return;
        };
        let in_the_way = self.loads[at]
            .victims
            .iter()
            .any(|&victim| self.process(victim).is_some());
        // A started load has already waited for its victims; whoever of them is back was let in beside it.
        if in_the_way && !self.loads[at].started {
            return;
        }
        if self.process(target).is_none() {
            self.loads[at].started = true;
            self.generations += 1;
            let generation = Generation(self.generations);
            let until = now + self.plan(target).start_timeout;
            self.models[target.index()].process = Some(Process {
                generation,
                stage: Stage::Starting { until },
            });
            self.tell_change(target, ModelState::Stopped, Cause::Requested);
            self.outputs.push(Output::Start {
                model: target,
                generation,
            });
        } else if self.is_ready(target) {
            let waiters = self.waiters(target);
            self.loads.remove(at);
            for waiter in waiters {
                self.grant(waiter);
            }
        }
    }

    pub(super) fn start_failed(
        &mut self,
        now: Timestamp,
        model: ModelId,
        generation: Generation,
        reason: StartFailure,
    ) {
        let state = &mut self.models[model.index()];
        state.failed_starts += 1;
        if state.failed_starts >= FAIL_FAST_AFTER {
            let mut pause = FAIL_FAST_SHORTEST;
            for _ in FAIL_FAST_AFTER..state.failed_starts {
                pause = (pause * 2).min(FAIL_FAST_LONGEST);
            }
            state.retry_at = Some(now + pause);
        }
        let waiters = self.waiters(model);
        self.loads.retain(|load| load.target != model);
        for waiter in waiters {
            self.fail(waiter, Failure::Start { generation, reason });
        }
    }

    pub(super) fn stop(&mut self, model: ModelId, grace: Option<Duration>, cause: Cause) {
        let Some(process) = self.process(model) else {
            return;
        };
        match process.stage {
            Stage::Starting { .. } => self.set_stage(model, Stage::Aborting { cause }, cause),
            Stage::Ready { .. } | Stage::Draining { .. } | Stage::Leaving => {
                self.set_stage(model, Stage::Stopping, cause);
            }
            Stage::Aborting { .. } | Stage::Stopping if grace.is_some() => {}
            Stage::Aborting { .. } | Stage::Stopping => return,
        }
        self.outputs.push(Output::Stop {
            model,
            generation: process.generation,
            grace: grace.unwrap_or(self.unload_timeouts[model.index()]),
        });
    }

    pub(super) fn stop_for_shutdown(&mut self, now: Timestamp, model: ModelId) {
        let (Shutdown::Draining { deadline } | Shutdown::Stopping { deadline }) = self.shutdown else {
            return;
        };
        // config.md 1.3: never less than a millisecond.
        let left = deadline.since(now).max(Duration::from_millis(1));
        let grace = left.min(self.unload_timeouts[model.index()]);
        self.stop(model, Some(grace), Cause::ShuttingDown);
    }

    pub(super) fn advance_unloads(&mut self) {
        for mut unload in std::mem::take(&mut self.unloads) {
            while unload
                .stages
                .front()
                .is_some_and(|stage| stage.targets.is_empty())
            {
                unload.stages.pop_front();
                unload.begun = false;
            }
            let Some(stage) = unload.stages.front() else {
                let command = unload.command;
                self.outputs.push(Output::Unloaded { command });
                continue;
            };
            if !unload.begun {
                for &(model, _) in &stage.targets {
                    self.stop(model, stage.grace, Cause::Unloaded);
                }
                unload.begun = true;
            }
            self.unloads.push(unload);
        }
    }

    pub(super) fn finish(&mut self) {
        let asked = matches!(
            self.shutdown,
            Shutdown::Draining { .. } | Shutdown::Stopping { .. }
        );
        if asked && self.models.iter().all(|model| model.process.is_none()) {
            self.shutdown = Shutdown::Finished;
            self.outputs.push(Output::Finished);
        }
    }

    pub(super) fn set_stage(&mut self, model: ModelId, stage: Stage, cause: Cause) {
        let from = self.visible(model);
        if let Some(process) = &mut self.models[model.index()].process {
            process.stage = stage;
        }
        self.tell_change(model, from, cause);
    }

    pub(super) fn tell_change(&mut self, model: ModelId, from: ModelState, cause: Cause) {
        let to = self.visible(model);
        if from != to {
            self.outputs.push(Output::Changed {
                model,
                from,
                to,
                cause,
            });
        }
    }
}
