//! The status of a run from its heads, its record and the clock; no row is read.

use paceline_schema::status::AlertCounts;
use paceline_schema::{LossStatus, RunState, RunStatus, RunSummary, Timestamp};
use paceline_series::RunHeads;
use paceline_storage::{Reader, RunRecord};
use serde_json::{Map, Value};

use crate::earlier_runs::EarlierRuns;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::eta::{Eta, NoEta, Pace};
use crate::findings::findings;
use crate::sentence::{Ending, significant, summary};
use crate::state::{Condition, Signs};
use crate::totals::{Total, total_steps};
use crate::trend::direction;

/// How much further the ends of the interval lie when the total itself is a guess.
const GUESSED_TOTAL_WIDENING: f64 = 1.5;

/// All that is known of one run at one moment.
pub(crate) struct RunView<'a> {
    pub(crate) project: &'a str,
    pub(crate) record: &'a RunRecord,
    pub(crate) heads: &'a RunHeads,
    pub(crate) config: Option<&'a Map<String, Value>>,
    pub(crate) now: Timestamp,
}

impl Engine {
    /// Where a run stands.
    ///
    /// # Errors
    /// When there is no such project or run, or its file cannot be read.
    pub fn status(&self, project: &str, run: &str) -> Result<RunStatus, QueryError> {
        let now = self.now();
        self.read(project, |reader, project| status_of(reader, project, run, now))
    }
}

/// Where a run of a snapshot stands.
///
/// # Errors
/// When there is no such run, or the file cannot be read.
pub(crate) fn status_of(
    reader: &Reader<'_>,
    project: &str,
    run: &str,
    now: Timestamp,
) -> Result<RunStatus, QueryError> {
    let record = reader.find_run(run)?;
    let heads = reader.heads(&record.run_id)?;
    let config = reader.config(&record.run_id)?;
    let alerts = reader.alert_counts(&record.run_id)?;
    let view = RunView { project, record: &record, heads: &heads, config: config.as_ref(), now };
    // A fault in reading other runs costs the guess, not the answer.
    let earlier = |config: &Map<String, Value>| EarlierRuns::read(reader).ok()?.median_last_step(config);
    Ok(RunStatus { alerts, ..view.status(earlier) })
}

impl RunView<'_> {
    /// The status, its alerts not yet counted. `earlier` is asked for the usual length of runs with a
    /// config when nothing of this run tells its own.
    pub(crate) fn status(&self, earlier: impl FnOnce(&Map<String, Value>) -> Option<i64>) -> RunStatus {
        let mut status = self.figures(earlier);
        self.add_trend(&mut status);
        status.summary = self.sentence(&status);
        status
    }

    /// What a list needs; the trend, which costs most, only where the sentence tells it.
    pub(crate) fn list_item(&self, earlier: impl FnOnce(&Map<String, Value>) -> Option<i64>) -> RunSummary {
        let mut status = self.figures(earlier);
        if !status.state.has_ended() {
            self.add_trend(&mut status);
        }
        let summary = self.sentence(&status);
        let RunRecord { created_at, group, tags, colour_slot, exit_code, .. } = self.record;
        let loss = status.loss;
        RunSummary {
            project: status.project,
            run: status.run,
            run_id: status.run_id,
            state: status.state,
            created_at: created_at.or(self.heads.first_time()),
            finished_at: self.condition(None).ended_at,
            last_row_at: self.heads.last_time(),
            rows: self.heads.rows(),
            step: status.step,
            total_steps: status.total_steps,
            progress: status.progress,
            loss_key: loss.as_ref().map(|loss| loss.key.clone()),
            loss: loss.as_ref().and_then(|loss| loss.recent),
            loss_first: loss.as_ref().and_then(|loss| loss.first),
            loss_best: loss.as_ref().and_then(|loss| loss.best),
            elapsed_seconds: status.elapsed_seconds,
            eta_seconds: status.eta_seconds,
            eta_low_seconds: status.eta_low_seconds,
            eta_high_seconds: status.eta_high_seconds,
            exit_code: *exit_code,
            group: group.clone(),
            tags: tags.clone(),
            colour_slot: *colour_slot,
            summary,
        }
    }

    /// Where the run stands; a due evaluation excuses silence.
    pub(crate) fn condition(&self, due_evaluation_seconds: Option<f64>) -> Condition {
        let RunRecord { state, liveness, created_at, started_at, heartbeat_at, finished_at, .. } =
            self.record;
        let signs = Signs {
            recorded: *state,
            liveness: *liveness,
            began_at: (*started_at).max(*created_at),
            heartbeat_at: *heartbeat_at,
            finished_at: *finished_at,
            last_row_at: self.heads.last_time(),
            pace: self.heads.pace(),
            due_evaluation_seconds,
        };
        signs.judge(self.now)
    }

    /// The state alone, as the status tells it.
    pub(crate) fn state(&self) -> RunState {
        let state = self.condition(None).state;
        if state != RunState::Stalled {
            return state;
        }
        let created_at = self.record.created_at.or(self.record.started_at).or(self.heads.first_time());
        let pace = Pace::read(self.heads.pace(), created_at);
        self.condition(pace.as_ref().ok().and_then(Pace::due_evaluation_seconds)).state
    }

    /// All but the trend and the sentence.
    fn figures(&self, earlier: impl FnOnce(&Map<String, Value>) -> Option<i64>) -> RunStatus {
        let (heads, record, now) = (self.heads, self.record, self.now);
        let created_at = record.created_at.or(record.started_at).or(heads.first_time());
        let ended = self.condition(None).state.has_ended();
        let pace = if ended { Err(NoEta::NotRunning) } else { Pace::read(heads.pace(), created_at) };
        let condition = self.condition(pace.as_ref().ok().and_then(Pace::due_evaluation_seconds));

        let step = heads.step();
        let asks_earlier = || self.config.filter(|_| !ended).and_then(earlier);
        let total = total_steps(heads, self.config, asks_earlier);
        let progress = total.zip(step).map(|(total, step)| step as f64 / total.steps as f64);
        let (shown, eta_reason) = match remaining(&pace, total, step, now) {
            Ok(eta) => (Some(eta), None),
            Err(reason) => (None, Some(reason.as_str().to_owned())),
        };
        let silent_seconds = heads.last_time().map(|last| now.seconds_since(last).max(0.0));
        let end = condition.ended_at.unwrap_or(now);
        let is_running = condition.state == RunState::Running;
        RunStatus {
            project: self.project.to_owned(),
            run: record.run_name.clone(),
            run_id: record.run_id.clone(),
            state: condition.state,
            state_source: condition.source,
            step,
            total_steps: total.map(|total| total.steps),
            total_steps_source: total.map(|total| total.source),
            total_steps_exact: total.map(|total| total.exact),
            progress: progress.filter(|share| (0.0..=1.0).contains(share)).map(|share| rounded(share, 4)),
            loss: self.loss(),
            learning_rate: heads.learning_rate().and_then(measured),
            epoch: heads.epoch().and_then(measured),
            steps_per_second: pace
                .ok()
                .filter(|_| is_running)
                .and_then(|pace| finite(significant(1.0 / pace.seconds_per_step(), 4))),
            elapsed_seconds: created_at.map(|created| rounded(end.seconds_since(created).max(0.0), 1)),
            eta_seconds: shown.map(|eta| rounded(eta.seconds, 1)),
            eta_low_seconds: shown.map(|eta| rounded(eta.low_seconds, 1)),
            eta_high_seconds: shown.map(|eta| rounded(eta.high_seconds, 1)),
            eta_reason,
            finish_at: shown.filter(|_| is_running).map(|eta| whole_second(now, eta.seconds)),
            seconds_since_last_row: silent_seconds.map(|seconds| rounded(seconds, 1)),
            findings: findings(heads, &condition, silent_seconds),
            alerts: AlertCounts::default(),
            summary: String::new(),
        }
    }

    fn loss(&self) -> Option<LossStatus> {
        let (loss, head) = self.heads.loss()?;
        Some(LossStatus {
            key: loss.key.clone(),
            latest: measured(head.last.value),
            recent: head.recent_mean().and_then(measured),
            first: head.first.and_then(|first| measured(first.value)),
            best: head.lowest.and_then(|lowest| measured(lowest.value)),
            best_step: head.lowest.map(|lowest| lowest.step),
            trend: None,
            trend_since_step: None,
            slope_per_1000_steps: None,
        })
    }

    /// A trend stands only behind a loss that is still a number.
    fn add_trend(&self, status: &mut RunStatus) {
        let Some(loss) = status.loss.as_mut().filter(|loss| loss.latest.is_some()) else { return };
        if let Some(found) = self.heads.loss().and_then(|(loss, _)| direction(&loss.curve)) {
            loss.trend = Some(found.trend);
            loss.trend_since_step = Some(found.since_step);
            loss.slope_per_1000_steps = finite(significant(found.slope_per_1000_steps, 4));
        }
    }

    fn sentence(&self, status: &RunStatus) -> String {
        let RunRecord { exit_code, exit_signal, failure, .. } = self.record;
        summary(
            status,
            Ending { exit_code: *exit_code, exit_signal: *exit_signal, failure: failure.as_deref() },
        )
    }
}

fn remaining(
    pace: &Result<Pace, NoEta>,
    total: Option<Total>,
    step: Option<i64>,
    now: Timestamp,
) -> Result<Eta, NoEta> {
    let pace = pace.as_ref().map_err(|reason| *reason)?;
    let total = total.ok_or(NoEta::NoTotal)?;
    let eta = pace.remaining(now, total.steps as f64)?;
    let widening = if total.has_low_confidence() { GUESSED_TOTAL_WIDENING } else { 1.0 };
    Ok(Eta {
        low_seconds: eta.low_seconds / widening,
        high_seconds: eta.high_seconds * widening * step.map_or(1.0, |step| total.high_factor(step)),
        ..eta
    })
}

/// A measured value to the 6 digits that mean something; `None` when it is not finite.
fn measured(value: f64) -> Option<f64> {
    finite(value).map(|value| significant(value, 6))
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10f64.powi(decimals);
    (value * scale).round() / scale
}

fn whole_second(now: Timestamp, seconds: f64) -> Timestamp {
    Timestamp::from_seconds((now.seconds() + seconds).round())
}
