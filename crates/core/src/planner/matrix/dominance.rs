//! Shorter lists than those of [`super::enumeration`], for parts that share models in very many combinations.
//!
//! What matters of a combination is only its weight and those of its models that could still come in from elsewhere:
//! the *interface* of its node, the live models that also occur in another part of an `&` around it. A combination is
//! dropped when another one is at least as good whatever is added to both: when the weight it has outside of the
//! interface, plus that of the interface models which the other lacks, is no more than the other's weight outside
//! of the interface. The cost found is exact as long as no list passes its limit; then the heaviest combinations
//! are kept, which may miss the cheapest answer but not the target, which outweighs all.
//!
//! Ties: the combination found first from left to right that is never dropped. This can differ from 5.4 b.

use std::collections::BTreeMap;

use super::mask;
use super::program::{Node, NodeId, Program};
use super::solver::Limits;

/// The heaviest union of one combination from each part.
pub(super) fn heaviest_union(
    program: &Program,
    live: &[u64],
    weights: &[u128],
    limits: Limits,
    parts: &[NodeId],
) -> Vec<u64> {
    let interfaces = Interfaces::new(program, live, parts);
    let mut dominance = Dominance {
        program,
        live,
        weights,
        limits,
        interfaces,
        listed: BTreeMap::new(),
        comparisons: 0,
    };
    let unions = dominance.unions(parts, &vec![0; program.words()]);
    // Nothing can be added any more, so only the weight counted and one combination is left.
    unions
        .iter()
        .next()
        .map_or_else(|| vec![0; program.words()], <[u64]>::to_vec)
}

/// The interface of each node, one row per node. That of a set is what any of its uses needs, which is safe: with
/// a larger interface fewer combinations are dropped.
struct Interfaces<'s> {
    program: &'s Program,
    live: &'s [u64],
    rows: Vec<u64>,
    /// Nodes that are used by the parts in question.
    reached: Vec<bool>,
}

impl<'s> Interfaces<'s> {
    fn new(program: &'s Program, live: &'s [u64], parts: &[NodeId]) -> Self {
        let words = program.words();
        let mut interfaces = Self {
            program,
            live,
            rows: vec![0; words * program.node_count()],
            reached: vec![false; program.node_count()],
        };
        interfaces.give_to_parts(parts, &vec![0; words]);
        // Parents stand after their children, so this is top-down.
        for node in (0..program.node_count()).rev() {
            if !interfaces.reached[node] {
                continue;
            }
            let own = interfaces.of(node).to_vec();
            match program.node(node) {
                Node::Model(_) => {}
                Node::Set(set) => interfaces.give(program.root(*set), &own),
                Node::Any(range) => {
                    for &child in program.children(range) {
                        interfaces.give(child, &own);
                    }
                }
                Node::All(range) => interfaces.give_to_parts(program.children(range), &own),
            }
        }
        interfaces
    }

    fn of(&self, node: NodeId) -> &[u64] {
        let words = self.program.words();
        &self.rows[node * words..][..words]
    }

    /// Each part gets the outer interface and what it shares with other parts.
    fn give_to_parts(&mut self, parts: &[NodeId], outer: &[u64]) {
        let mut seen = vec![0; outer.len()];
        let mut interface = outer.to_vec();
        for &part in parts {
            let shared: Vec<u64> = mask::common(&seen, self.program.below(part)).collect();
            mask::unite(&mut interface, &shared);
            mask::unite(&mut seen, self.program.below(part));
        }
        for &part in parts {
            self.give(part, &interface);
        }
    }

    fn give(&mut self, node: NodeId, interface: &[u64]) {
        self.reached[node] = true;
        let (below, words) = (self.program.below(node), self.program.words());
        for (word, own) in self.rows[node * words..][..words].iter_mut().enumerate() {
            *own |= interface[word] & below[word] & self.live[word];
        }
    }
}

struct Dominance<'s> {
    program: &'s Program,
    live: &'s [u64],
    weights: &'s [u128],
    limits: Limits,
    interfaces: Interfaces<'s>,
    /// Lists of sets.
    listed: BTreeMap<usize, Undominated>,
    comparisons: usize,
}

impl Dominance<'_> {
    fn unions(&mut self, parts: &[NodeId], outer: &[u64]) -> Undominated {
        let words = self.program.words();
        // What can still come in when a part has been joined: the outer interface and the parts to its right.
        let mut interfaces = vec![outer.to_vec(); parts.len()];
        for index in (1..parts.len()).rev() {
            let mut interface = interfaces[index].clone();
            mask::unite(&mut interface, self.program.below(parts[index]));
            interfaces[index - 1] = interface;
        }
        let mut unions = Undominated::empty_combination(words);
        let mut union = vec![0; words];
        for (&part, interface) in parts.iter().zip(&interfaces) {
            let list = self.list(part);
            let mut joined = Undominated::new(words);
            for left in unions.iter() {
                for right in list.iter() {
                    union.copy_from_slice(left);
                    mask::unite(&mut union, right);
                    self.insert(&mut joined, &union, interface);
                }
            }
            unions = joined;
        }
        unions
    }

    fn list(&mut self, node: NodeId) -> Undominated {
        let program = self.program;
        let words = program.words();
        if !mask::intersects(program.below(node), self.live) {
            return Undominated::empty_combination(words);
        }
        match program.node(node) {
            Node::Model(bit) => {
                let mut list = Undominated::empty_combination(words);
                mask::insert(&mut list.rows, *bit);
                list
            }
            Node::Set(set) => {
                if let Some(list) = self.listed.get(set) {
                    return list.clone();
                }
                let list = self.list(program.root(*set));
                self.listed.insert(*set, list.clone());
                list
            }
            Node::Any(range) => {
                let interface = self.interfaces.of(node).to_vec();
                let mut alternatives = Undominated::new(words);
                for &child in program.children(range) {
                    for row in self.list(child).iter() {
                        self.insert(&mut alternatives, row, &interface);
                    }
                }
                alternatives
            }
            Node::All(range) => {
                let interface = self.interfaces.of(node).to_vec();
                self.unions(program.children(range), &interface)
            }
        }
    }

    fn insert(&mut self, list: &mut Undominated, row: &[u64], interface: &[u64]) {
        self.comparisons += list.weights.len() + 1;
        list.insert(row, interface, self.weights);
        let limit = if self.comparisons > self.limits.dominance {
            self.limits.undominated_when_hurried
        } else {
            self.limits.undominated
        };
        // Trimming at twice the limit keeps the price of sorting small.
        if list.weights.len() >= 2 * limit {
            list.keep_heaviest(limit);
        }
    }
}

/// Combinations none of which is dominated by another.
#[derive(Clone)]
struct Undominated {
    words: usize,
    rows: Vec<u64>,
    /// The weights of each row.
    weights: Vec<Weights>,
}

/// What one combination weighs.
#[derive(Clone, Copy, Default)]
struct Weights {
    /// Without the models of the interface of the list.
    outside: u128,
    /// With them.
    total: u128,
}

impl Undominated {
    fn new(words: usize) -> Self {
        Self {
            words,
            rows: Vec::new(),
            weights: Vec::new(),
        }
    }

    fn empty_combination(words: usize) -> Self {
        Self {
            words,
            rows: vec![0; words],
            weights: vec![Weights::default()],
        }
    }

    fn iter(&self) -> std::slice::ChunksExact<'_, u64> {
        self.rows.chunks_exact(self.words)
    }

    fn insert(&mut self, row: &[u64], interface: &[u64], weight_of: &[u128]) {
        let outside = mask::weight(mask::without(row, interface), weight_of);
        let inside = mask::weight(mask::common(row, interface), weight_of);
        let weights = Weights {
            outside,
            total: outside + inside,
        };
        // Whether the first combination is at least as good as the second one, whatever is added to both.
        let dominates = |better: (&[u64], &Weights), other: (&[u64], &Weights)| {
            let ((better, better_weights), (other, other_weights)) = (better, other);
            // Both follow from what is asked below; they are cheap, and mostly one of them fails.
            if other_weights.total > better_weights.total || other_weights.outside > better_weights.outside {
                return false;
            }
            let lacking = || {
                other
                    .iter()
                    .zip(better)
                    .zip(interface)
                    .map(|((other, better), inside)| other & !better & inside)
            };
            match better_weights.outside - other_weights.outside {
                0 => lacking().all(|word| word == 0),
                spare => mask::weight(lacking(), weight_of) <= spare,
            }
        };
        if self
            .iter()
            .zip(&self.weights)
            .any(|other| dominates(other, (row, &weights)))
        {
            return;
        }
        let mut kept = 0;
        for index in 0..self.weights.len() {
            let start = index * self.words;
            if !dominates(
                (row, &weights),
                (&self.rows[start..start + self.words], &self.weights[index]),
            ) {
                self.rows
                    .copy_within(start..start + self.words, kept * self.words);
                self.weights[kept] = self.weights[index];
                kept += 1;
            }
        }
        self.rows.truncate(kept * self.words);
        self.weights.truncate(kept);
        self.rows.extend_from_slice(row);
        self.weights.push(weights);
    }

    /// Keeps the heaviest combinations, of equally heavy ones the earlier, in their order.
    fn keep_heaviest(&mut self, limit: usize) {
        let mut indices: Vec<usize> = (0..self.weights.len()).collect();
        indices.sort_by_key(|index| std::cmp::Reverse(self.weights[*index].total));
        indices.truncate(limit);
        indices.sort_unstable();
        self.rows = indices
            .iter()
            .flat_map(|index| &self.rows[index * self.words..][..self.words])
            .copied()
            .collect();
        self.weights = indices.iter().map(|index| self.weights[*index]).collect();
    }
}
