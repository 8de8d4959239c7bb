"""What one fresh process does with one tracker; prints what it measured as one JSON object.

    python workloads.py SUBJECT WORKLOAD [ROWS]

SUBJECT is `none` for the same loop without a tracker; the others import whatever `trackio` is installed. The
parent, who may have started several, is told by a line when the process is ready and says by one when to go.
"""

import json
import os
import sys
import time
from array import array
from collections.abc import Callable
from typing import Any

KEYS = [f"train/metric_{number}" for number in range(10)]
STALL_NS = 1_000_000


class NoTracker:
    """The floor: the loop, the dicts and the clock, nothing else."""

    def init(self, **_settings) -> None:
        """Does nothing."""

    def log(self, metrics, step=None) -> None:
        """Does nothing."""

    def finish(self) -> None:
        """Does nothing."""


def row(step: int) -> dict[str, float]:
    """Ten floats, new ones for each step."""
    return {key: step * 0.001 + number for number, key in enumerate(KEYS)}


def flat_out(tracker, rows: int) -> dict[str, float]:
    """As many calls as fit."""
    return log_rows(tracker, rows, None)


def paced(tracker, rows: int) -> dict[str, float]:
    """1,000 calls a second, as a fast training makes them."""
    return log_rows(tracker, rows, 1_000)


def wide(tracker, rows: int) -> dict[str, float]:
    """A thousand floats a row."""
    keys = [f"layer_{number // 10}/metric_{number}" for number in range(1_000)]
    return log_rows(tracker, rows, None, lambda step: {key: step * 0.001 + number for number, key in enumerate(keys)})


def numpy_scalars(tracker, rows: int) -> dict[str, float]:
    """Ten scalars of NumPy a row."""
    from numpy import float32

    return log_rows(tracker, rows, None, lambda step: {key: float32(value) for key, value in row(step).items()})


def torch_scalars(tracker, rows: int) -> dict[str, float]:
    """Ten tensors of PyTorch without dimensions a row, as losses are."""
    from torch import tensor

    return log_rows(tracker, rows, None, lambda step: {key: tensor(value) for key, value in row(step).items()})


def log_rows(tracker, rows: int, rows_per_second: int | None, row: Callable[[int], dict[str, Any]] = row) -> dict[str, float]:
    """Times each `log()` alone, then `finish()`; the making of the dicts is in neither."""
    log, clock = tracker.log, time.perf_counter_ns
    durations = array("q", bytes(8 * rows))
    began = time.time()
    start = time.monotonic()
    for step in range(rows):
        metrics = row(step)
        if rows_per_second is not None:
            time.sleep(max(0.0, start + step / rows_per_second - time.monotonic()))
        before = clock()
        log(metrics, step=step)
        durations[step] = clock() - before
    before = clock()
    tracker.finish()
    finish_ns = clock() - before
    ended = time.time()
    memory = peak_memory_bytes()
    stalls = sum(duration > STALL_NS for duration in durations)
    ordered = sorted(durations)
    return {
        "began": began,
        "ended": ended,
        "p50_us": percentile(ordered, 0.5) / 1e3,
        "p99_us": percentile(ordered, 0.99) / 1e3,
        "p99_9_us": percentile(ordered, 0.999) / 1e3,
        "max_ms": ordered[-1] / 1e6,
        "stalls_per_million": stalls * 1e6 / rows,
        "finish_ms": finish_ns / 1e6,
        "peak_memory_mib": memory / 2**20,
    }


def percentile(ordered: list[int], share: float) -> int:
    """The value that `share` of all are at or below."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def peak_memory_bytes() -> int:
    """Highest resident memory of this process, from the kernel; unlike `ru_maxrss` it starts anew at exec."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


WORKLOADS = {
    "flat_out": flat_out, "paced": paced, "wide": wide, "numpy_scalars": numpy_scalars, "torch_scalars": torch_scalars,
}


def main() -> None:
    subject, workload, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if subject == "none":
        tracker = NoTracker()
    else:
        import trackio as tracker
    tracker.init(project="bench", name=f"run-{os.getpid()}", auto_log_cpu=False, auto_log_gpu=False)
    # The trackers' own lines belong on standard error, or nowhere.
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(WORKLOADS[workload](tracker, rows)), flush=True)


if __name__ == "__main__":
    main()
