"""How urgent an alert is, and the line it prints."""

from __future__ import annotations

import sys
from enum import Enum

_COLOURS = {"info": "\033[94m", "warn": "\033[93m", "error": "\033[91m"}
_PLAIN = "\033[0m"


class AlertLevel(str, Enum):
    """Urgency of an alert (the peer's `trackio.AlertLevel`)."""

    INFO = "info"
    WARN = "warn"
    ERROR = "error"

    @classmethod
    def of(cls, level: "AlertLevel | str") -> "AlertLevel":
        """The level of that name, in any case; `ValueError` names the ones there are."""
        name = level.value if isinstance(level, AlertLevel) else str(level).lower()
        try:
            return cls({"warning": "warn"}.get(name, name))
        except ValueError:
            names = ", ".join(f"`{known.value}`" for known in cls)
            raise ValueError(f"alert level `{level}` is not one of {names}") from None


def print_alert(title: str, text: str | None, level: AlertLevel, step: int | None) -> None:
    """Prints the alert as one line to standard error."""
    mark = f"[TRACKIO {level.value.upper()}]"
    if sys.stderr is not None and sys.stderr.isatty():
        mark = f"{_COLOURS[level.value]}{mark}{_PLAIN}"
    line = f"{mark} {title}" + (f": {text}" if text else "") + ("" if step is None else f" (step {step})")
    print(line, file=sys.stderr)
