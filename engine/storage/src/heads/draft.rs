//! Heads that are ahead of the file by one transaction, so that nobody reads its rows again once it is committed.
//!
//! Whoever asks right after a commit would find rows that the heads lack, and read them all while everybody else
//! waits for the heads. So the writer makes a draft before it commits and leaves it with the heads; the first who
//! sees the rows in the file puts it in place, be that a reader or the writer itself.

use std::sync::Arc;

use rusqlite::Connection;

use super::{Heads, Mark, Runs, newest_row};
use crate::compat::RunTable;
use crate::connection::FileIdentity;

/// Heads with the rows of a transaction that is not committed yet.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// What it began from.
    mark: Option<Mark>,
    runs: Arc<Runs>,
    pub(crate) heads: Heads,
}

impl Heads {
    /// A copy that may take in rows before they are committed, while readers go on with these heads; none where these
    /// would have to look at the file first.
    pub(crate) fn draft(&self, file: FileIdentity) -> Option<Draft> {
        (self.file == Some(file) && !self.in_doubt).then(|| Draft {
            mark: self.mark.clone(),
            runs: Arc::clone(&self.runs),
            heads: Self { rows_not_stored: 0, offered: None, ..self.clone() },
        })
    }

    /// Leaves a draft for whoever sees its rows first. Whoever offers it takes it back or withdraws it.
    pub(crate) fn offer(&mut self, draft: Draft) {
        self.offered = Some(Box::new(draft));
    }

    /// Nothing of what was offered is committed.
    pub(crate) fn withdraw_offered(&mut self) {
        self.offered = None;
    }

    /// Puts the offered draft in place, whose rows are committed now. False where there is none, where a reader has
    /// done it, or where these heads have moved on by themselves since it was made; then nothing has changed.
    pub(crate) fn publish_offered(&mut self) -> bool {
        self.offered.take().is_some_and(|draft| self.publish(*draft))
    }

    /// The same, where the file shows the draft's newest row. Rows without an id of their own prove nothing: another
    /// program may have written the like after the draft's were rolled back.
    pub(super) fn adopt_offered(
        &mut self,
        connection: &Connection,
        table: RunTable,
        newest: Option<&Mark>,
    ) -> rusqlite::Result<()> {
        let Some(ahead) = self.offered.as_ref().and_then(|draft| draft.heads.mark.as_ref()) else {
            return Ok(());
        };
        let may_stand = ahead.log_id.is_some() && newest.is_some_and(|newest| newest.id >= ahead.id);
        if may_stand && newest_row(connection, table, ahead.id)?.as_ref() == Some(ahead) {
            self.publish_offered();
        }
        Ok(())
    }

    fn publish(&mut self, draft: Draft) -> bool {
        let Draft { mark, runs, heads } = draft;
        let is_as_it_was =
            self.file == heads.file && self.mark == mark && Arc::ptr_eq(&self.runs, &runs) && !self.in_doubt;
        if is_as_it_was {
            self.mark = heads.mark;
            self.runs = heads.runs;
            self.in_doubt = heads.in_doubt;
            self.rows_not_stored += heads.rows_not_stored;
        }
        is_as_it_was
    }
}

#[cfg(test)]
mod tests {
    use paceline_schema::{Timestamp, Value};
    use rusqlite::params;
    use tempfile::TempDir;

    use super::*;
    use crate::compat::Shape;
    use crate::error::Location;
    use crate::heads::{CommittedRow, CommittedRows};
    use crate::migrate;

    /// A file with one row, seen by a writer and a reader, and heads that know it.
    struct File {
        _directory: TempDir,
        writer: Connection,
        reader: Connection,
        identity: FileIdentity,
        heads: Heads,
    }

    impl File {
        fn new() -> Self {
            let directory = TempDir::new().expect("a directory");
            let path = directory.path().join("digits.db");
            let location = Location { project: "digits".into(), path: path.clone() };
            let writer = Connection::open(&path).expect("a file");
            writer.pragma_update(None, "journal_mode", "wal").expect("a log");
            migrate::complete(&writer, &location).expect("tables");
            let reader = Connection::open(&path).expect("a reader");
            let identity = FileIdentity::of(&path).expect("readable").expect("there");
            let mut file = Self { _directory: directory, writer, reader, identity, heads: Heads::default() };
            file.insert(0, Some("first"));
            file.sync();
            file
        }

        fn shape(&self) -> Shape {
            Shape::of(&self.reader).expect("a shape")
        }

        fn insert(&self, step: i64, log_id: Option<&str>) -> i64 {
            let sql = "INSERT INTO metrics (run_id, timestamp, run_name, step, metrics, log_id) \
                       VALUES ('r', '2026-01-01T00:00:00Z', 'r', ?1, '{\"loss\":1.0}', ?2)";
            self.writer.execute(sql, params![step, log_id]).expect("a row");
            self.writer.last_insert_rowid()
        }

        fn sync(&mut self) -> Arc<Runs> {
            let shape = self.shape();
            self.heads.sync(&self.reader, &shape, self.identity).expect("heads")
        }

        /// Inserts a row in a transaction and offers heads with it, which say of the row what it does not.
        fn begin_and_offer(&mut self, log_id: Option<&str>) -> Arc<Runs> {
            self.writer.execute_batch("BEGIN IMMEDIATE").expect("begun");
            let id = self.insert(1, log_id);
            let mut draft = self.heads.draft(self.identity).expect("heads that are certain");
            let metrics = [("loss".to_owned(), Value::Float(7.0))];
            let row =
                CommittedRow { id, time: Timestamp(0), step: 1, metrics: &metrics, json: b"{}", log_id };
            let rows = CommittedRows { run_id: "r", run_name: "r", rows: Box::new([row].into_iter()) };
            let shape = self.shape();
            let taken = [rows].into_iter();
            draft.heads.absorb_committed(&self.writer, &shape, self.identity, id, taken).expect("taken in");
            let ahead = Arc::clone(&draft.heads.runs);
            self.heads.offer(draft);
            ahead
        }
    }

    #[test]
    fn the_first_reader_after_a_commit_takes_the_draft_and_reads_no_row() {
        let mut file = File::new();
        let before = file.sync();
        let ahead = file.begin_and_offer(Some("second"));
        assert!(Arc::ptr_eq(&file.sync(), &before), "nobody sees what is not committed");
        file.writer.execute_batch("COMMIT").expect("committed");
        assert!(Arc::ptr_eq(&file.sync(), &ahead), "the rows were read again");
        assert!(!file.heads.publish_offered(), "it is in place already");
    }

    #[test]
    fn rows_of_others_after_it_are_read_on_top() {
        let mut file = File::new();
        file.begin_and_offer(Some("second"));
        file.writer.execute_batch("COMMIT").expect("committed");
        file.insert(2, Some("third"));
        let runs = file.sync();
        let loss = runs["r"].heads.metric("loss").expect("a loss");
        assert_eq!(
            (runs["r"].heads.rows(), loss.highest.as_ref().map(|highest| highest.value)),
            (3, Some(7.0))
        );
    }

    #[test]
    fn what_is_rolled_back_is_never_taken() {
        for log_id in [Some("second"), None] {
            let mut file = File::new();
            file.begin_and_offer(log_id);
            file.writer.execute_batch("ROLLBACK").expect("rolled back");
            // Another program's row gets the same number, before the writer has withdrawn its draft.
            file.insert(1, log_id.map(|_| "another"));
            let runs = file.sync();
            let loss = runs["r"].heads.metric("loss").expect("a loss");
            assert_eq!(
                (runs["r"].heads.rows(), loss.highest.as_ref().map(|highest| highest.value)),
                (2, Some(1.0)),
                "{log_id:?}"
            );
        }
    }
}
