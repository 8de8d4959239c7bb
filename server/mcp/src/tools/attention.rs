//! What deserves attention.

use paceline_query::Form;
use paceline_schema::attention::Attention;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::tool::{Ask, Here, data};
use crate::world::{Pending, Threads};

/// Of which runs.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetFindings {
    /// Project; the one where something happened last when absent.
    #[schema(nullable = false)]
    project: Option<String>,
    /// Name or id of one run; those that go on and the newest of the others when absent.
    #[schema(nullable = false)]
    run: Option<String>,
}

impl Ask for GetFindings {
    const NAME: &'static str = "get_findings";
    const TITLE: &'static str = "Is anything wrong?";
    const DESCRIPTION: &'static str = "What is wrong with the runs of a project or with one run: losses that are NaN, diverge, \
        spike or do not move, overfitting, stalls, crashes and more, each with evidence, since which step, and what to do. \
        Empty `runs` means that nothing was found.";
    const SECONDARY: &'static [&'static str] = &["run_id", "metrics"];
    type Answer = Attention;

    fn ask(self, world: Here, _: Form) -> Pending<Value> {
        world.ask(
            Threads::Charts,
            Box::new(move |engine| {
                let project = engine.meant_project(self.project.as_deref())?;
                data(&engine.attention(&project, self.run.as_deref())?)
            }),
        )
    }
}
