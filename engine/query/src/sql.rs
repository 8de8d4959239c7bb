//! SQL on the tables of a project.

use paceline_schema::sql::SqlAnswer;

use crate::engine::Engine;
use crate::error::QueryError;

impl Engine {
    /// Answers one statement that reads, within 2 seconds, with at most 10,000 rows and 16 MiB.
    ///
    /// # Errors
    /// When there is no such project, the statement is refused or takes too much, or the file cannot be read.
    pub fn sql(&self, project: &str, statement: &str) -> Result<SqlAnswer, QueryError> {
        Ok(self.store().project(project)?.answer_sql(statement)?)
    }
}
