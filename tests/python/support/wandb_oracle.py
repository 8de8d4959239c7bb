"""One script under real wandb and under ours: what each recorded, in one form that can be compared.

Both sides run in wandb's own Python, so that every library is the same; ours is put before wandb's packages. With
`torch`, both run in the Python of the trainers, and wandb's packages are put before its own.
"""

import json
import os
import re
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import trackio
from support.directory import PROGRAM, DataDirectory
from support.interpreters import trainers_python, wandb_python

_FOLDER = Path(__file__).parents[1] / "wandb_oracle"
_READER = _FOLDER / "read_offline_run.py"
_ON_PURPOSE = _FOLDER / "differences.json"
_IMPORT = re.compile(r"^(\s*)import wandb$", re.MULTILINE)
_SUBMODULE = re.compile(r"^(\s*)(from|import) wandb(?=[.\s])", re.MULTILINE)
# What wandb itself says on standard output when it ends.
_WANDB_SAYS = re.compile(r"^(\x1b\[[0-9;]*m)?wandb(\x1b\[[0-9;]*m)?:.*\n", re.MULTILINE)
_SECONDS = 90
# What stands for a value whose file matters, not its path.
_MEDIA = {
    "image-file": "image", "trackio.image": "image", "html-file": "html", "trackio.html": "html", "audio-file": "audio",
    "trackio.audio": "audio", "video-file": "video", "trackio.video": "video", "object3D-file": "object3d",
    "trackio.object3d": "object3d",
}  # fmt: skip
_LISTS = {"images/separated": "image", "audio": "audio", "videos": "video", "html": "html"}


def changed_import(script: str) -> str:
    """The script with ours instead of wandb: only lines that import it differ."""
    return _SUBMODULE.sub(r"\1\2 trackio", _IMPORT.sub(r"\1import trackio as wandb", script))


def recorded_by_wandb(script: str, folder: Path, torch: bool = False) -> dict[str, Any]:
    """Runs the script under real wandb, offline; what it recorded, run by run in the order they began."""
    folder.mkdir(parents=True)
    status, output, errors = _run(script, folder, torch, [], {})
    read = subprocess.run([wandb_python(), _READER, *offline_files(folder)], capture_output=True, text=True, timeout=_SECONDS, check=True)
    runs = sorted(json.loads(read.stdout), key=lambda run: run["started"])
    output = _WANDB_SAYS.sub("", output)
    return {"status": status, "output": output, "errors": errors, "runs": [_comparable_of_wandb(run) for run in runs]}


def offline_files(folder: Path) -> list[Path]:
    """The files wandb wrote below a folder, one for each run."""
    return sorted(folder.glob("**/offline-run-*/run-*.wandb"))


def recorded_by_us(script: str, directory: DataDirectory, torch: bool = False) -> dict[str, Any]:
    """Runs the script with the import changed; what was recorded, in the same form."""
    packages = directory.folder / "packages"
    packages.mkdir()
    (packages / "trackio").symlink_to(Path(trackio.__file__).parent)
    environment = {"PACELINE_BINARY": str(PROGRAM), "TRACKIO_DIR": str(directory.path)}
    folder = directory.folder / "work"
    folder.mkdir()
    status, output, errors = _run(changed_import(script), folder, torch, [packages], environment)
    return {"status": status, "output": output, "errors": errors, "runs": runs_of(directory)}


def runs_of(directory: DataDirectory) -> list[dict[str, Any]]:
    """What a data directory holds of all its runs, in the order they began."""
    projects = sorted(path.stem for path in directory.path.glob("*.db"))
    runs = [run for project in projects for run in _runs(directory, project)]
    return [run for _, run in sorted(runs, key=lambda pair: pair[0])]


def _run(script: str, folder: Path, torch: bool, packages: list[Path], more: dict[str, str]) -> tuple[int, str, str]:
    file = folder / "train.py"
    file.write_text(script)
    if torch:
        packages = [*packages, *wandb_python().parents[1].glob("lib/python3*/site-packages")]
    environment = {**DataDirectory.clean_environment(), "PYTHONPATH": os.pathsep.join(map(str, packages))}
    done = subprocess.run(
        [trainers_python() if torch else wandb_python(), file.name], cwd=folder,
        env={**environment, "MPLBACKEND": "Agg", "WANDB_MODE": "offline", **more}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=_SECONDS,
    )
    return done.returncode, done.stdout, done.stderr


def _comparable_of_wandb(run: dict[str, Any]) -> dict[str, Any]:
    files = Path(run["files"])
    rows: dict[int, dict[str, Any]] = {}
    for row in run["rows"]:
        rows.setdefault(row["_step"], {}).update(_flat(_public(row), files))
    return {
        **{name: run[name] for name in ("id", "name", "project", "group", "job_type", "notes", "tags")},
        "config": {key: value for key, value in run["config"].items() if key != "_wandb"}, "summary": _flat(_public(run["summary"]), files), "rows": rows,
        "exit_code": run["exit_code"], "alerts": run["alerts"],
    }  # fmt: skip


def summary_of(directory: DataDirectory, project: str, run_id: str) -> dict[str, Any]:
    """The summary of a run, as readers find it."""
    asked = {"project": project, "call": "run", "run": run_id}
    done = subprocess.run(
        [PROGRAM, "ask", "--dir", directory.path], input=json.dumps(asked), capture_output=True, text=True, timeout=_SECONDS,
    )
    return json.loads(done.stdout)["summary_values"]


def _runs(directory: DataDirectory, project: str) -> list[tuple[float, dict[str, Any]]]:
    found = []
    columns = "run_id, run_name, started_at, state, exit_code, tags, notes"
    for record in directory.select(project, f"SELECT {columns} FROM paceline_runs ORDER BY colour_slot"):
        about = dict(zip(columns.split(", "), record, strict=True))
        configs = directory.select(project, "SELECT config FROM configs WHERE run_id = ?", about["run_id"])
        config = json.loads(configs[0][0]) if configs else {}
        files = directory.path / "media"
        rows: dict[int, dict[str, Any]] = {}
        for row in directory.rows(project):
            if row.run_id == about["run_id"]:
                rows.setdefault(row.step, {}).update(_flat(row.metrics, files))
        alerts = directory.select(project, "SELECT title, text, level FROM alerts WHERE run_id = ? ORDER BY id", about["run_id"])
        found.append((about["started_at"], {
            "id": about["run_id"], "name": about["run_name"], "project": project, "group": config.get("_Group"),
            "job_type": config.get("_JobType"), "notes": config.get("_Notes", about["notes"]),
            "tags": config.get("_Tags") or json.loads(about["tags"] or "[]"), "config": {key: value for key, value in config.items() if not re.match("_[A-Z]", key)},
            "summary": _flat(_public(summary_of(directory, project, about["run_id"])), files), "rows": rows, "state": about["state"],
            "exit_code": about["exit_code"], "alerts": [list(alert) for alert in alerts],
        }))  # fmt: skip
    return found


def _public(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if not key.startswith("_")}


def _flat(values: dict[str, Any], files: Path, before: str = "") -> dict[str, Any]:
    """Nested values under names with dots, media and tables as what is in them."""
    flat = {}
    for key, value in values.items():
        if isinstance(value, dict) and "_type" not in value:
            flat.update(_flat(value, files, f"{before}{key}."))
        else:
            flat[f"{before}{key}"] = _comparable(value, files)
    return flat


def _comparable(value: Any, files: Path) -> Any:
    if isinstance(value, float) and value - value != 0:
        return str(value).replace("inf", "Infinity").replace("nan", "NaN")
    if isinstance(value, list):
        items = [_comparable(item, files) for item in value]
        kinds = {item[0] if isinstance(item, tuple) else None for item in items}
        return ("list of", *kinds, [item[1] for item in items]) if items and len(kinds) == 1 and kinds <= set(_MEDIA.values()) else items
    if not isinstance(value, dict):
        return value
    kind = str(value.get("_type"))
    if kind in _MEDIA:
        return _MEDIA[kind], value.get("caption")
    if kind in _LISTS:
        captions = value.get("captions") or [None] * value["count"]
        return "list of", _LISTS[kind], [caption or None for caption in captions]
    if kind.endswith("histogram"):
        return "histogram", list(map(float, value["values"])), list(map(float, value["bins"]))
    if kind in ("table-file", "partitioned-table", "incremental-table-file"):
        table = json.loads((files / value["path"]).read_text())
        return _table(table["columns"], [[_comparable(cell, files) for cell in row] for row in table["data"]])
    if kind == "trackio.table":
        rows = value["_value"]
        columns = list(dict.fromkeys(key for row in rows for key in row))
        return _table(columns, [[_comparable(row.get(key), files) for key in columns] for row in rows])
    return {key: _comparable(item, files) for key, item in value.items()}


def _table(columns: list[Any], rows: list[list[Any]]) -> tuple[Any, ...]:
    # JSON objects, as summaries are, have no order.
    order = sorted(range(len(columns)), key=lambda number: str(columns[number]))
    return "table", [columns[number] for number in order], [[row[number] for number in order] for row in rows]


def assert_the_same(script: str, wandb: dict[str, Any], ours: dict[str, Any]) -> None:
    """Fails with what differs, but for what differs on purpose. Scripts that fail have names that begin with `endings`."""
    assert wandb["status"] == 0 or script.startswith("endings"), wandb["errors"]
    on_purpose = [one["where"] for one in json.loads(_ON_PURPOSE.read_text()) if one["script"] == script]
    found = differences(wandb, ours)
    unexpected = {where: sides for where, sides in found.items() if not any(fnmatchcase(where, one) for one in on_purpose)}
    shown = "\n".join(f"{where}\n    wandb {sides[0]!r:.300}\n    ours  {sides[1]!r:.300}" for where, sides in unexpected.items())
    assert not unexpected, f"{shown}\n--- wandb says\n{wandb['errors'][-1500:]}\n--- ours says\n{ours['errors'][-3000:]}"


def differences(wandb: dict[str, Any], ours: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What differs, by where it is: wandb's side and ours."""
    found: dict[str, tuple[Any, Any]] = {}
    _note(found, "status", wandb["status"], ours["status"])
    for number, (line, own) in enumerate(_pairs(wandb["output"].splitlines(), ours["output"].splitlines())):
        _note(found, f"output {line if line is not None else own}" if line != own else f"output {number}", line, own)
    for number, (run, own) in enumerate(_pairs(wandb["runs"], ours["runs"])):
        where = f"run {number}"
        if run is None or own is None:
            _note(found, where, run and run["name"], own and own["name"])
            continue
        for name in ("project", "group", "job_type", "notes", "tags"):
            _note(found, f"{where} {name}", run[name] or None, own[name] or None)
        if run["name"]:
            _note(found, f"{where} name", run["name"], own["name"])
        _note(found, f"{where} failed", bool(run["exit_code"]), own["state"] == "failed")
        _note(found, f"{where} alerts", len(run["alerts"]), len(own["alerts"]))
        for part in ("config", "summary"):
            _compare(found, f"{where} {part}", run[part], own[part])
        _note(found, f"{where} steps", sorted(run["rows"]), sorted(own["rows"]))
        steps, own_steps = sorted(run["rows"]), sorted(own["rows"])
        # Where they count otherwise, rows still come in the same order.
        pairs = zip(steps, own_steps, strict=True) if len(steps) == len(own_steps) else [(step, step) for step in steps if step in own["rows"]]
        for step, own_step in pairs:
            _compare(found, f"{where} row {step}", run["rows"][step], own["rows"][own_step])
    return found


def _pairs(first: list[Any], second: list[Any]) -> list[tuple[Any, Any]]:
    length = max(len(first), len(second))
    return list(zip(*(side + [None] * (length - len(side)) for side in (first, second)), strict=True))


def _compare(found: dict[str, tuple[Any, Any]], where: str, first: dict[str, Any], second: dict[str, Any]) -> None:
    for key in sorted(first.keys() | second.keys()):
        _note(found, f"{where} {key}", first.get(key, "(absent)"), second.get(key, "(absent)"))


def _note(found: dict[str, tuple[Any, Any]], where: str, first: Any, second: Any) -> None:
    if not _same(first, second):
        found[where] = first, second


def _same(first: Any, second: Any) -> bool:
    if isinstance(first, tuple) and isinstance(second, tuple) and first[0] == second[0] == "histogram":
        return _same(first[1], second[1]) and _near(first[2], second[2])
    if isinstance(first, (list, tuple)) and isinstance(second, (list, tuple)):
        return len(first) == len(second) and all(map(_same, first, second))
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(_same(first[key], second[key]) for key in first)
    if isinstance(first, bool) is not isinstance(second, bool):
        return False
    if isinstance(first, (int, float)) and isinstance(second, (int, float)):
        return first == second or abs(first - second) <= 1e-9 * max(abs(first), abs(second))
    return type(first) is type(second) and first == second


def _near(first: list[float], second: list[float]) -> bool:
    """Whether edges of bins are the same but for the width of the floats they were counted with."""
    span = max(first, default=0.0) - min(first, default=0.0)
    return len(first) == len(second) and all(abs(one - other) <= 1e-5 * span for one, other in zip(first, second, strict=True))
