//! The storage crate from outside: real files, other programs at work on them, damage.

mod append;
mod artifacts;
mod damage;
mod heads;
mod locks;
mod media;
mod moments;
mod new_project;
mod peer;
mod registries;
mod runs;
mod series;
mod series_mixed;
mod sql;
mod support;
mod traces;
mod typed_rows;
