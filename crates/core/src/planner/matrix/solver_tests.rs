//! The solver against the letter of the specification: random expressions over few models, evaluated here by plain
//! enumeration (for the cost) and by the lists of 5.4 b (for the victims).

use std::fmt::Write as _;

use super::solver::Limits;
use super::{DEPTH_LIMIT, MatrixPlanner, MatrixSpecification};
use crate::ModelId;
use crate::planner::{Explanation, Planner};

const MODELS: u64 = 8;

/// Random cases for each test.
const CASES: u64 = 3_000;

/// Work limits with which the lists of 5.4 b are never made.
const NO_ENUMERATION: Limits = Limits {
    enumeration: 0,
    ..Limits::DEFAULT
};

#[derive(Debug)]
enum Tree {
    Model(usize),
    Set(usize),
    Any(Vec<Tree>),
    All(Vec<Tree>),
}

/// A small generator of numbers (SplitMix64), so that a failure can be repeated from its seed.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> usize {
        (self.next() % limit) as usize
    }
}

/// A tree over the models that may refer to the `usable` sets.
fn random_tree(numbers: &mut Numbers, depth: usize, usable: &[usize]) -> Tree {
    match numbers.below(if depth == 0 { 4 } else { 12 }) {
        0 if !usable.is_empty() => Tree::Set(usable[numbers.below(usable.len() as u64)]),
        0..4 => Tree::Model(numbers.below(MODELS)),
        kind => {
            let count = 2 + numbers.below(3);
            let children = (0..count)
                .map(|_| random_tree(numbers, depth - 1, usable))
                .collect();
            if kind < 8 {
                Tree::Any(children)
            } else {
                Tree::All(children)
            }
        }
    }
}

fn write_tree(tree: &Tree, text: &mut String) {
    let (children, separator) = match tree {
        Tree::Model(model) => return write!(text, "m{model}").unwrap(),
        Tree::Set(set) => return write!(text, "+s{set}").unwrap(),
        Tree::Any(children) => (children, "|"),
        Tree::All(children) => (children, " & "),
    };
    for (index, child) in children.iter().enumerate() {
        text.push_str(if index == 0 { "" } else { separator });
        let grouped = matches!(child, Tree::Any(_) | Tree::All(_));
        text.push_str(if grouped { "(" } else { "" });
        write_tree(child, text);
        text.push_str(if grouped { ")" } else { "" });
    }
}

/// 5.3: all combinations, ascending as numbers whose bits are the models.
fn combinations(tree: &Tree, sets: &[Tree]) -> Vec<u32> {
    let mut found = [false; 1 << MODELS];
    match tree {
        Tree::Model(model) => return vec![1 << model],
        Tree::Set(set) => return combinations(&sets[*set], sets),
        Tree::Any(children) => {
            for combination in children.iter().flat_map(|child| combinations(child, sets)) {
                found[combination as usize] = true;
            }
        }
        Tree::All(children) => {
            found[0] = true;
            for child in children {
                let parts = combinations(child, sets);
                let unions = std::mem::replace(&mut found, [false; 1 << MODELS]);
                for union in (0..1 << MODELS).filter(|union| unions[*union]) {
                    for part in &parts {
                        found[union | *part as usize] = true;
                    }
                }
            }
        }
    }
    (0..1 << MODELS)
        .filter(|combination| found[*combination as usize])
        .collect()
}

/// 5.4 b, word for word.
fn ordered_list(tree: &Tree, sets: &[Tree], live: u32) -> Vec<u32> {
    fn insert(list: &mut Vec<u32>, combination: u32) {
        if list.iter().all(|other| combination & !other != 0) {
            list.retain(|other| other & !combination != 0);
            list.push(combination);
        }
    }
    match tree {
        Tree::Model(model) => vec![1 << model & live],
        Tree::Set(set) => ordered_list(&sets[*set], sets, live),
        Tree::Any(children) => {
            let mut list = Vec::new();
            for child in children {
                ordered_list(child, sets, live)
                    .into_iter()
                    .for_each(|part| insert(&mut list, part));
            }
            list
        }
        Tree::All(children) => {
            let mut list = vec![0];
            for child in children {
                let parts = ordered_list(child, sets, live);
                let mut unions = Vec::new();
                for union in list {
                    parts.iter().for_each(|part| insert(&mut unions, union | part));
                }
                list = unions;
            }
            list
        }
    }
}

/// One random question with the answers of the specification.
struct Case {
    specification: MatrixSpecification,
    sets: Vec<Tree>,
    target: usize,
    running: u32,
    cost: u64,
    /// The set and the models kept, target included; `None` when no set has the target.
    winner: Option<(usize, u32)>,
}

impl Case {
    fn random(seed: u64) -> Self {
        let mut numbers = Numbers(seed);
        let count = 1 + numbers.below(4);
        // Sets may refer to those of lower rank, so that there is no loop.
        let ranks: Vec<u64> = (0..count).map(|_| numbers.next()).collect();
        let sets: Vec<Tree> = (0..count)
            .map(|set| {
                let usable: Vec<usize> = (0..count).filter(|other| ranks[*other] < ranks[set]).collect();
                random_tree(&mut numbers, 3, &usable)
            })
            .collect();
        let costs: Vec<u64> = (0..MODELS).map(|_| 1 + numbers.below(3) as u64).collect();
        let target = numbers.below(MODELS);
        let running = numbers.below(1 << MODELS) as u32 & !(1 << target);

        let cost_of = |models: u32| -> u64 {
            (0..MODELS as usize)
                .filter(|model| models >> model & 1 == 1)
                .map(|model| costs[model])
                .sum()
        };
        let has_target = |combination: &u32| combination >> target & 1 == 1;
        let cheapest = sets
            .iter()
            .flat_map(|set| combinations(set, &sets))
            .filter(has_target);
        let cost = cheapest
            .map(|combination| cost_of(running & !combination))
            .min()
            .unwrap_or(cost_of(running));
        let live = running | 1 << target;
        let listed = sets.iter().enumerate().flat_map(|(index, set)| {
            let list = ordered_list(set, &sets, live).into_iter();
            list.map(move |combination| (index, combination))
        });
        let winner = listed
            .filter(|(_, combination)| has_target(combination))
            .min_by_key(|(_, combination)| cost_of(running & !combination));

        let expressions = sets.iter().enumerate().map(|(index, set)| {
            let mut text = String::new();
            write_tree(set, &mut text);
            (format!("s{index}"), text)
        });
        let specification = MatrixSpecification {
            models: (0..MODELS as u32)
                .map(|model| (format!("m{model}"), ModelId(model)))
                .collect(),
            costs: (0..).map(ModelId).zip(costs.iter().copied()).collect(),
            sets: expressions.collect(),
            ..MatrixSpecification::default()
        };
        Self {
            specification,
            sets,
            target,
            running,
            cost,
            winner,
        }
    }

    fn planner(&self, limits: Limits) -> MatrixPlanner {
        let mut planner = MatrixPlanner::new(&self.specification).expect("generated expressions are valid");
        planner.limits = limits;
        planner
    }

    fn target(&self) -> ModelId {
        ModelId(self.target as u32)
    }
}

fn models(bits: u32) -> Vec<ModelId> {
    (0..MODELS as u32)
        .filter(|model| bits >> model & 1 == 1)
        .map(ModelId)
        .collect()
}

fn bits(models: &[ModelId]) -> u32 {
    models.iter().fold(0, |bits, model| bits | 1 << model.0)
}

#[test]
fn matrix_5_4_choice_is_that_of_the_specification() {
    for seed in 0..CASES {
        let case = Case::random(seed);
        let planner = case.planner(Limits::DEFAULT);
        let running = models(case.running);
        let kept = case.winner.map_or(1 << case.target, |(_, kept)| kept);
        let mut victims = Vec::new();
        planner.victims(case.target(), &running, &mut victims);
        assert_eq!(
            victims,
            models(case.running & !kept),
            "seed {seed}: {:?}",
            case.specification
        );
        let expected = Explanation::Matrix {
            set: case.winner.map(|(set, _)| set),
            combination: models(kept),
            cost: case.cost,
        };
        let explanation = planner.explain(case.target(), &running);
        assert_eq!(explanation, expected, "seed {seed}: {:?}", case.specification);
    }
}

#[test]
fn matrix_without_enumeration_the_cost_is_the_same() {
    for seed in 0..CASES {
        let case = Case::random(seed);
        let planner = case.planner(NO_ENUMERATION);
        let running = models(case.running);
        let Explanation::Matrix {
            set,
            combination,
            cost,
        } = planner.explain(case.target(), &running)
        else {
            panic!("a matrix planner explains with a matrix");
        };
        assert_eq!(cost, case.cost, "seed {seed}: {:?}", case.specification);
        if let Some(set) = set {
            let kept = bits(&combination);
            let permitted = combinations(&case.sets[set], &case.sets)
                .into_iter()
                .any(|all| kept & !all == 0);
            assert!(permitted, "seed {seed}: {:?}", case.specification);
        }
    }
}

#[test]
fn matrix_with_the_shortest_lists_the_choice_is_still_permitted() {
    let limits = Limits {
        enumeration: 0,
        undominated: 1,
        dominance: 0,
        undominated_when_hurried: 1,
    };
    let mut dearer = 0;
    for seed in 0..CASES {
        let case = Case::random(seed);
        let planner = case.planner(limits);
        let Explanation::Matrix {
            set,
            combination,
            cost,
        } = planner.explain(case.target(), &models(case.running))
        else {
            panic!("a matrix planner explains with a matrix");
        };
        assert_eq!(
            set.is_some(),
            case.winner.is_some(),
            "seed {seed}: {:?}",
            case.specification
        );
        assert!(cost >= case.cost, "seed {seed}: {:?}", case.specification);
        dearer += u32::from(cost > case.cost);
        if let Some(set) = set {
            let kept = bits(&combination);
            assert!(
                kept >> case.target & 1 == 1,
                "seed {seed}: {:?}",
                case.specification
            );
            let permitted = combinations(&case.sets[set], &case.sets)
                .into_iter()
                .any(|all| kept & !all == 0);
            assert!(permitted, "seed {seed}: {:?}", case.specification);
        }
    }
    assert!(
        dearer > 0,
        "one combination per list was always enough: this test tests nothing"
    );
}

#[test]
fn matrix_7_4_run_together_is_containment_in_one_combination() {
    for seed in 0..CASES {
        let case = Case::random(seed);
        let planner = case.planner(Limits::DEFAULT);
        let together = case.sets.iter().flat_map(|set| combinations(set, &case.sets));
        let together = together
            .into_iter()
            .any(|combination| case.running & !combination == 0);
        assert_eq!(
            planner.can_run_together(&models(case.running)),
            together,
            "seed {seed}"
        );
    }
}

#[test]
fn matrix_deepest_sharing_expression_fits_the_stack() {
    // ((a & b | a) & b | a) …: every level shares models with the next, so all three ways of solving descend.
    let mut text = "a".to_owned();
    for _ in 1..DEPTH_LIMIT / 2 {
        text = format!("({text}) & b | a");
    }
    let specification = MatrixSpecification {
        models: vec![("a".to_owned(), ModelId(0)), ("b".to_owned(), ModelId(1))],
        sets: vec![("deep".to_owned(), format!("({text}) & b"))],
        ..MatrixSpecification::default()
    };
    for limits in [Limits::DEFAULT, NO_ENUMERATION] {
        let mut planner = MatrixPlanner::new(&specification).unwrap();
        planner.limits = limits;
        let mut victims = Vec::new();
        planner.victims(ModelId(1), &[ModelId(0)], &mut victims);
        assert!(victims.is_empty());
    }
}

/// Twelve more than there are models, so that there are IDs without one.
const ID_COUNT: u64 = MODELS + 12;

/// An ID for each model, in no order and with gaps.
fn random_ids(numbers: &mut Numbers) -> Vec<ModelId> {
    let mut ids: Vec<ModelId> = (0..ID_COUNT as u32).map(ModelId).collect();
    for place in 0..MODELS as usize {
        let other = place + numbers.below(ID_COUNT - place as u64);
        ids.swap(place, other);
    }
    ids.truncate(MODELS as usize);
    ids
}

#[test]
fn matrix_numbers_of_models_change_no_decision() {
    let hurried = Limits {
        dominance: 0,
        undominated_when_hurried: 1,
        ..NO_ENUMERATION
    };
    for (seed, limits) in (0..CASES).zip([Limits::DEFAULT, NO_ENUMERATION, hurried].into_iter().cycle()) {
        let case = Case::random(seed);
        let ids = random_ids(&mut Numbers(seed));
        let id = |model: ModelId| ids[model.index()];
        let mut specification = case.specification.clone();
        for (_, model) in &mut specification.models {
            *model = id(*model);
        }
        for (model, _) in &mut specification.costs {
            *model = id(*model);
        }
        let mut renumbered = MatrixPlanner::new(&specification).expect("only numbers are others");
        renumbered.limits = limits;
        let renumber = |models: &[ModelId]| {
            let mut renumbered: Vec<ModelId> = models.iter().copied().map(id).collect();
            renumbered.sort_unstable();
            renumbered
        };

        let (planner, running) = (case.planner(limits), models(case.running));
        let mut expected = Vec::new();
        planner.victims(case.target(), &running, &mut expected);
        let (target, running_renumbered) = (id(case.target()), renumber(&running));
        let mut victims = Vec::new();
        renumbered.victims(target, &running_renumbered, &mut victims);
        assert_eq!(victims, renumber(&expected), "seed {seed}: {specification:?}");

        let Explanation::Matrix {
            set,
            combination,
            cost,
        } = planner.explain(case.target(), &running)
        else {
            panic!("a matrix planner explains with a matrix");
        };
        let expected = Explanation::Matrix {
            set,
            combination: renumber(&combination),
            cost,
        };
        let explanation = renumbered.explain(target, &running_renumbered);
        assert_eq!(explanation, expected, "seed {seed}: {specification:?}");
    }
}
