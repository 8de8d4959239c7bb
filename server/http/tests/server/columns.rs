//! Bodies that are columns, or packed, in both directions.

use std::io::Cursor;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use serde_json::json;

use crate::support::{Answer, TestServer};

const LOGS: &str = "/api/v1/projects/digits/runs/first/logs";
const ARROW: &str = "application/vnd.apache.arrow.stream";

fn stream(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).expect("a batch");
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).expect("a writer");
    writer.write(&batch).expect("it is written");
    writer.into_inner().expect("it ends")
}

fn post(server: &TestServer, body: &[u8], headers: &[(&str, &str)]) -> Answer {
    let bearer = format!("Bearer {}", server.token);
    let headers: Vec<_> =
        [("authorization", bearer.as_str())].into_iter().chain(headers.iter().copied()).collect();
    server.post_bytes(LOGS, body, &headers)
}

fn read(answer: &[u8]) -> RecordBatch {
    let mut reader = StreamReader::try_new(Cursor::new(answer), None).expect("a stream");
    reader.next().expect("a batch").expect("it is read")
}

#[test]
fn columns_go_in_and_come_out() {
    let server = TestServer::start();
    let body = stream(vec![
        ("step", Arc::new(Int64Array::from(vec![5, 6])) as ArrayRef),
        ("log_id", Arc::new(StringArray::from(vec!["a", "b"]))),
        ("train/loss", Arc::new(Float64Array::from(vec![Some(0.5), None]))),
    ]);
    let kind = [("content-type", ARROW)];
    assert_eq!(post(&server, &body, &kind).json(), json!({ "stored": 2, "duplicates": 0 }));
    assert_eq!(post(&server, &body, &kind).json(), json!({ "stored": 0, "duplicates": 2 }));
    let rows = server.get(LOGS).json();
    assert_eq!(
        (&rows["items"][0]["step"], &rows["items"][0]["metrics"]),
        (&json!(5), &json!({ "train/loss": 0.5 }))
    );
    assert_eq!(rows["items"][1]["metrics"], json!({}));

    let accept = [("accept", ARROW)];
    let logs = server.get_bytes(LOGS, &accept);
    let batch = read(&logs);
    assert_eq!(
        batch.column_by_name("step").expect("it is there").as_primitive::<Int64Type>().values(),
        &[5, 6]
    );
    let values = server.get_bytes("/api/v1/projects/digits/runs/first/metrics/train%2Floss", &accept);
    assert_eq!(
        read(&values).column_by_name("value").expect("it is there").as_primitive::<Float64Type>().value(0),
        0.5
    );
}

#[test]
fn lines_and_bands_are_rows_of_a_table() {
    let server = TestServer::start();
    let losses = [4.0, 0.0].into_iter().enumerate();
    let rows: Vec<_> =
        losses.map(|(step, loss)| json!({ "metrics": { "train/loss": loss }, "step": step })).collect();
    let rows = serde_json::Value::from(rows).to_string();
    assert_eq!(server.post(LOGS, &rows).json()["stored"], 2);
    let smoothing = json!({ "kind": "exponential", "weight": 0.5 });
    let asked = json!({
        "runs": ["first"], "keys": ["train/loss"], "smoothing": smoothing, "raw": true,
        "groups": [{ "name": "all", "runs": ["first"] }],
    });
    let headers = [("accept", ARROW), ("content-type", "application/json")];
    let asked = asked.to_string();
    let table = read(&server.post_for_bytes("/api/v1/projects/digits/series", asked.as_bytes(), &headers));
    let of = |name: &str| table.column_by_name(name).expect(name).clone();
    let numbers = |name: &str, row: usize| -> Option<Vec<f64>> {
        let lists = of(name);
        let lists = lists.as_list::<i32>();
        lists.is_valid(row).then(|| lists.value(row).as_primitive::<Float64Type>().values().to_vec())
    };
    let smoothed = vec![4.0, 4.0 * 0.5 / 1.5];
    assert_eq!(
        [numbers("x", 0), numbers("value", 0), numbers("raw_value", 0), numbers("min", 0)],
        [Some(vec![0.0, 1.0]), Some(smoothed.clone()), Some(vec![4.0, 0.0]), None]
    );
    assert_eq!(
        [numbers("x", 1), numbers("value", 1), numbers("max", 1), numbers("raw_x", 1)],
        [Some(vec![0.0, 1.0]), Some(smoothed.clone()), Some(smoothed), None]
    );
    let (run, group) = (of("run"), of("group"));
    let (run, group) = (run.as_string::<i32>(), group.as_string::<i32>());
    assert_eq!(
        (run.value(0), run.is_null(1), group.is_null(0), group.value(1)),
        ("first", true, true, "all")
    );

    let answer = server.post("/api/v1/projects/digits/series", &asked);
    let series = &answer.json()["series"][0];
    assert_eq!(
        (&series["x"], &series["raw"]["value"]),
        (&json!([0, 1]), &json!([4, 0])),
        "no digits too many"
    );
    assert!(!answer.text.contains("4.0"), "{}", answer.text);
    for (wrong, code) in [
        (json!({ "kind": "median" }), "invalid_request"),
        (json!({ "kind": "gaussian", "width": -1 }), "invalid_request"),
    ] {
        let asked = json!({ "runs": ["first"], "keys": ["train/loss"], "smoothing": wrong }).to_string();
        let answer = server.post("/api/v1/projects/digits/series", &asked);
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!(code)), "{}", answer.text);
    }
}

#[test]
fn a_column_that_cannot_be_read_is_named() {
    let server = TestServer::start();
    let dates = Arc::new(arrow_array::Date32Array::from(vec![1])) as ArrayRef;
    let answer = post(&server, &stream(vec![("when", dates)]), &[("content-type", ARROW)]);
    assert_eq!((answer.status, &answer.json()["details"]), (400, &json!({ "column": "when" })));
    assert_eq!(post(&server, b"nonsense", &[("content-type", ARROW)]).status, 400);
    assert_eq!(server.get("/api/v1/projects").json()["projects"], json!([]));
}

#[test]
fn packed_bodies_are_unpacked_unless_they_grow_too_much() {
    let server = TestServer::start();
    let rows = br#"[{"metrics":{"x":1}}]"#;
    let packed = zstd::encode_all(rows.as_slice(), 3).expect("it packs");
    let json = ("content-type", "application/json");
    assert_eq!(post(&server, &packed, &[json, ("content-encoding", "zstd")]).json()["stored"], 1);
    assert_eq!(post(&server, rows, &[json, ("content-encoding", "identity")]).json()["stored"], 1);
    let bomb = zstd::encode_all(vec![b' '; 48 << 20].as_slice(), 3).expect("it packs");
    assert!(bomb.len() < 48 << 10, "{}", bomb.len());
    let lines = ("content-type", "application/x-ndjson");
    let answer = post(&server, &bomb, &[lines, ("content-encoding", "zstd")]);
    assert_eq!((answer.status, &answer.json()["code"]), (413, &json!("body_too_large")));
    let answer = post(&server, rows, &[json, ("content-encoding", "br")]);
    assert_eq!((answer.status, &answer.json()["code"]), (415, &json!("unsupported_media_type")));
    assert_eq!(post(&server, b"not zstd", &[json, ("content-encoding", "zstd")]).status, 400);
    for encoding in ["gzip", "zstd"] {
        let asked = format!("GET {LOGS} HTTP/1.0\r\nHost: localhost\r\nAccept-Encoding: {encoding}\r\n\r\n");
        let answer = server.raw(asked.as_bytes()).to_ascii_lowercase();
        assert!(answer.contains(&format!("content-encoding: {encoding}")), "{answer}");
    }
}
