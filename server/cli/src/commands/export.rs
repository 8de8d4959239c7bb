//! `paceline export`: every table of a project as files.

use paceline_hub::parquet::{Exported, PlainFormat, export, export_plain, update_folder};
use paceline_storage::{Durability, Project};

use super::open_store;
use crate::arguments::{ExportArguments, ExportFormat};
use crate::failure::Failure;
use crate::output;

/// Exports.
pub(crate) fn run(arguments: &ExportArguments) -> Result<(), Failure> {
    let store = open_store(&arguments.directory, Durability::Process, false)?;
    let project = store.project(&arguments.project)?;
    let exported = match arguments.format {
        ExportFormat::Parquet if arguments.parts => export_parts(&project, arguments)?,
        ExportFormat::Parquet => export(&project, &arguments.out)?,
        ExportFormat::Csv => export_plain(&project, PlainFormat::Csv, &arguments.out)?,
        ExportFormat::Jsonl => export_plain(&project, PlainFormat::JsonLines, &arguments.out)?,
    };
    if arguments.json {
        return Ok(output::json_indented(&exported)?);
    }
    let Exported { project, files, rows, bytes, media } = exported;
    let out = arguments.out.display();
    output::line(&format!("Exported {rows} rows of '{project}' to '{out}', {bytes} bytes:"))?;
    let lines: Vec<Vec<String>> = files.into_iter().map(|file| vec![file]).collect();
    output::table(&lines)?;
    if media > 0 {
        output::line(&format!("and {media} media files below 'media/{project}'."))?;
    }
    Ok(())
}

/// Writes what is new; its files are all that was exported.
fn export_parts(project: &Project, arguments: &ExportArguments) -> Result<Exported, Failure> {
    let update = update_folder(project, &arguments.out)?;
    let is_written = |path: &String| update.written.contains(path);
    let written = update.manifest.files().map(|(_, file)| file).filter(|file| is_written(&file.path));
    let (rows, bytes) = written.fold((0, 0), |(rows, bytes), file| (rows + file.rows, bytes + file.bytes));
    let is_table = |path: &String| update.manifest.files().any(|(_, file)| file.path == *path);
    let (files, media): (Vec<_>, Vec<_>) = update.written.iter().cloned().partition(is_table);
    Ok(Exported { project: project.name().to_owned(), files, rows, bytes, media: media.len() })
}
