//! How much may be read ahead without taking anything away: a pure function over numbers of the system.

/// What the system, or a control group that holds this process, says about memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    /// All there is.
    pub(crate) total: u64,
    /// What can be had without swapping: free memory, and pages of files, which can be read again.
    pub(crate) available: u64,
    /// Pages of files that processes have mapped. They count as available, but they may be the weights of a model that
    /// runs: pushed out, they would be read from the disk again for each token.
    pub(crate) mapped: u64,
}

/// What always stays free is this part of all memory: for the process that will be loaded, which needs more than its
/// files (caches, buffers), and for everybody else.
const MARGIN_SHARE: u64 = 16;

/// But never less than this: what a small machine's own services may suddenly need.
const LEAST_MARGIN_BYTES: u64 = 512 * 1024 * 1024;

/// For how many bytes there is room by the narrowest of these. For none when nothing is known.
pub(crate) fn left(levels: &[Memory]) -> u64 {
    let room = |memory: &Memory| {
        let margin = (memory.total / MARGIN_SHARE).max(LEAST_MARGIN_BYTES);
        memory
            .available
            .saturating_sub(memory.mapped)
            .saturating_sub(margin)
    };
    levels.iter().map(room).min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_level_counts_and_a_margin_stays() {
        // In tenths of a GiB: total, available, mapped of each level, and the room.
        type Row = (&'static [(u64, u64, u64)], u64);
        let table: [Row; 10] = [
            (&[], 0),
            // A sixteenth of 64 GiB is 4 GiB.
            (&[(640, 600, 0)], 560),
            (&[(640, 600, 300)], 260),
            (&[(640, 40, 0)], 0),
            (&[(640, 10, 0)], 0),
            (&[(640, 600, 600)], 0),
            // More mapped than available: the pages of shared memory are mapped, too, and not available.
            (&[(640, 300, 600)], 0),
            // A sixteenth of 4 GiB is less than half a GiB.
            (&[(40, 35, 0)], 30),
            // A control group.
            (&[(640, 600, 0), (160, 120, 20)], 90),
            (&[(640, 50, 0), (160, 120, 20)], 10),
        ];
        let tenths = |count: u64| count * 1024 * 1024 * 1024 / 10;
        for (row, (levels, room)) in table.into_iter().enumerate() {
            let levels: Vec<Memory> = levels
                .iter()
                .map(|&(total, available, mapped)| Memory {
                    total: tenths(total),
                    available: tenths(available),
                    mapped: tenths(mapped),
                })
                .collect();
            let difference = left(&levels).abs_diff(tenths(room));
            assert!(difference < 10, "row {row}: {}", left(&levels));
        }
    }
}
