//! What a caller wants stored, and the form the writer takes it in.

use std::ops::Range;

use paceline_schema::event::RunKey;
use paceline_schema::values::write_metrics;
use paceline_schema::{Event, Metrics, Timestamp};

use crate::heads::{CommittedRow, CommittedRows};
use crate::traces::{self, Trace};
use crate::turns::offer_turn;

/// Bytes of one metric as JSON, about: the first guess at the room a batch needs.
const BYTES_PER_METRIC: usize = 36;

/// Events of one run, to be applied in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The run.
    pub run: RunKey,
    /// What happened to it.
    pub events: Vec<Event>,
}

/// What became of the rows, samples and alerts of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Appended {
    /// Stored now.
    pub rows_stored: u64,
    /// There already, by their `log_id`.
    pub rows_duplicate: u64,
}

impl Appended {
    /// Counts one row more.
    pub(crate) fn count(&mut self, is_new: bool) {
        if is_new {
            self.rows_stored += 1;
        } else {
            self.rows_duplicate += 1;
        }
    }
}

/// A batch with its rows already written as JSON, by the caller's thread and outside any transaction.
pub(crate) struct Prepared {
    batch: Batch,
    /// Only for a run that has rows, and under the name that it has then.
    of_known_run: bool,
    /// One for each row and sample of the batch, in their order.
    rows: Vec<PreparedRow>,
    json: Vec<u8>,
    times: String,
}

/// Where the texts of a row are, and what became of it.
pub(crate) struct PreparedRow {
    json: Range<usize>,
    time: Range<usize>,
    /// What was logged in it and is kept in a table of its own.
    pub(crate) traces: Vec<Trace>,
    /// Id and step the writer gave it, when it is stored.
    pub(crate) stored: Option<(i64, i64)>,
}

impl Prepared {
    pub(crate) fn new(mut batch: Batch) -> Self {
        let rows = || batch.events.iter().filter_map(row_of);
        let metrics: usize = rows().map(|(_, metrics)| metrics.len()).sum();
        let mut prepared = Vec::with_capacity(batch.events.len());
        let mut json = Vec::with_capacity(metrics * BYTES_PER_METRIC);
        let mut times = String::new();
        for event in &mut batch.events {
            offer_turn();
            let mut traces = Vec::new();
            if let Event::Row(row) = event {
                traces = traces::take(&mut row.metrics, &batch.run.id, row.log_id.as_deref());
            }
            let Some((row_time, metrics)) = row_of(event) else { continue };
            let (json_start, time_start) = (json.len(), times.len());
            write_metrics(metrics.iter().map(|(key, value)| (key.as_str(), value)), &mut json);
            row_time.write_text(&mut times);
            prepared.push(PreparedRow {
                json: json_start..json.len(),
                time: time_start..times.len(),
                traces,
                stored: None,
            });
        }
        Self { batch, of_known_run: false, rows: prepared, json, times }
    }

    /// The same only for a run that has rows when they are stored.
    pub(crate) fn of_known_run(run_id: &str, events: Vec<Event>) -> Self {
        let run = RunKey { id: run_id.to_owned(), name: run_id.to_owned() };
        Self { of_known_run: true, ..Self::new(Batch { run, events }) }
    }

    /// Nothing of it is stored where the run has no rows.
    pub(crate) fn is_of_known_run(&self) -> bool {
        self.of_known_run
    }

    /// Rows and samples in it.
    pub(crate) fn row_count(&self) -> usize {
        self.rows.len()
    }

    /// Id of the run it is of.
    pub(crate) fn run_id(&self) -> &str {
        &self.batch.run.id
    }

    /// The run it is of.
    pub(crate) fn run_mut(&mut self) -> &mut RunKey {
        &mut self.batch.run
    }

    /// The run, its events, and the rows among them with their texts.
    pub(crate) fn parts(&mut self) -> (&RunKey, &[Event], &mut [PreparedRow], Texts<'_>) {
        let texts = Texts { json: &self.json, times: &self.times };
        (&self.batch.run, &self.batch.events, &mut self.rows, texts)
    }

    /// The rows that are stored now.
    pub(crate) fn committed(&self) -> CommittedRows<'_> {
        let texts = Texts { json: &self.json, times: &self.times };
        let prepared = self.batch.events.iter().filter(|event| row_of(event).is_some()).zip(&self.rows);
        CommittedRows {
            run_id: &self.batch.run.id,
            run_name: &self.batch.run.name,
            rows: Box::new(prepared.filter_map(move |(event, prepared)| match (event, prepared.stored) {
                (Event::Row(row), Some((id, step))) => Some(CommittedRow {
                    id,
                    time: row.time,
                    step,
                    metrics: &row.metrics,
                    json: texts.json(prepared),
                    log_id: row.log_id.as_deref(),
                }),
                _ => None,
            })),
        }
    }
}

/// Time and values of an event that becomes a row of `metrics` or `system_metrics`.
fn row_of(event: &Event) -> Option<(Timestamp, &Metrics)> {
    match event {
        Event::Row(row) => Some((row.time, &row.metrics)),
        Event::System(sample) => Some((sample.time, &sample.metrics)),
        Event::Start(_)
        | Event::Config { .. }
        | Event::Summary { .. }
        | Event::Alert(_)
        | Event::Console(_)
        | Event::Environment(_)
        | Event::End(_) => None,
    }
}

/// The texts of the rows of one batch.
#[derive(Clone, Copy)]
pub(crate) struct Texts<'a> {
    json: &'a [u8],
    times: &'a str,
}

impl<'a> Texts<'a> {
    pub(crate) fn json(self, row: &PreparedRow) -> &'a [u8] {
        &self.json[row.json.clone()]
    }

    pub(crate) fn time(self, row: &PreparedRow) -> &'a str {
        &self.times[row.time.clone()]
    }
}
