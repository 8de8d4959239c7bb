//! The status of a run from its heads, its record and the clock; no row is read.

use std::sync::Arc;

use paceline_schema::metric_definition::{Goal, MetricDefinition, MetricDefinitions};
use paceline_schema::private_config::group_of;
use paceline_schema::status::{AlertCounts, Finding};
use paceline_schema::{LossStatus, RunState, RunStatus, RunSummary, Timestamp, Trend};
use paceline_series::RunHeads;
use paceline_storage::{ProcessRecord, Reader, RunRecord, StorageError};
use serde_json::{Map, Value};

use crate::earlier_runs::EarlierRuns;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::eta::{Eta, NoEta, Pace};
use crate::findings::findings;
use crate::hints::with_hint;
use crate::known::Known;
use crate::known::configs::digest;
use crate::rules::{Facts, TimeLimit, deadline, no_evaluation};
use crate::run_summary::best;
use crate::sentence::{Ending, significant, summary};
use crate::state::{Condition, Signs};
use crate::totals::{Total, total_steps};

/// How much further the ends of the interval lie when the total itself is a guess.
const GUESSED_TOTAL_WIDENING: f64 = 1.5;
/// Findings that say that the loss does not move.
const STILL: [&str; 2] = ["loss_not_moving_from_start", "loss_plateau"];
/// Findings that matter as long as the run goes on.
const WHILE_IT_RUNS: [&str; 2] = ["loss_plateau", "no_eval"];
/// A run that logs one of these learns from rewards, and what it calls its loss means little.
pub(crate) const REWARDS: [&str; 2] = ["reward", "train/reward"];
/// A status is no longer than this in JSON, as far as its findings decide; one of them always stands there.
const STATUS_BYTES: usize = 1_000;
/// The looks at the remaining time lie so many parts of the intervals until now apart.
const DEADLINE_PARTS: usize = 40;

/// All that is known of one run at one moment.
pub(crate) struct RunView<'a> {
    pub(crate) project: &'a str,
    pub(crate) record: &'a RunRecord,
    pub(crate) heads: &'a Arc<RunHeads>,
    pub(crate) config: Option<&'a Map<String, Value>>,
    pub(crate) now: Timestamp,
    pub(crate) known: &'a Known,
}

impl Engine {
    /// Where a run stands.
    ///
    /// # Errors
    /// When there is no such project or run, or its file cannot be read.
    pub fn status(&self, project: &str, run: &str) -> Result<RunStatus, QueryError> {
        let now = self.now();
        self.read(project, |reader, project| Ok(small(status_of(reader, project, run, now, &self.known)?)))
    }

    /// All that deserves attention about a run, what is over included, each with what to do about it: what holds before
    /// what is over, worst first.
    ///
    /// # Errors
    /// When there is no such project or run, or its file cannot be read.
    pub fn findings(&self, project: &str, run: &str) -> Result<Vec<Finding>, QueryError> {
        let now = self.now();
        self.read(project, |reader, project| {
            let record = reader.find_run(run)?;
            let heads = reader.heads(&record.run_id)?;
            let config = reader.config(&record.run_id)?;
            let known = &self.known;
            let view =
                RunView { project, record: &record, heads: &heads, config: config.as_ref(), now, known };
            let earlier = |config: &Map<String, Value>| {
                EarlierRuns::read(reader, &known.configs).ok()?.median_last_step(digest(config))
            };
            Ok(view.all_findings(reader, earlier)?)
        })
    }
}

/// The same status with as many of its findings as find room.
pub(crate) fn small(mut status: RunStatus) -> RunStatus {
    let bytes = |status: &RunStatus| serde_json::to_vec(status).map_or(0, |text| text.len());
    while status.findings.len() > 1 && bytes(&status) >= STATUS_BYTES {
        status.findings.pop();
        status.more_findings = Some(status.more_findings.unwrap_or(0) + 1);
    }
    status
}

/// Where a run of a snapshot stands, with all findings that hold.
///
/// # Errors
/// When there is no such run, or the file cannot be read.
pub(crate) fn status_of(
    reader: &Reader<'_>,
    project: &str,
    run: &str,
    now: Timestamp,
    known: &Known,
) -> Result<RunStatus, QueryError> {
    let record = reader.find_run(run)?;
    let heads = reader.heads(&record.run_id)?;
    let config = reader.config(&record.run_id)?;
    let alerts = reader.alert_counts(&record.run_id)?;
    let view = RunView { project, record: &record, heads: &heads, config: config.as_ref(), now, known };
    // A fault in reading other runs costs the guess, not the answer.
    let earlier = |config: &Map<String, Value>| {
        EarlierRuns::read(reader, &known.configs).ok()?.median_last_step(digest(config))
    };
    let machine = view.of_machine(reader)?;
    Ok(RunStatus { alerts, ..view.status(earlier, machine) })
}

impl RunView<'_> {
    /// The status, its alerts not yet counted. `earlier` is asked for the usual length of runs with a
    /// config when nothing of this run tells its own.
    pub(crate) fn status(
        &self,
        earlier: impl FnOnce(&Map<String, Value>) -> Option<i64>,
        machine: Vec<Finding>,
    ) -> RunStatus {
        let (mut status, condition) = self.figures(earlier);
        self.add_trend(&mut status);
        status.findings = self.found(&condition, status.total_steps, machine);
        // What is over stands beside the run itself: a status tells what holds.
        status.findings.retain(|finding| finding.until_step.is_none());
        status.summary = self.sentence(&status);
        status
    }

    /// What deserves attention, its total length found out first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn all_findings(
        &self,
        reader: &Reader<'_>,
        earlier: impl FnOnce(&Map<String, Value>) -> Option<i64>,
    ) -> Result<Vec<Finding>, StorageError> {
        let total_steps = self.figures(earlier).0.total_steps;
        Ok(self.findings(total_steps, self.of_machine(reader)?))
    }

    /// What deserves attention, with hints; what is over last.
    pub(crate) fn findings(&self, total_steps: Option<i64>, machine: Vec<Finding>) -> Vec<Finding> {
        self.found(&self.condition_now(), total_steps, machine).into_iter().map(with_hint).collect()
    }

    fn found(&self, condition: &Condition, total_steps: Option<i64>, machine: Vec<Finding>) -> Vec<Finding> {
        let judges_loss = self.loss_has_rules();
        let facts = Facts { total_steps, judges_loss };
        let mut others = machine;
        others.extend(self.lost_ranks());
        others.extend(self.course(facts).iter().cloned());
        if judges_loss {
            others.extend(no_evaluation(self.heads, self.config, &facts));
        }
        if condition.goes_on() {
            others.extend(self.deadline(total_steps));
        } else {
            // There is nothing left to change.
            others.retain(|finding| !WHILE_IT_RUNS.contains(&finding.code.as_str()));
        }
        findings(self.heads, condition, self.silent_seconds(), others, judges_loss.then_some(self.known))
    }

    fn course(&self, facts: Facts) -> Arc<[Finding]> {
        let Known { reckonings, courses, .. } = self.known;
        reckonings.course(self.heads, &self.record.run_id, facts, courses)
    }

    /// What the newest samples of the machine tell of a run that goes on.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn of_machine(&self, reader: &Reader<'_>) -> Result<Vec<Finding>, StorageError> {
        if !self.condition_now().goes_on() {
            return Ok(Vec::new());
        }
        self.known.machines.of(reader, &self.record.run_id, self.started_at())
    }

    fn started_at(&self) -> Option<Timestamp> {
        self.record.process.started_at.or(self.created_at())
    }

    /// Whether the run needs longer than it may take, by looks at its remaining time as it was and is.
    fn deadline(&self, total_steps: Option<i64>) -> Option<Finding> {
        let limit = TimeLimit::of(self.config, self.started_at())?;
        let total = total_steps? as f64;
        let pace = self.known.reckonings.pace(self.heads, self.created_at()).ok()?;
        let apart = pace.interval_count().div_ceil(DEADLINE_PARTS).max(1);
        let earlier = (1..DEADLINE_PARTS).rev().filter_map(|parts| {
            let (earlier, at) = pace.earlier(parts * apart)?;
            Some(limit.look(&earlier.remaining(at, total).ok()?, at))
        });
        let now = limit.look(&pace.remaining(self.now, total).ok()?, self.now);
        deadline(&earlier.chain([now]).collect::<Vec<_>>())
    }

    fn silent_seconds(&self) -> Option<f64> {
        self.heads.last_time().map(|last| self.now.seconds_since(last).max(0.0))
    }

    /// A loss of which higher values are better, or that of a reward, goes by no rule: it may rise as it likes.
    fn loss_has_rules(&self) -> bool {
        let Some((loss, _)) = self.heads.loss() else { return false };
        let definitions = self.config.map(MetricDefinitions::of_config).unwrap_or_default();
        let is_goal = definitions.of(&loss.key).and_then(MetricDefinition::direction) == Some(Goal::Maximize);
        !is_goal && !REWARDS.iter().any(|key| self.heads.metric(key).is_some())
    }

    /// What a list needs; the trend, which costs most, only where the sentence tells it.
    pub(crate) fn list_item(&self, earlier: impl FnOnce(&Map<String, Value>) -> Option<i64>) -> RunSummary {
        let (mut status, condition) = self.figures(earlier);
        if condition.goes_on() {
            self.add_trend(&mut status);
        }
        let summary = self.sentence(&status);
        let RunRecord { created_at, tags, notes, colour_slot, process, .. } = self.record;
        let loss = status.loss;
        RunSummary {
            project: status.project,
            run: status.run,
            run_id: status.run_id,
            state: status.state,
            created_at: created_at.or(self.heads.first_time()),
            finished_at: condition.ended_at,
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
            exit_code: process.exit_code,
            group: self.config.and_then(group_of),
            tags: tags.clone(),
            notes: notes.clone(),
            colour_slot: *colour_slot,
            summary,
        }
    }

    /// Where the run stands; a due evaluation excuses silence.
    pub(crate) fn condition(&self, due_evaluation_seconds: Option<f64>) -> Condition {
        let process = &self.record.process;
        let signs = Signs {
            recorded: process.state,
            liveness: process.liveness,
            began_at: process.started_at.max(self.record.created_at),
            heartbeat_at: process.heartbeat_at,
            finished_at: process.finished_at,
            last_row_at: self.heads.last_time(),
            pace: self.heads.pace(),
            due_evaluation_seconds,
        };
        signs.judge(self.now)
    }

    /// Where the run stands, as the status tells it.
    pub(crate) fn condition_now(&self) -> Condition {
        let condition = self.condition(None);
        if condition.state != RunState::Stalled {
            return condition;
        }
        let pace = self.known.reckonings.pace(self.heads, self.created_at());
        self.condition(pace.ok().and_then(|pace| pace.due_evaluation_seconds()))
    }

    fn created_at(&self) -> Option<Timestamp> {
        self.record.created_at.or(self.record.process.started_at).or(self.heads.first_time())
    }

    /// All but the trend, the findings and the sentence; and what the state was judged by.
    fn figures(&self, earlier: impl FnOnce(&Map<String, Value>) -> Option<i64>) -> (RunStatus, Condition) {
        let (heads, record, now) = (self.heads, self.record, self.now);
        let created_at = self.created_at();
        let ended = self.condition(None).state.has_ended();
        let pace = if ended { Err(NoEta::NotRunning) } else { self.known.reckonings.pace(heads, created_at) };
        let condition = self.condition(pace.as_ref().ok().and_then(|pace| pace.due_evaluation_seconds()));

        let step = heads.step();
        let asks_earlier = || self.config.filter(|_| !ended).and_then(earlier);
        let total = total_steps(heads, self.config, asks_earlier);
        let progress = total.zip(step).map(|(total, step)| step as f64 / total.steps as f64);
        let (shown, eta_reason) = match remaining(&pace, total, step, now) {
            Ok(eta) => (Some(eta), None),
            Err(reason) => (None, Some(reason.as_str().to_owned())),
        };
        let end = condition.ended_at.unwrap_or(now);
        let is_running = condition.state == RunState::Running;
        let status = RunStatus {
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
            seconds_since_last_row: self.silent_seconds().map(|seconds| rounded(seconds, 1)),
            findings: Vec::new(),
            more_findings: None,
            alerts: AlertCounts::default(),
            summary: String::new(),
        };
        (status, condition)
    }

    fn loss(&self) -> Option<LossStatus> {
        let (loss, head) = self.heads.loss()?;
        let definitions = self.config.map(MetricDefinitions::of_config).unwrap_or_default();
        let best = best(head, definitions.of(&loss.key));
        Some(LossStatus {
            key: loss.key.clone(),
            latest: measured(head.last.value),
            recent: head.recent_mean().and_then(measured),
            first: head.first.and_then(|first| measured(first.value)),
            best: best.and_then(|best| measured(best.value)),
            best_step: best.map(|best| best.step),
            trend: None,
            trend_since_step: None,
            slope_per_1000_steps: None,
        })
    }

    /// A trend stands only behind a loss that is still a number. One that runs away rises, since it began to.
    fn add_trend(&self, status: &mut RunStatus) {
        let total_steps = status.total_steps;
        let Some(loss) = status.loss.as_mut().filter(|loss| loss.latest.is_some()) else { return };
        if let Some(found) = self.known.reckonings.direction(self.heads) {
            loss.trend = Some(found.trend);
            loss.trend_since_step = Some(found.since_step);
            loss.slope_per_1000_steps = finite(significant(found.slope_per_1000_steps, 4));
        }
        if !self.loss_has_rules() {
            return;
        }
        let found = self.known.reckonings.divergences(self.heads);
        if let Some(active) = found.last().filter(|newest| newest.until_step.is_none()) {
            loss.trend = Some(Trend::Rising);
            loss.trend_since_step = Some(active.since_step);
            loss.slope_per_1000_steps = loss.slope_per_1000_steps.filter(|slope| *slope > 0.0);
            return;
        }
        // One that does not move is flat, since it began not to.
        let facts = Facts { total_steps, judges_loss: self.loss_has_rules() };
        let still = self
            .course(facts)
            .iter()
            .find(|finding| finding.until_step.is_none() && STILL.contains(&finding.code.as_str()))
            .and_then(|finding| finding.since_step);
        if let Some(since_step) = still {
            loss.trend = Some(Trend::Flat);
            loss.trend_since_step = Some(since_step);
        }
    }

    fn sentence(&self, status: &RunStatus) -> String {
        let ProcessRecord { exit_code, exit_signal, failure, .. } = &self.record.process;
        summary(
            status,
            Ending { exit_code: *exit_code, exit_signal: *exit_signal, failure: failure.as_deref() },
        )
    }
}

fn remaining(
    pace: &Result<Arc<Pace>, NoEta>,
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
