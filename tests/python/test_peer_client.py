"""The peer's released client logs everything to our server and reads it back as from its own directory.

The same script runs twice in the peer's Python: to our server by `server_url`, and into a directory of the peer.
The peer's command line then asks our server with `--space`, and its own directory without.
"""

import json
import math
import re
from typing import Any

import pytest

from support.peer import Peer
from support.server import Server

LOG_EVERYTHING = """
import sys
from pathlib import Path
import numpy as np
import trackio
url, folder = sys.argv[1], Path(sys.argv[2])
folder.mkdir()
run = trackio.init(
    project="all of it", name="first", group="pairs", config={"lr": 1e-3, "layers": [64, 64], "name": "größe"},
    auto_log_cpu=False, auto_log_gpu=False, **({"server_url": url} if url else {}),
)
noise = np.random.default_rng(7).integers(0, 256, (8, 8, 3), dtype=np.uint8)
trackio.log({
    "loss": 0.1 + 0.2, "nan": float("nan"), "up": float("inf"), "big": 2**53 + 1, "on": True, "none": None,
    "text": 'größe "quoted"', "list": [1, 2.5, "x", None], "nested": {"a": {"b": [0.1, -7]}},
})
trackio.log({"loss": 0.25, "accuracy": 0.5}, step=10)
trackio.log({"loss": -1}, step=3)
(folder / "clip.mp4").write_bytes(b"a film without pictures")
trackio.log({
    "image": trackio.Image(noise, caption="noise"),
    "sound": trackio.Audio(np.zeros(80, dtype=np.int16), sample_rate=8000),
    "film": trackio.Video(str(folder / "clip.mp4")),
    "page": trackio.Html("<p>größe</p>", data_is_not_path=True),
    "cloud": trackio.Object3D(np.zeros((5, 3))),
    "table": trackio.Table(columns=["i", "image"], data=[[1, trackio.Image(noise)], [2, None]]),
    "histogram": trackio.Histogram([1.0, 2.0, 2.0, 3.0], num_bins=4),
    "report": trackio.Markdown("# Größe\\n\\nIt works."),
})
trackio.log({"chat": trackio.Trace(
    messages=[{"role": "user", "content": "Größe?"}, {"role": "assistant", "content": "12"}],
    metadata={"cost": 1e-05, "on": True},
    spans=[{"id": "s1", "name": "call", "kind": "tool", "input": {"x": 1}, "model": "M", "metadata": {"k": 3}}],
)})
for sample in range(3):
    trackio.log_system({"gpu/0/utilization": 97.5 - sample, "cpu": sample})
trackio.alert("note", level=trackio.AlertLevel.INFO)
trackio.alert("odd", text="größer als 1", level=trackio.AlertLevel.WARN)
trackio.alert("broken", level=trackio.AlertLevel.ERROR)
(folder / "weights.bin").write_bytes(bytes(range(256)) * 100)
model = trackio.Artifact("model", type="model", description="small", metadata={"layers": 2})
model.add_file(str(folder / "weights.bin"), name="deep/weights.bin")
trackio.log_artifact(model, aliases=["best"])
trackio.finish()
trackio.init(project="all of it", name="second", auto_log_cpu=False, auto_log_gpu=False,
             **({"server_url": url} if url else {}))
used = trackio.use_artifact("model:best")
assert (Path(used.download(str(folder / "again"))) / "deep" / "weights.bin").read_bytes() == bytes(range(256)) * 100
trackio.log({"loss": 1.0})
trackio.finish()
"""

# Its command line, asked many times in one process: starting it takes longer than answering.
ASK = """
import contextlib, io, json, sys
from trackio import cli
answers = {}
for name, arguments in json.loads(sys.argv[1]).items():
    sys.argv, said = ["trackio", *arguments], io.StringIO()
    with contextlib.redirect_stdout(said):
        cli.main()
    text = said.getvalue()
    answers[name] = json.loads(text[text.index("{"):])
print(json.dumps(answers))
"""

# What the peer's command line is asked, each with `--json`.
PROJECT = ("--project", "all of it")
RUN = (*PROJECT, "--run", "first")
QUESTIONS = {
    "projects": ("list", "projects"),
    "runs": ("list", "runs", *PROJECT),
    "metrics": ("list", "metrics", *RUN),
    "system metrics": ("list", "system-metrics", *RUN),
    "alerts": ("list", "alerts", *RUN),
    "alerts of all runs": ("get", "alerts", *PROJECT),
    "alerts of a level": ("list", "alerts", *RUN, "--level", "warn"),
    "alerts in future": ("list", "alerts", *RUN, "--since", "2099-01-01T00:00:00+00:00"),
    "traces": ("list", "traces", *RUN),
    "traces found": ("list", "traces", *RUN, "--search", "größe", "--limit", "1"),
    "traces not found": ("list", "traces", *RUN, "--search", "nothing like it"),
    "reports": ("list", "reports", *PROJECT),
    "artifacts": ("list", "artifacts", *PROJECT),
    "project": ("get", "project", *PROJECT),
    "run": ("get", "run", *RUN),
    "artifact": ("get", "artifact", *PROJECT, "--name", "model"),
    "artifact by alias": ("get", "artifact", *PROJECT, "--name", "model", "--version", "best"),
    "snapshot at a step": ("get", "snapshot", *RUN, "--step", "10"),
    "snapshot around a step": ("get", "snapshot", *RUN, "--around", "10", "--window", "1"),
    "system metric": ("get", "system-metric", *RUN, "--metric", "cpu"),
    "every system metric": ("get", "system-metric", *RUN),
    "report": ("get", "report", *RUN, "--report", "report"),
    "rows": ("query", "project", *PROJECT, "--sql", "SELECT run_name, step FROM metrics ORDER BY id"),
    **{f"values of {key}": ("get", "metric", *RUN, "--metric", key) for key in (
        "loss", "nan", "none", "nested", "table",
    )},
}
_CHANGING = {
    re.compile(r"\b[0-9a-f]{32}\b"): "<id>",
    re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"): "<id>",
    re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?\+00:00"): "<time>",
}


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


def ask(peer: Peer, *before: str) -> dict[str, Any]:
    """What the peer's command line answers to every question; `before` stands in front of each."""
    questions = {name: [*before, *question, "--json"] for name, question in QUESTIONS.items()}
    said = peer.run(ASK, json.dumps(questions))
    return plain(json.loads(said.splitlines()[-1]))


def plain(value: Any) -> Any:
    """Without ids and times, which differ between any two runs; what is not finite is null over HTTP."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str):
        for changing, name in _CHANGING.items():
            value = changing.sub(name, value)
    return value


def text(value: Any) -> str:
    """Equal texts are equal values, 1 and 1.0 told apart."""
    return json.dumps(value, sort_keys=True, indent=1)


def test_what_the_peers_client_logs_to_us_it_reads_as_from_its_own_directory(directory, new_directory, server, peer):
    url = f"http://127.0.0.1:{server.port}"
    client = Peer(new_directory())
    client.run(LOG_EVERYTHING, f"{url}?write_token={server.token}", client.directory.folder / "files")
    for table in ("metrics", "system_metrics", "alerts", "traces", "pending_uploads"):
        assert client.directory.select("allofit", f"SELECT count(*) FROM {table}") == [(0,)], f"{table} were kept back"
    peer.run(LOG_EVERYTHING, "", peer.directory.folder / "files")

    ours, theirs = ask(client, "--space", url), ask(peer)
    for name in QUESTIONS:
        assert text(ours[name]) == text(theirs[name]), name
    assert (ours["run"]["num_logs"], ours["run"]["last_step"]) == (5, 12)
    assert [alert["title"] for alert in ours["alerts"]["alerts"]] == ["broken", "odd", "note"]
    assert len(ours["traces"]["traces"]) == 1 and ours["traces not found"]["traces"] == []
    assert ours["artifact"]["aliases"] == ["latest", "best"]
    for kind in ("media", "artifacts"):
        files, expected = (sizes(where.path / kind) for where in (directory, peer.directory))
        assert files == expected and files, kind


def sizes(folder) -> list[tuple[str, int]]:
    """The files below a folder, ids in their names aside, with their sizes."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return sorted((plain(str(path.relative_to(folder))), path.stat().st_size) for path in found)
