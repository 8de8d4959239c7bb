//! `paceline openapi`: the document of the API.

use crate::failure::Failure;
use crate::output;

/// Prints it.
pub(crate) fn run() -> Result<(), Failure> {
    Ok(output::line(paceline_http::openapi_json().trim_end())?)
}
