//! Ports that no other test uses.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::{Ipv4Addr, TcpListener};

/// Tests take ports from here on, above the ones that services use.
const FIRST: u16 = 12_000;

/// From here on the operating system gives ports to outgoing connections.
const END: u16 = 32_768;

/// The first of `count` consecutive ports on which nothing listens and which no other caller on this machine, in
/// whatever process, is given in the next twenty thousand ports.
///
/// # Panics
/// `count` is zero or larger than the range, the counter file in the temporary folder cannot be used, or too many
/// ports are in use.
pub fn free_port_block(count: u16) -> u16 {
    assert!(count > 0 && count <= END - FIRST, "{count} ports");
    let path = std::env::temp_dir().join("herder-testkit-next-port");
    let mut counter = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .expect("the temporary folder is writable");
    // Released when the file is closed at the end of this function.
    counter.lock().expect("the counter file can be locked");
    let mut next = read_counter(&mut counter)
        .filter(|next| (FIRST..END).contains(next))
        .unwrap_or(FIRST);
    let mut looked_at: u32 = 0;
    loop {
        if u32::from(next) + u32::from(count) > u32::from(END) {
            next = FIRST;
        }
        let block = next..next + count;
        next += count;
        if block.clone().all(is_free) {
            write_counter(&mut counter, next);
            return block.start;
        }
        looked_at += u32::from(count);
        assert!(
            looked_at < 2 * u32::from(END),
            "no {count} consecutive free ports"
        );
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn read_counter(counter: &mut File) -> Option<u16> {
    let mut text = String::new();
    counter.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn write_counter(counter: &mut File, next: u16) {
    let written = counter
        .seek(SeekFrom::Start(0))
        .and_then(|_| counter.set_len(0))
        .and_then(|()| write!(counter, "{next}"));
    written.expect("the counter file can be written");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn blocks_never_overlap() {
        let threads: Vec<_> = (0..4)
            .map(|_| std::thread::spawn(|| [(); 8].map(|()| free_port_block(3))))
            .collect();
        let starts: Vec<u16> = threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect();
        let ports: BTreeSet<u16> = starts.iter().flat_map(|start| *start..start + 3).collect();
        assert_eq!(ports.len(), 4 * 8 * 3);
        assert!(ports.iter().all(|port| (FIRST..END).contains(port)));
    }
}
