//! A plan as a script: one self-contained file for `uv run`, its packages pinned, every keyword one of the pinned TRL.

use paceline_schema::plan::{Adaptation, Method, Precision, TrainingPlan};
use serde_json::Value;

use crate::error::PlanError;
use crate::plan::COMPLETION_TOKENS;
use crate::rewards::{Rewards, rewards};

const TEMPLATE: &str = include_str!("script.template");

/// Packages of a script, at the releases its keywords were checked with.
const PACKAGES: &[&str] =
    &["accelerate==1.15.0", "datasets==5.2.0", "transformers==5.24.0", "trackio==0.43.0", "trl==1.16.0"];
const PEFT: &str = "peft==0.21.2";
const BITSANDBYTES: &str = "bitsandbytes==0.50.2";

/// Where rows are.
#[derive(Debug, Clone, Copy)]
pub enum Rows<'a> {
    /// In a file.
    File {
        /// Its path.
        path: &'a str,
        /// Its form, as `datasets` names it: `parquet`, `json` or `csv`.
        form: &'a str,
    },
    /// On the Hub.
    Hub {
        /// Name of the dataset.
        name: &'a str,
        /// Its configuration, unless it is the usual one.
        config: Option<&'a str>,
        /// Its split.
        split: &'a str,
    },
}

/// Where a script finds its rows and leaves its model.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// The model as it is loaded: its name on the Hub, or the path of its folder.
    pub model: &'a str,
    /// The dataset.
    pub dataset: Rows<'a>,
    /// Project of the run.
    pub project: &'a str,
    /// Name of the run.
    pub run: &'a str,
    /// Folder of the model.
    pub output: &'a str,
    /// The model that is learnt from, for distillation.
    pub teacher: Option<&'a str>,
}

/// Writes the script of a plan.
///
/// # Errors
/// When its dataset was not looked at, or a teacher is needed and none is named.
pub fn script(plan: &TrainingPlan, places: Places<'_>) -> Result<String, PlanError> {
    let unknown = || PlanError::NoScript { method: plan.method };
    let method = match plan.method {
        Method::Sft => "SFT",
        Method::Dpo => "DPO",
        Method::Grpo => "GRPO",
        Method::Kto => "KTO",
        Method::Reward => "Reward",
        Method::Rloo => "RLOO",
        Method::Distillation => "Distillation",
    };
    if plan.method == Method::Distillation && places.teacher.is_none() {
        return Err(PlanError::NoTeacher);
    }
    let dataset = plan.dataset.as_ref().ok_or_else(unknown)?;
    let of = dataset.methods.iter().find(|of| of.method == plan.method).ok_or_else(unknown)?;
    let mapping = of.code.as_deref().map(|code| format!("\n\n{}\n", code.trim_end())).unwrap_or_default();
    // Of a dataset whose rows are in an order the first are not like the others.
    let part = if dataset.rows == Some(plan.rows) {
        String::new()
    } else {
        format!("dataset = dataset.shuffle(seed=42).select(range(min({}, len(dataset))))\n", plan.rows)
    };
    let split = if plan.eval_rows > 0 {
        format!("dataset = dataset.train_test_split(test_size={}, seed=42)\n", plan.eval_rows)
    } else {
        String::new()
    };
    let train = if plan.eval_rows > 0 { "dataset[\"train\"]" } else { "dataset" };
    let title = format!(
        "{method} of {}, {}, on {}: {} steps, about {:.0} minutes.",
        in_prose(&plan.model),
        plan.adaptation.as_str(),
        plan.flavor,
        plan.steps,
        (plan.seconds / 60.0).ceil()
    );
    let judges = writes_answers(plan.method).then(|| rewards(dataset));
    let filled = [
        ("@title@", title),
        ("@dependencies@", dependencies(plan)),
        ("@imports@", imports(plan, method, judges.as_ref())),
        ("@helpers@", helpers(plan, judges.as_ref(), places)),
        ("@trainer@", trainer(plan, judges.as_ref())),
        ("@arguments@", arguments(plan, places)),
        ("@method@", method.to_owned()),
        ("@train@", train.to_owned()),
        ("@part@", part),
        ("@split@", split),
        ("@mapping@", mapping),
        ("@model@", text(places.model)),
        ("@output@", text(places.output)),
        ("@rows@", rows(places.dataset)),
    ];
    Ok(fill(&filled))
}

/// A name inside the text above a script. It stays on its line: below that the packages are named that are installed, by
/// lines that a name must not add to.
fn in_prose(name: &str) -> String {
    let ends_a_line = |letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}');
    name.replace(['\\', '"'], "'").replace(ends_a_line, " ")
}

/// Fills the template in one pass, so that no value is taken for a place.
fn fill(values: &[(&str, String)]) -> String {
    let mut filled = String::new();
    let mut rest = TEMPLATE;
    loop {
        let next = values.iter().filter_map(|(name, value)| Some((rest.find(name)?, *name, value)));
        let Some((place, name, value)) = next.min_by_key(|(place, ..)| *place) else { break };
        filled.push_str(&rest[..place]);
        filled.push_str(value);
        rest = &rest[place + name.len()..];
    }
    filled + rest
}

/// A text as Python writes it; JSON's escapes are its own too.
fn text(value: &str) -> String {
    Value::String(value.to_owned()).to_string()
}

/// What rows are loaded by; a file with tabs between its values says so.
fn rows(rows: Rows<'_>) -> String {
    match rows {
        Rows::File { path, form } => {
            let separator = if path.to_lowercase().ends_with(".tsv") { ", sep=\"\\t\"" } else { "" };
            format!("{}, data_files={}{separator}, split=\"train\"", text(form), text(path))
        }
        Rows::Hub { name, config, split } => {
            let config = config.map(|config| format!(", {}", text(config))).unwrap_or_default();
            format!("{}{config}, split={}", text(name), text(split))
        }
    }
}

fn truth(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

fn needs_bitsandbytes(plan: &TrainingPlan) -> bool {
    plan.adaptation == Adaptation::Qlora || plan.optimizer.contains("8bit")
}

fn dependencies(plan: &TrainingPlan) -> String {
    let mut packages = PACKAGES.to_vec();
    packages.extend(plan.lora.as_ref().map(|_| PEFT));
    packages.extend(needs_bitsandbytes(plan).then_some(BITSANDBYTES));
    packages.sort_unstable();
    packages.iter().map(|package| format!("#     \"{package}\",\n")).collect()
}

fn imports(plan: &TrainingPlan, method: &str, rewards: Option<&Rewards>) -> String {
    let mut imports = String::new();
    imports.push_str(rewards.map(|rewards| rewards.imports).unwrap_or_default());
    imports.push_str("\nfrom datasets import load_dataset\n");
    if plan.lora.is_some() {
        imports.push_str("from peft import LoraConfig\n");
    }
    let mut names = Vec::new();
    names.extend((plan.method == Method::Sft).then_some("AutoTokenizer"));
    names.extend((plan.adaptation == Adaptation::Qlora).then_some("BitsAndBytesConfig"));
    if !names.is_empty() {
        imports.push_str(&format!("from transformers import {}\n", names.join(", ")));
    }
    imports.push_str("from transformers.trainer_utils import get_last_checkpoint\n");
    imports.push_str(&format!("from trl import {method}Config, {method}Trainer\n"));
    if plan.method == Method::Sft {
        let names = "get_training_chat_template, has_generation_markers";
        imports.push_str(&format!("from trl.chat_template_utils import {names}\n"));
    }
    imports.trim_start().to_owned()
}

/// What the trainer is given beside arguments: reward functions, and whether the template marks who speaks.
fn helpers(plan: &TrainingPlan, rewards: Option<&Rewards>, places: Places<'_>) -> String {
    match plan.method {
        Method::Grpo | Method::Rloo => {
            let functions = rewards.map(|rewards| rewards.functions.as_str()).unwrap_or_default();
            format!("LONGEST = {COMPLETION_TOKENS}\n\n\n{functions}")
        }
        Method::Sft => {
            let marks = "# In conversations the loss is that of the assistant's words, where the chat template marks them or TRL has one\n\
                # of its kind that does.\n\
                def marks_words(tokenizer):\n    \
                if not tokenizer.chat_template or has_generation_markers(tokenizer.chat_template):\n        \
                return bool(tokenizer.chat_template)\n    \
                try:\n        \
                return get_training_chat_template(tokenizer) is not None\n    \
                except ValueError:\n        \
                return False\n\n\n\
                is_conversation = \"messages\" in @train@.column_names\n\
                marks_assistant = is_conversation and marks_words(AutoTokenizer.from_pretrained(MODEL))\n\n";
            let train = if plan.eval_rows > 0 { "dataset[\"train\"]" } else { "dataset" };
            marks.replace("@train@", train)
        }
        Method::Distillation => {
            let teacher = text(places.teacher.unwrap_or_default());
            format!("TEACHER = {teacher}\nLONGEST = {COMPLETION_TOKENS}\n\n")
        }
        Method::Dpo | Method::Kto | Method::Reward => String::new(),
    }
}

/// Whether answers are written while it trains and judged by reward functions.
fn writes_answers(method: Method) -> bool {
    match method {
        Method::Grpo | Method::Rloo => true,
        Method::Sft | Method::Dpo | Method::Kto | Method::Reward | Method::Distillation => false,
    }
}

fn trainer(plan: &TrainingPlan, rewards: Option<&Rewards>) -> String {
    let mut lines = String::new();
    if plan.method == Method::Distillation {
        lines.push_str("    teacher_model=TEACHER,\n");
    }
    if let Some(rewards) = rewards {
        lines.push_str(&format!("    reward_funcs=[{}],\n", rewards.names));
    }
    if plan.eval_rows > 0 {
        lines.push_str("    eval_dataset=dataset[\"test\"],\n");
    }
    if let Some(lora) = &plan.lora {
        let modules = match lora.target_modules.as_slice() {
            [only] => text(only),
            several => Value::from(several.to_vec()).to_string(),
        };
        lines.push_str(&format!(
            "    peft_config=LoraConfig(\n        r={}, lora_alpha={}, lora_dropout=0.05, target_modules={modules}, \
             task_type=\"{}\",\n    ),\n",
            lora.rank,
            lora.alpha,
            if plan.method == Method::Reward { "SEQ_CLS" } else { "CAUSAL_LM" }
        ));
    }
    lines
}

/// The learning rate TRL has for a method; ten times as much for adapters.
fn learning_rate(plan: &TrainingPlan) -> &'static str {
    match (plan.method, plan.adaptation) {
        (Method::Sft, Adaptation::Full) => "2e-5",
        (Method::Sft, Adaptation::Lora | Adaptation::Qlora) => "2e-4",
        // The head that gives the reward begins with random weights.
        (Method::Reward, Adaptation::Full) => "1e-4",
        (Method::Reward, Adaptation::Lora | Adaptation::Qlora) => "1e-3",
        (_, Adaptation::Full) => "1e-6",
        (_, Adaptation::Lora | Adaptation::Qlora) => "1e-5",
    }
}

fn loading(plan: &TrainingPlan) -> String {
    let dtype = text(&plan.dtype);
    if plan.adaptation != Adaptation::Qlora {
        return format!("{{\"dtype\": {dtype}}}");
    }
    format!(
        "{{\n            \"dtype\": {dtype},\n            \"quantization_config\": BitsAndBytesConfig(\n                \
         load_in_4bit=True, bnb_4bit_quant_type=\"nf4\", bnb_4bit_use_double_quant=True,\n                \
         bnb_4bit_compute_dtype={dtype},\n            ),\n        }}"
    )
}

fn arguments(plan: &TrainingPlan, places: Places<'_>) -> String {
    // A line for each twentieth of a short training, and for every tenth step of a long one.
    let logging = (plan.steps / 20).clamp(1, 10);
    let saving = (plan.steps / 5).clamp(1, 500);
    let mut lines = vec![
        format!("model_init_kwargs={}", loading(plan)),
        format!("num_train_epochs={:?}", plan.epochs),
        format!("per_device_train_batch_size={}", plan.batch_size),
        format!("gradient_accumulation_steps={}", plan.gradient_accumulation_steps),
        format!("gradient_checkpointing={}", truth(plan.gradient_checkpointing)),
        format!("learning_rate={}", learning_rate(plan)),
        "lr_scheduler_type=\"cosine\"".to_owned(),
        "warmup_steps=0.1".to_owned(),
        format!("optim={}", text(&plan.optimizer)),
        format!("bf16={}", truth(plan.precision == Precision::Bf16)),
        format!("fp16={}", truth(plan.precision == Precision::Fp16)),
        format!("logging_steps={logging}"),
        "save_strategy=\"steps\"".to_owned(),
        format!("save_steps={saving}"),
        "save_total_limit=2".to_owned(),
        "report_to=\"trackio\"".to_owned(),
        format!("project={}", text(places.project)),
        format!("run_name={}", text(places.run)),
        "seed=42".to_owned(),
    ];
    if plan.eval_rows > 0 {
        lines.push("eval_strategy=\"steps\"".to_owned());
        lines.push(format!("eval_steps={saving}"));
        lines.push(format!("per_device_eval_batch_size={}", plan.batch_size));
    }
    match plan.method {
        Method::Sft => {
            lines.push(format!("max_length={}", plan.max_length));
            lines.push(format!("packing={}", truth(plan.packing)));
            lines.push("assistant_only_loss=marks_assistant".to_owned());
        }
        Method::Dpo => lines.extend([format!("max_length={}", plan.max_length), "beta=0.1".to_owned()]),
        Method::Kto => {
            lines.extend([format!("max_length={}", plan.max_length), "beta=0.1".to_owned()]);
            // The estimate of the divergence needs answers of other rows of the batch.
            lines.extend((plan.batch_size < 2).then(|| "loss_type=\"apo_zero_unpaired\"".to_owned()));
        }
        Method::Reward => {
            lines.push(format!("max_length={}", plan.max_length));
            lines.push("center_rewards_coefficient=0.01".to_owned());
        }
        Method::Distillation => {
            lines.push(format!("teacher_model_init_kwargs={{\"dtype\": {}}}", text(&plan.dtype)));
            lines.extend(
                ["max_completion_length=LONGEST", "beta=1.0", "temperature=1.0", "log_completions=True"]
                    .map(str::to_owned),
            );
        }
        Method::Grpo | Method::Rloo => {
            lines.push(format!(
                "num_generations={}",
                plan.num_generations.unwrap_or(crate::choice::GENERATIONS)
            ));
            lines.push("max_completion_length=LONGEST".to_owned());
            // RLOO keeps near the model it began with, and compares each answer with the others of its group.
            // The whole model would need a copy of itself for that; adapters are taken off.
            let own: &[&str] = match (plan.method, plan.adaptation) {
                (Method::Rloo, Adaptation::Full) => &["beta=0.0", "normalize_advantages=False"],
                (Method::Rloo, _) => &["beta=0.05", "normalize_advantages=False"],
                _ => &["beta=0.0", "scale_rewards=\"group\""],
            };
            lines.extend(own.iter().map(|line| (*line).to_owned()));
            lines.extend(["temperature=1.0", "log_completions=True"].map(str::to_owned));
            // Every group whole: a batch for evaluation holds as many answers as one group has.
            if let Some(count) = plan.num_generations.filter(|_| plan.eval_rows > 0) {
                lines.retain(|line| !line.starts_with("per_device_eval_batch_size"));
                lines.push(format!("per_device_eval_batch_size={count}"));
            }
        }
    }
    lines.iter().map(|line| format!("        {line},\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Sample, inspect};
    use crate::{MAX_LENGTH, ModelFacts, Request, Wishes, plan};
    use paceline_schema::plan::PriceTable;
    use serde_json::{Map, json};

    fn written(method: Method, flavor: &str, billions: &str, row: Value) -> Result<String, PlanError> {
        written_from(method, flavor, billions, row, None)
    }

    fn written_from(
        method: Method,
        flavor: &str,
        billions: &str,
        row: Value,
        teacher: Option<&str>,
    ) -> Result<String, PlanError> {
        let row: Map<String, Value> = row.as_object().expect("an object").clone();
        let columns = row.keys().cloned().collect();
        let sample = Sample { columns, rows: vec![row], total_rows: Some(100) };
        let request = Request {
            model: ModelFacts::of_name(&format!("some/model-{billions}"))?,
            method,
            rows: 100,
            epochs: 1.0,
            eval_share: 0.1,
            max_length: MAX_LENGTH,
            packing: false,
            row_tokens: sample.row_tokens(),
            wishes: Wishes { flavor: Some(flavor), adaptation: None },
            prices: PriceTable::Guide,
            prices_now: Vec::new(),
            finished: Vec::new(),
        };
        let mut plan = plan(&request)?;
        plan.dataset = Some(inspect("rows.jsonl", &sample));
        let places = Places {
            model: &plan.model,
            dataset: Rows::File { path: "@model@.jsonl", form: "json" },
            project: "p",
            run: "r",
            output: "o",
            teacher,
        };
        script(&plan, places)
    }

    #[test]
    fn no_name_becomes_code() {
        let head = "# /// script";
        let odd =
            "a\"\"\"\n# /// script\n# dependencies = [\"evil\"]\n# ///\nimport evil\r\u{2028}{x}\\-0.6B";
        let row = Map::from_iter([
            ("prompt\"] + evil() #\n".to_owned(), json!("a")),
            ("answer".to_owned(), json!("b")),
        ]);
        let sample =
            Sample { columns: row.keys().cloned().collect(), rows: vec![row], total_rows: Some(100) };
        let request = Request {
            model: ModelFacts::of_parameters(odd, 600_000_000, "given"),
            method: Method::Sft,
            rows: 100,
            epochs: 1.0,
            eval_share: 0.1,
            max_length: MAX_LENGTH,
            packing: false,
            row_tokens: sample.row_tokens(),
            wishes: Wishes::default(),
            prices: PriceTable::Guide,
            prices_now: Vec::new(),
            finished: Vec::new(),
        };
        let mut plan = plan(&request).expect("fits");
        plan.dataset = Some(inspect("rows.jsonl", &sample));
        let places = Places {
            model: odd,
            dataset: Rows::Hub { name: odd, config: Some(odd), split: odd },
            project: odd,
            run: odd,
            output: odd,
            teacher: None,
        };
        let written = script(&plan, places).expect("sft");
        let lines = |begin: &str| written.lines().filter(|line| line.starts_with(begin)).count();
        assert_eq!((lines(head), lines("# ///")), (1, 2), "one head and its end: {written}");
        assert_eq!(lines("import"), 1, "{written}");
        assert_eq!(written.matches("\"\"\"").count(), 2, "the text above ends where it ends: {written}");
        assert!(!written.contains("evil() #\n"), "{written}");
    }

    #[test]
    fn a_script_says_what_the_plan_says() {
        let sft =
            written(Method::Sft, "t4-small", "0.6B", json!({"prompt": "a", "completion": "b"})).expect("sft");
        for part in [
            "fp16=True",
            "bf16=False",
            "\"dtype\": \"float32\"",
            "SFTTrainer(",
            "trl==1.16.0",
            "test_size=10",
        ] {
            assert!(sft.contains(part), "{part}: {sft}");
        }
        assert!(sft.contains("data_files=\"@model@.jsonl\""), "a value is never taken for a place");
        assert!(!sft.contains("peft"));
        let pair = json!({"question": "a", "good_response": "b", "bad_response": "c"});
        let dpo = written(Method::Dpo, "l4x1", "33B", pair).expect("dpo");
        for part in [
            "load_in_4bit=True",
            "LoraConfig(",
            "bitsandbytes==",
            "def as_trained(example)",
            "optim=\"paged_adamw_8bit\"",
        ] {
            assert!(dpo.contains(part), "{part}: {dpo}");
        }
        let grpo =
            written(Method::Grpo, "a10g-large", "4B", json!({"prompt": "a", "solution": "4"})).expect("grpo");
        for part in [
            "ANSWER = \"solution\"",
            "num_generations=8",
            "bf16=True",
            "\"dtype\": \"bfloat16\"",
            "reward_funcs=[accuracy, form, brevity]",
        ] {
            assert!(grpo.contains(part), "{part}: {grpo}");
        }
        assert!(!sft.contains(".select("), "all rows are trained on");
        let code = json!({"prompt": "a", "answer": "def f(): pass", "test_list": ["assert f() is None"]});
        let code = written(Method::Grpo, "a10g-large", "4B", code).expect("grpo");
        for part in ["TESTS = \"test_list\"", "reward_funcs=[tested, form, brevity]", "import subprocess"] {
            assert!(code.contains(part), "{part}: {code}");
        }
        assert!(!code.contains("accuracy"), "{code}");
        for script in [sft, dpo, grpo] {
            assert!(
                script.starts_with("\"\"\"")
                    && !script.contains("max_seq_length")
                    && !script.contains("warmup_ratio")
            );
        }
    }

    #[test]
    fn a_part_of_the_rows_is_trained_on_where_the_plan_is_for_a_part() {
        let row = json!({"question": "a", "answer": "b"});
        let row: Map<String, Value> = row.as_object().expect("an object").clone();
        let columns = row.keys().cloned().collect();
        let sample = Sample { columns, rows: vec![row], total_rows: Some(16_000) };
        let request = Request {
            model: ModelFacts::of_name("some/model-0.6B").expect("a size"),
            method: Method::Sft,
            rows: 1_000,
            epochs: 1.0,
            eval_share: 0.1,
            max_length: MAX_LENGTH,
            packing: false,
            row_tokens: sample.row_tokens(),
            wishes: Wishes::default(),
            prices: PriceTable::Guide,
            prices_now: Vec::new(),
            finished: Vec::new(),
        };
        let mut plan = plan(&request).expect("fits");
        plan.dataset = Some(inspect("a/b", &sample));
        let places = Places {
            model: "/models/mine",
            dataset: Rows::Hub { name: "a/b", config: None, split: "train" },
            project: "p",
            run: "r",
            output: "o",
            teacher: None,
        };
        let written = script(&plan, places).expect("sft");
        let at = |part: &str| written.find(part).unwrap_or_else(|| panic!("{part}: {written}"));
        let part = at("dataset = dataset.shuffle(seed=42).select(range(min(1000, len(dataset))))\n");
        assert!(part < at("dataset.map(") && at("dataset.map(") < at("train_test_split(test_size=100"));
        assert!(written.contains("MODEL = \"/models/mine\"\n"), "{written}");
    }

    #[test]
    fn the_younger_methods_have_scripts_too() {
        let pair = json!({"prompt": "a", "chosen": "b", "rejected": "c"});
        let reward = written(Method::Reward, "a10g-large", "4B", pair).expect("reward");
        for part in
            ["RewardTrainer(", "task_type=\"SEQ_CLS\"", "center_rewards_coefficient=0.01", "max_length="]
        {
            assert!(reward.contains(part), "{part}: {reward}");
        }
        let rloo = written(Method::Rloo, "a10g-large", "4B", json!({"prompt": "a"})).expect("rloo");
        for part in
            ["RLOOTrainer(", "reward_funcs=", "beta=0.05", "normalize_advantages=False", "import re\n"]
        {
            assert!(rloo.contains(part), "{part}: {rloo}");
        }
        assert!(!rloo.contains("scale_rewards"), "{rloo}");
        let alone = written(Method::Distillation, "a10g-large", "0.6B", json!({"prompt": "a"}));
        let fault = alone.expect_err("nobody to learn from");
        assert!(fault.hint().contains("--teacher"), "{fault}");
        let taught =
            written_from(Method::Distillation, "a10g-large", "0.6B", json!({"prompt": "a"}), Some("t/\"x"));
        let taught = taught.expect("distillation");
        for part in [
            "DistillationTrainer(",
            "TEACHER = \"t/\\\"x\"\n",
            "teacher_model=TEACHER",
            "teacher_model_init_kwargs=",
        ] {
            assert!(taught.contains(part), "{part}: {taught}");
        }
    }
}
