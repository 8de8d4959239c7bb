"""Projects synced to a Dataset of the Hub and pulled back: what is there, who may, and what is asked of the Hub."""

import hashlib
import json
import re
import sqlite3
import subprocess
from contextlib import closing

import pytest

from support.directory import PROGRAM, DataDirectory
from support.hub import READ_TOKEN, Hub
from support.hub_repository import Repository
from support.hub_wire import LFS, Request
from support.interpreters import datasets_python
from support.server import Server
from support.synced import DATASET, column, manifest_of, row_ids
from support.waiting import wait_until
from test_hub_stub import official

LOG = """
import sys, trackio
first, count = int(sys.argv[1]), int(sys.argv[2])
run = trackio.init(project="digits", name=f"r{first}", config={"lr": 3e-4, "layers": [1, 2]}, auto_log_cpu=False, auto_log_gpu=False)
for step in range(first, first + count):
    trackio.log({"loss": 1 / (1 + step), "note": f"step {step}", "mixed": step if step % 3 else "three"}, step=step)
trackio.alert("done", text="größe")
trackio.finish()
"""


@pytest.fixture
def hub():
    with Hub(page_size=5, part_bytes=2_000) as hub:
        yield hub


def command(directory: DataDirectory, hub: Hub, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the program on the directory, with the Hub."""
    return subprocess.run(
        [PROGRAM, *map(str, arguments), "--dir", str(directory.path)],
        env=directory.environment(HF_HOME=str(directory.folder / "hf"), **{**hub.environment(), **environment}),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def synced(directory: DataDirectory, hub: Hub, *more: object, **environment: str) -> dict:
    """Syncs, which must succeed; what the program says of it."""
    done = command(directory, hub, "sync", "--project", "digits", "--dataset", DATASET, "--json", *more, **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def status(directory: DataDirectory, hub: Hub) -> dict:
    return json.loads(command(directory, hub, "sync", "--project", "digits", "--status", "--json").stdout)


def test_a_project_follows_into_a_private_dataset_by_one_commit_a_sync(directory, hub):
    directory.run(LOG, 0, 100)
    # What the companion finds out of a run beside its rows may come after its end.
    directory.assert_nothing_left()
    first = synced(directory, hub)
    assert first["changed"] and first["private"] and first["dataset"] == DATASET
    repository = hub.repositories[DATASET]
    assert repository.is_private and len(repository.commits) == 2 and first["commit"] == repository.head.oid
    assert row_ids(hub, "digits") == list(range(1, 101))
    assert column(hub, "digits", "metrics", "loss") == [1 / (1 + step) for step in range(100)]
    assert column(hub, "digits", "alerts", "text") == ["größe"]
    again = synced(directory, hub)
    assert not again["changed"] and again["commit"] == first["commit"] and len(repository.commits) == 2
    directory.run(LOG, 100, 20)
    sent_before = len(hub.calls("storage"))
    second = synced(directory, hub)
    assert second["changed"] and len(repository.commits) == 3 and row_ids(hub, "digits") == list(range(1, 121))
    # What was there already is not sent again.
    assert second["sent_bytes"] < second["bytes"] and len(hub.calls("storage")) > sent_before
    found = status(directory, hub)
    assert (found["state"], found["last_commit"], found["rows_behind"], found["last_error"]) == ("synced", second["commit"], 0, None)
    directory.run(LOG, 120, 7)
    assert (status(directory, hub)["state"], status(directory, hub)["rows_behind"]) == ("behind", 7)


def test_everybody_reads_what_is_there(directory, hub, tmp_path):
    directory.run(LOG, 0, 50)
    synced(directory, hub)
    directory.run("""
import trackio
run = trackio.init(project="digits", name="later", auto_log_cpu=False, auto_log_gpu=False)
trackio.log({"loss": 0.5, "new": 2.5}, step=1)
trackio.finish()
""")
    synced(directory, hub)
    (tmp_path / "any").mkdir()
    loaded = official(hub, tmp_path / "any", "load")
    rows = sorted(loaded["digits"], key=lambda row: row["id"])
    assert [row["id"] for row in rows] == list(range(1, 52)) and rows[50]["new"] == 2.5 and rows[0]["new"] is None
    assert [row["loss"] for row in rows[:50]] == [1 / (1 + step) for step in range(50)]
    assert sorted({row["run_name"] for row in rows}) == ["later", "r0"]
    assert {"digits-alerts", "digits-configs", "digits-runs"} <= set(loaded)
    card = hub.repositories[DATASET].files["README.md"].decode()
    assert "2 runs, 51 rows of metrics" in card and 'load_dataset("alice/runs", "digits"' in card and "| r0 | finished |" in card


LATER = """
import trackio
run = trackio.init(project="digits", name="later", auto_log_cpu=False, auto_log_gpu=False)
trackio.log({"loss": 0.5, "new": 2.5, "größe: a": True, "pair": {"name": "x", "list": [1.5, 2]}, "pairs": [{"a": 1}, {"a": None}], "deep": [[True], []]}, step=1)
trackio.finish()
"""


def test_the_card_tells_of_columns_that_came_later(directory, hub, tmp_path):
    directory.run(LOG, 0, 5)
    synced(directory, hub)
    assert "dataset_info" not in hub.repositories[DATASET].files["README.md"].decode()
    directory.run(LATER)
    directory.assert_nothing_left()
    synced(directory, hub)
    files = hub.repositories[DATASET].files
    # The first file is not the one with every column.
    paths = [file["path"] for file in manifest_of(hub, "digits")["tables"]["metrics"]["files"]]
    card = files["README.md"].decode()
    assert len(paths) == 2 and [card.index(path) for path in paths] == sorted(card.index(path) for path in paths)
    (tmp_path / "any").mkdir()
    rows = official(hub, tmp_path / "any", "load")["digits"]
    assert [row["id"] for row in rows] == list(range(1, 7)) and [row["loss"] for row in rows] == [1 / (1 + step) for step in range(5)] + [0.5]
    added = ("new", "größe: a", "pair", "pairs", "deep")
    assert [rows[0][name] for name in added] == [None] * 5
    assert [rows[5][name] for name in added] == [2.5, True, {"name": "x", "list": [1.5, 2.0]}, [{"a": 1.0}, {"a": None}], [[True], []]]
    # What the card says of DuckDB is right too, on files that lie here.
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    command = next(line for line in card.splitlines() if line.startswith("FROM read_parquet")).replace("hf://datasets/alice/runs", str(tmp_path))
    script = f"import duckdb, json; print(json.dumps(duckdb.sql({('SELECT id, new ' + command)!r}).fetchall()))"
    done = subprocess.run([datasets_python(), "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[number, None] for number in range(1, 6)] + [[6, 2.5]]


def test_what_somebody_wrote_into_the_dataset_stays(directory, hub):
    directory.run(LOG, 0, 10)
    synced(directory, hub)
    repository = hub.repositories[DATASET]
    card = repository.files["README.md"].decode().replace("# Training runs", "# My runs\n\nRead me.").replace("---\n", "---\nlicense: mit\n", 1)
    contents = {"README.md": card.encode(), "mine.txt": b"mine", "other/x.txt": b"x"}
    repository.commit({"summary": "Mine"}, [("file", {"path": path}) for path in contents], lambda value: contents[value["path"]])
    directory.run(LOG, 10, 10)
    synced(directory, hub)
    files = repository.files
    assert files["mine.txt"] == b"mine" and files["other/x.txt"] == b"x"
    assert "license: mit" in files["README.md"].decode() and "Read me." in files["README.md"].decode()
    assert "2 runs, 20 rows" in files["README.md"].decode() and row_ids(hub, "digits") == list(range(1, 21))
    # A file that somebody took away is written again.
    lost = next(path for path in files if path.startswith("digits/metrics/"))
    repository.commit({"summary": "Oops"}, [("deletedFile", {"path": lost})], None)
    synced(directory, hub)
    assert row_ids(hub, "digits") == list(range(1, 21))


def test_a_renamed_and_a_deleted_run_follow(directory, hub):
    directory.run(LOG, 0, 10)
    directory.run(LOG, 10, 10)
    synced(directory, hub)
    directory.run("""
import trackio
api = trackio.Api()
runs = {run.name: run for run in api.runs("digits")}
runs["r0"].rename("renamed")
runs["r10"].delete()
""")
    synced(directory, hub)
    assert set(column(hub, "digits", "metrics", "run_name")) == {"renamed"} and row_ids(hub, "digits") == list(range(1, 11))


def test_back_on_an_empty_machine(directory, new_directory, hub):
    directory.run(LOG, 0, 30)
    synced(directory, hub)
    other = new_directory()
    done = command(other, hub, "pull", DATASET, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"]["metrics"] == 30
    assert other.rows("digits") == directory.rows("digits")
    tables = ("configs", "alerts", "system_metrics")
    assert all(other.select("digits", f"SELECT * FROM {table}") == directory.select("digits", f"SELECT * FROM {table}") for table in tables)
    assert other.status("digits")["state"] == "finished"
    # It goes on from there.
    assert not synced(other, hub)["changed"]
    other.run(LOG, 30, 5)
    synced(other, hub)
    assert row_ids(hub, "digits") == list(range(1, 36))
    # The first machine does not take away what came from the second.
    directory.run(LOG, 50, 5)
    refused = command(directory, hub, "sync", "--project", "digits")
    assert refused.returncode == 1 and "did not come from here" in refused.stderr and "paceline pull" in refused.stderr
    assert row_ids(hub, "digits") == list(range(1, 36)) and status(directory, hub)["state"] == "failed"
    synced(directory, hub, "--replace")
    assert len(row_ids(hub, "digits")) == 35 and set(column(hub, "digits", "metrics", "run_name")) == {"r0", "r50"}
    again = command(other, hub, "pull", DATASET)
    assert again.returncode == 1 and "digits" in again.stderr
    beside = command(other, hub, "pull", DATASET, "--project", "digits", "--as", "digits-2")
    assert beside.returncode == 0 and other.count("digits-2") == 35


def test_a_dataset_in_the_form_of_the_peer_is_pulled_too(directory, new_directory, hub, tmp_path):
    directory.run(LOG, 0, 12)
    assert directory.paceline("export", "--project", "digits", "--format", "parquet", "--out", str(tmp_path / "out")).returncode == 0
    # What the peer does not write is not there.
    contents = {path.name: path.read_bytes() for path in (tmp_path / "out").glob("*.parquet")}
    assert "digits.parquet" in contents and "digits_configs.parquet" in contents
    repository = hub.repositories[DATASET] = Repository(DATASET, True)
    repository.large = {hashlib.sha256(content).hexdigest(): content for content in contents.values()}
    lines = [("lfsFile", {"path": path, "oid": hashlib.sha256(content).hexdigest()}) for path, content in contents.items()]
    repository.commit({"summary": "Theirs"}, lines, None)
    other = new_directory()
    done = command(other, hub, "pull", DATASET)
    assert done.returncode == 0, done.stderr
    assert other.rows("digits") == directory.rows("digits")
    assert other.select("digits", "SELECT * FROM configs") == directory.select("digits", "SELECT * FROM configs")


def test_secrets_do_not_leave_the_machine(directory, hub):
    directory.run(LOG, 0, 3)
    secret = "hf_" + "s" * 34
    with closing(sqlite3.connect(directory.file("digits"))) as connection:
        # As other programs write it: ours leaves secrets out before they are stored.
        config = json.dumps({"lr": 1.0, "hub_token": secret, "notes": f"use {secret}", "deep": {"password": "hunter2"}})
        connection.execute("UPDATE configs SET config = ?", (config.encode(),))
        connection.commit()
    synced(directory, hub)
    everything = json.dumps([column(hub, "digits", "configs", name) for name in ("hub_token", "notes", "deep", "paceline_extra")])
    assert "[redacted]" in everything and secret not in everything and "hunter2" not in everything
    token = hub.token.encode()
    kept = [path for path in directory.folder.rglob("*") if path.is_file() and token in path.read_bytes()]
    assert kept == [] and all(token not in request.body for request in hub.requests)


@pytest.mark.parametrize(
    "environment, words",
    [
        ({"HF_TOKEN": ""}, ["needs a token", "HF_TOKEN", "/settings/tokens"]),
        ({"HF_TOKEN": READ_TOKEN}, ["the token from HF_TOKEN may not do it", "write access"]),
        ({"HF_TOKEN": "hf_wrong"}, ["does not know the token from HF_TOKEN", "expired"]),
        ({"HF_ENDPOINT": "http://127.0.0.1:9"}, ["does not answer"]),
        ({"HF_ENDPOINT": "hub"}, ["HF_ENDPOINT is `hub`"]),
    ],
)
def test_who_may_not_is_told_what_to_do(directory, hub, environment, words):
    directory.run(LOG, 0, 3)
    refused = command(directory, hub, "sync", "--project", "digits", "--dataset", DATASET, **environment)
    assert refused.returncode == 1 and all(word in refused.stderr for word in words), refused.stderr
    assert DATASET not in hub.repositories and not any(token in refused.stderr for token in (READ_TOKEN, "hf_wrong"))
    synced(directory, hub)


def test_the_token_may_lie_in_a_file(directory, hub, tmp_path):
    directory.run(LOG, 0, 3)
    (tmp_path / "token").write_text(hub.token + "\n")
    assert synced(directory, hub, HF_TOKEN="", HF_TOKEN_PATH=str(tmp_path / "token"))["changed"]
    refused = command(directory, hub, "sync", "--project", "digits", "--dataset", "bob/runs")
    assert refused.returncode == 1 and "bob/runs" in refused.stderr
    assert json.loads(command(directory, hub, "sync", "--project", "digits", "--dataset", "mine", "--json").stdout)["dataset"] == "alice/mine"


def test_the_hub_is_asked_what_its_own_client_asks(directory, hub, tmp_path):
    directory.run(LOG, 0, 40)
    synced(directory, hub)
    folder = tmp_path / "files"
    for path, content in hub.repositories[DATASET].files.items():
        if path != ".gitattributes":
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
    with Hub(page_size=5, part_bytes=2_000) as theirs:
        official(theirs, folder, "publish")

    def changes(hub: Hub) -> list[Request]:
        return [request for request in hub.requests if request.method in ("POST", "PUT")]

    def facts(request: Request) -> tuple:
        """What a request says by its headers and its body; ids of commits, titles and the order of files left out."""
        headers = {name: request.headers.get(name) for name in ("authorization", "content-type", "accept")}
        kind = (headers["content-type"] or "").split(";")[0]
        accept = headers["accept"] if kind == LFS else None
        if request.method == "PUT":
            return headers["authorization"], request.headers["content-length"], hashlib.sha256(request.body).hexdigest()
        return kind, accept, headers["authorization"], ordered(request)

    def ordered(request: Request) -> object:
        said = request.json
        if isinstance(said, list):
            header, *lines = said
            assert header["value"]["parentCommit"] and header["value"]["summary"]
            return sorted(header["value"]), sorted(json.dumps(line, sort_keys=True) for line in lines)
        for name in ("files", "objects"):
            said.get(name, []).sort(key=lambda item: json.dumps(item, sort_keys=True))
        return json.dumps(said, sort_keys=True)

    def endpoint(request: Request) -> str:
        path = re.sub("/[0-9a-f]{64}", "/{sha256}", request.path)
        return f"{request.host:7} {request.method:4} {path}{'?part=' if 'part=' in request.target else ''}"

    def endpoints(hub: Hub) -> list[str]:
        """Each in the place where it was asked first."""
        return list(dict.fromkeys(map(endpoint, changes(hub))))

    def by_endpoint(hub: Hub) -> dict[str, list]:
        return {name: sorted(facts(request) for request in changes(hub) if endpoint(request) == name) for name in endpoints(hub)}

    own, official_ones = by_endpoint(hub), by_endpoint(theirs)
    print(f"\n{'endpoint':62} huggingface_hub  ours  equal")
    for name in dict.fromkeys([*official_ones, *own]):
        ours, others = own.get(name, []), official_ones.get(name, [])
        print(f"{name:62} {len(others):15} {len(ours):5}  {'yes' if ours == others else 'NO'}")
    for name, which in (("huggingface_hub", theirs), ("ours", hub)):
        print(f"{name} reads:", *dict.fromkeys(call.replace(DATASET, "{id}") for call in which.calls() if call.startswith(("GET", "HEAD"))), sep="\n  ")
    # Large files go out at once, so parts and their ends come as they come.
    steps = [[name for name in endpoints(which) if "storage" not in name and "/objects/" not in name] for which in (hub, theirs)]
    assert steps[0] == steps[1] and own == official_ones
    assert manifest_of(theirs, "digits") == manifest_of(hub, "digits")


def test_a_training_brings_its_rows_by_itself(directory, hub):
    script = """
import trackio
trackio.init(project="digits", dataset_id="alice/runs", auto_log_cpu=False, auto_log_gpu=False)
for step in range(25):
    trackio.log({"loss": 1 / (1 + step)}, step=step)
trackio.finish()
"""
    environment = hub.environment(HF_HOME=str(directory.folder / "hf"))
    trainer = directory.run(script, **environment)
    assert row_ids(hub, "digits") == list(range(1, 26)) and hub.repositories[DATASET].is_private, trainer.errors
    assert column(hub, "digits", "paceline_runs", "state") == ["finished"]


@pytest.mark.parametrize("in_background", [False, True])
def test_a_script_syncs_when_it_wants(directory, hub, in_background):
    directory.run(LOG, 0, 8)
    directory.assert_nothing_left()
    script = f"""
import trackio
assert trackio.sync("digits", dataset_id="alice/runs", run_in_background={in_background}) is None
try:
    trackio.sync("digits", dataset_id="a/b/c")
except ValueError as error:
    print(error)
"""
    trainer = directory.run(script, **hub.environment())
    assert trainer.output.strip() == "`dataset_id` must be `OWNER/NAME`, not `a/b/c`" and trainer.errors == ""
    assert row_ids(hub, "digits") == list(range(1, 9)) and hub.repositories[DATASET].is_private
    # What keeps it is said, and breaks nothing.
    away = directory.run("import trackio; trackio.sync('digits', dataset_id='bob/runs'); print('on')", **hub.environment())
    assert away.output.strip() == "on" and "RuntimeWarning" in away.errors and "bob" in away.errors


def test_a_hub_that_is_away_holds_up_no_training_for_long(directory, hub):
    script = """
import time, warnings, trackio
warnings.simplefilter("always")
trackio.init(project="digits", dataset_id="alice/runs", auto_log_cpu=False, auto_log_gpu=False)
trackio.log({"loss": 1.0})
begun = time.monotonic()
trackio.finish()
print("waited", time.monotonic() - begun)
"""
    hub.fail(".", seconds=6, times=2)
    trainer = directory.run(script, **hub.environment(PACELINE_SYNC_PATIENCE="2"))
    assert "does not have all of project `digits` yet" in trainer.errors and "trackio sync --project digits" in trainer.errors
    assert float(trainer.output.split("waited ")[1].split()[0]) < 6
    assert directory.count("digits") == 1
    # What was begun beside it comes to its end all the same.
    wait_until(lambda: DATASET in hub.repositories and row_ids(hub, "digits") == [1], 30)


def test_a_server_says_how_far_it_is_and_syncs_when_asked(directory, hub):
    directory.run(LOG, 0, 12)
    server = Server(directory, **hub.environment())
    path = "/api/v1/projects/digits/sync"
    try:
        assert server.get(path).json["state"] == "off"
        assert server.request("POST", path, json.dumps({}), server.token).json["hint"].startswith("say which")
        target = json.dumps({"target": {"dataset": DATASET, "interval_seconds": 0}})
        assert server.request("POST", path, target).status == 401
        asked = server.request("POST", path, target, server.token)
        assert asked.status == 200 and asked.json["dataset"] == DATASET, asked
        wait_until(lambda: server.get(path).json["state"] == "synced", 20, lambda: server.get(path))
        found = server.get(path).json
        assert found["last_commit"] == hub.repositories[DATASET].head.oid and found["rows_behind"] == 0
        assert row_ids(hub, "digits") == list(range(1, 13))
        # Trackio's own call does the same for every project that has a Dataset.
        assert server.log("digits", "more", [{"metrics": {"loss": 1.0}}]).status == 200
        assert server.request("POST", "/api/force_sync", "{}", server.token).json["data"] is True
        wait_until(lambda: row_ids(hub, "digits") == list(range(1, 14)), 20)
    finally:
        server.stop()


PICTURES = """
import sys, numpy, trackio
run = trackio.init(project="digits", name=sys.argv[1], auto_log_cpu=False, auto_log_gpu=False)
for step in range(2):
    trackio.log({"loss": step, "sample": trackio.Image(numpy.full((4, 4, 3), int(sys.argv[2]) + step, dtype="uint8"), caption=sys.argv[1])}, step=step)
trackio.finish()
"""


def media_of(hub: Hub) -> dict[str, bytes]:
    files = hub.repositories[DATASET].files
    return {path: content for path, content in files.items() if path.startswith("media/digits/")}


def test_media_go_with_the_rows_and_come_back(new_directory, hub):
    directory, other = new_directory(), new_directory()
    directory.run(PICTURES, "first", 10)
    directory.assert_nothing_left()
    assert synced(directory, hub)["changed"] and manifest_of(hub, "digits")
    before = media_of(hub)
    assert len(before) == 2 and not synced(directory, hub)["changed"]
    directory.run(PICTURES, "second", 200)
    directory.assert_nothing_left()
    assert synced(directory, hub)["changed"] and manifest_of(hub, "digits")
    after = media_of(hub)
    assert len(after) == 4 and before.items() <= after.items()

    pulled = command(other, hub, "pull", DATASET)
    assert pulled.returncode == 0, pulled.stderr
    media = other.path / "media"
    assert {f"media/{file.relative_to(media)}": file.read_bytes() for file in media.rglob("*.*")} == after
    # What came from the Dataset is the Dataset's: a sync from there has nothing to add.
    synced(other, hub)
    assert manifest_of(hub, "digits") and media_of(hub) == after


def test_a_folder_of_the_same_name_stays_somebody_elses(directory, hub):
    directory.run(LOG, 0, 5)
    repository = hub.repositories[DATASET] = Repository(DATASET, True)
    contents = {"digits/train-0000.parquet": b"theirs"}
    digest = hashlib.sha256(b"theirs").hexdigest()
    repository.large = {digest: b"theirs"}
    repository.commit({"summary": "Theirs"}, [("lfsFile", {"path": path, "oid": digest}) for path in contents], None)
    refused = command(directory, hub, "sync", "--project", "digits", "--dataset", DATASET)
    assert refused.returncode == 1 and "did not come from here" in refused.stderr, refused.stderr
    assert len(repository.commits) == 2
    # Even then: only what a manifest names is taken away.
    synced(directory, hub, "--replace")
    directory.run(LOG, 5, 5)
    synced(directory, hub)
    assert repository.files.items() >= contents.items() and "digits/manifest.json" in repository.files


def test_another_dataset_once_changes_nothing_for_the_first(directory, hub):
    directory.run(LOG, 0, 5)
    directory.assert_nothing_left()
    first = synced(directory, hub)
    other = command(directory, hub, "sync", "--project", "digits", "--dataset", "alice/copy", "--once", "--json")
    assert other.returncode == 0, other.stderr
    assert json.loads(other.stdout)["dataset"] == "alice/copy" and row_ids(hub, "digits", "alice/copy") == [1, 2, 3, 4, 5]
    found = status(directory, hub)
    assert (found["dataset"], found["last_commit"], found["state"]) == (DATASET, first["commit"], "synced")
    directory.run(LOG, 5, 5)
    again = command(directory, hub, "sync", "--project", "digits", "--json")
    assert again.returncode == 0 and json.loads(again.stdout)["dataset"] == DATASET, again.stderr
    # What goes there for good and comes back knows what it left.
    for dataset in ("alice/copy", DATASET):
        gone_over = command(directory, hub, "sync", "--project", "digits", "--dataset", dataset)
        assert gone_over.returncode == 0 and len(row_ids(hub, "digits", dataset)) == 10, gone_over.stderr


def test_a_deleted_project_leaves_no_dataset_to_a_later_one(directory, hub):
    directory.run(LOG, 0, 5)
    directory.assert_nothing_left()
    synced(directory, hub)
    directory.run("import trackio; trackio.delete_project('digits', force=True)")
    directory.run(LOG, 0, 3)
    assert status(directory, hub)["state"] == "off"


def test_a_name_that_no_dataset_has_begins_nothing(directory, hub):
    script = """
import warnings, trackio
try:
    trackio.init(project="digits", dataset_id="a/b/c", auto_log_cpu=False, auto_log_gpu=False)
except ValueError as error:
    print(error)
"""
    trainer = directory.run(script, **hub.environment())
    assert trainer.output.strip() == "`dataset_id` must be `OWNER/NAME`, not `a/b/c`" and not directory.file("digits").exists()
    trainer = directory.run(LOG, 0, 2, **hub.environment(TRACKIO_DATASET_ID="a/b/c"))
    assert "`TRACKIO_DATASET_ID` must be" in trainer.errors and directory.count("digits") == 2
