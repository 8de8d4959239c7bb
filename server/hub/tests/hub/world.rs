//! Data directories with projects of any contents, and what stands in them.

use std::collections::BTreeMap;
use std::path::Path;

use paceline_schema::ProjectName;
use paceline_storage::{Cell, Durability, Store};
use rusqlite::types::Value;

/// A data directory and a folder for files.
pub(crate) struct World {
    scratch: tempfile::TempDir,
    pub(crate) store: Store,
}

/// A row of `metrics` that need not make sense.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) run: String,
    pub(crate) step: Value,
    pub(crate) time: Value,
    pub(crate) metrics: Vec<u8>,
    pub(crate) log_id: Option<String>,
}

impl Row {
    pub(crate) fn new(run: &str, step: i64, metrics: &str) -> Self {
        Self {
            run: run.into(),
            step: Value::Integer(step),
            time: Value::Text(format!("2026-11-29T02:00:00.{step:06}+00:00")),
            metrics: metrics.into(),
            log_id: Some(format!("{run}-{step}")),
        }
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let store = Store::open(scratch.path().join("data"), Durability::Process).expect("it opens");
        Self { scratch, store }
    }

    pub(crate) fn folder(&self) -> std::path::PathBuf {
        self.scratch.path().join("files")
    }

    /// A new project with these rows.
    pub(crate) fn project(&self, name: &str, rows: &[Row]) {
        let columns = ["run_id", "timestamp", "run_name", "step", "metrics", "log_id"];
        self.store
            .make_project(&project_name(name), |tables| {
                for row in rows {
                    let run = Cell::Text(row.run.as_bytes());
                    let log_id = row.log_id.as_ref().map_or(Cell::Null, |id| Cell::Text(id.as_bytes()));
                    let cells =
                        [run, cell(&row.time), run, cell(&row.step), Cell::Blob(&row.metrics), log_id];
                    tables.insert("metrics", &columns, &cells)?;
                }
                Ok::<_, paceline_storage::StorageError>(())
            })
            .expect("it is made");
    }

    /// Changes a project's file as another program would.
    pub(crate) fn execute(&self, name: &str, sql: &str) {
        let path = self.store.directory().join(format!("{name}.db"));
        let connection = rusqlite::Connection::open(path).expect("it opens");
        connection.execute_batch(sql).expect("it is understood");
    }

    /// Appends rows as another program would.
    pub(crate) fn append(&self, name: &str, rows: &[Row]) {
        let path = self.store.directory().join(format!("{name}.db"));
        let mut connection = rusqlite::Connection::open(path).expect("it opens");
        let transaction = connection.transaction().expect("it begins");
        for row in rows {
            transaction
                .execute(
                    "INSERT INTO metrics (run_id, timestamp, run_name, step, metrics, log_id) \
                     VALUES (?1, ?2, ?1, ?3, ?4, ?5)",
                    rusqlite::params![row.run, row.time, row.step, row.metrics, row.log_id],
                )
                .expect("it is inserted");
        }
        transaction.commit().expect("it is committed");
    }

    /// Every row of every table that is carried, in the order of their ids.
    pub(crate) fn contents(&self, name: &str) -> BTreeMap<String, Vec<Vec<Value>>> {
        contents(&self.store.directory().join(format!("{name}.db")))
    }
}

pub(crate) fn project_name(name: &str) -> ProjectName {
    ProjectName::new(name).expect("a name")
}

fn cell(value: &Value) -> Cell<'_> {
    match value {
        Value::Null => Cell::Null,
        Value::Integer(number) => Cell::Integer(*number),
        Value::Real(number) => Cell::Real(*number),
        Value::Text(text) => Cell::Text(text.as_bytes()),
        Value::Blob(bytes) => Cell::Blob(bytes),
    }
}

fn contents(path: &Path) -> BTreeMap<String, Vec<Vec<Value>>> {
    let connection = rusqlite::Connection::open(path).expect("it opens");
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut names = connection.prepare(sql).expect("it is understood");
    let names: Vec<String> = names
        .query_map([], |row| row.get(0))
        .expect("it is read")
        .map(|name| name.expect("a name"))
        .collect();
    let derived = ["paceline_heads", "paceline_meta", "pending_uploads"];
    let mut tables = BTreeMap::new();
    for name in names.into_iter().filter(|name| !derived.contains(&name.as_str())) {
        let mut select =
            connection.prepare(&format!("SELECT * FROM {name} ORDER BY 1, 2")).expect("it is understood");
        let columns = select.column_count();
        let rows = select
            .query_map([], |row| {
                (0..columns).map(|column| row.get(column)).collect::<rusqlite::Result<Vec<Value>>>()
            })
            .expect("it is read")
            .map(|row| row.expect("a row"))
            .collect::<Vec<_>>();
        if !rows.is_empty() {
            tables.insert(name, rows);
        }
    }
    tables
}

/// Fails where two projects do not hold the same; JSON may be written in another way, with keys in the same order and
/// whole numbers as whole numbers.
pub(crate) fn assert_same(
    one: &BTreeMap<String, Vec<Vec<Value>>>,
    other: &BTreeMap<String, Vec<Vec<Value>>>,
) {
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (table, rows) in one {
        let others = &other[table];
        assert_eq!(rows.len(), others.len(), "{table}");
        for (row, other) in rows.iter().zip(others) {
            let same = row.len() == other.len() && row.iter().zip(other).all(|(one, other)| same(one, other));
            assert!(same, "{table}\n{}\n{}", shown(row), shown(other));
        }
    }
}

fn shown(row: &[Value]) -> String {
    let cell = |value: &Value| {
        if let Value::Blob(bytes) = value {
            String::from_utf8_lossy(bytes).into_owned()
        } else {
            format!("{value:?}")
        }
    };
    row.iter().map(cell).collect::<Vec<_>>().join(" | ")
}

fn same(one: &Value, other: &Value) -> bool {
    let json = |value: &Value| match value {
        Value::Blob(bytes) => String::from_utf8(bytes.clone()).ok(),
        Value::Null | Value::Integer(_) | Value::Real(_) | Value::Text(_) => None,
    };
    one == other || json(one).zip(json(other)).is_some_and(|(one, other)| same_json(&one, &other))
}

/// A JSON text with its keys in their order and its numbers as they are written.
#[derive(Debug, PartialEq)]
enum Exact {
    Word(String),
    Whole(String),
    Float(u64),
    Text(String),
    List(Vec<Exact>),
    Object(Vec<(String, Exact)>),
}

fn same_json(one: &str, other: &str) -> bool {
    match (exact(one), exact(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

fn exact(json: &str) -> Option<Exact> {
    use serde_json::value::RawValue;
    let json = json.trim();
    Some(match json.as_bytes().first()? {
        b'{' => {
            let mut members = Vec::new();
            for (key, value) in serde_json::from_str::<Members>(json).ok()?.0 {
                members.push((key, exact(value.get())?));
            }
            Exact::Object(members)
        }
        b'[' => {
            let items: Vec<Box<RawValue>> = serde_json::from_str(json).ok()?;
            Exact::List(items.iter().map(|item| exact(item.get())).collect::<Option<_>>()?)
        }
        b'"' => Exact::Text(serde_json::from_str(json).ok()?),
        b't' | b'f' | b'n' => Exact::Word(json.to_owned()),
        _ if json.contains(['.', 'e', 'E']) => Exact::Float(json.parse::<f64>().ok()?.to_bits()),
        _ => Exact::Whole(json.to_owned()),
    })
}

struct Members(Vec<(String, Box<serde_json::value::RawValue>)>);

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Objects;
        impl<'de> serde::de::Visitor<'de> for Objects {
            type Value = Members;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Objects)
    }
}
