"""Where data goes and where the program stands: the environment of this process, read once."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DEFAULT_HOME = "~/.cache/huggingface"
_PROGRAM = "paceline"


def hub_home() -> str:
    """`HF_HOME`, else `~/.cache/huggingface`."""
    return os.environ.get("HF_HOME") or os.path.expanduser(_DEFAULT_HOME)


def _data_directory() -> str:
    """`TRACKIO_DIR`, else `$HF_HOME/trackio`, else `~/.cache/huggingface/trackio`."""
    chosen = os.environ.get("TRACKIO_DIR")
    if chosen:
        return chosen
    return os.path.join(hub_home(), "trackio")


DATA_DIRECTORY = _data_directory()
# Where the pictures of the tracker lie, under the names the peer's have.
PICTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "assets")


def program() -> str | None:
    """Path of the program that drains journals; `None` when it is missing or switched off.

    `PACELINE_COMPANION=off` switches it off.
    """
    if os.environ.get("PACELINE_COMPANION", "").lower() in ("off", "0", "false"):
        return None
    return find_program()


def find_program() -> str | None:
    """Path of the program; `None` when it is missing.

    `PACELINE_BINARY` names it; otherwise it stands where the wheel put it: beside the interpreter, in the
    environment of this package, or on the search path.
    """
    chosen = os.environ.get("PACELINE_BINARY")
    if chosen:
        return chosen
    # <prefix>/lib/pythonX.Y/site-packages/trackio/_environment.py
    prefix = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 4))
    folders = [os.path.dirname(sys.executable or ""), os.path.join(prefix, "bin")]
    folders += os.environ.get("PATH", "").split(os.pathsep)
    for folder in folders:
        path = os.path.join(folder, _PROGRAM)
        if folder and os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    return None


def git_commit() -> str | None:
    """Commit of the repository around the working directory, read from its files; `None` outside one."""
    try:
        folder = os.getcwd()
        while True:
            git = os.path.join(folder, ".git")
            if os.path.isfile(git):  # a linked worktree or a submodule
                git = os.path.join(folder, _text(git).removeprefix("gitdir:").strip())
            if os.path.isdir(git):
                return _commit_of(git)
            parent = os.path.dirname(folder)
            if parent == folder:
                return None
            folder = parent
    except (OSError, UnicodeDecodeError):
        return None


def _commit_of(git: str) -> str | None:
    head = _text(os.path.join(git, "HEAD"))
    if not head.startswith("ref:"):
        return head or None
    reference = head.removeprefix("ref:").strip()
    common = os.path.join(git, "commondir")
    roots = [git, os.path.join(git, _text(common))] if os.path.isfile(common) else [git]
    for root in roots:
        if os.path.isfile(loose := os.path.join(root, reference)):
            return _text(loose) or None
        if os.path.isfile(packed := os.path.join(root, "packed-refs")):
            for line in _text(packed).splitlines():
                if line.endswith(" " + reference):
                    return line.split()[0]
    return None


def _text(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read().strip()


def process_environment() -> dict[str, Any] | None:
    """What a run is made with, as far as this process knows it, and what is to be found out beside it.

    `None` with `PACELINE_ENVIRONMENT=off`; with `no-diff`, or wandb's WANDB_DISABLE_GIT, changes of the code that
    are not committed are left out. Nothing is imported or looked up for it.
    """
    wish = os.environ.get("PACELINE_ENVIRONMENT", "").lower()
    if wish in ("off", "0", "false"):
        return None
    try:
        directory = os.getcwd()
    except OSError:  # it was removed
        directory = None
    keeps_diff = wish != "no-diff" and os.environ.get("WANDB_DISABLE_GIT", "").lower() not in ("true", "1")
    # The second name is that of Hugging Face Jobs, whose ids have 24 digits; other schedulers use it too.
    job = os.environ.get("PACELINE_JOB_ID") or os.environ.get("JOB_ID", "")
    return {
        **({"job": job} if len(job) == 24 else {}),
        "user": os.environ.get("USER") or os.environ.get("LOGNAME") or str(os.getuid()),
        "directory": directory,
        "python": sys.version.split()[0],
        "executable": sys.executable or None,
        "survey": {"search_path": [path for path in sys.path if path and isinstance(path, str)], "keeps_diff": keeps_diff},
    }
