//! The one sentence that tells a person where a run stands, and the words for durations and figures.

use paceline_schema::{LossStatus, RunState, RunStatus, StateSource, Trend};

/// An interval wider than this is told by its ends.
const WIDE_INTERVAL: f64 = 3.0;
/// Characters of an exception's words that find room.
const FAILURE_CHARACTERS: usize = 100;

/// How the process of a run ended.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ending<'a> {
    /// Exit status.
    pub(crate) exit_code: Option<i32>,
    /// Signal that ended it.
    pub(crate) exit_signal: Option<i32>,
    /// Exception nobody caught.
    pub(crate) failure: Option<&'a str>,
}

/// The sentence for `status`, whose own `summary` is not looked at.
#[must_use]
pub(crate) fn summary(status: &RunStatus, ending: Ending<'_>) -> String {
    let elapsed = status.elapsed_seconds.map(duration);
    match status.state {
        RunState::Created => elapsed.map_or_else(
            || "Created, no rows yet".to_owned(),
            |elapsed| format!("Created {elapsed} ago, no rows yet"),
        ),
        RunState::Running => {
            let rest = remaining(status).or_else(|| elapsed.map(|elapsed| format!("running for {elapsed}")));
            listed([place(status), loss(status.loss.as_ref(), true), rest])
        }
        RunState::Stalled => {
            let silent =
                status.seconds_since_last_row.map(|seconds| format!("silent for {}", duration(seconds)));
            // A run of rows alone may have ended long ago.
            let has_trend = status.state_source == StateSource::Process;
            listed([place(status), loss(status.loss.as_ref(), has_trend), silent])
        }
        RunState::Finished => ended("Finished", status, elapsed, Ending::default()),
        RunState::Failed => ended("Failed", status, elapsed, ending),
        RunState::Crashed => ended("Crashed", status, elapsed, ending),
    }
}

fn ended(verb: &str, status: &RunStatus, elapsed: Option<String>, ending: Ending<'_>) -> String {
    let place = step_of_total(status).map(|step| format!(" at step {step}")).unwrap_or_default();
    let after = elapsed.map(|elapsed| format!(" after {elapsed}")).unwrap_or_default();
    let head = Some(format!("{verb}{place}{after}"));
    let code = ending.exit_code.map(|code| format!("exit code {code}"));
    let signal = ending.exit_signal.map(|signal| format!("ended by signal {signal}"));
    let failure = ending.failure.map(|failure| failure.chars().take(FAILURE_CHARACTERS).collect());
    listed([head, loss(status.loss.as_ref(), false), signal.or(code), failure])
}

fn listed<const N: usize>(parts: [Option<String>; N]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn step_of_total(status: &RunStatus) -> Option<String> {
    let step = status.step?;
    Some(status.total_steps.map_or_else(|| step.to_string(), |total| format!("{step}/{total}")))
}

fn place(status: &RunStatus) -> Option<String> {
    let step = step_of_total(status)?;
    Some(match status.progress {
        // The last step rounds to all of them a little early; only the last one is all of them.
        Some(share) if share < 1.0 => format!("Step {step} ({} %)", (share * 100.0).round().min(99.0)),
        Some(_) => format!("Step {step} (100 %)"),
        None => format!("Step {step}"),
    })
}

fn loss(loss: Option<&LossStatus>, with_trend: bool) -> Option<String> {
    let loss = loss?;
    let Some(latest) = loss.latest else { return Some("loss not finite".to_owned()) };
    let first = loss.first.filter(|first| *first != latest).map(|first| format!("from {}", figure(first)));
    let trend = loss.trend.filter(|_| with_trend).map(|trend| match trend {
        Trend::Falling => "falling".to_owned(),
        Trend::Flat => "flat".to_owned(),
        Trend::Rising => loss
            .trend_since_step
            .map_or_else(|| "rising".to_owned(), |step| format!("rising since step {step}")),
    });
    let aside = listed([first, trend]);
    Some(if aside.is_empty() {
        format!("loss {}", figure(latest))
    } else {
        format!("loss {} ({aside})", figure(latest))
    })
}

fn remaining(status: &RunStatus) -> Option<String> {
    let seconds = status.eta_seconds?;
    if seconds < 1.0 {
        return Some("about to end".to_owned());
    }
    Some(match status.eta_low_seconds.zip(status.eta_high_seconds) {
        Some((low, high)) if high > WIDE_INTERVAL * low => between(low, high),
        Some(_) | None => format!("about {} left", duration(seconds)),
    })
}

fn between(low: f64, high: f64) -> String {
    let (low, high) = (duration(low), duration(high));
    // `10 minutes` and `40 minutes` share their unit.
    match (low.split_once(' '), high.split_once(' ')) {
        (Some((amount, unit)), Some((_, other))) if unit == other => {
            format!("between {amount} and {high} left")
        }
        _ => format!("between {low} and {high} left"),
    }
}

/// A duration in words, to about two figures: `90 seconds`, `14 minutes`, `1 h 10 min`, `2 days 3 h`.
#[must_use]
pub fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    let minutes = (seconds.max(0.0) / 60.0).round() as u64;
    let hours = (seconds.max(0.0) / 3_600.0).round() as u64;
    let two = |large: u64, large_unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    };
    match (whole, minutes, hours) {
        (1, ..) => "1 second".to_owned(),
        (0..120, ..) => format!("{whole} seconds"),
        (_, 0..60, _) => format!("{minutes} minutes"),
        (_, 60..1_440, _) => two(minutes / 60, "h", minutes % 60, "min"),
        (_, _, 0..48) => two(1, "day", hours.saturating_sub(24), "h"),
        _ => two(hours / 24, "days", hours % 24, "h"),
    }
}

/// A figure with 4 significant digits at most: `1.403`, `0.0123`, `1.2e-5`.
#[must_use]
pub fn figure(value: f64) -> String {
    let rounded = significant(value, 4);
    if rounded == 0.0 || (1e-3..1e6).contains(&rounded.abs()) {
        format!("{rounded}")
    } else {
        format!("{rounded:e}")
    }
}

/// `value` to the nearest number with so many significant decimal digits.
#[must_use]
pub(crate) fn significant(value: f64, digits: usize) -> f64 {
    // By way of the text: the nearest float to the decimal number, which a division would miss.
    format!("{value:.*e}", digits.saturating_sub(1)).parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use paceline_schema::status::AlertCounts;
    use proptest::prelude::*;

    fn status(state: RunState) -> RunStatus {
        RunStatus {
            project: "digits".into(),
            run: "lr-3e-4".into(),
            run_id: "0".into(),
            state,
            state_source: StateSource::Process,
            step: Some(850),
            total_steps: Some(1_200),
            total_steps_source: None,
            total_steps_exact: None,
            progress: Some(850.0 / 1_200.0),
            loss: Some(LossStatus {
                key: "loss".into(),
                latest: Some(1.23),
                recent: None,
                first: Some(2.412_34),
                best: None,
                best_step: None,
                trend: Some(Trend::Falling),
                trend_since_step: None,
                slope_per_1000_steps: None,
            }),
            learning_rate: None,
            epoch: None,
            steps_per_second: None,
            elapsed_seconds: Some(4_200.0),
            eta_seconds: Some(1_190.0),
            eta_low_seconds: Some(1_000.0),
            eta_high_seconds: Some(1_500.0),
            eta_reason: None,
            finish_at: None,
            seconds_since_last_row: Some(840.0),
            findings: Vec::new(),
            more_findings: None,
            alerts: AlertCounts::default(),
            summary: String::new(),
        }
    }

    #[test]
    fn every_state_has_its_sentence() {
        let told = |status: &RunStatus| summary(status, Ending::default());
        let running = status(RunState::Running);
        assert_eq!(
            told(&running),
            "Step 850/1200 (71 %), loss 1.23 (from 2.412, falling), about 20 minutes left"
        );
        let mut rising = running.clone();
        if let Some(loss) = &mut rising.loss {
            (loss.trend, loss.trend_since_step) = (Some(Trend::Rising), Some(388));
        }
        assert_eq!(
            told(&rising),
            "Step 850/1200 (71 %), loss 1.23 (from 2.412, rising since step 388), about 20 minutes left"
        );
        let wide =
            RunStatus { eta_low_seconds: Some(600.0), eta_high_seconds: Some(2_400.0), ..running.clone() };
        assert_eq!(
            told(&wide),
            "Step 850/1200 (71 %), loss 1.23 (from 2.412, falling), between 10 and 40 minutes left"
        );
        let open =
            RunStatus { total_steps: None, progress: None, eta_seconds: None, loss: None, ..running.clone() };
        assert_eq!(told(&open), "Step 850, running for 1 h 10 min");
        let passed = RunStatus { total_steps: Some(800), progress: None, eta_seconds: None, ..running };
        assert_eq!(told(&passed), "Step 850/800, loss 1.23 (from 2.412, falling), running for 1 h 10 min");
        assert_eq!(
            told(&status(RunState::Stalled)),
            "Step 850/1200 (71 %), loss 1.23 (from 2.412, falling), silent for 14 minutes"
        );
        let by_rows = RunStatus { state_source: StateSource::Rows, ..status(RunState::Stalled) };
        assert_eq!(told(&by_rows), "Step 850/1200 (71 %), loss 1.23 (from 2.412), silent for 14 minutes");
        assert_eq!(
            told(&status(RunState::Finished)),
            "Finished at step 850/1200 after 1 h 10 min, loss 1.23 (from 2.412)"
        );
        let created = RunStatus { elapsed_seconds: Some(12.2), step: None, ..status(RunState::Created) };
        assert_eq!(told(&created), "Created 12 seconds ago, no rows yet");
        let error = Ending { exit_code: Some(1), exit_signal: None, failure: Some("ValueError: bad shape") };
        assert_eq!(
            summary(&status(RunState::Failed), error),
            "Failed at step 850/1200 after 1 h 10 min, loss 1.23 (from 2.412), exit code 1, ValueError: bad shape"
        );
        let killed = Ending { exit_code: None, exit_signal: Some(9), failure: None };
        assert_eq!(
            summary(&status(RunState::Crashed), killed),
            "Crashed at step 850/1200 after 1 h 10 min, loss 1.23 (from 2.412), ended by signal 9"
        );
    }

    #[test]
    fn durations_in_words() {
        for (seconds, words) in [
            (0.2, "0 seconds"),
            (1.0, "1 second"),
            (119.4, "119 seconds"),
            (119.6, "2 minutes"),
            (1_190.0, "20 minutes"),
            (3_569.0, "59 minutes"),
            (3_590.0, "1 h"),
            (4_200.0, "1 h 10 min"),
            (86_390.0, "1 day"),
            (100_000.0, "1 day 4 h"),
            (183_000.0, "2 days 3 h"),
        ] {
            assert_eq!(duration(seconds), words, "{seconds}");
        }
    }

    #[test]
    fn figures_have_four_digits() {
        for (value, text) in [
            (1.403_21, "1.403"),
            (2.0, "2"),
            (0.0, "0"),
            (123_456.0, "123500"),
            (0.000_012_34, "1.234e-5"),
            (-0.5, "-0.5"),
        ] {
            assert_eq!(figure(value), text);
        }
    }

    proptest! {
        #[test]
        fn every_duration_has_words(seconds in 0.0..1e8f64) {
            let words = duration(seconds);
            prop_assert!(words.len() <= 16 && !words.contains(" 0 "), "{}", words);
        }

        #[test]
        fn rounding_stays_near(value in -1e12..1e12f64) {
            prop_assert!((significant(value, 4) - value).abs() <= 5e-4 * value.abs());
        }
    }
}
