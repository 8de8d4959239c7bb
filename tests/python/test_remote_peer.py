"""A run of ours that logs to the peer's server, which is asked through its own storage what arrived."""

import json
import socket

import pytest

from support.interpreters import peer_python
from support.peer_server import PeerServer
from test_remote import ARTIFACTS

LOG = """
import numpy, trackio
trackio.init(project="p", name="r", group="g", config={"lr": 0.1, "deep": {"a": [1, 2]}}, auto_log_cpu=False, auto_log_gpu=False)
for step in range(50):
    trackio.log({"loss": 1 / (step + 1), "bad": float("inf"), "text": "größe"}, step=step)
trackio.log({
    "picture": trackio.Image(numpy.zeros((4, 6, 3), dtype=numpy.uint8), caption="black"),
    "table": trackio.Table(columns=["n", "picture"], data=[[1, trackio.Image(numpy.ones((2, 2, 3), dtype=numpy.uint8))]]),
    "histogram": trackio.Histogram([1, 2, 3]), "report": trackio.Markdown("# seen"),
    "trace": trackio.Trace(messages=[{"role": "user", "content": "hello"}]),
})
trackio.log_system({"gpu/0/utilization": 97.5})
trackio.alert("odd", text="more", level="error")
trackio.finish()
"""

# What the peer's storage says of the run; every file that a value names is looked for.
READ = """
import json
from pathlib import Path
from trackio.sqlite_storage import SQLiteStorage as storage
from trackio.utils import MEDIA_DIR
def files(value):
    if isinstance(value, dict):
        found = [value["file_path"]] if "file_path" in value else []
        return found + [path for item in value.values() for path in files(item)]
    return [path for item in value for path in files(item)] if isinstance(value, list) else []
logs = storage.get_logs("p", "r")
named = files(logs)
print(json.dumps({
    "logs": logs, "config": storage.get_run_config("p", "r"), "alerts": storage.get_alerts("p", "r"),
    "system": storage.get_system_logs("p", "r"), "traces": storage.get_traces("p", run="r"),
    "files": [(MEDIA_DIR / path).stat().st_size for path in named],
}))
"""


@pytest.fixture
def peer_server(new_directory):
    """The peer's server on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port = chosen.getsockname()[1]
    server = PeerServer(new_directory(), port)
    yield server
    server.stop()


def test_everything_arrives_on_the_peers_server(directory, peer_server):
    trainer = directory.run(LOG, **peer_server.environment)
    assert "rows are safe" not in trainer.errors, trainer.errors
    reader = peer_server.directory.start(READ, python=str(peer_python()), HF_HUB_OFFLINE="1")
    reader.expect_exit(0, 60)
    said = json.loads(reader.output)
    scalars = [{key: log.get(key) for key in ("step", "loss", "bad", "text")} for log in said["logs"][:50]]
    assert scalars == [
        {"step": step, "loss": 1 / (step + 1), "bad": float("inf"), "text": "größe"} for step in range(50)
    ]
    values = said["logs"][50]
    assert values["picture"]["caption"] == "black" and values["report"]["_value"] == "# seen"
    assert values["table"]["_value"][0]["n"] == 1
    assert len(said["files"]) == 2 and all(said["files"]), "the files of the picture and of the table's"
    assert said["config"]["lr"] == 0.1 and said["config"]["deep"] == {"a": [1, 2]} and said["config"]["_Group"] == "g"
    [alert] = said["alerts"]
    assert (alert["title"], alert["text"], alert["level"]) == ("odd", "more", "error")
    assert [log["gpu/0/utilization"] for log in said["system"]] == [97.5]
    [trace] = said["traces"]
    assert trace["messages"][0]["content"] == "hello"


def test_a_row_the_peer_cannot_take_does_not_hold_back_the_others(directory, peer_server):
    """An integer beyond 64 bits makes its server fail; the row is kept beside the journals."""
    script = """
import trackio
trackio.init(project="p", name="r", auto_log_cpu=False)
for step in range(20):
    trackio.log({"n": 2**70 if step == 7 else step}, step=step)
trackio.finish()
"""
    trainer = directory.run(script, **peer_server.environment)
    assert "rows are safe" not in trainer.errors, trainer.errors
    assert [row.step for row in peer_server.directory.rows("p")] == [step for step in range(20) if step != 7]
    [line] = (directory.path / ".paceline" / "damaged" / "p-refused.jsonl").read_text().splitlines()
    kept = json.loads(line)
    assert kept["entry"]["metrics"] == {"n": 2**70} and kept["entry"]["step"] == 7


def test_artifacts_and_files_are_kept_by_the_peers_server(directory, peer_server):
    trainer = directory.run(ARTIFACTS, **peer_server.environment)
    assert trainer.output.count("is not in project `p`") == 2, trainer.output
    home = peer_server.directory
    versions = home.select("p", "SELECT version, size_bytes, producer_run_name FROM artifact_versions ORDER BY version")
    assert versions == [(version, 100_008, "r") for version in range(2)]
    # Its server makes a folder of the file's name, for its own client too.
    saved = [path for path in (home.path / "media" / "p" / "files" / "weights").rglob("*") if path.is_file()]
    assert [path.read_text() for path in saved] == ["the same"]
