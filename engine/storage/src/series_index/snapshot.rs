//! The series of some runs at one moment, for charts: heads at hand, blobs fetched when they are needed.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use paceline_series::columns::{Block, MetricBlock, MetricColumns, Tail, TailPoint, number_column};
use rusqlite::Connection;

use super::SeriesIndex;
use super::catch_up::{FailureOfRun, RowsOfProject, Wanted, is_ahead};
use super::failure::{IndexFailure, SeriesUnavailable};
use super::open_run::TrackMoment;
use super::row_scan::checksum_at;
use super::seal::Part;
use super::side_file::SideConnection;
use super::state::Position;
use super::tables::{self, Content, StoredBlock, StoredChunk};

/// Attempts before the rows have to answer: others may move a run on just then.
const ATTEMPTS: usize = 4;

/// The series of some runs, all of one moment; rows that come later are not in it.
///
/// It holds no lock that writers or other readers take, and may be sent to another thread.
pub struct SeriesSnapshot {
    index: Arc<SeriesIndex>,
    /// In a transaction; `None` where nothing of these runs is stored.
    side: Option<SideConnection>,
    runs: HashMap<Arc<str>, RunMoment>,
}

/// One run at that moment.
struct RunMoment {
    rid: i64,
    /// Names of the stored metrics; their places number them.
    metrics: Vec<String>,
    tracks: Vec<TrackMoment>,
    /// The stored blocks of each track, once they were asked for.
    blocks: RefCell<HashMap<u32, Arc<[StoredBlock]>>>,
}

impl SeriesIndex {
    /// The series of these runs as the rows tell them in this snapshot, or a little later where commits are
    /// taken in meanwhile; `newest` tells what the heads say of a run now.
    pub(crate) fn snapshot(
        self: &Arc<Self>,
        rows: RowsOfProject<'_>,
        wanted: &[Wanted],
        newest: impl Fn(&str) -> Option<Position>,
    ) -> Result<SeriesSnapshot, IndexFailure> {
        let mut last = IndexFailure::Moved;
        for _ in 0..ATTEMPTS {
            self.check_files(rows.file);
            let attempt = self.try_snapshot(rows, wanted, &newest).and_then(|(snapshot, behind)| {
                if behind.is_empty() {
                    return Ok(Some(snapshot));
                }
                drop(snapshot);
                self.bring_up(rows, behind, &newest).map(|()| None)
            });
            match attempt {
                Ok(Some(snapshot)) => return Ok(snapshot),
                Ok(None) => {}
                Err(FailureOfRun { run_id, failure }) => {
                    self.mend(&run_id, &failure);
                    if !failure.is_damage() && !matches!(failure, IndexFailure::Moved) {
                        self.warn_of(&failure);
                        return Err(failure);
                    }
                    last = failure;
                }
            }
        }
        Err(last)
    }

    /// What can be had now, and the runs that lack rows.
    fn try_snapshot(
        self: &Arc<Self>,
        rows: RowsOfProject<'_>,
        wanted: &[Wanted],
        newest: &impl Fn(&str) -> Option<Position>,
    ) -> Result<(SeriesSnapshot, Vec<Wanted>), FailureOfRun> {
        let mut snapshot = SeriesSnapshot::empty(self);
        let mut behind = Vec::new();
        let mut stored = Vec::new();
        // What is in memory comes first: the transaction below sees at least what is stored of it.
        for one in wanted {
            let target = Position::of(&one.heads);
            let of_run = |failure: IndexFailure| FailureOfRun { run_id: Arc::clone(&one.run_id), failure };
            let Some(entry) = self.known(&one.run_id) else {
                stored.push((one, None));
                continue;
            };
            let run = entry.lock();
            if run.position.rows == 0 {
                stored.push((one, None));
            } else if run.position == target
                || is_ahead(rows, run.position, target, newest(&one.run_id)).map_err(of_run)?
            {
                stored.push((one, Some(run.moment())));
            } else {
                behind.push(one.clone());
            }
        }
        let run_id = wanted.first().map(|wanted| Arc::clone(&wanted.run_id)).unwrap_or_default();
        snapshot.side = self.begin_to_read().map_err(|failure| FailureOfRun { run_id, failure })?;
        for (one, in_memory) in stored {
            let of_run = |failure: IndexFailure| FailureOfRun { run_id: Arc::clone(&one.run_id), failure };
            let side = snapshot.side.as_ref();
            let moment = match in_memory {
                Some((place, tracks)) => Some(RunMoment::of_memory(side, &one.run_id, place, tracks)),
                None => RunMoment::of_file(rows, side, one).transpose(),
            };
            match moment {
                Some(moment) => {
                    snapshot.runs.insert(Arc::clone(&one.run_id), moment.map_err(of_run)?);
                }
                None => behind.push(one.clone()),
            }
        }
        Ok((snapshot, behind))
    }
}

impl RunMoment {
    /// A run in memory, with the part of it that is stored.
    fn of_memory(
        side: Option<&SideConnection>,
        run_id: &str,
        place: Option<(crate::connection::FileIdentity, i64)>,
        tracks: Vec<TrackMoment>,
    ) -> Result<Self, IndexFailure> {
        let Some((file, rid)) = place else {
            return Ok(Self { rid: 0, metrics: Vec::new(), tracks, blocks: RefCell::default() });
        };
        let side = side.filter(|side| side.file == file).ok_or(IndexFailure::Moved)?;
        let stored = tables::stored_run(&side.connection, run_id)?;
        let stored = stored.filter(|stored| stored.rid == rid).ok_or(IndexFailure::Moved)?;
        Ok(Self { rid, metrics: stored.state.metrics, tracks, blocks: RefCell::default() })
    }

    /// A run as it is stored, if that is what the rows tell.
    fn of_file(
        rows: RowsOfProject<'_>,
        side: Option<&SideConnection>,
        wanted: &Wanted,
    ) -> Result<Option<Self>, IndexFailure> {
        let Some(side) = side else { return Ok(None) };
        let Some(stored) = tables::stored_run(&side.connection, &wanted.run_id)? else { return Ok(None) };
        let position = stored.state.position;
        if position != Position::of(&wanted.heads)
            || checksum_at(rows.connection, rows.table, position.last_id)? != Some(stored.state.last_row)
        {
            return Ok(None);
        }
        let tracks = stored.state.tracks.into_iter();
        let tracks = tracks.map(|stored| TrackMoment { stored, full: Vec::new(), tail: None }).collect();
        Ok(Some(Self { rid: stored.rid, metrics: stored.state.metrics, tracks, blocks: RefCell::default() }))
    }

    /// The stored blocks of a track.
    fn blocks(
        &self,
        connection: &Connection,
        track: &TrackMoment,
    ) -> Result<Arc<[StoredBlock]>, IndexFailure> {
        let rank = track.stored.rank;
        if let Some(blocks) = self.blocks.borrow().get(&rank) {
            return Ok(Arc::clone(blocks));
        }
        let blocks: Arc<[StoredBlock]> = tables::blocks(connection, self.rid, &track.stored, 0)?.into();
        self.blocks.borrow_mut().insert(rank, Arc::clone(&blocks));
        Ok(blocks)
    }
}

impl SeriesSnapshot {
    /// Of no runs.
    pub(crate) fn empty(index: &Arc<SeriesIndex>) -> Self {
        Self { index: Arc::clone(index), side: None, runs: HashMap::new() }
    }

    /// The ranks of a run that have rows, lowest first.
    pub fn ranks(&self, run_id: &str) -> impl Iterator<Item = u32> {
        let tracks = self.runs.get(run_id).map(|run| run.tracks.as_slice()).unwrap_or_default();
        tracks.iter().map(|track| track.stored.rank)
    }

    /// The columns of one metric of one rank of a run; without points where there is none.
    ///
    /// # Errors
    /// When the side file cannot be read, or is damaged: it is built anew for the next one who asks.
    pub fn metric<'a>(
        &'a self,
        run_id: &'a str,
        rank: u32,
        name: &'a str,
    ) -> Result<MetricSeries<'a>, SeriesUnavailable> {
        self.find_column(run_id, rank, number_column(name)).map_err(|failure| self.fail(run_id, failure))
    }

    pub(super) fn find_column<'a>(
        &'a self,
        run_id: &'a str,
        rank: u32,
        name: Cow<'a, str>,
    ) -> Result<MetricSeries<'a>, IndexFailure> {
        let mut series = MetricSeries {
            snapshot: self,
            run_id,
            name,
            number: 0,
            heads: Vec::new(),
            stored: Vec::new(),
            stored_blocks: Arc::default(),
            full: Vec::new(),
            tail: Vec::new(),
        };
        let Some(run) = self.runs.get(run_id) else { return Ok(series) };
        let Some(track) = run.tracks.iter().find(|track| track.stored.rank == rank) else {
            return Ok(series);
        };
        let number = run.metrics.iter().position(|metric| *metric == series.name);
        if let (Some(number), Some(side)) = (number, &self.side) {
            series.number = number as u32;
            series.stored_blocks = run.blocks(&side.connection, track)?;
            series.stored =
                tables::chunks(&side.connection, &series.stored_blocks, series.number, &series.name)?;
            series.heads.extend(series.stored.iter().map(|chunk| chunk.head));
        }
        for block in &track.full {
            let metric = block.metrics.iter().position(|metric| metric.name == series.name);
            let Some(metric) = metric else { continue };
            series.heads.push(MetricBlock { block: block.head, chunk: block.metrics[metric].head });
            series.full.push((block, metric));
        }
        series.tail = track.tail.as_ref().map(|tail| tail.points(&series.name)).unwrap_or_default();
        Ok(series)
    }

    /// The columns of this run make no sense, whoever found out: they are built anew for the next one who asks.
    pub fn distrust(&self, run_id: &str) {
        self.index.mend(run_id, &IndexFailure::damage("its columns make no sense"));
    }

    /// The rows of a rank of a run that are in no block.
    pub(super) fn tail(&self, run_id: &str, rank: u32) -> Option<&Tail> {
        let track = self.runs.get(run_id)?.tracks.iter().find(|track| track.stored.rank == rank)?;
        track.tail.as_deref()
    }

    pub(super) fn fail(&self, run_id: &str, failure: IndexFailure) -> SeriesUnavailable {
        self.index.mend(run_id, &failure);
        failure.into()
    }
}

impl Drop for SeriesSnapshot {
    fn drop(&mut self) {
        if let Some(side) = self.side.take() {
            self.index.end_to_read(side);
        }
    }
}

/// The columns of one metric of one rank of a run.
pub struct MetricSeries<'a> {
    snapshot: &'a SeriesSnapshot,
    run_id: &'a str,
    /// Of the column.
    name: Cow<'a, str>,
    /// The column among those of the run.
    number: u32,
    /// Of the stored chunks, then of the full blocks that are not stored.
    heads: Vec<MetricBlock>,
    stored: Vec<StoredChunk>,
    stored_blocks: Arc<[StoredBlock]>,
    /// Blocks that are not stored, and the place of the metric in each.
    full: Vec<(&'a Arc<Block>, usize)>,
    tail: Vec<TailPoint>,
}

impl MetricSeries<'_> {
    /// What `stored` fetches of a stored chunk, or `full` takes of a block that is in memory.
    fn blob<'b>(
        &'b self,
        place: usize,
        stored: impl FnOnce(&Connection, &StoredChunk) -> Result<Option<Vec<u8>>, IndexFailure>,
        full: impl FnOnce(&'b Block, usize) -> Option<&'b [u8]>,
    ) -> Result<Option<Cow<'b, [u8]>>, SeriesUnavailable> {
        if let Some(chunk) = self.stored.get(place) {
            let side = self.snapshot.side.as_ref().ok_or(IndexFailure::Moved)?;
            let fetched = stored(&side.connection, chunk).map(|bytes| bytes.map(Cow::Owned));
            return fetched.map_err(|failure| self.snapshot.fail(self.run_id, failure));
        }
        let (block, metric) = self.full[place - self.stored.len()];
        Ok(full(block, metric).map(Cow::Borrowed))
    }

    /// A column that all metrics share.
    pub(super) fn column<'b>(
        &'b self,
        place: usize,
        part: Part<'_>,
        stored: impl FnOnce(&StoredBlock) -> &Content,
        full: impl FnOnce(&'b Block) -> &'b [u8],
    ) -> Result<Cow<'b, [u8]>, SeriesUnavailable> {
        let fetch = |connection: &Connection, chunk: &StoredChunk| {
            let block = &self.stored_blocks[chunk.place.number as usize];
            stored(block).fetch(connection, chunk.place, part).map(Some)
        };
        Ok(self.blob(place, fetch, |block, _| Some(full(block)))?.unwrap_or_default())
    }
}

impl MetricColumns for MetricSeries<'_> {
    type Error = SeriesUnavailable;

    fn blocks(&self) -> &[MetricBlock] {
        &self.heads
    }

    fn steps(&self, place: usize) -> Result<Cow<'_, [u8]>, Self::Error> {
        self.column(place, Part::Steps, |block| &block.steps, |block| &block.steps)
    }

    fn times(&self, place: usize) -> Result<Cow<'_, [u8]>, Self::Error> {
        self.column(place, Part::Times, |block| &block.times, |block| &block.times)
    }

    fn values(&self, place: usize) -> Result<Cow<'_, [u8]>, Self::Error> {
        let fetch = |connection: &Connection, chunk: &StoredChunk| {
            chunk.content.fetch(connection, chunk.place, Part::Values(&self.name)).map(Some)
        };
        let values = self.blob(place, fetch, |block, metric| Some(&block.metrics[metric].values))?;
        Ok(values.unwrap_or_default())
    }

    fn rollup(&self, place: usize) -> Result<Option<Cow<'_, [u8]>>, Self::Error> {
        self.blob(
            place,
            |connection, chunk| chunk.fetch_rollup(connection, self.number, &self.name),
            |block, metric| block.metrics[metric].rollup.as_deref(),
        )
    }

    fn tail(&self) -> &[TailPoint] {
        &self.tail
    }
}
