//! What a server would answer about a project now, for a page that has none: everything but lines, values and samples,
//! which the page reads from the tables.
//!
//! Answers stand under their addresses below `/api/v1/projects/{project}/`. What all pages need is one file, each run
//! has a file of its own, and the metrics of all runs are one more.

use paceline_hub::parquet::SnapshotFile;
use paceline_schema::redact::redact_json;
use paceline_schema::run::ProjectContents;
use paceline_schema::series::PageRequest;
use paceline_schema::{RunDetail, Timestamp, metric_definition};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Freezing, json_file};
use crate::arguments::PartOfSnapshot;
use crate::failure::Failure;

/// The form of these files.
const FORMAT: u32 = 1;

impl Freezing<'_> {
    /// The files with the answers.
    pub(super) fn answers(&self, frozen_at: Timestamp) -> Result<Vec<SnapshotFile>, Failure> {
        let (engine, project) = (&self.engine, self.project.as_str());
        let runs = engine.runs(project)?;
        let mut files = Vec::new();
        let mut metrics = Map::new();
        for (number, run) in runs.iter().enumerate() {
            files.push(json_file(&format!("paceline/runs/{number}.json"), &self.run(&run.run_id)?.into()));
            let of_run = json!({
                "metrics": engine.metrics(project, &run.run_id)?,
                "definitions": self.definitions(&run.run_id)?,
            });
            metrics.insert(run.run_id.clone(), of_run);
        }
        files.push(json_file("paceline/metrics.json", &metrics.into()));
        let index = json!({
            "format": FORMAT,
            "project": project,
            "frozen_at": frozen_at,
            "left_out": self.without.iter().map(|part| format!("{part:?}").to_lowercase()).collect::<Vec<_>>(),
            "runs": runs.iter().map(|run| &run.run_id).collect::<Vec<_>>(),
            "contents": self.contents()?,
            "answers": self.of_project(runs)?,
        });
        files.push(json_file("paceline/project.json", &index));
        Ok(files)
    }

    fn of_project(&self, runs: Vec<paceline_schema::RunSummary>) -> Result<Map<String, Value>, Failure> {
        let (engine, project) = (&self.engine, self.project.as_str());
        let mut answers = Map::new();
        let projects: Vec<_> =
            engine.projects()?.into_iter().filter(|each| each.project == project).collect();
        put(&mut answers, "projects", json!({ "projects": projects }));
        put(&mut answers, "runs", json!({ "runs": runs, "next": null }));
        put(&mut answers, "metrics", json!({ "metrics": engine.project_metrics(project)? }));
        let mut configs = json!({ "configs": engine.run_configs(project)? });
        redact_configs(configs["configs"].as_array_mut().into_iter().flatten());
        put(&mut answers, "configs", configs);
        let all = PageRequest { after: None, since: None, limit: usize::MAX };
        put(&mut answers, "alerts", engine.alerts_page(project, None, all)?);
        put(&mut answers, "artifacts", json!({ "artifacts": engine.artifact_summaries(project)? }));
        for artifact in engine.artifacts(project)? {
            let name = &artifact.name;
            for version in &artifact.versions {
                let spec = format!("v{}", version.version);
                let record = engine.artifact(project, name, Some(&spec))?;
                put(&mut answers, &format!("artifacts/{name}/{spec}"), record);
                let lineage = engine.lineage_of(project, name, Some(&spec))?;
                put(&mut answers, &format!("artifacts/{name}/{spec}/lineage"), lineage);
            }
            put(&mut answers, &format!("artifacts/{name}"), engine.artifact_versions(project, name)?);
        }
        put(&mut answers, "files", json!({ "files": self.saved_files()? }));
        Ok(answers)
    }

    /// Answers about a run, by what follows its name in their addresses.
    fn run(&self, run: &str) -> Result<Map<String, Value>, Failure> {
        let (engine, project) = (&self.engine, self.project.as_str());
        let mut answers = Map::new();
        let mut detail = json!(self.permitted(engine.run(project, run)?));
        redact_configs([&mut detail].into_iter());
        put(&mut answers, "", detail);
        put(&mut answers, "status", engine.status(project, run)?);
        put(&mut answers, "alerts", json!({ "alerts": engine.alerts(project, Some(run))? }));
        put(&mut answers, "artifacts", engine.run_artifacts(project, run)?);
        if self.has(PartOfSnapshot::Environment) {
            put(&mut answers, "diff", engine.diff(project, run)?);
        }
        Ok(answers)
    }

    /// A run without what is left out.
    fn permitted(&self, mut run: RunDetail) -> RunDetail {
        if !self.has(PartOfSnapshot::Environment) {
            (run.host, run.pid, run.command, run.environment) = (None, None, None, None);
            for rank in &mut run.ranks {
                (rank.host, rank.pid) = (None, None);
            }
        }
        run
    }

    /// What `define_metric` said of the metrics of a run.
    fn definitions(&self, run: &str) -> Result<Option<Value>, Failure> {
        let project = self.engine.store().project(&self.project)?;
        let config = project.read(|reader| reader.config(run))?;
        Ok(config.and_then(|mut config| config.remove(metric_definition::CONFIG_KEY)))
    }

    fn saved_files(&self) -> Result<Vec<Value>, Failure> {
        if !self.has(PartOfSnapshot::Media) {
            return Ok(Vec::new());
        }
        let files = self.engine.store().project_files(&self.project)?.into_iter().map(|file| {
            let file_path = format!("{}/files/{}", self.project, file.name);
            json!({ "file_path": file_path, "name": file.name, "size_bytes": file.bytes })
        });
        Ok(files.collect())
    }

    /// Which pages have something to show.
    fn contents(&self) -> Result<ProjectContents, Failure> {
        let contents = self.engine.project_contents(&self.project)?;
        Ok(ProjectContents { files: contents.files && self.has(PartOfSnapshot::Media), ..contents })
    }
}

/// Takes out secrets that whoever stored these configs did not: the folder is meant for others.
fn redact_configs<'a>(runs: impl Iterator<Item = &'a mut Value>) {
    runs.filter_map(|run| run.get_mut("config")).for_each(redact_json);
}

fn put(answers: &mut Map<String, Value>, address: &str, answer: impl Serialize) {
    // Names and values are all there is, so this cannot fail.
    answers.insert(address.to_owned(), serde_json::to_value(answer).unwrap_or_default());
}
