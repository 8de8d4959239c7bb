"""How far something is that a person waits for, drawn on one line of the terminal; elsewhere nothing is written."""

from __future__ import annotations

import sys
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

_BAR_CHARACTERS = 30
_REDRAW_SECONDS = 0.1


class Progress:
    """A share of a whole, and words about it: `[######      ]  43 %  12,000 rows`.

    Used as a context; the line is wiped at the end, so that what is said then stands alone. `is_shown` says whether
    there is a terminal, and whoever waits wants to see it.
    """

    def __init__(self, silent: bool = False) -> None:
        self.is_shown = not silent and _is_terminal()
        self._drawn_at = monotonic()
        self._width = 0

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: "type[BaseException] | None", error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        if self._width:
            self._write(f"\r{' ' * self._width}\r")

    def is_due(self) -> bool:
        """Whether the line is to be drawn anew; not for what is done in a moment."""
        if not self.is_shown or (now := monotonic()) - self._drawn_at < _REDRAW_SECONDS:
            return False
        self._drawn_at = now
        return True

    def draw(self, share: float, words: str) -> None:
        """Draws the line: `share` from 0 to 1, and words behind it."""
        full = round(min(share, 1.0) * _BAR_CHARACTERS)
        bar = "#" * full + " " * (_BAR_CHARACTERS - full)
        line = f"[{bar}] {min(share, 1.0):4.0%}  {words}"
        self._write(f"\r{line.ljust(self._width)}")
        self._width = len(line)

    def _write(self, text: str) -> None:
        try:
            print(text, end="", file=sys.stderr, flush=True)
        except (OSError, ValueError):  # the terminal is gone, the work goes on
            self.is_shown = False


class UploadProgress(Progress):
    """Bytes on their way to a server: `[######      ]  43 %  1.2 of 2.8 MB to http://…`."""

    def __init__(self, server: str, silent: bool = False) -> None:
        super().__init__(silent)
        self._server = server

    def sent(self, sent_bytes: int, total_bytes: int) -> None:
        """So many bytes have gone."""
        if self.is_due():
            words = f"{sent_bytes / 1e6:,.1f} of {total_bytes / 1e6:,.1f} MB to {self._server}"
            self.draw(sent_bytes / max(total_bytes, 1), words)


def _is_terminal() -> bool:
    try:
        return sys.stderr.isatty()
    except Exception:  # what stands in its place may be anything
        return False
