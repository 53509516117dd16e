//! The core's face as data: everything that can be told to a [`Herd`].

use std::time::Duration;

use herder_core::{CommandId, Exit, Generation, Herd, ModelId, RequestId, Timestamp};

use crate::Setting;

/// One call of one method of [`Herd`]; the variants are named after the methods.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the arguments of the method")]
pub enum Input {
    /// [`Herd::handle_request`]
    Request { request: RequestId, model: ModelId },
    /// [`Herd::handle_cancel`]
    Cancel { request: RequestId },
    /// [`Herd::handle_done`]
    Done { request: RequestId },
    /// [`Herd::handle_ready`]
    Ready { model: ModelId, generation: Generation },
    /// [`Herd::handle_exited`]
    Exited {
        model: ModelId,
        generation: Generation,
        exit: Exit,
    },
    /// [`Herd::handle_timeout`]
    Timeout,
    /// [`Herd::unload`]
    Unload {
        command: CommandId,
        models: Vec<ModelId>,
        grace: Option<Duration>,
    },
    /// [`Herd::shutdown`]
    Shutdown { deadline: Timestamp },
    /// [`Herd::reconfigure`]
    Reconfigure {
        setting: Box<Setting>,
        outdated: Vec<ModelId>,
        drain_until: Timestamp,
    },
}

impl Input {
    /// Makes the call.
    pub fn feed(&self, now: Timestamp, herd: &mut Herd) {
        match *self {
            Self::Request { request, model } => herd.handle_request(now, request, model),
            Self::Cancel { request } => herd.handle_cancel(now, request),
            Self::Done { request } => herd.handle_done(now, request),
            Self::Ready { model, generation } => herd.handle_ready(now, model, generation),
            Self::Exited {
                model,
                generation,
                exit,
            } => herd.handle_exited(now, model, generation, exit),
            Self::Timeout => herd.handle_timeout(now),
            Self::Unload {
                command,
                ref models,
                grace,
            } => herd.unload(now, command, models, grace),
            Self::Shutdown { deadline } => herd.shutdown(now, deadline),
            Self::Reconfigure {
                ref setting,
                ref outdated,
                drain_until,
            } => herd.reconfigure(now, setting.sound_plan(), outdated, drain_until),
        }
    }
}
