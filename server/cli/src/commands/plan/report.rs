//! A plan as a short table for people.

use paceline_query::duration;
use paceline_schema::plan::{Adaptation, TrainingPlan};
use paceline_schema::preflight::{Preflight, Standing};

use crate::failure::Failure;
use crate::output;

/// Prints a plan.
pub(super) fn plan(plan: &TrainingPlan) -> Result<(), Failure> {
    let title = format!("{} of {}", plan.method.as_str().to_uppercase(), plan.model);
    output::line(&output::strong(&title))?;
    let rows = [
        ("weights", weights(plan)),
        ("machine", format!("{} ({}, {})", plan.flavor, plan.accelerator, plan.precision.as_str())),
        ("memory", format!("{:.1} of {:.0} GB", plan.memory_gb, plan.device_memory_gb)),
        ("batch", batch(plan)),
        ("steps", format!("{} for {} rows, {} epochs", plan.steps, plan.rows - plan.eval_rows, plan.epochs)),
        (
            "time",
            format!(
                "about {} ({} to {}), time-out {}",
                duration(plan.seconds),
                duration(plan.seconds_low),
                duration(plan.seconds_high),
                duration(plan.timeout_seconds as f64)
            ),
        ),
        ("cost", cost(plan)),
    ];
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|(name, value)| vec![output::faint(name), value]).collect();
    output::table(&rows)?;
    output::line("")?;
    for reason in &plan.why {
        output::line(&format!("  {reason}"))?;
    }
    for warning in &plan.warnings {
        output::line(&format!("  note: {warning}"))?;
    }
    plan.preflight.as_ref().map_or(Ok(()), preflight)
}

/// What has to hold before it starts, and whether it may.
fn preflight(preflight: &Preflight) -> Result<(), Failure> {
    output::line("")?;
    let rows = preflight.checks.iter().map(|check| {
        let mark = match check.standing {
            Standing::Good => "✓",
            Standing::Doubtful => "?",
            Standing::Bad => "✗",
        };
        let hint = check.hint.as_ref().map(|hint| format!("; {hint}"));
        vec![format!("{mark} {}", check.name), format!("{}{}", check.found, hint.unwrap_or_default())]
    });
    output::table(&rows.collect::<Vec<_>>())?;
    output::line("")?;
    output::line(if preflight.ready { "It may start." } else { "It should not start yet." })
        .map_err(Failure::from)
}

fn weights(plan: &TrainingPlan) -> String {
    let billions = plan.parameters as f64 / 1e9;
    let of = match plan.adaptation {
        Adaptation::Full => "all of",
        Adaptation::Lora => "LoRA beside",
        Adaptation::Qlora => "LoRA beside, in 4 bits,",
    };
    let trained = plan.lora.as_ref().map(|lora| {
        format!(", {:.1} M trained at rank {}", lora.trainable_parameters as f64 / 1e6, lora.rank)
    });
    format!("{of} {billions:.2} B parameters{}", trained.unwrap_or_default())
}

fn batch(plan: &TrainingPlan) -> String {
    let generations = plan.num_generations.map(|count| format!(", {count} answers a prompt"));
    format!(
        "{} × {}, rows of at most {} tokens{}",
        plan.batch_size,
        plan.gradient_accumulation_steps,
        plan.max_length,
        generations.unwrap_or_default()
    )
}

fn cost(plan: &TrainingPlan) -> String {
    let other = plan.prices.iter().find(|price| price.price_table != plan.price_table);
    let other = other.map(|price| format!("; ${:.2} by {}", price.usd, price.price_table.as_str()));
    format!(
        "about ${:.2} (${:.2} to ${:.2}) by {}{}",
        plan.usd,
        plan.usd_low,
        plan.usd_high,
        plan.price_table.as_str(),
        other.unwrap_or_default()
    )
}
