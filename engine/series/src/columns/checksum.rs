//! The checksum that every blob ends with, and what is said of one that is damaged.

use std::fmt;

/// Bytes of the checksum.
const LENGTH: usize = 4;

/// A blob is not what was encoded; whoever keeps it builds it again from the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damaged {
    /// What is wrong with it.
    pub reason: &'static str,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a part of the series index is damaged: {}", self.reason)
    }
}

impl std::error::Error for Damaged {}

/// Ends `bytes` with their checksum.
pub(crate) fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

/// What was sealed.
pub(crate) fn open(bytes: &[u8]) -> Result<&[u8], Damaged> {
    let cut = bytes.len().checked_sub(LENGTH).ok_or(Damaged { reason: "a blob is too short" })?;
    let (content, sum) = bytes.split_at(cut);
    if crc32fast::hash(content).to_le_bytes() != sum {
        return Err(Damaged { reason: "a checksum does not fit" });
    }
    Ok(content)
}
