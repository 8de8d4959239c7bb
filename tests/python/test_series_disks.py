"""Disks on which no series index can be kept: charts are drawn from the rows, it is said once, and nothing fails."""

import itertools
import json
import os
import subprocess

import pytest

from support.disks import mounted
from support.server import Server
from support.waiting import wait_until

ROWS = 6_000
COMPLAINT = "the series index cannot be read or written"
ASK = """
import json, trackio
(series,) = trackio.Api().runs("p")[0].series("loss", pixels=300)
print("answer", json.dumps(series))
"""


def rows_of(first: int, count: int) -> list[dict]:
    """Rows with a value that comes only once, in the middle of all."""
    return [
        {"metrics": {"loss": 1e6 if step == ROWS // 2 else step % 97}, "step": step}
        for step in range(first, first + count)
    ]


def chart_of(server: Server) -> dict:
    asked = {"runs": ["r"], "keys": ["loss"], "pixels": 300}
    answer = server.request("POST", "/api/v1/projects/p/series", json.dumps(asked))
    assert answer.status == 200, answer.body
    (series,) = answer.json["series"]
    return series


def fill(path) -> None:
    """Takes what room is left, to the last byte."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError as error:
                assert "No space left" in str(error)


def test_a_disk_that_is_full_while_a_server_draws(directory):
    with mounted(directory.path, "size=40m"):
        server = Server(directory)
        try:
            for first in range(0, ROWS, 2_000):
                assert server.log("p", "r", rows_of(first, 2_000)).status == 200
            side = directory.path / ".paceline" / "p.series"
            # Full blocks are stored at once.
            wait_until(lambda: side.exists() and chart_of(server), 20)
            expected = chart_of(server)
            assert expected["total_points"] == ROWS and 1e6 in expected["value"]
            # The server has it open still: what it holds is freed at once, so that no room comes back later.
            os.truncate(side, 0)
            os.truncate(side.with_name(side.name + "-wal"), 0)
            for ending in ("", "-wal", "-shm"):
                side.with_name(side.name + ending).unlink()
            filler = directory.path / "filler"
            fill(filler)
            for _ in range(5):
                assert chart_of(server) == expected
            assert server.said.count(COMPLAINT) == 1, server.said
            filler.unlink()
            # It tries again after a while, when rows come.
            log = side.with_name(side.name + "-wal")
            steps = itertools.count(ROWS)

            def is_stored() -> bool:
                assert server.log("p", "r", rows_of(next(steps), 1)).status == 200
                return log.exists() and log.stat().st_size > 32_768

            wait_until(is_stored, 30)
            assert chart_of(server)["total_points"] == next(steps)
            assert server.said.count(COMPLAINT) == 1, server.said
        finally:
            server.stop()


@pytest.mark.parametrize("has_index", [False, True])
def test_a_disk_that_is_read_only(directory, has_index):
    with mounted(directory.path, "size=40m"):
        server = Server(directory)
        for first in range(0, ROWS, 2_000):
            assert server.log("p", "r", rows_of(first, 2_000)).status == 200
        expected = chart_of(server)
        server.stop()
        side = directory.path / ".paceline" / "p.series"
        assert side.exists()
        if not has_index:
            for ending in ("", "-wal", "-shm"):
                side.with_name(side.name + ending).unlink(missing_ok=True)
        subprocess.run(["mount", "-o", "remount,ro", str(directory.path)], check=True)
        for _ in range(2):
            asked = directory.run(ASK)
            series = json.loads(asked.output.rpartition("answer ")[2])
            assert (series["x"], series["value"]) == (expected["x"], expected["value"])
            assert asked.errors.count(COMPLAINT) <= 1, asked.errors
            assert "Traceback" not in asked.errors
        assert side.exists() == has_index
