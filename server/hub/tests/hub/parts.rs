//! A folder that follows a project: what is new is written, what changed is written anew, nothing else is.

use paceline_hub::parquet::{Manifest, Update, import, update, update_folder};
use proptest::prelude::*;

use crate::world::{Row, World, assert_same, project_name};

fn follow(world: &World) -> Update {
    let project = world.store.project("p").expect("it is there");
    update_folder(&project, &world.folder()).expect("it is written")
}

/// What the folder holds is what the project holds.
fn assert_follows(world: &World, attempt: &str) {
    import(&world.folder(), Some("p"), &world.store, &project_name(attempt)).expect("it is imported");
    assert_same(&world.contents("p"), &world.contents(attempt));
}

fn rows(run: &str, steps: std::ops::Range<i64>) -> Vec<Row> {
    steps.map(|step| Row::new(run, step, &format!("{{\"loss\":{step}.25,\"epoch\":{step}}}"))).collect()
}

#[test]
fn a_sync_writes_what_is_new() {
    let world = World::new();
    world.project("p", &rows("a", 0..20_000));
    let first = follow(&world);
    assert_eq!(first.written.len(), 1, "{:?}", first.written);
    assert!(follow(&world).is_empty());
    world.append("p", &rows("b", 0..200));
    let second = follow(&world);
    assert_eq!((second.written.len(), second.removed.len()), (1, 0), "{second:?}");
    let rows: Vec<u64> = second.manifest.tables["metrics"].files.iter().map(|file| file.rows).collect();
    assert_eq!(rows, [20_000, 200]);
    assert_follows(&world, "q");
}

#[test]
fn many_syncs_leave_few_files() {
    let world = World::new();
    world.project("p", &rows("a", 0..10));
    for sync in 1..=40 {
        world.append("p", &rows("a", sync * 10..sync * 10 + 10));
        follow(&world);
    }
    let update = follow(&world);
    let files = update.manifest.tables["metrics"].files.len();
    assert!(files <= 4, "{files}");
    let folder = world.folder().join("p/metrics");
    assert_eq!(std::fs::read_dir(folder).expect("it is read").count(), files);
    assert_follows(&world, "q");
}

#[test]
fn what_changed_where_it_is_is_written_anew_and_nothing_else() {
    let world = World::new();
    world.project("p", &rows("a", 0..3_000));
    follow(&world);
    world.append("p", &rows("b", 0..2_000));
    follow(&world);
    let before = world.contents("p");
    world.execute("p", "UPDATE metrics SET run_name = 'c' WHERE run_id = 'b'");
    assert_ne!(before, world.contents("p"));
    let renamed = follow(&world);
    assert_eq!((renamed.written.len(), renamed.removed.len()), (1, 1), "{renamed:?}");
    assert_follows(&world, "q");
    world.execute("p", "DELETE FROM metrics WHERE run_id = 'a'");
    let deleted = follow(&world);
    assert_eq!((deleted.written.len(), deleted.removed.len()), (0, 1), "{deleted:?}");
    assert_follows(&world, "r");
    assert!(follow(&world).is_empty());
}

#[test]
fn rows_that_went_from_the_middle_of_a_run_are_noticed() {
    let world = World::new();
    // Two runs that were logged beside each other.
    let beside = (0..40_000).flat_map(|step| rows(["a", "b"][step as usize % 2], step..step + 1));
    world.project("p", &beside.collect::<Vec<_>>());
    follow(&world);
    // A part in 32 of a file is never without a mark.
    world.execute("p", "DELETE FROM metrics WHERE step >= 20000 AND step < 21250");
    let rewound = follow(&world);
    assert_eq!((rewound.written.len(), rewound.removed.len()), (1, 1), "{rewound:?}");
    assert_follows(&world, "q");
    world.execute(
        "p",
        "UPDATE metrics SET metrics = CAST('{\"loss\":0.5}' AS BLOB) WHERE step BETWEEN 100 AND 1500",
    );
    assert_eq!(follow(&world).written.len(), 1);
    assert_follows(&world, "r");
    let marks = follow(&world).manifest.tables["metrics"].files[0].marks.len();
    assert!((32..=64).contains(&marks), "{marks}");
}

#[test]
fn numbers_that_are_given_again_after_a_deletion_are_written() {
    let world = World::new();
    world.project("p", &rows("a", 0..100));
    follow(&world);
    world.execute("p", "DELETE FROM metrics WHERE step >= 80");
    follow(&world);
    world.execute("p", "DELETE FROM sqlite_sequence WHERE name = 'metrics'");
    world.append("p", &rows("b", 0..10));
    follow(&world);
    assert_follows(&world, "q");
}

#[test]
fn another_project_under_the_same_name_and_numbers_is_another_one() {
    let world = World::new();
    world.project("p", &rows("a", 0..100));
    follow(&world);
    world.execute("p", "DELETE FROM metrics; DELETE FROM sqlite_sequence");
    world.append("p", &rows("a", 1..101));
    assert_eq!(follow(&world).written.len(), 1);
    assert_follows(&world, "q");
}

#[test]
fn columns_keep_their_types() {
    let world = World::new();
    world.project("p", &[Row::new("a", 0, "{\"loss\":1.5,\"tag\":\"x\"}")]);
    follow(&world);
    world.append("p", &[Row::new("a", 1, "{\"new\":1,\"loss\":\"diverged\",\"tag\":3}")]);
    let update = follow(&world);
    let columns =
        serde_json::to_value(&update.manifest).expect("JSON")["tables"]["metrics"]["columns"].clone();
    let names: Vec<&str> =
        columns.as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["loss", "tag", "new"]);
    assert_eq!(columns[0]["shape"], serde_json::json!({"number": {"whole": false}}));
    assert_eq!(columns[1]["shape"], "text");
    assert_follows(&world, "q");
}

#[test]
fn small_tables_are_written_when_a_row_differs() {
    let world = World::new();
    world.project("p", &rows("a", 0..10));
    let config =
        "INSERT INTO configs (run_id, run_name, config, created_at) VALUES ('a', 'a', '{\"lr\": 0.1}', 't')";
    world.execute("p", config);
    follow(&world);
    world.execute("p", "UPDATE configs SET config = CAST('{\"lr\": 0.2}' AS BLOB)");
    let update = follow(&world);
    assert_eq!(update.written, ["p/configs.parquet"]);
    assert!(follow(&world).is_empty());
    assert_follows(&world, "q");
}

#[test]
fn files_for_elsewhere_are_written_where_they_are_wanted() {
    let world = World::new();
    world.project("p", &rows("a", 0..10));
    let project = world.store.project("p").expect("it is there");
    let staging = world.folder();
    let first = update(&project, None, &staging).expect("it is written");
    assert!(first.written.iter().all(|path| staging.join(path).is_file()), "{first:?}");
    assert_eq!(first.manifest_path(), "p/manifest.json");
    // A manifest that comes back from elsewhere is as good.
    let json = first.manifest.to_json();
    let manifest = Manifest::from_json(&json, &staging).expect("it is read");
    assert_eq!(manifest, first.manifest);
    assert!(update(&project, Some(&manifest), &staging).expect("nothing is to be done").is_empty());
}

#[derive(Debug, Clone)]
enum Step {
    Append(u8, u8),
    Rename(u8),
    Delete(u8),
    Follow,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..3_u8, 1..60_u8).prop_map(|(run, rows)| Step::Append(run, rows)),
        1 => (0..3_u8).prop_map(Step::Rename),
        1 => (0..3_u8).prop_map(Step::Delete),
        4 => Just(Step::Follow),
    ];
    prop::collection::vec(step, 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_folder_follows_whatever_happens(steps in steps()) {
        let world = World::new();
        world.project("p", &rows("first", 0..5));
        let mut next = 0;
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Append(run, count) => {
                    world.append("p", &rows(&format!("run{run}"), next..next + i64::from(count)));
                    next += i64::from(count);
                }
                Step::Rename(run) => {
                    let sql = format!("UPDATE metrics SET run_name = 'name{number}' WHERE run_id = 'run{run}'");
                    world.execute("p", &sql);
                }
                Step::Delete(run) => world.execute("p", &format!("DELETE FROM metrics WHERE run_id = 'run{run}'")),
                Step::Follow => {
                    follow(&world);
                }
            }
        }
        follow(&world);
        prop_assert!(follow(&world).is_empty());
        assert_follows(&world, "q");
    }
}
