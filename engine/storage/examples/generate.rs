//! Writes a project as a sweep of trainings leaves it, through [`Store`] as a server has it, so that all that is
//! derived from the rows is made as they come. Prints one JSON line.
//!
//! `generate DIRECTORY PROJECT [--runs R] [--steps N] [--metrics K] [--together T] [--spikes S] [--seed X]`
//!
//! `--together` runs write at a time, in turn. `--spikes` values of the loss of each run, far from each other, are
//! replaced by 1000, 1001 and so on. The same arguments write the same rows. Memory does not grow with the size.

use std::collections::VecDeque;
use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use paceline_schema::event::{RunKey, RunStart};
use paceline_schema::{Event, Metrics, ProjectName, Row, RunEnd, RunState, Timestamp, Value};
use paceline_storage::{Batch, Durability, Pending, SeriesSettings, Store};

/// Rows of one run in a transaction, as the companion makes them.
const ROWS_PER_BATCH: u64 = 5_000;
/// Batches made ahead of the writer.
const BATCHES_AHEAD: usize = 2;
/// 1 January 2026, UTC.
const FIRST_START_US: i64 = 1_767_225_600_000_000;
const STEP_US: i64 = 80_000;
const KEYS: [&str; 5] =
    ["train/loss", "train/learning_rate", "train/epoch", "train/grad_norm", "train/samples_per_second"];
const LOWEST_SPIKE: f64 = 1_000.0;

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let sweep = Sweep::from_arguments()?;
    let series = SeriesSettings { keeps_up: true, ..SeriesSettings::default() };
    let store = Store::open_with(&sweep.directory, Durability::Process, series)?;
    let project = store.project_for_writing(&sweep.project)?;
    let began = Instant::now();
    let mut waiting: VecDeque<Pending> = VecDeque::new();
    let mut runs = 0..sweep.runs;
    let mut group: Vec<Training> = Vec::new();
    loop {
        group.retain(|training| training.next_step <= sweep.steps);
        if group.is_empty() {
            group = runs.by_ref().take(sweep.together).map(|number| Training::new(&sweep, number)).collect();
        }
        if group.is_empty() {
            break;
        }
        for training in &mut group {
            if waiting.len() == BATCHES_AHEAD {
                waiting.pop_front().map(Pending::wait).transpose()?;
            }
            waiting.push_back(project.begin_append(vec![training.next_batch(&sweep)])?);
        }
    }
    for pending in waiting {
        pending.wait()?;
    }
    let seconds = began.elapsed().as_secs_f64();
    drop(project);
    store.close();
    let rows = sweep.runs as u64 * sweep.steps;
    let bytes = std::fs::metadata(sweep.directory.join(format!("{}.db", sweep.project.as_str())))?.len();
    writeln!(
        std::io::stdout(),
        "{{\"what\":\"generate\",\"rows\":{rows},\"seconds\":{seconds:.3},\"rows_per_second\":{:.0},\"bytes\":{bytes}}}",
        rows as f64 / seconds
    )?;
    Ok(())
}

/// What is written.
struct Sweep {
    directory: PathBuf,
    project: ProjectName,
    runs: usize,
    steps: u64,
    metrics: usize,
    together: usize,
    spikes: u64,
    seed: u64,
}

impl Sweep {
    fn from_arguments() -> Result<Self, Failure> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [directory, project, options @ ..] = arguments.as_slice() else {
            return Err("usage: generate DIRECTORY PROJECT [--runs R] [--steps N] …".into());
        };
        let mut sweep = Self {
            directory: directory.into(),
            project: ProjectName::new(project).map_err(|error| error.to_string())?,
            runs: 1,
            steps: 1_000,
            metrics: KEYS.len(),
            together: 8,
            spikes: 0,
            seed: 1,
        };
        for option in options.chunks(2) {
            let [name, value] = option else { return Err(format!("`{}` has no value", option[0]).into()) };
            match name.as_str() {
                "--runs" => sweep.runs = value.parse()?,
                "--steps" => sweep.steps = value.parse()?,
                "--metrics" => sweep.metrics = value.parse()?,
                "--together" => sweep.together = value.parse::<usize>()?.max(1),
                "--spikes" => sweep.spikes = value.parse()?,
                "--seed" => sweep.seed = value.parse()?,
                _ => return Err(format!("`{name}` is no option; see the head of this file").into()),
            }
        }
        Ok(sweep)
    }
}

/// A training that is under way.
struct Training {
    run: RunKey,
    random: fastrand::Rng,
    number: usize,
    start_us: i64,
    time_us: i64,
    /// Also the number of the last one, plus one, once its end is written.
    next_step: u64,
    highest_rate: f64,
    floor: f64,
    throughput: f64,
}

impl Training {
    fn new(sweep: &Sweep, number: usize) -> Self {
        let mut random = fastrand::Rng::with_seed(sweep.seed.wrapping_mul(1_000_003) ^ number as u64);
        // Groups follow each other; the trainings of a group start within a minute.
        let group = (number / sweep.together) as i64;
        let start_us = FIRST_START_US
            + group * (sweep.steps as i64 * STEP_US * 6 / 5 + 120_000_000)
            + random.i64(0..60_000_000);
        let highest_rate = 1e-5 * 30_f64.powf(random.f64());
        Self {
            run: RunKey { id: format!("{:032x}", random.u128(..)), name: format!("sweep-{number:04}") },
            number,
            start_us,
            time_us: start_us,
            next_step: 0,
            highest_rate,
            floor: 1.2 + random.f64(),
            throughput: 60.0 + 20.0 * random.f64(),
            random,
        }
    }

    /// The next rows, with the start before the first and the end after the last.
    fn next_batch(&mut self, sweep: &Sweep) -> Batch {
        let mut events = Vec::new();
        if self.next_step == 0 {
            events.push(Event::Start(RunStart { time: Timestamp(self.start_us), ..RunStart::default() }));
            let json = format!(
                "{{\"learning_rate\":{:e},\"max_steps\":{},\"seed\":{}}}",
                self.highest_rate, sweep.steps, self.number
            );
            events.push(Event::Config { time: Timestamp(self.start_us), json, rank: 0 });
        }
        let last = sweep.steps.min(self.next_step + ROWS_PER_BATCH);
        events.extend((self.next_step..last).map(|step| Event::Row(self.row(sweep, step))));
        self.next_step = last;
        if last == sweep.steps {
            self.next_step += 1;
            events.push(Event::End(RunEnd {
                time: Timestamp(self.time_us),
                state: RunState::Finished,
                exit_code: Some(0),
                exit_signal: None,
                failure: None,
                leaving: false,
                rank: 0,
                of_start: None,
            }));
        }
        Batch { run: self.run.clone(), events }
    }

    fn row(&mut self, sweep: &Sweep, step: u64) -> Row {
        // An evaluation now and then takes longer.
        let pause = if step % 5_000 == 4_999 { 20 * STEP_US } else { 0 };
        self.time_us += STEP_US + self.random.i64(-500..=500) + pause;
        Row {
            log_id: Some(self.log_id(step)),
            time: Timestamp(self.time_us),
            step: Some(step as i64),
            metrics: self.metrics(sweep, step),
        }
    }

    /// In the form of a UUID of version 7: its time, then the run and the step in the place of chance.
    fn log_id(&self, step: u64) -> String {
        let (ms, us) = (self.time_us / 1_000, self.time_us % 1_000);
        format!("{ms:012x}7{us:03x}8{:05x}{step:010x}", self.number)
    }

    fn metrics(&mut self, sweep: &Sweep, step: u64) -> Metrics {
        let share = step as f64 / sweep.steps as f64;
        let noise = self.normal();
        let loss = self.floor + 9.0 / (1.0 + share * 60.0).sqrt() * (0.05 * noise).exp();
        let warm_up = 0.03;
        let rate = if share < warm_up {
            share / warm_up
        } else {
            0.5 * (1.0 + (std::f64::consts::PI * (share - warm_up) / (1.0 - warm_up)).cos())
        };
        let gradient = (0.4 + loss / 8.0) * (0.25 * self.normal()).exp();
        let throughput = self.throughput * (1.0 + 0.01 * self.normal());
        let values = [
            // Tensors of 32 bits, as `.item()` gives them.
            self.spike_at(sweep, step).unwrap_or(f64::from(loss as f32)),
            self.highest_rate * rate,
            (share * 3.0 * 1e4).round() / 1e4,
            f64::from(gradient as f32),
            (throughput * 1e3).round() / 1e3,
        ];
        let mut metrics: Metrics = KEYS
            .iter()
            .zip(values)
            .take(sweep.metrics)
            .map(|(key, value)| ((*key).to_owned(), Value::Float(value)))
            .collect();
        for layer in metrics.len()..sweep.metrics {
            let weight = f64::from((1.0 + share + 0.02 * self.normal()) as f32);
            metrics.push((format!("layers/{layer}/weight_norm"), Value::Float(weight)));
        }
        metrics
    }

    /// One in the middle of each of as many equal parts, at a place that chance moved.
    fn spike_at(&self, sweep: &Sweep, step: u64) -> Option<f64> {
        if sweep.spikes == 0 {
            return None;
        }
        let spike = step * sweep.spikes / sweep.steps;
        let part = sweep.steps / sweep.spikes;
        let moved = spike.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (part / 2).max(1);
        (step == spike * sweep.steps / sweep.spikes + part / 4 + moved).then_some(LOWEST_SPIKE + spike as f64)
    }

    /// Nearly normal, of mean 0 and deviation 1.
    fn normal(&mut self) -> f64 {
        let sum: f64 = (0..4).map(|_| self.random.f64()).sum();
        (sum - 2.0) * 3_f64.sqrt()
    }
}
