"""What a training prints, kept with its run where that is asked for; printing itself goes on as before."""

from __future__ import annotations

import os
import re
import sys
from _thread import get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from trackio._native import Recorder

_KINDS = ("wrap", "wrap_raw", "wrap_emu", "redirect", "on", "1", "true")
# Colours and movements of the cursor.
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_LONGEST_PENDING = 10_000


def is_wanted(settings: Any) -> bool:
    """Whether `Settings(console="wrap")`, PACELINE_CONSOLE or WANDB_CONSOLE asks for it."""
    values = settings if isinstance(settings, dict) else getattr(settings, "__dict__", {})
    found = values.get("console") or os.environ.get("PACELINE_CONSOLE") or os.environ.get("WANDB_CONSOLE")
    return str(found or "").lower() in _KINDS


class Console:
    """Standard output and standard error of this process, while they are kept."""

    def __init__(self, recorder: "Recorder") -> None:
        self._streams = {name: _Kept(getattr(sys, name), name, recorder) for name in ("stdout", "stderr") if getattr(sys, name)}
        for name, stream in self._streams.items():
            setattr(sys, name, stream)

    def close(self) -> None:
        """Keeps nothing from now on, and puts the streams back, unless somebody has put others in their place."""
        for name, stream in self._streams.items():
            stream._end()
            if getattr(sys, name) is stream:
                setattr(sys, name, stream._stream)


class _Kept:
    """A stream whose lines are recorded as well; whatever else is asked of it, the stream answers."""

    def __init__(self, stream: Any, name: str, recorder: "Recorder") -> None:
        self._stream = stream
        self._name = name
        self._recorder: Recorder | None = recorder
        # The beginning of a line, by thread: lines of two threads do not mix, and no lock can stay held in a fork.
        self._pending: dict[int, str] = {}

    def write(self, text: str) -> int:
        """Writes, then keeps the lines that are whole now."""
        written = self._stream.write(text)
        if self._recorder is not None:
            try:
                self._take(text)
            except Exception:  # printing never fails for what is kept of it
                pass
        return written

    def writelines(self, lines: "Iterable[str]") -> None:
        """Writes all of them."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _take(self, text: str) -> None:
        thread = get_ident()
        *lines, rest = (self._pending.pop(thread, "") + text).split("\n")
        for line in lines:
            self._keep(line)
        # Of a progress bar only the newest state is worth memory.
        begin = rest.rfind("\r", 0, len(rest) - 1)
        rest = rest[max(begin, 0) :][-_LONGEST_PENDING:]
        if rest:
            self._pending[thread] = rest

    def _keep(self, line: str) -> None:
        shown = line.rstrip("\r").rpartition("\r")[2]
        plain = _CONTROL.sub("", shown)
        if (plain or not line) and self._recorder is not None:
            self._recorder.log_console(self._name, plain)

    def _end(self) -> None:
        for line in list(self._pending.values()):
            self._keep(line)
        self._pending.clear()
        self._recorder = None
