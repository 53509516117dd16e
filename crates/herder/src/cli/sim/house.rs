//! A configuration as a place to simulate in: its models, its rules and the keys of its scheduler.

use std::time::Duration;

use herder_config::Router;
use herder_core::{FairPlan, Limit, ModelPlan, Plan, Strategy};
use herder_sim::workload::{House, Milliseconds, SimulatedModel, StartBehaviour};
use herder_sim::{Rules, StrategyName};

use crate::activity::costs::KeptCosts;
use crate::plan::{self, Planned};

/// How long loads take when the configuration does not say: a model of some gigabytes from a local disk.
const LOAD: Milliseconds = 6_000..=10_000;
/// How long stops take.
const STOP: Milliseconds = 200..=1_000;

/// The keys of the scheduler, for each strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Keys {
    limit: Limit,
    fair: FairPlan,
}

impl Keys {
    /// What the configuration says; the default for the strategy that it does not use.
    pub(super) fn of(plan: &Plan) -> Self {
        match plan.strategy {
            Strategy::Fifo { limit } => Self {
                limit,
                ..Self::default()
            },
            Strategy::Fair(fair) => Self {
                fair,
                ..Self::default()
            },
        }
    }

    pub(super) fn strategy(self, name: StrategyName) -> Strategy {
        match name {
            StrategyName::Fifo => Strategy::Fifo { limit: self.limit },
            StrategyName::Fair => Strategy::Fair(self.fair),
        }
    }
}

/// The models of a configuration that has been planned with.
pub(super) fn house(planned: &Planned) -> House {
    let (config, roster) = (&planned.loaded.config, &planned.roster);
    let rules = match &config.router {
        Router::Group(groups) => Rules::Groups(plan::group_specifications(roster, groups)),
        Router::Matrix(matrix) => Rules::Matrix(plan::matrix_specification(config, roster, matrix)),
    };
    let model = |(name, plan): (&str, &ModelPlan)| SimulatedModel {
        name: name.to_owned(),
        plan: plan.clone(),
        load: plan.load_time.map_or(LOAD, around),
        stop: STOP,
        start: StartBehaviour::Succeeds,
    };
    House {
        models: roster
            .ids()
            .filter_map(|id| Some((roster.name(id), planned.plan.models[id.index()].as_ref()?)))
            .map(model)
            .collect(),
        rules,
    }
}

/// Gives models the times that herder has measured of them.
pub(super) fn measure(house: &mut House, costs: &[KeptCosts]) {
    for model in &mut house.models {
        let Some(kept) = costs.iter().find(|kept| kept.model == model.name) else {
            continue;
        };
        for (times, measured) in [
            (&mut model.load, kept.costs.load),
            (&mut model.stop, kept.costs.stop),
        ] {
            if measured.count > 0 {
                *times = around(measured.mean);
            }
        }
    }
}

/// A quarter less to a quarter more.
fn around(time: Duration) -> Milliseconds {
    let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    milliseconds - milliseconds / 4..=milliseconds.saturating_add(milliseconds / 4)
}
