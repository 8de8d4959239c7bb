//! What is packed comes back bit for bit, and takes few bytes.

use proptest::prelude::*;

use super::track::{Dice, RUNS, VALUES, Values};
use crate::columns::floats::{self, Floats};
use crate::columns::marks::Marks;
use crate::columns::packed::{self, MINI, Packed};
use crate::columns::rollup;
use crate::columns::row_numbers::{self, RowNumbers};

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn packed_floats(values: &[f64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    floats::write(values, &mut bytes);
    bytes
}

proptest! {
    #[test]
    fn numbers_come_back(
        numbers in prop_oneof![
            prop::collection::vec(any::<u64>(), 0..200),
            prop::collection::vec(0u64..9, 0..200),
            prop::collection::vec(prop::sample::select(vec![0, 1, u64::MAX, 1 << 63, (1 << 63) - 1]), 0..200),
            (any::<u64>(), any::<u64>(), 0u64..200).prop_map(|(start, rise, length)| {
                (0..length).map(|place| start.wrapping_add(rise.wrapping_mul(place))).collect()
            }),
        ],
    ) {
        let mut bytes = vec![];
        packed::pack(&numbers, &mut bytes);
        bytes.push(77);
        let (read, rest) = Packed::open(&bytes, numbers.len()).unwrap();
        prop_assert_eq!(rest, &[77]);
        prop_assert_eq!(read.to_vec(), numbers);
    }

    #[test]
    fn floats_come_back(
        values in prop::sample::select(VALUES.to_vec()), length in 0usize..400, seed in any::<u64>(),
    ) {
        let values = values.numbers(length, &mut Dice::new(seed));
        let bytes = packed_floats(&values);
        let (mut read, rest) = Floats::open(&bytes, length).unwrap();
        prop_assert!(rest.is_empty());
        prop_assert_eq!(bits(&read.clone().into_vec()), bits(&values));
        for place in (0..length).rev().step_by(7) {
            prop_assert_eq!(read.at(place).to_bits(), values[place].to_bits());
        }
    }

    #[test]
    fn a_column_is_parted_where_its_numbers_are(
        run in prop::sample::select(RUNS.to_vec()), length in 1usize..400, seed in any::<u64>(),
        wanted in 0usize..400, start in 0usize..400, end in 0usize..400,
    ) {
        let mut numbers = run.numbers(length, &mut Dice::new(seed));
        let blob = row_numbers::encode(&numbers);
        let mut read = RowNumbers::open(&blob, length).unwrap();
        prop_assert_eq!(read.to_vec(), &numbers[..]);
        for row in (0..length).step_by(5) {
            prop_assert_eq!(read.at(row), numbers[row]);
        }
        numbers.sort_unstable();
        let blob = row_numbers::encode(&numbers);
        let mut read = RowNumbers::open(&blob, length).unwrap();
        let (start, end) = (start.min(length), end.min(length));
        let (start, end) = (start.min(end), start.max(end));
        let wanted = numbers[wanted % length];
        for holds in [|number, wanted| number < wanted, |number: i64, wanted: i64| number <= wanted] {
            let expected = start + numbers[start..end].iter().take_while(|number| holds(**number, wanted)).count();
            prop_assert_eq!(read.partition(start..end, |number| holds(number, wanted)), expected);
        }
    }

    #[test]
    fn a_rollup_is_what_its_values_say(
        values in prop::sample::select(VALUES.to_vec()), length in 1usize..400, seed in any::<u64>(),
    ) {
        let values = values.numbers(length, &mut Dice::new(seed));
        let blob = rollup::encode(None, &values);
        prop_assert_eq!(blob.is_some(), length > MINI);
        let Some(blob) = blob else { return Ok(()) };
        let read = rollup::decode(&blob, length as u32, length as u32).unwrap();
        prop_assert_eq!(read.len(), length.div_ceil(MINI));
        for (bucket, Marks { lowest, highest, gap }) in read.into_iter().enumerate() {
            let range = bucket * MINI..((bucket + 1) * MINI).min(length);
            let finite: Vec<usize> = range.clone().filter(|place| values[*place].is_finite()).collect();
            let low = finite.iter().map(|place| values[*place]).reduce(f64::min);
            let high = finite.iter().map(|place| values[*place]).reduce(f64::max);
            let first = |wanted: Option<f64>| finite.iter().copied().find(|place| Some(values[*place]) == wanted);
            prop_assert_eq!(lowest.map(|mark| mark.0), first(low));
            prop_assert_eq!(highest.map(|mark| mark.0), first(high));
            for (place, value) in lowest.into_iter().chain(highest) {
                prop_assert_eq!(value.to_bits(), values[place].to_bits());
            }
            prop_assert_eq!(gap.map(|mark| mark.0), range.clone().find(|place| !values[*place].is_finite()));
        }
    }
}

#[test]
fn what_repeats_takes_few_bytes() {
    let most = |values: &[f64], bytes_per_point: f64| {
        let each = packed_floats(values).len() as f64 / values.len() as f64;
        assert!(each <= bytes_per_point, "{each} bytes a point are more than {bytes_per_point}");
    };
    let made = |values: Values| values.numbers(4_096, &mut Dice::new(1));
    most(&made(Values::Constant), 0.01);
    most(&made(Values::Counter), 0.01);
    most(&made(Values::Decimals), 2.1);
    most(&made(Values::NanRuns), 2.5);
    most(&made(Values::Spoiled), 2.5);
    most(&made(Values::Short), 3.6);
    let loss: Vec<f64> = made(Values::Noise).iter().map(|noise| noise / 8.0 + 1.5).collect();
    most(&loss, 6.8);
}

#[test]
fn steps_on_a_line_and_times_with_jitter_take_few_bytes() {
    let steps: Vec<i64> = (0..4_096).map(|row| row * 10).collect();
    assert!(row_numbers::encode(&steps).len() <= 24);
    let mut dice = Dice::new(1);
    let times: Vec<i64> = (0..4_096).map(|row| 1 << 50 | (row * 20_000 + dice.below(500) as i64)).collect();
    assert!(row_numbers::encode(&times).len() <= 4_096 * 13 / 8);
}
