"""Lines for people on standard error: `termlog`, `termwarn` and `termerror`."""

from __future__ import annotations

import sys

_printed: set[str] = set()


def termlog(string: str = "", newline: bool = True, repeat: bool = True, prefix: bool = True) -> None:
    """Prints a line; with `repeat=False` the same line only once."""
    _print("", string, newline, repeat, prefix)


def termwarn(string: str = "", newline: bool = True, repeat: bool = True, prefix: bool = True) -> None:
    """Prints a warning; with `repeat=False` the same one only once."""
    _print("WARNING ", string, newline, repeat, prefix)


def termerror(string: str = "", newline: bool = True, repeat: bool = True, prefix: bool = True) -> None:
    """Prints an error; with `repeat=False` the same one only once."""
    _print("ERROR ", string, newline, repeat, prefix)


def _print(level: str, text: str, newline: bool, repeat: bool, prefix: bool) -> None:
    line = f"{level}{text}"
    if not repeat:
        if line in _printed:
            return
        _printed.add(line)
    if sys.stderr is not None:
        print(f"trackio: {line}" if prefix else line, file=sys.stderr, end="\n" if newline else "")
