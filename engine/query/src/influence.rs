//! Which settings go with a better or worse outcome: rank correlation with ties, and the interval it may lie in, as
//! `docs/COMPARE.md` describes them.

use std::collections::BTreeMap;

use paceline_schema::comparison::Influence;
use serde_json::Value;

/// With fewer pairs the interval covers nearly everything.
pub(crate) const FEWEST_PAIRS: usize = 5;
/// Texts with more values than this are names, not choices.
const MOST_VALUES: usize = 12;
/// Fewer runs with a value say nothing about it.
const FEWEST_RUNS_OF_A_VALUE: usize = 2;
/// Share of intervals that hold the true value, if the runs are a fair sample.
const CONFIDENCE: f64 = 0.9;

/// What one run was given, and what came of it.
pub(crate) struct Trial<'a> {
    pub(crate) settings: &'a BTreeMap<String, Value>,
    pub(crate) outcome: f64,
}

/// Each setting that differs, the strongest correlation first; those of too few runs are left out.
pub(crate) fn influences(trials: &[Trial<'_>]) -> Vec<Influence> {
    let mut by_setting: BTreeMap<&str, Vec<(&Value, f64)>> = BTreeMap::new();
    for trial in trials {
        for (name, value) in trial.settings {
            by_setting.entry(name).or_default().push((value, trial.outcome));
        }
    }
    let mut found: Vec<Influence> = by_setting
        .into_iter()
        .filter(|(_, pairs)| pairs.len() >= FEWEST_PAIRS)
        .filter_map(|(name, pairs)| of_order(name, &pairs).or_else(|| of_values(name, &pairs)))
        .collect();
    found.sort_by(|a, b| {
        b.correlation.abs().total_cmp(&a.correlation.abs()).then_with(|| a.setting.cmp(&b.setting))
    });
    found
}

/// Of numbers alone, or truth values alone; `None` for anything else, and where it never changes.
fn of_order(name: &str, pairs: &[(&Value, f64)]) -> Option<Influence> {
    let are_flags = pairs.iter().all(|(value, _)| value.is_boolean());
    let order = |(value, _): &(&Value, f64)| match value {
        Value::Bool(flag) if are_flags => Some(f64::from(u8::from(*flag))),
        Value::Number(number) => number.as_f64(),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let values: Vec<f64> = pairs.iter().map(order).collect::<Option<_>>()?;
    let outcomes: Vec<f64> = pairs.iter().map(|(_, outcome)| *outcome).collect();
    let correlation = rank_correlation(&values, &outcomes)?;
    Some(influence(name, None, correlation, pairs.len(), 1))
}

/// The value of a text that stands out most; its interval counts how many were tried.
fn of_values(name: &str, pairs: &[(&Value, f64)]) -> Option<Influence> {
    if pairs.iter().all(|(value, _)| value.is_number()) {
        return None;
    }
    let texts: Vec<String> = pairs.iter().map(|(value, _)| text(value)).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for text in &texts {
        *counts.entry(text).or_default() += 1;
    }
    if !(2..=MOST_VALUES).contains(&counts.len()) {
        return None;
    }
    let most = pairs.len() - FEWEST_RUNS_OF_A_VALUE;
    let is_tried = |count: usize| (FEWEST_RUNS_OF_A_VALUE..=most).contains(&count);
    let mut tried: Vec<(usize, &str)> =
        counts.iter().filter(|(_, count)| is_tried(**count)).map(|(text, count)| (*count, *text)).collect();
    if counts.len() == 2 {
        // Of two values one says all: the rarer one against the other.
        tried.sort_unstable();
        tried.truncate(1);
    }
    let outcomes: Vec<f64> = pairs.iter().map(|(_, outcome)| *outcome).collect();
    let of_value = |(_, value): &(usize, &str)| {
        let has: Vec<f64> = texts.iter().map(|text| f64::from(u8::from(text == value))).collect();
        let correlation = rank_correlation(&has, &outcomes)?;
        Some(influence(name, Some((*value).to_owned()), correlation, pairs.len(), tried.len()))
    };
    let strength = |found: &Influence| found.correlation.abs();
    tried.iter().filter_map(of_value).max_by(|a, b| strength(a).total_cmp(&strength(b)))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn influence(
    name: &str,
    value: Option<String>,
    correlation: f64,
    pairs: usize,
    comparisons: usize,
) -> Influence {
    let (low, high) = interval(correlation, pairs, comparisons);
    Influence { setting: name.to_owned(), value, correlation, low, high, runs: pairs as u64 }
}

/// Ranks from 1 in the order of the values; equal values share the mean of their places.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    while from < order.len() {
        let mut to = from;
        while to + 1 < order.len() && values[order[to + 1]] == values[order[from]] {
            to += 1;
        }
        for place in &order[from..=to] {
            ranks[*place] = (from + to) as f64 / 2.0 + 1.0;
        }
        from = to + 1;
    }
    ranks
}

/// Spearman's rank correlation: Pearson's of the ranks. `None` where one side never changes.
fn rank_correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    let (left, right) = (ranks(x), ranks(y));
    let spread = (product(&left, &left) * product(&right, &right)).sqrt();
    (spread > 0.0).then(|| (product(&left, &right) / spread).clamp(-1.0, 1.0))
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (left, right) = (mean(a), mean(b));
    a.iter().zip(b).map(|(a, b)| (a - left) * (b - right)).sum()
}

/// Upper quantile of the normal distribution (Abramowitz & Stegun 1964, 26.2.23).
fn normal_quantile(upper_share: f64) -> f64 {
    let t = (-2.0 * upper_share.ln()).sqrt();
    let numerator = 2.515_517 + 0.802_853 * t + 0.010_328 * t * t;
    t - numerator / (1.0 + 1.432_788 * t + 0.189_269 * t * t + 0.001_308 * t * t * t)
}

/// Fisher's z with the variance of Bonett & Wright; each of several comparisons has its share of the doubt.
fn interval(correlation: f64, pairs: usize, comparisons: usize) -> (f64, f64) {
    let n = pairs as f64;
    // At ±1 z is infinite: half of the smallest step is left.
    let most = 1.0 - 6.0 / (n * (n * n - 1.0));
    let z = correlation.clamp(-most, most).atanh();
    let quantile = normal_quantile((1.0 - CONFIDENCE) / 2.0 / comparisons.max(1) as f64);
    let side = quantile * ((1.0 + correlation * correlation / 2.0) / (n - 3.0)).sqrt();
    ((z - side).tanh().min(correlation), (z + side).tanh().max(correlation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(settings: &[Value], outcomes: &[f64]) -> Vec<Influence> {
        let settings: Vec<BTreeMap<String, Value>> =
            settings.iter().map(|value| BTreeMap::from([("x".to_owned(), value.clone())])).collect();
        let trials: Vec<Trial<'_>> = settings
            .iter()
            .zip(outcomes)
            .map(|(settings, outcome)| Trial { settings, outcome: *outcome })
            .collect();
        influences(&trials)
    }

    #[test]
    fn ties_share_their_ranks() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
        // Conover 1999, §5.4: equal orders and reversed ones.
        assert_eq!(rank_correlation(&[1.0, 2.0, 3.0], &[5.0, 6.0, 70.0]), Some(1.0));
        assert_eq!(rank_correlation(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]), Some(-1.0));
        assert_eq!(rank_correlation(&[1.0, 1.0], &[1.0, 2.0]), None);
    }

    #[test]
    fn numbers_go_by_order_and_texts_by_value() {
        let rising = told(&[json!(1), json!(2), json!(3), json!(4), json!(5)], &[0.1, 0.2, 0.3, 0.5, 0.4]);
        assert!((rising[0].correlation - 0.9).abs() < 1e-12 && rising[0].low < 0.9 && rising[0].high <= 1.0);
        let texts: Vec<Value> =
            ["sgd", "sgd", "sgd", "adam", "adam", "adam"].map(|text| json!(text)).to_vec();
        let chosen = told(&texts, &[1.0, 1.1, 1.2, 0.1, 0.2, 0.3]);
        assert_eq!(chosen[0].value.as_deref(), Some("adam"));
        assert!(chosen[0].correlation < -0.8);
        assert!(told(&texts[..4], &[1.0, 1.1, 1.2, 0.1]).is_empty(), "too few");
        let same = vec![json!(1); 6];
        assert!(told(&same, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).is_empty());
    }
}
