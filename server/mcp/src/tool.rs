//! What a tool is: its name, what it takes and answers, and how it asks.

use std::sync::Arc;

use paceline_query::{Engine, Form};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use crate::fault::Fault;
use crate::form;
use crate::schemas::{self, Object};
use crate::world::{Pending, Threads, World};

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
    /// The list of the answer that goes on with `next`, and the field of its items that `next` holds.
    const PAGED: Option<(&'static str, &'static str)> = None;
    /// Whether it changes something, here or elsewhere: then it is offered only to who may.
    const WRITES: bool = false;
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
    pub(crate) writes: bool,
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
            writes: T::WRITES,
            input: schemas::input::<T>,
            output: schemas::output::<T::Answer>,
            call: call::<T>,
        }
    }
}

fn call<T: Ask>(world: Here, mut arguments: Object) -> Pending<Value> {
    Box::pin(async move {
        let form = form::take(&mut arguments)?;
        // A null stands for what is not given.
        arguments.retain(|_, value| !value.is_null());
        let asked: T = serde_json::from_value(Value::Object(arguments)).map_err(|error| {
            Fault::argument(format!("the arguments of `{}` do not fit: {error}", T::NAME))
        })?;
        let answer = asked.ask(Arc::clone(&world), form).await?;
        // An answer may be large, and the event loop waits for nobody.
        let formed = move |_: &Engine| {
            Ok(match T::PAGED {
                Some(paged) => page(answer, form, T::SECONDARY, paged),
                None => form.of(answer, T::SECONDARY),
            })
        };
        world.ask(Threads::Read, Box::new(formed)).await
    })
}

/// A page in its form, which goes on behind the last of its items that were kept.
fn page(mut answer: Value, form: Form, secondary: &[&str], (list, id): (&str, &str)) -> Value {
    let ids: Vec<Value> =
        answer[list].as_array().into_iter().flatten().map(|item| item[id].clone()).collect();
    let next = answer["next"].take();
    // So that there is room for it.
    answer["next"] = ids.last().cloned().unwrap_or_default();
    let mut formed = form.of(answer, secondary);
    let kept = formed[list].as_array().map_or(0, Vec::len);
    let next = if kept < ids.len() { kept.checked_sub(1).map(|last| ids[last].clone()) } else { Some(next) };
    if let Value::Object(formed) = &mut formed {
        match next.filter(|next| !next.is_null()) {
            Some(next) => formed.insert("next".to_owned(), next),
            None => formed.remove("next"),
        };
    }
    formed
}

/// The answer as data.
pub(crate) fn data(answer: &impl Serialize) -> Result<Value, Fault> {
    serde_json::to_value(answer)
        .map_err(|_| Fault::new("the answer has no form as JSON", "ask for less of it"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_that_is_cut_goes_on_behind_what_was_kept() {
        let form = crate::form::take(&mut Object::new()).expect("usual");
        let paged = ("runs", "run_id");
        let runs = |count: usize| -> Vec<Value> {
            let summary = "a sentence of some length that says where it stands";
            (0..count).map(|run| json!({"run_id": format!("id-{run}"), "summary": summary})).collect()
        };
        let cut = page(json!({"runs": runs(50), "next": "id-49"}), form, &["run_id"], paged);
        let kept = cut["runs"].as_array().expect("runs").len();
        assert!((5..50).contains(&kept), "{kept}");
        assert_eq!(cut["next"], json!(format!("id-{}", kept - 1)));
        assert!(cut.to_string().len() <= form.characters());
        let last = page(json!({"runs": runs(50), "next": null}), form, &["run_id"], paged);
        assert_eq!(last["next"], cut["next"], "the rest of the last page is left");
        for next in [json!("id-2"), Value::Null] {
            let whole = page(json!({"runs": runs(3), "next": next}), form, &["run_id"], paged);
            assert_eq!(whole.get("next").cloned().unwrap_or_default(), next);
        }
    }
}
