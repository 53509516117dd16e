//! Automatic ports over a reload (spec/config.md 3.2; design/decisions.md, Reload).

use std::fs;

use herder_config::{Config, Environment, GivenPorts, Sources, load, reload};

/// What has happened before the load that is looked at. Configurations are written as `startPort: models`; a model with
/// a `-` behind its name has a `cmd` without `${PORT}`.
struct Row {
    name: &'static str,
    /// The configuration at the start; empty when `before` is that.
    earlier: &'static str,
    /// The configuration that counts so far.
    before: &'static str,
    /// Models that run as the configuration at the start says.
    running: &'static str,
    now: &'static str,
    expected: &'static str,
}

const ROWS: [Row; 13] = [
    Row {
        name: "nothing has changed",
        earlier: "",
        before: "5800: a b c",
        running: "",
        now: "5800: a b c",
        expected: "a=5800 b=5801 c=5802",
    },
    Row {
        name: "a model before all others gets the next number",
        earlier: "",
        before: "5800: b c",
        running: "",
        now: "5800: a b c",
        expected: "a=5802 b=5800 c=5801",
    },
    Row {
        name: "nobody moves up when a model leaves",
        earlier: "",
        before: "5800: a b c",
        running: "",
        now: "5800: b c",
        expected: "b=5801 c=5802",
    },
    Row {
        name: "the number of a model that leaves is free one reload later, not now",
        earlier: "",
        before: "5800: a b",
        running: "",
        now: "5800: b c",
        expected: "b=5801 c=5802",
    },
    Row {
        name: "the lowest free number is given out",
        earlier: "5800: a b",
        before: "5800: b",
        running: "",
        now: "5800: b c d",
        expected: "b=5801 c=5800 d=5802",
    },
    Row {
        name: "a process of a model that has left holds its number",
        earlier: "5800: a b",
        before: "5800: b",
        running: "a b",
        now: "5800: b c",
        expected: "b=5801 c=5802",
    },
    Row {
        name: "a model that comes back while its process runs gets its number again",
        earlier: "5800: a b c",
        before: "5800: b",
        running: "c",
        now: "5800: b c d",
        expected: "b=5801 c=5802 d=5800",
    },
    Row {
        name: "a process that was started with another startPort holds its number",
        earlier: "5901: a",
        before: "5900: a",
        running: "a",
        now: "5900: a b",
        expected: "a=5900 b=5902",
    },
    Row {
        name: "another startPort counts anew",
        earlier: "",
        before: "5800: a b",
        running: "a b",
        now: "7000: a b",
        expected: "a=7000 b=7001",
    },
    Row {
        name: "another startPort gives out no number of before",
        earlier: "",
        before: "5800: a b c",
        running: "",
        now: "5801: a b",
        expected: "a=5803 b=5804",
    },
    Row {
        name: "a model whose cmd has lost ${PORT} has none, and nobody gets its number yet",
        earlier: "",
        before: "5800: a b",
        running: "",
        now: "5800: a- b c",
        expected: "b=5801 c=5802",
    },
    Row {
        name: "a model whose cmd gets ${PORT}",
        earlier: "",
        before: "5800: a- b",
        running: "",
        now: "5800: a b",
        expected: "a=5801 b=5800",
    },
    Row {
        name: "at the end of all numbers the load ends, too",
        earlier: "",
        before: "9223372036854775807: a",
        running: "",
        now: "9223372036854775807: a b",
        expected: "a=9223372036854775807 b=9223372036854775807",
    },
];

/// The configuration of a short text, as files that can be loaded.
fn files(text: &str) -> (tempfile::TempDir, Sources) {
    let (start, models) = text.split_once(": ").expect("startPort: models");
    let mut yaml = format!("startPort: {start}\nmodels:\n");
    for model in models.split(' ') {
        yaml += &match model.strip_suffix('-') {
            Some(id) => format!("  {id}: {{cmd: s, proxy: \"http://127.0.0.1:1\"}}\n"),
            None => format!("  {model}: {{cmd: \"s --port ${{PORT}}\"}}\n"),
        };
    }
    let directory = tempfile::tempdir().expect("a directory for a test");
    let path = directory.path().join("config.yaml");
    fs::write(&path, yaml).expect("a file for a test");
    let sources = Sources {
        config: Some(path),
        config_dir: None,
    };
    (directory, sources)
}

fn first(text: &str) -> Config {
    let (_directory, sources) = files(text);
    load(&sources, &Environment::empty(), false)
        .expect("it loads")
        .config
}

fn next(text: &str, given: &GivenPorts) -> Config {
    let (_directory, sources) = files(text);
    reload(&sources, &Environment::empty(), given)
        .expect("it loads")
        .config
}

fn given(config: &Config) -> GivenPorts {
    let mut given = GivenPorts::default();
    for (id, model) in &config.models {
        given.configured(id, model);
    }
    given
}

/// The ports as text. They are in the address and in the command, too.
fn ports(config: &Config) -> String {
    let mut found = Vec::new();
    for (id, model) in &config.models {
        let Some(port) = model.port else { continue };
        assert_eq!(port.start, config.start_port, "{id}");
        assert_eq!(model.proxy, format!("http://localhost:{}", port.number), "{id}");
        assert_eq!(model.cmd, format!("s --port {}", port.number), "{id}");
        found.push(format!("{id}={}", port.number));
    }
    found.join(" ")
}

#[test]
fn row_43_reload_automatic_ports_stay() {
    for row in ROWS {
        let at_start = first(if row.earlier.is_empty() {
            row.before
        } else {
            row.earlier
        });
        let before = next(row.before, &given(&at_start));
        let mut given = given(&before);
        for id in row.running.split_whitespace() {
            given.running(id, &at_start.models[id]);
        }
        assert_eq!(ports(&next(row.now, &given)), row.expected, "{}", row.name);
    }
}

#[test]
fn row_43_without_an_earlier_configuration_a_reload_is_a_load() {
    for row in ROWS {
        let again = next(row.now, &GivenPorts::default());
        assert_eq!(again, first(row.now), "{}", row.name);
    }
}
