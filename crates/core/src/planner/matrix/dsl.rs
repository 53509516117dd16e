//! The grammar of set expressions (spec/config.md 5.1): text to a tree. What the names mean is decided in
//! [`super::program`].

use super::DEPTH_LIMIT;
use super::error::MatrixErrorKind;

/// A parsed expression. Children stand before their parents, so the last node is the root.
#[derive(Debug)]
pub(super) struct Expression {
    pub(super) nodes: Vec<ParsedNode>,
}

/// One node; children are indices into [`Expression::nodes`], positions count characters from zero.
#[derive(Debug)]
pub(super) enum ParsedNode {
    /// A variable or model.
    Name { name: String, position: usize },
    /// `+name`: the expression of another set.
    Set { name: String, position: usize },
    /// `|`, at least two children.
    Any(Vec<usize>),
    /// `&`, at least two children.
    All(Vec<usize>),
}

/// A mistake in the text of one expression.
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub(super) position: Option<usize>,
    pub(super) kind: MatrixErrorKind,
}

/// Parses one expression; the first mistake ends it.
pub(super) fn parse(text: &str) -> Result<Expression, SyntaxError> {
    let tokens = tokenize(text)?;
    if tokens.is_empty() {
        return Err(SyntaxError {
            position: None,
            kind: MatrixErrorKind::EmptyExpression,
        });
    }
    let mut parser = Parser {
        tokens: &tokens,
        next: 0,
        depth: 0,
        nodes: Vec::new(),
    };
    parser.expression()?;
    match parser.tokens.get(parser.next) {
        None => Ok(Expression { nodes: parser.nodes }),
        Some(token) => Err(SyntaxError {
            position: Some(token.position),
            kind: MatrixErrorKind::TokenAfterExpression {
                token: token.symbol.text(),
            },
        }),
    }
}

#[derive(Debug)]
struct Token {
    position: usize,
    symbol: Symbol,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Symbol {
    Name(String),
    Set(String),
    And,
    Or,
    Open,
    Close,
}

impl Symbol {
    /// The token as it was written.
    fn text(&self) -> String {
        match self {
            Self::Name(name) => name.clone(),
            Self::Set(name) => format!("+{name}"),
            Self::And => "&".to_owned(),
            Self::Or => "|".to_owned(),
            Self::Open => "(".to_owned(),
            Self::Close => ")".to_owned(),
        }
    }
}

fn tokenize(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut tokens = Vec::new();
    let mut characters = text.chars().enumerate().peekable();
    while let Some((position, character)) = characters.next() {
        let mut rest_of_name = |mut name: String| {
            while let Some((_, character)) =
                characters.next_if(|(_, character)| is_name_character(*character))
            {
                name.push(character);
            }
            name
        };
        let symbol = match character {
            '&' => Symbol::And,
            '|' => Symbol::Or,
            '(' => Symbol::Open,
            ')' => Symbol::Close,
            '+' => {
                let name = rest_of_name(String::new());
                if name.is_empty() {
                    return Err(SyntaxError {
                        position: Some(position),
                        kind: MatrixErrorKind::ExpectedSetName,
                    });
                }
                Symbol::Set(name)
            }
            _ if is_name_character(character) => Symbol::Name(rest_of_name(character.to_string())),
            _ if character.is_whitespace() => continue,
            _ => {
                return Err(SyntaxError {
                    position: Some(position),
                    kind: MatrixErrorKind::UnexpectedCharacter { character },
                });
            }
        };
        tokens.push(Token { position, symbol });
    }
    Ok(tokens)
}

/// Unicode letters and digits. The standard library's notion is a little wider than the specification's categories
/// L and Nd (it has vowel signs and fractions too): every name that is valid there is valid here.
fn is_name_character(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '.')
}

struct Parser<'t> {
    tokens: &'t [Token],
    next: usize,
    /// Open parentheses.
    depth: usize,
    nodes: Vec<ParsedNode>,
}

impl Parser<'_> {
    fn expression(&mut self) -> Result<usize, SyntaxError> {
        let first = self.and_expression()?;
        let mut children = vec![first];
        while self.accept(&Symbol::Or) {
            children.push(self.and_expression()?);
        }
        Ok(if children.len() == 1 {
            first
        } else {
            self.push(ParsedNode::Any(children))
        })
    }

    fn and_expression(&mut self) -> Result<usize, SyntaxError> {
        let first = self.atom()?;
        let mut children = vec![first];
        while self.accept(&Symbol::And) {
            children.push(self.atom()?);
        }
        Ok(if children.len() == 1 {
            first
        } else {
            self.push(ParsedNode::All(children))
        })
    }

    fn atom(&mut self) -> Result<usize, SyntaxError> {
        let Some(Token { position, symbol }) = self.tokens.get(self.next) else {
            let end = self.tokens.last().map(|token| token.position);
            return Err(SyntaxError {
                position: end,
                kind: MatrixErrorKind::UnexpectedToken { token: None },
            });
        };
        let position = *position;
        self.next += 1;
        match symbol {
            Symbol::Name(name) => Ok(self.push(ParsedNode::Name {
                name: name.clone(),
                position,
            })),
            Symbol::Set(name) => Ok(self.push(ParsedNode::Set {
                name: name.clone(),
                position,
            })),
            Symbol::Open => {
                self.depth += 1;
                if self.depth > DEPTH_LIMIT {
                    return Err(SyntaxError {
                        position: Some(position),
                        kind: MatrixErrorKind::TooDeep,
                    });
                }
                let inner = self.expression()?;
                if !self.accept(&Symbol::Close) {
                    return Err(SyntaxError {
                        position: Some(position),
                        kind: MatrixErrorKind::MissingParenthesis,
                    });
                }
                self.depth -= 1;
                Ok(inner)
            }
            Symbol::And | Symbol::Or | Symbol::Close => Err(SyntaxError {
                position: Some(position),
                kind: MatrixErrorKind::UnexpectedToken {
                    token: Some(symbol.text()),
                },
            }),
        }
    }

    fn accept(&mut self, wanted: &Symbol) -> bool {
        let found = self
            .tokens
            .get(self.next)
            .is_some_and(|token| token.symbol == *wanted);
        self.next += usize::from(found);
        found
    }

    fn push(&mut self, node: ParsedNode) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }
}
