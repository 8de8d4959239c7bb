//! The class behind a run: holds the recorder, converts, and waits without the interpreter's lock.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use paceline_recorder::{Body, Companion, FinishReport, LastValues, RunOptions, Written};
use paceline_schema::companion::{OpenReply, OpenRequest, Resume};
use paceline_schema::console::Stream;
use paceline_schema::environment::{ProcessEnvironment, RunEnvironment, Survey};
use paceline_schema::event::RunKey;
use paceline_schema::rank::RANK_KEY;
use paceline_schema::webhook::WebhookTarget;
use paceline_schema::{
    AlertLevel, Destination, DestinationKind, ProjectName, RunEnd, RunStart, RunState, Timestamp, Value,
    redact,
};
use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::values::{Filled, fill, take_interrupt, write_json};

thread_local! {
    /// Taken while a row is collected, since a value's `.item()` may log again.
    static BODY: Cell<Body> = Cell::default();
}

/// One run in this process. Created by `trackio.init`.
#[pyclass(frozen, module = "trackio._native")]
#[derive(Debug)]
pub(crate) struct Recorder {
    state: Mutex<State>,
    /// Id, 32 hexadecimal digits.
    #[pyo3(get)]
    run_id: String,
    /// Display name.
    #[pyo3(get)]
    name: String,
    /// Canonical project name, that of its file and folders.
    #[pyo3(get)]
    project: String,
    /// The run existed before.
    #[pyo3(get)]
    resumed: bool,
    /// Which of the processes that share the run this is; 0 where it has the run to itself.
    #[pyo3(get)]
    rank: u32,
    /// What could not be done at the start, in words for the user.
    #[pyo3(get)]
    problems: Vec<String>,
}

#[derive(Debug)]
struct State {
    recorder: Option<paceline_recorder::Recorder>,
    last: LastValues,
    warned_held: bool,
    warned_dropped: bool,
}

#[pymethods]
impl Recorder {
    /// Begins a run.
    ///
    /// `resume` is `never`, `allow` or `must`. `binary` is the program that drains journals. `server` is the
    /// address of the server the run logs to and its token, `is_space` when that is a Hugging Face Space. Raises
    /// `ValueError` for a project name or address that cannot be used and for `must` without such a run. `rank` is
    /// that of a process which shares the run `run_id` with others, which may begin it before or after.
    /// `environment` has the fields of `RunEnvironment` that this process knows, and `survey`. With
    /// `joins_at_step` the run `run_id` was begun, and will be ended, by another process: rows go on at that step.
    #[new]
    #[pyo3(signature = (directory, project, *, name=None, run_id=None, resume="never", binary=None, command=None,
        git_commit=None, tags=vec![], notes=None, cpu_interval_seconds=None, gpu_interval_seconds=None, server=None, is_space=false,
        rank=None, environment=None, joins_at_step=None))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of one Python call")]
    fn new(
        py: Python<'_>,
        directory: PathBuf,
        project: &str,
        name: Option<String>,
        run_id: Option<String>,
        resume: &str,
        binary: Option<PathBuf>,
        command: Option<String>,
        git_commit: Option<String>,
        tags: Vec<String>,
        notes: Option<String>,
        cpu_interval_seconds: Option<f64>,
        gpu_interval_seconds: Option<f64>,
        server: Option<(String, Option<String>)>,
        is_space: bool,
        rank: Option<u32>,
        environment: Option<&Bound<'_, PyDict>>,
        joins_at_step: Option<i64>,
    ) -> PyResult<Self> {
        let project = ProjectName::new(project).map_err(|error| PyValueError::new_err(error.to_string()))?;
        let resume = match resume {
            "never" => Resume::Never,
            "allow" => Resume::Allow,
            "must" => Resume::Must,
            other => {
                return Err(PyValueError::new_err(format!(
                    "resume `{other}` is not one of `never`, `allow`, `must`"
                )));
            }
        };
        let kind = if is_space { DestinationKind::Space } else { DestinationKind::Server };
        let destination = server.map(|(url, token)| Destination::new(kind, &url, token)).transpose();
        let destination = destination.map_err(PyValueError::new_err)?;
        let (environment, survey) = environment.map(environment_of).unwrap_or_default();
        let mut start = RunStart {
            time: Timestamp::from(SystemTime::now()),
            process: None,
            resumed: false,
            command,
            git_commit,
            tags,
            notes,
            cpu_interval_seconds,
            gpu_interval_seconds,
            rank: rank.unwrap_or(0),
            environment,
            survey,
        };
        let companion = Companion::new(&directory, binary);
        let project = project.as_str().to_owned();
        py.detach(move || {
            let mut problems = Vec::new();
            let request = OpenRequest {
                project: project.clone(),
                name: name.clone(),
                run_id: run_id.clone(),
                resume,
                rank,
                destination: destination.clone(),
            };
            let asks = joins_at_step.is_none() && (name.is_none() || resume != Resume::Never);
            let mut opened = None;
            if asks {
                match companion.open(&request) {
                    Ok(OpenReply::Opened(answer)) => opened = Some(answer),
                    Ok(OpenReply::NoSuchRun(reason)) => return Err(PyValueError::new_err(reason)),
                    Ok(OpenReply::Unavailable(reason)) => problems.push(reason),
                    Err(error) => problems.push(error.to_string()),
                }
            }
            problems.extend(opened.as_ref().and_then(|answer| answer.problem.clone()));
            let existing = opened.as_ref().and_then(|answer| answer.run_id.clone());
            start.resumed = existing.is_some();
            start.process = Some(paceline_recorder::current_process());
            let next_step = joins_at_step.or(opened.as_ref().map(|answer| answer.next_step)).unwrap_or(0);
            let id = existing.or(run_id).unwrap_or_else(random_id);
            let name =
                opened.map(|answer| answer.name).or(name).unwrap_or_else(|| format!("run-{}", &id[..8]));
            let run = RunKey { id, name };
            let resumed = start.resumed;
            let options = RunOptions {
                directory,
                project: project.clone(),
                run: run.clone(),
                next_step,
                rank: rank.unwrap_or(0),
                start: joins_at_step.is_none().then_some(start),
                destination,
                companion,
            };
            let recorder = paceline_recorder::Recorder::start(options);
            let problem = recorder.problem();
            // Said by `init`, so that `log` need not say it again.
            let warned_held = problem.is_some();
            problems.extend(problem);
            if problems.is_empty() {
                problems.extend(recorder.ensure_companion().err().map(|error| error.to_string()));
            }
            let state = State {
                recorder: Some(recorder),
                last: LastValues::default(),
                warned_held,
                warned_dropped: false,
            };
            let rank = rank.unwrap_or(0);
            Ok(Self {
                state: Mutex::new(state),
                run_id: run.id,
                name: run.name,
                project,
                resumed,
                rank,
                problems,
            })
        })
    }

    /// Records one row; gives its step, or `None` after the end of the run.
    ///
    /// A row with objects that are no numbers is first handed to `run._stored_forms(metrics, step)`, where a
    /// run is given; what that gives is recorded instead.
    #[pyo3(signature = (metrics, step=None, run=None))]
    fn log(
        &self,
        py: Python<'_>,
        metrics: &Bound<'_, PyDict>,
        step: Option<i64>,
        run: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Option<i64>> {
        let mut body = BODY.take();
        body.clear();
        let renamed = match fill(&mut body, metrics, run.is_none()) {
            Filled::Row(renamed) => renamed,
            Filled::HasObjects => {
                BODY.set(body);
                // A row without a run never comes back unfilled.
                let Some(run) = run else { return Ok(None) };
                let (metrics, step): (Bound<'_, PyDict>, _) =
                    run.call_method1("_stored_forms", (metrics, step))?.extract()?;
                return self.log(py, &metrics, step, None);
            }
        };
        let mut state = self.state();
        let State { recorder: Some(recorder), last, .. } = &mut *state else { return Ok(None) };
        let mut expected = 0;
        for (key, value) in body.values() {
            expected = last.set(expected, key, value);
        }
        if recorder.rank() > 0 {
            body.push(RANK_KEY, &Value::Integer(recorder.rank().into()));
        }
        let (step, written) = recorder.log(step, body.as_bytes());
        let warning = if written == Written::Journaled { None } else { state.trouble(written) };
        drop(state);
        BODY.set(body);
        for name in renamed {
            let plain = name.trim_start_matches('_');
            warn(py, &format!("metric name `{plain}` belongs to the row itself; it is stored as `{name}`"))?;
        }
        if let Some(warning) = warning {
            warn(py, &warning)?;
        }
        // The row is recorded; what interrupted one of its values goes on its way.
        if take_interrupt() {
            return Err(PyKeyboardInterrupt::new_err(()));
        }
        Ok(Some(step))
    }

    /// Records values of the machine: a time axis, no step.
    fn log_system(&self, metrics: &Bound<'_, PyDict>) {
        let mut body = Body::default();
        fill(&mut body, metrics, true);
        if let Some(recorder) = &mut self.state().recorder {
            recorder.log_system(body.as_bytes());
        }
    }

    /// Records a line that was printed to `stdout` or `stderr`.
    fn log_console(&self, stream: &str, text: &str) {
        if let (Some(stream), Some(recorder)) = (Stream::parse(stream), &mut self.state().recorder) {
            recorder.log_console(stream, text);
        }
    }

    /// Records an alert; gives the step it belongs to. `level` is `info`, `warn` or `error`; `webhook` is the address
    /// it is to be sent to, with the project and the run as they are named there.
    #[pyo3(signature = (title, text=None, level="warn", webhook=None))]
    fn alert(
        &self,
        title: &str,
        text: Option<&str>,
        level: &str,
        webhook: Option<(String, String, String)>,
    ) -> Option<i64> {
        let level = AlertLevel::parse(level).unwrap_or_default();
        let webhook = webhook.map(|(url, project, run)| WebhookTarget { url, project, run });
        self.state().recorder.as_mut()?.alert(title, text, level, webhook)
    }

    /// Records the config, whole. Secrets are replaced before anything is written.
    fn set_config(&self, config: &Bound<'_, PyDict>) {
        let mut json = Vec::new();
        write_json(config.as_any(), &mut json, 0);
        // Written by ourselves, so it parses.
        let mut value: serde_json::Value = serde_json::from_slice(&json).unwrap_or_default();
        redact::redact_json(&mut value);
        if let Some(recorder) = &mut self.state().recorder {
            recorder.set_config(&value.to_string());
        }
    }

    /// Records the summary values set by hand, whole.
    fn set_summary(&self, summary: &Bound<'_, PyDict>) {
        let mut json = Vec::new();
        write_json(summary.as_any(), &mut json, 0);
        if let Some(recorder) = &mut self.state().recorder {
            recorder.set_summary(&String::from_utf8_lossy(&json));
        }
    }

    /// The newest value of each metric, as Python values.
    fn last_values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let values = self.state().last.values().clone();
        let dict = PyDict::new(py);
        for (key, value) in values {
            dict.set_item(key, to_python(py, &value)?)?;
        }
        Ok(dict)
    }

    /// Step the next `log()` without one gets.
    fn next_step(&self) -> Option<i64> {
        self.state().recorder.as_ref().map(paceline_recorder::Recorder::next_step)
    }

    /// Says how the run ended and waits until everything is committed, as long as there is progress.
    /// Gives what the user should be told; a second call gives `None`.
    ///
    /// `leaving` says that the interpreter is ending by itself, so that its exit status, once known, counts.
    #[pyo3(signature = (state="finished", exit_code=None, failure=None, *, leaving=false))]
    fn finish(
        &self,
        py: Python<'_>,
        state: &str,
        exit_code: Option<i32>,
        failure: Option<String>,
        leaving: bool,
    ) -> Option<Option<String>> {
        let mut recorder = self.state().recorder.take()?;
        let state = RunState::parse(state).unwrap_or(RunState::Finished);
        let end = RunEnd {
            time: Timestamp::from(SystemTime::now()),
            state,
            exit_code,
            exit_signal: None,
            failure,
            leaving,
            rank: recorder.rank(),
            of_start: None,
        };
        let report = py.detach(move || {
            let report = recorder.finish(&end);
            drop(recorder);
            report
        });
        Some(report_text(report))
    }
}

impl Recorder {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A warning, once per cause.
    #[cold]
    fn trouble(&mut self, written: Written) -> Option<String> {
        let problem = self.recorder.as_ref().and_then(paceline_recorder::Recorder::problem);
        let problem = problem.unwrap_or_else(|| "no room".to_owned());
        match written {
            Written::Journaled => None,
            Written::Held => (!std::mem::replace(&mut self.warned_held, true)).then(|| {
                format!("rows are kept in memory until the journal takes them: {problem}; make room or make the directory writable")
            }),
            Written::Dropped => (!std::mem::replace(&mut self.warned_dropped, true))
                .then(|| format!("rows are dropped, neither the journal nor memory has room: {problem}")),
        }
    }
}

/// What Python says of the environment, and what it leaves to be found out.
fn environment_of(said: &Bound<'_, PyDict>) -> (Option<Box<RunEnvironment>>, Option<Box<Survey>>) {
    let mut json = Vec::new();
    write_json(said.as_any(), &mut json, 0);
    // A folder that is no UTF-8 costs the record of the environment.
    let said: Option<ProcessEnvironment> = serde_json::from_slice(&json).ok();
    said.map(|said| (Some(Box::new(said.environment)), said.survey.map(Box::new))).unwrap_or_default()
}

fn report_text(report: FinishReport) -> Option<String> {
    let FinishReport { committed, dropped, held, problem, server } = report;
    let problem = problem.unwrap_or_else(|| "it is not known why".to_owned());
    if dropped > 0 || held > 0 {
        return Some(format!("{} rows are lost: {problem}", dropped + held as u64));
    }
    (!committed).then(|| match server {
        Some(server) => format!(
            "rows are safe in the journal and not on `{server}` yet: {problem}; they are sent when it takes them, \
             within the hour by themselves, later by the next `init` or `trackio` command with this data directory"
        ),
        None => format!("rows are safe in the journal and not in the tables yet: {problem}; any `trackio` command brings them there"),
    })
}

fn warn(py: Python<'_>, text: &str) -> PyResult<()> {
    let text = std::ffi::CString::new(text.replace('\0', "\u{fffd}"))
        .map_err(|error| PyValueError::new_err(error.to_string()))?;
    PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), &text, 2)
}

fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Float(float) => float.into_pyobject(py)?.into_any(),
        Value::Integer(integer) => integer.into_pyobject(py)?.into_any(),
        Value::Bool(flag) => flag.into_pyobject(py)?.to_owned().into_any(),
        Value::Null => py.None().into_bound(py),
        Value::Json(text) => py.import("json")?.call_method1("loads", (text.as_ref(),))?,
    })
}

/// The name of a project's file and folders. Raises `ValueError` for one that cannot be used.
#[pyfunction]
pub(crate) fn canonical_project(project: &str) -> PyResult<String> {
    let name = ProjectName::new(project).map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok(name.as_str().to_owned())
}

/// The command line as one text, secrets replaced.
#[pyfunction]
pub(crate) fn redact_command(arguments: Vec<String>) -> String {
    redact::redact_command(&arguments)
}

fn random_id() -> String {
    let bits = u128::from(getrandom::u64().unwrap_or_default()) << 64
        | u128::from(getrandom::u64().unwrap_or_default());
    // The form of a random UUID, as the peer's ids have.
    let bits = bits & !(0xf << 76 | 0b11 << 62) | 4 << 76 | 0b10 << 62;
    format!("{bits:032x}")
}
