//! From parsed expressions to a program: names are models, references are linked, loops are refused.
//!
//! All sets share one array of nodes in which children stand before their parents and referenced sets before those
//! that refer to them. Walking it forwards is bottom-up, backwards top-down, without recursion.

use std::collections::BTreeMap;
use std::ops::Range;

use super::dsl::{self, Expression, ParsedNode};
use super::error::{MatrixError, MatrixErrorKind};
use super::{DEPTH_LIMIT, MatrixSpecification, mask};
use crate::ModelId;

/// Index of a node.
pub(super) type NodeId = usize;

/// All sets, ready for the solver.
#[derive(Debug)]
pub(super) struct Program {
    nodes: Vec<Node>,
    /// What the ranges in `nodes` point into.
    children: Vec<NodeId>,
    /// One row per node: the models that occur in it or below.
    below: Vec<u64>,
    /// The node of each set, in written order.
    roots: Vec<NodeId>,
    /// The models that occur in any set, ascending; a model's place here is its bit in every row.
    models: Vec<ModelId>,
    /// Words in a row.
    words: usize,
}

/// One node of a [`Program`].
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// One combination with one model, given by its bit.
    Model(usize),
    /// The combinations of another set, given by its index in written order.
    Set(usize),
    /// The combinations of each child.
    Any(Range<usize>),
    /// Every union of one combination from each child.
    All(Range<usize>),
}

impl Program {
    /// Reads all sets and reports every mistake found in any of them, in written order.
    pub(super) fn new(specification: &MatrixSpecification) -> Result<Self, Vec<MatrixError>> {
        if specification.sets.is_empty() {
            return Err(vec![MatrixError::of_block(MatrixErrorKind::NoSets)]);
        }
        let mut errors = Errors {
            specification,
            found: Vec::new(),
        };
        let expressions = parse_all(&mut errors);
        let resolved = resolve_all(&expressions, &mut errors);
        let order = reference_order(&resolved, &mut errors);
        let program = if errors.found.is_empty() {
            link(&resolved, &order, &mut errors)
        } else {
            None
        };
        program.ok_or_else(|| errors.into_sorted())
    }

    pub(super) fn node(&self, node: NodeId) -> &Node {
        &self.nodes[node]
    }

    pub(super) fn node_count(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn children(&self, range: &Range<usize>) -> &[NodeId] {
        &self.children[range.clone()]
    }

    /// The models that occur in this node or below.
    pub(super) fn below(&self, node: NodeId) -> &[u64] {
        &self.below[node * self.words..][..self.words]
    }

    pub(super) fn root(&self, set: usize) -> NodeId {
        self.roots[set]
    }

    pub(super) fn set_count(&self) -> usize {
        self.roots.len()
    }

    pub(super) fn words(&self) -> usize {
        self.words
    }

    /// The models that have a bit; a model's place is its bit.
    pub(super) fn models(&self) -> &[ModelId] {
        &self.models
    }

    /// The bit of a model; `None` when it occurs in no set.
    pub(super) fn bit(&self, model: ModelId) -> Option<usize> {
        self.models.binary_search(&model).ok()
    }
}

/// The mistakes found so far, with the index of their set.
struct Errors<'s> {
    specification: &'s MatrixSpecification,
    found: Vec<(usize, MatrixError)>,
}

impl Errors<'_> {
    fn add(&mut self, set: usize, position: Option<usize>, kind: MatrixErrorKind) {
        let name = self.specification.sets[set].0.clone();
        self.found.push((
            set,
            MatrixError {
                set: Some(name),
                position,
                kind,
            },
        ));
    }

    fn into_sorted(mut self) -> Vec<MatrixError> {
        self.found.sort_by_key(|(set, error)| (*set, error.position));
        self.found.into_iter().map(|(_, error)| error).collect()
    }
}

/// One entry per set; `None` where the text is wrong.
fn parse_all(errors: &mut Errors<'_>) -> Vec<Option<Expression>> {
    let specification = errors.specification;
    let parse = |(set, (_, text)): (usize, &(String, String))| match dsl::parse(text) {
        Ok(expression) => Some(expression),
        Err(error) => {
            errors.add(set, error.position, error.kind);
            None
        }
    };
    specification.sets.iter().enumerate().map(parse).collect()
}

/// A node whose names are resolved; children are indices into the same set's nodes.
#[derive(Debug)]
enum ResolvedNode {
    Model(ModelId),
    Set { set: usize, position: usize },
    Any(Vec<usize>),
    All(Vec<usize>),
}

/// Replaces names by models and sets. A set with a mistake has no nodes.
fn resolve_all(expressions: &[Option<Expression>], errors: &mut Errors<'_>) -> Vec<Vec<ResolvedNode>> {
    let specification = errors.specification;
    // Later entries win: a variable hides a model of the same name, and a model hides an alias.
    let mut models: BTreeMap<&str, ModelId> = BTreeMap::new();
    models.extend(
        specification
            .aliases
            .iter()
            .map(|(name, model)| (name.as_str(), *model)),
    );
    models.extend(
        specification
            .models
            .iter()
            .map(|(name, model)| (name.as_str(), *model)),
    );
    models.extend(
        specification
            .vars
            .iter()
            .map(|(name, model)| (name.as_str(), *model)),
    );
    let sets: BTreeMap<&str, usize> = specification
        .sets
        .iter()
        .enumerate()
        .map(|(set, (name, _))| (name.as_str(), set))
        .collect();

    let mut resolved = Vec::with_capacity(expressions.len());
    for (set, expression) in expressions.iter().enumerate() {
        let parsed = expression
            .as_ref()
            .map_or(&[][..], |expression| &expression.nodes);
        let mut nodes = Vec::with_capacity(parsed.len());
        for node in parsed {
            match node {
                ParsedNode::Name { name, position } => match models.get(name.as_str()) {
                    Some(model) => nodes.push(ResolvedNode::Model(*model)),
                    None => {
                        errors.add(
                            set,
                            Some(*position),
                            MatrixErrorKind::UnknownName { name: name.clone() },
                        );
                    }
                },
                ParsedNode::Set { name, position } => match sets.get(name.as_str()) {
                    Some(other) => nodes.push(ResolvedNode::Set {
                        set: *other,
                        position: *position,
                    }),
                    None => {
                        errors.add(
                            set,
                            Some(*position),
                            MatrixErrorKind::UndefinedSet { name: name.clone() },
                        );
                    }
                },
                ParsedNode::Any(children) => nodes.push(ResolvedNode::Any(children.clone())),
                ParsedNode::All(children) => nodes.push(ResolvedNode::All(children.clone())),
            }
        }
        resolved.push(nodes);
    }
    resolved
}

/// The sets in an order in which each stands after those it refers to. Loops become errors, one for each reference
/// that closes one. Not recursive: a chain of references can be as long as the file.
fn reference_order(resolved: &[Vec<ResolvedNode>], errors: &mut Errors<'_>) -> Vec<usize> {
    #[derive(Clone, Copy, PartialEq)]
    enum Visit {
        Not,
        Begun,
        Done,
    }
    let references: Vec<Vec<(usize, usize)>> = resolved.iter().map(|nodes| references_of(nodes)).collect();
    let mut visits = vec![Visit::Not; resolved.len()];
    let mut order = Vec::with_capacity(resolved.len());
    for start in 0..resolved.len() {
        if visits[start] != Visit::Not {
            continue;
        }
        visits[start] = Visit::Begun;
        // Each entry: a set, and how many of its references have been followed.
        let mut path = vec![(start, 0)];
        while let Some((set, followed)) = path.last_mut() {
            let set = *set;
            let Some((other, position)) = references[set].get(*followed).copied() else {
                visits[set] = Visit::Done;
                order.push(set);
                path.pop();
                continue;
            };
            *followed += 1;
            match visits[other] {
                Visit::Not => {
                    visits[other] = Visit::Begun;
                    path.push((other, 0));
                }
                Visit::Done => {}
                Visit::Begun => {
                    let sets = &errors.specification.sets;
                    let along = path
                        .iter()
                        .map(|(set, _)| *set)
                        .skip_while(|set| *set != other)
                        .chain([other]);
                    let names = along.map(|set| sets[set].0.clone()).collect();
                    errors.add(
                        set,
                        Some(position),
                        MatrixErrorKind::CircularReference { path: names },
                    );
                }
            }
        }
    }
    order
}

/// The sets referred to, with positions, in the order of the text.
fn references_of(nodes: &[ResolvedNode]) -> Vec<(usize, usize)> {
    let reference = |node: &ResolvedNode| match node {
        ResolvedNode::Set { set, position } => Some((*set, *position)),
        ResolvedNode::Model(_) | ResolvedNode::Any(_) | ResolvedNode::All(_) => None,
    };
    nodes.iter().filter_map(reference).collect()
}

/// Copies the nodes of all sets into one array. `None`, with an error added, when a set is nested too deeply.
fn link(resolved: &[Vec<ResolvedNode>], order: &[usize], errors: &mut Errors<'_>) -> Option<Program> {
    let mut models: Vec<ModelId> = Vec::new();
    for node in resolved.iter().flatten() {
        if let ResolvedNode::Model(model) = node {
            models.push(*model);
        }
    }
    models.sort_unstable();
    models.dedup();
    let words = mask::words_for(models.len());
    let mut program = Program {
        nodes: Vec::new(),
        children: Vec::new(),
        below: Vec::new(),
        roots: vec![0; resolved.len()],
        models,
        words,
    };
    let mut depths: Vec<usize> = Vec::new();
    for &set in order {
        let offset = program.nodes.len();
        for node in &resolved[set] {
            let depth = program.append(node, offset, &depths);
            depths.push(depth);
        }
        let root = program.nodes.len() - 1;
        program.roots[set] = root;
        if depths[root] > DEPTH_LIMIT {
            errors.add(set, None, MatrixErrorKind::TooDeep);
            return None;
        }
    }
    Some(program)
}

impl Program {
    /// Appends one node of a set whose nodes begin at `offset`; returns its depth, references included.
    fn append(&mut self, node: &ResolvedNode, offset: usize, depths: &[usize]) -> usize {
        let row = self.below.len();
        self.below.resize(row + self.words, 0);
        let first_child = self.children.len();
        let (node, depth) = match node {
            ResolvedNode::Model(model) => {
                let bit = self
                    .bit(*model)
                    .expect("every model of every node was collected before");
                mask::insert(&mut self.below[row..], bit);
                (Node::Model(bit), 1)
            }
            ResolvedNode::Set { set, position: _ } => {
                let root = self.roots[*set];
                self.inherit(root, row);
                (Node::Set(*set), depths[root] + 1)
            }
            ResolvedNode::Any(children) | ResolvedNode::All(children) => {
                self.children.extend(children.iter().map(|child| child + offset));
                let range = first_child..self.children.len();
                let mut depth = 0;
                for index in range.clone() {
                    let child = self.children[index];
                    self.inherit(child, row);
                    depth = depth.max(depths[child]);
                }
                let is_any = matches!(node, ResolvedNode::Any(_));
                (
                    if is_any {
                        Node::Any(range)
                    } else {
                        Node::All(range)
                    },
                    depth + 1,
                )
            }
        };
        self.nodes.push(node);
        depth
    }

    /// Adds what is below `child` to the row that begins at word `row`.
    fn inherit(&mut self, child: NodeId, row: usize) {
        let (earlier, own) = self.below.split_at_mut(row);
        mask::unite(own, &earlier[child * self.words..][..self.words]);
    }
}
