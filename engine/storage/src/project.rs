//! One project: its file, the heads of its runs, its reading connections and its writer.

use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use paceline_schema::ddl::SCHEMA_VERSION;
use paceline_schema::sql::SqlAnswer;
use paceline_schema::{Event, RankOfRun, Timestamp};
use rusqlite::Connection;

use crate::Durability;
use crate::batch::{Appended, Batch, Prepared};
use crate::blobs::Blobs;
use crate::compat::Shape;
use crate::connection::{FileIdentity, open_reader, open_writer};
use crate::error::{ChangeError, Location, StorageError};
use crate::heads::Heads;
use crate::reader::{Checked, Reader};
use crate::series_index::{SeriesIndex, SeriesOfStore};
use crate::sql;
use crate::stream::{self, Stream};
use crate::writer::{Requests, Work, Writer};

/// How long an append waits for a file that another program keeps locked.
const PATIENCE: Duration = Duration::from_secs(30);
/// A reader that leaves more rows than this unstored stores the heads itself.
const ROWS_WORTH_STORING: u64 = 2_000;
/// Connections kept for the next readers.
const IDLE_READERS: usize = 8;

/// One project of a data directory.
///
/// Its writer thread starts with the first append and ends when the project is dropped. The file may be
/// written, replaced or deleted by other programs at any moment.
pub struct Project {
    file: Arc<ProjectFile>,
    writer: Mutex<Option<Writer>>,
}

/// An append that was begun.
#[derive(Debug)]
#[must_use = "what is not waited for may not be stored"]
pub struct Pending {
    project: String,
    answered: Receiver<Result<Appended, StorageError>>,
}

impl Pending {
    /// Returns when the batches are committed.
    ///
    /// # Errors
    /// As [`Project::append`].
    pub fn wait(self) -> Result<Appended, StorageError> {
        let answer = self.answered.recv();
        answer.unwrap_or_else(|_| Err(self.stopped("it ended before it answered")))
    }

    fn stopped(&self, reason: &str) -> StorageError {
        StorageError::WriterStopped { project: self.project.clone(), reason: reason.to_owned() }
    }
}

/// What the readers and the writer of a project share.
pub(crate) struct ProjectFile {
    pub(crate) location: Location,
    pub(crate) durability: Durability,
    heads: Mutex<Heads>,
    pub(crate) series: Arc<SeriesIndex>,
    readers: Mutex<Vec<ReadConnection>>,
}

/// A connection for reading with what it knows of the file.
struct ReadConnection {
    connection: Connection,
    file: FileIdentity,
    /// The shape of the tables and the `schema_version` it was read at.
    shape: Option<(i64, Shape)>,
    /// Runs whose heads were found right, and the `data_version` they were right at.
    checked: (i64, Checked),
}

impl Project {
    pub(crate) fn new(location: Location, durability: Durability, series: &SeriesOfStore) -> Self {
        let series = Arc::new(SeriesIndex::new(&location, series));
        let (heads, readers) = (Mutex::default(), Mutex::default());
        let file = ProjectFile { location, durability, heads, series, readers };
        Self { file: Arc::new(file), writer: Mutex::default() }
    }

    /// Canonical name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.file.location.project
    }

    /// The files of its artifacts.
    #[must_use]
    pub fn blobs(&self) -> Blobs {
        let data_directory = self.file.location.path.parent().unwrap_or(Path::new(""));
        Blobs::new(data_directory, self.name())
    }

    /// Stores the batches, all or none, and returns when they are committed. Concurrent callers share one
    /// transaction.
    ///
    /// # Errors
    /// [`StorageError::Busy`] when another program keeps the file locked for 30 seconds, otherwise what keeps
    /// the file from being written; then nothing of these batches is stored, and the next append may succeed.
    pub fn append(&self, batches: Vec<Batch>) -> Result<Appended, StorageError> {
        self.begin_append(batches)?.wait()
    }

    /// Begins an append: the caller may prepare the next one before it waits for this one.
    ///
    /// # Errors
    /// When the writer cannot be started.
    pub fn begin_append(&self, batches: Vec<Batch>) -> Result<Pending, StorageError> {
        self.submit(append_work(batches), Some(PATIENCE))
    }

    /// The same for a caller whose batches are safe elsewhere and who has nothing better to do: waits for a
    /// locked file however long it takes.
    ///
    /// # Errors
    /// As [`Self::append`], without `Busy`.
    pub fn append_patiently(&self, batches: Vec<Batch>) -> Result<Appended, StorageError> {
        self.submit(append_work(batches), None)?.wait()
    }

    /// Begins an append of batches that are made while earlier ones are stored. `None` where others wait for the
    /// writer: it would then wait for this caller with the file locked, and they with it.
    ///
    /// # Errors
    /// When the writer cannot be started.
    pub fn begin_stream(self: &Arc<Self>) -> Result<Option<Stream>, StorageError> {
        let requests = self.requests()?;
        if !requests.are_answered() {
            return Ok(None);
        }
        let (batches, parts) = stream::channel();
        let pending = self.submit_to(&requests, Work::Stream(parts), Some(PATIENCE))?;
        Ok(Some(Stream::new(batches, pending, Arc::clone(self))))
    }

    /// Stores what happened to a run that has rows, under the name that it has then. `None`, and nothing is stored,
    /// where no run with rows is known to have this id: [`Reader::run_key`] finds the one that is meant.
    ///
    /// The run is looked for in the transaction that stores the events, so that nobody renames or deletes it in
    /// between, and no read comes before.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn append_to_known(
        &self,
        run_id: &str,
        events: impl FnOnce() -> Vec<Event>,
    ) -> Result<Option<Appended>, StorageError> {
        if !self.file.heads().runs().contains_key(run_id) {
            return Ok(None);
        }
        let work = Work::Append(vec![Prepared::of_known_run(run_id, events())]);
        match self.submit(work, Some(PATIENCE))?.wait() {
            Err(StorageError::RunNotFound { .. }) => Ok(None),
            stored => stored.map(Some),
        }
    }

    /// Records that the processes of these runs, and these other ranks of runs, lived at `time`. What has no record
    /// is left out.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn heartbeat(
        &self,
        run_ids: Vec<String>,
        ranks: Vec<RankOfRun>,
        time: Timestamp,
    ) -> Result<(), StorageError> {
        self.submit(Work::Heartbeat { run_ids, ranks, time }, Some(PATIENCE))?.wait().map(drop)
    }

    /// Lets `change` read and write in one transaction of its own, for `context` (“rename a run”), and returns
    /// its answer when that is committed. The tables are complete then. What it refuses is rolled back.
    ///
    /// # Errors
    /// What `change` refuses, else as [`Self::append`].
    pub(crate) fn change<T: Send + 'static>(
        &self,
        context: &'static str,
        mut change: impl FnMut(&Connection) -> Result<T, ChangeError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let (answer, answered) = mpsc::channel();
        let location = self.file.location.clone();
        let work = Work::Change(Box::new(move |connection| {
            let changed = change(connection).map_err(|error| match error {
                ChangeError::Sql(error) => location.explain(context, error),
                ChangeError::Refused(error) => error,
            })?;
            // Whoever asked waits below.
            let _ = answer.send(changed);
            Ok(())
        }));
        let pending = self.submit(work, Some(PATIENCE))?;
        pending.wait()?;
        Ok(answered.recv().expect("what is committed was answered first"))
    }

    fn submit(&self, work: Work, patience: Option<Duration>) -> Result<Pending, StorageError> {
        self.submit_to(&self.requests()?, work, patience)
    }

    fn submit_to(
        &self,
        requests: &Requests,
        work: Work,
        patience: Option<Duration>,
    ) -> Result<Pending, StorageError> {
        let project = self.name().to_owned();
        match requests.send(work, patience) {
            Some(answered) => Ok(Pending { project, answered }),
            None => {
                let reason = "it ended before it took the rows".to_owned();
                Err(StorageError::WriterStopped { project, reason })
            }
        }
    }

    /// The way to the writer, which is started where it does not run.
    fn requests(&self) -> Result<Requests, StorageError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = writer.as_ref().filter(|writer| writer.is_running()) {
            return Ok(running.requests());
        }
        let started = Writer::start(Arc::clone(&self.file)).map_err(|error| StorageError::WriterStopped {
            project: self.name().to_owned(),
            reason: error.to_string(),
        })?;
        Ok(writer.insert(started).requests())
    }

    /// Lets `f` ask about one consistent snapshot.
    ///
    /// # Errors
    /// What `f` returns, or what keeps the file from being read.
    pub fn read<T>(&self, f: impl FnOnce(&Reader<'_>) -> Result<T, StorageError>) -> Result<T, StorageError> {
        let location = &self.file.location;
        let sql = |error| location.explain("begin to read", error);
        let mut reading = self.file.take_reader()?;
        let ReadConnection { connection, file, shape, checked } = &mut reading;

        // The snapshot is taken under the lock, so that it is no older than the heads.
        let mut heads = self.file.heads();
        let transaction = connection.unchecked_transaction().map_err(sql)?;
        let version_of =
            |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).map_err(sql);
        let (schema_version, data_version) = (version_of("schema_version")?, version_of("data_version")?);
        let shape = match shape {
            Some((version, shape)) if *version == schema_version => shape,
            _ => &mut shape.insert((schema_version, Shape::of(connection).map_err(sql)?)).1,
        };
        let runs = heads.sync(connection, shape, *file).map_err(sql)?;
        let rows_not_stored = heads.rows_not_stored();
        drop(heads);
        if checked.0 != data_version {
            *checked = (data_version, Checked::default());
        }

        let reader = Reader {
            connection,
            location,
            project: &self.file,
            file: *file,
            shape,
            runs,
            checked: &checked.1,
            in_doubt: false.into(),
        };
        let result = f(&reader);
        if reader.in_doubt.get() {
            self.file.heads().doubt();
        }
        drop(reader);
        let can_store = shape.version == SCHEMA_VERSION && rows_not_stored > ROWS_WORTH_STORING;
        transaction.finish().map_err(sql)?;
        let file = *file;
        if !matches!(result, Err(StorageError::Damaged { .. })) {
            self.file.give_reader_back(reading);
        }
        if can_store && !self.has_writer() {
            self.file.try_to_store_heads(file);
        }
        result
    }

    /// Lends a connection for reading.
    pub(crate) fn with_connection<T, E: From<StorageError>>(
        &self,
        f: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let reading = self.file.take_reader()?;
        let result = f(&reading.connection)?;
        self.file.give_reader_back(reading);
        Ok(result)
    }

    /// The runs changed in a way that no new row tells of.
    pub(crate) fn forget_heads(&self) {
        self.file.heads().doubt();
    }

    /// All rows are others now.
    pub(crate) fn reset_derived(&self) {
        *self.file.heads() = Heads::default();
        self.file.series.reset();
    }

    pub(crate) fn series(&self) -> &SeriesIndex {
        &self.file.series
    }

    pub(crate) fn durability(&self) -> Durability {
        self.file.durability
    }

    pub(crate) fn location(&self) -> &Location {
        &self.file.location
    }

    /// Answers one SQL statement of a stranger, which can only read and has limits of time and size.
    ///
    /// # Errors
    /// `SqlRefused` or `SqlTooExpensive`, or what keeps the file from being read.
    pub fn answer_sql(&self, statement: &str) -> Result<SqlAnswer, StorageError> {
        sql::answer(&self.file.location, statement)
    }

    pub(crate) fn shared_file(&self) -> Arc<ProjectFile> {
        Arc::clone(&self.file)
    }

    /// Ends the writer, after what it was asked, and closes the connections that nobody reads by at present.
    pub(crate) fn close(&self) {
        // It is joined without the lock.
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(writer);
        if self.file.series.keeps_up {
            self.file.store_series();
        }
        self.file.readers.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn has_writer(&self) -> bool {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(Writer::is_running)
    }
}

fn append_work(batches: Vec<Batch>) -> Work {
    Work::Append(batches.into_iter().map(Prepared::new).collect())
}

impl ProjectFile {
    /// The heads of the runs. What a thread left behind that panicked over them is thrown away: they are
    /// derived from the rows.
    pub(crate) fn heads(&self) -> MutexGuard<'_, Heads> {
        self.heads.lock().unwrap_or_else(|poisoned| {
            self.heads.clear_poison();
            let mut heads = poisoned.into_inner();
            *heads = Heads::default();
            heads
        })
    }

    /// The file that stands there now, if there is one.
    pub(crate) fn identity(&self) -> Result<Option<FileIdentity>, StorageError> {
        let path = &self.location.path;
        FileIdentity::of(path)
            .map_err(|error| StorageError::NotReadable { path: path.clone(), reason: error.to_string() })
    }

    /// Stores what the series index has taken in, if its file is free.
    pub(crate) fn store_series(&self) {
        self.series.store_all(|run_id, last_id| self.heads().is_gone(run_id, last_id));
    }

    fn take_reader(&self) -> Result<ReadConnection, StorageError> {
        let missing = || StorageError::ProjectNotFound { project: self.location.project.clone() };
        let file = self.identity()?.ok_or_else(missing)?;
        let idle = {
            let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
            readers.retain(|reader| reader.file == file);
            readers.pop()
        };
        if let Some(idle) = idle {
            return Ok(idle);
        }
        let connection = open_reader(&self.location)
            .map_err(|error| self.location.explain("open it", error).while_reading())?;
        Ok(ReadConnection { connection, file, shape: None, checked: Default::default() })
    }

    fn give_reader_back(&self, reader: ReadConnection) {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < IDLE_READERS {
            readers.push(reader);
        }
    }

    /// Stores the heads if the file can be written at this moment; what is derived need not be.
    fn try_to_store_heads(&self, file: FileIdentity) {
        let stored = open_writer(&self.location, self.durability)
            .and_then(|connection| self.store_heads(&connection, file));
        if let Err(error) = stored {
            tracing::debug!(project = self.location.project, %error, "heads are not stored");
        }
    }

    /// Stores the heads that changed, with their mark, in one transaction.
    pub(crate) fn store_heads(&self, connection: &Connection, file: FileIdentity) -> rusqlite::Result<()> {
        let Some(to_store) = self.heads().to_store().filter(|to_store| to_store.file() == file) else {
            return Ok(());
        };
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let written = to_store.write(connection).and_then(|()| connection.execute_batch("COMMIT"));
        match written {
            Ok(()) => self.heads().stored(&to_store),
            Err(_) => connection.execute_batch("ROLLBACK")?,
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series_index::SeriesMemory;

    fn project(directory: &tempfile::TempDir) -> Project {
        let location = Location { project: "p".into(), path: directory.path().join("p.db") };
        let series = SeriesOfStore { keeps_up: false, memory: Arc::new(SeriesMemory::new(1 << 20)) };
        Project::new(location, Durability::Process, &series)
    }

    #[test]
    fn a_caller_gives_up_on_a_locked_file_and_the_writer_does_not() {
        let directory = tempfile::tempdir().expect("a scratch directory");
        let project = project(&directory);
        project.append(Vec::new()).expect("the tables are made");
        let other = Connection::open(directory.path().join("p.db")).expect("it opens");
        other.execute_batch("BEGIN IMMEDIATE").expect("the file is free");
        std::thread::scope(|scope| {
            let patient = scope.spawn(|| project.append_patiently(Vec::new()));
            let refused = project.submit(append_work(Vec::new()), Some(Duration::from_millis(30)));
            let refused = refused.and_then(Pending::wait);
            assert!(matches!(refused, Err(StorageError::Busy { .. })), "{refused:?}");
            other.execute_batch("COMMIT").expect("it ends");
            patient.join().expect("no panic").expect("it is stored");
        });
        project.append(Vec::new()).expect("it is stored");
    }

    #[test]
    fn a_change_that_refuses_leaves_nothing_and_the_next_one_is_made() {
        let directory = tempfile::tempdir().expect("a scratch directory");
        let project = project(&directory);
        let insert = "INSERT INTO project_metadata VALUES ('key', 'value')";
        let refused = project.change("refuse", move |connection| {
            connection.execute(insert, [])?;
            Err::<(), _>(StorageError::ProjectNotFound { project: "other".into() }.into())
        });
        assert!(matches!(refused, Err(StorageError::ProjectNotFound { .. })), "{refused:?}");
        let failed = project.change("fail", |connection| Ok(connection.execute("no SQL", [])?));
        assert!(matches!(failed, Err(StorageError::Sqlite { context: "fail", .. })), "{failed:?}");
        let made = project.change("make", move |connection| {
            connection.execute(insert, [])?;
            Ok(connection
                .query_row("SELECT count(*) FROM project_metadata", [], |row| row.get::<_, i64>(0))?)
        });
        assert_eq!(made.expect("it is made"), 1);
    }

    #[test]
    fn heads_a_panic_left_behind_are_read_anew() {
        let directory = tempfile::tempdir().expect("a scratch directory");
        let project = project(&directory);
        project.append(Vec::new()).expect("the tables are made");
        let panicked = std::thread::scope(|scope| {
            let file = &project.file;
            scope
                .spawn(move || {
                    let _heads = file.heads();
                    panic!("while the heads are locked");
                })
                .join()
        });
        assert!(panicked.is_err());
        assert!(project.read(|reader| reader.all_heads()).expect("it is read").is_empty());
    }
}
