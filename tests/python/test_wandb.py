"""Programs written for wandb, with only the import changed: `import trackio as wandb`."""

import json

import pytest

from support.waiting import wait_until

BEGINNING = "import argparse, json, os, sys\nimport trackio as wandb\n"


def config_of(directory, project, run=None):
    """The stored config of a run, private values included."""
    query = "SELECT config FROM configs WHERE run_name = coalesce(?, run_name) ORDER BY id DESC"
    return json.loads(directory.select(project, query, run)[0][0])


def about(directory, project, run=None):
    """Id, name, state, tags, notes and summary of a run."""
    columns = "run_id, run_name, state, tags, notes, summary"
    found = directory.select(project, f"SELECT {columns} FROM paceline_runs WHERE run_name = coalesce(?, run_name)", run)
    record = dict(zip(columns.split(", "), found[-1], strict=True))
    return {**record, "tags": json.loads(record["tags"]), "summary": json.loads(record["summary"] or "{}")}


def stored(directory, project):
    """Step and metrics of each row."""
    return [(row.step, row.metrics) for row in directory.rows(project)]


def test_every_parameter_of_init(directory):
    trainer = directory.run(BEGINNING + """
run = wandb.init(
    project="p", entity="team", name="r", id="abc123", dir="/tmp", notes="first try", tags=["a", "b"], job_type="train",
    group="g", mode="online", reinit=True, resume="allow", save_code=True, anonymous="allow", force=False, magic=None,
    allow_val_change=True, monitor_gym=False, sync_tensorboard=False, tensorboard=False, fork_from=None, resume_from=None,
    settings=wandb.Settings(start_method="thread", _disable_stats=True), config={"lr": 0.1, "secret_knob": 1, "seed": 2},
    config_exclude_keys=["secret_knob"],
)
assert wandb.run is run
print(json.dumps([run.id, run.name, run.project, run.entity, run.group, run.job_type, run.tags, run.notes, run.path, run.mode,
                  run.offline, run.disabled, run.step, run.starting_step, run.start_time > 1.7e9, run.get_url(), run.sweep_id]))
with open(os.path.join(run.dir, "model.txt"), "w") as file:
    file.write("weights")
run.tags += ("late",)
run.log({"loss": 1.0})
run.save()
wandb.finish(exit_code=0, quiet=True)
assert wandb.run is None
""")
    assert json.loads(trainer.output) == [
        "abc123", "r", "p", "team", "g", "train", ["a", "b"], "first try", "team/p/abc123", "online",
        False, False, 0, 0, True, None, None,
    ]  # fmt: skip
    run = about(directory, "p")
    assert (run["run_id"], run["run_name"], run["state"], run["notes"]) == ("abc123", "r", "finished", "first try")
    assert run["tags"] == ["a", "b", "late"]
    config = config_of(directory, "p")
    assert {key: value for key, value in config.items() if not key.startswith("_")} == {"lr": 0.1, "seed": 2}
    assert (config["_Group"], config["_JobType"], config["_Entity"], config["_Tags"]) == ("g", "train", "team", ["a", "b", "late"])
    assert trainer.errors.count("Accepted, without effect here: `dir`, `anonymous`, `save_code`.") == 1
    assert (directory.path / "media/p/files/runs/abc123/model.txt").read_text() == "weights"


def test_the_environment_fills_what_init_leaves_out(directory):
    variables = {
        "WANDB_PROJECT": "p", "WANDB_NAME": "r", "WANDB_RUN_ID": "id1", "WANDB_RUN_GROUP": "g", "WANDB_NOTES": "n",
        "WANDB_TAGS": "a, b", "WANDB_JOB_TYPE": "j", "WANDB_ENTITY": "e", "WANDB_RESUME": "allow", "WANDB_SILENT": "true",
    }  # fmt: skip
    script = BEGINNING + "run = wandb.init()\nwandb.log({'a': 1})\nprint(run.path, run.resumed)"
    first = directory.run(script, **variables)
    second = directory.run(script, **variables)
    assert (first.output.split(), second.output.split()) == (["e/p/id1", "False"], ["e/p/id1", "True"])
    assert first.errors == ""
    run = about(directory, "p")
    assert (run["run_name"], run["tags"], run["notes"]) == ("r", ["a", "b"], "n")
    assert (config_of(directory, "p")["_Group"], config_of(directory, "p")["_JobType"]) == ("g", "j")
    assert [row.step for row in directory.rows("p")] == [0, 1]


@pytest.mark.parametrize("how", ["argument", "environment", "settings"])
def test_a_disabled_run_writes_nothing(directory, how):
    call = {"argument": "mode='disabled'", "environment": "", "settings": "settings=wandb.Settings(mode='disabled')"}[how]
    environment = {"WANDB_MODE": "disabled"} if how == "environment" else {}
    directory.run(BEGINNING + f"""
run = wandb.init(project="p", config={{"lr": 1}}, {call})
assert run.disabled and wandb.run is run and run.name and run.id
for step in range(3):
    wandb.log({{"loss": step, "image": wandb.Table(columns=["a"], data=[[1]])}})
assert run.summary["loss"] == 2 and run.step == 3 and wandb.config.lr == 1
run.alert("title", "text"); wandb.define_metric("loss", summary="max"); run.save(); wandb.save("*.py")
open(os.path.join(run.dir, "x"), "w").close()
from trackio.sdk.lib import RunDisabled
assert isinstance(run, RunDisabled)
wandb.finish()
wandb.log if wandb.run is None else sys.exit("still open")
""", **environment)
    assert not directory.path.exists()


def test_offline_stays_on_this_machine(directory):
    directory.run(BEGINNING + """
run = wandb.init(project="p", mode="offline")
assert run.offline and run.url is None
wandb.log({"a": 1})
""", TRACKIO_SERVER_URL="http://127.0.0.1:9?write_token=t")
    assert stored(directory, "p") == [(0, {"a": 1})]


def test_resume_by_id(directory):
    script = BEGINNING + """
resume = json.loads(sys.argv[2])
run = wandb.init(project="p", id=sys.argv[1], resume=resume)
wandb.log({"a": 1}); wandb.log({"a": 2})
print(run.resumed, run.starting_step)
"""
    outputs = [directory.run(script, "one", json.dumps(form)).output.split() for form in ("allow", True, "must", "auto", None)]
    assert outputs == [["False", "0"], ["True", "2"], ["True", "4"], ["True", "6"], ["True", "8"]]
    assert directory.run(script, "two", '"never"').output.split() == ["False", "0"]
    failing = directory.start(script, "three", '"must"')
    assert failing.wait() == 1 and "run `three` does not exist" in failing.errors
    assert len({row.run_id for row in directory.rows("p")}) == 2


def test_commit(directory):
    directory.run(BEGINNING + """
wandb.init(project="p")
wandb.log({"a": 1})
wandb.log({"a": 2}, commit=False); wandb.log({"b": 2}, commit=False); wandb.log({"c": 2})
wandb.log({"a": 5}, step=5, commit=False); wandb.log({"a": 6, "b": 5}, step=5, commit=True)
wandb.log({"b": 5}, step=5); wandb.log({"c": 5}, step=5)
wandb.log({"a": 6}, commit=False); wandb.log({"a": 9}, step=9)
wandb.log({"image": wandb.Html("<p>x</p>")}, commit=False); wandb.log(data={"d": 10}, step=10)
wandb.log({"last": 1}, commit=False)
""")
    rows = stored(directory, "p")
    assert rows[5:6] + rows[:5] == [(5, {"a": 6}), (0, {"a": 1}), (1, {"a": 2, "b": 2, "c": 2}), (5, {"a": 6, "b": 5}), (5, {"b": 5}), (5, {"c": 5})]
    assert rows[6] == (9, {"a": 9})
    assert (rows[7][0], set(rows[7][1])) == (9, {"image"})
    assert rows[8:] == [(10, {"d": 10}), (10, {"last": 1})]


def test_a_row_without_a_step_belongs_to_the_step_given_last_where_the_package_is_called_wandb(directory):
    script = """
import sys
if sys.argv[1] == "trackio": import trackio; tracker = trackio
else: import trackio as wandb; tracker = wandb
run = tracker.init(project=sys.argv[1])
run.log({"a": 1}, step=5); run.log({"b": 1}); run.log({"b": 2})
run.log({"a": 2}, step=9, commit=True); run.log({"b": 3})
run.log({"a": 3}, step=20); run.log({"a": 4}, step=12); run.log({"c": 1}, commit=False); print(run.step); run.log({"b": 4})
"""
    assert directory.run(script, "wandb").output.split() == ["20"]
    assert directory.run(script, "trackio").output.split() == ["21"]
    assert [row.step for row in directory.rows("trackio")] == [5, 6, 7, 9, 10, 20, 12, 21]
    assert [row.step for row in directory.rows("wandb")] == [5, 5, 6, 9, 10, 20, 12, 20]
    assert directory.rows("wandb")[-1].metrics == {"c": 1, "b": 4}


def test_what_is_held_belongs_to_the_process_that_holds_it(directory):
    directory.run(BEGINNING + """
wandb.init(project="p")
wandb.log({"held": 1}, commit=False)
child = os.fork()
if child == 0:
    wandb.log({"child": 1})
    sys.exit(0)
os.waitpid(child, 0)
wandb.log({"parent": 1})
wandb.finish()
""")
    assert sorted(json.dumps(row.metrics) for row in directory.rows("p")) == ['{"child": 1}', '{"held": 1, "parent": 1}']


def test_summary_and_define_metric(directory):
    trainer = directory.run(BEGINNING + """
run = wandb.init(project="p")
run.define_metric("epoch")
run.define_metric("val/*", step_metric="epoch")
wandb.define_metric("loss", summary="min")
wandb.define_metric("val/acc", step_metric="epoch", summary="max,mean,last", goal="maximize")
wandb.define_metric("score", summary="best", goal="maximize")
wandb.define_metric("noise", summary="none", hidden=True)
wandb.define_metric("odd", summary="median", goal="sideways")
for epoch in range(3):
    wandb.log({"epoch": epoch, "loss": [3, 1, 2][epoch], "noise": 1, "plain": epoch})
    wandb.log({"val/acc": [0.5, 0.75, 0.7][epoch], "score": epoch, "odd": 1})
wandb.summary["by_hand"] = 7
run.summary.update({"more": 8})
run.summary.attribute = 9
assert run.summary.attribute == 9 and wandb.run.summary["plain"] == 2 and run.summary.get("nothing") is None
print(json.dumps(dict(wandb.summary)))
""")
    expected = {
        "loss": {"min": 1}, "val/acc": {"max": 0.75, "mean": pytest.approx(0.65), "last": 0.7}, "score": {"best": 2},
        "by_hand": 7, "more": 8, "attribute": 9,
    }  # fmt: skip
    assert json.loads(trainer.output) == {**expected, "epoch": 2, "plain": 2, "odd": 1}
    assert about(directory, "p")["summary"] == {"by_hand": 7, "more": 8, "attribute": 9}
    rows = [row.metrics for row in directory.rows("p")]
    assert [row["epoch"] for row in rows if "val/acc" in row] == [0, 1, 2], "the axis joins rows that lack it"
    metrics = {metric.pop("name"): metric for metric in config_of(directory, "p")["_Metrics"]}
    assert metrics["val/acc"] == {"step_metric": "epoch", "summary": ["max", "mean", "last"], "goal": "maximize"}
    assert metrics["noise"] == {"summary": ["none"], "hidden": True} and metrics["odd"] == {}
    assert "summary `median` of metric `odd` is not one of `min`" in trainer.errors


def test_config(directory):
    (directory.folder / "defaults.yaml").write_text('{"batch": {"value": 8, "desc": "rows"}, "seed": 3}')
    directory.run(BEGINNING + """
wandb.config.ignored = 1
run = wandb.init(project="p", config=sys.argv[1])
assert wandb.config is run.config
wandb.config.lr = 0.1
wandb.config.update(argparse.Namespace(depth=2))
wandb.config.update({"lr": 0.2}, allow_val_change=True)
wandb.config.setdefaults({"lr": 9, "width": 4})
wandb.log({"a": 1})
wandb.config["late"] = True
wandb.config = {"assigned": 1}
assert wandb.config.as_dict() == dict(run.config) and wandb.config.batch == 8 and wandb.config.get("none", 5) == 5
""", directory.folder / "defaults.yaml")
    own = {key: value for key, value in config_of(directory, "p").items() if not key.startswith("_")}
    assert own == {"batch": 8, "seed": 3, "lr": 0.2, "depth": 2, "width": 4, "late": True, "assigned": 1}


def test_a_run_is_an_object_whatever_is_imported(directory):
    directory.run(BEGINNING + """
assert wandb.run is None
with wandb.init(project="p", name="r") as run:
    import trackio.run
    from trackio.run import Run
    from trackio.sdk.wandb_run import Run as SdkRun
    assert wandb.run is run and isinstance(run, Run) and Run is SdkRun is wandb.Run
    same = wandb.init(project="other", reinit=False)
    assert same is run
    second = wandb.init(project="p", name="second", reinit="create_new")
    assert wandb.run is run and second is not run
    second.log({"b": 1}); run.log({"a": 1}); second.finish()
run = wandb.init(project="p", name="third")
run.finish()
run = wandb.init(project="p", name="fourth", reinit=True)
wandb.log({"d": 1})
wandb.join()
wandb.teardown()
""")
    states = dict(directory.select("p", "SELECT run_name, state FROM paceline_runs"))
    assert states == dict.fromkeys(("r", "second", "third", "fourth"), "finished")
    assert {row.run_name: row.metrics for row in directory.rows("p")} == {"r": {"a": 1}, "second": {"b": 1}, "fourth": {"d": 1}}


def test_a_run_survives_pickling_into_other_processes(directory):
    directory.run(BEGINNING + """
import copy, multiprocessing, pickle
def work(run, number):
    assert wandb.run is run and run.config.lr == 0.1 and run.name == "r" and run.tags == ("a",)
    for step in range(50):
        run.log({"worker": number, "n": step})
    wandb.log({"worker": number, "n": 50})
    if number == 1:
        run.finish()
if __name__ == "__main__":
    run = wandb.init(project="p", name="r", config={"lr": 0.1}, tags=["a"])
    run.log({"worker": -1, "n": 0})
    assert pickle.loads(pickle.dumps(run)) is run and copy.deepcopy({"run": run})["run"] is run
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=work, args=(run, number)) for number in range(3)]
    for worker in workers: worker.start()
    for worker in workers: worker.join(); assert worker.exitcode == 0
    run.log({"worker": -1, "n": 1})
    wandb.finish()
    ended = pickle.loads(pickle.dumps(run)); assert ended._ended; ended.log({"late": 1})
""")
    wait_until(lambda: directory.count("p") >= 155, 20, lambda: directory.count("p"))
    rows = directory.rows("p")
    for worker, count in ((-1, 2), (0, 51), (1, 51), (2, 51)):
        assert [row.metrics["n"] for row in rows if row.metrics["worker"] == worker] == list(range(count))
    assert len({row.run_id for row in rows}) == 1 and len(rows) == 155
    assert directory.select("p", "SELECT run_name, state FROM paceline_runs") == [("r", "finished")]
    assert config_of(directory, "p")["lr"] == 0.1


def test_a_run_is_renamed(directory):
    directory.run(BEGINNING + """
run = wandb.init(project="p", name="first")
wandb.run.name = "at once"
wandb.log({"a": 1, "html": wandb.Html("<p>x</p>")})
wandb.run.save()
assert run.name == "at once"
run.name = "later"
wandb.log({"a": 2})
wandb.finish()
taken = wandb.init(project="p", name="second")
wandb.log({"a": 3})
taken.name = "later"
wandb.finish()
""")
    assert [(row.run_name, row.metrics["a"]) for row in directory.rows("p")] == [("later", 1), ("later", 2), ("second", 3)]
    assert directory.select("p", "SELECT run_name FROM paceline_runs ORDER BY run_name") == [("later",), ("second",)]
    path = directory.rows("p")[0].metrics["html"]["file_path"]
    assert path.startswith("p/later/0/") and (directory.path / "media" / path).is_file()
    assert "run `second` keeps its name" in directory.trainers[-1].errors


def test_artifacts_and_images_take_what_wandb_gives_them(directory):
    directory.run(BEGINNING + """
import numpy
run = wandb.init(project="p", name="r")
artifact = wandb.Artifact("data", type="dataset", description="d", metadata={"n": 1}, incremental=False)
with artifact.new_file("notes/a.txt") as file: file.write("hello")
with artifact.new_file("b.bin", "wb") as file: file.write(b"123")
artifact.add(wandb.Table(columns=["x", "y"], data=[[1, "a"], [2, "b"]]), "rows")
artifact["picture"] = wandb.Image(numpy.zeros((4, 4, 3)))
artifact.ttl = None
assert artifact.is_draft() and artifact.state == "PENDING"
run.log_artifact(artifact, aliases=["best"]).wait()
found = run.use_artifact("data:best")
assert sorted(file.path for file in found.files()) == ["b.bin", "notes/a.txt", "picture.png", "rows.table.json"] and found.file_count == 4
assert open(found.get_path("notes/a.txt").download()).read() == "hello"
assert found.get("rows").columns == ["x", "y"] and found.get("rows").get_column("y") == ["a", "b"]
assert found.get("picture").endswith("picture.png") and found.get("none") is None
wandb.init(project="other")
assert wandb.run.use_artifact("team/p/data:v0", type="dataset", use_as="input").digest == found.digest
wandb.finish()
run = wandb.init(project="p", name="again")
found.verify(); found.save(); found.delete()
assert found.state == "COMMITTED" and os.path.isdir(found.checkout())
single = wandb.Artifact("single", type="model")
single.add_file(__file__, name="code.py"); single.save()
assert open(run.use_artifact("single:latest").file()).read() == open(__file__).read()
wandb.log({"seen": wandb.Image(numpy.zeros((4, 4), dtype="uint8"), caption="c", mode="L", classes=[{"id": 0, "name": "a"}],
    masks={"m": {"mask_data": numpy.zeros((4, 4)), "class_labels": {0: "a"}}}, boxes={"b": {"box_data": []}})})
""")
    assert directory.rows("p")[0].metrics["seen"]["caption"] == "c"


@pytest.mark.parametrize("form", ["True", "'auto'"])
def test_a_run_that_did_not_finish_goes_on_by_itself(directory, form):
    script = BEGINNING + f"""
run = wandb.init(project="p", resume={form})
wandb.log({{"a": 1}})
print(run.id, run.resumed, run.step, flush=True)
if sys.argv[1] == "fail": raise ValueError("diverged")
if sys.argv[1] == "die": os._exit(7)
"""
    outputs = []
    for end, status in (("fail", 1), ("die", 7), ("finish", 0), ("finish", 0)):
        trainer = directory.start(script, end)
        assert trainer.wait() == status
        outputs.append(trainer.output.split())
    first, second, third, fourth = outputs
    assert [first[1:], second[1:], third[1:]] == [["False", "1"], ["True", "2"], ["True", "3"]]
    assert first[0] == second[0] == third[0] != fourth[0] and fourth[1:] == ["False", "1"]


def test_ids_of_any_kind_stay_inside_the_directory(directory):
    directory.run(BEGINNING + """
for number, id in enumerate(["../../up", "a/b", "größe", "x" * 300, "..", 9, ""]):
    run = wandb.init(project="p", id=id, name=f"r{number}")
    assert run.id == str(id) or id == "" and len(run.id) == 32
    open(os.path.join(run.dir, "f"), "w").close()
    wandb.log({"a": number})
wandb.finish()
""")
    assert [row.metrics["a"] for row in directory.rows("p")] == list(range(7))
    found = list(directory.folder.rglob("f"))
    assert len(found) == 7 and all(path.is_relative_to(directory.path / "media/p/files/runs") for path in found)
