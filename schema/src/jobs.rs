//! Jobs: what is run, where it stands, what it prints; in the shape of Hugging Face Jobs, which two back ends share.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::Deserializer;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{RunStatus, Timestamp};

/// How long a job may run unless it says otherwise, seconds; that of Hugging Face Jobs.
pub const USUAL_TIMEOUT_SECONDS: u64 = 30 * 60;

/// The machine of a job that names none.
pub const USUAL_FLAVOR: &str = "cpu-basic";

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobStage {
    /// It waits for its machine.
    Scheduling,
    /// It runs.
    Running,
    /// It ended as it should.
    Completed,
    /// Somebody ended it.
    Canceled,
    /// It failed, took too long, or was ended by the system.
    Error,
    /// It was removed.
    Deleted,
}

impl JobStage {
    /// Every stage.
    pub const ALL: [Self; 6] =
        [Self::Scheduling, Self::Running, Self::Completed, Self::Canceled, Self::Error, Self::Deleted];

    /// Its word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduling => "SCHEDULING",
            Self::Running => "RUNNING",
            Self::Completed => "COMPLETED",
            Self::Canceled => "CANCELED",
            Self::Error => "ERROR",
            Self::Deleted => "DELETED",
        }
    }

    /// The stage of that word, in any case.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str().eq_ignore_ascii_case(word))
    }

    /// Nothing more comes.
    #[must_use]
    pub fn has_ended(self) -> bool {
        match self {
            Self::Scheduling | Self::Running => false,
            Self::Completed | Self::Canceled | Self::Error | Self::Deleted => true,
        }
    }
}

/// Values that are to be seen by the job alone, by name.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secrets(#[serde(deserialize_with = "scalars")] pub BTreeMap<String, String>);

impl Secrets {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What is to be run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobSpec {
    /// The program and what it is given.
    pub command: Vec<String>,
    /// What it is given after that.
    pub arguments: Vec<String>,
    /// Variables of its environment.
    #[serde(deserialize_with = "scalars")]
    pub environment: BTreeMap<String, String>,
    /// The machine, by its name at Hugging Face Jobs.
    pub flavor: Option<String>,
    /// Further variables, which nobody else sees.
    #[serde(skip_serializing_if = "Secrets::is_empty")]
    pub secrets: Secrets,
    /// Seconds after which it is ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// How often it is tried at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// Words to find it by.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "scalars")]
    pub labels: BTreeMap<String, String>,
    /// Repositories to mount.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<Value>,
    /// Ports to open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expose: Option<Value>,
    /// Whether it is to be reached by SSH.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssh: Option<Value>,
    /// A network it shares with others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Value>,
    /// Who pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_group_id: Option<String>,
    /// Image of the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub docker_image: Option<String>,
    /// Space whose image it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub space_id: Option<String>,
}

/// Where a job stands, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobStatus {
    /// Where.
    pub stage: JobStage,
    /// What happened and what to do about it.
    #[serde(default)]
    pub message: Option<String>,
}

/// How long a job took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct JobDurations {
    /// Seconds until it began to run.
    pub scheduling_secs: Option<i64>,
    /// Seconds it ran, or runs so far.
    pub running_secs: Option<i64>,
    /// Seconds since it was made.
    pub total_secs: Option<i64>,
}

/// Whose job it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobOwner {
    /// Id.
    pub id: String,
    /// Name: the namespace of the job.
    pub name: String,
    /// `user` or `org`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// A job as it is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct JobInfo {
    /// Id.
    pub id: String,
    /// When it was made.
    #[serde(with = "moment")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Timestamp>))]
    pub created_at: Option<Timestamp>,
    /// When it began to run.
    #[serde(default, with = "moment")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Timestamp>))]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, with = "moment")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Timestamp>))]
    pub finished_at: Option<Timestamp>,
    /// The image that was named.
    #[serde(default)]
    pub docker_image: Option<String>,
    /// The Space whose image was named.
    #[serde(default)]
    pub space_id: Option<String>,
    /// The program and what it is given.
    #[serde(default)]
    pub command: Option<Vec<String>>,
    /// What it is given after that.
    #[serde(default)]
    pub arguments: Option<Vec<String>>,
    /// Variables of its environment.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub environment: Value,
    /// Names of its secrets; their values are not told.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub secrets: Value,
    /// The machine that was named.
    #[serde(default)]
    pub flavor: Option<String>,
    /// Words to find it by.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub labels: Value,
    /// Where it stands.
    pub status: JobStatus,
    /// How long it took.
    #[serde(default)]
    pub durations: Option<JobDurations>,
    /// Whose it is.
    pub owner: JobOwner,
    /// Seconds after which it is ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
}

/// A line that a job printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobLine {
    /// The line, without what ends it.
    pub data: String,
    /// When it came.
    #[serde(default, with = "moment")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Timestamp>))]
    pub timestamp: Option<Timestamp>,
}

/// What computes in a machine for jobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobAccelerator {
    /// `gpu` or another kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name.
    pub model: String,
    /// How many.
    pub quantity: String,
    /// Memory of all of them.
    pub vram: String,
    /// Who made it.
    pub manufacturer: String,
}

/// A machine that jobs can be run on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct JobHardware {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub pretty_name: String,
    /// Its processors.
    pub cpu: String,
    /// Its memory.
    pub ram: String,
    /// What computes in it beside the processors.
    #[serde(default)]
    pub accelerator: Option<JobAccelerator>,
    /// Price of a unit, 10⁻⁶ dollars.
    #[serde(rename = "unitCostMicroUSD")]
    pub unit_cost_micro_usd: i64,
    /// Price of a unit, dollars.
    #[serde(rename = "unitCostUSD")]
    pub unit_cost_usd: f64,
    /// The unit, as `minute`.
    pub unit_label: String,
}

/// What a training is expected to take, kept with its job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobExpectation {
    /// Seconds.
    pub seconds: f64,
    /// Price of all of it, dollars.
    pub usd: f64,
    /// Price of an hour, dollars.
    pub usd_per_hour: f64,
    /// The machine these prices are for.
    pub flavor: String,
}

/// A job with the run that it logs into.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobReport {
    /// One sentence for a person: where it stands and what it costs.
    pub summary: String,
    /// The job.
    pub job: JobInfo,
    /// Where its run stands; null until it logs.
    pub run: Option<RunStatus>,
    /// What it was expected to take, where it was planned.
    pub expected: Option<JobExpectation>,
    /// What it costs so far by the same price, dollars.
    pub usd: Option<f64>,
}

/// Jobs, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobReports {
    /// The jobs.
    pub jobs: Vec<JobReport>,
}

/// Values of an environment; numbers and truths stand there as their text.
fn scalars<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let given = Option::<BTreeMap<String, Value>>::deserialize(deserializer)?.unwrap_or_default();
    let text = |(name, value): (String, Value)| match value {
        Value::String(text) => Ok((name, text)),
        Value::Number(number) => Ok((name, number.to_string())),
        Value::Bool(truth) => Ok((name, truth.to_string())),
        Value::Null => Ok((name, String::new())),
        Value::Array(_) | Value::Object(_) => {
            Err(serde::de::Error::custom(format_args!("the value of `{name}` is no text")))
        }
    };
    given.into_iter().map(text).collect()
}

/// Times as Hugging Face's client reads them: with a `Z`, and a fraction.
mod moment {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::Timestamp;

    pub(super) fn serialize<S: Serializer>(
        time: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => serializer.collect_str(&time.to_string().replace("+00:00", "Z")),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        Option::<Timestamp>::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_official_client_sends_is_understood() {
        let sent = json!({
            "command": ["uv", "run", "--with", "trl", "https://host/sft.py"], "arguments": [], "environment": {"N": 1, "ON": true},
            "flavor": "t4-small", "secrets": {"HF_TOKEN": "hf_x"}, "timeoutSeconds": 5400, "attempts": 2,
            "labels": {"name": "sft-1"}, "dockerImage": "ghcr.io/astral-sh/uv:python3.12-bookworm",
        });
        let spec: JobSpec = serde_json::from_value(sent).expect("it is understood");
        assert_eq!((spec.environment["N"].as_str(), spec.environment["ON"].as_str()), ("1", "true"));
        assert_eq!((spec.timeout_seconds, spec.attempts), (Some(5400), Some(2)));
        assert!(!format!("{spec:?}").contains("hf_x"), "secrets are not shown");
    }

    #[test]
    fn stages_have_their_words() {
        for stage in JobStage::ALL {
            assert_eq!(serde_json::to_value(stage).expect("a word"), json!(stage.as_str()));
            assert_eq!(JobStage::parse(&stage.as_str().to_lowercase()), Some(stage));
        }
        let line = JobLine { data: "x".to_owned(), timestamp: Some(Timestamp(1_795_400_272_070_297)) };
        let written = serde_json::to_string(&line).expect("it is written");
        assert_eq!(written, r#"{"data":"x","timestamp":"2026-11-23T02:17:52.070297Z"}"#);
        assert_eq!(serde_json::from_str::<JobLine>(&written).expect("it is read"), line);
    }
}
