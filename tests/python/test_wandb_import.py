"""Offline runs that real wandb wrote, imported: what comes out is what wandb's own messages say of them."""

import json
import shutil

import pytest


from support.wandb_oracle import differences, offline_files, recorded_by_wandb, runs_of

SCRIPT = """
import numpy as np
import wandb

rng = np.random.default_rng(0)
run = wandb.init(project="digits", name="first", group="g", job_type="train", notes="n", tags=["a", "b"], entity="team",
                 config={"lr": 0.1, "model": {"layers": [64, 32]}, "text": "größe"})
run.define_metric("val/*", step_metric="epoch")
run.define_metric("loss", summary="min")
for epoch in range(300):
    run.log({"loss": 1 / (epoch + 1), "epoch": epoch, "nested": {"a": {"b": epoch}}, "text": "x" * 300})
    run.log({"val/acc": epoch / 300, "nan": float("nan"), "inf": float("inf"), "flag": True, "none": None, "time": 1.5})
run.log({"image": wandb.Image(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8), caption="c"), "html": wandb.Html("<p>x</p>"),
         "images": [wandb.Image(rng.random((8, 8)), caption=f"c{n}") for n in range(2)], "histogram": wandb.Histogram(np.arange(10)),
         "table": wandb.Table(columns=["n", "s"], data=[[1, "a"], [2.5, None]]), "array": np.arange(100)}, step=1000)
run.alert("Low", "text", level="ERROR")
run.config.update({"late": 1})
run.summary["best"] = 7
run.summary["deep"] = {"a": 1}
run.name = "renamed"
open(run.dir + "/model.txt", "w").write("weights")
print("printed")
run.finish()
with wandb.init(project="digits", config={"n": 2}) as run:
    run.log({"a": 1})
with wandb.init(project="digits", id="fails") as run:
    run.log({"a": 1})
    raise ValueError("diverged")
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A folder of runs that wandb wrote, and what it recorded in them."""
    folder = tmp_path_factory.mktemp("wandb") / "work"
    return folder, recorded_by_wandb(SCRIPT, folder)


def imported(directory, path, *arguments):
    """Imports by the command; what it says."""
    done = directory.paceline("import", "wandb", path, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def found(directory):
    return {"status": None, "output": "", "errors": "", "runs": runs_of(directory)}


def test_what_wandb_recorded_is_imported(directory, written):
    folder, recorded = written
    said = imported(directory, folder / "wandb")
    assert said.count("are in project `digits`") == 3 and "601 row(s)" in said
    different = differences({**recorded, "status": None, "output": ""}, found(directory))
    # A name that belongs to the row itself gets two letters before it.
    renamed = {where for where in different if where.endswith((" time", " __time"))}
    assert len(renamed) == 300 * 2 and {where: sides for where, sides in different.items() if where not in renamed} == {}
    first = directory.select("digits", "SELECT run_id FROM paceline_runs WHERE run_name = 'renamed'")[0][0]
    config = json.loads(directory.select("digits", "SELECT config FROM configs WHERE run_id = ?", first)[0][0])
    assert (config["_Group"], config["_JobType"], config["_Entity"]) == ("g", "train", "team")
    assert {metric["name"] for metric in config["_Metrics"]} >= {"loss", "val/*"}
    times = [row.timestamp for row in directory.rows("digits") if row.run_id == first]
    assert times == sorted(times) and len(set(times)) > 300
    files = directory.path / "media/digits/files/runs" / first
    assert (files / "model.txt").read_text() == "weights" and "printed" in (files / "output.log").read_text()
    image = next(row for row in directory.rows("digits") if row.step == 1000).metrics["image"]
    assert (directory.path / "media" / image["file_path"]).read_bytes().startswith(b"\x89PNG")
    status = directory.status("digits", "renamed")
    assert (status["state"], status["step"]) == ("finished", 1000)


def test_nothing_is_imported_twice(directory, written):
    folder, _ = written
    imported(directory, folder / "wandb")

    def everything():
        tables = ("metrics", "system_metrics", "alerts", "paceline_runs")
        media = sorted(str(path) for path in (directory.path / "media").rglob("*"))
        configs = directory.select("digits", "SELECT run_id, config, created_at FROM configs ORDER BY run_id")
        return [directory.select("digits", f"SELECT * FROM {table}") for table in tables], configs, media

    before = everything()
    assert imported(directory, folder / "wandb").count("all of it was there already") == 3
    assert everything() == before


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_of_a_file_that_was_cut_off_what_is_whole_is_imported(directory, written, share):
    folder, recorded = written
    [file] = [file for file in offline_files(folder) if file.stat().st_size > 100_000]
    run = directory.folder / "cut"
    shutil.copytree(file.parent, run)
    cut = run / file.name
    data = cut.read_bytes()
    cut.write_bytes(data[: int(len(data) * share)])
    imported(directory, run, "--project", "other", "--name", "cut")
    rows = [row.metrics for row in directory.rows("other")]
    assert 100 < len(rows) < 601 and [row["epoch"] for row in rows if "loss" in row] == list(range((len(rows) + 1) // 2))
    assert directory.run_record("other", "cut")["state"] == "crashed"
    cut.write_bytes(data)
    imported(directory, run, "--project", "other", "--name", "cut")
    assert directory.count("other") == 601 and directory.run_record("other", "cut")["state"] == "finished"


def test_a_damaged_place_ends_a_file_with_a_warning(directory, written):
    folder, _ = written
    [file] = [file for file in offline_files(folder) if file.stat().st_size > 100_000]
    damaged = directory.folder / "run-damaged.wandb"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    done = directory.paceline("import", "wandb", damaged)
    assert done.returncode == 0 and "is damaged near byte" in done.stderr
    assert 100 < directory.count("digits") < 601


def test_what_is_no_run_of_wandb_is_refused(directory):
    empty, other = directory.folder / "empty", directory.folder / "run-x.wandb"
    empty.mkdir()
    other.write_bytes(b"something else")
    for path, said in ((empty, "holds no offline run"), (other, "is no file of wandb's"), (directory.folder / "none", "there is no folder")):
        done = directory.paceline("import", "wandb", path)
        assert done.returncode == 1 and said in done.stderr
    assert not directory.path.exists() or not list(directory.path.glob("*.db"))
