//! Remaining time and its 80 % interval, from the pace of the run itself.
//!
//! A local level whose drift is chosen by likelihood follows the pace; evaluations and pauses are taken
//! out of it and their expected future share is added. The interval comes from the filter's own variance.

use paceline_schema::Timestamp;
use paceline_series::{Evaluations, Interval, PaceTrack};

use crate::level::{Busy, Level, Pause, filter, median, merge, take_out_pauses};

/// A trend is believed from this share of explained variance on.
const TREND_EXPLAINED: f64 = 0.9;
/// The sum of pauses that come at random is as often above as below its mean less a third of a pause, as that of a gamma
/// distribution is (Chen and Rubin, 1986); what is told should not be wrong to one side more often.
const MEDIAN_BELOW_MEAN: f64 = 1.0 / 3.0;
/// With fewer intervals an earlier pace is none.
const FEWEST_EARLIER: usize = 3;

/// Why there is no remaining time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoEta {
    /// How many steps the run will have is not known.
    NoTotal,
    /// No two training rows, nor one after the start, tell a pace.
    NoRows,
    /// The run is beyond its total, so the total is wrong.
    TotalPassed,
    /// The run has ended.
    NotRunning,
}

impl NoEta {
    /// The word in answers.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NoTotal => "no_total",
            Self::NoRows => "no_rows",
            Self::TotalPassed => "total_passed",
            Self::NotRunning => "not_running",
        }
    }
}

/// The remaining time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Eta {
    /// Expected seconds until the end.
    pub(crate) seconds: f64,
    /// Lower end of the 80 % interval.
    pub(crate) low_seconds: f64,
    /// Upper end of the 80 % interval.
    pub(crate) high_seconds: f64,
    /// Seconds per step expected for the rest.
    pub(crate) seconds_per_step: f64,
    /// Seconds until the next row that are no reason to worry.
    pub(crate) expected_gap_seconds: f64,
}

/// The pace of a run as its rows tell it, whatever its total.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    /// Pauses taken out.
    intervals: Vec<Interval>,
    pauses: Vec<Pause>,
    /// A silence that tells nothing of the future, but when things were.
    interruption: Option<Pause>,
    evaluations: Option<EvaluationPlan>,
    level: Level,
    step: f64,
    steps: f64,
    row_steps: f64,
    last_row_time: Timestamp,
}

#[derive(Debug, Clone, Copy)]
struct EvaluationPlan {
    last_step: f64,
    period: f64,
    seconds: f64,
    count: f64,
}

/// Mean pace of a group of neighbouring intervals.
#[derive(Debug, Clone, Copy)]
struct Block {
    middle_step: f64,
    seconds_per_step: f64,
}

impl Pace {
    /// Reads the pace. `started_at` is where the first row is counted from when there is only one.
    ///
    /// # Errors
    /// [`NoEta::NoRows`] when no interval can be made.
    pub(crate) fn read(track: &PaceTrack, started_at: Option<Timestamp>) -> Result<Self, NoEta> {
        let (step, last_row_time) = track.train_step().zip(track.last_row_time()).ok_or(NoEta::NoRows)?;
        let mut intervals = track.intervals();
        if intervals.is_empty() {
            intervals.extend(first_interval(track, started_at));
        }
        if intervals.is_empty() {
            return Err(NoEta::NoRows);
        }
        let row_steps = median(track.recent_steps()).unwrap_or(intervals[0].steps);
        let intervals = merge(&intervals);
        let Busy { intervals, pauses, interruption } = take_out_pauses(intervals);
        let steps = intervals.iter().map(|interval| interval.steps).sum();
        let level = filter(&intervals);
        let evaluations = track.evaluations().and_then(|seen| EvaluationPlan::read(seen, step as f64));
        Ok(Self {
            intervals,
            pauses,
            interruption,
            evaluations,
            level,
            step: step as f64,
            steps,
            row_steps,
            last_row_time,
        })
    }

    /// Seconds per step now, evaluations and pauses left out.
    #[must_use]
    pub(crate) fn seconds_per_step(&self) -> f64 {
        self.level.seconds_per_step
    }

    /// The pace as it was so many intervals ago, and when that was; `None` where too few are left.
    #[must_use]
    pub(crate) fn earlier(&self, intervals: usize) -> Option<(Self, Timestamp)> {
        let kept = self.intervals.len().checked_sub(intervals).filter(|kept| *kept >= FEWEST_EARLIER)?;
        let (before, after) = self.intervals.split_at(kept);
        let step = before.last()?.end_step;
        let (pauses, later): (Vec<Pause>, Vec<Pause>) =
            self.pauses.iter().partition(|pause| pause.step < step);
        let (interruption, interrupted) = match self.interruption {
            Some(pause) if pause.step >= step => (None, pause.seconds),
            other => (other, 0.0),
        };
        let trained: f64 = after.iter().map(|interval| interval.seconds).sum();
        let paused: f64 = later.iter().map(|pause| pause.seconds).sum();
        let evaluated = self.evaluations.map_or(0.0, |plan| plan.seconds_since(step));
        let since = trained + paused + interrupted + evaluated;
        let last_row_time = Timestamp::from_seconds(self.last_row_time.seconds() - since);
        let earlier = Self {
            intervals: before.to_vec(),
            pauses,
            interruption,
            evaluations: self.evaluations.map(|plan| plan.before(step)),
            level: filter(before),
            step,
            steps: before.iter().map(|interval| interval.steps).sum(),
            last_row_time,
            ..*self
        };
        Some((earlier, last_row_time))
    }

    /// How many intervals it was read from.
    #[must_use]
    pub(crate) fn interval_count(&self) -> usize {
        self.intervals.len()
    }

    /// Seconds of training between two evaluations, when one is due now.
    #[must_use]
    pub(crate) fn due_evaluation_seconds(&self) -> Option<f64> {
        let plan = self.evaluations.filter(|plan| plan.is_due(self.step))?;
        Some(self.level.seconds_per_step * plan.period)
    }

    /// The remaining time at `now` if the run ends at step `total`.
    ///
    /// # Errors
    /// [`NoEta::TotalPassed`] when the run is beyond `total`.
    pub(crate) fn remaining(&self, now: Timestamp, total: f64) -> Result<Eta, NoEta> {
        let remaining = total - self.step;
        if remaining < 0.0 {
            return Err(NoEta::TotalPassed);
        }
        let n = self.intervals.len() as f64;
        let blocks = self.blocks();
        let trend = self.trend(&blocks, remaining);
        let pace = self.level.seconds_per_step * trend.exp();

        let pauses = self.pauses_to_come(remaining, total);
        let evaluations = self.evaluations.map_or(0.0, |plan| plan.seconds_to_come(total));
        let due = self.evaluations.filter(|plan| plan.is_due(self.step)).map_or(0.0, |plan| plan.seconds);
        let gap = pace * self.row_steps + due;
        let work = remaining * pace + pauses + evaluations;
        let age = now.seconds_since(self.last_row_time).max(0.0);
        let already_done = if remaining == 0.0 { age.min(evaluations) } else { age.min(gap) };
        let seconds = (work - already_done).max(0.0);

        let reach = (remaining / self.steps).min(9.0);
        let horizon = (remaining / (self.steps / n)).max(0.5);
        let Level { noise, uncertainty, drift_ratio, .. } = self.level;
        let share = |part: f64| if work > 0.0 { (part / work).powi(2) } else { 0.0 };
        let variance = 1e-4
            + 2.2 * (noise * (uncertainty + 1.0 / horizon)).min(4.0)
            + (noise * drift_ratio * horizon / 3.0).min(1.0)
            + 0.45 * self.dispersion(&blocks)
            + 0.017 * reach / n
            + 1.5 * share(pauses) / (self.pauses.len() as f64).max(1.0)
            + 0.35 * share(evaluations) / self.evaluations.map_or(1.0, |plan| plan.count)
            + 0.25 * trend.powi(2)
            + 0.001 * reach;
        let spread = variance.sqrt();
        let quantum = if seconds > 0.0 { (0.1 * gap / seconds).min(0.4) } else { 0.4 };
        Ok(Eta {
            seconds,
            low_seconds: seconds * (-spread - quantum).exp(),
            high_seconds: seconds * (1.12 * spread + quantum).exp(),
            seconds_per_step: pace,
            expected_gap_seconds: gap,
        })
    }

    fn blocks(&self) -> Vec<Block> {
        let n = self.intervals.len();
        let count = (n / 2).min(8);
        (0..count)
            .map(|block| {
                let part = &self.intervals[block * n / count..(block + 1) * n / count];
                let steps: f64 = part.iter().map(|interval| interval.steps).sum();
                let seconds: f64 = part.iter().map(|interval| interval.seconds).sum();
                let end = part.last().map_or(self.step, |interval| interval.end_step);
                Block { middle_step: end - steps / 2.0, seconds_per_step: seconds / steps }
            })
            .collect()
    }

    /// Logarithm of how much slower the rest will be, when the pace follows a line nearly perfectly.
    fn trend(&self, blocks: &[Block], remaining: f64) -> f64 {
        if blocks.len() < 6 {
            return 0.0;
        }
        let count = blocks.len() as f64;
        let mean_step = blocks.iter().map(|block| block.middle_step).sum::<f64>() / count;
        let mean_pace = blocks.iter().map(|block| block.seconds_per_step).sum::<f64>() / count;
        let deviations =
            blocks.iter().map(|block| (block.middle_step - mean_step, block.seconds_per_step - mean_pace));
        let (mut steps, mut both, mut paces) = (0.0, 0.0, 0.0);
        for (step, pace) in deviations {
            steps += step * step;
            both += step * pace;
            paces += pace * pace;
        }
        if steps <= 0.0 || paces <= 0.0 {
            return 0.0;
        }
        let slope = both / steps;
        let explained = both * both / (steps * paces);
        if explained <= TREND_EXPLAINED {
            return 0.0;
        }
        let level = self.level.seconds_per_step;
        let here = mean_pace + slope * (self.step - mean_step);
        let future = (here + slope * remaining.min(1.5 * self.steps) / 2.0).clamp(0.4 * level, 3.0 * level);
        (future / level).ln() * (explained - TREND_EXPLAINED) / (1.0 - TREND_EXPLAINED)
    }

    /// Relative variance between the blocks that the noise of the intervals does not explain.
    fn dispersion(&self, blocks: &[Block]) -> f64 {
        if blocks.len() < 4 {
            return 0.0;
        }
        let n = self.intervals.len() as f64;
        let count = blocks.len() as f64;
        let between = relative_squares(blocks.iter().map(|block| block.seconds_per_step)) / (count - 1.0);
        let within =
            relative_squares(self.intervals.iter().map(|interval| interval.seconds / interval.steps)) / n;
        (between - 8.0 / n * within).max(0.0)
    }

    fn pauses_to_come(&self, remaining: f64, total: f64) -> f64 {
        let sum: f64 = self.pauses.iter().map(|pause| pause.seconds).sum();
        let count = self.pauses.len() as f64;
        let by_rate = sum / count.max(1.0) * (count / self.steps * remaining - MEDIAN_BELOW_MEAN).max(0.0);
        let (Some(first), Some(last), Some(newest)) =
            (self.pauses.first(), self.pauses.last(), self.intervals.last())
        else {
            return 0.0;
        };
        if self.pauses.len() < 2 {
            return by_rate;
        }
        let period = (last.step - first.step) / (count - 1.0);
        let tolerance = (0.12 * period).max(1.01 * newest.steps);
        let regular =
            self.pauses.windows(2).all(|pair| (pair[1].step - pair[0].step - period).abs() <= tolerance);
        let overdue = last.step + period + tolerance < self.step;
        if !regular || overdue || period <= 0.0 {
            return by_rate;
        }
        sum / count * ((total + newest.steps / 2.0 - last.step) / period).floor().max(0.0)
    }
}

impl EvaluationPlan {
    fn read(seen: &Evaluations, step: f64) -> Option<Self> {
        let (first, last) = (seen.first_step as f64, seen.last_step as f64);
        let period = if seen.count > 1 { (last - first) / (seen.count - 1) as f64 } else { last };
        let durations = seen.recent_seconds();
        let count = durations.len() as f64;
        if period <= 0.0 || count == 0.0 {
            return None;
        }
        let seconds = durations.sum::<f64>() / count;
        // It may have been seen before a resume.
        Some(Self { last_step: last, period, seconds, count: seen.count as f64 }.before(step))
    }

    /// The same where a run stood at `step`: as many whole periods earlier as bring it there.
    fn before(self, step: f64) -> Self {
        let ahead = ((self.last_step - step) / self.period).ceil().max(0.0);
        Self { last_step: self.last_step - self.period * ahead, ..self }
    }

    /// What the evaluations took that were made since the run stood at `step`.
    fn seconds_since(self, step: f64) -> f64 {
        let made = ((self.last_step - step) / self.period).floor() + 1.0;
        self.seconds * made.clamp(0.0, self.count)
    }

    fn is_due(self, step: f64) -> bool {
        self.last_step + self.period <= step
    }

    fn seconds_to_come(self, total: f64) -> f64 {
        self.seconds * ((total - self.last_step) / self.period).floor().max(0.0)
    }
}

/// From the start of the run to its only training row.
fn first_interval(track: &PaceTrack, started_at: Option<Timestamp>) -> Option<Interval> {
    let (step, time) = track.train_step().zip(track.train_step_time())?;
    let seconds = time.seconds_since(started_at?);
    let usable = !track.has_resumed() && step > 0 && seconds > 0.0;
    usable.then_some(Interval { seconds, steps: step as f64, end_step: step as f64 })
}

/// Sum of the squared deviations from the mean, relative to it.
fn relative_squares(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let mean = values.clone().sum::<f64>() / values.clone().count() as f64;
    values.map(|value| (value / mean - 1.0).powi(2)).sum()
}

#[cfg(test)]
mod replays;
#[cfg(test)]
mod tests {
    use super::*;
    use paceline_series::RowKind;
    use proptest::prelude::*;
    use serde_json::Value;

    const VECTORS: &str = include_str!("../../../tests/fixtures/eta-vectors.json");

    fn track(rows: &[Value]) -> PaceTrack {
        let mut track = PaceTrack::default();
        for row in rows {
            let kind = match row[2].as_i64() {
                Some(0) => RowKind::Train,
                _ => RowKind::Evaluation { seconds: row[3].as_f64() },
            };
            let time = Timestamp::from_seconds(row[0].as_f64().expect("a time"));
            track.absorb(time, row[1].as_i64().expect("a step"), kind);
        }
        track
    }

    #[test]
    fn the_vectors_agree() {
        let vectors: Value = serde_json::from_str(VECTORS).expect("the fixture is JSON");
        let vectors = vectors["vectors"].as_array().expect("a list");
        assert!(vectors.len() >= 12);
        for vector in vectors {
            let name = &vector["name"];
            let number = |value: &Value| value.as_f64().expect("a number");
            let rows = vector["rows"].as_array().expect("rows");
            let start = Timestamp::from_seconds(number(&vector["t0"]));
            let pace = Pace::read(&track(rows), Some(start)).expect("every vector has rows");
            let found =
                pace.remaining(Timestamp::from_seconds(number(&vector["now"])), number(&vector["total"]));
            if vector["expect"].is_null() {
                assert_eq!(found, Err(NoEta::TotalPassed), "{name}");
                continue;
            }
            let found = found.expect("there is an answer");
            let (relative, absolute) =
                (number(&vector["tolerance"]["rel"]), number(&vector["tolerance"]["abs_s"]));
            for (what, value) in [
                ("eta", found.seconds),
                ("low", found.low_seconds),
                ("high", found.high_seconds),
                ("pace", found.seconds_per_step),
                ("expected_gap", found.expected_gap_seconds),
            ] {
                let expected = number(&vector["expect"][what]);
                assert!(
                    (value - expected).abs() <= relative * expected + absolute,
                    "{name} {what} {value} {expected}"
                );
            }
            let inner = &vector["inner"];
            let quantum = (0.1 * found.expected_gap_seconds / found.seconds).min(0.4);
            let spread = (found.seconds / found.low_seconds).ln() - quantum;
            assert!((spread - number(&inner["s"])).abs() < 1e-4, "{name} s {spread} {}", inner["s"]);
            assert_eq!(pace.intervals.len() as u64, inner["n"].as_u64().expect("n"), "{name}");
            assert_eq!(pace.pauses.len() as u64, inner["pauses"].as_u64().expect("pauses"), "{name}");
            let evaluations = pace.evaluations.map_or(0.0, |plan| plan.count);
            assert_eq!(evaluations, number(&inner["evals"]), "{name}");
            let trend = (found.seconds_per_step / pace.seconds_per_step()).ln();
            assert!(
                (trend - number(&inner["trend"])).abs() < 1e-4,
                "{name} trend {trend} {}",
                inner["trend"]
            );
        }
    }

    #[test]
    fn an_earlier_pace_is_that_of_its_time() {
        // A step takes 10 s, each tenth is evaluated for 30 s, and at step 25 the run was away.
        let mut track = PaceTrack::default();
        let (mut time, mut times) = (0.0, Vec::new());
        for step in 0..=40 {
            time += if step == 25 { 4_010.0 } else { 10.0 };
            track.absorb(Timestamp::from_seconds(time), step, RowKind::Train);
            times.push(Timestamp::from_seconds(time));
            if step % 10 == 0 {
                time += 30.0;
                let kind = RowKind::Evaluation { seconds: Some(30.0) };
                track.absorb(Timestamp::from_seconds(time), step, kind);
            }
        }
        let pace = Pace::read(&track, None).expect("it has rows");
        assert_eq!((pace.pauses.len(), pace.interruption.map(|pause| pause.seconds)), (0, Some(4_000.0)));
        for step in [35, 30, 26, 25, 24, 20, 11] {
            let (earlier, at) = pace.earlier(40 - step).expect("enough are left");
            assert_eq!(at, times[step], "step {step}");
            let plan = earlier.evaluations.expect("some were seen");
            assert_eq!(plan.last_step, (step / 10 * 10) as f64, "step {step}");
        }
    }

    #[test]
    fn one_row_at_the_start_tells_nothing() {
        let mut track = PaceTrack::default();
        assert_eq!(Pace::read(&track, None).err(), Some(NoEta::NoRows));
        track.absorb(Timestamp(5), 10, RowKind::Train);
        assert_eq!(Pace::read(&track, Some(Timestamp(5))).err(), Some(NoEta::NoRows));
        assert!(Pace::read(&track, Some(Timestamp(4))).is_ok());
    }

    /// Seconds since the row before, steps since the row before, whether it is an evaluation.
    type LaterRow = (f64, i64, bool);

    fn absorb(rows: &[LaterRow], offset: f64, scale: f64) -> (PaceTrack, f64) {
        let mut track = PaceTrack::default();
        let (mut time, mut step) = (0.0, 0);
        for (gap, steps, evaluation) in rows {
            time += gap.round();
            step += steps;
            let kind = if *evaluation { RowKind::Evaluation { seconds: None } } else { RowKind::Train };
            track.absorb(Timestamp::from_seconds(offset + scale * time), step, kind);
        }
        (track, time)
    }

    fn any_rows() -> impl Strategy<Value = Vec<LaterRow>> {
        prop::collection::vec((100.0..400.0f64, -3i64..30, prop::bool::weighted(0.1)), 1..400)
    }

    fn ask(rows: &[LaterRow], offset: f64, scale: f64, age: f64) -> Option<Eta> {
        let (track, end) = absorb(rows, offset, scale);
        let total = track.train_step()?.max(0) as f64 * 1.7 + 50.0;
        let now = Timestamp::from_seconds(offset + scale * (end + age));
        Pace::read(&track, Some(Timestamp::from_seconds(offset - scale * 60.0)))
            .ok()?
            .remaining(now, total)
            .ok()
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-6 * (1.0 + a.abs().max(b.abs()))
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_estimate(rows in any_rows(), age in 0.0..10_000.0f64) {
            if let Some(eta) = ask(&rows, 0.0, 1.0, age) {
                prop_assert!(eta.high_seconds.is_finite());
                prop_assert!(0.0 <= eta.low_seconds && eta.low_seconds <= eta.seconds && eta.seconds <= eta.high_seconds);
            }
        }

        #[test]
        fn a_shift_of_all_times_changes_nothing(rows in any_rows(), age in 0.0..500.0f64) {
            match (ask(&rows, 0.0, 1.0, age.round()), ask(&rows, 1.7e9, 1.0, age.round())) {
                (Some(here), Some(there)) => {
                    prop_assert!(close(here.seconds, there.seconds) && close(here.high_seconds, there.high_seconds));
                }
                (here, there) => prop_assert_eq!(here, there),
            }
        }

        #[test]
        fn slower_times_give_a_longer_rest(rows in any_rows(), age in 0.0..500.0f64, doublings in 1i32..4) {
            // Other factors round, and a pace that lies on the border between two levels may then go to either.
            let scale = 2f64.powi(doublings);
            match (ask(&rows, 0.0, 1.0, age.round()), ask(&rows, 0.0, scale, age.round())) {
                (Some(fast), Some(slow)) => {
                    prop_assert!(close(fast.seconds * scale, slow.seconds), "{:?} {:?}", fast, slow);
                    prop_assert!(close(fast.low_seconds * scale, slow.low_seconds));
                }
                (fast, slow) => prop_assert_eq!(fast, slow),
            }
        }

        #[test]
        fn waiting_within_the_gap_shortens_the_rest_by_as_much(rows in any_rows(), share in 0.0..0.95f64) {
            if let Some(before) = ask(&rows, 0.0, 1.0, 0.0) {
                let wait = (share * before.expected_gap_seconds).floor();
                if before.seconds > before.expected_gap_seconds {
                    let after = ask(&rows, 0.0, 1.0, wait).expect("it was there before");
                    prop_assert!(close(before.seconds - wait, after.seconds));
                }
            }
        }
    }
}
