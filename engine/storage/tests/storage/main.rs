//! The storage crate from outside: real files, other programs at work on them, damage.

mod append;
mod artifacts;
mod damage;
mod heads;
mod locks;
mod media;
mod peer;
mod runs;
mod sql;
mod support;
mod traces;
