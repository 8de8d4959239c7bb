//! Media are kept inside their folder, and go where their run goes.

use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;

use paceline_schema::event::RunKey;
use paceline_schema::{Event, ProjectName, RunState, Value};
use paceline_storage::{Batch, MediaPlace, StorageError};

use crate::support::{START, Scratch, at, batch, end, loss, row, start};

/// Stores a file as an upload of a run's media would and logs a row that names it.
fn log_image(scratch: &Scratch, (id, name): (&str, &str), step: i64, file: &str) {
    let staged = scratch.path("staged");
    fs::write(&staged, file).expect("it is written");
    let project = ProjectName::new("p").expect("a good name");
    let place = MediaPlace::Run { run: name, step: Some(step), name: file };
    scratch.store.put_media(&project, place, &staged).expect("it is taken");
    let image = format!(r#"{{"_type":"trackio.image","file_path":"p/{name}/{step}/{file}","caption":null}}"#);
    let mut metrics = loss(0.5);
    metrics.push(("image".into(), Value::Json(image.into())));
    let run = RunKey { id: id.into(), name: name.into() };
    let events = vec![row(&format!("{id}{step}{file}"), step, metrics)];
    scratch.project().append(vec![Batch { run, events }]).expect("it is stored");
}

fn content(scratch: &Scratch, path: &str) -> Option<String> {
    let mut text = String::new();
    scratch.store.open_media(path).ok()?.read_to_string(&mut text).expect("it is read");
    Some(text)
}

/// The paths of the images of a run, oldest first.
fn paths(scratch: &Scratch, project: &str, run_id: &str) -> Vec<String> {
    let project = scratch.store.project(project).expect("it is there");
    let rows = project.read(|reader| reader.rows(run_id, None, 100)).expect("it is read");
    let image = |row: &paceline_storage::StoredRow| {
        let (_, value) = row.metrics.iter().find(|(key, _)| key == "image")?;
        Some(value.to_json()["file_path"].as_str()?.to_owned())
    };
    rows.iter().filter_map(image).collect()
}

fn count(scratch: &Scratch, table: &str, run_id: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table} WHERE run_id = ?1");
    scratch.other_program().query_row(&sql, [run_id], |row| row.get(0)).expect("it is counted")
}

#[test]
fn files_are_put_listed_and_read_inside_their_folder() {
    let scratch = Scratch::new();
    let project = ProjectName::new("p").expect("a good name");
    let put = |place| {
        let staged = scratch.path("staged");
        fs::write(&staged, "bytes").expect("it is written");
        scratch.store.put_media(&project, place, &staged)
    };
    assert_eq!(scratch.store.project_files("p").expect("none yet"), []);
    for path in ["b.txt", "a/c.txt", "b.txt"] {
        put(MediaPlace::Project { path }).expect("it is taken");
    }
    let files = scratch.store.project_files("p").expect("it is listed");
    let listed: Vec<_> = files.iter().map(|file| (file.name.as_str(), file.bytes)).collect();
    assert_eq!(listed, [("a/c.txt", 5), ("b.txt", 5)]);
    assert_eq!(files[1].path, scratch.path("media/p/files/b.txt"));
    for place in [
        MediaPlace::Project { path: "../../p.db" },
        MediaPlace::Project { path: "/etc/x" },
        MediaPlace::Run { run: "..", step: None, name: "x" },
        MediaPlace::Run { run: "r", step: None, name: "a/b" },
        MediaPlace::Run { run: "r", step: None, name: ".." },
    ] {
        assert!(matches!(put(place), Err(StorageError::InvalidPath { .. })), "{place:?}");
    }
    assert_eq!(content(&scratch, "p/files/a/c.txt").as_deref(), Some("bytes"));
    for path in ["p/files/none", "p/files", "../staged", "/etc/hostname", ""] {
        assert!(matches!(scratch.store.open_media(path), Err(StorageError::FileNotFound { .. })), "{path}");
    }
}

#[test]
fn no_symbolic_link_leads_out() {
    let scratch = Scratch::new();
    let outside = tempfile::tempdir().expect("a folder");
    fs::write(outside.path().join("secret"), "secret").expect("it is written");
    fs::create_dir_all(scratch.path("media/p/files")).expect("it is made");
    symlink(outside.path(), scratch.path("media/p/files/link")).expect("it is made");
    symlink(outside.path(), scratch.path("media/p/evil")).expect("it is made");
    fs::write(scratch.path("staged"), "bytes").expect("it is written");
    assert_eq!(content(&scratch, "p/files/link/secret"), None);
    assert_eq!(scratch.store.project_files("p").expect("it is listed"), []);
    let project = ProjectName::new("p").expect("a good name");
    let place = MediaPlace::Project { path: "link/new" };
    assert!(scratch.store.put_media(&project, place, &scratch.path("staged")).is_err());
    log_rows_of(&scratch, "evil");
    scratch.project().delete_run("evil").expect("it is deleted");
    assert_eq!(fs::read_dir(outside.path()).expect("it is there").count(), 1);
}

fn log_rows_of(scratch: &Scratch, name: &str) {
    let run = RunKey { id: name.into(), name: name.into() };
    scratch
        .project()
        .append(vec![Batch { run, events: vec![row(name, 0, loss(1.0))] }])
        .expect("it is stored");
}

#[test]
fn a_deleted_run_takes_its_media_along_and_no_others() {
    let scratch = Scratch::new();
    for (run, file) in [(("a", "same"), "a.png"), (("b", "same"), "b.png"), (("c", "same/nested"), "c.png")] {
        log_image(&scratch, run, 0, file);
    }
    log_image(&scratch, ("d", "alone"), 3, "d.png");
    fs::write(scratch.path("media/p/alone/3/orphan.png"), "no row names it").expect("it is written");
    let project = scratch.project();
    project.append(batch("d", vec![start(START), end(at(9), RunState::Finished)])).expect("it is stored");

    project.delete_run("a").expect("it is there");
    assert_eq!(content(&scratch, "p/same/0/a.png"), None);
    assert_eq!(content(&scratch, "p/same/0/b.png").as_deref(), Some("b.png"));
    assert_eq!(project.delete_run("d").expect("it is there").name, "alone");
    assert!(!scratch.path("media/p/alone").exists());
    project.delete_run("b").expect("it is there");
    assert_eq!(content(&scratch, "p/same/nested/0/c.png").as_deref(), Some("c.png"));
    for table in ["metrics", "paceline_runs", "paceline_heads"] {
        assert_eq!(count(&scratch, table, "d"), 0, "{table}");
    }
    let left = project.read(|reader| reader.runs()).expect("it is read");
    assert_eq!(left.iter().map(|run| run.run_id.as_str()).collect::<Vec<_>>(), ["c"]);
    assert!(matches!(project.delete_run("d"), Err(StorageError::RunNotFound { .. })));
}

#[test]
fn a_renamed_run_is_found_by_its_new_name_with_its_media() {
    let scratch = Scratch::new();
    log_image(&scratch, ("a", "old"), 0, "a.png");
    log_image(&scratch, ("b", "old"), 0, "b.png");
    log_image(&scratch, ("c", "taken"), 0, "c.png");
    let project = scratch.project();
    let events = vec![
        Event::Config { time: START, json: "{}".into(), rank: 0 },
        row("t", 1, vec![("t".into(), Value::Json(r#"{"_type":"trackio.trace","messages":[{"i":{"_type":"trackio.image","file_path":"p/old/0/a.png"}}]}"#.into()))]),
    ];
    project
        .append(vec![Batch { run: RunKey { id: "a".into(), name: "old".into() }, events }])
        .expect("it is stored");
    let before = project.read(|reader| reader.heads("a")).expect("it is read");

    assert!(matches!(project.rename_run("a", "taken"), Err(StorageError::RunNameTaken { .. })));
    assert!(matches!(project.rename_run("a", " "), Err(StorageError::InvalidPath { .. })));
    assert!(matches!(project.rename_run("a", "../up"), Err(StorageError::InvalidPath { .. })));
    assert!(matches!(project.rename_run("none", "x"), Err(StorageError::RunNotFound { .. })));
    assert_eq!(paths(&scratch, "p", "a"), ["p/old/0/a.png"]);

    let renamed = project.rename_run("a", " new name ").expect("it is free");
    assert_eq!(renamed, RunKey { id: "a".into(), name: "new name".into() });
    assert_eq!(paths(&scratch, "p", "a"), ["p/new name/0/a.png"]);
    assert_eq!(content(&scratch, "p/new name/0/a.png").as_deref(), Some("a.png"));
    assert_eq!(content(&scratch, "p/old/0/a.png"), None);
    assert_eq!(content(&scratch, "p/old/0/b.png").as_deref(), Some("b.png"));
    let found = project.read(|reader| reader.find_run("new name")).expect("it is found");
    assert_eq!(found.run_id, "a");
    assert_eq!(project.read(|reader| reader.find_run("old")).expect("it is found").run_id, "b");
    assert_eq!(project.read(|reader| reader.heads("a")).expect("it is read"), before);
    let trace: String = scratch
        .other_program()
        .query_row("SELECT CAST(messages AS TEXT) FROM traces WHERE run_name = 'new name'", [], |row| {
            row.get(0)
        })
        .expect("one trace");
    assert!(trace.contains("p/new name/0/a.png"), "{trace}");
    project.rename_run("new name", "new name/below").expect("it is free");
    assert_eq!(content(&scratch, "p/new name/below/0/a.png").as_deref(), Some("a.png"));
}

#[test]
fn a_moved_run_is_whole_in_its_new_project_and_gone_from_the_old_one() {
    let scratch = Scratch::new();
    log_image(&scratch, ("a", "run"), 0, "a.png");
    let project = scratch.project();
    let target =
        scratch.store.project_for_writing(&ProjectName::new("q").expect("a good name")).expect("it is made");
    log_rows_of(&scratch, "stays");
    let key = RunKey { id: "a".into(), name: "run".into() };
    let more = (1..=40).map(|step| row(&format!("{step:03}"), step, loss(f64::from(step as i32)))).collect();
    let started = vec![start(START), Event::Config { time: START, json: r#"{"lr":1}"#.into(), rank: 0 }];
    for events in [started, more] {
        project.append(vec![Batch { run: key.clone(), events }]).expect("it is stored");
    }
    // As the peer leaves rows of old clients.
    scratch
        .other_program()
        .execute("UPDATE metrics SET log_id = NULL WHERE step = 40", [])
        .expect("it is changed");
    let heads = project.read(|reader| reader.heads("a")).expect("it is read");

    assert!(matches!(project.move_run("a", &project), Err(StorageError::InvalidPath { .. })));
    project.move_run("run", &target).expect("it is moved");
    let moved = target.read(|reader| Ok((reader.find_run("run")?, reader.config("a")?, reader.heads("a")?)));
    let (run, config, moved) = moved.expect("it is there");
    assert_eq!((run.run_id.as_str(), run.process.started_at), ("a", Some(START)));
    assert_eq!(config.expect("it has one")["lr"], 1);
    assert_eq!((moved.rows(), moved.max_step()), (heads.rows(), heads.max_step()));
    assert_eq!(paths(&scratch, "q", "a"), ["q/run/0/a.png"]);
    assert_eq!(content(&scratch, "q/run/0/a.png").as_deref(), Some("a.png"));
    assert_eq!(content(&scratch, "p/run/0/a.png"), None);
    let left = project.read(|reader| reader.runs()).expect("it is read");
    assert_eq!(left.iter().map(|run| run.run_name.as_str()).collect::<Vec<_>>(), ["stays"]);
    // Sent again by a client that did not hear the answer, its rows are stored once only there, too.
    let again =
        target.append(vec![Batch { run: key, events: vec![row("007", 7, loss(7.0))] }]).expect("it is there");
    assert_eq!(again.rows_duplicate, 1);
}

#[test]
fn a_move_that_was_cut_off_is_completed_by_the_next_one() {
    let scratch = Scratch::new();
    log_image(&scratch, ("a", "run"), 0, "a.png");
    let project = scratch.project();
    let target =
        scratch.store.project_for_writing(&ProjectName::new("q").expect("a good name")).expect("it is made");
    scratch.other_program().execute("UPDATE metrics SET log_id = NULL", []).expect("it is changed");
    // Its folder cannot be made, so the copy stops after the rows.
    fs::write(scratch.path("media/q"), "in the way").expect("it is written");
    assert!(project.move_run("a", &target).is_err());
    assert_eq!(paths(&scratch, "p", "a"), ["p/run/0/a.png"]);
    assert_eq!(content(&scratch, "p/run/0/a.png").as_deref(), Some("a.png"));
    fs::remove_file(scratch.path("media/q")).expect("it is there");
    project.move_run("a", &target).expect("it is moved");
    assert_eq!(paths(&scratch, "q", "a"), ["q/run/0/a.png"]);
    assert_eq!(target.read(|reader| reader.heads("a")).expect("it is read").rows(), 1);
}

#[test]
fn a_deleted_project_leaves_nothing() {
    let scratch = Scratch::new();
    log_image(&scratch, ("a", "run"), 0, "a.png");
    for file in ["p.parquet", "p_system.parquet", "p.lock"] {
        fs::write(scratch.path(file), "").expect("it is written");
    }
    let other =
        scratch.store.project_for_writing(&ProjectName::new("q").expect("a good name")).expect("it is made");
    other.append(batch("b", vec![row("1", 1, loss(1.0))])).expect("it is stored");
    scratch.store.delete_project("p").expect("it is there");
    let left: Vec<String> = fs::read_dir(scratch.path(""))
        .expect("it is there")
        .map(|entry| entry.expect("it is read").file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with('p'))
        .collect();
    assert_eq!(left, Vec::<String>::new());
    assert!(!scratch.path("media/p").exists());
    assert_eq!(scratch.store.projects().expect("it is listed"), ["q"]);
    assert!(matches!(scratch.store.delete_project("p"), Err(StorageError::ProjectNotFound { .. })));
    assert_eq!(
        scratch.project().append(batch("a", vec![row("1", 1, loss(1.0))])).expect("anew").rows_stored,
        1
    );
}

#[test]
fn an_uploaded_file_replaces_the_rows_and_a_copy_of_the_old_file_is_kept() {
    let (scratch, elsewhere) = (Scratch::new(), Scratch::new());
    elsewhere.project().append(batch("new", vec![row("n", 5, loss(2.0))])).expect("it is stored");
    let project = scratch.project();
    project
        .append(batch("old", vec![row("o", 1, loss(1.0)), row("o2", 2, loss(1.0))]))
        .expect("it is stored");
    let runs = || {
        let runs = project.read(|reader| reader.runs()).expect("it is read");
        runs.into_iter().map(|run| run.run_id).collect::<Vec<_>>()
    };
    assert_eq!(runs(), ["old"]);
    let staged = scratch.path("staged");
    for bytes in [&b"no database"[..], b""] {
        fs::write(&staged, bytes).expect("it is written");
        let refused = project.replace(&staged);
        assert!(
            matches!(refused, Err(StorageError::UploadRefused { .. })) || bytes.is_empty(),
            "{refused:?}"
        );
    }
    let foreign = rusqlite::Connection::open(scratch.path("foreign")).expect("it opens");
    for sql in ["CREATE TABLE secrets (x)", "CREATE VIEW metrics AS SELECT 1 AS id"] {
        foreign.execute_batch(sql).expect("it is made");
        fs::copy(scratch.path("foreign"), &staged).expect("it is copied");
        assert!(matches!(project.replace(&staged), Err(StorageError::UploadRefused { .. })), "{sql}");
        foreign.execute_batch("DROP TABLE IF EXISTS secrets").expect("it is dropped");
    }
    elsewhere.other_program().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("one file holds all");
    fs::copy(elsewhere.path("p.db"), &staged).expect("it is copied");
    project.replace(&staged).expect("it is a project");
    assert_eq!(runs(), ["new"]);
    assert_eq!(project.read(|reader| reader.heads("new")).expect("it is read").max_step(), Some(5));
    let copies = fs::read_dir(scratch.path(".paceline/replaced")).expect("it is kept").count();
    assert!(copies >= 1, "{copies}");
}

#[test]
fn a_run_renamed_while_its_process_logs_keeps_its_new_name_and_its_media() {
    let scratch = Scratch::new();
    let project = scratch.project();
    let key = RunKey { id: "a".into(), name: "old".into() };
    project.append(vec![Batch { run: key, events: vec![start(START)] }]).expect("it is stored");
    log_image(&scratch, ("a", "old"), 0, "a.png");
    project.rename_run("a", "new").expect("it is free");
    // Its process does not know.
    log_image(&scratch, ("a", "old"), 1, "b.png");
    assert_eq!(project.read(|reader| reader.find_run("new")).expect("it is found").run_id, "a");
    assert!(project.read(|reader| reader.find_run("old")).is_err());
    assert_eq!(paths(&scratch, "p", "a"), ["p/new/0/a.png", "p/old/1/b.png"]);
    assert_eq!(content(&scratch, "p/old/1/b.png").as_deref(), Some("b.png"));

    let target =
        scratch.store.project_for_writing(&ProjectName::new("q").expect("a good name")).expect("it is made");
    project.move_run("a", &target).expect("it is moved");
    assert_eq!(paths(&scratch, "q", "a"), ["q/new/0/a.png", "q/old/1/b.png"]);
    for path in paths(&scratch, "q", "a") {
        assert!(content(&scratch, &path).is_some(), "{path}");
    }
    target.delete_run("a").expect("it is there");
    assert_eq!((content(&scratch, "q/old/1/b.png"), content(&scratch, "q/new/0/a.png")), (None, None));
}

#[test]
fn a_file_that_two_runs_name_stays_for_the_other_one() {
    let scratch = Scratch::new();
    log_image(&scratch, ("a", "one"), 0, "a.png");
    let image = r#"{"_type":"trackio.image","file_path":"p/one/0/a.png"}"#;
    let copy = vec![row("copy", 0, vec![("image".into(), Value::Json(image.into()))])];
    scratch.project().append(batch("b", copy)).expect("it is stored");
    scratch.project().delete_run("b").expect("it is there");
    assert_eq!(content(&scratch, "p/one/0/a.png").as_deref(), Some("a.png"));
}

#[test]
fn rows_and_files_that_wait_for_a_server_of_the_peers_stay_so() {
    let scratch = Scratch::new();
    log_image(&scratch, ("a", "old"), 0, "a.png");
    let other = scratch.other_program();
    other
        .execute_batch(
            "UPDATE metrics SET space_id = 'user/space'; \
             INSERT INTO pending_uploads (space_id, run_id, run_name, step, file_path, created_at) \
             VALUES ('user/space', 'a', 'old', 0, '/somewhere/a.png', 'now')",
        )
        .expect("it is changed");
    let waiting = || -> (i64, i64) {
        let sql = "SELECT (SELECT count(*) FROM metrics WHERE space_id = 'user/space'), \
                   (SELECT count(*) FROM pending_uploads WHERE space_id = 'user/space')";
        other.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).expect("it is counted")
    };
    scratch.project().append(batch("b", vec![row("1", 1, loss(1.0))])).expect("it is stored");
    scratch.project().rename_run("a", "new").expect("it is free");
    scratch.project().delete_run("b").expect("it is there");
    assert_eq!(waiting(), (1, 1));
}
