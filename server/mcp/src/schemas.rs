//! JSON schemas of what tools take and answer, from the same descriptions as the OpenAPI document.

use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

/// A JSON object.
pub(crate) type Object = Map<String, Value>;

/// What a tool takes: the schema of `T`, and what each tool takes beside it.
pub(crate) fn input<T: ToSchema>() -> Object {
    let mut schema = of::<T>();
    let properties = schema.entry("properties").or_insert_with(|| json!({}));
    if let Value::Object(properties) = properties {
        properties.insert(
            "detail".to_owned(),
            json!({
                "type": "string", "enum": ["brief", "normal", "full"], "default": "brief",
                "description": "How much to tell; `full` leaves nothing out and rounds no number."
            }),
        );
        properties.insert("max_tokens".to_owned(), json!({
            "type": "integer", "minimum": 50, "maximum": 100_000,
            "description": "Length of the answer at most, in tokens of 4 characters: 300 for brief, 1500 for normal, 10000 for full when absent."
        }));
    }
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema
}

/// What a tool answers: the schema of `T`, of which shorter forms leave fields out.
pub(crate) fn output<T: ToSchema>() -> Object {
    let mut schema = of::<T>();
    let properties = schema.entry("properties").or_insert_with(|| json!({}));
    if let Value::Object(properties) = properties {
        properties.insert(
            "left_out".to_owned(),
            json!({
                "type": "array", "items": { "type": "string" },
                "description": "What was cut to keep the answer short."
            }),
        );
    }
    let mut schema = Value::Object(schema);
    loosen(&mut schema);
    match schema {
        Value::Object(schema) => schema,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Object::new(),
    }
}

/// The schema of a type, those that it names put in their places.
fn of<T: ToSchema>() -> Object {
    let mut named = Vec::new();
    T::schemas(&mut named);
    let named: Object = named.into_iter().map(|(name, schema)| (name, plain(&schema))).collect();
    let mut schema = plain(&T::schema());
    inline(&mut schema, &named);
    flatten(&mut schema);
    match schema {
        Value::Object(schema) => schema,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Object::new(),
    }
}

fn plain(schema: &RefOr<Schema>) -> Value {
    serde_json::to_value(schema).unwrap_or_default()
}

/// Puts what a reference names in its place; types do not name themselves.
fn inline(schema: &mut Value, named: &Object) {
    match schema {
        Value::Object(object) => {
            let name = object.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
            if let Some(target) = name.and_then(|name| named.get(name)) {
                let mut target = target.clone();
                // What is said where a type is used tells more than what is said of the type.
                if let (Value::Object(target), Some(said)) = (&mut target, object.get("description")) {
                    target.insert("description".to_owned(), said.clone());
                }
                *schema = target;
                return inline(schema, named);
            }
            object.remove("example");
            object.remove("examples");
            object.values_mut().for_each(|value| inline(value, named));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| inline(item, named)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// One object in place of `allOf` objects, as flattened structs have it.
fn flatten(schema: &mut Value) {
    let Value::Object(object) = schema else { return };
    let Some(Value::Array(parts)) = object.remove("allOf") else { return };
    object.insert("type".to_owned(), json!("object"));
    let mut properties = Object::new();
    for part in parts {
        if let Some(Value::Object(more)) = part.get("properties") {
            properties.extend(more.clone());
        }
    }
    object.insert("properties".to_owned(), Value::Object(properties));
}

/// Requires nothing: shorter forms of an answer leave things out.
fn loosen(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.remove("required");
            object.values_mut().for_each(loosen);
        }
        Value::Array(items) => items.iter_mut().for_each(loosen),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use paceline_schema::{RunDetail, RunStatus};

    #[test]
    fn schemas_stand_by_themselves() {
        for schema in [output::<RunStatus>(), output::<RunDetail>()] {
            let text = Value::Object(schema.clone()).to_string();
            assert!(!text.contains("$ref") && !text.contains("\"required\""), "{text}");
            assert_eq!(schema["type"], "object");
            assert!(schema["properties"].get("summary").is_some(), "{text}");
        }
        let loss = &output::<RunStatus>()["properties"]["loss"];
        assert!(loss.to_string().contains("trend_since_step"), "{loss}");
    }
}
