"""What is measured: a Python with a tracker in it; starts its processes and reads the files they leave."""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WORKLOADS = Path(__file__).with_name("workloads.py")
ROOT = Path(__file__).resolve().parents[2]
SCRATCH = ROOT / "target" / "bench"
_FOREIGN_SETTINGS = ("TRACKIO_", "WANDB_", "PACELINE_", "GRADIO_", "HF_", "PYTHON")
_CHILD_SECONDS = 600
_LEAVE_SECONDS = 30


@dataclass(frozen=True)
class Subject:
    """A tracker by name (`ours`, `peer`, or `none` for the loop alone), and the Python it is installed in."""

    name: str
    python: Path

    def has(self, module: str) -> bool:
        """Whether a module is installed there."""
        found = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
        return subprocess.run([self.python, "-c", found], stdin=subprocess.DEVNULL, timeout=_CHILD_SECONDS).returncode == 0

    def wall_ms(self, code: str) -> float:
        """Wall time of a fresh process that runs one line."""
        with data_directory() as directory:
            before = time.perf_counter()
            subprocess.run(
                [self.python, "-c", code], env=environment(directory), stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=_CHILD_SECONDS, check=True,
            )
            return (time.perf_counter() - before) * 1e3

    def run(self, workload: str, rows: int) -> dict[str, Any]:
        """What one fresh process measured."""
        with data_directory() as directory:
            return self._run(directory, workload, rows, 1)[0]

    def run_together(self, workload: str, rows: int, processes: int) -> dict[str, float]:
        """Rows a second of `processes` that write `rows` each into one project, and rows that are not there then.

        From the first process that begins to the last whose `finish()` returned; what counts is in the file.
        """
        with data_directory() as directory:
            measured = self._run(directory, workload, rows, processes)
            stored = count_rows(directory)
        seconds = max(one["ended"] for one in measured) - min(one["began"] for one in measured)
        return {"rows_per_second": stored / seconds, "rows_lost": rows * processes - stored}

    def _run(self, directory: Path, workload: str, rows: int, processes: int) -> list[dict[str, Any]]:
        children = [self._start(directory, workload, rows) for _ in range(processes)]
        for child in children:
            _wait_until_ready(child)
        for child in children:
            child.stdin.write("go\n")
            child.stdin.flush()
        measured = []
        for child in children:
            output, _ = child.communicate(timeout=_CHILD_SECONDS)
            if child.returncode != 0:
                raise RuntimeError(f"`{self.name}` ended with {child.returncode} in `{workload}`")
            measured.append(json.loads(output.splitlines()[-1]))
        return measured

    def _start(self, directory: Path, workload: str, rows: int) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.python, WORKLOADS, self.name, workload, str(rows)], env=environment(directory),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )


def _wait_until_ready(child: subprocess.Popen[str]) -> None:
    for line in child.stdout:
        if line.strip() == "ready":
            return
    raise RuntimeError(f"it ended with {child.wait()} before it was ready: {child.args}")


def environment(directory: Path) -> dict[str, str]:
    """Ours without settings of trackers, with this directory."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN_SETTINGS)}
    return {**kept, "TRACKIO_DIR": str(directory), "HF_HUB_OFFLINE": "1"}


@contextlib.contextmanager
def data_directory() -> Iterator[Path]:
    """A fresh data directory on the disk of the repository, gone afterwards with all that worked for it."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(dir=SCRATCH))
    try:
        yield directory
    finally:
        _wait_until_left(directory)
        shutil.rmtree(directory, ignore_errors=True)


def _wait_until_left(directory: Path) -> None:
    """Waits until no process names the directory: what still works for one run would disturb the next."""
    deadline = time.monotonic() + _LEAVE_SECONDS
    while time.monotonic() < deadline and any(_names(pid, directory) for pid in os.listdir("/proc") if pid.isdigit()):
        time.sleep(0.05)


def _names(pid: str, directory: Path) -> bool:
    try:
        return str(directory).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def count_rows(directory: Path) -> int:
    """Rows of the project `bench`; none where it is not there yet."""
    if not (directory / "bench.db").exists():
        return 0
    with contextlib.closing(sqlite3.connect(directory / "bench.db", timeout=30)) as connection:
        return connection.execute("SELECT count(*) FROM metrics").fetchone()[0]
