//! What `define_metric` said of the metrics of a run: the axis they are drawn over, what the summary keeps.
//!
//! The recorder writes the definitions into the run's config, from where every reader takes them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Where they stand in the config of a run: a list of [`MetricDefinition`].
pub const CONFIG_KEY: &str = "_Metrics";

/// A value the summary keeps of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SummaryKind {
    /// Lowest finite value.
    Min,
    /// Highest finite value.
    Max,
    /// Mean of the finite values.
    Mean,
    /// The lowest or highest value, by the [`Goal`].
    Best,
    /// First finite value.
    First,
    /// Newest value.
    Last,
    /// The newest value by itself, as without a definition.
    Copy,
    /// Nothing at all.
    None,
}

/// Which values of a metric are the better ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// Lower ones.
    Minimize,
    /// Higher ones.
    Maximize,
}

/// One definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricDefinition {
    /// A metric, or the beginning and the end of the names of several with `*` between them.
    pub name: String,
    /// The metric it is drawn over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_metric: Option<String>,
    /// A row without the step metric stands where the one before stood.
    #[serde(default = "synced", skip_serializing_if = "is_synced")]
    pub step_sync: bool,
    /// It is left out of charts that nobody asked for.
    #[serde(default, skip_serializing_if = "is_shown")]
    pub hidden: bool,
    /// What the summary keeps; the newest value when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub summary: Vec<SummaryKind>,
    /// What counts as better.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<Goal>,
}

fn synced() -> bool {
    true
}

fn is_synced(step_sync: &bool) -> bool {
    *step_sync
}

fn is_shown(hidden: &bool) -> bool {
    !hidden
}

impl MetricDefinition {
    /// Beginning and end of the names it stands for; `None` for a single metric.
    fn pattern(&self) -> Option<(&str, &str)> {
        self.name.split_once('*')
    }

    fn fits(&self, key: &str) -> bool {
        match self.pattern() {
            // Names that begin with `_` are the tracker's own.
            Some((beginning, end)) => {
                !key.starts_with('_')
                    && key.len() >= beginning.len() + end.len()
                    && key.starts_with(beginning)
                    && key.ends_with(end)
            }
            None => self.name == key,
        }
    }

    /// The metric that `key` is drawn over; the axis itself has none.
    #[must_use]
    pub fn axis_of(&self, key: &str) -> Option<&str> {
        self.step_metric.as_deref().filter(|axis| *axis != key)
    }

    /// What counts as better: the goal, else what the summary keeps; `None` when neither tells.
    #[must_use]
    pub fn direction(&self) -> Option<Goal> {
        let keeps = |kind| self.summary.contains(&kind);
        match (self.goal, keeps(SummaryKind::Min), keeps(SummaryKind::Max)) {
            (Some(goal), _, _) => Some(goal),
            (None, true, false) => Some(Goal::Minimize),
            (None, false, true) => Some(Goal::Maximize),
            (None, _, _) => keeps(SummaryKind::Best).then_some(Goal::Minimize),
        }
    }
}

/// All definitions of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricDefinitions(Vec<MetricDefinition>);

impl MetricDefinitions {
    /// Those in a config; what is none is left out.
    #[must_use]
    pub fn of_config(config: &Map<String, Value>) -> Self {
        let records = config.get(CONFIG_KEY).and_then(Value::as_array);
        let definition = |record| MetricDefinition::deserialize(record).ok();
        Self(records.into_iter().flatten().filter_map(definition).collect())
    }

    /// The definition of a metric: its own, else the pattern with the longest name, the newest of equals.
    #[must_use]
    pub fn of(&self, key: &str) -> Option<&MetricDefinition> {
        let fitting = || self.0.iter().filter(|definition| definition.fits(key));
        fitting()
            .find(|definition| definition.pattern().is_none())
            .or_else(|| fitting().max_by_key(|definition| definition.name.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn definitions(records: Value) -> MetricDefinitions {
        MetricDefinitions::of_config(&Map::from_iter([(CONFIG_KEY.to_owned(), records)]))
    }

    #[test]
    fn the_own_definition_comes_first_then_the_longest_pattern() {
        let all = definitions(json!([
            {"name": "*", "step_metric": "global_step"},
            {"name": "val/*", "step_metric": "epoch", "step_sync": false},
            {"name": "val/acc", "summary": ["max"]},
            {"name": "*_loss", "hidden": true},
            {"name": 3}, "nonsense", {"name": "odd", "summary": ["median"]},
        ]));
        let axis = |key: &str| all.of(key).and_then(|found| found.axis_of(key));
        assert_eq!(axis("train/loss"), Some("global_step"));
        assert_eq!(axis("val/f1"), Some("epoch"));
        assert_eq!(axis("val/acc"), None, "its own definition names no axis");
        assert_eq!(axis("global_step"), None, "the axis is not drawn over itself");
        assert_eq!(axis("_runtime"), None);
        assert_eq!(axis("odd"), Some("global_step"), "what is no definition is left out");
        assert!(all.of("val/f1").is_some_and(|found| !found.step_sync && !found.hidden));
        assert!(all.of("train_loss").is_some_and(|found| found.hidden && found.step_sync));
        assert_eq!(MetricDefinitions::of_config(&Map::new()).of("loss"), None);
    }

    #[test]
    fn the_goal_or_the_summary_tells_what_is_better() {
        for (record, expected) in [
            (json!({"name": "a", "summary": ["max", "mean"]}), Some(Goal::Maximize)),
            (json!({"name": "a", "summary": ["max"], "goal": "minimize"}), Some(Goal::Minimize)),
            (json!({"name": "a", "summary": ["min", "max"]}), None),
            (json!({"name": "a", "summary": ["best"]}), Some(Goal::Minimize)),
            (json!({"name": "a", "summary": ["best"], "goal": "maximize"}), Some(Goal::Maximize)),
            (json!({"name": "a"}), None),
        ] {
            let found: MetricDefinition = serde_json::from_value(record.clone()).expect("a definition");
            assert_eq!(found.direction(), expected, "{record}");
            assert_eq!(serde_json::to_value(&found).expect("it is written"), record, "nothing is added");
        }
    }
}
