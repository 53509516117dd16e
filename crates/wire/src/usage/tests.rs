//! The tables of spec/http-api.md 5.2 and 7.7 as data.

use proptest::prelude::*;

use super::*;

fn read(form: Form, body: &[u8], cut: usize) -> Option<Usage> {
    let mut reader = Reader::new(form);
    for chunk in body.chunks(cut) {
        reader.push(chunk);
    }
    reader.finish()
}

/// Input, output and cached tokens.
type Tokens = (u64, u64, Option<u64>);

/// Answers of every API, with their tokens.
const ANSWERS: &[(&str, Form, &str, Option<Tokens>)] = &[
    (
        "row 98",
        Form::Document,
        r#"{"usage":{"prompt_tokens":21,"completion_tokens":6}}"#,
        Some((21, 6, None)),
    ),
    (
        "row 99 OpenAI chat",
        Form::Document,
        r#"{"usage":{"prompt_tokens":11,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":3}}}"#,
        Some((11, 4, Some(3))),
    ),
    (
        "row 99 Responses stream",
        Form::Events,
        "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":9,\"output_tokens\":2}}}\n\n",
        Some((9, 2, None)),
    ),
    (
        "Responses",
        Form::Document,
        r#"{"usage":{"input_tokens":9,"output_tokens":2,"input_tokens_details":{"cached_tokens":0}}}"#,
        Some((9, 2, Some(0))),
    ),
    (
        "row 99 Anthropic stream",
        Form::Events,
        "event: message_start\ndata: {\"message\":{\"usage\":{\"input_tokens\":30,\"cache_read_input_tokens\":20,\"output_tokens\":1}}}\n\nevent: message_delta\ndata: {\"usage\":{\"output_tokens\":17}}\n\ndata: {\"usage\":null}\n\n",
        Some((30, 17, Some(20))),
    ),
    (
        "row 99 llama.cpp",
        Form::Document,
        r#"{"usage":{"prompt_tokens":50,"completion_tokens":8},"timings":{"prompt_n":6,"predicted_n":8,"cache_n":44}}"#,
        Some((6, 8, Some(44))),
    ),
    (
        "llama.cpp stream without a last line feed",
        Form::Events,
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"timings\":{\"prompt_n\":6,\"predicted_n\":8}}",
        Some((6, 8, None)),
    ),
    ("row 99 vLLM", Form::Document, VLLM, Some((40, 10, None))),
    (
        "row 102",
        Form::Infill,
        r#"[{},{"timings":{"prompt_n":3,"predicted_n":7}}]"#,
        Some((3, 7, None)),
    ),
    (
        "infill object",
        Form::Infill,
        r#"{"timings":{"prompt_n":3,"predicted_n":7}}"#,
        Some((3, 7, None)),
    ),
    (
        "an array elsewhere",
        Form::Document,
        r#"[{"usage":{"prompt_tokens":1}}]"#,
        None,
    ),
    (
        "embeddings",
        Form::Document,
        r#"{"data":[{"embedding":[0.1,-2e-3]}],"usage":{"prompt_tokens":5,"total_tokens":5}}"#,
        Some((5, 0, None)),
    ),
    (
        "usage in a text",
        Form::Events,
        "data: {\"text\":\"\\\"usage\\\":{\\\"prompt_tokens\\\":9}\"}\n\n",
        None,
    ),
    (
        "not an event",
        Form::Events,
        "{\"usage\":{\"prompt_tokens\":9}}\n",
        None,
    ),
    (
        "members of every other type, and some said twice",
        Form::Document,
        r#"{"usage":{"prompt_tokens":[1,{"a":2}],"input_tokens":7,"a":{"prompt_tokens":5},"completion_tokens":null,"output_tokens":1,"output_tokens":2,"cache_read_input_tokens":true,"input_tokens_details":[{"cached_tokens":9}],"prompt_tokens_details":{"cached_tokens":-1,"x":{"cached_tokens":8},"c\u0061ched_tokens":4}}}"#,
        Some((7, 2, Some(4))),
    ),
    (
        "a key that looks like a path",
        Form::Document,
        r#"{"usage":{"prompt_tokens":7,"prompt_tokens_details/cached_tokens":4,"input_tokens_details":{"x/cached_tokens":3}}}"#,
        Some((7, 0, None)),
    ),
    (
        "details said twice, the last time without a number",
        Form::Document,
        r#"{"usage":{"prompt_tokens":7,"prompt_tokens_details":{"cached_tokens":4},"prompt_tokens_details":{}}}"#,
        Some((7, 0, None)),
    ),
    (
        "details said twice, the last time no object",
        Form::Document,
        r#"{"usage":{"prompt_tokens":7,"prompt_tokens_details":{"cached_tokens":4},"prompt_tokens_details":null}}"#,
        Some((7, 0, None)),
    ),
    (
        "details said twice, the last time with another number",
        Form::Document,
        r#"{"usage":{"prompt_tokens":7,"prompt_tokens_details":{"cached_tokens":4},"prompt_tokens_details":{"cached_tokens":5}}}"#,
        Some((7, 0, Some(5))),
    ),
    (
        "details that are numbers and texts",
        Form::Events,
        "data: {\"usage\":{\"prompt_tokens\":1,\"input_tokens_details\":3,\"prompt_tokens_details\":\"4\"}}\n\n",
        Some((1, 0, None)),
    ),
    ("nothing", Form::Document, "{}", None),
    (
        "null",
        Form::Document,
        r#"{"usage":null,"timings":7,"metrics":[]}"#,
        None,
    ),
    (
        "broken events",
        Form::Events,
        "data: {\"usage\":{\"prompt_tokens\":1}\ndata: {\"usage\":{\"prompt_tokens\":2}}\ndata: \"usage\"\n",
        Some((2, 0, None)),
    ),
    (
        "wrong types",
        Form::Document,
        r#"{"usage":{"prompt_tokens":"9","completion_tokens":{},"cache_read_input_tokens":-4}}"#,
        Some((0, 0, None)),
    ),
    (
        "floats and too much",
        Form::Document,
        r#"{"usage":{"prompt_tokens":3.0,"completion_tokens":1e300}}"#,
        Some((3, MAX_COUNT, None)),
    ),
    (
        "audio",
        Form::Document,
        "RIFF\0\u{1}{\"usage\":{\"prompt_tokens\":1}}",
        None,
    ),
];

const VLLM: &str = r#"{"usage":{"prompt_tokens":40,"completion_tokens":10},"metrics":{"time_to_first_token_ms":80,"mean_itl_ms":20}}"#;

#[test]
fn row_098_099_and_102_tokens_of_every_api() {
    for (name, form, body, expected) in ANSWERS {
        let read = read(*form, body.as_bytes(), body.len());
        let tokens = read.map(|usage| (usage.input, usage.output, usage.cached));
        assert_eq!(tokens, *expected, "{name}");
    }
}

#[test]
fn row_099_rates_of_vllm() {
    let usage = read(Form::Document, VLLM.as_bytes(), 9).unwrap();
    assert_eq!(usage.prompt_per_second, Some(500.0));
    assert_eq!(usage.output_per_second, Some(50.0));
    let cached = r#"{"usage":{"prompt_tokens":40,"prompt_tokens_details":{"cached_tokens":30}},"metrics":{"time_to_first_token_ms":100}}"#;
    let usage = read(Form::Document, cached.as_bytes(), 9).unwrap();
    assert_eq!(
        (usage.prompt_per_second, usage.output_per_second),
        (Some(100.0), None)
    );
}

#[test]
fn row_100_time_and_rates_of_llama_cpp() {
    let body = r#"{"timings":{"prompt_n":1,"predicted_n":2,"prompt_ms":200,"predicted_ms":9000,"predicted_per_second":33.5}}"#;
    let usage = read(Form::Document, body.as_bytes(), 9).unwrap();
    assert_eq!(usage.milliseconds, Some(9200.0));
    assert_eq!(
        (usage.prompt_per_second, usage.output_per_second),
        (Some(0.0), Some(33.5))
    );
}

#[test]
fn row_101_half_a_pair_of_draft_counters_says_nothing() {
    let table = [
        (
            r#"{"metrics":{"speculative_decoding":{"num_draft_tokens":9}}}"#,
            (None, None),
        ),
        (
            r#"{"metrics":{"speculative_decoding":{"num_draft_tokens":9,"num_accepted_draft_tokens":4}}}"#,
            (Some(9), Some(4)),
        ),
        (r#"{"timings":{"draft_n":9}}"#, (None, None)),
        (
            r#"{"timings":{"draft_n":9,"draft_n_accepted":0}}"#,
            (Some(9), Some(0)),
        ),
    ];
    for (body, expected) in table {
        let usage = read(Form::Document, body.as_bytes(), 5).unwrap();
        assert_eq!((usage.drafted, usage.draft_accepted), expected, "{body}");
    }
}

#[test]
fn the_form_follows_path_and_type() {
    assert_eq!(Form::of("/infill", false), Form::Infill);
    assert_eq!(Form::of("/infill", true), Form::Events);
    assert_eq!(Form::of("/v1/chat/completions", true), Form::Events);
    assert_eq!(Form::of("/v1/chat/completions", false), Form::Document);
}

proptest! {
    #[test]
    fn cutting_changes_nothing(answer in 0..ANSWERS.len(), cut in 1..40_usize) {
        let (name, form, body, _) = ANSWERS[answer];
        let whole = read(form, body.as_bytes(), body.len());
        prop_assert_eq!(read(form, body.as_bytes(), cut), whole, "{}", name);
    }

    #[test]
    fn no_body_is_too_strange(body in prop::collection::vec(any::<u8>(), 0..600), cut in 1..40_usize) {
        for form in [Form::Events, Form::Document, Form::Infill] {
            prop_assert_eq!(read(form, &body, cut), read(form, &body, body.len().max(1)));
        }
    }

    #[test]
    fn no_text_of_brackets_and_names_is_too_strange(
        body in r#"(data: |\n|\{|\}|\[|\]|"|\\|,|:|usage|timings|1| ){0,80}"#,
        cut in 1..40_usize,
    ) {
        for form in [Form::Events, Form::Document, Form::Infill] {
            let body = body.as_bytes();
            prop_assert_eq!(read(form, body, cut), read(form, body, body.len().max(1)));
        }
    }
}
