//! What kind of world it is: the configuration with which it begins, and how everybody behaves. All of it can be
//! drawn from one seed.

use std::ops::RangeInclusive;

use herder_core::Strategy;

use crate::setting::draw_fair;
use crate::{Random, Setting};

/// Most models of a drawn scenario; more would only make conflicts rarer.
const MOST_MODELS: u64 = 9;

/// Makes the source of `fair`'s keys another than that of everything else.
const FAIR_SEED: u64 = 0x6661_6972;

/// A world that has not begun.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The seed of everything that happens in it.
    pub seed: u64,
    /// The configuration with which it begins.
    pub setting: Setting,
    /// What processes, clients and operators do.
    pub behaviour: Behaviour,
    /// How it ends.
    pub ending: Ending,
}

/// How often and how long. Chances are per mille, ranges in milliseconds.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// From one arrival to the next.
    pub arrival_gap: RangeInclusive<u64>,
    /// How long a client holds a granted request.
    pub hold: RangeInclusive<u64>,
    /// A client leaves within its patience, wherever its request then is.
    pub leaves: u32,
    /// How long such a client stays.
    pub patience: RangeInclusive<u64>,
    /// From start to ready.
    pub load: RangeInclusive<u64>,
    /// From stop signal to exit.
    pub stop: RangeInclusive<u64>,
    /// A start finds no command to run.
    pub spawn_fails: u32,
    /// A process ends before it is ready.
    pub crashes_loading: u32,
    /// A process never becomes ready.
    pub hangs: u32,
    /// A ready process ends by itself some time later.
    pub crashes_ready: u32,
    /// A process that is told to stop goes on until it is killed.
    pub ignores_stop: u32,
    /// From one operator command to the next.
    pub operator_gap: RangeInclusive<u64>,
    /// From one change of the configuration to the next.
    pub reload_gap: RangeInclusive<u64>,
    /// From one report that concerns nobody to the next.
    pub stray_gap: RangeInclusive<u64>,
}

/// How a world ends. Both end with a shutdown after which nothing may be left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// New requests and commands cease, everything comes to rest, then the shutdown.
    Settled,
    /// The shutdown comes in the middle of everything.
    Abrupt,
}

impl Scenario {
    /// Draws a scenario.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let random = &mut Random::new(seed);
        let count = random.within(1..=MOST_MODELS) as usize;
        Self {
            seed,
            setting: Setting::draw(random, count),
            behaviour: draw_behaviour(random),
            ending: if random.chance(500) {
                Ending::Settled
            } else {
                Ending::Abrupt
            },
        }
    }

    /// Draws the same scenario as [`Self::from_seed`], but decided by `fair`, with keys drawn as well.
    #[must_use]
    pub fn fair_from_seed(seed: u64) -> Self {
        let mut scenario = Self::from_seed(seed);
        // Another source, so that the rest of the scenario stays as it is.
        let random = &mut Random::new(seed ^ FAIR_SEED);
        scenario.setting.strategy = Strategy::Fair(draw_fair(random));
        for model in scenario.setting.models.iter_mut().flatten() {
            model.queue_limit = [1, 3, 512][random.index(3)];
            model.load_time = random.chance(500).then(|| random.milliseconds(0..=20_000));
        }
        scenario
    }
}

impl Behaviour {
    /// Nothing happens by chance and everything at once; for tests that decide what happens themselves.
    #[must_use]
    pub fn still() -> Self {
        Self {
            arrival_gap: 0..=0,
            hold: 0..=0,
            leaves: 0,
            patience: 0..=0,
            load: 0..=0,
            stop: 0..=0,
            spawn_fails: 0,
            crashes_loading: 0,
            hangs: 0,
            crashes_ready: 0,
            ignores_stop: 0,
            operator_gap: 0..=0,
            reload_gap: 0..=0,
            stray_gap: 0..=0,
        }
    }
}

fn draw_behaviour(random: &mut Random) -> Behaviour {
    // Quiet worlds let idle clocks fire, busy ones fill the queue.
    let pace = [200, 1_000, 4_000, 20_000][random.index(4)];
    let trouble = [0, 30, 200][random.index(3)];
    Behaviour {
        arrival_gap: 0..=pace,
        hold: 0..=[500, 5_000, 30_000][random.index(3)],
        leaves: [0, 150, 600][random.index(3)],
        patience: 0..=20_000,
        load: 20..=[1_000, 10_000, 70_000][random.index(3)],
        stop: 0..=3_000,
        spawn_fails: trouble / 2,
        crashes_loading: trouble,
        hangs: trouble / 2,
        crashes_ready: trouble * 2,
        ignores_stop: trouble * 2,
        operator_gap: 1_000..=pace * [20, 200][random.index(2)],
        reload_gap: 1_000..=pace * [10, 100][random.index(2)],
        stray_gap: 100..=pace * 10,
    }
}
