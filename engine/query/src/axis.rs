//! Where the rows of a run stand on the x axis of a chart.

use paceline_schema::metric_definition::MetricDefinitions;
use paceline_schema::series::XAxis;
use paceline_schema::{Metrics, Timestamp, Value};
use paceline_series::{RunHeads, StepResolver};
use paceline_storage::StoredRow;

/// The axis of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Axis {
    Step,
    Time,
    RelativeTime,
    /// Another metric; `synced` rows without it stand where the one before stood.
    Metric {
        key: String,
        synced: bool,
    },
}

impl Axis {
    /// The axis of `key`: the one that is asked for, or the one that was defined for it and that the run logged, or
    /// the step.
    pub(crate) fn choose(
        asked: &XAxis,
        key: &str,
        definitions: &MetricDefinitions,
        heads: &RunHeads,
    ) -> Self {
        let definition = definitions.of(key);
        let defined = definition.and_then(|definition| definition.axis_of(key));
        let metric = match asked {
            XAxis::Step => return Self::Step,
            XAxis::Time => return Self::Time,
            XAxis::RelativeTime => return Self::RelativeTime,
            XAxis::Metric(metric) => metric.as_str(),
            XAxis::Auto => match defined.filter(|metric| heads.metric(metric).is_some()) {
                Some(metric) => metric,
                None => return Self::Step,
            },
        };
        let synced = defined == Some(metric) && definition.is_some_and(|definition| definition.step_sync);
        Self::Metric { key: metric.to_owned(), synced }
    }

    /// Its name; never `auto`.
    pub(crate) fn name(&self) -> XAxis {
        match self {
            Self::Step => XAxis::Step,
            Self::Time => XAxis::Time,
            Self::RelativeTime => XAxis::RelativeTime,
            Self::Metric { key, synced: _ } => XAxis::Metric(key.clone()),
        }
    }
}

/// A metric that other metrics are drawn over.
struct MetricAxis {
    key: String,
    /// In the row read last.
    here: Option<f64>,
    /// In that row, or in the newest one before it that has it.
    newest: Option<f64>,
}

/// Where the rows of one process stand; they are read in the order they came.
pub(crate) struct RowAxes {
    first_time: Timestamp,
    resolver: StepResolver,
    metrics: Vec<MetricAxis>,
    step: i64,
    time: Timestamp,
}

impl RowAxes {
    /// For lines over these axes.
    pub(crate) fn new<'a>(first_time: Timestamp, axes: impl Iterator<Item = &'a Axis>) -> Self {
        let mut metrics: Vec<MetricAxis> = Vec::new();
        for axis in axes {
            if let Axis::Metric { key, synced: _ } = axis
                && !metrics.iter().any(|metric| metric.key == *key)
            {
                metrics.push(MetricAxis { key: key.clone(), here: None, newest: None });
            }
        }
        Self { first_time, resolver: StepResolver::default(), metrics, step: 0, time: Timestamp::default() }
    }

    /// Takes the next row in.
    pub(crate) fn read(&mut self, row: &StoredRow) {
        self.step = self.resolver.resolve(row.step, &row.metrics).step;
        self.time = row.time;
        for metric in &mut self.metrics {
            metric.here = number_in(&row.metrics, &metric.key).filter(|value| value.is_finite());
            metric.newest = metric.here.or(metric.newest);
        }
    }

    /// Where the row read last stands; nowhere without a value of its own where the axis is a metric.
    pub(crate) fn x(&self, axis: &Axis) -> Option<f64> {
        match axis {
            Axis::Step => Some(self.step as f64),
            Axis::Time => Some(self.time.seconds()),
            Axis::RelativeTime => Some(self.time.seconds_since(self.first_time)),
            Axis::Metric { key, synced } => {
                let metric = self.metrics.iter().find(|metric| metric.key == *key)?;
                if *synced { metric.newest } else { metric.here }
            }
        }
    }
}

/// The number a row holds under a key; of a key that stands twice the last one, as in Python.
pub(crate) fn number_in(metrics: &Metrics, key: &str) -> Option<f64> {
    metrics.iter().rev().find(|(name, _)| name == key).and_then(|(_, value)| Value::number(value))
}
