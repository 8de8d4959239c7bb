//! Traces leave their row for a table of their own.

use paceline_schema::Value;

use crate::support::{Scratch, at, batch, loss, row, run};

#[test]
fn traces_stand_once_in_their_table_and_not_in_the_row() {
    let scratch = Scratch::new();
    let trace = r#"{"_type":"trackio.trace","messages":[{"role":"user","content":"Hi"}],"metadata":{"n":1}}"#;
    let mut metrics = loss(1.5);
    metrics.push(("chat".into(), Value::Json(format!("[{trace}]").into())));
    let events = || batch("a", vec![row("log", 7, metrics.clone())]);
    let project = scratch.project();
    assert_eq!(project.append(events()).expect("it is stored").rows_stored, 1);
    assert_eq!(project.append(events()).expect("it is there").rows_duplicate, 1);

    let other = scratch.other_program();
    let stored: Vec<u8> =
        other.query_row("SELECT metrics FROM metrics", [], |row| row.get(0)).expect("one row");
    assert_eq!(stored, br#"{"train/loss":1.5}"#);
    let columns = "id, run_id, timestamp, run_name, step, key, trace_index, search_text, log_id";
    let mut statement = other
        .prepare(&format!(
            "SELECT {columns}, CAST(messages AS TEXT), CAST(metadata AS TEXT), CAST(spans AS TEXT), typeof(spans) FROM traces"
        ))
        .expect("it is there");
    let read = |row: &rusqlite::Row<'_>| {
        (0..13).map(|column| row.get::<_, rusqlite::types::Value>(column)).collect()
    };
    let rows: Vec<Vec<rusqlite::types::Value>> =
        statement.query_map([], read).expect("it is read").collect::<Result<_, _>>().expect("it is read");
    let text = |text: &str| rusqlite::types::Value::from(text.to_owned());
    let time = at(7).to_string();
    assert_eq!(
        rows,
        [vec![
            text("a:log:chat:0"),
            text("a"),
            text(&time),
            text(&run("a").name),
            7.into(),
            text("chat"),
            0.into(),
            text("a:log:chat:0 chat user hi 1"),
            text("log"),
            text(r#"[{"role":"user","content":"Hi"}]"#),
            text(r#"{"n":1}"#),
            text("[]"),
            text("blob"),
        ]]
    );
    let heads = project.read(|reader| reader.heads("a")).expect("it is read");
    assert_eq!((heads.rows(), heads.max_step()), (1, Some(7)));
}
