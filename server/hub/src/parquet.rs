//! The tables of a project as Parquet files, both ways and whole.
//!
//! A row becomes one row of a file: its structural columns as they are, each metric (or key of a config) as a column
//! of one type, and in `tables::EXTRA` exactly what those columns cannot say. `row::RowWriter` takes a row apart,
//! `row::RowReader` puts it together again; the shapes between them stand in the file itself.
//!
//! [`export()`] writes a file for each table, named as the peer names them, and the media beside them. `parts` writes
//! what is new since a [`Manifest`] was made, so that a Dataset follows a project at the price of its news.
//! [`snapshot()`] writes a folder that a static web server shows. [`import()`] reads any of them, and what the peer
//! exported.

mod chunk;
mod columns;
mod digest;
mod error;
mod export;
mod import;
mod json;
mod manifest;
mod media;
mod parts;
mod pass;
mod plain;
mod publish;
mod reader;
mod row;
mod sample;
mod shape;
mod snapshot;
mod tables;
mod writer;

pub use error::ParquetError;
pub use export::{Exported, export};
pub use import::{Imported, import, project_of};
pub(crate) use import::{files_of_import, is_file_of_peer};
pub use manifest::{FileOfMedia, FileOfTable, Manifest, RunOfFile, TableOfManifest};
pub use parts::{Update, update, update_folder};
pub use plain::{PlainFormat, export_plain};
pub(crate) use publish::FOLDER as STAGING_FOLDER;
pub use sample::{FirstRows, first_rows};
pub use snapshot::{Contents, SnapshotFile, snapshot};
pub use tables::EXTRA;
pub(crate) use tables::{TABLES, project_of_file};
