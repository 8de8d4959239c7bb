//! The mathematics of group-relative training: which of the answers to a prompt were better than the others, by the
//! formula of TRL.

/// By what the difference to the mean of a group is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// The deviation of the group.
    Group,
    /// The deviation of the batch.
    Batch,
    /// Nothing.
    None,
}

/// Keeps a deviation of nothing from dividing by nothing.
const EPSILON: f64 = 1e-4;

/// Advantages of answers. Each has a reward of every function, or none of it; those to one prompt stand together,
/// `generations` of them. An answer without any reward has no advantage, and does not count for the others.
#[must_use]
pub fn advantages(
    rewards: &[Vec<Option<f64>>],
    weights: &[f64],
    generations: usize,
    scale: Scale,
) -> Vec<f64> {
    let total = |row: &Vec<Option<f64>>| {
        let weighted = row.iter().zip(weights).filter_map(|(reward, weight)| Some(reward.as_ref()? * weight));
        row.iter().any(Option::is_some).then(|| weighted.sum::<f64>())
    };
    let totals: Vec<Option<f64>> = rewards.iter().map(total).collect();
    let of_batch = deviation(&totals);
    let of_group = |group: &[Option<f64>]| -> Vec<f64> {
        let mean = mean(group);
        let divisor = match scale {
            Scale::Group => deviation(group) + EPSILON,
            Scale::Batch => of_batch + EPSILON,
            Scale::None => 1.0,
        };
        group.iter().map(|total| total.map_or(0.0, |total| (total - mean) / divisor)).collect()
    };
    totals.chunks(generations.max(1)).flat_map(of_group).collect()
}

/// The mean of those that are there.
fn mean(values: &[Option<f64>]) -> f64 {
    let there = values.iter().flatten();
    there.clone().sum::<f64>() / there.count() as f64
}

/// The deviation of a sample; of one value none.
fn deviation(values: &[Option<f64>]) -> f64 {
    let mean = mean(values);
    let count = values.iter().flatten().count();
    let squares: f64 = values.iter().flatten().map(|value| (value - mean).powi(2)).sum();
    if count < 2 { 0.0 } else { (squares / (count - 1) as f64).sqrt() }
}

/// Labels of a row whose loss is that of its completion alone: -100 leaves a token out.
#[must_use]
pub fn completion_labels(tokens: &[i64], completion_mask: &[bool]) -> Vec<i64> {
    tokens.iter().zip(completion_mask).map(|(token, counts)| if *counts { *token } else { -100 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packing::pack;
    use serde_json::Value;

    /// What TRL made of random inputs; `make test-trainers` makes them anew and compares.
    fn vectors() -> Value {
        serde_json::from_str(include_str!("../../../tests/fixtures/group-vectors.json")).expect("JSON")
    }

    fn number(value: &Value) -> usize {
        value.as_u64().and_then(|number| usize::try_from(number).ok()).expect("a number")
    }

    #[test]
    fn advantages_are_trls() {
        let vectors = vectors();
        for vector in vectors["advantages"].as_array().expect("a list") {
            let list = |value: &Value| value.as_array().expect("a list").clone();
            let rewards: Vec<Vec<Option<f64>>> = list(&vector["rewards"])
                .iter()
                .map(|row| list(row).iter().map(Value::as_f64).collect())
                .collect();
            let weights: Vec<f64> = list(&vector["weights"]).iter().filter_map(Value::as_f64).collect();
            let scale = match vector["scale"].as_str() {
                Some("group") => Scale::Group,
                Some("batch") => Scale::Batch,
                _ => Scale::None,
            };
            let ours = advantages(&rewards, &weights, number(&vector["generations"]), scale);
            let theirs: Vec<Option<f64>> = list(&vector["advantages"]).iter().map(Value::as_f64).collect();
            assert_eq!(ours.len(), theirs.len());
            for (ours, theirs) in ours.iter().zip(theirs).filter_map(|(ours, theirs)| Some((ours, theirs?))) {
                // Its deviation counts in 32 bits.
                assert!(
                    (ours - theirs).abs() < 1e-6 * theirs.abs().max(1.0),
                    "{ours} and {theirs}: {vector}"
                );
            }
        }
    }

    #[test]
    fn packed_rows_are_trls() {
        let vectors = vectors();
        for vector in vectors["packing"].as_array().expect("a list") {
            let lengths: Vec<u32> = serde_json::from_value(vector["lengths"].clone()).expect("lengths");
            let longest: u32 = serde_json::from_value(vector["longest"].clone()).expect("a length");
            let theirs: Vec<Vec<u32>> = serde_json::from_value(vector["packed"].clone()).expect("lengths");
            let cut = |row: usize| lengths[row].min(longest);
            let ours: Vec<Vec<u32>> =
                pack(&lengths, longest).into_iter().map(|rows| rows.into_iter().map(cut).collect()).collect();
            assert_eq!(ours, theirs, "{vector}");
        }
    }

    #[test]
    fn answers_that_are_all_alike_teach_nothing() {
        let rewards = vec![vec![Some(0.3)]; 4];
        for scale in [Scale::Group, Scale::Batch, Scale::None] {
            assert!(advantages(&rewards, &[1.0], 4, scale).iter().all(|advantage| advantage.abs() < 1e-9));
        }
        assert_eq!(advantages(&[vec![None], vec![Some(1.0)]], &[1.0], 2, Scale::None), [0.0, 0.0]);
    }

    #[test]
    fn only_completions_count() {
        assert_eq!(completion_labels(&[5, 6, 7], &[false, true, true]), [-100, 6, 7]);
    }
}
