"""Rows a second that SQLite itself takes into the peer's table with its five indexes: the ceiling of any tracker."""

import json
import os
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing

from programs import example
from subjects import data_directory
from workloads import row

_ROWS_PER_TRANSACTION = 1_000
_TABLE = """
PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, timestamp TEXT NOT NULL,
    run_name TEXT NOT NULL, step INTEGER NOT NULL, metrics TEXT NOT NULL, log_id TEXT, space_id TEXT);
CREATE INDEX idx_metrics_run_step ON metrics(run_id, step);
CREATE INDEX idx_metrics_run_timestamp ON metrics(run_id, timestamp);
CREATE UNIQUE INDEX idx_metrics_log_id ON metrics(log_id) WHERE log_id IS NOT NULL;
CREATE INDEX idx_metrics_pending ON metrics(space_id) WHERE space_id IS NOT NULL;
CREATE INDEX idx_metrics_run_record ON metrics(run_id, run_name, timestamp);
"""
_INSERT = "INSERT OR IGNORE INTO metrics (run_id, run_name, timestamp, step, metrics, log_id) VALUES (?, ?, ?, ?, ?, ?)"


def rows_per_second(rows: int) -> float:
    """The storage crate's own loop where there is a compiler, else the same loop by Python's SQLite."""
    return _native(rows) if shutil.which("cargo") else _by_python(rows)


def _native(rows: int) -> float:
    program = example("ceiling")
    with data_directory() as directory:
        environment = {**os.environ, "TMPDIR": str(directory)}
        done = subprocess.run([program, str(rows)], env=environment, capture_output=True, text=True, check=True)
    lines = (json.loads(line) for line in done.stdout.splitlines())
    return next(line["rows_per_second"] for line in lines if line["what"] == "ceiling")


def _by_python(rows: int) -> float:
    prepared = [
        ("0" * 32, "run", f"2026-11-23T02:17:52.{step:06}+00:00", step, json.dumps(row(step)).encode(), f"{step:032x}")
        for step in range(rows)
    ]
    with data_directory() as directory:
        with closing(sqlite3.connect(directory / "bench.db", isolation_level=None)) as connection:
            connection.executescript(_TABLE)
            began = time.perf_counter()
            for first in range(0, rows, _ROWS_PER_TRANSACTION):
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(_INSERT, prepared[first : first + _ROWS_PER_TRANSACTION])
                connection.execute("COMMIT")
            return rows / (time.perf_counter() - began)
