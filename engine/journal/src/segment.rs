//! One file of records: allocated and mapped ahead, written by plain stores, read by the drainer.
//!
//! ```text
//! 0    magic "PACELJ01"
//! 8    version u32, number u32
//! 16   nonce u64
//! 24   reserved
//! 32   done u64      bytes committed; written by the drainer alone
//! 40   sealed u64    highest bit and the bytes there are, once no more will come; written by the owner alone
//! 4096 records
//! ```

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::record::{HEAD_BYTES, record_bytes};

const MAGIC: &[u8; 8] = b"PACELJ01";
const VERSION: u32 = 1;
/// Records begin here, on a page of their own.
pub(crate) const RECORDS_OFFSET: usize = 4096;
const DONE_OFFSET: u64 = 32;
const SEALED_OFFSET: u64 = 40;
const SEALED_BIT: u64 = 1 << 63;

/// File systems on which a mapping of one host is not seen by another, or not at all.
const WITHOUT_SHARED_MAPPINGS: [i64; 6] = [
    0x6969,      // NFS
    0x6573_5546, // FUSE
    0x0102_1997, // 9p
    0xff53_4d42, // CIFS
    0xfe53_4d42, // SMB 2
    0x0bd0_0bd0, // Lustre
];

/// A segment being written by this process.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) number: u32,
    file: File,
    store: Store,
    capacity: usize,
    end: usize,
}

#[derive(Debug)]
enum Store {
    Mapped(Mapping),
    /// No shared mappings here: the same bytes by `pwrite`.
    Written,
}

#[derive(Debug)]
struct Mapping {
    start: NonNull<u8>,
    length: usize,
}

#[allow(unsafe_code, reason = "the mapping is owned by one segment and has no thread affinity")]
// SAFETY: the memory is reached through `&mut Segment` only, but for `done`, which is atomic.
unsafe impl Send for Mapping {}

impl Segment {
    /// Makes a segment with `capacity` bytes for records, its pages allocated and present.
    pub(crate) fn create(path: &Path, number: u32, nonce: u64, capacity: usize) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
        let result = Self::prepare(&file, number, nonce, capacity);
        match result {
            Ok(store) => Ok(Self { number, file, store, capacity, end: 0 }),
            Err(error) => {
                // A segment without its space is of no use to the drainer either.
                let _ = std::fs::remove_file(path);
                Err(error)
            }
        }
    }

    fn prepare(file: &File, number: u32, nonce: u64, capacity: usize) -> io::Result<Store> {
        let length = RECORDS_OFFSET + capacity;
        let allocated = allocate(file, length)?;
        let mut head = [0; 24];
        head[0..8].copy_from_slice(MAGIC);
        head[8..12].copy_from_slice(&VERSION.to_le_bytes());
        head[12..16].copy_from_slice(&number.to_le_bytes());
        head[16..24].copy_from_slice(&nonce.to_le_bytes());
        file.write_all_at(&head, 0)?;
        if allocated && has_shared_mappings(file) {
            Mapping::new(file, length).map(Store::Mapped)
        } else {
            Ok(Store::Written)
        }
    }

    /// Whether a record with this body fits.
    pub(crate) fn has_room(&self, body: &[u8]) -> bool {
        self.end + record_bytes(body) <= self.capacity
    }

    /// Publishes a record that fits. When this returns, the record survives the process.
    #[inline]
    pub(crate) fn append(&mut self, head: &[u8; HEAD_BYTES], body: &[u8]) -> io::Result<()> {
        let at = RECORDS_OFFSET + self.end;
        match &self.store {
            Store::Mapped(mapping) => mapping.publish(at, head, body),
            Store::Written => {
                let mut record = Vec::with_capacity(record_bytes(body));
                record.extend_from_slice(head);
                record.extend_from_slice(body);
                self.file.write_all_at(&record, at as u64)?;
            }
        }
        self.end += record_bytes(body);
        Ok(())
    }

    /// Bytes of records so far.
    pub(crate) fn end(&self) -> u64 {
        self.end as u64
    }

    /// No more records will come into this segment.
    pub(crate) fn seal(&self) {
        let sealed = self.end() | SEALED_BIT;
        match &self.store {
            Store::Mapped(mapping) => mapping.word(SEALED_OFFSET).store(sealed.to_le(), Ordering::Release),
            // Without the mark the drainer goes on to the next segment once this process has ended.
            Store::Written => drop(self.file.write_all_at(&sealed.to_le_bytes(), SEALED_OFFSET)),
        }
    }

    /// Bytes the drainer has committed.
    pub(crate) fn done(&self) -> u64 {
        match &self.store {
            Store::Mapped(mapping) => mapping.word(DONE_OFFSET).load(Ordering::Acquire).to_le(),
            Store::Written => read_word(&self.file, DONE_OFFSET).unwrap_or(0),
        }
    }
}

/// Reserves the blocks, so that a full disk is an error here and never a signal at a store. `false` when
/// the file system cannot reserve.
fn allocate(file: &File, length: usize) -> io::Result<bool> {
    #[allow(unsafe_code, reason = "the standard library cannot reserve blocks")]
    // SAFETY: plain system call on an open descriptor.
    let status = unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, length as libc::off_t) };
    if status == 0 {
        return Ok(true);
    }
    let error = io::Error::last_os_error();
    if matches!(error.raw_os_error(), Some(libc::EOPNOTSUPP | libc::ENOSYS)) { Ok(false) } else { Err(error) }
}

fn has_shared_mappings(file: &File) -> bool {
    #[allow(unsafe_code, reason = "the standard library does not name file systems")]
    // SAFETY: `statfs` fills the zeroed structure on success; its fields are plain integers.
    let (status, info) = unsafe {
        let mut info: libc::statfs = std::mem::zeroed();
        (libc::fstatfs(file.as_raw_fd(), &raw mut info), info)
    };
    #[allow(clippy::unnecessary_cast, reason = "the field's type differs between C libraries")]
    let magic = info.f_type as i64 & 0xffff_ffff;
    status == 0 && !WITHOUT_SHARED_MAPPINGS.contains(&magic)
}

impl Mapping {
    fn new(file: &File, length: usize) -> io::Result<Self> {
        #[allow(
            unsafe_code,
            reason = "a shared mapping is what makes an append one copy without a system call"
        )]
        // SAFETY: a fresh mapping of our own file at an address of the kernel's choice.
        let start = unsafe {
            let start = libc::mmap(
                std::ptr::null_mut(),
                length,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                0,
            );
            if start == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            // A forked child must not hold the parent's journal; without effect on correctness if refused.
            libc::madvise(start, length, libc::MADV_DONTFORK);
            start.cast::<u8>()
        };
        let mapping = Self { start: NonNull::new(start).ok_or(io::ErrorKind::OutOfMemory)?, length };
        mapping.populate();
        Ok(mapping)
    }

    /// Makes every page present and writable, so that an append meets no page fault while the file system
    /// commits.
    fn populate(&self) {
        const MADV_POPULATE_WRITE: libc::c_int = 23;
        #[allow(unsafe_code, reason = "see above")]
        // SAFETY: the range is our mapping; the kernel only touches its pages.
        let status = unsafe { libc::madvise(self.start.as_ptr().cast(), self.length, MADV_POPULATE_WRITE) };
        if status != 0 {
            // Kernels before 5.14: write the zero that stands there already into each page of records.
            for offset in (RECORDS_OFFSET..self.length).step_by(4096) {
                #[allow(unsafe_code, reason = "see above")]
                // SAFETY: inside the mapping, and no record has been published yet.
                unsafe {
                    self.start.as_ptr().add(offset).write_volatile(0);
                }
            }
        }
    }

    #[inline]
    fn publish(&self, at: usize, head: &[u8; HEAD_BYTES], body: &[u8]) {
        debug_assert!(at + HEAD_BYTES + body.len() <= self.length && at.is_multiple_of(8));
        let mut first = [0; 8];
        first.copy_from_slice(&head[..8]);
        #[allow(unsafe_code, reason = "see above")]
        // SAFETY: the caller checked the room; this process alone writes here, and readers look only after
        // the length is there, which the release store publishes after everything else.
        unsafe {
            let target = self.start.as_ptr().add(at);
            std::ptr::copy_nonoverlapping(head[8..].as_ptr(), target.add(8), HEAD_BYTES - 8);
            std::ptr::copy_nonoverlapping(body.as_ptr(), target.add(HEAD_BYTES), body.len());
            AtomicU64::from_ptr(target.cast()).store(u64::from_ne_bytes(first), Ordering::Release);
        }
    }

    fn word(&self, offset: u64) -> &AtomicU64 {
        #[allow(unsafe_code, reason = "see above")]
        // SAFETY: offsets of the head are multiples of 8 inside the first page; other processes write the
        // word with stores of the same size.
        unsafe {
            AtomicU64::from_ptr(self.start.as_ptr().add(offset as usize).cast())
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        #[allow(unsafe_code, reason = "see above")]
        // SAFETY: the mapping is ours and nothing refers to it any more.
        unsafe {
            libc::munmap(self.start.as_ptr().cast(), self.length);
        }
    }
}

fn read_word(file: &File, offset: u64) -> io::Result<u64> {
    let mut word = [0; 8];
    file.read_exact_at(&mut word, offset)?;
    Ok(u64::from_le_bytes(word))
}

/// A segment seen by the drainer, through the file.
#[derive(Debug)]
pub(crate) struct SegmentReader {
    file: File,
    pub(crate) nonce: u64,
}

impl SegmentReader {
    /// Opens a segment; `None` when its head was never written.
    pub(crate) fn open(path: &Path) -> io::Result<Option<Self>> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let mut head = [0; 24];
        match file.read_exact_at(&mut head, 0) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let version = head[8..].first_chunk().copied().map_or(0, u32::from_le_bytes);
        let nonce = head[16..].first_chunk().copied().map_or(0, u64::from_le_bytes);
        Ok((head[0..8] == *MAGIC && version == VERSION).then_some(Self { file, nonce }))
    }

    pub(crate) fn done(&self) -> io::Result<u64> {
        read_word(&self.file, DONE_OFFSET)
    }

    pub(crate) fn set_done(&self, done: u64) -> io::Result<()> {
        self.file.write_all_at(&done.to_le_bytes(), DONE_OFFSET)
    }

    /// Where the owner sealed it; `None` while more may come.
    pub(crate) fn sealed(&self) -> io::Result<Option<u64>> {
        read_word(&self.file, SEALED_OFFSET)
            .map(|word| (word & SEALED_BIT != 0).then_some(word & !SEALED_BIT))
    }

    /// Reads up to `buffer.len()` bytes of records from `position`; fewer at the end of the file.
    pub(crate) fn read(&self, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.file.read_at(&mut buffer[filled..], RECORDS_OFFSET as u64 + position + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}
