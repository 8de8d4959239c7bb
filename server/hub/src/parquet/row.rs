//! A row taken apart into columns and put together again, with nothing lost in between.

mod column;
mod extra;
mod reading;
mod text;
mod writing;

pub(crate) use reading::RowReader;
pub(crate) use writing::{RowWriter, choose_columns, schema};
