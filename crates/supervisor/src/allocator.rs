//! What the system's allocator does with large blocks. No business of processes, but the setting is unsafe code, which is in
//! this crate's `os/` and nowhere else.

use crate::os;

/// From now on the memory of a large request body goes back to the system with it. glibc keeps a freed block of any size up to
/// 32 MB for the next one once it has seen the first: after nine bodies of 8 MB herder was 26 MB larger than before, with
/// this 10 MB (issue 6, p4). No effect with other C libraries, which do not do that.
pub fn return_large_blocks() {
    os::return_large_blocks();
}
