//! Graphics processors that wait, and memory that is nearly full, by the newest samples of the machine.

use std::collections::BTreeMap;

use paceline_schema::status::{Finding, Severity};
use paceline_schema::{Timestamp, Value};
use paceline_storage::StoredRow;

use super::{CALM_LOOKS, percent};
use crate::level::median;
use crate::sentence::{duration, figure};

/// Samples that are read for it: a quarter of an hour at the usual distance.
pub(crate) const SAMPLES: usize = 96;
/// Idle for so long, by at least so many samples, this share of them, or all in the mean, below this utilisation, in per
/// cent: a processor that is fed now and then is seen at work in some of them.
const IDLE_SECONDS: f64 = 300.0;
const FEWEST_IDLE: usize = 10;
const SHARE_IDLE: f64 = 0.9;
const IDLE_PERCENT: f64 = 10.0;
const BUSY_PERCENT: f64 = 25.0;
const UNUSED_PERCENT: f64 = 5.0;
/// A run loads its model and its data first.
const STARTING_SECONDS: f64 = 120.0;
/// Memory in use: so much in so many of the newest samples, so much is the last warning, below this it is over.
const FULL: f64 = 0.95;
const ALMOST_ALL: f64 = 0.98;
const FULL_OVER: f64 = 0.92;
const FULL_SAMPLES: usize = 4;
const NEWEST_SAMPLES: usize = 5;

/// Samples of one device, by time.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Device {
    /// Time and utilisation in per cent.
    pub(crate) utilization: Vec<(Timestamp, f64)>,
    /// Memory in use and all there is, in the same unit.
    pub(crate) memory: Vec<(f64, f64)>,
}

/// What holds now. `rows` are the newest samples of a run that goes on, oldest first.
pub(crate) fn machine_findings(rows: &[StoredRow], started_at: Option<Timestamp>) -> Vec<Finding> {
    let devices = devices(rows);
    let idle = devices.iter().filter_map(|(name, device)| idle(name, device, started_at));
    let full = devices.iter().filter_map(|(name, device)| full(name, device));
    [worst(idle.collect()), worst(full.collect())].into_iter().flatten().collect()
}

/// One of many devices tells for all of them.
fn worst(found: Vec<Finding>) -> Option<Finding> {
    let others = found.len().saturating_sub(1);
    let mut worst = found
        .into_iter()
        .reduce(|worst, other| if other.severity > worst.severity { other } else { worst })?;
    if others > 0 {
        worst.evidence += &format!(", and {others} more");
    }
    Some(worst)
}

fn devices(rows: &[StoredRow]) -> BTreeMap<u32, Device> {
    let mut devices: BTreeMap<u32, Device> = BTreeMap::new();
    for row in rows {
        let mut memory: BTreeMap<u32, (Option<f64>, Option<f64>)> = BTreeMap::new();
        for (key, value) in &row.metrics {
            let Some((index, quantity)) = of_device(key) else { continue };
            let Some(value) = Value::number(value).filter(|value| value.is_finite()) else { continue };
            match quantity {
                "utilization" => devices.entry(index).or_default().utilization.push((row.time, value)),
                "allocated_memory" => memory.entry(index).or_default().0 = Some(value),
                "total_memory" => memory.entry(index).or_default().1 = Some(value),
                _ => {}
            }
        }
        for (index, (used, total)) in memory {
            devices.entry(index).or_default().memory.extend(used.zip(total));
        }
    }
    devices
}

/// `gpu/<index>/<quantity>`.
fn of_device(key: &str) -> Option<(u32, &str)> {
    let (index, quantity) = key.strip_prefix("gpu/")?.split_once('/')?;
    Some((index.parse().ok()?, quantity))
}

pub(super) fn idle(name: &u32, device: &Device, started_at: Option<Timestamp>) -> Option<Finding> {
    let first = device.utilization.first()?.0;
    let counts_from = started_at.map_or(first.seconds(), |started| started.seconds() + STARTING_SECONDS);
    let samples: Vec<(f64, f64)> = device
        .utilization
        .iter()
        .map(|(time, value)| (time.seconds(), *value))
        .filter(|(time, _)| *time >= counts_from)
        .collect();
    let (mut since, mut calm): (Option<f64>, usize) = (None, 0);
    for end in 1..=samples.len() {
        let now = samples[end - 1].0;
        let begin = samples[..end].partition_point(|(time, _)| *time < now - IDLE_SECONDS);
        let window = &samples[begin..end];
        let values = || window.iter().map(|(_, value)| *value);
        let is_whole = now - samples[0].0 >= IDLE_SECONDS && window.len() >= FEWEST_IDLE;
        let is_idle = is_whole && (is_seldom_busy(values()) || mean(values()) < IDLE_PERCENT);
        let is_busy = || median(values().collect()).is_some_and(|middle| middle > BUSY_PERCENT);
        match since {
            None if is_idle => since = Some(window[0].0),
            Some(_) if is_busy() => {
                calm += 1;
                if calm == CALM_LOOKS {
                    since = None;
                }
            }
            Some(_) | None => calm = 0,
        }
    }
    let since = since?;
    let window: Vec<f64> =
        samples.iter().filter(|(time, _)| *time >= since).map(|(_, value)| *value).collect();
    let highest = device.utilization.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let time = duration(samples.last()?.0 - since);
    let evidence = if highest < UNUSED_PERCENT {
        format!("GPU {name} is not used: at most {} % in {time}", figure(highest))
    } else if is_seldom_busy(window.iter().copied()) {
        format!("GPU {name} below {IDLE_PERCENT} % for {time}, {} % in the median", figure(median(window)?))
    } else {
        format!("GPU {name} busy {} % of {time}", figure(mean(window.iter().copied())))
    };
    Some(finding("gpu_idle", Severity::Warning, evidence, format!("gpu/{name}/utilization")))
}

fn is_seldom_busy(utilization: impl ExactSizeIterator<Item = f64>) -> bool {
    let count = utilization.len() as f64;
    utilization.filter(|value| *value < IDLE_PERCENT).count() as f64 >= SHARE_IDLE * count
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

pub(super) fn full(name: &u32, device: &Device) -> Option<Finding> {
    let shares: Vec<f64> =
        device.memory.iter().filter(|(_, total)| *total > 0.0).map(|(used, total)| used / total).collect();
    let (mut is_full, mut calm) = (false, 0);
    let mut most = 0.0f64;
    for end in 1..=shares.len() {
        let newest = &shares[end.saturating_sub(NEWEST_SAMPLES)..end];
        if newest.iter().filter(|share| **share >= FULL).count() >= FULL_SAMPLES {
            is_full = true;
            calm = 0;
            most = most.max(shares[end - 1]);
        } else if is_full && shares[end - 1] < FULL_OVER {
            calm += 1;
            if calm == CALM_LOOKS {
                (is_full, most) = (false, 0.0);
            }
        } else {
            calm = 0;
        }
    }
    if !is_full {
        return None;
    }
    let (used, total) = device.memory.last()?;
    let severity = if most >= ALMOST_ALL { Severity::Critical } else { Severity::Warning };
    let evidence = format!(
        "memory of GPU {name} is {} full, {} of {}",
        percent(used / total),
        figure(*used),
        figure(*total)
    );
    Some(finding("memory_near_limit", severity, evidence, format!("gpu/{name}/allocated_memory")))
}

fn finding(code: &str, severity: Severity, evidence: String, metric: String) -> Finding {
    Finding {
        code: code.to_owned(),
        severity,
        evidence,
        metrics: vec![metric],
        since_step: None,
        until_step: None,
        hint: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_no_longer_full_after_two_calm_samples_in_a_row() {
        let is_full = |shares: &[f64]| {
            let memory = [0.96; 5].iter().chain(shares).map(|share| (80.0 * share, 80.0)).collect();
            full(&0, &Device { utilization: Vec::new(), memory }).is_some()
        };
        // Two of the newest five are full at the third of these, and no longer enough.
        assert!(is_full(&[0.9, 0.9]) && is_full(&[0.93, 0.93, 0.9, 0.93, 0.9]));
        assert!(!is_full(&[0.93, 0.93, 0.93, 0.9, 0.9]) && !is_full(&[0.9; 4]));
    }
}
