//! Events become rows: the one place that says what each event does to the tables.
//!
//! Applying the events of a run once more changes nothing: rows are told apart by `log_id`, a start that is
//! not newer than the recorded one is ignored, and so is the end of an earlier start.

use std::collections::HashSet;

use paceline_schema::event::RunKey;
use paceline_schema::private_config::PrivateConfig;
use paceline_schema::{Alert, Event, RunEnd, RunStart, SystemSample, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use crate::batch::{Appended, Prepared, PreparedRow, Texts};
use crate::console;
use crate::environments;
use crate::process_record::identity_columns;
use crate::ranks;
use crate::row_writer::RowWriter;
use crate::rows::text;
use crate::runs::free_slots;

/// What a batch did.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Outcome {
    pub(crate) appended: Appended,
    /// Id of the first row of `metrics` stored.
    pub(crate) first_id: Option<i64>,
    /// A run ended.
    pub(crate) ended: bool,
    /// Nothing was stored: the run has no rows.
    pub(crate) is_unknown_run: bool,
    /// Nothing is to be stored: the caller took it back.
    pub(crate) is_withdrawn: bool,
}

impl Outcome {
    /// Adds what a further batch did.
    pub(crate) fn add(&mut self, further: Self) {
        self.appended.rows_stored += further.appended.rows_stored;
        self.appended.rows_duplicate += further.appended.rows_duplicate;
        self.first_id = self.first_id.or(further.first_id);
        self.ended |= further.ended;
        self.is_unknown_run |= further.is_unknown_run;
        self.is_withdrawn |= further.is_withdrawn;
    }
}

/// Applies a batch inside the caller's transaction.
pub(crate) fn apply(connection: &Connection, batch: &mut Prepared) -> rusqlite::Result<Outcome> {
    let mut outcome = Outcome::default();
    if batch.is_of_known_run() && !take_name_of_rows(connection, batch.run_mut())? {
        return Ok(Outcome { is_unknown_run: true, ..outcome });
    }
    take_recorded_name(connection, batch.run_mut())?;
    let (run, events, prepared, texts) = batch.parts();
    let mut prepared = prepared.iter_mut();
    let mut next = || prepared.next().expect("every row and sample of a batch is prepared");
    let mut rows = RowWriter::new(connection, run, texts);
    for event in events {
        if let Event::Row(row) = event {
            rows.insert(row, next())?;
            continue;
        }
        rows.flush()?;
        match event {
            Event::Row(_) => {}
            Event::System(sample) => {
                outcome.appended.count(insert_sample(connection, run, sample, next(), texts)?);
            }
            Event::Start(start) if start.rank > 0 => ranks::record_start(connection, run, start)?,
            Event::Start(start) => {
                record_start(connection, run, start)?;
                rows.run_began_anew();
            }
            Event::Config { rank, .. } | Event::Summary { rank, .. }
                if *rank > 0 && ranks::has_rank_0(connection, &run.id)? => {}
            Event::Config { time, json, .. } => {
                record_labels(connection, run, json)?;
                replace_config(connection, run, *time, json)?;
            }
            Event::Summary { json, .. } => record_summary(connection, run, json)?,
            Event::Console(line) => console::insert(connection, run, line)?,
            Event::Environment(report) => environments::record(connection, run, report)?,
            Event::Alert(alert) => outcome.appended.count(insert_alert(connection, run, alert)?),
            Event::End(end) if end.rank > 0 => ranks::record_end(connection, run, end)?,
            Event::End(end) => {
                record_end(connection, run, end)?;
                outcome.ended = true;
            }
        }
    }
    outcome.add(rows.finish()?);
    Ok(outcome)
}

/// Gives a run the name that its rows have; false where it has none.
fn take_name_of_rows(connection: &Connection, run: &mut RunKey) -> rusqlite::Result<bool> {
    let name: Option<String> = connection
        .prepare_cached("SELECT run_name FROM metrics WHERE run_id = ?1 ORDER BY timestamp DESC LIMIT 1")?
        .query_row([&run.id], |row| text(row, 0))
        .optional()?;
    let has_rows = name.is_some();
    run.name = name.unwrap_or_default();
    Ok(has_rows)
}

/// A run that was renamed while its process logs keeps the new name, which the process does not know.
fn take_recorded_name(connection: &Connection, run: &mut RunKey) -> rusqlite::Result<()> {
    let recorded: Option<String> = connection
        .prepare_cached("SELECT run_name FROM paceline_runs WHERE run_id = ?1 AND run_name <> ?2")?
        .query_row([&run.id, &run.name], |row| row.get(0))
        .optional()?;
    if let Some(name) = recorded {
        run.name = name;
    }
    Ok(())
}

/// Records that the processes of these runs live.
///
/// A run that was taken for crashed lives again.
pub(crate) fn record_heartbeat(
    connection: &Connection,
    run_ids: &[String],
    time: Timestamp,
) -> rusqlite::Result<()> {
    let mut update = connection.prepare_cached(
        "UPDATE paceline_runs SET heartbeat_at = ?2, \
         state = CASE WHEN state = 'crashed' AND finished_at < ?2 THEN iif(has_rows, 'running', 'created') ELSE state END, \
         finished_at = CASE WHEN state = 'crashed' AND finished_at < ?2 THEN NULL ELSE finished_at END \
         WHERE run_id = ?1 AND (heartbeat_at IS NULL OR heartbeat_at < ?2)",
    )?;
    let time = time.to_string();
    for run_id in run_ids {
        update.execute(params![run_id, time])?;
    }
    Ok(())
}

/// The run has rows. One that was only created runs now; one that has ended stays so, since these rows come
/// from the time before.
pub(crate) fn record_rows(connection: &Connection, run_id: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE paceline_runs SET has_rows = 1, state = iif(state = 'created', 'running', state) \
             WHERE run_id = ?1 AND (state = 'created' OR has_rows = 0)",
        )?
        .execute([run_id])?;
    Ok(())
}

fn insert_sample(
    connection: &Connection,
    run: &RunKey,
    sample: &SystemSample,
    prepared: &PreparedRow,
    texts: Texts<'_>,
) -> rusqlite::Result<bool> {
    let inserted = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO system_metrics (run_id, run_name, timestamp, metrics, log_id) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![run.id, run.name, texts.time(prepared), texts.json(prepared), sample.log_id])?;
    Ok(inserted > 0)
}

fn insert_alert(connection: &Connection, run: &RunKey, alert: &Alert) -> rusqlite::Result<bool> {
    let inserted = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO alerts (run_id, timestamp, run_name, title, text, level, step, alert_id) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            run.id,
            alert.time.to_string(),
            run.name,
            alert.title,
            alert.text,
            alert.level.as_str(),
            alert.step,
            alert.alert_id
        ])?;
    Ok(inserted > 0)
}

/// Labels and notes that the script set after the start come with the config. What another one set since
/// stays as it is until the script changes them again.
fn record_labels(connection: &Connection, run: &RunKey, json: &str) -> rusqlite::Result<()> {
    let new = labels(json.as_bytes());
    if new == (None, None) {
        return Ok(());
    }
    let before: Option<Vec<u8>> = connection
        .prepare_cached("SELECT CAST(config AS BLOB) FROM configs WHERE run_id = ?1")?
        .query_row([&run.id], |row| row.get(0))
        .optional()?;
    let (tags_before, notes_before) = before.map(|json| labels(&json)).unwrap_or_default();
    let (tags, notes) = new;
    ensure_recorded(connection, run, None)?;
    if let Some(tags) = tags.filter(|tags| Some(tags) != tags_before.as_ref()) {
        connection
            .prepare_cached("UPDATE paceline_runs SET tags = ?2 WHERE run_id = ?1")?
            .execute(params![run.id, serde_json::Value::from(tags).to_string()])?;
    }
    if let Some(notes) = notes.filter(|notes| Some(notes) != notes_before.as_ref()) {
        connection
            .prepare_cached("UPDATE paceline_runs SET notes = nullif(?2, '') WHERE run_id = ?1")?
            .execute(params![run.id, notes])?;
    }
    Ok(())
}

fn labels(config: &[u8]) -> (Option<Vec<String>>, Option<String>) {
    let config = serde_json::from_slice(config).map(|config| PrivateConfig::of(&config));
    config.map(|config| (config.tags, config.notes)).unwrap_or_default()
}

fn replace_config(
    connection: &Connection,
    run: &RunKey,
    time: Timestamp,
    json: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO configs (run_id, run_name, config, created_at) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![run.id, run.name, json.as_bytes(), time.to_string()])?;
    Ok(())
}

fn record_start(connection: &Connection, run: &RunKey, start: &RunStart) -> rusqlite::Result<()> {
    ensure_recorded(connection, run, Some(start.time))?;
    let (host, boot_id, pid, start_ticks) = identity_columns(start.process.as_ref());
    let tags = serde_json::Value::from(start.tags.as_slice()).to_string();
    let changed = connection
        .prepare_cached(
            "UPDATE paceline_runs SET run_name = ?2, created_at = coalesce(created_at, ?3), \
             started_at = ?3, heartbeat_at = ?3, \
             state = iif(has_rows, 'running', 'created'), \
             finished_at = NULL, exit_code = NULL, exit_signal = NULL, failure = NULL, \
             host = ?4, boot_id = ?5, pid = ?6, start_ticks = ?7, \
             command = coalesce(?8, command), git_commit = coalesce(?9, git_commit), \
             tags = iif(?10 = '[]', tags, ?10), notes = coalesce(?11, notes) \
             WHERE run_id = ?1 AND (started_at IS NULL OR started_at < ?3)",
        )?
        .execute(params![
            run.id,
            run.name,
            start.time.to_string(),
            host,
            boot_id,
            pid,
            start_ticks,
            start.command,
            start.git_commit,
            tags,
            start.notes
        ])?;
    match &start.environment {
        Some(environment) if changed > 0 => {
            environments::record_said(connection, run, environment, start.rank)
        }
        Some(_) | None => Ok(()),
    }
}

fn record_summary(connection: &Connection, run: &RunKey, json: &str) -> rusqlite::Result<()> {
    ensure_recorded(connection, run, None)?;
    connection
        .prepare_cached("UPDATE paceline_runs SET summary = ?2 WHERE run_id = ?1")?
        .execute(params![run.id, json])?;
    Ok(())
}

/// Records an end, unless the run was started again since. A crash is a guess from outside and gives way to
/// what the process said itself, in whichever order the two arrive.
fn record_end(connection: &Connection, run: &RunKey, end: &RunEnd) -> rusqlite::Result<()> {
    ensure_recorded(connection, run, Some(end.time))?;
    connection
        .prepare_cached(
            "UPDATE paceline_runs SET state = ?2, finished_at = ?3, exit_code = coalesce(?4, exit_code), \
             exit_signal = coalesce(?5, exit_signal), failure = coalesce(?6, failure) \
             WHERE run_id = ?1 AND (started_at IS NULL OR started_at <= ?7) \
             AND NOT (?2 = 'crashed' AND finished_at IS NOT NULL)",
        )?
        .execute(params![
            run.id,
            end.state.as_str(),
            end.time.to_string(),
            end.exit_code,
            end.exit_signal,
            end.failure,
            end.newest_start().to_string()
        ])?;
    Ok(())
}

/// Makes the run's record where there is none, with the next free colour. A run that has rows already was
/// created with the first of them.
pub(crate) fn ensure_recorded(
    connection: &Connection,
    run: &RunKey,
    time: Option<Timestamp>,
) -> rusqlite::Result<()> {
    let recorded =
        connection.prepare_cached("SELECT 1 FROM paceline_runs WHERE run_id = ?1")?.exists([&run.id])?;
    if recorded {
        return Ok(());
    }
    let first_row: Option<String> = connection
        .prepare_cached("SELECT min(timestamp) FROM metrics WHERE run_id = ?1")?
        .query_row([&run.id], |row| row.get(0))
        .optional()?
        .flatten();
    let slot = colour_slot(connection, &run.id)?;
    connection
        .prepare_cached(
            "INSERT INTO paceline_runs (run_id, run_name, created_at, colour_slot, has_rows) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            run.id,
            run.name,
            first_row.clone().or_else(|| time.map(|time| time.to_string())),
            slot,
            first_row.is_some()
        ])?;
    Ok(())
}

/// The colour of a run without a record: the free ones go to such runs in the order of their first rows, and
/// a run without rows is the last of them.
pub(crate) fn colour_slot(connection: &Connection, run_id: &str) -> rusqlite::Result<u32> {
    let taken: HashSet<u32> = connection
        .prepare_cached("SELECT colour_slot FROM paceline_runs")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let unrecorded: Vec<String> = connection
        .prepare_cached(
            "WITH RECURSIVE runs(id) AS (SELECT min(run_id) FROM metrics UNION ALL \
             SELECT (SELECT min(run_id) FROM metrics WHERE run_id > runs.id) FROM runs WHERE runs.id IS NOT NULL) \
             SELECT id FROM runs WHERE id IS NOT NULL AND id NOT IN (SELECT run_id FROM paceline_runs) \
             ORDER BY (SELECT min(timestamp) FROM metrics WHERE run_id = runs.id), id",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let place = unrecorded.iter().position(|unrecorded| unrecorded == run_id).unwrap_or(unrecorded.len());
    Ok(free_slots(&taken).nth(place).expect("there are more slots than runs"))
}
