//! The extension module `trackio._native`: Python values in, journal records out.

mod recorder;
mod values;

use pyo3::prelude::*;

/// Thin by design: everything a user sees is the typed Python package around it.
#[pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use super::recorder::{Recorder, canonical_project, redact_command};
}
