//! Answers that have a shorter form: as JSON of the length that was asked for, or as lists that end in time.

use paceline_query::Formed;
use paceline_schema::Detail;

use crate::arguments::FormArguments;
use crate::failure::Failure;
use crate::output;

/// Prints the answer as JSON on one line.
pub(super) fn json(arguments: &FormArguments, answer: &impl Formed) -> Result<(), Failure> {
    match arguments.form() {
        Some(form) => Ok(output::json_line(&form.formed(answer))?),
        None => Ok(output::json_line(answer)?),
    }
}

/// Items of a list that people are shown.
pub(super) fn most_items(detail: Detail) -> usize {
    match detail {
        Detail::Brief => 10,
        Detail::Normal => 50,
        Detail::Full => usize::MAX,
    }
}

/// Says how many items of a list are not shown.
pub(super) fn tell_rest(items: usize, detail: Detail, what: &str) -> Result<(), Failure> {
    let rest = items.saturating_sub(most_items(detail));
    if rest > 0 {
        output::line(&output::faint(&format!("  and {rest} more {what}: `--detail full` tells all")))?;
    }
    Ok(())
}
