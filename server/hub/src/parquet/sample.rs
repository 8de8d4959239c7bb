//! Rows of any Parquet file as JSON, for a look at a dataset.

use std::fs::File;
use std::path::Path;

use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::{Field, Row};
use serde_json::{Map, Value};

use super::error::ParquetError;

/// The first rows of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct FirstRows {
    /// Names of the columns, in their order.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Map<String, Value>>,
    /// Rows of the whole file.
    pub total_rows: u64,
}

/// Reads the first rows of a file, at most `limit`. Bytes that are no text become their number.
///
/// # Errors
/// When the file cannot be read or is no sound Parquet.
pub fn first_rows(path: &Path, limit: usize) -> Result<FirstRows, ParquetError> {
    let file = File::open(path).map_err(ParquetError::reading(path))?;
    let damaged = ParquetError::damaged(path);
    let reader = SerializedFileReader::new(file).map_err(&damaged)?;
    let head = reader.metadata().file_metadata();
    let columns = head.schema().get_fields().iter().map(|field| field.name().to_owned()).collect();
    let total_rows = u64::try_from(head.num_rows()).unwrap_or(0);
    let mut rows = Vec::new();
    for row in reader.get_row_iter(None).map_err(&damaged)?.take(limit) {
        rows.push(object(&row.map_err(&damaged)?));
    }
    Ok(FirstRows { columns, rows, total_rows })
}

fn object(row: &Row) -> Map<String, Value> {
    row.get_column_iter().map(|(name, field)| (name.clone(), value(field))).collect()
}

fn value(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(is_true) => Value::Bool(*is_true),
        Field::Byte(number) => Value::from(*number),
        Field::Short(number) => Value::from(*number),
        Field::Int(number) | Field::Date(number) | Field::TimeMillis(number) => Value::from(*number),
        Field::Long(number)
        | Field::TimeMicros(number)
        | Field::TimestampMillis(number)
        | Field::TimestampMicros(number) => Value::from(*number),
        Field::UByte(number) => Value::from(*number),
        Field::UShort(number) => Value::from(*number),
        Field::UInt(number) => Value::from(*number),
        Field::ULong(number) => Value::from(*number),
        Field::Float16(number) => Value::from(f32::from(*number)),
        Field::Float(number) => Value::from(*number),
        Field::Double(number) => Value::from(*number),
        Field::Decimal(_) => Value::String(field.to_string()),
        Field::Str(text) => Value::String(text.clone()),
        Field::Bytes(bytes) => match bytes.as_utf8() {
            Ok(text) => Value::String(text.to_owned()),
            Err(_) => Value::from(bytes.len()),
        },
        Field::Group(row) => Value::Object(object(row)),
        Field::ListInternal(list) => list.elements().iter().map(value).collect(),
        Field::MapInternal(map) => {
            let entry = |(key, of): &(Field, Field)| {
                let key = value(key);
                (key.as_str().map_or_else(|| key.to_string(), str::to_owned), value(of))
            };
            Value::Object(map.entries().iter().map(entry).collect())
        }
    }
}
