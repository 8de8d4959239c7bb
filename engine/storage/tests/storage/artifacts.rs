//! Artifacts: versions, aliases, links and blobs as they are recorded and read back.

use std::path::Path;

use paceline_schema::artifact::{
    ArtifactRecord, BlobDigest, Direction, LineageNode, Manifest, ManifestEntry,
};
use paceline_schema::{ErrorCode, ProjectName};
use paceline_storage::{ArtifactRun, NewVersion, StorageError, Store};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::{Scratch, at, batch, loss, row, start};

fn name(project: &str) -> ProjectName {
    ProjectName::new(project).expect("a good name")
}

fn run(id: &str) -> ArtifactRun {
    ArtifactRun { id: Some(id.into()), name: Some(format!("name of {id}")) }
}

fn digest(content: &str) -> BlobDigest {
    let text: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
    BlobDigest::new(text).expect("a digest")
}

/// Puts a blob in its place; the entry of a manifest for it.
fn blob(scratch: &Scratch, path: &str, content: &str) -> ManifestEntry {
    let uploaded = scratch.path("uploaded");
    std::fs::write(&uploaded, content).expect("it is written");
    scratch.store.blobs("p").take_in(&digest(content), &uploaded).expect("it is taken in");
    entry(path, content)
}

fn entry(path: &str, content: &str) -> ManifestEntry {
    let digest = digest(content).to_string();
    ManifestEntry { path: path.into(), digest, size: content.len() as u64, reference: None }
}

fn version(files: Vec<ManifestEntry>) -> NewVersion {
    NewVersion {
        name: "model".into(),
        artifact_type: "weights".into(),
        description: None,
        metadata: None,
        manifest: Manifest::new(files).expect("it fits"),
        aliases: Vec::new(),
        producer: run("maker"),
        overwrite: false,
    }
}

fn log(store: &Store, version: NewVersion, seconds: i64) -> ArtifactRecord {
    store.log_artifact(&name("p"), version, at(seconds)).expect("it is recorded")
}

fn read(store: &Store, spec: &str) -> Option<ArtifactRecord> {
    let project = store.project("p").expect("it is there");
    project.read(|reader| reader.artifact("model", Some(spec))).expect("it is read")
}

fn blobs_below(directory: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    let count = |entry: std::fs::DirEntry| if entry.path().is_dir() { blobs_below(&entry.path()) } else { 1 };
    entries.map(|entry| count(entry.expect("an entry"))).sum()
}

#[test]
fn the_same_files_are_the_same_version() {
    let scratch = Scratch::new();
    let (a, b) = (blob(&scratch, "a", "one"), blob(&scratch, "b/c", "two"));
    let first = log(&scratch.store, version(vec![b.clone(), a.clone()]), 1);
    assert_eq!(
        (first.version, first.size_bytes, first.aliases.as_slice()),
        (0, 6, &["latest".to_owned()][..])
    );
    assert_eq!(first.manifest, [a.clone(), b.clone()]);
    assert_eq!(first.producer_run_id.as_deref(), Some("maker"));

    let noted = NewVersion { metadata: Some(json!({"k": 1})), ..version(vec![a.clone(), b.clone()]) };
    let again = log(&scratch.store, noted, 2);
    assert_eq!(
        (again.version_id, again.version, &again.created_at),
        (first.version_id, 0, &first.created_at)
    );
    assert_eq!(again.metadata, Some(json!({"k": 1})));
    let silent = log(&scratch.store, version(vec![a.clone(), b]), 3);
    assert_eq!(silent.metadata, Some(json!({"k": 1})), "what says nothing replaces nothing");

    let second = log(&scratch.store, version(vec![a]), 4);
    assert_eq!((second.version, second.aliases), (1, vec!["latest".to_owned()]));
    assert_eq!(read(&scratch.reopened(), "v0").expect("it is there").aliases, Vec::<String>::new());
    assert_eq!(read(&scratch.store, "latest").map(|record| record.version), Some(1));
    assert_eq!(read(&scratch.store, "v2"), None);
}

#[test]
fn aliases_move_forward_only() {
    let scratch = Scratch::new();
    let (a, b) = (blob(&scratch, "a", "one"), blob(&scratch, "a", "two"));
    let best =
        |files: &ManifestEntry| NewVersion { aliases: vec!["best".into()], ..version(vec![files.clone()]) };
    log(&scratch.store, best(&a), 1);
    log(&scratch.store, best(&b), 2);
    assert_eq!(read(&scratch.store, "best").map(|record| record.version), Some(1));
    let back = log(&scratch.store, best(&a), 3);
    assert_eq!((back.version, back.aliases), (0, Vec::new()));
    assert_eq!(read(&scratch.store, "best").map(|record| record.version), Some(1));
    assert_eq!(read(&scratch.store, "latest").map(|record| record.version), Some(1));
}

#[test]
fn overwriting_removes_the_other_versions_and_the_blobs_only_they_needed() {
    let scratch = Scratch::new();
    let (old, shared, new) =
        (blob(&scratch, "a", "old"), blob(&scratch, "b", "shared"), blob(&scratch, "a", "new"));
    let other = NewVersion { name: "other".into(), ..version(vec![shared.clone()]) };
    log(&scratch.store, other, 1);
    log(&scratch.store, version(vec![old, shared]), 2);
    let overwritten = log(&scratch.store, NewVersion { overwrite: true, ..version(vec![new]) }, 3);
    assert_eq!((overwritten.version, overwritten.aliases), (1, vec!["latest".to_owned()]));
    assert_eq!(read(&scratch.store, "v0"), None);
    let blobs = scratch.store.blobs("p");
    let present = ["old", "shared", "new"].map(|content| blobs.contains(&digest(content)));
    assert_eq!(present, [false, true, true]);
    assert_eq!(blobs_below(&scratch.path("artifacts")), 2);
    let project = scratch.store.project("p").expect("it is there");
    let counts = project.read(|reader| reader.run_artifact_counts()).expect("they are read");
    assert_eq!((counts.len(), counts[0].output), (1, 2), "of the other artifact and of the new version");
}

#[test]
fn what_breaks_a_rule_leaves_nothing() {
    let scratch = Scratch::new();
    let file = entry("a", "never uploaded");
    let refusal = |version| scratch.store.log_artifact(&name("p"), version, at(1)).expect_err("refused");
    assert!(matches!(refusal(version(vec![file.clone()])), StorageError::BlobsMissing { .. }));
    for wrong in [
        NewVersion { name: "a/b".into(), ..version(vec![file.clone()]) },
        NewVersion { aliases: vec!["v3".into()], ..version(vec![file.clone()]) },
        NewVersion { artifact_type: String::new(), ..version(vec![file]) },
    ] {
        assert_eq!(refusal(wrong).code(), ErrorCode::InvalidRequest);
    }
    assert!(!scratch.path("p.db").exists());

    let there = blob(&scratch, "a", "one");
    log(&scratch.store, version(vec![there.clone()]), 1);
    let of_other_type = NewVersion { artifact_type: "data".into(), ..version(vec![there]) };
    assert!(refusal(of_other_type).to_string().contains("`weights`"));
}

#[test]
fn references_need_no_blob() {
    let scratch = Scratch::new();
    let reference = ManifestEntry {
        path: "far".into(),
        digest: "etag".into(),
        size: 5,
        reference: Some("s3://bucket/key".into()),
    };
    let record = log(&scratch.store, version(vec![reference.clone()]), 1);
    assert_eq!(record.manifest, [reference]);
}

#[test]
fn links_belong_to_the_run_that_is_meant() {
    let scratch = Scratch::new();
    let project = scratch.project();
    for id in ["maker", "user"] {
        project.append(batch(id, vec![row(id, 0, loss(1.0))])).expect("it is stored");
    }
    let file = blob(&scratch, "a", "one");
    let made = log(&scratch.store, version(vec![file]), 1).version_id;
    let used = |run: &ArtifactRun| {
        scratch.store.log_artifact_use("p", made, run, None, at(2)).expect("it is recorded");
    };
    used(&run("user"));
    used(&run("user"));
    // An earlier client knew only the name; another one an id that no run has.
    used(&ArtifactRun { id: None, ..run("user") });
    used(&ArtifactRun { id: Some("lost".into()), ..run("user") });

    let (of_user, of_name, counts, consumers) = project
        .read(|reader| {
            Ok((
                reader.run_artifacts(&ArtifactRun { name: None, ..run("user") })?,
                reader.run_artifacts(&ArtifactRun { id: None, ..run("user") })?,
                reader.run_artifact_counts()?,
                reader.artifact_consumers(made)?,
            ))
        })
        .expect("they are read");
    assert_eq!((of_user.input.len(), of_user.output.len()), (1, 0));
    assert_eq!(of_user, of_name);
    let mut counted: Vec<_> =
        counts.iter().map(|count| (count.run_id.as_deref(), count.input, count.output)).collect();
    counted.sort_unstable();
    assert_eq!(counted, [(Some("maker"), 0, 1), (Some("user"), 1, 0)]);
    assert_eq!(consumers.len(), 3);

    let unknown = scratch.store.log_artifact_use("p", 99, &run("user"), None, at(3)).expect_err("refused");
    assert_eq!(unknown.code(), ErrorCode::ArtifactNotFound);
}

#[test]
fn a_run_that_has_only_begun_keeps_its_links_to_itself() {
    let scratch = Scratch::new();
    let project = scratch.project();
    project.append(batch("old", vec![row("l", 0, loss(1.0))])).expect("it is stored");
    project.append(batch("new", vec![start(at(1))])).expect("it is stored");
    let same_name = |id: &str| ArtifactRun { id: Some(id.into()), name: Some("name of old".into()) };
    scratch
        .other_program()
        .execute("UPDATE paceline_runs SET run_name = 'name of old'", [])
        .expect("renamed");
    let file = blob(&scratch, "a", "one");
    log(&scratch.store, NewVersion { producer: same_name("new"), ..version(vec![file]) }, 2);
    let outputs = |id: &str| {
        let run = same_name(id);
        project.read(|reader| reader.run_artifacts(&run)).expect("they are read").output.len()
    };
    assert_eq!((outputs("new"), outputs("old")), (1, 0));
}

#[test]
fn a_run_of_another_project_uses_an_artifact() {
    let scratch = Scratch::new();
    let file = blob(&scratch, "a", "one");
    let made = log(&scratch.store, version(vec![file]), 1).version_id;
    let consumer = name("consumer");
    scratch.store.log_artifact_use("p", made, &run("user"), Some(&consumer), at(2)).expect("it is recorded");
    let of_user = |project: &str| {
        let project = scratch.store.project(project).expect("it is there");
        project.read(|reader| reader.run_artifacts(&run("user"))).expect("they are read").input
    };
    assert_eq!(of_user("p"), []);
    let used = of_user("consumer");
    assert_eq!((used.len(), used[0].project.as_str(), used[0].name.as_str()), (1, "p", "model"));
    let project = scratch.store.project("p").expect("it is there");
    let consumers = project.read(|reader| reader.artifact_consumers(made)).expect("they are read");
    assert_eq!(consumers[0].project, "consumer");
}

#[test]
fn lineage_goes_from_version_to_run_to_version() {
    let scratch = Scratch::new();
    let files = [blob(&scratch, "a", "raw"), blob(&scratch, "a", "clean"), blob(&scratch, "a", "unrelated")];
    let data = |file: &ManifestEntry, artifact: &str, id: &str| NewVersion {
        name: artifact.into(),
        producer: run(id),
        ..version(vec![file.clone()])
    };
    let raw = log(&scratch.store, data(&files[0], "raw", "fetch"), 1).version_id;
    scratch.store.log_artifact_use("p", raw, &run("cleaner"), None, at(2)).expect("it is recorded");
    let clean = log(&scratch.store, data(&files[1], "clean", "cleaner"), 3).version_id;
    log(&scratch.store, data(&files[2], "unrelated", "stranger"), 4);

    let project = scratch.store.project("p").expect("it is there");
    let lineage = project.read(|reader| reader.artifact_lineage(clean)).expect("it is read");
    assert_eq!((lineage.focus.as_str(), lineage.truncated), ("art:2", false));
    let ids: Vec<&str> = lineage
        .nodes
        .iter()
        .map(|node| match node {
            LineageNode::Artifact { id, .. } | LineageNode::Run { id, .. } => id.as_str(),
        })
        .collect();
    assert_eq!(ids, ["art:1", "art:2", "run:cleaner", "run:fetch"]);
    let edges: Vec<_> = lineage
        .edges
        .iter()
        .map(|edge| (edge.source.as_str(), edge.target.as_str(), edge.direction))
        .collect();
    assert_eq!(
        edges,
        [
            ("run:fetch", "art:1", Direction::Output),
            ("art:1", "run:cleaner", Direction::Input),
            ("run:cleaner", "art:2", Direction::Output)
        ]
    );
    let nothing = project.read(|reader| reader.artifact_lineage(99)).expect("it is read");
    assert_eq!((nothing.focus.as_str(), nothing.nodes.len()), ("art:99", 0));
}

#[test]
fn a_large_lineage_is_cut() {
    let scratch = Scratch::new();
    let file = blob(&scratch, "a", "one");
    let made = log(&scratch.store, version(vec![file]), 1).version_id;
    let other = scratch.other_program();
    other
        .execute_batch(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) \
             INSERT INTO run_artifact_links (run_id, run_name, artifact_version_id, direction, created_at) \
             SELECT 'r' || i, 'r' || i, {made}, 'input', printf('2026-%05d', i) FROM n"
        ))
        .expect("they are inserted");
    let project = scratch.store.project("p").expect("it is there");
    let lineage = project.read(|reader| reader.artifact_lineage(made)).expect("it is read");
    assert_eq!((lineage.nodes.len(), lineage.edges.len(), lineage.truncated), (1000, 999, true));
}

#[test]
fn threads_that_log_and_overwrite_at_once_lose_no_blob() {
    let scratch = Scratch::new();
    let log_some = &|thread: usize| {
        for round in 0..10 {
            // Contents come again, so blobs that one version loses another one needs.
            let content = format!("content {}", (thread + round) % 4);
            let uploaded = scratch.path(&format!("uploaded {thread}"));
            loop {
                std::fs::write(&uploaded, &content).expect("it is written");
                scratch.store.blobs("p").take_in(&digest(&content), &uploaded).expect("it is taken in");
                let mut new = version(vec![entry("a", &content)]);
                new.name = format!("model {}", thread % 2).replace(' ', "-");
                new.overwrite = round % 3 == 2;
                match scratch.store.log_artifact(&name("p"), new, at(1)) {
                    Ok(_) => break,
                    // Overwritten between the two steps: whoever logs uploads again, as clients do.
                    Err(StorageError::BlobsMissing { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for thread in 0..8 {
            scope.spawn(move || log_some(thread));
        }
    });
    let (blobs, project) = (scratch.store.blobs("p"), scratch.store.project("p").expect("it is there"));
    project
        .read(|reader| {
            for artifact in reader.artifacts()? {
                let numbers: Vec<i64> = artifact.versions.iter().map(|version| version.version).collect();
                assert!(numbers.is_sorted_by(|a, b| a > b), "{numbers:?}");
                for number in numbers {
                    let spec = format!("v{number}");
                    let record = reader.artifact(&artifact.name, Some(&spec))?.expect("it is listed");
                    let digest = BlobDigest::new(record.manifest[0].digest.as_str()).expect("a digest");
                    assert!(blobs.contains(&digest), "{} {spec}", artifact.name);
                }
            }
            Ok(())
        })
        .expect("it is read");
}

#[test]
fn files_without_the_tables_have_no_artifacts() {
    let scratch = Scratch::new();
    scratch.project().append(batch("r", vec![row("l", 0, loss(1.0))])).expect("it is stored");
    for table in [
        "run_artifact_links",
        "external_run_artifact_links",
        "artifact_aliases",
        "artifact_versions",
        "artifacts",
    ] {
        scratch.other_program().execute(&format!("DROP TABLE {table}"), []).expect("it goes");
    }
    let project = scratch.reopened().project("p").expect("it is there");
    project
        .read(|reader| {
            assert!(reader.artifacts()?.is_empty());
            assert!(reader.artifact("model", None)?.is_none());
            assert!(reader.artifact_consumers(1)?.is_empty());
            assert!(reader.run_artifact_counts()?.is_empty());
            assert!(reader.run_artifacts(&run("r"))?.output.is_empty());
            assert!(reader.artifact_lineage(1)?.nodes.is_empty());
            assert!(reader.registry("r")?.is_none() && reader.collections()?.is_empty());
            Ok(())
        })
        .expect("it is read");
}
