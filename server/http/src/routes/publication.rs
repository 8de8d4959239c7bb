//! A trained model to the Hub.

use actix_web::post;
use actix_web::web::Path;
use paceline_schema::publication::{ModelPublication, PublishedModel};

use super::{BodyErrors, CommonErrors, NotFound, RunPath};
use crate::access::AdminAccess;
use crate::body::JsonObject;
use crate::error::ApiError;
use crate::examples;
use crate::publishing;
use crate::state::{Answer, State};

/// Brings the folder of a trained model to the Hugging Face Hub by one commit, with a card that tells of the run.
///
/// The folder lies on the machine of the server, and the token is the server's: `HF_TOKEN`, or the file that `hf auth login`
/// writes. The answer comes at the end of it; who does not wait for it can ask again, which goes on where it was.
#[utoipa::path(
    operation_id = "publish_model",
    tag = "runs",
    params(RunPath),
    security(("admin_token" = [])),
    request_body(
        content = ModelPublication,
        description = "The folder, and the model on the Hub.",
        example = json!(examples::model_publication())
    ),
    responses(
        (
            status = 200,
            description = "It is there.",
            body = PublishedModel,
            example = json!(examples::published_model())
        ),
        CommonErrors, NotFound, BodyErrors
    )
)]
#[post("/projects/{project}/runs/{run}/publish")]
pub(crate) async fn publish_model(
    _: AdminAccess,
    state: State,
    path: Path<RunPath>,
    JsonObject(asked): JsonObject<ModelPublication>,
) -> Result<Answer, ApiError> {
    let RunPath { project, run } = path.into_inner();
    Answer::of(&publishing::publish_model(&state, project, run, asked).await?)
}
