//! Where rows stand on the x axes that every row has.

use paceline_schema::Timestamp;

/// An x axis that the columns of a track give; others are metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// The training step.
    Step,
    /// Seconds since 1970, UTC.
    Time,
    /// Seconds since this time.
    RelativeTime(Timestamp),
}

impl Axis {
    /// The x of a row. Never falls when the step, or the time, does not.
    #[must_use]
    pub fn x(self, step: i64, time: Timestamp) -> f64 {
        match self {
            Self::Step => step as f64,
            Self::Time => time.seconds(),
            Self::RelativeTime(first) => time.seconds_since(first),
        }
    }

    /// The same of what the axis' own column holds: a step, or a time in microseconds.
    pub(crate) fn x_of(self, stored: i64) -> f64 {
        self.x(stored, Timestamp(stored))
    }

    /// Its column is that of the steps, not of the times.
    pub(crate) fn is_step(self) -> bool {
        match self {
            Self::Step => true,
            Self::Time | Self::RelativeTime(_) => false,
        }
    }
}
