//! Artifacts: the rules of their names and files, and what the wire says of them.
//!
//! A version of an artifact is a manifest: files by their path inside the artifact, each a blob named by its
//! SHA-256 or a reference to something kept elsewhere. Rules and forms are those of the peer's version 0.43
//! (`trackio.cas`, `SQLiteStorage.commit_artifact_version`).

use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The alias that goes to each new version.
pub const LATEST: &str = "latest";

/// Characters of a value that the message of an error repeats at most.
const SHOWN_CHARACTERS: usize = 80;

/// The name of a blob: 64 lower-case hexadecimal digits, so never a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobDigest(String);

impl BlobDigest {
    /// Checks `text`.
    ///
    /// # Errors
    /// When it is not 64 lower-case hexadecimal digits.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidArtifact> {
        let text = text.into();
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 64 && text.bytes().all(is_digit) {
            Ok(Self(text))
        } else {
            Err(InvalidArtifact::new("digest", &text, "it is not 64 lower-case hexadecimal digits"))
        }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BlobDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Checks the name of an artifact.
///
/// # Errors
/// When it is empty or has other characters than letters, digits, dot, underscore and hyphen.
pub fn check_artifact_name(name: &str) -> Result<(), InvalidArtifact> {
    check_word("artifact name", name)
}

/// Checks an alias of a version.
///
/// # Errors
/// As for names, and when it looks like a version.
pub fn check_alias(alias: &str) -> Result<(), InvalidArtifact> {
    check_word("alias", alias)?;
    if version_of_spec(alias).is_some() {
        return Err(InvalidArtifact::new(
            "alias",
            alias,
            "`v` and a number stand for versions; choose another",
        ));
    }
    Ok(())
}

pub(crate) fn check_word(what: &'static str, word: &str) -> Result<(), InvalidArtifact> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if !word.is_empty() && word.bytes().all(fits) {
        Ok(())
    } else {
        Err(InvalidArtifact::new(
            what,
            word,
            "only letters, digits, `.`, `_` and `-` are allowed, at least one",
        ))
    }
}

/// Checks a path inside an artifact.
///
/// # Errors
/// When it is not relative, has a segment that is empty, `.` or `..`, a backslash, a NUL or a drive letter.
pub fn check_logical_path(path: &str) -> Result<(), InvalidArtifact> {
    let refuse = |reason| Err(InvalidArtifact::new("artifact path", path, reason));
    if path.contains(['\\', '\0']) {
        return refuse("backslashes and NUL are not allowed");
    }
    let has_drive = matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    if path.starts_with('/') || has_drive {
        return refuse("it must be relative");
    }
    if path.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        return refuse("segments that are empty, `.` or `..` are not allowed");
    }
    Ok(())
}

/// Checks where a reference points.
///
/// # Errors
/// When it has no scheme, or white space or NUL in it.
pub fn check_reference(uri: &str) -> Result<(), InvalidArtifact> {
    let refuse = |reason| Err(InvalidArtifact::new("reference", uri, reason));
    if uri.chars().any(|c| c.is_whitespace() || c == '\0') {
        return refuse("white space and NUL are not allowed; percent-encode them");
    }
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    match uri.split_once(':') {
        Some((scheme, _)) if is_scheme(scheme) => Ok(()),
        _ => refuse("it needs a scheme, as in `https://`"),
    }
}

/// The version a spec of the form `v7` names.
#[must_use]
pub fn version_of_spec(spec: &str) -> Option<i64> {
    let digits = spec.strip_prefix('v')?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // A number too large for any version is one that is not there.
    Some(digits.parse().unwrap_or(i64::MAX))
}

/// One file of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ManifestEntry {
    /// Path inside the artifact, with `/` between its segments.
    pub path: String,
    /// SHA-256 of the file as 64 hexadecimal digits; for a reference whatever tells its contents apart.
    pub digest: String,
    /// Size in bytes.
    pub size: u64,
    /// Where the file is kept, when it is not kept here.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// The same with its fields in the order of their names, as the digest of a manifest needs it.
#[derive(Serialize)]
struct SortedEntry<'a> {
    digest: &'a str,
    path: &'a str,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    size: u64,
}

/// The files of a version: checked, in the order of their paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    entries: Vec<ManifestEntry>,
    size_bytes: u64,
    /// Of the files kept here.
    blobs: Vec<BlobDigest>,
}

impl Manifest {
    /// Checks the files of a version.
    ///
    /// # Errors
    /// When there are none, an entry breaks a rule, a path stands twice, one path lies below another, or the
    /// sizes are more than a table can hold.
    pub fn new(mut entries: Vec<ManifestEntry>) -> Result<Self, InvalidArtifact> {
        if entries.is_empty() {
            return Err(InvalidArtifact::new("manifest", "[]", "it needs at least one file"));
        }
        let (mut size_bytes, mut blobs) = (0_u64, Vec::new());
        for entry in &entries {
            check_logical_path(&entry.path)?;
            match &entry.reference {
                None => blobs.push(BlobDigest::new(entry.digest.as_str())?),
                Some(uri) => {
                    check_reference(uri)?;
                    if entry.digest.is_empty() {
                        return Err(InvalidArtifact::new("digest", "", "a reference needs one"));
                    }
                }
            }
            size_bytes = size_bytes.saturating_add(entry.size);
        }
        if i64::try_from(size_bytes).is_err() {
            return Err(InvalidArtifact::new("size", &size_bytes.to_string(), "it is too large"));
        }
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        check_together(entries.iter().map(|entry| entry.path.as_str()))?;
        Ok(Self { entries, size_bytes, blobs })
    }

    /// The files, by path.
    #[must_use]
    pub fn entries(&self) -> &[ManifestEntry] {
        &self.entries
    }

    /// Their sizes together, in bytes; never more than `i64::MAX`.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// The blobs of the files that are kept here.
    #[must_use]
    pub fn blobs(&self) -> &[BlobDigest] {
        &self.blobs
    }

    /// The text whose SHA-256 is the digest of the manifest: compact JSON, fields in the order of their names.
    #[must_use]
    pub fn digest_text(&self) -> Vec<u8> {
        let sorted: Vec<_> = self
            .entries
            .iter()
            .map(|entry| SortedEntry {
                digest: &entry.digest,
                path: &entry.path,
                reference: entry.reference.as_deref(),
                size: entry.size,
            })
            .collect();
        serde_json::to_vec(&sorted).expect("texts and integers have a JSON form")
    }
}

/// A path can stand only once, and be a file or a folder but not both.
fn check_together<'a>(paths: impl Iterator<Item = &'a str>) -> Result<(), InvalidArtifact> {
    let mut seen = HashSet::new();
    let paths: Vec<&str> = paths.collect();
    for path in &paths {
        if !seen.insert(*path) {
            return Err(InvalidArtifact::new("artifact path", path, "it stands in the manifest twice"));
        }
    }
    for path in paths {
        for (position, _) in path.match_indices('/') {
            if seen.contains(&path[..position]) {
                let reason = "a folder of it is also a file of the artifact";
                return Err(InvalidArtifact::new("artifact path", path, reason));
            }
        }
    }
    Ok(())
}

/// Why something about an artifact was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidArtifact {
    what: &'static str,
    value: String,
    reason: &'static str,
}

impl InvalidArtifact {
    fn new(what: &'static str, value: &str, reason: &'static str) -> Self {
        Self { what, value: value.chars().take(SHOWN_CHARACTERS).collect(), reason }
    }
}

impl fmt::Display for InvalidArtifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}` cannot be used: {}", self.what, self.value, self.reason)
    }
}

impl std::error::Error for InvalidArtifact {}

/// One version of an artifact with its files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArtifactRecord {
    /// Id of the artifact in its project.
    pub artifact_id: i64,
    /// Id of the version in its project, over all artifacts.
    pub version_id: i64,
    /// Number of the version, from 0.
    pub version: i64,
    /// Name of the artifact.
    pub name: String,
    /// What kind of thing it is, as whoever made it called it.
    #[serde(rename = "type")]
    pub artifact_type: String,
    /// Free text.
    pub description: Option<String>,
    /// Its files, by path.
    pub manifest: Vec<ManifestEntry>,
    /// SHA-256 of the manifest: two versions with the same files are one.
    pub manifest_digest: String,
    /// Whatever was noted with it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<serde_json::Value>,
    /// Its files together, in bytes.
    pub size_bytes: i64,
    /// Id of the run that made it.
    pub producer_run_id: Option<String>,
    /// Name of the run that made it.
    pub producer_run_name: Option<String>,
    /// When it was made, RFC 3339 in UTC.
    pub created_at: String,
    /// Names that point at it now.
    pub aliases: Vec<String>,
}

/// An artifact at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArtifactSummary {
    /// Name.
    pub name: String,
    /// What kind of thing it is.
    #[serde(rename = "type")]
    pub artifact_type: String,
    /// Free text.
    pub description: Option<String>,
    /// How many versions there are.
    pub num_versions: u64,
    /// Number of the newest version.
    pub latest_version: Option<i64>,
    /// Size of the newest version in bytes.
    pub size_bytes: Option<i64>,
    /// Aliases of all versions, sorted.
    pub aliases: Vec<String>,
    /// When the artifact was made, RFC 3339 in UTC.
    pub created_at: String,
}

/// An artifact with its versions, without their files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArtifactVersions {
    /// Name.
    pub name: String,
    /// What kind of thing it is.
    #[serde(rename = "type")]
    pub artifact_type: String,
    /// Free text.
    pub description: Option<String>,
    /// When the artifact was made, RFC 3339 in UTC.
    pub created_at: String,
    /// How many versions there are.
    pub num_versions: u64,
    /// Number of the newest version.
    pub latest_version: Option<i64>,
    /// The versions, newest first.
    pub versions: Vec<VersionSummary>,
}

/// A version of an artifact at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VersionSummary {
    /// Id of the version in its project.
    pub version_id: i64,
    /// Number of the version, from 0.
    pub version: i64,
    /// Names that point at it now.
    pub aliases: Vec<String>,
    /// Its files together, in bytes.
    pub size_bytes: i64,
    /// How many files it has.
    pub num_files: i64,
    /// When it was made, RFC 3339 in UTC.
    pub created_at: String,
}

/// The artifacts a run used and made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunArtifacts {
    /// What it used, oldest first.
    pub input: Vec<RunArtifact>,
    /// What it made, oldest first.
    pub output: Vec<RunArtifact>,
}

/// A version that a run used or made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunArtifact {
    /// Id of the version in its project.
    pub version_id: i64,
    /// Project the artifact belongs to.
    pub project: String,
    /// Name of the artifact.
    pub name: String,
    /// What kind of thing it is.
    #[serde(rename = "type")]
    pub artifact_type: String,
    /// Number of the version.
    pub version: i64,
    /// Size of the version in bytes.
    pub size_bytes: i64,
    /// When the run first used or made it, RFC 3339 in UTC.
    pub created_at: String,
}

/// How many versions a run used and made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunArtifactCounts {
    /// Id of the run, where it is known.
    pub run_id: Option<String>,
    /// Name of the run.
    pub run_name: Option<String>,
    /// Versions it used.
    pub input: u64,
    /// Versions it made.
    pub output: u64,
}

/// A run that used a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactConsumer {
    /// Name of the run.
    pub run_name: Option<String>,
    /// Id of the run.
    pub run_id: Option<String>,
    /// Project of the run.
    pub project: String,
    /// When it used it, RFC 3339 in UTC.
    pub created_at: String,
}

/// What a version came from, and what came from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Lineage {
    /// Id of the node that was asked about.
    pub focus: String,
    /// There is more than is shown.
    pub truncated: bool,
    /// Versions and runs.
    pub nodes: Vec<LineageNode>,
    /// Who made and used what, oldest first.
    pub edges: Vec<LineageEdge>,
}

impl Lineage {
    /// That of a version which is not there.
    #[must_use]
    pub fn of_nothing(version_id: i64) -> Self {
        Self { focus: version_node(version_id), truncated: false, nodes: Vec::new(), edges: Vec::new() }
    }
}

/// Id of the node of a version.
#[must_use]
pub fn version_node(version_id: i64) -> String {
    format!("art:{version_id}")
}

/// A version or a run in a lineage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum LineageNode {
    /// A version of an artifact.
    Artifact {
        /// `art:` and the id of the version.
        id: String,
        /// Id of the version in its project.
        version_id: i64,
        /// Name of the artifact.
        artifact_name: String,
        /// What kind of thing it is.
        artifact_type: String,
        /// Number of the version.
        version: i64,
        /// Names that point at it now.
        aliases: Vec<String>,
        /// Its files together, in bytes.
        size_bytes: i64,
        /// How many files it has.
        num_files: i64,
        /// When it was made, RFC 3339 in UTC.
        created_at: String,
        /// Id of the run that made it.
        producer_run_id: Option<String>,
        /// Name of the run that made it.
        producer_run_name: Option<String>,
    },
    /// A run.
    Run {
        /// `run:` and the id of the run, or `run:name:` and its name.
        id: String,
        /// Id of the run, where it is known.
        run_id: Option<String>,
        /// Name of the run.
        run_name: Option<String>,
        /// When it first used or made something here, RFC 3339 in UTC.
        created_at: String,
        /// Its project, when that is another one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        project: Option<String>,
    },
}

/// Which way an artifact went, seen from the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The run used it.
    Input,
    /// The run made it.
    Output,
}

impl Direction {
    /// As it stands in the tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
        }
    }

    /// From the tables.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Input, Self::Output].into_iter().find(|direction| direction.as_str() == word)
    }
}

/// A step of a lineage: from a run to what it made, or from a version to the run that used it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LineageEdge {
    /// Id of the node it leaves.
    pub source: String,
    /// Id of the node it reaches.
    pub target: String,
    /// Whether the run used or made the version.
    pub direction: Direction,
    /// When it first did, RFC 3339 in UTC.
    pub created_at: String,
}

#[cfg(test)]
mod tests;
