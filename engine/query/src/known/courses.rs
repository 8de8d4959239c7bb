//! What the rules found in the series of runs, held as long as these say the same at the last look.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use paceline_schema::status::Finding;

use crate::rules::{Facts, Tracks};

/// Runs whose findings are held; with more, all are forgotten.
const MOST_RUNS: usize = 1_000;

/// The findings of runs, by their ids, each with the signature of what it was read from.
#[derive(Default)]
pub(crate) struct KnownCourses(Mutex<HashMap<String, Course>>);

type Course = (u64, Arc<[Finding]>);

impl KnownCourses {
    /// What the rules find in the series of a run.
    pub(crate) fn of(&self, run_id: &str, tracks: &Tracks, facts: &Facts) -> Arc<[Finding]> {
        let signature = tracks.signature(facts);
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(run_id).cloned();
        if let Some((_, findings)) = known.filter(|(known, _)| *known == signature) {
            return findings;
        }
        let findings: Arc<[Finding]> = tracks.findings(facts).into();
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if runs.len() >= MOST_RUNS {
            runs.clear();
        }
        runs.insert(run_id.to_owned(), (signature, Arc::clone(&findings)));
        findings
    }
}
