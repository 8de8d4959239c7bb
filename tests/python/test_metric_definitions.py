"""What `define_metric` says reaches every reader: the summary, the best value, the config without it."""

import json

import pytest

from support.server import Server
from support.waiting import wait_until

BEGINNING = """
import json, os, signal, sys
import trackio as wandb
run = wandb.init(project="p", name="r", config={"lr": 0.1}, group="g", job_type="train", entity="team", tags=["a"],
                 auto_log_cpu=False, auto_log_gpu=False)
wandb.config.update({"_name_or_path": "gpt2"})
"""
DEFINED = """
run.define_metric("epoch")
run.define_metric("val/*", step_metric="epoch", summary="max,mean", goal="maximize")
run.define_metric("val/noise", summary="none")
run.define_metric("loss", summary="min,last")
run.define_metric("reward", summary="best", goal="maximize")
for epoch in range(3):
    run.log({"loss": [3.0, 1.0, 2.0][epoch], "reward": epoch, "word": f"w{epoch}"})
    run.log({"val/acc": [0.5, 0.75, 0.25][epoch], "val/noise": 1.0})
    run.log({"epoch": epoch + 1})
"""
EXPECTED = {
    "epoch": 3, "loss": {"min": 1.0, "last": 2.0}, "reward": {"best": 2}, "val/acc": {"max": 0.75, "mean": 0.5}, "word": "w2",
}  # fmt: skip
READ = """
import json
from trackio import Api
run = Api().run("p", "r")
print("answer", json.dumps([run.summary, run.config, run.metrics()]))
"""


def read(directory):
    """Summary, config and metrics of the run, as Python reads them in a process of its own."""
    return json.loads(directory.run(READ).output.rpartition("answer ")[2])


def test_the_summary_is_there_after_kill_9(directory):
    killed = directory.start(BEGINNING + DEFINED + "run.summary['best_epoch'] = 1\nos.kill(os.getpid(), signal.SIGKILL)\n")
    assert killed.wait() == -9
    directory.wait_for_state("p", "crashed")
    wait_until(lambda: directory.count("p") == 9, 20, lambda: directory.count("p"))
    expected = {**EXPECTED, "best_epoch": 1}
    summary, config, metrics = read(directory)
    assert summary == expected and config == {"lr": 0.1, "_name_or_path": "gpt2"}
    metrics = {metric.pop("key"): metric for metric in metrics}
    assert [metrics["val/acc"][field] for field in ("best", "best_step", "step_metric")] == [0.75, 4, "epoch"]
    assert directory.run_record("p")["summary"] == '{"best_epoch":1}', "the trainer has told nothing but its own words"

    loss = directory.status("p")["loss"]
    assert (loss["key"], loss["best"], loss["best_step"]) == ("loss", 1.0, 3)
    server = Server(directory)
    try:
        base = "/api/v1/projects/p/runs/r"
        assert server.get(f"{base}/summary").json == expected
        assert server.get(f"{base}/config").json == config
        detail = server.get(base).json
        assert [detail[field] for field in ("group", "job_type", "entity", "tags")] == ["g", "train", "team", ["a"]]
        body = json.dumps({"runs": ["r"]})
        assert server.request("POST", "/api/v1/projects/p/summaries", body).json["summaries"][0]["answer"] == expected
    finally:
        server.stop()


def test_in_the_trainer_the_summary_is_the_same(directory):
    trainer = directory.run(BEGINNING + DEFINED + """
print("answer", json.dumps(dict(run.summary)))
run.log({"loss": 0.5})
run.summary["loss"] = "by hand"
assert run.summary["loss"] == "by hand"
""")
    assert json.loads(trainer.output.rpartition("answer ")[2]) == EXPECTED
    assert read(directory)[0] == {**EXPECTED, "loss": "by hand"}


def test_definitions_add_up_unless_they_overwrite(directory):
    trainer = directory.run(BEGINNING + """
run.define_metric("a", summary="min"); run.define_metric("a", summary="max", step_metric="epoch")
run.define_metric("b", summary="none"); run.define_metric("b", summary="max")
run.define_metric("c", summary="min"); run.define_metric("c", overwrite=True)
run.define_metric("*", summary="first"); run.define_metric("long*", summary="last", step_metric="epoch", step_sync=False)
for step in range(2):
    run.log({key: step for key in ("a", "b", "c", "longer", "other", "_own")})
print("answer", json.dumps(dict(run.summary)))
""")
    expected = {
        "a": {"min": 0, "max": 1}, "b": {"max": 1}, "c": 1, "longer": {"last": 1}, "other": {"first": 0}, "_own": 1,
        "epoch": {"first": 0},
    }  # fmt: skip
    assert json.loads(trainer.output.rpartition("answer ")[2]) == expected == read(directory)[0]
    assert all(row.metrics["epoch"] == 0 for row in directory.rows("p")), "before its first value an axis is at 0"


def test_a_run_in_another_process_keeps_the_definitions(directory):
    directory.run("""
import multiprocessing
import trackio as wandb
def work(run):
    run.log({"val/acc": 0.9})
    run.config.update({"late": 1})
if __name__ == "__main__":
    run = wandb.init(project="p", name="r", auto_log_cpu=False, auto_log_gpu=False)
    run.define_metric("val/*", summary="max")
    run.log({"val/acc": 0.95})
    worker = multiprocessing.get_context("spawn").Process(target=work, args=(run,))
    worker.start(); worker.join()
""")
    wait_until(lambda: read(directory)[1].get("late") == 1, 20, lambda: read(directory))
    wait_until(lambda: directory.count("p") == 2, 20, lambda: directory.count("p"))
    assert read(directory)[0] == {"val/acc": {"max": 0.95}}


def test_series_are_drawn_over_the_metric_that_was_defined(directory):
    directory.run(BEGINNING + DEFINED)
    drawn = directory.run("""
import json
from trackio import Api
run = Api().run("p", "r")
def line(key, **x):
    return [(one["x_axis"], one["x"], one["value"]) for one in run.series(key, **x)]
print("answer", json.dumps([line("val/acc"), line("val/acc", x="step"), line("loss"), line("reward", x="loss")]))
""")
    assert json.loads(drawn.output.rpartition("answer ")[2]) == [
        [["epoch", [0, 1, 2], [0.5, 0.75, 0.25]]],
        [["step", [1, 4, 7], [0.5, 0.75, 0.25]]],
        [["step", [0, 3, 6], [3.0, 1.0, 2.0]]],
        [["loss", [1.0, 2.0, 3.0], [1, 2, 0]]],
    ]


@pytest.mark.parametrize("change", ["run.tags += ('late',)", "run.notes = 'text'", "run.mark_preempting()"])
def test_what_is_set_late_has_its_field(directory, change):
    directory.run(BEGINNING + f"run.log({{'a': 1}})\n{change}\n")
    _, config, _ = read(directory)
    assert config == {"lr": 0.1, "_name_or_path": "gpt2"}
    detail = json.loads(directory.run("import json\nfrom trackio import Api\nprint(json.dumps(Api().run('p')._detail()))").output)
    expected = {"run.t": (["a", "late"], None), "run.n": (["a"], "text"), "run.m": (["a"], None)}[change[:5]]
    assert (detail["tags"], detail["notes"]) == expected
