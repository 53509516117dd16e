//! The lists of spec/config.md 5.4 b: each node's combinations, projected to the live models, in a defined order and
//! pruned so that none is part of another. Gives up when the work passes a limit.

use std::collections::BTreeMap;

use super::mask;
use super::program::{Node, NodeId, Program};

/// A list of combinations none of which is a subset of another.
#[derive(Debug, Clone)]
pub(super) struct Combinations {
    words: usize,
    rows: Vec<u64>,
}

impl Combinations {
    fn new(words: usize) -> Self {
        Self {
            words,
            rows: Vec::new(),
        }
    }

    fn empty_combination(words: usize) -> Self {
        Self {
            words,
            rows: vec![0; words],
        }
    }

    fn len(&self) -> usize {
        self.rows.len() / self.words
    }

    fn iter(&self) -> std::slice::ChunksExact<'_, u64> {
        self.rows.chunks_exact(self.words)
    }

    /// Drops `row` when a combination of the list contains it; otherwise removes those that it contains, and appends
    /// it.
    fn insert(&mut self, row: &[u64]) {
        if self.iter().any(|other| mask::is_subset(row, other)) {
            return;
        }
        let mut kept = 0;
        for start in (0..self.rows.len()).step_by(self.words) {
            if !mask::is_subset(&self.rows[start..start + self.words], row) {
                if kept < start {
                    self.rows.copy_within(start..start + self.words, kept);
                }
                kept += self.words;
            }
        }
        self.rows.truncate(kept);
        self.rows.extend_from_slice(row);
    }

    /// The first of the heaviest combinations.
    pub(super) fn first_heaviest(&self, weights: &[u128]) -> Vec<u64> {
        let mut best: Option<(u128, &[u64])> = None;
        for row in self.iter() {
            let weight = mask::weight(row.iter().copied(), weights);
            if best.is_none_or(|(heaviest, _)| weight > heaviest) {
                best = Some((weight, row));
            }
        }
        best.map_or_else(|| vec![0; self.words], |(_, row)| row.to_vec())
    }
}

/// Makes lists within a limit of comparisons.
pub(super) struct Enumeration<'s> {
    program: &'s Program,
    live: &'s [u64],
    /// Lists of sets that were made before in the same decision; they do not depend on where the set is used.
    listed: &'s mut BTreeMap<usize, Combinations>,
    comparisons_left: usize,
}

impl<'s> Enumeration<'s> {
    pub(super) fn new(
        program: &'s Program,
        live: &'s [u64],
        listed: &'s mut BTreeMap<usize, Combinations>,
        comparisons: usize,
    ) -> Self {
        Self {
            program,
            live,
            listed,
            comparisons_left: comparisons,
        }
    }

    /// Every union of one combination from each part; `None` when that is too much work.
    pub(super) fn unions(&mut self, parts: &[NodeId]) -> Option<Combinations> {
        let words = self.program.words();
        let mut unions = Combinations::empty_combination(words);
        let mut union = vec![0; words];
        for &part in parts {
            let list = self.list(part)?;
            let mut joined = Combinations::new(words);
            for left in unions.iter() {
                for right in list.iter() {
                    union.copy_from_slice(left);
                    mask::unite(&mut union, right);
                    self.insert(&mut joined, &union)?;
                }
            }
            unions = joined;
        }
        Some(unions)
    }

    fn list(&mut self, node: NodeId) -> Option<Combinations> {
        let program = self.program;
        let words = program.words();
        if !mask::intersects(program.below(node), self.live) {
            return Some(Combinations::empty_combination(words));
        }
        match program.node(node) {
            Node::Model(bit) => {
                let mut list = Combinations::empty_combination(words);
                mask::insert(&mut list.rows, *bit);
                Some(list)
            }
            Node::Set(set) => {
                if let Some(list) = self.listed.get(set) {
                    return Some(list.clone());
                }
                let list = self.list(program.root(*set))?;
                self.listed.insert(*set, list.clone());
                Some(list)
            }
            Node::Any(range) => {
                let mut alternatives = Combinations::new(words);
                let mut single = vec![0; words];
                for &child in program.children(range) {
                    // Without live models it stands for the empty combination, which any other contains.
                    if !mask::intersects(program.below(child), self.live) && alternatives.len() > 0 {
                        continue;
                    }
                    // Most alternatives are plain names; they need no list of their own.
                    if let Node::Model(bit) = program.node(child) {
                        single.fill(0);
                        if mask::contains(self.live, *bit) {
                            mask::insert(&mut single, *bit);
                        }
                        self.insert(&mut alternatives, &single)?;
                        continue;
                    }
                    for row in self.list(child)?.iter() {
                        self.insert(&mut alternatives, row)?;
                    }
                }
                Some(alternatives)
            }
            Node::All(range) => self.unions(program.children(range)),
        }
    }

    fn insert(&mut self, list: &mut Combinations, row: &[u64]) -> Option<()> {
        self.comparisons_left = self.comparisons_left.checked_sub(list.len() + 1)?;
        list.insert(row);
        Some(())
    }
}
