//! Charts, drafts and points over any cut into blocks are those of the rows.

use paceline_schema::Timestamp;
use paceline_schema::series::XScale;
use proptest::prelude::*;

use super::oracle::{self, OracleAxis};
use super::track::{Track, any_track};
use crate::columns::{Axis, Chart, Grid, Point, chart, draft, points, reduce, values};

const FIRST_TIME: i64 = 3;

fn axes() -> impl Strategy<Value = (Axis, OracleAxis)> {
    prop_oneof![
        2 => Just((Axis::Step, OracleAxis::Step)),
        1 => Just((Axis::Time, OracleAxis::Time)),
        1 => Just((Axis::RelativeTime(Timestamp(FIRST_TIME)), OracleAxis::SinceFirst(FIRST_TIME))),
    ]
}

/// An end of a window: open, at a point, or between two of them.
#[derive(Debug, Clone, Copy)]
enum End {
    Open,
    At(usize),
    Beside(usize),
}

fn ends() -> impl Strategy<Value = End> {
    prop_oneof![Just(End::Open), (0usize..10_000).prop_map(End::At), (0usize..10_000).prop_map(End::Beside),]
}

impl End {
    fn x(self, track: &Track, axis: OracleAxis) -> Option<f64> {
        let all = oracle::sorted(track, axis);
        let at = |place: usize| all.get(place % all.len().max(1)).map_or(0.0, |point| point.0);
        match self {
            Self::Open => None,
            Self::At(place) => Some(at(place)),
            Self::Beside(place) => Some(at(place).midpoint(at(place + 1))),
        }
    }
}

fn window(track: &Track, axis: OracleAxis, ends: (End, End)) -> (Option<f64>, Option<f64>) {
    (ends.0.x(track, axis), ends.1.x(track, axis))
}

fn bits(points: &[Point]) -> Vec<(u64, u64)> {
    points.iter().map(|point| (point.x.to_bits(), point.value.to_bits())).collect()
}

fn seen(points: &[oracle::Seen]) -> Vec<(u64, u64)> {
    points.iter().map(|(x, _, value)| (x.to_bits(), *value)).collect()
}

fn grids() -> impl Strategy<Value = Grid> {
    let scales = prop_oneof![2 => Just(XScale::Linear), 1 => Just(XScale::Log)];
    (prop_oneof![1u32..40, 40u32..400], scales).prop_map(|(pixels, scale)| Grid { pixels, scale })
}

/// Puts a value above all others, or below, into a row that has one.
fn with_spike(mut track: Track, place: usize, spike: f64) -> Option<(Track, usize)> {
    let holders: Vec<usize> = (0..track.rows.len()).filter(|row| track.rows[*row].value.is_some()).collect();
    let row = *holders.get(place % holders.len().max(1))?;
    for other in &mut track.rows {
        other.value = other.value.map(|value| if value.abs() > 1e9 { 1.0 } else { value });
    }
    track.rows[row].value = Some(spike);
    Some((track, row))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 700, ..ProptestConfig::default() })]

    #[test]
    fn a_chart_is_that_of_the_rows(
        track in any_track(900), (axis, of_rows) in axes(), ends in (ends(), ends()), grid in grids(),
    ) {
        let (from, to) = window(&track, of_rows, ends);
        let (kept, inside) = oracle::chart(&track, of_rows, from, to, grid);
        let store = track.kept();
        let drawn = chart(&store.metric("loss"), axis, from, to, grid).unwrap();
        prop_assert_eq!(bits(&drawn.points), seen(&kept));
        prop_assert_eq!(drawn.total_points, inside.len() as u64);
        // The same from plain points.
        if let (Some(first), Some(last)) = (inside.first(), inside.last()) {
            let plain: Vec<Point> =
                inside.iter().map(|(x, _, value)| Point { x: *x, value: f64::from_bits(*value) }).collect();
            let from = from.filter(|from| grid.has_place(*from)).unwrap_or(first.0);
            let reduced = reduce(&plain, from, to.unwrap_or(last.0), grid);
            prop_assert_eq!(bits(&reduced), seen(&kept));
        }
    }

    #[test]
    fn a_draft_has_true_points_and_the_extrema(
        track in any_track(900), (axis, of_rows) in axes(), ends in (ends(), ends()), grid in grids(),
    ) {
        let (from, to) = window(&track, of_rows, ends);
        let (_, inside) = oracle::chart(&track, of_rows, from, to, grid);
        let store = track.kept();
        let Chart { points, total_points } = draft(&store.metric("loss"), axis, from, to, grid).unwrap();
        prop_assert_eq!(total_points, inside.len() as u64);
        prop_assert!(points.is_sorted_by(|a, b| a.x <= b.x));
        let mut true_points: Vec<(u64, Option<u64>)> = Vec::new();
        let finite = |value: f64| Some(value.to_bits()).filter(|_| value.is_finite());
        true_points.extend(inside.iter().map(|(x, _, value)| (x.to_bits(), finite(f64::from_bits(*value)))));
        true_points.sort_unstable();
        for point in &points {
            let found = true_points.binary_search(&(point.x.to_bits(), finite(point.value))).is_ok();
            prop_assert!(found, "{point:?} is none of the series");
        }
        let extrema = |values: &mut dyn Iterator<Item = f64>| {
            let finite: Vec<f64> = values.filter(|value| value.is_finite()).collect();
            (finite.iter().copied().reduce(f64::min), finite.iter().copied().reduce(f64::max))
        };
        prop_assert_eq!(
            extrema(&mut points.iter().map(|point| point.value)),
            extrema(&mut inside.iter().map(|(_, _, value)| f64::from_bits(*value)))
        );
    }

    #[test]
    fn a_spike_is_in_every_chart_and_draft_that_covers_it(
        track in any_track(900), (axis, of_rows) in axes(), ends in (ends(), ends()), grid in grids(),
        place in 0usize..10_000, spike in prop::sample::select(vec![1e12, -1e12]),
    ) {
        let Some((track, row)) = with_spike(track, place, spike) else { return Ok(()) };
        let (from, to) = window(&track, of_rows, ends);
        let (_, inside) = oracle::chart(&track, of_rows, from, to, grid);
        let store = track.kept();
        if let Some((x, _, _)) = inside.iter().find(|point| point.1 == row) {
            let expected = Point { x: *x, value: spike };
            let metric = store.metric("loss");
            prop_assert!(chart(&metric, axis, from, to, grid).unwrap().points.contains(&expected));
            prop_assert!(draft(&metric, axis, from, to, grid).unwrap().points.contains(&expected));
        }
    }

    #[test]
    fn points_and_values_are_those_of_the_rows(track in any_track(900), (axis, of_rows) in axes()) {
        let store = track.kept();
        let all = points(&store.metric("loss"), axis).unwrap();
        let read: Vec<oracle::Seen> =
            all.iter().map(|point| (point.x, point.row as usize, point.value.to_bits())).collect();
        prop_assert_eq!(read, oracle::sorted(&track, of_rows));
        let read: Vec<(usize, u64)> = values(&store.metric("loss")).unwrap()
            .iter().map(|point| (point.row as usize, point.value.to_bits())).collect();
        let rows = track.rows.iter().enumerate();
        let expected: Vec<(usize, u64)> =
            rows.filter_map(|(row, it)| Some((row, it.value?.to_bits()))).collect();
        prop_assert_eq!(read, expected);
    }
}
