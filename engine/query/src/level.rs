//! The level of a run's pace: pauses taken out of its intervals, the rest filtered.

use paceline_series::Interval;

/// Intervals the level is filtered over; more are merged.
const MOST_INTERVALS: usize = 128;
/// An interval that takes so many times the local pace holds a pause.
const PAUSE_FACTOR: f64 = 2.5;
/// A shorter excess is not called a pause.
const SHORTEST_PAUSE_SECONDS: f64 = 1.0;
/// Intervals whose median is the local pace.
const LOCAL_INTERVALS: usize = 31;
/// A single pause longer than this, and out of proportion, interrupted the run and tells nothing of the future.
const INTERRUPTION_SECONDS: f64 = 300.0;
/// Ratios of drift to noise that the level is tried with.
const DRIFT_RATIOS: [f64; 7] = [0.0, 0.001, 0.004, 0.016, 0.063, 0.25, 1.0];

/// A silence between two rows that was no training.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pause {
    /// Training step at which it began.
    pub(crate) step: f64,
    /// Time beyond that of the steps.
    pub(crate) seconds: f64,
}

/// What the filter says of the intervals.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Level {
    /// The pace at the newest row.
    pub(crate) seconds_per_step: f64,
    /// Relative variance of one interval.
    pub(crate) noise: f64,
    /// Variance of the level in units of `noise`.
    pub(crate) uncertainty: f64,
    /// Variance of the drift of one interval in units of `noise`.
    pub(crate) drift_ratio: f64,
}

/// At most [`MOST_INTERVALS`], groups of neighbours aligned to the newest.
pub(crate) fn merge(intervals: &[Interval]) -> Vec<Interval> {
    let group = intervals.len().div_ceil(MOST_INTERVALS);
    let mut merged: Vec<Interval> = intervals
        .rchunks(group)
        .map(|part| Interval {
            seconds: part.iter().map(|interval| interval.seconds).sum(),
            steps: part.iter().map(|interval| interval.steps).sum(),
            end_step: part[part.len() - 1].end_step,
        })
        .collect();
    merged.reverse();
    merged
}

/// Intervals without the silences that they held.
pub(crate) struct Busy {
    /// Those that held a pause, cut down to the local pace.
    pub(crate) intervals: Vec<Interval>,
    /// The pauses, of which more may come.
    pub(crate) pauses: Vec<Pause>,
    /// A single one that interrupted the run.
    pub(crate) interruption: Option<Pause>,
}

/// Takes the pauses out of intervals.
pub(crate) fn take_out_pauses(mut intervals: Vec<Interval>) -> Busy {
    let n = intervals.len();
    if n < 4 {
        return Busy { intervals, pauses: Vec::new(), interruption: None };
    }
    let mut interruption = None;
    let paces: Vec<f64> = intervals.iter().map(|interval| interval.seconds / interval.steps).collect();
    let usual_seconds = median(intervals.iter().map(|interval| interval.seconds).collect()).unwrap_or(0.0);
    let whole = if n <= LOCAL_INTERVALS { median(paces.clone()) } else { None };
    let fastest = paces.iter().copied().fold(f64::INFINITY, f64::min);
    let mut pauses = Vec::new();
    for (i, interval) in intervals.iter_mut().enumerate() {
        // No local pace is below the fastest, so this spares the median where there can be no pause.
        if paces[i] <= PAUSE_FACTOR * fastest {
            continue;
        }
        let around = i.saturating_sub(LOCAL_INTERVALS / 2)..(i + LOCAL_INTERVALS / 2 + 1).min(n);
        let local = whole.or_else(|| median(paces[around].to_vec())).unwrap_or(paces[i]);
        let usual = local * interval.steps;
        let excess = interval.seconds - usual;
        if interval.seconds > PAUSE_FACTOR * usual && excess > SHORTEST_PAUSE_SECONDS {
            interval.seconds = usual;
            pauses.push(Pause { step: interval.end_step - interval.steps, seconds: excess });
        }
    }
    let longest = (0..pauses.len()).max_by(|a, b| pauses[*a].seconds.total_cmp(&pauses[*b].seconds));
    if let Some(longest) = longest {
        let seconds = pauses[longest].seconds;
        let others = pauses.iter().enumerate().filter(|(place, _)| *place != longest);
        let second = others.map(|(_, pause)| pause.seconds).fold(0.0, f64::max);
        if seconds > (10.0 * usual_seconds).max(INTERRUPTION_SECONDS) && seconds >= 3.0 * second {
            interruption = Some(pauses.remove(longest));
        }
    }
    Busy { intervals, pauses, interruption }
}

/// The local level of the pace, with the drift ratio that makes the intervals most likely.
pub(crate) fn filter(intervals: &[Interval]) -> Level {
    let n = intervals.len() as f64;
    let steps: f64 = intervals.iter().map(|interval| interval.steps).sum();
    let mean = intervals.iter().map(|interval| interval.seconds).sum::<f64>() / steps;
    let mean_steps = steps / n;
    let freedom = (n - 1.0).max(1.0);
    // Of each interval: its relative pace, and the variance of that in units of the noise.
    let observed: Vec<(f64, f64)> = intervals
        .iter()
        .map(|interval| (interval.seconds / interval.steps / mean, mean_steps / interval.steps))
        .collect();
    let mut best: Option<(f64, Level)> = None;
    for drift_ratio in DRIFT_RATIOS {
        let (mut level, mut uncertainty) = (1.0, 1.0);
        let (mut squares, mut log_variances) = (0.0, 0.0);
        for (i, (relative, own)) in observed.iter().copied().enumerate() {
            if i == 0 {
                (level, uncertainty) = (relative, own);
                continue;
            }
            uncertainty += drift_ratio;
            let variance = uncertainty + own;
            let error: f64 = relative - level;
            level += uncertainty / variance * error;
            uncertainty *= 1.0 - uncertainty / variance;
            squares += error * error / variance;
            log_variances += f64::ln(variance);
        }
        let unlikely = freedom * (squares / freedom + 1e-9).ln() + log_variances;
        if best.is_none_or(|(least, _)| unlikely < least) {
            let seconds_per_step = if n < 3.0 { mean } else { mean * level };
            best = Some((
                unlikely,
                Level { seconds_per_step, noise: squares / freedom, uncertainty, drift_ratio },
            ));
        }
    }
    best.map_or(
        Level { seconds_per_step: mean, noise: 0.0, uncertainty: 1.0, drift_ratio: 0.0 },
        |(_, level)| level,
    )
}

/// The middle value, or the mean of the two middle ones; `None` of nothing.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    let middle = values.len() / 2;
    if middle >= values.len() {
        return None;
    }
    let is_odd = values.len() % 2 == 1;
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = *upper;
    if is_odd {
        return Some(upper);
    }
    below.iter().copied().max_by(f64::total_cmp).map(|lower| (lower + upper) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn intervals(seconds: &[f64]) -> Vec<Interval> {
        let interval = |(i, seconds): (usize, &f64)| Interval {
            seconds: *seconds,
            steps: 10.0,
            end_step: 10.0 * (i + 1) as f64,
        };
        seconds.iter().enumerate().map(interval).collect()
    }

    #[test]
    fn a_single_long_silence_is_forgotten_and_regular_ones_are_kept() {
        let mut seconds = [10.0; 40];
        (seconds[9], seconds[19], seconds[29]) = (50.0, 50.0, 4_000.0);
        let busy = take_out_pauses(intervals(&seconds));
        assert!(busy.intervals.iter().all(|interval| interval.seconds == 10.0));
        let told: Vec<_> = busy.pauses.iter().map(|pause| (pause.step, pause.seconds)).collect();
        assert_eq!(told, [(90.0, 40.0), (190.0, 40.0)]);
        assert_eq!(busy.interruption.map(|pause| (pause.step, pause.seconds)), Some((290.0, 3_990.0)));
    }

    #[test]
    fn the_middle_of_a_list() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    proptest! {
        #[test]
        fn merging_keeps_time_and_steps(seconds in prop::collection::vec(1u32..1_000, 1..600)) {
            let seconds: Vec<f64> = seconds.into_iter().map(f64::from).collect();
            let all = intervals(&seconds);
            let merged = merge(&all);
            prop_assert!(merged.len() <= MOST_INTERVALS);
            prop_assert_eq!(merged.iter().map(|interval| interval.seconds).sum::<f64>(), seconds.iter().sum::<f64>());
            prop_assert_eq!(merged.iter().map(|interval| interval.steps).sum::<f64>(), 10.0 * seconds.len() as f64);
            let newest = &seconds[seconds.len() - seconds.len().div_ceil(MOST_INTERVALS)..];
            prop_assert_eq!(merged.last().map(|last| last.seconds), Some(newest.iter().sum::<f64>()));
        }
    }
}
