//! Macros as values: their declaration, and the exact algorithm that replaces `${NAME}` in one scalar
//! (spec/config.md 3.1 to 3.4).
//!
//! Where in the document they apply is decided in [`crate::expand`].

use std::rc::Rc;

use crate::diagnostic::{ErrorClass, Report};
use crate::scalar::Typed;
use crate::tree::{Kind, Node, Scalar};

/// Longest macro name in bytes.
const LONGEST_NAME: usize = 63;

/// Most macros in one block: every `${NAME}` is looked up among all of them.
const MOST_MACROS: usize = 1000;

/// Longest text of one value after expansion, in bytes. Commands are a few kB; operating systems refuse
/// arguments above 128 KiB.
const LONGEST_VALUE: usize = 1 << 20;

/// Work that may be done while the macros of one configuration are expanded, in bytes of text looked at and names
/// compared: the answer to macros that double each other.
const MOST_WORK: usize = 256 << 20;

/// Names that herder itself gives a value.
const RESERVED: [&str; 3] = ["PID", "PORT", "MODEL_ID"];

/// A declared macro.
#[derive(Debug, Clone)]
pub(crate) struct Macro {
    /// Its name.
    pub(crate) name: String,
    /// Its value; `None` after an error in the declaration.
    pub(crate) value: Option<Scalar>,
}

/// Macros in the order in which they were declared: a macro can use only those before it.
#[derive(Debug, Clone, Default)]
pub(crate) struct MacroList(Vec<Rc<Macro>>);

/// What became of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is expanded, or needed nothing.
    Done,
    /// It uses a macro whose declaration is defective.
    Defective,
    /// The result would be too large.
    TooLarge,
}

/// How much expansion is still allowed.
#[derive(Debug)]
pub(crate) struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Self(MOST_WORK)
    }
}

impl MacroList {
    /// A list of macros that herder defines itself.
    pub(crate) fn of(name: &str, value: Scalar) -> Self {
        Self(vec![Rc::new(Macro {
            name: name.to_owned(),
            value: Some(value),
        })])
    }

    /// Reads a `macros` block. `model` is the ID of the model it belongs to.
    pub(crate) fn declare(block: Option<&Node>, model: Option<&str>, report: &mut Report) -> Self {
        let Some(block) = block else {
            return Self::default();
        };
        let prefix = model.map(|id| format!("model {id}: ")).unwrap_or_default();
        if !matches!(block.kind, Kind::Mapping(_)) {
            // The shape of the block is checked with all others.
            return Self::default();
        }
        if block.entries().len() > MOST_MACROS {
            let message = format!("{prefix}more than {MOST_MACROS} macros in one block");
            report.error(ErrorClass::Macro, message).at(block.origin);
            return Self::default();
        }
        let mut list = Vec::with_capacity(block.entries().len());
        for entry in block.entries() {
            let name = &entry.key.text;
            let value = match check(name, &entry.value) {
                Ok(value) => value.cloned(),
                Err(problem) => {
                    let message = format!("{prefix}macro {problem}");
                    report.error(ErrorClass::Macro, message).at(entry.key_origin);
                    None
                }
            };
            list.push(Rc::new(Macro {
                name: name.clone(),
                value,
            }));
        }
        Self(list)
    }

    /// The list for one model: its ID, the global macros, its own. An own macro with the name of a global one takes
    /// its place, others come last.
    pub(crate) fn of_model(id: Scalar, globals: &Self, own: Self) -> Self {
        let mut list = Self::of("MODEL_ID", id).0;
        list.extend(globals.0.iter().cloned());
        for own in own.0 {
            match list.iter_mut().find(|known| known.name == own.name) {
                Some(known) => *known = own,
                None => list.push(own),
            }
        }
        Self(list)
    }

    /// Replaces macros in a scalar, from the last declared to the first, each once.
    pub(crate) fn expand(&self, scalar: &mut Scalar, budget: &mut Budget) -> Outcome {
        let mut limit = self.0.len();
        while scalar.typed() == Typed::Text && scalar.text.contains("${") {
            let work = scalar.text.len() + uses(&scalar.text).count() * limit;
            match budget.0.checked_sub(work) {
                Some(rest) => budget.0 = rest,
                None => return Outcome::TooLarge,
            }
            // Walking all macros backwards and replacing each is the same as always taking the last one that
            // occurs, as long as none is taken twice.
            let next = uses(&scalar.text)
                .filter_map(|name| self.0[..limit].iter().rposition(|known| known.name == name))
                .max();
            let Some(position) = next else { break };
            limit = position;
            let known = &self.0[position];
            let Some(value) = &known.value else {
                return Outcome::Defective;
            };
            let mark = format!("${{{}}}", known.name);
            if scalar.text == mark {
                scalar.text.clone_from(&value.text);
                scalar.quoted = value.quoted;
            } else {
                let growth = scalar.text.matches(&mark).count() * value.text.len();
                if scalar.text.len() + growth > LONGEST_VALUE {
                    return Outcome::TooLarge;
                }
                scalar.text = scalar.text.replace(&mark, &value.text);
                scalar.quoted = true;
            }
            for secret in &value.secrets {
                if !scalar.secrets.contains(secret) {
                    scalar.secrets.push(secret.clone());
                }
            }
        }
        Outcome::Done
    }
}

/// The names of all `${NAME}` in a text.
pub(crate) fn uses(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let position = rest.find("${")?;
            rest = &rest[position + "${".len()..];
            let end = rest.find(|character: char| !is_name_character(character))?;
            if end > 0 && rest[end..].starts_with('}') {
                let name = &rest[..end];
                rest = &rest[end..];
                return Some(name);
            }
        }
    })
}

fn is_name_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

/// The value of a declaration, or what is wrong with it, checked in the order of spec/config.md 3.1.
fn check<'a>(name: &str, value: &'a Node) -> Result<Option<&'a Scalar>, String> {
    if name.len() > LONGEST_NAME {
        return Err(format!(
            "name '{name}' exceeds maximum length of {LONGEST_NAME} characters"
        ));
    }
    if name.is_empty() || !name.chars().all(is_name_character) {
        return Err(format!(
            "name '{name}' contains invalid characters, only letters, digits, '_' and '-' are allowed"
        ));
    }
    let scalar = value.scalar();
    if let Some(scalar) = scalar
        && scalar.typed() == Typed::Text
        && scalar.text.contains(&format!("${{{name}}}"))
    {
        return Err(format!("'{name}' contains self-reference"));
    }
    let scalar = match (scalar, scalar.map(Scalar::typed)) {
        _ if value.is_lost() => None,
        (None, _) | (_, Some(Typed::Null | Typed::Timestamp) | None) => {
            return Err(format!(
                "'{name}' must be a scalar type (string, int, float, or bool)"
            ));
        }
        (
            Some(scalar),
            Some(Typed::Boolean(_) | Typed::Integer(_) | Typed::Unsigned(_) | Typed::Float(_) | Typed::Text),
        ) => Some(scalar),
    };
    if RESERVED.contains(&name) {
        return Err(format!("name '{name}' is reserved"));
    }
    Ok(scalar)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_finds_names_only() {
        let text = "$HOME ${} ${a.b} ${a:-b} $$ ${ok} ${x${y-1}} ${ z } ${open";
        assert_eq!(uses(text).collect::<Vec<_>>(), ["ok", "y-1"]);
    }
}
