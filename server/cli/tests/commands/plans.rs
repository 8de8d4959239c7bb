//! `paceline plan` as a person or an agent asks it.

use serde_json::Value;

use super::{command, json, stderr, stdout};

fn plan(arguments: &[&str]) -> std::process::Output {
    let directory = tempfile::tempdir().expect("a folder");
    let mut command = command(super::PACELINE, directory.path());
    command.env("HF_HUB_OFFLINE", "1").arg("plan").args(arguments).output().expect("it runs")
}

#[test]
fn a_plan_answers_what_was_asked() {
    let answer = json(&plan(&[
        "--model",
        "Qwen/Qwen3-0.6B",
        "--method",
        "sft",
        "--rows",
        "2800",
        "--epochs",
        "1",
        "--json",
    ]));
    assert_eq!(
        (&answer["method"], &answer["adaptation"], &answer["flavor"]),
        (&"sft".into(), &"full".into(), &"t4-small".into())
    );
    assert_eq!((answer["seconds"].as_f64(), answer["usd"].as_f64()), (Some(1_209.6), Some(0.252)));
    assert_eq!((&answer["price_table"], answer["steps"].as_u64()), (&"skill-2025-12".into(), Some(175)));
    assert!(answer["memory_gb"].as_f64().expect("a number") < 16.0);
    assert!(answer["why"].as_array().is_some_and(|why| why.iter().all(Value::is_string) && !why.is_empty()));
    let given = json(&plan(&[
        "--model",
        "mine",
        "--params",
        "7B",
        "--method",
        "dpo",
        "--rows",
        "1000",
        "--epochs",
        "2",
        "--flavor",
        "a10g-large",
        "--json",
        "--prices",
        "official",
    ]));
    assert_eq!((&given["adaptation"], &given["price_table"]), (&"lora".into(), &"hf-jobs-2026".into()));
    assert_eq!((given["seconds"].as_f64(), given["usd"].as_f64()), (Some(5_040.0), Some(2.1)));
}

#[test]
fn a_person_reads_a_short_table() {
    let shown =
        stdout(&plan(&["--model", "Qwen/Qwen3-0.6B", "--method", "sft", "--rows", "2800", "--epochs", "1"]));
    assert!(shown.contains("t4-small (T4, fp16)") && shown.contains("about 20 minutes"), "{shown}");
    assert!(shown.contains("about $0.25") && shown.contains("$0.13 by hf-jobs-2026"), "{shown}");
    assert!(shown.lines().count() < 20, "{shown}");
}

#[test]
fn what_cannot_be_planned_is_said_with_a_way_out() {
    for (arguments, status, says) in [
        (&["--model", "someone/nameless", "--method", "sft", "--rows", "10"][..], 1, "--params"),
        (
            &["--model", "m-70B", "--method", "sft", "--rows", "10", "--flavor", "t4-small"],
            1,
            "smaller model",
        ),
        (&["--model", "m-1B", "--method", "sft", "--rows", "0"], 1, "--rows"),
        (&["--model", "m-1B", "--method", "ppo", "--rows", "9"], 1, "grpo"),
        (&["--model", "m-1B", "--method", "sft", "--rows", "9", "--flavor", "t5"], 1, "t4-small"),
        (&["--model", "m-1B", "--method", "sorcery", "--rows", "9"], 2, "grpo"),
        (&["--model", "m-1B", "--rows", "9"], 2, "--method"),
        (&["--model", "m-1B", "--method", "sft"], 2, "--rows"),
        (&["--model", "m-1B", "--method", "sft", "--rows", "9", "--params", "big"], 2, "0.6B"),
        (&[], 2, "--model"),
    ] {
        let output = plan(arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(says) && stdout(&output).is_empty(), "{}", stderr(&output));
    }
}

#[test]
fn a_folder_says_more_than_a_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = r#"{"hidden_size": 16, "num_hidden_layers": 2, "vocab_size": 100, "num_attention_heads": 2, "intermediate_size": 32}"#;
    std::fs::write(folder.path().join("config.json"), config).expect("written");
    let path = folder.path().to_str().expect("text");
    let ask = || {
        json(&plan(&["--model", path, "--method", "sft", "--rows", "10", "--flavor", "cpu-basic", "--json"]))
    };
    assert_eq!(ask()["parameters"], 2 * (4 * 256 + 3 * 16 * 32 + 32) + 2 * 1_600 + 16);
    let head = r#"{"a": {"dtype": "F32", "shape": [7, 9], "data_offsets": [0, 252]}}"#;
    let mut weights = (head.len() as u64).to_le_bytes().to_vec();
    weights.extend_from_slice(head.as_bytes());
    std::fs::write(folder.path().join("model.safetensors"), weights).expect("written");
    let answer = ask();
    assert_eq!((&answer["parameters"], &answer["precision"]), (&63.into(), &"fp32".into()));
    std::fs::write(folder.path().join("model.safetensors"), "torn").expect("written");
    let output = plan(&["--model", path, "--method", "sft", "--rows", "10"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("safetensors"), "{}", stderr(&output));
}

/// A dataset of a name in a folder of its own, and what `paceline plan` says of it.
fn look(name: &str, content: &str, arguments: &[&str]) -> std::process::Output {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, content).expect("written");
    plan(&[&["--dataset", path.to_str().expect("text")], arguments].concat())
}

#[test]
fn a_dataset_alone_is_looked_at() {
    let lines = "{\"question\": \"a\", \"good_response\": \"b\", \"bad_response\": \"c\"}\n\n{\"question\": \"d\", \"good_response\": \"e\", \"bad_response\": \"f\"}\n";
    let report = json(&look("pairs.jsonl", lines, &["--json"]));
    assert_eq!((&report["rows"], &report["recommended"][0]), (&2.into(), &"dpo".into()));
    let dpo =
        report["methods"].as_array().expect("a list").iter().find(|of| of["method"] == "dpo").expect("dpo");
    assert_eq!(dpo["preview"], serde_json::json!({"prompt": "a", "chosen": "b", "rejected": "c"}));
    let shown = stdout(&look("pairs.jsonl", lines, &[]));
    assert!(shown.contains("→ needs mapping") && shown.contains("dataset.map(as_trained"), "{shown}");
    let list = json(&look(
        "chats.json",
        "[{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}]",
        &["--json"],
    ));
    assert_eq!((&list["format"], &list["rows"]), (&"language_modeling".into(), &1.into()));
}

#[test]
fn cells_of_csv_are_what_their_column_is() {
    let table = "question,answer,thumbs_up,length\n\"say \"\"hi\"\", please\",hi,true,2\nwhat?,,FALSE,\n";
    let report = json(&look("marks.csv", table, &["--json"]));
    let kinds: Vec<&str> =
        report["columns"].as_array().expect("a list").iter().filter_map(|of| of["kind"].as_str()).collect();
    assert_eq!(kinds, ["text", "text", "boolean", "number"]);
    let kto =
        report["methods"].as_array().expect("a list").iter().find(|of| of["method"] == "kto").expect("kto");
    assert_eq!(
        kto["preview"],
        serde_json::json!({"prompt": "say \"hi\", please", "completion": "hi", "label": true})
    );
}

#[test]
fn a_dataset_decides_method_rows_and_tokens() {
    let row = format!("{{\"text\": \"{}\"}}\n", "word ".repeat(80));
    let plain =
        json(&look("texts.jsonl", &row.repeat(320), &["--model", "m-0.6B", "--epochs", "1", "--json"]));
    assert_eq!((&plain["method"], &plain["rows"], &plain["steps"]), (&"sft".into(), &320.into(), &20.into()));
    assert_eq!(plain["dataset"]["mean_tokens"].as_f64(), Some(100.0));
    let packed = json(&look(
        "texts.jsonl",
        &row.repeat(320),
        &["--model", "m-0.6B", "--epochs", "1", "--packing", "--json"],
    ));
    assert_eq!(packed["steps"], 2, "ten rows a sequence, sixteen sequences a step");
}

#[test]
fn a_dataset_that_does_not_serve_is_said_with_a_way_out() {
    let numbers = "x,y\n1,2\n";
    let texts = "{\"text\": \"a\"}\n";
    for (name, content, arguments, says) in [
        ("n.csv", numbers, &[][..], "`x`, `y`"),
        ("n.csv", numbers, &["--model", "m-1B"], "`messages`"),
        ("t.jsonl", texts, &["--model", "m-1B", "--method", "dpo"], "it serves sft"),
        ("t.jsonl", "{\"text\": ", &[], "line 1"),
        ("t.parquet", "no parquet", &[], "Parquet"),
        ("t.csv", "", &[], "it has no rows"),
        ("t.csv", "prompt,completion\n", &["--model", "m-1B"], "it has no rows"),
        ("t.jsonl", "\n\n", &[], "it has no rows"),
        ("t.json", "[]", &[], "it has no rows"),
        ("t.json", "[1, 2]", &[], "JSON list of objects"),
        ("t.csv", "a,a\n1,2\n", &[], "two columns are named `a`"),
        ("t.csv", "a,b\n1\n", &[], "line: 2"),
    ] {
        let output = look(name, content, arguments);
        assert_eq!(output.status.code(), Some(1), "{name} {arguments:?}");
        assert!(stderr(&output).contains(says), "{}", stderr(&output));
    }
    let output = plan(&["--dataset", "/nowhere.jsonl"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn hostile_files_are_refused_in_a_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let deep = format!("{{\"text\": {}1{}}}\n", "[".repeat(100_000), "]".repeat(100_000));
    let wide: Vec<String> = (0..2_000).map(|number| format!("\"c{number}\": 1")).collect();
    for (name, content, says) in [
        ("latin.csv", b"prompt,completion\nk\xf6nig,b\n".to_vec(), "UTF-8"),
        ("latin.jsonl", b"{\"text\": \"k\xf6nig\"}\n".to_vec(), "line 1"),
        ("deep.jsonl", deep.into_bytes(), "recursion"),
        ("wide.jsonl", format!("{{{}}}\n", wide.join(", ")).into_bytes(), "2000 columns"),
        ("cut.parquet", b"PAR1\0\0\0\0\0\0\0\0".to_vec(), "cannot be read as a dataset"),
        ("long.csv", format!("{},b\n1,2\n", "x".repeat(10_000)).into_bytes(), "200 letters"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, content).expect("written");
        let output = plan(&["--dataset", path.to_str().expect("text")]);
        assert_eq!(output.status.code(), Some(1), "{name}");
        let said = stderr(&output);
        assert!(said.contains(says) && said.len() < 1_000, "{name}: {said}");
    }
    let marked = folder.path().join("marked.jsonl");
    std::fs::write(&marked, "\u{feff}{\"text\": \"a\"}\n").expect("written");
    let report = json(&plan(&["--dataset", marked.to_str().expect("text"), "--json"]));
    assert_eq!(report["recommended"][0], "sft");
}

#[test]
fn weights_that_lie_there_twice_count_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = r#"{"hidden_size": 16, "num_hidden_layers": 2, "vocab_size": 100, "num_attention_heads": 2, "intermediate_size": 32}"#;
    std::fs::write(folder.path().join("config.json"), config).expect("written");
    let weights = |shape: &str| {
        let head = format!(r#"{{"a": {{"dtype": "F32", "shape": {shape}, "data_offsets": [0, 4]}}}}"#);
        [(head.len() as u64).to_le_bytes().as_slice(), head.as_bytes()].concat()
    };
    for (name, shape) in [
        ("model-00001-of-00002.safetensors", "[7, 9]"),
        ("model-00002-of-00002.safetensors", "[2]"),
        ("consolidated.safetensors", "[65]"),
        ("adapter_model.safetensors", "[5]"),
    ] {
        std::fs::write(folder.path().join(name), weights(shape)).expect("written");
    }
    let path = folder.path().to_str().expect("text");
    let ask =
        || plan(&["--model", path, "--method", "sft", "--rows", "10", "--flavor", "cpu-basic", "--json"]);
    assert_eq!(json(&ask())["parameters"], 65);
    std::fs::write(folder.path().join("model-00002-of-00002.safetensors"), weights("[18446744073709551615]"))
        .expect("written");
    assert_eq!(ask().status.code(), Some(1));
}
