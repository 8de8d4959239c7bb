//! Conditions that a caller waits for: `step>=1000`, `state!=running`, `loss<1.2`, `finding:any`.

use std::fmt;
use std::str::FromStr;

use paceline_schema::{RunState, RunStatus};
use paceline_series::RunHeads;

use crate::engine::Engine;
use crate::error::QueryError;
use crate::status::{small, status_of};

/// Something that may come to hold of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// As it was written.
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    State {
        is: bool,
        state: RunState,
    },
    Number {
        name: String,
        comparison: Comparison,
        bound: f64,
    },
    /// Of this kind, or any.
    Finding(Option<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

/// Longer ones first: the beginning of one is another.
const COMPARISONS: [(&str, Comparison); 7] = [
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("!=", Comparison::NotEqual),
    ("==", Comparison::Equal),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("=", Comparison::Equal),
];

impl FromStr for Condition {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let refused = |why: &str| QueryError::InvalidRequest {
            reason: format!(
                "condition `{text}` {why}; write one as `step>=1000`, `state!=running`, `loss<1.2` or `finding:any`"
            ),
        };
        let condition = |kind| Ok(Self { text: text.to_owned(), kind });
        if let Some(code) = text.strip_prefix("finding:") {
            let code = code.trim();
            if code.is_empty() {
                return Err(refused("names no finding"));
            }
            return condition(Kind::Finding(Some(code.to_owned()).filter(|code| code != "any")));
        }
        // A name may hold anything, so the comparison is the last one there.
        let is_sign = |c: char| matches!(c, '<' | '>' | '=' | '!');
        let end = text.rfind(is_sign).ok_or_else(|| refused("compares nothing"))? + 1;
        let begin = text[..end].trim_end_matches(is_sign).len().max(end.saturating_sub(2));
        let (name, sign, bound) = (text[..begin].trim(), &text[begin..end], text[end..].trim());
        let comparison = COMPARISONS
            .iter()
            .find(|(written, _)| *written == sign)
            .map(|(_, comparison)| *comparison)
            .ok_or_else(|| refused(&format!("compares by `{sign}`, which means nothing")))?;
        if name.is_empty() {
            return Err(refused("names nothing to compare"));
        }
        if name == "state" {
            let state = RunState::parse(bound)
                .ok_or_else(|| refused(&format!("has `{bound}` for a state, which is none")))?;
            return match comparison {
                Comparison::Equal => condition(Kind::State { is: true, state }),
                Comparison::NotEqual => condition(Kind::State { is: false, state }),
                Comparison::Less
                | Comparison::LessOrEqual
                | Comparison::Greater
                | Comparison::GreaterOrEqual => {
                    Err(refused("compares a state otherwise than by `=` or `!=`"))
                }
            };
        }
        let bound = bound
            .parse()
            .ok()
            .filter(|bound: &f64| !bound.is_nan())
            .ok_or_else(|| refused(&format!("has `{bound}` for a number, which is none")))?;
        condition(Kind::Number { name: name.to_owned(), comparison, bound })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Condition {
    /// Whether it holds of a run that stands so. A metric that was never logged meets nothing.
    fn holds(&self, status: &RunStatus, heads: &RunHeads) -> bool {
        match &self.kind {
            Kind::State { is, state } => (status.state == *state) == *is,
            Kind::Finding(None) => !status.findings.is_empty(),
            Kind::Finding(Some(code)) => status.findings.iter().any(|finding| finding.code == *code),
            Kind::Number { name, comparison, bound } => {
                value_of(name, status, heads).is_some_and(|value| comparison.holds(value, *bound))
            }
        }
    }
}

impl Comparison {
    fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Less => value < bound,
            Self::LessOrEqual => value <= bound,
            Self::Greater => value > bound,
            Self::GreaterOrEqual => value >= bound,
            Self::Equal => value == bound,
            Self::NotEqual => value != bound,
        }
    }
}

/// The newest value of the metric of this name, else of what the status calls so.
fn value_of(name: &str, status: &RunStatus, heads: &RunHeads) -> Option<f64> {
    if name == "step" {
        return status.step.map(|step| step as f64);
    }
    if let Some(head) = heads.metric(name) {
        return Some(head.last.value);
    }
    match name {
        "loss" => status.loss.as_ref()?.latest,
        "progress" => status.progress,
        "epoch" => status.epoch,
        "eta_seconds" => status.eta_seconds,
        "seconds_since_last_row" => status.seconds_since_last_row,
        _ => None,
    }
}

impl Engine {
    /// Which of the conditions hold of a run now, and where it stands.
    ///
    /// # Errors
    /// When there is no such project or run, or its file cannot be read.
    pub fn conditions_met(
        &self,
        project: &str,
        run: &str,
        conditions: &[Condition],
    ) -> Result<(Vec<String>, RunStatus), QueryError> {
        let now = self.now();
        self.read(project, |reader, project| {
            let status = status_of(reader, project, run, now, &self.known)?;
            let heads = reader.heads(&status.run_id)?;
            let met = conditions.iter().filter(|condition| condition.holds(&status, &heads));
            Ok((met.map(ToString::to_string).collect(), small(status)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Kind {
        text.parse::<Condition>().expect(text).kind
    }

    fn number(name: &str, comparison: Comparison, bound: f64) -> Kind {
        Kind::Number { name: name.to_owned(), comparison, bound }
    }

    #[test]
    fn conditions_are_read() {
        assert_eq!(kind("step>=1000"), number("step", Comparison::GreaterOrEqual, 1000.0));
        assert_eq!(kind(" val/acc > .9 "), number("val/acc", Comparison::Greater, 0.9));
        assert_eq!(kind("loss<1.2"), number("loss", Comparison::Less, 1.2));
        assert_eq!(kind("a=-1e-3"), number("a", Comparison::Equal, -1e-3));
        assert_eq!(kind("a==1"), number("a", Comparison::Equal, 1.0));
        assert_eq!(kind("a<b<=2"), number("a<b", Comparison::LessOrEqual, 2.0));
        assert_eq!(kind("größe!=2"), number("größe", Comparison::NotEqual, 2.0));
        assert_eq!(kind("state!=running"), Kind::State { is: false, state: RunState::Running });
        assert_eq!(kind("state=failed"), Kind::State { is: true, state: RunState::Failed });
        assert_eq!(kind("finding:any"), Kind::Finding(None));
        assert_eq!(kind("finding:loss_nan"), Kind::Finding(Some("loss_nan".into())));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (text, why) in [
            ("", "compares nothing"),
            ("loss", "compares nothing"),
            ("<1", "names nothing to compare"),
            ("loss<", "has `` for a number"),
            ("loss<low", "has `low` for a number"),
            ("loss<NaN", "has `NaN` for a number"),
            ("loss=>1", "compares by `=>`"),
            ("loss!1", "compares by `!`"),
            ("state>running", "compares a state otherwise"),
            ("state=asleep", "has `asleep` for a state"),
            ("finding:", "names no finding"),
        ] {
            let error = text.parse::<Condition>().expect_err(text).to_string();
            assert!(error.starts_with(&format!("condition `{text}` {why}")), "{error}");
        }
    }
}
