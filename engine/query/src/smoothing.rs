//! Smoothing of whole lines, before points are left out.

use paceline_schema::smoothing::Smoothing;
use paceline_series::columns::Point;

/// Smooths the values of points that ascend in x. What is not finite stays as it is and counts for nothing.
pub(crate) fn smooth(points: &mut [Point], smoothing: Smoothing) {
    match smoothing {
        Smoothing::HalfLife { half_life } => exponential(points, half_life),
        Smoothing::Exponential { weight } => {
            // A weight of 0, and values at one x, leave nothing to go by.
            let half_life = -mean_distance(points) / weight.log2();
            if half_life > 0.0 {
                exponential(points, half_life);
            }
        }
        Smoothing::Gaussian { width } => gaussian(points, width),
    }
}

/// Mean distance in x of the finite values; 0 of less than two.
fn mean_distance(points: &[Point]) -> f64 {
    let mut finite = points.iter().filter(|point| point.value.is_finite());
    let Some(first) = finite.next() else { return 0.0 };
    let (gaps, last) = finite.fold((0_u64, first), |(gaps, _), point| (gaps + 1, point));
    (last.x - first.x) / gaps.max(1) as f64
}

fn exponential(points: &mut [Point], half_life: f64) {
    let (mut sum, mut weights) = (0.0, 0.0);
    let mut last_x = f64::NAN;
    // Most lines go in even steps.
    let (mut distance, mut kept) = (0.0, 1.0);
    for point in points.iter_mut().filter(|point| point.value.is_finite()) {
        let moved = point.x - last_x;
        if moved != distance && !moved.is_nan() {
            (distance, kept) = (moved, (-moved / half_life).exp2());
        }
        sum = kept * sum + point.value;
        weights = kept * weights + 1.0;
        point.value = sum / weights;
        last_x = point.x;
    }
}

/// What is further away than so many widths counts no more: it weighs less than 4 in a million.
const REACH: f64 = 5.0;
/// Terms of the series below; what they leave out is less than 1e-10.
const TERMS: usize = 22;

/// A bell curve around x is `exp(-(s - u)²/2) = exp(-u²/2) · exp(-s²/2) · exp(s·u)`, with `s` and `u` the distances of
/// the other point and of x from the middle of a box one width wide. The first factor cancels out, the last one is
/// a power series in `u`: its coefficients are summed up once for all the x of a box, so that a million points take
/// a fraction of a second however wide the curve is.
fn gaussian(points: &mut [Point], width: f64) {
    let values: Vec<Point> = points.iter().copied().filter(|point| point.value.is_finite()).collect();
    let Some(origin) = values.first().map(|point| point.x) else { return };
    let box_of = |x: f64| ((x - origin) / width).floor();
    let mut around = 0..0;
    let mut start = 0;
    while let Some(first) = points.get(start) {
        let place = box_of(first.x);
        let end = start + points[start..].partition_point(|point| box_of(point.x) <= place);
        let middle = origin + (place + 0.5) * width;
        let reach = (REACH + 0.5) * width;
        around.start += values[around.start..].partition_point(|point| point.x < middle - reach);
        around.end = around.start + values[around.start..].partition_point(|point| point.x <= middle + reach);
        let (mut sums, mut weights) = ([0.0; TERMS], [0.0; TERMS]);
        for point in &values[around.clone()] {
            let s = (point.x - middle) / width;
            let mut term = (-s * s / 2.0).exp();
            for power in 0..TERMS {
                sums[power] += term * point.value;
                weights[power] += term;
                term *= s / (power + 1) as f64;
            }
        }
        for point in points[start..end].iter_mut().filter(|point| point.value.is_finite()) {
            let u = (point.x - middle) / width;
            let series = |coefficients: &[f64]| {
                coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * u + coefficient)
            };
            point.value = series(&sums) / series(&weights);
        }
        start = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn smoothed(points: &[Point], smoothing: Smoothing) -> Vec<f64> {
        let mut points = points.to_vec();
        smooth(&mut points, smoothing);
        points.into_iter().map(|point| point.value).collect()
    }

    fn line(values: &[f64]) -> Vec<Point> {
        values.iter().enumerate().map(|(x, value)| Point { x: 10.0 * x as f64, value: *value }).collect()
    }

    fn exponential_by_weight(weight: f64) -> Smoothing {
        Smoothing::Exponential { weight }
    }

    /// As TensorBoard writes it: an average drawn to 0 at first, divided by what draws it there.
    fn by_tensorboard(values: &[f64], weight: f64) -> Vec<f64> {
        let (mut last, mut count) = (0.0, 0);
        let next = |value: &f64| {
            last = last * weight + (1.0 - weight) * value;
            count += 1;
            last / (1.0 - weight.powi(count))
        };
        values.iter().map(next).collect()
    }

    #[test]
    fn an_even_line_is_smoothed_as_tensorboard_does() {
        let values: Vec<f64> = (0..500).map(|x| f64::from(x % 17) - f64::from(x) / 50.0).collect();
        for weight in [0.0, 0.3, 0.9, 0.999] {
            let found = smoothed(&line(&values), exponential_by_weight(weight));
            for (found, expected) in found.iter().zip(by_tensorboard(&values, weight)) {
                assert!((found - expected).abs() < 1e-9, "{weight}: {found} is not {expected}");
            }
        }
    }

    #[test]
    fn distances_count_and_gaps_stay() {
        let points = [(0.0, 4.0), (1.0, f64::NAN), (2.0, 0.0), (2.0, 2.0), (100.0, 7.0)];
        let points = points.map(|(x, value)| Point { x, value });
        let found = smoothed(&points, Smoothing::HalfLife { half_life: 2.0 });
        assert!(found[1].is_nan());
        assert_eq!((found[0], found[2], found[3]), (4.0, 2.0 / 1.5, (2.0 + 2.0) / 2.5));
        assert!((found[4] - 7.0).abs() < 1e-9, "after a long way nothing of the line is left");
        for alone in [exponential_by_weight(0.9), Smoothing::Gaussian { width: 3.0 }] {
            assert_eq!(smoothed(&points[..1], alone), [4.0]);
            assert_eq!(smoothed(&[], alone), [0.0; 0]);
            assert!(smoothed(&points[1..2], alone)[0].is_nan());
        }
        assert_eq!(
            smoothed(&points[2..4], exponential_by_weight(0.9)),
            [0.0, 2.0],
            "no distance, no way to weigh"
        );
    }

    proptest! {
        #[test]
        fn a_bell_curve_is_laid_over_every_value(
            gaps in prop::collection::vec((0u32..60, prop_oneof![9 => -9.0..9.0, 1 => Just(f64::INFINITY)]), 1..300),
            width in prop::sample::select(vec![1e-7, 0.4, 3.0, 47.0, 900.0, 1e7]),
        ) {
            let mut x = -1_000.0;
            let points: Vec<Point> = gaps
                .into_iter()
                .map(|(gap, value)| {
                    x += f64::from(gap) / 7.0;
                    Point { x, value }
                })
                .collect();
            let found = smoothed(&points, Smoothing::Gaussian { width });
            for (point, found) in points.iter().zip(found) {
                if !point.value.is_finite() {
                    prop_assert_eq!(found, point.value);
                    continue;
                }
                let (mut sum, mut weights) = (0.0, 0.0);
                // What each value out of reach would move the mean by, at most.
                let tolerance = 1e-9 + 4e-6 * 18.0 * points.len() as f64;
                for other in points.iter().filter(|other| other.value.is_finite()) {
                    let distance = (other.x - point.x) / width;
                    let weight = (-distance * distance / 2.0).exp();
                    sum += weight * other.value;
                    weights += weight;
                }
                prop_assert!((found - sum / weights).abs() < tolerance, "{} is not {}", found, sum / weights);
            }
        }
    }
}
