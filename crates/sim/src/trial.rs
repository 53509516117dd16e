//! One herd on the bench: every input is recorded, every answer examined.

use std::collections::VecDeque;
use std::fmt;

use herder_core::planner::matrix::MatrixError;
use herder_core::{Herd, Output, Strategy, Timestamp};

use crate::audit::Audit;
use crate::reference::Reference;
use crate::{Digest, Input, Scenario};

/// How many of the last inputs a failure shows: enough to see how it came about, little enough to read.
const HISTORY_LENGTH: usize = 50;

/// What is examined after every input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checks {
    /// Nothing; to measure the core.
    Off,
    /// That the [`Audit`] has no complaint and, with `fifo`, that the outputs are those of the [`Reference`].
    On,
}

/// A herd under examination.
#[derive(Debug)]
pub struct Trial {
    herd: Herd,
    /// The reference knows `fifo` only.
    examiners: Option<Box<(Option<Reference>, Audit)>>,
    seed: u64,
    inputs: u64,
    digest: Digest,
    history: VecDeque<Record>,
    outputs: Vec<Output>,
}

/// An input and what the herd said to it.
#[derive(Debug, Clone)]
pub struct Record {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub input: Input,
    /// What the herd said, in order.
    pub outputs: Vec<Output>,
}

/// Something that must not be.
#[derive(Debug, Clone)]
pub struct Violation {
    /// The seed of the world in which it was seen.
    pub seed: u64,
    /// How many inputs the herd had been given.
    pub inputs: u64,
    /// What is wrong.
    pub complaint: String,
    /// How it came about; the last is the one that broke the rule.
    pub history: Vec<Record>,
}

impl Trial {
    /// A new herd for this scenario.
    ///
    /// # Errors
    /// When the matrix of the scenario contradicts itself.
    pub fn new(scenario: &Scenario, checks: Checks) -> Result<Self, Vec<MatrixError>> {
        let examiners = match checks {
            Checks::Off => None,
            Checks::On => Some(Box::new((
                match scenario.setting.strategy {
                    Strategy::Fifo { limit } => Some(Reference::new(scenario.setting.plan()?, limit)),
                    Strategy::Fair(_) => None,
                },
                Audit::new(scenario.setting.clone()),
            ))),
        };
        Ok(Self {
            herd: Herd::new(scenario.setting.plan()?),
            examiners,
            seed: scenario.seed,
            inputs: 0,
            digest: Digest::new(),
            history: VecDeque::new(),
            outputs: Vec::new(),
        })
    }

    /// The herd.
    #[must_use]
    pub fn herd(&self) -> &Herd {
        &self.herd
    }

    /// The naive herd beside it, when checks are on and the strategy is `fifo`.
    #[must_use]
    pub fn reference(&self) -> Option<&Reference> {
        self.examiners.as_ref()?.0.as_ref()
    }

    /// What the herd has said since the last call, in order.
    pub fn take_outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }

    /// A fingerprint of everything it has ever said.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// How many inputs it has been given.
    #[must_use]
    pub fn inputs(&self) -> u64 {
        self.inputs
    }

    /// Feeds one input and drains the outputs.
    ///
    /// # Errors
    /// When a check fails.
    pub fn feed(&mut self, now: Timestamp, input: &Input) -> Result<(), Box<Violation>> {
        self.inputs += 1;
        let first = self.outputs.len();
        if self.examiners.is_some() {
            // Written down before the call, so that it is there if the call panics.
            if self.history.len() == HISTORY_LENGTH {
                self.history.pop_front();
            }
            self.history.push_back(Record {
                at: now,
                input: input.clone(),
                outputs: Vec::new(),
            });
        }
        input.feed(now, &mut self.herd);
        while let Some(output) = self.herd.poll_output() {
            self.digest.absorb(now, &output);
            self.outputs.push(output);
        }
        let Some(examiners) = self.examiners.as_deref_mut() else {
            return Ok(());
        };
        let said = &self.outputs[first..];
        if let Some(record) = self.history.back_mut() {
            record.outputs = said.to_vec();
        }
        let (reference, audit) = examiners;
        let complaint = audit
            .examine(now, input, said, &self.herd)
            .and_then(|()| match reference {
                Some(reference) => compare(reference, now, input, said, &self.herd),
                None => Ok(()),
            });
        complaint.map_err(|complaint| Box::new(self.violation(complaint)))
    }

    /// A violation with everything that is known about its history.
    #[must_use]
    pub fn violation(&self, complaint: String) -> Violation {
        Violation {
            seed: self.seed,
            inputs: self.inputs,
            complaint,
            history: self.history.iter().cloned().collect(),
        }
    }
}

fn compare(
    reference: &mut Reference,
    now: Timestamp,
    input: &Input,
    said: &[Output],
    herd: &Herd,
) -> Result<(), String> {
    let expected = reference.outputs_for(now, input);
    if said != expected {
        let expected: Vec<String> = expected
            .iter()
            .map(|output| format!("\n      {output:?}"))
            .collect();
        return Err(format!("the reference says otherwise:{}", expected.concat()));
    }
    for (request, expected) in reference.places() {
        let said = herd.position(request);
        if said != expected {
            return Err(format!(
                "{request:?} has place {said:?}, the reference says {expected:?}"
            ));
        }
    }
    let (asked, expected) = (herd.poll_timeout(), reference.timeout_at());
    if asked != expected {
        return Err(format!("poll_timeout says {asked:?}, the reference {expected:?}"));
    }
    Ok(())
}

impl fmt::Display for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} {:?}", self.at.0, self.input)?;
        for output in &self.outputs {
            write!(formatter, "\n      {output:?}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "the last {} inputs:", self.history.len())?;
        for record in &self.history {
            writeln!(formatter, "  {record}")?;
        }
        write!(
            formatter,
            "seed {}, input {}: {}",
            self.seed, self.inputs, self.complaint
        )
    }
}

impl std::error::Error for Violation {}
