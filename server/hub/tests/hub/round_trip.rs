//! Rows of any contents, to files and back, are the same rows.

use std::fs;

use paceline_hub::parquet::{ParquetError, export, import, project_of, update_folder};
use paceline_storage::StorageError;
use proptest::prelude::*;
use rusqlite::types::Value;

use crate::world::{Row, World, assert_same, project_name};

/// Exports and imports a project; both must hold the same.
fn there_and_back(rows: &[Row]) {
    let world = World::new();
    world.project("from", rows);
    let project = world.store.project("from").expect("it is there");
    export(&project, &world.folder()).expect("it is exported");
    import(&world.folder(), None, &world.store, &project_name("to")).expect("it is imported");
    assert_same(&world.contents("from"), &world.contents("to"));
}

fn metrics(rows: &[&str]) -> Vec<Row> {
    (0..).zip(rows).map(|(step, metrics)| Row::new("run", step, metrics)).collect()
}

#[test]
fn every_kind_of_value_comes_back() {
    there_and_back(&metrics(&[
        r#"{"loss":2.5,"epoch":1,"ok":true,"note":"ä\n","nothing":null,"nested":{"a":1,"b":{"c":[1,2]}}}"#,
        r#"{"loss":"NaN","epoch":2.0,"ok":false,"note":"NaN","nested":{"b":{"c":[]},"a":1}}"#,
        r#"{"loss":"Infinity","epoch":9007199254740993,"ok":1,"note":7,"nested":{"a":"NaN"}}"#,
        r#"{"loss":-0.0,"epoch":-0,"list":[1.5,"NaN",null],"empty":{},"none":[]}"#,
        r#"{"epoch":123456789012345678901234567890,"loss":1e400,"list":[1,"x",{"y":[]}]}"#,
        r#"{"loss":5e-324,"list":"-Infinity"}"#,
        "{}",
    ]));
}

#[test]
fn media_and_tables_come_back() {
    there_and_back(&metrics(&[
        r#"{"image":{"_type":"trackio.image","file_path":"p/run/0/a.png","caption":null}}"#,
        r#"{"image":{"_type":"trackio.image","file_path":"p/run/1/a.png","caption":"a cat"}}"#,
        r#"{"hist":{"_type":"trackio.histogram","bins":[0.0,0.5,1.0],"values":[3,4]}}"#,
        r#"{"table":{"_type":"trackio.table","_value":[{"a":1,"b":"x"},{"a":null,"b":"y"}]}}"#,
        r#"{"table":{"_type":"trackio.table","_value":[{"a":"text","b":{"_type":"trackio.image","file_path":"f"}}]}}"#,
        r#"{"table":{"_type":"trackio.table","_value":[]}}"#,
        r##"{"report":{"_type":"trackio.markdown","_value":"# Title"}}"##,
    ]));
}

#[test]
fn hostile_keys_come_back() {
    there_and_back(&metrics(&[
        r#"{"id":1,"step":2,"run_id":"x","metrics":3,"paceline_extra":4,"":5,"a.b":6,"a\u0000b":7,"Loss":8,"loss":9}"#,
        r#"{"z":1,"a":2,"__proto__":3,"'; DROP TABLE metrics; --":4}"#,
        r#"{"a":2,"z":1,"":null}"#,
        r#"{"z":1,"z":2}"#,
        r#"{"\ud800":1,"a":"\ud800"}"#,
        r#"{"a":["\ud800"]}"#,
        "[1,2]",
        "no JSON",
        "",
    ]));
}

#[test]
fn cells_of_other_types_come_back() {
    let mut rows = metrics(&["{}", "{\"a\":1}", "{}", "{}"]);
    rows[0].step = Value::Real(1.5);
    rows[1].time = Value::Integer(1_700_000_000);
    rows[2].time = Value::Real(1.25);
    rows[3].metrics = vec![0xff, 0xfe];
    rows[3].log_id = None;
    there_and_back(&rows);
}

#[test]
fn many_runs_beside_each_other_keep_their_rows() {
    let runs = ["a", "b", "c"];
    let rows: Vec<Row> = (0..40_000)
        .map(|step| {
            Row::new(
                runs[step as usize % 3],
                step,
                &format!("{{\"loss\":{step}.5,\"epoch\":{}}}", step / 100),
            )
        })
        .collect();
    there_and_back(&rows);
}

/// Exports and imports rows; the columns that keys became, by name, and both must hold the same.
fn columns_there_and_back(rows: &[Row]) -> Vec<(String, serde_json::Value)> {
    let world = World::new();
    world.project("from", rows);
    let project = world.store.project("from").expect("it is there");
    export(&project, &world.folder()).expect("it is exported");
    import(&world.folder(), None, &world.store, &project_name("to")).expect("it is imported");
    assert_same(&world.contents("from"), &world.contents("to"));
    let manifest = fs::read(world.folder().join("from_paceline/manifest.json")).expect("it is read");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("JSON");
    let columns = manifest["tables"]["metrics"]["columns"].as_array().expect("columns").clone();
    columns
        .into_iter()
        .map(|column| (column["name"].as_str().expect("a name").to_owned(), column["shape"].clone()))
        .collect()
}

/// The columns are guessed from some rows first, of which there are 64 at each 937th.
const ROWS_NOT_ALL_LOOKED_AT: i64 = 60_000;

#[test]
fn a_key_that_a_sample_does_not_show_has_a_column() {
    let mut rows: Vec<Row> = (0..ROWS_NOT_ALL_LOOKED_AT)
        .map(|step| Row::new("run", step, &format!("{{\"loss\":{step}.5}}")))
        .collect();
    rows[50_500].metrics = br#"{"loss":1.5,"rare":{"a":1}}"#.to_vec();
    let columns = columns_there_and_back(&rows);
    assert_eq!(columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["loss", "rare"]);
    assert!(columns[1].1["object"].is_array(), "{columns:?}");
}

#[test]
fn a_type_that_a_sample_does_not_show_is_that_of_the_column() {
    let rows: Vec<Row> = (0..ROWS_NOT_ALL_LOOKED_AT)
        .map(|step| {
            let value = if step % 937 < 300 { step.to_string() } else { "\"text\"".to_owned() };
            Row::new("run", step, &format!("{{\"mixed\":{value}}}"))
        })
        .collect();
    assert_eq!(columns_there_and_back(&rows), [("mixed".to_owned(), "text".into())]);
}

#[test]
fn a_project_that_is_there_stays() {
    let world = World::new();
    world.project("from", &metrics(&["{\"a\":1}"]));
    world.project("to", &metrics(&["{\"b\":1}"]));
    let project = world.store.project("from").expect("it is there");
    export(&project, &world.folder()).expect("it is exported");
    let refused = import(&world.folder(), None, &world.store, &project_name("to"));
    let is_there = matches!(refused, Err(ParquetError::Storage(StorageError::ProjectExists { .. })));
    assert!(is_there, "{refused:?}");
    assert_ne!(world.contents("from"), world.contents("to"));
}

/// `x_paceline` is the folder of an export of `x`, and of the parts of a project of that name.
#[test]
fn projects_that_want_the_same_folder_are_told_apart() {
    let world = World::new();
    world.project("x", &metrics(&["{\"a\":1}"]));
    world.project("x_paceline", &metrics(&["{\"b\":1}"]));
    let (short, long) =
        (world.store.project("x").expect("is there"), world.store.project("x_paceline").expect("is there"));

    let exported = world.folder().join("exported");
    export(&short, &exported).expect("it is exported");
    let refused = update_folder(&long, &exported).expect_err("the folder is taken");
    assert!(matches!(&refused, ParquetError::Taken { other, .. } if other == "x"), "{refused}");
    import(&exported, None, &world.store, &project_name("one")).expect("it is imported");
    assert_same(&world.contents("x"), &world.contents("one"));

    let parts = world.folder().join("parts");
    update_folder(&long, &parts).expect("it is written");
    let refused = export(&short, &parts).expect_err("the folder is taken");
    assert!(matches!(&refused, ParquetError::Taken { other, .. } if other == "x_paceline"), "{refused}");
    assert_eq!(project_of(&parts, None).expect("it is clear"), "x_paceline");
    import(&parts, Some("x_paceline"), &world.store, &project_name("two")).expect("it is imported");
    assert_same(&world.contents("x_paceline"), &world.contents("two"));
    assert!(matches!(project_of(&parts, Some("x")), Err(ParquetError::NotOneProject { .. })));
}

#[test]
fn media_that_lie_elsewhere_are_not_taken_in() {
    for (link, is_refused) in [("media/from", true), ("media", true), ("media/from/run", false)] {
        let world = World::new();
        world.project("from", &metrics(&["{\"a\":1}"]));
        let project = world.store.project("from").expect("it is there");
        export(&project, &world.folder()).expect("it is exported");
        fs::remove_dir_all(world.folder().join("from_paceline")).expect("as the peer leaves it");
        let secrets = world.folder().with_file_name("secrets");
        fs::create_dir_all(secrets.join("from")).expect("it is made");
        fs::write(secrets.join("from/key"), "secret").expect("it is written");
        let link = world.folder().join(link);
        fs::create_dir_all(link.parent().expect("one")).expect("it is made");
        std::os::unix::fs::symlink(&secrets, &link).expect("it is linked");
        match import(&world.folder(), None, &world.store, &project_name("to")) {
            Err(ParquetError::Unexpected { .. }) => assert!(is_refused),
            imported => assert!(!is_refused && imported.is_ok_and(|imported| imported.media == 0)),
        }
        assert!(!world.store.directory().join("media").exists());
    }
}

#[test]
fn a_damaged_file_makes_no_project() {
    let world = World::new();
    world.project("from", &metrics(&["{\"a\":1}"]));
    let project = world.store.project("from").expect("it is there");
    export(&project, &world.folder()).expect("it is exported");
    let path = world.folder().join("from.parquet");
    let mut bytes = fs::read(&path).expect("it is read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).expect("it is written");
    let refused = import(&world.folder(), None, &world.store, &project_name("to"));
    assert!(matches!(refused, Err(ParquetError::Unexpected { .. })), "{refused:?}");
    assert!(world.store.project("to").is_err());
    assert!(!world.store.directory().join(".paceline/imports").exists());
}

#[test]
fn an_export_replaces_the_one_before() {
    let world = World::new();
    world.project("from", &metrics(&["{\"a\":1}"]));
    world.execute(
        "from",
        "INSERT INTO alerts (run_id, timestamp, run_name, title) VALUES ('run', 't', 'run', 'x')",
    );
    let project = world.store.project("from").expect("it is there");
    export(&project, &world.folder()).expect("it is exported");
    assert!(world.folder().join("from_paceline/alerts.parquet").is_file());
    world.execute("from", "DELETE FROM alerts");
    let exported = export(&project, &world.folder()).expect("it is exported again");
    assert_eq!(exported.files, ["from.parquet"]);
    assert!(!world.folder().join("from_paceline/alerts.parquet").exists());
}

/// JSON text, some of it no proper JSON.
fn json() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        Just("\"NaN\"".to_owned()),
        Just("\"-Infinity\"".to_owned()),
        Just("1e999".to_owned()),
        Just("0".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<u64>().prop_map(|number| format!("{number}{number}")),
        (-50..50_i32).prop_map(|number| number.to_string()),
        any::<f64>()
            .prop_filter("a number", |number| number.is_finite())
            .prop_map(|number| format!("{number:?}")),
        (-50..50_i32).prop_map(|number| format!("{number}.0")),
        ".{0,8}".prop_map(|text| serde_json::to_string(&text).expect("text")),
    ];
    word.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec((key(), inner), 0..4).prop_map(|members| object(&members)),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(vec!["loss", "epoch", "a", "b", "_type", "file_path", "caption"]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["id", "step", "paceline_extra", "", "Loss"]).prop_map(str::to_owned),
        1 => ".{0,4}",
    ]
}

fn object(members: &[(String, String)]) -> String {
    let member =
        |(key, value): &(String, String)| format!("{}:{value}", serde_json::to_string(key).expect("text"));
    format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let metrics = prop::collection::vec((key(), json()), 0..6).prop_map(|members| object(&members));
    let row = (prop::sample::select(vec!["one", "two", "ä"]), metrics);
    prop::collection::vec(row, 0..24).prop_map(|rows| {
        (0..).zip(rows).map(|(step, (run, metrics))| Row::new(run, step, &metrics)).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn rows_of_any_contents_come_back(rows in rows()) {
        there_and_back(&rows);
    }
}
