//! The Hugging Face Hub: the files of a Dataset, a static Space or a model read, and changed by one commit at a time.
//!
//! Spoken here is what the Hub's own client speaks, over HTTP and without it (`docs/adr/0009-a-small-hub-client.md`).
//! Rows and Parquet are unknown here; a [`Repository`] holds files. A commit names its parent, so that of two writers
//! one is told to look again, and whoever reads sees the state before or the state after it.

mod account;
mod attempts;
mod client;
mod commit;
mod fault;
mod file;
mod large;
mod names;
mod repository;
mod spaces;

pub(crate) use attempts::{hastily, pause};
pub(crate) use client::{Client, JSON, Payload};
#[cfg(test)]
pub(crate) use file::digest_bytes;
pub(crate) use file::digest_text;

pub use account::{Account, Token};
pub use commit::{Change, Committed};
pub use fault::{HubFault, HubFaultKind};
pub use file::LocalFile;
pub use names::RepositoryId;
pub(crate) use names::in_address;
pub(crate) use repository::STATIC;
pub use repository::{Head, RemoteFile, Repository, RepositoryKind};
pub use spaces::{ListedSpace, list_spaces};
