"""The trainers of TRL, unchanged: rows, tables, configs and the status while they train and after it."""

import json

import pandas

from support.training import IMPORT_SECONDS, PROJECT, RUN, TRAINING_SECONDS, Training, start_script
from support.waiting import wait_until


def train_and_ask(directory, script, *options, **environment):
    """Lets a script train, asks for the status half-way, and checks it, the end and every reported row."""
    training = Training(directory, script, *options, **environment)
    total = training.wait_for_begin()
    training.wait_for_step(total // 2)
    answer = training.ask()
    training.process.expect_exit(0, TRAINING_SECONDS)
    training.check(answer, total)
    training.check_end(total)
    training.check_rows()
    return training, answer.status


def test_supervised_fine_tuning(directory):
    training, asked = train_and_ask(directory, "sft.py")
    assert asked["total_steps_source"] == "epochs"
    rows = [row.metrics for row in directory.rows(PROJECT)]
    assert len(rows) == len(training.events("log")), "nothing else is logged"
    assert [row["train/epoch"] for row in rows if "train/loss" in row][-1] == 3.0
    assert sum("eval/loss" in row and "eval/mean_token_accuracy" in row for row in rows) == 3
    assert {"train/num_tokens", "train/mean_token_accuracy", "train/entropy", "train/grad_norm"} <= set(rows[0])
    config = training.config()
    assert (config["num_train_epochs"], config["model_type"], config["max_length"]) == (3, "llama", 128)
    card = (training.output / "README.md").read_text()
    assert "trackio" not in card, "a local run has no page to point at"


def test_an_adapter_of_peft(directory):
    training, _ = train_and_ask(directory, "sft.py", "--lora")
    saved = json.loads((training.output / "checkpoint-48" / "adapter_config.json").read_text())
    config = training.config()
    stored = config["peft_config"]["default"]
    # Sets are lists in both, in an order of their own; these two are set when the adapter is saved.
    assert sorted(stored.pop("target_modules")) == sorted(saved.pop("target_modules")) == ["q_proj", "v_proj"]
    assert {**stored, "inference_mode": True, "auto_mapping": saved["auto_mapping"]} == saved
    assert (stored["peft_type"], stored["r"], stored["lora_alpha"]) == ("LORA", 4, 8)
    assert config["model/num_parameters"] > 0


def test_preferences(directory):
    training, asked = train_and_ask(directory, "dpo.py")
    assert asked["total_steps_source"] == "epochs"
    rows = [row.metrics for row in directory.rows(PROJECT)]
    assert len(rows) == len(training.events("log"))
    rewards = {f"train/rewards/{name}" for name in ("chosen", "rejected", "margins", "accuracies")}
    assert rewards | {"train/logps/chosen", "train/logps/rejected"} <= set(rows[0])
    assert training.config()["beta"] == 0.1


def test_reinforcement_with_completions_and_profiles(directory):
    training, asked = train_and_ask(directory, "grpo.py")
    assert asked["total_steps_source"] == "max_steps"
    rows = directory.rows(PROJECT)
    # TRL profiles each step under its explicit number, between rows without one.
    profiled = [row for row in rows if any(key.startswith("profiling/") for key in row.metrics)]
    assert {row.step for row in profiled} == set(range(40))
    generated = [row.step for row in profiled if "profiling/Time taken: GRPOTrainer.transformers.generate" in row.metrics]
    assert generated == list(range(40))
    # It also writes each table to a file of its own; the last one comes again when the training ends.
    tables = [row.metrics["completions"] for row in rows if "completions" in row.metrics]
    assert [table["_type"] for table in tables] == ["trackio.table"] * 21
    assert [table["_value"][0]["step"] for table in tables] == [*range(2, 41, 2), 40]
    for table in tables:
        step = table["_value"][0]["step"]
        written = pandas.read_parquet(training.output / "completions" / f"completions_{step:05d}.parquet")
        assert len(table["_value"]) == len(written) == 8
        for stored, expected in zip(table["_value"], written.to_dict(orient="records"), strict=True):
            assert list(stored) == ["step", "prompt", "completion", "has_digits", "brevity", "advantage"]
            # Messages come out of the file as arrays.
            assert stored == {**expected, **{key: list(expected[key]) for key in ("prompt", "completion")}}
            assert stored["prompt"][0]["content"].startswith("How much is")
    others = [row for row in rows if row not in profiled and "completions" not in row.metrics]
    assert len(others) == len(training.events("log"))
    assert {"train/reward", "train/rewards/has_digits/mean", "train/completions/mean_length"} <= set(others[0].metrics)


def test_rollouts_of_a_thread_in_a_copied_context(directory):
    stop = directory.folder / "stop"
    process = start_script(directory, "rollouts.py", "--project", PROJECT, "--stop", stop)
    wait_until(lambda: directory.count(PROJECT) == 2 or process.process.poll(), IMPORT_SECONDS, lambda: process.errors)
    stop.touch()
    process.expect_exit(0)
    first, second = directory.rows(PROJECT)
    assert (first.run_name, first.metrics) == ("r", {"train/global_step": 16, "train/loss": 0.5})
    assert (second.run_name, second.step) == ("r", 16)
    traces = directory.select(PROJECT, "SELECT run_name, step, messages, metadata FROM traces ORDER BY trace_index")
    assert len(traces) == 8
    for number, (run, step, messages, metadata) in enumerate(traces):
        assert (run, step) == ("r", 16)
        assert [message["content"] for message in json.loads(messages)] == [f"question {number}", f"answer {number}"]
        assert json.loads(metadata) == {
            "reward": number / 32, "advantage": float(number), "group_id": number // 4, "model_version": 16,
            "prompt_tokens": 5, "completion_tokens": 3,
        }
    assert "skipped" not in process.errors


def test_the_card_of_a_model_points_at_its_space(directory):
    # No program is started that would send anything; what is for a Space waits in the journal.
    directory.keeps_journals = True
    training = Training(
        directory, "sft.py", "--space", "nobody/no-space", PACELINE_COMPANION="off", HF_TOKEN="hf_none"  # noqa: S106
    )
    training.process.expect_exit(0, IMPORT_SECONDS + TRAINING_SECONDS)
    cards = [training.output / "README.md", training.output / "checkpoint-48" / "README.md"]
    address = f"https://nobody-no-space.hf.space?project={PROJECT}&runs={RUN}&sidebar=collapsed"
    assert any(f"trackio:{address}" in card.read_text() for card in cards if card.exists())
    assert "Trackio could not freeze" not in training.process.errors
    assert directory.rows(PROJECT) == []
