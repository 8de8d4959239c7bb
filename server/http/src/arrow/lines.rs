//! Lines and bands of charts as a table: one row each, their points as lists.
//!
//! A row with a `group` is a band and its `value` the mean of the runs; the others are lines of runs. Columns that
//! nobody asked for are left out.

use std::collections::HashMap;

use arrow_array::builder::{Float64Builder, ListBuilder, UInt32Builder};
use arrow_array::{BooleanArray, StringArray, UInt32Array, UInt64Array};
use paceline_schema::series::{Band, RawLine, Series, SeriesResponse};

use super::{Column, ToArrow, column, write};
use crate::error::ApiError;

/// One row: a line or a band.
#[derive(Clone, Copy)]
enum Drawn<'a> {
    Line(&'a Series),
    Band(&'a Band),
}

impl<'a> Drawn<'a> {
    fn line(self) -> Option<&'a Series> {
        match self {
            Self::Line(line) => Some(line),
            Self::Band(_) => None,
        }
    }

    fn band(self) -> Option<&'a Band> {
        match self {
            Self::Line(_) => None,
            Self::Band(band) => Some(band),
        }
    }

    fn key(self) -> &'a str {
        match self {
            Self::Line(Series { key, .. }) | Self::Band(Band { key, .. }) => key,
        }
    }

    fn x_axis(self) -> String {
        match self {
            Self::Line(Series { x_axis, .. }) | Self::Band(Band { x_axis, .. }) => x_axis.clone().into(),
        }
    }

    fn x(self) -> &'a [f64] {
        match self {
            Self::Line(Series { x, .. }) | Self::Band(Band { x, .. }) => x,
        }
    }

    fn value(self) -> &'a [Option<f64>] {
        match self {
            Self::Line(line) => &line.value,
            Self::Band(band) => &band.mean,
        }
    }
}

impl ToArrow for SeriesResponse {
    fn to_arrow(&self) -> Result<Vec<u8>, ApiError> {
        let drawn = self.series.iter().map(Drawn::Line).chain(self.bands.iter().map(Drawn::Band));
        let rows: Vec<Drawn<'_>> = drawn.collect();
        let lines = || rows.iter().map(|row| row.line());
        let bands = || rows.iter().map(|row| row.band());
        let mut columns = vec![
            column("run_id", lines().map(|line| Some(line?.run_id.as_str())).collect::<StringArray>()),
            column("run", lines().map(|line| Some(line?.run.as_str())).collect::<StringArray>()),
            column("key", StringArray::from_iter_values(rows.iter().map(|row| row.key()))),
            column("rank", lines().map(|line| Some(line?.rank)).collect::<UInt32Array>()),
            column("x_axis", StringArray::from_iter_values(rows.iter().map(|row| row.x_axis()))),
            column("total_points", lines().map(|line| Some(line?.total_points)).collect::<UInt64Array>()),
            column("exact", lines().map(|line| Some(line?.exact)).collect::<BooleanArray>()),
            numbers("x", rows.iter().map(|row| Some(row.x()))),
            numbers_with_gaps("value", rows.iter().map(|row| Some(row.value()))),
        ];
        if self.series.iter().any(|line| line.raw.is_some()) {
            let raw = || lines().map(|line| line?.raw.as_ref());
            columns.push(numbers("raw_x", raw().map(|raw: Option<&RawLine>| Some(raw?.x.as_slice()))));
            columns.push(numbers_with_gaps("raw_value", raw().map(|raw| Some(raw?.value.as_slice()))));
        }
        if !self.bands.is_empty() {
            columns.extend([
                column("group", bands().map(|band| Some(band?.group.as_str())).collect::<StringArray>()),
                numbers_with_gaps(
                    "standard_deviation",
                    bands().map(|band| Some(band?.standard_deviation.as_slice())),
                ),
                numbers("min", bands().map(|band| Some(band?.min.as_slice()))),
                numbers("max", bands().map(|band| Some(band?.max.as_slice()))),
                counts("runs", bands().map(|band| Some(band?.runs.as_slice()))),
            ]);
        }
        write(columns, HashMap::new())
    }
}

fn numbers<'a>(name: &str, lists: impl Iterator<Item = Option<&'a [f64]>>) -> Column {
    let mut builder = ListBuilder::new(Float64Builder::new());
    for list in lists {
        builder.values().append_slice(list.unwrap_or_default());
        builder.append(list.is_some());
    }
    column(name, builder.finish())
}

fn numbers_with_gaps<'a>(name: &str, lists: impl Iterator<Item = Option<&'a [Option<f64>]>>) -> Column {
    let mut builder = ListBuilder::new(Float64Builder::new());
    for list in lists {
        for number in list.unwrap_or_default() {
            builder.values().append_option(*number);
        }
        builder.append(list.is_some());
    }
    column(name, builder.finish())
}

fn counts<'a>(name: &str, lists: impl Iterator<Item = Option<&'a [u32]>>) -> Column {
    let mut builder = ListBuilder::new(UInt32Builder::new());
    for list in lists {
        builder.values().append_slice(list.unwrap_or_default());
        builder.append(list.is_some());
    }
    column(name, builder.finish())
}
