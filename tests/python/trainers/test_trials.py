"""Several runs alive at once in one process, one for each trial of a search."""

import json

from support.training import IMPORT_SECONDS, TRAINING_SECONDS, six_digits, start_script
from support.waiting import wait_until

TRIALS = ("slow", "good", "bold")
STEPS = 200


def test_trials_in_one_process_are_runs_of_their_own(directory):
    go_on = directory.folder / "go-on"
    process = start_script(directory, "trials.py", "--project", "search", "--steps", STEPS, "--go-on", go_on)
    wait_until(lambda: '{"half"' in process.output or process.process.poll(), IMPORT_SECONDS, lambda: process.errors)

    def reached() -> list[int]:
        return [directory.status("search", trial)["step"] for trial in TRIALS]

    wait_until(lambda: reached() == [STEPS // 2] * 3, 10, reached)
    for trial in TRIALS:
        status = directory.status("search", trial)
        assert (status["state"], status["state_source"]) == ("running", "process")
        assert (status["total_steps"], status["total_steps_source"]) == (STEPS, "config")
        assert status["progress"] == 0.5 and status["loss"]["key"] == "train/loss"
        assert status["loss"]["latest"] == six_digits(losses(process, trial)[-1])
    go_on.touch()
    process.expect_exit(0, TRAINING_SECONDS)
    assert "Warning" not in process.errors, process.errors
    for trial in TRIALS:
        told = losses(process, trial)
        rows = [row for row in directory.rows("search") if row.run_name == trial]
        assert [(row.step, row.metrics) for row in rows[:-1]] == [
            (step, {"train/loss": loss, "training_iteration": step}) for step, loss in enumerate(told, start=1)
        ]
        # Logged without a number, so it counts on.
        assert (rows[-1].step, rows[-1].metrics) == (STEPS + 1, {"checkpoint_path": f"/models/{trial}"})
        assert len({row.run_id for row in rows}) == 1 and len(told) == STEPS
        status = directory.status("search", trial)
        assert (status["state"], status["step"]) == ("finished", STEPS + 1)
        assert status["loss"]["latest"] == six_digits(told[-1])
    configs = {name: json.loads(config) for name, config in directory.select("search", "SELECT run_name, config FROM configs")}
    assert {name: (config["lr"], config["_Group"]) for name, config in configs.items()} == {
        "slow": (0.001, "search"), "good": (0.05, "search"), "bold": (0.1, "search"),
    }


def losses(process, trial):
    """The losses of a trial as the process printed them."""
    told = [json.loads(line) for line in process.output.splitlines()]
    return [row["loss"] for row in told if row.get("trial") == trial]
