//! Which run is best, and why.

use paceline_query::{Form, Formed};
use paceline_schema::comparison::{CompareRequest, Comparison, OutcomeKind};
use paceline_schema::metric_definition::Goal;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::tool::{Ask, Here, data};
use crate::world::{Pending, Threads};

/// Which runs, by what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompareRuns {
    /// Project; the one where something happened last when absent.
    #[schema(nullable = false)]
    project: Option<String>,
    /// Names or ids of runs; all of the project when absent.
    #[serde(default)]
    runs: Vec<String>,
    /// Metric to rank by; when absent one with a goal of `define_metric`, else the reward, the loss of the evaluation, the loss.
    #[schema(nullable = false)]
    metric: Option<String>,
    /// Which values are better; when absent lower ones of losses and errors, higher ones of all else.
    #[schema(nullable = false)]
    goal: Option<Goal>,
    /// `best` value or `last` values; when absent the last of a training loss, the best of all else.
    #[schema(nullable = false)]
    by: Option<OutcomeKind>,
}

impl Ask for CompareRuns {
    const NAME: &'static str = "compare_runs";
    const TITLE: &'static str = "Which run is best, and why?";
    const DESCRIPTION: &'static str = "Ranks the runs of a project by a metric and tells which settings go with better ones: \
        `summary` says which is best and why, `runs` lists them best first with what differs in their configs, `matters` the \
        rank correlation of each setting with its 90 % interval.";
    const SECONDARY: &'static [&'static str] = Comparison::SECONDARY;
    type Answer = Comparison;

    fn ask(self, world: Here, _: Form) -> Pending<Value> {
        world.ask(
            Threads::Read,
            Box::new(move |engine| {
                let Self { project, runs, metric, goal, by } = self;
                let project = engine.meant_project(project.as_deref())?;
                let answer = engine.compare(&project, &CompareRequest { runs, metric, goal, by })?;
                data(&answer)
            }),
        )
    }
}
