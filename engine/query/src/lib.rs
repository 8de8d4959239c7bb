//! Every read use case: projects, runs, status with ETA, series, rows.
//!
//! Transports call [`Engine`] and nothing below it. Status and lists are made from the heads of the runs
//! and never read rows; what depends on the time of asking is a pure function of heads, record and clock.

mod alerts;
mod artifacts;
mod attention;
mod axis;
mod band_columns;
mod bands;
mod changes;
mod comparison;
mod condition;
mod difference;
mod divergence;
mod earlier_runs;
mod engine;
mod error;
mod eta;
mod findings;
mod hints;
mod index_points;
mod influence;
mod jobs;
mod known;
mod level;
mod lines;
mod logged_values;
mod many_runs;
mod meant;
mod metrics;
mod moments;
mod overview;
mod project_runs;
mod projects;
mod ranks;
mod row_groups;
mod row_points;
mod rows;
mod rules;
mod run_source;
mod run_summary;
mod runs;
mod sentence;
mod series;
mod series_limits;
mod settings;
mod smoothing;
mod snapshot;
mod spikes;
mod sql;
mod state;
mod status;
mod thin;
mod thinned;
mod totals;
mod traces;
mod trend;
mod typed_rows;

pub use alerts::alert_id_of_finding;
pub use changes::{Changes, Place};
pub use condition::Condition as WaitCondition;
pub use engine::Engine;
pub use error::QueryError;
pub use overview::{ProjectContents, RunMention, RunOverview};
pub use sentence::{duration, figure};
pub use thinned::ThinRequest;
