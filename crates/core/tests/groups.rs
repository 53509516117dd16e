//! Which models leave for a request under the group router: the verified table of spec/config.md 6.3.

use herder_core::ModelId;
use herder_core::planner::Planner;
use herder_core::planner::groups::{GroupPlanner, GroupSpecification};

fn group(swap: bool, exclusive: bool, persistent: bool, members: &[u32]) -> GroupSpecification {
    GroupSpecification {
        swap,
        exclusive,
        persistent,
        members: members.iter().copied().map(ModelId).collect(),
    }
}

/// Names separated by blanks, as ids: their places in `models`, which are sorted.
fn ids(models: &[&str], names: &str) -> Vec<ModelId> {
    let place = |name| models.binary_search(&name).expect("a model of the example");
    let ids = names.split_whitespace().map(place);
    ids.map(|place| ModelId(u32::try_from(place).expect("few models")))
        .collect()
}

/// Checks rows of running models, requested model and those that leave.
fn check(models: &[&str], groups: &[GroupSpecification], rows: &[(&str, &str, &str)]) {
    let planner = GroupPlanner::new(models.len(), groups);
    for (running, requested, leaving) in rows {
        let mut victims = Vec::new();
        planner.victims(ids(models, requested)[0], &ids(models, running), &mut victims);
        assert_eq!(victims, ids(models, leaving), "{running}: {requested}");
    }
}

#[test]
fn config_6_3_worked_examples() {
    let models = ["d1", "d2", "k1", "w1", "w2", "z"];
    let groups = [
        group(true, true, false, &[3, 4]),
        group(false, false, false, &[0, 1]),
        group(false, false, true, &[2]),
    ];
    let rows = [
        ("w1", "w2", "w1"),
        ("d1 d2 k1 z", "w1", "d1 d2 z"),
        // Quirk G1, kept: a non-exclusive group leaves an exclusive one alone.
        ("w1", "d1", ""),
        ("d1 w1", "d2", ""),
        ("d1 w1", "k1", ""),
        ("d1 k1 w1", "z", "d1 w1"),
        ("d1 w2 z", "w1", "d1 w2 z"),
    ];
    check(&models, &groups, &rows);
}

#[test]
fn config_6_3_without_groups_everybody_else_leaves() {
    let rows = [
        ("a c", "b", "a c"),
        ("a b", "b", "a"),
        ("", "b", ""),
        ("b", "b", ""),
    ];
    check(&["a", "b", "c"], &[], &rows);
}

#[test]
fn config_6_3_a_persistent_group_is_safe_from_others_only() {
    let rows = [("a c", "b", "a c"), ("a", "c", "")];
    check(&["a", "b", "c"], &[group(true, true, true, &[0, 1])], &rows);
}
