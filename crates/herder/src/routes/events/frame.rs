//! The wire form of an event (spec/http-api.md 1.16): a line `event:message`, and a line with an envelope whose `data`
//! is a text that holds JSON.

use bytes::Bytes;
use serde::Serialize;

/// A comment that keeps proxies and clients from taking a quiet stream for a dead one.
pub(super) const HEARTBEAT: Bytes = Bytes::from_static(b": ping\n\n");

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Kind {
    ModelStatus,
    LogData,
    Activity,
    #[serde(rename = "inflight")]
    InFlight,
    UiConfig,
    ProfileChanged,
}

#[derive(Serialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: Kind,
    data: String,
}

/// An event as bytes.
pub(super) fn frame(kind: Kind, data: &impl Serialize) -> Bytes {
    let envelope = Envelope {
        kind,
        data: text(data),
    };
    Bytes::from(format!("event:message\ndata:{}\n\n", text(&envelope)))
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("every event has text as keys and finite numbers")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    impl Kind {
        /// All of them.
        pub(in super::super) const ALL: [Self; 6] = [
            Self::ModelStatus,
            Self::LogData,
            Self::Activity,
            Self::InFlight,
            Self::UiConfig,
            Self::ProfileChanged,
        ];
    }

    #[test]
    fn http_1_16_frames() {
        let table = [
            (
                Kind::Activity,
                json!({"id": 42}),
                "event:message\ndata:{\"type\":\"activity\",\"data\":\"{\\\"id\\\":42}\"}\n\n",
            ),
            (
                Kind::InFlight,
                json!({}),
                "event:message\ndata:{\"type\":\"inflight\",\"data\":\"{}\"}\n\n",
            ),
            (
                Kind::LogData,
                json!("a\nb"),
                "event:message\ndata:{\"type\":\"logData\",\"data\":\"\\\"a\\\\nb\\\"\"}\n\n",
            ),
        ];
        for (kind, data, expected) in table {
            assert_eq!(frame(kind, &data), expected);
        }
    }

    #[test]
    fn http_1_16_names_of_the_types() {
        for (kind, expected) in [
            (Kind::ModelStatus, "modelStatus"),
            (Kind::LogData, "logData"),
            (Kind::Activity, "activity"),
            (Kind::InFlight, "inflight"),
            (Kind::UiConfig, "uiConfig"),
            (Kind::ProfileChanged, "profileChanged"),
        ] {
            assert_eq!(json!(kind), expected);
        }
    }
}
