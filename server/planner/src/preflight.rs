//! What has to hold before a training starts, judged from what was found out.

use paceline_schema::plan::{Adaptation, TrainingPlan};
use paceline_schema::preflight::{Check, Preflight, Standing};

/// Weights, their optimiser and what is kept of both come to more than this on few machines, GB.
const USUAL_DISK_GB: f64 = 50.0;
/// Checkpoints that a script keeps.
const CHECKPOINTS: f64 = 2.0;

/// Who writes to the Hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// The Hub was not asked.
    NotAsked,
    /// There is no token.
    NoToken,
    /// The Hub does not say.
    Unknown {
        /// Why not.
        reason: String,
    },
    /// A token of somebody.
    Known {
        /// Whose.
        name: String,
        /// Whether it may write; unknown of a token with rights for single repositories.
        may_write: Option<bool>,
        /// Organisations they are in.
        organizations: Vec<String>,
    },
}

/// Where the model goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its name on the Hub.
    pub name: String,
    /// Whether a model is there under that name, or why that is not known; none where it was not asked.
    pub is_there: Option<Result<bool, String>>,
}

/// Where a model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelPlace {
    /// In a folder of this machine.
    Here,
    /// On the Hub.
    OnHub,
    /// Not on the Hub, or not for this token to see.
    Nowhere,
}

impl ModelPlace {
    /// By whether the Hub has it.
    #[must_use]
    pub fn of_hub(has_it: bool) -> Self {
        if has_it { Self::OnHub } else { Self::Nowhere }
    }
}

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreflightFacts {
    /// Where the model is; none where that is not known.
    pub model: Option<ModelPlace>,
    /// Who writes to the Hub.
    pub owner: Owner,
    /// Where the model goes; none where nothing is said.
    pub output: Option<Output>,
    /// The setting that names where rows go beside the machine; none where there is none.
    pub tracked_at: Option<String>,
}

/// Judges.
#[must_use]
pub fn preflight(plan: &TrainingPlan, facts: &PreflightFacts) -> Preflight {
    let mut checks = vec![
        model(plan, facts),
        dataset(plan),
        token(&facts.owner),
        output(&facts.output, &facts.owner),
        disk(plan),
        evaluation(plan),
        tracking(facts),
    ];
    // Stable: of one standing they stay in the order in which a training meets them.
    checks.sort_by_key(|check| match check.standing {
        Standing::Bad => 0,
        Standing::Doubtful => 1,
        Standing::Good => 2,
    });
    Preflight { ready: checks.iter().all(|check| check.standing != Standing::Bad), checks }
}

fn check(name: &str, standing: Standing, found: impl Into<String>, hint: &str) -> Check {
    let hint = (standing != Standing::Good).then(|| hint.to_owned());
    Check { name: name.to_owned(), standing, found: found.into(), hint }
}

fn model(plan: &TrainingPlan, facts: &PreflightFacts) -> Check {
    let name = &plan.model;
    let (standing, found) = match facts.model {
        Some(ModelPlace::Here) => {
            (Standing::Good, format!("`{name}` is a folder of this machine; a job elsewhere cannot read it"))
        }
        Some(ModelPlace::OnHub) => (Standing::Good, format!("`{name}` is on the Hub")),
        Some(ModelPlace::Nowhere) => {
            (Standing::Bad, format!("there is no model `{name}` on the Hub, or the token may not see it"))
        }
        None => (Standing::Doubtful, format!("whether `{name}` can be loaded was not looked at")),
    };
    check("model", standing, found, "look at its name; of a model with terms, accept them on its page")
}

fn dataset(plan: &TrainingPlan) -> Check {
    match &plan.dataset {
        Some(report) => {
            let found = format!("`{}` loads and serves {}", report.dataset, plan.method.as_str());
            check("dataset", Standing::Good, found, "")
        }
        None => {
            let found = "no dataset was looked at";
            check(
                "dataset",
                Standing::Doubtful,
                found,
                "name it, and the plan tells whether it serves the method",
            )
        }
    }
}

fn token(owner: &Owner) -> Check {
    let hint =
        "make a token with write access at https://huggingface.co/settings/tokens and set it as HF_TOKEN";
    let (standing, found) = match owner {
        Owner::NotAsked => {
            (Standing::Doubtful, "the Hub is not asked, so nobody knows whether a token may write".into())
        }
        Owner::NoToken => {
            (Standing::Bad, "there is no token of the Hub: jobs are not taken, and no model is kept".into())
        }
        Owner::Unknown { reason } => (Standing::Doubtful, reason.clone()),
        Owner::Known { name, may_write: Some(false), .. } => {
            (Standing::Bad, format!("the token of `{name}` may only read"))
        }
        Owner::Known { name, may_write: Some(true), .. } => {
            (Standing::Good, format!("the token of `{name}` may write"))
        }
        Owner::Known { name, may_write: None, .. } => (
            Standing::Doubtful,
            format!("the token of `{name}` has rights for single repositories, which do not show"),
        ),
    };
    check("token", standing, found, hint)
}

fn output(output: &Option<Output>, owner: &Owner) -> Check {
    let Some(Output { name, is_there }) = output else {
        let found = "nothing says where the model goes: what a job leaves on its machine goes with it";
        return check("output", Standing::Bad, found, "`--hub-model-id USER/NAME` says where");
    };
    if let (Some((space, _)), Owner::Known { name: user, organizations, .. }) = (name.split_once('/'), owner)
        && space != user
        && !organizations.iter().any(|of| of == space)
    {
        let found = format!("`{name}` belongs to `{space}`, and the token to `{user}`, who is not in it");
        return check(
            "output",
            Standing::Bad,
            found,
            "name a repository of your own, or of an organisation you are in",
        );
    }
    match is_there {
        Some(Ok(true)) => {
            let found = format!("`{name}` is there already: what is trained becomes its newest state");
            check("output", Standing::Good, found, "")
        }
        Some(Ok(false)) => {
            check("output", Standing::Good, format!("`{name}` is free, and is made by the training"), "")
        }
        Some(Err(reason)) => {
            check("output", Standing::Doubtful, reason.clone(), "look at its name, as USER/NAME")
        }
        None => {
            let found = format!("whether `{name}` may be made was not looked at");
            check("output", Standing::Doubtful, found, "look at its owner and at the token")
        }
    }
}

/// Bytes on the disk of the machine, 10⁹: the model as it is fetched, checkpoints with their optimiser, and what is saved.
fn disk_gb(plan: &TrainingPlan) -> f64 {
    let parameters = plan.parameters as f64;
    let fetched = parameters * 2.0;
    let (trained, each, moments) = match (plan.adaptation, &plan.lora) {
        (Adaptation::Full, _) => {
            let each = if plan.dtype == "float32" { 4.0 } else { 2.0 };
            let moments = if plan.optimizer.contains("8bit") { 2.0 } else { 8.0 };
            (parameters, each, moments)
        }
        (_, Some(lora)) => (lora.trainable_parameters as f64, 4.0, 8.0),
        (_, None) => (0.0, 0.0, 0.0),
    };
    (fetched + CHECKPOINTS * trained * (each + moments) + trained * each) / 1e9
}

fn disk(plan: &TrainingPlan) -> Check {
    let needed = disk_gb(plan);
    let standing = if needed > USUAL_DISK_GB { Standing::Doubtful } else { Standing::Good };
    let found =
        format!("model, {CHECKPOINTS:.0} checkpoints and the result take about {needed:.0} GB of disk");
    check("disk", standing, found, "see that the machine has it, keep one checkpoint, or train adapters")
}

fn evaluation(plan: &TrainingPlan) -> Check {
    if plan.eval_rows > 0 {
        let found = format!("{} rows are kept for evaluation, and evaluated on", plan.eval_rows);
        return check("evaluation", Standing::Good, found, "");
    }
    let found = "no rows are kept for evaluation: nothing shows when it learns by heart";
    check("evaluation", Standing::Doubtful, found, "`--eval-share 0.1` keeps a tenth")
}

fn tracking(facts: &PreflightFacts) -> Check {
    match &facts.tracked_at {
        Some(setting) => check(
            "tracking",
            Standing::Good,
            format!("rows go where {setting} says, if the job is given it"),
            "",
        ),
        None => {
            let found = "rows of the run stay on the machine it runs on; a job's go with it";
            let hint = "set TRACKIO_SERVER_URL, TRACKIO_SPACE_ID or TRACKIO_DATASET_ID for the job";
            check("tracking", Standing::Doubtful, found, hint)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MAX_LENGTH, ModelFacts, Request, Wishes, plan};
    use paceline_schema::plan::{Method, PriceTable};

    fn planned(billions: &str, eval_share: f64) -> TrainingPlan {
        plan(&Request {
            model: ModelFacts::of_name(&format!("some/model-{billions}")).expect("a size"),
            method: Method::Sft,
            rows: 1_000,
            epochs: 1.0,
            eval_share,
            max_length: MAX_LENGTH,
            packing: false,
            row_tokens: Vec::new(),
            wishes: Wishes::default(),
            prices: PriceTable::Guide,
            prices_now: Vec::new(),
            finished: Vec::new(),
        })
        .expect("fits")
    }

    fn good() -> PreflightFacts {
        PreflightFacts {
            model: Some(ModelPlace::OnHub),
            owner: Owner::Known {
                name: "ada".into(),
                may_write: Some(true),
                organizations: vec!["lab".into()],
            },
            output: Some(Output { name: "ada/out".into(), is_there: Some(Ok(false)) }),
            tracked_at: Some("TRACKIO_SPACE_ID".into()),
        }
    }

    fn standing(preflight: &Preflight, name: &str) -> Standing {
        preflight.checks.iter().find(|check| check.name == name).expect("every check").standing
    }

    #[test]
    fn a_training_that_may_start() {
        let found = preflight(&planned("0.6B", 0.1), &good());
        assert!(found.ready, "{found:?}");
        assert_eq!(found.checks.len(), 7);
        let doubtful: Vec<&str> = found
            .checks
            .iter()
            .filter(|check| check.standing != Standing::Good)
            .map(|check| check.name.as_str())
            .collect();
        assert_eq!(doubtful, ["dataset"], "none was looked at");
    }

    #[test]
    fn what_would_lose_the_model_is_bad_and_comes_first() {
        let plan = planned("0.6B", 0.1);
        let owner =
            |may_write, name: &str| Owner::Known { name: name.into(), may_write, organizations: Vec::new() };
        let output = |name: &str| Some(Output { name: name.into(), is_there: Some(Ok(false)) });
        for (facts, bad) in [
            (PreflightFacts { model: Some(ModelPlace::Nowhere), ..good() }, "model"),
            (PreflightFacts { owner: Owner::NoToken, ..good() }, "token"),
            (PreflightFacts { owner: owner(Some(false), "ada"), ..good() }, "token"),
            (PreflightFacts { output: None, ..good() }, "output"),
            (PreflightFacts { output: output("bob/out"), ..good() }, "output"),
            (PreflightFacts { owner: owner(Some(true), "eve"), ..good() }, "output"),
        ] {
            let found = preflight(&plan, &facts);
            assert!(!found.ready, "{bad}: {found:?}");
            assert_eq!((found.checks[0].name.as_str(), found.checks[0].standing), (bad, Standing::Bad));
            assert!(found.checks[0].hint.is_some(), "{found:?}");
        }
        let of_lab = PreflightFacts { output: output("lab/out"), ..good() };
        assert_eq!(standing(&preflight(&plan, &of_lab), "output"), Standing::Good);
        let here = PreflightFacts { model: Some(ModelPlace::Here), ..good() };
        assert_eq!(standing(&preflight(&plan, &here), "model"), Standing::Good);
    }

    #[test]
    fn what_nobody_knows_is_doubtful() {
        let facts = PreflightFacts { model: None, owner: Owner::NotAsked, output: None, tracked_at: None };
        let found = preflight(&planned("3B", 0.0), &facts);
        for name in ["model", "token", "evaluation", "tracking"] {
            assert_eq!(standing(&found, name), Standing::Doubtful, "{name}");
        }
        assert_eq!(standing(&preflight(&planned("0.6B", 0.0), &facts), "disk"), Standing::Good);
        let unknown = PreflightFacts {
            owner: Owner::Unknown { reason: "the Hub does not answer".into() },
            output: Some(Output { name: "ada/out".into(), is_there: Some(Err("away".into())) }),
            ..facts
        };
        let found = preflight(&planned("0.6B", 0.1), &unknown);
        assert!(found.ready && standing(&found, "output") == Standing::Doubtful);
    }

    #[test]
    fn the_disk_holds_what_a_script_keeps() {
        // 0.6 B on a T4: 1.2 GB fetched, twice 4 + 8 bytes a parameter, and 4 of the result.
        assert!((disk_gb(&planned("0.6B", 0.0)) - (1.2 + 2.0 * 7.2 + 2.4)).abs() < 1e-9);
        let adapters = planned("7B", 0.0);
        let trained = adapters.lora.as_ref().expect("adapters").trainable_parameters as f64;
        assert!((disk_gb(&adapters) - (14.0 + 28.0 * trained / 1e9)).abs() < 1e-9);
    }
}
