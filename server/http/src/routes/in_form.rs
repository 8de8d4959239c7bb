//! What the document says of an answer that has a shorter form.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::Serialize;
use utoipa::openapi::schema::{AnyOfBuilder, Schema};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// An answer in the form that `detail` and `max_tokens` asked for: of its fields those that have room.
#[derive(Serialize, ToSchema)]
pub(crate) struct ShortForm {
    /// One sentence or a few for a person.
    #[schema(nullable = false)]
    summary: Option<String>,
    /// What was cut to keep the answer short.
    #[schema(nullable = false)]
    left_out: Option<Vec<String>>,
}

/// A whole answer of this type, or its short form.
pub(crate) struct InForm<T>(PhantomData<T>);

fn named<T: ToSchema>() -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(T::name()))
}

impl<T: ToSchema> PartialSchema for InForm<T> {
    fn schema() -> RefOr<Schema> {
        AnyOfBuilder::new().item(named::<T>()).item(named::<ShortForm>()).into()
    }
}

impl<T: ToSchema> ToSchema for InForm<T> {
    fn name() -> Cow<'static, str> {
        format!("{}InForm", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        schemas.push((ShortForm::name().into_owned(), ShortForm::schema()));
        T::schemas(schemas);
        ShortForm::schemas(schemas);
    }
}
