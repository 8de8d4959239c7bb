//! What is known of a model: by what was given, by the Hub, or by its name.

use paceline_hub::facts;
use paceline_hub::remote::{Account, HubFaultKind};
use paceline_planner::{ModelFacts, PlanError, parameters_in_head, parameters_of, parse_size, weight_files};

use crate::fault::AdviceFault;

/// The facts of a model, and whether the Hub has it where it was asked.
pub(crate) struct Found {
    pub(crate) facts: ModelFacts,
    pub(crate) on_hub: Option<bool>,
    /// Why the Hub did not count.
    pub(crate) note: Option<String>,
}

/// Finds them. The Hub is asked where an account is configured, or where the name says nothing.
pub(crate) fn find(name: &str, params: Option<&str>, hub: Option<&Account>) -> Result<Found, AdviceFault> {
    let given = params.map(billions).transpose()?;
    if let Some(billions) = given {
        let facts = ModelFacts::of_parameters(name, parameters_of(billions), "`params`");
        return Ok(Found { facts, on_hub: None, note: None });
    }
    let by_name = ModelFacts::of_name(name);
    let asks = |account: &&Account| by_name.is_err() || account.is_configured();
    let Some(account) = hub.filter(asks) else {
        return Ok(Found { facts: by_name?, on_hub: None, note: None });
    };
    match of_hub(name, account) {
        Ok(facts) => Ok(Found { facts, on_hub: Some(true), note: None }),
        Err(fault) => {
            let is_gone = matches!(&fault, AdviceFault::Hub(fault) if fault.kind == HubFaultKind::NotFound);
            let on_hub = is_gone.then_some(false);
            let facts = by_name.map_err(|error| unknown(error, &fault))?;
            let note = format!("the size of the model is that in its name: {fault}");
            Ok(Found { facts, on_hub, note: Some(note) })
        }
    }
}

/// Neither its name nor the Hub says how large it is.
fn unknown(error: PlanError, fault: &AdviceFault) -> AdviceFault {
    AdviceFault::request(format!("{error}, and {fault}"), error.hint())
}

fn billions(text: &str) -> Result<f64, AdviceFault> {
    parse_size(text).ok_or_else(|| {
        let message = format!("`params` is `{}`, which is no size", text.escape_debug());
        AdviceFault::request(message, "a size is a number and B or M, as 0.6B")
    })
}

/// By its `config.json` and the heads of its weight files on the Hub.
fn of_hub(name: &str, account: &Account) -> Result<ModelFacts, AdviceFault> {
    let choose = |names: &[String]| weight_files(names).into_iter().map(str::to_owned).collect();
    let found = facts::model(account.clone(), name, choose, |head| parameters_in_head(head).ok())?;
    match (found.config, found.parameters) {
        (Some(config), in_files) => Ok(ModelFacts::of_config(name, &config, in_files)?),
        (None, Some(parameters)) => {
            Ok(ModelFacts::of_parameters(name, parameters, "heads of the safetensors files"))
        }
        (None, None) => Err(AdviceFault::request(
            format!("the repository `{name}` has neither `config.json` nor weights"),
            "`--params 0.6B` says its size",
        )),
    }
}
