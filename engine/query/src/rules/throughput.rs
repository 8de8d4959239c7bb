//! Steps that take longer than they did.

use paceline_schema::status::{Finding, Severity};
use paceline_series::Interval;

use super::{Sign, finding_of, follow, looks};
use crate::level::median;
use crate::sentence::figure;
use crate::trend::DEVIATION_OF_MEDIAN;

/// Intervals of a block; the newest block is held against the quicker ones before.
const BLOCK: usize = 20;
const FEWEST: usize = 60;
/// How much slower it must be, and at what it is over.
const SLOWER: f64 = 1.5;
const OVER: f64 = 1.25;
/// So many deviations of a block.
const DEVIATIONS: f64 = 5.0;
/// A shorter time tells nothing.
const SHORTEST_SECONDS: f64 = 60.0;

/// `intervals` are those between the training rows, evaluations left out.
pub(crate) fn throughput_drop(intervals: &[Interval]) -> Option<Finding> {
    let paces: Vec<f64> = intervals.iter().map(|interval| interval.seconds / interval.steps).collect();
    let stretches = follow(
        looks(paces.len()),
        |look| intervals.get(look - 1).map(|interval| interval.end_step as i64),
        |look| slower(intervals, &paces, look),
        |look, sign| {
            let newest = paces.get(look.saturating_sub(BLOCK)..look);
            newest.and_then(|newest| median(newest.to_vec())).is_some_and(|pace| pace < OVER * sign.usual)
        },
    );
    finding_of("throughput_drop", &[], stretches)
}

fn slower(intervals: &[Interval], paces: &[f64], look: usize) -> Option<Sign> {
    if look < FEWEST {
        return None;
    }
    let (before, newest) = paces[..look].split_at(look - BLOCK);
    let window = &intervals[look - BLOCK..look];
    let pace = median(newest.to_vec())?;
    let newest_half = median(newest[BLOCK / 2..].to_vec())?;
    let mut blocks: Vec<f64> =
        before.rchunks_exact(BLOCK).filter_map(|block| median(block.to_vec())).collect();
    let place = (blocks.len() - 1) / 4;
    let base = *blocks.select_nth_unstable_by(place, f64::total_cmp).1;
    if pace <= SLOWER * base || newest_half <= SLOWER * base {
        return None;
    }
    let middle = median(before.to_vec())?;
    let away = median(before.iter().map(|pace| (pace - middle).abs()).collect())?;
    let deviation = DEVIATION_OF_MEDIAN * away / (BLOCK as f64).sqrt();
    let seconds: f64 = window.iter().map(|interval| interval.seconds).sum();
    if pace <= base + DEVIATIONS * deviation || seconds < SHORTEST_SECONDS {
        return None;
    }
    let slow = paces[..look].iter().rev().take_while(|pace| **pace > OVER * base).count().max(1);
    let since = intervals.get(look - slow)?;
    let since = (since.end_step - since.steps) as i64;
    Some(Sign {
        severity: Severity::Warning,
        evidence: format!(
            "{} seconds a step since step {since}, {} before: {} times slower",
            figure(pace),
            figure(base),
            figure((10.0 * pace / base).round() / 10.0)
        ),
        since_step: Some(since),
        usual: base,
    })
}
