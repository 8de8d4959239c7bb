"""The class `Run` under the peer's module name, which trainers import it from.

`trackio.run` is the current run, too, until this module is imported: then it stands for both.
"""

from __future__ import annotations

from trackio import context_vars
from trackio._run import Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Run"]


def __getattr__(name: str) -> Any:
    return getattr(context_vars.current_run.get(), name)
