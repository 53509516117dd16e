//! Everybody who is measured, side by side in front of one upstream.
//!
//! herder starts the upstream as its model; the client asks it directly, through nginx, through herder, and through
//! the peers of the command line. What is asked and how often is up to the case.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::arguments::Peer;
use super::nginx::{self, Nginx};
use super::processes::{Process, ThreadCounts, seconds_between};
use super::server::Server;
use super::{Settings, bench_folder, release_program};
use crate::programs;
use crate::router::different_free_ports;

/// The model whose requests nobody changes.
pub(super) const PLAIN: &str = "plain";

/// The model that the upstream knows by another name, and whose requests get three more parameters.
pub(super) const EDITED: &str = "edited";

/// The name that the upstream knows `EDITED` by.
const NAME_AT_UPSTREAM: &str = "the-name-at-the-upstream";

/// The parameters that requests for `EDITED` get, with their values as YAML and JSON write them.
const PARAMETERS: [(&str, &str); 3] = [("temperature", "0.5"), ("top_k", "40"), ("cache_prompt", "true")];

/// Requests at once that herder lets through to a model; its default of 10 is for real ones.
const CONCURRENCY_LIMIT: u32 = 1024;

/// The load program, as cargo names it.
const LOAD: &str = "load";

const CHAT: &str = "/v1/chat/completions";

pub(super) struct Field {
    pub(super) subjects: Vec<Subject>,
    /// nginx with a body that is sent on as it comes. A router that must find a model's name in it cannot do that.
    pub(super) unbuffered: Option<Subject>,
    pub(super) notes: Vec<String>,
    /// In the order in which they were started: herder, which has the upstream, first.
    servers: Vec<Server>,
}

/// Who is asked.
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) role: Role,
    address: SocketAddr,
    path: String,
    /// Position of its program in the field; the upstream itself has none.
    server: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The upstream itself.
    Direct,
    Nginx,
    Herder,
    /// A router of the command line, and whether it knows `EDITED`.
    Peer {
        edits: bool,
    },
}

/// What a client is to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load<'a> {
    pub(super) model: &'a str,
    /// `text:BYTES` or `image:BYTES`.
    pub(super) body: &'a str,
    pub(super) connections: usize,
    pub(super) amount: Amount,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Amount {
    Seconds(f64),
    Requests(u32),
}

/// What requests have cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Requests {
    /// Requests per second.
    pub(super) rate: f64,
    /// Microseconds.
    pub(super) p50: f64,
    /// Microseconds.
    pub(super) p99: f64,
    pub(super) processor: Processor,
}

/// What streams have cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Streams {
    /// Delay of a chunk, in microseconds.
    pub(super) p50: f64,
    /// Microseconds.
    pub(super) p99: f64,
    /// Chunks that were lost, came twice or out of order.
    pub(super) wrong: f64,
    pub(super) processor: Processor,
}

/// Microseconds of processor time for each request or chunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Processor {
    /// The router; nobody when the upstream is asked directly.
    pub(super) router: Option<f64>,
    pub(super) upstream: f64,
    pub(super) client: f64,
}

impl Field {
    /// Starts everybody and asks each once, so that the model is loaded and what does not work is found before
    /// anything is measured.
    ///
    /// # Errors
    /// Somebody does not start, or does not answer as he should.
    pub(super) fn start(settings: &Settings) -> Result<Self> {
        let folder = bench_folder();
        fs::create_dir_all(&folder)?;
        let [upstream_port, herder_port, buffered, unbuffered] = different_free_ports()?;
        let mut field = Self {
            subjects: Vec::new(),
            unbuffered: None,
            notes: Vec::new(),
            servers: Vec::new(),
        };
        // The upstream is herder's model, so herder comes first here, and later in the table.
        let herder = start_herder(&folder, herder_port, upstream_port)?;
        field.servers.push(herder);
        let herder = Subject::new("herder", Role::Herder, herder_port, Some(0));
        field.ask_once(&herder, PLAIN)?;
        field.ask_once(&herder, EDITED)?;
        field
            .subjects
            .push(Subject::new("direct", Role::Direct, upstream_port, None));
        match nginx::start(&folder, upstream_port, [buffered, unbuffered])? {
            Some(Nginx {
                server,
                port,
                unbuffered_port,
            }) => {
                let place = Some(field.add(server));
                let nginx = Subject::new("nginx", Role::Nginx, port, place);
                field.subjects.push(nginx);
                let unbuffered = Subject::new("nginx, unbuffered", Role::Nginx, unbuffered_port, place);
                field.unbuffered = Some(unbuffered);
            }
            None => field.notes.push(nginx::MISSING.to_owned()),
        }
        field.subjects.push(herder);
        for peer in &settings.peers {
            field.add_peer(peer, &folder, upstream_port)?;
        }
        for subject in field.subjects.iter().chain(&field.unbuffered) {
            field.ask_once(subject, PLAIN)?;
        }
        Ok(field)
    }

    /// The one in the table that has this role.
    pub(super) fn position(&self, role: Role) -> Option<usize> {
        self.subjects.iter().position(|subject| subject.role == role)
    }

    /// Runs a load against `subject`.
    ///
    /// # Errors
    /// Any answer that is not as it should be; a request that did not arrive at the upstream as it should.
    pub(super) fn requests(&self, subject: &Subject, load: &Load<'_>) -> Result<Requests> {
        let amount = match load.amount {
            Amount::Seconds(seconds) => ["--seconds".to_owned(), seconds.to_string()],
            Amount::Requests(count) => ["--requests".to_owned(), count.to_string()],
        };
        let connections = load.connections.to_string();
        let mut words = vec!["requests", "--connections", &connections, "--body", load.body];
        words.extend(amount.iter().map(String::as_str));
        let (figures, processor) = self.run(subject, load.model, &words, "requests")?;
        check_arrival(subject, load.model, &figures)?;
        Ok(Requests {
            rate: number(&figures, "requests")? / number(&figures, "seconds")?,
            p50: number(&figures["latency"], "p50_us")?,
            p99: number(&figures["latency"], "p99_us")?,
            processor,
        })
    }

    /// Follows so many streams of so many chunks each.
    ///
    /// # Errors
    /// A stream that breaks off, or is none. Chunks that are missing are counted.
    pub(super) fn streams(&self, subject: &Subject, streams: u32, chunks: u32) -> Result<Streams> {
        let (streams, chunks) = (streams.to_string(), chunks.to_string());
        let words = [
            "streams",
            "--streams",
            &streams,
            "--chunks",
            &chunks,
            "--body",
            "text:1024",
        ];
        let (figures, processor) = self.run(subject, PLAIN, &words, "chunks")?;
        let wrong: Result<Vec<f64>> = ["lost", "doubled", "reordered"]
            .iter()
            .map(|name| number(&figures, name))
            .collect();
        Ok(Streams {
            p50: number(&figures["delay"], "p50_us")?,
            p99: number(&figures["delay"], "p99_us")?,
            wrong: wrong?.iter().sum(),
            processor,
        })
    }

    /// Resident memory of a subject's processes, in units of 1,000,000 bytes; its peak starts anew.
    pub(super) fn forget_peak(&self, subject: &Subject) -> Result<f64> {
        let processes = self.routers(subject)?;
        processes.iter().try_for_each(Process::forget_peak)?;
        sum(&processes, Process::resident)
    }

    /// The most that was resident since `forget_peak`. Processes add up, as if they peaked together.
    pub(super) fn peak(&self, subject: &Subject) -> Result<f64> {
        sum(&self.routers(subject)?, Process::peak)
    }

    /// Runs the client; what it says, and what each `unit` of it has cost.
    fn run(&self, subject: &Subject, model: &str, words: &[&str], unit: &str) -> Result<(Value, Processor)> {
        let routers = Meter::start(self.routers(subject)?)?;
        let upstreams = Meter::start(self.upstreams()?)?;
        let address = subject.address.to_string();
        let mut command = Command::new(release_program(LOAD));
        command
            .args(words)
            .args(["--model", model, "--address", &address, "--path", &subject.path]);
        let text = programs::output(&mut command).with_context(|| format!("asking {}", subject.name))?;
        let (routers, upstreams) = (routers.seconds()?, upstreams.seconds()?);
        let figures: Value = serde_json::from_str(&text)?;
        let count = number(&figures, unit)?;
        let each = |seconds: f64| seconds * 1e6 / count;
        let processor = Processor {
            router: subject.server.map(|_| each(routers)),
            upstream: each(upstreams),
            client: each(number(&figures, "processor_seconds")?),
        };
        Ok((figures, processor))
    }

    /// The processes of a subject, without the upstream that it may have started.
    fn routers(&self, subject: &Subject) -> Result<Vec<Process>> {
        let Some(server) = subject.server else {
            return Ok(Vec::new());
        };
        let mut processes = self.servers[server].processes()?;
        processes.retain(|process| !process.runs(LOAD));
        Ok(processes)
    }

    /// All upstreams. Only one of them works at a time.
    fn upstreams(&self) -> Result<Vec<Process>> {
        let mut upstreams = Vec::new();
        for server in &self.servers {
            upstreams.extend(server.processes()?);
        }
        upstreams.retain(|process| process.runs(LOAD));
        Ok(upstreams)
    }

    fn add(&mut self, server: Server) -> usize {
        self.servers.push(server);
        self.servers.len() - 1
    }

    fn add_peer(&mut self, peer: &Peer, folder: &Path, upstream_port: u16) -> Result<()> {
        let load = release_program(LOAD);
        let environment = [
            ("UPSTREAM_URL", format!("http://127.0.0.1:{upstream_port}")),
            ("UPSTREAM_PORT", upstream_port.to_string()),
            // A port is to follow.
            ("UPSTREAM_COMMAND", format!("{} upstream --port", load.display())),
        ];
        let server = Server::start(&peer.name, &["sh", "-c", &peer.command], &environment, folder)?;
        server.await_answer(peer.address, &format!("{}/", peer.prefix))?;
        let mut subject = Subject {
            name: peer.name.clone(),
            role: Role::Peer { edits: true },
            address: peer.address,
            path: format!("{}{CHAT}", peer.prefix),
            server: Some(self.add(server)),
        };
        if let Err(error) = self.ask_once(&subject, EDITED) {
            subject.role = Role::Peer { edits: false };
            self.notes
                .push(format!("{} edits no requests: {error:#}", peer.name));
        }
        self.subjects.push(subject);
        Ok(())
    }

    fn ask_once(&self, subject: &Subject, model: &str) -> Result<()> {
        let load = Load {
            model,
            body: "text:1024",
            connections: 1,
            amount: Amount::Requests(1),
        };
        self.requests(subject, &load).map(drop)
    }
}

impl Drop for Field {
    /// Whoever stands in front of the upstream goes before it.
    fn drop(&mut self) {
        while self.servers.pop().is_some() {}
    }
}

impl Subject {
    fn new(name: &str, role: Role, port: u16, server: Option<usize>) -> Self {
        Self {
            name: name.to_owned(),
            role,
            address: (Ipv4Addr::LOCALHOST, port).into(),
            path: CHAT.to_owned(),
            server,
        }
    }

    /// Whether it changes requests for `EDITED`.
    pub(super) fn edits(&self) -> bool {
        match self.role {
            Role::Direct | Role::Nginx => false,
            Role::Herder => true,
            Role::Peer { edits } => edits,
        }
    }
}

/// Processor time of some processes from a moment on.
struct Meter(Vec<(Process, ThreadCounts)>);

impl Meter {
    fn start(processes: Vec<Process>) -> Result<Self> {
        let start = processes.into_iter().map(|process| {
            let time = process.processor_time()?;
            Ok((process, time))
        });
        start.collect::<Result<_>>().map(Self)
    }

    /// Seconds since the start, without those of processes and threads that have ended since.
    fn seconds(&self) -> Result<f64> {
        let mut sum = 0.0;
        for (process, before) in &self.0 {
            sum += seconds_between(before, &process.processor_time()?);
        }
        Ok(sum)
    }
}

/// What the upstream says has arrived must be what was sent, or be edited.
fn check_arrival(subject: &Subject, model: &str, figures: &Value) -> Result<()> {
    let lengths = (number(figures, "sent_bytes")?, number(figures, "received_bytes")?);
    let arrived = figures["received_model"].as_str().unwrap_or_default();
    let is_edited = model == EDITED && subject.edits();
    let expected = if is_edited { NAME_AT_UPSTREAM } else { model };
    ensure!(
        arrived == expected,
        "{}: a request for {arrived} has arrived instead of one for {expected}",
        subject.name
    );
    let (sent, received) = lengths;
    ensure!(
        if is_edited {
            received >= sent + edits_bytes()
        } else {
            received == sent
        },
        "{}: {sent} bytes were sent for {model}, {received} have arrived",
        subject.name
    );
    Ok(())
}

/// Bytes that an edited request has more than the one that was sent: the longer name, and each parameter with its quotes,
/// colon and comma. Whoever writes the request anew may add spaces.
fn edits_bytes() -> f64 {
    let parameters: usize = PARAMETERS
        .iter()
        .map(|(name, value)| name.len() + value.len() + "\"\":,".len())
        .sum();
    (NAME_AT_UPSTREAM.len() - EDITED.len() + parameters) as f64
}

fn start_herder(folder: &Path, port: u16, upstream_port: u16) -> Result<Server> {
    let file = folder.join("field.yaml");
    fs::write(&file, configuration(upstream_port))?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let program = release_program("herder");
    let words = [
        &*program.to_string_lossy(),
        "-config",
        &*file.to_string_lossy(),
        "-listen",
        &address.to_string(),
    ];
    let server = Server::start("herder", &words, &[], folder)?;
    server.await_answer(address, "/health")?;
    Ok(server)
}

/// Everything has its default value but the limit of requests at once. Both models may run together.
fn configuration(upstream_port: u16) -> String {
    let load = release_program(LOAD);
    let parameters = PARAMETERS
        .map(|(name, value)| format!("{name}: {value}"))
        .join(", ");
    format!(
        "models:
  {PLAIN}:
    cmd: '\"{load}\" upstream --port {upstream_port}'
    proxy: http://127.0.0.1:{upstream_port}
    concurrencyLimit: {CONCURRENCY_LIMIT}
  {EDITED}:
    # The server is the one above; only a process is needed.
    cmd: sleep infinity
    checkEndpoint: none
    proxy: http://127.0.0.1:{upstream_port}
    concurrencyLimit: {CONCURRENCY_LIMIT}
    useModelName: {NAME_AT_UPSTREAM}
    filters:
      setParams: {{{parameters}}}
routing:
  router:
    use: group
    settings:
      groups:
        all: {{swap: false, exclusive: false, members: [{PLAIN}, {EDITED}]}}
",
        load = load.display()
    )
}

fn number(figures: &Value, name: &str) -> Result<f64> {
    figures[name]
        .as_f64()
        .with_context(|| format!("the load program says no {name}: {figures}"))
}

fn sum(processes: &[Process], cost: impl Fn(&Process) -> Result<f64>) -> Result<f64> {
    processes.iter().map(cost).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_request_must_arrive_as_it_was_sent_or_edited() {
        let direct = Subject::new("direct", Role::Direct, 1, None);
        let herder = Subject::new("herder", Role::Herder, 1, Some(0));
        let peer = Subject::new("peer", Role::Peer { edits: false }, 1, Some(1));
        let cases = [
            (&direct, PLAIN, PLAIN, 100, true),
            (&direct, PLAIN, PLAIN, 99, false),
            (&herder, PLAIN, PLAIN, 100, true),
            (&herder, PLAIN, NAME_AT_UPSTREAM, 100, false),
            (&herder, EDITED, NAME_AT_UPSTREAM, 167, true),
            // The name only.
            (&herder, EDITED, NAME_AT_UPSTREAM, 118, false),
            (&herder, EDITED, NAME_AT_UPSTREAM, 100, false),
            (&herder, EDITED, EDITED, 167, false),
            (&peer, EDITED, EDITED, 100, true),
        ];
        for (subject, model, arrived, bytes, expected) in cases {
            let figures = json!({"sent_bytes": 100, "received_bytes": bytes, "received_model": arrived});
            let outcome = check_arrival(subject, model, &figures);
            assert_eq!(outcome.is_ok(), expected, "{} {model} {figures}", subject.name);
        }
    }
}
