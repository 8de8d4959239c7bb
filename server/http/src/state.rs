//! What every handler of a server shares.

use std::io;
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::available_parallelism;

use actix_web::body::BoxBody;
use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, EntityTag};
use actix_web::{HttpRequest, HttpResponse, Responder, web};
use paceline_jobs::LocalJobs;
use paceline_query::{Engine, QueryError};
use paceline_schema::Timestamp;
use paceline_schema::env::TRACKIO_COLOR_PALETTE;
use paceline_storage::Store;
use serde::Serialize;

use crate::access::Access;
use crate::arrow::{self, ARROW, ToArrow};
use crate::compat::gradio::GradioEvents;
use crate::compat::settings::PageSettings;
use crate::config::Settings;
use crate::error::ApiError;
use crate::etag;
use crate::events::Events;
use crate::frontend::Frontend;
use crate::guard::AllowedHosts;
use crate::jobs::Jobs;
use crate::pool::Pool;
use crate::stopping::Stopping;
use crate::telemetry::Telemetry;
use crate::uploads::Uploads;

/// Reads that may wait for a thread.
const READ_QUEUE: usize = 64;
/// Lines of many long runs take their time, and nothing else waits for them.
const CHART_THREADS: usize = 2;
/// Writers sleep until their transaction is committed, and those who sleep together share one, so there are
/// many of them: this is how many requests one commit can serve.
const WRITE_THREADS: usize = 32;
/// Writes that may wait for a thread.
const WRITE_QUEUE: usize = 256;
/// Questions go before writing, which is asked for in thousands of rows and waits for a disk anyhow. The threads that
/// the writers start, of projects and of their logs, inherit it.
const WRITE_NICENESS: i32 = 10;
/// The small questions, status above all, go before charts.
const CHART_NICENESS: i32 = 5;

/// Statements of strangers may each take seconds, so they have few threads, and nothing else waits for those.
const SQL_THREADS: usize = 2;
/// Statements that may wait for a thread.
const SQL_QUEUE: usize = 8;

/// Who asks the Hub or a job's supervisor waits for it, a minute at worst; few do at once.
const OUTSIDE_THREADS: usize = 4;
/// Questions to the Hub that may wait for a thread.
const OUTSIDE_QUEUE: usize = 16;

/// How a handler names the state.
pub(crate) type State = web::Data<AppState>;

/// What every handler of a server shares.
pub(crate) struct AppState {
    engine: Engine,
    pub(crate) reads: Pool,
    pub(crate) charts: Pool,
    pub(crate) writes: Pool,
    statements: Pool,
    /// For what waits for others than this machine.
    pub(crate) outside: Pool,
    pub(crate) access: Access,
    pub(crate) hosts: AllowedHosts,
    /// The server speaks TLS itself: its cookies are to travel by nothing else.
    pub(crate) is_secure: bool,
    /// A page in the place of ours.
    pub(crate) frontend: Option<Frontend>,
    /// Tools of MCP may change something.
    pub(crate) mcp_may_write: bool,
    /// Jobs of this machine.
    pub(crate) jobs: Jobs,
    pub(crate) stopping: Stopping,
    pub(crate) telemetry: Telemetry,
    /// What the peer's page is shown with.
    pub(crate) page: PageSettings,
    /// Files that wait for the call that uses them.
    pub(crate) uploads: Uploads,
    pub(crate) events: Events,
    /// Results that clients of Gradio have yet to fetch.
    pub(crate) gradio_events: GradioEvents,
    clock: fn() -> Timestamp,
    requests: AtomicU64,
}

impl AppState {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(
        engine: Engine,
        access: Access,
        settings: Settings,
        clock: fn() -> Timestamp,
    ) -> io::Result<Self> {
        let cores = available_parallelism().map_or(2, NonZero::get);
        Ok(Self {
            uploads: Uploads::open(engine.store().directory()),
            jobs: Jobs { local: LocalJobs::of(engine.store().directory()), workshop: settings.jobs },
            gradio_events: GradioEvents::default(),
            engine,
            reads: Pool::start("read", cores.clamp(2, 8), READ_QUEUE, 0)?,
            charts: Pool::start("chart", CHART_THREADS, READ_QUEUE, CHART_NICENESS)?,
            writes: Pool::start("write", WRITE_THREADS, WRITE_QUEUE, WRITE_NICENESS)?,
            statements: Pool::start("sql", SQL_THREADS, SQL_QUEUE, WRITE_NICENESS)?,
            outside: Pool::start("outside", OUTSIDE_THREADS, OUTSIDE_QUEUE, WRITE_NICENESS)?,
            access,
            hosts: settings.hosts,
            is_secure: settings.is_secure,
            frontend: settings.frontend,
            mcp_may_write: settings.mcp_may_write,
            stopping: Stopping::default(),
            telemetry: Telemetry::new(clock()),
            page: PageSettings::of(|name| match (name, &settings.colours) {
                (TRACKIO_COLOR_PALETTE, Some(colours)) => Some(colours.clone()),
                _ => std::env::var(name).ok(),
            }),
            events: Events::default(),
            // Ids of one start differ from those of the next, which the log tells apart by them.
            requests: AtomicU64::new(clock().0.unsigned_abs() << 8),
            clock,
        })
    }

    /// The engine, for an adviser.
    pub(crate) fn engine_of_advice(&self) -> Engine {
        self.engine.clone()
    }

    /// The time of arrival.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// An id for a request, unique over the starts of the server.
    pub(crate) fn next_request_id(&self) -> String {
        format!("{:016x}", self.requests.fetch_add(1, Ordering::Relaxed))
    }

    /// Answers a question to the engine; the JSON text is made on the same thread.
    ///
    /// # Errors
    /// The engine's, and those of the pool.
    pub(crate) async fn read<T: Serialize>(
        &self,
        question: impl FnOnce(&Engine) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<Answer, ApiError> {
        let engine = self.engine.clone();
        self.reads.run(move || Answer::of(&question(&engine)?)).await
    }

    /// Answers a question to the engine as JSON, or as Arrow where the request asks for that.
    ///
    /// # Errors
    /// The engine's, and those of the pool.
    pub(crate) async fn read_columns<T: Serialize + ToArrow>(
        &self,
        request: &HttpRequest,
        question: impl FnOnce(&Engine) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<Answer, ApiError> {
        self.columns_from(&self.reads, request, question).await
    }

    /// The same for lines of charts, on threads of their own.
    ///
    /// # Errors
    /// The engine's, and those of the pool.
    pub(crate) async fn draw<T: Serialize + ToArrow>(
        &self,
        request: &HttpRequest,
        question: impl FnOnce(&Engine) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<Answer, ApiError> {
        self.columns_from(&self.charts, request, question).await
    }

    /// Answers a question that may have to bring the series index up to date first, on the threads of charts.
    ///
    /// # Errors
    /// The engine's, and those of the pool.
    pub(crate) async fn read_index<T: Serialize>(
        &self,
        question: impl FnOnce(&Engine) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<Answer, ApiError> {
        let engine = self.engine.clone();
        self.charts.run(move || Answer::of(&question(&engine)?)).await
    }

    async fn columns_from<T: Serialize + ToArrow>(
        &self,
        pool: &Pool,
        request: &HttpRequest,
        question: impl FnOnce(&Engine) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<Answer, ApiError> {
        let engine = self.engine.clone();
        let as_arrow = arrow::is_wanted(request);
        pool.run(move || {
            let answer = question(&engine)?;
            if as_arrow { Ok(Answer::new(ARROW, answer.to_arrow()?)) } else { Answer::of(&answer) }
        })
        .await
    }

    /// Answers a question to the engine with something else than one JSON text.
    ///
    /// # Errors
    /// Those of `question` and of the pool.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Engine) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let engine = self.engine.clone();
        self.reads.run(move || question(&engine)).await
    }

    /// The same for questions that read many rows, on the threads of charts.
    ///
    /// # Errors
    /// Those of `question` and of the pool.
    pub(crate) async fn ask_long<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Engine) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let engine = self.engine.clone();
        self.charts.run(move || question(&engine)).await
    }

    /// Lets the engine answer a statement of a stranger.
    ///
    /// # Errors
    /// Those of `question` and of the pool.
    pub(crate) async fn sql<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Engine) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let engine = self.engine.clone();
        self.statements.run(move || question(&engine)).await
    }

    /// Stores something and answers with something else than one JSON text.
    ///
    /// # Errors
    /// Those of `job` and of the pool.
    pub(crate) async fn store<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Store) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let engine = self.engine.clone();
        self.writes.run(move || job(engine.store())).await
    }

    /// Does something with the engine that waits for others than this process.
    ///
    /// # Errors
    /// Those of `errand` and of the pool.
    pub(crate) async fn ask_outside<T: Send + 'static>(
        &self,
        errand: impl FnOnce(&Engine) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let engine = self.engine.clone();
        self.outside.run(move || errand(&engine)).await
    }

    /// Stores something; returns when it is committed.
    ///
    /// # Errors
    /// Those of `job` and of the pool.
    pub(crate) async fn write<T: Serialize>(
        &self,
        job: impl FnOnce(&Store) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<Answer, ApiError> {
        let engine = self.engine.clone();
        self.writes.run(move || Answer::of(&job(engine.store())?)).await
    }
}

/// The body of a success, a JSON text as a rule; a GET is told whether it has it already.
pub(crate) struct Answer {
    kind: &'static str,
    body: Vec<u8>,
    tag: EntityTag,
}

impl Answer {
    /// The JSON text of a value.
    ///
    /// # Errors
    /// `Internal` when the value has no JSON form.
    pub(crate) fn of(value: &impl Serialize) -> Result<Self, ApiError> {
        let text = serde_json::to_vec(value).map_err(|error| ApiError::internal(error.to_string()))?;
        Ok(Self::new("application/json", text))
    }

    fn new(kind: &'static str, body: Vec<u8>) -> Self {
        let tag = etag::tag_of(&body);
        Self { kind, body, tag }
    }
}

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        if request.method() != Method::GET {
            return HttpResponse::Ok().content_type(self.kind).body(self.body);
        }
        let (mut response, is_known) = etag::begin(request, &self.tag);
        response.insert_header((CACHE_CONTROL, "private, no-cache"));
        if is_known { response.finish() } else { response.content_type(self.kind).body(self.body) }
    }
}
