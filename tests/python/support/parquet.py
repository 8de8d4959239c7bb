"""Projects as Parquet files: made by the program or by the peer, compared with the tables they came from."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from support.directory import DataDirectory
from support.interpreters import datasets_python

# What is carried, with what a row of it is known by.
TABLES = (
    "metrics", "system_metrics", "configs", "traces", "alerts", "artifacts", "artifact_versions", "artifact_aliases",
    "run_artifact_links", "external_run_artifact_links", "project_metadata", "paceline_runs", "paceline_ranks",
    "paceline_environments", "paceline_console",
)
# Stored as JSON, which may be written in another way.
_JSON = ("metrics", "config", "messages", "metadata", "spans")


def contents(directory: DataDirectory, project: str, media_of: str | None = None) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table that is carried, with its JSON read; NaN in it is equal to itself. With `media_of` the
    rows name the media of that project instead of their own."""
    rename = (project, media_of or project)
    return {table: rows for table in TABLES if (rows := _rows(directory, project, table, rename))}


def media(directory: DataDirectory, project: str) -> dict[Path, bytes]:
    """What lies among the media of a project, by path."""
    folder = directory.path / "media" / project
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _rows(directory: DataDirectory, project: str, table: str, rename: tuple[str, str]) -> list[dict[str, Any]]:
    names = [name for name, in directory.select(project, "SELECT name FROM pragma_table_info(?)", table)]
    if not names:
        return []
    found = directory.select(project, f"SELECT {', '.join(names)} FROM {table} ORDER BY 1, 2")
    return [{name: _cell(name, cell, rename) for name, cell in zip(names, row, strict=True)} for row in found]


def _cell(name: str, cell: Any, rename: tuple[str, str]) -> Any:
    if name not in _JSON or cell is None:
        return cell
    text = cell.decode() if isinstance(cell, bytes) else cell
    before, after = rename
    return Json(re.sub(rf'("file_path": ?"){re.escape(before)}/', lambda found: f"{found[1]}{after}/", text))


class Json:
    """A JSON text as what it says: keys in their order, whole numbers told from floats."""

    def __init__(self, text: str | bytes) -> None:
        self.value = json.loads(text, object_pairs_hook=tuple)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Json) and repr(self.value) == repr(other.value)

    def __repr__(self) -> str:
        return f"Json({self.value!r})"


def read_by(script: str, folder: Path, **environment: str) -> Any:
    """What a script with the readers of Parquet prints as JSON; it finds the folder in `sys.argv[1]`."""
    done = subprocess.run(
        [datasets_python(), "-c", script, str(folder)], capture_output=True, text=True, timeout=120,
        env={**DataDirectory.clean_environment(), "HF_HUB_OFFLINE": "1", **environment},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
