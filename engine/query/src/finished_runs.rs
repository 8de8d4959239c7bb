//! How fast finished runs of a project went, on which hardware: what a plan for the next one is corrected by.

use paceline_schema::plan::FinishedRun;
use paceline_schema::system::gpu_key;
use paceline_schema::{Metrics, RunState};
use paceline_storage::{JsonObject, Reader, RowsOf, RunRecord, StorageError};
use serde_json::Value;

use crate::engine::Engine;
use crate::error::QueryError;
use crate::eta::Pace;

/// The newest runs say how fast the machine is today.
const MOST: usize = 50;
/// Samples of a run that are looked at: a sample of the processors may hold no GPU.
const SAMPLES: usize = 20;
/// GPUs of a machine.
const MOST_DEVICES: u32 = 64;
/// A GPU that holds less takes no part in the training, GiB.
const IN_USE_GIB: f64 = 0.5;

/// Settings that say how large the model is.
const PARAMETERS: &[&str] = &["model/num_parameters", "num_parameters", "n_parameters"];
/// Rows that a device takes at once.
const BATCH: &[&str] = &["per_device_train_batch_size", "train_batch_size", "batch_size"];
/// Tokens since the start, as TRL counts them.
const TOKENS: &[&str] = &["train/num_tokens", "num_tokens"];

impl Engine {
    /// The newest finished runs of a project that tell the size of their model, their batch and their pace, newest first.
    ///
    /// # Errors
    /// When there is no such project, or its file cannot be read.
    pub fn finished_runs(&self, project: &str) -> Result<Vec<FinishedRun>, QueryError> {
        self.read(project, |reader, _| {
            let mut found = Vec::new();
            let runs = reader.runs()?.into_iter().rev();
            for run in runs.filter(|run| run.process.state == Some(RunState::Finished)).take(MOST) {
                found.extend(finished_run(reader, &run)?);
            }
            Ok(found)
        })
    }
}

/// What one run tells; nothing where something of it is missing.
fn finished_run(reader: &Reader<'_>, run: &RunRecord) -> Result<Option<FinishedRun>, StorageError> {
    let Some(config) = reader.config(&run.run_id)? else { return Ok(None) };
    let heads = reader.heads(&run.run_id)?;
    let whole = || {
        let parameters = number(&config, PARAMETERS)?;
        let at_once =
            number(&config, BATCH)? * number(&config, &["gradient_accumulation_steps"]).unwrap_or(1.0);
        let steps = heads.step().filter(|step| *step > 0)? as f64;
        let pace = Pace::read(heads.pace(), run.created_at).ok()?;
        Some((parameters, at_once, steps, pace.seconds_per_step()))
    };
    let Some((parameters, at_once, steps, seconds_per_step)) = whole() else { return Ok(None) };
    let machine = machine(&reader.newest_rows(RowsOf::System, &run.run_id, SAMPLES)?);
    let tokens = TOKENS.iter().find_map(|key| heads.metric(key)).map(|head| head.last.value);
    let seconds = seconds_per_step * steps;
    let is_sound = |value: f64| value.is_finite() && value > 0.0;
    // A batch of a model that writes answers is of answers, several of them to a prompt; one that learns by distillation
    // has settings for its answers and writes one.
    let answers = number(&config, &["num_generations"]).filter(|count| *count >= 1.0);
    let answers = answers.or_else(|| number(&config, &["max_completion_length"]).map(|_| 1.0));
    let is_packed = config.get("packing").and_then(Value::as_bool) == Some(true);
    let rows = steps * at_once * f64::from(machine.devices.max(1)) / answers.unwrap_or(1.0);
    Ok([parameters, at_once, seconds].into_iter().all(is_sound).then(|| FinishedRun {
        run: run.run_name.clone(),
        devices: machine.devices,
        device_memory_gib: machine.memory_gib,
        device_watts: machine.watts,
        parameters: parameters as u64,
        rows_seen: (!is_packed).then_some(rows),
        tokens_seen: tokens.filter(|tokens| is_sound(*tokens)),
        generations: answers.map(|count| count as u32),
        seconds,
    }))
}

/// The first of these settings that is there and a number.
fn number(config: &JsonObject, keys: &[&str]) -> Option<f64> {
    keys.iter().find_map(|key| config.get(*key).and_then(Value::as_f64))
}

/// What computes in a machine, by its samples.
#[derive(Debug, Default, PartialEq)]
struct Machine {
    devices: u32,
    memory_gib: Option<f64>,
    watts: Option<f64>,
}

fn machine(samples: &[paceline_storage::StoredRow]) -> Machine {
    let value = |metrics: &Metrics, key: &str| {
        metrics.iter().find(|(name, _)| name == key).and_then(|(_, value)| value.number())
    };
    let of_gpus = samples.iter().rev().find_map(|sample| {
        value(&sample.metrics, &gpu_key(0, "total_memory")).map(|memory| (&sample.metrics, memory))
    });
    let Some((metrics, memory)) = of_gpus else { return Machine::default() };
    let held = |index: u32| value(metrics, &gpu_key(index, "allocated_memory"));
    let devices = (0..MOST_DEVICES).map_while(held).filter(|gib| *gib >= IN_USE_GIB).count();
    Machine {
        devices: u32::try_from(devices).unwrap_or(MOST_DEVICES).max(1),
        memory_gib: Some(memory),
        watts: value(metrics, &gpu_key(0, "power_limit")),
    }
}
