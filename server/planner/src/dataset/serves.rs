//! Whether a dataset serves a method, as it is or mapped: what the trainers of TRL take.

use paceline_schema::dataset_report::{ColumnKind, MethodReport, Verdict};
use paceline_schema::plan::Method;
use serde_json::{Map, Value};

use super::Sample;
use super::columns::Columns;
use super::names::{Role, fitness, words};
use super::rules::{Rule, code};

/// Letters of a text in a preview.
const SHOWN_LETTERS: usize = 160;
/// Items of a list.
const SHOWN_ITEMS: usize = 12;
/// Members of an object, and columns of a row.
const SHOWN_MEMBERS: usize = 40;
/// Columns that say which of two answers is the better one.
const PICKS: &[&str] = &["better", "preferred", "preference", "chosen", "winner", "choice", "label", "safer"];

/// What was found for a method.
enum Found {
    Ready(String),
    Mapping(String, Vec<(&'static str, Rule)>),
    No(String),
}

/// The report of a method.
pub(super) fn report(method: Method, columns: &Columns, sample: &Sample) -> MethodReport {
    let found = match method {
        Method::Sft => sft(columns, sample),
        Method::Dpo | Method::Reward => pairs(columns, sample),
        Method::Kto => kto(columns, sample),
        Method::Grpo | Method::Rloo | Method::Distillation => prompts(columns, sample),
    };
    let (verdict, reason, mapping) = match found {
        Found::Ready(reason) => (Verdict::Ready, reason, Vec::new()),
        Found::Mapping(reason, mapping) => (Verdict::Mapping, reason, mapping),
        Found::No(reason) => (Verdict::Incompatible, reason, Vec::new()),
    };
    let first = sample.rows.first();
    let preview = match verdict {
        Verdict::Incompatible => None,
        Verdict::Ready => first.map(|row| shortened(&Value::Object(row.clone()))),
        Verdict::Mapping => first.map(|row| {
            let mapped = mapping.iter().map(|(target, rule)| ((*target).to_owned(), rule.apply(row)));
            shortened(&Value::Object(mapped.collect::<Map<_, _>>()))
        }),
    };
    MethodReport {
        method,
        verdict,
        reason,
        code: (verdict == Verdict::Mapping).then(|| code(&mapping, method.generates())),
        mapping: mapping.iter().map(|(target, rule)| rule.reported(target)).collect(),
        preview,
    }
}

fn shortened(value: &Value) -> Value {
    match value {
        Value::String(text) if text.chars().count() > SHOWN_LETTERS => {
            Value::String(text.chars().take(SHOWN_LETTERS).chain(['…']).collect())
        }
        Value::Array(items) => {
            let more = items.len().checked_sub(SHOWN_ITEMS).filter(|more| *more > 0);
            let more = more.map(|more| Value::String(format!("… {more} more")));
            items.iter().take(SHOWN_ITEMS).map(shortened).chain(more).collect()
        }
        Value::Object(members) => {
            let shown = members.iter().take(SHOWN_MEMBERS);
            Value::Object(shown.map(|(name, value)| (name.clone(), shortened(value))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// The column that fits a role best, of those that hold text or messages.
fn said(columns: &Columns, role: Role, but: &[&str]) -> Option<String> {
    let is_said = |kind| matches!(kind, ColumnKind::Text | ColumnKind::Messages);
    let usable = columns.all().filter(|(name, kind)| is_said(*kind) && !but.contains(name));
    let fitting = usable.filter_map(|(name, _)| Some((fitness(name, role)?, name)));
    // The usual word first, then the shorter name: `answer` before `answer_of_another_model`.
    fitting.min_by_key(|(place, name)| (*place, name.len())).map(|(_, name)| name.to_owned())
}

/// The prompt: a column, or an instruction with its input.
fn prompt(columns: &Columns) -> Option<Rule> {
    let found = said(columns, Role::Prompt, &[])?;
    let inputs = ["input", "context"];
    let input =
        inputs.into_iter().find(|name| *name != found && columns.kind(name) == Some(ColumnKind::Text));
    let joins = ["instruction", "question"].contains(&found.as_str())
        && columns.kind(&found) == Some(ColumnKind::Text);
    Some(match input.filter(|_| joins) {
        Some(input) => Rule::Joined { instruction: found, input: input.to_owned() },
        None => Rule::Copy(found),
    })
}

fn copy(name: &str) -> Rule {
    Rule::Copy(name.to_owned())
}

fn is_said(columns: &Columns, name: &str) -> bool {
    matches!(columns.kind(name), Some(ColumnKind::Text | ColumnKind::Messages))
}

/// Whole conversations: a column of messages, or one of the older form.
fn conversation(columns: &Columns) -> Option<Rule> {
    if columns.kind("messages") == Some(ColumnKind::Messages) {
        return Some(copy("messages"));
    }
    let is_pair =
        |name: &str| fitness(name, Role::Chosen).is_some() || fitness(name, Role::Rejected).is_some();
    // Messages of a prompt, or of an answer, beside the other half.
    let has_halves = said(columns, Role::Prompt, &[]).is_some() && said(columns, Role::Answer, &[]).is_some();
    let is_half = |name: &str| fitness(name, Role::Prompt).is_some() || fitness(name, Role::Answer).is_some();
    let is_part = |name: &str| ["prompt", "completion"].contains(&name) || has_halves && is_half(name);
    let mut whole = columns.all().filter(|(name, _)| !is_pair(name) && !is_part(name));
    whole.find_map(|(name, kind)| {
        let older = (kind == ColumnKind::Sharegpt).then(|| Rule::Messages(name.to_owned()));
        older.or_else(|| (kind == ColumnKind::Messages).then(|| copy(name)))
    })
}

fn sft(columns: &Columns, sample: &Sample) -> Found {
    if columns.kind("messages") == Some(ColumnKind::Messages) {
        return Found::Ready("`messages` are conversations".to_owned());
    }
    if is_said(columns, "prompt") && columns.kind("prompt") == columns.kind("completion") {
        return Found::Ready(
            "`prompt` and `completion`: the loss is that of the completion alone".to_owned(),
        );
    }
    if columns.kind("conversations") == Some(ColumnKind::Sharegpt) && speaks_usual_roles(sample) {
        return Found::Ready("`conversations` of `from` and `value`, which TRL takes".to_owned());
    }
    if let Some(rule) = conversation(columns) {
        let reason = format!("`{}` are conversations in another form", rule.columns().join("`, `"));
        return Found::Mapping(reason, vec![("messages", rule)]);
    }
    if let Some((prompt, chosen, _)) = named_pair(columns, sample) {
        let mapping = match prompt {
            Some(prompt) => vec![("prompt", prompt), ("completion", chosen)],
            None if is_conversation(columns, &chosen) => vec![("messages", chosen)],
            None => vec![("text", chosen)],
        };
        return Found::Mapping(
            "the chosen answers can be imitated; the rejected ones stay unused".to_owned(),
            mapping,
        );
    }
    if let (Some(prompt), Some(answer)) = (prompt(columns), said(columns, Role::Answer, &[])) {
        let reason =
            format!("prompts and answers stand in `{}` and `{answer}`", prompt.columns().join("`, `"));
        let [prompt, answer] = alike(columns, [(prompt, "user"), (Rule::Copy(answer), "assistant")]);
        return Found::Mapping(reason, vec![("prompt", prompt), ("completion", answer)]);
    }
    if columns.kind("text") == Some(ColumnKind::Text) {
        return Found::Ready("`text` is plain text".to_owned());
    }
    let texts: Vec<&str> =
        columns.all().filter(|(_, kind)| *kind == ColumnKind::Text).map(|(name, _)| name).collect();
    match texts[..] {
        [only] if ["content", "body", "document"].contains(&only) => {
            Found::Mapping(format!("`{only}` is plain text"), vec![("text", copy(only))])
        }
        _ => Found::No("no `messages`, `text`, or prompts with answers".to_owned()),
    }
}

/// TRL renames the members of the older form, and leaves the names of those who speak as they are.
fn speaks_usual_roles(sample: &Sample) -> bool {
    let turns = sample.rows.iter().filter_map(|row| row.get("conversations")?.as_array()).flatten();
    let mut roles = turns.filter_map(|turn| turn.get("from")?.as_str());
    roles.all(|role| ["system", "user", "assistant", "tool"].contains(&role))
}

fn is_conversation(columns: &Columns, rule: &Rule) -> bool {
    match rule {
        Rule::Copy(name) | Rule::Picked { first: name, .. } => {
            columns.kind(name) == Some(ColumnKind::Messages)
        }
        Rule::Messages(_) | Rule::BeforeLast(_) | Rule::Said { .. } => true,
        Rule::Joined { .. } | Rule::Truth(_) => false,
    }
}

/// Parts of one row, which TRL takes all as text or all as messages: where they differ, text becomes a message of its role.
fn alike<const N: usize>(columns: &Columns, parts: [(Rule, &'static str); N]) -> [Rule; N] {
    let talks = parts.iter().any(|(rule, _)| is_conversation(columns, rule));
    parts.map(|(rule, role)| {
        if talks && !is_conversation(columns, &rule) {
            Rule::Said { inner: Box::new(rule), role }
        } else {
            rule
        }
    })
}

/// Whether conversations of a column begin with the prompt, and not with the answer.
fn holds_prompt(columns: &Columns, rule: &Rule, sample: &Sample) -> bool {
    let first = |row| rule.apply(row).get(0)?.get("role")?.as_str().map(|role| role != "assistant");
    is_conversation(columns, rule) && sample.rows.iter().find_map(first).unwrap_or(true)
}

/// Prompt, better and worse answer, by names or by a column that says which is better.
fn named_pair(columns: &Columns, sample: &Sample) -> Option<(Option<Rule>, Rule, Rule)> {
    let chosen = said(columns, Role::Chosen, &[]);
    let rejected = said(columns, Role::Rejected, &[]);
    let (chosen, rejected) = match (chosen, rejected) {
        (Some(chosen), Some(rejected)) => (Rule::Copy(chosen), Rule::Copy(rejected)),
        _ => picked_pair(columns, sample)?,
    };
    // Conversations that begin with the prompt hold it already.
    let asked = prompt(columns)
        .filter(|asked| is_conversation(columns, asked) || !holds_prompt(columns, &chosen, sample));
    let Some(asked) = asked else {
        let [chosen, rejected] = alike(columns, [(chosen, "assistant"), (rejected, "assistant")]);
        return Some((None, chosen, rejected));
    };
    let [asked, chosen, rejected] =
        alike(columns, [(asked, "user"), (chosen, "assistant"), (rejected, "assistant")]);
    Some((Some(asked), chosen, rejected))
}

/// Two answers such as `response_0` and `response_1`, and a column that says which is better.
fn picked_pair(columns: &Columns, sample: &Sample) -> Option<(Rule, Rule)> {
    let answers: Vec<&str> = columns
        .all()
        .filter(|(name, kind)| {
            matches!(kind, ColumnKind::Text | ColumnKind::Messages) && fitness(name, Role::Answer).is_some()
        })
        .map(|(name, _)| name)
        .collect();
    let mut pairs = answers
        .iter()
        .enumerate()
        .flat_map(|(place, first)| answers[place + 1..].iter().map(move |second| (*first, *second)));
    let (first, second, marks) =
        pairs.find_map(|(first, second)| Some((first, second, marks(first, second)?)))?;
    let by = columns.all().find(|(name, kind)| {
        let is_mark = matches!(kind, ColumnKind::Number | ColumnKind::Text);
        is_mark
            && *name != first
            && *name != second
            && words(name).iter().any(|word| PICKS.contains(&word.as_str()))
    });
    let by = by?.0;
    let values: Vec<&Value> =
        sample.rows.iter().filter_map(|row| row.get(by)).filter(|value| !value.is_null()).collect();
    let is_one_of = |values: &[&Value], marks: &[Value; 2]| values.iter().all(|value| marks.contains(value));
    let marks = marks.into_iter().find(|marks| !values.is_empty() && is_one_of(&values, marks))?;
    let [first_mark, second_mark] = marks;
    let pick = |first_if: Value| Rule::Picked {
        first: first.to_owned(),
        second: second.to_owned(),
        by: by.to_owned(),
        first_if,
    };
    Some((pick(first_mark), pick(second_mark)))
}

/// What a third column may hold to name the first or the second of two columns that differ in their last word.
fn marks(first: &str, second: &str) -> Option<Vec<[Value; 2]>> {
    let (one, two) = (words(first), words(second));
    let (last, rest) = one.split_last()?;
    let (other, others) = two.split_last()?;
    if rest != others || rest.is_empty() {
        return None;
    }
    let mut marks = vec![[first.into(), second.into()], [last.as_str().into(), other.as_str().into()]];
    marks.push([last.to_uppercase().into(), other.to_uppercase().into()]);
    if let (Ok(last), Ok(other)) = (last.parse::<u64>(), other.parse::<u64>()) {
        marks.insert(0, [last.into(), other.into()]);
    }
    Some(marks)
}

fn pairs(columns: &Columns, sample: &Sample) -> Found {
    if is_said(columns, "chosen") && columns.kind("chosen") == columns.kind("rejected") {
        let alike = columns.kind("prompt") == columns.kind("chosen");
        if columns.kind("prompt").is_some() && alike {
            return Found::Ready("`prompt`, `chosen` and `rejected`".to_owned());
        }
        let is_whole = holds_prompt(columns, &copy("chosen"), sample);
        if columns.kind("prompt").is_some() && is_whole {
            let reason = "`prompt` is text and the answers are conversations, which hold it already";
            return Found::Mapping(
                reason.to_owned(),
                vec![("chosen", copy("chosen")), ("rejected", copy("rejected"))],
            );
        }
        if is_whole || said(columns, Role::Prompt, &[]).is_none() {
            return Found::Ready(
                "`chosen` and `rejected`: the prompt is what they begin with alike".to_owned(),
            );
        }
    }
    let Some((prompt, chosen, rejected)) = named_pair(columns, sample) else {
        return Found::No("no pairs of a better and a worse answer".to_owned());
    };
    let (better, worse) = (chosen.columns().join("`, `"), rejected.columns().join("`, `"));
    let reason = if better == worse {
        format!("the better answer is told by `{better}`")
    } else {
        format!("better and worse answers stand in `{better}` and `{worse}`")
    };
    let prompt = prompt.map(|prompt| ("prompt", prompt));
    Found::Mapping(reason, prompt.into_iter().chain([("chosen", chosen), ("rejected", rejected)]).collect())
}

fn kto(columns: &Columns, sample: &Sample) -> Found {
    let has_both = is_said(columns, "prompt") && columns.kind("prompt") == columns.kind("completion");
    if has_both && columns.kind("label") == Some(ColumnKind::Boolean) {
        return Found::Ready("`prompt`, `completion` and `label`".to_owned());
    }
    // A number may be a grade; only 0 and 1, or -1 and 1, are yes and no.
    let is_yes_or_no = |name: &str| {
        let mut marks = sample.rows.iter().filter_map(|row| row.get(name)?.as_f64());
        marks.all(|mark| [-1.0, 0.0, 1.0].contains(&mark))
    };
    let is_mark =
        |name: &str, kind| kind == ColumnKind::Boolean || (kind == ColumnKind::Number && is_yes_or_no(name));
    let label = columns
        .all()
        .filter(|(name, kind)| is_mark(name, *kind))
        .filter_map(|(name, _)| Some((fitness(name, Role::Label)?, name)))
        .min_by_key(|(place, _)| *place);
    let answer = said(columns, Role::Answer, &[]);
    if let (Some(prompt), Some(answer), Some((_, label))) = (prompt(columns), answer, label) {
        let reason = format!("`{label}` says whether `{answer}` is good");
        let [prompt, answer] = alike(columns, [(prompt, "user"), (Rule::Copy(answer), "assistant")]);
        let mapping =
            vec![("prompt", prompt), ("completion", answer), ("label", Rule::Truth(label.to_owned()))];
        return Found::Mapping(reason, mapping);
    }
    match pairs(columns, sample) {
        Found::Ready(reason) => Found::Ready(format!("{reason}; TRL takes each pair apart")),
        Found::Mapping(reason, mapping) => {
            Found::Mapping(format!("{reason}; TRL takes each pair apart"), mapping)
        }
        Found::No(_) => Found::No("no answers with a `label` of true or false, and no pairs".to_owned()),
    }
}

fn prompts(columns: &Columns, sample: &Sample) -> Found {
    if is_said(columns, "prompt") {
        return Found::Ready("`prompt`; other columns are handed to reward functions".to_owned());
    }
    if let Some(prompt) = prompt(columns) {
        let reason = format!("prompts stand in `{}`", prompt.columns().join("`, `"));
        return Found::Mapping(reason, vec![("prompt", prompt)]);
    }
    let chosen = || {
        named_pair(columns, sample).map(|(_, chosen, _)| chosen).filter(|rule| is_conversation(columns, rule))
    };
    match conversation(columns).or_else(chosen) {
        Some(rule) => {
            let reason =
                format!("the prompt is all of `{}` but the last message", rule.columns().join("`, `"));
            Found::Mapping(reason, vec![("prompt", Rule::BeforeLast(Box::new(rule)))])
        }
        None => Found::No("no column of prompts".to_owned()),
    }
}
