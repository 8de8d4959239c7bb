//! Datasets of every form, and what they serve.

use paceline_schema::dataset_report::{DatasetFormat, Verdict};
use serde_json::{Value, json};

use super::*;

fn sample(rows: Value) -> Sample {
    let Value::Array(rows) = rows else { panic!("a list") };
    let rows: Vec<Map<String, Value>> =
        rows.into_iter().map(|row| row.as_object().expect("an object").clone()).collect();
    let columns = rows.first().map(|row| row.keys().cloned().collect()).unwrap_or_default();
    Sample { columns, rows, total_rows: None }
}

fn look(rows: Value) -> DatasetReport {
    inspect("d", &sample(rows))
}

fn of(report: &DatasetReport, method: Method) -> &MethodReport {
    report.methods.iter().find(|of| of.method == method).expect("every method")
}

fn verdicts(report: &DatasetReport) -> String {
    let letter = |report: &MethodReport| match report.verdict {
        Verdict::Ready => 'r',
        Verdict::Mapping => 'm',
        Verdict::Incompatible => '-',
    };
    report.methods.iter().map(letter).collect()
}

fn user(text: &str) -> Value {
    json!({"role": "user", "content": text})
}

fn assistant(text: &str) -> Value {
    json!({"role": "assistant", "content": text})
}

#[test]
fn every_form_of_trl_is_known() {
    // Methods in the order sft, dpo, grpo, kto, reward, rloo, distillation: ready, mapping or not.
    let cases = [
        (json!([{"text": "once"}]), DatasetFormat::LanguageModeling, "r------"),
        (json!([{"messages": [user("a"), assistant("b")]}]), DatasetFormat::LanguageModeling, "r-m--mm"),
        (json!([{"prompt": "a"}]), DatasetFormat::PromptOnly, "--r--rr"),
        (json!([{"prompt": [user("a")]}]), DatasetFormat::PromptOnly, "--r--rr"),
        (json!([{"prompt": "a", "completion": "b"}]), DatasetFormat::PromptCompletion, "r-r--rr"),
        (json!([{"prompt": "a", "chosen": "b", "rejected": "c"}]), DatasetFormat::Preference, "mrrrrrr"),
        (json!([{"chosen": "a b", "rejected": "a c"}]), DatasetFormat::ImplicitPreference, "mr-rr--"),
        (
            json!([{"chosen": [user("a"), assistant("b")], "rejected": [user("a"), assistant("c")]}]),
            DatasetFormat::ImplicitPreference,
            "mrmrrmm",
        ),
        (
            json!([{"prompt": "a", "completion": "b", "label": true}]),
            DatasetFormat::UnpairedPreference,
            "r-rr-rr",
        ),
        (
            json!([{"prompt": "a", "completions": ["b"], "labels": [true]}]),
            DatasetFormat::Stepwise,
            "--r--rr",
        ),
        (
            json!([{"conversations": [{"from": "user", "value": "a"}, {"from": "assistant", "value": "b"}]}]),
            DatasetFormat::Sharegpt,
            "r-m--mm",
        ),
        (json!([{"x": 1, "y": 2.5}]), DatasetFormat::Other, "-------"),
    ];
    for (rows, format, expected) in cases {
        let report = look(rows.clone());
        assert_eq!((report.format, verdicts(&report).as_str()), (format, expected), "{rows}");
        assert_eq!(report.recommended.is_empty(), expected == "-------", "{rows}");
    }
}

#[test]
fn pairs_are_found_under_any_usual_name() {
    for (prompt, better, worse) in [
        ("question", "good_response", "bad_response"),
        ("instruction", "winner", "loser"),
        ("query", "preferred", "dispreferred"),
        ("prompt", "chosen_response", "rejected_response"),
        ("input", "response_accepted", "response_refused"),
        ("problem", "preferredAnswer", "nonPreferredAnswer"),
        ("user_prompt", "better", "worse"),
        ("question", "pos", "neg"),
    ] {
        let report = look(json!([{prompt: "a", better: "b", worse: "c", "score_chosen": 9, "id": 1}]));
        let dpo = of(&report, Method::Dpo);
        assert_eq!(dpo.verdict, Verdict::Mapping, "{better}: {}", dpo.reason);
        assert_eq!(dpo.preview, Some(json!({"prompt": "a", "chosen": "b", "rejected": "c"})), "{better}");
        assert_eq!(report.recommended.first(), Some(&Method::Dpo), "{better}");
    }
}

#[test]
fn a_column_may_say_which_of_two_answers_is_better() {
    let numbered = json!([
        {"prompt": "a", "response_0": "b", "response_1": "c", "better_response_id": 1},
        {"prompt": "a", "response_0": "b", "response_1": "c", "better_response_id": 0},
    ]);
    let report = look(numbered);
    let dpo = of(&report, Method::Dpo);
    assert_eq!(dpo.preview, Some(json!({"prompt": "a", "chosen": "c", "rejected": "b"})), "{}", dpo.reason);
    let lettered = look(json!([{"question": "q", "answer_a": "b", "answer_b": "c", "winner": "A"}]));
    let preview = of(&lettered, Method::Dpo).preview.clone();
    assert_eq!(preview, Some(json!({"prompt": "q", "chosen": "b", "rejected": "c"})));
    let odd = look(json!([{"question": "q", "answer_a": "b", "answer_b": "c", "winner": "tie"}]));
    assert_eq!(of(&odd, Method::Dpo).verdict, Verdict::Incompatible, "a tie has no better one");
}

#[test]
fn a_prompt_that_the_conversations_hold_is_left_out() {
    let pair = json!([{
        "prompt": "a", "chosen": [user("a"), assistant("b")], "rejected": [user("a"), assistant("c")],
    }]);
    let report = look(pair);
    let dpo = of(&report, Method::Dpo);
    assert_eq!(dpo.verdict, Verdict::Mapping);
    let targets: Vec<&str> = dpo.mapping.iter().map(|mapping| mapping.target.as_str()).collect();
    assert_eq!(targets, ["chosen", "rejected"]);
}

#[test]
fn instructions_take_their_input_along() {
    let report = look(
        json!([{"instruction": "Add.", "input": "1 2", "output": "3"}, {"instruction": "x", "input": "", "output": "y"}]),
    );
    let sft = of(&report, Method::Sft);
    assert_eq!(sft.preview, Some(json!({"prompt": "Add.\n\n1 2", "completion": "3"})));
    assert!(sft.code.as_deref().is_some_and(|code| code.contains("remove_columns")));
    assert!(of(&report, Method::Grpo).code.as_deref().is_some_and(|code| !code.contains("remove_columns")));
}

#[test]
fn older_conversations_become_messages() {
    let report =
        look(json!([{"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}]));
    let sft = of(&report, Method::Sft);
    // TRL would leave `human` as a role, which no chat template knows.
    assert_eq!((sft.verdict, report.format), (Verdict::Mapping, DatasetFormat::Sharegpt));
    assert_eq!(sft.preview, Some(json!({"messages": [user("a"), assistant("b")]})));
    assert_eq!(of(&report, Method::Grpo).preview, Some(json!({"prompt": [user("a")]})));
}

#[test]
fn marks_of_good_and_bad_are_labels() {
    let report = look(
        json!([{"question": "a", "answer": "b", "thumbs_up": 1}, {"question": "a", "answer": "c", "thumbs_up": 0}]),
    );
    let kto = of(&report, Method::Kto);
    assert_eq!(kto.preview, Some(json!({"prompt": "a", "completion": "b", "label": true})), "{}", kto.reason);
    let grades = look(json!([{"question": "a", "answer": "b", "label": 7}]));
    assert_eq!(of(&grades, Method::Kto).verdict, Verdict::Incompatible, "a grade is no yes or no");
}

#[test]
fn what_teaches_nothing_is_said() {
    let report = look(
        json!([{"prompt": "a", "chosen": "b", "rejected": "b"}, {"prompt": null, "chosen": "b", "rejected": "c"}]),
    );
    assert!(report.warnings.iter().any(|warning| warning.contains("the same in 1")), "{:?}", report.warnings);
    assert!(report.warnings.iter().any(|warning| warning.contains("`prompt` is missing in 1 of 2")));
    assert!(look(json!([])).warnings.iter().any(|warning| warning.contains("no rows")));
}

#[test]
fn long_texts_are_shortened_and_counted_whole() {
    let report = look(json!([{"text": "ä".repeat(1_000)}]));
    assert_eq!(report.mean_tokens, 250.0);
    let preview = of(&report, Method::Sft).preview.clone().expect("ready");
    assert_eq!(preview["text"].as_str().map(|text| text.chars().count()), Some(161));
}

#[test]
fn text_beside_conversations_becomes_a_message() {
    // Of prompt and answer, TRL takes both as text or both as messages.
    let report = look(json!([{"prompt": [user("a")], "completion": "b"}]));
    let sft = of(&report, Method::Sft);
    let mapped = json!({"prompt": [user("a")], "completion": [assistant("b")]});
    assert_eq!((sft.verdict, sft.preview.clone()), (Verdict::Mapping, Some(mapped)), "{}", sft.reason);
    let code = sft.code.as_deref().expect("a mapping");
    assert!(code.contains(r#"[{"role": "assistant", "content": example["completion"]}]"#), "{code}");
    let report = look(json!([{"prompt": [user("a")], "chosen": "b", "rejected": "c"}]));
    let mapped = json!({"prompt": [user("a")], "chosen": [assistant("b")], "rejected": [assistant("c")]});
    let dpo = of(&report, Method::Dpo);
    assert_eq!((dpo.verdict, dpo.preview.clone()), (Verdict::Mapping, Some(mapped)), "{}", dpo.reason);
    let report = look(json!([{"instruction": [user("a")], "input": "x", "output": "b"}]));
    let mapped = json!({"prompt": [user("a")], "completion": [assistant("b")]});
    assert_eq!(of(&report, Method::Sft).preview, Some(mapped), "messages are not joined with text");
    let report = look(json!([{"question": "a", "answer": [assistant("b")], "label": true}]));
    let mapped = json!({"prompt": [user("a")], "completion": [assistant("b")], "label": true});
    assert_eq!(of(&report, Method::Kto).preview, Some(mapped));
}

#[test]
fn large_cells_stay_out_of_the_report() {
    let messages: Vec<Value> = (0..5_000).map(|turn| user(&turn.to_string())).collect();
    let report = look(json!([{"messages": messages, "extra": {"a": vec![1; 5_000]}}]));
    let size = serde_json::to_string(&report).expect("JSON").len();
    assert!(size < 20_000, "{size} bytes");
    let preview = of(&report, Method::Sft).preview.clone().expect("ready");
    assert!(preview["messages"].as_array().is_some_and(|turns| turns.len() < 20), "{preview}");
}

#[test]
fn rows_that_lack_what_is_mapped_are_told_of() {
    let report = look(json!([{"question": "a", "answer": "b"}, {"question": null, "answer": "c"}]));
    assert!(
        report.warnings.iter().any(|warning| warning.contains("`question` is missing in 1 of 2")),
        "{:?}",
        report.warnings
    );
}

#[test]
fn what_cannot_be_a_dataset_is_refused() {
    let wide = Map::from_iter((0..=MOST_COLUMNS).map(|number| (number.to_string(), json!(1))));
    for (odd, says) in [
        (Sample::default(), "no rows"),
        (
            Sample { columns: wide.keys().cloned().collect(), rows: vec![wide], total_rows: None },
            "1001 columns",
        ),
        (sample(json!([{"a".repeat(500): 1}])), "200 letters"),
        (
            Sample { columns: vec!["a".into(), "a".into()], ..sample(json!([{"a": 1}])) },
            "two columns are named `a`",
        ),
    ] {
        let error = odd.check().expect_err(says);
        assert!(error.to_string().contains(says) && error.hint().contains("names"), "{error}");
    }
    assert!(sample(json!([{"a": 1}])).check().is_ok());
}
