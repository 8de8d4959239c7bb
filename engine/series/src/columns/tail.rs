//! The rows of a track that are in no full block yet.

use std::collections::HashMap;

use paceline_schema::{Timestamp, Value, ValueKinds};

use super::block::{Block, BlockHead, MetricChunk, Span};
use super::checksum::Damaged;
use super::chunk::{self, Chunk, ChunkHead};
use super::names::{kinds_column, number_column};
use super::rollup;
use super::row_numbers::{self, RowNumbers};

/// Rows of a full block.
const FULL_ROWS: usize = 4_096;
/// A tail of this size is full too: runs with very many metrics.
const FULL_BYTES: usize = 8 << 20;
/// Memory of one row and of one metric beside its values.
const ROW_BYTES: usize = 3 * 8;
const METRIC_BYTES: usize = 160;

/// The newest rows of one track, taken in one by one.
#[derive(Debug, Clone, Default)]
pub struct Tail {
    first_row: u64,
    ids: Vec<i64>,
    steps: Vec<i64>,
    times: Vec<i64>,
    metrics: Vec<TailMetric>,
    /// Name → place in `metrics`.
    places: HashMap<String, usize>,
    /// Values of all metrics.
    values: usize,
}

/// One metric of a tail.
#[derive(Debug, Clone)]
struct TailMetric {
    name: String,
    /// Rows of the values; `None` as long as every row from the first on has one.
    rows: Option<Vec<u32>>,
    values: Vec<f64>,
}

/// One value of a tail with its row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TailPoint {
    /// Rows of the track before it.
    pub row: u64,
    /// Training step.
    pub step: i64,
    /// When it was logged.
    pub time: Timestamp,
    /// The value.
    pub value: f64,
}

impl Tail {
    /// An empty tail of a track with `first_row` rows in blocks.
    #[must_use]
    pub fn new(first_row: u64) -> Self {
        Self { first_row, ..Self::default() }
    }

    /// Takes in the next row: its id in the table, when it was logged, its training step, what it holds. Of a
    /// metric that stands twice in a row the last one counts, as in Python; of what is no number only the kinds of
    /// typed objects are kept, see [`Self::points`].
    pub fn absorb(&mut self, id: i64, time: Timestamp, step: i64, metrics: &[(String, Value)]) {
        let row = self.ids.len() as u32;
        self.ids.push(id);
        self.times.push(time.0);
        self.steps.push(step);
        // Rows mostly hold the same metrics in the same order.
        let mut expected = 0;
        for (key, value) in metrics {
            let kinds = ValueKinds::of(value);
            if !kinds.is_empty() {
                self.set(row, &kinds_column(key), Some(kinds.number()));
            }
            let name = number_column(key);
            let known = match self.metrics.get(expected) {
                Some(metric) if metric.name == *name => Some(expected),
                _ => self.places.get(&*name).copied(),
            };
            let place = match (known, value.number()) {
                (None, None) => continue,
                (None, Some(_)) => self.add_metric(&name),
                (Some(place), _) => place,
            };
            expected = place + 1;
            self.set_at(place, row, value.number());
        }
    }

    fn set(&mut self, row: u32, column: &str, value: Option<f64>) {
        let place = self.places.get(column).copied();
        let place = place.unwrap_or_else(|| self.add_metric(column));
        self.set_at(place, row, value);
    }

    fn set_at(&mut self, place: usize, row: u32, value: Option<f64>) {
        let metric = &mut self.metrics[place];
        let before = metric.values.len();
        metric.set(row, value);
        self.values = self.values + metric.values.len() - before;
    }

    fn add_metric(&mut self, name: &str) -> usize {
        let place = self.metrics.len();
        self.metrics.push(TailMetric { name: name.to_owned(), rows: None, values: Vec::new() });
        self.places.insert(name.to_owned(), place);
        place
    }

    /// Rows it holds.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.ids.len()
    }

    /// Rows of the track before it.
    #[must_use]
    pub fn first_row(&self) -> u64 {
        self.first_row
    }

    /// Id of the newest row.
    #[must_use]
    pub fn last_id(&self) -> Option<i64> {
        self.ids.last().copied()
    }

    /// About the memory it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        // A value that some rows lack comes with the number of its row.
        let sparse: usize = self.metrics.iter().filter_map(|metric| metric.rows.as_ref()).map(Vec::len).sum();
        self.ids.len() * ROW_BYTES + self.values * 8 + sparse * 4 + self.metrics.len() * METRIC_BYTES
    }

    /// It is time to make a block of it and to go on with [`Self::after`].
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.ids.len() >= FULL_ROWS || self.ids.len() * ROW_BYTES + self.values * 8 >= FULL_BYTES
    }

    /// The empty tail that follows this one.
    #[must_use]
    pub fn after(&self) -> Self {
        Self::new(self.first_row + self.ids.len() as u64)
    }

    /// Id of a row of the track, if it is one of these.
    #[must_use]
    pub fn id_of(&self, row: u64) -> Option<i64> {
        self.ids.get(usize::try_from(row.checked_sub(self.first_row)?).ok()?).copied()
    }

    /// Its points of one column, [`super::number_column`] or [`super::kinds_column`], in the order they came.
    #[must_use]
    pub fn points(&self, column: &str) -> Vec<TailPoint> {
        let Some(metric) = self.places.get(column).and_then(|place| self.metrics.get(*place)) else {
            return Vec::new();
        };
        let values = metric.values.iter().enumerate();
        let points = values.map(|(point, value)| {
            let row = metric.rows.as_ref().map_or(point, |rows| rows[point] as usize);
            TailPoint {
                row: self.first_row + row as u64,
                step: self.steps[row],
                time: Timestamp(self.times[row]),
                value: *value,
            }
        });
        points.collect()
    }

    /// The block of its rows; `None` when it is empty.
    #[must_use]
    pub fn encode(&self) -> Option<Block> {
        let (first_id, last_id) = (*self.ids.first()?, *self.ids.last()?);
        let head = BlockHead {
            first_row: self.first_row,
            rows: self.ids.len() as u32,
            first_id,
            last_id,
            steps: Span::of(self.steps.iter().copied()),
            times: Span::of(self.times.iter().copied()),
            steps_ascend: self.steps.is_sorted(),
            times_ascend: self.times.is_sorted(),
            partial: !self.is_full(),
        };
        let metrics = self.metrics.iter().filter(|metric| !metric.values.is_empty());
        Some(Block {
            head,
            ids: row_numbers::encode(&self.ids),
            steps: row_numbers::encode(&self.steps),
            times: row_numbers::encode(&self.times),
            metrics: metrics.map(|metric| self.encode_metric(metric)).collect(),
        })
    }

    fn encode_metric(&self, metric: &TailMetric) -> MetricChunk {
        let rows = metric.sparse_rows(self.ids.len());
        let sparse = rows.as_ref().map(|rows| {
            let of = |column: &[i64]| Span::of(rows.iter().map(|row| column[*row as usize]));
            (of(&self.steps), of(&self.times))
        });
        let not_finite = metric.values.iter().filter(|value| !value.is_finite()).count() as u32;
        MetricChunk {
            name: metric.name.clone(),
            head: ChunkHead { points: metric.values.len() as u32, not_finite, sparse },
            values: chunk::encode(rows.as_deref(), &metric.values),
            rollup: rollup::encode(rows.as_deref(), &metric.values),
        }
    }

    /// The tail that `block` was made of, to take in more rows.
    ///
    /// # Errors
    /// When the block is damaged.
    pub fn decode(block: &Block) -> Result<Self, Damaged> {
        let rows = block.head.rows;
        let column = |blob: &[u8]| RowNumbers::open(blob, rows as usize).map(|column| column.to_vec());
        let mut tail = Self::new(block.head.first_row);
        tail.ids = column(&block.ids)?;
        tail.steps = column(&block.steps)?;
        tail.times = column(&block.times)?;
        for metric in &block.metrics {
            let Chunk { rows: places, values } = Chunk::open(&metric.values, metric.head.points, rows)?;
            let place = tail.add_metric(&metric.name);
            tail.metrics[place].rows = places;
            tail.metrics[place].values = values.into_vec();
            tail.values += tail.metrics[place].values.len();
        }
        Ok(tail)
    }
}

impl TailMetric {
    /// The value of the newest row, or that it has none.
    fn set(&mut self, row: u32, value: Option<f64>) {
        if self.newest_row() == Some(row) {
            self.values.pop();
            if let Some(rows) = &mut self.rows {
                rows.pop();
            }
        }
        let Some(value) = value else { return };
        if self.rows.is_none() && self.values.len() as u32 != row {
            self.rows = Some((0..self.values.len() as u32).collect());
        }
        if let Some(rows) = &mut self.rows {
            rows.push(row);
        }
        self.values.push(value);
    }

    fn newest_row(&self) -> Option<u32> {
        match &self.rows {
            Some(rows) => rows.last().copied(),
            None => (self.values.len() as u32).checked_sub(1),
        }
    }

    /// The rows that have a value, where not all of the first `rows` do.
    fn sparse_rows(&self, rows: usize) -> Option<Vec<u32>> {
        if self.values.len() == rows {
            return None;
        }
        Some(self.rows.clone().unwrap_or_else(|| (0..self.values.len() as u32).collect()))
    }
}
