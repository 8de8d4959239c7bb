"""The summary of a run: the newest value of each metric, unless a definition or a value set by hand says otherwise."""

from __future__ import annotations

from collections.abc import MutableMapping
from time import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from trackio._displaced import DisplacedRecorder
    from trackio._metric_definitions import MetricDefinitions
    from trackio._native import Recorder
    from trackio._run import Run

_PLAIN = frozenset((float, int, str, bool, type(None)))
# Read when asked for, as wandb's summary has them: the step of the newest row, seconds of the run and since 1970.
_OF_THE_RUN: "dict[str, Callable[[Run], Any]]" = {
    "_step": lambda run: (run._recorder.next_step() or 1) - 1,
    "_runtime": lambda run: time() - run.start_time,
    "_timestamp": lambda run: time(),
}


class Summary(MutableMapping[str, "Any"]):
    """`run.summary["accuracy"]` reads the newest value, logged or set here.

    Attributes are items too: `run.summary.best_accuracy = 0.9`. For metrics defined with
    `define_metric(name, summary="min")` the value is a dict: `run.summary["loss"]["min"]`.
    """

    _run: "Run"
    _recorder: "Recorder | DisplacedRecorder"
    _by_hand: dict[str, Any]
    _definitions: "MetricDefinitions | None"

    def __init__(self, run: "Run") -> None:
        self.__dict__.update(_run=run, _recorder=run._recorder, _by_hand={}, _definitions=None)

    def _values(self) -> dict[str, Any]:
        last = self._recorder.last_values()
        if self._definitions is not None:
            last = self._definitions.summary_of(last)
        return {**last, **self._by_hand}

    def _record(self) -> None:
        # What is not set by hand, readers know from the rows.
        self._recorder.set_summary(self._by_hand)

    def _logged(self, keys: Iterable[Any]) -> None:
        """What a row brings is newer than what was set by hand."""
        older = [key for key in keys if key in self._by_hand]
        for key in older:
            del self._by_hand[key]
        if older:
            self._record()

    def __getitem__(self, key: str) -> Any:
        values = self._values()
        if key not in values and (read := _OF_THE_RUN.get(key)) is not None:
            return read(self._run)
        return values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

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
        given = dict(values, **more)
        self._by_hand.update(given if _PLAIN.issuperset(map(type, given.values())) else self._run._stored_forms(given, None)[0])
        self._record()

    def __repr__(self) -> str:
        return repr(self._values())
