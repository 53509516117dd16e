//! The program as people and scripts start it: exit codes and what goes to which stream (spec/config.md 1.1, 1.2 and
//! the process rows of its section 8), and `herder check`.

use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

fn herder(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_herder"))
        .args(arguments)
        .env("NO_COLOR", "1")
        .output()
        .expect("the program can be started")
}

/// Exit code, standard output, standard error.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = herder(arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes text");
    let code = output.status.code().expect("the program ends by itself");
    (code, text(output.stdout), text(output.stderr))
}

struct Config {
    _folder: TempDir,
    path: PathBuf,
}

impl Config {
    fn new(yaml: &str) -> Self {
        let folder = tempfile::tempdir().expect("the temporary folder is writable");
        let path = folder.path().join("config.yaml");
        std::fs::write(&path, yaml).expect("the temporary folder is writable");
        Self {
            _folder: folder,
            path,
        }
    }

    fn path(&self) -> &str {
        self.path.to_str().expect("a plain path")
    }
}

#[track_caller]
fn contains(text: &str, fragments: &[&str]) {
    for fragment in fragments {
        assert!(text.contains(fragment), "{fragment:?} is missing in:\n{text}");
    }
}

#[test]
fn row_129_no_configuration() {
    let (code, _, stderr) = run(&[]);
    assert_eq!(code, 1);
    contains(&stderr, &["at least one of"]);
}

#[test]
fn row_130_half_a_tls_pair() {
    let config = Config::new("models: {}");
    for flag in ["-tls-cert-file", "-tls-key-file"] {
        let (code, _, stderr) = run(&["-config", config.path(), flag, "x.pem"]);
        assert_eq!(code, 1, "{flag}: {stderr}");
    }
}

#[test]
fn row_131_unknown_flag_help_version() {
    let (code, stdout, stderr) = run(&["-nope"]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    contains(
        &stderr,
        &[
            "flag provided but not defined: -nope",
            "Usage of herder",
            "-config-dir",
        ],
    );
    for flag in ["-h", "--help"] {
        let (code, stdout, stderr) = run(&[flag]);
        assert_eq!((code, stdout.as_str()), (0, ""), "{flag}");
        contains(&stderr, &["Usage of herder", "herder check"]);
    }
    for words in [
        &["-version"][..],
        &["--version"],
        &["version"],
        &["-config", "nowhere.yaml", "-version"],
    ] {
        let (code, stdout, stderr) = run(words);
        assert_eq!((code, stderr.as_str()), (0, ""), "{words:?}");
        assert!(
            stdout.starts_with("version: ") && stdout.ends_with('\n'),
            "{stdout}"
        );
        contains(&stdout, &["), built at "]);
    }
}

#[test]
fn a_bad_listen_address_is_an_error_that_names_it() {
    let config = Config::new("models: {}");
    let (code, _, stderr) = run(&["-config", config.path(), "-listen", "nonsense"]);
    assert_eq!(code, 1);
    contains(&stderr, &["nonsense"]);
}

#[test]
fn check_says_what_is_wrong_and_where() {
    let config = Config::new("models:\n  a: {cmd: x, ttl: -5}\n  b: {cmd: \"x ${nope}\"}\n");
    let (code, stdout, stderr) = run(&["check", config.path()]);
    assert_eq!((code, stdout.as_str()), (1, ""));
    contains(&stderr, &["config.yaml:2:", "config.yaml:3:", "nope", "TTL"]);
}

#[test]
fn check_sees_mistakes_in_matrix_expressions() {
    let config = Config::new(
        "models:\n  a: {cmd: x, proxy: 'http://h:1'}\nmatrix:\n  vars: {x: a}\n  sets:\n    one: \"x & \"\n",
    );
    let (code, _, stderr) = run(&["check", config.path()]);
    assert_eq!(code, 1);
    contains(&stderr, &["config.yaml:6:", "matrix"]);
}

#[test]
fn check_accepts_and_counts() {
    let config = Config::new("models:\n  a: {cmd: x, proxy: 'http://h:1', aliases: [b]}\n");
    for arguments in [
        &["check", config.path()][..],
        &["check", "--config", config.path()],
    ] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stderr.as_str()), (0, ""));
        assert!(stdout.starts_with("OK: 1 model, "), "{stdout}");
        contains(&stdout, &["1 alias"]);
    }
}

#[test]
fn unknown_keys_warn_and_strict_refuses_them() {
    let config = Config::new("helthCheckTimeout: 20\nmodels: {}\n");
    let (code, stdout, stderr) = run(&["check", config.path()]);
    assert_eq!(code, 0);
    contains(
        &stderr,
        &["helthCheckTimeout", "healthCheckTimeout", "config.yaml:1:"],
    );
    contains(&stdout, &["OK: ", "1 warning"]);
    let (code, stdout, stderr) = run(&["check", "--strict", config.path()]);
    assert_eq!((code, stdout.as_str()), (1, ""));
    contains(&stderr, &["healthCheckTimeout"]);
}

#[test]
fn check_shows_the_effective_configuration_without_secrets() {
    let config = Config::new("apiKeys: [tell-nobody]\nmodels:\n  a: {cmd: \"serve ${PORT}\"}\n");
    for form in ["yaml", "json"] {
        let (code, stdout, stderr) = run(&["check", config.path(), "-resolved", form]);
        assert_eq!((code, stderr.as_str()), (0, ""), "{form}");
        contains(&stdout, &["serve 5800", "healthCheckTimeout"]);
        assert!(!stdout.contains("tell-nobody"), "{stdout}");
        let (_, stdout, _) = run(&["check", config.path(), "-resolved", form, "-show-secrets"]);
        contains(&stdout, &["tell-nobody"]);
    }
    let (code, _, stderr) = run(&["check", config.path(), "-resolved", "toml"]);
    assert_eq!(code, 2);
    contains(&stderr, &["-resolved", "Usage of herder check"]);
}

#[test]
fn quirk_a4_an_open_quote_is_a_warning_with_its_place() {
    let config = Config::new("models:\n  koi:\n    proxy: http://127.0.0.1:9\n    cmd: srv --title \"Koi\n");
    let (code, stdout, stderr) = run(&["check", config.path()]);
    assert_eq!(code, 0, "{stdout}{stderr}");
    contains(
        &(stdout + &stderr),
        &[
            "warning[E-VALUE]: model koi: a \" in cmd is never closed",
            "config.yaml:4:10",
        ],
    );
}

/// For `herder plan`.
const GROUPS: &str = r#"
models:
  a: {cmd: x, proxy: "http://localhost:9", aliases: [first], loadTime: 4s}
  b: {cmd: x, proxy: "http://localhost:9"}
  c: {cmd: x, proxy: "http://localhost:9"}
  orca: {cmd: x, proxy: "http://localhost:9"}
groups:
  pair: {exclusive: false, members: [b, c]}
selectors: {pool: {strategy: warm, targets: [a, b]}}
profiles: {night: {pins: {llm: a, banned: }}}
peers: {attic: {proxy: "http://h", models: [nova]}}
"#;
const MATRIX: &str = r#"
models:
  a: {cmd: x, proxy: "http://localhost:9"}
  b: {cmd: x, proxy: "http://localhost:9"}
  c: {cmd: x, proxy: "http://localhost:9"}
  d: {cmd: x, proxy: "http://localhost:9"}
matrix:
  sets: {small: a & b, big: a & c}
  evict_costs: {b: 3}
"#;

#[test]
fn plan_says_who_would_leave_and_why() {
    let table: [(&str, &[&str], &str); 7] = [
        (
            GROUPS,
            &["a"],
            "a is stopped: it is loaded at once, and nobody has to leave\n  stops and load take about 4.0 s\n",
        ),
        (
            GROUPS,
            &["first", "-running", "first"],
            "a is ready: a request is served at once\n",
        ),
        (
            GROUPS,
            &["-running=first,b", "orca"],
            "orca is stopped: loading it stops a, b\n  \
             stops a (ready): models of no group take turns\n  stops b (ready): models of no group run alone\n",
        ),
        (
            GROUPS,
            &["c", "-running", "b,a"],
            "c is stopped: loading it stops b\n  \
             stops b (ready): members of group \"pair\" take turns\n  keeps a (ready)\n",
        ),
        (
            MATRIX,
            &["a", "-running", "c,b"],
            "a is stopped: loading it stops c\n  stops c (ready): set \"small\" has no place for it\n  \
             keeps b (ready)\n  set \"small\" (a & b): cost 1\n  \
             not set \"big\" (a & c): it would stop b, cost 3\n",
        ),
        (
            MATRIX,
            &["d", "-running", "b"],
            "d is stopped: loading it stops b\n  stops b (ready): no set contains d, so it runs alone\n",
        ),
        (
            MATRIX,
            &["a", "-running", "a,b,c"],
            "a is ready: a request is served at once\n",
        ),
    ];
    for (yaml, words, expected) in table {
        let config = Config::new(yaml);
        let arguments = [&["plan"], words, &["-config", config.path()]].concat();
        assert_eq!(
            run(&arguments),
            (0, expected.to_owned(), String::new()),
            "{words:?}"
        );
    }
}

#[test]
fn plan_says_the_same_as_json() {
    let config = Config::new(MATRIX);
    let (code, stdout, stderr) = run(&["plan", "a", "-running", "b,c", "-json", "-config", config.path()]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let plan: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(plan["outcome"], "load");
    assert_eq!(plan["victims"][0]["model"], "c");
    assert_eq!(plan["set"]["name"], "small");
    assert_eq!(plan["cost"], 1);
    assert_eq!(plan["alternatives"][0]["victims"], serde_json::json!(["b"]));
    assert_eq!(plan["alternatives"][0]["cost"], 3);
    contains(plan["text"].as_str().expect("a text"), &["loading it stops c"]);
}

#[test]
fn plan_says_what_a_name_is_that_is_no_model() {
    let config = Config::new(GROUPS);
    let table: [(&[&str], &str); 7] = [
        (
            &["orcas"],
            "no model has the name \"orcas\"; did you mean \"orca\"?",
        ),
        (
            &["a", "-running", "b,orcs"],
            "-running: no model has the name \"orcs\"; did you mean \"orca\"?",
        ),
        (
            &["pool"],
            "\"pool\" is a selector: each request goes to one of a, b",
        ),
        (&["attic/nova"], "\"attic/nova\" is a model of the peer \"attic\""),
        (&["night"], "\"night\" is a profile"),
        (
            &["llm"],
            "\"llm\" is a name of the profile \"night\" only, where it means \"a\"",
        ),
        (
            &["banned"],
            "\"banned\" is a name of the profile \"night\" only, which disables it",
        ),
    ];
    for (words, expected) in table {
        let arguments = [&["plan"], words, &["-config", config.path()]].concat();
        let (code, stdout, stderr) = run(&arguments);
        assert_eq!((code, stdout.as_str()), (1, ""), "{words:?}");
        contains(&stderr, &[expected]);
    }
    let (code, _, stderr) = run(&["plan", "-config", config.path()]);
    assert_eq!(code, 2);
    contains(&stderr, &["name the model", "Usage of herder plan"]);
    let (code, _, stderr) = run(&["plan", "a"]);
    assert_eq!(code, 1);
    contains(&stderr, &["at least one of"]);
}
