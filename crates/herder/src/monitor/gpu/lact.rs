//! LACT's daemon: JSON lines over a Unix socket (spec/runtime.md 5.3). The connection is made anew for every look.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::MAX_GPUS;
use super::reading::Reading;

/// How long connecting may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// How long all questions of one look may take together.
const ROUND_LIMIT: Duration = Duration::from_secs(5);

/// Bytes of one answer; a device's statistics are about 2 KB.
const ANSWER_LIMIT: u64 = 1 << 20;

/// Where the socket may be, the most likely place first.
#[derive(Debug)]
pub(in super::super) struct Sockets {
    paths: Vec<PathBuf>,
}

impl Sockets {
    /// `LACT_DAEMON_SOCKET_PATH`, the system's daemon, the user's daemon.
    pub(super) fn of_system() -> Self {
        let mut paths: Vec<PathBuf> = std::env::var_os("LACT_DAEMON_SOCKET_PATH")
            .map(PathBuf::from)
            .into_iter()
            .collect();
        paths.push(PathBuf::from("/run/lactd.sock"));
        let user = rustix::process::getuid().as_raw();
        paths.push(PathBuf::from(format!("/run/user/{user}/lactd.sock")));
        Self { paths }
    }

    #[cfg(test)]
    pub(super) fn at(path: PathBuf) -> Self {
        Self { paths: vec![path] }
    }

    /// Every device with memory of its own.
    pub(super) async fn read(&self) -> Result<Vec<Reading>, String> {
        let Some(path) = self.paths.iter().find(|path| path.exists()) else {
            return Err("no daemon".to_owned());
        };
        let stream = timeout(CONNECT_LIMIT, UnixStream::connect(path))
            .await
            .map_err(|_| "its daemon accepts no connection".to_owned())?
            .map_err(|error| error.to_string())?;
        timeout(ROUND_LIMIT, ask_all(stream))
            .await
            .map_err(|_| format!("no answer within {} s", ROUND_LIMIT.as_secs()))?
    }
}

async fn ask_all(stream: UnixStream) -> Result<Vec<Reading>, String> {
    let mut stream = BufReader::new(stream);
    let devices = devices(&ask(&mut stream, &json!({ "command": "list_devices" })).await?);
    let mut readings = Vec::new();
    for (index, device) in (0..).zip(devices.into_iter().take(MAX_GPUS)) {
        let question = json!({ "command": "device_stats", "args": { "id": device.id } });
        readings.extend(reading(index, &device, &ask(&mut stream, &question).await?));
    }
    Ok(readings)
}

/// One question, and the `data` of its answer.
async fn ask(stream: &mut BufReader<UnixStream>, question: &Value) -> Result<Value, String> {
    let line = format!("{question}\n");
    let written = stream.get_mut().write_all(line.as_bytes()).await;
    written.map_err(|error| error.to_string())?;
    let mut answer = String::new();
    let read = stream.take(ANSWER_LIMIT).read_line(&mut answer).await;
    read.map_err(|error| error.to_string())?;
    unwrap_answer(&answer)
}

/// `{"status":"ok","data":…}`
fn unwrap_answer(answer: &str) -> Result<Value, String> {
    let mut answer: Value =
        serde_json::from_str(answer).map_err(|error| format!("unreadable answer: {error}"))?;
    if answer["status"] == "ok" {
        Ok(answer["data"].take())
    } else {
        Err(format!("it refuses: {}", answer["data"]))
    }
}

/// A line of the device list.
struct Device {
    id: String,
    name: String,
}

fn devices(list: &Value) -> Vec<Device> {
    let text = |entry: &Value, key: &str| entry[key].as_str().map(str::to_owned);
    let entries = list.as_array().map(Vec::as_slice).unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| {
            let id = text(entry, "id")?;
            let name = text(entry, "name").unwrap_or_else(|| id.clone());
            Some(Device { id, name })
        })
        .collect()
}

/// `None` for a device without memory.
fn reading(index: u32, device: &Device, stats: &Value) -> Option<Reading> {
    let memory_total = stats["vram"]["total"].as_u64().filter(|total| *total > 0)?;
    let number = |value: &Value| value.as_f64().filter(|number| *number > 0.0);
    let power = &stats["power"];
    let temperatures = &stats["temps"];
    let any = || {
        let all = temperatures.as_object()?;
        all.values().find_map(|sensor| degrees(Some(sensor)))
    };
    Some(Reading {
        id: index,
        name: device.name.clone(),
        uuid: device.id.clone(),
        temperature: degrees(temperatures.get("edge"))
            .or_else(|| degrees(temperatures.get("junction")))
            .or_else(any)
            .unwrap_or(0.0),
        memory_temperature: degrees(temperatures.get("mem"))
            .or_else(|| degrees(temperatures.get("VRAM")))
            .unwrap_or(0.0),
        utilisation: number(&stats["busy_percent"]).unwrap_or(0.0),
        memory_used: stats["vram"]["used"].as_u64().unwrap_or(0),
        memory_total,
        fan: number(&stats["fan"]["pwm_current"]).unwrap_or(0.0) / 255.0 * 100.0,
        power: number(&power["average"])
            .or_else(|| number(&power["current"]))
            .unwrap_or(0.0),
    })
}

/// The temperature of a sensor, if it shows one. Newer daemons wrap it once more.
fn degrees(sensor: Option<&Value>) -> Option<f64> {
    let sensor = sensor?;
    sensor["current"]
        .as_f64()
        .or_else(|| sensor["value"]["current"].as_f64())
        .filter(|degrees| *degrees > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded() -> Vec<&'static str> {
        include_str!("recorded/lact.jsonl").lines().collect()
    }

    fn expected() -> [Reading; 2] {
        [
            Reading {
                id: 0,
                name: "AMD Radeon RX 6800".to_owned(),
                uuid: "1002:73BF-1DA2:E438-0000:03:00.0".to_owned(),
                temperature: 45.0,
                memory_temperature: 60.0,
                utilisation: 5.0,
                memory_used: 2_145_386_496,
                memory_total: 17_163_091_968,
                fan: 20.0,
                power: 32.0,
            },
            Reading {
                id: 2,
                name: "Intel Arc A770".to_owned(),
                uuid: "8086:56A0-8086:1020-0000:0a:00.0".to_owned(),
                temperature: 51.0,
                memory_temperature: 58.0,
                memory_used: 1_073_741_824,
                memory_total: 17_095_983_104,
                power: 41.5,
                ..Reading::default()
            },
        ]
    }

    #[test]
    fn runtime_5_3_lact() {
        let lines = recorded();
        let list = devices(&unwrap_answer(lines[0]).unwrap());
        let readings: Vec<Reading> = (0..)
            .zip(&list)
            .zip(&lines[1..])
            .filter_map(|((index, device), line)| reading(index, device, &unwrap_answer(line).unwrap()))
            .collect();
        assert_eq!(readings, expected());
    }

    /// A daemon that answers one line after the other.
    #[tokio::test]
    async fn runtime_5_3_lact_over_its_socket() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lactd.sock");
        let sockets = Sockets::at(path.clone());
        assert_eq!(sockets.read().await.unwrap_err(), "no daemon");
        let listener = tokio::net::UnixListener::bind(&path).unwrap();
        let daemon = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            let mut questions = Vec::new();
            for line in recorded() {
                let mut question = String::new();
                stream.read_line(&mut question).await.unwrap();
                questions.push(serde_json::from_str::<Value>(&question).unwrap());
                stream
                    .get_mut()
                    .write_all(format!("{line}\n").as_bytes())
                    .await
                    .unwrap();
            }
            questions
        });
        assert_eq!(sockets.read().await.unwrap(), expected());
        let questions = daemon.await.unwrap();
        assert_eq!(questions[0], json!({"command": "list_devices"}));
        let first = json!({"command": "device_stats", "args": {"id": "1002:73BF-1DA2:E438-0000:03:00.0"}});
        assert_eq!(questions[1], first);
        assert!(sockets.read().await.is_err(), "nobody listens any more");
    }

    #[test]
    fn runtime_5_3_lact_says_something_else() {
        for answer in [
            "",
            "{}",
            "[]",
            "7",
            "{\"status\":\"error\",\"data\":\"no such device\"}",
        ] {
            assert!(unwrap_answer(answer).is_err(), "{answer}");
        }
        for list in [json!(null), json!({}), json!([1, {}, {"name": "x"}])] {
            assert!(devices(&list).is_empty(), "{list}");
        }
    }
}
