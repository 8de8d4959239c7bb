//! Charts from the rows in the plainest way: sort all points, look at all points of each column. Shares no code with
//! what it judges.

use paceline_schema::series::XScale;

use super::track::Track;
use crate::columns::Grid;

/// x, row and bits of the value of a point, in this order.
pub(super) type Seen = (f64, usize, u64);

/// What an axis makes of a row.
#[derive(Debug, Clone, Copy)]
pub(super) enum OracleAxis {
    Step,
    Time,
    SinceFirst(i64),
}

impl OracleAxis {
    fn x(self, step: i64, time: i64) -> f64 {
        match self {
            Self::Step => step as f64,
            Self::Time => time as f64 / 1e6,
            Self::SinceFirst(first) => (time - first) as f64 / 1e6,
        }
    }
}

/// All points in the order of x and rows.
pub(super) fn sorted(track: &Track, axis: OracleAxis) -> Vec<Seen> {
    let rows = track.rows.iter().enumerate();
    let mut all: Vec<Seen> =
        rows.filter_map(|(row, it)| Some((axis.x(it.step, it.time), row, it.value?.to_bits()))).collect();
    all.sort_by(|a, b| a.partial_cmp(b).unwrap());
    all
}

/// The points inside, and of each column the first, last, lowest, highest and first that is not finite.
pub(super) fn chart(
    track: &Track,
    axis: OracleAxis,
    from: Option<f64>,
    to: Option<f64>,
    Grid { pixels, scale }: Grid,
) -> (Vec<Seen>, Vec<Seen>) {
    let is_log = scale == XScale::Log;
    let all: Vec<Seen> = sorted(track, axis).into_iter().filter(|point| !is_log || point.0 > 0.0).collect();
    let from = from.filter(|from| !is_log || *from > 0.0);
    let from = from.unwrap_or_else(|| all.first().map_or(0.0, |point| point.0));
    let to = to.unwrap_or_else(|| all.last().map_or(0.0, |point| point.0));
    let inside: Vec<Seen> = all.into_iter().filter(|point| point.0 >= from && point.0 <= to).collect();
    let mut kept = Vec::new();
    let columns: Vec<u32> = inside
        .iter()
        .map(|(x, _, _)| {
            let share = if is_log { (x / from).ln() / (to / from).ln() } else { (x - from) / (to - from) };
            let column = if to > from { (share * f64::from(pixels)) as u32 } else { 0 };
            if column == pixels { pixels - 1 } else { column }
        })
        .collect();
    for column in 0..pixels {
        let mine: Vec<Seen> =
            inside.iter().zip(&columns).filter(|(_, of)| **of == column).map(|(point, _)| *point).collect();
        let value = |point: &Seen| f64::from_bits(point.2);
        let finite: Vec<Seen> = mine.iter().copied().filter(|point| value(point).is_finite()).collect();
        let lowest = finite.iter().map(value).fold(f64::INFINITY, f64::min);
        let highest = finite.iter().map(value).fold(f64::NEG_INFINITY, f64::max);
        let mut matter: Vec<Seen> = mine.first().into_iter().chain(mine.last()).copied().collect();
        matter.extend(finite.iter().find(|point| value(point) == lowest));
        matter.extend(finite.iter().find(|point| value(point) == highest));
        matter.extend(mine.iter().find(|point| !value(point).is_finite()));
        matter.sort_by(|a, b| a.partial_cmp(b).unwrap());
        matter.dedup();
        kept.extend(matter);
    }
    (kept, inside)
}
