"""Registries: what we write the peer reads and goes on with, what it writes we do, and both make the same tables of it."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from support.directory import DataDirectory
from support.interpreters import peer_python
from support.server import Server

BEGINNING = """
import json, os, pathlib, sys, warnings
import trackio
warnings.simplefilter("ignore")
api = trackio.Api()

def begin(name, **where):
    return trackio.init(project="churn.model", name=name, auto_log_cpu=False, auto_log_gpu=False, **where)

def logged(text, name="model", type="weights"):
    pathlib.Path("weights.txt").write_text(text)
    artifact = trackio.Artifact(name, type=type, description="size " + str(len(text)), metadata={"text": text})
    artifact.add_file("weights.txt")
    return artifact

def say(value):
    print(json.dumps(value, default=str, sort_keys=True))

def about(artifact):
    say({name: getattr(artifact, name) for name in (
        "name", "type", "version", "aliases", "size", "manifest", "manifest_digest", "project", "qualified_name", "is_link",
        "source_name", "source_version", "source_project", "source_qualified_name", "description", "metadata")})

def about_collection(found):
    say(None if found is None else {**{name: getattr(found, name) for name in ("name", "type", "description", "num_links", "latest_version")},
        "links": [{key: value for key, value in link.items() if key != "created_at"} for link in found.links]})

def attempt(what, call):
    try:
        say([what, repr(call())])
    except Exception as error:
        assert not isinstance(error, (AttributeError, KeyError, IndexError)), error
        say([what, "ValueError" if isinstance(error, ValueError) else type(error).__name__])
"""

# Each line is printed as JSON; both trackers print the same.
MAKE = BEGINNING + """
registry = api.create_registry("models", description="größe")
say([registry.name, registry.description, registry.bucket_id, repr(registry), api.registry("models").description])
about_collection(registry.create_collection("churn", "weights", description="of each week"))
about_collection(registry.create_collection("churn", artifact_type="weights"))
about_collection(registry.create_collection("churn", "weights", "of each day"))
about_collection(registry.collection("none"))
run = begin("maker")
trackio.log({"loss": 1.0})
first = trackio.log_artifact(logged("one"))
link = run.link_artifact(first, "registry-models/churn", aliases=["staging", "latest"])
about(link)
about(run.link_artifact(logged("two"), "registry-models/churn", aliases=["staging", "prod"]))
about(trackio.log_artifact(logged("three")).link("registry-models/churn"))
about(run.link_artifact(first, "registry-models/churn", ["prod"]))
about(run.link_artifact(first, "registry-models/churn", ["prod"]))
about(link.link("registry-models/other", aliases=["from-a-link"]))
about(run.link_artifact(trackio.log_artifact(logged("data", name="set", type="dataset")), "registry-models/data"))
for found in registry.collections():
    about_collection(found)
for spec in ("", ":latest", ":prod", ":v1"):
    used = run.use_artifact("registry-models/churn" + spec)
    about(used)
    root = pathlib.Path(used.download())
    say([root.parts[-2:], (root / "weights.txt").read_text()])
about(run.use_artifact(used, type="weights"))
trackio.finish()
"""

GO_ON = BEGINNING + """
registry = api.registry("models")
run = begin("second")
trackio.log({"loss": 0.5})
for found in registry.collections():
    about_collection(found)
about(run.use_artifact("registry-models/churn:prod"))
newest = run.use_artifact("registry-models/churn:v2")
newest.unlink()
attempt("unlinked", newest.unlink)
about_collection(registry.collection("churn"))
about(run.link_artifact(logged("four"), "registry-models/churn", aliases=["staging"]))
run.use_artifact("registry-models/churn:staging").unlink()
run.use_artifact("registry-models/other").unlink()
attempt("empty", lambda: run.use_artifact("registry-models/other"))
for found in registry.collections():
    about_collection(found)
say([{key: event[key] for key in ("id", "kind")} for event in registry.events()])
trackio.finish()
"""

REFUSALS = BEGINNING + """
api.create_registry("models")
run = begin("r")
trackio.log({"a": 1})
artifact = trackio.log_artifact(logged("one"))
api.registry("models").create_collection("churn", "weights")
for name in ("", "a.b", "../x", "a b", None, "models"):
    attempt(["create", name], lambda: api.create_registry(name))
attempt("registry", lambda: api.registry("other"))
attempt("handle", lambda: trackio.Registry("a/b"))
for name in ("", "a/b", "ä", None):
    attempt(["collection", name], lambda: api.registry("models").create_collection(name, "weights"))
for kind in ("", None, "other"):
    attempt(["type", kind], lambda: api.registry("models").create_collection("churn", kind))
for target in ("churn", "models/churn", "registry-models", "registry-models/a/b", "registry-/churn", "registry-models/", "registry-x/churn", None):
    attempt(["link", target], lambda: run.link_artifact(artifact, target))
for aliases in ("best", ["v3"], [""], ["a b"], [3]):
    attempt(["aliases", aliases], lambda: run.link_artifact(artifact, "registry-models/churn", aliases))
attempt("no artifact", lambda: run.link_artifact("model:v0", "registry-models/churn"))
attempt("other type", lambda: run.link_artifact(logged("x", name="set", type="dataset"), "registry-models/churn"))
attempt("draft", lambda: logged("x").link("registry-models/churn"))
attempt("no link", artifact.unlink)
for spec in ("registry-models/none", "registry-none/churn", "registry-models/churn:", "registry-models/churn"):
    attempt(["use", spec], lambda: run.use_artifact(spec))
artifact.link("registry-models/churn")
for spec in (":v1", ":prod", ":v"):
    attempt(["use", spec], lambda: run.use_artifact("registry-models/churn" + spec))
attempt("use as", lambda: run.use_artifact("registry-models/churn", type="dataset"))
say([found.num_links for found in api.registry("models").collections()])
say([event["kind"] for event in api.registry("models").events()])
trackio.finish()
"""


@pytest.fixture(autouse=True)
def _files_of_scripts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)


def said(directory: DataDirectory, script: str, *arguments: object, peer: bool = False, **environment: str) -> list[Any]:
    """Runs a script in our Python or the peer's, and gives the lines of JSON it printed."""
    python = {"python": str(peer_python())} if peer else {}
    process = directory.start(script, *arguments, **python, HF_HUB_OFFLINE="1", **environment)
    process.expect_exit(0, 120)
    return [json.loads(line) for line in process.output.splitlines() if line.startswith(("{", "[", "null"))]


def rows(directory: DataDirectory, registry: str = "models") -> dict[str, list[Any]]:
    """The tables of a registry, without times and without ids of events and runs, which differ each time."""
    queries = {
        "metadata": "SELECT key FROM project_metadata WHERE key LIKE 'registry%' ORDER BY key",
        "collections": "SELECT id, name, type, description, next_version FROM collections ORDER BY id",
        "links": "SELECT id, collection_id, collection_version, source_project, source_artifact, source_version, source_space_id, "
        "source_bucket_id, source_server_base_url FROM collection_links ORDER BY id",
        "aliases": "SELECT * FROM collection_aliases ORDER BY collection_id, alias",
        "events": "SELECT id, kind, payload, length(event_uid) FROM registry_events ORDER BY id",
    }
    with closing(sqlite3.connect(directory.file(f"registry-{registry}"))) as connection:
        found = {name: connection.execute(query).fetchall() for name, query in queries.items()}
        order = [uid for (uid,) in connection.execute("SELECT event_uid FROM registry_events ORDER BY id")]
    assert order == sorted(order), "the ids sort as the events happened"
    for position, (id, kind, payload, length) in enumerate(found["events"]):
        fields = json.loads(payload)
        assert fields.pop("run_id", None) is None or fields.get("run_name"), payload
        # The order of the fields counts too.
        found["events"][position] = (id, kind, json.dumps(fields), length)
    return found


def schema(directory: DataDirectory) -> set[str]:
    """The statements that made the tables and indexes of the registry `models`, but for our own."""
    with closing(sqlite3.connect(directory.file("registry-models"))) as connection:
        made = connection.execute("SELECT sql FROM sqlite_master WHERE sql NOTNULL AND name NOT LIKE 'paceline%'")
        return {"".join(sql.split()).lower() for (sql,) in made if "sqlite_sequence" not in sql}


def test_both_write_the_same(directory, new_directory):
    theirs = new_directory()
    first = said(directory, MAKE), said(theirs, MAKE, peer=True)
    assert first[0] == first[1] and len(first[0]) == 24
    assert rows(directory) == rows(theirs)
    assert schema(directory) == schema(theirs)
    second = said(directory, GO_ON), said(theirs, GO_ON, peer=True)
    assert second[0] == second[1] and len(second[0]) == 12
    assert rows(directory) == rows(theirs)


def test_each_goes_on_with_what_the_other_began(directory, new_directory):
    theirs = new_directory()
    said(directory, MAKE)
    said(theirs, MAKE, peer=True)
    peer_on_ours, we_on_theirs = said(directory, GO_ON, peer=True), said(theirs, GO_ON)
    assert peer_on_ours == we_on_theirs and len(we_on_theirs) == 12
    assert rows(directory) == rows(theirs)


def test_both_refuse_the_same(directory, new_directory):
    ours, theirs = said(directory, REFUSALS), said(new_directory(), REFUSALS, peer=True)
    assert ours == theirs
    assert sum(answer[1] == "ValueError" for answer in ours[:-2]) > 25


def test_a_registry_can_be_built_again_from_its_events(directory):
    """The peer's reducer makes of our log the tables that we made."""
    said(directory, MAKE)
    said(directory, GO_ON)
    rebuilt = said(directory, """
import json, sqlite3, sys
from trackio.registry_storage import RegistryStorage
events = RegistryStorage.get_events("models")
target = sqlite3.connect(":memory:")
target.row_factory = sqlite3.Row
RegistryStorage._create_registry_tables_cursor(target)
RegistryStorage.replay_events_cursor(target, events)
print(json.dumps([RegistryStorage.list_collections_cursor(target), RegistryStorage.list_collections("models")]))
""", peer=True)  # fmt: skip
    replayed, stored = rebuilt[0]
    assert stored and replayed == stored


def test_the_server_shows_what_was_written(directory):
    said(directory, MAKE)
    server = Server(directory)
    try:
        call = json.dumps({"kwargs": {"registry": "models", "bucket_id": None}})
        details = server.request("POST", "/api/get_registry_details", call, server.token).json["data"]
        assert [found["name"] for found in details["collections"]] == ["data", "churn", "other"]
        assert details["description"] == "größe" and details["events"][0]["payload"] == {"registry": "models"}
        listed = server.request("POST", "/api/get_all_projects", json.dumps({"kwargs": {}}), server.token)
        assert listed.json["data"] == ["churnmodel"], "a registry is no project"
    finally:
        server.stop()


def test_a_run_that_a_server_keeps_links_nothing(directory, new_directory):
    directory.path.mkdir()
    server, client = Server(directory), new_directory()
    script = BEGINNING + """
api.create_registry("models")
run = begin("far", server_url=sys.argv[1])
artifact = trackio.log_artifact(logged("one"))
attempt("link", lambda: artifact.link("registry-models/churn"))
attempt("link of a run", lambda: run.link_artifact(artifact, "registry-models/churn"))
attempt("use", lambda: run.use_artifact("registry-models/churn"))
trackio.finish()
say(api.registry("models").collections())
"""
    try:
        url = f"http://127.0.0.1:{server.port}"
        ours = said(client, script, url, TRACKIO_WRITE_TOKEN=server.token)
        theirs = said(new_directory(), script, url, peer=True, TRACKIO_WRITE_TOKEN=server.token)
    finally:
        server.stop()
    assert ours == theirs
    assert ours == [[what, "NotImplementedError"] for what in ("link", "link of a run", "use")] + [[]]


def test_registries_in_buckets_are_refused(directory):
    answers = said(directory, BEGINNING + """
os.environ["HF_HUB_OFFLINE"] = "1"
run = begin("r")
artifact = trackio.log_artifact(logged("one"))
def refuse(what, call):
    try:
        call()
    except NotImplementedError as error:
        say([what, "user/models" in str(error) and "TRACKIO_REGISTRY_BUCKET_ID" in str(error)])
for bucket_id in ("user/models", None):
    if bucket_id is None:
        os.environ["TRACKIO_REGISTRY_BUCKET_ID"] = "user/models"
    refuse("create", lambda: api.create_registry("models", bucket_id=bucket_id))
    refuse("registry", lambda: api.registry("models", bucket_id=bucket_id))
    refuse("link", lambda: artifact.link("registry-models/churn", bucket_id=bucket_id))
    refuse("link of a run", lambda: run.link_artifact(artifact, "registry-models/churn", bucket_id=bucket_id))
refuse("use", lambda: run.use_artifact("registry-models/churn"))
trackio.finish()
""")  # fmt: skip
    assert [answer[0] for answer in answers].count("link") == 2 and len(answers) == 9
    assert all(answer[1] is True for answer in answers), answers
    assert not directory.file("registry-models").exists()


def test_paths_of_wandb_lead_to_registries(directory):
    """Its registries are there from the start, so ours are made where a script names them as it does."""
    answers = said(directory, BEGINNING + """
run = begin("r")
artifact = trackio.log_artifact(logged("one"))
for target in ("wandb-registry-model/churn", "some-org/wandb-registry-model/churn"):
    about(run.link_artifact(artifact, target, aliases=["prod"]))
about(trackio.use_artifact("some-org/wandb-registry-model/churn:prod"))
about(trackio.link_model("weights.txt", "digits", name="digits"))
trackio.finish()
say([found.name for found in api.registry("model").collections()])
""")  # fmt: skip
    assert [answer["qualified_name"] for answer in answers[:-1]] == ["registry-model/churn:v0"] * 3 + ["registry-model/digits:v0"]
    assert answers[-1] == ["digits", "churn"]


def test_links_are_found_without_a_run_and_a_disabled_run_makes_none(directory):
    answers = said(directory, BEGINNING + """
api.create_registry("models")
silent = trackio.init(project="churn.model", mode="disabled")
linked = silent.link_artifact(logged("one"), "registry-models/churn", aliases=["prod"])
say([linked.qualified_name, linked.is_link, linked.aliases])
silent.finish()
say([found.name for found in api.registry("models").collections()])
run = begin("r")
run.link_artifact(logged("one"), "registry-models/churn", aliases=["prod"])
trackio.finish()
about(api.artifact("registry-models/churn:prod"))
say([api.artifact_exists(f"registry-{path}") for path in ("models/churn", "models/churn:v0", "models/churn:v1", "models/x", "x/churn")])
""")  # fmt: skip
    assert answers[0] == ["registry-models/churn:v0", True, ["prod"]] and answers[1] == []
    assert answers[2]["source_qualified_name"] == "churn.model/model:v0"
    assert answers[3] == [True, True, False, False, False]


def test_many_processes_link_at_once(directory):
    said(directory, BEGINNING + "api.create_registry('models')")
    script = BEGINNING + """
run = begin("r" + sys.argv[1])
for number in range(3):
    path = pathlib.Path(f"{sys.argv[1]}-{number}.txt")
    path.write_text(path.name)
    artifact = trackio.Artifact("model", type="weights")
    artifact.add_file(path)
    run.link_artifact(artifact, "registry-models/churn", aliases=["of-" + sys.argv[1]])
trackio.finish()
"""
    # The peer takes part.
    processes = [directory.start(script, number) for number in range(3)]
    processes.append(directory.start(script, 3, python=str(peer_python()), HF_HUB_OFFLINE="1"))
    for process in processes:
        process.expect_exit(0, 180)
    tables = rows(directory)
    assert [link[2] for link in tables["links"]] == list(range(12)), "each number once, none left out"
    assert {alias for _, alias, _ in tables["aliases"]} == {"latest", "of-0", "of-1", "of-2", "of-3"}
    links = [json.loads(payload)["collection_version"] for _, kind, payload, _ in tables["events"] if kind == "link"]
    assert sorted(links) == list(range(12))
