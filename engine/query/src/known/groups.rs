//! The groups of the rows of many runs, held from one request to the next: pages ask each second for the same runs.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use paceline_storage::{Extent, Reader, RowsOf, StorageError};

use crate::row_groups::RowGroups;

/// Memory that all of them may take together, about; those asked for longest ago go first.
const MOST_BYTES: usize = 32 << 20;

/// Whose rows, and which of their keys count.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Whose {
    file: String,
    run_id: String,
    kind: RowsOf,
    scalar_only: bool,
}

/// The groups of the runs that were asked for.
#[derive(Default)]
pub(crate) struct KnownGroups(Mutex<Shelf>);

#[derive(Default)]
struct Shelf {
    known: HashMap<Whose, Place>,
    /// Counts the requests.
    clock: u64,
    bytes: usize,
}

struct Place {
    known: Arc<Mutex<Known>>,
    bytes: usize,
    used: u64,
}

/// The groups of the rows of one run, as far as they were read.
#[derive(Default)]
struct Known {
    groups: RowGroups,
    extent: Extent,
    /// Each time stands in the form that sorts as it reads, so later rows find their places.
    grows: bool,
}

impl KnownGroups {
    /// The ids of the rows of a run that stand for all of them, at most `most`, by time.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn select(
        &self,
        reader: &Reader<'_>,
        run_id: &str,
        kind: RowsOf,
        scalar_only: bool,
        most: usize,
    ) -> Result<Vec<i64>, StorageError> {
        let whose = Whose { file: reader.file_identity(), run_id: run_id.to_owned(), kind, scalar_only };
        let known = self.shelf().take(&whose);
        // Others who ask for this run wait, and need not read the same rows.
        let mut known = known.lock().unwrap_or_else(|poisoned| {
            let mut left_behind = poisoned.into_inner();
            *left_behind = Known::default();
            left_behind
        });
        let extent = reader.extent(kind, run_id)?;
        if let Some(ids) = known.select(extent, most) {
            return Ok(ids);
        }
        if known.is_older_than(extent) && known.grow(reader, &whose, extent)? {
            self.shelf().weigh(&whose, known.groups.bytes());
            if let Some(ids) = known.select(extent, most) {
                return Ok(ids);
            }
        }
        let read = Known::read(reader, &whose, extent)?;
        let ids = read.groups.select(most, i64::MAX).unwrap_or_default();
        // A snapshot older than what is known has no use for later ones.
        if known.extent.last_id <= extent.last_id || known.extent.first_id != extent.first_id {
            *known = read;
            self.shelf().weigh(&whose, known.groups.bytes());
        }
        Ok(ids)
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn take(&mut self, whose: &Whose) -> Arc<Mutex<Known>> {
        self.clock += 1;
        let place = self.known.entry(whose.clone()).or_insert_with(|| Place {
            known: Arc::default(),
            bytes: 0,
            used: 0,
        });
        place.used = self.clock;
        Arc::clone(&place.known)
    }

    /// Notes what a run takes now, and makes room.
    fn weigh(&mut self, whose: &Whose, bytes: usize) {
        let Some(place) = self.known.get_mut(whose) else { return };
        self.bytes = self.bytes - place.bytes + bytes;
        place.bytes = bytes;
        while self.bytes > MOST_BYTES {
            let longest_ago = self.known.iter().min_by_key(|(_, place)| place.used);
            let Some(whose) = longest_ago.map(|(whose, _)| whose.clone()) else { return };
            self.bytes -= self.known.remove(&whose).map_or(0, |place| place.bytes);
        }
    }
}

impl Known {
    /// The choice, where what is known are the rows of this extent, or more that came after them.
    fn select(&self, extent: Extent, most: usize) -> Option<Vec<i64>> {
        let beyond = self.groups.rows_beyond(extent.last_id)?;
        let is_same = self.extent.first_id == extent.first_id
            && self.extent.last_id >= extent.last_id
            && self.extent.rows.checked_sub(beyond) == Some(extent.rows);
        if is_same { self.groups.select(most, extent.last_id) } else { None }
    }

    fn is_older_than(&self, extent: Extent) -> bool {
        self.grows
            && self.extent.first_id == extent.first_id
            && self.extent.last_id < extent.last_id
            && self.extent.rows < extent.rows
    }

    /// Takes in the rows that came since; false when that cannot be done.
    fn grow(&mut self, reader: &Reader<'_>, whose: &Whose, extent: Extent) -> Result<bool, StorageError> {
        let (mut rows, mut fits) = (0, true);
        let (known, newest) = (self.extent.last_id, extent.last_id);
        let read = reader.sortable_rows_by_id(whose.kind, &whose.run_id, known, newest, |row, sorts| {
            rows += 1;
            fits = sorts && self.groups.insert(&row);
            if fits { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        if read.is_ok() && fits && self.extent.rows + rows == extent.rows {
            self.extent = extent;
            return Ok(true);
        }
        // Half of them may be in.
        *self = Self::default();
        read.map(|()| false)
    }

    fn read(reader: &Reader<'_>, whose: &Whose, extent: Extent) -> Result<Self, StorageError> {
        let mut known = Self { groups: RowGroups::new(whose.scalar_only), extent, grows: true };
        reader.sortable_rows_by_time(whose.kind, &whose.run_id, |row, sorts| {
            known.groups.push(&row);
            known.grows &= sorts;
            ControlFlow::Continue(())
        })?;
        Ok(known)
    }
}
