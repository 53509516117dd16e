//! `load`: both ends of a measurement, for `cargo xtask bench`.
//!
//! A model server that costs as little as possible, and clients that count exactly what they get. HTTP/1.1 is written
//! by hand here, because what is measured stands in between and neither end may cost more than it. Whatever is not
//! as it should be, a status, a length, a byte, ends a client with an error: a broken answer never becomes a fast one.
//! What the figures mean is the bench's business.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "one line for the bench, and complaints, are the job"
)]

mod bodies;
mod clock;
mod connection;
mod crowd;
mod events;
mod flags;
mod framing;
mod latencies;
mod requests;
mod streams;
mod upstream;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use flags::Flags;

const USAGE: &str = "\
usage: load upstream --port P
       load requests --address HOST:PORT --model NAME --body text:BYTES|image:BYTES
                     --connections N (--seconds S | --requests N) [--path /v1/chat/completions]
       load streams  --address HOST:PORT --model NAME --body text:BYTES
                     --streams N --chunks N [--path /v1/chat/completions]
       load crowd    --address HOST:PORT --models N --body text:BYTES --connections N
The upstream prints its port, which the system chooses for port 0. The clients print one line of JSON. The crowd asks for model-0 to model-(N-1) and stays until standard input ends.
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Result<()> {
    let Some((command, words)) = words.split_first() else {
        bail!("no command\n{USAGE}");
    };
    let flags = Flags::parse(words).context(USAGE)?;
    // One thread: the other processor belongs to whoever is measured.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    match command.as_str() {
        "upstream" => runtime.block_on(upstream::serve(flags.number("port")?)),
        "requests" => {
            let report = runtime.block_on(requests::run(&requests::Plan::read(&flags)?))?;
            println!("{report}");
            Ok(())
        }
        "streams" => {
            let report = runtime.block_on(streams::run(&streams::Plan::read(&flags)?))?;
            println!("{report}");
            Ok(())
        }
        "crowd" => runtime.block_on(crowd::run(&crowd::Plan::read(&flags)?)),
        unknown => bail!("unknown command {unknown}\n{USAGE}"),
    }
}
