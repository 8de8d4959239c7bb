"""Cases for the calls that read, over the directory that `world` builds."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from conformance.compare import Case

Arguments = dict[str, Any]
Calls = dict[str, list[tuple[str, bool]]]

# Project as it is named, file of the project, run.
RUNS = [
    ("values", "values", "every value"),
    ("media", "media", "shown"),
    ("media", "media", "only a report"),
    ("traces", "traces", "chat"),
    ("duplicates", "duplicates", "same"),
    ("duplicates", "duplicates", "other"),
    ("duplicates", "duplicates", "ünïcode / and slash"),
    ("duplicates", "duplicates", "without id"),
    ("long", "long", "nine thousand"),
    ("long", "long", "many kinds"),
    ("long", "long", "just fits"),
    ("long", "long", "jumps"),
    ("artifacts", "artifacts", "producer"),
    ("artifacts", "artifacts", "consumer"),
    ("my files!", "myfiles", "saver"),
]
PROJECTS = ["values", "media", "table only", "histogram-only", "traces", "duplicates", "long", "artifacts", "my files!"]
WRONG_TYPES = {"a number": 7, "a list": ["x"], "an object": {"a": 1}, "true": True, "text": "some text"}


def ids_of(directory: Path, file: str, run: str) -> list[str]:
    """The ids of all runs of a name, oldest first."""
    with closing(sqlite3.connect(directory / f"{file}.db")) as connection:
        found = connection.execute(
            "SELECT run_id FROM metrics WHERE run_name = ? GROUP BY run_id ORDER BY min(timestamp)", (run,)
        )
        return [run_id for (run_id,) in found]


def projects() -> Iterator[tuple[str, Arguments]]:
    """Every project, and ways to name none."""
    for project in PROJECTS:
        yield project, {"project": project}
    for name, project in {
        "unknown project": "nowhere", "another spelling": "my/files", "a path": "../values", "empty project": "",
        "a registry": "registry-models",
    }.items():
        yield name, {"project": project}


def runs(directory: Path) -> Iterator[tuple[str, Arguments]]:
    """Every run by name and by id, and ways to name none or another."""
    for project, file, run in RUNS:
        ids = ids_of(directory, file, run)
        yield f"{project}/{run}", {"project": project, "run": run}
        for place, run_id in enumerate(ids):
            yield f"{project}/{run} by id {place}", {"project": project, "run": None, "run_id": run_id}
    first, last = ids_of(directory, "duplicates", "same")
    values = ids_of(directory, "values", "every value")[0]
    yield "the id wins over the newest of the name", {"project": "duplicates", "run": "same", "run_id": first}
    yield "the id wins over another name", {"project": "duplicates", "run": "other", "run_id": last}
    yield "id and unknown name", {"project": "values", "run": "nobody", "run_id": values}
    yield "unknown run", {"project": "values", "run": "nobody"}
    yield "unknown id", {"project": "values", "run": "every value", "run_id": "nobody"}
    yield "a name in place of an id", {"project": "values", "run": None, "run_id": "every value"}
    yield "no run", {"project": "values", "run": None, "run_id": None}
    yield "empty run", {"project": "values", "run": ""}
    yield "empty id", {"project": "values", "run": "every value", "run_id": ""}
    yield "unknown project", {"project": "nowhere", "run": "every value"}
    yield "only samples", {"project": "duplicates", "run": "only samples"}
    yield "only samples by id", {"project": "duplicates", "run": None, "run_id": "sampled"}
    yield "only a link", {"project": "artifacts", "run": "only a link"}
    yield "another spelling", {"project": "my files?", "run": "saver"}


def on_runs(directory: Path, **more: Any) -> Iterator[tuple[str, Arguments]]:
    """The same with further arguments."""
    for name, arguments in runs(directory):
        yield name, {**arguments, **more}


def moments() -> Iterator[tuple[str, Arguments]]:
    """Ways to name the rows that are wanted."""
    yield "a step", {"step": 100}
    yield "step 0", {"step": 0}
    yield "a step as text", {"step": "100"}
    yield "a step as float", {"step": 100.0}
    yield "a negative step", {"step": -4}
    yield "an unknown step", {"step": 10**9}
    yield "around a step", {"around_step": 250, "window": 3}
    yield "around a step, window 0", {"around_step": 250, "window": 0}
    yield "around a step, fraction", {"around_step": 250, "window": 1.9}
    yield "around a step, negative window", {"around_step": 250, "window": -1}
    yield "around a step, window as text", {"around_step": 250, "window": "2"}
    yield "around a step, no window", {"around_step": 250}
    yield "a step wins", {"step": 5, "around_step": 250, "window": 3, "at_time": "2026-03-01T23:00:05+00:00"}
    yield "a window alone", {"window": 3}
    yield "a time, no window", {"at_time": "2026-03-01T23:00:05+00:00"}
    yield "a time, same day", {"at_time": "2026-03-01T23:00:05+00:00", "window": 2}
    yield "a time, far away", {"at_time": "2020-01-01T00:00:00+00:00", "window": 2}
    yield "no time", {"at_time": "soon", "window": 2}
    yield "nulls", {"step": None, "around_step": None, "at_time": None, "window": None}


def good(directory: Path) -> Iterator[tuple[str, str, Arguments]]:
    """Calls with arguments that make sense: call, name of the case, arguments."""
    yield "get_all_projects", "all", {}
    yield "get_settings", "all", {}
    yield "get_run_mutation_status", "with the token", {}
    for call in ("get_runs_for_project", "get_run_configs", "get_project_summary", "get_tab_availability"):
        for name, arguments in projects():
            yield call, name, arguments
    for call in (
        "get_metrics_for_run", "get_run_summary", "get_system_metrics_for_run", "get_system_logs", "get_logs",
        "get_alerts", "get_trace_steps", "get_traces",
    ):
        for name, arguments in runs(directory):
            yield call, name, arguments
    for name, arguments in projects():
        yield "get_alerts", f"all of {name}", arguments
    yield from alerts()
    yield from rows(directory)
    yield from values(directory)
    yield from traces(directory)
    yield from batches(directory)


def alerts() -> Iterator[tuple[str, str, Arguments]]:
    for level in ("info", "warn", "error", "loud", "", "WARN"):
        yield "get_alerts", f"level {level}", {"project": "values", "level": level}
    yield "get_alerts", "run and level", {"project": "values", "run": "every value", "level": "warn"}
    for name, since in {
        "long ago": "2020-01-01T00:00:00+00:00", "in future": "2099-01-01T00:00:00+00:00", "a day": "2020-01-01",
        "no time": "soon", "empty": "",
    }.items():
        yield "get_alerts", f"since {name}", {"project": "values", "since": since}


def rows(directory: Path) -> Iterator[tuple[str, str, Arguments]]:
    for name, arguments in on_runs(directory, scalar_only=True):
        yield "get_logs", f"{name}, scalars", arguments
    for flag in ("true", "Yes", "0", "off", "", "maybe", 1, None):
        long = {"project": "long", "run": "many kinds", "scalar_only": flag}
        yield "get_logs", f"scalar_only {flag!r}", long


def values(directory: Path) -> Iterator[tuple[str, str, Arguments]]:
    for key in ("loss", "other", "nothing", "text", "nested", "nan", "word", "beyond", "größe/π", "__step", "missing", ""):
        yield "get_metric_values", f"key {key}", {"project": "values", "run": "every value", "metric_name": key}
    for key in ("image", "table", "histogram", "report", "audio"):
        yield "get_metric_values", f"media {key}", {"project": "media", "run": "shown", "metric_name": key}
    for name, arguments in on_runs(directory, metric_name="loss"):
        yield "get_metric_values", name, arguments
    for most in (1, 2, 3, 7, 100, 499, 500, 501, 0, -5, None, "10"):
        jumps = {"project": "long", "run": "jumps", "metric_name": "loss", "max_points": most}
        yield "get_metric_values", f"max_points {most!r}", jumps
    for name, moment in moments():
        yield "get_metric_values", name, {"project": "long", "run": "jumps", "metric_name": "loss", **moment}
        yield "get_snapshot", name, {"project": "long", "run": "jumps", **moment}
        yield "get_snapshot", f"{name}, values", {"project": "values", "run": "every value", **moment}
    for name, arguments in on_runs(directory, step=2):
        yield "get_snapshot", f"{name}, step 2", arguments
    for project, run in (("values", "every value"), ("media", "shown"), ("long", "jumps")):
        yield "get_snapshot", f"{project} whole", {"project": project, "run": run}


def traces(directory: Path) -> Iterator[tuple[str, str, Arguments]]:
    chat = {"project": "traces", "run": "chat"}
    for sort in ("request_time_desc", "request_time_asc", "step_asc", "step_desc", "sideways", ""):
        yield "get_traces", f"sort {sort}", {**chat, "sort": sort}
    for text in ("größe", "QUESTION", "question_2", "question_", "50% sure", "%", "_", "hidden", "generate", "m3", " m3 ", "", "nowhere"):
        yield "get_traces", f"search {text!r}", {**chat, "search": text}
    for limit, offset in ((2, 0), (2, 1), (0, 0), (-1, 0), (None, 3), (100, 2), (2, -1), (1, 100), ("2", "1"), (2.0, None)):
        yield "get_traces", f"limit {limit!r} offset {offset!r}", {**chat, "limit": limit, "offset": offset}
    for step in (0, 2, 99, "2", 2.0):
        yield "get_traces", f"step {step!r}", {**chat, "step": step}
    yield "get_traces", "all at once", {**chat, "search": "question", "sort": "step_asc", "limit": 2, "offset": 1}


def batches(directory: Path) -> Iterator[tuple[str, str, Arguments]]:
    def named(project: str, *names: str) -> list[Arguments]:
        return [{"run": name, "run_id": None} for name in names]

    every = named("long", "nine thousand", "many kinds", "just fits", "jumps", "nobody")
    by_id = [{"run_id": "long-run"}, {"run_id": "kinds", "run": "just fits"}, {}, {"run": None, "run_id": None}]
    for call in ("get_logs_batch", "get_system_logs_batch"):
        for most in (1, 2, 3, 10, 64, 97, 100, 333, 1_000, 2_999, 3_000, 8_999, 9_000, 20_000, 0, -3, None, 50.0, "70"):
            yield call, f"max_points {most!r}", {"project": "long", "runs": every, "max_points": most}
        yield call, "by id", {"project": "long", "runs": by_id, "max_points": 20}
        yield call, "none", {"project": "long", "runs": []}
        yield call, "unknown project", {"project": "nowhere", "runs": every}
        yield call, "twice", {"project": "values", "runs": named("values", "every value", "every value")}
        yield call, "64 runs", {"project": "values", "runs": named("values", *(["every value"] * 64))}
        yield call, "65 runs", {"project": "values", "runs": named("values", *(["every value"] * 65))}
        yield call, "a run that is no object", {"project": "values", "runs": ["every value"]}
        yield call, "a fraction of a point", {"project": "values", "runs": [], "max_points": 2.5}
        yield call, "further names", {"project": "values", "runs": [{"run": "every value", "colour": "red"}]}
    for most in (1, 2, 5, 50, 98, 1_000, 5_000):
        scalars = {"project": "long", "runs": every, "max_points": most, "scalar_only": True}
        yield "get_logs_batch", f"scalars, max_points {most}", scalars
    for project, _, run in RUNS[:4]:
        yield "get_logs_batch", f"{project}/{run}, scalars", {"project": project, "runs": [{"run": run}], "scalar_only": True}


def cases(good: Iterable[tuple[str, str, Arguments]], calls: Calls) -> Iterator[Case]:
    """Calls that make sense, and from the first one for each call its forms and faults."""
    first: dict[str, Arguments] = {}
    for call, name, arguments in good:
        first.setdefault(call, arguments)
        yield Case(call, name, {"args": [], "kwargs": arguments})
    for call, arguments in first.items():
        yield from forms(call, arguments, calls[call])
        yield from faults(call, arguments, calls[call])


def forms(call: str, arguments: Arguments, parameters: list[tuple[str, bool]]) -> Iterator[Case]:
    """The same arguments in every form a body may have, and bodies that have none."""
    names = [name for name, _ in parameters]
    positional = [arguments.get(name) for name in names[: 1 + max(map(names.index, arguments), default=-1)]]
    yield Case(call, "form: flat", arguments)
    yield Case(call, "form: kwargs alone", {"kwargs": arguments})
    yield Case(call, "form: data", {"data": positional})
    yield Case(call, "form: list", positional)
    yield Case(call, "form: args", {"args": positional})
    yield Case(call, "form: args and kwargs", {"args": positional[:1], "kwargs": dict(zip(names[1:], positional[1:], strict=False))})
    yield Case(call, "form: unknown names", {**arguments, "colour": "red"})
    yield Case(call, "form: no JSON", b"this is no JSON")
    yield Case(call, "form: nothing", b"")
    yield Case(call, "form: null", None)
    if positional:
        yield Case(call, "form: one value", positional[0])


def faults(call: str, arguments: Arguments, parameters: list[tuple[str, bool]]) -> Iterator[Case]:
    """Each parameter left out, null and of every other type."""
    for name, required in parameters:
        if required:
            yield Case(call, f"{name} missing", {key: value for key, value in arguments.items() if key != name})
        yield Case(call, f"{name} null", {**arguments, name: None})
        for kind, value in WRONG_TYPES.items():
            yield Case(call, f"{name} is {kind}", {**arguments, name: value})
