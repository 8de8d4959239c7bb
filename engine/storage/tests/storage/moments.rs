//! Rows around a step or a time, whatever form other programs left their times in.

use std::ops::ControlFlow;

use paceline_schema::Timestamp;
use paceline_schema::series::Moment;
use paceline_storage::RowsOf;
use rusqlite::{params, types::Value};

use crate::support::{Scratch, at, batch, loss, row};

/// Rows of every form there is, out of order, and one of another run.
fn rows_of_many_programs() -> Scratch {
    let scratch = Scratch::new();
    scratch.project().append(batch("a", vec![row("first", 5, loss(1.0))])).expect("it is stored");
    let other = scratch.other_program();
    let text = |text: &str| Value::from(text.to_owned());
    for (run_id, time, step) in [
        ("a", text("2026-11-23T02:17:50.5+00:00"), Value::from(3)),
        ("a", text("2026-11-23T02:17:52Z"), Value::from(4)),
        ("a", text("2026-11-23 02:17:53"), Value::from(4)),
        ("a", text("2026-11-22 23:59:59.9"), Value::from(-1)),
        ("a", text("2026-11-23T00:00:00.1"), Value::from(i64::MAX)),
        ("a", text("1795400271.25"), Value::from(6)),
        ("a", Value::from(1_795_400_274.0), Value::from(7)),
        ("a", text("2026-11-23T02:17:49.999999+00:00"), Value::from(i64::MIN + 1)),
        ("b", text("2026-11-23T02:17:52+00:00"), Value::from(4)),
    ] {
        let insert =
            "INSERT INTO metrics (run_id, run_name, timestamp, step, metrics) VALUES (?1, ?1, ?2, ?3, '{}')";
        other.execute(insert, params![run_id, time, step]).expect("it is stored");
    }
    scratch
}

#[test]
fn a_moment_holds_what_a_walk_along_the_run_finds() {
    let scratch = rows_of_many_programs();
    let midnight = Timestamp(1_795_392_000_000_000);
    let around_time = |time, window_seconds| Moment::AroundTime { time, window_seconds };
    let around_step = |step, window| Moment::AroundStep { step, window };
    let moments = [
        (Moment::All, 9),
        (Moment::Step(4), 2),
        (Moment::Step(-1), 1),
        (Moment::Step(9), 0),
        (around_step(4, 1.9), 4),
        (around_step(0, f64::INFINITY), 9),
        (around_step(4, -1.0), 0),
        (around_step(4, f64::NAN), 0),
        (around_time(at(0), 2.0), 5),
        (around_time(at(0), 0.0), 1),
        (around_time(midnight, 0.2), 2),
        (around_time(at(0), 1e300), 9),
        (around_time(at(0), -3.0), 0),
        (around_time(Timestamp(i64::MAX), 5.0), 0),
    ];
    scratch
        .project()
        .read(|reader| {
            for (moment, count) in moments {
                let (mut found, mut walked) = (Vec::new(), Vec::new());
                reader.rows_at("a", moment, |row| found.push(row))?;
                reader.rows_by_time(RowsOf::Metrics, "a", |row| {
                    walked.extend(Some(row).filter(|row| moment.holds(row.step, row.time)));
                    ControlFlow::Continue(())
                })?;
                assert_eq!(found, walked, "{moment:?}");
                assert_eq!(found.len(), count, "{moment:?}");
            }
            Ok(())
        })
        .expect("it is read");
}

#[test]
fn times_of_other_offsets_are_moments_like_all() {
    for (offset, hours) in [("+02:00", 2), ("-05:00", -5), ("+14:00", 14), ("-1130", -11)] {
        let scratch = Scratch::new();
        scratch.project().append(Vec::new()).expect("the tables are made");
        let other = scratch.other_program();
        let mut expected = Vec::new();
        for second in 0..20i64 {
            let minutes = if offset == "-1130" { -30 } else { 0 };
            let local = at(second + hours * 3_600 + minutes * 60).to_string().replace("+00:00", offset);
            let insert = "INSERT INTO metrics (run_id, run_name, timestamp, step, metrics) VALUES ('a', 'a', ?1, ?2, '{}')";
            other.execute(insert, params![local, second]).expect("it is stored");
            if (8..=12).contains(&second) {
                expected.push(second);
            }
        }
        scratch
            .project()
            .read(|reader| {
                let mut found = Vec::new();
                let moment = Moment::AroundTime { time: at(10), window_seconds: 2.0 };
                reader.rows_at("a", moment, |row| found.push(row.step))?;
                assert_eq!(found, expected, "{offset}");
                // The rows since a time are those among which the caller chooses.
                let first = reader.id_before("a", at(10))?.expect("there are some");
                assert!(first <= 10, "{offset}: {first}");
                assert_eq!(reader.id_before("a", at(1_000_000))?, None, "{offset}");
                Ok(())
            })
            .expect("it is read");
    }
}

#[test]
fn the_first_row_since_a_time_is_found_in_any_form() {
    let scratch = rows_of_many_programs();
    let before = |since: Timestamp| scratch.project().read(|reader| reader.id_before("a", since));
    // Times as numbers sort before all others, so the first of them counts whatever it says.
    assert_eq!(before(at(0)).expect("it is read"), Some(0));
    assert_eq!(before(at(1_000)).expect("it is read"), Some(6));
    let other = scratch.other_program();
    other.execute("DELETE FROM metrics WHERE timestamp < '2'", []).expect("they are deleted");
    assert_eq!(before(at(1_000)).expect("it is read"), None);
    assert_eq!(before(at(5)).expect("it is read"), Some(0));
    // A space is less than a `T`, and this time is the later one.
    other
        .execute("DELETE FROM metrics WHERE timestamp > '2026-11-23T02:17:53'", [])
        .expect("they are deleted");
    assert_eq!(before(at(1)).expect("it is read"), Some(3));
    assert_eq!(before(at(2)).expect("it is read"), None);
}
