"""What stands in for the recorder of a run that a later `init` ended, in case it is logged into nevertheless."""

from __future__ import annotations

from _thread import allocate_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trackio._native import Recorder
    from trackio._run import Run


class DisplacedRecorder:
    """Begins the run again at the first thing recorded, so that several runs of one process can be alive at once.

    Whoever tunes keeps a run for each trial and logs into all of them. Until then the run is a finished one,
    since most runs that a later `init` ends are never heard of again.
    """

    resumed = True

    def __init__(self, run: "Run", ended: "Recorder", next_step: int | None) -> None:
        self.run_id, self.name, self.project = ended.run_id, ended.name, ended.project
        self.problems: list[str] = []
        self._run, self._recorder, self._next_step = run, ended, next_step
        self._has_ended = False
        self._lock = allocate_lock()

    def log(self, metrics: dict[Any, Any], step: int | None = None, run: "Run | None" = None) -> int | None:
        """Records a row; gives its step, `None` after `finish`."""
        return self._begun().log(metrics, step, run)

    def log_system(self, metrics: dict[Any, Any]) -> None:
        """Records values of the machine."""
        self._begun().log_system(metrics)

    def alert(
        self, title: str, text: str | None = None, level: str = "warn", webhook: tuple[str, str, str] | None = None
    ) -> int | None:
        """Records an alert, and where it is to be sent; gives its step."""
        return self._begun().alert(title, text, level, webhook)

    def set_config(self, config: dict[Any, Any]) -> None:
        """Records the config, whole."""
        self._begun().set_config(config)

    def set_summary(self, summary: dict[Any, Any]) -> None:
        """Records the summary values set by hand, whole."""
        self._begun().set_summary(summary)

    def last_values(self) -> dict[str, Any]:
        """The newest value of each metric."""
        return self._recorder.last_values()

    def next_step(self) -> int | None:
        """Step the next `log()` without one gets."""
        return None if self._has_ended else self._next_step

    def finish(
        self, state: str = "finished", exit_code: int | None = None, failure: str | None = None, *, leaving: bool = False
    ) -> None:
        """Ends the run for good; it is a finished one already."""
        self._has_ended = True

    def _begun(self) -> "Recorder":
        """The recorder of the run that was begun again; once it was finished the old one, which records nothing."""
        with self._lock:
            run = self._run
            if run._recorder is self and not self._has_ended and run._begin is not None:
                from trackio import _session

                self._recorder = run._begin(run.id, "allow")
                run._recorder = run.summary._recorder = self._recorder
                run._ended = False
                _session._open_runs[run.id] = run
            return self._recorder
