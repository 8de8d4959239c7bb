//! The read use cases over a real data directory.

mod between_requests;
mod courses;
mod facade;
mod finished_runs;
mod groups_and_smoothing;
mod jobs;
mod logged_values;
mod metric_definitions;
mod moments;
mod series_damage;
mod series_index;
mod world;
