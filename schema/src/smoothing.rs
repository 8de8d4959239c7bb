//! How the lines of a chart are smoothed.

use serde::{Deserialize, Serialize};

/// A way to smooth a line, computed on every value of the run before points are left out.
///
/// Values that are not finite stay gaps and count for nothing. Several values at one x count one by one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Smoothing {
    /// The mean of a value and all before it, each weighing the less the further back its x is: an exponential moving
    /// average that takes the distances into account and is not drawn to zero at its start (debiased).
    Exponential {
        /// What a value weighs beside the next one where the values lie evenly, 0 to below 1: on such a line this is
        /// the smoothing of TensorBoard and wandb. Elsewhere the mean distance of the values takes the place of
        /// theirs.
        #[cfg_attr(feature = "openapi", schema(minimum = 0.0, exclusive_maximum = 1.0, example = 0.9))]
        weight: f64,
    },
    /// The same mean, told how much less by a distance.
    HalfLife {
        /// Distance over which a weight halves, in units of x (steps, seconds, …), above 0.
        #[cfg_attr(feature = "openapi", schema(exclusive_minimum = 0.0, example = 100.0))]
        half_life: f64,
    },
    /// The mean of the values around, before and after, weighted by a bell curve over their distance.
    Gaussian {
        /// Standard deviation of the curve in units of x, above 0. What is five times as far away counts no more.
        #[cfg_attr(feature = "openapi", schema(exclusive_minimum = 0.0, example = 50.0))]
        width: f64,
    },
}
