"""The current run and where it logs to, under the names trainers read (the peer's `trackio.context_vars`).

The values are those of the process, not of a thread or task: a run started in the main thread is the current
one in every thread, as `wandb` users expect.
"""

from typing import Any, Generic, TypeVar

Held = TypeVar("Held")


class ProcessVariable(Generic[Held]):
    """A value with the methods of `contextvars.ContextVar`, one for the whole process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._value: Held | None = None

    def get(self, default: Held | None = None) -> Held | None:
        """The value, or `default` while there is none."""
        return default if self._value is None else self._value

    def set(self, value: Held | None) -> Held | None:
        """Sets the value; gives the one before, for `reset`."""
        before, self._value = self._value, value
        return before

    def reset(self, token: Held | None) -> None:
        """Sets the value that `set` gave back."""
        self._value = token


current_run: ProcessVariable[Any] = ProcessVariable("current_run")
current_project: ProcessVariable[str] = ProcessVariable("current_project")
current_server: ProcessVariable[str] = ProcessVariable("current_server")
current_space_id: ProcessVariable[str] = ProcessVariable("current_space_id")
current_server_write_token: ProcessVariable[str] = ProcessVariable("current_server_write_token")
