"""What a sync leaves alone: the words and tables of others in the Dataset, who sees it, and projects that were deleted."""

import io
import json

import pyarrow as arrow
import pytest
from pyarrow import parquet

from support.directory import DataDirectory
from support.hub import Hub
from support.hub_repository import Repository, StoredFile
from support.synced import DATASET, row_ids
from support.waiting import wait_until
from test_hub_stub import official
from test_sync import LOG, command, status, synced

OTHER_LOG = LOG.replace("digits", "letters")


@pytest.fixture
def hub():
    with Hub(page_size=5, part_bytes=2_000) as hub:
        yield hub


def put(hub: Hub, **contents: bytes) -> None:
    """Commits files by somebody else; `__` stands for `/`, a last `_` for the ending of a card."""
    files = {"README.md" if name == "card" else name.replace("__", "/"): content for name, content in contents.items()}
    repository = hub.repositories[DATASET]
    repository.commit({"summary": "Theirs"}, [("file", {"path": path}) for path in files], lambda value: files[value["path"]])


def target(directory: DataDirectory) -> dict:
    return json.loads((directory.path / ".paceline/datasets/digits.target.json").read_text())


def test_a_dataset_that_cannot_be_had_takes_nobody_away_from_the_one_before(directory, hub):
    directory.run(LOG, 0, 5)
    directory.assert_nothing_left()
    synced(directory, hub, "--every", "5")
    before = target(directory)
    assert (before["dataset"], before["interval_seconds"]) == (DATASET, 300)
    refused = command(directory, hub, "sync", "--project", "digits", "--dataset", "bob/runs")
    assert refused.returncode == 1 and target(directory) == before, refused.stderr
    # Where it goes elsewhere it goes as often.
    sync_elsewhere = command(directory, hub, "sync", "--project", "digits", "--dataset", "alice/other")
    assert sync_elsewhere.returncode == 0 and target(directory) == {**before, "dataset": "alice/other"}, sync_elsewhere.stderr


def test_a_project_that_is_gone_hides_no_other(directory, hub):
    directory.run(LOG, 0, 5)
    directory.assert_nothing_left()
    synced(directory, hub)
    folder = directory.path / ".paceline/datasets"
    for gone in ("a_gone", "z_gone"):
        (folder / f"{gone}.target.json").write_text((folder / "digits.target.json").read_text())
    told = command(directory, hub, "sync", "--status", "--json")
    assert told.returncode == 1 and "`a_gone`" in told.stderr and "`z_gone`" in told.stderr, told.stderr
    assert json.loads(told.stdout)["project"] == "digits"


def card(hub: Hub) -> str:
    return hub.repositories[DATASET].files["README.md"].decode()


def sync(directory: DataDirectory, hub: Hub, project: str) -> dict:
    done = command(directory, hub, "sync", "--project", project, "--dataset", DATASET, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def texts_read(hub: Hub) -> list[str]:
    return [call.split("/resolve/", 1)[1].split("/", 1)[1] for call in hub.calls() if "/resolve/" in call]


THEIR_CARD = """---
license: mit
configs:
  - config_name: mine
    data_files: "mine/*.parquet"
    default: true
dataset_info:
  config_name: mine
  features:
  - name: a
    dtype: int64
---
# Mine
"""


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_tables_of_somebody_else_stay_in_the_card(directory, hub, tmp_path, ending):
    hub.repositories[DATASET] = Repository(DATASET, True)
    put(hub, card=THEIR_CARD.replace("\n", ending).encode())
    repository, rows = hub.repositories[DATASET], io.BytesIO()
    parquet.write_table(arrow.table({"a": [1, 2]}), rows)
    content = StoredFile(rows.getvalue(), True)
    repository.head.files["mine/rows.parquet"] = content
    repository.large[content.sha256] = content.content
    directory.run(LOG, 0, 5)
    directory.assert_nothing_left()
    synced(directory, hub)
    directory.run("""
import trackio
trackio.init(project="digits", name="later", auto_log_cpu=False, auto_log_gpu=False)
trackio.log({"loss": 0.5, "new": 2.5}, step=1)
trackio.finish()
""")
    directory.assert_nothing_left()
    synced(directory, hub)
    text = card(hub)
    assert text.startswith(f"---{ending}license: mit{ending}configs:{ending}- config_name: mine{ending}") and "# Mine" in text
    assert text.count("\n") == text.count(ending) and text.count("default: true") == 1
    assert not synced(directory, hub)["changed"]
    (tmp_path / "any").mkdir()
    loaded = official(hub, tmp_path / "any", "load")
    assert loaded["mine"] == [{"a": 1}, {"a": 2}] and [row["new"] for row in loaded["digits"]] == [None] * 5 + [2.5]


def test_other_projects_are_told_of_without_reading_what_they_hold(directory, hub, tmp_path):
    directory.run(LOG, 0, 5)
    directory.run(OTHER_LOG, 0, 3)
    directory.assert_nothing_left()
    sync(directory, hub, "letters")
    first = sync(directory, hub, "digits")
    hub.requests.clear()
    # Neither of the two changes what the other one is said to be.
    assert not sync(directory, hub, "letters")["changed"] and not sync(directory, hub, "digits")["changed"]
    assert sorted(set(texts_read(hub))) == ["README.md", "digits/manifest.json", "letters/manifest.json"]
    assert texts_read(hub).count("digits/manifest.json") == 1 == texts_read(hub).count("letters/manifest.json")
    assert hub.repositories[DATASET].head.oid == first["commit"]
    # A card that says nothing of it is completed.
    put(hub, card=b"# Words\n")
    hub.requests.clear()
    sync(directory, hub, "digits")
    assert "letters/manifest.json" in texts_read(hub) and "# Words" in card(hub)
    (tmp_path / "any").mkdir()
    loaded = official(hub, tmp_path / "any", "load")
    assert (len(loaded["digits"]), len(loaded["letters"])) == (5, 3)
    # A project that is gone is gone from it, too.
    gone = [("deletedFolder", {"path": "letters"})]
    sync(directory, hub, "letters")
    hub.repositories[DATASET].commit({"summary": "Less"}, gone, None)
    sync(directory, hub, "digits")
    assert "letters" not in card(hub) and card(hub).count("default: true") == 1


@pytest.mark.parametrize("manifest", [b" " * 40_000_000, b"\xff", b"{}"], ids=["too large", "no text", "no manifest"])
def test_what_another_project_holds_keeps_no_sync(directory, hub, manifest):
    directory.run(LOG, 0, 5)
    hub.repositories[DATASET] = Repository(DATASET, True)
    hub.repositories[DATASET].head.files["letters/manifest.json"] = StoredFile(manifest, False)
    synced(directory, hub)
    assert row_ids(hub, "digits") == [1, 2, 3, 4, 5]
    assert (len(manifest) < 1_000) == ("letters/manifest.json" in texts_read(hub))


def test_an_address_that_has_expired_is_asked_for_anew(directory, hub):
    directory.run(LOG, 0, 40)
    expired = hub.fail("PUT ", status=403, times=2)
    synced(directory, hub)
    assert expired.happened == 2 and row_ids(hub, "digits") == list(range(1, 41))
    assert sum("/objects/batch" in call for call in hub.calls()) == 3
    # One that is never good is no fault of the token.
    directory.run(LOG, 40, 2_000)
    hub.fail("PUT ", status=403, times=1_000)
    refused = command(directory, hub, "sync", "--project", "digits")
    assert refused.returncode == 1 and "the address that the Hub gave" in refused.stderr and "token" not in refused.stderr, refused.stderr
    assert status(directory, hub)["state"] == "failed"


def test_who_sees_a_dataset_is_decided_when_it_is_made(directory, hub):
    directory.run(LOG, 0, 3)
    directory.assert_nothing_left()
    assert synced(directory, hub)["private"]
    # Later it is its owner's alone.
    assert synced(directory, hub, "--public")["private"] and hub.repositories[DATASET].is_private
    done = command(directory, hub, "sync", "--project", "digits", "--dataset", "alice/open", "--public", "--json")
    assert not json.loads(done.stdout)["private"] and not hub.repositories["alice/open"].is_private
    again = command(directory, hub, "sync", "--project", "digits", "--dataset", "alice/open", "--once", "--json")
    assert not json.loads(again.stdout)["private"] and not hub.repositories["alice/open"].is_private
    assert not [request for request in hub.requests if "/settings" in request.target]


@pytest.mark.parametrize("step", ["/revision/", "/preupload/", "/commit/"])
def test_a_project_that_is_deleted_during_its_sync_leaves_nothing(directory, hub, step):
    directory.run(LOG, 0, 5)
    directory.assert_nothing_left()
    delete = "import trackio; assert trackio.delete_project('digits', force=True)"
    fault = hub.fail(step, instead=lambda: directory.run(delete))
    refused = command(directory, hub, "sync", "--project", "digits", "--dataset", DATASET)
    assert fault.happened == 1 and refused.returncode == 1 and "panicked" not in refused.stderr, refused.stderr
    left = sorted(path.name for path in (directory.path / ".paceline" / "datasets").iterdir())
    assert left == [], left
    directory.run(LOG, 0, 3)
    assert status(directory, hub)["state"] == "off"


def test_no_answer_is_told_by_what_it_looks_like(directory, hub):
    directory.run(LOG, 0, 3)

    def told(address: str) -> str:
        refused = command(directory, hub, "sync", "--project", "digits", "--dataset", DATASET, HF_ENDPOINT=address)
        assert refused.returncode == 1 and f"`{address}` does not answer (" in refused.stderr, refused.stderr
        assert "hint: try again" in refused.stderr and "HTTPS_PROXY" in refused.stderr
        return refused.stderr.split("does not answer (", 1)[1].split(")", 1)[0]

    assert "refused" in told("http://127.0.0.1:9")
    assert "lookup" in told("http://hub.invalid")
    found = status(directory, hub)
    assert found["state"] == "failed" and "does not answer" in found["last_error"]["error"]


PATIENCE = """
import os, sys, time, warnings, trackio
from trackio import _dataset
warnings.simplefilter("always")
if "missing" in sys.argv:
    _dataset.find_program = lambda: None
trackio.init(project="digits", dataset_id="alice/runs", auto_log_cpu=False, auto_log_gpu=False)
trackio.log({"loss": 1.0})
begun = time.monotonic()
trackio.finish()
print("waited", time.monotonic() - begun)
"""


def test_patience_of_none_waits_for_nothing(directory, hub):
    held = hub.fail(".", seconds=6)
    trainer = directory.run(PATIENCE, **hub.environment(PACELINE_SYNC_PATIENCE="0"))
    assert "Warning" not in trainer.errors and float(trainer.output.split("waited ")[1].split()[0]) < 5, trainer.errors
    # What goes on beside it comes to its end.
    wait_until(lambda: DATASET in hub.repositories and row_ids(hub, "digits") == [1], 30)
    assert held.happened == 1


def test_patience_that_is_no_number_is_the_usual_one(directory, hub):
    trainer = directory.run(PATIENCE, **hub.environment(PACELINE_SYNC_PATIENCE="long"))
    assert row_ids(hub, "digits") == [1] and "Warning" not in trainer.errors, trainer.errors


def test_a_program_that_is_missing_is_said_and_breaks_no_training(directory, hub):
    trainer = directory.run(PATIENCE, "missing", **hub.environment())
    assert "the program `paceline` is not found" in trainer.errors and "`trackio sync --project digits` brings them" in trainer.errors
    # Whoever serves the directory brings them in its time.
    wait_until(lambda: DATASET in hub.repositories and row_ids(hub, "digits") == [1], 30)
