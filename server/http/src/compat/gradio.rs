//! `/gradio_api/*`: the peer's calls under the addresses by which clients of Gradio reach it on a Space.
//!
//! A call is answered with the id of an event, and the event with the result. The peer serves this on Spaces
//! only; the rules for who may call what are those of `/api/{name}`, so it is served everywhere here.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Json, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use paceline_schema::upload::UploadedFiles;
use paceline_schema::{ErrorCode, Operation};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::call::Reply;
use super::{dispatch, upload};
use crate::access::ReadAccess;
use crate::error::ApiError;
use crate::examples;
use crate::routes::{BodyErrors, CommonErrors, NotFound, WriteErrors};
use crate::state::State;

/// Results that wait to be fetched; the peer's number.
const MAX_EVENTS: usize = 256;
/// Bytes of all results that wait.
const MAX_WAITING_BYTES: usize = 64 << 20;

/// Results of calls that wait to be fetched, oldest first.
#[derive(Default)]
pub(crate) struct GradioEvents(Mutex<VecDeque<Event>>);

struct Event {
    id: String,
    operation: Operation,
    reply: Reply,
}

impl GradioEvents {
    /// Keeps a result; the oldest ones give way. The event's id.
    fn keep(&self, operation: Operation, reply: Reply) -> Result<String, ApiError> {
        let mut bits = [0_u8; 16];
        getrandom::fill(&mut bits).map_err(|error| ApiError::internal(error.to_string()))?;
        let id: String = bits.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        events.push_back(Event { id: id.clone(), operation, reply });
        let mut bytes: usize = events.iter().map(|event| event.reply.data().len()).sum();
        while events.len() > 1 && (events.len() > MAX_EVENTS || bytes > MAX_WAITING_BYTES) {
            bytes -= events.pop_front().map_or(0, |event| event.reply.data().len());
        }
        Ok(id)
    }

    /// Takes a result out, once.
    fn take(&self, operation: Operation, id: &str) -> Option<Reply> {
        let mut events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = events.iter().position(|event| event.id == id && event.operation == operation)?;
        events.remove(place).map(|event| event.reply)
    }
}

/// Where the result of a call is.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventId {
    /// Last part of the address it is fetched from, once.
    #[schema(example = "6b1f0c2e9d7a4f5b8c3e1a2d4f6b8c0e")]
    event_id: String,
}

/// Lists the calls with their parameters, for clients of Gradio.
#[utoipa::path(
    operation_id = "gradio_info",
    tag = "peer",
    responses(
        (status = 200, description = "The calls.", body = Object, example = json!({ "named_endpoints": {}, "unnamed_endpoints": {} })),
        CommonErrors
    )
)]
#[get("/gradio_api/info")]
pub(crate) async fn gradio_info(_: ReadAccess) -> Json<Value> {
    let described =
        Operation::ALL.iter().map(|operation| (format!("/{}", operation.name()), describe(*operation)));
    let named: Map<String, Value> = described.collect();
    Json(json!({ "named_endpoints": named, "unnamed_endpoints": {} }))
}

fn describe(operation: Operation) -> Value {
    let value = |label: &str| json!({ "label": label, "type": { "type": "object" }, "python_type": { "type": "Any", "description": "" }, "component": "Api" });
    let parameters = operation.parameters().iter().map(|parameter| {
        let mut described = value(parameter.name);
        described["parameter_name"] = parameter.name.into();
        described["parameter_has_default"] = (!parameter.required).into();
        described["parameter_default"] = Value::Null;
        described["example_input"] = Value::Null;
        described
    });
    json!({ "parameters": parameters.collect::<Vec<_>>(), "returns": [value("result")], "api_visibility": "public" })
}

/// Takes files for a call that names them afterwards, as `/api/upload` does.
#[utoipa::path(
    operation_id = "gradio_upload",
    tag = "peer",
    security(("write_token" = [])),
    request_body(
        content_type = "multipart/form-data",
        content = Object,
        description = "One or more files in fields named `files`, 1 GiB together."
    ),
    responses(
        (status = 200, description = "The handles.", body = UploadedFiles, example = json!(examples::uploaded_files())),
        CommonErrors, BodyErrors, WriteErrors
    )
)]
#[post("/gradio_api/upload")]
pub(crate) async fn gradio_upload(
    state: State,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<UploadedFiles>, ApiError> {
    upload::take_files(state, request, payload).await
}

/// Answers one call of the peer's wire; its result is fetched from the event.
#[utoipa::path(
    operation_id = "gradio_call",
    tag = "peer",
    params(("name" = String, Path, description = "Name of the call.", example = "get_all_projects")),
    security((), ("read_token" = []), ("write_token" = []), ("admin_token" = [])),
    request_body(
        content = Object,
        description = "The arguments, by position or by name.",
        example = json!({ "data": ["digits"] })
    ),
    responses(
        (status = 200, description = "Where the result is.", body = EventId, example = json!({ "event_id": "6b1f0c2e9d7a4f5b8c3e1a2d4f6b8c0e" })),
        CommonErrors, BodyErrors, WriteErrors, NotFound
    )
)]
#[post("/gradio_api/call/{name}")]
pub(crate) async fn gradio_call(
    state: State,
    name: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<EventId>, ApiError> {
    let operation = dispatch::operation(&name)?;
    let reply = dispatch::reply(operation, state.clone(), &request, payload).await?;
    Ok(Json(EventId { event_id: state.gradio_events.keep(operation, reply)? }))
}

/// Gets the result of a call, once, as a Server-Sent Event.
#[utoipa::path(
    operation_id = "gradio_event",
    tag = "peer",
    params(
        ("name" = String, Path, description = "Name of the call.", example = "get_all_projects"),
        ("event_id" = String, Path, description = "As the call was answered.", example = "6b1f0c2e9d7a4f5b8c3e1a2d4f6b8c0e")
    ),
    responses(
        (status = 200, description = "The event `complete`; its data is a list with the result.", body = String, content_type = "text/event-stream", example = "event: complete\ndata: [[\"digits\"]]\n\n"),
        CommonErrors, NotFound
    )
)]
#[get("/gradio_api/call/{name}/{event_id}")]
pub(crate) async fn gradio_event(
    _: ReadAccess,
    state: State,
    path: Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (name, event_id) = path.into_inner();
    let reply = state.gradio_events.take(dispatch::operation(&name)?, &event_id);
    let reply =
        reply.ok_or_else(|| ApiError::new(ErrorCode::RouteNotFound, "Unknown or expired event_id"))?;
    let mut text = b"event: complete\ndata: [".to_vec();
    text.extend_from_slice(reply.data());
    text.extend_from_slice(b"]\n\n");
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("x-accel-buffering", "no"))
        .body(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_fetched_once_and_the_oldest_give_way() {
        let events = GradioEvents::default();
        let keep = |number: usize| {
            events.keep(Operation::GetAllProjects, Reply::of(&number).expect("JSON")).expect("kept")
        };
        let ids: Vec<String> = (0..=MAX_EVENTS).map(keep).collect();
        let take = |operation, id: &str| events.take(operation, id).map(|reply| reply.data().to_vec());
        assert_eq!(take(Operation::GetAllProjects, &ids[0]), None, "it gave way");
        assert_eq!(take(Operation::GetSettings, &ids[1]), None, "another call's");
        assert_eq!(take(Operation::GetAllProjects, &ids[1]).as_deref(), Some(&b"1"[..]));
        assert_eq!(take(Operation::GetAllProjects, &ids[1]), None, "once");
        let large = "x".repeat(MAX_WAITING_BYTES);
        let id = events.keep(Operation::GetAllProjects, Reply::of(&large).expect("JSON")).expect("kept");
        assert_eq!(take(Operation::GetAllProjects, &ids[MAX_EVENTS]), None);
        assert!(take(Operation::GetAllProjects, &id).is_some());
    }
}
