//! How a request ended, as the list of finished requests is asked for it: parameter `status` of `/api/metrics/activity`.
//! llama-swap's API has none; there the parameter is ignored.

use std::ops::RangeInclusive;

/// Endings that are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// There is an error, whatever the status: a stream can break after its 200.
    Failed,
    /// There is none.
    Succeeded,
    /// The status is one of these.
    Status(RangeInclusive<u16>),
}

impl Ending {
    /// The ending of this name in the API: `failed`, `succeeded`, a class such as `5xx`, or a status such as `499`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "failed" => return Some(Self::Failed),
            "succeeded" => return Some(Self::Succeeded),
            _ => {}
        }
        if let Some(class) = name.strip_suffix("xx") {
            let class: u16 = class.parse().ok().filter(|class| (1..=5).contains(class))?;
            return Some(Self::Status(class * 100..=class * 100 + 99));
        }
        let status: u16 = name.parse().ok().filter(|status| (100..=599).contains(status))?;
        Some(Self::Status(status..=status))
    }

    /// The condition on a row. It holds nothing that came from a client but numbers.
    pub(super) fn condition(&self) -> String {
        match self {
            Self::Failed => "error_msg <> ''".to_owned(),
            Self::Succeeded => "error_msg = ''".to_owned(),
            Self::Status(range) => format!("resp_status_code BETWEEN {} AND {}", range.start(), range.end()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let table = [
            ("failed", Some(Ending::Failed)),
            ("succeeded", Some(Ending::Succeeded)),
            ("5xx", Some(Ending::Status(500..=599))),
            ("499", Some(Ending::Status(499..=499))),
            ("9xx", None),
            ("0xx", None),
            ("xx", None),
            ("65600xx", None),
            ("99", None),
            ("600", None),
            ("Failed", None),
            ("", None),
        ];
        for (name, expected) in table {
            assert_eq!(Ending::named(name), expected, "{name}");
        }
    }
}
