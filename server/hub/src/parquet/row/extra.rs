//! What the plain columns cannot say of a row, as the JSON of [`EXTRA`](super::super::tables::EXTRA).

use std::borrow::Cow;

use paceline_schema::values::{write_float, write_string};
use paceline_storage::Cell;

use super::super::json::{self, Kind};

/// Collects what goes beside the columns of one row.
#[derive(Debug, Default)]
pub(crate) struct ExtraWriter {
    columns: Vec<u8>,
    values: Vec<u8>,
    order: Vec<u8>,
    out: Vec<u8>,
}

impl ExtraWriter {
    /// What SQLite keeps in a structural column.
    pub(crate) fn column(&mut self, name: &str, cell: Cell<'_>) {
        begin_member(&mut self.columns, name);
        write_cell(cell, &mut self.columns);
    }

    /// The exact value of a key.
    pub(crate) fn value(&mut self, key: &str, json: &str) {
        begin_member(&mut self.values, key);
        self.values.extend_from_slice(json.as_bytes());
    }

    /// The keys of the row in their order.
    pub(crate) fn order<'a>(&mut self, keys: impl Iterator<Item = &'a str>) {
        for key in keys {
            if !self.order.is_empty() {
                self.order.push(b',');
            }
            write_string(key, &mut self.order);
        }
    }

    /// The JSON of what was collected since the last call; none where nothing was.
    pub(crate) fn take(&mut self) -> Option<&str> {
        if self.columns.is_empty() && self.values.is_empty() && self.order.is_empty() {
            return None;
        }
        self.out.clear();
        self.out.push(b'{');
        let parts = [
            ("\"columns\":", &mut self.columns, (b'{', b'}')),
            ("\"values\":", &mut self.values, (b'{', b'}')),
            ("\"order\":", &mut self.order, (b'[', b']')),
        ];
        for (name, part, (opening, closing)) in parts {
            if part.is_empty() {
                continue;
            }
            if self.out.len() > 1 {
                self.out.push(b',');
            }
            self.out.extend_from_slice(name.as_bytes());
            self.out.push(opening);
            self.out.append(part);
            self.out.push(closing);
        }
        self.out.push(b'}');
        // Text is all that was put together.
        std::str::from_utf8(&self.out).ok()
    }
}

fn begin_member(object: &mut Vec<u8>, name: &str) {
    if !object.is_empty() {
        object.push(b',');
    }
    write_string(name, object);
    object.push(b':');
}

fn write_cell(cell: Cell<'_>, out: &mut Vec<u8>) {
    match cell {
        Cell::Null => out.extend_from_slice(b"null"),
        Cell::Integer(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Cell::Real(number) => {
            out.extend_from_slice(b"{\"real\":");
            write_float(number, out);
            out.push(b'}');
        }
        Cell::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => write_string(text, out),
            Err(_) => write_hex("text_hex", bytes, out),
        },
        Cell::Blob(bytes) => write_hex("hex", bytes, out),
    }
}

fn write_hex(name: &str, bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(format!("{{\"{name}\":\"").as_bytes());
    bytes.iter().for_each(|byte| out.extend_from_slice(format!("{byte:02x}").as_bytes()));
    out.extend_from_slice(b"\"}");
}

/// A cell that owns what is in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum OwnedCell {
    Null,
    Integer(i64),
    Real(f64),
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

impl OwnedCell {
    pub(crate) fn as_cell(&self) -> Cell<'_> {
        match self {
            Self::Null => Cell::Null,
            Self::Integer(number) => Cell::Integer(*number),
            Self::Real(number) => Cell::Real(*number),
            Self::Text(text) => Cell::Text(text),
            Self::Blob(bytes) => Cell::Blob(bytes),
        }
    }
}

/// The same, read back.
#[derive(Debug, Default)]
pub(crate) struct Extra<'a> {
    pub(crate) columns: Vec<(Cow<'a, str>, OwnedCell)>,
    pub(crate) values: Vec<(Cow<'a, str>, &'a str)>,
    pub(crate) order: Option<Vec<Cow<'a, str>>>,
}

impl<'a> Extra<'a> {
    /// Reads it; `None` for anything else than [`ExtraWriter`] writes.
    pub(crate) fn read(json: &'a str) -> Option<Self> {
        let mut extra = Self::default();
        for (name, part) in json::entries(json)? {
            match name.as_ref() {
                "columns" => {
                    for (column, cell) in json::entries(part)? {
                        extra.columns.push((column, read_cell(cell)?));
                    }
                }
                "values" => extra.values = json::entries(part)?,
                "order" => {
                    extra.order =
                        Some(json::items(part)?.into_iter().map(json::text).collect::<Option<_>>()?);
                }
                _ => return None,
            }
        }
        Some(extra)
    }
}

fn read_cell(json: &str) -> Option<OwnedCell> {
    match json::kind(json) {
        Kind::Null => Some(OwnedCell::Null),
        Kind::Number => json.parse().ok().map(OwnedCell::Integer),
        Kind::Text => Some(OwnedCell::Text(json::text(json)?.into_owned().into_bytes())),
        Kind::Object => match json::entries(json)?.as_slice() {
            [(name, value)] => match name.as_ref() {
                "real" => json::not_finite(value).or_else(|| value.parse().ok()).map(OwnedCell::Real),
                "hex" => from_hex(&json::text(value)?).map(OwnedCell::Blob),
                "text_hex" => from_hex(&json::text(value)?).map(OwnedCell::Text),
                _ => None,
            },
            _ => None,
        },
        Kind::Bool | Kind::List => None,
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let pairs = digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    if digits.len().is_multiple_of(2) { pairs.collect() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_every_kind_come_back() {
        let cells = [
            OwnedCell::Null,
            OwnedCell::Integer(i64::MIN),
            OwnedCell::Real(f64::INFINITY),
            OwnedCell::Real(1.5),
            OwnedCell::Text("ä\"\n".into()),
            OwnedCell::Text(vec![0xff, 0]),
            OwnedCell::Blob(vec![0, 255]),
        ];
        let mut writer = ExtraWriter::default();
        assert_eq!(writer.take(), None);
        cells
            .iter()
            .enumerate()
            .for_each(|(place, cell)| writer.column(&format!("c{place}"), cell.as_cell()));
        writer.value("k", "[1]");
        writer.order(["k", "b"].into_iter());
        let json = writer.take().expect("something").to_owned();
        let extra = Extra::read(&json).expect("it is read");
        assert_eq!(extra.columns.iter().map(|(_, cell)| cell.clone()).collect::<Vec<_>>(), cells);
        assert_eq!(extra.values, [("k".into(), "[1]")]);
        assert_eq!(extra.order.expect("an order"), ["k", "b"]);
        assert_eq!(writer.take(), None);
    }
}
