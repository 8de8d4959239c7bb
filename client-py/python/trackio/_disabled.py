"""What stands in for the recorder of a run with `mode="disabled"`: nothing is written, everything works."""

from __future__ import annotations

from uuid import uuid4

from trackio._native import canonical_project

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class DisabledRecorder:
    """Has what `trackio._native.Recorder` has, and keeps only the newest values, for `run.summary`."""

    resumed = False
    rank = 0

    def __init__(self, project: str, name: str | None, run_id: str | None) -> None:
        self.run_id = run_id or uuid4().hex
        self.name = name or f"disabled-{self.run_id[:8]}"
        self.project = canonical_project(project)
        self.problems: list[str] = []
        self._last: dict[str, Any] = {}
        self._next_step: int | None = 0

    def log(self, metrics: dict[Any, Any], step: int | None = None, run: object = None) -> int | None:
        """Notes the newest values; gives the step of the row."""
        if self._next_step is None:
            return None
        step = self._next_step if step is None else step
        self._next_step = max(self._next_step, step + 1)
        self._last.update((str(key), value) for key, value in metrics.items())
        return step

    def log_system(self, metrics: dict[Any, Any]) -> None:
        """Nothing."""

    def log_console(self, stream: str, text: str) -> None:
        """Nothing."""

    def alert(
        self, title: str, text: str | None = None, level: str = "warn", webhook: tuple[str, str, str] | None = None
    ) -> int | None:
        """Gives the step the alert would belong to."""
        return None if self._next_step is None else max(self._next_step - 1, 0)

    def set_config(self, config: dict[Any, Any]) -> None:
        """Nothing."""

    def set_summary(self, summary: dict[Any, Any]) -> None:
        """Nothing."""

    def last_values(self) -> dict[str, Any]:
        """The newest value of each metric."""
        return dict(self._last)

    def next_step(self) -> int | None:
        """Step the next `log()` without one gets."""
        return self._next_step

    def finish(
        self, state: str = "finished", exit_code: int | None = None, failure: str | None = None, *, leaving: bool = False
    ) -> str | None:
        """Ends the run: what is logged from now on is ignored."""
        self._next_step = None
        return None
