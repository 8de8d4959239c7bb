//! Rows of a table into batches of columns.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_array::builder::{Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use paceline_storage::Cell;

use super::super::json;
use super::super::shape::{Member, SeenMembers, is_column_name};
use super::super::tables::{EXTRA, Kind, Table};
use super::column::Column;
use super::extra::ExtraWriter;

/// Keys beyond so many have no column of their own.
const MAX_COLUMNS: usize = 2_000;

/// A structural column on its way into a file.
enum Structural {
    Integer(Int64Builder),
    Text(StringBuilder),
    Json(StringBuilder),
}

/// Takes rows apart.
pub(crate) struct RowWriter {
    table: &'static Table,
    schema: SchemaRef,
    structural: Vec<Structural>,
    members: Vec<Member>,
    columns: Vec<Column>,
    places: HashMap<String, usize>,
    /// For each column the entry of the present row that belongs to it, counted from 1.
    entry_of: Vec<u32>,
    extra: ExtraWriter,
    extras: StringBuilder,
    rows: usize,
}

/// Which keys get a column, of those seen in this order: nothing that another column is called or that no reader could
/// name.
pub(crate) fn choose_columns(table: &Table, members: impl Iterator<Item = Member>) -> Vec<Member> {
    let mut taken: HashSet<String> = table.selected().into_iter().map(str::to_owned).collect();
    taken.insert(EXTRA.to_owned());
    let fits = members.filter(|member| is_column_name(&member.name) && taken.insert(member.name.clone()));
    fits.take(MAX_COLUMNS).collect()
}

impl RowWriter {
    /// For rows of `table` whose object has these columns.
    pub(crate) fn new(table: &'static Table, members: &[Member]) -> Self {
        let structural = table.columns.iter().map(|(_, kind)| match kind {
            Kind::Integer => Structural::Integer(Int64Builder::new()),
            Kind::Text => Structural::Text(StringBuilder::new()),
            Kind::Json => Structural::Json(StringBuilder::new()),
        });
        let places = members.iter().enumerate().map(|(place, member)| (member.name.clone(), place));
        Self {
            table,
            schema: schema(table, members),
            structural: structural.collect(),
            columns: members.iter().map(|member| Column::new(&member.shape)).collect(),
            places: places.collect(),
            entry_of: vec![0; members.len()],
            members: members.to_vec(),
            extra: ExtraWriter::default(),
            extras: StringBuilder::new(),
            rows: 0,
        }
    }

    pub(crate) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Rows appended since the last batch.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes of text in them.
    pub(crate) fn text_bytes(&self) -> usize {
        let structural = self.structural.iter().map(|column| match column {
            Structural::Integer(_) => 0,
            Structural::Text(values) | Structural::Json(values) => values.values_slice().len(),
        });
        let columns = self.columns.iter().map(Column::text_bytes);
        structural.chain(columns).sum::<usize>() + self.extras.values_slice().len()
    }

    /// Appends a row; `cells` are those of [`Table::selected`]. The keys of its object are `seen` then.
    pub(crate) fn append<'a>(&mut self, cells: impl Fn(usize) -> Cell<'a>, seen: &mut SeenMembers) {
        for (place, column) in self.structural.iter_mut().enumerate() {
            let cell = cells(place);
            if !append_structural(column, cell) {
                self.extra.column(self.table.columns[place].0, cell);
            }
        }
        if let Some(object) = self.table.object {
            let cell = cells(self.structural.len());
            if !self.append_object(cell, seen) {
                self.extra.column(object, cell);
                self.columns.iter_mut().for_each(Column::append_null);
            }
        }
        self.extras.append_option(self.extra.take());
        self.rows += 1;
    }

    /// False, and nothing is appended, where it is no object whose keys are all different.
    fn append_object(&mut self, cell: Cell<'_>, seen: &mut SeenMembers) -> bool {
        let (Cell::Text(json) | Cell::Blob(json)) = cell else { return false };
        let Some(entries) = std::str::from_utf8(json).ok().and_then(json::entries) else { return false };
        seen.add(&entries);
        self.entry_of.fill(0);
        let mut unknown: Vec<&str> = Vec::new();
        let (mut expected, mut is_in_order) = (0, true);
        for (number, (key, _)) in (1..).zip(&entries) {
            let place = match self.members.get(expected) {
                Some(member) if member.name == *key => Some(expected),
                _ => self.places.get(key.as_ref()).copied(),
            };
            match place {
                Some(place) => {
                    if self.entry_of[place] > 0 {
                        return false;
                    }
                    is_in_order &= place >= expected && unknown.is_empty();
                    self.entry_of[place] = number;
                    expected = place + 1;
                }
                None => {
                    if unknown.contains(&key.as_ref()) {
                        return false;
                    }
                    unknown.push(key);
                }
            }
        }
        for (column, number) in self.columns.iter_mut().zip(&self.entry_of) {
            let Some((key, value)) = number.checked_sub(1).and_then(|index| entries.get(index as usize))
            else {
                column.append_null();
                continue;
            };
            if !column.append(value) {
                self.extra.value(key, value);
            }
        }
        for (key, value) in entries.iter().filter(|(key, _)| unknown.contains(&key.as_ref())) {
            self.extra.value(key, value);
        }
        if !is_in_order {
            self.extra.order(entries.iter().map(|(key, _)| key.as_ref()));
        }
        true
    }

    /// What was appended since the last call.
    pub(crate) fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        let structural = self.structural.iter_mut().map(|column| -> ArrayRef {
            match column {
                Structural::Integer(values) => Arc::new(values.finish()),
                Structural::Text(values) | Structural::Json(values) => Arc::new(values.finish()),
            }
        });
        let mut arrays: Vec<ArrayRef> = structural.collect();
        arrays.extend(self.columns.iter_mut().map(Column::take));
        arrays.push(Arc::new(self.extras.finish()));
        self.rows = 0;
        RecordBatch::try_new(self.schema(), arrays)
    }
}

/// What a file of a table has, with these columns of its object.
pub(crate) fn schema(table: &Table, members: &[Member]) -> SchemaRef {
    let structural = table.columns.iter().map(|(name, kind)| {
        let data_type = match kind {
            Kind::Integer => DataType::Int64,
            Kind::Text | Kind::Json => DataType::Utf8,
        };
        Field::new(*name, data_type, true)
    });
    let columns = members.iter().map(|member| Field::new(&member.name, member.shape.data_type(), true));
    let extra = std::iter::once(Field::new(EXTRA, DataType::Utf8, true));
    Arc::new(Schema::new(structural.chain(columns).chain(extra).collect::<Vec<_>>()))
}

/// False, and nothing is in its place, where the column's type does not take it.
fn append_structural(column: &mut Structural, cell: Cell<'_>) -> bool {
    match (column, cell) {
        (Structural::Integer(values), Cell::Integer(number)) => values.append_value(number),
        (Structural::Text(values), Cell::Text(bytes))
        | (Structural::Json(values), Cell::Text(bytes) | Cell::Blob(bytes)) => {
            let text = std::str::from_utf8(bytes).ok();
            values.append_option(text);
            return text.is_some();
        }
        (Structural::Integer(values), other) => {
            values.append_null();
            return other == Cell::Null;
        }
        (Structural::Text(values) | Structural::Json(values), other) => {
            values.append_null();
            return other == Cell::Null;
        }
    }
    true
}
