//! How fast a run goes: the intervals between its rows, its evaluations and its silences.
//!
//! A session is what one process did, or what lies between two steps back; the pace is read from the newest
//! one, and from the one before while the newest is too short to tell.

use std::collections::VecDeque;

use paceline_schema::Timestamp;
use serde::{Deserialize, Serialize};

use crate::recent::Recent;

/// Most intervals a session keeps; more are merged in neighbouring pairs.
const INTERVAL_CAPACITY: usize = 256;
/// With fewer training rows a session alone does not tell the pace.
const SESSION_ROWS: u64 = 5;

/// What a row reports.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RowKind {
    /// A training step.
    Train,
    /// An evaluation.
    Evaluation {
        /// How long it took, when the row says so.
        seconds: Option<f64>,
    },
}

/// The way between two training rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Time it took, evaluations inside left out.
    pub seconds: f64,
    /// Steps done.
    pub steps: f64,
    /// Training step at its end.
    pub end_step: f64,
}

/// The evaluations of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluations {
    /// Training step of the first.
    pub first_step: i64,
    /// Training step of the newest.
    pub last_step: i64,
    /// How many; rows of the same step are one evaluation.
    pub count: u64,
    recent_micros: Recent<i64, 5>,
}

impl Evaluations {
    /// Durations of the last 5, oldest first.
    pub fn recent_seconds(&self) -> impl ExactSizeIterator<Item = f64> + '_ {
        self.recent_micros.iter().map(seconds)
    }

    fn absorb(&mut self, step: i64, micros: i64) {
        if step == self.last_step
            && let Some(newest) = self.recent_micros.newest_mut()
        {
            *newest = newest.saturating_add(micros);
            return;
        }
        self.last_step = step;
        self.count += 1;
        self.recent_micros.push(micros);
    }
}

/// Time and progress between two training rows, or between more when they were merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Span {
    micros: i64,
    steps: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Moment {
    time: Timestamp,
    step: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Session {
    rows: u64,
    train_rows: u64,
    /// The training row the next interval starts from.
    base: Option<Moment>,
    first_step: i64,
    spans: VecDeque<Span>,
    intervals_per_span: u64,
    intervals_in_newest: u64,
    /// Evaluations since `base`.
    evaluation_micros: i64,
    recent_steps: Recent<i64, 9>,
    recent_gaps: Recent<i64, 32>,
    largest_gap: i64,
    evaluations: Option<Evaluations>,
}

impl Session {
    fn absorb_gap(&mut self, micros: i64) {
        self.recent_gaps.push(micros);
        self.largest_gap = self.largest_gap.max(micros);
    }

    fn absorb_train(&mut self, now: Moment) {
        self.train_rows += 1;
        let Some(base) = self.base else {
            self.first_step = now.step;
            self.evaluation_micros = 0;
            self.base = Some(now);
            return;
        };
        let steps = now.step.saturating_sub(base.step);
        if steps == 0 {
            return;
        }
        let micros = now.time.0.saturating_sub(base.time.0);
        if micros > 0 {
            let training = micros.saturating_sub(self.evaluation_micros).max(micros / 1_000).max(1);
            self.push(Span { micros: training, steps });
            self.recent_steps.push(steps);
            self.evaluation_micros = 0;
        } else if let (Some(span), Some(newest)) = (self.spans.back_mut(), self.recent_steps.newest_mut()) {
            span.steps = span.steps.saturating_add(steps);
            *newest = newest.saturating_add(steps);
        } else {
            self.first_step = now.step;
        }
        self.base = Some(now);
    }

    fn push(&mut self, span: Span) {
        if self.intervals_in_newest < self.intervals_per_span
            && let Some(newest) = self.spans.back_mut()
        {
            newest.micros = newest.micros.saturating_add(span.micros);
            newest.steps = newest.steps.saturating_add(span.steps);
            self.intervals_in_newest += 1;
            return;
        }
        self.intervals_per_span = self.intervals_per_span.max(1);
        if self.spans.len() == INTERVAL_CAPACITY {
            let pairs = self.spans.make_contiguous().chunks(2).map(|pair| Span {
                micros: pair.iter().fold(0, |sum, span| span.micros.saturating_add(sum)),
                steps: pair.iter().fold(0, |sum, span| span.steps.saturating_add(sum)),
            });
            self.spans = pairs.collect();
            self.intervals_per_span = self.intervals_per_span.saturating_mul(2);
        }
        self.spans.push_back(span);
        self.intervals_in_newest = 1;
    }

    fn intervals(&self) -> impl Iterator<Item = Interval> + '_ {
        let mut end_step = self.first_step as f64;
        self.spans.iter().map(move |span| {
            end_step += span.steps as f64;
            Interval { seconds: seconds(span.micros), steps: span.steps as f64, end_step }
        })
    }
}

/// What the rows of a run say about its pace; O(1) to take a row in, at most 512 intervals.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PaceTrack {
    current: Session,
    /// Kept until the current session tells the pace alone.
    previous: Option<Box<Session>>,
    resumed: bool,
    last_row: Option<Moment>,
}

impl PaceTrack {
    /// Another process goes on with the run: the way from the last row to the next is no interval.
    pub fn begin_session(&mut self) {
        if self.current.rows > 0 {
            self.previous = Some(Box::new(std::mem::take(&mut self.current)));
            self.resumed = true;
        }
    }

    /// Takes the next row in. A time before the last row's counts as that row's.
    pub fn absorb(&mut self, time: Timestamp, step: i64, kind: RowKind) {
        let time = self.last_row.map_or(time, |last| last.time.max(time));
        let now = Moment { time, step };
        let stepped_back = kind == RowKind::Train && self.current.base.is_some_and(|base| step < base.step);
        if stepped_back {
            self.begin_session();
        }
        // The way from one session to the next is no gap within either.
        if self.current.rows > 0
            && let Some(last) = self.last_row
        {
            self.current.absorb_gap(time.0.saturating_sub(last.time.0));
        }
        self.current.rows += 1;
        match kind {
            RowKind::Train => self.current.absorb_train(now),
            RowKind::Evaluation { seconds } => {
                let since_row =
                    self.last_row.filter(|last| last.step == step).map(|last| time.seconds_since(last.time));
                let seconds = seconds
                    .filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
                    .or(since_row)
                    .unwrap_or(0.0);
                let micros = Timestamp::from_seconds(seconds).0;
                self.current.evaluation_micros = self.current.evaluation_micros.saturating_add(micros);
                self.current
                    .evaluations
                    .get_or_insert_with(|| Evaluations {
                        first_step: step,
                        last_step: step,
                        count: 0,
                        recent_micros: Recent::default(),
                    })
                    .absorb(step, micros);
            }
        }
        if self.current.train_rows >= SESSION_ROWS {
            self.previous = None;
        }
        self.last_row = Some(now);
    }

    /// Training step the run stands at: of the newest training row, or of an evaluation before any.
    #[must_use]
    pub fn step(&self) -> Option<i64> {
        self.train_step().or(self.last_row.map(|row| row.step))
    }

    /// Training step of the newest training row.
    #[must_use]
    pub fn train_step(&self) -> Option<i64> {
        self.current.base.map(|base| base.step)
    }

    /// Time of the first row by which the run stood at [`Self::train_step`].
    #[must_use]
    pub fn train_step_time(&self) -> Option<Timestamp> {
        self.current.base.map(|base| base.time)
    }

    /// Time of the newest row that takes part.
    #[must_use]
    pub fn last_row_time(&self) -> Option<Timestamp> {
        self.last_row.map(|row| row.time)
    }

    /// The step has gone back at least once, so that the run's start says nothing of the pace.
    #[must_use]
    pub fn has_resumed(&self) -> bool {
        self.resumed
    }

    /// The intervals to read the pace from, oldest first; a step back makes none.
    #[must_use]
    pub fn intervals(&self) -> Vec<Interval> {
        self.sessions().flat_map(Session::intervals).collect()
    }

    /// Steps of the last 9 intervals as they were logged, oldest first.
    #[must_use]
    pub fn recent_steps(&self) -> Vec<f64> {
        let all: Vec<f64> = self
            .sessions()
            .flat_map(|session| session.recent_steps.iter())
            .map(|steps| steps as f64)
            .collect();
        all[all.len().saturating_sub(9)..].to_vec()
    }

    /// The evaluations of the newest session that had one.
    #[must_use]
    pub fn evaluations(&self) -> Option<&Evaluations> {
        self.sessions().filter_map(|session| session.evaluations.as_ref()).last()
    }

    /// Rows of the newest session.
    #[must_use]
    pub fn session_rows(&self) -> u64 {
        self.current.rows
    }

    /// Silences between the last 33 rows of the newest session, in seconds, oldest first.
    pub fn recent_gaps_seconds(&self) -> impl ExactSizeIterator<Item = f64> + '_ {
        self.current.recent_gaps.iter().map(seconds)
    }

    /// Longest silence of the newest session, in seconds.
    #[must_use]
    pub fn largest_gap_seconds(&self) -> f64 {
        seconds(self.current.largest_gap)
    }

    fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.previous.as_deref().into_iter().chain([&self.current])
    }
}

fn seconds(micros: i64) -> f64 {
    Timestamp(micros).seconds()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn track(rows: &[(f64, i64)]) -> PaceTrack {
        let mut track = PaceTrack::default();
        for (time, step) in rows {
            track.absorb(Timestamp::from_seconds(*time), *step, RowKind::Train);
        }
        track
    }

    fn spans(track: &PaceTrack) -> Vec<(f64, f64, f64)> {
        track.intervals().iter().map(|i| (i.seconds, i.steps, i.end_step)).collect()
    }

    #[test]
    fn rows_of_one_time_make_one_interval() {
        let track = track(&[(0.5, 1), (0.5, 3), (1.0, 4), (1.0, 6), (2.0, 6), (2.0, 8), (1.5, 9)]);
        assert_eq!(spans(&track), [(0.5, 3.0, 6.0), (1.0, 3.0, 9.0)]);
        assert_eq!(track.recent_steps(), [3.0, 3.0]);
    }

    #[test]
    fn evaluations_are_taken_out() {
        let mut track = track(&[(0.0, 0), (10.0, 10)]);
        track.absorb(Timestamp::from_seconds(15.0), 10, RowKind::Evaluation { seconds: None });
        track.absorb(Timestamp::from_seconds(18.0), 10, RowKind::Evaluation { seconds: Some(2.0) });
        track.absorb(Timestamp::from_seconds(27.0), 20, RowKind::Train);
        assert_eq!(spans(&track), [(10.0, 10.0, 10.0), (10.0, 10.0, 20.0)]);
        let evaluations = track.evaluations().expect("two rows, one evaluation");
        assert_eq!((evaluations.first_step, evaluations.last_step, evaluations.count), (10, 10, 1));
        assert_eq!(evaluations.recent_seconds().collect::<Vec<_>>(), [7.0]);
    }

    #[test]
    fn the_session_before_counts_until_the_new_one_has_five_rows() {
        let mut rows = vec![(0.0, 10), (1.0, 20), (2.0, 30), (100.0, 10), (102.0, 20)];
        assert_eq!(spans(&track(&rows)), [(1.0, 10.0, 20.0), (1.0, 10.0, 30.0), (2.0, 10.0, 20.0)]);
        assert_eq!(track(&rows).recent_gaps_seconds().collect::<Vec<_>>(), [2.0]);
        rows.extend([(104.0, 30), (106.0, 40), (108.0, 50)]);
        assert_eq!(spans(&track(&rows)).len(), 4);
        assert!(track(&rows).has_resumed());
    }

    proptest! {
        #[test]
        fn merged_intervals_keep_their_totals(rows in proptest::collection::vec((1i64..9_000_000, 1i64..50), 1..3_000)) {
            let mut track = PaceTrack::default();
            let (mut time, mut step) = (0, 0);
            track.absorb(Timestamp(0), 0, RowKind::Train);
            for (gap, steps) in &rows {
                (time, step) = (time + gap, step + steps);
                track.absorb(Timestamp(time), step, RowKind::Train);
            }
            let spans = &track.current.spans;
            prop_assert!(spans.len() <= INTERVAL_CAPACITY);
            prop_assert_eq!(spans.iter().map(|span| span.micros).sum::<i64>(), time);
            prop_assert_eq!(spans.iter().map(|span| span.steps).sum::<i64>(), step);
            prop_assert_eq!(track.intervals().last().map(|last| last.end_step), Some(step as f64));
        }
    }

    #[test]
    fn the_way_between_two_processes_is_no_interval_and_no_gap() {
        let mut track = PaceTrack::default();
        let second = |seconds: f64| Timestamp::from_seconds(seconds);
        for row in 1..=20 {
            track.absorb(second(f64::from(row)), i64::from(row), RowKind::Train);
        }
        track.begin_session();
        for row in 1..=20 {
            track.absorb(second(3_600.0 + f64::from(row)), 20 + i64::from(row), RowKind::Train);
        }
        assert!(track.has_resumed());
        assert!(
            track.intervals().iter().all(|interval| (interval.seconds - 1.0).abs() < 1e-9),
            "{:?}",
            track.intervals()
        );
        assert_eq!(track.intervals().len(), 19);
        assert!((track.largest_gap_seconds() - 1.0).abs() < 1e-9);
    }
}
