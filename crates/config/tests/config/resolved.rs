//! The resolved configuration loads again to an equal one.

use crate::{acceptance, corpus};
use herder_config::{Config, Environment, Loaded, Sources, load, load_text};

fn check_round_trip(name: &str, loaded: &Loaded) {
    let yaml = loaded.resolved_yaml(true);
    let again = load_text("resolved.yaml", &yaml, &Environment::empty(), true)
        .unwrap_or_else(|error| panic!("{name}: {}\n{yaml}", error.render(false)));
    assert_eq!(comparable(&again), comparable(loaded), "{name}:\n{yaml}");
    assert_eq!(again.resolved_yaml(true), yaml, "{name}");
}

/// The configuration without what is not written down: that a value came from the environment, or a number from `${PORT}`.
fn comparable(loaded: &Loaded) -> Config {
    let mut config = loaded.config.clone();
    for model in config.models.values_mut() {
        model.sensitive.clear();
        model.port = None;
    }
    config
}

#[test]
fn rows_survive_the_round_trip() {
    let mut checked = 0;
    for row in corpus::rows() {
        let directory = tempfile::tempdir().unwrap();
        let (config, config_dir) = acceptance::write_files(&row, directory.path());
        let environment = Environment::of_map(row.environment.clone());
        if let Ok(loaded) = load(&Sources { config, config_dir }, &environment, false) {
            check_round_trip(&row.id, &loaded);
            checked += 1;
        }
    }
    assert!(checked > 80, "only {checked} rows load");
}

#[test]
fn examples_survive_the_round_trip() {
    for (name, text) in corpus::examples() {
        let environment = Environment::of_function(|name| Some(format!("value-of-{name}")));
        let loaded = load_text(&name, &text, &environment, true)
            .unwrap_or_else(|error| panic!("{}", error.render(false)));
        check_round_trip(&name, &loaded);
    }
}

#[test]
fn the_resolved_configuration_word_for_word() {
    let text = "\
macros: {dir: /models}
apiKeys: [key-1]
models:
  \"koi:7b\":
    cmd: |
      # the server
      serve --port ${PORT}
      --model ${dir}/koi.gguf
    ttl: 60
groups: {small: {swap: false, members: [\"koi:7b\"]}}
";
    let loaded = load_text("config.yaml", text, &Environment::empty(), false).unwrap();
    insta::assert_snapshot!(loaded.resolved_yaml(false), @r#"
    healthCheckTimeout: 120
    logLevel: info
    logTimeFormat: ""
    logToStdout: proxy
    metricsMaxInMemory: 1000
    captureBuffer: 5
    maxBodyBytes: 268435456
    ui:
      activity:
        session_id:
          - X-Session-ID
          - X-Litellm-Session-Id
    performance:
      disabled: false
      every: "5s"
    startPort: 5800
    sendLoadingState: false
    loadingRemarks: true
    includeAliasesInList: false
    globalTTL: 0
    unloadTimeout: 10
    apiKeys:
      - "***"
    models:
      "koi:7b":
        cmd: |
          serve --port 5800
          --model /models/koi.gguf
        cmdStop: ""
        proxy: "http://localhost:5800"
        aliases: []
        env: []
        checkEndpoint: /health
        ttl: 60
        unloadTimeout: 10
        unlisted: false
        useModelName: ""
        name: ""
        description: ""
        concurrencyLimit: 10
        prefetch: true
        filters:
          stripParams: ""
          setParams: {}
          setParamsByID: {}
        metadata: {}
        sendLoadingState: false
        timeouts:
          connect: 30
          keepalive: 30
          responseHeader: 0
          tlsHandshake: 10
          expectContinue: 1
          idleConn: 90
        compat:
          ignoreWebsockets: false
          preserveHost: false
    profiles: {}
    selectors: {}
    peers: {}
    hooks:
      on_startup:
        preload: []
    upstream:
      ignorePaths:
        - ".*\\.(js|json|css|png|gif|jpg|jpeg|ico|txt)$"
    routing:
      router:
        use: group
        settings:
          groups:
            small:
              swap: false
              exclusive: true
              persistent: false
              members:
                - "koi:7b"
            "(default)":
              swap: true
              exclusive: true
              persistent: false
              members: []
      scheduler:
        use: fifo
        settings:
          fifo:
            limit: arrival
            priority: {}
    "#);
}

/// Texts that are hard to write down in YAML.
#[test]
fn awkward_texts_survive_the_round_trip() {
    let texts = [
        "",
        " ",
        "~",
        "null",
        "yes",
        "1",
        "1.50",
        "2024-05-06",
        "a: b",
        "# no",
        "- x",
        "'",
        "\"",
        "\\",
        "\t",
        "a\tb",
        "a\nb",
        "a\nb\n",
        "a\nb\n\n",
        "\na",
        " a\nb",
        "a \nb",
        "a\n\n  b\n",
        "a\r\nb",
        "\u{0}",
        "\u{85}",
        "\u{2028}",
        "\u{FEFF}",
        "\u{E000}",
        "\u{FFFF}",
        "é😀",
        "{}",
        "[]",
        "&a",
        "*a",
        "!t",
        "|",
        ">",
        "%",
        "@",
        "`",
        "---",
        "...",
        "<<",
        "${}",
        "${a.b}",
        "${env.X}",
        "a ${env.X}\nb",
        "$",
        "=",
        "?",
        "key:",
        ":",
    ];
    let metadata: serde_json::Map<_, _> = texts
        .iter()
        .enumerate()
        .flat_map(|(index, text)| {
            let item = serde_json::json!([text, [text], { *text: text }]);
            [(format!("k{index}"), item), ((*text).to_owned(), (*text).into())]
        })
        .collect();
    let mut long = metadata;
    long.insert("long ".repeat(300), 1.into());
    // JSON is YAML but for what YAML wants escaped, and `${env.X}` has no escape but this one.
    let json = serde_json::json!({ "models": { "m": { "proxy": "http://h", "metadata": long } } });
    let text = json.to_string().replace("${env.", "\\u0024{env.");
    let text = text
        .replace('\u{85}', "\\u0085")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{FEFF}', "\\uFEFF");
    let text = text.replace('\u{FFFF}', "\\uFFFF").replacen(
        &format!("\"{}\":1", "long ".repeat(300)),
        "\"long\":1",
        1,
    );
    let loaded = load_text("awkward.yaml", &text, &Environment::empty(), false)
        .unwrap_or_else(|error| panic!("{}", error.render(false)));
    for (index, text) in texts.iter().enumerate() {
        let item = &loaded.config.models["m"].metadata[&format!("k{index}")];
        assert_eq!(item[0].as_str(), Some(*text));
    }
    check_round_trip("awkward texts", &loaded);
}
