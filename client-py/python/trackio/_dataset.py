"""A project that is synced to a Dataset of the Hugging Face Hub: said at a run's begin, waited for at its end."""

from __future__ import annotations

import os
import warnings

from trackio._environment import DATA_DIRECTORY, find_program

_PATIENCE_SECONDS = 60.0
# More than the system can wait for is an error there.
_MOST_PATIENCE_SECONDS = 86_400.0


def chosen_dataset(dataset_id: object) -> str | None:
    """The Dataset that an argument names, else TRACKIO_DATASET_ID; a variable that names none is a warning.

    Raises `ValueError` for an argument that names none.
    """
    if dataset_id:
        check_name(str(dataset_id))
        return str(dataset_id)
    named = os.environ.get("TRACKIO_DATASET_ID")
    if not named:
        return None
    try:
        check_name(named, "TRACKIO_DATASET_ID")
    except ValueError as error:
        warnings.warn(f"nothing is synced: {error}", RuntimeWarning, stacklevel=4)
        return None
    return named


def follow(project: str, dataset: str, private: bool | None) -> str | None:
    """Lets whoever serves the data directory bring the project to the Dataset; `None`, and a warning, where it cannot."""
    from trackio._program import ask_data

    try:
        ask_data("follow_dataset", project, dataset=dataset, private=private is not False)
    except (OSError, RuntimeError, ValueError) as error:
        warnings.warn(f"project `{project}` is not synced to Dataset `{dataset}`: {error}", RuntimeWarning, stacklevel=4)
        return None
    return dataset


def wait_for_sync(project: str, dataset: str) -> None:
    """Waits until the Dataset has what is stored, as long as the user has patience; what keeps it is a warning."""
    seconds = patience()
    if seconds > 0:
        # A sync that is under way is waited for.
        _bring(project, dataset, [], seconds)


def sync_now(project: str, dataset: str, private: bool | None, in_background: bool) -> None:
    """Brings the project to the Dataset, this once; what keeps it is a warning.

    Raises `ValueError` for a name that no Dataset has.
    """
    check_name(dataset)
    more = ["--dataset", dataset, "--once", *(["--public"] if private is False else [])]
    if not in_background:
        _bring(project, dataset, more, None)
        return
    import threading

    # Not a daemon: a script that ends waits for it.
    threading.Thread(target=_bring, args=(project, dataset, more, None), name="trackio-sync").start()


def check_name(dataset: str, source: str = "dataset_id") -> None:
    """Raises `ValueError` for a name that no Dataset or Space has."""
    owner, separator, name = dataset.rpartition("/")
    if not name or separator and not owner or "/" in owner:
        raise ValueError(f"`{source}` must be `OWNER/NAME`, not `{dataset}`")


def _bring(project: str, dataset: str, more: list[str], patience: float | None) -> None:
    import subprocess

    program = find_program()
    command = ["sync", "--project", project, *more]
    try:
        if program is None:
            raise FileNotFoundError("the program `paceline` is not found")
        done = subprocess.run([program, *command, "--dir", DATA_DIRECTORY], stdin=subprocess.DEVNULL, capture_output=True, timeout=patience, check=False)
    except subprocess.TimeoutExpired:
        trouble = f"it takes longer than {patience:g} s"
    except OSError as error:
        trouble = str(error)
    else:
        if done.returncode == 0:
            return
        trouble = " ".join(done.stderr.decode("utf-8", "replace").split())
    warnings.warn(
        f"Dataset `{dataset}` does not have all of project `{project}` yet: {trouble}. "
        f"The rows are in `{DATA_DIRECTORY}`; `trackio {' '.join(command)}` brings them",
        RuntimeWarning,
        stacklevel=6,
    )


def patience() -> float:
    """For how many seconds a training is held up."""
    try:
        seconds = float(os.environ.get("PACELINE_SYNC_PATIENCE") or _PATIENCE_SECONDS)
    except ValueError:
        return _PATIENCE_SECONDS
    return min(seconds, _MOST_PATIENCE_SECONDS)
