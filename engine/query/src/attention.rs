//! What deserves attention in the runs of a project, in one answer.

use paceline_schema::attention::{Attention, RunAttention};
use paceline_schema::status::{Finding, Severity};
use paceline_schema::{RunState, RunSummary};
use paceline_storage::RunRecord;

use crate::engine::Engine;
use crate::error::QueryError;
use crate::project_runs::ProjectRuns;

/// Of runs that do not go on, so many of the newest are looked at.
const OTHER_RUNS: usize = 10;

impl Engine {
    /// What deserves attention in one run, or in those that go on and the newest of the others.
    ///
    /// # Errors
    /// When there is no such project or run, or its file cannot be read.
    pub fn attention(&self, project: &str, run: Option<&str>) -> Result<Attention, QueryError> {
        let now = self.now();
        self.read(project, |reader, project| {
            let all = ProjectRuns::read(reader, project, now, &self.known)?;
            let named = run.map(|run| Ok::<_, QueryError>(reader.find_run(run)?.run_id)).transpose()?;
            let chosen: Vec<&RunRecord> = match named {
                Some(id) => all.records.iter().filter(|record| record.run_id == id).collect(),
                None => chosen(&all),
            };
            let mut runs = Vec::new();
            for record in &chosen {
                let findings = all.findings(record)?;
                let RunSummary { run, run_id, state, summary, .. } = all.item(record);
                if !findings.is_empty() || has_failed(state) {
                    runs.push(RunAttention { run, run_id, state, summary, findings });
                }
            }
            // A list that is sorted so keeps the newest first among equals.
            runs.sort_by_key(|run| std::cmp::Reverse(badness(run)));
            let looked_at = chosen.len() as u64;
            let summary = sentence(project, looked_at, &runs);
            Ok(Attention { project: project.to_owned(), summary, runs_looked_at: looked_at, runs })
        })
    }
}

/// Newest first.
fn chosen<'a>(all: &'a ProjectRuns<'_>) -> Vec<&'a RunRecord> {
    let mut others = 0;
    let keeps = |record: &&RunRecord| {
        let goes_on = all.condition(record).goes_on();
        others += usize::from(!goes_on);
        goes_on || others <= OTHER_RUNS
    };
    all.records.iter().rev().filter(keeps).collect()
}

fn has_failed(state: RunState) -> bool {
    matches!(state, RunState::Failed | RunState::Crashed)
}

/// What holds of a run that still logs is worst: somebody can act.
fn badness(run: &RunAttention) -> (Option<Severity>, bool) {
    let holds = run.findings.iter().filter(|finding| finding.until_step.is_none());
    let worst = holds.map(|finding| finding.severity).max();
    let worst = if has_failed(run.state) { Some(Severity::Critical) } else { worst };
    (worst, !run.state.has_ended())
}

fn sentence(project: &str, looked_at: u64, runs: &[RunAttention]) -> String {
    let of_all = match looked_at {
        0 => return format!("Project `{project}` has no runs yet"),
        1 => "the run".to_owned(),
        _ => format!("the {looked_at} runs"),
    };
    let wrong: Vec<&RunAttention> = runs.iter().filter(|run| badness(run).0 > Some(Severity::Note)).collect();
    let Some(worst) = wrong.first() else {
        let looked_at = if looked_at == 1 { String::new() } else { " that were looked at".to_owned() };
        return format!("Nothing is wrong with {of_all} of `{project}`{looked_at}");
    };
    let why = match worst.findings.iter().find(|finding| finding.until_step.is_none()) {
        Some(Finding { evidence, .. }) => evidence.clone(),
        None => worst.summary.clone(),
    };
    let count = if looked_at == 1 {
        String::new()
    } else {
        format!("{} of {looked_at} runs need attention: ", wrong.len())
    };
    format!("{count}`{}`: {why}", worst.run)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str, state: RunState, findings: &[(Severity, Option<i64>)]) -> RunAttention {
        let finding = |(severity, until_step): &(Severity, Option<i64>)| Finding {
            code: "loss_spike".into(),
            severity: *severity,
            evidence: "the loss rose to 9".into(),
            metrics: Vec::new(),
            since_step: Some(1),
            until_step: *until_step,
            hint: None,
        };
        RunAttention {
            run: name.into(),
            run_id: name.into(),
            state,
            summary: "Crashed at step 3".into(),
            findings: findings.iter().map(finding).collect(),
        }
    }

    #[test]
    fn the_worst_that_holds_is_told() {
        let fine = run("fine", RunState::Running, &[(Severity::Critical, Some(9))]);
        let noted = run("noted", RunState::Running, &[(Severity::Note, None)]);
        let bad = run("bad", RunState::Running, &[(Severity::Warning, None)]);
        let gone = run("gone", RunState::Crashed, &[]);
        assert!(
            badness(&gone) > badness(&bad)
                && badness(&bad) > badness(&noted)
                && badness(&noted) > badness(&fine)
        );
        assert_eq!(sentence("p", 2, &[noted]), "Nothing is wrong with the 2 runs of `p` that were looked at");
        assert_eq!(
            sentence("p", 3, std::slice::from_ref(&bad)),
            "1 of 3 runs need attention: `bad`: the loss rose to 9"
        );
        assert_eq!(sentence("p", 1, &[gone]), "`gone`: Crashed at step 3");
        assert_eq!(sentence("p", 0, &[]), "Project `p` has no runs yet");
    }
}
