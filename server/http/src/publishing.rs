//! Trained models to the Hub, each on a thread of its own: an upload may take hours, and no queue is to wait for it.

use std::thread;

use paceline_hub::models::{publish, run_page};
use paceline_hub::remote::{Account, HubFault};
use paceline_schema::publication::{ModelPublication, PublishedModel};
use tokio::sync::oneshot;

use crate::error::ApiError;
use crate::state::State;

/// Publishes the model of a run, and waits for its end. It comes to that end when nobody waits any more, too.
///
/// # Errors
/// When there is no such run, or what kept it from its end.
pub(crate) async fn publish_model(
    state: &State,
    project: String,
    run: String,
    mut asked: ModelPublication,
) -> Result<PublishedModel, ApiError> {
    let refused = |fault: &HubFault| ApiError::invalid(fault.message.clone()).with_hint(fault.hint.clone());
    let account = Account::of_this_process().map_err(|fault| refused(&fault))?;
    let of_run = account.clone();
    let (facts, page) = state
        .ask_long(move |engine| {
            let facts = engine.training_facts(&project, &run)?;
            let page = run_page(engine.store(), &facts, &of_run);
            Ok((facts, page))
        })
        .await?;
    asked.run_url = asked.run_url.or(page);
    let (answer, answered) = oneshot::channel();
    let work = move || {
        let done = publish(&facts, &asked, &account);
        if let Err(fault) = &done {
            tracing::warn!(%fault, model = asked.repository, "a model is not published");
        }
        // Whoever asked may have gone in the meantime.
        let _ = answer.send(done);
    };
    thread::Builder::new()
        .name("paceline-publish".to_owned())
        .spawn(work)
        .map_err(|error| ApiError::internal(format!("there is no thread for it: {error}")))?;
    let done = answered.await.map_err(|_| ApiError::internal("the publication ended without a word"))?;
    done.map_err(|fault| refused(&fault))
}
