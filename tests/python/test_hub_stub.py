"""The stand-in for the Hugging Face Hub is true: Hugging Face's own client and `datasets` work with it as with the Hub."""

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.hub import READ_TOKEN, Hub
from support.interpreters import ROOT, datasets_python

CARD = "---\nconfigs:\n- config_name: metrics\n  data_files: data/*.parquet\n---\n# Runs\n"
DATASET = "alice/runs"


@pytest.fixture
def hub():
    """A Hub with short pages and small parts, so that both are met."""
    with Hub(page_size=3, part_bytes=4_000) as hub:
        yield hub


@pytest.fixture
def folder(tmp_path) -> Path:
    """A card, rows in two Parquet files, one of them larger than a part, an empty file and one of text."""
    folder = tmp_path / "files"
    (folder / "data").mkdir(parents=True)
    (folder / "README.md").write_text(CARD)
    (folder / "empty.txt").write_text("")
    (folder / "runs.json").write_text('["größe"]')
    script = """
import sys, pyarrow as pa, pyarrow.parquet as pq
for number, rows in ((0, 10), (1, 2000)):
    values = [None if step == 3 else step * 0.5 for step in range(rows)]
    table = pa.table({"step": range(rows), "loss": pa.array(values, pa.float64()), "note": [f"{step:x}" * 3 for step in range(rows)]})
    pq.write_table(table, f"{sys.argv[1]}/data/{number}.parquet", compression="none", use_dictionary=False)
"""
    subprocess.run([datasets_python(), "-c", script, folder], check=True)
    assert (folder / "data" / "1.parquet").stat().st_size > 8_000
    return folder


def official(hub: Hub, folder: Path, job: str) -> Any:
    """What Hugging Face's client finds when it does a job."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    done = subprocess.run(
        [datasets_python(), ROOT / "tests" / "clients" / "use_hub.py", folder, job],
        env={
            **environment, **hub.environment(), "HF_HOME": str(folder.with_name("hf")), "READ_TOKEN": READ_TOKEN,
            # Without it the client goes to another store, over a protocol of its own.
            "HF_HUB_DISABLE_XET": "1",
        },
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_everything_that_is_asked_of_a_dataset(hub, folder):
    found = official(hub, folder, "walk")
    names = ["README.md", "data/0.parquet", "data/1.parquet", "empty.txt", "runs.json"]
    assert sorted(found["files"]) == sorted([".gitattributes", *names])
    for name in names:
        content = (folder / name).read_bytes()
        sha256 = hashlib.sha256(content).hexdigest() if name.endswith("parquet") else None
        assert found["files"][name] == [len(content), sha256], name
    assert found["same"] == dict.fromkeys(names, True)
    assert found["whole"] == sorted([".gitattributes", *(name.split("/")[-1] for name in names)])
    assert found["left"] == [".gitattributes", "README.md", "empty.txt", "late.txt", "runs.json"]
    assert (found["conflict"], found["name"], found["private"], found["branches"]) == (412, "alice", True, ["main"])
    assert found["titles"][0] == "Less" and "Sync" in found["titles"]
    assert (found["reader reads"], found["reader writes"], found["foreign"]) == (DATASET, 403, 403)
    assert found["nobody reads"] == "401 no such repository" and found["missing dataset"] == "404 no such repository"
    assert found["missing file"] == 404
    # What is in the store already is not sent again; no token reaches the store.
    sent = [request for request in hub.requests if request.host == "storage" and request.method == "PUT"]
    large = -(-(folder / "data" / "1.parquet").stat().st_size // hub.part_bytes)
    assert len(sent) == 1 + large and all("authorization" not in request.headers for request in hub.requests if request.host == "storage")
    assert all(request.json is None or request.host == "hub" for request in hub.requests if request.method != "PUT")


def test_a_static_space(hub, folder):
    found = official(hub, folder, "space")
    names = ["README.md", "data/0.parquet", "data/1.parquet", "empty.txt", "runs.json"]
    assert (found["sdk"], found["private"], found["again"]) == ("static", True, 409)
    assert found["files"] == sorted([".gitattributes", "index.html", "style.css", *names]) and found["same"] == dict.fromkeys(names, True)
    assert list(hub.repositories) == ["spaces/alice/site"]


def test_a_model(hub, folder):
    (folder / "model.safetensors").write_bytes(bytes(range(256)) * 40)
    (folder / "README.md").write_text("---\nlibrary_name: peft\n---\n# Model\n")
    found = official(hub, folder, "model")
    assert (found["id"], found["private"], found["again"], found["missing"]) == ("alice/digits-sft", True, 409, "404 no such repository")
    assert list(hub.repositories) == ["models/alice/digits-sft"] and found["head"] == {"library_name": "peft"}
    names = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    assert found["files"] == sorted([".gitattributes", *names])
    for name in names:
        assert (folder.with_name("fetched") / name).read_bytes() == (folder / name).read_bytes(), name
    assert hub.repositories["models/alice/digits-sft"].head.files["model.safetensors"].is_large


def test_datasets_loads_the_rows(hub, folder):
    official(hub, folder, "publish")
    rows = official(hub, folder, "load")["metrics"]
    assert len(rows) == 2010 and rows[0] == {"step": 0, "loss": 0.0, "note": "000"} and rows[3]["loss"] is None
    assert rows[-1] == {"step": 1999, "loss": 999.5, "note": "7cf" * 3}


def test_faults_happen_when_they_are_asked_for(hub, folder):
    late = hub.fail(r"POST .*/commit/main", status=500, is_done=True)
    early = hub.fail(r"POST .*/preupload/", status=502, times=2)
    cut = hub.fail(r"PUT ", cut_request=100)
    short = hub.fail(r"PUT ", cut_answer=30, skip=1)
    with pytest.raises(AssertionError, match="500 Internal Server Error"):
        official(hub, folder, "publish")
    # The commit was made all the same, and what failed before it was tried again.
    assert sorted(hub.repositories[DATASET].files)[1:] == ["README.md", "data/0.parquet", "data/1.parquet", "empty.txt", "runs.json"]
    assert [fault.happened for fault in (late, early, cut, short)] == [1, 2, 1, 1]


def test_a_token_can_expire(hub, folder):
    hub.fail(r"POST .*/preupload/", instead=lambda: hub.roles.pop(hub.token))
    with pytest.raises(AssertionError, match="401"):
        official(hub, folder, "publish")
    assert list(hub.repositories[DATASET].files) == [".gitattributes"]
