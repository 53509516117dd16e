//! Sets of models as rows of 64-bit words, so that more than 64 models work. Every row of one program has the same
//! number of words.

/// Words needed for this many models; at least one, so that a row is never empty.
pub(super) fn words_for(models: usize) -> usize {
    models.div_ceil(64).max(1)
}

pub(super) fn insert(row: &mut [u64], bit: usize) {
    row[bit / 64] |= 1 << (bit % 64);
}

pub(super) fn contains(row: &[u64], bit: usize) -> bool {
    row[bit / 64] & (1 << (bit % 64)) != 0
}

pub(super) fn is_subset(inner: &[u64], outer: &[u64]) -> bool {
    inner.iter().zip(outer).all(|(inner, outer)| inner & !outer == 0)
}

pub(super) fn intersects(left: &[u64], right: &[u64]) -> bool {
    left.iter().zip(right).any(|(left, right)| left & right != 0)
}

/// Adds `other` to `row`.
pub(super) fn unite(row: &mut [u64], other: &[u64]) {
    for (word, other) in row.iter_mut().zip(other) {
        *word |= other;
    }
}

/// The sum of the weights of the models in a row given word by word.
pub(super) fn weight(words: impl IntoIterator<Item = u64>, weights: &[u128]) -> u128 {
    let mut sum = 0;
    for (index, mut word) in words.into_iter().enumerate() {
        while word != 0 {
            sum += weights[index * 64 + word.trailing_zeros() as usize];
            word &= word - 1;
        }
    }
    sum
}

/// The words of what both rows have.
pub(super) fn common<'r>(left: &'r [u64], right: &'r [u64]) -> impl Iterator<Item = u64> + 'r {
    left.iter().zip(right).map(|(left, right)| left & right)
}

/// The words of what `left` has and `right` has not.
pub(super) fn without<'r>(left: &'r [u64], right: &'r [u64]) -> impl Iterator<Item = u64> + 'r {
    left.iter().zip(right).map(|(left, right)| left & !right)
}
