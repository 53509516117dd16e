//! Falling through the sources, with scripts in the place of the vendors' tools.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use herder_config::{LogLevel, LogTimeFormat};
use herder_supervisor::LogRing;

use super::source::Source;
use super::tool::Tool;
use super::*;

/// A program of this name that prints `output` and ends with `status`.
fn script(folder: &Path, name: &str, output: &str, status: u8) -> PathBuf {
    let path = folder.join(name);
    // Renamed into place: a file that is being written cannot be run.
    let draft = folder.join(format!("{name}.draft"));
    fs::write(
        &draft,
        format!("#!/bin/sh\ncat <<'END'\n{output}\nEND\nexit {status}\n"),
    )
    .unwrap();
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(&draft, &path).unwrap();
    path
}

fn logger() -> (Logger, Arc<LogRing>) {
    let ring = Arc::new(LogRing::new());
    (
        Logger::new(Arc::clone(&ring), LogLevel::Info, LogTimeFormat::None),
        ring,
    )
}

fn lines(ring: &LogRing) -> Vec<String> {
    let text = String::from_utf8(ring.history().to_vec()).unwrap();
    text.lines().map(str::to_owned).collect()
}

const NVIDIA: &str = "1, B, GPU-b, 50, 1, 2, 4, 30, 5\n0, A, GPU-a, 51, 2, 1, 4, 30, 5";
const ROCM: &str = "device,GUID,VRAM Total Memory (B)\ncard0,77,1048576";

#[tokio::test]
async fn runtime_5_1_a_tool_that_dies_is_replaced_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let nvidia = script(folder.path(), "nvidia-smi", NVIDIA, 0);
    let rocm = script(folder.path(), "rocm-smi", ROCM, 0);
    let mut reader = GpuReader::new(vec![
        Source::NvidiaSmi(Tool::new(&nvidia)),
        Source::RocmSmi(Tool::new(&rocm)),
    ]);
    let (logger, ring) = logger();
    let start = Instant::now();
    let mut uuids = async |seconds: u64| -> Vec<String> {
        let now = start + Duration::from_secs(seconds);
        let samples = reader.read(now, Timestamp::UNIX_EPOCH, &logger).await;
        samples.into_iter().map(|sample| sample.uuid).collect()
    };
    // One look holds every GPU, in order.
    assert_eq!(uuids(0).await, ["GPU-a", "GPU-b"]);
    assert_eq!(uuids(5).await, ["GPU-a", "GPU-b"]);
    script(
        folder.path(),
        "nvidia-smi",
        "Unable to determine the device handle",
        15,
    );
    assert_eq!(uuids(10).await, ["77"]);
    script(folder.path(), "nvidia-smi", NVIDIA, 0);
    assert_eq!(uuids(15).await, ["77"], "it is left alone for 10 seconds");
    assert_eq!(uuids(20).await, ["GPU-a", "GPU-b"]);
    assert_eq!(reader.rests_until(), None, "there are GPUs to look at");
    assert_eq!(
        lines(&ring),
        [
            "[INFO] GPU monitoring: nvidia-smi sees 2 GPU(s)",
            "[WARN] GPU monitoring: nvidia-smi has failed (exit status: 15 Unable to determine the device handle); \
             next attempt in 10s",
            "[INFO] GPU monitoring: rocm-smi sees 1 GPU(s)",
            "[INFO] GPU monitoring: nvidia-smi sees 2 GPU(s)",
        ]
    );
}

#[tokio::test]
async fn runtime_5_3_no_source_is_said_once() {
    let folder = tempfile::tempdir().unwrap();
    let silent = script(folder.path(), "rocm-smi", "nothing", 0);
    let mut reader = GpuReader::new(vec![
        Source::NvidiaSmi(Tool::new(folder.path().join("nvidia-smi"))),
        Source::RocmSmi(Tool::new(silent)),
        Source::AmdSysfs(folder.path().join("drm")),
    ]);
    let (logger, ring) = logger();
    let start = Instant::now();
    for seconds in [0, 5, 30, 60, 600] {
        let now = start + Duration::from_secs(seconds);
        assert_eq!(reader.read(now, Timestamp::UNIX_EPOCH, &logger).await, []);
        let rest = reader.rests_until().map(|until| until - now);
        assert!(rest.is_some_and(|rest| rest <= LONGEST_PAUSE), "{rest:?}");
    }
    assert_eq!(
        lines(&ring),
        ["[INFO] GPU monitoring not available: nvidia-smi: not installed; rocm-smi: no GPU; amdgpu: no GPU"]
    );
}

#[test]
fn the_pause_grows_up_to_five_minutes() {
    let pauses: Vec<u64> = (1..=8).map(|failures| pause(failures).as_secs()).collect();
    assert_eq!(pauses, [10, 20, 40, 80, 160, 300, 300, 300]);
    assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
}
