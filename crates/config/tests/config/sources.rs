//! Files and directories (spec/config.md 1.6).

use std::fs;
use std::path::PathBuf;

use herder_config::{Environment, GivenPorts, LoadError, Loaded, Sources, load, reload};

fn load_from(config: Option<PathBuf>, config_dir: Option<PathBuf>) -> Result<Loaded, LoadError> {
    load(&Sources { config, config_dir }, &Environment::empty(), false)
}

fn only_error(result: Result<Loaded, LoadError>) -> String {
    let error = result.expect_err("the sources are wrong");
    assert_eq!(error.errors().len(), 1, "{error}");
    error.to_string()
}

#[test]
fn no_source_at_all() {
    assert!(only_error(load_from(None, None)).contains("at least one of"));
}

#[test]
fn a_missing_file_is_named() {
    let message = only_error(load_from(Some("/nowhere/config.yaml".into()), None));
    assert!(
        message.contains("E-IO") && message.contains("/nowhere/config.yaml"),
        "{message}"
    );
}

#[test]
fn a_missing_directory_is_named() {
    let message = only_error(load_from(None, Some("/nowhere/config.d".into())));
    assert!(
        message.contains("E-IO") && message.contains("/nowhere/config.d"),
        "{message}"
    );
}

#[test]
fn a_directory_given_as_file() {
    let directory = tempfile::tempdir().unwrap();
    assert!(only_error(load_from(Some(directory.path().into()), None)).contains("E-IO"));
}

#[test]
fn a_file_that_is_also_in_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.yaml");
    fs::write(&file, "globalTTL: 5\n").unwrap();
    assert!(
        only_error(load_from(Some(file), Some(directory.path().into())))
            .contains("is also present in -config-dir")
    );
}

#[test]
fn an_empty_directory_beside_a_file() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = one.path().join("config.anything");
    fs::write(&file, "globalTTL: 5\n").unwrap();
    let loaded = load_from(Some(file), Some(other.path().into())).unwrap();
    assert_eq!(loaded.config.global_ttl.unwrap().as_secs(), 5);
}

/// Hidden files count, subdirectories and other endings do not; the file comes first, then byte order of names.
#[test]
fn the_order_of_sources() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = one.path().join("z.conf");
    fs::write(&file, "apiKeys: [first]\n").unwrap();
    for (name, key) in [
        ("b.yaml", "b"),
        ("B.yml", "upper"),
        (".a.yaml", "hidden"),
        ("c.YAML", "no"),
        ("d.txt", "no"),
    ] {
        fs::write(other.path().join(name), format!("apiKeys: [{key}]\n")).unwrap();
    }
    fs::create_dir(other.path().join("sub.yaml")).unwrap();
    let loaded = load_from(Some(file), Some(other.path().into())).unwrap();
    let keys: Vec<&str> = loaded
        .config
        .api_keys
        .iter()
        .map(herder_config::typed::Secret::expose)
        .collect();
    assert_eq!(keys, ["first", "hidden", "upper", "b"]);
}

#[test]
fn line_ends_of_windows() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.yaml");
    fs::write(&file, "globalTTL: 5\r\nmodels:\r\n  a:\r\n    cmd: |\r\n      run\r\n      # no\r\n    proxy: http://h\r\nstartPort: x\r\n")
        .unwrap();
    let error = load_from(Some(file), None).expect_err("startPort is wrong");
    let place = error.errors()[0].location.clone().unwrap();
    assert_eq!((place.line, place.column, place.length), (8, 12, 1));
}

#[test]
fn text_that_is_not_unicode() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.yaml");
    fs::write(&file, b"globalTTL: \xff\n").unwrap();
    assert!(only_error(load_from(Some(file), None)).contains("is not valid UTF-8"));
}

#[test]
fn a_file_that_is_too_large() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.yaml");
    fs::write(&file, "# filler\n".repeat(1 << 20)).unwrap();
    assert!(only_error(load_from(Some(file), None)).contains("is larger than"));
}

#[test]
fn errors_of_all_files_are_reported_together() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.yaml"), "a: [\n").unwrap();
    fs::write(directory.path().join("b.yaml"), "- b\n").unwrap();
    let error = load_from(None, Some(directory.path().into())).expect_err("both files are wrong");
    assert_eq!(error.errors().len(), 2, "{error}");
}

/// `-config <(generate)`: once read, the pipe is empty, which would be a configuration without models.
#[cfg(unix)]
#[test]
fn a_pipe_is_read_once() {
    use std::io::Write as _;
    use std::os::fd::AsRawFd as _;

    let (reader, mut writer) = std::io::pipe().unwrap();
    writer
        .write_all(b"models: {a: {cmd: serve, proxy: 'http://h:1'}}\n")
        .unwrap();
    drop(writer);
    let path = PathBuf::from(format!("/dev/fd/{}", reader.as_raw_fd()));
    let sources = Sources {
        config: Some(path),
        config_dir: None,
    };
    let first = load(&sources, &Environment::empty(), false).unwrap();
    assert_eq!(first.config.models.len(), 1);
    let again = reload(&sources, &Environment::empty(), &GivenPorts::default());
    assert!(only_error(again).contains("again: it is a pipe"));
}
