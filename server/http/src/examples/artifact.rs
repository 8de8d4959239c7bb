//! Examples of artifacts.

use paceline_schema::artifact::{
    ArtifactRecord, ArtifactSummary, ArtifactVersions, Direction, Lineage, LineageEdge, LineageNode,
    ManifestEntry, RunArtifact, RunArtifacts, VersionSummary, version_node,
};
use serde_json::json;

use super::{NOW, RUN_ID};
use crate::routes::Artifacts;

const VERSION_ID: i64 = 7;
const DATA_ID: i64 = 2;
const BYTES: i64 = 1_048_576;

pub(crate) fn artifacts() -> Artifacts {
    let model = ArtifactSummary {
        name: "model".into(),
        artifact_type: "model".into(),
        description: Some("Weights after each epoch".into()),
        num_versions: 4,
        latest_version: Some(3),
        size_bytes: Some(BYTES),
        aliases: vec!["best".into(), "latest".into()],
        created_at: NOW.to_string(),
    };
    Artifacts { artifacts: vec![model] }
}

pub(crate) fn artifact_versions() -> ArtifactVersions {
    let newest = VersionSummary {
        version_id: VERSION_ID,
        version: 3,
        aliases: aliases(),
        size_bytes: BYTES,
        num_files: 1,
        created_at: NOW.to_string(),
    };
    ArtifactVersions {
        name: "model".into(),
        artifact_type: "model".into(),
        description: Some("Weights after each epoch".into()),
        created_at: NOW.to_string(),
        num_versions: 1,
        latest_version: Some(3),
        versions: vec![newest],
    }
}

pub(crate) fn artifact_record() -> ArtifactRecord {
    let weights = ManifestEntry {
        path: "weights/model.safetensors".into(),
        digest: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
        size: BYTES.unsigned_abs(),
        reference: None,
    };
    ArtifactRecord {
        artifact_id: 1,
        version_id: VERSION_ID,
        version: 3,
        name: "model".into(),
        artifact_type: "model".into(),
        description: Some("Weights after each epoch".into()),
        manifest: vec![weights],
        manifest_digest: "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752".into(),
        metadata: Some(json!({ "epoch": 3 })),
        size_bytes: BYTES,
        producer_run_id: Some(RUN_ID.into()),
        producer_run_name: Some("lr-3e-4".into()),
        created_at: NOW.to_string(),
        aliases: aliases(),
    }
}

pub(crate) fn run_artifacts() -> RunArtifacts {
    let of = |version_id, name: &str, version| RunArtifact {
        version_id,
        project: "digits".into(),
        name: name.into(),
        artifact_type: name.into(),
        version,
        size_bytes: BYTES,
        created_at: NOW.to_string(),
    };
    RunArtifacts { input: vec![of(DATA_ID, "dataset", 0)], output: vec![of(VERSION_ID, "model", 3)] }
}

pub(crate) fn lineage() -> Lineage {
    let run = format!("run:{RUN_ID}");
    let version = |version_id, name: &str, version, aliases| LineageNode::Artifact {
        id: version_node(version_id),
        version_id,
        artifact_name: name.into(),
        artifact_type: name.into(),
        version,
        aliases,
        size_bytes: BYTES,
        num_files: 1,
        created_at: NOW.to_string(),
        producer_run_id: None,
        producer_run_name: None,
    };
    let edge = |source: String, target: String, direction| LineageEdge {
        source,
        target,
        direction,
        created_at: NOW.to_string(),
    };
    Lineage {
        focus: version_node(VERSION_ID),
        truncated: false,
        nodes: vec![
            version(DATA_ID, "dataset", 0, Vec::new()),
            version(VERSION_ID, "model", 3, aliases()),
            LineageNode::Run {
                id: run.clone(),
                run_id: Some(RUN_ID.into()),
                run_name: Some("lr-3e-4".into()),
                created_at: NOW.to_string(),
                project: None,
            },
        ],
        edges: vec![
            edge(version_node(DATA_ID), run.clone(), Direction::Input),
            edge(run, version_node(VERSION_ID), Direction::Output),
        ],
    }
}

fn aliases() -> Vec<String> {
    vec!["best".into(), "latest".into()]
}
