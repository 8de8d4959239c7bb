"""The current run and where it logs to, under the names trainers read (the peer's `trackio.context_vars`).

The values are those of the process, not of a thread or task: a run started in the main thread is the current
one in every thread, as `wandb` users expect.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ProcessVariable:
    """A value with the methods of `contextvars.ContextVar`, one for the whole process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._value: Any = None

    def get(self, default: Any = None) -> Any:
        """The value, or `default` while there is none."""
        return default if self._value is None else self._value

    def set(self, value: Any) -> Any:
        """Sets the value; gives the one before, for `reset`."""
        before, self._value = self._value, value
        return before

    def reset(self, token: Any) -> None:
        """Sets the value that `set` gave back."""
        self._value = token


current_run = ProcessVariable("current_run")
current_project = ProcessVariable("current_project")
current_server = ProcessVariable("current_server")
current_space_id = ProcessVariable("current_space_id")
current_server_write_token = ProcessVariable("current_server_write_token")
