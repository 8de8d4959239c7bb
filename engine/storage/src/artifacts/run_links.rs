//! Which run a link belongs to, and what the links of a run add up to.
//!
//! Links carry the id and the name that their writer knew. One without an id, or with an id that no run has,
//! belongs to the run of its name when there is only one such run. Source: the peer's
//! `_link_run_identity_maps` and `_canonical_link_run_id`.

use std::collections::{BTreeSet, HashMap, HashSet};

use paceline_schema::artifact::{Direction, RunArtifact, RunArtifactCounts, RunArtifacts};
use rusqlite::{Params, Row, params};

use super::ArtifactRun;
use crate::error::StorageError;
use crate::reader::Reader;
use crate::rows::{optional_text, text};

/// The runs that links may belong to.
pub(super) struct LinkOwners {
    /// The file is of a time before runs had ids.
    by_name_only: bool,
    ids: HashSet<String>,
    ids_by_name: HashMap<String, BTreeSet<String>>,
}

impl LinkOwners {
    /// Id of the run a link belongs to, where that is known.
    pub(super) fn id_of(&self, run: &ArtifactRun) -> Option<&str> {
        if self.by_name_only {
            return None;
        }
        if let Some(id) = run.id.as_ref().and_then(|id| self.ids.get(id)) {
            return Some(id);
        }
        let named = self.ids_by_name.get(run.name.as_ref()?).filter(|ids| ids.len() == 1)?;
        named.first().map(String::as_str)
    }
}

/// A link with the version it leads to.
struct Link {
    run: ArtifactRun,
    direction: Direction,
    artifact: RunArtifact,
}

impl Reader<'_> {
    /// What a run used and made; artifacts of other projects are among them.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn run_artifacts(&self, run: &ArtifactRun) -> Result<RunArtifacts, StorageError> {
        let id = match (&run.id, &run.name) {
            (None, Some(name)) => match self.find_run(name) {
                Ok(found) => Some(found.run_id),
                Err(StorageError::RunNotFound { .. }) => None,
                Err(error) => return Err(error),
            },
            (id, _) => id.clone(),
        };
        self.artifacts_of(id.as_deref(), run.name.as_deref())
            .map_err(self.explain("list the artifacts of a run"))
    }

    fn artifacts_of(&self, id: Option<&str>, name: Option<&str>) -> rusqlite::Result<RunArtifacts> {
        let known_name = id.and_then(|id| self.runs.get(id)).map(|run| run.name.to_string());
        let name = name.map(str::to_owned).or(known_name);
        let local = self.local_links(
            "(ral.run_id = ?1 OR ral.run_name = ?2)",
            params![id, name, self.location.project],
        )?;
        let owners = self.link_owners(&local.iter().map(|link| link.run.clone()).collect())?;
        let belongs = |link: &Link| match id {
            Some(id) if !owners.by_name_only => {
                link.run.id.as_deref() == Some(id) || owners.id_of(&link.run) == Some(id)
            }
            _ => true,
        };
        let mut links: Vec<Link> = local.into_iter().filter(belongs).collect();
        links.extend(match (id, &name) {
            (Some(id), _) => self.external_links("run_id = ?1", [id])?,
            (None, Some(name)) => self.external_links("run_name = ?1", [name])?,
            (None, None) => Vec::new(),
        });
        links.sort_by(|a, b| {
            let (a, b) = (&a.artifact, &b.artifact);
            (&a.created_at, a.version_id).cmp(&(&b.created_at, b.version_id))
        });

        let mut artifacts = RunArtifacts::default();
        let mut seen = HashSet::new();
        for Link { direction, artifact, .. } in links {
            if seen.insert((direction, artifact.project.clone(), artifact.version_id)) {
                match direction {
                    Direction::Input => artifacts.input.push(artifact),
                    Direction::Output => artifacts.output.push(artifact),
                }
            }
        }
        Ok(artifacts)
    }

    /// How many versions each run used and made, by run; runs without any are left out.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn run_artifact_counts(&self) -> Result<Vec<RunArtifactCounts>, StorageError> {
        self.counts().map_err(self.explain("count the artifacts of its runs"))
    }

    fn counts(&self) -> rusqlite::Result<Vec<RunArtifactCounts>> {
        let mut links = self.local_links(
            "?1 IS NULL AND ?2 IS NULL",
            params![None::<String>, None::<String>, self.location.project],
        )?;
        links.extend(self.external_links("?1 IS NULL", [None::<String>])?);
        let owners = self.link_owners(&links.iter().map(|link| link.run.clone()).collect())?;
        let mut counts: Vec<RunArtifactCounts> = Vec::new();
        let mut positions = HashMap::new();
        let mut seen = HashSet::new();
        for Link { run, direction, artifact } in links {
            let run_id = owners.id_of(&run).map(str::to_owned);
            let position = *positions.entry((run_id.clone(), run.name.clone())).or_insert_with(|| {
                counts.push(RunArtifactCounts { run_id, run_name: run.name, input: 0, output: 0 });
                counts.len() - 1
            });
            if seen.insert((position, direction, artifact.project, artifact.version_id)) {
                match direction {
                    Direction::Input => counts[position].input += 1,
                    Direction::Output => counts[position].output += 1,
                }
            }
        }
        Ok(counts)
    }

    /// The runs that links with these names may belong to.
    pub(super) fn link_owners(&self, links: &HashSet<ArtifactRun>) -> rusqlite::Result<LinkOwners> {
        let by_name_only = self.shape.metrics.is_none_or(|table| table.run != "run_id");
        let mut owners = LinkOwners { by_name_only, ids: HashSet::new(), ids_by_name: HashMap::new() };
        if by_name_only {
            return Ok(owners);
        }
        let ids: HashSet<&str> = links.iter().filter_map(|run| run.id.as_deref()).collect();
        let names: HashSet<&str> = links.iter().filter_map(|run| run.name.as_deref()).collect();
        let mut known = Vec::new();
        for (id, run) in self.runs.iter() {
            if (ids.contains(id.as_ref()) || names.contains(run.name.as_ref()))
                && let Some(rows) = self.rows_of(id)?
            {
                known.push((id.to_string(), rows.name.to_string()));
            }
        }
        if self.shape.has_runs {
            // A run that was started and has no rows yet.
            let mut statement = self
                .connection
                .prepare_cached("SELECT run_id, run_name FROM paceline_runs WHERE has_rows = 0")?;
            let created = statement.query_map([], |row| Ok((text(row, 0)?, text(row, 1)?)))?;
            for run in created {
                known.extend(
                    Some(run?)
                        .filter(|(id, name)| ids.contains(id.as_str()) || names.contains(name.as_str())),
                );
            }
        }
        let known_names: HashSet<&str> = known.iter().map(|(_, name)| name.as_str()).collect();
        let known_ids: HashSet<&str> = known.iter().map(|(id, _)| id.as_str()).collect();
        // A run of which only links tell.
        let told = links.iter().filter_map(|run| Some((run.id.clone()?, run.name.clone()?)));
        let told: Vec<_> = told
            .filter(|(id, name)| !known_ids.contains(id.as_str()) && !known_names.contains(name.as_str()))
            .collect();
        for (id, name) in known.iter().cloned().chain(told) {
            owners.ids.insert(id.clone());
            owners.ids_by_name.entry(name).or_default().insert(id);
        }
        Ok(owners)
    }

    /// Links to versions of this project, by run; `?3` is the project.
    fn local_links(&self, filter: &str, params: impl Params) -> rusqlite::Result<Vec<Link>> {
        let Some(table) = self.shape.links.filter(|_| self.shape.has_artifacts) else {
            return Ok(Vec::new());
        };
        let sql = format!(
            "SELECT ral.run_id, ral.run_name, ral.direction, av.id, ?3, a.name, a.type, av.version, \
             av.size_bytes, ral.created_at FROM run_artifact_links ral \
             JOIN artifact_versions av ON av.id = ral.artifact_version_id \
             JOIN artifacts a ON a.id = av.artifact_id \
             WHERE {filter} AND ({project} IS NULL OR {project} = ?3) ORDER BY coalesce({project}, ''), coalesce(ral.run_id, ''), coalesce(ral.run_name, ''), ral.id",
            project = table.run_project
        );
        self.links(&sql, params)
    }

    /// Links to versions of other projects.
    fn external_links(&self, filter: &str, params: impl Params) -> rusqlite::Result<Vec<Link>> {
        if !self.shape.has_external_links {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT run_id, run_name, direction, source_version_id, source_project, source_artifact, \
             source_type, source_version, source_size_bytes, created_at \
             FROM external_run_artifact_links WHERE {filter} ORDER BY id"
        );
        self.links(&sql, params)
    }

    fn links(&self, sql: &str, params: impl Params) -> rusqlite::Result<Vec<Link>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let links = statement.query_map(params, link)?;
        links.filter_map(Result::transpose).collect()
    }
}

/// `None` for a direction nobody knows.
fn link(row: &Row<'_>) -> rusqlite::Result<Option<Link>> {
    let Some(direction) = Direction::parse(&text(row, 2)?) else { return Ok(None) };
    Ok(Some(Link {
        run: ArtifactRun { id: optional_text(row, 0)?, name: optional_text(row, 1)? },
        direction,
        artifact: RunArtifact {
            version_id: row.get(3)?,
            project: text(row, 4)?,
            name: text(row, 5)?,
            artifact_type: text(row, 6)?,
            version: row.get(7)?,
            size_bytes: row.get(8)?,
            created_at: text(row, 9)?,
        },
    }))
}
