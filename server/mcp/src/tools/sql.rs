//! Read-only SQL on the tables of a project.

use paceline_query::Form;
use paceline_schema::sql::SqlAnswer;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::tool::{Ask, Here, data};
use crate::world::{Pending, Threads};

/// Which statement.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuerySql {
    /// Project; the one where something happened last when absent.
    #[schema(nullable = false)]
    project: Option<String>,
    /// One statement that only reads.
    #[schema(example = "SELECT run_name, COUNT(*) FROM metrics GROUP BY run_name")]
    sql: String,
}

impl Ask for QuerySql {
    const NAME: &'static str = "query_sql";
    const TITLE: &'static str = "Ask in SQL";
    const DESCRIPTION: &'static str = "Answers one SQLite statement that reads the tables of a project: metrics (run_id, run_name, \
        step, timestamp, metrics as JSON), configs, alerts, system_metrics, paceline_runs; `SELECT name, sql FROM \
        sqlite_schema` shows all. 2 seconds at most. Aggregate: only the rows that have room come back.";
    type Answer = SqlAnswer;

    fn ask(self, world: Here, _: Form) -> Pending<Value> {
        world.ask(
            Threads::Statements,
            Box::new(move |engine| {
                let project = engine.meant_project(self.project.as_deref())?;
                data(&engine.sql(&project, &self.sql)?)
            }),
        )
    }
}
