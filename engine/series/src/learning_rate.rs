//! Where a learning rate that falls along a line meets zero.

use serde::{Deserialize, Serialize};

/// How far the middle of the decay may lie off the line, as a share of the decay.
const LINE_TOLERANCE: f64 = 0.01;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Point {
    step: f64,
    rate: f64,
}

/// The decaying part of a learning rate: its first point, its newest, and one between them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LearningRateTrack {
    first: Option<Point>,
    /// Lies between a quarter and a half of the way.
    middle: Option<Point>,
    /// Becomes `middle` when the way is twice as long.
    next_middle: Option<Point>,
    newest: Option<Point>,
}

impl LearningRateTrack {
    /// Takes the rate at training step `step` in. A rise, a plateau or a step back starts anew.
    pub fn absorb(&mut self, step: i64, rate: f64) {
        if !rate.is_finite() {
            return;
        }
        let here = Point { step: step as f64, rate };
        match (self.first, self.newest) {
            (Some(_), Some(newest)) if here.step == newest.step => {}
            (Some(first), Some(newest)) if here.step > newest.step && here.rate < newest.rate => {
                match self.next_middle {
                    Some(next) if here.step - first.step < 2.0 * (next.step - first.step) => {}
                    next => (self.middle, self.next_middle) = (next, Some(here)),
                }
                self.newest = Some(here);
            }
            _ => *self = Self { first: Some(here), newest: Some(here), ..Self::default() },
        }
    }

    /// Training step at which the rate will be zero, if it falls along a line.
    #[must_use]
    pub fn zero_step(&self) -> Option<f64> {
        let (first, middle, newest) = (self.first?, self.middle?, self.newest?);
        let decay = first.rate - newest.rate;
        if decay <= 0.0 || middle.step <= first.step || middle.step >= newest.step {
            return None;
        }
        let slope = decay / (newest.step - first.step);
        let on_line = first.rate - slope * (middle.step - first.step);
        let zero = first.step + first.rate / slope;
        ((middle.rate - on_line).abs() <= LINE_TOLERANCE * decay && zero.is_finite()).then_some(zero)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zero(rates: impl IntoIterator<Item = (i64, f64)>) -> Option<f64> {
        let mut track = LearningRateTrack::default();
        rates.into_iter().for_each(|(step, rate)| track.absorb(step, rate));
        track.zero_step()
    }

    #[test]
    fn a_line_after_warm_up_meets_zero() {
        let rate = |step: i64| if step <= 100 { step as f64 / 100.0 } else { (1_000 - step) as f64 / 900.0 };
        let found = zero((0..40).map(|row| (row * 10, rate(row * 10)))).expect("a line");
        assert!((found - 1_000.0).abs() < 1e-6, "{found}");
    }

    #[test]
    fn what_is_no_line_has_no_zero() {
        let cosine = |step: i64| 0.5 * (1.0 + (step as f64 / 1_000.0 * std::f64::consts::PI).cos());
        assert_eq!(zero((0..60).map(|row| (row * 10, cosine(row * 10)))), None);
        assert_eq!(zero((0..60).map(|row| (row, 0.1))), None);
        assert_eq!(zero([(0, 1.0), (1, 0.9)]), None);
    }
}
