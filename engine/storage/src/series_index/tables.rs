//! Blocks of runs in the tables of the side file, written and read.

use paceline_series::columns::{Block, BlockHead, ChunkHead, MetricBlock, MetricChunk};
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};

use super::failure::IndexFailure;
use super::seal::{Part, Place};
use super::state::{RunState, TrackState};
use crate::turns::offer_turn;

/// A blob up to this length stands beside its head, not in `data`.
const SHORT_BYTES: usize = 128;

/// A run as the side file holds it.
#[derive(Debug, Clone)]
pub(crate) struct StoredRun {
    pub(crate) rid: i64,
    pub(crate) state: RunState,
}

/// The run, if the file has it.
pub(crate) fn stored_run(connection: &Connection, run_id: &str) -> Result<Option<StoredRun>, IndexFailure> {
    let found: Option<(i64, Vec<u8>)> = connection
        .prepare_cached("SELECT rid, state FROM run WHERE run_id = ?1")?
        .query_row([run_id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((rid, state)) = found else { return Ok(None) };
    Ok(Some(StoredRun { rid, state: RunState::decode(rid, &state)? }))
}

/// Number and id of every run of the file.
pub(crate) fn all_runs(connection: &Connection) -> rusqlite::Result<Vec<(i64, String)>> {
    let mut statement = connection.prepare_cached("SELECT rid, run_id FROM run")?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Makes room for a run that the file does not have; its number.
pub(crate) fn insert_run(connection: &Connection, run_id: &str) -> rusqlite::Result<i64> {
    connection.prepare_cached("INSERT INTO run (run_id, state) VALUES (?1, x'')")?.insert([run_id])
}

/// Stores what goes on from the blocks of a run.
pub(crate) fn write_state(connection: &Connection, rid: i64, state: &RunState) -> rusqlite::Result<()> {
    let mut update = connection.prepare_cached("UPDATE run SET state = ?2 WHERE rid = ?1")?;
    update.execute(params![rid, state.encode(rid)]).map(drop)
}

/// Deletes a run with all its blocks.
pub(crate) fn delete_run(connection: &Connection, rid: i64) -> rusqlite::Result<()> {
    for (table, column) in [("block", "ids"), ("block", "steps"), ("block", "times"), ("chunk", "content")] {
        let sql = format!(
            "DELETE FROM data WHERE id IN (SELECT {column} FROM {table} WHERE rid = ?1 \
             AND typeof({column}) = 'integer')"
        );
        connection.prepare_cached(&sql)?.execute([rid])?;
    }
    for table in ["block", "chunk", "roll", "run"] {
        connection.prepare_cached(&format!("DELETE FROM {table} WHERE rid = ?1"))?.execute([rid])?;
    }
    Ok(())
}

/// The same for one whose state cannot be read.
pub(crate) fn delete_by_id(connection: &Connection, run_id: &str) -> rusqlite::Result<()> {
    let rid = connection
        .prepare_cached("SELECT rid FROM run WHERE run_id = ?1")?
        .query_row([run_id], |row| row.get(0))
        .optional()?;
    rid.map_or(Ok(()), |rid| delete_run(connection, rid))
}

/// Gives up to `most` free pages back to the disk, inside the caller's transaction; how many it were.
pub(crate) fn give_back_pages(connection: &Connection, most: usize) -> rusqlite::Result<usize> {
    let mut vacuum = connection.prepare_cached(&format!("PRAGMA incremental_vacuum({most})"))?;
    let mut given = vacuum.query([])?;
    let mut count = 0;
    while given.next()?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// Rows of the block of a track that is not full, which must be there.
pub(crate) fn rows_of_partial(connection: &Connection, place: Place) -> Result<u64, IndexFailure> {
    Ok(block(connection, place)?.head.rows.into())
}

/// Deletes the block of a track that is not full, which must be there.
pub(crate) fn delete_partial(connection: &Connection, place: Place) -> Result<(), IndexFailure> {
    let block = block(connection, place)?;
    let delete_content = |content: &Content| -> rusqlite::Result<()> {
        let Content::Number(number) = content else { return Ok(()) };
        connection.prepare_cached("DELETE FROM data WHERE id = ?1")?.execute([number]).map(drop)
    };
    let Place { rid, rank, number } = block.place;
    for metric in block.metrics() {
        let mut select = connection.prepare_cached(
            "DELETE FROM chunk WHERE rid = ?1 AND rank = ?2 AND metric = ?3 AND number = ?4 RETURNING content",
        )?;
        let mut deleted = select.query(params![rid, rank, metric, number])?;
        let row = deleted.next()?.ok_or(IndexFailure::damage("a chunk is missing"))?;
        let content = Content::read(row, 0)?;
        drop(deleted);
        delete_content(&content)?;
        connection
            .prepare_cached("DELETE FROM roll WHERE rid = ?1 AND rank = ?2 AND metric = ?3 AND number = ?4")?
            .execute(params![rid, rank, metric, number])?;
    }
    for content in [&block.ids, &block.steps, &block.times] {
        delete_content(content)?;
    }
    connection
        .prepare_cached("DELETE FROM block WHERE rid = ?1 AND rank = ?2 AND number = ?3")?
        .execute(params![rid, rank, number])?;
    Ok(())
}

/// Stores a block under the next number of its track. `number_of` gives the number of a metric.
pub(crate) fn write_block(
    connection: &Connection,
    place: Place,
    block: &Block,
    mut number_of: impl FnMut(&str) -> u32,
) -> rusqlite::Result<()> {
    let mut metrics = Vec::new();
    for MetricChunk { name, head, values, rollup } in &block.metrics {
        offer_turn();
        let metric = number_of(name);
        set_bit(&mut metrics, metric);
        let content = Content::of(connection, place.seal(Part::Values(name), values.clone()))?;
        let head = place.seal(Part::Chunk(name), chunk_head(head, rollup.is_some()));
        let mut insert = connection.prepare_cached(
            "INSERT INTO chunk (rid, rank, metric, number, head, content) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        insert.raw_bind_parameter(1, place.rid)?;
        insert.raw_bind_parameter(2, place.rank)?;
        insert.raw_bind_parameter(3, metric)?;
        insert.raw_bind_parameter(4, place.number)?;
        insert.raw_bind_parameter(5, head)?;
        content.bind(&mut insert, 6)?;
        insert.raw_execute()?;
        if let Some(rollup) = rollup {
            let content = place.seal(Part::Rollup(name), rollup.clone());
            connection
                .prepare_cached(
                    "INSERT INTO roll (rid, rank, metric, number, content) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![place.rid, place.rank, metric, place.number, content])?;
        }
    }
    let columns = [
        Content::of(connection, place.seal(Part::Ids, block.ids.clone()))?,
        Content::of(connection, place.seal(Part::Steps, block.steps.clone()))?,
        Content::of(connection, place.seal(Part::Times, block.times.clone()))?,
    ];
    let mut insert = connection.prepare_cached(
        "INSERT INTO block (rid, rank, number, head, metrics, ids, steps, times) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    insert.raw_bind_parameter(1, place.rid)?;
    insert.raw_bind_parameter(2, place.rank)?;
    insert.raw_bind_parameter(3, place.number)?;
    insert.raw_bind_parameter(4, place.seal(Part::Block, block.head.encode()))?;
    insert.raw_bind_parameter(5, place.seal(Part::Metrics, metrics))?;
    for (parameter, content) in (6..).zip(columns) {
        content.bind(&mut insert, parameter)?;
    }
    insert.raw_execute().map(drop)
}

/// The head of a chunk, and whether it has a rollup.
fn chunk_head(head: &ChunkHead, has_rollup: bool) -> Vec<u8> {
    let mut bytes = head.encode();
    bytes.push(u8::from(has_rollup));
    bytes
}

/// A blob, where it stands.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// Under this number in `data`.
    Number(i64),
    /// Beside its head.
    Short(Vec<u8>),
}

impl Content {
    /// Stores it in `data` unless it is short.
    fn of(connection: &Connection, bytes: Vec<u8>) -> rusqlite::Result<Self> {
        if bytes.len() <= SHORT_BYTES {
            return Ok(Self::Short(bytes));
        }
        let mut insert = connection.prepare_cached("INSERT INTO data (content) VALUES (?1)")?;
        insert.insert([bytes]).map(Self::Number)
    }

    fn bind(&self, statement: &mut CachedStatement<'_>, parameter: usize) -> rusqlite::Result<()> {
        match self {
            Self::Number(number) => statement.raw_bind_parameter(parameter, number),
            Self::Short(bytes) => statement.raw_bind_parameter(parameter, bytes),
        }
    }

    fn read(row: &Row<'_>, column: usize) -> Result<Self, IndexFailure> {
        match row.get_ref(column)? {
            ValueRef::Integer(number) => Ok(Self::Number(number)),
            ValueRef::Blob(bytes) => Ok(Self::Short(bytes.to_vec())),
            ValueRef::Null | ValueRef::Real(_) | ValueRef::Text(_) => {
                Err(IndexFailure::damage("a blob is of another type"))
            }
        }
    }

    /// The blob that was sealed for this place.
    pub(crate) fn fetch(
        &self,
        connection: &Connection,
        place: Place,
        part: Part<'_>,
    ) -> Result<Vec<u8>, IndexFailure> {
        offer_turn();
        let open = |bytes: &[u8]| place.open(part, bytes).map(<[u8]>::to_vec);
        match self {
            Self::Short(bytes) => open(bytes),
            Self::Number(number) => {
                let mut select = connection.prepare_cached("SELECT content FROM data WHERE id = ?1")?;
                let mut rows = select.query([number])?;
                let row = rows.next()?.ok_or(IndexFailure::damage("a blob is missing"))?;
                let bytes = row.get_ref(0)?.as_blob();
                open(bytes.map_err(|_| IndexFailure::damage("a blob is of another type"))?)
            }
        }
    }
}

/// A block of a track without its blobs.
#[derive(Debug, Clone)]
pub(crate) struct StoredBlock {
    pub(crate) place: Place,
    pub(crate) head: BlockHead,
    /// Numbers of its metrics, a bit for each.
    metrics: Vec<u8>,
    pub(crate) ids: Content,
    pub(crate) steps: Content,
    pub(crate) times: Content,
}

impl StoredBlock {
    fn read(row: &Row<'_>, rid: i64, rank: u32) -> Result<Self, IndexFailure> {
        let place = Place { rid, rank, number: row.get(0)? };
        let head = BlockHead::decode(place.open(Part::Block, blob(row, 1)?)?)?;
        let metrics = place.open(Part::Metrics, blob(row, 2)?)?.to_vec();
        let [ids, steps, times] = [Content::read(row, 3)?, Content::read(row, 4)?, Content::read(row, 5)?];
        Ok(Self { place, head, metrics, ids, steps, times })
    }

    /// Whether any of its rows has the metric.
    pub(crate) fn has(&self, metric: u32) -> bool {
        self.metrics.get(metric as usize / 8).is_some_and(|byte| byte & (1 << (metric % 8)) != 0)
    }

    /// Numbers of its metrics.
    fn metrics(&self) -> impl Iterator<Item = u32> {
        (0..self.metrics.len() as u32 * 8).filter(|metric| self.has(*metric))
    }

    /// All of it.
    pub(crate) fn load(&self, connection: &Connection, names: &[String]) -> Result<Block, IndexFailure> {
        let mut metrics = Vec::new();
        for metric in self.metrics() {
            let name = names.get(metric as usize).ok_or(IndexFailure::damage("a metric has no name"))?;
            let chunk = chunk(connection, self, metric, name)?;
            metrics.push(MetricChunk {
                name: name.clone(),
                head: chunk.head.chunk,
                values: chunk.content.fetch(connection, self.place, Part::Values(name))?,
                // A block is loaded to go on with its values.
                rollup: None,
            });
        }
        Ok(Block {
            head: self.head,
            ids: self.ids.fetch(connection, self.place, Part::Ids)?,
            steps: self.steps.fetch(connection, self.place, Part::Steps)?,
            times: self.times.fetch(connection, self.place, Part::Times)?,
            metrics,
        })
    }
}

/// One block, which must be there.
fn block(connection: &Connection, place: Place) -> Result<StoredBlock, IndexFailure> {
    let mut select = connection.prepare_cached(
        "SELECT number, head, metrics, ids, steps, times FROM block \
         WHERE rid = ?1 AND rank = ?2 AND number = ?3",
    )?;
    let mut rows = select.query(params![place.rid, place.rank, place.number])?;
    let row = rows.next()?.ok_or(IndexFailure::damage("a block is missing"))?;
    StoredBlock::read(row, place.rid, place.rank)
}

/// The blocks of a track with numbers from `from` on, as many as its state says.
pub(crate) fn blocks(
    connection: &Connection,
    rid: i64,
    track: &TrackState,
    from: u32,
) -> Result<Vec<StoredBlock>, IndexFailure> {
    let mut select = connection.prepare_cached(
        "SELECT number, head, metrics, ids, steps, times FROM block \
         WHERE rid = ?1 AND rank = ?2 AND number >= ?3 AND number < ?4 ORDER BY number",
    )?;
    let mut rows = select.query(params![rid, track.rank, from, track.blocks()])?;
    let mut blocks = Vec::new();
    while let Some(row) = rows.next()? {
        offer_turn();
        blocks.push(StoredBlock::read(row, rid, track.rank)?);
    }
    let follow = blocks
        .windows(2)
        .all(|two| two[0].head.first_row + u64::from(two[0].head.rows) == two[1].head.first_row);
    let end = blocks.last().map_or(0, |block| block.head.first_row + u64::from(block.head.rows));
    let starts = from > 0 || blocks.first().is_none_or(|block| block.head.first_row == 0);
    if blocks.len() != (track.blocks() - from) as usize || !follow || !starts || end != track.rows {
        return Err(IndexFailure::damage("blocks of a run are missing"));
    }
    Ok(blocks)
}

/// A chunk of a metric without its blobs.
#[derive(Debug, Clone)]
pub(crate) struct StoredChunk {
    pub(crate) place: Place,
    pub(crate) head: MetricBlock,
    pub(crate) content: Content,
    pub(crate) has_rollup: bool,
}

impl StoredChunk {
    fn read(row: &Row<'_>, column: usize, block: &StoredBlock, name: &str) -> Result<Self, IndexFailure> {
        let opened = block.place.open(Part::Chunk(name), blob(row, column)?)?;
        let (has_rollup, head) = opened.split_last().ok_or(IndexFailure::damage("the head of a chunk"))?;
        Ok(Self {
            place: block.place,
            head: MetricBlock { block: block.head, chunk: ChunkHead::decode(head)? },
            content: Content::read(row, column + 1)?,
            has_rollup: *has_rollup == 1,
        })
    }

    /// The rollup, where there is one.
    pub(crate) fn fetch_rollup(
        &self,
        connection: &Connection,
        metric: u32,
        name: &str,
    ) -> Result<Option<Vec<u8>>, IndexFailure> {
        if !self.has_rollup {
            return Ok(None);
        }
        let mut select = connection.prepare_cached(
            "SELECT content FROM roll WHERE rid = ?1 AND rank = ?2 AND metric = ?3 AND number = ?4",
        )?;
        let Place { rid, rank, number } = self.place;
        let mut rows = select.query(params![rid, rank, metric, number])?;
        let row = rows.next()?.ok_or(IndexFailure::damage("a rollup is missing"))?;
        let bytes = self.place.open(Part::Rollup(name), blob(row, 0)?)?;
        Ok(Some(bytes.to_vec()))
    }
}

/// The chunks of a metric, one for each of `blocks` that has it.
pub(crate) fn chunks(
    connection: &Connection,
    blocks: &[StoredBlock],
    metric: u32,
    name: &str,
) -> Result<Vec<StoredChunk>, IndexFailure> {
    let Some(first) = blocks.first().map(|block| block.place) else { return Ok(Vec::new()) };
    let mut select = connection.prepare_cached(
        "SELECT number, head, content FROM chunk WHERE rid = ?1 AND rank = ?2 AND metric = ?3 ORDER BY number",
    )?;
    let mut rows = select.query(params![first.rid, first.rank, metric])?;
    let mut chunks = Vec::with_capacity(blocks.len());
    for block in blocks.iter().filter(|block| block.has(metric)) {
        offer_turn();
        let row = rows.next()?.ok_or(IndexFailure::damage("a chunk is missing"))?;
        if row.get::<_, u32>(0)? != block.place.number {
            return Err(IndexFailure::damage("a chunk is missing"));
        }
        chunks.push(StoredChunk::read(row, 1, block, name)?);
    }
    Ok(chunks)
}

/// The chunk of a metric in one block.
fn chunk(
    connection: &Connection,
    block: &StoredBlock,
    metric: u32,
    name: &str,
) -> Result<StoredChunk, IndexFailure> {
    let mut select = connection.prepare_cached(
        "SELECT head, content FROM chunk WHERE rid = ?1 AND rank = ?2 AND metric = ?3 AND number = ?4",
    )?;
    let Place { rid, rank, number } = block.place;
    let mut rows = select.query(params![rid, rank, metric, number])?;
    let row = rows.next()?.ok_or(IndexFailure::damage("a chunk is missing"))?;
    StoredChunk::read(row, 0, block, name)
}

fn blob<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a [u8], IndexFailure> {
    row.get_ref(column)?.as_blob().map_err(|_| IndexFailure::damage("a blob is of another type"))
}

fn set_bit(bits: &mut Vec<u8>, place: u32) {
    let byte = place as usize / 8;
    if bits.len() <= byte {
        bits.resize(byte + 1, 0);
    }
    bits[byte] |= 1 << (place % 8);
}
