//! What one metric of a run says at a glance.

use paceline_schema::Timestamp;
use serde::{Deserialize, Serialize};

use crate::recent::Recent;

/// One value and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Training step.
    pub step: i64,
    /// When it was logged.
    pub time: Timestamp,
    /// The value.
    pub value: f64,
}

/// The lowest or highest value and where it was reached first.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Extremum {
    /// Training step.
    pub step: i64,
    /// The value; always finite.
    pub value: f64,
}

/// The head of one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricHead {
    /// Numbers logged, those that are not finite included.
    pub points: u64,
    /// How many of them are NaN or infinite.
    pub not_finite: u64,
    /// Training step since which every value was NaN or infinite.
    pub not_finite_since_step: Option<i64>,
    /// First finite value.
    pub first: Option<Sample>,
    /// Newest value, finite or not.
    pub last: Sample,
    /// Lowest finite value.
    pub lowest: Option<Extremum>,
    /// Highest finite value.
    pub highest: Option<Extremum>,
    /// Sum of the finite values.
    sum: f64,
    /// The last 10 values, finite or not.
    pub recent: Recent<f64, 10>,
}

impl MetricHead {
    /// A metric with its first value.
    pub(crate) fn new(sample: Sample) -> Self {
        let mut head = Self {
            points: 0,
            not_finite: 0,
            not_finite_since_step: None,
            first: None,
            last: sample,
            lowest: None,
            highest: None,
            sum: 0.0,
            recent: Recent::default(),
        };
        head.absorb(sample);
        head
    }

    /// Takes the next value in.
    pub(crate) fn absorb(&mut self, sample: Sample) {
        self.points += 1;
        self.last = sample;
        self.recent.push(sample.value);
        if !sample.value.is_finite() {
            self.not_finite += 1;
            self.not_finite_since_step.get_or_insert(sample.step);
            return;
        }
        self.not_finite_since_step = None;
        self.first.get_or_insert(sample);
        self.sum += sample.value;
        let here = Extremum { step: sample.step, value: sample.value };
        if self.lowest.is_none_or(|lowest| here.value < lowest.value) {
            self.lowest = Some(here);
        }
        if self.highest.is_none_or(|highest| here.value > highest.value) {
            self.highest = Some(here);
        }
    }

    /// Mean of the finite values; `None` when there are none, or their sum is beyond the largest number.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let finite = self.points - self.not_finite;
        (finite > 0).then(|| self.sum / finite as f64).filter(|mean| mean.is_finite())
    }

    /// Mean of the finite ones among the last 10 values.
    #[must_use]
    pub fn recent_mean(&self) -> Option<f64> {
        let finite: Vec<f64> = self.recent.iter().filter(|value| value.is_finite()).collect();
        // Divided first, so that ten huge values do not add up to infinity.
        (!finite.is_empty()).then(|| finite.iter().map(|value| value / finite.len() as f64).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(values: &[f64]) -> MetricHead {
        let sample =
            |step: usize| Sample { step: step as i64, time: Timestamp(step as i64), value: values[step] };
        let mut head = MetricHead::new(sample(0));
        (1..values.len()).for_each(|step| head.absorb(sample(step)));
        head
    }

    #[test]
    fn values_that_are_not_finite_are_counted_and_kept_out() {
        let head = head(&[f64::NAN, 3.0, 1.0, f64::INFINITY, 2.0, f64::NAN, f64::NEG_INFINITY]);
        assert_eq!((head.points, head.not_finite, head.not_finite_since_step), (7, 4, Some(5)));
        assert_eq!(head.first.map(|first| (first.step, first.value)), Some((1, 3.0)));
        assert_eq!(head.lowest, Some(Extremum { step: 2, value: 1.0 }));
        assert_eq!(head.highest, Some(Extremum { step: 1, value: 3.0 }));
        assert_eq!((head.recent_mean(), head.mean()), (Some(2.0), Some(2.0)));
    }

    #[test]
    fn the_mean_is_of_all_values() {
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(head(&values).mean(), Some(49.5));
        assert_eq!(head(&[f64::NAN]).mean(), None);
        assert_eq!(head(&[f64::MAX, f64::MAX]).mean(), None);
    }

    #[test]
    fn extrema_stand_where_they_were_reached_first() {
        let head = head(&[1.0, 0.5, 0.5, 1.0]);
        assert_eq!(head.lowest, Some(Extremum { step: 1, value: 0.5 }));
        assert_eq!(head.highest, Some(Extremum { step: 0, value: 1.0 }));
    }
}
