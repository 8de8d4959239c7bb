//! Tests of the tree as a whole, in one binary.

mod architecture;
mod documents;
mod files;
mod operations;

use std::path::PathBuf;

/// The root of the repository.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate stands below the root").to_owned()
}
