//! Error codes of the API: one table of names, statuses and ways out.

use serde::{Deserialize, Serialize};

/// The body of every answer that is not a success; a superset of the peer's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    /// What happened, with the names it happened to.
    #[cfg_attr(feature = "openapi", schema(example = "run `lr-3e-4` is not in project `digits`"))]
    pub error: String,
    /// Stable name of the kind of error.
    #[cfg_attr(feature = "openapi", schema(example = "run_not_found"))]
    pub code: String,
    /// What to do about it.
    pub hint: String,
    /// Figures and names that go with it.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub details: serde_json::Value,
    /// Finds the request in the server's log.
    pub request_id: String,
}

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $status:literal, $hint:literal;)+) => {
        /// A kind of error a caller can act on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[doc = $doc])+ $variant,)+ }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Stable name on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str { match self { $(Self::$variant => $name,)+ } }

            /// HTTP status.
            #[must_use]
            pub fn status(self) -> u16 { match self { $(Self::$variant => $status,)+ } }

            /// What to do about it, when nothing more particular is known.
            #[must_use]
            pub fn hint(self) -> &'static str { match self { $(Self::$variant => $hint,)+ } }
        }
    };
}

error_codes! {
    /// A parameter or a body does not mean what is needed.
    InvalidRequest = "invalid_request", 400, "see /openapi.json for what this operation takes";
    /// An SQL statement that does more than read, or that SQLite does not understand.
    SqlRefused = "sql_refused", 400, "send one SELECT, WITH or VALUES; `SELECT name, sql FROM sqlite_schema` shows the tables there are";
    /// An SQL statement that takes too much time or memory.
    SqlTooExpensive = "sql_too_expensive", 400, "ask for less: a WHERE on `run_name` or `run_id`, an aggregate, a LIMIT";
    /// A project name that is reserved or too long.
    InvalidName = "invalid_name", 400, "choose another name";
    /// No token where one is needed, or a wrong one.
    Unauthorized = "unauthorized", 401, "send `Authorization: Bearer TOKEN` with the token the server printed at its start, or one of `paceline token create`";
    /// The token permits less than the operation needs.
    ForbiddenScope = "forbidden_scope", 403, "use a token of a wider scope: `paceline token create --scope write`, or `admin`";
    /// Too many wrong tokens from one address.
    TooManyAttempts = "too_many_attempts", 429, "wait as long as `Retry-After` says, then send the right token; who has it need not wait";
    /// The server was not started to run jobs.
    JobsOff = "jobs_off", 403, "`paceline serve --jobs` starts one that does; who may start jobs may do what its user may";
    /// The Host or Origin is not one the server answers to.
    ForbiddenOrigin = "forbidden_origin", 403, "open the page by the address the server printed, or start it with `--allowed-host`";
    /// No such project.
    ProjectNotFound = "project_not_found", 404, "`GET /api/v1/projects` lists what is there";
    /// No such run.
    RunNotFound = "run_not_found", 404, "`GET /api/v1/projects/{project}/runs` lists what is there";
    /// No such artifact, or no such version of it.
    ArtifactNotFound = "artifact_not_found", 404, "`GET /api/v1/projects/{project}/artifacts` lists what is there";
    /// No such metric in the run.
    MetricNotFound = "metric_not_found", 404, "`GET /api/v1/projects/{project}/runs/{run}/metrics` lists what is there";
    /// No such file.
    FileNotFound = "file_not_found", 404, "`GET /api/v1/projects/{project}/files` lists the files of a project";
    /// No such job.
    JobNotFound = "job_not_found", 404, "`GET /api/v1/jobs` lists what is there";
    /// No such address.
    RouteNotFound = "route_not_found", 404, "see /openapi.json for the addresses there are";
    /// The address does not take this method.
    MethodNotAllowed = "method_not_allowed", 405, "see /openapi.json for the methods of this address";
    /// Something else has the name.
    NameTaken = "name_taken", 409, "choose another name";
    /// The body is larger than the operation takes.
    BodyTooLarge = "body_too_large", 413, "send fewer rows in each request";
    /// The body is not of the type the operation takes.
    UnsupportedMediaType = "unsupported_media_type", 415, "send `Content-Type: application/json`";
    /// The project's file cannot be read.
    ProjectDamaged = "project_damaged", 500, "the other projects work; restore this project's file from a copy";
    /// Something unforeseen; the server's log has more.
    Internal = "internal", 500, "look for the request id in the server's log";
    /// A job was ordered and nobody could be started to take care of it.
    JobNotStarted = "job_not_started", 500, "make room on the disk and for processes, then submit it again";
    /// Another server can do it, and this one cannot.
    NotSupported = "not_supported", 501, "see docs/SERVER.md for what this server answers";
    /// The project's file is locked by another program for too long.
    Busy = "busy", 503, "try again shortly";
    /// The data directory cannot be written.
    StorageUnavailable = "storage_unavailable", 507, "make room on the disk or make the data directory writable, then try again";
}

impl ErrorCode {
    /// What may be said of an error whose cause lies inside; `None` for the codes that say themselves what happened.
    #[must_use]
    pub fn outside(self) -> Option<&'static str> {
        let says_itself = matches!(self, Self::NotSupported | Self::JobNotStarted);
        (self.status() >= 500 && !says_itself).then_some(match self {
            Self::ProjectDamaged => "the project's file cannot be read",
            Self::Busy => "the server has too much to do, or another program holds the project's file",
            Self::StorageUnavailable => "the data directory cannot be written",
            Self::Internal
            | Self::NotSupported
            | Self::JobNotStarted
            | Self::JobsOff
            | Self::JobNotFound
            | Self::InvalidRequest
            | Self::SqlRefused
            | Self::SqlTooExpensive
            | Self::InvalidName
            | Self::Unauthorized
            | Self::ForbiddenScope
            | Self::TooManyAttempts
            | Self::ForbiddenOrigin
            | Self::ProjectNotFound
            | Self::RunNotFound
            | Self::ArtifactNotFound
            | Self::MetricNotFound
            | Self::FileNotFound
            | Self::RouteNotFound
            | Self::MethodNotAllowed
            | Self::NameTaken
            | Self::BodyTooLarge
            | Self::UnsupportedMediaType => "something went wrong in the server",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_have_a_way_out() {
        for (position, code) in ErrorCode::ALL.iter().enumerate() {
            assert!((400..600).contains(&code.status()), "{code:?}");
            assert!(!code.hint().is_empty() && !code.hint().ends_with('.'), "{code:?}");
            assert!(
                ErrorCode::ALL[..position].iter().all(|other| other.as_str() != code.as_str()),
                "{code:?}"
            );
        }
    }
}
