//! Logs of the shapes that real trainings have, replayed: how far off the remaining time is at a quarter and at half of
//! the way, and how often its interval holds the truth.

use paceline_schema::Timestamp;
use paceline_series::{PaceTrack, RowKind};

use super::{Eta, Pace};
use crate::level::median;

/// Shares of the time at which each log is asked, a quarter and half among them.
const MOMENTS: [f64; 5] = [0.1, 0.25, 0.5, 0.75, 0.9];
/// Logs of each shape.
const LOGS: u64 = 500;
/// Most error in the middle of all logs, at half and at a quarter of the way.
const ERROR_AT_HALF: f64 = 0.05;
const ERROR_AT_A_QUARTER: f64 = 0.1;
/// Share of the logs whose end the interval must hold, and may: it is made for 80 %.
const COVERED: std::ops::RangeInclusive<f64> = 0.75..=0.95;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Steady,
    Jitter,
    WarmUp,
    DriftUp,
    RandomWalk,
    EvaluationRows,
    EvaluationGaps,
    Checkpoints,
    Stalls,
    Resume,
    Quantised,
    Mixed,
    EarlyStop,
}

/// Each with what a study of such logs found in the middle of them over all moments: the error of the same estimator, and
/// that of the mean pace until then, which says how hard the logs were.
const SHAPES: [(Shape, f64, f64); 13] = [
    (Shape::Steady, 0.002, 0.001),
    (Shape::Jitter, 0.031, 0.029),
    (Shape::WarmUp, 0.027, 0.077),
    (Shape::DriftUp, 0.055, 0.44),
    (Shape::RandomWalk, 0.11, 0.15),
    (Shape::EvaluationRows, 0.019, 0.024),
    (Shape::EvaluationGaps, 0.023, 0.024),
    (Shape::Checkpoints, 0.021, 0.021),
    (Shape::Stalls, 0.08, 0.086),
    (Shape::Resume, 0.024, 0.17),
    (Shape::Quantised, 0.004, 0.004),
    (Shape::Mixed, 0.11, 0.18),
    // It ends before anybody could say so.
    (Shape::EarlyStop, f64::INFINITY, 1.0),
];

/// Numbers that are the same on every machine.
struct Dice(u64);

impl Dice {
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }

    /// As likely to be twice as half of the middle.
    fn over(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.share()).ln()).sqrt() * (std::f64::consts::TAU * self.share()).cos()
    }
}

/// A whole log.
struct Log {
    rows: Vec<(f64, i64, RowKind)>,
    total: i64,
    end: f64,
}

fn log(shape: Shape, dice: &mut Dice) -> Log {
    let count = dice.over(40.0, 1_000.0) as i64;
    let stride = dice.over(1.0, 50.0) as i64;
    let step_seconds = dice.over(0.05, 20.0);
    let row_seconds = step_seconds * stride as f64;
    let noise = if shape == Shape::Jitter {
        // That of a step, of which a row has many.
        dice.between(0.2, 1.0) / (stride as f64).sqrt()
    } else if shape == Shape::Mixed {
        dice.between(0.05, 0.3)
    } else {
        0.02
    };
    let (slow_share, slow_times) = (dice.between(0.01, 0.03), dice.between(1.6, 5.5));
    let drift = if shape == Shape::DriftUp {
        dice.between(1.2, 2.5)
    } else if shape == Shape::Mixed {
        dice.between(1.0, 1.3)
    } else {
        1.0
    };
    let walk = if shape == Shape::RandomWalk { dice.between(0.01, 0.04) } else { 0.0 };
    let period = (count as f64 / dice.between(8.0, 20.0)).ceil() as i64;
    let pause_rows =
        if shape == Shape::Checkpoints { dice.between(1.0, 5.0) } else { dice.between(1.0, 4.0) };
    let evaluates = matches!(shape, Shape::EvaluationRows | Shape::Mixed);
    let pauses = matches!(shape, Shape::EvaluationGaps | Shape::Checkpoints);
    let stalls = if matches!(shape, Shape::Stalls) { dice.between(3.0, 6.0) / count as f64 } else { 0.0 };
    let breaks_at = (count as f64 * dice.between(0.1, 0.22)) as i64;
    let stop_at = (count as f64 * dice.between(0.6, 0.9)) as i64;

    let (mut time, mut level, mut row, mut broke) = (0.0, 1.0, 0, false);
    let mut rows = Vec::new();
    while row < count {
        row += 1;
        let share = row as f64 / count as f64;
        level *= (walk * dice.normal()).exp();
        let slow = if shape == Shape::WarmUp && share < slow_share { slow_times } else { 1.0 };
        let drifted = 1.0 + (drift - 1.0) * share;
        time += row_seconds * level * slow * drifted * (noise * dice.normal()).exp();
        if dice.share() < stalls {
            time += row_seconds * dice.over(3.0, 0.015 * count as f64 + 4.0);
        }
        let told = if shape == Shape::Quantised { (2.0 * time).round() / 2.0 } else { time };
        rows.push((told, row * stride, RowKind::Train));
        if row % period == 0 && (evaluates || pauses) {
            let seconds = row_seconds * pause_rows * (0.05 * dice.normal()).exp();
            time += seconds;
            if evaluates {
                rows.push((time, row * stride, RowKind::Evaluation { seconds: Some(seconds) }));
            }
        }
        if shape == Shape::Resume && row == breaks_at && !broke {
            broke = true;
            row -= (count / 25).max(1);
            time += row_seconds * dice.over(10.0, 100.0);
        }
        if shape == Shape::EarlyStop && row == stop_at {
            break;
        }
    }
    Log { rows, total: count * stride, end: time }
}

/// What was told at a share of the time.
struct Answer {
    eta: Eta,
    /// What the mean pace until then would have told.
    by_mean: f64,
    left: f64,
}

/// Nothing before the first row.
fn ask(log: &Log, share: f64) -> Option<Answer> {
    let now = share * log.end;
    let mut track = PaceTrack::default();
    for (time, step, kind) in log.rows.iter().filter(|(time, ..)| *time <= now) {
        track.absorb(Timestamp::from_seconds(*time), *step, *kind);
    }
    let pace = Pace::read(&track, Some(Timestamp::from_seconds(0.0))).ok()?;
    let eta = pace.remaining(Timestamp::from_seconds(now), log.total as f64).expect("it is not over");
    let (last, step, _) = *log.rows.iter().take_while(|(time, ..)| *time <= now).last()?;
    let by_mean = (last / step as f64 * (log.total - step) as f64 - (now - last)).max(1e-9);
    Some(Answer { eta, by_mean, left: log.end - now })
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures of each shape are what it is run for")]
fn replayed_logs_end_about_when_it_was_said() {
    let mut errors: [Vec<f64>; 5] = Default::default();
    let (mut covered, mut asked) = (0, 0);
    let mut faults = Vec::new();
    for (place, (shape, study_error, study_mean)) in SHAPES.into_iter().enumerate() {
        let (mut of_shape, mut of_mean) = (Vec::new(), Vec::new());
        let (mut held, mut told) = (0, 0);
        for seed in 0..LOGS {
            let log = log(shape, &mut Dice((place as u64 + 1) << 32 | seed));
            for (moment, share) in MOMENTS.into_iter().enumerate() {
                let Some(Answer { eta, by_mean, left }) = ask(&log, share) else { continue };
                told += 1;
                let error = (eta.seconds / left).ln().abs();
                held += usize::from((eta.low_seconds..=eta.high_seconds).contains(&left));
                of_shape.push(error);
                of_mean.push((by_mean / left).ln().abs());
                if shape != Shape::EarlyStop {
                    errors[moment].push(error);
                }
            }
        }
        let error = median(of_shape).expect("it was asked");
        let of_mean = median(of_mean).expect("it was asked");
        println!(
            "{shape:?}: {:.1} % off, {held} of {told} held; the mean {:.1} %",
            100.0 * error,
            100.0 * of_mean
        );
        // Harder logs than those of the study may be further off, by as much as the mean pace is.
        let allowed = study_error * (of_mean / study_mean).max(1.0);
        if error > allowed {
            faults.push(format!("{shape:?}: {error}, by the mean {of_mean}, allowed {allowed}"));
        }
        if shape != Shape::EarlyStop {
            covered += held;
            asked += told;
        }
    }
    let [_, quarter, half, ..] = errors.map(|errors| median(errors).expect("it was asked"));
    let share = covered as f64 / asked as f64;
    println!(
        "at a quarter {:.1} %, at half {:.1} %, held {:.0} %",
        100.0 * quarter,
        100.0 * half,
        100.0 * share
    );
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(half <= ERROR_AT_HALF && quarter <= ERROR_AT_A_QUARTER, "{half} {quarter}");
    assert!(COVERED.contains(&share), "{share}");
}
