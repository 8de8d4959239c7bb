"""Where data goes and where the program stands: the environment of this process, read once."""

from __future__ import annotations

import os
import sys

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
    from pathlib import Path

    try:
        folder = Path.cwd()
        for place in (folder, *folder.parents):
            git = place / ".git"
            if git.is_file():  # a linked worktree or a submodule
                git = (place / git.read_text().removeprefix("gitdir:").strip()).resolve()
            if not git.is_dir():
                continue
            head = (git / "HEAD").read_text().strip()
            if not head.startswith("ref:"):
                return head or None
            reference = head.removeprefix("ref:").strip()
            common = git / "commondir"
            roots = [git, (git / common.read_text().strip()).resolve()] if common.is_file() else [git]
            for root in roots:
                if (root / reference).is_file():
                    return (root / reference).read_text().strip() or None
                packed = root / "packed-refs"
                if packed.is_file():
                    for line in packed.read_text().splitlines():
                        if line.endswith(" " + reference):
                            return line.split()[0]
            return None
    except (OSError, UnicodeDecodeError):
        pass
    return None
