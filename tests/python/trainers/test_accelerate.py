"""A loop of its own, tracked through accelerate, unchanged."""

import json

from support.training import IMPORT_SECONDS, TRAINING_SECONDS, six_digits, start_script


def test_a_loop_tracked_through_accelerate(directory):
    steps = 300
    training = start_script(directory, "accelerated.py", "--project", "accelerated", "--run", "r", "--steps", steps)
    training.expect_exit(0, IMPORT_SECONDS + TRAINING_SECONDS)
    losses = [float(line) for line in training.output.split()]
    assert len(losses) == steps
    rows = directory.rows("accelerated")
    assert [(row.step, row.metrics) for row in rows] == [
        (step, {"train/loss": loss}) for step, loss in enumerate(losses, start=1)
    ]
    status = directory.status("accelerated", "r")
    assert (status["state"], status["step"], status["total_steps"]) == ("finished", steps, steps)
    assert status["total_steps_source"] == "config"
    assert status["loss"]["latest"] == six_digits(losses[-1])
    ((config,),) = directory.select("accelerated", "SELECT config FROM configs")
    config = json.loads(config)
    assert {key: config[key] for key in ("total_steps", "optimizer", "learning_rate")} == {
        "total_steps": steps, "optimizer": "sgd", "learning_rate": 0.1,
    }
