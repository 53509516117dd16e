//! The body filters `useModelName`, `stripParams`, `setParams` and `setParamsByID` (spec/config.md 7.5).
//!
//! The body is edited as text. Members that are replaced keep their place, new ones are appended, and everything else
//! stays byte for byte. A body that is not well-formed JSON, or not an object, is forwarded untouched (decision N6):
//! the model server says what is wrong with it.
//!
//! Which filters apply to a request, and that they apply to JSON only, is the caller's part.

mod document;
mod parameter;
mod value;

use bytes::Bytes;
use indexmap::IndexMap;
use serde_json::Value;
use thiserror::Error;

use crate::pieces::Pieces;
use crate::{json, outline, scan};
use document::Document;
use parameter::Parameter;

/// The edits of one request, in the order in which they happen.
#[derive(Debug, Clone, Copy, Default)]
pub struct Edits<'a> {
    /// `useModelName`: the new value of every top-level `model`.
    pub rename: Option<&'a str>,
    /// `stripParams`: deleted where present.
    pub strip: &'a [String],
    /// `setParams`, in the order of the map.
    pub set: Option<&'a IndexMap<String, Value>>,
    /// The entry of `setParamsByID` for the requested name, after `set`.
    pub set_by_id: Option<&'a IndexMap<String, Value>>,
}

impl Edits<'_> {
    /// Whether nothing is to be edited.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rename.is_none() && self.strip.is_empty() && self.settings().next().is_none()
    }

    fn settings(&self) -> impl Iterator<Item = (&str, &Value)> {
        let settings = self.set.into_iter().chain(self.set_by_id).flatten();
        settings.map(|(key, value)| (key.as_str(), value))
    }
}

/// A filter that cannot be applied: a mistake in the configuration, answered with 500 and this text
/// (spec/http-api.md 0.4). Sending the same request again does not help.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum EditError {
    /// `useModelName`.
    #[error("error rewriting model name in JSON: {reason}")]
    Rename {
        /// Why.
        reason: Reason,
    },
    /// An entry of `stripParams`.
    #[error("error stripping parameter {parameter} from request")]
    Strip {
        /// The entry.
        parameter: String,
        /// Why; for the log.
        #[source]
        reason: Reason,
    },
    /// A key of `setParams` or `setParamsByID`.
    #[error("error setting parameter {parameter} in request")]
    Set {
        /// The key.
        parameter: String,
        /// Why; for the log.
        #[source]
        reason: Reason,
    },
}

/// Why a filter cannot be applied.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Reason {
    /// The key is empty.
    #[error("the parameter is empty")]
    Empty,
    /// The key has more than [`MAX_PARTS`] parts.
    #[error("the parameter has more than {MAX_PARTS} parts")]
    TooDeep,
    /// Only existing members can be matched, so there is nothing definite to delete.
    #[error("a parameter with * ? # @ or | cannot be stripped")]
    Wildcard,
    /// A part that is no index stands below an array.
    #[error("the request has an array here, but {part:?} is no index")]
    NotAnIndex {
        /// The part.
        part: String,
    },
    /// An index above [`MAX_INDEX`].
    #[error("the index {index} is above {MAX_INDEX}")]
    IndexTooLarge {
        /// The index, as written.
        index: String,
    },
    /// The object or array to be edited has more than [`MAX_ENTRIES`] entries.
    #[error("the request has an object or array of more than {MAX_ENTRIES} entries here")]
    TooManyEntries,
}

/// The most parts of a parameter such as `a.b.c`; bounds how deep an edit descends.
pub const MAX_PARTS: usize = 64;

/// The highest array index that can be set; a missing array is padded with `null` up to it.
pub const MAX_INDEX: usize = 9_999;

/// The most entries of one object or array on the way to an edit, so that a body of millions of tiny members does not
/// cost a multiple of its size. Requests have dozens. Objects and arrays that no parameter leads into have no limit.
pub const MAX_ENTRIES: usize = 65_536;

/// The body after `edits`. Without an edit, and when the body is no well-formed JSON object, it is the same bytes.
///
/// ```
/// use bytes::Bytes;
/// use herder_wire::filters::{Edits, apply};
///
/// let body = Bytes::from_static(br#"{"model":"oak",  "temperature":0.10,"n":1e2}"#);
/// let edits = Edits { rename: Some("elm"), strip: &["temperature".to_owned()], ..Edits::default() };
/// let edited = apply(&body, &edits)?.to_bytes();
/// assert_eq!(edited, r#"{"model":"elm","n":1e2}"#);
/// # Ok::<(), herder_wire::filters::EditError>(())
/// ```
///
/// # Errors
/// A parameter that cannot be set or stripped in this body.
pub fn apply(body: &Bytes, edits: &Edits<'_>) -> Result<Pieces, EditError> {
    if edits.is_empty() || !is_well_formed_object(body) {
        return Ok(Pieces::whole(body.clone()));
    }
    if edits.strip.is_empty() && edits.settings().next().is_none() {
        return Ok(edits.rename.map_or_else(
            || Pieces::whole(body.clone()),
            |new| json::replace_model(body, new),
        ));
    }
    let mut document = Document::new(body);
    if let Some(new) = edits.rename {
        document
            .replace_all("model", &json::quoted(new))
            .map_err(|reason| EditError::Rename { reason })?;
    }
    for key in edits.strip {
        let deleted = Parameter::parse(key).and_then(|parameter| document.delete(&parameter));
        deleted.map_err(|reason| EditError::Strip {
            parameter: key.clone(),
            reason,
        })?;
    }
    for (key, value) in edits.settings() {
        let set = Parameter::parse(key).and_then(|parameter| document.set(&parameter, value::encode(value)));
        set.map_err(|reason| EditError::Set {
            parameter: key.to_owned(),
            reason,
        })?;
    }
    Ok(document.into_pieces())
}

fn is_well_formed_object(body: &[u8]) -> bool {
    body.get(scan::document_start(body)) == Some(&b'{') && outline::is_well_formed(body)
}

#[cfg(test)]
mod tests;
