"""A real trainer, unchanged, in a process of its own, and whether the status says what it does and what then happens."""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.directory import DataDirectory
from support.interpreters import trainers_python
from support.trainer import Trainer
from support.waiting import wait_until

SCRIPTS = Path(__file__).resolve().parents[1] / "trainers" / "scripts"
PROJECT = "tiny-lm"
RUN = "first"

# Promised of the remaining time; one second more, since these trainings take seconds where real ones take hours.
ETA_TOLERANCE = 0.15
ETA_SLACK_SECONDS = 1.0
# A row is in the status this long after `log()` at the latest, also on a loaded machine.
FRESH_SECONDS = 1.0
IMPORT_SECONDS = 180
TRAINING_SECONDS = 180


@dataclass
class Asked:
    """One status, and when it was asked and answered (seconds since the epoch)."""

    asked: float
    answered: float
    status: dict[str, Any]


def start_script(directory: DataDirectory, name: str, *options: object, **environment: str) -> Trainer:
    """Starts one of the scripts with the trainers' Python; it may import its neighbours, and not reach the Hub."""
    folders = [str(SCRIPTS), *filter(None, [os.environ.get("PYTHONPATH")])]
    return directory.start(
        (SCRIPTS / name).read_text(), *options, python=str(trainers_python()),
        **{"HF_HUB_OFFLINE": "1", "PYTHONPATH": os.pathsep.join(folders), **environment},
    )


class Training:
    """One process that trains with a Trainer of transformers; what it prints is the truth."""

    def __init__(self, directory: DataDirectory, script: str, *options: object, **environment: str) -> None:
        self.directory = directory
        self.output = directory.folder / "checkpoints"
        self.process: Trainer = start_script(
            directory, script, "--output", self.output, "--project", PROJECT, "--run", RUN, *options, **environment
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

    def check_rows(self) -> None:
        """Every row the Trainer reported is there, with these keys and values, in this order, and no other of its kind."""
        expected = [reported_row(event) for event in self.events("log")]
        rows = [row.metrics for row in self.directory.rows(PROJECT) if "train/global_step" in row.metrics]
        assert rows == expected

    def config(self) -> dict[str, Any]:
        """The config that is stored for the run."""
        ((config,),) = self.directory.select(PROJECT, "SELECT config FROM configs")
        return json.loads(config)

    def check_end(self, total: int) -> None:
        """After the end the status says so, at the last step, with the last loss."""
        self.directory.wait_for_state(PROJECT, "finished", RUN)
        status = self.directory.status(PROJECT, RUN)
        assert (status["step"], status["total_steps"]) == (total, total), status
        assert status["eta_seconds"] is None and status["eta_reason"] == "not_running", status
        self.check_loss(status)


def reported_row(event: dict[str, Any]) -> dict[str, Any]:
    """What transformers hands to the tracker for one of its log calls: keys by what they are of, no totals."""
    totals = ("train_runtime", "train_samples_per_second", "train_steps_per_second", "train_loss", "total_flos")
    row = {}
    for key, value in event["logs"].items():
        of, _, name = key.partition("_")
        if key not in totals:
            row[f"{of}/{name}" if of in ("eval", "test") else f"train/{key}"] = value
    return {**row, "train/global_step": event["step"]}


def pace(steps: list[dict[str, Any]]) -> float:
    """Seconds a step."""
    return (steps[-1]["time"] - steps[0]["time"]) / (steps[-1]["step"] - steps[0]["step"])


def six_digits(value: float) -> float:
    """A figure as the status gives it, which is small on purpose: six significant digits."""
    return float(f"{value:.6g}")
