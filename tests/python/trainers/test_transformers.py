"""The Trainer of transformers, unchanged: what the status says while it trains is what it does and what then happens.

Every case trains a tiny model on the CPU in a process of its own; the script prints the truth (its steps, the
rows the Trainer reports, its end), and at a quarter, half and three quarters of the steps the status is asked.
"""

import pytest

from support.training import PROJECT, RUN, TRAINING_SECONDS, Training


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
    training = Training(directory, "causal_lm.py", *options)
    total = training.wait_for_begin()
    assert total == steps
    answers = training.ask_at_quarters(total)
    assert len(answers) == 3
    for answer in answers:
        assert answer.status["total_steps_source"] == source
        training.check(answer, total)
    training.check_end(total)
    training.check_rows()
    rows = [row.metrics for row in directory.rows(PROJECT)]
    assert sum("eval/runtime" in row for row in rows) == (5 if "--eval-steps" in options else 0)


@pytest.mark.parametrize(
    "killed_at",
    # The last row before the kill is of step 60 or 52; the first one after it of step 52 either way.
    [pytest.param(61, id="steps are repeated"), pytest.param(53, id="no step is repeated")],
)
def test_a_run_that_was_killed_goes_on_as_the_same_run(directory, killed_at):
    options = ("--epochs", 2, "--batches", 80, "--save-steps", 16)
    killed = Training(directory, "causal_lm.py", *options)
    total = killed.wait_for_begin()
    killed.wait_for_step(killed_at)
    killed.process.kill()
    directory.wait_for_state(PROJECT, "crashed", RUN)
    before = directory.status(PROJECT, RUN)
    assert before["step"] == killed.events("log")[-1]["step"] and before["eta_seconds"] is None

    resumed = Training(directory, "causal_lm.py", *options, "--resume")
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


def test_evaluation_and_prediction_after_the_training_belong_to_its_run(directory):
    training = Training(directory, "causal_lm.py", "--batches", 20, "--eval-steps", 10, "--evaluate-after")
    total = training.wait_for_begin()
    training.process.expect_exit(0, TRAINING_SECONDS)
    training.check_end(total)
    training.check_rows()
    rows = directory.rows(PROJECT)
    assert len({row.run_id for row in rows}) == 1
    assert ["eval/loss" in row.metrics for row in rows].count(True) == 3
    (predicted,) = training.events("predicted")
    # transformers reports a prediction without the step it is of.
    assert rows[-1].metrics == {key.replace("test_", "test/", 1): value for key, value in predicted["metrics"].items()}
    assert training.config()["num_train_epochs"] == 1
