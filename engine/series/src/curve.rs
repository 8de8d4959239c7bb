//! A series in bounded memory: exact while it is short, means of ever wider buckets of rows after that.

use serde::{Deserialize, Serialize};

/// Most buckets kept.
const CAPACITY: usize = 512;

/// One bucket of consecutive rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Training step of its first row.
    pub step: i64,
    /// Mean of its rows; single precision is far below the noise of what is read from it.
    pub value: f32,
    /// Highest of its rows.
    pub highest: f32,
}

/// The finite values of one metric by distinct training steps, newest attempt first: when the step goes
/// back, as after a resume, what stood at that step and beyond is replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    points: Vec<CurvePoint>,
    /// Rows in each of `points`, a power of two.
    rows_per_point: u64,
    filling: Filling,
    /// The newest row waits here, since a row of the same step replaces it.
    newest: Option<(i64, f64)>,
}

/// The bucket that is not full yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Filling {
    first_step: i64,
    sum: f64,
    highest: f64,
    rows: u64,
}

impl CurvePoint {
    /// The point of one row.
    #[must_use]
    pub fn of_row(step: i64, value: f64) -> Self {
        Self { step, value: value as f32, highest: value as f32 }
    }
}

impl Filling {
    fn add(&mut self, step: i64, value: f64) {
        if self.rows == 0 {
            self.first_step = step;
            self.highest = value;
        }
        self.highest = self.highest.max(value);
        self.sum += value;
        self.rows += 1;
    }

    fn point(self) -> CurvePoint {
        CurvePoint {
            step: self.first_step,
            value: (self.sum / self.rows as f64) as f32,
            highest: self.highest as f32,
        }
    }
}

impl Default for Curve {
    fn default() -> Self {
        Self { points: Vec::new(), rows_per_point: 1, filling: Filling::default(), newest: None }
    }
}

impl Curve {
    /// Takes the next value in; values that are not finite are left out.
    pub(crate) fn absorb(&mut self, step: i64, value: f64) {
        if !value.is_finite() {
            return;
        }
        match self.newest {
            Some((newest_step, newest_value)) if step > newest_step => self.settle(newest_step, newest_value),
            Some((newest_step, _)) if step < newest_step => self.cut_from(step),
            Some(_) | None => {}
        }
        self.newest = Some((step, value));
    }

    fn settle(&mut self, step: i64, value: f64) {
        if self.filling.rows == self.rows_per_point {
            if self.points.len() == CAPACITY {
                self.points = self.points.chunks(2).map(mean_of_points).collect();
                self.rows_per_point *= 2;
            } else {
                self.points.push(self.filling.point());
                self.filling = Filling::default();
            }
        }
        self.filling.add(step, value);
    }

    fn cut_from(&mut self, step: i64) {
        if self.filling.first_step >= step {
            self.filling = Filling::default();
        }
        self.points.truncate(self.points.partition_point(|point| point.step < step));
    }

    /// Rows the curve stands for.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.points.len() as u64 * self.rows_per_point + self.filling.rows + u64::from(self.newest.is_some())
    }

    /// Rows in each point but the last.
    #[must_use]
    pub fn rows_per_point(&self) -> u64 {
        self.rows_per_point
    }

    /// The points by step, at most 514.
    pub fn points(&self) -> impl Iterator<Item = CurvePoint> + '_ {
        let filling = (self.filling.rows > 0).then(|| self.filling.point());
        let newest = self.newest.map(|(step, value)| CurvePoint::of_row(step, value));
        self.points.iter().copied().chain(filling).chain(newest)
    }

    /// Training step of the newest row.
    #[must_use]
    pub fn last_step(&self) -> Option<i64> {
        self.newest.map(|(step, _)| step)
    }
}

fn mean_of_points(pair: &[CurvePoint]) -> CurvePoint {
    let sum: f64 = pair.iter().map(|point| f64::from(point.value)).sum();
    let highest = pair.iter().map(|point| point.highest).fold(f32::NEG_INFINITY, f32::max);
    CurvePoint { step: pair[0].step, value: (sum / pair.len() as f64) as f32, highest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn curve(rows: impl IntoIterator<Item = (i64, f64)>) -> Curve {
        let mut curve = Curve::default();
        rows.into_iter().for_each(|(step, value)| curve.absorb(step, value));
        curve
    }

    #[test]
    fn a_short_curve_is_exact() {
        let curve = curve((0..513).map(|step| (step, step as f64)));
        let points: Vec<_> = curve.points().map(|point| (point.step, point.value)).collect();
        assert_eq!(points, (0..513).map(|step| (step, step as f32)).collect::<Vec<_>>());
    }

    #[test]
    fn a_step_back_replaces_what_stood_there() {
        let curve = curve([(1, 1.0), (2, 2.0), (3, f64::NAN), (4, 4.0), (2, 9.0), (2, 8.0), (5, 5.0)]);
        let points: Vec<_> = curve.points().map(|point| (point.step, point.value)).collect();
        assert_eq!(points, [(1, 1.0), (2, 8.0), (5, 5.0)]);
    }

    #[test]
    fn the_highest_row_of_each_point_is_kept() {
        let curve = curve((0..5_000).map(|step| (step, if step == 1_234 { 9.0 } else { -1.0 })));
        assert!(curve.rows_per_point() > 1);
        let high: Vec<_> = curve.points().filter(|point| point.highest == 9.0).collect();
        let [point] = high[..] else { panic!("{high:?}") };
        assert!((point.step..point.step + curve.rows_per_point() as i64).contains(&1_234), "{point:?}");
    }

    proptest! {
        #[test]
        fn the_mean_survives_any_length(values in proptest::collection::vec(-100.0..100.0f64, 1..6_000)) {
            let curve = curve(values.iter().enumerate().map(|(step, value)| (step as i64, *value)));
            prop_assert_eq!(curve.rows(), values.len() as u64);
            prop_assert!(curve.points().count() <= CAPACITY + 2);
            let points: Vec<f64> = curve.points().map(|point| f64::from(point.value)).collect();
            let full: f64 = points.iter().take(curve.points.len()).sum::<f64>() * curve.rows_per_point as f64;
            let whole = full + curve.filling.sum + curve.newest.map_or(0.0, |(_, value)| value);
            prop_assert!((whole - values.iter().sum::<f64>()).abs() < 1e-3 * values.len() as f64);
        }
    }
}
