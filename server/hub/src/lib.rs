//! Projects as Parquet, and the Hugging Face Hub that keeps them.
//!
//! [`parquet`] brings the tables of a project to files and back, whole; the only place that names that format.
//! [`remote`] speaks to the Hub and knows files and commits, never rows. [`sync`] brings the two together. [`models`]
//! brings the folder of a trained model to the Hub. [`facts`] asks the Hub what a training plan needs. [`jobs`] runs
//! what is to be run there.

pub mod facts;
pub mod jobs;
pub mod models;
pub mod parquet;
pub mod remote;
pub mod sync;
