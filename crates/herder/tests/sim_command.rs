//! `herder sim` as people and scripts start it: its table, its JSON, its chart, and what it says about bad input.

use std::path::Path;
use std::process::Command;

use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

const THREE_MODELS: &str = "
models:
  oak: {cmd: 'x ${PORT}', concurrencyLimit: 3}
  elm: {cmd: 'x ${PORT}'}
  fir: {cmd: 'x ${PORT}', loadTime: 2s}
routing:
  scheduler: {use: fair, settings: {fair: {maxWait: 7s}}}
";

/// Exit code, standard output, standard error.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_herder"))
        .arg("sim")
        .args(arguments)
        .env("NO_COLOR", "1")
        .output()
        .expect("the program can be started");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes text");
    let code = output.status.code().expect("the program ends by itself");
    (code, text(output.stdout), text(output.stderr))
}

fn json(arguments: &[&str]) -> Value {
    let (code, stdout, stderr) = run(arguments);
    assert_eq!(code, 0, "{stderr}");
    serde_json::from_str(&stdout).expect("it is JSON")
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("the temporary folder is writable")
}

fn file(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("the temporary folder is writable");
    plain(&path)
}

fn plain(path: &Path) -> String {
    path.to_str().expect("a plain path").to_owned()
}

#[track_caller]
fn contains(text: &str, fragments: &[&str]) {
    for fragment in fragments {
        assert!(text.contains(fragment), "{fragment:?} is missing in:\n{text}");
    }
}

#[test]
fn the_table_shows_both_strategies_and_what_must_come_out() {
    let (code, first, stderr) = run(&["-workload", "w4"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    contains(
        &first,
        &[
            "w4: 200 requests for the second model",
            "(seed 1)",
            "\n  fifo: 1 load, ",
            "\n  fair: ",
            " bound ",
            " 0 violations\n",
            "model  loads  requests  served  per s  refused  failed  waiting",
            "\n    all ",
            "must come out:",
            "\n    pass  fair: nobody below queueLimit is refused, refused 0\n",
        ],
    );
    assert!(!first.contains("FAIL"), "{first}");
    assert_eq!(run(&["-workload", "w4", "-seed", "1"]).1, first);
    assert_ne!(run(&["-workload", "w4", "-seed", "2"]).1, first);
    let (_, fifo, _) = run(&["-workload", "w4", "-strategy", "fifo"]);
    assert!(fifo.contains("fifo: ") && !fifo.contains("fair: "), "{fifo}");
}

#[test]
fn json_has_the_figures_of_the_table() {
    let all = json(&["-workload", "w2", "-json", "-seed", "3"]);
    let comparison = &all[0];
    assert_eq!(comparison["workload"], "w2");
    assert_eq!(comparison["seed"], 3);
    let (fifo, fair) = (&comparison["strategies"][0], &comparison["strategies"][1]);
    assert_eq!(
        (&fifo["strategy"], &fair["strategy"]),
        (&"fifo".into(), &"fair".into())
    );
    assert_eq!((&fifo["bound"], &fifo["violations"]), (&Value::Null, &0.into()));
    for strategy in [fifo, fair] {
        let whole = &strategy["overall"];
        for key in ["loads", "requests", "served", "refused", "failed", "waiting"] {
            let models = strategy["models"].as_array().expect("a list");
            let sum: u64 = models.iter().filter_map(|model| model[key].as_u64()).sum();
            assert_eq!(whole[key].as_u64(), Some(sum), "{key}");
        }
        let wait = &whole["wait"];
        let mut before = 0.0;
        for key in ["shortest", "p50", "p95", "p99", "longest"] {
            let value = wait[key].as_f64().expect("a number");
            assert!(value >= before, "{key}: {wait}");
            before = value;
        }
        assert!(
            strategy["swapping"]
                .as_f64()
                .is_some_and(|share| (0.0..=1.0).contains(&share))
        );
    }
    let findings = comparison["must_come_out"].as_array().expect("a list");
    assert_eq!(findings.len(), 4);
    assert!(
        findings.iter().all(|finding| finding["holds"] == true),
        "{findings:?}"
    );
}

#[test]
fn the_chart_is_written_as_svg() {
    let folder = folder();
    let chart = plain(&folder.path().join("chart.svg"));
    let (code, _, stderr) = run(&["-workload", "w5", "-svg", &chart]);
    assert_eq!(code, 0, "{stderr}");
    let svg = std::fs::read_to_string(&chart).expect("it was written");
    assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"));
    contains(
        &svg,
        &[">fifo: ", ">fair: ", ">big<", ">small2<", ">somebody waits"],
    );
    let nowhere = plain(&folder.path().join("no/such/folder.svg"));
    let (code, _, stderr) = run(&["-workload", "w5", "-svg", &nowhere]);
    assert_eq!(code, 1);
    contains(&stderr, &["folder.svg cannot be written"]);
}

#[test]
fn a_configuration_gives_models_rules_and_keys() {
    let folder = folder();
    let config = file(&folder, "three.yaml", THREE_MODELS);
    let all = json(&["-workload", "w2", "-config", &config, "-json"]);
    let fair = &all[0]["strategies"][1];
    let models = fair["models"].as_array().expect("a list");
    let names: Vec<&str> = models
        .iter()
        .filter_map(|model| model["model"].as_str())
        .collect();
    assert_eq!(names, ["elm", "fir", "oak"]);
    // What must come out is known for the built-in models only.
    assert_eq!(all[0]["must_come_out"], Value::Array(Vec::new()));
    let default = json(&["-workload", "w2", "-json"]);
    let bound = |all: &Value| {
        all[0]["strategies"][1]["bound"]
            .as_f64()
            .expect("fair promises a bound")
    };
    // 60 s less 7 s of `maxWait`; the other terms are those of the built-in models.
    assert!((bound(&default) - bound(&all) - 53.0).abs() < 1e-6);

    let two = file(
        &folder,
        "two.yaml",
        "models: {oak: {cmd: 'x ${PORT}'}, elm: {cmd: 'x ${PORT}'}}",
    );
    let (code, _, stderr) = run(&["-workload", "w2", "-config", &two]);
    assert_eq!(code, 1);
    contains(&stderr, &["workload w2 needs 3 models, the configuration has 2"]);
    let broken = file(&folder, "broken.yaml", "models: {oak: {}}");
    let (code, _, stderr) = run(&["-all", "-config", &broken]);
    assert_eq!(code, 1);
    contains(
        &stderr,
        &["the configuration cannot be used", "broken.yaml", "cmd"],
    );
}

#[test]
fn w8_a_recorded_day_is_played_again() {
    let folder = folder();
    let path = folder.path().join("activity.db");
    let database = Connection::open(&path).expect("the temporary folder is writable");
    database
        .execute_batch(
            "CREATE TABLE activity (id INTEGER PRIMARY KEY, ts_created INTEGER, model_id TEXT, duration_ms INTEGER,
                input_tokens INTEGER DEFAULT 0, prompt_per_second REAL DEFAULT 0,
                output_tokens INTEGER DEFAULT 0, tokens_per_second REAL DEFAULT 0);
             INSERT INTO activity (ts_created, model_id, duration_ms) VALUES
                (1700000010, 'oak', 4000), (1700000012, 'elm', 5000), (1700000020, 'oak', 3000), (1700000021, 'yew', 10);",
        )
        .expect("the statements are right");
    let log = plain(&path);
    let all = json(&["-replay", &log, "-json"]);
    assert_eq!(all[0]["workload"], "w8");
    for strategy in [0, 1] {
        let overall = &all[0]["strategies"][strategy]["overall"];
        assert_eq!((&overall["requests"], &overall["served"]), (&4.into(), &4.into()));
    }
    // With measured costs loads take as long as they did: elm's two minutes.
    database
        .execute_batch(
            "CREATE TABLE model_costs (model_id TEXT PRIMARY KEY, ts_changed INTEGER, load_us INTEGER, load_count INTEGER,
                stop_us INTEGER, stop_count INTEGER, service_us INTEGER, service_count INTEGER);
             INSERT INTO model_costs VALUES ('elm', 0, 120000000, 4, 0, 0, 0, 0);",
        )
        .expect("the statements are right");
    let lasted = |all: &Value| all[0]["strategies"][0]["lasted"].as_f64().expect("a number");
    let slow = json(&["-replay", &log, "-json"]);
    assert!(lasted(&slow) > lasted(&all) + 80.0, "{slow:#}");
    let config = file(&folder, "three.yaml", THREE_MODELS);
    let (code, stdout, stderr) = run(&["-replay", &log, "-config", &config]);
    assert_eq!(code, 0);
    contains(&stdout, &["w8: 3 recorded requests over "]);
    contains(
        &stderr,
        &["1 of 4 requests are for models that the configuration does not have"],
    );

    let foreign = file(&folder, "pine.yaml", "models: {pine: {cmd: 'x ${PORT}'}}");
    let (code, _, stderr) = run(&["-replay", &log, "-config", &foreign]);
    assert_eq!(code, 1);
    contains(
        &stderr,
        &[
            "activity.db",
            "the configuration has none of the models in the log: elm, oak, yew",
        ],
    );
    database
        .execute_batch("DELETE FROM activity")
        .expect("it is there");
    let (code, _, stderr) = run(&["-replay", &log]);
    assert_eq!(code, 1);
    contains(&stderr, &["activity.db: the log holds no requests"]);
}

#[test]
fn bad_input_is_named() {
    let folder = folder();
    let text = file(
        &folder,
        "notes.txt",
        "a text of a person and by no means a database\n",
    );
    let (code, _, stderr) = run(&["-replay", &text]);
    assert_eq!(code, 1);
    contains(&stderr, &["notes.txt cannot be read as an activity store"]);
    for (arguments, complaint) in [
        (
            &["-workload", "w9"][..],
            "there is no workload \"w9\"; there are w1 w2",
        ),
        (
            &["-all", "-strategy", "lifo"][..],
            "there is no strategy \"lifo\"",
        ),
        (&["-all", "-seed", "x"][..], "invalid value \"x\" for flag -seed"),
        (&[][..], "say what to simulate"),
    ] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}");
        contains(&stderr, &[complaint, "Usage of herder sim:", "-replay file"]);
    }
    let (code, _, stderr) = run(&["-h"]);
    assert_eq!(code, 0);
    contains(&stderr, &["Usage of herder sim:", "-workload w1"]);
}
