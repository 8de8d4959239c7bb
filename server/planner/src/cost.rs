//! How long a training takes and what that costs: the guide's formula, a second estimate from operations, and the
//! project's own finished runs, which know better than either.

use paceline_schema::plan::{Adaptation, FinishedRun, Method};

use crate::hardware::Flavor;

/// Share of a GPU's operations that a training reaches.
const REACHED: f64 = 0.35;
/// Share of its memory's speed that writing answers reaches.
const REACHED_WRITING: f64 = 0.3;
/// How far the time may be from either estimate.
const MARGIN: f64 = 1.25;
/// A machine starts, fetches packages and the model; it is paid for meanwhile.
pub const START_SECONDS: f64 = 240.0;
/// The guide's margin of a time-out.
const TIMEOUT_MARGIN: f64 = 1.3;

/// Hours by the guide: a tenth for each 10⁹ parameters and 1,000 rows seen, times the machine's factor.
#[must_use]
pub fn guide_hours(billions: f64, rows: u64, epochs: f64, factor: f64) -> f64 {
    0.1 * billions * (rows as f64 / 1_000.0) * epochs * factor
}

/// What the time depends on.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// The way.
    pub method: Method,
    /// Which weights change.
    pub adaptation: Adaptation,
    /// Parameters of the model.
    pub parameters: u64,
    /// Rows.
    pub rows: u64,
    /// Times each is seen.
    pub epochs: f64,
    /// Tokens of a row.
    pub tokens_per_row: f64,
    /// Whether these were counted, and not taken to be the usual number.
    pub tokens_are_counted: bool,
    /// Answers to a prompt, where the model writes them.
    pub generations: u32,
    /// Longest answer.
    pub completion_tokens: u32,
    /// Rows of all devices in a step.
    pub batch: u64,
    /// The machine.
    pub flavor: &'a Flavor,
}

/// A time with an interval, and what it is known from.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The time.
    pub seconds: f64,
    /// It hardly takes less.
    pub low: f64,
    /// It hardly takes more, the start included.
    pub high: f64,
    /// What it is known from.
    pub source: String,
    /// What the operations alone say.
    pub by_operations: f64,
}

/// Estimates the time, corrected by finished runs on the same hardware.
#[must_use]
pub fn estimate(work: &Work<'_>, finished: &[FinishedRun]) -> Estimate {
    let billions = work.parameters as f64 / 1e9;
    let guide = guide_hours(billions, work.rows, work.epochs, work.flavor.guide_factor()) * 3_600.0;
    let by_operations = training_seconds(work) + writing_seconds(work);
    let mut ratios: Vec<f64> = finished.iter().filter_map(|run| ratio(run, work)).collect();
    ratios.sort_by(f64::total_cmp);
    if let (Some(low), Some(high)) = (ratios.first(), ratios.last()) {
        let middle = f64::midpoint(ratios[(ratios.len() - 1) / 2], ratios[ratios.len() / 2]);
        let runs = if ratios.len() == 1 { "one finished run" } else { "finished runs" };
        let count = if ratios.len() == 1 { String::new() } else { format!("{} ", ratios.len()) };
        return Estimate {
            seconds: guide * middle,
            low: guide * low / MARGIN,
            high: guide * high * MARGIN + START_SECONDS,
            source: format!(
                "{count}{runs} of the project on {}, {middle:.2} × the guide's formula",
                work.flavor.accelerator.name
            ),
            by_operations,
        };
    }
    let (seconds, source) = if work.method.generates() {
        let source = "the guide's formula, and the time to write the answers, which it leaves out";
        (guide + writing_seconds(work), source)
    } else {
        let source =
            "the guide's formula: 0.1 h × parameters (10⁹) × rows (1,000) × epochs × the machine's factor";
        (guide, source)
    };
    Estimate {
        seconds,
        low: seconds.min(by_operations) / MARGIN,
        high: seconds.max(by_operations) * MARGIN + START_SECONDS,
        source: source.to_owned(),
        by_operations,
    }
}

/// How much longer a run took than the guide says; none of one on other hardware, or that trained in another manner.
fn ratio(run: &FinishedRun, work: &Work<'_>) -> Option<f64> {
    let generations = work.method.generates().then_some(work.generations);
    let same = work.flavor.is_machine_of(run) && run.generations == generations;
    // Where both were counted, a run of short rows tells of one of long rows by its tokens. TRL counts those of answers
    // that are written too, and of a pair those of its prompt twice: of these only rows are compared.
    let by_tokens = work.method == Method::Sft && work.tokens_are_counted && work.tokens_per_row > 0.0;
    let rows = match run.tokens_seen {
        Some(tokens) if by_tokens => tokens / work.tokens_per_row,
        Some(_) | None => run.rows_seen?,
    };
    let guide =
        guide_hours(run.parameters as f64 / 1e9, 1_000, rows / 1_000.0, work.flavor.guide_factor()) * 3_600.0;
    (same && run.seconds > 0.0 && guide > 0.0)
        .then_some(run.seconds / guide)
        .filter(|ratio| ratio.is_finite())
}

/// Seconds of forward and backward passes by operations.
fn training_seconds(work: &Work<'_>) -> f64 {
    // Two operations a parameter and token forward, two for what flows back, two for gradients of weights; and
    // forward again, since activations are computed twice.
    let passes = if work.adaptation == Adaptation::Full { 8.0 } else { 6.0 };
    let (sequences, passes) = match work.method {
        // Both answers, and both by the reference.
        Method::Dpo => (2.0, passes + 2.0),
        Method::Kto => (1.0, passes + 2.0),
        Method::Reward => (2.0, passes),
        Method::Grpo | Method::Rloo => (f64::from(work.generations), passes),
        Method::Distillation => (1.0, passes + 2.0),
        Method::Sft => (1.0, passes),
    };
    // What was written is trained on behind its prompt.
    let written = if work.method.generates() { f64::from(work.completion_tokens) } else { 0.0 };
    let tokens = work.rows as f64 * work.epochs * sequences * (work.tokens_per_row + written);
    let speed = work.flavor.accelerator.teraflops * 1e12 * f64::from(work.flavor.devices) * REACHED;
    tokens * passes * work.parameters as f64 / speed
}

/// Seconds of writing answers: every token reads all weights once for the whole batch.
fn writing_seconds(work: &Work<'_>) -> f64 {
    if !work.method.generates() {
        return 0.0;
    }
    let answers = work.rows as f64 * work.epochs * f64::from(work.generations.max(1));
    let turns = (answers / work.batch.max(1) as f64).ceil();
    let bytes = work.parameters as f64 * 2.0;
    let speed = work.flavor.accelerator.bandwidth_gb * 1e9 * REACHED_WRITING;
    turns * f64::from(work.completion_tokens) * bytes / speed
}

/// When to stop it: the time with a margin, and not before the interval ends, in whole minutes.
#[must_use]
pub fn timeout_seconds(estimate: &Estimate) -> u64 {
    let seconds = (estimate.seconds * TIMEOUT_MARGIN).max(estimate.high);
    ((seconds / 60.0).ceil() as u64).max(1) * 60
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::{FLAVORS, flavor};
    use paceline_schema::plan::PriceTable;

    fn work(billions: f64, rows: u64, epochs: f64, name: &str) -> Work<'static> {
        Work {
            method: Method::Sft,
            adaptation: Adaptation::Full,
            parameters: (billions * 1e9).round() as u64,
            rows,
            epochs,
            tokens_per_row: 512.0,
            tokens_are_counted: false,
            generations: 1,
            completion_tokens: 0,
            batch: 16,
            flavor: flavor(name).expect("known"),
        }
    }

    #[test]
    fn the_formula_is_the_guides_on_a_grid() {
        for flavor in FLAVORS.iter().filter(|flavor| flavor.is_in_guide()) {
            for billions in [0.5, 0.6, 1.5, 3.0, 7.0, 13.0] {
                for rows in [100, 1_000, 16_000, 160_000] {
                    for epochs in [1.0, 3.0] {
                        // Its own words: hours = 0.1 × params_B × (dataset_size/1000) × epochs × mult; cost = hours × price.
                        let hours = billions / 10.0 * rows as f64 / 1_000.0 * epochs * flavor.guide_factor();
                        let estimate = estimate(&work(billions, rows, epochs, flavor.name), &[]);
                        assert!((estimate.seconds / 3_600.0 / hours - 1.0).abs() < 1e-12);
                        assert!(estimate.low <= estimate.seconds && estimate.seconds <= estimate.high);
                        assert!(timeout_seconds(&estimate) as f64 >= estimate.seconds * 1.3);
                    }
                }
            }
        }
    }

    #[test]
    fn the_guides_example_of_0_6b_on_a_t4() {
        // "~20 minutes, ~$0.30": the start of the machine makes $0.25 into $0.30.
        let estimate = estimate(&work(0.6, 2_800, 1.0, "t4-small"), &[]);
        assert!((estimate.seconds / 60.0 - 20.16).abs() < 1e-9);
        let price =
            flavor("t4-small").and_then(|flavor| flavor.usd_per_hour(PriceTable::Guide)).expect("listed");
        assert!((estimate.seconds / 3_600.0 * price - 0.252).abs() < 1e-9);
        let billed = (estimate.seconds + START_SECONDS) / 3_600.0 * price;
        assert!((billed - 0.30).abs() < 0.005, "{billed}");
    }

    #[test]
    fn finished_runs_on_the_same_gpu_correct_the_time() {
        let run = |device_memory_gib: f64, device_watts: f64, seconds: f64| FinishedRun {
            run: "r".into(),
            devices: 1,
            device_memory_gib: Some(device_memory_gib),
            device_watts: Some(device_watts),
            parameters: 600_000_000,
            rows_seen: Some(1_000.0),
            tokens_seen: None,
            generations: None,
            seconds,
        };
        let t4 = |seconds: f64| run(15.0, 70.0, seconds);
        let work = work(0.6, 2_000, 1.0, "t4-small");
        let plain = estimate(&work, &[]);
        assert_eq!(estimate(&work, &[run(80.0, 400.0, 10.0)]), plain, "other hardware says nothing");
        assert_eq!(estimate(&work, &[t4(0.0)]), plain);
        assert_eq!(
            estimate(&work, &[FinishedRun { devices: 2, ..t4(9.0) }]),
            plain,
            "two go at another pace"
        );
        assert_eq!(estimate(&work, &[FinishedRun { generations: Some(8), ..t4(9.0) }]), plain);
        // The guide says 432 s for 1,000 rows.
        let one = estimate(&work, &[t4(216.0)]);
        assert!((one.seconds - 432.0).abs() < 1e-6 && one.source.contains("one finished run"), "{one:?}");
        let three = estimate(&work, &[t4(432.0), t4(216.0), t4(864.0)]);
        assert!((three.seconds - 864.0).abs() < 1e-6, "{three:?}");
        assert!(three.low < 432.0 && three.high > 1_728.0 && three.source.starts_with("3 finished runs"));
        // Rows of 256 tokens took 216 s; those of this plan have 512.
        let counted = Work { tokens_are_counted: true, ..work };
        let short = FinishedRun { tokens_seen: Some(256_000.0), ..t4(216.0) };
        assert!((estimate(&counted, std::slice::from_ref(&short)).seconds - 864.0).abs() < 1e-6);
        assert!(
            (estimate(&work, &[short]).seconds - 432.0).abs() < 1e-6,
            "nothing is known of the rows of this plan"
        );
    }

    #[test]
    fn a_run_that_wrote_answers_tells_of_one_that_writes_as_many() {
        let sft =
            Work { tokens_are_counted: true, tokens_per_row: 100.0, ..work(0.6, 1_000, 1.0, "t4-small") };
        let grpo = Work { method: Method::Grpo, generations: 8, completion_tokens: 512, ..sft };
        let ran = FinishedRun {
            run: "r".into(),
            devices: 1,
            device_memory_gib: Some(15.0),
            device_watts: Some(70.0),
            parameters: 600_000_000,
            rows_seen: Some(1_000.0),
            // Prompts of 100 tokens and answers of 300, eight of them.
            tokens_seen: Some(1_000.0 * 8.0 * 400.0),
            generations: Some(8),
            seconds: 5_000.0,
        };
        let again = estimate(&grpo, std::slice::from_ref(&ran));
        assert!((again.seconds - 5_000.0).abs() < 1e-6, "the same once more takes as long: {again:?}");
        assert!(timeout_seconds(&again) as f64 > 5_000.0);
        let taught = FinishedRun { generations: Some(1), ..ran.clone() };
        assert_eq!(estimate(&grpo, std::slice::from_ref(&taught)), estimate(&grpo, &[]));
        assert_eq!(
            estimate(&sft, &[ran, taught.clone()]),
            estimate(&sft, &[]),
            "they tell of no other manner"
        );
        let distillation = Work { method: Method::Distillation, generations: 1, ..grpo };
        assert!((estimate(&distillation, &[taught]).seconds - 5_000.0).abs() < 1e-6);
    }

    #[test]
    fn writing_answers_takes_time() {
        let plain = work(0.6, 1_000, 1.0, "t4-small");
        let writing = Work { method: Method::Grpo, generations: 8, completion_tokens: 512, ..plain };
        assert!(estimate(&writing, &[]).seconds > 2.0 * estimate(&plain, &[]).seconds);
    }
}
