//! What a tail takes in, and that a block of it gives it back.

use paceline_schema::{Timestamp, Value};

use super::kept::Kept;
use crate::columns::{Axis, RowPoint, Tail, points, values};

fn row(metrics: &[(&str, Value)]) -> Vec<(String, Value)> {
    metrics.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

/// The values of a metric and their rows.
fn read(tail: &Tail, metric: &str) -> Vec<(u64, f64)> {
    tail.points(metric).iter().map(|point| (point.row, point.value)).collect()
}

fn three_rows() -> Tail {
    let mut tail = Tail::new(100);
    let text = || Value::Json("\"x\"".into());
    let first = row(&[("a", Value::Float(1.0)), ("b", Value::Integer(2)), ("b", text()), ("c", text())]);
    let second = row(&[("b", Value::Float(3.0)), ("a", text()), ("b", Value::Float(4.0))]);
    let third = row(&[("a", text()), ("a", Value::Float(5.0)), ("b", Value::Bool(true)), ("d", Value::Null)]);
    for (id, metrics) in [(7, first), (9, second), (12, third)] {
        tail.absorb(id, Timestamp(id * 1_000_000), id * 10, &metrics);
    }
    tail
}

#[test]
fn the_last_of_a_metric_in_a_row_counts_and_only_numbers_do() {
    let tail = three_rows();
    assert_eq!(read(&tail, "a"), [(100, 1.0), (102, 5.0)]);
    assert_eq!(read(&tail, "b"), [(101, 4.0)]);
    assert_eq!((read(&tail, "c"), read(&tail, "d")), (vec![], vec![]));
}

#[test]
fn a_block_gives_its_tail_back_and_grows_on() {
    let tail = three_rows();
    let block = tail.encode().unwrap();
    assert_eq!((block.head.first_row, block.head.rows, block.head.partial), (100, 3, true));
    assert_eq!((block.head.first_id, block.head.last_id), (7, 12));
    let mut again = Tail::decode(&block).unwrap();
    assert_eq!(again.encode().unwrap(), block);
    let mut grown = tail;
    for tail in [&mut again, &mut grown] {
        tail.absorb(13, Timestamp(0), 1, &row(&[("e", Value::Float(f64::NAN)), ("a", Value::Float(-0.0))]));
    }
    assert_eq!(again.encode(), grown.encode());
    assert_eq!(read(&again, "a"), [(100, 1.0), (102, 5.0), (103, -0.0)]);
}

#[test]
fn points_stand_in_the_order_of_x_and_values_in_that_of_rows() {
    let mut tail = Tail::new(0);
    for (id, step) in [(1, 5), (2, 3), (3, 5), (4, 1)] {
        tail.absorb(id, Timestamp(id), step, &row(&[("a", Value::Integer(id))]));
    }
    let kept = Kept { blocks: vec![tail.encode().unwrap()], tail: tail.after() };
    let point = |row, x, value| RowPoint { row, x, value };
    let expected = [point(3, 1.0, 4.0), point(1, 3.0, 2.0), point(0, 5.0, 1.0), point(2, 5.0, 3.0)];
    assert_eq!(points(&kept.metric("a"), Axis::Step).unwrap(), expected);
    let arrived = values(&kept.metric("a")).unwrap();
    assert_eq!(arrived.iter().map(|point| point.value).collect::<Vec<_>>(), [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn a_tail_is_full_at_4096_rows_or_8_megabytes() {
    let rows_until_full = |metrics: usize| {
        let names: Vec<_> = (0..metrics).map(|metric| (metric.to_string(), Value::Float(0.5))).collect();
        let mut tail = Tail::new(0);
        while !tail.is_full() {
            tail.absorb(tail.rows() as i64, Timestamp(0), 0, &names);
        }
        assert!(!tail.encode().unwrap().head.partial);
        assert_eq!((tail.after().first_row(), tail.after().rows()), (tail.rows() as u64, 0));
        tail.rows()
    };
    assert_eq!(rows_until_full(1), 4_096);
    assert_eq!(rows_until_full(1_000), (8usize << 20).div_ceil(1_003 * 8));
}

#[test]
fn metrics_that_few_rows_have_take_memory_for_those_alone() {
    let mut tail = Tail::new(0);
    for id in 0..4_000 {
        let name = format!("metric {}", id % 1_000);
        tail.absorb(id, Timestamp(id), id, &[(name, Value::Integer(id))]);
    }
    assert!(tail.bytes() < 4_000 * (3 * 8 + 8 + 4) + 1_000 * 200);
    let block = tail.encode().unwrap();
    let bytes: usize = block.metrics.iter().map(|chunk| chunk.values.len() + chunk.head.encode().len()).sum();
    assert!(bytes / 1_000 < 100, "{bytes}");
    assert_eq!(Tail::decode(&block).unwrap().points("metric 7"), tail.points("metric 7"));
}
