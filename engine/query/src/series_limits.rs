//! What a request for series may ask for.

use paceline_schema::series::SeriesRequest;
use paceline_schema::smoothing::Smoothing;

use crate::error::QueryError;

/// Widest chart, in pixels.
const MOST_PIXELS: u32 = 10_000;
/// Runs, metrics, groups and runs of a group.
const MOST_NAMES: usize = 1_000;
/// Ranks of one request.
const MOST_RANKS: usize = 1_000;
/// Lines of one request.
const MOST_LINES: usize = 10_000;
/// Lines × pixels: what an answer holds, and takes to make, grows with it.
const MOST_COLUMNS: u64 = 2_000_000;

/// Refuses what makes no sense or is too much.
///
/// # Errors
/// `InvalidRequest` that names the field, its value and the limit.
pub(crate) fn check(request: &SeriesRequest) -> Result<(), QueryError> {
    let refuse = |reason| Err(QueryError::InvalidRequest { reason });
    if !(1..=MOST_PIXELS).contains(&request.pixels) {
        return refuse(format!("`pixels` is `{}`; it must lie between 1 and {MOST_PIXELS}", request.pixels));
    }
    for (name, count, most) in [
        ("runs", request.runs.len(), MOST_NAMES),
        ("keys", request.keys.len(), MOST_NAMES),
        ("ranks", request.ranks.len(), MOST_RANKS),
        ("groups", request.groups.len(), MOST_NAMES),
    ] {
        if count > most {
            return refuse(format!("`{name}` holds {count}, more than the {most} of one request"));
        }
    }
    if let Some(group) = request.groups.iter().find(|group| group.runs.len() > MOST_NAMES) {
        let count = group.runs.len();
        return refuse(format!("group `{}` holds {count} runs, more than {MOST_NAMES}", group.name));
    }
    let lines_of_runs = request.runs.len() * request.ranks.len().max(1);
    let lines_of_groups = request.groups.iter().map(|group| group.runs.len()).sum::<usize>();
    let lines = (lines_of_runs + lines_of_groups) * request.keys.len();
    let columns = lines as u64 * u64::from(request.pixels);
    if lines > MOST_LINES || columns > MOST_COLUMNS {
        return refuse(format!(
            "{lines} lines of {} pixels are more than one request may ask for: {MOST_LINES} lines, and \
             {MOST_COLUMNS} for lines × pixels; ask for fewer runs, metrics or ranks at a time, or fewer pixels",
            request.pixels
        ));
    }
    for (name, bound) in [("from", request.from), ("to", request.to)] {
        if let Some(bound) = bound.filter(|bound| !bound.is_finite()) {
            return refuse(format!("`{name}` is `{bound}`; it must be a finite number"));
        }
    }
    request.smoothing.map_or(Ok(()), check_smoothing)
}

fn check_smoothing(smoothing: Smoothing) -> Result<(), QueryError> {
    let refuse = |reason| Err(QueryError::InvalidRequest { reason });
    let is_distance = |number: f64| number.is_finite() && number > 0.0;
    match smoothing {
        Smoothing::Exponential { weight } if !(0.0..1.0).contains(&weight) => {
            refuse(format!("`smoothing.weight` is `{weight}`; it must be at least 0 and below 1"))
        }
        Smoothing::HalfLife { half_life } if !is_distance(half_life) => {
            refuse(format!("`smoothing.half_life` is `{half_life}`; it must be a distance in x above 0"))
        }
        Smoothing::Gaussian { width } if !is_distance(width) => {
            refuse(format!("`smoothing.width` is `{width}`; it must be a distance in x above 0"))
        }
        Smoothing::Exponential { .. } | Smoothing::HalfLife { .. } | Smoothing::Gaussian { .. } => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use paceline_schema::series::RunGroup;

    fn refused(request: &SeriesRequest) -> String {
        check(request).expect_err("it is refused").to_string()
    }

    #[test]
    fn what_is_refused_is_named_with_its_limit() {
        let named = |count: usize| vec!["x".to_owned(); count];
        let of =
            |runs, keys| SeriesRequest { runs: named(runs), keys: named(keys), ..SeriesRequest::default() };
        check(&SeriesRequest { pixels: 1_000, ..of(1_000, 2) }).expect("the most there may be");
        assert_eq!(refused(&of(1_001, 1)), "`runs` holds 1001, more than the 1000 of one request");
        assert!(refused(&of(1_000, 2)).starts_with("2000 lines of 1500 pixels are more than"));
        assert!(
            refused(&SeriesRequest { pixels: 1, ..of(1_000, 11) }).starts_with("11000 lines of 1 pixels")
        );
        let groups = vec![RunGroup { name: "g".to_owned(), runs: named(1_001) }];
        assert_eq!(
            refused(&SeriesRequest { groups, ..of(0, 1) }),
            "group `g` holds 1001 runs, more than 1000"
        );
    }

    #[test]
    fn smoothing_is_by_a_measure_that_makes_sense() {
        let nan = f64::NAN;
        for (smoothing, refused_with) in [
            (Smoothing::Exponential { weight: 1.0 }, "`smoothing.weight` is `1`"),
            (Smoothing::Exponential { weight: nan }, "`smoothing.weight` is `NaN`"),
            (Smoothing::HalfLife { half_life: 0.0 }, "`smoothing.half_life` is `0`"),
            (Smoothing::Gaussian { width: f64::INFINITY }, "`smoothing.width` is `inf`"),
        ] {
            let request = SeriesRequest { smoothing: Some(smoothing), ..SeriesRequest::default() };
            assert!(refused(&request).contains(refused_with), "{}", refused(&request));
        }
    }
}
