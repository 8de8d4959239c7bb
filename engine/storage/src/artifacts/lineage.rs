//! What a version came from and what came from it: versions and runs joined by links, walked outwards.
//!
//! Steps, order and limits are those of the peer's `get_artifact_lineage`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use paceline_schema::artifact::{Direction, Lineage, LineageEdge, LineageNode, version_node};
use rusqlite::params;

use super::ArtifactRun;
use super::run_links::LinkOwners;
use crate::error::StorageError;
use crate::reader::Reader;
use crate::rows::{optional_text, text};

/// Nodes shown at most.
const MAX_NODES: usize = 1_000;
/// Edges shown at most.
const MAX_EDGES: usize = 5_000;
/// Links read at most.
const MAX_LINKS: usize = 10_000;

#[derive(Clone)]
struct Link {
    id: i64,
    run: ArtifactRun,
    run_project: Option<String>,
    version_id: i64,
    direction: Direction,
    created_at: String,
}

/// What was first seen of a run.
struct SeenRun {
    run_id: Option<String>,
    run_name: Option<String>,
    project: Option<String>,
    created_at: String,
}

/// The part of the graph that was walked.
#[derive(Default)]
struct Walk {
    truncated: bool,
    links_read: usize,
    versions: BTreeSet<i64>,
    runs: BTreeMap<String, SeenRun>,
    /// When each edge was first there.
    edges: HashMap<(String, i64, Direction), String>,
}

impl Reader<'_> {
    /// The versions and runs that are joined with a version by what runs used and made; empty for a version
    /// that is not there. At most 1,000 nodes and 5,000 edges, the nearest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn artifact_lineage(&self, version_id: i64) -> Result<Lineage, StorageError> {
        if !self.has_artifact_version(version_id)? {
            return Ok(Lineage::of_nothing(version_id));
        }
        let read = || -> rusqlite::Result<_> {
            let mut walk = Walk { versions: BTreeSet::from([version_id]), ..Walk::default() };
            self.walk_links(&mut walk)?;
            Ok(Lineage { truncated: walk.truncated, ..self.shown(walk, Lineage::of_nothing(version_id))? })
        };
        read().map_err(self.explain("follow an artifact"))
    }

    /// Walks from version to run to version until nothing new is found or a limit is reached.
    fn walk_links(&self, walk: &mut Walk) -> rusqlite::Result<()> {
        let mut frontier = walk.versions.clone();
        let (mut walked_versions, mut walked_runs) = (HashSet::new(), HashSet::new());
        while !frontier.is_empty() {
            walked_versions.extend(frontier.iter().copied());
            let versions = serde_json::json!(frontier).to_string();
            let reached = self.lineage_links(
                walk,
                "artifact_version_id IN (SELECT value FROM json_each(?1))",
                [versions],
            )?;
            let owners = self.owners_of(&reached)?;
            let new: Vec<&Link> =
                reached.iter().filter(|link| !walked_runs.contains(&run_key(link, &owners))).collect();
            let beyond = self.links_of_runs(walk, &new)?;
            let stage: BTreeMap<i64, Link> =
                reached.iter().cloned().chain(beyond).map(|link| (link.id, link)).collect();
            let mut stage: Vec<Link> = stage.into_values().collect();
            stage.sort_by(|a, b| (&a.created_at, a.id).cmp(&(&b.created_at, b.id)));
            let owners = self.owners_of(&stage)?;
            let allowed: HashSet<String> = new.iter().map(|link| run_key(link, &owners)).collect();
            let allowed: HashSet<String> = allowed.difference(&walked_runs).cloned().collect();
            walked_runs.extend(allowed.iter().cloned());

            frontier.clear();
            for link in stage {
                let run = run_key(&link, &owners);
                if !allowed.contains(&run) {
                    continue;
                }
                let version_id = link.version_id;
                if !walk.take(link, run, &owners) {
                    walk.truncated = true;
                    return Ok(());
                }
                if !walked_versions.contains(&version_id) {
                    frontier.insert(version_id);
                }
            }
            if walk.links_read >= MAX_LINKS {
                walk.truncated = true;
                return Ok(());
            }
        }
        Ok(())
    }

    fn owners_of(&self, links: &[Link]) -> rusqlite::Result<LinkOwners> {
        self.link_owners(&links.iter().map(|link| link.run.clone()).collect())
    }

    /// All links that may be of the same runs as these.
    fn links_of_runs(&self, walk: &mut Walk, links: &[&Link]) -> rusqlite::Result<Vec<Link>> {
        if links.is_empty() {
            return Ok(Vec::new());
        }
        let list = |part: fn(&ArtifactRun) -> &Option<String>| {
            let texts: BTreeSet<&String> = links.iter().filter_map(|link| part(&link.run).as_ref()).collect();
            serde_json::json!(texts).to_string()
        };
        let nameless = links.iter().any(|link| link.run == ArtifactRun::default());
        self.lineage_links(
            walk,
            "(run_id IN (SELECT value FROM json_each(?1)) OR run_name IN (SELECT value FROM json_each(?2)) \
             OR (?3 AND run_id IS NULL AND run_name IS NULL))",
            params![list(|run| &run.id), list(|run| &run.name), nameless],
        )
    }

    fn lineage_links(
        &self,
        walk: &mut Walk,
        filter: &str,
        params: impl rusqlite::Params,
    ) -> rusqlite::Result<Vec<Link>> {
        let Some(table) = self.shape.links else { return Ok(Vec::new()) };
        let sql = format!(
            "SELECT id, run_id, run_name, {}, artifact_version_id, direction, created_at \
             FROM run_artifact_links WHERE direction IN ('input', 'output') AND {filter} ORDER BY id LIMIT {}",
            table.run_project,
            MAX_LINKS - walk.links_read
        );
        // The limit stands in the text, so the statement is not worth keeping.
        let mut statement = self.connection.prepare(&sql)?;
        let links: Vec<Link> = statement
            .query_map(params, |row| {
                Ok(Link {
                    id: row.get(0)?,
                    run: ArtifactRun { id: optional_text(row, 1)?, name: optional_text(row, 2)? },
                    run_project: optional_text(row, 3)?,
                    version_id: row.get(4)?,
                    direction: Direction::parse(&text(row, 5)?).unwrap_or(Direction::Input),
                    created_at: text(row, 6)?,
                })
            })?
            .collect::<rusqlite::Result<_>>()?;
        walk.links_read += links.len();
        Ok(links)
    }

    /// The walk with what is known of its versions. Versions that are gone are left out with their edges.
    fn shown(&self, walk: Walk, mut lineage: Lineage) -> rusqlite::Result<Lineage> {
        let versions = serde_json::json!(walk.versions).to_string();
        let mut aliases: HashMap<i64, Vec<String>> = HashMap::new();
        let mut statement = self.connection.prepare_cached(
            "SELECT artifact_version_id, alias FROM artifact_aliases \
             WHERE artifact_version_id IN (SELECT value FROM json_each(?1)) ORDER BY alias",
        )?;
        let mut rows = statement.query([&versions])?;
        while let Some(row) = rows.next()? {
            aliases.entry(row.get(0)?).or_default().push(text(row, 1)?);
        }
        let mut statement = self.connection.prepare_cached(
            "SELECT av.id, a.name, a.type, av.version, av.size_bytes, json_array_length(av.manifest), \
             av.created_at, av.producer_run_id, av.producer_run_name FROM artifact_versions av \
             JOIN artifacts a ON a.id = av.artifact_id \
             WHERE av.id IN (SELECT value FROM json_each(?1)) ORDER BY av.id",
        )?;
        let mut present = HashSet::new();
        let mut rows = statement.query([&versions])?;
        while let Some(row) = rows.next()? {
            let version_id = row.get(0)?;
            present.insert(version_id);
            lineage.nodes.push(LineageNode::Artifact {
                id: version_node(version_id),
                version_id,
                artifact_name: text(row, 1)?,
                artifact_type: text(row, 2)?,
                version: row.get(3)?,
                aliases: aliases.remove(&version_id).unwrap_or_default(),
                size_bytes: row.get(4)?,
                num_files: row.get(5)?,
                created_at: text(row, 6)?,
                producer_run_id: optional_text(row, 7)?,
                producer_run_name: optional_text(row, 8)?,
            });
        }
        lineage.nodes.extend(walk.runs.into_iter().map(|(id, run)| LineageNode::Run {
            id,
            run_id: run.run_id,
            run_name: run.run_name,
            created_at: run.created_at,
            project: run.project.filter(|project| *project != self.location.project),
        }));
        let edges = walk.edges.into_iter().filter(|((_, version_id, _), _)| present.contains(version_id));
        lineage.edges.extend(edges.map(|((run, version_id, direction), created_at)| {
            let version = version_node(version_id);
            let (source, target) = match direction {
                Direction::Output => (run, version),
                Direction::Input => (version, run),
            };
            LineageEdge { source, target, direction, created_at }
        }));
        lineage.edges.sort_by(|a, b| {
            let order = |edge: &LineageEdge| {
                (edge.created_at.clone(), edge.source.clone(), edge.target.clone(), edge.direction)
            };
            order(a).cmp(&order(b))
        });
        Ok(lineage)
    }
}

impl Walk {
    /// Takes a link with its run and its version in; false when there is no room for them.
    fn take(&mut self, link: Link, run: String, owners: &LinkOwners) -> bool {
        let edge = (run.clone(), link.version_id, link.direction);
        let new_nodes = usize::from(!self.runs.contains_key(&run))
            + usize::from(!self.versions.contains(&link.version_id));
        let has_room = self.runs.len() + self.versions.len() + new_nodes <= MAX_NODES
            && (self.edges.contains_key(&edge) || self.edges.len() < MAX_EDGES);
        if has_room {
            self.versions.insert(link.version_id);
            // Links come oldest first within a stage, and a run belongs to one stage.
            self.edges.entry(edge).or_insert_with(|| link.created_at.clone());
            self.runs.entry(run).or_insert_with(|| SeenRun {
                run_id: owners.id_of(&link.run).map(str::to_owned),
                run_name: link.run.name,
                project: link.run_project,
                created_at: link.created_at,
            });
        }
        has_room
    }
}

fn run_key(link: &Link, owners: &LinkOwners) -> String {
    match owners.id_of(&link.run) {
        Some(id) => format!("run:{id}"),
        // As the peer writes a name that is not there.
        None => format!("run:name:{}", link.run.name.as_deref().unwrap_or("None")),
    }
}
