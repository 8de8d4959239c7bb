"""Projects brought to Hugging Face Spaces: asked for by trainers at their ends, which must not fail over it."""

from __future__ import annotations

import os
import warnings

from trackio import context_vars
from trackio._environment import DATA_DIRECTORY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

_KINDS = ("gradio", "static")
_warned: set[str] = set()


def sync(
    project: str,
    space_id: str | None = None,
    private: bool | None = None,
    force: bool = False,
    run_in_background: bool = False,
    sdk: str = "gradio",
    dataset_id: str | None = None,
    bucket_id: str | None = None,
    frontend_dir: "str | Path | None" = None,
) -> str:
    """Names the Space a project would be shown in: the one given, that of the run, or one named after the project.

    Nothing is made on the Hub: one warning says where the data stays. A run that logs to a Space or a server
    (`init(space_id=…)`, `init(server_url=…)`) delivers what it logs all the time and needs no sync.

    Raises `ValueError` for an `sdk` that is neither `gradio` nor `static`. Source: the peer's `trackio.sync`.
    """
    if sdk not in _KINDS:
        raise ValueError(f"`sdk` must be `gradio` or `static`, not `{sdk}`")
    run = context_vars.current_run.get()
    delivered_to = None if run is None or run.project != project else run._destination
    if delivered_to is not None and delivered_to.space_id in (None, space_id or delivered_to.space_id):
        return space_id or delivered_to.source
    _say_where_the_data_stays(project, "trackio.sync")
    return space_id or os.environ.get("TRACKIO_SPACE_ID") or project


def freeze(
    space_id: str,
    project: str,
    new_space_id: str | None = None,
    private: bool | None = None,
    bucket_id: str | None = None,
    frontend_dir: "str | Path | None" = None,
) -> str:
    """Names the static Space a snapshot of a project would be shown in: `new_space_id`, or `<space_id>_static`.

    Nothing is made on the Hub: one warning says where the data stays. Source: the peer's `trackio.freeze`.
    """
    _say_where_the_data_stays(project, "trackio.freeze", space_id)
    return new_space_id or f"{space_id}_static"


def say_not_uploaded(project: str, space_id: str | None) -> None:
    """One warning when something that was imported should have gone to a Space too."""
    if space_id is not None:
        _say_where_the_data_stays(project, "space_id")


def _say_where_the_data_stays(project: str, asked_by: str, space_id: str | None = None) -> None:
    place = f"the Space `{space_id}`" if space_id else f"`{DATA_DIRECTORY}`"
    text = (
        f"`{asked_by}`: no Space is made or changed; project `{project}` stays in {place}. "
        "Show it with `trackio.show()`, or log to a server with `init(server_url=…)`"
    )
    if text not in _warned:
        _warned.add(text)
        warnings.warn(text, RuntimeWarning, stacklevel=3)
