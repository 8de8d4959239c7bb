//! What has to hold before a training starts: asked of the Hub and of the environment, judged by the planner.

use paceline_hub::facts;
use paceline_hub::remote::Account;
use paceline_planner::{Output, Owner, PreflightFacts, preflight};
use paceline_schema::env::{TRACKIO_DATASET_ID, TRACKIO_SERVER_URL, TRACKIO_SPACE_ID};
use paceline_schema::plan::TrainingPlan;
use paceline_schema::plan_request::PlanRequest;
use paceline_schema::preflight::Preflight;

/// Looks, and judges.
pub(crate) fn look(
    plan: &TrainingPlan,
    request: &PlanRequest,
    model_on_hub: Option<bool>,
    hub: Option<&Account>,
) -> Preflight {
    let model_on_hub = model_on_hub.or_else(|| facts::what_is_there(hub?.clone(), &request.model).ok());
    let owner = hub.map_or(Owner::NotAsked, |account| match facts::rights(account.clone()) {
        Ok(None) => Owner::NoToken,
        Ok(Some(rights)) => Owner::Known {
            name: rights.name,
            may_write: rights.may_write,
            organizations: rights.organizations,
        },
        Err(fault) => Owner::Unknown { reason: fault.message },
    });
    let output = request.hub_model_id.as_ref().map(|name| Output {
        name: name.clone(),
        is_there: hub
            .map(|account| facts::what_is_there(account.clone(), name))
            .map(|asked| asked.map_err(|fault| fault.message)),
    });
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let places = [TRACKIO_SPACE_ID, TRACKIO_SERVER_URL, TRACKIO_DATASET_ID];
    let tracked_at = places.into_iter().find_map(|name| set(name).map(|_| name.to_owned()));
    preflight(plan, &PreflightFacts { model_on_hub, owner, output, tracked_at })
}
