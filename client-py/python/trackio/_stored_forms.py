"""Rows with images, tables, figures and other objects: each is replaced by what is stored for it."""

from __future__ import annotations

import os
import sys

from trackio._environment import DATA_DIRECTORY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trackio._run import Run

MEDIA_DIRECTORY = os.path.join(DATA_DIRECTORY, "media")
# What is nested deeper is left to the recorder, which makes a text of it.
_DEEPEST_NESTING = 32
# Longer arrays are stored as their distribution, and as their text inside tables and dicts (the former as
# wandb does).
_LONGEST_METRIC_LIST = 32
_LONGEST_NESTED_LIST = 10_000
_ARRAY_BINS = 32
_PLAIN = frozenset((float, int, str, bool, type(None)))


class Place:
    """Where the files of one row go: `<data directory>/media/<project>/<run>/<step>/`, as the peer has them."""

    def __init__(self, project: str, run: str, step: int) -> None:
        # A name is one folder or several, never a way out of the directory.
        names = [name for name in run.replace("\\", "/").split("/") if name not in ("", ".", "..")]
        self.folder = "/".join([project, *names, str(step)])

    def new_file(self, extension: str) -> tuple[str, str]:
        """A file that does not exist yet: its path, and its path relative to the media directory.

        Raises `OSError` when the folder cannot be made.
        """
        from uuid import uuid4

        relative = f"{self.folder}/{uuid4()}.{extension}"
        path = os.path.join(MEDIA_DIRECTORY, relative)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path, relative


def stored_forms(run: "Run", metrics: dict[Any, Any], step: int | None) -> tuple[dict[Any, Any], int | None]:
    """The row with the stored form of each object, and its step, which the paths of media files hold.

    A value that has no stored form is left out, with one warning for its key; this never raises for it.
    """
    from trackio._run import _failure_text, _warn_once

    if step is None:
        step = run._recorder.next_step()
        if step is None:  # the run has ended, so nothing is written for it
            return {}, None
    place = Place(run._recorder.project, run._recorded_name, step)
    stored = {}
    for key, value in dict(metrics).items():
        try:
            stored[key] = stored_form(value, place)
            if (table := getattr(value, "table", None)) is not None and isinstance(stored[key], dict):
                stored[f"{key}_table"] = stored_form(table, place)
        except Exception as error:  # of code that is not ours, which raises what it likes
            _warn_once(run, f"value {key!r:.200}", f"`{key}` is left out of step {step}: {_failure_text(error)}")
    return stored, step


def stored_form(value: Any, place: Place, depth: int = 0) -> Any:
    """What is stored for a value; files it needs are written to `place`.

    Objects of this package know their form. Figures become `Html`, images of Pillow `Image`, data frames
    `Table`, long arrays `Histogram` and other arrays lists. Anything else is left as it is.
    """
    kind = type(value)
    if kind in _PLAIN or depth > _DEEPEST_NESTING:
        return value
    if (form := getattr(kind, "_to_trackio", None)) is not None:
        return form(value, place)
    if isinstance(value, dict):
        return {key: stored_form(item, place, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [stored_form(item, place, depth + 1) for item in value]
    if is_figure(value):
        from trackio.media.html import Html

        return Html(value)._to_trackio(place)
    if is_pillow_image(value):
        from trackio.media.image import Image

        return Image(value)._to_trackio(place)
    if hasattr(kind, "to_dict") and hasattr(value, "columns"):
        from trackio.table import Table

        return Table(dataframe=value)._to_trackio(place)
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return _array_form(value, depth)
    if hasattr(kind, "isoformat"):  # dates and times
        return value.isoformat()
    return value


def _array_form(value: Any, depth: int) -> Any:
    """A metric's few numbers, or the distribution of many; inside tables and dicts the numbers themselves."""
    array = as_array(value)
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:  # of Python's numbers none is as wide
        array = array.astype("float64")
    if array.size == 1:
        return array.reshape(()).item()
    if depth == 0 and array.size > _LONGEST_METRIC_LIST and array.dtype.kind in "biuf":
        from trackio.histogram import Histogram

        return Histogram(array, num_bins=_ARRAY_BINS)._to_trackio(None)
    return array.tolist() if array.size <= _LONGEST_NESTED_LIST else value


def as_array(value: Any) -> Any:
    """The value as an array of NumPy: tensors of PyTorch leave their device and graph first.

    Raises `ImportError` without NumPy, and what the value raises.
    """
    import numpy

    if hasattr(value, "detach"):
        value = value.detach().cpu()
        if str(value.dtype) == "torch.bfloat16":  # NumPy has no such type
            value = value.float()
    return numpy.asarray(value)


def is_array(value: Any) -> bool:
    """Whether the value is an array or tensor of any library."""
    return hasattr(value, "dtype") and hasattr(value, "shape") and hasattr(value, "__array__")


def is_figure(value: Any) -> bool:
    """Whether the value is a figure of Plotly or Matplotlib, an animation, or `matplotlib.pyplot` itself."""
    return (
        _is_instance(value, "plotly.basedatatypes", "BaseFigure")
        or _is_instance(value, "matplotlib.figure", "Figure")
        or _is_instance(value, "matplotlib.animation", "Animation")
        or value is sys.modules.get("matplotlib.pyplot", is_figure)
    )


def is_pillow_image(value: Any) -> bool:
    """Whether the value is an image of Pillow."""
    return _is_instance(value, "PIL.Image", "Image")


def _is_instance(value: Any, module: str, name: str) -> bool:
    # Nobody has an object of a module that was never loaded.
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(value, getattr(loaded, name, ()))
