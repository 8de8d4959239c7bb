//! The OpenAPI 3.1 document: what the routes say of themselves, and what holds for all of them.

use actix_web::App;
use paceline_schema::{ErrorBody, Scope};
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_actix_web::AppExt;

use crate::{compat, routes};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Paceline",
        description = "An experiment tracker. Times are RFC 3339 in UTC, units stand in names, pages are asked \
            for by `after`. Every answer that is not a success has the body `ErrorBody`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(ErrorBody)),
    // What reads, unless an operation says something else.
    security((), ("read_token" = [])),
    modifiers(&TokenSchemes),
    tags(
        (name = "server", description = "The server itself"),
        (name = "projects", description = "Projects of the data directory"),
        (name = "runs", description = "Runs and where they stand"),
        (name = "events", description = "What happens, told as it happens"),
        (name = "process", description = "What the process of a run reports of itself"),
        (name = "metrics", description = "Metrics, their values and their lines"),
        (name = "logs", description = "Rows as they were logged"),
        (name = "system", description = "Samples of the machine"),
        (name = "media", description = "Media of runs and files of projects"),
        (name = "alerts", description = "Alerts a run has raised"),
        (name = "artifacts", description = "Files that runs used and made, in versions"),
        (name = "jobs", description = "Jobs of this machine and the runs they log into"),
        (name = "plans", description = "What a training takes, before it is started"),
        (name = "peer", description = "The wire of Trackio's own client")
    )
)]
struct Base;

struct TokenSchemes;

impl Modify for TokenSchemes {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        for scope in Scope::ALL {
            let description = format!(
                "A token of the scope `{0}` or a wider one: `paceline token create --scope {0}`, or the token of the \
                 server's start, which permits everything",
                scope.as_str()
            );
            let scheme =
                HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description)).build();
            components.add_security_scheme(format!("{}_token", scope.as_str()), SecurityScheme::Http(scheme));
        }
    }
}

/// The document of every route there is.
pub(crate) fn document() -> Document {
    let (_, document) = App::new()
        .into_utoipa_app()
        .openapi(Base::openapi())
        .configure(routes::configure)
        .configure(compat::configure)
        .split_for_parts();
    document
}

/// The document as indented JSON with a line feed at its end.
#[must_use]
pub fn openapi_json() -> String {
    let text =
        document().to_pretty_json().expect("the document has text for keys and no float that is not finite");
    text + "\n"
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn parsed() -> Value {
        serde_json::from_str(&openapi_json()).expect("it is JSON")
    }

    fn operations(document: &Value) -> Vec<(String, &Value)> {
        let paths = document["paths"].as_object().expect("paths");
        let of_path = |(path, item)| -> Vec<(String, &Value)> {
            let item: &Value = item;
            item.as_object()
                .expect("operations")
                .iter()
                .map(|(method, op)| (format!("{method} {path}"), op))
                .collect()
        };
        paths.iter().flat_map(of_path).collect()
    }

    #[test]
    fn the_committed_document_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            committed == openapi_json(),
            "docs/openapi.json is stale; `cargo run -p paceline-cli --release -- openapi > docs/openapi.json` refreshes it"
        );
    }

    #[test]
    fn every_reference_resolves() {
        fn references(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::Object(fields) => {
                    found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                    fields.values().for_each(|field| references(field, found));
                }
                Value::Array(items) => items.iter().for_each(|item| references(item, found)),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        let document = parsed();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 20, "{}", found.len());
        for reference in found {
            let pointer = reference.strip_prefix('#').expect("a reference into this document");
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn every_operation_says_what_it_does_and_answers() {
        let document = parsed();
        let operations = operations(&document);
        // A number, so that a route that is added or lost is noticed.
        assert_eq!(operations.len(), 68);
        for (name, operation) in operations {
            assert!(operation["operationId"].is_string(), "{name}");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
            let responses = operation["responses"].as_object().expect("responses");
            assert!(
                ["400", "403", "500", "503"].iter().all(|status| responses.contains_key(*status)),
                "{name}"
            );
            for (status, response) in responses {
                assert!(
                    response["description"].as_str().is_some_and(|text| !text.is_empty()),
                    "{name} {status}"
                );
                let contents = &response["content"];
                let first = contents.as_object().and_then(|contents| contents.values().next());
                let content = contents.get("application/json").or(first).unwrap_or(&Value::Null);
                if status == "200" {
                    assert!(!content["example"].is_null() && !content["schema"].is_null(), "{name}");
                } else if status.as_str() >= "400" {
                    assert_eq!(
                        content["schema"]["$ref"], "#/components/schemas/ErrorBody",
                        "{name} {status}"
                    );
                }
            }
        }
    }
}
