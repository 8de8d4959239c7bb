//! This machine, as Hugging Face Jobs tells of its own.

use std::fs;
use std::num::NonZero;
use std::thread::available_parallelism;

use paceline_schema::jobs::{JobAccelerator, JobHardware};

use crate::memory;

/// The one machine that jobs run on here, whatever flavor they name. It costs nothing by the minute.
#[must_use]
pub fn hardware() -> JobHardware {
    let memory = memory::of_machine()
        .map_or_else(|| "unknown".to_owned(), |bytes| format!("{:.0} GB", bytes as f64 / 1e9));
    JobHardware {
        name: "local".to_owned(),
        pretty_name: "This machine".to_owned(),
        cpu: format!("{} vCPU", available_parallelism().map_or(1, NonZero::get)),
        ram: memory,
        accelerator: accelerator(),
        unit_cost_micro_usd: 0,
        unit_cost_usd: 0.0,
        unit_label: "minute".to_owned(),
    }
}

/// What the driver of NVIDIA says of its GPUs without being started.
fn accelerator() -> Option<JobAccelerator> {
    let gpus = fs::read_dir("/proc/driver/nvidia/gpus").ok()?;
    let models: Vec<String> = gpus
        .filter_map(|gpu| {
            let text = fs::read_to_string(gpu.ok()?.path().join("information")).ok()?;
            text.lines().find_map(|line| Some(line.strip_prefix("Model:")?.trim().to_owned()))
        })
        .collect();
    Some(JobAccelerator {
        kind: "gpu".to_owned(),
        model: models.first()?.clone(),
        quantity: models.len().to_string(),
        vram: "unknown".to_owned(),
        manufacturer: "Nvidia".to_owned(),
    })
}
