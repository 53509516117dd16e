//! What a herd has said since it was last asked.

use herder_core::{Herd, Output};

/// All of it.
pub(crate) fn outputs(herd: &mut Herd) -> Vec<Output> {
    std::iter::from_fn(|| herd.poll_output()).collect()
}

/// Who was granted, in order; the rest is let go.
pub(crate) fn granted(herd: &mut Herd) -> Vec<u64> {
    outputs(herd)
        .into_iter()
        .filter_map(|output| match output {
            Output::Grant { request, .. } => Some(request.0),
            _ => None,
        })
        .collect()
}
