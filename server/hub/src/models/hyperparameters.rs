//! The settings of a run that a reader of a card asks for, out of the many that a trainer records.

use serde_json::{Map, Value};

/// Settings of trainers, in the order they are told.
const KNOWN: [&str; 45] = [
    "learning_rate",
    "lr_scheduler_type",
    "warmup_steps",
    "num_train_epochs",
    "max_steps",
    "per_device_train_batch_size",
    "gradient_accumulation_steps",
    "optim",
    "weight_decay",
    "adam_beta1",
    "adam_beta2",
    "max_grad_norm",
    "max_length",
    "packing",
    "completion_only_loss",
    "assistant_only_loss",
    "beta",
    "loss_type",
    "label_smoothing",
    "num_generations",
    "max_completion_length",
    "temperature",
    "epsilon",
    "scale_rewards",
    "num_iterations",
    "lmbda",
    "teacher_model_name_or_path",
    "gradient_checkpointing",
    "bf16",
    "fp16",
    "seed",
    "epochs",
    "batch_size",
    "lr",
    "model",
    "model_name",
    "model_name_or_path",
    "base_model",
    "dataset",
    "dataset_name",
    "peft_config",
    "lora_r",
    "lora_alpha",
    "total_steps",
    "optimizer",
];
/// A config with more settings than this is a trainer's own record of all there are.
const MOST_OF_ONES_OWN: usize = 40;
/// A longer value is cut.
const LONGEST: usize = 120;

/// Names and values, those of a person's own config all, of a trainer's those that are asked for.
pub(super) fn settings(config: &Value) -> Vec<(String, String)> {
    let empty = Map::new();
    let config = config.as_object().unwrap_or(&empty);
    let known = KNOWN.iter().filter_map(|name| Some(((*name).to_owned(), text(config.get(*name)?)?)));
    let mut settings: Vec<(String, String)> = known.collect();
    if config.len() <= MOST_OF_ONES_OWN {
        let own = config.iter().filter(|(name, _)| !KNOWN.contains(&name.as_str()) && !name.starts_with('_'));
        settings.extend(own.filter_map(|(name, value)| Some((name.clone(), text(value)?))));
    }
    settings
}

/// A value without the folders of this machine: where something lies here is nobody's business.
fn without_places(value: &Value) -> Value {
    match value {
        Value::String(text) => {
            let text = text.trim();
            let has_drive = text.get(1..3).is_some_and(|drive| [":\\", ":/"].contains(&drive));
            let is_place = has_drive
                || ["/", "~/", "./", "../", "file:", "\\\\"].iter().any(|begin| text.starts_with(begin));
            let last = || text.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default();
            Value::from(if is_place { last() } else { text })
        }
        Value::Array(items) => items.iter().map(without_places).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), without_places(value))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// A value as a person reads it; nothing for what says nothing.
fn text(value: &Value) -> Option<String> {
    let value = &without_places(value);
    let text = match value {
        Value::Null => return None,
        Value::String(text) if text.is_empty() => return None,
        Value::String(text) => text.clone(),
        // The trainer's sign for "as many as the epochs make".
        Value::Number(number) if number.as_i64() == Some(-1) => return None,
        // A learning rate as people write it.
        Value::Number(number) => match number.as_f64() {
            Some(value) if value != 0.0 && value.abs() < 1e-3 => format!("{value:e}"),
            Some(_) | None => number.to_string(),
        },
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    };
    let cut: String = text.chars().take(LONGEST).collect();
    Some(if cut.len() < text.len() { format!("{cut}…") } else { cut })
}

/// The first of some settings that is a text.
pub(super) fn first_text<'a>(config: &'a Value, names: &[&str]) -> Option<&'a str> {
    names.iter().filter_map(|name| config[*name].as_str()).find(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn where_something_lies_is_not_told() {
        let config = json!({
            "dataset": "/home/ada/clients/acme/rows.jsonl",
            "model": "Qwen/Qwen3-0.6B",
            "output_dir": "~/runs/acme/",
            "files": ["../acme/a.txt", {"at": "C:\\Users\\ada\\b.txt"}],
            "ratio": "1/2",
        });
        let told: Map<String, Value> =
            settings(&config).into_iter().map(|(name, value)| (name, Value::from(value))).collect();
        let expected = json!({
            "dataset": "rows.jsonl", "model": "Qwen/Qwen3-0.6B", "output_dir": "acme",
            "files": r#"["a.txt",{"at":"b.txt"}]"#, "ratio": "1/2",
        });
        assert_eq!(Value::Object(told), expected);
    }

    #[test]
    fn a_person_is_told_of_all_and_of_a_trainers_record_what_is_asked_for() {
        let own = json!({"lr": 0.001, "hidden": 64, "_private": 1, "note": null, "max_steps": -1});
        let told = settings(&own);
        assert_eq!(told, [("lr".to_owned(), "0.001".to_owned()), ("hidden".to_owned(), "64".to_owned())]);
        let mut many: Map<String, Value> =
            (0..100).map(|number| (format!("x{number}"), json!(number))).collect();
        many.insert("learning_rate".to_owned(), json!(2e-5));
        many.insert("peft_config".to_owned(), json!("é".repeat(500)));
        let told = settings(&Value::Object(many));
        assert_eq!(told.len(), 2);
        assert_eq!((told[0].1.as_str(), told[1].1.chars().count()), ("2e-5", LONGEST + 1));
    }
}
