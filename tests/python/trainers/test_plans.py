"""Scripts that a plan writes: every keyword is one of the installed TRL, and they train a tiny model from a file of rows."""

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest

from support.directory import PROGRAM, DataDirectory
from support.hub import Hub
from support.interpreters import trainers_python
from support.training import IMPORT_SECONDS, TRAINING_SECONDS, start_script
from support.waiting import wait_until

PAIRS = [(f"How much is {left} and {right}?", f"It is {left + right}.", f"It is {left + right + 1}.")
         for left in range(4) for right in range(4)]
ROWS = {
    "sft": [{"question": asked, "answer": good} for asked, good, _ in PAIRS],
    "dpo": [{"question": asked, "good_response": good, "bad_response": bad} for asked, good, bad in PAIRS],
    "grpo": [{"prompt": asked, "answer": good} for asked, good, _ in PAIRS],
    "kto": [{"question": asked, "answer": text, "thumbs_up": text == good}
            for asked, good, bad in PAIRS for text in (good, bad)],
    "reward": [{"prompt": asked, "chosen": good, "rejected": bad} for asked, good, bad in PAIRS],
    "rloo": [{"prompt": asked, "tests": [f"assert {good[6:-1]} > 0"]} for asked, good, _ in PAIRS],
    "distillation": [{"prompt": asked} for asked, *_ in PAIRS],
    # The older form of conversations, which has to become messages.
    "sft-chats": [{"conversations": [{"from": "human", "value": asked}, {"from": "gpt", "value": good}]}
                  for asked, good, _ in PAIRS],
}


def write_rows(folder: Path, name: str) -> Path:
    """A file of JSON lines with the rows of that name."""
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS[name]))
    return path


def plan(*options: object) -> dict:
    """What `paceline plan` answers."""
    command = [PROGRAM, "plan", *map(str, options), "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.fixture
def tiny_model(directory) -> Path:
    """A folder with a tiny model."""
    folder = directory.folder / "tiny-model"
    start_script(directory, "save_tiny.py", folder).expect_exit(0, IMPORT_SECONDS)
    return folder


def test_every_keyword_is_one_of_the_installed_releases(directory):
    scripts = []
    for method in ("sft", "dpo", "grpo", "kto", "reward", "rloo", "distillation"):
        for adaptation, flavor, share in (("full", "t4-small", 0), ("lora", "a10g-large", 0.1), ("qlora", "l4x1", 0.25)):
            script = directory.folder / f"{method}-{adaptation}.py"
            answer = plan(
                "--model", "some/model-0.5B", "--method", method, "--dataset", write_rows(directory.folder, method),
                "--adaptation", adaptation, "--flavor", flavor, "--eval-share", share, "--script", script,
                *(["--teacher", "some/model-1B"] if method == "distillation" else []),
            )
            assert answer["adaptation"] == adaptation
            scripts.append(script)
    checked = start_script(directory, "keywords.py", *scripts)
    checked.expect_exit(0, IMPORT_SECONDS)
    assert json.loads(checked.output.splitlines()[-1]) == {str(script): [] for script in scripts}


def test_the_pinned_releases_are_those_that_are_checked(directory):
    script = directory.folder / "train.py"
    plan("--model", "m-0.5B", "--dataset", write_rows(directory.folder, "sft"), "--adaptation", "lora", "--script", script)
    head = script.read_text().split("# dependencies = [")[1].split("# ]")[0]
    pinned = dict(ast.literal_eval(line.strip("# ,")).split("==") for line in head.strip().splitlines())
    names = [name for name in pinned if name not in ("trackio", "bitsandbytes")]
    ask = f"import importlib.metadata as m, json; print(json.dumps({{n: m.version(n) for n in {names}}}))"
    installed = subprocess.run([trainers_python(), "-c", ask], capture_output=True, text=True, check=True).stdout
    assert json.loads(installed) == {name: pinned[name] for name in names}


@pytest.mark.parametrize("rows", ROWS)
def test_a_written_script_trains(directory, tiny_model, rows):
    method = rows.split("-")[0]
    script = directory.folder / "train.py"
    answer = plan(
        "--model", tiny_model, "--method", method, "--dataset", write_rows(directory.folder, rows), "--epochs", 2,
        "--flavor", "cpu-basic", "--adaptation", "lora" if method in ("dpo", "grpo", "rloo") else "full",
        "--max-length", 96, "--eval-share", 0.25 if method in ("sft", "reward") else 0, "--script", script,
        *(["--teacher", tiny_model] if method == "distillation" else []),
    )
    text = script.read_text()
    if "LONGEST = 512" in text:
        # Random weights never end an answer; the tiny model has a context of 128 tokens.
        text = text.replace("LONGEST = 512", "LONGEST = 16")
    training = directory.start(text, python=str(trainers_python()), HF_HUB_OFFLINE="1")
    training.expect_exit(0, IMPORT_SECONDS + TRAINING_SECONDS)
    status = directory.status("tiny-model")
    assert (status["state"], status["step"], status["total_steps"]) == ("finished", answer["steps"], answer["steps"])
    assert status["run"] == f"{method}-{answer['adaptation']}" and status["loss"]["latest"] is not None
    metrics = {key for row in directory.rows("tiny-model") for key in row.metrics}
    expected = {
        "sft": {"train/mean_token_accuracy", "eval/loss"},
        "dpo": {"train/rewards/margins"},
        "grpo": {"train/rewards/accuracy/mean", "train/rewards/form/mean", "train/rewards/brevity/mean"},
        "kto": {"train/rewards/chosen"},
        "reward": {"train/margin", "train/accuracy", "eval/loss"},
        "rloo": {"train/rewards/tested/mean", "train/reward", "train/kl"},
        "distillation": {"train/completions/mean_length"},
    }[method]
    assert expected <= metrics, metrics
    (model,) = directory.folder.rglob(f"tiny-model-{method}-*")
    weights = "adapter_model.safetensors" if answer["lora"] else "model.safetensors"
    assert (model / weights).is_file()


def jobs(directory: DataDirectory, *arguments: object) -> str:
    """What a command about jobs prints."""
    done = subprocess.run(
        [PROGRAM, "jobs", *map(str, arguments)], env=directory.environment(), cwd=directory.folder, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


@pytest.mark.parametrize("method", ["sft", "dpo", "grpo", "kto"])
def test_from_a_file_of_rows_to_a_published_model(directory: DataDirectory, tiny_model: Path, method: str):
    script = directory.folder / "train.py"
    answer = plan(
        "--model", tiny_model, "--method", method, "--dataset", write_rows(directory.folder, method), "--epochs", 24,
        "--flavor", "cpu-basic", "--adaptation", "lora" if method == "dpo" else "full", "--max-length", 96, "--script", script,
    )
    script.write_text(script.read_text().replace("LONGEST = 512", "LONGEST = 16"))
    # As a job of this machine.
    seconds = IMPORT_SECONDS + TRAINING_SECONDS
    job = jobs(directory, "run", "--detach", "--timeout", seconds, "-e", "HF_HUB_OFFLINE=1", "--", trainers_python(), script).strip()
    wait_until(
        lambda: "tiny-model" in directory.paceline("list", "projects").stdout, seconds, lambda: jobs(directory, "logs", job)
    )
    begun = directory.paceline("wait", "--project", "tiny-model", "--until", "step>=3", "--timeout", seconds, "--json", seconds=2 * seconds)
    assert begun.returncode == 0, (begun.stdout, begun.stderr, jobs(directory, "logs", job))
    # What an agent asks while it trains.
    status = directory.status("tiny-model")
    assert status["state"] == "running" and 3 <= status["step"] < status["total_steps"] == answer["steps"], status
    assert status["loss"]["latest"] is not None and status["summary"].startswith(f"Step {status['step']}/"), status
    told = jobs(directory, "inspect", job)
    assert re.search(rf"Job {job} running, .*step \d+ of {answer['steps']}, loss", told), told
    wait_until(lambda: "running" not in jobs(directory, "inspect", job), seconds)
    ended = json.loads(jobs(directory, "inspect", job, "--json"))["job"]
    assert ended["status"]["stage"] == "COMPLETED", jobs(directory, "logs", job)
    run, name = f"{method}-{answer['adaptation']}", f"tiny-{method}"
    (model,) = directory.folder.rglob(f"tiny-model-{run}")
    with Hub() as hub:
        asked = ["publish", "--project", "tiny-model", "--run", run, "--model-dir", model, "--repo", name, "--json", "--dir", directory.path]
        done = subprocess.run([PROGRAM, *map(str, asked)], env=directory.environment(**hub.environment()), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        assert said["private"] and said["repository"] == f"alice/{name}" and any("checkpoint-" in path for path in said["left_out"])
        published = hub.repositories[f"models/alice/{name}"].files
        weights = "adapter_model.safetensors" if method == "dpo" else "model.safetensors"
        assert published[weights] == (model / weights).read_bytes()
        card = published["README.md"].decode()
        metric = {"sft": "train/loss", "dpo": "train/rewards/margins", "grpo": "train/reward", "kto": "train/rewards/chosen"}[method]
        for part in (f"run **{run}**", f"| {metric.replace('_', '&#95;')} |", "| learning&#95;rate |", "![Curves of the run]"):
            assert part in card, (part, card)
        assert str(directory.folder) not in card.split("<!-- paceline: run -->")[1], "where it lay is nobody's business"
        # Who loads it from there gets the model that was trained.
        loaded = start_script(
            directory, "load_published.py", f"alice/{name}", model, HF_HUB_OFFLINE="0", HF_HUB_DISABLE_XET="1",
            HF_HOME=str(directory.folder / "hf"), **hub.environment(),
        )
        loaded.expect_exit(0, IMPORT_SECONDS)
        assert json.loads(loaded.output.splitlines()[-1])["same"], loaded.output


def test_a_script_pushes_by_itself_and_its_card_is_completed(directory: DataDirectory, tiny_model: Path):
    script = directory.folder / "train.py"
    plan("--model", tiny_model, "--method", "sft", "--dataset", write_rows(directory.folder, "sft"), "--epochs", 4,
         "--flavor", "cpu-basic", "--max-length", 96, "--script", script)  # fmt: skip
    with Hub() as hub:
        training = directory.start(
            script.read_text(), python=str(trainers_python()), HUB_MODEL_ID="alice/tiny-pushed", HF_HUB_DISABLE_XET="1",
            HF_HOME=str(directory.folder / "hf"), **hub.environment(),
        )
        training.expect_exit(0, IMPORT_SECONDS + TRAINING_SECONDS)
        pushed = hub.repositories["models/alice/tiny-pushed"]
        (model,) = directory.folder.rglob("tiny-model-sft-full")
        assert pushed.files["model.safetensors"] == (model / "model.safetensors").read_bytes()
        before = pushed.files["README.md"].decode()
        asked = ["publish", "--project", "tiny-model", "--run", "sft-full", "--model-dir", model, "--repo", "alice/tiny-pushed", "--json", "--dir", directory.path]
        done = subprocess.run([PROGRAM, *map(str, asked)], env=directory.environment(**hub.environment()), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        # The weights are there; the trainer's card stays and is told of the run.
        assert json.loads(done.stdout)["sent_bytes"] == 0
        card = pushed.files["README.md"].decode()
        assert before.split("---")[-1].strip() in card and "run **sft-full**" in card
