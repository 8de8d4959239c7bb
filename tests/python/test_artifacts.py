"""Artifacts: the peer's released client logs them to our server, and each of the two reads what the other keeps."""

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from support.directory import DataDirectory
from support.interpreters import peer_python
from support.server import Server

FILES = {"weights.bin": bytes(range(256)) * 8192, "config/größe.json": b'{"layers": 2}', "empty": b""}

# What a training does with artifacts; runs in the peer's Python against a server, or on its own directory.
LOG = """
import json, os, sys
from pathlib import Path
import trackio
folder, url = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None
where = {"server_url": url} if url else {}
run = trackio.init(project="p", name="maker", auto_log_cpu=False, auto_log_gpu=False, **where)
trackio.log({"loss": 0.5})

def log(step, metadata=None, aliases=None, **options):
    artifact = trackio.Artifact("model", type="weights", description="größe", metadata=metadata)
    artifact.add_dir(folder)
    if step is not None:
        (folder.parent / f"step{step}").write_text(str(step))
        artifact.add_file(folder.parent / f"step{step}", name="step")
    artifact.add_reference("https://example.invalid/data.bin", name="far", checksum=False)
    return trackio.log_artifact(artifact, aliases=aliases, **options)

logged = [
    log(0, aliases=["first", "best"]),
    log(1, metadata={"epoch": 1, "nested": {"list": [1, 2.5, None]}}, aliases=["best"]),
    log(0, metadata={"again": True}, aliases=["best"]),
]
trackio.finish()
user = trackio.init(project="p", name="user", auto_log_cpu=False, auto_log_gpu=False, **where)
trackio.log({"loss": 0.25})
used = trackio.use_artifact("model:best")
trackio.finish()
print(json.dumps({
    "versions": [artifact.version for artifact in logged],
    "digests": [artifact.digest for artifact in logged],
    "used": [used.version, used.digest, list(used.aliases), used.metadata],
}))
"""

DOWNLOAD = """
import sys
from pathlib import Path
import trackio
folder, target, url = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
trackio.init(project="p", name="again", auto_log_cpu=False, auto_log_gpu=False, server_url=url)
trackio.log({"loss": 1})
artifact = trackio.Artifact("files", type="weights")
artifact.add_dir(folder)
trackio.log_artifact(artifact)
overwritten = trackio.Artifact("files", type="weights")
overwritten.add_dir(folder)
trackio.log_artifact(overwritten, overwrite=True)
downloaded = trackio.use_artifact("files").download(root=target)
trackio.finish()
print(downloaded)
"""

# The peer's storage asked for everything it keeps of artifacts.
READ = """
import json, sys
from trackio.sqlite_storage import SQLiteStorage as storage
runs = {record["name"]: record["id"] for record in storage.get_run_records("p")}
print(json.dumps({
    "summaries": storage.get_artifacts("p"),
    "list": storage.list_artifacts("p"),
    "records": [storage.get_artifact_manifest("p", "model", spec) for spec in (None, "v0", "v1", "best", "first", "v9")],
    "of runs": [storage.get_run_artifacts("p", name, id) for name, id in sorted(runs.items())],
    "counts": storage.get_run_artifact_counts("p"),
    "consumers": [storage.get_artifact_consumers("p", version) for version in (1, 2, 9)],
    "lineage": [storage.get_artifact_lineage("p", version) for version in (1, 2, 9)],
    "present": sorted(storage.list_artifact_blobs_present("p", sys.argv[1:])),
}))
"""


def write_files(folder: Path) -> Path:
    """The files of the test below a folder."""
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def peer_says(directory: DataDirectory, script: str, *arguments: object, **environment: str) -> str:
    """Runs a script in the peer's Python and gives what it printed last."""
    process = directory.start(
        script, *arguments, python=str(peer_python()), HF_HUB_OFFLINE="1", **environment
    )
    process.expect_exit(0, 120)
    return process.output.strip().splitlines()[-1]


@pytest.fixture
def server(directory):
    """A server of ours on the directory of the test."""
    directory.path.mkdir()
    server = Server(directory)
    yield server
    server.stop()


def call(server: Server, operation: str, /, **arguments: Any) -> Any:
    """A call of the peer's wire."""
    answer = server.request("POST", f"/api/{operation}", json.dumps({"kwargs": arguments}), server.token)
    assert answer.status == 200, answer.body
    return answer.json["data"]


def answers(server: Server, digests: list[str]) -> dict[str, Any]:
    """What `READ` prints, asked over the wire."""
    runs = sorted((run["name"], run["id"]) for run in call(server, "get_runs_for_project", project="p"))
    specs = (None, "v0", "v1", "best", "first", "v9")
    return {
        "summaries": call(server, "get_artifacts", project="p"),
        "list": call(server, "list_artifacts", project="p"),
        "records": [call(server, "get_artifact_manifest", project="p", name="model", spec=spec) for spec in specs],
        "of runs": [call(server, "get_run_artifacts", project="p", run=name, run_id=id) for name, id in runs],
        "counts": call(server, "get_run_artifact_counts", project="p"),
        "consumers": [call(server, "get_artifact_consumers", project="p", version_id=id) for id in (1, 2, 9)],
        "lineage": [call(server, "get_artifact_lineage", project="p", version_id=id) for id in (1, 2, 9)],
        "present": sorted(call(server, "check_artifact_blobs", project="p", digests=digests)["present"]),
    }


def digests() -> list[str]:
    """Of the files that are logged, and of one that is not."""
    contents = [*FILES.values(), b"0", b"1", b"not logged"]
    return [hashlib.sha256(content).hexdigest() for content in contents]


def tables(directory: DataDirectory) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of the tables of artifacts, without ids of runs and times, which differ from run to run, and
    without what the peer notes of a run's project on its own directory only."""
    queries = {
        "artifacts": "SELECT id, name, type, description FROM artifacts",
        "versions": "SELECT id, artifact_id, version, manifest_digest, manifest, metadata, size_bytes, "
        "producer_run_id IS NOT NULL, producer_run_name FROM artifact_versions",
        "aliases": "SELECT * FROM artifact_aliases ORDER BY alias",
        "links": "SELECT run_id IS NOT NULL, run_name, artifact_version_id, direction FROM run_artifact_links",
    }
    with closing(sqlite3.connect(directory.file("p"))) as connection:
        return {name: connection.execute(query).fetchall() for name, query in queries.items()}


def blobs(directory: DataDirectory) -> dict[str, bytes]:
    """Every file below `artifacts`, by its path."""
    root = directory.path / "artifacts"
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_the_peers_client_logs_to_us_what_it_logs_to_itself(directory, new_directory, server, tmp_path):
    client, theirs = new_directory(), new_directory()
    said = [
        json.loads(peer_says(client, LOG, write_files(tmp_path / "ours"), f"http://127.0.0.1:{server.port}",
                             TRACKIO_WRITE_TOKEN=server.token)),
        json.loads(peer_says(theirs, LOG, write_files(tmp_path / "theirs"))),
    ]
    assert said[0] == said[1]
    assert said[0]["versions"] == ["v0", "v1", "v0"]
    assert tables(directory) == tables(theirs)
    assert blobs(directory) == blobs(theirs)
    # Its storage says of our directory what our server says of it.
    assert json.loads(peer_says(directory, READ, *digests())) == answers(server, digests())


def test_our_server_says_of_the_peers_directory_what_the_peer_says(directory, tmp_path):
    peer_says(directory, LOG, write_files(tmp_path / "files"))
    said = json.loads(peer_says(directory, READ, *digests()))
    server = Server(directory)
    try:
        assert answers(server, digests()) == said
        assert len(said["present"]) == len(digests()) - 1 and said["lineage"][1]["nodes"]
        # Our next version follows its last one, and it reads that too.
        record = said["records"][2]
        added = call(server, "artifact_log", project="p", name="model", type="weights", description=None,
                     metadata=None, manifest=record["manifest"][:1], aliases=["ours"], run_name="r", run_id=None,
                     hf_token=None)
        assert (added["version"], added["aliases"]) == (2, ["latest", "ours"])
    finally:
        server.stop()
    read = json.loads(peer_says(directory, READ.replace('"v9"', '"ours"'), *digests()))
    assert read["records"][0] == read["records"][5] == added


def test_what_was_uploaded_is_downloaded(directory, new_directory, server, tmp_path):
    folder, target = write_files(tmp_path / "files"), tmp_path / "downloaded"
    said = peer_says(new_directory(), DOWNLOAD, folder, target, f"http://127.0.0.1:{server.port}",
                     TRACKIO_WRITE_TOKEN=server.token)
    got = {str(path.relative_to(said)): path.read_bytes() for path in Path(said).rglob("*") if path.is_file()}
    assert got == FILES
    assert not list((directory.path / ".paceline" / "uploads").iterdir()), "nothing uploaded waits any more"

    digest = hashlib.sha256(FILES["weights.bin"]).hexdigest()
    blob = server.get(f"/artifact_blob/p/{digest}")
    assert (blob.status, blob.body) == (200, FILES["weights.bin"])
    headers = {name.lower(): value for name, value in blob.headers.items()}
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"] == "attachment" and headers["x-content-type-options"] == "nosniff"
    part = server.get(f"/artifact_blob/p/{digest}", Range="bytes=100-199")
    assert (part.status, part.body) == (206, FILES["weights.bin"][100:200])
    for wrong in (f"p/{digest[:-1]}", f"p/{digest.upper()}", f"other/{digest}", "p/..%2f..%2f..%2f..%2fp.db", f"p/{'0' * 64}"):
        assert server.get(f"/artifact_blob/{wrong}").status == 404, wrong


def test_the_api_names_versions_as_people_do(new_directory, server, tmp_path):
    peer_says(new_directory(), LOG, write_files(tmp_path / "files"), f"http://127.0.0.1:{server.port}",
              TRACKIO_WRITE_TOKEN=server.token)
    artifacts = "/api/v1/projects/p/artifacts"
    [listed] = server.get(artifacts).json["artifacts"]
    assert (listed["name"], listed["num_versions"], listed["aliases"]) == ("model", 2, ["best", "first", "latest"])
    versions = server.get(f"{artifacts}/model").json["versions"]
    assert [version["version"] for version in versions] == [1, 0]
    for spec, version in (("latest", 1), ("best", 1), ("v0", 0), ("first", 0)):
        record = server.get(f"{artifacts}/model/{spec}").json
        assert record["version"] == version and len(record["manifest"]) == len(FILES) + 2, spec
    lineage = server.get(f"{artifacts}/model/best/lineage").json
    assert [node["kind"] for node in lineage["nodes"]] == ["artifact", "artifact", "run", "run"]
    assert len(server.get("/api/v1/projects/p/runs/user/artifacts").json["input"]) == 1
    assert len(server.get("/api/v1/projects/p/runs/maker/artifacts").json["output"]) == 2

    unknown = server.get(f"{artifacts}/models")
    assert (unknown.status, unknown.json["code"], unknown.json["hint"]) == (
        404, "artifact_not_found", "did you mean `model`"
    )
    older = server.get(f"{artifacts}/model/v7").json
    assert older["details"]["similar"] == ["model:v1", "model:v0"]
    assert server.get("/api/v1/projects/p/runs/nobody/artifacts").json["code"] == "run_not_found"
    assert server.get("/api/v1/projects/q/artifacts").json["code"] == "project_not_found"


REGISTRY = """
import json
import trackio
from trackio import server
api = trackio.Api()
registry = api.create_registry("models", description="größe")
registry.create_collection("churn", "weights", description="best of each week")
run = trackio.init(project="p", name="r", auto_log_cpu=False, auto_log_gpu=False)
trackio.log({"a": 1})
for text in ("one", "two"):
    open("f.txt", "w").write(text)
    artifact = trackio.Artifact("model", type="weights")
    artifact.add_file("f.txt")
    run.link_artifact(trackio.log_artifact(artifact), "registry-models/churn", aliases=["prod"])
trackio.finish()
print(json.dumps([server.get_registries(request=None), server.get_registry_details("models", request=None)]))
"""


def test_registries_of_the_peer_are_read(directory, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    registries, details = json.loads(peer_says(directory, REGISTRY))
    assert [link["aliases"] for link in details["collections"][0]["links"]] == [["latest", "prod"], []]
    server = Server(directory)
    try:
        assert call(server, "get_registries", bucket_id=None) == registries
        assert call(server, "get_registry_details", registry="models", bucket_id=None) == details
        assert call(server, "get_registry_buckets") == {"buckets": [], "default_bucket_id": None}
        assert call(server, "get_all_projects") == ["p"], "a registry is no project"
        for arguments in ({"registry": "other"}, {"registry": "../p"}, {"registry": "models", "bucket_id": "u/b"}):
            answer = server.request("POST", "/api/get_registry_details", json.dumps({"kwargs": arguments}))
            assert answer.status == 400, arguments
    finally:
        server.stop()


def test_what_cannot_be_is_refused(directory, server):
    def log(**changes: Any) -> tuple[int, str]:
        arguments = {
            "project": "p", "name": "a", "type": "t", "description": None, "metadata": None, "aliases": None,
            "manifest": [{"path": "far", "digest": "etag", "size": 1, "ref": "s3://b/k"}],
            "run_name": "r", "run_id": None, "hf_token": None, **changes,
        }
        arguments = {name: value for name, value in arguments.items() if value is not ...}
        answer = server.request("POST", "/api/artifact_log", json.dumps({"kwargs": arguments}), server.token)
        return answer.status, answer.json.get("error", "")

    entry = {"path": "a", "digest": "0" * 64, "size": 1}
    for changes, word in (
        ({"name": "a/b"}, "artifact name"), ({"aliases": ["v1"]}, "alias"), ({"type": ""}, "type"),
        ({"manifest": []}, "manifest"), ({"manifest": None}, "manifest"), ({"hf_token": ...}, "hf_token"),
        ({"manifest": [entry]}, "blobs"), ({"manifest": [{**entry, "path": "../a"}]}, "artifact path"),
        ({"manifest": [{**entry, "digest": "x"}]}, "digest"), ({"manifest": [{**entry, "size": -1}]}, "manifest"),
        ({"project": "registry-x"}, "registry-"),
    ):
        status, error = log(**changes)
        assert status == 400 and word in error, (changes, status, error)
    assert not directory.file("p").exists()
    assert log()[0] == 200
    assert log(type="other") == (
        400, "artifact `a` cannot be of type `other`: it is of type `t`; choose another name or that type"
    )
    uploads = [{"digest": "0" * 64, "uploaded_file": {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}}]
    arguments = json.dumps({"kwargs": {"project": "p", "uploads": uploads, "hf_token": None}})
    assert server.request("POST", "/api/bulk_upload_artifact_blob", arguments, server.token).status == 400
    assert server.request("POST", "/api/bulk_upload_artifact_blob", arguments).status == 401
