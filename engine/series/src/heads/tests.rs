//! Heads of runs of all kinds, in one process and in several, whole and cut into batches.

use super::*;
use proptest::prelude::*;

fn row(metrics: &[(&str, f64)]) -> Vec<(String, Value)> {
    metrics.iter().map(|(key, value)| ((*key).to_owned(), Value::Float(*value))).collect()
}

/// Absorbs rows one second apart, by index.
fn heads(rows: &[Vec<(String, Value)>]) -> RunHeads {
    let mut heads = RunHeads::default();
    for (index, metrics) in rows.iter().enumerate() {
        heads.absorb(index as i64 + 1, Timestamp::from_seconds(index as f64), index as i64, metrics);
    }
    heads
}

#[test]
fn a_transformers_run_is_read_by_its_global_step() {
    let mut rows = vec![row(&[("profiling/seconds", 0.1)])];
    for step in [10.0, 20.0, 30.0] {
        rows.push(row(&[
            ("train/loss", 3.0 - step / 100.0),
            ("train/epoch", step / 25.5),
            ("train/global_step", step),
        ]));
        rows.push(row(&[("profiling/seconds", 0.1)]));
    }
    rows.push(row(&[
        ("eval/loss", 2.0),
        ("eval/runtime", 0.5),
        ("train/epoch", 30.0 / 25.5),
        ("train/global_step", 30.0),
    ]));
    let heads = heads(&rows);
    assert_eq!((heads.step(), heads.max_step(), heads.rows()), (Some(30), Some(7), 8));
    assert_eq!(
        heads.loss().map(|(loss, head)| (loss.key.as_str(), head.last.step)),
        Some(("train/loss", 30))
    );
    assert_eq!(heads.epoch_units().map(|units| units.low), Some(26.0));
    assert_eq!(heads.pace().intervals().len(), 2);
    assert_eq!(heads.pace().evaluations().map(|evaluations| evaluations.last_step), Some(30));
}

#[test]
fn the_training_loss_takes_the_place_of_lesser_ones() {
    let heads = heads(&[
        row(&[("a_loss", 1.0), ("b_loss", 1.0), ("c_loss", 1.0), ("val_loss", 1.0), ("d_loss", 1.0)]),
        row(&[("loss", 1.0)]),
    ]);
    let keys: Vec<_> = heads.losses.iter().map(|loss| loss.key.as_str()).collect();
    assert_eq!(keys, ["loss", "val_loss", "a_loss", "b_loss"]);
}

#[test]
fn a_million_rows_stay_small() {
    let mut heads = RunHeads::default();
    for index in 0..1_000_000i64 {
        let metrics = row(&[("loss", 1.0 / (index + 1) as f64), ("lr", 1e-3), ("epoch", index as f64 / 1e4)]);
        heads.absorb(index, Timestamp(index * 1_000_000), index, &metrics);
    }
    let bytes = heads.encode().len();
    assert!(bytes < 16_000, "{bytes} bytes");
    assert_eq!(RunHeads::decode(&heads.encode()), Some(heads));
}

#[test]
fn what_rules_look_at_is_kept_under_its_best_name() {
    let mut heads = RunHeads::default();
    for index in 0..40 {
        let mut metrics = row(&[("loss", 1.0), ("grad_norm", 2.0), ("eval/loss", 3.0)]);
        if index >= 20 {
            metrics.extend(row(&[("train/grad_norm", 4.0)]));
        }
        heads.absorb(index, Timestamp(index), index, &metrics);
    }
    let (key, curve) = heads.watched(Watched::GradientNorm).expect("it was logged");
    assert_eq!((key, curve.rows()), ("train/grad_norm", 20));
    assert_eq!(heads.watched(Watched::Reward).map(|(key, _)| key), None);
    assert_eq!(heads.evaluation_loss().map(|loss| loss.key.as_str()), Some("eval/loss"));
    assert!(heads.has_evaluation());
}

#[test]
fn ten_thousand_metrics_take_less_than_250_bytes_each() {
    let keys: Vec<String> = (0..10_000).map(|index| format!("layer_{index}/gradient_norm")).collect();
    let mut heads = RunHeads::default();
    for index in 0..12 {
        let metrics: Vec<_> =
            keys.iter().map(|key| (key.clone(), Value::Float(index as f64 * 0.1))).collect();
        heads.absorb(index, Timestamp(1_795_400_272_070_297 + index), 1_000_000 + index, &metrics);
    }
    assert!(heads.encode().len() < 250 * keys.len(), "{} bytes", heads.encode().len());
}

#[test]
fn the_newest_value_that_is_no_number_is_known_until_a_number_comes() {
    let values = [
        ("word", Value::Json("\"late\"".into())),
        ("flag", Value::Bool(true)),
        ("nothing", Value::Null),
        ("long", Value::Json(format!("\"{}\"", "x".repeat(LONGEST_OTHER_BYTES)).into())),
        ("then_a_number", Value::Json("\"a\"".into())),
        ("a_number_before", Value::Integer(1)),
    ];
    let later = [("then_a_number", Value::Integer(1)), ("a_number_before", Value::Json("[1]".into()))];
    let owned = |row: &[(&str, Value)]| -> Vec<_> {
        row.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
    };
    let newest = |rows: &[Vec<(String, Value)>]| -> Vec<(String, String)> {
        let heads = heads(rows);
        heads.newest_others().map(|(key, text)| (key.to_owned(), text.to_owned())).collect()
    };
    let pair = |key: &str, text: &str| (key.to_owned(), text.to_owned());
    let (first, later) = (owned(&values), owned(&later));
    assert_eq!(
        newest(&[first.clone(), later.clone()]),
        [pair("a_number_before", "[1]"), pair("flag", "true"), pair("word", "\"late\"")]
    );
    let expected = [pair("flag", "true"), pair("then_a_number", "\"a\""), pair("word", "\"late\"")];
    assert_eq!(newest(&[later, first]), expected);
}

#[test]
fn a_changed_byte_is_noticed() {
    let bytes = heads(&[row(&[("loss", 1.0)]), row(&[("loss", 0.5)])]).encode();
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        assert_eq!(RunHeads::decode(&changed), None, "byte {place}");
    }
    assert_eq!(RunHeads::decode(&[]), None);
}

#[test]
fn the_lowest_rank_tells_how_the_run_goes() {
    let of_rank = |rank: i64, metrics: &[(&str, f64)]| {
        let mut metrics = row(metrics);
        metrics.push((RANK_KEY.to_owned(), Value::Integer(rank)));
        metrics
    };
    let heads = heads(&[
        of_rank(2, &[("loss", 9.0), ("epoch", 7.0), ("lr", 0.5), ("memory", 2.0)]),
        of_rank(1, &[("loss", 8.0), ("memory", 1.0), ("eval/loss", 5.0)]),
        row(&[("loss", 1.0), ("epoch", 0.1)]),
        of_rank(2, &[("loss", 0.001), ("memory", 2.5)]),
        row(&[("loss", 0.5), ("epoch", 0.2)]),
        of_rank(1, &[("loss", f64::NAN)]),
    ]);
    let loss = heads.loss().map(|(loss, head)| (loss.key.as_str(), head.points, head.last.value));
    assert_eq!(loss, Some(("loss", 2, 0.5)));
    assert_eq!(heads.metric("memory").map(|head| head.last.value), Some(1.0), "of rank 1");
    assert_eq!(heads.rank_of_metric("eval/loss"), Some(1));
    assert_eq!((heads.step(), heads.epoch(), heads.rows()), (Some(4), Some(0.2), 6));
    assert_eq!(heads.learning_rate(), None, "rank 0 logs none");
    let rows: Vec<_> = heads.ranks().map(|(rank, rows)| (rank, rows.rows, rows.max_step)).collect();
    assert_eq!(rows, [(0, 2, Some(4)), (1, 2, Some(5)), (2, 2, Some(3))]);
    assert!(!heads.keys().contains(RANK_KEY));
}

/// Microseconds since the row before, steps since the row before, values.
type LaterRow = (i64, i64, Vec<(String, Value)>);

fn any_rows() -> impl Strategy<Value = Vec<LaterRow>> {
    let key = prop::sample::select(vec![
        "loss",
        "train/loss",
        "eval/loss",
        "eval/runtime",
        "train/epoch",
        "epoch",
        "lr",
        "train/global_step",
        "accuracy",
    ]);
    let value = prop_oneof![
        8 => (-1_000i64..1_000).prop_map(|value| Value::Float(value as f64 / 8.0)),
        2 => (0i64..200).prop_map(Value::Integer),
        1 => Just(Value::Float(f64::NAN)),
        1 => Just(Value::Float(f64::INFINITY)),
        1 => Just(Value::Null),
        1 => Just(Value::Json("\"text\"".into())),
    ];
    let metrics = prop::collection::vec((key.prop_map(str::to_owned), value), 0..6);
    prop::collection::vec((-1_000i64..5_000_000, -2i64..20, metrics), 0..200)
}

proptest! {
    /// However rows come in, writing the heads down and reading them back between any two changes nothing.
    #[test]
    fn batches_do_not_matter(rows in any_rows(), cuts in prop::collection::vec(any::<bool>(), 200)) {
        let (mut whole, mut cut) = (RunHeads::default(), RunHeads::default());
        let (mut time, mut step) = (0, 0);
        for (index, (gap, steps, metrics)) in rows.iter().enumerate() {
            (time, step) = (time + gap, step + steps);
            whole.absorb(index as i64, Timestamp(time), step, metrics);
            cut.absorb(index as i64, Timestamp(time), step, metrics);
            if cuts[index] {
                cut = RunHeads::decode(&cut.encode()).expect("what was written is read");
            }
        }
        prop_assert_eq!(whole.encode(), cut.encode());
        let intervals = whole.pace().intervals();
        prop_assert!(intervals.iter().all(|interval| interval.seconds > 0.0 && interval.steps > 0.0));
    }
}
