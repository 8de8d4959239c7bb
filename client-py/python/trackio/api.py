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
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from trackio.artifact import Artifact
    from trackio.registry import Registry

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
        """Config as the user set it, as it was when first asked for."""
        if self._config is None:
            self._config = self._detail()["config"]
        return self._config

    @property
    def summary(self) -> dict[str, Any]:
        """The newest value of each key, or a dict of what `define_metric(summary=…)` keeps of it; then what
        `run.summary` was told."""
        return self._detail()["summary_values"]

    @property
    def state(self) -> str:
        """`created`, `running`, `stalled`, `finished`, `failed` or `crashed`."""
        return self._detail()["state"]

    @property
    def metadata(self) -> dict[str, Any]:
        """What the run was made with: `host`, `pid`, `command`, `git_commit`, `user`, `directory`, `python`,
        `executable`, `system`, `processors`, `packages` (versions by name), `git_remote`, `git_branch`, `git_dirty`,
        `diff_bytes` and `diff_is_cut`; what is not known is `None` or absent.
        """
        detail = self._detail()
        return {**{key: detail[key] for key in ("host", "pid", "command", "git_commit")}, **(detail["environment"] or {})}

    def console(self) -> list[dict[str, Any]]:
        """What the run printed, where it wanted that kept: each line with `timestamp`, `stream`, `rank` and `text`."""
        return list(self._pages("console", _ROWS_AT_A_TIME))

    def diff(self) -> str | None:
        """The changes of the code that were not committed when the run began, as git writes them, secrets replaced.

        `None` when there were none or they are not kept; at most 512 KiB, see `diff_is_cut` of `metadata`.
        """
        return self._ask("diff")["diff"]

    @property
    def ranks(self) -> list[dict[str, Any]]:
        """The processes that share the run, by rank, each with its `state`, `rows`, `last_step`, `host` and `pid`.

        Empty for a run that one process has to itself.
        """
        return list(self._detail()["ranks"])

    def status(self) -> dict[str, Any]:
        """Where the run stands: step, loss, time left, findings, one sentence; see docs/API.md for the fields."""
        return self._ask("status")

    def metrics(self) -> list[dict[str, Any]]:
        """Each metric with its key, number of values, first, last, lowest, highest and mean one, and what `define_metric` said."""
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
        self,
        keys: "str | Sequence[str]",
        x: str = "auto",
        pixels: int = 1_500,
        form: str = "list",
        ranks: "Sequence[int]" = (),
        *,
        smoothing: "float | Mapping[str, Any] | None" = None,
        draft: bool = False,
    ) -> Any:
        """The points that draw the line of each metric on `pixels` columns as all of its points would.

        `x` is `step`, `time` (seconds since 1970), `relative_time` (seconds since the first row) or the name of a
        metric; `auto` is the metric that `define_metric` named, the step elsewhere. As a `list` each key is a dict
        with `key`, `rank`, `x_axis`, `x`, `value`, `total_points` and `exact`; as `pandas` or `arrow` there is a row for
        each point: `key`, `x`, `value`, and `rank` where `ranks` are given. Of a run that processes share the line is
        that of the lowest rank which logs the metric; with `ranks` there is one for each of them.

        `smoothing` goes over every value before points are left out: a number from 0 to below 1 is the weight that
        TensorBoard and wandb know; `{"kind": "half_life", "half_life": 100}` halves weights every 100 of x, and
        `{"kind": "gaussian", "width": 50}` lays a bell curve over the values around. With `draft` a quicker answer may
        come where the exact one would take long; its `exact` is false then.
        """
        _check_form(form)
        keys = [keys] if isinstance(keys, str) else list(keys)
        if isinstance(smoothing, (int, float)):
            smoothing = {"kind": "exponential", "weight": smoothing}
        asked = {"keys": keys, "x": x, "pixels": int(pixels), "ranks": list(ranks), "smoothing": smoothing, "draft": bool(draft)}
        found = ask_data("series", self.project, runs=[self.id], **asked)["series"]
        if form == "list":
            return found
        points = []
        for one in found:
            rank = {"rank": one["rank"]} if ranks else {}
            for at, value in zip(one["x"], one["value"], strict=True):
                points.append({"key": one["key"], **rank, "x": float(at), "value": None if value is None else float(value)})
        return in_form(points, form)

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
        for row in self._pages(call, at_a_time):
            values = row["metrics"] if keys is None else {key: row["metrics"][key] for key in keys if key in row["metrics"]}
            if values or keys is None:
                yield {**restored(values), "step": row["step"], "timestamp": row["timestamp"]}

    def _pages(self, call: str, at_a_time: int) -> "Iterator[dict[str, Any]]":
        after = None
        while True:
            page = self._ask(call, after=after, limit=int(at_a_time))
            yield from page["items"]
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

    def artifact(self, name: str, type: str | None = None) -> "Artifact":
        """A version of an artifact: `<project>/<name>`, and `:v3` or `:<alias>` behind it for another than the newest.

        Raises `ValueError` when there is no such version, and when it is not of the `type` that is given.
        """
        from trackio._artifacts import find_artifact

        return find_artifact(name, type)

    def artifact_exists(self, name: str, type: str | None = None) -> bool:
        """Whether there is such a version of an artifact; see `artifact`."""
        try:
            self.artifact(name, type)
        except ProgramError:
            return False
        return True

    def create_registry(self, name: str, description: str | None = None, bucket_id: str | None = None) -> "Registry":
        """Makes a registry of the data directory, and gives it.

        Raises `ValueError` for a name that is taken or cannot be used, `NotImplementedError` for a `bucket_id` (or
        TRACKIO_REGISTRY_BUCKET_ID).
        """
        from trackio.registry import Registry

        registry = Registry(name, bucket_id)
        ask_data("create_registry", registry=name, description=description)
        return registry

    def registry(self, name: str, bucket_id: str | None = None) -> "Registry":
        """A registry that is there. `ValueError` when it is not; else as `create_registry`."""
        from trackio.registry import Registry

        registry = Registry(name, bucket_id)
        ask_data("registry", registry=name)
        return registry


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
