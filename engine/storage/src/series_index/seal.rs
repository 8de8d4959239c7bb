//! Checksums that know where a blob belongs: one that stands in the place of another is as damaged as one with
//! a flipped bit.

use crc32fast::Hasher;

use super::failure::IndexFailure;

/// Bytes of the checksum.
const LENGTH: usize = 4;

/// What a blob is of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part<'a> {
    /// The state of the whole run.
    Run,
    /// The head of a block.
    Block,
    /// Which metrics a block has.
    Metrics,
    /// Ids of the rows of a block.
    Ids,
    /// Their steps.
    Steps,
    /// Their times.
    Times,
    /// The head of a metric's chunk.
    Chunk(&'a str),
    /// Its values.
    Values(&'a str),
    /// Its rollup.
    Rollup(&'a str),
}

impl Part<'_> {
    fn key(&self) -> (u8, &str) {
        match self {
            Self::Run => (0, ""),
            Self::Block => (1, ""),
            Self::Metrics => (2, ""),
            Self::Ids => (3, ""),
            Self::Steps => (4, ""),
            Self::Times => (5, ""),
            Self::Chunk(name) => (6, name),
            Self::Values(name) => (7, name),
            Self::Rollup(name) => (8, name),
        }
    }
}

/// Where a blob belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) rid: i64,
    pub(crate) rank: u32,
    /// Of the block; 0 for what is of the whole run.
    pub(crate) number: u32,
}

impl Place {
    /// `bytes` with their checksum at the end.
    pub(crate) fn seal(self, part: Part<'_>, mut bytes: Vec<u8>) -> Vec<u8> {
        let sum = self.checksum(part, &bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// What was sealed for this place.
    pub(crate) fn open<'a>(self, part: Part<'_>, sealed: &'a [u8]) -> Result<&'a [u8], IndexFailure> {
        let (bytes, sum) =
            sealed.split_last_chunk::<LENGTH>().ok_or(IndexFailure::damage("a blob is too short"))?;
        if self.checksum(part, bytes) != u32::from_le_bytes(*sum) {
            return Err(IndexFailure::damage("a checksum does not fit"));
        }
        Ok(bytes)
    }

    fn checksum(self, part: Part<'_>, bytes: &[u8]) -> u32 {
        let (kind, name) = part.key();
        let mut hasher = Hasher::new();
        hasher.update(bytes);
        hasher.update(&[kind]);
        hasher.update(name.as_bytes());
        hasher.update(&self.rid.to_le_bytes());
        hasher.update(&self.rank.to_le_bytes());
        hasher.update(&self.number.to_le_bytes());
        hasher.finalize()
    }
}
