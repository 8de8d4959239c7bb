"""A snapshot becomes a project again: one that `freeze` left, and what the peer leaves for its static Spaces."""

import json
import shutil

import pytest

from support.peer import Peer

WRITE = """
import numpy, trackio
run = trackio.init(project="site", name="r", config={"lr": 0.1, "model": {"depth": 3}}, auto_log_cpu=False, auto_log_gpu=False)
for step in range(30):
    trackio.log({"loss": 1 / (1 + step), "odd": "text" if step % 2 else step, "hole": float("nan")}, step=step)
trackio.log({"picture": trackio.Image(numpy.full((8, 8, 3), 90, numpy.uint8), caption="two")})
trackio.alert("High", text="Look.", level=trackio.AlertLevel.WARN)
artifact = trackio.Artifact("weights", type="model")
with artifact.new_file("weights.txt") as file:
    file.write("1 2 3")
trackio.log_artifact(artifact)
trackio.finish()
"""
DOWNLOAD = """
import pathlib, sys, trackio
folder = trackio.Api().artifact(f"{sys.argv[1]}/weights:latest").download(sys.argv[2])
print(pathlib.Path(folder, "weights.txt").read_text())
"""
TABLES = ("configs", "alerts", "artifacts", "artifact_versions", "artifact_aliases", "paceline_environments", "paceline_console")


@pytest.fixture
def frozen(directory, tmp_path):
    """A data directory, and the folder with a snapshot of its project."""
    directory.run(WRITE)
    directory.assert_nothing_left()
    out = tmp_path / "a site"
    done = directory.paceline("freeze", "--project", "site", "--out", out)
    assert done.returncode == 0, done.stderr
    return directory, out


def test_a_snapshot_comes_back(frozen, new_directory, tmp_path):
    directory, out = frozen
    other = new_directory()
    said = other.answer("import", out)
    assert (said["project"], said["source"], said["rows"]["metrics"], said["media"], said["blobs"]) == ("site", "site", 31, 1, 1)
    assert other.rows("site") == directory.rows("site")
    for table in TABLES:
        assert other.select("site", f"SELECT * FROM {table}") == directory.select("site", f"SELECT * FROM {table}"), table
    assert other.status("site")["state"] == "finished" and other.status("site")["alerts"]["warn"] == 1
    path = other.rows("site")[-1].metrics["picture"]["file_path"]
    assert (other.path / "media" / path).read_bytes() == (directory.path / "media" / path).read_bytes()
    assert other.run(DOWNLOAD, "site", tmp_path / "down").output.strip().endswith("1 2 3")
    # Again it is refused, under another name it has media of its own.
    assert other.paceline("import", out).returncode == 1
    assert other.answer("import", out, "--project", "again")["project"] == "again"
    path = other.rows("again")[-1].metrics["picture"]["file_path"]
    assert path.startswith("again/") and (other.path / "media" / path).is_file()
    assert other.run(DOWNLOAD, "again", tmp_path / "down 2").output.strip().endswith("1 2 3")


def test_what_was_changed_in_a_snapshot_is_not_taken_in(frozen, new_directory):
    _, out = frozen
    other = new_directory()
    blob = next((out / "artifacts").rglob("*/*/*/*"))
    kept = blob.read_bytes()
    blob.write_bytes(b"another one")
    refused = other.paceline("import", out)
    assert refused.returncode == 1 and not other.file("site").exists(), refused.stderr
    blob.write_bytes(kept)
    rows = out / "metrics.parquet"
    rows.write_bytes(rows.read_bytes() + b"x")
    refused = other.paceline("import", out)
    assert refused.returncode == 1 and "is not the file that its manifest tells of" in refused.stderr and not other.file("site").exists()
    wrong = other.paceline("import", out, "--from", "other")
    assert wrong.returncode == 1 and "`site`" in wrong.stderr


PEER_WRITES = """
import sys
from pathlib import Path
import trackio
from trackio.sqlite_storage import SQLiteStorage
for name in ("one", "two"):
    trackio.init(project="theirs", name=name, config={"lr": 0.1})
    for step in range(20):
        trackio.log({"loss": 1 / (1 + step), "note": f"n{step}"}, step=step)
    trackio.log({"page": trackio.Html("<p>x</p>")})
    trackio.log_system({"gpu/0/utilization": 50})
    trackio.finish()
SQLiteStorage.export_for_static_space("theirs", Path(sys.argv[1]))
"""


@pytest.mark.parametrize("has_config", [True, False], ids=["as a Space", "as a bucket"])
def test_what_the_peer_leaves_for_a_static_space_comes_back(new_directory, tmp_path, has_config):
    directory, other, out = new_directory(), new_directory(), tmp_path / "theirs"
    Peer(directory).run(PEER_WRITES, out)
    assert (out / "metrics.parquet").is_file() and (out / "runs.json").is_file() and not (out / "config.json").exists()
    # As it uploads them beside the tables.
    shutil.copytree(directory.path / "media" / "theirs", out / "media")
    named = out
    if has_config:
        (out / "config.json").write_text(json.dumps({"mode": "static", "project": "theirs", "private": False, "version": "0.43.0"}))
        named = out.rename(tmp_path / "any")
    said = other.answer("import", named)
    assert said["project"] == "theirs" and said["rows"]["metrics"] == 42 and said["media"] == 2
    found, expected = other.rows("theirs"), directory.rows("theirs")
    # Of a key that a row has not, a column of the peer's says nothing.
    assert [(row.run_id, row.step, row.timestamp, row.log_id) for row in found] == [(row.run_id, row.step, row.timestamp, row.log_id) for row in expected]
    for ours, theirs in zip(found, expected, strict=True):
        assert {key: value for key, value in ours.metrics.items() if value is not None} == theirs.metrics
    assert len(other.rows("theirs", "system_metrics")) == 2
    path = found[-1].metrics["page"]["file_path"]
    assert (other.path / "media" / path).read_bytes() == (directory.path / "media" / path).read_bytes()
