"""Projects brought to Hugging Face Spaces: asked for by trainers at their ends, which must not fail over it."""

from __future__ import annotations

import warnings

from trackio import context_vars
from trackio._environment import DATA_DIRECTORY, find_program

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
) -> str | None:
    """The Space that shows a project; `None` where there is none.

    `sdk="static"` brings a snapshot of the project to a static Space, which is made, private unless `private` is
    `False`, where it is not there; without `space_id` it is one of the project's own. With `dataset_id` and no Space the
    project is brought to that Dataset of the Hub now. Both are waited for unless they are to `run_in_background`, while the project's
    run is open for PACELINE_SYNC_PATIENCE seconds at most; what keeps them is one warning.
    A Space with a server is not made: one warning says where the data stays. `None` is what keeps transformers from pointing the card of
    a model at a Space that is not there. A run that delivers to a Space all the time gives that one.

    `force`, `bucket_id` and `frontend_dir` have no effect: nothing is asked, and a Space holds its data itself.

    Raises `ValueError` for an `sdk` that is neither `gradio` nor `static`, and for a name that no Dataset or Space has. Source: the peer's `trackio.sync`.
    """
    if sdk not in _KINDS:
        raise ValueError(f"`sdk` must be `gradio` or `static`, not `{sdk}`")
    run = context_vars.current_run.get()
    delivered_to = None if run is None or run.project != project else run._destination
    if delivered_to is not None and delivered_to.space_id in (None, space_id or delivered_to.space_id):
        return delivered_to.space_id
    _say_no_bucket("trackio.sync", bucket_id)
    if sdk == "static" and delivered_to is None:
        is_open = run is not None and run.project == project
        return _publish("trackio.sync", project, space_id, private, run_in_background, is_open)
    if dataset_id is not None and space_id is None and delivered_to is None:
        from trackio._dataset import sync_now

        sync_now(project, dataset_id, private, run_in_background)
        return None
    _say_where_the_data_stays(project, "trackio.sync")
    return None


def freeze(
    space_id: str,
    project: str,
    new_space_id: str | None = None,
    private: bool | None = None,
    bucket_id: str | None = None,
    frontend_dir: "str | Path | None" = None,
) -> str | None:
    """The static Space with a snapshot of a project as it is on this machine: `new_space_id`, else `space_id` with
    `_static` behind it; made, private unless `private` is `False`, where it is not there.

    `None`, and one warning, where it is not made, as for a project whose rows went to a Space and are not here.
    `bucket_id` and `frontend_dir` have no effect: a Space holds its data itself. Source: the peer's `trackio.freeze`.
    """
    _say_no_bucket("trackio.freeze", bucket_id)
    return _publish("trackio.freeze", project, new_space_id or f"{space_id}_static", private, False, False)


def _publish(asked_by: str, project: str, space_id: str | None, private: bool | None, in_background: bool, is_open: bool) -> str | None:
    """The static Space that a snapshot was brought to; what keeps it is one warning.

    In the background it is the name that was given.
    """
    from trackio._dataset import check_name, patience

    if space_id is not None:
        check_name(space_id, "space_id")
    if not in_background:
        return _bring_snapshot(asked_by, project, space_id, private, patience() if is_open else None)
    import threading

    # Not a daemon: a script that ends waits for it.
    arguments = (asked_by, project, space_id, private, None)
    threading.Thread(target=_bring_snapshot, args=arguments, name="trackio-sync").start()
    return space_id


def _bring_snapshot(asked_by: str, project: str, space_id: str | None, private: bool | None, seconds: float | None) -> str | None:
    import json
    import subprocess

    program = find_program()
    command = ["sync", "--project", project, "--sdk", "static"]
    command += ["--space-id", space_id] if space_id is not None else []
    command += ["--public"] if private is False else []
    try:
        if program is None:
            raise FileNotFoundError("the program `paceline` is not found")
        done = subprocess.run(
            [program, *command, "--json", "--dir", DATA_DIRECTORY], stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False
        )
        if done.returncode == 0:
            return str(json.loads(done.stdout)["space"])
        trouble = " ".join(done.stderr.decode("utf-8", "replace").split())
    except subprocess.TimeoutExpired:
        trouble = f"it takes longer than {seconds:g} s"
    except (OSError, ValueError) as error:
        trouble = str(error)
    _warn_once(
        f"`{asked_by}`: no Space is made or brought up to date for project `{project}`: {trouble}. "
        f"The rows are where they were; `trackio {' '.join(command)}` tries again",
        # Trainers name another Space each time they push.
        cause=f"{asked_by} {project} {trouble}",
    )
    return None


def say_not_uploaded(project: str, space_id: str | None) -> None:
    """One warning when something that was imported should have gone to a Space too."""
    if space_id is not None:
        _say_where_the_data_stays(project, "space_id")


def _say_where_the_data_stays(project: str, asked_by: str, space_id: str | None = None) -> None:
    place = f"the Space `{space_id}`" if space_id else f"`{DATA_DIRECTORY}`"
    _warn_once(
        f"`{asked_by}`: no Space is made or changed; project `{project}` stays in {place}. "
        "Show it with `trackio.show()`, bring a snapshot to a Space with `sync(sdk=\"static\")`, or log to a server with `init(server_url=…)`"
    )


def _say_no_bucket(asked_by: str, bucket_id: str | None) -> None:
    """One line where a bucket is named: its files travel over Xet alone, which is not spoken here."""
    if bucket_id is not None:
        _warn_once(
            f"`{asked_by}`: nothing is brought to the bucket `{bucket_id}`, which is not supported; a static Space holds its data itself, "
            "and `dataset_id` keeps rows in a Dataset"
        )


def _warn_once(text: str, cause: str | None = None) -> None:
    """Warns, unless it did so for that cause, which is the text itself when none is given."""
    cause = text if cause is None else cause
    if cause not in _warned:
        _warned.add(cause)
        warnings.warn(text, RuntimeWarning, stacklevel=4)
