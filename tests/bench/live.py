"""The experiment on what happens live: how long after `log()` a page that is open is told of a row."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator

from experiment import Experiment, Figures, Limit
from servers import Running, serving
from subjects import Subject, environment
from workloads import percentile

# A script that logs now and then, and one that logs all the time; seconds between its rows.
_PAUSES = {"now and then": 0.5, "all the time": 0.05}
# Each row says when `log()` was called.
_TRAIN = """
import sys, time, trackio
rows, pause = int(sys.argv[1]), float(sys.argv[2])
trackio.init(project="live", name="r", auto_log_cpu=False, auto_log_gpu=False)
trackio.log({"at": 0.0})
sys.stdin.readline()
for _ in range(rows):
    time.sleep(pause)
    trackio.log({"at": time.time()})
trackio.finish()
"""
_PATIENCE_SECONDS = 60


def experiments(quick: bool) -> list[Experiment]:
    """One; the server and the script share a directory, as on a workstation."""
    seconds = 3 if quick else 20
    measures = {pace: [f"told after log() {pace}, {share}" for share in ("p50", "p95")] for pace in _PAUSES}

    def run(subject: Subject) -> Figures:
        figures = {}
        for pace, pause in _PAUSES.items():
            delays = sorted(_delays(subject, int(seconds / pause), pause))
            for measure, share in zip(measures[pace], (0.5, 0.95), strict=True):
                figures[measure] = percentile(delays, share)
        return figures

    names = [name for of_pace in measures.values() for name in of_pace]
    limits = tuple(Limit(name, "lower", 300, 300, of="figure") for name in names)
    return [Experiment("live", run, ("ours",), 1 if quick else 3, {name: "ms" for name in names}, limits)]


def _delays(subject: Subject, rows: int, pause: float) -> list[float]:
    """Milliseconds from each call of `log()` to the event that tells of it."""
    with serving(subject) as server:
        command = [subject.python, "-c", _TRAIN, str(rows), str(pause)]
        trainer = subprocess.Popen(
            command, env=environment(server.directory), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, text=True,
        )
        delays: list[float] = []
        for told in _rows_told(_stream(server)):
            now = time.time()
            if not delays and trainer.stdin:
                trainer.stdin.write("go\n")
                trainer.stdin.close()
                trainer.stdin = None
            delays += [(now - at) * 1e3 for at in told if at > 0]
            if len(delays) >= rows:
                break
        if trainer.wait(_PATIENCE_SECONDS) != 0:
            raise RuntimeError("the script failed")
        return delays


def _stream(server: Running) -> socket.socket:
    """A stream of the project, from its first row on."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        stream = socket.create_connection(("127.0.0.1", server.port), timeout=_PATIENCE_SECONDS)
        # The old version has no chunks to take apart.
        stream.sendall(b"GET /api/v1/projects/live/events HTTP/1.0\r\nHost: localhost\r\n\r\n")
        if stream.recv(12).endswith(b"200"):
            return stream
        stream.close()
        time.sleep(0.02)
    raise RuntimeError("the project does not come")


def _rows_told(stream: socket.socket) -> Iterator[list[float]]:
    """What the rows of each event say; an empty list at the beginning."""
    yield []
    with stream, stream.makefile("rb") as lines:
        for line in lines:
            if line.startswith(b"data: ") and (runs := json.loads(line[6:]).get("rows")):
                yield [row["metrics"]["at"] for run in runs for row in run["rows"]]
