//! What the newest samples of the machine tell of runs, read again only where there is another sample.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use paceline_schema::Timestamp;
use paceline_schema::status::Finding;
use paceline_storage::{Reader, RowsOf, StorageError};

use crate::rules::{SAMPLES, machine_findings};

/// Runs whose findings are held; with more, all are forgotten.
const MOST_RUNS: usize = 1_000;

/// What was found, by the run.
#[derive(Default)]
pub(crate) struct KnownMachines(Mutex<HashMap<String, Known>>);

#[derive(Clone)]
struct Known {
    file: String,
    newest_id: i64,
    started_at: Option<Timestamp>,
    findings: Vec<Finding>,
}

impl KnownMachines {
    /// What the samples of a run tell that began at `started_at`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn of(
        &self,
        reader: &Reader<'_>,
        run_id: &str,
        started_at: Option<Timestamp>,
    ) -> Result<Vec<Finding>, StorageError> {
        let newest = reader.newest_rows(RowsOf::System, run_id, 1)?;
        let Some(newest_id) = newest.last().map(|row| row.id) else { return Ok(Vec::new()) };
        let file = reader.file_identity();
        let is_same = |known: &Known| {
            known.file == file && known.newest_id == newest_id && known.started_at == started_at
        };
        if let Some(known) = self.runs().get(run_id).filter(|known| is_same(known)) {
            return Ok(known.findings.clone());
        }
        let findings = machine_findings(&reader.newest_rows(RowsOf::System, run_id, SAMPLES)?, started_at);
        let mut runs = self.runs();
        if runs.len() >= MOST_RUNS {
            runs.clear();
        }
        let known = Known { file, newest_id, started_at, findings: findings.clone() };
        runs.insert(run_id.to_owned(), known);
        Ok(findings)
    }

    fn runs(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
