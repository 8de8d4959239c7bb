"""What other programs logged, brought into projects: CSV files and TensorBoard's event files.

Both are read as they are stored, a row at a time, so that files of any size fit.
"""

from __future__ import annotations

import csv
import math
from datetime import datetime, timezone
from itertools import chain
from pathlib import Path

from trackio._import_progress import ImportProgress
from trackio._program import ProgramError, ask_data, store_rows
from trackio._publishing import say_not_uploaded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, TextIO

    from trackio._event_files import Reading

_TIMESTAMP = "timestamp"
# The run of the files that lie in the folder itself.
_ROOT_RUN = "main"


def import_csv(
    csv_path: "str | Path",
    project: str,
    name: str | None = None,
    space_id: str | None = None,
    dataset_id: str | None = None,
    private: bool | None = None,
    force: bool = False,
) -> None:
    """Stores a CSV file as a run of a new project.

    The first line names the columns. One is called `step` in any case; one may be called `timestamp` (ISO 8601,
    or seconds since 1970; UTC unless it says otherwise); of the others those whose every value is a number are
    metrics, under their whole names. The run is called `name`, or as the file is. It stays in the data directory:
    `space_id`, `dataset_id`, `private` and `force` are accepted.

    Raises `FileNotFoundError`; `ValueError` for a project that has runs, and for a file without rows, steps or
    numbers, in which case nothing is stored. Source: the peer's `trackio.import_csv`.
    """
    path = Path(csv_path)
    _check_is_new(project)
    if not path.exists():
        raise FileNotFoundError(f"there is no CSV file `{path}`")
    columns = _Columns.of(path)
    run = path.stem if name is None else name
    with ImportProgress(path.stat().st_size) as progress:
        stored = store_rows(project, _new_id(), run, columns.rows(progress))
    print(f"* {stored} row(s) of {path} are in project `{project}` as run `{run}`: {', '.join(columns.metrics)}")
    _say_how_to_look(project, space_id)


def import_tf_events(
    log_dir: "str | Path",
    project: str,
    name: str | None = None,
    space_id: str | None = None,
    dataset_id: str | None = None,
    private: bool | None = None,
    force: bool = False,
) -> None:
    """Stores the scalars of TensorBoard's event files as runs of a new project, each folder below `log_dir` as one.

    A run is called as its folder is, `main` for `log_dir` itself, with `<name>_` before it where `name` is given.
    Each scalar becomes a row with the time it was written. What follows a damaged place in a file is left out,
    with a warning. TensorFlow is not needed. The runs stay in the data directory: `space_id`, `dataset_id`,
    `private` and `force` are accepted.

    Raises `FileNotFoundError`; `ValueError` for a project that has runs, and when there is no scalar.
    Source: the peer's `trackio.import_tf_events`.
    """
    from trackio._event_files import Reading, event_files, scalars

    folder = Path(log_dir)
    _check_is_new(project)
    if not folder.exists():
        raise FileNotFoundError(f"there is no folder `{folder}`")
    runs = 0
    for relative, files in event_files(folder):
        with ImportProgress(sum(file.stat().st_size for file in files)) as progress:
            rows = _scalar_rows(scalars(files, reading := Reading()), reading, progress)
            first = next(rows, None)
            run = f"{name}_{relative or _ROOT_RUN}" if name else relative or _ROOT_RUN
            stored = 0 if first is None else store_rows(project, _new_id(), run, chain((first,), rows))
        if not stored:
            print(f"* {relative or folder}: no scalars")
            continue
        print(f"* {stored} scalar(s) of {folder / relative} are in project `{project}` as run `{run}`")
        runs += 1
    if not runs:
        raise ValueError(f"`{folder}` holds no event file with scalars")
    _say_how_to_look(project, space_id)


class _Columns:
    """What the columns of a CSV file are, by a first reading of all of it."""

    def __init__(self, path: Path, step: str, timestamp: str | None, metrics: list[str]) -> None:
        self.path = path
        self.step = step
        self.timestamp = timestamp
        self.metrics = metrics

    @classmethod
    def of(cls, path: Path) -> "_Columns":
        """Reads the whole file; `ValueError` when it cannot be a run."""
        with _reader(path) as reader:
            names = [column for column in reader.names if column]
            step = next((column for column in names if column.strip().lower() == "step"), None)
            if step is None:
                raise ValueError(f"`{path}` has no column `step`; its columns are {', '.join(f'`{name}`' for name in names) or 'none'}")
            timestamp = next((column for column in names if column.strip() == _TIMESTAMP), None)
            numeric = dict.fromkeys(column for column in names if column not in (step, timestamp))
            rows = 0
            for line, row in reader.rows():
                rows += 1
                _step(path, line, row[step])
                if timestamp is not None:
                    _time(path, line, row[timestamp])
                for column in [column for column in numeric if row[column] and _number(row[column]) is None]:
                    del numeric[column]
        if not rows:
            raise ValueError(f"`{path}` has no rows")
        columns = cls(path, step, timestamp, list(numeric))
        if next(columns.rows(ImportProgress(0)), None) is None:
            raise ValueError(f"no column of `{path}` holds numbers only; besides `step` and `timestamp` at least one must")
        return columns

    def rows(self, progress: ImportProgress) -> "Iterator[dict[str, Any]]":
        """The rows that have a number, as they are stored."""
        with _reader(self.path) as reader:
            for line, row in reader.rows():
                progress.row(reader.position())
                metrics = {column: _stored(float(row[column])) for column in self.metrics if row[column]}
                if metrics:
                    timestamp = None if self.timestamp is None else _time(self.path, line, row[self.timestamp])
                    yield {"metrics": metrics, "step": _step(self.path, line, row[self.step]), "timestamp": timestamp}


class _reader:
    """A CSV file open for one reading: names of its columns, then its rows with the numbers of their lines."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> "_reader":
        # A byte order mark, as spreadsheets write it, is no part of the first name.
        self._file: TextIO = self._path.open(newline="", encoding="utf-8-sig")
        self._lines = csv.reader(self._file)
        self.names = next(self._lines, [])
        return self

    def __exit__(self, *_: Any) -> None:
        self._file.close()

    def position(self) -> int:
        """Bytes read so far, in whole blocks."""
        return self._file.buffer.tell()

    def rows(self) -> "Iterator[tuple[int, dict[str, str]]]":
        """The rows; cells that a row lacks are empty. `ValueError` for one with too many."""
        for cells in self._lines:
            if not cells:
                continue
            if len(cells) > len(self.names):
                raise ValueError(f"line {self._lines.line_num} of `{self._path}` has {len(cells)} cells for {len(self.names)} columns")
            cells += [""] * (len(self.names) - len(cells))
            yield self._lines.line_num, dict(zip(self.names, (cell.strip() for cell in cells), strict=True))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _step(path: Path, line: int, text: str) -> int:
    number = _number(text)
    if number is None or not math.isfinite(number):
        raise ValueError(f"line {line} of `{path}` has the step `{text}`, which is no number")
    try:
        return int(text)
    except ValueError:
        return int(number)


def _time(path: Path, line: int, text: str) -> str | None:
    """The time as RFC 3339; `None` for an empty cell."""
    if not text:
        return None
    seconds = _number(text)
    try:
        if seconds is not None:
            return _timestamp(seconds)
        # Python before 3.11 does not read the letter that means UTC.
        time = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"line {line} of `{path}` has the timestamp `{text}`; write it like `2026-01-31T12:00:00Z`") from None
    return (time if time.tzinfo else time.replace(tzinfo=timezone.utc)).isoformat()


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()


def _scalar_rows(
    scalars: "Iterable[tuple[float, int, str, float]]", reading: "Reading", progress: ImportProgress
) -> "Iterator[dict[str, Any]]":
    for seconds, step, tag, value in scalars:
        progress.row(reading.position)
        yield {"metrics": {tag: _stored(value)}, "step": step, "timestamp": _timestamp(seconds)}


def _stored(value: float) -> "float | str":
    """The number as JSON has it: what is not finite is one of three words."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _check_is_new(project: str) -> None:
    try:
        runs = ask_data("runs", project)
    except ProgramError:
        return
    if runs:
        raise ValueError(f"project `{project}` has {len(runs)} run(s) already; import into a project of its own")


def _new_id() -> str:
    from uuid import uuid4

    return uuid4().hex


def _say_how_to_look(project: str, space_id: str | None) -> None:
    say_not_uploaded(project, space_id)
    print(f"* Look at it: trackio show --project {project!r}")
