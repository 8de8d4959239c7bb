//! One call of the peer's wire: its arguments by the table of operations, and the answer it becomes.

use actix_web::HttpResponse;
use paceline_query::Engine;
use paceline_schema::{ErrorCode, Operation, RunChoice, Timestamp};
use paceline_storage::Store;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::arguments::Arguments;
use crate::error::ApiError;
use crate::state::AppState;

/// How a call is answered, and on which threads.
#[derive(Clone, Copy)]
pub(super) enum Handler {
    Read(fn(&Call<'_>, &Engine) -> Result<Reply, ApiError>),
    /// Reads as well, on the threads that run statements of strangers.
    Sql(fn(&Call<'_>, &Engine) -> Result<Reply, ApiError>),
    Write(fn(&Call<'_>, &Store) -> Result<Reply, ApiError>),
}

/// A call under way.
pub(super) struct Call<'a> {
    pub(super) operation: Operation,
    pub(super) arguments: Arguments<'a>,
    /// When it came.
    pub(super) arrived: Timestamp,
    /// What a server shares; a command that asks for itself has none.
    pub(super) state: Option<&'a AppState>,
    /// The caller may rename and delete runs.
    pub(super) may_change_runs: bool,
}

impl<'a> Call<'a> {
    /// What the server shares that was asked.
    ///
    /// # Errors
    /// When none was: such calls are for servers.
    pub(super) fn server(&self) -> Result<&'a AppState, ApiError> {
        let name = self.operation.name();
        self.state.ok_or_else(|| ApiError::invalid(format!("`{name}` is for servers to answer")))
    }

    /// Refuses a call without all it needs, by the first parameter that is not there, as the peer does.
    ///
    /// # Errors
    /// `InvalidRequest` that names it.
    pub(super) fn check_required(&self) -> Result<(), ApiError> {
        self.operation.parameters().iter().try_for_each(|parameter| self.text(parameter.name).map(drop))
    }

    /// The JSON text of an argument; `None` when it is optional and not there.
    ///
    /// # Errors
    /// `InvalidRequest` when it is required and not there.
    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, ApiError> {
        let (position, parameter) = self.operation.parameter(name).ok_or_else(|| {
            ApiError::internal(format!("`{}` has no parameter `{name}`", self.operation.name()))
        })?;
        match self.arguments.get(position, name) {
            None if parameter.required => {
                Err(ApiError::invalid(format!("Missing required parameter: {name}"))
                    .with_hint("send it by name; it may be null where it means nothing"))
            }
            found => Ok(found),
        }
    }

    /// An argument as a value; an absent one is read as null.
    ///
    /// # Errors
    /// `InvalidRequest` when it is required and not there, or of another type.
    pub(super) fn get<T: DeserializeOwned>(&self, name: &str) -> Result<T, ApiError> {
        serde_json::from_str(self.text(name)?.unwrap_or("null"))
            .map_err(|error| ApiError::invalid(format!("parameter `{name}` does not parse: {error}")))
    }

    /// An argument as a value, or what stands in for it when it is absent or null.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub(super) fn get_or<T: DeserializeOwned>(&self, name: &str, default: T) -> Result<T, ApiError> {
        Ok(self.get::<Option<T>>(name)?.unwrap_or(default))
    }

    /// Which run is meant: the one with the id, else the newest of the name; `None` when neither was given.
    ///
    /// # Errors
    /// `InvalidRequest` when one of them is no text.
    pub(super) fn run_choice(&self) -> Result<Option<RunChoice>, ApiError> {
        let (run_id, name) = (self.get("run_id")?, self.get("run")?);
        Ok(run_choice(run_id, name))
    }

    /// As the peer does, a write without `hf_token` is refused; what it holds means nothing here.
    ///
    /// # Errors
    /// `InvalidRequest` when it is not there.
    pub(super) fn require_hf_token(&self) -> Result<(), ApiError> {
        self.text("hf_token").map(drop)
    }
}

/// The id decides where both are given.
pub(super) fn run_choice(run_id: Option<String>, name: Option<String>) -> Option<RunChoice> {
    run_id.map(RunChoice::Id).or_else(|| name.map(RunChoice::Name))
}

/// The body of a success: the peer's envelope `{"data": …}`.
pub(crate) struct Reply(Vec<u8>);

/// What stands before the data in the envelope; one brace stands behind them.
const ENVELOPE: &[u8] = br#"{"data":"#;

#[derive(Serialize)]
struct Envelope<'a, T> {
    data: &'a T,
}

impl Reply {
    /// In the envelope.
    ///
    /// # Errors
    /// `Internal` when the value has no JSON form.
    pub(super) fn of(data: &impl Serialize) -> Result<Self, ApiError> {
        serde_json::to_vec(&Envelope { data })
            .map(Self)
            .map_err(|error| ApiError::internal(error.to_string()))
    }

    /// `{"data": null}`.
    pub(super) fn nothing() -> Result<Self, ApiError> {
        Self::of(&())
    }

    /// The JSON text in the envelope.
    pub(crate) fn data(&self) -> &[u8] {
        &self.0[ENVELOPE.len()..self.0.len() - 1]
    }

    pub(super) fn into_response(self) -> HttpResponse {
        HttpResponse::Ok().content_type("application/json").body(self.0)
    }
}

/// The peer answers nothing, not an error, for a project or run that is not there.
pub(super) fn or_default<T: Default>(answer: Result<T, impl Into<ApiError>>) -> Result<T, ApiError> {
    match answer.map_err(Into::into) {
        Err(error)
            if matches!(
                error.code(),
                ErrorCode::ProjectNotFound | ErrorCode::RunNotFound | ErrorCode::ArtifactNotFound
            ) =>
        {
            Ok(T::default())
        }
        answer => answer,
    }
}
