//! What the tracker keeps of a run in its config, beside what the user set there.
//!
//! A run's start is written once; what is changed later, and what the tables have no column for, goes into the
//! config, under names that begin with `_` and a capital letter. The peer does so too (`_Username`, `_Created`,
//! `_Group`), and its readers know these.

use serde_json::{Map, Value};

use crate::metric_definition::MetricDefinitions;

/// Where the group stands that a run was put in at `init`.
pub const GROUP_KEY: &str = "_Group";

/// The group that a run was put in at `init`.
#[must_use]
pub fn group_of(config: &Map<String, Value>) -> Option<String> {
    let group = config.get(GROUP_KEY).filter(|group| !group.is_null())?;
    Some(group.as_str().map_or_else(|| group.to_string(), str::to_owned))
}

/// What a config says of its run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrivateConfig {
    /// What the run does, as `train` or `eval`.
    pub job_type: Option<String>,
    /// User or team named at `init`.
    pub entity: Option<String>,
    /// The search for parameters it belongs to.
    pub sweep_id: Option<String>,
    /// Labels, where they were set after the start.
    pub tags: Option<Vec<String>>,
    /// Free text, where it was set after the start; empty where it was removed.
    pub notes: Option<String>,
    /// What `define_metric` said.
    pub metrics: MetricDefinitions,
}

/// Whether a name in a config is the tracker's own.
#[must_use]
pub fn is_private(key: &str) -> bool {
    key.strip_prefix('_').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
}

/// A config without what is the tracker's own.
#[must_use]
pub fn user_part(mut config: Map<String, Value>) -> Map<String, Value> {
    config.retain(|key, _| !is_private(key));
    config
}

impl PrivateConfig {
    /// Of a config; what has another form than the tracker's is left out.
    #[must_use]
    pub fn of(config: &Map<String, Value>) -> Self {
        let text = |key: &str| config.get(key).and_then(Value::as_str).map(str::to_owned);
        let tags = config.get("_Tags").and_then(Value::as_array);
        Self {
            job_type: text("_JobType"),
            entity: text("_Entity"),
            sweep_id: text("_SweepId"),
            tags: tags.map(|tags| tags.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
            notes: text("_Notes"),
            metrics: MetricDefinitions::of_config(config),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_group_is_text_whatever_it_was() {
        let group = |config: Value| group_of(config.as_object().expect("an object"));
        assert_eq!(group(json!({"_Group": "warm"})).as_deref(), Some("warm"));
        assert_eq!(group(json!({"_Group": 3})).as_deref(), Some("3"));
        assert_eq!((group(json!({"_Group": null})), group(json!({}))), (None, None));
    }

    #[test]
    fn what_is_the_users_is_told_from_what_is_not() {
        let config = json!({
            "lr": 1, "_name_or_path": "gpt2", "_Created": "2026", "_Group": null, "_Metrics": [], "_JobType": "eval",
            "_Tags": ["a", 1], "_Notes": "", "_Entity": 3, "_": 1, "_Über": 2
        });
        let config = config.as_object().expect("an object");
        let keys: Vec<String> = user_part(config.clone()).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["_", "_name_or_path", "_Über", "lr"]);
        let about = PrivateConfig::of(config);
        assert_eq!((about.job_type.as_deref(), about.entity, about.sweep_id), (Some("eval"), None, None));
        assert_eq!((about.tags, about.notes.as_deref()), (Some(vec!["a".to_owned()]), Some("")));
    }
}
