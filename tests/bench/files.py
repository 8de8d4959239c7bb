"""The experiments on Parquet files: a whole export, its memory, a sync of what is new, and the way back."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from experiment import Experiment, Figures, Limit
from projects import PROJECT, Shape, directory_of, writable_directory_of
from subjects import SCRATCH, Subject, environment

# Its scheduler calls this before each commit; the line before it says that there is nothing to fetch first.
_PEER_EXPORT = """
from trackio.sqlite_storage import SQLiteStorage
SQLiteStorage._dataset_import_attempted = True
SQLiteStorage.export_to_parquet()
"""
_SHARE_OF_NEW_ROWS = 100


def experiments(quick: bool) -> list[Experiment]:
    """Both export the same rows, each in a fresh process; then ours follows a project."""
    shape = Shape(4, 2_000) if quick else Shape(10, 100_000)
    return [_export(shape, 1 if quick else 3), _follow(shape, 1 if quick else 3)]


def _export(shape: Shape, rounds: int) -> Experiment:
    speed, memory = f"Parquet rows/s, {shape.label}", f"peak memory of a Parquet export, {shape.label}"
    size = f"bytes of the Parquet files, {shape.label}"

    def run(subject: Subject) -> Figures:
        directory = directory_of(subject, shape)
        with _folder() as folder:
            if subject.name == "peer":
                # It writes beside its tables, and only what is not there yet.
                folder = directory
                for path in folder.glob("*.parquet"):
                    path.unlink()
                seconds, mib = _run([subject.python, "-c", _PEER_EXPORT], directory)
            else:
                seconds, mib = _run(_ours(subject, directory, "export", "--project", PROJECT, "--out", folder), directory)
            written = sum(path.stat().st_size for path in folder.rglob("*.parquet"))
        return {speed: shape.rows / seconds, memory: mib, size: float(written)}

    limits = (Limit(speed, "higher", 8, 20), Limit(memory, "lower", 0.1, 0.02))
    units = {speed: "rows/s", memory: "MiB", size: "bytes"}
    return Experiment("parquet export", run, ("ours", "peer"), rounds, units, limits, warm_up=True, needs="pyarrow")


def _follow(shape: Shape, rounds: int) -> Experiment:
    first, news = f"first sync to parts, {shape.label}", f"sync of 1 % new rows, {shape.label}"
    share, nothing = f"sync of 1 % new rows against the first, {shape.label}", f"sync of nothing new, {shape.label}"
    back = f"rows/s of an import, {shape.label}"

    def run(subject: Subject) -> Figures:
        with writable_directory_of(subject, shape) as directory, _folder() as folder:
            sync = _ours(subject, directory, "export", "--project", PROJECT, "--out", folder, "--parts")
            whole, _ = _run(sync, directory)
            _append(directory, shape.rows // _SHARE_OF_NEW_ROWS)
            new, _ = _run(sync, directory)
            idle, _ = _run(sync, directory)
            seconds, _ = _run(_ours(subject, directory, "import", folder, "--project", "back"), directory)
        return {
            first: whole * 1e3, news: new * 1e3, nothing: idle * 1e3, share: new / whole,
            back: shape.rows * (1 + 1 / _SHARE_OF_NEW_ROWS) / seconds,
        }

    units = {first: "ms", news: "ms", nothing: "ms", share: "share", back: "rows/s"}
    return Experiment("parquet sync", run, ("ours",), rounds, units, (Limit(share, "lower", 0.05, 0.05, of="figure"),))


def _ours(subject: Subject, directory: Path, *arguments: object) -> list[object]:
    return [subject.python.with_name("paceline"), *arguments, "--dir", directory]


def _run(command: Sequence[object], directory: Path) -> tuple[float, float]:
    """Seconds a process took, and the most memory it had, in MiB."""
    before = time.perf_counter()
    process = subprocess.Popen(
        [*map(str, command)], env=environment(directory), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"it ended with {process.returncode}: {command}")
    return time.perf_counter() - before, usage.ru_maxrss / 1024


def _append(directory: Path, rows: int) -> None:
    """As another program would: later rows of the newest run."""
    with contextlib.closing(sqlite3.connect(directory / f"{PROJECT}.db")) as connection, connection:
        connection.execute(
            "INSERT INTO metrics (run_id, timestamp, run_name, step, metrics, log_id) "
            "SELECT run_id, timestamp, run_name, step + 1000000000, metrics, 'new ' || log_id "
            "FROM (SELECT * FROM metrics ORDER BY id DESC LIMIT ?) ORDER BY id",
            (rows,),
        )


@contextlib.contextmanager
def _folder():
    """A folder on the disk of the repository, gone afterwards."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=SCRATCH))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
