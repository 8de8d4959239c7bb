//! Which lines of a run are drawn, and over what.

use paceline_schema::Timestamp;
use paceline_schema::metric_definition::MetricDefinitions;
use paceline_schema::series::XAxis;
use paceline_storage::{Reader, StorageError};

use crate::axis::Axis;

/// The lines of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RunLines<'a> {
    pub(crate) run_id: String,
    /// Display name.
    pub(crate) run: String,
    /// When its first row was logged.
    pub(crate) first_time: Timestamp,
    /// In the order asked.
    pub(crate) lines: Vec<Line<'a>>,
}

/// A metric of one of the processes of a run, and what it is drawn over.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line<'a> {
    pub(crate) key: &'a str,
    pub(crate) rank: u32,
    pub(crate) axis: Axis,
}

impl<'a> RunLines<'a> {
    /// The lines of these metrics that the run has logged: of each of `ranks`, or of the lowest rank that logs the
    /// metric where there are none.
    ///
    /// # Errors
    /// When there is no such run, or the file cannot be read.
    pub(crate) fn choose(
        reader: &Reader<'_>,
        selector: &str,
        keys: &'a [String],
        ranks: &[u32],
        x: &XAxis,
    ) -> Result<Self, StorageError> {
        let record = reader.find_run(selector)?;
        let heads = reader.heads(&record.run_id)?;
        let config = reader.config(&record.run_id)?;
        let definitions = config.as_ref().map(MetricDefinitions::of_config).unwrap_or_default();
        let mut lines = Vec::new();
        for key in keys {
            let Some(lowest) = heads.rank_of_metric(key) else { continue };
            let lowest = [lowest];
            let axis = Axis::choose(x, key, &definitions, &heads);
            let ranks = if ranks.is_empty() { &lowest[..] } else { ranks };
            lines.extend(ranks.iter().map(|&rank| Line { key, rank, axis: axis.clone() }));
        }
        let first_time = heads.first_time().unwrap_or_default();
        Ok(Self { run_id: record.run_id, run: record.run_name, first_time, lines })
    }
}
