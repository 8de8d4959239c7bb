//! What rows each file of a project holds: the page that makes many files one thing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use arrow_schema::SchemaRef;
use serde::{Deserialize, Serialize};

use super::error::ParquetError;
use super::row::schema;
use super::shape::Member;
use super::tables::table;

/// The version of files and manifest that this program writes.
const FORMAT: u32 = 1;

/// Every file of a project and what is in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the files' form.
    pub format: u32,
    /// The project they are of.
    pub project: String,
    /// Tables with rows, by name.
    pub tables: BTreeMap<String, TableOfManifest>,
    /// Media that rows name and files saved beside the runs, by path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<FileOfMedia>,
}

/// A media file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileOfMedia {
    /// Where it lies, relative to the folder of the export, with `/` between its parts.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
    /// When it was last written in the project it is of, in microseconds since 1970.
    pub modified_us: i64,
}

/// The files of one table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TableOfManifest {
    /// Every row up to this number is in the files.
    pub through: i64,
    /// The columns that the keys of its rows became, in the order of the newest file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) columns: Vec<Member>,
    /// In the order of their rows.
    pub files: Vec<FileOfTable>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileOfTable {
    /// Where it lies, relative to the folder of the export, with `/` between its parts.
    pub path: String,
    /// Its rows.
    pub rows: u64,
    /// It holds every row whose number is greater than this …
    pub after: i64,
    /// … and not greater than this.
    pub through: i64,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
    /// A digest of the rows, where they may change anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contents: Option<String>,
    /// What tells some rows from others under the same numbers, where rows come in order: a few dozen, spread evenly.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub marks: BTreeMap<i64, String>,
    /// Which runs it holds rows of, where they belong to runs and come in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<RunOfFile>,
}

/// The rows of one run in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunOfFile {
    /// The run.
    pub run_id: String,
    /// Its name in these rows.
    pub run_name: String,
    /// How many they are.
    pub rows: u64,
    /// Number of the first one.
    pub first: i64,
    /// Number of the last one.
    pub last: i64,
    /// What tells these two from others under the same numbers.
    pub marks: [String; 2],
}

impl TableOfManifest {
    /// What its files hold together, for the table of that name.
    pub(crate) fn schema(&self, name: &str) -> Option<SchemaRef> {
        Some(schema(table(name)?, &self.columns))
    }
}

impl Manifest {
    pub(crate) fn new(project: &str) -> Self {
        Self { format: FORMAT, project: project.to_owned(), tables: BTreeMap::new(), media: Vec::new() }
    }

    /// Every file, with the name of its table.
    pub fn files(&self) -> impl Iterator<Item = (&str, &FileOfTable)> {
        self.tables.iter().flat_map(|(name, table)| table.files.iter().map(move |file| (name.as_str(), file)))
    }

    /// Rows of all tables together.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.files().map(|(_, file)| file.rows).sum()
    }

    /// Bytes of all files together.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files().map(|(_, file)| file.bytes).sum()
    }

    /// Reads one that was written.
    ///
    /// # Errors
    /// `Unexpected` for anything else, or for one of a later version.
    pub fn from_json(json: &[u8], path: &Path) -> Result<Self, ParquetError> {
        let manifest: Self = serde_json::from_slice(json)
            .map_err(|error| ParquetError::unexpected(path, format!("is no manifest: {error}")))?;
        if manifest.format > FORMAT {
            let reason =
                format!("was written by a later version, in form {}; update this program", manifest.format);
            return Err(ParquetError::unexpected(path, reason));
        }
        Ok(manifest)
    }

    /// Its text.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        // Names and numbers are all there is, so this cannot fail.
        let mut json = serde_json::to_vec_pretty(self).unwrap_or_default();
        json.push(b'\n');
        json
    }

    /// Reads the one at `path`, if there is one.
    pub(crate) fn load(path: &Path) -> Result<Option<Self>, ParquetError> {
        match fs::read(path) {
            Ok(json) => Self::from_json(&json, path).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ParquetError::reading(path)(error)),
        }
    }

    /// Reads what an earlier time left at `path` of the same project, if it did: `x_paceline` is the folder of an export of
    /// `x`, and of the parts of a project of that name.
    pub(crate) fn load_earlier(path: &Path, project: &str) -> Result<Option<Self>, ParquetError> {
        match Self::load(path)? {
            Some(Self { project: other, .. }) if other != project => {
                Err(ParquetError::Taken { path: path.to_owned(), other, project: project.to_owned() })
            }
            earlier => Ok(earlier),
        }
    }
}
