//! Figures of the server for Prometheus: counted as requests pass, or looked up when somebody asks.

use std::fs;
use std::time::Duration;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse};
use paceline_query::Engine;
use paceline_schema::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::prometheus_text::{CONTENT_TYPE, encode};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::access::ReadAccess;
use crate::error::ApiError;
use crate::page;
use crate::state::{AppState, State};

/// Upper ends of the classes of latencies, in seconds: a write that waits for the disk takes milliseconds.
const LATENCY_SECONDS: [f64; 12] =
    [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    method: &'static str,
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PoolLabels {
    pool: &'static str,
}

/// What is counted as requests pass.
pub(crate) struct Telemetry {
    requests: Family<RequestLabels, Counter>,
    latencies: Family<RouteLabels, Histogram, fn() -> Histogram>,
    received_bytes: Counter,
    event_streams: Gauge,
    started: Timestamp,
}

impl Telemetry {
    /// Nothing counted yet, by a server that starts now.
    pub(crate) fn new(started: Timestamp) -> Self {
        Self {
            requests: Family::default(),
            latencies: Family::new_with_constructor(|| Histogram::new(LATENCY_SECONDS)),
            received_bytes: Counter::default(),
            event_streams: Gauge::default(),
            started,
        }
    }

    /// A request declares a body of so many bytes.
    pub(crate) fn count_received(&self, bytes: u64) {
        self.received_bytes.inc_by(bytes);
    }

    /// A request was answered; `lasting` is left out where the answer has no end of its own.
    pub(crate) fn count_request(
        &self,
        method: &'static str,
        route: &str,
        status: u16,
        lasting: Option<Duration>,
    ) {
        let labels = RequestLabels { method, route: route.to_owned(), status };
        self.requests.get_or_create(&labels).inc();
        if let Some(duration) = lasting {
            let labels = RouteLabels { method, route: labels.route };
            self.latencies.get_or_create(&labels).observe(duration.as_secs_f64());
        }
    }

    /// Somebody listens to events.
    pub(crate) fn event_stream_opened(&self) {
        self.event_streams.inc();
    }

    /// Somebody no longer does.
    pub(crate) fn event_stream_closed(&self) {
        self.event_streams.dec();
    }

    fn register(&self, registry: &mut Registry) {
        registry.register(
            "paceline_http_requests",
            "Requests answered, by the template of their route",
            self.requests.clone(),
        );
        registry.register(
            "paceline_http_request_duration_seconds",
            "Time from the head of a request to the last byte of its answer, event streams left out",
            self.latencies.clone(),
        );
        registry.register(
            "paceline_http_received_bytes",
            "Bytes of bodies as requests declare them",
            self.received_bytes.clone(),
        );
        registry.register("paceline_event_streams", "Open event streams", self.event_streams.clone());
        registry.register(
            "process_start_time_seconds",
            "When the server started, in seconds since 1970",
            ConstGauge::new(self.started.0 as f64 / 1e6),
        );
    }
}

/// `GET /metrics`, which is an address of the page as well, ours and the peer's: a browser that opens it wants the page.
pub(crate) async fn answer(
    _: ReadAccess,
    request: HttpRequest,
    state: State,
) -> Result<HttpResponse, ApiError> {
    if page::wants_page(&request) {
        return page::answer(request, state).await;
    }
    let shared = state.clone();
    let text = state.ask(move |engine| text(&shared, engine)).await?;
    Ok(HttpResponse::Ok().content_type(CONTENT_TYPE).insert_header((CACHE_CONTROL, "no-store")).body(text))
}

fn text(state: &AppState, engine: &Engine) -> Result<String, ApiError> {
    let mut registry = Registry::default();
    registry.register(
        "paceline_build",
        "What runs here",
        Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]),
    );
    state.telemetry.register(&mut registry);
    register_pools(state, &mut registry);
    register_storage(engine, &mut registry);
    if let Some(bytes) = resident_memory_bytes() {
        registry.register("process_resident_memory_bytes", "Memory of the server", ConstGauge::new(bytes));
    }
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(text)
}

fn register_pools(state: &AppState, registry: &mut Registry) {
    let waiting = Family::<PoolLabels, Gauge>::default();
    for (pool, jobs) in [
        ("read", state.reads.waiting()),
        ("chart", state.charts.waiting()),
        ("write", state.writes.waiting()),
    ] {
        waiting.get_or_create(&PoolLabels { pool }).set(gauge(jobs));
    }
    registry.register("paceline_pool_jobs_waiting", "Requests that wait for a thread of the pool", waiting);
    registry.register(
        "paceline_http_requests_under_way",
        "Requests that are being answered",
        ConstGauge::new(gauge(state.stopping.under_way())),
    );
}

fn register_storage(engine: &Engine, registry: &mut Registry) {
    let activity = paceline_storage::activity();
    for (name, help, count) in [
        ("paceline_rows_stored", "Rows and samples this process has committed", activity.rows_stored),
        ("paceline_rows_duplicate", "Rows and samples that were there already", activity.rows_duplicate),
        (
            "paceline_sqlite_lock_waits",
            "Times a project's file was locked by another connection and was asked for again",
            activity.lock_waits,
        ),
    ] {
        registry.register(name, help, ConstCounter::new(count));
    }
    registry.register(
        "paceline_journals",
        "Journals of processes that log, or that ended and left rows which are not stored yet",
        ConstGauge::new(gauge(engine.store().journal_count())),
    );
}

fn gauge(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Where the system tells it in `/proc`.
fn resident_memory_bytes() -> Option<i64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?;
    kib.parse::<i64>().ok().map(|kib| kib * 1024)
}
