"""Types of the extension module; see `client-py/src/recorder.rs` for what each method does."""

from os import PathLike
from typing import Any, final

__all__ = ["Recorder", "canonical_project", "redact_command"]

@final
class Recorder:
    """One run in this process."""

    run_id: str
    name: str
    project: str
    resumed: bool
    rank: int
    problems: list[str]

    def __new__(
        cls,
        directory: str | PathLike[str],
        project: str,
        *,
        name: str | None = None,
        run_id: str | None = None,
        resume: str = "never",
        binary: str | PathLike[str] | None = None,
        command: str | None = None,
        git_commit: str | None = None,
        tags: list[str] = ...,
        notes: str | None = None,
        cpu_interval_seconds: float | None = None,
        gpu_interval_seconds: float | None = None,
        server: tuple[str, str | None] | None = None,
        is_space: bool = False,
        rank: int | None = None,
        environment: dict[str, Any] | None = None,
        joins_at_step: int | None = None,
    ) -> Recorder: ...
    def log(self, metrics: dict[Any, Any], step: int | None = None, run: object = None) -> int | None: ...
    def log_system(self, metrics: dict[Any, Any]) -> None: ...
    def log_console(self, stream: str, text: str) -> None: ...
    def alert(
        self,
        title: str,
        text: str | None = None,
        level: str = "warn",
        webhook: tuple[str, str, str] | None = None,
    ) -> int | None: ...
    def set_config(self, config: dict[Any, Any]) -> None: ...
    def set_summary(self, summary: dict[Any, Any]) -> None: ...
    def last_values(self) -> dict[str, Any]: ...
    def next_step(self) -> int | None: ...
    def finish(
        self,
        state: str = "finished",
        exit_code: int | None = None,
        failure: str | None = None,
        *,
        leaving: bool = False,
    ) -> str | None: ...

def redact_command(arguments: list[str]) -> str: ...

def canonical_project(project: str) -> str: ...
