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
from trackio._wandb_settings import is_silent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

_FILES = "files"


def save(
    glob_str: str | Path,
    project: str | None = None,
    *,
    base_path: str | Path | None = None,
    policy: str = "live",
) -> str:
    """Copies files to a project, and gives the folder of its files.

    `glob_str` is a file, or a pattern such as `models/**/*.pt`. `project` is that of the current run when it is
    absent. Files below `base_path`, else the working directory, keep their path from there; others keep their
    name. `policy` is accepted: files are copied at once. With `base_path`, nothing that matches is a warning.

    Raises `ValueError` when nothing matches, `RuntimeError` when there is no project and when the files cannot
    be brought to the server of the current run, `OSError` when they cannot be copied.
    Source: the peer's `trackio.save`.
    """
    run = context_vars.current_run.get()
    project = project or context_vars.current_project.get()
    if project is None:
        raise RuntimeError("no run is open: call `trackio.init(project=…)` before `trackio.save()`, or pass `project`")
    if run is not None and run.disabled:
        return run.dir
    here = Path(base_path or Path.cwd()).resolve()
    files = {}
    for path in _matching(Path(glob_str)):
        files[path.relative_to(here).as_posix() if path.is_relative_to(here) else path.name] = path
    if not files and base_path is not None:
        from warnings import warn

        warn(f"there is no file `{glob_str}`; nothing is saved", RuntimeWarning, stacklevel=2)
    elif not files:
        raise ValueError(f"there is no file `{glob_str}`")
    folder = Path(MEDIA_DIRECTORY) / canonical_project(project) / _FILES
    for name, path in files.items():
        write_whole(folder / name, lambda partial, path=path: copyfile(path, partial))
    if run is not None and run._destination is not None:
        names = {name: str(folder / name) for name in files}
        ask_program("artifact", project, run._destination, {"call": "save_files", "files": names}, is_silent(run._settings))
    return str(folder)


def restore(
    name: str, run_path: str | None = None, replace: bool = False, root: str | Path | None = None, *, project: str | None = None
) -> "TextIO | None":
    """Copies a file that `save` took from the project to `root`, and opens it for reading; `None` when there is none.

    `root` is the working directory when it is absent. A file that is there already is kept unless `replace`.
    `run_path` is `<entity>/<project>/<run>`, of which the project counts.
    """
    parts = [part for part in (run_path or "").split("/") if part]
    project = parts[-2] if len(parts) > 1 else project or context_vars.current_project.get()
    target = Path(root or Path.cwd()) / name
    if target.is_file() and not replace:
        return target.open(encoding="utf-8")
    if project is None:
        return None
    source = Path(MEDIA_DIRECTORY) / canonical_project(project) / _FILES / name
    if not source.is_file():
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, lambda partial: copyfile(source, partial))
    return target.open(encoding="utf-8")


def _matching(pattern: Path) -> list[Path]:
    from glob import glob

    if pattern.is_file():
        return [pattern.resolve()]
    found = glob(os.path.join(os.getcwd(), pattern), recursive=True)
    return sorted(Path(path).resolve() for path in found if os.path.isfile(path))
