//! Waiting until something holds of a run, without asking again and again.

use std::time::Duration;

use paceline_query::{Engine, WaitCondition};
use paceline_schema::events::Waited;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until};

use crate::error::ApiError;
use crate::events::{Listener, Notice};
use crate::state::State;

/// What no row tells, as samples of the machine and the mere passing of time, is looked at so often.
const TIME_BETWEEN_QUESTIONS: Duration = Duration::from_secs(10);

/// Returns when one of the conditions holds of a run, when it has ended, at the deadline, or when the server stops.
///
/// # Errors
/// When there is no such project or run, too many listen, or its file cannot be read.
pub(crate) async fn wait(
    state: &State,
    project: String,
    run: String,
    conditions: Vec<WaitCondition>,
    deadline: Instant,
) -> Result<Waited, ApiError> {
    let (mut listener, run_id) = listen_to_run(state, &project, &run).await?;
    let mut timed_out = false;
    loop {
        let (project, run, asked) = (project.clone(), run_id.clone(), conditions.clone());
        let look = move |engine: &Engine| engine.conditions_met(&project, &run, &asked);
        let (met, status) = state.events.ask(state, look).await?;
        timed_out |= Instant::now() >= deadline;
        if timed_out || !met.is_empty() || status.state.has_ended() {
            let timed_out = met.is_empty() && !status.state.has_ended();
            return Ok(Waited { met, timed_out, status });
        }
        let mut is_touched = false;
        let ask_again = Instant::now() + TIME_BETWEEN_QUESTIONS;
        while !is_touched && !timed_out {
            tokio::select! {
                () = sleep_until(deadline) => timed_out = true,
                () = sleep_until(ask_again) => is_touched = true,
                () = state.stopping.begun() => timed_out = true,
                notice = listener.notices.recv() => is_touched = match notice {
                    Ok(Notice::Changed(frame)) => {
                        frame.delta.statuses.iter().any(|status| status.run_id == run_id)
                            || frame.delta.deleted.contains(&run_id)
                    }
                    Ok(Notice::Skipped | Notice::Gone) | Err(RecvError::Lagged(_) | RecvError::Closed) => true,
                },
            }
        }
    }
}

/// Begins to listen to the project of a run; tells the run's id as well.
///
/// # Errors
/// As [`wait`].
pub(crate) async fn listen_to_run(
    state: &State,
    project: &str,
    run: &str,
) -> Result<(Listener, String), ApiError> {
    let (asked_project, asked_run) = (project.to_owned(), run.to_owned());
    let run_id = state.events.ask(state, move |engine| engine.run_id(&asked_project, &asked_run)).await?;
    Ok((state.events.listen(state, project).await?, run_id))
}
