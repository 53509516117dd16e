//! Looks at the processes of this machine (Linux: through /proc).

use std::fs;

pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

/// Whether the process exists and is not merely waiting to be reaped.
pub fn alive(pid: u32) -> bool {
    stat(pid).is_some_and(|stat| stat.state != 'Z' && stat.state != 'X')
}

/// The living children of a process.
pub fn children_of(pid: u32) -> Vec<u32> {
    all()
        .filter(|candidate| stat(*candidate).is_some_and(|stat| stat.parent == pid && stat.state != 'Z'))
        .collect()
}

/// The living processes, this one excepted, that have an argument containing `marker`. A marker that only one test
/// uses, such as its temporary folder, finds everything that this test has left behind.
pub fn processes_with_argument(marker: &str) -> Vec<u32> {
    all()
        .filter(|pid| *pid != std::process::id() && alive(*pid) && has_argument(*pid, marker))
        .collect()
}

/// Sends a signal; says whether there was a process to receive it.
pub fn send_signal(pid: u32, signal: Signal) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| kill_process(pid, signal).is_ok())
}

struct Stat {
    state: char,
    parent: u32,
}

/// The fields after the name, which is in parentheses and may contain anything.
fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    Some(Stat { state, parent })
}

fn has_argument(pid: u32, marker: &str) -> bool {
    let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    arguments
        .split(|byte| *byte == 0)
        .any(|argument| String::from_utf8_lossy(argument).contains(marker))
}

fn all() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}
