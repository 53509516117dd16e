//! Finding and replacing `model` by span and splice, against a round trip through `serde_json::Value`; and what `useModelName`
//! with three `setParams` costs, for which the body must be well formed.
//!
//! `cargo bench -p herder-wire` prints the times, then how many times faster the splice is.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use divan::Bencher;
use herder_wire::filters::{Edits, apply};
use herder_wire::{Pieces, json as json_body};
use indexmap::IndexMap;
use serde_json::{Value, json};

const SIZES: [usize; 2] = [185, 4 * 1024 * 1024];

fn main() {
    divan::main();
    // Under `cargo test` the bench only has to run, and who names a bench wants no more than that.
    if std::env::args().skip(1).eq(["--bench".to_owned()]) {
        print_ratios();
    }
}

#[divan::bench(args = SIZES)]
fn splice(bencher: Bencher, size: usize) {
    let body = chat_body(size);
    bencher.bench(|| edit_by_splice(black_box(&body)));
}

#[divan::bench(args = SIZES)]
fn value_round_trip(bencher: Bencher, size: usize) {
    let body = chat_body(size);
    bencher.bench(|| edit_by_value(black_box(&body)));
}

/// A long prompt of short lines, and a picture.
#[divan::bench(args = ["text of 64 KiB", "image of 8 MiB"])]
fn filter(bencher: Bencher, body: &str) {
    let body = match body {
        "text of 64 KiB" => prompt_body(64 * 1024),
        _ => chat_body(8 * 1024 * 1024),
    };
    let Value::Object(parameters) = json!({"temperature": 0.5, "top_k": 40, "cache_prompt": true}) else {
        unreachable!("an object is written above");
    };
    let parameters: IndexMap<String, Value> = parameters.into_iter().collect();
    let edits = Edits {
        rename: Some("org/another-model"),
        set: Some(&parameters),
        ..Edits::default()
    };
    bencher.bench(|| apply(black_box(&body), &edits).expect("the filters are applicable"));
}

/// A chat request of about `size` bytes with a text full of quotes and lines.
fn prompt_body(size: usize) -> Bytes {
    let sentence = "She said: \\\"Every herd knows its way home.\\\"\\nThe path was gone. ";
    let text = sentence.repeat(size / sentence.len());
    Bytes::from(format!(
        r#"{{"model":"orca-7b","messages":[{{"role":"user","content":"{text}"}}]}}"#
    ))
}

fn edit_by_splice(body: &Bytes) -> Pieces {
    let field = json_body::model_field(body).expect("the body names a model");
    black_box(field);
    json_body::replace_model(body, "org/another-model")
}

fn edit_by_value(body: &Bytes) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(body).expect("the body is JSON");
    black_box(value["model"].as_str().map(str::to_owned));
    value["model"] = Value::from("org/another-model");
    serde_json::to_vec(&value).expect("a value can be written")
}

/// A chat request of `size` bytes; a large one carries an image.
fn chat_body(size: usize) -> Bytes {
    let before =
        r#"{"model":"orca-7b","temperature":0.70,"stream":true,"messages":[{"role":"user","content":""#;
    let after = r#""}]}"#;
    let filling = "A".repeat(size.saturating_sub(before.len() + after.len()));
    Bytes::from(format!("{before}{filling}{after}"))
}

#[expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]
fn print_ratios() {
    for size in SIZES {
        let body = chat_body(size);
        let splice = fastest(|| drop(black_box(edit_by_splice(&body))));
        let round_trip = fastest(|| drop(black_box(edit_by_value(&body))));
        let ratio = round_trip.as_secs_f64() / splice.as_secs_f64();
        println!("{size} bytes: splice {splice:?}, value round trip {round_trip:?}, ratio {ratio:.1}");
    }
}

/// The fastest of many runs, which is the one least disturbed by other work on the machine.
fn fastest(mut work: impl FnMut()) -> Duration {
    const RUNS: usize = 200;
    let times = (0..RUNS).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed()
    });
    times.min().unwrap_or_default()
}
