"""A program whose standard error, or all of whose output, is a terminal."""

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from support.directory import DataDirectory

_BAR = re.compile(rb"\r\[(#* *)\] +(\d+)%  ([^\r]*)")


class Shown(NamedTuple):
    """What a program printed, and what the terminal saw."""

    output: str
    seen: bytes

    @property
    def bars(self) -> list[tuple[int, str]]:
        """Each bar that was drawn: per cent, and the words behind it."""
        drawn = _BAR.findall(self.seen)
        assert all(len(bar) == 30 for bar, _, _ in drawn), self.seen[-500:]
        return [(int(share), words.decode().strip()) for _, share, words in drawn]

    @property
    def is_wiped(self) -> bool:
        """Whether nothing of the last bar is left."""
        return self.seen.rpartition(b"\r[")[2].partition(b"\r")[2].strip(b" \r\n") == b""


def run_on_terminal(directory: DataDirectory, script: str, seconds: float = 60, **environment: str) -> Shown:
    """Runs a Python script, given as text, to its end, which must be a good one."""
    file = directory.folder / "on_terminal.py"
    Path(file).write_text(script)
    ours, terminal = os.openpty()
    done = subprocess.Popen(
        [sys.executable, file], cwd=directory.folder, env=directory.environment(**environment), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=terminal,
    )
    os.close(terminal)
    seen = b""
    with contextlib.suppress(OSError):  # what Linux says when the other side is closed
        while chunk := os.read(ours, 65_536):
            seen += chunk
    os.close(ours)
    output, _ = done.communicate(timeout=seconds)
    assert done.returncode == 0, seen.decode(errors="replace")
    return Shown(output.decode(), seen)


def run_in_terminal(command: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """Runs a command whose output is a terminal to its end: its exit status, and what the terminal saw."""
    ours, terminal = os.openpty()
    done = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal)
    os.close(terminal)
    seen = b""
    with contextlib.suppress(OSError):  # what Linux says when the other side is closed
        while chunk := os.read(ours, 65_536):
            seen += chunk
    os.close(ours)
    return done.wait(60), seen.decode()
