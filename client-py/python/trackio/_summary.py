"""The summary of a run: the newest value of each metric, unless a definition or a value set by hand says otherwise."""

from __future__ import annotations

from collections.abc import MutableMapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from trackio._metric_definitions import MetricDefinitions
    from trackio._native import Recorder


class Summary(MutableMapping):
    """`run.summary["accuracy"]` reads the newest logged value; setting it overrides that for good.

    Attributes are items too: `run.summary.best_accuracy = 0.9`. For metrics defined with
    `define_metric(name, summary="min")` the value is a dict: `run.summary["loss"]["min"]`.
    """

    _recorder: "Recorder"
    _by_hand: dict[str, Any]
    _definitions: "MetricDefinitions | None"

    def __init__(self, recorder: "Recorder") -> None:
        self.__dict__.update(_recorder=recorder, _by_hand={}, _definitions=None)

    def _values(self) -> dict[str, Any]:
        last = self._recorder.last_values()
        if self._definitions is None:
            return {**last, **self._by_hand}
        shown = {key: value for key, value in last.items() if not self._definitions.is_left_out(key)}
        return {**shown, **self._definitions.summarised(last), **self._by_hand}

    def _record(self) -> None:
        values = self._by_hand
        if self._definitions is not None:
            values = {**self._definitions.summarised(self._recorder.last_values()), **values}
        self._recorder.set_summary(values)

    def __getitem__(self, key: str) -> Any:
        return self._values()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._by_hand[key] = value
        self._record()

    def __delitem__(self, key: str) -> None:
        del self._by_hand[key]
        self._record()

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__"):
            values = self._values()
            if name in values:
                return values[name]
        raise AttributeError(f"summary has no value `{name}`")

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            self.__dict__[name] = value
        else:
            self[name] = value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values())

    def __len__(self) -> int:
        return len(self._values())

    def update(self, values: Mapping[str, Any] = {}, /, **more: Any) -> None:  # type: ignore[override]  # noqa: B006
        """Sets several values, recorded once. Accepts also pairs, as `dict.update` does."""
        self._by_hand.update(values, **more)
        self._record()

    def __repr__(self) -> str:
        return repr(self._values())
