//! w8: what really happened, as a workload. Who wanted which model when, and how long it took, comes from an activity
//! log. How long loads and stops take is the house's affair.

use std::collections::BTreeMap;
use std::time::Duration;

use herder_core::{ModelId, Timestamp};

use super::{Arrival, House, SimulatedModel, Workload};
use crate::Rules;

/// How long after the last arrival a replay is watched. Who still waits then is as good as starved.
const TAIL: Duration = Duration::from_secs(3600);

/// One request of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The model it was for.
    pub model: String,
    /// When it came, since any origin that all of the log shares.
    pub arrived: Duration,
    /// How long it was served, without its wait where that is known.
    pub service: Duration,
}

/// Why a log is no workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplayError {
    /// It has no rows.
    Empty,
    /// The configuration has none of the models that were wanted.
    Foreign {
        /// The models of the log.
        wanted: Vec<String>,
    },
}

/// A workload from a log, and how many of its rows are for models that the house does not have and were left out.
///
/// Without a house the log's own models exclude each other and take 6 to 10 s to load.
///
/// # Errors
/// When nothing is left to replay.
pub fn replay(house: Option<House>, log: &[Recorded]) -> Result<(Workload, usize), ReplayError> {
    let house = house.unwrap_or_else(|| house_of(log));
    let ids: BTreeMap<&str, ModelId> = house
        .models
        .iter()
        .zip(0..)
        .map(|(model, id)| (model.name.as_str(), ModelId(id)))
        .collect();
    let known = |row: &Recorded| Some((*ids.get(row.model.as_str())?, row.arrived, row.service));
    let rows: Vec<(ModelId, Duration, Duration)> = log.iter().filter_map(known).collect();
    let Some(origin) = rows.iter().map(|&(_, arrived, _)| arrived).min() else {
        return Err(if log.is_empty() {
            ReplayError::Empty
        } else {
            ReplayError::Foreign {
                wanted: models_of(log),
            }
        });
    };
    let mut arrivals: Vec<Arrival> = rows
        .into_iter()
        .map(|(model, arrived, service)| Arrival {
            at: Timestamp(arrived.saturating_sub(origin)),
            model,
            service,
        })
        .collect();
    arrivals.sort_by_key(|arrival| arrival.at);
    let last = arrivals.last().map_or(Duration::ZERO, |arrival| arrival.at.0);
    let left_out = log.len() - arrivals.len();
    let workload = Workload {
        name: "w8".to_owned(),
        description: format!("{} recorded requests over {} s", arrivals.len(), last.as_secs()),
        shape: None,
        arrivals,
        agents: Vec::new(),
        horizon: last + TAIL,
        house,
    };
    Ok((workload, left_out))
}

fn models_of(log: &[Recorded]) -> Vec<String> {
    let mut names: Vec<String> = log.iter().map(|row| row.model.clone()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn house_of(log: &[Recorded]) -> House {
    let model = |name: &String| SimulatedModel::of(name, 6_000..=10_000, 200..=1_000);
    House {
        models: models_of(log).iter().map(model).collect(),
        rules: Rules::Groups(Vec::new()),
    }
}

impl std::fmt::Display for ReplayError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => write!(formatter, "the log holds no requests"),
            Self::Foreign { wanted } => write!(
                formatter,
                "the configuration has none of the models in the log: {}",
                wanted.join(", ")
            ),
        }
    }
}

impl std::error::Error for ReplayError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(model: &str, arrived: u64) -> Recorded {
        Recorded {
            model: model.to_owned(),
            arrived: Duration::from_secs(arrived),
            service: Duration::from_secs(1),
        }
    }

    #[test]
    fn a_log_is_played_in_order_of_arrival_from_its_first_request() {
        let (workload, left_out) = replay(None, &[row("b", 170), row("a", 100), row("b", 130)]).unwrap();
        let seen: Vec<(u64, u32)> = workload
            .arrivals
            .iter()
            .map(|arrival| (arrival.at.0.as_secs(), arrival.model.0))
            .collect();
        assert_eq!((seen, left_out), (vec![(0, 0), (30, 1), (70, 1)], 0));
    }

    #[test]
    fn models_that_the_house_lacks_are_left_out_and_counted() {
        let house = House {
            models: vec![SimulatedModel::of("a", 1..=1, 1..=1)],
            rules: Rules::Groups(Vec::new()),
        };
        let (workload, left_out) = replay(Some(house.clone()), &[row("b", 1), row("a", 5)]).unwrap();
        assert_eq!((workload.arrivals.len(), left_out), (1, 1));
        assert_eq!(workload.arrivals[0].at, Timestamp::default());
        let foreign = replay(Some(house), &[row("c", 1), row("b", 1)]).unwrap_err();
        assert_eq!(
            foreign.to_string(),
            "the configuration has none of the models in the log: b, c"
        );
        assert_eq!(replay(None, &[]).unwrap_err(), ReplayError::Empty);
    }
}
