"""Artifacts and files of a project: what we store the peer uses, what it stores we use, and both say the same of it."""

import functools
import http.server
import json
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.directory import DataDirectory
from support.interpreters import peer_python
from support.peer_server import PeerServer
from support.server import Server
from support.trainer import Trainer

BEGINNING = """
import json, pathlib, sys, warnings
import trackio
files = pathlib.Path(sys.argv[1])
run = trackio.init(project="my.model", name=sys.argv[2], auto_log_cpu=False, auto_log_gpu=False)
trackio.log({"loss": 1.0})
"""

# Each line is printed as JSON; both trackers print the same.
LOG = BEGINNING + """
def say(artifact):
    print(json.dumps({
        "name": artifact.name, "type": artifact.type, "version": artifact.version, "aliases": sorted(artifact.aliases),
        "size": artifact.size, "manifest": artifact.manifest, "digest": artifact.digest, "project": artifact.project,
        "manifest_digest": artifact.manifest_digest, "qualified_name": artifact.qualified_name,
        "description": artifact.description, "metadata": artifact.metadata, "is_link": artifact.is_link,
        "source": [artifact.source_name, artifact.source_version, artifact.source_project, artifact.source_qualified_name],
        "references": artifact.references, "uri": artifact.get_entry_uri("there"), "waited": artifact.wait() is artifact,
    }))
artifact = trackio.Artifact("model", type="model", description="größe", metadata={"f1": 0.5, "layers": [1, 2]})
artifact.add_file(files / "weights.bin")
artifact.add_dir(files / "folder", name="data")
artifact.add_reference((files / "weights.bin").as_uri(), name="there")
artifact.metadata["later"] = True
print(artifact.version, artifact.size, artifact.manifest, artifact.aliases, artifact.project)
say(trackio.log_artifact(artifact, aliases=["best", "größe"[:0] + "b2"]))
(files / "weights.bin").write_bytes(b"other")
for name, aliases in (("second", ["best"]), ("second", None), ("third", ["prod"])):
    (files / "folder/a.txt").write_text(name)
    artifact = trackio.Artifact("model", "model")
    artifact.add_dir(files / "folder")
    say(run.log_artifact(artifact, aliases=aliases))
say(trackio.log_artifact(files / "weights.bin"))
say(trackio.log_artifact(str(files / "folder"), name="set", type="dataset"))
say(trackio.log_artifact(str(files / "folder"), name="set", type="dataset", overwrite=True))
say(trackio.use_artifact("model"))
say(trackio.use_artifact("model:v0", type="model"))
say(trackio.use_artifact("model:best"))
say(run.use_artifact(trackio.use_artifact("set:latest")))
trackio.finish()
"""

USE = BEGINNING + """
for spec in ("model:v0", "model:v1", "model", "set:latest", "weights.bin"):
    artifact = trackio.use_artifact(spec)
    root = artifact.download(files / "out" / spec.replace(":", "-"))
    again = artifact.download(files / "out" / spec.replace(":", "-"))
    found = sorted(path for path in pathlib.Path(root).rglob("*") if path.is_file())
    print(json.dumps([artifact.qualified_name, artifact.manifest_digest, root == again,
        {path.relative_to(root).as_posix(): path.read_bytes().hex() for path in found}]))
trackio.finish()
"""


@pytest.fixture
def new_files(tmp_path):
    """Makes folders of files to log, all alike, at one place."""

    def make() -> Path:
        folder = tmp_path / "files"
        (folder / "folder/deep").mkdir(parents=True, exist_ok=True)
        (folder / "weights.bin").write_bytes(bytes(range(256)) * 9000)
        (folder / "folder/a.txt").write_text("a")
        (folder / "folder/deep/ü b.txt").write_text("b")
        (folder / "folder/empty").write_bytes(b"")
        link = folder / "folder/link"
        if not link.is_symlink():
            link.symlink_to(folder / "weights.bin")
        return folder

    return make


@pytest.fixture
def new_server(new_directory):
    """Starts servers: ours or the peer's, each on a directory of its own."""
    servers: list[Any] = []

    def start(whose: str) -> tuple[DataDirectory, dict[str, str]]:
        directory = new_directory()
        if whose == "ours":
            server: Any = Server(directory)
            address = {"TRACKIO_SERVER_URL": f"http://127.0.0.1:{server.port}", "TRACKIO_WRITE_TOKEN": server.token}
        else:
            with socket.create_server(("127.0.0.1", 0)) as chosen:
                port = chosen.getsockname()[1]
            server = PeerServer(directory, port)
            address = server.environment
        servers.append(server)
        return directory, address

    yield start
    for server in servers:
        server.stop()


def _with_the_peer(directory: DataDirectory, script: str, *arguments: object, **environment: str) -> Trainer:
    trainer = directory.start(
        script, *arguments, python=str(peer_python()), TRACKIO_AUTO_LOG="0", HF_HUB_OFFLINE="1", **environment
    )
    trainer.expect_exit(0, 120)
    return trainer


def _said(trainer: Trainer) -> list[str]:
    """What a script printed, without what the peer itself says."""
    return [line for line in trainer.output.splitlines() if not line.startswith(("*", "\x1b"))]


def _blobs(directory: DataDirectory) -> dict[str, bytes]:
    folder = directory.path / "artifacts"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _links(directory: DataDirectory) -> list[Any]:
    return directory.select(
        "mymodel",
        "SELECT a.name, v.version, l.run_name, l.direction FROM run_artifact_links l "
        "JOIN artifact_versions v ON v.id = l.artifact_version_id JOIN artifacts a ON a.id = v.artifact_id "
        "ORDER BY 1, 2, 3, 4",
    )


def test_what_is_stored_is_what_the_peer_stores(new_directory, new_files):
    ours, peers = new_directory(), new_directory()
    our_words = _said(ours.run(LOG, new_files(), "r", seconds=120))
    peers_words = _said(_with_the_peer(peers, LOG, new_files(), "r"))
    assert our_words[0] == peers_words[0] == "None None None () None"
    assert len(our_words) == len(peers_words) == 12
    for our_line, peers_line in zip(our_words[1:], peers_words[1:], strict=True):
        assert json.loads(our_line) == json.loads(peers_line)
    assert _blobs(ours) == _blobs(peers) and len(_blobs(ours)) > 4
    assert _links(ours) == _links(peers) and len(_links(ours)) > 4


@pytest.mark.parametrize("writer", ["ours", "peers"])
def test_each_uses_what_the_other_stored(directory, new_files, writer):
    files = new_files()
    if writer == "ours":
        directory.run(LOG, files, "r", seconds=120)
    else:
        _with_the_peer(directory, LOG, files, "r")
    ours = _said(directory.run(USE, files, "reader", seconds=120))
    shutil.rmtree(files / "out")
    peers = _said(_with_the_peer(directory, USE, files, "other"))
    assert ours == peers and len(ours) == 5
    first = json.loads(ours[0])[3]
    assert set(first) == {"weights.bin", "data/a.txt", "data/deep/ü b.txt", "data/empty", "there"}
    assert first["there"] == b"other".hex(), "a reference gives what is there now"
    assert len(first["weights.bin"]) == 2 * 256 * 9000
    readers = {run for _, _, run, direction in _links(directory) if direction == "input"}
    assert readers >= {"reader", "other"}


@pytest.mark.parametrize(("client", "whose"), [("ours", "ours"), ("ours", "peers"), ("peers", "ours")])
def test_a_server_keeps_what_a_directory_would(new_directory, new_server, new_files, client, whose):
    """The same words and the same files, whoever logs and whoever serves."""
    run = {"ours": lambda directory, *rest, **more: directory.run(*rest, seconds=120, **more), "peers": _with_the_peer}
    local = new_directory()
    files = new_files()
    expected = _said(_with_the_peer(local, LOG, files, "r"))
    stored = (_blobs(local), _links(local))
    used = _said(_with_the_peer(local, USE, files, "reader"))
    assert len(used) == 5
    kept, address = new_server(whose)
    files = new_files()
    shutil.rmtree(files / "out")
    found = _said(run[client](new_directory(), LOG, files, "r", **address))
    assert [json.loads(line) for line in found[1:]] == [json.loads(line) for line in expected[1:]]
    assert (_blobs(kept), _links(kept)) == stored
    # Another machine, which has nothing of it yet.
    elsewhere = new_directory()
    assert _said(run[client](elsewhere, USE, files, "elsewhere", **address)) == used
    assert any(run == "elsewhere" and direction == "input" for _, _, run, direction in _links(kept))


def test_a_server_says_no_and_goes_away(new_directory, new_server, new_files):
    """What the server refuses is an error of the kind it would be here, and so is a server that is gone."""
    kept, address = new_server("ours")
    said = _said(new_directory().run(BEGINNING + """
def attempt(what, call):
    try:
        call()
        print(what, "nothing")
    except Exception as error:
        print(what, "ValueError" if isinstance(error, ValueError) else type(error).__name__)
trackio.log_artifact(files / "weights.bin", name="x", type="t")
attempt("type", lambda: trackio.log_artifact(files / "weights.bin", name="x", type="other"))
attempt("unknown", lambda: trackio.use_artifact("unknown"))
attempt("other type", lambda: trackio.use_artifact("x", type="model"))
logged = trackio.use_artifact("x")
for blob in pathlib.Path(sys.argv[3]).glob("artifacts/*/blobs/sha256/*/*"):
    blob.unlink()
attempt("blob", lambda: logged.download(files / "out"))
import os
os.chdir(files)
print(pathlib.Path(trackio.save("folder/*.txt")).name, pathlib.Path(trackio.save("weights.bin")).name)
run._destination.url = "http://127.0.0.1:9"
attempt("away", lambda: trackio.use_artifact("x"))
trackio.finish()
""", new_files(), "r", kept.path, **address))
    assert said == [
        "type ValueError", "unknown ValueError", "other type ValueError", "blob FileNotFoundError", "files files",
        "away RuntimeError",
    ]
    folder = kept.path / "media/mymodel/files"
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == {"folder/a.txt", "weights.bin"}


def test_signatures_are_the_peers(directory):
    """Every parameter of the peer's, in its place and with its default; ours may have more behind them."""
    script = """
import inspect, json, trackio
from trackio.run import Run
found = {}
def look(name, value):
    found[name] = [[p.name, str(p.kind), repr(p.default)] for p in inspect.signature(value).parameters.values()]
for name in "log_artifact use_artifact save register_reference_handler Artifact ResolvedReference".split():
    look(name, getattr(trackio, name))
for kind in (trackio.Artifact, trackio.ReferenceHandler):
    for name, value in vars(kind).items():
        if not name.startswith("_") and inspect.isfunction(value):
            look(f"{kind.__name__}.{name}", value)
        elif not name.startswith("_") and isinstance(value, property):
            found[f"{kind.__name__}.{name}"] = "settable" if value.fset else "read only"
for name in "log_artifact use_artifact link_artifact".split():
    look(f"Run.{name}", getattr(Run, name))
print(json.dumps(found))
"""
    ours = json.loads(directory.run(script).output)
    peers = json.loads(_said(_with_the_peer(directory, script))[-1])
    assert len(peers) > 35, peers
    for name, parameters in peers.items():
        assert ours[name][: len(parameters)] == parameters, name


def test_what_cannot_be_used_is_an_error(directory, new_files):
    """Artifacts are stored before the call returns, and say so when they are not."""
    said = _said(directory.run(BEGINNING + """
def attempt(what, call):
    try:
        call()
        print(what, "nothing")
    except Exception as error:
        assert "`" in str(error) or isinstance(error, OSError) and error.filename, error
        known = [kind for kind in (ValueError, NotImplementedError, RuntimeError, TypeError, OSError) if isinstance(error, kind)]
        print(what, type(error).__name__ if isinstance(error, FileNotFoundError) else known[0].__name__)
def filled(name="x", type="t"):
    artifact = trackio.Artifact(name, type)
    artifact.add_file(files / "weights.bin")
    return artifact
def with_paths(*paths):
    artifact = trackio.Artifact("x", "t")
    for path in paths:
        artifact.add_file(files / "weights.bin", name=path)
    return artifact
logged = trackio.log_artifact(filled())
attempt("name", lambda: trackio.Artifact("a b", "t"))
attempt("empty", lambda: trackio.log_artifact(trackio.Artifact("x", "t")))
attempt("missing", lambda: trackio.log_artifact(files / "missing"))
for path in ("../x", "/x", "a//b", "a\\\\b", "C:x", "", ".", "a/./b", "a\\0"):
    attempt("path", lambda: with_paths(path))
attempt("twice", lambda: trackio.log_artifact(with_paths("a", "a")))
attempt("folder", lambda: trackio.log_artifact(with_paths("a", "a/b/c")))
attempt("alias", lambda: trackio.log_artifact(filled(), aliases=["v3"]))
attempt("aliases", lambda: trackio.log_artifact(filled(), aliases="best"))
attempt("type", lambda: trackio.log_artifact(filled(type="other")))
attempt("overwrite", lambda: trackio.log_artifact(filled(), overwrite=1))
attempt("name of an artifact", lambda: trackio.log_artifact(filled(), name="y"))
attempt("logged", lambda: trackio.log_artifact(logged))
attempt("closed", lambda: logged.add_file(files / "weights.bin"))
attempt("wait", lambda: filled().wait())
attempt("qualified", lambda: filled().qualified_name)
attempt("download", lambda: filled().download())
attempt("unknown", lambda: trackio.use_artifact("unknown"))
attempt("version", lambda: trackio.use_artifact("x:v9"))
attempt("no version", lambda: trackio.use_artifact("x:"))
attempt("other type", lambda: trackio.use_artifact("x", type="model"))
attempt("unlink", lambda: logged.unlink())
def gone():
    (files / "gone").write_text("x")
    artifact = trackio.Artifact("gone", "t")
    artifact.add_file(files / "gone")
    (files / "gone").unlink()
    return artifact
attempt("gone", lambda: trackio.log_artifact(gone()))
for blob in pathlib.Path(trackio.TRACKIO_DIR).glob("artifacts/*/blobs/sha256/*/*"):
    blob.unlink()
attempt("blob", lambda: trackio.use_artifact("x").download(files / "out"))
trackio.finish()
attempt("ended", lambda: trackio.log_artifact(filled()))
attempt("save", lambda: trackio.save(str(files)))
""", new_files(), "r"))
    errors = dict(line.rsplit(" ", 1) for line in said)
    runtime = {"logged", "closed", "wait", "qualified", "download", "ended", "save"}
    assert {what: error for what, error in errors.items() if error != "ValueError"} == (
        {what: "RuntimeError" for what in runtime} | {"gone": "FileNotFoundError", "blob": "FileNotFoundError"}
    )
    assert len(said) > 30 and [line for line in said if line.startswith("path")] == ["path ValueError"] * 9
    # What was refused left no trace.
    assert directory.select("mymodel", "SELECT count(*) FROM artifact_versions") == [(1,)]


class _Pages(http.server.SimpleHTTPRequestHandler):
    """Files with an `ETag`, one of them under another address too."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/page.txt?x=1")
            self.end_headers()
            return
        if self.path.startswith("/missing"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", "5")
        if not self.path.startswith("/untagged"):
            self.send_header("ETag", '"tag-1"')
        self.end_headers()
        if body:
            self.wfile.write(b"page\n")

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[str]:
    """The address of a small web server."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Pages)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


REFERENCES = BEGINNING + """
web = sys.argv[3]
class Shelf(trackio.ReferenceHandler):
    def matches(self, scheme, uri):
        return scheme == "shelf"
    def resolve(self, uri, checksum, max_objects):
        return [trackio.ResolvedReference(name, f"{uri}/{name}", size=3, digest=name) for name in ("b", "a")]
    def fetch(self, uri, dest):
        dest.write_text(uri)
    def hint(self):
        return "none"
trackio.register_reference_handler(Shelf())
artifact = trackio.Artifact("set", "dataset")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    artifact.add_reference(f"{web}/page.txt")
    artifact.add_reference(f"{web}/moved", name="web/moved")
    artifact.add_reference(f"{web}/untagged")
    artifact.add_reference(f"{web}/later", checksum=False)
    artifact.add_reference(f"{web}/signed?token=x", name="signed")
    artifact.add_reference((files / "folder").as_uri(), name="folder")
    artifact.add_reference((files / "folder").as_uri(), name="unsummed", checksum=False)
    artifact.add_reference("shelf://top", name="shelf")
    artifact.add_reference("http://127.0.0.1:9/nobody")
print(len(caught))
for wrong in ("", "no scheme", "plain", "file:///no/such/file", "strange://x", f"{web}/a b"):
    try:
        artifact.add_reference(wrong)
        print("nothing")
    except ValueError:
        print("refused")
try:
    artifact.add_reference((files / "folder").as_uri(), name="few", max_objects=2)
except ValueError:
    print("too many")
try:
    trackio.register_reference_handler("x")
except TypeError:
    print("no handler")
logged = trackio.log_artifact(artifact)
print(json.dumps([logged.manifest, logged.size, logged.references == logged.manifest]))
try:
    logged.download(files / "out")
except OSError:
    print("nobody answers")
done = {path.relative_to(files / "out").as_posix(): path.read_text() for path in (files / "out").rglob("*") if path.is_file()}
print(json.dumps(sorted(done.items())))
trackio.finish()
"""


def test_references_are_those_of_the_peer(new_directory, new_files, web):
    ours, peers = new_directory(), new_directory()
    files = new_files()
    our_words = _said(ours.run(REFERENCES, files, "r", web, seconds=120))
    shutil.rmtree(files / "out")
    script = REFERENCES.replace("except OSError", "except Exception")
    peers_words = _said(_with_the_peer(peers, script, files, "r", web))
    assert our_words == peers_words
    manifest, size, all_references = json.loads(our_words[9])
    by_path = {entry["path"]: entry for entry in manifest}
    assert all_references and size > 0
    assert by_path["page.txt"] == {"path": "page.txt", "digest": "tag-1", "size": 5, "ref": f"{web}/page.txt"}
    assert by_path["web/moved"]["digest"] == "tag-1" and by_path["untagged"]["digest"] == f"{web}/untagged"
    assert {"folder/a.txt", "folder/deep/ü b.txt", "folder/empty", "shelf/a", "shelf/b"} <= set(by_path)


def test_files_are_saved_where_the_peer_reads_them(directory, new_files):
    files = new_files()
    said = _said(directory.run(BEGINNING + """
import os
os.chdir(files)
print(trackio.save("folder/**/*.txt"))
print(trackio.save(files / "weights.bin"))
print(trackio.save("/etc/hostname"))
(files / "weights.bin").write_bytes(b"new")
print(trackio.save("weights.bin", project="other"))
try:
    trackio.save("nothing*")
except ValueError as error:
    print(error)
trackio.finish()
""", files, "r"))
    folder = directory.path / "media/mymodel/files"
    assert said[:3] == [str(folder)] * 3 and said[3] == str(directory.path / "media/other/files")
    assert said[4] == "there is no file `nothing*`"
    stored = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert stored == {"folder/a.txt", "folder/deep/ü b.txt", "weights.bin", "hostname"}
    assert (folder / "weights.bin").stat().st_size == 256 * 9000
    assert (directory.path / "media/other/files/weights.bin").read_bytes() == b"new"
    names = _said(_with_the_peer(directory, """
import json, trackio.server
print(json.dumps(sorted(trackio.server.get_project_files("my.model"), key=lambda file: file["name"])))
"""))
    assert [file["name"] for file in json.loads(names[-1])] == sorted(stored)
