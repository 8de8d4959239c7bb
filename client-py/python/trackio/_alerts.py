"""How urgent an alert is, where it is sent, and the line it prints."""

from __future__ import annotations

import os
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


class Webhook:
    """Where the alerts of a run are sent: an address, none or one for an alert, and the least level that is sent."""

    def __init__(self, url: str | None, least: AlertLevel | None) -> None:
        self._url = url
        self._least = least

    @classmethod
    def chosen(cls, url: str | None, least: "AlertLevel | str | None") -> "Webhook":
        """What `init` was given, else TRACKIO_WEBHOOK_URL and TRACKIO_WEBHOOK_MIN_LEVEL; `ValueError` for no level."""
        least = least or os.environ.get("TRACKIO_WEBHOOK_MIN_LEVEL")
        return cls(url or os.environ.get("TRACKIO_WEBHOOK_URL"), AlertLevel.of(least) if least else None)

    def address(self, url: str | None, level: AlertLevel) -> str | None:
        """Where an alert of that level goes, which may have a `url` of its own; `None` when it goes nowhere."""
        levels = list(AlertLevel)
        is_sent = self._least is None or levels.index(level) >= levels.index(self._least)
        return (url or self._url or None) if is_sent else None

    def hidden_in(self, text: str) -> str:
        """The text without the address."""
        return text.replace(str(self._url), "[redacted]") if self._url else text

    def __repr__(self) -> str:
        # The address is a secret.
        return f"<Webhook of alerts from {self._least or 'any level'} on>"


def is_web_address(url: str) -> bool:
    """Whether requests are made to it."""
    return str(url).lower().startswith(("http://", "https://")) and str(url).isprintable() and " " not in str(url)


def print_alert(title: str, text: str | None, level: AlertLevel, step: int | None) -> None:
    """Prints the alert as one line to standard error."""
    mark = f"[TRACKIO {level.value.upper()}]"
    if sys.stderr is not None and sys.stderr.isatty():
        mark = f"{_COLOURS[level.value]}{mark}{_PLAIN}"
    line = f"{mark} {title}" + (f": {text}" if text else "") + ("" if step is None else f" (step {step})")
    print(line, file=sys.stderr)
