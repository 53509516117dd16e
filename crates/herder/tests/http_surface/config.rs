//! `GET /api/config`: the configuration in use as people see it. What reloads leave there is in `acceptance/reload_told.rs`.

use herder_testkit::{Response, Router};
use http::Method;
use serde_json::{Value, json};

use crate::fixture::builder;

fn herder(config: &str) -> herder_testkit::Builder {
    Router::builder(env!("CARGO_BIN_EXE_herder")).config(config)
}

async fn shown(router: &Router) -> Value {
    let answer = router.get("/api/config").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    answer.json()
}

/// Asserts that the text is a time, not before the year of this test.
#[track_caller]
fn assert_time(value: &Value) {
    let text = value.as_str().unwrap_or_default();
    let year: i32 = text.split('-').next().unwrap().parse().unwrap_or_default();
    assert!(
        year >= 2024 && text.contains('T') && text.ends_with('Z'),
        "{value}"
    );
}

#[tokio::test]
async fn config_files_text_and_times() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("b.yaml"),
        "models: {second: {cmd: run, proxy: 'http://h'}}\n",
    )
    .unwrap();
    std::fs::write(folder.path().join("a.yml"), "logLevel: debug\n").unwrap();
    std::fs::write(folder.path().join("c.txt"), "no YAML").unwrap();
    let directory = folder.path().to_str().unwrap();
    let router = herder(
        "macros: {name: gguf}\nmodels:\n  first: {cmd: 'run x.${name}', proxy: 'http://h', tttl: 5}\n",
    )
    .argument("-config-dir")
    .argument(directory)
    .start()
    .await;
    let config = shown(&router).await;
    let paths: Vec<&str> = config["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["path"].as_str().unwrap())
        .collect();
    let own = router.config_path();
    let (a, b) = (format!("{directory}/a.yml"), format!("{directory}/b.yaml"));
    assert_eq!(paths, [own.to_str().unwrap(), &a, &b]);
    for file in config["files"].as_array().unwrap() {
        assert_time(&file["modified"]);
    }
    assert_time(&config["loaded_at"]);
    assert_eq!(
        (&config["watched"], &config["last_reload"]),
        (&json!(false), &Value::Null)
    );
    let yaml = config["yaml"].as_str().unwrap();
    // Merged, expanded, with defaults.
    for line in [
        "logLevel: debug",
        "  second:",
        "    cmd: \"run x.gguf\"",
        "    concurrencyLimit: 10",
    ] {
        assert!(yaml.lines().any(|own| own == line), "{line} is not in\n{yaml}");
    }
    let first = yaml.find("  first:").unwrap();
    assert!(first < yaml.find("  second:").unwrap(), "{yaml}");
    assert_eq!(
        config["warnings"],
        json!([{
            "severity": "warning",
            "message": config["warnings"][0]["message"],
            "file": own,
            "line": 4,
            "column": config["warnings"][0]["column"],
            "hint": "did you mean \"ttl\"?",
        }])
    );
    let message = config["warnings"][0]["message"].as_str().unwrap();
    assert!(message.contains("tttl"), "{message}");
    assert!(config["warnings"][0]["column"].as_u64().unwrap() > 40);

    // A file that has gone, and one that has become a link to nowhere.
    std::fs::remove_file(&a).unwrap();
    std::fs::remove_file(&own).unwrap();
    let config = shown(&router).await;
    let modified: Vec<&Value> = config["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| &file["modified"])
        .collect();
    assert_eq!(modified[..2], [&Value::Null; 2]);
    assert_time(modified[2]);
    assert_eq!(config["yaml"], yaml);
}

/// Every secret begins with `hush`, or is `hsh`, which is too short to be looked for elsewhere; one is a number.
const SECRETS: &str = r#"
apiKeys: [hush-own, hsh]
macros:
  token: hush-macro
  from-env: "${env.HERDER_TEST_SECRET}"
hushhush: 1
models:
  quiet:
    cmd: |
      run --api-key hush-option --short-key hsh --url http://user:hush-url@host/?token=hush-query --hf-token ${token}
      --header "Authorization: Bearer hush-bearer" --env X_API_KEY=hush-assigned --plain ${from-env} --key "hush two words"
      --json '{"api_key":"hush-json"}'
    cmdStop: "stop --password=hush-stop"
    proxy: "http://user:hush-proxy@127.0.0.1:9"
    description: "ask for the key at http://me:hush-told@host/"
    env: ["DB_PASSWORD=hush with spaces", "PLAIN=${env.HERDER_TEST_SECRET}", "DATABASE_URL=postgres://u:hush-database@db/x", "A_TOKEN=hsh"]
    metadata: {license_key: hush-metadata, nested: [{apiToken: 12345678}]}
    filters:
      setParams:
        headers: {Authorization: "Basic hush-header", Cookie: "id=hush-cookie"}
        api_key: hush-param
        note: "${env.HERDER_TEST_SECRET}"
      setParamsByID:
        other-id: {client_secret: hush-by-id}
peers:
  far:
    proxy: "https://u:hush-peer-proxy@127.0.0.1:9/"
    apiKey: hush-peer
    models: [m]
    filters: {setParams: {password: hush-peer-param}}
"#;

#[track_caller]
fn assert_hushed(what: &str, answer: &Response) {
    let text = answer.text().replace("hushhush", "");
    for secret in [
        "hush",
        "hsh",
        "two words",
        "with spaces",
        "12345678",
        "of-the-environment",
    ] {
        assert!(!text.contains(secret), "{what}: {secret} in {text}");
    }
}

#[tokio::test]
async fn config_shows_no_secret() {
    let router = herder(SECRETS)
        .environment("HERDER_TEST_SECRET", "of-the-environment")
        .start()
        .await;
    let key = [("x-api-key", "hush-own")];
    assert_eq!(router.get("/api/config").await.status, 401);
    let get = async || router.request(Method::GET, "/api/config", &key, "").await;
    let answer = get().await;
    assert_hushed("at the start", &answer);
    let config = answer.json();
    assert_eq!(config["warnings"].as_array().unwrap().len(), 1, "{config}");
    let yaml = config["yaml"].as_str().unwrap();
    for rest in [
        "run --api-key *** --short-key ***",
        "http://***@127.0.0.1:9",
        "other-id",
        "--plain ***",
        "  - \"***\"",
    ] {
        assert!(yaml.contains(rest), "{rest} is not in {yaml}");
    }

    // Mistakes in every one of these lines, and in the form of the file.
    for (broken, mistake) in [
        ("apiKeys: [hush-own, hsh]", "apiKeys: {hush-a: hush-b}"),
        (
            "proxy: \"http://user:hush-proxy@127.0.0.1:9\"",
            "proxy: \"http://user:hush proxy@127.0.0.1:port\"",
        ),
        (
            "proxy: \"https://u:hush-peer-proxy@127.0.0.1:9/\"",
            "proxy: \"https://u:hush-peer%zz@127.0.0.1:9/\"",
        ),
        ("apiKey: hush-peer", "apiKey: [hush-peer]"),
        (
            "cmdStop: \"stop",
            "ttl: \"${env.HERDER_TEST_SECRET}\"\n    cmdStop: \"stop",
        ),
        (
            "cmdStop: \"stop",
            "ttl: \"--api-key hush-ttl\"\n    cmdStop: \"stop",
        ),
        ("  token: hush-macro", "  token: [hush-macro]"),
        ("apiKeys: [hush-own, hsh]", "apiKeys: [hush-own, 'hsh]"),
        ("--plain ${from-env}", "--api-key hush-x${nowhere}"),
        (
            "metadata: {license_key",
            "metadata: {license_key: hush-a, license_key",
        ),
    ] {
        let text = SECRETS.replace(broken, mistake);
        assert_ne!(text, SECRETS, "{broken}");
        router.write_config(&text);
        let refused = router.post("/api/config/reload", &key, "").await;
        assert_eq!(refused.status, 422, "{mistake}: {}", refused.text());
        assert_hushed(mistake, &refused);
        let answer = get().await;
        assert_hushed(mistake, &answer);
        let config = answer.json();
        assert_eq!(config["last_reload"]["outcome"], "refused", "{mistake}");
        assert_eq!(config["yaml"], yaml, "{mistake}");
    }
}

/// A thousand models and more than a megabyte, which a page can still show whole.
#[tokio::test]
async fn config_of_a_megabyte() {
    use std::fmt::Write;
    let mut text = "models:\n".to_owned();
    for number in 0..1000 {
        let words = "a word ".repeat(140);
        let key = format!("--api-key secret-number-{number}");
        writeln!(
            text,
            "  model-{number:04}: {{cmd: 'run {key} {words}', proxy: 'http://127.0.0.1:9'}}"
        )
        .unwrap();
    }
    assert!(text.len() > 1 << 20);
    let router = herder(&text).start().await;
    let config = shown(&router).await;
    let yaml = config["yaml"].as_str().unwrap();
    assert!(
        yaml.len() > text.len() && yaml.contains("  model-0999:"),
        "{}",
        yaml.len()
    );
    assert!(!yaml.contains("secret-number"));
    assert!(!yaml.contains("more bytes"));
}

#[tokio::test]
async fn config_head_and_other_methods() {
    let router = builder("").start().await;
    let head = router.request(Method::HEAD, "/api/config", &[], "").await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    let answer = router.post("/api/config", &[], "").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("allow")),
        (405, Some("GET, HEAD"))
    );
}
