"""Projects to ask about: written once by the generator, a copy for each subject, gone with the process."""

import atexit
import contextlib
import functools
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from programs import example
from subjects import SCRATCH, Subject, data_directory

PROJECT = "bench"
KEY = "train/loss"
# A row of five metrics in a table with its five indexes, about; and what the log beside it may need.
BYTES_PER_ROW = 650
LOWEST_SPIKE = 1_000.0


@dataclass(frozen=True)
class Shape:
    """How large a project is; `spikes` single samples of each run stand out."""

    runs: int
    steps: int
    metrics: int = 5
    spikes: int = 0

    @property
    def rows(self) -> int:
        """Rows of all runs."""
        return self.runs * self.steps

    @property
    def label(self) -> str:
        """As it stands in the names of measures."""
        return f"{self.runs:,} x {self.steps:,}"


def generate(directory: Path, shape: Shape) -> dict[str, Any]:
    """Writes the project `bench` of a data directory; gives what the generator said of it."""
    free = shutil.disk_usage(directory).free
    if free < shape.rows * BYTES_PER_ROW:
        needed = shape.rows * BYTES_PER_ROW / 1e9
        raise RuntimeError(f"{shape.label} rows need {needed:.0f} GB, {free / 1e9:.0f} are free: choose a smaller `--scale`")
    options = {"runs": shape.runs, "steps": shape.steps, "metrics": shape.metrics, "spikes": shape.spikes}
    arguments = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    command = [example("generate"), directory, PROJECT, *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


@functools.cache
def directory_of(subject: Subject, shape: Shape) -> Path:
    """A data directory with the project, for reading. The peer has a copy of its own: it may change what it opens."""
    if subject.name != "peer":
        return generated(shape)
    directory = _scratch()
    _copy(subject, shape, directory)
    return directory


@contextlib.contextmanager
def writable_directory_of(subject: Subject, shape: Shape) -> Iterator[Path]:
    """One that may be changed, gone afterwards."""
    with data_directory() as directory:
        _copy(subject, shape, directory)
        yield directory


def _copy(subject: Subject, shape: Shape, directory: Path) -> None:
    """The peer's holds nothing but the file of rows."""
    source = generated(shape)
    names = [f"{PROJECT}.db"] if subject.name == "peer" else [path.name for path in source.iterdir()]
    for name in names:
        subprocess.run(["cp", "-a", "--reflink=auto", source / name, directory], check=True)


@functools.cache
def generated(shape: Shape) -> Path:
    directory = _scratch()
    print(json.dumps({**generate(directory, shape), "project": shape.label}), flush=True)
    return directory


def _scratch() -> Path:
    SCRATCH.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(dir=SCRATCH))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return directory
