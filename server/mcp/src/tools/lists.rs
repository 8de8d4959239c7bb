//! Projects and runs, page by page, and one run in full.

use paceline_query::Form;
use paceline_schema::run::Runs;
use paceline_schema::{Detail, ProjectSummary, RunDetail, RunState};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::fault::Fault;
use crate::tool::{Ask, Here, data};
use crate::world::{Pending, Threads};

/// Characters of a run or project in a brief list.
const CHARACTERS_OF_AN_ITEM: usize = 110;
/// The same where more is told.
const CHARACTERS_OF_A_FULL_ITEM: usize = 700;
/// Items of a page at most.
const MOST_ITEMS: usize = 10_000;

/// How many items have room, where the caller does not say.
fn limit(given: Option<usize>, form: Form) -> Result<usize, Fault> {
    match given {
        Some(limit) if (1..=MOST_ITEMS).contains(&limit) => Ok(limit),
        Some(limit) => Err(Fault::argument(format!("`limit` is {limit}, not from 1 to {MOST_ITEMS}"))),
        None => {
            let of_an_item =
                if form.detail == Detail::Brief { CHARACTERS_OF_AN_ITEM } else { CHARACTERS_OF_A_FULL_ITEM };
            Ok((form.characters() / of_an_item).max(1))
        }
    }
}

/// A page of projects.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProjectsPage {
    /// The one where something happened last first.
    projects: Vec<ProjectSummary>,
    /// What `after` takes to go on; not there on the last page.
    #[schema(nullable = false)]
    next: Option<String>,
}

/// Which page.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListProjects {
    /// `next` of the page before.
    #[schema(nullable = false)]
    after: Option<String>,
    /// Projects of the page; as many as have room when absent.
    #[schema(nullable = false, minimum = 1, maximum = 10_000)]
    limit: Option<usize>,
}

impl Ask for ListProjects {
    const NAME: &'static str = "list_projects";
    const TITLE: &'static str = "Which projects are there?";
    const DESCRIPTION: &'static str = "The projects, the one where something happened last first, with how many runs each has \
        and how many are active. `next` is there when there are more.";
    const PAGED: Option<(&'static str, &'static str)> = Some(("projects", "project"));
    type Answer = ProjectsPage;

    fn ask(self, world: Here, form: Form) -> Pending<Value> {
        world.ask(
            Threads::Read,
            Box::new(move |engine| {
                let limit = limit(self.limit, form)?;
                let mut projects = engine.projects()?;
                projects.sort_by_key(|project| {
                    std::cmp::Reverse((project.active_runs > 0, project.last_activity))
                });
                if let Some(after) = &self.after {
                    let place = projects.iter().position(|project| project.project == *after);
                    let unknown = || Fault::argument(format!("`after` is `{after}`, which is no project"));
                    projects.drain(..=place.ok_or_else(unknown)?);
                }
                let has_more = projects.len() > limit;
                projects.truncate(limit);
                let next = projects.last().filter(|_| has_more).map(|project| project.project.clone());
                data(&ProjectsPage { projects, next })
            }),
        )
    }
}

/// Which runs.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListRuns {
    /// Project; the one where something happened last when absent.
    #[schema(nullable = false)]
    project: Option<String>,
    /// Only runs in this state.
    #[schema(nullable = false)]
    state: Option<RunState>,
    /// `next` of the page before.
    #[schema(nullable = false)]
    after: Option<String>,
    /// Runs of the page; as many as have room when absent.
    #[schema(nullable = false, minimum = 1, maximum = 10_000)]
    limit: Option<usize>,
}

impl Ask for ListRuns {
    const NAME: &'static str = "list_runs";
    const TITLE: &'static str = "Which runs are there?";
    const DESCRIPTION: &'static str = "The runs of a project, newest first, each with its state and a sentence. `next` is there \
        when there are more. To rank them call `compare_runs`.";
    const SECONDARY: &'static [&'static str] = &[
        "project",
        "run_id",
        "created_at",
        "finished_at",
        "last_row_at",
        "rows",
        "step",
        "total_steps",
        "progress",
        "loss_key",
        "loss",
        "loss_first",
        "loss_best",
        "elapsed_seconds",
        "eta_seconds",
        "eta_low_seconds",
        "eta_high_seconds",
        "exit_code",
        "tags",
        "notes",
        "colour_slot",
    ];
    const PAGED: Option<(&'static str, &'static str)> = Some(("runs", "run_id"));
    type Answer = Runs;

    fn ask(self, world: Here, form: Form) -> Pending<Value> {
        world.ask(
            Threads::Read,
            Box::new(move |engine| {
                let limit = limit(self.limit, form)?;
                let project = engine.meant_project(self.project.as_deref())?;
                let page = engine.runs_page(&project, self.state, self.after.as_deref(), Some(limit))?;
                data(&Runs { runs: page.0, next: page.1 })
            }),
        )
    }
}

/// Which run.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetRun {
    /// Its project; the one where something happened last when absent.
    #[schema(nullable = false)]
    project: Option<String>,
    /// Its name or id; the one that logs, else the newest, when absent.
    #[schema(nullable = false)]
    run: Option<String>,
}

impl Ask for GetRun {
    const NAME: &'static str = "get_run";
    const TITLE: &'static str = "What is known of a run";
    const DESCRIPTION: &'static str = "One run in full: its config, the newest or best value of each metric (`summary_values`), \
        the commit, command and machine it was made with, how it ended. For where it stands call `get_run_status`.";
    const SECONDARY: &'static [&'static str] = &[
        "run_id",
        "created_at",
        "finished_at",
        "last_row_at",
        "loss_key",
        "loss",
        "loss_first",
        "loss_best",
        "elapsed_seconds",
        "eta_seconds",
        "eta_low_seconds",
        "eta_high_seconds",
        "colour_slot",
        "step",
        "total_steps",
        "progress",
        "pid",
        "environment",
        "findings",
    ];
    type Answer = RunDetail;

    fn ask(self, world: Here, _: Form) -> Pending<Value> {
        world.ask(
            Threads::Read,
            Box::new(move |engine| {
                let (project, run) = engine.meant_run(self.project.as_deref(), self.run.as_deref())?;
                data(&engine.run(&project, &run)?)
            }),
        )
    }
}
