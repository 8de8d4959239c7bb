"""Writers of TensorBoard, hooked: what they are given is recorded in the current run too."""

from __future__ import annotations

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


def record_writers() -> None:
    """Hooks the class `SummaryWriter` of PyTorch and of tensorboardX, and `summary.scalar` of a loaded TensorFlow.

    Their scalars and distributions become metrics of the current run under their own tags, with the step as
    `global_step`. What one step brings is one row. Where there is no writer to hook, one warning says so.
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


def _hooked(function: "Callable[..., Any]", record: "Callable[..., None]") -> "Callable[..., Any]":
    is_method = function.__name__ in _RECORDS

    @wraps(function)
    def call(*arguments: Any, **more: Any) -> Any:
        result = function(*arguments, **more)
        try:
            record(*(arguments[1:] if is_method else arguments), **more)
        except Exception as error:  # training goes on whatever a writer is given
            warnings.warn(f"a value for TensorBoard is not recorded: {error}", RuntimeWarning, stacklevel=2)
        return result

    return call


def _record(values: dict[str, Any], step: Any) -> None:
    run = context_vars.current_run.get()
    if run is None:
        return
    if step is None:
        run.log(values, commit=False)
    else:
        run.log({**values, "global_step": step}, step=step, commit=False)


def _scalar(tag: str, scalar_value: Any, global_step: Any = None, *_: Any, **more: Any) -> None:
    _record({tag: scalar_value}, global_step)


def _scalars(main_tag: str, tag_scalar_dict: dict[str, Any], global_step: Any = None, *_: Any, **more: Any) -> None:
    _record({f"{main_tag}/{tag}": value for tag, value in tag_scalar_dict.items()}, global_step)


def _histogram(tag: str, values: Any, global_step: Any = None, *_: Any, **more: Any) -> None:
    from trackio.histogram import Histogram

    _record({tag: Histogram(values)}, global_step)


def _hparams(hparam_dict: dict[str, Any], *_: Any, **more: Any) -> None:
    run = context_vars.current_run.get()
    if run is not None:
        run.config.update(hparam_dict)


def _tensorflow_scalar(name: str, data: Any, step: Any = None, *_: Any, **more: Any) -> None:
    _record({name: data.numpy() if hasattr(data, "numpy") else data}, step.numpy() if hasattr(step, "numpy") else step)


_RECORDS = {"add_scalar": _scalar, "add_scalars": _scalars, "add_histogram": _histogram, "add_hparams": _hparams}
