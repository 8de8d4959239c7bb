//! What has to hold before a training starts: asked of the Hub and of the environment, judged by the planner.

use paceline_hub::facts;
use paceline_hub::remote::Account;
use paceline_planner::{ModelPlace, Output, Owner, PreflightFacts, preflight};
use paceline_schema::env::{TRACKIO_DATASET_ID, TRACKIO_SERVER_URL, TRACKIO_SPACE_ID};
use paceline_schema::plan::TrainingPlan;
use paceline_schema::plan_request::PlanRequest;
use paceline_schema::preflight::Preflight;

/// Looks, and judges. `of_job` names the variables of the job that trains; without one, those of this process count.
pub(crate) fn look(
    plan: &TrainingPlan,
    request: &PlanRequest,
    model: Option<ModelPlace>,
    of_job: Option<&[String]>,
    hub: Option<&Account>,
) -> Preflight {
    let asked = || facts::has_model(hub?.clone(), &request.model).ok().map(ModelPlace::of_hub);
    let model = model.or_else(asked);
    let owner = hub.map_or(Owner::NotAsked, |account| match facts::rights(account.clone()) {
        Ok(None) => Owner::NoToken,
        Ok(Some(rights)) => Owner::Known {
            name: rights.name,
            may_write: rights.may_write,
            organizations: rights.organizations,
        },
        Err(fault) => Owner::Unknown { reason: fault.message },
    });
    let output = request.hub_model_id.as_ref().map(|name| {
        // A name alone is that of a repository of whoever the token belongs to.
        let name = match &owner {
            Owner::Known { name: user, .. } if !name.contains('/') => format!("{user}/{name}"),
            Owner::Known { .. } | Owner::NotAsked | Owner::NoToken | Owner::Unknown { .. } => name.clone(),
        };
        let is_there = hub
            .map(|account| facts::has_model(account.clone(), &name))
            .map(|asked| asked.map_err(|fault| fault.message));
        Output { name, is_there }
    });
    let is_set = |name: &str| match of_job {
        Some(names) => names.iter().any(|of| of == name),
        None => std::env::var(name).is_ok_and(|value| !value.is_empty()),
    };
    let places = [TRACKIO_SPACE_ID, TRACKIO_SERVER_URL, TRACKIO_DATASET_ID];
    let tracked_at = places.into_iter().find(|name| is_set(name)).map(str::to_owned);
    preflight(plan, &PreflightFacts { model, owner, output, tracked_at })
}
