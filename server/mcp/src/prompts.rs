//! Questions that a person picks from a menu; each names the one tool that answers it.

use rmcp::model::{GetPromptResult, Prompt, PromptMessage, Role};

/// Name, what it does, and what is asked of the agent.
const PROMPTS: [(&str, &str, &str); 3] = [
    (
        "how_is_it_going",
        "Where the training stands, and when it ends.",
        "Call `get_run_status` once, without arguments, and pass its `summary` on. Add what `findings` say, if there are any.",
    ),
    (
        "is_anything_wrong",
        "What is wrong with the trainings, and what to do about it.",
        "Call `get_findings` once, without arguments. Tell its `summary`; for each run that needs attention the evidence and the \
         hint. If nothing is wrong, say so in one sentence.",
    ),
    (
        "which_run_is_best",
        "The best run of the project, and why it is.",
        "Call `compare_runs` once, without arguments, and pass its `summary` on: which run is best, by what, and which settings \
         go with it. Say how sure that is.",
    ),
];

/// Every prompt.
pub(crate) fn list() -> Vec<Prompt> {
    PROMPTS.iter().map(|(name, description, _)| Prompt::new(*name, Some(*description), None)).collect()
}

/// The prompt of that name.
pub(crate) fn get(name: &str) -> Option<GetPromptResult> {
    let (_, description, text) = PROMPTS.iter().find(|(known, ..)| *known == name)?;
    Some(
        GetPromptResult::new(vec![PromptMessage::new_text(Role::User, *text)]).with_description(*description),
    )
}
