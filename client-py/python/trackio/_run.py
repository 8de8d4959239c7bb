"""One run in this process: the object `init` gives."""

from __future__ import annotations

import os
import warnings
from _thread import allocate_lock
from operator import index

from trackio._alerts import AlertLevel, Webhook, is_web_address, print_alert
from trackio._config import Config
from trackio._summary import Summary
from trackio._wandb_run import WandbRun

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType
    from typing import Any

    from trackio._console import Console
    from trackio._destination import Destination
    from trackio._displaced import DisplacedRecorder
    from trackio._metric_definitions import Metric, MetricDefinitions
    from trackio._native import Recorder
    from trackio.artifact import Artifact


class Run(WandbRun):
    """Logs into one run of one project.

    Attributes: `id` (32 hexadecimal digits, unless `init` was given one), `name`, `project`, `group`, `config`,
    `summary`, `url` (the page of the server; `None` for a local run), `resumed`, `starting_step`, `start_time`
    (seconds since 1970), and those of `WandbRun`.
    """

    def __init__(
        self,
        recorder: "Recorder | DisplacedRecorder",
        project: str,
        group: str | None,
        config: Any,
        destination: "Destination | None" = None,
        about: dict[str, Any] | None = None,
        joined: bool = False,
    ) -> None:
        from datetime import datetime, timezone

        super().__init__(about or {})
        started = datetime.now(timezone.utc)
        self._recorder = recorder
        self._created = started.isoformat()
        self._definitions: MetricDefinitions | None = None
        # Values of `log(commit=False)`, with their step and the process that holds them.
        self._held: tuple[dict[Any, Any], int | None, int] | None = None
        self._hold_lock = allocate_lock()
        self._webhook = (about or {}).get("webhook") or Webhook(None, None)
        # For programs that call this package `wandb`: the step given last, which a `log` without one goes on with.
        self._joins_steps = bool((about or {}).get("joins_steps"))
        self._open_step: int | None = None
        self._ended = False
        self._console: Console | None = None
        # Begins it again, by its id and `resume`; for a run that `init` began.
        self._begin: Callable[[str, str], Recorder] | None = None
        # Where it is noted that the run goes on unless it finishes, and the process that noted it.
        self._auto_note: tuple[str, int] | None = None
        self.start_time = started.timestamp()
        self.starting_step = recorder.next_step() or 0
        self._destination = destination
        self._dataset: str | None = None
        self._space_id = None if destination is None else destination.space_id
        self.id = recorder.run_id
        self._name = self._recorded_name = recorder.name
        self.resumed = recorder.resumed
        self.project = project
        self.group = group
        self.url = None if destination is None else destination.url
        self.summary = Summary(self)
        self._summary_by_hand = self.summary._by_hand
        self.config = Config(config, on_change=self._record_config)
        # A run that continues, or that another process began, has a config already; it is replaced once something is set.
        if not joined and (not self.resumed or self.config):
            self._record_config(self.config)

    @property
    def name(self) -> str:
        """Display name; setting it renames the run, with its rows and files: at once before the first row, else at its end."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = str(name)
        # Later, rows on their way to the tables would keep paths of files under the name so far.
        if self._ended or self._recorder.next_step() == self.starting_step:
            self._rename(at_the_end=self._ended)

    def _rename(self, at_the_end: bool) -> None:
        """Brings the name to the tables; what is not there yet is renamed at the end of the run."""
        if self.disabled or self._name == self._recorded_name:
            return
        from trackio._program import ProgramError, ask_program

        run = {"id": self.id, "name": self._recorded_name}
        try:
            ask_program("artifact", self.project, self._destination, {"call": "rename_run", "run": run, "new_name": self._name})
        except (ProgramError, RuntimeError, OSError) as error:
            may_come = isinstance(error, ProgramError) and error.code.endswith("_not_found")
            if at_the_end or not may_come:
                warnings.warn(f"run `{self._recorded_name}` keeps its name: {error}", RuntimeWarning, stacklevel=4)
                self._name = self._recorded_name
            return
        self._recorded_name = self._name

    def _record_config(self, config: Config) -> None:
        # The peer's readers know these three; they are no part of what the user sees as the config.
        own: dict[str, Any] = {"_Username": None, "_Created": self._created, "_Group": self.group}
        if self._definitions is not None:
            own["_Metrics"] = [metric.as_record() for metric in self._definitions]
        self._recorder.set_config({**config, **own, **self._private_config()})

    def log(
        self,
        metrics: dict[str, Any] | None = None,
        step: int | None = None,
        commit: bool | None = None,
        sync: bool | None = None,
        *,
        data: dict[str, Any] | None = None,
    ) -> None:
        """Records one row: it survives the death of this process from now on.

        `metrics` (or `data`) maps names to numbers, truth values, texts, lists, dicts, tensors and arrays of one
        element. `step` counts on from the last one when it is absent. `commit=False` holds the values in memory:
        they become part of the row that the next `log` of the same step, or without a step, records; a `log` of
        another step and the end of the run record them as they are. In a program that imports this package as
        `wandb`, the first `log` without a step after one with a step belongs to that step. `sync` is accepted. Never
        raises for what a value is or what the disk does; see `trackio.log`.
        """
        if metrics is None:
            metrics = data
        if step is not None and type(step) is not int:
            step = _whole_number(step)
        if type(metrics) is not dict:
            metrics = _as_dict(metrics)
            if metrics is None:
                return
        if self._joins_steps:
            step = self._joined_step(step, commit)
        if commit is None and self._held is None and self._definitions is None and not self._summary_by_hand:
            # Most calls of most programs: there is nothing to merge and nothing to sum up.
            try:
                if self._recorder.log(metrics, step, self) is not None:
                    return
            except OverflowError:
                pass
        if self._definitions is not None:
            metrics = self._definitions.observe(metrics)
        if self._summary_by_hand:
            self.summary._logged(metrics)
        if commit is not None or self._held is not None:
            self._merge(metrics, step, commit is None or bool(commit))
        else:
            self._record_row(metrics, step)

    def _joined_step(self, step: int | None, commit: bool | None) -> int | None:
        """The step of a row as wandb counts: one that is given stays open until a row without a step ends it."""
        opened = self._open_step
        if step is None:
            step = opened
            if commit is None or commit:
                self._open_step = None
        elif commit:
            self._open_step = None
        elif opened is None or step > opened:
            self._open_step = step
        return step

    def _merge(self, metrics: dict[Any, Any], step: int | None, commit: bool) -> None:
        with self._hold_lock:
            held = self._take_held()
            if held is not None:
                values, its_step = held
                if None not in (step, its_step) and step != its_step:
                    self._record_row(values, its_step)
                else:
                    metrics, step = {**values, **metrics}, step if its_step is None else its_step
            if commit:
                self._record_row(metrics, step)
                return
            step = self._recorder.next_step() if step is None else step
            if step is not None:  # the run has not ended
                self._held = dict(metrics), step, os.getpid()

    def _add_to_next_row(self, metrics: dict[Any, Any]) -> None:
        """Holds values for the next row, whatever its step is."""
        with self._hold_lock:
            values, step = self._take_held() or ({}, None)
            self._held = {**values, **metrics}, step, os.getpid()

    def _take_held(self) -> tuple[dict[Any, Any], int | None] | None:
        # What a forked child finds here is its parent's, who records it.
        held, self._held = self._held, None
        return None if held is None or held[2] != os.getpid() else held[:2]

    def _record_row(self, metrics: dict[Any, Any], step: int | None) -> None:
        try:
            recorded = self._recorder.log(metrics, step, self)
        except OverflowError:  # from the step alone, before anything is recorded
            _warn_once(None, "step size", f"a step of {(step or 0).bit_length()} bits is beyond 64; the row gets the next step instead")
            recorded = self._recorder.log(metrics, None, self)
        if recorded is None:
            _warn_once(self, "ended", f"run `{self.name}` has ended; what is logged into it now is not recorded")

    def _stored_forms(self, metrics: dict[Any, Any], step: int | None) -> tuple[dict[Any, Any], int | None]:
        # Called by the recorder for rows that hold more than numbers and texts; loaded when first needed.
        from trackio._stored_forms import stored_forms

        return stored_forms(self, metrics, step)

    def log_system(self, metrics: dict[str, Any]) -> None:
        """Records values of the machine: a time axis, no step."""
        values = _as_dict(metrics)
        if values is not None:
            self._recorder.log_system(values)

    def alert(
        self,
        title: str,
        text: str | None = None,
        level: AlertLevel | str | None = AlertLevel.WARN,
        webhook_url: str | None = None,
        wait_duration: Any = None,
    ) -> None:
        """Raises an alert: one line to standard error, one row for everybody who watches.

        `level` is an `AlertLevel` or its name; another one raises `ValueError`. `webhook_url`, or that of the run, is
        sent the alert by the program beside Python, also when this process ends at once; nothing waits for it. Within `wait_duration` (seconds,
        or a `timedelta`) an alert of the same title is left out; by default none is.
        """
        level = AlertLevel.WARN if level is None else AlertLevel.of(level)
        if wait_duration is not None and not self._is_alert_due(str(title), wait_duration):
            return
        webhook = None
        if (address := self._webhook.address(webhook_url, level)) is not None:
            if is_web_address(address):
                webhook = str(address), self.project, self.name
            else:
                problem = "the address of a webhook begins with neither `http://` nor `https://`; the alert is recorded and not sent"
                _warn_once(self, "webhook", problem)
        step = self._recorder.alert(str(title), None if text is None else str(text), level.value, webhook)
        print_alert(title, text, level, step)

    def log_artifact(
        self,
        artifact_or_path: "Artifact | str | Path",
        name: str | None = None,
        type: str | None = None,
        aliases: list[str] | None = None,
        overwrite: bool = False,
        *,
        tags: list[str] | None = None,
    ) -> "Artifact":
        """Stores a version of an artifact as an output of this run, and gives it.

        `artifact_or_path` is an `Artifact` with something in it, or a file or folder, which becomes one: `name`
        is its own name and `type` is `unspecified` unless they are given. The same contents as a version that
        is there make no new one. `aliases` are names that point at it from now on; `latest` points at the
        newest by itself. `overwrite` removes all other versions. `tags` is accepted.

        Returns when everything is stored. Raises `ValueError` for what cannot be used, `RuntimeError` for an
        artifact that is stored already and when storing fails, `OSError` for files that cannot be read.
        """
        from trackio._artifacts import log_artifact

        return log_artifact(self, artifact_or_path, name, type, aliases, overwrite)

    def use_artifact(
        self, artifact_or_name: "Artifact | str", type: str | None = None, *, aliases: Any = None, use_as: str | None = None
    ) -> "Artifact":
        """Finds a version of an artifact, notes it as an input of this run, and gives it.

        `artifact_or_name` is an `Artifact` that was logged, or `name` (the newest), `name:v3` or `name:alias`, of
        another project with `<project>/` before it. `aliases` and `use_as` are accepted.

        Raises `ValueError` when there is no such version, and when it is not of the `type` that is given;
        `RuntimeError` when it cannot be asked for.
        """
        from trackio._artifacts import use_artifact

        return use_artifact(self, artifact_or_name, type)

    def link_artifact(
        self,
        artifact: "Artifact",
        target_path: str,
        aliases: list[str] | None = None,
        bucket_id: str | None = None,
    ) -> "Artifact":
        """Links a version into the collection `registry-<registry>/<collection>`, and gives the link.

        One that is not logged yet is logged to this run first. Else as `Artifact.link`; the registry notes the run.

        Raises as `Artifact.link`, `TypeError` for what is no `Artifact`, and `NotImplementedError` in a run that a
        server keeps.
        """
        from trackio.registry import link

        return link(artifact, target_path, aliases, bucket_id, self)

    def define_metric(
        self,
        name: str,
        step_metric: "str | Metric | None" = None,
        step_sync: bool | None = None,
        hidden: bool | None = None,
        summary: str | None = None,
        goal: str | None = None,
        overwrite: bool | None = None,
    ) -> "Metric":
        """Says how a metric is drawn and summed up; `name` may hold one `*`.

        `step_metric` is the metric it is drawn over, whose newest value joins each of its rows unless
        `step_sync` is `False`. `summary` is one or more of `min`, `max`, `mean`, `best` (by `goal`, `minimize` or
        `maximize`), `first`, `last`, `copy` and `none`, with commas between them. `hidden` leaves it out of charts
        that nobody asked for. A second definition of a name adds to the first, unless it is to `overwrite` it.
        """
        from trackio._metric_definitions import metric_of

        metric = metric_of(name, step_metric, step_sync, hidden, summary, goal)
        self._take_definition(metric, bool(overwrite))
        self._record_config(self.config)
        return metric

    def _take_definition(self, metric: "Metric", overwrite: bool = False) -> None:
        from trackio._metric_definitions import MetricDefinitions

        if self._definitions is None:
            self._definitions = self.summary._definitions = MetricDefinitions()
        self._definitions.define(metric, overwrite)

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        """Ends the run and waits until everything is committed, as long as there is progress.

        `exit_code` other than 0 marks the run as failed. A second call does nothing. `quiet` is accepted.
        """
        code = 0 if exit_code is None else int(exit_code)
        self._end("finished" if code == 0 else "failed", code, None)

    def _end(self, state: str, exit_code: int | None, failure: str | None, leaving: bool = False) -> None:
        with self._hold_lock:
            if (held := self._take_held()) is not None:
                self._record_row(*held)
        if self._summary_by_hand and not self._ended:  # dicts in it may have changed
            self.summary._record()
        if self._console is not None:
            self._console.close()
            self._console = None
        self._ended = True
        from trackio._session import forget_open

        forget_open(self)
        trouble = self._recorder.finish(state, exit_code, failure, leaving=leaving)
        self._rename(at_the_end=True)
        if self._auto_note is not None and state == "finished":
            from trackio._auto_resume import forget

            forget(*self._auto_note)
            self._auto_note = None
        if trouble:
            warnings.warn(f"run `{self.name}`: {trouble}", RuntimeWarning, stacklevel=3)
        if self._dataset is not None:
            from trackio._dataset import wait_for_sync

            wait_for_sync(self.project, self._dataset)
            self._dataset = None

    def __enter__(self) -> "Run":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        from trackio._session import end

        if error is None or isinstance(error, SystemExit) and error.code in (None, 0):
            end(self, "finished", 0, None)
        else:
            code = error.code if isinstance(error, SystemExit) and isinstance(error.code, int) else 1
            end(self, "failed", code, _failure_text(error))

    def __reduce__(self) -> Any:
        # In another process it logs into the same run, which stays this process's to end.
        from trackio._joining import joined_run, state_of

        return joined_run, (state_of(self),)

    def __deepcopy__(self, memo: Any) -> "Run":
        return self

    def __copy__(self) -> "Run":
        return self

    def __repr__(self) -> str:
        return f"<trackio.Run `{self.name}` ({self.id}) of project `{self.project}`>"


def _failure_text(error: BaseException) -> str:
    """Type and message of an exception, at most 500 characters."""
    try:
        message = str(error)
    except Exception:  # an exception that cannot even be printed
        message = ""
    return (f"{type(error).__name__}: {message}" if message else type(error).__name__)[:500]


def _whole_number(step: Any) -> int | None:
    """The step as an `int`, from whatever counts; `None`, and a warning, for what does not."""
    try:
        return index(step)
    except Exception:  # tensors and other objects raise what they like
        pass
    try:
        number = float(step)
        if number.is_integer():
            return int(number)
    except Exception:
        pass
    _warn_once(None, "step", f"step `{_shown(step)}` is no whole number; the row gets the next step instead")
    return None


def _shown(value: Any) -> str:
    """The value for a message, at most 80 characters."""
    try:
        return f"{value!r:.80}"
    except Exception:  # an object that cannot even be printed
        return type(value).__name__


def _as_dict(metrics: Any) -> dict[Any, Any] | None:
    """The metrics as a `dict`; `None`, and a warning, for what has no names and values."""
    try:
        return dict(metrics)
    except Exception:  # objects raise what they like
        kind = type(metrics).__name__
        _warn_once(None, f"metrics {kind}", f"`log` takes a dict of names and values, not `{kind}`; the call is ignored")
        return None


_warned: set[tuple[str, str]] = set()


def _warn_once(run: Run | None, cause: str, text: str) -> None:
    key = ("" if run is None else run.id, cause)
    if key not in _warned:
        _warned.add(key)
        warnings.warn(text, RuntimeWarning, stacklevel=4)
