"""Snapshots of projects as static Spaces of the Hub: what is there, who sees it, and what stays somebody else's."""

import hashlib
import io
import json
import subprocess

import pytest
from pyarrow import parquet

from support.directory import PROGRAM, DataDirectory
from support.hub import READ_TOKEN, Hub
from support.hub_repository import Repository
from support.interpreters import peer_python
from test_hub_stub import official
from test_sync import LOG, PICTURES, command

SPACE = "spaces/alice/site"


@pytest.fixture
def hub():
    with Hub(page_size=5, part_bytes=2_000) as hub:
        yield hub


def static(directory: DataDirectory, hub: Hub, *more: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return command(directory, hub, "sync", "--project", "digits", "--sdk", "static", *more, "--json", **environment)


def published(directory: DataDirectory, hub: Hub, *more: object) -> dict:
    done = static(directory, hub, "--space-id", "alice/site", *more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def put(hub: Hub, contents: dict[str, bytes], name: str = SPACE) -> None:
    hub.repositories[name].commit({"summary": "Theirs"}, [("file", {"path": path}) for path in contents], lambda value: contents[value["path"]])


def losses(hub: Hub) -> list[float]:
    return parquet.read_table(io.BytesIO(hub.repositories[SPACE].files["metrics.parquet"]))["loss"].to_pylist()


def test_a_project_becomes_a_private_space_by_one_commit(directory, hub, tmp_path):
    directory.run(PICTURES, "first", 10)
    directory.assert_nothing_left()
    said = published(directory, hub)
    repository = hub.repositories[SPACE]
    assert said["space"] == "alice/site" and said["url"] == f"{hub.address}/spaces/alice/site" and said["private"]
    assert repository.is_private and repository.sdk == "static" and len(repository.commits) == 2 and said["commit"] == repository.head.oid
    # It holds what a folder does, but for when it was frozen.
    done = directory.paceline("freeze", "--project", "digits", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    folder = {str(path.relative_to(tmp_path / "out")): path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    files = repository.files
    assert set(files) - set(folder) == {".gitattributes", "style.css", "paceline/published.json"} and set(folder) <= set(files)
    differing = {path for path in folder if files[path] != folder[path]}
    assert differing <= {"config.json", "index.html", "paceline/project.json", "paceline/metrics.json"} | {path for path in folder if path.startswith("paceline/runs/")}
    assert losses(hub) == [0, 1] and "paceline-frozen" in files["index.html"].decode() and b"sdk: static" in files["README.md"]
    assert sum(path.startswith("media/") for path in files) == 2
    listed = json.loads(files["paceline/published.json"])
    assert all(hashlib.sha256(files[path]).hexdigest() == digest for path, digest in listed.items())
    assert not any(hub.token.encode() in content for content in files.values())
    assert not list((directory.path / ".paceline" / "datasets").glob("*.files"))


def test_again_brings_it_up_to_date_and_keeps_what_is_theirs(directory, hub):
    directory.run(LOG, 0, 10)
    directory.run(LOG, 10, 5)
    directory.assert_nothing_left()
    published(directory, hub)
    put(hub, {"README.md": b"---\nsdk: static\n---\nMine\n", "notes.txt": b"mine"})
    assert "paceline/runs.parquet" in hub.repositories[SPACE].files
    sent = len(hub.calls("storage"))
    directory.run("import trackio; [run.delete() for run in trackio.Api().runs('digits') if run.name == 'r0']")
    directory.run(LOG, 20, 2)
    directory.assert_nothing_left()
    published(directory, hub, "--without", "environment")
    files = hub.repositories[SPACE].files
    assert losses(hub) == [1 / (1 + step) for step in [*range(10, 15), 20, 21]]
    assert files["README.md"].endswith(b"Mine\n") and files["notes.txt"] == b"mine" and len(hub.repositories[SPACE].commits) == 4
    assert "paceline/runs.parquet" not in files and len(hub.calls("storage")) > sent
    # The scripts of the page did not go again.
    commit = [request for request in hub.requests if "/commit/" in request.path][-1].json
    assert not [line for line in commit if line["value"].get("path", "").startswith("assets/")]


def test_what_is_somebody_elses_is_left_alone(directory, hub):
    directory.run(LOG, 0, 3)
    hub.repositories[SPACE] = Repository(SPACE, False, "static")
    put(hub, {"index.html": b"<h1>My page</h1>"})
    before = hub.repositories[SPACE].files
    refused = static(directory, hub, "--space-id", "alice/site")
    assert refused.returncode == 1 and "holds `index.html`, which did not come from here" in refused.stderr, refused.stderr
    put(hub, {"index.html": b"<h1>Welcome to your static Space!</h1>", "app.js": b""})
    refused = static(directory, hub, "--space-id", "alice/site")
    assert refused.returncode == 1 and "holds `app.js`" in refused.stderr and hub.repositories[SPACE].files.keys() >= before.keys()
    # Who says so writes over what has the same names; who sees it stays its owner's to say.
    said = published(directory, hub, "--replace")
    assert not said["private"] and hub.repositories[SPACE].files["app.js"] == b"" and losses(hub) == [1, 1 / 2, 1 / 3]
    hub.repositories["spaces/alice/live"] = Repository("spaces/alice/live", True, "gradio")
    refused = static(directory, hub, "--space-id", "alice/live", "--replace")
    assert refused.returncode == 1 and "runs by `gradio`" in refused.stderr and len(hub.repositories["spaces/alice/live"].commits) == 1


def test_a_space_that_was_only_made_is_filled(directory, hub):
    directory.run(LOG, 0, 3)
    hub.fail("/commit/", status=413)
    assert static(directory, hub, "--space-id", "alice/site").returncode == 1 and len(hub.repositories[SPACE].commits) == 1
    published(directory, hub)
    assert losses(hub) == [1, 1 / 2, 1 / 3]


def test_a_space_with_a_server_is_refused_with_what_works(directory, hub):
    directory.run(LOG, 0, 3)
    for words in (["--space-id", "alice/live"], ["--sdk", "gradio"], ["--sdk", "gradio", "--space-id", "alice/live", "--force"]):
        refused = command(directory, hub, "sync", "--project", "digits", *words)
        assert refused.returncode == 1 and "a Space with a server is not made" in refused.stderr and "--sdk static" in refused.stderr
    refused = static(directory, hub, "--frontend", ".")
    assert refused.returncode == 1 and "`--frontend` is not supported" in refused.stderr
    refused = static(directory, hub, "--space-id", "a/b/c")
    assert refused.returncode == 1 and "no name of a Dataset, a Space or a model" in refused.stderr
    # Without a token nobody is asked anything.
    refused = static(directory, hub, HF_TOKEN="")
    assert refused.returncode == 1 and "needs a token" in refused.stderr and hub.requests == []
    refused = static(directory, hub, HF_TOKEN=READ_TOKEN)
    assert refused.returncode == 1 and "may not do it" in refused.stderr
    assert command(directory, hub, "sync", "--sdk", "static").returncode == 2


def test_the_flags_of_the_peer(directory, hub):
    directory.run(LOG, 0, 3)
    done = static(directory, hub, "--space-id", "alice/site", "--private", "--force")
    assert done.returncode == 0 and hub.repositories[SPACE].is_private, done.stderr
    done = static(directory, hub, "--space-id", "alice/open", "--public", "--without", "console,environment")
    assert done.returncode == 0 and not hub.repositories["spaces/alice/open"].is_private
    assert "paceline/console.parquet" not in hub.repositories["spaces/alice/open"].files
    trackio = PROGRAM.with_name("trackio")
    environment = directory.environment(**hub.environment())
    asked = [trackio, "freeze", "--project", "digits", "--space-id", "alice/live"]
    done = subprocess.run([*asked, "--json"], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and json.loads(done.stdout)["space"] == "alice/live_static", done.stderr
    done = subprocess.run([*asked, "--new-space-id", "alice/new"], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "spaces/alice/new (private" in done.stdout and "spaces/alice/new" in hub.repositories
    done = subprocess.run([trackio, "sync", "--project", "digits", "--dataset-id", "alice/runs"], env=environment, capture_output=True, timeout=60)
    assert done.returncode == 0 and "alice/runs" in hub.repositories
    directory.run(LOG, 3, 3)
    done = subprocess.run([trackio, "sync", "--all"], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout.startswith("digits: "), done.stderr


SCRIPT = """
import warnings, trackio
trackio.init(project="digits", name="r", auto_log_cpu=False, auto_log_gpu=False)
trackio.log({"loss": 1.0})
# As the callback of transformers asks, in the middle of a training.
print(trackio.sync(project="digits", sdk="static", space_id=None, private=None, bucket_id=None, force=True))
trackio.log({"loss": 0.5})
trackio.finish()
print(trackio.sync("digits", sdk="static"), trackio.sync("digits", space_id="alice/site", private=False, sdk="static"))
print(trackio.freeze("alice/live", "digits"), trackio.freeze("alice/live", "digits", new_space_id="alice/other", private=True))
print(trackio.sync("digits", space_id="alice/later", sdk="static", run_in_background=True))
try:
    trackio.sync("digits", space_id="a/b/c", sdk="static")
except ValueError as error:
    print(error)
"""


def test_scripts_get_the_name_of_a_space_that_is_there(directory, hub):
    trainer = directory.run(SCRIPT, **hub.environment())
    first, (again, site), (frozen, other), (later,), refusal = [line.split() for line in trainer.output.splitlines() if not line.startswith("*")][-5:]
    own = f"digits-{(directory.path / 'digits.hash').read_text()}"
    assert first == [f"alice/{own}"] and again == f"alice/{own}" and site == "alice/site"
    assert (frozen, other, later) == ("alice/live_static", "alice/other", "alice/later") and "space_id" in refusal[0]
    assert {name: repository.is_private for name, repository in hub.repositories.items()} == {
        f"spaces/alice/{own}": True, SPACE: False, "spaces/alice/live_static": True, "spaces/alice/other": True, "spaces/alice/later": True,
    }  # fmt: skip
    assert losses(hub) == [1.0, 0.5] and "Warning" not in trainer.errors, trainer.errors


def test_a_hub_that_refuses_breaks_nothing(directory, hub):
    hub.fail(".", status=403, times=1_000)
    trainer = directory.run(SCRIPT, **hub.environment())
    assert "None None" in trainer.output and trainer.errors.count("no Space is made or brought up to date") >= 2
    assert "trackio sync --project digits --sdk static" in trainer.errors and directory.count("digits") == 2 and hub.repositories == {}


def test_a_bucket_is_said_not_to_be_filled(directory, hub):
    directory.run(LOG, 0, 2)
    script = "import trackio; print([trackio.sync('digits', space_id='alice/site', sdk='static', bucket_id='alice/b') for _ in range(2)])"
    trainer = directory.run(script, **hub.environment())
    assert trainer.output.strip() == "['alice/site', 'alice/site']" and trainer.errors.count("bucket `alice/b`, which is not supported") == 1
    assert list(hub.repositories) == [SPACE]


@pytest.mark.parametrize("kind", ["somebody was first", "answer lost", "address expired", "busy"])
def test_faults_pass_by(directory, hub, kind):
    directory.run(LOG, 0, 3)
    directory.assert_nothing_left()
    how = {
        "somebody was first": ("/commit/", {"instead": lambda: put(hub, {"mine.txt": b"mine"})}),
        "answer lost": ("/commit/", {"status": 502, "is_done": True}),
        "address expired": ("PUT ", {"status": 403}),
        "busy": ("/preupload/", {"status": 429, "headers": {"Retry-After": "1"}}),
    }[kind]
    fault = hub.fail(how[0], **how[1])
    published(directory, hub)
    assert fault.happened == 1 and losses(hub) == [1, 1 / 2, 1 / 3]
    assert len([commit for commit in hub.repositories[SPACE].commits if "digits" in commit.title]) == 1


def test_the_hub_is_asked_what_its_own_client_asks(directory, hub, tmp_path):
    directory.run(LOG, 0, 40)
    directory.assert_nothing_left()
    published(directory, hub)
    folder = tmp_path / "files"
    for path in json.loads(hub.repositories[SPACE].files["paceline/published.json"]):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(hub.repositories[SPACE].files[path])
    with Hub(page_size=5, part_bytes=2_000) as theirs:
        official(theirs, folder, "space")

        def asked(hub: Hub) -> tuple[dict, list[str]]:
            """What a Space is made by, and the calls that change something, each once."""
            made = next(request.json for request in hub.requests if request.path == "/api/repos/create")
            calls = [f"{request.method} {request.path.split('/')[1:4]}" for request in hub.requests if request.method == "POST" and request.host == "hub"]
            return made, sorted(set(calls))

        assert asked(hub) == asked(theirs)
        kinds = [[request.json["repoType"] for request in which.requests if request.path == "/api/validate-yaml"][0] for which in (hub, theirs)]
        assert kinds == ["space", "space"]


def test_spaces_are_listed_as_the_peer_lists_them(directory: DataDirectory, hub: Hub):
    hub.organisations = ["team"]
    for number, name in enumerate(("alice/runs", "alice/site", "team/shared", "alice/other", "bob/runs", *(f"alice/more-{n}" for n in range(6)))):
        tags = ["gradio"] if name == "alice/other" else ["trackio", "gradio"]
        hub.repositories[f"spaces/{name}"] = Repository(
            f"spaces/{name}", number % 2 == 1, "gradio", tags=tags, modified=f"2026-01-{number + 1:02}T03:04:05.{number}00Z",
        )

    def peers(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [peer_python(), "-m", "trackio.cli", *arguments], env=directory.environment(
                HF_HOME=str(directory.folder / "hf"), **{**hub.environment(), **environment}),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
        )

    def ours(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *arguments], env=directory.environment(HF_HOME=str(directory.folder / "hf"), **{**hub.environment(), **environment}),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        )

    for arguments in ((), ("--author", "bob"), ("--author", "nobody"), ("--limit", "2")):
        peer, own = (ask("list", "spaces", *arguments, "--json") for ask in (peers, ours))
        assert (peer.returncode, own.returncode) == (0, 0), (peer.stderr, own.stderr)
        assert json.loads(own.stdout)["spaces"] == [
            {**space, "url": space["url"].replace("https://huggingface.co", hub.address)} for space in json.loads(peer.stdout)["spaces"]
        ]
        texts = [ask("list", "spaces", *arguments).stdout.replace("https://huggingface.co", hub.address) for ask in (peers, ours)]
        assert texts[0] == texts[1]
    assert len(json.loads(ours("list", "spaces", "--json").stdout)["spaces"]) == 9
    for arguments, environment in ((("--limit", "-1"), {}), ((), {"HF_TOKEN": ""}), (("--space", "alice/runs"), {})):
        peer, own = (ask("list", "spaces", *arguments, **environment) for ask in (peers, ours))
        assert peer.returncode != 0 and own.returncode != 0 and own.stderr, arguments
