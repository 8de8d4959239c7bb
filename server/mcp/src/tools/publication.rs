//! A trained model to the Hub.

use paceline_schema::publication::{ModelPublication, PublishedModel};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::fault::Fault;
use crate::tool::{Ask, Here, data};
use crate::world::{Pending, Threads};
use paceline_query::Form;

/// What and where.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublishModel {
    /// Project of the run; the one where something happened last when absent.
    #[schema(nullable = false)]
    project: Option<String>,
    /// Its name or id; the one that logs, else the newest, when absent.
    #[schema(nullable = false)]
    run: Option<String>,
    /// The folder with the weights, as the trainer saved them, on the machine of this server.
    model_dir: String,
    /// The model on the Hub, as `OWNER/NAME`, or `NAME` of whoever the server's token belongs to.
    #[schema(example = "alice/digits-sft")]
    repository: String,
    /// False makes a model that is not there for everybody to see; else it is private.
    #[schema(nullable = false)]
    private: Option<bool>,
    /// Weights that are there and did not come from here may be written over.
    #[serde(default)]
    replace: bool,
    /// The run may still be going on.
    #[serde(default)]
    unfinished: bool,
    /// Where the run can be looked at, for the card.
    #[schema(nullable = false)]
    run_url: Option<String>,
    /// The model that the training began with, for the card; what the folder and the config say when absent.
    #[schema(nullable = false)]
    base_model: Option<String>,
    /// The dataset that it was trained on, for the card; what the config says when absent.
    #[schema(nullable = false)]
    dataset: Option<String>,
}

impl Ask for PublishModel {
    const NAME: &'static str = "publish_model";
    const TITLE: &'static str = "Publish a trained model";
    const DESCRIPTION: &'static str = "Brings the folder of a trained model to the Hugging Face Hub by one commit, private \
        unless told otherwise, with a card that tells of the run: metrics, a chart, settings, how to load it. Called again \
        it goes on where it was, and changes nothing when nothing is new.";
    const WRITES: bool = true;
    type Answer = PublishedModel;

    fn ask(self, world: Here, _: Form) -> Pending<Value> {
        Box::pin(async move {
            let (project, run) = (self.project, self.run);
            let meant = move |engine: &paceline_query::Engine| {
                data(&engine.meant_run(project.as_deref(), run.as_deref())?)
            };
            let (project, run) = serde_json::from_value(world.ask(Threads::Read, Box::new(meant)).await?)
                .map_err(|error| Fault::argument(error.to_string()))?;
            let asked = ModelPublication {
                model_dir: self.model_dir,
                repository: self.repository,
                private: self.private,
                replace: self.replace,
                unfinished: self.unfinished,
                run_url: self.run_url,
                base_model: self.base_model,
                dataset: self.dataset,
            };
            data(&world.publish(project, run, asked).await?)
        })
    }
}
