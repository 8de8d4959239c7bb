"""Files of a project that belong to no run."""

from __future__ import annotations

import os
from pathlib import Path
from shutil import copyfile

from trackio import context_vars
from trackio._artifacts import write_whole
from trackio._native import canonical_project
from trackio._program import ask_program
from trackio._stored_forms import MEDIA_DIRECTORY

_FILES = "files"


def save(glob_str: str | Path, project: str | None = None) -> str:
    """Copies files to a project, and gives the folder of its files.

    `glob_str` is a file, or a pattern such as `models/**/*.pt`. `project` is that of the current run when it is
    absent. Files below the working directory keep their path from there; others keep their name.

    Raises `ValueError` when nothing matches, `RuntimeError` when there is no project and when the files cannot
    be brought to the server of the current run, `OSError` when they cannot be copied.
    Source: the peer's `trackio.save`.
    """
    run = context_vars.current_run.get()
    project = project or context_vars.current_project.get()
    if project is None:
        raise RuntimeError("no run is open: call `trackio.init(project=…)` before `trackio.save()`, or pass `project`")
    here = Path.cwd().resolve()
    files = {}
    for path in _matching(Path(glob_str)):
        files[path.relative_to(here).as_posix() if path.is_relative_to(here) else path.name] = path
    if not files:
        raise ValueError(f"there is no file `{glob_str}`")
    folder = Path(MEDIA_DIRECTORY) / canonical_project(project) / _FILES
    for name, path in files.items():
        write_whole(folder / name, lambda partial, path=path: copyfile(path, partial))
    if run is not None and run._destination is not None:
        names = {name: str(folder / name) for name in files}
        ask_program("artifact", project, run._destination, {"call": "save_files", "files": names})
    return str(folder)


def _matching(pattern: Path) -> list[Path]:
    from glob import glob

    if pattern.is_file():
        return [pattern.resolve()]
    found = glob(os.path.join(os.getcwd(), pattern), recursive=True)
    return sorted(Path(path).resolve() for path in found if os.path.isfile(path))
