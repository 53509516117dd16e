//! What a model can take and give, in the words of the model list and of the events (spec/http-api.md 1.5).

use herder_config::{Capabilities, Modality};
use indexmap::IndexMap;
use serde::Serialize;

/// The fields; each is there only when it says something.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Abilities {
    /// What goes in and comes out.
    #[serde(skip_serializing_if = "Architecture::is_empty")]
    architecture: Architecture,
    /// Abilities by name; what a model cannot do is not listed.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    #[cfg_attr(test, schemars(with = "std::collections::BTreeMap<String, bool>"))]
    pub(super) capabilities: IndexMap<&'static str, bool>,
    /// Parameters of a request that the model understands beyond the usual ones.
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    supported_parameters: &'static [&'static str],
    /// Tokens that fit into the context.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) context_length: u64,
}

/// Kinds of input and output: `text`, `audio` and `image`.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Architecture {
    /// Kinds of input.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    input_modalities: Vec<&'static str>,
    /// Kinds of output.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    output_modalities: Vec<&'static str>,
    /// Both in one text, such as `text+image->text`.
    #[serde(skip_serializing_if = "Option::is_none")]
    modality: Option<String>,
}

impl Abilities {
    /// What the configuration says of a model.
    pub(super) fn of(known: &Capabilities) -> Self {
        let takes = |modality: Modality| known.input.contains(&modality);
        let gives = |modality: Modality| known.output.contains(&modality);
        let names = [
            ("vision", takes(Modality::Image)),
            (
                "audio_transcriptions",
                takes(Modality::Audio) && gives(Modality::Text),
            ),
            ("audio_speech", takes(Modality::Text) && gives(Modality::Audio)),
            (
                "image_generation",
                takes(Modality::Text) && gives(Modality::Image),
            ),
            ("image_to_image", takes(Modality::Image) && gives(Modality::Image)),
            ("function_calling", known.tools),
            ("reranker", known.reranker),
        ];
        Self {
            architecture: Architecture::of(known),
            capabilities: names.into_iter().filter(|(_, present)| *present).collect(),
            supported_parameters: if known.tools {
                &["tools", "tool_choice"]
            } else {
                &[]
            },
            context_length: known.context,
        }
    }
}

impl Architecture {
    fn of(known: &Capabilities) -> Self {
        let words = |modalities: &[Modality]| modalities.iter().copied().map(word).collect();
        let (inputs, outputs): (Vec<_>, Vec<_>) = (words(&known.input), words(&known.output));
        let both = !inputs.is_empty() && !outputs.is_empty();
        Self {
            modality: both.then(|| format!("{}->{}", inputs.join("+"), outputs.join("+"))),
            input_modalities: inputs,
            output_modalities: outputs,
        }
    }

    fn is_empty(&self) -> bool {
        self.input_modalities.is_empty() && self.output_modalities.is_empty()
    }
}

/// Whether there is nothing to say.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
pub(super) fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn word(modality: Modality) -> &'static str {
    match modality {
        Modality::Text => "text",
        Modality::Audio => "audio",
        Modality::Image => "image",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn described(input: &[Modality], output: &[Modality]) -> Capabilities {
        Capabilities {
            input: input.to_vec(),
            output: output.to_vec(),
            ..Capabilities::default()
        }
    }

    #[test]
    fn capabilities_follow_from_the_modalities() {
        use Modality::{Audio, Image, Text};
        let table = [
            (
                described(&[Text, Image], &[Text]),
                json!({
                    "architecture": {
                        "input_modalities": ["text", "image"],
                        "output_modalities": ["text"],
                        "modality": "text+image->text",
                    },
                    "capabilities": {"vision": true},
                }),
            ),
            (
                described(&[Audio], &[]),
                json!({"architecture": {"input_modalities": ["audio"]}}),
            ),
            (
                described(&[], &[Image]),
                json!({"architecture": {"output_modalities": ["image"]}}),
            ),
            (
                described(&[Text], &[Audio, Image]),
                json!({
                    "architecture": {
                        "input_modalities": ["text"],
                        "output_modalities": ["audio", "image"],
                        "modality": "text->audio+image",
                    },
                    "capabilities": {"audio_speech": true, "image_generation": true},
                }),
            ),
            (
                Capabilities {
                    tools: true,
                    reranker: true,
                    context: 4096,
                    ..Capabilities::default()
                },
                json!({
                    "capabilities": {"function_calling": true, "reranker": true},
                    "supported_parameters": ["tools", "tool_choice"],
                    "context_length": 4096,
                }),
            ),
        ];
        for (known, expected) in table {
            let told: Value = serde_json::to_value(Abilities::of(&known)).unwrap();
            assert_eq!(told, expected);
        }
    }
}
