"""Offline runs of wandb, brought into projects: rows, config, summary, media, samples of the machine, alerts."""

from __future__ import annotations

import json
import os
import shutil
from hashlib import blake2b
from pathlib import Path

from trackio import _wandb_files as files
from trackio._import_progress import ImportProgress
from trackio._metric_definitions import Metric
from trackio._native import canonical_project
from trackio._program import store_run
from trackio._stored_forms import MEDIA_DIRECTORY, Place
from trackio._wandb_run import folder_name
from trackio.imports import _stored, _timestamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_LEVELS = {"INFO": "info", "WARN": "warn", "ERROR": "error"}
# Names that belong to a row itself, as the recorder has them.
_OF_THE_ROW = frozenset(("step", "time", "timestamp", "project", "run"))
_MEDIA = {
    "image-file": "trackio.image", "html-file": "trackio.html", "audio-file": "trackio.audio",
    "video-file": "trackio.video", "object3D-file": "trackio.object3d",
}  # fmt: skip
_TABLES = ("table-file", "partitioned-table", "incremental-table-file")
# Several media of one row: the field that lists them, and what each is where the list holds paths alone.
_LISTS = {"images/separated": ("filenames", "image-file"), "audio": ("audio", ""), "videos": ("videos", ""), "html": ("html", "")}
_SUMMARY_KINDS = ("min", "max", "mean", "best", "last", "none", "copy", "first")
_MAXIMIZE = {1: "minimize", 2: "maximize"}


def import_wandb(path: "str | Path", project: str | None = None, name: str | None = None) -> None:
    """Stores the offline runs of wandb below a folder: `wandb`, one of its runs, or a file `run-<id>.wandb`.

    Each keeps its id, name, project, group, tags, notes, config, summary, definitions, rows with their steps and
    times, media, alerts, samples of the machine, the files beside it, and how it ended. With `project` all of them come
    into that one; `name` is the name of the run, or stands with `_` before the names of several. A run that is there
    already gets what it lacks: nothing is stored twice. Of a file that was cut off, or is written still, what is
    whole is stored; artifacts are left out. wandb is not needed.

    Raises `FileNotFoundError`; `ValueError` when there is no such run.
    """
    folder = Path(path)
    if not folder.exists():
        raise FileNotFoundError(f"there is no folder or file `{folder}`")
    found = [folder] if folder.is_file() else sorted({file.resolve() for file in folder.rglob("run-*.wandb")})
    runs = [run for run in map(_OfflineRun, found) if run.id]
    if not runs:
        raise ValueError(f"`{folder}` holds no offline run of wandb: no file `run-*.wandb` in which a run begins")
    for run in runs:
        own_name = run.name if name is None else name if len(runs) == 1 else f"{name}_{run.name}"
        target = project or run.project
        with ImportProgress(run.path.stat().st_size) as progress:
            answer = store_run(target, run.id, own_name, run.lines(canonical_project(target), own_name, progress))
        run.copy_files(canonical_project(target))
        news = "" if answer["stored"] else "; all of it was there already"
        print(f"* {progress.rows} row(s) of {run.path} are in project `{target}` as run `{own_name}`{news}")
    print(f"* Look at it: trackio show --project {(project or runs[-1].project)!r}")


class _OfflineRun:
    """One file of wandb's: what the run is, by a first reading, and what happened in it, by a second."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = self.name = ""
        self.project = "uncategorized"
        self._about: dict[str, Any] = {}
        self._config: dict[str, Any] = {}
        self._summary: dict[str, Any] = {}
        self._metrics: dict[str, dict[str, Any]] = {}
        self._exit_code: int | None = None
        self._started = path.stat().st_mtime
        for _, _, field, message in files.records(path):
            self._take(field, message)

    def _take(self, field: int, message: bytes) -> None:
        if field == files.RUN:
            self._take_run(message)
        elif field == files.CONFIG:
            files.change(self._config, message)
        elif field == files.SUMMARY:
            files.change(self._summary, message)
        elif field == files.METRIC:
            metric = _metric(message)
            self._metrics[metric["name"]] = metric
        elif field == files.EXIT:
            self._exit_code = files.whole_number(message, 1)
        elif field == files.ENVIRONMENT:
            program, arguments = files.text(message, 6), files.texts(message, 5)
            if program:
                self._about["command"] = " ".join([program, *arguments])
            self._about["git_commit"] = files.text(files.message(message, 9), 2) or self._about.get("git_commit")

    def _take_run(self, message: bytes) -> None:
        self.id = files.text(message, 1) or self.id
        self.project = files.text(message, 3) or self.project
        self.name = files.text(message, 8) or self.name or self.id
        for name, field in (("_Entity", 2), ("_Group", 6), ("_JobType", 7), ("_SweepId", 12)):
            self._about[name] = files.text(message, field) or self._about.get(name)
        self._about["notes"] = files.text(message, 9) or self._about.get("notes")
        self._about["tags"] = files.texts(message, 10) or self._about.get("tags", [])
        self._about["resumed"] = bool(files.whole_number(message, 18))
        self._about["git_commit"] = files.text(files.message(message, 21), 2) or self._about.get("git_commit")
        self._started = files.seconds(files.message(message, 17)) or self._started
        files.change(self._config, files.message(message, 4))
        files.change(self._summary, files.message(message, 5))

    def lines(self, project: str, name: str, progress: ImportProgress) -> "Iterator[dict[str, Any]]":
        """What `store_run` stores, in its order; media are copied as their rows come."""
        about, began = self._about, _timestamp(self._started)
        start = {key: about.get(key) for key in ("command", "git_commit", "notes")}
        yield {"start": {"time": began, "tags": about["tags"], "resumed": about["resumed"], **start}}
        own = {key: about[key] for key in ("_Entity", "_JobType", "_SweepId") if about[key]}
        own.update({"_Username": None, "_Created": began, "_Group": about["_Group"]})
        if self._metrics:
            own["_Metrics"] = list(self._metrics.values())
        yield {"config": {"time": began, "values": {**_worded({key: value for key, value in self._config.items() if key != "_wandb"}), **own}}}
        media = _MediaFiles(self.path.parent / "files", project, name)
        last, step = self._started, 0
        # Of media and tables the summary has what their newest row has.
        newest: dict[str, Any] = {}
        for position, number, field, message in files.records(self.path):
            if field == files.HISTORY:
                row = files.row(message)
                step = int(row.get("_step", step))
                last = max(last, float(row.get("_timestamp", last)))
                progress.row(position)
                stored = {key: media.stored(value, step) for key, value in _public(row).items()}
                newest.update((key, value) for key, value in stored.items() if type(value) in (dict, list) and "_type" in str(value))
                metrics = {_row_name(key): value for key, value in stored.items()}
                time = float(row.get("_timestamp", last))
                yield {"row": {"metrics": metrics, "step": step, "timestamp": _timestamp(time), "log_id": self._line_id(time, number)}}
            elif field == files.STATS:
                time = files.seconds(files.message(message, 2)) or last
                last = max(last, time)
                entry = {"metrics": _worded(files.sample(message)), "timestamp": _timestamp(time)}
                yield {"system": {**entry, "log_id": self._line_id(time, number)}}
            elif field == files.ALERT:
                level = _LEVELS.get(files.text(message, 3) or "", "info")
                alert = {"title": files.text(message, 1) or "", "text": files.text(message, 2), "level": level, "step": step}
                yield {"alert": {"alert_id": self._line_id(last, number), "time": _timestamp(last), **alert}}
        yield {"summary": {key: newest[key] if key in newest else _worded(value) for key, value in _public(self._summary).items()}}
        state = "crashed" if self._exit_code is None else "failed" if self._exit_code else "finished"
        yield {"end": {"time": _timestamp(last), "state": state, "exit_code": self._exit_code}}

    def _line_id(self, time: float, number: int) -> str:
        """An id in the form of UUID version 7: the same for the same record, in the order of time."""
        digest = blake2b(f"{self.id}:{self._started}:{number}".encode(), digest_size=10).hexdigest()
        text = f"{max(int(time * 1000), 0):012x}"[-12:] + "7" + digest[:3] + "8" + digest[3:18]
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:32]}"

    def copy_files(self, project: str) -> None:
        """Copies the files beside the run, its console output among them, to the files of the project."""
        folder = self.path.parent / "files"
        target = Path(MEDIA_DIRECTORY, project, "files", "runs", folder_name(self.id))
        for source in sorted(folder.rglob("*")):
            relative = source.relative_to(folder)
            if relative.parts[0] != "media" and source.is_file():
                place = target / relative
                if not place.exists() or place.stat().st_size != source.stat().st_size:
                    place.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(source, place)


class _MediaFiles:
    """Media of a run: each is copied once, to where a row of its step has its files."""

    def __init__(self, folder: Path, project: str, run: str) -> None:
        self._folder = folder
        self._project, self._run = project, run

    def stored(self, value: Any, step: int) -> Any:
        """What is stored for a value of a row; a file that is missing leaves the value as wandb has it."""
        if isinstance(value, list):
            return [self.stored(item, step) for item in value]
        if not isinstance(value, dict):
            return _worded(value)
        kind = str(value.get("_type"))
        try:
            if kind in _MEDIA:
                return {"_type": _MEDIA[kind], "file_path": self._copied(value["path"], step), "caption": value.get("caption") or None}
            if kind in _TABLES:
                table = json.loads(self._own(value["path"]).read_text(encoding="utf-8"))
                names = table["columns"]
                return {"_type": "trackio.table", "_value": [dict(zip(map(str, names), self.stored(row, step))) for row in table["data"]]}  # noqa: B905
            if kind in _LISTS:
                return [self.stored(item, step) for item in _listed(value, *_LISTS[kind])]
            if kind == "histogram":
                return _histogram(value)
        except (OSError, KeyError, TypeError, ValueError):
            return _worded(value)
        return {key: self.stored(item, step) for key, item in value.items()}

    def _own(self, path: str) -> Path:
        file = (self._folder / path).resolve()
        if not file.is_relative_to(self._folder.resolve()):
            raise ValueError(f"`{path}` leads out of the run's files")
        return file

    def _copied(self, path: str, step: int) -> str:
        source = self._own(path)
        relative = f"{Place(self._project, self._run, step).folder}/{source.name}"
        target = os.path.join(MEDIA_DIRECTORY, relative)
        if not os.path.exists(target):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copyfile(source, f"{target}.part")
            os.replace(f"{target}.part", target)
        return relative


def _listed(value: dict[str, Any], field: str, kind: str) -> list[dict[str, Any]]:
    items = value[field]
    if not kind:
        return items
    captions = value.get("captions") or [None] * len(items)
    return [{"_type": kind, "path": path, "caption": caption} for path, caption in zip(items, captions)]  # noqa: B905


def _histogram(value: dict[str, Any]) -> dict[str, Any]:
    bins = value.get("bins")
    if bins is None:
        packed = value["packedBins"]
        bins = [packed["min"] + packed["size"] * number for number in range(packed["count"] + 1)]
    return {"_type": "trackio.histogram", "bins": bins, "values": value["values"]}


def _metric(message: bytes) -> dict[str, Any]:
    options, kept = files.message(message, 6), files.message(message, 7)
    kinds = tuple(kind for field, kind in enumerate(_SUMMARY_KINDS, 1) if files.whole_number(kept, field))
    name = files.text(message, 1) or files.text(message, 2) or ""
    synced, hidden = (bool(files.whole_number(options, field)) for field in (1, 2))
    return Metric(name, files.text(message, 4), synced, hidden, kinds, _MAXIMIZE.get(files.whole_number(message, 8))).as_record()


def _public(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if not key.startswith("_")}


def _row_name(key: str) -> str:
    return f"__{key}" if key in _OF_THE_ROW else key


def _worded(value: Any) -> Any:
    """The value with words for the numbers JSON does not have."""
    if isinstance(value, float):
        return _stored(value)
    if isinstance(value, dict):
        return {key: _worded(item) for key, item in value.items()}
    return [_worded(item) for item in value] if isinstance(value, list) else value
