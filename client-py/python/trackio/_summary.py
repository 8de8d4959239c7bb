"""The summary of a run: the newest value of each metric, unless a value was set by hand."""

from __future__ import annotations

from collections.abc import MutableMapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from trackio._native import Recorder


class Summary(MutableMapping):
    """`run.summary["accuracy"]` reads the newest logged value; setting it overrides that for good."""

    def __init__(self, recorder: "Recorder") -> None:
        self._recorder = recorder
        self._by_hand: dict[str, Any] = {}

    def _values(self) -> dict[str, Any]:
        return {**self._recorder.last_values(), **self._by_hand}

    def __getitem__(self, key: str) -> Any:
        return self._values()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._by_hand[key] = value
        self._recorder.set_summary(self._by_hand)

    def __delitem__(self, key: str) -> None:
        del self._by_hand[key]
        self._recorder.set_summary(self._by_hand)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values())

    def __len__(self) -> int:
        return len(self._values())

    def update(self, values: Mapping[str, Any] = {}, /, **more: Any) -> None:  # type: ignore[override]  # noqa: B006
        """Sets several values, recorded once."""
        self._by_hand.update(values, **more)
        self._recorder.set_summary(self._by_hand)

    def __repr__(self) -> str:
        return repr(self._values())
