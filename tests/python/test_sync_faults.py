"""Whatever happens during a sync, the Dataset holds the old state or the new one, and the next sync completes it."""

import copy
import random
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import seed
from support.cut_line import CutLine
from support.directory import PROGRAM, DataDirectory
from support.hub import Hub
from support.hub_wire import answer
from support.synced import DATASET, row_ids
from test_sync import LOG, command, synced

OLD, NEW = list(range(1, 41)), list(range(1, 61))
CUTS = 24


@dataclass
class Prepared:
    """A Dataset with 40 rows, and a data directory with 60: what a sync begins with, as often as it is wanted."""

    folder: Path
    hub: Hub

    def begin(self, hub: Hub, folder: Path) -> DataDirectory:
        """Copies of both."""
        hub.repositories = {name: _copy(repository) for name, repository in self.hub.repositories.items()}
        hub.requests.clear()
        hub.faults.clear()
        hub.roles[hub.token] = "write"
        directory = DataDirectory(folder)
        shutil.copytree(self.folder, directory.path)
        return directory


def _copy(repository):
    lock, repository.lock = repository.lock, None
    try:
        copied = copy.deepcopy(repository)
        copied.lock = type(lock)()
        return copied
    finally:
        repository.lock = lock


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    with Hub(part_bytes=2_000) as hub:
        directory = DataDirectory(tmp_path_factory.mktemp("prepared") / "0")
        directory.run(LOG, 0, 40)
        synced(directory, hub)
        directory.run(LOG, 40, 20)
        directory.assert_nothing_left()
        yield Prepared(directory.path, hub)


@pytest.fixture
def hub():
    with Hub(part_bytes=2_000) as hub:
        yield hub


def run(directory: DataDirectory, hub: Hub, **environment: str) -> subprocess.CompletedProcess[str]:
    """A sync, whatever becomes of it."""
    return command(directory, hub, "sync", "--project", "digits", "--json", **environment)


def assert_old_or_new(hub: Hub) -> bool:
    """The head is one of the two states, each whole; gives whether it is the new one."""
    found = row_ids(hub, "digits")
    assert found in (OLD, NEW), found
    return found == NEW


def assert_completes(directory: DataDirectory, hub: Hub) -> None:
    """The next sync brings the new state, and nothing is left to do after it."""
    synced(directory, hub)
    assert row_ids(hub, "digits") == NEW
    assert not synced(directory, hub)["changed"]
    assert not [path for path in (directory.path / ".paceline" / "datasets").iterdir() if path.suffix == ".files"]


def behind(line: CutLine, hub: Hub) -> dict[str, str]:
    """The environment of a client that reaches the Hub over a line; the store's addresses lead over it, too."""
    hub.storage_address = f"http://localhost:{line.ports[1]}"
    return {"HF_ENDPOINT": f"http://127.0.0.1:{line.ports[0]}"}


def whole_sync_bytes(prepared: Prepared, hub: Hub, folder: Path) -> int:
    directory = prepared.begin(hub, folder)
    with CutLine(hub.ports) as line:
        done = run(directory, hub, **behind(line, hub))
        assert done.returncode == 0, done.stderr
        return line.passed_bytes


@pytest.mark.parametrize("stays_down", [False, True], ids=["comes back", "stays down"])
def test_the_line_breaks_at_any_byte(prepared, hub, tmp_path, random_source, stays_down):
    own_address, made = hub.storage_address, 0
    whole = whole_sync_bytes(prepared, hub, tmp_path / "whole")
    # One in each part of the whole, and the two ends.
    places = [1, whole - 1, *(random_source.randrange(part * whole // CUTS, (part + 1) * whole // CUTS) for part in range(CUTS))]
    for number, place in enumerate(places[: CUTS // 2] if stays_down else places):
        directory = prepared.begin(hub, tmp_path / f"{number}")
        with CutLine(hub.ports, max(1, place), stays_down) as line:
            done = run(directory, hub, **behind(line, hub))
            assert line.was_cut, place
        hub.storage_address = own_address
        made += assert_old_or_new(hub)
        # A line that comes back is enough: nobody has to do anything.
        assert done.returncode == 0 or stays_down, (place, done.stderr)
        assert done.returncode == 0 or "does not answer" in done.stderr and hub.token not in done.stderr, done.stderr
        assert_completes(directory, hub)
    assert stays_down or made == len(places)


def test_the_process_is_killed_at_each_step(prepared, hub, tmp_path):
    directory = prepared.begin(hub, tmp_path / "steps")
    assert run(directory, hub).returncode == 0
    steps, made = len(hub.requests), 0
    assert steps > 8
    for step in range(steps):
        directory = prepared.begin(hub, tmp_path / f"{step}")
        started: list[subprocess.Popen] = []
        # Killed when this request has arrived: what it asks for is done all the same.
        hub.fail(".", skip=step, instead=lambda: (started[0].kill(), started[0].wait()))
        started.append(subprocess.Popen(
            [PROGRAM, "sync", "--project", "digits", "--dir", directory.path],
            env=directory.environment(**hub.environment()), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ))  # fmt: skip
        assert started[0].wait(30) == -9, step
        made += assert_old_or_new(hub)
        hub.faults.clear()
        assert_completes(directory, hub)
    assert 0 < made < steps


@pytest.mark.parametrize("code", [401, 403, 404, 408, 409, 412, 413, 429, 500, 502, 503])
def test_the_hub_answers_with_an_error_once(prepared, hub, tmp_path, random_source, code):
    directory = prepared.begin(hub, tmp_path / "whole")
    assert run(directory, hub).returncode == 0
    steps = len(hub.requests)
    commit = next(number for number, request in enumerate(hub.requests) if "/commit/" in request.path)
    for step in sorted({commit, *random_source.sample(range(steps), 3)}):
        for is_done in (False, True) if step == commit else (False,):
            directory = prepared.begin(hub, tmp_path / f"{step} {is_done}")
            fault = hub.fail(".", skip=step, status=code, headers={"Retry-After": "0"}, is_done=is_done)
            done = run(directory, hub)
            assert fault.happened == 1
            assert_old_or_new(hub)
            if code >= 500 or code in (408, 429):
                assert done.returncode == 0, (step, done.stderr)
            if done.returncode != 0:
                assert "hint:" in done.stderr and "panicked" not in done.stderr, done.stderr
            assert_completes(directory, hub)


def test_the_pause_that_is_asked_for_is_kept(prepared, hub, tmp_path):
    directory = prepared.begin(hub, tmp_path / "short")
    hub.fail("/preupload/", status=429, headers={"Retry-After": "2"})
    assert run(directory, hub).returncode == 0
    # Nobody waits an hour: the next sync does, and says so.
    directory = prepared.begin(hub, tmp_path / "long")
    hub.fail("/preupload/", status=429, headers={"Retry-After": "3600"})
    refused = run(directory, hub)
    assert refused.returncode == 1 and "no more requests for a while" in refused.stderr
    assert sum("/preupload/" in call for call in hub.calls()) == 1 and not assert_old_or_new(hub)
    hub.faults.clear()
    assert_completes(directory, hub)


def test_a_token_expires_on_the_way(prepared, hub, tmp_path):
    for number, pattern in enumerate(("/revision/", "/preupload/", "/objects/batch", "PUT ", "/objects/verify", "/commit/")):
        directory = prepared.begin(hub, tmp_path / f"{number}")
        fault = hub.fail(pattern, instead=lambda: hub.roles.pop(hub.token, None))
        refused = run(directory, hub)
        assert fault.happened and refused.returncode == 1, (pattern, refused.stderr)
        assert "token from HF_TOKEN" in refused.stderr and "expired" in refused.stderr, (pattern, refused.stderr)
        assert not assert_old_or_new(hub)
        hub.roles[hub.token] = "write"
        hub.faults.clear()
        assert_completes(directory, hub)


def test_somebody_else_commits_in_between(prepared, hub, tmp_path):
    directory = prepared.begin(hub, tmp_path / "0")

    def interfere() -> None:
        hub.repositories[DATASET].commit({"summary": "Mine"}, [("file", {"path": "mine.txt"})], lambda _: b"mine")

    fault = hub.fail("/commit/", instead=interfere, times=2)
    assert run(directory, hub).returncode == 0 and fault.happened == 2
    files = hub.repositories[DATASET].files
    assert row_ids(hub, "digits") == NEW and files["mine.txt"] == b"mine"
    # Rows that went to the store for the commit that was refused did not go again.
    puts = [call for call in hub.calls("storage") if call.startswith("PUT")]
    assert len(puts) == len(set(puts))
    assert_completes(directory, hub)


def test_a_commit_is_made_long_after_its_answer_was_given_up(prepared, hub, tmp_path):
    directory = prepared.begin(hub, tmp_path / "0")
    late: list = []
    hub.fail("/commit/", instead=lambda: late.append(hub.requests[-1]), status=504, headers={"Retry-After": "3600"})
    assert run(directory, hub).returncode == 1 and late and not assert_old_or_new(hub)
    directory.run(LOG, 60, 5)
    directory.assert_nothing_left()
    made = hub.fail("/commit/", instead=lambda: answer(hub, late[0]))
    done = run(directory, hub)
    assert made.happened == 1 and done.returncode == 0, done.stderr
    # The one that was late is there, and ours on top of it.
    assert len(hub.repositories[DATASET].commits) == 4 and row_ids(hub, "digits") == list(range(1, 66))


def test_two_syncs_at_once_of_one_machine(prepared, hub, tmp_path):
    directory = prepared.begin(hub, tmp_path / "0")
    started = [
        subprocess.Popen(
            [PROGRAM, "sync", "--project", "digits", "--json", "--dir", directory.path],
            env=directory.environment(**hub.environment()), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    said = [process.communicate(timeout=60)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0]
    assert sum('"changed":true' in text for text in said) == 1 and row_ids(hub, "digits") == NEW


def test_two_machines_that_go_on_from_the_same_state(prepared, hub, tmp_path):
    one = prepared.begin(hub, tmp_path / "one")
    other = prepared.begin(hub, tmp_path / "other")
    other.run(LOG, 60, 10)
    # The other one is through when the first is about to commit.
    fault = hub.fail("/commit/", instead=lambda: synced(other, hub))
    refused = run(one, hub)
    assert fault.happened == 1 and refused.returncode == 1 and "did not come from here" in refused.stderr
    assert row_ids(hub, "digits") == list(range(1, 71))


def test_a_slow_hub_is_waited_for(prepared, hub, tmp_path):
    directory = prepared.begin(hub, tmp_path / "0")
    slow = hub.fail(r"/preupload/|PUT |/commit/", seconds=1.5, times=3)
    assert run(directory, hub).returncode == 0 and slow.happened == 3 and row_ids(hub, "digits") == NEW


def test_a_download_breaks_off(prepared, hub, tmp_path):
    large = max(prepared.hub.repositories[DATASET].large.values(), key=len)
    source = random.Random(f"{seed()} download")
    for number in range(6):
        prepared.begin(hub, tmp_path / f"{number} from")
        empty = DataDirectory(tmp_path / f"{number} to")
        hub.fail("GET /alice/runs/", cut_answer=source.randrange(1, len(large)), times=2)
        done = command(empty, hub, "pull", DATASET)
        assert done.returncode == 0, done.stderr
        assert empty.count("digits") == 40
        assert not list((empty.path / ".paceline" / "datasets").glob("*.files"))
