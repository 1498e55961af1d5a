//! What the API is, as OpenAPI 3.1, made from the list of resources and from the types: OpenAPI takes JSON Schema as it is
//! (draft 2020-12), so the schemas of the lines stand in it as docs/schema has them.

use super::asked::JSON;
use super::resource::{Answer, Form, OverTcp, Resource};
use super::resources::RESOURCES;
use super::served::VERSION_HEADER;
use monitor_model::told::schemas;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{
    ContentBuilder, Header, HttpMethod, InfoBuilder, Object, OneOfBuilder, OpenApiBuilder,
    PathItem, PathsBuilder, Ref, RefOr, Required, ResponseBuilder, Schema,
};

/// Where schemas stand in the document.
const SCHEMAS: &str = "#/components/schemas/";

/// What it says of all of it.
const ABOUT: &str = "What a tcplull daemon answers: all of it on its inspection socket, and over TCP where web.api says \
    so (metrics, health and alerts in any case). Of application/x-ndjson the schema is that of each line. Members that \
    are not described may come, and are to be ignored.";

/// The document.
pub fn document() -> Value {
    let mut paths = PathsBuilder::new();
    for resource in RESOURCES {
        paths = paths.path(
            resource.path,
            PathItem::new(method(resource), operation(resource)),
        );
    }
    let info = InfoBuilder::new()
        .title("tcplull")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT));
    let document = OpenApiBuilder::new().info(info).paths(paths).build();
    let mut document = serde_json::to_value(document).unwrap_or_default();
    for resource in RESOURCES {
        put_parameters(&mut document, resource);
        put_body(&mut document, resource);
    }
    document["components"]["schemas"] = components().into_iter().collect::<Map<_, _>>().into();
    document
}

fn method(resource: &Resource) -> HttpMethod {
    match resource.body {
        Some(_) => HttpMethod::Post,
        None => HttpMethod::Get,
    }
}

/// What is asked for at a resource, in the words of its schema.
fn asked(resource: &Resource) -> Map<String, Value> {
    let schema = resource.query.map(|query| query()).unwrap_or_default();
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.cloned().unwrap_or_default()
}

/// What stands in braces in a path.
fn placed(path: &str) -> impl Iterator<Item = &str> {
    let words = path.split('/');
    words.filter_map(|word| word.strip_prefix('{')?.strip_suffix('}'))
}

fn operation(resource: &Resource) -> OperationBuilder {
    let mut operation = OperationBuilder::new().summary(Some(resource.summary));
    let where_served = match resource.over_tcp {
        OverTcp::Always => None,
        OverTcp::WhereAsked => Some("Over TCP where web.api says so."),
        OverTcp::Never => Some("Over the inspection socket alone."),
    };
    operation = operation.description(where_served);
    for name in placed(resource.path) {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(Object::with_type(Type::String)));
        operation = operation.parameter(parameter);
    }
    for (name, schema) in asked(resource) {
        let about = schema.get("description").and_then(Value::as_str);
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Query)
            .required(Required::False)
            .description(about);
        operation = operation.parameter(parameter);
    }
    for status in statuses(resource) {
        operation = operation.response(status.to_string(), response(resource, status));
    }
    operation
}

fn statuses(resource: &Resource) -> Vec<u16> {
    let mut statuses: Vec<u16> = resource
        .answers
        .iter()
        .map(|answer| answer.status)
        .collect();
    statuses.dedup();
    statuses
}

fn response(resource: &Resource, status: u16) -> ResponseBuilder {
    let version = Header::new(Object::with_type(Type::String));
    let mut response = ResponseBuilder::new().header(VERSION_HEADER, version);
    let mut means = Vec::new();
    for answer in resource.answers.iter().filter(|one| one.status == status) {
        means.push(answer.means);
        let content = ContentBuilder::new().schema(Some(schema(answer)));
        response = response.content(answer.kind, content.build());
    }
    response.description(means.join("; as lines: "))
}

/// The schema of an answer, which stands elsewhere.
fn schema(answer: &Answer) -> RefOr<Schema> {
    match answer.form {
        Form::Text => Object::with_type(Type::String).into(),
        Form::Document(name, _) => reference(name),
        Form::Told([one]) => reference(&component(one)),
        Form::Told(all) => {
            let all = all.iter().map(|name| reference(&component(name)));
            all.fold(OneOfBuilder::new(), OneOfBuilder::item).into()
        }
    }
}

fn reference(name: &str) -> RefOr<Schema> {
    Ref::from_schema_name(name).into()
}

/// What a form is called there: `tcplull.finding/1` is `finding-1`, as its file in docs/schema.
fn component(form: &str) -> String {
    form.trim_start_matches("tcplull.").replace('/', "-")
}

/// Puts the schemas of what may be asked for in, as they are.
fn put_parameters(document: &mut Value, resource: &Resource) {
    if resource.query.is_none() {
        return;
    }
    let asked = asked(resource);
    // Where nothing may be asked for there are none, and none are put there.
    let operation = &mut document["paths"][resource.path]["get"];
    let place = operation
        .get_mut("parameters")
        .and_then(Value::as_array_mut);
    for parameter in place.into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default();
        if let Some(schema) = asked.get(name) {
            parameter["schema"] = of_text(schema.clone());
        }
    }
}

/// Puts the schema of what a resource is told in, as it is.
fn put_body(document: &mut Value, resource: &Resource) {
    let Some(schema) = resource.body else { return };
    let mut schema = schema();
    if let Some(members) = schema.as_object_mut() {
        // The document says it for all.
        members.remove("$schema");
    }
    document["paths"][resource.path]["post"]["requestBody"] = json!({
        "required": true,
        "content": { JSON: { "schema": schema } },
    });
}

/// Behind a question mark there is no null: what is not asked for is left out.
fn of_text(mut schema: Value) -> Value {
    let kinds = schema.get("type").and_then(Value::as_array);
    let kinds = kinds.map(|all| all.iter().filter(|one| *one != "null").cloned());
    if let Some(kinds) = kinds.map(Iterator::collect::<Vec<_>>) {
        schema["type"] = match kinds.as_slice() {
            [one] => one.clone(),
            _ => kinds.into(),
        };
    }
    schema
}

/// All schemas by their names, those that others are made of beside them.
fn components() -> BTreeMap<String, Value> {
    let told = schemas().into_iter();
    let told = told.map(|(form, schema)| (component(form), schema));
    let answers = RESOURCES.iter().flat_map(|resource| resource.answers);
    let documents = answers.filter_map(|answer| match answer.form {
        Form::Document(name, schema) => Some((name.to_owned(), schema())),
        Form::Text | Form::Told(_) => None,
    });
    let mut all = BTreeMap::new();
    for (name, mut schema) in told.chain(documents) {
        if let Some(members) = schema.as_object_mut() {
            // The document says it for all.
            members.remove("$schema");
            if let Some(Value::Object(parts)) = members.remove("$defs") {
                all.extend(parts.into_iter().map(|(name, part)| (name, moved(part))));
            }
        }
        all.insert(name, moved(schema));
    }
    all
}

/// With references to where schemas stand in the document.
fn moved(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                let reference = value
                    .as_str()
                    .and_then(|text| text.strip_prefix("#/$defs/"));
                *value = match reference {
                    Some(part) if name == "$ref" => format!("{SCHEMAS}{part}").into(),
                    _ => moved(value.take()),
                };
            }
        }
        Value::Array(items) => {
            for item in items.iter_mut() {
                *item = moved(item.take());
            }
        }
        _ => {}
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_one_name_are_the_same_in_every_schema() {
        let answers = RESOURCES.iter().flat_map(|resource| resource.answers);
        let documents = answers.filter_map(|answer| match answer.form {
            Form::Document(_, schema) => Some(schema()),
            Form::Text | Form::Told(_) => None,
        });
        let all = schemas().into_iter().map(|(_, schema)| schema);
        let mut seen = BTreeMap::new();
        for schema in all.chain(documents) {
            let parts = schema.get("$defs").and_then(Value::as_object);
            for (name, part) in parts.into_iter().flatten() {
                let before = seen.insert(name.clone(), part.clone());
                assert!(before.is_none_or(|before| before == *part), "{name}");
            }
        }
        assert!(seen.len() > 3, "{seen:?}");
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_resource_is_there() {
        let document = document();
        let text = document.to_string();
        let mut count = 0;
        for rest in text.split("\"$ref\":\"#").skip(1) {
            let place = rest.split('"').next().unwrap();
            assert!(document.pointer(place).is_some(), "{place}");
            count += 1;
        }
        assert!(count > 10, "{count}");
        for resource in RESOURCES {
            let method = match resource.body {
                Some(_) => "post",
                None => "get",
            };
            let get = &document["paths"][resource.path][method];
            assert!(get["responses"]["200"].is_object(), "{}", resource.path);
            // A list, or nothing at all: OpenAPI has no null for it.
            let parameters = get.get("parameters");
            assert!(parameters.is_none_or(Value::is_array), "{}", resource.path);
            for (name, _) in asked(resource) {
                let parameters = get["parameters"].as_array().unwrap();
                let one = parameters.iter().find(|one| one["name"] == *name).unwrap();
                assert!(one["schema"]["type"].is_string(), "{one}");
            }
        }
    }
}
