//! What deserves attention in the runs of a project, in one answer.

use paceline_schema::attention::{Attention, RunAttention};
use paceline_schema::status::{Finding, Severity};
use paceline_schema::{RunState, RunSummary};

use crate::engine::Engine;
use crate::error::QueryError;

/// Of runs that have ended, so many of the newest are looked at.
const ENDED_RUNS: usize = 10;

impl Engine {
    /// What deserves attention in one run, or in those that have not ended and the newest of the others.
    ///
    /// # Errors
    /// When there is no such project or run, or its file cannot be read.
    pub fn attention(&self, project: &str, run: Option<&str>) -> Result<Attention, QueryError> {
        let ids = match run {
            Some(run) => vec![self.run_id(project, run)?],
            None => chosen(&self.runs(project)?),
        };
        let mut looked_at = 0;
        let mut runs = Vec::new();
        let mut name = project.to_owned();
        for id in &ids {
            let detail = match self.run(project, id) {
                // Deleted since it was listed.
                Err(error) if run.is_none() && error.code() == paceline_schema::ErrorCode::RunNotFound => {
                    continue;
                }
                detail => detail?,
            };
            looked_at += 1;
            name.clone_from(&detail.run.project);
            let RunSummary { run, run_id, state, summary, .. } = detail.run;
            let deserves = !detail.findings.is_empty() || has_failed(state);
            if deserves {
                runs.push(RunAttention { run, run_id, state, summary, findings: detail.findings });
            }
        }
        // A list that is sorted so keeps the newest first among equals.
        runs.sort_by_key(|run| std::cmp::Reverse(badness(run)));
        let summary = sentence(&name, looked_at, &runs);
        Ok(Attention { project: name, summary, runs_looked_at: looked_at, runs })
    }
}

fn chosen(runs: &[RunSummary]) -> Vec<String> {
    let mut ended = 0;
    let keeps = |run: &&RunSummary| {
        ended += usize::from(run.state.has_ended());
        !run.state.has_ended() || ended <= ENDED_RUNS
    };
    runs.iter().filter(keeps).map(|run| run.run_id.clone()).collect()
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
