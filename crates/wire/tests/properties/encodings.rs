//! Multipart bodies against `multer`, forms against `url`.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use herder_wire::{form, multipart};
use http_body_util::{BodyDataStream, Full};
use proptest::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    name: String,
    file: Option<String>,
    content: Vec<u8>,
}

const BOUNDARY: &str = "XbX";

fn parts() -> impl Strategy<Value = Part> {
    let names = prop_oneof![
        Just("model".to_owned()),
        Just("stream".to_owned()),
        "[a-zé ;=]{1,8}"
    ];
    let file = prop::option::of("[a-z;.= ]{1,8}");
    // Contents that look like delimiters but are none.
    let contents = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        "[a-z-]{0,8}".prop_map(String::into_bytes),
        Just(b"\r\n--Xb".to_vec()),
        Just(b"\r\n--\r\n\r\n--XbY\r\n".to_vec()),
        Just(b"--XbX".to_vec()),
        Just(b"\r\n".to_vec()),
    ];
    (names, file, contents).prop_map(|(name, file, content)| Part { name, file, content })
}

fn write(parts: &[Part]) -> Bytes {
    let mut body = Vec::new();
    for part in parts {
        body.extend(
            format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"",
                part.name
            )
            .bytes(),
        );
        if let Some(file) = &part.file {
            body.extend(format!("; filename=\"{file}\"\r\nContent-Type: audio/wav").bytes());
        }
        body.extend(b"\r\n\r\n");
        body.extend(&part.content);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").bytes());
    Bytes::from(body)
}

/// What `multer` reads.
fn oracle(body: &Bytes) -> Vec<Part> {
    let stream = BodyDataStream::new(Full::new(body.clone()));
    let read = async {
        let mut multipart = multer::Multipart::new(stream, BOUNDARY);
        let mut parts = Vec::new();
        while let Some(field) = multipart.next_field().await.expect("a readable body") {
            let name = field.name().unwrap_or_default().to_owned();
            let file = field.file_name().map(str::to_owned);
            let content = field.bytes().await.expect("readable content").to_vec();
            parts.push(Part { name, file, content });
        }
        parts
    };
    // The whole body is there, so one poll is enough.
    match pin!(read).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(parts) => parts,
        Poll::Pending => panic!("a body in memory never waits"),
    }
}

proptest! {
    #[test]
    fn multipart_bodies_read_as_multer_reads_them(parts in prop::collection::vec(parts(), 1..6)) {
        let body = write(&parts);
        let expected: Vec<(String, bool, Vec<u8>)> = oracle(&body).into_iter()
            .map(|part| (part.name, part.file.is_some(), part.content))
            .collect();
        let found: Vec<(String, bool, Vec<u8>)> = multipart::parts(&body, BOUNDARY)
            .map(|part| (part.name, part.is_file, body[part.value].to_vec()))
            .collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn replacing_the_field_changes_no_other_part(parts in prop::collection::vec(parts(), 1..6), new in "[a-z/é]{1,9}") {
        let body = write(&parts);
        let edited = multipart::replace_model(&body, BOUNDARY, &new);
        let changed: Vec<Part> = parts.into_iter().map(|part| {
            let is_model = part.name == "model" && part.file.is_none();
            let content = if is_model { new.clone().into_bytes() } else { part.content };
            Part { content, ..part }
        }).collect();
        prop_assert_eq!(edited.to_bytes(), write(&changed));
        prop_assert_eq!(oracle(&edited.to_bytes()), changed);
    }

    #[test]
    fn forms_read_as_url_reads_them(pairs in prop::collection::vec((prop_oneof![Just("model".to_owned()), ".{0,6}"], ".{0,9}"), 0..6)) {
        let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let expected = pairs.iter().find(|(name, _)| name == "model").map(|(_, value)| value.clone());
        prop_assert_eq!(form::find(text.as_bytes(), "model").map(|field| field.value), expected);
    }

    #[test]
    fn replacing_a_pair_changes_no_other_pair(pairs in prop::collection::vec((prop_oneof![Just("model".to_owned()), ".{0,6}"], ".{0,9}"), 0..6), new in ".{0,9}") {
        let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let edited = form::replace_in_query(&text, "model", &new);
        let read: Vec<(String, String)> = url::form_urlencoded::parse(edited.as_bytes()).into_owned().collect();
        let expected: Vec<(String, String)> = pairs.into_iter()
            .map(|(name, value)| if name == "model" { (name, new.clone()) } else { (name, value) })
            .collect();
        prop_assert_eq!(read, expected);
        let body = form::replace(&Bytes::from(text), "model", &new);
        prop_assert_eq!(body.to_vec(), edited.into_bytes());
    }
}
