//! The matrix planner through its public face: grammar and mistakes (spec/config.md 5.1, 5.2), the worked examples
//! (5.4, 5.5), and sizes that no enumeration could handle.

use herder_core::ModelId;
use herder_core::planner::matrix::{
    DEPTH_LIMIT, MatrixError, MatrixErrorKind, MatrixPlanner, MatrixSpecification,
};
use herder_core::planner::{Explanation, Planner};

/// Models `m0`, `m1` and so on.
fn numbered_models(count: usize) -> Vec<(String, ModelId)> {
    numbered((0..count).map(|model| format!("m{model}")))
}

/// These models, numbered in their order.
fn numbered(names: impl IntoIterator<Item = String>) -> Vec<(String, ModelId)> {
    names.into_iter().zip((0..).map(ModelId)).collect()
}

fn specification(models: &[&str], sets: &[(&str, &str)]) -> MatrixSpecification {
    MatrixSpecification {
        models: numbered(models.iter().map(|name| (*name).to_owned())),
        sets: sets
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect(),
        ..MatrixSpecification::default()
    }
}

fn victims(planner: &MatrixPlanner, target: u32, running: &[u32]) -> Vec<u32> {
    let running: Vec<ModelId> = running.iter().copied().map(ModelId).collect();
    let mut victims = Vec::new();
    planner.victims(ModelId(target), &running, &mut victims);
    victims.into_iter().map(|model| model.0).collect()
}

#[track_caller]
fn planner(specification: &MatrixSpecification) -> MatrixPlanner {
    MatrixPlanner::new(specification).expect("the matrix is correct")
}

#[track_caller]
fn errors(specification: &MatrixSpecification) -> Vec<MatrixError> {
    MatrixPlanner::new(specification).expect_err("the matrix has mistakes")
}

fn model_id(specification: &MatrixSpecification, name: &str) -> ModelId {
    let found = specification.models.iter().find(|(model, _)| model == name);
    found.unwrap_or_else(|| panic!("no model {name}")).1
}

/// `-` or names between blanks, as ascending ids.
fn model_ids(specification: &MatrixSpecification, names: &str) -> Vec<ModelId> {
    let names = names.split_whitespace().filter(|name| *name != "-");
    let mut ids: Vec<ModelId> = names.map(|name| model_id(specification, name)).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn matrix_5_5_worked_examples() {
    let mut name = "";
    let mut specification = MatrixSpecification::default();
    let mut cases = 0;
    for line in include_str!("matrix_examples.txt").lines() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "" | "#" => {}
            "config" => (name, specification) = (rest, MatrixSpecification::default()),
            "models" => {
                let mut names: Vec<String> = rest.split_whitespace().map(str::to_owned).collect();
                names.sort();
                specification.models = numbered(names);
            }
            "var" => {
                let (variable, model) = rest.split_once(' ').unwrap();
                let model = model_id(&specification, model);
                specification.vars.push((variable.to_owned(), model));
            }
            "cost" => {
                let (model, cost) = rest.split_once(' ').unwrap();
                let model = model_id(&specification, model);
                specification.costs.push((model, cost.parse().unwrap()));
            }
            "set" => {
                let (set, text) = rest.split_once(" = ").unwrap();
                specification.sets.push((set.to_owned(), text.to_owned()));
            }
            "case" => {
                check_example(name, &specification, rest);
                cases += 1;
            }
            _ => panic!("cannot read {line:?}"),
        }
    }
    assert_eq!(cases, 23, "cases were lost or added");
}

#[track_caller]
fn check_example(config: &str, specification: &MatrixSpecification, case: &str) {
    let fields: Vec<&str> = case.split('|').map(str::trim).collect();
    let [id, running, target, evicted, set, cost, combination] = fields[..] else {
        panic!("seven fields: {case}")
    };
    let planner = planner(specification);
    let target = model_id(specification, target);
    let running = model_ids(specification, running);

    let mut victims = Vec::new();
    planner.victims(target, &running, &mut victims);
    assert_eq!(
        victims,
        model_ids(specification, evicted),
        "configuration {config}, case {id}"
    );
    let expected = Explanation::Matrix {
        set: specification.sets.iter().position(|(name, _)| name == set),
        combination: model_ids(specification, combination),
        cost: cost.parse().expect("the cost is a number"),
    };
    assert_eq!(
        planner.explain(target, &running),
        expected,
        "configuration {config}, case {id}"
    );
}

#[test]
fn matrix_5_2_mistakes_in_expressions() {
    let mut rows = 0;
    for line in include_str!("matrix_errors.txt").lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (text, expected) = line.split_once(" => ").unwrap();
        let (position, fragment) = expected.split_once(": ").unwrap();
        let text = text.replace("\\t", "\t").replace("\\n", "\n");
        let mut specification = specification(&["a", "b"], &[("good", "a"), ("m", &text)]);
        specification.vars = vec![("v".to_owned(), ModelId(0))];
        specification.aliases = vec![("other".to_owned(), ModelId(1))];
        let errors = errors(&specification);
        assert_eq!(errors.len(), 1, "{line}: {errors:?}");
        assert_eq!(errors[0].set.as_deref(), Some("m"), "{line}");
        assert_eq!(errors[0].position, position.parse().ok(), "{line}: {}", errors[0]);
        let message = errors[0].to_string();
        assert!(
            message.starts_with("set \"m\": ") && message.contains(fragment),
            "{line}: {message}"
        );
        rows += 1;
    }
    assert_eq!(rows, 27, "rows were lost or added");
}

#[test]
fn matrix_5_1_names_and_white_space() {
    let mut specification = specification(
        &["größe_1.5-B", "٣b", "x"],
        &[
            ("Set-1.a_ß", "größe_1.5-B\u{2003}&\r\n٣b"),
            ("s2", "((x))&+Set-1.a_ß | (v)"),
            ("free text!", "nick"),
        ],
    );
    specification.vars = vec![("v".to_owned(), ModelId(2))];
    specification.aliases = vec![("nick".to_owned(), ModelId(1))];
    let planner = planner(&specification);
    assert_eq!(planner.set_name(2), "free text!");
    assert_eq!(planner.set_expression(1), "((x))&+Set-1.a_ß | (v)");
    assert!(planner.can_run_together(&[ModelId(0), ModelId(1), ModelId(2)]));
}

#[test]
fn matrix_5_2_a_matrix_needs_a_set() {
    let errors = errors(&specification(&["a"], &[]));
    assert_eq!(
        errors,
        [MatrixError {
            set: None,
            position: None,
            kind: MatrixErrorKind::NoSets
        }]
    );
    assert_eq!(errors[0].to_string(), "must define at least one set");
}

#[test]
fn matrix_5_2_vars_and_costs() {
    let mut specification = specification(&["a"], &[("m", "a")]);
    let long = "n".repeat(33);
    let names = ["x_y", "", &long, "ü", "a b"];
    specification.vars = names
        .iter()
        .map(|name| ((*name).to_owned(), ModelId(0)))
        .collect();
    specification.vars.push((long[1..].to_owned(), ModelId(0)));
    specification.vars.push(("No-1.b".to_owned(), ModelId(1)));
    specification.costs = vec![(ModelId(0), 0), (ModelId(1), 5)];
    let messages: Vec<String> = errors(&specification).iter().map(ToString::to_string).collect();
    assert_eq!(messages.len(), 8, "{messages:?}");
    for (name, message) in names.iter().zip(&messages) {
        let expected = format!(
            "var {name:?} must contain only alphanumeric, '-' or '.' characters and be 1-32 characters long"
        );
        assert_eq!(*message, expected);
    }
    assert_eq!(messages[5], "var \"No-1.b\" references unknown model");
    assert_eq!(
        messages[6],
        "evict_costs: the cost of \"a\" must be a positive integer"
    );
    assert_eq!(messages[7], "evict_costs: unknown var or model");
}

#[test]
fn matrix_5_2_all_sets_report_at_once() {
    let sets = [
        ("one", "x & y"),
        ("two", "+three"),
        ("three", "a & +four"),
        ("four", "+two | +one"),
        ("five", "(a"),
        ("six", "+five & +none"),
    ];
    let messages: Vec<String> = errors(&specification(&["a"], &sets))
        .iter()
        .map(ToString::to_string)
        .collect();
    let expected = [
        "set \"one\": unknown var or model \"x\" at position 0",
        "set \"one\": unknown var or model \"y\" at position 4",
        "set \"four\": circular reference: two -> three -> four -> two at position 0",
        "set \"five\": missing closing parenthesis at position 0",
        "set \"six\": references undefined set \"none\" at position 8",
    ];
    assert_eq!(messages, expected);
}

#[test]
fn matrix_of_several_costs_for_a_model_the_largest_counts() {
    let mut specification = specification(&["a", "b", "t"], &[("m", "t & (a | b)")]);
    specification.costs = vec![(ModelId(1), 7), (ModelId(1), 2), (ModelId(0), 6)];
    let planner = planner(&specification);
    assert_eq!(victims(&planner, 2, &[0, 1]), [0]);
}

#[test]
fn matrix_costs_do_not_overflow() {
    let mut specification = specification(&["a", "b", "c", "t"], &[("m", "t & (a | b & c)")]);
    specification.costs = (0..3).map(|model| (ModelId(model), u64::MAX)).collect();
    let planner = planner(&specification);
    assert_eq!(victims(&planner, 3, &[0, 1, 2]), [0]);
    let Explanation::Matrix { cost, .. } = planner.explain(ModelId(3), &[ModelId(0), ModelId(1), ModelId(2)])
    else {
        panic!("a matrix planner explains with a matrix");
    };
    assert_eq!(cost, u64::MAX);
}

#[test]
fn matrix_models_outside_of_all_sets_are_evicted() {
    let planner = planner(&specification(&["a", "b", "x"], &[("m", "a & b")]));
    assert_eq!(victims(&planner, 0, &[1, 2]), [2]);
    assert_eq!(victims(&planner, 2, &[0, 1]), [0, 1]);
    assert_eq!(victims(&planner, 2, &[2]), [0; 0]);
}

#[test]
fn matrix_7_4_run_together() {
    let planner = planner(&specification(&["a", "b", "c", "x"], &[("m", "a & (b | c)")]));
    let together = |models: &[u32]| {
        let models: Vec<ModelId> = models.iter().copied().map(ModelId).collect();
        planner.can_run_together(&models)
    };
    assert!(together(&[0, 1]) && together(&[2, 0]) && together(&[1]) && together(&[]));
    assert!(!together(&[1, 2]) && !together(&[0, 3]) && !together(&[3]));
}

/// `(m0 | … | m9) & (m10 | … | m19) & …`
fn ten_groups_of_ten() -> MatrixPlanner {
    let group = |first: usize| -> String {
        let names: Vec<String> = (first..first + 10).map(|model| format!("m{model}")).collect();
        format!("({})", names.join(" | "))
    };
    let groups: Vec<String> = (0..10).map(|index| group(10 * index)).collect();
    let mut specification = specification(&[], &[("m", &groups.join(" & "))]);
    specification.models = numbered_models(100);
    planner(&specification)
}

#[test]
fn matrix_ten_groups_of_ten_as_they_run() {
    let planner = ten_groups_of_ten();
    let one_of_each: Vec<u32> = (0..10).map(|group| 10 * group + 3).collect();
    assert_eq!(victims(&planner, 47, &one_of_each), [43]);
    assert_eq!(victims(&planner, 47, &one_of_each[..4]), [0; 0]);
}

#[test]
fn matrix_ten_groups_of_ten_with_all_running() {
    let planner = ten_groups_of_ten();
    let running: Vec<u32> = (0..100).filter(|model| *model != 47).collect();
    // The first alternative of each group stays; in the group of the target only the target may.
    let kept: Vec<u32> = (0..10)
        .filter(|group| *group != 4)
        .map(|group| 10 * group)
        .collect();
    let expected: Vec<u32> = running
        .iter()
        .copied()
        .filter(|model| !kept.contains(model))
        .collect();
    assert_eq!(victims(&planner, 47, &running), expected);
}

#[test]
fn matrix_ten_groups_that_share_models_with_all_running() {
    // Each group may instead hold the shared model `s`, which is dear: it stays, with the dearest of the nine other
    // groups; the group that is given up for it is the one whose dearest is cheapest.
    let mut specification = specification(&[], &[]);
    let hundred = (0..100).map(|model| format!("m{model}"));
    specification.models = numbered(hundred.chain(["s".to_owned(), "t".to_owned()]));
    let groups: Vec<String> = (0..10)
        .map(|group| {
            let names: Vec<String> = (10 * group..10 * group + 10)
                .map(|model| format!("m{model}"))
                .collect();
            format!("({} | s)", names.join(" | "))
        })
        .collect();
    specification.sets = vec![("m".to_owned(), format!("t & {}", groups.join(" & ")))];
    specification.costs = (0..100)
        .map(|model| (ModelId(model), u64::from(1 + model % 10 + model / 10)))
        .collect();
    specification.costs.push((ModelId(100), 1000));
    let planner = planner(&specification);
    let running: Vec<u32> = (0..101).collect();
    // In each group the last costs most; group 0 has the cheapest of these.
    let kept: Vec<u32> = (1..10).map(|group| 10 * group + 9).chain([100]).collect();
    let expected: Vec<u32> = running
        .iter()
        .copied()
        .filter(|model| !kept.contains(model))
        .collect();
    assert_eq!(victims(&planner, 101, &running), expected);
}

#[test]
fn matrix_five_of_thirty_with_all_running() {
    // Every part is the same thirty alternatives, so that lists of combinations are long whatever is dropped: the
    // limits of the solver end it. The five dearest stay.
    let mut specification = specification(&[], &[]);
    specification.models = numbered_models(31);
    let names: Vec<String> = (0..30).map(|model| format!("m{model}")).collect();
    specification.sets = vec![
        ("any".to_owned(), names.join(" | ")),
        (
            "five".to_owned(),
            "m30 & +any & +any & +any & +any & +any".to_owned(),
        ),
    ];
    specification.costs = (0..30)
        .map(|model| (ModelId(model), u64::from(100 + model * 7 % 30)))
        .collect();
    let planner = planner(&specification);
    let running: Vec<u32> = (0..30).collect();
    let expected: Vec<u32> = running
        .iter()
        .copied()
        .filter(|model| model * 7 % 30 < 25)
        .collect();
    assert_eq!(victims(&planner, 30, &running), expected);
}

#[test]
fn matrix_hard_on_purpose_still_ends() {
    // Twelve parts of forty alternatives, each a union of three of 60 models: maximum coverage, which no algorithm solves
    // fast. The limits end the search with a combination that has the target.
    let mut specification = specification(&[], &[]);
    specification.models = numbered_models(61);
    let part = |part: usize| {
        let alternative = |index: usize| {
            let model = |factor: usize| (index * factor + part * 13 + index * index * part) % 60;
            format!("m{} & m{} & m{}", model(7), model(11) / 2, model(17) / 3)
        };
        format!("({})", (0..40).map(alternative).collect::<Vec<_>>().join(" | "))
    };
    let parts: Vec<String> = (0..12).map(part).collect();
    specification.sets = vec![("hard".to_owned(), format!("m60 & {}", parts.join(" & ")))];
    let planner = planner(&specification);
    let running: Vec<u32> = (0..60).collect();
    let victims = victims(&planner, 60, &running);
    // Twelve parts of at least one model each, and what is kept can run with the target.
    assert!(victims.len() <= 48, "{} of 60 evicted", victims.len());
    let kept: Vec<ModelId> = (0..61)
        .filter(|model| !victims.contains(model))
        .map(ModelId)
        .collect();
    assert!(planner.can_run_together(&kept[kept.len() - 2..]));
}

#[test]
fn matrix_two_hundred_models_in_a_set() {
    let mut specification = specification(&[], &[]);
    specification.models = numbered_models(202);
    let all: Vec<String> = (0..200).map(|model| format!("m{model}")).collect();
    specification.sets = vec![
        ("pairs".to_owned(), "m198 & m201 | m199 & m201".to_owned()),
        ("all".to_owned(), all.join(" & ")),
        ("alternatives".to_owned(), format!("({}) & m200", all.join("|"))),
    ];
    let planner = planner(&specification);
    let running: Vec<u32> = (0..150).chain(151..200).collect();
    assert_eq!(victims(&planner, 150, &running), [0; 0]);
    assert_eq!(victims(&planner, 200, &running), running[1..]);
    assert_eq!(victims(&planner, 201, &[64, 130, 199]), [64, 130]);
    let all: Vec<ModelId> = (0..200).map(ModelId).collect();
    assert!(planner.can_run_together(&all));
    assert!(!planner.can_run_together(&[ModelId(0), ModelId(1), ModelId(200)]));
}

#[test]
fn matrix_references_that_double_at_every_step() {
    // Written out, the last set would have 2^60 names.
    let mut specification = specification(&["a", "b"], &[("s0", "a | b")]);
    for set in 1..=60 {
        let operator = if set % 2 == 0 { "&" } else { "|" };
        let text = format!("+s{} {operator} +s{}", set - 1, set - 1);
        specification.sets.push((format!("s{set}"), text));
    }
    specification.sets.reverse();
    let planner = planner(&specification);
    assert_eq!(victims(&planner, 0, &[1]), [0; 0]);
    assert_eq!(planner.set_name(0), "s60");
}

#[test]
fn matrix_depth_is_limited() {
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    let planner = planner(&specification(&["a"], &[("m", &nested(DEPTH_LIMIT))]));
    assert!(planner.can_run_together(&[ModelId(0)]));
    for depth in [DEPTH_LIMIT + 1, 1_000_000] {
        let errors = errors(&specification(&["a"], &[("m", &nested(depth))]));
        assert_eq!(errors[0].kind, MatrixErrorKind::TooDeep);
        assert_eq!(errors[0].position, Some(DEPTH_LIMIT));
    }
}

#[test]
fn matrix_depth_counts_references() {
    // Each set is one reference deeper than the one before.
    let chain = |length: usize| {
        let mut specification = specification(&["a"], &[("s1", "a")]);
        for set in 2..=length {
            specification
                .sets
                .push((format!("s{set}"), format!("+s{}", set - 1)));
        }
        specification
    };
    let planner = planner(&chain(DEPTH_LIMIT));
    assert_eq!(victims(&planner, 0, &[]), [0; 0]);
    let errors = errors(&chain(100_000));
    assert_eq!(errors.len(), 1);
    assert_eq!(
        errors[0].set.as_deref(),
        Some(format!("s{}", DEPTH_LIMIT + 1).as_str())
    );
    assert_eq!(errors[0].kind, MatrixErrorKind::TooDeep);
}
