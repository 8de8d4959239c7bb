//! What is recorded of one process that logs into a run: who it is, when it began and lived, and how it ended.

use paceline_journal::process::{Liveness, liveness};
use paceline_schema::{ProcessIdentity, RunState, Timestamp};
use rusqlite::{Connection, Row, params};

use crate::rows::{optional_text, time};

/// The columns that [`ProcessRecord::from_row`] reads, of `paceline_runs` as of `paceline_ranks`.
pub(crate) const PROCESS_COLUMNS: &str = "state, started_at, heartbeat_at, finished_at, exit_code, exit_signal, \
    failure, host, boot_id, pid, start_ticks";

/// One process of a run; all but the rank is empty where only rows tell of the run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProcessRecord {
    /// Its rank among those that share the run.
    pub rank: u32,
    /// The state last recorded: for rank 0 that of the run, for others the one they ended in.
    pub state: Option<RunState>,
    /// When it began to log.
    pub started_at: Option<Timestamp>,
    /// When it was last known to live.
    pub heartbeat_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Exit status.
    pub exit_code: Option<i32>,
    /// Signal that ended it.
    pub exit_signal: Option<i32>,
    /// Exception nobody caught in it.
    pub failure: Option<String>,
    /// Who it is; `None` for runs that came over HTTP.
    pub identity: Option<ProcessIdentity>,
    /// Whether it lives; `None` when it has ended or is not known.
    pub liveness: Option<Liveness>,
}

impl ProcessRecord {
    /// From [`PROCESS_COLUMNS`], the first of which is at `first`.
    pub(crate) fn from_row(row: &Row<'_>, first: usize, rank: u32) -> rusqlite::Result<Self> {
        let moment = |column| Ok::<_, rusqlite::Error>(time(row.get_ref(first + column)?));
        let identity = match (row.get(first + 7)?, row.get(first + 9)?) {
            (Some(host), Some(pid)) => Some(ProcessIdentity {
                host,
                pid,
                boot_id: row.get::<_, Option<String>>(first + 8)?.unwrap_or_default(),
                start_ticks: row.get::<_, Option<i64>>(first + 10)?.unwrap_or_default() as u64,
            }),
            _ => None,
        };
        let state = optional_text(row, first)?.and_then(|word| RunState::parse(&word));
        let has_ended = state.is_some_and(RunState::has_ended);
        Ok(Self {
            rank,
            state,
            started_at: moment(1)?,
            heartbeat_at: moment(2)?,
            finished_at: moment(3)?,
            exit_code: row.get(first + 4)?,
            exit_signal: row.get(first + 5)?,
            failure: optional_text(row, first + 6)?,
            liveness: identity.as_ref().filter(|_| !has_ended).map(liveness),
            identity,
        })
    }

    /// Its end, or the start of another process in its place, was recorded after this record was read.
    pub(crate) fn has_changed_since(&self, run_id: &str, now: &Connection) -> rusqlite::Result<bool> {
        let (table, rank) = if self.rank == 0 { ("paceline_runs", "0") } else { ("paceline_ranks", "rank") };
        now.prepare_cached(&format!(
            "SELECT 1 FROM {table} WHERE run_id = ?1 AND {rank} = ?2 \
             AND (finished_at IS NOT NULL OR started_at IS NOT ?3)"
        ))?
        .exists(params![run_id, self.rank, self.started_at.map(|time| time.to_string())])
    }

    /// It ended, or is gone.
    pub(crate) fn is_over(&self) -> bool {
        self.state.is_some() || self.liveness == Some(Liveness::Gone)
    }
}

/// The columns `host`, `boot_id`, `pid` and `start_ticks` of a process.
pub(crate) type IdentityColumns<'a> = (Option<&'a str>, Option<&'a str>, Option<u32>, Option<i64>);

/// What to store of who logs.
pub(crate) fn identity_columns(process: Option<&ProcessIdentity>) -> IdentityColumns<'_> {
    process.map_or((None, None, None, None), |process| {
        let ProcessIdentity { host, boot_id, pid, start_ticks } = process;
        (Some(host), Some(boot_id), Some(*pid), Some(*start_ticks as i64))
    })
}
