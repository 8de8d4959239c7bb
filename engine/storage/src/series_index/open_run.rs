//! A run in memory: the rows that are in no stored block yet, and how far it was taken in.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use paceline_schema::{Timestamp, Value, rank_of};
use paceline_series::StepResolver;
use paceline_series::columns::{Block, Tail};

use super::failure::IndexFailure;
use super::memory::Share;
use super::seal::Place;
use super::side_file::SideConnection;
use super::state::{Position, RunState, TrackState};
use super::tables::{self, StoredRun};
use crate::connection::FileIdentity;
use crate::turns::offer_turn;

/// A run that takes rows in.
#[derive(Debug, Default)]
pub(crate) struct OpenRun {
    pub(crate) position: Position,
    /// Checksum of the newest row as it stands in the table.
    last_row: u32,
    last_time: Timestamp,
    tracks: BTreeMap<u32, Track>,
    /// What the side file holds of it, as far as this process knows.
    stored: Option<Stored>,
    /// Rows that the side file does not hold.
    pub(crate) rows_not_stored: u64,
    /// Its memory as it was last counted.
    pub(crate) share: Share,
}

#[derive(Debug)]
struct Stored {
    file: FileIdentity,
    rid: i64,
    position: Position,
    /// Names of its metrics, and their numbers.
    metrics: Vec<String>,
}

/// The rows of one rank.
#[derive(Debug, Clone, Default)]
struct Track {
    resolver: StepResolver,
    /// Full blocks of the side file, and their rows.
    stored_blocks: u32,
    stored_rows: u64,
    /// A block that is not full follows them in the side file.
    has_stored_partial: bool,
    /// Full, not stored.
    full: Vec<Arc<Block>>,
    tail: Arc<Tail>,
}

/// One row as it is taken in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowToTake<'a> {
    pub(crate) id: i64,
    /// When it was logged, if it says.
    pub(crate) time: Option<Timestamp>,
    pub(crate) step: i64,
    pub(crate) metrics: &'a [(String, Value)],
    /// [`checksum_of_row`].
    pub(crate) checksum: u32,
}

/// The rows of one rank at one moment, for readers.
#[derive(Debug, Clone)]
pub(crate) struct TrackMoment {
    /// The blocks of the side file that count.
    pub(crate) stored: TrackState,
    pub(crate) full: Vec<Arc<Block>>,
    pub(crate) tail: Option<Arc<Tail>>,
}

/// What tells a row from another one under its id: run, step, and what stands in it.
pub(crate) fn checksum_of_row(run_id: &str, step: i64, metrics: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(run_id.as_bytes());
    hasher.update(&step.to_le_bytes());
    hasher.update(metrics);
    hasher.finalize()
}

impl OpenRun {
    /// Goes on with a run of the side file.
    pub(crate) fn load(side: &SideConnection, stored: StoredRun) -> Result<Self, IndexFailure> {
        let SideConnection { connection, file } = side;
        let StoredRun { rid, state } = stored;
        let mut tracks = BTreeMap::new();
        for track in &state.tracks {
            let partial = tables::blocks(connection, rid, track, track.full_blocks)?.pop();
            let tail = match &partial {
                Some(block) => Tail::decode(&block.load(connection, &state.metrics)?)?,
                None => Tail::new(track.rows),
            };
            let loaded = Track {
                resolver: track.resolver,
                stored_blocks: track.full_blocks,
                stored_rows: tail.first_row(),
                has_stored_partial: partial.is_some(),
                full: Vec::new(),
                tail: Arc::new(tail),
            };
            tracks.insert(track.rank, loaded);
        }
        Ok(Self {
            position: state.position,
            last_row: state.last_row,
            last_time: state.last_time,
            tracks,
            stored: Some(Stored { file: *file, rid, position: state.position, metrics: state.metrics }),
            ..Self::default()
        })
    }

    /// Checksum of the newest row.
    pub(crate) fn last_row(&self) -> u32 {
        self.last_row
    }

    /// Takes the next row in.
    pub(crate) fn take(&mut self, row: RowToTake<'_>) {
        let RowToTake { id, time, step, metrics, checksum } = row;
        offer_turn();
        if self.position.rows == 0 {
            self.position.first_id = id;
        }
        self.position.last_id = id;
        self.position.rows += 1;
        self.rows_not_stored += 1;
        self.last_row = checksum;
        self.last_time = time.unwrap_or(self.last_time);
        let track = self.tracks.entry(rank_of(metrics)).or_default();
        let step = track.resolver.resolve(step, metrics).step;
        let tail = Arc::make_mut(&mut track.tail);
        tail.absorb(id, self.last_time, step, metrics);
        if tail.is_full() {
            track.cut();
        }
    }

    /// Makes blocks of all tails, full or not, to free their memory.
    pub(crate) fn cut(&mut self) {
        self.tracks.values_mut().for_each(Track::cut);
    }

    /// Full blocks that wait to be stored.
    pub(crate) fn full_blocks(&self) -> usize {
        self.tracks.values().map(|track| track.full.len()).sum()
    }

    /// Ranks that log into it.
    pub(crate) fn tracks(&self) -> usize {
        self.tracks.len()
    }

    /// About the memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        let block_bytes = |block: &Arc<Block>| -> usize {
            block.metrics.iter().map(|metric| metric.values.len()).sum::<usize>() + block.times.len()
        };
        let track_bytes = |track: &Track| {
            size_of::<Track>() + track.tail.bytes() + track.full.iter().map(block_bytes).sum::<usize>()
        };
        size_of::<Self>() + self.tracks.values().map(track_bytes).sum::<usize>()
    }

    /// Its rows at this moment, and the file and number they are stored under.
    pub(crate) fn moment(&self) -> (Option<(FileIdentity, i64)>, Vec<TrackMoment>) {
        let tracks = self.tracks.iter().map(|(rank, track)| TrackMoment {
            stored: TrackState {
                rank: *rank,
                resolver: track.resolver,
                rows: track.stored_rows,
                full_blocks: track.stored_blocks,
                has_partial: false,
            },
            full: track.full.clone(),
            tail: Some(Arc::clone(&track.tail)),
        });
        (self.stored.as_ref().map(|stored| (stored.file, stored.rid)), tracks.collect())
    }

    /// Writes what is not stored, inside the caller's transaction; [`Self::written`] takes note when that is
    /// committed.
    ///
    /// Fails with `Moved` when somebody else has moved the run on: this one is to be dropped.
    pub(crate) fn write(&self, side: &SideConnection, run_id: &str) -> Result<Written, IndexFailure> {
        let SideConnection { connection, file } = side;
        let standing = match tables::stored_run(connection, run_id) {
            Err(failure) if failure.is_damage() && self.stored.is_none() => {
                tables::delete_by_id(connection, run_id)?;
                None
            }
            found => found?,
        };
        let (rid, mut metrics) = match (&self.stored, standing) {
            (Some(stored), Some(standing))
                if stored.file == *file
                    && stored.rid == standing.rid
                    && stored.position == standing.state.position =>
            {
                (stored.rid, stored.metrics.clone())
            }
            (None, Some(standing)) if standing.state.position.first_id != self.position.first_id => {
                tables::delete_run(connection, standing.rid)?;
                (tables::insert_run(connection, run_id)?, Vec::new())
            }
            (None, None) => (tables::insert_run(connection, run_id)?, Vec::new()),
            (Some(_), Some(_) | None) | (None, Some(_)) => return Err(IndexFailure::Moved),
        };
        let mut numbers: HashMap<String, u32> = metrics.iter().cloned().zip(0..).collect();
        let mut number_of = |name: &str| {
            numbers.get(name).copied().unwrap_or_else(|| {
                let number = metrics.len() as u32;
                metrics.push(name.to_owned());
                numbers.insert(name.to_owned(), number);
                number
            })
        };
        let mut tracks = Vec::with_capacity(self.tracks.len());
        for (rank, track) in &self.tracks {
            let mut state = TrackState {
                rank: *rank,
                resolver: track.resolver,
                rows: track.tail.first_row() + track.tail.rows() as u64,
                full_blocks: track.stored_blocks,
                has_partial: track.tail.rows() > 0,
            };
            if track.has_stored_partial {
                let place = Place { rid, rank: *rank, number: track.stored_blocks };
                let rows = tables::rows_of_partial(connection, place)?;
                if track.full.is_empty() && rows == track.tail.rows() as u64 {
                    tracks.push(state);
                    continue;
                }
                tables::delete_partial(connection, place)?;
            }
            for block in &track.full {
                let place = Place { rid, rank: *rank, number: state.full_blocks };
                tables::write_block(connection, place, block, &mut number_of)?;
                state.full_blocks += 1;
            }
            if let Some(partial) = track.tail.encode() {
                let place = Place { rid, rank: *rank, number: state.full_blocks };
                tables::write_block(connection, place, &partial, &mut number_of)?;
            }
            tracks.push(state);
        }
        let state = RunState {
            position: self.position,
            last_row: self.last_row,
            last_time: self.last_time,
            metrics,
            tracks,
        };
        tables::write_state(connection, rid, &state)?;
        Ok(Written { file: *file, rid, state })
    }

    /// What was written is committed.
    pub(crate) fn written(&mut self, written: Written) {
        let Written { file, rid, state } = written;
        for stored in &state.tracks {
            let Some(track) = self.tracks.get_mut(&stored.rank) else { continue };
            track.full.clear();
            track.stored_blocks = stored.full_blocks;
            track.stored_rows = track.tail.first_row();
            track.has_stored_partial = stored.has_partial;
        }
        self.rows_not_stored = 0;
        self.stored = Some(Stored { file, rid, position: state.position, metrics: state.metrics });
    }
}

/// What became of [`OpenRun::write`].
#[derive(Debug)]
pub(crate) struct Written {
    file: FileIdentity,
    rid: i64,
    state: RunState,
}

impl Track {
    /// Makes a full block of the tail.
    fn cut(&mut self) {
        if let Some(mut block) = self.tail.encode() {
            block.head.partial = false;
            self.full.push(Arc::new(block));
            self.tail = Arc::new(self.tail.after());
        }
    }
}
