//! Projects to Parquet and back, through the files as they lie on the disk.

mod parts;
mod peer_types;
mod round_trip;
mod samples;
mod world;
