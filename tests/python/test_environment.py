"""What is recorded of where a run comes from: user, folder, Python, packages, the state of the code, and no secrets."""

import json
import os
import subprocess
import sys

from support.waiting import wait_until

TRAIN = """
import trackio
run = trackio.init(project="p", name="r", config={"lr": 0.1})
trackio.log({"loss": 1.0})
trackio.finish()
assert dict(run.config) == {"lr": 0.1}
"""
ASK = "import json, trackio; run = trackio.Api().run('p', 'r'); print(json.dumps([run.metadata, run.diff()]))"
SECRET = "hf_" + "a" * 34


def repository(folder) -> None:
    """A repository with one commit, and changes after it."""

    def git(*arguments: str) -> None:
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)

    git("init", "-b", "main")
    git("remote", "add", "origin", f"https://ada:{SECRET}@example.org/ada/digits.git")
    for name in ("train_settings.py", ".env", "server.key"):
        (folder / name).write_text("lr = 1\n")
    git("add", "train_settings.py", ".env", "server.key")
    git("commit", "-m", "first")
    (folder / "train_settings.py").write_text(f'lr = 2\nAPI_KEY = "hunter2"\nlogin("{SECRET}")\n')
    (folder / ".env").write_text("PLAIN=hunter2\n")
    (folder / "server.key").write_text("hunter2\n")


def recorded(directory) -> tuple[dict, str | None]:
    """What the file says of the run's environment, once all of it is found out."""
    found = "SELECT environment, diff FROM paceline_environments"
    wait_until(lambda: '"system":"Linux' in str(directory.select("p", found)), 15, lambda: directory.select("p", found))
    metadata, diff = json.loads(directory.run(ASK).output)
    return metadata, diff


def test_a_run_tells_what_it_was_made_with(directory):
    repository(directory.folder)
    directory.run(TRAIN, "--lr", "2", USER="ada")
    metadata, diff = recorded(directory)
    assert metadata["user"] == "ada"
    assert metadata["directory"] == str(directory.folder)
    assert (metadata["python"], metadata["executable"]) == (sys.version.split()[0], sys.executable)
    assert metadata["command"].endswith("--lr 2")
    assert metadata["processors"] == len(os.sched_getaffinity(0))
    assert (metadata["git_branch"], metadata["git_dirty"]) == ("main", True)
    assert metadata["git_remote"] == "https://example.org/ada/digits.git"
    head = subprocess.run(["git", "-C", directory.folder, "rev-parse", "HEAD"], capture_output=True, text=True)
    assert metadata["git_commit"] == head.stdout.strip()
    assert diff is not None
    assert "-lr = 1\n+lr = 2\n" in diff
    assert metadata["diff_bytes"] == len(diff)
    for file in directory.path.rglob("*"):
        if file.is_file():
            assert b"hunter2" not in file.read_bytes(), file
            assert SECRET.encode() not in file.read_bytes(), file


def test_versions_of_packages_are_read_without_importing_them(directory):
    packages = directory.folder / "packages"
    for name in ("torch-2.9.1+cpu", "huggingface_hub-2.4.0", "somebody_else-1.0"):
        (packages / f"{name}.dist-info").mkdir(parents=True)
    (packages / "torch").mkdir()
    (packages / "torch" / "__init__.py").write_text("raise ImportError('never')")
    directory.run(TRAIN, PYTHONPATH=str(packages))
    found = recorded(directory)[0]["packages"]
    assert (found["torch"], found["huggingface-hub"]) == ("2.9.1+cpu", "2.4.0")
    assert "somebody-else" not in found


def test_what_is_not_wanted_is_not_recorded(directory, new_directory):
    repository(directory.folder)
    directory.run(TRAIN, PACELINE_ENVIRONMENT="no-diff")
    metadata, diff = recorded(directory)
    assert (metadata["git_dirty"], diff, metadata["diff_bytes"]) == (True, None, None)

    other = new_directory()
    repository(other.folder)
    other.run(TRAIN, PACELINE_ENVIRONMENT="off")
    other.wait_for_state("p", "finished")
    metadata = json.loads(other.run(ASK).output)[0]
    assert (metadata["git_commit"], "user" in metadata) == (None, False)
    assert other.select("p", "SELECT * FROM paceline_environments") == []
    assert metadata["host"], "whether the process lives is known by this"


def test_a_folder_without_a_repository_has_no_state_of_the_code(directory):
    directory.run(TRAIN, GIT_CEILING_DIRECTORIES=str(directory.folder.parent))
    metadata, diff = recorded(directory)
    assert (metadata["git_branch"], metadata["git_dirty"], diff) == (None, None, None)
