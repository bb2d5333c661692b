//! The description of the API: each call brings an [`Operation`], the route table brings the rest, and
//! [`openapi`] makes the OpenAPI 3.1 document of them.

use crate::routes::{Capability, RouteInfo};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// What a call takes and answers. Types come from utoipa's `ToSchema`.
pub struct Operation {
    summary: &'static str,
    description: &'static str,
    queries: Vec<Query>,
    body: Option<(&'static str, Part)>,
    is_xml: Option<bool>,
    faults: Option<Part>,
    answers: Vec<(u16, &'static str, Option<Part>)>,
    files: Vec<(u16, &'static [&'static str])>,
}

struct Query {
    name: &'static str,
    about: &'static str,
    is_required: bool,
    schema: Value,
}

/// A schema with those it refers to.
struct Part {
    schema: Value,
    named: Vec<(String, Value)>,
}

impl Part {
    fn of<T: ToSchema>() -> Self {
        let mut parts = Vec::new();
        T::schemas(&mut parts);
        let as_json = |schema| serde_json::to_value(schema).expect("a schema is always JSON");
        let mut named: Vec<(String, Value)> = parts
            .into_iter()
            .map(|(name, schema)| (name, as_json(schema)))
            .collect();
        let schema = as_json(T::schema());
        let name = T::name().into_owned();
        let has_name = schema.get("properties").is_some()
            || schema.get("oneOf").is_some()
            || schema.get("enum").is_some();
        // A list of cases and a list of units have one name: each is written out where it stands.
        let is_generic = std::any::type_name::<T>().contains('<');
        if !has_name || is_generic {
            return Self { schema, named };
        }
        let reference = json!({ "$ref": format!("#/components/schemas/{name}") });
        named.push((name, schema));
        Self {
            schema: reference,
            named,
        }
    }
}

impl Operation {
    /// A call and what it does, in one line.
    pub fn new(summary: &'static str) -> Self {
        Self {
            summary,
            description: "",
            queries: Vec::new(),
            body: None,
            is_xml: Some(false),
            faults: None,
            answers: Vec::new(),
            files: Vec::new(),
        }
    }
    /// More than one line about it.
    #[must_use]
    pub fn about(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }
    /// It takes a JSON body.
    #[must_use]
    pub fn body<T: ToSchema>(mut self) -> Self {
        self.body = Some(("application/json", Part::of::<T>()));
        self
    }
    /// It takes a body of another media type, such as `multipart/form-data`.
    #[must_use]
    pub fn body_of<T: ToSchema>(mut self, media_type: &'static str) -> Self {
        self.body = Some((media_type, Part::of::<T>()));
        self
    }
    /// It answers with this status and JSON.
    #[must_use]
    pub fn answers<T: ToSchema>(mut self, status: u16) -> Self {
        self.answers.push((status, "done", Some(Part::of::<T>())));
        self
    }
    /// It answers in XML; with `None` in XML or in JSON, as its address ends.
    #[must_use]
    pub fn in_xml(mut self, is_xml: Option<bool>) -> Self {
        self.is_xml = is_xml;
        self
    }
    /// What was not done is told in this form, besides that of all calls.
    #[must_use]
    pub fn faults_as<T: ToSchema>(mut self) -> Self {
        self.faults = Some(Part::of::<T>());
        self
    }
    /// It answers with this status and no JSON.
    #[must_use]
    pub fn answers_empty(mut self, status: u16, about: &'static str) -> Self {
        self.answers.push((status, about, None));
        self
    }
    /// It answers with this status and a file of one of these media types.
    #[must_use]
    pub fn answers_file(mut self, status: u16, media_types: &'static [&'static str]) -> Self {
        self.files.push((status, media_types));
        self
    }
    /// It understands this query parameter.
    #[must_use]
    pub fn query<T: ToSchema>(mut self, name: &'static str, about: &'static str) -> Self {
        let schema = Part::of::<T>().schema;
        self.queries.push(Query {
            name,
            about,
            is_required: false,
            schema,
        });
        self
    }
    /// It needs this query parameter.
    #[must_use]
    pub fn required_query<T: ToSchema>(mut self, name: &'static str, about: &'static str) -> Self {
        let schema = Part::of::<T>().schema;
        self.queries.push(Query {
            name,
            about,
            is_required: true,
            schema,
        });
        self
    }
    /// It is a list, paged by key: `limit` and `after`.
    #[must_use]
    pub fn paged(self) -> Self {
        self.query::<u16>("limit", "rows of a page, 1 to 200, by default 50")
            .query::<String>("after", "the `next` of the page before")
    }

    /// An answer in each of its media types.
    fn content(&self, part: &Part) -> Map<String, Value> {
        let mut content = Map::new();
        if self.is_xml != Some(true) {
            content.insert("application/json".into(), json!({ "schema": part.schema }));
        }
        if self.is_xml != Some(false) {
            content.insert("text/xml".into(), json!({}));
        }
        content
    }

    fn to_json(&self, route: &RouteInfo, schemas: &mut Map<String, Value>) -> Value {
        let mut parameters: Vec<Value> = path_names(route.path)
            .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
            .collect();
        parameters.extend(self.queries.iter().map(|q| {
            json!({ "name": q.name, "in": "query", "required": q.is_required, "description": q.about, "schema": q.schema })
        }));
        if route.is_idempotent {
            parameters.push(json!({ "name": "Idempotency-Key", "in": "header", "required": false,
                "description": "a text of your own, at most 200 characters; the same key and body give the same answer for 24 hours",
                "schema": { "type": "string", "maxLength": 200 } }));
        }
        let mut responses = Map::new();
        for (status, about, part) in &self.answers {
            let mut answer = json!({ "description": about });
            if let Some(part) = part {
                learn(schemas, part);
                answer["content"] = self.content(part).into();
            }
            responses.insert(status.to_string(), answer);
        }
        for (status, media_types) in &self.files {
            let content: Map<String, Value> = media_types
                .iter()
                .map(|media_type| ((*media_type).to_owned(), json!({})))
                .collect();
            let answer = json!({ "description": "a file", "content": content });
            responses.insert(status.to_string(), answer);
        }
        let mut why = Map::new();
        if let Some(part) = &self.faults {
            learn(schemas, part);
            why = self.content(part);
        }
        let problem = json!({ "schema": { "$ref": "#/components/schemas/Problem" } });
        why.insert("application/problem+json".into(), problem);
        responses.insert(
            "default".into(),
            json!({ "description": "why it was not done", "content": why }),
        );
        let id = format!(
            "{}_{}",
            route.method.as_str().to_lowercase(),
            route
                .path
                .trim_start_matches("/api/v1/")
                .replace(|c: char| !c.is_ascii_alphanumeric(), "_")
                .trim_matches('_')
        );
        let mut out = json!({
            "operationId": id, "tags": [route.capability], "summary": self.summary,
            "x-permission": route.permission.as_str(), "parameters": parameters, "responses": responses,
        });
        if !self.description.is_empty() {
            out["description"] = self.description.into();
        }
        if let Some((media_type, part)) = &self.body {
            learn(schemas, part);
            let mut content = Map::new();
            content.insert((*media_type).to_owned(), json!({ "schema": part.schema }));
            out["requestBody"] = json!({ "required": true, "content": content });
        }
        out["security"] = if route.permission.is_open() {
            json!([{}, { "token": [] }, { "session": [] }])
        } else {
            json!([{ "token": [] }, { "session": [] }])
        };
        out
    }
}

fn learn(schemas: &mut Map<String, Value>, part: &Part) {
    for (name, schema) in &part.named {
        let known = schemas
            .entry(name.clone())
            .or_insert_with(|| schema.clone());
        debug_assert_eq!(known, schema, "two types are described as {name}");
    }
}

fn path_names(path: &str) -> impl Iterator<Item = &str> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
        .map(|name| name.trim_start_matches('*'))
}

/// The OpenAPI 3.1 document of all API routes.
#[must_use]
pub fn openapi(capabilities: &[Capability]) -> Value {
    let mut schemas = Map::new();
    schemas.insert("Problem".into(), problem_schema());
    let mut calls: Vec<(&RouteInfo, &Operation)> = capabilities
        .iter()
        .flat_map(|c| c.routes.operations())
        .collect();
    calls.sort_by(|a, b| (a.0.path, a.0.method.as_str()).cmp(&(b.0.path, b.0.method.as_str())));
    let mut paths = Map::new();
    for (route, operation) in calls {
        let described = operation.to_json(route, &mut schemas);
        let item = paths
            .entry(route.path.replace("{*", "{"))
            .or_insert_with(|| json!({}));
        item[route.method.as_str().to_lowercase()] = described;
    }
    schemas.sort_keys();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Shiyu",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "A city's matters from report to evaluation, in the open",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "an API token, made with `shiyu user token`" },
                "session": { "type": "apiKey", "in": "cookie", "name": crate::cookies::SESSION,
                    "description": "a signed-in browser; calls that change something also need the header x-csrf-token" },
            },
        },
    })
}

fn problem_schema() -> Value {
    json!({
        "type": "object",
        "description": "RFC 9457",
        "required": ["type", "title", "status", "code", "reference"],
        "properties": {
            "type": { "type": "string", "description": "`urn:shiyu:problem:` and the code" },
            "title": { "type": "string", "description": "a sentence in the language asked for" },
            "status": { "type": "integer" },
            "code": { "type": "string", "description": "stable, for programs" },
            "detail": { "type": "string", "description": "what failed and for which input, in English" },
            "field": { "type": "string", "description": "the field at fault" },
            "reference": { "type": "string", "description": "the number under which the log has it" },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Permission, Routes};
    use axum::http::Method;
    use serde::Serialize;

    #[derive(Serialize, ToSchema)]
    struct Inner {
        at: jiff::Timestamp,
    }
    #[derive(Serialize, ToSchema)]
    struct Thing {
        name: String,
        inner: Vec<Inner>,
    }

    #[test]
    fn a_call_is_described_with_all_it_refers_to() {
        async fn make() {}
        let routes = Routes::new("things").on_api(
            Method::POST,
            "/api/v1/things/{id}",
            Permission::CaseRead,
            make,
            Operation::new("makes a thing")
                .body::<Thing>()
                .answers::<Vec<Thing>>(200)
                .answers_file(203, &["application/pdf"]),
        );
        let document = openapi(&[Capability::new("things", routes)]);
        let call = &document["paths"]["/api/v1/things/{id}"]["post"];
        assert_eq!(call["operationId"], "post_things__id");
        assert_eq!(call["parameters"][0]["name"], "id");
        assert_eq!(call["parameters"][1]["name"], "Idempotency-Key");
        assert_eq!(
            call["requestBody"]["content"]["application/json"]["schema"]["$ref"],
            "#/components/schemas/Thing"
        );
        assert!(call["responses"]["203"]["content"]["application/pdf"].is_object());
        let text = document.to_string();
        for reference in text.split("\"#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(
                document["components"]["schemas"].get(name).is_some(),
                "{name} is referred to but missing"
            );
        }
        assert_eq!(
            document["components"]["schemas"]["Inner"]["properties"]["at"]["format"],
            "date-time"
        );
    }
}
