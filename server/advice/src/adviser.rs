//! The one function under every transport: what is asked, what is known, and the planner's answer.

use paceline_hub::facts;
use paceline_hub::remote::Account;
use paceline_planner::{ModelFacts, ModelPlace, PlanError, PriceNow, Request, Sample, Wishes, plan};
use paceline_query::Engine;
use paceline_schema::dataset_report::{DatasetReport, Verdict};
use paceline_schema::plan::{Method, TrainingPlan};
use paceline_schema::plan_request::{InspectRequest, PlanRequest};

use crate::dataset::{Looked, look};
use crate::fault::AdviceFault;
use crate::model;
use crate::preflight;
use crate::script::{Loaded, hub_rows, script_of};

/// How the way out is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speech {
    /// As options of a command: `--max-length`.
    Options,
    /// As fields of a request: `max_length`.
    Fields,
}

/// Who gives advice: with which runs, and as whom on the Hub.
#[derive(Clone)]
pub struct Adviser {
    /// Whose finished runs correct a plan.
    pub engine: Option<Engine>,
    /// The account of the Hub; none where it is not to be asked.
    pub hub: Option<Account>,
    /// How the way out is told.
    pub speech: Speech,
}

/// What was read of files of this machine.
#[derive(Debug, Default)]
pub struct Given {
    /// The dataset, by its name for people.
    pub dataset: Option<(String, Sample)>,
    /// The model.
    pub model: Option<ModelFacts>,
    /// Whether the model is a folder of this machine, which the Hub knows nothing of.
    pub model_is_here: bool,
    /// Names of the variables of the job that trains; none where nobody knows yet which job that is.
    pub environment: Option<Vec<String>>,
}

impl Adviser {
    /// Says what a dataset serves.
    ///
    /// # Errors
    /// When it cannot be looked at.
    pub fn inspect(&self, request: InspectRequest) -> Result<DatasetReport, AdviceFault> {
        let looked = look(request, self.hub.as_ref())?.ok_or_else(|| {
            AdviceFault::request(
                "no dataset is named",
                "`dataset` names one of the Hub, `sample` has rows of another",
            )
        })?;
        Ok(looked.report)
    }

    /// Makes a plan.
    ///
    /// # Errors
    /// When something of it is not known, does not fit, or serves nothing.
    pub fn plan(&self, request: PlanRequest, given: Given) -> Result<TrainingPlan, AdviceFault> {
        let asked = request.method.as_deref().map(method_named).transpose()?;
        let looked = match given.dataset {
            Some((name, sample)) => Some(Looked::at(&name, sample)?),
            None => look(request.inspect(), self.hub.as_ref())?,
        };
        let method = method(asked, looked.as_ref().map(|looked| &looked.report))?;
        let found = match given.model {
            Some(facts) => model::Found { facts, on_hub: None, note: None },
            None => model::find(&request.model, request.params.as_deref(), self.hub.as_ref())?,
        };
        let finished = match (&request.project, &self.engine) {
            (Some(project), Some(engine)) => engine.finished_runs(project)?,
            (Some(_), None) | (None, _) => Vec::new(),
        };
        let total = looked.as_ref().and_then(|looked| looked.sample.total_rows);
        let rows = match (request.rows, total) {
            // There are no more than there are.
            (Some(asked), Some(there)) => Some(asked.min(there)),
            (asked, there) => asked.or(there),
        };
        let rows = rows.ok_or_else(|| {
            AdviceFault::request("nothing says how many rows there are", "`--rows` says it")
        })?;
        let (prices_now, unpriced) = self.prices();
        let mut plan = plan(&Request {
            model: found.facts,
            method,
            rows,
            epochs: request.epochs,
            eval_share: request.eval_share,
            max_length: request.max_length,
            packing: request.packing,
            row_tokens: looked.as_ref().map(|looked| looked.sample.row_tokens()).unwrap_or_default(),
            wishes: Wishes { flavor: request.flavor.as_deref(), adaptation: request.adaptation },
            prices: request.prices,
            prices_now,
            finished,
        })?;
        plan.warnings.extend(found.note.into_iter().chain(unpriced));
        plan.dataset = looked.map(|looked| looked.report);
        if request.preflight {
            let place = match (given.model_is_here, found.on_hub) {
                (true, _) => Some(ModelPlace::Here),
                (false, on_hub) => on_hub.map(ModelPlace::of_hub),
            };
            let of_job = given.environment.as_deref();
            plan.preflight = Some(preflight::look(&plan, &request, place, of_job, self.hub.as_ref()));
        }
        if request.script {
            plan.script = Some(script_of_request(&plan, &request)?);
        }
        if self.speech == Speech::Fields {
            plan.warnings = plan.warnings.iter().map(|warning| in_fields(warning)).collect();
            for check in plan.preflight.iter_mut().flat_map(|preflight| &mut preflight.checks) {
                check.found = in_fields(&check.found);
                check.hint = check.hint.as_deref().map(in_fields);
            }
        }
        Ok(plan)
    }

    /// What machines cost today, where there is a token to ask with; or why that is not known.
    fn prices(&self) -> (Vec<PriceNow>, Option<String>) {
        let Some(account) = self.hub.as_ref().filter(|account| account.token().is_some()) else {
            return (Vec::new(), None);
        };
        match facts::machine_prices(account.clone()) {
            Ok(prices) => {
                let price =
                    |of: facts::MachinePrice| PriceNow { flavor: of.flavor, usd_per_hour: of.usd_per_hour };
                (prices.into_iter().map(price).collect(), None)
            }
            Err(fault) => {
                tracing::debug!(%fault, "prices are those of the lists");
                (Vec::new(), Some(format!("prices are those of the lists: {}", fault.message)))
            }
        }
    }
}

/// The script of a plan for what the Hub has.
fn script_of_request(plan: &TrainingPlan, request: &PlanRequest) -> Result<String, AdviceFault> {
    if request.sample.is_some() {
        return Err(AdviceFault::request(
            "a script loads its rows from the Hub, and `sample` has a few that lie elsewhere",
            "bring the dataset to the Hub; where the rows are, `paceline plan` writes a script for their file",
        ));
    }
    let name = request.dataset.as_deref().unwrap_or_default();
    let loaded = Loaded { model: &request.model, teacher: request.teacher.as_deref() };
    Ok(script_of(plan, hub_rows(plan, name), loaded)?)
}

/// The method of a word.
fn method_named(word: &str) -> Result<Method, AdviceFault> {
    let word = word.to_ascii_lowercase();
    if let Some(method) = Method::ALL.into_iter().find(|method| method.as_str() == word) {
        return Ok(method);
    }
    if word == "ppo" {
        return Err(AdviceFault::request(
            "TRL has no PPO trainer any more",
            "`grpo` or `rloo` train on rewards as it did",
        ));
    }
    let words = Method::ALL.map(Method::as_str).join("`, `");
    let message = format!("there is no method `{}`", word.escape_debug());
    Err(AdviceFault::request(message, format!("the methods are `{words}`")))
}

/// The method asked for, if the dataset serves it; else the one that it serves best.
///
/// # Errors
/// When it serves none, or not that one, or there is neither a method nor a dataset.
fn method(asked: Option<Method>, looked: Option<&DatasetReport>) -> Result<Method, AdviceFault> {
    let Some(report) = looked else {
        return asked.ok_or_else(|| {
            AdviceFault::request("no method is named", "`--method sft` names one, a dataset decides it too")
        });
    };
    serves(asked, report)?;
    let best = asked.or_else(|| report.recommended.first().copied());
    best.ok_or_else(|| AdviceFault::request("no method is named", "`--method sft` names one"))
}

/// Fails where a dataset serves nothing, or not what is asked for.
fn serves(asked: Option<Method>, report: &DatasetReport) -> Result<(), AdviceFault> {
    if report.recommended.is_empty() {
        let columns: Vec<String> =
            report.columns.iter().take(20).map(|column| format!("`{}`", column.name)).collect();
        return Err(PlanError::DatasetFitsNothing { columns: columns.join(", ") }.into());
    }
    let unfit = |of: &&paceline_schema::dataset_report::MethodReport| {
        Some(of.method) == asked && of.verdict == Verdict::Incompatible
    };
    match report.methods.iter().find(unfit) {
        Some(of) => {
            let serves = report.recommended.clone();
            Err(PlanError::DatasetUnfit { method: of.method, reason: of.reason.clone(), serves }.into())
        }
        None => Ok(()),
    }
}

impl Adviser {
    /// Fails where a dataset serves nothing, or not the method of this word.
    ///
    /// # Errors
    /// As said.
    pub fn check_serves(asked: Option<&str>, report: &DatasetReport) -> Result<(), AdviceFault> {
        serves(asked.map(method_named).transpose()?, report)
    }
}

/// Options of a command as fields of a request: `--max-length 512` as `max_length 512`.
pub(crate) fn in_fields(text: &str) -> String {
    let mut parts = text.split("`--");
    let mut told = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end =
            part.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-').unwrap_or(part.len());
        told.push('`');
        told.push_str(&part[..end].replace('-', "_"));
        told.push_str(&part[end..]);
    }
    told.replace("`paceline plan --dataset FILE`", "a look at the dataset")
}

#[cfg(test)]
mod tests {
    use super::*;
    use paceline_schema::ErrorCode;
    use serde_json::{Map, Value, json};

    fn adviser() -> Adviser {
        Adviser { engine: None, hub: None, speech: Speech::Fields }
    }

    fn asked(request: serde_json::Value) -> Result<TrainingPlan, AdviceFault> {
        adviser().plan(serde_json::from_value(request).expect("a request"), Given::default())
    }

    #[test]
    fn options_become_fields() {
        assert_eq!(
            in_fields("a shorter `--max-length`, or `--params 0.6B`"),
            "a shorter `max_length`, or `params 0.6B`"
        );
        assert_eq!(in_fields("nothing `here`"), "nothing `here`");
    }

    #[test]
    fn checks_are_told_as_fields_too() {
        let plan = asked(json!({"model": "m-0.6B", "method": "sft", "rows": 9, "preflight": true}));
        let checks = plan.expect("a plan").preflight.expect("asked for").checks;
        let hints: Vec<&str> = checks.iter().filter_map(|check| check.hint.as_deref()).collect();
        assert!(hints.iter().any(|hint| hint.contains("`hub_model_id USER/NAME`")), "{hints:?}");
        assert!(!hints.concat().contains("--"), "{hints:?}");
    }

    #[test]
    fn no_more_rows_are_trained_on_than_there_are() {
        let sample = json!([{"text": "a"}, {"text": "b"}]);
        let given = |rows: u64| {
            let rows_of: Vec<Map<String, Value>> = serde_json::from_value(sample.clone()).expect("rows");
            let sample = Sample { columns: vec!["text".to_owned()], rows: rows_of, total_rows: Some(500) };
            let request =
                serde_json::from_value(json!({"model": "m-0.6B", "rows": rows})).expect("a request");
            let given = Given { dataset: Some(("rows.jsonl".to_owned(), sample)), ..Given::default() };
            adviser().plan(request, given).expect("a plan").rows
        };
        assert_eq!((given(10_000), given(100)), (500, 100));
    }

    #[test]
    fn a_plan_from_rows_that_came_along() {
        let rows = json!([{"question": "a", "good_response": "b", "bad_response": "c"}]);
        let plan =
            asked(json!({"model": "m-0.6B", "sample": rows, "rows": 2_000, "epochs": 1})).expect("a plan");
        assert_eq!((plan.method, plan.rows), (Method::Dpo, 2_000));
        assert!(plan.dataset.is_some_and(|report| report.dataset == "sample"));
    }

    #[test]
    fn what_cannot_be_planned_is_said_as_fields() {
        let text = json!([{"text": "a"}]);
        for (request, says, hint) in [
            (json!({"model": "nameless", "method": "sft", "rows": 9}), "`nameless`", "`params"),
            (json!({"model": "m-1B", "method": "sft", "rows": 9, "flavor": "t5"}), "`t5`", "t4-small"),
            (json!({"model": "m-1B", "method": "ppo", "rows": 9}), "PPO", "grpo"),
            (json!({"model": "m-1B", "method": "magic", "rows": 9}), "`magic`", "`sft`"),
            (json!({"model": "m-1B", "rows": 9}), "no method", "`method"),
            (json!({"model": "m-1B", "method": "sft"}), "how many rows", "`rows`"),
            (json!({"model": "m-1B", "params": "big", "method": "sft", "rows": 9}), "`big`", "0.6B"),
            (json!({"model": "m-1B", "sample": [{"x": 1}]}), "`x`", "`messages`"),
            (json!({"model": "m-1B", "sample": text, "method": "dpo"}), "DPO", "it serves sft"),
            (json!({"model": "m-1B", "sample": []}), "no rows", "names"),
            (json!({"model": "m-1B", "dataset": "a/b"}), "`a/b`", "`sample`"),
            (json!({"model": "m-1B", "method": "sft", "rows": 9, "max_length": 0}), "max_length", "from 1"),
            (json!({"model": "m-1B", "method": "sft", "rows": 9, "script": true}), "SFT", "`dataset"),
            (json!({"model": "m-1B", "sample": [{"text": "a"}], "script": true}), "`sample`", "the Hub"),
        ] {
            let fault = asked(request.clone()).expect_err(says);
            assert!(fault.to_string().contains(says), "{request}: {fault}");
            let told = fault.hint_of_fields();
            assert!(told.contains(hint) && !told.contains("--"), "{request}: {told}");
            assert_eq!(fault.code(), ErrorCode::InvalidRequest);
        }
    }

    #[test]
    fn too_many_rows_are_refused_before_they_are_looked_at() {
        let rows: Vec<serde_json::Value> = (0..=1_000).map(|row| json!({"text": row.to_string()})).collect();
        let request = serde_json::from_value(json!({"sample": rows})).expect("a request");
        let fault = adviser().inspect(request).expect_err("too many");
        assert!(fault.to_string().contains("1001 rows"), "{fault}");
        let more =
            InspectRequest { rows: Some(u64::MAX), dataset: Some("a/b".to_owned()), ..Default::default() };
        let fault = adviser().inspect(more).expect_err("more than there are anywhere");
        assert!(fault.to_string().contains("`rows` is 18446744073709551615"), "{fault}");
        let fault = adviser().inspect(InspectRequest::default()).expect_err("nothing");
        assert!(fault.to_string().contains("no dataset"), "{fault}");
    }
}
