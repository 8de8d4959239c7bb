//! Names of projects: what is accepted, and the file name each one becomes.

use std::fmt;

use crate::registry::REGISTRY_PREFIX;

/// Endings and beginnings that the Parquet sidecar files and the registries use.
pub const RESERVED_SUFFIXES: [&str; 8] = [
    "_system",
    "_configs",
    "_traces",
    "_artifacts",
    "_artifact_versions",
    "_artifact_aliases",
    "_run_artifact_links",
    "_external_run_artifact_links",
];

/// The longest file name most file systems take is 255 bytes; `-journal` and our own suffixes need room.
const MAX_CANONICAL_BYTES: usize = 230;

/// The file stem of a project: letters, digits, `-` and `_` of its name, everything else left out.
///
/// Source: the peer's `SQLiteStorage.get_project_db_filename`; two names with one canonical form are one
/// project there, so they are here.
#[must_use]
pub fn canonical_project(name: &str) -> String {
    let kept: String = name.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect();
    if kept.is_empty() { "default".to_owned() } else { kept }
}

/// A project name that may be written to: the name as given and its canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProjectName {
    canonical: String,
}

impl ProjectName {
    /// Checks `name` by the rules of the peer's `init`.
    ///
    /// # Errors
    /// A sentence that names the rule, when the name is reserved or too long for a file name.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        let canonical = canonical_project(name);
        if canonical.starts_with(REGISTRY_PREFIX) {
            return Err(InvalidName::new(
                name,
                format!("names that start with `{REGISTRY_PREFIX}` belong to registries"),
            ));
        }
        if let Some(suffix) = RESERVED_SUFFIXES.iter().find(|suffix| canonical.ends_with(**suffix)) {
            return Err(InvalidName::new(
                name,
                format!("names that end with `{suffix}` belong to sidecar tables"),
            ));
        }
        if canonical.len() > MAX_CANONICAL_BYTES {
            return Err(InvalidName::new(
                name,
                format!(
                    "its {} bytes are more than the {MAX_CANONICAL_BYTES} a file name has room for",
                    canonical.len()
                ),
            ));
        }
        Ok(Self { canonical })
    }

    /// The stem of the project's files.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.canonical
    }
}

/// Why a project name was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidName {
    name: String,
    reason: String,
}

impl InvalidName {
    fn new(name: &str, reason: String) -> Self {
        Self { name: name.chars().take(80).collect(), reason }
    }
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "project name `{}` cannot be used: {}", self.name, self.reason)
    }
}

impl std::error::Error for InvalidName {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canonical_form_is_the_peers() {
        for (name, canonical) in [
            ("demo proj.v1", "demoprojv1"),
            ("../../x", "x"),
            ("größe_1-a", "größe_1-a"),
            ("", "default"),
            ("///", "default"),
        ] {
            assert_eq!(canonical_project(name), canonical);
        }
    }

    #[test]
    fn reserved_names_are_refused_with_the_rule() {
        for name in ["registry-x", "a_system", "b_run_artifact_links"] {
            let error = ProjectName::new(name).expect_err("reserved").to_string();
            assert!(error.contains(name) && error.contains("belong to"), "{error}");
        }
        assert!(ProjectName::new(&"x".repeat(300)).is_err());
        assert!(ProjectName::new("system").is_ok());
    }
}
