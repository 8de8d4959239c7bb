//! The processes that share a run with its rank 0: what each said of itself, beside the run's own record.

use std::collections::HashMap;

use paceline_schema::event::RunKey;
use paceline_schema::{RankOfRun, RunEnd, RunStart, Timestamp};
use rusqlite::{Connection, params, params_from_iter};

use crate::apply::ensure_recorded;
use crate::compat::Shape;
use crate::environments;
use crate::process_record::{PROCESS_COLUMNS, ProcessRecord, identity_columns};

/// Records that a process of another rank than 0 begins to log, unless a newer start of that rank is known.
pub(crate) fn record_start(connection: &Connection, run: &RunKey, start: &RunStart) -> rusqlite::Result<()> {
    ensure_recorded(connection, run, Some(start.time))?;
    let (host, boot_id, pid, start_ticks) = identity_columns(start.process.as_ref());
    connection
        .prepare_cached(
            "INSERT INTO paceline_ranks (run_id, rank, started_at, heartbeat_at, host, boot_id, pid, start_ticks) \
             VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (run_id, rank) DO UPDATE SET \
             started_at = ?3, heartbeat_at = ?3, host = ?4, boot_id = ?5, pid = ?6, start_ticks = ?7, \
             state = NULL, finished_at = NULL, exit_code = NULL, exit_signal = NULL, failure = NULL \
             WHERE started_at IS NULL OR started_at < ?3",
        )?
        .execute(params![
            run.id,
            start.rank,
            start.time.to_string(),
            host,
            boot_id,
            pid,
            start_ticks
        ])?;
    // What rank 0 says of the run comes before; where there is none, somebody has to say it.
    let tags = serde_json::Value::from(start.tags.as_slice()).to_string();
    connection
        .prepare_cached(
            "UPDATE paceline_runs SET command = coalesce(command, ?2), git_commit = coalesce(git_commit, ?3), \
             tags = iif(tags = '[]', ?4, tags), notes = coalesce(notes, ?5) WHERE run_id = ?1",
        )?
        .execute(params![run.id, start.command, start.git_commit, tags, start.notes])?;
    match &start.environment {
        Some(environment) => environments::record_said(connection, run, environment, start.rank),
        None => Ok(()),
    }
}

/// Records how a process of another rank than 0 ended, by the rules for the end of a run.
pub(crate) fn record_end(connection: &Connection, run: &RunKey, end: &RunEnd) -> rusqlite::Result<()> {
    ensure_recorded(connection, run, Some(end.time))?;
    connection
        .prepare_cached(
            "INSERT INTO paceline_ranks (run_id, rank, state, finished_at, exit_code, exit_signal, failure) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (run_id, rank) DO UPDATE SET \
             state = ?3, finished_at = ?4, exit_code = coalesce(?5, exit_code), \
             exit_signal = coalesce(?6, exit_signal), failure = coalesce(?7, failure) \
             WHERE (started_at IS NULL OR started_at <= ?8) AND NOT (?3 = 'crashed' AND finished_at IS NOT NULL)",
        )?
        .execute(params![
            run.id,
            end.rank,
            end.state.as_str(),
            end.time.to_string(),
            end.exit_code,
            end.exit_signal,
            end.failure,
            end.newest_start().to_string()
        ])?;
    Ok(())
}

/// Records that these processes live; one that was taken for crashed lives again.
pub(crate) fn record_heartbeat(
    connection: &Connection,
    ranks: &[RankOfRun],
    time: Timestamp,
) -> rusqlite::Result<()> {
    let mut update = connection.prepare_cached(
        "UPDATE paceline_ranks SET heartbeat_at = ?3, \
         state = iif(state = 'crashed' AND finished_at < ?3, NULL, state), \
         finished_at = iif(state = 'crashed' AND finished_at < ?3, NULL, finished_at) \
         WHERE run_id = ?1 AND rank = ?2 AND (heartbeat_at IS NULL OR heartbeat_at < ?3)",
    )?;
    let time = time.to_string();
    for RankOfRun { run, rank } in ranks {
        update.execute(params![run, rank, time])?;
    }
    Ok(())
}

/// A process of rank 0 has begun to log into the run, so that no other speaks for it.
pub(crate) fn has_rank_0(connection: &Connection, run_id: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM paceline_runs WHERE run_id = ?1 AND started_at IS NOT NULL")?
        .exists([run_id])
}

/// The ranks of all runs, or of those with `id` or `name`, each run's in order.
pub(crate) fn recorded(
    connection: &Connection,
    shape: &Shape,
    selector: Option<&str>,
) -> rusqlite::Result<HashMap<String, Vec<ProcessRecord>>> {
    let mut ranks: HashMap<String, Vec<ProcessRecord>> = HashMap::new();
    if !shape.has_ranks {
        return Ok(ranks);
    }
    let filter = match selector {
        Some(_) => " WHERE run_id IN (SELECT run_id FROM paceline_runs WHERE run_id = ?1 OR run_name = ?1)",
        None => "",
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT run_id, rank, {PROCESS_COLUMNS} FROM paceline_ranks{filter} ORDER BY run_id, rank"
    ))?;
    let mut rows = statement.query(params_from_iter(selector))?;
    while let Some(row) = rows.next()? {
        ranks.entry(row.get(0)?).or_default().push(ProcessRecord::from_row(row, 2, row.get(1)?)?);
    }
    Ok(ranks)
}
