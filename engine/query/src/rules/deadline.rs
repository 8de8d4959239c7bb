//! A run that needs longer than it may take.

use paceline_schema::Timestamp;
use paceline_schema::status::{Finding, Severity};
use serde_json::{Map, Value};

use super::CALM_LOOKS;
use crate::eta::Eta;
use crate::sentence::duration;

/// Looks in a row at which it must be so.
const LOOKS: usize = 3;
/// It is over when the estimate is below this share of what is left.
const FITS: f64 = 0.9;
/// What a script calls the time it may take, in seconds.
const SECONDS_KEYS: [&str; 4] =
    ["time_limit_seconds", "timeout_seconds", "max_runtime_seconds", "max_time_seconds"];
/// The same in words: `8h`, `90m`, `12:00:00`, Lightning's `00:12:00:00`.
const WORDS_KEYS: [&str; 4] = ["time_limit", "timeout", "max_runtime", "max_time"];

/// When a run must have ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TimeLimit(Timestamp);

/// The remaining time at one look, and what was left until the limit then.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Look {
    pub(crate) eta_seconds: f64,
    pub(crate) low_seconds: f64,
    pub(crate) high_seconds: f64,
    pub(crate) left_seconds: f64,
}

impl TimeLimit {
    /// What the config says, counted from the start of the process.
    pub(crate) fn of(config: Option<&Map<String, Value>>, started_at: Option<Timestamp>) -> Option<Self> {
        let (config, started_at) = (config?, started_at?);
        let seconds = SECONDS_KEYS
            .iter()
            .find_map(|key| config.get(*key)?.as_f64())
            .or_else(|| WORDS_KEYS.iter().find_map(|key| in_words(config.get(*key)?.as_str()?)))
            .filter(|seconds| seconds.is_finite() && *seconds > 0.0)?;
        Some(Self(Timestamp::from_seconds(started_at.seconds() + seconds)))
    }

    pub(crate) fn look(self, eta: &Eta, at: Timestamp) -> Look {
        Look {
            eta_seconds: eta.seconds,
            low_seconds: eta.low_seconds,
            high_seconds: eta.high_seconds,
            left_seconds: self.0.seconds_since(at),
        }
    }
}

/// How bad it is that it was so at all of these looks.
fn lateness(looks: &[Look]) -> Option<Severity> {
    let all = |seconds: fn(&Look) -> f64| looks.iter().all(|look| seconds(look) > look.left_seconds);
    if all(|look| look.low_seconds) {
        Some(Severity::Critical)
    } else if all(|look| look.eta_seconds) {
        Some(Severity::Warning)
    } else {
        all(|look| look.high_seconds).then_some(Severity::Note)
    }
}

fn in_words(text: &str) -> Option<f64> {
    let text = text.trim();
    if text.contains(':') {
        let parts: Vec<f64> = text.split(':').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
        return match parts[..] {
            [minutes, seconds] => Some(60.0 * minutes + seconds),
            [hours, minutes, seconds] => Some(3_600.0 * hours + 60.0 * minutes + seconds),
            [days, hours, minutes, seconds] => {
                Some(86_400.0 * days + 3_600.0 * hours + 60.0 * minutes + seconds)
            }
            _ => None,
        };
    }
    let unit = match text.chars().last()? {
        's' => 1.0,
        'm' => 60.0,
        'h' => 3_600.0,
        'd' => 86_400.0,
        _ => return None,
    };
    Some(unit * text[..text.len() - 1].trim().parse::<f64>().ok()?)
}

/// `looks` are those made until now, oldest first. What was found stays until the estimate fits well at some looks in a
/// row, and grows no milder before.
pub(crate) fn deadline(looks: &[Look]) -> Option<Finding> {
    let mut held: Option<Severity> = None;
    for end in 1..=looks.len() {
        let found = end.checked_sub(LOOKS).and_then(|from| lateness(&looks[from..end]));
        let newest = &looks[end.saturating_sub(CALM_LOOKS)..end];
        let fits = newest.len() == CALM_LOOKS
            && newest.iter().all(|look| look.eta_seconds < FITS * look.left_seconds);
        held = if fits { found } else { held.max(found) };
    }
    let (severity, now) = (held?, looks.last()?);
    let left = if now.left_seconds > 0.0 {
        format!("only {} left before the limit", duration(now.left_seconds))
    } else {
        format!("the limit passed {} ago", duration(-now.left_seconds))
    };
    Some(Finding {
        code: "timeout_risk".to_owned(),
        severity,
        evidence: format!(
            "needs about {} more ({} to {}), {left}",
            duration(now.eta_seconds),
            duration(now.low_seconds),
            duration(now.high_seconds)
        ),
        metrics: Vec::new(),
        since_step: None,
        until_step: None,
        hint: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_in_seconds_and_in_words() {
        for (config, seconds) in [
            (r#"{"timeout_seconds": 90}"#, 90.0),
            (r#"{"max_time": "00:12:00:00"}"#, 43_200.0),
            (r#"{"timeout": "1.5h"}"#, 5_400.0),
            (r#"{"time_limit": "12:30"}"#, 750.0),
        ] {
            let config = serde_json::from_str(config).expect("an object");
            let limit = TimeLimit::of(Some(&config), Some(Timestamp::from_seconds(10.0)));
            assert_eq!(limit, Some(TimeLimit(Timestamp::from_seconds(10.0 + seconds))));
        }
        let none = serde_json::from_str(r#"{"timeout": "soon", "timeout_seconds": -1}"#).expect("an object");
        assert_eq!(TimeLimit::of(Some(&none), Some(Timestamp::from_seconds(10.0))), None);
    }

    #[test]
    fn what_is_late_stays_so_until_it_fits_well() {
        let look = |eta: f64| Look {
            eta_seconds: eta,
            low_seconds: 0.97 * eta,
            high_seconds: 1.03 * eta,
            left_seconds: 100.0,
        };
        let told = |etas: &[f64]| {
            deadline(&etas.iter().map(|eta| look(*eta)).collect::<Vec<_>>()).map(|found| found.severity)
        };
        assert_eq!(told(&[101.0, 101.0]), None);
        assert_eq!(told(&[99.0, 99.0, 99.0]), Some(Severity::Note));
        let late = [101.0, 101.0, 101.0];
        assert_eq!(told(&late), Some(Severity::Warning));
        assert_eq!(told(&[&late[..], &[99.0, 95.0, 89.0, 95.0]].concat()), Some(Severity::Warning));
        assert_eq!(told(&[&late[..], &[89.0, 89.0]].concat()), None);
        assert_eq!(told(&[&late[..], &[110.0; 3]].concat()), Some(Severity::Critical));
    }
}
