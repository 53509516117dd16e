//! The events in the API's document. `data` of an event is a text that holds JSON; its shape is the `contentSchema`.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::frame::Kind;
use super::in_flight::Event as InFlightEvent;
use super::log_source::Data;
use super::models::Entry;
use super::{ActiveProfile, Stored, UiConfig};

/// One event: the JSON behind `data:`.
pub(in crate::routes) struct Event;

impl JsonSchema for Event {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Event".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let kinds = Kind::ALL.map(|kind| {
            json_schema!({
                "type": "object",
                "properties": {
                    "type": { "const": kind },
                    "data": {
                        "type": "string",
                        "contentMediaType": "application/json",
                        "contentSchema": data(kind, generator),
                    },
                },
                "required": ["type", "data"],
            })
        });
        json_schema!({ "description": "What is sent behind `data:`.", "oneOf": kinds })
    }
}

fn data(kind: Kind, generator: &mut SchemaGenerator) -> Schema {
    match kind {
        Kind::ModelStatus => generator.subschema_for::<Vec<Entry<'_>>>(),
        Kind::LogData => generator.subschema_for::<Data<'_>>(),
        Kind::Activity => generator.subschema_for::<Stored>(),
        Kind::InFlight => generator.subschema_for::<InFlightEvent<'_>>(),
        Kind::UiConfig => generator.subschema_for::<UiConfig<'_>>(),
        Kind::ProfileChanged => generator.subschema_for::<ActiveProfile<'_>>(),
    }
}
