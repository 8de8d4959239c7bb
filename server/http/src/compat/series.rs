//! Rows and values, thinned as the peer thins them.

use std::collections::BTreeMap;

use paceline_query::{Engine, ThinRequest};
use paceline_schema::RunChoice;
use paceline_schema::series::{LogRow, MetricValue};
use paceline_storage::RowsOf;
use serde::Serialize;
use serde_json::{Map, Value};

use super::call::{Call, Reply, or_default, run_choice};
use super::values;
use crate::error::ApiError;

/// Rows of a run in one answer, unless another number is asked for.
pub(super) const USUAL_POINTS: usize = 3_000;
/// Most rows of a run that can be asked for.
const MOST_POINTS: i64 = 10_000;
/// Most runs in one call.
const MOST_RUNS: usize = 64;

/// The rows of one run of a batch, with what was said of the run.
#[derive(Serialize)]
struct RowsOfRun {
    run: Value,
    run_id: Value,
    logs: Vec<Map<String, Value>>,
}

/// `get_metric_values`: what one key held, whatever it was; empty for what is not there.
pub(super) fn metric_values(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let (project, key): (String, String) = (call.get("project")?, call.get("metric_name")?);
    let moment = call.moment()?;
    let most = call.whole("max_points")?.and_then(|most| usize::try_from(most).ok()).filter(|most| *most > 0);
    let Some(run) = call.run_choice()? else { return Reply::of(&[(); 0]) };
    let found = or_default(engine.values_at(&project, &run, &key, moment, most))?;
    Reply::of(&found.into_iter().map(values::metric_value).collect::<Vec<_>>())
}

/// `get_snapshot`: what every key held.
pub(super) fn snapshot(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let (project, moment) = (call.get::<String>("project")?, call.moment()?);
    let found = match call.run_choice()? {
        Some(run) => or_default(engine.snapshot(&project, &run, moment))?,
        None => BTreeMap::new(),
    };
    let plain = |found: Vec<MetricValue>| found.into_iter().map(values::metric_value).collect::<Vec<_>>();
    Reply::of(&found.into_iter().map(|(key, found)| (key, plain(found))).collect::<BTreeMap<_, _>>())
}

/// `get_logs`.
pub(super) fn logs(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let (project, run) = (call.get::<String>("project")?, call.run_choice()?);
    let request =
        ThinRequest { kind: RowsOf::Metrics, most: USUAL_POINTS, scalar_only: call.flag("scalar_only")? };
    let mut rows = or_default(engine.thinned_rows(&project, &[run], request))?;
    Reply::of(&rows.pop().unwrap_or_default().into_iter().map(values::row).collect::<Vec<_>>())
}

/// `get_logs_batch`.
pub(super) fn logs_batch(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let request = ThinRequest {
        kind: RowsOf::Metrics,
        most: max_points(call)?,
        scalar_only: call.flag("scalar_only")?,
    };
    batch(call, engine, request, values::row)
}

/// The rows of the runs a call names, each as `form` makes it.
pub(super) fn batch(
    call: &Call<'_>,
    engine: &Engine,
    request: ThinRequest,
    form: fn(LogRow) -> Map<String, Value>,
) -> Result<Reply, ApiError> {
    let project: String = call.get("project")?;
    let named = runs(call)?;
    let mut choices = Vec::with_capacity(named.len());
    for (place, run) in named.iter().enumerate() {
        choices.push(choice(run).map_err(|name| {
            ApiError::invalid(format!("`{name}` of runs[{place}] is `{}`, not text", run[name]))
        })?);
    }
    let mut rows = or_default(engine.thinned_rows(&project, &choices, request))?;
    rows.resize_with(named.len(), Vec::new);
    let answers = named.into_iter().zip(rows).map(|(mut run, rows)| RowsOfRun {
        run: run.remove("run").unwrap_or_default(),
        run_id: run.remove("run_id").unwrap_or_default(),
        logs: rows.into_iter().map(form).collect(),
    });
    Reply::of(&answers.collect::<Vec<_>>())
}

fn runs(call: &Call<'_>) -> Result<Vec<Map<String, Value>>, ApiError> {
    let runs: Vec<Map<String, Value>> = call.get("runs")?;
    if runs.len() > MOST_RUNS {
        let message = format!("`runs` names {} runs, more than the {MOST_RUNS} of one call", runs.len());
        return Err(ApiError::invalid(message).with_hint("ask for the others in another call"));
    }
    Ok(runs)
}

fn choice(run: &Map<String, Value>) -> Result<Option<RunChoice>, &'static str> {
    let text = |name: &'static str| match run.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(name),
    };
    Ok(run_choice(text("run_id")?, text("run")?))
}

/// `max_points`, the usual number when it is absent or makes no sense.
pub(super) fn max_points(call: &Call<'_>) -> Result<usize, ApiError> {
    let asked = call.whole("max_points")?.filter(|asked| *asked >= 1);
    let most = asked.map(|asked| asked.min(MOST_POINTS));
    Ok(most.and_then(|most| usize::try_from(most).ok()).unwrap_or(USUAL_POINTS))
}
