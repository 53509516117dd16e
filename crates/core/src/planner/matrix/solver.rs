//! Finds the heaviest combination of a set: the one whose models, among those that matter for a decision, weigh most
//! and so cost least to evict around. Of equally heavy ones it finds the one that is first in the list of
//! spec/config.md 5.4 b, without making that list:
//!
//! - `|`: the heaviest of the alternatives, the first one on a tie. Pruning cannot hide it: a combination that
//!   contains it properly would be heavier, as every model weighs something.
//! - `&` of parts that share no model that matters: their lists multiply without pruning, in lexicographic order, so
//!   the heaviest is the union of each part's heaviest. Ten groups of ten take a hundred steps, not 10^10.
//! - `&` of parts that do share models: the parts are split into groups that share nothing with each other, and
//!   each group is listed by [`super::enumeration`] or, when that is too much, by [`super::dominance`].

use std::collections::BTreeMap;

use super::enumeration::{Combinations, Enumeration};
use super::program::{Node, NodeId, Program};
use super::{dominance, mask};

/// How much work a decision may be. Only parts of an expression that share models are limited at all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Comparisons of combinations in [`super::enumeration`] for one group of parts: enough for lists of a few
    /// hundred combinations, in less than half a millisecond.
    pub(super) enumeration: usize,
    /// Combinations kept in one list of [`super::dominance`], which is exact until a list would be longer.
    pub(super) undominated: usize,
    /// Comparisons in [`super::dominance`] for one group of parts, some milliseconds; beyond it lists are kept to
    /// `undominated_when_hurried`, so that even a matrix made to be hard ends soon.
    pub(super) dominance: usize,
    /// See `dominance`.
    pub(super) undominated_when_hurried: usize,
}

impl Limits {
    pub(super) const DEFAULT: Self = Self {
        enumeration: 1 << 17,
        undominated: 128,
        dominance: 1 << 18,
        undominated_when_hurried: 8,
    };
}

/// The search for one decision. Results of sets are kept, because sets refer to each other.
pub(super) struct Search<'p> {
    program: &'p Program,
    /// The models that matter: the target and the running ones. All others are as if they were not written.
    live: Vec<u64>,
    /// By bit.
    weights: Vec<u128>,
    limits: Limits,
    /// A stack of rows. Every step of the recursion leaves one more: its combination.
    stack: Vec<u64>,
    /// Weight of each solved set.
    solved: Vec<Option<u128>>,
    /// One row per set, valid where it is solved.
    solved_rows: Vec<u64>,
    /// Lists of sets, for [`super::enumeration`].
    listed: BTreeMap<usize, Combinations>,
}

impl<'p> Search<'p> {
    pub(super) fn new(program: &'p Program, live: Vec<u64>, weights: Vec<u128>, limits: Limits) -> Self {
        let sets = program.set_count();
        Self {
            program,
            live,
            weights,
            limits,
            stack: Vec::with_capacity(8 * program.words()),
            solved: vec![None; sets],
            solved_rows: vec![0; sets * program.words()],
            listed: BTreeMap::new(),
        }
    }

    /// No combination of the set is heavier than this.
    pub(super) fn upper_bound(&self, set: usize) -> u128 {
        let below = self.program.below(self.program.root(set));
        mask::weight(mask::common(below, &self.live), &self.weights)
    }

    /// The weight of the set's heaviest combination.
    pub(super) fn heaviest(&mut self, set: usize) -> u128 {
        if let Some(weight) = self.solved[set] {
            return weight;
        }
        let words = self.program.words();
        let weight = self.solve(self.program.root(set));
        let top = self.stack.len() - words;
        self.solved_rows[set * words..][..words].copy_from_slice(&self.stack[top..]);
        self.stack.truncate(top);
        self.solved[set] = Some(weight);
        weight
    }

    /// The heaviest combination of a set for which [`Self::heaviest`] was called.
    pub(super) fn kept(&self, set: usize) -> &[u64] {
        &self.solved_rows[set * self.program.words()..][..self.program.words()]
    }

    /// Pushes the node's heaviest combination and returns its weight.
    fn solve(&mut self, node: NodeId) -> u128 {
        let program = self.program;
        let own = self.push_empty();
        if !mask::intersects(program.below(node), &self.live) {
            return 0;
        }
        match program.node(node) {
            Node::Model(bit) => {
                mask::insert(&mut self.stack[own..], *bit);
                self.weights[*bit]
            }
            Node::Set(set) => {
                let weight = self.heaviest(*set);
                let words = program.words();
                self.stack[own..].copy_from_slice(&self.solved_rows[*set * words..][..words]);
                weight
            }
            Node::Any(range) => {
                let mut best = 0;
                for &child in program.children(range) {
                    if !mask::intersects(program.below(child), &self.live) {
                        continue;
                    }
                    let weight = self.solve(child);
                    if weight > best {
                        best = weight;
                        self.stack.copy_within(own + program.words().., own);
                    }
                    self.stack.truncate(own + program.words());
                }
                best
            }
            Node::All(range) => self.solve_union(program.children(range), own),
        }
    }

    /// Adds the heaviest union of one combination from each part to the row at `own`, which is the top of the stack.
    fn solve_union(&mut self, parts: &[NodeId], own: usize) -> u128 {
        let program = self.program;
        let (seen, shared) = (self.push_empty(), self.push_empty());
        for &part in parts {
            for (word, below) in mask::common(program.below(part), &self.live).enumerate() {
                self.stack[shared + word] |= self.stack[seen + word] & below;
                self.stack[seen + word] |= below;
            }
        }
        let mut weight = 0;
        let mut sharing = Vec::new();
        for &part in parts {
            if mask::intersects(program.below(part), &self.stack[shared..][..program.words()]) {
                sharing.push(part);
            } else {
                weight += self.solve(part);
                self.pop_into(own);
            }
        }
        for group in self.groups(&sharing) {
            weight += self.solve_group(&group);
            self.pop_into(own);
        }
        self.stack.truncate(own + program.words());
        weight
    }

    /// Splits parts into groups such that no two groups share a live model. Parts keep their order in each group.
    fn groups(&self, parts: &[NodeId]) -> Vec<Vec<NodeId>> {
        // Each group: its live models, and the places of its members in `parts`.
        let mut groups: Vec<(Vec<u64>, Vec<usize>)> = Vec::new();
        for (place, &part) in parts.iter().enumerate() {
            let mut row: Vec<u64> = mask::common(self.program.below(part), &self.live).collect();
            let mut members = vec![place];
            groups.retain(|(other_row, others)| {
                let joined = mask::intersects(other_row, &row);
                if joined {
                    mask::unite(&mut row, other_row);
                    members.extend(others);
                }
                !joined
            });
            members.sort_unstable();
            groups.push((row, members));
        }
        groups
            .into_iter()
            .map(|(_, members)| members.into_iter().map(|place| parts[place]).collect())
            .collect()
    }

    /// Pushes the heaviest union of parts that share models.
    fn solve_group(&mut self, parts: &[NodeId]) -> u128 {
        let mut enumeration = Enumeration::new(
            self.program,
            &self.live,
            &mut self.listed,
            self.limits.enumeration,
        );
        let row = match enumeration.unions(parts) {
            Some(combinations) => combinations.first_heaviest(&self.weights),
            None => dominance::heaviest_union(self.program, &self.live, &self.weights, self.limits, parts),
        };
        self.stack.extend_from_slice(&row);
        mask::weight(row, &self.weights)
    }

    /// Pushes an empty row and returns where it begins.
    fn push_empty(&mut self) -> usize {
        let top = self.stack.len();
        self.stack.resize(top + self.program.words(), 0);
        top
    }

    /// Pops a row and adds it to the one that begins at `own`.
    fn pop_into(&mut self, own: usize) {
        let words = self.program.words();
        let top = self.stack.len() - words;
        let (rest, popped) = self.stack.split_at_mut(top);
        mask::unite(&mut rest[own..][..words], popped);
        self.stack.truncate(top);
    }
}
