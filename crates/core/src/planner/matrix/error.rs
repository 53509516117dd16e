//! What can be wrong with a matrix. The texts contain the fragments of spec/config.md 5.2; the edge adds file, line
//! and caret.

use std::fmt;

/// One mistake in a [`super::MatrixSpecification`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixError {
    /// The set whose expression is wrong; `None` when the mistake is not in an expression.
    pub set: Option<String>,
    /// Where in the expression: characters (not bytes) from its start, counted from zero.
    pub position: Option<usize>,
    /// What is wrong.
    pub kind: MatrixErrorKind,
}

impl MatrixError {
    /// A mistake outside of the expressions.
    pub(super) fn of_block(kind: MatrixErrorKind) -> Self {
        Self {
            set: None,
            position: None,
            kind,
        }
    }
}

/// The kinds of mistakes (spec/config.md 5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MatrixErrorKind {
    /// There is not a single set.
    NoSets,
    /// The expression holds nothing but white space.
    EmptyExpression,
    /// A character that begins no token.
    UnexpectedCharacter {
        /// The character.
        character: char,
    },
    /// A `+` that is not directly followed by a name.
    ExpectedSetName,
    /// A `(` whose `)` is not where it must be; the position is that of the `(`.
    MissingParenthesis,
    /// The expression was complete before this token.
    TokenAfterExpression {
        /// The token as written.
        token: String,
    },
    /// A token that cannot stand here.
    UnexpectedToken {
        /// The token as written; `None` for the end of the expression.
        token: Option<String>,
    },
    /// Parentheses, or references of sets to sets, are nested deeper than [`super::DEPTH_LIMIT`].
    TooDeep,
    /// A plain name that is neither a variable nor a model.
    UnknownName {
        /// The name.
        name: String,
    },
    /// `+name` where no set has this name.
    UndefinedSet {
        /// The name without the `+`.
        name: String,
    },
    /// A set that contains itself.
    CircularReference {
        /// The names along the loop; the first one is repeated at the end.
        path: Vec<String>,
    },
    /// A variable whose name breaks the rule `[A-Za-z0-9.-]{1,32}`.
    InvalidVariableName {
        /// The name.
        name: String,
    },
    /// A variable that stands for a model which does not exist.
    UnknownVariableModel {
        /// The name of the variable.
        name: String,
    },
    /// A cost of zero.
    CostNotPositive {
        /// The model with this cost.
        model: String,
    },
    /// A cost for a model that does not exist.
    UnknownCostModel,
}

impl fmt::Display for MatrixError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(set) = &self.set {
            write!(formatter, "set {set:?}: ")?;
        }
        write!(formatter, "{}", self.kind)?;
        if let Some(position) = self.position {
            write!(formatter, " at position {position}")?;
        }
        Ok(())
    }
}

impl std::error::Error for MatrixError {}

impl fmt::Display for MatrixErrorKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSets => formatter.write_str("must define at least one set"),
            Self::EmptyExpression => formatter.write_str("empty DSL expression"),
            Self::UnexpectedCharacter { character } => {
                write!(formatter, "unexpected character {character:?}")
            }
            Self::ExpectedSetName => formatter.write_str("expected set name after '+'"),
            Self::MissingParenthesis => formatter.write_str("missing closing parenthesis"),
            Self::TokenAfterExpression { token } => {
                write!(formatter, "unexpected token {token:?} after expression")
            }
            Self::UnexpectedToken { token: Some(token) } => write!(formatter, "unexpected token {token:?}"),
            Self::UnexpectedToken { token: None } => {
                formatter.write_str("unexpected token: the expression ends where a name is expected")
            }
            Self::TooDeep => {
                write!(
                    formatter,
                    "parentheses and set references are nested deeper than {}",
                    super::DEPTH_LIMIT
                )
            }
            Self::UnknownName { name } => write!(formatter, "unknown var or model {name:?}"),
            Self::UndefinedSet { name } => write!(formatter, "references undefined set {name:?}"),
            Self::CircularReference { path } => {
                write!(formatter, "circular reference: {}", path.join(" -> "))
            }
            Self::InvalidVariableName { name } => {
                write!(
                    formatter,
                    "var {name:?} must contain only alphanumeric, '-' or '.' characters and be 1-32 characters long"
                )
            }
            Self::UnknownVariableModel { name } => write!(formatter, "var {name:?} references unknown model"),
            Self::CostNotPositive { model } => {
                write!(
                    formatter,
                    "evict_costs: the cost of {model:?} must be a positive integer"
                )
            }
            Self::UnknownCostModel => formatter.write_str("evict_costs: unknown var or model"),
        }
    }
}
