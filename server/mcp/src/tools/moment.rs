//! A run around a step or an alert.

use paceline_query::{Form, Formed};
use paceline_schema::moment::{MomentRequest, Snapshot};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::tool::{Ask, Here, data};
use crate::world::{Pending, Threads};

/// Which run, and around what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetMoment {
    /// Its project; the one where something happened last when absent.
    #[schema(nullable = false)]
    project: Option<String>,
    /// Its name or id; the one that logs, else the newest, when absent.
    #[schema(nullable = false)]
    run: Option<String>,
    /// Around this step; around the newest row when neither step nor alert is given.
    #[schema(nullable = false)]
    step: Option<i64>,
    /// Around an alert: `newest`, or words of its title.
    #[schema(nullable = false)]
    alert: Option<String>,
    /// Steps to each side; as many as 10 rows take when absent.
    #[schema(nullable = false, minimum = 1)]
    window: Option<i64>,
}

impl Ask for GetMoment {
    const NAME: &'static str = "get_moment";
    const TITLE: &'static str = "What happened at this step or alert?";
    const DESCRIPTION: &'static str = "A run around a step or an alert: each metric just before, at and after it, the most unusual \
        first, with alerts and findings of that time. All values as they are: `get_snapshot`.";
    const SECONDARY: &'static [&'static str] = Snapshot::SECONDARY;
    type Answer = Snapshot;

    fn ask(self, world: Here, _: Form) -> Pending<Value> {
        world.ask(
            Threads::Charts,
            Box::new(move |engine| {
                let Self { project, run, step, alert, window } = self;
                let (project, run) = engine.meant_run(project.as_deref(), run.as_deref())?;
                data(&engine.around(&project, &run, &MomentRequest { step, alert, window })?)
            }),
        )
    }
}
