//! What a tool is: its name, what it takes and answers, and how it asks.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use crate::fault::Fault;
use crate::form::Form;
use crate::schemas::{self, Object};
use crate::world::{Pending, World};

/// The world as a tool holds it.
pub(crate) type Here = Arc<dyn World>;

/// A tool of ours, by what it takes.
pub(crate) trait Ask: DeserializeOwned + ToSchema + Send + 'static {
    /// Name on the wire.
    const NAME: &'static str;
    /// The name for people.
    const TITLE: &'static str;
    /// What it answers and when to use it.
    const DESCRIPTION: &'static str;
    /// Fields of the answer that the brief form leaves out, at any depth.
    const SECONDARY: &'static [&'static str] = &[];
    /// What it answers.
    type Answer: ToSchema;

    /// Asks.
    fn ask(self, world: Here, form: Form) -> Pending<Value>;
}

/// A tool of ours, its type forgotten.
#[derive(Clone, Copy)]
pub(crate) struct OwnTool {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
    pub(crate) input: fn() -> Object,
    pub(crate) output: fn() -> Object,
    pub(crate) call: fn(Here, Object) -> Pending<Value>,
}

impl OwnTool {
    /// The tool that takes `T`.
    pub(crate) const fn of<T: Ask>() -> Self {
        Self {
            name: T::NAME,
            title: T::TITLE,
            description: T::DESCRIPTION,
            input: schemas::input::<T>,
            output: schemas::output::<T::Answer>,
            call: call::<T>,
        }
    }
}

fn call<T: Ask>(world: Here, mut arguments: Object) -> Pending<Value> {
    Box::pin(async move {
        let form = Form::take(&mut arguments)?;
        // A null stands for what is not given.
        arguments.retain(|_, value| !value.is_null());
        let asked: T = serde_json::from_value(Value::Object(arguments)).map_err(|error| {
            Fault::argument(format!("the arguments of `{}` do not fit: {error}", T::NAME))
        })?;
        Ok(form.of(asked.ask(world, form).await?, T::SECONDARY))
    })
}

/// The answer as data.
pub(crate) fn data(answer: &impl Serialize) -> Result<Value, Fault> {
    serde_json::to_value(answer)
        .map_err(|_| Fault::new("the answer has no form as JSON", "ask for less of it"))
}
