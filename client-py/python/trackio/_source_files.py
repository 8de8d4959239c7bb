"""The source files of a program as an artifact."""

from __future__ import annotations

import os
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from trackio._wandb_run import WandbRun
    from trackio.artifact import Artifact

# Folders whose files nobody wrote by hand.
_LEFT_OUT = {"__pycache__", "node_modules", "site-packages", "wandb", "venv", "build", "dist"}


def log_code(
    run: "WandbRun", root: str, name: str | None, include: "Callable[..., bool] | None", exclude: "Callable[..., bool] | None"
) -> "Artifact | None":
    """Stores the source files below `root`; see `Run.log_code`."""
    from trackio.artifact import Artifact

    place = Path(root).resolve()
    artifact = Artifact(name or f"source-{run.project}-{place.name or 'root'}", "code")
    found = 0
    for folder, folders, files in os.walk(place):
        folders[:] = sorted(item for item in folders if item not in _LEFT_OUT and not item.startswith("."))
        for file in sorted(files):
            path = Path(folder, file)
            taken = path.suffix == ".py" if include is None else _asks(include, path, place)
            if taken and not (exclude is not None and _asks(exclude, path, place)):
                artifact.add_file(path, name=path.relative_to(place).as_posix())
                found += 1
    if not found:
        return None
    return run.log_artifact(artifact)  # type: ignore[attr-defined]


def _asks(function: "Callable[..., Any]", path: Path, root: Path) -> bool:
    from inspect import signature

    try:
        takes_root = len(signature(function).parameters) > 1
    except (TypeError, ValueError):
        takes_root = False
    return bool(function(str(path), str(root)) if takes_root else function(str(path)))
