"""What `define_metric` says: the axis of a metric, and which of its values the summary keeps."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_KINDS = ("min", "max", "mean", "best", "first", "last", "copy", "none")


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
        """The definition in the form of `schema/src/metric_definition.rs`, for the config of the run."""
        record: dict[str, Any] = {"name": self.name, "step_metric": self.step_metric, "goal": self.goal}
        record.update(hidden=self.hidden or None, summary=list(self.summary) or None)
        if self.step_metric is not None and not self.step_sync:
            record["step_sync"] = False
        return {key: value for key, value in record.items() if value is not None}

    def is_higher_better(self) -> bool:
        """What counts as better: the goal, else what the summary keeps, else the lower value."""
        if self.goal is not None:
            return self.goal == "maximize"
        return "max" in self.summary and "min" not in self.summary

    def added_to(self, before: "Metric") -> "Metric":
        """This definition, and what `before` said beyond it."""
        kinds = [kind for kind in before.summary if kind != "none" or not self.summary]
        return Metric(
            self.name,
            self.step_metric or before.step_metric,
            self.step_sync or before.step_sync,
            self.hidden or before.hidden,
            tuple(dict.fromkeys([*kinds, *self.summary])),
            self.goal or before.goal,
        )


class _Kept:
    """Least, greatest, sum, number and first of the finite values of one metric."""

    __slots__ = ("count", "first", "max", "min", "sum")

    def __init__(self) -> None:
        self.min, self.max = float("inf"), float("-inf")
        self.first: float = 0.0
        self.sum, self.count = 0.0, 0

    def add(self, value: float) -> None:
        """Takes in a finite value."""
        if value < self.min:
            self.min = value
        if value > self.max:
            self.max = value
        if not self.count:
            self.first = value
        self.sum += value
        self.count += 1


class _Found:
    """What the definition of one key asks of each row that has it."""

    __slots__ = ("axis", "kept", "metric")

    def __init__(self, metric: Metric, kept: _Kept | None) -> None:
        self.metric = metric
        self.axis = metric.step_metric if metric.step_sync else None
        self.kept = kept


class MetricDefinitions:
    """The definitions of one run, and the values its summary keeps by them in this process.

    As in wandb, the summary of a defined metric is a dict: `run.summary["loss"]["min"]`.
    """

    def __init__(self) -> None:
        self._by_name: dict[str, Metric] = {}
        # By every key that was logged, so that a row costs a look-up a key.
        self._found: dict[Any, _Found | None] = {}
        self._kept: dict[str, _Kept] = {}
        self._axis_values: dict[str, Any] = {}

    def define(self, metric: Metric, overwrite: bool = False) -> None:
        """Takes in a definition; unless it is to overwrite, a second one of the same name adds to the first."""
        before = self._by_name.pop(metric.name, None)
        self._by_name[metric.name] = metric if before is None or overwrite else metric.added_to(before)
        if metric.step_metric is not None:
            # What comes before the axis stands at its origin, as in wandb.
            self._axis_values.setdefault(metric.step_metric, 0)
        self._found.clear()

    def __iter__(self) -> "Iterator[Metric]":
        return iter(self._by_name.values())

    def _find(self, key: Any) -> _Found | None:
        """What is asked of a key that was not met since the last definition; it is known from now on."""
        metric = self._by_name.get(key) if isinstance(key, str) else None
        if metric is None and isinstance(key, str) and not key.startswith("_"):
            fitting = [metric for metric in self if _fits(metric.name, key)]
            # The longest pattern, the newest of equals.
            metric = max(reversed(fitting), key=lambda metric: len(metric.name), default=None)
        found = None
        if metric is not None:
            found = _Found(metric, self._kept.setdefault(key, _Kept()) if metric.summary else None)
        self._found[key] = found
        return found

    def observe(self, metrics: dict[Any, Any]) -> dict[Any, Any]:
        """Takes in a row; gives it with the newest value of each axis its metrics are drawn over."""
        for axis in self._axis_values:
            if axis in metrics:
                self._axis_values[axis] = metrics[axis]
        missing = self._take_in(metrics, metrics)
        if not missing:
            return metrics
        self._take_in(missing, metrics)
        return {**metrics, **missing}

    def _take_in(self, values: dict[Any, Any], row: dict[Any, Any]) -> dict[str, Any]:
        missing = {}
        found = self._found
        for key, value in values.items():
            entry = found[key] if key in found else self._find(key)
            if entry is None:
                continue
            if entry.axis is not None and entry.axis not in row:
                missing[entry.axis] = self._axis_values[entry.axis]
            if entry.kept is not None:
                number = value if type(value) is float and value - value == 0.0 else _number(value)
                if number is not None:
                    entry.kept.add(number)
        return missing

    def summary_of(self, last: dict[str, Any]) -> dict[str, Any]:
        """What the summary holds by name, where `last` are the newest values of all metrics."""
        values: dict[str, Any] = {}
        for key, value in last.items():
            found = self._found[key] if key in self._found else self._find(key)
            if found is None or found.kept is None or found.metric.summary == ("copy",):
                values[key] = value
            elif "none" not in found.metric.summary:
                own = _aggregates(found.metric, found.kept)
                if "last" in found.metric.summary:
                    own["last"] = value
                if own:
                    values[key] = own
                elif isinstance(value, (str, bool, list, dict)):
                    values[key] = value
        return values


def _aggregates(metric: Metric, kept: _Kept) -> dict[str, Any]:
    if not kept.count:
        return {}
    own: dict[str, Any] = {kind: getattr(kept, kind) for kind in ("min", "max", "first") if kind in metric.summary}
    if "mean" in metric.summary:
        own["mean"] = kept.sum / kept.count
    if "best" in metric.summary:
        own["best"] = kept.max if metric.is_higher_better() else kept.min
    return own


def _fits(pattern: str, key: str) -> bool:
    before, star, after = pattern.partition("*")
    return bool(star) and len(key) >= len(before) + len(after) and key.startswith(before) and key.endswith(after)


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
    """The value as a finite number that floats can hold; `None` for everything else."""
    if not isinstance(value, (int, float)):
        try:
            value = value.item()
        except Exception:  # objects raise what they like
            return None
        if not isinstance(value, (int, float)):
            return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return value if number - number == 0.0 else None
