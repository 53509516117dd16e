//! What users see: rendered findings, word for word, and the places that later checks ask for.

use std::collections::BTreeMap;

use herder_config::{Diagnostic, Environment, ErrorClass, LoadError, Loaded, changed_settings, load_text};
use insta::assert_snapshot;

fn environment() -> Environment {
    Environment::of_map(BTreeMap::from([("SPEC_K".to_owned(), "hidden-value".to_owned())]))
}

fn failure(text: &str) -> LoadError {
    load_text("config.yaml", text, &environment(), false).expect_err("the configuration is wrong")
}

fn success(text: &str) -> Loaded {
    load_text("config.yaml", text, &environment(), false).expect("the configuration is right")
}

#[test]
fn a_wrong_type_shows_the_value_and_a_hint() {
    assert_snapshot!(failure("logLevel: info\nstartPort: many\n").render(false), @r###"
    error[E-TYPE]: startPort: cannot unmarshal !!str `many` into int
     --> config.yaml:2:12
      |
    2 | startPort: many
      |            ^^^^
      |
      = help: write a whole number without quotes
    "###);
}

#[test]
fn keys_of_fair_name_key_value_range_and_place() {
    let text = "\
routing:
  scheduler:
    use: fair
    settings:
      fair:
        price: 0
        turn: 100
        linger: -1s
";
    assert_snapshot!(failure(text).render(false), @r###"
    error[E-VALUE]: routing.scheduler.settings.fair.price: 0 is out of range
     --> config.yaml:6:16
      |
    6 |         price: 0
      |                ^
      |
      = help: a number from 0.001 to 1000

    error[E-VALUE]: routing.scheduler.settings.fair.turn: 100 is over maxTurn, which is 60s
     --> config.yaml:7:15
      |
    7 |         turn: 100
      |               ^^^
      |
      = help: even a swap of a second would ask for a longer turn than that; a number from 0 to 60, or a longer maxTurn

    error[E-VALUE]: routing.scheduler.settings.fair.linger: -1s is out of range
     --> config.yaml:8:17
      |
    8 |         linger: -1s
      |                 ^^^
      |
      = help: auto, or a time from 0 to 8760h with its unit, for example 30s or 1m30s
    "###);
}

#[test]
fn priorities_of_fair_name_what_is_allowed() {
    let text = "\
models: {oak: {cmd: run, proxy: http://h, aliases: [tree]}}
routing:
  scheduler:
    use: fair
    settings:
      fair:
        priority: {oak: 99999999999999999999, oka: 1, zz: 1}
";
    let shown = failure(text).render(false);
    for part in [
        "fair.priority.oak: cannot unmarshal !!float `99999999999999999999` into int",
        "help: a whole number from -1000000 to 1000000",
        "fair.priority references unknown model \"oka\"",
        "help: did you mean \"oak\"?",
        "fair.priority references unknown model \"zz\"",
        "help: models and aliases are oak, tree",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
}

#[test]
fn a_syntax_error_points_at_the_place() {
    assert_snapshot!(failure("models:\n  a: {cmd: run\nlogLevel: info\n").render(false), @r###"
    error[E-YAML]: while parsing a flow mapping, did not find expected ',' or '}'
     --> config.yaml:3:9
      |
    3 | logLevel: info
      |         ^
    "###);
}

#[test]
fn a_macro_inside_braces_wants_quotes() {
    assert_snapshot!(failure("models:\n  a: {cmd: run ${PORT}}\n").render(false), @r###"
    error[E-YAML]: while parsing a flow mapping, did not find expected ',' or '}'
     --> config.yaml:2:17
      |
    2 |   a: {cmd: run ${PORT}}
      |                 ^
      |
      = help: put a text with ${...} in quotes when it stands inside { } or [ ]
    "###);
}

#[test]
fn an_unknown_key_names_the_nearest_one() {
    let loaded = success("models:\n  koi:\n    cmd: run ${PORT}\n    concurencyLimit: 3\n");
    assert_snapshot!(loaded.render(&loaded.warnings, false), @r###"
    warning[E-KEY]: unknown key "concurencyLimit" in models.koi
     --> config.yaml:4:5
      |
    4 |     concurencyLimit: 3
      |     ^^^^^^^^^^^^^^^
      |
      = help: did you mean "concurrencyLimit"?
    "###);
}

#[test]
fn several_errors_come_in_the_order_of_the_file() {
    let text = "# herd\nmodels:\n  käse: {cmd: run, proxy: 'http://h:x9', ttl: -2}\ngroups: {g: {members: [kase]}}\n";
    assert_snapshot!(failure(text).render(false), @r###"
    error[E-VALUE]: model käse: invalid proxy URL: the port is not a number
     --> config.yaml:3:27
      |
    3 |   käse: {cmd: run, proxy: 'http://h:x9', ttl: -2}
      |                           ^^^^^^^^^^^^^
      |
      = help: for example http://127.0.0.1:${PORT}

    error[E-VALUE]: model käse: invalid TTL value -2
     --> config.yaml:3:47
      |
    3 |   käse: {cmd: run, proxy: 'http://h:x9', ttl: -2}
      |                                               ^^
      |
      = help: seconds; 0 for never, -1 for globalTTL

    error[E-ROUTE]: group g: no model config for kase
     --> config.yaml:4:24
      |
    4 | groups: {g: {members: [kase]}}
      |                        ^^^^
      |
      = help: did you mean "käse"?
    "###);
}

#[test]
fn a_summary_has_one_line_for_each_error() {
    assert_snapshot!(failure("globalTTL: -1\nstartPort: 0\n"), @r###"
    config.yaml:1:12: E-VALUE: globalTTL must be >= 0
    config.yaml:2:12: E-VALUE: startPort must be greater than 1
    "###);
}

#[test]
fn colour_is_added_on_request() {
    let error = failure("startPort: 0\n");
    assert!(error.render(true).contains("\u{1b}["));
    assert!(!error.render(false).contains("\u{1b}["));
}

#[test]
fn keys_are_masked_in_source_lines() {
    assert_snapshot!(failure("apiKeys: [good-key, 'bad key']\n").render(false), @r###"
    error[E-VALUE]: apiKeys[1]: api key cannot contain spaces
     --> config.yaml:1:21
      |
    1 | apiKeys: ********** **********
      |                     ^^^^^^^^^
    "###);
    assert_snapshot!(failure("peers:\n  far: {apiKey: far-key, models: 3}\n").render(false), @r###"
    error[E-PEER]: peers.far: proxy is required
     --> config.yaml:2:3
      |
    2 |   far: {apiKey: ******** ******* **
      |   ^^^
      |
      = help: give the address of the peer, for example http://10.0.0.2:8080

    error[E-TYPE]: peers.far.models: cannot unmarshal !!int `3` into []string
     --> config.yaml:2:34
      |
    2 |   far: {apiKey: ******** ******* **
      |                                  ^
      |
      = help: write a list, for example [one, two]
    "###);
    assert_snapshot!(failure("apiKeys: [good-key, 'bad\n").render(false), @r###"
    error[E-YAML]: unclosed quote
     --> config.yaml:1:21
      |
    1 | apiKeys: ********** ****
      |                     ^
    "###);
}

#[test]
fn values_of_the_environment_are_never_shown() {
    for text in [
        "startPort: ${env.SPEC_K}\n",
        "models: {a: {cmd: run, proxy: 'http://${env.SPEC_K}:x'}}\n",
        "apiKeys: ['${env.SPEC_K} x']\n",
        "logLevel: [hidden-value]\napiKeys: ['${env.SPEC_K}']\n",
    ] {
        let error = failure(text);
        assert!(
            !error.render(false).contains("hidden-value"),
            "{}",
            error.render(false)
        );
        assert!(!error.to_string().contains("hidden-value"), "{error}");
        assert!(!format!("{error:?}").contains("hidden-value"), "{error:?}");
    }
}

#[test]
fn secrets_of_a_model_that_cannot_be_read_are_masked() {
    let shown = [
        failure("models:\n  a: {cmd: 'run ${nope} --api-key secret-1 ${PORT}', env: ['API_KEY=secret-2']}\n")
            .render(false),
        failure("models: {a: {cmd: run, proxy: x, apikey: secret-3}}\nstartPort: many\n").render(false),
        failure("macros: {hf-token: [secret-4]}\nmodels: {}\n").render(false),
    ];
    for text in shown {
        assert!(text.contains("error["), "{text}");
        assert!(!text.contains("secret-"), "{text}");
    }
}

#[test]
fn strict_makes_unknown_keys_errors() {
    let error =
        load_text("config.yaml", "logLevl: info\n", &environment(), true).expect_err("the key is unknown");
    assert_snapshot!(error.render(false), @r###"
    error[E-KEY]: unknown key "logLevl"
     --> config.yaml:1:1
      |
    1 | logLevl: info
      | ^^^^^^^
      |
      = help: did you mean "logLevel"?
    "###);
}

const MATRIX: &str = "\
models: {a: {cmd: run, proxy: 'http://h'}}
matrix:
  sets:
    plain: a & b
    quoted: \"a & b\"
    block: |
      a
      & b
    folded: >
      a
      & b
    macro: ${m}
macros: {m: a & b}
";

/// Each set has its `b` at offset 4; where the text is not in the file as it is, the whole value is shown.
#[test]
fn later_checks_find_their_place_inside_a_value() {
    let loaded = success(MATRIX);
    let place = |set: &str, offset: Option<usize>| {
        let path = ["routing", "router", "settings", "matrix", "sets", set];
        let Diagnostic { location, .. } = loaded.diagnostic(ErrorClass::Matrix, &path, "m", None, offset);
        let location = location.unwrap();
        (location.line, location.column, location.length)
    };
    assert_eq!(place("plain", Some(4)), (4, 16, 1));
    assert_eq!(place("quoted", Some(4)), (5, 18, 1));
    assert_eq!(place("block", Some(4)), (8, 9, 1));
    assert_eq!(place("plain", None), (4, 12, 5));
    assert_eq!(place("macro", Some(4)), (12, 12, 4));
    assert_eq!(place("folded", Some(4)).0, 10);
}

#[test]
fn later_checks_render_like_the_loader() {
    let loaded = success(MATRIX);
    let path = ["routing", "router", "settings", "matrix", "sets", "plain"];
    let hint = Some("it is not a model".to_owned());
    let found = loaded.diagnostic(
        ErrorClass::Matrix,
        &path,
        "matrix: unknown var or model \"b\"",
        hint,
        Some(4),
    );
    assert_snapshot!(loaded.render(&[found], false), @r###"
    error[E-MATRIX]: matrix: unknown var or model "b"
     --> config.yaml:4:16
      |
    4 |     plain: a & b
      |                ^
      |
      = help: it is not a model
    "###);
}

#[test]
fn secrets_are_masked_in_the_resolved_configuration() {
    let loaded = success(
        "apiKeys: [key-1]\nmodels: {a: {cmd: 'run --api-key cmd-key --x ${env.SPEC_K}', proxy: 'http://u:${env.SPEC_K}@h', \
         env: [HF_TOKEN=tok-1]}}\npeers: {p: {proxy: 'http://h', models: [w], apiKey: key-2}}\n",
    );
    let hidden = loaded.resolved_yaml(false);
    for secret in ["key-1", "key-2", "cmd-key", "hidden-value", "tok-1"] {
        assert!(!hidden.contains(secret), "{secret} in {hidden}");
        assert!(loaded.resolved_yaml(true).contains(secret), "{secret}");
    }
    assert!(hidden.contains("run --api-key *** --x ***"), "{hidden}");
}

/// A secret in every place where one can stand; each begins with `hush-`, and short ones are `hsh`.
const SECRET_EVERYWHERE: &str = r#"
apiKeys: [hush-own, hsh]
macros:
  token: hush-macro
  from-env: "${env.SPEC_K}"
models:
  quiet:
    cmd: |
      run --api-key hush-option --short-key hsh --url http://user:hush-url@host/?token=hush-query --hf-token ${token}
      --header "Authorization: Bearer hush-bearer" --env X_API_KEY=hush-assigned --plain ${from-env} --key "hush two words"
      --json '{"api_key":"hush-json"}'
    cmdStop: "stop --password=hush-stop"
    proxy: "http://user:hush-proxy@127.0.0.1:9"
    description: "ask for the key at http://me:hush-told@host/"
    env: ["DB_PASSWORD=hush with spaces", "PLAIN=${env.SPEC_K}", "DATABASE_URL=postgres://u:hush-database@db/x", "A_TOKEN=hsh"]
    metadata: {license_key: hush-metadata, nested: [{apiToken: 12345678}]}
    filters:
      setParams:
        headers: {Authorization: "Basic hush-header", Cookie: "id=hush-cookie"}
        api_key: hush-param
        note: "${env.SPEC_K}"
      setParamsByID:
        other-key: {client_secret: hush-by-id}
selectors:
  pool: {strategy: pin, targets: [quiet], metadata: {token: hush-selector}}
peers:
  far:
    proxy: "https://u:hush-peer-proxy@peer/"
    apiKey: hush-peer
    models: [m]
    filters: {setParams: {password: hush-peer-param}}
"#;

#[test]
fn no_place_of_the_resolved_configuration_shows_a_secret() {
    let loaded = success(SECRET_EVERYWHERE);
    for text in [
        loaded.resolved_yaml(false),
        loaded.resolved_json(false).to_string(),
    ] {
        for secret in [
            "hush",
            "hsh",
            "two words",
            "with spaces",
            "12345678",
            "hidden-value",
        ] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        for rest in [
            "http://***@127.0.0.1:9",
            "DATABASE_URL=postgres://***@db/x",
            "other-key",
            "--plain ***",
        ] {
            assert!(text.contains(rest), "{rest} is not in {text}");
        }
    }
    let shown = loaded.resolved_yaml(true);
    assert!(
        shown.matches("hush").count() >= 20 && shown.contains("hidden-value"),
        "{shown}"
    );
}

#[test]
fn settings_that_differ_are_named_and_models_are_not() {
    let config = |text: &str| success(text).config;
    let models = "models: {a: {cmd: run, proxy: 'http://h'}}\n";
    let plain = config(models);
    let table = [
        (models.to_owned(), &[][..]),
        // Every model that is in no group is in the one of the rest.
        (
            "models: {a: {cmd: run, proxy: 'http://h'}, b: {cmd: run, proxy: 'http://h'}}\n".to_owned(),
            &[],
        ),
        (
            "# a word\nmodels: {a: {cmd: walk, proxy: 'http://h'}, b: {cmd: run, proxy: 'http://h'}}\n\
          groups: {g: {members: [b]}}\n"
                .to_owned(),
            &["routing.router"],
        ),
        (
            format!("logLevel: debug\napiKeys: [k]\n{models}"),
            &["logLevel", "apiKeys"],
        ),
        (
            format!("{models}store: {{path: a.db}}\nrouting: {{scheduler: {{use: fair}}}}\n"),
            &["routing.scheduler", "store"],
        ),
    ];
    for (text, expected) in table {
        let other = config(&text);
        assert_eq!(changed_settings(&plain, &other), expected, "{text}");
        let mut back = changed_settings(&other, &plain);
        back.sort();
        let mut sorted = expected.to_vec();
        sorted.sort_unstable();
        assert_eq!(back, sorted, "{text}, back");
    }
    let other_key = config(&format!("apiKeys: [k]\n{models}"));
    let key = config(&format!("apiKeys: [l]\n{models}"));
    assert_eq!(changed_settings(&key, &other_key), ["apiKeys"]);
}

/// The variable is `hidden-value`.
#[test]
fn no_finding_names_a_value_of_the_environment() {
    let model = "models: {a: {cmd: run, proxy: 'http://h'}}\n";
    let key = "${env.SPEC_K}";
    let warned = success(&format!("{model}hooks: {{on_startup: {{preload: ['{key}']}}}}\n"));
    assert_eq!(warned.warnings.len(), 1);
    assert_eq!(warned.warnings[0].message, "*** is no model and not preloaded");
    let of_the_core = warned.diagnostic(
        ErrorClass::Name,
        &["hooks"],
        "unknown model hidden-value",
        Some("not hidden-value".to_owned()),
        None,
    );
    assert_eq!(
        (&*of_the_core.message, of_the_core.hint.as_deref()),
        ("unknown model ***", Some("not ***"))
    );
    for wrong in [
        format!("groups: {{g: {{members: ['{key}']}}}}\n"),
        format!("selectors: {{s: {{strategy: pin, targets: ['{key}']}}}}\n"),
        format!("profiles: {{p: {{pins: {{a: '{key}'}}}}}}\n"),
        format!("matrix: {{vars: {{v: '{key}'}}, sets: {{s: v}}}}\n"),
    ] {
        let error = failure(&format!("{model}{wrong}"));
        for text in [
            error.to_string(),
            error.render(false),
            format!("{:?}", error.errors()),
        ] {
            assert!(!text.contains("hidden-value"), "{wrong}: {text}");
        }
        assert!(error.to_string().contains("***"), "{wrong}: {error}");
    }
}
