//! The processes that share a run, each with where it stands.

use std::collections::BTreeSet;

use paceline_schema::status::{Finding, Severity};
use paceline_schema::{RankSummary, RunState, Timestamp};
use paceline_series::PaceTrack;
use paceline_storage::ProcessRecord;

use crate::findings::RANK_LOST;
use crate::state::{Condition, Signs};
use crate::status::RunView;

impl RunView<'_> {
    /// The processes that share the run, by rank; none where one has it to itself.
    pub(crate) fn ranks(&self) -> Vec<RankSummary> {
        let is_shared = !self.record.ranks.is_empty() || self.heads.ranks().any(|(rank, _)| rank > 0);
        if !is_shared {
            return Vec::new();
        }
        let spoken =
            [self.record.process.rank].into_iter().chain(self.record.ranks.iter().map(|rank| rank.rank));
        let known: BTreeSet<u32> = spoken.chain(self.heads.ranks().map(|(rank, _)| rank)).collect();
        known.into_iter().map(|rank| self.rank(rank)).collect()
    }

    /// The processes of other ranks that failed or are gone, in one finding.
    pub(crate) fn lost_ranks(&self) -> Option<Finding> {
        let others = self.record.ranks.iter().filter(|rank| rank.rank != self.record.process.rank);
        let mut lost: Vec<(&ProcessRecord, Condition)> = others
            .map(|rank| (rank, self.condition_of_rank(Some(rank), rank.rank)))
            .filter(|(_, condition)| matches!(condition.state, RunState::Crashed | RunState::Failed))
            .collect();
        lost.sort_by_key(|(_, condition)| condition.ended_at);
        let (first, condition) = lost.first()?;
        let how = match (first.exit_signal, first.exit_code) {
            (Some(signal), _) => format!(" by signal {signal}"),
            (None, Some(code)) => format!(" with status {code}"),
            (None, None) => String::new(),
        };
        let more = match lost.len() - 1 {
            0 => String::new(),
            1 => ", 1 more after it".to_owned(),
            more => format!(", {more} more after it"),
        };
        Some(Finding {
            code: RANK_LOST.to_owned(),
            severity: Severity::Critical,
            evidence: format!("rank {} {}{how}{more}", first.rank, condition.state.as_str()),
            metrics: Vec::new(),
            since_step: None,
            until_step: None,
            hint: None,
        })
    }

    fn rank(&self, rank: u32) -> RankSummary {
        let rows = self.heads.rank(rank);
        let other = self.record.ranks.iter().find(|other| other.rank == rank);
        let condition = self.condition_of_rank(other, rank);
        let of_run = Some(&self.record.process).filter(|process| process.rank == rank);
        let process = other.or(of_run).cloned().unwrap_or_default();
        RankSummary {
            rank,
            state: condition.state,
            rows: rows.map_or(0, |rows| rows.rows),
            last_step: rows.and_then(|rows| rows.max_step),
            last_row_at: rows.and_then(|rows| rows.last_time),
            started_at: process.started_at,
            finished_at: condition.ended_at,
            pid: process.identity.as_ref().map(|identity| identity.pid),
            host: process.identity.map(|identity| identity.host),
            exit_code: process.exit_code,
            exit_signal: process.exit_signal,
            failure: process.failure,
        }
    }

    fn condition_of_rank(&self, record: Option<&ProcessRecord>, rank: u32) -> Condition {
        if record.is_none() && rank == self.record.process.rank {
            return self.condition(None);
        }
        let last_row_at: Option<Timestamp> = self.heads.rank(rank).and_then(|rows| rows.last_time);
        let signs = Signs {
            recorded: record.and_then(|record| record.state),
            liveness: record.and_then(|record| record.liveness),
            began_at: record.and_then(|record| record.started_at),
            heartbeat_at: record.and_then(|record| record.heartbeat_at),
            finished_at: record.and_then(|record| record.finished_at),
            last_row_at,
            pace: &PaceTrack::default(),
            due_evaluation_seconds: None,
        };
        signs.judge(self.now)
    }
}
