//! Brings runs to a server: what trainers journaled, files they named, artifacts, and questions at a start.
//!
//! A server may be ours or the peer's, near or far, away for hours or wrong in what it says. Nothing here is
//! waited for by a training: rows stay in the journal until the server has answered that it has them.

mod artifacts;
mod ask;
mod client;
mod entries;
mod fault;
mod lane;
mod media;
mod pause;
mod reader;
mod refused;
mod sink;
mod upload;

pub use artifacts::{ArtifactRefusal, Told, ask_server_for_artifact};
pub(crate) use ask::open_on_server;
pub(crate) use lane::Lane;
pub use reader::{ServerReader, ServerRefusal};
