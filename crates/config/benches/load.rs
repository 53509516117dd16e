//! Loading a configuration, which start-up and every reload wait for. Issue 6, p7, wants herder to start with 1,000 models
//! within 300 ms.

use divan::{Bencher, black_box};
use herder_config::{Environment, load_text};

fn main() {
    divan::main();
}

/// As people write them: a command over several lines, some options, here and there a filter.
#[divan::bench(args = [10, 1000])]
fn models(bencher: Bencher<'_, '_>, count: usize) {
    let model = |number: usize| {
        format!(
            "  model-{number}:\n    cmd: |\n      llama-server --port ${{PORT}}\n      -m /models/{number}.gguf -ngl 99\n    \
             ttl: 300\n    aliases: [alias-{number}]\n    filters:\n      setParams: {{temperature: 0.7}}\n"
        )
    };
    let text = format!("models:\n{}", (0..count).map(model).collect::<String>());
    load(bencher, &text);
}

/// Macros that use macros, in every model.
#[divan::bench]
fn macros(bencher: Bencher<'_, '_>) {
    let own = |number: usize| format!("  part-{number}: '--option-{number} ${{base}}'\n");
    let used: String = (0..20).map(|number| format!("${{part-{number}}} ")).collect();
    let model = |number: usize| {
        format!(
            "  model-{number}:\n    macros: {{own: '${{MODEL_ID}}-{number}'}}\n    cmd: serve --port ${{PORT}} ${{own}} {used}\n"
        )
    };
    let text = format!(
        "macros:\n  base: '--threads 4'\n{}models:\n{}",
        (0..20).map(own).collect::<String>(),
        (0..100).map(model).collect::<String>()
    );
    load(bencher, &text);
}

fn load(bencher: Bencher<'_, '_>, text: &str) {
    let environment = Environment::empty();
    bencher.bench_local(|| load_text("config.yaml", black_box(text), &environment, false).expect("it loads"));
}
