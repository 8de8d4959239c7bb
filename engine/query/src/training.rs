//! What is to be said of a run where the model that it made is shown: its metrics by weight, and the lines to draw.

use paceline_schema::publication::TrainingFacts;
use paceline_schema::series::{MetricSummary, SeriesRequest};
use paceline_series::is_profiling;

use crate::engine::Engine;
use crate::error::QueryError;

/// Width of a chart that stands in a text, in pixels.
const CHART_PIXELS: u32 = 360;
/// Losses in one chart.
const MOST_LOSSES: usize = 4;
/// Last parts of the names of metrics that tell how good a model is, the best known first.
const QUALITIES: [&str; 5] = ["reward", "rewards/accuracies", "rewards/margins", "accuracy", "f1"];

impl Engine {
    /// What the card of a model says of the run that made it.
    ///
    /// # Errors
    /// When there is no such project or run, or its file cannot be read.
    pub fn training_facts(&self, project: &str, run: &str) -> Result<TrainingFacts, QueryError> {
        let detail = self.run(project, run)?;
        let run_id = detail.run.run_id.clone();
        let mut metrics: Vec<MetricSummary> =
            self.metrics(project, &run_id)?.into_iter().filter(|metric| !metric.hidden).collect();
        let loss_key = detail.run.loss_key.clone();
        metrics.sort_by_key(|metric| (weight(&metric.key, loss_key.as_deref()), metric.key.clone()));
        let keys = drawn(&metrics, loss_key.as_deref());
        let curves = if keys.is_empty() {
            Vec::new()
        } else {
            let request =
                SeriesRequest { runs: vec![run_id], keys, pixels: CHART_PIXELS, ..SeriesRequest::default() };
            self.series(project, &request)?.series
        };
        Ok(TrainingFacts { detail, metrics, curves })
    }
}

fn is_loss(key: &str) -> bool {
    !is_profiling(key) && key.to_lowercase().split(['/', '_', '.', ' ']).any(|part| part == "loss")
}

/// Where the metric stands among those of quality.
fn quality(key: &str) -> Option<usize> {
    QUALITIES.iter().position(|name| {
        key == *name || key.strip_suffix(name).is_some_and(|rest| rest.ends_with(['/', '_']))
    })
}

/// Smaller is told earlier.
fn weight(key: &str, loss_key: Option<&str>) -> usize {
    match (loss_key == Some(key), is_loss(key), quality(key)) {
        (true, ..) => 0,
        (_, true, _) => 1,
        (.., Some(place)) => 2 + place,
        (.., None) => 2 + QUALITIES.len(),
    }
}

/// The losses, and the one measure of quality that is known best.
fn drawn(metrics: &[MetricSummary], loss_key: Option<&str>) -> Vec<String> {
    let is_line = |metric: &&MetricSummary| metric.points > 1 && metric.first.is_some();
    let losses = metrics.iter().filter(is_line).filter(|metric| weight(&metric.key, loss_key) < 2);
    let mut keys: Vec<String> = losses.take(MOST_LOSSES).map(|metric| metric.key.clone()).collect();
    let best = metrics.iter().filter(is_line).filter_map(|metric| quality(&metric.key)).min();
    let of_best = |metric: &&MetricSummary| best.is_some() && quality(&metric.key) == best;
    keys.extend(metrics.iter().filter(is_line).filter(of_best).take(2).map(|metric| metric.key.clone()));
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_come_first_and_one_measure_of_quality_after_them() {
        let loss = Some("train/loss");
        assert!(weight("train/loss", loss) < weight("eval/loss", loss));
        assert!(weight("eval/loss", loss) < weight("train/reward", loss));
        assert!(weight("train/reward", loss) < weight("train/rewards/accuracies", loss));
        assert!(weight("eval/accuracy", loss) < weight("train/grad_norm", loss));
        assert!(is_loss("val_loss") && is_loss("Loss") && !is_loss("glossary") && !is_loss("train/lossless"));
        assert!(!is_loss("profiling/Time taken: GRPOTrainer.compute loss"));
        assert_eq!(quality("train/rewards/accuracies"), Some(1));
        assert_eq!(quality("eval/mean_token_accuracy"), Some(3), "it is an accuracy");
        assert_eq!(quality("train/reward_std"), None);
    }
}
