//! Runs that several processes of one job log into, each under its rank.

use serde::{Deserialize, Serialize};

use crate::{RunState, Timestamp, Value};

/// The key of a row that tells the rank of the process it comes from; rows of rank 0 have none.
pub const RANK_KEY: &str = "_rank";

/// The rank of the process a row comes from.
#[must_use]
#[inline]
pub fn rank_of(metrics: &[(String, Value)]) -> u32 {
    metrics.iter().rev().find(|(key, _)| key == RANK_KEY).map_or(0, |(_, value)| match value {
        Value::Integer(rank) => u32::try_from(*rank).unwrap_or(0),
        Value::Float(rank) if rank.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(rank) => {
            *rank as u32
        }
        Value::Float(_) | Value::Bool(_) | Value::Null | Value::Json(_) => 0,
    })
}

/// One rank of one run, as heartbeats name it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RankOfRun {
    /// Id of the run.
    pub run: String,
    /// The rank, from 1 on.
    #[cfg_attr(feature = "openapi", schema(format = Int64, maximum = 4294967295u32))]
    #[serde(deserialize_with = "crate::whole::required")]
    pub rank: u32,
}

/// One process of a run that several processes log into.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RankSummary {
    /// Its rank; 0 decides the state of the run.
    pub rank: u32,
    /// Where it stands.
    pub state: RunState,
    /// Rows it has logged.
    pub rows: u64,
    /// Largest step of one of them.
    pub last_step: Option<i64>,
    /// Time of the newest of them.
    pub last_row_at: Option<Timestamp>,
    /// When it began to log.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Host it runs on.
    pub host: Option<String>,
    /// Its process id there.
    pub pid: Option<u32>,
    /// Exit status of the process, when it is known.
    pub exit_code: Option<i32>,
    /// Signal that ended it.
    pub exit_signal: Option<i32>,
    /// Exception nobody caught in it.
    pub failure: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_without_a_rank_is_of_rank_0() {
        let row = |value: Value| vec![("loss".to_owned(), Value::Float(1.0)), (RANK_KEY.to_owned(), value)];
        assert_eq!(rank_of(&[]), 0);
        assert_eq!(rank_of(&row(Value::Integer(3))), 3);
        assert_eq!(rank_of(&row(Value::Float(3.0))), 3);
        for other in
            [Value::Integer(-1), Value::Float(0.5), Value::Float(f64::NAN), Value::Json("\"3\"".into())]
        {
            assert_eq!(rank_of(&row(other)), 0);
        }
    }
}
