"""What was logged, read back: projects, runs, their rows, where they stand, their alerts.

    from trackio import Api

    for run in Api().runs("digits"):
        print(run.name, run.status()["summary"])
    rows = Api().run("digits", "lr-3e-4").history(["train/loss"], form="pandas")

The program beside Python answers, from the data directory of this process.
"""

from __future__ import annotations

from trackio._alerts import AlertLevel
from trackio._program import ProgramError, ask_data
from trackio._tabular import FORMS, in_form, restored, thinned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

_ROWS_AT_A_TIME = 20_000


class Run:
    """A run that was logged, in whatever state it is.

    Attributes: `project`, `name`, `id` (the name for runs of old programs that gave none).
    """

    def __init__(self, project: str, name: str, run_id: str | None = None) -> None:
        self.project = project
        self.name = name
        self._id = run_id or name
        self._config: dict[str, Any] | None = None

    @property
    def id(self) -> str:
        """Stable id."""
        return self._id

    @property
    def config(self) -> dict[str, Any] | None:
        """Config as it was when first asked for; `None` when the run has none."""
        if self._config is None:
            self._config = self._detail()["config"]
        return self._config

    @property
    def summary(self) -> dict[str, Any]:
        """The last value of each metric, then what `run.summary` was told."""
        return self._detail()["summary_values"]

    @property
    def state(self) -> str:
        """`created`, `running`, `stalled`, `finished`, `failed` or `crashed`."""
        return self._detail()["state"]

    def status(self) -> dict[str, Any]:
        """Where the run stands: step, loss, time left, findings, one sentence; see docs/API.md for the fields."""
        return self._ask("status")

    def metrics(self) -> list[dict[str, Any]]:
        """Each metric with its key, number of values, first, last, lowest and highest one."""
        return self._ask("metrics")

    def history(
        self,
        keys: "Sequence[str] | None" = None,
        form: str = "list",
        *,
        samples: int | None = None,
        pandas: bool | None = None,
    ) -> Any:
        """The rows in the order they were logged, each with `step` and `timestamp` (RFC 3339) beside its values.

        With `keys` only those, and only rows that have one of them. `form` is `list` (of dicts), `pandas`
        (a DataFrame) or `arrow` (a `pyarrow.Table`), with a column for each key; `pandas=True` is `pandas`, too.
        Of more than `samples` rows that many are given, evenly spaced, the first and the last among them.
        """
        form = "pandas" if pandas else form
        _check_form(form)
        return in_form(thinned(list(self.scan_history(keys)), samples), form)

    def scan_history(
        self, keys: "Sequence[str] | None" = None, page_size: int = _ROWS_AT_A_TIME
    ) -> "Iterator[dict[str, Any]]":
        """The rows of `history`, one after the other, read `page_size` at a time: a run of any length fits."""
        return self._rows("logs", keys, page_size)

    def system_history(self, keys: "Sequence[str] | None" = None, form: str = "list") -> Any:
        """The samples of the machine and what `log_system` was given, as `history`; they have no step."""
        _check_form(form)
        rows = list(self._rows("system", keys, _ROWS_AT_A_TIME))
        for row in rows:
            del row["step"]
        return in_form(rows, form)

    def series(
        self, keys: "str | Sequence[str]", x: str = "step", pixels: int = 1_500, form: str = "list"
    ) -> Any:
        """The points that draw the line of each metric on `pixels` columns as all of its points would.

        `x` is `step` or `time` (seconds since 1970). As a `list` each key is a dict with `key`, `x`, `value`,
        `total_points` and `exact`; as `pandas` or `arrow` there is a row for each point: `key`, `x`, `value`.
        """
        _check_form(form)
        keys = [keys] if isinstance(keys, str) else list(keys)
        found = ask_data("series", self.project, runs=[self.id], keys=keys, x=x, pixels=int(pixels))["series"]
        if form == "list":
            return found
        points = [(one["key"], *point) for one in found for point in zip(one["x"], one["value"], strict=True)]
        return in_form([dict(zip(("key", "x", "value"), point, strict=True)) for point in points], form)

    def alerts(self, level: "AlertLevel | str | None" = None, since: str | None = None) -> list[dict[str, Any]]:
        """The alerts of the run, newest first; see `Api.alerts`."""
        return _alerts(self.project, self.id, level, since)

    def delete(self) -> bool:
        """Deletes the run with its rows, samples, alerts and media; whether it was there."""
        return _was_there(lambda: self._ask("delete_run"))

    def move(self, new_project: str) -> bool:
        """Moves the run to another project; whether it was there. Artifacts stay where they are."""
        moved = _was_there(lambda: self._ask("move_run", new_project=new_project))
        if moved:
            self.project = new_project
        return moved

    def rename(self, new_name: str) -> "Run":
        """Gives the run another name, and gives the run; `ValueError` for a name that is taken or cannot be used."""
        self._ask("rename_run", new_name=new_name)
        self.name = new_name
        return self

    def _detail(self) -> dict[str, Any]:
        return restored(self._ask("run"))

    def _ask(self, call: str, **fields: Any) -> Any:
        return ask_data(call, self.project, **{"run": self.id, **fields})

    def _rows(self, call: str, keys: "Sequence[str] | None", at_a_time: int) -> "Iterator[dict[str, Any]]":
        after = None
        while True:
            page = self._ask(call, after=after, limit=int(at_a_time))
            for row in page["items"]:
                values = row["metrics"] if keys is None else {key: row["metrics"][key] for key in keys if key in row["metrics"]}
                if values or keys is None:
                    yield {**restored(values), "step": row["step"], "timestamp": row["timestamp"]}
            after = page["next"]
            if after is None:
                return

    def __repr__(self) -> str:
        return f"<Run {self.name} in project {self.project}>"


class Runs:
    """The runs of a project, oldest first, as they were when first asked for."""

    def __init__(self, project: str) -> None:
        self.project = project
        self._loaded: list[Run] | None = None

    def _runs(self) -> list[Run]:
        if self._loaded is None:
            self._loaded = [Run(self.project, run["name"], run["id"]) for run in ask_data("runs", self.project)]
        return self._loaded

    def __iter__(self) -> "Iterator[Run]":
        return iter(self._runs())

    def __getitem__(self, index: int) -> Run:
        return self._runs()[index]

    def __len__(self) -> int:
        return len(self._runs())

    def __repr__(self) -> str:
        return f"<Runs project={self.project} count={len(self)}>"


class Api:
    """Questions to the data directory of this process (TRACKIO_DIR).

    Where wandb has a path `entity/project/run`, what stands before the project is left out. `overrides`, `timeout`
    and `api_key` are accepted.
    """

    default_entity: str | None = None

    def __init__(
        self, overrides: dict[str, Any] | None = None, timeout: float | None = None, api_key: str | None = None
    ) -> None:
        pass

    def projects(self) -> list[str]:
        """Names of the projects."""
        return [project["project"] for project in ask_data("projects")]

    def runs(self, project: str) -> Runs:
        """The runs of a project, oldest first. `ValueError` when there is no such project."""
        runs = Runs(project)
        try:
            len(runs)  # asks, so that a project that is not there is noticed here
        except ProgramError:
            # A project may have `/` in its name, so its whole name comes first.
            _, slash, own_name = project.rpartition("/")
            if not slash:
                raise
            runs = Runs(own_name)
            len(runs)
        return runs

    def run(self, project: str, run: str | None = None) -> Run:
        """One run of a project by its id, or by its name and then the latest of that name; the newest one without.

        `run("digits/lr-3e-4")` is `run("digits", "lr-3e-4")`. `ValueError` when there is no such run.
        """
        if run is None and "/" in project:
            project, _, run = project.rpartition("/")
        if run is None:
            runs = self.runs(project)
            if not len(runs):
                raise ValueError(f"project `{project}` has no runs")
            return runs[-1]
        project = self.runs(project).project
        found = ask_data("run", project, run=run)
        return Run(project, found["run"], found["run_id"])

    def alerts(
        self,
        project: str,
        run: str | None = None,
        level: "AlertLevel | str | None" = None,
        since: str | None = None,
    ) -> list[dict[str, Any]]:
        """Alerts, newest first, each with `timestamp`, `run`, `title`, `text`, `level` and `step`.

        Of one run (an id or a name), of one `level`, and raised after `since` (RFC 3339) where they are given.
        `ValueError` when there is no such project or level.
        """
        return _alerts(project, run, level, since)


def _alerts(
    project: str, run: str | None, level: "AlertLevel | str | None", since: str | None
) -> list[dict[str, Any]]:
    level = None if level is None else AlertLevel.of(level).value
    try:
        found = ask_data("alerts", project, run=run, level=level, since=since)
    except ProgramError as error:
        if error.code == "run_not_found":
            return []
        raise
    wanted = ("run", "title", "text", "level", "step")
    return [{"timestamp": alert["time"], **{name: alert[name] for name in wanted}} for alert in found]


def _was_there(change: Any) -> bool:
    try:
        change()
    except ProgramError as error:
        if error.code.endswith("_not_found"):
            return False
        raise
    return True


def _check_form(form: str) -> None:
    if form not in FORMS:
        raise ValueError(f"`form` is `{form}`, not one of {', '.join(f'`{known}`' for known in FORMS)}")
