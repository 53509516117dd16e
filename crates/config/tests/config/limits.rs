//! Inputs that are large or hostile: each must end with a result, and soon. A step whose work grows with the square of
//! its input would not come back here.

use herder_config::{Environment, LoadError, Loaded, load_text};

/// Enough to tell a quadratic step from a linear one.
const MANY: usize = 20_000;

fn run(text: &str) -> Result<Loaded, LoadError> {
    let result = load_text("large.yaml", text, &Environment::empty(), false);
    match &result {
        Ok(loaded) => drop(loaded.render(&loaded.warnings, false)),
        Err(error) => drop(error.render(false)),
    }
    result
}

fn lines(head: &str, line: impl Fn(usize) -> String) -> String {
    let mut text = head.to_owned();
    for number in 0..MANY {
        text.push_str(&line(number));
        text.push('\n');
    }
    text
}

fn error_count(text: &str) -> usize {
    run(text).expect_err("the text is wrong").errors().len()
}

#[test]
fn many_models() {
    let text = lines("models:\n", |number| {
        format!("  m{number}: {{cmd: 'run ${{PORT}}', aliases: [a{number}]}}")
    });
    assert_eq!(run(&text).unwrap().config.models.len(), MANY);
}

#[test]
fn many_models_with_many_macros() {
    let macros: String = (0..1000).map(|number| format!("  g{number}: x\n")).collect();
    let models = lines("models:\n", |number| {
        format!("  m{number}: {{cmd: run, proxy: http://h}}")
    });
    assert_eq!(
        run(&format!("macros:\n{macros}{models}"))
            .unwrap()
            .config
            .models
            .len(),
        MANY
    );
}

#[test]
fn many_duplicate_keys() {
    assert_eq!(error_count(&lines("", |_| "key: 1".to_owned())), 200);
}

#[test]
fn many_unset_variables() {
    assert_eq!(
        error_count(&lines("list:\n", |number| format!("- ${{env.SPEC_U{number}}}"))),
        200
    );
}

#[test]
fn many_unknown_keys() {
    assert_eq!(
        run(&lines("", |number| format!("key{number}: 1")))
            .unwrap()
            .warnings
            .len(),
        200
    );
}

#[test]
fn many_unknown_names() {
    let models = lines("models:\n", |number| {
        format!("  m{number}: {{cmd: run, proxy: http://h}}")
    });
    let members = lines("groups:\n  g:\n    members:\n", |number| {
        format!("    - x{number}")
    });
    assert_eq!(error_count(&(models + &members)), 200);
}

#[test]
fn many_conflicting_names() {
    let models = lines("models:\n", |number| {
        format!("  p/m{number}: {{cmd: run, proxy: http://h}}")
    });
    let peers = lines("peers:\n  p:\n    proxy: http://h\n    models:\n", |number| {
        format!("    - m{number}")
    });
    assert_eq!(error_count(&(models + &peers)), 200);
}

#[test]
fn many_macros_in_one_text() {
    let macros: String = (0..1000).map(|number| format!("  m{number}: x\n")).collect();
    let uses: String = (0..MANY)
        .map(|number| format!("${{m{}}}", number % 1000))
        .collect();
    let text = format!("macros:\n{macros}stash: '{uses}'\n");
    // Every one of the macros that occur takes a walk over the text; that is refused, not endured.
    assert_eq!(error_count(&text), 1);
    assert_eq!(
        error_count(&lines("macros:\n", |number| format!("  m{number}: x"))),
        1
    );
}

#[test]
fn deep_nesting() {
    for text in [
        "[".repeat(100_000),
        "a: ".to_owned() + &"{a: ".repeat(100_000),
        "- ".repeat(100_000),
    ] {
        assert_eq!(error_count(&text), 1);
    }
    let mut text = "a0: &a0 [x]\n".to_owned();
    for number in 1..200 {
        text.push_str(&format!("a{number}: &a{number} [*a{}]\n", number - 1));
    }
    assert_eq!(error_count(&text), 1);
}

#[test]
fn long_keys() {
    let key = "k".repeat(100_000);
    let text = format!("models:\n  ? {key}\n  : {{cmd: run, proxy: http://h}}\n");
    let loaded = run(&text).unwrap();
    assert!(run(&loaded.resolved_yaml(true)).unwrap().config == loaded.config);
}
