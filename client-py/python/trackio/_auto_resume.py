"""`resume=True` and `resume="auto"`: the run that did not finish in this working directory goes on."""

from __future__ import annotations

import os
from hashlib import sha256

from trackio._environment import DATA_DIRECTORY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trackio._run import Run


def _note_path(project: str) -> str:
    key = sha256(f"{os.getcwd()}\0{project}".encode()).hexdigest()[:16]
    return os.path.join(DATA_DIRECTORY, ".paceline", "resume", key)


def unfinished_run(project: str) -> str | None:
    """Id of the run of this project and working directory that began with `auto` and did not finish."""
    try:
        with open(_note_path(project), encoding="utf-8") as file:
            return file.read().strip() or None
    except OSError:
        return None


def note_begin(run: "Run", project: str) -> None:
    """Notes the run until it finishes; without a place for the note the next one is a new run."""
    path = _note_path(project)
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(run.id)
    except OSError:
        return
    run._auto_note = path, os.getpid()


def forget(path: str, process: int) -> None:
    """Removes the note of a run that finished; in a forked child the run is its parent's, and goes on."""
    if process != os.getpid():
        return
    try:
        os.remove(path)
    except OSError:
        pass
