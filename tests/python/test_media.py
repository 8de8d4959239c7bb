"""Media, project files and traces go both ways between us and the peer, and live and die with their run."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from support.peer import Peer
from support.server import Server
from support.waiting import wait_until

LOG_MEDIA = """
import sys
import numpy as np
import trackio
project, name, url = sys.argv[1:4]
run = trackio.init(
    project=project, name=name, auto_log_cpu=False, auto_log_gpu=False, **({"server_url": url} if url else {}),
)
noise = np.random.default_rng(7).integers(0, 256, (16, 16, 3), dtype=np.uint8)
for step in range(2):
    trackio.log({
        "loss": 1.5 - step,
        "picture": trackio.Image(noise, caption=f"at {step}"),
        "sound": trackio.Audio(np.zeros(80, dtype=np.int16), sample_rate=8000),
        "page": trackio.Html("<p>größe</p>", data_is_not_path=True),
        "table": trackio.Table(columns=["i", "image"], data=[[1, trackio.Image(noise)]]),
        "chat": trackio.Trace(
            messages=[{"role": "user", "content": "Größe?"}, {"role": "assistant", "content": [trackio.Image(noise)]}],
            metadata={"cost": 1e-05, "whole": 2.0, "on": True, "none": None, "list": [1, "x"]},
            spans=[{"id": "s1", "name": "call", "kind": "tool", "input": "secret", "model": "M", "metadata": {"k": 3}}],
        ),
    }, step=step)
trackio.finish()
print("run", run.id)
"""

# The metrics and traces of a run, as the peer's storage has them.
READ_RUN = """
import json, sys
from trackio.sqlite_storage import SQLiteStorage as storage
project, run = sys.argv[1:3]
print(json.dumps({
    "logs": storage.get_logs(project, run), "traces": storage.get_traces(project, run), "runs": storage.get_runs(project),
}))
"""

TRACE_COLUMNS = (
    "id, run_id, timestamp, run_name, step, key, trace_index, CAST(messages AS TEXT), CAST(metadata AS TEXT), "
    "search_text, log_id, CAST(spans AS TEXT), typeof(messages), typeof(search_text)"
)


@pytest.fixture
def peer(new_directory) -> Peer:
    """The peer on a directory of its own."""
    return Peer(new_directory())


@pytest.fixture
def server(directory):
    """Our server on the directory of the test."""
    directory.path.mkdir()
    server = Server(directory)
    yield server
    server.stop()


def address(server: Server) -> str:
    """What the peer's client is given as `server_url`."""
    return f"http://127.0.0.1:{server.port}?write_token={server.token}"


def call(server: Server, name: str, **arguments):
    """A call of the peer's wire with the token."""
    answer = server.request("POST", f"/api/{name}", json.dumps({"kwargs": arguments}), server.token)
    assert answer.status == 200, f"{name}: {answer.body!r}"
    return answer.json["data"]


def file_paths(value) -> list[str]:
    """Every media path in a row, in order."""
    if isinstance(value, dict):
        own = [value["file_path"]] if "file_path" in value else []
        return own + [path for item in value.values() for path in file_paths(item)]
    return [path for item in value for path in file_paths(item)] if isinstance(value, list) else []


def as_data(traces):
    """Rows of `TRACE_COLUMNS` with the JSON in them parsed: one number may be written in two ways."""
    return [tuple(json.loads(cell) if place in (7, 8, 11) else cell for place, cell in enumerate(row)) for row in traces]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def log_media(peer: Peer, project: str, name: str, server: Server | None = None) -> str:
    """Logs media with the peer's client; the id of the run."""
    said = peer.run(LOG_MEDIA, project, name, address(server) if server else "")
    return said.split("run ")[-1].strip()


def test_the_peers_client_logs_media_to_our_server(directory, server, peer):
    run_id = log_media(peer, "p", "r", server)
    files = contents(directory.path / "media" / "p")
    assert len(files) == 10, sorted(files)
    assert files == contents(peer.directory.path / "media" / "p")
    rows = directory.rows("p")
    assert [row.metrics["loss"] for row in rows] == [1.5, 0.5]
    assert all(row.run_id == run_id and "chat" not in row.metrics for row in rows)
    root = call(server, "get_settings")["media_dir"]
    traces = directory.select("p", "SELECT CAST(messages AS TEXT) FROM traces")
    named = file_paths([row.metrics for row in rows]) + file_paths([json.loads(text) for (text,) in traces])
    assert sorted(named) == sorted(f"p/{name}" for name in files)
    for path in named:
        shown = server.get(f"/file?path={quote(f'{root}/{path}')}")
        assert (shown.status, shown.body) == (200, files[path.removeprefix("p/")]), path
        assert server.get(f"/api/v1/projects/p/media?file_path={quote(path)}").body == shown.body


def test_traces_stand_in_the_table_as_the_peer_writes_them(directory, server, peer):
    log_media(peer, "p", "r")
    read = f"SELECT {TRACE_COLUMNS} FROM traces ORDER BY id"
    theirs = peer.directory.select("p", read)
    assert len(theirs) == 2
    # The rows as its client would send them: with the traces that its storage has taken out of them.
    logs = []
    for row in peer.directory.rows("p"):
        chat = [trace for trace in theirs if trace[10] == row.log_id]
        for trace in chat:
            parts = {"messages": trace[7], "metadata": trace[8], "spans": trace[11]}
            row.metrics["chat"] = {"_type": "trackio.trace", **{name: json.loads(text) for name, text in parts.items()}}
        logs.append({
            "project": "p", "run": row.run_name, "run_id": row.run_id, "metrics": row.metrics, "step": row.step,
            "timestamp": row.timestamp, "log_id": row.log_id,
        })
    for _ in range(2):
        call(server, "bulk_log", logs=logs, hf_token=None)
    assert as_data(directory.select("p", read)) == as_data(theirs)
    assert [row.metrics for row in directory.rows("p")] == [row.metrics for row in peer.directory.rows("p")]


def test_project_files_of_the_peers_client_keep_their_names(directory, server, peer):
    peer.run(
        """
import os, sys, trackio
os.makedirs("models", exist_ok=True)
open("notes.txt", "w").write("größe")
open("models/m.bin", "wb").write(bytes(range(256)))
trackio.init(project="p", name="r", server_url=sys.argv[1], auto_log_cpu=False, auto_log_gpu=False)
trackio.log({"loss": 1.0})
trackio.save("notes.txt")
trackio.save("models/*.bin")
trackio.finish()
""",
        address(server),
    )
    listed = call(server, "get_project_files", project="p")
    assert [(file["name"], file["size"]) for file in listed] == [("models/m.bin", 256), ("notes.txt", 7)]
    assert server.get(f"/file?path={quote(listed[0]['path'])}").body == bytes(range(256))


@pytest.mark.parametrize("who", ["we", "the peer"])
def test_a_run_is_renamed_and_deleted_with_its_media(directory, server, who):
    peer = Peer(directory)
    ids = {name: log_media(peer, "p", name) for name in ("old", "other")}
    twin = log_media(peer, "p", "other")
    before = contents(directory.path / "media" / "p")

    def change(name: str, *arguments: str) -> None:
        if who == "the peer":
            call_of = f"import sys; from trackio.sqlite_storage import SQLiteStorage as s; s.{name}('p', *sys.argv[1:])"
            peer.run(call_of, *arguments)
        elif name == "rename_run":
            assert call(server, name, project="p", old_name=arguments[0], new_name=arguments[1]) is True
        else:
            assert call(server, name, project="p", run=arguments[0], run_id=arguments[1]) is True

    change("rename_run", "old", "new")
    after = contents(directory.path / "media" / "p")
    assert after == {name.replace("old/", "new/"): content for name, content in before.items()}
    theirs = json.loads(peer.run(READ_RUN, "p", "new"))
    named = file_paths(theirs["logs"]) + file_paths(theirs["traces"])
    assert sorted(named) == sorted(f"p/{name}" for name in after if name.startswith("new/"))
    assert sorted(theirs["runs"]) == ["new", "other", "other"] or sorted(set(theirs["runs"])) == ["new", "other"]
    ours = server.get("/api/v1/projects/p/runs").json["runs"]
    assert sorted((run["run"], run["run_id"]) for run in ours) == sorted(
        [("new", ids["old"]), ("other", ids["other"]), ("other", twin)]
    )

    change("delete_run", "new", ids["old"])
    assert {run["run_id"] for run in server.get("/api/v1/projects/p/runs").json["runs"]} == {ids["other"], twin}
    assert "new" not in json.loads(peer.run(READ_RUN, "p", "other"))["runs"]
    if who == "we":
        left = contents(directory.path / "media" / "p")
        assert left == {name: content for name, content in before.items() if name.startswith("other/")}
        # Of two runs with one name, the files of the other one stay.
        call(server, "delete_run", project="p", run="other", run_id=twin)
        kept = json.loads(peer.run(READ_RUN, "p", "other"))
        named = file_paths(kept["logs"]) + file_paths(kept["traces"])
        assert len(named) == 10
        assert sorted(f"p/{name}" for name in contents(directory.path / "media" / "p")) == sorted(named)
        directory.assert_sound("p")


def test_a_whole_project_is_uploaded(directory, server, peer):
    run_id = log_media(peer, "p", "theirs")
    server.log("p", "ours", [{"metrics": {"loss": 1}}])
    peer.run("import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA wal_checkpoint(TRUNCATE)')", peer.directory.file("p"))
    peer.run(
        """
import sys
from gradio_client import handle_file
from trackio.remote_client import RemoteClient
url, file = sys.argv[1:]
base, token = url.split("?write_token=")
client = RemoteClient(base, write_token=token)
client.predict(api_name="/upload_db_to_space", project="p", uploaded_db=handle_file(file), hf_token=None)
""",
        address(server), peer.directory.file("p"),
    )
    assert [run["run_id"] for run in server.get("/api/v1/projects/p/runs").json["runs"]] == [run_id]
    assert directory.rows("p") == peer.directory.rows("p")
    kept = list((directory.path / ".paceline" / "replaced").glob("p-*.db"))
    assert len(kept) == 1 and b"ours" in kept[0].read_bytes()
    directory.assert_sound("p")


LOG_TO_INBOX = """
import trackio
trackio.init(project="p", name="r", config={"lr": 0.1}, auto_log_cpu=False, auto_log_gpu=False)
for step in range(200):
    trackio.log({"loss": 1 / (step + 1), "nan": float("nan")})
trackio.log_system({"cpu": 5})
trackio.alert("odd", level=trackio.AlertLevel.ERROR)
trackio.finish()
"""


def test_the_inbox_of_the_peers_clients_is_imported_once(directory):
    peer = Peer(directory)
    process = peer.start(LOG_TO_INBOX, TRACKIO_STORAGE_MODE="jsonl")
    process.expect_exit(0, 60)
    inbox = directory.path / "inbox"
    left = {path: path.read_bytes() for path in inbox.rglob("*.jsonl")}
    assert left and directory.rows("p") == []
    damaged = next(iter(left))
    damaged.write_bytes(left[damaged] + b"cut off in the mid\n")
    server = Server(directory)
    try:
        wait_until(lambda: not any(path.exists() for path in left), 20)
        # As after a death between the commit and the removal.
        for path, text in left.items():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text)
        wait_until(lambda: not any(path.exists() for path in left), 40)
        rows = directory.rows("p")
        assert [(row.step, row.metrics["nan"]) for row in rows] == [(step, "NaN") for step in range(200)]
        assert len(directory.rows("p", "system_metrics")) == 1
        assert directory.select("p", "SELECT title, level FROM alerts") == [("odd", "error")]
        assert server.get("/api/v1/projects/p/runs/r/config").json["lr"] == 0.1
        kept = list((directory.path / ".paceline" / "damaged").glob("inbox-*.jsonl"))
        assert [path.read_bytes() for path in kept] == [b"cut off in the mid\n"]
    finally:
        server.stop()
    times = {row.timestamp for row in directory.rows("p")}
    assert times <= {json.loads(line)["timestamp"] for text in left.values() for line in text.splitlines()}
