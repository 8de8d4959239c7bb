"""Ours against the peer: each serves its copy of one directory that the peer wrote, and answers the same calls.

Answers must be equal as JSON but for the differences in `conformance/differences.json`, which must differ.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

import pytest

from conformance import compare, holdings, reads, writes
from support.directory import DataDirectory
from support.interpreters import peer_python
from support.server import Server

HERE = Path(compare.__file__).parent
PEER_TOKEN = "the-token-of-the-peer"


class Pair(NamedTuple):
    """Both servers, and what the peer says of its calls."""

    conformance: compare.Conformance
    written: Path
    calls: reads.Calls


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> DataDirectory:
    """A directory that the peer wrote, to be copied."""
    directory = DataDirectory(tmp_path_factory.mktemp("written") / "world")
    done = subprocess.run(
        [peer_python(), HERE / "world.py", directory.folder / "files"],
        env=directory.environment(HF_HUB_OFFLINE="1"), capture_output=True, text=True, timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return directory


@pytest.fixture(scope="module")
def pair(tmp_path_factory, written) -> Iterator[Pair]:
    """Each server with its own copy, for the whole module."""
    folder = tmp_path_factory.mktemp("served")
    ours, theirs = DataDirectory(folder / "ours"), DataDirectory(folder / "theirs")
    for copy in (ours, theirs):
        shutil.copytree(written.path, copy.path)
    began = datetime.now(timezone.utc).isoformat()
    peer = subprocess.Popen(
        [peer_python(), HERE / "peer_server.py"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        env=theirs.environment(HF_HUB_OFFLINE="1", TRACKIO_WRITE_TOKEN=PEER_TOKEN),
    )
    try:
        said = json.loads(peer.stdout.readline())
        server = Server(ours)
        try:
            conformance = compare.Conformance(
                compare.Endpoint(server.port, server.token, ours.path, began),
                compare.Endpoint(said["port"], PEER_TOKEN, theirs.path, began),
            )
            calls = {name: [tuple(parameter) for parameter in call] for name, call in said["calls"].items()}
            yield Pair(conformance, written.path, calls)
        finally:
            server.stop()
    finally:
        peer.terminate()
        peer.wait(10)
        peer.stdout.close()
    ours.assert_nothing_left()


def test_the_calls_are_the_peers(pair):
    ours = json.loads((HERE / "calls.json").read_text())
    assert {name: [list(parameter) for parameter in call] for name, call in pair.calls.items()} == ours
    assert len(ours) == 44


def test_reads_answer_alike(pair):
    pair.conformance.compare(reads.cases(reads.good(pair.written), pair.calls))
    pair.conformance.compare([compare.Case("get_run_mutation_status", "without a token", {}, token=False)])


def test_artifacts_registries_files_and_sql_answer_alike(pair):
    pair.conformance.compare(reads.cases(holdings.good(pair.written), pair.calls))


def test_writes_are_answered_alike_and_leave_alike_what_is_read(pair):
    ours, theirs = pair.conformance.ours, pair.conformance.theirs
    pair.conformance.compare_pairs(zip(writes.steps(ours, pair.written), writes.steps(theirs, pair.written), strict=True))
    pair.conformance.compare(writes.state())


def test_every_call_and_every_listed_difference_was_met(pair, capsys):
    compared = pair.conformance.compared
    with capsys.disabled():
        counts = ", ".join(f"{call} {count}" for call, count in sorted(compared.items()))
        print(f"\n{compared.total()} cases compared: {counts}")
    assert set(compared) == set(pair.calls)
    pair.conformance.assert_all_listed_were_sent()
