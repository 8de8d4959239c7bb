//! What the series of a run say: heads of each metric, pace and loss curve. Pure, no I/O.
//!
//! [`RunHeads`] takes the rows of one run in id order and keeps, in memory bounded by the number of
//! metrics, all that status, lists and remaining time need, so that none of them reads rows again.

pub mod columns;
mod curve;
mod epoch;
mod heads;
mod keys;
mod learning_rate;
mod metric;
mod pace;
mod recent;
mod step;
mod watched;

pub use curve::{Curve, CurvePoint};
pub use epoch::{EpochTrack, EpochUnits};
pub use heads::{LossHead, RankRows, RunHeads};
pub use keys::{is_evaluation_loss, is_profiling};
pub use learning_rate::LearningRateTrack;
pub use metric::{Extremum, MetricHead, Sample};
pub use pace::{Evaluations, Interval, PaceTrack, RowKind};
pub use recent::Recent;
pub use step::{ResolvedStep, StepResolver};
pub use watched::Watched;
