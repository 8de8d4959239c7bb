"""Places and names under the peer's module name, for programs that take them from `trackio.utils`."""

from __future__ import annotations

from pathlib import Path

from trackio._environment import DATA_DIRECTORY, PICTURES
from trackio._native import canonical_project

TRACKIO_DIR = Path(DATA_DIRECTORY)
MEDIA_DIR = TRACKIO_DIR / "media"
ARTIFACTS_DIR = TRACKIO_DIR / "artifacts"
TRACKIO_LOGO_DIR = Path(PICTURES)
# Names of metrics that get `__` before them.
RESERVED_KEYS = ["project", "run", "timestamp", "step", "time", "metrics"]


def canonical_project_name(project: str) -> str:
    """The name of a project's files and folders."""
    return canonical_project(project)


def project_media_dir(project: str) -> Path:
    """Where the media of a project lie."""
    return MEDIA_DIR / canonical_project(project)


def project_artifacts_dir(project: str) -> Path:
    """Where the contents of the artifacts of a project lie."""
    return ARTIFACTS_DIR / canonical_project(project)
