"""The machine read once, when a program asks for it: the keys and units of the samples taken all the time."""

from __future__ import annotations

import os
import warnings

from trackio import context_vars
from trackio._program import ask_data

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trackio._run import Run

_warned: set[str] = set()


def log_cpu(run: "Run | None" = None) -> dict[str, Any]:
    """Records one reading of processors, memory, disks and network for a run (the current one), and gives it.

    Utilization is in percent over a fifth of a second, memory in GiB. Raises `RuntimeError` when no run was begun;
    a machine that cannot be read is a warning and gives an empty dict. Source: the peer's `trackio.log_cpu`.
    """
    run = _run(run, "log_cpu")
    return _record(run, _read("processors"))


def log_gpu(run: "Run | None" = None, device: int | None = None) -> dict[str, Any]:
    """Records one reading of the NVIDIA graphics processors for a run (the current one), and gives it.

    Those that CUDA_VISIBLE_DEVICES lets this process see, counted as CUDA counts them; `device` is one of them.
    Memory is in GiB, power in watts. Raises `RuntimeError` when no run was begun; without such a processor it
    warns once and gives an empty dict. Source: the peer's `trackio.log_gpu`.
    """
    run = _run(run, "log_gpu")
    metrics = _read("graphics")
    if not metrics:
        _warn_once("`trackio.log_gpu` finds no NVIDIA graphics processor on this machine; nothing is recorded")
        return {}
    return _record(run, visible_graphics(metrics, os.environ.get("CUDA_VISIBLE_DEVICES"), device))


def visible_graphics(metrics: dict[str, Any], visible: str | None, device: int | None) -> dict[str, Any]:
    """Of a reading of all graphics processors those in `visible`, or one of them, renumbered, with their sums."""
    known = sorted({int(key.split("/")[1]) for key in metrics if key.split("/")[1].isdigit()})
    seen = known
    if visible is not None and all(part.strip().isdigit() for part in visible.split(",")):
        seen = [int(part) for part in visible.split(",") if int(part) in known]
    elif visible is not None and not visible.strip():
        seen = []
    chosen = list(enumerate(seen))
    if device is not None:
        chosen = chosen[device : device + 1] if device >= 0 else []
    found: dict[str, Any] = {}
    for place, index in chosen:
        beginning = f"gpu/{index}/"
        found |= {f"gpu/{place}/{key.removeprefix(beginning)}": value for key, value in metrics.items() if key.startswith(beginning)}

    def values(quantity: str) -> list[float]:
        return [found[key] for place, _ in chosen if (key := f"gpu/{place}/{quantity}") in found]

    if utilization := values("utilization"):
        found["gpu/mean_utilization"] = sum(utilization) / len(utilization)
    if memory := values("allocated_memory"):
        found["gpu/total_allocated_memory"] = sum(memory)
    if power := values("power"):
        found["gpu/total_power"] = sum(power)
    if temperatures := values("temp"):
        found["gpu/max_temp"] = max(temperatures)
    return found


def _run(run: "Run | None", function: str) -> "Run":
    run = run or context_vars.current_run.get()
    if run is None:
        raise RuntimeError(f"no run is open: call `trackio.init(project=…)` before `trackio.{function}()`")
    return run


def _read(part: str) -> dict[str, Any]:
    try:
        return ask_data("sample", of=part)["metrics"]
    except (RuntimeError, ValueError, OSError) as error:
        _warn_once(f"the machine cannot be read: {error}")
        return {}


def _record(run: "Run", metrics: dict[str, Any]) -> dict[str, Any]:
    if metrics:
        run.log_system(metrics)
    return metrics


def _warn_once(text: str) -> None:
    if text not in _warned:
        _warned.add(text)
        warnings.warn(text, RuntimeWarning, stacklevel=4)
