//! One series as the rules see it: its points, but for those that still fill.

use std::hash::Hasher;

use paceline_series::{Curve, CurvePoint};

use crate::level::median;

/// The points of a curve, but for those of fewer rows than the others: their noise is another one. All are finite, for
/// no order stands on what is no number: a row too large for single precision is an infinity among the points, and the
/// mean of two of those nothing.
pub(crate) fn settled(curve: &Curve) -> Vec<CurvePoint> {
    let mut points: Vec<CurvePoint> = curve.points().collect();
    if curve.rows_per_point() > 1 {
        points.truncate(points.len().saturating_sub(2));
    }
    points.retain(|point| !point.value.is_nan());
    for point in &mut points {
        point.value = point.value.clamp(f32::MIN, f32::MAX);
        point.highest = point.highest.clamp(f32::MIN, f32::MAX);
    }
    points
}

/// One series: a point is one row, or the mean of some in a long one.
#[derive(Debug, Clone)]
pub(crate) struct Track {
    pub(crate) key: String,
    pub(crate) steps: Vec<i64>,
    pub(crate) values: Vec<f64>,
    /// The highest row of each point.
    pub(crate) highest: Vec<f64>,
    rows_per_point: usize,
}

impl Track {
    /// Nothing of a curve without points.
    pub(crate) fn of(key: &str, curve: &Curve) -> Option<Self> {
        let points = settled(curve);
        if points.is_empty() {
            return None;
        }
        Some(Self {
            key: key.to_owned(),
            steps: points.iter().map(|point| point.step).collect(),
            values: points.iter().map(|point| f64::from(point.value)).collect(),
            highest: points.iter().map(|point| f64::from(point.highest)).collect(),
            rows_per_point: usize::try_from(curve.rows_per_point()).unwrap_or(usize::MAX),
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Rows behind the first `points`.
    pub(crate) fn rows(&self, points: usize) -> usize {
        points.saturating_mul(self.rows_per_point)
    }

    /// Points that so many rows take.
    pub(crate) fn points(&self, rows: f64) -> usize {
        (rows / self.rows_per_point as f64).ceil() as usize
    }

    /// How many points there are up to a step, that one included.
    pub(crate) fn until(&self, step: i64) -> usize {
        self.steps.partition_point(|other| *other <= step)
    }

    /// The step of the newest of the first `points`.
    pub(crate) fn step_at(&self, points: usize) -> Option<i64> {
        self.steps.get(points.checked_sub(1)?).copied()
    }

    /// The newest `count` of the first `points`; `None` when there are fewer.
    pub(crate) fn newest(&self, points: usize, count: usize) -> Option<&[f64]> {
        self.values.get(points.checked_sub(count)?..points)
    }

    /// Median of the newest `count` of the first `points`.
    pub(crate) fn newest_median(&self, points: usize, count: usize) -> Option<f64> {
        median(self.newest(points, count)?.to_vec())
    }

    /// Mean of them.
    pub(crate) fn newest_mean(&self, points: usize, count: usize) -> Option<f64> {
        self.newest(points, count).map(mean)
    }

    pub(crate) fn hash_first(&self, points: usize, hasher: &mut impl Hasher) {
        hasher.write(self.key.as_bytes());
        hasher.write_usize(self.rows_per_point);
        hasher.write_usize(points);
        for (step, value) in self.steps.iter().zip(&self.values).take(points) {
            hasher.write_i64(*step);
            hasher.write_u64(value.to_bits());
        }
    }
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
