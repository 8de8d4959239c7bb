"""Real trainers, unchanged: what the status says while they train is what they do and what then happens.

Every case trains a tiny model on the CPU in a process of its own; the script prints the truth (its steps, the
rows the Trainer reports, its end), and at a quarter, half and three quarters of the steps the status is asked.
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.directory import DataDirectory
from support.interpreters import trainers_python
from support.trainer import Trainer
from support.waiting import wait_until

SCRIPTS = Path(__file__).with_name("trainers")
PROJECT = "tiny-lm"
RUN = "first"

# Promised of the remaining time; one second more, since these trainings take seconds where real ones take hours.
ETA_TOLERANCE = 0.15
ETA_SLACK_SECONDS = 1.0
# A row is in the status this long after `log()` at the latest, also on a loaded machine.
FRESH_SECONDS = 1.0
IMPORT_SECONDS = 90
TRAINING_SECONDS = 180


@dataclass
class Asked:
    """One status, and when it was asked and answered (seconds since the epoch)."""

    asked: float
    answered: float
    status: dict[str, Any]


class CausalLm:
    """One process that trains; what it prints is the truth."""

    def __init__(self, directory: DataDirectory, *options: object) -> None:
        output = directory.folder / "checkpoints"
        self.directory = directory
        self.process: Trainer = directory.start(
            (SCRIPTS / "causal_lm.py").read_text(),
            "--output", output, "--project", PROJECT, "--run", RUN, *options,
            python=str(trainers_python()), HF_HUB_OFFLINE="1",
        )

    def events(self, kind: str) -> list[dict[str, Any]]:
        """What it has printed of one kind so far, complete lines only."""
        lines = self.process.output.splitlines(keepends=True)
        events = (json.loads(line) for line in lines if line.startswith('{"event"') and line.endswith("\n"))
        return [event for event in events if event["event"] == kind]

    def wait_for_begin(self) -> int:
        """Waits until it trains and gives the true number of steps."""
        return self._wait_for("begin", 0, IMPORT_SECONDS)["total_steps"]

    def wait_for_step(self, step: int) -> None:
        """Waits until that optimizer step is done."""
        self._wait_for("step", step, TRAINING_SECONDS)

    def _wait_for(self, kind: str, step: int, seconds: float) -> dict[str, Any]:
        def there() -> dict[str, Any] | None:
            assert self.process.process.poll() is None, self.process.errors
            return next((event for event in self.events(kind) if event["step"] >= step), None)

        return wait_until(there, seconds, lambda: f"no `{kind}` of step {step}: {self.process.errors}")

    def ask(self) -> Asked:
        """Asks for the status now."""
        asked = time.time()
        status = self.directory.status(PROJECT, RUN)
        return Asked(asked, time.time(), status)

    def ask_at_quarters(self, total: int, after: int = 0) -> list[Asked]:
        """Asks at 25, 50 and 75 % of the steps, those before `after` left out, and waits for the end."""
        answers = []
        for quarter in (1, 2, 3):
            step = -(-total * quarter // 4)
            if step > after:
                self.wait_for_step(step)
                answers.append(self.ask())
        self.process.expect_exit(0, TRAINING_SECONDS)
        return answers

    def check(self, answer: Asked, total: int) -> None:
        """Compares a status with what the process did before it, and how long it then took."""
        status = answer.status
        rows = self.events("log")
        certain = [row["step"] for row in rows if row["time"] <= answer.asked - FRESH_SECONDS]
        possible = [row["step"] for row in rows if row["time"] <= answer.answered]
        assert status["state"] == "running", status
        assert status["step"] in possible and status["step"] >= max(certain, default=0), (status, certain, possible)
        assert status["total_steps"] == total and status["total_steps_exact"] is True, status
        assert status["progress"] == pytest.approx(status["step"] / total, abs=1e-4), status
        self.check_loss(status)
        self.check_remaining_time(answer)

    def check_loss(self, status: dict[str, Any]) -> None:
        """The newest loss is the one the Trainer reported at or before the step of the status."""
        rows = [row for row in self.events("log") if "loss" in row["logs"]]
        losses = [row["logs"]["loss"] for row in rows if row["step"] <= status["step"]]
        assert status["loss"]["key"] == "train/loss", status
        assert status["loss"]["latest"] == six_digits(losses[-1]), (status["loss"], losses[-3:])

    def check_remaining_time(self, answer: Asked) -> None:
        """The remaining time is what it then took, as far as the training went on at its pace."""
        (end,) = self.events("end")
        true_seconds = end["time"] - answer.asked
        eta = answer.status["eta_seconds"]
        assert eta is not None, answer.status
        tolerance = ETA_TOLERANCE + self.change_of_pace(answer.asked)
        assert eta == pytest.approx(true_seconds, abs=true_seconds * tolerance + ETA_SLACK_SECONDS), answer.status
        assert answer.status["eta_low_seconds"] <= eta <= answer.status["eta_high_seconds"]

    def change_of_pace(self, moment: float) -> float:
        """By what part the true seconds a step differ before and after a moment; 0 up to a tenth.

        More than that is the doing of whatever else runs on the machine, which no estimate can know.
        """
        steps = self.events("step")
        before = [step for step in steps if step["time"] <= moment]
        after = pace([step for step in steps if step["time"] > moment])
        parts = (before, before[-max(8, len(before) // 4) :], before[-8:])
        change = max(abs(pace(part) / after - 1) for part in parts)
        return change if change > 0.1 else 0.0

    def check_end(self, total: int) -> None:
        """After the end the status says so, at the last step, with the last loss."""
        self.directory.wait_for_state(PROJECT, "finished", RUN)
        status = self.directory.status(PROJECT, RUN)
        assert (status["step"], status["total_steps"]) == (total, total), status
        assert status["eta_seconds"] is None and status["eta_reason"] == "not_running", status
        self.check_loss(status)


def pace(steps: list[dict[str, Any]]) -> float:
    """Seconds a step."""
    return (steps[-1]["time"] - steps[0]["time"]) / (steps[-1]["step"] - steps[0]["step"])


def six_digits(value: float) -> float:
    """A figure as the status gives it, which is small on purpose: six significant digits."""
    return float(f"{value:.6g}")


@pytest.mark.parametrize(
    ("options", "steps", "source"),
    [
        pytest.param(("--epochs", 2, "--batches", 80), 160, "epochs", id="two epochs"),
        # 161 batches make 41 steps of 4, the last of one batch only.
        pytest.param(
            ("--epochs", 4, "--batches", 161, "--batch", 8, "--accumulation", 4), 164, "epochs", id="accumulation"
        ),
        pytest.param(("--epochs", 1.5, "--batches", 95), 143, "epochs", id="fractional epochs"),
        pytest.param(("--max-steps", 150, "--batches", 100), 150, "max_steps", id="max steps"),
        pytest.param(("--epochs", 1, "--batches", 150, "--eval-steps", 30), 150, "epochs", id="evaluation"),
    ],
)
def test_the_trainer_of_transformers(directory, options, steps, source):
    training = CausalLm(directory, *options)
    total = training.wait_for_begin()
    assert total == steps
    answers = training.ask_at_quarters(total)
    assert len(answers) == 3
    for answer in answers:
        assert answer.status["total_steps_source"] == source
        training.check(answer, total)
    training.check_end(total)
    rows = [row.metrics for row in directory.rows(PROJECT)]
    assert [row["train/global_step"] for row in rows] == [row["step"] for row in training.events("log")]
    assert sum("eval/runtime" in row for row in rows) == (5 if "--eval-steps" in options else 0)


@pytest.mark.parametrize(
    "killed_at",
    # The last row before the kill is of step 60 or 52; the first one after it of step 52 either way.
    [pytest.param(61, id="steps are repeated"), pytest.param(53, id="no step is repeated")],
)
def test_a_run_that_was_killed_goes_on_as_the_same_run(directory, killed_at):
    options = ("--epochs", 2, "--batches", 80, "--save-steps", 16)
    killed = CausalLm(directory, *options)
    total = killed.wait_for_begin()
    killed.wait_for_step(killed_at)
    killed.process.kill()
    directory.wait_for_state(PROJECT, "crashed", RUN)
    before = directory.status(PROJECT, RUN)
    assert before["step"] == killed.events("log")[-1]["step"] and before["eta_seconds"] is None

    resumed = CausalLm(directory, *options, "--resume")
    assert resumed.wait_for_begin() == total
    (begin,) = resumed.events("begin")
    assert begin["step"] == 48, "it continues from the last checkpoint before the kill"
    answers = resumed.ask_at_quarters(total, after=begin["step"] + 8)
    assert len(answers) == 2
    for answer in answers:
        assert answer.status["run_id"] == before["run_id"]
        assert answer.status["total_steps_source"] == "epochs"
        resumed.check(answer, total)
    resumed.check_end(total)
    told = [event["step"] for training in (killed, resumed) for event in training.events("log")]
    assert [row.metrics["train/global_step"] for row in directory.rows(PROJECT)] == told


def test_a_loop_tracked_through_accelerate(directory):
    steps = 300
    training = directory.start(
        (SCRIPTS / "accelerated.py").read_text(), "--project", "accelerated", "--run", RUN, "--steps", steps,
        python=str(trainers_python()), HF_HUB_OFFLINE="1",
    )
    training.expect_exit(0, IMPORT_SECONDS + TRAINING_SECONDS)
    losses = [float(line) for line in training.output.split()]
    assert len(losses) == steps
    rows = directory.rows("accelerated")
    assert [(row.step, row.metrics) for row in rows] == [
        (step, {"train/loss": loss}) for step, loss in enumerate(losses, start=1)
    ]
    status = directory.status("accelerated", RUN)
    assert (status["state"], status["step"], status["total_steps"]) == ("finished", steps, steps)
    assert status["total_steps_source"] == "config"
    assert status["loss"]["latest"] == six_digits(losses[-1])
    ((config,),) = directory.select("accelerated", "SELECT config FROM configs")
    config = json.loads(config)
    assert {key: config[key] for key in ("total_steps", "optimizer", "learning_rate")} == {
        "total_steps": steps, "optimizer": "sgd", "learning_rate": 0.1,
    }
