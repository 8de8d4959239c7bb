"""What `define_metric` says: the axis of a metric, and which of its values the summary keeps."""

from __future__ import annotations

from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_KINDS = ("min", "max", "mean", "best", "first", "last", "copy", "none")
# The summary is recorded at most this often while the run logs, and at its end.
_RECORD_INTERVAL_SECONDS = 1.0


class Metric:
    """One definition, as `define_metric` gives it back."""

    def __init__(
        self, name: str, step_metric: str | None, step_sync: bool, hidden: bool, summary: tuple[str, ...], goal: str | None
    ) -> None:
        self.name = name
        self.step_metric = step_metric
        self.step_sync = step_sync
        self.hidden = hidden
        self.summary = summary
        self.goal = goal

    def as_record(self) -> dict[str, Any]:
        """What the config of the run holds, under a name that readers leave out of the user's values."""
        record = {"name": self.name, "step_metric": self.step_metric, "goal": self.goal, "hidden": self.hidden or None}
        record["summary"] = ",".join(self.summary) or None
        return {key: value for key, value in record.items() if value is not None}


class _Kept:
    """Least, greatest, sum, number and first of the finite values of one metric."""

    def __init__(self, value: float) -> None:
        self.min = self.max = self.first = value
        self.sum, self.count = 0.0, 0


class MetricDefinitions:
    """The definitions of one run, and the values its summary keeps by them.

    As in wandb, the summary of a defined metric is a dict: `run.summary["loss"]["min"]`.
    """

    def __init__(self) -> None:
        self._exact: dict[str, Metric] = {}
        self._patterns: list[Metric] = []
        self._found: dict[str, Metric | None] = {}
        self._kept: dict[str, _Kept] = {}
        self._axis_values: dict[str, Any] = {}
        self._recorded_at = monotonic()
        self._changed = False

    def define(self, metric: Metric) -> None:
        """Takes in a definition; a second one of the same name adds to the first."""
        if "*" in metric.name:
            self._patterns = [known for known in self._patterns if known.name != metric.name] + [metric]
        elif metric.name in self._exact:
            before = self._exact[metric.name]
            self._exact[metric.name] = Metric(
                metric.name,
                metric.step_metric or before.step_metric,
                metric.step_sync or before.step_sync,
                metric.hidden or before.hidden,
                metric.summary or before.summary,
                metric.goal or before.goal,
            )
        else:
            self._exact[metric.name] = metric
        self._found.clear()

    def records(self) -> list[dict[str, Any]]:
        """All definitions, for the config."""
        return [metric.as_record() for metric in [*self._exact.values(), *self._patterns]]

    def _definition(self, key: str) -> Metric | None:
        if key not in self._found:
            found = self._exact.get(key)
            for pattern in () if found else self._patterns:
                before, _, after = pattern.name.partition("*")
                if key.startswith(before) and key.endswith(after) and key != pattern.step_metric:
                    found = pattern
                    break
            self._found[key] = found
        return self._found[key]

    def observe(self, metrics: dict[Any, Any]) -> dict[Any, Any]:
        """Takes in a row; gives it with the newest value of each axis its metrics are drawn over."""
        missing = {}
        for key, value in metrics.items():
            metric = self._definition(key) if isinstance(key, str) else None
            if metric is None:
                continue
            if metric.step_metric and metric.step_sync and metric.step_metric not in metrics:
                if metric.step_metric in self._axis_values:
                    missing[metric.step_metric] = self._axis_values[metric.step_metric]
            if metric.summary:
                self._keep(key, value)
        for metric in [*self._exact.values(), *self._patterns]:
            if metric.step_metric in metrics:
                self._axis_values[metric.step_metric] = metrics[metric.step_metric]
        return {**metrics, **missing} if missing else metrics

    def _keep(self, key: str, value: Any) -> None:
        number = _number(value)
        if number is None:
            return
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = _Kept(number)
        kept.min, kept.max = min(kept.min, number), max(kept.max, number)
        kept.sum += number
        kept.count += 1
        self._changed = True

    def record_if_due(self, record: Callable[[], None], now: bool = False) -> None:
        """Calls `record` when values changed and it was not called for a while, or `now`."""
        if self._changed and (now or monotonic() - self._recorded_at >= _RECORD_INTERVAL_SECONDS):
            self._changed, self._recorded_at = False, monotonic()
            record()

    def summarised(self, last: dict[str, Any]) -> dict[str, Any]:
        """What the summary keeps of the metrics with definitions, by name; `last` are the newest values."""
        values: dict[str, Any] = {}
        for key, kept in self._kept.items():
            metric = self._definition(key)
            if metric is None or not metric.summary or "none" in metric.summary or metric.summary == ("copy",):
                continue
            own = {kind: getattr(kept, kind) for kind in ("min", "max", "first") if kind in metric.summary}
            if "mean" in metric.summary:
                own["mean"] = kept.sum / kept.count
            if "best" in metric.summary:
                own["best"] = kept.max if metric.goal == "maximize" else kept.min
            if "last" in metric.summary:
                own["last"] = last.get(key)
            values[key] = own
        return values

    def is_left_out(self, key: str) -> bool:
        """Whether the summary has no value of this metric."""
        metric = self._definition(key)
        return metric is not None and "none" in metric.summary


def metric_of(name: Any, step_metric: Any, step_sync: Any, hidden: Any, summary: Any, goal: Any) -> Metric:
    """A definition from what `define_metric` was given; what it does not know is left out, with a warning."""
    axis = None if step_metric is None else str(getattr(step_metric, "name", step_metric))
    kinds = [kind.strip().lower() for kind in str(summary or "").split(",") if kind.strip()]
    unknown = [kind for kind in kinds if kind not in _KINDS]
    aim = None if goal is None else {"min": "minimize", "max": "maximize"}.get(str(goal)[:3].lower())
    if unknown or (goal is not None and aim is None):
        import warnings

        wrong = f"summary `{unknown[0]}`" if unknown else f"goal `{goal}`"
        known = ", ".join(f"`{kind}`" for kind in (_KINDS if unknown else ("minimize", "maximize")))
        warnings.warn(f"{wrong} of metric `{name}` is not one of {known}; it is left out", RuntimeWarning, stacklevel=4)
    synced = axis is not None if step_sync is None else bool(step_sync)
    return Metric(str(name), axis, synced, bool(hidden), tuple(kind for kind in kinds if kind in _KINDS), aim)


def _number(value: Any) -> float | None:
    """The value as a finite number; `None` for everything else."""
    if not isinstance(value, (int, float)):
        try:
            value = value.item()
        except Exception:  # objects raise what they like
            return None
        if not isinstance(value, (int, float)):
            return None
    try:
        return value if value - value == 0 else None
    except OverflowError:
        return None
