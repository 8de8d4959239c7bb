//! What a column is for, by its name: whole words, so that `dispreferred` is not `preferred`.

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Prompt,
    Answer,
    Chosen,
    Rejected,
    Label,
}

const PROMPT: &[&str] =
    &["prompt", "instruction", "question", "query", "problem", "input", "request", "user"];
const ANSWER: &[&str] = &[
    "completion",
    "response",
    "output",
    "answer",
    "solution",
    "reply",
    "target",
    "assistant",
    "summary",
    "generation",
];
const CHOSEN: &[&str] = &[
    "chosen",
    "preferred",
    "winner",
    "winning",
    "win",
    "better",
    "good",
    "accepted",
    "positive",
    "best",
    "pos",
];
const REJECTED: &[&str] = &[
    "rejected",
    "dispreferred",
    "unpreferred",
    "unchosen",
    "loser",
    "losing",
    "lose",
    "worse",
    "bad",
    "negative",
    "worst",
    "refused",
    "neg",
];
const LABEL: &[&str] =
    &["label", "thumbs", "liked", "good", "preferred", "accepted", "feedback", "desirable", "correct"];
/// They turn what comes after them around.
const NOT: &[&str] = &["not", "non", "un", "less", "dis"];

/// The words of a name, in lower case: `goodResponse_2` has `good`, `response` and `2`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    for letter in name.chars() {
        let begins = letter.is_uppercase() && before.is_lowercase();
        let ends = !letter.is_alphanumeric() || letter.is_ascii_digit() != before.is_ascii_digit();
        if (begins || ends) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

/// How well a name fits a role: the place of its best word in the list of usual ones, lower is better.
pub(super) fn fitness(name: &str, role: Role) -> Option<usize> {
    let words = words(name);
    let is_turned = words.iter().any(|word| NOT.contains(&word.as_str()));
    let place = |list: &[&str]| list.iter().position(|usual| words.iter().any(|word| word == usual));
    let (chosen, rejected) = (place(CHOSEN), place(REJECTED));
    let (chosen, rejected) = if is_turned { (None, rejected.or(chosen)) } else { (chosen, rejected) };
    match role {
        Role::Prompt => place(PROMPT).filter(|_| chosen.is_none() && rejected.is_none()),
        // An answer that is called good or bad is one of a pair.
        Role::Answer => place(ANSWER).filter(|_| chosen.is_none() && rejected.is_none()),
        Role::Chosen => chosen.filter(|_| rejected.is_none()),
        Role::Rejected => rejected,
        Role::Label => place(LABEL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_into_words() {
        assert_eq!(words("goodResponse_2"), ["good", "response", "2"]);
        assert_eq!(words("answer-a"), ["answer", "a"]);
        assert_eq!(words("response0"), ["response", "0"]);
        assert_eq!(words(""), Vec::<String>::new());
    }

    #[test]
    fn a_word_inside_another_says_nothing() {
        assert_eq!(fitness("dispreferred", Role::Chosen), None);
        assert!(fitness("dispreferred", Role::Rejected).is_some());
        assert!(fitness("non_preferred", Role::Rejected).is_some());
        assert_eq!(fitness("not_chosen", Role::Chosen), None);
        assert_eq!(fitness("chosen_response", Role::Answer), None);
        assert!(fitness("chosen_response", Role::Chosen).is_some());
        assert_eq!(fitness("inputs_of_users", Role::Prompt), None);
    }
}
