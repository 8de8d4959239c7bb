"""A pull fetches what a manifest names and nothing else, and nothing at all where it cannot become a project."""

import json

import pytest

from support.hub import Hub
from support.hub_repository import Repository, StoredFile
from support.synced import DATASET
from test_sync import LOG, PICTURES, command, synced


@pytest.fixture
def hub():
    with Hub(page_size=5, part_bytes=2_000) as hub:
        yield hub


def add(repository: Repository, **contents: bytes) -> None:
    """Commits files by somebody else; `__` stands for `/`."""
    files = {name.replace("__", "/"): content for name, content in contents.items()}
    repository.commit({"summary": "Theirs"}, [("file", {"path": path}) for path in files], lambda value: files[value["path"]])


def fetched(hub: Hub) -> list[str]:
    """Paths that were asked for since the requests were cleared."""
    return [call.split("/resolve/", 1)[1].split("/", 1)[1] for call in hub.calls() if "/resolve/" in call]


def test_only_what_the_manifest_names_is_fetched(directory, new_directory, hub):
    directory.run(PICTURES, "first", 10)
    synced(directory, hub)
    add(hub.repositories[DATASET], digits__huge=b"x" * 100_000, media__digits__other=b"y", digits__sub__z=b"z")
    hub.requests.clear()
    other = new_directory()
    done = command(other, hub, "pull", DATASET)
    assert done.returncode == 0, done.stderr
    asked = fetched(hub)
    assert asked[0] == "digits/manifest.json" and len(asked) == len(set(asked))
    assert not {"digits/huge", "media/digits/other", "digits/sub/z"} & set(asked)
    assert other.rows("digits") == directory.rows("digits") and len(list((other.path / "media").rglob("*.*"))) == 2


def test_a_project_that_is_here_is_left_alone_and_nothing_is_fetched(directory, new_directory, hub):
    directory.run(LOG, 0, 5)
    synced(directory, hub)
    other = new_directory()
    other.run(LOG, 50, 2)
    before = other.rows("digits")
    hub.requests.clear()
    refused = command(other, hub, "pull", DATASET)
    assert refused.returncode == 1 and "project `digits` is in the data directory already" in refused.stderr, refused.stderr
    assert fetched(hub) == [] and other.rows("digits") == before


def several(directory, hub, *projects: str) -> None:
    """Logs 5 rows into each and syncs it."""
    for project in projects:
        directory.run(LOG.replace("digits", project), 0, 5)
        done = command(directory, hub, "sync", "--project", project, "--dataset", DATASET)
        assert done.returncode == 0, done.stderr


def test_of_several_projects_those_that_are_here_stay(directory, new_directory, hub):
    several(directory, hub, "digits", "zeta")
    other = new_directory()
    other.run(LOG.replace("digits", "zeta"), 50, 2)
    hub.requests.clear()
    refused = command(other, hub, "pull", DATASET, "--project", "zeta")
    assert refused.returncode == 1 and "`zeta`" in refused.stderr and fetched(hub) == []
    done = command(other, hub, "pull", DATASET)
    assert done.returncode == 0 and "project `zeta` is here already" in done.stderr, done.stderr
    assert (other.count("digits"), other.count("zeta")) == (5, 2)
    assert not [path for path in fetched(hub) if path.startswith("zeta/")]


def test_a_pull_that_breaks_off_says_what_it_did_and_goes_on(directory, new_directory, hub):
    several(directory, hub, "digits", "zeta")
    repository = hub.repositories[DATASET]
    manifest = repository.head.files["zeta/manifest.json"]
    repository.head.files["zeta/manifest.json"] = StoredFile(b"{}", False)
    other = new_directory()
    broken = command(other, hub, "pull", DATASET, "--json")
    assert broken.returncode == 1 and json.loads(broken.stdout)["project"] == "digits", broken.stderr
    assert other.count("digits") == 5 and not other.file("zeta").exists()
    repository.head.files["zeta/manifest.json"] = manifest
    done = command(other, hub, "pull", DATASET, "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["project"] == "zeta" and other.count("zeta") == 5, done.stderr


def test_a_project_that_is_called_as_a_folder_of_an_export_comes_back(directory, new_directory, hub):
    several(directory, hub, "digits", "digits_paceline")
    other = new_directory()
    done = command(other, hub, "pull", DATASET)
    assert done.returncode == 0, done.stderr
    assert all(other.rows(project) == directory.rows(project) for project in ("digits", "digits_paceline"))


@pytest.mark.parametrize("left", ["digits.db-wal", "digits.db-journal", "media/digits/files/notes.txt"])
def test_what_is_left_of_an_earlier_project_does_not_become_part_of_it(directory, new_directory, hub, left):
    directory.run(LOG, 0, 5)
    synced(directory, hub)
    other = new_directory()
    (other.path / left).parent.mkdir(parents=True, exist_ok=True)
    (other.path / left).write_text("left")
    hub.requests.clear()
    refused = command(other, hub, "pull", DATASET)
    named = str(other.path / left).removesuffix("/files/notes.txt")
    assert refused.returncode == 1 and f"`{named}` is left of an earlier project" in refused.stderr and fetched(hub) == [], refused.stderr
    assert (other.path / left).read_text() == "left" and not other.file("digits").exists()
    (other.path / left).unlink()
    assert command(other, hub, "pull", DATASET).returncode == 0 and other.count("digits") == 5


def test_a_file_of_another_size_than_listed_is_not_taken_in(directory, new_directory, hub):
    directory.run(LOG, 0, 200)
    synced(directory, hub)
    repository = hub.repositories[DATASET]
    oid = max(repository.large, key=lambda oid: len(repository.large[oid]))
    repository.large[oid] += b"x" * 50_000_000
    other = new_directory()
    refused = command(other, hub, "pull", DATASET)
    assert refused.returncode == 1 and "are not the file" in refused.stderr and not other.file("digits").exists(), refused.stderr
    assert not list((other.path / ".paceline" / "datasets").glob("*.files"))


@pytest.mark.parametrize("is_missing", [False, True])
def test_a_manifest_that_tells_of_other_files_is_refused_before_they_are_fetched(directory, new_directory, hub, is_missing):
    directory.run(LOG, 0, 5)
    synced(directory, hub)
    repository = hub.repositories[DATASET]
    path = next(path for path in repository.files if path.startswith("digits/metrics/"))
    if is_missing:
        repository.commit({"summary": "Oops"}, [("deletedFile", {"path": path})], None)
    else:
        repository.head.files[path] = StoredFile(b"another one", True)
    hub.requests.clear()
    refused = command(new_directory(), hub, "pull", DATASET)
    assert refused.returncode == 1 and "is not the file that its manifest tells of" in refused.stderr, refused.stderr
    assert fetched(hub) == ["digits/manifest.json"]


def test_a_manifest_leads_nowhere_else(directory, new_directory, hub):
    directory.run(LOG, 0, 5)
    synced(directory, hub)
    repository = hub.repositories[DATASET]
    manifest = json.loads(repository.files["digits/manifest.json"])
    manifest["tables"]["metrics"]["files"][0]["path"] = "../../outside.parquet"
    add(repository, digits__manifest=b"")
    repository.head.files["digits/manifest.json"] = StoredFile(json.dumps(manifest).encode(), False)
    refused = command(new_directory(), hub, "pull", DATASET)
    assert refused.returncode == 1 and "not below its folder" in refused.stderr, refused.stderr
    manifest["project"] = "other"
    repository.head.files["digits/manifest.json"] = StoredFile(json.dumps(manifest).encode(), False)
    refused = command(new_directory(), hub, "pull", DATASET)
    assert refused.returncode == 1 and "is that of a project `other`" in refused.stderr, refused.stderr


def test_an_address_that_has_expired_leads_to_a_new_one(directory, new_directory, hub):
    directory.run(LOG, 0, 5)
    synced(directory, hub)
    expired = hub.fail("GET /alice/runs/", status=403, times=2)
    other = new_directory()
    done = command(other, hub, "pull", DATASET)
    assert done.returncode == 0 and expired.happened == 2 and other.count("digits") == 5, done.stderr
