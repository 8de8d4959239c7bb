"""What libraries call that were written for wandb, each call by itself; tests/python/trainers runs the libraries."""

import pytest

BEGINNING = "import json, os, sys\nimport trackio as wandb\n"


def test_files_of_artifacts_take_every_keyword(directory):
    directory.run(BEGINNING + """
for name in ("a", "b"):
    os.makedirs("folder", exist_ok=True)
    with open(f"folder/{name}", "w") as file: file.write(name)
with open("new", "w") as file: file.write("new")
run = wandb.init(project="p", name="r")
artifact = wandb.Artifact("data", type="dataset")
artifact.add_file("folder/a", name="a", is_tmp=False, skip_cache=True, policy="immutable", overwrite=False)
artifact.add_file("new", "a", overwrite=True)
artifact.add_dir("folder", name="sub", skip_cache=True, policy="mutable", merge=False)
artifact.add_file("new", "sub/b", overwrite=True)
artifact.add_dir("folder", "sub", merge=True)
run.log_artifact(artifact)
folder = run.use_artifact("data:v0").download("used")
found = {os.path.relpath(os.path.join(place, name), folder): open(os.path.join(place, name)).read()
         for place, _, names in os.walk(folder) for name in names}
assert found == {"a": "new", "sub/a": "a", "sub/b": "b"}, found
twice = wandb.Artifact("twice", type="dataset")
twice.add_file("new"); twice.add_file("new")
try:
    run.log_artifact(twice)
except ValueError as error:
    assert "added twice" in str(error)
else:
    sys.exit("stored")
""")


def test_a_disabled_run_stores_no_artifact(directory):
    directory.run(BEGINNING + """
with open("model.bin", "w") as file: file.write("weights")
run = wandb.init(project="p", mode="disabled")
artifact = wandb.Artifact("model", type="model")
artifact.add_file("model.bin")
logged = wandb.log_artifact(artifact, aliases=["best"]).wait()
assert logged is artifact and logged.version == "v0" and logged.aliases == ("best",) and logged.state == "COMMITTED"
assert run.log_model("model.bin").wait().type == "model" and run.log_code().type == "code"
run.log_artifact("model.bin", name="whole", type="file")
wandb.finish()
""")
    assert not directory.path.exists()


def test_what_transformers_and_lightning_say_to_a_run(directory):
    directory.run(BEGINNING + """
from trackio.sdk.lib.config_util import ConfigError
from trackio.sdk.lib.disabled import RunDisabled
from trackio.wandb_run import Run
assert issubclass(ConfigError, wandb.Error)
run = wandb.init(project="p", name="r")
assert isinstance(run, Run) and not isinstance(run, RunDisabled)
run._label(code="transformers_trainer", repo="r", code_version="1", other="x")
assert wandb._attach(run._attach_id) is run
wandb.run.summary["train_loss"] = 0.5
assert dict(wandb.summary)["train_loss"] == 0.5
""")
    assert directory.run_record("p")["state"] == "finished"


@pytest.mark.parametrize("start", ["spawn", "forkserver"])
def test_a_run_is_attached_to_in_a_process_that_is_started(directory, start):
    directory.run(BEGINNING + f"""
import multiprocessing
def work(handed):
    run = wandb._attach(handed)
    run.log({{"there": 1}})
    run.config.update({{"depth": 3}})
if __name__ == "__main__":
    run = wandb.init(project="p", name="r", config={{"lr": 0.1}})
    run.log({{"here": 1}})
    child = multiprocessing.get_context("{start}").Process(target=work, args=(run._attach_id,))
    child.start(); child.join()
    assert child.exitcode == 0
    wandb.finish()
""")
    assert sorted(list(row.metrics) for row in directory.rows("p")) == [["here"], ["there"]]
    assert directory.run_record("p")["state"] == "finished"


def test_an_artifact_is_found_without_a_run(directory):
    directory.run(BEGINNING + """
with open("data.txt", "w") as file: file.write("here")
with wandb.init(project="p", name="r") as run:
    for text in ("first", "second"):
        with open("data.txt", "w") as file: file.write(text)
        artifact = wandb.Artifact("data", type="dataset", metadata={"n": text})
        artifact.add_file("data.txt")
        run.log_artifact(artifact, aliases=[text])
api = wandb.Api()
for name, version in (("p/data", "v1"), ("p/data:v0", "v0"), ("team/p/data:first", "v0"), ("p/data:latest", "v1")):
    found = api.artifact(name, type="dataset")
    assert (found.version, found.type, found.name) == (version, "dataset", "data"), name
    assert open(found.file("used")).read() == found.metadata["n"]
assert api.artifact_exists("p/data:second") and not api.artifact_exists("p/data:v7") and not api.artifact_exists("p/none")
for name, kind in (("data", None), ("p/data:v9", None), ("p/data", "model"), ("q/data", None), ("p/data:", None)):
    try:
        api.artifact(name, kind)
    except ValueError as error:
        print(error)
    else:
        sys.exit(name)
disabled = wandb.init(project="p", mode="disabled")
assert disabled.use_artifact("data:v0").metadata["n"] == "first"
""")
    assert "`<project>/data`" in directory.trainers[-1].output
    assert directory.select("p", "SELECT direction FROM run_artifact_links") == [("output",)] * 2
