//! What is read of each request and answer: the model's name in bodies of several sizes, the usage in an event stream, and the
//! headers that stay on this connection.

use bytes::Bytes;
use divan::{Bencher, black_box};
use herder_wire::usage::{Form, Reader};
use herder_wire::{headers, json};
use http::{HeaderMap, HeaderName, HeaderValue};

/// A chat, a long prompt, a picture.
const SIZES: [usize; 3] = [1024, 64 * 1024, 8 * 1024 * 1024];

/// Events of a stream of half a minute.
const EVENTS: usize = 1500;

fn main() {
    divan::main();
}

/// With the name at the end, where some clients write it: everything before has to be looked at.
#[divan::bench(args = SIZES)]
fn find_the_model(bencher: Bencher<'_, '_>, size: usize) {
    let (before, after) = (
        r#"{"messages":[{"role":"user","content":""#,
        r#""}],"stream":true,"model":"orca-7b"}"#,
    );
    let sentence = "She said: \\\"Every herd knows its way home.\\\"\\nThe path was gone. ";
    let text = sentence.repeat(size / sentence.len());
    let body = Bytes::from(format!("{before}{text}{after}"));
    bencher.bench_local(|| json::model_and_stream(black_box(&body)));
}

/// One read of the connection for each event, the last one with the usage.
#[divan::bench]
fn usage_of_a_stream(bencher: Bencher<'_, '_>) {
    let token = |number: usize| {
        format!(
            "data: {{\"id\":\"c-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"orca-7b\",\
             \"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"word {number}\"}},\"finish_reason\":null}}]}}\n\n"
        )
    };
    let mut events: Vec<String> = (0..EVENTS).map(token).collect();
    let usage = r#"{"prompt_tokens":20,"completion_tokens":1500,"total_tokens":1520}"#;
    events.push(format!("data: {{\"choices\":[],\"usage\":{usage}}}\n\n"));
    events.push("data: [DONE]\n\n".to_owned());
    bencher.bench_local(|| {
        let mut reader = Reader::new(Form::Events);
        for event in &events {
            reader.push(black_box(event.as_bytes()));
        }
        reader.finish().expect("the stream tells its usage")
    });
}

/// Those of a usual client.
#[divan::bench]
fn strip_headers(bencher: Bencher<'_, '_>) {
    let mut client = HeaderMap::new();
    for (name, value) in [
        ("host", "localhost:8080"),
        ("accept", "application/json"),
        ("accept-encoding", "gzip, deflate, br"),
        ("connection", "keep-alive, x-own"),
        ("user-agent", "OpenAI/Python 1.50.0"),
        ("content-type", "application/json"),
        ("content-length", "1024"),
        ("authorization", "Bearer key"),
        ("x-own", "1"),
        ("x-stainless-lang", "python"),
        ("x-stainless-runtime", "CPython"),
        ("te", "trailers"),
    ] {
        client.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    bencher.bench_local(|| {
        let mut headers = client.clone();
        headers::strip_hop_by_hop(&mut headers);
        headers::keep_decodable_encodings(&mut headers);
        headers
    });
}
