//! Pictures, tables, histograms and other typed objects as they were logged.

use actix_web::get;
use actix_web::web::{Path, Query};
use paceline_schema::logged_value::{ValueCursor, ValuesPage, ValuesRequest};
use paceline_schema::{ValueKind, ValueKinds};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{CommonErrors, NotFound, ProjectPath, checked_limit, default_limit};
use crate::error::ApiError;
use crate::examples;
use crate::state::{Answer, State};

/// Which values.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValuesQuery {
    /// Kinds of which a value must hold one; any when absent.
    #[param(
        value_type = Vec<ValueKind>, required = false, nullable = false, style = Form, explode = false, min_items = 1,
        example = json!(["image", "table"])
    )]
    kinds: Option<String>,
    /// Id of a run, or its name and then the latest run of that name; all runs when absent.
    #[param(example = "lr-3e-4", nullable = false)]
    run: Option<String>,
    /// The key that the values were logged under; any when absent.
    #[param(example = "samples", nullable = false)]
    key: Option<String>,
    /// `next` of the page before; the first page when absent.
    #[param(example = "85.2", pattern = r"^[0-9]{1,18}(\.[0-9]{1,9})?$", nullable = false)]
    after: Option<String>,
    /// Values of the page, at most 10,000.
    #[serde(default = "default_limit")]
    #[param(example = 1000, minimum = 1, maximum = 10_000, default = 1000)]
    limit: usize,
    /// In the place of the newest values those that lie evenly among all there are, the oldest and the newest included.
    #[serde(default)]
    #[param(example = false, default = false)]
    spread: bool,
    /// Without the values themselves: where they are, and of which kinds.
    #[serde(default)]
    #[param(example = false, default = false)]
    brief: bool,
}

impl ValuesQuery {
    fn request(self) -> Result<ValuesRequest, ApiError> {
        let Self { kinds, run, key, after, limit, spread, brief } = self;
        let after = after.as_deref().map(|after| {
            let refused = || ApiError::invalid(format!("`after` is `{after}`, not the `next` of a page"));
            ValueCursor::parse(after).ok_or_else(refused)
        });
        Ok(ValuesRequest {
            kinds: kinds.as_deref().map_or(Ok(ValueKinds::default()), read_kinds)?,
            run,
            key,
            after: after.transpose()?,
            limit: checked_limit(limit)?,
            spread,
            brief,
        })
    }
}

fn read_kinds(words: &str) -> Result<ValueKinds, ApiError> {
    let read = |word: &str| {
        ValueKind::parse(word).ok_or_else(|| {
            let known = ValueKind::ALL.map(ValueKind::as_str).join("`, `");
            ApiError::invalid(format!("`kinds` names `{word}`, which is none of `{known}`"))
        })
    };
    words.split(',').map(read).collect()
}

/// Lists pictures, videos, sound, documents, 3D objects, tables, histograms and reports as they were logged.
///
/// Of all runs of a project or of one, the newest first. Their files are at `/media`.
#[utoipa::path(
    operation_id = "list_values",
    tag = "media",
    params(ProjectPath, ValuesQuery),
    responses(
        (
            status = 200,
            description = "One page, the newest row first, the values of a row by key.",
            body = ValuesPage,
            example = json!(examples::logged_values())
        ),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/values")]
pub(crate) async fn list_values(
    state: State,
    path: Path<ProjectPath>,
    query: Query<ValuesQuery>,
) -> Result<Answer, ApiError> {
    let request = query.into_inner().request()?;
    state.read_index(move |engine| engine.logged_values(&path.project, &request)).await
}
