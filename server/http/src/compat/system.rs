//! Samples of the machine as the peer's page asks for them.

use paceline_query::{Engine, ThinRequest};
use paceline_storage::RowsOf;

use super::call::{Call, Reply, or_default};
use super::series::{USUAL_POINTS, batch, max_points};
use super::values;
use crate::error::ApiError;

/// `get_system_metrics_for_run`: the names, sorted.
pub(super) fn metrics_for_run(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let project: String = call.get("project")?;
    let keys = match call.run_choice()? {
        Some(run) => or_default(engine.system_keys(&project, &run))?,
        None => Vec::new(),
    };
    Reply::of(&keys)
}

/// `get_system_logs`.
pub(super) fn logs(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let (project, run) = (call.get::<String>("project")?, call.run_choice()?);
    let request = ThinRequest { kind: RowsOf::System, most: USUAL_POINTS, scalar_only: false };
    let mut rows = or_default(engine.thinned_rows(&project, &[run], request))?;
    Reply::of(&rows.pop().unwrap_or_default().into_iter().map(values::sample).collect::<Vec<_>>())
}

/// `get_system_logs_batch`.
pub(super) fn logs_batch(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let request = ThinRequest { kind: RowsOf::System, most: max_points(call)?, scalar_only: false };
    batch(call, engine, request, values::sample)
}
