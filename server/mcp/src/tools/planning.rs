//! Plans of trainings, and what datasets serve, before anything is paid for.

use paceline_advice::Given;
use paceline_schema::Detail;
use paceline_schema::dataset_report::DatasetReport;
use paceline_schema::plan::TrainingPlan;
use paceline_schema::plan_request::{InspectRequest, PlanRequest};
use serde_json::Value;

use crate::fault::Fault;
use crate::tool::{Ask, Here, data};
use crate::world::Pending;
use paceline_query::Form;

/// What a plan holds beside what decides.
pub(super) const SECONDARY: &[&str] = &[
    "figures",
    "memory",
    "dataset",
    "prices",
    "parameters",
    "accelerator",
    "device_memory_gb",
    "dtype",
    "optimizer",
    "gradient_checkpointing",
    "num_generations",
    "precision",
    "packing",
    "max_length",
    "eval_rows",
    "target_modules",
    "trainable_parameters",
    "seconds_source",
    "seconds_low",
    "seconds_high",
    "usd_low",
    "usd_high",
];

impl Ask for PlanRequest {
    const NAME: &'static str = "plan_training";
    const TITLE: &'static str = "What does this training take?";
    const DESCRIPTION: &'static str = "Plans the training of a model before anything is paid for: which weights, which machine, \
        batch, steps, time, price with its list, time-out, and why. Show the user time and price, and ask before submitting. \
        `project` corrects the time by its finished runs; `preflight` tells what would go wrong; `script` with `detail: full` \
        answers the script, too.";
    const SECONDARY: &'static [&'static str] = SECONDARY;
    type Answer = TrainingPlan;

    fn ask(self, world: Here, form: Form) -> Pending<Value> {
        if self.script && form.detail != Detail::Full {
            let fault =
                Fault::new("a script is longer than this form of the answer", "ask with `detail` `full`");
            return Box::pin(async move { Err(fault) });
        }
        world.advise(Box::new(move |adviser| data(&adviser.plan(self, Given::default())?)))
    }
}

impl Ask for InspectRequest {
    const NAME: &'static str = "inspect_dataset";
    const TITLE: &'static str = "Which training does a dataset serve?";
    const DESCRIPTION: &'static str = "Tells for each method (sft, dpo, grpo, …) whether a dataset is ready for it, needs a \
        mapping of its columns, or is no use, with the reason. `dataset` is a name of the Hub; `sample` has rows of any other. \
        `detail: normal` adds the mapping as Python and the first row as the trainer sees it.";
    const SECONDARY: &'static [&'static str] = &["code", "preview", "mapping", "filled_rows", "sampled_rows"];
    type Answer = DatasetReport;

    fn ask(self, world: Here, _: Form) -> Pending<Value> {
        world.advise(Box::new(move |adviser| data(&adviser.inspect(self)?)))
    }
}
