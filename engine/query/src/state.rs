//! Where a run stands, from what its process said, whether it lives, and how long it has been silent.

use paceline_schema::{RunState, StateSource, Timestamp};
use paceline_series::PaceTrack;
use paceline_storage::Liveness;

use crate::level::median;

/// A process on another host that says nothing for so long is gone.
const LOST_SECONDS: f64 = 600.0;
/// No silence shorter than this is a stall.
const LEAST_STALL_SECONDS: f64 = 300.0;
/// While there are few rows the run may still compile or download.
const START_STALL_SECONDS: f64 = 600.0;
/// From so many rows of a session on, their gaps tell what is usual.
const TELLING_ROWS: u64 = 4;

/// What is known of a run's process and rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signs<'a> {
    /// State as the process or its watcher recorded it.
    pub(crate) recorded: Option<RunState>,
    /// Whether the process lives; `None` when no process is known.
    pub(crate) liveness: Option<Liveness>,
    /// When the newest process began, or the run was created.
    pub(crate) began_at: Option<Timestamp>,
    /// Newest heartbeat.
    pub(crate) heartbeat_at: Option<Timestamp>,
    /// When the recorded end was.
    pub(crate) finished_at: Option<Timestamp>,
    /// Newest row.
    pub(crate) last_row_at: Option<Timestamp>,
    /// The gaps between rows.
    pub(crate) pace: &'a PaceTrack,
    /// Seconds of training between two evaluations, when one is due.
    pub(crate) due_evaluation_seconds: Option<f64>,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Condition {
    /// The state.
    pub(crate) state: RunState,
    /// What it was derived from.
    pub(crate) source: StateSource,
    /// When the run ended, or the last sign of it when nothing recorded the end.
    pub(crate) ended_at: Option<Timestamp>,
    /// Silence that would have been no reason to worry, in seconds.
    pub(crate) allowed_silence_seconds: f64,
}

impl Condition {
    /// Whether the run goes on. One that is known by its rows alone and is silent for too long may have ended without a
    /// word: what matters only while a run goes on says nothing of it.
    #[must_use]
    pub(crate) fn goes_on(&self) -> bool {
        let is_silent = self.state == RunState::Stalled && self.source == StateSource::Rows;
        !self.state.has_ended() && !is_silent
    }
}

impl Signs<'_> {
    /// Judges the signs at `now`.
    #[must_use]
    pub(crate) fn judge(&self, now: Timestamp) -> Condition {
        let allowed_silence_seconds = self.allowed_silence_seconds();
        let said = |state, source, ended_at| Condition { state, source, ended_at, allowed_silence_seconds };
        let last_sign = self.heartbeat_at.max(self.last_row_at).max(self.began_at);
        if let Some(state) = self.recorded.filter(|state| state.has_ended()) {
            let revived = state == RunState::Crashed && self.heartbeat_at > self.finished_at;
            if !revived {
                return said(state, StateSource::Process, self.finished_at.or(last_sign));
            }
        }
        let lost = last_sign.is_some_and(|sign| now.seconds_since(sign) > LOST_SECONDS);
        // The start itself counts as the first heartbeat; later ones mean that somebody sends them.
        let sends_heartbeats = self.liveness.is_some() || self.heartbeat_at > self.began_at;
        let is_gone = match self.liveness {
            Some(Liveness::Gone) => true,
            Some(Liveness::Alive) => false,
            Some(Liveness::Elsewhere) | None => sends_heartbeats && lost,
        };
        let source = if sends_heartbeats { StateSource::Process } else { StateSource::Rows };
        if is_gone {
            return said(RunState::Crashed, source, last_sign);
        }
        let state = match self.last_row_at {
            None => RunState::Created,
            Some(row)
                if now.seconds_since(self.began_at.map_or(row, |began| began.max(row)))
                    > allowed_silence_seconds =>
            {
                RunState::Stalled
            }
            Some(_) => RunState::Running,
        };
        said(state, source, None)
    }

    fn allowed_silence_seconds(&self) -> f64 {
        let process_is_new = self.began_at > self.last_row_at;
        if process_is_new || self.pace.session_rows() < TELLING_ROWS {
            return START_STALL_SECONDS;
        }
        let usual = median(self.pace.recent_gaps_seconds().collect()).unwrap_or(0.0);
        (5.0 * usual)
            .max(2.0 * self.pace.largest_gap_seconds())
            .max(LEAST_STALL_SECONDS)
            .max(self.due_evaluation_seconds.unwrap_or(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use paceline_series::RowKind;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    /// Ten rows, one each 20 s from 0 on; the newest at 180 s.
    fn pace() -> PaceTrack {
        let mut pace = PaceTrack::default();
        (0..10).for_each(|row| pace.absorb(at(f64::from(row) * 20.0), i64::from(row), RowKind::Train));
        pace
    }

    fn signs(pace: &PaceTrack) -> Signs<'_> {
        Signs {
            recorded: Some(RunState::Running),
            liveness: Some(Liveness::Alive),
            began_at: Some(at(0.0)),
            heartbeat_at: Some(at(0.0)),
            finished_at: None,
            last_row_at: Some(at(180.0)),
            pace,
            due_evaluation_seconds: None,
        }
    }

    fn judged(signs: &Signs<'_>, seconds: f64) -> (RunState, StateSource) {
        let condition = signs.judge(at(seconds));
        (condition.state, condition.source)
    }

    #[test]
    fn a_living_process_runs_stalls_and_is_created() {
        let pace = pace();
        let signs = signs(&pace);
        assert_eq!(judged(&signs, 480.0), (RunState::Running, StateSource::Process));
        assert_eq!(judged(&signs, 481.0), (RunState::Stalled, StateSource::Process));
        assert_eq!(
            judged(&Signs { due_evaluation_seconds: Some(900.0), ..signs }, 1_000.0).0,
            RunState::Running
        );
        assert_eq!(
            judged(&Signs { began_at: Some(at(400.0)), ..signs }, 990.0).0,
            RunState::Running,
            "resumed"
        );
        let no_rows = PaceTrack::default();
        let created = Signs { last_row_at: None, pace: &no_rows, ..signs };
        assert_eq!(judged(&created, 5_000.0).0, RunState::Created);
    }

    #[test]
    fn a_gone_process_crashed_unless_it_said_how_it_ended() {
        let pace = pace();
        let gone = Signs { liveness: Some(Liveness::Gone), ..signs(&pace) };
        assert_eq!(judged(&gone, 181.0), (RunState::Crashed, StateSource::Process));
        assert_eq!(gone.judge(at(500.0)).ended_at, Some(at(180.0)));
        for state in [RunState::Finished, RunState::Failed] {
            let ended = Signs { recorded: Some(state), finished_at: Some(at(185.0)), ..gone };
            assert_eq!(judged(&ended, 9_000.0).0, state);
        }
    }

    #[test]
    fn another_host_is_believed_for_ten_minutes_and_revived_by_its_heartbeat() {
        let pace = pace();
        let far =
            Signs { liveness: Some(Liveness::Elsewhere), heartbeat_at: Some(at(190.0)), ..signs(&pace) };
        assert_eq!(judged(&far, 400.0).0, RunState::Running);
        assert_eq!(judged(&far, 790.0).0, RunState::Stalled);
        assert_eq!(judged(&far, 791.0).0, RunState::Crashed);
        let recorded = Signs { recorded: Some(RunState::Crashed), finished_at: Some(at(791.0)), ..far };
        assert_eq!(judged(&recorded, 800.0).0, RunState::Crashed);
        assert_eq!(judged(&Signs { heartbeat_at: Some(at(795.0)), ..recorded }, 800.0).0, RunState::Stalled);
    }

    #[test]
    fn rows_alone_run_or_stall_and_never_crash() {
        let pace = pace();
        let rows = Signs { liveness: None, ..signs(&pace) };
        assert_eq!(judged(&rows, 200.0), (RunState::Running, StateSource::Rows));
        assert_eq!(judged(&rows, 1e6), (RunState::Stalled, StateSource::Rows));
        assert_eq!(judged(&Signs { heartbeat_at: Some(at(200.0)), ..rows }, 1e6).0, RunState::Crashed);
    }

    #[test]
    fn a_run_of_rows_alone_goes_on_until_it_is_silent_for_too_long() {
        let pace = pace();
        let signs = signs(&pace);
        let rows = Signs { liveness: None, ..signs };
        assert!(rows.judge(at(200.0)).goes_on() && !rows.judge(at(1e6)).goes_on());
        assert!(signs.judge(at(1e6)).goes_on(), "a process that lives");
        assert!(!Signs { liveness: Some(Liveness::Gone), ..signs }.judge(at(181.0)).goes_on());
    }

    #[test]
    fn few_rows_get_ten_minutes() {
        let mut pace = PaceTrack::default();
        pace.absorb(at(180.0), 1, RowKind::Train);
        assert_eq!(judged(&signs(&pace), 780.0).0, RunState::Running);
        assert_eq!(judged(&signs(&pace), 781.0).0, RunState::Stalled);
    }
}
