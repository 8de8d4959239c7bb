"""Writers of TensorBoard, hooked: what they are given is recorded in the current run too."""

from __future__ import annotations

import os
import sys
import warnings
from functools import wraps
from importlib import import_module
from importlib.util import find_spec

from trackio import context_vars

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_WRITER_MODULES = ("torch.utils.tensorboard.writer", "tensorboardX.writer")
_HOOKED = "_trackio_hooked"
# Folders of the writers seen in a run, by its id; those of the newest run alone.
_folders: dict[str, set[str]] = {}


def record_writers() -> None:
    """Hooks the class `SummaryWriter` of PyTorch and of tensorboardX, and `summary.scalar` of a loaded TensorFlow.

    Their scalars and distributions become metrics of the current run under their own tags, with the step as
    `global_step`. Where there are several writers, the folder of each within the one around all of them stands before
    its tags, as in wandb. What one step brings is one row. Where there is no writer to hook, one warning says so.
    """
    hooked = False
    for name in _WRITER_MODULES:
        if find_spec(name.partition(".")[0]) is None:
            continue
        try:
            writer = import_module(name).SummaryWriter
        except Exception:  # of libraries that are there in part only
            continue
        hooked = True
        if not hasattr(writer, _HOOKED):
            setattr(writer, _HOOKED, True)
            writer.__init__ = _noting_its_folder(writer.__init__)
            for method, record in _RECORDS.items():
                if hasattr(writer, method):
                    setattr(writer, method, _hooked(getattr(writer, method), record))
    tensorflow = sys.modules.get("tensorflow")
    if (summary := getattr(tensorflow, "summary", None)) is not None:
        hooked = True
        if not hasattr(summary, _HOOKED):
            setattr(summary, _HOOKED, True)
            summary.scalar = _hooked(summary.scalar, _tensorflow_scalar)
    if not hooked:
        text = "`sync_tensorboard` finds no writer of TensorBoard (PyTorch, tensorboardX or TensorFlow); only `log` is recorded"
        warnings.warn(text, RuntimeWarning, stacklevel=3)


def _hooked(function: "Callable[..., Any]", values_of: "Callable[..., tuple[dict[str, Any], Any]]") -> "Callable[..., Any]":
    is_method = function.__name__ in _RECORDS

    @wraps(function)
    def call(*arguments: Any, **more: Any) -> Any:
        result = function(*arguments, **more)
        try:
            values, step = values_of(*(arguments[1:] if is_method else arguments), **more)
            _record(_prefix_of(arguments[0]) if is_method else "", values, step)
        except Exception as error:  # training goes on whatever a writer is given
            warnings.warn(f"a value for TensorBoard is not recorded: {error}", RuntimeWarning, stacklevel=2)
        return result

    return call


def _noting_its_folder(begin: "Callable[..., None]") -> "Callable[..., None]":
    @wraps(begin)
    def call(self: Any, *arguments: Any, **more: Any) -> None:
        begin(self, *arguments, **more)
        _prefix_of(self)

    return call


def _prefix_of(writer: Any) -> str:
    """What stands before the tags of a writer, whose folder is known from now on."""
    run = context_vars.current_run.get()
    folder = getattr(writer, "log_dir", None) or getattr(writer, "logdir", None)
    if run is None or not isinstance(folder, (str, os.PathLike)):
        return ""
    if run.id not in _folders:
        _folders.clear()
    folders = _folders.setdefault(run.id, set())
    folders.add(own := os.path.abspath(folder))
    relative = os.path.relpath(own, os.path.commonpath(folders))
    return "" if relative == "." else f"{relative.replace(os.sep, '/')}/"


def _record(prefix: str, values: dict[str, Any], step: Any) -> None:
    run = context_vars.current_run.get()
    if run is None or not values:
        return
    values = {f"{prefix}{tag}": value for tag, value in values.items()}
    if step is None:
        run.log(values, commit=False)
    else:
        run.log({**values, "global_step": step}, step=step, commit=False)


def _scalar(tag: str, scalar_value: Any, global_step: Any = None, *_: Any, **more: Any) -> tuple[dict[str, Any], Any]:
    return {tag: scalar_value}, global_step


def _scalars(main_tag: str, tag_scalar_dict: dict[str, Any], global_step: Any = None, *_: Any, **more: Any) -> tuple[dict[str, Any], Any]:
    return {f"{main_tag}/{tag}": value for tag, value in tag_scalar_dict.items()}, global_step


def _histogram(tag: str, values: Any, global_step: Any = None, *_: Any, **more: Any) -> tuple[dict[str, Any], Any]:
    from trackio.histogram import Histogram

    return {tag: Histogram(values)}, global_step


def _hparams(hparam_dict: dict[str, Any], *_: Any, **more: Any) -> tuple[dict[str, Any], Any]:
    run = context_vars.current_run.get()
    if run is not None:
        run.config.update(hparam_dict)
    return {}, None


def _tensorflow_scalar(name: str, data: Any, step: Any = None, *_: Any, **more: Any) -> tuple[dict[str, Any], Any]:
    return {name: data.numpy() if hasattr(data, "numpy") else data}, step.numpy() if hasattr(step, "numpy") else step


_RECORDS: "dict[str, Callable[..., tuple[dict[str, Any], Any]]]" = {"add_scalar": _scalar, "add_scalars": _scalars, "add_histogram": _histogram, "add_hparams": _hparams}
