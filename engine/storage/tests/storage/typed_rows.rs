//! Rows with typed objects are found whoever wrote them, and a name keeps nothing from its numbers.

use paceline_schema::{Value, ValueKind, ValueKinds};
use paceline_series::columns::values;
use rusqlite::params;

use crate::support::{Scratch, batch, row};

const IMAGE: &str = r#"{"_type": "trackio.image", "file_path": "a.png"}"#;

#[test]
fn what_another_program_wrote_and_deleted_is_seen() {
    let scratch = Scratch::new();
    let image = || vec![("samples".to_owned(), Value::Json(IMAGE.into()))];
    scratch.project().append(batch("r", vec![row("1", 0, image())])).expect("it is committed");
    let found = || -> Vec<i64> {
        let project = scratch.store.project("p").expect("it is there");
        let rows = project.read(|reader| {
            let index = reader.series(&["r"]).expect("the index answers");
            Ok(index.typed_rows("r", 0, "samples", ValueKinds::MEDIA, i64::MAX, 100).expect("it answers"))
        });
        rows.expect("the file is read").iter().map(|row| row.id).collect()
    };
    assert_eq!(found(), [1]);
    let other = scratch.other_program();
    let insert =
        "INSERT INTO metrics (run_id, run_name, timestamp, step, metrics) VALUES ('r', 'r', ?1, ?2, ?3)";
    let json = format!(r#"{{"loss": 1.5, "samples": [{IMAGE}]}}"#);
    other.execute(insert, params!["2026-11-23T03:00:00+00:00", 1, json]).expect("it is stored");
    other.execute(insert, params!["2026-11-23T03:00:01+00:00", 2, r#"{"loss": 1.0}"#]).expect("it is stored");
    assert_eq!(found(), [2, 1]);
    other.execute("DELETE FROM metrics WHERE id = 1", []).expect("it is deleted");
    assert_eq!(found(), [2]);
}

#[test]
fn no_name_of_a_metric_is_taken_for_kinds() {
    let scratch = Scratch::new();
    let hostile = ["\0ka", "\0\0ka", "a"];
    let metrics: Vec<(String, Value)> = hostile
        .into_iter()
        .zip([1.0, 2.0, 3.0])
        .map(|(name, value)| (name.to_owned(), Value::Float(value)))
        .collect();
    let image = vec![("a".to_owned(), Value::Json(IMAGE.into()))];
    let rows = vec![row("1", 0, metrics), row("2", 1, image)];
    scratch.project().append(batch("r", rows)).expect("they are committed");
    let project = scratch.reopened().project("p").expect("it is there");
    let checked = project.read(|reader| {
        let index = reader.series(&["r"]).expect("the index answers");
        for (name, value) in hostile.into_iter().zip([1.0, 2.0, 3.0]) {
            let series = index.metric("r", 0, name).expect("it answers");
            let found = values(&series).expect("it is sound");
            assert_eq!(found.iter().map(|point| point.value).collect::<Vec<_>>(), [value], "{name:?}");
        }
        let kinds = ValueKinds::default().with(ValueKind::Image);
        for (key, ids) in [("a", vec![2]), ("\0a", vec![]), ("\0ka", vec![])] {
            let rows = index.typed_rows("r", 0, key, kinds, i64::MAX, 100).expect("it answers");
            assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), ids, "{key:?}");
        }
        Ok(())
    });
    checked.expect("the file is read");
}
