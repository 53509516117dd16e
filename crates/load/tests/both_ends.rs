//! The program against itself, and against servers that do not do what they should.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test program; its panics are its results")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use serde_json::Value;

/// An upstream that ends with the test.
struct Upstream {
    child: Child,
    address: SocketAddr,
}

impl Upstream {
    fn start() -> Self {
        let mut command = load();
        command.args(["upstream", "--port", "0"]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // It listens before it prints.
        let mut line = String::new();
        let output = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let address = (Ipv4Addr::LOCALHOST, line.trim().parse::<u16>().unwrap()).into();
        Self { child, address }
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn load() -> Command {
    Command::new(env!("CARGO_BIN_EXE_load"))
}

fn client(address: SocketAddr, words: &str) -> Output {
    let address = address.to_string();
    let words = words.split(' ').chain(["--address", &address, "--model", "m"]);
    load().args(words).output().unwrap()
}

fn figures(output: &Output) -> Value {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A server that answers every connection with these bytes, once it has been asked, and closes it.
fn server_that_says(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 8192];
            let _ = stream.read(&mut request).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    address
}

#[test]
fn requests_are_counted() {
    let upstream = Upstream::start();
    let words = "requests --connections 3 --body text:1024 --requests 100";
    let small = figures(&client(upstream.address, words));
    assert_eq!(small["requests"], 100);
    assert_eq!(small["received_bytes"], 1024);
    assert_eq!(small["received_model"], "m");
    let words = "requests --connections 1 --body image:3000000 --requests 2";
    let large = figures(&client(upstream.address, words));
    assert_eq!(
        (&large["requests"], &large["received_bytes"]),
        (&2.into(), &3_000_000.into())
    );
}

#[test]
fn chunks_are_counted() {
    let upstream = Upstream::start();
    let words = "streams --streams 7 --chunks 5 --body text:400";
    let streams = figures(&client(upstream.address, words));
    assert_eq!(streams["chunks"], 35);
    for wrong in ["lost", "doubled", "reordered"] {
        assert_eq!(streams[wrong], 0, "{wrong}");
    }
    assert!(streams["delay"]["max_us"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_broken_answer_ends_the_client() {
    let cases = [
        (
            "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\n\r\n{}",
            "429",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            "no chat's answer",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
            "closed inside a body",
        ),
        ("", "closed without an answer"),
    ];
    for (answer, complaint) in cases {
        let words = "requests --connections 1 --body text:400 --requests 1";
        let output = client(server_that_says(answer), words);
        let printed = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && output.stdout.is_empty(), "{answer}");
        assert!(printed.contains(complaint), "{answer}: {printed}");
    }
}

#[test]
fn a_stream_that_breaks_off_ends_the_client_and_a_lost_chunk_is_counted() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    let words = "streams --streams 1 --chunks 2 --body text:400";
    let output = client(server_that_says(head), words);
    assert!(String::from_utf8_lossy(&output.stderr).contains("without [DONE]"));
    assert!(!output.status.success());
    let second_of_two = "HTTP/1.1 200 OK\r\n\r\n\
        data: {\"object\":\"chat.completion.chunk\",\"load\":{\"sequence\":1,\"written\":1}}\n\ndata: [DONE]\n\n";
    let streams = figures(&client(server_that_says(second_of_two), words));
    assert_eq!((&streams["chunks"], &streams["lost"]), (&1.into(), &1.into()));
}
