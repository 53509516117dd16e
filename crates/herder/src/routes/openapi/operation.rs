//! One operation of the document, in the making.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// What a request on one route with one method takes and gives.
pub(super) struct Operation {
    fields: Map<String, Value>,
    parameters: Vec<Value>,
    responses: Map<String, Value>,
}

impl Operation {
    /// Nothing but a sentence. `tag` is the chapter that it belongs to.
    pub(super) fn new(tag: &str, summary: &str) -> Self {
        let fields = Map::from_iter([
            ("tags".to_owned(), json!([tag])),
            ("summary".to_owned(), json!(summary)),
        ]);
        Self {
            fields,
            parameters: Vec::new(),
            responses: Map::new(),
        }
    }

    /// More sentences.
    pub(super) fn about(mut self, description: &str) -> Self {
        self.fields.insert("description".to_owned(), json!(description));
        self
    }

    /// The part of the path that the route leaves open, with an example that herder would know.
    pub(super) fn path(mut self, name: &str, description: &str, example: &Value) -> Self {
        let kind = if example.is_number() { "integer" } else { "string" };
        self.parameters.push(json!({
            "name": name,
            "in": "path",
            "required": true,
            "description": description,
            "schema": { "type": kind },
            "example": example,
        }));
        self
    }

    /// A parameter of the query that may be left out.
    pub(super) fn query(self, name: &str, description: &str, schema: &Value) -> Self {
        self.in_query(name, description, schema, false)
    }

    /// A parameter of the query.
    pub(super) fn required_query(self, name: &str, description: &str, schema: &Value) -> Self {
        self.in_query(name, description, schema, true)
    }

    fn in_query(mut self, name: &str, description: &str, schema: &Value, required: bool) -> Self {
        self.parameters.push(json!({
            "name": name,
            "in": "query",
            "required": required,
            "description": description,
            "schema": schema,
        }));
        self
    }

    /// The body that a request must have: what it holds, or a reference to a shared one.
    pub(super) fn takes(mut self, body: Value) -> Self {
        self.fields.insert("requestBody".to_owned(), body);
        self
    }

    /// An answer with JSON of this type.
    pub(super) fn gives<T: JsonSchema>(
        self,
        schemas: &mut SchemaGenerator,
        status: u16,
        description: &str,
    ) -> Self {
        let schema = schemas.subschema_for::<T>();
        self.answers(
            &status.to_string(),
            description,
            &json!({ "application/json": { "schema": schema } }),
        )
    }

    /// An answer with text of this media type.
    pub(super) fn gives_text(self, status: u16, description: &str, media_type: &str) -> Self {
        self.answers(
            &status.to_string(),
            description,
            &json!({ media_type: { "schema": { "type": "string" } } }),
        )
    }

    /// An answer with these contents. `status` may be a class, such as `2XX`.
    pub(super) fn answers(mut self, status: &str, description: &str, content: &Value) -> Self {
        self.responses.insert(
            status.to_owned(),
            json!({ "description": description, "content": content }),
        );
        self
    }

    /// An answer that leads elsewhere.
    pub(super) fn redirects(mut self, status: u16, to: &str) -> Self {
        let location = json!({ "description": "Where.", "schema": { "type": "string" } });
        self.responses.insert(
            status.to_string(),
            json!({ "description": format!("Leads to `{to}`."), "headers": { "Location": location } }),
        );
        self
    }

    /// An error of herder's own.
    pub(super) fn fails(self, status: u16, description: &str) -> Self {
        let error = json!({ "$ref": "#/components/schemas/Error" });
        self.answers(
            &status.to_string(),
            description,
            &json!({ "application/json": { "schema": error } }),
        )
    }

    /// An answer that many operations share, by its name in the document.
    pub(super) fn shares(mut self, status: &str, name: &str) -> Self {
        let reference = format!("#/components/responses/{name}");
        self.responses
            .insert(status.to_owned(), json!({ "$ref": reference }));
        self
    }

    /// The path of a route, with its open part named.
    pub(super) fn path_of(&self, pattern: &str) -> String {
        match self.parameters.iter().find(|parameter| parameter["in"] == "path") {
            Some(open) => {
                let name = format!("{{{}}}", open["name"].as_str().expect("parameters have names"));
                pattern.replace("**", "*").replace('*', &name)
            }
            None => pattern.to_owned(),
        }
    }

    /// The finished operation, which has this name.
    pub(super) fn finish(mut self, id: &str, needs_key: bool) -> Value {
        let mut fields = self.fields;
        fields.insert("operationId".to_owned(), json!(id));
        if needs_key {
            self.responses.insert(
                "401".to_owned(),
                json!({ "$ref": "#/components/responses/Unauthorized" }),
            );
        } else {
            // Not even the keys that the document asks for elsewhere.
            fields.insert("security".to_owned(), json!([]));
        }
        if !self.parameters.is_empty() {
            fields.insert("parameters".to_owned(), json!(self.parameters));
        }
        self.responses.sort_keys();
        fields.insert("responses".to_owned(), Value::Object(self.responses));
        Value::Object(fields)
    }
}
