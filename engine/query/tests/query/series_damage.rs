//! Charts over a damaged series index: the rows answer, and the index is whole again for the next one who asks.

use paceline_schema::series::{SeriesRequest, XAxis};
use paceline_schema::smoothing::Smoothing;
use paceline_schema::{Event, Row, Value};
use rusqlite::{Connection, params};

use crate::world::{World, at};

/// More than a block, so that the run has full ones, rollups and one that grows on.
const ROWS: i64 = 5_000;

fn world() -> World {
    let world = World::new();
    let rows = (0..ROWS).map(|step| {
        let value = Value::Float((step as f64).sin());
        let metrics = vec![("loss".to_owned(), value), ("n".to_owned(), Value::Integer(step % 97))];
        Event::Row(Row { log_id: None, time: at(step as f64 / 8.0), step: Some(step), metrics })
    });
    world.append("a", rows.collect());
    world
}

fn side_file(world: &World) -> Connection {
    let file = world.directory.path().join(".paceline/digits.series");
    let side = Connection::open(file).expect("it opens");
    side.busy_timeout(std::time::Duration::from_secs(10)).expect("it waits");
    side
}

/// Questions that read all there is of a run: heads, rollups, values, steps and times.
fn questions() -> Vec<SeriesRequest> {
    let plain = SeriesRequest {
        runs: vec!["a".into()],
        keys: vec!["loss".into(), "n".into()],
        pixels: 40,
        ..SeriesRequest::default()
    };
    let smoothing = Some(Smoothing::Gaussian { width: 5.0 });
    vec![
        SeriesRequest { from: Some(10.5), to: Some(4_500.5), ..plain.clone() },
        SeriesRequest { x: XAxis::Time, smoothing, ..plain.clone() },
        SeriesRequest { x: XAxis::Metric("n".into()), ..plain },
    ]
}

fn assert_answers(world: &World, what: &str) {
    for question in questions() {
        let by_index = world.engine.series("digits", &question).expect("something answers");
        let by_rows = world.engine.series_of_rows("digits", &question).expect("the rows answer");
        assert_eq!(format!("{by_index:?}"), format!("{by_rows:?}"), "{what}: {question:?}");
    }
}

/// Only the index makes drafts.
fn is_answered_by_the_index(world: &World) -> bool {
    let draft = SeriesRequest {
        runs: vec!["a".into()],
        keys: vec!["loss".into()],
        pixels: 20,
        draft: true,
        ..SeriesRequest::default()
    };
    !world.engine.series("digits", &draft).expect("something answers").series[0].exact
}

#[test]
fn a_changed_byte_of_any_blob_is_answered_by_the_rows_and_mended() {
    let world = world();
    assert!(is_answered_by_the_index(&world));
    let side = side_file(&world);
    let mut tried = 0;
    for (number, (table, column)) in [
        ("run", "state"),
        ("block", "head"),
        ("block", "metrics"),
        ("chunk", "head"),
        ("chunk", "content"),
        ("roll", "content"),
        ("data", "content"),
    ]
    .into_iter()
    .enumerate()
    {
        let select =
            format!("SELECT {column} FROM {table} WHERE typeof({column}) = 'blob' ORDER BY {column}");
        // Each time of those that stand there now: what was mended is another one.
        for place in 0.. {
            let mut statement = side.prepare(&select).expect("it is sound");
            let blobs: Vec<Vec<u8>> =
                statement.query_map([], |row| row.get(0)).and_then(Iterator::collect).expect("it is sound");
            let Some(sound) = blobs.get(place) else { break };
            let mut damaged = sound.clone();
            let byte = (place * 31 + number * 7) % damaged.len();
            damaged[byte] ^= 1 << (place % 8);
            let update = format!("UPDATE {table} SET {column} = ?1 WHERE {column} = ?2");
            assert_eq!(side.execute(&update, params![damaged, sound]).expect("it is written"), 1);
            let what = format!("{table}.{column} {place}");
            assert_answers(&world, &what);
            assert!(is_answered_by_the_index(&world), "{what}");
            assert_answers(&world, &what);
            tried += 1;
        }
    }
    assert!(tried >= 15, "{tried} blobs");
}

#[test]
fn columns_that_make_no_sense_under_a_checksum_that_fits_are_made_anew() {
    let world = world();
    assert!(is_answered_by_the_index(&world));
    let side = side_file(&world);
    let find = "SELECT rid, rank, number, content FROM chunk WHERE typeof(content) = 'integer' AND metric = 0 ORDER BY number LIMIT 1";
    let (rid, rank, number, content): (i64, u32, u32, i64) = side
        .query_row(find, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .expect("a full block");
    let nonsense = |name: &str| {
        let mut bytes = vec![0xff; 64];
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&bytes);
        // As `Part::Values` of this place is sealed.
        hasher.update(&[7]);
        hasher.update(name.as_bytes());
        hasher.update(&rid.to_le_bytes());
        hasher.update(&rank.to_le_bytes());
        hasher.update(&number.to_le_bytes());
        bytes.extend_from_slice(&hasher.finalize().to_le_bytes());
        bytes
    };
    let is_there = |bytes: &[u8]| -> bool {
        let count = "SELECT count(*) > 0 FROM data WHERE content = ?1";
        side.query_row(count, [bytes], |row| row.get(0)).expect("it is sound")
    };
    // The first metric of a run is the first of its rows.
    let bytes = nonsense("loss");
    side.execute("UPDATE data SET content = ?1 WHERE id = ?2", params![bytes, content])
        .expect("it is written");
    assert!(is_there(&bytes));
    assert_answers(&world, "nonsense");
    assert!(!is_there(&bytes), "nobody was told of it");
    assert!(is_answered_by_the_index(&world));
    assert_answers(&world, "made anew");
    assert!(!is_there(&bytes));
}
