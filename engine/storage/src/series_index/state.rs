//! What is kept of a run beside its blocks: how far its rows were taken in, and what goes on from there.

use paceline_schema::Timestamp;
use paceline_series::{RunHeads, StepResolver};
use serde::{Deserialize, Serialize};

use super::failure::IndexFailure;
use super::seal::{Part, Place};

/// Which rows of a run were taken in. Equal positions are equal rows as long as nobody changes rows in place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// Id of the first row; 0 before there is one.
    pub(crate) first_id: i64,
    /// Id of the newest.
    pub(crate) last_id: i64,
    /// How many there are.
    pub(crate) rows: u64,
}

impl Position {
    /// All rows that these heads tell of.
    pub(crate) fn of(heads: &RunHeads) -> Self {
        Self {
            first_id: heads.first_id().unwrap_or_default(),
            last_id: heads.last_id().unwrap_or_default(),
            rows: heads.rows(),
        }
    }

    /// Rows may have been added to these to come to `later`.
    pub(crate) fn may_become(&self, later: &Self) -> bool {
        self.rows == 0
            || (self.first_id == later.first_id
                && (self == later || (self.rows < later.rows && self.last_id < later.last_id)))
    }
}

/// One track of a run: the rows of one rank.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TrackState {
    pub(crate) rank: u32,
    /// Where the steps of the next rows count from.
    pub(crate) resolver: StepResolver,
    /// Rows in its blocks.
    pub(crate) rows: u64,
    /// Full blocks, numbered from 0.
    pub(crate) full_blocks: u32,
    /// The block after them, which grows on.
    pub(crate) has_partial: bool,
}

impl TrackState {
    /// How many blocks there are.
    pub(crate) fn blocks(&self) -> u32 {
        self.full_blocks + u32::from(self.has_partial)
    }
}

/// A run as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunState {
    pub(crate) position: Position,
    /// Checksum of the newest row as it stands in the table.
    pub(crate) last_row: u32,
    /// Its time, which a row without a time has too.
    pub(crate) last_time: Timestamp,
    /// Names of the metrics; their places number them in the tables.
    pub(crate) metrics: Vec<String>,
    /// By rank.
    pub(crate) tracks: Vec<TrackState>,
}

impl RunState {
    /// The bytes that [`Self::decode`] reads.
    pub(crate) fn encode(&self, rid: i64) -> Vec<u8> {
        let bytes = postcard::to_allocvec(self).expect("plain data in memory always encodes");
        place(rid).seal(Part::Run, bytes)
    }

    pub(crate) fn decode(rid: i64, sealed: &[u8]) -> Result<Self, IndexFailure> {
        let bytes = place(rid).open(Part::Run, sealed)?;
        postcard::from_bytes(bytes).map_err(|_| IndexFailure::damage("the state of a run"))
    }
}

fn place(rid: i64) -> Place {
    Place { rid, rank: 0, number: 0 }
}
