"""Trained models on the Hub: what is published is what lay in the folder, and what somebody wrote there stays."""

import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from support.directory import PROGRAM, DataDirectory
from support.hub import READ_TOKEN, Hub
from support.server import Server
from support.waiting import wait_until
from test_hub_stub import official
from test_mcp import answers, url
from test_sync import command

NAME = "alice/digits-sft"
MODEL = f"models/{NAME}"
WORLD = """
import trackio

trackio.init(project="digits", name="sft-1", config={
    "learning_rate": 2e-5, "num_train_epochs": 2, "model": "Qwen/Qwen3-0.6B", "dataset_name": "trl-lib/Capybara", "api_password": "hunter2",
    "total_steps": 40})
for step in range(40):
    trackio.log({"train/loss": 2 / (step + 1), "eval/loss": 2.5 / (step + 1), "train/accuracy": step / 40}, step=step)
trackio.finish()
"""


@pytest.fixture
def hub():
    """A Hub with small parts, so that weights go in several."""
    with Hub(page_size=3, part_bytes=4_000) as hub:
        yield hub


@pytest.fixture
def model(directory: DataDirectory) -> Path:
    """A folder as a trainer leaves it, and the run that made it."""
    directory.run(WORLD)
    return weights(directory.folder / "digits-sft")


def weights(folder: Path) -> Path:
    """A model in two files of weights, with what goes on training beside it."""
    (folder / "checkpoint-20").mkdir(parents=True)
    (folder / "config.json").write_text('{"architectures": ["LlamaForCausalLM"], "hidden_size": 8}')
    (folder / "tokenizer.json").write_text('{"version": "größe"}')
    for number, size in ((1, 10_000), (2, 900)):
        (folder / f"model-0000{number}-of-00002.safetensors").write_bytes(bytes((number * 7 + at) % 251 for at in range(size)))
    (folder / "checkpoint-20" / "model.safetensors").write_bytes(b"x" * 100)
    (folder / "optimizer.pt").write_bytes(b"x" * 100)
    return folder


def publish(directory: DataDirectory, hub: Hub, model: Path, *more: object, run: str = "sft-1", **environment: str) -> subprocess.CompletedProcess[str]:
    asked = ("--project", "digits", "--run", run, "--model-dir", model, "--repo", NAME)
    return command(directory, hub, "publish", *asked, *more, "--json", **environment)


def published(directory: DataDirectory, hub: Hub, model: Path, *more: object) -> dict:
    done = publish(directory, hub, model, *more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_official_client_downloads_what_was_published(directory, hub, model, tmp_path):
    said = published(directory, hub, model)
    assert (said["repository"], said["url"], said["private"], said["changed"]) == (NAME, f"{hub.address}/{NAME}", True, True)
    assert said["left_out"] == ["checkpoint-20", "optimizer.pt"] and (said["files"], said["sent_bytes"]) == (4, 10_900)
    repository = hub.repositories[MODEL]
    assert repository.is_private and len(repository.commits) == 2 and said["commit"] == repository.head.oid
    found = official(hub, tmp_path / "fetched", "fetch")
    ours = ["README.md", "paceline/curves.svg", "paceline/published.json"]
    names = ["config.json", "tokenizer.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    assert found["files"] == sorted([".gitattributes", *names, *ours]) and found["private"]
    for name in names:
        assert (tmp_path / "fetched" / name).read_bytes() == (model / name).read_bytes(), name
    assert found["head"] == {
        "base_model": "Qwen/Qwen3-0.6B", "datasets": ["trl-lib/Capybara"], "library_name": "transformers",
        "pipeline_tag": "text-generation", "tags": ["trackio", "paceline"],
    }  # fmt: skip
    card = (tmp_path / "fetched" / "README.md").read_text()
    for part in ("# digits-sft", "run **sft-1** of project **digits**, which finished at step 39", "| train/loss | 2 | 0.05 | 0.05 (step 39) | 2 (step 0) |",
                 "| learning&#95;rate | 2e-5 |", "![Curves of the run](paceline/curves.svg)", f'pipeline("text-generation", model="{NAME}")'):  # fmt: skip
        assert part in card, (part, card)
    assert "hunter2" not in card
    picture = ElementTree.fromstring((tmp_path / "fetched" / "paceline" / "curves.svg").read_text())
    texts = {text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")}
    assert {"train/loss", "eval/loss", "train/accuracy"} <= texts
    # Nothing is new; no file is sent again.
    again = published(directory, hub, model)
    assert not again["changed"] and again["commit"] == said["commit"] and len(repository.commits) == 2


def test_what_somebody_wrote_into_the_card_stays(directory, hub, model):
    published(directory, hub, model)
    repository = hub.repositories[MODEL]
    card = repository.files["README.md"].decode()
    edited = card.replace("# digits-sft", "# My model\n\nWords of mine.").replace("pipeline_tag: text-generation", "license: mit") + "\nAfter it.\n"
    repository.commit({"summary": "Mine"}, [("file", {"path": "README.md"}), ("file", {"path": "notes.txt"})], lambda value: edited.encode() if value["path"] == "README.md" else b"notes")
    (model / "model-00002-of-00002.safetensors").unlink()
    (model / "model-00001-of-00002.safetensors").rename(model / "model.safetensors")
    directory.run(WORLD.replace("sft-1", "sft-2"))
    done = publish(directory, hub, model, "--base-model", "Qwen/Qwen3-1.7B", run="sft-2")
    assert done.returncode == 0, done.stderr
    # What has the same content is not sent again, and what the folder does not hold any more is gone.
    assert json.loads(done.stdout)["sent_bytes"] == 0
    assert sorted(repository.files) == [".gitattributes", "README.md", "config.json", "model.safetensors", "notes.txt", "paceline/curves.svg", "paceline/published.json", "tokenizer.json"]
    card = repository.files["README.md"].decode()
    for part in ("# My model\n\nWords of mine.", "\nAfter it.\n", "license: mit", "run **sft-2**", 'base_model: "Qwen/Qwen3-1.7B"'):
        assert part in card, (part, card)
    assert "sft-1" not in card and "pipeline_tag" not in card


def test_the_card_of_the_trainer_is_where_it_begins(directory, hub, model):
    (model / "README.md").write_text("---\nlibrary_name: transformers\nmodel_name: digits\ntags:\n- trl\n---\n# Of the trainer\n")
    said = published(directory, hub, model, "--public", "--run-url", "https://tracker.example/a b")
    assert not said["private"] and not hub.repositories[MODEL].is_private
    card = hub.repositories[MODEL].files["README.md"].decode()
    assert "tags:\n- trl\n" in card and "model_name: digits" in card and "# Of the trainer\n\n<!-- paceline: run -->" in card
    assert "([look at it](https://tracker.example/a%20b))" in card


def test_weights_of_somebody_else_stay(directory, hub, model, tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "model-00001-of-00002.safetensors").write_bytes(b"theirs" * 100)
    official(hub, theirs, "model")
    repository = hub.repositories[MODEL]
    before = repository.head
    refused = publish(directory, hub, model)
    assert refused.returncode == 1 and "did not come from here" in refused.stderr and "--replace" in refused.stderr
    assert repository.head is before
    assert published(directory, hub, model, "--replace")["changed"]
    assert repository.files["model-00001-of-00002.safetensors"] == (model / "model-00001-of-00002.safetensors").read_bytes()
    # What somebody wrote into a small file is not taken for what the folder has, though it is as long.
    config = (model / "config.json").read_bytes()
    repository.commit({"summary": "Edit"}, [("file", {"path": "config.json"})], lambda _: config.replace(b"8", b"9"))
    assert published(directory, hub, model)["changed"] and repository.files["config.json"] == config
    assert not published(directory, hub, model)["changed"]


def test_another_model_stays_where_no_name_is_the_same(directory, hub, model, tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "adapter.safetensors").write_bytes(b"theirs" * 100)
    (theirs / "config.json").write_text("{}")
    official(hub, theirs, "model")
    repository = hub.repositories[MODEL]
    refused = publish(directory, hub, model)
    assert refused.returncode == 1 and "of another model" in refused.stderr and "--replace" in refused.stderr, refused.stderr
    assert repository.files["config.json"] == b"{}"


def test_a_folder_that_was_fetched_from_a_publication_is_published_anew(directory, hub, model, tmp_path):
    published(directory, hub, model)
    files = hub.repositories[MODEL].files
    for path in ("paceline/published.json", "paceline/curves.svg"):
        (model / path).parent.mkdir(exist_ok=True)
        (model / path).write_bytes(files[path].replace(b"sft-1", b"sft-0"))
    said = published(directory, hub, model)
    assert not said["changed"] and "paceline" in said["left_out"] and b"sft-0" not in files["paceline/published.json"]


@pytest.mark.parametrize(
    ("environment", "words"),
    [({"HF_TOKEN": "hf_unknown"}, "does not know the token from HF_TOKEN"), ({"HF_TOKEN": READ_TOKEN}, "may not do it"), ({"HF_TOKEN": ""}, "needs a token")],
)
def test_a_token_that_is_not_good_enough_is_named(directory, hub, model, environment, words):
    refused = publish(directory, hub, model, **environment)
    assert refused.returncode == 1 and words in refused.stderr and "hint:" in refused.stderr, refused.stderr
    assert not hub.repositories


def test_one_that_is_killed_leaves_the_old_state_and_the_next_one_goes_on(directory, hub, model):
    stuck = hub.fail(r"PUT .*part=2", seconds=30, cut_answer=0)
    asked = [PROGRAM, "publish", "--project", "digits", "--run", "sft-1", "--model-dir", model, "--repo", NAME, "--dir", directory.path]
    process = subprocess.Popen([*map(str, asked)], env=directory.environment(**hub.environment()), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    wait_until(lambda: stuck.seen and MODEL in hub.repositories and len(hub.repositories[MODEL].large) == 1, 30, "the small file is there, the large one on its way")
    process.kill()
    process.communicate()
    repository = hub.repositories[MODEL]
    assert list(repository.files) == [".gitattributes"]
    before = len(hub.calls("storage"))
    cut = hub.fail(r"PUT .*part=3", cut_request=100)
    said = published(directory, hub, model)
    assert said["sent_bytes"] == 10_000 and cut.happened == 1 and len(repository.commits) == 2
    # The large one in its parts, one of which broke off; the small one was there.
    assert sorted(call.split("part=")[1][0] for call in hub.calls("storage")[before:]) == ["1", "2", "3"]


def test_an_answer_that_is_lost_and_another_commit_meanwhile_are_got_over(directory, hub, model):
    lost = hub.fail(r"POST .*/commit/main", status=500, is_done=True)
    said = published(directory, hub, model)
    repository = hub.repositories[MODEL]
    assert lost.happened == 1 and len(repository.commits) == 2 and said["commit"] == repository.head.oid
    (model / "tokenizer.json").write_text("{}")
    meanwhile = hub.fail(r"POST .*/commit/main", instead=lambda: repository.commit({"summary": "Theirs"}, [("file", {"path": "a.txt"})], lambda _: b"a"))
    published(directory, hub, model)
    assert meanwhile.happened == 1 and repository.files["a.txt"] == b"a" and repository.files["tokenizer.json"] == b"{}"


def test_what_is_no_finished_model_is_refused(directory, hub, model, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "holds no model" in publish(directory, hub, tmp_path / "empty").stderr
    assert "cannot be used" in publish(directory, hub, tmp_path / "nowhere").stderr
    assert "`none`" in publish(directory, hub, model, run="none").stderr
    going = directory.start('import trackio\ntrackio.init(project="digits", name="going")\ntrackio.log({"loss": 1.0})\nimport time\ntime.sleep(600)\n')
    directory.wait_for_state("digits", "running", "going")
    refused = publish(directory, hub, model, run="going")
    assert refused.returncode == 1 and "is running" in refused.stderr and "--unfinished" in refused.stderr
    assert not hub.repositories
    done = publish(directory, hub, model, "--unfinished", run="going")
    assert done.returncode == 0 and "which is running" in hub.repositories[MODEL].files["README.md"].decode()
    going.kill()
    hub.repositories[MODEL].is_private = False
    seen = publish(directory, hub, model, "--private")
    assert seen.returncode == 1 and "everybody sees it" in seen.stderr


def test_a_server_publishes_for_who_may(directory, hub, model):
    server = Server(directory, "--mcp-allow-write", **hub.environment())
    try:
        writer = directory.answer("token", "create", "--scope", "write")["token"]
        call = ["call", "publish_model", {"project": "digits", "run": "sft-1", "model_dir": str(model), "repository": NAME}]
        for token in (None, writer):
            (refused,) = answers(url(server), call, token=token)
            assert refused["is_error"] and not hub.repositories, refused
        done, again, wrong = answers(url(server), call, call, [*call[:2], {**call[2], "model_dir": "/nowhere"}], token=server.token)
        assert done["data"]["changed"] and done["data"]["url"] == f"{hub.address}/{NAME}" and not again["data"]["changed"], (done, again)
        assert wrong["is_error"] and "`/nowhere`" in wrong["texts"][0]
        (model / "tokenizer.json").write_text("{}")
        asked = json.dumps({"model_dir": str(model), "repository": NAME, "private": True})
        path = "/api/v1/projects/digits/runs/sft-1/publish"
        assert server.request("POST", path, asked, writer).status == 403
        answer = server.request("POST", path, asked, server.token)
        assert answer.status == 200 and answer.json["changed"] and answer.json["private"], answer.body
        assert hub.repositories[MODEL].files["tokenizer.json"] == b"{}"
        # Who does not own the repository is told so.
        foreign = server.request("POST", path, asked.replace(NAME, "bob/model"), server.token)
        assert foreign.status == 400 and "may not do it" in foreign.json["error"]
    finally:
        server.stop()


def test_over_standard_input_and_output_it_needs_leave(directory, hub, model):
    call = ["call", "publish_model", {"run": "sft-1", "model_dir": str(model), "repository": NAME}]
    (refused,) = answers([str(PROGRAM), "mcp", "--dir", str(directory.path)], call)
    assert refused["is_error"] and "--mcp-allow-write" in refused["texts"][0] or "switched off" in refused["texts"][0], refused
    assert not hub.repositories
