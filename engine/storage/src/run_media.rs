//! The media of one run: which files are its own, so that they go with it and no other run's do.
//!
//! The peer keeps media by the name of the run, and names are not unique: runs of one name share a folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use crate::error::{ChangeError, StorageError};
use crate::media::{FILES, MediaFolder, run_folder};
use crate::media_paths::{self, Prefix};
use crate::rows::{bytes, text};

/// Tables and their columns whose JSON may name media.
const COLUMNS_WITH_MEDIA: [(&str, &str); 4] =
    [("metrics", "metrics"), ("traces", "messages"), ("traces", "metadata"), ("traces", "spans")];

/// What happens to the files of a run once its rows are changed.
#[derive(Debug, Default)]
pub(crate) struct MediaOfRun {
    /// Folders nobody else uses.
    folders: Vec<PathBuf>,
    /// Files elsewhere that only this run names.
    files: BTreeSet<PathBuf>,
    /// Files that other runs name too; they stay where they are.
    named_by_others: BTreeSet<PathBuf>,
}

impl MediaOfRun {
    /// Finds them, inside the transaction that changes the run and before it does.
    pub(crate) fn find(
        connection: &Connection,
        project: &str,
        run_id: &str,
        names: &[String],
    ) -> rusqlite::Result<Self> {
        let mut media = Self::default();
        for name in names {
            // A name that is no folder has no media.
            let Ok(folder) = run_folder(project, name) else { continue };
            if name != FILES && !name_is_shared(connection, run_id, name)? {
                media.folders.push(folder);
            }
        }
        // Its rows name what lies in shared folders, and in those of names it had while its process logged.
        let project_folder = format!("{project}/");
        for_each_json(connection, "run_id = ?1", run_id, |json| {
            media_paths::collect(json, &project_folder, &mut media.files);
        })?;
        let own = |file: &PathBuf| media.folders.iter().any(|folder| file.starts_with(folder));
        media.files.retain(|file| !own(file));
        if !media.files.is_empty() {
            let mut of_others = BTreeSet::new();
            for_each_json(connection, "run_id <> ?1", run_id, |json| {
                media_paths::collect(json, &project_folder, &mut of_others);
            })?;
            media.named_by_others = media.files.intersection(&of_others).cloned().collect();
            media.files.retain(|file| !of_others.contains(file));
        }
        Ok(media)
    }

    /// Gives every file a second name by the new prefix of its path, before the rows that say so are committed.
    /// What is left are the files whose old names are to go then.
    pub(crate) fn link(self, media: &MediaFolder, prefixes: &[Prefix]) -> std::io::Result<Self> {
        let mut files = &self.files | &self.named_by_others;
        for folder in &self.folders {
            files.extend(media.files_below(folder)?);
        }
        let mut linked = BTreeSet::new();
        for file in files {
            let path = file.to_string_lossy();
            if let Some(prefix) = prefixes.iter().find(|prefix| path.starts_with(&prefix.old)) {
                media.link(&file, Path::new(&format!("{}{}", prefix.new, &path[prefix.old.len()..])))?;
                linked.insert(file);
            }
        }
        Ok(Self { files: &linked - &self.named_by_others, ..Self::default() })
    }

    /// Removes all of it, once no row names it any more.
    pub(crate) fn remove(&self, directory: &Path) -> Result<(), StorageError> {
        let Some(media) = MediaFolder::open(directory)? else { return Ok(()) };
        let removed = media.remove(&self.files);
        let removed =
            self.folders.iter().fold(removed, |before, folder| before.and(media.remove_folder(folder)));
        removed.map_err(|error| media.unwritable(&error))
    }
}

/// Changes the media paths in all rows of a run.
pub(crate) fn rewrite_paths(
    connection: &Connection,
    run_id: &str,
    prefixes: &[Prefix],
) -> rusqlite::Result<()> {
    for (table, column) in COLUMNS_WITH_MEDIA {
        let mut changed = Vec::new();
        let mut select = connection.prepare_cached(&format!(
            "SELECT rowid, {column} FROM {table} WHERE run_id = ?1 AND instr({column}, 'file_path')"
        ))?;
        let mut rows = select.query([run_id])?;
        while let Some(row) = rows.next()? {
            let json = bytes(row.get_ref(1)?).and_then(|json| std::str::from_utf8(json).ok());
            if let Some(json) = json.and_then(|json| media_paths::rewrite(json, prefixes)) {
                changed.push((row.get::<_, i64>(0)?, json));
            }
        }
        let mut update =
            connection.prepare_cached(&format!("UPDATE {table} SET {column} = ?2 WHERE rowid = ?1"))?;
        for (id, json) in changed {
            update.execute(params![id, json.as_bytes()])?;
        }
    }
    Ok(())
}

/// Every name the rows of a run carry: another program may have renamed it while it was logged.
pub(crate) fn names_of_run(connection: &Connection, run_id: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT run_name FROM metrics WHERE run_id = ?1 UNION SELECT run_name FROM traces WHERE run_id = ?1 \
         UNION SELECT run_name FROM paceline_runs WHERE run_id = ?1",
    )?;
    statement.query_map([run_id], |row| text(row, 0))?.collect()
}

/// Whether another run has the name, or one that leads into its folder.
fn name_is_shared(connection: &Connection, run_id: &str, name: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "WITH RECURSIVE runs(id) AS (SELECT min(run_id) FROM metrics UNION ALL \
             SELECT (SELECT min(run_id) FROM metrics WHERE run_id > runs.id) FROM runs WHERE runs.id IS NOT NULL), \
             others(name) AS (SELECT run_name FROM paceline_runs WHERE run_id <> ?1 UNION ALL \
             SELECT run_name FROM traces WHERE run_id <> ?1) \
             SELECT EXISTS (SELECT 1 FROM runs WHERE runs.id <> ?1 AND ( \
             EXISTS (SELECT 1 FROM metrics WHERE run_id = runs.id AND run_name = ?2) OR \
             EXISTS (SELECT 1 FROM metrics WHERE run_id = runs.id AND run_name > ?2 || '/' AND run_name < ?2 || '0'))) \
             OR EXISTS (SELECT 1 FROM others WHERE name = ?2 OR (name > ?2 || '/' AND name < ?2 || '0'))",
        )?
        .query_row(params![run_id, name], |row| row.get(0))
}

fn for_each_json(
    connection: &Connection,
    filter: &str,
    run_id: &str,
    mut take: impl FnMut(&str),
) -> rusqlite::Result<()> {
    for (table, column) in COLUMNS_WITH_MEDIA {
        let sql = format!("SELECT {column} FROM {table} WHERE {filter} AND instr({column}, 'file_path')");
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query([run_id])?;
        while let Some(row) = rows.next()? {
            if let Some(json) = bytes(row.get_ref(0)?).and_then(|json| std::str::from_utf8(json).ok()) {
                take(json);
            }
        }
    }
    Ok(())
}

/// A fault of the media folder, for a change that cannot be made without it.
pub(crate) fn refuse(media: &MediaFolder, error: &std::io::Error) -> ChangeError {
    media.unwritable(error).into()
}
