//! Statements of strangers: what they are answered, and what they are refused.

use paceline_schema::Value;
use paceline_schema::sql::SqlAnswer;
use paceline_storage::StorageError;
use serde_json::json;

use crate::support::{Scratch, batch, loss, row};

fn with_rows(count: i64) -> Scratch {
    let scratch = Scratch::new();
    let rows = (0..count).map(|step| row(&format!("log-{step}"), step, loss(step as f64)));
    scratch.project().append(batch("r", rows.collect())).expect("it is stored");
    scratch
}

fn ask(scratch: &Scratch, statement: &str) -> Result<SqlAnswer, StorageError> {
    scratch.project().answer_sql(statement)
}

fn refusal(scratch: &Scratch, statement: &str) -> String {
    match ask(scratch, statement) {
        Err(StorageError::SqlRefused { reason }) => reason,
        other => panic!("{statement}: {other:?}"),
    }
}

#[test]
fn what_reads_is_answered() {
    let scratch = with_rows(5);
    let answer = ask(
        &scratch,
        "SELECT run_name, count(*) AS n, sum(json_extract(metrics, '$.\"train/loss\"')) AS s FROM metrics GROUP BY 1 -- end",
    )
    .expect("it reads");
    assert_eq!(answer.columns, ["run_name", "n", "s"]);
    assert_eq!(answer.rows, [vec![json!("name of r"), json!(5), json!(10.0)]]);
    assert_eq!((answer.row_count, answer.truncated), (1, false));
    for statement in [
        "PRAGMA table_info(metrics)",
        "PRAGMA user_version;",
        "SELECT name FROM pragma_table_info('metrics')",
        "SELECT name, sql FROM sqlite_schema",
        "WITH RECURSIVE n(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n WHERE x < 3) SELECT x FROM n",
        "SELECT key, value FROM metrics, json_each(metrics)",
        "SELECT step, rank() OVER (ORDER BY step DESC) FROM metrics",
        "VALUES (1), (2)",
    ] {
        assert!(ask(&scratch, statement).is_ok_and(|answer| answer.row_count > 0), "{statement}");
    }
}

#[test]
fn values_are_valid_json() {
    let answer = ask(&with_rows(1), "SELECT 9e999, -9e999, NULL, 0x7fffffffffffffff, x'6869', x'ff00', 'ä'")
        .expect("it reads");
    let values = json!([["Infinity", "-Infinity", null, i64::MAX, "hi", "ff00", "ä"]]);
    assert_eq!(json!(answer.rows), values);
    assert_eq!(Value::Float(f64::INFINITY).to_json(), "Infinity");
}

#[test]
fn an_answer_has_an_end() {
    let scratch = with_rows(1);
    let many = "WITH RECURSIVE n(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n) SELECT x FROM n";
    let answer = ask(&scratch, many).expect("it reads");
    assert_eq!((answer.row_count, answer.truncated), (10_000, true));
    let large = "WITH RECURSIVE n(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n) SELECT hex(zeroblob(1000000)) FROM n";
    let answer = ask(&scratch, large).expect("it reads");
    assert_eq!((answer.row_count, answer.truncated), (8, true));
    let endless = "WITH RECURSIVE n(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n";
    let error = ask(&scratch, endless).expect_err("it never ends");
    assert!(
        matches!(error, StorageError::SqlTooExpensive { .. }) && error.to_string().contains("1.5 seconds"),
        "{error}"
    );
}

#[test]
fn what_does_more_is_refused_with_a_sentence() {
    let scratch = with_rows(1);
    for (statement, named) in [
        ("DELETE FROM metrics", "only read"),
        ("PRAGMA journal_mode = DELETE", "`PRAGMA journal_mode`"),
        ("PRAGMA user_version = 9", "`PRAGMA user_version`"),
        ("ATTACH 'x.db' AS x", "only read"),
        ("VACUUM INTO 'x.db'", "only read"),
        ("CREATE TEMP TABLE t (x)", "only read"),
        ("SELECT load_extension('x')", "`load_extension`"),
        ("SELECT writefile('x', 'y')", "writefile"),
        ("SELECT * FROM dbstat", "`dbstat`"),
        ("SELECT 1; SELECT 2", "more than one"),
        ("SELECT 1; DELETE FROM metrics", "only read"),
        (" -- nothing", "empty"),
        ("SELECT absent FROM metrics", "no such column: absent"),
        ("SELECT 1\0", "NUL"),
    ] {
        let reason = refusal(&scratch, statement);
        assert!(reason.contains(named), "{statement}: {reason}");
    }
    assert!(matches!(scratch.project().read(|reader| reader.all_heads()), Ok(heads) if heads.len() == 1));
}
