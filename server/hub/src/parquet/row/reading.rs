//! Batches of columns back into rows of a table.

use std::collections::HashMap;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::DataType;
use paceline_schema::values::write_string;
use paceline_storage::Cell;

use super::super::shape::Member;
use super::super::tables::{EXTRA, Kind, Table};
use super::extra::Extra;
use super::text::Values;

/// A structural column of a file.
enum Structural<'a> {
    /// The file lacks it.
    Missing,
    Integer(&'a Int64Array),
    Text(&'a StringArray),
    Json(&'a StringArray),
}

/// Puts the rows of one batch together.
pub(crate) struct RowReader<'a> {
    table: &'static Table,
    structural: Vec<Structural<'a>>,
    columns: Vec<(&'a str, Values<'a>)>,
    places: HashMap<&'a str, usize>,
    extra: Option<&'a StringArray>,
    is_of_peer: bool,
}

impl<'a> RowReader<'a> {
    /// For a batch of a file of `table`; `members` are the columns that we wrote, none in a file of somebody else.
    ///
    /// # Errors
    /// A sentence about a column that cannot be read.
    pub(crate) fn new(
        table: &'static Table,
        members: Option<&[Member]>,
        batch: &'a RecordBatch,
    ) -> Result<Self, String> {
        let schema = batch.schema_ref();
        let named = |name: &str| schema.column_with_name(name).map(|(place, _)| batch.column(place));
        let structural = table.columns.iter().map(|(name, kind)| {
            let Some(array) = named(name) else { return Ok(Structural::Missing) };
            structural(array, *kind)
                .ok_or_else(|| format!("has a column `{name}` of the type {}", array.data_type()))
        });
        let structural = structural.collect::<Result<Vec<_>, _>>()?;
        let mut columns = Vec::new();
        for (field, array) in schema.fields().iter().zip(batch.columns()) {
            if table.object.is_none() || field.name() == EXTRA || table.place(field.name()).is_some() {
                continue;
            }
            let member =
                members.and_then(|members| members.iter().find(|member| member.name == *field.name()));
            let values = match member {
                Some(member) => Values::of_shape(array, &member.shape),
                None => Values::of_type(array, false),
            };
            let values = values.ok_or_else(|| {
                format!("has a column `{}` of the type {}", field.name(), field.data_type())
            })?;
            columns.push((field.name().as_str(), values));
        }
        let places = columns.iter().enumerate().map(|(place, (name, _))| (*name, place)).collect();
        let extra = named(EXTRA).and_then(|array| array.as_string_opt());
        Ok(Self { table, structural, columns, places, extra, is_of_peer: members.is_none() })
    }

    /// Hands out the cells of a row, those of [`Table::selected`].
    ///
    /// # Errors
    /// A sentence about what stands in the row.
    pub(crate) fn row<T>(
        &self,
        place: usize,
        scratch: &mut Vec<u8>,
        take: impl FnOnce(&[Cell<'_>]) -> T,
    ) -> Result<T, String> {
        let extra = match self.extra.filter(|extras| extras.is_valid(place)) {
            Some(extras) => Extra::read(extras.value(place))
                .ok_or_else(|| format!("has something else than our notes in its column `{EXTRA}`"))?,
            None => Extra::default(),
        };
        scratch.clear();
        if self.table.object.is_some() {
            self.write_object(place, &extra, scratch);
        }
        let mut cells: Vec<Cell<'_>> = self.structural.iter().map(|column| column.cell(place)).collect();
        if self.table.object.is_some() {
            cells.push(Cell::Blob(scratch));
        }
        for (name, cell) in &extra.columns {
            let at = self.table.selected().iter().position(|column| column == name);
            let at = at.ok_or_else(|| format!("has a note about a column `{name}` that is not there"))?;
            cells[at] = cell.as_cell();
        }
        Ok(take(&cells))
    }

    /// Of what the peer itself puts into every config, nothing stands for `null` in its files.
    fn is_null_a_value(&self, key: &str) -> bool {
        self.is_of_peer && self.table.object == Some("config") && key.starts_with('_')
    }

    fn write_object(&self, place: usize, extra: &Extra<'_>, out: &mut Vec<u8>) {
        let exact = |key: &str| extra.values.iter().find(|(name, _)| name == key).map(|(_, value)| *value);
        out.push(b'{');
        let member = |key: &str, out: &mut Vec<u8>| {
            if out.len() > 1 {
                out.push(b',');
            }
            write_string(key, out);
            out.push(b':');
        };
        if let Some(order) = &extra.order {
            for key in order {
                member(key, out);
                match (exact(key), self.places.get(key.as_ref())) {
                    (Some(value), _) => out.extend_from_slice(value.as_bytes()),
                    (None, Some(column)) => self.columns[*column].1.write(place, out),
                    (None, None) => out.extend_from_slice(b"null"),
                }
            }
        } else {
            for (key, values) in &self.columns {
                let value = if extra.values.is_empty() { None } else { exact(key) };
                if let Some(value) = value {
                    member(key, out);
                    out.extend_from_slice(value.as_bytes());
                } else if !values.is_null(place) || self.is_null_a_value(key) {
                    member(key, out);
                    values.write(place, out);
                }
            }
            for (key, value) in &extra.values {
                if !self.places.contains_key(key.as_ref()) {
                    member(key, out);
                    out.extend_from_slice(value.as_bytes());
                }
            }
        }
        out.push(b'}');
    }
}

fn structural(array: &ArrayRef, kind: Kind) -> Option<Structural<'_>> {
    Some(match (array.data_type(), kind) {
        (DataType::Null, _) => Structural::Missing,
        (DataType::Int64, Kind::Integer) => Structural::Integer(array.as_primitive::<Int64Type>()),
        (DataType::Utf8, Kind::Text) => Structural::Text(array.as_string()),
        (DataType::Utf8, Kind::Json) => Structural::Json(array.as_string()),
        // The peer's files have no type where every value is null; some readers write a whole number then.
        (DataType::Int32, Kind::Integer | Kind::Text | Kind::Json) if array.null_count() == array.len() => {
            Structural::Missing
        }
        _ => return None,
    })
}

impl Structural<'_> {
    fn cell(&self, place: usize) -> Cell<'_> {
        match self {
            Self::Missing => Cell::Null,
            Self::Integer(values) if values.is_valid(place) => Cell::Integer(values.value(place)),
            Self::Text(values) if values.is_valid(place) => Cell::Text(values.value(place).as_bytes()),
            Self::Json(values) if values.is_valid(place) => Cell::Blob(values.value(place).as_bytes()),
            Self::Integer(_) | Self::Text(_) | Self::Json(_) => Cell::Null,
        }
    }
}
