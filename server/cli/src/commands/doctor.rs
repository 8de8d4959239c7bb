//! `paceline doctor`: what stands in the way of a training that logs, and the cure.

mod looks;

use serde::Serialize;

use crate::arguments::DoctorArguments;
use crate::failure::Failure;
use crate::output;

/// One thing that was looked at.
#[derive(Serialize)]
struct Look {
    name: &'static str,
    healthy: bool,
    /// What was seen.
    message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    cure: Option<String>,
}

#[derive(Serialize)]
struct Answer {
    healthy: bool,
    checks: Vec<Look>,
}

/// Looks at everything. The status is 1 where something needs a cure.
pub(crate) fn run(arguments: &DoctorArguments) -> Result<(), Failure> {
    let directory = arguments.directory.directory();
    let checks = vec![
        looks::commands(),
        looks::python(arguments.python.as_deref()),
        looks::directory(&directory),
        looks::companion(&directory),
        looks::projects(&arguments.directory),
        looks::journals(&directory),
    ];
    let healthy = checks.iter().all(|look| look.healthy);
    if arguments.json {
        output::json_indented(&Answer { healthy, checks })?;
    } else {
        for look in &checks {
            let mark = if look.healthy { output::good("ok") } else { output::bad("wrong") };
            output::line(&format!("{mark}: {}", look.message))?;
            if let Some(cure) = &look.cure {
                output::line(&format!("  cure: {cure}"))?;
            }
        }
    }
    if healthy { Ok(()) } else { Err(Failure::AnsweredNo) }
}
