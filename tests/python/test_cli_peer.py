"""The commands against the peer's: one directory, the same arguments, equal JSON, exit status and, where it says the
same, text. What differs on purpose stands in `DIFFERENT` with its reason."""

import json
import math
import re
import socket
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from support.directory import PROGRAM, DataDirectory
from support.interpreters import peer_python
from support.peer_server import PeerServer
from support.server import Server

HERE = Path(__file__).parent / "command_line"
# One step of a run, and where each of these is.
P, R = ("--project", "demo"), ("--project", "demo", "--run", "alpha")

# Commands whose JSON and text are both compared; a list of arguments each.
COMMANDS = [
    ("list", "projects"),
    ("list", "runs", *P),
    ("list", "metrics", *R),
    ("list", "system-metrics", *R),
    ("list", "alerts", *P),
    ("list", "alerts", *R, "--level", "warn", "--since", "2026-01-01T00:00:00"),
    ("list", "alerts", *P, "--level", "loud"),
    ("list", "alerts", *P, "--since", "2096-01-01T00:00:00"),
    ("list", "alerts", *P, "--run", "nobody"),
    ("list", "traces", *P),
    ("list", "traces", *R),
    ("list", "traces", *P, "--sort", "step_asc", "--limit", "2", "--offset", "1"),
    ("list", "traces", *P, "--sort", "step_desc", "--limit", "3"),
    ("list", "traces", *P, "--sort", "request_time_asc"),
    ("list", "traces", *P, "--search", "part"),
    ("list", "traces", *P, "--search", "nothing like it"),
    ("list", "traces", *P, "--step", "31"),
    ("list", "traces", *P, "--run", "nobody"),
    ("list", "reports", *P),
    ("list", "reports", *R),
    ("list", "reports", "--project", "other"),
    ("list", "artifacts", *P),
    ("list", "artifacts", "--project", "other"),
    ("get", "project", *P),
    ("get", "run", *R),
    ("get", "run", "--project", "other", "--run", "only"),
    ("get", "artifact", *P, "--name", "weights"),
    ("get", "artifact", *P, "--name", "weights", "--version", "v0"),
    ("get", "artifact", *P, "--name", "weights", "--version", "alpha"),
    ("get", "metric", *R, "--metric", "train/loss"),
    ("get", "metric", *R, "--metric", "odd"),
    ("get", "metric", *R, "--metric", "notes"),
    ("get", "metric", *R, "--metric", "train/loss", "--step", "3"),
    ("get", "metric", *R, "--metric", "train/loss", "--step", "900"),
    ("get", "metric", *R, "--metric", "train/loss", "--around", "3", "--window", "1"),
    ("get", "metric", *R, "--metric", "word", "--around", "3"),
    ("get", "snapshot", *R, "--step", "5"),
    ("get", "snapshot", *R, "--step", "3"),
    ("get", "snapshot", *R, "--step", "900"),
    ("get", "snapshot", *R, "--around", "5", "--window", "1"),
    ("get", "snapshot", *R, "--step", "4", "--around", "5"),
    ("get", "system-metric", *R),
    ("get", "system-metric", *R, "--metric", "gpu/0/utilization"),
    ("get", "system-metric", "--project", "other", "--run", "only"),
    ("get", "alerts", *P, "--level", "info"),
    ("get", "report", *R, "--report", "notes"),
    ("query", "project", *P, "--sql", "SELECT step, run_name FROM metrics ORDER BY id LIMIT 3;"),
    ("query", "project", *P, "--sql", "SELECT NULL AS a, 1.5 AS b, 'x|y' AS c"),
    ("query", "project", *P, "--sql", "SELECT 1 WHERE 0"),
    ("query", "project", *P, "--sql", "PRAGMA table_info(metrics)"),
]

# Commands that fail: the exit status is compared, and that nothing but an error is printed.
FAILURES = [
    ("list",),
    ("list", "runs"),
    ("list", "runs", "--project", "nobody"),
    ("list", "metrics", *P, "--run", "nobody"),
    ("list", "metrics", "--project", "nobody", "--run", "alpha"),
    ("list", "system-metrics", *P, "--run", "nobody"),
    ("list", "alerts", "--project", "nobody"),
    ("list", "traces", "--project", "nobody"),
    ("list", "traces", *P, "--sort", "loudness"),
    ("list", "reports", "--project", "nobody"),
    ("list", "reports", *P, "--run", "nobody"),
    ("list", "artifacts", "--project", "nobody"),
    ("list", "nonsense"),
    ("get", "project", "--project", "nobody"),
    ("get", "run", *P, "--run", "nobody"),
    ("get", "artifact", *P, "--name", "nobody"),
    ("get", "artifact", *P, "--name", "weights", "--version", "v9"),
    ("get", "metric", *R, "--metric", "nobody"),
    ("get", "metric", *P, "--run", "nobody", "--metric", "train/loss"),
    ("get", "metric", *R, "--metric", "train/loss", "--step", "three"),
    ("get", "snapshot", *R),
    ("get", "snapshot", *P, "--run", "nobody", "--step", "3"),
    ("get", "system-metric", *R, "--metric", "nobody"),
    ("get", "trace", *P, "--trace-id", "nobody"),
    ("get", "report", *R, "--report", "nobody"),
    ("query", "project", "--project", "nobody", "--sql", "SELECT 1"),
    ("query", "project", *P, "--sql", "SELECT * FROM nobody"),
    ("query", "project", *P, "--sql", "DROP TABLE metrics"),
    ("query", "project", *P, "--sql", "SELECT 1; SELECT 2"),
    ("skills",),
    ("nonsense",),
    ("show", "nonsense"),
]

# Commands whose text is ours, by their first words.
DIFFERENT = {
    "list projects": "runs and how many are active stand beside each name",
    "list runs": "state and how it goes stand beside each name",
    "list metrics": "last value, range and number of points stand beside each name",
    "get project": "runs are told in words, not as Python's dictionaries",
    "get snapshot": "a value that is not a number is null on the wire of both, so `None` here and `nan` there",
    "get metric": "as `get snapshot`",
    "get run": "keys of configs stand in the order of their names",
    "get system-metric": "keys stand in the order of their names",
}


class Done(NamedTuple):
    """What came of a command."""

    status: int
    output: str
    errors: str


def ours(directory: DataDirectory, arguments: tuple[str, ...]) -> Done:
    done = subprocess.run(
        [PROGRAM.with_name("trackio"), *arguments], env=directory.environment(), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def theirs(directory: DataDirectory, cases: list[tuple[str, ...]]) -> list[Done]:
    done = subprocess.run(
        [peer_python(), HERE / "run_peer.py"], env=directory.environment(HF_HUB_OFFLINE="1"), input=json.dumps(cases),
        stdout=subprocess.PIPE, text=True, timeout=300, check=True,
    )
    return [Done(**answer) for answer in json.loads(done.stdout)]


def world(directory: DataDirectory) -> None:
    subprocess.run(
        [peer_python(), HERE / "world.py"], env=directory.environment(HF_HUB_OFFLINE="1"), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120, check=True,
    )


def plain(value: Any) -> Any:
    """What is no number in the peer's JSON, which is none then, is null in ours."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items() if name != "details"}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def valid_json(text: str) -> Any:
    """Reads JSON by its rules, in which there is no NaN."""

    def refuse(word: str) -> None:
        raise AssertionError(f"`{word}` is no JSON")

    return json.loads(text, parse_constant=refuse)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        return chosen.getsockname()[1]


def test_every_shared_command_says_what_the_peers_says(directory: DataDirectory):
    world(directory)
    asked = [(*command, "--json") for command in COMMANDS]
    expected = theirs(directory, asked + COMMANDS)
    for command, peers in zip(asked, expected, strict=False):
        here = ours(directory, command)
        assert here.status == peers.status == 0, (command, here, peers)
        assert plain(valid_json(here.output)) == plain(json.loads(peers.output)), command
    for command, peers in zip(COMMANDS, expected[len(asked):], strict=True):
        here = ours(directory, command)
        assert here.status == peers.status == 0, (command, here, peers)
        if " ".join(command[:2]) not in DIFFERENT:
            assert here.output.strip() == peers.output.strip(), command


def test_the_reasons_are_not_stale(directory: DataDirectory):
    """A reason for a difference that is none any more goes."""
    world(directory)
    chosen = [command for command in COMMANDS if " ".join(command[:2]) in DIFFERENT]
    peers = theirs(directory, chosen)
    differ = {" ".join(command[:2]) for command, done in zip(chosen, peers, strict=True)
              if ours(directory, command).output.strip() != done.output.strip()}
    assert differ == set(DIFFERENT)


def test_every_failure_ends_as_the_peers_does(directory: DataDirectory):
    world(directory)
    for command, peers in zip(FAILURES, theirs(directory, FAILURES), strict=True):
        here = ours(directory, command)
        assert here.status == peers.status, (command, here, peers)
        assert here.status in (1, 2) and not here.output and here.errors, command


def test_a_trace_is_found_by_either_id(directory: DataDirectory):
    world(directory)
    listed = theirs(directory, [("list", "traces", *P, "--json")])[0]
    for trace in json.loads(listed.output)["traces"]:
        for wanted in (trace["id"], trace["id"].split(":")[1]):
            here = ours(directory, ("get", "trace", *P, "--trace-id", wanted, "--json"))
            peers = theirs(directory, [("get", "trace", *P, "--trace-id", wanted, "--json")])[0]
            assert plain(valid_json(here.output)) == plain(json.loads(peers.output))


def test_operations_of_traces_are_summed(directory: DataDirectory):
    """The peer's own answer needs an SQLite that lets it read JSON, so it is held against the spans themselves."""
    world(directory)
    answer = valid_json(ours(directory, ("get", "trace-summary", *P, "--json")).output)
    assert answer["rows"] == [
        {"operation": "answer", "kind": "llm", "calls": 2, "errors": 0, "avg_ms": 1200.0, "max_ms": 1200.0,
         "input_tokens": 10, "output_tokens": 12, "cost_usd": 0.04},
        {"operation": "agent", "kind": "agent", "calls": 2, "errors": 1, "avg_ms": 2500.0, "max_ms": 2500.0,
         "input_tokens": 0, "output_tokens": 0, "cost_usd": 0.0},
    ]
    text = ours(directory, ("get", "trace-summary", *P)).output
    assert "operation | kind" in text and "2500.0" in text


@pytest.mark.parametrize("whose", ["ours", "the peer's"])
def test_a_server_is_asked_by_its_address(directory: DataDirectory, whose: str):
    world(directory)
    server = Server(directory) if whose == "ours" else PeerServer(directory, free_port())
    address = f"http://127.0.0.1:{server.port}" if whose == "ours" else server.url
    try:
        for command in COMMANDS:
            here = ours(directory, (*command, "--json"))
            there = ours(directory, (*command, "--json", "--server", address))
            assert there.status == 0, (command, there)
            assert plain(valid_json(there.output)) == plain(valid_json(here.output)), command
        space = ours(directory, ("--space", address, "list", "projects", "--json"))
        assert valid_json(space.output) == {"projects": ["demo", "other"]}
        refused = ours(directory, ("list", "runs", "--project", "nobody", "--server", address))
        assert refused.status == 1 and "nobody" in refused.errors
    finally:
        server.stop()
    away = ours(directory, ("list", "projects", "--server", address))
    assert away.status == 1 and "does not answer" in away.errors
    assert ours(directory, ("export", "--project", "demo", "--out", "x", "--server", "http://127.0.0.1:1")).status == 2


# What is done to registries, one after the other; each with and without `--json`, on a directory of its own.
REGISTRIES = [
    ("registry", "create", "models", "--description", "what we ship"),
    ("registry", "create", "models"),
    ("registry", "create", "a.b"),
    ("registry", "list", "models"),
    ("registry", "list", "nobody"),
    ("registry", "create-collection", "models/net", "--type", "model", "--description", "d"),
    ("registry", "create-collection", "models/net", "--type", "model"),
    ("registry", "create-collection", "models/net", "--type", "dataset"),
    ("registry", "create-collection", "models/bare", "--type", "model"),
    ("registry", "create-collection", "nobody/net", "--type", "model"),
    ("registry", "create-collection", "net", "--type", "model"),
    ("registry", "link", "models/net", "demo/weights:v0", "--alias", "production", "--alias", "best"),
    ("registry", "link", "models/net", "demo/weights"),
    ("registry", "link", "models/net", "demo/weights:v0"),
    ("registry", "link", "models/other", "demo/weights:beta"),
    ("registry", "link", "models/net", "demo/nobody"),
    ("registry", "link", "models/net", "demo"),
    ("registry", "promote", "models/net", "production", "v1"),
    ("registry", "promote", "models/net", "production", "0"),
    ("registry", "promote", "models/net", "production", "v9"),
    ("registry", "show", "models/net"),
    ("registry", "show", "models/bare"),
    ("registry", "show", "models/nobody"),
    ("registry", "list", "models"),
    ("registry", "unlink", "models/net", "v9"),
    ("registry", "unlink", "models/net", "v0"),
    ("registry", "unlink", "models/net", "v0"),
    ("registry", "show", "models/net"),
    ("registry", "events", "models"),
    ("registry", "events", "nobody"),
]


@pytest.mark.parametrize("as_json", [True, False])
def test_registries_are_made_and_changed_as_by_the_peers_command(new_directory, as_json: bool):
    here_directory, peers_directory = new_directory(), new_directory()
    world(here_directory)
    world(peers_directory)
    commands = [(*command, "--json") if as_json else command for command in REGISTRIES]
    for command, peers in zip(commands, theirs(peers_directory, commands), strict=True):
        here = ours(here_directory, command)
        assert here.status == peers.status, (command, here, peers)
        if here.status:
            assert not here.output and here.errors, command
        elif as_json:
            assert timeless(valid_json(here.output)) == timeless(json.loads(peers.output)), command
        else:
            assert TIMES.sub("T", here.output) == TIMES.sub("T", peers.output), command


TIMES = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+\+00:00")


def timeless(value: Any) -> Any:
    """Without what differs from one moment to the next."""
    if isinstance(value, dict):
        return {name: timeless(inner) for name, inner in value.items() if name not in ("created_at", "ts", "event_uid")}
    return [timeless(inner) for inner in value] if isinstance(value, list) else value


def test_what_is_set_for_good_is_shared(directory: DataDirectory):
    """The peer's file is read and written: what one program sets, the other shows."""
    home = {"HF_HOME": str(directory.folder / "home")}
    page = directory.folder / "page"
    page.mkdir()
    (page / "index.html").write_text("<p>a page of somebody's own</p>")

    def config(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, "config", *arguments], env=directory.environment(**home), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=30,
        )

    assert "No Trackio frontend config" in config("get").stdout
    assert config("set", "frontend", str(directory.folder)).returncode == 1
    assert config("set", "backend", str(page)).returncode == 2
    assert config("set", "frontend", str(page)).returncode == 0
    peers = subprocess.run(
        [peer_python(), HERE / "run_peer.py"], env=directory.environment(HF_HUB_OFFLINE="1", **home), text=True,
        input=json.dumps([["config", "get"]]), stdout=subprocess.PIPE, timeout=60, check=True,
    )
    assert json.loads(peers.stdout)[0]["output"] == config("get").stdout
    server = Server(directory, **home)
    try:
        assert "somebody's own" in server.get("/").body.decode()
    finally:
        server.stop()
    assert "Removed" in config("unset", "frontend").stdout and "No Trackio default" in config("unset", "frontend").stdout
