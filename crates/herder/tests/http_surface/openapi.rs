//! `GET /api/openapi.json`, and whether herder's own routes answer as it says.

use std::collections::BTreeSet;

use herder_testkit::{PATIENCE, Response, Router, poll_until};
use http::Method;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::events::Events;
use crate::fixture::{CHAT, builder, chat, router};

/// Streams, which never end.
const STREAMS: [&str; 3] = ["/api/events", "/logs/stream", "/logs/stream/{log}"];

/// The document as it is served.
struct Document(Value);

impl Document {
    async fn of(router: &Router) -> Self {
        let answer = router.get("/api/openapi.json").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let mut document = answer.json();
        for schema in document["components"]["schemas"]
            .as_object_mut()
            .unwrap()
            .values_mut()
        {
            refuse_what_is_not_documented(schema);
        }
        Self(document)
    }

    /// The paths of herder's own GET routes, with their operations.
    fn own(&self) -> Vec<(&str, &Value)> {
        let paths = self.0["paths"].as_object().unwrap();
        let operations = paths
            .iter()
            .filter_map(|(path, item)| Some((path.as_str(), item.get("get")?)));
        let own = operations.filter(|(_, operation)| operation["tags"] != json!(["forwarding"]));
        own.collect()
    }

    fn validator(&self, schema: &Value) -> Validator {
        let mut schema = schema.clone();
        schema["components"] = self.0["components"].clone();
        jsonschema::draft202012::new(&schema).unwrap()
    }

    /// Checks status, type and shape of an answer.
    #[track_caller]
    fn check(&self, what: &str, operation: &Value, answer: &Response) {
        let mut response = &operation["responses"][answer.status.as_str()];
        if let Some(name) = response["$ref"].as_str() {
            response = self.0.pointer(name.strip_prefix('#').unwrap()).unwrap();
        }
        assert!(
            response.is_object(),
            "{what}: {} is not documented",
            answer.status
        );
        let Some(content) = response.get("content") else {
            assert!(answer.status.is_redirection(), "{what}: {response}");
            return;
        };
        let media_type = answer.header("content-type").unwrap();
        let media_type = media_type.split(';').next().unwrap();
        let schema = &content[media_type]["schema"];
        assert!(schema.is_object(), "{what}: {media_type} is not documented");
        if media_type == "application/json" {
            self.fits(what, schema, &answer.json());
        }
    }

    #[track_caller]
    fn fits(&self, what: &str, schema: &Value, value: &Value) {
        let validator = self.validator(schema);
        let errors = validator.iter_errors(value);
        let errors: Vec<String> = errors
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{what}: {errors:#?}\n{value:#}");
    }
}

/// Makes the schema of an object refuse members that it does not name.
fn refuse_what_is_not_documented(schema: &mut Value) {
    if schema.get("properties").is_some() && schema.get("additionalProperties").is_none() {
        schema["additionalProperties"] = json!(false);
    }
    let branches = schema.get_mut("oneOf").and_then(Value::as_array_mut);
    for branch in branches.into_iter().flatten() {
        refuse_what_is_not_documented(branch);
    }
}

/// A path with its open parts and what its query must have, filled in as the document's examples have it.
fn filled(path: &str, operation: &Value) -> String {
    let parameters = operation["parameters"].as_array();
    let mut path = path.to_owned();
    for parameter in parameters
        .into_iter()
        .flatten()
        .filter(|parameter| parameter["in"] == "path")
    {
        let example = match &parameter["example"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        path = path.replace(&format!("{{{}}}", parameter["name"].as_str().unwrap()), &example);
    }
    assert!(!path.contains('{'), "{path}");
    for parameter in parameters
        .into_iter()
        .flatten()
        .filter(|parameter| parameter["in"] == "query" && parameter["required"] == true)
    {
        let (name, example) = (&parameter["name"], &parameter["schema"]["examples"][0]);
        let separator = if path.contains('?') { '&' } else { '?' };
        path += &format!(
            "{separator}{}={}",
            name.as_str().unwrap(),
            example.as_str().unwrap()
        );
    }
    path
}

/// A router that has something to tell on every route.
async fn busy_router() -> Router {
    let router = router().await;
    let selected = json!({ "model": "pool" });
    let usage = [("x-reply", "usage")];
    assert_eq!(router.post_json_with(CHAT, &usage, &selected).await.status, 200);
    assert_eq!(chat(&router, "broken").await.status, 502);
    assert_eq!(chat(&router, "vega/coder-32b").await.status, 200);
    let profile = router
        .request(Method::PUT, "/api/profiles/active", &[], r#"{"name":"nightly"}"#)
        .await;
    assert_eq!(profile.status, 200);
    for (target, what) in [
        (
            "/api/metrics/activity?limit=3&min_id=3",
            "the requests are recorded",
        ),
        ("/api/captures/1", "the first is captured"),
        ("/api/hardware", "the machine is known"),
    ] {
        poll_until(PATIENCE, what, async || {
            let answer = router.get(target).await;
            (answer.status == 200 && answer.json()["total"] != 0).then_some(())
        })
        .await;
    }
    poll_until(PATIENCE, "a sample", async || {
        let samples = router.get("/api/performance").await.json();
        samples["sys_stats"].get(0).is_some().then_some(())
    })
    .await;
    router
}

#[tokio::test]
async fn openapi_answers_are_as_documented() {
    let router = busy_router().await;
    let document = Document::of(&router).await;
    let mut asked = 0;
    for (path, operation) in document.own() {
        if STREAMS.contains(&path) {
            continue;
        }
        let target = filled(path, operation);
        // The last one stops the models.
        if path == "/unload" {
            continue;
        }
        let answer = router.get(&target).await;
        assert!(answer.status.as_u16() < 400, "{target}: {}", answer.text());
        document.check(&target, operation, &answer);
        asked += 1;
    }
    let plan = &document.0["paths"]["/api/plan"]["get"];
    let swap = router.get("/api/plan?model=scribe").await;
    assert_eq!(
        swap.json()["victims"].as_array().unwrap().len(),
        1,
        "{}",
        swap.text()
    );
    document.check("a plan with victims", plan, &swap);
    for target in ["/api/plan", "/api/plan?model=pool", "/api/plan?model=nobody"] {
        document.check(target, plan, &router.get(target).await);
    }
    let unload = &document.0["paths"]["/unload"]["get"];
    document.check("/unload", unload, &router.get("/unload").await);
    assert!(asked >= 15, "{asked}");
}

#[tokio::test]
async fn openapi_answers_to_other_methods_are_as_documented() {
    let router = busy_router().await;
    let document = Document::of(&router).await;
    let table = [
        (
            "put",
            "/api/profiles/active",
            "/api/profiles/active",
            r#"{"name":null}"#,
            200,
        ),
        (
            "put",
            "/api/profiles/active",
            "/api/profiles/active",
            r#"{"name":"x"}"#,
            404,
        ),
        ("put", "/api/profiles/active", "/api/profiles/active", "[]", 400),
        (
            "post",
            "/api/inflight/{id}/cancel",
            "/api/inflight/77/cancel",
            "",
            404,
        ),
        ("post", "/api/config/reload", "/api/config/reload", "", 200),
        (
            "post",
            "/api/models/unload/{model}",
            "/api/models/unload/chatty",
            "",
            200,
        ),
        (
            "post",
            "/api/models/unload/{model}",
            "/api/models/unload/nobody",
            "",
            404,
        ),
        ("post", "/api/models/unload", "/api/models/unload", "", 200),
        (
            "post",
            "/api/models/load/{model}",
            "/api/models/load/chatty",
            "",
            200,
        ),
        (
            "post",
            "/api/models/load/{model}",
            "/api/models/load/pool",
            "",
            400,
        ),
        (
            "post",
            "/api/models/load/{model}",
            "/api/models/load/nobody",
            "",
            404,
        ),
        (
            "post",
            "/api/models/load/{model}",
            "/api/models/load/broken",
            "",
            502,
        ),
    ];
    for (verb, path, target, body, status) in table {
        let method = Method::from_bytes(verb.to_uppercase().as_bytes()).unwrap();
        let answer = router.request(method, target, &[], body).await;
        assert_eq!(answer.status, status, "{target}: {}", answer.text());
        document.check(target, &document.0["paths"][path][verb], &answer);
    }
    // Which has a last reload by now.
    let config = router.get("/api/config").await;
    assert_eq!(config.json()["last_reload"]["outcome"], "unchanged");
    let operation = &document.0["paths"]["/api/config"]["get"];
    document.check("/api/config", operation, &config);
}

/// The other tests would be worth little if everything fitted.
#[tokio::test]
async fn openapi_schemas_refuse_other_answers() {
    let router = router().await;
    let document = Document::of(&router).await;
    let list = document.validator(&json!({ "$ref": "#/components/schemas/ModelList" }));
    let answer = router.get("/v1/models").await.json();
    assert!(list.is_valid(&answer));
    let first = &answer["data"][0];
    for (member, value) in [("created", json!("today")), ("surprise", json!(1))] {
        let mut other = first.clone();
        other[member] = value;
        assert!(
            !list.is_valid(&json!({ "object": "list", "data": [other] })),
            "{member}"
        );
    }
    let mut other = first.clone();
    other.as_object_mut().unwrap().remove("status");
    assert!(!list.is_valid(&json!({ "object": "list", "data": [other] })));
}

#[tokio::test]
async fn openapi_streams_are_as_documented() {
    let router = router().await;
    let document = Document::of(&router).await;
    let own = document.own();
    for path in STREAMS {
        let (_, operation) = own.iter().find(|(own, _)| *own == path).unwrap();
        let target = filled(path, operation);
        let stream = router.stream(Method::GET, &target, &[], "").await;
        let media_type = stream.headers["content-type"].to_str().unwrap();
        let content = &operation["responses"][stream.status.as_str()]["content"];
        assert!(content[media_type].is_object(), "{target}: {media_type}");
    }
}

#[tokio::test]
async fn openapi_events_are_as_documented() {
    let router = router().await;
    let document = Document::of(&router).await;
    let event = json!({ "$ref": "#/components/schemas/Event" });
    let kinds = document.0["components"]["schemas"]["Event"]["oneOf"]
        .as_array()
        .unwrap();
    let mut missing: BTreeSet<&str> = kinds
        .iter()
        .map(|kind| kind["properties"]["type"]["const"].as_str().unwrap())
        .collect();
    let mut operations = BTreeSet::from(["snapshot", "upsert", "remove"]);
    let mut events = Events::open(&router).await;
    let mut chatted = false;
    while !(missing.is_empty() && operations.is_empty()) {
        let (kind, data) = events.next().await;
        document.fits(
            "an event",
            &event,
            &json!({ "type": kind, "data": data.to_string() }),
        );
        let properties = kinds
            .iter()
            .map(|known| &known["properties"])
            .find(|known| known["type"]["const"] == kind.as_str())
            .unwrap();
        document.fits(&kind, &properties["data"]["contentSchema"], &data);
        if let Some(operation) = data["operation"].as_str() {
            operations.remove(operation);
        }
        missing.remove(kind.as_str());
        // The list of open requests is there: who comes now is told of.
        if !chatted && kind == "inflight" {
            chatted = true;
            assert_eq!(chat(&router, "orca-7b").await.status, 200);
        }
    }
}

#[tokio::test]
async fn openapi_errors_are_as_documented() {
    let router = builder("performance: {disabled: true}\napiKeys: [k]")
        .start()
        .await;
    let key = [("x-api-key", "k")];
    let get = async |target: &str| router.request(Method::GET, target, &key, "").await;
    assert_eq!(router.get("/api/openapi.json").await.status, 401);
    let document = Document(get("/api/openapi.json").await.json());
    let paths = &document.0["paths"];
    for (path, target) in [
        ("/api/captures/{id}", "/api/captures/x"),
        ("/api/captures/{id}", "/api/captures/77"),
        ("/api/metrics/activity", "/api/metrics/activity?limit=0"),
        ("/api/performance", "/api/performance"),
        ("/metrics", "/metrics"),
        ("/api/models", "/api/models?model=nobody"),
        ("/api/models", "/api/models?model=pool"),
        ("/api/residency", "/api/residency?minutes=0"),
        ("/logs/stream/{log}", "/logs/stream/nobody"),
    ] {
        let answer = get(target).await;
        assert!(answer.status.as_u16() >= 400, "{target}");
        document.check(target, &paths[path]["get"], &answer);
    }
    for (path, _) in document.own() {
        let operation = &paths[path]["get"];
        let answer = router
            .stream(Method::GET, &filled(path, operation), &[], "")
            .await;
        let open = operation["security"] == json!([]);
        assert_eq!(answer.status != 401, open, "{path}");
    }
}
