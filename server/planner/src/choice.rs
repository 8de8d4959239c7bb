//! Which machine, which weights and which batch: the first combination that fits, in the guide's order.

use paceline_schema::plan::{Adaptation, Figure, Method};

use crate::adapters::{ALL_LINEAR, trainable_parameters};
use crate::error::PlanError;
use crate::hardware::{FLAVORS, Flavor, flavor, guide_row};
use crate::memory::{Load, USABLE, parts, recipes, total_gb};
use crate::model::ModelFacts;

/// Above so many parameters adapters are trained rather than the model.
pub const LORA_ABOVE: u64 = 3_000_000_000;
/// Rank of the adapters.
pub const RANK: u32 = 16;
/// Rows a step sees.
const EFFECTIVE_BATCH: u32 = 16;
/// Answers to a prompt, TRL's own figure.
pub const GENERATIONS: u32 = 8;

/// What was asked for, where the planner is not free.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wishes<'a> {
    /// The machine.
    pub flavor: Option<&'a str>,
    /// Which weights change.
    pub adaptation: Option<Adaptation>,
}

/// What was chosen.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The machine.
    pub flavor: &'static Flavor,
    /// What it does at once.
    pub load: Load,
    /// What the memory goes to.
    pub memory: Vec<Figure>,
    /// Such batches that make a step.
    pub accumulation: u32,
    /// Why.
    pub why: Vec<String>,
}

/// Chooses.
///
/// # Errors
/// When no machine, or not the one asked for, has the memory.
pub fn choose(
    model: &ModelFacts,
    method: Method,
    max_length: u32,
    wishes: Wishes<'_>,
) -> Result<Choice, PlanError> {
    let row = guide_row(model.parameters);
    let adaptations: &[Adaptation] = match wishes.adaptation {
        Some(Adaptation::Full) => &[Adaptation::Full],
        Some(Adaptation::Lora) => &[Adaptation::Lora],
        Some(Adaptation::Qlora) => &[Adaptation::Qlora],
        None if model.parameters > LORA_ABOVE => &[Adaptation::Lora, Adaptation::Qlora],
        None => &Adaptation::ALL,
    };
    let groups: Vec<Vec<&'static Flavor>> = match wishes.flavor {
        Some(name) => {
            vec![vec![flavor(name).ok_or_else(|| PlanError::UnknownFlavor { flavor: name.to_owned() })?]]
        }
        None => vec![row.flavors.iter().filter_map(|name| flavor(name)).collect(), larger()],
    };
    for group in &groups {
        for adaptation in adaptations {
            for candidate in group {
                let found = largest_batch(model, method, max_length, *adaptation, candidate, row.batch_size);
                if let Some((load, memory)) = found {
                    let why = reasons(model, &load, candidate, wishes, row.shown);
                    let at_once = load.batch_size * candidate.devices;
                    let accumulation = (EFFECTIVE_BATCH / at_once).max(1);
                    return Ok(Choice { flavor: candidate, load, memory, accumulation, why });
                }
            }
        }
    }
    let last = groups.iter().flatten().max_by(|left, right| left.memory_gb.total_cmp(&right.memory_gb));
    let last = last.copied().unwrap_or(&FLAVORS[0]);
    let possible = adaptations.iter().rev().find_map(|adaptation| {
        Some((*adaptation, *recipes(*adaptation, last.accelerator.precision).last()?))
    });
    let Some((adaptation, recipe)) = possible else {
        return Err(PlanError::NeedsGpu { flavor: last.name.to_owned() });
    };
    let load = load(model, method, max_length, adaptation, last, Load { batch_size: 1, ..bare(recipe) });
    Err(PlanError::DoesNotFit {
        model: model.name.clone(),
        adaptation,
        needed_gb: total_gb(&parts(model, &load)),
        flavor: last.name.to_owned(),
        has_gb: last.memory_gb,
    })
}

/// Machines with one GPU, the cheapest first, for what the guide has no machine for.
fn larger() -> Vec<&'static Flavor> {
    let mut all: Vec<&'static Flavor> =
        FLAVORS.iter().filter(|flavor| flavor.devices == 1 && !flavor.is_cpu()).collect();
    let price = |flavor: &Flavor| flavor.usd_per_hour(paceline_schema::plan::PriceTable::Official);
    all.sort_by(|left, right| price(left).partial_cmp(&price(right)).unwrap_or(std::cmp::Ordering::Equal));
    all
}

/// The first way to keep the weights that fits, with the most rows at once.
fn largest_batch(
    model: &ModelFacts,
    method: Method,
    max_length: u32,
    adaptation: Adaptation,
    flavor: &Flavor,
    at_most: u32,
) -> Option<(Load, Vec<Figure>)> {
    for recipe in recipes(adaptation, flavor.accelerator.precision) {
        let mut batch_size = at_most;
        while batch_size > 0 {
            let load =
                load(model, method, max_length, adaptation, flavor, Load { batch_size, ..bare(*recipe) });
            let memory = parts(model, &load);
            if total_gb(&memory) <= flavor.memory_gb * USABLE {
                return Some((load, memory));
            }
            batch_size /= 2;
        }
    }
    None
}

/// A load of which only recipe and batch are meant.
fn bare(recipe: crate::memory::Recipe) -> Load {
    Load {
        method: Method::Sft,
        adaptation: Adaptation::Full,
        precision: paceline_schema::plan::Precision::Fp32,
        recipe,
        adapter_parameters: 0,
        batch_size: 1,
        max_length: 0,
        gradient_checkpointing: true,
    }
}

fn load(
    model: &ModelFacts,
    method: Method,
    max_length: u32,
    adaptation: Adaptation,
    flavor: &Flavor,
    bare: Load,
) -> Load {
    let adapter_parameters = match adaptation {
        Adaptation::Full => 0,
        Adaptation::Lora | Adaptation::Qlora => {
            trainable_parameters(&model.shape, u64::from(RANK), &ALL_LINEAR)
        }
    };
    let precision = flavor.accelerator.precision;
    Load { method, adaptation, precision, adapter_parameters, max_length, ..bare }
}

fn reasons(model: &ModelFacts, load: &Load, flavor: &Flavor, wishes: Wishes<'_>, row: &str) -> Vec<String> {
    let billions = model.parameters as f64 / 1e9;
    let mut why = Vec::new();
    why.push(match (wishes.adaptation, load.adaptation) {
        (Some(asked), _) => format!("`{}` was asked for", asked.as_str()),
        (None, Adaptation::Full) => {
            format!("all weights are trained: {billions:.2} B parameters are at most 3 B, and they fit")
        }
        (None, Adaptation::Lora) if model.parameters > LORA_ABOVE => {
            format!("LoRA: {billions:.2} B parameters are more than 3 B")
        }
        (None, Adaptation::Lora) => "LoRA: training all weights does not fit".to_owned(),
        (None, Adaptation::Qlora) => "QLoRA: LoRA with weights in 16 bits does not fit".to_owned(),
    });
    why.push(match wishes.flavor {
        Some(name) => format!("`{name}` was asked for"),
        None if crate::hardware::guide_row(model.parameters).flavors.contains(&flavor.name) => {
            format!("{}: the guide's choice for models of {row}", flavor.name)
        }
        None => format!("{}: the cheapest single GPU on which it fits", flavor.name),
    });
    why.push(match flavor.accelerator.precision {
        paceline_schema::plan::Precision::Bf16 => format!("bf16: {} has it", flavor.accelerator.name),
        paceline_schema::plan::Precision::Fp16 => {
            format!("fp16: {} has no bf16, which TRL would take by itself", flavor.accelerator.name)
        }
        paceline_schema::plan::Precision::Fp32 => "fp32: the CPU trains in nothing shorter".to_owned(),
    });
    if load.gradient_checkpointing {
        why.push("gradient checkpointing: activations are computed twice rather than kept".to_owned());
    }
    why
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::parameters_of;

    fn chosen(billions: f64, wishes: Wishes<'_>) -> Result<Choice, PlanError> {
        let model = ModelFacts::of_parameters("m", parameters_of(billions), "given");
        choose(&model, Method::Sft, 1_024, wishes)
    }

    fn brief(billions: f64, flavor: Option<&str>) -> (&'static str, Adaptation) {
        let choice = chosen(billions, Wishes { flavor, adaptation: None }).expect("fits");
        let needed = total_gb(&choice.memory);
        assert!(needed <= choice.flavor.memory_gb * USABLE, "{needed} on {}", choice.flavor.name);
        (choice.flavor.name, choice.load.adaptation)
    }

    #[test]
    fn the_guides_table_row_by_row() {
        // Below 1 B: t4-small, all weights.
        for billions in [0.135, 0.36, 0.5, 0.6] {
            assert_eq!(brief(billions, None), ("t4-small", Adaptation::Full), "{billions}");
        }
        // 1 to 3 B: t4-medium or a10g-small, all weights, gradient checkpointing.
        for billions in [1.0, 1.5, 1.7, 2.0, 3.0] {
            let (flavor, adaptation) = brief(billions, None);
            assert!(["t4-medium", "a10g-small"].contains(&flavor), "{billions}: {flavor}");
            assert_eq!(adaptation, Adaptation::Full, "{billions}");
        }
        // 3 to 7 B: a10g-large or a100-large, LoRA.
        for billions in [3.1, 4.0, 7.0] {
            let (flavor, adaptation) = brief(billions, None);
            assert!(["a10g-large", "a100-large"].contains(&flavor), "{billions}: {flavor}");
            assert_eq!(adaptation, Adaptation::Lora, "{billions}");
        }
        // Above that the table ends; the guide by size has a100-large with LoRA.
        assert_eq!(brief(13.0, None), ("a100-large", Adaptation::Lora));
        assert_eq!(brief(33.0, None), ("a100-large", Adaptation::Lora));
        assert_eq!(brief(70.0, None), ("a100-large", Adaptation::Qlora));
    }

    #[test]
    fn a_machine_decides_how_much_is_trained() {
        assert_eq!(brief(1.5, Some("t4-small")), ("t4-small", Adaptation::Lora));
        // The guide's rule says 28 GB for LoRA of 7 B and that they fit 24.
        assert_eq!(brief(13.0, Some("a10g-large")), ("a10g-large", Adaptation::Qlora));
        assert_eq!(brief(33.0, Some("l4x1")), ("l4x1", Adaptation::Qlora));
        assert_eq!(brief(0.6, Some("h200")), ("h200", Adaptation::Full));
        assert_eq!(brief(0.135, Some("cpu-basic")), ("cpu-basic", Adaptation::Full));
        let asked = Wishes { flavor: None, adaptation: Some(Adaptation::Qlora) };
        assert_eq!(chosen(0.6, asked).expect("fits").load.adaptation, Adaptation::Qlora);
    }

    #[test]
    fn what_fits_nowhere_is_said() {
        let error = chosen(405.0, Wishes::default()).expect_err("too large");
        assert!(error.to_string().contains("h200"), "{error}");
        let error =
            chosen(70.0, Wishes { flavor: Some("t4-small"), adaptation: None }).expect_err("too large");
        assert!(error.to_string().contains("t4-small has 16 GB"), "{error}");
        let error =
            chosen(7.0, Wishes { flavor: Some("cpu-basic"), adaptation: None }).expect_err("too large");
        // 28 GB of weights in 32 bits: what does not fit is LoRA, since a CPU has no 4 bits.
        assert!(
            error.to_string().contains("lora and one") && !error.to_string().contains("qlora"),
            "{error}"
        );
        let asked = Wishes { flavor: Some("cpu-xl"), adaptation: Some(Adaptation::Qlora) };
        let error = chosen(0.6, asked).expect_err("no kernels");
        assert!(error.to_string().contains("GPU") && error.to_string().contains("cpu-xl"), "{error}");
        let error = chosen(1.0, Wishes { flavor: Some("t5"), adaptation: None }).expect_err("unknown");
        assert!(error.hint().contains("t4-small"), "{error}");
    }

    #[test]
    fn a_step_sees_sixteen_rows() {
        for (billions, flavor) in [(0.36, "t4-small"), (0.6, "h200"), (13.0, "a10g-large"), (0.6, "l4x4")] {
            let choice = chosen(billions, Wishes { flavor: Some(flavor), adaptation: None }).expect("fits");
            assert_eq!(choice.load.batch_size * choice.accumulation * choice.flavor.devices, 16, "{flavor}");
        }
    }
}
