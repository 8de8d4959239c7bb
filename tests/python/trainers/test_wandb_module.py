"""Libraries that insist on a module `wandb` train with the one `paceline shim wandb` makes: rows, tables, files, status."""

import csv
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.directory import PROGRAM, DataDirectory
from support.training import IMPORT_SECONDS, TRAINING_SECONDS, six_digits, start_script

# Those of libraries and of the training.
SECONDS = IMPORT_SECONDS + TRAINING_SECONDS


@pytest.fixture(scope="module")
def shims(tmp_path_factory) -> Path:
    """A folder with the module `wandb` in it; the trainers' own environment stays without one."""
    folder = tmp_path_factory.mktemp("shims")
    subprocess.run([PROGRAM, "shim", "wandb", "--into", folder], check=True)
    return folder


@pytest.fixture
def train(directory, shims, monkeypatch):
    """Runs a script with that module to its end; gives what it printed last, JSON, and the folder it wrote to."""
    found_in = [str(shims), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(found_in))

    def run(script: str, *options: object, **environment: str) -> tuple[Any, Path]:
        output = directory.folder / "output"
        training = start_script(directory, script, "--output", output, *options, **environment)
        training.expect_exit(0, SECONDS)
        said = [line for line in training.output.splitlines() if line.startswith("{")]
        return json.loads(said[-1]) if said else None, output

    return run


def read_back(directory: DataDirectory, project: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Summary and config of the only run, as `trackio.Api` reads them."""
    ask = f"import json; from trackio import Api; (run,) = Api().runs({project!r}); print(json.dumps([run.summary, run.config]))"
    summary, config = json.loads(directory.run(ask).output)
    return summary, config


def artifacts_of(directory: DataDirectory, project: str) -> list[tuple[str, str, dict[str, Any], list[str]]]:
    """Name, type, metadata and aliases of each version, oldest first."""
    found = directory.select(
        project,
        "SELECT name, type, metadata, (SELECT group_concat(alias) FROM artifact_aliases WHERE artifact_version_id = versions.id)"
        " FROM artifact_versions AS versions JOIN artifacts ON artifacts.id = artifact_id ORDER BY versions.id",
    )
    return [(name, kind, json.loads(metadata or "{}"), sorted((aliases or "").split(","))) for name, kind, metadata, aliases in found]


def media_file(directory: DataDirectory, value: dict[str, Any]) -> Path:
    """The file of a stored picture or sound, which must be there."""
    path = directory.path / "media" / value["file_path"]
    assert path.stat().st_size > 0
    return path


def lightning_rows(output: Path) -> list[dict[str, float]]:
    """The rows that Lightning's own CSV has, under the names of our rows."""
    with (output / "truth" / "metrics.csv").open() as file:
        rows = [{key: float(value) for key, value in row.items() if value} for row in csv.DictReader(file)]
    return [{{"step": "trainer/global_step"}.get(key, key): value for key, value in row.items()} for row in rows]


def test_lightning(directory, train):
    said, output = train("regression.py")
    rows = [row.metrics for row in directory.rows("regression")]
    truth = lightning_rows(output)
    hooked = ("gradients/", "parameters/")
    plain = [{key: value for key, value in row.items() if not key.startswith(hooked)} for row in rows]
    assert len(truth) == 15 and plain[: len(truth)] == truth

    # What `watch` takes of the model joins the row that follows: of every eighth of 24 passes backward, and of 50
    # forward, since those of the validation count.
    taken = {kind: [row for row in rows if any(key.startswith(kind) for key in row)] for kind in hooked}
    for kind, count in (("gradients/", 3), ("parameters/", 6)):
        names = {f"{kind}layers.{layer}.{part}" for layer in (0, 2) for part in ("weight", "bias")}
        assert [{key for key in row if key.startswith(kind)} for row in taken[kind]] == [names] * count
    assert sum(taken["gradients/"][0]["gradients/layers.0.weight"]["values"]) == 8 * 4

    table, text, pictures, sounds = rows[len(truth) :]
    assert table["table"] == {"_type": "trackio.table", "_value": [{"number": 1, "word": "one"}, {"number": 2, "word": "two"}]}
    assert text["text"]["_value"] == [{"words": "hello"}]
    assert [picture["caption"] for picture in pictures["pictures"]] == ["random", "black"]
    assert [media_file(directory, picture).suffix for picture in pictures["pictures"]] == [".png", ".png"]
    assert media_file(directory, sounds["sounds"][0]).suffix == ".wav"

    summary, config = read_back(directory, "regression")
    assert config == {"width": 8, "learning_rate": 0.05}
    lowest = min(row["val_loss"] for row in truth if "val_loss" in row)
    assert summary["val_loss"] == {"min": lowest} and summary["train_loss"] == truth[-2]["train_loss"]
    ((tags,),) = directory.select("regression", "SELECT tags FROM paceline_runs")
    assert json.loads(tags) == ["tiny"]

    ((name, kind, metadata, aliases),) = artifacts_of(directory, "regression")
    assert (name, kind, aliases) == (f"model-{said['id']}", "model", ["best", "latest"])
    assert metadata["score"] == lowest and metadata["ModelCheckpoint"]["monitor"] == "val_loss"
    (downloaded,) = said["downloaded"]
    best = (output / "checkpoints" / "best.ckpt").read_bytes()
    assert Path(downloaded).read_bytes() == best == (output / "found" / "model.ckpt").read_bytes()

    status = directory.status("regression", "first")
    assert (status["state"], status["step"], status["run_id"]) == ("finished", 24, said["id"])
    assert (status["loss"]["key"], status["loss"]["latest"]) == ("train_loss", six_digits(truth[-2]["train_loss"]))


def test_lightning_in_processes_that_it_spawns(directory, train):
    _, output = train("regression.py", "--processes", 2)
    assert [row.metrics for row in directory.rows("regression")] == lightning_rows(output)
    assert directory.select("regression", "SELECT run_name, state FROM paceline_runs") == [("first", "finished")]
    assert read_back(directory, "regression")[1] == {"width": 8, "learning_rate": 0.05}


def test_ultralytics(directory, train):
    said, _ = train("detector.py")
    rows = [row.metrics for row in directory.rows("detector")]
    with Path(said["folder"], "results.csv").open() as file:
        truth = [{key: float(value) for key, value in row.items() if key != "time"} for row in csv.DictReader(file)]
    assert [row["epoch"] for row in truth] == [1, 2]
    for row, expected in zip(rows, truth, strict=False):
        assert len(expected) > 10
        assert {key: row[key] for key in expected} == pytest.approx(expected, rel=1e-4)
    assert rows[0]["model/parameters"] > 1e6
    assert rows[-1]["epoch"] == 2

    stored = {key: value for row in rows for key, value in row.items() if isinstance(value, dict)}
    pictures = {key for key, value in stored.items() if value["_type"] == "trackio.image" and media_file(directory, value)}
    assert {"labels", "train_batch0", "val_batch0_pred", "confusion_matrix", "results"} <= pictures
    curves = {key: value["_value"] for key, value in stored.items() if value["_type"] == "trackio.table"}
    assert {f"curves/{name}(B)" for name in ("Precision-Recall", "F1-Confidence", "Recall-Confidence")} <= set(curves)
    for points in curves.values():
        assert {row["class"] for row in points} == {"mean", "dark", "bright"} and len(points) == 300
        assert all(set(row) == {"class", "x", "y"} for row in points)

    assert read_back(directory, "detector")[1] == said["arguments"]
    status = directory.status("detector")
    assert (status["state"], status["run"], status["epoch"]) == ("finished", "first", 2.0)
    assert (status["loss"]["key"], status["loss"]["latest"]) == ("train/box_loss", six_digits(rows[1]["train/box_loss"]))
    assert status["total_steps"] is None, "rows are no epochs"
    ((name, kind, _, aliases),) = artifacts_of(directory, "detector")
    assert (name, kind, aliases) == (f"run_{status['run_id']}_model", "model", ["best", "latest"])
    ((size,),) = directory.select("detector", "SELECT size_bytes FROM artifact_versions")
    assert size == Path(said["best"]).stat().st_size


def test_transformers_that_report_to_wandb(directory, train):
    said, _ = train("through_wandb.py", WANDB_PROJECT="through-wandb", WANDB_WATCH="all", WANDB_LOG_MODEL="checkpoint")
    once = ("train_runtime", "train_samples_per_second", "train_steps_per_second", "train_loss", "total_flos")
    rows = [row.metrics for row in directory.rows("through-wandb")]
    hooked = ("gradients/", "parameters/")
    plain = [{key: value for key, value in row.items() if not key.startswith(hooked)} for row in rows]

    def named(key: str) -> str:
        return f"eval/{key[5:]}" if key.startswith("eval_") else f"train/{key}"

    expected = [
        {named("global_step" if key == "step" else key): value for key, value in log.items() if key not in once}
        for log in said["logs"]
    ]
    assert len(expected) == 11 and plain == expected

    summary, config = read_back(directory, "through-wandb")
    assert {key: summary[key] for key in once} == {key: said["logs"][-1][key] for key in once}
    assert summary["train/loss"] == said["logs"][-3]["loss"]
    assert (config["num_train_epochs"], config["model_type"]) == (2, "gpt2")
    assert config["model/num_parameters"] == said["parameters"]

    found = artifacts_of(directory, "through-wandb")
    assert [(name, kind, aliases) for name, kind, _, aliases in found] == [
        ("model-first", "model", ["base_model"]),
        ("model-first", "model", ["checkpoint_global_step_8", "epoch_1.0"]),
        ("model-first", "model", ["checkpoint_global_step_16", "epoch_2.0"]),
        ("model-first", "model", ["final_model", "latest"]),
    ]
    assert found[0][2]["num_parameters"] == said["parameters"]
    status = directory.status("through-wandb", "first")
    assert (status["state"], status["step"], status["total_steps"]) == ("finished", 16, 16)
    assert status["loss"]["key"] == "train/loss"


def test_completions_that_trl_logs_to_wandb_alone(directory, train):
    said, _ = train("completions.py", "--project", "unused", "--run", "first", WANDB_PROJECT="completions")
    rows = [row.metrics for row in directory.rows("completions")]
    tables = [row["completions"]["_value"] for row in rows if "completions" in row]
    assert [len(table) for table in tables] == [3, 6], "the table grows"
    assert [row["step"] for row in tables[-1]] == ["4"] * 3 + ["8"] * 3
    assert [row["prompt"] for row in tables[0]] == said["prompts"]
    assert all(isinstance(row["completion"], str) for row in tables[-1])
    losses = [log["loss"] for log in said["logs"] if "loss" in log]
    assert [row["train/loss"] for row in rows if "train/loss" in row] == losses and len(losses) == 4
    assert directory.status("completions", "first")["state"] == "finished"


def test_what_is_tracked_through_accelerate(directory, train):
    train("tracked.py")
    stored = [(row.step, row.metrics) for row in directory.rows("tracked")]
    assert stored[:3] == [(step, {"train/loss": 1 / step}) for step in (1, 2, 3)]
    (_, pictures), (_, table) = stored[3:]
    assert media_file(directory, pictures["pictures"][0]).suffix == ".png"
    assert (stored[3][0], stored[4]) == (4, (5, {"table": {"_type": "trackio.table", "_value": [{"a": 1, "b": "x"}]}}))
    assert read_back(directory, "tracked")[1] == {"learning_rate": 0.1}
    assert directory.status("tracked", "first")["state"] == "finished"
