//! What Linux tells about itself in files: memory behind limits, sockets, virtual machines and containers. On other
//! systems the files are missing and little is known.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::super::resident::page_size;
use super::snapshot::{Environment, fact};

/// Where control groups are mounted.
const CGROUPS: &str = "/sys/fs/cgroup";

/// What `systemd-detect-virt` calls containers.
const CONTAINERS: [&str; 9] = [
    "docker",
    "podman",
    "lxc",
    "lxc-libvirt",
    "systemd-nspawn",
    "openvz",
    "rkt",
    "proot",
    "container-other",
];

/// The memory that this process may use, in bytes: what the system has, or what its control group allows.
pub(super) fn memory_capacity(total: u64) -> u64 {
    let zones = read("/proc/zoneinfo").map_or(0, |zones| present_pages(&zones).saturating_mul(page_size()));
    let limit = read("/proc/self/cgroup").and_then(|groups| group_limit(Path::new(CGROUPS), &groups));
    let capacity = total.max(zones);
    limit.map_or(capacity, |limit| capacity.min(limit))
}

/// Processors as one buys them.
pub(super) fn socket_count() -> Option<usize> {
    read("/proc/cpuinfo").and_then(|processors| sockets(&processors))
}

/// What the system runs in. `virtualisation` is systemd's word for it.
pub(super) fn environment(virtualisation: Option<&str>) -> Environment {
    let kernel = read("/proc/sys/kernel/osrelease").unwrap_or_default();
    let container = [("/.dockerenv", "docker"), ("/run/.containerenv", "podman")]
        .into_iter()
        .find(|(mark, _)| Path::new(mark).exists())
        .map(|(_, name)| name);
    let processors = read("/proc/cpuinfo").unwrap_or_default();
    classify(&kernel, container, virtualisation, &processors)
}

fn classify(
    kernel: &str,
    container: Option<&str>,
    virtualisation: Option<&str>,
    processors: &str,
) -> Environment {
    let kernel = kernel.to_lowercase();
    if kernel.contains("microsoft") || kernel.contains("wsl") || virtualisation == Some("wsl") {
        return Environment::of_kind("wsl");
    }
    let named = |kind, name: &str| Environment {
        name: fact(name),
        ..Environment::of_kind(kind)
    };
    match (container, virtualisation) {
        (Some(name), _) => named("container", name),
        (None, Some("none")) => Environment::of_kind("native"),
        (None, Some(word)) if CONTAINERS.contains(&word) => named("container", word),
        (None, Some(word)) => named("virtual_machine", word),
        (None, None) => {
            let mut flags = processors.lines().filter(|line| line.starts_with("flags"));
            match flags
                .next()
                .map(|line| line.split_whitespace().any(|flag| flag == "hypervisor"))
            {
                Some(true) => Environment::of_kind("virtual_machine"),
                Some(false) => Environment::of_kind("native"),
                None => Environment::of_kind("unknown"),
            }
        }
    }
}

/// Pages of all zones of `/proc/zoneinfo` but those of devices.
fn present_pages(zones: &str) -> u64 {
    let mut pages = 0;
    let mut counts = false;
    for line in zones.lines() {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("Node"), Some(_)) => counts = words.nth(1) != Some("Device"),
            (Some("present"), Some(count)) if counts => pages += count.parse().unwrap_or(0),
            _ => {}
        }
    }
    pages
}

/// The narrowest limit of the control groups that this process belongs to, by the lines of `/proc/self/cgroup`.
/// Inside a container, a group may be visible only as the root.
fn group_limit(root: &Path, groups: &str) -> Option<u64> {
    let limits = groups.lines().filter_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?);
        let (root, file) = if controllers.is_empty() {
            (root.to_owned(), "memory.max")
        } else if controllers.split(',').any(|name| name == "memory") {
            (root.join("memory"), "memory.limit_in_bytes")
        } else {
            return None;
        };
        let group = root.join(path.trim_start_matches('/'));
        let groups = group.ancestors().take_while(|group| group.starts_with(&root));
        // `max` is no number, and so no limit.
        groups
            .filter_map(|group| fs::read_to_string(group.join(file)).ok()?.trim().parse().ok())
            .min()
    });
    limits.filter(|limit: &u64| *limit > 0).min()
}

fn sockets(processors: &str) -> Option<usize> {
    let ids: BTreeSet<&str> = processors
        .lines()
        .filter_map(|line| line.strip_prefix("physical id"))
        .filter_map(|rest| rest.split_once(':'))
        .map(|(_, id)| id.trim())
        .collect();
    (!ids.is_empty()).then_some(ids.len())
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtime_5_5_environments() {
        let flags = |more: &str| format!("processor : 0\nflags\t\t: fpu vme {more}\n");
        let table = [
            (
                "6.6.87.2-microsoft-standard-WSL2",
                None,
                Some("wsl"),
                "",
                ("wsl", None),
            ),
            (
                "6.1.0",
                Some("docker"),
                Some("kvm"),
                "",
                ("container", Some("docker")),
            ),
            ("6.1.0", None, Some("lxc"), "", ("container", Some("lxc"))),
            ("6.1.0", None, Some("kvm"), "", ("virtual_machine", Some("kvm"))),
            ("6.1.0", None, Some("none"), "hypervisor", ("native", None)),
            ("6.1.0", None, None, "hypervisor", ("virtual_machine", None)),
            ("6.1.0", None, None, "sse2", ("native", None)),
        ];
        for (kernel, container, word, flag, (kind, name)) in table {
            let found = classify(kernel, container, word, &flags(flag));
            assert_eq!(
                (found.kind, found.name.as_deref()),
                (kind, name),
                "{kernel} {word:?}"
            );
        }
        assert_eq!(classify("6.1.0", None, None, "").kind, "unknown");
    }

    #[test]
    fn runtime_5_5_memory_zones() {
        let zones = "Node 0, zone      DMA\n  per-node stats\n      nr_x 5\n  pages free     3840\n        present  3998\n\
                     Node 0, zone   Normal\n        present  1000\nNode 0, zone   Device\n        present  77\n\
                     Node 1, zone   Normal\n        present  2\n";
        assert_eq!(present_pages(zones), 5000);
        assert_eq!(present_pages("present x"), 0);
    }

    #[test]
    fn runtime_5_5_control_groups() {
        let folder = tempfile::tempdir().unwrap();
        let limit = |path: &str, value: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{value}\n")).unwrap();
        };
        let found = |groups: &str| group_limit(folder.path(), groups);
        assert_eq!(found("0::/a/b"), None);
        limit("a/memory.max", "4096000");
        limit("a/b/memory.max", "max");
        limit("c/memory.max", "max");
        limit("memory/d/memory.limit_in_bytes", "8192000");
        for (groups, expected) in [
            ("0::/a/b\n", Some(4_096_000)),
            ("0::/c\n", None),
            ("0::/../other\n", None),
            ("4:cpu,cpuacct:/a\n5:memory:/d\n", Some(8_192_000)),
            ("5:memory:/d\n0::/a\n", Some(4_096_000)),
            ("what is this\n", None),
        ] {
            assert_eq!(found(groups), expected, "{groups}");
        }
    }

    #[test]
    fn runtime_5_5_sockets() {
        let text =
            "processor\t: 0\nphysical id\t: 0\n\nprocessor\t: 1\nphysical id\t: 1\n\nphysical id\t: 0\n";
        assert_eq!((sockets(text), sockets("processor : 0\n")), (Some(2), None));
    }
}
