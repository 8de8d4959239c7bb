//! What changed between two runs.

use paceline_query::{Form, Formed};
use paceline_schema::difference::Difference;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::tool::{Ask, Here, data};
use crate::world::{Pending, Threads};

/// Which two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExplainDifference {
    /// Their project; the one where something happened last when absent.
    #[schema(nullable = false)]
    project: Option<String>,
    /// Name or id of the first run; the one before the newest when absent.
    #[schema(nullable = false)]
    from: Option<String>,
    /// Name or id of the second run; the newest when absent.
    #[schema(nullable = false)]
    to: Option<String>,
}

impl Ask for ExplainDifference {
    const NAME: &'static str = "explain_difference";
    const TITLE: &'static str = "What changed between two runs?";
    const DESCRIPTION: &'static str = "What changed from one run to another: settings, commit and uncommitted changes, packages and \
        machine, and what the metrics came to. Without arguments: from the run before the newest to the newest.";
    const SECONDARY: &'static [&'static str] = Difference::SECONDARY;
    type Answer = Difference;

    fn ask(self, world: Here, _: Form) -> Pending<Value> {
        world.ask(
            Threads::Read,
            Box::new(move |engine| {
                let project = engine.meant_project(self.project.as_deref())?;
                let (from, to) = engine.meant_pair(&project, self.from.as_deref(), self.to.as_deref())?;
                data(&engine.difference(&project, &from, &to)?)
            }),
        )
    }
}
