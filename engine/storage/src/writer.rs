//! The thread that writes a project: requests of concurrent callers become one transaction.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use paceline_schema::{RankOfRun, Timestamp};
use rusqlite::Connection;

use crate::activity::count_rows;
use crate::apply::{Outcome, apply, record_heartbeat};
use crate::batch::{Appended, Prepared};
use crate::checkpoint::Checkpoints;
use crate::compat::Shape;
use crate::connection::{Backoff, FileIdentity, create_file, open_writer};
use crate::error::{Location, StorageError, is_busy};
use crate::heads::{CommittedRows, Draft, Heads};
use crate::migrate;
use crate::project::ProjectFile;
use crate::ranks;
use crate::series_index::{Position, RowsOfProject};
use crate::stream::Parts;

/// Rows after which a transaction takes no further request in: others wait for the file too.
const ROWS_PER_TRANSACTION: usize = 5_000;
/// Heads are stored after so many rows, or after so long, whichever comes first.
const ROWS_BETWEEN_STORES: u64 = 10_000;
const TIME_BETWEEN_STORES: Duration = Duration::from_secs(1);
/// Below so many, copying the heads takes longer than taking the rows in.
const ROWS_WORTH_A_DRAFT: usize = 100;
/// Series of runs that log slowly are stored in their pauses, but no more often than this: their tails are written
/// over each time.
const TIME_BETWEEN_STORES_OF_SERIES: Duration = Duration::from_secs(30);
/// A locked file is worth a word in the log after so long.
const TIME_TO_WARN: Duration = Duration::from_secs(10);
/// A commit that readers hold up (only in a file without write-ahead log) gives up after so long.
const COMMIT_PATIENCE: Duration = Duration::from_secs(30);
/// The thread needs little; the default would be 2 MiB for each project.
const STACK_BYTES: usize = 512 * 1024;

/// What became of a request.
type Answered = Result<Appended, StorageError>;

/// What a caller waits for.
struct Request {
    work: Work,
    /// When the caller stops waiting for a locked file; never where there is none.
    give_up_at: Option<Instant>,
    /// Gone once it is answered.
    caller: Option<Caller>,
}

/// Who waits for a request, counted for as long as it does.
struct Caller {
    answer: SyncSender<Answered>,
    waiting: Arc<AtomicUsize>,
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The way to a running writer.
#[derive(Clone)]
pub(crate) struct Requests {
    sender: Sender<Request>,
    /// Callers that wait for an answer.
    waiting: Arc<AtomicUsize>,
}

impl Requests {
    /// Asks for work to be written. `None` where the writer has ended.
    pub(crate) fn send(&self, work: Work, patience: Option<Duration>) -> Option<Receiver<Answered>> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let caller = Some(Caller { answer, waiting: Arc::clone(&self.waiting) });
        let give_up_at = patience.map(|patience| Instant::now() + patience);
        self.sender.send(Request { work, give_up_at, caller }).ok().map(|()| answered)
    }

    /// Nobody waits for an answer.
    pub(crate) fn are_answered(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) == 0
    }
}

/// What is to be written.
pub(crate) enum Work {
    Append(Vec<Prepared>),
    /// Has a transaction for itself, which is rolled back where the caller withdraws it.
    Stream(Parts),
    Heartbeat {
        run_ids: Vec<String>,
        ranks: Vec<RankOfRun>,
        time: Timestamp,
    },
    /// Has a transaction for itself, so what it refuses concerns nobody else.
    Change(Change),
}

/// Statements of one use case, run inside a transaction that is rolled back where they fail.
pub(crate) type Change = Box<dyn FnMut(&Connection) -> Result<(), StorageError> + Send>;

impl Work {
    fn row_count(&self) -> usize {
        match self {
            Self::Append(batches) => batches.iter().map(Prepared::row_count).sum(),
            Self::Stream(parts) => parts.arrived().iter().map(Prepared::row_count).sum(),
            Self::Heartbeat { .. } | Self::Change(_) => 0,
        }
    }

    /// It is the only one in its transaction.
    fn stands_alone(&self) -> bool {
        match self {
            Self::Stream(_) | Self::Change(_) => true,
            Self::Append(_) | Self::Heartbeat { .. } => false,
        }
    }

    fn apply(&mut self, connection: &Connection, location: &Location) -> Result<Outcome, StorageError> {
        let sql = |error| location.explain("store rows", error);
        let mut total = Outcome::default();
        match self {
            Self::Append(batches) => {
                for batch in batches {
                    total.add(apply(connection, batch).map_err(sql)?);
                }
            }
            Self::Stream(parts) => total.add(parts.apply(connection).map_err(sql)?),
            Self::Heartbeat { run_ids, ranks, time } => {
                record_heartbeat(connection, run_ids, *time).map_err(sql)?;
                ranks::record_heartbeat(connection, ranks, *time).map_err(sql)?;
            }
            Self::Change(change) => change(connection)?,
        }
        Ok(total)
    }

    fn batches(&self) -> &[Prepared] {
        match self {
            Self::Append(batches) => batches,
            Self::Stream(parts) => parts.arrived(),
            Self::Heartbeat { .. } | Self::Change(_) => &[],
        }
    }
}

impl Request {
    fn unknown_run(&self, project: &str) -> StorageError {
        let run = self.work.batches().first().map(Prepared::run_id).unwrap_or_default();
        StorageError::RunNotFound { project: project.to_owned(), run: run.to_owned(), similar: Vec::new() }
    }

    /// A caller that is gone needs no answer.
    fn answer(&mut self, result: Answered) {
        if let Some(caller) = self.caller.take() {
            let answer = caller.answer.clone();
            // Who hears the answer and asks again is not to find itself waiting.
            drop(caller);
            let _ = answer.send(result);
        }
    }
}

/// A running writer thread. Dropping it waits until all that was asked is answered and the file is closed.
pub(crate) struct Writer {
    requests: Option<Requests>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(file: Arc<ProjectFile>) -> io::Result<Self> {
        let (sender, received) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("paceline-write".into())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                WriterThread {
                    file,
                    requests: received,
                    queue: VecDeque::new(),
                    open: None,
                    one_by_one: 0,
                    stored_at: Instant::now(),
                    follows: false,
                    series_stored_at: Instant::now(),
                }
                .run();
            })?;
        let requests = Requests { sender, waiting: Arc::default() };
        Ok(Self { requests: Some(requests), thread: Some(thread) })
    }

    pub(crate) fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    pub(crate) fn requests(&self) -> Requests {
        self.requests.clone().expect("it is taken only by drop")
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported when it happened.
            let _ = thread.join();
        }
    }
}

struct WriterThread {
    file: Arc<ProjectFile>,
    requests: Receiver<Request>,
    /// Taken from the channel, not yet written.
    queue: VecDeque<Request>,
    open: Option<OpenFile>,
    /// So many requests at the head of the queue failed together and are tried each for itself.
    one_by_one: usize,
    stored_at: Instant,
    /// The series index has taken in rows that it may not have stored.
    follows: bool,
    series_stored_at: Instant,
}

struct OpenFile {
    /// Dropped first, so that the connection is the last one of this process and closes the log.
    checkpoints: Checkpoints,
    connection: Connection,
    identity: FileIdentity,
    /// `schema_version` at which the tables were seen to be complete.
    complete_at: Option<i64>,
    shape: Option<Shape>,
}

impl WriterThread {
    fn run(mut self) {
        while self.wait_for_request() {
            self.queue.extend(self.requests.try_iter());
            match self.begin() {
                Ok(()) => self.write_group(),
                Err(error) => {
                    if let Some(mut request) = self.queue.pop_front() {
                        request.answer(Err(error));
                    }
                }
            }
        }
        self.store_heads();
        self.store_series();
    }

    /// Sleeps until there is work, storing what is derived when there is none for a while. False when there will
    /// be no more.
    fn wait_for_request(&mut self) -> bool {
        while self.queue.is_empty() {
            let received = if self.follows || self.file.heads().rows_not_stored() > 0 {
                self.requests.recv_timeout(TIME_BETWEEN_STORES)
            } else {
                self.requests.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            match received {
                Ok(request) => self.queue.push_back(request),
                Err(RecvTimeoutError::Timeout) => {
                    self.store_heads();
                    if self.series_stored_at.elapsed() >= TIME_BETWEEN_STORES_OF_SERIES {
                        self.store_series();
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
        true
    }

    /// Begins a transaction on complete tables, waiting for others as long as somebody in the queue does.
    /// `Busy` is for the first in the queue.
    fn begin(&mut self) -> Result<(), StorageError> {
        let mut backoff = Backoff::new();
        let began = Instant::now();
        let mut warned = false;
        loop {
            match self.try_to_begin() {
                Err(StorageError::Busy { .. }) => {
                    self.open = self.open.take().filter(|open| open.connection.is_autocommit());
                }
                done => {
                    if done.is_err() {
                        self.open = None;
                    }
                    return done;
                }
            }
            let now = Instant::now();
            if let Some(expired) = self
                .queue
                .iter()
                .position(|request| request.give_up_at.is_some_and(|give_up_at| give_up_at <= now))
            {
                let request = self.queue.remove(expired).expect("it was found there");
                self.queue.push_front(request);
                self.one_by_one = 0;
                return Err(StorageError::Busy { project: self.file.location.project.clone() });
            }
            if !warned && began.elapsed() > TIME_TO_WARN {
                warned = true;
                tracing::warn!(
                    project = self.file.location.project,
                    "the file is locked by another program; waiting"
                );
            }
            backoff.pause();
            self.queue.extend(self.requests.try_iter());
        }
    }

    fn try_to_begin(&mut self) -> Result<(), StorageError> {
        let location = &self.file.location;
        let sql = |error| location.explain("begin to write", error);
        let standing = self.file.identity()?;
        let open = match self.open.take().filter(|open| Some(open.identity) == standing) {
            Some(open) => self.open.insert(open),
            None => self.open.insert(OpenFile::open(&self.file)?),
        };
        open.connection.execute_batch("BEGIN IMMEDIATE").map_err(sql)?;
        let schema_version = |connection: &Connection| {
            connection.pragma_query_value(None, "schema_version", |row| row.get::<_, i64>(0)).map_err(sql)
        };
        if open.complete_at != Some(schema_version(&open.connection)?) {
            migrate::complete(&open.connection, location)?;
            open.shape = Some(Shape::of(&open.connection).map_err(sql)?);
            open.complete_at = Some(schema_version(&open.connection)?);
        }
        Ok(())
    }

    /// Writes as many requests as belong together, in the transaction that is begun.
    fn write_group(&mut self) {
        let mut group = self.take_group();
        match self.apply_and_commit(&mut group) {
            Ok(outcomes) => {
                let after = self.take_in(&group, &outcomes);
                for (request, outcome) in group.iter_mut().zip(&outcomes) {
                    count_rows(outcome.appended.rows_stored, outcome.appended.rows_duplicate);
                    request.answer(match outcome.is_unknown_run {
                        false => Ok(outcome.appended),
                        true => Err(request.unknown_run(&self.file.location.project)),
                    });
                }
                self.follow(&group, &outcomes, &after);
                if let Some(OpenFile { checkpoints, connection, .. }) = &mut self.open {
                    checkpoints.tend(connection);
                }
            }
            Err(error) => {
                // Closing rolls back, and what is opened next knows nothing of what failed.
                self.open = None;
                self.file.heads().withdraw_offered();
                match group.pop() {
                    Some(mut only) if group.is_empty() => only.answer(Err(error)),
                    last => {
                        group.extend(last);
                        self.one_by_one = group.len();
                        for request in group.into_iter().rev() {
                            self.queue.push_front(request);
                        }
                    }
                }
            }
        }
    }

    fn take_group(&mut self) -> Vec<Request> {
        if self.one_by_one > 0 || self.queue.front().is_some_and(|request| request.work.stands_alone()) {
            self.one_by_one = self.one_by_one.saturating_sub(1);
            return self.queue.pop_front().into_iter().collect();
        }
        let mut rows = 0;
        let fitting = self.queue.iter().take_while(|request| {
            let fits = rows < ROWS_PER_TRANSACTION && !request.work.stands_alone();
            rows += request.work.row_count();
            fits
        });
        let count = fitting.count();
        self.queue.drain(..count).collect()
    }

    /// What became of each request.
    fn apply_and_commit(&mut self, group: &mut [Request]) -> Result<Vec<Outcome>, StorageError> {
        let sql = |error| self.file.location.explain("store rows", error);
        let connection = &self.open.as_ref().expect("the transaction was begun on it").connection;
        let outcomes: Vec<Outcome> = group
            .iter_mut()
            .map(|request| request.work.apply(connection, &self.file.location))
            .collect::<Result<_, _>>()?;
        if outcomes.iter().any(|outcome| outcome.is_withdrawn) {
            return connection.execute_batch("ROLLBACK").map(|()| outcomes).map_err(sql);
        }
        if let Some(draft) = self.draft_heads(group, &outcomes) {
            self.file.heads().offer(draft);
        }
        let mut backoff = Backoff::new();
        let began = Instant::now();
        loop {
            match connection.execute_batch("COMMIT") {
                Ok(()) => return Ok(outcomes),
                Err(error) if is_busy(&error) && began.elapsed() < COMMIT_PATIENCE => backoff.pause(),
                Err(error) => return Err(sql(error)),
            }
        }
    }

    /// The heads with the rows of a large transaction that is about to be committed: made without the lock that
    /// readers wait for.
    fn draft_heads(&self, group: &[Request], outcomes: &[Outcome]) -> Option<Draft> {
        let OpenFile { connection, identity, shape: Some(shape), .. } = self.open.as_ref()? else {
            return None;
        };
        let rows: usize = group.iter().map(|request| request.work.row_count()).sum();
        let first_id = outcomes.iter().filter_map(|outcome| outcome.first_id).min()?;
        let mut draft = (rows >= ROWS_WORTH_A_DRAFT).then(|| self.file.heads().draft(*identity))??;
        let taken = draft.heads.absorb_committed(connection, shape, *identity, first_id, committed(group));
        taken.ok().map(|()| draft)
    }

    /// Takes the committed rows into the heads. Gives where the runs stand for a series index that keeps up.
    fn take_in(&mut self, group: &[Request], outcomes: &[Outcome]) -> HashMap<String, Position> {
        let Some(OpenFile { connection, identity, shape: Some(shape), .. }) = &self.open else {
            return HashMap::new();
        };
        let Some(first_id) = outcomes.iter().filter_map(|outcome| outcome.first_id).min() else {
            return HashMap::new();
        };
        let mut heads = self.file.heads();
        if !heads.publish_offered()
            && let Err(error) =
                heads.absorb_committed(connection, shape, *identity, first_id, committed(group))
        {
            heads.doubt();
            tracing::debug!(project = self.file.location.project, %error, "heads are behind");
        }
        if self.file.series.keeps_up { positions_after(&heads, group) } else { HashMap::new() }
    }

    /// Takes the committed rows into the series index, and stores what is derived when it is time.
    fn follow(&mut self, group: &[Request], outcomes: &[Outcome], after: &HashMap<String, Position>) {
        let Some(OpenFile { connection, identity, shape: Some(shape), .. }) = &self.open else { return };
        if let Some(table) = shape.metrics.filter(|_| !after.is_empty()) {
            let batches: Vec<_> = group.iter().flat_map(|request| request.work.batches()).collect();
            self.follows = true;
            self.file.series.follow(RowsOfProject { connection, table, file: *identity }, &batches, after);
        }
        // Samples of the machine bring no rows, and may leave no idle second either.
        let rows_not_stored = self.file.heads().rows_not_stored();
        let is_due = rows_not_stored >= ROWS_BETWEEN_STORES
            || (rows_not_stored > 0 && self.stored_at.elapsed() >= TIME_BETWEEN_STORES);
        if is_due || outcomes.iter().any(|outcome| outcome.ended) {
            self.store_heads();
        }
    }

    /// Stores what the series index has taken in, if its file is free now.
    fn store_series(&mut self) {
        if std::mem::take(&mut self.follows) {
            self.series_stored_at = Instant::now();
            self.file.store_series();
        }
    }

    /// Stores the heads if the file is free now; the next time comes soon.
    fn store_heads(&mut self) {
        self.stored_at = Instant::now();
        let Some(OpenFile { connection, identity, .. }) = &self.open else { return };
        if let Err(error) = self.file.store_heads(connection, *identity) {
            tracing::debug!(project = self.file.location.project, %error, "heads are not stored");
            if !is_busy(&error) {
                self.open = None;
            }
        }
    }
}

/// The rows of these requests as the heads take them.
fn committed(group: &[Request]) -> impl Iterator<Item = CommittedRows<'_>> {
    group.iter().flat_map(|request| request.work.batches()).map(Prepared::committed)
}

/// Where the runs of these requests stand now.
fn positions_after(heads: &Heads, group: &[Request]) -> HashMap<String, Position> {
    let batches = group.iter().flat_map(|request| request.work.batches());
    batches
        .filter_map(|batch| {
            let run = heads.runs().get(batch.run_id())?;
            Some((batch.run_id().to_owned(), Position::of(&run.heads)))
        })
        .collect()
}

impl OpenFile {
    /// Opens the file, making it where it is missing.
    fn open(file: &ProjectFile) -> Result<Self, StorageError> {
        create_file(&file.location.path)?;
        let identity = file
            .identity()?
            .ok_or_else(|| StorageError::ProjectNotFound { project: file.location.project.clone() })?;
        let connection = open_writer(&file.location, file.durability)
            .map_err(|error| file.location.explain("open it to write", error))?;
        migrate::keep_copy_of_legacy(&connection, &file.location)?;
        let checkpoints = Checkpoints::take_over(&connection, &file.location);
        Ok(Self { checkpoints, connection, identity, complete_at: None, shape: None })
    }
}
